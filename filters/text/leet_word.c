/*
 * leet_word.c: reads a token as leet by the letters that its digits and signs resemble, and judges the reading by how
 * English it is (letter trigrams): it must be likely in itself, and likelier than the token with the signs left out,
 * which is what tells "pr3v10us" from "sha256sum", "user@host" and "3month".
 */
#include "text/leet_word.h"

#include "text/leet_read.h"
#include "text/trigram.h"

#define GOOD     (-5.3) /* mean log2 probability of a letter; random letters lie below -7 */
#define GAIN     0.6    /* by how much a reading has to be better than what is left without the signs */
#define ROW_GOOD (-4.6) /* of a row of words, with the best spaces between them */
#define ROW_WORD 14u    /* characters of a token that may be several words */

/* First and second choice of letter; the ten digits first. */
static const struct {
    char sign, first, second;
    uint8_t dear; /* quarters of a bit that the second choice costs */
} letters[] = {
    {'0', 'o', 0, 0},
    {'1', 'i', 'l', 0},
    {'2', 'z', 0, 0},
    {'3', 'e', 0, 0},
    {'4', 'a', 0, 0},
    {'5', 's', 0, 0},
    {'6', 'g', 'b', 0},
    {'7', 't', 0, 0},
    {'8', 'b', 0, 0},
    {'9', 'g', 0, 0},
    {'@', 'a', 0, 0},
    {'$', 's', 0, 0},
    {'!', 'i', 'l', 8},
    {'|', 'i', 'l', 0},
    {'+', 't', 0, 0},
    {'(', 'c', 0, 0},
    {'{', 'c', 0, 0},
    {'<', 'c', 0, 0},
    {(char)('E' | 0x80), 'e', 0, 0},
    {(char)('L' | 0x80), 'l', 0, 0},
    {(char)('Y' | 0x80), 'y', 0, 0},
};

/* Words too short to be judged by their letters. */
static const char *const short_words[] = {
    "act", "ago", "all", "and", "any", "are", "ask", "bad", "big", "bot", "box", "but", "can", "dan",
    "did", "end", "few", "fix", "for", "get", "got", "had", "has", "her", "hey", "him", "his", "how",
    "its", "job", "key", "let", "lol", "may", "new", "not", "now", "off", "old", "one", "our", "out",
    "own", "per", "pin", "put", "run", "say", "see", "set", "she", "tab", "tag", "the", "too", "top",
    "try", "two", "use", "via", "was", "way", "who", "why", "yes", "yet", "you",
};
static const char *const tiny_words[] = {
    "a",  "i",  "ai", "am", "an", "as", "at", "be", "by", "do", "go", "he", "hi", "if",
    "in", "is", "it", "me", "my", "no", "of", "on", "or", "so", "to", "up", "us", "we",
};

struct shape {
    unsigned letters, digits, signs; /* signs: punctuation and currency */
    unsigned groups;                 /* runs of digits and signs */
    bool hex;                        /* hexadecimal digits only */
    bool camel;                      /* a small letter before a capital */
    bool first, last;                /* the first, the last character is no letter */
    bool capitals;                   /* every letter is one */
};

static bool small(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static int index_of(char c)
{
    if (digit(c))
        return c - '0';
    for (unsigned i = 10; i < FLT_ARRAY_LEN(letters); i++) {
        if (letters[i].sign == c)
            return (int)i;
    }
    return -1;
}

static struct shape shape_of(const struct flt_leet_word *w)
{
    struct shape s = {.hex = true, .capitals = true};
    bool letter_before = true, small_before = false;
    for (unsigned i = 0; i < w->n; i++) {
        char c = w->sign[i];
        bool letter = small(c) || capital(c);
        s.letters += letter;
        s.digits += digit(c);
        s.signs += !letter && !digit(c);
        s.groups += !letter && letter_before;
        s.hex &= digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        s.camel |= small_before && capital(c);
        s.capitals &= !small(c);
        letter_before = letter;
        small_before = small(c);
    }
    s.first = w->n != 0 && !small(w->sign[0]) && !capital(w->sign[0]);
    s.last = !letter_before;
    return s;
}

static struct flt_guess guess_of(char c)
{
    int k = small(c) || capital(c) ? -1 : index_of(c);
    return k >= 0 ? (struct flt_guess){{letters[k].first, letters[k].second, '\0'}, letters[k].dear}
                  : (struct flt_guess){{c, '\0', '\0'}, 0};
}

/* Fills in the likeliest reading. */
static double read_letters(struct flt_leet_word *w)
{
    struct flt_guess g[FLT_LEET_MOST];
    for (unsigned i = 0; i < w->n; i++)
        g[i] = guess_of(w->sign[i]);
    return flt_read_best(g, w->n, w->n >= ROW_WORD, w->reading);
}

static bool listed(const struct flt_leet_word *w, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (flt_str_ieq((struct flt_str){w->reading, w->n}, flt_str_of(list[i])))
            return true;
    }
    return false;
}

/* How likely the token is when its signs are read as breaks between words. */
static double score_without(const struct flt_leet_word *w)
{
    char rest[FLT_LEET_MOST];
    for (unsigned i = 0; i < w->n; i++)
        rest[i] = small(w->sign[i]) || capital(w->sign[i]) ? w->sign[i] : ' ';
    return flt_trigram_score((struct flt_str){rest, w->n});
}

static void to_capitals(struct flt_leet_word *w)
{
    for (unsigned i = 0; i < w->n; i++)
        w->reading[i] = small(w->reading[i]) ? (char)(w->reading[i] - 32) : w->reading[i];
}

/* Finds a listed word among all readings of a token of at most three characters; it becomes the reading. */
static bool find_short(struct flt_leet_word *w)
{
    const bool tiny = w->n < 3;
    unsigned free = 0; /* a bit a character that has a second choice */
    for (unsigned i = 0; i < w->n; i++)
        free |= (unsigned)(guess_of(w->sign[i]).of[1] != '\0') << i;
    for (unsigned choice = 0; choice < 1u << w->n; choice++) {
        if ((choice & ~free) != 0)
            continue;
        for (unsigned i = 0; i < w->n; i++)
            w->reading[i] = guess_of(w->sign[i]).of[choice >> i & 1];
        if (tiny ? listed(w, tiny_words, FLT_ARRAY_LEN(tiny_words))
                 : listed(w, short_words, FLT_ARRAY_LEN(short_words)))
            return true;
    }
    return false;
}

static enum flt_leet_verdict judge_short(struct flt_leet_word *w, const struct shape *s)
{
    if (!find_short(w))
        return FLT_LEET_NO;
    if (s->capitals && s->letters > 1)
        to_capitals(w);
    return w->n == 3 && s->letters != 0 && !s->last ? FLT_LEET_YES : FLT_LEET_MAYBE;
}

enum flt_leet_verdict flt_leet_judge(struct flt_leet_word *w, double *score)
{
    struct shape s = shape_of(w);
    unsigned stand_ins = s.digits + s.signs;
    *score = FLT_TRIGRAM_FLOOR;
    if (stand_ins == 0 || (s.letters == 0 && w->n > 6) || (s.camel && stand_ins < 3))
        return FLT_LEET_NO;
    if (w->n <= 3) {
        enum flt_leet_verdict v = judge_short(w, &s);
        *score = flt_trigram_score((struct flt_str){w->reading, w->n});
        return v;
    }
    double best = read_letters(w);
    *score = best;
    if (s.capitals && s.letters > 1)
        to_capitals(w);
    if (s.letters == 0)
        return best >= GOOD ? FLT_LEET_MAYBE : FLT_LEET_NO;
    double gain = best - score_without(w);
    if (best < GOOD || gain < GAIN)
        return FLT_LEET_NO;
    if (s.hex && w->n >= 6)
        return FLT_LEET_MAYBE;
    if (s.groups == 1 && s.last)
        return FLT_LEET_MAYBE;                                                       /* file1, test5, utf8 */
    return s.groups == 1 && s.first && s.digits > 1 ? FLT_LEET_MAYBE : FLT_LEET_YES; /* 10minutes */
}

/* True when the row is surely no words: hexadecimal, without digits or letters, or capitals all over (base64). */
static bool no_words(const char *p, unsigned n)
{
    unsigned digits = 0, humps = 0, beyond_hex = 0;
    for (unsigned i = 0; i < n; i++) {
        char low = (char)(p[i] | 0x20);
        digits += digit(p[i]);
        beyond_hex += small(low) && low > 'f';
        humps += i > 0 && capital(p[i]) && small(p[i - 1]);
    }
    return digits == 0 || digits * 4 > n * 3 || beyond_hex == 0 || humps * 16 > n;
}

bool flt_leet_row(const char *p, unsigned n, char *reading)
{
    struct flt_guess g[FLT_LEET_ROW];
    if (n == 0 || n > FLT_LEET_ROW || no_words(p, n))
        return false;
    for (unsigned i = 0; i < n; i++)
        g[i] = guess_of(p[i]);
    return flt_read_best(g, n, true, reading) >= ROW_GOOD;
}
