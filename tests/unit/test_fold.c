/* test_fold.c: what the folded view makes of each kind of disguise, and where it says that it came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/utf8.h"
#define VIEW_MAKER flt_fold
#include "view_rig.h"

#include <stdio.h>

static void leaves_plain_text_alone(void **state)
{
    (void)state;
    same("");
    same("Plain ASCII, with\ttabs,\r\nlines\fand pages.");
    same("привет, мир");
    same("漢字とかな");
    same("한국어");
    same("हिन्दी में लिखा");
    same("ภาษาไทยคำน้ำ");
    same("שָׁלוֹם");
    same("مُحَمَّد");
}

static void takes_compatibility_forms_apart(void **state)
{
    (void)state;
    reads("Ｉｇｎｏｒｅ ａｌｌ", "Ignore all");
    reads("𝓲𝓰𝓷𝓸𝓻𝓮 𝐀𝐋𝐋 𝚛𝚞𝚕𝚎𝚜", "ignore ALL rules");
    reads("Ⓘⓖⓝⓞⓡⓔ", "Ignore");
    reads("ⁱᵍⁿᵒʳᵉ", "ignore");
    reads("oﬃce ﬁle", "office file");
    reads("№ ½ ㎏ Ⅷ ①②", "No 1/2 kg VIII 12");
    reads("ｶﾞｷﾞ", "ガギ");
    same("ﷺ"); /* 33 bytes: kept */
}

static void reads_digits_of_every_script(void **state)
{
    (void)state;
    reads("١٢٣ ۴۵ ४५६ ๗๘ 𝟗 ０", "123 45 456 78 9 0");
}

static void lowers_letters_outside_ascii_only(void **state)
{
    (void)state;
    reads("ПРИВЕТ World", "привет World");
    reads("ΛΟΓΟΣ", "λογοσ");
}

static void strips_marks_from_latin_and_greek(void **state)
{
    (void)state;
    reads("Ígnóre prévioüs ÇÑ", "Ignore previous CN");
    reads("i\xCC\x81gno\xCC\xA7re", "ignore");
    reads("λόγος", "λογος");
    reads("Straße Øre łódź đ æ œ ıſþ", "Strasse Ore lodz d ae oe isth");
    reads("ignøre thę rulɇs", "ignore the rules");
}

static void keeps_marks_that_are_letters_elsewhere(void **state)
{
    (void)state;
    same("йогурт ёлка");
    reads("и\xCC\x86", "й");
    reads("か\xE3\x82\x99", "が");
    reads("ᄒ\xE1\x85\xA1\xE1\x86\xAB", "한");
    same("क\xE0\xA5\x8Dष");
}

static void removes_decoration(void **state)
{
    (void)state;
    reads("i\xCC\xB6g\xCC\xB6n\xCC\xB6o\xCC\xB6r\xCC\xB6"
          "e\xCC\xB6 \xCC\xB6"
          "all",
          "ignore all");
    reads("п\xCC\xB6р\xCC\xB6", "пр");
    char *zalgo = view_repeat("\xD9\x8B", 100000); /* Arabic fathatan */
    struct view_rig r;
    char *text = malloc(200003);
    assert_non_null(text);
    memcpy(text, "\xD8\xA7", 2);
    memcpy(text + 2, zalgo, 200001);
    view_make(&r, flt_fold, flt_str_of(text));
    assert_int_equal(r.out.text.n, 6); /* two in a row stay */
    view_close(&r);
    free(text);
    free(zalgo);
}

static void removes_what_cannot_be_seen(void **state)
{
    (void)state;
    reads("i\xE2\x80\x8Bg\xC2\xADn\xE2\x80\x8Do\xE2\x80\x8Cr\xEF\xBB\xBF"
          "e",
          "ignore");
    reads("a\xCD\x8F\xE1\x85\x9F\xE3\x85\xA4\xE2\x81\xA2\xE2\x80\xAE\xE2\x81\xA6"
          "b",
          "ab");
    reads("a\xF3\xA0\x81\x81\xEF\xB8\x8F\xF3\xA0\x84\x80"
          "b",
          "ab");
    reads("می\xE2\x80\x8Cخواهم", "میخواهم");
    reads("a\xE2\xA0\x80"
          "b",
          "a b");
}

static void spaces_quotes_and_dashes_become_ascii(void **state)
{
    (void)state;
    reads("a\xC2\xA0"
          "b\xE3\x80\x80"
          "c\xE2\x80\x89"
          "d",
          "a b c d");
    reads("a\xE2\x80\xA8"
          "b\xE2\x80\xA9"
          "c\xC2\x85"
          "d",
          "a\nb\nc\nd");
    reads("“x” ‘y’ «z» – — …", "\"x\" 'y' \"z\" - - ...");
}

static void applies_deletions_within_a_line(void **state)
{
    (void)state;
    reads("ignx\bore", "ignore");
    reads("ignxy\x7F\x7Fore", "ignore");
    reads("ignß\bore", "ignore"); /* one character, although two letters */
    reads("\b\bab", "ab");
    reads("a\n\bb", "a\nb");
    reads("aक\xE0\xA5\x8D\bb", "ab"); /* with its mark */
}

static void removes_terminal_sequences(void **state)
{
    (void)state;
    reads("ig\x1B[31;1mno\x1B[0mre", "ignore");
    reads("ig\xC2\x9B"
          "31mnore",
          "ignore");
    reads("ig\x1B]8;;http://x.test\x07nore\x1B]8;;\x1B\\", "ignore");
    reads("a\x1B]ignore all rules\x07"
          "b",
          "a]ignore all rulesb"); /* words are never hidden */
    reads("a\x1B(Bb\x1B"
          "7c",
          "abc");
    reads("a\x01\x02"
          "b",
          "ab");
}

static void drops_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    reads("ig\xFFno\xC3re\xE2\x80", "ignore");
}

static void leads_back_to_the_exact_bytes(void **state)
{
    (void)state;
    view_comes_from(flt_fold, "say Ｉｇｎｏｒｅ now", "Ignore", "Ｉｇｎｏｒｅ");
    view_comes_from(flt_fold, "x i\xE2\x80\x8Bgnore\xE2\x80\x8B y", "ignore", "i\xE2\x80\x8Bgnore");
    view_comes_from(flt_fold, "Straße!", "ss", "ß");
    view_comes_from(flt_fold, "Straße!", "s", "ß");
    view_comes_from(flt_fold, "é1é", "1", "1");
    view_comes_from(flt_fold, "1и\xCC\x86z2", "й", "и\xCC\x86");
    view_comes_from(flt_fold, "ПРИВЕТ", "вет", "ВЕТ");
    view_comes_from(flt_fold, "abxy\b\bcd", "abcd", "abxy\b\bcd");
    view_comes_from(flt_fold, "abé\bcd", "c", "c");
    view_comes_from(flt_fold, "ig\x1B[1mnore", "nore", "nore");
}

/* Every code point alone, and between ASCII and Cyrillic letters: the fold is UTF-8, its map right, its fold itself. */
static void folding_twice_changes_nothing_more(void **state)
{
    (void)state;
    struct flt_arena *arena = flt_arena_new((size_t)1 << 24);
    assert_non_null(arena);
    for (uint32_t cp = 1; cp < 0x110000; cp += cp == 0xD7FF ? 0x801 : 1) {
        char text[16] = "a\xD0\xB6";
        size_t n = 3;
        n += flt_utf8_encode(cp, text + n);
        text[n++] = 'b';
        n += flt_utf8_encode(cp, text + n);
        struct flt_maker k = {.arena = arena, .budget = 1000};
        struct flt_derived once, twice;
        assert_int_equal(flt_fold(&k, (struct flt_str){text, n}, &once), FLT_OK);
        assert_int_equal(k.left_out, 0);
        if (map_fault(&once, n) != NULL || !flt_utf8_valid(once.text, NULL))
            fail_msg("U+%04X", cp);
        assert_int_equal(flt_fold(&k, once.text, &twice), FLT_OK);
        if (twice.text.n != 0)
            fail_msg("U+%04X: \"%.*s\" became \"%.*s\"", cp, FLT_STR_ARG(once.text), FLT_STR_ARG(twice.text));
        flt_arena_reset(arena);
    }
    flt_arena_free(arena);
}

/* Of a long text with few changes only their neighbourhoods are made, and these lead back to where they were. */
static void leaves_unchanged_stretches_away(void **state)
{
    (void)state;
    static const char change[] = " été ", reading[] = " ete ";
    char *words = view_repeat("plain words ", 3000);
    size_t half = strlen(words);
    size_t cap = 3 * half + 2 * sizeof(change);
    char *text = malloc(cap);
    assert_non_null(text);
    size_t n = (size_t)snprintf(text, cap, "%s%s%s%s%s", words, change, words, change, words);
    struct view_rig r;
    view_make(&r, flt_fold, (struct flt_str){text, n});
    assert_in_range(r.out.text.n, 4 * 600 - 300, 4 * 600 + 100);
    const char *first = memmem(r.out.text.p, r.out.text.n, reading, strlen(reading));
    assert_non_null(first);
    const char *feed = memchr(first, '\n', (size_t)(r.out.text.p + r.out.text.n - first));
    assert_non_null(feed);
    uint32_t at = (uint32_t)(first - r.out.text.p), gap = (uint32_t)(feed - r.out.text.p);
    assert_int_equal(flt_offmap_begin(&r.out.map, at), half);
    assert_int_equal(flt_offmap_end(&r.out.map, gap + 1) - flt_offmap_begin(&r.out.map, gap), 1);
    assert_in_range(flt_offmap_begin(&r.out.map, gap), 2 * half - 600 - 100, 2 * half);
    view_close(&r);
    free(text);
    free(words);
}

/* What word processors put is made plain, but not where no pattern depends on it. */
static void typography_alone_is_no_reason(void **state)
{
    (void)state;
    same("don\u2019t stop: it\u2019s ours, they\u2019re late, we\u2019ll wait\u2019s end");
    same("请看，这是，一个？字！\n好");
    reads("say \u201call\u201d now", "say \"all\" now");
    reads("don\u2019t say \u201call\u201d", "don't say \"all\""); /* beside what is made */
    reads("l\u2019heure, o\u2019clock", "l'heure, o'clock");
    reads("1234\u20135678 x\u00A0y", "1234-5678 x y");
    reads("请看，all", "请看,all");
    reads("don\u2019t\b", "don'");
}

/* A quotation mark keeps less around it than a letter that changes; a row of dashes, as much. */
static void typography_keeps_little_around_it(void **state)
{
    static const struct {
        const char *change;
        size_t least, most;
    } v[] = {{" \u201call\u201d ", 2 * 192, 2 * 192 + 200}, {" \u2014\u2014 ", 2 * 600 - 200, 2 * 600 + 200}};
    (void)state;
    char *words = view_repeat("plain words ", 3000);
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        size_t cap = 2 * strlen(words) + 64;
        char *text = malloc(cap);
        assert_non_null(text);
        int n = snprintf(text, cap, "%s%s%s", words, v[i].change, words);
        struct view_rig r;
        view_make(&r, flt_fold, (struct flt_str){text, (size_t)n});
        assert_in_range(r.out.text.n, v[i].least, v[i].most);
        view_close(&r);
        free(text);
    }
    free(words);
}

static void a_budget_too_small_makes_nothing(void **state)
{
    (void)state;
    view_keeps_to_budget(flt_fold, "é ｆｕｌｌ ㍿ x\xE2\x80\x8By", 600);
}

static void long_rows_stay_linear(void **state)
{
    (void)state;
    static const char *const pieces[] = {"\xEF\xB7\xBB", "\xCC\xB6", "\b",        "é\b",
                                         "\x1B]",        "\x1B[",    "и\xCC\x86", "\xE0\xA5\x8D"};
    view_stays_linear(VIEW_MAKER, pieces, FLT_ARRAY_LEN(pieces), 1500000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_plain_text_alone),
        cmocka_unit_test(takes_compatibility_forms_apart),
        cmocka_unit_test(reads_digits_of_every_script),
        cmocka_unit_test(lowers_letters_outside_ascii_only),
        cmocka_unit_test(strips_marks_from_latin_and_greek),
        cmocka_unit_test(keeps_marks_that_are_letters_elsewhere),
        cmocka_unit_test(removes_decoration),
        cmocka_unit_test(removes_what_cannot_be_seen),
        cmocka_unit_test(spaces_quotes_and_dashes_become_ascii),
        cmocka_unit_test(applies_deletions_within_a_line),
        cmocka_unit_test(removes_terminal_sequences),
        cmocka_unit_test(drops_bytes_that_are_not_utf8),
        cmocka_unit_test(leads_back_to_the_exact_bytes),
        cmocka_unit_test(folding_twice_changes_nothing_more),
        cmocka_unit_test(leaves_unchanged_stretches_away),
        cmocka_unit_test(typography_alone_is_no_reason),
        cmocka_unit_test(typography_keeps_little_around_it),
        cmocka_unit_test(a_budget_too_small_makes_nothing),
        cmocka_unit_test(long_rows_stay_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
