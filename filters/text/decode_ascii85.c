/* decode_ascii85.c: five signs for four bytes: Adobe's ascii85 (with or without <~ ~>) and RFC 1924's base85. */
#include "text/decode.h"

#define SHORT_MAX 240u
#define SIGNS     ('~' - '!' + 1)

/* Values of '!'..'~'. */
static const int8_t adobe[SIGNS] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
    48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71,
    72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};
static const int8_t rfc1924[SIGNS] = {
    62, -1, 63, 64, 65, 66, -1, 67, 68, 69, 70, -1, 71, -1, -1, 0,  1,  2,  3,  4,  5,  6,  7,  8,
    9,  -1, 72, 73, 74, 75, 76, 77, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    26, 27, 28, 29, 30, 31, 32, 33, 34, 35, -1, -1, -1, 78, 79, 80, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 81, 82, 83, 84,
};

static int value_of(const int8_t *value, char c)
{
    return c >= '!' && c <= '~' ? value[c - '!'] : -1;
}

static bool ascii85_next(struct flt_run *r, struct flt_group *g)
{
    uint64_t sum = 0;
    unsigned n = 0;
    for (; r->at < r->end && n < 5; r->at++) {
        char c = r->text.p[r->at];
        int value = value_of(r->value, c);
        if (n == 0 && c == 'z' && r->value == adobe) { /* four NUL bytes */
            *g = (struct flt_group){.n = 4, .from = r->at, .to = r->at + 1};
            r->at++;
            return true;
        }
        if (value < 0)
            continue;
        if (n++ == 0)
            g->from = r->at;
        sum = sum * 85 + (unsigned)value;
        g->to = r->at + 1;
    }
    if (n < 2)
        return false;
    for (unsigned i = n; i < 5; i++)
        sum = sum * 85 + 84;
    if (sum > UINT32_MAX)
        sum = 0; /* no group of four bytes is written so: unprintable */
    g->n = n - 1;
    for (unsigned i = 0; i < g->n; i++)
        g->b[i] = (uint8_t)(sum >> (24 - 8 * i));
    return true;
}

static struct flt_run run_of(struct flt_str t, uint32_t from, uint32_t to, const int8_t *value)
{
    return (struct flt_run){.text = t, .at = from, .end = to, .next = ascii85_next, .value = value};
}

/* The first sign of a group of ASCII text (first byte 0x20..0x7a) has a value of 10 to 39; two groups are decoded. */
static bool alike(struct flt_str t, uint32_t at, uint32_t to, const int8_t *value)
{
    struct flt_run r = run_of(t, at, to, value);
    struct flt_group g;
    unsigned groups = 0;
    for (; at + 5 <= to && groups < 8; at += 5, groups++) {
        int v = value_of(value, t.p[at]);
        if (v < 10 || v > 39)
            return false;
    }
    for (unsigned n = 0; n < 2; n++)
        for (unsigned i = 0; i < 4; i++)
            if ((i == 0 && (!ascii85_next(&r, &g) || g.n < 4)) || (g.b[i] < 0x20 && g.b[i] != '\n') || g.b[i] > 0x7e)
                return false;
    return groups >= 2;
}

/* How far the alphabet goes on from p.from; 'z' counts in Adobe's. */
static uint32_t extent(struct flt_str t, struct flt_piece p, uint32_t at, const int8_t *value)
{
    while (at < p.to && (value_of(value, t.p[at]) >= 0 || (t.p[at] == 'z' && value == adobe)))
        at++;
    return at;
}

/* Where in the piece text begins, in which alphabet; false when it is none. */
static bool begin_of(struct flt_str t, struct flt_piece p, struct flt_run *r)
{
    for (unsigned which = 0; which < 2; which++) {
        const int8_t *value = which == 0 ? adobe : rfc1924;
        for (uint32_t at = p.from; at < p.from + 5 && at + FLT_ASCII85_MIN <= p.to + 5; at++) {
            if (!alike(t, at, p.to, value))
                continue;
            uint32_t end = extent(t, p, at, value);
            *r = run_of(t, at, end, value);
            if (end - at >= 10 && flt_run_worth(*r, SHORT_MAX / 5))
                return true;
        }
    }
    return false;
}

bool flt_ascii85_worth(struct flt_str t, struct flt_piece p)
{
    struct flt_run r;
    return begin_of(t, p, &r);
}

/* <~ ... ~>, where white space may stand anywhere. */
static int framed(const struct flt_dec *d)
{
    int rc = FLT_OK;
    const char *end = d->text.p + d->text.n;
    for (const char *p = d->text.p;
         rc == FLT_OK && d->text.n != 0 && (p = memchr(p, '<', (size_t)(end - p))) != NULL;) {
        if (++p >= end)
            break;
        if (*p != '~')
            continue;
        const char *close = p + 1;
        while (close < end && *close != '~')
            close++;
        struct flt_run r = run_of(d->text, (uint32_t)(p + 1 - d->text.p), (uint32_t)(close - d->text.p), adobe);
        if (close < end)
            rc = flt_run_make(d, r, (size_t)(close - p) * 4, FLT_VIEW_ASCII85);
        p = close;
    }
    return rc;
}

int flt_decode_ascii85(const struct flt_dec *d)
{
    int rc = framed(d);
    struct flt_piece p;
    for (size_t i = 0; rc == FLT_OK && flt_next_piece(d->text, i, flt_graphic_value, FLT_ASCII85_MIN, &p); i = p.to) {
        struct flt_run r;
        if (!begin_of(d->text, p, &r))
            continue;
        if (r.at >= 2 && d->text.p[r.at - 1] == '~' && d->text.p[r.at - 2] == '<')
            continue; /* has been made */
        rc = flt_run_make(d, r, (size_t)(r.end - r.at) * 4, FLT_VIEW_ASCII85);
    }
    return rc;
}
