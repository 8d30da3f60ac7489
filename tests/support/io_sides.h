/*
 * io_sides.h: two ends of a connection in one event loop, each recording what its callbacks were told.
 */
#ifndef TEST_IO_SIDES_H
#define TEST_IO_SIDES_H

#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/io.h"

struct side {
    struct px_io *io;
    char *got;
    size_t n, cap;
    unsigned opens, datas, drains, ends, closes;
    enum px_io_end end[4];
    size_t n_at_end;   /* bytes received when the first end was reported */
    size_t take_first; /* not 0: the first on_data takes so many bytes and pauses */
    bool free_on_open, free_on_data, free_on_end, close_on_end;
    const char *say_on_open;
    size_t say_n;
    SSL_SESSION *session;
};

static inline void side_free_io(struct side *s)
{
    px_io_free(s->io);
    s->io = NULL;
}

static inline void side_open(void *arg)
{
    struct side *s = arg;
    s->opens++;
    if (s->say_on_open != NULL && px_io_write(s->io, s->say_on_open, s->say_n) != FLT_OK)
        abort();
    if (s->free_on_open)
        side_free_io(s);
}

static inline size_t side_data(void *arg, const char *p, size_t n)
{
    struct side *s = arg;
    s->datas++;
    size_t take = n;
    if (s->take_first != 0 && s->datas == 1) {
        take = s->take_first < n ? s->take_first : n;
        px_io_pause(s->io, PX_PAUSE_BUSY);
    }
    if (s->n + take > s->cap) {
        s->cap = (s->n + take) * 2;
        s->got = realloc(s->got, s->cap);
        if (s->got == NULL)
            abort();
    }
    memcpy(s->got + s->n, p, take);
    s->n += take;
    if (s->free_on_data)
        side_free_io(s);
    return take;
}

static inline void side_drain(void *arg)
{
    struct side *s = arg;
    s->drains++;
}

static inline void side_end(void *arg, enum px_io_end why)
{
    struct side *s = arg;
    if (s->ends == 0)
        s->n_at_end = s->n;
    if (s->ends < 4)
        s->end[s->ends] = why;
    s->ends++;
    if (s->free_on_end)
        side_free_io(s);
    else if (s->close_on_end)
        px_io_close(s->io, PX_CLOSE_CLEAN, 1000);
}

static inline void side_closed(void *arg)
{
    struct side *s = arg;
    s->closes++;
    side_free_io(s);
}

static inline void side_session(void *arg, SSL_SESSION *session)
{
    struct side *s = arg;
    SSL_SESSION_free(s->session);
    s->session = session;
}

static const struct px_io_cb side_cb = {side_open, side_data, side_drain, side_end, side_closed};

static inline struct px_io_conf side_conf(struct side *s)
{
    return (struct px_io_conf){.cb = &side_cb, .arg = s};
}

static inline void side_clear(struct side *s)
{
    if (s->io != NULL)
        side_free_io(s);
    free(s->got);
    SSL_SESSION_free(s->session);
    *s = (struct side){0};
}

struct loop {
    struct event_base *base;
    struct px_io_loop *io;
};

static inline void loop_init(struct loop *l)
{
    l->base = event_base_new();
    l->io = l->base != NULL ? px_io_loop_new(l->base) : NULL;
    if (l->io == NULL)
        abort();
}

static inline void loop_free(struct loop *l)
{
    event_base_loop(l->base, EVLOOP_NONBLOCK);
    px_io_loop_free(l->io);
    event_base_free(l->base);
}

static inline uint64_t loop_clock(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/* Runs the loop until the condition holds; false after ten seconds, which is never a matter of speed. */
#define LOOP_UNTIL(l, condition)                                                                                       \
    ({                                                                                                                 \
        uint64_t end_ = loop_clock() + 10000;                                                                          \
        bool met_;                                                                                                     \
        while (!(met_ = (condition)) && loop_clock() < end_)                                                           \
            loop_once(l);                                                                                              \
        met_;                                                                                                          \
    })

static inline void loop_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

static inline void loop_once(struct loop *l)
{
    static const struct timeval tick = {0, 5000};
    struct event *ev = event_new(l->base, -1, 0, loop_tick, NULL);
    event_add(ev, &tick);
    event_base_loop(l->base, EVLOOP_ONCE);
    event_free(ev);
}

/* Lets everything happen that can happen within ms. */
static inline void loop_for(struct loop *l, uint64_t ms)
{
    uint64_t end = loop_clock() + ms;
    while (loop_clock() < end)
        loop_once(l);
}

/* A listening socket on a free port of 127.0.0.1, and that port. */
static inline int loopback_listen(struct sockaddr_in *sa)
{
    socklen_t len = sizeof(*sa);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *sa = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (fd < 0 || bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)sa, &len) != 0)
        abort();
    return fd;
}

#endif
