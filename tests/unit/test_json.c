/* test_json.c: what the scanner accepts and refuses, the tape, duplicate names and limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena_group.h"
#include "flt/json.h"

#include <stdlib.h>

/* Scans a copy of exactly text.n bytes, so that a sanitizer sees any read past the end. */
static int scan_status(struct flt_str text, const struct flt_json_limits *lim, size_t *where)
{
    struct flt_json j;
    char *copy = malloc(text.n != 0 ? text.n : 1);
    assert_non_null(copy);
    if (text.n != 0)
        memcpy(copy, text.p, text.n);
    int rc = flt_json_scan((struct flt_str){copy, text.n}, lim, arena, &j, where);
    assert_true(rc != FLT_OK || (j.n >= 1 && j.tok[0].next == j.n && j.tok[0].depth == 0));
    free(copy);
    flt_arena_reset(arena);
    return rc;
}

struct vector {
    const char *p;
    size_t n;
    int status;
};
#define OK(s)                                                                                                          \
    {                                                                                                                  \
        s, sizeof(s) - 1, FLT_OK                                                                                       \
    }
#define SYNTAX(s)                                                                                                      \
    {                                                                                                                  \
        s, sizeof(s) - 1, FLT_E_SYNTAX                                                                                 \
    }
#define ENCODING(s)                                                                                                    \
    {                                                                                                                  \
        s, sizeof(s) - 1, FLT_E_ENCODING                                                                               \
    }
#define AMBIGUOUS(s)                                                                                                   \
    {                                                                                                                  \
        s, sizeof(s) - 1, FLT_E_AMBIGUOUS                                                                              \
    }

static void check_vectors(const struct vector *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t where;
        int rc = scan_status((struct flt_str){v[i].p, v[i].n}, &flt_json_strict, &where);
        if (rc != v[i].status)
            fail_msg("vector %zu (%s): %s, not %s", i, v[i].p, flt_status_name(rc), flt_status_name(v[i].status));
        assert_true(where <= v[i].n);
    }
}

static const struct vector structure_vectors[] = {
    OK("[]"),
    OK("{}"),
    OK("[[]]"),
    OK("[{}]"),
    OK("{\"a\":[]}"),
    OK("[1,[2,[3]]]"),
    OK(" [ 1 , 2 ] "),
    OK("\t\r\n {\t\"a\"\r:\n1 }\n"),
    OK("{\"a\":1,\"b\":{\"a\":1}}"),
    OK("[{\"a\":1},{\"a\":1}]"),
    SYNTAX(""),
    SYNTAX(" "),
    SYNTAX("["),
    SYNTAX("]"),
    SYNTAX("{"),
    SYNTAX("}"),
    SYNTAX("[}"),
    SYNTAX("{]"),
    SYNTAX("[1"),
    SYNTAX("[1,"),
    SYNTAX("[1,]"),
    SYNTAX("[,1]"),
    SYNTAX("[,]"),
    SYNTAX("[1,,2]"),
    SYNTAX("[1 2]"),
    SYNTAX("[1]]"),
    SYNTAX("[1]x"),
    SYNTAX("[1],"),
    SYNTAX("[][]"),
    SYNTAX("{}{}"),
    SYNTAX("1 2"),
    SYNTAX("[1:2]"),
    SYNTAX("[\"a\":1]"),
    SYNTAX("{\"a\"}"),
    SYNTAX("{\"a\":}"),
    SYNTAX("{\"a\":1,}"),
    SYNTAX("{,\"a\":1}"),
    SYNTAX("{\"a\":1,,\"b\":2}"),
    SYNTAX("{\"a\" 1}"),
    SYNTAX("{\"a\",1}"),
    SYNTAX("{\"a\"::1}"),
    SYNTAX("{:1}"),
    SYNTAX("{a:1}"),
    SYNTAX("{'a':1}"),
    SYNTAX("{1:1}"),
    SYNTAX("{null:1}"),
    SYNTAX("{[]:1}"),
    SYNTAX("{\"a\":1"),
    SYNTAX("{\"a\":1 \"b\":2}"),
    SYNTAX("{\"a\":[}"),
    SYNTAX("[{]"),
    SYNTAX("{\"a\""),
    SYNTAX("{\"a\":"),
    SYNTAX("{\"a\":1}#"),
    SYNTAX("/**/[1]"),
    SYNTAX("[1]//"),
    SYNTAX("[1/**/]"),
    SYNTAX("<null>"),
    SYNTAX("*"),
    SYNTAX("[\v1]"),
    SYNTAX("[\f1]"),
    SYNTAX("[1\0]"),
    SYNTAX("\0"),
    SYNTAX("[1]\0"),
    SYNTAX("[\xC2\xA0]"),
    SYNTAX("[\xE2\x81\xA0]"),
    SYNTAX("\xEF\xBB\xBF[]"),
    SYNTAX("\xEF\xBB\xBF"),
    SYNTAX("\xFE\xFF\0["),
    SYNTAX("\xFF\xFE[\0]\0"),
    SYNTAX("[\0]\0"),
    SYNTAX("[\x80]"),
    SYNTAX("\xE5"),
};

static void judges_structure(void **state)
{
    (void)state;
    check_vectors(structure_vectors, FLT_ARRAY_LEN(structure_vectors));
}

static const struct vector numbers_vectors[] = {
    OK("0"),
    OK("-0"),
    OK("7"),
    OK("[-1]"),
    OK("10"),
    OK("1234567890"),
    OK("0.0"),
    OK("-0.5"),
    OK("1.25"),
    OK("1e5"),
    OK("1E5"),
    OK("1e+5"),
    OK("1e-5"),
    OK("0e0"),
    OK("0E+01"),
    OK("1.5e300"),
    OK("-1.5E-300"),
    OK("1e99999"),
    OK("123456789012345678901234567890"),
    OK("[1 ]"),
    OK("2.000e-0007"),
    SYNTAX("00"),
    SYNTAX("01"),
    SYNTAX("-01"),
    SYNTAX("-"),
    SYNTAX("--1"),
    SYNTAX("+1"),
    SYNTAX("++1"),
    SYNTAX("-+1"),
    SYNTAX("-a"),
    SYNTAX("- 1"),
    SYNTAX("1."),
    SYNTAX(".5"),
    SYNTAX("-.5"),
    SYNTAX("1.e5"),
    SYNTAX("1.2.3"),
    SYNTAX("1e"),
    SYNTAX("1e+"),
    SYNTAX("1e-"),
    SYNTAX("1ee5"),
    SYNTAX("1e+-5"),
    SYNTAX("1e5.0"),
    SYNTAX("1 000"),
    SYNTAX("1,000"),
    SYNTAX("1_000"),
    SYNTAX("0x10"),
    SYNTAX("0b1"),
    SYNTAX("1f"),
    SYNTAX("1a"),
    SYNTAX("[1a]"),
    SYNTAX("NaN"),
    SYNTAX("-NaN"),
    SYNTAX("Infinity"),
    SYNTAX("-Infinity"),
    SYNTAX("Inf"),
    SYNTAX("[-]"),
    SYNTAX("[1.]"),
    SYNTAX("[.1]"),
    SYNTAX("\xEF\xBC\x91"),
    SYNTAX("[0\xE5]"),
    SYNTAX("[1e1\xE5]"),
    SYNTAX("1+2"),
    SYNTAX("0e"),
    SYNTAX("0.e1"),
    SYNTAX("-1x"),
    SYNTAX("0.1.2"),
    SYNTAX("[1e\0]"),
    SYNTAX("e1"),
};

static void judges_numbers(void **state)
{
    (void)state;
    check_vectors(numbers_vectors, FLT_ARRAY_LEN(numbers_vectors));
}

static const struct vector literals_vectors[] = {
    OK("true"),         OK("false"),       OK("null"),         OK(" null "),   OK("[true,false,null]"),
    SYNTAX("tru"),      SYNTAX("t"),       SYNTAX("fals"),     SYNTAX("nul"),  SYNTAX("nullx"),
    SYNTAX("truetrue"), SYNTAX("True"),    SYNTAX("TRUE"),     SYNTAX("None"), SYNTAX("undefined"),
    SYNTAX("[nul]"),    SYNTAX("[tru,1]"), SYNTAX("[true\0]"), SYNTAX("a"),
};

static void judges_literals(void **state)
{
    (void)state;
    check_vectors(literals_vectors, FLT_ARRAY_LEN(literals_vectors));
}

static const struct vector strings_vectors[] = {
    OK("\"\""),
    OK("\"a\""),
    OK("\" \""),
    OK("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    OK("\"\\u0000\""),
    OK("\"\\u0041\\u00e9\\uFFFF\\uFdD0\""),
    OK("\"\\ud83d\\ude00\""),
    OK("\"\\uDBFF\\uDFFF\""),
    OK("\"\x7F\""),
    OK("\"\xC2\x80\""),
    OK("\"\xE2\x80\xA8\xE2\x80\xA9\""),
    OK("\"\xEF\xBF\xBF\""),
    OK("\"\xF4\x8F\xBF\xBF\""),
    OK("\"\xEF\xBB\xBF\""),
    OK("\"/\""),
    OK("\"\\\\u0041\""),
    OK("\"\\\\\\\"\""),
    OK("{\"\":0}"),
    OK("\"'\""),
    OK("\"0123456789abcdef0123456789abcdef\""),
    OK("\"0123456789abcde\\n0123456789abcdef\""),
    SYNTAX("\""),
    SYNTAX("\"a"),
    SYNTAX("\"\\\""),
    SYNTAX("\"\\"),
    SYNTAX("'a'"),
    SYNTAX("a\""),
    SYNTAX("\"a\"b"),
    SYNTAX("\"\\a\""),
    SYNTAX("\"\\x41\""),
    SYNTAX("\"\\0\""),
    SYNTAX("\"\\'\""),
    SYNTAX("\"\\U0041\""),
    SYNTAX("\"\\\n\""),
    SYNTAX("\"\\\0\""),
    SYNTAX("\"\\u\""),
    SYNTAX("\"\\u0\""),
    SYNTAX("\"\\u00\""),
    SYNTAX("\"\\u004\""),
    SYNTAX("\"\\u004g\""),
    SYNTAX("\"\\u 041\""),
    SYNTAX("\"\\u+041\""),
    SYNTAX("\"\\u004"),
    AMBIGUOUS("\"\\uD83D\\u\""),
    SYNTAX("\"\\\xF0\x9F\x98\x80\""),
    SYNTAX("[\"a\n\"]"),
    SYNTAX("[\"a\r\"]"),
    SYNTAX("[\"\t\"]"),
    SYNTAX("[\"\x1F\"]"),
    SYNTAX("[\"\0\"]"),
    SYNTAX("[\"0123456789abcdef\x01\"]"),
    SYNTAX("[\\n]"),
    SYNTAX("[\\u0020\"a\"]"),
    SYNTAX("\"\\u00\xE5\""),
    ENCODING("\"\x80\""),
    ENCODING("\"\xC0\xAF\""),
    ENCODING("\"\xC1\xBF\""),
    ENCODING("\"\xC2\""),
    ENCODING("\"\xE0\x80\x80\""),
    ENCODING("\"\xE0\x9F\xBF\""),
    ENCODING("\"\xED\xA0\x80\""),
    ENCODING("\"\xED\xBF\xBF\""),
    ENCODING("\"\xE2\x82\""),
    ENCODING("\"\xF0\x8F\xBF\xBF\""),
    ENCODING("\"\xF4\x90\x80\x80\""),
    ENCODING("\"\xF5\x80\x80\x80\""),
    ENCODING("\"\xF8\x88\x80\x80\x80\""),
    ENCODING("\"\xFF\""),
    ENCODING("\"\xFE\""),
    ENCODING("\"\xE9\""),
    ENCODING("\"0123456789abcdef\x81\""),
    ENCODING("{\"\xB9\":1}"),
    ENCODING("\"\xC3"),
    ENCODING("\"\\u0041\xE5\""),
    AMBIGUOUS("\"\\ud800\""),
    AMBIGUOUS("\"\\udc00\""),
    AMBIGUOUS("\"\\uDFFFx\""),
    AMBIGUOUS("\"\\ud83dx\""),
    AMBIGUOUS("\"\\ud83d\\n\""),
    AMBIGUOUS("\"\\ud83d\\u0041\""),
    AMBIGUOUS("\"\\ud83d\\ud83d\""),
    AMBIGUOUS("\"\\ude00\\ud83d\""),
    AMBIGUOUS("{\"\\ud800\":1}"),
    AMBIGUOUS("\"\\ud800\\\\udc00\""),
};

static void judges_strings(void **state)
{
    (void)state;
    check_vectors(strings_vectors, FLT_ARRAY_LEN(strings_vectors));
}

static const struct vector duplicate_names_vectors[] = {
    AMBIGUOUS("{\"a\":1,\"a\":1}"),
    AMBIGUOUS("{\"a\":1,\"b\":2,\"a\":3}"),
    AMBIGUOUS("{\"\":1,\"\":2}"),
    AMBIGUOUS("[{\"x\":{\"a\":1,\"a\":1}}]"),
    AMBIGUOUS("{\"a\":1,\"\\u0061\":2}"),
    AMBIGUOUS("{\"\\u0061\":1,\"a\":2}"),
    AMBIGUOUS("{\"\\u0061\":1,\"\\u0061\":2}"),
    AMBIGUOUS("{\"\\/\":1,\"/\":2}"),
    AMBIGUOUS("{\"\\n\":1,\"\\u000a\":2}"),
    AMBIGUOUS("{\"\\u0000\":1,\"\\u0000\":1}"),
    AMBIGUOUS("{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":2}"),
    AMBIGUOUS("{\"\xC3\xA9\":1,\"\\u00E9\":2}"),
    AMBIGUOUS("{\"a\":{\"a\":1},\"b\":[1,2],\"a\":0}"),
    AMBIGUOUS("{\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0,\"1\":0}"),
    AMBIGUOUS("{\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0,\"\\u0039\":0}"),
    OK("{\"a\":1,\"A\":2}"),
    OK("{\"a\":1,\"aa\":2,\"\":3}"),
    OK("{\"a\":\"a\",\"b\":\"a\"}"),
    OK("{\"\\u0000\":1,\"\":2}"),
    OK("{\"\\\\u0061\":1,\"a\":2}"),
    OK("{\"a\\u0000b\":1,\"a\":2}"),
    OK("{\"\xC3\xA9\":1,\"e\xCC\x81\":2}"), /* the same after normalisation only: different names */
    OK("{\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0,\"10\":0}"),
};

static void judges_duplicate_names(void **state)
{
    (void)state;
    check_vectors(duplicate_names_vectors, FLT_ARRAY_LEN(duplicate_names_vectors));
}

static void says_where_the_problem_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t where;
    } v[] = {
        {"[1,]", 3},
        {"[1] x", 4},
        {"\"ab\\q\"", 3},
        {"\"ab\xFF\"", 3},
        {"{\"a\":1,\"a\":2}", 8},
        {"[\"\\ud800\"]", 2},
        {"{\"a\" 1}", 5},
        {"[[[[[]]]]", 9},
        {"{\"a\":{\"bc\":1,\"bc\":2}}", 14},
    };
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        size_t where = SIZE_MAX;
        assert_int_not_equal(scan_status(flt_str_of(v[i].text), &flt_json_strict, &where), FLT_OK);
        assert_int_equal(where, v[i].where);
    }
}

static void allows_lone_surrogates_when_asked(void **state)
{
    (void)state;
    struct flt_json_limits lim = flt_json_strict;
    lim.lone_surrogates = true;
    assert_int_equal(scan_status(FLT_STR("[\"\\ud83d\",\"\\ude00\\ud800\"]"), &lim, NULL), FLT_OK);
    assert_int_equal(scan_status(FLT_STR("[\"\\ud83d\\u\"]"), &lim, NULL), FLT_E_SYNTAX);
    assert_int_equal(scan_status(FLT_STR("{\"\\ud83d\":1,\"\\ud83d\":1}"), &lim, NULL), FLT_E_AMBIGUOUS);
    assert_int_equal(scan_status(FLT_STR("{\"\\ud83d\":1,\"\\ud83e\":1}"), &lim, NULL), FLT_OK);
}

/* ---- tape -------------------------------------------------------------------------------------------------------- */

static void check_tok(const struct flt_json *j, uint32_t i, enum flt_json_type type, const char *raw, uint32_t next,
                      uint32_t count, unsigned depth)
{
    assert_int_equal(j->tok[i].type, type);
    assert_true(flt_str_is(flt_json_raw(j, i), raw));
    assert_int_equal(j->tok[i].next, next);
    assert_int_equal(j->tok[i].count, count);
    assert_int_equal(j->tok[i].depth, depth);
}

static void tape_is_in_preorder_with_ranges(void **state)
{
    (void)state;
    struct flt_json j;
    struct flt_str text = FLT_STR(" {\"a\": [1, true] ,\"\\u0062\":{\"c\":null,\"d\":\"x\\n\"},\"e\":[]} ");
    assert_int_equal(flt_json_scan(text, &flt_json_strict, arena, &j, NULL), FLT_OK);
    assert_int_equal(j.n, 13);
    check_tok(&j, 0, FLT_JSON_OBJECT, "{\"a\": [1, true] ,\"\\u0062\":{\"c\":null,\"d\":\"x\\n\"},\"e\":[]}", 13, 3, 0);
    check_tok(&j, 1, FLT_JSON_STRING, "a", 2, 0, 1);
    check_tok(&j, 2, FLT_JSON_ARRAY, "[1, true]", 5, 2, 1);
    check_tok(&j, 3, FLT_JSON_NUMBER, "1", 4, 0, 2);
    check_tok(&j, 4, FLT_JSON_TRUE, "true", 5, 0, 2);
    check_tok(&j, 5, FLT_JSON_STRING, "\\u0062", 6, 0, 1);
    check_tok(&j, 6, FLT_JSON_OBJECT, "{\"c\":null,\"d\":\"x\\n\"}", 11, 2, 1);
    check_tok(&j, 7, FLT_JSON_STRING, "c", 8, 0, 2);
    check_tok(&j, 8, FLT_JSON_NULL, "null", 9, 0, 2);
    check_tok(&j, 10, FLT_JSON_STRING, "x\\n", 11, 0, 2);
    check_tok(&j, 12, FLT_JSON_ARRAY, "[]", 13, 0, 1);
    assert_true(j.tok[1].name && j.tok[5].name && j.tok[7].name && j.tok[9].name);
    assert_false(j.tok[10].name);
    assert_true(j.tok[5].escaped && j.tok[10].escaped);
    assert_false(j.tok[1].escaped);
    assert_int_equal(flt_json_get(&j, 0, FLT_STR("b")), 6);
    assert_int_equal(flt_json_get(&j, 6, FLT_STR("d")), 10);
    assert_int_equal(flt_json_get(&j, 0, FLT_STR("c")), 0); /* a name of the inner object */
    assert_int_equal(flt_json_get(&j, 2, FLT_STR("a")), 0);
    assert_int_equal(flt_json_get(&j, 99, FLT_STR("a")), 0);
    assert_true(flt_json_str_is(&j, 10, FLT_STR("x\n")));
    assert_false(flt_json_str_is(&j, 10, FLT_STR("x\\n")));
    assert_false(flt_json_str_is(&j, 10, FLT_STR("x")));
    assert_false(flt_json_str_is(&j, 10, FLT_STR("x\ny")));
    assert_false(flt_json_str_is(&j, 4, FLT_STR("true"))); /* no string */
    flt_arena_reset(arena);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static void bounds_the_depth(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        const char *open = kind == 0 ? "[" : "{\"a\":", *close = kind == 0 ? "]" : "}";
        for (unsigned depth = 60; depth <= 70; depth++) {
            struct flt_buf b;
            flt_buf_init(&b, 10000);
            for (unsigned i = 0; i < depth; i++)
                assert_int_equal(flt_buf_add_str(&b, flt_str_of(open)), FLT_OK);
            assert_int_equal(flt_buf_add(&b, "1", 1), FLT_OK);
            for (unsigned i = 0; i < depth; i++)
                assert_int_equal(flt_buf_add_str(&b, flt_str_of(close)), FLT_OK);
            int rc = scan_status(flt_buf_str(&b), &flt_json_strict, NULL);
            assert_int_equal(rc, depth <= 64 ? FLT_OK : FLT_E_LIMIT);
            flt_buf_free(&b);
        }
    }
    struct flt_json_limits lim = flt_json_strict;
    lim.max_depth = UINT32_MAX; /* more than a token can say */
    char deep[600];
    memset(deep, '[', sizeof(deep));
    assert_int_equal(scan_status((struct flt_str){deep, sizeof(deep)}, &lim, NULL), FLT_E_LIMIT);
    lim.max_depth = 0;
    assert_int_equal(scan_status(FLT_STR("1"), &lim, NULL), FLT_OK);
    assert_int_equal(scan_status(FLT_STR("[]"), &lim, NULL), FLT_E_LIMIT);
}

static void bounds_tokens_and_numbers(void **state)
{
    (void)state;
    struct flt_json_limits lim = flt_json_strict;
    for (lim.max_tokens = 1; lim.max_tokens < 40; lim.max_tokens++) {
        int want = lim.max_tokens >= 21 ? FLT_OK : FLT_E_LIMIT;
        assert_int_equal(scan_status(FLT_STR("[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0]"), &lim, NULL), want);
    }
    lim = flt_json_strict;
    lim.max_number = 5;
    assert_int_equal(scan_status(FLT_STR("[12345]"), &lim, NULL), FLT_OK);
    assert_int_equal(scan_status(FLT_STR("[123456]"), &lim, NULL), FLT_E_LIMIT);
    assert_int_equal(scan_status(FLT_STR("[1.5e10]"), &lim, NULL), FLT_E_LIMIT);
    struct flt_json j;
    assert_int_equal(flt_json_scan((struct flt_str){"", (size_t)1 << 31}, &lim, arena, &j, NULL), FLT_E_LIMIT);
}

static void running_out_of_memory_is_an_error_at_any_point(void **state)
{
    (void)state;
    struct flt_buf b;
    unsigned failed = 0, passed = 0;
    flt_buf_init(&b, 1u << 20);
    assert_int_equal(flt_buf_add(&b, "{\"\\u0041\":0", 11), FLT_OK);
    for (unsigned i = 0; i < 2000; i++)
        assert_int_equal(flt_buf_printf(&b, ",\"key\\u002d%u\":[%u,\"v\"]", i, i), FLT_OK);
    assert_int_equal(flt_buf_add(&b, "}", 1), FLT_OK);
    for (size_t max = 4096; max < 600000; max += 1024) {
        struct flt_arena *small = flt_arena_new(max);
        struct flt_json j;
        int rc = flt_json_scan(flt_buf_str(&b), &flt_json_strict, small, &j, NULL);
        assert_true(rc == FLT_OK || rc == FLT_E_NOMEM);
        failed += rc != FLT_OK;
        passed += rc == FLT_OK;
        flt_arena_free(small);
    }
    assert_true(failed > 50 && passed > 50);
    flt_buf_free(&b);
}

/* An object of n members; the names are padded so that comparing all pairs would take hours. */
static void many_names(struct flt_buf *b, unsigned n, const char *first, bool repeat)
{
    flt_buf_init(b, 64u << 20);
    assert_int_equal(flt_buf_add(b, "{", 1), FLT_OK);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(flt_buf_printf(b, "%s\"%s-padding-%06u\":0", i != 0 ? "," : "", first, i), FLT_OK);
    if (repeat)
        assert_int_equal(flt_buf_printf(b, ",\"k-padding-%06u\":0", n / 2), FLT_OK);
    assert_int_equal(flt_buf_add(b, "}", 1), FLT_OK);
}

static void a_hundred_thousand_names_are_one_pass(void **state)
{
    (void)state;
    static const char *const first[] = {"k", "\\u006b"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(first); i++) {
        for (int repeat = 0; repeat < 2; repeat++) {
            struct flt_buf b;
            many_names(&b, 100000, first[i], repeat != 0);
            int rc = scan_status(flt_buf_str(&b), &flt_json_strict, NULL);
            assert_int_equal(rc, repeat != 0 ? FLT_E_AMBIGUOUS : FLT_OK);
            flt_buf_free(&b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_structure),
        cmocka_unit_test(judges_numbers),
        cmocka_unit_test(judges_literals),
        cmocka_unit_test(judges_strings),
        cmocka_unit_test(judges_duplicate_names),
        cmocka_unit_test(says_where_the_problem_is),
        cmocka_unit_test(allows_lone_surrogates_when_asked),
        cmocka_unit_test(tape_is_in_preorder_with_ranges),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(bounds_tokens_and_numbers),
        cmocka_unit_test(running_out_of_memory_is_an_error_at_any_point),
        cmocka_unit_test(a_hundred_thousand_names_are_one_pass),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
