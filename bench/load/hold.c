/* hold.c: opens keep-alive connections, has one request answered on each, and keeps them idle until it is told to
 * leave. */
#include <signal.h>
#include <unistd.h>

#include "load.h"

#define PARALLEL 16u

struct hold {
    const struct load_options *o;
    struct event_base *base;
    SSL_CTX *tls;
    const char *request;
    size_t request_len;
    unsigned opened, answered, failed;
};

static void open_more(struct hold *h);

/* The answers are short and have a length: complete when the head and so many bytes are there. */
static bool answered(struct evbuffer *in, bool *ok)
{
    struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
    if (end.pos < 0)
        return false;
    size_t head = (size_t)end.pos + 4, body = 0;
    const char *p = (const char *)evbuffer_pullup(in, (ev_ssize_t)head);
    *ok = p != NULL && strncmp(p, "HTTP/1.1 200", 12) == 0;
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
    struct hold *h = arg;
    bool ok;
    if (!answered(bufferevent_get_input(b), &ok))
        return;
    h->answered++;
    h->failed += ok ? 0 : 1;
    open_more(h);
    if (h->answered == h->o->count)
        (void)event_base_loopbreak(h->base);
}

static void on_event(struct bufferevent *b, short what, void *arg)
{
    struct hold *h = arg;
    if ((what & BEV_EVENT_CONNECTED) != 0)
        (void)bufferevent_write(b, h->request, h->request_len);
    else if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
        load_die("a connection was closed");
}

static void open_more(struct hold *h)
{
    while (h->opened < h->o->count && h->opened < h->answered + PARALLEL) {
        struct bufferevent *b = load_connect(h->base, h->tls, h->o->port);
        h->opened++;
        bufferevent_setcb(b, on_read, NULL, on_event, h);
        (void)bufferevent_enable(b, EV_READ | EV_WRITE);
    }
}

int load_hold(const struct load_options *o)
{
    struct hold h = {.o = o, .base = event_base_new(), .tls = load_client_tls(o)};
    (void)signal(SIGPIPE, SIG_IGN);
    h.request = load_request(o, &h.request_len);
    if (h.base == NULL)
        load_die("out of memory");
    open_more(&h);
    (void)event_base_dispatch(h.base);
    (void)printf("held=%u failed=%u\n", h.answered, h.failed);
    (void)fflush(stdout);
    if (o->paused)
        (void)getchar();
    return h.failed == 0 ? 0 : 1;
}
