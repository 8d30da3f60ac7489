/* cut.h: from cuts in text offsets to changed bytes. */
#ifndef FLT_ENGINE_CUT_H
#define FLT_ENGINE_CUT_H

#include "engine/inner.h"
#include "engine/track.h"
#include "flt/edit.h"
#include "flt/json.h"

/* Plain text: writes text with the cuts applied, each widened to whole UTF-8 characters. Buffer errors. */
int flt_cut_text(const struct flt_ruleset *rs, const struct flt_cut *v, uint32_t n, struct flt_str text,
                 struct flt_buf *out) FLT_MUST_CHECK;
/*
 * Adds the wire edits for the part [begin, end) of a channel's text that the map carries (map offsets are relative to
 * begin). The placeholder goes where a cut first touches; wire bytes of atoms are replaced whole. Placeholders are
 * plain ASCII without quotes, so they need no escaping in JSON strings.
 */
int flt_cut_wire(const struct flt_ruleset *rs, struct flt_cut *v, uint32_t n, uint64_t begin, uint64_t end,
                 const struct flt_offmap *map, struct flt_arena *arena, struct flt_edits *edits) FLT_MUST_CHECK;

/* Widens edits to whole UTF-8 characters of the bytes they are for: patterns match bytes, clients read characters. */
void flt_cut_whole_chars(struct flt_edits *edits, struct flt_str bytes);
/* Edits of different finders may overlap (a value seen in one part and across two): makes one of each such group, the
 * first one's text. */
void flt_cut_merge(struct flt_edits *edits);
/*
 * The same for JSON inside a string: within an inner string a plain placeholder, in place of a number a quoted one
 * (escaped for the outer string), so that the inner JSON stays valid. A cut across an inner string's end, also one that
 * was begun in an earlier piece, cannot be made: FLT_E_UNSUPPORTED.
 */
int flt_cut_inner(const struct flt_ruleset *rs, struct flt_cut *v, uint32_t n, uint64_t begin,
                  const struct flt_inner_piece *p, struct flt_arena *arena, struct flt_edits *edits) FLT_MUST_CHECK;

#endif
