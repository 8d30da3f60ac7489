#include "policy/view.h"

#include "policy/decide.h"

/* ---- which rules act ------------------------------------------------------------------------------------------------
 */

/* A glob names rules as "class/name" or by their id "class.name". */
static bool glob_matches(struct flt_str glob, const struct flt_rule *r)
{
    char name[160];
    struct flt_str cls = flt_str_of(flt_class_names[r->class_]);
    int n =
        snprintf(name, sizeof(name), "%.*s/%.*s", FLT_STR_ARG(cls), (int)(r->id.n - cls.n - 1), r->id.p + cls.n + 1);
    return flt_str_glob((struct flt_str){name, (size_t)n}, glob) || flt_str_glob(r->id, glob);
}

static bool any_matches(const struct flt_strlist *l, const struct flt_rule *r)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (glob_matches(l->v[i], r))
            return true;
    }
    return false;
}

/* Class wildcards may be empty today and filled by the next pack; a name that matches nothing is worth a word. */
static void warn_idle_globs(const struct flt_tenant *t, const struct flt_strlist *l, const struct flt_ruleset *rs,
                            struct flt_diag *d)
{
    char file[256];
    snprintf(file, sizeof(file), "%.*s", FLT_STR_ARG(t->file));
    for (uint32_t i = 0; i < l->n; i++) {
        bool used = l->v[i].n != 0 && l->v[i].p[l->v[i].n - 1] == '*';
        for (uint32_t r = 0; !used && r < rs->n_rules; r++)
            used = glob_matches(l->v[i], &rs->rules[r]);
        if (!used)
            flt_diag_add(d, FLT_OK, file, t->rules.line, t->rules.col, "rules",
                         "'%.*s' matches no rule of the loaded packs", FLT_STR_ARG(l->v[i]));
    }
}

static enum flt_action rule_action(const struct flt_rules_conf *c, const struct flt_rule *r, enum flt_direction dir,
                                   enum flt_role role)
{
    int act = c->class_action[r->class_] >= 0 ? c->class_action[r->class_] : r->action;
    if (r->direction != 2 && r->direction != (int)dir)
        return FLT_ACT_ALLOW;
    if (r->observe > c->observe_level)
        return FLT_ACT_ALLOW;
    if ((r->sensitivity > c->block_level || (r->roles & (1u << role)) == 0) && act > FLT_ACT_ANNOTATE)
        return FLT_ACT_ANNOTATE;
    return (enum flt_action)act;
}

/* Values of rules that the tenant does not even observe weigh nothing, so that they need not be looked for. */
static bool has_say(const struct flt_tenant *t, const struct flt_rule *r)
{
    return flt_decide_is_attack(r->class_) || t->rules.class_threshold[r->class_] > 0 ||
           r->observe <= t->rules.observe_level;
}

struct flt_policy *flt_policy_new(const struct flt_tenant *t, const struct flt_ruleset *rs, struct flt_diag *d)
{
    struct flt_policy *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->tenant = t;
    p->n_rules = rs->n_rules;
    p->act = calloc((size_t)rs->n_rules * 2 * FLT_ROLE_COUNT + 1, 1);
    p->on = calloc((size_t)rs->n_rules + 1, 1);
    if (p->act == NULL || p->on == NULL)
        goto bad;
    for (uint32_t i = 0; i < rs->n_rules; i++) {
        const struct flt_rule *r = &rs->rules[i];
        bool enabled =
            (t->rules.enable.n == 0 || any_matches(&t->rules.enable, r)) && !any_matches(&t->rules.disable, r);
        p->on[i] = enabled && has_say(t, r);
        /* Answers are inspected as they stand: a stream could not show later what a view of the whole would hide. */
        if (enabled && r->direction != FLT_RESPONSE)
            p->views[FLT_REQUEST] |= r->views & ~(1u << FLT_VIEW_RAW);
        for (unsigned k = 0; enabled && k < 2 * FLT_ROLE_COUNT; k++) {
            enum flt_direction dir = k < FLT_ROLE_COUNT ? FLT_REQUEST : FLT_RESPONSE;
            p->act[(size_t)k * rs->n_rules + i] =
                (uint8_t)rule_action(&t->rules, r, dir, (enum flt_role)(k % FLT_ROLE_COUNT));
        }
    }
    warn_idle_globs(t, &t->rules.enable, rs, d);
    warn_idle_globs(t, &t->rules.disable, rs, d);
    p->answer = flt_hold_new(p, rs, FLT_RESPONSE, FLT_ROLE_ASSISTANT);
    if (p->answer == NULL)
        goto bad;
    return p;
bad:
    flt_policy_free(p);
    return NULL;
}

void flt_policy_free(struct flt_policy *p)
{
    if (p == NULL)
        return;
    flt_hold_free(p->answer);
    free(p->act);
    free(p->on);
    free(p);
}

size_t flt_policy_memory(const struct flt_policy *p)
{
    return sizeof(*p) + (size_t)p->n_rules * (2 * FLT_ROLE_COUNT + 1) + sizeof(*p->answer);
}

/* ---- open candidates
 * ----------------------------------------------------------------------------------------------------- */

struct group {
    struct flt_byteset body, first;
    uint32_t width, ahead;
    uint32_t *member;
    uint32_t n;
};

/* How much worse the walk gets by treating two groups as one. */
static uint64_t merge_cost(const struct group *a, const struct group *b)
{
    struct flt_byteset body = a->body, first = a->first;
    flt_byteset_or(&body, &b->body);
    flt_byteset_or(&first, &b->first);
    uint64_t bytes = 2u * flt_byteset_count(&body) - flt_byteset_count(&a->body) - flt_byteset_count(&b->body);
    uint64_t starts = 2u * flt_byteset_count(&first) - flt_byteset_count(&a->first) - flt_byteset_count(&b->first);
    uint64_t width = a->width > b->width ? a->width - b->width : b->width - a->width;
    /* What must see two bytes behind itself holds every word that ends in one blank, once it is mixed with letters. */
    uint64_t ahead = a->ahead != b->ahead && (a->ahead > 1 || b->ahead > 1) ? UINT64_C(1) << 30 : 0;
    return ahead + bytes * 64 + starts * 16 + width;
}

static bool merge_into(struct group *a, struct group *b)
{
    uint32_t *m = realloc(a->member, (a->n + b->n) * sizeof(*m));
    if (m == NULL)
        return false;
    memcpy(m + a->n, b->member, b->n * sizeof(*m));
    a->member = m;
    a->n += b->n;
    flt_byteset_or(&a->body, &b->body);
    flt_byteset_or(&a->first, &b->first);
    a->width = a->width > b->width ? a->width : b->width;
    a->ahead = a->ahead > b->ahead ? a->ahead : b->ahead;
    free(b->member);
    return true;
}

/* The group behind i that it is cheapest to treat as one with. */
struct nearest {
    uint64_t cost;
    uint32_t other;
};

static struct nearest find_nearest(const struct group *g, uint32_t n, uint32_t i)
{
    struct nearest best = {UINT64_MAX, i};
    for (uint32_t j = i + 1; j < n; j++) {
        uint64_t c = merge_cost(&g[i], &g[j]);
        if (c < best.cost)
            best = (struct nearest){c, j};
    }
    return best;
}

/* Group `merged` changed and the last one, once number n, took the place of `gone`: what is nearest is found anew. */
static void update_nearest(struct nearest *near, const struct group *g, uint32_t n, uint32_t merged, uint32_t gone)
{
    for (uint32_t i = 0; i < n; i++) {
        bool stale = i == merged || i == gone || near[i].other == merged || near[i].other == gone || near[i].other == n;
        if (stale) {
            near[i] = find_nearest(g, n, i);
            continue;
        }
        const uint32_t changed[] = {merged, gone};
        for (unsigned k = 0; k < FLT_ARRAY_LEN(changed); k++) {
            uint64_t c = changed[k] > i && changed[k] < n ? merge_cost(&g[i], &g[changed[k]]) : UINT64_MAX;
            if (c < near[i].cost)
                near[i] = (struct nearest){c, changed[k]};
        }
    }
}

/* Merges the two most alike groups until they fit the mask; the nearest partner of each is kept from step to step. */
static bool reduce(struct group *g, uint32_t *n)
{
    bool ok = true;
    if (*n <= FLT_HOLD_GROUPS)
        return true;
    struct nearest *near = calloc(*n, sizeof(*near));
    if (near == NULL)
        return false;
    for (uint32_t i = 0; i < *n; i++)
        near[i] = find_nearest(g, *n, i);
    while (ok && *n > FLT_HOLD_GROUPS) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < *n; i++) {
            if (near[i].cost < near[best].cost)
                best = i;
        }
        uint32_t other = near[best].other;
        ok = merge_into(&g[best], &g[other]);
        if (ok) {
            g[other] = g[--*n];
            update_nearest(near, g, *n, best, other);
        }
    }
    free(near);
    return ok;
}

static void add_expiry(struct flt_hold *h, uint32_t width, uint64_t bit)
{
    uint32_t i = 0;
    while (i < h->n_expiry && h->expiry[i].width < width)
        i++;
    if (i == h->n_expiry || h->expiry[i].width != width) {
        memmove(&h->expiry[i + 1], &h->expiry[i], (h->n_expiry - i) * sizeof(h->expiry[0]));
        h->n_expiry++;
        h->expiry[i].width = width;
        h->expiry[i].groups = 0;
    }
    h->expiry[i].groups |= bit;
}

static void fill(struct flt_hold *h, const struct group *g, uint32_t n)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bit = UINT64_C(1) << i;
        for (unsigned c = 0; c < 256; c++) {
            h->body[c] |= flt_byteset_has(&g[i].body, (uint8_t)c) ? bit : 0;
            h->first[c] |= flt_byteset_has(&g[i].first, (uint8_t)c) ? bit : 0;
        }
        h->all |= bit;
        for (uint32_t k = 0; k + 1 < g[i].ahead; k++)
            h->ahead[k] |= bit;
        uint32_t reach = g[i].width + (g[i].ahead > 0 ? g[i].ahead - 1 : 0);
        add_expiry(h, reach, bit);
        h->group_begin[i] = at;
        memcpy(h->member + at, g[i].member, g[i].n * sizeof(*h->member));
        at += g[i].n;
    }
    h->group_begin[n] = at;
    h->n_groups = n;
}

static bool same_bytes(const struct group *g, const struct flt_shape *s, uint32_t ahead)
{
    return memcmp(&g->body, &s->body, sizeof(s->body)) == 0 && memcmp(&g->first, &s->first, sizeof(s->first)) == 0 &&
           g->ahead == ahead;
}

static bool add_to_groups(struct group *g, uint32_t *n, const struct flt_detector *det, uint32_t index)
{
    const struct flt_shape *s = flt_matcher_shape(det->m);
    uint32_t ahead = flt_matcher_ahead(det->m);
    struct group one = {s->body, s->first, s->max, ahead, malloc(sizeof(uint32_t)), 1};
    if (one.member == NULL)
        return false;
    one.member[0] = index;
    for (uint32_t i = 0; i < *n; i++) {
        if (!same_bytes(&g[i], s, ahead))
            continue;
        bool merged = merge_into(&g[i], &one);
        if (!merged)
            free(one.member);
        return merged;
    }
    g[(*n)++] = one;
    return true;
}

/* The detectors that act there and span words. */
static void fill_spans(struct flt_hold *h, const struct flt_policy *p, const struct flt_ruleset *rs,
                       enum flt_direction dir, enum flt_role role)
{
    for (uint32_t i = 0; i < rs->n_spanning; i++) {
        const struct flt_detector *d = &rs->detectors[rs->spanning[i]];
        if (flt_policy_act(p, dir, role, d->rule) >= FLT_ACT_REDACT)
            h->spans[i >> 6] |= UINT64_C(1) << (i & 63);
    }
}

struct flt_hold *flt_hold_new(const struct flt_policy *p, const struct flt_ruleset *rs, enum flt_direction dir,
                              enum flt_role role)
{
    uint32_t n = 0;
    bool ok = true;
    struct group *g = calloc(rs->n_detectors + 1, sizeof(*g));
    struct flt_hold *h = calloc(1, sizeof(*h));
    if (h != NULL) {
        h->member = calloc(rs->n_detectors + 1, sizeof(*h->member));
        h->spans = calloc(flt_starts_words(rs->starts) + 1, sizeof(*h->spans));
    }
    ok = g != NULL && h != NULL && h->member != NULL && h->spans != NULL;
    for (uint32_t i = 0; ok && i < rs->n_detectors; i++) {
        bool looks = flt_detector_looks(&rs->detectors[i], 0); /* streams are inspected as they are */
        bool spans = flt_byteset_has(&flt_matcher_shape(rs->detectors[i].m)->body, ' ');
        if (looks && !spans && flt_policy_act(p, dir, role, rs->detectors[i].rule) >= FLT_ACT_REDACT)
            ok = add_to_groups(g, &n, &rs->detectors[i], i);
    }
    ok = ok && reduce(g, &n);
    if (ok) {
        fill(h, g, n);
        fill_spans(h, p, rs, dir, role);
    }
    for (uint32_t i = 0; g != NULL && i < n; i++)
        free(g[i].member);
    free(g);
    if (!ok) {
        flt_hold_free(h);
        return NULL;
    }
    return h;
}

void flt_hold_free(struct flt_hold *h)
{
    if (h == NULL)
        return;
    free(h->member);
    free(h->spans);
    free(h);
}
