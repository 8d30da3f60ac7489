/*
 * json_text.c: string tokens as text, with the map back to the bytes they were written in. Everything here works on
 * strings the scanner accepted, so escapes are known to be whole.
 */
#include "flt/json.h"
#include "text/utf8.h"
#include "wire/json_int.h"

static uint32_t hex4(const char *p)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t c = (unsigned char)p[i];
        v = v << 4 | (c <= '9' ? c & 0xFu : (c & 0xFu) + 9); /* letters of both cases end in 1..6 */
    }
    return v;
}

static char simple_escape(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c; /* quote, backslash, slash */
    }
}

void flt_json_unescape_one(const char *p, size_t n, char out[4], unsigned *source, unsigned *text)
{
    if (p[1] != 'u') {
        out[0] = simple_escape(p[1]);
        *source = 2;
        *text = 1;
        return;
    }
    uint32_t cp = hex4(p + 2);
    *source = 6;
    if (cp >= 0xD800 && cp <= 0xDBFF && n >= 12 && p[6] == '\\' && p[7] == 'u') {
        uint32_t low = hex4(p + 8);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
            *source = 12;
        }
    }
    *text = flt_utf8_encode(cp, out);
}

static const char *next_escape(const char *p, const char *end)
{
    const char *back = p < end ? memchr(p, '\\', (size_t)(end - p)) : NULL;
    return back != NULL ? back : end;
}

size_t flt_json_unescape(struct flt_str raw, char *out)
{
    const char *p = raw.p, *end = raw.p + raw.n;
    char *o = out;
    while (p < end) {
        const char *back = next_escape(p, end);
        memcpy(o, p, (size_t)(back - p));
        o += back - p;
        p = back;
        if (p < end) {
            char bytes[4];
            unsigned source, text;
            flt_json_unescape_one(p, (size_t)(end - p), bytes, &source, &text);
            memcpy(o, bytes, text);
            o += text;
            p += source;
        }
    }
    return (size_t)(o - out);
}

/* Removes prefix from *s when s begins with it. */
static bool take(struct flt_str *s, const char *prefix, size_t n)
{
    if (s->n < n || (n != 0 && memcmp(s->p, prefix, n) != 0))
        return false;
    if (n != 0)
        *s = (struct flt_str){s->p + n, s->n - n};
    return true;
}

bool flt_json_str_is(const struct flt_json *j, uint32_t i, struct flt_str s)
{
    if (i >= j->n || j->tok[i].type != FLT_JSON_STRING)
        return false;
    struct flt_str raw = flt_json_raw(j, i);
    if (!j->tok[i].escaped)
        return flt_str_eq(raw, s);
    const char *p = raw.p, *end = raw.p + raw.n;
    while (p < end) {
        const char *back = next_escape(p, end);
        if (!take(&s, p, (size_t)(back - p)))
            return false;
        p = back;
        if (p < end) {
            char bytes[4];
            unsigned source, text;
            flt_json_unescape_one(p, (size_t)(end - p), bytes, &source, &text);
            if (!take(&s, bytes, text))
                return false;
            p += source;
        }
    }
    return s.n == 0;
}

uint32_t flt_json_get(const struct flt_json *j, uint32_t obj, struct flt_str name)
{
    if (obj >= j->n || j->tok[obj].type != FLT_JSON_OBJECT)
        return 0;
    uint32_t n = j->tok[obj].count;
    for (uint32_t k = 0, i = obj + 1; k < n; k++, i = j->tok[i + 1].next) {
        if (flt_json_str_is(j, i, name))
            return i + 1;
    }
    return 0;
}

/* ---- maps -------------------------------------------------------------------------------------------------------- */

/* The last step with to <= t; m->n > 0 and v[0].to is 0. */
static const struct flt_offstep *step_at(const struct flt_offmap *m, uint32_t t)
{
    uint32_t lo = 0, hi = m->n;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (m->v[mid].to <= t)
            lo = mid;
        else
            hi = mid;
    }
    return &m->v[lo];
}

uint32_t flt_offmap_begin(const struct flt_offmap *m, uint32_t t)
{
    if (t >= m->to_end)
        return m->from_end;
    if (m->n == 0)
        return m->base + t;
    const struct flt_offstep *s = step_at(m, t);
    return s->atom ? s->from : s->from + (t - s->to);
}

uint32_t flt_offmap_end(const struct flt_offmap *m, uint32_t t)
{
    if (t > m->to_end)
        t = m->to_end;
    if (m->n == 0)
        return m->base + t;
    if (t == 0)
        return m->v[0].from;
    const struct flt_offstep *s = step_at(m, t - 1); /* the step of the last byte before t */
    if (!s->atom)
        return s->from + (t - s->to);
    return s + 1 < m->v + m->n ? s[1].from : m->from_end;
}

static uint32_t count_escapes(struct flt_str raw)
{
    uint32_t n = 0;
    for (const char *p = raw.p, *end = raw.p + raw.n; (p = next_escape(p, end)) < end; p += 2)
        n++; /* the byte after a backslash is never the start of another escape */
    return n;
}

/* Steps: an identity step begins each run of plain bytes, an atom step each escape. */
static uint32_t decode_mapped(struct flt_str raw, uint32_t off, char *out, struct flt_offstep *v, uint32_t *steps)
{
    const char *p = raw.p, *end = raw.p + raw.n;
    char *o = out;
    uint32_t n = 0;
    while (p < end) {
        const char *back = next_escape(p, end);
        if (back > p) {
            v[n++] = (struct flt_offstep){(uint32_t)(o - out), off + (uint32_t)(p - raw.p), false};
            memcpy(o, p, (size_t)(back - p));
            o += back - p;
            p = back;
        }
        if (p < end) {
            char bytes[4];
            unsigned source, text;
            flt_json_unescape_one(p, (size_t)(end - p), bytes, &source, &text);
            v[n++] = (struct flt_offstep){(uint32_t)(o - out), off + (uint32_t)(p - raw.p), true};
            memcpy(o, bytes, text);
            o += text;
            p += source;
        }
    }
    *steps = n;
    return (uint32_t)(o - out);
}

int flt_json_text(const struct flt_json *j, uint32_t i, struct flt_arena *arena, struct flt_str *text,
                  struct flt_offmap *map)
{
    struct flt_str raw = flt_json_raw(j, i);
    uint32_t off = j->tok[i].off, len = j->tok[i].len;
    *text = raw;
    *map = (struct flt_offmap){.base = off, .to_end = len, .from_end = off + len};
    if (!j->tok[i].escaped)
        return FLT_OK;
    size_t most = (size_t)count_escapes(raw) * 2 + 1;
    char *out = flt_arena_alloc(arena, raw.n);
    struct flt_offstep *v = flt_arena_alloc(arena, most * sizeof(*v));
    if (out == NULL || v == NULL)
        return FLT_E_NOMEM;
    map->v = v;
    map->to_end = decode_mapped(raw, off, out, v, &map->n);
    *text = (struct flt_str){out, map->to_end};
    return FLT_OK;
}
