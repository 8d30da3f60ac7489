/* Refusals: status, code and body in the provider's own shape; only our words and rule names in them. */
#include <setjmp.h>
#include <stdarg.h>

#include <jansson.h>

#include "rules_fixture.h"
#include "snapshot_group.h"

#include <cmocka.h>

static json_t *refuse(const char *provider, const struct flt_refusal *r, int *status)
{
    struct flt_route route;
    struct flt_buf b;
    json_error_t err;
    flt_buf_init(&b, 4096);
    if (provider != NULL)
        flt_route_match(provider, FLT_STR("POST"), FLT_STR("/v1/chat/completions"), &route);
    *status = flt_refusal_write(provider != NULL ? &route : NULL, r, &b);
    json_t *v = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, &err);
    assert_non_null(v);
    flt_buf_free(&b);
    return v;
}

static const char *member(const json_t *v, const char *name)
{
    return json_string_value(json_object_get(json_object_get(v, "error"), name));
}

static void each_kind_has_its_status_and_code(void **state)
{
    static const struct {
        enum flt_refusal_kind kind;
        int status;
        const char *type, *code;
    } kinds[] = {{FLT_REFUSE_POLICY, 400, "invalid_request_error", "content_filter"},
                 {FLT_REFUSE_BAD_REQUEST, 400, "invalid_request_error", "bad_request"},
                 {FLT_REFUSE_AUTH, 401, "invalid_request_error", "invalid_api_key"},
                 {FLT_REFUSE_FORBIDDEN, 403, "invalid_request_error", "forbidden"},
                 {FLT_REFUSE_NOT_FOUND, 404, "invalid_request_error", "unknown_url"},
                 {FLT_REFUSE_METHOD, 405, "invalid_request_error", "method_not_allowed"},
                 {FLT_REFUSE_TIMEOUT, 408, "invalid_request_error", "request_timeout"},
                 {FLT_REFUSE_TOO_LARGE, 413, "invalid_request_error", "request_too_large"},
                 {FLT_REFUSE_TARGET, 414, "invalid_request_error", "target_too_long"},
                 {FLT_REFUSE_MEDIA, 415, "invalid_request_error", "unsupported_media_type"},
                 {FLT_REFUSE_EXPECT, 417, "invalid_request_error", "expectation_failed"},
                 {FLT_REFUSE_MISDIRECTED, 421, "invalid_request_error", "misdirected_request"},
                 {FLT_REFUSE_HEADERS, 431, "invalid_request_error", "headers_too_large"},
                 {FLT_REFUSE_RATE, 429, "requests", "rate_limit_exceeded"},
                 {FLT_REFUSE_UNAVAILABLE, 503, "server_error", "unavailable"},
                 {FLT_REFUSE_UPSTREAM, 502, "server_error", "upstream_error"},
                 {FLT_REFUSE_UPSTREAM_TIME, 504, "server_error", "upstream_timeout"},
                 {FLT_REFUSE_NOT_IMPLEMENTED, 501, "invalid_request_error", "not_implemented"},
                 {FLT_REFUSE_VERSION, 505, "invalid_request_error", "http_version_not_supported"}};
    (void)state;
    assert_int_equal(FLT_ARRAY_LEN(kinds), FLT_REFUSE_VERSION + 1);
    for (size_t i = 0; i < FLT_ARRAY_LEN(kinds); i++) {
        struct flt_refusal r = {.kind = kinds[i].kind, .message = "No \"entry\".", .rule = UINT32_MAX};
        int status;
        json_t *v = refuse("openai", &r, &status);
        assert_int_equal(status, kinds[i].status);
        assert_string_equal(member(v, "type"), kinds[i].type);
        assert_string_equal(member(v, "code"), kinds[i].code);
        assert_string_equal(member(v, "message"), "No \"entry\".");
        assert_int_equal(json_object_size(json_object_get(v, "error")), 4);
        json_decref(v);
    }
}

static void a_policy_refusal_names_rule_and_class(void **state)
{
    struct flt_refusal r = {.kind = FLT_REFUSE_POLICY,
                            .message = "The request was blocked.",
                            .request_id = FLT_STR("req_1"),
                            .snapshot = snapshot,
                            .rule = fixture_rule(snapshot, "output.stop")};
    int status;
    (void)state;
    json_t *v = refuse("openai", &r, &status);
    assert_string_equal(member(v, "message"), "The request was blocked. Rule output.stop (output). (ref req_1)");
    assert_string_equal(member(v, "param"), "messages");
    json_decref(v);
    v = refuse(NULL, &r, &status);
    assert_int_equal(status, 400);
    assert_string_equal(member(v, "code"), "content_filter");
    json_decref(v);
}

static void azure_policy_refusals_have_azures_shape(void **state)
{
    struct flt_refusal r = {
        .kind = FLT_REFUSE_POLICY, .snapshot = snapshot, .rule = fixture_rule(snapshot, "pii.mail")};
    int status;
    (void)state;
    json_t *v = refuse("azure_openai", &r, &status);
    const json_t *e = json_object_get(v, "error");
    assert_int_equal(status, 400);
    assert_true(json_is_null(json_object_get(e, "type")));
    assert_string_equal(member(v, "param"), "prompt");
    assert_string_equal(member(v, "code"), "content_filter");
    assert_int_equal(json_integer_value(json_object_get(e, "status")), 400);
    const json_t *inner = json_object_get(e, "innererror");
    assert_string_equal(json_string_value(json_object_get(inner, "code")), "ResponsibleAIPolicyViolation");
    const json_t *list = json_object_get(json_object_get(inner, "content_filter_result"), "custom_blocklists");
    assert_true(json_is_true(json_object_get(list, "filtered")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(list, "details"), 0), "id")),
                        "proxy:pii.mail");
    json_decref(v);
    /* other kinds look like everybody's */
    r.kind = FLT_REFUSE_AUTH;
    v = refuse("azure_openai", &r, &status);
    assert_null(json_object_get(json_object_get(v, "error"), "innererror"));
    assert_string_equal(member(v, "code"), "invalid_api_key");
    json_decref(v);
}

static void codes_can_be_given_and_odd_words_stay_json(void **state)
{
    struct flt_refusal r = {.kind = FLT_REFUSE_BAD_REQUEST,
                            .message = "a\n\"b\"\\ \xE2\x80\xA8",
                            .code = "invalid_json",
                            .request_id = FLT_STR("x\"y"),
                            .rule = 5000,
                            .snapshot = snapshot};
    int status;
    (void)state;
    json_t *v = refuse("openai", &r, &status);
    assert_string_equal(member(v, "code"), "invalid_json");
    assert_string_equal(member(v, "message"), "a\n\"b\"\\ \xE2\x80\xA8 (ref x\"y)");
    json_decref(v);
    struct flt_buf small;
    flt_buf_init(&small, 10);
    assert_int_equal(flt_refusal_write(NULL, &r, &small), 400); /* no room: no half body */
    assert_int_equal(small.n, 0);
    flt_buf_free(&small);
}

static int open_rules(void **state)
{
    (void)state;
    snapshot = fixture_snapshot(fixture_tiny, FLT_ARRAY_LEN(fixture_tiny), NULL, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_status_and_code),
        cmocka_unit_test(a_policy_refusal_names_rule_and_class),
        cmocka_unit_test(azure_policy_refusals_have_azures_shape),
        cmocka_unit_test(codes_can_be_given_and_odd_words_stay_json),
    };
    return cmocka_run_group_tests(tests, open_rules, snapshot_close);
}
