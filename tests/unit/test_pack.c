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
        {8, "  - id: pii.retired_example", 8, 9, "is retired: an id never comes back"},
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
        /* levels */
        {12, "    sensitivity: {block: 1, observe: 2}", 12, 38, "above block (expected 1 to 1)"},
        {12, "    sensitivity: {block: 1}", 12, 18, "missing"},
        {12, "    sensitivity: {block: 0, observe: 0}", 12, 26, "expected 1 to 4"},
        {12, "    sensitivity: {block: 1, observe: 1, act: 1}", 12, 41, "unknown key"},
        /* what a rule is about */
        {21, "    action: redact\n    refs: [CWE-359, CWE-358]", 22, 21, "'CWE-358' (did you mean CWE-359?)"},
        {21, "    action: redact\n    refs: [nothing_like_it]", 22, 12, "an id of rulesets/references.yaml"},
        {21, "    action: redact\n    refs: CWE-359", 22, 11, "a list of 1 to 16 ids"},
        {21, "    action: redact\n    langs: [en, xx]", 22, 17, "'xx' is no ISO 639-1 code"},
        {21, "    action: redact\n    langs: [en, eng]", 22, 17, "'eng' is no ISO 639-1 code"},
        {21, "    action: redact\n    langs: [en, de, en]", 22, 21, "'en' stands there twice"},
        {21, "    action: redact\n    langs: en", 22, 12, "expected a list"},
        {21, "    action: redact\n    kind: A word", 22, 11, "lower-case"},
        {21, "    action: redact\n    fp_budget: 5", 22, 16, "expected"},
        {21, "    action: redact\n    fp_budget: {per_million_sentences: -1}", 22, 40, "expected 0 to"},
        {21, "    action: redact\n    variants: {carriers: false}", 22, 15, "missing"},
        {21, "    action: redact\n    variants: {reason: none}", 22, 15, "expected carriers: false, or except"},
        {21, "    action: redact\n    variants: {except: [lead], reason: x}", 22, 25, "unknown view"},
        /* views */
        {21, "    action: redact\n    views: [folded, sideways]", 22, 21, "unknown view (expected raw, folded"},
        {21, "    action: redact\n    views: folded", 22, 12, "expected a list of views"},
        {21, "    action: redact\n    views: []", 22, 12, "expected a list of views"},
        /* contexts */
        {21, "    action: redact\n    near: []", 22, 11, "expected a list of contexts"},
        {21, "    action: redact\n    near: {words: [a]}", 22, 11, "expected a list of contexts"},
        {21, "    action: redact\n    near: [{within: 9}]", 22, 12, "expected either pattern or words"},
        {21, "    action: redact\n    near: [{words: [a], pattern: b}]", 22, 12, "expected either pattern or words"},
        {21, "    action: redact\n    near: [{words: [a], within: 513}]", 22, 33, "expected 1 to 512"},
        {21, "    action: redact\n    near: [{words: [a], within: 0}]", 22, 33, "expected 1 to 512"},
        {21, "    action: redact\n    near: [{words: [a], side: left}]", 22, 31, "expected both, before"},
        {21, "    action: redact\n    near: [{words: [a], adds: 2}]", 22, 31, "expected 0 to 1"},
        {21, "    action: redact\n    near: [{words: [a], drop: true}]", 22, 25, "unknown key"},
        {21, "    action: redact\n    not: [{words: [a], adds: 0.1}]", 22, 24, "unknown key"},
        {21, "    action: redact\n    not: [{pattern: 'a+'}]", 22, 11, "rule pii.num: a context must be bounded"},
        {21, "    action: redact\n    not: [{pattern: '(?=a)'}]", 22, 11, "rule pii.num: only (?:...)"},
        {21, "    action: redact\n    not: [{pattern: '{{no}}'}]", 22, 11, "unknown macro {{no}}"},
        {21,
         "    action: redact\n    not: [{words: [a]}, {words: [b]}, {words: [c]}, {words: [d]}, {words: [e]}, "
         "{words: [f]}, {words: [g]}, {words: [h]}, {words: [i]}]",
         22, 123, "more than 8 contexts"},
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        char *text = pack_with(v[i].line, v[i].with);
        expect_problem("pii", text, v[i].at_line, v[i].at_col, v[i].words);
        free(text);
    }
}

/* Nothing ends a block or a run, so nothing stands behind it. */
static void contexts_behind_what_has_no_end_are_reported(void **state)
{
    char *text = pack_with(16, "    block: {open: 'n', close: 'q'}\n    near: [{words: [x]}]");
    (void)state;
    expect_problem("pii", text, 17, 11, "a block or run has no end to look behind");
    free(text);
    text = pack_with(16, "    patterns: ['qar', 'n-[0-9]+']\n    not: [{words: [x], side: after}]");
    expect_problem("pii", text, 17, 10, "a block or run has no end to look behind");
    free(text);
}

/* One parsed pack; its only rule. The arena is the caller's. */
static const struct flt_rule *only_rule(const char *class_name, const char *text, struct flt_arena *arena,
                                        struct flt_rules *rules)
{
    struct flt_diag d = {0};
    flt_pack_parse("f", flt_str_of(class_name), flt_str_of(text), arena, rules, &d);
    if (d.n != 0)
        fail_msg("%u:%u: %s", d.v[0].line, d.v[0].col, d.v[0].message);
    assert_int_equal(rules->n, 1);
    return &rules->v[0];
}

static void a_rule_says_what_it_is_about(void **state)
{
    struct flt_arena *arena = flt_arena_new(1u << 20);
    struct flt_rules rules = {0};
    char *text = pack_with(21, "    action: redact\n    kind: badge\n    refs: [CWE-201, CWE-359, 'OWASP-LLM06:2025']\n"
                               "    langs: [en, de]\n    fp_budget: {per_million_sentences: 7}\n"
                               "    variants: {carriers: false, except: [leet, cipher], reason: it is so}");
    (void)state;
    const struct flt_rule *r = only_rule("pii", text, arena, &rules);
    free(text);
    assert_true(flt_str_is(r->kind, "badge"));
    assert_int_equal(r->fp_per_million, 7);
    assert_int_equal(r->langs.n, 2);
    assert_true(flt_str_is(r->langs.v[1], "de"));
    assert_false(r->variants.carriers);
    assert_int_equal(r->variants.except,
                     1u << FLT_VIEW_LEET | 1u << FLT_VIEW_ROT | 1u << FLT_VIEW_ATBASH | 1u << FLT_VIEW_REVERSED);
    assert_true(flt_str_is(r->variants.reason, "it is so"));
    /* the class's, then its own, none twice */
    uint32_t of_class = rules.refs->of_class[FLT_CLASS_PII].n, cwe = 0;
    assert_true(of_class >= 3);
    assert_int_equal(r->n_refs, of_class + 2);
    for (uint32_t i = 0; i < r->n_refs; i++)
        cwe += flt_str_is(r->refs[i]->id, "CWE-359");
    assert_int_equal(cwe, 1);
    assert_true(flt_str_is(r->refs[of_class]->id, "CWE-201"));
    assert_true(flt_str_is(r->refs[of_class + 1]->title, "Excessive agency"));
    flt_arena_free(arena);
}

static void levels_to_act_and_to_be_recorded_may_differ(void **state)
{
    static const struct {
        const char *line;
        int64_t block, observe;
    } v[] = {{"    sensitivity: 3", 3, 3}, {"    sensitivity: {block: 4, observe: 1}", 4, 1}};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_arena *arena = flt_arena_new(1u << 20);
        struct flt_rules rules = {0};
        char *text = pack_with(12, v[i].line);
        const struct flt_rule *r = only_rule("pii", text, arena, &rules);
        assert_int_equal(r->sensitivity, v[i].block);
        assert_int_equal(r->observe, v[i].observe);
        free(text);
        flt_arena_free(arena);
    }
}

static void contexts_are_read_as_written(void **state)
{
    struct flt_arena *arena = flt_arena_new(1u << 20);
    struct flt_rules rules = {0};
    char *text =
        pack_with(21, "    action: redact\n    near: [{words: ['tax id', '\xC3\xA9+'], within: 9, side: before}, "
                      "{pattern: '{{d}}kg', adds: 0.25, left: none}]\n    not: [{words: [x]}, {words: [y], "
                      "side: after, drop: true, right: digit}]");
    (void)state;
    const struct flt_rule *r = only_rule("pii", text, arena, &rules);
    const struct flt_context_conf *c = r->contexts;
    free(text);
    assert_int_equal(r->n_contexts, 4);
    assert_true(flt_str_is(c[0].pattern, "(?:tax[\\s_-]{1,3}id|\\xc3\\xa9\\x2b)"));
    assert_int_equal(c[0].kind, FLT_CONTEXT_NEAR);
    assert_true(c[0].before == 9 && c[0].after == 0 && c[0].left == FLT_BOUND_ALNUM && c[0].right == FLT_BOUND_ALNUM);
    assert_true(flt_str_is(c[1].pattern, "(?:[0-9])kg"));
    assert_int_equal(c[1].kind, FLT_CONTEXT_ADDS);
    assert_true(c[1].before == 40 && c[1].after == 40 && c[1].left == FLT_BOUND_NONE && c[1].adds > 0.24);
    assert_int_equal(c[2].kind, FLT_CONTEXT_MENTION);
    assert_int_equal(c[3].kind, FLT_CONTEXT_NOT);
    assert_true(c[3].before == 0 && c[3].after == 40 && c[3].right == FLT_BOUND_DIGIT);
    flt_arena_free(arena);
}

static void views_come_from_the_class_or_the_rule(void **state)
{
    uint32_t values = 1u << FLT_VIEW_RAW | 1u << FLT_VIEW_FOLDED | 1u << FLT_VIEW_JOINED;
    struct flt_arena *arena = flt_arena_new(1u << 20);
    struct flt_rules rules = {0}, own = {0};
    char *text = pack_with(0, "");
    (void)state;
    const struct flt_rule *r = only_rule("pii", text, arena, &rules);
    free(text);
    assert_int_equal(r->views & values, values);
    assert_true((r->views >> FLT_VIEW_BASE64 & 1u) && (r->views >> FLT_VIEW_SNEAKY & 1u));
    assert_int_equal(r->views & (1u << FLT_VIEW_SQUASHED | 1u << FLT_VIEW_ROT | 1u << FLT_VIEW_SKELETON), 0);
    assert_int_equal(r->n_squashed, 0);
    text = pack_with(21, "    action: redact\n    views: [squashed, cipher]");
    r = only_rule("pii", text, arena, &own);
    free(text);
    assert_int_equal(r->views, 1u << FLT_VIEW_RAW | 1u << FLT_VIEW_SQUASHED | 1u << FLT_VIEW_ROT |
                                   1u << FLT_VIEW_ATBASH | 1u << FLT_VIEW_REVERSED);
    assert_int_equal(r->n_squashed, 2);
    flt_arena_free(arena);
}

static void references_are_held_to_their_own_format(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *words;
    } v[] = {
        {"version: 1\nreferences: []\nclasses: {}\n", 2, "1 to 1000 references"},
        {"version: 1\nreferences:\n  - {id: A, title: a}\n  - {id: A, title: b}\nclasses: {}\n", 4, "already"},
        {"version: 1\nreferences: [{id: A}]\nclasses: {}\n", 2, "missing"},
        {"version: 1\nreferences: [{id: A, title: a}]\nclasses: {pii: [A]}\n", 3, "each of the 8 classes"},
        {"version: 1\nreferences: [{id: A, title: a}]\nclasses: {injection: [A], jailbreak: [A], secrets: [A], pii: "
         "[B], ip: [A], exfil: [A], output: [A], unicode: [A]}\n",
         3, "'B' is none of the references"},
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_arena *arena = flt_arena_new(1u << 20);
        struct flt_diag d = {0};
        assert_null(flt_refs_parse("r.yaml", flt_str_of(v[i].text), arena, &d));
        assert_true(d.n > 0);
        if (d.v[0].line != v[i].line || strstr(d.v[0].message, v[i].words) == NULL)
            fail_msg("%u: %s", d.v[0].line, d.v[0].message);
        flt_diag_free(&d);
        flt_arena_free(arena);
    }
}

/* The shipped list: every family is there, and no shipped rule has an id that is gone. */
static void the_shipped_references_hold_what_they_promise(void **state)
{
    static const char *const some[] = {"OWASP-LLM01:2025", "OWASP-LLM10:2025", "AML.T0051.001",         "CWE-1427",
                                       "AICM-MDS",         "ISO-42001:A.10",   "NIST-AI-RMF:MANAGE-4.1"};
    struct flt_arena *arena = flt_arena_new(64u << 20);
    struct flt_rules rules = {0};
    struct flt_diag d = {0};
    (void)state;
    flt_packs_load_builtin(arena, &rules, &d);
    assert_int_equal(d.n, 0);
    assert_true(rules.n > 100);
    for (size_t i = 0; i < FLT_ARRAY_LEN(some); i++)
        assert_non_null(flt_refs_find(rules.refs, flt_str_of(some[i])));
    for (uint32_t i = 0; i < rules.n; i++)
        assert_true(rules.v[i].n_refs >= 3 && !flt_id_retired(rules.v[i].id));
    assert_true(flt_id_retired(FLT_STR("pii.retired_example")));
    assert_false(flt_id_retired(FLT_STR("pii.retired")) || flt_id_retired(FLT_STR("")) || flt_id_retired(FLT_STR("#")));
    flt_arena_free(arena);
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

/* The rule's other mistakes, its patterns' too, and each only once. */
static void a_wrong_key_hides_no_other_mistake(void **state)
{
    static const struct {
        unsigned line;
        const char *with;
        unsigned n, at_line[4];
        const char *words[4];
    } v[] = {
        {16,
         "    colour: red\n    patterns: ['a(?=b)', 'q', 'a.*b']",
         3,
         {16, 17, 17},
         {"unknown key", "only (?:", "end"}},
        {16, "    colour: red\n    block: {open: '(', close: ')'}", 2, {16, 17}, {"unknown key", "not closed"}},
        {16, "    colour: red\n    block: {open: 'a', close: 'q+'}", 2, {16, 17}, {"unknown key", "must be bounded"}},
        {16, "    patterns: ['q{3}{4}', 'n{{what}}', '']", 3, {16, 16, 16}, {"unknown macro", "a pattern", "brace"}},
        {16, "    patterns: q", 1, {16}, {"1 to 32 patterns"}},
        {8, "  - id: [pii.num]", 1, {8}, {"not a string"}},
        {8, "  - id: Pii.num\n    colour: red", 2, {9, 8}, {"unknown key", "expected 'pii.'"}},
        {10,
         "    severity: grave\n    not: [{words: [x], side: up, within: 0}, {pattern: '(?=a)', words: [x]}]",
         4,
         {10, 11, 11, 11},
         {"expected info", "expected both", "expected 1 to 512", "either pattern or words"}},
        {10,
         "    severity: grave\n    not: [{pattern: 'x+', side: up}, {pattern: '(?=a)'}]",
         4,
         {10, 11, 11, 11},
         {"expected info", "expected both", "must be bounded", "only (?:"}},
        {22, "    placeholder: [A]", 1, {22}, {"replace"}},
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        char *text = pack_with(v[i].line, v[i].with);
        struct flt_diag d = {0};
        struct fixture_pack pack = {"pii", text};
        assert_null(fixture_try(&pack, 1, NULL, 0, &d));
        for (unsigned k = 0; k < d.n && k < v[i].n; k++) {
            if (d.v[k].line != v[i].at_line[k] || strstr(d.v[k].message, v[i].words[k]) == NULL)
                fail_msg("case %zu, %u:%u: %s (wanted %u: %s)", i, d.v[k].line, d.v[k].col, d.v[k].message,
                         v[i].at_line[k], v[i].words[k]);
        }
        if (d.n != v[i].n)
            fail_msg("case %zu: %u mistakes, the last: %s", i, d.n, d.v[d.n - 1].message);
        flt_diag_free(&d);
        free(text);
    }
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
        cmocka_unit_test(contexts_behind_what_has_no_end_are_reported),
        cmocka_unit_test(a_rule_says_what_it_is_about),
        cmocka_unit_test(levels_to_act_and_to_be_recorded_may_differ),
        cmocka_unit_test(contexts_are_read_as_written),
        cmocka_unit_test(views_come_from_the_class_or_the_rule),
        cmocka_unit_test(references_are_held_to_their_own_format),
        cmocka_unit_test(the_shipped_references_hold_what_they_promise),
        cmocka_unit_test(keys_that_do_not_go_together_are_reported),
        cmocka_unit_test(ids_are_taken_once),
        cmocka_unit_test(every_mistake_of_a_file_is_reported),
        cmocka_unit_test(a_wrong_key_hides_no_other_mistake),
        cmocka_unit_test(packs_stand_in_folders_of_their_class),
        cmocka_unit_test(broken_yaml_has_a_place),
        cmocka_unit_test(a_gate_that_matches_lack_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
