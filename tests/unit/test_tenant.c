/* test_tenant.c: tenant files: what is accepted, what it means, and the place and words of every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "flt/policy.h"

#define DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define OTHER  "0000000000000000000000000000000000000000000000000000000000000001"
#define HEAD   "tenant: t\nupstream: u\ncredentials: [{key_sha256: " DIGEST "}]\n"

struct fixture {
    struct flt_arena *arena;
    struct flt_tenant tenant;
    char problems[8192];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->arena = flt_arena_new(1 << 20);
    assert_non_null(f->arena);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    flt_arena_free(f->arena);
    free(f);
    return 0;
}

static int parse(struct fixture *f, const char *text)
{
    struct flt_diag d = {0};
    int rc = flt_tenant_parse("t.yaml", flt_str_of(text), f->arena, &d, &f->tenant);
    size_t used = 0;
    f->problems[0] = '\0';
    for (unsigned i = 0; i < d.n && used + 1024 < sizeof f->problems; i++)
        used += flt_err_format(&d.v[i], f->problems + used, sizeof f->problems - used);
    assert_int_equal(rc, flt_diag_failed(&d) ? FLT_E_CONFIG : FLT_OK);
    flt_diag_free(&d);
    return rc;
}

static void accepts(struct fixture *f, const char *text)
{
    int rc = parse(f, text);
    assert_string_equal(f->problems, "");
    assert_int_equal(rc, FLT_OK);
}

static void refuses(struct fixture *f, const char *text, const char *problems)
{
    int rc = parse(f, text);
    assert_string_equal(f->problems, problems);
    assert_int_equal(rc, FLT_E_CONFIG);
}

/* ---- what is accepted ------------------------------------------------------------------------------------------ */

static void a_small_tenant_gets_the_safe_defaults(void **state)
{
    struct fixture *f = *state;
    accepts(f, HEAD);
    const struct flt_tenant *t = &f->tenant;
    assert_true(flt_str_is(t->name, "t"));
    assert_true(flt_str_is(t->file, "t.yaml"));
    assert_true(flt_str_is(t->upstream, "u"));
    assert_int_equal(t->upstream_line, 2);
    assert_int_equal(t->upstream_col, 11);
    assert_int_equal(t->service_model, FLT_PAAS);
    assert_int_equal(t->mode, FLT_ENFORCE);
    assert_int_equal(t->on_failure, FLT_FAIL_CLOSED);
    assert_int_equal(t->rules.enable.n, 0);
    assert_int_equal(t->rules.disable.n, 0);
    assert_int_equal(t->rules.block_level, 1);
    assert_int_equal(t->rules.observe_level, 2);
    for (int i = 0; i < FLT_CLASS_COUNT; i++)
        assert_int_equal(t->rules.class_action[i], -1);
    assert_int_equal(t->grounding.text.n, 0);
    assert_int_equal(t->limits.requests_per_minute, 0);
    assert_int_equal(t->limits.body_bytes, 10 * 1024 * 1024);
    assert_int_equal(t->limits.answer_bytes, 16 * 1024 * 1024);
    assert_int_equal(t->n_credentials, 1);
    static const uint8_t first[] = {0x9f, 0x86, 0xd0, 0x81}, last[] = {0xb0, 0xf0, 0x0a, 0x08};
    assert_memory_equal(t->credentials[0].sha256, first, 4);
    assert_memory_equal(t->credentials[0].sha256 + 28, last, 4);
}

static void every_key_is_read(void **state)
{
    struct fixture *f = *state;
    accepts(f, "tenant: claims-assistant\n"
               "service_model: saas\n"
               "credentials:\n"
               "  - {key_sha256: \"" DIGEST "\"}\n"
               "  - {key_sha256: 9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A09}\n"
               "upstream: a\n"
               "routes:\n"
               "  - {path: /v1/*, upstream: b}\n"
               "  - {path: /v2/chat, upstream: c}\n"
               "mode: monitor\n"
               "on_failure: allow\n"
               "rules:\n"
               "  enable: [injection/*, pii/pii.email, '*']\n"
               "  disable: 'unicode/*'\n"
               "  sensitivity: {block: 2, observe: 3}\n"
               "  actions: {pii: redact, secrets: block, injection: allow, unicode: annotate}\n"
               "grounding: {text: \"Answer only\\nfrom this\", placement: system}\n"
               "duties: {prompt.filtering: {mode: shared}, ip.filtering: {mode: local}}\n"
               "limits: {requests_per_minute: 600, tokens_per_minute: 200000, concurrent: 64, body_bytes: 1MiB,\n"
               "         answer_bytes: 2097152}\n");
    const struct flt_tenant *t = &f->tenant;
    assert_int_equal(t->service_model, FLT_SAAS);
    assert_int_equal(t->n_credentials, 2);
    assert_int_equal(t->credentials[1].sha256[31], 9);
    assert_int_equal(t->n_routes, 2);
    assert_true(flt_str_is(t->routes[1].path, "/v2/chat"));
    assert_true(flt_str_is(t->routes[1].upstream, "c"));
    assert_int_equal(t->routes[1].line, 9);
    assert_int_equal(t->routes[1].col, 32);
    assert_int_equal(t->mode, FLT_MONITOR);
    assert_int_equal(t->on_failure, FLT_FAIL_OPEN);
    assert_int_equal(t->rules.enable.n, 3);
    assert_true(flt_str_is(t->rules.enable.v[1], "pii/pii.email"));
    assert_int_equal(t->rules.disable.n, 1);
    assert_int_equal(t->rules.block_level, 2);
    assert_int_equal(t->rules.observe_level, 3);
    assert_int_equal(t->rules.class_action[FLT_CLASS_PII], FLT_ACT_REDACT);
    assert_int_equal(t->rules.class_action[FLT_CLASS_SECRETS], FLT_ACT_BLOCK);
    assert_int_equal(t->rules.class_action[FLT_CLASS_INJECTION], FLT_ACT_ALLOW);
    assert_int_equal(t->rules.class_action[FLT_CLASS_UNICODE], FLT_ACT_ANNOTATE);
    assert_int_equal(t->rules.class_action[FLT_CLASS_IP], -1);
    assert_true(flt_str_is(t->grounding.text, "Answer only\nfrom this"));
    assert_int_equal(t->limits.requests_per_minute, 600);
    assert_int_equal(t->limits.tokens_per_minute, 200000);
    assert_int_equal(t->limits.concurrent, 64);
    assert_int_equal(t->limits.body_bytes, 1 << 20);
    assert_int_equal(t->limits.answer_bytes, 2 << 20);
}

static void limits_take_very_large_values(void **state)
{
    struct fixture *f = *state;
    accepts(f,
            HEAD "limits: {requests_per_minute: 1000000000000, tokens_per_minute: 1e12, concurrent: 1000000000000}\n");
    assert_true(f->tenant.limits.requests_per_minute == 1000000000000);
    assert_true(f->tenant.limits.tokens_per_minute == 1000000000000);
    assert_true(f->tenant.limits.concurrent == 1000000000000);
}

static void byte_limits_beyond_what_can_be_held_are_lowered_with_a_warning(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, HEAD "limits:\n  body_bytes: 1000000000000\n"), FLT_OK);
    assert_string_equal(f->problems, "t.yaml:5:15: warning: limits.body_bytes: more than this version holds at once; "
                                     "1GiB is used\n");
    assert_true(f->tenant.limits.body_bytes == 1 << 30);
}

static void what_acts_is_observed_too(void **state)
{
    struct fixture *f = *state;
    accepts(f, HEAD "rules: {sensitivity: {block: 3}}\n");
    assert_int_equal(f->tenant.rules.block_level, 3);
    assert_int_equal(f->tenant.rules.observe_level, 3);
}

static void duties_that_nothing_here_enforces_are_warned_about(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, HEAD "duties:\n  copyright: {mode: local}\n"), FLT_OK);
    assert_string_equal(f->problems,
                        "t.yaml:5:21: warning: duties.copyright.mode: nothing in this version enforces this "
                        "duty; it is written down only\n");
}

static void a_tenant_without_keys_is_warned_about(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "tenant: t\nupstream: u\n"), FLT_OK);
    assert_string_equal(f->problems, "t.yaml:1:1: warning: credentials: none: no request can reach this tenant\n");
}

/* ---- what is refused ------------------------------------------------------------------------------------------- */

static void five_mistakes_give_five_messages_with_their_places(void **state)
{
    refuses(
        *state,
        "tenant: Claims\n"
        "credentials: [{key_sha256: 9f86d0}]\n"
        "upstream: u\n"
        "mode: enforced\n"
        "rules:\n"
        "  enable: [injections/*]\n"
        "  sensitivty: {block: 1}\n",
        "t.yaml:1:9: error: tenant: not a tenant name (expected a-z, 0-9, _ and -, first a letter or digit)\n"
        "t.yaml:2:28: error: credentials[0].key_sha256: not a SHA-256 digest (expected 64 hexadecimal digits)\n"
        "t.yaml:4:7: error: mode: not one of the accepted words (expected enforce, monitor; did you mean enforce?)\n"
        "t.yaml:6:12: error: rules.enable[0]: no class of rules is named so (expected class/rule.id or class/*; did "
        "you mean injection/*?)\n"
        "t.yaml:7:3: error: rules.sensitivty: unknown key (did you mean sensitivity?)\n");
}

static void a_provider_that_cannot_be_verified_is_not_believed(void **state)
{
    static const char why[] =
        "this version cannot verify the provider, so the duty stays local (expected local or shared)";
    struct fixture *f = *state;
    char expected[512];
    (void)snprintf(expected, sizeof expected,
                   "t.yaml:5:28: error: duties.prompt.filtering.mode: %s\n"
                   "t.yaml:6:22: error: duties.incident.mode: %s\n"
                   "t.yaml:7:3: error: duties.prompt.filterng: unknown duty (did you mean prompt.filtering?)\n"
                   "t.yaml:8:14: error: duties.audit.log.mode: missing (expected local or shared: who does the work; "
                   "either way it is done here)\n",
                   why, why);
    refuses(f,
            HEAD "duties:\n"
                 "  prompt.filtering: {mode: delegated}\n"
                 "  incident:  {mode:  attest}\n"
                 "  prompt.filterng: {mode: local}\n"
                 "  audit.log: {}\n",
            expected);
}

static void a_tenant_needs_a_name_and_somewhere_to_go(void **state)
{
    refuses(*state, "mode: enforce\n",
            "t.yaml:1:1: error: tenant: missing (expected the tenant's name, in records and metrics)\n"
            "t.yaml:1:1: error: upstream: missing (expected upstream, or routes)\n"
            "t.yaml:1:1: warning: credentials: none: no request can reach this tenant\n");
    refuses(*state, "tenant: t\ncredentials: [{key_sha256: " DIGEST "}]\nroutes: []\n",
            "t.yaml:3:9: error: routes: empty (expected a list of {path, upstream})\n");
}

static void tenant_names_are_narrow(void **state)
{
    static const char *const bad[] = {
        "-a",       "_a",  "a b",
        "\xC3\xA9", "a/b", "a.b",
        "A",        "''",  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(bad); i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "tenant: %s\nupstream: u\ncredentials: [{key_sha256: %s}]\n", bad[i], DIGEST);
        if (parse(*state, text) != FLT_E_CONFIG)
            fail_msg("accepted: %s", bad[i]);
    }
    accepts(*state, "tenant: 0a-b_c\nupstream: u\ncredentials: [{key_sha256: " DIGEST "}]\n");
}

static void digests_must_be_whole_and_stand_once(void **state)
{
    refuses(*state,
            "tenant: t\nupstream: u\ncredentials:\n"
            "  - {key_sha256: " DIGEST "}\n"
            "  - {key_sha256: " OTHER "}\n"
            "  - {key_sha256: " DIGEST "}\n"
            "  - {key_sha256: g" DIGEST "}\n"
            "  - {key: x}\n",
            "t.yaml:6:5: error: credentials[2]: the same key stands on line 4\n"
            "t.yaml:7:18: error: credentials[3].key_sha256: not a SHA-256 digest (expected 64 hexadecimal digits)\n"
            "t.yaml:8:6: error: credentials[4].key: unknown key\n"
            "t.yaml:8:5: error: credentials[4].key_sha256: missing (expected SHA-256 of a client's key, 64 hexadecimal "
            "digits)\n");
}

static void routes_must_be_paths_and_stand_once(void **state)
{
    static const char words[] = "not a path (expected /segments, with * for any run of characters)";
    char expected[512];
    (void)snprintf(expected, sizeof expected,
                   "t.yaml:5:12: error: routes[0].path: %s\n"
                   "t.yaml:6:12: error: routes[1].path: %s\n"
                   "t.yaml:8:5: error: routes[3]: the same path stands in routes[2]\n"
                   "t.yaml:9:5: error: routes[4].upstream: missing (expected the name of an upstream)\n",
                   words, words);
    refuses(*state,
            HEAD "routes:\n"
                 "  - {path: v1, upstream: u}\n"
                 "  - {path: '/v1?x', upstream: u}\n"
                 "  - {path: /v1, upstream: u}\n"
                 "  - {path: /v1, upstream: w}\n"
                 "  - {path: /v2}\n",
            expected);
}

static void observing_less_than_acting_is_refused(void **state)
{
    refuses(*state, HEAD "rules: {sensitivity: {block: 3, observe: 2}}\n",
            "t.yaml:4:42: error: rules.sensitivity.observe: below block (expected 3 to 4)\n");
    refuses(*state, HEAD "rules: {sensitivity: {block: 5}}\n",
            "t.yaml:4:30: error: rules.sensitivity.block: out of range (expected 1 to 4)\n");
}

static void globs_must_name_a_class(void **state)
{
    static const char words[] = "no class of rules is named so (expected class/rule.id or class/*";
    char expected[1024];
    (void)snprintf(expected, sizeof expected,
                   "t.yaml:5:13: error: rules.disable[0]: %s; did you mean pii/*?)\n"
                   "t.yaml:5:18: error: rules.disable[1]: %s; did you mean pii/pii.email?)\n"
                   "t.yaml:5:36: error: rules.disable[3]: %s)\n"
                   "t.yaml:6:11: error: rules.enable: %s; did you mean secrets/x?)\n",
                   words, words, words, words);
    refuses(*state, HEAD "rules:\n  disable: [pii, pii.email, pii/*, x/*]\n  enable: secret/x\n", expected);
    refuses(*state, HEAD "rules:\n  enable: []\n",
            "t.yaml:5:11: error: rules.enable: empty (expected globs; leave the key out to enable everything)\n");
}

static void what_is_not_yaml_is_not_a_tenant(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "tenant: [\n"), FLT_E_CONFIG);
    assert_int_equal(f->tenant.file.n, 0);
    refuses(f, "- tenant\n", "t.yaml:1:3: error: not a map (expected key: value lines)\n");
}

static void running_out_of_memory_is_an_error_not_half_a_tenant(void **state)
{
    struct fixture *f = *state;
    static char text[40000];
    int n = snprintf(text, sizeof text, "%sgrounding: {text: '", HEAD);
    memset(text + n, 'x', 30000);
    (void)snprintf(text + n + 30000, sizeof text - (size_t)n - 30000, "'}\n");
    accepts(f, text);
    flt_arena_free(f->arena);
    f->arena = flt_arena_new(8192);
    refuses(f, text, "t.yaml:4:19: error: grounding.text: out of memory\n");
    flt_arena_free(f->arena);
    f->arena = flt_arena_new(1 << 20);
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static void names_stand_in_the_order_of_the_enums(void **state)
{
    (void)state;
    assert_string_equal(flt_role_names[FLT_ROLE_TOOL], "tool");
    assert_string_equal(flt_action_names[FLT_ACT_REDACT], "redact");
    assert_string_equal(flt_severity_names[FLT_SEV_CRITICAL], "critical");
    assert_string_equal(flt_class_names[FLT_CLASS_EXFIL], "exfil");
    assert_string_equal(flt_class_names[FLT_CLASS_UNICODE], "unicode");
    assert_null(flt_class_names[FLT_CLASS_COUNT]);
    assert_string_equal(flt_service_model_names[FLT_SAAS], "saas");
    assert_string_equal(flt_mode_names[FLT_MONITOR], "monitor");
}

static void actions_by_class_stand_in_the_order_of_the_enum(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < FLT_CLASS_COUNT; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, HEAD "rules: {actions: {%s: block}}\n", flt_class_names[i]);
        accepts(f, text);
        for (int k = 0; k < FLT_CLASS_COUNT; k++)
            assert_int_equal(f->tenant.rules.class_action[k], k == i ? FLT_ACT_BLOCK : -1);
    }
}

static void thresholds_by_class_stand_in_the_order_of_the_enum(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < FLT_CLASS_COUNT; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, HEAD "rules: {thresholds: {%s: 0.5}}\n", flt_class_names[i]);
        accepts(f, text);
        for (int k = 0; k < FLT_CLASS_COUNT; k++) {
            double want = k == i ? 0.5 : 0, got = f->tenant.rules.class_threshold[k];
            assert_true(got > want - 1e-9 && got < want + 1e-9);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_small_tenant_gets_the_safe_defaults),
        TEST(every_key_is_read),
        TEST(limits_take_very_large_values),
        TEST(byte_limits_beyond_what_can_be_held_are_lowered_with_a_warning),
        TEST(what_acts_is_observed_too),
        TEST(duties_that_nothing_here_enforces_are_warned_about),
        TEST(a_tenant_without_keys_is_warned_about),
        TEST(five_mistakes_give_five_messages_with_their_places),
        TEST(a_provider_that_cannot_be_verified_is_not_believed),
        TEST(a_tenant_needs_a_name_and_somewhere_to_go),
        TEST(tenant_names_are_narrow),
        TEST(digests_must_be_whole_and_stand_once),
        TEST(routes_must_be_paths_and_stand_once),
        TEST(observing_less_than_acting_is_refused),
        TEST(globs_must_name_a_class),
        TEST(what_is_not_yaml_is_not_a_tenant),
        TEST(running_out_of_memory_is_an_error_not_half_a_tenant),
        TEST(names_stand_in_the_order_of_the_enums),
        TEST(actions_by_class_stand_in_the_order_of_the_enum),
        TEST(thresholds_by_class_stand_in_the_order_of_the_enum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
