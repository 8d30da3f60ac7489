/* The pure decisions: what a mode does, what a failure does, how hits make a score, which of two rules is the graver.
 */
#include <setjmp.h>
#include <stdarg.h>

#include "engine/snapshot.h"
#include "policy/decide.h"
#include "rules_fixture.h"
#include "snapshot_group.h"

#include <cmocka.h>

#define RULE(id, severity, confidence, sensitivity, action)                                                            \
    "  - {id: exfil." id ", title: t, severity: " severity ", confidence: " confidence ", sensitivity: " sensitivity   \
    ", patterns: ['" id "'], action: " action ", examples: {match: ['" id "'], no_match: ['-']}}\n"

static const struct fixture_pack packs[] = {
    {"exfil", "pack: exfil.d\nversion: 1\nrules:\n" RULE("aaa", "high", "0.5", "1", "annotate")
                  RULE("bbb", "high", "0.5", "1", "annotate") RULE("ccc", "critical", "0.5", "1", "annotate")
                      RULE("ddd", "high", "0.9", "1", "annotate") RULE("eee", "low", "0.8", "2", "annotate")
                          RULE("fff", "low", "0.8", "3", "annotate") RULE("ggg", "low", "0.8", "4", "annotate")
                              RULE("hhh", "low", "1", "1",
                                   "block") "  - {id: exfil.iii, title: t, severity: low, confidence: 0, "
                                            "sensitivity: 1, patterns: [iii], action: redact, placeholder: '[III]', "
                                            "examples: {match: [iii], no_match: ['-']}}\n"},
    {"pii", "pack: pii.d\nversion: 1\nrules:\n  - {id: pii.mail, title: t, severity: low, confidence: 1, "
            "sensitivity: 1, patterns: ['mail@'], action: redact, placeholder: '[M]', "
            "examples: {match: ['mail@'], no_match: ['-']}}\n"}};

static uint32_t rule(const char *name)
{
    char id[32];
    snprintf(id, sizeof(id), "exfil.%s", name);
    uint32_t i = fixture_rule(snapshot, id);
    assert_true(i != UINT32_MAX);
    return i;
}

static void monitoring_turns_acts_into_nothing_and_keeps_notes(void **state)
{
    (void)state;
    for (unsigned a = FLT_ACT_ALLOW; a <= FLT_ACT_BLOCK; a++) {
        assert_int_equal(flt_decide_act(FLT_ENFORCE, (enum flt_action)a), a);
        assert_int_equal(flt_decide_act(FLT_MONITOR, (enum flt_action)a), a <= FLT_ACT_ANNOTATE ? a : FLT_ACT_ALLOW);
    }
}

static void only_failures_to_inspect_may_be_let_through_and_only_on_request(void **state)
{
    struct flt_tenant t;
    (void)state;
    flt_tenant_defaults(&t);
    for (int rc = FLT_E_NOMEM; rc >= FLT_E_TRUNCATED; rc--) {
        t.on_failure = FLT_FAIL_CLOSED;
        assert_true(flt_decide_refuses(&t, rc));
        t.on_failure = FLT_FAIL_OPEN;
        assert_int_equal(flt_decide_refuses(&t, rc), rc != FLT_E_ENGINE && rc != FLT_E_LIMIT);
    }
}

static double score_of(const char *const *names)
{
    uint8_t seen[32] = {0};
    for (; *names != NULL; names++)
        seen[rule(*names)] = 1;
    return flt_decide_score(snapshot->rs, flt_snapshot_policy(snapshot, UINT32_MAX), seen);
}

static void expect_score(double want, const char *const *names)
{
    double got = score_of(names);
    if (got < want - 1e-9 || got > want + 1e-9)
        fail_msg("%f, wanted %f", got, want);
}

static void scores_combine_independent_evidence(void **state)
{
    (void)state;
    expect_score(0, (const char *const[]){NULL});
    expect_score(0.5, (const char *const[]){"aaa", NULL});
    expect_score(0.75, (const char *const[]){"aaa", "bbb", NULL});
    expect_score(0.56, (const char *const[]){"eee", NULL});
    expect_score(0.32, (const char *const[]){"fff", NULL});
    expect_score(0.2, (const char *const[]){"ggg", NULL});
    expect_score(1 - 0.5 * 0.44 * 0.8, (const char *const[]){"aaa", "eee", "ggg", NULL});
    expect_score(1, (const char *const[]){"hhh", "aaa", NULL});
    expect_score(0, (const char *const[]){"iii", NULL});
}

static void redacted_values_alone_stay_below_the_middle(void **state)
{
    uint8_t seen[32] = {0};
    (void)state;
    uint32_t mail = fixture_rule(snapshot, "pii.mail");
    assert_true(mail != UINT32_MAX);
    seen[mail] = 1;
    const struct flt_policy *p = flt_snapshot_policy(snapshot, UINT32_MAX);
    double alone = flt_decide_score(snapshot->rs, p, seen);
    assert_true(alone > 0.449 && alone < 0.451);
    seen[rule("ddd")] = 1;
    double both = flt_decide_score(snapshot->rs, p, seen);
    assert_true(both > 0.899 && both < 0.901);
}

static void disabled_rules_do_not_count(void **state)
{
    struct flt_str off = FLT_STR("exfil/aaa");
    struct flt_tenant t;
    struct flt_diag d = {0};
    uint8_t seen[32] = {0};
    (void)state;
    flt_tenant_defaults(&t);
    t.rules.disable = (struct flt_strlist){&off, 1};
    struct flt_policy *p = flt_policy_new(&t, snapshot->rs, &d);
    assert_non_null(p);
    seen[rule("aaa")] = seen[rule("ddd")] = 1;
    double got = flt_decide_score(snapshot->rs, p, seen);
    assert_true(got > 0.899 && got < 0.901);
    flt_policy_free(p);
    flt_diag_free(&d);
}

static void the_score_of_a_text_is_there_whatever_it_does(void **state)
{
    struct flt_worker *w = fixture_worker(snapshot);
    struct flt_arena *arena = flt_arena_new(1u << 20);
    struct flt_text_in in = {.snapshot = snapshot,
                             .tenant = UINT32_MAX,
                             .direction = FLT_REQUEST,
                             .role = FLT_ROLE_USER,
                             .text = FLT_STR("aaa ggg")};
    struct flt_decision dec;
    struct flt_str edited;
    (void)state;
    assert_int_equal(flt_inspect_text(w, &in, arena, &dec, &edited), FLT_OK);
    assert_int_equal(dec.action, FLT_ACT_ANNOTATE);
    assert_int_equal(dec.n_findings, 1); /* the other one is below every level: silent, but it counts */
    assert_true(dec.score > 0.599 && dec.score < 0.601);
    assert_int_equal(dec.blocking_rule, UINT32_MAX);
    assert_ptr_equal(edited.p, in.text.p);
    in.text = FLT_STR("hhh");
    assert_int_equal(flt_inspect_text(w, &in, arena, &dec, &edited), FLT_OK);
    assert_int_equal(dec.action, FLT_ACT_BLOCK);
    assert_int_equal(dec.blocking_rule, rule("hhh"));
    assert_true(flt_str_is(edited, "[EXFIL]"));
    in.text = FLT_STR("\xff");
    assert_int_equal(flt_inspect_text(w, &in, arena, &dec, &edited), FLT_E_ENCODING);
    flt_arena_free(arena);
    flt_worker_free(w);
}

/* What a text comes to under thresholds of one class. */
static struct flt_decision decide(const struct flt_snapshot *s, enum flt_direction dir, enum flt_role role,
                                  const char *text)
{
    struct flt_worker *w = fixture_worker(s);
    struct flt_arena *arena = flt_arena_new(1u << 20);
    struct flt_text_in in = {.snapshot = s, .tenant = 0, .direction = dir, .role = role, .text = flt_str_of(text)};
    struct flt_decision dec;
    struct flt_str edited;
    assert_int_equal(flt_inspect_text(w, &in, arena, &dec, &edited), FLT_OK);
    dec.findings = NULL;
    flt_arena_free(arena);
    flt_worker_free(w);
    return dec;
}

static const char *const other =
    "pack: injection.d\nversion: 1\nrules:\n"
    "  - {id: injection.one, title: t, severity: low, confidence: 0.7, sensitivity: 1, direction: request, roles: "
    "[user], patterns: ['one'], not: [{words: [quoted], within: 30}], action: annotate, examples: {match: [one], "
    "no_match: ['-']}}\n"
    "  - {id: injection.two, title: t, severity: low, confidence: 0.8, sensitivity: 4, direction: request, patterns: "
    "['two'], action: annotate, examples: {match: [two], no_match: ['-']}}\n";

static void a_class_that_reaches_its_threshold_blocks_the_request(void **state)
{
    static const struct {
        const char *text;
        enum flt_role role;
        const char *blocked_by; /* NULL = not blocked */
    } v[] = {
        {"aaa", FLT_ROLE_USER, NULL}, /* 0.5 of 0.75 */
        {"aaa bbb", FLT_ROLE_USER, "exfil.aaa"},
        {"aaa aaa", FLT_ROLE_USER, NULL},        /* the same evidence twice is no more */
        {"eee bbb", FLT_ROLE_TOOL, "exfil.eee"}, /* 1 - 0.44 * 0.5: the one that weighs most is named */
        {"aaa one", FLT_ROLE_USER, NULL},        /* classes do not add up */
        {"two", FLT_ROLE_USER, NULL},
        {"one two", FLT_ROLE_USER, "injection.one"},   /* 1 - 0.3 * 0.8, and a rule that is off in all levels counts */
        {"one two", FLT_ROLE_TOOL, NULL},              /* the first does not act in that role */
        {"quoted: one. and two", FLT_ROLE_USER, NULL}, /* a mention */
        {"quoted: one. and two - and far from there once more: one", FLT_ROLE_USER, "injection.one"},
    };
    struct fixture_pack both[] = {packs[0], {"injection", other}};
    struct flt_tenant t;
    (void)state;
    flt_tenant_defaults(&t);
    t.rules.class_threshold[FLT_CLASS_EXFIL] = 0.75 - 1e-9;
    t.rules.class_threshold[FLT_CLASS_INJECTION] = 0.75;
    struct flt_snapshot *s = fixture_snapshot(both, 2, &t, 1);
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_decision d = decide(s, FLT_REQUEST, v[i].role, v[i].text);
        assert_int_equal(d.action == FLT_ACT_BLOCK, v[i].blocked_by != NULL);
        assert_int_equal(d.blocking_rule, v[i].blocked_by != NULL ? fixture_rule(s, v[i].blocked_by) : UINT32_MAX);
    }
    /* An answer has left in part when its last words come. */
    assert_int_equal(decide(s, FLT_RESPONSE, FLT_ROLE_ASSISTANT, "aaa bbb").action, FLT_ACT_ANNOTATE);
    /* What blocks anyway is named for itself. */
    assert_int_equal(decide(s, FLT_REQUEST, FLT_ROLE_USER, "ddd bbb hhh").blocking_rule, fixture_rule(s, "exfil.hhh"));
    flt_snapshot_free(s);
    t.mode = FLT_MONITOR;
    s = fixture_snapshot(both, 2, &t, 1);
    struct flt_decision d = decide(s, FLT_REQUEST, FLT_ROLE_USER, "aaa bbb");
    assert_true(d.action == FLT_ACT_ALLOW && d.would == FLT_ACT_BLOCK && d.cause == FLT_CAUSE_POLICY);
    flt_snapshot_free(s);
}

static void the_graver_of_two_rules_wins(void **state)
{
    const struct flt_ruleset *rs = snapshot->rs;
    uint32_t a = rule("aaa"), b = rule("bbb"), c = rule("ccc"), d = rule("ddd"), h = rule("hhh");
    (void)state;
    assert_int_equal(flt_decide_graver(rs, FLT_ACT_REDACT, a, FLT_ACT_BLOCK, h), h); /* action before all */
    assert_int_equal(flt_decide_graver(rs, FLT_ACT_BLOCK, h, FLT_ACT_REDACT, c), h);
    assert_int_equal(flt_decide_graver(rs, FLT_ACT_REDACT, d, FLT_ACT_REDACT, c), c); /* then severity */
    assert_int_equal(flt_decide_graver(rs, FLT_ACT_REDACT, a, FLT_ACT_REDACT, d), d); /* then confidence */
    assert_int_equal(flt_decide_graver(rs, FLT_ACT_REDACT, b, FLT_ACT_REDACT, a), a < b ? a : b);
    for (uint32_t x = 0; x < rs->n_rules; x++) {
        for (uint32_t y = 0; y < rs->n_rules; y++)
            assert_int_equal(flt_decide_graver(rs, FLT_ACT_REDACT, x, FLT_ACT_REDACT, y),
                             flt_decide_graver(rs, FLT_ACT_REDACT, y, FLT_ACT_REDACT, x));
    }
}

static void placeholders_are_the_rules_own_or_its_classs(void **state)
{
    (void)state;
    assert_true(flt_str_is(flt_decide_placeholder(snapshot->rs, rule("iii")), "[III]"));
    assert_true(flt_str_is(flt_decide_placeholder(snapshot->rs, rule("hhh")), "[EXFIL]"));
}

static int open_rules(void **state)
{
    (void)state;
    snapshot = fixture_snapshot(packs, FLT_ARRAY_LEN(packs), NULL, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monitoring_turns_acts_into_nothing_and_keeps_notes),
        cmocka_unit_test(a_class_that_reaches_its_threshold_blocks_the_request),
        cmocka_unit_test(only_failures_to_inspect_may_be_let_through_and_only_on_request),
        cmocka_unit_test(scores_combine_independent_evidence),
        cmocka_unit_test(redacted_values_alone_stay_below_the_middle),
        cmocka_unit_test(disabled_rules_do_not_count),
        cmocka_unit_test(the_score_of_a_text_is_there_whatever_it_does),
        cmocka_unit_test(the_graver_of_two_rules_wins),
        cmocka_unit_test(placeholders_are_the_rules_own_or_its_classs),
    };
    return cmocka_run_group_tests(tests, open_rules, snapshot_close);
}
