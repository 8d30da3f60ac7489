/*
 * client.c: one client connection.
 *
 *   OPENING --handshake done--> IDLE --first byte--> HEAD --head--> BODY --complete--> BUSY
 *                                ^                                                      |
 *                                +------------------- answered, kept -------------------+
 *   from everywhere: FLUSHING while much is still queued, then CLOSING; freed when px_io says closed
 */
#include "core/client.h"

#include <unistd.h>

#include "watch/log.h"

#define MAX_OUT   ((size_t)1 << 30) /* answers held whole are bounded by the tenant's answer_bytes long before */
#define LINGER_MS 2000u
#define LITTLE    ((size_t)64 << 10) /* queued bytes that fit any socket's buffer */

enum client_state { C_OPENING, C_IDLE, C_HEAD, C_BODY, C_BUSY, C_FLUSHING, C_CLOSING };

struct client {
    struct client *next, **at;
    struct px_clients *all;
    struct px_io *io;
    struct px_h1 *parser;
    struct px_txn *txn;
    enum client_state state;
    bool parsing; /* inside px_h1_feed: what ends there is settled after it */
    bool ended;   /* the transaction is over, not settled yet */
    bool eof;     /* the client sends no more, but may still read */
    enum px_txn_end how;
    enum px_io_close close_how;
    uint64_t number;
    uint64_t deadline;       /* loop milliseconds, 0 = none */
    uint64_t sent, progress; /* for slow readers: px_io_sent as last seen, and when it changed */
};

struct px_clients {
    struct px_txn_env *env;
    struct px_era *era;
    struct client *first;
    unsigned n;
    bool draining;
    uint64_t last_number;
    _Atomic int64_t *total;
};

static const struct px_limits_conf *limits(const struct client *c)
{
    return &c->all->era->g->config->limits;
}

static void deadline_in(struct client *c, int64_t ms)
{
    c->deadline = px_io_loop_now(c->all->env->loop) + (uint64_t)ms;
}

static void start_close(struct client *c, enum px_io_close how)
{
    if (c->state >= C_FLUSHING && how != PX_CLOSE_NOW)
        return;
    c->deadline = 0;
    c->close_how = how;
    if (how != PX_CLOSE_NOW && px_io_full(c->io)) {
        c->state = C_FLUSHING; /* px_io_close bounds the time for all that is queued: too strict for a long answer */
        return;
    }
    c->state = C_CLOSING;
    px_io_close(c->io, how, px_io_queued(c->io) <= LITTLE ? LINGER_MS : (uint64_t)limits(c)->slow_client_ms);
}

static void flushed(struct client *c)
{
    if (c->state != C_FLUSHING)
        return;
    c->state = C_CLOSING;
    px_io_close(c->io, c->close_how, (uint64_t)limits(c)->slow_client_ms);
}

/* ---- transactions ----------------------------------------------------------------------------------------------- */

static void settle(struct client *c)
{
    static const enum px_io_close ways[] = {[PX_TXN_KEEP] = PX_CLOSE_CLEAN,
                                            [PX_TXN_CLOSE] = PX_CLOSE_CLEAN,
                                            [PX_TXN_UNCLEAN] = PX_CLOSE_UNCLEAN,
                                            [PX_TXN_GONE] = PX_CLOSE_NOW};
    c->ended = false;
    if (c->how != PX_TXN_KEEP || c->eof || c->all->draining) {
        start_close(c, ways[c->how]);
        return;
    }
    px_h1_next(c->parser, false);
    c->state = C_IDLE;
    deadline_in(c, limits(c)->keepalive_ms);
    px_io_resume(c->io, PX_PAUSE_BUSY);
}

static void on_done(void *arg, enum px_txn_end how)
{
    struct client *c = arg;
    c->txn = NULL;
    c->how = how;
    c->ended = true;
    if (!c->parsing)
        settle(c);
}

static bool begin(struct client *c)
{
    const struct px_txn_owner owner = {.io = c->io, .conn = c->number, .done = on_done, .arg = c};
    c->txn = px_txn_new(c->all->env, c->all->era, &owner);
    return c->txn != NULL;
}

static int on_head(void *arg, const struct px_h1_head *h)
{
    struct client *c = arg;
    if (!begin(c)) {
        c->ended = true;
        c->how = PX_TXN_GONE;
        return 1;
    }
    c->state = C_BODY;
    deadline_in(c, limits(c)->body_ms);
    px_txn_head(c->txn, h);
    return c->ended;
}

static int on_body(void *arg, const char *p, size_t n)
{
    struct client *c = arg;
    return px_txn_body(c->txn, p, n);
}

static int on_complete(void *arg)
{
    struct client *c = arg;
    c->state = C_BUSY;
    c->deadline = 0;
    px_txn_body_end(c->txn);
    return 0;
}

static const struct px_h1_cb parser_cb = {on_head, on_body, on_complete};

/* No request can be made of this: say so, and close. */
static void malformed(struct client *c)
{
    const struct px_h1_error *e = px_h1_failed(c->parser);
    if (c->txn == NULL && !begin(c))
        start_close(c, PX_CLOSE_NOW);
    else
        px_txn_malformed(c->txn, e->status, e->what);
}

static void late(struct client *c)
{
    if (c->txn == NULL && !begin(c))
        start_close(c, PX_CLOSE_NOW);
    else
        px_txn_late(c->txn);
}

/* ---- connection events ------------------------------------------------------------------------------------------ */

static void on_open(void *arg)
{
    struct client *c = arg;
    c->state = C_IDLE;
    deadline_in(c, limits(c)->head_ms);
}

static size_t on_data(void *arg, const char *p, size_t n)
{
    struct client *c = arg;
    size_t used = 0;
    while (used < n && c->state < C_FLUSHING) {
        if (c->state == C_BUSY) {
            px_io_pause(c->io, PX_PAUSE_BUSY); /* only now: mostly nothing comes, and a lost client is noticed */
            return used;
        }
        if (c->state == C_IDLE) {
            c->state = C_HEAD;
            deadline_in(c, limits(c)->head_ms);
        }
        c->parsing = true;
        used += px_h1_feed(c->parser, p + used, n - used);
        c->parsing = false;
        if (c->ended)
            settle(c);
        else if (px_h1_failed(c->parser) != NULL)
            malformed(c);
        else if (c->state == C_HEAD && px_h1_idle(c->parser))
            c->state = C_IDLE; /* an empty line; its deadline goes on */
    }
    return n;
}

static void on_drain(void *arg)
{
    struct client *c = arg;
    if (c->txn != NULL)
        px_txn_client_drained(c->txn);
    flushed(c);
}

static void gone(struct client *c, const char *why)
{
    if (c->txn != NULL)
        px_txn_client_gone(c->txn, why);
    start_close(c, PX_CLOSE_NOW);
}

static void on_end(void *arg, enum px_io_end why)
{
    struct client *c = arg;
    if (c->state == C_OPENING) {
        const struct px_log_id id = {.worker = c->all->env->worker, .conn = c->number};
        px_count(c->all->env->metrics, PX_C_handshake_failures, 1);
        px_log(PX_LOG_INFO, &id, "handshake failed client=%s end=%s detail=%s", px_io_peer(c->io), px_io_end_name(why),
               px_io_error(c->io));
    }
    if (why == PX_IO_EOF && (c->state == C_BUSY || c->state == C_FLUSHING)) {
        c->eof = true; /* half-closed: it still gets its answer */
        return;
    }
    if (why == PX_IO_EOF && c->state == C_IDLE) {
        start_close(c, PX_CLOSE_CLEAN);
        return;
    }
    /* TLS without close_notify is no half-close: nobody can go on reading such a connection. */
    gone(c, "client_gone");
}

static void on_closed(void *arg)
{
    struct client *c = arg;
    *c->at = c->next;
    if (c->next != NULL)
        c->next->at = c->at;
    c->all->n--;
    atomic_fetch_sub_explicit(c->all->total, 1, memory_order_relaxed);
    px_gauge(c->all->env->metrics, PX_G_open_connections, -1);
    px_h1_free(c->parser);
    px_io_free(c->io);
    free(c);
}

static const struct px_io_cb io_cb = {on_open, on_data, on_drain, on_end, on_closed};

/* ---- all clients of a worker ------------------------------------------------------------------------------------ */

struct px_clients *px_clients_new(struct px_txn_env *env, _Atomic int64_t *total)
{
    struct px_clients *cs = calloc(1, sizeof(*cs));
    if (cs == NULL)
        return NULL;
    cs->env = env;
    cs->total = total;
    return cs;
}

void px_clients_use(struct px_clients *cs, struct px_era *era)
{
    cs->era = era;
}

static struct client *create(struct px_clients *cs, int fd, SSL_CTX *tls)
{
    const struct px_limits_conf *l = &cs->era->g->config->limits;
    const struct px_h1_limits heads = {.max_head = (size_t)l->max_head_bytes,
                                       .max_target = 8192 < l->max_head_bytes ? 8192 : (size_t)l->max_head_bytes,
                                       .max_headers = (unsigned)l->max_headers};
    struct client *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        close(fd);
        return NULL;
    }
    const struct px_io_conf conf = {.cb = &io_cb, .arg = c, .max_out = MAX_OUT};
    c->all = cs;
    c->number = ++cs->last_number;
    c->parser = px_h1_new(PX_H1_REQUEST, &heads, &parser_cb, c);
    c->io = c->parser != NULL ? px_io_accept(cs->env->loop, fd, tls, &conf) : NULL;
    if (c->parser == NULL)
        close(fd);
    if (c->io == NULL) {
        px_h1_free(c->parser);
        free(c);
        return NULL;
    }
    deadline_in(c, l->handshake_ms);
    c->progress = px_io_loop_now(cs->env->loop);
    return c;
}

void px_clients_accept(struct px_clients *cs, int fd, SSL_CTX *tls)
{
    int64_t others = atomic_fetch_add_explicit(cs->total, 1, memory_order_relaxed);
    struct client *c = NULL;
    if (others < cs->era->g->config->limits.max_connections)
        c = create(cs, fd, tls);
    else
        close(fd);
    if (c == NULL) {
        atomic_fetch_sub_explicit(cs->total, 1, memory_order_relaxed);
        return;
    }
    c->next = cs->first;
    c->at = &cs->first;
    if (c->next != NULL)
        c->next->at = &c->next;
    cs->first = c;
    cs->n++;
    px_count(cs->env->metrics, PX_C_connections, 1);
    px_gauge(cs->env->metrics, PX_G_open_connections, 1);
}

static void expired(struct client *c)
{
    switch (c->state) {
    case C_OPENING:
        px_count(c->all->env->metrics, PX_C_handshake_failures, 1);
        start_close(c, PX_CLOSE_NOW);
        return;
    case C_IDLE:
        start_close(c, PX_CLOSE_CLEAN);
        return;
    case C_HEAD:
    case C_BODY:
        late(c);
        return;
    case C_BUSY:
    case C_FLUSHING:
    case C_CLOSING:
        return;
    }
}

static void tick(struct client *c, uint64_t now)
{
    uint64_t sent = px_io_sent(c->io);
    bool pending = px_io_queued(c->io) != 0;
    if (!pending || sent != c->sent) {
        c->sent = sent;
        c->progress = now;
    } else if (now - c->progress >= (uint64_t)limits(c)->slow_client_ms) {
        gone(c, "slow_client");
        return;
    }
    if (c->state == C_IDLE && pending)
        deadline_in(c, limits(c)->keepalive_ms); /* idle begins when the answer has left */
    if (c->deadline != 0 && now >= c->deadline)
        expired(c);
    if (c->txn != NULL)
        px_txn_tick(c->txn);
}

void px_clients_tick(struct px_clients *cs)
{
    uint64_t now = px_io_loop_now(cs->env->loop);
    for (struct client *c = cs->first; c != NULL; c = c->next) { /* nothing is freed inside: px_io only schedules */
        if (c->state != C_CLOSING)
            tick(c, now);
    }
}

void px_clients_drain(struct px_clients *cs)
{
    cs->draining = true;
    cs->env->closing = true;
    for (struct client *c = cs->first; c != NULL; c = c->next) {
        if (c->state == C_IDLE)
            start_close(c, PX_CLOSE_CLEAN);
    }
}

void px_clients_abort(struct px_clients *cs, bool now)
{
    cs->draining = true;
    cs->env->closing = true;
    for (struct client *c = cs->first; c != NULL; c = c->next) {
        if (c->txn != NULL)
            px_txn_abort(c->txn);
        if (now || c->state < C_FLUSHING)
            start_close(c, now ? PX_CLOSE_NOW : PX_CLOSE_CLEAN);
    }
}

unsigned px_clients_count(const struct px_clients *cs)
{
    return cs->n;
}

void px_clients_free(struct px_clients *cs)
{
    free(cs);
}
