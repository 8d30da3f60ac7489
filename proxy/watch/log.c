/*
 * log.c: formats, escapes, rate-limits and writes log lines. One mutex guards the call-site table and the descriptor;
 * no line is ever waited for: a full pipe loses lines (counted) rather than stopping a worker.
 */
#include "watch/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "watch/rfc3339.h"

#define SITES     128u /* power of two */
#define PROBE     8u
#define WINDOW_MS 1000u

struct site {
    const char *fmt; /* NULL = free */
    uint64_t since_ms;
    unsigned written, dropped;
};

static struct {
    pthread_mutex_t lock;
    atomic_int level;
    int fd;
    struct site sites[SITES];
    unsigned with_drops; /* sites whose dropped count is still to be told */
    uint64_t lost;       /* lines the descriptor did not take */
} g = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = PX_LOG_NOTICE, .fd = STDERR_FILENO};

static const char *const level_names[] = {"error", "warn", "notice", "info", "debug"};

/* ---- one line -------------------------------------------------------------------------------- */

struct line {
    char p[PX_LOG_LINE_MAX];
    size_t n;
    bool cut;
};

#define TAIL 4u /* room kept for "...\n" */

static void put(struct line *l, const char *s, size_t n)
{
    if (l->cut || n > sizeof(l->p) - TAIL - l->n) {
        l->cut = true;
        return;
    }
    memcpy(l->p + l->n, s, n);
    l->n += n;
}

/* A name is one word: blanks and '=' in it would read as another key. */
static void put_escaped(struct line *l, const char *s, size_t n, bool word)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < n && !l->cut; i++) {
        unsigned char c = (unsigned char)s[i];
        char esc[4] = {'\\', 'x', hex[c >> 4], hex[c & 15u]};
        const char *short_form = c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : c == '\\' ? "\\\\" : NULL;

        if (short_form != NULL)
            put(l, short_form, 2);
        else if (c < 0x20 || c > 0x7e || (word && (c == ' ' || c == '=' || c == '"')))
            put(l, esc, sizeof(esc));
        else
            put(l, s + i, 1);
    }
}

static void put_key(struct line *l, const char *key, const char *value, size_t n)
{
    put(l, " ", 1);
    put(l, key, strlen(key));
    put(l, "=", 1);
    put_escaped(l, value, n, true);
}

static void put_number(struct line *l, const char *key, uint64_t value)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);

    put_key(l, key, digits, (size_t)n);
}

static void begin(struct line *l, enum px_log_level level, const struct px_log_id *id)
{
    char when[PX_RFC3339_SIZE];

    l->n = 0;
    l->cut = false;
    px_rfc3339(px_unix_ms(), when);
    put(l, when, strlen(when));
    put(l, " ", 1);
    put(l, level_names[level], strlen(level_names[level]));
    if (id == NULL)
        return;
    if (id->worker >= 0)
        put_number(l, "worker", (uint64_t)id->worker);
    if (id->conn != 0)
        put_number(l, "conn", id->conn);
    if (id->txn[0] != '\0')
        put_key(l, "txn", id->txn, strnlen(id->txn, sizeof(id->txn)));
    if (id->tenant.n != 0)
        put_key(l, "tenant", id->tenant.p, id->tenant.n);
}

static void end(struct line *l)
{
    if (l->cut) {
        memcpy(l->p + l->n, "...", 3);
        l->n += 3;
    }
    l->p[l->n++] = '\n';
}

/* ---- writing (under the lock) ---------------------------------------------------------------- */

static bool write_line(const struct line *l)
{
    struct pollfd pfd = {.fd = g.fd, .events = POLLOUT};
    ssize_t n;

    if (poll(&pfd, 1, 0) != 1 || (pfd.revents & POLLOUT) == 0)
        return false;
    do {
        n = write(g.fd, l->p, l->n);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)l->n;
}

static void tell_lost(void)
{
    struct line l;

    begin(&l, PX_LOG_WARN, NULL);
    put(&l, " log could not be written", 25);
    put_number(&l, "lines_lost", g.lost);
    end(&l);
    if (write_line(&l))
        g.lost = 0;
}

static void emit(const struct line *l)
{
    if (g.lost != 0)
        tell_lost();
    if (g.lost != 0 || !write_line(l))
        g.lost++;
}

/* ---- rate (under the lock) ------------------------------------------------------------------- */

static void tell_dropped(struct site *s)
{
    struct line l;

    begin(&l, PX_LOG_WARN, NULL);
    put(&l, " log lines dropped", 18);
    put_number(&l, "count", s->dropped);
    put(&l, " like: ", 7);
    put_escaped(&l, s->fmt, strlen(s->fmt), false);
    end(&l);
    emit(&l);
    s->dropped = 0;
    g.with_drops--;
}

static void tell_all_dropped(uint64_t now)
{
    for (unsigned i = 0; i < SITES && g.with_drops != 0; i++) {
        if (g.sites[i].dropped != 0 && now - g.sites[i].since_ms >= WINDOW_MS)
            tell_dropped(&g.sites[i]);
    }
}

/* The site's slot: its own, a free one, or the one of a neighbour that is over its second. NULL = none: no limit then.
 */
static struct site *find_site(const char *fmt, uint64_t now)
{
    unsigned h = (unsigned)(((uintptr_t)fmt * 0x9E3779B97F4A7C15u) >> 40);
    struct site *stale = NULL;

    for (unsigned i = 0; i < PROBE; i++) {
        struct site *s = &g.sites[(h + i) % SITES];

        if (s->fmt == fmt)
            return s;
        if (stale == NULL && (s->fmt == NULL || (s->dropped == 0 && now - s->since_ms >= WINDOW_MS)))
            stale = s;
    }
    if (stale != NULL)
        *stale = (struct site){.fmt = fmt, .since_ms = now};
    return stale;
}

static bool admit(const char *fmt, uint64_t now)
{
    struct site *s = find_site(fmt, now);

    if (s == NULL)
        return true;
    if (now - s->since_ms >= WINDOW_MS) {
        s->since_ms = now;
        s->written = 0;
    }
    if (s->written < PX_LOG_BURST) {
        s->written++;
        return true;
    }
    if (s->dropped++ == 0)
        g.with_drops++;
    return false;
}

/* ---- interface ------------------------------------------------------------------------------- */

void px_log_init(enum px_log_level level, int fd)
{
    pthread_mutex_lock(&g.lock);
    g.fd = fd;
    pthread_mutex_unlock(&g.lock);
    atomic_store_explicit(&g.level, (int)level, memory_order_relaxed);
}

bool px_log_on(enum px_log_level level)
{
    return (int)level <= atomic_load_explicit(&g.level, memory_order_relaxed);
}

static uint64_t monotonic_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

void px_log(enum px_log_level level, const struct px_log_id *id, const char *fmt, ...)
{
    char message[PX_LOG_LINE_MAX];
    struct line l;
    uint64_t now;
    va_list ap;
    int n;

    if (!px_log_on(level))
        return;
    va_start(ap, fmt);
    n = vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    begin(&l, level, id);
    put(&l, " ", 1);
    if (n > 0)
        put_escaped(&l, message, strnlen(message, sizeof(message)), false);
    if (n >= (int)sizeof(message))
        l.cut = true;
    end(&l);

    now = monotonic_ms();
    pthread_mutex_lock(&g.lock);
    tell_all_dropped(now);
    if (admit(fmt, now))
        emit(&l);
    pthread_mutex_unlock(&g.lock);
}
