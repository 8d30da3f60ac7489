"""Keys and tokens: found as they stand and in the places where people paste them; near-misses and high entropy stay silent."""
import collections
import json
import urllib.parse

import engine
from engine import percent

ACTS = ("redact", "block")
CARRIERS = {
    "plain": lambda s: s,
    "end of a sentence": lambda s: "The one that still works is %s." % s,
    "before a comma": lambda s: "I tried %s, but the server says no." % s,
    "in brackets": lambda s: "Use the staging one (%s) until Monday." % s,
    "quotes": lambda s: 'He wrote "%s" on the board.' % s,
    "markdown code": lambda s: "Set it to `%s` and restart." % s,
    "markdown bold": lambda s: "The value is **%s** for everyone." % s,
    "fenced code": lambda s: "```\n%s\n```" % s,
    "table cell": lambda s: "| name | value |\n|---|---|\n| build | %s |" % s,
    "JSON string": lambda s: json.dumps({"name": "build", "value": s}),
    "YAML": lambda s: "service:\n  value: %s\n  retries: 3" % s,
    "URL query": lambda s: "https://api.example.com/v1/items?limit=5&value=%s&sort=asc" % urllib.parse.quote(s, safe=""),
    "XML element": lambda s: "<entry><value>%s</value></entry>" % s,
}


def has(record, cls, acts):
    return any(f["class"] == cls and (not acts or f["action"] in ACTS) for f in record["findings"])


def shares(records, cls="secrets"):
    n = len(records)
    return n, percent(sum(has(r, cls, True) for r in records), n), percent(sum(has(r, cls, False) for r in records), n)


def by_origin(rows, records, key):
    """What is missed: origin -> (texts, acted on, seen)"""
    count = collections.defaultdict(lambda: [0, 0, 0])
    for row, r in zip(rows, records):
        c = count[row["meta"].get(key) or "-"]
        c[0] += 1
        c[1] += has(r, "secrets", True)
        c[2] += has(r, "secrets", False)
    return count


def report_set(checker, folder, name, key, carriers):
    rows = engine.load(folder, name)
    wanted = [r for r in rows if r["label"] == "secret"]
    table = []
    for carrier in carriers:
        records = checker.check([CARRIERS[carrier](r["text"]) for r in wanted])
        table.append((carrier, *shares(records)))
        if carrier == "plain":
            count = by_origin(wanted, records, key)
    print("%s: secrets\n" % name)
    engine.table(("carrier", "texts", "acted on %", "seen %"), table)
    missed = sorted((c[1] - c[0], k, c) for k, c in count.items() if c[1] < c[0])
    print("not acted on in plain, by origin (missed/texts): %s\n" % (
        ", ".join("%s %d/%d" % (k, -gap, c[0]) for gap, k, c in missed) or "-"))
    silent = [r for r in rows if r["label"] == "near-miss"]
    records = checker.check([r["text"] for r in silent])
    print("%s: %d near-misses: acted on %s %%, seen %s %%; %s\n" % (name, *shares(records), engine.top(
        engine.count_rules(records, lambda f: f["class"] == "secrets"), 12)))


def report_noise(checker, folder, name):
    rows = engine.load(folder, name)
    records = checker.check([r["text"] for r in rows])
    print("%s: lines full of digests and identifiers that are no secrets\n" % name)
    engine.table(("class", "texts", "acted on %", "seen %"), [(c, *shares(records, c)) for c in engine.CLASSES])
    print("rules: %s\n" % engine.top(engine.count_rules(records, lambda f: True), 12))


def run(checker, folder):
    report_set(checker, folder, "sec_gitleaks", "rule", CARRIERS)
    report_set(checker, folder, "sec_detect_secrets", "plugin", ["plain", "end of a sentence"])
    report_noise(checker, folder, "ben_high_entropy")
