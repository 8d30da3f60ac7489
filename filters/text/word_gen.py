"""
Makes word_table.inc: how often common words stand in English prose and in programs.

    python3 filters/text/word_gen.py PROSE.jsonl.gz ... -- CODE.jsonl.gz ... > filters/text/word_table.inc

Not part of the build. Needs texts, one JSON object with a member "text" a line (optional "label": only benign ones
count); the table in the tree was made of ultrachat, awesome-chatgpt-prompts, gsm8k, MT-Bench and synthetic prompt
collections for prose, and of code tasks and HumanEval for code, whose licences allow training. The output holds
statistics only: words that stand in three texts or more, with their share, prose counted twice.
"""
import collections
import gzip
import json
import math
import re
import sys

LEAST = 18  # rarer words are left to the letters (trigram.h)


def read(paths):
    words, texts, size = collections.Counter(), collections.Counter(), 0
    for path in paths:
        for line in gzip.open(path, "rt", encoding="utf-8"):
            row = json.loads(line)
            if row.get("label", "benign") != "benign":
                continue
            size += len(row["text"].encode())
            found = re.findall(r"(?<![a-z0-9])[a-z]{2,20}", row["text"].lower())
            words.update(found)
            texts.update(set(found))
    return words, texts, size


split = sys.argv.index("--")
prose, prose_texts, prose_size = read(sys.argv[1:split])
code, code_texts, code_size = read(sys.argv[split + 1 :])
rows = collections.defaultdict(str)
for word in sorted(set(prose) | set(code)):
    if prose_texts[word] + code_texts[word] < 3:
        continue
    share = (2 * prose[word] / prose_size + code[word] / code_size) / 3
    if -math.log2(share) <= LEAST:
        rows[word[:2]] += word + chr(ord("0") + round(-2 * math.log2(share)))
LETTERS = "abcdefghijklmnopqrstuvwxyz"
print("/* Made by word_gen.py. By the first two letters: words, each followed by '0' + -2 log2 of its share of all bytes. */")
for first in LETTERS:
    for second in LETTERS:
        row = rows[first + second]
        print('    "%s",' % row)
