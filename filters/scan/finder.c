/*
 * finder.c: slice by slice of the text:
 *
 *     anchors()   which bytes are anchors, 64 at a time, a bit each            \
 *     flatten()   the bits as a list of places                                 |  finder_sift.c
 *     sift()      the places where, going by the filters, a string may stand   /
 *     judge()     the strings that do
 *
 * Each step is a loop of its own over small arrays, so that none waits for the branches of another.
 */
#include "scan/finder_impl.h"

/* ---- where strings are anchored ----------------------------------------------------------------------------------
 */

/*
 * The same question that anchors() asks of a text: not words of one or two letters with a blank behind them, nor marks
 * with one, which are a third of all prose. What stands behind the string may be one.
 */
static bool is_anchor(const char *s, uint32_t i, bool fresh)
{
    uint8_t c = (uint8_t)s[i], c1 = (uint8_t)s[i + 1], c2 = (uint8_t)s[i + 2];
    if (!flt_finder_in_word(c))
        return c > ' ' && (c < 0x80 ? !is_blank(c1) : c >= 0xc0);
    return !(i == 0 ? !fresh : flt_finder_in_word((uint8_t)s[i - 1])) && !is_blank(c1) && !is_blank(c2);
}

/* How rare the bytes are that follow an anchor, in steps: letters as in English, marks and digits more. */
static unsigned rarity(const char *s, uint32_t n)
{
    static const uint8_t letter[26] = {1, 4, 3, 3, 0, 4, 4, 3, 1, 8, 6, 2, 3, 1, 1, 4, 9, 1, 1, 0, 3, 6, 4, 8, 4, 9};
    unsigned sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)s[i], low = c | 0x20;
        sum += low >= 'a' && low <= 'z' && c < 0x80 ? letter[low - 'a'] : c <= ' ' ? 1 : 5;
    }
    return sum + 4 * n;
}

struct anchor {
    uint32_t at; /* offset in the string */
    enum piece piece;
    bool inner; /* places within words are anchors of this string, too */
};

static bool is_mark(uint8_t c)
{
    return c > ' ' && c < 0x80 && !flt_finder_in_word(c);
}

/* The kinds of pieces that there are at one place of a string, a bit each. */
static unsigned pieces_at(const char *s, uint32_t len, uint32_t i, bool fresh)
{
    bool mark = is_mark((uint8_t)s[i]);
    unsigned kinds = 0;
    for (enum piece k = PIECE_8; k < PIECES; k++) {
        bool room = i >= piece_behind[k] && i - piece_behind[k] + piece_bytes[k] <= len;
        if (!room || (k >= PIECE_3 && !mark))
            continue;
        kinds |= k > PIECE_3 || is_anchor(s, i, fresh) ? 1u << k : 0;
    }
    return kinds;
}

static bool begins_long(const char *s, uint32_t len)
{
    uint32_t n = 0;
    while (n < len && flt_finder_in_word((uint8_t)s[n]))
        n++;
    return n >= INNER_LEAST;
}

/* The anchor whose piece says most; false = there is none. */
static bool best_anchor(const char *s, uint32_t len, bool fresh, struct anchor *out)
{
    unsigned most = 0;
    for (uint32_t i = 0; i < len; i++) {
        unsigned kinds = pieces_at(s, len, i, fresh);
        for (enum piece k = PIECE_8; k < PIECES; k++) {
            unsigned says = (kinds >> k & 1) != 0 ? rarity(s + i - piece_behind[k], piece_bytes[k]) : 0;
            if (says <= most)
                continue;
            most = says;
            *out = (struct anchor){i, k, false};
        }
    }
    if (most != 0 || !begins_long(s, len))
        return most != 0;
    *out = (struct anchor){0, len >= piece_bytes[PIECE_8] ? PIECE_8 : PIECE_5, true};
    return true;
}

bool flt_finder_anchored(const char *s, uint32_t len, bool fresh)
{
    struct anchor a;
    return best_anchor(s, len, fresh, &a);
}

/* ---- building ----------------------------------------------------------------------------------------------------
 */

static void set_bit(uint64_t *filter, uint32_t i)
{
    filter[i >> 6] |= UINT64_C(1) << (i & BIT_MASK);
}

static void add_string(struct flt_finder *f, const struct flt_finder_string *v, struct anchor a)
{
    struct string *t = &f->string[f->n++];
    char piece[AHEAD] = {0};
    memcpy(piece, v->s + a.at - piece_behind[a.piece], piece_bytes[a.piece]);
    uint64_t w = load64(piece) | FOLD;
    uint32_t hash = hash_of(w, a.piece), four = hash_of(w, PIECE_4);
    *t = (struct string){.hash = hash, .id = v->id, .len = (uint8_t)v->len, .anchor = (uint8_t)a.at};
    t->fresh = v->fresh;
    flt_finder_form(&t->form, v);
    if (a.piece >= PIECE_3) {
        set_bit(f->mark[a.piece - PIECE_3], hash >> (32 - MARK_BITS));
        f->marks = true;
    } else {
        set_bit(f->head, four >> (32 - HEAD_BITS));
        set_bit(&f->longer[word_of(four)], bit_of(hash, a.piece, 0));
        set_bit(&f->longer[word_of(four)], bit_of(hash, a.piece, 1));
    }
    f->inner = f->inner || a.inner;
}

static inline uint32_t slot_of(uint32_t hash)
{
    return hash >> (32 - SLOT_BITS);
}

static int by_hash(const void *a, const void *b)
{
    const struct string *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void index_strings(struct flt_finder *f)
{
    if (f->n > 1)
        qsort(f->string, f->n, sizeof(*f->string), by_hash);
    for (uint32_t i = 0; i < f->n; i++)
        f->slot[slot_of(f->string[i].hash) + 1]++;
    for (uint32_t i = 0; i < SLOTS; i++)
        f->slot[i + 1] += f->slot[i];
}

struct flt_finder *flt_finder_new(const struct flt_finder_string *v, uint32_t n)
{
    struct flt_finder *f = calloc(1, sizeof(*f));
    struct flt_finder_string *rest = calloc(n + 1u, sizeof(*rest));
    uint32_t n_rest = 0;
    bool ok = f != NULL && rest != NULL;
    if (ok) {
        f->string = calloc(n + 1u, sizeof(*f->string));
        ok = f->string != NULL;
    }
    for (uint32_t i = 0; ok && i < n; i++) {
        struct anchor a;
        if (best_anchor(v[i].s, v[i].len, v[i].fresh, &a))
            add_string(f, &v[i], a);
        else
            rest[n_rest++] = v[i];
    }
    if (ok && n_rest != 0) {
        f->any = flt_finder_any_new(rest, n_rest);
        ok = f->any != NULL;
    }
    free(rest);
    if (ok) {
        index_strings(f);
#ifdef __SSE2__
        f->wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
#endif
        return f;
    }
    flt_finder_free(f);
    return NULL;
}

void flt_finder_free(struct flt_finder *f)
{
    if (f == NULL)
        return;
    flt_finder_any_free(f->any);
    free(f->string);
    free(f);
}

size_t flt_finder_memory(const struct flt_finder *f)
{
    return sizeof(*f) + f->n * sizeof(*f->string) + (f->any != NULL ? flt_finder_any_memory(f->any) : 0);
}

/* ---- running -----------------------------------------------------------------------------------------------------
 */

struct run {
    const struct flt_finder *f;
    struct flt_str text;
    size_t after;
    uint64_t base;
    flt_hit_fn fn;
    void *arg;
};

static inline void compare(const struct run *r, const struct string *t, size_t at)
{
    if (at < t->anchor)
        return;
    size_t begin = at - t->anchor;
    if (t->fresh && begin > 0 && flt_finder_in_word((uint8_t)r->text.p[begin - 1]))
        return;
    if (begin + t->len <= r->text.n && begin + t->len > r->after && flt_finder_stands(&t->form, r->text, begin))
        r->fn(r->arg, t->id, r->base + begin + t->len);
}

/* The strings that are anchored at the candidates, which are places behind text[at]. */
static void judge(const struct run *r, size_t at, const struct candidate *v, uint32_t n)
{
    const struct flt_finder *f = r->f;
    for (uint32_t i = 0; i < n; i++)
        __builtin_prefetch(&f->slot[slot_of(v[i].hash)]);
    for (uint32_t i = 0; i < n; i++)
        __builtin_prefetch(&f->string[f->slot[slot_of(v[i].hash)]]);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = slot_of(v[i].hash);
        for (uint32_t k = f->slot[slot]; k < f->slot[slot + 1]; k++) {
            if (f->string[k].hash == v[i].hash)
                compare(r, &f->string[k], at + v[i].place);
        }
    }
}

void flt_finder_run(const struct flt_finder *f, struct flt_str text, size_t after, uint64_t base, flt_hit_fn fn,
                    void *arg)
{
    struct run r = {f, text, after, base, fn, arg};
    char copy[BEHIND + 5 * BLOCK];
    uint64_t inside = 0;
    struct candidate may[CANDIDATES];
    size_t at = 0;
    while (f->n != 0 && at < text.n) {
        size_t left = text.n - at, n = (left + BLOCK - 1) / BLOCK * BLOCK;
        bool last = left < 2 * BLOCK + AHEAD;
        const char *p = text.p + at;
        if (last || at == 0) { /* too near the text's end or begin to be read around */
            size_t before = at < BEHIND ? at : BEHIND, most = 4 * BLOCK;
            memset(copy, 0, sizeof(copy));
            memcpy(copy + BEHIND - before, text.p + at - before, before + (left < most ? left : most));
            p = copy + BEHIND;
            n = last ? n : BLOCK;
        } else {
            n = (left - BLOCK - AHEAD) / BLOCK * BLOCK;
            n = n < SLICE ? n : SLICE;
        }
        judge(&r, at, may, flt_finder_sift(f, p, (uint32_t)n, &inside, may));
        at += n;
    }
    flt_wipe(copy, sizeof(copy));
    if (f->any != NULL)
        flt_finder_any_run(f->any, text, after, base, fn, arg);
}
