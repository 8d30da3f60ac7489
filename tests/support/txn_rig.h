/*
 * txn_rig.h: whole transactions in one thread: real clients, transactions and pools of a worker, a fake upstream on
 * loopback that follows a script, and the client's end of a socket pair. Real time, short deadlines: a test waits until
 * something has happened (rig_until), and never claims that it happened soon.
 */
#ifndef TEST_TXN_RIG_H
#define TEST_TXN_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <openssl/sha.h>

#include "core/client.h"
#include "rig_upstream.h"
#include "tiny_packs.h"
#include "watch/log.h"

#define RIG_KEY "sk-rig-tenant"

/* ---- the worker's parts ----------------------------------------------------------------------------------------- */

struct rig {
    struct event_base *base;
    struct rig_up up;
    struct px_resolver *resolver;
    struct px_txn_env env;
    struct px_era_pools *pools;
    struct px_era *era;
    struct px_generation *gen;
    struct px_clients *clients;
    struct px_limits *limits;
    _Atomic int64_t total;
    struct px_audit *audit;
    char dir[64];
    int log_fd;
    unsigned unused; /* eras that came back */
    uint64_t ticked;
};

static inline void rig_folder(struct rig *r)
{
    char path[128];
    snprintf(r->dir, sizeof(r->dir), "/tmp/txn-rig-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    for (size_t i = 0; i < FLT_ARRAY_LEN(tiny_packs); i++) {
        snprintf(path, sizeof(path), "%s/%s", r->dir, tiny_packs[i][0]);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof(path), "%s/%s/tiny.yaml", r->dir, tiny_packs[i][0]);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(tiny_packs[i][1], f) >= 0);
        assert_int_equal(fclose(f), 0);
    }
}

static inline void rig_print(const struct flt_diag *d)
{
    for (unsigned i = 0; i < d->n; i++) {
        char line[1200];
        flt_err_format(&d->v[i], line, sizeof(line));
        print_error("%s", line);
    }
}

typedef void (*rig_tweak)(struct px_config *c);

static inline struct px_generation *rig_generation(struct rig *r, rig_tweak tweak)
{
    struct flt_diag d = {0};
    uint8_t sha[32];
    SHA256((const unsigned char *)RIG_KEY, sizeof(RIG_KEY) - 1, sha);
    struct px_config *c = px_config_embedded("unused", "unused", sha, r->up.port, &d);
    assert_non_null(c);
    c->n_listen = 0;
    c->rulesets = flt_arena_calloc(c->arena, 1, sizeof(*c->rulesets));
    c->rulesets[0] = flt_str_of(r->dir);
    c->n_rulesets = 1;
    if (tweak != NULL)
        tweak(c);
    struct px_generation *g = px_generation_build(c, NULL, r->limits, &d);
    rig_print(&d);
    assert_non_null(g);
    flt_diag_free(&d);
    g->audit = r->audit;
    return g;
}

static inline void rig_era_unused(void *arg, struct px_era *e)
{
    struct rig *r = arg;
    (void)e;
    r->unused++;
}

static inline struct px_era *rig_era(struct rig *r, struct px_generation *g)
{
    assert_int_equal(flt_worker_prepare(r->env.engine, g->snapshot), FLT_OK);
    struct px_era *e = px_era_new(r->pools, g);
    assert_non_null(e);
    e->on_unused = rig_era_unused;
    e->arg = r;
    px_clients_use(r->clients, e);
    return e;
}

static inline void rig_open(struct rig *r, rig_tweak tweak)
{
    memset(r, 0, sizeof(*r));
    rig_folder(r);
    char path[128];
    snprintf(path, sizeof(path), "%s/log", r->dir);
    r->log_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
    px_log_init(PX_LOG_DEBUG, r->log_fd);
    r->base = event_base_new();
    r->env.loop = px_io_loop_new(r->base);
    r->env.engine = flt_worker_new();
    r->env.metrics = px_metrics_new(0);
    r->env.auth = px_auth_new();
    px_txn_env_init(&r->env);
    rig_up_open(&r->up, r->base);
    r->resolver = px_resolver_new(r->base);
    r->limits = px_limits_new();
    r->clients = px_clients_new(&r->env, &r->total);
    r->pools = px_era_pools_new(r->env.loop, r->resolver);
    r->gen = rig_generation(r, tweak);
    r->era = rig_era(r, r->gen);
}

static inline uint64_t rig_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

static inline void rig_turn(struct rig *r)
{
    event_base_loop(r->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    uint64_t now = rig_now();
    if (now - r->ticked >= 10 && r->clients != NULL) {
        r->ticked = now;
        px_clients_tick(r->clients);
        px_txn_env_tick(&r->env);
    }
    usleep(200);
}

static inline void rig_for(struct rig *r, unsigned ms)
{
    for (uint64_t until = rig_now() + ms; rig_now() < until;)
        rig_turn(r);
}

/* For what must happen sooner or later, on a busy machine too. */
#define RIG_PATIENCE_MS 20000u
#define rig_until(r, condition)                                                                                        \
    do {                                                                                                               \
        for (uint64_t until_ = rig_now() + RIG_PATIENCE_MS; !(condition) && rig_now() < until_;)                       \
            rig_turn(r);                                                                                               \
        assert_true(condition);                                                                                        \
    } while (0)

static inline bool rig_logged(const struct rig *r, const char *words)
{
    static char log[1 << 20];
    ssize_t n = pread(r->log_fd, log, sizeof(log), 0);
    return n > 0 && memmem(log, (size_t)n, words, strlen(words)) != NULL;
}

/* The connections of the first upstream's pool that wait for a request. */
static inline unsigned rig_idle(const struct rig *r)
{
    struct px_pool_stats stats;
    px_pool_stats(r->era->pools[0]->pool, &stats);
    return stats.idle;
}

/* Every transaction must have moved legally, and left nothing behind. */
static inline void rig_close(struct rig *r)
{
    px_clients_abort(r->clients, true);
    for (int i = 0; i < 2000 && px_clients_count(r->clients) != 0; i++)
        rig_turn(r);
    assert_int_equal(px_clients_count(r->clients), 0);
    px_era_retire(r->era);
    px_txn_env_free(&r->env);
    px_era_drop_pools(r->era);
    px_era_free(r->era);
    rig_for(r, 5);
    assert_int_equal(r->env.n_open, 0);
    px_era_pools_free(r->pools);
    px_clients_free(r->clients);
    r->clients = NULL;
    px_resolver_free(r->resolver);
    rig_up_close(&r->up);
    rig_turn(r);
    px_io_loop_free(r->env.loop);
    px_generation_free(r->gen);
    px_limits_free(r->limits);
    px_audit_close(r->audit);
    flt_worker_free(r->env.engine);
    px_metrics_free(r->env.metrics);
    px_auth_free(r->env.auth);
    event_base_free(r->base);
    char command[128];
    snprintf(command, sizeof(command), "! grep -q 'illegal state' %s/log", r->dir);
    assert_int_equal(system(command), 0);
    px_log_init(PX_LOG_ERROR, STDERR_FILENO);
    close(r->log_fd);
    snprintf(command, sizeof(command), "rm -rf -- %s", r->dir);
    assert_int_equal(system(command), 0);
}

/* ---- the client's end ------------------------------------------------------------------------------------------- */

struct rig_client {
    struct rig *rig;
    int fd;
    struct flt_buf in;
    bool eof, reset;
    bool deaf; /* does not read */
};

static inline void rig_connect(struct rig *r, struct rig_client *c)
{
    int pair[2];
    memset(c, 0, sizeof(*c));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    c->rig = r;
    c->fd = pair[0];
    flt_buf_init(&c->in, 64u << 20);
    px_clients_accept(r->clients, pair[1], NULL);
}

static inline void rig_hang_up(struct rig_client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    flt_buf_free(&c->in);
}

static inline void rig_read(struct rig_client *c)
{
    char block[65536];
    ssize_t n;
    if (c->deaf || c->fd < 0)
        return;
    while ((n = read(c->fd, block, sizeof(block))) > 0)
        assert_int_equal(flt_buf_add(&c->in, block, (size_t)n), FLT_OK);
    c->eof |= n == 0;
    c->reset |= n < 0 && errno != EAGAIN;
}

static inline void rig_say(struct rig_client *c, const char *p, size_t n)
{
    while (n != 0) {
        ssize_t k = send(c->fd, p, n, MSG_NOSIGNAL);
        if (k < 0 && errno != EAGAIN)
            return; /* closed by the other side: the answer is what counts */
        if (k > 0) {
            p += k;
            n -= (size_t)k;
        }
        rig_turn(c->rig);
        rig_read(c);
    }
}

#define RIG_HEADERS                                                                                                    \
    "Host: localhost\r\nAuthorization: Bearer " RIG_KEY "\r\nContent-Type: application/json\r\nUser-Agent: rig/1\r\n"

/* POSTs a chat body; extra: more header lines. */
static inline void rig_post(struct rig_client *c, const char *body, const char *extra)
{
    char head[1024];
    int n = snprintf(head, sizeof(head),
                     "POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "%sContent-Length: %zu\r\n\r\n", extra,
                     strlen(body));
    rig_say(c, head, (size_t)n);
    rig_say(c, body, strlen(body));
}

struct rig_answer {
    int status;
    char *head; /* NUL-terminated, within the client's buffer */
    size_t head_n;
    char body[1 << 16]; /* de-chunked, NUL-terminated */
    size_t body_n, wire_n;
    bool complete; /* its own framing says so */
};

static inline bool rig_unchunk(const char *p, size_t n, struct rig_answer *a, size_t *used)
{
    size_t i = 0;
    for (;;) {
        const char *lf = i < n ? memchr(p + i, '\n', n - i) : NULL;
        if (lf == NULL)
            return false;
        size_t size = strtoul(p + i, NULL, 16);
        size_t from = (size_t)(lf - p) + 1;
        if (from + size + 2 > n)
            return false;
        if (a->body_n + size < sizeof(a->body)) {
            memcpy(a->body + a->body_n, p + from, size);
            a->body_n += size;
        }
        i = from + size + 2;
        if (size == 0) {
            *used = i;
            return true;
        }
    }
}

/* Looks at the first answer in the buffer. False: its head is not there yet. */
static inline bool rig_parse(struct rig_client *c, struct rig_answer *a)
{
    memset(a, 0, sizeof(*a));
    const char *end = c->in.n != 0 ? memmem(c->in.p, c->in.n, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
        return false;
    a->head = c->in.p;
    a->head_n = (size_t)(end - c->in.p) + 4;
    a->status = (int)strtol(c->in.p + 9, NULL, 10);
    const char *body = c->in.p + a->head_n;
    size_t have = c->in.n - a->head_n, used = 0;
    const char *length = memmem(c->in.p, a->head_n, "Content-Length: ", 16);
    if (memmem(c->in.p, a->head_n, "Transfer-Encoding: chunked", 26) != NULL) {
        a->complete = rig_unchunk(body, have, a, &used);
    } else if (length != NULL) {
        size_t n = strtoul(length + 16, NULL, 10);
        a->complete = have >= n;
        used = have < n ? have : n;
        a->body_n = used < sizeof(a->body) ? used : sizeof(a->body) - 1;
        memcpy(a->body, body, a->body_n);
    } else {
        used = have;
        a->complete = a->status == 100 || c->eof;
        used = a->status == 100 ? 0 : have;
        a->body_n = used < sizeof(a->body) ? used : sizeof(a->body) - 1;
        memcpy(a->body, body, a->body_n);
    }
    a->wire_n = a->head_n + used;
    return true;
}

/* Waits for a whole answer or the connection's end, as long as it must. */
static inline void rig_wait(struct rig_client *c, struct rig_answer *a)
{
    uint64_t until = rig_now() + RIG_PATIENCE_MS;
    bool there;
    do {
        rig_turn(c->rig);
        rig_read(c);
        there = rig_parse(c, a);
    } while (!(there && a->complete) && !c->eof && !c->reset && rig_now() < until);
}

static inline void rig_take(struct rig_client *c, struct rig_answer *a)
{
    rig_wait(c, a);
    if (a->complete)
        flt_buf_consume(&c->in, a->wire_n);
    a->head = NULL; /* what it pointed to is gone */
    a->wire_n = 0;
}

static inline bool rig_has(const struct rig_answer *a, const char *line)
{
    return memmem(a->head, a->head_n, line, strlen(line)) != NULL;
}

/* Waits for the connection's end, as long as it must. */
static inline bool rig_ended(struct rig_client *c)
{
    for (uint64_t until = rig_now() + RIG_PATIENCE_MS; !c->eof && !c->reset && rig_now() < until;) {
        rig_turn(c->rig);
        rig_read(c);
    }
    return c->eof || c->reset;
}

static inline bool rig_upstream_got(const struct rig *r, const char *text)
{
    return r->up.got.n != 0 && memmem(r->up.got.p, r->up.got.n, text, strlen(text)) != NULL;
}

#endif
