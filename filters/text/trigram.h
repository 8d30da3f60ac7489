/*
 * trigram.h: how much a text reads like English, by the letters that follow one another.
 */
#ifndef FLT_TEXT_TRIGRAM_H
#define FLT_TEXT_TRIGRAM_H

#include "flt/base.h"

/* What a text without any letter scores; no text scores less. */
#define FLT_TRIGRAM_FLOOR (-15.5)

/*
 * Mean of log2 P(letter | the two before it) over the letters of `text`, ASCII case ignored; every run of other bytes
 * counts as one space, and the text stands between two. 0 would be certainty. Ordinary English prose of 40 letters
 * lies between -4 and -2.3, another language in Latin letters about -5.5, a rotated text about -8. Table:
 * trigram_table.inc.
 */
double flt_trigram_score(struct flt_str text);

/* 0 for bytes that are no ASCII letter, else 1..26. */
extern const uint8_t flt_trigram_letter[256];
#define FLT_TRIGRAM_N 27u /* a space and the letters */
extern const char flt_trigram_table[FLT_TRIGRAM_N][FLT_TRIGRAM_N * FLT_TRIGRAM_N + 1];
/* Quarters of a bit (0..62) that letter c (0 = space, 1..26) costs after a and b. */
static inline unsigned flt_trigram_cost(unsigned a, unsigned b, unsigned c)
{
    return (unsigned)(flt_trigram_table[a][b * FLT_TRIGRAM_N + c] - '@');
}

#endif
