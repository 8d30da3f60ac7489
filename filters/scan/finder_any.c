/* finder_any.c: the strings that can begin anywhere, within words too. */
#include "scan/finder_any.h"

#include "scan/finder_string.h"

#define PIECE     4u
#define PAIR_BITS 16u
#define FEW_BITS  15u /* strings of four bytes are few */
#define THREE     3u  /* strings of three bytes have a table and a pass of their own */
#define LOW_THREE UINT32_C(0xffffff)
#define TWO_FROM  7u /* strings of so many bytes hold two pieces, two bytes apart, at even places as well as at odd */
#define GROUPS    7u /* of such strings; bit GROUPS stands for shorter ones */
#define SLOT_BITS 15u
#define SLOTS     (1u << SLOT_BITS)
#define FOLD      UINT32_C(0x20202020) /* both cases of a letter, and some other pairs, become one */

struct string {
    struct flt_finder_form form;
    uint32_t id;
    uint8_t len;
    bool fresh;
};

/* A piece of a string: text that holds it at some place holds the string `offset` bytes before, or does not. */
struct entry {
    uint32_t piece, string;
    uint8_t offset;
    bool odd; /* is also looked for at odd places */
};

struct flt_finder_any {
    /* By the hash of a piece: low byte, groups that have a string with it; high byte, those that have it as second. */
    uint16_t pair[1u << PAIR_BITS];
    uint64_t at_odd[(1u << FEW_BITS) / 64], at_three[(1u << FEW_BITS) / 64];
    uint32_t slot[SLOTS + 1]; /* entry[slot[h] .. slot[h + 1]) */
    struct string *string;
    struct entry *entry;
    uint32_t n, n_entry;
    bool three; /* there are strings of three bytes */
};

static uint32_t load32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static uint64_t load64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Knuth's multiplicative hash, of which callers take the highest bits. */
static inline uint32_t hash(uint32_t folded)
{
    return folded * UINT32_C(2654435761);
}

static void set_bit(uint64_t *table, uint32_t i)
{
    table[i >> 6] |= UINT64_C(1) << (i & 63);
}

/* How often a byte stands in prose and code, in steps: 0 often ... 9 hardly ever. */
static unsigned rarity(uint8_t c)
{
    /* a to z */
    static const uint8_t letter[26] = {0, 4, 3, 2, 0, 4, 4, 2, 0, 8, 5, 2, 3, 0, 0, 4, 9, 0, 0, 0, 2, 5, 4, 8, 4, 9};
    if (c >= 'A' && c <= 'Z')
        c |= 0x20;
    if (c >= 'a' && c <= 'z')
        return letter[c - 'a'];
    return c == ' ' ? 1 : c >= 0x80 ? 3 : 5;
}

/* Endings and beginnings that half of all long words have; a piece among them says little. */
static const char common_pieces[] =
    "tion atio ctio stio itio utio tiona iona onal ment ents menta ting ning ring ding king ling ying ing "
    "ings that ther here with ever ence ance able ible ally ness ould ight comp cons cont conv pres prov "
    "inte inst ente enti ment stru ructi rati atin itin elat ates ated ting ters ound heir ould some thin "
    "andl inde form orma rmat mati istr stra ress ssio sion ions ious over unde user ever ques esti stor "
    "tory writ rite ollo llow foll oper pera erat gene ener nera example xamp ampl mple ";

static unsigned piece_rarity(const char *p)
{
    char low[PIECE + 1] = {0};
    unsigned sum = 0;
    for (unsigned i = 0; i < PIECE; i++) {
        sum += rarity((uint8_t)p[i]);
        low[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
    }
    return strstr(common_pieces, low) != NULL ? 0 : sum + 1;
}

/* The place in a string where its rarest pieces begin: `count` of them at neighbouring places are looked for. */
static unsigned best_offset(const char *s, uint32_t len, unsigned count)
{
    unsigned best = 0, most = 0;
    for (unsigned i = 0; i + PIECE + count - 1 <= len; i++) {
        unsigned sum = 0;
        for (unsigned k = 0; k < count; k++)
            sum += piece_rarity(s + i + k);
        if (sum >= most) {
            most = sum;
            best = i;
        }
    }
    return best;
}

static void fill_string(struct string *t, const struct flt_finder_string *v)
{
    flt_finder_form(&t->form, v);
    t->id = v->id;
    t->len = (uint8_t)v->len;
    t->fresh = v->fresh;
}

static void add_entry(struct flt_finder_any *f, uint32_t string, const struct flt_finder_string *v, unsigned offset,
                      unsigned group)
{
    uint32_t piece = load32(v->s + offset) | FOLD;
    bool odd = v->len == PIECE;
    f->entry[f->n_entry++] = (struct entry){piece, string, (uint8_t)offset, odd};
    f->pair[hash(piece) >> (32 - PAIR_BITS)] |= (uint16_t)(1u << group);
    if (odd)
        set_bit(f->at_odd, hash(piece) >> (32 - FEW_BITS));
    if (group != GROUPS)
        f->pair[hash(load32(v->s + offset + 2) | FOLD) >> (32 - PAIR_BITS)] |= (uint16_t)(0x100u << group);
}

/* The first three bytes at p, and nothing else. */
static uint32_t load24(const char *p)
{
    uint32_t v = 0;
    memcpy(&v, p, THREE);
    return (v | FOLD) & LOW_THREE;
}

static void add_three(struct flt_finder_any *f, uint32_t i, const struct flt_finder_string *v)
{
    uint32_t piece = load24(v->s);
    f->entry[f->n_entry++] = (struct entry){piece, i, 0, true};
    set_bit(f->at_three, hash(piece) >> (32 - FEW_BITS));
    f->three = true;
}

static void add_string(struct flt_finder_any *f, uint32_t i, const struct flt_finder_string *v)
{
    if (v->len == THREE) {
        fill_string(&f->string[i], v);
        add_three(f, i, v);
        return;
    }
    unsigned count = v->len >= TWO_FROM ? 4 : v->len - PIECE + 1 < 2 ? 1 : 2;
    unsigned at = best_offset(v->s, v->len, count);
    unsigned group = v->len >= TWO_FROM ? (hash(load32(v->s + at) | FOLD) >> 16) % GROUPS : GROUPS;
    fill_string(&f->string[i], v);
    add_entry(f, i, v, at, group);
    if (v->len > PIECE)
        add_entry(f, i, v, at + 1, group);
}

static int by_slot(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    uint32_t hx = hash(x->piece) >> (32 - SLOT_BITS), hy = hash(y->piece) >> (32 - SLOT_BITS);
    if (hx != hy)
        return hx < hy ? -1 : 1;
    return x->string < y->string ? -1 : x->string > y->string;
}

struct flt_finder_any *flt_finder_any_new(const struct flt_finder_string *v, uint32_t n)
{
    struct flt_finder_any *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return NULL;
    f->string = calloc(n + 1u, sizeof(*f->string));
    f->entry = calloc(2u * n + 1u, sizeof(*f->entry));
    if (f->string == NULL || f->entry == NULL) {
        flt_finder_any_free(f);
        return NULL;
    }
    for (uint32_t i = 0; i < 1u << PAIR_BITS; i++)
        f->pair[i] = 0x100u << GROUPS; /* the shorter ones have no second piece to ask for */
    for (uint32_t i = 0; i < n; i++)
        add_string(f, i, &v[i]);
    f->n = n;
    if (f->n_entry > 1)
        qsort(f->entry, f->n_entry, sizeof(*f->entry), by_slot);
    for (uint32_t i = 0; i < f->n_entry; i++)
        f->slot[(hash(f->entry[i].piece) >> (32 - SLOT_BITS)) + 1]++;
    for (uint32_t i = 0; i < SLOTS; i++)
        f->slot[i + 1] += f->slot[i];
    return f;
}

void flt_finder_any_free(struct flt_finder_any *f)
{
    if (f == NULL)
        return;
    free(f->string);
    free(f->entry);
    free(f);
}

size_t flt_finder_any_memory(const struct flt_finder_any *f)
{
    return sizeof(*f) + f->n * sizeof(*f->string) + f->n_entry * sizeof(*f->entry);
}

struct run {
    const struct flt_finder_any *f;
    struct flt_str text;
    size_t after;
    uint64_t base;
    flt_hit_fn fn;
    void *arg;
};

/* Something may begin near `at`, where this piece stands. */
static void look_for(const struct run *r, size_t at, uint32_t piece)
{
    const struct flt_finder_any *f = r->f;
    uint32_t h = hash(piece) >> (32 - SLOT_BITS);
    for (uint32_t i = f->slot[h]; i < f->slot[h + 1]; i++) {
        const struct entry *e = &f->entry[i];
        const struct string *t = &f->string[e->string];
        if (e->piece != piece || (!e->odd && (at & 1) != 0) || at < e->offset)
            continue;
        size_t begin = at - e->offset;
        if (t->fresh && begin > 0 && flt_finder_in_word((uint8_t)r->text.p[begin - 1]))
            continue;
        if (begin + t->len <= r->text.n && begin + t->len > r->after && flt_finder_stands(&t->form, r->text, begin))
            r->fn(r->arg, t->id, r->base + begin + t->len);
    }
}

static void look(const struct run *r, size_t at)
{
    look_for(r, at, load32(r->text.p + at) | FOLD);
}

static inline unsigned pair_at(const struct flt_finder_any *f, uint64_t word)
{
    return f->pair[hash((uint32_t)word) >> (32 - PAIR_BITS)];
}

static inline unsigned odd_at(const struct flt_finder_any *f, uint64_t word)
{
    uint32_t h = hash((uint32_t)word) >> (32 - FEW_BITS);
    return (unsigned)(f->at_odd[h >> 6] >> (h & 63));
}

/* at: even. Looks at every place of text[at..to). */
static void run_slow(const struct run *r, size_t at, size_t to)
{
    const struct flt_finder_any *f = r->f;
    for (; at < to && at + PIECE <= r->text.n; at++) {
        uint32_t piece = load32(r->text.p + at) | FOLD;
        unsigned groups = pair_at(f, piece) & 0xff;
        if (at + 2 + PIECE <= r->text.n)
            groups &= pair_at(f, load32(r->text.p + at + 2) | FOLD) >> 8;
        if (groups != 0 && ((at & 1) == 0 || (odd_at(f, piece) & 1) != 0))
            look(r, at);
    }
}

static inline unsigned three_at(const struct flt_finder_any *f, uint64_t word)
{
    uint32_t h = hash((uint32_t)word & LOW_THREE) >> (32 - FEW_BITS);
    return (unsigned)(f->at_three[h >> 6] >> (h & 63)) & 1;
}

/* Strings of three bytes, at every place. */
static void run_three(const struct run *r)
{
    const struct flt_finder_any *f = r->f;
    const uint64_t fold = (uint64_t)FOLD << 32 | FOLD;
    size_t at = 0;
    for (; at + 8 <= r->text.n; at += 6) {
        uint64_t w = load64(r->text.p + at) | fold;
        unsigned places = three_at(f, w) | three_at(f, w >> 8) << 1 | three_at(f, w >> 16) << 2;
        places |= three_at(f, w >> 24) << 3 | three_at(f, w >> 32) << 4 | three_at(f, w >> 40) << 5;
        for (; places != 0; places &= places - 1) {
            unsigned i = (unsigned)__builtin_ctz(places);
            look_for(r, at + i, (uint32_t)(w >> 8 * i) & LOW_THREE);
        }
    }
    for (; at + THREE <= r->text.n; at++)
        look_for(r, at, load24(r->text.p + at));
}

/* Longer ones. */
static void run_pieces(const struct run *r)
{
    const struct flt_finder_any *f = r->f;
    const struct flt_str text = r->text;
    const uint64_t fold = (uint64_t)FOLD << 32 | FOLD;
    size_t at = 0;
    unsigned e0 = text.n >= PIECE ? pair_at(f, load32(text.p) | FOLD) : 0;
    for (; at + 16 <= text.n; at += 8) {
        uint64_t a = load64(text.p + at) | fold, b = load64(text.p + at + 4) | fold;
        unsigned e2 = pair_at(f, a >> 16), e4 = pair_at(f, b), e6 = pair_at(f, b >> 16);
        unsigned e8 = pair_at(f, load64(text.p + at + 8) | fold);
        unsigned o1 = odd_at(f, a >> 8), o3 = odd_at(f, a >> 24), o5 = odd_at(f, b >> 8), o7 = odd_at(f, b >> 24);
        unsigned m0 = e0 & e2 >> 8, m2 = e2 & e4 >> 8, m4 = e4 & e6 >> 8, m6 = e6 & e8 >> 8;
        e0 = e8;
        if ((((m0 | m2 | m4 | m6) & 0xff) | ((o1 | o3 | o5 | o7) & 1)) == 0)
            continue;
        unsigned places = (o1 & 1) << 1 | (o3 & 1) << 3 | (o5 & 1) << 5 | (o7 & 1) << 7;
        places |= (unsigned)((m0 & 0xff) != 0) | (unsigned)((m2 & 0xff) != 0) << 2;
        places |= (unsigned)((m4 & 0xff) != 0) << 4 | (unsigned)((m6 & 0xff) != 0) << 6;
        for (; places != 0; places &= places - 1)
            look(r, at + (unsigned)__builtin_ctz(places));
    }
    run_slow(r, at, text.n);
}

void flt_finder_any_run(const struct flt_finder_any *f, struct flt_str text, size_t after, uint64_t base, flt_hit_fn fn,
                        void *arg)
{
    struct run r = {f, text, after, base, fn, arg};
    if (f->n != 0)
        run_pieces(&r);
    if (f->three)
        run_three(&r);
}
