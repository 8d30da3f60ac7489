/*
 * fold_gap.h: long stretches that a view leaves as they are need not be in it: what is found there is found in the
 * parent. Of such a stretch only the ends are kept, so that a phrase that reaches into a change is whole.
 */
#ifndef FLT_TEXT_FOLD_GAP_H
#define FLT_TEXT_FOLD_GAP_H

#include "text/view.h"

#define FLT_GAP_NEAR 600u /* bytes kept on each side of a change, by views that read letters one by one */
#define FLT_GAP_SOFT 192u /* the same, of typography: quotes, dashes, no-break spaces as word processors put them */

/*
 * How far from the character of len bytes at s[i], which the fold changes, a pattern may reach that only matches
 * because of it: FLT_GAP_NEAR or, for typography among ASCII, FLT_GAP_SOFT. 0 where none does: the apostrophe of a
 * contraction (don't, it's: patterns have both kinds) and a full-width comma, question or exclamation mark between two
 * characters of CJK; such a change is made only beside others.
 */
size_t flt_gap_reach(struct flt_str s, size_t i, unsigned len);

/* What is left away, [from, to); empty for nothing. */
struct flt_gap {
    size_t from, to;
};
/*
 * The gap within s[from, to), which is unchanged: about `head` bytes are kept behind `from` (0: none, the text begins
 * there) and `tail` before `to` (s.n: none, it ends there), up to the next white space. Gaps below the smaller of both
 * are none. The ends lie between code points where s is UTF-8.
 */
struct flt_gap flt_gap_find(struct flt_str s, size_t from, size_t to, size_t head, size_t tail);
/*
 * Copies s[from, to) but for the gap; a line feed, which stands for the code point before what follows the gap, takes
 * its place. As flt_mapper_same.
 */
int flt_gap_copy(struct flt_mapper *m, struct flt_str s, size_t from, size_t to, struct flt_gap gap) FLT_MUST_CHECK;

#endif
