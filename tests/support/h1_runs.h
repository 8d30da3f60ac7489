/*
 * h1_runs.h: an HTTP/1 message read in every way of cutting it in two and byte by byte, with the same result each time.
 */
#ifndef TEST_H1_RUNS_H
#define TEST_H1_RUNS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/h1.h"

struct seen {
    struct px_h1 *p;
    unsigned heads, completes, bodies;
    int stop_at; /* 1 = on_head, 2 = on_body */
    char head[20000];
    size_t head_n;
    char body[4096];
    size_t body_n;
};

static inline void note(struct seen *s, const char *text, size_t n)
{
    assert_true(s->head_n + n < sizeof(s->head));
    if (n > 0)
        memcpy(s->head + s->head_n, text, n);
    s->head_n += n;
}

/* Everything the head says, as text: two heads are the same when these are. */
static inline int on_head(void *arg, const struct px_h1_head *h)
{
    struct seen *s = arg;
    char line[256];
    s->heads++;
    note(s, h->method.p, h->method.n);
    note(s, " ", 1);
    note(s, h->target.p, h->target.n);
    note(s, " ", 1);
    note(s, h->host.p, h->host.n);
    int n = snprintf(line, sizeof(line), " %d expect=%d http10=%d keep=%d body=%d length=%llu\n", h->status,
                     h->expect_continue, h->http10, h->keep_alive, (int)h->body, (unsigned long long)h->length);
    note(s, line, (size_t)n);
    for (unsigned i = 0; i < h->n; i++) {
        note(s, h->v[i].name.p, h->v[i].name.n);
        note(s, "=", 1);
        note(s, h->v[i].value.p, h->v[i].value.n);
        note(s, ";", 1);
    }
    return s->stop_at == 1;
}

static inline int on_body(void *arg, const char *p, size_t n)
{
    struct seen *s = arg;
    assert_true(s->body_n + n <= sizeof(s->body));
    memcpy(s->body + s->body_n, p, n);
    s->body_n += n;
    s->bodies++;
    return s->stop_at == 2;
}

static inline int on_complete(void *arg)
{
    struct seen *s = arg;
    s->completes++;
    return 0;
}

static const struct px_h1_cb cb = {on_head, on_body, on_complete};

struct result {
    struct seen seen;
    int status; /* 0 = no error */
    size_t used;
    bool eof_ok;
};

/* Feeds text in pieces that end at cut and then have the given size; goes on over messages as a server would. */
static inline void run(struct result *r, enum px_h1_kind kind, const char *text, size_t n, size_t cut, size_t piece)
{
    struct px_h1 *p = px_h1_new(kind, NULL, &cb, &r->seen);
    size_t at = 0;
    assert_non_null(p);
    memset(r, 0, sizeof(*r));
    while (at < n && px_h1_failed(p) == NULL) {
        size_t end = at < cut ? cut : (n - at < piece ? n : at + piece);
        unsigned before = r->seen.completes;
        size_t used = px_h1_feed(p, text + at, end - at);
        at += used;
        if (r->seen.completes > before && at < n)
            px_h1_next(p, false);
        else if (px_h1_failed(p) == NULL)
            assert_true(used == end - (at - used));
    }
    r->used = at;
    if (px_h1_failed(p) != NULL)
        r->status = px_h1_failed(p)->status;
    r->eof_ok = px_h1_eof(p);
    px_h1_free(p);
}

static struct result one, other;

static inline void same_result(const char *text, size_t cut)
{
    if (one.status != other.status || one.eof_ok != other.eof_ok || one.seen.heads != other.seen.heads ||
        one.seen.completes != other.seen.completes || one.seen.head_n != other.seen.head_n ||
        memcmp(one.seen.head, other.seen.head, one.seen.head_n) != 0 || one.seen.body_n != other.seen.body_n ||
        memcmp(one.seen.body, other.seen.body, one.seen.body_n) != 0)
        fail_msg("cut at %zu changes the result (%d, %d) of:\n%s", cut, one.status, other.status, text);
}

/* In one piece, byte by byte, and cut in two at every place: always the same. Leaves the result in one. */
static inline void run_all_ways(enum px_h1_kind kind, const char *text, size_t n)
{
    run(&one, kind, text, n, n, n);
    run(&other, kind, text, n, 0, 1);
    same_result(text, 1);
    for (size_t cut = 1; cut < n; cut++) {
        run(&other, kind, text, n, cut, n);
        same_result(text, cut);
    }
}

#define H "Host: h\r\n"

#define P "POST / HTTP/1.1\r\n" H
#define C P "Transfer-Encoding: chunked\r\n\r\n"

struct row {
    const char *text;
    int status; /* required; 4005 = 400 or 501 */
    size_t n;   /* 0 = strlen */
};

static inline void check_rows(enum px_h1_kind kind, const struct row *rows, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++) {
        const struct row *r = &rows[i];
        run_all_ways(kind, r->text, r->n != 0 ? r->n : strlen(r->text));
        bool ok = r->status == 4005 ? one.status == 400 || one.status == 501 : one.status == r->status;
        if (!ok)
            fail_msg("row %zu: got %d, required %d:\n%s", i, one.status, r->status, r->text);
        if (one.status != 0)
            assert_int_equal(one.seen.completes, 0);
        else if (!one.eof_ok)
            fail_msg("row %zu: incomplete:\n%s", i, r->text);
    }
}

#endif
