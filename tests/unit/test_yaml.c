/* test_yaml.c: what operators may write, and the exact place and words of every complaint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "flt/yaml.h"

/* Everything complained about, one problem a line, without the file's name. */
static char problems[16384];

static void collect(struct flt_diag *d)
{
    size_t used = 0;
    problems[0] = '\0';
    for (unsigned i = 0; i < d->n && used + 1024 < sizeof problems; i++)
        used += flt_err_format(&d->v[i], problems + used, sizeof problems - used);
    flt_diag_free(d);
}

static void refuses(const char *text, size_t n, const char *expected)
{
    struct flt_diag d = {0};
    struct flt_yaml *y = flt_yaml_parse("f", (struct flt_str){text, n}, &d);
    bool failed = flt_diag_failed(&d);
    collect(&d);
    assert_null(y);
    assert_true(failed);
    assert_string_equal(problems, expected);
}
#define REFUSES(text, expected) refuses(text, sizeof(text) - 1, expected)

static struct flt_yaml *parse(const char *text)
{
    struct flt_diag d = {0};
    struct flt_yaml *y = flt_yaml_parse("f", flt_str_of(text), &d);
    collect(&d);
    assert_string_equal(problems, "");
    assert_non_null(y);
    return y;
}

/* ---- the tree -------------------------------------------------------------------------------------------------- */

static void expect_at(flt_node *n, unsigned line, unsigned col)
{
    unsigned l, c;
    assert_non_null(n);
    flt_node_where(n, &l, &c);
    assert_int_equal(l, line);
    assert_int_equal(c, col);
}

static void gives_each_node_its_line_and_column(void **state)
{
    (void)state;
    struct flt_yaml *y = parse("# comment\n"
                               "one: 1\n"
                               "list:\n"
                               "  - a\n"
                               "  - {k: \"v\", e: 1}\n"
                               "empty:\n"
                               "map:\n"
                               "  inner: x\n"
                               "\"\xC3\xA9\": after\n");
    flt_node *root = flt_yaml_root(y);
    assert_string_equal(flt_yaml_file(y), "f");
    assert_int_equal(flt_node_count(root), 5);
    expect_at(root, 2, 1);
    expect_at(flt_node_get(root, "one"), 2, 6);
    flt_node *list = flt_node_get(root, "list");
    assert_true(flt_node_is_list(list));
    expect_at(list, 4, 5);
    expect_at(flt_node_item(list, 0), 4, 5);
    expect_at(flt_node_item(list, 1), 5, 5);
    expect_at(flt_node_get(flt_node_item(list, 1), "k"), 5, 9);
    expect_at(flt_node_get(flt_node_item(list, 1), "e"), 5, 17);
    expect_at(flt_node_get(root, "empty"), 6, 1);
    expect_at(flt_node_get(root, "map"), 8, 3);
    expect_at(flt_node_value(root, 4), 9, 6);
    assert_null(flt_node_item(list, 2));
    assert_null(flt_node_get(root, "two"));
    flt_yaml_free(y);
}

static void tells_plain_quoted_and_null_scalars_apart(void **state)
{
    (void)state;
    struct flt_yaml *y = parse("[null, 'null', ~, \"\", off]");
    flt_node *root = flt_yaml_root(y);
    assert_true(flt_node_is_null(flt_node_item(root, 0)));
    assert_false(flt_node_is_null(flt_node_item(root, 1)));
    assert_true(flt_node_is_null(flt_node_item(root, 2)));
    assert_false(flt_node_is_null(flt_node_item(root, 3)));
    assert_true(flt_node_is_plain(flt_node_item(root, 4)));
    assert_false(flt_node_is_plain(flt_node_item(root, 3)));
    flt_yaml_free(y);
}

static void reads_block_text_and_escapes(void **state)
{
    (void)state;
    struct flt_yaml *y = parse("a: |\n  two\n  lines\nb: \"tab\\t\\u00e9\"\nc: 'it''s'\nd: one\n  two\n");
    flt_node *root = flt_yaml_root(y);
    assert_true(flt_str_is(flt_node_str(flt_node_get(root, "a")), "two\nlines\n"));
    assert_true(flt_str_is(flt_node_str(flt_node_get(root, "b")), "tab\t\xC3\xA9"));
    assert_true(flt_str_is(flt_node_str(flt_node_get(root, "c")), "it's"));
    assert_true(flt_str_is(flt_node_str(flt_node_get(root, "d")), "one two"));
    flt_yaml_free(y);
}

static void accepts_a_byte_order_mark_and_windows_line_ends(void **state)
{
    (void)state;
    struct flt_yaml *y = parse("\xEF\xBB\xBF"
                               "a: 1\r\nb: 2\r\n");
    flt_node *root = flt_yaml_root(y);
    expect_at(flt_node_get(root, "b"), 2, 4);
    assert_true(flt_str_is(flt_node_str(flt_node_get(root, "a")), "1"));
    flt_yaml_free(y);
}

static void refuses_aliases_anchors_and_tags(void **state)
{
    (void)state;
    REFUSES("a: &x 1\nb: *x\n", "f:1:7: error: anchors (&name) are not accepted\n"
                                "f:2:5: error: aliases (*name) are not accepted; write the value out\n");
    REFUSES("a: !!str 1\n", "f:1:10: error: tags (!name) are not accepted\n");
}

static void refuses_duplicate_keys_and_names_both_lines(void **state)
{
    (void)state;
    REFUSES("a: 1\nb: {c: 1, c: 2}\na: 3\n", "f:2:11: error: c: this key stands in the same map already, on line 2\n"
                                             "f:3:1: error: a: this key stands in the same map already, on line 1\n");
}

static void refuses_a_second_document(void **state)
{
    (void)state;
    REFUSES("a: 1\n---\nb: 2\n", "f:3:1: error: a second document (expected one a file)\n");
}

static void refuses_text_that_is_not_utf8_before_the_parser_sees_it(void **state)
{
    (void)state;
    REFUSES("a: 1\nb: \xFF\n", "f:2:4: error: not UTF-8 (expected UTF-8 text)\n");
    REFUSES("a: \xED\xA0\x80\n", "f:1:4: error: not UTF-8 (expected UTF-8 text)\n");
    REFUSES("a: \xC0\x80\n", "f:1:4: error: not UTF-8 (expected UTF-8 text)\n");
    REFUSES("a: \xE2\x82", "f:1:4: error: not UTF-8 (expected UTF-8 text)\n");
    REFUSES("a: b\0c\n", "f:1:5: error: control character\n");
}

static void refuses_keys_that_are_not_words(void **state)
{
    (void)state;
    REFUSES("? [1, 2]\n: 3\n", "f:1:3: error: a key must be a plain word, not a list or a map\n");
}

static void refuses_empty_files(void **state)
{
    (void)state;
    REFUSES("", "f:1:1: error: the file is empty\n");
    REFUSES("# only a comment\n", "f:1:1: error: the file is empty\n");
}

static void reports_syntax_errors_where_they_stand(void **state)
{
    (void)state;
    struct flt_diag d = {0};
    assert_null(flt_yaml_parse("f", FLT_STR("a: 1\nb: [1, 2\nc: 3\n"), &d));
    assert_int_equal(d.n, 1);
    assert_int_equal(d.v[0].status, FLT_E_SYNTAX);
    assert_true(d.v[0].line >= 2);
    assert_true(d.v[0].col >= 1);
    assert_string_equal(d.v[0].file, "f");
    flt_diag_free(&d);
    assert_null(flt_yaml_parse("f", FLT_STR("a: \"unfinished\n"), &d));
    assert_true(flt_diag_failed(&d));
    flt_diag_free(&d);
}

static void refuses_what_is_nested_too_deep(void **state)
{
    (void)state;
    char text[2001];
    memset(text, '[', 1000);
    memset(text + 1000, ']', 1000);
    text[2000] = '\0';
    struct flt_diag d = {0};
    assert_null(flt_yaml_parse("f", flt_str_of(text), &d));
    assert_true(flt_diag_failed(&d));
    flt_diag_free(&d);
}

static void refuses_files_over_four_mebibytes(void **state)
{
    (void)state;
    size_t n = 4 * 1024 * 1024 + 1;
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, '#', n);
    refuses(text, n, "f: error: the file is larger than 4 MiB\n");
    text[0] = 'a';
    text[1] = ':';
    text[2] = ' ';
    text[3] = 'x';
    struct flt_diag d = {0};
    struct flt_yaml *y = flt_yaml_parse("f", (struct flt_str){text, n - 1}, &d);
    assert_non_null(y);
    assert_int_equal(flt_node_str(flt_node_get(flt_yaml_root(y), "a")).n, n - 4);
    flt_yaml_free(y);
    flt_diag_free(&d);
    free(text);
}

static void reports_files_that_cannot_be_read(void **state)
{
    (void)state;
    struct flt_diag d = {0};
    assert_null(flt_yaml_load("/nonexistent/f.yaml", &d));
    assert_null(flt_yaml_load("/", &d));
    assert_int_equal(d.n, 2);
    assert_int_equal(d.v[0].status, FLT_E_IO);
    assert_int_equal(d.v[1].status, FLT_E_IO);
    assert_string_equal(d.v[0].file, "/nonexistent/f.yaml");
    flt_diag_free(&d);
}

/* ---- the walker ------------------------------------------------------------------------------------------------ */

struct inner {
    int64_t size;
    bool flag;
};
struct outer {
    struct flt_str name, note;
    int64_t count, wait;
    double share;
    int colour;
    struct flt_strlist words;
    struct inner inner;
    int custom;
};
static const char *const colours[] = {"red", "green", "blue", NULL};

static void custom_key(struct flt_walk *w, flt_node *n, void *field)
{
    size_t mark = flt_walk_push_index(w, 3);
    if (flt_str_is(flt_node_str(n), "bad"))
        flt_walk_error(w, n, "leaf", "is %s", "bad");
    else
        *(int *)field = 7;
    flt_walk_pop(w, mark);
}

static const struct flt_key inner_keys[] = {
    {.name = "size", .type = FLT_KEY_SIZE, .offset = offsetof(struct inner, size), .min = 1, .max = 1LL << 40},
    {.name = "flag", .type = FLT_KEY_BOOL, .offset = offsetof(struct inner, flag)},
    {0},
};
static const struct flt_key outer_keys[] = {
    {.name = "name",
     .type = FLT_KEY_STR,
     .offset = offsetof(struct outer, name),
     .flags = FLT_KEY_REQUIRED,
     .help = "a name"},
    {.name = "note", .type = FLT_KEY_STR, .offset = offsetof(struct outer, note), .flags = FLT_KEY_EMPTY_OK},
    {.name = "count", .type = FLT_KEY_INT, .offset = offsetof(struct outer, count), .min = -5, .max = 1000000000000},
    {.name = "wait", .type = FLT_KEY_DURATION, .offset = offsetof(struct outer, wait), .max = 3600000},
    {.name = "share", .type = FLT_KEY_FLOAT, .offset = offsetof(struct outer, share), .max = 1},
    {.name = "colour", .type = FLT_KEY_ENUM, .offset = offsetof(struct outer, colour), .names = colours},
    {.name = "words", .type = FLT_KEY_STRLIST, .offset = offsetof(struct outer, words)},
    {.name = "inner", .type = FLT_KEY_MAP, .offset = offsetof(struct outer, inner), .keys = inner_keys},
    {.name = "custom", .type = FLT_KEY_CUSTOM, .offset = offsetof(struct outer, custom), .fn = custom_key},
    {0},
};

static int walk(const char *text, struct flt_arena *arena, struct outer *out)
{
    struct flt_diag d = {0};
    struct flt_yaml *y = flt_yaml_parse("f", flt_str_of(text), &d);
    int rc = FLT_E_SYNTAX;
    if (y) {
        struct flt_walk w = {.yaml = y, .diag = &d, .arena = arena};
        rc = flt_walk_map(&w, flt_yaml_root(y), outer_keys, out);
        assert_string_equal(w.path, "");
    }
    flt_yaml_free(y);
    collect(&d);
    return rc;
}

static void fills_every_type_and_keeps_defaults(void **state)
{
    (void)state;
    struct flt_arena *arena = flt_arena_new(65536);
    struct outer o = {.wait = 99};
    int rc = walk("name: 'n\xC3\xA9'\nnote:\ncount: 1e12\nshare: 0.25\ncolour: blue\nwords: [a, \"b c\"]\n"
                  "inner: {size: 10MiB, flag: on}\ncustom: good\n",
                  arena, &o);
    assert_string_equal(problems, "");
    assert_int_equal(rc, FLT_OK);
    assert_true(flt_str_is(o.name, "n\xC3\xA9"));
    assert_int_equal(o.note.n, 0);
    assert_true(o.count == 1000000000000);
    assert_int_equal(o.wait, 99);
    assert_true(o.share > 0.2499 && o.share < 0.2501);
    assert_int_equal(o.colour, 2);
    assert_int_equal(o.words.n, 2);
    assert_true(flt_str_is(o.words.v[1], "b c"));
    assert_int_equal(o.inner.size, 10485760);
    assert_true(o.inner.flag);
    assert_int_equal(o.custom, 7);
    flt_arena_free(arena);
}

static void takes_one_string_where_a_list_may_stand(void **state)
{
    (void)state;
    struct flt_arena *arena = flt_arena_new(65536);
    struct outer o = {0};
    assert_int_equal(walk("name: n\nwords: only\nwait: 2m\ninner:\n", arena, &o), FLT_OK);
    assert_int_equal(o.words.n, 1);
    assert_true(flt_str_is(o.words.v[0], "only"));
    assert_int_equal(o.wait, 120000);
    flt_arena_free(arena);
}

static void reports_every_mistake_of_a_map(void **state)
{
    (void)state;
    struct flt_arena *arena = flt_arena_new(65536);
    struct outer o = {0};
    int rc = walk("count: 5000000000000\n"
                  "wait: 5 s\n"
                  "share: 1.5\n"
                  "colour: gren\n"
                  "words: [a, [b], '']\n"
                  "inner:\n"
                  "  size: 0\n"
                  "  flga: true\n"
                  "  flag: maybe\n"
                  "custom: bad\n"
                  "surprise: 1\n"
                  "note: {}\n",
                  arena, &o);
    assert_int_equal(rc, FLT_E_CONFIG);
    assert_string_equal(
        problems,
        "f:1:8: error: count: out of range (expected -5 to 1000000000000)\n"
        "f:2:7: error: wait: not a time such as 250ms, 5s, 2m or 1h (expected a time such as 250ms, 5s, 2m or 1h)\n"
        "f:3:8: error: share: out of range (expected 0 to 1)\n"
        "f:4:9: error: colour: not one of the accepted words (expected red, green, blue; did you mean green?)\n"
        "f:5:12: error: words[1]: not a string (expected a string)\n"
        "f:5:17: error: words[2]: empty (expected a string)\n"
        "f:7:9: error: inner.size: out of range (expected 1 to 1TiB)\n"
        "f:8:3: error: inner.flga: unknown key (did you mean flag?)\n"
        "f:9:9: error: inner.flag: not a truth value (expected true or false)\n"
        "f:10:9: error: custom[3].leaf: is bad\n"
        "f:11:1: error: surprise: unknown key\n"
        "f:12:7: error: note: not a string (expected a string)\n"
        "f:1:1: error: name: missing (expected a name)\n");
    flt_arena_free(arena);
}

static void refuses_numbers_that_are_not_plain_decimals(void **state)
{
    (void)state;
    static const char *const bad[] = {"count: 0x10",  "count: 1.5",
                                      "count: 007",   "count: 1_000",
                                      "count: ",      "count: [1]",
                                      "count: --1",   "count: 99999999999999999999",
                                      "count: 9e12e", "wait: 5",
                                      "wait: 2h",     "wait: 99999999999999999h",
                                      "share: nan",   "share: 0x1",
                                      "share: ",      "share: 1e999",
                                      "inner: 5",     "inner: {size: 5MB}",
                                      "words: {}"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(bad); i++) {
        struct flt_arena *arena = flt_arena_new(65536);
        struct outer o = {.count = -1, .wait = -1, .share = -1};
        char text[80];
        (void)snprintf(text, sizeof text, "name: n\n%s\n", bad[i]);
        if (walk(text, arena, &o) != FLT_E_CONFIG)
            fail_msg("accepted: %s", bad[i]);
        assert_true(o.count == -1 && o.wait == -1 && o.share < 0 && o.inner.size == 0);
        flt_arena_free(arena);
    }
}

static void suggests_only_near_words(void **state)
{
    (void)state;
    static const char *const words[] = {"tenants", "upstreams", "listen", "log", NULL};
    assert_string_equal(flt_walk_nearest(FLT_STR("tenant"), words), "tenants");
    assert_string_equal(flt_walk_nearest(FLT_STR("upsteams"), words), "upstreams");
    assert_string_equal(flt_walk_nearest(FLT_STR("lsiten"), words), "listen");
    assert_string_equal(flt_walk_nearest(FLT_STR("logs"), words), "log");
    assert_null(flt_walk_nearest(FLT_STR("x"), words));
    assert_null(flt_walk_nearest(FLT_STR(""), words));
    assert_null(flt_walk_nearest(FLT_STR("certificate"), words));
    assert_null(flt_walk_nearest(FLT_STR("a_word_that_is_longer_than_any_key_could_be"), words));
}

static void cuts_paths_that_do_not_fit(void **state)
{
    (void)state;
    struct flt_walk w = {0};
    size_t first = flt_walk_push(&w, "a");
    for (int i = 0; i < 50; i++)
        (void)flt_walk_push(&w, "longer");
    assert_int_equal(strlen(w.path), sizeof w.path - 1);
    flt_walk_pop(&w, first);
    assert_string_equal(w.path, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_each_node_its_line_and_column),
        cmocka_unit_test(tells_plain_quoted_and_null_scalars_apart),
        cmocka_unit_test(reads_block_text_and_escapes),
        cmocka_unit_test(accepts_a_byte_order_mark_and_windows_line_ends),
        cmocka_unit_test(refuses_aliases_anchors_and_tags),
        cmocka_unit_test(refuses_duplicate_keys_and_names_both_lines),
        cmocka_unit_test(refuses_a_second_document),
        cmocka_unit_test(refuses_text_that_is_not_utf8_before_the_parser_sees_it),
        cmocka_unit_test(refuses_keys_that_are_not_words),
        cmocka_unit_test(refuses_empty_files),
        cmocka_unit_test(reports_syntax_errors_where_they_stand),
        cmocka_unit_test(refuses_what_is_nested_too_deep),
        cmocka_unit_test(refuses_files_over_four_mebibytes),
        cmocka_unit_test(reports_files_that_cannot_be_read),
        cmocka_unit_test(fills_every_type_and_keeps_defaults),
        cmocka_unit_test(takes_one_string_where_a_list_may_stand),
        cmocka_unit_test(reports_every_mistake_of_a_map),
        cmocka_unit_test(refuses_numbers_that_are_not_plain_decimals),
        cmocka_unit_test(suggests_only_near_words),
        cmocka_unit_test(cuts_paths_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
