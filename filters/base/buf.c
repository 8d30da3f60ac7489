/*
 * buf.c: growable byte buffer with a mandatory maximum. Growth copies and wipes instead of calling realloc, which
 * would leave the old bytes behind in the heap.
 */
#include "flt/base.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAP 256u

void flt_buf_init(struct flt_buf *b, size_t max)
{
    *b = (struct flt_buf){.max = max != 0 ? max : 1};
}

static int grow(struct flt_buf *b, size_t need)
{
    size_t cap = b->cap < FIRST_CAP ? FIRST_CAP : b->cap + b->cap / 2;
    if (cap < need)
        cap = need;
    if (cap > b->max)
        cap = b->max;
    char *p = malloc(cap);
    if (p == NULL)
        return FLT_E_NOMEM;
    if (b->n != 0) {
        memcpy(p, b->p, b->n);
        flt_wipe(b->p, b->n);
    }
    free(b->p);
    b->p = p;
    b->cap = cap;
    return FLT_OK;
}

int flt_buf_reserve(struct flt_buf *b, size_t n)
{
    if (n <= b->cap - b->n)
        return FLT_OK;
    if (n > b->max - b->n)
        return FLT_E_LIMIT;
    return grow(b, b->n + n);
}

int flt_buf_add(struct flt_buf *b, const void *p, size_t n)
{
    int rc = flt_buf_reserve(b, n);
    if (rc != FLT_OK)
        return rc;
    if (n != 0)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    return FLT_OK;
}

int flt_buf_add_str(struct flt_buf *b, struct flt_str s)
{
    return flt_buf_add(b, s.p, s.n);
}

int flt_buf_printf(struct flt_buf *b, const char *fmt, ...)
{
    char small[256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof(small), fmt, ap);
    va_end(ap);
    if (n < 0)
        return FLT_E_ENCODING;
    if ((size_t)n < sizeof(small)) {
        int rc = flt_buf_add(b, small, (size_t)n);
        flt_wipe(small, (size_t)n);
        return rc;
    }
    flt_wipe(small, sizeof(small));
    if ((size_t)n > b->max - b->n)
        return FLT_E_LIMIT;
    char *big = malloc((size_t)n + 1); /* vsnprintf wants room for a NUL that the maximum may not have */
    if (big == NULL)
        return FLT_E_NOMEM;
    va_start(ap, fmt);
    vsnprintf(big, (size_t)n + 1, fmt, ap);
    va_end(ap);
    int rc = flt_buf_add(b, big, (size_t)n);
    flt_wipe(big, (size_t)n);
    free(big);
    return rc;
}

void flt_buf_consume(struct flt_buf *b, size_t n)
{
    if (n == 0)
        return;
    size_t rest = b->n - n;
    memmove(b->p, b->p + n, rest);
    flt_wipe(b->p + rest, n);
    b->n = rest;
}

void flt_buf_clear(struct flt_buf *b)
{
    flt_wipe(b->p, b->n);
    b->n = 0;
}

void flt_buf_free(struct flt_buf *b)
{
    flt_buf_clear(b);
    free(b->p);
    b->p = NULL;
    b->cap = 0;
}
