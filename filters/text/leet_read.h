/*
 * leet_read.h: the most English reading of a word some characters of which may be one letter or another.
 */
#ifndef FLT_TEXT_LEET_READ_H
#define FLT_TEXT_LEET_READ_H

#include "flt/base.h"

#define FLT_READ_MOST 256u /* characters that are read at once */

/* What one character may be: one to three ASCII bytes, the likeliest first, the rest '\0'. */
struct flt_guess {
    char of[3];
    uint8_t dear; /* quarters of a bit that any but the first costs more */
};

/*
 * Writes the reading of g[0..n) to out (n bytes, n <= FLT_READ_MOST) and returns its score as flt_trigram_score has it,
 * less what dear guesses cost. breaks: words may follow one another without spaces; where a space between two letters
 * reads better, the score is that of the text with the space (out never has it). Exact: of all combinations the
 * likeliest is found, by dynamic programming over the last two letters (Viterbi), in time linear in n.
 */
double flt_read_best(const struct flt_guess *g, unsigned n, bool breaks, char *out);

#endif
