"""
Makes trigram_table.inc: how likely each letter is after the two before it in ordinary English.

    python3 filters/text/trigram_gen.py FILE.jsonl.gz ... > filters/text/trigram_table.inc

Not part of the build. Needs English texts, one JSON object with a member "text" a line (optional "label": only benign
ones count), at least a megabyte in all; the table in the tree was made of ultrachat, awesome-chatgpt-prompts, gsm8k,
MT-Bench and synthetic prompt collections whose licences allow training. The output holds statistics only.
A text's letters are folded to a-z, every run of other bytes is one space, as trigram.c reads texts.
"""
import gzip
import json
import math
import re
import sys

counts = [0.0] * 27**3
for path in sys.argv[1:]:
    for line in gzip.open(path, "rt", encoding="utf-8"):
        row = json.loads(line)
        if row.get("label", "benign") != "benign":
            continue
        text = re.sub(r"[^a-z]+", " ", row["text"].lower()).strip()
        if len(text) < 20:
            continue
        a = b = 0
        for ch in text + " ":
            c = 0 if ch == " " else ord(ch) - 96
            counts[a * 729 + b * 27 + c] += 1
            a, b = b, c

bigrams = [sum(counts[b * 27 + c + a * 729] for a in range(27)) for b in range(27) for c in range(27)]
unigrams = [sum(bigrams[b * 27 + c] for b in range(27)) for c in range(27)]
total = sum(unigrams)
print("/* Made by trigram_gen.py. Row: first letter (space, a-z); in it 27 x 27 of second and third; '@' + -4 log2 p. */")
for a in range(27):
    row = ""
    for b in range(27):
        after_b = sum(bigrams[b * 27 : b * 27 + 27])
        after_ab = sum(counts[a * 729 + b * 27 : a * 729 + b * 27 + 27])
        for c in range(27):
            # Witten-Bell-like smoothing: what a pair was rarely seen before leans on the shorter context.
            p1 = (unigrams[c] + 1) / (total + 27)
            p2 = (bigrams[b * 27 + c] + 20 * p1) / (after_b + 20)
            p3 = (counts[a * 729 + b * 27 + c] + 10 * p2) / (after_ab + 10)
            row += chr(64 + min(62, round(-4 * math.log2(p3))))
    for at in range(0, 729, 120):
        print('    "%s"%s' % (row[at : at + 120].replace("\\", "\\\\"), "," if at + 120 >= 729 else ""))
