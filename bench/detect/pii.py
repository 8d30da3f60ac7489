"""Personal data: which labelled spans are found, and how many findings are right. Names, places and dates are a table apart."""
import collections

import engine
from engine import percent

SETS = ("pii_presidio_large", "pii_presidio_v2", "pii_presidio_units")
# What no rule over patterns is made to find: free names, places, dates and the like.
FREE = {"PERSON", "ADDRESS", "STREET_ADDRESS", "LOCATION", "GPE", "ORGANIZATION", "DATE_TIME", "TITLE", "PREFIX", "AGE", "NRP",
        "ZIP_CODE", "DOMAIN_NAME", "URL", "UK_POSTCODE", "DE_PLZ"}
ACTS = ("redact", "block")


def byte_spans(row):
    """The labelled spans in bytes of UTF-8: labels count code points."""
    text = row["text"]
    for s in (row.get("meta") or {}).get("spans") or []:
        yield len(text[:s["start"]].encode()), len(text[:s["end"]].encode()), s["type"]


def overlaps(f, start, end):
    return f["start"] < end and start < f["end"]


class Tally:
    def __init__(self):
        self.spans, self.acted, self.seen = (collections.Counter() for _ in range(3))
        self.right, self.wrong = collections.Counter(), collections.Counter()
        self.where = collections.defaultdict(collections.Counter)

    def add(self, row, record):
        spans = list(byte_spans(row))
        found = [f for f in record["findings"] if f["class"] in ("pii", "secrets")]
        for start, end, kind in spans:
            hits = [f for f in found if overlaps(f, start, end)]
            self.spans[kind] += 1
            self.seen[kind] += bool(hits)
            self.acted[kind] += any(f["action"] in ACTS for f in hits)
        for f in found:
            kinds = [kind for start, end, kind in spans if overlaps(f, start, end)]
            (self.right if kinds else self.wrong)[f["rule"], f["action"] in ACTS] += 1
            self.where[f["rule"]].update(kinds)

    def by_type(self, keep):
        kinds = sorted((k for k in self.spans if keep(k)), key=lambda k: (-self.spans[k], k))
        return [(k, self.spans[k], percent(self.acted[k], self.spans[k]), percent(self.seen[k], self.spans[k])) for k in kinds]

    def totals(self, keep):
        kinds = [k for k in self.spans if keep(k)]
        n = sum(self.spans[k] for k in kinds)
        return n, percent(sum(self.acted[k] for k in kinds), n), percent(sum(self.seen[k] for k in kinds), n)

    def by_rule(self):
        for rule in sorted(self.where):
            right, wrong = self.right[rule, True] + self.right[rule, False], self.wrong[rule, True] + self.wrong[rule, False]
            yield rule, right, wrong, percent(right, right + wrong), engine.top(self.where[rule], 3)


def near_misses(rows, records):
    by_kind = collections.defaultdict(lambda: [0, 0, 0])
    for row, record in zip(rows, records):
        count = by_kind[(row.get("meta") or {}).get("entity") or row["label"]]
        count[0] += 1
        count[1] += any(f["action"] in ACTS for f in record["findings"])
        count[2] += bool(record["findings"])
    total = [sum(c[i] for c in by_kind.values()) for i in range(3)]
    return [("all", *total)] + [(k, *c) for k, c in sorted(by_kind.items()) if c[2]]


def run(checker, folder):
    for name in SETS:
        rows = engine.load(folder, name)
        records, tally = checker.check([r["text"] for r in rows]), Tally()
        pairs = list(zip(rows, records))
        for row, record in pairs:
            if row["label"] == "pii":
                tally.add(row, record)
        ours = lambda kind: kind not in FREE
        acted = [sum(n for (_, acts), n in c.items() if acts) for c in (tally.right, tally.wrong)]
        print("%s: identifiers: %d spans, acted on %s %%, seen %s %%; of %d findings that act %s %% lie on a labelled span\n" % (
            name, *tally.totals(ours), sum(acted), percent(acted[0], sum(acted))))
        engine.table(("type", "spans", "acted on %", "seen %"), tally.by_type(ours))
        engine.table(("names, places, dates", "spans", "acted on %", "seen %"), tally.by_type(lambda k: k in FREE))
        engine.table(("rule", "right", "wrong", "precision %", "lies on"), tally.by_rule())
        others = [(row, record) for row, record in pairs if row["label"] != "pii"]
        engine.table(("must stay silent", "texts", "acted on", "any finding"),
                     near_misses([p[0] for p in others], [p[1] for p in others]))
