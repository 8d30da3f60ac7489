/* The finder of fixed strings: against a search string by string, in whole texts, in texts cut anywhere, and in streams
 * of a scanner. */
#include <setjmp.h>
#include <stdarg.h>

#include "scan/finder.h"
#include "scan/scanner.h"

#include <cmocka.h>

#define STRINGS  60u
#define TEXT     400u
#define HITS     (STRINGS * TEXT)
#define BASE     70000u
#define FIRST_ID 1000u

struct hits {
    struct {
        uint32_t id;
        uint64_t end;
    } v[HITS];
    uint32_t n;
};

struct set {
    struct flt_finder_string v[STRINGS];
    char bytes[STRINGS][FLT_FINDER_MAX];
    uint32_t n;
};

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Few different bytes, so that strings overlap and hold one another; some that folding by one bit would mix up. */
static char some_byte(uint64_t *seed)
{
    static const char bytes[] = "aabbAB1  @`{[-\x80\xa0\xc3\xe3";
    return bytes[next(seed) % (sizeof(bytes) - 1)];
}

static void collect(void *arg, uint32_t id, uint64_t end)
{
    struct hits *h = arg;
    assert_true(h->n < HITS);
    h->v[h->n].id = id;
    h->v[h->n++].end = end;
}

static int by_end(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(((struct hits *)0)->v[0]));
}

/* Zeroes what lies between the members too: they are compared as bytes. */
static struct hits *new_hits(void)
{
    struct hits *h = calloc(1, sizeof(*h));
    assert_non_null(h);
    return h;
}

static void random_set(uint64_t *seed, struct set *s)
{
    s->n = 1 + (uint32_t)(next(seed) % STRINGS);
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t len = FLT_FINDER_MIN + (uint32_t)(next(seed) % (FLT_FINDER_MAX - FLT_FINDER_MIN + 1));
        if (next(seed) % 2 == 0)
            len = FLT_FINDER_MIN + len % 5;
        for (uint32_t k = 0; k < len; k++)
            s->bytes[i][k] = some_byte(seed);
        s->v[i] = (struct flt_finder_string){s->bytes[i], len, FIRST_ID + i, next(seed) % 2 == 0, next(seed) % 2 == 0};
    }
}

/* Random bytes with the set's strings strewn in, letters in either case. */
static size_t random_text(uint64_t *seed, const struct set *s, char *text)
{
    size_t n = next(seed) % TEXT, at = 0;
    while (at < n) {
        const struct flt_finder_string *f = &s->v[next(seed) % s->n];
        if (next(seed) % 4 != 0 || at + f->len > n) {
            text[at++] = some_byte(seed);
            continue;
        }
        memcpy(text + at, f->s, f->len);
        for (size_t k = at; k < at + f->len; k++) {
            bool letter = (text[k] | 0x20) >= 'a' && (text[k] | 0x20) <= 'z';
            if (letter && next(seed) % 3 == 0)
                text[k] ^= 0x20;
        }
        at += f->len;
    }
    return n;
}

static char low(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool stands(const struct flt_finder_string *f, const char *p)
{
    for (uint32_t k = 0; k < f->len; k++) {
        if (f->caseless ? low(p[k]) != low(f->s[k]) : p[k] != f->s[k])
            return false;
    }
    return true;
}

static bool in_word(char c)
{
    return (c >= '0' && c <= '9') || (low(c) >= 'a' && low(c) <= 'z');
}

/* fresh: strings that are only wanted there are only told where no word goes on. */
static void naive(const struct set *s, struct flt_str text, size_t after, bool fresh, struct hits *h)
{
    uint64_t base = fresh ? BASE : 0;
    for (uint32_t i = 0; i < s->n; i++) {
        for (size_t at = 0; at + s->v[i].len <= text.n; at++) {
            bool wanted = !fresh || !s->v[i].fresh || at == 0 || !in_word(text.p[at - 1]);
            if (wanted && at + s->v[i].len > after && stands(&s->v[i], text.p + at))
                collect(h, s->v[i].id, base + at + s->v[i].len);
        }
    }
}

static void same_hits(struct hits *got, struct hits *want)
{
    assert_int_equal(got->n, want->n);
    if (want->n > 1) {
        qsort(got->v, got->n, sizeof(got->v[0]), by_end);
        qsort(want->v, want->n, sizeof(want->v[0]), by_end);
    }
    for (uint32_t i = 0; i < want->n; i++) {
        assert_int_equal(got->v[i].id, want->v[i].id);
        assert_int_equal(got->v[i].end, want->v[i].end);
    }
}

/* want: wherever they stand. What no one wanted may be told or not (scanner.h). */
static void same_but_fresh(const struct set *s, struct flt_str text, struct hits *got, struct hits *want)
{
    uint32_t k = 0;
    qsort(got->v, got->n, sizeof(got->v[0]), by_end);
    qsort(want->v, want->n, sizeof(want->v[0]), by_end);
    for (uint32_t i = 0; i < want->n; i++) {
        const struct flt_finder_string *f = &s->v[want->v[i].id - FIRST_ID];
        size_t begin = (size_t)want->v[i].end - f->len;
        if (k < got->n && memcmp(&got->v[k], &want->v[i], sizeof(got->v[0])) == 0)
            k++;
        else
            assert_true(f->fresh && begin > 0 && in_word(text.p[begin - 1]));
    }
    assert_int_equal(k, got->n);
}

static void every_string_is_found_at_every_place(void **state)
{
    struct hits *got = new_hits(), *want = new_hits();
    uint64_t seed = 0x51f1de4, found = 0;
    (void)state;
    for (unsigned round = 0; round < 1500; round++) {
        struct set s;
        char text[TEXT];
        random_set(&seed, &s);
        struct flt_finder *f = flt_finder_new(s.v, s.n);
        assert_non_null(f);
        struct flt_str t = {text, random_text(&seed, &s, text)};
        size_t after = next(&seed) % 3 == 0 ? next(&seed) % (t.n + 1) : 0;
        got->n = want->n = 0;
        flt_finder_run(f, t, after, BASE, collect, got);
        naive(&s, t, after, true, want);
        same_hits(got, want);
        found += want->n;
        flt_finder_free(f);
    }
    assert_true(found > 10000);
    free(got);
    free(want);
}

/* The text ends where its memory does: nothing behind it may be read. */
static void short_texts_end_where_they_end(void **state)
{
    static const struct flt_finder_string v[] = {
        {"abc", 3, 1, true, true}, {"abcd", 4, 2, true, true}, {"abcdefgh", 8, 3, true, false}};
    struct flt_finder *f = flt_finder_new(v, FLT_ARRAY_LEN(v));
    struct hits *got = new_hits();
    (void)state;
    assert_non_null(f);
    for (size_t n = 0; n <= 8; n++) {
        char *text = malloc(n + 1); /* one too many for n = 0; the sanitizer knows about the rest */
        assert_non_null(text);
        memcpy(text + 1, "ABCDEFGH", n);
        got->n = 0;
        flt_finder_run(f, (struct flt_str){text + 1, n}, 0, 0, collect, got);
        assert_int_equal(got->n, (n >= 3) + (n >= 4) + (n >= 8));
        free(text);
    }
    assert_true(flt_finder_memory(f) > sizeof(v));
    flt_finder_free(f);
    free(got);
}

static void streams_find_what_whole_texts_hold(void **state)
{
    struct hits *got = new_hits(), *want = new_hits();
    struct flt_scratch *k = flt_scratch_new();
    uint64_t seed = 0x7e57;
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        struct set s;
        struct flt_expression e[STRINGS];
        char text[TEXT], why[256];
        uint32_t bad;
        random_set(&seed, &s);
        for (uint32_t i = 0; i < s.n; i++)
            e[i] = (struct flt_expression){.pattern = s.v[i].s,
                                           .len = s.v[i].len,
                                           .id = s.v[i].id,
                                           .caseless = s.v[i].caseless,
                                           .fresh = s.v[i].fresh};
        struct flt_scanner *sc = flt_scanner_new(e, s.n, NULL, &bad, why, sizeof(why));
        assert_non_null(sc);
        assert_int_equal(flt_scratch_fit(k, sc), FLT_OK);
        struct flt_scan_stream *st = flt_scan_open(sc);
        struct flt_str t = {text, random_text(&seed, &s, text)};
        unsigned most = round % 2 == 0 ? 5 : 90;
        got->n = want->n = 0;
        for (size_t at = 0, n; at < t.n; at += n) {
            n = 1 + next(&seed) % most;
            n = n < t.n - at ? n : t.n - at;
            assert_int_equal(flt_scan_feed(st, k, (struct flt_str){t.p + at, n}, collect, got), FLT_OK);
        }
        naive(&s, t, 0, false, want);
        same_but_fresh(&s, t, got, want);
        flt_scan_close(st);
        flt_scanner_free(sc);
    }
    flt_scratch_free(k);
    free(got);
    free(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_string_is_found_at_every_place),
        cmocka_unit_test(short_texts_end_where_they_end),
        cmocka_unit_test(streams_find_what_whole_texts_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
