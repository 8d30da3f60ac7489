/*
 * skeleton_turn.h: upside-down writing: letters turned by half a turn, in reverse order.
 */
#ifndef FLT_TEXT_SKELETON_TURN_H
#define FLT_TEXT_SKELETON_TURN_H

#include "flt/base.h"

/* True when the text may hold upside-down writing: enough turned letters, of several kinds. */
bool flt_turned_any(struct flt_str text);
/*
 * Finds upside-down writing in one line of folded text: from its first word with turned letters to its last, all of
 * the line when most of its words have them. False without any.
 */
bool flt_turned_find(struct flt_str line, size_t *from, size_t *to);
/* Writes s read the right way up to out, which has room for s.n bytes; returns the length. */
size_t flt_turned_write(struct flt_str s, char *out);

#endif
