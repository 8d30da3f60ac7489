/* What stands around a match: near, adds, not, mentions; the same for every way of cutting a text. */
#include "track_rig.h"
#include "snapshot_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/*
 * Rules that ask for something on every side, next to rules that ask for nothing and overlap them:
 *   pii.near    a number behind or before a label
 *   pii.label   the same, the label in front only
 *   pii.tail    a number that a unit follows
 *   pii.drop    words that an excuse near them takes away
 *   pii.said    words that quotation makes a mention
 *   pii.quoted  the same with a sign as context, in which letters are no boundary
 *   pii.plain   any three digits and a dash: overlaps the numbers
 *   pii.run     a run with a label in front
 *   pii.seen    annotates only
 */
static const struct fixture_pack packs[] = {
    {"pii",
     FIXTURE_HEAD("pii.p0") FIXTURE_RULE(
         "pii.near",
         "patterns: ['N[0-9]{4}'], near: [{words: [tax id, steuer], within: 12}], action: redact, "
         "placeholder: '[NEAR]'",
         "'tax-id N1234', N1234 = Steuer", "N1234") FIXTURE_RULE("pii.label",
                                                                 "patterns: ['L[0-9]{4}'], near: [{words: [tax id], "
                                                                 "within: 10, side: before}, {words: [sum], within: "
                                                                 "10, side: before}, {words: [sure], within: 30, "
                                                                 "adds: 0.05}], action: redact, placeholder: '[LABEL]'",
                                                                 "sum L1234, tax_idL1234", "L1234 sum")
         FIXTURE_RULE("pii.tail",
                      "patterns: ['[0-9]{2}T'], near: [{pattern: 'k[gm]{1,2}', within: 6, side: after}], action: "
                      "redact, placeholder: '[TAIL]'",
                      "12T kg, 12Tkm", "12T kgs, kg 12T") FIXTURE_RULE("pii.drop",
                                                                       "patterns: ['drop (?:it|this)'], not: "
                                                                       "[{words: [please], within: 20, drop: true}], "
                                                                       "action: redact, placeholder: '[DROP]'",
                                                                       "drop it now",
                                                                       "'please, drop it', 'drop this, please'")
             FIXTURE_RULE("pii.said",
                          "patterns: ['say (?:it|this)'], not: [{words: [e g, for example], within: 24}], action: "
                          "block",
                          "say it", "sag it") FIXTURE_RULE("pii.quoted",
                                                           "patterns: ['quote [a-f]{1,6}'], not: [{pattern: '[`~]', "
                                                           "within: 1, left: none, right: none, drop: true}], "
                                                           "action: redact, placeholder: '[QUOTED]'",
                                                           "quote abc", "'`quote abc', 'quote abc~'")
                 FIXTURE_RULE("pii.plain", "patterns: ['[0-9]{3}-'], action: redact, placeholder: '[PLAIN]'", "123-",
                              "12-") FIXTURE_RULE("pii.run",
                                                  "patterns: ['R-[a-z]{3,}'], near: [{words: [key], within: 9, side: "
                                                  "before}], action: redact, placeholder: '[RUN]'",
                                                  "'key: R-abcdef'", "'R-abcdef, key'")
                     FIXTURE_RULE("pii.seen",
                                  "patterns: ['S[0-9]'], near: [{words: [here], within: 40, side: after}], action: "
                                  "annotate",
                                  "S1 and here", "here S1")},
};

static uint32_t rule_of(const struct flt_finding *f, const char *id)
{
    struct flt_rule_info info;
    flt_snapshot_rule(snapshot, f->rule, &info);
    return flt_str_is(info.id, id);
}

static void all_cuts(const struct rig *r, struct flt_str text, uint64_t *seed)
{
    size_t cuts[400] = {0};
    struct outcome whole = rig_whole(r, text);
    assert_int_equal(whole.rc, FLT_OK);
    assert_true(rig_means(r, text, &whole));
    assert_true(text.n < FLT_ARRAY_LEN(cuts));
    for (size_t at = 0; at <= text.n; at++)
        assert_true(rig_agrees(r, text, &whole, &at, 1));
    for (size_t i = 0; i < text.n; i++)
        cuts[i] = i;
    assert_true(rig_agrees(r, text, &whole, cuts, text.n));
    for (unsigned i = 0; i < 20; i++) {
        size_t n = rig_cuts(seed, text.n, cuts, 2 + rig_random(seed) % 10);
        assert_true(rig_agrees(r, text, &whole, cuts, n));
    }
    outcome_free(&whole);
}

/* Both directions: an answer's own tables, and those made for a request. */
static void every_way(struct flt_str text, uint64_t *seed)
{
    struct rig r;
    rig_open(&r, snapshot, UINT32_MAX, true);
    all_cuts(&r, text, seed);
    r.stop_at_block = false;
    all_cuts(&r, text, seed);
    r.direction = FLT_REQUEST;
    r.role = FLT_ROLE_USER;
    struct flt_hold *hold = flt_hold_new(r.policy, snapshot->rs, r.direction, r.role);
    assert_non_null(hold);
    r.hold = hold;
    all_cuts(&r, text, seed);
    flt_hold_free(hold);
    rig_close(&r);
}

static void expect(const char *text, const char *edited)
{
    struct rig r;
    uint64_t seed = 7;
    struct flt_buf out;
    rig_open(&r, snapshot, UINT32_MAX, true);
    struct outcome whole = rig_whole(&r, flt_str_of(text));
    assert_int_equal(whole.rc, FLT_OK);
    flt_buf_init(&out, 10000);
    struct flt_str shown = {text, whole.blocked ? whole.block_at : strlen(text)};
    assert_int_equal(flt_cut_text(snapshot->rs, whole.cut, whole.n_cut, shown, &out), FLT_OK);
    assert_int_equal(flt_buf_add(&out, "!", whole.blocked ? 2 : 1), FLT_OK);
    if (!whole.blocked)
        out.p[out.n - 1] = '\0';
    assert_string_equal(out.p, edited);
    flt_buf_free(&out);
    outcome_free(&whole);
    rig_close(&r);
    every_way(flt_str_of(text), &seed);
}

static void a_label_on_either_side_makes_it_count(void **state)
{
    (void)state;
    expect("N1234", "N1234");
    expect("tax id N1234", "tax id [NEAR]");
    expect("TAX-ID:N1234", "TAX-ID:[NEAR]");
    expect("N1234 tax  id", "[NEAR] tax  id");
    expect("N1234 taxid", "N1234 taxid");            /* a blank of the label is at least one byte */
    expect("N1234 a tax ids", "N1234 a tax ids");    /* whole words */
    expect("N1234 (a tax id)", "[NEAR] (a tax id)"); /* ends 10 bytes on */
    expect("N1234 (as a tax id)", "N1234 (as a tax id)");
    expect("syntax id N1234", "syntax id N1234");
    expect("tax id 45678 N1234", "tax id 45678 N1234");  /* begins 13 bytes ahead */
    expect("steuer N1234 N2345", "steuer [NEAR] N2345"); /* each for itself: the second is 13 bytes on */
}

static void a_side_is_a_side(void **state)
{
    (void)state;
    expect("L1234 sum", "L1234 sum");
    expect("sum L1234", "sum [LABEL]");
    expect("sumL1234", "sum[LABEL]"); /* touching */
    expect("sums L1234", "sums L1234");
    expect("12T kg", "[TAIL] kg");
    expect("12Tkg", "[TAIL]kg");
    expect("kg 12T", "kg 12T");
    expect("12T    kg", "[TAIL]    kg"); /* ends on the last byte of the window */
    expect("12T     kg", "12T     kg");
    expect("12T    kgm", "12T    kgm");
    expect("12T    k", "12T    k");
    expect("12T kgs", "12T kgs"); /* no whole word */
}

static void excuses_drop_and_quotations_mention(void **state)
{
    (void)state;
    expect("drop it", "[DROP]");
    expect("please drop it", "please drop it");
    expect("drop it, please", "drop it, please");
    expect("drop it, if you ever please", "drop it, if you ever please");
    expect("drop it, if you will ever please", "[DROP], if you will ever please");
    expect("ab say it, or", "ab !");
    expect("for example say it", "for example say it");
    expect("say this, e.g. so", "!"); /* "e.g." is not "e g" */
    expect("say this (e g so)", "say this (e g so)");
    expect("`quote abc", "`quote abc");
    expect("a`quote abc~b", "a`quote abc~b");
    expect("quote abc ~", "[QUOTED] ~");
}

static void runs_look_back_only(void **state)
{
    (void)state;
    expect("the key: R-abcdefghijkl, and R-abcdef", "the key: [RUN], and R-abcdef");
    expect("R-abcdef key", "R-abcdef key");
}

static void a_mention_is_recorded_as_one(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, snapshot, UINT32_MAX, true);
    struct outcome o = rig_whole(&r, FLT_STR("for example say it. S1 is here"));
    assert_false(o.blocked);
    assert_int_equal(o.n_finding, 2);
    assert_true(rule_of(&o.finding[0], "pii.said") && rule_of(&o.finding[1], "pii.seen"));
    assert_int_equal(o.finding[0].would, FLT_ACT_ANNOTATE);
    outcome_free(&o);
    o = rig_whole(&r, FLT_STR("say it"));
    assert_true(o.blocked);
    outcome_free(&o);
    rig_close(&r);
}

static double score_of(const char *text)
{
    struct flt_worker *w = fixture_worker(snapshot);
    struct flt_arena *arena = flt_arena_new(1u << 20);
    struct flt_text_in in = {
        .snapshot = snapshot, .tenant = UINT32_MAX, .role = FLT_ROLE_USER, .text = flt_str_of(text)};
    struct flt_decision dec;
    struct flt_str edited;
    assert_int_equal(flt_inspect_text(w, &in, arena, &dec, &edited), FLT_OK);
    flt_arena_free(arena);
    flt_worker_free(w);
    return dec.score;
}

static void what_adds_raises_the_score(void **state)
{
    (void)state;
    /* Of a value that is redacted 0.45 counts (policy/decide.c): 0.9 and 0.95 of that. */
    assert_true(score_of("sum L1234") > 0.404 && score_of("sum L1234") < 0.406);
    assert_true(score_of("sum L1234, sure") > 0.427 && score_of("sum L1234, sure") < 0.428);
    assert_true(score_of("sure, L1234") < 0.01); /* not enough by itself */
}

/* Texts of pieces that rules want, hate and stumble over, so that waiting matches overlap each other. */
static void any_text_is_the_same_in_pieces(void **state)
{
    static const char *const bits[] = {"N1234",       "L1234",  "12T", "drop it", "say it", "say this", "quote abc",
                                       "123-",        "R-abcd", "S1",  "tax id",  "sum",    "kg",       "please",
                                       "for example", "e g",    "`",   "~",       "key",    "here",     "steuer",
                                       " ",           " ",      ", ",  "x",       "4",      "\xC3\xA9", "sure"};
    uint64_t seed = 4711;
    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        char text[400];
        size_t n = 0;
        for (unsigned k = 2 + (unsigned)(rig_random(&seed) % 16); k-- > 0;) {
            const char *bit = bits[rig_random(&seed) % FLT_ARRAY_LEN(bits)];
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", bit, rig_random(&seed) % 3 == 0 ? "" : " ");
        }
        every_way((struct flt_str){text, n}, &seed);
    }
}

/* What waits for its surroundings is held, and no more than the stream promises; nothing costs more for waiting. */
static void a_stream_holds_no_more_than_it_promises(void **state)
{
    struct rig r;
    char text[60000];
    size_t *cuts = malloc(sizeof(text) * sizeof(*cuts));
    assert_non_null(cuts);
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = "N1234 S1 12T drop it 123-"[i % 25];
        cuts[i] = i;
    }
    (void)state;
    rig_open(&r, snapshot, UINT32_MAX, false);
    struct outcome whole = rig_whole(&r, (struct flt_str){text, sizeof(text)});
    struct outcome o = rig_pieces(&r, (struct flt_str){text, sizeof(text)}, cuts, sizeof(text));
    assert_null(rig_differ(&r, &whole, &o));
    assert_int_equal(o.rc, FLT_OK);
    assert_true(o.most_held > 20 && o.most_held <= flt_snapshot_max_hold(snapshot));
    outcome_free(&o);
    outcome_free(&whole);
    rig_close(&r);
    free(cuts);
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
        cmocka_unit_test(a_label_on_either_side_makes_it_count),
        cmocka_unit_test(a_side_is_a_side),
        cmocka_unit_test(excuses_drop_and_quotations_mention),
        cmocka_unit_test(runs_look_back_only),
        cmocka_unit_test(a_mention_is_recorded_as_one),
        cmocka_unit_test(what_adds_raises_the_score),
        cmocka_unit_test(any_text_is_the_same_in_pieces),
        cmocka_unit_test(a_stream_holds_no_more_than_it_promises),
    };
    return cmocka_run_group_tests(tests, open_rules, snapshot_close);
}
