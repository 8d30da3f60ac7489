/* test_json_text.c: decoded text and the maps between it and the bytes it came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena_group.h"
#include "flt/json.h"
#include "rnd.h"

/* Text and map of the string value that is all of doc. */
static struct flt_str text_of(struct flt_str doc, struct flt_offmap *map)
{
    struct flt_json j;
    struct flt_str text;
    struct flt_json_limits lim = flt_json_strict;
    lim.lone_surrogates = true;
    assert_int_equal(flt_json_scan(doc, &lim, arena, &j, NULL), FLT_OK);
    assert_int_equal(flt_json_text(&j, 0, arena, &text, map), FLT_OK);
    assert_true(flt_json_str_is(&j, 0, text));
    return text;
}

static void plain_text_is_not_copied(void **state)
{
    (void)state;
    struct flt_str doc = FLT_STR("  \"caf\xC3\xA9\" ");
    struct flt_offmap map;
    size_t used = flt_arena_used(arena);
    struct flt_json j;
    struct flt_str text;
    assert_int_equal(flt_json_scan(doc, &flt_json_strict, arena, &j, NULL), FLT_OK);
    used = flt_arena_used(arena);
    assert_int_equal(flt_json_text(&j, 0, arena, &text, &map), FLT_OK);
    assert_int_equal(flt_arena_used(arena), used);
    assert_ptr_equal(text.p, doc.p + 3);
    assert_int_equal(text.n, 5);
    assert_int_equal(map.n, 0);
    assert_int_equal(map.to_end, 5);
    for (uint32_t t = 0; t <= 5; t++) {
        assert_int_equal(flt_offmap_begin(&map, t), 3 + t);
        assert_int_equal(flt_offmap_end(&map, t), 3 + t);
    }
}

static void decodes_every_escape(void **state)
{
    (void)state;
    static const struct {
        const char *doc;
        struct flt_str want;
    } v[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", FLT_STR("\"\\/\b\f\n\r\t")},
        {"\"\\u0000\"", FLT_STR("\0")},
        {"\"\\u0041\\u00e9\\u20AC\\uffff\"", FLT_STR("A\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBF")},
        {"\"\\ud83d\\ude00\"", FLT_STR("\xF0\x9F\x98\x80")},
        {"\"\\uDBFF\\uDFFF\"", FLT_STR("\xF4\x8F\xBF\xBF")},
        {"\"\\ud83d\"", FLT_STR("\xED\xA0\xBD")},
        {"\"\\ude00x\"", FLT_STR("\xED\xB8\x80x")},
        {"\"\\ud83d\\ud83d\\ude00\"", FLT_STR("\xED\xA0\xBD\xF0\x9F\x98\x80")},
        {"\"\\ud83d\\n\"", FLT_STR("\xED\xA0\xBD\n")},
        {"\"\\\\u0041\"", FLT_STR("\\u0041")},
        {"\"a\\\\\\\\nb\"", FLT_STR("a\\\\nb")},
    };
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_offmap map;
        struct flt_str text = text_of(flt_str_of(v[i].doc), &map);
        assert_int_equal(text.n, v[i].want.n);
        assert_memory_equal(text.p, v[i].want.p, text.n);
        assert_int_equal(map.to_end, text.n);
        assert_int_equal(map.from_end, strlen(v[i].doc) - 1);
    }
}

static void escapes_are_atoms_of_the_map(void **state)
{
    (void)state;
    struct flt_offmap m;
    /*                                0123 456 789...           */
    struct flt_str text = text_of(FLT_STR("\"ab\\ncd\\ud83d\\ude00e\""), &m);
    assert_true(flt_str_is(text, "ab\ncd\xF0\x9F\x98\x80"
                                 "e"));
    static const uint32_t begin[] = {1, 2, 3, 5, 6, 7, 7, 7, 7, 19, 20};
    static const uint32_t end[] = {1, 2, 3, 5, 6, 7, 19, 19, 19, 19, 20};
    for (uint32_t t = 0; t < FLT_ARRAY_LEN(begin); t++) {
        assert_int_equal(flt_offmap_begin(&m, t), begin[t]);
        assert_int_equal(flt_offmap_end(&m, t), end[t]);
    }
    assert_int_equal(m.n, 5); /* ab, newline, cd, the pair, e */
}

static void runs_of_escapes_need_one_step_each(void **state)
{
    (void)state;
    struct flt_offmap m;
    struct flt_str text = text_of(FLT_STR("\"\\n\\n\\u0041x\\t\""), &m);
    assert_true(flt_str_is(text, "\n\nAx\t"));
    assert_int_equal(m.n, 5);
    assert_int_equal(flt_offmap_begin(&m, 0), 1);
    assert_int_equal(flt_offmap_end(&m, 0), 1);
    assert_int_equal(flt_offmap_begin(&m, 2), 5);
    assert_int_equal(flt_offmap_end(&m, 3), 11);
    assert_int_equal(flt_offmap_begin(&m, 3), 11);
    assert_int_equal(flt_offmap_begin(&m, 4), 12);
    assert_int_equal(flt_offmap_end(&m, 5), 14);
    assert_int_equal(flt_offmap_begin(&m, 5), 14);
}

static void maps_with_left_out_source_keep_both_sides_tight(void **state)
{
    (void)state;
    /* Text "abcdef" from source [0,3) and [10,13): what lies between belongs to neither side. */
    static const struct flt_offstep v[] = {{0, 0, false}, {3, 10, false}};
    struct flt_offmap m = {v, 2, 0, 6, 13};
    assert_int_equal(flt_offmap_end(&m, 3), 3);
    assert_int_equal(flt_offmap_begin(&m, 3), 10);
    assert_int_equal(flt_offmap_end(&m, 6), 13);
    assert_int_equal(flt_offmap_end(&m, 99), 13);
    assert_int_equal(flt_offmap_begin(&m, 99), 13);
}

/* Builds a random string document; want[i] of each text byte is the source range of the piece it came from. */
struct piece_range {
    uint32_t a, b;
};

static struct flt_str random_doc(uint64_t *seed, struct flt_buf *doc, struct flt_buf *text, struct piece_range *want)
{
    static const struct {
        const char *raw, *text;
    } piece[] = {{"a", "a"},
                 {"\xC3\xA9", NULL},
                 {"\\n", "\n"},
                 {"\\u0041", "A"},
                 {"\\u20ac", "\xE2\x82\xAC"},
                 {"\\ud83d\\ude00", "\xF0\x9F\x98\x80"},
                 {"\\\\", "\\"},
                 {"\\\"", "\""},
                 {"zz", NULL}};
    assert_int_equal(flt_buf_add(doc, "\"", 1), FLT_OK);
    for (uint64_t n = rnd(seed) % 12; n > 0; n--) {
        size_t k = rnd(seed) % FLT_ARRAY_LEN(piece);
        struct flt_str raw = flt_str_of(piece[k].raw);
        struct flt_str out = piece[k].text != NULL ? flt_str_of(piece[k].text) : raw;
        bool atom = raw.p[0] == '\\';
        for (uint32_t i = 0; i < out.n; i++) {
            uint32_t at = (uint32_t)doc->n;
            want[text->n + i] =
                atom ? (struct piece_range){at, at + (uint32_t)raw.n} : (struct piece_range){at + i, at + i + 1};
        }
        assert_int_equal(flt_buf_add_str(doc, raw), FLT_OK);
        assert_int_equal(flt_buf_add_str(text, out), FLT_OK);
    }
    assert_int_equal(flt_buf_add(doc, "\"", 1), FLT_OK);
    return flt_buf_str(doc);
}

static void every_offset_maps_to_the_piece_it_came_from(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (unsigned round = 0; round < 20000; round++) {
        struct flt_buf doc, text;
        struct piece_range want[64];
        struct flt_offmap m;
        flt_buf_init(&doc, 1000);
        flt_buf_init(&text, 1000);
        struct flt_str got = text_of(random_doc(&seed, &doc, &text, want), &m);
        assert_true(flt_str_eq(got, flt_buf_str(&text)));
        assert_true(m.n <= got.n + 1);
        for (uint32_t i = 0; i < got.n; i++) {
            assert_int_equal(flt_offmap_begin(&m, i), want[i].a);
            assert_int_equal(flt_offmap_end(&m, i + 1), want[i].b);
        }
        for (uint32_t i = 1; i < m.n; i++)
            assert_true(m.v[i - 1].to < m.v[i].to && m.v[i - 1].from < m.v[i].from);
        assert_int_equal(flt_offmap_begin(&m, (uint32_t)got.n), doc.n - 1);
        flt_buf_free(&doc);
        flt_buf_free(&text);
        flt_arena_reset(arena);
    }
}

static void running_out_of_memory_is_an_error(void **state)
{
    (void)state;
    struct flt_buf b;
    flt_buf_init(&b, 1u << 20);
    assert_int_equal(flt_buf_add(&b, "\"", 1), FLT_OK);
    for (unsigned i = 0; i < 2000; i++)
        assert_int_equal(flt_buf_add(&b, "\\nx", 3), FLT_OK);
    assert_int_equal(flt_buf_add(&b, "\"", 1), FLT_OK);
    unsigned failed = 0, passed = 0;
    for (size_t max = 4096; max < 100000; max += 512) {
        struct flt_arena *small = flt_arena_new(max);
        struct flt_json j;
        struct flt_str text;
        struct flt_offmap map;
        assert_int_equal(flt_json_scan(flt_buf_str(&b), &flt_json_strict, arena, &j, NULL), FLT_OK);
        int rc = flt_json_text(&j, 0, small, &text, &map);
        assert_true(rc == FLT_OK || rc == FLT_E_NOMEM);
        failed += rc != FLT_OK;
        passed += rc == FLT_OK;
        flt_arena_free(small);
        flt_arena_reset(arena);
    }
    assert_true(failed > 10 && passed > 10);
    flt_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_not_copied),
        cmocka_unit_test(decodes_every_escape),
        cmocka_unit_test(escapes_are_atoms_of_the_map),
        cmocka_unit_test(runs_of_escapes_need_one_step_each),
        cmocka_unit_test(maps_with_left_out_source_keep_both_sides_tight),
        cmocka_unit_test(every_offset_maps_to_the_piece_it_came_from),
        cmocka_unit_test(running_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
