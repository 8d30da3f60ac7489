/* fold_gap.c: what of an unchanged stretch is kept in a view. */
#include "text/fold_gap.h"

#define SNAP 64u /* bytes within which white space is looked for */

static bool space(char c)
{
    return c == ' ' || (unsigned char)(c - 9) < 5;
}

/* The last white space before offset i, not before `least`; without one near, a code point's begin. */
static size_t snap_back(struct flt_str s, size_t i, size_t least)
{
    for (size_t k = i; k > least && i - k < SNAP; k--) {
        if (space(s.p[k]))
            return k;
    }
    while (i > least && (s.p[i] & 0xC0) == 0x80)
        i--;
    return i;
}

/* Behind the next white space at or behind i, not behind `most`; without one near, a code point's begin. */
static size_t snap_on(struct flt_str s, size_t i, size_t most)
{
    for (size_t k = i; k < most && k - i < SNAP; k++) {
        if (space(s.p[k]))
            return k + 1;
    }
    while (i < most && (s.p[i] & 0xC0) == 0x80)
        i++;
    return i;
}

struct flt_gap flt_gap_find(struct flt_str s, size_t from, size_t to, size_t near)
{
    size_t head = from != 0 ? near : 0, tail = to != s.n ? near : 0;
    if (to - from < head + tail + near || near <= SNAP)
        return (struct flt_gap){to, to};
    struct flt_gap gap = {from + head, to - tail};
    if (head != 0)
        gap.from = snap_back(s, gap.from, from);
    if (tail != 0)
        gap.to = snap_on(s, gap.to, to);
    return gap;
}

int flt_gap_copy(struct flt_mapper *m, struct flt_str s, size_t from, size_t to, struct flt_gap gap)
{
    if (gap.from >= gap.to)
        return flt_mapper_same(m, s.p + from, (uint32_t)(to - from), (uint32_t)from);
    int rc = flt_mapper_same(m, s.p + from, (uint32_t)(gap.from - from), (uint32_t)from);
    if (rc != FLT_OK || gap.to == to)
        return rc;
    size_t before = gap.to - 1;
    while (before > gap.from && gap.to - before < 4 && (s.p[before] & 0xC0) == 0x80)
        before--;
    rc = flt_mapper_atom(m, "\n", 1, (uint32_t)before, (uint32_t)gap.to);
    return rc == FLT_OK ? flt_mapper_same(m, s.p + gap.to, (uint32_t)(to - gap.to), (uint32_t)gap.to) : rc;
}
