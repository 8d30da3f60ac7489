/*
 * leet.c: the leet view: tokens with digits and signs for letters as the words they spell. Doubtful ones (a word with
 * one digit at its end, a bare number) are read so only in a stretch of text that has a certain one.
 */
#include "text/fold_gap.h"
#include "text/leet_word.h"

#define NEAR    200u /* bytes on both sides of what is read that are kept: whole phrases */
#define STRETCH 400u /* bytes of a line within which one certain token vouches for doubtful ones */

struct leet {
    struct flt_maker *maker;
    struct flt_mapper m;
    struct flt_str text;
    size_t run;
    bool begun, refused;
    bool sure; /* the stretch before, of the same line, has a certain token */
};

struct token {
    size_t from, to;
    struct flt_leet_word word;
    uint8_t width[FLT_LEET_MOST]; /* bytes of each character */
    bool row;                     /* longer than a word: letters and digits only, the rest is not set */
};

static bool letter(unsigned char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool digit(unsigned char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* Length of the currency sign at p, 0 for anything else; *sign is how struct flt_leet_word has it. */
static unsigned currency(const char *p, size_t n, char *sign)
{
    if (n >= 3 && memcmp(p, "\xE2\x82\xAC", 3) == 0) {
        *sign = (char)('E' | 0x80);
        return 3;
    }
    if (n >= 2 && (memcmp(p, "\xC2\xA3", 2) == 0 || memcmp(p, "\xC2\xA5", 2) == 0)) {
        *sign = (char)((p[1] == '\xA3' ? 'L' : 'Y') | 0x80);
        return 2;
    }
    return 0;
}

enum { OTHER, LETTER, STAND_IN, BRACKET }; /* brackets and plus stand for a letter only beside another stand-in */

static const uint8_t class_of[256] = {
    ['a' ... 'z'] = LETTER, ['A' ... 'Z'] = LETTER, ['0' ... '9'] = STAND_IN, ['@'] = STAND_IN, ['$'] = STAND_IN,
    ['!'] = STAND_IN,       ['|'] = STAND_IN,       ['+'] = BRACKET,          ['('] = BRACKET,  ['{'] = BRACKET,
    ['<'] = BRACKET,        [0xC2] = STAND_IN,      [0xE2] = STAND_IN, /* what may be a currency sign */
};

/* Width of the token character at offset i of the text, 0 when there is none. */
static unsigned member(struct flt_str s, size_t i, char *sign)
{
    unsigned char c = (unsigned char)s.p[i];
    *sign = (char)c;
    if (c >= 0x80)
        return currency(s.p + i, s.n - i, sign);
    return class_of[c] != OTHER;
}

static void drop_head(struct token *t, unsigned head)
{
    for (unsigned i = 0; i < head; i++)
        t->from += t->width[i];
    t->word.n -= head;
    memmove(t->word.sign, t->word.sign + head, t->word.n);
    memmove(t->width, t->width + head, t->word.n);
}

/* Drops signs that end or begin words as punctuation, but for one right before the word that may be its first letter.
 */
static void trim(struct token *t)
{
    unsigned head = 0, n = t->word.n;
    while (n > 0 && strchr("!|({<+", t->word.sign[n - 1]) != NULL)
        t->to -= t->width[--n];
    while (head < n && strchr("!|({<+", t->word.sign[head]) != NULL)
        head++;
    t->word.n = n;
    bool may_be_letter = head != 0 && (t->word.sign[head - 1] == '!' || t->word.sign[head - 1] == '|');
    drop_head(t, may_be_letter ? head - 1 : head);
}

/* Judges a token with the sign that it begins with and without it; t becomes the better one. */
static enum flt_leet_verdict judge(struct token *t)
{
    double score, other_score;
    enum flt_leet_verdict v = flt_leet_judge(&t->word, &score);
    if (t->word.n < 2 || (t->word.sign[0] != '!' && t->word.sign[0] != '|'))
        return v;
    struct token other = *t;
    drop_head(&other, 1);
    enum flt_leet_verdict w = flt_leet_judge(&other.word, &other_score);
    if (w < v || (w == v && other_score <= score))
        return v;
    *t = other;
    return w;
}

/* True when the byte at offset i belongs to the token beside it: part of an address, a path, an identifier, a number.
 */
static bool attached(struct flt_str s, size_t i, size_t beyond)
{
    unsigned char c = (unsigned char)s.p[i];
    if (c >= 0x80 || c == '_' || c == '/' || c == '\\' || c == '=' || c == '&' || c == '%' || c == '#')
        return true;
    if (c != '.' && c != ':' && c != '-' && c != ',')
        return false;
    unsigned char far = beyond < s.n ? (unsigned char)s.p[beyond] : ' ';
    return c == '-' ? digit(far) : letter(far) || digit(far);
}

/* Offset of the next stand-in at or behind i, `end` without one. */
static size_t next_stand_in(struct flt_str s, size_t i, size_t end)
{
    while (i < end && class_of[(unsigned char)s.p[i]] != STAND_IN)
        i++;
    return i;
}

/* The token that begins at t->from; its length in characters, of which at most FLT_LEET_MOST are kept. */
static unsigned take_token(struct flt_str s, struct token *t, size_t end)
{
    unsigned n = 0, width;
    char sign;
    size_t i = t->from;
    bool plain = true;
    for (; i < end && (width = member(s, i, &sign)) != 0; i += width, n++) {
        plain &= letter((unsigned char)sign) || digit((unsigned char)sign);
        if (n < FLT_LEET_MOST) {
            t->word.sign[n] = sign;
            t->width[n] = (uint8_t)width;
        }
    }
    t->to = i;
    t->word.n = n;
    t->row = n > FLT_LEET_MOST && plain;
    return n;
}

/* The next row, or token of at most FLT_LEET_MOST characters, with a stand-in, at or behind *at and before `end`. */
static bool next_token(struct flt_str s, size_t *at, size_t end, struct token *t)
{
    for (size_t i = *at; (i = next_stand_in(s, i, end)) < end;) {
        t->from = i;
        while (t->from > *at && (unsigned char)s.p[t->from - 1] < 0x80 &&
               class_of[(unsigned char)s.p[t->from - 1]] != OTHER)
            t->from--;
        unsigned n = take_token(s, t, end);
        *at = i = t->to > i ? t->to : i + 1;
        if (n == 0 || (n > FLT_LEET_MOST && !t->row))
            continue;
        bool beside =
            (t->from > 0 && attached(s, t->from - 1, t->from - 2)) || (t->to < s.n && attached(s, t->to, t->to + 1));
        if (!t->row)
            trim(t);
        if (!beside && t->word.n != 0)
            return true;
    }
    *at = end;
    return false;
}

/* Copies what lies before `from`. */
static int copy_upto(struct leet *l, size_t from)
{
    int rc = FLT_OK;
    if (!l->begun) {
        l->begun = flt_mapper_begin(&l->m, l->maker, l->text.n, l->text.n, &rc);
        l->refused = !l->begun;
    }
    if (!l->begun || from <= l->run)
        return rc;
    return flt_gap_copy(&l->m, l->text, l->run, from, flt_gap_find(l->text, l->run, from, NEAR, NEAR));
}

static int put(struct leet *l, const struct token *t)
{
    int rc = copy_upto(l, t->from);
    uint32_t from = (uint32_t)t->from;
    for (unsigned i = 0; i < t->word.n && rc == FLT_OK && l->begun; i++) {
        if (t->width[i] == 1)
            rc = flt_mapper_same(&l->m, t->word.reading + i, 1, from);
        else
            rc = flt_mapper_atom(&l->m, t->word.reading + i, 1, from, from + t->width[i]);
        from += t->width[i];
    }
    l->run = t->to;
    return rc;
}

/* A row of words without spaces, part by part. */
static int put_row(struct leet *l, size_t from, size_t to)
{
    int rc = FLT_OK;
    char reading[FLT_LEET_ROW];
    for (size_t i = from, n; i < to && rc == FLT_OK && !l->refused; i += n) {
        n = to - i < FLT_LEET_ROW ? to - i : FLT_LEET_ROW;
        if (!flt_leet_row(l->text.p + i, (unsigned)n, reading))
            continue;
        rc = copy_upto(l, i);
        if (rc == FLT_OK && l->begun)
            rc = flt_mapper_same(&l->m, reading, (uint32_t)n, (uint32_t)i);
        l->run = i + n;
    }
    return rc;
}

/* The tokens of text[from, to). */
static int read_stretch(struct leet *l, size_t from, size_t to)
{
    struct token t;
    bool sure = false, vouched = l->sure;
    int rc = FLT_OK;
    for (size_t at = from; !sure && rc == FLT_OK && !l->refused && next_token(l->text, &at, to, &t);) {
        if (t.row)
            rc = put_row(l, t.from, t.to);
        else
            sure = judge(&t) == FLT_LEET_YES;
    }
    l->sure = sure && l->text.p[to - 1] != '\n';
    sure |= vouched;
    for (size_t at = l->run > from ? l->run : from;
         sure && rc == FLT_OK && !l->refused && next_token(l->text, &at, to, &t);) {
        if (t.row)
            rc = put_row(l, t.from, t.to);
        else if (judge(&t) != FLT_LEET_NO)
            rc = put(l, &t);
    }
    return rc;
}

/* Where the stretch that begins at `from` ends: at a line's end or, in a long line, at a space. */
static size_t stretch_end(struct flt_str s, size_t from)
{
    size_t most = s.n - from < STRETCH ? s.n : from + STRETCH;
    const char *feed = memchr(s.p + from, '\n', most - from);
    if (feed != NULL)
        return (size_t)(feed - s.p) + 1;
    for (size_t i = most; most < s.n && i > from + STRETCH / 2; i--) {
        if (s.p[i - 1] == ' ')
            return i;
    }
    return most;
}

int flt_leet(struct flt_maker *k, struct flt_str text, struct flt_derived *out)
{
    *out = (struct flt_derived){.view = FLT_VIEW_LEET};
    if (text.n >= UINT32_MAX) {
        k->left_out += text.n;
        return FLT_OK;
    }
    struct leet l = {.maker = k, .text = text};
    int rc = FLT_OK;
    for (size_t at = 0; at < text.n && rc == FLT_OK && !l.refused;) {
        size_t end = stretch_end(text, at);
        if (l.sure || flt_places_next(k->places, FLT_VIEW_LEET, at) < end)
            rc = read_stretch(&l, at, end);
        at = end;
    }
    if (!l.begun)
        return rc;
    if (rc == FLT_OK)
        rc = copy_upto(&l, text.n);
    if (rc != FLT_OK)
        return flt_mapper_fail(&l.m, rc, text.n, out);
    flt_mapper_end(&l.m, (uint32_t)text.n, FLT_VIEW_LEET, out);
    return FLT_OK;
}
