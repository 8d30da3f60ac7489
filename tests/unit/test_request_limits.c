/* Large and dense requests: what is a limit, what is none, and that no bound of the record hides anything. */
#include "engine/document.h"
#include "request_rig.h"

enum { PLAIN, TENANTS };
static struct flt_tenant tenants[TENANTS];

static void a_full_record_hides_no_name(void **state)
{
    struct flt_buf b;
    (void)state;
    flt_buf_init(&b, 1u << 20);
    assert_int_equal(flt_buf_printf(&b, "{\"messages\":[{\"role\":\"user\",\"content\":\""), FLT_OK);
    for (unsigned i = 0; i < FLT_FINDINGS_MAX + 5; i++)
        assert_int_equal(flt_buf_printf(&b, "m@host.example "), FLT_OK);
    assert_int_equal(flt_buf_printf(&b, "\"}],\"me@host.example\":1}"), FLT_OK);
    struct run r = inspect_as("openai", "/v1/chat/completions", PLAIN, flt_buf_str(&b));
    assert_int_equal(r.rc, FLT_OK);
    assert_int_equal(r.out.decision.action, FLT_ACT_BLOCK);
    assert_int_equal(r.out.decision.n_findings, FLT_FINDINGS_MAX);
    assert_int_equal(r.out.decision.findings_dropped, 6);
    assert_int_equal(r.out.body.n, 0);
    done(&r);
    flt_buf_free(&b);
}

static void many_parts_are_no_limit(void **state)
{
    struct flt_buf b;
    (void)state;
    flt_buf_init(&b, 1u << 20);
    assert_int_equal(flt_buf_printf(&b, "{\"messages\":[{\"role\":\"user\",\"content\":["), FLT_OK);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(flt_buf_printf(&b, "{\"type\":\"text\",\"text\":\"%s\"},",
                                        i == 500   ? "me@"
                                        : i == 501 ? "host.example"
                                                   : " x "),
                         FLT_OK);
    assert_int_equal(flt_buf_printf(&b, "{\"type\":\"text\",\"text\":\"end\"}]}]}"), FLT_OK);
    struct run r = inspect_as("openai", "/v1/chat/completions", PLAIN, flt_buf_str(&b));
    assert_int_equal(r.rc, FLT_OK);
    assert_non_null(memmem(r.out.body.p, r.out.body.n, "[EMAIL]", 7));
    assert_null(memmem(r.out.body.p, r.out.body.n, "me@", 3));
    done(&r);
    flt_buf_free(&b);
}

/* More scanner hits or matcher work than any honest prompt makes: refused, or let through where the tenant says so. */
static void uninspectable_prompts_follow_the_tenants_choice(void **state)
{
    static const struct fixture_pack slow = {
        "secrets",
        FIXTURE_HEAD("secrets.slow") FIXTURE_RULE(
            "secrets.slow", "patterns: ['[a-z0-9]{1,2000}'], validate: [mixed], action: redact, placeholder: '[X]'",
            "a1", "'-'")};
    struct flt_tenant t[2];
    struct flt_route route;
    struct flt_buf b;
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        flt_tenant_defaults(&t[i]);
        t[i].on_failure = i == 0 ? FLT_FAIL_CLOSED : FLT_FAIL_OPEN;
    }
    struct flt_snapshot *s = fixture_snapshot(&slow, 1, t, 2);
    struct flt_worker *w = fixture_worker(s);
    flt_route_match("openai", FLT_STR("POST"), FLT_STR("/v1/chat/completions"), &route);
    flt_buf_init(&b, 1u << 20);
    assert_int_equal(flt_buf_printf(&b, "{\"messages\":[{\"role\":\"user\",\"content\":\"a1 %060000d\"}]}", 0), FLT_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct flt_arena *arena = flt_arena_new(16u << 20);
        struct flt_request_out out;
        struct flt_request_in in = {.snapshot = s, .tenant = i, .route = &route, .body = flt_buf_str(&b)};
        int rc = flt_inspect_request(w, &in, arena, &out);
        assert_int_equal(rc, i == 0 ? FLT_E_LIMIT : FLT_OK);
        assert_int_equal(out.decision.cause, FLT_CAUSE_LIMIT);
        assert_string_equal(out.reason, "the prompt could not be inspected");
        assert_ptr_equal(out.body.p, i == 0 ? NULL : b.p);
        flt_arena_free(arena);
    }
    flt_buf_free(&b);
    flt_worker_free(w);
    flt_snapshot_free(s);
}

/* Tables of nothing but values, in one text and in many, are no limit. */
static void dense_prompts_are_inspected_whole(void **state)
{
    struct flt_buf b;
    (void)state;
    flt_buf_init(&b, 16u << 20);
    assert_int_equal(flt_buf_printf(&b, "{\"messages\":[{\"role\":\"user\",\"content\":\""), FLT_OK);
    for (unsigned i = 0; i < 60000; i++)
        assert_int_equal(flt_buf_printf(&b, "Al,me@host.example;123-456;%05u\\n", i), FLT_OK);
    assert_int_equal(flt_buf_printf(&b, "\"}],\"rows\":["), FLT_OK);
    for (unsigned i = 0; i < 20000; i++)
        assert_int_equal(flt_buf_printf(&b, "\"me@host.example\",\"no %05u\",", i), FLT_OK);
    assert_int_equal(flt_buf_printf(&b, "\"123-456\"]}"), FLT_OK);
    struct run r = inspect_as("openai", "/v1/chat/completions", PLAIN, flt_buf_str(&b));
    assert_int_equal(r.rc, FLT_OK);
    assert_int_equal(r.out.decision.n_findings + r.out.decision.findings_dropped, 3 * 60000 + 2 * 20000 + 1);
    assert_null(memmem(r.out.body.p, r.out.body.n, "host", 4));
    assert_null(memmem(r.out.body.p, r.out.body.n, "123-456", 7));
    assert_true(is_json(r.out.body));
    done(&r);
    flt_buf_free(&b);
}

static int open_rules(void **state)
{
    (void)state;
    fixture_tenants(tenants, TENANTS);
    body_open(tenants, TENANTS);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_record_hides_no_name),
        cmocka_unit_test(many_parts_are_no_limit),
        cmocka_unit_test(uninspectable_prompts_follow_the_tenants_choice),
        cmocka_unit_test(dense_prompts_are_inspected_whole),
    };
    return cmocka_run_group_tests(tests, open_rules, body_close);
}
