"""Scripts parse, are executable, and stop at unset names and broken pipes; no path of a developer's machine stands in the tree."""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
failures, seen = [], 0
for name in ("conf/demo", "conf/install", "conf/build", "tests/run", ".ci/run", "bench/run", "bench/load/run"):
    path = root / name
    if not path.exists():
        continue
    seen += 1
    text = path.read_text()
    if not path.stat().st_mode & 0o111:
        failures.append("%s is not executable" % name)
    if "bash" in text.splitlines()[0]:
        if not re.search(r"^set -\w*uo pipefail$", text, flags=re.M):
            failures.append("%s does not stop at unset names and broken pipes" % name)
        if subprocess.run(["bash", "-n", str(path)]).returncode != 0:
            failures.append("%s does not parse" % name)
bad = re.compile(r"/(?:home|root|work|tmp/b)/[a-z]")
for pattern in ("filters/**/*", "proxy/**/*", "conf/**/*", "bench/**/*", "rulesets/**/*", "cmake/**/*", "README.md", "CMakeLists.txt"):
    for path in root.glob(pattern):
        if path.is_file() and path.suffix not in (".json", ".yaml", ".png"):
            seen += 1
            m = bad.search(path.read_text(errors="replace"))
            if m:
                failures.append("%s names a path of some machine: %s" % (path.relative_to(root), m.group(0)))
for f in failures:
    print("FAIL " + f)
print("%d passed, %d failed" % (max(0, seen - len(failures)), len(failures)))
sys.exit(bool(failures))
