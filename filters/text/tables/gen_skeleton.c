/*
 * gen_skeleton.c: makes ../skeleton_table.inc from ICU's spoof checker (the confusables of UTS #39). Not part of the
 * build; the library does not link ICU.
 *
 *   cc -o /tmp/gen_skeleton gen_skeleton.c -licui18n -licuuc && /tmp/gen_skeleton > ../skeleton_table.inc
 *
 * Only code points whose skeleton is ASCII letters and digits are in the table. The skeleton's letter forms are taken
 * back to plain letters ("rn", which UTS #39 has for m, to m). The text of an entry is one class byte and the reading:
 * 1 a letter of the same shape, 2 one that only resembles it (small Cyrillic te, or the shape of the capital),
 * 3 a Latin letter form or symbol that stands for the letter in every surrounding.
 */
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>

#include <stdbool.h>

#include "gen_write.h"

static struct gen g;
static USpoofChecker *spoof;

/* Forms that UTS #39 leaves as they are. */
static const struct {
    UChar32 cp;
    char letter;
} form[] = {
    {0x1D00, 'a'}, {0x299, 'b'},  {0x1D04, 'c'}, {0x1D05, 'd'}, {0x1D07, 'e'}, {0xA730, 'f'}, {0x262, 'g'},
    {0x29C, 'h'},  {0x26A, 'i'},  {0x1D0A, 'j'}, {0x1D0B, 'k'}, {0x29F, 'l'},  {0x1D0D, 'm'}, {0x274, 'n'},
    {0x1D0F, 'o'}, {0x1D18, 'p'}, {0xA7AF, 'q'}, {0x280, 'r'},  {0xA731, 's'}, {0x1D1B, 't'}, {0x1D1C, 'u'},
    {0x1D20, 'v'}, {0x1D21, 'w'}, {0x28F, 'y'},  {0x1D22, 'z'}, {0x138, 'k'},  {0x28D, 'm'},  {0x250, 'a'},
    {0x1DD, 'e'},  {0x259, 'e'},  {0x25B, 'e'},  {0x25C, 'e'},  {0x3B5, 'e'},  {0xA793, 'e'}, {0x254, 'c'},
    {0x251, 'a'},  {0x252, 'a'},  {0x3BC, 'u'},  {0x3C9, 'w'},  {0x26F, 'w'},  {0x3B2, 'b'},  {0x3B7, 'n'},
    {0x3C0, 'n'},  {0x3BA, 'k'},  {0x3C4, 't'},  {0x14B, 'n'},  {0x183, 'b'},  {0x278, 'o'},  {0x25F, 'j'},
    {0x265, 'h'},  {0x279, 'r'},  {0x27E, 'r'},  {0x287, 't'},  {0x28C, 'v'},  {0x28E, 'y'},  {0x29E, 'k'},
    {0x1D09, 'i'}, {0x1D0E, 'n'}, {0x1D19, 'r'}, {0x1D1A, 'r'}, {0x1D1F, 'm'}, {0x280, 'r'},  {0x261, 'g'},
    {0x20B3, 'A'}, {0x20BF, 'B'}, {0x20B5, 'C'}, {0x20AC, 'E'}, {0x20A3, 'F'}, {0x20B2, 'G'}, {0x20B4, 'S'},
    {0x20AD, 'K'}, {0x20A6, 'N'}, {0x20B1, 'P'}, {0x20AE, 'T'}, {0x20A9, 'W'}, {0xA5, 'Y'},   {0xA3, 'L'},
    {0xA2, 'c'},   {0x449, 'w'},  {0x2200, 'A'}, {0x2203, 'E'}, {0x2208, 'E'}, {0x2132, 'F'}, {0x2141, 'G'},
    {0x448, 'w'},
};

static char form_of(UChar32 c)
{
    for (unsigned i = 0; i < sizeof(form) / sizeof(*form); i++) {
        if (form[i].cp == c)
            return form[i].letter;
    }
    return 0;
}

static bool symbol_letter(UChar32 c, char *out)
{
    static const UChar32 first[] = {0x1F1E6, 0x1F150, 0x1F170, 0x1F130};
    for (unsigned i = 0; i < 4; i++) {
        if (c >= first[i] && c < first[i] + 26) {
            *out = (char)('A' + (c - first[i]));
            return true;
        }
    }
    if (c >= 0x2776 && c <= 0x277E)
        *out = (char)('1' + (c - 0x2776));
    else if (c >= 0x2780 && c <= 0x2788)
        *out = (char)('1' + (c - 0x2780));
    else if (c >= 0x278A && c <= 0x2792)
        *out = (char)('1' + (c - 0x278A));
    else if (c >= 0x24F5 && c <= 0x24FD)
        *out = (char)('1' + (c - 0x24F5));
    else if (c == 0x24FF || c == 0x1F10B || c == 0x1F10C)
        *out = '0';
    else
        return false;
    return true;
}

/* The reading of c in out, false without one. *straight: UTS #39 alone gives it. */
static bool reading(UChar32 c, char *out, bool *straight)
{
    char in[4], skeleton[256];
    int32_t n = 0, k = 0;
    UErrorCode e = U_ZERO_ERROR;
    U8_APPEND_UNSAFE(in, n, c);
    *straight = true;
    if (form_of(c) != 0) {
        *straight = false;
        skeleton[0] = form_of(c);
        n = 1;
    } else {
        n = uspoof_getSkeletonUTF8(spoof, 0, in, n, skeleton, sizeof(skeleton) - 1, &e);
    }
    if (U_FAILURE(e) || n > 32)
        return false;
    for (int32_t i = 0; i < n;) {
        UChar32 x;
        U8_NEXT_UNSAFE(skeleton, i, x);
        if (x >= 0x80 && form_of(x) != 0) {
            x = (UChar32)(unsigned char)form_of(x);
            *straight = false;
        } else if (u_charType(x) == U_NON_SPACING_MARK) {
            *straight = false; /* a hook or bar that UTS #39 keeps apart */
            continue;
        }
        if (x >= 0x80 || !u_isalnum(x))
            return false;
        out[k++] = (char)x;
    }
    out[k] = '\0';
    char *m = strstr(out, "rn");
    if (m != NULL) {
        m[0] = 'm';
        memmove(m + 1, m + 2, strlen(m + 2) + 1);
    }
    return k > 0 && strlen(out) <= 3;
}

static bool always(UChar32 c, UScriptCode script)
{
    int type = u_charType(c);
    if (type == U_CURRENCY_SYMBOL || type == U_MATH_SYMBOL)
        return false; /* prices and formulas: only inside a word with plain letters */
    return script == USCRIPT_LATIN || (script == USCRIPT_COMMON && c < 0x2E80) || c >= 0x1D400;
}

int main(void)
{
    UErrorCode e = U_ZERO_ERROR;
    spoof = uspoof_open(&e);
    for (UChar32 c = 0x80; c < (UChar32)GEN_END; c++) {
        char text[64], letter;
        bool straight = true;
        if ((c >= 0xD800 && c < 0xE000) || !u_isdefined(c))
            continue;
        int type = u_charType(c);
        bool letters = u_isalnum(c) || type == U_CURRENCY_SYMBOL || type == U_MATH_SYMBOL || type == U_LETTER_NUMBER;
        UScriptCode script = uscript_getScript(c, &e);
        if (symbol_letter(c, &letter)) {
            text[1] = letter;
            text[2] = '\0';
            text[0] = 3;
        } else if (!letters || script == USCRIPT_HAN) {
            continue;
        } else if (reading(c, text + 1, &straight)) {
            text[0] = always(c, script) ? 3 : straight && !u_isdigit(text[1]) ? 1 : 2;
        } else if (u_toupper(c) != c && reading(u_toupper(c), text + 1, &straight)) {
            text[1] = (char)u_tolower(text[1]);
            text[0] = always(c, script) ? 3 : 2;
        } else {
            continue;
        }
        if (strlen(text + 1) <= (c < 0x800 ? 2u : 3u)) /* a reading never grows */
            g.text[c] = strdup(text);
    }
    printf("/* Made by tables/gen_skeleton.c from Unicode %s data; see tables/NOTICE. */\n", U_UNICODE_VERSION);
    gen_print("skeleton", &g);
    return U_FAILURE(e);
}
