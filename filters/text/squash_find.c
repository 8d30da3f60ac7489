/*
 * squash_find.c: words that are spaced out or broken.
 *
 * Spaced out: five or more single letters in a row, with one to four other characters between each two (more lie
 * between words at most). Broken: pieces of letters joined by signs. A join weighs 2 when nothing ordinary looks like
 * it (an inline tag, a comment or paired emphasis between two letters; three short pieces joined by one sign), 1 when
 * ordinary text has it now and then (a short piece beside a sign); weights that are close to each other add up, and a
 * stretch begins at 2. So hyphenated words, snake case and bold words are left alone.
 */
#include "text/squash_find.h"

#include "text/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SINGLES 5u  /* letters in a row that are spaced out */
#define GAP     4u  /* characters between two of them */
#define SHORT   3u  /* letters of a piece, when there are three or more */
#define ENOUGH  2u  /* weight */
#define NEAR    60u /* bytes between two weights that add up */
#define RUN_UP  64u /* bytes before a place that are looked at with it */

/* Elements that stand between words, never within one. */
static const char *const block_tags[] = {
    "br", "p",  "div", "li", "td", "th",  "tr",     "h1",    "h2",    "h3",    "h4",    "h5",   "h6",   "ul",
    "ol", "hr", "dd",  "dt", "dl", "pre", "option", "table", "tbody", "thead", "title", "body", "head", "section",
};

enum { OTHER, LETTER = 1, SIGN = 2, DIGIT = 4 | LETTER };
static const uint8_t class_of[256] = {
    ['a' ... 'z'] = LETTER, ['A' ... 'Z'] = LETTER, ['0' ... '9'] = DIGIT, ['-'] = SIGN, ['_'] = SIGN,
    ['|'] = SIGN,           ['.'] = SIGN,           ['*'] = SIGN,          ['+'] = SIGN, ['~'] = SIGN,
    ['/'] = SIGN,           ['\\'] = SIGN,          ['^'] = SIGN,          ['='] = SIGN, ['#'] = SIGN,
    [','] = SIGN,           [':'] = SIGN,           ['`'] = SIGN,          ['"'] = SIGN, ['\''] = SIGN,
};

static bool is_sign(char c)
{
    return class_of[(unsigned char)c] == SIGN;
}

static bool ascii_alnum(unsigned char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)(c - '0') < 10;
}

static bool symbol(uint32_t cp)
{
    return cp < 0xC0 || cp == 0xD7 || cp == 0xF7 || (cp >= 0x2000 && cp < 0x2C00) || (cp >= 0x2E00 && cp < 0x3005) ||
           (cp >= 0x3008 && cp < 0x3040) || (cp >= 0xE000 && cp < 0xF900) || (cp >= 0xFE00 && cp < 0xFE70) ||
           (cp >= 0xFFE0 && cp < 0x10000) || (cp >= 0x1F000 && cp < 0x20000);
}

unsigned flt_squash_letter(struct flt_str s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i];
    if (c < 0x80)
        return class_of[c] != OTHER && class_of[c] != SIGN;
    uint32_t cp;
    size_t at = i;
    if (!flt_utf8_next(s, &at, &cp) || symbol(cp))
        return 0;
    return (unsigned)(at - i);
}

size_t flt_squash_tag(struct flt_str s, size_t i)
{
    size_t most = s.n - i < FLT_SQUASH_TAG ? s.n - i : FLT_SQUASH_TAG;
    const char *p = s.p + i;
    if (most >= 7 && memcmp(p, "<!--", 4) == 0) {
        const char *close = memmem(p + 4, most - 4, "-->", 3);
        return close != NULL ? (size_t)(close - p) + 3 : 0;
    }
    size_t k = most > 1 && p[1] == '/' ? 2 : 1;
    if (k >= most || (unsigned char)((p[k] | 0x20) - 'a') >= 26)
        return 0;
    while (k < most && p[k] != '>' && p[k] != '<' && p[k] != '\n')
        k++;
    return k < most && p[k] == '>' ? k + 1 : 0;
}

static bool block_tag(const char *p, size_t n)
{
    size_t k = n > 1 && p[1] == '/' ? 2 : 1, len = 0;
    while (k + len < n && ascii_alnum((unsigned char)p[k + len]))
        len++;
    for (size_t i = 0; i < FLT_ARRAY_LEN(block_tags); i++) {
        if (flt_str_ieq((struct flt_str){p + k, len}, flt_str_of(block_tags[i])))
            return true;
    }
    return false;
}

/* A piece: letters and digits without a break. */
struct piece {
    size_t from, to;
    unsigned length; /* characters */
    bool digits;
};

static struct piece piece_at(struct flt_str s, size_t i)
{
    struct piece p = {.from = i, .to = i};
    unsigned len;
    unsigned seen = 0, c;
    size_t k = i;
    while (k < s.n && ((c = class_of[(unsigned char)s.p[k]]) & LETTER) != 0) {
        seen |= c;
        k++;
    }
    p.to = k;
    p.digits = seen == DIGIT;
    p.length = (unsigned)(p.to - i);
    while (p.to < s.n && (len = flt_squash_letter(s, p.to)) != 0) {
        p.digits |= (unsigned char)(s.p[p.to] - '0') < 10;
        p.length++;
        p.to += len;
    }
    return p;
}

/* The joint right behind a piece, at offset i, when another piece follows. */
struct joint {
    size_t to;  /* 0: there is none, the word ends here */
    char sign;  /* its first character */
    bool plain; /* false: no ordinary word has such a joint */
};

static struct joint joint_at(struct flt_str s, size_t i)
{
    struct joint j = {.sign = i < s.n ? s.p[i] : '\0', .plain = true};
    size_t k = i;
    for (size_t tag; k < s.n && s.p[k] == '<' && (tag = flt_squash_tag(s, k)) != 0; k += tag) {
        if (block_tag(s.p + k, tag))
            return j;
        j.plain = false;
    }
    if (k == i) {
        while (k < s.n && k - i < GAP && is_sign(s.p[k]))
            k++;
        j.plain = k - i < 2 || (j.sign != '*' && j.sign != '~') || s.p[i + 1] != j.sign;
    }
    if (k > i && k < s.n && flt_squash_letter(s, k) != 0)
        j.to = k;
    return j;
}

/* Adds a weight for [from, to); true when there is enough of it. */
static bool add_weight(struct flt_squash_walk *w, size_t from, size_t to, unsigned weight)
{
    if (weight == 0)
        return false;
    if (w->weight == 0 || from > w->weight_to + NEAR) {
        w->weight_from = from;
        w->weight = 0;
    }
    w->weight += weight;
    w->weight_to = to;
    return w->weight >= ENOUGH;
}

/* True when the names joined by underscores that end at `to` are code: a call, an index, a type (size_t). */
static bool code_name(struct flt_str s, size_t to)
{
    if (to < s.n && (s.p[to] == '(' || s.p[to] == '[' || s.p[to] == ';'))
        return true;
    return to >= 2 && s.p[to - 1] == 't' && s.p[to - 2] == '_';
}

/* What the finished chain of pieces weighs, which ends at `to`; last: characters of its last piece. */
static unsigned chain_weight(const struct flt_squash_walk *w, unsigned last, size_t to)
{
    if (w->digits || w->longest < 2 || (w->sign == '_' && code_name(w->s, to)))
        return 0;
    if (w->pieces >= 3 && w->longest <= SHORT)
        return ENOUGH;
    if (w->pieces != 2)
        return 0;
    if (w->sign == '`')
        return w->shortest >= 2 && last > 2 ? ENOUGH : 0; /* `class`es is all that prose has */
    if (w->sign == '|' || w->sign == '~' || w->sign == '^')
        return w->shortest <= SHORT;
    if (w->sign == '_')
        return w->shortest <= 2 && w->longest <= 4 && (w->s.p[to - 1] & 0x20) != 0; /* no to_string, FLT_OK */
    return w->shortest <= 2 && strchr("-*+", w->sign) != NULL;
}

/* Adds a piece to the chain of joined ones, and the joint behind it; true when a stretch is complete. */
static bool take_joint(struct flt_squash_walk *w, const struct piece *p)
{
    struct joint j = joint_at(w->s, p->to);
    if (w->pieces == 0) {
        w->chain_from = p->from;
        w->longest = w->shortest = p->length;
        w->digits = false;
        w->sign = j.sign;
    }
    w->pieces++;
    w->digits |= p->digits;
    w->longest = p->length > w->longest ? p->length : w->longest;
    w->shortest = p->length < w->shortest ? p->length : w->shortest;
    if (j.to != 0 && j.plain && j.sign == w->sign)
        return false;
    unsigned weight = chain_weight(w, p->length, p->to);
    w->pieces = 0;
    if (j.to != 0 && !j.plain) {
        unsigned next = flt_squash_letter(w->s, j.to);
        bool letters = !p->digits && (unsigned char)(w->s.p[j.to] - '0') >= 10;
        weight = letters && (p->length > 1 || flt_squash_letter(w->s, j.to + next - (j.to + next == w->s.n)) != 0)
                     ? ENOUGH
                     : weight;
    }
    return add_weight(w, w->chain_from, j.to != 0 ? j.to : p->to, weight);
}

/* The first character between two single letters that is no space; '\0' when there are only spaces. */
static char gap_sign(struct flt_str s, size_t from, size_t to)
{
    while (from < to && (s.p[from] == ' ' || s.p[from] == '\t' || s.p[from] == '\n' || s.p[from] == '\r'))
        from++;
    return from < to ? s.p[from] : '\0';
}

/* Operators and brackets space letters out in formulas and code: there they vary, in a spaced-out word they do not. */
static bool operator_sign(char c)
{
    return c != '\0' && strchr(".,-_*~|/'\"`", c) == NULL;
}

/* True when the single letter that begins at `from` goes on the row. */
static bool continues_row(struct flt_squash_walk *w, size_t from)
{
    if (w->row == 0 || from > w->row_to + GAP)
        return false;
    char c = gap_sign(w->s, w->row_to, from);
    bool close = c == '\0' || w->row_sign == '\0' || from == w->row_to + 1; /* s.p, s.n are arguments */
    bool fits = w->row == 1 || c == w->row_sign || (close && !operator_sign(c) && !operator_sign(w->row_sign));
    w->row_sign = c;
    return fits;
}

/* Adds a piece to the row of single letters or ends it; true (and the range) when a long row ended. */
static bool take_single(struct flt_squash_walk *w, const struct piece *p, size_t *from, size_t *to)
{
    bool single = p->length == 1, goes_on = single && continues_row(w, p->from);
    bool complete = !goes_on && w->row >= SINGLES && w->row_letters >= 2 && w->row_letters * 3 >= w->row;
    *from = w->row_from;
    *to = w->row_to;
    if (!goes_on) {
        w->row = w->row_letters = 0;
        w->row_from = p->from;
    }
    w->row += single;
    w->row_letters += single && !p->digits;
    w->row_to = p->to;
    return complete;
}

/* ---- ordinary words ------------------------------------------------------------------------------------------- */

/* A bit a byte, of 64 bytes. */
struct masks {
    uint64_t letter, sign, angle, high;
    uint64_t under;
    uint64_t pair; /* other signs that weigh already between two pieces */
};

#ifdef __SSE2__
static uint64_t within(__m128i v, char low, char span)
{
    __m128i x = _mm_sub_epi8(v, _mm_set1_epi8(low));
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(span)), x));
}

static struct masks masks_at(const char *p)
{
    struct masks m = {0};
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i low = _mm_or_si128(v, _mm_set1_epi8(0x20));
        m.letter |= (within(low, 'a', 25) | within(v, '0', 9)) << i;
        m.sign |= (within(v, '*', 5) | within(v, '"', 1) | within(v, '^', 2) | within(v, '\'', 0) | within(v, ':', 0) |
                   within(v, '=', 0) | within(v, '\\', 0) | within(v, '|', 0) | within(v, '~', 0))
                  << i;
        m.pair |= (within(v, '*', 1) | within(v, '-', 0) | within(v, '^', 0) | within(v, '|', 0) | within(v, '~', 0))
                  << i;
        m.under |= within(v, '_', 0) << i;
        m.angle |= within(v, '<', 0) << i;
        m.high |= (uint64_t)(uint32_t)_mm_movemask_epi8(v) << i;
    }
    return m;
}
#else
static struct masks masks_at(const char *p)
{
    struct masks m = {0};
    for (unsigned i = 0; i < 64; i++) {
        unsigned char c = (unsigned char)p[i];
        m.letter |= (uint64_t)((class_of[c] & LETTER) != 0) << i;
        m.sign |= (uint64_t)(class_of[c] == SIGN) << i;
        m.pair |= (uint64_t)(c != '\0' && strchr("*+-^|~", c) != NULL) << i;
        m.under |= (uint64_t)(c == '_') << i;
        m.angle |= (uint64_t)(c == '<') << i;
        m.high |= (uint64_t)(c >= 0x80) << i;
    }
    return m;
}
#endif

/* Bits of `m` behind which, two to GAP + 1 on, there is another. */
static uint64_t followed(uint64_t m)
{
    return m & (m >> 2 | m >> 3 | m >> 4 | m >> 5);
}

/*
 * Where in the 64 bytes at p something begins that has to be looked at: three single letters, a piece of at most SHORT
 * letters beside a sign that weighs between two pieces or between two joining signs, an underscore between two pieces
 * of at most four, emphasis or code marks inside a word, a tag, anything above ASCII.
 */
static uint64_t events(const char *p, const struct masks *m)
{
    uint64_t letter = m->letter, first = letter & ~(letter << 1), last = letter & ~(letter >> 1);
    uint64_t one = first & last, two = first & letter & last >> 1 & ~one, three = first & letter >> 1 & last >> 2;
    uint64_t word = letter | m->sign, joint = m->sign & word << 1 & word >> 1, pair = joint & m->pair;
    uint64_t four = first & letter >> 1 & letter >> 2 & last >> 3;
    uint64_t found = m->high | followed(followed(one));
    found |= joint & m->under & (one << 1 | two << 2 | three << 3 | four << 4) & (one | two | three | four) >> 1;
    found |= (one | two | three) & pair << 1;
    found |= (one & pair >> 1) | (two & pair >> 2) | (three & pair >> 3);
    found |= joint << 1 & ((one & joint >> 1) | (two & joint >> 2) | (three & joint >> 3));
    for (uint64_t rest = joint; rest != 0; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctzll(rest);
        found |= (uint64_t)(p[i] == '`' || p[i] == '*' || p[i] == '~') << i;
    }
    for (uint64_t rest = m->angle & ~(UINT64_C(1) << 63); rest != 0; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctzll(rest);
        found |= (uint64_t)(p[i + 1] == '/' || p[i + 1] == '!' || ((unsigned char)p[i + 1] | 0x20) >= 'a') << i;
    }
    return found;
}

/* True for bytes that end chains and rows of pieces alike. */
static bool hard(char c)
{
    return class_of[(unsigned char)c] == OTHER && (unsigned char)c < 0x80 && c != '<';
}

/* Moves on to a byte of that kind some way before the next place where anything was seen. */
static void pass_elsewhere(struct flt_squash_walk *w)
{
    size_t to = flt_places_next(w->places, FLT_VIEW_SQUASHED, w->at);
    to = to < w->s.n ? to : w->s.n;
    if (to - w->at < 2 * RUN_UP)
        return;
    for (to -= RUN_UP; to > w->at && !hard(w->s.p[to]); to--) {
    }
    w->at = to;
}

#define JUDGED 52u /* of 64 bytes: what follows the others is not seen */

/*
 * Moves over words of which nothing comes. w->at is at a byte that is neither letter nor sign, before and after, and
 * nothing is under way: a chain of pieces never goes over such a byte.
 */
static void pass_plain_words(struct flt_squash_walk *w)
{
    for (pass_elsewhere(w); w->s.n - w->at >= 64; pass_elsewhere(w)) {
        const char *p = w->s.p + w->at;
        struct masks m = masks_at(p);
        uint64_t found = events(p, &m) & ((UINT64_C(1) << JUDGED) - 2);
        unsigned end = found != 0 ? (unsigned)__builtin_ctzll(found) : JUDGED;
        uint64_t hard = ~(m.letter | m.sign | m.high) & ((UINT64_C(1) << end) - 2);
        w->event = w->at + end;
        if (hard == 0)
            return;
        w->at += 63u - (unsigned)__builtin_clzll(hard);
        if (found != 0)
            return;
    }
}

bool flt_squash_next(struct flt_squash_walk *w, size_t *from, size_t *to)
{
    while (w->at < w->s.n) {
        unsigned char c = (unsigned char)w->s.p[w->at];
        if ((class_of[c] & LETTER) == 0 && (c < 0x80 || flt_squash_letter(w->s, w->at) == 0)) {
            if (w->at >= w->event && w->row == 0 && w->pieces == 0 && hard(w->s.p[w->at]))
                pass_plain_words(w);
            size_t tag = w->s.p[w->at] == '<' ? flt_squash_tag(w->s, w->at) : 0;
            w->at += tag != 0 ? tag : 1;
            continue;
        }
        struct piece p = piece_at(w->s, w->at);
        w->at = p.to;
        if (p.length > 1 && w->row == 0 && w->pieces == 0 && w->at < w->s.n && hard(w->s.p[w->at]))
            continue; /* most words: nothing before or behind them */
        bool row = take_single(w, &p, from, to);
        if (take_joint(w, &p)) {
            *from = row && *from < w->weight_from ? *from : w->weight_from;
            *to = w->weight_to;
            w->weight = 0;
            return true;
        }
        if (row)
            return true;
    }
    struct piece none = {w->s.n, w->s.n, 0, false};
    bool row = take_single(w, &none, from, to);
    return row;
}
