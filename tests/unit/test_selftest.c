/* Trying rules: the encoders against known vectors, what is counted, what is an error, and what a rule costs. */
#include <setjmp.h>
#include <stdarg.h>

#include "engine/selftest_disguise.h"
#include "flt/trial.h"
#include "rules_fixture.h"

#include <cmocka.h>

static const struct flt_disguise *disguise_of(const char *name)
{
    const struct flt_disguise *g = flt_disguises;
    while (g->name != NULL && strcmp(g->name, name) != 0)
        g++;
    assert_non_null(g->name);
    return g;
}

static void expect_disguise(const char *name, const char *text, const char *want)
{
    struct flt_buf b;
    flt_buf_init(&b, 4096);
    int rc = disguise_of(name)->fn(flt_str_of(text), &b);
    assert_int_equal(rc, want != NULL ? FLT_OK : FLT_E_TYPE);
    if (want != NULL && !flt_str_is(flt_buf_str(&b), want))
        fail_msg("%s: %.*s", name, FLT_STR_ARG(flt_buf_str(&b)));
    flt_buf_free(&b);
}

static void disguises_are_the_encodings_they_are_called_by(void **state)
{
    (void)state;
    expect_disguise("full-width", "aB1! z", "\xEF\xBD\x81\xEF\xBC\xA2\xEF\xBC\x91\xEF\xBC\x81 \xEF\xBD\x9A");
    expect_disguise("zero-width", "ab cd",
                    "a\xE2\x80\x8B"
                    "b c\xE2\x80\x8B"
                    "d");
    expect_disguise("look-alikes", "code Xn",
                    "\xD1\x81\xD0\xBE"
                    "d\xD0\xB5 \xD0\xA5n");
    expect_disguise("leet", "Ignore Sleet", "1gn0r3 5l33t");
    expect_disguise("spaced-out", "tell me now", "t e l l   m e   n o w");
    expect_disguise("put-together", "tell me more", "a = \"tell m\"\nb = \"e more\"\nprint(a + b)\n");
    expect_disguise("base64", "any carnal pleasure", "YW55IGNhcm5hbCBwbGVhc3VyZQ==");
    expect_disguise("hex", "OK, go on", "4f4b2c20676f206f6e");
    expect_disguise("percent", "a b", "%61%20%62");
    expect_disguise("entities", "a\xC3\xA9", "&#97;&#233;");
    expect_disguise("escapes", "a\xF0\x9F\x98\x80", "\\u0061\\ud83d\\ude00");
    expect_disguise("tags", "ab~ ", "\xF3\xA0\x81\xA1\xF3\xA0\x81\xA2\xF3\xA0\x81\xBE\xF3\xA0\x80\xA0");
    expect_disguise("variation", "\na\nb", "x\xEF\xB8\x8A\xF3\xA0\x85\x91\xEF\xB8\x8A\xF3\xA0\x85\x92");
    expect_disguise("rot13", "The quick brown fox jumps over the lazy dog, and Then Zebra.",
                    "Gur dhvpx oebja sbk whzcf bire gur ynml qbt, naq Gura Mroen.");
    expect_disguise("reversed", "the quick brown fox jumps over the lazy dog and then",
                    "neht dna god yzal eht revo spmuj xof nworb kciuq eht");
}

static void disguises_leave_texts_that_they_do_not_suit(void **state)
{
    (void)state;
    expect_disguise("full-width", "a!", NULL);
    expect_disguise("look-alikes", "lint", "l\xD1\x96nt");
    expect_disguise("look-alikes", "ln", NULL);
    expect_disguise("look-alikes",
                    "\xC3\xA9"
                    "a",
                    NULL);
    expect_disguise("leet", "route 66", NULL);
    expect_disguise("leet", "why", NULL);
    expect_disguise("spaced-out", "short", NULL);
    expect_disguise("put-together", "say \"this\" please", NULL);
    expect_disguise("base64", "short", NULL);
    expect_disguise("tags", "ab\ncd", NULL);
    expect_disguise("rot13", "too short to know it by", NULL);
    expect_disguise("reversed", "1234567890 1234567890 1234567890 1234567890 abc", NULL);
}

static int carry(const char *name, const char *text, char *out, size_t cap)
{
    struct flt_buf b;
    const struct flt_carrier *c = flt_carriers;
    while (c->name != NULL && strcmp(c->name, name) != 0)
        c++;
    assert_non_null(c->name);
    flt_buf_init(&b, 4096);
    int rc = flt_carry(c, flt_str_of(text), &b);
    snprintf(out, cap, "%.*s", rc == FLT_OK ? (int)b.n : 0, rc == FLT_OK ? b.p : "");
    flt_buf_free(&b);
    return rc;
}

static void carriers_hold_the_text_as_it_is(void **state)
{
    char out[200];
    (void)state;
    assert_int_equal(carry("JSON string", "a b", out, sizeof(out)), FLT_OK);
    assert_string_equal(out, "{\"n\": 1, \"text\": \"a b\"}");
    assert_int_equal(carry("JSON string", "a \"b\"", out, sizeof(out)), FLT_E_TYPE);
    assert_int_equal(carry("JSON string", "a\nb", out, sizeof(out)), FLT_E_TYPE);
    assert_int_equal(carry("URL query", "a_b.c~d", out, sizeof(out)), FLT_OK);
    assert_int_equal(carry("URL query", "a b", out, sizeof(out)), FLT_E_TYPE);
    assert_int_equal(carry("URL query", "\xC3\xA9", out, sizeof(out)), FLT_E_TYPE);
    assert_int_equal(carry("table cell", "a|b", out, sizeof(out)), FLT_E_TYPE);
    assert_int_equal(carry("code fence", "a\n`b`", out, sizeof(out)), FLT_OK);
    for (const struct flt_carrier *c = flt_carriers; c->name != NULL; c++)
        assert_int_equal(carry(c->name, "plain", out, sizeof(out)), FLT_OK);
}

/* ---- trials ------------------------------------------------------------------------------------------------------ */

struct told {
    unsigned errors, warnings;
    char all[8192];
};

static void on_problems(void *arg, const struct flt_diag *d)
{
    struct told *t = arg;
    for (unsigned i = 0; i < d->n; i++) {
        size_t n = strlen(t->all);
        t->errors += d->v[i].status != FLT_OK;
        t->warnings += d->v[i].status == FLT_OK;
        snprintf(t->all + n, sizeof(t->all) - n, "%u: %s\n", d->v[i].line, d->v[i].message);
    }
}

static struct told try_rules(const char *class_name, const char *text, struct flt_trial *out)
{
    struct fixture_pack pack = {class_name, text};
    struct flt_snapshot *s = fixture_snapshot(&pack, 1, NULL, 0);
    struct told t = {.errors = 0};
    assert_int_equal(flt_snapshot_trial(s, out, on_problems, &t), FLT_OK);
    flt_snapshot_free(s);
    return t;
}

static const struct flt_trial_count *count_of(const struct flt_trial_count *v, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(v[i].name, name) == 0)
            return &v[i];
    }
    fail_msg("%s was not tried", name);
    return NULL;
}

#define RULE(id, more, yes, no)                                                                                        \
    "  - {id: " id ", title: t, severity: low, confidence: 1, sensitivity: 1, action: block, " more                    \
    ", examples: {match: [" yes "], no_match: [" no "]}}\n"

static void a_sound_rule_is_found_in_everything(void **state)
{
    struct flt_trial trial;
    (void)state;
    struct told t =
        try_rules("pii",
                  "pack: pii.s\nversion: 1\nrules:\n" RULE("pii.tok",
                                                           "patterns: ['tokn-[a-z]{12}'], left: "
                                                           "token, right: token",
                                                           "'use tokn-riverbanking now', "
                                                           "'a tokn-mountainpath or two', 'the tokn-silverlining'",
                                                           "tokn-1, tokn, x"),
                  &trial);
    assert_string_equal(t.all, "");
    assert_int_equal(trial.n_carriers, FLT_CARRIERS);
    for (uint32_t i = 0; i < trial.n_carriers; i++) {
        assert_int_equal(trial.carrier[i].tried, 3);
        assert_int_equal(trial.carrier[i].found, 3);
    }
    assert_int_equal(count_of(trial.disguise, trial.n_disguises, "percent")->found, 3);
    assert_int_equal(count_of(trial.disguise, trial.n_disguises, "full-width")->found, 3);
    for (uint32_t i = 0; i < trial.n_disguises; i++) /* of views that the class does not have */
        assert_true(strcmp(trial.disguise[i].name, "rot13") != 0 && strcmp(trial.disguise[i].name, "leet") != 0);
    assert_int_equal(trial.worst_rule, 0);
    assert_true(trial.worst_cost > 0 && trial.worst_cost < 10);
}

static void what_is_not_found_is_an_error_or_excused(void **state)
{
    static const char *const lost =
        "patterns: ['tokn-[0-9]{12}'], not: [{pattern: '[)]', side: after, within: 2, left: "
        "none, right: none, drop: true}]";
    char rule[2000], more[800];
    struct flt_trial trial;
    (void)state;
    for (int excuse = 0; excuse < 2; excuse++) {
        snprintf(more, sizeof(more), "%s%s", lost, excuse ? ", variants: {carriers: false, reason: so it is}" : "");
        snprintf(rule, sizeof(rule),
                 "pack: pii.s\nversion: 1\nrules:\n  - {id: pii.tok, title: t, severity: low, confidence: 1, "
                 "sensitivity: 1, action: block, %s,\n    examples: {match: [tokn-123456789012, tokn-000000000000,\n"
                 "      tokn-111122223333], no_match: [tokn-1, tokn, x]}}\n",
                 more);
        struct told t = try_rules("pii", rule, &trial);
        const struct flt_trial_count *c = count_of(trial.carrier, trial.n_carriers, "parentheses");
        assert_true(c->tried == 3 && c->found == 0 && c->excused == (excuse ? 3 : 0));
        assert_int_equal(t.errors, excuse ? 0 : 3);
        assert_int_equal(
            strstr(t.all, "6: rule pii.tok: not found in the carrier 'parentheses' (the whole example in it)") != NULL,
            !excuse);
    }
}

static void lints_say_what_is_missing(void **state)
{
    struct flt_trial trial;
    (void)state;
    struct told t = try_rules("pii",
                              "pack: pii.s\nversion: 1\nrules:\n" RULE("pii.few", "patterns: ['tokn-[0-9]{12}']",
                                                                       "tokn-123456789012", "tokn-1, tokn, x")
                                  RULE("pii.blind", "patterns: ['[a-z0-9]{9}x']", "abcdefghix, aaaaabbbbx, qwertyuiox",
                                       "1x, x, y") RULE("pii.gated", "patterns: ['[a-z0-9]{9}y'], gate: ['[0-9]{5}']",
                                                        "abcd56789y, bbbb00000y, cccc22223y", "1y, x, y")
                                      RULE("pii.own_gate", "patterns: ['[a-z0-9]{9}z'], gate: ['[a-z]z']",
                                           "abcdefghiz, aaaaabbbbz, qwertyuioz", "1z, x, y"),
                              &trial);
    assert_non_null(strstr(t.all, "rule pii.few: 1 examples that match and 3 that do not"));
    assert_non_null(strstr(t.all, "rule pii.blind: 1 of its patterns have no telling word, and it has no gate"));
    assert_null(strstr(t.all, "rule pii.gated: 1 of its"));
    assert_non_null(strstr(t.all, "rule pii.own_gate: 1 of its patterns have no telling word, and its gates are none"));
}

/* Every begin of a long phrase is a match that its validator refuses after the whole width. */
static void a_costly_rule_is_an_error(void **state)
{
    struct flt_trial trial;
    (void)state;
    struct told t = try_rules("pii",
                              "pack: pii.s\nversion: 1\nrules:\n" RULE(
                                  "pii.wide", "patterns: ['qqq[a-z0-9 ]{30,2000}'], validate: [has_digit]",
                                  "'qqqabcdefghijklmnopqrstuvwxyzabcdqqq7', 'qqqabcdefghijklmnopqrstuvwxyzabcd8', "
                                  "'qqqabcdefghijklmnopqrstuvwxyzabcd9'",
                                  "qqq, x, y"),
                              &trial);
    assert_non_null(strstr(t.all, "rule pii.wide: a text of its near-misses makes PCRE2 look at"));
    assert_true(trial.worst_cost > FLT_TRIAL_COST_MAX);
}

static void a_profile_counts_what_is_on(void **state)
{
    struct fixture_pack pack = {
        "pii", "pack: pii.s\nversion: 1\nrules:\n" RULE("pii.tok", "patterns: ['tokn-[0-9]{12}'], left: alnum",
                                                        "tokn-123456789012", "tokn-1")};
    struct flt_snapshot *s = fixture_snapshot(&pack, 1, NULL, 0);
    struct flt_profile *p = flt_profile_new(s);
    struct flt_profile_cost c;
    struct flt_str text = FLT_STR("tokn-123456789012 tokn-7 tokn-210987654321");
    (void)state;
    assert_non_null(p);
    assert_int_equal(flt_profile_scan(p, text), FLT_OK);
    assert_int_equal(flt_profile_confirm(p, &c), FLT_OK);
    assert_true(c.hits == 0 && c.confirm == 0 && c.findings == 0);
    flt_profile_rule(p, 0, true);
    assert_int_equal(flt_profile_scan(p, text), FLT_OK);
    assert_int_equal(flt_profile_scan(p, text), FLT_OK); /* one scan may be left unfinished */
    assert_int_equal(flt_profile_confirm(p, &c), FLT_OK);
    assert_int_equal(c.findings, 2);
    assert_true(c.hits == 3 && c.confirm >= 34 && c.confirm <= 2 * text.n);
    flt_profile_free(p);
    flt_snapshot_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disguises_are_the_encodings_they_are_called_by),
        cmocka_unit_test(disguises_leave_texts_that_they_do_not_suit),
        cmocka_unit_test(carriers_hold_the_text_as_it_is),
        cmocka_unit_test(a_sound_rule_is_found_in_everything),
        cmocka_unit_test(what_is_not_found_is_an_error_or_excused),
        cmocka_unit_test(lints_say_what_is_missing),
        cmocka_unit_test(a_costly_rule_is_an_error),
        cmocka_unit_test(a_profile_counts_what_is_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
