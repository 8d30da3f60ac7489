/*
 * metrics.c: counting, on the worker's own thread. There is one writer for every number, so an add is a relaxed load
 * and store; no counter is ever shared between workers and no reader is ever waited for.
 */
#include "watch/metrics_table.h"

const uint32_t px_hist_bounds[PX_H_COUNT][PX_BUCKETS] = {
    [PX_H_INSPECT] = {10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000,
                      1000000},
    [PX_H_FIRST_BYTE] = {1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000, 5000000,
                         10000000, 20000000, 60000000, 120000000},
    [PX_H_TOTAL] = {1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000, 5000000, 20000000,
                    60000000, 300000000, 1800000000},
};

static void add(_Atomic uint64_t *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

struct px_metrics *px_metrics_new(int worker)
{
    struct px_metrics *m = calloc(1, sizeof(*m));

    if (m != NULL)
        m->worker = worker;
    return m;
}

static void table_free(struct px_series_table *t)
{
    uint32_t n = atomic_load_explicit(&t->n, memory_order_acquire);

    for (uint32_t i = 0; i < n; i++)
        free(t->slot[i]);
}

void px_metrics_free(struct px_metrics *m)
{
    if (m == NULL)
        return;
    table_free(&m->decisions);
    table_free(&m->rule_hits);
    free(m);
}

void px_count(struct px_metrics *m, enum px_counter c, uint64_t n)
{
    add(&m->counter[c], n);
}

void px_gauge(struct px_metrics *m, enum px_gauge g, int64_t delta)
{
    _Atomic int64_t *v = &m->gauge[g];

    atomic_store_explicit(v, atomic_load_explicit(v, memory_order_relaxed) + delta, memory_order_relaxed);
}

void px_observe(struct px_metrics *m, enum px_histogram h, uint64_t us)
{
    unsigned i = 0;

    while (i < PX_BUCKETS && us > px_hist_bounds[h][i])
        i++;
    add(&m->hist[h].bucket[i], 1);
    add(&m->hist[h].sum_us, us);
}

void px_metrics_status(struct px_metrics *m, int status)
{
    add(&m->status[status >= 100 && status < (int)FLT_ARRAY_LEN(m->status) ? status : 0], 1);
}

/* ---- series ---------------------------------------------------------------------------------- */

struct key {
    struct flt_str name;
    uint8_t direction, action, would;
};

/* FNV-1a. Names come from configuration, so nobody outside chooses them to collide. */
static uint32_t hash(const struct key *k)
{
    uint32_t h = 2166136261u ^ ((uint32_t)k->direction << 16 | (uint32_t)k->action << 8 | k->would);

    for (size_t i = 0; i < k->name.n; i++)
        h = (h ^ (unsigned char)k->name.p[i]) * 16777619u;
    return h ^ h >> 15;
}

static bool same(const struct px_series *s, const struct key *k)
{
    return s->n == k->name.n && s->direction == k->direction && s->action == k->action && s->would == k->would &&
           memcmp(s->name, k->name.p, k->name.n) == 0;
}

/* The series of that key, made when it is new and there is room below limit; NULL = no room or no memory. */
static struct px_series *series_at(struct px_series_table *t, const struct key *k, uint32_t limit)
{
    uint32_t n = atomic_load_explicit(&t->n, memory_order_relaxed);
    uint32_t i = hash(k) % PX_SERIES_INDEX;
    struct px_series *s;

    for (; t->index[i] != 0; i = (i + 1) % PX_SERIES_INDEX) {
        s = t->slot[t->index[i] - 1];
        if (same(s, k))
            return s;
    }
    if (n >= limit || (s = calloc(1, sizeof(*s) + k->name.n)) == NULL)
        return NULL;
    s->direction = k->direction;
    s->action = k->action;
    s->would = k->would;
    s->n = (uint32_t)k->name.n;
    if (k->name.n != 0)
        memcpy(s->name, k->name.p, k->name.n);
    t->slot[n] = s;
    t->index[i] = (uint16_t)(n + 1);
    atomic_store_explicit(&t->n, n + 1, memory_order_release);
    return s;
}

static void count_series(struct px_metrics *m, struct px_series_table *t, struct key k)
{
    struct px_series *s;

    if (k.name.n > PX_NAME_MAX)
        k.name = FLT_STR("other");
    s = series_at(t, &k, PX_SERIES_MAX);
    if (s == NULL) {
        k.name = FLT_STR("other");
        s = series_at(t, &k, PX_SERIES_ROOM);
    }
    add(s != NULL ? &s->count : &m->series_lost, 1);
}

void px_metrics_decision(struct px_metrics *m, struct flt_str tenant, enum flt_direction dir,
                         const struct flt_snapshot *s, const struct flt_decision *d)
{
    uint32_t rules = s != NULL ? flt_snapshot_rules(s) : 0;

    px_count(m, PX_C_text_bytes, d->bytes_total);
    px_count(m, PX_C_scanned_bytes, d->bytes_scanned);
    px_count(m, PX_C_opaque_bytes, d->bytes_opaque);
    count_series(m, &m->decisions, (struct key){tenant, (uint8_t)dir, (uint8_t)d->action, (uint8_t)d->would});
    for (uint32_t i = 0; i < d->n_findings; i++) {
        const struct flt_finding *f = &d->findings[i];
        struct flt_rule_info rule;

        if (f->rule >= rules)
            continue;
        flt_snapshot_rule(s, f->rule, &rule);
        count_series(m, &m->rule_hits, (struct key){rule.id, (uint8_t)dir, f->action, 0});
    }
}
