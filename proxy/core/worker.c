/* worker.c: a worker's thread, its listeners, and the generations it is given. */
#include "core/worker.h"

#include <pthread.h>
#include <unistd.h>

#include "net/listener.h"
#include "watch/log.h"

#define TICK_MS       200
#define TICK_STOP_MS  20   /* while stopping: the end should not wait for a tick */
#define LAST_WORDS_MS 2500 /* for clients to take the error that ends their answer */

enum mail_kind { MAIL_UPDATE, MAIL_STOP };

struct listener {
    struct listener *next;
    struct px_worker *worker;
    struct px_listener *l;
    char *address;
    uint32_t index; /* in the current generation's listen list; UINT32_MAX = not in it */
};

struct px_worker {
    int id;
    pthread_t thread;
    struct event_base *base;
    struct px_io_loop *loop;
    struct px_resolver *resolver;
    struct px_mailbox *box, *control;
    struct event *tick;
    struct px_txn_env env;
    struct px_clients *clients;
    struct px_era_pools *pools;
    struct px_era *era;    /* of new transactions; NULL before the first */
    struct px_era *unused; /* retired, no pin: sent back at the next tick, outside of anybody's callback */
    struct listener *listeners;
    bool stopping;
    uint64_t stop_at;
    struct px_mail stop[2], stopped;
    _Atomic uint64_t drain_ms;
    unsigned stops;
};

/* ---- listeners -------------------------------------------------------------------------------------------------- */

static void on_accept(void *arg, int fd)
{
    const struct listener *l = arg;
    struct px_worker *w = l->worker;
    px_clients_accept(w->clients, fd, w->era->g->listen_tls[l->index]);
}

static struct listener *find(struct px_worker *w, struct flt_str address)
{
    for (struct listener *l = w->listeners; l != NULL; l = l->next) {
        if (flt_str_is(address, l->address))
            return l;
    }
    return NULL;
}

static bool listen_on(struct px_worker *w, struct flt_str address, int fd, uint32_t index)
{
    struct listener *l = calloc(1, sizeof(*l));
    char *copy = strndup(address.p, address.n);
    if (l == NULL || copy == NULL) {
        free(l);
        free(copy);
        close(fd);
        return false;
    }
    l->worker = w;
    l->address = copy;
    l->index = index;
    l->l = px_listener_new(w->base, fd, on_accept, l);
    l->next = w->listeners;
    w->listeners = l;
    return l->l != NULL;
}

/* Closes the listeners that are in no generation any more, or all. */
static void drop_listeners(struct px_worker *w, bool all)
{
    for (struct listener **at = &w->listeners; *at != NULL;) {
        struct listener *l = *at;
        if (!all && l->index != UINT32_MAX) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        if (l->l != NULL)
            px_listener_free(l->l);
        free(l->address);
        free(l);
    }
}

static bool relisten(struct px_worker *w, const struct px_worker_update *u)
{
    bool ok = true;
    for (struct listener *l = w->listeners; l != NULL; l = l->next)
        l->index = UINT32_MAX;
    for (uint32_t i = 0; i < u->g->config->n_listen; i++) {
        struct flt_str address = u->g->config->listen[i].address;
        struct listener *l = find(w, address);
        if (l != NULL)
            l->index = i;
        if (l != NULL && u->fds[i] >= 0)
            close(u->fds[i]);
        if (l == NULL && u->fds[i] >= 0)
            ok = listen_on(w, address, u->fds[i], i) && ok;
        u->fds[i] = -1;
    }
    drop_listeners(w, false);
    return ok;
}

/* ---- generations ------------------------------------------------------------------------------------------------ */

/* May be called from deep inside a transaction's end: only remember. */
static void on_era_unused(void *arg, struct px_era *e)
{
    struct px_worker *w = arg;
    e->mail.next = NULL;
    e->mail.p = w->unused;
    w->unused = e;
}

static void return_eras(struct px_worker *w)
{
    while (w->unused != NULL) {
        struct px_era *e = w->unused;
        w->unused = e->mail.p;
        px_era_drop_pools(e);
        e->mail.kind = PX_MAIL_ERA;
        e->mail.p = e;
        px_mailbox_post(w->control, &e->mail);
    }
}

static bool adopt(struct px_worker *w, struct px_worker_update *u)
{
    if (w->stopping || flt_worker_prepare(w->env.engine, u->g->snapshot) != FLT_OK)
        return false;
    struct px_era *e = px_era_new(w->pools, u->g);
    if (e == NULL)
        return false;
    e->on_unused = on_era_unused;
    e->arg = w;
    struct px_era *before = w->era;
    w->era = e;
    px_clients_use(w->clients, e);
    if (!relisten(w, u)) {
        const struct px_log_id id = {.worker = w->id};
        px_log(PX_LOG_ERROR, &id, "out of memory: this worker does not accept on every address");
    }
    if (before != NULL)
        px_era_retire(before);
    return true;
}

static void update(struct px_worker *w, struct px_worker_update *u)
{
    u->done = adopt(w, u);
    for (uint32_t i = 0; i < u->g->config->n_listen; i++) {
        if (u->fds[i] >= 0)
            close(u->fds[i]);
        u->fds[i] = -1;
    }
    u->mail.kind = PX_MAIL_UPDATED;
    u->mail.p = u;
    px_mailbox_post(w->control, &u->mail);
}

/* ---- stopping --------------------------------------------------------------------------------------------------- */

static void set_tick(struct px_worker *w, int ms)
{
    const struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_add(w->tick, &tv);
}

static void stop(struct px_worker *w)
{
    uint64_t drain = atomic_load(&w->drain_ms);
    w->stop_at = px_io_loop_now(w->loop) + drain;
    if (!w->stopping) {
        w->stopping = true;
        drop_listeners(w, true);
        px_clients_drain(w->clients);
        set_tick(w, TICK_STOP_MS);
    }
    if (drain == 0)
        px_clients_abort(w->clients, false);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct px_worker *w = arg;
    (void)fd;
    (void)what;
    px_clients_tick(w->clients);
    px_txn_env_tick(&w->env);
    return_eras(w);
    uint64_t now = px_io_loop_now(w->loop);
    if (w->stopping && now >= w->stop_at)
        px_clients_abort(w->clients, now >= w->stop_at + LAST_WORDS_MS);
    if (w->stopping && px_clients_count(w->clients) == 0)
        event_base_loopbreak(w->base);
}

static void on_mail(void *arg, struct px_mail *m)
{
    struct px_worker *w = arg;
    if (m->kind == MAIL_UPDATE)
        update(w, m->p);
    else
        stop(w);
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void *run(void *arg)
{
    struct px_worker *w = arg;
    event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY);
    if (w->era != NULL)
        px_era_retire(w->era);
    w->era = NULL;
    px_txn_env_free(&w->env); /* ends what still drains, so that every era comes back */
    return_eras(w);
    event_del(w->tick);
    px_mailbox_mute(w->box);
    px_resolver_free(w->resolver);
    w->resolver = NULL;
    event_base_loop(w->base, 0); /* until the last pooled connection has closed; each has a deadline for that */
    w->stopped.kind = PX_MAIL_STOPPED;
    w->stopped.p = w;
    px_mailbox_post(w->control, &w->stopped);
    return NULL;
}

static void destroy(struct px_worker *w)
{
    px_clients_free(w->clients);
    px_era_pools_free(w->pools);
    if (w->tick != NULL)
        event_free(w->tick);
    px_mailbox_free(w->box);
    if (w->resolver != NULL)
        px_resolver_free(w->resolver);
    if (w->loop != NULL)
        px_io_loop_free(w->loop);
    if (w->base != NULL)
        event_base_free(w->base);
    px_auth_free(w->env.auth);
    flt_worker_free(w->env.engine);
    px_metrics_free(w->env.metrics);
    free(w);
}

static struct event_base *new_base(void)
{
    struct event_config *cfg = event_config_new();
    if (cfg == NULL)
        return NULL;
    event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK); /* one thread, ever */
    struct event_base *base = event_base_new_with_config(cfg);
    event_config_free(cfg);
    return base;
}

static bool equip(struct px_worker *w, _Atomic int64_t *total)
{
    w->base = new_base();
    if (w->base == NULL)
        return false;
    w->loop = px_io_loop_new(w->base);
    w->resolver = px_resolver_new(w->base);
    w->box = px_mailbox_new(w->base, on_mail, w);
    w->tick = event_new(w->base, -1, EV_PERSIST, on_tick, w);
    w->env.loop = w->loop;
    w->env.engine = flt_worker_new();
    w->env.metrics = px_metrics_new(w->id);
    w->env.auth = px_auth_new();
    w->env.worker = w->id;
    px_txn_env_init(&w->env);
    w->clients = px_clients_new(&w->env, total);
    if (w->loop == NULL || w->resolver == NULL || w->box == NULL || w->tick == NULL || w->env.engine == NULL ||
        w->env.metrics == NULL || w->env.auth == NULL || w->clients == NULL)
        return false;
    w->pools = px_era_pools_new(w->loop, w->resolver);
    set_tick(w, TICK_MS);
    return w->pools != NULL;
}

struct px_worker *px_worker_start(int id, struct px_mailbox *control, _Atomic int64_t *total)
{
    struct px_worker *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return NULL;
    w->id = id;
    w->control = control;
    if (!equip(w, total) || pthread_create(&w->thread, NULL, run, w) != 0) {
        destroy(w);
        return NULL;
    }
    return w;
}

void px_worker_update(struct px_worker *w, struct px_worker_update *u)
{
    u->mail.kind = MAIL_UPDATE;
    u->mail.p = u;
    px_mailbox_post(w->box, &u->mail);
}

void px_worker_stop(struct px_worker *w, uint64_t drain_ms)
{
    if (w->stops == FLT_ARRAY_LEN(w->stop))
        return;
    atomic_store(&w->drain_ms, drain_ms);
    struct px_mail *m = &w->stop[w->stops++];
    m->kind = MAIL_STOP;
    px_mailbox_post(w->box, m);
}

void px_worker_join(struct px_worker *w)
{
    pthread_join(w->thread, NULL);
    destroy(w);
}

struct px_metrics *px_worker_metrics(struct px_worker *w)
{
    return w->env.metrics;
}
