/*
 * upstream.c: answers every POST with an event stream at a fixed pace. Each event holds the time it was written in a
 * member that no reader of such streams knows ("t", nanoseconds of the monotonic clock), so that clients can say how
 * long it took.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#include "load.h"

struct peer {
    const struct load_options *o;
    struct bufferevent *b;
    struct event *timer;
    unsigned sent; /* events of the answer so far */
    bool answering;
};

/* Ordinary words, each with its space in front, as tokens have it: a filter may hold a word until the next begins. */
static const char *const words[] = {" the",   " answer",  " goes", " on",    " with",  " plain",    " words",
                                    " that",  " no",      " rule", " cares", " about", ",",         " one",
                                    " after", " another", ".",     " Then",  " it",    " continues"};

static void chunk(struct evbuffer *out, const char *event, size_t n)
{
    evbuffer_add_printf(out, "%zx\r\n", n);
    evbuffer_add(out, event, n);
    evbuffer_add(out, "\r\n", 2);
}

static void send_event(struct peer *p)
{
    char event[512];
    struct evbuffer *out = bufferevent_get_output(p->b);
    const char *finish = p->sent + 1 == p->o->events ? "\"stop\"" : "null";
    const char *text = p->sent == 0 ? "" : words[p->sent % (sizeof(words) / sizeof(words[0]))];
    int n = snprintf(
        event, sizeof(event),
        "data: "
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"m\",\"t\":%llu,"
        "\"choices\":[{\"index\":0,\"delta\":{%s\"content\":\"%s\"},\"finish_reason\":%s}]}\n\n",
        (unsigned long long)load_now_ns(), p->sent == 0 ? "\"role\":\"assistant\"," : "", text, finish);
    chunk(out, event, (size_t)n);
    if (++p->sent < p->o->events)
        return;
    static const char done[] = "data: [DONE]\n\n";
    chunk(out, done, sizeof(done) - 1);
    evbuffer_add(out, "0\r\n\r\n", 5);
    p->answering = false;
    (void)event_del(p->timer);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct peer *p = arg;
    (void)fd;
    (void)what;
    send_event(p);
}

/* One request at a time: its head, and as many body bytes as it says. */
static bool take_request(struct evbuffer *in)
{
    struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
    if (end.pos < 0)
        return false;
    size_t head = (size_t)end.pos + 4, body = 0;
    const char *p = (const char *)evbuffer_pullup(in, (ev_ssize_t)head);
    for (size_t i = 0; p != NULL && i + 16 < head; i++) {
        if (p[i] == '\n' && strncasecmp(p + i + 1, "content-length:", 15) == 0)
            body = strtoul(p + i + 16, NULL, 10);
    }
    if (evbuffer_get_length(in) < head + body)
        return false;
    (void)evbuffer_drain(in, head + body);
    return true;
}

static void on_read(struct bufferevent *b, void *arg)
{
    struct peer *p = arg;
    if (p->answering || !take_request(bufferevent_get_input(b)))
        return;
    struct timeval pace = {.tv_sec = p->o->pace_ms / 1000, .tv_usec = (long)(p->o->pace_ms % 1000) * 1000};
    p->answering = true;
    p->sent = 0;
    evbuffer_add_printf(bufferevent_get_output(b),
                        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    (void)event_add(p->timer, &pace);
    send_event(p);
}

static void on_event(struct bufferevent *b, short what, void *arg)
{
    struct peer *p = arg;
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
        return;
    event_free(p->timer);
    bufferevent_free(b);
    free(p);
}

struct server {
    const struct load_options *o;
    struct event_base *base;
    SSL_CTX *tls;
};

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
    struct server *s = arg;
    int on = 1;
    (void)l;
    (void)from;
    (void)len;
    struct peer *p = calloc(1, sizeof(*p));
    SSL *ssl = SSL_new(s->tls);
    if (p == NULL || ssl == NULL)
        load_die("out of memory");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    p->o = s->o;
    p->b = bufferevent_openssl_socket_new(s->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    p->timer = event_new(s->base, -1, EV_PERSIST, on_timer, p);
    if (p->b == NULL || p->timer == NULL)
        load_die("out of memory");
    bufferevent_setcb(p->b, on_read, NULL, on_event, p);
    (void)bufferevent_enable(p->b, EV_READ | EV_WRITE);
}

int load_upstream(const struct load_options *o)
{
    struct server s = {.o = o, .base = event_base_new(), .tls = SSL_CTX_new(TLS_server_method())};
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(o->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)signal(SIGPIPE, SIG_IGN);
    if (s.base == NULL || s.tls == NULL || o->certificate == NULL || o->key == NULL ||
        SSL_CTX_use_certificate_chain_file(s.tls, o->certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(s.tls, o->key, SSL_FILETYPE_PEM) != 1)
        load_die("cannot use certificate and key");
    struct evconnlistener *l = evconnlistener_new_bind(
        s.base, on_accept, &s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, 4096,
        (struct sockaddr *)&at, sizeof(at));
    if (l == NULL)
        load_die("cannot listen on port %u", o->port);
    (void)event_base_dispatch(s.base);
    return 0;
}
