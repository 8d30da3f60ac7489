/* rules_bench.c: `sallyport rules bench`: what each rule and each class costs on a text. */
#include <time.h>

#include "cli/rules.h"
#include "flt/trial.h"

#define TEXT_BYTES 65536u
#define ROUNDS     3u /* the quickest counts */
#define TOP        20u

/* Prose, talk, code, a log, markup and numbers, in about equal parts; nothing in it is anyone's. */
static const char sample[] =
    "The committee met on Tuesday and went through the list once more. Nobody had read the second annex, so the vote "
    "was put off until the bridge over the canal has been measured again; the mayor called that prudent.\n"
    "user: can you shorten this paragraph, and keep the numbers? assistant: Of course. Which tone would you like, "
    "plain "
    "or formal? user: plain please, and ignore the last line, it is a leftover.\n"
    "static int next_slot(struct ring *r, unsigned n)\n{\n    if (n == 0 || r->used + n > r->size)\n        return -1; "
    "/* "
    "full */\n    r->used += n;\n    return (int)((r->head + n) % r->size);\n}\n"
    "2031-04-17T09:12:44.031Z INFO  [worker-7] request id=8f2c41d9 path=/v2/items status=200 bytes=18231 took=14ms\n"
    "2031-04-17T09:12:44.090Z WARN  [worker-2] retry 2 of 5 after timeout, host=db-3.internal.example:5432\n"
    "{\"order\": 48213, \"lines\": [{\"sku\": \"KX-2209\", \"qty\": 3, \"price\": 12.40}], \"note\": \"ring twice\", "
    "\"ok\": true}\n"
    "| month | units | share |\n| --- | ---: | ---: |\n| March | 18,204 | 31.7 % |\n| April | 20,119 | 33.0 % |\n"
    "Die Lieferung kommt am Freitag; bitte lassen Sie das Tor offen. Le rapport sera pr\xC3\xAAt lundi, merci de "
    "relire "
    "la page 12. \xD0\x92\xD1\x81\xD1\x82\xD1\x80\xD0\xB5\xD1\x87\xD0\xB0 \xD0\xB2 "
    "\xD0\xBF\xD1\x8F\xD1\x82\xD0\xBD\xD0\xB8\xD1\x86\xD1\x83. \xE4\xBC\x9A\xE8\xAE\xAE\xE5\x9C\xA8"
    "\xE5\x91\xA8\xE4\xBA\x94\xE3\x80\x82\n";

struct line {
    uint32_t rule;
    double ns_per_kb;
    struct flt_profile_cost cost;
};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* The quickest of a few rounds, in nanoseconds a KiB: of the scan, and of all that comes after it. */
static bool measure(struct flt_profile *p, struct flt_str text, double *scan, struct line *l)
{
    *scan = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        double begin = now_ns();
        if (flt_profile_scan(p, text) != FLT_OK)
            return false;
        double middle = now_ns();
        if (flt_profile_confirm(p, &l->cost) != FLT_OK)
            return false;
        double per_kb = 1024 / (double)text.n, rest = (now_ns() - middle) * per_kb;
        double first = (middle - begin) * per_kb;
        *scan = i == 0 || first < *scan ? first : *scan;
        l->ns_per_kb = i == 0 || rest < l->ns_per_kb ? rest : l->ns_per_kb;
    }
    return true;
}

/* By what is counted: times waver. */
static int by_cost(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    if (x->cost.confirm != y->cost.confirm)
        return x->cost.confirm > y->cost.confirm ? -1 : 1;
    if (x->cost.hits != y->cost.hits)
        return x->cost.hits > y->cost.hits ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void print_line(const char *name, size_t n, const struct line *l)
{
    printf("%-40.*s %10.1f %10llu %12llu %9u\n", (int)n, name, l->ns_per_kb, (unsigned long long)l->cost.hits,
           (unsigned long long)l->cost.confirm, l->cost.findings);
}

static bool bench_classes(const struct flt_snapshot *s, struct flt_profile *p, struct flt_str text)
{
    double scan;
    printf("%-40s %10s %10s %12s %9s\n", "class", "ns/KiB", "anchors", "confirmed B", "findings");
    for (unsigned c = 0; c < FLT_CLASS_COUNT; c++) {
        struct line l = {0};
        uint32_t n = 0;
        for (uint32_t i = 0; i < flt_snapshot_rules(s); i++) {
            struct flt_rule_info r;
            flt_snapshot_rule(s, i, &r);
            flt_profile_rule(p, i, (unsigned)r.class_ == c);
            n += (unsigned)r.class_ == c;
        }
        if (n == 0)
            continue;
        if (!measure(p, text, &scan, &l))
            return false;
        print_line(flt_class_names[c], strlen(flt_class_names[c]), &l);
    }
    return true;
}

static bool bench_rules(const struct flt_snapshot *s, struct flt_profile *p, struct flt_str text, struct line *v)
{
    double scan;
    uint32_t n = flt_snapshot_rules(s);
    for (uint32_t i = 0; i < n; i++)
        flt_profile_rule(p, i, false);
    for (uint32_t i = 0; i < n; i++) {
        flt_profile_rule(p, i, true);
        v[i].rule = i;
        bool good = measure(p, text, &scan, &v[i]);
        flt_profile_rule(p, i, false);
        if (!good)
            return false;
    }
    if (n > 1)
        qsort(v, n, sizeof(*v), by_cost);
    printf("\n%-40s %10s %10s %12s %9s\n", "the costliest rules", "ns/KiB", "anchors", "confirmed B", "findings");
    for (uint32_t i = 0; i < n && i < TOP; i++) {
        struct flt_rule_info r;
        flt_snapshot_rule(s, v[i].rule, &r);
        print_line(r.id.p, r.id.n, &v[i]);
    }
    return true;
}

static char *sample_text(size_t *n)
{
    char *p = malloc(TEXT_BYTES);
    *n = p != NULL ? TEXT_BYTES - TEXT_BYTES % (sizeof(sample) - 1) : 0;
    for (size_t i = 0; i < *n; i++)
        p[i] = sample[i % (sizeof(sample) - 1)];
    return p;
}

int px_rules_bench(const struct flt_snapshot *s, const char *file)
{
    size_t n = 0;
    char *bytes = file != NULL ? px_cli_read(file, &n) : sample_text(&n);
    struct flt_profile *p = flt_profile_new(s);
    struct line *v = calloc(flt_snapshot_rules(s) + 1u, sizeof(*v));
    struct line none;
    struct flt_str text = {bytes, n};
    double scan = 0;
    bool good = bytes != NULL && p != NULL && v != NULL && n != 0 && measure(p, text, &scan, &none);
    if (good) {
        printf("%zu bytes. All rules share the scan, %.0f ns/KiB (%.2f GB/s), and the ordering of what it hit, %.0f "
               "ns/KiB,"
               "\nwhich the times below include.\n\n",
               n, scan, 1024 / scan, none.ns_per_kb);
        good = bench_classes(s, p, text) && bench_rules(s, p, text, v);
    }
    if (!good)
        fputs(n == 0 ? "sallyport rules: there is no text\n" : "sallyport rules: the text could not be inspected\n",
              stderr);
    free(v);
    flt_profile_free(p);
    free(bytes);
    return good ? 0 : 2;
}
