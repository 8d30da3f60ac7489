/* test_audit_record.c: what an audit line says, and what it cannot say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "audit_lines.h"
#include "tiny_snapshot.h"

static struct flt_snapshot *snapshot;

static int group_setup(void **state)
{
    (void)state;
    snapshot = tiny_snapshot();
    return snapshot != NULL ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    flt_snapshot_free(snapshot);
    return 0;
}

static void unknown_things_are_null(void **state)
{
    static const char *const nulls[] = {
        "upstream_request_id", "tenant", "service_model", "mode", "route", "model", "upstream", "generation"};
    struct px_audit *a = open_audit(audit_path);

    (void)state;
    write_ok(a);
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, 1);
    for (size_t i = 0; i < FLT_ARRAY_LEN(nulls); i++)
        assert_true(json_is_null(json_object_get(lines[0], nulls[i])));
    assert_string_equal(str_of(lines[0], "time"), "2026-01-01T00:00:00.123Z");
    assert_string_equal(str_of(lines[0], "outcome"), "refused");
    assert_int_equal(int_of(lines[0], "status"), 401);
    assert_true(json_is_null(json_object_get(json_object_get(lines[0], "decision"), "request")));
    assert_int_equal(json_array_size(json_object_get(lines[0], "findings")), 0);
}

/* A record with every member set. */
static void write_full(struct px_audit *a, struct flt_str model)
{
    uint32_t mail = tiny_rule(snapshot, "pii.mail"), ignore = tiny_rule(snapshot, "injection.ignore");
    const struct flt_finding asked[] = {
        {mail, 10, 25, 0, FLT_ROLE_USER, FLT_ACT_REDACT, FLT_ACT_REDACT, {0}},
        {mail, 30, 40, 0, FLT_ROLE_USER, FLT_ACT_REDACT, FLT_ACT_REDACT, {0}},
        {mail, 0, 12, 1, FLT_ROLE_SYSTEM, FLT_ACT_REDACT, FLT_ACT_REDACT, {0}},
        {ignore, 50, 82, 0, FLT_ROLE_USER, FLT_ACT_BLOCK, FLT_ACT_ALLOW, {0}},
    };
    const struct flt_finding answered[] = {{mail, 1, 9, 0, FLT_ROLE_ASSISTANT, FLT_ACT_REDACT, FLT_ACT_REDACT, {0}}};
    const struct flt_decision request = {.action = FLT_ACT_REDACT,
                                         .would = FLT_ACT_BLOCK,
                                         .cause = FLT_CAUSE_POLICY,
                                         .score = 0.75,
                                         .blocking_rule = ignore,
                                         .findings = asked,
                                         .n_findings = 4,
                                         .findings_dropped = 2,
                                         .bytes_total = 120,
                                         .bytes_scanned = 100,
                                         .bytes_opaque = 20};
    const struct flt_decision answer = {.action = FLT_ACT_REDACT,
                                        .would = FLT_ACT_REDACT,
                                        .cause = FLT_CAUSE_POLICY,
                                        .blocking_rule = UINT32_MAX,
                                        .findings = answered,
                                        .n_findings = 1,
                                        .bytes_total = 30,
                                        .bytes_scanned = 30};
    struct flt_tenant tenant;
    struct px_audit_record r = plain_record();

    flt_tenant_defaults(&tenant);
    r.tenant = FLT_STR("claims");
    r.tenant_conf = &tenant;
    r.upstream_request_id = "up-9";
    r.route = "openai_chat";
    r.model = model;
    r.upstream = FLT_STR("azure");
    r.snapshot = snapshot;
    r.request = &request;
    r.answer = &answer;
    r.stream = r.edited_request = true;
    r.request_bytes = 1000, r.forwarded_bytes = 990, r.upstream_bytes = 500, r.answer_bytes = 480;
    r.us_inspect = 15, r.us_upstream_first_byte = 2000, r.us_total = 9000;
    assert_int_equal(px_audit_write(a, &r), FLT_OK);
}

static void a_record_says_everything_but_the_text(void **state)
{
    struct px_audit *a = open_audit(audit_path);
    const json_t *request, *answer, *bytes;

    (void)state;
    write_full(a, FLT_STR("gpt-4o"));
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_string_equal(str_of(lines[0], "tenant"), "claims");
    assert_string_equal(str_of(lines[0], "service_model"), "paas");
    assert_string_equal(str_of(lines[0], "mode"), "enforce");
    assert_string_equal(str_of(lines[0], "generation"), flt_snapshot_id(snapshot));
    assert_string_equal(str_of(lines[0], "model"), "gpt-4o");
    request = json_object_get(json_object_get(lines[0], "decision"), "request");
    assert_string_equal(str_of(request, "action"), "redact");
    assert_string_equal(str_of(request, "would"), "block");
    assert_string_equal(str_of(request, "cause"), "policy");
    assert_string_equal(str_of(request, "rule"), "injection.ignore");
    assert_int_equal(int_of(request, "findings_dropped"), 2);
    assert_true(json_number_value(json_object_get(request, "score")) == 0.75);
    answer = json_object_get(json_object_get(lines[0], "decision"), "answer");
    assert_true(json_is_null(json_object_get(answer, "rule")));
    bytes = json_object_get(lines[0], "bytes");
    assert_int_equal(int_of(bytes, "text"), 150);
    assert_int_equal(int_of(bytes, "scanned"), 130);
    assert_int_equal(int_of(bytes, "opaque"), 20);
    assert_int_equal(int_of(bytes, "forwarded"), 990);
    assert_int_equal(int_of(json_object_get(lines[0], "timings_us"), "first_byte"), 2000);
    assert_true(json_is_true(json_object_get(lines[0], "stream")));
    assert_true(json_is_false(json_object_get(lines[0], "edited_answer")));
}

static void findings_are_added_up_by_rule_direction_role_and_action(void **state)
{
    static const struct {
        const char *direction, *rule, *class_, *severity, *action, *would, *role;
        int count, bytes;
    } want[] = {
        {"request", "pii.mail", "pii", "medium", "redact", "redact", "user", 2, 25},
        {"request", "pii.mail", "pii", "medium", "redact", "redact", "system", 1, 12},
        {"request", "injection.ignore", "injection", "high", "allow", "block", "user", 1, 32},
        {"response", "pii.mail", "pii", "medium", "redact", "redact", "assistant", 1, 8},
    };
    struct px_audit *a = open_audit(audit_path);
    const json_t *findings;

    (void)state;
    write_full(a, FLT_STR("m"));
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    findings = json_object_get(lines[0], "findings");
    assert_int_equal(json_array_size(findings), FLT_ARRAY_LEN(want));
    for (size_t i = 0; i < FLT_ARRAY_LEN(want); i++) {
        const json_t *f = json_array_get(findings, i);

        assert_string_equal(str_of(f, "direction"), want[i].direction);
        assert_string_equal(str_of(f, "rule"), want[i].rule);
        assert_string_equal(str_of(f, "class"), want[i].class_);
        assert_string_equal(str_of(f, "severity"), want[i].severity);
        assert_string_equal(str_of(f, "action"), want[i].action);
        assert_string_equal(str_of(f, "would"), want[i].would);
        assert_string_equal(str_of(f, "role"), want[i].role);
        assert_int_equal(int_of(f, "count"), want[i].count);
        assert_int_equal(int_of(f, "bytes"), want[i].bytes);
    }
}

static void scores_have_six_digits(void **state)
{
    static const double scores[] = {
        0,        1,        0.5,     0.75,    0.1,        0.099999949, 0.05,      0.0123456789,
        0.01,     0.001,    0.0001,  0.00012, 0.00009999, 1e-9,        0.9999999, 0.999999,
        0.333333, 2.0 / 3., 0.00999, 12.5,    1e-4 / 3,   -0.25,       0.6543214, 0.1 + 0.2};
    struct px_audit *a = open_audit(audit_path);

    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(scores); i++) {
        const struct flt_decision d = {.score = scores[i], .blocking_rule = UINT32_MAX};
        struct px_audit_record r = plain_record();

        r.request = &d;
        assert_int_equal(px_audit_write(a, &r), FLT_OK);
    }
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    for (size_t i = 0; i < FLT_ARRAY_LEN(scores); i++) {
        const json_t *request = json_object_get(json_object_get(lines[i], "decision"), "request");
        char want[32];

        snprintf(want, sizeof(want), "%.6g", scores[i]);
        assert_true(json_number_value(json_object_get(request, "score")) == strtod(want, NULL));
    }
}

static void hostile_model_names_stay_one_short_line(void **state)
{
    /* 63 bytes, then a three-byte character across the limit of 64 */
    static const char wide[] = "123456789012345678901234567890123456789012345678901234567890123\xe2\x82\xac tail";
    static const char evil[] = "a\nb\r\x1b[2J\"}\0{\xe2\x80\xa8\xff\x7f\\";
    struct px_audit *a = open_audit(audit_path);

    (void)state;
    write_full(a, (struct flt_str){evil, sizeof(evil) - 1});
    write_full(a, FLT_STR(wide));
    px_audit_close(a);
    assert_int_equal(read_back(audit_path), 0);
    assert_int_equal(n_lines, 2);
    assert_string_equal(str_of(lines[0], "model"), "a?b??[2J\"}?{\xe2\x80\xa8\xef\xbf\xbd?\\");
    assert_int_equal(strlen(str_of(lines[1], "model")), 63);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, audit_setup, audit_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_things_are_null),
        TEST(a_record_says_everything_but_the_text),
        TEST(findings_are_added_up_by_rule_direction_role_and_action),
        TEST(scores_have_six_digits),
        TEST(hostile_model_names_stay_one_short_line),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
