"""Budgets: a file of at most 600 lines, a function of at most 60, lines of at most 150 columns."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
FILE, FUNCTION, COLUMNS = 600, 60, 150
failures, files = [], 0
for pattern in ("filters/**/*.[ch]", "proxy/**/*.[ch]", "tests/**/*.[ch]", "bench/**/*.[ch]"):
    for path in sorted(root.glob(pattern)):
        files += 1
        rel = path.relative_to(root)
        lines = path.read_text().splitlines()
        table = "table" in path.name or "generated" in path.name
        if len(lines) > FILE and not table:
            failures.append("%s: %d lines" % (rel, len(lines)))
        begin = None
        for n, line in enumerate(lines, 1):
            if len(line) > COLUMNS:
                failures.append("%s:%d: %d columns" % (rel, n, len(line)))
            if line == "{" and n > 1 and re.search(r"[)]\s*$|^[ \t].*\)$", lines[n - 2]):
                begin = n
            elif line == "}" and begin is not None:
                if n - begin + 1 > FUNCTION and rel.parts[0] in ("filters", "proxy"):
                    failures.append("%s:%d: function of %d lines" % (rel, begin, n - begin + 1))
                begin = None
for f in failures:
    print("FAIL " + f)
print("%d files\n%d passed, %d failed" % (files, max(0, files - len(failures)), len(failures)))
sys.exit(bool(failures))
