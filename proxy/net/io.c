/*
 * io.c: the life of one connection while it is open: connecting, reading with back-pressure, the output queue,
 * deadlines. Making one is in io_new.c, closing in io_close.c, TLS in io_tls.c, what a thread's connections share in
 * io_loop.c.
 *
 * Reading: one read fills the loop's buffer with what on_data left last time and then with as many records as are
 * there; the peer's end is remembered and reported only after every byte before it was consumed. Writing: px_io_write
 * appends to one contiguous queue; the end of the turn sends it. The queue's memory goes when it is empty, so an idle
 * connection has none.
 */
#include "net/io_priv.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

const char *px_io_end_name(enum px_io_end e)
{
    switch (e) {
    case PX_IO_EOF:
        return "eof";
    case PX_IO_TRUNCATED:
        return "truncated";
    case PX_IO_RESET:
        return "reset";
    case PX_IO_TLS_ERROR:
        return "tls_error";
    case PX_IO_CONNECT_FAILED:
        return "connect_failed";
    case PX_IO_TIMEOUT:
        return "timeout";
    case PX_IO_OVERFLOW:
        return "overflow";
    }
    return "unknown";
}

void px_io_set_error(struct px_io *io, const char *what, const char *detail)
{
    if (detail != NULL)
        snprintf(io->error, sizeof(io->error), "%s: %s", what, detail);
    else
        snprintf(io->error, sizeof(io->error), "%s", what);
}

void px_io_set_errno(struct px_io *io, const char *what, int err)
{
    const char *words = strerrordesc_np(err); /* unlike strerror, safe in threads */
    px_io_set_error(io, what, words);
}

/* ---- events ---- */

void px_io_want_read(struct px_io *io)
{
    if (!io->reading && io->fd >= 0 && event_add(&io->ev_read, NULL) == 0)
        io->reading = true;
}

void px_io_stop_reading(struct px_io *io)
{
    if (io->reading)
        event_del(&io->ev_read);
    io->reading = false;
}

void px_io_want_write(struct px_io *io)
{
    if (!io->writing && io->fd >= 0 && event_add(&io->ev_write, NULL) == 0)
        io->writing = true;
}

void px_io_drop_output(struct px_io *io)
{
    flt_buf_free(&io->out);
    io->out_off = 0;
    io->full = false;
}

void px_io_fail(struct px_io *io, enum px_io_end why)
{
    if (io->failed)
        return;
    io->failed = true;
    io->fatal_due = true;
    io->fatal = why;
    px_io_drop_output(io);
    px_io_stop_reading(io);
    px_io_mark_dirty(io);
}

static bool closing(const struct px_io *io)
{
    return io->state >= PX_IO_FLUSHING;
}

/* ---- reading ---- */

static enum px_xfer plain_read(struct px_io *io, char *p, size_t cap, size_t *n)
{
    ssize_t r = recv(io->fd, p, cap, 0);
    if (r > 0) {
        *n = (size_t)r;
        return PX_XFER_OK;
    }
    if (r == 0)
        return PX_XFER_EOF;
    if (errno == EAGAIN || errno == EINTR)
        return PX_XFER_WANT_READ;
    px_io_set_errno(io, "read", errno);
    return PX_XFER_RESET;
}

/*
 * Is more to be had without a socket event? A read shorter than asked for (plain), or than a full record (TLS), has
 * almost surely emptied the socket; asking it again would only cost a system call. If not, the socket event tells.
 */
static bool drained(const struct px_io *io, size_t asked, size_t got)
{
    if (io->ssl != NULL)
        return got < PX_IO_RECORD && SSL_has_pending(io->ssl) == 0;
    return got < asked;
}

/* Fills the loop's buffer: what on_data left, then what the peer sent. *n = bytes there. */
static enum px_xfer fill(struct px_io *io, size_t *n)
{
    char *buf = px_io_loop_buffer(io->loop);
    size_t have = io->held.n;
    if (have > 0)
        memcpy(buf, io->held.p, have);
    flt_buf_free(&io->held);
    enum px_xfer x = PX_XFER_OK;
    while (!io->read_done && have + PX_IO_RECORD <= PX_IO_READ_BUFFER) {
        size_t got = 0, room = PX_IO_READ_BUFFER - have;
        x = io->ssl != NULL ? px_io_tls_read(io, buf + have, room, &got) : plain_read(io, buf + have, room, &got);
        if (x != PX_XFER_OK)
            break;
        have += got;
        if (drained(io, room, got)) {
            x = PX_XFER_WANT_READ;
            break;
        }
    }
    *n = have;
    return x;
}

/* False when reading cannot go on: closed, freed, failed. */
static bool deliver(struct px_io *io, size_t n)
{
    const char *buf = px_io_loop_buffer(io->loop);
    size_t used = io->cb->on_data(io->arg, buf, n);
    if (io->freed || closing(io) || io->failed)
        return false;
    assert(used <= n);
    if (used >= n)
        return true;
    assert(io->pause != 0);
    if (io->pause == 0 || flt_buf_add(&io->held, buf + used, n - used) != FLT_OK) {
        px_io_set_error(io, "input could not be kept", NULL);
        px_io_fail(io, PX_IO_RESET);
        return false;
    }
    return true;
}

static void note_end(struct px_io *io, enum px_xfer x)
{
    switch (x) {
    case PX_XFER_EOF:
        io->read_end = PX_IO_EOF;
        break;
    case PX_XFER_TRUNCATED:
        io->read_end = PX_IO_TRUNCATED;
        break;
    case PX_XFER_TLS_ERROR:
        io->read_end = PX_IO_TLS_ERROR;
        break;
    case PX_XFER_RESET:
        io->read_end = PX_IO_RESET;
        break;
    case PX_XFER_WANT_WRITE:
        io->read_wants_write = true;
        px_io_want_write(io);
        return;
    case PX_XFER_OK:
    case PX_XFER_WANT_READ:
        return;
    }
    io->read_done = true;
    px_io_stop_reading(io); /* the socket stays readable for ever */
}

static bool may_read(const struct px_io *io)
{
    return io->state == PX_IO_OPEN && io->pause == 0 && !io->failed && !io->freed && (!io->read_done || io->held.n > 0);
}

static void tell_end(struct px_io *io)
{
    if (io->state != PX_IO_OPEN || io->pause != 0 || io->failed || io->freed)
        return;
    if (io->write_dead && (!io->read_done || io->read_end <= PX_IO_TRUNCATED)) {
        px_io_fail(io, PX_IO_RESET);
        return;
    }
    if (!io->read_done || io->end_told || io->held.n > 0)
        return;
    io->end_told = true;
    if (io->read_end > PX_IO_TRUNCATED) {
        io->failed = true;
        io->fatal = io->read_end;
        px_io_drop_output(io);
    }
    io->cb->on_end(io->arg, io->read_end);
}

static void opened(struct px_io *io);

static void handshake(struct px_io *io)
{
    switch (px_io_tls_handshake(io)) {
    case PX_XFER_OK:
        opened(io);
        break;
    case PX_XFER_WANT_READ:
        px_io_want_read(io);
        break;
    case PX_XFER_WANT_WRITE:
        px_io_want_write(io);
        break;
    default:
        px_io_fail(io, PX_IO_TLS_ERROR);
        break;
    }
}

void px_io_drive(struct px_io *io)
{
    size_t moved = 0;
    if (io->state == PX_IO_HANDSHAKE && !io->failed) {
        handshake(io);
        return;
    }
    while (may_read(io)) {
        size_t n = 0;
        enum px_xfer x = fill(io, &n);
        note_end(io, x);
        if (n > 0 && !deliver(io, n))
            return;
        moved += n;
        if (x != PX_XFER_OK)
            break;
        if (moved >= PX_IO_TURN_BUDGET) { /* the others' turn; input inside the TLS layer has no event of its own */
            px_io_mark_again(io);
            return;
        }
    }
    tell_end(io);
}

void px_io_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct px_io *io = arg;
    if (closing(io)) {
        px_io_discard(io);
        return;
    }
    if (io->write_wants_read) {
        io->write_wants_read = false;
        px_io_flush(io);
    }
    if (io->state == PX_IO_OPEN && io->pause != 0) {
        px_io_stop_reading(io); /* only now: most pauses end before the peer sends again */
        return;
    }
    px_io_drive(io);
}

/* ---- writing ---- */

static enum px_xfer plain_write(struct px_io *io, const char *p, size_t len, size_t *n)
{
    ssize_t r = send(io->fd, p, len, MSG_NOSIGNAL);
    if (r >= 0) {
        *n = (size_t)r;
        return PX_XFER_OK;
    }
    if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
        return PX_XFER_WANT_WRITE;
    px_io_set_errno(io, "write", errno);
    return PX_XFER_RESET;
}

/*
 * The socket takes no more. An answer may have come before the reset (an early error, say), so what is there to read is
 * read first, unless the owner has stopped reading for a reason of its own: then it is told at once.
 */
static void write_failed(struct px_io *io, enum px_xfer x)
{
    io->write_dead = true;
    px_io_drop_output(io);
    if (closing(io))
        return;
    if (x == PX_XFER_TLS_ERROR)
        px_io_fail(io, PX_IO_TLS_ERROR);
    else if (io->read_done || (io->pause & ~(unsigned)PX_PAUSE_PEER_FULL) != 0)
        px_io_fail(io, PX_IO_RESET);
    else if (io->pause == 0)
        px_io_mark_again(io);
}

static void drained_to_low(struct px_io *io)
{
    if (px_io_queued(io) == 0) { /* wipes, and gives the memory back */
        flt_buf_free(&io->out);
        io->out_off = 0;
    }
    if (!io->full || px_io_queued(io) > io->low)
        return;
    io->full = false;
    if (!closing(io) && io->cb->on_drain != NULL)
        io->cb->on_drain(io->arg);
}

void px_io_flush(struct px_io *io)
{
    if (io->state != PX_IO_OPEN && io->state != PX_IO_FLUSHING)
        return;
    size_t moved = 0, queued;
    while ((queued = px_io_queued(io)) > 0 && !io->write_dead) {
        size_t took = 0, max = io->ssl != NULL ? PX_IO_RECORD : PX_IO_TURN_BUDGET;
        size_t len = queued < max ? queued : max;
        const char *p = io->out.p + io->out_off;
        enum px_xfer x = io->ssl != NULL ? px_io_tls_write(io, p, len, &took) : plain_write(io, p, len, &took);
        if (x == PX_XFER_WANT_READ) {
            io->write_wants_read = true;
            px_io_want_read(io);
            break;
        }
        if (x != PX_XFER_OK && x != PX_XFER_WANT_WRITE) {
            write_failed(io, x);
            return;
        }
        io->out_off += took;
        io->sent += took;
        moved += took;
        if (x == PX_XFER_WANT_WRITE || moved >= PX_IO_TURN_BUDGET) {
            px_io_want_write(io);
            break;
        }
    }
    drained_to_low(io);
}

static void connected(struct px_io *io)
{
    int err = 0;
    socklen_t len = sizeof(err);
    if (getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
        err = errno;
    if (err != 0) {
        px_io_set_errno(io, "connect", err);
        px_io_fail(io, PX_IO_CONNECT_FAILED);
    } else if (io->ssl != NULL) {
        io->state = PX_IO_HANDSHAKE;
        handshake(io);
    } else {
        opened(io);
    }
}

void px_io_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct px_io *io = arg;
    io->writing = false;
    if (io->failed && !closing(io))
        return;
    switch (io->state) {
    case PX_IO_CONNECTING:
        connected(io);
        break;
    case PX_IO_HANDSHAKE:
        handshake(io);
        break;
    case PX_IO_OPEN:
        px_io_flush(io);
        if (io->read_wants_write && !io->freed) {
            io->read_wants_write = false;
            px_io_drive(io);
        }
        break;
    case PX_IO_FLUSHING:
        px_io_close_step(io);
        break;
    case PX_IO_LINGERING:
    case PX_IO_DEAD:
        break;
    }
}

static void opened(struct px_io *io)
{
    io->state = PX_IO_OPEN;
    px_io_want_read(io);
    if (io->cb->on_open != NULL)
        io->cb->on_open(io->arg);
    if (io->freed || closing(io))
        return;
    if (px_io_queued(io) > 0)
        px_io_mark_dirty(io);
    if (io->ssl != NULL) /* data may have come along with the end of the handshake */
        px_io_drive(io);
}

void px_io_turn(struct px_io *io)
{
    if (io->fatal_due && !closing(io)) {
        io->fatal_due = false;
        io->cb->on_end(io->arg, io->fatal);
        return;
    }
    if (io->want_open && !closing(io)) {
        io->want_open = false;
        opened(io);
        return;
    }
    if (closing(io))
        px_io_close_step(io);
    else
        px_io_flush(io);
}

void px_io_timed_out(struct px_io *io)
{
    if (closing(io))
        px_io_close_timeout(io);
    else if (!io->failed)
        io->cb->on_end(io->arg, PX_IO_TIMEOUT);
}

void px_io_rebind(struct px_io *io, const struct px_io_cb *cb, void *arg)
{
    io->cb = cb;
    io->arg = arg;
}

/* ---- the owner's calls ---- */

int px_io_write(struct px_io *io, const void *p, size_t n)
{
    if (io->failed || io->write_dead || closing(io) || io->freed)
        return FLT_E_IO;
    size_t queued = px_io_queued(io);
    if (n > io->max_out - queued) {
        px_io_set_error(io, "output queue is full", NULL);
        px_io_fail(io, PX_IO_OVERFLOW);
        return FLT_E_LIMIT;
    }
    if (io->out_off > queued) { /* moves fewer bytes than were sent: linear over all */
        flt_buf_consume(&io->out, io->out_off);
        io->out_off = 0;
    }
    int rc = flt_buf_add(&io->out, p, n);
    if (rc != FLT_OK)
        return rc;
    if (queued + n > io->high)
        io->full = true;
    if (io->state == PX_IO_OPEN && n > 0)
        px_io_mark_dirty(io);
    return FLT_OK;
}

size_t px_io_queued(const struct px_io *io)
{
    return io->out.n - io->out_off;
}

bool px_io_full(const struct px_io *io)
{
    return io->full;
}

uint64_t px_io_sent(const struct px_io *io)
{
    return io->sent;
}

void px_io_pause(struct px_io *io, unsigned reason)
{
    io->pause |= reason;
}

void px_io_resume(struct px_io *io, unsigned reason)
{
    bool was = io->pause != 0;
    io->pause &= ~reason;
    if (!was || io->pause != 0 || io->state != PX_IO_OPEN || io->failed || io->freed)
        return;
    if (!io->read_done)
        px_io_want_read(io);
    bool inside = io->held.n > 0 || io->write_dead || (io->read_done && !io->end_told);
    if (inside || (io->ssl != NULL && SSL_has_pending(io->ssl) != 0))
        px_io_mark_again(io);
}

void px_io_deadline(struct px_io *io, uint64_t ms)
{
    if (!closing(io) && !io->freed)
        px_io_timer_set(io, ms != 0 ? px_io_loop_now(io->loop) + ms : 0);
}

bool px_io_is_tls(const struct px_io *io)
{
    return io->ssl != NULL;
}

const char *px_io_error(const struct px_io *io)
{
    return io->error;
}

const char *px_io_peer(const struct px_io *io)
{
    return io->peer;
}

size_t px_io_memory(const struct px_io *io)
{
    return sizeof(*io) + io->out.cap + io->held.cap;
}
