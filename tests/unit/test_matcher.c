/* One pattern with its boundaries and validators: where it matches, what stays open at the end of a text, what it may
 * cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "scan/matcher.h"

#include <cmocka.h>

static struct flt_match_scratch *scratch;

static struct flt_matcher *make(const char *pattern, enum flt_boundary left, enum flt_boundary right)
{
    struct flt_matcher_conf conf = {.pattern = flt_str_of(pattern), .left = left, .right = right};
    char why[200];
    size_t where;
    bool in_close;
    struct flt_matcher *m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    if (m == NULL)
        fail_msg("%s", why);
    return m;
}

static enum flt_found find(const struct flt_matcher *m, const char *text, size_t from, bool more,
                           struct flt_found_at *at)
{
    enum flt_found found;
    at->last = SIZE_MAX;
    flt_match_scratch_allow(scratch, UINT64_MAX);
    assert_int_equal(flt_matcher_find(m, scratch, flt_str_of(text), from, more, &found, at), FLT_OK);
    return found;
}

static void boundaries_look_at_the_neighbours_they_name(void **state)
{
    static const struct {
        enum flt_boundary left, right;
        const char *yes[6], *no[8];
    } v[] = {
        {FLT_BOUND_NONE, FLT_BOUND_NONE, {"12", "a12b", "912"}, {"1"}},
        {FLT_BOUND_WORD,
         FLT_BOUND_WORD,
         {"12", "-12.",
          "\xC3\xA9"
          "12\xE4\xB8\xAD"},
         {"a12", "_12", "912", "12_", "12z", "120"}},
        {FLT_BOUND_ALNUM,
         FLT_BOUND_ALNUM,
         {"12", "_12_",
          "\xC3\xA9"
          "12"},
         {"a12", "912", "12Z"}},
        {FLT_BOUND_TOKEN, FLT_BOUND_TOKEN, {"12", ".12.", "=12"}, {"-12", "_12", "12-", "12_", "a12"}},
        {FLT_BOUND_DIGIT, FLT_BOUND_DIGIT, {"a12b", "-12-"}, {"912", "120"}},
        {FLT_BOUND_NUMBER,
         FLT_BOUND_NUMBER,
         {"12", "a12.", ".12,", "12-a", "a-12"},
         {"9.12", "9,12", "9-12", "12.5", "12,5", "12-5", "912"}},
        {FLT_BOUND_EMAIL,
         FLT_BOUND_EMAIL,
         {"12", "<12>", "12.", "12. a", "12_"},
         {"a12", ".12", "+12", "12-", "12.a", "12a"}},
        {FLT_BOUND_HEX, FLT_BOUND_HEX, {"g12x", "-12-"}, {"f12", "12A", "012"}},
        {FLT_BOUND_BASE64, FLT_BOUND_BASE64, {"12", ".12 "}, {"a12", "/12", "12=", "12_", "-12"}},
    };
    struct flt_found_at at;
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_matcher *m = make("12", v[i].left, v[i].right);
        for (size_t k = 0; k < 6 && v[i].yes[k] != NULL; k++) {
            if (find(m, v[i].yes[k], 0, false, &at) != FLT_FOUND_MATCH)
                fail_msg("%s/%s: %s", flt_boundary_names[v[i].left], flt_boundary_names[v[i].right], v[i].yes[k]);
            assert_int_equal(at.end - at.begin, 2);
        }
        for (size_t k = 0; k < 8 && v[i].no[k] != NULL; k++) {
            if (find(m, v[i].no[k], 0, false, &at) != FLT_FOUND_NONE)
                fail_msg("%s/%s: %s", flt_boundary_names[v[i].left], flt_boundary_names[v[i].right], v[i].no[k]);
        }
        flt_matcher_free(m);
    }
}

static void a_search_from_the_middle_sees_what_stands_before(void **state)
{
    struct flt_matcher *m = make("12", FLT_BOUND_NUMBER, FLT_BOUND_NONE);
    struct flt_found_at at;
    (void)state;
    assert_int_equal(find(m, "9.12", 2, false, &at), FLT_FOUND_NONE);
    assert_int_equal(find(m, "9.12 12", 2, false, &at), FLT_FOUND_MATCH);
    assert_int_equal(at.begin, 5);
    assert_int_equal(find(m, "12", 2, false, &at), FLT_FOUND_NONE);
    flt_matcher_free(m);
}

static void a_search_may_be_told_where_matches_begin_at_most(void **state)
{
    struct flt_matcher *m = make("ab{1,3}", FLT_BOUND_NONE, FLT_BOUND_WORD);
    struct flt_found_at at;
    enum flt_found found;
    (void)state;
    for (size_t last = 0; last < 8; last++) {
        at.last = last;
        assert_int_equal(flt_matcher_find(m, scratch, FLT_STR("xabx ab. abb"), 2, false, &found, &at), FLT_OK);
        assert_int_equal(found, last >= 5 ? FLT_FOUND_MATCH : FLT_FOUND_NONE);
    }
    at.last = 9;
    assert_int_equal(flt_matcher_find(m, scratch, FLT_STR("xabx ab. abb"), 6, true, &found, &at), FLT_OK);
    assert_int_equal(found, FLT_FOUND_PARTIAL);
    assert_int_equal(at.begin, 9);
    flt_matcher_free(m);
}

static void what_touches_the_end_is_open_when_more_may_come(void **state)
{
    static const struct {
        const char *text;
        enum flt_found more, over;
        size_t begin;
    } v[] = {{"x 123-45", FLT_FOUND_PARTIAL, FLT_FOUND_NONE, 2},
             {"x 123-456", FLT_FOUND_PARTIAL, FLT_FOUND_MATCH, 2},
             {"x 123-456.", FLT_FOUND_PARTIAL, FLT_FOUND_MATCH, 2},
             {"x 123-456. ", FLT_FOUND_MATCH, FLT_FOUND_MATCH, 2},
             {"x 123-456.7", FLT_FOUND_NONE, FLT_FOUND_NONE, 0},
             {"x 123-456 ", FLT_FOUND_MATCH, FLT_FOUND_MATCH, 2},
             {"x", FLT_FOUND_NONE, FLT_FOUND_NONE, 0},
             {"", FLT_FOUND_NONE, FLT_FOUND_NONE, 0},
             {"1", FLT_FOUND_PARTIAL, FLT_FOUND_NONE, 0},
             {"9.1", FLT_FOUND_NONE, FLT_FOUND_NONE, 0},
             {"1a 12", FLT_FOUND_PARTIAL, FLT_FOUND_NONE, 3}};
    struct flt_matcher *m = make("[0-9]{3}-[0-9]{3}", FLT_BOUND_NUMBER, FLT_BOUND_NUMBER);
    struct flt_found_at at;
    (void)state;
    assert_int_equal(flt_matcher_ahead(m), 2);
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        enum flt_found more = find(m, v[i].text, 0, true, &at);
        if (strcmp(v[i].text, "") == 0 && more == FLT_FOUND_PARTIAL)
            more = FLT_FOUND_NONE; /* nothing at all may be called either */
        if (strcmp(v[i].text, "9.1") == 0 || strcmp(v[i].text, "x") == 0 || strcmp(v[i].text, "x 123-456.7") == 0) {
            /* the place after the last byte is a candidate like any other */
            assert_true(more == FLT_FOUND_NONE || at.begin >= strlen(v[i].text) - 1);
        } else if (more != v[i].more || (more != FLT_FOUND_NONE && at.begin != v[i].begin)) {
            fail_msg("%s: %d at %zu", v[i].text, more, at.begin);
        }
        assert_int_equal(find(m, v[i].text, 0, false, &at), v[i].over);
    }
    flt_matcher_free(m);
}

static void openness_is_asked_of_one_place(void **state)
{
    struct flt_matcher *m = make("my name is ([a-z]{2,5})", FLT_BOUND_WORD, FLT_BOUND_WORD);
    static const struct {
        const char *text;
        size_t at;
        bool open;
    } v[] = {{"my na", 0, true},          {"so my name is b", 3, true},    {"so my name is b", 4, false},
             {"amy na", 1, false},        {"my name was", 0, false},       {"my name is bob ", 0, false},
             {"my name is bob", 0, true}, {"my name is bobbobb", 0, false}};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        bool open;
        assert_int_equal(flt_matcher_open_at(m, scratch, flt_str_of(v[i].text), v[i].at, &open), FLT_OK);
        if (open != v[i].open)
            fail_msg("%s at %zu: %d", v[i].text, v[i].at, open);
    }
    flt_matcher_free(m);
}

static bool even(struct flt_str s)
{
    return s.n % 2 == 0;
}

static bool no_nine(struct flt_str s)
{
    return memchr(s.p, '9', s.n) == NULL;
}

static void after_a_rejected_value_the_search_goes_on_one_byte_later(void **state)
{
    static const struct flt_validator e = {"even", even, ""}, n = {"no_nine", no_nine, ""};
    static const struct flt_validator *const both[] = {&e, &n};
    struct flt_matcher_conf conf = {.pattern = FLT_STR("a([0-9]{1,4})"), .validate = both, .n_validate = 2};
    struct flt_found_at at;
    char why[200];
    size_t where;
    bool in_close;
    (void)state;
    struct flt_matcher *m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    assert_non_null(m);
    assert_int_equal(find(m, "a1 a999 aa12", 0, false, &at), FLT_FOUND_MATCH);
    assert_int_equal(at.begin, 9);
    assert_int_equal(at.value_begin, 10);
    assert_int_equal(at.value_end, 12);
    assert_int_equal(find(m, "a123 a9999", 0, false, &at), FLT_FOUND_NONE);
    flt_matcher_free(m);
    conf.pattern = FLT_STR("[a0-9]{2,5}"); /* the rejected match hides a good one that begins inside it */
    m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    assert_non_null(m);
    assert_int_equal(find(m, "9a12a3", 0, false, &at), FLT_FOUND_MATCH);
    assert_int_equal(at.begin, 2);
    assert_int_equal(at.end, 6);
    flt_matcher_free(m);
}

static void finds_are_bounded_by_what_they_look_at(void **state)
{
    static const struct flt_validator n = {"no_nine", no_nine, ""};
    static const struct flt_validator *const one[] = {&n};
    struct flt_matcher_conf conf = {.pattern = FLT_STR("9{1,100}"), .validate = one, .n_validate = 1};
    struct flt_found_at at = {.last = SIZE_MAX};
    enum flt_found found;
    char why[200], text[1000];
    size_t where;
    bool in_close;
    (void)state;
    struct flt_matcher *m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    assert_non_null(m);
    memset(text, '9', sizeof(text));
    flt_match_scratch_allow(scratch, 20000);
    assert_int_equal(flt_matcher_find(m, scratch, (struct flt_str){text, sizeof(text)}, 0, false, &found, &at),
                     FLT_E_LIMIT);
    flt_match_scratch_allow(scratch, 200000);
    assert_int_equal(flt_matcher_find(m, scratch, (struct flt_str){text, sizeof(text)}, 0, false, &found, &at), FLT_OK);
    assert_int_equal(found, FLT_FOUND_NONE);
    assert_in_range(flt_match_scratch_left(scratch), 100000, 110000); /* each place once, a hundred bytes each */
    flt_matcher_free(m);
}

static void blocks_end_at_their_first_closing_marker(void **state)
{
    struct flt_matcher_conf conf = {.pattern = FLT_STR("<(k[0-9])>"), .close = FLT_STR("</k(?:ey)?>")};
    char why[200];
    size_t where, end;
    bool in_close;
    enum flt_found found;
    struct flt_found_at at;
    (void)state;
    struct flt_matcher *m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    assert_non_null(m);
    assert_int_equal(flt_matcher_shape(m)->kind, FLT_SHAPE_BLOCK);
    assert_int_equal(flt_matcher_close_width(m), 6);
    assert_int_equal(find(m, "a <k1>x</key></k>", 0, false, &at), FLT_FOUND_MATCH);
    assert_int_equal(at.end, 6);
    assert_int_equal(flt_matcher_close(m, scratch, FLT_STR("a <k1>x</key></k>"), 6, true, &found, &end), FLT_OK);
    assert_int_equal(found, FLT_FOUND_MATCH);
    assert_int_equal(end, 13);
    assert_int_equal(flt_matcher_close(m, scratch, FLT_STR("x</ke"), 0, true, &found, &end), FLT_OK);
    assert_int_equal(found, FLT_FOUND_PARTIAL);
    assert_int_equal(end, 1);
    assert_int_equal(flt_matcher_close(m, scratch, FLT_STR("x</ke"), 0, false, &found, &end), FLT_OK);
    assert_int_equal(found, FLT_FOUND_NONE);
    flt_matcher_free(m);
}

static void wrong_patterns_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *pattern, *close, *why;
        enum flt_boundary right;
        size_t where;
        bool in_close;
    } v[] = {{"a(?=b)", "", "only (?:...)", FLT_BOUND_NONE, 1, false},
             {"a+", "", "a run has no right boundary", FLT_BOUND_WORD, 0, false},
             {"a+", "b", "an opening marker must be bounded", FLT_BOUND_NONE, 0, false},
             {"a", "b+", "a closing marker must be bounded", FLT_BOUND_NONE, 0, true},
             {"a", "b\\b", "escape", FLT_BOUND_NONE, 1, true},
             {"a", "b?", "nothing at all", FLT_BOUND_NONE, 0, true}};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_matcher_conf conf = {
            .pattern = flt_str_of(v[i].pattern), .close = flt_str_of(v[i].close), .right = v[i].right};
        char why[200];
        size_t where = 99;
        bool in_close;
        assert_null(flt_matcher_new(&conf, &where, &in_close, why, sizeof(why)));
        if (strstr(why, v[i].why) == NULL || where != v[i].where || in_close != v[i].in_close)
            fail_msg("%s: %s at %zu", v[i].pattern, why, where);
    }
}

static int open_scratch(void **state)
{
    (void)state;
    scratch = flt_match_scratch_new();
    return scratch == NULL;
}

static int close_scratch(void **state)
{
    (void)state;
    flt_match_scratch_free(scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boundaries_look_at_the_neighbours_they_name),
        cmocka_unit_test(a_search_from_the_middle_sees_what_stands_before),
        cmocka_unit_test(a_search_may_be_told_where_matches_begin_at_most),
        cmocka_unit_test(what_touches_the_end_is_open_when_more_may_come),
        cmocka_unit_test(openness_is_asked_of_one_place),
        cmocka_unit_test(after_a_rejected_value_the_search_goes_on_one_byte_later),
        cmocka_unit_test(finds_are_bounded_by_what_they_look_at),
        cmocka_unit_test(blocks_end_at_their_first_closing_marker),
        cmocka_unit_test(wrong_patterns_are_refused_with_their_place),
    };
    return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}
