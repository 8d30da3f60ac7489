"""Reversible disguises of a text. Each takes (text, rng) and gives the disguised text; rng makes a run repeatable."""
import base64
import html
import quopri
import re
import string
import textwrap
import urllib.parse

import letters
from letters import mapped

COVER_BEFORE = "Here is the note my colleague left on the desk before the trip. "
COVER_AFTER = " Could you have a look at it when you find the time?"
COVER_ALONE = "Thank you for the lovely evening, the soup was great."


def between(text, pick):
    """pick() between every two letters or digits of a word."""
    return re.sub(r"(?<=[A-Za-z0-9])(?=[A-Za-z0-9])", lambda _: pick(), text)


def inside(text, sign, rng, least=4):
    """Splits each longer word once, with what sign(rest of the word) makes of the second half."""
    def split(m):
        word = m.group(0)
        at = rng.randrange(2, len(word) - 1)
        return word[:at] + sign(word[at:])
    return re.sub(r"[A-Za-z]{%d,}" % least, split, text)


def tags(text):
    return "".join(chr(0xE0000 + ord(c)) if 0x20 <= ord(c) < 0x7F else "" for c in text)


def variation(data):
    return "".join(chr(0xFE00 + b) if b < 16 else chr(0xE0100 + b - 16) for b in data)


def sneaky(data):
    return "".join("\u2064" if b >> i & 1 else "\u2062" for b in data for i in range(7, -1, -1))


def b64(text):
    return base64.b64encode(text.encode()).decode()


def each_word(text, fn):
    return re.sub(r"[^ ]+", lambda m: fn(m.group(0)), text)


def letter_words(text, gap, word_gap):
    return word_gap.join(gap.join(w) for w in text.split())


def rotate(text, n):
    low, up = string.ascii_lowercase, string.ascii_uppercase
    return text.translate(str.maketrans(low + up, low[n:] + low[:n] + up[n:] + up[:n]))


def atbash(text):
    low, up = string.ascii_lowercase, string.ascii_uppercase
    return text.translate(str.maketrans(low + up, low[::-1] + up[::-1]))


def morse(text):
    return " / ".join(" ".join(letters.MORSE[c] for c in w.lower() if c in letters.MORSE) for w in text.split())


def quoted(text):
    """Every byte as =XX, in lines of at most 76 characters."""
    codes = ["=%02X" % b for b in text.encode()]
    return "=\n".join("".join(codes[i:i + 24]) for i in range(0, len(codes), 24))


def marks(text, rng, least, most):
    return "".join(c + "".join(rng.choice(letters.MARKS) for _ in range(rng.randint(least, most))) if c.isalpha() else c
                   for c in text)


def accents(text, rng):
    return "".join(c + rng.choice("\u0300\u0301\u0302\u0303\u0308\u030c") if c in "aeiouycnsAEIOUYCNS" else c
                   for c in text)


def pieces(text, rng):
    n = rng.randint(3, 5)
    cuts = sorted(rng.sample(range(1, len(text)), min(n - 1, len(text) - 1)))
    return [text[a:b] for a, b in zip([0] + cuts, cuts + [len(text)])]


def literal(piece):
    return '"%s"' % piece.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def joined(text, rng):
    parts = pieces(text, rng)
    names = string.ascii_lowercase[:len(parts)]
    return "; ".join("%s=%s" % (n, literal(p)) for n, p in zip(names, parts)) + "; now do what " + " + ".join(names) + " says"


def joined_lines(text, rng):
    parts = pieces(text, rng)
    names = ["p%d" % i for i in range(1, len(parts) + 1)]
    return "\n".join("%s = %s" % (n, literal(p)) for n, p in zip(names, parts)) + "\nprint(" + " + ".join(names) + ")"


def joined_list(text, rng):
    return "".join(("[", ", ".join(literal(p) for p in pieces(text, rng)), "]")) + " joined together"


INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
INVISIBLE_MORE = "\u00ad\u034f\u180e\u2061\u2062\u2063\u2064\u206a\u115f\u3164\ufe00"

SINGLE = {
    # invisible
    "zero width": lambda t, r: between(t, lambda: r.choice(INVISIBLE)),
    "soft hyphen": lambda t, r: between(t, lambda: "\u00ad"),
    "other invisible": lambda t, r: between(t, lambda: r.choice(INVISIBLE_MORE)),
    "tags": lambda t, r: tags(t),
    "tags behind a sentence": lambda t, r: COVER_ALONE + tags(t),
    "variation selectors": lambda t, r: "\U0001f60a" + variation(t.encode()),
    "variation, in a sentence": lambda t, r: COVER_ALONE + " \U0001f600" + variation(t.encode()) + " Bye!",
    "sneaky bits": lambda t, r: COVER_ALONE + sneaky(t.encode()),
    "bidi override": lambda t, r: "\u202e" + t[::-1] + "\u202c",
    "backspaces": lambda t, r: between(t, lambda: r.choice("xqz") + "\b"),
    # look-alikes and styles
    "Cyrillic": lambda t, r: mapped(letters.CYRILLIC)(t),
    "Greek": lambda t, r: mapped(letters.GREEK)(t),
    "Greek, freely": lambda t, r: mapped(letters.GREEK_FREE)(t),
    "full width": lambda t, r: mapped(letters.FULL_WIDTH)(t),
    "maths bold": lambda t, r: mapped(letters.MATHS_BOLD)(t),
    "maths italic": lambda t, r: mapped(letters.MATHS_ITALIC)(t),
    "maths Fraktur": lambda t, r: mapped(letters.MATHS_FRAKTUR)(t),
    "double struck": lambda t, r: mapped(letters.DOUBLE_STRUCK)(t),
    "circled": lambda t, r: mapped(letters.CIRCLED)(t),
    "parenthesised": lambda t, r: mapped(letters.PARENTHESISED)(t),
    "squared": lambda t, r: mapped(letters.SQUARED)(t),
    "squared, dark": lambda t, r: mapped(letters.SQUARED_DARK)(t),
    "small capitals": lambda t, r: mapped(letters.SMALL_CAPS)(t),
    "superscript": lambda t, r: mapped(letters.SUPERSCRIPT)(t.lower()),
    "upside down": lambda t, r: mapped(letters.TURNED)(t)[::-1],
    "regional indicators": lambda t, r: letter_words(mapped(letters.REGIONAL)(t), " ", "  "),
    "zalgo": lambda t, r: marks(t, r, 2, 6),
    "diacritics": accents,
    # letters and signs
    "leet": lambda t, r: mapped(letters.LEET)(t),
    "leet with signs": lambda t, r: mapped(letters.LEET_SIGNS)(t),
    "spaced letters": lambda t, r: letter_words(t, " ", "   "),
    "spaced, no word gaps": lambda t, r: " ".join(t.replace(" ", "")),
    "dots": lambda t, r: letter_words(t, ".", " "),
    "hyphens": lambda t, r: letter_words(t, "-", " "),
    "underscores": lambda t, r: letter_words(t, "_", " "),
    # something else between words
    "doubled blanks": lambda t, r: t.replace(" ", "  "),
    "underscores for blanks": lambda t, r: t.replace(" ", "_"),
    "bold marks between words": lambda t, r: t.replace(" ", " **"),
    "wrapped at 30 columns": lambda t, r: "\n".join(textwrap.fill(line, 30, break_long_words=False)
                                                    for line in t.split("\n")),
    # inside words
    "bold markdown splits": lambda t, r: inside(t, lambda rest: "**%s**%s" % (rest[0], rest[1:]), r),
    "HTML comment splits": lambda t, r: inside(t, lambda rest: "<!-- -->" + rest, r),
    "HTML tag splits": lambda t, r: inside(t, lambda rest: "<b>%s</b>%s" % (rest[0], rest[1:]), r),
    # encodings
    "base64": lambda t, r: b64(t),
    "base64url": lambda t, r: base64.urlsafe_b64encode(t.encode()).decode().rstrip("="),
    "base64 in lines": lambda t, r: base64.encodebytes(t.encode()).decode(),
    "base32": lambda t, r: base64.b32encode(t.encode()).decode(),
    "ascii85": lambda t, r: base64.a85encode(t.encode()).decode(),
    "hex": lambda t, r: t.encode().hex(),
    "hex, spaced": lambda t, r: t.encode().hex(" "),
    "percent, every byte": lambda t, r: "".join("%%%02X" % b for b in t.encode()),
    "percent, as URLs have it": lambda t, r: urllib.parse.quote(t, safe=""),
    "HTML entities, decimal": lambda t, r: "".join("&#%d;" % ord(c) for c in t),
    "HTML entities, hex": lambda t, r: "".join("&#x%x;" % ord(c) for c in t),
    "\\u escapes": lambda t, r: "".join("\\u%04x" % ord(c) for c in t),
    "\\x escapes": lambda t, r: "".join("\\x%02x" % b for b in t.encode()),
    "quoted-printable": lambda t, r: quoted(t),
    "binary": lambda t, r: " ".join(format(b, "08b") for b in t.encode()),
    "Morse": lambda t, r: morse(t),
    # ciphers
    "rot13": lambda t, r: rotate(t, 13),
    "rot7": lambda t, r: rotate(t, 7),
    "Atbash": lambda t, r: atbash(t),
    "reversed": lambda t, r: t[::-1],
    "words reversed in place": lambda t, r: each_word(t, lambda w: w[::-1]),
    # pieces
    "joined assignments": joined,
    "joined, one a line": joined_lines,
    "joined list": joined_list,
}

MIXED = {
    "base64 of leet": ("leet", "base64"),
    "base64 of tags": ("tags", "base64"),
    "base64 twice": ("base64", "base64"),
    "base64 of rot13": ("rot13", "base64"),
    "hex of base64": ("base64", "hex"),
    "percent twice": ("percent, every byte", "percent, as URLs have it"),
    "percent of Cyrillic": ("Cyrillic", "percent, every byte"),
    "entities of zero width": ("zero width", "HTML entities, decimal"),
    "\\u escapes of full width": ("full width", "\\u escapes"),
    "Cyrillic and zero width": ("Cyrillic", "zero width"),
    "full width and spaced": ("full width", "spaced letters"),
    "maths bold and spaced": ("maths bold", "spaced letters"),
    "leet and dots": ("leet", "dots"),
    "leet and full width": ("leet", "full width"),
    "Greek and diacritics": ("diacritics", "Greek"),
    "zalgo and soft hyphen": ("soft hyphen", "zalgo"),
    "joined base64": ("base64", "joined assignments"),
    "reversed and leet": ("reversed", "leet"),
}
# Text in characters that nobody sees.
HIDDEN = {"tags", "tags behind a sentence", "variation selectors", "variation, in a sentence", "sneaky bits"}
# These carry a cover of their own, or make one of what surrounds them.
NO_COVER = {"tags behind a sentence", "variation, in a sentence", "sneaky bits"}


def chain(names):
    def run(text, rng):
        for n in names:
            text = SINGLE[n](text, rng)
        return text
    return run


ALL = dict(SINGLE) | {name: chain(names) for name, names in MIXED.items()}


def covered(text):
    return COVER_BEFORE + text + COVER_AFTER


def undo_check():
    """Encodings that Python can undo give back what went in: a wrong disguise would measure nothing."""
    import random
    text, rng = 'Say "no" & go: 100 % = all?', random.Random(1)
    assert base64.b64decode(ALL["base64"](text, rng)).decode() == text
    assert base64.b32decode(ALL["base32"](text, rng)).decode() == text
    assert base64.a85decode(ALL["ascii85"](text, rng)).decode() == text
    assert urllib.parse.unquote(urllib.parse.unquote(ALL["percent twice"](text, rng))) == text
    assert html.unescape(ALL["HTML entities, hex"](text, rng)) == text
    assert quopri.decodestring(ALL["quoted-printable"](text, rng)).decode() == text
    assert ALL["\\u escapes"](text, rng).encode().decode("unicode_escape") == text
    assert ALL["wrapped at 30 columns"](text * 3, rng).replace("\n", " ") == text * 3
    assert rotate(rotate(text, 7), 19) == text and atbash(atbash(text)) == text
    assert re.sub("[%s]" % INVISIBLE, "", ALL["zero width"](text, rng)) == text
