/* test_edit.c: edits as data, applied once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena_group.h"
#include "edit_oracle.h"
#include "rnd.h"

#include <stdlib.h>

static void add(struct flt_edits *e, uint32_t a, uint32_t b, const char *with)
{
    assert_int_equal(flt_edits_add(e, arena, (struct flt_edit){a, b, flt_str_of(with)}), FLT_OK);
}

static void applies(struct flt_edits *e, const char *body, const char *want)
{
    struct flt_buf out;
    flt_buf_init(&out, 1000);
    assert_int_equal(flt_edits_apply(e, flt_str_of(body), &out), FLT_OK);
    assert_int_equal(out.n, strlen(want));
    if (out.n != 0)
        assert_memory_equal(out.p, want, out.n);
    flt_buf_free(&out);
}

static void no_edits_leave_the_body_alone(void **state)
{
    (void)state;
    struct flt_edits e = {0};
    applies(&e, "body", "body");
    applies(&e, "", "");
}

static void replaces_inserts_and_removes_in_any_order_of_adding(void **state)
{
    (void)state;
    struct flt_edits e = {0};
    add(&e, 8, 9, "I");
    add(&e, 0, 0, "<");
    add(&e, 2, 5, "");
    add(&e, 9, 9, ">");
    add(&e, 6, 7, "ggg");
    applies(&e, "abcdefghi",
            "<abfgggh"
            "I>");
}

static void inserts_at_one_place_keep_their_order(void **state)
{
    (void)state;
    struct flt_edits e = {0};
    add(&e, 3, 3, "1");
    add(&e, 1, 1, "a");
    add(&e, 3, 3, "2");
    add(&e, 1, 3, "-"); /* between the inserts at its two ends */
    add(&e, 3, 3, "3");
    add(&e, 1, 1, "b");
    applies(&e, "wxyz", "wab-123z");
    struct flt_edits none = {0};
    add(&none, 0, 0, "x");
    applies(&none, "", "x");
}

static void refuses(struct flt_edits *e, const char *body)
{
    struct flt_buf out;
    flt_buf_init(&out, 1000);
    assert_int_equal(flt_buf_add(&out, "before", 6), FLT_OK);
    assert_int_equal(flt_edits_apply(e, flt_str_of(body), &out), FLT_E_AMBIGUOUS);
    assert_true(flt_str_is(flt_buf_str(&out), "before"));
    flt_buf_free(&out);
}

static void refuses_edits_that_overlap_or_leave_the_body(void **state)
{
    (void)state;
    static const uint32_t v[][4] = {
        {0, 3, 2, 4}, {2, 4, 0, 3}, {1, 2, 1, 2}, {0, 4, 1, 2}, {0, 3, 1, 1},
        {1, 3, 1, 2}, {0, 1, 4, 5}, {0, 1, 5, 5}, {0, 1, 3, 2}, {0, 1, UINT32_MAX, UINT32_MAX},
    };
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_edits e = {0};
        add(&e, v[i][0], v[i][1], "x");
        add(&e, v[i][2], v[i][3], "y");
        refuses(&e, "abcd");
    }
}

static void writes_nothing_when_the_result_is_too_big(void **state)
{
    (void)state;
    struct flt_edits e = {0};
    struct flt_buf out;
    add(&e, 1, 2, "12345678");
    flt_buf_init(&out, 10);
    assert_int_equal(flt_edits_apply(&e, FLT_STR("abcd"), &out), FLT_E_LIMIT);
    assert_int_equal(out.n, 0);
    assert_int_equal(flt_edits_apply(&e, FLT_STR("abc"), &out), FLT_OK);
    assert_true(flt_str_is(flt_buf_str(&out), "a12345678c"));
    flt_buf_free(&out);
}

static void applies_as_the_naive_editor_does(void **state)
{
    (void)state;
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    uint64_t seed = 9;
    unsigned legal = 0, illegal = 0;
    for (unsigned round = 0; round < 40000; round++) {
        struct flt_edits e = {0};
        struct flt_edit copy[8];
        struct flt_buf got, want;
        struct flt_str body = {letters, rnd(&seed) % 27};
        uint32_t n = (uint32_t)(rnd(&seed) % 8);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t a = (uint32_t)(rnd(&seed) % (body.n + 1)), b = a + (uint32_t)(rnd(&seed) % 4);
            copy[i] = (struct flt_edit){a, b, {&"0123456789"[i], (size_t)(rnd(&seed) % 3)}};
            assert_int_equal(flt_edits_add(&e, arena, copy[i]), FLT_OK);
        }
        flt_buf_init(&got, 1000);
        flt_buf_init(&want, 1000);
        bool ok = edit_oracle_legal(copy, n, body.n);
        assert_int_equal(flt_edits_apply(&e, body, &got), ok ? FLT_OK : FLT_E_AMBIGUOUS);
        if (ok)
            edit_oracle_apply(copy, n, body, &want);
        assert_true(flt_str_eq(flt_buf_str(&got), flt_buf_str(&want)));
        legal += ok;
        illegal += !ok;
        flt_buf_free(&got);
        flt_buf_free(&want);
        flt_arena_reset(arena);
    }
    assert_true(legal > 5000 && illegal > 5000);
}

static void many_edits_in_reverse_order_are_sorted(void **state)
{
    (void)state;
    enum { EDITS = 100000 };
    struct flt_edits e = {0};
    char *body = malloc(EDITS);
    assert_non_null(body);
    memset(body, 'x', EDITS);
    for (uint32_t i = EDITS; i-- > 0;)
        add(&e, i, i + 1, i % 2 != 0 ? "odd" : "");
    struct flt_buf out;
    flt_buf_init(&out, 1u << 20);
    assert_int_equal(flt_edits_apply(&e, (struct flt_str){body, EDITS}, &out), FLT_OK);
    assert_int_equal(out.n, EDITS / 2 * 3);
    assert_memory_equal(out.p + out.n - 6, "oddodd", 6);
    flt_buf_free(&out);
    free(body);
}

static void a_full_arena_is_an_error(void **state)
{
    (void)state;
    struct flt_arena *small = flt_arena_new(4096);
    struct flt_edits e = {0};
    int rc = FLT_OK;
    while (rc == FLT_OK)
        rc = flt_edits_add(&e, small, (struct flt_edit){0, 0, FLT_STR("x")});
    assert_int_equal(rc, FLT_E_NOMEM);
    assert_in_range(e.n, 8, 4096 / sizeof(struct flt_edit));
    flt_arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_edits_leave_the_body_alone),
        cmocka_unit_test(replaces_inserts_and_removes_in_any_order_of_adding),
        cmocka_unit_test(inserts_at_one_place_keep_their_order),
        cmocka_unit_test(refuses_edits_that_overlap_or_leave_the_body),
        cmocka_unit_test(writes_nothing_when_the_result_is_too_big),
        cmocka_unit_test(applies_as_the_naive_editor_does),
        cmocka_unit_test(many_edits_in_reverse_order_are_sorted),
        cmocka_unit_test(a_full_arena_is_an_error),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
