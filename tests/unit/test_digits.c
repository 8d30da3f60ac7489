/* The shared gates: against PCRE2's answer for the expressions they stand for, place by place, in whole
 * texts and in pieces; and the table of starts against the matchers it is made of. */
#include <setjmp.h>
#include <stdarg.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "scan/digits.h"
#include "scan/starts.h"

#include <cmocka.h>

#define TEXT 120u

struct seen {
    bool at[FLT_DIGIT_GATES][TEXT + 1];
    uint64_t newest;
};

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static size_t random_text(uint64_t *seed, const char *bytes, char *text)
{
    size_t n = next(seed) % TEXT, kinds = strlen(bytes);
    for (size_t i = 0; i < n; i++)
        text[i] = bytes[next(seed) % kinds];
    return n;
}

static void note(void *arg, uint32_t id, uint64_t end)
{
    struct seen *s = arg;
    assert_in_range(id, 0, FLT_DIGIT_GATES - 1);
    assert_in_range(end, 1, TEXT);
    assert_true(end >= s->newest); /* in rising order */
    assert_false(s->at[id][end]);  /* each once */
    s->newest = end;
    s->at[id][end] = true;
}

/* Does the expression end at text[..end)? */
static bool ends_at(const pcre2_code *re, pcre2_match_data *data, const char *text, size_t end)
{
    return pcre2_match(re, (PCRE2_SPTR)text, end, 0, 0, data, NULL) >= 0;
}

static pcre2_code *at_end(const char *gate)
{
    char pattern[80];
    int code;
    PCRE2_SIZE where;
    snprintf(pattern, sizeof(pattern), "(?:%s)\\z", gate);
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, 0, &code, &where, NULL);
    assert_non_null(re);
    return re;
}

static void gates_end_where_their_expressions_do(void **state)
{
    static const char *const alphabets[] = {
        "0123456789 ./-",    "11111 x",         "12345678-- @",      "@a1 \x80\xff", "1@ ./-x\xb1 ...",
        "abcdefgh_-Z+/234 ", "aF9::::g",        "aF9----g",          "-a1",          "1Qq~~9 ",
        "x\b\x1b\x7f",       "abcdefghijklm .", "ab\ncdefghijklmno", "::ab-\x1b",
    };
    uint32_t id[FLT_DIGIT_GATES];
    pcre2_code *re[FLT_DIGIT_GATES];
    uint64_t seed = 0xd161;
    unsigned found[FLT_DIGIT_GATES] = {0};
    (void)state;
    for (unsigned g = 0; g < FLT_DIGIT_GATES; g++) {
        id[g] = g;
        re[g] = at_end(flt_digit_gates[g]);
    }
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    for (unsigned round = 0; round < 6000; round++) {
        char text[TEXT];
        size_t n = random_text(&seed, alphabets[round % FLT_ARRAY_LEN(alphabets)], text);
        struct flt_digits d = {0};
        struct seen s = {.newest = 0};
        size_t most = round % 3 == 0 ? TEXT : 1 + next(&seed) % 9;
        for (size_t at = 0, k; at < n; at += k) {
            k = n - at < most ? n - at : most;
            flt_digits_run(&d, (struct flt_str){text + at, k}, at, id, note, &s);
        }
        for (size_t end = 1; end <= n; end++) {
            for (unsigned g = 0; g < FLT_DIGIT_GATES; g++) {
                if (s.at[g][end] != ends_at(re[g], data, text, end))
                    fail_msg("%.*s: gate %u at %zu", (int)n, text, g, end);
                found[g] += s.at[g][end];
            }
        }
    }
    for (unsigned g = 0; g < FLT_DIGIT_GATES; g++) {
        if (found[g] <= 100)
            fail_msg("gate %u: %u", g, found[g]);
        pcre2_code_free(re[g]);
    }
    pcre2_match_data_free(data);
}

static void unused_gates_say_nothing(void **state)
{
    uint32_t id[FLT_DIGIT_GATES];
    struct flt_digits d = {0};
    struct seen s = {.newest = 0};
    (void)state;
    for (unsigned g = 0; g < FLT_DIGIT_GATES; g++)
        id[g] = g == FLT_GATE_RUN ? g : FLT_GATE_UNUSED;
    flt_digits_run(&d, FLT_STR("1234567 a@b"), 0, id, note, &s);
    for (size_t end = 1; end <= 11; end++) {
        for (unsigned g = 0; g < FLT_DIGIT_GATES; g++)
            assert_true(g == FLT_GATE_RUN || !s.at[g][end]);
        assert_int_equal(s.at[FLT_GATE_RUN][end], end >= 5 && end <= 7);
    }
}

static struct flt_matcher *make(const char *pattern, enum flt_boundary left)
{
    struct flt_matcher_conf conf = {.pattern = flt_str_of(pattern), .caseless = true, .left = left};
    char why[256];
    size_t where;
    bool in_close;
    struct flt_matcher *m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    assert_non_null(m);
    return m;
}

/* No place may be refused where PCRE2 says that a match is open; and most others are. */
static void starts_refuse_no_open_place(void **state)
{
    static const char *const patterns[] = {"ab(?: c)?d", "[ab]{2,9} c", "d? a b", "(?:aa|bbb) (?:c|dd)", "a b c d a b"};
    struct flt_matcher *m[70];
    struct flt_match_scratch *k = flt_match_scratch_new();
    uint64_t seed = 0x57a7;
    unsigned open_places = 0, refused = 0;
    (void)state;
    for (unsigned i = 0; i < FLT_ARRAY_LEN(m); i++)
        m[i] = make(patterns[i % FLT_ARRAY_LEN(patterns)], i % 2 == 0 ? FLT_BOUND_WORD : FLT_BOUND_NONE);
    struct flt_starts *s = flt_starts_new((const struct flt_matcher *const *)m, FLT_ARRAY_LEN(m));
    assert_non_null(s);
    assert_int_equal(flt_starts_words(s), 2);
    for (unsigned round = 0; round < 1500; round++) {
        char text[TEXT];
        struct flt_str t = {text, random_text(&seed, "abcd  ", text)};
        t.n = t.n % 14;
        for (size_t at = 0; at < t.n; at++) {
            uint64_t may[2] = {flt_starts_at(s, 0, UINT64_MAX, t, at), flt_starts_at(s, 1, UINT64_MAX, t, at)};
            for (unsigned i = 0; i < FLT_ARRAY_LEN(m); i++) {
                bool open, bit = (may[i / 64] >> i % 64 & 1) != 0;
                assert_int_equal(flt_matcher_open_at(m[i], k, t, at, &open), FLT_OK);
                assert_true(bit || !open);
                open_places += open;
                refused += !bit;
            }
            assert_int_equal(may[1] >> (FLT_ARRAY_LEN(m) - 64), 0);
            assert_int_equal(flt_starts_at(s, 0, 5, t, at), may[0] & 5);
        }
    }
    assert_true(open_places > 1000 && refused > 10 * open_places);
    for (unsigned i = 0; i < FLT_ARRAY_LEN(m); i++)
        flt_matcher_free(m[i]);
    assert_true(flt_starts_memory(s) > 2 * 256 * sizeof(uint64_t));
    flt_starts_free(s);
    flt_match_scratch_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_end_where_their_expressions_do),
        cmocka_unit_test(unused_gates_say_nothing),
        cmocka_unit_test(starts_refuse_no_open_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
