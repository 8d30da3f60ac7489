/*
 * h1.c: the reader of HTTP/1.1 messages. Each byte is judged by our own rules (h1_check.c) and then read by llhttp as
 * well; the two must agree about the method, the framing and every body byte, or the message is refused. The verdict
 * depends on the bytes only, not on how they were cut: each error belongs to one position in the stream.
 */
#include "net/h1_check.h"

#include <llhttp.h>

#define MAX_INTERIM 10u /* 1xx answers before the final one */
#define LINE_EXTRA  64u /* method, version and blanks beside the target */

enum state {
    S_HEAD,    /* start line and headers, or nothing yet */
    S_LENGTH,  /* body by Content-Length */
    S_CLOSE,   /* body until the peer closes */
    S_SIZE,    /* chunk size digits */
    S_SIZE_LF, /* after their CR */
    S_DATA,    /* chunk data */
    S_DATA_CR,
    S_DATA_LF,
    S_TRAILER,
    S_ENDING, /* complete, on_complete still to be called */
    S_DONE,
    S_FAILED
};

struct px_h1 {
    enum px_h1_kind kind;
    enum state state;
    struct px_h1_limits limits;
    const struct px_h1_cb *cb;
    void *arg;
    struct px_h1_error error;

    struct flt_buf buf; /* the head; in S_TRAILER buf holds it still, tail the trailer line */
    struct flt_buf tail;
    size_t line;    /* start of the current line in buf */
    unsigned lines; /* complete header lines */
    unsigned blank; /* bytes of a CRLF before the start line */
    unsigned interim;
    bool no_body, stopped;
    struct px_h1_head head;
    struct px_h1_header *headers;

    uint64_t left; /* of the body or chunk */
    unsigned digits, trailers;
    size_t trailer_bytes;

    llhttp_t second; /* the other reader */
    bool second_headers, second_done;
    uint64_t second_length;
    uint16_t second_flags;
    size_t second_body;
};

/* ---- the second reader ---- */

static int second_on_headers(llhttp_t *l)
{
    struct px_h1 *p = l->data;
    p->second_headers = true;
    p->second_length = l->content_length;
    p->second_flags = l->flags;
    l->upgrade = 0; /* we never switch protocols */
    return p->head.body == PX_H1_BODY_NONE ? 1 : 0;
}

static int second_on_body(llhttp_t *l, const char *at, size_t n)
{
    (void)at;
    struct px_h1 *p = l->data;
    p->second_body += n;
    return 0;
}

static int second_on_complete(llhttp_t *l)
{
    struct px_h1 *p = l->data;
    p->second_done = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t second_settings = {
    .on_headers_complete = second_on_headers, .on_body = second_on_body, .on_message_complete = second_on_complete};

static void fail(struct px_h1 *p, struct px_h1_error e)
{
    p->error = e;
    if (p->kind == PX_H1_RESPONSE)
        p->error.status = 502;
    p->state = S_FAILED;
}

static void refuse(struct px_h1 *p, int status, const char *what)
{
    fail(p, (struct px_h1_error){status, what});
}

/* Lets llhttp read n bytes too. It must see body bytes of them, and the end of the message if and only if done. */
static bool second_read(struct px_h1 *p, const char *data, size_t n, size_t body, bool done)
{
    p->second_body = 0;
    if (n == 0)
        return true;
    enum llhttp_errno rc = llhttp_execute(&p->second, data, n);
    if (rc == HPE_INVALID_METHOD)
        refuse(p, 501, "method is not implemented");
    else if ((rc != HPE_OK && rc != HPE_PAUSED) || p->second_body != body || p->second_done != done)
        refuse(p, 400, "ambiguous message");
    return p->state != S_FAILED;
}

/* ---- heads ---- */

static struct flt_str next_line(const struct flt_buf *b, size_t *at)
{
    const char *begin = b->p + *at;
    const char *lf = memchr(begin, '\n', b->n - *at);
    size_t n = (size_t)(lf - begin);
    *at += n + 1;
    return (struct flt_str){begin, n - 1}; /* lines were checked to end in CRLF */
}

/* Slices the checked head and judges it as a whole. */
static bool judge(struct px_h1 *p)
{
    struct px_h1_facts facts = {0};
    struct px_h1_error e;
    size_t at = 0;
    struct flt_str line = next_line(&p->buf, &at);
    p->head = (struct px_h1_head){0};
    if (p->lines > 0) {
        p->headers = calloc(p->lines, sizeof(*p->headers));
        if (p->headers == NULL) {
            refuse(p, 503, "out of memory");
            return false;
        }
    }
    e = p->kind == PX_H1_REQUEST ? px_h1_check_request_line(line, p->limits.max_target, &p->head)
                                 : px_h1_check_status_line(line, &p->head);
    for (unsigned i = 0; i < p->lines; i++) {
        struct flt_str raw;
        px_h1_split_header(next_line(&p->buf, &at), &p->headers[i], &raw);
        px_h1_note(&facts, &p->headers[i], raw);
    }
    p->head.v = p->headers;
    p->head.n = p->lines;
    if (e.what == NULL)
        e = p->kind == PX_H1_REQUEST ? px_h1_judge_request(&facts, &p->head)
                                     : px_h1_judge_response(&facts, &p->head, p->no_body);
    if (e.what != NULL)
        fail(p, e);
    return e.what == NULL;
}

static bool second_agrees(struct px_h1 *p)
{
    const struct px_h1_head *h = &p->head;
    bool done = h->body == PX_H1_BODY_NONE || (h->body == PX_H1_BODY_LENGTH && h->length == 0);
    llhttp_init(&p->second, p->kind == PX_H1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &second_settings);
    p->second.data = p;
    p->second_headers = p->second_done = false;
    if (!second_read(p, p->buf.p, p->buf.n, 0, done))
        return false;
    bool same = p->second_headers && p->second.http_major == 1 && p->second.http_minor == (h->http10 ? 0 : 1);
    if (p->kind == PX_H1_REQUEST)
        same = same && flt_str_is(h->method, llhttp_method_name((llhttp_method_t)p->second.method));
    else
        same = same && p->second.status_code == h->status;
    if (h->body == PX_H1_BODY_LENGTH)
        same = same && (p->second_flags & F_CONTENT_LENGTH) != 0 && p->second_length == h->length;
    if (h->body != PX_H1_BODY_NONE)
        same = same && ((p->second_flags & F_CHUNKED) != 0) == (h->body == PX_H1_BODY_CHUNKED);
    if (!same)
        refuse(p, 400, "ambiguous message");
    return same;
}

static void drop_head(struct px_h1 *p)
{
    flt_buf_free(&p->buf);
    flt_buf_free(&p->tail);
    free(p->headers);
    p->headers = NULL;
    p->head = (struct px_h1_head){0};
    p->line = 0;
    p->lines = 0;
    p->blank = 0;
}

/* An interim answer: nothing of it goes on. */
static void skip_interim(struct px_h1 *p)
{
    if (p->head.status == 101)
        refuse(p, 502, "unwanted protocol switch");
    else if (++p->interim > MAX_INTERIM)
        refuse(p, 502, "too many interim responses");
    else
        drop_head(p);
}

static void head_complete(struct px_h1 *p)
{
    static const enum state after[] = {[PX_H1_BODY_NONE] = S_ENDING,
                                       [PX_H1_BODY_LENGTH] = S_LENGTH,
                                       [PX_H1_BODY_CHUNKED] = S_SIZE,
                                       [PX_H1_BODY_CLOSE] = S_CLOSE};
    if (!judge(p) || !second_agrees(p))
        return;
    if (p->kind == PX_H1_RESPONSE && p->head.status < 200) {
        skip_interim(p);
        return;
    }
    p->left = p->head.length;
    p->state = p->head.body == PX_H1_BODY_LENGTH && p->left == 0 ? S_ENDING : after[p->head.body];
    p->digits = 0;
    if (p->cb->on_head(p->arg, &p->head) != 0)
        p->stopped = true;
}

/* A line of the head has been completed: buf ends with its LF. */
static void line_complete(struct px_h1 *p)
{
    struct flt_str line = {p->buf.p + p->line, p->buf.n - p->line - 1};
    bool first = p->line == 0;
    struct px_h1_error e = {0, NULL};
    if (line.n == 0 || line.p[line.n - 1] != '\r') {
        refuse(p, 400, "bare LF");
        return;
    }
    line.n--;
    p->line = p->buf.n;
    if (first && p->kind == PX_H1_REQUEST) {
        e = px_h1_check_request_line(line, p->limits.max_target, &p->head);
    } else if (first) {
        e = px_h1_check_status_line(line, &p->head);
    } else if (line.n == 0) {
        head_complete(p);
    } else {
        e = px_h1_check_header_line(line, p->kind);
        if (e.what == NULL && ++p->lines > p->limits.max_headers)
            e = (struct px_h1_error){431, "too many headers"};
    }
    if (e.what != NULL)
        fail(p, e);
}

/* One CRLF before a request is a leftover of old clients (RFC 9112 section 2.2). More are refused. */
static size_t skip_blank(struct px_h1 *p, char c)
{
    if (p->kind == PX_H1_RESPONSE || p->buf.n > 0)
        return 0;
    if (p->blank == 0 && c == '\r') {
        p->blank = 1;
        return 1;
    }
    if (p->blank != 1)
        return 0;
    if (c != '\n') {
        refuse(p, 400, "bare CR");
        return 0;
    }
    p->blank = 2;
    return 1;
}

static size_t feed_head(struct px_h1 *p, const char *data, size_t n)
{
    size_t blank = skip_blank(p, data[0]);
    if (blank > 0 || p->state == S_FAILED)
        return blank;
    const char *lf = memchr(data, '\n', n);
    size_t take = lf != NULL ? (size_t)(lf - data) + 1 : n;
    bool first = p->line == 0;
    size_t max = p->limits.max_head;
    if (first && p->kind == PX_H1_REQUEST && p->limits.max_target + LINE_EXTRA < max)
        max = p->limits.max_target + LINE_EXTRA;
    if (take > max - p->buf.n) {
        refuse(p, first ? 414 : 431, "head is too large");
        return 0;
    }
    if (p->buf.cap == 0) { /* mostly all of the head is here: one allocation */
        const char *end = memmem(data, n, "\r\n\r\n", 4);
        size_t whole = end != NULL ? (size_t)(end - data) + 4 : n;
        if (whole > p->limits.max_head)
            whole = p->limits.max_head;
        if (flt_buf_reserve(&p->buf, whole) != FLT_OK) {
            refuse(p, 503, "out of memory");
            return 0;
        }
    }
    if (flt_buf_add(&p->buf, data, take) != FLT_OK) {
        refuse(p, 503, "out of memory");
        return 0;
    }
    if (lf != NULL)
        line_complete(p);
    return take;
}

/* ---- bodies ---- */

static bool give_body(struct px_h1 *p, const char *data, size_t n)
{
    if (n > 0 && p->cb->on_body(p->arg, data, n) != 0)
        p->stopped = true;
    return !p->stopped;
}

static size_t feed_length(struct px_h1 *p, const char *data, size_t n)
{
    size_t take = n < p->left ? n : (size_t)p->left;
    if (!second_read(p, data, take, take, take == p->left))
        return 0;
    p->left -= take;
    if (p->left == 0)
        p->state = S_ENDING;
    give_body(p, data, take);
    return take;
}

static size_t feed_close(struct px_h1 *p, const char *data, size_t n)
{
    if (!second_read(p, data, n, n, false))
        return 0;
    give_body(p, data, n);
    return n;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void size_byte(struct px_h1 *p, char c)
{
    int v = hex_value(c);
    if (p->digits == 0)
        p->left = 0;
    if (v >= 0 && ++p->digits <= 16)
        p->left = p->left << 4 | (uint64_t)v;
    else if (c == '\r' && p->digits > 0)
        p->state = S_SIZE_LF;
    else
        refuse(p, 400, "malformed chunk size");
}

/* One byte of a trailer line. Trailers are checked and dropped. */
static void trailer_byte(struct px_h1 *p, char c)
{
    if (++p->trailer_bytes > p->limits.max_head || flt_buf_add(&p->tail, &c, 1) != FLT_OK) {
        refuse(p, 431, "trailers are too large");
        return;
    }
    if (c != '\n')
        return;
    struct flt_str line = {p->tail.p, p->tail.n - 1};
    if (line.n == 0 || line.p[line.n - 1] != '\r') {
        refuse(p, 400, "bare LF");
        return;
    }
    line.n--;
    if (line.n == 0) {
        p->state = S_ENDING;
        return;
    }
    struct px_h1_error e = px_h1_check_header_line(line, p->kind);
    if (e.what == NULL && !px_h1_trailer_allowed(line))
        e = (struct px_h1_error){400, "forbidden trailer"};
    if (e.what == NULL && ++p->trailers > p->limits.max_headers)
        e = (struct px_h1_error){431, "too many trailers"};
    if (e.what != NULL)
        fail(p, e);
    flt_buf_clear(&p->tail);
}

/* One byte outside chunk data. */
static void control_byte(struct px_h1 *p, char c)
{
    switch (p->state) {
    case S_SIZE:
        size_byte(p, c);
        break;
    case S_SIZE_LF:
        p->digits = 0;
        if (c != '\n' || p->left > INT64_MAX)
            refuse(p, 400, "malformed chunk size");
        else
            p->state = p->left > 0 ? S_DATA : S_TRAILER;
        break;
    case S_DATA_CR:
        p->state = S_DATA_LF;
        if (c != '\r')
            refuse(p, 400, "malformed chunk end");
        break;
    case S_DATA_LF:
        p->state = S_SIZE;
        if (c != '\n')
            refuse(p, 400, "malformed chunk end");
        break;
    default:
        trailer_byte(p, c);
        break;
    }
}

static size_t feed_data(struct px_h1 *p, const char *data, size_t n)
{
    size_t take = n < p->left ? n : (size_t)p->left;
    if (!second_read(p, data, take, take, false))
        return 0;
    p->left -= take;
    if (p->left == 0)
        p->state = S_DATA_CR;
    give_body(p, data, take);
    return take;
}

/* Everything between two pieces of chunk data, then one look by the second reader. */
static size_t feed_control(struct px_h1 *p, const char *data, size_t n)
{
    size_t i = 0;
    while (i < n && p->state != S_DATA && p->state != S_ENDING) {
        control_byte(p, data[i++]);
        if (p->state == S_FAILED)
            return i;
    }
    (void)second_read(p, data, i, 0, p->state == S_ENDING);
    return i;
}

static size_t step(struct px_h1 *p, const char *data, size_t n)
{
    switch (p->state) {
    case S_HEAD:
        return feed_head(p, data, n);
    case S_LENGTH:
        return feed_length(p, data, n);
    case S_CLOSE:
        return feed_close(p, data, n);
    case S_DATA:
        return feed_data(p, data, n);
    case S_SIZE:
    case S_SIZE_LF:
    case S_DATA_CR:
    case S_DATA_LF:
    case S_TRAILER:
        return feed_control(p, data, n);
    case S_ENDING:
    case S_DONE:
    case S_FAILED:
        break;
    }
    return 0;
}

size_t px_h1_feed(struct px_h1 *p, const char *data, size_t n)
{
    size_t used = 0;
    p->stopped = false;
    while (used < n && !p->stopped && p->state < S_ENDING)
        used += step(p, data + used, n - used);
    if (p->state == S_ENDING && !p->stopped) {
        p->state = S_DONE;
        (void)p->cb->on_complete(p->arg); /* may call px_h1_next: nothing is touched after it */
    }
    return used;
}

const struct px_h1_error *px_h1_failed(const struct px_h1 *p)
{
    return p->state == S_FAILED ? &p->error : NULL;
}

bool px_h1_eof(struct px_h1 *p)
{
    if (p->state == S_FAILED)
        return false;
    if (p->state == S_CLOSE)
        p->state = S_DONE;
    if (px_h1_idle(p) || p->state == S_DONE || p->state == S_ENDING)
        return true;
    refuse(p, 400, "incomplete message");
    return false;
}

bool px_h1_idle(const struct px_h1 *p)
{
    return p->state == S_HEAD && p->buf.n == 0;
}

void px_h1_next(struct px_h1 *p, bool no_body)
{
    drop_head(p);
    p->state = S_HEAD;
    p->no_body = no_body;
    p->interim = 0;
    p->trailers = 0;
    p->trailer_bytes = 0;
    p->error = (struct px_h1_error){0, NULL};
}

struct px_h1 *px_h1_new(enum px_h1_kind kind, const struct px_h1_limits *limits, const struct px_h1_cb *cb, void *arg)
{
    struct px_h1 *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->kind = kind;
    p->limits = (struct px_h1_limits){16u * 1024u, 8u * 1024u, 100};
    if (limits != NULL)
        p->limits = *limits;
    p->cb = cb;
    p->arg = arg;
    flt_buf_init(&p->buf, p->limits.max_head);
    flt_buf_init(&p->tail, p->limits.max_head);
    px_h1_next(p, false);
    return p;
}

void px_h1_free(struct px_h1 *p)
{
    if (p == NULL)
        return;
    drop_head(p);
    free(p);
}

/* ---- looking at heads ---- */

const struct flt_str *px_h1_get(const struct px_h1_head *h, const char *name)
{
    struct flt_str want = flt_str_of(name);
    for (unsigned i = 0; i < h->n; i++)
        if (h->v[i].name.n == want.n && flt_str_ieq(h->v[i].name, want))
            return &h->v[i].value;
    return NULL;
}

unsigned px_h1_count(const struct px_h1_head *h, const char *name)
{
    struct flt_str want = flt_str_of(name);
    unsigned n = 0;
    for (unsigned i = 0; i < h->n; i++)
        n += h->v[i].name.n == want.n && flt_str_ieq(h->v[i].name, want) ? 1u : 0u;
    return n;
}
