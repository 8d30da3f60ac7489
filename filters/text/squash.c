/*
 * squash.c: the squashed view: letters and digits only, of the stretches in which words are spaced out or broken and of
 * some words on both sides of each, so that a phrase is found of which one word is broken. Stretches that touch are
 * one; different ones are separated by a line feed, which stands for the text between them.
 */
#include "text/squash_find.h"
#include "text/view.h"

#define WORDS_AROUND 40u
#define BYTES_AROUND 400u /* and not more than these */

struct squash {
    struct flt_maker *maker;
    struct flt_mapper m;
    struct flt_str text;
    size_t last; /* end of the region written last */
    bool begun;
};

static bool ascii_alnum(unsigned char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)(c - '0') < 10;
}

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* WORDS_AROUND words before offset i, but not before `least`. */
static size_t widen_left(struct flt_str s, size_t i, size_t least)
{
    if (i > BYTES_AROUND && least < i - BYTES_AROUND)
        least = i - BYTES_AROUND;
    unsigned words = 0;
    while (i > least) {
        words += space(s.p[i - 1]) && i < s.n && !space(s.p[i]);
        if (words > WORDS_AROUND)
            return i;
        i--;
    }
    while (i > 0 && i < s.n && (s.p[i] & 0xC0) == 0x80)
        i++;
    return i;
}

static size_t widen_right(struct flt_str s, size_t i)
{
    size_t most = s.n - i < BYTES_AROUND ? s.n : i + BYTES_AROUND;
    unsigned words = 0;
    for (; i < most; i++) {
        words += space(s.p[i]) && i > 0 && !space(s.p[i - 1]);
        if (words > WORDS_AROUND)
            return i;
    }
    while (i < s.n && (s.p[i] & 0xC0) == 0x80)
        i++;
    return i;
}

static int write_region(struct squash *q, size_t from, size_t to)
{
    int rc = FLT_OK;
    if (!q->begun)
        q->begun = flt_mapper_begin(&q->m, q->maker, q->text.n, q->text.n, &rc);
    else if (from > q->last)
        rc = flt_mapper_atom(&q->m, "\n", 1, (uint32_t)q->last, (uint32_t)from);
    const struct flt_str part = {q->text.p, to};
    size_t run = from;
    for (size_t i = from; q->begun && rc == FLT_OK && i < to;) {
        while (i < to && ascii_alnum((unsigned char)part.p[i]))
            i++;
        unsigned len = i < to ? flt_squash_letter(part, i) : 0;
        if (len != 0) {
            i += len;
            continue;
        }
        if (i > run)
            rc = flt_mapper_same(&q->m, part.p + run, (uint32_t)(i - run), (uint32_t)run);
        size_t tag = i < to && part.p[i] == '<' ? flt_squash_tag(part, i) : 0;
        i += tag != 0 ? tag : i < to;
        run = i;
    }
    if (q->begun && rc == FLT_OK && to > run)
        rc = flt_mapper_same(&q->m, part.p + run, (uint32_t)(to - run), (uint32_t)run);
    q->last = to;
    return rc;
}

int flt_squash(struct flt_maker *k, struct flt_str text, struct flt_derived *out)
{
    *out = (struct flt_derived){.view = FLT_VIEW_SQUASHED};
    if (text.n >= UINT32_MAX) {
        k->left_out += text.n;
        return FLT_OK;
    }
    struct squash q = {.maker = k, .text = text};
    struct flt_squash_walk walk = {.s = text, .places = k->places};
    size_t from, to, region_from = 0, region_to = 0; /* a region that may still grow; empty at first */
    int rc = FLT_OK;
    bool refused = false;
    while (!refused && rc == FLT_OK && flt_squash_next(&walk, &from, &to)) {
        from = widen_left(text, from, region_to);
        if (region_to != 0 && from > region_to) {
            rc = write_region(&q, region_from, region_to);
            refused = !q.begun;
        }
        if (region_to == 0 || from > region_to)
            region_from = from;
        size_t wide = widen_right(text, to);
        region_to = wide > region_to ? wide : region_to;
    }
    if (!refused && rc == FLT_OK && region_to != 0)
        rc = write_region(&q, region_from, region_to);
    if (!q.begun)
        return rc;
    if (rc != FLT_OK)
        return flt_mapper_fail(&q.m, rc, text.n, out);
    flt_mapper_end(&q.m, (uint32_t)text.n, FLT_VIEW_SQUASHED, out);
    return FLT_OK;
}
