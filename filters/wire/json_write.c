/*
 * json_write.c: JSON out. Strings are escaped more than RFC 8259 asks for: some clients of streamed answers split lines
 * at U+0085, U+2028 and U+2029.
 */
#include "flt/json.h"
#include "text/utf8.h"

#include <math.h>
#include <stdio.h>

#define DEPTH_MAX 63u /* one bit of comma a level */

/* ---- escaping ---------------------------------------------------------------------------------------------------- */

#if defined(__SSE2__)
#include <emmintrin.h>

/* Skips blocks of 16 bytes that can be copied as they are. */
static size_t skim(const char *p, size_t n)
{
    const __m128i quote = _mm_set1_epi8('"'), back = _mm_set1_epi8('\\'), ctl = _mm_set1_epi8(0x1F);
    const __m128i del = _mm_set1_epi8(0x7F);
    size_t i = 0;
    for (; n - i >= 16; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, back));
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(_mm_min_epu8(v, ctl), v));
        odd = _mm_or_si128(odd, _mm_or_si128(_mm_cmpeq_epi8(v, del), v));
        int mask = _mm_movemask_epi8(odd);
        if (mask != 0)
            return i + (size_t)__builtin_ctz((unsigned)mask);
    }
    return i;
}
#else
static size_t skim(const char *p, size_t n)
{
    (void)p;
    (void)n;
    return 0;
}
#endif

static bool plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* Code points from U+0080 on that are written as escapes. */
static bool splits_lines(uint32_t cp)
{
    return cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

/* End of the run of bytes from i on that can be copied as they are. */
static size_t plain_run(struct flt_str s, size_t i)
{
    i += skim(s.p + i, s.n - i);
    while (i < s.n) {
        if (plain((unsigned char)s.p[i])) {
            i++;
            continue;
        }
        if ((unsigned char)s.p[i] < 0x80)
            return i;
        size_t next = i;
        uint32_t cp;
        if (!flt_utf8_next(s, &next, &cp) || splits_lines(cp))
            return i;
        i = next;
    }
    return i;
}

/* Writes the form of the code point at *i that plain_run stopped at. */
static int escape_one(struct flt_buf *out, struct flt_str s, size_t *i)
{
    static const char name[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    uint32_t cp;
    if (!flt_utf8_next(s, i, &cp))
        return flt_buf_add(out, "\xEF\xBF\xBD", 3); /* U+FFFD */
    const char *hit = cp != 0 && cp < 0x80 ? strchr(name, (int)cp) : NULL;
    char e[8];
    if (hit != NULL) {
        e[0] = '\\';
        e[1] = letter[hit - name];
        return flt_buf_add(out, e, 2);
    }
    int n = snprintf(e, sizeof(e), "\\u%04x", (unsigned)cp & 0xFFFFu);
    return flt_buf_add(out, e, (size_t)n);
}

int flt_json_escape(struct flt_buf *out, struct flt_str s)
{
    size_t i = 0;
    while (i < s.n) {
        size_t end = plain_run(s, i);
        int rc = flt_buf_add(out, s.p + i, end - i);
        i = end;
        if (rc == FLT_OK && i < s.n)
            rc = escape_one(out, s, &i);
        if (rc != FLT_OK)
            return rc;
    }
    return FLT_OK;
}

/* ---- writer ------------------------------------------------------------------------------------------------------ */

static void put(struct flt_jw *w, const char *p, size_t n)
{
    if (w->status == FLT_OK)
        w->status = flt_buf_add(w->out, p, n);
}

static void put_string(struct flt_jw *w, struct flt_str s)
{
    put(w, "\"", 1);
    if (w->status == FLT_OK)
        w->status = flt_json_escape(w->out, s);
    put(w, "\"", 1);
}

/* What stands before a value or a name: a comma, unless it is the first of its level or follows its name. */
static void before(struct flt_jw *w)
{
    uint64_t bit = UINT64_C(1) << w->depth;
    if (!w->after_name && (w->comma & bit) != 0)
        put(w, ",", 1);
    w->comma |= bit;
    w->after_name = false;
}

static void begin(struct flt_jw *w, const char *bracket)
{
    before(w);
    put(w, bracket, 1);
    if (w->depth >= DEPTH_MAX) {
        if (w->status == FLT_OK)
            w->status = FLT_E_LIMIT;
        return;
    }
    w->depth++;
    w->comma &= ~(UINT64_C(1) << w->depth);
}

static void end(struct flt_jw *w, const char *bracket)
{
    if (w->depth == 0 || w->after_name) {
        if (w->status == FLT_OK)
            w->status = FLT_E_SYNTAX;
        return;
    }
    w->depth--;
    put(w, bracket, 1);
}

void flt_jw_init(struct flt_jw *w, struct flt_buf *out)
{
    *w = (struct flt_jw){.out = out};
}

void flt_jw_obj(struct flt_jw *w)
{
    begin(w, "{");
}

void flt_jw_obj_end(struct flt_jw *w)
{
    end(w, "}");
}

void flt_jw_arr(struct flt_jw *w)
{
    begin(w, "[");
}

void flt_jw_arr_end(struct flt_jw *w)
{
    end(w, "]");
}

void flt_jw_name(struct flt_jw *w, const char *name)
{
    before(w);
    put_string(w, flt_str_of(name));
    put(w, ":", 1);
    w->after_name = true;
}

void flt_jw_str(struct flt_jw *w, struct flt_str s)
{
    before(w);
    put_string(w, s);
}

void flt_jw_cstr(struct flt_jw *w, const char *s)
{
    if (s == NULL)
        flt_jw_null(w);
    else
        flt_jw_str(w, flt_str_of(s));
}

void flt_jw_raw(struct flt_jw *w, struct flt_str json)
{
    before(w);
    put(w, json.p, json.n);
}

/* Writes v's digits so that they end before end; returns where they begin. */
static char *digits_of(uint64_t v, char *end)
{
    do
        *--end = (char)('0' + v % 10);
    while ((v /= 10) != 0);
    return end;
}

void flt_jw_u64(struct flt_jw *w, uint64_t v)
{
    char digits[24], *end = digits + sizeof(digits), *p = digits_of(v, end);
    flt_jw_raw(w, (struct flt_str){p, (size_t)(end - p)});
}

void flt_jw_i64(struct flt_jw *w, int64_t v)
{
    char digits[24], *end = digits + sizeof(digits);
    char *p = digits_of(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, end);
    if (v < 0)
        *--p = '-';
    flt_jw_raw(w, (struct flt_str){p, (size_t)(end - p)});
}

void flt_jw_f64(struct flt_jw *w, double v)
{
    char digits[32];
    if (!isfinite(v)) { /* JSON has no infinity either */
        flt_jw_null(w);
        return;
    }
    int n = snprintf(digits, sizeof(digits), "%.6g", v);
    char *comma = memchr(digits, ',', (size_t)n); /* some locales' decimal sign */
    if (comma != NULL)
        *comma = '.';
    flt_jw_raw(w, (struct flt_str){digits, (size_t)n});
}

void flt_jw_bool(struct flt_jw *w, bool v)
{
    flt_jw_raw(w, v ? FLT_STR("true") : FLT_STR("false"));
}

void flt_jw_null(struct flt_jw *w)
{
    flt_jw_raw(w, FLT_STR("null"));
}

int flt_jw_finish(struct flt_jw *w)
{
    if (w->status == FLT_OK && (w->depth != 0 || w->after_name))
        w->status = FLT_E_SYNTAX;
    return w->status;
}
