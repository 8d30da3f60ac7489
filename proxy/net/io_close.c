/*
 * io_close.c: how a connection ends. Everything queued leaves first; a clean end then sends close_notify and FIN; after
 * that the peer's bytes are read and dropped until its FIN, because closing a socket with unread input makes the kernel
 * send a reset, which can destroy the answer before the peer has read it. One deadline bounds all of it.
 */
#include "net/io_priv.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

void px_io_teardown(struct px_io *io)
{
    event_del(&io->ev_read);
    event_del(&io->ev_write);
    event_del(&io->ev_timer);
    io->reading = io->writing = false;
    io->deadline = io->timer_at = 0;
    if (io->fd >= 0)
        close(io->fd);
    io->fd = -1;
    io->state = PX_IO_DEAD;
    flt_buf_free(&io->held);
    px_io_drop_output(io);
}

void px_io_release(struct px_io *io)
{
    LIST_REMOVE(io, all);
    px_io_teardown(io);
    if (io->ssl != NULL) {
        /* Without this mark the library would forbid resuming a session that is in the pool's hands. */
        SSL_set_shutdown(io->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(io->ssl);
    }
    free(io);
}

void px_io_free(struct px_io *io)
{
    if (io == NULL || io->freed)
        return;
    io->freed = true;
    event_del(&io->ev_read);
    event_del(&io->ev_write);
    event_del(&io->ev_timer);
    io->reading = io->writing = false;
    px_io_mark_dirty(io);
}

static void finished(struct px_io *io)
{
    px_io_teardown(io);
    if (io->cb->on_closed != NULL)
        io->cb->on_closed(io->arg);
    else
        px_io_free(io);
}

static void reset(struct px_io *io)
{
    struct linger now = {1, 0};
    if (io->fd >= 0)
        (void)setsockopt(io->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    finished(io);
}

void px_io_close(struct px_io *io, enum px_io_close how, uint64_t linger_ms)
{
    if (io->freed || io->state == PX_IO_DEAD)
        return;
    bool first = io->state < PX_IO_FLUSHING;
    if (!first && how != PX_CLOSE_NOW)
        return;
    io->how = how;
    bool usable = io->state == PX_IO_OPEN && !io->failed && !io->write_dead;
    if (first) {
        io->notify = usable && how == PX_CLOSE_CLEAN && io->ssl != NULL;
        if (!usable)
            px_io_drop_output(io);
        /* Nothing can be said to a peer that is not there. After a TLS failure there is an alert to be read. */
        bool gone = io->failed && (io->fatal == PX_IO_RESET || io->fatal == PX_IO_CONNECT_FAILED);
        if (io->state == PX_IO_CONNECTING || io->write_dead || gone)
            io->how = PX_CLOSE_NOW;
        flt_buf_free(&io->held);
        io->state = PX_IO_FLUSHING;
        px_io_timer_set(io, px_io_loop_now(io->loop) + (linger_ms != 0 ? linger_ms : PX_IO_LINGER_MS));
    }
    px_io_mark_dirty(io);
}

/* The peer's FIN was seen, so no input can be left unread. */
static bool peer_done(const struct px_io *io)
{
    return io->raw_eof || (io->ssl == NULL && io->read_done);
}

void px_io_close_step(struct px_io *io)
{
    if (io->state == PX_IO_DEAD)
        return;
    if (io->how == PX_CLOSE_NOW) {
        reset(io);
        return;
    }
    if (io->state == PX_IO_LINGERING)
        return;
    px_io_flush(io);
    if (io->write_dead) {
        finished(io);
        return;
    }
    if (!peer_done(io))
        px_io_want_read(io); /* a peer that sends and does not read would otherwise block both of us */
    if (px_io_queued(io) > 0)
        return;
    if (io->notify) {
        if (px_io_tls_shutdown(io) == PX_XFER_WANT_WRITE) {
            px_io_want_write(io);
            return;
        }
        io->notify = false;
    }
    if (peer_done(io) || shutdown(io->fd, SHUT_WR) != 0)
        finished(io);
    else
        io->state = PX_IO_LINGERING;
}

void px_io_discard(struct px_io *io)
{
    size_t moved = 0;
    while (io->state == PX_IO_FLUSHING || io->state == PX_IO_LINGERING) {
        ssize_t r = recv(io->fd, px_io_loop_buffer(io->loop), PX_IO_READ_BUFFER, 0);
        if (r > 0) {
            moved += (size_t)r;
            if (moved >= PX_IO_TURN_BUDGET)
                return;
            continue;
        }
        if (r < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        io->raw_eof = true;
        px_io_stop_reading(io);
        if (r < 0 || io->state == PX_IO_LINGERING)
            finished(io);
        return;
    }
}

void px_io_close_timeout(struct px_io *io)
{
    if (px_io_queued(io) > 0)
        reset(io); /* the peer did not take it: do not leave it to the kernel */
    else
        finished(io);
}
