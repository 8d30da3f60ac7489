/* A tenant's policy over a ruleset: what each rule does in each direction and role, and where open candidates begin. */
#include <setjmp.h>
#include <stdarg.h>

#include "track_rig.h"

#include <cmocka.h>

static const char *const rule_lines =
    "pack: pii.v\nversion: 1\nrules:\n"
    "  - {id: pii.one, title: t, severity: low, confidence: 1, sensitivity: 1, patterns: [one], action: redact, "
    "placeholder: '[A]', examples: {match: [one], no_match: [x]}}\n"
    "  - {id: pii.two, title: t, severity: low, confidence: 1, sensitivity: 2, patterns: [two], action: redact, "
    "placeholder: '[A]', examples: {match: [two], no_match: [x]}}\n"
    "  - {id: pii.three, title: t, severity: low, confidence: 1, sensitivity: 3, patterns: [three], action: block, "
    "examples: {match: [three], no_match: [x]}}\n"
    "  - {id: pii.note, title: t, severity: low, confidence: 1, sensitivity: 1, patterns: [note], action: annotate, "
    "examples: {match: [note], no_match: [x]}}\n"
    "  - {id: pii.in, title: t, severity: low, confidence: 1, sensitivity: 1, direction: request, roles: [user, tool], "
    "patterns: [inbound], action: redact, placeholder: '[A]', examples: {match: [inbound], no_match: [x]}}\n"
    "  - {id: pii.pair, title: t, severity: low, confidence: 1, sensitivity: {block: 3, observe: 1}, patterns: [pair], "
    "action: redact, placeholder: '[A]', examples: {match: [pair], no_match: [x]}}\n"
    "  - {id: pii.out, title: t, severity: low, confidence: 1, sensitivity: 1, direction: response, patterns: "
    "[outbound], action: block, examples: {match: [outbound], no_match: [x]}}\n";
static const char *const other_lines =
    "pack: secrets.v\nversion: 1\nrules:\n"
    "  - {id: secrets.key_a, title: t, severity: low, confidence: 1, sensitivity: 1, patterns: [keya], action: redact, "
    "placeholder: '[A]', examples: {match: [keya], no_match: [x]}}\n"
    "  - {id: secrets.key_b, title: t, severity: low, confidence: 1, sensitivity: 1, patterns: [keyb], action: redact, "
    "placeholder: '[A]', examples: {match: [keyb], no_match: [x]}}\n";

static struct flt_snapshot *snapshot_for(struct flt_tenant *t, struct flt_diag *d)
{
    struct fixture_pack packs[] = {{"pii", rule_lines}, {"secrets", other_lines}};
    struct flt_snapshot *s = fixture_try(packs, 2, t, 1, d);
    assert_non_null(s);
    return s;
}

static enum flt_action act(const struct flt_snapshot *s, const char *id, enum flt_direction dir, enum flt_role role)
{
    uint32_t rule = fixture_rule(s, id);
    assert_true(rule != UINT32_MAX);
    return flt_policy_act(flt_snapshot_policy(s, 0), dir, role, rule);
}

static void levels_decide_what_acts_and_what_is_recorded(void **state)
{
    static const struct {
        int64_t block, observe;
        enum flt_action one, two, three, note, pair;
    } v[] = {{1, 2, FLT_ACT_REDACT, FLT_ACT_ANNOTATE, FLT_ACT_ALLOW, FLT_ACT_ANNOTATE, FLT_ACT_ANNOTATE},
             {1, 1, FLT_ACT_REDACT, FLT_ACT_ALLOW, FLT_ACT_ALLOW, FLT_ACT_ANNOTATE, FLT_ACT_ANNOTATE},
             {2, 2, FLT_ACT_REDACT, FLT_ACT_REDACT, FLT_ACT_ALLOW, FLT_ACT_ANNOTATE, FLT_ACT_ANNOTATE},
             {2, 4, FLT_ACT_REDACT, FLT_ACT_REDACT, FLT_ACT_ANNOTATE, FLT_ACT_ANNOTATE, FLT_ACT_ANNOTATE},
             {3, 3, FLT_ACT_REDACT, FLT_ACT_REDACT, FLT_ACT_BLOCK, FLT_ACT_ANNOTATE, FLT_ACT_REDACT},
             {4, 4, FLT_ACT_REDACT, FLT_ACT_REDACT, FLT_ACT_BLOCK, FLT_ACT_ANNOTATE, FLT_ACT_REDACT}};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_tenant t;
        struct flt_diag d = {0};
        flt_tenant_defaults(&t);
        t.rules.block_level = v[i].block;
        t.rules.observe_level = v[i].observe;
        struct flt_snapshot *s = snapshot_for(&t, &d);
        assert_int_equal(act(s, "pii.one", FLT_REQUEST, FLT_ROLE_USER), v[i].one);
        assert_int_equal(act(s, "pii.two", FLT_RESPONSE, FLT_ROLE_ASSISTANT), v[i].two);
        assert_int_equal(act(s, "pii.three", FLT_REQUEST, FLT_ROLE_OTHER), v[i].three);
        assert_int_equal(act(s, "pii.note", FLT_REQUEST, FLT_ROLE_SYSTEM), v[i].note);
        assert_int_equal(act(s, "pii.pair", FLT_REQUEST, FLT_ROLE_USER), v[i].pair);
        flt_snapshot_free(s);
        flt_diag_free(&d);
    }
}

static void directions_and_roles_are_kept(void **state)
{
    struct flt_tenant t;
    struct flt_diag d = {0};
    (void)state;
    flt_tenant_defaults(&t);
    struct flt_snapshot *s = snapshot_for(&t, &d);
    for (unsigned role = 0; role < FLT_ROLE_COUNT; role++) {
        bool acts = role == FLT_ROLE_USER || role == FLT_ROLE_TOOL;
        assert_int_equal(act(s, "pii.in", FLT_REQUEST, (enum flt_role)role), acts ? FLT_ACT_REDACT : FLT_ACT_ANNOTATE);
        assert_int_equal(act(s, "pii.in", FLT_RESPONSE, (enum flt_role)role), FLT_ACT_ALLOW);
        assert_int_equal(act(s, "pii.out", FLT_REQUEST, (enum flt_role)role), FLT_ACT_ALLOW);
        assert_int_equal(act(s, "pii.out", FLT_RESPONSE, (enum flt_role)role), FLT_ACT_BLOCK);
    }
    flt_snapshot_free(s);
    flt_diag_free(&d);
}

static void class_actions_replace_the_rules_own(void **state)
{
    struct flt_tenant t;
    struct flt_diag d = {0};
    (void)state;
    flt_tenant_defaults(&t);
    t.rules.class_action[FLT_CLASS_PII] = FLT_ACT_BLOCK;
    t.rules.class_action[FLT_CLASS_SECRETS] = FLT_ACT_ANNOTATE;
    struct flt_snapshot *s = snapshot_for(&t, &d);
    assert_int_equal(act(s, "pii.one", FLT_RESPONSE, FLT_ROLE_ASSISTANT), FLT_ACT_BLOCK);
    assert_int_equal(act(s, "pii.note", FLT_REQUEST, FLT_ROLE_USER), FLT_ACT_BLOCK);
    assert_int_equal(act(s, "pii.two", FLT_REQUEST, FLT_ROLE_USER), FLT_ACT_ANNOTATE); /* its level still counts */
    assert_int_equal(act(s, "pii.out", FLT_REQUEST, FLT_ROLE_USER), FLT_ACT_ALLOW);    /* and its direction */
    assert_int_equal(act(s, "secrets.key_a", FLT_REQUEST, FLT_ROLE_USER), FLT_ACT_ANNOTATE);
    flt_snapshot_free(s);
    flt_diag_free(&d);
}

static void globs_enable_and_disable(void **state)
{
    static const struct {
        const char *enable, *disable;
        bool one, key_a, key_b;
        const char *warning; /* NULL = none */
    } v[] = {{NULL, NULL, true, true, true, NULL},
             {"pii/*", NULL, true, false, false, NULL},
             {"secrets/key_*", NULL, false, true, true, NULL},
             {"secrets.key_a", NULL, false, true, false, NULL},
             {NULL, "secrets/key_a", true, false, true, NULL},
             {"*", "pii/*", false, true, true, NULL},
             {"pii/one", "*", false, false, false, NULL},
             {"pii/on", NULL, false, false, false, "'pii/on' matches no rule"},
             {"pii/*", "secrets/kay_a", true, false, false, "'secrets/kay_a' matches no rule"},
             {"output/*", NULL, false, false, false, NULL}};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_str enable = flt_str_of(v[i].enable), disable = flt_str_of(v[i].disable);
        struct flt_tenant t;
        struct flt_diag d = {0};
        flt_tenant_defaults(&t);
        t.rules.enable = (struct flt_strlist){&enable, v[i].enable != NULL};
        t.rules.disable = (struct flt_strlist){&disable, v[i].disable != NULL};
        struct flt_snapshot *s = snapshot_for(&t, &d);
        assert_int_equal(act(s, "pii.one", FLT_REQUEST, FLT_ROLE_USER), v[i].one ? FLT_ACT_REDACT : FLT_ACT_ALLOW);
        assert_int_equal(act(s, "secrets.key_a", FLT_REQUEST, FLT_ROLE_USER),
                         v[i].key_a ? FLT_ACT_REDACT : FLT_ACT_ALLOW);
        assert_int_equal(act(s, "secrets.key_b", FLT_RESPONSE, FLT_ROLE_ASSISTANT),
                         v[i].key_b ? FLT_ACT_REDACT : FLT_ACT_ALLOW);
        assert_int_equal(flt_snapshot_policy(s, 0)->on[fixture_rule(s, "pii.one")], v[i].one);
        assert_false(flt_diag_failed(&d));
        assert_int_equal(d.n, v[i].warning != NULL);
        if (v[i].warning != NULL)
            assert_non_null(strstr(d.v[0].message, v[i].warning));
        flt_snapshot_free(s);
        flt_diag_free(&d);
    }
}

static void the_ids_of_snapshots_tell_policies_apart(void **state)
{
    struct flt_tenant t;
    struct flt_diag d = {0};
    char first[65];
    (void)state;
    flt_tenant_defaults(&t);
    struct flt_snapshot *s = snapshot_for(&t, &d);
    snprintf(first, sizeof(first), "%s", flt_snapshot_id(s));
    assert_int_equal(strlen(first), 64);
    flt_snapshot_free(s);
    s = snapshot_for(&t, &d);
    assert_string_equal(flt_snapshot_id(s), first);
    flt_snapshot_free(s);
    t.rules.block_level = 2;
    s = snapshot_for(&t, &d);
    assert_string_not_equal(flt_snapshot_id(s), first);
    flt_snapshot_free(s);
    flt_diag_free(&d);
}

/* ---- where open candidates begin
 * -------------------------------------------------------------------------------------- */

/* By the definition in view.h, with the width of the detector's group: may a match of it be open at `at`? */
static bool naive_may(const struct rig *r, uint32_t det, uint32_t width, struct flt_str text, size_t at)
{
    const struct flt_matcher *m = r->s->rs->detectors[det].m;
    const struct flt_shape *s = flt_matcher_shape(m);
    uint32_t ahead = flt_matcher_ahead(m), spare = ahead > 0 ? ahead - 1 : 0;
    bool may = flt_byteset_has(&s->first, (uint8_t)text.p[at]) && text.n - at <= width + spare;
    size_t foreign = 0; /* bytes at the end that are no body bytes: the boundary may still look at them */
    for (size_t k = at; may && k < text.n; k++) {
        bool body = flt_byteset_has(&s->body, (uint8_t)text.p[k]);
        foreign = body ? 0 : foreign + 1;
        may = body || text.n - k <= spare;
    }
    may = may && foreign <= spare;
    if (may && flt_byteset_has(&s->body, ' '))
        assert_int_equal(flt_matcher_open_at(m, r->w->kit.match, text, at, &may), FLT_OK);
    return may;
}

static uint64_t naive_open_of(const struct rig *r, uint32_t det, uint32_t width, struct flt_str text)
{
    uint64_t open = text.n;
    for (size_t at = 0; at < text.n && open == text.n; at++)
        open = naive_may(r, det, width, text, at) ? at : open;
    return open;
}

static bool spans(const struct rig *r, uint32_t i)
{
    return (r->hold->spans[i / 64] >> i % 64 & 1) != 0;
}

static uint64_t naive_open(const struct rig *r, struct flt_str text, bool merged)
{
    const struct flt_hold *h = r->hold;
    const struct flt_ruleset *rs = r->s->rs;
    uint64_t open = text.n;
    for (uint32_t g = 0; g < h->n_groups; g++) {
        uint32_t width = 0;
        for (uint32_t i = h->group_begin[g]; i < h->group_begin[g + 1]; i++) {
            uint32_t max = flt_matcher_shape(rs->detectors[h->member[i]].m)->max;
            width = max > width ? max : width;
        }
        for (uint32_t i = h->group_begin[g]; i < h->group_begin[g + 1]; i++) {
            uint32_t own = flt_matcher_shape(rs->detectors[h->member[i]].m)->max;
            uint64_t at = naive_open_of(r, h->member[i], merged ? width : own, text);
            open = at < open ? at : open;
        }
    }
    for (uint32_t i = 0; i < rs->n_spanning; i++) {
        uint32_t own = flt_matcher_shape(rs->detectors[rs->spanning[i]].m)->max;
        uint64_t at = spans(r, i) ? naive_open_of(r, rs->spanning[i], own, text) : text.n;
        open = at < open ? at : open;
    }
    return open;
}

static uint64_t walked_open(const struct rig *r, struct flt_str text)
{
    struct flt_track t = {.conf = {.rs = r->s->rs, .policy = r->policy, .hold = r->hold}, .end = text.n};
    uint64_t open = text.n;
    memcpy(&t.text, &text.p, sizeof(t.text));
    assert_int_equal(flt_track_open_start(&t, &r->w->kit, &open), FLT_OK);
    return open;
}

static void the_walk_finds_what_its_definition_says(void **state)
{
    struct flt_snapshot *s = fixture_snapshot(fixture_tiny, FLT_ARRAY_LEN(fixture_tiny), NULL, 0);
    struct rig r;
    uint64_t seed = 31;
    char text[200];
    unsigned open = 0;
    (void)state;
    rig_open(&r, s, UINT32_MAX, false);
    assert_true(r.hold->n_groups < FLT_HOLD_GROUPS);
    for (unsigned i = 0; i < 4000; i++) {
        struct flt_str t = {text, rig_text(&seed, text, sizeof(text), 1 + rig_random(&seed) % 6)};
        uint64_t got = walked_open(&r, t), want = naive_open(&r, t, true);
        if (got != want)
            fail_msg("%.*s: %llu, wanted %llu", FLT_STR_ARG(t), (unsigned long long)got, (unsigned long long)want);
        open += got < t.n;
    }
    assert_in_range(open, 1000, 3900);
    rig_close(&r);
    flt_snapshot_free(s);
}

/* Over the shipped packs groups are merged to fit the mask: more may be held, never less. */
static void merged_groups_never_hold_less(void **state)
{
    struct flt_snapshot *s = fixture_shipped(NULL, 0);
    struct rig r;
    uint64_t seed = 32;
    (void)state;
    rig_open(&r, s, UINT32_MAX, false);
    assert_int_equal(r.hold->n_groups, FLT_HOLD_GROUPS);
    uint32_t members = r.hold->group_begin[r.hold->n_groups], holding = 0;
    for (uint32_t i = 0; i < s->rs->n_spanning; i++)
        members += spans(&r, i);
    for (uint32_t i = 0; i < s->rs->n_detectors; i++) {
        const struct flt_detector *d = &s->rs->detectors[i];
        holding += flt_detector_looks(d, 0) &&
                   flt_policy_act(r.policy, FLT_RESPONSE, FLT_ROLE_ASSISTANT, d->rule) >= FLT_ACT_REDACT;
    }
    assert_int_equal(members, holding);
    for (unsigned i = 0; i < 300; i++) {
        const struct flt_rule *rule = &s->rs->rules[rig_random(&seed) % s->rs->n_rules];
        struct flt_str t = rule->match[rig_random(&seed) % rule->n_match].text;
        t.n = 1 + rig_random(&seed) % t.n;
        assert_true(walked_open(&r, t) <= naive_open(&r, t, false));
    }
    rig_close(&r);
    flt_snapshot_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_decide_what_acts_and_what_is_recorded),
        cmocka_unit_test(directions_and_roles_are_kept),
        cmocka_unit_test(class_actions_replace_the_rules_own),
        cmocka_unit_test(globs_enable_and_disable),
        cmocka_unit_test(the_ids_of_snapshots_tell_policies_apart),
        cmocka_unit_test(the_walk_finds_what_its_definition_says),
        cmocka_unit_test(merged_groups_never_hold_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
