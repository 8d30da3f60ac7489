/* server.c: start, signals, the workers' mail, stop. */
#include "core/server_impl.h"

#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#define STOP_NOW_MS 0u

/* ---- workers ---------------------------------------------------------------------------------------------------- */

static unsigned wanted_workers(const struct px_config *c)
{
    cpu_set_t set;
    unsigned cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    unsigned n = c->workers > 0 ? (unsigned)c->workers : cores;
    return n == 0 ? 1 : n > PX_MAX_WORKERS ? PX_MAX_WORKERS : n;
}

/* Workers inherit a mask that blocks every signal: signals are the control thread's. */
static bool start_workers(struct px_server *s, unsigned n)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < n; i++) {
        s->workers[i] = px_worker_start((int)i, s->box, &s->connections);
        if (s->workers[i] == NULL)
            break;
        s->metrics[i] = px_worker_metrics(s->workers[i]);
        s->n_workers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return s->n_workers == n;
}

static void stop_workers(struct px_server *s, uint64_t drain_ms)
{
    for (unsigned i = 0; i < s->n_workers; i++)
        px_worker_stop(s->workers[i], drain_ms);
}

static void on_updated(struct px_server *s, struct px_worker_update *u)
{
    if (!u->done) {
        if (!s->stopping) {
            px_log(PX_LOG_ERROR, NULL, "a worker could not take over generation number=%u", u->g->number);
            s->stale = true;
        }
        px_server_release(s, u->g);
    }
    free(u->fds);
    free(u);
    if (--s->updates_pending != 0 || s->accepting || s->stopping)
        return;
    s->accepting = true;
    px_log(PX_LOG_NOTICE, NULL, "ready workers=%u", s->n_workers);
    if (s->conf->on_ready != NULL)
        s->conf->on_ready(s->conf->arg, s->first_address);
}

static void on_mail(void *arg, struct px_mail *m)
{
    struct px_server *s = arg;
    struct px_era *e;
    switch ((enum px_worker_mail)m->kind) {
    case PX_MAIL_UPDATED:
        on_updated(s, m->p);
        return;
    case PX_MAIL_ERA:
        e = m->p;
        px_server_release(s, e->g);
        px_era_free(e);
        return;
    case PX_MAIL_BUILT:
        px_server_built(s);
        return;
    case PX_MAIL_STOPPED:
        if (++s->n_stopped == s->n_workers)
            event_base_loopbreak(s->base);
        return;
    }
}

/* ---- signals ---------------------------------------------------------------------------------------------------- */

static void on_hangup(evutil_socket_t fd, short what, void *arg)
{
    struct px_server *s = arg;
    (void)fd;
    (void)what;
    if (!s->stopping)
        px_server_reload(s);
}

static void on_terminate(evutil_socket_t fd, short what, void *arg)
{
    struct px_server *s = arg;
    (void)fd;
    (void)what;
    uint64_t drain = s->current != NULL ? (uint64_t)s->current->config->limits.drain_ms : 0;
    if (++s->terms > 2)
        return;
    s->stopping = true;
    bool now = s->terms == 2;
    px_log(PX_LOG_NOTICE, NULL, "stopping drain_ms=%llu", now ? 0ULL : (unsigned long long)drain);
    stop_workers(s, now ? STOP_NOW_MS : drain);
}

static bool add_signals(struct px_server *s)
{
    static const struct {
        int number;
        event_callback_fn fn;
    } wanted[] = {{SIGHUP, on_hangup}, {SIGTERM, on_terminate}, {SIGINT, on_terminate}};
    for (size_t i = 0; i < FLT_ARRAY_LEN(wanted); i++) {
        s->signals[i] = evsignal_new(s->base, wanted[i].number, wanted[i].fn, s);
        if (s->signals[i] == NULL || event_add(s->signals[i], NULL) != 0)
            return false;
    }
    return true;
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static bool equip(struct px_server *s)
{
    s->base = event_base_new();
    if (s->base == NULL)
        return false;
    s->loop = px_io_loop_new(s->base);
    s->box = px_mailbox_new(s->base, on_mail, s);
    s->limits = px_limits_new();
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    s->started_unix = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
    return s->loop != NULL && s->box != NULL && s->limits != NULL && add_signals(s);
}

static void dismantle(struct px_server *s)
{
    px_server_join_builder(s);
    px_admin_free(s->admin);
    free(s->admin_address);
    for (unsigned i = 0; i < s->n_workers; i++)
        px_worker_join(s->workers[i]);
    for (size_t i = 0; i < FLT_ARRAY_LEN(s->signals); i++) {
        if (s->signals[i] != NULL)
            event_free(s->signals[i]);
    }
    px_mailbox_free(s->box);
    px_io_loop_free(s->loop);
    if (s->base != NULL)
        event_base_free(s->base);
    px_limits_free(s->limits);
    px_config_free(s->first);
}

/* How many workers there are, and how much is logged, must be known before the first generation is built for them. */
static bool read_settings(struct px_server *s, unsigned *workers)
{
    struct flt_diag d = {0};
    s->first = s->conf->load(s->conf->arg, &d);
    px_print_diag(&d);
    flt_diag_free(&d);
    if (s->first == NULL)
        return false;
    *workers = wanted_workers(s->first);
    px_log_init((enum px_log_level)s->first->log_level, STDERR_FILENO);
    return true;
}

int px_server_run(const struct px_server_conf *conf)
{
    struct px_server s = {.conf = conf};
    unsigned workers = 0;
    int status = 2;
    if (!read_settings(&s, &workers))
        return status;
    if (!equip(&s) || !start_workers(&s, workers))
        fputs("sallyport: out of memory or descriptors\n", stderr);
    else if (px_server_load(&s))
        status = 0;
    if (status != 0) {
        s.stopping = true;
        stop_workers(&s, STOP_NOW_MS);
    }
    if (s.n_workers != 0)
        event_base_dispatch(s.base);
    dismantle(&s);
    if (status == 0)
        px_log(PX_LOG_NOTICE, NULL, "stopped");
    return status;
}
