/* The pattern analyser: widths, bytes and words against every string of small patterns, against PCRE2 and against
 * Hyperscan. */
#include <setjmp.h>
#include <stdarg.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>

#include "rules_fixture.h"
#include "rule/rule.h"
#include "engine/snapshot.h"

#include <cmocka.h>

static int analyse(const char *pattern, bool caseless, struct flt_shape *s, char *head, size_t cap, size_t *where,
                   const char **why)
{
    struct flt_buf b;
    flt_buf_init(&b, 1u << 16);
    int rc = flt_shape_analyse(flt_str_of(pattern), caseless, s, &b, where, why);
    if (rc == FLT_OK && head != NULL)
        snprintf(head, cap, "%.*s", FLT_STR_ARG(flt_buf_str(&b)));
    flt_buf_free(&b);
    return rc;
}

/* ---- every string over a small alphabet
 * -------------------------------------------------------------------------------- */

#define ALPHABET "abxA-1"
#define LONGEST  5u

static pcre2_code *compile(const char *pattern, uint32_t options)
{
    int code;
    PCRE2_SIZE at;
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern),
                                   options | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_UTF, &code, &at, NULL);
    assert_non_null(re);
    return re;
}

static void brute_force(const char *pattern, bool caseless)
{
    struct flt_shape s;
    char head[256], text[LONGEST];
    size_t where, digits[LONGEST] = {0};
    const char *why;
    uint32_t least = UINT32_MAX, most = 0;
    struct flt_byteset first = {{0}}, body = {{0}}, alphabet = {{0}};
    if (analyse(pattern, caseless, &s, head, sizeof(head), &where, &why) != FLT_OK)
        fail_msg("%s: %s", pattern, why);
    pcre2_code *re = compile(head, caseless ? PCRE2_CASELESS : 0);
    pcre2_match_data *d = pcre2_match_data_create(2, NULL);
    for (size_t n = 1; n <= LONGEST; n++) {
        memset(digits, 0, sizeof(digits));
        for (bool more = true; more;) {
            for (size_t i = 0; i < n; i++)
                text[i] = ALPHABET[digits[i]];
            if (pcre2_match(re, (PCRE2_SPTR)text, n, 0, 0, d, NULL) > 0) {
                least = n < least ? (uint32_t)n : least;
                most = (uint32_t)n;
                flt_byteset_add(&first, (uint8_t)text[0]);
                for (size_t i = 0; i < n; i++)
                    flt_byteset_add(&body, (uint8_t)text[i]);
            }
            size_t k = 0;
            while (k < n && ++digits[k] == sizeof(ALPHABET) - 1)
                digits[k++] = 0;
            more = k < n;
        }
    }
    for (const char *p = ALPHABET; *p != '\0'; p++) {
        flt_byteset_add(&alphabet, (uint8_t)*p);
        if (flt_byteset_has(&first, (uint8_t)*p) && !flt_byteset_has(&s.first, (uint8_t)*p))
            fail_msg("%s can begin with %c", pattern, *p);
        if (flt_byteset_has(&body, (uint8_t)*p) && !flt_byteset_has(&s.body, (uint8_t)*p))
            fail_msg("%s can hold %c", pattern, *p);
        /* and no more than that: these patterns have no parts that can never match */
        if (flt_byteset_has(&s.first, (uint8_t)*p) != flt_byteset_has(&first, (uint8_t)*p))
            fail_msg("%s cannot begin with %c", pattern, *p);
    }
    if (least != s.min || (s.max <= LONGEST && most != s.max))
        fail_msg("%s: %u..%u, analysed %u..%u", pattern, least, most, s.min, s.max);
    pcre2_match_data_free(d);
    pcre2_code_free(re);
}

static void small_patterns_match_what_is_said(void **state)
{
    static const char *const patterns[] = {"a", "ab", "a|b", "a|bx", "a?b", "a{2}", "a{1,3}", "a{0,2}b", "[ab]x",
                                           "[^ab]", "[a-b1]{2}", "(a)b", "a(b|x1)", "(?:a|b1){1,2}", "(?:a?b?x){1,2}",
                                           "\\d\\w", "\\Wa", "a\\Db", "a.b", "\\x61\\-", "[\\-x]", "[x-]", "[]a]",
                                           "[^]a]b", "\\w{3}", "(?:|a)b", "(?:a|)b", "(?:a{0,2}|bb)1", "[\\d\\-]{1,2}x",
                                           "[\\Wb]", "a{1}", "a{1,1}b?", "(?:(?:a))b", "((?:a|b)1?)",
                                           /* runs: the head stands for them */
                                           "ab+", "a[b1]*", "ab{2,}", "(ab{2,})", "a(?:b(x+))", "x[^a]{1,}"};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(patterns); i++) {
        brute_force(patterns[i], false);
        brute_force(patterns[i], true);
    }
}

static void runs_have_a_closed_head(void **state)
{
    static const struct {
        const char *pattern, *head;
        uint32_t max;
    } v[] = {{"ab+", "ab{1}", 2},
             {"a[b1]*", "a[b1]{0}", 1},
             {"ab{2,}", "ab{2}", 3},
             {"p=(x{3,})", "p=(x{3})", 5},
             {"(?:a|bb)(?:c([^ ]{0,}))", "(?:a|bb)(?:c([^ ]{0}))", 3}};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_shape s;
        char head[100];
        size_t where;
        const char *why;
        assert_int_equal(analyse(v[i].pattern, false, &s, head, sizeof(head), &where, &why), FLT_OK);
        assert_string_equal(head, v[i].head);
        assert_int_equal(s.kind, FLT_SHAPE_RUN);
        assert_int_equal(s.max, v[i].max);
        assert_true(flt_byteset_count(&s.run) > 0);
    }
}

/* ---- refusals
 * --------------------------------------------------------------------------------------------------------------- */

static void what_is_not_understood_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *pattern;
        size_t where;
        const char *why;
    } v[] = {{"", 0, "empty"},
             {"a(?=b)", 1, "only (?:...)"},
             {"ab(?<!c)", 2, "only (?:...)"},
             {"(?i)a", 0, "only (?:...)"},
             {"(?<n>a)", 0, "only (?:...)"},
             {"(?", 0, "only (?:...)"},
             {"a(?#x)", 1, "only (?:...)"},
             {"(a)(b)", 3, "only one capture"},
             {"((a))", 1, "only one capture"},
             {"a^b", 1, "anchors"},
             {"ab$", 2, "anchors"},
             {"a\\b", 1, "escape"},
             {"\\1(a)", 0, "escape"},
             {"a\\p{L}", 1, "escape"},
             {"\\Qa\\E", 0, "escape"},
             {"\\x4", 0, "escape"},
             {"a\\", 1, "backslash"},
             {"[a\\", 2, "backslash"},
             {"a+?", 2, "lazy"},
             {"a*+", 2, "lazy"},
             {"a??", 2, "lazy"},
             {"a{2}?", 4, "lazy"},
             {"*a", 0, "nothing to repeat"},
             {"a|+b", 2, "nothing to repeat"},
             {"(?:?a)", 3, "nothing to repeat"},
             {"(*UTF)a", 1, "nothing to repeat"},
             {"a{2}{3}", 4, "brace"},
             {"a{,3}", 1, "brace"},
             {"a{b", 1, "brace"},
             {"{2}", 0, "brace"},
             {"a{3,2}", 1, "out of order"},
             {"a{70000}", 2, "65535"},
             {"[a", 0, "not closed"},
             {"x[^]", 1, "not closed"},
             {"[b-a]", 3, "out of order"},
             {"[a-\\d]", 3, "out of order"},
             {"[\\d-z]", 3, "cannot begin a range"},
             {"[[:alpha:]]", 1, "POSIX"},
             {"a[.x.]", 1, "POSIX"},
             {"[:a:]", 0, "POSIX"},
             {"[\xC3\xA9]", 1, "non-ASCII"},
             {"[\\b]", 1, "escape"},
             {"(a", 0, "not closed"},
             {"a)", 1, "without a group"},
             {"a.*b", 2, "not at the end"},
             {"a+b", 1, "not at the end"},
             {"a+b+", 3, "more than one"},
             {"(?:ab)+", 6, "more than one class"},
             {"x(?:a|bc)*", 9, "more than one class"},
             {"(?:xa+|b)", 5, "alternation"},
             {"(?:a+){2}", 4, "alternation or a repeated"},
             {"x(?:a+)?", 5, "repeated group"},
             {"a?", 0, "nothing at all"},
             {"(?:|a)", 0, "nothing at all"},
             {"a*", 0, "nothing at all"},
             {"a{4097}", 0, "4096"},
             {"(?:a{100}){41}", 0, "4096"},
             {"(?:a{60000}){60000}", 0, "4096"}};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_shape s;
        size_t where = 999;
        const char *why = "";
        if (analyse(v[i].pattern, false, &s, NULL, 0, &where, &why) == FLT_OK)
            fail_msg("%s is taken", v[i].pattern);
        if (where != v[i].where || strstr(why, v[i].why) == NULL)
            fail_msg("%s: at %zu (wanted %zu): %s", v[i].pattern, where, v[i].where, why);
    }
    char deep[200];
    struct flt_shape s;
    size_t where;
    const char *why;
    memset(deep, 0, sizeof(deep));
    for (size_t i = 0; i < 40; i++)
        memcpy(deep + 3 * i, "(?:", 3);
    assert_int_equal(analyse(deep, false, &s, NULL, 0, &where, &why), FLT_E_CONFIG);
    assert_string_equal(why, "groups are nested too deeply");
    assert_int_equal(
        flt_shape_analyse((struct flt_str){"a\0b", 3}, false, &s, &(struct flt_buf){.max = 100}, &where, &why),
        FLT_E_CONFIG);
    assert_int_equal(where, 1);
}

/* ---- the shipped patterns
 * ------------------------------------------------------------------------------------------------------ */

static void shipped_patterns_agree_with_both_engines(void **state)
{
    struct flt_snapshot *s = fixture_shipped(NULL, 0);
    (void)state;
    assert_true(s->rs->n_detectors > 100);
    for (uint32_t i = 0; i < s->rs->n_detectors; i++) {
        const struct flt_rule *r = &s->rs->rules[s->rs->detectors[i].rule];
        const struct flt_shape *shape = flt_matcher_shape(s->rs->detectors[i].m);
        const char *head = flt_matcher_head(s->rs->detectors[i].m);
        int code;
        PCRE2_SIZE at;
        const uint8_t *bitmap = NULL;
        pcre2_code *re = pcre2_compile((PCRE2_SPTR)head, strlen(head),
                                       PCRE2_NEVER_UTF | (r->caseless ? PCRE2_CASELESS : 0u), &code, &at, NULL);
        assert_non_null(re);
        uint32_t unit = 0, type = 0;
        assert_int_equal(pcre2_pattern_info(re, PCRE2_INFO_FIRSTBITMAP, &bitmap), 0);
        assert_int_equal(pcre2_pattern_info(re, PCRE2_INFO_FIRSTCODETYPE, &type), 0);
        assert_int_equal(pcre2_pattern_info(re, PCRE2_INFO_FIRSTCODEUNIT, &unit), 0);
        /* PCRE2's set may be larger where it gives up early, never smaller */
        for (unsigned c = 0; bitmap != NULL && c < 256; c++) {
            if (flt_byteset_has(&shape->first, (uint8_t)c) && (bitmap[c / 8] >> (c % 8) & 1) == 0)
                fail_msg("%.*s cannot begin with %u", FLT_STR_ARG(r->id), c);
        }
        if (type == 1)
            assert_true(flt_byteset_has(&shape->first, (uint8_t)unit));
        hs_expr_info_t *info = NULL;
        hs_compile_error_t *err = NULL;
        assert_int_equal(hs_expression_info(head, r->caseless ? HS_FLAG_CASELESS : 0, &info, &err), HS_SUCCESS);
        if (info->min_width != shape->min || info->max_width != shape->max)
            fail_msg("%.*s: %u..%u, Hyperscan says %u..%u", FLT_STR_ARG(r->id), shape->min, shape->max, info->min_width,
                     info->max_width);
        free(info);
        pcre2_code_free(re);
    }
    flt_snapshot_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_patterns_match_what_is_said),
        cmocka_unit_test(runs_have_a_closed_head),
        cmocka_unit_test(what_is_not_understood_is_refused_with_its_place),
        cmocka_unit_test(shipped_patterns_agree_with_both_engines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
