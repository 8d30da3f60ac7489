/*
 * decode_escape.c: escapes inside ordinary text, decoded in place: percent, HTML entities, backslash escapes and
 * quoted-printable.
 */
#include "text/decode.h"
#include "text/fold_gap.h"
#include "text/utf8.h"

#define NAME_MAX  23u
#define CHAIN     3u  /* quoted-printable: so many escapes close to one another are no accident */
#define CHAIN_GAP 16u /* bytes between two of them */

static const struct entity {
    char name[NAME_MAX + 1];
    uint16_t cp;
} entities[] = {
#include "text/entity_table.inc"
};

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Up to `most` hex digits at `at`; how many there were. */
static unsigned hex_at(struct flt_str t, size_t at, unsigned most, uint32_t *value)
{
    unsigned n = 0;
    for (*value = 0; n < most && at + n < t.n && nibble(t.p[at + n]) >= 0; n++)
        *value = *value << 4 | (unsigned)nibble(t.p[at + n]);
    return n;
}

/* Hides something a reader of words would look for: a letter, a digit, white space, or the begin of another escape. */
static bool tells(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= '0' && cp <= '9') || ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z') || cp == ' ' || cp == '\n' ||
               cp == '\t' || cp == '\r' || cp == '%' || cp == '&' || cp == '\\' || cp == '=';
    bool typography = (cp >= 0x2010 && cp <= 0x203f) || (cp > 0xa0 && cp < 0xc0 && cp != 0xaa && cp != 0xad);
    return !typography;
}

/* Writes a code point: never a lone surrogate, nothing above U+10FFFF. */
static unsigned put(uint32_t cp, char out[4])
{
    if ((cp >= 0xd800 && cp <= 0xdfff) || cp > 0x10ffff)
        cp = '?';
    return flt_utf8_encode(cp, out);
}

static unsigned put_byte(uint32_t c, char out[4], unsigned *n, bool *telling)
{
    out[0] = (char)c;
    *n = 1;
    *telling = tells(c);
    return 1;
}

/* ---- percent --------------------------------------------------------------------------------------------------- */

static unsigned percent_at(struct flt_str t, size_t at, char out[4], unsigned *n, bool *telling)
{
    uint32_t v;
    if (at + 1 < t.n && (t.p[at + 1] | 0x20) == 'u' && hex_at(t, at + 2, 4, &v) == 4) {
        *n = put(v, out);
        *telling = tells(v);
        return 6;
    }
    if (hex_at(t, at + 1, 2, &v) != 2)
        return 0;
    unsigned more = put_byte(v, out, n, telling);
    *telling = *telling || v == ':' || v == '@'; /* an address within an address may hold what is to be found */
    return 2 + more;
}

/* ---- entities -------------------------------------------------------------------------------------------------- */

static unsigned number_at(struct flt_str t, size_t at, char out[4], unsigned *n, bool *telling)
{
    uint32_t v = 0;
    size_t i = at + 2;
    unsigned digits = 0;
    bool hex = i < t.n && (t.p[i] | 0x20) == 'x';
    for (i += hex; i < t.n && digits < 12; i++, digits++) {
        int d = nibble(t.p[i]);
        if (d < 0 || (d > 9 && !hex))
            break;
        v = v > 0x10ffff ? v : v * (hex ? 16u : 10u) + (unsigned)d;
    }
    if (digits == 0)
        return 0;
    *n = put(v, out);
    *telling = tells(v);
    return (unsigned)(i - at) + (i < t.n && t.p[i] == ';');
}

static const struct entity *named(const char *name, size_t n)
{
    size_t lo = 0, hi = FLT_ARRAY_LEN(entities);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strncmp(name, entities[mid].name, n);
        if (c == 0 && entities[mid].name[n] == '\0')
            return &entities[mid];
        if (c <= 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

/* "&amp;" is common in links; it is part of a disguise where it hides another entity. */
static bool begins_entity(struct flt_str t, size_t at)
{
    size_t i = at;
    if (i < t.n && t.p[i] == '#')
        return true;
    while (i < t.n && i - at <= NAME_MAX && is_letter(t.p[i]))
        i++;
    return i > at && i < t.n && t.p[i] == ';';
}

static unsigned entity_at(struct flt_str t, size_t at, char out[4], unsigned *n, bool *telling)
{
    if (at + 1 < t.n && t.p[at + 1] == '#')
        return number_at(t, at, out, n, telling);
    size_t i = at + 1;
    while (i < t.n && i - at <= NAME_MAX && (is_letter(t.p[i]) || (t.p[i] >= '0' && t.p[i] <= '9')))
        i++;
    if (i == at + 1 || i >= t.n || t.p[i] != ';')
        return 0;
    const struct entity *e = named(t.p + at + 1, i - at - 1);
    if (e == NULL)
        return 0;
    *n = put(e->cp, out);
    *telling = e->cp == '&' ? begins_entity(t, i + 1) : tells(e->cp);
    return (unsigned)(i + 1 - at);
}

/* ---- backslash ------------------------------------------------------------------------------------------------- */

static unsigned unicode_at(struct flt_str t, size_t at, char out[4], unsigned *n, bool *telling)
{
    uint32_t v = 0, low = 0;
    unsigned len = 6;
    if (at + 2 < t.n && t.p[at + 2] == '{') {
        unsigned digits = hex_at(t, at + 3, 6, &v);
        if (digits == 0 || at + 3 + digits >= t.n || t.p[at + 3 + digits] != '}')
            return 0;
        len = digits + 4;
    } else if (t.p[at + 1] == 'U') {
        if (hex_at(t, at + 2, 8, &v) != 8)
            return 0;
        len = 10;
    } else if (hex_at(t, at + 2, 4, &v) != 4) {
        return 0;
    }
    if (len == 6 && v >= 0xd800 && v < 0xdc00 && at + 7 < t.n && t.p[at + 6] == '\\' && t.p[at + 7] == 'u' &&
        hex_at(t, at + 8, 4, &low) == 4 && low >= 0xdc00 && low < 0xe000) {
        v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
        len = 12;
    }
    *n = put(v, out);
    *telling = tells(v);
    return len;
}

static unsigned octal_at(struct flt_str t, size_t at, char out[4], unsigned *n, bool *telling)
{
    uint32_t v = 0;
    if (at + 3 >= t.n || t.p[at + 1] > '3')
        return 0;
    for (unsigned i = 1; i <= 3; i++) {
        if (t.p[at + i] < '0' || t.p[at + i] > '7')
            return 0;
        v = v << 3 | (unsigned)(t.p[at + i] - '0');
    }
    return 3 + put_byte(v, out, n, telling);
}

/*
 * Line ends and the like count only where they would glue a letter to the word behind them; an escaped backslash where
 * it is one of an escaped escape.
 */
static unsigned simple_at(struct flt_str t, size_t at, char out[4], unsigned *n, bool *telling)
{
    static const char from[] = "nrt\"'/\\", to[] = "\n\r\t\"'/\\";
    const char *p = t.p[at + 1] != '\0' ? strchr(from, t.p[at + 1]) : NULL;
    if (p == NULL)
        return 0;
    out[0] = to[p - from];
    *n = 1;
    bool more = at + 2 < t.n && t.p[at + 2] != '\0';
    *telling =
        p - from < 3 ? more && is_letter(t.p[at + 2]) : *p == '\\' && more && strchr("uUxn", t.p[at + 2]) != NULL;
    return 2;
}

static unsigned backslash_at(struct flt_str t, size_t at, char out[4], unsigned *n, bool *telling)
{
    uint32_t v;
    if (at + 1 >= t.n)
        return 0;
    char c = t.p[at + 1];
    if (c == 'u' || c == 'U')
        return unicode_at(t, at, out, n, telling);
    if (c == 'x' && hex_at(t, at + 2, 2, &v) == 2)
        return 3 + put_byte(v, out, n, telling);
    if (c >= '0' && c <= '3')
        return octal_at(t, at, out, n, telling);
    return simple_at(t, at, out, n, telling);
}

/* ---- quoted-printable ------------------------------------------------------------------------------------------ */

static unsigned quoted_at(struct flt_str t, size_t at, char out[4], unsigned *n, bool *telling)
{
    uint32_t v;
    *n = 0;
    *telling = false;
    if (at + 1 < t.n && t.p[at + 1] == '\n')
        return 2;
    if (at + 2 < t.n && t.p[at + 1] == '\r' && t.p[at + 2] == '\n')
        return 3;
    if (hex_at(t, at + 1, 2, &v) != 2 || (v < 0x20 && v != '\n' && v != '\r' && v != '\t') || v == 0x7f)
        return 0;
    return 2 + put_byte(v, out, n, telling);
}

/*
 * A lone "=20" is as often an assignment. Three escapes close to one another, with only letters, blanks and signs of
 * no assignment between them, are quoted-printable; so is one escape inside a soft-broken text.
 */
static bool quoted_says(struct flt_str t)
{
    unsigned chain = 0, soft = 0, len, n;
    size_t last = 0;
    bool telling = false, any = false;
    const char *end = t.p + t.n;
    for (const char *p = t.p; t.n != 0 && p < end && (p = memchr(p, '=', (size_t)(end - p))) != NULL; p += len) {
        char out[4];
        size_t at = (size_t)(p - t.p);
        len = flt_escape_at(t, at, FLT_VIEW_QUOTED, out, &n, &telling);
        if (len == 0) {
            len = 1;
            continue;
        }
        soft += n == 0;
        bool plain = chain != 0 && at - last <= CHAIN_GAP;
        for (size_t i = last; plain && i < at; i++)
            plain = is_letter(t.p[i]) || t.p[i] == ' ' || t.p[i] == '\n' || t.p[i] == '\r' || (uint8_t)t.p[i] >= 0x80;
        chain = plain ? chain + 1 : 1;
        any = any || telling;
        last = at + len;
        if (any && (chain >= CHAIN || soft >= 2))
            return true;
    }
    return false;
}

/* ---- in place -------------------------------------------------------------------------------------------------- */

unsigned flt_escape_at(struct flt_str t, size_t at, enum flt_view view, char out[4], unsigned *n, bool *telling)
{
    switch (view) {
    case FLT_VIEW_PERCENT:
        return percent_at(t, at, out, n, telling);
    case FLT_VIEW_ENTITY:
        return entity_at(t, at, out, n, telling);
    case FLT_VIEW_ESCAPE:
        return backslash_at(t, at, out, n, telling);
    default:
        return quoted_at(t, at, out, n, telling);
    }
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies text[from, to), in which nothing was decoded, but for what is far from any escape (fold_gap.h). */
static int copy(struct flt_mapper *m, struct flt_str t, size_t from, size_t to)
{
    return flt_gap_copy(m, t, from, to, flt_gap_find(t, from, to, FLT_GAP_NEAR, FLT_GAP_NEAR));
}

/* Decodes [from, to); '+' is a space where percent escapes are. */
static int decode_range(struct flt_mapper *m, struct flt_str t, size_t from, size_t to, enum flt_view view)
{
    static const char sign[FLT_VIEW_COUNT] = {
        [FLT_VIEW_PERCENT] = '%', [FLT_VIEW_ENTITY] = '&', [FLT_VIEW_ESCAPE] = '\\', [FLT_VIEW_QUOTED] = '='};
    size_t done = from;
    int rc = FLT_OK;
    for (size_t i = from; rc == FLT_OK && i < to;) {
        char out[4];
        unsigned n = 0, len = 0;
        bool telling;
        if (view != FLT_VIEW_PERCENT) { /* one byte begins them all */
            const char *p = memchr(t.p + i, sign[view], to - i);
            i = p != NULL ? (size_t)(p - t.p) : to;
        }
        if (i < to && t.p[i] == sign[view]) {
            len = flt_escape_at(t, i, view, out, &n, &telling);
        } else if (i < to && view == FLT_VIEW_PERCENT && t.p[i] == '+') {
            out[0] = ' ';
            n = len = 1;
        }
        if (len == 0) {
            i++;
            continue;
        }
        rc = copy(m, t, done, i);
        if (rc == FLT_OK)
            rc = flt_mapper_atom(m, out, n, (uint32_t)i, (uint32_t)(i + len));
        i += len;
        done = i;
    }
    return rc != FLT_OK || done >= to ? rc : copy(m, t, done, to);
}

/* Words with a percent sign are decoded, what is between them is copied. */
static int decode_words(struct flt_mapper *m, struct flt_str t)
{
    size_t done = 0, look = 0;
    int rc = FLT_OK;
    while (rc == FLT_OK && done < t.n) {
        const char *p = memchr(t.p + look, '%', t.n - look);
        if (p == NULL)
            return copy(m, t, done, t.n);
        size_t at = (size_t)(p - t.p), from = at, to = at;
        char out[4];
        unsigned n;
        bool telling;
        if (percent_at(t, at, out, &n, &telling) == 0) {
            look = at + 1;
            continue;
        }
        while (from > done && !blank(t.p[from - 1]))
            from--;
        while (to < t.n && !blank(t.p[to]))
            to++;
        rc = copy(m, t, done, from);
        if (rc == FLT_OK)
            rc = decode_range(m, t, from, to, FLT_VIEW_PERCENT);
        done = look = to;
    }
    return rc;
}

/*
 * Line ends before a lower-case letter may be TeX (\nabla, \tau): they count beside other escapes of strings, or when
 * there are several and no command that is no escape.
 */
static bool strings_say(struct flt_str t)
{
    const char *end = t.p + t.n;
    unsigned n, weak = 0, others = 0, strings = 0;
    for (const char *p = t.p; t.n != 0 && p < end && (p = memchr(p, '\\', (size_t)(end - p))) != NULL;) {
        char out[4];
        bool telling = false;
        unsigned len = backslash_at(t, (size_t)(p - t.p), out, &n, &telling);
        char c = p + 1 < end ? p[1] : '\0', next = p + 2 < end ? p[2] : '\0';
        bool line = c == 'n' || c == 'r' || c == 't';
        if (len != 0 && telling && !(line && next >= 'a'))
            return true;
        weak += len != 0 && telling;
        strings += (line && !telling) || c == '"';
        others += len == 0 && is_letter(c);
        p += len != 0 ? len : 2;
    }
    return weak != 0 && (strings != 0 || (weak > 1 && others == 0));
}

/* True when some escape of the text tells something. */
static bool says(struct flt_str t, enum flt_view view)
{
    char sign = view == FLT_VIEW_PERCENT ? '%' : '&', out[4];
    const char *end = t.p + t.n;
    unsigned n, len;
    bool telling = false;
    for (const char *p = t.p; t.n != 0 && p < end && (p = memchr(p, sign, (size_t)(end - p))) != NULL;) {
        len = flt_escape_at(t, (size_t)(p - t.p), view, out, &n, &telling);
        if (len != 0 && telling)
            return true;
        p += len != 0 ? len : 1;
    }
    return false;
}

int flt_decode_in_place(const struct flt_dec *d, enum flt_view view)
{
    struct flt_mapper m;
    struct flt_derived out;
    int status = FLT_OK;
    if (!(view == FLT_VIEW_QUOTED   ? quoted_says(d->text)
          : view == FLT_VIEW_ESCAPE ? strings_say(d->text)
                                    : says(d->text, view)))
        return FLT_OK;
    if (!flt_mapper_begin(&m, d->maker, d->text.n, d->text.n, &status))
        return status;
    int rc = view == FLT_VIEW_PERCENT ? decode_words(&m, d->text) : decode_range(&m, d->text, 0, d->text.n, view);
    if (rc != FLT_OK)
        return flt_mapper_fail(&m, rc, d->text.n, &out);
    flt_mapper_end(&m, (uint32_t)d->text.n, view, &out);
    if (out.text.n == 0)
        return FLT_OK;
    flt_decode_clean(m.text, out.text.n);
    return d->fn(d->arg, &out);
}
