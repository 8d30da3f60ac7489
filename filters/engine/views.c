/*
 * views.c: the walk over derived texts. A maker that reaches the budget leaves its text out, which is counted; whatever
 * fails while a derived text is judged fails the inspection.
 */
#include "engine/views.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/decide.h"
#include "text/view.h"

#define BIT(v)          (1u << (v))
#define DECODERS        (BIT(FLT_VIEW_ROT) - BIT(FLT_VIEW_BASE64))
#define CIPHERS         (BIT(FLT_VIEW_COUNT) - BIT(FLT_VIEW_ROT))
#define LETTERS         (CIPHERS | BIT(FLT_VIEW_LEET) | BIT(FLT_VIEW_SQUASHED))
#define READINGS        (LETTERS | BIT(FLT_VIEW_FOLDED)) /* of a text that was folded: its gaps are looked at again */
#define DEPTH           3u                               /* decoders on top of each other */
#define BUDGET_BASE     ((size_t)256 << 10)              /* bytes of derived text and maps a span may always make, */
#define BUDGET_PER_BYTE 8u                               /* and for each byte of its own */

struct walk {
    struct flt_views *v;
    struct flt_maker maker;
    uint32_t wanted; /* views that some rule of the policy looks in */
    int failed;      /* what judging a derived text came to */
};

/* A text of the tree: the span's own (origin NULL) or a derived one. */
struct node {
    struct flt_str text;
    const struct flt_origin *origin;
    unsigned depth; /* decoders on the way */
};

/* ---- origins ---------------------------------------------------------------------------------------------------- */

void flt_origin_map(const struct flt_origin *o, uint64_t *a, uint64_t *b)
{
    for (; o != NULL; o = o->parent) {
        uint32_t begin = flt_offmap_begin(&o->map, (uint32_t)*a), end = flt_offmap_end(&o->map, (uint32_t)*b);
        *a = begin;
        *b = end > begin ? end : begin;
    }
}

bool flt_origin_same(const struct flt_origin *o, uint64_t a, uint64_t b)
{
    uint32_t low = 0, n = o->map.n;
    /* Texts of letters only are judged by detectors of their own. */
    if ((o->chain & BIT(FLT_VIEW_SQUASHED)) != 0 || n == 0)
        return false;
    while (n > 1) { /* the last step that begins at or before a */
        uint32_t half = n / 2;
        if (o->map.v[low + half].to <= a)
            low += half;
        n -= half;
    }
    if (o->map.v[low].atom || o->map.v[low].to > a)
        return false;
    /* What the text begins or ends with must be what the parent begins or ends with, or lie out of sight. */
    const struct flt_offstep *step = &o->map.v[low];
    uint64_t end = low + 1 < o->map.n ? o->map.v[low + 1].to : o->map.to_end;
    if (b > end || (a == 0 && step->from != 0))
        return false;
    /* Letters may have been replaced by as many bytes: a map says where text stands, not that it is the same. */
    return memcmp(o->text + a, o->above + step->from + (a - step->to), b - a) == 0;
}

void flt_origin_views(const struct flt_origin *o, uint8_t out[FLT_CHAIN_MAX])
{
    unsigned n = 0;
    memset(out, FLT_VIEW_RAW, FLT_CHAIN_MAX);
    for (const struct flt_origin *p = o; p != NULL; p = p->parent)
        n++;
    for (; o != NULL; o = o->parent) {
        if (--n < FLT_CHAIN_MAX)
            out[n] = (uint8_t)o->view;
    }
}

const char *flt_finding_view(const struct flt_finding *f, char out[96])
{
    size_t n = 0;
    snprintf(out, 96, "%s", flt_view_names[FLT_VIEW_RAW]);
    for (unsigned i = 0; i < FLT_CHAIN_MAX && f->view[i] != FLT_VIEW_RAW && n < 80; i++)
        n += (size_t)snprintf(out + n, 96 - n, "%s%s", n != 0 ? "+" : "", flt_view_names[f->view[i]]);
    return out;
}

/* ---- cuts ------------------------------------------------------------------------------------------------------- */

static int add_cut(struct flt_views *v, uint64_t a, uint64_t b, uint32_t rule)
{
    if (v->n_cut == v->cap_cut) {
        uint32_t cap = v->cap_cut != 0 ? v->cap_cut * 2 : 8;
        struct flt_cut *c = flt_arena_alloc(v->arena, cap * sizeof(*c));
        if (c == NULL)
            return FLT_E_NOMEM;
        if (v->n_cut != 0)
            memcpy(c, v->cut, v->n_cut * sizeof(*c));
        v->cut = c;
        v->cap_cut = cap;
    }
    v->cut[v->n_cut++] = (struct flt_cut){.a = a, .b = b, .rule = rule};
    return FLT_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct flt_cut *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    if (x->b != y->b)
        return x->b > y->b ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static uint32_t graver(const struct flt_views *v, uint32_t x, uint32_t y)
{
    const struct flt_track_conf *c = &v->conf;
    return flt_decide_graver(c->rs, flt_policy_act(c->policy, c->direction, c->role, x), x,
                             flt_policy_act(c->policy, c->direction, c->role, y), y);
}

static void settle(struct flt_views *v)
{
    uint32_t kept = 0;
    if (v->n_cut > 1)
        qsort(v->cut, v->n_cut, sizeof(*v->cut), by_place);
    for (uint32_t i = 0; i < v->n_cut; i++) {
        struct flt_cut *last = kept != 0 ? &v->cut[kept - 1] : NULL;
        if (last != NULL && v->cut[i].a < last->b) {
            last->b = v->cut[i].b > last->b ? v->cut[i].b : last->b;
            last->rule = graver(v, last->rule, v->cut[i].rule);
        } else {
            v->cut[kept++] = v->cut[i];
        }
    }
    v->n_cut = kept;
}

int flt_views_merge(struct flt_views *v, const struct flt_cut *a, uint32_t n)
{
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < n; i++)
        rc = add_cut(v, a[i].a, a[i].b, a[i].rule);
    settle(v);
    return rc;
}

/* ---- one derived text ------------------------------------------------------------------------------------------- */

static int scan(struct walk *w, const struct node *n)
{
    struct flt_views *v = w->v;
    struct flt_track t = {0};
    struct flt_track_conf conf = v->conf;
    conf.origin = n->origin;
    conf.hold = NULL;
    int rc = flt_track_begin(&t, &conf, n->text);
    if (rc == FLT_OK)
        rc = flt_track_scan_whole(&t, v->kit);
    for (uint32_t i = 0; rc == FLT_OK && i < t.n_cut; i++) {
        uint64_t a = t.cut[i].a, b = t.cut[i].b;
        flt_origin_map(n->origin, &a, &b);
        rc = add_cut(v, a, b, t.cut[i].rule);
    }
    flt_track_close(&t);
    return rc;
}

/* d as a node below its parent, scanned where rules look there. */
static int enter(struct walk *w, const struct node *parent, const struct flt_derived *d, struct node *out)
{
    struct flt_origin *o = flt_arena_alloc(w->maker.arena, sizeof(*o));
    if (o == NULL)
        return FLT_E_NOMEM;
    *o = (struct flt_origin){
        .parent = parent->origin, .map = d->map, .text = d->text.p, .above = parent->text.p, .view = d->view};
    o->chain = BIT(d->view) | (parent->origin != NULL ? parent->origin->chain : 0);
    *out = (struct node){.text = d->text, .origin = o, .depth = parent->depth};
    return (o->chain & ~w->wanted) == 0 ? scan(w, out) : FLT_OK;
}

/* A maker's status: out of budget is counted, not an error. */
static int left_out(struct walk *w, int rc, const struct node *n)
{
    if (rc != FLT_E_LIMIT || w->failed != FLT_OK)
        return rc;
    w->maker.left_out += n->text.n;
    return FLT_OK;
}

typedef int (*maker_fn)(struct flt_maker *k, struct flt_str text, struct flt_derived *out);

/*
 * Makes a view of parent; *out = the node, or parent itself where the view says nothing new. where: what the probe of
 * the parent's text said, NULL = anywhere.
 */
static int derive(struct walk *w, const struct node *parent, enum flt_view view, maker_fn fn,
                  const struct flt_places *where, struct node *out)
{
    struct flt_derived d = {0};
    int rc = FLT_OK;
    *out = *parent;
    if ((w->wanted & BIT(view)) == 0)
        return FLT_OK;
    w->maker.places = where;
    rc = left_out(w, fn(&w->maker, parent->text, &d), parent);
    w->maker.places = NULL;
    return rc == FLT_OK && d.text.n != 0 ? enter(w, parent, &d, out) : rc;
}

/* ---- the tree --------------------------------------------------------------------------------------------------- */

struct branch {
    struct walk *w;
    const struct node *parent;
    bool deeper; /* what was made is looked into again */
};

static int visit(struct walk *w, const struct node *n);

static int on_derived(void *arg, const struct flt_derived *d)
{
    struct branch *b = arg;
    struct node child, leet;
    const struct flt_places *places = b->w->maker.places; /* of the parent's text */
    if (d->text.n == 0)
        return FLT_OK;
    b->w->maker.places = NULL;
    int rc = enter(b->w, b->parent, d, &child);
    child.depth = b->parent->depth + 1;
    if (rc == FLT_OK && b->deeper)
        rc = visit(b->w, &child);
    else if (rc == FLT_OK)
        rc = derive(b->w, &child, FLT_VIEW_LEET, flt_leet, NULL, &leet); /* what was turned may have digits in it */
    b->w->maker.places = places;
    b->w->failed = rc;
    return rc;
}

static int decode(struct walk *w, const struct node *n, const struct flt_probe *p)
{
    struct branch b = {w, n, true};
    uint32_t views = p->views & DECODERS & w->wanted;
    if (views == 0)
        return FLT_OK;
    if (n->depth >= DEPTH) {
        w->maker.left_out += n->text.n;
        return FLT_OK;
    }
    w->maker.places = &p->places;
    int rc = left_out(w, flt_decode(&w->maker, n->text, views, on_derived, &b), n);
    w->maker.places = NULL;
    return rc;
}

/* Letters: broken words, digits for letters, ciphers. n is the plainest reading so far; p: what its probe said. */
static int letters(struct walk *w, const struct node *n, const struct flt_probe *p)
{
    struct node leet, squashed, both;
    struct branch b = {w, n, false};
    int rc = FLT_OK;
    if (p->views & BIT(FLT_VIEW_LEET))
        rc = derive(w, n, FLT_VIEW_LEET, flt_leet, &p->places, &leet);
    if (rc == FLT_OK && (p->views & BIT(FLT_VIEW_LEET)) && (w->wanted & CIPHERS) != 0) {
        w->maker.places = &p->places;
        rc = left_out(w, flt_decipher_leet(&w->maker, n->text, on_derived, &b), n);
        w->maker.places = NULL;
    }
    if (rc == FLT_OK && (p->views & BIT(FLT_VIEW_SQUASHED))) {
        rc = derive(w, n, FLT_VIEW_SQUASHED, flt_squash, &p->places, &squashed);
        if (rc == FLT_OK && squashed.text.p != n->text.p)
            rc = derive(w, &squashed, FLT_VIEW_LEET, flt_leet, NULL, &both);
    }
    if (rc == FLT_OK && (p->views & CIPHERS) != 0)
        rc = left_out(w, flt_decipher(&w->maker, n->text, on_derived, &b), n);
    return rc;
}

/* Words that are kept apart by something other than one blank; p: what the probe of n said. */
static int spacing(struct walk *w, const struct node *n, const struct flt_probe *p)
{
    struct node spaced, leet;
    if (!p->spaced)
        return FLT_OK;
    int rc = derive(w, n, FLT_VIEW_FOLDED, flt_spacing, &p->places, &spaced);
    if (rc == FLT_OK && spaced.text.p != n->text.p && (p->views & BIT(FLT_VIEW_LEET)))
        rc = derive(w, &spaced, FLT_VIEW_LEET, flt_leet, NULL, &leet);
    return rc;
}

static int visit(struct walk *w, const struct node *n)
{
    struct flt_probe p, q;
    struct node folded = *n, plain, joined;
    int rc = FLT_OK;
    flt_probe_text(n->text, w->wanted, &p);
    if ((p.views & w->wanted) == 0 && !p.spaced)
        return FLT_OK;
    rc = spacing(w, n, &p);
    if (rc == FLT_OK && (p.views & BIT(FLT_VIEW_FOLDED)))
        rc = derive(w, n, FLT_VIEW_FOLDED, flt_fold, NULL, &folded);
    plain = folded;
    if (rc == FLT_OK && (p.views & BIT(FLT_VIEW_SKELETON)))
        rc = derive(w, &folded, FLT_VIEW_SKELETON, flt_skeleton, NULL, &plain);
    bool changed = folded.text.p != n->text.p, last = plain.text.p == folded.text.p;
    q = p;
    if (rc == FLT_OK && plain.text.p != n->text.p) /* also for the decoders, see below */
        flt_probe_text(plain.text, w->wanted & (last ? READINGS | DECODERS : READINGS), &q);
    if (rc == FLT_OK && plain.text.p != n->text.p)
        rc = spacing(w, &plain, &q);
    if (rc == FLT_OK)
        rc = letters(w, &plain, &q);
    /* Of a long text, only what is about the changed places stands in a folded one. */
    if (rc == FLT_OK && plain.text.p != n->text.p)
        rc = letters(w, n, &p);
    if (rc == FLT_OK && (p.views & BIT(FLT_VIEW_JOINED)) && n->depth < DEPTH) {
        rc = derive(w, n, FLT_VIEW_JOINED, flt_join, NULL, &joined);
        joined.depth++;
        if (rc == FLT_OK && joined.text.p != n->text.p)
            rc = visit(w, &joined);
    }
    if (rc == FLT_OK)
        rc = decode(w, n, &p);
    if (rc == FLT_OK && changed) {
        /* Escapes written in full-width or maths characters only show once folded. */
        if (!last)
            flt_probe_text(folded.text, w->wanted & DECODERS, &q);
        rc = decode(w, &folded, &q);
    }
    return rc;
}

int flt_views_inspect(struct flt_views *v)
{
    const struct flt_policy *policy = v->conf.policy;
    struct walk w = {.v = v, .wanted = policy->views[v->conf.direction]};
    struct node root = {.text = v->text};
    v->n_cut = 0;
    if (w.wanted == 0 || v->text.n == 0)
        return FLT_OK;
    w.maker = (struct flt_maker){.arena = v->kit->views, .budget = BUDGET_BASE + BUDGET_PER_BYTE * v->text.n};
    int rc = visit(&w, &root);
    v->conf.record->unviewed += w.maker.left_out;
    flt_arena_reset(v->kit->views);
    settle(v);
    return rc;
}
