/* Decoders: what they find in a text, what they leave alone, and where each decoded byte came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/utf8.h"
#include "text/view.h"

#include <cmocka.h>

#define TEXT_MAX 8192u

struct seen {
    struct flt_str source;
    enum flt_view view;
    char text[TEXT_MAX]; /* all derived texts of the view, a line each */
    size_t n;
    unsigned count;
    uint32_t from, to; /* source range of `want` when it was found */
    const char *want;
};

static int see(void *arg, const struct flt_derived *d)
{
    struct seen *s = arg;
    size_t where = 0;
    uint32_t before = 0;
    assert_true(flt_utf8_valid(d->text, &where));
    assert_true(d->text.n != 0 && d->map.to_end == d->text.n && d->map.from_end <= s->source.n);
    for (uint32_t i = 0; i <= d->text.n; i++) {
        uint32_t at = flt_offmap_begin(&d->map, i);
        assert_true(at >= before && at <= s->source.n);
        before = at;
    }
    if (d->view != s->view)
        return FLT_OK;
    s->count++;
    assert_true(s->n + d->text.n + 2 < TEXT_MAX);
    memcpy(s->text + s->n, d->text.p, d->text.n);
    s->n += d->text.n;
    s->text[s->n++] = '\n';
    s->text[s->n] = '\0';
    const char *hit = s->want != NULL ? memmem(d->text.p, d->text.n, s->want, strlen(s->want)) : NULL;
    if (hit != NULL) {
        s->from = flt_offmap_begin(&d->map, (uint32_t)(hit - d->text.p));
        s->to = flt_offmap_end(&d->map, (uint32_t)((size_t)(hit - d->text.p) + strlen(s->want)));
    }
    return FLT_OK;
}

static void run(struct seen *s, const char *source, size_t n, enum flt_view view, const char *want)
{
    struct flt_arena *a = flt_arena_new(1u << 24);
    struct flt_maker k = {.arena = a, .budget = 1u << 20};
    struct flt_probe p;
    assert_non_null(a);
    *s = (struct seen){.source = {source, n}, .view = view, .want = want};
    flt_probe_text(s->source, UINT32_MAX, &p);
    assert_int_equal(flt_decode(&k, s->source, UINT32_MAX, see, s), FLT_OK);
    if (s->count != 0 && (p.views >> view & 1) == 0)
        fail_msg("the probe missed view %d of: %s", (int)view, source);
    assert_true(k.budget <= 1u << 20 && k.left_out == 0);
    flt_arena_free(a);
}

/* `coded` decodes to `want`: alone, in prose, at a sentence's end, in brackets and quotes; the range is exactly its
 * own. */
static void finds(const char *coded, const char *want, enum flt_view view, bool exact)
{
    static const char *const around[][2] = {{"", ""},
                                            {"Please read this: ", " and then tell me more."},
                                            {"It says ", "."},
                                            {"(see ", ")"},
                                            {"the value is \"", "\", ok?"},
                                            {"First line.\n", "\nLast line."}};
    for (size_t i = 0; i < FLT_ARRAY_LEN(around); i++) {
        char source[TEXT_MAX];
        struct seen s;
        if (view == FLT_VIEW_MORSE && around[i][1][0] == '.')
            continue; /* it would be one dot more */
        size_t n = (size_t)snprintf(source, sizeof(source), "%s%s%s", around[i][0], coded, around[i][1]);
        run(&s, source, n, view, want);
        if (s.count == 0 || strstr(s.text, want) == NULL)
            fail_msg("not found in: %s\ngot: %s", source, s.text);
        size_t begin = strlen(around[i][0]), end = begin + strlen(coded);
        if (s.from < begin || s.to > end || (exact && (s.from != begin || s.to < end - 3)))
            fail_msg("%s: %u..%u, wanted %zu..%zu", source, s.from, s.to, begin, end);
    }
}

static void leaves(const char *source, enum flt_view view)
{
    struct seen s;
    run(&s, source, strlen(source), view, NULL);
    if (s.count != 0)
        fail_msg("%s gives %s", source, s.text);
}

static void base64_is_found(void **state)
{
    (void)state;
    finds("VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcw==", "The quick brown fox jumps", FLT_VIEW_BASE64, true);
    finds("VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcw", "The quick brown fox jumps", FLT_VIEW_BASE64, true);
    finds("cGxlYXNlIGdv", "please go", FLT_VIEW_BASE64, true);
    finds("VGhlIHF1aWNrIGJy\nb3duIGZveCBqdW1w\ncyBvdmVy", "The quick brown fox jumps over", FLT_VIEW_BASE64, true);
    finds("VGhlIHF1aWNrIGJy\\nb3duIGZveCBqdW1w\\ncyBvdmVyIGl0", "The quick brown fox jumps over it", FLT_VIEW_BASE64,
          true);
    finds("VGhlIHF1aWNrIGJy b3duIGZveCBqdW1w", "The quick brown fox jump", FLT_VIEW_BASE64, true);
    finds("data:text/plain;base64,VGhlIHF1aWNrIGJyb3duIGZveA==", "The quick brown fox", FLT_VIEW_BASE64, false);
    finds("https://a.example/VGhlIHF1aWNrIGJyb3duIGZveA", "quick brown fox", FLT_VIEW_BASE64, false);
    finds("w6lsw6h2ZXMgw6l0w6kgcHLDqHMgZGUgbOKAmcOpY29sZQ==", "\xc3\xa9l\xc3\xa8ves", FLT_VIEW_BASE64, false);
    finds("VABoAGUAIAByAGUAZAAgAGYAbwB4AA==", "The red fox", FLT_VIEW_BASE64, false); /* UTF-16LE */
    finds("VGhl6SBxdWljayBicm93biBmb3g=", "quick brown fox", FLT_VIEW_BASE64, false); /* Latin-1 */
}

static void other_radixes_are_found(void **state)
{
    (void)state;
    finds("KRUGKIDROVUWG2ZAMJZG653OEBTG66A=", "The quick brown fox", FLT_VIEW_BASE32, true);
    finds("krugkidrovuwg2zamjzg653oebtg66a", "The quick brown fox", FLT_VIEW_BASE32, true);
    finds("<~<+ohcEHPu*CER),Dg-(AAoDo~>", "The quick brown fo", FLT_VIEW_ASCII85, false);
    finds("54686520717569636b2062726f776e20666f78", "The quick brown fox", FLT_VIEW_HEX, true);
    finds("0x54686520717569636b2062726f776e", "The quick brown", FLT_VIEW_HEX, false);
    finds("54 68 65 20 71 75 69 63 6b 20 66 6F 78", "The quick fox", FLT_VIEW_HEX, true);
    finds("54:68:65:20:71:75:69:63:6b", "The quick", FLT_VIEW_HEX, true);
    finds("\\x54\\x68\\x65\\x20\\x71\\x75\\x69\\x63\\x6b", "The quick", FLT_VIEW_HEX, false);
    finds("0x54, 0x68, 0x65, 0x20, 0x71, 0x75, 0x69, 0x63, 0x6b", "The quick", FLT_VIEW_HEX, false);
    finds("00000000: 5468 6520 7175 6963 6b20 6272 6f77 6e20  The quick brown \n"
          "00000010: 666f 7820 6a75 6d70 7320 6f76 6572 2069  fox jumps over i\n",
          "The quick brown fox jumps over i", FLT_VIEW_HEX, false);
    finds("01010100 01101000 01100101 00100000 01100110 01101111 01111000 01100101 01110011", "The foxes",
          FLT_VIEW_BINARY, true);
    finds("010101000110100001100101001000000110011001101111011110000110010101110011", "The foxes", FLT_VIEW_BINARY,
          true);
    finds("1010100 1101000 1100101 100000 1100110 1101111 1111000 1100101 1110011", "The foxes", FLT_VIEW_BINARY, true);
    finds("- .... . / --.- ..- .. -.-. -.- / ..-. --- -..-", "the quick fox", FLT_VIEW_MORSE, true);
    finds("-|....|.|--.-|..-|..|-.-.|-.-", "t h e q u i c k", FLT_VIEW_MORSE, true);
    finds("\xe2\x88\x92 \xc2\xb7\xc2\xb7\xc2\xb7\xc2\xb7 \xc2\xb7   \xc2\xb7\xc2\xb7\xe2\x88\x92\xc2\xb7 "
          "\xe2\x88\x92\xe2\x88\x92\xe2\x88\x92 \xe2\x88\x92\xc2\xb7\xc2\xb7\xe2\x88\x92",
          "the fox", FLT_VIEW_MORSE, true);
}

static void escapes_are_decoded_in_place(void **state)
{
    (void)state;
    finds("the%20quick%20%66ox", "the quick fox", FLT_VIEW_PERCENT, true);
    finds("q=the+%71uick+fox", "q=the quick fox", FLT_VIEW_PERCENT, true);
    finds("%u0071uick", "quick", FLT_VIEW_PERCENT, true);
    finds("http%3A%2F%2Fme%3Apw%40host", "http://me:pw@host", FLT_VIEW_PERCENT, true); /* marks alone */
    finds("&#116;&#x68;&#101 quick&nbsp;fox",
          "the quick\xc2\xa0"
          "fox",
          FLT_VIEW_ENTITY, true);
    finds("&lpar;&#113uick&rpar;", "(quick)", FLT_VIEW_ENTITY, true);
    finds("&eacute;t&eacute;", "\xc3\xa9t\xc3\xa9", FLT_VIEW_ENTITY, true);
    finds("\\u0074\\u{68}\\U00000065 \\x71\\165ick", "the quick", FLT_VIEW_ESCAPE, true);
    finds("\\ud83d\\ude00 \\u0061", "\xf0\x9f\x98\x80 a", FLT_VIEW_ESCAPE, true);
    finds("\\ud83d \\u0061", "? a", FLT_VIEW_ESCAPE, true);
    finds("one\\nTwo", "one\nTwo", FLT_VIEW_ESCAPE, true);
    finds("\\\"one\\ntwo\\\"", "\"one\ntwo\"", FLT_VIEW_ESCAPE, true);
    finds("one\\ntwo\\nthree", "one\ntwo\nthree", FLT_VIEW_ESCAPE, true);
    finds("t=68e =71ui=63k", "the quick", FLT_VIEW_QUOTED, true);
    finds("the qu=\nick f=6Fx jum=\nps", "the quick fox jumps", FLT_VIEW_QUOTED, true);
}

static void a_number_alone_is_text(void **state)
{
    (void)state;
    finds("NDExMSAxMTExIDExMTEgMTExMQ==", "4111 1111 1111 1111", FLT_VIEW_BASE64, false);
    finds("34313131203131313120313131312031313131", "4111 1111 1111 1111", FLT_VIEW_HEX, false);
}

static void an_encoding_inside_another_is_found(void **state)
{
    (void)state;
    finds("%2574%2568%2565", "%74%68%65", FLT_VIEW_PERCENT, true);
    finds("&amp;#116;&amp;#104;", "&#116;&#104;", FLT_VIEW_ENTITY, true);
    finds("&#38;#116;", "&#116;", FLT_VIEW_ENTITY, true);
    finds("&amp;lpar;", "&lpar;", FLT_VIEW_ENTITY, true);
    finds("\\\\u0074\\\\u0068", "\\u0074\\u0068", FLT_VIEW_ESCAPE, true);
    /* hex of hex, of base64, of bits, of full-width letters, of zero-width spaces between letters, of look-alikes */
    finds("3734363836353230373137353639363336623230363237323666373736653230363636663738323036613735366437303733",
          "74686520717569636b2062726f776e20666f78206a756d7073", FLT_VIEW_HEX, false);
    finds("6447686c4948463161574e7249474a796233647549475a76654342716457317763773d3d",
          "dGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcw==", FLT_VIEW_HEX, false);
    finds("3031313130313030203031313031303030203031313030313031", "01110100 01101000 01100101", FLT_VIEW_HEX, false);
    finds(
        "efbd94efbd88efbd85e38080efbd91efbd95efbd89efbd83efbd8b",
        "\xef\xbd\x94\xef\xbd\x88\xef\xbd\x85\xe3\x80\x80\xef\xbd\x91\xef\xbd\x95\xef\xbd\x89\xef\xbd\x83\xef\xbd\x8b",
        FLT_VIEW_HEX, false);
    finds("74e2808b68e2808b65e2808b20e2808b71e2808b75e2808b69e2808b63e2808b6b",
          "t\xe2\x80\x8bh\xe2\x80\x8b"
          "e\xe2\x80\x8b \xe2\x80\x8bq\xe2\x80\x8bu\xe2\x80\x8bi\xe2\x80\x8b"
          "c\xe2\x80\x8bk",
          FLT_VIEW_HEX, false);
    finds("d18268d0b520d0b070706c6520d0bed180d0b56ed19520d0b074206ed1966ed0b5",
          "\xd1\x82h\xd0\xb5 \xd0\xb0pple \xd0\xbe\xd1\x80\xd0\xb5n\xd1\x95 \xd0\xb0t n\xd1\x96n\xd0\xb5", FLT_VIEW_HEX,
          false);
}

static void morse_begins_behind_a_blank(void **state)
{
    struct seen s;
    static const char text[] = "We read this note. - .... . / --.- ..- .. -.-. -.- Could you look?";
    (void)state;
    run(&s, text, strlen(text), FLT_VIEW_MORSE, "the quick");
    assert_int_equal(s.count, 1);
    assert_string_equal(s.text, "the quick\n");
}

/* Characters of a hidden alphabet behind a face. */
static size_t hide(char *out, const char *text, unsigned (*code)(uint8_t byte, char *out))
{
    size_t n = 0;
    for (const char *p = text; *p != '\0'; p++)
        n += code((uint8_t)*p, out + n);
    out[n] = '\0';
    return n;
}
static unsigned as_tag(uint8_t c, char *out)
{
    return flt_utf8_encode(0xE0000u + c, out);
}
static unsigned as_selector(uint8_t c, char *out)
{
    return flt_utf8_encode(c < 16 ? 0xFE00u + c : 0xE0100u + c - 16, out);
}
static unsigned as_operators(uint8_t c, char *out)
{
    unsigned n = 0;
    for (int i = 7; i >= 0; i--)
        n += flt_utf8_encode((c >> i & 1) != 0 ? 0x2064 : 0x2062, out + n);
    return n;
}
static unsigned as_spaces(uint8_t c, char *out)
{
    unsigned n = 0;
    for (int i = 7; i >= 0; i--)
        n += flt_utf8_encode((c >> i & 1) != 0 ? 0x200C : 0x200B, out + n);
    return n;
}
static unsigned as_spaces_inverted(uint8_t c, char *out)
{
    return as_spaces((uint8_t)~c, out);
}

static void hidden_characters_are_found(void **state)
{
    char coded[TEXT_MAX / 2];
    (void)state;
    hide(coded, "the quick fox", as_tag);
    finds(coded, "the quick fox", FLT_VIEW_TAGS, true);
    hide(coded, "fox", as_tag);
    finds(coded, "fox", FLT_VIEW_TAGS, true);
    hide(coded, "the quick fox", as_selector);
    finds(coded, "the quick fox", FLT_VIEW_VARIATION, true);
    hide(coded, "the \xc3\xa9lan", as_selector);
    finds(coded, "the \xc3\xa9lan", FLT_VIEW_VARIATION, true);
    hide(coded, "fox", as_operators);
    finds(coded, "fox", FLT_VIEW_SNEAKY, true);
    hide(coded, "the fox", as_spaces);
    finds(coded, "the fox", FLT_VIEW_SNEAKY, true);
    hide(coded, "the fox", as_spaces_inverted);
    finds(coded, "the fox", FLT_VIEW_SNEAKY, true);
    /* the flag of Wales; emoji and ideographs with one selector each; a joiner between Persian letters */
    leaves("\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xb7\xf3\xa0\x81\xac\xf3\xa0\x81\xb3"
           "\xf3\xa0\x81\xbf",
           FLT_VIEW_TAGS);
    leaves("\xe2\x9d\xa4\xef\xb8\x8f 1\xef\xb8\x8f\xe2\x83\xa3 \xe2\x98\x80\xef\xb8\x8e \xe8\xbe\xbb\xf3\xa0\x84\x80 "
           "\xe8\xbe\xbb\xf3\xa0\x84\x81 \xe8\xbe\xbb\xf3\xa0\x84\x82",
           FLT_VIEW_VARIATION);
    leaves("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88\xd8\xa7\xd9\x87\xd9\x85 "
           "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xb1\xd9\x88\xd9\x85",
           FLT_VIEW_SNEAKY);
}

static void near_misses_give_nothing(void **state)
{
    static const char *const v[] = {
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit da39a3ee5e6b4b0d3255bfef95601890afd80709 of 3f786850e387550fdab836ed7e6dc881de23001b",
        "id 123e4567-e89b-12d3-a456-426614174000 was seen",
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAAB",
        "https://www.example.com/articles/2024/01/17/understanding-the-internationalization-of-software?id=123456",
        "A word: internationalization, Telecommunications, UNCONSTITUTIONALITY, getElementById, XMLHttpRequestFactory",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0pXyDU5qWMJ8XKzT4lv0Hh1oKzmvQ2Yt7Pq3Rb6f8G",
        "fingerprint 16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48 and mac 00:1b:44:11:3a:b7",
        "on 2024-01-31 at 10:22:33 the values were 10 20 30 40 50 60 and 1000 2000 3000 4000",
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\n--- ... --- and so on ........ 12",
        "100 100 110 and 1,000,000 or 0.1 0.01 0.001 in 10 of 100 cases",
        "if (width=50 && height=20) { size=45; } // a=10, b=20, c=30 & 100% of 20%",
        "AT&T &amp; co: 5 &lt; 6 &gt; 4 and C:\\data\\files and \\d+\\s*",
        "static_cast<unsigned>(value_of_something)->method().another(x,y);",
        "the field $\\nabla f$ is normal, \\frac{\\nu}{\\tau} and $\\rho \\not= 0$ too",
        "a link to https://www.example.com/?a=1&amp;b=2&amp;c=3 is here",
        "It was late. - Then the bus came... - and left. - Nobody -- no one at all - saw it. - So be it.",
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++)
        for (unsigned view = FLT_VIEW_BASE64; view <= FLT_VIEW_SNEAKY; view++)
            leaves(v[i], (enum flt_view)view);
}

/* Text between binary: only the text comes out. */
static void text_inside_binary_is_found(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char hidden[] = "The quick brown fox jumps over the lazy dog, and then it does the same again.";
    char raw[3000], coded[4100];
    uint32_t r = 7;
    struct seen s;
    (void)state;
    for (size_t i = 0; i < sizeof(raw); i++)
        raw[i] = (char)((r = r * 1664525u + 1013904223u) >> 24);
    memcpy(raw + 1500, hidden, sizeof(hidden) - 1);
    for (size_t i = 0; i < sizeof(raw); i += 3) {
        uint32_t g = (uint32_t)(uint8_t)raw[i] << 16 | (uint32_t)(uint8_t)raw[i + 1] << 8 | (uint8_t)raw[i + 2];
        for (unsigned k = 0; k < 4; k++)
            coded[i / 3 * 4 + k] = digits[g >> (18 - 6 * k) & 63];
    }
    run(&s, coded, 4000, FLT_VIEW_BASE64, hidden);
    assert_int_equal(s.count, 1);
    assert_non_null(strstr(s.text, hidden));
    assert_in_range(s.n, sizeof(hidden) - 1, sizeof(hidden) + 20);
    assert_int_equal(s.from, 2000);
}

static void a_budget_is_kept(void **state)
{
    static const char coded[] = "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcw== the%20fox &#116;he";
    (void)state;
    for (size_t budget = 0; budget < 100; budget++) {
        struct flt_arena *a = flt_arena_new(1u << 20);
        struct flt_maker k = {.arena = a, .budget = budget};
        struct seen s = {.source = FLT_STR(coded), .view = FLT_VIEW_BASE64};
        assert_int_equal(flt_decode(&k, FLT_STR(coded), UINT32_MAX, see, &s), FLT_OK);
        assert_true(k.budget <= budget && s.n <= budget + 1);
        assert_true(budget > 70 || k.left_out != 0 || k.budget < budget);
        flt_arena_free(a);
    }
}

/* Of a long text with few escapes only their neighbourhoods are decoded, and these lead back to where they were. */
static void long_texts_are_decoded_where_escapes_are(void **state)
{
    static const struct {
        const char *coded;
        enum flt_view view;
    } v[] = {{"o%70en mus%65um", FLT_VIEW_PERCENT},
             {"o&#112;en mus&#101;um", FLT_VIEW_ENTITY},
             {"o\\u0070en mus\\u0065um", FLT_VIEW_ESCAPE},
             {"o=70en m=75s=65um", FLT_VIEW_QUOTED}};
    enum { HALF = 30000 };
    char *text = malloc(2 * HALF + 100);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct seen s;
        size_t n = strlen(v[i].coded);
        for (size_t k = 0; k < 2 * HALF + n; k++)
            text[k] = k % 7 == 6 ? ' ' : "museum "[k % 7];
        text[HALF - 1] = text[HALF + n] = ' ';
        memcpy(text + HALF, v[i].coded, n);
        run(&s, text, 2 * HALF + n, v[i].view, "open museum");
        assert_int_equal(s.count, 1);
        assert_in_range(s.n, 2 * 600 - 200, 2 * 600 + 300);
        assert_true(s.from == HALF && s.to == HALF + n);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_found),
        cmocka_unit_test(other_radixes_are_found),
        cmocka_unit_test(escapes_are_decoded_in_place),
        cmocka_unit_test(a_number_alone_is_text),
        cmocka_unit_test(an_encoding_inside_another_is_found),
        cmocka_unit_test(morse_begins_behind_a_blank),
        cmocka_unit_test(hidden_characters_are_found),
        cmocka_unit_test(near_misses_give_nothing),
        cmocka_unit_test(text_inside_binary_is_found),
        cmocka_unit_test(long_texts_are_decoded_where_escapes_are),
        cmocka_unit_test(a_budget_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
