#include "engine/record.h"

#include "policy/decide.h"

int flt_record_init(struct flt_record *r, const struct flt_ruleset *rs, const struct flt_policy *p)
{
    *r = (struct flt_record){.rs = rs, .policy = p, .blocking_rule = UINT32_MAX};
    r->seen = calloc(rs->n_rules + 1u, 1);
    r->serious = calloc(rs->n_rules + 1u, 1);
    return r->seen != NULL && r->serious != NULL ? FLT_OK : FLT_E_NOMEM;
}

void flt_record_free(struct flt_record *r)
{
    free(r->v);
    free(r->sorted);
    free(r->seen);
    free(r->serious);
    r->v = r->sorted = NULL;
    r->seen = r->serious = NULL;
}

void flt_record_seen(struct flt_record *r, uint32_t rule, uint8_t adds, bool serious)
{
    uint8_t value = (uint8_t)(1 + (adds < 100 ? adds : 100));
    r->hit = true;
    r->seen[rule] = r->seen[rule] > value ? r->seen[rule] : value;
    if (serious)
        r->serious[rule] = r->serious[rule] > value ? r->serious[rule] : value;
}

static bool grow(struct flt_record *r)
{
    uint32_t cap = r->cap != 0 ? r->cap * 2 : 16;
    struct flt_finding *v = realloc(r->v, cap * sizeof(*v));
    if (v == NULL)
        return false;
    r->v = v;
    r->cap = cap;
    return true;
}

/* What was seen in the text itself, or in a plainer view, is not told again. */
static bool told_already(const struct flt_record *r, const struct flt_finding *f)
{
    for (uint32_t i = r->n; f->view[0] != FLT_VIEW_RAW && i-- > 0 && r->v[i].span == f->span;) {
        if (r->v[i].rule == f->rule && r->v[i].start < f->end && f->start < r->v[i].end)
            return true;
    }
    return false;
}

uint32_t flt_record_add(struct flt_record *r, const struct flt_finding *f)
{
    flt_record_seen(r, f->rule, 0, false);
    if (f->would > r->would || (f->would == FLT_ACT_BLOCK && r->blocking_rule == UINT32_MAX)) {
        r->would = (enum flt_action)f->would;
        if (r->would == FLT_ACT_BLOCK)
            r->blocking_rule = f->rule;
    }
    if (told_already(r, f))
        return UINT32_MAX;
    if (r->n == FLT_FINDINGS_MAX) {
        r->dropped++;
        return UINT32_MAX;
    }
    if (r->n == r->cap && !grow(r)) {
        r->failed = true;
        return UINT32_MAX;
    }
    r->v[r->n] = *f;
    return r->n++;
}

static int by_place(const void *a, const void *b)
{
    const struct flt_finding *x = a, *y = b;
    if (x->span != y->span)
        return x->span < y->span ? -1 : 1;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

int flt_record_decide(struct flt_record *r, struct flt_arena *arena, struct flt_decision *out)
{
    if (r->failed || r->seen == NULL || r->serious == NULL)
        return FLT_E_NOMEM;
    uint32_t over = r->hit && r->thresholds && r->would != FLT_ACT_BLOCK
                        ? flt_decide_threshold(r->rs, r->policy, r->serious)
                        : UINT32_MAX;
    if (over != UINT32_MAX) {
        r->would = FLT_ACT_BLOCK;
        r->blocking_rule = over;
    }
    if (r->unviewed != 0 && r->policy->tenant->rules.unviewed != 0) {
        r->would = FLT_ACT_BLOCK;
        r->cause = FLT_CAUSE_LIMIT;
    }
    enum flt_mode mode = r->policy->tenant->mode;
    *out = (struct flt_decision){
        .would = r->would,
        .action = flt_decide_act(mode, r->would),
        .cause = r->cause != FLT_CAUSE_NONE ? r->cause
                 : r->would > FLT_ACT_ALLOW ? FLT_CAUSE_POLICY
                                            : FLT_CAUSE_NONE,
        .score = r->hit ? flt_decide_score(r->rs, r->policy, r->seen) : 0,
        .blocking_rule = r->blocking_rule,
        .findings_dropped = r->dropped,
        .bytes_total = r->total,
        .bytes_scanned = r->scanned,
        .bytes_opaque = r->opaque,
        .bytes_unviewed = r->unviewed,
    };
    if (r->n == 0)
        return FLT_OK;
    struct flt_finding *v;
    if (arena != NULL)
        v = flt_arena_alloc(arena, r->n * sizeof(*v));
    else
        v = realloc(r->sorted, r->n * sizeof(*v));
    if (v == NULL)
        return FLT_E_NOMEM;
    if (arena == NULL)
        r->sorted = v;
    memcpy(v, r->v, r->n * sizeof(*v));
    qsort(v, r->n, sizeof(*v), by_place);
    for (uint32_t i = r->n; i-- > 0;) { /* the rule to name is the first by place, however texts were grouped */
        if (v[i].would == FLT_ACT_BLOCK)
            out->blocking_rule = v[i].rule;
    }
    for (uint32_t i = 0; i < r->n; i++)
        v[i].action = (uint8_t)flt_decide_act(mode, (enum flt_action)v[i].would);
    out->findings = v;
    out->n_findings = r->n;
    return FLT_OK;
}
