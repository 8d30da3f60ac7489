/*
 * leet_word.h: whether one token is a word written with digits and signs for letters, and which.
 */
#ifndef FLT_TEXT_LEET_WORD_H
#define FLT_TEXT_LEET_WORD_H

#include "flt/base.h"

#define FLT_LEET_MOST 40u /* characters of a token; longer ones are no words */

enum flt_leet_verdict {
    FLT_LEET_NO,
    FLT_LEET_MAYBE, /* only beside a token that surely is (rul3, 4, 101) */
    FLT_LEET_YES
};

/* One token: its characters, and after judging its reading. */
struct flt_leet_word {
    char sign[FLT_LEET_MOST];    /* ASCII; E L Y with the top bit set for the euro, pound and yen signs */
    char reading[FLT_LEET_MOST]; /* letters */
    unsigned n;
};

/* Judges w->sign[0..n), fills in w->reading and, for the verdict, how English it is. n <= FLT_LEET_MOST. */
enum flt_leet_verdict flt_leet_judge(struct flt_leet_word *w, double *score);

#define FLT_LEET_ROW 256u /* letters and digits of a row of words without spaces that are judged at once */
/*
 * A row of words without spaces (squashed text): true and the reading of p[0..n), n <= FLT_LEET_ROW, when it is words
 * some letters of which are digits. Letters and digits only.
 */
bool flt_leet_row(const char *p, unsigned n, char *reading);

#endif
