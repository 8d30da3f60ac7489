/*
 * sse_oracle.h: a splitter over the whole input at once, written for clarity, to compare the incremental one with. Both
 * write what they see to a log, one line a frame. Shared by the unit tests and the fuzz target.
 */
#ifndef TESTS_SSE_ORACLE_H
#define TESTS_SSE_ORACLE_H

#include "flt/sse.h"

#include <stdio.h>
#include <stdlib.h>

struct sse_log {
    struct flt_buf seen;  /* the log */
    struct flt_buf bytes; /* all frames' bytes, one behind the other */
};

static inline void sse_must(int rc)
{
    if (rc != FLT_OK)
        abort();
}

static inline void sse_log_init(struct sse_log *l)
{
    flt_buf_init(&l->seen, 64u << 20);
    flt_buf_init(&l->bytes, 64u << 20);
}

static inline void sse_log_free(struct sse_log *l)
{
    flt_buf_free(&l->seen);
    flt_buf_free(&l->bytes);
}

static inline int sse_log_frame(void *arg, const struct flt_sse_frame *f)
{
    struct sse_log *l = arg;
    sse_must(flt_buf_printf(&l->seen, "frame %zu %u %u:", f->bytes.n, f->n, f->n_data));
    for (uint32_t i = 0; i < f->n; i++)
        sse_must(flt_buf_printf(&l->seen, " %u+%u=%u+%u/%u", f->line[i].off, f->line[i].len, f->line[i].value,
                                f->line[i].vlen, f->line[i].field));
    sse_must(flt_buf_add(&l->seen, "\n", 1));
    sse_must(flt_buf_add_str(&l->bytes, f->bytes));
    return 0;
}

/* Feeds in pieces whose sizes `next` chooses (0 counts as 1). Returns the status of the first feed that failed. */
static inline int sse_feed_in_pieces(struct flt_sse *s, struct flt_str in, size_t (*next)(void *), void *arg,
                                     struct sse_log *log)
{
    size_t at = 0;
    while (at < in.n) {
        size_t k = next(arg);
        k = k == 0 ? 1 : k;
        k = k < in.n - at ? k : in.n - at;
        char *piece = malloc(k); /* exact size: a sanitizer sees any read past the end */
        if (piece == NULL)
            abort();
        memcpy(piece, in.p + at, k);
        int rc = flt_sse_feed(s, piece, k, sse_log_frame, log);
        free(piece);
        if (rc != FLT_OK)
            return rc;
        at += k;
    }
    return FLT_OK;
}

static inline uint8_t sse_oracle_field(struct flt_str name)
{
    static const char *const known[] = {"data", "event", "id", "retry"};
    for (uint8_t i = 0; i < 4; i++) {
        if (flt_str_is(name, known[i]))
            return (uint8_t)(FLT_SSE_DATA + i);
    }
    return FLT_SSE_UNKNOWN;
}

/* The line [a,b) of in, with offsets counted from start. */
static inline struct flt_sse_line sse_oracle_line(struct flt_str in, size_t start, size_t a, size_t b)
{
    size_t colon = a;
    while (colon < b && in.p[colon] != ':')
        colon++;
    size_t value = colon < b ? colon + 1 : b;
    if (value < b && in.p[value] == ' ')
        value++;
    return (struct flt_sse_line){.off = (uint32_t)(a - start),
                                 .len = (uint32_t)(b - a),
                                 .value = (uint32_t)(value - start),
                                 .vlen = (uint32_t)(b - value),
                                 .field = colon == a ? (uint8_t)FLT_SSE_COMMENT
                                                     : sse_oracle_field((struct flt_str){in.p + a, colon - a})};
}

/* Logs the frames of in; returns where the tail begins. Lines beyond 1000 a frame are not supported. */
static inline size_t sse_oracle(struct flt_str in, struct sse_log *log)
{
    struct flt_sse_line line[1000];
    size_t start = 0, at = 0;
    struct flt_sse_frame f = {.line = line};
    while (at < in.n) {
        size_t b = at, a = at;
        while (b < in.n && in.p[b] != '\n' && in.p[b] != '\r')
            b++;
        if (b == in.n)
            break;
        if (at == 0 && b >= 3 && memcmp(in.p, "\xEF\xBB\xBF", 3) == 0)
            a = 3;
        at = b + 1;
        if (a == b) {
            f.bytes = (struct flt_str){in.p + start, at - start};
            sse_log_frame(log, &f);
            f.n = f.n_data = 0;
            start = at;
        } else if (f.n == 1000) {
            abort();
        } else {
            line[f.n] = sse_oracle_line(in, start, a, b);
            f.n_data += line[f.n++].field == FLT_SSE_DATA;
        }
        if (in.p[b] == '\r' && at < in.n && in.p[at] == '\n')
            at++; /* the rest of this line's end, even when it is the next frame's first byte */
    }
    return start;
}

#endif
