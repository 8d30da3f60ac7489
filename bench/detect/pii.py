"""Personal data: which labelled spans are found, and how many findings are right.

Three kinds of types, never pooled: those with a check digit or a layout of their own; numbers that have neither, which
no rule can tell from an order number where they stand alone; and names, places, dates. Some labels ask for what no rule
should find (`argued` says which and why, by rules that hold for any data); figures are given with and without them.
"""
import collections
import ipaddress
import json
import pathlib
import re
import subprocess
import tempfile

import engine
from engine import percent

SETS = ("pii_presidio_large", "pii_presidio_v2", "pii_presidio_units")
# What no rule over patterns is made to find: free names, places, dates and the like.
FREE = {"PERSON", "ADDRESS", "STREET_ADDRESS", "LOCATION", "GPE", "ORGANIZATION", "DATE_TIME", "TITLE", "PREFIX", "AGE", "NRP",
        "ZIP_CODE", "DOMAIN_NAME", "URL", "UK_POSTCODE", "DE_PLZ"}
# Neither a check digit nor a layout that other numbers do not have: passports, licences, plates, accounts.
UNCHECKED = re.compile(r".*(PASSPORT|DRIVER_LICENSE|IDENTITY_CARD|ID_CARD|LICENSE_PLATE|VEHICLE_REGISTRATION|BANK_NUMBER"
                       r"|DE_BSNR)$")
# These have a layout, but as bare digits no check digit.
LAYOUT = re.compile(r".*(PHONE|MOBILE).*|US_SSN$")
ACTS = ("redact", "block")


class AllLevels(engine.Checker):
    """The same binary for a tenant that has rules of every level recorded (the default is 2 of 4)."""

    FILES = {
        "conf.yaml": "version: 1\nlisten: [{address: '127.0.0.1:0', tls: off}]\naudit: {file: audit.jsonl}\n"
                     "upstreams: {none: {url: 'http://127.0.0.1:1', provider: ollama}}\ntenants: [tenant.yaml]\n",
        "tenant.yaml": "tenant: all\ncredentials: [{key_sha256: %s}]\nupstream: none\n"
                       "rules: {sensitivity: {block: 1, observe: 4}}\n" % ("0" * 64),
    }

    def _one(self, texts, role, direction):
        rows = "".join(json.dumps({"text": t, "role": role, "direction": direction}) + "\n" for t in texts)
        with tempfile.TemporaryDirectory() as folder:
            for name, text in self.FILES.items():
                (pathlib.Path(folder) / name).write_text(text)
            conf = str(pathlib.Path(folder) / "conf.yaml")
            p = subprocess.run(self.nice + [str(self.binary), "check", "-c", conf, "--tenant", "all", "--jsonl"],
                               input=rows.encode(), check=False, capture_output=True)
        out = [json.loads(line) for line in p.stdout.splitlines()]
        if len(out) != len(texts):
            raise SystemExit("%s check -c: status %d\n%s" % (self.binary, p.returncode, p.stderr.decode()[-2000:]))
        return out


def byte_spans(row):
    """The labelled spans in bytes of UTF-8: labels count code points."""
    text = row["text"]
    for s in (row.get("meta") or {}).get("spans") or []:
        yield len(text[:s["start"]].encode()), len(text[:s["end"]].encode()), s["type"]


def overlaps(f, start, end):
    return f["start"] < end and start < f["end"]


def mod_sum(digits, weights, mod):
    return sum(int(d) * w for d, w in zip(digits, weights)) % mod


def sg_nric(v):
    table = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "KLJNPQRTUWX"}.get(v[0])
    if table is None or not v[1:8].isdigit():
        return False
    add = {"T": 4, "G": 4, "M": 3}.get(v[0], 0)
    at = (mod_sum(v[1:8], (2, 7, 6, 5, 4, 3, 2), 11) + add) % 11
    return table[10 - at if v[0] == "M" else at] == v[8:]


def kr_number(v):
    d = re.sub(r"\D", "", v)
    check = (11 - mod_sum(d, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), 11)) % 10
    return len(d) == 13 and int(d[12]) in (check, (check + 2) % 10)


def de_tax_id(v):
    """One digit of the first ten stands there twice or three times (section 139b AO)."""
    d = re.sub(r"\D", "", v)
    return len(d) == 11 and len(set(d[:10])) in (8, 9)


def it_fiscal_code(v):
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    n = [int(c) if c.isdigit() else ord(c) - 65 for c in v]
    return len(v) == 16 and (sum(odd[x] for x in n[0:15:2]) + sum(n[1:15:2])) % 26 == n[15]


CHECKS = {"SG_NRIC_FIN": sg_nric, "KR_RRN": kr_number, "KR_FRN": kr_number, "DE_TAX_ID": de_tax_id,
          "IT_FISCAL_CODE": it_fiscal_code, "IT_VAT_CODE": lambda v: re.sub(r"^IT", "", v).isdigit()}


def names_a_host(value):
    """Not the loopback, the unset or the broadcast address, no whole network."""
    try:
        a = ipaddress.ip_address(value)
    except ValueError:
        try:
            n = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return True
        a = n.network_address
        if n.prefixlen in (0, 10):
            return False
    return not (a.is_loopback or a.is_unspecified or str(a) == "255.255.255.255")


def argued(kind, row, start, end):
    """Why a label asks for what no rule should find, or None."""
    raw = row["text"].encode()
    value = raw[start:end].decode()
    words = bytearray(raw)  # what stands beside the labelled values
    for a, b, _ in byte_spans(row):
        words[a:b] = b" " * (b - a)
    alone = re.search(r"[^\W\d_]", re.sub(r"\band\b", "", words.decode())) is None
    if kind in FREE:
        return None
    if kind == "IP_ADDRESS" and not names_a_host(value):
        return "address of no host"
    if kind == "IP_ADDRESS" and re.match(rb"\.\d", raw[end:end + 2]):
        return "part of a longer chain of numbers"
    if kind in CHECKS and not CHECKS[kind](value.upper()):
        return "fails its own check"
    if re.search(rb"[A-Za-z]$", raw[:start]) and value[0].isdigit():
        return "glued to a word"
    if UNCHECKED.match(kind) and alone:
        return "no check, no layout, no word beside it"
    if LAYOUT.match(kind) and alone and value.isdigit() and value[0] != "0":
        return "bare digits, no check, no word beside it"
    return None


class Tally:
    def __init__(self):
        self.spans, self.acted, self.seen, self.all = (collections.Counter() for _ in range(4))
        self.argued, self.argued_seen = collections.Counter(), collections.Counter()
        self.reasons = collections.Counter()
        self.right, self.wrong = collections.Counter(), collections.Counter()
        self.all_right, self.all_wrong = 0, 0
        self.where = collections.defaultdict(collections.Counter)

    def add(self, row, record, every):
        spans = list(byte_spans(row))
        found = [f for f in record["findings"] if f["class"] in ("pii", "secrets")]
        for start, end, kind in spans:
            hits = [f for f in found if overlaps(f, start, end)]
            reason = argued(kind, row, start, end)
            self.spans[kind] += 1
            self.seen[kind] += bool(hits)
            self.acted[kind] += any(f["action"] in ACTS for f in hits)
            self.all[kind] += any(overlaps(f, start, end) for f in every["findings"])
            if reason is not None:
                self.argued[kind] += 1
                self.argued_seen[kind] += bool(hits)
                self.reasons[reason, bool(hits)] += 1
        for f in every["findings"]:
            if f["class"] in ("pii", "secrets"):
                right = any(overlaps(f, start, end) for start, end, _ in spans)
                self.all_right, self.all_wrong = self.all_right + right, self.all_wrong + (not right)
        for f in found:
            kinds = [kind for start, end, kind in spans if overlaps(f, start, end)]
            (self.right if kinds else self.wrong)[f["rule"], f["action"] in ACTS] += 1
            self.where[f["rule"]].update(kinds)

    def row(self, kinds):
        n, left = (sum(c[k] for k in kinds) for c in (self.spans, self.argued))
        seen, left_seen = (sum(c[k] for k in kinds) for c in (self.seen, self.argued_seen))
        return [n] + [percent(sum(c[k] for k in kinds), n) for c in (self.acted, self.seen, self.all)] + [
            left, percent(seen - left_seen, n - left)]

    def by_type(self, keep):
        kinds = sorted((k for k in self.spans if keep(k)), key=lambda k: (-self.spans[k], k))
        return [["all"] + self.row(kinds)] + [[k] + self.row([k]) for k in kinds]

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


def precision(tally, others, all_others):
    """Of the findings in all texts, those on a labelled span: the ones that act, all that are recorded, and of all levels."""
    stray = [f["action"] in ACTS for record in others for f in record["findings"]]
    rows = []
    for name, keep in (("that act", (True,)), ("recorded", (True, False))):
        right, wrong = (sum(n for (_, acts), n in c.items() if acts in keep) for c in (tally.right, tally.wrong))
        silent = sum(acts in keep for acts in stray)
        rows.append((name, right, wrong, silent, percent(right, right + wrong + silent)))
    silent = sum(len(record["findings"]) for record in all_others)
    rows.append(("of all levels", tally.all_right, tally.all_wrong, silent,
                 percent(tally.all_right, tally.all_right + tally.all_wrong + silent)))
    return rows


HEADER = ("spans", "acted on %", "seen %", "all levels %", "argued", "seen % of the rest")


def run(checker, folder):
    for name in SETS:
        rows = engine.load(folder, name)
        texts = [r["text"] for r in rows]
        records, every, tally = checker.check(texts), AllLevels(checker.binary.parent).check(texts), Tally()
        for row, record, all_levels in zip(rows, records, every):
            if row["label"] == "pii":
                tally.add(row, record, all_levels)
        others = [(row, record) for row, record in zip(rows, records) if row["label"] != "pii"]
        all_others = [record for row, record in zip(rows, every) if row["label"] != "pii"]
        print("%s\n" % name)
        checked = lambda kind: kind not in FREE and not UNCHECKED.match(kind)
        for title, keep in (("checksum or layout", checked), ("neither", lambda k: UNCHECKED.match(k)),
                            ("names, places, dates", lambda k: k in FREE)):
            table = tally.by_type(keep)
            if len(table) > 1:
                engine.table((title, *HEADER), table)
        if tally.reasons:
            whys = sorted({why for why, _ in tally.reasons})
            engine.table(("argued: why", "spans", "seen all the same"),
                         [(w, tally.reasons[w, True] + tally.reasons[w, False], tally.reasons[w, True]) for w in whys])
        engine.table(("findings", "on a labelled span", "beside one", "where nothing is", "precision %"),
                     precision(tally, [p[1] for p in others], all_others))
        engine.table(("rule", "right", "wrong", "precision %", "lies on"), tally.by_rule())
        engine.table(("must stay silent", "texts", "acted on", "any finding"),
                     near_misses([p[0] for p in others], [p[1] for p in others]))
