/* Whole answers: every text is inspected, values go, blocked choices get the provider's filtered form, the rest stays
 * as it came. */
#include "body_rig.h"

enum { PLAIN, MONITOR, TENANTS };
static struct flt_tenant tenants[TENANTS];

struct run {
    struct flt_arena *arena;
    struct flt_answer_out out;
    int rc;
};

static struct run inspect_as(uint32_t tenant, bool json_answer, struct flt_str body)
{
    struct run r = {.arena = flt_arena_new(64u << 20)};
    struct flt_route route;
    assert_non_null(r.arena);
    flt_route_match("openai", FLT_STR("POST"), FLT_STR("/v1/chat/completions"), &route);
    struct flt_answer_in in = {.snapshot = snapshot,
                               .tenant = tenant,
                               .route = &route,
                               .http_status = 200,
                               .json_answer = json_answer,
                               .body = body};
    r.rc = flt_inspect_answer(worker, &in, r.arena, &r.out);
    return r;
}

static void done(struct run *r)
{
    flt_arena_free(r->arena);
}

static void expect_as(bool json_answer, const char *body, const char *want)
{
    struct run r = inspect_as(PLAIN, json_answer, flt_str_of(body));
    assert_int_equal(r.rc, FLT_OK);
    if (!flt_str_is(r.out.body, want))
        fail_msg("got\n%.*s\nwanted\n%s", FLT_STR_ARG(r.out.body), want);
    assert_true(is_json(r.out.body));
    assert_int_equal(r.out.decision.bytes_scanned + r.out.decision.bytes_opaque, r.out.decision.bytes_total);
    done(&r);
}

static void expect(const char *body, const char *want)
{
    expect_as(false, body, want);
}

/* ---- every position
 * -------------------------------------------------------------------------------------------------- */

static const char *const everywhere =
    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1.0e9,\"model\":\"m\",\"choices\":[{\"index\":0,"
    "\"message\":{\"role\":\"assistant\",\"content\":\"a ~\","
    "\"refusal\":\"~\",\"reasoning_content\":\"~\",\"reasoning\":\"~\",\"reasoning_details\":[{\"type\":\"reasoning."
    "text\",\"text\":\"~\",\"summary\":\"~\"}],"
    "\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"~\",\"arguments\":\"{\\\"a\\\":["
    "\\\"~\\\"]}\"}},{\"id\":\"c\",\"type\":\"custom\","
    "\"custom\":{\"name\":\"~\",\"input\":\"~\"}}],\"function_call\":{\"name\":\"~\",\"arguments\":\"{\\\"a\\\":\\\"~"
    "\\\"}\"},\"audio\":{\"id\":\"~\",\"transcript\":\"~\"},"
    "\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"https://x/"
    "?~\",\"title\":\"~\",\"start_index\":0,\"end_index\":2}}],"
    "\"context\":{\"citations\":[{\"content\":\"~\",\"title\":\"~\",\"url\":\"~\",\"filepath\":\"~\",\"chunk_id\":\"~"
    "\"}],\"intent\":\"~\","
    "\"all_retrieved_documents\":[{\"content\":\"~\"}]}},\"logprobs\":null,\"finish_reason\":\"stop\",\"stop_reason\":"
    "\"~\",\"content_filter_results\":"
    "{\"protected_material_code\":{\"citation\":{\"URL\":\"~\",\"license\":\"~\"}},\"custom_blocklists\":{\"details\":["
    "{\"id\":\"~\"}]}}},"
    "{\"index\":1,\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"~\"}]},\"finish_"
    "reason\":\"length\"},"
    "{\"index\":2,\"message\":\"~\",\"text\":\"~\",\"finish_reason\":\"stop\"}],\"prompt_filter_results\":[{\"prompt_"
    "index\":0,\"content_filter_results\":{\"personally_identifiable_information\":"
    "{\"redacted_text\":\"~\"}}}],\"prompt_text\":\"~\",\"moderation\":{\"notes\":[\"~\"]},\"usage\":{\"prompt_"
    "tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}";

static void each_position_is_inspected_and_only_it_changes(void **state)
{
    unsigned n = count_marks(everywhere);
    (void)state;
    assert_true(n > 30);
    for (unsigned i = 0; i < n; i++) {
        struct flt_str body = marked(everywhere, i, "me@host.example", "word"),
                       want = marked(everywhere, i, "[EMAIL]", "word");
        struct run r = inspect_as(PLAIN, false, body);
        assert_int_equal(r.rc, FLT_OK);
        if (!flt_str_eq(r.out.body, want))
            fail_msg("place %u:\n%.*s", i, FLT_STR_ARG(r.out.body));
        assert_int_equal(r.out.decision.n_findings, 1);
        assert_true(r.out.edited);
        done(&r);
        r = inspect_as(MONITOR, false, body);
        assert_int_equal(r.rc, FLT_OK);
        assert_ptr_equal(r.out.body.p, body.p);
        assert_int_equal(r.out.decision.would, FLT_ACT_REDACT);
        assert_int_equal(r.out.decision.action, FLT_ACT_ALLOW);
        done(&r);
        free((void *)(uintptr_t)body.p);
        free((void *)(uintptr_t)want.p);
    }
}

static void each_position_blocks(void **state)
{
    (void)state;
    for (unsigned i = 0; i < count_marks(everywhere); i++) {
        struct flt_str body = marked(everywhere, i, "stop here now", "word");
        struct run r = inspect_as(PLAIN, false, body);
        assert_int_equal(r.rc, FLT_OK);
        assert_int_equal(r.out.decision.action, FLT_ACT_BLOCK);
        assert_true(is_json(r.out.body));
        assert_null(memmem(r.out.body.p, r.out.body.n, "here now", 8));
        assert_non_null(memmem(r.out.body.p, r.out.body.n, "\"content_filter\"", 16));
        assert_non_null(memmem(r.out.body.p, r.out.body.n, "(output.stop)", 13));
        done(&r);
        free((void *)(uintptr_t)body.p);
    }
}

static void untouched_bodies_are_the_same_bytes_in_the_same_place(void **state)
{
    struct flt_str body = marked(everywhere, UINT32_MAX, "word", "");
    (void)state;
    struct run r = inspect_as(PLAIN, false, body);
    assert_int_equal(r.rc, FLT_OK);
    assert_ptr_equal(r.out.body.p, body.p);
    assert_false(r.out.edited);
    done(&r);
    free((void *)(uintptr_t)body.p);
}

/* ---- special readings
 * ------------------------------------------------------------------------------------------------------ */

#define ANSWER(message, rest)                                                                                          \
    "{\"choices\":[{\"index\":0,\"message\":{" message "},\"finish_reason\":\"stop\"" rest "}]}"

static void answers_asked_to_be_json_are_decoded_twice(void **state)
{
    (void)state;
    expect_as(true, ANSWER("\"content\":\"{\\\"mail\\\":\\\"m\\\\u0065@host.example\\\",\\\"id\\\":5}\"", ""),
              ANSWER("\"content\":\"{\\\"mail\\\":\\\"[EMAIL]\\\",\\\"id\\\":5}\"", ""));
    expect_as(false, ANSWER("\"content\":\"{\\\"mail\\\":\\\"m\\\\u0065@host.example\\\",\\\"id\\\":5}\"", ""),
              ANSWER("\"content\":\"{\\\"mail\\\":\\\"m\\\\u0065@host.example\\\",\\\"id\\\":5}\"", ""));
    expect_as(true, ANSWER("\"content\":\"plain me@host.example\"", ""),
              ANSWER("\"content\":\"plain \\\"[EMAIL]\\\"\"", ""));
}

static void logprobs_go_with_the_text_they_repeat(void **state)
{
    (void)state;
    expect(ANSWER("\"content\":\"hi 123-456\"", ",\"logprobs\":{\"content\":[{\"token\":\"hi\",\"top_logprobs\":[]}]}"),
           ANSWER("\"content\":\"hi [NUM]\"", ",\"logprobs\":null"));
    expect(ANSWER("\"content\":\"hi\"", ",\"logprobs\":{\"content\":[{\"token\":\"hi\"},{\"token\":\" "
                                        "123\"},{\"token\":\"-\"},{\"token\":\"456\"}]}"),
           ANSWER("\"content\":\"hi\"", ",\"logprobs\":null"));
    expect(ANSWER("\"content\":\"hi\"",
                  ",\"logprobs\":{\"refusal\":[{\"token\":\"a@b\"},{\"token\":\".example\"}],\"content\":null}"),
           ANSWER("\"content\":\"hi\"", ",\"logprobs\":null"));
    expect(ANSWER("\"content\":\"hi\"", ",\"logprobs\":{\"content\":[{\"token\":\"hi\"}],\"note\":\"c@d.example\"}"),
           ANSWER("\"content\":\"hi\"", ",\"logprobs\":null"));
    expect(ANSWER("\"content\":\"a@b.example\"",
                  ",\"logprobs\":{\"content\":[{\"token\":\"hi\"}],\"note\":\"c@d.example\"}"),
           ANSWER("\"content\":\"[EMAIL]\"", ",\"logprobs\":null"));
    expect(ANSWER("\"content\":\"hi a@b.example\"", ",\"logprobs\":[1]"),
           ANSWER("\"content\":\"hi [EMAIL]\"", ",\"logprobs\":null"));
    expect(ANSWER("\"content\":\"hi\"", ",\"logprobs\":{\"tokens\":[\"hi\",\" 123-\",\"456\"],\"token_logprobs\":[1]}"),
           ANSWER("\"content\":\"hi\"", ",\"logprobs\":null"));
    /* the other choice keeps its own */
    expect("{\"choices\":[{\"index\":0,\"message\":{\"content\":\"123-456\"},\"logprobs\":{\"content\":[]}},{\"index\":"
           "1,\"message\":{\"content\":\"x\"},\"logprobs\":{\"content\":[]}}]}",
           "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"[NUM]\"},\"logprobs\":null},{\"index\":1,\"message\":"
           "{\"content\":\"x\"},\"logprobs\":{\"content\":[]}}]}");
}

#define FILTERED                                                                                                       \
    "\"message\":{\"role\":\"assistant\",\"content\":\"This answer was blocked by policy "                             \
    "(output.stop).\",\"refusal\":null}"

static void a_blocked_choice_keeps_its_place_and_the_others_theirs(void **state)
{
    (void)state;
    expect("{\"choices\":[{\"index\":1,\"message\":{\"content\":\"me@host.example\"},\"logprobs\":{\"content\":[{"
           "\"token\":\"me@h\"},{\"token\":\"ost.example\"}],\"n\":\"a@b.example\"},\"finish_reason\":\"stop\"},"
           "{\"index\":0,\"message\":{\"content\":\"so stop here "
           "now\",\"tool_calls\":[]},\"logprobs\":{\"content\":[]},\"finish_reason\":\"tool_calls\"}],\"usage\":{"
           "\"total_tokens\":5}}",
           "{\"choices\":[{\"index\":1,\"message\":{\"content\":\"[EMAIL]\"},\"logprobs\":null,\"finish_reason\":"
           "\"stop\"},{\"index\":0," FILTERED ",\"logprobs\":null,\"finish_reason\":\"content_filter\"}],"
           "\"usage\":{\"total_tokens\":5}}");
    /* outside of all choices: all of them */
    expect("{\"choices\":[{\"index\":0,\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"},{\"index\":1,"
           "\"message\":{\"content\":\"b\"},\"finish_reason\":null}],\"note\":\"stop here now\"}",
           "{\"choices\":[{\"index\":0," FILTERED ",\"finish_reason\":\"content_filter\"},{\"index\":1," FILTERED
           ",\"finish_reason\":\"content_filter\"}],\"note\":\"stop here [OUTPUT]\"}");
}

static void values_that_cannot_be_cut_block(void **state)
{
    (void)state;
    struct run r = inspect_as(PLAIN, false, FLT_STR(ANSWER("\"content\":\"x\",\"me@host.example\":1", "")));
    assert_int_equal(r.rc, FLT_OK);
    assert_int_equal(r.out.decision.action, FLT_ACT_BLOCK);
    assert_null(memmem(r.out.body.p, r.out.body.n, "me@", 3));
    done(&r);
    r = inspect_as(PLAIN, true,
                   FLT_STR(ANSWER("\"content\":\"{\\\"a\\\":\\\"-----BEGIN X-----\\\",\\\"b\\\":1}\"", "")));
    assert_int_equal(r.rc, FLT_OK);
    assert_int_equal(r.out.decision.action, FLT_ACT_BLOCK);
    assert_null(memmem(r.out.body.p, r.out.body.n, "BEGIN", 5));
    done(&r);
}

static void what_has_no_choice_can_be_redacted_but_not_blocked(void **state)
{
    (void)state;
    expect("{\"error\":{\"message\":\"no user me@host.example\",\"code\":null}}",
           "{\"error\":{\"message\":\"no user [EMAIL]\",\"code\":null}}");
    expect("[\"me@host.example\"]", "[\"[EMAIL]\"]");
    struct run r = inspect_as(PLAIN, false, FLT_STR("{\"error\":{\"message\":\"stop here now\"}}"));
    assert_int_equal(r.rc, FLT_E_UNSUPPORTED);
    assert_int_equal(r.out.body.n, 0);
    assert_string_equal(r.out.reason, "the answer was blocked by policy");
    done(&r);
}

static void malformed_answers_are_errors(void **state)
{
    static const struct {
        const char *body;
        int rc;
    } v[] = {{"", FLT_E_SYNTAX},
             {"{", FLT_E_SYNTAX},
             {"{\"a\":1,\"a\":1}", FLT_E_AMBIGUOUS},
             {"{\"choices\":{}}", FLT_E_TYPE},
             {"{\"choices\":[1]}", FLT_E_TYPE},
             {"{\"choices\":[{\"index\":128}]}", FLT_E_TYPE},
             {"{\"choices\":[{\"index\":-1}]}", FLT_E_TYPE},
             {"{\"choices\":[{\"index\":\"0\"}]}", FLT_E_TYPE},
             {"\"\xff\"", FLT_E_ENCODING}};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct run r = inspect_as(PLAIN, false, flt_str_of(v[i].body));
        assert_int_equal(r.rc, v[i].rc);
        assert_int_equal(r.out.body.n, 0);
        assert_non_null(r.out.reason);
        assert_int_equal(r.out.decision.cause, FLT_CAUSE_MALFORMED);
        done(&r);
    }
    /* half a surrogate pair is an answer cut in the middle, not an attack */
    expect(ANSWER("\"content\":\"\xC3\xA9 123-456\"", ""), ANSWER("\"content\":\"\xC3\xA9 [NUM]\"", ""));
    struct run r = inspect_as(PLAIN, false, FLT_STR(ANSWER("\"content\":\"\\ud83d 123-456\"", "")));
    assert_int_equal(r.rc, FLT_OK);
    assert_true(flt_str_is(r.out.body, ANSWER("\"content\":\"\\ud83d [NUM]\"", "")));
    done(&r);
}

static int open_rules(void **state)
{
    (void)state;
    fixture_tenants(tenants, TENANTS);
    tenants[MONITOR].mode = FLT_MONITOR;
    body_open(tenants, TENANTS);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_position_is_inspected_and_only_it_changes),
        cmocka_unit_test(each_position_blocks),
        cmocka_unit_test(untouched_bodies_are_the_same_bytes_in_the_same_place),
        cmocka_unit_test(answers_asked_to_be_json_are_decoded_twice),
        cmocka_unit_test(logprobs_go_with_the_text_they_repeat),
        cmocka_unit_test(a_blocked_choice_keeps_its_place_and_the_others_theirs),
        cmocka_unit_test(values_that_cannot_be_cut_block),
        cmocka_unit_test(what_has_no_choice_can_be_redacted_but_not_blocked),
        cmocka_unit_test(malformed_answers_are_errors),
    };
    return cmocka_run_group_tests(tests, open_rules, body_close);
}
