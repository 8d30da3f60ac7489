/* common.c: TLS, connecting, the request, quantiles. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define BODY_MAX 65536u

void load_die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)fputs("bench_load: ", stderr);
    (void)vfprintf(stderr, fmt, ap);
    (void)fputc('\n', stderr);
    va_end(ap);
    exit(2);
}

uint64_t load_now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

SSL_CTX *load_client_tls(const struct load_options *o)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || o->ca == NULL || SSL_CTX_load_verify_locations(ctx, o->ca, NULL) != 1)
        load_die("cannot read the CA");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    return ctx;
}

struct bufferevent *load_connect(struct event_base *base, SSL_CTX *tls, uint16_t port)
{
    int on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    SSL *ssl = SSL_new(tls);
    if (fd < 0 || ssl == NULL || SSL_set_tlsext_host_name(ssl, "localhost") != 1 ||
        SSL_set1_host(ssl, "localhost") != 1)
        load_die("no socket or no memory for a connection");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct bufferevent *b =
        bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    if (b == NULL || bufferevent_socket_connect(b, (struct sockaddr *)&to, sizeof(to)) != 0)
        load_die("cannot connect to port %u", port);
    return b;
}

const char *load_request(const struct load_options *o, size_t *n)
{
    static char body[BODY_MAX], request[BODY_MAX + 1024];
    FILE *f = o->body != NULL ? fopen(o->body, "rb") : NULL;
    if (f == NULL)
        load_die("cannot read the request body");
    size_t len = fread(body, 1, sizeof(body) - 1, f);
    (void)fclose(f);
    int head = snprintf(request, sizeof(request),
                        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                        o->bearer != NULL ? o->bearer : "none", len);
    if (head < 0 || (size_t)head + len > sizeof(request))
        load_die("the request is too long");
    memcpy(request + head, body, len);
    *n = (size_t)head + len;
    return request;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

double load_quantile(double *v, size_t n, double q)
{
    if (n == 0)
        return 0;
    qsort(v, n, sizeof(*v), by_value);
    size_t i = (size_t)(q * (double)n);
    return v[i < n ? i : n - 1];
}
