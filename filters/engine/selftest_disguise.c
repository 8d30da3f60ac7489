/* selftest_disguise.c: the encoders; each is the plain definition of its encoding. */
#include "engine/selftest_disguise.h"

#include "text/utf8.h"

#define CIPHER_LETTERS 40u /* fewer tell too little to know a cipher by */

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
    return is_lower(c) || is_upper(c);
}

static bool is_alnum(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

static size_t count(struct flt_str s, bool (*is)(char))
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += is(s.p[i]);
    return n;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_ascii(struct flt_str s)
{
    return flt_utf8_ascii_run(s) == s.n;
}

static int add_cp(struct flt_buf *out, uint32_t cp)
{
    char bytes[4];
    return flt_buf_add(out, bytes, flt_utf8_encode(cp, bytes));
}

/* ---- folded ----------------------------------------------------------------------------------------------------- */

static int full_width(struct flt_str s, struct flt_buf *out)
{
    int rc = count(s, is_alnum) >= 4 ? FLT_OK : FLT_E_TYPE;
    for (size_t i = 0; rc == FLT_OK && i < s.n; i++) {
        bool graphic = s.p[i] > ' ' && s.p[i] < 0x7f;
        rc = graphic ? add_cp(out, 0xFF00u + (uint32_t)(s.p[i] - ' ')) : flt_buf_add(out, &s.p[i], 1);
    }
    return rc;
}

static int zero_width(struct flt_str s, struct flt_buf *out)
{
    int rc = count(s, is_alnum) >= 4 ? FLT_OK : FLT_E_TYPE;
    for (size_t i = 0; rc == FLT_OK && i < s.n; i++) {
        rc = flt_buf_add(out, &s.p[i], 1);
        if (rc == FLT_OK && is_alnum(s.p[i]) && i + 1 < s.n && is_alnum(s.p[i + 1]))
            rc = add_cp(out, 0x200B); /* zero-width space */
    }
    return rc;
}

/* ---- skeleton, leet, squashed, joined --------------------------------------------------------------------------- */

static int look_alikes(struct flt_str s, struct flt_buf *out)
{
    static const char latin[] = "aceopxyijsABCEHKMOPTX";
    static const uint16_t cyrillic[] = {0x430, 0x441, 0x435, 0x43E, 0x440, 0x445, 0x443, 0x456, 0x458, 0x455, 0x410,
                                        0x412, 0x421, 0x415, 0x41D, 0x41A, 0x41C, 0x41E, 0x420, 0x422, 0x425};
    unsigned swapped = 0;
    int rc = is_ascii(s) ? FLT_OK : FLT_E_TYPE; /* else the words are of another script already */
    for (size_t i = 0; rc == FLT_OK && i < s.n; i++) {
        const char *at = s.p[i] != '\0' ? strchr(latin, s.p[i]) : NULL;
        swapped += at != NULL;
        rc = at != NULL ? add_cp(out, cyrillic[at - latin]) : flt_buf_add(out, &s.p[i], 1);
    }
    return rc == FLT_OK && swapped == 0 ? FLT_E_TYPE : rc;
}

static int leet(struct flt_str s, struct flt_buf *out)
{
    static const char plain[] = "aeios", digits[] = "43105";
    unsigned swapped = 0;
    int rc = is_ascii(s) && count(s, is_digit) == 0 ? FLT_OK : FLT_E_TYPE;
    for (size_t i = 0; rc == FLT_OK && i < s.n; i++) {
        const char *at = is_letter(s.p[i]) ? strchr(plain, s.p[i] | 0x20) : NULL;
        swapped += at != NULL;
        rc = flt_buf_add(out, at != NULL ? &digits[at - plain] : &s.p[i], 1);
    }
    return rc == FLT_OK && swapped == 0 ? FLT_E_TYPE : rc;
}

/* Letters apart by one blank, words by three. */
static int spaced_out(struct flt_str s, struct flt_buf *out)
{
    int rc = is_ascii(s) && count(s, is_letter) >= 8 && count(s, is_digit) == 0 ? FLT_OK : FLT_E_TYPE;
    for (size_t i = 0; rc == FLT_OK && i < s.n; i++) {
        if (s.p[i] == ' ' || s.p[i] == '\n')
            rc = flt_buf_add_str(out, FLT_STR("  "));
        else
            rc = flt_buf_printf(out, i + 1 < s.n ? "%c " : "%c", s.p[i]);
    }
    return rc;
}

/* Two strings that a third line puts together, cut in the middle of a word. */
static int put_together(struct flt_str s, struct flt_buf *out)
{
    size_t cut = s.n / 2;
    while (cut + 1 < s.n && !(is_letter(s.p[cut - 1]) && is_letter(s.p[cut])))
        cut++;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '\n')
            return FLT_E_TYPE;
    }
    if (s.n < 8 || cut + 1 >= s.n)
        return FLT_E_TYPE;
    return flt_buf_printf(out, "a = \"%.*s\"\nb = \"%.*s\"\nprint(a + b)\n", (int)cut, s.p, (int)(s.n - cut),
                          s.p + cut);
}

/* ---- decoded ---------------------------------------------------------------------------------------------------- */

static int base64(struct flt_str s, struct flt_buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    int rc = s.n >= 12 ? FLT_OK : FLT_E_TYPE;
    for (size_t i = 0; rc == FLT_OK && i < s.n; i += 3) {
        uint32_t v = (uint32_t)(uint8_t)s.p[i] << 16;
        v |= i + 1 < s.n ? (uint32_t)(uint8_t)s.p[i + 1] << 8 : 0;
        v |= i + 2 < s.n ? (uint8_t)s.p[i + 2] : 0;
        char four[4] = {digits[v >> 18], digits[v >> 12 & 63], i + 1 < s.n ? digits[v >> 6 & 63] : '=',
                        i + 2 < s.n ? digits[v & 63] : '='};
        rc = flt_buf_add(out, four, 4);
    }
    return rc;
}

static int hex(struct flt_str s, struct flt_buf *out)
{
    int rc = s.n >= 8 ? FLT_OK : FLT_E_TYPE;
    for (size_t i = 0; rc == FLT_OK && i < s.n; i++)
        rc = flt_buf_printf(out, "%02x", (unsigned)(uint8_t)s.p[i]);
    return rc;
}

static int percent(struct flt_str s, struct flt_buf *out)
{
    int rc = FLT_OK;
    for (size_t i = 0; rc == FLT_OK && i < s.n; i++)
        rc = flt_buf_printf(out, "%%%02X", (unsigned)(uint8_t)s.p[i]);
    return rc;
}

static int entities(struct flt_str s, struct flt_buf *out)
{
    int rc = FLT_OK;
    for (size_t i = 0; rc == FLT_OK && i < s.n;) {
        uint32_t cp;
        (void)flt_utf8_next(s, &i, &cp);
        rc = flt_buf_printf(out, "&#%u;", cp);
    }
    return rc;
}

static int escapes(struct flt_str s, struct flt_buf *out)
{
    int rc = FLT_OK;
    for (size_t i = 0; rc == FLT_OK && i < s.n;) {
        uint32_t cp;
        (void)flt_utf8_next(s, &i, &cp);
        if (cp > 0xFFFF)
            rc = flt_buf_printf(out, "\\u%04x\\u%04x", 0xD800 + ((cp - 0x10000) >> 10),
                                0xDC00 + ((cp - 0x10000) & 0x3FF));
        else
            rc = flt_buf_printf(out, "\\u%04x", cp);
    }
    return rc;
}

static int tags(struct flt_str s, struct flt_buf *out)
{
    int rc = is_ascii(s) && s.n >= 4 ? FLT_OK : FLT_E_TYPE;
    for (size_t i = 0; rc == FLT_OK && i < s.n; i++)
        rc = s.p[i] >= ' ' && s.p[i] < 0x7f ? add_cp(out, 0xE0000u + (uint8_t)s.p[i]) : FLT_E_TYPE;
    return rc;
}

/* Each byte as a variation selector: 0 to 15 are U+FE00 on, the others U+E0100 on. */
static int variation(struct flt_str s, struct flt_buf *out)
{
    int rc = s.n >= 4 ? flt_buf_add_str(out, FLT_STR("x")) : FLT_E_TYPE;
    for (size_t i = 0; rc == FLT_OK && i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        rc = add_cp(out, c < 16 ? 0xFE00u + c : 0xE0100u + c - 16u);
    }
    return rc;
}

/* ---- ciphers ---------------------------------------------------------------------------------------------------- */

static bool reads_as_words(struct flt_str s)
{
    size_t letters = count(s, is_letter);
    return is_ascii(s) && letters >= CIPHER_LETTERS && letters * 10 >= s.n * 7;
}

static int rot13(struct flt_str s, struct flt_buf *out)
{
    int rc = reads_as_words(s) ? FLT_OK : FLT_E_TYPE;
    for (size_t i = 0; rc == FLT_OK && i < s.n; i++) {
        int base = is_lower(s.p[i]) ? 'a' : 'A';
        int turned = base + (s.p[i] - base + 13) % 26;
        char c = s.p[i];
        if (is_letter(c))
            c = (char)turned;
        rc = flt_buf_add(out, &c, 1);
    }
    return rc;
}

static int reversed(struct flt_str s, struct flt_buf *out)
{
    int rc = reads_as_words(s) ? FLT_OK : FLT_E_TYPE;
    for (size_t i = s.n; rc == FLT_OK && i > 0; i--)
        rc = flt_buf_add(out, &s.p[i - 1], 1);
    return rc;
}

const struct flt_disguise flt_disguises[] = {
    {"full-width", FLT_VIEW_FOLDED, full_width},
    {"zero-width", FLT_VIEW_FOLDED, zero_width},
    {"look-alikes", FLT_VIEW_SKELETON, look_alikes},
    {"leet", FLT_VIEW_LEET, leet},
    {"spaced-out", FLT_VIEW_SQUASHED, spaced_out},
    {"put-together", FLT_VIEW_JOINED, put_together},
    {"base64", FLT_VIEW_BASE64, base64},
    {"hex", FLT_VIEW_HEX, hex},
    {"percent", FLT_VIEW_PERCENT, percent},
    {"entities", FLT_VIEW_ENTITY, entities},
    {"escapes", FLT_VIEW_ESCAPE, escapes},
    {"tags", FLT_VIEW_TAGS, tags},
    {"variation", FLT_VIEW_VARIATION, variation},
    {"rot13", FLT_VIEW_ROT, rot13},
    {"reversed", FLT_VIEW_REVERSED, reversed},
    {NULL, FLT_VIEW_RAW, NULL},
};
_Static_assert(FLT_ARRAY_LEN(flt_disguises) == FLT_DISGUISES + 1, "their number");

/* ---- carriers --------------------------------------------------------------------------------------------------- */

/* What a query takes as it is, RFC 3986 section 3.4, less what separates its fields. */
#define NO_QUERY " \t\"#%&+<>[]\\^`{|}"

const struct flt_carrier flt_carriers[] = {
    {"sentence end", "Please take ", ".", false, NULL},
    {"comma", "First take ", ", then go on.", false, NULL},
    {"parentheses", "It was there (", ") all day.", false, NULL},
    {"code", "Look at `", "` there.", true, "`"},
    {"code fence", "```\n", "\n```\n", false, NULL},
    {"JSON string", "{\"n\": 1, \"text\": \"", "\"}", true, "\"\\\t"},
    {"URL query", "https://host.example/find?q=", "&page=2", true, NO_QUERY},
    {"bullet", "- ", "\n- and more\n", false, NULL},
    {"bold", "This is **", "** now.", true, "*"},
    {"HTML", "<p>", "</p>", false, NULL},
    {"table cell", "| one | ", " | two |", true, "|"},
    {"quotes", "There stood \"", "\" on it.", false, "\""},
    {"quoted line", "> ", "\n\nAnd more.", true, NULL},
    {NULL, NULL, NULL, false, NULL},
};
_Static_assert(FLT_ARRAY_LEN(flt_carriers) == FLT_CARRIERS + 1, "their number");

int flt_carry(const struct flt_carrier *c, struct flt_str text, struct flt_buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((c->one_line && text.p[i] == '\n') || text.p[i] == '\0' ||
            (c->without != NULL && strchr(c->without, text.p[i]) != NULL) ||
            (c->without != NULL && strcmp(c->without, NO_QUERY) == 0 && (uint8_t)text.p[i] >= 0x80))
            return FLT_E_TYPE;
    }
    int rc = flt_buf_add_str(out, flt_str_of(c->before));
    if (rc == FLT_OK)
        rc = flt_buf_add_str(out, text);
    return rc == FLT_OK ? flt_buf_add_str(out, flt_str_of(c->after)) : rc;
}
