"""Drives the real binary (`sallyport check --jsonl`), reads the labelled data, prints tables."""
import collections
import concurrent.futures
import gzip
import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PROCESSES = 2
CLASSES = ("injection", "jailbreak", "exfil", "unicode", "secrets", "pii", "ip", "output")


class Checker:
    """A binary; check() gives every text to it, in two processes, and returns one record a text, in order."""

    def __init__(self, build):
        self.binary = pathlib.Path(build) / "sallyport"
        self.failed = 0  # texts that were not inspected: neither caught nor passed
        self.nice = ["nice"] if os.name == "posix" else []

    def version(self):
        return subprocess.run([self.binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()

    def check(self, texts, role="user", direction="request"):
        if not texts:
            return []
        size = -(-len(texts) // PROCESSES)
        parts = [texts[i:i + size] for i in range(0, len(texts), size)]
        with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
            return [r for part in pool.map(lambda p: self._one(p, role, direction), parts) for r in part]

    def _one(self, texts, role, direction):
        rows = "".join(json.dumps({"text": t, "role": role, "direction": direction}) + "\n" for t in texts)
        p = subprocess.run(self.nice + [str(self.binary), "check", "--jsonl"], input=rows.encode(), check=False,
                           capture_output=True)
        out = [json.loads(line) for line in p.stdout.splitlines()]
        if len(out) != len(texts):
            raise SystemExit("%s check: status %d, %d of %d texts answered\n%s" % (
                self.binary, p.returncode, len(out), len(texts), p.stderr.decode()[-2000:]))
        for i, r in enumerate(out):
            r.pop("text", None)
            if "error" in r:
                out[i] = {"action": "error", "score": 0.0, "findings": []}
        self.failed += sum(r["action"] == "error" for r in out)
        return out


def blocked(record):
    return record["action"] == "block"


def attack_rules(record):
    """Ids of the rules against attacks that block."""
    return sorted({f["rule"] for f in record["findings"]
                   if f["action"] == "block" and f["class"] in ("injection", "jailbreak", "exfil", "unicode")})


def data_dir():
    """The folder of labelled data, or None."""
    named = os.environ.get("SALLYPORT_DATA")
    folder = pathlib.Path(named) if named else HERE.parents[2] / "shared" / "data"
    return folder if folder.is_dir() else None


def load(folder, name):
    """Rows of one set; none where it is missing. Texts that are no text (base64 of bytes) are left out."""
    path = folder / (name + ".jsonl.gz")
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    return [r for r in rows if not (r.get("meta") or {}).get("encoding")]


def sets(folder, *prefixes):
    names = sorted(p.name[:-len(".jsonl.gz")] for p in folder.glob("*.jsonl.gz"))
    return [n for n in names if n.startswith(prefixes)]


def percent(part, whole):
    return "-" if not whole else "%.1f" % (100.0 * part / whole)


def table(header, rows):
    """First column to the left, the others to the right."""
    cells = [[str(c) for c in row] for row in [header] + list(rows)]
    width = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for n, row in enumerate(cells):
        print("  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, width))).rstrip())
        if n == 0:
            print("  ".join("-" * w for w in width))
    print()


def top(counter, n=8):
    return ", ".join("%s %d" % (name, count) for name, count in counter.most_common(n)) or "-"


def count_rules(records, keep):
    """How many texts each rule has a finding in, of findings for which keep(finding) holds."""
    c = collections.Counter()
    for r in records:
        c.update({f["rule"] for f in r["findings"] if keep(f)})
    return c
