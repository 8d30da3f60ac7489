/* The probe: what it says of plain texts, and that it finds each shape wherever it stands in its blocks of 64 bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include "text/masks.h"
#include "text/view.h"

#include <cmocka.h>

static struct flt_probe probe(struct flt_str text)
{
    struct flt_probe p;
    flt_probe_text(text, UINT32_MAX, &p);
    return p;
}

static void plain_text_is_worth_nothing(void **state)
{
    static const char *const v[] = {
        "",
        "x",
        "The museum opens at nine, and the tickets are sold at the door (for 20 dollars).",
        "Dear all,\n\nplease bring the blue folder, because you will need it there.\tThanks!\r\n",
        "It's ours, they don't mind: it isn't what I'd call theirs, and and/or is no word.",
        "if x > 0:\n    total = total * 2\nelse:\n    total = none\n",
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_probe p = probe(flt_str_of(v[i]));
        assert_true(p.ascii);
        if (p.views != 0 || p.spaced)
            fail_msg("%s: %x", v[i], p.views);
    }
}

static void ascii_is_told(void **state)
{
    static const struct {
        const char *text;
        bool ascii;
    } v[] = {{"tab\tline\r\n", true},
             {"back\bspace", false},
             {"\x7f", false},
             {"a\x1b[31mb", false},
             {"caf\xc3\xa9", false}};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_probe p = probe(flt_str_of(v[i].text));
        assert_int_equal(p.ascii, v[i].ascii);
        assert_int_equal(p.views >> FLT_VIEW_FOLDED & 1, !v[i].ascii);
    }
    assert_false(probe(FLT_STR("nul\0byte")).ascii);
}

static void shapes_are_found_at_every_place(void **state)
{
    static const struct {
        const char *text;
        enum flt_view view;
    } v[] = {
        {"VGhlIHF1aWNr", FLT_VIEW_BASE64},
        {"KRUGKIDROVUWG2ZAMJZG653O", FLT_VIEW_BASE32},
        {"<+ohcEHPu*CER),Dg-(AAoDo", FLT_VIEW_ASCII85},
        {"546865717569", FLT_VIEW_HEX},
        {"54 68 65 20", FLT_VIEW_HEX},
        {"0x54, 0x68, 0x65", FLT_VIEW_HEX},
        {"the%20fox", FLT_VIEW_PERCENT},
        {"&#116;", FLT_VIEW_ENTITY},
        {"\\u0074", FLT_VIEW_ESCAPE},
        {"t=68=65=20", FLT_VIEW_QUOTED},
        {"01010100 01101000 01100101 00100000 01100110 01101111 01111000", FLT_VIEW_BINARY},
        {"- .... . / --.- ..- ..", FLT_VIEW_MORSE},
        {"\xf3\xa0\x81\xa1", FLT_VIEW_TAGS},
        {"\xf3\xa0\x84\x80", FLT_VIEW_VARIATION},
        {"\xe2\x81\xa2", FLT_VIEW_SNEAKY},
        {"m u s e u m", FLT_VIEW_SQUASHED},
        {"mus3um", FLT_VIEW_LEET},
        {"!mportant", FLT_VIEW_LEET},
        {"m\xf0\x9f\x98\x80u\xf0\x9f\x98\x80s\xf0\x9f\x98\x80"
         "e\xf0\x9f\x98\x80u\xf0\x9f\x98\x80m",
         FLT_VIEW_SQUASHED},
        {"mus-eu-m, open-s", FLT_VIEW_SQUASHED},
        {"\xd0\xbcuseum", FLT_VIEW_SKELETON},
        {"\"mus\" + \"eum\"", FLT_VIEW_JOINED},
        {"the  museum", FLT_VIEW_FOLDED},
        {"the_museum_opens_daily", FLT_VIEW_FOLDED},
        {"the **museum** opens", FLT_VIEW_FOLDED},
        {"gur zhfrhz bcraf ng avar naq gur gvpxrgf ner fbyq ng gur qbbe gbqnl", FLT_VIEW_ROT},
    };
    char text[400];
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        size_t n = strlen(v[i].text);
        for (size_t before = 0; before < 100; before++) {
            for (size_t after = 0; after < 40; after += 13) {
                for (size_t k = 0; k < before + n + after; k++)
                    text[k] = k % 7 == 6 ? ' ' : "museum "[k % 7];
                memcpy(text + before, v[i].text, n);
                if (before != 0)
                    text[before - 1] = ' ';
                if (after != 0)
                    text[before + n] = ' ';
                struct flt_probe p = probe((struct flt_str){text, before + n + after});
                uint32_t views = p.views | (uint32_t)p.spaced << FLT_VIEW_FOLDED;
                if ((views >> v[i].view & 1) == 0)
                    fail_msg("%s at %zu of %zu is missed", v[i].text, before, before + n + after);
            }
        }
    }
}

static void only_what_is_wanted_is_told(void **state)
{
    static const char text[] =
        "Read m u s e u m and 546865717569, \"mus\" + \"eum\", the%20fox, mus3um, ...- ..- . -- . -. --";
    struct flt_probe all = probe(flt_str_of(text)), p;
    (void)state;
    assert_true((all.views >> FLT_VIEW_MORSE & 1) != 0 && (all.views >> FLT_VIEW_LEET & 1) != 0);
    for (unsigned view = FLT_VIEW_SKELETON; view < FLT_VIEW_COUNT; view++) {
        flt_probe_text(flt_str_of(text), 1u << view, &p);
        assert_int_equal(p.views, all.views & 1u << view);
    }
    flt_probe_text(FLT_STR("caf\xc3\xa9 m u s e u m"), 0, &p);
    assert_int_equal(p.views, 1u << FLT_VIEW_FOLDED);
}

static void places_are_where_something_was_seen(void **state)
{
    static const size_t sizes[] = {100, 5000, 70000, 3000000};
    (void)state;
    assert_int_equal(flt_places_next(NULL, FLT_VIEW_LEET, 17), 17);
    for (size_t i = 0; i < FLT_ARRAY_LEN(sizes); i++) {
        size_t n = sizes[i], at = n * 2 / 3, part = n / 1024 < 64 ? 64 : 2 * n / 1024;
        char *text = malloc(n);
        assert_non_null(text);
        for (size_t k = 0; k < n; k++)
            text[k] = "museum "[k % 7];
        memcpy(text + at, " mus3um ", 8);
        struct flt_probe p = probe((struct flt_str){text, n});
        size_t place = flt_places_next(&p.places, FLT_VIEW_LEET, 0);
        assert_true(place <= at && at - place <= 64 + part + 64);
        assert_int_equal(flt_places_next(&p.places, FLT_VIEW_LEET, at + 4), at + 4);
        if (at + 128 + part < n)
            assert_true(flt_places_next(&p.places, FLT_VIEW_LEET, at + 128 + part) == SIZE_MAX);
        assert_true(flt_places_next(&p.places, FLT_VIEW_HEX, 0) == SIZE_MAX);
        free(text);
    }
}

static void masks_are_the_same_by_either_way(void **state)
{
    char text[256 + FLT_BLOCK];
    uint32_t r = 1;
    (void)state;
    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = (char)(i < 256 ? i : (r = r * 1664525u + 1013904223u) >> 24);
    for (unsigned at = 0; at + FLT_BLOCK <= sizeof(text); at++) {
        struct flt_masks fast, plain;
        flt_masks_read(text + at, &fast);
        flt_masks_plain(text + at, &plain);
        assert_memory_equal(&fast, &plain, sizeof(fast));
    }
    struct flt_masks m;
    assert_int_equal(flt_masks_at((struct flt_str){"a\n", 2}, 0, &m), 2);
    assert_true(m.of[FLT_C_LETTER] == 1 && m.of[FLT_C_CONTROL] == 2 && m.of[FLT_C_VOWEL] == 1);
    assert_int_equal(flt_masks_at((struct flt_str){"a\n", 2}, 2, &m), 0);
    assert_int_equal(m.of[FLT_C_CONTROL], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_worth_nothing),         cmocka_unit_test(ascii_is_told),
        cmocka_unit_test(shapes_are_found_at_every_place),     cmocka_unit_test(only_what_is_wanted_is_told),
        cmocka_unit_test(places_are_where_something_was_seen), cmocka_unit_test(masks_are_the_same_by_either_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
