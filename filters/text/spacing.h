/*
 * spacing.h: words that are kept apart by something other than one blank: doubled blanks, tabs, a line end, marks of
 * emphasis, underscores. Patterns ask for one blank; a view shows them one (flt_spacing, view.h).
 */
#ifndef FLT_TEXT_SPACING_H
#define FLT_TEXT_SPACING_H

#include "flt/base.h"

/*
 * True when the gap that begins at text[at], right behind an ASCII letter, asks for the view. Doubled blanks and marks
 * of emphasis (**, __, ~~; opening ones that are closed) beside a blank do so alone; one sign or tab only in a row of
 * such gaps between single words, since identifiers and tables have some; one line end only where the lines are short
 * on both sides. Looks at a few words at most.
 */
bool flt_spacing_asks(struct flt_str text, size_t at);

#endif
