/* test_json_write.c: escaping and the append-only writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena_group.h"
#include "flt/json.h"
#include "rnd.h"
#include "text/utf8.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>

static void escapes_to(struct flt_str s, const char *want)
{
    struct flt_buf b;
    flt_buf_init(&b, 10000);
    assert_int_equal(flt_json_escape(&b, s), FLT_OK);
    if (!flt_str_is(flt_buf_str(&b), want))
        fail_msg("%.*s instead of %s", FLT_STR_ARG(flt_buf_str(&b)), want);
    flt_buf_free(&b);
}

static void escapes_what_it_must_and_line_separators(void **state)
{
    (void)state;
    escapes_to(FLT_STR(""), "");
    escapes_to(FLT_STR("plain / 'text'"), "plain / 'text'");
    escapes_to(FLT_STR("\"\\\b\f\n\r\t"), "\\\"\\\\\\b\\f\\n\\r\\t");
    escapes_to(FLT_STR("\0\x01\x1F\x7F"), "\\u0000\\u0001\\u001f\\u007f");
    escapes_to(FLT_STR("\xC2\x84\xC2\x85\xC2\x86"), "\xC2\x84\\u0085\xC2\x86");
    escapes_to(FLT_STR("\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA"), "\xE2\x80\xA7\\u2028\\u2029\xE2\x80\xAA");
    escapes_to(FLT_STR("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

static void replaces_invalid_utf8(void **state)
{
    (void)state;
    escapes_to(FLT_STR("a\xFFz"), "a\xEF\xBF\xBDz");
    escapes_to(FLT_STR("\xC3"), "\xEF\xBF\xBD");
    escapes_to(FLT_STR("\xE2\x82\"\n"), "\xEF\xBF\xBD\\\"\\n");
    escapes_to(FLT_STR("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void escapes_at_every_offset_of_a_block(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *escaped;
    } odd[] = {{"\"", "\\\""}, {"\x1F", "\\u001f"}, {"\x7F", "\\u007f"}, {"\xE2\x80\xA8", "\\u2028"}, {"\\", "\\\\"}};
    for (size_t k = 0; k < FLT_ARRAY_LEN(odd); k++) {
        for (size_t before = 0; before < 40; before++) {
            for (size_t after = 0; after < 20; after++) {
                char raw[80], want[80];
                char pad[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCD";
                snprintf(raw, sizeof(raw), "%.*s%s%.*s", (int)before, pad, odd[k].raw, (int)after, pad);
                snprintf(want, sizeof(want), "%.*s%s%.*s", (int)before, pad, odd[k].escaped, (int)after, pad);
                escapes_to(flt_str_of(raw), want);
            }
        }
    }
}

/* Decodes the JSON string with content `content`, which the strict scanner has to accept. */
static struct flt_str decoded(struct flt_buf *doc, struct flt_str content)
{
    struct flt_json j;
    struct flt_str text = {0};
    struct flt_offmap map;
    assert_int_equal(flt_buf_add(doc, "\"", 1), FLT_OK);
    assert_int_equal(flt_buf_add_str(doc, content), FLT_OK);
    assert_int_equal(flt_buf_add(doc, "\"", 1), FLT_OK);
    assert_int_equal(flt_json_scan(flt_buf_str(doc), &flt_json_strict, arena, &j, NULL), FLT_OK);
    assert_int_equal(flt_json_text(&j, 0, arena, &text, &map), FLT_OK);
    return text;
}

static void unescaping_undoes_escaping(void **state)
{
    (void)state;
    static const uint32_t edge[] = {0,     0x1F,   '"',    '\\',   '/',    0x7F,   0x80,   0x85,
                                    0x7FF, 0x2028, 0x2029, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10FFFF};
    uint64_t seed = 6;
    for (unsigned round = 0; round < 20000; round++) {
        char text[256];
        size_t n = 0;
        for (uint64_t k = rnd(&seed) % 40; k > 0; k--) {
            uint32_t cp =
                rnd(&seed) % 2 != 0 ? (uint32_t)(rnd(&seed) % 96 + 32) : edge[rnd(&seed) % FLT_ARRAY_LEN(edge)];
            n += flt_utf8_encode(cp, text + n);
        }
        struct flt_buf out, doc;
        flt_buf_init(&out, 10000);
        flt_buf_init(&doc, 10000);
        assert_int_equal(flt_json_escape(&out, (struct flt_str){text, n}), FLT_OK);
        assert_true(flt_str_eq(decoded(&doc, flt_buf_str(&out)), (struct flt_str){text, n}));
        flt_buf_free(&out);
        flt_buf_free(&doc);
        flt_arena_reset(arena);
    }
}

static void any_bytes_become_a_valid_string(void **state)
{
    (void)state;
    static const char hostile[8] = {'\xC3', '\xE2', '\x80', '\xF0', '\x9F', 'a', 'a', '\n'};
    uint64_t seed = 7;
    for (unsigned round = 0; round < 20000; round++) {
        char bytes[64];
        size_t n = rnd(&seed) % sizeof(bytes);
        for (size_t i = 0; i < n; i++)
            bytes[i] = rnd(&seed) % 3 == 0 ? (char)rnd(&seed) : hostile[rnd(&seed) % 8];
        struct flt_buf out, doc;
        flt_buf_init(&out, 10000);
        flt_buf_init(&doc, 10000);
        assert_int_equal(flt_json_escape(&out, (struct flt_str){bytes, n}), FLT_OK);
        struct flt_str text = decoded(&doc, flt_buf_str(&out));
        assert_true(flt_utf8_valid(text, NULL));
        if (flt_utf8_valid((struct flt_str){bytes, n}, NULL))
            assert_true(flt_str_eq(text, (struct flt_str){bytes, n}));
        flt_buf_free(&out);
        flt_buf_free(&doc);
        flt_arena_reset(arena);
    }
}

static void writes_nested_values_with_commas_and_quotes(void **state)
{
    (void)state;
    struct flt_buf b;
    struct flt_jw w;
    flt_buf_init(&b, 10000);
    flt_jw_init(&w, &b);
    flt_jw_obj(&w);
    flt_jw_name(&w, "a\"");
    flt_jw_arr(&w);
    flt_jw_u64(&w, UINT64_MAX);
    flt_jw_i64(&w, INT64_MIN);
    flt_jw_f64(&w, 0.5);
    flt_jw_f64(&w, (double)NAN);
    flt_jw_f64(&w, (double)-INFINITY);
    flt_jw_arr(&w);
    flt_jw_arr_end(&w);
    flt_jw_obj(&w);
    flt_jw_obj_end(&w);
    flt_jw_arr_end(&w);
    flt_jw_name(&w, "b");
    flt_jw_bool(&w, true);
    flt_jw_name(&w, "c");
    flt_jw_null(&w);
    flt_jw_name(&w, "d");
    flt_jw_cstr(&w, NULL);
    flt_jw_name(&w, "e");
    flt_jw_raw(&w, FLT_STR("[1, 2]"));
    flt_jw_name(&w, "f");
    flt_jw_str(&w, FLT_STR("x\n"));
    flt_jw_name(&w, "g");
    flt_jw_bool(&w, false);
    flt_jw_obj_end(&w);
    assert_int_equal(flt_jw_finish(&w), FLT_OK);
    assert_true(flt_str_is(flt_buf_str(&b),
                           "{\"a\\\"\":[18446744073709551615,-9223372036854775808,0.5,null,null,[],{}],"
                           "\"b\":true,\"c\":null,\"d\":null,\"e\":[1, 2],\"f\":\"x\\n\",\"g\":false}"));
    flt_buf_free(&b);
}

static void writes_numbers_that_scan(void **state)
{
    (void)state;
    static const double v[] = {0, -0.0, 1, -1.5, 1e300, 5e-324, 123456789, 0.1, 1e-7, 100000, 1000000};
    setlocale(LC_NUMERIC, "de_DE.UTF-8"); /* where it is installed, its decimal sign is a comma */
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_buf b;
        struct flt_jw w;
        struct flt_json j;
        flt_buf_init(&b, 100);
        flt_jw_init(&w, &b);
        flt_jw_f64(&w, v[i]);
        assert_int_equal(flt_jw_finish(&w), FLT_OK);
        assert_int_equal(flt_json_scan(flt_buf_str(&b), &flt_json_strict, arena, &j, NULL), FLT_OK);
        assert_int_equal(j.tok[0].type, FLT_JSON_NUMBER);
        flt_buf_free(&b);
    }
    setlocale(LC_NUMERIC, "C");
}

static void the_first_error_sticks(void **state)
{
    (void)state;
    struct flt_buf b;
    struct flt_jw w;
    flt_buf_init(&b, 10);
    flt_jw_init(&w, &b);
    flt_jw_arr(&w);
    flt_jw_cstr(&w, "too long for the buffer");
    flt_jw_u64(&w, 1);
    size_t n = b.n;
    flt_jw_u64(&w, 2);
    assert_int_equal(b.n, n); /* nothing is written behind the gap */
    flt_jw_arr_end(&w);
    assert_int_equal(flt_jw_finish(&w), FLT_E_LIMIT);
    flt_buf_free(&b);
}

static void unbalanced_or_too_deep_writing_is_an_error(void **state)
{
    (void)state;
    struct flt_buf b;
    struct flt_jw w;
    flt_buf_init(&b, 1000);
    flt_jw_init(&w, &b);
    flt_jw_obj(&w);
    assert_int_equal(flt_jw_finish(&w), FLT_E_SYNTAX);
    flt_jw_init(&w, &b);
    flt_jw_arr_end(&w);
    assert_int_equal(flt_jw_finish(&w), FLT_E_SYNTAX);
    flt_jw_init(&w, &b);
    flt_jw_obj(&w);
    flt_jw_name(&w, "n");
    flt_jw_obj_end(&w);
    assert_int_equal(flt_jw_finish(&w), FLT_E_SYNTAX);
    flt_jw_init(&w, &b);
    for (unsigned i = 0; i < 63; i++)
        flt_jw_arr(&w);
    assert_int_equal(w.status, FLT_OK);
    flt_jw_arr(&w);
    assert_int_equal(flt_jw_finish(&w), FLT_E_LIMIT);
    flt_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_what_it_must_and_line_separators),
        cmocka_unit_test(replaces_invalid_utf8),
        cmocka_unit_test(escapes_at_every_offset_of_a_block),
        cmocka_unit_test(unescaping_undoes_escaping),
        cmocka_unit_test(any_bytes_become_a_valid_string),
        cmocka_unit_test(writes_nested_values_with_commas_and_quotes),
        cmocka_unit_test(writes_numbers_that_scan),
        cmocka_unit_test(the_first_error_sticks),
        cmocka_unit_test(unbalanced_or_too_deep_writing_is_an_error),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
