/*
 * join.h: what the probe and join.c share.
 */
#ifndef FLT_TEXT_JOIN_H
#define FLT_TEXT_JOIN_H

#include "flt/base.h"

/* True when the quote at `at` ends a literal that is glued to a literal behind it ("a" + "b", "a", "b"). */
bool flt_join_glued(struct flt_str text, size_t at);
/* True when the '=' at `at` assigns a literal. */
bool flt_join_assigns(struct flt_str text, size_t at);

/* Lists of single words or letters: so many lines in a row are read by their first letters. */
#define FLT_JOIN_ITEMS    8u
#define FLT_JOIN_ITEM_MAX 24u
/* The offset of the first letter of the only word in the line [from, to) behind its bullet or number; `to` = none. */
size_t flt_join_item(struct flt_str text, size_t from, size_t to);

#endif
