"""Public names carry their layer's prefix, headers are guarded, public headers stay small."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
failures, files = [], 0
for base, prefix in (("filters", "flt_"), ("proxy", "px_")):
    for path in sorted(root.glob(base + "/**/*.h")):
        files += 1
        rel = path.relative_to(root)
        text = path.read_text()
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        if not re.search(r"#ifndef \w+_H\n#define \w+_H", text):
            failures.append("%s: no include guard" % rel)
        if "/flt/" in str(rel) and len(text.splitlines()) > 350:
            failures.append("%s: public header of %d lines" % (rel, len(text.splitlines())))
        if not text.startswith("/*"):
            failures.append("%s: no comment at the head" % rel)
        # Function declarations at file level.
        for m in re.finditer(r"^(?!static|typedef|#|extern const)[A-Za-z_][\w \*]*?[ \*](\w+)\([^;{]*\)[^;{]*;", code, flags=re.M):
            if not m.group(1).startswith(prefix) and m.group(1) not in ("FLT_PRINTF", "FLT_MUST_CHECK"):
                failures.append("%s: %s does not begin with %s" % (rel, m.group(1), prefix))
for f in failures:
    print("FAIL " + f)
print("%d headers\n%d passed, %d failed" % (files, max(0, files - len(failures)), len(failures)))
sys.exit(bool(failures))
