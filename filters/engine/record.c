#include "engine/record.h"

#include "policy/decide.h"

int flt_record_init(struct flt_record *r, const struct flt_ruleset *rs, const struct flt_policy *p)
{
    *r = (struct flt_record){.rs = rs, .policy = p, .blocking_rule = UINT32_MAX};
    r->seen = calloc(rs->n_rules + 1u, 1);
    return r->seen != NULL ? FLT_OK : FLT_E_NOMEM;
}

void flt_record_free(struct flt_record *r)
{
    free(r->v);
    free(r->sorted);
    free(r->seen);
    r->v = r->sorted = NULL;
    r->seen = NULL;
}

void flt_record_seen(struct flt_record *r, uint32_t rule)
{
    r->seen[rule] = 1;
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

uint32_t flt_record_add(struct flt_record *r, const struct flt_finding *f)
{
    r->seen[f->rule] = 1;
    if (f->would > r->would || (f->would == FLT_ACT_BLOCK && r->blocking_rule == UINT32_MAX)) {
        r->would = (enum flt_action)f->would;
        if (r->would == FLT_ACT_BLOCK)
            r->blocking_rule = f->rule;
    }
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
    if (r->failed || r->seen == NULL)
        return FLT_E_NOMEM;
    enum flt_mode mode = r->policy->tenant->mode;
    *out = (struct flt_decision){
        .would = r->would,
        .action = flt_decide_act(mode, r->would),
        .cause = r->cause != FLT_CAUSE_NONE ? r->cause
                 : r->would > FLT_ACT_ALLOW ? FLT_CAUSE_POLICY
                                            : FLT_CAUSE_NONE,
        .score = flt_decide_score(r->rs, r->policy, r->seen),
        .blocking_rule = r->blocking_rule,
        .findings_dropped = r->dropped,
        .bytes_total = r->total,
        .bytes_scanned = r->scanned,
        .bytes_opaque = r->opaque,
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
