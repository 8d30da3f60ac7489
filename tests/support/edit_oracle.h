/*
 * edit_oracle.h: applies edits one position at a time, in quadratic time, to compare the real thing with. Shared by the
 * unit tests and the fuzz target.
 */
#ifndef TESTS_EDIT_ORACLE_H
#define TESTS_EDIT_ORACLE_H

#include "flt/edit.h"

#include <stdlib.h>

static inline bool edit_oracle_conflict(const struct flt_edit *x, const struct flt_edit *y)
{
    if (x->a == x->b && y->a == y->b)
        return false;
    if (x->a == x->b)
        return y->a < x->a && x->a < y->b; /* an insert strictly inside */
    if (y->a == y->b)
        return x->a < y->a && y->a < x->b;
    return x->a < y->b && y->a < x->b;
}

static inline bool edit_oracle_legal(const struct flt_edit *v, uint32_t n, size_t body)
{
    for (uint32_t i = 0; i < n; i++) {
        if (v[i].a > v[i].b || v[i].b > body)
            return false;
        for (uint32_t k = 0; k < i; k++) {
            if (edit_oracle_conflict(&v[i], &v[k]))
                return false;
        }
    }
    return true;
}

/* Appends what the edits make of body, in the order given; v is legal. */
static inline void edit_oracle_apply(const struct flt_edit *v, uint32_t n, struct flt_str body, struct flt_buf *out)
{
    int rc = FLT_OK;
    for (size_t at = 0; at <= body.n; at++) {
        bool covered = false;
        for (uint32_t i = 0; i < n; i++) {
            if (v[i].a == at && v[i].b == at)
                rc |= flt_buf_add_str(out, v[i].with);
        }
        for (uint32_t i = 0; i < n; i++) {
            if (v[i].a == at && v[i].b > at)
                rc |= flt_buf_add_str(out, v[i].with);
            covered |= v[i].a <= at && at < v[i].b;
        }
        if (at < body.n && !covered)
            rc |= flt_buf_add(out, body.p + at, 1);
    }
    if (rc != FLT_OK)
        abort();
}

#endif
