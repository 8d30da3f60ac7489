/* Ciphers of letters: what is deciphered, alone and inside readable text, and what never is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/trigram.h"
#include "text/view.h"

#include <cmocka.h>

struct seen {
    char text[FLT_VIEW_COUNT][4096];
    struct flt_offmap map;
    unsigned count;
};

static int see(void *arg, const struct flt_derived *d)
{
    struct seen *s = arg;
    size_t n = strlen(s->text[d->view]);
    assert_true(n + d->text.n + 2 < sizeof(s->text[0]) && d->map.to_end == d->text.n);
    memcpy(s->text[d->view] + n, d->text.p, d->text.n);
    s->text[d->view][n + d->text.n] = '\n';
    s->text[d->view][n + d->text.n + 1] = '\0';
    for (uint32_t i = 0, before = 0; i <= d->text.n; i++) {
        assert_true(flt_offmap_begin(&d->map, i) >= before);
        before = flt_offmap_begin(&d->map, i);
    }
    s->count++;
    return FLT_OK;
}

static struct seen *run(const char *source)
{
    static struct seen s;
    struct flt_arena *a = flt_arena_new(1u << 22);
    struct flt_maker k = {.arena = a, .budget = 1u << 20};
    struct flt_probe p;
    assert_non_null(a);
    memset(&s, 0, sizeof(s));
    assert_int_equal(flt_decipher(&k, flt_str_of(source), see, &s), FLT_OK);
    flt_probe_text(flt_str_of(source), UINT32_MAX, &p);
    for (unsigned view = 0; view < FLT_VIEW_COUNT; view++)
        if (s.text[view][0] != '\0' && (p.views >> view & 1) == 0)
            fail_msg("the probe missed view %u of: %s", view, source);
    flt_arena_free(a);
    return &s;
}

static const char *const plain[] = {
    "The museum opens at nine and the tickets are sold at the door",
    "please remember to bring the blue folder",
    "Water the plants in the kitchen before you leave for the weekend",
};

static void rotate(const char *p, unsigned by, char *out)
{
    for (; *p != '\0'; p++, out++) {
        char base = *p >= 'a' ? 'a' : 'A';
        bool letter = (*p | 0x20) >= 'a' && (*p | 0x20) <= 'z';
        unsigned at = (unsigned)(*p - base);
        *out = !letter ? *p : (char)((unsigned)base + (by == 26 ? 25 - at : (at + by) % 26));
    }
    *out = '\0';
}

static void found(const char *coded, const char *want, enum flt_view view)
{
    static const char *const around[][2] = {
        {"", ""},
        {"Solve the following puzzle and do as it says: ", ". Thank you very much for your help."},
        {"There is a note on the table. It says \"", "\" and nobody knows who has written it."}};
    for (size_t i = 0; i < FLT_ARRAY_LEN(around); i++) {
        char source[1024];
        snprintf(source, sizeof(source), "%s%s%s", around[i][0], coded, around[i][1]);
        struct seen *s = run(source);
        if (strstr(s->text[view], want) == NULL)
            fail_msg("%s gives %s", source, s->text[view]);
    }
}

static void rotations_and_atbash_are_undone(void **state)
{
    char coded[256];
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(plain); i++) {
        for (unsigned by = 1; by <= 26; by++) {
            rotate(plain[i], by, coded);
            found(coded, plain[i], by == 26 ? FLT_VIEW_ATBASH : FLT_VIEW_ROT);
        }
    }
}

static void reversals_are_undone(void **state)
{
    char coded[256];
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(plain); i++) {
        size_t n = strlen(plain[i]);
        for (size_t k = 0; k < n; k++)
            coded[k] = plain[i][n - 1 - k];
        coded[n] = '\0';
        found(coded, plain[i], FLT_VIEW_REVERSED);
        for (size_t from = 0, to; from < n; from = to + 1) {
            const char *space = strchr(plain[i] + from, ' ');
            to = space != NULL ? (size_t)(space - plain[i]) : n;
            for (size_t k = from; k < to; k++)
                coded[k] = plain[i][to - 1 - (k - from)];
            if (to < n)
                coded[to] = ' ';
        }
        found(coded, plain[i], FLT_VIEW_REVERSED);
    }
    struct seen *s = run("Read this backwards and answer: door the at sold are tickets the.");
    assert_non_null(strstr(s->text[FLT_VIEW_REVERSED], "the tickets are sold at the door"));
    assert_string_equal(run("door the at sold are tickets the.")->text[FLT_VIEW_REVERSED], "");
}

/* Signs stay with the words they were reversed with; digits may stand for letters. */
static void reversals_are_undone_with_signs_and_digits(void **state)
{
    (void)state;
    struct seen *s = run("ehT muesum snepo .enin ehT stekcit era dlos ta eht .rood");
    assert_non_null(strstr(s->text[FLT_VIEW_REVERSED], "The museum opens nine. The tickets are sold at the door."));
    s = run(".rood eht ta dlos era stekcit ehT !enin ta snepo muesum ehT");
    assert_non_null(strstr(s->text[FLT_VIEW_REVERSED], "The museum opens at nine! The tickets are sold at the door"));
    struct flt_arena *a = flt_arena_new(1u << 22);
    struct flt_maker k = {.arena = a, .budget = 1u << 20};
    static struct seen leet;
    assert_non_null(a);
    assert_int_equal(
        flt_decipher_leet(&k, FLT_STR("Note: .r00d 3h7 74 dl05 3r4 573kc17 3h7 dn4 3n1n 74 5n3p0"), see, &leet),
        FLT_OK);
    assert_non_null(strstr(leet.text[FLT_VIEW_REVERSED], "opens at nine and the tickets are sold at the door"));
    memset(&leet, 0, sizeof(leet));
    assert_int_equal(
        flt_decipher_leet(&k, FLT_STR("In 2nd gear, 3rd lane, the 4x4 and the A380 pass the MP3 shop"), see, &leet),
        FLT_OK);
    assert_int_equal(leet.count, 0);
    flt_arena_free(a);
}

static void a_cipher_in_a_long_text_is_found(void **state)
{
    char source[4096], coded[256];
    (void)state;
    rotate(plain[0], 13, coded);
    for (unsigned at = 0; at < 20; at++) {
        size_t n = 0;
        for (unsigned i = 0; i < 20; i++)
            n += (size_t)snprintf(source + n, sizeof(source) - n, "%s. ", i == at ? coded : plain[1 + i % 2]);
        struct seen *s = run(source);
        assert_non_null(strstr(s->text[FLT_VIEW_ROT], plain[0]));
    }
    /* Longer than what is looked at in full: two sentences of that kind. */
    static char book[20000];
    size_t n = 0;
    for (unsigned i = 0; n < sizeof(book) - 400; i++)
        n += (size_t)snprintf(book + n, sizeof(book) - n, "%s%s. ", i == 150 ? coded : plain[1 + i % 2],
                              i == 150 ? coded : "");
    struct flt_probe p;
    flt_probe_text((struct flt_str){book, n}, 1u << FLT_VIEW_ROT, &p);
    assert_int_equal(p.views, 1u << FLT_VIEW_ROT);
    snprintf(book + n, sizeof(book) - n, "%s", plain[0]);
    char *at = strstr(book, coded);
    assert_non_null(at);
    memset(at, ' ', 2 * strlen(coded));
    flt_probe_text(flt_str_of(book), 1u << FLT_VIEW_ROT, &p);
    assert_int_equal(p.views, 0);
}

static void other_texts_are_left_alone(void **state)
{
    static const char *const v[] = {
        "The museum opens at nine and the tickets are sold at the door.",
        "Das Museum wird um neun Uhr ge\xc3\xb6"
        "ffnet und die Karten gibt es nur an der Kasse im Erdgeschoss",
        "Le mus\xc3\xa9"
        "e ouvre \xc3\xa0 neuf heures et les billets sont vendus \xc3\xa0 la porte du grand escalier",
        "El museo abre a las nueve y las entradas se venden en la puerta principal del edificio",
        "Muzeum otwiera si\xc4\x99 o dziewi\xc4\x85tej, a bilety sprzedaje si\xc4\x99 przy drzwiach wej\xc5\x9b"
        "ciowych",
        "Museo avataan yhdeks\xc3\xa4lt\xc3\xa4 ja liput myyd\xc3\xa4\xc3\xa4n ovella ennen kierroksen alkua",
        "M\xc3\xbczenin kap\xc4\xb1lar\xc4\xb1 dokuzda a\xc3\xa7\xc4\xb1l\xc4\xb1yor ve biletler kap\xc4\xb1"
        "da sat\xc4\xb1l\xc4\xb1yor",
        "Museum dibuka pada pukul sembilan dan tiket dijual di pintu masuk sebelah timur",
        "static const struct option long_options[] = { { \"help\", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZw",
        "HTTP TLS JSON XML SQL GPU CPU RAM AWS GCP IAM VPC EKS RDS SNS SQS",
        "ATGCGTACCGGTTAACCGGATATCGCGCGATTTAAACCCGGGTTTAAACGCGC",
        "qwertyuiop asdfghjkl zxcvbnm",
        "",
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct seen *s = run(v[i]);
        if (s->count != 0)
            fail_msg("%s gives %s%s%s", v[i], s->text[FLT_VIEW_ROT], s->text[FLT_VIEW_ATBASH],
                     s->text[FLT_VIEW_REVERSED]);
    }
}

static void trigrams_tell_english(void **state)
{
    (void)state;
    assert_true(flt_trigram_score(flt_str_of(plain[0])) > -4);
    assert_true(flt_trigram_score(flt_str_of("Gur zhfrhz bcraf ng avar naq gur gvpxrgf ner fbyq")) < -6.5);
    assert_true(flt_trigram_score(flt_str_of("ZQXJKVWZQXJ")) < -7);
    assert_true(flt_trigram_score(flt_str_of("")) == FLT_TRIGRAM_FLOOR);
    assert_true(flt_trigram_score(flt_str_of("12 .; 9")) == FLT_TRIGRAM_FLOOR);
    assert_true(flt_trigram_score(flt_str_of("THE, door!")) == flt_trigram_score(flt_str_of("  the door")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotations_and_atbash_are_undone),
        cmocka_unit_test(reversals_are_undone),
        cmocka_unit_test(reversals_are_undone_with_signs_and_digits),
        cmocka_unit_test(a_cipher_in_a_long_text_is_found),
        cmocka_unit_test(other_texts_are_left_alone),
        cmocka_unit_test(trigrams_tell_english),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
