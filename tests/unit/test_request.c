/* Requests: every text a model or provider reads is inspected, and nothing else of the body changes. */
#include "chat_everywhere.h"
#include "engine/document.h"
#include "request_rig.h"

enum { PLAIN, GROUNDED, MONITOR, OPEN, TENANTS };
static struct flt_tenant tenants[TENANTS];

static struct run inspect(const char *body)
{
    return inspect_as("openai", "/v1/chat/completions", PLAIN, flt_str_of(body));
}

static void expect(const char *body, const char *want)
{
    struct run r = inspect(body);
    assert_int_equal(r.rc, FLT_OK);
    if (!flt_str_is(r.out.body, want))
        fail_msg("got\n%.*s\nwanted\n%s", FLT_STR_ARG(r.out.body), want);
    assert_true(is_json(r.out.body));
    assert_int_equal(r.out.decision.bytes_scanned + r.out.decision.bytes_opaque, r.out.decision.bytes_total);
    done(&r);
}

static void expect_block(const char *body, const char *rule)
{
    struct run r = inspect(body);
    assert_int_equal(r.rc, FLT_OK);
    assert_int_equal(r.out.decision.action, FLT_ACT_BLOCK);
    assert_int_equal(r.out.body.n, 0);
    if (rule != NULL)
        assert_int_equal(r.out.decision.blocking_rule, fixture_rule(snapshot, rule));
    done(&r);
}

/* ---- every position ------------------------------------------------------------------------------------------------
 */

static void each_position_is_inspected_and_only_it_changes(void **state)
{
    unsigned n = count_marks(everywhere);
    (void)state;
    assert_true(n > 70);
    for (unsigned i = 0; i < n; i++) {
        struct flt_str body = marked(everywhere, i, "me@host.example", "word"),
                       want = marked(everywhere, i, "[EMAIL]", "word");
        struct run r = inspect_as("openai", "/v1/chat/completions", PLAIN, body);
        if (r.rc != FLT_OK)
            fail_msg("place %u: %s", i, r.out.reason);
        if (!flt_str_eq(r.out.body, want))
            fail_msg("place %u:\n%.*s", i, FLT_STR_ARG(r.out.body));
        assert_int_equal(r.out.decision.n_findings, 1);
        done(&r);
        free((void *)(uintptr_t)body.p);
        free((void *)(uintptr_t)want.p);
    }
    struct flt_str body = marked(everywhere, UINT32_MAX, "me@host.example", ""),
                   want = marked(everywhere, UINT32_MAX, "[EMAIL]", "");
    struct run r = inspect_as("azure_openai", "/openai/deployments/d/chat/completions?api-version=x", PLAIN, body);
    assert_true(flt_str_eq(r.out.body, want));
    assert_int_equal(r.out.decision.n_findings, n);
    done(&r);
    free((void *)(uintptr_t)body.p);
    free((void *)(uintptr_t)want.p);
}

static void each_position_blocks_too(void **state)
{
    (void)state;
    for (unsigned i = 0; i < count_marks(everywhere); i++) {
        struct flt_str body = marked(everywhere, i, "stop here now", "word");
        struct run r = inspect_as("openai", "/v1/chat/completions", PLAIN, body);
        assert_int_equal(r.rc, FLT_OK);
        assert_int_equal(r.out.decision.action, FLT_ACT_BLOCK);
        assert_int_equal(r.out.body.n, 0);
        done(&r);
        free((void *)(uintptr_t)body.p);
    }
}

static void untouched_bodies_are_the_same_bytes_in_the_same_place(void **state)
{
    struct flt_str body = marked(everywhere, UINT32_MAX, "word", "");
    (void)state;
    struct run r = inspect_as("openai", "/v1/chat/completions", PLAIN, body);
    assert_int_equal(r.rc, FLT_OK);
    assert_ptr_equal(r.out.body.p, body.p);
    assert_false(r.out.edited);
    assert_int_equal(r.out.decision.action, FLT_ACT_ALLOW);
    done(&r);
    free((void *)(uintptr_t)body.p);
}

/* ---- names
 * ------------------------------------------------------------------------------------------------------------ */

#define BODY(rest) "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]" rest "}"

static void a_value_in_a_member_name_is_refused(void **state)
{
    (void)state;
    expect_block(BODY(",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"properties\":{"
                      "\"me@host.example\":{}}}}}]"),
                 "pii.mail");
    expect_block(BODY(",\"me@host.example\":1"), "pii.mail");
    expect_block(BODY(",\"metadata\":{\"m\\u0065@host.example\":\"x\"}"), "pii.mail");
    expect_block("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\",\"123-456\":1}]}]}",
                 "pii.num");
    expect_block("{\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"stop here now\":1}]}", "output.stop");
}

/* ---- JSON in JSON
 * -------------------------------------------------------------------------------------------------------- */

#define CALL(args)                                                                                                     \
    "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{"        \
    "\"name\":\"f\",\"arguments\":\"" args "\"}}]}]}"

static void arguments_are_read_as_the_tool_will_read_them(void **state)
{
    (void)state;
    expect(CALL("{\\\"to\\\":\\\"m\\\\u0065\\\\u0040host.example\\\"}"), CALL("{\\\"to\\\":\\\"[EMAIL]\\\"}"));
    expect(CALL("{\\\"to\\\":\\\"m\\u005c\\u00750065@host.ex\\u0061mple\\\"}"), CALL("{\\\"to\\\":\\\"[EMAIL]\\\"}"));
    expect(CALL("{\\\"a\\\":\\\"\\\\ud83d\\\\ude00 123-456 \\\\u00e9\\\"}"),
           CALL("{\\\"a\\\":\\\"\\\\ud83d\\\\ude00 [NUM] \\\\u00e9\\\"}"));
    expect(CALL("{\\\"id\\\":12345,\\\"b\\\":[\\\"tk-ab12\\\",7]}"),
           CALL("{\\\"id\\\":12345,\\\"b\\\":[\\\"[TOK]\\\",7]}"));
    expect(CALL("not json me@host.example"), CALL("not json \\\"[EMAIL]\\\""));
    expect(CALL("{\\\"cut\\\":\\\"me@host.example"), CALL("{\\\"cut\\\":\\\"[EMAIL]"));
    /* a value across two inner strings cannot be cut out of JSON */
    expect_block(CALL("{\\\"a\\\":\\\"-----BEGIN X-----\\\",\\\"b\\\":\\\"1\\\"}"), "secrets.key");
    /* the escaped spelling of the member's name is the same member */
    expect("{\"messages\":[{\"role\":\"assistant\",\"function_call\":{\"argum\\u0065nts\":\"{\\\"to\\\":\\\"m\\\\u0065@"
           "host.example\\\"}\"}}]}",
           "{\"messages\":[{\"role\":\"assistant\",\"function_call\":{\"argum\\u0065nts\":\"{\\\"to\\\":\\\"[EMAIL]"
           "\\\"}\"}}]}");
}

/* ---- parts
 * --------------------------------------------------------------------------------------------------------------------
 */

#define PARTS(list) "{\"messages\":[{\"role\":\"user\",\"content\":[" list "]}]}"
#define TEXT(t)     "{\"type\":\"text\",\"text\":\"" t "\"}"

static void parts_are_read_as_one_text(void **state)
{
    (void)state;
    expect(PARTS(TEXT("to me@") "," TEXT("host.example!")), PARTS(TEXT("to [EMAIL]") "," TEXT("!")));
    expect(PARTS(TEXT("a m\\u0065@") "," TEXT("ho") ",{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/"
                                                    "png;base64,AAAA\"}}," TEXT("st.ex\\u0061mple ") "," TEXT("b")),
           PARTS(TEXT("a [EMAIL]") "," TEXT("") ",{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/"
                                                "png;base64,AAAA\"}}," TEXT(" ") "," TEXT("b")));
    expect_block(PARTS(TEXT("please stop he") "," TEXT("re now")), "output.stop");
    expect(PARTS(TEXT("12") "," TEXT("3-456")), PARTS(TEXT("[NUM]") "," TEXT("")));
    /* two messages are two texts */
    expect("{\"messages\":[{\"role\":\"user\",\"content\":\"me@\"},{\"role\":\"user\",\"content\":\"host.example\"}]}",
           "{\"messages\":[{\"role\":\"user\",\"content\":\"me@\"},{\"role\":\"user\",\"content\":\"host.example\"}]}");
    /* found within one part: counted once */
    struct run r = inspect(PARTS(TEXT("me@host.example") "," TEXT(" 123-456 ") "," TEXT("tk-ab") "," TEXT("12cd")));
    assert_int_equal(r.out.decision.n_findings, 3);
    done(&r);
}

/* ---- media
 * ---------------------------------------------------------------------------------------------------------------------
 */

#define IMAGE(url) PARTS("{\"type\":\"image_url\",\"image_url\":{\"url\":\"" url "\"}}")

static void encoded_text_is_refused_and_pictures_are_counted(void **state)
{
    (void)state;
    expect_block(IMAGE("data:text/plain;base64,bWVAaG9zdC5leGFtcGxl"), NULL);
    expect_block(IMAGE("DATA:application/json,{}"), NULL);
    expect_block(IMAGE("data\\u003atext/html,x"), NULL);
    expect_block(PARTS("{\"type\":\"image_url\",\"image_url\":\"data:text/plain,x\"}"), NULL);
    expect_block(PARTS("{\"type\":\"file\",\"file\":{\"file_data\":\"data:text/csv;base64,AAAA\"}}"), NULL);
    expect_block(PARTS("{\"type\":\"image_url\",\"im\\u0061ge_url\":{\"\\u0075rl\":\"data:text/plain,x\"}}"), NULL);
    expect_block("{\"messages\":[{\"role\":\"user\",\"cont\\u0065nt\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                 "\"data:text/plain,x\"}}]}]}",
                 NULL);
    struct run r = inspect(IMAGE("data:image\\/png;base64,iVBORw0KGgo="));
    assert_int_equal(r.rc, FLT_OK);
    assert_int_equal(r.out.decision.action, FLT_ACT_ALLOW);
    assert_true(r.out.decision.bytes_opaque > 20);
    done(&r);
    r = inspect(IMAGE("data:text/plain,x"));
    assert_int_equal(r.out.decision.cause, FLT_CAUSE_OPAQUE);
    done(&r);
}

/* ---- grounding
 * --------------------------------------------------------------------------------------------------------------------
 */

static void expect_grounded(const char *provider, const char *body, const char *want)
{
    struct run r = inspect_as(provider, "/v1/chat/completions", GROUNDED, flt_str_of(body));
    assert_int_equal(r.rc, FLT_OK);
    assert_true(r.out.grounded);
    if (!flt_str_is(r.out.body, want))
        fail_msg("got\n%.*s\nwanted\n%s", FLT_STR_ARG(r.out.body), want);
    assert_true(is_json(r.out.body));
    done(&r);
}

#define G "Say \\\"yes\\\".\\nNow."

static void grounding_stands_where_the_provider_reads_it(void **state)
{
    (void)state;
    expect_grounded("openai", "{\"messages\":[]}", "{\"messages\":[{\"role\":\"system\",\"content\":\"" G "\"}]}");
    expect_grounded("openai", "{\"messages\":[{\"role\":\"user\",\"content\":\"me@host.example\"}]}",
                    "{\"messages\":[{\"role\":\"system\",\"content\":\"" G
                    "\"},{\"role\":\"user\",\"content\":\"[EMAIL]\"}]}");
    expect_grounded(
        "openai", "{\"messages\": [ {\"role\":\"system\",\"content\":\"a\"} , {\"role\":\"user\",\"content\":\"b\"}]}",
        "{\"messages\": [ {\"role\":\"system\",\"content\":\"a\"},{\"role\":\"system\",\"content\":\"" G
        "\"} , {\"role\":\"user\",\"content\":\"b\"}]}");
    expect_grounded("openai",
                    "{\"messages\":[{\"role\":\"system\",\"content\":\"a\"},{\"role\":\"developer\",\"content\":\"c\"},"
                    "{\"role\":\"user\",\"content\":\"b\"},{\"role\":\"system\",\"content\":\"d\"}]}",
                    "{\"messages\":[{\"role\":\"system\",\"content\":\"a\"},{\"role\":\"developer\",\"content\":\"c\"},"
                    "{\"role\":\"developer\",\"content\":\"" G
                    "\"},{\"role\":\"user\",\"content\":\"b\"},{\"role\":\"system\",\"content\":\"d\"}]}");
    /* local templates know one system message: the text is appended to it, next to a redaction too */
    expect_grounded("ollama",
                    "{\"messages\":[{\"role\":\"system\",\"content\":\"mail "
                    "me@host.example\"},{\"role\":\"user\",\"content\":\"b\"}]}",
                    "{\"messages\":[{\"role\":\"system\",\"content\":\"mail [EMAIL]\\n\\n" G
                    "\"},{\"role\":\"user\",\"content\":\"b\"}]}");
    expect_grounded("vllm", "{\"messages\":[{\"role\":\"system\",\"content\":\"\"}]}",
                    "{\"messages\":[{\"role\":\"system\",\"content\":\"" G "\"}]}");
    expect_grounded("vllm", "{\"messages\":[{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}]}",
                    "{\"messages\":[{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},{\"role\":"
                    "\"system\",\"content\":\"" G "\"}]}");
    expect_grounded("vllm", "{\"messages\":[{\"role\":\"user\",\"content\":\"b\"}]}",
                    "{\"messages\":[{\"role\":\"system\",\"content\":\"" G
                    "\"},{\"role\":\"user\",\"content\":\"b\"}]}");
}

static void a_blocked_request_is_not_grounded_and_monitoring_changes_nothing(void **state)
{
    const char *body = "{\"messages\":[{\"role\":\"user\",\"content\":\"stop here now me@host.example\"}]}";
    (void)state;
    struct run r = inspect_as("openai", "/v1/chat/completions", GROUNDED, flt_str_of(body));
    assert_int_equal(r.out.decision.action, FLT_ACT_BLOCK);
    assert_false(r.out.grounded);
    done(&r);
    r = inspect_as("openai", "/v1/chat/completions", MONITOR, flt_str_of(body));
    assert_int_equal(r.rc, FLT_OK);
    assert_int_equal(r.out.decision.action, FLT_ACT_ALLOW);
    assert_int_equal(r.out.decision.would, FLT_ACT_BLOCK);
    assert_int_equal(r.out.decision.n_findings, 2);
    assert_int_equal(r.out.decision.findings[0].would, FLT_ACT_BLOCK);
    assert_int_equal(r.out.decision.findings[0].action, FLT_ACT_ALLOW);
    assert_ptr_equal(r.out.body.p, body);
    done(&r);
}

/* ---- shapes
 * -------------------------------------------------------------------------------------------------------------------------
 */

static void expect_error(const char *body, int rc, const char *reason)
{
    struct run r = inspect(body);
    assert_int_equal(r.rc, rc);
    assert_int_equal(r.out.body.n, 0);
    assert_int_equal(r.out.decision.cause, FLT_CAUSE_MALFORMED);
    assert_non_null(r.out.reason);
    assert_string_equal(r.out.reason, reason);
    done(&r);
}

static void wrong_shapes_are_errors_with_a_reason(void **state)
{
    char *model = malloc(400);
    (void)state;
    expect_error("[]", FLT_E_TYPE, "the body must be a JSON object");
    expect_error("{}", FLT_E_TYPE, "messages is missing");
    expect_error("{\"messages\":{}}", FLT_E_TYPE, "messages must be an array");
    expect_error("{\"messages\":\"hi\"}", FLT_E_TYPE, "messages must be an array");
    expect_error("{\"messages\":[\"hi\"]}", FLT_E_TYPE, "each message must be an object");
    expect_error("{\"messages\":[{\"role\":\"user\",\"content\":{\"text\":\"x\"}}]}", FLT_E_TYPE,
                 "content must be a string, an array of parts or null");
    expect_error("{\"messages\":[{\"role\":\"user\",\"content\":5}]}", FLT_E_TYPE,
                 "content must be a string, an array of parts or null");
    expect_error("{\"messages\":[{}]}", FLT_E_TYPE, "each message must have a role");
    expect_error("{\"messages\":[{\"role\":5}]}", FLT_E_TYPE, "each message must have a role");
    expect_error(BODY(",\"stream\":\"yes\""), FLT_E_TYPE, "stream must be true or false");
    expect_error(BODY(",\"stream\":1"), FLT_E_TYPE, "stream must be true or false");
    expect_error(BODY(",\"stream_options\":{\"include_usage\":1}"), FLT_E_TYPE, "include_usage must be true or false");
    expect_error(BODY(",\"model\":7"), FLT_E_TYPE, "model must be a string");
    assert_non_null(model);
    snprintf(model, 400, BODY(",\"model\":\"%0300d\""), 7);
    expect_error(model, FLT_E_TYPE, "model is longer than 256 bytes");
    free(model);
    expect_error("{\"messages\":[],\"messages\":[]}", FLT_E_AMBIGUOUS,
                 "the body is ambiguous JSON (duplicate member or lone surrogate)");
    expect_error("{\"messages\":[],\"m\\u0065ssages\":[]}", FLT_E_AMBIGUOUS,
                 "the body is ambiguous JSON (duplicate member or lone surrogate)");
    expect_error("{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800\"}]}", FLT_E_AMBIGUOUS,
                 "the body is ambiguous JSON (duplicate member or lone surrogate)");
    expect_error("{\"messages\":[\"\xff\"]}", FLT_E_ENCODING, "the body is not UTF-8");
    expect_error("{\"messages\":[]", FLT_E_SYNTAX, "the body is not valid JSON");
    expect_error("{\"messages\":[]} x", FLT_E_SYNTAX, "the body is not valid JSON");
    expect_error("{\"messages\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1",
                 FLT_E_SYNTAX, "the body exceeds a limit (depth, tokens or length of a number)");
}

static void facts_are_read(void **state)
{
    (void)state;
    struct run r = inspect("{\"model\":\"gpt\\u002d5\",\"str\\u0065am\":true,\"stream_options\":{\"include_usage\":"
                           "true},\"response_format\":{\"type\":\"json_object\"},"
                           "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    assert_int_equal(r.rc, FLT_OK);
    assert_true(r.out.stream && r.out.include_usage && r.out.json_answer);
    assert_true(flt_str_is(r.out.model, "gpt-5"));
    assert_true(r.out.prompt_text_bytes > 0);
    done(&r);
    r = inspect("{\"stream\":null,\"model\":null,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    assert_int_equal(r.rc, FLT_OK);
    assert_false(r.out.stream || r.out.include_usage || r.out.json_answer);
    assert_int_equal(r.out.model.n, 0);
    done(&r);
}

static void roles_and_spans_are_in_the_findings(void **state)
{
    static const enum flt_role want[] = {FLT_ROLE_SYSTEM, FLT_ROLE_DEVELOPER, FLT_ROLE_USER,  FLT_ROLE_ASSISTANT,
                                         FLT_ROLE_TOOL,   FLT_ROLE_TOOL,      FLT_ROLE_OTHER, FLT_ROLE_OTHER};
    (void)state;
    struct run r = inspect("{\"messages\":[{\"role\":\"system\",\"content\":\"a@b.example\"},{\"role\":\"developer\","
                           "\"content\":\"a@b.example\"},{\"role\":\"user\",\"content\":\"a@b.example\"},"
                           "{\"role\":\"assistant\",\"content\":\"a@b.example\"},{\"role\":\"tool\",\"content\":\"a@b."
                           "example\"},{\"role\":\"function\",\"content\":\"a@b.example\"},"
                           "{\"role\":\"wizard\",\"content\":\"a@b.example\"}],\"user\":\"a@b.example\"}");
    assert_int_equal(r.out.decision.n_findings, FLT_ARRAY_LEN(want));
    for (uint32_t i = 0; i < r.out.decision.n_findings; i++) {
        const struct flt_finding *f = &r.out.decision.findings[i];
        assert_int_equal(f->role, want[i]);
        assert_int_equal(f->start, 0);
        assert_int_equal(f->end, 11);
        assert_true(i == 0 || f->span > r.out.decision.findings[i - 1].span);
    }
    done(&r);
}

/* Non-ASCII text next to a value, and values whose bytes are not ASCII, leave whole characters. */
static void cuts_leave_whole_characters(void **state)
{
    static const struct fixture_pack half = {
        "pii", FIXTURE_HEAD("pii.half") FIXTURE_RULE(
                   "pii.half", "patterns: ['x[^a-z]{1,2}'], action: redact, placeholder: '[X]'", "x1", "xa")};
    struct flt_snapshot *s = fixture_snapshot(&half, 1, NULL, 0);
    struct flt_worker *w = fixture_worker(s);
    struct flt_arena *arena = flt_arena_new(1u << 20);
    struct flt_request_out out;
    struct flt_route route;
    (void)state;
    flt_route_match("openai", FLT_STR("POST"), FLT_STR("/v1/chat/completions"), &route);
    struct flt_request_in in = {
        .snapshot = s,
        .tenant = 0,
        .route = &route,
        .body = FLT_STR("{\"messages\":[{\"role\":\"user\",\"content\":\"x\xE4\xB8\xAD\xE6\x96\x87.\"}]}")};
    assert_int_equal(flt_inspect_request(w, &in, arena, &out), FLT_OK);
    assert_true(flt_str_is(out.body, "{\"messages\":[{\"role\":\"user\",\"content\":\"[X]\xE6\x96\x87.\"}]}"));
    struct flt_text_in text = {.snapshot = s,
                               .tenant = 0,
                               .direction = FLT_REQUEST,
                               .role = FLT_ROLE_USER,
                               .text = FLT_STR("ax\xE4\xB8\xAD\xE6\x96\x87.")};
    struct flt_decision dec;
    struct flt_str edited;
    assert_int_equal(flt_inspect_text(w, &text, arena, &dec, &edited), FLT_OK);
    assert_true(flt_str_is(edited, "a[X]\xE6\x96\x87."));
    for (size_t piece = 1; piece < 9; piece++) {
        assert_int_equal(flt_inspect_text_stream(w, &text, piece, arena, &dec, &edited), FLT_OK);
        assert_true(flt_str_is(edited, "a[X]\xE6\x96\x87."));
    }
    flt_arena_free(arena);
    flt_worker_free(w);
    flt_snapshot_free(s);
}

static int open_rules(void **state)
{
    (void)state;
    fixture_tenants(tenants, TENANTS);
    tenants[GROUNDED].grounding.text = FLT_STR("Say \"yes\".\nNow.");
    tenants[MONITOR].mode = FLT_MONITOR;
    tenants[MONITOR].grounding.text = FLT_STR("x");
    tenants[OPEN].on_failure = FLT_FAIL_OPEN;
    body_open(tenants, TENANTS);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_position_is_inspected_and_only_it_changes),
        cmocka_unit_test(each_position_blocks_too),
        cmocka_unit_test(untouched_bodies_are_the_same_bytes_in_the_same_place),
        cmocka_unit_test(a_value_in_a_member_name_is_refused),
        cmocka_unit_test(arguments_are_read_as_the_tool_will_read_them),
        cmocka_unit_test(parts_are_read_as_one_text),
        cmocka_unit_test(encoded_text_is_refused_and_pictures_are_counted),
        cmocka_unit_test(grounding_stands_where_the_provider_reads_it),
        cmocka_unit_test(a_blocked_request_is_not_grounded_and_monitoring_changes_nothing),
        cmocka_unit_test(wrong_shapes_are_errors_with_a_reason),
        cmocka_unit_test(facts_are_read),
        cmocka_unit_test(roles_and_spans_are_in_the_findings),
        cmocka_unit_test(cuts_leave_whole_characters),
    };
    return cmocka_run_group_tests(tests, open_rules, body_close);
}
