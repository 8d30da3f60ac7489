/*
 * words.h: how common a word is, or the beginning of one.
 */
#ifndef FLT_TEXT_WORDS_H
#define FLT_TEXT_WORDS_H

#include "flt/base.h"

/* What words that are in no table are taken for, at least. */
#define FLT_WORDS_RARE 17.5

/*
 * -log2 of the share of the bytes of ordinary texts (two parts English prose, one part programs: word_table.inc) at
 * which a word begins with `letters` (two lower-case ASCII letters or more). FLT_WORDS_RARE when none of the table
 * does.
 */
double flt_words_bits(struct flt_str letters);
/* True when a word of the table begins with `letters`, not empty; quicker than the share. */
bool flt_words_known(struct flt_str letters);

#endif
