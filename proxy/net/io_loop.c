/*
 * io_loop.c: what the connections of one thread share: the read buffer, the clock, the list of connections that need a
 * visit at the end of the turn (flush, close, free) and the list of those to visit after the next poll (input left in
 * the TLS layer, for which no socket event will come).
 *
 * The end of the turn is an event made active by the first visit asked for: libevent appends it behind the socket
 * events that are already active, so all of a turn's writes to one connection leave together.
 */
#include "net/io_priv.h"

#include <time.h>

struct px_io_loop {
    struct event_base *base;
    char *buffer;
    BIO_METHOD *bio;
    struct event *turn, *again;
    struct px_io *dirty, **dirty_tail;
    struct px_io *later, **later_tail;
    LIST_HEAD(, px_io) all;
    uint64_t now; /* 0 = not read in this turn */
    bool turn_active;
    void (*before)(void *arg); /* before_sending */
    void *before_arg;
    bool due;
};

static void run_before(struct px_io_loop *l)
{
    l->due = false;
    if (l->before != NULL)
        l->before(l->before_arg);
}

static void run_turn(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct px_io_loop *l = arg;
    l->turn_active = false;
    while (l->due || l->dirty != NULL) {
        if (l->due) {
            run_before(l);
            continue;
        }
        struct px_io *io = l->dirty;
        l->dirty = io->next_dirty;
        if (l->dirty == NULL)
            l->dirty_tail = &l->dirty;
        io->in_dirty = false;
        if (!io->freed)
            px_io_turn(io);
        else if (!io->in_again) /* else run_again brings it back */
            px_io_release(io);
    }
    l->now = 0;
}

static void activate_turn(struct px_io_loop *l)
{
    if (!l->turn_active) {
        l->turn_active = true;
        event_active(l->turn, EV_TIMEOUT, 0);
    }
}

static void run_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct px_io_loop *l = arg;
    /* Only what was there on entry: a connection that asks again waits for the next poll, so sockets get their share.
     */
    struct px_io *list = l->later;
    l->later = NULL;
    l->later_tail = &l->later;
    while (list != NULL) {
        struct px_io *io = list;
        list = io->next_again;
        io->in_again = false;
        if (io->freed)
            px_io_mark_dirty(io);
        else
            px_io_drive(io);
    }
}

void px_io_loop_before_sending(struct px_io_loop *l, void (*fn)(void *arg), void *arg)
{
    l->before = fn;
    l->before_arg = arg;
}

void px_io_loop_due(struct px_io_loop *l)
{
    l->due = true;
    activate_turn(l);
}

void px_io_mark_dirty(struct px_io *io)
{
    struct px_io_loop *l = io->loop;
    if (io->in_dirty)
        return;
    io->in_dirty = true;
    io->next_dirty = NULL;
    *l->dirty_tail = io;
    l->dirty_tail = &io->next_dirty;
    activate_turn(l);
}

void px_io_mark_again(struct px_io *io)
{
    struct px_io_loop *l = io->loop;
    if (io->in_again)
        return;
    if (l->later == NULL) {
        static const struct timeval now = {0, 0};
        event_add(l->again, &now);
    }
    io->in_again = true;
    io->next_again = NULL;
    *l->later_tail = io;
    l->later_tail = &io->next_again;
}

struct px_io_loop *px_io_loop_new(struct event_base *base)
{
    struct px_io_loop *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return NULL;
    l->base = base;
    l->dirty_tail = &l->dirty;
    l->later_tail = &l->later;
    l->buffer = malloc(PX_IO_READ_BUFFER);
    l->bio = px_io_bio_new();
    l->turn = event_new(base, -1, 0, run_turn, l);
    l->again = event_new(base, -1, 0, run_again, l);
    if (l->buffer == NULL || l->bio == NULL || l->turn == NULL || l->again == NULL) {
        px_io_loop_free(l);
        return NULL;
    }
    return l;
}

void px_io_loop_add(struct px_io_loop *l, struct px_io *io)
{
    LIST_INSERT_HEAD(&l->all, io, all);
}

/*
 * The loop no longer runs: what was freed since its last turn is released here, and what is still closing with nobody
 * waiting for it (a pooled connection that lingers when the process stops).
 */
static void release_freed(struct px_io_loop *l)
{
    struct px_io *io, *next;
    for (io = LIST_FIRST(&l->all); io != NULL; io = next) {
        next = LIST_NEXT(io, all);
        bool orphan = (io->state == PX_IO_FLUSHING || io->state == PX_IO_LINGERING) && io->cb->on_closed == NULL;
        if (io->freed || orphan)
            px_io_release(io);
    }
    l->later = l->dirty = NULL;
}

void px_io_loop_free(struct px_io_loop *l)
{
    if (l == NULL)
        return;
    release_freed(l);
    if (l->turn != NULL)
        event_free(l->turn);
    if (l->again != NULL)
        event_free(l->again);
    BIO_meth_free(l->bio);
    if (l->buffer != NULL)
        flt_wipe(l->buffer, PX_IO_READ_BUFFER);
    free(l->buffer);
    free(l);
}

struct event_base *px_io_loop_base(struct px_io_loop *l)
{
    return l->base;
}

BIO_METHOD *px_io_loop_bio(struct px_io_loop *l)
{
    return l->bio;
}

char *px_io_loop_buffer(struct px_io_loop *l)
{
    return l->buffer;
}

uint64_t px_io_loop_now(struct px_io_loop *l)
{
    if (l->now == 0) {
        struct timespec ts;
        clock_gettime(CLOCK_MONOTONIC, &ts);
        l->now = (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u + 1u;
        activate_turn(l); /* the end of the turn forgets it */
    }
    return l->now;
}

/* ---- one deadline per connection ---- */

static void arm(struct px_io *io, uint64_t now)
{
    uint64_t ms = io->deadline > now ? io->deadline - now : 0;
    struct timeval tv = {(time_t)(ms / 1000u), (suseconds_t)(ms % 1000u * 1000u)};
    io->timer_at = io->deadline;
    event_add(&io->ev_timer, &tv);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct px_io *io = arg;
    io->timer_at = 0;
    if (io->deadline == 0)
        return;
    uint64_t now = px_io_loop_now(io->loop);
    if (now < io->deadline) { /* it was moved back since the timer was set */
        arm(io, now);
        return;
    }
    io->deadline = 0;
    px_io_timed_out(io);
}

void px_io_timer_init(struct px_io *io)
{
    evtimer_assign(&io->ev_timer, io->loop->base, on_timer, io);
}

void px_io_timer_set(struct px_io *io, uint64_t at)
{
    io->deadline = at;
    /* A timer that is already set to an earlier time stays: it finds the new deadline when it fires. */
    if (at != 0 && (io->timer_at == 0 || io->timer_at > at))
        arm(io, px_io_loop_now(io->loop));
}
