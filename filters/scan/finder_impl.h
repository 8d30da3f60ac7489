/*
 * finder_impl.h: what finder.c, which builds and judges, shares with finder_sift.c, which looks for candidates.
 */
#ifndef FLT_SCAN_FINDER_IMPL_H
#define FLT_SCAN_FINDER_IMPL_H

#include "scan/finder_any.h"
#include "scan/finder_string.h"

#define BLOCK      64u
#define SLICE      1024u
#define AHEAD      8u /* bytes that are read at a place */
#define SLOT_BITS  14u
#define SLOTS      (1u << SLOT_BITS)
#define FOLD       UINT64_C(0x2020202020202020) /* both cases of a letter, and some other pairs, become one */
#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio: Knuth's multiplicative hash */
#define BIT_MASK   63u

/*
 * The bytes that are asked for: as many as a string has from its anchor on, or, when the anchor is a mark within it,
 * the mark and those about it. Three bytes are asked for at marks only, which are few.
 */
enum piece { PIECE_8, PIECE_5, PIECE_4, PIECE_3, PIECE_MID_3, PIECE_BACK_4, PIECE_BACK_3, PIECES };
static const uint32_t piece_bytes[PIECES] = {8, 5, 4, 3, 3, 4, 3};
static const uint32_t piece_behind[PIECES] = {0, 0, 0, 0, 1, 3, 2}; /* of them stand before the anchor */
#define BEHIND    8u  /* bytes kept before a copied text; a piece needs three */
#define LONG_BITS 10u /* words of 64 bits of the filter of longer pieces, as a power of two */
#define HEAD_BITS 16u /* bits of the filter of what pieces of four bytes and more begin with */
#define MARK_BITS 13u /* bits of each of the filters that are asked at marks */

#define INNER_LEAST 5u /* within words, places with so many letters and digits from there on are anchors */

/* One cache line. */
struct string {
    struct flt_finder_form form;
    uint32_t hash, id; /* hash: of its piece, with the kind of the piece */
    uint8_t len, anchor;
    bool fresh;
};

struct flt_finder {
    uint64_t head[(1u << HEAD_BITS) / 64], longer[1u << LONG_BITS];
    uint64_t mark[PIECES - PIECE_3][(1u << MARK_BITS) / 64]; /* of the kinds from PIECE_3 on */
    uint32_t slot[SLOTS + 1];                                /* string[slot[h] .. slot[h + 1]) */
    struct string *string;
    uint32_t n;
    bool marks;                 /* some piece is asked for at marks */
    bool inner;                 /* some string is also looked for within words, if they are long enough */
    bool wide;                  /* the processor has what finder_sift.c\'s faster loops need */
    struct flt_finder_any *any; /* what has no anchor; NULL = there is none */
};

static inline uint64_t load64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static inline bool is_blank(uint8_t c)
{
    return c <= ' ';
}

/*
 * The filter of longer pieces is blocked: one word of 64 bits, by the first four bytes, has two bits for these or
 * for all five or eight.
 */

/* The hash of the piece at the begin of `w`, which is folded text: its high bits depend on all bytes. */
static inline uint32_t hash_of(uint64_t w, enum piece k)
{
    uint64_t piece = w & (UINT64_MAX >> (64 - 8 * piece_bytes[k]));
    return (uint32_t)((k > PIECE_3 ? piece << 12 | k : piece) * MULTIPLIER >> 32); /* kinds are not mistaken */
}

static inline bool has_bit(const uint64_t *filter, uint32_t i)
{
    return (filter[i >> 6] >> (i & BIT_MASK) & 1) != 0;
}

static inline uint32_t word_of(uint32_t hash4)
{
    return hash4 >> (32 - LONG_BITS);
}

/* The two bits of a piece of four bytes are those behind word_of's; the others have a hash of their own. */
static inline uint32_t bit_of(uint32_t hash, enum piece k, unsigned i)
{
    return hash >> (k == PIECE_4 ? 15 - 6 * i : 26 - 6 * i) & BIT_MASK;
}

/* A place and the hash of a piece there that a filter knows. */
struct candidate {
    uint32_t hash, place;
};

/*
 * Writes the places of p[0..n) where, going by the filters, a string may be anchored. n: whole blocks, at most SLICE;
 * BEHIND bytes before p and a block and AHEAD bytes behind p[n) can be read. *inside: bit 0: the byte before p is a
 * letter or digit; then: the last one is. Returns how many; out has room for CANDIDATES.
 */
#define CANDIDATES (7 * SLICE + 7)
uint32_t flt_finder_sift(const struct flt_finder *f, const char *p, uint32_t n, uint64_t *inside,
                         struct candidate *out);

#endif
