/*
 * streams.c: many clients of event streams. All connect first (handshakes are not what is measured), then start one
 * after the other; every event's age on arrival is taken from the time it carries.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "load.h"

#define PARALLEL_HANDSHAKES 32u

struct run {
    const struct load_options *o;
    struct event_base *base;
    SSL_CTX *tls;
    const char *request;
    size_t request_len;
    struct client *client;
    unsigned connecting, connected, started, done, failed;
    struct event *starter;
    double *first; /* request written -> first body byte, ms */
    size_t n_first;
    double *age; /* per event, ms */
    size_t n_age, cap_age;
};

struct client {
    struct run *run;
    struct bufferevent *b;
    uint64_t asked;
    bool first, over;
};

static void finish(struct client *c, bool failed)
{
    if (c->over)
        return;
    c->over = true;
    c->run->done++;
    c->run->failed += failed ? 1 : 0;
    if (c->run->done == c->run->o->count)
        (void)event_base_loopbreak(c->run->base);
}

static void note_age(struct run *r, uint64_t now, uint64_t then)
{
    if (r->n_age < r->cap_age)
        r->age[r->n_age++] = (double)(now - then) / 1e6;
}

/* One line of the answer: status, chunk sizes and events alike; only events carry a time. */
static void on_line(struct client *c, const char *line, uint64_t now)
{
    struct run *r = c->run;
    const char *t = strstr(line, "\"t\":");
    if (strncmp(line, "HTTP/1.1 ", 9) == 0 && strncmp(line + 9, "200", 3) != 0)
        finish(c, true);
    if (t != NULL && !c->first) {
        c->first = true;
        r->first[r->n_first++] = (double)(now - c->asked) / 1e6;
    }
    if (t != NULL)
        note_age(r, now, strtoull(t + 4, NULL, 10));
    if (strcmp(line, "data: [DONE]") == 0)
        finish(c, !c->first);
}

static void on_read(struct bufferevent *b, void *arg)
{
    struct client *c = arg;
    uint64_t now = load_now_ns();
    char *line;
    while ((line = evbuffer_readln(bufferevent_get_input(b), NULL, EVBUFFER_EOL_CRLF)) != NULL) {
        on_line(c, line, now);
        free(line);
    }
}

static void connect_more(struct run *r);

static void on_event(struct bufferevent *b, short what, void *arg)
{
    struct client *c = arg;
    (void)b;
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        c->run->connected++;
        connect_more(c->run);
        if (c->run->connected == c->run->o->count)
            (void)event_base_loopbreak(c->run->base);
    } else if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) {
        if (c->asked == 0)
            load_die("a connection was closed before its request");
        finish(c, true);
    }
}

static void connect_more(struct run *r)
{
    while (r->connecting < r->o->count && r->connecting < r->connected + PARALLEL_HANDSHAKES) {
        struct client *c = &r->client[r->connecting++];
        c->run = r;
        c->b = load_connect(r->base, r->tls, r->o->port);
        bufferevent_setcb(c->b, on_read, NULL, on_event, c);
        (void)bufferevent_enable(c->b, EV_READ | EV_WRITE);
    }
}

static void on_start(evutil_socket_t fd, short what, void *arg)
{
    struct run *r = arg;
    (void)fd;
    (void)what;
    if (r->started == r->o->count) {
        (void)event_del(r->starter);
        return;
    }
    struct client *c = &r->client[r->started++];
    c->asked = load_now_ns();
    (void)bufferevent_write(c->b, r->request, r->request_len);
}

static void report(struct run *r)
{
    (void)printf(
        "streams=%u failed=%u events=%zu first_p50_ms=%.3f first_p99_ms=%.3f age_p50_ms=%.3f age_p99_ms=%.3f\n",
        r->o->count, r->failed, r->n_age, load_quantile(r->first, r->n_first, 0.5),
        load_quantile(r->first, r->n_first, 0.99), load_quantile(r->age, r->n_age, 0.5),
        load_quantile(r->age, r->n_age, 0.99));
}

int load_streams(const struct load_options *o)
{
    struct run r = {.o = o, .base = event_base_new(), .tls = load_client_tls(o)};
    struct timeval pace = {.tv_sec = 0, .tv_usec = (long)o->pace_ms * 100};
    (void)signal(SIGPIPE, SIG_IGN);
    r.request = load_request(o, &r.request_len);
    r.cap_age = (size_t)o->count * 1000;
    r.client = calloc(o->count, sizeof(*r.client));
    r.first = calloc(o->count, sizeof(*r.first));
    r.age = calloc(r.cap_age, sizeof(*r.age));
    if (r.base == NULL || r.client == NULL || r.first == NULL || r.age == NULL)
        load_die("out of memory");
    connect_more(&r);
    (void)event_base_dispatch(r.base);
    if (o->paused) {
        (void)puts("connected");
        (void)fflush(stdout);
        (void)getchar();
    }
    r.starter = event_new(r.base, -1, EV_PERSIST, on_start, &r);
    if (r.starter == NULL)
        load_die("out of memory");
    (void)event_add(r.starter, &pace);
    (void)event_base_dispatch(r.base);
    report(&r);
    return r.failed == 0 ? 0 : 1;
}
