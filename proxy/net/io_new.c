/*
 * io_new.c: making a connection: taking an accepted socket, starting to connect.
 */
#include "net/io_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/util.h>

static void name_peer(struct px_io *io, const struct sockaddr *sa)
{
    char ip[INET6_ADDRSTRLEN] = "";
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, sa, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, ip, sizeof(ip));
        snprintf(io->peer, sizeof(io->peer), "%s:%u", ip, ntohs(v4.sin_port));
    } else if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, sa, sizeof(v6));
        inet_ntop(AF_INET6, &v6.sin6_addr, ip, sizeof(ip));
        snprintf(io->peer, sizeof(io->peer), "[%s]:%u", ip, ntohs(v6.sin6_port));
    } else {
        snprintf(io->peer, sizeof(io->peer), "local");
    }
}

static struct px_io *new_io(struct px_io_loop *l, int fd, const struct px_io_conf *conf)
{
    struct px_io *io = calloc(1, sizeof(*io));
    if (io == NULL)
        return NULL;
    struct event_base *base = px_io_loop_base(l);
    io->loop = l;
    px_io_loop_add(l, io);
    io->fd = fd;
    io->cb = conf->cb;
    io->arg = conf->arg;
    io->high = conf->high_water != 0 ? conf->high_water : 256u * 1024u;
    io->low = conf->low_water != 0 ? conf->low_water : 64u * 1024u;
    io->max_out = conf->max_out != 0 ? conf->max_out : 64u * 1024u * 1024u;
    if (io->low > io->high)
        io->low = io->high;
    flt_buf_init(&io->out, 2 * io->max_out); /* the sent half may still lie in front of the queued one */
    flt_buf_init(&io->held, PX_IO_READ_BUFFER);
    event_assign(&io->ev_read, base, fd, EV_READ | EV_PERSIST, px_io_readable, io);
    event_assign(&io->ev_write, base, fd, EV_WRITE, px_io_writable, io);
    px_io_timer_init(io);
    if (fd >= 0) {
        int on = 1;
        (void)evutil_make_socket_nonblocking(fd);
        (void)evutil_make_socket_closeonexec(fd);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* fails on local sockets: no matter */
    }
    return io;
}

struct px_io *px_io_accept(struct px_io_loop *l, int fd, SSL_CTX *ssl_ctx, const struct px_io_conf *conf)
{
    struct sockaddr_storage ss = {0};
    socklen_t len = sizeof(ss);
    struct px_io *io = new_io(l, fd, conf);
    if (io == NULL) {
        close(fd);
        return NULL;
    }
    if (getpeername(fd, (struct sockaddr *)&ss, &len) == 0)
        name_peer(io, (const struct sockaddr *)&ss);
    if (ssl_ctx == NULL) {
        io->state = PX_IO_OPEN;
        io->want_open = true;
        px_io_mark_dirty(io);
        return io;
    }
    io->state = PX_IO_HANDSHAKE;
    if (!px_io_tls_attach(io, ssl_ctx, NULL)) {
        px_io_release(io);
        return NULL;
    }
    px_io_want_read(io);
    return io;
}

struct px_io *px_io_connect(struct px_io_loop *l, const struct px_io_peer *peer, const struct px_io_conf *conf)
{
    int fd = socket(peer->addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int err = fd < 0 ? errno : 0;
    struct px_io *io = new_io(l, fd, conf);
    if (io == NULL) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    io->state = PX_IO_CONNECTING;
    io->on_session = peer->on_session;
    io->session_arg = conf->arg;
    name_peer(io, peer->addr);
    if (peer->ssl_ctx != NULL && !px_io_tls_attach(io, peer->ssl_ctx, peer)) {
        px_io_release(io);
        return NULL;
    }
    if (err == 0 && connect(fd, peer->addr, peer->addr_len) != 0 && errno != EINPROGRESS)
        err = errno;
    if (err == 0) {
        px_io_want_write(io); /* connected when writable */
    } else {
        px_io_set_errno(io, "connect", err);
        px_io_fail(io, PX_IO_CONNECT_FAILED);
    }
    return io;
}
