/*
 * pattern_gen.h: random strings that a pattern of the packs' language matches. It reads the pattern's text by itself
 * and shares nothing with the analyser in filters/scan, whose conclusions it is there to doubt.
 */
#ifndef TEST_PATTERN_GEN_H
#define TEST_PATTERN_GEN_H

#include <stdio.h>
#include <stdlib.h>

#include "rig_texts.h"

#define GEN_BRANCHES 400u
#define GEN_LONG     24u /* an open quantifier, and most wide ones, go on so far at most */

struct gen {
    const char *p;
    size_t n;
    bool caseless;
    bool digits; /* classes that hold digits give nothing else: what check digits are computed over */
    uint64_t *seed;
    struct flt_buf *out;
};

/* The tests' patterns were loaded before, so what is not understood is a defect of this file. */
static inline void gen_stop(const struct gen *g, size_t at)
{
    fprintf(stderr, "pattern_gen.h does not understand byte %zu of %.*s\n", at, (int)g->n, g->p);
    abort();
}

static inline void gen_byte(struct gen *g, uint8_t c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    char b = (char)(g->caseless && letter && rig_random(g->seed) % 4 == 0 ? c ^ 0x20 : c);
    if (flt_buf_add(g->out, &b, 1) != FLT_OK)
        abort();
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */

struct gen_set {
    bool has[256];
};

static inline int gen_hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static inline void gen_range(struct gen_set *s, unsigned lo, unsigned hi)
{
    for (unsigned c = lo; c <= hi; c++)
        s->has[c] = true;
}

/* What stands after a backslash at i: a byte (returned), or a class that is added to s (then -1). *end is after it. */
static inline int gen_escape(const struct gen *g, size_t i, struct gen_set *s, size_t *end)
{
    struct gen_set k = {{false}};
    char c = i < g->n ? g->p[i] : '\0';
    *end = i + 1;
    switch (c) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'f':
        return '\f';
    case 'x':
        *end = i + 3;
        if (i + 2 >= g->n || gen_hex(g->p[i + 1]) < 0 || gen_hex(g->p[i + 2]) < 0)
            gen_stop(g, i);
        return gen_hex(g->p[i + 1]) * 16 + gen_hex(g->p[i + 2]);
    case 'd':
    case 'D':
        gen_range(&k, '0', '9');
        break;
    case 'w':
    case 'W':
        gen_range(&k, '0', '9');
        gen_range(&k, 'a', 'z');
        gen_range(&k, 'A', 'Z');
        k.has['_'] = true;
        break;
    case 's':
    case 'S':
        gen_range(&k, 9, 13);
        k.has[' '] = true;
        break;
    default:
        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '\0')
            gen_stop(g, i);
        return (uint8_t)c;
    }
    for (unsigned b = 0; b < 256; b++)
        s->has[b] = s->has[b] || k.has[b] == (c >= 'a');
    return -1;
}

/* A bracket class at i; returns the place after it. */
static inline size_t gen_class(const struct gen *g, size_t i, struct gen_set *s)
{
    size_t begin = ++i;
    bool negated = i < g->n && g->p[i] == '^';
    begin += negated;
    for (i = begin; i < g->n && (i == begin || g->p[i] != ']');) {
        int lo = (uint8_t)g->p[i], hi;
        i++;
        if (lo == '\\')
            lo = gen_escape(g, i, s, &i);
        hi = lo;
        if (lo >= 0 && i + 1 < g->n && g->p[i] == '-' && g->p[i + 1] != ']') {
            hi = (uint8_t)g->p[i + 1];
            i += 2;
            if (hi == '\\')
                hi = gen_escape(g, i, s, &i);
            if (hi < lo)
                gen_stop(g, i);
        }
        if (lo >= 0)
            gen_range(s, (unsigned)lo, (unsigned)hi);
    }
    for (unsigned b = 0; g->caseless && b < 26; b++)
        s->has['a' + b] = s->has['A' + b] = s->has['a' + b] || s->has['A' + b];
    for (unsigned b = 0; negated && b < 256; b++)
        s->has[b] = !s->has[b];
    return i + 1;
}

/* Mostly bytes that people type; now and then any. */
static inline void gen_of_set(struct gen *g, const struct gen_set *s)
{
    unsigned lo = 0, hi = 256, count = 0;
    if (g->digits && s->has['0']) {
        lo = '0';
        hi = '9' + 1;
    } else if (rig_random(g->seed) % 16 != 0) {
        lo = ' ';
        hi = 0x7f;
    }
    for (unsigned b = lo; b < hi; b++)
        count += s->has[b];
    if (count == 0) {
        lo = 0;
        hi = 256;
        for (unsigned b = 0; b < 256; b++)
            count += s->has[b];
    }
    if (count == 0)
        gen_stop(g, 0);
    unsigned k = rig_random(g->seed) % count;
    for (unsigned b = lo; b < hi; b++) {
        if (s->has[b] && k-- == 0) {
            gen_byte(g, (uint8_t)b);
            return;
        }
    }
}

/* ---- atoms, quantifiers, sequences ------------------------------------------------------------------------------- */

/* The place after the atom at i. */
static inline size_t gen_skip(const struct gen *g, size_t i)
{
    struct gen_set s = {{false}};
    size_t end = i + 1;
    if (g->p[i] == '\\') {
        (void)gen_escape(g, i + 1, &s, &end);
    } else if (g->p[i] == '[') {
        end = gen_class(g, i, &s);
    } else if (g->p[i] == '(') {
        while (end < g->n && g->p[end] != ')')
            end = gen_skip(g, end);
        end++;
    }
    if (end > g->n)
        gen_stop(g, i);
    return end;
}

static inline size_t gen_number(const struct gen *g, size_t i, unsigned *v)
{
    for (*v = 0; i < g->n && g->p[i] >= '0' && g->p[i] <= '9'; i++)
        *v = *v * 10 + (unsigned)(g->p[i] - '0');
    return i;
}

/* The quantifier at i, if there is one; returns the place after it. */
static inline size_t gen_quantifier(const struct gen *g, size_t i, unsigned *lo, unsigned *hi)
{
    *lo = *hi = 1;
    char c = i < g->n ? g->p[i] : '\0';
    if (c != '?' && c != '*' && c != '+' && c != '{')
        return i;
    *lo = c == '+' ? 1 : 0;
    *hi = c == '?' ? 1 : *lo + GEN_LONG;
    if (c != '{')
        return i + 1;
    i = gen_number(g, i + 1, lo);
    *hi = *lo;
    if (i < g->n && g->p[i] == ',') {
        size_t digits = i + 1;
        i = gen_number(g, digits, hi);
        if (i == digits)
            *hi = *lo + GEN_LONG;
    }
    if (i >= g->n || g->p[i] != '}')
        gen_stop(g, i);
    return i + 1;
}

/* How often: the fewest and the most are the places where a reader of patterns errs. */
static inline unsigned gen_times(struct gen *g, unsigned lo, unsigned hi)
{
    unsigned chance = rig_random(g->seed) % 8;
    if (chance < 3)
        return lo;
    if (chance == 3)
        return hi;
    if (chance < 7 && hi > lo + GEN_LONG)
        hi = lo + GEN_LONG;
    return lo + rig_random(g->seed) % (hi - lo + 1);
}

static inline void gen_alternation(struct gen *g, size_t i, size_t end);

static inline void gen_atom(struct gen *g, size_t i, size_t end)
{
    struct gen_set s = {{false}};
    size_t after;
    switch (g->p[i]) {
    case '(':
        i += g->p[i + 1] == '?' ? 3 : 1; /* (?: */
        gen_alternation(g, i, end - 1);
        return;
    case '[':
        (void)gen_class(g, i, &s);
        gen_of_set(g, &s);
        return;
    case '.':
        gen_range(&s, 0, 255);
        s.has['\n'] = false;
        gen_of_set(g, &s);
        return;
    case '\\': {
        int b = gen_escape(g, i + 1, &s, &after);
        if (b >= 0)
            gen_byte(g, (uint8_t)b);
        else
            gen_of_set(g, &s);
        return;
    }
    default:
        gen_byte(g, (uint8_t)g->p[i]);
    }
}

static inline void gen_sequence(struct gen *g, size_t i, size_t end)
{
    while (i < end && g->p[i] != '|') {
        unsigned lo, hi;
        size_t after = gen_skip(g, i), next = gen_quantifier(g, after, &lo, &hi);
        for (unsigned k = gen_times(g, lo, hi); k > 0; k--)
            gen_atom(g, i, after);
        i = next;
    }
}

/* One of the branches of [i, end), each as likely as the others. */
static inline void gen_alternation(struct gen *g, size_t i, size_t end)
{
    size_t branch[GEN_BRANCHES];
    unsigned n = 0, lo, hi;
    branch[n++] = i;
    while (i < end) {
        if (g->p[i] != '|') {
            i = gen_quantifier(g, gen_skip(g, i), &lo, &hi);
            continue;
        }
        if (n == GEN_BRANCHES)
            gen_stop(g, i);
        branch[n++] = ++i;
    }
    gen_sequence(g, branch[rig_random(g->seed) % n], end);
}

/* Appends a string that the pattern matches as a whole. */
static inline void gen_match(struct flt_str pattern, bool caseless, uint64_t *seed, struct flt_buf *out)
{
    struct gen g = {.p = pattern.p, .n = pattern.n, .caseless = caseless, .seed = seed, .out = out};
    g.digits = rig_random(seed) % 3 == 0;
    gen_alternation(&g, 0, pattern.n);
}

#endif
