/*
 * resolve.c: names to addresses. c-ares does the asking; its sockets and its timer become events of the worker's base.
 * One lookup serves all who ask for the name meanwhile, and its result is kept for a while.
 */
#include "net/resolve.h"

#include <arpa/inet.h>
#include <ares.h>
#include <netinet/in.h>
#include <pthread.h>

#define MAX_ADDRS   8u
#define MAX_ENTRIES 256u
#define TTL_MAX_MS  300000u
#define TTL_MIN_MS  1000u
#define FAILED_MS   1000u
#define QUERY_MS    2000 /* first wait for one server; c-ares doubles it */
#define QUERY_TRIES 2

struct px_resolve { /* one who waits */
    struct entry *entry;
    px_resolve_fn fn;
    void *arg;
    uint16_t port;
    bool *served; /* set while px_resolve has not returned yet */
    struct px_resolve *next;
};

struct entry {
    struct px_resolver *resolver;
    char *host;
    bool pending, serving;
    struct px_addr addr[MAX_ADDRS]; /* without port */
    unsigned n;
    const char *why; /* n == 0 */
    uint64_t expires;
    struct px_resolve *waiters;
    struct entry *next;
};

struct watch { /* one socket of c-ares */
    struct px_resolver *resolver;
    ares_socket_t fd;
    struct event *ev;
    struct watch *next;
};

struct px_resolver {
    struct event_base *base;
    ares_channel channel;
    struct event *timer;
    struct watch *watches;
    struct entry *entries;
    unsigned n_entries;
    bool closing;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static bool library_ok;

static void init_library(void)
{
    library_ok = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
}

static uint64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/* ---- c-ares on libevent ---- */

static void arm_timer(struct px_resolver *r)
{
    struct timeval tv;
    if (ares_timeout(r->channel, NULL, &tv) != NULL)
        event_add(r->timer, &tv);
    else
        event_del(r->timer);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct px_resolver *r = arg;
    ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm_timer(r);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct watch *w = arg;
    struct px_resolver *r = w->resolver; /* w may be gone after the next call */
    ares_process_fd(r->channel, (what & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
                    (what & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
    arm_timer(r);
}

static void on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct px_resolver *r = arg;
    struct watch **link = &r->watches;
    while (*link != NULL && (*link)->fd != fd)
        link = &(*link)->next;
    struct watch *w = *link;
    if (w != NULL && w->ev != NULL) {
        event_free(w->ev);
        w->ev = NULL;
    }
    if (readable == 0 && writable == 0) {
        if (w != NULL) {
            *link = w->next;
            free(w);
        }
        return;
    }
    if (w == NULL) {
        w = calloc(1, sizeof(*w));
        if (w == NULL)
            return; /* the lookup then ends by its timeout */
        w->resolver = r;
        w->fd = fd;
        w->next = r->watches;
        r->watches = w;
    }
    short what = (short)(EV_PERSIST | (readable != 0 ? EV_READ : 0) | (writable != 0 ? EV_WRITE : 0));
    w->ev = event_new(r->base, fd, what, on_socket, w);
    if (w->ev != NULL)
        event_add(w->ev, NULL);
}

/* ---- results ---- */

static void answer(px_resolve_fn fn, void *arg, const struct entry *e, uint16_t port)
{
    _Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port), "same place");
    struct px_addr v[MAX_ADDRS];
    uint16_t be = htons(port);
    for (unsigned i = 0; i < e->n; i++) {
        v[i] = e->addr[i];
        memcpy((char *)&v[i].ss + offsetof(struct sockaddr_in, sin_port), &be, sizeof(be));
    }
    fn(arg, v, e->n, e->n > 0 ? NULL : e->why);
}

static void serve_waiters(struct entry *e)
{
    e->serving = true;
    while (e->waiters != NULL) {
        struct px_resolve *q = e->waiters;
        e->waiters = q->next;
        if (q->served != NULL)
            *q->served = true;
        answer(q->fn, q->arg, e, q->port);
        free(q);
    }
    e->serving = false;
}

static void add_addr(struct entry *e, const void *sa, size_t len)
{
    if (e->n >= MAX_ADDRS || len > sizeof(e->addr[0].ss))
        return;
    memcpy(&e->addr[e->n].ss, sa, len);
    e->addr[e->n].len = (socklen_t)len;
    e->n++;
}

static const char *failure(int status)
{
    switch (status) {
    case ARES_ENODATA:
        return "name has no address";
    case ARES_ENOTFOUND:
        return "name does not exist";
    case ARES_ETIMEOUT:
        return "name servers did not answer";
    case ARES_ECONNREFUSED:
        return "name servers cannot be reached";
    case ARES_EBADNAME:
        return "malformed name";
    case ARES_ENOMEM:
        return "out of memory";
    default:
        return "name cannot be resolved";
    }
}

static void on_result(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
    (void)timeouts;
    struct entry *e = arg;
    uint64_t ttl = TTL_MAX_MS;
    if (e->resolver->closing) {
        ares_freeaddrinfo(result);
        return;
    }
    e->pending = false;
    e->n = 0;
    for (const struct ares_addrinfo_node *a = result != NULL ? result->nodes : NULL; a != NULL; a = a->ai_next) {
        if (a->ai_family != AF_INET && a->ai_family != AF_INET6)
            continue;
        add_addr(e, a->ai_addr, (size_t)a->ai_addrlen);
        uint64_t ms = a->ai_ttl > 0 ? (uint64_t)a->ai_ttl * 1000u : TTL_MIN_MS;
        ttl = ms < ttl ? ms : ttl;
    }
    ares_freeaddrinfo(result);
    e->why = status == ARES_SUCCESS ? "name has no address" : failure(status);
    e->expires = now_ms() + (e->n > 0 ? ttl : FAILED_MS);
    serve_waiters(e);
}

/* ---- entries ---- */

static void free_entry(struct entry *e)
{
    while (e->waiters != NULL) {
        struct px_resolve *q = e->waiters;
        e->waiters = q->next;
        free(q);
    }
    free(e->host);
    free(e);
}

static struct entry *find_entry(struct px_resolver *r, const char *host)
{
    for (struct entry *e = r->entries; e != NULL; e = e->next)
        if (strcasecmp(e->host, host) == 0)
            return e;
    return NULL;
}

/* Makes room by dropping the settled entry that expires first. */
static void evict(struct px_resolver *r)
{
    struct entry **first = NULL;
    for (struct entry **link = &r->entries; *link != NULL; link = &(*link)->next)
        if (!(*link)->pending && !(*link)->serving && (first == NULL || (*link)->expires < (*first)->expires))
            first = link;
    if (first == NULL)
        return;
    struct entry *e = *first;
    *first = e->next;
    r->n_entries--;
    free_entry(e);
}

static struct entry *add_entry(struct px_resolver *r, const char *host)
{
    if (r->n_entries >= MAX_ENTRIES)
        evict(r);
    struct entry *e = r->n_entries < MAX_ENTRIES ? calloc(1, sizeof(*e)) : NULL;
    char *copy = e != NULL ? strdup(host) : NULL;
    if (copy == NULL) {
        free(e);
        return NULL;
    }
    e->resolver = r;
    e->host = copy;
    e->next = r->entries;
    r->entries = e;
    r->n_entries++;
    return e;
}

static void ask(struct px_resolver *r, struct entry *e)
{
    struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    e->pending = true;
    ares_getaddrinfo(r->channel, e->host, NULL, &hints, on_result, e);
    arm_timer(r);
}

/* ---- names that need no asking ---- */

static void add_v4(struct entry *e, const struct in_addr *a)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = *a};
    add_addr(e, &sa, sizeof(sa));
}

static void add_v6(struct entry *e, const struct in6_addr *a)
{
    struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_addr = *a};
    add_addr(e, &sa, sizeof(sa));
}

static bool is_localhost(struct flt_str s)
{
    static const struct flt_str name = {"localhost", 9};
    if (s.n > 0 && s.p[s.n - 1] == '.')
        s.n--;
    if (s.n > name.n && s.p[s.n - name.n - 1] == '.')
        s = (struct flt_str){s.p + s.n - name.n, name.n};
    return flt_str_ieq(s, name);
}

static bool literal(const char *host, struct entry *e)
{
    char bare[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    struct flt_str s = flt_str_of(host);
    if (is_localhost(s)) {
        add_v4(e, &(struct in_addr){htonl(INADDR_LOOPBACK)});
        add_v6(e, &in6addr_loopback);
        return true;
    }
    if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
        s = (struct flt_str){s.p + 1, s.n - 2};
    if (s.n == 0 || s.n >= sizeof(bare))
        return false;
    memcpy(bare, s.p, s.n);
    bare[s.n] = '\0';
    if (inet_pton(AF_INET, bare, &v4) == 1)
        add_v4(e, &v4);
    else if (inet_pton(AF_INET6, bare, &v6) == 1)
        add_v6(e, &v6);
    return e->n > 0;
}

/* ---- interface ---- */

struct px_resolve *px_resolve(struct px_resolver *r, const char *host, uint16_t port, px_resolve_fn fn, void *arg)
{
    struct entry local = {0};
    bool served = false;
    if (literal(host, &local)) {
        answer(fn, arg, &local, port);
        return NULL;
    }
    struct entry *e = find_entry(r, host);
    if (e != NULL && !e->pending && (e->serving || now_ms() < e->expires)) {
        local = *e; /* a copy: fn may ask again and push the entry out */
        answer(fn, arg, &local, port);
        return NULL;
    }
    struct px_resolve *q = calloc(1, sizeof(*q));
    if (e == NULL && q != NULL)
        e = add_entry(r, host);
    if (q == NULL || e == NULL) {
        free(q);
        local.why = "out of memory";
        answer(fn, arg, &local, port);
        return NULL;
    }
    *q = (struct px_resolve){.entry = e, .fn = fn, .arg = arg, .port = port, .served = &served, .next = e->waiters};
    e->waiters = q;
    if (!e->pending)
        ask(r, e); /* may answer at once, from the hosts file for instance */
    if (served)
        return NULL;
    q->served = NULL;
    return q;
}

void px_resolve_cancel(struct px_resolve *q)
{
    struct px_resolve **link = &q->entry->waiters;
    while (*link != NULL && *link != q)
        link = &(*link)->next;
    if (*link == NULL)
        return;
    *link = q->next;
    free(q);
}

struct px_resolver *px_resolver_new(struct event_base *base)
{
    struct px_resolver *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return NULL;
    pthread_once(&library_once, init_library);
    r->base = base;
    r->timer = event_new(base, -1, 0, on_timer, r);
    struct ares_options options = {
        .timeout = QUERY_MS, .tries = QUERY_TRIES, .sock_state_cb = on_state, .sock_state_cb_data = r};
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (!library_ok || r->timer == NULL || ares_init_options(&r->channel, &options, mask) != ARES_SUCCESS) {
        if (r->timer != NULL)
            event_free(r->timer);
        free(r);
        return NULL;
    }
    return r;
}

void px_resolver_free(struct px_resolver *r)
{
    if (r == NULL)
        return;
    r->closing = true;
    ares_destroy(r->channel); /* reports every open lookup, and closes the sockets through on_state */
    while (r->watches != NULL) {
        struct watch *w = r->watches;
        r->watches = w->next;
        if (w->ev != NULL)
            event_free(w->ev);
        free(w);
    }
    while (r->entries != NULL) {
        struct entry *e = r->entries;
        r->entries = e->next;
        free_entry(e);
    }
    event_free(r->timer);
    free(r);
}
