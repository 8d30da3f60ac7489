/* fold_gap.c: what of a text is worth being in a view: what changes, and how much of the unchanged text around it. */
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

/* ---- how far a change reaches ---------------------------------------------------------------------------------- */

static unsigned char byte(struct flt_str s, size_t i)
{
    return i < s.n ? (unsigned char)s.p[i] : '\n';
}

static bool letter(unsigned char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

/* True for the right quotation mark of three bytes at i in "don't", "it's", "we'll", "they're", also at a line's end.
 */
static bool contracts(struct flt_str s, size_t i)
{
    static const char ends[] = "stmdrevl";
    unsigned char before = i > 0 ? byte(s, i - 1) : '\n';
    size_t to = i + 3;
    if (!letter(before) && before != '\n')
        return false;
    while (to < i + 5 && letter(byte(s, to)) && memchr(ends, byte(s, to) | 0x20, sizeof(ends) - 1) != NULL)
        to++;
    return byte(s, to) == '\n' || (to > i + 3 && !letter(byte(s, to)) && byte(s, to) < 0x80);
}

/* A lead byte of kana, Han characters, Hangul or their punctuation. */
static bool cjk(unsigned char c)
{
    return c >= 0xE3 && c <= 0xED;
}

static bool among_cjk(struct flt_str s, size_t i)
{
    bool left = i == 0 || s.p[i - 1] == '\n' || (i >= 3 && cjk(byte(s, i - 3)));
    return left && (byte(s, i + 3) == '\n' || cjk(byte(s, i + 3)));
}

static bool dash(struct flt_str s, size_t i)
{
    return byte(s, i) == '-' || (byte(s, i) == 0xE2 && byte(s, i + 1) == 0x80 && byte(s, i + 2) < 0x96);
}

size_t flt_gap_reach(struct flt_str s, size_t i, unsigned len)
{
    unsigned char first = byte(s, i), second = byte(s, i + 1), third = byte(s, i + 2);
    if (len == 2)
        return first == 0xC2 && (second == 0xA0 || second == 0xAB || second == 0xBB) ? FLT_GAP_SOFT : FLT_GAP_NEAR;
    if (len != 3)
        return FLT_GAP_NEAR;
    if (first == 0xEF && second == 0xBC && (third == 0x81 || third == 0x8C || third == 0x9F))
        return among_cjk(s, i) ? 0 : FLT_GAP_NEAR;
    if (first != 0xE2 || second != 0x80)
        return FLT_GAP_NEAR;
    if (third >= 0x90 && third <= 0x95) /* a row of dashes opens and closes blocks */
        return dash(s, i + 3) || (i > 0 && s.p[i - 1] == '-') || (i > 2 && dash(s, i - 3)) ? FLT_GAP_NEAR
                                                                                           : FLT_GAP_SOFT;
    if (third == 0x99)
        return contracts(s, i) ? 0 : FLT_GAP_SOFT;
    return (third >= 0x98 && third <= 0x9F) || third == 0xA2 || third == 0xA6 || third == 0xAF ? FLT_GAP_SOFT
                                                                                               : FLT_GAP_NEAR;
}

/* ---- gaps ------------------------------------------------------------------------------------------------------ */

struct flt_gap flt_gap_find(struct flt_str s, size_t from, size_t to, size_t head, size_t tail)
{
    size_t least = from != 0 && (to == s.n || head < tail) ? head : tail;
    head = from != 0 ? head : 0;
    tail = to != s.n ? tail : 0;
    if (to - from < head + tail + least || least <= SNAP)
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
