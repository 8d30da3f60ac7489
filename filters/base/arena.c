/*
 * arena.c: bump allocator of one lifetime. The block being filled is kept in two bare pointers, so that an allocation
 * is an addition and a comparison; everything else happens once a block.
 */
#include "flt/base.h"

#include <stdio.h>
#include <stdlib.h>

#define ALIGNMENT   16u
#define BLOCK_FIRST 4096u
#define BLOCK_MOST  (1u << 20) /* geometric growth ends here */
#define BLOCK_KEEP  (64u << 10)

struct block {
    struct block *prev;
    size_t size; /* bytes with this head */
    size_t used; /* bytes of data handed out; of the open block only once it is closed */
    _Alignas(ALIGNMENT) char data[];
};

struct flt_arena {
    char *at, *end;     /* free part of the open block; both NULL without one */
    struct block *open; /* the newest block, or NULL */
    size_t held, max;
    size_t closed_used; /* bytes handed out of all blocks but the open one */
    size_t next_size;
};

struct flt_arena *flt_arena_new(size_t max_bytes)
{
    struct flt_arena *a = calloc(1, sizeof(*a));
    if (a == NULL)
        return NULL;
    a->max = max_bytes < BLOCK_FIRST ? BLOCK_FIRST : max_bytes;
    if (a->max > SIZE_MAX / 2)
        a->max = SIZE_MAX / 2;
    a->next_size = BLOCK_FIRST;
    return a;
}

static size_t open_used(const struct flt_arena *a)
{
    return a->open != NULL ? (size_t)(a->at - a->open->data) : 0;
}

static struct block *new_block(struct flt_arena *a, size_t size)
{
    if (size > a->max - a->held)
        return NULL;
    struct block *b = malloc(size);
    if (b == NULL)
        return NULL;
    b->prev = NULL;
    b->size = size;
    b->used = 0;
    a->held += size;
    return b;
}

static void *alloc_alone(struct flt_arena *a, size_t n)
{
    struct block *b = new_block(a, sizeof(*b) + n);
    if (b == NULL)
        return NULL;
    b->used = n;
    a->closed_used += n;
    b->prev = a->open->prev;
    a->open->prev = b;
    return b->data;
}

/* n is a multiple of the alignment and below SIZE_MAX/2. */
static void *alloc_slow(struct flt_arena *a, size_t n)
{
    size_t least = sizeof(struct block) + n;
    /* A big piece gets a block of its own behind the open one, whose rest stays usable. */
    if (a->open != NULL && least > a->next_size)
        return alloc_alone(a, n);
    size_t size = least > a->next_size ? least : a->next_size;
    if (size > a->max - a->held)
        size = least; /* near the maximum: only what is needed */
    struct block *b = new_block(a, size);
    if (b == NULL)
        return NULL;
    if (a->open != NULL) {
        a->open->used = open_used(a);
        a->closed_used += a->open->used;
    }
    b->prev = a->open;
    a->open = b;
    a->at = b->data + n;
    a->end = (char *)b + size;
    if (a->next_size < BLOCK_MOST)
        a->next_size *= 2;
    return b->data;
}

void *flt_arena_alloc(struct flt_arena *a, size_t n)
{
    if (n > SIZE_MAX / 2 - sizeof(struct block) - ALIGNMENT)
        return NULL;
    n = n == 0 ? ALIGNMENT : (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (n > (size_t)(a->end - a->at))
        return alloc_slow(a, n);
    char *p = a->at;
    a->at += n;
    return p;
}

void *flt_arena_calloc(struct flt_arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        return NULL;
    void *p = flt_arena_alloc(a, n);
    if (p != NULL)
        memset(p, 0, n);
    return p;
}

char *flt_arena_dup(struct flt_arena *a, const char *p, size_t n)
{
    char *copy = n < SIZE_MAX ? flt_arena_alloc(a, n + 1) : NULL;
    if (copy == NULL)
        return NULL;
    if (n != 0)
        memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

struct flt_str flt_arena_str(struct flt_arena *a, struct flt_str s, bool *ok)
{
    const char *p = flt_arena_dup(a, s.p, s.n);
    if (ok != NULL)
        *ok = p != NULL;
    return (struct flt_str){p, p != NULL ? s.n : 0};
}

char *flt_arena_printf(struct flt_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return NULL;
    char *p = flt_arena_alloc(a, (size_t)n + 1);
    if (p == NULL)
        return NULL;
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

size_t flt_arena_used(const struct flt_arena *a)
{
    return a->closed_used + open_used(a);
}

size_t flt_arena_held(const struct flt_arena *a)
{
    return a->held;
}

void flt_arena_reset(struct flt_arena *a)
{
    struct block *keep = NULL;
    if (a->open != NULL)
        a->open->used = open_used(a);
    for (struct block *b = a->open, *prev; b != NULL; b = prev) {
        prev = b->prev;
        flt_wipe(b->data, b->used);
        if (b->size <= BLOCK_KEEP && (keep == NULL || b->size > keep->size)) {
            struct block *smaller = keep;
            keep = b;
            b = smaller;
        }
        if (b != NULL) {
            a->held -= b->size;
            free(b);
        }
    }
    a->open = keep;
    a->at = keep != NULL ? keep->data : NULL;
    a->end = keep != NULL ? (char *)keep + keep->size : NULL;
    if (keep != NULL)
        keep->prev = NULL;
    a->closed_used = 0;
    a->next_size = BLOCK_FIRST;
}

void flt_arena_free(struct flt_arena *a)
{
    if (a == NULL)
        return;
    flt_arena_reset(a);
    free(a->open);
    free(a);
}
