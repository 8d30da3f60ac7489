#include "engine/cut.h"

#include "policy/decide.h"

static bool continues(struct flt_str bytes, uint64_t at)
{
    return at < bytes.n && ((uint8_t)bytes.p[at] & 0xC0) == 0x80;
}

int flt_cut_text(const struct flt_ruleset *rs, const struct flt_cut *v, uint32_t n, struct flt_str text,
                 struct flt_buf *out)
{
    size_t at = 0;
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < n; i++) {
        size_t a = (size_t)v[i].a, b = (size_t)v[i].b;
        while (a > at && continues(text, a)) /* never half a character */
            a--;
        while (continues(text, b))
            b++;
        rc = a > at ? flt_buf_add(out, text.p + at, a - at) : FLT_OK;
        if (rc == FLT_OK)
            rc = flt_buf_add_str(out, flt_decide_placeholder(rs, v[i].rule));
        at = b > at ? b : at;
    }
    return rc == FLT_OK && at < text.n ? flt_buf_add(out, text.p + at, text.n - at) : rc;
}

int flt_cut_wire(const struct flt_ruleset *rs, struct flt_cut *v, uint32_t n, uint64_t begin, uint64_t end,
                 const struct flt_offmap *map, struct flt_arena *arena, struct flt_edits *edits)
{
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < n && v[i].a < end; i++) {
        if (v[i].b <= begin)
            continue;
        uint64_t a = v[i].a > begin ? v[i].a : begin;
        uint64_t b = v[i].b < end ? v[i].b : end;
        struct flt_edit e = {
            .a = flt_offmap_begin(map, (uint32_t)(a - begin)),
            .b = flt_offmap_end(map, (uint32_t)(b - begin)),
            .with = v[i].placed ? (struct flt_str){"", 0} : flt_decide_placeholder(rs, v[i].rule),
        };
        v[i].placed = true;
        rc = flt_edits_add(edits, arena, e);
    }
    return rc;
}

/* Is text offset t (relative to the piece) inside an inner string, and where does that state end? */
static bool inside_at(const struct flt_inner_piece *p, uint64_t t, uint64_t *until)
{
    bool inside = p->starts_inside;
    uint32_t i = 0;
    while (i < p->n_flips && p->flips[i] <= t) {
        inside = !inside;
        i++;
    }
    *until = i < p->n_flips ? p->flips[i] : UINT64_MAX;
    return inside;
}

static int quoted(struct flt_arena *arena, struct flt_str s, struct flt_str *out)
{
    char *p = flt_arena_printf(arena, "\\\"%.*s\\\"", FLT_STR_ARG(s));
    *out = flt_str_of(p);
    return p != NULL ? FLT_OK : FLT_E_NOMEM;
}

int flt_cut_inner(const struct flt_ruleset *rs, struct flt_cut *v, uint32_t n, uint64_t begin,
                  const struct flt_inner_piece *p, struct flt_arena *arena, struct flt_edits *edits)
{
    uint64_t end = begin + p->map.to_end;
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < n && v[i].a < end; i++) {
        uint64_t until;
        if (v[i].b <= begin)
            continue;
        uint64_t a = (v[i].a > begin ? v[i].a : begin) - begin;
        uint64_t b = (v[i].b < end ? v[i].b : end) - begin;
        bool inside = inside_at(p, a, &until);
        if (b > until || (v[i].placed && v[i].inside != inside))
            return FLT_E_UNSUPPORTED;
        v[i].inside = inside;
        struct flt_edit e = {
            .a = flt_offmap_begin(&p->map, (uint32_t)a), .b = flt_offmap_end(&p->map, (uint32_t)b), .with = {"", 0}};
        if (!v[i].placed)
            e.with = flt_decide_placeholder(rs, v[i].rule);
        if (!v[i].placed && !inside)
            rc = quoted(arena, e.with, &e.with);
        v[i].placed = true;
        if (rc == FLT_OK)
            rc = flt_edits_add(edits, arena, e);
    }
    return rc;
}

void flt_cut_whole_chars(struct flt_edits *e, struct flt_str bytes)
{
    for (uint32_t i = 0; i < e->n; i++) {
        struct flt_edit *x = &e->v[i];
        while (x->a < x->b && x->a > 0 && continues(bytes, x->a))
            x->a--;
        while (x->a < x->b && continues(bytes, x->b))
            x->b++;
    }
}

static int by_begin(const void *a, const void *b)
{
    const struct flt_edit *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

void flt_cut_merge(struct flt_edits *e)
{
    uint32_t kept = 0;
    if (e->n > 1)
        qsort(e->v, e->n, sizeof(*e->v), by_begin);
    for (uint32_t i = 0; i < e->n; i++) {
        struct flt_edit *last = kept != 0 ? &e->v[kept - 1] : NULL;
        if (last != NULL && e->v[i].a < last->b) {
            last->b = e->v[i].b > last->b ? e->v[i].b : last->b;
            if (last->with.n == 0)
                last->with = e->v[i].with;
        } else {
            e->v[kept++] = e->v[i];
        }
    }
    e->n = kept;
}
