/* The stream redactor: the same cuts and findings for every way of cutting a text, nothing too early, nothing later
 * than needed. */
#include "track_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define MULTI_CUTS 200u

static struct flt_snapshot *tiny, *shipped;

static void every_single_cut(const struct rig *r, struct flt_str text, const struct outcome *whole)
{
    for (size_t at = 0; at <= text.n; at++)
        assert_true(rig_agrees(r, text, whole, &at, 1));
}

static void random_cuts(const struct rig *r, uint64_t *seed, struct flt_str text, const struct outcome *whole,
                        unsigned times)
{
    size_t cuts[12];
    for (unsigned i = 0; i < times; i++) {
        size_t n = rig_cuts(seed, text.n, cuts, 2 + rig_random(seed) % 10);
        assert_true(rig_agrees(r, text, whole, cuts, n));
    }
}

static void byte_by_byte(const struct rig *r, struct flt_str text, const struct outcome *whole)
{
    size_t *cuts = malloc((text.n + 1) * sizeof(*cuts));
    assert_non_null(cuts);
    for (size_t i = 0; i < text.n; i++)
        cuts[i] = i;
    assert_true(rig_agrees(r, text, whole, cuts, text.n));
    free(cuts);
}

static void all_ways(const struct rig *r, uint64_t *seed, struct flt_str text, unsigned times)
{
    struct outcome whole = rig_whole(r, text);
    assert_true(rig_means(r, text, &whole));
    every_single_cut(r, text, &whole);
    byte_by_byte(r, text, &whole);
    random_cuts(r, seed, text, &whole, times);
    outcome_free(&whole);
}

/* ---- said outright
 * -------------------------------------------------------------------------------------------------------- */

static void expect(const struct rig *r, const char *text, const char *edited)
{
    uint64_t seed = 99;
    struct outcome whole = rig_whole(r, flt_str_of(text));
    struct flt_buf out;
    flt_buf_init(&out, 10000);
    assert_int_equal(whole.rc, FLT_OK);
    struct flt_str shown = {text, whole.blocked ? whole.block_at : strlen(text)};
    assert_int_equal(flt_cut_text(r->s->rs, whole.cut, whole.n_cut, shown, &out), FLT_OK);
    assert_int_equal(flt_buf_add(&out, "!", whole.blocked ? 1 : 0), FLT_OK);
    assert_int_equal(flt_buf_add(&out, "", 1), FLT_OK);
    assert_string_equal(out.p, edited);
    flt_buf_free(&out);
    outcome_free(&whole);
    all_ways(r, &seed, flt_str_of(text), 50);
}

static void replaces_values_of_every_shape(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, true);
    expect(&r, "plain text", "plain text");
    expect(&r, "to me@host.example, please", "to [EMAIL], please");
    expect(&r, "123-456", "[NUM]");
    expect(&r, "123-456.7", "123-456.7"); /* its right boundary looks two bytes ahead */
    expect(&r, "123-456.", "[NUM].");
    expect(&r, "Hello, my name is Bob!", "Hello, my name is [NAME]!");
    expect(&r, "my name is", "my name is");
    expect(&r, "\xC2\xB5\xC3\xA9\xC3\xA9\xC2\xB6 \xC2\xB5\xC3\xA9", "[HIGH] \xC2\xB5\xC3\xA9");
    expect(&r, "key tk-abc1def2, ok", "key [TOK], ok");
    expect(&r, "key tk-abc1def2", "key [TOK]");
    expect(&r, "key tk-abcdefgh", "key tk-abcdefgh"); /* no digit: its validator says no */
    expect(&r, "pw=hunter2 and", "pw=[PASS] and");
    expect(&r, "a -----BEGIN X-----\nQUJD\n-----END X----- b", "a [KEY] b");
    expect(&r, "a -----BEGIN X-----\nQUJD\n-----END", "a [KEY]"); /* unterminated: to the end of the text */
    expect(&r, "a -----BEGIN X-----", "a [KEY]");
    rig_close(&r);
}

static void a_marker_that_goes_on_a_little_takes_no_more_than_it_matches(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, true);
    expect(&r, "-----BEGIN X-----a-----END X-----zz9!", "[KEY]!");
    expect(&r, "-----BEGIN X-----a-----END X-----zz8!", "[KEY]zz8!");
    expect(&r, "-----BEGIN X-----a-----END X-----zz", "[KEY]zz");
    rig_close(&r);
}

static void values_behind_a_run_are_found(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, true);
    expect(&r, "tk-abc1def2 me@a.example you@b.example it@c.example 123-456", "[TOK] [EMAIL] [EMAIL] [EMAIL] [NUM]");
    expect(&r, "tk-abc1 tk-abc2 tk-abc3 tk-abc4 a@b.example", "[TOK] [TOK] [TOK] [TOK] [EMAIL]");
    expect(&r, "-----BEGIN A-----x-----END A-----\nme@a.example 123-456 you@b.example", "[KEY]\n[EMAIL] [NUM] [EMAIL]");
    rig_close(&r);
}

static void a_telling_word_inside_a_value_hides_nothing(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, true);
    expect(&r, "key --secret=abc--secret=def-ghi. end", "key --secret=[FLAG] end");
    expect(&r, "--secret=ab --secret=abcdef x", "--secret=ab --secret=[FLAG] x");
    rig_close(&r);
}

static void overlapping_values_become_one(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, true);
    /* [MIX] begins inside the address and ends behind it: one cut, and the graver rule names it */
    expect(&r, "x@abc.example-1zz.", "[EMAIL].");
    expect(&r, "x abcd@ho1zz", "x [MIX]");
    expect(&r, "ab1zz123-456", "[MIX][NUM]");  /* side by side stay two */
    expect(&r, "tk-ab12-x! and", "[TOK] and"); /* [MIX] begins where the run does and ends behind it */
    expect(&r, "tk-ab12a.abzz",
           "[TOK].[MIX]"); /* the first [MIX] would begin inside the run: the second is no longer hidden by it */
    rig_close(&r);
}

static void a_blocking_rule_ends_the_text(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, true);
    expect(&r, "a@b.example stop here now and more", "[EMAIL] stop here !");
    expect(&r, "so stop here n", "so stop here n");
    expect(&r, "halt: xxxx 123-456", "!");
    expect(&r, "stop here now;! and more",
           "stop he!"); /* a value reaches into the blocking one: neither is delivered */
    expect(&r, "stop here now; and more", "stop here !");
    rig_close(&r);
    rig_open(&r, tiny, UINT32_MAX, false);
    expect(&r, "a@b.example stop here now and more", "[EMAIL] stop here [OUTPUT] and more");
    rig_close(&r);
}

/* ---- random texts
 * ------------------------------------------------------------------------------------------------------------ */

static void random_tiny(bool stop, uint64_t seed, unsigned texts, unsigned words)
{
    struct rig r;
    char text[600];
    rig_open(&r, tiny, UINT32_MAX, stop);
    for (unsigned i = 0; i < texts; i++) {
        size_t n = rig_text(&seed, text, sizeof(text), 1 + rig_random(&seed) % words);
        all_ways(&r, &seed, (struct flt_str){text, n}, MULTI_CUTS);
    }
    rig_close(&r);
}

static void random_texts_mean_what_the_documentation_says(void **state)
{
    struct rig r;
    char text[600];
    uint64_t seed = 7;
    (void)state;
    for (unsigned i = 0; i < 6000; i++) {
        size_t cuts[4];
        if (i % 3000 == 0)
            rig_open(&r, tiny, UINT32_MAX, i == 0);
        struct flt_str s = {text, rig_text(&seed, text, sizeof(text), 1 + rig_random(&seed) % 30)};
        struct outcome whole = rig_whole(&r, s);
        assert_true(rig_means(&r, s, &whole));
        assert_true(rig_agrees(&r, s, &whole, cuts, rig_cuts(&seed, s.n, cuts, 4)));
        outcome_free(&whole);
        if (i % 3000 == 2999)
            rig_close(&r);
    }
}

static void every_cut_of_random_texts_gives_the_same(void **state)
{
    (void)state;
    random_tiny(false, 1, 60, 14);
    random_tiny(false, 2, 10, 40);
}

static void every_cut_of_texts_that_block_gives_the_same(void **state)
{
    (void)state;
    random_tiny(true, 3, 60, 14);
    random_tiny(true, 4, 10, 40);
}

/* ---- the shipped packs
 * --------------------------------------------------------------------------------------------------------- */

static void every_cut_of_every_shipped_example_gives_the_same(void **state)
{
    struct rig r;
    uint64_t seed = 5;
    (void)state;
    rig_open(&r, shipped, UINT32_MAX, true);
    for (uint32_t i = 0; i < shipped->rs->n_rules; i++) {
        const struct flt_rule *rule = &shipped->rs->rules[i];
        for (uint32_t k = 0; rule->direction != FLT_REQUEST && k < rule->n_match; k += 2) {
            struct flt_str text = rule->match[k].text;
            struct outcome whole = rig_whole(&r, text);
            assert_true(rig_means(&r, text, &whole));
            for (size_t at = i % 3; at <= text.n; at += 3)
                assert_true(rig_agrees(&r, text, &whole, &at, 1));
            random_cuts(&r, &seed, text, &whole, 5);
            outcome_free(&whole);
        }
    }
    rig_close(&r);
}

/* Examples of random rules, with and without anything between them. */
static size_t planted(uint64_t *seed, char *out, size_t cap, unsigned pieces)
{
    static const char *const between[] = {"", " ", ", ", "\n", " and then ", "-", ".", "\""};
    size_t n = 0;
    for (unsigned i = 0; i < pieces; i++) {
        const struct flt_rule *rule = &shipped->rs->rules[rig_random(seed) % shipped->rs->n_rules];
        uint32_t k = rig_random(seed) % (rule->n_match + rule->n_no_match);
        struct flt_str e = k < rule->n_match ? rule->match[k].text : rule->no_match[k - rule->n_match].text;
        const char *b = between[rig_random(seed) % FLT_ARRAY_LEN(between)];
        size_t cut = rig_random(seed) % 8 == 0 && e.n != 0 ? rig_random(seed) % e.n : e.n;
        if (n + cut + strlen(b) > cap)
            break;
        memcpy(out + n, e.p, cut);
        n += cut;
        memcpy(out + n, b, strlen(b));
        n += strlen(b);
    }
    return n;
}

static void random_cuts_of_planted_texts_give_the_same(void **state)
{
    struct rig r;
    uint64_t seed = 6;
    char text[4000];
    (void)state;
    rig_open(&r, shipped, UINT32_MAX, false);
    for (unsigned i = 0; i < 12; i++) {
        struct flt_str s = {text, planted(&seed, text, sizeof(text), 12)};
        struct outcome whole = rig_whole(&r, s);
        assert_true(rig_means(&r, s, &whole));
        random_cuts(&r, &seed, s, &whole, MULTI_CUTS / 10);
        byte_by_byte(&r, s, &whole);
        outcome_free(&whole);
    }
    rig_close(&r);
}

/* ---- delay
 * ------------------------------------------------------------------------------------------------------------------------
 */

static const char *const prose =
    "The gate of a fort is two doors deep; whoever passes is looked at on the way in and on the way out. Nobody likes "
    "to wait "
    "there (not even the miller, who comes every day), so the guards learned to be quick: a cart of hay needs one "
    "look, a "
    "barrel two. What they do not know they hold back, and what they know they let go at once!\nSo it was, so it is. ";

/* What is held back after each of the text's pieces, which end where a word does. */
static uint64_t held_after_words(const struct rig *r, const char *text, uint64_t *sum)
{
    size_t cuts[400], n = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] == ' ' || text[i] == '\n')
            cuts[n++] = i + 1;
    }
    struct outcome o = rig_pieces(r, flt_str_of(text), cuts, n - 1);
    uint64_t most = o.most_held;
    *sum = o.held_sum;
    assert_int_equal(o.rc, FLT_OK);
    assert_null(o.wrong);
    assert_int_equal(o.n_cut, 0);
    outcome_free(&o);
    return most;
}

static void prose_is_never_held_behind_its_last_word(void **state)
{
    struct rig r;
    uint64_t sum;
    (void)state;
    rig_open(&r, shipped, UINT32_MAX, true);
    uint64_t most = held_after_words(&r, prose, &sum);
    print_message("shipped packs, %zu bytes of prose word by word: at most %llu bytes held, %llu in all\n",
                  strlen(prose), (unsigned long long)most, (unsigned long long)sum);
    assert_in_range(most, 0, 8);
    rig_close(&r);
}

static void a_word_that_cannot_begin_a_value_is_not_held_at_all(void **state)
{
    struct rig r;
    size_t cuts[64];
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, true);
    struct flt_str text = FLT_STR("() [] {} ; ! ? % & / * + # | \\ ~ ^ $ () [] {}");
    for (size_t i = 0; i < text.n; i++)
        cuts[i] = i;
    struct outcome o = rig_pieces(&r, text, cuts, text.n);
    assert_int_equal(o.most_held, 0);
    outcome_free(&o);
    rig_close(&r);
}

static void a_phrase_is_held_only_while_it_may_go_on(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, true);
    struct flt_str text = FLT_STR("Well my name is not what you think it is; ");
    size_t cuts[64];
    for (size_t i = 0; i < text.n; i++)
        cuts[i] = i;
    struct outcome o = rig_pieces(&r, text, cuts, text.n);
    assert_in_range(o.most_held, strlen("my name is not"), strlen("my name is not") + 1);
    outcome_free(&o);
    /* the same once the phrase is behind us */
    o = rig_pieces(&r, text, (size_t[]){text.n - 1}, 1);
    assert_int_equal(o.most_held, 0);
    outcome_free(&o);
    rig_close(&r);
}

static void a_run_leaves_as_it_comes(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, true);
    char text[5000] = "tk-a1b2";
    size_t cuts[100];
    memset(text + 7, 'c', sizeof(text) - 7);
    for (size_t i = 0; i < 100; i++)
        cuts[i] = 20 + i * 40;
    struct outcome o = rig_pieces(&r, (struct flt_str){text, sizeof(text)}, cuts, 100);
    assert_int_equal(o.rc, FLT_OK);
    assert_int_equal(o.n_cut, 1);
    assert_int_equal(o.cut[0].b, sizeof(text));
    assert_in_range(o.most_held, 0,
                    22); /* while another value might still begin where it does; then nothing of it waits: it is cut */
    assert_in_range(o.held_sum, 0, 22);
    outcome_free(&o);
    rig_close(&r);
}

/* ---- limits
 * -------------------------------------------------------------------------------------------------------------------------
 */

static struct flt_str repeated(const char *unit, size_t times)
{
    size_t n = strlen(unit);
    char *p = malloc(n * times);
    assert_non_null(p);
    for (size_t i = 0; i < times; i++)
        memcpy(p + i * n, unit, n);
    return (struct flt_str){p, n * times};
}

static void dense_values_are_no_limit(void **state)
{
    static const char *const units[] = {"hans@mail.example\n", "tk-ab12 x@y.example ",
                                        "-----BEGIN X-----a-----END X-----", "abczz", "pw=abc12 "};
    struct rig r;
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, false);
    for (size_t u = 0; u < FLT_ARRAY_LEN(units); u++) {
        struct flt_str text = repeated(units[u], 20000);
        struct outcome o = rig_whole(&r, text);
        assert_int_equal(o.rc, FLT_OK);
        assert_true(o.n_cut >= 20000 || units[u][4] == 'z');
        outcome_free(&o);
        free((void *)(uintptr_t)text.p);
    }
    rig_close(&r);
}

static void hopeless_work_is_a_limit_not_a_pass(void **state)
{
    static const struct fixture_pack pack[] = {
        {"secrets",
         FIXTURE_HEAD("secrets.slow") FIXTURE_RULE(
             "secrets.slow", "patterns: ['[a-z]{1,2000}'], validate: [mixed], action: redact, placeholder: '[X]'", "a",
             "'1'")}};
    struct flt_diag d = {0};
    struct rig r;
    (void)state;
    assert_null(fixture_try(pack, 1, NULL, 0, &d)); /* its example cannot be found: never valid */
    flt_diag_free(&d);
    struct fixture_pack slow = {
        "secrets",
        FIXTURE_HEAD("secrets.slow") FIXTURE_RULE(
            "secrets.slow", "patterns: ['[a-z0-9]{1,2000}'], validate: [mixed], action: redact, placeholder: '[X]'",
            "a1", "'-'")};
    struct flt_snapshot *s = fixture_snapshot(&slow, 1, NULL, 0);
    rig_open(&r, s, UINT32_MAX, false);
    struct flt_str text = repeated("aaaaaaaaaaaaaaaa", 4096);
    struct outcome o = rig_whole(&r, text);
    assert_int_equal(o.rc, FLT_E_LIMIT);
    assert_int_equal(o.n_cut, 0);
    outcome_free(&o);
    free((void *)(uintptr_t)text.p);
    rig_close(&r);
    flt_snapshot_free(s);
}

/* Long texts are scanned in slices; that, too, must not show. */
static void long_texts_are_the_same_whole_and_in_pieces(void **state)
{
    struct flt_worker *w = fixture_worker(tiny);
    struct flt_arena *arena = flt_arena_new(256u << 20);
    size_t cap = 400000;
    char *text = malloc(cap);
    uint64_t seed = 41;
    (void)state;
    assert_non_null(text);
    struct flt_text_in in = {.snapshot = tiny,
                             .tenant = UINT32_MAX,
                             .direction = FLT_RESPONSE,
                             .role = FLT_ROLE_ASSISTANT,
                             .text = {text, rig_text(&seed, text, cap, 60000)}};
    assert_true(in.text.n > 300000);
    struct flt_decision whole, pieces;
    struct flt_str edited, other;
    assert_int_equal(flt_inspect_text(w, &in, arena, &whole, &edited), FLT_OK);
    assert_true(whole.findings_dropped > 1000);
    for (size_t piece = 777; piece < 300000; piece *= 9) {
        assert_int_equal(flt_inspect_text_stream(w, &in, piece, arena, &pieces, &other), FLT_OK);
        assert_true(flt_str_eq(edited, other));
        assert_int_equal(whole.n_findings + whole.findings_dropped, pieces.n_findings + pieces.findings_dropped);
        assert_int_equal(whole.would, pieces.would);
    }
    free(text);
    flt_arena_free(arena);
    flt_worker_free(w);
}

static void memory_of_a_stream_stays_small(void **state)
{
    struct rig r;
    struct flt_record rec;
    struct flt_track t = {0};
    (void)state;
    rig_open(&r, tiny, UINT32_MAX, false);
    assert_int_equal(flt_record_init(&rec, tiny->rs, r.policy), FLT_OK);
    struct flt_track_conf conf = rig_conf(&r, &rec, true);
    assert_int_equal(flt_track_open(&t, &conf), FLT_OK);
    size_t most = 0;
    for (unsigned i = 0; i < 20000; i++) {
        assert_int_equal(flt_track_feed(&t, &r.w->kit, FLT_STR("some words me@a.example tk-ab12")), FLT_OK);
        flt_track_forget(&t, t.released);
        most = flt_track_memory(&t) > most ? flt_track_memory(&t) : most;
    }
    assert_int_equal(flt_track_finish(&t, &r.w->kit), FLT_OK);
    assert_true(most < 32768);
    flt_track_close(&t);
    flt_record_free(&rec);
    rig_close(&r);
}

static int open_rules(void **state)
{
    (void)state;
    tiny = fixture_snapshot(fixture_tiny, FLT_ARRAY_LEN(fixture_tiny), NULL, 0);
    shipped = fixture_shipped(NULL, 0);
    return 0;
}

static int close_rules(void **state)
{
    (void)state;
    flt_snapshot_free(tiny);
    flt_snapshot_free(shipped);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_values_of_every_shape),
        cmocka_unit_test(a_marker_that_goes_on_a_little_takes_no_more_than_it_matches),
        cmocka_unit_test(values_behind_a_run_are_found),
        cmocka_unit_test(a_telling_word_inside_a_value_hides_nothing),
        cmocka_unit_test(overlapping_values_become_one),
        cmocka_unit_test(a_blocking_rule_ends_the_text),
        cmocka_unit_test(random_texts_mean_what_the_documentation_says),
        cmocka_unit_test(every_cut_of_random_texts_gives_the_same),
        cmocka_unit_test(every_cut_of_texts_that_block_gives_the_same),
        cmocka_unit_test(every_cut_of_every_shipped_example_gives_the_same),
        cmocka_unit_test(random_cuts_of_planted_texts_give_the_same),
        cmocka_unit_test(prose_is_never_held_behind_its_last_word),
        cmocka_unit_test(a_word_that_cannot_begin_a_value_is_not_held_at_all),
        cmocka_unit_test(a_phrase_is_held_only_while_it_may_go_on),
        cmocka_unit_test(a_run_leaves_as_it_comes),
        cmocka_unit_test(dense_values_are_no_limit),
        cmocka_unit_test(hopeless_work_is_a_limit_not_a_pass),
        cmocka_unit_test(long_texts_are_the_same_whole_and_in_pieces),
        cmocka_unit_test(memory_of_a_stream_stays_small),
    };
    return cmocka_run_group_tests(tests, open_rules, close_rules);
}
