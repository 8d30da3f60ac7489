/* decode.c: dispatch over the decoders, and the search for text in the bytes that a run decoder gives. */
#include "text/decode.h"
#include "text/utf8.h"

#define WINDOW     64u
#define CODED_MIN  24u /* bytes that another encoding is told by */
#define MIXED_MIN  32u /* well-formed bytes in a row that may mix scripts */
#define STEP_SHARE 8   /* a step of the map for every one to three bytes of text */
#define JUNK       (-6) /* what an unprintable byte costs a stretch, in printable ones: keeps stretches above 85 % text */

struct window {
    uint8_t b[WINDOW], group[WINDOW];
    uint32_t from[WINDOW], to[WINDOW]; /* of groups */
    unsigned n, groups;
    uint64_t good, keep; /* per byte: part of text; not the empty half of UTF-16 */
    bool first, last;
};
struct stretch {
    unsigned lo, hi, letters, blanks, kept;
};

void flt_decode_clean(char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        if ((uint8_t)p[i] < 0x80) {
            i++;
            continue;
        }
        unsigned len = flt_utf8_len((const unsigned char *)p + i, n - i);
        if (len == 0)
            p[i] = '?';
        i += len != 0 ? len : 1;
    }
}

static bool fill(struct flt_run *r, struct window *w, unsigned *most)
{
    struct flt_group g;
    w->n = w->groups = 0;
    w->last = true;
    while (w->n + FLT_GROUP_MAX <= WINDOW) {
        if (*most == 0 || !r->next(r, &g))
            return w->n != 0;
        (*most)--;
        w->from[w->groups] = g.from;
        w->to[w->groups] = g.to;
        memcpy(w->b + w->n, g.b, g.n);
        memset(w->group + w->n, (int)w->groups, g.n);
        w->n += g.n;
        w->groups++;
    }
    w->last = false;
    return true;
}

static bool is_letter(unsigned c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Text in UTF-16 of a Latin script: one of two bytes is NUL. Those are left away. */
static uint64_t kept_bytes(const struct window *w)
{
    unsigned nul[2] = {0, 0};
    for (unsigned i = 0; i < w->n; i++)
        nul[i & 1] += w->b[i] == 0;
    uint64_t all = w->n == WINDOW ? UINT64_MAX : (1ull << w->n) - 1, even = 0x5555555555555555u;
    unsigned half = w->n / 2;
    if (nul[0] * 5 >= half * 4 && nul[1] * 5 <= half && half > 3)
        return all & ~even;
    if (nul[1] * 5 >= half * 4 && nul[0] * 5 <= half && half > 3)
        return all & even;
    return all;
}

/* Random bytes are told at a glance: control characters and few printable ones. */
static bool hopeless(const struct window *w)
{
    unsigned ctrl = 0, print = 0;
    for (unsigned i = 0; i < w->n; i++) {
        ctrl += w->b[i] < 0x20;
        print += (uint8_t)(w->b[i] - 0x20) < 0x5f;
    }
    return ctrl > 4 && print * 9 < w->n * 4;
}

/* Marks the good bytes: printable ASCII, line ends, well-formed UTF-8 (which may be cut at either end). */
static void mark(struct window *w)
{
    w->good = 0;
    w->keep = kept_bytes(w);
    bool wide = w->keep != (w->n == WINDOW ? UINT64_MAX : (1ull << w->n) - 1);
    for (unsigned i = 0; i < w->n;) {
        unsigned c = w->b[i], len = 0;
        if (c < 0x80 || wide)
            len = (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t' || (wide && c >= 0xa0);
        else
            len = flt_utf8_len(w->b + i, w->n - i);
        if (len == 2 && c == 0xc2 && w->b[i + 1] < 0xa0)
            len = 0; /* a control character */
        else if (len == 0 && !wide && c >= 0x80) {
            bool tail = !w->first && i < 3 && c < 0xc0 && (i == 0 || (w->good >> (i - 1) & 1) != 0);
            bool head = !w->last && c >= 0xc2 && c < 0xf5 && i + (c < 0xe0 ? 2u : c < 0xf0 ? 3u : 4u) > w->n;
            for (unsigned k = i + 1; head && k < w->n; k++)
                head = (w->b[k] & 0xc0) == 0x80;
            len = head ? w->n - i : tail ? 1 : 0;
        }
        if (len != 0)
            w->good |= (len >= WINDOW ? UINT64_MAX : ((1ull << len) - 1)) << i;
        i += len != 0 ? len : 1;
    }
}

static void measure(const struct window *w, struct stretch *s)
{
    s->letters = s->blanks = s->kept = 0;
    for (unsigned i = s->lo; i < s->hi; i++) {
        if ((w->keep >> i & 1) == 0)
            continue;
        s->kept++;
        s->letters += is_letter(w->b[i]) || w->b[i] >= 0x80;
        s->blanks += w->b[i] == ' ' || w->b[i] == '\n';
    }
}

/* The stretch with the most good bytes over bad ones (Kadane). */
static struct stretch best_stretch(const struct window *w)
{
    struct stretch best = {0, 0, 0, 0, 0};
    int sum = 0, top = 0;
    unsigned lo = 0;
    for (unsigned i = 0; i < w->n; i++) {
        if ((w->keep >> i & 1) == 0)
            continue;
        sum += (w->good >> i & 1) != 0 ? 1 : JUNK;
        if (sum <= 0) {
            sum = 0;
            lo = i + 1;
        } else if (sum > top) {
            top = sum;
            best.lo = lo;
            best.hi = i + 1;
        }
    }
    measure(w, &best);
    return best;
}

/* Wholly of the alphabet of another encoding: letters and digits (base64, hex), or numbers with separators. */
static bool encoded(const struct window *w, const struct stretch *s)
{
    unsigned radix = 0, numbers = 0;
    for (unsigned i = s->lo; s->kept >= CODED_MIN && i < s->hi; i++) {
        uint8_t c = w->b[i];
        bool digit = c >= '0' && c <= '9';
        if ((w->keep >> i & 1) == 0)
            continue;
        radix += digit || is_letter(c) || (c != '\0' && strchr("+/=-_\r\n", c) != NULL);
        numbers +=
            digit || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') || (c != '\0' && strchr(" %&#;xu\\,=.-/\r\n", c) != NULL);
    }
    return s->kept >= CODED_MIN && (radix == s->kept || numbers == s->kept);
}

/* A number as people write it, and nothing else: a card or an account alone. Random bytes make none of nine and more.
 */
static bool number(const struct window *w, const struct stretch *s)
{
    unsigned digits = 0, signs = 0;
    for (unsigned i = s->lo; i < s->hi; i++) {
        uint8_t c = w->b[i];
        if ((w->keep >> i & 1) == 0)
            continue;
        digits += c >= '0' && c <= '9';
        signs += c != '\0' && strchr(" -./()+\n", c) != NULL;
    }
    return digits >= 8 && s->kept >= 9 && digits + signs == s->kept;
}

/*
 * Random bytes are well-formed now and then, but in letters of many blocks among ASCII ones. True for mostly ASCII with
 * some Latin letters or typography, and for hardly any ASCII letter with characters of two blocks at most (neighbouring
 * leads of two bytes; CJK; Hangul; others). A long stretch may mix, and invisible characters are of no block.
 */
static bool one_language(const struct window *w, const struct stretch *s)
{
    uint64_t seen = 0;
    unsigned chars = 0, ascii = 0, bad = 0;
    bool latin = true;
    for (unsigned i = s->lo; i < s->hi; i++) {
        unsigned c = w->b[i];
        ascii += is_letter(c);
        bad += (w->good >> i & 1) == 0;
        if (c < 0xc0 || (c == 0xe2 && i + 1 < s->hi && (w->b[i + 1] == 0x80 || w->b[i + 1] == 0x81)))
            continue;
        chars++;
        latin = latin && (c <= 0xc5 || c == 0xe2 || c == 0xf0);
        seen |= 1ull << (c < 0xe0   ? (c & 0x1e) / 2
                         : c < 0xe3 ? c - 0xd0
                         : c < 0xea ? 0x13
                         : c < 0xee ? 0x14
                                    : c - 0xd0);
    }
    if ((s->kept >= 24 && chars * 2 < ascii) || (s->kept >= MIXED_MIN && bad == 0))
        return true;
    return latin ? chars * 3 <= ascii : ascii * 3 <= chars && __builtin_popcountll(seen) <= 2;
}

/* Enough letters, and not a small island in other bytes. */
static bool telling(const struct flt_run *r, const struct window *w, const struct stretch *s)
{
    unsigned all = (unsigned)__builtin_popcountll(w->keep);
    if (r->hidden)
        return (s->letters >= 3 || encoded(w, s)) && s->kept * 2 >= all;
    if (encoded(w, s) || (s->kept == all && number(w, s)))
        return true;
    if (s->letters < 6)
        return false;
    if (s->kept < 24 && (s->letters + s->blanks) * 10 < s->kept * 7)
        return false;
    if ((s->letters + s->blanks) * 2 < s->kept || !one_language(w, s))
        return false;
    return s->kept * 10 >= all * 6 || s->kept >= 16;
}

/* A run in the making: the mapper begins with the first text found. */
struct making {
    const struct flt_dec *d; /* NULL: only ask whether there is text */
    struct flt_mapper m;
    size_t bound;
    bool begun, found;
};

static int put(struct making *k, const struct window *w, unsigned lo, unsigned hi)
{
    uint8_t kept[FLT_GROUP_MAX];
    k->found = k->found || lo < hi;
    if (k->d == NULL || lo >= hi)
        return FLT_OK;
    if (!k->begun) {
        int status = FLT_OK;
        size_t most = k->d->maker->budget / STEP_SHARE + 1; /* the rest is for the map */
        if (!flt_mapper_begin(&k->m, k->d->maker, k->bound < most ? k->bound : most, 0, &status))
            return status != FLT_OK ? status : FLT_E_LIMIT;
        k->begun = true;
    }
    for (unsigned i = lo; i < hi;) {
        unsigned g = w->group[i], n = 0;
        for (; i < hi && w->group[i] == g; i++)
            if ((w->keep >> i & 1) != 0)
                kept[n++] = w->b[i];
        int rc = flt_mapper_atom(&k->m, (const char *)kept, n, w->from[g], w->to[g]);
        if (rc != FLT_OK)
            return rc;
    }
    return FLT_OK;
}

/* Good bytes at the window's end, or at its begin. */
static unsigned tail_of(const struct window *w)
{
    unsigned i = w->n;
    while (i > 0 && ((w->good | ~w->keep) >> (i - 1) & 1) != 0)
        i--;
    return i;
}
static unsigned head_of(const struct window *w)
{
    unsigned i = 0;
    while (i < w->n && ((w->good | ~w->keep) >> i & 1) != 0)
        i++;
    return i;
}

static int make(struct flt_run *r, struct making *k, unsigned most)
{
    struct window w[2];
    unsigned now = 0, put_to = 0; /* put_to: how far the window before was given out */
    bool before = false;
    w[0].first = true;
    w[1].first = false;
    for (; fill(r, &w[now], &most); now ^= 1) {
        struct window *p = &w[now], *q = &w[now ^ 1]; /* q: the window before, if there was one */
        struct stretch s = {0, 0, 0, 0, 0};
        int rc = FLT_OK;
        p->keep = p->good = 0;
        if (!hopeless(p) || r->hidden) {
            mark(p);
            s = best_stretch(p);
        }
        unsigned hi = 0;
        if (s.kept != 0 && telling(r, p, &s)) {
            unsigned tail = before ? tail_of(q) : 0;
            if (before && s.lo == 0)
                rc = put(k, q, tail > put_to ? tail : put_to, q->n);
            if (rc == FLT_OK)
                rc = put(k, p, s.lo, s.hi);
            hi = s.hi;
        } else if (before && put_to == q->n && p->good != 0) {
            hi = head_of(p);
            rc = put(k, p, 0, hi);
        }
        if (rc != FLT_OK || (k->d == NULL && k->found) || p->last)
            return rc;
        before = true;
        put_to = hi;
        q->first = false;
    }
    return FLT_OK;
}

bool flt_run_worth(struct flt_run r, unsigned most)
{
    struct making k = {.d = NULL};
    return make(&r, &k, most) == FLT_OK && k.found;
}

int flt_run_make(const struct flt_dec *d, struct flt_run r, size_t bound, enum flt_view view)
{
    struct making k = {.d = d, .bound = bound};
    struct flt_derived out;
    int rc = make(&r, &k, UINT32_MAX);
    if (rc == FLT_E_LIMIT) {
        d->maker->left_out += r.end - (r.at < r.end ? r.at : r.end); /* the budget ended in the run */
        rc = FLT_OK;
    }
    if (!k.begun)
        return rc;
    flt_mapper_end(&k.m, (uint32_t)d->text.n, view, &out);
    if (rc != FLT_OK || out.text.n == 0)
        return rc;
    flt_decode_clean(k.m.text, out.text.n);
    return d->fn(d->arg, &out);
}

int flt_decode(struct flt_maker *k, struct flt_str text, uint32_t views, flt_derived_fn fn, void *arg)
{
    static const struct {
        enum flt_view view;
        int (*make)(const struct flt_dec *d);
    } family[] = {
        {FLT_VIEW_BASE64, flt_decode_base64},
        {FLT_VIEW_BASE32, flt_decode_base32},
        {FLT_VIEW_ASCII85, flt_decode_ascii85},
        {FLT_VIEW_HEX, flt_decode_hex},
        {FLT_VIEW_PERCENT, NULL},
        {FLT_VIEW_ENTITY, NULL},
        {FLT_VIEW_ESCAPE, NULL},
        {FLT_VIEW_QUOTED, NULL},
        {FLT_VIEW_BINARY, flt_decode_binary},
        {FLT_VIEW_MORSE, flt_decode_morse},
        {FLT_VIEW_TAGS, flt_decode_tags},
        {FLT_VIEW_VARIATION, flt_decode_variation},
        {FLT_VIEW_SNEAKY, flt_decode_sneaky},
    };
    struct flt_dec d = {k, text, fn, arg};
    if (text.n >= UINT32_MAX) {
        k->left_out += text.n;
        return FLT_OK;
    }
    for (size_t i = 0; i < FLT_ARRAY_LEN(family); i++) {
        if ((views >> family[i].view & 1) == 0)
            continue;
        int rc = family[i].make != NULL ? family[i].make(&d) : flt_decode_in_place(&d, family[i].view);
        if (rc != FLT_OK)
            return rc;
    }
    return FLT_OK;
}
