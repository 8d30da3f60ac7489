/* Per-tenant limits: exact at the edge, refilled by time, shared over threads, kept by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "core/limits.h"

#define SECOND UINT64_C(1000000000)
#define START  (100 * SECOND)

static int setup(void **state)
{
    *state = px_limits_new();
    return *state == NULL;
}

static int teardown(void **state)
{
    px_limits_free(*state);
    return 0;
}

static void requests_up_to_the_limit_pass_and_the_next_does_not(void **state)
{
    struct px_tenant_limits *t = px_limits_of(*state, FLT_STR("a"));
    const struct flt_limits_conf c = {.requests_per_minute = 7};
    uint64_t retry = 0;
    for (int i = 0; i < 7; i++) {
        assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_OK);
        px_limits_end(t);
    }
    assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_REQUESTS);
    assert_in_range(retry, 8000, 9000); /* a seventh of a minute */
}

static void retry_time_is_honest(void **state)
{
    struct px_tenant_limits *t = px_limits_of(*state, FLT_STR("a"));
    const struct flt_limits_conf c = {.requests_per_minute = 60};
    uint64_t retry = 0;
    for (int i = 0; i < 60; i++)
        assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_OK);
    assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_REQUESTS);
    uint64_t ignored = 0;
    assert_int_equal(px_limits_begin(t, &c, START + (retry - 2) * 1000000, &ignored), PX_LIMIT_REQUESTS);
    assert_int_equal(px_limits_begin(t, &c, START + retry * 1000000, &ignored), PX_LIMIT_OK);
}

static void concurrent_requests_are_bounded_and_come_back(void **state)
{
    struct px_tenant_limits *t = px_limits_of(*state, FLT_STR("a"));
    const struct flt_limits_conf c = {.concurrent = 2, .requests_per_minute = 3};
    uint64_t retry = 0;
    assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_OK);
    assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_OK);
    for (int i = 0; i < 10; i++)
        assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_CONCURRENT);
    assert_true(retry > 0);
    px_limits_end(t);
    /* The ten refused ones used up nothing of the rate. */
    assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_OK);
}

static void tokens_are_a_quarter_of_the_text_and_refused_prompts_cost_nothing(void **state)
{
    struct px_tenant_limits *t = px_limits_of(*state, FLT_STR("a"));
    const struct flt_limits_conf c = {.tokens_per_minute = 100};
    uint64_t retry = 0;
    assert_int_equal(px_limits_prompt(t, &c, 200, START, &retry), PX_LIMIT_OK);     /* 50 */
    assert_int_equal(px_limits_prompt(t, &c, 204, START, &retry), PX_LIMIT_TOKENS); /* 51 */
    assert_int_equal(px_limits_prompt(t, &c, 200, START, &retry), PX_LIMIT_OK);
    assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_TOKENS); /* seen before any body is read */
    assert_int_equal(px_limits_begin(t, &c, START + SECOND, &retry), PX_LIMIT_OK);
}

static void answers_count_against_what_follows(void **state)
{
    struct px_tenant_limits *t = px_limits_of(*state, FLT_STR("a"));
    const struct flt_limits_conf c = {.tokens_per_minute = 100};
    uint64_t retry = 0;
    px_limits_answer(t, &c, 4000, START); /* 1,000 tokens: ten minutes' worth */
    assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_TOKENS);
    assert_int_equal(px_limits_begin(t, &c, START + 530 * SECOND, &retry), PX_LIMIT_TOKENS);
    assert_int_equal(px_limits_begin(t, &c, START + 541 * SECOND, &retry), PX_LIMIT_OK);
    px_limits_answer(t, &c, UINT64_MAX / 8, START + 541 * SECOND); /* no overflow, and a bounded debt */
    assert_int_equal(px_limits_begin(t, &c, START + 1200 * SECOND, &retry), PX_LIMIT_OK);
}

static void no_limit_is_no_limit(void **state)
{
    struct px_tenant_limits *t = px_limits_of(*state, FLT_STR("a"));
    const struct flt_limits_conf c = {0};
    uint64_t retry = 0;
    for (int i = 0; i < 100000; i++)
        assert_int_equal(px_limits_begin(t, &c, START, &retry), PX_LIMIT_OK);
    assert_int_equal(px_limits_prompt(t, &c, UINT32_MAX, START, &retry), PX_LIMIT_OK);
}

static void tenants_are_found_again_by_name_and_are_apart(void **state)
{
    struct px_tenant_limits *a = px_limits_of(*state, FLT_STR("a"));
    struct px_tenant_limits *ab = px_limits_of(*state, FLT_STR("ab"));
    const struct flt_limits_conf c = {.requests_per_minute = 1};
    uint64_t retry = 0;
    assert_ptr_not_equal(a, ab);
    assert_int_equal(px_limits_begin(a, &c, START, &retry), PX_LIMIT_OK);
    assert_int_equal(px_limits_begin(ab, &c, START, &retry), PX_LIMIT_OK);
    assert_ptr_equal(px_limits_of(*state, FLT_STR("a")), a);
    assert_int_equal(px_limits_begin(px_limits_of(*state, FLT_STR("a")), &c, START, &retry), PX_LIMIT_REQUESTS);
}

struct shared {
    struct px_tenant_limits *t;
    struct flt_limits_conf c;
    _Atomic int granted;
};

static void *ask_many_times(void *arg)
{
    struct shared *s = arg;
    for (int i = 0; i < 20000; i++) {
        uint64_t retry = 0;
        if (px_limits_begin(s->t, &s->c, START, &retry) == PX_LIMIT_OK) {
            atomic_fetch_add(&s->granted, 1);
            px_limits_end(s->t);
        }
    }
    return NULL;
}

static void threads_together_get_exactly_the_limit(void **state)
{
    struct shared s = {.t = px_limits_of(*state, FLT_STR("a")), .c = {.requests_per_minute = 1234}};
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_many_times, &s), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(s.granted, 1234);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_up_to_the_limit_pass_and_the_next_does_not, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_time_is_honest, setup, teardown),
        cmocka_unit_test_setup_teardown(concurrent_requests_are_bounded_and_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(tokens_are_a_quarter_of_the_text_and_refused_prompts_cost_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(answers_count_against_what_follows, setup, teardown),
        cmocka_unit_test_setup_teardown(no_limit_is_no_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(tenants_are_found_again_by_name_and_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_together_get_exactly_the_limit, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
