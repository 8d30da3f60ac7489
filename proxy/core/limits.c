/* limits.c: per-tenant rates and concurrency by atomics; see limits.h for the algorithm. */
#include "core/limits.h"

#include <stdatomic.h>

#define WINDOW_NS           60e9 /* one minute */
#define BYTES_PER_TOKEN     4u
#define MAX_DEBT_WINDOWS    10.0 /* an answer never blocks its tenant for longer than this many minutes */
#define CONCURRENT_RETRY_MS 500u

struct px_tenant_limits {
    struct px_tenant_limits *next;
    char *name;
    size_t n;
    /* When the allowance would be whole again if nothing more came (theoretical arrival time), nanoseconds. */
    _Alignas(64) _Atomic uint64_t requests;
    _Alignas(64) _Atomic uint64_t tokens;
    _Alignas(64) _Atomic int64_t active;
};

struct px_limits {
    struct px_tenant_limits *first;
};

struct px_limits *px_limits_new(void)
{
    return calloc(1, sizeof(struct px_limits));
}

void px_limits_free(struct px_limits *l)
{
    if (l == NULL)
        return;
    while (l->first != NULL) {
        struct px_tenant_limits *t = l->first;
        l->first = t->next;
        free(t->name);
        free(t);
    }
    free(l);
}

struct px_tenant_limits *px_limits_of(struct px_limits *l, struct flt_str tenant)
{
    for (struct px_tenant_limits *t = l->first; t != NULL; t = t->next) {
        if (flt_str_eq((struct flt_str){t->name, t->n}, tenant))
            return t;
    }
    struct px_tenant_limits *t = aligned_alloc(64, sizeof(*t));
    char *name = malloc(tenant.n + 1);
    if (t == NULL || name == NULL) {
        free(t);
        free(name);
        return NULL;
    }
    memset(t, 0, sizeof(*t));
    if (tenant.n != 0)
        memcpy(name, tenant.p, tenant.n);
    name[tenant.n] = '\0';
    t->name = name;
    t->n = tenant.n;
    t->next = l->first;
    l->first = t;
    return t;
}

const char *px_limit_name(enum px_limit l)
{
    static const char *const names[] = {"ok", "requests_per_minute", "tokens_per_minute", "concurrent"};
    return names[l];
}

/* Moves the arrival time on by cost; refuses when that would use more than one window's allowance. */
static bool take(_Atomic uint64_t *arrival, uint64_t cost, uint64_t now, uint64_t *retry_ms)
{
    uint64_t seen = atomic_load_explicit(arrival, memory_order_relaxed);
    for (;;) {
        uint64_t next = (seen > now ? seen : now) + cost;
        if ((double)(next - now) > WINDOW_NS) {
            *retry_ms = (uint64_t)(((double)(next - now) - WINDOW_NS) / 1e6) + 1;
            return false;
        }
        if (atomic_compare_exchange_weak_explicit(arrival, &seen, next, memory_order_relaxed, memory_order_relaxed))
            return true;
    }
}

static uint64_t cost_of(uint64_t units, int64_t per_minute)
{
    double cost = (double)units * WINDOW_NS / (double)per_minute;
    return cost > MAX_DEBT_WINDOWS * WINDOW_NS ? (uint64_t)(MAX_DEBT_WINDOWS * WINDOW_NS) : (uint64_t)cost;
}

static uint64_t tokens_of(uint64_t text_bytes)
{
    return (text_bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
}

enum px_limit px_limits_begin(struct px_tenant_limits *t, const struct flt_limits_conf *c, uint64_t now_ns,
                              uint64_t *retry_ms)
{
    /* Looked at before a rate is charged: a request refused for one limit must not use up another. */
    if (c->tokens_per_minute > 0) {
        uint64_t until = atomic_load_explicit(&t->tokens, memory_order_relaxed);
        if (until > now_ns && (double)(until - now_ns) >= WINDOW_NS) {
            *retry_ms = (uint64_t)(((double)(until - now_ns) - WINDOW_NS) / 1e6) + 1;
            return PX_LIMIT_TOKENS;
        }
    }
    int64_t active = atomic_fetch_add_explicit(&t->active, 1, memory_order_relaxed);
    if (c->concurrent > 0 && active >= c->concurrent) {
        px_limits_end(t);
        *retry_ms = CONCURRENT_RETRY_MS;
        return PX_LIMIT_CONCURRENT;
    }
    if (c->requests_per_minute > 0 && !take(&t->requests, cost_of(1, c->requests_per_minute), now_ns, retry_ms)) {
        px_limits_end(t);
        return PX_LIMIT_REQUESTS;
    }
    return PX_LIMIT_OK;
}

void px_limits_end(struct px_tenant_limits *t)
{
    atomic_fetch_sub_explicit(&t->active, 1, memory_order_relaxed);
}

enum px_limit px_limits_prompt(struct px_tenant_limits *t, const struct flt_limits_conf *c, uint64_t text_bytes,
                               uint64_t now_ns, uint64_t *retry_ms)
{
    if (c->tokens_per_minute <= 0)
        return PX_LIMIT_OK;
    uint64_t cost = cost_of(tokens_of(text_bytes), c->tokens_per_minute);
    return take(&t->tokens, cost, now_ns, retry_ms) ? PX_LIMIT_OK : PX_LIMIT_TOKENS;
}

void px_limits_answer(struct px_tenant_limits *t, const struct flt_limits_conf *c, uint64_t text_bytes, uint64_t now_ns)
{
    if (c->tokens_per_minute <= 0 || text_bytes == 0)
        return;
    uint64_t cost = cost_of(tokens_of(text_bytes), c->tokens_per_minute);
    uint64_t most = now_ns + (uint64_t)(MAX_DEBT_WINDOWS * WINDOW_NS);
    uint64_t seen = atomic_load_explicit(&t->tokens, memory_order_relaxed);
    uint64_t next;
    do {
        next = (seen > now_ns ? seen : now_ns) + cost;
        next = next > most ? most : next;
    } while (
        !atomic_compare_exchange_weak_explicit(&t->tokens, &seen, next, memory_order_relaxed, memory_order_relaxed));
}
