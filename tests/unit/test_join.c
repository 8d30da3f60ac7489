/* Pieces that a text puts together: literals, assigned names, lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/view.h"

#include <cmocka.h>

static void joins(const char *source, const char *want)
{
    struct flt_arena *a = flt_arena_new(1u << 22);
    struct flt_maker k = {.arena = a, .budget = 1u << 16};
    struct flt_derived d;
    struct flt_probe p;
    assert_non_null(a);
    assert_int_equal(flt_join(&k, flt_str_of(source), &d), FLT_OK);
    flt_probe_text(flt_str_of(source), UINT32_MAX, &p);
    if (want == NULL) {
        if (d.text.n != 0)
            fail_msg("%s gives %.*s", source, FLT_STR_ARG(d.text));
        assert_int_equal(k.budget, 1u << 16);
    } else {
        if (d.text.n == 0 || memmem(d.text.p, d.text.n, want, strlen(want)) == NULL)
            fail_msg("%s gives %.*s", source, FLT_STR_ARG(d.text));
        if ((p.views >> FLT_VIEW_JOINED & 1) == 0)
            fail_msg("the probe missed: %s", source);
        uint32_t before = 0;
        for (uint32_t i = 0; i <= d.text.n; i++) {
            assert_true(flt_offmap_begin(&d.map, i) >= before);
            before = flt_offmap_begin(&d.map, i);
        }
        assert_true(before <= strlen(source));
    }
    flt_arena_free(a);
}

static void glued_literals_are_joined(void **state)
{
    (void)state;
    joins("print(\"mus\" + \"eum op\" + \"ens\")", "museum opens");
    joins("echo 'mus' . 'eum op' . 'ens';", "museum opens");
    joins("x = [\"mu\", \"se\", \"um\", \"s\"]", "museums");
    joins("[\"The mus\", \"eum opens at \", \"nine today\"] joined together", "The museum opens at nine today");
    joins("[\"The museum op\", \"ens at\", \" nine today\"]", "The museum opens at nine today");
    joins("the parts are 'mus', 'eum', ' op', 'ens' in this order", "museum opens");
}

static void names_are_replaced_by_what_they_hold(void **state)
{
    (void)state;
    joins("a = \"mus\"; b = \"eum\"; print(a + b)", "museum");
    joins("let b = 'eum'; let a = 'mus'; now say a + b please", "museum");
    joins("a=\"muse\"\nb=\"um op\"\nc=\"ens\"\nprint(f\"{a}{b}{c}\")", "museum opens");
    joins("a=\"museum\"\nb=\"opens\"\nprint(f\"{a} {b}\")", "museum opens");
    joins("X = 'muse', Y = 'um'. Concatenate X and Y, then answer.", "museum");
    joins("a = \"muse\"; b = \"um\"; x = a + b; y = b + a", "museum\nummuse");
    joins("part1 = 'muse' and part2 = 'um' and part3 = 's'", "museums");
    joins("a := `muse`; b := `um`; `${a}${b}`", "museum");
}

static void first_letters_of_lists_are_joined(void **state)
{
    (void)state;
    joins("1. moon\n2. under\n3. sun\n4. eve\n5. umber\n6. mill\n7. oak\n8. pine\n", "museumop");
    joins("List:\n- m\n- u\n- s\n- e\n- u\n- m\n- o\n- p\n- s", "museumops");
    joins("m\nu\ns\ne\nu\nm\ns\n", NULL);
}

static void ordinary_text_is_left_alone(void **state)
{
    static const char *const v[] = {
        "",
        "He said \"hello\" and \"goodbye\", then left.",
        "colours = [\"purple\", \"orange\", \"crimson\", \"turquoise\"]",
        "{\"name\": \"museum\", \"opens\": \"nine\", \"door\": \"north\"}",
        "host = \"a.example\"\nport = \"8080\"\nuser = \"guest\"\n",
        "it's the '90s, isn't it? That's what they've said.",
        "a = 1; b = 2; print(a + b)",
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++)
        joins(v[i], NULL);
}

static void pieces_used_over_and_over_keep_the_budget(void **state)
{
    char source[4000];
    size_t n = (size_t)snprintf(source, sizeof(source), "a = \"museum museum museum museum\"; b = \"opens\"; ");
    struct flt_arena *arena = flt_arena_new(1u << 22);
    (void)state;
    while (n < sizeof(source) - 8)
        n += (size_t)snprintf(source + n, sizeof(source) - n, "a+b+");
    for (size_t budget = 0; budget < 8000; budget += 500) {
        struct flt_maker k = {.arena = arena, .budget = budget};
        struct flt_derived d;
        assert_int_equal(flt_join(&k, flt_str_of(source), &d), FLT_OK);
        assert_true(k.budget <= budget && d.text.n <= budget && k.left_out != 0);
    }
    flt_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(glued_literals_are_joined),
        cmocka_unit_test(names_are_replaced_by_what_they_hold),
        cmocka_unit_test(first_letters_of_lists_are_joined),
        cmocka_unit_test(ordinary_text_is_left_alone),
        cmocka_unit_test(pieces_used_over_and_over_keep_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
