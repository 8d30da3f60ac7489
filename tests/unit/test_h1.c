/*
 * HTTP/1.1 messages: the table of required framing verdicts row by row, each in every way of cutting it in two and byte
 * by byte; what accepted messages mean; limits; responses; writing.
 */
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

static void note(struct seen *s, const char *text, size_t n)
{
    assert_true(s->head_n + n < sizeof(s->head));
    if (n > 0)
        memcpy(s->head + s->head_n, text, n);
    s->head_n += n;
}

/* Everything the head says, as text: two heads are the same when these are. */
static int on_head(void *arg, const struct px_h1_head *h)
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

static int on_body(void *arg, const char *p, size_t n)
{
    struct seen *s = arg;
    assert_true(s->body_n + n <= sizeof(s->body));
    memcpy(s->body + s->body_n, p, n);
    s->body_n += n;
    s->bodies++;
    return s->stop_at == 2;
}

static int on_complete(void *arg)
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
static void run(struct result *r, enum px_h1_kind kind, const char *text, size_t n, size_t cut, size_t piece)
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

static void same_result(const char *text, size_t cut)
{
    if (one.status != other.status || one.eof_ok != other.eof_ok || one.seen.heads != other.seen.heads ||
        one.seen.completes != other.seen.completes || one.seen.head_n != other.seen.head_n ||
        memcmp(one.seen.head, other.seen.head, one.seen.head_n) != 0 || one.seen.body_n != other.seen.body_n ||
        memcmp(one.seen.body, other.seen.body, one.seen.body_n) != 0)
        fail_msg("cut at %zu changes the result (%d, %d) of:\n%s", cut, one.status, other.status, text);
}

/* In one piece, byte by byte, and cut in two at every place: always the same. Leaves the result in one. */
static void run_all_ways(enum px_h1_kind kind, const char *text, size_t n)
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

struct row {
    const char *text;
    int status; /* required; 4005 = 400 or 501 */
    size_t n;   /* 0 = strlen */
};

static void check_rows(enum px_h1_kind kind, const struct row *rows, size_t n_rows)
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

static void host_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET / HTTP/1.1\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H H "\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "host: other\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a/#@b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: u@b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: [x]\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", 0, 0},
        {"GET / HTTP/1.1\r\nHost: a_b.c-d:80\r\n\r\n", 0, 0},
        {"GET / HTTP/1.0\r\n\r\n", 0, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

#define P "POST / HTTP/1.1\r\n" H

static void length_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {P "Content-Length: 3\r\n\r\nabc", 0, 0},
        {P "Content-Length:3\r\n\r\nabc", 0, 0},
        {P "Content-Length:   3\r\n\r\nabc", 0, 0},
        {P "Content-Length: 0\r\n\r\n", 0, 0},
        {P "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, 0},
        {P "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, 0},
        {P "Content-Length: 3, 3\r\n\r\nabc", 400, 0},
        {P "Content-Length: +3\r\n\r\nabc", 400, 0},
        {P "Content-Length: -3\r\n\r\nabc", 400, 0},
        {P "Content-Length: 0x3\r\n\r\nabc", 400, 0},
        {P "Content-Length: 3abc\r\n\r\nabc", 400, 0},
        {P "Content-Length:\r\n\r\nabc", 400, 0},
        {P "Content-Length: 3 \r\n\r\nabc", 400, 0},
        {P "Content-Length:\t3\r\n\r\nabc", 400, 0},
        {P "Content-Length: 03\r\n\r\nabc", 400, 0},
        {P "Content-Length: 18446744073709551619\r\n\r\nabc", 400, 0},
        {P "Content-Length: 9999999999999999999\r\n\r\nabc", 400, 0},
        {P "Content-Length : 3\r\n\r\nabc", 400, 0},
        {P "Content_Length: 3\r\n\r\nabc", 400, 0},
        {P " Content-Length: 3\r\n\r\nabc", 400, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void coding_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {P "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0, 0},
        {P "transfer-encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0, 0},
        {P "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 501, 0},
        {P "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: \x0b" "chunked\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: identity\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding:\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer_Encoding: chunked\r\n\r\n", 400, 0},
        {"POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

#define C P "Transfer-Encoding: chunked\r\n\r\n"

static void chunk_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {C "0\r\n\r\n", 0, 0},
        {C "000\r\n\r\n", 0, 0},
        {C "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", 0, 0},
        {C "0000000000000003\r\nabc\r\n0\r\n\r\n", 0, 0},
        {C "0x3\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "+3\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "-3\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C " 3\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3 \r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3\t\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "10000000000000003\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "8000000000000000\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "000000000000000000003\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "\r\n3\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3;a=b\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3;\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "0;a\r\n\r\n", 400, 0},
        {C "3\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3;a=b\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3\r\nabc\n0\r\n\r\n", 400, 0},
        {C "3\r\nabc\r0\r\n\r\n", 400, 0},
        {C "3\r\nabcXX0\r\n\r\n", 400, 0},
        {C "3\r\nabcd\r\n0\r\n\r\n", 400, 0},
        {C "3\r\rabc\r\n0\r\n\r\n", 400, 0},
        {C "0\r\n\n", 400, 0},
        {C "0\n\n", 400, 0},
        {C "g\r\n\r\n", 400, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void trailer_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {C "0\r\nX-Checksum: 1\r\n\r\n", 0, 0},
        {C "3\r\nabc\r\n0\r\nA: 1\r\nB: 2\r\n\r\n", 0, 0},
        {C "0\r\nContent-Length: 3\r\n\r\n", 400, 0},
        {C "0\r\nAuthorization: Bearer x\r\n\r\n", 400, 0},
        {C "0\r\nx-API-key: x\r\n\r\n", 400, 0},
        {C "0\r\nHost: x\r\n\r\n", 400, 0},
        {C "0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0},
        {C "0\r\nContent-Type: text/plain\r\n\r\n", 400, 0},
        {C "0\r\nno colon\r\n\r\n", 400, 0},
        {C "0\r\nA: 1\n\r\n", 400, 0},
        {C "0\r\nA: 1\r\n folded\r\n\r\n", 400, 0},
        {C "0\r\nA : 1\r\n\r\n", 400, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void line_rows(void **state)
{
    (void)state;
    static const char nul[] = "GET / HTTP/1.1\r\n" H "A: b\0c\r\n\r\n", nul_name[] = "GET / HTTP/1.1\r\n" H "A\0: b\r\n\r\n";
    static const struct row rows[] = {
        {"GET / HTTP/1.1\n" H "\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: h\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: b\r\r\n\r\n", 400, 0},
        {nul, 400, sizeof(nul) - 1},
        {nul_name, 400, sizeof(nul_name) - 1},
        {"GET / HTTP/1.1\r\n" H "A: \x7f\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: \x01\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A\x01: b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A B: c\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H ": b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "no colon\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n " H "\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "X_Tenant: a\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A(: b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: \t b c\t \r\nB:\r\nC: \xe4\r\n\r\n", 0, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void start_line_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET / HTTP/1.2\r\n" H "\r\n", 505, 0},
        {"GET / HTTP/2.0\r\n" H "\r\n", 505, 0},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, 0},
        {"GET /\r\n", 400, 0},
        {"GET / HTTP/0.9\r\n\r\n", 400, 0},
        {"GET / http/1.1\r\n" H "\r\n", 400, 0},
        {"GET / HTTP/1.1junk\r\n" H "\r\n", 400, 0},
        {"GET / HTTP/1.10\r\n" H "\r\n", 400, 0},
        {"GET / HTTP/1.1 \r\n" H "\r\n", 400, 0},
        {"GET / HTTP/1\r\n" H "\r\n", 400, 0},
        {"GET / HTTPS/1.1\r\n" H "\r\n", 400, 0},
        {"GET  / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /  HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET\t/ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /\tHTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /a b HTTP/1.1\r\n" H "\r\n", 400, 0},
        {" GET / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"\r\nGET / HTTP/1.1\r\n" H "\r\n", 0, 0},
        {"\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"\nGET / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"\rGET / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET http://other/ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET http://h@other/ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET http://h:80/ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET http:/// HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET ftp://h/ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET http://h/x HTTP/1.1\r\n" H "\r\n", 0, 0},
        {"GET h:443 HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET * HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"OPTIONS * HTTP/1.1\r\n" H "\r\n", 0, 0},
        {"GET /a#b HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /\x80 HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /\\ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /\x7f HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"G@T / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"BREW / HTTP/1.1\r\n" H "\r\n", 501, 0},
        {"get / HTTP/1.1\r\n" H "\r\n", 501, 0},
        {"CONNECT h:443 HTTP/1.1\r\n" H "\r\n", 0, 0},
        {"CONNECT /x HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"CONNECT u@h:443 HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"TRACE / HTTP/1.1\r\n" H "\r\n", 0, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void option_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", 0, 0},
        {"GET / HTTP/1.1\r\n" H "Connection: Keep-Alive\r\n\r\n", 0, 0},
        {"GET / HTTP/1.1\r\n" H "Connection: x-tenant\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "Connection: close, authorization\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "Connection: close,,\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "Connection: a b\r\n\r\n", 400, 0},
        {P "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 0, 0},
        {P "Expect: y 100-continue\r\nContent-Length: 3\r\n\r\nabc", 417, 0},
        {P "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 417, 0},
        {P "Expect:\r\nContent-Length: 3\r\n\r\nabc", 417, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void says(const char *words)
{
    one.seen.head[one.seen.head_n] = '\0';
    if (strstr(one.seen.head, words) == NULL)
        fail_msg("head has no \"%s\":\n%s", words, one.seen.head);
}

static void request(const char *text)
{
    run_all_ways(PX_H1_REQUEST, text, strlen(text));
    if (one.status != 0)
        fail_msg("refused with %d:\n%s", one.status, text);
}

static void heads_say_what_was_sent(void **state)
{
    (void)state;
    request("GET /v1/models?a=b%20c HTTP/1.1\r\nHost: Example.com:8443\r\nX-A:  one\t\r\nx-a:two\r\nEmpty:\r\n\r\n");
    says("GET /v1/models?a=b%20c Example.com:8443 0 expect=0 http10=0 keep=1 body=0 length=0\n");
    says("Host=Example.com:8443;X-A=one;x-a=two;Empty=;");
    request("GET http://EXAMPLE.com/p?q HTTP/1.1\r\nHost: example.com\r\n\r\n");
    says("GET /p?q EXAMPLE.com");
    request("GET http://h HTTP/1.1\r\n" H "\r\n");
    says("GET / h");
    request("GET / HTTP/1.0\r\n\r\n");
    says("http10=1 keep=0");
    request("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    says("http10=1 keep=1");
    request("GET / HTTP/1.1\r\n" H "Connection: keep-alive, Close\r\n\r\n");
    says("keep=0");
    request(P "Expect: 100-Continue\r\nContent-Length: 3\r\n\r\nabc");
    says("expect=1");
    request("GET / HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n");
    says("expect=0"); /* there is nothing to wait for */
}

static void bodies_come_without_their_framing(void **state)
{
    (void)state;
    request(P "Content-Length: 11\r\n\r\nhello world");
    says("body=1 length=11");
    assert_int_equal(one.seen.body_n, 11);
    assert_memory_equal(one.seen.body, "hello world", 11);
    request(C "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n");
    says("body=2");
    assert_int_equal(one.seen.body_n, 11);
    assert_memory_equal(one.seen.body, "hello world", 11);
    assert_int_equal(one.seen.heads, 1);
    one.seen.head[one.seen.head_n] = '\0';
    assert_null(strstr(one.seen.head, "X-Sum"));
}

static void pipelined_requests_stay_apart(void **state)
{
    (void)state;
    request("GET /1 HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: foo\r\n\r\n" P
            "Content-Length: 3\r\n\r\nabc" C "1\r\nd\r\n0\r\n\r\nGET /4 HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(one.seen.heads, 4);
    assert_int_equal(one.seen.completes, 4);
    assert_memory_equal(one.seen.body, "abcd", 4);
    request("CONNECT h:1 HTTP/1.1\r\n" H "\r\nGET /after HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(one.seen.completes, 2);
}

static void parsing_stops_where_it_is_told_to(void **state)
{
    (void)state;
    static const char text[] = P "Content-Length: 3\r\n\r\nabcGET";
    size_t head = strlen(P "Content-Length: 3\r\n\r\n");
    struct seen s = {.stop_at = 1};
    struct px_h1 *p = px_h1_new(PX_H1_REQUEST, NULL, &cb, &s);
    assert_true(px_h1_idle(p));
    assert_int_equal(px_h1_feed(p, text, sizeof(text) - 1), head);
    assert_int_equal(s.heads, 1);
    assert_false(px_h1_idle(p));
    s.stop_at = 2;
    assert_int_equal(px_h1_feed(p, text + head, sizeof(text) - 1 - head), 3);
    assert_int_equal(s.body_n, 3);
    assert_int_equal(s.completes, 0);
    assert_int_equal(px_h1_feed(p, text + head + 3, 3), 0); /* the end of the message, then nothing more */
    assert_int_equal(s.completes, 1);
    assert_int_equal(px_h1_feed(p, text + head + 3, 3), 0);
    assert_int_equal(s.completes, 1);
    px_h1_next(p, false);
    assert_true(px_h1_idle(p));
    assert_int_equal(px_h1_feed(p, text + head + 3, 3), 3);
    assert_false(px_h1_eof(p));
    assert_non_null(px_h1_failed(p));
    px_h1_free(p);
}

static int limited(const char *text, size_t n, struct px_h1_limits limits, size_t piece)
{
    struct seen *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    struct px_h1 *p = px_h1_new(PX_H1_REQUEST, &limits, &cb, s);
    for (size_t at = 0; at < n && px_h1_failed(p) == NULL && s->completes == 0;)
        at += px_h1_feed(p, text + at, n - at < piece ? n - at : piece);
    int status = px_h1_failed(p) != NULL ? px_h1_failed(p)->status : 0;
    if (status == 0)
        assert_int_equal(s->completes, 1);
    px_h1_free(p);
    free(s);
    return status;
}

static void check_limit(const char *text, size_t n, struct px_h1_limits limits, int status)
{
    static const size_t pieces[] = {1, 7, 1000, 100000};
    for (size_t i = 0; i < FLT_ARRAY_LEN(pieces); i++)
        assert_int_equal(limited(text, n, limits, pieces[i]), status);
}

static void limits_hold_to_the_byte(void **state)
{
    (void)state;
    const struct px_h1_limits limits = {16384, 8192, 100};
    static char text[40000];
    for (unsigned target = 8190; target <= 9300; target += target == 8194 ? 1106 : 1) {
        int n = snprintf(text, sizeof(text), "GET /%0*d HTTP/1.1\r\n" H "\r\n", (int)target - 1, 0);
        check_limit(text, (size_t)n, limits, target <= 8192 ? 0 : 414);
    }
    for (int total = 16383; total <= 16386; total++) {
        int fixed = (int)strlen("GET / HTTP/1.1\r\n" H "A: \r\n\r\n");
        int n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" H "A: %0*d\r\n\r\n", total - fixed, 0);
        assert_int_equal(n, total);
        check_limit(text, (size_t)n, limits, total <= 16384 ? 0 : 431);
    }
    for (int headers = 99; headers <= 102; headers++) {
        int n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" H);
        for (int i = 1; i < headers; i++)
            n += snprintf(text + n, sizeof(text) - (size_t)n, "A: %d\r\n", i);
        n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
        check_limit(text, (size_t)n, limits, headers <= 100 ? 0 : 431);
    }
    memset(text, 'A', sizeof(text)); /* no line end at all */
    check_limit(text, sizeof(text), limits, 414);
    int n = snprintf(text, sizeof(text), C "0\r\n");
    for (int i = 0; i < 101; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "T%d: x\r\n", i);
    n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
    check_limit(text, (size_t)n, limits, 431);
}

/* ---- responses ---- */

static void response_rows(void **state)
{
    (void)state;
    static const char nul[] = "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n";
    static const struct row rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, 0},
        {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 0, 0},
        {"HTTP/1.1 200 \r\nContent-Length: 3 \r\nConnection: keep-alive, x-other\r\nX_Y: z\r\n\r\nabc", 0, 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0, 0},
        {"HTTP/1.0 200 OK\r\n\r\nuntil the end", 0, 0},
        {"HTTP/1.1 200 OK\r\n\r\nuntil the end", 0, 0},
        {"HTTP/1.1 204 No Content\r\n\r\n", 0, 0},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", 0, 0},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 \r\n\r\n", 0, 0},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 502, 0},
        {"HTTP/1.1 2OO OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 99999 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 099 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 600 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1  200 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 20 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 200OK\r\n\r\n", 502, 0},
        {"HTTP/2.0 200 OK\r\n\r\n", 502, 0},
        {"http/1.1 200 OK\r\n\r\n", 502, 0},
        {"\r\nHTTP/1.1 200 OK\r\n\r\n", 502, 0},
        {"ICY 200 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 O\x01K\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 OK\n\n", 502, 0},
        {nul, 502, sizeof(nul) - 1},
        {"HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: x\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 502, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 502, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\nabc", 502, 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 502, 0},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSet-Cookie: a\r\n\r\n", 502, 0},
    };
    check_rows(PX_H1_RESPONSE, rows, FLT_ARRAY_LEN(rows));
}

static void truncated_messages_are_not_complete(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 100 Continue\r\n\r\nH",
    };
    for (size_t i = 0; i < FLT_ARRAY_LEN(texts); i++) {
        run_all_ways(PX_H1_RESPONSE, texts[i], strlen(texts[i]));
        assert_int_equal(one.status, 0);
        assert_int_equal(one.seen.completes, 0);
        assert_false(one.eof_ok);
    }
}

static void interim_responses_are_swallowed_up_to_a_limit(void **state)
{
    (void)state;
    char text[2000];
    for (int interim = 10; interim <= 11; interim++) {
        int n = 0;
        for (int i = 0; i < interim; i++)
            n += snprintf(text + n, sizeof(text) - (size_t)n, "HTTP/1.1 102 Processing\r\nX: %d\r\n\r\n", i);
        n += snprintf(text + n, sizeof(text) - (size_t)n, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        run_all_ways(PX_H1_RESPONSE, text, (size_t)n);
        assert_int_equal(one.status, interim == 10 ? 0 : 502);
        assert_int_equal(one.seen.heads, interim == 10 ? 1 : 0);
    }
}

static void an_answer_to_head_has_no_body(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct seen s = {0};
    struct px_h1 *p = px_h1_new(PX_H1_RESPONSE, NULL, &cb, &s);
    px_h1_next(p, true);
    size_t used = px_h1_feed(p, text, sizeof(text) - 1);
    assert_int_equal(s.completes, 1);
    assert_int_equal(s.body_n, 0);
    px_h1_next(p, false);
    assert_int_equal(px_h1_feed(p, text + used, sizeof(text) - 1 - used), sizeof(text) - 1 - used);
    assert_int_equal(s.completes, 2);
    assert_int_equal(s.body_n, 2);
    px_h1_free(p);
}

/* ---- writing ---- */

static void what_is_written_reads_back(void **state)
{
    (void)state;
    struct flt_buf b;
    flt_buf_init(&b, 4096);
    assert_int_equal(px_h1_write_request_line(&b, FLT_STR("POST"), FLT_STR("/v1/x?y")), FLT_OK);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("Host"), FLT_STR("up.example")), FLT_OK);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("Transfer-Encoding"), FLT_STR("chunked")), FLT_OK);
    assert_int_equal(px_h1_write_end(&b), FLT_OK);
    assert_int_equal(px_h1_write_chunk(&b, "0123456789abcdef!", 17), FLT_OK);
    assert_int_equal(px_h1_write_last_chunk(&b), FLT_OK);
    run_all_ways(PX_H1_REQUEST, b.p, b.n);
    assert_int_equal(one.status, 0);
    assert_int_equal(one.seen.completes, 1);
    assert_memory_equal(one.seen.body, "0123456789abcdef!", 17);
    says("POST /v1/x?y up.example");
    flt_buf_clear(&b);
    assert_int_equal(px_h1_write_status_line(&b, 429), FLT_OK);
    assert_int_equal(px_h1_write_header_u64(&b, "Content-Length", 2), FLT_OK);
    assert_int_equal(px_h1_write_end(&b), FLT_OK);
    assert_int_equal(flt_buf_add(&b, "no", 2), FLT_OK);
    assert_memory_equal(b.p, "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno", b.n);
    run_all_ways(PX_H1_RESPONSE, b.p, b.n);
    assert_int_equal(one.seen.completes, 1);
    flt_buf_free(&b);
}

static void nothing_can_be_smuggled_into_a_head(void **state)
{
    (void)state;
    struct flt_buf b;
    flt_buf_init(&b, 4096);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("A"), FLT_STR("b\r\nC: d")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("A"), FLT_STR("b\nc")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("A"), ((struct flt_str){"b\0c", 3})), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("A:"), FLT_STR("b")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_header(&b, FLT_STR(""), FLT_STR("b")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("A B"), FLT_STR("b")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_request_line(&b, FLT_STR("GET"), FLT_STR("/ HTTP/1.1\r\nX: y")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_request_line(&b, FLT_STR("GET /"), FLT_STR("/")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_request_line(&b, FLT_STR("GET"), FLT_STR("")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_status_line(&b, 99), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_status_line(&b, 600), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_chunk(&b, "", 0), FLT_E_SYNTAX);
    assert_int_equal(b.n, 0);
    flt_buf_init(&b, 8);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("Name"), FLT_STR("value")), FLT_E_LIMIT);
    assert_int_equal(b.n, 0); /* not half of it */
    flt_buf_free(&b);
}

static int on_lookup_head(void *arg, const struct px_h1_head *h)
{
    unsigned *checked = arg;
    assert_int_equal(px_h1_count(h, "x-a"), 2);
    assert_int_equal(px_h1_count(h, "x-b"), 0);
    assert_true(flt_str_is(*px_h1_get(h, "X-a"), "1"));
    assert_null(px_h1_get(h, "x-b"));
    ++*checked;
    return 0;
}

static int on_lookup_complete(void *arg)
{
    (void)arg;
    return 0;
}

static void headers_are_found_by_name(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.1\r\n" H "X-A: 1\r\nx-a: 2\r\n\r\n";
    static const struct px_h1_cb lookup = {.on_head = on_lookup_head, .on_complete = on_lookup_complete};
    unsigned checked = 0;
    struct px_h1 *p = px_h1_new(PX_H1_REQUEST, NULL, &lookup, &checked);
    assert_int_equal(px_h1_feed(p, text, sizeof(text) - 1), sizeof(text) - 1);
    assert_int_equal(checked, 1);
    px_h1_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_rows),
        cmocka_unit_test(length_rows),
        cmocka_unit_test(coding_rows),
        cmocka_unit_test(chunk_rows),
        cmocka_unit_test(trailer_rows),
        cmocka_unit_test(line_rows),
        cmocka_unit_test(start_line_rows),
        cmocka_unit_test(option_rows),
        cmocka_unit_test(heads_say_what_was_sent),
        cmocka_unit_test(bodies_come_without_their_framing),
        cmocka_unit_test(pipelined_requests_stay_apart),
        cmocka_unit_test(parsing_stops_where_it_is_told_to),
        cmocka_unit_test(limits_hold_to_the_byte),
        cmocka_unit_test(response_rows),
        cmocka_unit_test(truncated_messages_are_not_complete),
        cmocka_unit_test(interim_responses_are_swallowed_up_to_a_limit),
        cmocka_unit_test(an_answer_to_head_has_no_body),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(nothing_can_be_smuggled_into_a_head),
        cmocka_unit_test(headers_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
