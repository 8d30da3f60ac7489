/*
 * edit.c: the one place where body bytes change. Everything is checked and the room is reserved before the first byte
 * is written, so a failure leaves the output as it was.
 */
#include "flt/edit.h"

#include <stdlib.h>

int flt_edits_add(struct flt_edits *e, struct flt_arena *arena, struct flt_edit edit)
{
    if (e->n == e->cap) {
        uint32_t cap = e->cap != 0 ? e->cap : 4;
        if (cap > UINT32_MAX / 2)
            return FLT_E_NOMEM;
        cap *= 2;
        struct flt_edit *v = flt_arena_alloc(arena, (size_t)cap * sizeof(*v));
        if (v == NULL)
            return FLT_E_NOMEM;
        if (e->n != 0)
            memcpy(v, e->v, (size_t)e->n * sizeof(*v));
        e->v = v;
        e->cap = cap;
    }
    e->v[e->n++] = edit;
    return FLT_OK;
}

/* An insert at a goes before what replaces the bytes from a on. */
static bool after(const struct flt_edit *x, const struct flt_edit *y)
{
    return x->a != y->a ? x->a > y->a : x->b > y->b;
}

static bool sorted(const struct flt_edits *e)
{
    for (uint32_t i = 1; i < e->n; i++) {
        if (after(&e->v[i - 1], &e->v[i]))
            return false;
    }
    return true;
}

static void merge(const struct flt_edit *x, size_t nx, const struct flt_edit *y, size_t ny, struct flt_edit *out)
{
    size_t i = 0, k = 0;
    while (i < nx || k < ny) {
        bool take_y = i == nx || (k < ny && after(&x[i], &y[k]));
        *out++ = take_y ? y[k++] : x[i++];
    }
}

/* Bottom-up merge sort: stable, so that inserts at one place keep their order, and n log n whatever the input. */
static int sort(struct flt_edits *e)
{
    if (sorted(e))
        return FLT_OK;
    struct flt_edit *other = malloc((size_t)e->n * sizeof(*other));
    if (other == NULL)
        return FLT_E_NOMEM;
    struct flt_edit *from = e->v, *to = other;
    for (size_t width = 1; width < e->n; width *= 2) {
        for (size_t i = 0; i < e->n; i += 2 * width) {
            size_t mid = i + width < e->n ? i + width : e->n;
            size_t end = i + 2 * width < e->n ? i + 2 * width : e->n;
            merge(from + i, mid - i, from + mid, end - mid, to + i);
        }
        struct flt_edit *swap = from;
        from = to;
        to = swap;
    }
    if (from != e->v)
        memcpy(e->v, from, (size_t)e->n * sizeof(*from));
    free(other);
    return FLT_OK;
}

/* The bytes that will be written; FLT_E_AMBIGUOUS when edits overlap or leave the body. */
static int measure(const struct flt_edits *e, size_t body, size_t *total)
{
    uint32_t at = 0;
    *total = body;
    for (uint32_t i = 0; i < e->n; i++) {
        const struct flt_edit *d = &e->v[i];
        if (d->a > d->b || d->b > body || d->a < at)
            return FLT_E_AMBIGUOUS;
        *total -= d->b - d->a;
        at = d->b;
    }
    for (uint32_t i = 0; i < e->n; i++) {
        if (__builtin_add_overflow(*total, e->v[i].with.n, total))
            return FLT_E_LIMIT;
    }
    return FLT_OK;
}

static int copy(struct flt_buf *out, struct flt_str body, size_t a, size_t b)
{
    return a < b ? flt_buf_add(out, body.p + a, b - a) : FLT_OK;
}

static int write_all(const struct flt_edits *e, struct flt_str body, struct flt_buf *out)
{
    size_t at = 0;
    for (uint32_t i = 0; i < e->n; i++) {
        const struct flt_edit *d = &e->v[i];
        int rc = copy(out, body, at, d->a);
        if (rc == FLT_OK)
            rc = flt_buf_add_str(out, d->with);
        if (rc != FLT_OK)
            return rc;
        at = d->b;
    }
    return copy(out, body, at, body.n);
}

int flt_edits_apply(struct flt_edits *e, struct flt_str body, struct flt_buf *out)
{
    size_t total;
    int rc = sort(e);
    if (rc == FLT_OK)
        rc = measure(e, body.n, &total);
    if (rc == FLT_OK)
        rc = flt_buf_reserve(out, total);
    return rc == FLT_OK ? write_all(e, body, out) : rc;
}
