"""Include direction: folder = layer. A file includes only lower ranks, its own folder, and the public headers it may see."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
RANK = {"base": 0, "text": 1, "wire": 1, "scan": 2, "dialect": 2, "rule": 3, "policy": 4, "ground": 4, "engine": 5}
# Folders of one rank that may see one another: spans and edits need UTF-8; a policy is resolved against rules it names.
SAME_RANK = {("wire", "text")}
# Public headers by the lowest folder that may include them; engine.h and policy.h also hold the shared vocabulary of plain structs.
PUBLIC = {"flt/base.h": 0, "flt/yaml.h": 0, "flt/json.h": 0, "flt/edit.h": 0, "flt/sse.h": 0, "flt/policy.h": 0, "flt/engine.h": 2}
PROXY_RANK = {"watch": 0, "net": 0, "core": 1, "cli": 2}
SYSTEM = {  # who may include what from outside
    r"hs\.h": {"filters/scan"},
    r"pcre2\.h": {"filters/scan"},
    r"libfyaml\.h": {"filters/base"},
    r"llhttp\.h": {"proxy/net"},
    r"openssl/ssl\.h": {"proxy/net", "proxy/core"},
    r"event2/.*": {"proxy/net", "proxy/core", "proxy/watch"},
    r"ares.*\.h": {"proxy/net"},
    r"sys/socket\.h|netinet/.*|arpa/.*": {"proxy/net", "proxy/core", "proxy/cli"},
}
failures = []
files = 0
for path in sorted(root.glob("filters/*/*.[ch]")) + sorted(root.glob("proxy/*/*.[ch]")):
    files += 1
    rel = path.relative_to(root)
    top, folder = rel.parts[0], rel.parts[1]
    for n, line in enumerate(path.read_text().splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
        if not m:
            continue
        where, inc = "%s:%d" % (rel, n), m.group(2)
        if m.group(1) == "<":
            for pattern, folders in SYSTEM.items():
                if re.fullmatch(pattern, inc) and "%s/%s" % (top, folder) not in folders:
                    failures.append("%s: <%s> is not for %s/%s" % (where, inc, top, folder))
            continue
        target = inc.split("/")[0]
        if inc.startswith("flt/"):
            if top == "filters" and inc in PUBLIC and folder in RANK and RANK[folder] < PUBLIC[inc]:
                failures.append("%s: %s is above %s" % (where, inc, folder))
        elif top == "proxy":
            if target not in PROXY_RANK:
                failures.append("%s: proxy/ sees only flt/*.h and its own headers, not %s" % (where, inc))
            elif PROXY_RANK[target] > PROXY_RANK[folder]:
                failures.append("%s: %s is above %s" % (where, inc, folder))
        elif folder in RANK:
            if target not in RANK:
                failures.append("%s: %s is not a folder of the library" % (where, inc))
            elif target != folder and RANK[target] >= RANK[folder] and (folder, target) not in SAME_RANK:
                failures.append("%s: %s is not below %s" % (where, inc, folder))
# The transaction knows no transport and no provider.
for path in root.glob("proxy/core/txn*.[ch]"):
    text = path.read_text()
    for word in (r"\bSSL\b", r"llhttp", r"\bopenai\b", r"\bazure\b", r"\banthropic\b"):
        if re.search(word, re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S), re.I if word.islower() else 0):
            failures.append("%s: names %s" % (path.relative_to(root), word))
for f in failures:
    print("FAIL " + f)
print("%d files\n%d passed, %d failed" % (files, files - len(failures) if len(failures) < files else 0, len(failures)))
sys.exit(bool(failures))
