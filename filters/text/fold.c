/*
 * fold.c: the folded view: one form for the many ways in which Unicode writes the same text.
 *
 * - compatibility forms (NFKC): full-width, maths, circled, ligatures, superscripts; forms of more than 18 bytes stay;
 * - decimal digits of every script become ASCII digits; spaces, quotes, dashes and middots their ASCII form; line and
 *   paragraph separators a line feed;
 * - letters outside ASCII become small ones; what becomes ASCII keeps its case, for patterns decide on that;
 * - Latin and Greek letters lose marks, strokes and hooks; sharp s, ae, thorn are spelled out;
 * - general combining marks compose (Cyrillic, kana) or go; those of a script stay on letters of that kind, two in a
 *   row at most (more is decoration);
 * - default-ignorable, format and control characters go, but for white space; backspace and delete take the character
 *   before them away, within a line; ANSI escape sequences go; so do bytes that are not UTF-8.
 *
 * Joiners (ZWJ, ZWNJ) are removed in every script: the view is only matched against, and its map leads back to the
 * text as it is. A Persian word written with ZWNJ therefore reads as one word: a pattern that wants it makes the space
 * optional. Where joiners are legitimate matters only to rules about invisible characters, which look at the raw text.
 *
 * Typography that no pattern depends on is changed only where something else is near (flt_gap_reach).
 *
 * A step depends on what was written before it, not on what was read, so folding a folded text changes nothing. Long
 * stretches that stay as they are, are left away but for their ends (fold_gap.h).
 */
#include "text/fold_gap.h"
#include "text/utf8.h"

#include "text/fold_table.inc"

enum { SAME, DROP, MARK_ANY, MARK_OWN, JAMO, FIRST_OFFSET = 16 }; /* as in tables/gen_fold.c */
#define MARKS_KEPT 2u

struct fold {
    struct flt_mapper m;
    const unsigned char *p;
    uint32_t n;
    uint32_t run; /* bytes from here to the place of work are still to be copied */
    bool changed;
    bool whole; /* nothing is left away: deletions may reach back any number of bytes */
    /* the changes that the view is made for */
    size_t last, behind; /* end of the newest, and its reach */
    size_t next, ahead;  /* the next one known, and its reach */
};

static bool plain_byte(unsigned char c)
{
    return (unsigned char)(c - 0x20) < 0x5F || (unsigned char)(c - 9) < 5;
}

/* Sixteen bytes at once, by the compilers' vector extension (SSE2 or NEON behind it). */
typedef unsigned char bytes16 __attribute__((vector_size(16)));

static bytes16 load16(const unsigned char *p)
{
    bytes16 v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static bool any16(bytes16 v)
{
    uint64_t half[2];
    memcpy(half, &v, sizeof(v));
    return (half[0] | half[1]) != 0;
}

/* Length of the run of printable ASCII and white space at p. */
static uint32_t plain_run(const unsigned char *p, uint32_t n)
{
    uint32_t i = 0;
    for (; n - i >= 16; i += 16) {
        bytes16 v = load16(p + i);
        if (any16((bytes16)((v - 0x20) >= 0x5F) & (bytes16)((v - 9) >= 5)))
            break;
    }
    while (i < n && plain_byte(p[i]))
        i++;
    return i;
}

/* The page of 64 code points that the sequence of len bytes (2 to 4, well-formed) at p is in. */
static inline unsigned page_at(const unsigned char *p, unsigned len)
{
    if (len == 2)
        return p[0] & 0x1Fu;
    if (len == 3)
        return (p[0] & 0x0Fu) << 6 | (p[1] & 0x3Fu);
    return (p[0] & 0x07u) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
}

/* What the fold does with the sequence of len bytes (2 to 4, well-formed) at p: a kind or an offset in fold_pool. */
static inline unsigned entry_at(const unsigned char *p, unsigned len)
{
    unsigned page = page_at(p, len), low = p[len - 1] & 0x3Fu;
    if (page < FLT_ARRAY_LEN(fold_page))
        return fold_entry[fold_page[page] * 64u + low];
    return page >= 0xE0000 / 64 && page < 0xE1000 / 64 ? DROP : SAME; /* tags, variation selectors, unassigned */
}

static uint32_t code_at(const char *p, size_t n)
{
    size_t at = 0;
    uint32_t cp = 0;
    if (n != 0)
        (void)flt_utf8_next((struct flt_str){p, n}, &at, &cp);
    return cp;
}

/* True for the lead bytes of code points that may fold to more bytes than they have. */
static bool may_grow(unsigned char c)
{
    return c == 0xC2 || c == 0xE0 || c == 0xE2 || c == 0xE3 || c >= 0xEF;
}

/* Length of the run at p of bytes that cannot begin a code point that grows. */
static uint32_t steady_run(const unsigned char *p, uint32_t n)
{
    uint32_t i = 0;
    for (; n - i >= 16; i += 16) {
        bytes16 v = load16(p + i);
        if (any16((bytes16)(v == 0xC2) | ((bytes16)((v - 0xE0) < 4) & (bytes16)(v != 0xE1)) | (bytes16)(v >= 0xEF)))
            break;
    }
    while (i < n && !may_grow(p[i]))
        i++;
    return i;
}

/* Most bytes the fold of the text has: its own and what its longer forms add. */
static size_t bound(const unsigned char *p, uint32_t n)
{
    size_t most = n;
    for (uint32_t i = steady_run(p, n); i < n;) {
        unsigned len = flt_utf8_len(p + i, n - i);
        unsigned page = len > 1 ? page_at(p + i, len) : 0;
        if (page / 8 < FLT_ARRAY_LEN(fold_grows) && (fold_grows[page / 8] >> page % 8 & 1) != 0) {
            unsigned e = entry_at(p + i, len);
            if (e >= FIRST_OFFSET && fold_pool[e] > len)
                most += fold_pool[e] - len;
        }
        i += len != 0 ? len : 1;
        if (i < n && !may_grow(p[i]))
            i += steady_run(p + i, n - i);
    }
    return most;
}

/* Length of the mark that begins at p, 0 for anything else. */
static unsigned mark_at(const unsigned char *p, uint32_t n)
{
    unsigned len = flt_utf8_len(p, n), e = len > 1 ? entry_at(p, len) : SAME;
    return e == MARK_ANY || e == MARK_OWN ? len : 0;
}

/* True for letters that are told apart without their marks: Latin, Greek, and everything that is no letter. */
static bool strips_marks(uint32_t c)
{
    return c < 0x400 || (c >= 0x1D00 && c <= 0x1DBF) || (c >= 0x1E00 && c <= 0x2BFF) || (c >= 0x2C60 && c <= 0x2C7F) ||
           (c >= 0xA720 && c <= 0xA7FF) || (c >= 0xAB30 && c <= 0xAB6F) || c >= 0x1D400;
}

static int flush(struct fold *f, uint32_t upto)
{
    uint32_t from = f->run;
    f->run = upto;
    if (upto <= from)
        return FLT_OK;
    const struct flt_str text = {(const char *)f->p, f->n};
    unsigned mark;
    struct flt_gap gap = {upto, upto};
    if (!f->whole)
        gap = flt_gap_find(text, from, upto, f->behind, f->ahead);
    while (gap.from < gap.to && (mark = mark_at(f->p + gap.to, upto - (uint32_t)gap.to)) != 0)
        gap.to += mark; /* none shall come to stand on another letter */
    return flt_gap_copy(&f->m, text, from, upto, gap);
}

/* Start of the code point that ends at offset `end` of what is written. */
static uint32_t before(const struct fold *f, uint32_t end)
{
    uint32_t i = end;
    while (i > 0 && end - i < 4 && (f->m.text[--i] & 0xC0) == 0x80) {
    }
    return i;
}

static bool is_mark(const char *p, uint32_t n)
{
    if (n < 2)
        return false;
    unsigned e = entry_at((const unsigned char *)p, n);
    return e == MARK_ANY || e == MARK_OWN;
}

/* The composition of two code points, 0 when there is none. */
static uint32_t compose(uint32_t a, uint32_t b)
{
    if (b >= 0x1161 && b <= 0x1175)
        return a >= 0x1100 && a <= 0x1112 ? 0xAC00 + ((a - 0x1100) * 21 + (b - 0x1161)) * 28 : 0;
    if (b >= 0x11A8 && b <= 0x11C2)
        return a >= 0xAC00 && a <= 0xD7A3 && (a - 0xAC00) % 28 == 0 ? a + (b - 0x11A7) : 0;
    size_t lo = 0, hi = FLT_ARRAY_LEN(fold_pair);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const uint32_t *pair = fold_pair[mid];
        if (pair[0] == a && pair[1] == b)
            return pair[2];
        if (pair[0] < a || (pair[0] == a && pair[1] < b))
            lo = mid + 1;
        else
            hi = mid;
    }
    return 0;
}

/* Marks at the end of what is written, counted up to the number that is kept. */
static unsigned marks_written(const struct fold *f)
{
    unsigned count = 0;
    for (uint32_t end = f->m.n, at; count < MARKS_KEPT && end != 0; end = at, count++) {
        at = before(f, end);
        if (!is_mark(f->m.text + at, end - at))
            break;
    }
    return count;
}

/* Puts cp in the place of the last code point written, which begins at `at`; its source now ends at `to`. */
static int replace_last(struct fold *f, uint32_t at, uint32_t cp, uint32_t to)
{
    const struct flt_offstep *last = &f->m.step[f->m.n_step - 1];
    uint32_t first = f->m.atom ? last->to : at;
    uint32_t begin = f->m.atom ? last->from : f->m.next - (f->m.n - at);
    char bytes[64]; /* an atom of this file is at most one entry of the table */
    if (at - first > sizeof(bytes) - 4)
        return FLT_E_LIMIT;
    memcpy(bytes, f->m.text + first, at - first);
    unsigned len = flt_utf8_encode(cp, bytes + (at - first));
    (void)flt_mapper_pop(&f->m);
    return flt_mapper_atom(&f->m, bytes, at - first + len, begin, to);
}

/* A mark, or a vowel or final jamo, read from [from, to). Everything before it is written. */
static int add_mark(struct fold *f, uint32_t cp, uint32_t from, uint32_t to)
{
    uint32_t at = before(f, f->m.n);
    uint32_t base = code_at(f->m.text + at, f->m.n - at);
    uint32_t both = f->m.n != 0 ? compose(base, cp) : 0;
    if (both != 0) {
        f->changed = true;
        return replace_last(f, at, both, to);
    }
    char bytes[4];
    unsigned len = flt_utf8_encode(cp, bytes), kind = entry_at((const unsigned char *)bytes, len);
    bool kept =
        kind == JAMO || (kind == MARK_OWN && f->m.n != 0 && !strips_marks(base) && marks_written(f) < MARKS_KEPT);
    if (!kept) {
        f->changed = true;
        return FLT_OK;
    }
    return to - from == len ? flt_mapper_same(&f->m, bytes, len, from) : flt_mapper_atom(&f->m, bytes, len, from, to);
}

/* The text of a table entry. One code point of the length it had goes on as it stood: the map then needs no step. */
static int add_entry(struct fold *f, unsigned e, uint32_t from, uint32_t to)
{
    const char *text = (const char *)fold_pool + e + 1;
    uint32_t len = fold_pool[e];
    f->changed = true;
    unsigned own = flt_utf8_len((const unsigned char *)text, len);
    if (own == len && own > 1) {
        unsigned kind = entry_at((const unsigned char *)text, len);
        if (kind == MARK_OWN || kind == MARK_ANY || kind == JAMO)
            return add_mark(f, code_at(text, len), from, to);
        if (len == to - from)
            return flt_mapper_same(&f->m, text, len, from);
    }
    return flt_mapper_atom(&f->m, text, len, from, to);
}

/* What a backspace takes away: the last character with its marks, but no line feed. */
static void erase(struct fold *f)
{
    f->changed = true;
    for (bool more = true; more && f->m.n != 0 && f->m.text[f->m.n - 1] != '\n';) {
        uint32_t at = before(f, f->m.n);
        more = !f->m.atom && is_mark(f->m.text + at, f->m.n - at);
        (void)flt_mapper_pop(&f->m);
    }
}

#define CSI_MOST 64u
#define OSC_MOST 256u

/* Parameters, intermediates and the final byte of a control sequence (ECMA-48, 5.4) at p; 0 when there is none. */
static uint32_t csi_tail(const unsigned char *p, uint32_t n)
{
    uint32_t i = 0;
    while (i < n && i < CSI_MOST && p[i] >= 0x20 && p[i] < 0x40)
        i++;
    return i < n && i < CSI_MOST && p[i] >= 0x40 && p[i] < 0x7F ? i + 1 : 0;
}

/*
 * Length of the escape sequence at p[0] == ESC, 1 when it is none. An operating system command (title, link target) is
 * one only when it is short and has no space: words to be read shall not disappear from the view within one.
 */
static uint32_t escape_len(const unsigned char *p, uint32_t n)
{
    if (n < 2)
        return 1;
    if (p[1] == '[') {
        uint32_t tail = csi_tail(p + 2, n - 2);
        return tail != 0 ? 2 + tail : 1;
    }
    if (p[1] == ']') {
        uint32_t i = 2;
        while (i < n && i < OSC_MOST && p[i] > 0x20 && p[i] < 0x7F)
            i++;
        if (i < n && p[i] == 0x07)
            return i + 1;
        return i + 1 < n && p[i] == 0x1B && p[i + 1] == '\\' ? i + 2 : 1;
    }
    if (p[1] >= '(' && p[1] <= '+' && n > 2 && ((p[2] >= '0' && p[2] <= '9') || p[2] == 'A' || p[2] == 'B'))
        return 3;
    return p[1] == '7' || p[1] == '8' || p[1] == '=' || p[1] == '>' || p[1] == '\\' ? 2 : 1;
}

/* Handles the control character at offset i; returns the offset behind what it takes. */
static uint32_t control(struct fold *f, uint32_t i)
{
    f->changed = true;
    if (f->p[i] == 0x08 || f->p[i] == 0x7F)
        erase(f);
    return i + (f->p[i] == 0x1B ? escape_len(f->p + i, f->n - i) : 1);
}

/*
 * The common case in one go: what is still to be copied up to offset i, and an ASCII text for [i, to). False (and
 * nothing done) where a general step is needed.
 */
static bool quick(struct fold *f, uint32_t i, uint32_t to, const unsigned char *text, uint32_t len)
{
    struct flt_mapper *m = &f->m;
    uint32_t from = f->run, n = i - from;
    if (n > FLT_GAP_SOFT || m->cap_step - m->n_step < 2 || m->cap - m->n < n + len || (m->atom && from != m->next))
        return false;
    if (n != 0) {
        if (m->atom || from != m->next)
            m->step[m->n_step++] = (struct flt_offstep){.to = m->n, .from = from};
        memcpy(m->text + m->n, f->p + from, n);
        m->n += n;
    }
    m->step[m->n_step++] = (struct flt_offstep){.to = m->n, .from = i, .atom = true};
    for (uint32_t k = 0; k < len; k++)
        m->text[m->n + k] = (char)text[k];
    m->n += len;
    m->next = to;
    m->atom = true;
    f->run = to;
    f->changed = true;
    return true;
}

/* Handles what begins at offset i and is not copied as it is; *next is the offset behind it. */
static int special(struct fold *f, uint32_t i, unsigned len, unsigned e, uint32_t *next)
{
    *next = i + (len != 0 ? len : 1);
    if (e >= FIRST_OFFSET && fold_pool[e + 1] < 0x80 && fold_pool[e] != 0 &&
        quick(f, i, *next, fold_pool + e + 1, fold_pool[e]))
        return FLT_OK;
    int rc = flush(f, i);
    if (rc != FLT_OK)
        return rc;
    if (f->p[i] < 0x80) {
        *next = control(f, i);
    } else if (e >= FIRST_OFFSET) {
        rc = add_entry(f, e, i, *next);
    } else if (e == DROP) {
        f->changed = true;
        if (f->p[i] == 0xC2 && len == 2 && f->p[i + 1] == 0x9B)
            *next += csi_tail(f->p + *next, f->n - *next);
    } else {
        uint32_t cp = code_at((const char *)f->p + i, len);
        if (cp == 0xFF9E || cp == 0xFF9F)
            cp = cp - 0xFF9E + 0x3099; /* half-width voicing marks */
        rc = add_mark(f, cp, i, *next);
    }
    f->run = *next;
    return rc;
}

/*
 * True when the script's own mark at offset i stays as it is, as add_mark has it; asked only of marks behind text that
 * is still to be copied, else false.
 */
static bool stays(const struct fold *f, uint32_t i, unsigned len)
{
    uint32_t at = i;
    while (at > f->run && i - at < 4 && (f->p[--at] & 0xC0) == 0x80) {
    }
    uint32_t base = code_at((const char *)f->p + at, i - at);
    if (at == f->run || strips_marks(base) || compose(base, code_at((const char *)f->p + i, len)) != 0)
        return false;
    if (mark_at(f->p + at, i - at) == 0)
        return true;
    uint32_t end = at;
    while (at > f->run && end - at < 4 && (f->p[--at] & 0xC0) == 0x80) {
    }
    return at > f->run && mark_at(f->p + at, end - at) == 0;
}

/* Offset of the next byte at or behind i that is not copied as it is (n: none), with its length and entry. */
static uint32_t next_special(const struct fold *f, uint32_t i, unsigned *len, unsigned *e)
{
    const unsigned char *p = f->p;
    const uint32_t n = f->n;
    while (i < n) {
        unsigned char c = p[i];
        if (c >= 0xC2 && c < 0xE0 && n - i >= 2 && (p[i + 1] & 0xC0) == 0x80) { /* the common case, in line */
            unsigned entry = fold_entry[fold_page[c & 0x1Fu] * 64u + (p[i + 1] & 0x3Fu)];
            if (entry == SAME || (entry == MARK_OWN && stays(f, i, 2))) {
                i += 2;
                continue;
            }
            *len = 2;
            *e = entry;
            return i;
        }
        if (c < 0x80) {
            if (!plain_byte(c)) {
                *len = 1;
                *e = DROP;
                return i;
            }
            i++;
            if (i < n && p[i] < 0x80)
                i += plain_run(p + i, n - i);
            continue;
        }
        *len = flt_utf8_len(p + i, n - i);
        *e = *len != 0 ? entry_at(p + i, *len) : DROP;
        if (*e != SAME && (*e != MARK_OWN || !stays(f, i, *len)))
            return i;
        i += *len;
    }
    return i;
}

/* Finds the first change at or behind the one at i that the view is made for; f->next = n without one. */
static void seek(struct fold *f, uint32_t i, unsigned len, unsigned e)
{
    const struct flt_str text = {(const char *)f->p, f->n};
    while (i < f->n && (f->ahead = f->whole ? FLT_GAP_NEAR : flt_gap_reach(text, i, len)) == 0)
        i = next_special(f, i + len, &len, &e);
    f->next = i;
}

/* True when the change at i is not made: it is worth nothing, and no other is near. */
static bool passed_over(struct fold *f, uint32_t i, unsigned len, unsigned e)
{
    if (f->next < i)
        seek(f, i, len, e);
    return f->next > i && (f->last == 0 || i >= f->last + f->behind) && (f->next == f->n || f->next >= i + f->ahead);
}

/* Handles what begins at offset i, one of those that next_special gives; *next is the offset behind it. */
static int change(struct fold *f, uint32_t i, unsigned len, unsigned e, uint32_t *next)
{
    if (passed_over(f, i, len, e)) {
        *next = i + len;
        return FLT_OK;
    }
    bool own = f->next <= i;
    int rc = special(f, i, len, e, next);
    if (own) {
        f->last = *next;
        f->behind = f->ahead;
    }
    return rc;
}

int flt_fold(struct flt_maker *k, struct flt_str text, struct flt_derived *out)
{
    *out = (struct flt_derived){.view = FLT_VIEW_FOLDED};
    if (text.n >= UINT32_MAX) {
        k->left_out += text.n;
        return FLT_OK;
    }
    struct fold f = {.p = (const unsigned char *)text.p, .n = (uint32_t)text.n};
    unsigned len = 0, e = 0;
    uint32_t i = plain_run(f.p, f.n);
    if (i < f.n)
        i = next_special(&f, i, &len, &e);
    f.whole = text.n != 0 && (memchr(text.p, 0x08, text.n) != NULL || memchr(text.p, 0x7F, text.n) != NULL);
    seek(&f, i, len, e);
    int rc;
    if (f.next == f.n || !flt_mapper_begin(&f.m, k, bound(f.p, f.n), text.n, &rc))
        return f.next == f.n ? FLT_OK : rc;
    do {
        rc = change(&f, i, len, e, &i);
        if (rc == FLT_OK)
            i = next_special(&f, i, &len, &e);
    } while (rc == FLT_OK && i < f.n);
    if (rc == FLT_OK)
        rc = flush(&f, f.n);
    if (rc != FLT_OK || !f.changed)
        return flt_mapper_fail(&f.m, rc, text.n, out);
    flt_mapper_end(&f.m, f.n, FLT_VIEW_FOLDED, out);
    return FLT_OK;
}
