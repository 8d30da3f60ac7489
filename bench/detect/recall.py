"""Attacks of every set as they stand: how many are blocked. Harmful requests without an attack in them are a row apart."""
import collections

import engine
from engine import percent

IN_DATA = ("indirect", "bare", "exfiltration", "tool call")


def role_of(meta):
    """Attacks that reach the model in data are checked as a tool's result."""
    return "tool" if meta.get("kind") in IN_DATA else "user"


def groups(folder):
    """(set, kind, role) -> texts"""
    out = collections.defaultdict(list)
    for name in engine.sets(folder, "inj_", "jb_", "harm_"):
        for r in engine.load(folder, name):
            if r["label"] in ("attack", "harmful"):
                meta = r.get("meta") or {}
                kind = "harmful request" if r["label"] == "harmful" else meta.get("kind") or "-"
                out[name, kind, role_of(meta)].append(r["text"])
    return out


def run(checker, folder):
    rows = []
    for (name, kind, role), texts in groups(folder).items():
        records = checker.check(texts, role)
        blocked = sum(map(engine.blocked, records))
        rows.append((name, kind, role, len(texts), blocked, percent(blocked, len(texts)),
                     percent(sum(r["score"] >= 0.5 for r in records), len(texts)),
                     percent(sum(bool(r["findings"]) for r in records), len(texts)),
                     percent(sum(any(f["view"] != "raw" for f in r["findings"]) for r in records), len(texts))))
    print("Attacks as they stand. Kind bare and harmful requests are no attack by their words: no share of them is wanted.\n")
    engine.table(("set", "kind", "role", "texts", "blocked", "%", "score>=.5 %", "any finding %", "in a view %"), rows)
