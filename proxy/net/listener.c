/*
 * listener.c: listening sockets and the accept loop.
 */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 64  /* so that a flood of new connections does not starve the present ones */
#define PAUSE_MS         100 /* without descriptors, asking again at once would spin */
#define BACKLOG          4096

struct px_listener {
    int fd;
    struct event *ev, *retry;
    px_accept_fn on_accept;
    void *arg;
};

static int fail(struct flt_err *err, const char *address, const char *what, const char *why)
{
    *err = (struct flt_err){.status = FLT_E_IO};
    snprintf(err->message, sizeof(err->message), "%s: %s%s%s", address, what, why != NULL ? ": " : "",
             why != NULL ? why : "");
    return -1;
}

/* "host:port" or "[v6]:port" into two strings. */
static bool split(const char *address, char *host, size_t cap, const char **port)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address || colon[1] == '\0')
        return false;
    const char *begin = address, *end = colon;
    if (*begin == '[') {
        if (end[-1] != ']')
            return false;
        begin++;
        end--;
    } else if (memchr(begin, ':', (size_t)(end - begin)) != NULL) {
        return false; /* an IPv6 address needs its brackets */
    }
    size_t n = (size_t)(end - begin);
    if (n == 0 || n >= cap)
        return false;
    memcpy(host, begin, n);
    host[n] = '\0';
    *port = colon + 1;
    return true;
}

static int open_one(const struct addrinfo *ai, bool reuse_port, const char **step)
{
    int on = 1;
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *step = "socket";
    if (fd < 0)
        return -1;
    *step = "socket options";
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        (reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
        (ai->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0))
        goto failed;
    *step = "bind";
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0)
        goto failed;
    *step = "listen";
    if (listen(fd, BACKLOG) == 0)
        return fd;
failed:;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

int px_listen_socket(const char *address, bool reuse_port, struct flt_err *err)
{
    char host[256];
    const char *port = NULL, *step = "";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *list = NULL;
    if (!split(address, host, sizeof(host), &port))
        return fail(err, address, "expected host:port or [v6]:port", NULL);
    int rc = getaddrinfo(host, port, &hints, &list);
    if (rc != 0)
        return fail(err, address, "address", gai_strerror(rc));
    int fd = -1;
    errno = EADDRNOTAVAIL;
    for (const struct addrinfo *ai = list; ai != NULL && fd < 0; ai = ai->ai_next)
        fd = open_one(ai, reuse_port, &step);
    int code = errno;
    freeaddrinfo(list);
    if (fd < 0)
        return fail(err, address, step, strerrordesc_np(code));
    return fd;
}

void px_listen_name(int fd, char *out, size_t cap)
{
    struct sockaddr_storage ss = {0};
    socklen_t len = sizeof(ss);
    char ip[INET6_ADDRSTRLEN] = "";
    if (cap > 0)
        out[0] = '\0';
    if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
        return;
    if (ss.ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, &ss, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, ip, sizeof(ip));
        snprintf(out, cap, "%s:%u", ip, ntohs(v4.sin_port));
    } else if (ss.ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, &ss, sizeof(v6));
        inet_ntop(AF_INET6, &v6.sin6_addr, ip, sizeof(ip));
        snprintf(out, cap, "[%s]:%u", ip, ntohs(v6.sin6_port));
    }
}

static void pause_accepting(struct px_listener *l)
{
    static const struct timeval wait = {0, PAUSE_MS * 1000};
    event_del(l->ev);
    event_add(l->retry, &wait);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct px_listener *l = arg;
    event_add(l->ev, NULL);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct px_listener *l = arg;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int c = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (c >= 0) {
            l->on_accept(l->arg, c);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(l);
            return;
        }
        if (errno != ECONNABORTED && errno != EINTR)
            return; /* nothing waits, or the network's own passing errors: the socket event tells */
    }
}

struct px_listener *px_listener_new(struct event_base *base, int fd, px_accept_fn on_accept, void *arg)
{
    struct px_listener *l = calloc(1, sizeof(*l));
    if (l == NULL) {
        close(fd);
        return NULL;
    }
    l->fd = fd;
    l->on_accept = on_accept;
    l->arg = arg;
    l->ev = event_new(base, fd, EV_READ | EV_PERSIST, on_ready, l);
    l->retry = event_new(base, -1, 0, on_retry, l);
    if (l->ev == NULL || l->retry == NULL || event_add(l->ev, NULL) != 0) {
        px_listener_free(l);
        return NULL;
    }
    return l;
}

void px_listener_free(struct px_listener *l)
{
    if (l == NULL)
        return;
    if (l->ev != NULL)
        event_free(l->ev);
    if (l->retry != NULL)
        event_free(l->retry);
    close(l->fd);
    free(l);
}
