/* test_mapper.c: the budget of derived text, maps built step by step, taking a piece away again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "view_rig.h"

static struct flt_maker maker(size_t budget)
{
    struct flt_maker k = {.arena = flt_arena_new((size_t)1 << 20), .budget = budget};
    assert_non_null(k.arena);
    return k;
}

static void open_map(struct flt_mapper *m, struct flt_maker *k, size_t cap)
{
    int rc;
    assert_true(flt_mapper_begin(m, k, cap, 100, &rc));
    assert_int_equal(rc, FLT_OK);
}

static void range_is(const struct flt_derived *d, uint32_t t0, uint32_t t1, uint32_t from, uint32_t to)
{
    assert_int_equal(flt_offmap_begin(&d->map, t0), from);
    assert_int_equal(flt_offmap_end(&d->map, t1), to);
}

static void text_goes_back_to_where_it_stood(void **state)
{
    (void)state;
    struct flt_maker k = maker(10000);
    struct flt_mapper m;
    struct flt_derived d;
    open_map(&m, &k, 50);
    assert_int_equal(flt_mapper_same(&m, "abc", 3, 5), FLT_OK);
    assert_int_equal(flt_mapper_atom(&m, "ss", 2, 8, 10), FLT_OK);
    assert_int_equal(flt_mapper_same(&m, "d", 1, 10), FLT_OK);
    assert_int_equal(flt_mapper_same(&m, "e", 1, 20), FLT_OK); /* 11..19 are left away */
    assert_int_equal(flt_mapper_atom(&m, "f", 1, 30, 34), FLT_OK);
    assert_int_equal(flt_mapper_atom(&m, "g", 1, 40, 44), FLT_OK);
    flt_mapper_end(&m, 100, FLT_VIEW_FOLDED, &d);
    assert_true(flt_str_is(d.text, "abcssdefg"));
    assert_null(map_fault(&d, 100));
    range_is(&d, 1, 3, 6, 8);
    range_is(&d, 3, 4, 8, 10); /* half an atom is all of it */
    range_is(&d, 4, 6, 8, 11);
    range_is(&d, 5, 6, 10, 11);
    range_is(&d, 6, 7, 20, 21);
    range_is(&d, 7, 8, 30, 34);
    range_is(&d, 8, 9, 40, 44);
    range_is(&d, 0, 9, 5, 44);
    flt_arena_free(k.arena);
}

static void what_goes_on_costs_no_step(void **state)
{
    (void)state;
    struct flt_maker k = maker(10000);
    struct flt_mapper m;
    struct flt_derived d;
    open_map(&m, &k, 50);
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(flt_mapper_same(&m, "x", 1, i), FLT_OK);
    flt_mapper_end(&m, 50, FLT_VIEW_FOLDED, &d);
    assert_int_equal(d.map.n, 1);
    flt_arena_free(k.arena);
}

static void what_was_not_used_goes_back(void **state)
{
    (void)state;
    struct flt_maker k = maker(1000);
    struct flt_mapper m;
    struct flt_derived d;
    int rc;
    assert_false(flt_mapper_begin(&m, &k, 1001, 77, &rc));
    assert_int_equal(rc, FLT_OK);
    assert_int_equal(k.left_out, 77);
    open_map(&m, &k, 400);
    assert_int_equal(k.budget, 600);
    flt_mapper_end(&m, 10, FLT_VIEW_FOLDED, &d);
    assert_int_equal(d.text.n, 0);
    assert_int_equal(k.budget, 1000);
    open_map(&m, &k, 5);
    assert_int_equal(flt_mapper_same(&m, "abcdef", 6, 0), FLT_E_LIMIT);
    assert_int_equal(flt_mapper_fail(&m, FLT_E_LIMIT, 6, &d), FLT_OK);
    assert_int_equal(k.left_out, 83);
    assert_int_equal(k.budget, 1000);
    open_map(&m, &k, 5);
    assert_int_equal(flt_mapper_fail(&m, FLT_E_NOMEM, 6, &d), FLT_E_NOMEM);
    assert_int_equal(k.left_out, 83);
    flt_arena_free(k.arena);
}

static void a_popped_piece_was_never_there(void **state)
{
    (void)state;
    struct flt_maker k = maker(10000);
    struct flt_mapper m;
    struct flt_derived d;
    open_map(&m, &k, 50);
    assert_int_equal(flt_mapper_pop(&m), 0);
    assert_int_equal(flt_mapper_same(&m, "a\xD0\xB8", 3, 0), FLT_OK);
    assert_int_equal(flt_mapper_pop(&m), 2); /* a code point, not a byte */
    assert_int_equal(flt_mapper_atom(&m, "xyz", 3, 3, 6), FLT_OK);
    assert_int_equal(flt_mapper_same(&m, "b", 1, 9), FLT_OK);
    assert_int_equal(flt_mapper_pop(&m), 1);
    assert_int_equal(flt_mapper_same(&m, "c", 1, 20), FLT_OK);
    flt_mapper_end(&m, 100, FLT_VIEW_FOLDED, &d);
    assert_true(flt_str_is(d.text, "axyzc"));
    assert_null(map_fault(&d, 100));
    range_is(&d, 0, 1, 0, 1);
    range_is(&d, 1, 4, 3, 6);
    range_is(&d, 4, 5, 20, 21);
    open_map(&m, &k, 50);
    assert_int_equal(flt_mapper_atom(&m, "xyz", 3, 3, 6), FLT_OK);
    assert_int_equal(flt_mapper_pop(&m), 3); /* an atom as a whole */
    assert_int_equal(flt_mapper_same(&m, "q", 1, 8), FLT_OK);
    flt_mapper_end(&m, 100, FLT_VIEW_FOLDED, &d);
    assert_true(flt_str_is(d.text, "q"));
    range_is(&d, 0, 1, 8, 9);
    flt_arena_free(k.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_goes_back_to_where_it_stood),
        cmocka_unit_test(what_goes_on_costs_no_step),
        cmocka_unit_test(what_was_not_used_goes_back),
        cmocka_unit_test(a_popped_piece_was_never_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
