/* pack_macro.c: macros of a pack, and patterns with their macros put in. */
#include "rule/pack_impl.h"

#define MAX_MACROS   256u
#define MAX_EXPANDED 16384u

/*
 * Between squashed words there is nothing: an empty group, so that quantifiers behind the macro stay valid, and what
 * stands beside it is read as one string. Filler words are just more letters: one class with a single quantifier,
 * because words in words could be divided in countless ways.
 */
#define SQUASHED_GAP    "(?:)"
#define SQUASHED_LETTER "[a-z0-9\\x80-\\xff]"
#define FILLER_LETTERS  10u /* of one filler word */
#define FILLER_MAX      30u

static const struct macro *find_macro(const struct pack *p, struct flt_str name)
{
    for (uint32_t i = 0; i < p->n_macros; i++) {
        if (flt_str_eq(p->macros[i].name, name))
            return &p->macros[i];
    }
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static unsigned read_number(struct flt_str s, size_t *i)
{
    unsigned v = 0;
    while (*i < s.n && is_digit(s.p[*i]) && v < 100)
        v = v * 10 + (unsigned)(s.p[(*i)++] - '0');
    return v;
}

/* A quantifier at s[*i]: reads it, moves behind it. Without one, or with one of another form: exactly once. */
static void read_quantifier(struct flt_str s, size_t *i, unsigned *lo, unsigned *hi)
{
    size_t k = *i + 1;
    *lo = *hi = 1;
    if (*i < s.n && s.p[*i] == '?') {
        *lo = 0;
        *i = k;
    }
    if (*i >= s.n || s.p[*i] != '{' || k >= s.n || !is_digit(s.p[k]))
        return;
    unsigned a = read_number(s, &k), b = a;
    if (k < s.n && s.p[k] == ',') {
        k++;
        b = read_number(s, &k);
    }
    if (k >= s.n || s.p[k] != '}')
        return;
    *lo = a;
    *hi = b;
    *i = k + 1;
}

/* The filler with the quantifier that follows it at s[*i]. */
static int add_filler(struct flt_buf *b, struct flt_str s, size_t *i)
{
    unsigned lo, hi;
    read_quantifier(s, i, &lo, &hi);
    hi = hi * FILLER_LETTERS < FILLER_MAX ? hi * FILLER_LETTERS : FILLER_MAX;
    if (hi == 0)
        return FLT_OK;
    return flt_buf_printf(b, "%s{%u,%u}", SQUASHED_LETTER, lo < hi ? lo : hi, hi);
}

/* Puts in macro m of s, whose name ends before s[*i]; moves *i where what was read goes on behind it. */
static int add_macro(struct flt_buf *b, const struct macro *m, bool squashed, struct flt_str s, size_t *i)
{
    if (squashed && flt_str_is(m->name, "g"))
        return flt_buf_add_str(b, FLT_STR(SQUASHED_GAP));
    if (squashed && flt_str_is(m->name, "w"))
        return add_filler(b, s, i);
    return flt_buf_printf(b, "(?:%.*s)", FLT_STR_ARG(squashed ? m->squashed : m->text));
}

struct flt_str flt_pack_expand(struct flt_walk *w, flt_node *n, const struct pack *p, struct flt_str s, bool squashed)
{
    struct flt_buf b;
    struct flt_str out = {NULL, 0};
    int rc = FLT_OK;
    flt_buf_init(&b, MAX_EXPANDED);
    for (size_t i = 0; rc == FLT_OK && i < s.n;) {
        const char *end = i + 1 < s.n && s.p[i] == '{' && s.p[i + 1] == '{' ? memmem(s.p + i, s.n - i, "}}", 2) : NULL;
        if (end == NULL) {
            rc = flt_buf_add(&b, s.p + i++, 1);
            continue;
        }
        struct flt_str name = {s.p + i + 2, (size_t)(end - s.p) - i - 2};
        const struct macro *m = find_macro(p, name);
        if (m == NULL) {
            flt_walk_error(w, n, NULL, "unknown macro {{%.*s}} (expected one defined earlier under macros)",
                           FLT_STR_ARG(name));
            goto out;
        }
        i = (size_t)(end - s.p) + 2;
        rc = add_macro(&b, m, squashed, s, &i);
    }
    if (rc == FLT_OK)
        out = flt_arena_str(w->arena, flt_buf_str(&b), NULL);
    else
        flt_walk_error(w, n, NULL, "pattern is longer than %u bytes after its macros", MAX_EXPANDED);
out:
    flt_buf_free(&b);
    return out;
}

void flt_pack_read_macros(struct flt_walk *w, flt_node *n, void *field)
{
    struct pack *p = *(struct pack **)field;
    uint32_t count = flt_node_is_map(n) ? flt_node_count(n) : 0;
    if (!flt_node_is_map(n) || count > MAX_MACROS) {
        flt_walk_error(w, n, NULL, "expected a map of at most %u names to patterns", MAX_MACROS);
        return;
    }
    p->macros = flt_arena_calloc(w->arena, count, sizeof(*p->macros));
    for (uint32_t i = 0; p->macros != NULL && i < count; i++) {
        flt_node *v = flt_node_value(n, i);
        if (!flt_node_is_scalar(v)) {
            flt_walk_error(w, v, NULL, "expected a pattern");
            continue;
        }
        struct macro m = {flt_arena_str(w->arena, flt_node_str(flt_node_key(n, i)), NULL),
                          flt_pack_expand(w, v, p, flt_node_str(v), false),
                          flt_pack_expand(w, v, p, flt_node_str(v), true)};
        p->macros[p->n_macros++] = m;
    }
}
