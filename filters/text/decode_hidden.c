/*
 * decode_hidden.c: text in characters that are not shown: tag characters, variation selectors as bytes, and two
 * invisible characters as bits.
 */
#include "text/decode.h"

#define FLAG_MAX    6u  /* tag characters in an emoji flag (ISO 3166-2 codes; Unicode TS #51, annex B) */
#define VISIBLE_RUN 16u /* joiners and spaces are common one by one: only runs of them are read as bits */

static uint8_t byte_at(struct flt_str t, size_t i)
{
    return (uint8_t)t.p[i];
}

/* Offset of the next byte `lead` in [at, end), or end. */
static uint32_t find(struct flt_str t, uint32_t at, uint32_t end, unsigned lead)
{
    const char *p = at < end ? memchr(t.p + at, (int)lead, end - at) : NULL;
    return p != NULL ? (uint32_t)(p - t.p) : end;
}

/* ---- tags ------------------------------------------------------------------------------------------------------ */

/* The ASCII value (1..127) of the tag character U+E0001..E007F at `at`, 0 = none. */
static unsigned tag_at(struct flt_str t, size_t at)
{
    if (t.n - at < 4 || byte_at(t, at) != 0xf3 || byte_at(t, at + 1) != 0xa0 || (byte_at(t, at + 2) & 0xfe) != 0x80 ||
        (byte_at(t, at + 3) & 0xc0) != 0x80)
        return 0;
    return (byte_at(t, at + 2) & 1u) << 6 | (byte_at(t, at + 3) & 0x3fu);
}

/* Length of the tags of a flag (black flag, letters and digits, cancel tag) that begin at `at`; 0 = these are no
 * flag's. */
static uint32_t flag_tags(struct flt_str t, uint32_t at)
{
    if (at < 4 || memcmp(t.p + at - 4, "\xf0\x9f\x8f\xb4", 4) != 0)
        return 0;
    for (uint32_t i = 0; i <= FLAG_MAX && at + 4 * i < t.n; i++) {
        unsigned c = tag_at(t, at + 4 * i);
        if (c == 0x7f)
            return i >= 3 ? 4 * i + 4 : 0;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            return 0;
    }
    return 0;
}

static bool tags_next(struct flt_run *r, struct flt_group *g)
{
    while ((r->at = find(r->text, r->at, r->end, 0xf3)) < r->end) {
        unsigned c = tag_at(r->text, r->at);
        uint32_t flag = c != 0 ? flag_tags(r->text, r->at) : 0;
        if (c >= 0x20 && c < 0x7f && flag == 0) {
            *g = (struct flt_group){.b = {(uint8_t)c}, .n = 1, .from = r->at, .to = r->at + 4};
            r->at += 4;
            return true;
        }
        r->at += flag != 0 ? flag : 1;
    }
    return false;
}

static struct flt_run whole(const struct flt_dec *d, flt_run_next next)
{
    return (struct flt_run){.text = d->text, .end = (uint32_t)d->text.n, .next = next, .hidden = true};
}

int flt_decode_tags(const struct flt_dec *d)
{
    return flt_run_make(d, whole(d, tags_next), d->text.n / 4 + 1, FLT_VIEW_TAGS);
}

/* ---- variation selectors ---------------------------------------------------------------------------------------- */

/* Length of the variation selector at `at` (0 = none) and its byte: U+FE00..FE0F 0..15, U+E0100..E01EF 16..255. */
static unsigned selector_at(struct flt_str t, size_t at, uint8_t *value)
{
    if (at < t.n && t.n - at >= 3 && byte_at(t, at) == 0xef && byte_at(t, at + 1) == 0xb8 &&
        (byte_at(t, at + 2) & 0xf0) == 0x80) {
        *value = byte_at(t, at + 2) & 15u;
        return 3;
    }
    if (at >= t.n || t.n - at < 4 || byte_at(t, at) != 0xf3 || byte_at(t, at + 1) != 0xa0 ||
        (byte_at(t, at + 3) & 0xc0) != 0x80 || byte_at(t, at + 2) < 0x84 || byte_at(t, at + 2) > 0x87)
        return 0;
    unsigned v = (byte_at(t, at + 2) - 0x84u) << 6 | (byte_at(t, at + 3) & 0x3fu);
    if (v >= 240)
        return 0;
    *value = (uint8_t)(v + 16);
    return 4;
}

/* A single selector behind a sign, an ideograph or a keycap's digit says how that is shown; it hides nothing. */
static bool shows(struct flt_str t, uint32_t at, unsigned len)
{
    uint8_t other;
    if (at == 0 || selector_at(t, at + len, &other) != 0)
        return false;
    uint8_t c = byte_at(t, at - 1);
    if (c < 0x80)
        return len == 3 && ((c >= '0' && c <= '9') || c == '#' || c == '*');
    return !((at >= 3 && selector_at(t, at - 3, &other) == 3) || (at >= 4 && selector_at(t, at - 4, &other) == 4));
}

static bool selectors_next(struct flt_run *r, struct flt_group *g)
{
    for (; r->at < r->end; r->at++) {
        uint8_t value = 0;
        /* Both leads are above 0xee: skip what is not at once. */
        while (r->at < r->end && byte_at(r->text, r->at) < 0xef)
            r->at++;
        unsigned len = r->at < r->end ? selector_at(r->text, r->at, &value) : 0;
        if (len == 0 || shows(r->text, r->at, len))
            continue;
        *g = (struct flt_group){.b = {value}, .n = 1, .from = r->at, .to = r->at + len};
        r->at += len;
        return true;
    }
    return false;
}

int flt_decode_variation(const struct flt_dec *d)
{
    return flt_run_make(d, whole(d, selectors_next), d->text.n / 3 + 1, FLT_VIEW_VARIATION);
}

/* ---- bits ------------------------------------------------------------------------------------------------------ */

enum { OPERATORS = 0, JOINERS = 2, INVERTED = 1 }; /* mode */

/* The bit of the character at `at` in the mode's scheme; 2 = it only parts others, 3 = none of these. */
static unsigned bit_at(struct flt_str t, uint32_t at, unsigned mode)
{
    if (t.n - at < 3 || byte_at(t, at) != 0xe2)
        return t.n - at >= 3 && memcmp(t.p + at, "\xef\xbb\xbf", 3) == 0 ? 2 : 3; /* U+FEFF */
    unsigned low = (unsigned)byte_at(t, at + 1) << 8 | byte_at(t, at + 2), bit = 3;
    if ((mode & JOINERS) != 0)
        bit = low == 0x808b ? 0 : low == 0x808c ? 1 : low == 0x808d || low == 0x81a0 ? 2 : 3;
    else
        bit = low == 0x81a2 ? 0 : low == 0x81a4 ? 1 : 3;
    return bit < 2 ? bit ^ (mode & INVERTED) : bit;
}

static bool hidden_bits_next(struct flt_run *r, struct flt_group *g)
{
    unsigned n = 0, value = 0;
    while (n < 8 && (r->at = find(r->text, r->at, r->end, 0xe2)) < r->end) {
        unsigned bit = bit_at(r->text, r->at, r->mode);
        if (bit < 2) {
            if (n++ == 0)
                g->from = r->at;
            value = value << 1 | bit;
            g->to = r->at + 3;
        }
        r->at += bit < 3 ? 3 : 1;
    }
    g->n = 1;
    g->b[0] = (uint8_t)value;
    return n == 8;
}

static int make_bits(const struct flt_dec *d, uint32_t from, uint32_t to, unsigned mode)
{
    for (unsigned inverted = 0; inverted <= INVERTED; inverted++) {
        struct flt_run r = {
            .text = d->text, .at = from, .end = to, .next = hidden_bits_next, .mode = mode | inverted, .hidden = true};
        if (flt_run_worth(r, UINT32_MAX))
            return flt_run_make(d, r, (to - from) / 24 + 1, FLT_VIEW_SNEAKY);
    }
    return FLT_OK;
}

int flt_decode_sneaky(const struct flt_dec *d)
{
    struct flt_str t = d->text;
    int rc = make_bits(d, 0, (uint32_t)t.n, OPERATORS);
    for (uint32_t at = 0; rc == FLT_OK && (at = find(t, at, (uint32_t)t.n, 0xe2)) < t.n;) {
        uint32_t to = at, bits = 0;
        for (unsigned bit; to < t.n && (bit = bit_at(t, to, JOINERS)) < 3; to += 3)
            bits += bit < 2;
        if (bits >= VISIBLE_RUN)
            rc = make_bits(d, at, to, JOINERS);
        at = to > at ? to : at + 1;
    }
    return rc;
}
