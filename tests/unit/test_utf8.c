/* test_utf8.c: validation against the set of all encodings, decoding, replacement, encoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/utf8.h"

#include <stdlib.h>

/* All three-byte encodings, by the arithmetic of RFC 3629 section 3, as a set of 24-bit numbers. */
static unsigned char *three_byte_set(void)
{
    unsigned char *set = calloc(1, (1u << 24) / 8);
    assert_non_null(set);
    for (uint32_t cp = 0x800; cp < 0x10000; cp++) {
        if (cp >= 0xD800 && cp <= 0xDFFF)
            continue;
        uint32_t e = (0xE0 | cp / 4096) << 16 | (0x80 | cp / 64 % 64) << 8 | (0x80 | cp % 64);
        set[e / 8] |= (unsigned char)(1u << e % 8);
    }
    return set;
}

static void accepts_exactly_the_three_byte_encodings(void **state)
{
    (void)state;
    unsigned char *set = three_byte_set();
    for (uint32_t e = 0xE00000; e < 0xF00000; e++) {
        unsigned char p[3] = {(unsigned char)(e >> 16), (unsigned char)(e >> 8), (unsigned char)e};
        unsigned want = (set[e / 8] >> e % 8 & 1) != 0 ? 3 : 0;
        if (flt_utf8_len(p, 3) != want)
            fail_msg("%06x", e);
    }
    free(set);
}

static void accepts_exactly_the_one_and_two_byte_encodings(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            unsigned char p[2] = {(unsigned char)a, (unsigned char)b};
            unsigned cp = (a & 0x1F) * 64 + (b & 0x3F);
            unsigned want = a < 0x80 ? 1 : (a & 0xE0) == 0xC0 && (b & 0xC0) == 0x80 && cp >= 0x80 ? 2 : 0;
            assert_int_equal(flt_utf8_len(p, 2), want);
        }
    }
}

static void accepts_exactly_the_four_byte_encodings(void **state)
{
    (void)state;
    static const unsigned char tail[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0xBF, 0xC0, 0xFF};
    for (unsigned a = 0xF0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            for (unsigned k = 0; k < 64; k++) {
                unsigned c = tail[k / 8], d = tail[k % 8];
                unsigned char p[4] = {(unsigned char)a, (unsigned char)b, (unsigned char)c, (unsigned char)d};
                uint32_t cp = (a & 7) << 18 | (b & 0x3F) << 12 | (c & 0x3F) << 6 | (d & 0x3F);
                bool shape = a < 0xF8 && b >> 6 == 2 && c >> 6 == 2 && d >> 6 == 2;
                assert_int_equal(flt_utf8_len(p, 4), shape && cp >= 0x10000 && cp <= 0x10FFFF ? 4 : 0);
            }
        }
    }
}

static void decodes_what_it_encodes(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        if (cp >= 0xD800 && cp <= 0xDFFF)
            continue;
        char out[4];
        uint32_t back = 0;
        size_t at = 0;
        unsigned n = flt_utf8_encode(cp, out);
        if (n != (cp < 0x80 ? 1u : cp < 0x800 ? 2u : cp < 0x10000 ? 3u : 4u))
            fail_msg("length of %x", cp);
        if (!flt_utf8_next((struct flt_str){out, n}, &at, &back) || at != n || back != cp)
            fail_msg("%x", cp);
    }
}

static void encodes_values_outside_unicode_in_the_stated_way(void **state)
{
    (void)state;
    char out[4];
    assert_int_equal(flt_utf8_encode(0xD800, out), 3);
    assert_memory_equal(out, "\xED\xA0\x80", 3);
    assert_int_equal(flt_utf8_encode(0x110000, out), 3);
    assert_memory_equal(out, "\xEF\xBF\xBD", 3);
}

static void sees_a_cut_sequence_as_ill_formed(void **state)
{
    (void)state;
    static const char *const whole[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(whole); i++) {
        size_t n = strlen(whole[i]);
        assert_true(flt_utf8_valid((struct flt_str){whole[i], n}, NULL));
        for (size_t k = 1; k < n; k++)
            assert_false(flt_utf8_valid((struct flt_str){whole[i], k}, NULL));
    }
    assert_int_equal(flt_utf8_len((const unsigned char *)"", 0), 0);
}

static void finds_the_bad_byte_at_every_offset(void **state)
{
    (void)state;
    for (size_t len = 1; len < 70; len++) {
        for (size_t bad = 0; bad < len; bad++) {
            char *s = malloc(len); /* exact size: a sanitizer sees any read past the end */
            size_t where = SIZE_MAX;
            memset(s, 'a', len);
            assert_true(flt_utf8_valid((struct flt_str){s, len}, &where));
            s[bad] = (char)0xFF;
            assert_false(flt_utf8_valid((struct flt_str){s, len}, &where));
            assert_int_equal(where, bad);
            assert_int_equal(flt_utf8_ascii_run((struct flt_str){s, len}), bad);
            free(s);
        }
    }
    assert_true(flt_utf8_valid((struct flt_str){NULL, 0}, NULL));
    assert_int_equal(flt_utf8_ascii_run((struct flt_str){NULL, 0}), 0);
}

static void check_sequence(struct flt_str s, const uint32_t *want, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t cp = 0;
        assert_true(at < s.n);
        bool ok = flt_utf8_next(s, &at, &cp);
        assert_int_equal(cp, want[i]);
        assert_int_equal(ok, want[i] != 0xFFFD);
    }
    assert_int_equal(at, s.n);
}

static void replaces_maximal_subparts_once(void **state)
{
    (void)state;
    /* The shape of Unicode 15, tables 3-8 to 3-11, with other letters. */
    static const uint32_t a[] = {'p', 0xFFFD, 0xFFFD, 0xFFFD, 'q', 0xFFFD, 'r', 0xFFFD, 0xFFFD, 's'};
    check_sequence(FLT_STR("p\xF1\x80\x80\xE1\x80\xC2q\x80r\x80\xBFs"), a, FLT_ARRAY_LEN(a));
    static const uint32_t b[] = {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 'x'}; /* overlong: each byte on its own */
    check_sequence(FLT_STR("\xC0\xAF\xE0\x80x"), b, FLT_ARRAY_LEN(b));
    static const uint32_t c[] = {0xFFFD, 0xFFFD, 0xFFFD}; /* a surrogate */
    check_sequence(FLT_STR("\xED\xA0\x80"), c, FLT_ARRAY_LEN(c));
    static const uint32_t d[] = {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD}; /* above U+10FFFF */
    check_sequence(FLT_STR("\xF4\x90\x80\x80"), d, FLT_ARRAY_LEN(d));
    static const uint32_t e[] = {0xFFFD};
    check_sequence(FLT_STR("\xF0\x9F\x98"), e, FLT_ARRAY_LEN(e));
    static const uint32_t f[] = {0xFFFD, 0x20AC};
    check_sequence(FLT_STR("\xF0\x9F\xE2\x82\xAC"), f, FLT_ARRAY_LEN(f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_exactly_the_three_byte_encodings),
        cmocka_unit_test(accepts_exactly_the_one_and_two_byte_encodings),
        cmocka_unit_test(accepts_exactly_the_four_byte_encodings),
        cmocka_unit_test(decodes_what_it_encodes),
        cmocka_unit_test(encodes_values_outside_unicode_in_the_stated_way),
        cmocka_unit_test(sees_a_cut_sequence_as_ill_formed),
        cmocka_unit_test(finds_the_bad_byte_at_every_offset),
        cmocka_unit_test(replaces_maximal_subparts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
