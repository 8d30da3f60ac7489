"""Harmless prompts of every benign set: how many are blocked, and how many have any finding, by class and action."""
import collections

import engine
from engine import percent

ATTACK_CLASSES = ("injection", "jailbreak")


def harmless(folder, name):
    """Texts that must pass; harmful requests and attacks of mixed sets are left out."""
    return [r["text"] for r in engine.load(folder, name) if r["label"] in ("benign", "clean")]


def stopped(record):
    """Blocked by a rule against injection or jailbreaks."""
    return any(f["class"] in ATTACK_CLASSES and f["action"] == "block" for f in record["findings"])


def row(name, records):
    n = len(records)
    with_class = [sum(any(f["class"] == c for f in r["findings"]) for r in records) for c in engine.CLASSES]
    acted = collections.Counter(r["action"] for r in records)
    return (name, n, sum(map(stopped, records)), percent(sum(map(stopped, records)), n),
            percent(sum(r["score"] >= 0.5 for r in records), n), acted["redact"], acted["annotate"], *with_class)


def run(checker, folder):
    rows, lines = [], []
    for name in engine.sets(folder, "ben_", "inj_"):
        texts = harmless(folder, name)
        if not texts:
            continue
        records = checker.check(texts)
        rows.append(row(name, records))
        acting = engine.count_rules(records, lambda f: f["action"] in ("block", "redact"))
        noting = engine.count_rules(records, lambda f: f["action"] == "annotate")
        lines.append("%s: act: %s; note: %s" % (name, engine.top(acting), engine.top(noting)))
    print("Harmless texts: blocked by injection and jailbreak rules, score, gravest action, texts with a finding of a class\n")
    engine.table(("set", "texts", "blocked", "%", "score>=.5 %", "redact", "annotate") + engine.CLASSES, rows)
    print("Rules, by texts:")
    print("\n".join("  " + line for line in lines) + "\n")
