/*
 * Recorded-by-hand bodies: streams/NAME.sse, answers/NAME.json and requests/NAME.json, with what the other side must
 * get in NAME.*.expected. The rules are those of rules_fixture.h without ip.*.
 *
 * For every stream: every single cut of its bytes, 200 random cuts in several places and byte by byte give the same;
 * truncated anywhere, what left is the beginning of what leaves of the whole; a tenant that only monitors changes no
 * byte.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include "json_oracle.h"
#include "stream_rig.h"
#include "snapshot_group.h"

#include <cmocka.h>

#define MULTI_CUTS 200u
#define BODY_MAX   (256u << 10)
#define DIR        SP_SOURCE_DIR "/tests/golden/"

enum { ENFORCING, MONITORING, TENANTS };
static struct flt_tenant tenants[TENANTS];

static struct flt_str read_file(const char *path)
{
    char *p = malloc(BODY_MAX);
    FILE *f = fopen(path, "rb");
    assert_non_null(p);
    if (f == NULL)
        fail_msg("%s is missing", path);
    size_t n = fread(p, 1, BODY_MAX, f);
    fclose(f);
    assert_true(n > 0 && n < BODY_MAX);
    return (struct flt_str){p, n};
}

static void free_text(struct flt_str s)
{
    free((void *)(uintptr_t)s.p);
}

static int has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), k = strlen(suffix);
    return n > k && strcmp(name + n - k, suffix) == 0;
}

/* Calls fn with each body of a folder and what is expected of it; returns how many there were. */
static unsigned for_each(const char *folder, const char *suffix,
                         void (*fn)(const char *name, struct flt_str in, struct flt_str want))
{
    char path[1200];
    struct dirent **v = NULL;
    unsigned count = 0;
    snprintf(path, sizeof(path), "%s%s", DIR, folder);
    int n = scandir(path, &v, NULL, alphasort);
    assert_true(n >= 0);
    for (int i = 0; i < n; i++) {
        if (has_suffix(v[i]->d_name, suffix)) {
            snprintf(path, sizeof(path), "%s%s/%s", DIR, folder, v[i]->d_name);
            struct flt_str in = read_file(path);
            snprintf(path, sizeof(path), "%s%s/%s.expected", DIR, folder, v[i]->d_name);
            struct flt_str want = read_file(path);
            print_message("%s\n", v[i]->d_name);
            fn(v[i]->d_name, in, want);
            count++;
            free_text(in);
            free_text(want);
        }
        free(v[i]);
    }
    free(v);
    return count;
}

static struct stream_rig rig_of(const char *name, uint32_t tenant)
{
    struct stream_rig r = stream_rig_open(snapshot, tenant);
    r.include_usage = strcmp(name, "plain.sse") == 0;
    return r;
}

/* ---- streams -------------------------------------------------------------------------------------------------------
 */

static void stream_whole(const char *name, struct flt_str in, struct flt_str want)
{
    struct stream_rig r = rig_of(name, ENFORCING);
    struct delivery d = deliver_whole(&r, in);
    if (!flt_str_eq(flt_buf_str(&d.out), want))
        fail_msg("%s gives\n%.*s", name, FLT_STR_ARG(flt_buf_str(&d.out)));
    assert_int_equal(d.state, strncmp(name, "blocked", 7) == 0 ? FLT_STREAM_BLOCKED : FLT_STREAM_ENDED);
    assert_int_equal(d.would == FLT_ACT_ALLOW, flt_str_eq(in, want));
    struct reading *before = read_stream(in), *after = read_stream(flt_buf_str(&d.out));
    assert_int_equal(after->broken, before->broken); /* half a surrogate pair is more than jansson reads */
    reading_free(before);
    reading_free(after);
    delivery_free(&d);
    stream_rig_close(&r);
}

static void streams_become_what_is_expected(void **state)
{
    (void)state;
    assert_true(for_each("streams", ".sse", stream_whole) >= 28);
}

static void stream_cuts(const char *name, struct flt_str in, struct flt_str want)
{
    struct stream_rig r = rig_of(name, ENFORCING);
    struct delivery d = deliver_whole(&r, in);
    uint64_t seed = 11 + in.n;
    (void)want;
    for (size_t at = 0; at <= in.n; at++)
        assert_true(delivery_agrees(&r, in, &at, 1, &d));
    for (unsigned i = 0; i < MULTI_CUTS; i++) {
        size_t cuts[12];
        assert_true(delivery_agrees(&r, in, cuts, rig_cuts(&seed, in.n, cuts, 2 + rig_random(&seed) % 10), &d));
    }
    assert_true(delivery_byte_by_byte(&r, in, &d));
    delivery_free(&d);
    stream_rig_close(&r);
}

static void streams_are_the_same_for_every_cut(void **state)
{
    (void)state;
    for_each("streams", ".sse", stream_cuts);
}

static void stream_truncated(const char *name, struct flt_str in, struct flt_str want)
{
    struct stream_rig r = rig_of(name, ENFORCING);
    for (size_t n = 0; n <= in.n; n++) {
        struct delivery d = deliver(&r, (struct flt_str){in.p, n}, NULL, 0, false);
        struct flt_str out = flt_buf_str(&d.out);
        if (d.state == FLT_STREAM_FAILED) {
            const char *error = memmem(out.p, out.n, "data: {\"error\":{\"message\":\"The upstream ended", 45);
            assert_non_null(error);
            out.n = (size_t)(error - out.p);
        }
        assert_true(out.n <= want.n && memcmp(out.p, want.p, out.n) == 0);
        assert_true(d.state != FLT_STREAM_RUNNING && (d.state == FLT_STREAM_FAILED || out.n == want.n));
        delivery_free(&d);
    }
    stream_rig_close(&r);
}

static void a_truncated_stream_fails_and_lets_nothing_undecided_leave(void **state)
{
    (void)state;
    for_each("streams", ".sse", stream_truncated);
}

static void stream_monitored(const char *name, struct flt_str in, struct flt_str want)
{
    struct stream_rig r = rig_of(name, MONITORING);
    struct delivery d = deliver_whole(&r, in);
    assert_true(flt_str_eq(flt_buf_str(&d.out), in));
    assert_int_equal(d.state, FLT_STREAM_ENDED);
    assert_int_equal(d.action, FLT_ACT_ALLOW);
    assert_int_equal(d.would == FLT_ACT_ALLOW, flt_str_eq(in, want));
    assert_true(delivery_byte_by_byte(&r, in, &d));
    assert_int_equal(d.most_held, 0);
    delivery_free(&d);
    stream_rig_close(&r);
}

static void monitoring_changes_no_byte_and_records_the_same(void **state)
{
    (void)state;
    for_each("streams", ".sse", stream_monitored);
}

/* ---- whole bodies
 * ---------------------------------------------------------------------------------------------------- */

static void answer_whole(const char *name, struct flt_str in, struct flt_str want)
{
    struct stream_rig r = rig_of(name, ENFORCING);
    struct flt_arena *arena = flt_arena_new(16u << 20);
    struct flt_answer_out out;
    struct flt_answer_in a = {
        .snapshot = snapshot, .tenant = ENFORCING, .route = &r.route, .http_status = 200, .body = in};
    assert_int_equal(flt_inspect_answer(r.w, &a, arena, &out), FLT_OK);
    if (!flt_str_eq(out.body, want))
        fail_msg("%s gives\n%.*s", name, FLT_STR_ARG(out.body));
    assert_int_equal(out.edited, !flt_str_eq(in, want));
    assert_true(out.edited || out.body.p == in.p);
    assert_true(is_json(out.body));
    a.tenant = MONITORING;
    assert_int_equal(flt_inspect_answer(r.w, &a, arena, &out), FLT_OK);
    assert_ptr_equal(out.body.p, in.p);
    assert_int_equal(out.decision.would == FLT_ACT_ALLOW, flt_str_eq(in, want));
    flt_arena_free(arena);
    stream_rig_close(&r);
}

static void answers_become_what_is_expected(void **state)
{
    (void)state;
    assert_true(for_each("answers", ".json", answer_whole) >= 6);
}

static void request_whole(const char *name, struct flt_str in, struct flt_str want)
{
    struct stream_rig r = rig_of(name, ENFORCING);
    struct flt_arena *arena = flt_arena_new(16u << 20);
    struct flt_request_out out;
    struct flt_request_in q = {.snapshot = snapshot, .tenant = ENFORCING, .route = &r.route, .body = in};
    assert_int_equal(flt_inspect_request(r.w, &q, arena, &out), FLT_OK);
    if (!flt_str_eq(out.body, want))
        fail_msg("%s gives\n%.*s", name, FLT_STR_ARG(out.body));
    assert_int_equal(out.edited, !flt_str_eq(in, want));
    assert_true(out.edited || out.body.p == in.p);
    assert_true(is_json(out.body));
    q.tenant = MONITORING;
    assert_int_equal(flt_inspect_request(r.w, &q, arena, &out), FLT_OK);
    assert_ptr_equal(out.body.p, in.p);
    flt_arena_free(arena);
    stream_rig_close(&r);
}

static void requests_become_what_is_expected(void **state)
{
    (void)state;
    assert_true(for_each("requests", ".json", request_whole) >= 2);
}

static int open_rules(void **state)
{
    (void)state;
    fixture_tenants(tenants, TENANTS);
    tenants[MONITORING].mode = FLT_MONITOR;
    snapshot = fixture_snapshot(fixture_tiny, FLT_ARRAY_LEN(fixture_tiny), tenants, TENANTS);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_become_what_is_expected),
        cmocka_unit_test(streams_are_the_same_for_every_cut),
        cmocka_unit_test(a_truncated_stream_fails_and_lets_nothing_undecided_leave),
        cmocka_unit_test(monitoring_changes_no_byte_and_records_the_same),
        cmocka_unit_test(answers_become_what_is_expected),
        cmocka_unit_test(requests_become_what_is_expected),
    };
    return cmocka_run_group_tests(tests, open_rules, snapshot_close);
}
