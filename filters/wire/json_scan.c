/*
 * json_scan.c: from bytes to the token tape, by a loop over a small set of expectations (no recursion). Strings are
 * most of a chat body, so they are skimmed in blocks that need no attention (plain ASCII); everything else is a byte
 * at a time.
 */
#include "flt/json.h"
#include "text/utf8.h"
#include "wire/json_int.h"

#define STACK_MAX 255u /* depth is stored in a byte */

const struct flt_json_limits flt_json_strict = {
    .max_depth = 64, .max_tokens = 1000000, .max_number = 128, .lone_surrogates = false, .seed = 0};

/* What may come next. Steps return one of these, or a negative status. */
enum expect { WANT_VALUE, WANT_VALUE_OR_END, WANT_NAME, WANT_NAME_OR_END, WANT_COMMA_OR_END, WANT_NOTHING };

struct scan {
    const unsigned char *base, *p, *end;
    const struct flt_json_limits *lim;
    struct flt_arena *arena;
    struct flt_json_tok *tok;
    uint32_t n, cap, max_tokens;
    uint32_t depth, max_depth; /* containers open now */
    uint32_t open[STACK_MAX];  /* their tokens */
    struct flt_json_dups dups;
};

static int fail_at(struct scan *s, const unsigned char *p, int status)
{
    s->p = p;
    return status;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(struct scan *s)
{
    const unsigned char *p = s->p;
    while (p < s->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    s->p = p;
}

static int grow_tape(struct scan *s)
{
    if (s->n >= s->max_tokens)
        return FLT_E_LIMIT;
    uint32_t cap = s->cap > s->max_tokens / 2 ? s->max_tokens : s->cap * 2;
    struct flt_json_tok *tok = flt_arena_alloc(s->arena, (size_t)cap * sizeof(*tok));
    if (tok == NULL)
        return FLT_E_NOMEM;
    memcpy(tok, s->tok, (size_t)s->n * sizeof(*tok));
    s->tok = tok;
    s->cap = cap;
    return FLT_OK;
}

/* Adds a token that begins at `at`; containers fix len, next and count when they close. */
static int push(struct scan *s, enum flt_json_type type, const unsigned char *at, size_t len)
{
    if (s->n == s->cap) {
        int rc = grow_tape(s);
        if (rc != FLT_OK)
            return fail_at(s, at, rc);
    }
    struct flt_json_tok *t = &s->tok[s->n++];
    *t = (struct flt_json_tok){.off = (uint32_t)(at - s->base),
                               .len = (uint32_t)len,
                               .next = s->n,
                               .type = (uint8_t)type,
                               .depth = (uint8_t)s->depth};
    return FLT_OK;
}

/* ---- strings --------------------------------------------------------------------------------------------------- */

#if defined(__SSE2__)
#include <emmintrin.h>

/* First byte at or after p that is '"', '\\', a control character or not ASCII; near the end, maybe before it. */
static const unsigned char *skim(const unsigned char *p, const unsigned char *end)
{
    const __m128i quote = _mm_set1_epi8('"'), back = _mm_set1_epi8('\\'), ctl = _mm_set1_epi8(0x1F);
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, back));
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(_mm_min_epu8(v, ctl), v));
        int mask = _mm_movemask_epi8(_mm_or_si128(odd, v)); /* v itself: the top bit of non-ASCII */
        if (mask != 0)
            return p + __builtin_ctz((unsigned)mask);
        p += 16;
    }
    return p;
}
#else
/* As above, eight bytes a step: the classic carry tests for "has a byte below n" and "has this byte". */
static const unsigned char *skim(const unsigned char *p, const unsigned char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    while (end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        uint64_t quote = w ^ (ones * '"'), back = w ^ (ones * '\\');
        if ((((quote - ones) | (back - ones) | (w - ones * 0x20) | w) & high) != 0)
            break;
        p += 8;
    }
    return p;
}
#endif

/* The four hexadecimal digits at p, or -1. */
static int hex4(const unsigned char *p, const unsigned char *end)
{
    int v = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        unsigned char c = p[i];
        int d = is_digit(c)              ? c - '0'
                : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                         : -1;
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

static bool escape_letter(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    default:
        return false;
    }
}

/* s->p is at a backslash; moves behind the escape (both halves of a pair). */
static int scan_escape(struct scan *s)
{
    const unsigned char *at = s->p;
    if (s->end - at < 2)
        return fail_at(s, at, FLT_E_SYNTAX);
    if (at[1] != 'u') {
        if (!escape_letter(at[1]))
            return fail_at(s, at, FLT_E_SYNTAX);
        s->p = at + 2;
        return FLT_OK;
    }
    int cp = hex4(at + 2, s->end);
    if (cp < 0)
        return fail_at(s, at, FLT_E_SYNTAX);
    s->p = at + 6;
    if (cp < 0xD800 || cp > 0xDFFF)
        return FLT_OK;
    if (cp < 0xDC00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
        int low = hex4(s->p + 2, s->end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            s->p += 6;
            return FLT_OK;
        }
    }
    return s->lim->lone_surrogates ? FLT_OK : fail_at(s, at, FLT_E_AMBIGUOUS);
}

/* s->p is behind the opening quote; moves behind the closing one. */
static int scan_string(struct scan *s, bool *escaped)
{
    for (;;) {
        const unsigned char *p = skim(s->p, s->end);
        while (p < s->end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
            p++;
        while (p < s->end && *p >= 0x80) {
            unsigned len = flt_utf8_len(p, (size_t)(s->end - p));
            if (len == 0)
                return fail_at(s, p, FLT_E_ENCODING);
            p += len;
        }
        s->p = p;
        if (p >= s->end || *p < 0x20)
            return FLT_E_SYNTAX;
        if (*p == '"') {
            s->p = p + 1;
            return FLT_OK;
        }
        if (*p == '\\') {
            *escaped = true;
            int rc = scan_escape(s);
            if (rc != FLT_OK)
                return rc;
        }
    }
}

/* A member name or a string value; s->p is at its opening quote. */
static int string_token(struct scan *s, bool name)
{
    const unsigned char *quote = s->p++;
    bool escaped = false;
    int rc = scan_string(s, &escaped);
    if (rc != FLT_OK)
        return rc;
    rc = push(s, FLT_JSON_STRING, quote + 1, (size_t)(s->p - quote) - 2);
    if (rc != FLT_OK)
        return rc;
    s->tok[s->n - 1].escaped = escaped;
    s->tok[s->n - 1].name = name;
    return FLT_OK;
}

/* ---- other values ------------------------------------------------------------------------------------------------ */

static const unsigned char *digits(const unsigned char *p, const unsigned char *end)
{
    while (p < end && is_digit(*p))
        p++;
    return p;
}

static int number_token(struct scan *s)
{
    const unsigned char *at = s->p, *p = at + (*at == '-'), *q = digits(p, s->end);
    if (q == p || (*p == '0' && q - p > 1))
        return fail_at(s, p, FLT_E_SYNTAX);
    if (q < s->end && *q == '.') {
        p = q + 1;
        q = digits(p, s->end);
        if (q == p)
            return fail_at(s, p, FLT_E_SYNTAX);
    }
    if (q < s->end && (*q == 'e' || *q == 'E')) {
        p = q + 1;
        if (p < s->end && (*p == '+' || *p == '-'))
            p++;
        q = digits(p, s->end);
        if (q == p)
            return fail_at(s, p, FLT_E_SYNTAX);
    }
    if ((size_t)(q - at) > s->lim->max_number)
        return fail_at(s, at, FLT_E_LIMIT);
    s->p = q;
    return push(s, FLT_JSON_NUMBER, at, (size_t)(q - at));
}

static int literal_token(struct scan *s, enum flt_json_type type, struct flt_str word)
{
    const unsigned char *at = s->p;
    if ((size_t)(s->end - at) < word.n || memcmp(at, word.p, word.n) != 0)
        return FLT_E_SYNTAX;
    s->p = at + word.n;
    return push(s, type, at, word.n);
}

static int open_container(struct scan *s, enum flt_json_type type)
{
    if (s->depth >= s->max_depth)
        return FLT_E_LIMIT;
    int rc = push(s, type, s->p, 0);
    if (rc != FLT_OK)
        return rc;
    s->open[s->depth++] = s->n - 1;
    s->p++;
    return type == FLT_JSON_OBJECT ? (int)WANT_NAME_OR_END : (int)WANT_VALUE_OR_END;
}

/* s->p is at the closing bracket, whose kind was checked. */
static int close_container(struct scan *s)
{
    uint32_t i = s->open[--s->depth];
    struct flt_json_tok *t = &s->tok[i];
    s->p++;
    t->len = (uint32_t)(s->p - s->base) - t->off;
    t->next = s->n;
    if (t->type == FLT_JSON_OBJECT && t->count > 1) {
        struct flt_json j = {{(const char *)s->base, (size_t)(s->end - s->base)}, s->tok, s->n};
        uint32_t bad = 0;
        int rc = flt_json_find_dup(&s->dups, &j, i, &bad);
        if (rc != FLT_OK)
            return fail_at(s, bad != 0 ? s->base + s->tok[bad].off : s->p - 1, rc);
    }
    return s->depth == 0 ? WANT_NOTHING : WANT_COMMA_OR_END;
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static int scalar(struct scan *s)
{
    switch (*s->p) {
    case '"':
        return string_token(s, false);
    case 't':
        return literal_token(s, FLT_JSON_TRUE, FLT_STR("true"));
    case 'f':
        return literal_token(s, FLT_JSON_FALSE, FLT_STR("false"));
    case 'n':
        return literal_token(s, FLT_JSON_NULL, FLT_STR("null"));
    default:
        return *s->p == '-' || is_digit(*s->p) ? number_token(s) : FLT_E_SYNTAX;
    }
}

static int step_value(struct scan *s)
{
    if (s->depth != 0 && s->tok[s->open[s->depth - 1]].type == FLT_JSON_ARRAY)
        s->tok[s->open[s->depth - 1]].count++;
    if (*s->p == '{' || *s->p == '[')
        return open_container(s, *s->p == '{' ? FLT_JSON_OBJECT : FLT_JSON_ARRAY);
    int rc = scalar(s);
    if (rc != FLT_OK)
        return rc;
    return s->depth == 0 ? WANT_NOTHING : WANT_COMMA_OR_END;
}

static int step_name(struct scan *s)
{
    if (*s->p != '"')
        return FLT_E_SYNTAX;
    s->tok[s->open[s->depth - 1]].count++;
    int rc = string_token(s, true);
    if (rc != FLT_OK)
        return rc;
    skip_space(s);
    if (s->p >= s->end || *s->p != ':')
        return FLT_E_SYNTAX;
    s->p++;
    return WANT_VALUE;
}

static int step_comma(struct scan *s)
{
    bool object = s->tok[s->open[s->depth - 1]].type == FLT_JSON_OBJECT;
    if (*s->p == ',') {
        s->p++;
        return object ? WANT_NAME : WANT_VALUE;
    }
    return *s->p == (object ? '}' : ']') ? close_container(s) : FLT_E_SYNTAX;
}

/* Takes one step; s->p is at a byte that is not white space. */
static int step(struct scan *s, int want)
{
    switch (want) {
    case WANT_VALUE_OR_END:
        return *s->p == ']' ? close_container(s) : step_value(s);
    case WANT_VALUE:
        return step_value(s);
    case WANT_NAME_OR_END:
        return *s->p == '}' ? close_container(s) : step_name(s);
    case WANT_NAME:
        return step_name(s);
    case WANT_COMMA_OR_END:
        return step_comma(s);
    default:
        return FLT_E_SYNTAX; /* bytes after the root */
    }
}

static int run(struct scan *s)
{
    int want = WANT_VALUE;
    for (;;) {
        skip_space(s);
        if (s->p >= s->end)
            return want == WANT_NOTHING ? FLT_OK : FLT_E_SYNTAX;
        want = step(s, want);
        if (want < 0)
            return want;
    }
}

int flt_json_scan(struct flt_str text, const struct flt_json_limits *lim, struct flt_arena *arena, struct flt_json *out,
                  size_t *where)
{
    size_t unused;
    if (where == NULL)
        where = &unused;
    *where = 0;
    *out = (struct flt_json){.text = text};
    if (text.n == 0)
        return FLT_E_SYNTAX;
    if (text.n > INT32_MAX)
        return FLT_E_LIMIT;
    const unsigned char *p = (const unsigned char *)text.p;
    struct scan s;
    s.base = s.p = p;
    s.end = p + text.n;
    s.lim = lim;
    s.arena = arena;
    s.n = 0;
    s.depth = 0;
    s.max_tokens = lim->max_tokens != 0 ? lim->max_tokens : 1;
    s.max_depth = lim->max_depth < STACK_MAX ? lim->max_depth : STACK_MAX;
    /* A first guess for bodies that are mostly text; structure-heavy ones double it. */
    s.cap = text.n / 8 + 8 < 256 ? (uint32_t)text.n / 8 + 8 : 256;
    s.cap = s.cap < s.max_tokens ? s.cap : s.max_tokens;
    s.tok = flt_arena_alloc(arena, s.cap * sizeof(*s.tok));
    flt_json_dups_init(&s.dups, arena, lim->seed);
    if (s.tok == NULL)
        return FLT_E_NOMEM;
    int rc = run(&s);
    *where = (size_t)(s.p - s.base);
    if (rc != FLT_OK)
        return rc;
    out->tok = s.tok;
    out->n = s.n;
    return FLT_OK;
}
