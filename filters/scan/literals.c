#include "scan/literals.h"

#include <math.h>

/* A set below this hits nearly every sentence: following it costs more than it saves. */
#define FACTOR_LEAST 8.0
/* What a common word is worth. */
#define COMMON_BITS 5.0

void flt_literals_empty(struct flt_literals *l)
{
    *l = (struct flt_literals){.valid = true, .n = 1};
}

void flt_literals_bytes(struct flt_literals *l, const uint8_t *bytes, unsigned n)
{
    *l = (struct flt_literals){.valid = n <= FLT_LITERAL_CLASS_MAX && n > 0};
    for (unsigned i = 0; l->valid && i < n; i++) {
        l->v[i].len = 1;
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
        if (same(&l->v[i], s))
            return true;
    }
    if (l->n == FLT_LITERALS_MAX)
        return false;
    l->v[l->n++] = *s;
    return true;
}

bool flt_literals_cross(struct flt_literals *a, const struct flt_literals *b)
{
    struct flt_literals out = {.valid = true};
    if (!a->valid || !b->valid)
        return false;
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
    *a = out;
    return true;
}

void flt_literals_unite(struct flt_literals *a, const struct flt_literals *b)
{
    a->valid = a->valid && b->valid;
    for (unsigned i = 0; a->valid && i < b->n; i++)
        a->valid = add(a, &b->v[i]);
}

void flt_literals_better(struct flt_literals *best, const struct flt_literals *other)
{
    if (flt_literals_score(other) > flt_literals_score(best))
        *best = *other;
}

/* -log2 of the byte's share of English prose; what is not a letter or a blank is rare there. */
static double surprise(uint8_t c)
{
    static const double letter[26] = {3.8, 6.2, 5.3, 4.8, 3.2, 5.7, 5.8, 4.6, 4.0, 9.2, 7.2, 4.9, 5.5,
                                      4.0, 3.9, 5.9, 9.5, 4.3, 4.1, 3.6, 5.3, 6.8, 5.8, 9.0, 5.9, 10.0};
    if (c >= 'a' && c <= 'z')
        return letter[c - 'a'];
    if (c >= 'A' && c <= 'Z')
        return letter[c - 'A'] + 2;
    return c == ' ' ? 2.5 : c >= '0' && c <= '9' ? 6 : 7;
}

/* Words that stand in nearly every paragraph, whatever their letters say; sorted. */
static const char *const common_words[] = {
    "about",  "above",   "after", "again",  "against", "all",     "also",  "always",  "and",    "any",   "are",
    "back",   "because", "been",  "before", "being",   "between", "both",  "can",     "could",  "does",  "don",
    "during", "each",    "even",  "every",  "first",   "for",     "from",  "give",    "good",   "had",   "has",
    "have",   "here",    "how",   "into",   "just",    "know",    "like",  "made",    "make",   "many",  "may",
    "might",  "more",    "most",  "much",   "must",    "never",   "new",   "not",     "now",    "one",   "only",
    "other",  "our",     "out",   "over",   "people",  "please",  "real",  "same",    "second", "shall", "should",
    "some",   "still",   "such",  "take",   "than",    "that",    "the",   "their",   "them",   "then",  "there",
    "these",  "they",    "this",  "those",  "through", "time",    "two",   "under",   "use",    "very",  "want",
    "was",    "way",     "well",  "were",   "what",    "when",    "where", "whether", "which",  "while", "who",
    "why",    "will",    "with",  "within", "without", "work",    "would", "you",     "your"};

static int word_order(const void *key, const void *elem)
{
    const struct flt_str *s = key;
    const char *word = *(const char *const *)elem;
    int c = strncmp(s->p, word, s->n);
    return c != 0 ? c : word[s->n] != '\0' ? -1 : 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Bits of one literal; little for what turns up everywhere: one or two bytes, three letters, common words. */
static double telling(const struct flt_literal *l)
{
    size_t a = 0, b = l->len;
    while (a < b && !is_letter(l->s[a]))
        a++;
    while (b > a && !is_letter(l->s[b - 1]))
        b--;
    struct flt_str word = {l->s + a, b - a};
    double bits = 0;
    for (unsigned i = 0; i < l->len; i++)
        bits += surprise((uint8_t)l->s[i]);
    bool common = word.n != 0 && bsearch(&word, common_words, FLT_ARRAY_LEN(common_words), sizeof(common_words[0]),
                                         word_order) != NULL;
    if (l->len < 3 || (l->len == 3 && word.n == 3) || (common && l->len < word.n + 2))
        return bits < COMMON_BITS ? bits : COMMON_BITS;
    return bits;
}

double flt_literals_score(const struct flt_literals *l)
{
    double least = 1000;
    if (!l->valid || l->n == 0)
        return 0;
    for (unsigned i = 0; i < l->n; i++) {
        double bits = telling(&l->v[i]);
        least = bits < least ? bits : least;
    }
    double score = least - log2((double)l->n);
    return score > 0 ? score : 0;
}

void flt_literals_reduce(struct flt_literals *l)
{
    struct flt_literals out = {.valid = l->valid};
    for (unsigned i = 0; i < l->n; i++) {
        bool holds = false;
        for (unsigned k = 0; k < l->n && !holds; k++)
            holds = l->v[k].len < l->v[i].len && memmem(l->v[i].s, l->v[i].len, l->v[k].s, l->v[k].len) != NULL;
        if (!holds)
            out.v[out.n++] = l->v[i];
    }
    *l = out;
}

void flt_factors_add(struct flt_factors *f, const struct flt_literals *l, uint32_t reach)
{
    if (flt_literals_score(l) < FACTOR_LEAST)
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
    f->v[f->n] = *l;
    f->reach[f->n] = reach;
    flt_literals_reduce(&f->v[f->n++]);
}

double flt_factors_score(const struct flt_factors *f)
{
    double sum = 0;
    for (unsigned i = 0; i < f->n; i++)
        sum += flt_literals_score(&f->v[i]);
    return sum;
}
