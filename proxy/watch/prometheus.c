/*
 * prometheus.c: the text exposition, format 0.0.4: HELP and TYPE once a family, then its samples; label values escaped,
 * buckets cumulative up to +Inf. Workers are summed here, so that the number of series does not depend on the machine.
 */
#include "watch/metrics_table.h"

#ifndef SP_VERSION
#define SP_VERSION "unknown"
#endif

static const char *const direction_names[] = {[FLT_REQUEST] = "request", [FLT_RESPONSE] = "response"};

/* Output with a sticky error. */
struct page {
    struct flt_buf *out;
    int status;
};

static void put(struct page *p, const char *fmt, ...) FLT_PRINTF(2, 3);
static void put(struct page *p, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (p->status == FLT_OK)
        p->status = n >= 0 && n < (int)sizeof(line) ? flt_buf_add(p->out, line, (size_t)n) : FLT_E_LIMIT;
}

static void family(struct page *p, const char *name, const char *type, const char *help)
{
    put(p, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Label values: backslash, quote and newline are escaped; other controls, which no name of ours has, become '?'. */
static void label(struct page *p, const char *prefix, struct flt_str v)
{
    char out[2 * PX_NAME_MAX + 1];
    size_t n = 0;

    for (size_t i = 0; i < v.n && n + 2 < sizeof(out); i++) {
        char c = v.p[i];

        if (c == '\\' || c == '"' || c == '\n')
            out[n++] = '\\';
        if (c == '\n')
            c = 'n';
        out[n++] = (unsigned char)c < 0x20 || c == 0x7f ? '?' : c;
    }
    put(p, "%s=\"%.*s\"", prefix, (int)n, out);
}

static void one(struct page *p, const char *name, const char *type, const char *help, uint64_t value)
{
    family(p, name, type, help);
    put(p, "%s %llu\n", name, (unsigned long long)value);
}

/* ---- plain numbers --------------------------------------------------------------------------- */

static uint64_t sum_counter(struct px_metrics *const *w, unsigned n, enum px_counter c)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < n; i++)
        sum += atomic_load_explicit(&w[i]->counter[c], memory_order_relaxed);
    return sum;
}

static int64_t sum_gauge(struct px_metrics *const *w, unsigned n, enum px_gauge g)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < n; i++)
        sum += atomic_load_explicit(&w[i]->gauge[g], memory_order_relaxed);
    return sum;
}

static void numbers(struct page *p, struct px_metrics *const *w, unsigned n)
{
    static const struct {
        const char *name, *help;
    } counters[] =
        {
#define PX_X(id, name, help) {name, help},
            PX_COUNTERS(PX_X)
#undef PX_X
        },
      gauges[] = {
#define PX_Y(id, name, help) {name, help},
          PX_GAUGES(PX_Y)
#undef PX_Y
      };
    uint64_t lost = 0;

    for (unsigned c = 0; c < PX_C_COUNT; c++)
        one(p, counters[c].name, "counter", counters[c].help, sum_counter(w, n, (enum px_counter)c));
    for (unsigned g = 0; g < PX_G_COUNT; g++) {
        family(p, gauges[g].name, "gauge", gauges[g].help);
        put(p, "%s %lld\n", gauges[g].name, (long long)sum_gauge(w, n, (enum px_gauge)g));
    }
    for (unsigned i = 0; i < n; i++)
        lost += atomic_load_explicit(&w[i]->series_lost, memory_order_relaxed);
    one(p, "sallyport_metrics_lost_total", "counter",
        "Decisions and rule hits missing from labelled series (no memory)", lost);
}

static void statuses(struct page *p, struct px_metrics *const *w, unsigned n)
{
    family(p, "sallyport_responses_total", "counter", "Responses sent to clients by HTTP status");
    for (unsigned s = 0; s < FLT_ARRAY_LEN(w[0]->status); s++) {
        uint64_t sum = 0;

        for (unsigned i = 0; i < n; i++)
            sum += atomic_load_explicit(&w[i]->status[s], memory_order_relaxed);
        if (sum != 0)
            put(p, "sallyport_responses_total{status=\"%u\"} %llu\n", s, (unsigned long long)sum);
    }
}

/* ---- histograms ------------------------------------------------------------------------------ */

/* Microseconds as exact decimal seconds without trailing zeros. */
static const char *seconds(uint64_t us, char out[32])
{
    int n = snprintf(out, 32, "%llu.%06llu", (unsigned long long)(us / 1000000u), (unsigned long long)(us % 1000000u));

    while (n > 0 && out[n - 1] == '0')
        n--;
    if (n > 0 && out[n - 1] == '.')
        n--;
    out[n] = '\0';
    return out;
}

static void histogram(struct page *p, struct px_metrics *const *w, unsigned n, enum px_histogram h)
{
    static const struct {
        const char *name, *help;
    } words[PX_H_COUNT] = {
        [PX_H_INSPECT] = {"sallyport_inspect_seconds", "Time to inspect one request"},
        [PX_H_FIRST_BYTE] = {"sallyport_upstream_first_byte_seconds",
                             "Time from forwarding to the upstream's first byte"},
        [PX_H_TOTAL] = {"sallyport_request_seconds", "Time from a request's first byte to the end of its answer"},
    };
    const char *name = words[h].name;
    uint64_t count = 0, sum_us = 0;
    char text[32];

    family(p, name, "histogram", words[h].help);
    for (unsigned b = 0; b <= PX_BUCKETS; b++) {
        for (unsigned i = 0; i < n; i++)
            count += atomic_load_explicit(&w[i]->hist[h].bucket[b], memory_order_relaxed);
        put(p, "%s_bucket{le=\"%s\"} %llu\n", name, b < PX_BUCKETS ? seconds(px_hist_bounds[h][b], text) : "+Inf",
            (unsigned long long)count);
    }
    for (unsigned i = 0; i < n; i++)
        sum_us += atomic_load_explicit(&w[i]->hist[h].sum_us, memory_order_relaxed);
    put(p, "%s_sum %s\n%s_count %llu\n", name, seconds(sum_us, text), name, (unsigned long long)count);
}

/* ---- labelled series ------------------------------------------------------------------------- */

typedef const struct px_series_table *table_of(const struct px_metrics *m);

static const struct px_series_table *decisions_of(const struct px_metrics *m)
{
    return &m->decisions;
}

static const struct px_series_table *rule_hits_of(const struct px_metrics *m)
{
    return &m->rule_hits;
}

static int by_labels(const void *left, const void *right)
{
    const struct px_series *a = *(const struct px_series *const *)left, *b = *(const struct px_series *const *)right;
    size_t n = a->n < b->n ? a->n : b->n;
    int order = n != 0 ? memcmp(a->name, b->name, n) : 0;

    if (order == 0)
        order = (a->n > b->n) - (a->n < b->n);
    if (order == 0)
        order = (int)a->direction - (int)b->direction;
    if (order == 0)
        order = (int)a->action - (int)b->action;
    return order != 0 ? order : (int)a->would - (int)b->would;
}

/* Pointers to every worker's series, sorted by labels; caller frees. NULL with *n = 0: none, or no memory (sticky in
 * p). */
static const struct px_series **gather(struct page *p, struct px_metrics *const *w, unsigned workers, table_of *table,
                                       size_t *n)
{
    const struct px_series **v = malloc(sizeof(*v) * PX_SERIES_ROOM * (workers != 0 ? workers : 1));

    *n = 0;
    if (v == NULL) {
        p->status = FLT_E_NOMEM;
        return NULL;
    }
    for (unsigned i = 0; i < workers; i++) {
        const struct px_series_table *t = table(w[i]);
        uint32_t have = atomic_load_explicit(&t->n, memory_order_acquire);

        for (uint32_t k = 0; k < have; k++)
            v[(*n)++] = t->slot[k];
    }
    qsort(v, *n, sizeof(*v), by_labels);
    return v;
}

static void series(struct page *p, struct px_metrics *const *w, unsigned workers, bool decisions)
{
    const char *name = decisions ? "sallyport_decisions_total" : "sallyport_rule_hits_total";
    size_t n;
    const struct px_series **v = gather(p, w, workers, decisions ? decisions_of : rule_hits_of, &n);

    family(p, name, "counter",
           decisions ? "Inspections by what was done and what would be done if enforced"
                     : "Findings by rule and what was done");
    for (size_t i = 0; i < n;) {
        const struct px_series *s = v[i];
        uint64_t sum = 0;

        for (; i < n && by_labels(&v[i], &s) == 0; i++)
            sum += atomic_load_explicit(&v[i]->count, memory_order_relaxed);
        put(p, "%s{", name);
        label(p, decisions ? "tenant" : "rule", (struct flt_str){s->name, s->n});
        put(p, ",direction=\"%s\",action=\"%s\"", direction_names[s->direction], flt_action_names[s->action]);
        if (decisions)
            put(p, ",would=\"%s\"", flt_action_names[s->would]);
        put(p, "} %llu\n", (unsigned long long)sum);
    }
    free(v);
}

/* ---- the process ----------------------------------------------------------------------------- */

static void process(struct page *p, const struct px_metrics_process *proc, unsigned workers)
{
    family(p, "sallyport_build_info", "gauge", "Version of this build");
    put(p, "sallyport_build_info{version=\"%s\"} 1\n", SP_VERSION);
    family(p, "sallyport_config_info", "gauge", "Generation of rules and tenants in force");
    put(p, "sallyport_config_info{");
    label(p, "generation", flt_str_of(proc->generation));
    put(p, "} 1\n");
    one(p, "sallyport_config_stale", "gauge", "1 = the last reload failed and an older configuration is running",
        proc->config_stale);
    one(p, "sallyport_config_reloads_total", "counter", "Reloads that took effect", proc->reloads);
    one(p, "sallyport_config_reload_failures_total", "counter", "Reloads that failed and changed nothing",
        proc->reload_failures);
    one(p, "sallyport_audit_ok", "gauge", "1 = audit records can be written", proc->audit_ok);
    one(p, "sallyport_audit_sequence", "gauge", "Sequence number of the last audit record", proc->audit_seq);
    one(p, "sallyport_snapshot_bytes", "gauge", "Memory of the compiled rules and tenants", proc->snapshot_bytes);
    one(p, "sallyport_rules", "gauge", "Rules loaded", proc->rules);
    one(p, "sallyport_tenants", "gauge", "Tenants configured", proc->tenants);
    one(p, "sallyport_workers", "gauge", "Worker threads", workers);
    family(p, "process_start_time_seconds", "gauge", "Start of the process, seconds since the Unix epoch");
    put(p, "process_start_time_seconds %.3f\n", proc->started_unix);
}

int px_metrics_expose(struct px_metrics *const *workers, unsigned n, const struct px_metrics_process *p,
                      struct flt_buf *out)
{
    struct page page = {.out = out, .status = FLT_OK};

    process(&page, p, n);
    numbers(&page, workers, n);
    statuses(&page, workers, n);
    for (unsigned h = 0; h < PX_H_COUNT; h++)
        histogram(&page, workers, n, (enum px_histogram)h);
    series(&page, workers, n, true);
    series(&page, workers, n, false);
    return page.status;
}
