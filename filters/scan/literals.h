/*
 * literals.h: sets of strings of which every match of a pattern must hold at least one. The scanner looks for these
 * literals (which it does at gigabytes a second) instead of for the whole pattern; the matcher then judges the
 * neighbourhood.
 *
 * The algebra is that of required-literal prefilters (R. Cox, "Regular Expression Matching with a Trigram Index",
 * 2012): sets are crossed along sequences while they stay small, united over alternations, and the most telling set met
 * on the way is kept.
 */
#ifndef FLT_SCAN_LITERALS_H
#define FLT_SCAN_LITERALS_H

#include "flt/base.h"

#define FLT_LITERAL_MAX       24u
#define FLT_LITERALS_MAX      40u
#define FLT_LITERAL_CLASS_MAX 8u /* a class of more bytes is no literal */

/* What may stand directly before a string, within what was read so far. */
#define FLT_BEFORE_WORD  1u /* an ASCII letter or digit */
#define FLT_BEFORE_BEGIN 2u /* what stands before the match (the construct) */

struct flt_literals {
    bool valid; /* every match holds one of them */
    uint8_t n;
    bool scored; /* score is flt_literals_score's answer */
    double score;
    struct flt_literal {
        uint8_t len;
        uint8_t before; /* FLT_BEFORE_... */
        char s[FLT_LITERAL_MAX];
    } v[FLT_LITERALS_MAX];
};

/*
 * Several such sets that every match holds one of each, in this order and not overlapping: "ignore ... previous ...
 * instructions". Words that are common alone are rare together.
 */
#define FLT_FACTORS_MAX 3u
struct flt_factors {
    uint8_t n;
    struct flt_literals v[FLT_FACTORS_MAX];
    uint32_t reach[FLT_FACTORS_MAX]; /* the set's word ends at most this many bytes after the match begins */
};
/* Appends a set in order; a full list drops its least telling one. Sets that say too little are left out. */
void flt_factors_add(struct flt_factors *f, struct flt_literals *l, uint32_t reach);
/* Sum of the sets' scores. */
double flt_factors_score(const struct flt_factors *f);

/* No set is known: not valid. */
void flt_literals_none(struct flt_literals *l);
/* {""}: true of everything, says nothing. */
void flt_literals_empty(struct flt_literals *l);
/* The strings of one byte in `bytes` (n of them); not valid when there are more than FLT_LITERAL_CLASS_MAX. */
void flt_literals_bytes(struct flt_literals *l, const uint8_t *bytes, unsigned n);
/* a = every string of a followed by every string of b; false (a unchanged) when that is too many or too long. */
bool flt_literals_cross(struct flt_literals *a, const struct flt_literals *b);
/* a = a or b; not valid when either is not, or when they are too many. */
void flt_literals_unite(struct flt_literals *a, const struct flt_literals *b);
/* *best = the more telling of the two. Both keep their scores. */
void flt_literals_better(struct flt_literals *best, struct flt_literals *other);
/* *to = *from, without the strings it does not have. */
void flt_literals_copy(struct flt_literals *to, const struct flt_literals *from);
/*
 * -log2 of how often, per byte, the set is thought to hit honest text. 0 when not valid or when a string is empty.
 * Letter frequencies: general English, in round numbers; common words count for what they are.
 */
double flt_literals_score(const struct flt_literals *l);
/* The same for one string, without what it shares with others. */
double flt_literal_bits(const struct flt_literal *l);
/* Sets that may begin where their construct does stand behind what that stands behind: `here`, FLT_BEFORE_... */
void flt_literals_place(struct flt_literals *l, uint8_t here);
/* Drops strings that another one of the set is found with wherever they stand. */
void flt_literals_reduce(struct flt_literals *l);

#endif
