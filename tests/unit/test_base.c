/* test_base.c: slices, diagnostics, arena, buffer and map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "flt/base.h"
#include "rnd.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- status and slices ------------------------------------------------------------------------------------------- */

static void names_every_status_differently(void **state)
{
    (void)state;
    for (int a = FLT_E_TRUNCATED; a <= FLT_OK; a++) {
        assert_string_not_equal(flt_status_name(a), "unknown");
        for (int b = a + 1; b <= FLT_OK; b++)
            assert_string_not_equal(flt_status_name(a), flt_status_name(b));
    }
    assert_string_equal(flt_status_name(1), "unknown");
    assert_string_equal(flt_status_name(FLT_E_TRUNCATED - 1), "unknown");
    assert_string_equal(flt_status_name(FLT_E_LIMIT), "limit");
}

static void compares_slices(void **state)
{
    (void)state;
    struct flt_str none = {NULL, 0};
    assert_true(flt_str_eq(none, FLT_STR("")));
    assert_true(flt_str_is(FLT_STR("abc"), "abc"));
    assert_false(flt_str_is(FLT_STR("abc"), "abd"));
    assert_true(flt_str_ieq(FLT_STR("Content-TYPE"), FLT_STR("content-type")));
    assert_false(flt_str_ieq(FLT_STR("a["), FLT_STR("a{")));     /* 0x20 apart, but no letters */
    assert_false(flt_str_ieq(FLT_STR("\xC4"), FLT_STR("\xE4"))); /* nor are these, in ASCII */
    assert_false(flt_str_ieq(FLT_STR("abc"), FLT_STR("abcd")));
    assert_true(flt_str_starts(FLT_STR("abc"), FLT_STR("ab")));
    assert_true(flt_str_starts(none, none));
    assert_false(flt_str_starts(FLT_STR("ab"), FLT_STR("abc")));
}

static bool naive_glob(struct flt_str s, struct flt_str g)
{
    if (g.n == 0)
        return s.n == 0;
    struct flt_str rest = {g.p + 1, g.n - 1};
    if (g.p[0] != '*')
        return s.n != 0 && s.p[0] == g.p[0] && naive_glob((struct flt_str){s.p + 1, s.n - 1}, rest);
    for (size_t i = 0; i <= s.n; i++) {
        if (naive_glob((struct flt_str){s.p + i, s.n - i}, rest))
            return true;
    }
    return false;
}

static void globs_by_hand(void **state)
{
    (void)state;
    assert_true(flt_str_glob(FLT_STR("pii.email"), FLT_STR("pii.*")));
    assert_true(flt_str_glob(FLT_STR("pii.email"), FLT_STR("*")));
    assert_true(flt_str_glob((struct flt_str){NULL, 0}, FLT_STR("**")));
    assert_true(flt_str_glob((struct flt_str){NULL, 0}, (struct flt_str){NULL, 0}));
    assert_true(flt_str_glob(FLT_STR("abcabc"), FLT_STR("*abc")));
    assert_false(flt_str_glob(FLT_STR("ab"), FLT_STR("ab*b"))); /* the one b cannot serve twice */
    assert_false(flt_str_glob(FLT_STR("pii.email"), FLT_STR("pii")));
    assert_false(flt_str_glob(FLT_STR("a.b"), FLT_STR("a?b"))); /* only the star is special */
}

static void globs_as_the_naive_matcher_does(void **state)
{
    (void)state;
    uint64_t seed = 1;
    unsigned matched = 0;
    for (unsigned round = 0; round < 200000; round++) {
        char s[8], g[8];
        struct flt_str a = {s, rnd(&seed) % 8}, b = {g, rnd(&seed) % 7};
        for (size_t i = 0; i < a.n; i++)
            s[i] = "ab"[rnd(&seed) % 2];
        for (size_t i = 0; i < b.n; i++)
            g[i] = "ab**"[rnd(&seed) % 4];
        bool want = naive_glob(a, b);
        matched += want;
        assert_int_equal(flt_str_glob(a, b), want);
    }
    assert_true(matched > 1000);
}

static void globs_hostile_patterns_in_linear_time(void **state)
{
    (void)state;
    enum { LEN = 400000 };
    char *s = malloc(LEN), *g = malloc(LEN);
    for (size_t i = 0; i < LEN; i++) {
        s[i] = 'a';
        g[i] = i % 2 == 0 ? 'a' : '*';
    }
    g[LEN - 1] = 'b'; /* a backtracking matcher would not come back */
    assert_false(flt_str_glob((struct flt_str){s, LEN}, (struct flt_str){g, LEN}));
    free(s);
    free(g);
}

/* ---- diagnostics ------------------------------------------------------------------------------------------------- */

static void formats_a_problem_with_its_place(void **state)
{
    (void)state;
    struct flt_diag d = {0};
    char out[512];
    flt_diag_add(&d, FLT_E_CONFIG, "a.yaml", 3, 7, "listen[0].tls", "expected %s", "a map");
    flt_diag_add(&d, FLT_OK, "a.yaml", 4, 0, NULL, "odd");
    flt_diag_add(&d, FLT_E_IO, NULL, 0, 0, NULL, "gone");
    assert_int_equal(d.n, 3);
    assert_int_equal(d.warnings, 1);
    size_t n = flt_err_format(&d.v[0], out, sizeof(out));
    assert_string_equal(out, "a.yaml:3:7: error: listen[0].tls: expected a map\n");
    assert_int_equal(n, strlen(out));
    flt_err_format(&d.v[1], out, sizeof(out));
    assert_string_equal(out, "a.yaml:4: warning: odd\n");
    flt_err_format(&d.v[2], out, sizeof(out));
    assert_string_equal(out, "error: gone\n");
    assert_int_equal(flt_err_format(&d.v[0], out, 8), n);
    assert_string_equal(out, "a.yaml:");
    flt_diag_free(&d);
    assert_null(d.v);
}

static void marks_a_problem_that_did_not_fit(void **state)
{
    (void)state;
    struct flt_diag d = {0};
    char longer[600], out[1024];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    flt_diag_add(&d, FLT_E_CONFIG, "f", 1, 1, "p", "%s", longer);
    flt_diag_add(&d, FLT_E_CONFIG, longer, 1, 1, "p", "m");
    flt_diag_add(&d, FLT_E_CONFIG, "f", 1, 1, longer, "m");
    for (unsigned i = 0; i < 3; i++) {
        assert_true(d.v[i].truncated);
        size_t n = flt_err_format(&d.v[i], out, sizeof(out));
        assert_true(n < sizeof(out));
        assert_non_null(strstr(out, "(shortened)"));
    }
    flt_diag_free(&d);
}

static void warnings_alone_are_not_a_failure(void **state)
{
    (void)state;
    struct flt_diag d = {0};
    assert_false(flt_diag_failed(&d));
    flt_diag_add(&d, FLT_OK, "f", 1, 1, "p", "hm");
    assert_false(flt_diag_failed(&d));
    flt_diag_add(&d, FLT_E_TYPE, "f", 1, 1, "p", "no");
    assert_true(flt_diag_failed(&d));
    flt_diag_free(&d);
}

static void a_full_list_still_shows_the_error(void **state)
{
    (void)state;
    struct flt_diag d = {0};
    for (unsigned i = 0; i < FLT_DIAG_MAX + 50; i++)
        flt_diag_add(&d, FLT_OK, "f", i, 1, "p", "warning");
    assert_int_equal(d.n, FLT_DIAG_MAX);
    assert_int_equal(d.dropped, 50);
    assert_false(flt_diag_failed(&d));
    flt_diag_add(&d, FLT_E_CONFIG, "f", 9, 9, "p", "the error");
    assert_int_equal(d.n, FLT_DIAG_MAX);
    assert_true(flt_diag_failed(&d));
    assert_string_equal(d.v[FLT_DIAG_MAX - 1].message, "the error");
    flt_diag_free(&d);
}

/* ---- arena ------------------------------------------------------------------------------------------------------- */

static void arena_pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    enum { PIECES = 3000 };
    struct flt_arena *a = flt_arena_new(64u << 20);
    unsigned char *p[PIECES];
    size_t len[PIECES];
    uint64_t seed = 2;
    for (unsigned i = 0; i < PIECES; i++) {
        len[i] = i % 97 == 0 ? rnd(&seed) % 100000 : rnd(&seed) % 200;
        p[i] = flt_arena_alloc(a, len[i]);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % 16, 0);
        memset(p[i], (int)(i & 0xFF), len[i]);
    }
    for (unsigned i = 0; i < PIECES; i++) {
        for (size_t k = 0; k < len[i]; k++)
            assert_int_equal(p[i][k], i & 0xFF);
    }
    assert_true(flt_arena_used(a) <= flt_arena_held(a));
    flt_arena_free(a);
}

static void arena_stops_at_its_maximum(void **state)
{
    (void)state;
    enum { MAX = 100000 };
    struct flt_arena *a = flt_arena_new(MAX);
    size_t got = 0;
    while (flt_arena_alloc(a, 500) != NULL)
        got += 500;
    assert_true(got > MAX * 9 / 10);
    assert_true(flt_arena_held(a) <= MAX);
    assert_null(flt_arena_alloc(a, 500));
    assert_null(flt_arena_alloc(a, SIZE_MAX));
    assert_null(flt_arena_alloc(a, SIZE_MAX - 40));
    assert_null(flt_arena_calloc(a, SIZE_MAX / 4, 8));
    assert_null(flt_arena_dup(a, "", SIZE_MAX));
    bool ok = true;
    char big[600] = {0};
    assert_null(flt_arena_str(a, (struct flt_str){big, sizeof(big)}, &ok).p);
    assert_false(ok);
    flt_arena_reset(a);
    assert_non_null(flt_arena_alloc(a, 500));
    flt_arena_free(a);
}

static void arena_reset_wipes_and_keeps_one_block(void **state)
{
    (void)state;
    struct flt_arena *a = flt_arena_new(16u << 20);
    for (unsigned i = 0; i < 400; i++)
        memset(flt_arena_alloc(a, 2000), 's', 2000);
    assert_true(flt_arena_used(a) >= 400u * 2000u);
    flt_arena_reset(a);
    size_t kept = flt_arena_held(a);
    assert_int_equal(flt_arena_used(a), 0);
    assert_in_range(kept, 4096, 64u << 10);
    char *p = flt_arena_alloc(a, kept / 2);
    for (size_t i = 0; i < kept / 2; i++)
        assert_int_equal(p[i], 0);
    assert_int_equal(flt_arena_held(a), kept);
    flt_arena_free(a);
    flt_arena_free(NULL);
}

static void arena_copies_and_prints(void **state)
{
    (void)state;
    struct flt_arena *a = flt_arena_new(4096);
    bool ok = false;
    assert_string_equal(flt_arena_dup(a, "abcd", 3), "abc");
    assert_string_equal(flt_arena_dup(a, NULL, 0), "");
    struct flt_str s = flt_arena_str(a, FLT_STR("a\0b"), &ok);
    assert_true(ok);
    assert_int_equal(s.n, 3);
    assert_memory_equal(s.p, "a\0b", 4);
    assert_string_equal(flt_arena_printf(a, "%s-%d", "x", 7), "x-7");
    assert_null(flt_arena_printf(a, "%5000d", 7));
    unsigned char *z = flt_arena_calloc(a, 10, 10);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(z[i], 0);
    assert_non_null(flt_arena_alloc(a, 0));
    flt_arena_free(a);
}

/* ---- buffer ------------------------------------------------------------------------------------------------------ */

static void buffer_refuses_beyond_its_maximum_and_keeps_its_content(void **state)
{
    (void)state;
    struct flt_buf b;
    flt_buf_init(&b, 10);
    assert_int_equal(flt_buf_add(&b, "12345678", 8), FLT_OK);
    assert_int_equal(flt_buf_add(&b, "abc", 3), FLT_E_LIMIT);
    assert_int_equal(flt_buf_add(&b, "abc", SIZE_MAX), FLT_E_LIMIT);
    assert_int_equal(flt_buf_printf(&b, "%d", 123), FLT_E_LIMIT);
    assert_true(flt_str_is(flt_buf_str(&b), "12345678"));
    assert_int_equal(flt_buf_printf(&b, "%d", 90), FLT_OK); /* fills it to the last byte */
    assert_int_equal(b.n, 10);
    assert_int_equal(flt_buf_add(&b, NULL, 0), FLT_OK);
    assert_int_equal(flt_buf_reserve(&b, 1), FLT_E_LIMIT);
    flt_buf_free(&b);
    assert_null(b.p);
}

static void buffer_prints_long_text_exactly_to_the_maximum(void **state)
{
    (void)state;
    struct flt_buf b;
    flt_buf_init(&b, 1000);
    assert_int_equal(flt_buf_printf(&b, "%1001d", 5), FLT_E_LIMIT);
    assert_int_equal(b.n, 0);
    assert_int_equal(flt_buf_printf(&b, "%1000d", 5), FLT_OK);
    assert_int_equal(b.n, 1000);
    assert_int_equal(b.p[999], '5');
    flt_buf_free(&b);
}

static void buffer_consumes_and_wipes(void **state)
{
    (void)state;
    struct flt_buf b;
    flt_buf_init(&b, 100);
    assert_int_equal(flt_buf_add_str(&b, FLT_STR("secretrest")), FLT_OK);
    flt_buf_consume(&b, 0);
    flt_buf_consume(&b, 6);
    assert_true(flt_str_is(flt_buf_str(&b), "rest"));
    for (size_t i = 4; i < 10; i++)
        assert_int_equal(b.p[i], 0);
    flt_buf_clear(&b);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(b.p[i], 0);
    assert_int_equal(b.n, 0);
    assert_true(b.cap >= 10);
    flt_buf_free(&b);
    flt_buf_free(&b);
}

static void buffer_equals_a_plain_array_under_random_use(void **state)
{
    (void)state;
    enum { MAX = 5000 };
    static char want[MAX];
    size_t n = 0;
    uint64_t seed = 3;
    struct flt_buf b;
    flt_buf_init(&b, MAX);
    for (unsigned round = 0; round < 20000; round++) {
        char piece[64];
        size_t k = rnd(&seed) % sizeof(piece);
        memset(piece, (int)('a' + round % 26), sizeof(piece));
        if (rnd(&seed) % 3 != 0) {
            assert_int_equal(flt_buf_add(&b, piece, k), n + k <= MAX ? FLT_OK : FLT_E_LIMIT);
            if (n + k <= MAX) {
                memcpy(want + n, piece, k);
                n += k;
            }
        } else {
            k = k < n ? k : n;
            flt_buf_consume(&b, k);
            n -= k;
            memmove(want, want + k, n);
        }
        assert_int_equal(b.n, n);
        if (n != 0)
            assert_memory_equal(b.p, want, n);
    }
    flt_buf_free(&b);
}

/* ---- map --------------------------------------------------------------------------------------------------------- */

static void map_refuses_a_second_value(void **state)
{
    (void)state;
    struct flt_strmap *m = flt_strmap_new(42);
    uint32_t v = 0;
    char key[] = "name";
    assert_false(flt_strmap_get(m, FLT_STR("name"), &v));
    assert_int_equal(flt_strmap_put(m, flt_str_of(key), 1), FLT_OK);
    key[0] = 'X'; /* the map has its own copy */
    assert_int_equal(flt_strmap_put(m, FLT_STR("name"), 2), FLT_E_AMBIGUOUS);
    assert_true(flt_strmap_get(m, FLT_STR("name"), &v));
    assert_int_equal(v, 1);
    assert_int_equal(flt_strmap_put(m, (struct flt_str){NULL, 0}, 3), FLT_OK);
    assert_int_equal(flt_strmap_put(m, FLT_STR(""), 4), FLT_E_AMBIGUOUS);
    assert_int_equal(flt_strmap_put(m, FLT_STR("a\0b"), 5), FLT_OK);
    assert_false(flt_strmap_get(m, FLT_STR("a\0c"), NULL));
    assert_false(flt_strmap_get(m, FLT_STR("a"), NULL));
    assert_true(flt_strmap_get(m, FLT_STR("a\0b"), NULL));
    assert_int_equal(flt_strmap_count(m), 3);
    flt_strmap_free(m);
    flt_strmap_free(NULL);
}

static void map_finds_each_of_many_keys(void **state)
{
    (void)state;
    enum { KEYS = 100000 };
    struct flt_strmap *m = flt_strmap_new(7);
    char key[32];
    for (uint32_t i = 0; i < KEYS; i++) {
        int n = snprintf(key, sizeof(key), "key-%u", i);
        assert_int_equal(flt_strmap_put(m, (struct flt_str){key, (size_t)n}, i), FLT_OK);
    }
    assert_int_equal(flt_strmap_count(m), KEYS);
    for (uint32_t i = 0; i < KEYS + 1000; i++) {
        uint32_t v = 0;
        int n = snprintf(key, sizeof(key), "key-%u", i);
        assert_int_equal(flt_strmap_get(m, (struct flt_str){key, (size_t)n}, &v), i < KEYS);
        if (i < KEYS)
            assert_int_equal(v, i);
    }
    flt_strmap_free(m);
}

static void wipe_overwrites(void **state)
{
    (void)state;
    char secret[32];
    memset(secret, 's', sizeof(secret));
    flt_wipe(secret, sizeof(secret) - 1);
    for (size_t i = 0; i < sizeof(secret) - 1; i++)
        assert_int_equal(secret[i], 0);
    assert_int_equal(secret[sizeof(secret) - 1], 's');
    flt_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_status_differently),
        cmocka_unit_test(compares_slices),
        cmocka_unit_test(globs_by_hand),
        cmocka_unit_test(globs_as_the_naive_matcher_does),
        cmocka_unit_test(globs_hostile_patterns_in_linear_time),
        cmocka_unit_test(formats_a_problem_with_its_place),
        cmocka_unit_test(marks_a_problem_that_did_not_fit),
        cmocka_unit_test(warnings_alone_are_not_a_failure),
        cmocka_unit_test(a_full_list_still_shows_the_error),
        cmocka_unit_test(arena_pieces_are_aligned_and_apart),
        cmocka_unit_test(arena_stops_at_its_maximum),
        cmocka_unit_test(arena_reset_wipes_and_keeps_one_block),
        cmocka_unit_test(arena_copies_and_prints),
        cmocka_unit_test(buffer_refuses_beyond_its_maximum_and_keeps_its_content),
        cmocka_unit_test(buffer_prints_long_text_exactly_to_the_maximum),
        cmocka_unit_test(buffer_consumes_and_wipes),
        cmocka_unit_test(buffer_equals_a_plain_array_under_random_use),
        cmocka_unit_test(map_refuses_a_second_value),
        cmocka_unit_test(map_finds_each_of_many_keys),
        cmocka_unit_test(wipe_overwrites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
