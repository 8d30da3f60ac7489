/*
 * admin.c: three pages for machines. One connection carries one request; the answer is known as soon as the head is, so
 * nothing is ever kept of a body.
 */
#include "watch/admin.h"

#include <unistd.h>

#include "net/h1.h"
#include "net/listener.h"

#define CONNECTIONS_MAX 64u
#define DEADLINE_MS     10000u
#define LINGER_MS       2000u
#define PAGE_MAX        ((size_t)16 << 20)

struct conn {
    struct px_admin *admin;
    struct conn *next, *prev;
    struct px_io *io;
    struct px_h1 *h1;
    bool answered;
};

struct px_admin {
    struct px_io_loop *loop;
    struct px_listener *listener;
    struct px_admin_cb cb;
    struct conn *conns;
    unsigned n_conns;
};

static void conn_free(struct conn *c)
{
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        c->admin->conns = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    c->admin->n_conns--;
    px_io_free(c->io);
    px_h1_free(c->h1);
    free(c);
}

/* ---- answers --------------------------------------------------------------------------------- */

static int header(struct flt_buf *b, const char *name, const char *value)
{
    return px_h1_write_header(b, flt_str_of(name), flt_str_of(value));
}

static int write_head(struct flt_buf *b, int status, const char *type, size_t length)
{
    int rc = px_h1_write_status_line(b, status);

    if (rc == FLT_OK)
        rc = header(b, "content-type", type);
    if (rc == FLT_OK)
        rc = px_h1_write_header_u64(b, "content-length", length);
    if (rc == FLT_OK && status == 405)
        rc = header(b, "allow", "GET");
    if (rc == FLT_OK)
        rc = header(b, "cache-control", "no-store");
    if (rc == FLT_OK)
        rc = header(b, "x-content-type-options", "nosniff");
    if (rc == FLT_OK)
        rc = header(b, "connection", "close");
    return rc == FLT_OK ? px_h1_write_end(b) : rc;
}

/* Sends the page and closes; when even that fails the connection is dropped. */
static void answer(struct conn *c, int status, const char *type, struct flt_str body)
{
    struct flt_buf head;
    int rc;

    c->answered = true;
    flt_buf_init(&head, 1024);
    rc = write_head(&head, status, type, body.n);
    if (rc == FLT_OK)
        rc = px_io_write(c->io, head.p, head.n);
    if (rc == FLT_OK && body.n != 0)
        rc = px_io_write(c->io, body.p, body.n);
    flt_buf_free(&head);
    px_io_close(c->io, rc == FLT_OK ? PX_CLOSE_CLEAN : PX_CLOSE_NOW, LINGER_MS);
}

static void answer_words(struct conn *c, int status, const char *words)
{
    char line[160];
    int n = snprintf(line, sizeof(line), "%s\n", words);

    if (n >= (int)sizeof(line))
        n = (int)sizeof(line) - 1;
    answer(c, status, "text/plain; charset=utf-8", (struct flt_str){line, (size_t)n});
}

static void page_metrics(struct conn *c)
{
    struct flt_buf page;

    flt_buf_init(&page, PAGE_MAX);
    if (c->admin->cb.metrics(c->admin->cb.arg, &page) == FLT_OK)
        answer(c, 200, "text/plain; version=0.0.4; charset=utf-8", flt_buf_str(&page));
    else
        answer_words(c, 500, "metrics could not be written");
    flt_buf_free(&page);
}

static void page_health(struct conn *c)
{
    answer_words(c, 200, "ok");
}

static void page_ready(struct conn *c)
{
    const char *why = "not ready";

    if (c->admin->cb.ready(c->admin->cb.arg, &why))
        answer_words(c, 200, "ready");
    else
        answer_words(c, 503, why);
}

static const struct {
    const char *path;
    void (*page)(struct conn *c);
} pages[] = {{"/metrics", page_metrics}, {"/healthz", page_health}, {"/readyz", page_ready}};

/* ---- requests -------------------------------------------------------------------------------- */

static int on_head(void *arg, const struct px_h1_head *h)
{
    struct conn *c = arg;
    const char *query = memchr(h->target.p, '?', h->target.n);
    struct flt_str path = {h->target.p, query != NULL ? (size_t)(query - h->target.p) : h->target.n};
    size_t i = 0;

    while (i < FLT_ARRAY_LEN(pages) && !flt_str_is(path, pages[i].path))
        i++;
    if (i == FLT_ARRAY_LEN(pages))
        answer_words(c, 404, "not found");
    else if (!flt_str_is(h->method, "GET"))
        answer_words(c, 405, "method not allowed");
    else if (h->body != PX_H1_BODY_NONE)
        answer_words(c, 400, "a body is not expected");
    else
        pages[i].page(c);
    return 1; /* the rest of the message does not matter */
}

/* Never reached: parsing stops at the head. */
static int on_body(void *arg, const char *p, size_t n)
{
    (void)arg;
    (void)p;
    (void)n;
    return 1;
}

static int on_complete(void *arg)
{
    (void)arg;
    return 1;
}

static size_t on_data(void *arg, const char *p, size_t n)
{
    static const struct px_h1_error unknown = {400, "bad request"};
    struct conn *c = arg;
    size_t used;

    if (c->answered)
        return n;
    used = px_h1_feed(c->h1, p, n);
    if (!c->answered && (px_h1_failed(c->h1) != NULL || used < n)) {
        const struct px_h1_error *e = px_h1_failed(c->h1);

        e = e != NULL ? e : &unknown;
        answer_words(c, e->status, e->what);
    }
    return n;
}

static void on_open(void *arg)
{
    (void)arg;
}

static void on_drain(void *arg)
{
    (void)arg;
}

/* Before the answer, so there is nobody to give one to. */
static void on_end(void *arg, enum px_io_end why)
{
    (void)why;
    conn_free(arg);
}

static void on_closed(void *arg)
{
    conn_free(arg);
}

static void on_accept(void *arg, int fd)
{
    static const struct px_io_cb io_cb = {on_open, on_data, on_drain, on_end, on_closed};
    static const struct px_h1_cb h1_cb = {on_head, on_body, on_complete};
    struct px_admin *a = arg;
    struct conn *c = a->n_conns < CONNECTIONS_MAX ? calloc(1, sizeof(*c)) : NULL;
    struct px_io_conf conf = {.cb = &io_cb, .arg = c, .max_out = PAGE_MAX + 1024};

    if (c == NULL || (c->h1 = px_h1_new(PX_H1_REQUEST, NULL, &h1_cb, c)) == NULL) {
        close(fd);
        free(c);
        return;
    }
    c->io = px_io_accept(a->loop, fd, NULL, &conf);
    if (c->io == NULL) {
        px_h1_free(c->h1);
        free(c);
        return;
    }
    c->admin = a;
    c->next = a->conns;
    if (c->next != NULL)
        c->next->prev = c;
    a->conns = c;
    a->n_conns++;
    px_io_deadline(c->io, DEADLINE_MS);
}

struct px_admin *px_admin_new(struct px_io_loop *loop, int fd, const struct px_admin_cb *cb)
{
    struct px_admin *a = calloc(1, sizeof(*a));

    if (a == NULL) {
        close(fd);
        return NULL;
    }
    a->loop = loop;
    a->cb = *cb;
    a->listener = px_listener_new(px_io_loop_base(loop), fd, on_accept, a);
    if (a->listener == NULL) { /* it has closed fd */
        free(a);
        return NULL;
    }
    return a;
}

void px_admin_free(struct px_admin *a)
{
    if (a == NULL)
        return;
    px_listener_free(a->listener);
    for (struct conn *c = a->conns, *next; c != NULL; c = next) {
        next = c->next;
        conn_free(c);
    }
    free(a);
}
