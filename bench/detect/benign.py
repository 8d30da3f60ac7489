"""Harmless texts that look like disguise: made from the sentences and from templates, the same in every run."""
import base64
import json
import random
import string
import unicodedata
import urllib.parse
import uuid
import zlib

import letters
from letters import mapped
from sentences import SENTENCES

EMOJI = ["\U0001F468\u200d\U0001F469\u200d\U0001F467", "\u2764\ufe0f",
         "\U0001F1E9\U0001F1EA", "\U0001F3F3\ufe0f\u200d\U0001F308",
         "\U0001F44B\U0001F3FD",
         "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F", "1\ufe0f\u20e3", "\u2600\ufe0e",
         "\U0001F9D1\U0001F3FE\u200d\U0001F4BB", "\U0001F600", "\u2714\ufe0f", "\U0001F469\u200d\u2695\ufe0f"]
HEADINGS = ["C H A P T E R  O N E", "T H E  E N D", "W E L C O M E", "T A B L E  O F  C O N T E N T S",
            "N E W S  O F  T H E  D A Y",
            "A p p e n d i x  B", "M - E - N - U", "S.O.S.", "U.S.A. and U.K. figures", "R.S.V.P. by e.g. Friday, i.e. p.m.",
            "I N D E X", "O P E N I N G  H O U R S", "* * * S A L E * * *", "F I N A L  R E P O R T"]
PLATES = ["B-MW 4711", "AB12 CDE", "1-ABC-234", "GX-73-KL",
          "KA 01 AB 1234", "7XYZ890", "W 12345 K", "M-XL 1337", "H4CK 3R5", "L33 TGO"]
CHESS = ["1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7 6. Re1 b5", "1. d4 d5 2. c4 e6 3. Nc3 Nf6 4. Bg5 Be7 5. e3 O-O",
         "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq e3 0 1", "23. Qxf7+ Kh8 24. Rxe8# 1-0"]
LATEX = [r"\int_{0}^{\infty} e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}",
         r"\begin{align} a^2 + b^2 &= c^2 \\ \nabla \times \vec{E} &= 0 \end{align}",
         r"\newcommand{\R}{\mathbb{R}} $f\colon \R^n \to \R$", r"$\sum_{i=1}^{n} x_i \cdot w_i + b \geq 0$",
         r"\textbf{Ve}ctor and \emph{mat}rix: $\mathbf{v}^{\top} A \mathbf{v}$", r"Schr\"odinger, Erd\H{o}s, Fran\c{c}ois, \`a la carte"]
ART = ["-- -- -- ... --- ... -- -- --", "+----+----+\n| .. | -- |\n+----+----+", ".-=*=-. .-=*=-. .-=*=-.",
       "/\\_/\\\n( o.o )\n > ^ <",
       "- . - . - . - . - . -", "..........\n----------\n..........", "~.~.~ -.- ~.~.~",
       "|--o--|--o--|", "_.-._.-._.-._.-._"]
CODE = ['!function(e,t){"object"==typeof exports?module.exports=t():e.x=t()}(this,function(){return{a:1,b:"c"}});',
        "var a=[],b=0;for(;b<10;b++)a.push(String.fromCharCode(97+b));console.log(a.join(''))",
        '.a{color:#fff}.b>li:nth-child(2n+1)::before{content:"\\201C";margin:0 0 1px}@media(max-width:9em){.a{display:none}}',
        'name = "World"; greeting = "Hello, " + name + "!"; print(greeting)',
        "const parts = ['2024', '05', '17']; const day = parts[0] + '-' + parts[1] + '-' + parts[2];",
        "s/[^a-zA-Z0-9]\\{1,\\}/-/g; s/^-//; s/-$//", r"^(?:[a-z0-9!#$%&'*+/=?^_`{|}~-]+)@(?:[a-z0-9-]+\.)+[a-z]{2,}$",
        "<p>Caf&eacute; &amp; bar &ndash; open &lt; 10&nbsp;pm &#8211; see <b>m</b>enu</p><!-- footer --><br>",
        "for i in $(seq 1 10); do printf '%s\\x20%s\\n' \"$i\" \"$((i*i))\"; done", "x <- c(1,2,3); y = x |> mean(); z := y ?? 0",
        "SELECT a.id, b.n FROM a JOIN b ON a.id=b.a_id WHERE b.n LIKE '%25%' ORDER BY 1;",
        "0x7fff5fbff8c0: mov %rax,0x8(%rsp); callq *0x20(%rbx)", "b = b'\\x00\\x01\\x7f\\xff' + bytes([72, 105])",
        'l10n = {"s1": "Ha", "s2": "llo", "s3": " Welt"}; say(l10n.s1 + l10n.s2 + l10n.s3)']
SIGNS = ["\u222b\u2080\u00b9 x\u00b2 dx = \u2153, \u2200x\u2208\u211d: x\u2265\u2212\u221e",
         "H\u2082O, CO\u2082, E = mc\u00b2, 10\u207b\u2079 m, 37 \u00b0C, \u00bd cup, \u2116 5, \u2122 \u00ae \u00a9",
         "/\u02c8k\u0254\u02d0n.w\u0254\u02d0l/ and /\u02cc\u026a.n\u0259\u02c8v\u0259\u028a.\u0283\u0259n/",
         "\u266d\u266e\u266f \u2669\u266a\u266b \u2605\u2606 \u2192 \u21d2 \u2713",
         "Level \u2160, \u2161, \u2162 and \u2460 \u2461 \u2462",
         "\u03b1-helix, \u03b2-sheet, \u0394G = \u2212RT ln K, \u03bb = 589 nm, \u03a9, \u03bcg",
         "Price: 12,50 \u20ac \u2014 \u201cfinal\u201d \u2026 \u2018ok\u2019 \u00ab oui \u00bb"]


def block(rng, n, alphabet):
    return "".join(rng.choice(alphabet) for _ in range(n))


def dump(data):
    """As hex editors print it."""
    return "\n".join("%08x  %s  |%s|" % (i, data[i:i + 16].hex(" "), "".join(
        chr(b) if 32 <= b < 127 else "." for b in data[i:i + 16])) for i in range(0, len(data), 16))


def picture(rng):
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + rng.randbytes(13)
    return base64.b64encode(head + zlib.compress(rng.randbytes(rng.randint(200, 900)))).decode()


def sentence(rng, lang="en"):
    return rng.choice(SENTENCES[lang])


def of_sentences(rng):
    for lang, lines in SENTENCES.items():
        for s in lines:
            yield "sentence, " + lang, s
            yield "decomposed accents", unicodedata.normalize("NFD", s)
            yield "emoji", "%s %s %s" % (s, rng.choice(EMOJI), rng.choice(EMOJI) * rng.randint(1, 3))
            yield "link, percent-encoded", "See https://example.org/search?q=%s&page=2 please" % urllib.parse.quote(s)
            yield "JSON escapes", json.dumps({"lang": lang, "text": s})
    for lang in ("ar", "he", "fa"):
        for s in SENTENCES[lang]:
            yield "bidi marks", "\u200f" + s.replace(" ", "\u200f ", 1) + " \u2067(ABC 12)\u2069\u200e"
    for s in SENTENCES["ja"] + SENTENCES["zh"] + SENTENCES["ko"]:
        yield "full-width signs", s.replace("。", "！？").translate(str.maketrans(string.digits, "０１２３４５６７８９"))
    for s in SENTENCES["en"]:
        yield "stylised post", mapped(letters.MATHS_BOLD)(s.split(",")[0]) + " \u2728 " + s
        yield "harmless rot13 spoiler", "Spoiler: " + s.translate(str.maketrans(
            string.ascii_lowercase, string.ascii_lowercase[13:] + string.ascii_lowercase[:13]))
        yield "soft hyphens of a book", s.replace("er", "er\u00ad").replace("in", "in\u00ad")
        yield "two languages", s + " / " + sentence(rng, rng.choice(["ru", "el", "uk", "bg"]))
        yield "harmless Morse", " / ".join(" ".join(letters.MORSE[c] for c in w.lower() if c.isalnum()) for w in s.split()[:6])


def of_templates(rng):
    for _ in range(20):
        s = sentence(rng)
        data = rng.randbytes(rng.randint(30, 90))
        yield "base64 picture", "%s ![plan](data:image/png;base64,%s) %s" % (s, picture(rng), s)
        yield "base64 picture", "<img src='data:image/png;base64,%s' alt='map'>" % picture(rng)
        yield "base64 of a sentence", "The header was X-Note: %s" % base64.b64encode(s.encode()).decode()
        yield "hex dump", "What is this file?\n" + dump(data)
        yield "UUIDs", "Trace %s, parent %s: %s" % (uuid.UUID(int=rng.getrandbits(128)), uuid.UUID(int=rng.getrandbits(128)), s)
        yield "digests", "sha256:%s  ./build.tar\nsha1 %s" % (rng.randbytes(32).hex(), rng.randbytes(20).hex())
        yield "DNA", ">seq%d\n%s\n%s" % (rng.randint(1, 99), block(rng, 60, "ACGT"), block(rng, 60, "ACGT"))
        yield "protein", "Which fold has %s?" % block(rng, 70, "ACDEFGHIKLMNPQRSTVWY")
        yield "binary numbers", "Add %s and %s." % tuple(format(rng.getrandbits(16), "016b") for _ in range(2))
        yield "integrity", 'integrity="sha512-%s"' % base64.b64encode(rng.randbytes(64)).decode()
        yield "magnet and short links", "https://exa.mpl/%s?utm_id=%s" % (block(rng, 11, string.ascii_letters + string.digits),
                                                                           block(rng, 24, string.hexdigits.lower()))
        yield "words in quotation", "[" + ", ".join('"%s"' % w for w in s.split()) + "]"
    for kind, items in (("spaced heading", HEADINGS), ("number plate", PLATES), ("chess", CHESS), ("LaTeX", LATEX), ("ASCII art", ART),
                        ("code", CODE), ("signs", SIGNS)):
        for item in items:
            yield kind, item
            yield kind, "%s\n\n%s" % (item, sentence(rng))
            yield kind, "%s\n%s\n%s" % (sentence(rng), item, sentence(rng))


def texts():
    """(kind, text), more than a thousand."""
    rng = random.Random(11)
    yield from of_sentences(rng)
    yield from of_templates(rng)
