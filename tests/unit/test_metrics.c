/* test_metrics.c: the exposition is well-formed, adds up over workers, and may be read while workers count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <pthread.h>

#include "tiny_snapshot.h"
#include "watch/metrics.h"

static struct flt_snapshot *snapshot;
static struct flt_buf page;

static int group_setup(void **state)
{
    (void)state;
    snapshot = tiny_snapshot();
    flt_buf_init(&page, (size_t)16 << 20);
    return snapshot != NULL ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    flt_snapshot_free(snapshot);
    flt_buf_free(&page);
    return 0;
}

/* Writes the exposition of the workers into page, as a string. */
static void expose(struct px_metrics *const *w, unsigned n)
{
    const struct px_metrics_process p = {.reloads = 3,
                                         .config_stale = true,
                                         .audit_ok = true,
                                         .audit_seq = 99,
                                         .generation = "abc",
                                         .rules = 2,
                                         .tenants = 1,
                                         .started_unix = 1767225600.5};

    flt_buf_clear(&page);
    assert_int_equal(px_metrics_expose(w, n, &p, &page), FLT_OK);
    assert_int_equal(flt_buf_add(&page, "", 1), FLT_OK);
}

/* ---- a checker of the format, version 0.0.4 -------------------------------------------------- */

static bool name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == ':';
}

/* After the labels {a="b",...}; NULL when they are malformed. */
static const char *skip_labels(const char *p)
{
    if (*p != '{')
        return p;
    do {
        p++;
        if (!name_char(*p))
            return NULL;
        while (name_char(*p))
            p++;
        if (*p++ != '=' || *p++ != '"')
            return NULL;
        for (; *p != '"'; p++) {
            if (*p == '\0' || *p == '\n')
                return NULL;
            if (*p == '\\' && *++p != '\\' && *p != '"' && *p != 'n')
                return NULL;
        }
        p++;
    } while (*p == ',');
    return *p == '}' ? p + 1 : NULL;
}

struct family {
    char name[128], type[16];
    double last_bucket;
    bool inf_seen;
};

/* "# HELP n text" then "# TYPE n type" open a family, which must be a new one. */
static const char *check_head(const char *line, struct family *f)
{
    const char *type = strchr(line, '\n') + 1;
    char wanted[200];
    int n = 0;

    assert_int_equal(sscanf(line, "# HELP %127s", f->name), 1);
    n = snprintf(wanted, sizeof(wanted), "# TYPE %s ", f->name);
    assert_memory_equal(type, wanted, (size_t)n);
    assert_int_equal(sscanf(type + n, "%15s", f->type), 1);
    assert_true(strcmp(f->type, "counter") == 0 || strcmp(f->type, "gauge") == 0 || strcmp(f->type, "histogram") == 0);
    snprintf(wanted, sizeof(wanted), "# HELP %s ", f->name);
    assert_null(strstr(line + 1, wanted));
    f->last_bucket = 0;
    f->inf_seen = false;
    return strchr(type, '\n') + 1;
}

static void check_bucket(struct family *f, const char *labels, double value)
{
    assert_memory_equal(labels, "{le=\"", 5);
    assert_false(f->inf_seen);
    assert_true(value >= f->last_bucket);
    f->last_bucket = value;
    f->inf_seen = strncmp(labels, "{le=\"+Inf\"}", 11) == 0;
}

static const char *check_sample(const char *line, struct family *f)
{
    size_t n = strlen(f->name);
    const char *p = line;
    char *end;
    double value;

    while (name_char(*p))
        p++;
    const char *suffix = line + n, *labels = p;
    assert_memory_equal(line, f->name, n);
    p = skip_labels(p);
    assert_non_null(p);
    assert_int_equal(*p++, ' ');
    value = strtod(p, &end);
    assert_true(end != p && *end == '\n');
    if (strcmp(f->type, "histogram") != 0) {
        assert_ptr_equal(suffix, labels);
    } else if (strncmp(suffix, "_bucket{", 8) == 0) {
        check_bucket(f, labels, value);
    } else if (strncmp(suffix, "_count ", 7) == 0) {
        assert_true(f->inf_seen && value == f->last_bucket);
    } else {
        assert_memory_equal(suffix, "_sum ", 5);
    }
    /* the same series may not come twice */
    char series[400];
    snprintf(series, sizeof(series), "\n%.*s ", (int)(p - 1 - line), line);
    assert_null(strstr(line, series));
    return end + 1;
}

static unsigned check_page(void)
{
    struct family f = {0};
    unsigned families = 0;

    for (const char *line = page.p; *line != '\0';) {
        if (*line == '#') {
            line = check_head(line, &f);
            families++;
        } else {
            line = check_sample(line, &f);
        }
    }
    return families;
}

/* The value of exactly that series; fails when it is not there. */
static double value_of(const char *series)
{
    char line[400];
    const char *p;

    snprintf(line, sizeof(line), "\n%s ", series);
    p = strstr(page.p, line);
    if (p == NULL)
        fail_msg("no series %s", series);
    return strtod(p + strlen(line), NULL);
}

#define assert_value(series, want) assert_int_equal((long long)(value_of(series) * 1000), (long long)((want)*1000))

/* ---- tests
 * -------------------------------------------------------------------------------------------------------------------
 */

static void an_idle_process_exposes_every_family(void **state)
{
    struct px_metrics *m = px_metrics_new(0);

    (void)state;
    expose(&m, 1);
    assert_true(check_page() > 30);
    assert_value("sallyport_requests_total", 0);
    assert_value("sallyport_config_stale", 1);
    assert_value("sallyport_config_reloads_total", 3);
    assert_value("sallyport_config_info{generation=\"abc\"}", 1);
    assert_value("sallyport_audit_sequence", 99);
    assert_value("sallyport_inspect_seconds_count", 0);
    assert_value("process_start_time_seconds", 1767225600.5);
    assert_non_null(strstr(page.p, "\nsallyport_build_info{version=\""));
    px_metrics_free(m);
}

static void no_worker_is_fine(void **state)
{
    (void)state;
    expose(NULL, 0);
    check_page();
    assert_value("sallyport_workers", 0);
}

static void workers_are_summed(void **state)
{
    struct px_metrics *m[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        m[i] = px_metrics_new(i);
        px_count(m[i], PX_C_requests, 10);
        px_count(m[i], PX_C_requests, (uint64_t)i);
        px_gauge(m[i], PX_G_open_streams, 5);
        px_gauge(m[i], PX_G_open_streams, -i);
        px_metrics_status(m[i], 200);
        px_metrics_status(m[i], i == 0 ? 503 : 200);
    }
    px_gauge(m[0], PX_G_held_bytes, -1);
    px_metrics_status(m[0], -7);
    px_metrics_status(m[0], 1000);
    expose(m, 3);
    check_page();
    assert_value("sallyport_requests_total", 33);
    assert_value("sallyport_streams", 12);
    assert_value("sallyport_held_bytes", -1);
    assert_value("sallyport_responses_total{status=\"200\"}", 5);
    assert_value("sallyport_responses_total{status=\"503\"}", 1);
    assert_value("sallyport_responses_total{status=\"0\"}", 2);
    assert_null(strstr(page.p, "status=\"404\""));
    for (int i = 0; i < 3; i++)
        px_metrics_free(m[i]);
}

static void histograms_are_cumulative_seconds(void **state)
{
    struct px_metrics *m[2] = {px_metrics_new(0), px_metrics_new(1)};

    (void)state;
    px_observe(m[0], PX_H_INSPECT, 10); /* a bound belongs to its bucket */
    px_observe(m[0], PX_H_INSPECT, 11);
    px_observe(m[1], PX_H_INSPECT, 1500000);
    px_observe(m[1], PX_H_TOTAL, 1800000000);
    expose(m, 2);
    check_page();
    assert_value("sallyport_inspect_seconds_bucket{le=\"0.00001\"}", 1);
    assert_value("sallyport_inspect_seconds_bucket{le=\"0.00002\"}", 2);
    assert_value("sallyport_inspect_seconds_bucket{le=\"1\"}", 2);
    assert_value("sallyport_inspect_seconds_bucket{le=\"+Inf\"}", 3);
    assert_value("sallyport_inspect_seconds_count", 3);
    assert_non_null(strstr(page.p, "\nsallyport_inspect_seconds_sum 1.500021\n"));
    assert_value("sallyport_request_seconds_bucket{le=\"300\"}", 0);
    assert_value("sallyport_request_seconds_bucket{le=\"1800\"}", 1);
    px_metrics_free(m[0]);
    px_metrics_free(m[1]);
}

static void decide(struct px_metrics *m, struct flt_str tenant)
{
    const struct flt_finding v[] = {
        {tiny_rule(snapshot, "pii.mail"), 0, 5, 0, FLT_ROLE_USER, FLT_ACT_REDACT, FLT_ACT_REDACT, {0}},
        {tiny_rule(snapshot, "pii.mail"), 9, 14, 0, FLT_ROLE_USER, FLT_ACT_REDACT, FLT_ACT_REDACT, {0}},
        {tiny_rule(snapshot, "injection.ignore"), 20, 30, 0, FLT_ROLE_USER, FLT_ACT_BLOCK, FLT_ACT_ALLOW, {0}},
    };
    const struct flt_decision d = {.action = FLT_ACT_REDACT,
                                   .would = FLT_ACT_BLOCK,
                                   .findings = v,
                                   .n_findings = 3,
                                   .bytes_total = 100,
                                   .bytes_scanned = 90,
                                   .bytes_opaque = 10};

    px_metrics_decision(m, tenant, FLT_REQUEST, snapshot, &d);
}

static void decisions_and_rule_hits_carry_labels(void **state)
{
    struct px_metrics *m[2] = {px_metrics_new(0), px_metrics_new(1)};
    const struct flt_decision allowed = {.bytes_total = 7, .bytes_scanned = 7};

    (void)state;
    decide(m[0], FLT_STR("claims"));
    decide(m[1], FLT_STR("claims"));
    decide(m[1], FLT_STR("other team"));
    px_metrics_decision(m[1], FLT_STR("claims"), FLT_RESPONSE, snapshot, &allowed);
    expose(m, 2);
    check_page();
    assert_value("sallyport_decisions_total{tenant=\"claims\",direction=\"request\",action=\"redact\",would=\"block\"}",
                 2);
    assert_value(
        "sallyport_decisions_total{tenant=\"other team\",direction=\"request\",action=\"redact\",would=\"block\"}", 1);
    assert_value("sallyport_decisions_total{tenant=\"claims\",direction=\"response\",action=\"allow\",would=\"allow\"}",
                 1);
    assert_value("sallyport_rule_hits_total{rule=\"pii.mail\",direction=\"request\",action=\"redact\"}", 6);
    assert_value("sallyport_rule_hits_total{rule=\"injection.ignore\",direction=\"request\",action=\"allow\"}", 3);
    assert_value("sallyport_text_bytes_total", 307);
    assert_value("sallyport_scanned_bytes_total", 277);
    assert_value("sallyport_opaque_bytes_total", 30);
    px_metrics_free(m[0]);
    px_metrics_free(m[1]);
}

static void label_values_are_escaped(void **state)
{
    struct px_metrics *m = px_metrics_new(0);

    (void)state;
    decide(m, FLT_STR("a\"b\\c\nd\x01"));
    expose(&m, 1);
    check_page();
    assert_non_null(strstr(page.p, "{tenant=\"a\\\"b\\\\c\\nd?\",direction="));
    px_metrics_free(m);
}

static void series_are_bounded(void **state)
{
    struct px_metrics *m = px_metrics_new(0);
    const struct flt_decision d = {0};
    char name[200];

    (void)state;
    memset(name, 'x', sizeof(name));
    px_metrics_decision(m, (struct flt_str){name, sizeof(name)}, FLT_REQUEST, snapshot, &d);
    for (int i = 0; i < 5000; i++) {
        int n = snprintf(name, sizeof(name), "tenant-%d", i);
        px_metrics_decision(m, (struct flt_str){name, (size_t)n}, FLT_REQUEST, snapshot, &d);
    }
    px_metrics_decision(m, FLT_STR("tenant-17"), FLT_REQUEST, snapshot, &d);
    px_metrics_decision(m, FLT_STR("new"), FLT_RESPONSE, snapshot, &d);
    expose(&m, 1);
    assert_value(
        "sallyport_decisions_total{tenant=\"tenant-17\",direction=\"request\",action=\"allow\",would=\"allow\"}", 2);
    /* one name too long, 4,095 series of the 5,000 fit beside it */
    assert_value("sallyport_decisions_total{tenant=\"other\",direction=\"request\",action=\"allow\",would=\"allow\"}",
                 1 + 905);
    assert_value("sallyport_decisions_total{tenant=\"other\",direction=\"response\",action=\"allow\",would=\"allow\"}",
                 1);
    assert_null(strstr(page.p, "tenant=\"new\""));
    px_metrics_free(m);
}

static void a_page_without_room_is_an_error(void **state)
{
    struct px_metrics *m = px_metrics_new(0);
    const struct px_metrics_process p = {.generation = "x"};
    struct flt_buf small;

    (void)state;
    flt_buf_init(&small, 1000);
    assert_int_equal(px_metrics_expose(&m, 1, &p, &small), FLT_E_LIMIT);
    flt_buf_free(&small);
    px_metrics_free(m);
}

/* ---- counting while reading ------------------------------------------------------------------ */

#define ROUNDS 3000

static void *count_much(void *arg)
{
    struct px_metrics *m = arg;
    const struct flt_decision d = {0};
    char name[32];

    for (int i = 0; i < ROUNDS; i++) {
        int n = snprintf(name, sizeof(name), "t%d", i % 500);

        px_count(m, PX_C_requests, 1);
        px_gauge(m, PX_G_open_transactions, i % 2 == 0 ? 1 : -1);
        px_observe(m, PX_H_TOTAL, (uint64_t)i * 1000);
        px_metrics_status(m, 200);
        px_metrics_decision(m, (struct flt_str){name, (size_t)n}, FLT_REQUEST, snapshot, &d);
        decide(m, FLT_STR("busy"));
    }
    return NULL;
}

static void reading_while_workers_count_is_safe(void **state)
{
    struct px_metrics *m[2] = {px_metrics_new(0), px_metrics_new(1)};
    pthread_t t[2];
    double last = 0;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&t[i], NULL, count_much, m[i]), 0);
    for (int i = 0; i < 20; i++) {
        expose(m, 2);
        check_page();
        assert_true(value_of("sallyport_requests_total") >= last);
        last = value_of("sallyport_requests_total");
    }
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    expose(m, 2);
    check_page();
    assert_value("sallyport_requests_total", 2 * ROUNDS);
    assert_value("sallyport_request_seconds_count", 2 * ROUNDS);
    assert_value("sallyport_transactions", 0);
    assert_value("sallyport_decisions_total{tenant=\"t499\",direction=\"request\",action=\"allow\",would=\"allow\"}",
                 2 * ROUNDS / 500);
    assert_value("sallyport_rule_hits_total{rule=\"pii.mail\",direction=\"request\",action=\"redact\"}", 4 * ROUNDS);
    px_metrics_free(m[0]);
    px_metrics_free(m[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_process_exposes_every_family),
        cmocka_unit_test(no_worker_is_fine),
        cmocka_unit_test(workers_are_summed),
        cmocka_unit_test(histograms_are_cumulative_seconds),
        cmocka_unit_test(decisions_and_rule_hits_carry_labels),
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(series_are_bounded),
        cmocka_unit_test(a_page_without_room_is_an_error),
        cmocka_unit_test(reading_while_workers_count_is_safe),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
