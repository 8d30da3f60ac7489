/* ground.h: the tenant's grounding text as one more edit at the dialect's slot. */
#ifndef FLT_GROUND_GROUND_H
#define FLT_GROUND_GROUND_H

#include "dialect/dialect.h"

/*
 * Adds the insertion of text (UTF-8, not empty) at the slot the dialect found. *done = false when the dialect has none.
 * FLT_E_NOMEM, FLT_E_LIMIT (text above 1 MiB).
 */
int flt_ground(struct flt_str text, const struct flt_request_map *map, struct flt_arena *arena, struct flt_edits *edits,
               bool *done) FLT_MUST_CHECK;

#endif
