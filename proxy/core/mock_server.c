/* The mock's thread: connections, requests in, planned answers out. */
#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/mock_parts.h"
#include "net/io.h"
#include "net/listener.h"
#include "net/tls.h"

#define BODY_MAX  ((size_t)64 << 20)
#define EARLY_MAX ((size_t)1 << 20)
#define SLICE     65536u

struct mock_conn {
    struct px_mock *m;
    struct mock_conn *prev, *next;
    struct px_io *io;
    struct px_h1 *h1;
    struct event *timer;
    const struct px_h1_head *head;
    struct flt_arena *arena;
    struct flt_buf body;
    struct flt_buf
        early; /* bytes received and not parsed yet: reading goes on while an answer plays, to notice the end */
    struct mock_plan plan;
    size_t at, step;
    uint64_t id, seq, bytes;
    bool complete, busy, waited, control, peer_done, closing, too_large;
};

struct px_mock {
    pthread_t thread;
    struct event_base *base;
    struct px_io_loop *loop;
    struct px_listener *listener;
    struct event *wake;
    SSL_CTX *tls;
    int wake_fd;
    uint16_t port;
    bool quiet;
    struct mock_state s;
    struct mock_conn *conns;
    uint64_t last_id;
};

/* ---- connections ---------------------------------------------------------------------------- */

static void conn_free(struct mock_conn *c)
{
    struct px_mock *m = c->m;
    if (c->busy && c->seq != 0)
        px_mock_record_outcome(m->s.record, c->seq, MOCK_OUT_GONE, c->plan.status, c->at);
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        m->conns = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    m->s.open--;
    px_io_free(c->io);
    px_h1_free(c->h1);
    if (c->timer != NULL)
        event_free(c->timer);
    flt_arena_free(c->arena);
    flt_buf_free(&c->body);
    flt_buf_free(&c->early);
    px_mock_plan_free(&c->plan);
    free(c);
}

static void conn_close(struct mock_conn *c, enum px_io_close how)
{
    if (c->closing)
        return;
    c->closing = true;
    c->busy = false;
    (void)event_del(c->timer);
    px_io_close(c->io, how, 2000);
}

static void arm(struct mock_conn *c, uint32_t ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
    (void)event_add(c->timer, &tv);
}

/* ---- playing an answer ---------------------------------------------------------------------- */

static void pump(struct mock_conn *c);

static void outcome(struct mock_conn *c, enum mock_outcome o)
{
    if (c->seq != 0)
        px_mock_record_outcome(c->m->s.record, c->seq, o, c->plan.status, c->at);
    c->seq = 0;
}

static void finish(struct mock_conn *c)
{
    switch (c->plan.finish) {
    case MOCK_STALL: /* busy until the peer gives up */
        return;
    case MOCK_RESET:
        if (px_io_queued(c->io) != 0) { /* what was written must arrive before the reset */
            arm(c, 1);
            return;
        }
        outcome(c, MOCK_OUT_CUT);
        conn_close(c, PX_CLOSE_NOW);
        return;
    case MOCK_CLOSE_UNCLEAN:
        outcome(c, MOCK_OUT_CUT);
        conn_close(c, PX_CLOSE_UNCLEAN);
        return;
    case MOCK_CLOSE:
        outcome(c, MOCK_OUT_ANSWERED);
        conn_close(c, PX_CLOSE_CLEAN);
        return;
    case MOCK_KEEP:
        break;
    }
    outcome(c, MOCK_OUT_ANSWERED);
    c->busy = false;
    if (c->peer_done) {
        conn_close(c, PX_CLOSE_CLEAN);
        return;
    }
    c->complete = false;
    px_h1_next(c->h1, false);
    flt_buf_clear(&c->body);
    flt_arena_reset(c->arena);
}

/* False when it has to wait for the peer. */
static bool play_step(struct mock_conn *c, size_t end)
{
    while (c->at < end) {
        size_t n = end - c->at < SLICE ? end - c->at : SLICE;
        if (px_io_full(c->io))
            return false;
        if (px_io_write(c->io, c->plan.bytes.p + c->at, n) != FLT_OK)
            return false; /* on_end follows */
        c->at += n;
    }
    return true;
}

static void play(struct mock_conn *c)
{
    const struct mock_step *steps = (const struct mock_step *)(const void *)c->plan.steps.p;
    size_t n = px_mock_plan_steps(&c->plan);
    while (c->step < n) {
        uint32_t delay = steps[c->step].delay_ms;
        if (!c->waited && (delay != 0 || (c->plan.separate && c->step != 0))) {
            c->waited = true;
            arm(c, delay);
            return;
        }
        c->waited = true; /* a step interrupted by a full queue is not delayed again */
        if (!play_step(c, steps[c->step].end))
            return;
        c->waited = false;
        c->step++;
    }
    finish(c);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct mock_conn *c = arg;
    (void)fd;
    (void)what;
    if (c->closing || !c->busy)
        return;
    play(c);
    pump(c);
}

/* ---- requests ------------------------------------------------------------------------------- */

static void log_request(const struct px_mock *m, const struct mock_prompt *p, int status, const char *rule)
{
    if (!m->quiet)
        (void)fprintf(stderr, "mock: %.*s %.*s -> %d %s\n", FLT_STR_ARG(p->head->method), FLT_STR_ARG(p->path), status,
                      rule);
}

/* Body and status of the answer by the provider's routes. */
static int provider_body(struct mock_conn *c, const struct mock_prompt *p, const struct mock_reply *r,
                         struct mock_body *body, int *status)
{
    enum mock_route route = px_mock_route(p->head->method, p->path);
    *status = (int)r->status;
    if (r != &px_mock_echo && (r->body.p != NULL || route == MOCK_ROUTE_CHAT || r->status >= 400))
        return px_mock_answer(p, r, c->m->s.serial, body);
    if (route == MOCK_ROUTE_MODELS)
        return px_mock_answer_models(body);
    if (route == MOCK_ROUTE_CHAT && !p->bad)
        return px_mock_answer(p, r, c->m->s.serial, body);
    *status = route == MOCK_ROUTE_NONE ? 404 : route == MOCK_ROUTE_METHOD ? 405 : 400;
    return px_mock_answer_error(route == MOCK_ROUTE_CHAT ? "The body is not a chat completion request."
                                                         : "The mock does not know this method and path.",
                                route == MOCK_ROUTE_CHAT ? "invalid_json" : "not_found", body);
}

static int plan_provider(struct mock_conn *c, const struct mock_prompt *p, bool keep)
{
    struct px_mock *m = c->m;
    struct mock_body body;
    struct mock_rule *rule = px_mock_find(m->s.script, p);
    int status = 0;
    if (rule == NULL)
        rule = px_mock_find(m->s.builtin, p);
    const struct mock_reply *r = rule != NULL ? &rule->reply : &px_mock_echo;
    m->s.requests++;
    m->s.serial++;
    c->seq = px_mock_record_add(m->s.record, c->id, p, px_io_sni(c->io), NULL);
    px_mock_body_init(&body);
    int rc = provider_body(c, p, r, &body, &status);
    if (rc == FLT_OK)
        rc = px_mock_frame(r, status, &body, keep, &c->plan);
    px_mock_body_free(&body);
    char name[64];
    (void)snprintf(name, sizeof(name), "%.*s", FLT_STR_ARG(rule != NULL ? rule->name : FLT_STR("echo")));
    log_request(m, p, c->plan.status, name);
    return rc;
}

static int plan_control(struct mock_conn *c, const struct mock_prompt *p, bool keep)
{
    struct mock_body body;
    int status = 0;
    if (!c->control) {
        c->control = true;
        c->m->s.connections--;
        c->m->s.bytes -= c->bytes;
    }
    px_mock_body_init(&body);
    int rc = px_mock_control(&c->m->s, p, &body, &status);
    if (rc == FLT_OK)
        rc = px_mock_frame(&px_mock_echo, status, &body, keep, &c->plan);
    px_mock_body_free(&body);
    return rc;
}

static void begin_answer(struct mock_conn *c)
{
    struct mock_prompt p = {.head = c->head, .body = flt_buf_str(&c->body)};
    bool keep = c->head->keep_alive && !c->peer_done;
    px_mock_plan_free(&c->plan);
    px_mock_plan_init(&c->plan);
    c->at = c->step = 0;
    c->waited = false;
    c->busy = true;
    px_mock_prompt(&p, c->arena);
    int rc = flt_str_starts(p.path, FLT_STR("/__")) ? plan_control(c, &p, keep) : plan_provider(c, &p, keep);
    if (rc != FLT_OK) {
        (void)fprintf(stderr, "mock: cannot build an answer: %s\n", flt_status_name(rc));
        conn_close(c, PX_CLOSE_NOW);
        return;
    }
    play(c);
}

/* What is not HTTP, or too large, is recorded and refused. */
static void refuse(struct mock_conn *c, const char *why)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    c->m->s.malformed++;
    (void)px_mock_record_add(c->m->s.record, c->id, NULL, px_io_sni(c->io), why);
    if (!c->m->quiet)
        (void)fprintf(stderr, "mock: malformed request: %s\n", why);
    if (px_io_write(c->io, answer, sizeof(answer) - 1) != FLT_OK) {
        conn_close(c, PX_CLOSE_NOW);
        return;
    }
    conn_close(c, PX_CLOSE_CLEAN);
}

static int on_head(void *arg, const struct px_h1_head *h)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct mock_conn *c = arg;
    c->head = h;
    return h->expect_continue ? px_io_write(c->io, go_on, sizeof(go_on) - 1) : 0;
}

static int on_body(void *arg, const char *p, size_t n)
{
    struct mock_conn *c = arg;
    int rc = flt_buf_add(&c->body, p, n);
    c->too_large = rc != FLT_OK;
    return rc;
}

static int on_complete(void *arg)
{
    struct mock_conn *c = arg;
    c->complete = true;
    return 0;
}

static const struct px_h1_cb h1_cb = {.on_head = on_head, .on_body = on_body, .on_complete = on_complete};

/* Parses what has arrived until an answer has to be played first. */
static void pump(struct mock_conn *c)
{
    while (!c->closing && !c->busy && c->early.n != 0) {
        size_t n = px_h1_feed(c->h1, c->early.p, c->early.n);
        flt_buf_consume(&c->early, n);
        const struct px_h1_error *e = px_h1_failed(c->h1);
        if (e != NULL || c->too_large)
            refuse(c, e != NULL ? e->what : "body too large");
        else if (c->complete)
            begin_answer(c);
        else if (n == 0)
            break;
    }
    if (!c->closing)
        px_io_resume(c->io, PX_PAUSE_BUSY);
}

/* ---- io callbacks --------------------------------------------------------------------------- */

static void on_open(void *arg)
{
    (void)arg;
}

static size_t on_data(void *arg, const char *p, size_t n)
{
    struct mock_conn *c = arg;
    size_t room = EARLY_MAX - c->early.n;
    size_t take = n < room ? n : room;
    c->bytes += take;
    if (!c->control)
        c->m->s.bytes += take;
    if (flt_buf_add(&c->early, p, take) != FLT_OK) {
        conn_close(c, PX_CLOSE_NOW);
        return n;
    }
    if (take < n)
        px_io_pause(c->io, PX_PAUSE_BUSY);
    pump(c);
    return take;
}

static void on_drain(void *arg)
{
    struct mock_conn *c = arg;
    if (c->closing || !c->busy || event_pending(c->timer, EV_TIMEOUT, NULL))
        return;
    play(c);
    pump(c);
}

static void on_end(void *arg, enum px_io_end why)
{
    struct mock_conn *c = arg;
    if (why == PX_IO_EOF && c->busy && c->plan.finish != MOCK_STALL) {
        c->peer_done = true; /* half-closed: it still gets its answer */
        return;
    }
    conn_free(c);
}

static void on_closed(void *arg)
{
    conn_free(arg);
}

static const struct px_io_cb io_cb = {
    .on_open = on_open, .on_data = on_data, .on_drain = on_drain, .on_end = on_end, .on_closed = on_closed};

static void on_accept(void *arg, int fd)
{
    struct px_mock *m = arg;
    struct mock_conn *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        (void)close(fd);
        return;
    }
    struct px_io_conf conf = {.cb = &io_cb, .arg = c};
    c->m = m;
    c->id = ++m->last_id;
    m->s.connections++;
    m->s.open++;
    c->next = m->conns;
    if (c->next != NULL)
        c->next->prev = c;
    m->conns = c;
    flt_buf_init(&c->body, BODY_MAX);
    flt_buf_init(&c->early, EARLY_MAX);
    px_mock_plan_init(&c->plan);
    c->timer = event_new(m->base, -1, 0, on_timer, c);
    c->arena = flt_arena_new(BODY_MAX * 3);
    c->h1 = px_h1_new(PX_H1_REQUEST, NULL, &h1_cb, c);
    c->io = px_io_accept(m->loop, fd, m->tls, &conf);
    if (c->timer == NULL || c->arena == NULL || c->h1 == NULL || c->io == NULL)
        conn_free(c);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct px_mock *m = arg;
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(m->base);
}

static void *run(void *arg)
{
    struct px_mock *m = arg;
    (void)event_base_dispatch(m->base);
    px_listener_free(m->listener);
    m->listener = NULL;
    for (struct mock_conn *c = m->conns, *next; c != NULL; c = next) {
        next = c->next;
        conn_free(c);
    }
    (void)event_base_loop(m->base, EVLOOP_NONBLOCK); /* the io memory is released at the end of a turn */
    return NULL;
}

static void release(struct px_mock *m)
{
    px_listener_free(m->listener);
    if (m->wake != NULL)
        event_free(m->wake);
    if (m->wake_fd >= 0)
        (void)close(m->wake_fd);
    if (m->loop != NULL)
        px_io_loop_free(m->loop);
    if (m->base != NULL)
        event_base_free(m->base);
    SSL_CTX_free(m->tls);
    px_mock_script_free(m->s.script);
    px_mock_script_free(m->s.builtin);
    px_mock_record_free(m->s.record);
    free(m);
}

static bool load_scripts(struct px_mock *m, const struct px_mock_conf *conf, struct flt_err *err)
{
    struct flt_diag d = {0};
    m->s.builtin = px_mock_script_builtin(&d);
    if (m->s.builtin != NULL && conf->script != NULL)
        m->s.script = px_mock_script_load(conf->script, &d);
    bool ok = m->s.builtin != NULL && (conf->script == NULL || m->s.script != NULL);
    if (!ok && d.n != 0)
        *err = d.v[0];
    else if (!ok)
        *err = (struct flt_err){.status = FLT_E_NOMEM, .message = "out of memory"};
    flt_diag_free(&d);
    return ok;
}

static bool listen_on(struct px_mock *m, const struct px_mock_conf *conf, struct flt_err *err)
{
    char name[80];
    if (conf->certificate != NULL) {
        struct px_tls_server_conf tls = {.certificate = conf->certificate, .key = conf->key, .session_context = "mock"};
        m->tls = px_tls_server(&tls, err);
        if (m->tls == NULL)
            return false;
    }
    int fd = px_listen_socket(conf->listen != NULL ? conf->listen : "127.0.0.1:0", false, err);
    if (fd < 0)
        return false;
    px_listen_name(fd, name, sizeof(name));
    const char *colon = strrchr(name, ':');
    m->port = colon != NULL ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
    m->listener = px_listener_new(m->base, fd, on_accept, m);
    if (m->listener == NULL)
        *err = (struct flt_err){.status = FLT_E_NOMEM, .message = "out of memory"};
    return m->listener != NULL;
}

static bool prepare(struct px_mock *m, const struct px_mock_conf *conf, struct flt_err *err)
{
    *err = (struct flt_err){.status = FLT_E_NOMEM, .message = "out of memory"};
    m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    m->base = event_base_new();
    if (m->wake_fd < 0 || m->base == NULL)
        return false;
    m->loop = px_io_loop_new(m->base);
    m->wake = event_new(m->base, m->wake_fd, EV_READ, on_wake, m);
    if (m->loop == NULL || m->wake == NULL || event_add(m->wake, NULL) != 0)
        return false;
    if (!load_scripts(m, conf, err))
        return false;
    m->s.record = px_mock_record_new(conf->record, err);
    return m->s.record != NULL && listen_on(m, conf, err);
}

struct px_mock *px_mock_start(const struct px_mock_conf *conf, struct flt_err *err)
{
    struct px_mock *m = calloc(1, sizeof(*m));
    if (m == NULL) {
        *err = (struct flt_err){.status = FLT_E_NOMEM, .message = "out of memory"};
        return NULL;
    }
    m->quiet = conf->quiet;
    m->wake_fd = -1;
    if (!prepare(m, conf, err)) {
        release(m);
        return NULL;
    }
    if (pthread_create(&m->thread, NULL, run, m) != 0) {
        *err = (struct flt_err){.status = FLT_E_NOMEM, .message = "cannot start a thread"};
        release(m);
        return NULL;
    }
    return m;
}

uint16_t px_mock_port(const struct px_mock *m)
{
    return m->port;
}

void px_mock_stop(struct px_mock *m)
{
    uint64_t one = 1;
    if (m == NULL)
        return;
    while (write(m->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    (void)pthread_join(m->thread, NULL);
    release(m);
}
