/*
 * fuzz_decode.c: the probe, the decoders, the ciphers and joined strings over any bytes; the probe against all makers.
 *
 * Input: a byte that chooses the budget, then the text. Held: maps go forward inside the source, texts are UTF-8, the
 * budget is kept, and the probe named every view that a maker found. The text, made printable, is then written in each
 * radix and hidden alphabet: its decoder finds it.
 */
#include "text/cipher.h"
#include "text/utf8.h"
#include "text/view.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 4000u

struct check {
    struct flt_str source, want;
    enum flt_view view;
    uint32_t found; /* views */
    size_t made;
    bool seen;
};

static void require(bool ok, const char *what, unsigned view)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_decode: %s (view %u)\n", what, view);
    abort();
}

static int see(void *arg, const struct flt_derived *d)
{
    struct check *c = arg;
    size_t where;
    require(flt_utf8_valid(d->text, &where), "not UTF-8", d->view);
    require(d->text.n != 0 && d->map.to_end == d->text.n && d->map.from_end <= c->source.n, "ends", d->view);
    uint32_t begin = 0, end = 0;
    for (uint32_t i = 0; i <= d->text.n; i++) {
        uint32_t a = flt_offmap_begin(&d->map, i), b = flt_offmap_end(&d->map, i);
        require(a >= begin && b >= end && a <= c->source.n && b <= c->source.n, "the map goes back", d->view);
        begin = a;
        end = b;
    }
    c->found |= 1u << d->view;
    c->made += d->text.n;
    if (d->view == c->view && c->want.n != 0 && memmem(d->text.p, d->text.n, c->want.p, c->want.n) != NULL)
        c->seen = true;
    return FLT_OK;
}

/* The makers of other readings of the same letters: what they find, the probe must have named. */
static void letters(struct flt_maker *k, struct check *c)
{
    static int (*const makers[])(struct flt_maker *, struct flt_str, struct flt_derived *) = {flt_fold, flt_skeleton,
                                                                                              flt_leet, flt_squash};
    size_t where;
    for (size_t i = 0; flt_utf8_valid(c->source, &where) && i < FLT_ARRAY_LEN(makers); i++) {
        struct flt_derived d = {.text = {NULL, 0}};
        int rc = makers[i](k, c->source, &d);
        require(rc == FLT_OK, "a maker failed", (unsigned)i);
        if (d.text.n != 0 && !flt_str_eq(d.text, c->source))
            (void)see(c, &d);
    }
}

static void look(struct flt_arena *a, struct check *c, size_t budget)
{
    struct flt_maker k = {.arena = a, .budget = budget};
    struct flt_derived joined;
    struct flt_probe p;
    flt_probe_text(c->source, UINT32_MAX, &p);
    int rc = flt_decode(&k, c->source, UINT32_MAX, see, c);
    require(rc == FLT_OK, "flt_decode failed", 0);
    rc = flt_decipher(&k, c->source, see, c);
    require(rc == FLT_OK, "flt_decipher failed", 0);
    rc = flt_join(&k, c->source, &joined);
    require(rc == FLT_OK, "flt_join failed", 0);
    if (joined.text.n != 0)
        (void)see(c, &joined);
    letters(&k, c);
    require(k.budget <= budget && c->made <= budget - k.budget, "the budget was passed", 0);
    uint32_t missed = c->found & ~p.views;
    require(missed == 0, "the probe missed a view", missed != 0 ? (unsigned)__builtin_ctz(missed) : 0);
    flt_arena_reset(a);
}

/* ---- encoders --------------------------------------------------------------------------------------------------- */

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* digits of `bits` bits each. */
static size_t radix(struct flt_str s, const char *digits, unsigned bits, char *out)
{
    size_t n = 0;
    uint32_t acc = 0;
    unsigned have = 0;
    for (size_t i = 0; i < s.n; i++) {
        acc = acc << 8 | (uint8_t)s.p[i];
        for (have += 8; have >= bits; have -= bits)
            out[n++] = digits[acc >> (have - bits) & ((1u << bits) - 1)];
    }
    if (have != 0)
        out[n++] = digits[acc << (bits - have) & ((1u << bits) - 1)];
    return n;
}

static size_t encode(struct flt_str s, enum flt_view view, char *out)
{
    size_t n = 0;
    if (view == FLT_VIEW_BASE64 || view == FLT_VIEW_BASE32 || view == FLT_VIEW_BINARY)
        return view == FLT_VIEW_BASE64   ? radix(s, b64, 6, out)
               : view == FLT_VIEW_BASE32 ? radix(s, b32, 5, out)
                                         : radix(s, "01", 1, out);
    if (view == FLT_VIEW_ASCII85) {
        memcpy(out, "<~", 2);
        n = 2;
        for (size_t i = 0; i < s.n; i += 4) {
            uint32_t v = 0, m = s.n - i < 4 ? (uint32_t)(s.n - i) : 4, powers[] = {52200625, 614125, 7225, 85, 1};
            for (uint32_t k = 0; k < 4; k++)
                v = v << 8 | (k < m ? (uint8_t)s.p[i + k] : 0u);
            for (uint32_t k = 0; k <= m; k++)
                out[n++] = (char)('!' + v / powers[k] % 85);
        }
        memcpy(out + n, "~>", 2);
        return n + 2;
    }
    for (size_t i = 0; i < s.n; i++) {
        uint32_t c = (uint8_t)s.p[i];
        if (view == FLT_VIEW_TAGS)
            n += flt_utf8_encode(0xE0000 + c, out + n);
        else if (view == FLT_VIEW_VARIATION)
            n += flt_utf8_encode(c < 16 ? 0xFE00 + c : 0xE0100 + c - 16, out + n);
        else
            n += (size_t)snprintf(out + n, 8,
                                  view == FLT_VIEW_PERCENT  ? "%%%02X"
                                  : view == FLT_VIEW_ENTITY ? "&#%u;"
                                  : view == FLT_VIEW_ESCAPE ? "\\u%04x"
                                  : view == FLT_VIEW_QUOTED ? "=%02X"
                                                            : "%02x",
                                  c);
    }
    return n;
}

static void encoded(struct flt_arena *a, struct flt_str text)
{
    static const enum flt_view views[] = {FLT_VIEW_BASE64,  FLT_VIEW_BASE32, FLT_VIEW_ASCII85,  FLT_VIEW_HEX,
                                          FLT_VIEW_PERCENT, FLT_VIEW_ENTITY, FLT_VIEW_ESCAPE,   FLT_VIEW_QUOTED,
                                          FLT_VIEW_BINARY,  FLT_VIEW_TAGS,   FLT_VIEW_VARIATION};
    static char out[8 * TEXT_MAX + 16];
    for (size_t i = 0; i < FLT_ARRAY_LEN(views); i++) {
        struct check c = {.want = text, .view = views[i]};
        c.source = (struct flt_str){out, encode(text, views[i], out)};
        look(a, &c, 1u << 22);
        require(c.seen, "what was encoded is not found", views[i]);
    }
}

/* Printable, with enough letters in every part of it: every third byte that is none becomes one. */
static size_t printable(const uint8_t *p, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)(' ' + p[i] % 95);
        bool letter = (out[i] | 0x20) >= 'a' && (out[i] | 0x20) <= 'z';
        if (!letter && i % 4 != 0)
            out[i] = (char)('a' + p[i] % 26);
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[TEXT_MAX];
    if (size < 1 || size > TEXT_MAX)
        return 0;
    struct flt_arena *a = flt_arena_new(1u << 26);
    struct check c = {.source = {(const char *)data + 1, size - 1}};
    if (a == NULL)
        return 0;
    look(a, &c, data[0] < 128 ? 1u << 22 : (size_t)(data[0] - 128) * 16);
    size_t n = printable(data + 1, size - 1, text);
    if (n >= 40 && n <= 400) /* shorter ones need not be enough text, or have the digits that tell */
        encoded(a, (struct flt_str){text, n});
    flt_arena_free(a);
    return 0;
}
