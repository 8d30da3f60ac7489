/* decode_radix.c: base64 (both alphabets), base32 and ascii85 (Adobe's and RFC 1924's alphabets). */
#include "text/decode.h"

#define SHORT_MAX   192u /* pieces up to this length are judged as a whole before anything is made of them */
#define SIGNS_SHARE 8u   /* of so many bytes of base64, at most one is a sign (of random ones, one in 32) */
#define GLUED_MIN   24u  /* bytes of a piece whose first ones may belong to something else */
#define LINE_MIN    56u  /* bytes that wrapped lines have */
#define SEPS_MAX    8u   /* bytes between two lines of one run */
#define LOOK        6u   /* groups of a sample */

#define FROM_A(a)                                                                                                      \
    [(a)] = 0, [(a) + 1] = 1, [(a) + 2] = 2, [(a) + 3] = 3, [(a) + 4] = 4, [(a) + 5] = 5, [(a) + 6] = 6,               \
    [(a) + 7] = 7, [(a) + 8] = 8, [(a) + 9] = 9, [(a) + 10] = 10, [(a) + 11] = 11, [(a) + 12] = 12, [(a) + 13] = 13,   \
    [(a) + 14] = 14, [(a) + 15] = 15, [(a) + 16] = 16, [(a) + 17] = 17, [(a) + 18] = 18, [(a) + 19] = 19,              \
    [(a) + 20] = 20, [(a) + 21] = 21, [(a) + 22] = 22, [(a) + 23] = 23, [(a) + 24] = 24, [(a) + 25] = 25
#define NONE [0 ... 255] = -1
/* Bytes that a later line of the initialiser sets again. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
const int8_t flt_base64_value[256] = {
    NONE,       FROM_A('A'), ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31, ['g'] = 32,
    ['h'] = 33, ['i'] = 34,  ['j'] = 35, ['k'] = 36, ['l'] = 37, ['m'] = 38, ['n'] = 39, ['o'] = 40, ['p'] = 41,
    ['q'] = 42, ['r'] = 43,  ['s'] = 44, ['t'] = 45, ['u'] = 46, ['v'] = 47, ['w'] = 48, ['x'] = 49, ['y'] = 50,
    ['z'] = 51, ['0'] = 52,  ['1'] = 53, ['2'] = 54, ['3'] = 55, ['4'] = 56, ['5'] = 57, ['6'] = 58, ['7'] = 59,
    ['8'] = 60, ['9'] = 61,  ['+'] = 62, ['-'] = 62, ['/'] = 63, ['_'] = 63,
};
const int8_t flt_base32_value[256] = {
    NONE, FROM_A('A'), FROM_A('a'), ['2'] = 26, ['3'] = 27, ['4'] = 28, ['5'] = 29, ['6'] = 30, ['7'] = 31,
};
const int8_t flt_hex_value[256] = {
    NONE,       ['0'] = 0,  ['1'] = 1,  ['2'] = 2,  ['3'] = 3,  ['4'] = 4,  ['5'] = 5,  ['6'] = 6,
    ['7'] = 7,  ['8'] = 8,  ['9'] = 9,  ['a'] = 10, ['b'] = 11, ['c'] = 12, ['d'] = 13, ['e'] = 14,
    ['f'] = 15, ['A'] = 10, ['B'] = 11, ['C'] = 12, ['D'] = 13, ['E'] = 14, ['F'] = 15,
};
const int8_t flt_graphic_value[256] = {NONE, ['!' ... '~'] = 0};
#pragma GCC diagnostic pop

static uint8_t byte_at(struct flt_str t, size_t i)
{
    return (uint8_t)t.p[i];
}

bool flt_next_piece(struct flt_str t, size_t at, const int8_t *value, size_t min, struct flt_piece *p)
{
    while (at + min <= t.n) {
        size_t i = at + min;
        while (i > at && value[byte_at(t, i - 1)] >= 0)
            i--;
        if (i > at) {
            at = i;
            continue;
        }
        size_t to = at + min;
        while (to < t.n && value[byte_at(t, to)] >= 0)
            to++;
        *p = (struct flt_piece){(uint32_t)at, (uint32_t)to};
        return true;
    }
    return false;
}

/* A line end written as an escape. */
static bool line_escape(struct flt_str t, size_t i, size_t end)
{
    return t.p[i] == '\\' && i + 1 < end && (t.p[i + 1] == 'n' || t.p[i + 1] == 'r' || t.p[i + 1] == 't');
}

/* ---- base64 ---------------------------------------------------------------------------------------------------- */

static unsigned base64_group(const uint8_t v[4], unsigned n, uint8_t out[3])
{
    out[0] = (uint8_t)(v[0] << 2 | v[1] >> 4);
    out[1] = (uint8_t)((v[1] & 15) << 4 | v[2] >> 2);
    out[2] = (uint8_t)((v[2] & 3) << 6 | v[3]);
    return n * 6 / 8;
}

static bool base64_next(struct flt_run *r, struct flt_group *g)
{
    uint8_t v[4] = {0, 0, 0, 0};
    unsigned n = 0;
    while (r->at < r->end && n < 4) {
        uint32_t i = r->at;
        int8_t value = r->value[byte_at(r->text, i)];
        if (value < 0) {
            if (r->text.p[i] == '=' && n >= 2)
                break; /* padding: what follows begins a new group */
            n = r->text.p[i] == '=' ? 0 : n;
            r->at += line_escape(r->text, i, r->end) ? 2 : 1;
            continue;
        }
        if (n == 0)
            g->from = i;
        v[n++] = (uint8_t)value;
        g->to = i + 1;
        r->at++;
    }
    g->n = base64_group(v, n, g->b);
    return g->n != 0;
}

static bool base32_next(struct flt_run *r, struct flt_group *g)
{
    uint64_t bits = 0;
    unsigned n = 0;
    while (r->at < r->end && n < 8) {
        uint32_t i = r->at;
        int8_t value = r->value[byte_at(r->text, i)];
        if (value < 0) {
            if (r->text.p[i] == '=' && n >= 2)
                break;
            n = r->text.p[i] == '=' ? 0 : n;
            r->at += line_escape(r->text, i, r->end) ? 2 : 1;
            continue;
        }
        if (n == 0) {
            g->from = i;
            bits = 0;
        }
        bits = bits << 5 | (uint8_t)value;
        n++;
        g->to = i + 1;
        r->at++;
    }
    g->n = n * 5 / 8;
    bits <<= (8 - n) * 5;
    for (unsigned i = 0; i < g->n; i++)
        g->b[i] = (uint8_t)(bits >> (32 - 8 * i));
    return g->n != 0;
}

static struct flt_run run_of(struct flt_str t, uint32_t from, uint32_t to, flt_run_next next, const int8_t *value)
{
    return (struct flt_run){.text = t, .at = from, .end = to, .next = next, .value = value};
}

/*
 * Looks at the first six quads: false when more than a quarter of the bytes are control characters or, above ASCII,
 * neither begin nor go on with a UTF-8 sequence. Of random bytes, half are like that.
 */
static bool base64_alike(struct flt_str t, uint32_t at, uint32_t to)
{
    struct flt_run r = run_of(t, at, to, base64_next, flt_base64_value);
    struct flt_group g;
    unsigned n = 0, bad = 0, owed = 0; /* owed: continuation bytes to come */
    for (unsigned quads = 0; quads < LOOK && bad <= LOOK * 3 / 4 && base64_next(&r, &g); quads++) {
        for (unsigned i = 0; i < g.n; i++, n++) {
            uint8_t c = g.b[i];
            bool next = (c & 0xc0) == 0x80;
            bad += next ? owed == 0 && n != 0
                        : owed != 0 || (c != 0 && c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
            owed = next ? owed - (owed != 0) : c >= 0xf0 ? 3u : c >= 0xe0 ? 2u : c >= 0xc0 ? 1u : 0;
        }
    }
    return n != 0 && bad * 4 <= n;
}

/* The alignment at which a short piece is text; 4 = none. */
static unsigned base64_phase(struct flt_str t, struct flt_piece p)
{
    uint32_t mid = (p.to - p.from) / 8 * 4;
    for (unsigned a = 0; a < (p.to - p.from < GLUED_MIN ? 1u : 4u); a++)
        if ((base64_alike(t, p.from + a, p.to) || base64_alike(t, p.from + a + mid, p.to)) &&
            flt_run_worth(run_of(t, p.from + a, p.to, base64_next, flt_base64_value), SHORT_MAX))
            return a;
    return 4;
}

bool flt_base64_worth(struct flt_str t, struct flt_piece p)
{
    uint32_t n = p.to - p.from, mixed = 0, signs = 0;
    if (n > SHORT_MAX)
        return true;
    for (uint32_t i = p.from; i < p.to; i++) {
        uint8_t c = byte_at(t, i);
        mixed += (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        signs += flt_base64_value[c] >= 62;
    }
    /* Words and names have at most one capital: base64 of a text is never like that for long. Nor is it a path. */
    return (n >= FLT_CODED_ALONE || mixed >= 2) && signs * SIGNS_SHARE <= n && base64_phase(t, p) < 4;
}

/* Where the next line of a run begins, behind padding and what parts lines; `at` when nothing does. */
static uint32_t over_seps(struct flt_str t, uint32_t at, bool *padded, bool *line)
{
    uint32_t i = at, end = at + SEPS_MAX < t.n ? at + SEPS_MAX : (uint32_t)t.n;
    *padded = *line = false;
    for (; i < end && i < at + 6 && t.p[i] == '='; i++)
        *padded = true;
    for (; i < end; i++) {
        if (line_escape(t, i, end)) {
            *line = true;
            i++;
        } else if (t.p[i] == '\n') {
            *line = true;
        } else if (strchr(" \t\r\",'>", t.p[i]) == NULL || t.p[i] == '\0') {
            break;
        }
    }
    return i;
}

/* How a family goes on from one line to the next. */
struct lines {
    const int8_t *value;
    unsigned quad;
    bool (*worth)(struct flt_str t, struct flt_piece p);
};

/* The end of the run that begins with piece p, whose first `phase` bytes are not part of it. */
static uint32_t run_end(struct flt_str t, struct flt_piece p, unsigned phase, const struct lines *how)
{
    uint32_t first = p.to - p.from;
    for (unsigned lines = 1;; lines++) {
        bool padded, line;
        uint32_t at = over_seps(t, p.to, &padded, &line), len = p.to - p.from;
        struct flt_piece q = {at, at};
        while (q.to < t.n && how->value[byte_at(t, q.to)] >= 0)
            q.to++;
        uint32_t n = q.to - q.from;
        if (at == p.to || n < 2 || (!padded && (len - phase) % how->quad != 0 && len != first))
            return p.to;
        bool more = n >= FLT_PIECE_MIN && how->worth(t, q);
        /* The last line of wrapped text: of lines of usual length, or of three at least. */
        bool tail = line && !padded && n <= len && (lines >= 2 || len >= LINE_MIN);
        if (!more && !tail)
            return p.to;
        p = q;
        if (!more)
            return p.to;
        phase = 0;
    }
}

int flt_decode_base64(const struct flt_dec *d)
{
    static const struct lines how = {flt_base64_value, 4, flt_base64_worth};
    struct flt_piece p;
    int rc = FLT_OK;
    for (size_t at = 0; rc == FLT_OK && flt_next_piece(d->text, at, flt_base64_value, FLT_PIECE_MIN, &p);) {
        at = p.to;
        if (!flt_base64_worth(d->text, p))
            continue;
        struct flt_piece head = {p.from, p.to - p.from > SHORT_MAX ? p.from + SHORT_MAX : p.to};
        unsigned phase = base64_phase(d->text, head);
        phase = phase == 4 ? 0 : phase;
        uint32_t end = run_end(d->text, p, phase, &how);
        struct flt_run r = run_of(d->text, p.from + phase, end, base64_next, flt_base64_value);
        rc = flt_run_make(d, r, (size_t)(end - p.from) / 4 * 3 + 3, FLT_VIEW_BASE64);
        at = end;
    }
    return rc;
}

/* ---- base32 ---------------------------------------------------------------------------------------------------- */

bool flt_base32_worth(struct flt_str t, struct flt_piece p)
{
    uint32_t n = p.to - p.from;
    bool upper = false, lower = false, digit = false;
    if (n < FLT_BASE32_MIN)
        return false;
    for (uint32_t i = p.from; i < p.to && i < p.from + SHORT_MAX; i++) {
        uint8_t c = byte_at(t, i);
        upper = upper || (c >= 'A' && c <= 'Z');
        lower = lower || (c >= 'a' && c <= 'z');
        digit = digit || c <= '7';
    }
    if ((upper && lower) || (!digit && n < FLT_CODED_ALONE))
        return false;
    return n > SHORT_MAX || flt_run_worth(run_of(t, p.from, p.to, base32_next, flt_base32_value), SHORT_MAX);
}

int flt_decode_base32(const struct flt_dec *d)
{
    static const struct lines how = {flt_base32_value, 8, flt_base32_worth};
    struct flt_piece p;
    int rc = FLT_OK;
    for (size_t at = 0; rc == FLT_OK && flt_next_piece(d->text, at, flt_base32_value, FLT_BASE32_MIN, &p);) {
        at = p.to;
        if (!flt_base32_worth(d->text, p))
            continue;
        uint32_t end = run_end(d->text, p, 0, &how);
        struct flt_run r = run_of(d->text, p.from, end, base32_next, flt_base32_value);
        rc = flt_run_make(d, r, (size_t)(end - p.from) / 8 * 5 + 5, FLT_VIEW_BASE32);
        at = end;
    }
    return rc;
}
