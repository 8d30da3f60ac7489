/* view_rig.h: makes derived texts and checks their maps. */
#ifndef VIEW_RIG_H
#define VIEW_RIG_H

#include "view_map.h"

#include <stdlib.h>

struct view_rig {
    struct flt_arena *arena;
    struct flt_maker maker;
    struct flt_str source;
    struct flt_derived out;
};

static inline void view_close(struct view_rig *r)
{
    flt_arena_free(r->arena);
    r->arena = NULL;
}

/* Makes a view of text with ample budget; fails the test when that fails or the map is wrong. */
static inline void view_make(struct view_rig *r, view_maker make, struct flt_str text)
{
    *r = (struct view_rig){.arena = flt_arena_new((size_t)1 << 30), .source = text};
    assert_non_null(r->arena);
    r->maker = (struct flt_maker){.arena = r->arena, .budget = (size_t)1 << 30};
    assert_int_equal(make(&r->maker, text, &r->out), FLT_OK);
    assert_int_equal(r->maker.left_out, 0);
    const char *fault = map_fault(&r->out, text.n);
    if (fault != NULL)
        fail_msg("map: %s", fault);
}

static inline void view_reads(view_maker make, const char *text, const char *want)
{
    struct view_rig r;
    view_make(&r, make, flt_str_of(text));
    if (!flt_str_is(r.out.text, want))
        fail_msg("\"%s\" became \"%.*s\", not \"%s\"", text, FLT_STR_ARG(r.out.text), want);
    view_close(&r);
}

static inline void view_same(view_maker make, const char *text)
{
    view_reads(make, text, "");
}

/* The first `piece` of the view of `text` comes from exactly the bytes `source`. */
static inline void view_comes_from(view_maker make, const char *text, const char *piece, const char *source)
{
    struct view_rig r;
    view_make(&r, make, flt_str_of(text));
    const char *at = r.out.text.n != 0 ? memmem(r.out.text.p, r.out.text.n, piece, strlen(piece)) : NULL;
    if (at == NULL)
        fail_msg("\"%s\" is not in the view of \"%s\"", piece, text);
    uint32_t t = (uint32_t)(at - r.out.text.p);
    uint32_t from = flt_offmap_begin(&r.out.map, t), to = flt_offmap_end(&r.out.map, t + (uint32_t)strlen(piece));
    if (!flt_str_is((struct flt_str){text + from, to - from}, source))
        fail_msg("\"%s\" comes from \"%.*s\"", piece, (int)(to - from), text + from);
    view_close(&r);
}

/* A budget of every size gives the view or nothing, and is accounted for. */
static inline void view_keeps_to_budget(view_maker make, const char *text, size_t most)
{
    bool made = false;
    for (size_t budget = 0; budget <= most; budget++) {
        struct flt_arena *arena = flt_arena_new((size_t)1 << 24);
        assert_non_null(arena);
        struct flt_maker k = {.arena = arena, .budget = budget};
        struct flt_derived out;
        assert_int_equal(make(&k, flt_str_of(text), &out), FLT_OK);
        assert_true(k.budget <= budget && out.text.n <= budget - k.budget);
        assert_true((out.text.n == 0) == (k.left_out != 0));
        assert_false(made && out.text.n == 0);
        made |= out.text.n != 0;
        flt_arena_free(arena);
    }
    assert_true(made);
}

/* Told by the probe where to look, the maker makes what it makes of the whole text, which is worth it. */
static inline void view_keeps_to_places(view_maker make, enum flt_view view, struct flt_str text)
{
    struct view_rig r;
    struct flt_probe p;
    struct flt_derived told;
    view_make(&r, make, text);
    flt_probe_text(text, UINT32_MAX, &p);
    assert_true(r.out.text.n != 0 && (p.views >> view & 1) != 0);
    r.maker.places = &p.places;
    assert_int_equal(make(&r.maker, text, &told), FLT_OK);
    assert_true(flt_str_eq(told.text, r.out.text));
    assert_int_equal(told.map.n, r.out.map.n);
    view_close(&r);
}

/* n copies of a piece; freed by the caller. */
static inline char *view_repeat(const char *piece, size_t n)
{
    size_t len = strlen(piece);
    char *p = malloc(len * n + 1);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        memcpy(p + i * len, piece, len);
    p[len * n] = '\0';
    return p;
}

/* Many copies of each piece are read in a time that a test has, and to at most `most` bytes (0: of the source). */
static inline void view_stays_linear(view_maker make, const char *const *piece, size_t n, size_t most)
{
    for (size_t i = 0; i < n; i++) {
        char *text = view_repeat(piece[i], 100000);
        struct view_rig r;
        view_make(&r, make, flt_str_of(text));
        assert_true(r.out.text.n <= (most != 0 ? most : strlen(text)));
        view_close(&r);
        free(text);
    }
}

/* Tests of one view define VIEW_MAKER before they include this. */
#ifdef VIEW_MAKER
static inline void reads(const char *text, const char *want)
{
    view_reads(VIEW_MAKER, text, want);
}

static inline void same(const char *text)
{
    view_same(VIEW_MAKER, text);
}
#endif

#endif
