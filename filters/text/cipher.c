/*
 * cipher.c: rotations, Atbash and reversal, undone where a stretch of words reads badly and the result reads well.
 *
 * A text is cut into units (sentences, quotations, lines). In a unit, the stretch of words that reads worst (Kadane
 * over the words' trigram costs) is tried: the rotations that fit the frequencies of letters best, Atbash, and the
 * reversals; the best result counts, if it reads like English. Texts in other languages read badly in all forms.
 */
#include "text/cipher.h"
#include "text/decode.h"
#include "text/trigram.h"
#include "text/view.h"

#define LETTERS_MIN 12u
#define UNIT_MAX    8192u
#define SAMPLE      256u /* bytes of a stretch that are tried */
#define WORD_MAX    64u
#define NUMBER      3u
#define LEET_WORDS  3u  /* words with digits for letters */
#define TOLERANCE   1.5 /* a word alone says little: "rood" is not worse than "door" */
#define TRIES       5u  /* rotations that are confirmed by trigrams */
#define WORD_COST   20u /* quarters of a bit a letter: words above it read badly (English words: 8 to 16) */
#define BAD         (-5.6)
#define GOOD        (-4.5)
#define BETTER      2.2
#define FEW_COST    108u /* of eight trigrams of a block, */
#define HALF_COST   240u /* of fifteen, */
#define BLOCK_COST                                                                                                     \
    555u /* and of all thirty: a tenth of the blocks of English, 99 % of rotated, 97 % of reversed ones */

enum kind { ROT, ATBASH, WHOLE, WORDS, ORDER, KINDS };

struct stretch {
    uint32_t from, to;
    uint8_t kind, shift;
};
struct stretches {
    struct stretch *v;
    uint32_t n, cap;
    size_t bytes[KINDS];
};

static unsigned letter(struct flt_str t, size_t i)
{
    return flt_trigram_letter[(uint8_t)t.p[i]];
}

/* ---- what reads badly ------------------------------------------------------------------------------------------ */

/* Every fourth trigram of a block, from the given one on. */
static inline unsigned sampled(const char *p, unsigned from)
{
    unsigned cost = 0;
    for (unsigned i = from; i + 2 < FLT_CIPHER_BLOCK; i += 4)
        cost += flt_trigram_cost(flt_trigram_letter[(uint8_t)p[i]], flt_trigram_letter[(uint8_t)p[i + 1]],
                                 flt_trigram_letter[(uint8_t)p[i + 2]]);
    return cost;
}

static bool reads_badly(const char *p)
{
    unsigned cost = sampled(p, 0);
    if (cost < FEW_COST || (cost += sampled(p, 2)) < HALF_COST)
        return false;
    return cost + sampled(p, 1) + sampled(p, 3) >= BLOCK_COST;
}

bool flt_cipher_block(const char *p)
{
    unsigned others = 0;
    for (unsigned i = 0; i < FLT_CIPHER_BLOCK; i++)
        others += p[i] != ' ' && flt_trigram_letter[(uint8_t)p[i]] == 0;
    return others <= FLT_CIPHER_OTHERS && reads_badly(p);
}

unsigned flt_cipher_odd(const struct flt_masks *before, const struct flt_masks *now, const char *p, size_t n)
{
    const uint64_t *b = before->of, *m = now->of;
    unsigned found = 0;
    uint64_t odd = m[FLT_C_RARE] | (m[FLT_C_H] & flt_behind(b[FLT_C_VOWEL], m[FLT_C_VOWEL], 1)) |
                   (m[FLT_C_E] & flt_behind(b[FLT_C_SPACE], m[FLT_C_SPACE], 1));
    if (!flt_at_least(odd, 2))
        return 0;
    uint64_t other = ~(m[FLT_C_LETTER] | m[FLT_C_SPACE]);
    for (unsigned i = 0; i < FLT_BLOCK && i + FLT_CIPHER_BLOCK <= n; i += FLT_CIPHER_BLOCK)
        if (!flt_at_least((uint32_t)(other >> i), FLT_CIPHER_OTHERS + 1) && reads_badly(p + i))
            found |= 1u << i / FLT_CIPHER_BLOCK;
    return found;
}

bool flt_cipher_cue(struct flt_str t, size_t at)
{
    static const char revers[] = "revers", backward[] = "backward";
    bool v = (t.p[at] | 0x20) == 'v';
    size_t before = v ? 2 : 4, len = v ? 6 : 8;
    if (at < before || t.n - at < len - before)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((t.p[at - before + i] | 0x20) != (v ? revers : backward)[i])
            return false;
    return true;
}

/* What ends a unit; a quote inside a word is an apostrophe. */
static const bool ends_unit[256] = {
    ['.'] = true, ['!'] = true, ['?'] = true, [':'] = true, [';'] = true, ['\n'] = true, ['\r'] = true,
    ['"'] = true, ['`'] = true, ['('] = true, [')'] = true, ['['] = true, [']'] = true,  ['{'] = true,
    ['}'] = true, ['<'] = true, ['>'] = true, ['|'] = true, ['='] = true, ['\''] = true,
};

/*
 * True when a unit cannot go on over the byte at i, one of ends_unit. Long ones are cut at fixed offsets, so that all
 * agree where. A sign in front of a word is what reversal makes of one behind it.
 */
static bool sign_parts(struct flt_str t, size_t i)
{
    if ((t.p[i] == '.' || t.p[i] == '!' || t.p[i] == '?' || t.p[i] == ':' || t.p[i] == ';') && i > 0 &&
        t.p[i - 1] == ' ' && i + 1 < t.n && letter(t, i + 1) != 0)
        return false;
    return t.p[i] != '\'' || i == 0 || i + 1 == t.n || letter(t, i - 1) == 0 || letter(t, i + 1) == 0;
}

static inline bool parts(struct flt_str t, size_t i)
{
    return ends_unit[(uint8_t)t.p[i]] && sign_parts(t, i);
}

static size_t unit_end(struct flt_str t, size_t from)
{
    size_t most = (from / UNIT_MAX + 1) * UNIT_MAX, i = from;
    while (i < t.n && i < most && !parts(t, i))
        i++;
    return i;
}

static size_t unit_begin(struct flt_str t, size_t at)
{
    size_t least = at / UNIT_MAX * UNIT_MAX;
    while (at > least && !parts(t, at - 1))
        at--;
    return at;
}

/* Where the next unit begins behind one that ends at `end`. */
static size_t unit_next(struct flt_str t, size_t end)
{
    return end < t.n && parts(t, end) ? end + 1 : end;
}

/* The worst stretch of words in [from, to). False when no one reads badly for at least LETTERS_MIN letters. */
static bool worst(struct flt_str t, size_t from, size_t to, struct stretch *out)
{
    int64_t sum = 0, top = 0;
    size_t lo = from, letters = 0, best = 0, others = 0;
    for (size_t i = from; i < to;) {
        unsigned a = 0, b = 0, cost = 0, n = 0;
        size_t begin = i;
        for (unsigned c; i < to && ((c = letter(t, i)) != 0 || (t.p[i] == '\'' && n != 0)); i++) {
            if (c == 0)
                continue;
            cost += flt_trigram_cost(a, b, c);
            a = b;
            b = c;
            n++;
        }
        if (n == 0) {
            others += t.p[i] != ' ' && t.p[i] != ',';
            i++;
            continue;
        }
        cost += flt_trigram_cost(a, b, 0);
        sum += (int64_t)cost - (int64_t)WORD_COST * n - (int64_t)others * WORD_COST;
        letters += n;
        others = 0;
        if (sum <= 0) {
            sum = 0;
            letters = 0;
            lo = i;
        } else if (sum > top) {
            if (letters == n)
                lo = begin;
            top = sum;
            best = letters;
            *out = (struct stretch){.from = (uint32_t)lo, .to = (uint32_t)i};
        }
    }
    if (best < LETTERS_MIN)
        return false;
    while (letter(t, out->from) == 0)
        out->from++;
    return flt_trigram_score((struct flt_str){t.p + out->from, out->to - out->from}) < BAD;
}

bool flt_cipher_suspect(struct flt_str t, size_t from, size_t to, size_t *done)
{
    struct stretch s;
    if (to <= *done)
        return false;
    size_t at = unit_begin(t, from), end;
    for (at = at > *done ? at : *done; at < to; at = unit_next(t, end)) {
        end = unit_end(t, at);
        *done = unit_next(t, end);
        if (end - at >= LETTERS_MIN && worst(t, at, end, &s))
            return true;
    }
    return false;
}

/* ---- transforms ------------------------------------------------------------------------------------------------ */

static char rotated(char c, unsigned shift)
{
    unsigned l = flt_trigram_letter[(uint8_t)c];
    return l == 0 ? c : (char)((uint8_t)(c & 0xe0) + (l - 1 + shift) % 26 + 1);
}

static char mirrored(char c)
{
    unsigned l = flt_trigram_letter[(uint8_t)c];
    return l == 0 ? c : (char)((uint8_t)(c & 0xe0) + 27 - l);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void reverse(const char *p, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = p[n - 1 - i];
}

static void transform(const char *p, size_t n, enum kind kind, unsigned shift, char *out)
{
    if (kind == WHOLE) {
        reverse(p, n, out);
        return;
    }
    if (kind == WORDS || kind == ORDER) {
        for (size_t i = 0; i < n;) {
            size_t to = i;
            while (to < n && is_space(p[to]) == is_space(p[i]))
                to++;
            if (kind == WORDS)
                reverse(p + i, to - i, out + i);
            else
                memcpy(out + n - to, p + i, to - i);
            i = to;
        }
        return;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = kind == ROT ? rotated(p[i], shift) : mirrored(p[i]);
}

/* -4 log2 of the frequencies of English letters (R. Lewand, Cryptological Mathematics, 2000). */
static const uint8_t letter_cost[26] = {14, 24, 21, 18, 12, 22, 23, 16, 15, 38, 28, 19, 22,
                                        16, 15, 23, 40, 16, 16, 14, 21, 27, 22, 38, 23, 42};

/* The shifts that make the likeliest letters, best first. */
static void rank_shifts(struct flt_str s, unsigned best[TRIES])
{
    unsigned count[26] = {0}, costs[TRIES];
    for (size_t i = 0; i < s.n; i++)
        if (letter(s, i) != 0)
            count[letter(s, i) - 1]++;
    for (unsigned i = 0; i < TRIES; i++)
        costs[i] = UINT32_MAX;
    for (unsigned shift = 1; shift < 26; shift++) {
        unsigned cost = 0, i = TRIES;
        for (unsigned c = 0; c < 26; c++)
            cost += count[c] * letter_cost[(c + shift) % 26];
        while (i > 0 && cost < costs[i - 1])
            i--;
        for (unsigned k = TRIES - 1; k > i; k--) {
            costs[k] = costs[k - 1];
            best[k] = best[k - 1];
        }
        if (i < TRIES) {
            costs[i] = cost;
            best[i] = shift;
        }
    }
}

/* Finds how the stretch is to be read; false when it is not a cipher of English. */
static bool solve(struct flt_str t, struct stretch *s)
{
    char buf[SAMPLE];
    struct flt_str sample = {t.p + s->from, s->to - s->from < SAMPLE ? s->to - s->from : SAMPLE};
    unsigned shifts[TRIES] = {0};
    double own = flt_trigram_score(sample), best = own + BETTER > GOOD ? own + BETTER : GOOD;
    bool found = false;
    rank_shifts(sample, shifts);
    for (unsigned i = 0; i < TRIES + 3; i++) {
        enum kind kind = i < TRIES ? ROT : i == TRIES ? ATBASH : i == TRIES + 1 ? WORDS : WHOLE;
        unsigned shift = i < TRIES ? shifts[i] : 0;
        transform(sample.p, sample.n, kind, shift, buf);
        double score = flt_trigram_score((struct flt_str){buf, sample.n});
        if (score <= best)
            continue;
        best = score;
        found = true;
        s->kind = (uint8_t)kind;
        s->shift = (uint8_t)shift;
    }
    return found;
}

/* True when the word [from, to) belongs to the solved stretch beside it: it reads hardly worse so than as it stands. */
static bool belongs(struct flt_str t, const struct stretch *s, size_t from, size_t to)
{
    char buf[WORD_MAX];
    if (to - from > sizeof(buf))
        return false;
    struct flt_str word = {t.p + from, to - from};
    transform(word.p, word.n, s->kind == WORDS ? WHOLE : (enum kind)s->kind, s->shift, buf);
    return flt_trigram_score((struct flt_str){buf, word.n}) + TOLERANCE >= flt_trigram_score(word);
}

/* Adds the words on both sides, up to the ends of the unit, that are part of the cipher though they read well. */
static void extend(struct flt_str t, size_t from, size_t to, struct stretch *s)
{
    for (;;) {
        size_t end = s->from, begin;
        while (end > from && letter(t, end - 1) == 0)
            end--;
        for (begin = end; begin > from && letter(t, begin - 1) != 0;)
            begin--;
        if (begin == end || !belongs(t, s, begin, end))
            break;
        s->from = (uint32_t)begin;
    }
    for (;;) {
        size_t begin = s->to, end;
        while (begin < to && letter(t, begin) == 0)
            begin++;
        for (end = begin; end < to && letter(t, end) != 0;)
            end++;
        if (begin == end || !belongs(t, s, begin, end))
            break;
        s->to = (uint32_t)end;
    }
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

static int keep(struct flt_maker *k, struct stretches *all, struct stretch s)
{
    if (all->n == all->cap) {
        uint32_t cap = all->cap != 0 ? all->cap * 2 : 8;
        struct stretch *v = flt_arena_alloc(k->arena, cap * sizeof(*v));
        if (v == NULL)
            return FLT_E_NOMEM;
        if (all->n != 0)
            memcpy(v, all->v, all->n * sizeof(*v));
        all->v = v;
        all->cap = cap;
    }
    all->v[all->n++] = s;
    all->bytes[s.kind] += s.to - s.from + 1;
    return FLT_OK;
}

/* A stretch, transformed: letter for letter, word for word, or as a whole. */
static int add(struct flt_mapper *m, struct flt_str t, const struct stretch *s, enum kind kind)
{
    uint32_t n = s->to - s->from;
    char *p = flt_arena_alloc(m->maker->arena, n);
    if (p == NULL)
        return FLT_E_NOMEM;
    transform(t.p + s->from, n, kind, s->shift, p);
    if (kind == WHOLE || kind == ORDER)
        return flt_mapper_atom(m, p, n, s->from, s->to);
    if (kind != WORDS)
        return flt_mapper_same(m, p, n, s->from);
    int rc = FLT_OK;
    for (uint32_t i = 0, to; rc == FLT_OK && i < n; i = to) {
        for (to = i; to < n && is_space(p[to]) == is_space(p[i]);)
            to++;
        rc = flt_mapper_atom(m, p + i, to - i, s->from + i, s->from + to);
    }
    return rc;
}

/* All stretches of one kind as one text, a line each. Both reversals are made of what either of them reads. */
static int make(struct flt_maker *k, struct flt_str t, const struct stretches *all, enum kind kind,
                struct flt_derived *out)
{
    static const enum flt_view views[KINDS] = {[ROT] = FLT_VIEW_ROT,
                                               [ATBASH] = FLT_VIEW_ATBASH,
                                               [WHOLE] = FLT_VIEW_REVERSED,
                                               [WORDS] = FLT_VIEW_REVERSED,
                                               [ORDER] = FLT_VIEW_REVERSED};
    bool reversal = kind == WHOLE || kind == WORDS;
    size_t bytes = reversal ? all->bytes[WHOLE] + all->bytes[WORDS] : all->bytes[kind];
    struct flt_mapper m;
    int status = FLT_OK, rc = FLT_OK;
    *out = (struct flt_derived){.view = views[kind]};
    if (bytes == 0 || !flt_mapper_begin(&m, k, bytes, bytes, &status))
        return status;
    for (uint32_t i = 0; rc == FLT_OK && i < all->n; i++) {
        const struct stretch *s = &all->v[i];
        if (s->kind != kind && !(reversal && (s->kind == WHOLE || s->kind == WORDS)))
            continue;
        rc = add(&m, t, s, kind);
        if (rc == FLT_OK && s->to < t.n && (uint8_t)t.p[s->to] < 0x80)
            rc = flt_mapper_atom(&m, "\n", 1, s->to, s->to + 1);
    }
    if (rc != FLT_OK)
        return flt_mapper_fail(&m, rc, bytes, out);
    flt_mapper_end(&m, (uint32_t)t.n, views[kind], out);
    if (out->text.n != 0)
        flt_decode_clean(m.text, out->text.n);
    return FLT_OK;
}

static bool has_cue(struct flt_str t)
{
    for (size_t i = 0; t.n <= FLT_CIPHER_CUE_MAX && i < t.n; i++)
        if (((t.p[i] | 0x20) == 'v' || (t.p[i] | 0x20) == 'w') && flt_cipher_cue(t, i))
            return true;
    return false;
}

/* The search for stretches. */
struct search {
    struct flt_maker *maker;
    struct flt_str text;
    struct stretches all;
    size_t done;
    bool cue;
};

/* Looks into the units that [from, to) is part of. */
static int look(struct search *f, size_t from, size_t to)
{
    struct flt_str t = f->text;
    int rc = FLT_OK;
    if (to <= f->done)
        return FLT_OK;
    size_t at = unit_begin(t, from), end;
    for (at = at > f->done ? at : f->done; rc == FLT_OK && at < to; at = f->done) {
        struct stretch s = {0};
        end = unit_end(t, at);
        f->done = unit_next(t, end);
        if (end - at < LETTERS_MIN)
            continue;
        if (worst(t, at, end, &s) && solve(t, &s)) {
            extend(t, at, end, &s);
            rc = keep(f->maker, &f->all, s);
        } else if (f->cue) {
            rc = keep(f->maker, &f->all, (struct stretch){(uint32_t)at, (uint32_t)end, ORDER, 0});
        }
    }
    return rc;
}

static int search(struct search *f)
{
    struct flt_masks before = {{0}}, now;
    struct flt_str t = f->text;
    int rc = FLT_OK;
    if (t.n <= FLT_CIPHER_FULL || f->cue)
        return look(f, 0, t.n);
    for (size_t at = 0; rc == FLT_OK && at < t.n; at += FLT_BLOCK) {
        size_t n = flt_masks_at(t, at, &now);
        unsigned odd = flt_cipher_sampled(t.n, at) ? flt_cipher_odd(&before, &now, t.p + at, n) : 0;
        for (size_t b = at; rc == FLT_OK && odd != 0; b += FLT_CIPHER_BLOCK, odd >>= 1)
            rc = (odd & 1) != 0 ? look(f, b, b + FLT_CIPHER_BLOCK) : FLT_OK;
        before = now;
    }
    if (rc == FLT_OK && flt_cipher_block(t.p + t.n - FLT_CIPHER_BLOCK))
        rc = look(f, t.n - FLT_CIPHER_BLOCK, t.n);
    return rc;
}

/* The letters that digits and signs inside words stand for; 0 = none. */
static const char leet_letter[256] = {
    ['0'] = 'o', ['1'] = 'i', ['3'] = 'e', ['4'] = 'a', ['5'] = 's', ['7'] = 't', ['@'] = 'a', ['$'] = 's',
};

/* Where the word that begins at i ends; *letters: it has some, *signs: some stand for letters. */
static size_t leet_word(struct flt_str t, size_t i, bool *letters, bool *signs)
{
    *letters = *signs = false;
    for (; i < t.n && !is_space(t.p[i]); i++) {
        *letters |= letter(t, i) != 0;
        *signs |= leet_letter[(uint8_t)t.p[i]] != '\0';
    }
    return i;
}

/* How many words have letters and signs, counted up to LEET_WORDS. */
static unsigned leet_words(const struct flt_places *where, struct flt_str t)
{
    unsigned words = 0;
    for (size_t i = 0; words < LEET_WORDS && i < t.n; i++) {
        size_t next = flt_places_next(where, FLT_VIEW_LEET, i);
        bool letters, signs;
        if (next >= t.n)
            break;
        for (; next > i && !is_space(t.p[next - 1]); next--) {
        }
        i = leet_word(t, next, &letters, &signs);
        words += letters && signs;
    }
    return words;
}

/* Writes t with its words in letters. A number of more than NUMBER digits stays. */
static void in_letters(struct flt_str t, char *out)
{
    for (size_t i = 0, to; i < t.n; i = to) {
        bool letters, signs;
        to = leet_word(t, i, &letters, &signs);
        bool turn = letters || to - i <= NUMBER;
        for (size_t k = i; k < to; k++)
            out[k] = turn && leet_letter[(uint8_t)t.p[k]] != '\0' ? leet_letter[(uint8_t)t.p[k]] : t.p[k];
        for (; to < t.n && is_space(t.p[to]); to++)
            out[to] = t.p[to];
    }
}

int flt_decipher_leet(struct flt_maker *k, struct flt_str t, flt_derived_fn fn, void *arg)
{
    if (t.n > FLT_CIPHER_LEET_MAX || leet_words(k->places, t) < LEET_WORDS || !flt_maker_take(k, t.n, t.n))
        return FLT_OK;
    char *p = flt_arena_alloc(k->arena, t.n);
    if (p == NULL)
        return FLT_E_NOMEM;
    in_letters(t, p);
    return flt_decipher(k, (struct flt_str){p, t.n}, fn, arg);
}

int flt_decipher(struct flt_maker *k, struct flt_str t, flt_derived_fn fn, void *arg)
{
    struct search f = {.maker = k, .text = t};
    if (t.n >= UINT32_MAX) {
        k->left_out += t.n;
        return FLT_OK;
    }
    f.cue = has_cue(t);
    int rc = search(&f);
    for (unsigned kind = 0; rc == FLT_OK && kind < KINDS; kind++) {
        struct flt_derived d;
        rc = make(k, t, &f.all, (enum kind)kind, &d);
        if (rc == FLT_OK && d.text.n != 0)
            rc = fn(arg, &d);
    }
    return rc;
}
