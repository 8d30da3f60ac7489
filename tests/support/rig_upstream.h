/* rig_upstream.h: a fake upstream on loopback, in the test's own event loop, that follows a script. */
#ifndef TEST_RIG_UPSTREAM_H
#define TEST_RIG_UPSTREAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "net/listener.h"

enum rig_act_kind { RIG_SEND, RIG_FILL, RIG_WAIT, RIG_HOLD, RIG_CLOSE, RIG_RESET, RIG_NEXT };
/* What it does for one request; RIG_HOLD waits for the test (let_go), RIG_NEXT ends the list and waits for the next. */
struct rig_act {
    enum rig_act_kind kind;
    const char *text; /* RIG_SEND; of RIG_FILL: the piece that is repeated */
    unsigned n;       /* RIG_WAIT: milliseconds; RIG_FILL: how often */
};

struct rig_conn {
    struct rig_conn *next;
    struct rig_up *up;
    int fd;
    struct event *readable, *timer;
    struct flt_buf in;
    bool busy; /* following a script */
    unsigned filled;
    size_t part; /* of a piece */
};

struct rig_up {
    struct event_base *base;
    struct event *accepting;
    int fd;
    uint16_t port;
    const struct rig_act *at; /* next act; shared by all connections: requests come one after the other */
    bool early;               /* acts on the head, and does not read the body */
    bool greet;               /* acts as soon as a connection is accepted */
    bool let_go;              /* the test has seen what it waits for: one RIG_HOLD ends */
    unsigned accepted, requests, gone;
    uint64_t filled_bytes;
    struct flt_buf got; /* everything received */
    struct rig_conn *conns;
};

static void rig_act(struct rig_conn *c);

static inline void rig_drop(struct rig_conn *c, bool reset)
{
    struct linger now = {1, 0};
    if (c->fd < 0)
        return;
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    event_del(c->readable);
    event_del(c->timer);
    close(c->fd);
    c->fd = -1;
}

/* Length of the first whole request in b, or of its head when that is all that counts; 0 = not whole yet. */
static inline size_t rig_request_length(const struct flt_buf *b, bool head_only)
{
    const char *end = b->n != 0 ? memmem(b->p, b->n, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - b->p) + 4;
    const char *length = memmem(b->p, head, "Content-Length: ", 16);
    size_t body = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
    return head_only ? head : b->n >= head + body ? head + body : 0;
}

static inline void rig_begin(struct rig_conn *c)
{
    size_t n = rig_request_length(&c->in, c->up->early);
    if (c->busy || n == 0)
        return;
    flt_buf_consume(&c->in, n);
    c->up->requests++;
    c->busy = true;
    rig_act(c);
}

static inline void rig_on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct rig_conn *c = arg;
    char block[65536];
    (void)fd;
    (void)what;
    if (c->up->early && c->busy)
        return; /* stubborn: leaves the rest in the socket */
    ssize_t n = read(c->fd, block, sizeof(block));
    if (n <= 0) {
        c->up->gone++;
        rig_drop(c, false);
        return;
    }
    assert_int_equal(flt_buf_add(&c->up->got, block, (size_t)n), FLT_OK);
    assert_int_equal(flt_buf_add(&c->in, block, (size_t)n), FLT_OK);
    rig_begin(c);
}

static inline void rig_on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct rig_conn *c = arg;
    (void)fd;
    (void)what;
    rig_act(c);
}

static inline void rig_sleep(struct rig_conn *c, unsigned ms)
{
    const struct timeval tv = {ms / 1000, ms % 1000 * 1000};
    event_add(c->timer, &tv);
}

/* Returns what the socket took: all of it, unless it is full. A connection that is gone is dropped. */
static inline size_t rig_send(struct rig_conn *c, const char *p, size_t n)
{
    size_t sent = 0;
    while (sent < n) {
        ssize_t k = send(c->fd, p + sent, n - sent, MSG_NOSIGNAL);
        if (k < 0 && errno == EAGAIN)
            return sent;
        if (k < 0) {
            c->up->gone++;
            rig_drop(c, false);
            return n;
        }
        sent += (size_t)k;
    }
    return n;
}

/* False: the socket is full, or it is the others' turn. */
static inline bool rig_fill(struct rig_conn *c, const struct rig_act *a)
{
    size_t n = strlen(a->text);
    for (unsigned turn = 0; c->filled < a->n && c->fd >= 0; turn++) {
        if (turn == 500)
            return false;
        c->part += rig_send(c, a->text + c->part, n - c->part);
        if (c->part < n)
            return false;
        c->part = 0;
        c->filled++;
        c->up->filled_bytes += n;
    }
    c->filled = 0;
    return true;
}

static inline void rig_act(struct rig_conn *c)
{
    while (c->fd >= 0) {
        const struct rig_act *a = c->up->at;
        if ((a->kind == RIG_FILL && !rig_fill(c, a)) || (a->kind == RIG_HOLD && !c->up->let_go)) {
            rig_sleep(c, 1);
            return;
        }
        c->up->at++;
        switch (a->kind) {
        case RIG_SEND:
            assert_int_equal(rig_send(c, a->text, strlen(a->text)), strlen(a->text));
            break;
        case RIG_FILL:
            break;
        case RIG_HOLD:
            c->up->let_go = false;
            break;
        case RIG_WAIT:
            rig_sleep(c, a->n);
            return;
        case RIG_CLOSE:
            rig_drop(c, false);
            return;
        case RIG_RESET:
            rig_drop(c, true);
            return;
        case RIG_NEXT:
            c->busy = false;
            rig_begin(c);
            return;
        }
    }
}

static inline void rig_on_accept(evutil_socket_t fd, short what, void *arg)
{
    struct rig_up *up = arg;
    (void)what;
    int conn = accept4((int)fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (conn < 0)
        return;
    struct rig_conn *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    up->accepted++;
    c->up = up;
    c->fd = conn;
    c->next = up->conns;
    up->conns = c;
    flt_buf_init(&c->in, 64u << 20);
    c->readable = event_new(up->base, conn, EV_READ | EV_PERSIST, rig_on_readable, c);
    c->timer = event_new(up->base, -1, 0, rig_on_timer, c);
    event_add(c->readable, NULL);
    if (up->greet)
        rig_act(c);
}

static inline void rig_up_open(struct rig_up *up, struct event_base *base)
{
    struct flt_err err = {0};
    struct sockaddr_in sa = {0};
    socklen_t len = sizeof(sa);
    up->base = base;
    up->fd = px_listen_socket("127.0.0.1:0", false, &err);
    assert_true(up->fd >= 0);
    assert_int_equal(getsockname(up->fd, (struct sockaddr *)&sa, &len), 0);
    up->port = ntohs(sa.sin_port);
    flt_buf_init(&up->got, 64u << 20);
    up->accepting = event_new(base, up->fd, EV_READ | EV_PERSIST, rig_on_accept, up);
    event_add(up->accepting, NULL);
}

static inline void rig_up_close(struct rig_up *up)
{
    while (up->conns != NULL) {
        struct rig_conn *c = up->conns;
        up->conns = c->next;
        rig_drop(c, false);
        event_free(c->readable);
        event_free(c->timer);
        flt_buf_free(&c->in);
        free(c);
    }
    event_free(up->accepting);
    close(up->fd);
    flt_buf_free(&up->got);
}

#endif
