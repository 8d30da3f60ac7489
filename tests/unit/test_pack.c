/* Rule packs: what the format takes, and every mistake with its file, line, column and words. */
#include <setjmp.h>
#include <stdarg.h>

#include "rule/rule.h"
#include "rules_fixture.h"

#include <cmocka.h>

/* The lines of a sound pack; a test replaces one or adds some. Line 8 is the first key of the rule. */
static const char *const sound[] = {"pack: pii.test",
                                    "version: 1",
                                    "title: A test",
                                    "macros:",
                                    "  d: '[0-9]'",
                                    "  dd: '{{d}}{2}'",
                                    "rules:",
                                    "  - id: pii.num",
                                    "    title: Number",
                                    "    severity: high",
                                    "    confidence: 0.75",
                                    "    sensitivity: 2",
                                    "    direction: request",
                                    "    roles: [user, tool]",
                                    "    case: insensitive",
                                    "    patterns: ['n{{dd}}-{{d}}', 'q[a-f]r']",
                                    "    left: word",
                                    "    right: digit",
                                    "    gate: ['n', 'q']",
                                    "    validate: [not_placeholder]",
                                    "    action: redact",
                                    "    placeholder: '[NUM]'",
                                    "    examples:",
                                    "      match: [{text: 'a n12-3 b', span: n12-3}, qar]",
                                    "      no_match: [n1]"};

static char *pack_with(unsigned line, const char *replacement)
{
    size_t cap = 8192, n = 0;
    char *p = malloc(cap);
    assert_non_null(p);
    for (unsigned i = 0; i < FLT_ARRAY_LEN(sound); i++)
        n += (size_t)snprintf(p + n, cap - n, "%s\n", i + 1 == line ? replacement : sound[i]);
    return p;
}

static void a_sound_pack_says_what_its_rule_says(void **state)
{
    struct flt_arena *arena = flt_arena_new(1u << 20);
    struct flt_rules rules = {0};
    struct flt_diag d = {0};
    char *text = pack_with(0, "");
    (void)state;
    flt_pack_parse("pii/test.yaml", FLT_STR("pii"), flt_str_of(text), arena, &rules, &d);
    assert_int_equal(d.n, 0);
    assert_int_equal(rules.n, 1);
    const struct flt_rule *r = &rules.v[0];
    assert_true(flt_str_is(r->id, "pii.num") && flt_str_is(r->title, "Number") && flt_str_is(r->pack, "pii.test") &&
                flt_str_is(r->file, "pii/test.yaml"));
    assert_int_equal(r->line, 8);
    assert_int_equal(r->class_, FLT_CLASS_PII);
    assert_int_equal(r->severity, FLT_SEV_HIGH);
    assert_true(r->confidence > 0.74 && r->confidence < 0.76);
    assert_int_equal(r->sensitivity, 2);
    assert_int_equal(r->direction, FLT_REQUEST);
    assert_int_equal(r->roles, 1u << FLT_ROLE_USER | 1u << FLT_ROLE_TOOL);
    assert_int_equal(r->caseless, 1);
    assert_int_equal(r->n_patterns, 2);
    assert_true(flt_str_is(r->patterns[0].text, "n(?:(?:[0-9]){2})-(?:[0-9])"));
    assert_int_equal(r->patterns[1].line, 16);
    assert_int_equal(r->left, FLT_BOUND_WORD);
    assert_int_equal(r->right, FLT_BOUND_DIGIT);
    assert_int_equal(r->n_gates, 2);
    assert_int_equal(r->n_validate, 1);
    assert_int_equal(r->action, FLT_ACT_REDACT);
    assert_true(flt_str_is(r->placeholder, "[NUM]"));
    assert_int_equal(r->n_match, 2);
    assert_true(flt_str_is(r->match[0].text, "a n12-3 b") && flt_str_is(r->match[0].span, "n12-3"));
    assert_int_equal(r->n_no_match, 1);
    free(text);
    flt_arena_free(arena);
}

static void defaults_are_both_directions_and_all_roles(void **state)
{
    static const char *const text =
        "pack: pii.t\nversion: 1\nrules:\n  - {id: pii.k, title: t, severity: low, confidence: 1, sensitivity: 1, "
        "block: {open: 'a', close: 'b'}, action: block, examples: {match: [ab], no_match: [c]}}\n";
    struct flt_arena *arena = flt_arena_new(1u << 20);
    struct flt_rules rules = {0};
    struct flt_diag d = {0};
    (void)state;
    flt_pack_parse("f", FLT_STR("pii"), flt_str_of(text), arena, &rules, &d);
    assert_int_equal(d.n, 0);
    assert_int_equal(rules.v[0].direction, 2);
    assert_int_equal(rules.v[0].roles, (1u << FLT_ROLE_COUNT) - 1);
    assert_int_equal(rules.v[0].caseless, 0);
    assert_int_equal(rules.v[0].left, FLT_BOUND_NONE);
    assert_int_equal(rules.v[0].n_patterns, 0);
    assert_true(flt_str_is(rules.v[0].block_open.text, "a") && flt_str_is(rules.v[0].block_close.text, "b"));
    flt_arena_free(arena);
}

/* The first problem of the pack, found while reading it or while building from it, stands there and says so. */
static void expect_problem(const char *class_name, const char *text, unsigned line, unsigned col, const char *words)
{
    struct flt_diag d = {0};
    struct fixture_pack pack = {class_name, text};
    struct flt_snapshot *s = fixture_try(&pack, 1, NULL, 0, &d);
    if (s != NULL)
        fail_msg("taken although: %s", words);
    assert_true(d.n > 0);
    const struct flt_err *e = &d.v[0];
    char file[64];
    snprintf(file, sizeof(file), "/%s/p0.yaml", class_name);
    if (e->line != line || e->col != col || strstr(e->message, words) == NULL || strstr(e->file, file) == NULL)
        fail_msg("%s:%u:%u: %s: %s (wanted %u:%u: %s)", e->file, e->line, e->col, e->path, e->message, line, col,
                 words);
    flt_diag_free(&d);
}

static void each_mistake_is_reported_where_it_stands(void **state)
{
    static const struct {
        unsigned line; /* replaced */
        const char *with;
        unsigned at_line, at_col;
        const char *words;
    } v[] = {
        {2, "version: 2", 2, 10, "1"},
        {5, "  d: [x]", 5, 6, "expected a pattern"},
        {6, "  dd: '{{no}}{2}'", 6, 7, "unknown macro {{no}}"},
        {8, "  - id: other.num", 8, 9, "expected 'pii.' and lower-case letters"},
        {8, "  - id: pii.Num", 8, 9, "expected 'pii.' and lower-case letters"},
        {8, "  - id: pii.", 8, 9, "expected 'pii.'"},
        {9, "    titel: Number", 9, 5, "did you mean title"},
        {10, "    severity: grave", 10, 15, "expected info, low"},
        {11, "    confidence: 1.5", 11, 17, "expected 0 to 1"},
        {12, "    sensitivity: 5", 12, 18, "expected 1 to 4"},
        {13, "    direction: up", 13, 16, "expected request"},
        {14, "    roles: [user, king]", 14, 19, "unknown role"},
        {14, "    roles: []", 14, 12, "at least one role"},
        {15, "    case: maybe", 15, 11, "expected sensitive"},
        {16, "    patterns: []", 16, 15, "1 to 32 patterns"},
        {16, "    patterns: ['q', '']", 16, 21, "expected a pattern"},
        {16, "    patterns: ['q', 'n{{what}}']", 16, 21, "unknown macro {{what}}"},
        {16, "    patterns: ['q', 'a(?=b)']", 16, 21, "rule pii.num: only (?:...)"},
        {16, "    patterns: ['q', 'a.*b']", 16, 21, "not at the end"},
        {16, "    patterns: ['q', 'n+']", 16, 21, "a run has no right boundary"},
        {16, "    patterns: ['q', 'n{5000}']", 16, 21, "4096"},
        {16, "    patterns: ['q', 'n{2}{3}']", 16, 21, "brace"},
        {17, "    left: wall", 17, 11, "expected none, word"},
        {20, "    validate: [nope]", 20, 16, "unknown validator 'nope'"},
        {20, "    validate: mixed", 20, 15, "1 to 8 validators"},
        {21, "    action: hide", 21, 13, "expected allow"},
        {21, "    action: allow", 21, 13, "annotate, redact or block"},
        {22, "    placeholder: 'num'", 22, 18, "capitals"},
        {22, "    placeholder: '[A_MUCH_TOO_LONG_PLACEHOLDER]'", 22, 18, "at most 24 bytes"},
        {22, "", 8, 5, "needs a placeholder"},
        {24, "      match: []", 24, 7, "a rule needs examples"},
        {24, "      match: [{text: 'a n12-3 b', span: n12}, qar]", 24, 15, "not the given span"},
        {24, "      match: [qar, nope]", 24, 20, "the example is not found"},
        {24, "      match: [qar, {span: q}]", 24, 20, "expected a text"},
        {24, "      matsch: [q]", 24, 7, "unknown key 'matsch'"},
        {25, "      no_match: [ok, a qar b]", 25, 22, "must not be found"},
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        char *text = pack_with(v[i].line, v[i].with);
        expect_problem("pii", text, v[i].at_line, v[i].at_col, v[i].words);
        free(text);
    }
}

static void keys_that_do_not_go_together_are_reported(void **state)
{
    char *text = pack_with(16, "    block: {open: 'n', close: 'q'}\n    patterns: ['q']");
    (void)state;
    expect_problem("pii", text, 8, 5, "either patterns or block");
    free(text);
    text = pack_with(16, "    block: {open: 'n'}");
    expect_problem("pii", text, 16, 12, "{open: pattern, close: pattern}");
    free(text);
    text = pack_with(16, "    block: {open: 'n', close: 'q+'}");
    expect_problem("pii", text, 16, 31, "a closing marker must be bounded");
    free(text);
    text = pack_with(10, "");
    expect_problem("pii", text, 8, 5, "missing (expected impact");
    free(text);
}

static void ids_are_taken_once(void **state)
{
    char *text = pack_with(25, "      no_match: [n1]\n  - {id: pii.num, title: t, severity: low, confidence: 1, "
                               "sensitivity: 1, patterns: [x], action: block, examples: {match: [x], no_match: [y]}}");
    (void)state;
    expect_problem("pii", text, 26, 10, "'pii.num' is taken already");
    free(text);
}

static void every_mistake_of_a_file_is_reported(void **state)
{
    char *text = pack_with(8, "  - id: pii.num\n    colour: red\n    shape: round");
    struct flt_diag d = {0};
    struct fixture_pack pack = {"pii", text};
    (void)state;
    assert_null(fixture_try(&pack, 1, NULL, 0, &d));
    assert_true(d.n >= 2);
    assert_int_equal(d.v[0].line, 9);
    assert_int_equal(d.v[1].line, 10);
    flt_diag_free(&d);
    free(text);
}

static void packs_stand_in_folders_of_their_class(void **state)
{
    char *text = pack_with(0, "");
    struct flt_diag d = {0};
    struct fixture_pack pack = {"spices", text};
    (void)state;
    assert_null(fixture_try(&pack, 1, NULL, 0, &d));
    assert_non_null(strstr(d.v[0].message, "folder named after their class"));
    flt_diag_free(&d);
    expect_problem("secrets", text, 8, 9, "expected 'secrets.'");
    free(text);
}

static void broken_yaml_has_a_place(void **state)
{
    (void)state;
    expect_problem("pii", "pack: pii.x\nversion: 1\nrules:\n  - {id: pii.x\n", 5, 1, "");
}

/* A gate that a match does not hold makes the examples fail: the pack cannot be loaded with a blind rule. */
static void a_gate_that_matches_lack_is_found_out(void **state)
{
    char *text = pack_with(19, "    gate: ['zebra']");
    struct flt_diag d = {0};
    struct fixture_pack pack = {"pii", text};
    (void)state;
    assert_null(fixture_try(&pack, 1, NULL, 0, &d));
    assert_non_null(strstr(d.v[0].message, "not found"));
    flt_diag_free(&d);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_pack_says_what_its_rule_says),
        cmocka_unit_test(defaults_are_both_directions_and_all_roles),
        cmocka_unit_test(each_mistake_is_reported_where_it_stands),
        cmocka_unit_test(keys_that_do_not_go_together_are_reported),
        cmocka_unit_test(ids_are_taken_once),
        cmocka_unit_test(every_mistake_of_a_file_is_reported),
        cmocka_unit_test(packs_stand_in_folders_of_their_class),
        cmocka_unit_test(broken_yaml_has_a_place),
        cmocka_unit_test(a_gate_that_matches_lack_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
