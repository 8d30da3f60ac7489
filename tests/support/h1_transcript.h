/*
 * h1_transcript.h: one run of the HTTP/1 reader as text, and the accepted messages written anew, for the fuzzers.
 */
#ifndef TEST_H1_TRANSCRIPT_H
#define TEST_H1_TRANSCRIPT_H

#include <stdio.h>
#include <stdlib.h>

#include "net/h1.h"

struct transcript {
    enum px_h1_kind kind;
    struct px_h1 *p;
    struct flt_buf events;  /* everything the callbacks were told; body bytes without their cuts */
    struct flt_buf meaning; /* of the last message: method, target, status, headers that frame nothing, body */
    struct flt_buf body;
    struct flt_buf again; /* the last message, written anew */
    bool complete, again_ok;
    int status;
};

static inline void must(int rc)
{
    if (rc != FLT_OK)
        abort();
}

static inline bool frames(struct flt_str name)
{
    static const char *const names[] = {"host", "content-length", "transfer-encoding", "connection", "expect"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(names); i++)
        if (flt_str_ieq(name, flt_str_of(names[i])))
            return true;
    return false;
}

static inline int transcript_head(void *arg, const struct px_h1_head *h)
{
    struct transcript *t = arg;
    t->complete = false;
    flt_buf_clear(&t->meaning);
    flt_buf_clear(&t->body);
    flt_buf_clear(&t->again);
    must(flt_buf_printf(&t->meaning, "%.*s %.*s %d\n", FLT_STR_ARG(h->method), FLT_STR_ARG(h->target), h->status));
    if (t->kind == PX_H1_REQUEST) {
        must(px_h1_write_request_line(&t->again, h->method, h->target));
        must(px_h1_write_header(&t->again, FLT_STR("Host"), h->host.n > 0 ? h->host : FLT_STR("none")));
    } else {
        must(px_h1_write_status_line(&t->again, h->status));
    }
    for (unsigned i = 0; i < h->n; i++) {
        if (frames(h->v[i].name))
            continue;
        must(flt_buf_printf(&t->meaning, "%.*s=%.*s\n", FLT_STR_ARG(h->v[i].name), FLT_STR_ARG(h->v[i].value)));
        must(px_h1_write_header(&t->again, h->v[i].name, h->v[i].value));
    }
    must(flt_buf_printf(&t->events, "head %d %d %d %d %llu host=%.*s\n", h->expect_continue, h->http10, h->keep_alive,
                        (int)h->body, (unsigned long long)h->length, FLT_STR_ARG(h->host)));
    must(flt_buf_add_str(&t->events, flt_buf_str(&t->meaning)));
    return 0;
}

static inline int transcript_body(void *arg, const char *p, size_t n)
{
    struct transcript *t = arg;
    if (n == 0)
        abort();
    must(flt_buf_add(&t->body, p, n));
    must(flt_buf_add(&t->events, p, n));
    return 0;
}

static inline int transcript_complete(void *arg)
{
    struct transcript *t = arg;
    t->complete = true;
    must(flt_buf_printf(&t->events, "\ncomplete\n"));
    must(flt_buf_add_str(&t->meaning, flt_buf_str(&t->body)));
    must(px_h1_write_header_u64(&t->again, "Content-Length", t->body.n));
    must(px_h1_write_end(&t->again));
    must(flt_buf_add_str(&t->again, flt_buf_str(&t->body)));
    return 0;
}

static inline void transcript_free(struct transcript *t)
{
    flt_buf_free(&t->events);
    flt_buf_free(&t->meaning);
    flt_buf_free(&t->body);
    flt_buf_free(&t->again);
}

/* What is read; and, for what we wrote ourselves (a head may gain a length header and blanks), twice that. */
static const struct px_h1_limits transcript_limits = {64u * 1024u, 32u * 1024u, 200};
static const struct px_h1_limits transcript_roomy = {128u * 1024u, 64u * 1024u, 400};

/* Reads text in pieces of the given size, message after message, until an error, the end, or max messages. */
static inline void transcript_read(struct transcript *t, enum px_h1_kind kind, struct flt_str input, size_t piece,
                                   unsigned max, const struct px_h1_limits *limits)
{
    const char *text = input.p;
    size_t n = input.n;
    static const struct px_h1_cb cb = {transcript_head, transcript_body, transcript_complete};
    *t = (struct transcript){.kind = kind};
    flt_buf_init(&t->events, 1u << 26);
    flt_buf_init(&t->meaning, 1u << 24);
    flt_buf_init(&t->body, 1u << 24);
    flt_buf_init(&t->again, 1u << 24);
    t->p = px_h1_new(kind, limits, &cb, t);
    if (t->p == NULL)
        abort();
    size_t at = 0;
    unsigned messages = 0;
    while (at < n && px_h1_failed(t->p) == NULL && messages < max) {
        size_t want = n - at < piece ? n - at : piece;
        t->complete = false;
        size_t used = px_h1_feed(t->p, text + at, want);
        if (used > want)
            abort();
        at += used;
        if (t->complete) {
            messages++;
            if (messages < max && at < n)
                px_h1_next(t->p, false);
        } else if (used != want && px_h1_failed(t->p) == NULL) {
            abort(); /* neither consumed nor refused */
        }
    }
    const struct px_h1_error *e = px_h1_failed(t->p);
    t->status = e != NULL ? e->status : 0;
    bool eof = px_h1_eof(t->p);
    must(flt_buf_printf(&t->events, "status %d eof %d\n", t->status, eof));
    if (eof && !t->complete && t->again.n > 0 && t->kind == PX_H1_RESPONSE && !px_h1_idle(t->p))
        (void)transcript_complete(t); /* a body that ended with the connection */
    px_h1_free(t->p);
}

static inline void transcript_run(struct transcript *t, enum px_h1_kind kind, const char *text, size_t n, size_t piece,
                                  unsigned max)
{
    transcript_read(t, kind, (struct flt_str){text, n}, piece, max, &transcript_limits);
}

/* The two oracles: the cuts do not matter; the first message, written anew, reads back with the same meaning. */
static inline int transcript_check(enum px_h1_kind kind, const uint8_t *data, size_t n)
{
    struct transcript whole, cut;
    if (n < 1 || n > 1u << 20)
        return 0;
    const char *text = (const char *)data + 1;
    transcript_run(&whole, kind, text, n - 1, SIZE_MAX, 64);
    transcript_run(&cut, kind, text, n - 1, (size_t)data[0] % 37 + 1, 64);
    if (!flt_str_eq(flt_buf_str(&whole.events), flt_buf_str(&cut.events)))
        abort();
    transcript_free(&whole);
    transcript_free(&cut);
    transcript_run(&whole, kind, text, n - 1, SIZE_MAX, 1);
    if (whole.complete) {
        transcript_read(&cut, kind, flt_buf_str(&whole.again), SIZE_MAX, 1, &transcript_roomy);
        if (cut.status != 0 || !cut.complete)
            abort();
        if (!flt_str_eq(flt_buf_str(&whole.meaning), flt_buf_str(&cut.meaning)))
            abort();
        transcript_free(&cut);
    }
    transcript_free(&whole);
    return 0;
}

#endif
