#include "scan/literals.h"

#include <math.h>
#include "text/trigram.h"
#include "text/words.h"

#define LETTER_E 5u /* the commonest end of a word */

/* A set below this hits nearly every sentence: following it costs more than it saves. */
#define FACTOR_LEAST 8.0

static void clear(struct flt_literals *l, bool valid)
{
    l->valid = valid;
    l->n = 0;
    l->scored = false;
    l->score = 0;
}

void flt_literals_none(struct flt_literals *l)
{
    clear(l, false);
}

void flt_literals_empty(struct flt_literals *l)
{
    clear(l, true);
    l->v[l->n++] = (struct flt_literal){.len = 0, .before = FLT_BEFORE_BEGIN};
}

void flt_literals_copy(struct flt_literals *to, const struct flt_literals *from)
{
    memcpy(to, from, offsetof(struct flt_literals, v) + from->n * sizeof(from->v[0]));
}

void flt_literals_bytes(struct flt_literals *l, const uint8_t *bytes, unsigned n)
{
    clear(l, n <= FLT_LITERAL_CLASS_MAX && n > 0);
    for (unsigned i = 0; l->valid && i < n; i++) {
        l->v[i].len = 1;
        l->v[i].before = FLT_BEFORE_BEGIN;
        l->v[i].s[0] = (char)bytes[i];
        l->n++;
    }
}

static bool same(const struct flt_literal *a, const struct flt_literal *b)
{
    return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static bool add(struct flt_literals *l, const struct flt_literal *s)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (same(&l->v[i], s)) {
            l->v[i].before |= s->before;
            return true;
        }
    }
    if (l->n == FLT_LITERALS_MAX)
        return false;
    l->v[l->n++] = *s;
    return true;
}

bool flt_literals_cross(struct flt_literals *a, const struct flt_literals *b)
{
    struct flt_literals out;
    if (!a->valid || !b->valid)
        return false;
    clear(&out, true);
    for (unsigned i = 0; i < a->n; i++) {
        for (unsigned k = 0; k < b->n; k++) {
            struct flt_literal s = a->v[i];
            if (s.len + b->v[k].len > FLT_LITERAL_MAX)
                return false;
            memcpy(s.s + s.len, b->v[k].s, b->v[k].len);
            s.len = (uint8_t)(s.len + b->v[k].len);
            if (!add(&out, &s))
                return false;
        }
    }
    flt_literals_copy(a, &out);
    return true;
}

void flt_literals_unite(struct flt_literals *a, const struct flt_literals *b)
{
    a->scored = false;
    a->valid = a->valid && b->valid;
    for (unsigned i = 0; a->valid && i < b->n; i++)
        a->valid = add(a, &b->v[i]);
}

/* Finding out is the most expensive part of reading a pattern. */
static double score_once(struct flt_literals *l)
{
    if (!l->valid)
        return 0;
    if (!l->scored)
        l->score = flt_literals_score(l);
    l->scored = true;
    return l->score;
}

void flt_literals_better(struct flt_literals *best, struct flt_literals *other)
{
    if (score_once(other) > score_once(best))
        flt_literals_copy(best, other);
}

/* -log2 of the byte's share of English prose and code; what is not a letter or a blank is rare there. */
static double surprise(uint8_t c)
{
    static const double letter[26] = {3.8, 6.2, 5.3, 4.8, 3.2, 5.7, 5.8, 4.6, 4.0, 9.2, 7.2, 4.9, 5.5,
                                      4.0, 3.9, 5.9, 9.5, 4.3, 4.1, 3.6, 5.3, 6.8, 5.8, 9.0, 5.9, 10.0};
    if (c >= 'a' && c <= 'z')
        return letter[c - 'a'];
    if (c >= 'A' && c <= 'Z')
        return letter[c - 'A'] + 2;
    if (c >= 0x80)
        return 3; /* of a character of two or three bytes */
    return c == ' ' ? 2 : c == '\n' ? 3 : c >= '0' && c <= '9' ? 5 : 6;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

#define WORD_BITS  21.0 /* no word is rarer than so in every text */
#define BEGIN_BITS 2.5  /* a byte of English begins a word */

/*
 * What the letters p[0..n) say, by what follows what in English (text/trigram.h); begins = no letter stands before
 * them.
 */
static double letter_bits(const char *p, size_t n, bool begins)
{
    unsigned last = begins ? 0 : flt_trigram_letter[(uint8_t)p[0]], before = begins ? LETTER_E : 0;
    double bits = begins ? BEGIN_BITS : surprise((uint8_t)(p[0] | 0x20));
    for (size_t i = begins ? 0 : 1; i < n; i++) {
        unsigned c = flt_trigram_letter[(uint8_t)p[i]];
        bits += i == 1 && !begins ? surprise((uint8_t)(p[i] | 0x20)) : flt_trigram_cost(before, last, c) / 4.0;
        before = last;
        last = c;
    }
    return bits;
}

static double word_bits(const char *p, size_t n, bool begins)
{
    char low[FLT_LITERAL_MAX];
    for (size_t i = 0; i < n; i++)
        low[i] = (char)(p[i] | 0x20);
    double known = n > 2 ? flt_words_bits((struct flt_str){low, n}) : FLT_WORDS_RARE;
    double bits = letter_bits(p, n, begins), least = n > 2 && begins ? FLT_WORDS_RARE : 0;
    if (known < FLT_WORDS_RARE)
        return begins || known < bits ? known : bits;
    return bits < least ? least : bits < WORD_BITS ? bits : WORD_BITS;
}

double flt_literal_bits(const struct flt_literal *l)
{
    bool fresh = (l->before & FLT_BEFORE_WORD) == 0;
    double bits = 0;
    for (size_t i = 0, n = 1; i < l->len; i += n) {
        n = 1;
        if (!is_letter(l->s[i])) {
            bits += surprise((uint8_t)l->s[i]);
            continue;
        }
        while (i + n < l->len && is_letter(l->s[i + n]))
            n++;
        bits += word_bits(l->s + i, n, i > 0 || fresh);
    }
    return bits;
}

double flt_literals_score(const struct flt_literals *l)
{
    double rate = 0;
    if (!l->valid || l->n == 0)
        return 0;
    if (l->scored)
        return l->score;
    for (unsigned i = 0; i < l->n; i++)
        rate += exp2(-flt_literal_bits(&l->v[i]));
    return rate < 1 ? -log2(rate) : 0;
}

/* Where the longer string may stand, the shorter one may, too. */
static bool covers(const struct flt_literal *shorter, const struct flt_literal *longer)
{
    if (shorter->len >= longer->len)
        return false;
    if ((shorter->before & FLT_BEFORE_WORD) != 0)
        return memmem(longer->s, longer->len, shorter->s, shorter->len) != NULL;
    return (longer->before & ~shorter->before) == 0 && memcmp(longer->s, shorter->s, shorter->len) == 0;
}

void flt_literals_place(struct flt_literals *l, uint8_t here)
{
    for (unsigned i = 0; i < l->n; i++) {
        if ((l->v[i].before & FLT_BEFORE_BEGIN) != 0)
            l->v[i].before = (uint8_t)((l->v[i].before & ~FLT_BEFORE_BEGIN) | here);
    }
}

void flt_literals_reduce(struct flt_literals *l)
{
    struct flt_literals out;
    clear(&out, l->valid);
    for (unsigned i = 0; i < l->n; i++) {
        bool holds = false;
        for (unsigned k = 0; k < l->n && !holds; k++)
            holds = covers(&l->v[k], &l->v[i]);
        if (!holds)
            out.v[out.n++] = l->v[i];
    }
    if (out.n != l->n)
        flt_literals_copy(l, &out);
}

void flt_factors_add(struct flt_factors *f, struct flt_literals *l, uint32_t reach)
{
    if (score_once(l) < FACTOR_LEAST)
        return;
    if (f->n == FLT_FACTORS_MAX) {
        unsigned least = 0;
        for (unsigned i = 1; i < f->n; i++) {
            if (flt_literals_score(&f->v[i]) < flt_literals_score(&f->v[least]))
                least = i;
        }
        if (flt_literals_score(&f->v[least]) >= flt_literals_score(l))
            return;
        memmove(&f->v[least], &f->v[least + 1], (f->n - 1u - least) * sizeof(f->v[0]));
        memmove(&f->reach[least], &f->reach[least + 1], (f->n - 1u - least) * sizeof(f->reach[0]));
        f->n--;
    }
    flt_literals_copy(&f->v[f->n], l);
    f->reach[f->n] = reach;
    flt_literals_reduce(&f->v[f->n]);
    (void)score_once(&f->v[f->n++]);
}

double flt_factors_score(const struct flt_factors *f)
{
    double sum = 0;
    for (unsigned i = 0; i < f->n; i++)
        sum += flt_literals_score(&f->v[i]);
    return sum;
}
