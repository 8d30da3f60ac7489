/*
 * edit.h: "replace bytes [a,b) by these". Edits are data; flt_edits_apply is the only function that changes bytes.
 */
#ifndef FLT_EDIT_H
#define FLT_EDIT_H

#include "flt/base.h"

struct flt_edit {
    uint32_t a, b;       /* a == b inserts */
    struct flt_str with; /* pinned until applied; already in the encoding of the target (JSON-escaped) */
};

struct flt_edits {
    struct flt_edit *v;
    uint32_t n, cap;
};

/* Appends in any order; the list lives in the arena. FLT_E_NOMEM. */
int flt_edits_add(struct flt_edits *e, struct flt_arena *arena, struct flt_edit edit) FLT_MUST_CHECK;
/*
 * Sorts by position and writes body with all edits applied to out. Inserts at one place keep the order they were
 * added in. Overlapping edits or one past the end are FLT_E_AMBIGUOUS and nothing is written; else buffer errors.
 */
int flt_edits_apply(struct flt_edits *e, struct flt_str body, struct flt_buf *out) FLT_MUST_CHECK;

#endif
