/*
 * gen_fold.c: makes ../fold_table.inc from ICU's Unicode data. Not part of the build; the library does not link ICU.
 *
 *   cc -o /tmp/gen_fold gen_fold.c -licuuc && /tmp/gen_fold > ../fold_table.inc
 *
 * What each code point folds to is said in ../fold.c.
 */
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#include "gen_write.h"

enum { SAME, DROP, MARK_ANY, MARK_OWN, JAMO };
#define EXPAND_MOST 18u /* bytes; longer forms (U+FDFA) stay as they are */
#define LONG        32

static struct gen g;
static const UNormalizer2 *nfkc, *nfd;

static const struct {
    UChar32 cp;
    const char *text;
} own[] = {
    {0xB4, "'"},    {0x2B9, "'"},   {0x2BB, "'"},   {0x2BC, "'"},   {0x2BD, "'"},   {0x2018, "'"},  {0x2019, "'"},
    {0x201A, "'"},  {0x201B, "'"},  {0x2032, "'"},  {0x2035, "'"},  {0x2039, "'"},  {0x203A, "'"},  {0x55A, "'"},
    {0xAB, "\""},   {0xBB, "\""},   {0x201C, "\""}, {0x201D, "\""}, {0x201E, "\""}, {0x201F, "\""}, {0x2033, "\""},
    {0x2036, "\""}, {0x301D, "\""}, {0x301E, "\""}, {0x301F, "\""}, {0x2010, "-"},  {0x2011, "-"},  {0x2012, "-"},
    {0x2013, "-"},  {0x2014, "-"},  {0x2015, "-"},  {0x2043, "-"},  {0x2212, "-"},  {0x2E3A, "-"},  {0x2E3B, "-"},
    {0xB7, "."},    {0x387, "."},   {0x2027, "."},  {0x2219, "."},  {0x22C5, "."},  {0x2022, "*"},  {0x2217, "*"},
    {0x2044, "/"},  {0x2215, "/"},  {0x29F8, "/"},  {0x2216, "\\"}, {0x223C, "~"},  {0x2DC, "~"},   {0x301C, "~"},
    {0xA6, "|"},    {0x2223, "|"},  {0x1C0, "|"},   {0x2C6, "^"},   {0x85, "\n"},   {0x2028, "\n"}, {0x2029, "\n"},
    {0x2800, " "},  {0xDF, "ss"},   {0x1E9E, "SS"}, {0xC6, "AE"},   {0xE6, "ae"},   {0x152, "OE"},  {0x153, "oe"},
    {0xD0, "D"},    {0xF0, "d"},    {0xDE, "TH"},   {0xFE, "th"},   {0x131, "i"},   {0x237, "j"},   {0x17F, "s"},
    {0x138, "k"},   {0x1E9F, "d"},  {0x37E, ";"},   {0x1FEF, "`"},  {0x1FFD, "'"},  {0x374, "'"},   {0x14A, "N"},
};
/* Letters that the skeleton reads in another way than their name says (upside-down writing). */
static const UChar32 left[] = {0x182, 0x183, 0x27E};

static int kind_of(UChar32 c)
{
    int type = u_charType(c);
    if (c == 0x2800 || c == 0x85)
        return SAME;
    if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || type == U_CONTROL_CHAR)
        return DROP;
    if (type == U_FORMAT_CHAR && !u_hasBinaryProperty(c, UCHAR_PREPENDED_CONCATENATION_MARK))
        return DROP;
    if (c == 0xFF9E || c == 0xFF9F)
        return MARK_OWN;
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK) {
        bool any = (c >= 0x300 && c <= 0x36F) || (c >= 0x483 && c <= 0x489) || (c >= 0x1AB0 && c <= 0x1AFF) ||
                   (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x20D0 && c <= 0x20FF) || (c >= 0xFE20 && c <= 0xFE2F);
        return any ? MARK_ANY : MARK_OWN;
    }
    if ((c >= 0x1161 && c <= 0x1175) || (c >= 0x11A8 && c <= 0x11C2))
        return JAMO;
    return SAME;
}

/* Agrees with strips_marks in ../fold.c. */
static bool strips(UChar32 c)
{
    return c < 0x400 || (c >= 0x1D00 && c <= 0x1DBF) || (c >= 0x1E00 && c <= 0x2BFF) || (c >= 0x2C60 && c <= 0x2C7F) ||
           (c >= 0xA720 && c <= 0xA7FF) || (c >= 0xAB30 && c <= 0xAB6F) || c >= 0x1D400;
}

/* The letter X of "LATIN SMALL LETTER X WITH ...", or 0. */
static UChar32 named_letter(UChar32 c)
{
    char name[128];
    UErrorCode e = U_ZERO_ERROR;
    u_charName(c, U_UNICODE_CHAR_NAME, name, sizeof(name), &e);
    bool small = strncmp(name, "LATIN SMALL LETTER ", 19) == 0, large = strncmp(name, "LATIN CAPITAL LETTER ", 21) == 0;
    for (unsigned i = 0; i < sizeof(left) / sizeof(*left); i++) {
        if (left[i] == c)
            return 0;
    }
    if (!small && !large)
        return 0;
    const char *x = name + (small ? 19 : 21);
    if (x[0] < 'A' || x[0] > 'Z' || strncmp(x + 1, " WITH ", 6) != 0)
        return 0;
    return small ? x[0] + 32 : x[0];
}

static int put(UChar32 *out, int n, UChar32 c)
{
    if (n < LONG)
        out[n++] = c;
    return n;
}

static int put_utf8(UChar32 *out, int n, const char *s)
{
    for (int32_t i = 0, len = (int32_t)strlen(s); i < len;) {
        UChar32 c;
        U8_NEXT_UNSAFE(s, i, c);
        n = put(out, n, c);
    }
    return n;
}

static int put_normal(UChar32 *out, int n, const UNormalizer2 *how, UChar32 c, bool *changed)
{
    UChar in[2], norm[64];
    int32_t k = 0;
    UErrorCode e = U_ZERO_ERROR;
    U16_APPEND_UNSAFE(in, k, c);
    int32_t len = unorm2_normalize(how, in, k, norm, 64, &e);
    *changed = len != k || memcmp(in, norm, (size_t)len * sizeof(UChar)) != 0;
    for (int32_t i = 0; *changed && i < len;) {
        UChar32 x;
        U16_NEXT_UNSAFE(norm, i, x);
        n = put(out, n, x);
    }
    return n;
}

static int step_one(UChar32 *out, int n, UChar32 c)
{
    bool changed;
    if (c < 0x80)
        return put(out, n, c);
    for (unsigned i = 0; i < sizeof(own) / sizeof(*own); i++) {
        if (own[i].cp == c)
            return put_utf8(out, n, own[i].text);
    }
    if (c == 0xE33 || c == 0xEB3)
        return put(out, n, c); /* Thai and Lao vowel am: its own letter to everyone but NFKC */
    int kind = kind_of(c);
    if (kind == DROP)
        return n;
    if (kind == MARK_ANY || kind == MARK_OWN)
        return n == 0 || strips(out[n - 1]) ? n : put(out, n, c);
    if (u_charType(c) == U_SPACE_SEPARATOR)
        return put(out, n, ' ');
    if (u_charType(c) == U_DECIMAL_DIGIT_NUMBER)
        return put(out, n, '0' + u_charDigitValue(c));
    if (named_letter(c) != 0)
        return put(out, n, named_letter(c));
    int m = put_normal(out, n, nfkc, c, &changed);
    if (changed)
        return m;
    UErrorCode e = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript(c, &e);
    if (script == USCRIPT_LATIN || script == USCRIPT_GREEK) {
        m = put_normal(out, n, nfd, c, &changed);
        if (changed)
            return m;
    }
    return put(out, n, script == USCRIPT_CHEROKEE ? c : u_tolower(c));
}

static void fold_one(UChar32 c)
{
    UChar32 a[LONG] = {c}, b[LONG];
    int n = 1;
    for (int round = 0; round < 9; round++) {
        int m = 0;
        for (int i = 0; i < n; i++)
            m = step_one(b, m, a[i]);
        memcpy(a, b, sizeof(a));
        n = m;
    }
    char text[LONG * 4 + 1];
    int32_t len = 0;
    for (int i = 0; i < n; i++)
        U8_APPEND_UNSAFE(text, len, a[i]);
    text[len] = '\0';
    /* Arabic and Armenian letters that would grow: keeping them lets ../fold.c bound its output quickly. */
    if ((n == 1 && a[0] == c) || (c >= 0x100 && c < 0x800 && len > 2))
        return;
    if (len == 0)
        g.kind[c] = DROP;
    else if ((unsigned)len <= EXPAND_MOST)
        g.text[c] = strdup(text);
}

struct pair {
    UChar32 first, second, both;
};

static int by_first(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    return a->first != b->first ? (a->first < b->first ? -1 : 1) : (a->second > b->second) - (a->second < b->second);
}

/* Pairs that compose, of scripts whose letters keep their marks; sorted by the two code points. */
static void print_pairs(void)
{
    static struct pair pair[4096];
    size_t pairs = 0;
    for (UChar32 c = 0x80; c < (UChar32)GEN_END; c++) {
        UChar raw[8];
        UErrorCode e = U_ZERO_ERROR;
        int32_t n = unorm2_getRawDecomposition(nfd, c, raw, 8, &e), i = 0;
        if (n <= 0 || g.text[c] != NULL || g.kind[c] != SAME || (c >= 0xAC00 && c < 0xD7A4))
            continue;
        UChar32 first, second = 0;
        U16_NEXT(raw, i, n, first);
        if (i < n)
            U16_NEXT(raw, i, n, second);
        if (second == 0 || strips(first) || g.text[first] != NULL || g.kind[first] != SAME)
            continue;
        if ((g.kind[second] == MARK_ANY || g.kind[second] == MARK_OWN) && unorm2_composePair(nfkc, first, second) == c)
            pair[pairs++] = (struct pair){first, second, c};
    }
    qsort(pair, pairs, sizeof(*pair), by_first);
    printf("static const uint32_t fold_pair[%zu][3] = {", pairs);
    for (size_t i = 0; i < pairs; i++)
        printf("%s{%d,%d,%d},", i % 5 == 0 ? "\n" : "", pair[i].first, pair[i].second, pair[i].both);
    printf("\n};\n");
}

/* A bit a page of 64 code points: one of them folds to more bytes than it has. */
static void print_grows(void)
{
    static uint8_t grows[GEN_END / 512];
    for (UChar32 c = 0x80; c < (UChar32)GEN_END; c++) {
        if (g.text[c] != NULL && strlen(g.text[c]) > (size_t)U8_LENGTH(c))
            grows[c / 512] |= (uint8_t)(1u << (c / 64 % 8));
    }
    gen_numbers("static const uint8_t fold_grows[384]", grows, sizeof(grows), 1);
}

int main(void)
{
    UErrorCode e = U_ZERO_ERROR;
    nfkc = unorm2_getNFKCInstance(&e);
    nfd = unorm2_getNFDInstance(&e);
    for (UChar32 c = 0x80; c < (UChar32)GEN_END; c++) {
        if (c >= 0xD800 && c < 0xE000)
            continue;
        g.kind[c] = (uint8_t)kind_of(c);
        if (g.kind[c] == SAME)
            fold_one(c);
    }
    printf("/* Made by tables/gen_fold.c from Unicode %s data; see tables/NOTICE. */\n", U_UNICODE_VERSION);
    gen_print("fold", &g);
    print_pairs();
    print_grows();
    return U_FAILURE(e);
}
