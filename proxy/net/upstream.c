/*
 * upstream.c: the pool. Every lease starts in the queue; the pump, an event of its own, serves the queue from the
 * front: an idle connection (the one used last, which is the least likely to be dead), else a new one, else it waits.
 * So no callback ever runs inside px_lease_get, and order is kept.
 */
#include "net/upstream.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

#include "net/io_priv.h"

#define CLOSE_MS 1000u

enum lease_state { L_WAITING, L_CONNECTING, L_HELD, L_FAILED };

struct px_lease {
    struct px_pool *pool;
    enum lease_state state;
    bool fresh;
    px_lease_fn fn;
    void *arg;
    struct conn *conn;
    uint64_t deadline; /* in the queue */
    struct px_lease *prev, *next;
};

enum conn_state { C_CONNECTING, C_BUSY, C_IDLE, C_STATES };

struct conn {
    struct px_pool *pool;
    enum conn_state state;
    struct px_io *io;
    struct px_lease *lease;
    struct conn *prev, *next; /* idle */
    /* while connecting */
    struct px_resolve *resolving;
    struct px_addr *addr;
    unsigned n_addr, next_addr;
    uint64_t deadline;
};

struct px_pool {
    struct px_io_loop *loop;
    struct px_resolver *resolver;
    struct px_upstream_conf conf;
    struct event *pump, *timer;
    struct px_lease *first, *last; /* queue */
    unsigned waiting, leases;
    struct conn *idle; /* used last first */
    unsigned count[C_STATES];
    uint64_t connects, failures, reuses, resumed;
    SSL_SESSION *session;
    bool retired, pinned;
};

const char *px_lease_error_name(enum px_lease_error e)
{
    static const char *const names[] = {
        [PX_LEASE_OK] = "ok",   [PX_LEASE_RESOLVE] = "resolve", [PX_LEASE_CONNECT] = "connect",
        [PX_LEASE_TLS] = "tls", [PX_LEASE_TIMEOUT] = "timeout", [PX_LEASE_QUEUE_FULL] = "queue_full"};
    return (size_t)e < FLT_ARRAY_LEN(names) ? names[e] : "unknown";
}

static void schedule(struct px_pool *p)
{
    if (p->first != NULL)
        event_active(p->pump, EV_TIMEOUT, 0);
}

/* ---- queue ---- */

static void enqueue(struct px_pool *p, struct px_lease *l)
{
    l->prev = p->last;
    l->next = NULL;
    *(p->last != NULL ? &p->last->next : &p->first) = l;
    p->last = l;
    p->waiting++;
}

static void dequeue(struct px_pool *p, struct px_lease *l)
{
    *(l->prev != NULL ? &l->prev->next : &p->first) = l->next;
    *(l->next != NULL ? &l->next->prev : &p->last) = l->prev;
    l->prev = l->next = NULL;
    p->waiting--;
}

static void fail_lease(struct px_lease *l, enum px_lease_error why, const char *detail)
{
    l->state = L_FAILED;
    l->conn = NULL;
    l->fn(l->arg, NULL, false, why, detail);
}

/* All wait equally long, so the first in the queue is the first to give up. */
static void arm_timer(struct px_pool *p)
{
    if (p->first == NULL)
        return;
    uint64_t now = px_io_loop_now(p->loop), at = p->first->deadline;
    uint64_t ms = at > now ? at - now : 0;
    struct timeval tv = {(time_t)(ms / 1000u), (suseconds_t)(ms % 1000u * 1000u)};
    event_add(p->timer, &tv);
}

/* ---- connections ---- */

static void set_state(struct conn *c, enum conn_state s)
{
    c->pool->count[c->state]--;
    c->state = s;
    c->pool->count[s]++;
}

static void idle_push(struct conn *c)
{
    struct px_pool *p = c->pool;
    c->prev = NULL;
    c->next = p->idle;
    if (p->idle != NULL)
        p->idle->prev = c;
    p->idle = c;
    set_state(c, C_IDLE);
}

static void idle_remove(struct conn *c)
{
    *(c->prev != NULL ? &c->prev->next : &c->pool->idle) = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    c->prev = c->next = NULL;
}

/* The connection used last, out of the list; its place is still counted. NULL when there is none. */
static struct conn *idle_pop(struct px_pool *p)
{
    struct conn *c = p->idle;
    if (c == NULL)
        return NULL;
    p->idle = c->next;
    if (c->next != NULL)
        c->next->prev = NULL;
    c->next = NULL;
    return c;
}

static size_t ignore_data(void *arg, const char *p, size_t n)
{
    (void)arg;
    (void)p;
    return n;
}

static void ignore_end(void *arg, enum px_io_end why)
{
    (void)arg;
    (void)why;
}

/* Of a connection that is being closed and belongs to nobody: it frees itself. */
static const struct px_io_cb orphan_cb = {.on_data = ignore_data, .on_end = ignore_end};

/* Gives up a connection that is in no list; its place is free at once. */
static void discard(struct conn *c, enum px_io_close how)
{
    struct px_pool *p = c->pool;
    if (c->resolving != NULL)
        px_resolve_cancel(c->resolving);
    if (c->io != NULL) {
        c->io->on_session = NULL;
        px_io_rebind(c->io, &orphan_cb, NULL);
        px_io_close(c->io, how, CLOSE_MS);
    }
    p->count[c->state]--;
    free(c->addr);
    free(c);
    schedule(p);
}

static void drop(struct conn *c, enum px_io_close how)
{
    if (c->state == C_IDLE)
        idle_remove(c);
    discard(c, how);
}

static void drop_idle(struct px_pool *p)
{
    for (struct conn *c = idle_pop(p); c != NULL; c = idle_pop(p))
        discard(c, PX_CLOSE_CLEAN);
}

/* A retired pool goes with its last lease. */
static void maybe_free(struct px_pool *p)
{
    if (!p->retired || p->pinned || p->leases > 0)
        return;
    drop_idle(p);
    event_free(p->pump);
    event_free(p->timer);
    SSL_SESSION_free(p->session);
    SSL_CTX_free(p->conf.ssl_ctx);
    free(p);
}

static void connect_failed(struct conn *c, enum px_lease_error why, const char *detail)
{
    struct px_pool *p = c->pool;
    struct px_lease *l = c->lease;
    char words[96];
    snprintf(words, sizeof(words), "%s", detail);
    p->failures++;
    drop(c, PX_CLOSE_CLEAN);
    fail_lease(l, why, words);
}

static void on_session(void *arg, SSL_SESSION *session)
{
    struct conn *c = arg;
    SSL_SESSION_free(c->pool->session);
    c->pool->session = session;
}

static void on_open(void *arg)
{
    struct conn *c = arg;
    struct px_lease *l = c->lease;
    px_io_deadline(c->io, 0);
    free(c->addr);
    c->addr = NULL;
    if (px_io_tls_reused(c->io))
        c->pool->resumed++;
    set_state(c, C_BUSY);
    l->state = L_HELD;
    l->fn(l->arg, c->io, false, PX_LEASE_OK, NULL);
}

static void try_next(struct conn *c, enum px_lease_error why, const char *detail);

static void on_connect_end(void *arg, enum px_io_end end)
{
    struct conn *c = arg;
    char words[96];
    snprintf(words, sizeof(words), "%s", px_io_error(c->io));
    /* A certificate that does not verify is a verdict, not a reason to look elsewhere. */
    if (end == PX_IO_TLS_ERROR) {
        connect_failed(c, PX_LEASE_TLS, words);
        return;
    }
    px_io_free(c->io);
    c->io = NULL;
    if (end == PX_IO_TIMEOUT)
        try_next(c, PX_LEASE_TIMEOUT, "connecting took too long");
    else
        try_next(c, PX_LEASE_CONNECT, words);
}

static const struct px_io_cb connect_cb = {.on_open = on_open, .on_data = ignore_data, .on_end = on_connect_end};

/* The next address, or the given failure when there is none. What time is left is shared by the addresses left. */
static void try_next(struct conn *c, enum px_lease_error why, const char *detail)
{
    struct px_pool *p = c->pool;
    uint64_t now = px_io_loop_now(p->loop);
    if (c->next_addr >= c->n_addr || now >= c->deadline) {
        connect_failed(c, why, detail);
        return;
    }
    const struct px_addr *a = &c->addr[c->next_addr];
    unsigned left = c->n_addr - c->next_addr++;
    struct px_io_peer peer = {.addr = (const struct sockaddr *)&a->ss,
                              .addr_len = a->len,
                              .ssl_ctx = p->conf.ssl_ctx,
                              .name = p->conf.host,
                              .session = p->session,
                              .on_session = on_session};
    struct px_io_conf conf = {.cb = &connect_cb, .arg = c};
    c->io = px_io_connect(p->loop, &peer, &conf);
    if (c->io == NULL)
        connect_failed(c, PX_LEASE_CONNECT, "out of memory");
    else
        px_io_deadline(c->io, (c->deadline - now) / left + 1);
}

static void on_resolved(void *arg, const struct px_addr *v, unsigned n, const char *why)
{
    struct conn *c = arg;
    c->resolving = NULL;
    if (n == 0) {
        connect_failed(c, PX_LEASE_RESOLVE, why);
        return;
    }
    c->addr = calloc(n, sizeof(*v));
    if (c->addr == NULL) {
        connect_failed(c, PX_LEASE_CONNECT, "out of memory");
        return;
    }
    memcpy(c->addr, v, n * sizeof(*v));
    c->n_addr = n;
    try_next(c, PX_LEASE_TIMEOUT, "resolving took too long");
}

static void start_connecting(struct px_pool *p, struct px_lease *l)
{
    struct conn *c = calloc(1, sizeof(*c));
    p->connects++;
    if (c == NULL) {
        p->failures++;
        fail_lease(l, PX_LEASE_CONNECT, "out of memory");
        return;
    }
    c->pool = p;
    c->lease = l;
    c->state = C_CONNECTING;
    c->deadline = px_io_loop_now(p->loop) + p->conf.connect_ms;
    p->count[C_CONNECTING]++;
    l->state = L_CONNECTING;
    l->conn = c;
    struct px_resolve *q = px_resolve(p->resolver, p->conf.host, p->conf.port, on_resolved, c);
    if (q != NULL) /* else c may be gone */
        c->resolving = q;
}

/* ---- idle connections ---- */

static size_t on_idle_data(void *arg, const char *p, size_t n)
{
    (void)p;
    drop(arg, PX_CLOSE_NOW); /* nobody asked for anything */
    return n;
}

static void on_idle_end(void *arg, enum px_io_end why)
{
    drop(arg, why == PX_IO_TIMEOUT || why == PX_IO_EOF ? PX_CLOSE_CLEAN : PX_CLOSE_NOW);
}

static const struct px_io_cb idle_cb = {.on_data = on_idle_data, .on_end = on_idle_end};

static bool usable(const struct px_io *io)
{
    return io->state == PX_IO_OPEN && !io->failed && !io->read_done && !io->write_dead && !io->freed &&
           io->held.n == 0 && px_io_queued(io) == 0;
}

/* Its end may lie in the socket, not read yet. Whatever is there, nothing good can be. */
static bool quiet(const struct px_io *io)
{
    char c;
    return recv(io->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN &&
           (io->ssl == NULL || SSL_has_pending(io->ssl) == 0);
}

static void keep(struct conn *c)
{
    c->lease = NULL;
    px_io_rebind(c->io, &idle_cb, c);
    px_io_resume(c->io, PX_PAUSE_PEER_FULL | PX_PAUSE_BUSY | PX_PAUSE_DONE);
    px_io_deadline(c->io, c->pool->conf.idle_ms);
    idle_push(c);
    schedule(c->pool);
}

static struct conn *take_idle(struct px_pool *p)
{
    struct conn *c = idle_pop(p);
    while (c != NULL && !(usable(c->io) && quiet(c->io))) {
        discard(c, PX_CLOSE_NOW);
        c = idle_pop(p);
    }
    return c;
}

/* ---- pump ---- */

/* Serves the first of the queue. False when it has to wait. */
static bool serve_first(struct px_pool *p)
{
    struct px_lease *l = p->first;
    struct conn *c = l->fresh ? NULL : take_idle(p);
    if (c != NULL) {
        dequeue(p, l);
        set_state(c, C_BUSY);
        px_io_deadline(c->io, 0);
        p->reuses++;
        c->lease = l;
        l->conn = c;
        l->state = L_HELD;
        l->fn(l->arg, c->io, true, PX_LEASE_OK, NULL);
        return true;
    }
    if (p->count[C_CONNECTING] + p->count[C_BUSY] + p->count[C_IDLE] >= p->conf.max_connections) {
        struct conn *other = idle_pop(p); /* the lease wants a new one */
        if (other == NULL)
            return false;
        discard(other, PX_CLOSE_CLEAN);
    }
    dequeue(p, l);
    start_connecting(p, l);
    return true;
}

static void on_pump(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct px_pool *p = arg;
    p->pinned = true;
    while (p->first != NULL && serve_first(p))
        ;
    while (p->waiting > p->conf.max_queue) {
        struct px_lease *l = p->last;
        assert(l != NULL); /* some are waiting */
        dequeue(p, l);
        fail_lease(l, PX_LEASE_QUEUE_FULL, "too many requests wait for this upstream");
    }
    arm_timer(p);
    p->pinned = false;
    maybe_free(p);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct px_pool *p = arg;
    p->pinned = true;
    while (p->first != NULL && p->first->deadline <= px_io_loop_now(p->loop)) {
        struct px_lease *l = p->first;
        dequeue(p, l);
        fail_lease(l, PX_LEASE_TIMEOUT, "no connection became free in time");
    }
    arm_timer(p);
    p->pinned = false;
    maybe_free(p);
}

/* ---- interface ---- */

struct px_pool *px_pool_new(struct px_io_loop *loop, struct px_resolver *r, const struct px_upstream_conf *conf)
{
    struct px_pool *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->loop = loop;
    p->resolver = r;
    p->conf = *conf;
    p->conf.max_connections = conf->max_connections != 0 ? conf->max_connections : 1024;
    p->conf.max_queue = conf->max_queue != 0 ? conf->max_queue : 1024;
    p->conf.connect_ms = conf->connect_ms != 0 ? conf->connect_ms : 10000;
    p->conf.idle_ms = conf->idle_ms != 0 ? conf->idle_ms : 60000;
    p->pump = event_new(px_io_loop_base(loop), -1, 0, on_pump, p);
    p->timer = event_new(px_io_loop_base(loop), -1, 0, on_timer, p);
    if (p->pump == NULL || p->timer == NULL || (conf->ssl_ctx != NULL && SSL_CTX_up_ref(conf->ssl_ctx) != 1)) {
        if (p->pump != NULL)
            event_free(p->pump);
        if (p->timer != NULL)
            event_free(p->timer);
        free(p);
        return NULL;
    }
    return p;
}

struct px_lease *px_lease_get(struct px_pool *p, bool fresh, px_lease_fn fn, void *arg)
{
    struct px_lease *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return NULL;
    *l = (struct px_lease){.pool = p, .state = L_WAITING, .fresh = fresh, .fn = fn, .arg = arg};
    l->deadline = px_io_loop_now(p->loop) + p->conf.connect_ms;
    p->leases++;
    enqueue(p, l);
    schedule(p);
    return l;
}

void px_lease_end(struct px_lease *l, bool reusable)
{
    struct px_pool *p = l->pool;
    switch (l->state) {
    case L_WAITING:
        dequeue(p, l);
        break;
    case L_CONNECTING:
        drop(l->conn, PX_CLOSE_NOW);
        break;
    case L_HELD:
        if (!reusable || !usable(l->conn->io))
            drop(l->conn, PX_CLOSE_NOW);
        else if (p->retired && p->first == NULL)
            drop(l->conn, PX_CLOSE_CLEAN);
        else
            keep(l->conn);
        break;
    case L_FAILED:
        break;
    }
    free(l);
    p->leases--;
    maybe_free(p);
}

void px_pool_stats(const struct px_pool *p, struct px_pool_stats *out)
{
    *out = (struct px_pool_stats){.connecting = p->count[C_CONNECTING],
                                  .busy = p->count[C_BUSY],
                                  .idle = p->count[C_IDLE],
                                  .waiting = p->waiting,
                                  .connects = p->connects,
                                  .connect_failures = p->failures,
                                  .reuses = p->reuses,
                                  .tls_resumed = p->resumed};
}

void px_pool_retire(struct px_pool *p)
{
    p->retired = true;
    drop_idle(p);
    maybe_free(p);
}
