/*
 * sse.c: cuts text/event-stream into frames. The state between feeds is the unfinished frame and where its last line
 * begins, never how the bytes came, so every way of feeding gives the same frames.
 */
#include "flt/sse.h"

#include <stdlib.h>

#define FRAME_LEAST 1024u
#define FRAME_MOST  (64u << 20)
#define KEEP_MOST   16384u /* a bigger buffer is given back once its frame has left */

struct flt_sse {
    struct flt_buf buf; /* the frame so far */
    struct flt_sse_line *line;
    uint32_t n, cap, max_lines;
    uint32_t n_data;
    uint32_t line_at; /* where the line being read begins in buf */
    bool after_cr;    /* the last byte was a CR that ended a line: a LF now belongs to it */
    bool first_line;  /* of the stream: a BOM may stand before it */
    int status;       /* failures are final */
};

struct flt_sse *flt_sse_new(size_t max_frame, uint32_t max_lines)
{
    struct flt_sse *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    max_frame = max_frame < FRAME_LEAST ? FRAME_LEAST : max_frame;
    flt_buf_init(&s->buf, max_frame > FRAME_MOST ? FRAME_MOST : max_frame);
    s->max_lines = max_lines != 0 ? max_lines : 1;
    s->first_line = true;
    return s;
}

static uint8_t field_of(struct flt_str name)
{
    if (flt_str_is(name, "data"))
        return FLT_SSE_DATA;
    if (flt_str_is(name, "event"))
        return FLT_SSE_EVENT;
    if (flt_str_is(name, "id"))
        return FLT_SSE_ID;
    if (flt_str_is(name, "retry"))
        return FLT_SSE_RETRY;
    return FLT_SSE_UNKNOWN;
}

/* A line without a colon is a field name with an empty value; one that begins with a colon is a comment. */
static struct flt_sse_line parse_line(const struct flt_sse *s, uint32_t off, uint32_t len)
{
    const char *p = s->buf.p + off;
    const char *colon = memchr(p, ':', len);
    uint32_t name = colon != NULL ? (uint32_t)(colon - p) : len;
    uint32_t value = colon != NULL ? name + 1 : len;
    if (value < len && p[value] == ' ')
        value++;
    return (struct flt_sse_line){
        .off = off,
        .len = len,
        .value = off + value,
        .vlen = len - value,
        .field = colon == p ? (uint8_t)FLT_SSE_COMMENT : field_of((struct flt_str){p, name}),
    };
}

static int add_line(struct flt_sse *s, uint32_t off, uint32_t len)
{
    if (s->n >= s->max_lines)
        return FLT_E_LIMIT;
    if (s->n == s->cap) {
        uint32_t cap = s->cap > s->max_lines / 2 ? s->max_lines : s->cap * 2;
        cap = cap != 0 ? cap : 4;
        cap = cap < s->max_lines ? cap : s->max_lines;
        struct flt_sse_line *line = realloc(s->line, (size_t)cap * sizeof(*line));
        if (line == NULL)
            return FLT_E_NOMEM;
        s->line = line;
        s->cap = cap;
    }
    s->line[s->n] = parse_line(s, off, len);
    s->n_data += s->line[s->n].field == FLT_SSE_DATA;
    s->n++;
    return FLT_OK;
}

/* Hands the frame over and starts the next one. */
static int emit(struct flt_sse *s, flt_sse_fn on_frame, void *arg)
{
    struct flt_sse_frame f = {.bytes = flt_buf_str(&s->buf), .line = s->line, .n = s->n, .n_data = s->n_data};
    int rc = on_frame(arg, &f);
    s->n = 0;
    s->n_data = 0;
    s->line_at = 0;
    if (s->buf.cap > KEEP_MOST)
        flt_buf_free(&s->buf);
    else
        flt_buf_clear(&s->buf);
    return rc;
}

/* The line that began at line_at has just got its terminator, the last byte of buf. */
static int end_line(struct flt_sse *s, flt_sse_fn on_frame, void *arg)
{
    uint32_t off = s->line_at, len = (uint32_t)s->buf.n - 1 - off;
    if (s->first_line && len >= 3 && memcmp(s->buf.p + off, "\xEF\xBB\xBF", 3) == 0) {
        off += 3;
        len -= 3;
    }
    s->first_line = false;
    s->line_at = (uint32_t)s->buf.n;
    return len == 0 ? emit(s, on_frame, arg) : add_line(s, off, len);
}

/* Where the first CR or LF is, or n. Windows that double keep the two searches linear in the line's length. */
static size_t line_end(const char *p, size_t n)
{
    size_t at = 0;
    for (size_t window = 32; at < n; at += window, window *= 2) {
        if (window > n - at)
            window = n - at;
        const char *lf = memchr(p + at, '\n', window);
        size_t most = lf != NULL ? (size_t)(lf - p) - at : window;
        const char *cr = memchr(p + at, '\r', most);
        if (cr != NULL)
            return (size_t)(cr - p);
        if (lf != NULL)
            return at + most;
    }
    return n;
}

/* Takes bytes up to the end of a line at most; *used says how many. */
static int take(struct flt_sse *s, const char *p, size_t n, size_t *used, flt_sse_fn on_frame, void *arg)
{
    if (s->after_cr) {
        s->after_cr = false;
        if (p[0] == '\n') {
            *used = 1;
            int rc = flt_buf_add(&s->buf, p, 1);
            s->line_at = (uint32_t)s->buf.n;
            return rc;
        }
    }
    size_t k = line_end(p, n);
    bool ended = k < n;
    *used = k + ended;
    int rc = flt_buf_add(&s->buf, p, *used);
    if (rc != FLT_OK || !ended)
        return rc;
    s->after_cr = p[k] == '\r';
    return end_line(s, on_frame, arg);
}

int flt_sse_feed(struct flt_sse *s, const char *p, size_t n, flt_sse_fn on_frame, void *arg)
{
    while (n != 0 && s->status == FLT_OK) {
        size_t used;
        s->status = take(s, p, n, &used, on_frame, arg);
        p += used;
        n -= used;
    }
    return s->status;
}

struct flt_str flt_sse_tail(const struct flt_sse *s)
{
    return flt_buf_str(&s->buf);
}

size_t flt_sse_memory(const struct flt_sse *s)
{
    return sizeof(*s) + s->buf.cap + (size_t)s->cap * sizeof(*s->line);
}

void flt_sse_free(struct flt_sse *s)
{
    if (s == NULL)
        return;
    flt_buf_free(&s->buf);
    free(s->line);
    free(s);
}
