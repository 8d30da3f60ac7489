"""Alphabets in disguise: what each letter of ASCII text is written as."""
import string
import unicodedata

LOWER, UPPER = string.ascii_lowercase, string.ascii_uppercase


def mapped(table):
    """A function that replaces the letters that the table has."""
    t = str.maketrans(table)
    return lambda text: text.translate(t)


def offsets(upper, lower, digit=None, holes=()):
    """Letters that stand in a row in Unicode, from these first code points; holes = the places that lie elsewhere."""
    table = {c: chr(upper + i) for i, c in enumerate(UPPER)} | {c: chr(lower + i) for i, c in enumerate(LOWER)}
    if digit is not None:
        table |= {c: chr(digit + i) for i, c in enumerate(string.digits)}
    table.update(holes)
    return table


def pairs(plain, written):
    return dict(zip(plain, written.split()))


CYRILLIC = pairs(
    "acehijopqsxywd",
    "\u0430 \u0441 \u0435 \u04bb \u0456 \u0458 \u043e \u0440 \u051b \u0455 \u0445 \u0443 \u051d \u0501") | \
    pairs("ABCEHIJKMOPSTXY",
          "\u0410 \u0412 \u0421 \u0415 \u041d \u0406 \u0408 \u041a \u041c \u041e \u0420 \u0405 \u0422 \u0425 \u04ae")
GREEK = pairs("aionuvpytkx", "\u03b1 \u03b9 \u03bf \u03b7 \u03c5 \u03bd \u03c1 \u03b3 \u03c4 \u03ba \u03c7") | \
    pairs("ABEZHIKMNOPTXY", "\u0391 \u0392 \u0395 \u0396 \u0397 \u0399 \u039a \u039c \u039d \u039f \u03a1 \u03a4 \u03a7 \u03a5")
# Also letters that only resemble: epsilon, omega, beta, delta, sigma.
GREEK_FREE = GREEK | pairs("ewbds", "\u03b5 \u03c9 \u03b2 \u03b4 \u03c3") | pairs("S", "\u03a3")
FULL_WIDTH = {chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)} | {" ": "\u3000"}
MATHS_BOLD = offsets(0x1D400, 0x1D41A, 0x1D7CE)
MATHS_ITALIC = offsets(0x1D434, 0x1D44E, holes={"h": "\u210e"})
MATHS_FRAKTUR = offsets(0x1D56C, 0x1D586)
DOUBLE_STRUCK = offsets(0x1D538, 0x1D552, holes={"C": "\u2102", "H": "\u210d", "N": "\u2115", "P": "\u2119",
                                                 "Q": "\u211a", "R": "\u211d", "Z": "\u2124"})
CIRCLED = offsets(0x24B6, 0x24D0)
SQUARED = offsets(0x1F130, 0x1F130)
SQUARED_DARK = offsets(0x1F170, 0x1F170)
REGIONAL = offsets(0x1F1E6, 0x1F1E6)
PARENTHESISED = offsets(0x249C, 0x249C)
SMALL_CAPS = {c: s for c, s in zip(
    LOWER, "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18\ua7af\u0280\ua731"
           "\u1d1b\u1d1c\u1d20\u1d21x\u028f\u1d22")}
SMALL_CAPS |= {u: SMALL_CAPS[l] for u, l in zip(UPPER, LOWER)}
TURNED = pairs("abcdefghijklmnopqrstuvwxyz",
               "\u0250 q \u0254 p \u01dd \u025f \u0183 \u0265 \u1d09 \u027e \u029e l \u026f "
               "u o d b \u0279 s \u0287 n \u028c \u028d x \u028e z")
TURNED |= {u: TURNED[l] for u, l in zip(UPPER, LOWER)}
TURNED |= pairs("?!.,'\"", "\u00bf \u00a1 \u02d9 ' , \u201e")
SUPERSCRIPT = pairs(
    "abdeghijklmnoprstuvwxyz",
    "\u1d43 \u1d47 \u1d48 \u1d49 \u1d4d \u02b0 \u2071 \u02b2 \u1d4f \u02e1 \u1d50 \u207f \u1d52 "
    "\u1d56 \u02b3 \u02e2 \u1d57 \u1d58 \u1d5b \u02b7 \u02e3 \u02b8 \u1dbb")
LEET = pairs("aeiostAEIOST", "4 3 1 0 5 7 4 3 1 0 5 7")
LEET_SIGNS = pairs("aeiostlAEIOSTL", "@ 3 ! 0 $ 7 1 @ 3 ! 0 $ 7 1")

MARKS = [chr(c) for c in range(0x300, 0x333) if unicodedata.combining(chr(c))]
MORSE = dict(zip(LOWER + string.digits, (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.").split()))
MORSE |= {".": ".-.-.-", ",": "--..--", "?": "..--..", "'": ".----.", "!": "-.-.--", ":": "---...", "-": "-....-",
          '"': ".-..-.", "/": "-..-.", "(": "-.--.", ")": "-.--.-", "=": "-...-", "_": "..--.-", "@": ".--.-."}
