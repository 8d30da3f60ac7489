/* ruleset.c: rules -> detectors (one per pattern) and one scanner over all their gate expressions. */
#include "rule/rule.h"

static uint32_t count_detectors(const struct flt_rules *rules)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < rules->n; i++)
        n += rules->v[i].n_patterns != 0 ? rules->v[i].n_patterns : 1;
    return n;
}

static void report(struct flt_diag *d, const struct flt_rule *r, const struct flt_pattern *p, size_t at, const char *why)
{
    char file[256];
    snprintf(file, sizeof(file), "%.*s", FLT_STR_ARG(r->file));
    flt_diag_add(d, FLT_E_CONFIG, file, p->line, p->col, r->id.n < 100 ? "pattern" : "", "rule %.*s: %s (at byte %zu of the pattern)",
                 FLT_STR_ARG(r->id), why, at);
}

static void add_detector(struct flt_ruleset *s, uint32_t rule, const struct flt_pattern *p, const struct flt_pattern *close, struct flt_diag *d)
{
    const struct flt_rule *r = &s->rules[rule];
    struct flt_matcher_conf conf = {
        .pattern = p->text,
        .close = close != NULL ? close->text : (struct flt_str){NULL, 0},
        .caseless = r->caseless != 0,
        .left = (enum flt_boundary)r->left,
        .right = (enum flt_boundary)r->right,
        .validate = r->validate,
        .n_validate = r->n_validate,
    };
    char why[256];
    size_t where;
    bool in_close;
    struct flt_matcher *m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    if (m == NULL) {
        report(d, r, in_close ? close : p, where, why);
        return;
    }
    uint32_t width = flt_matcher_shape(m)->max;
    if (flt_matcher_close_width(m) > width)
        width = flt_matcher_close_width(m);
    s->detectors[s->n_detectors++] = (struct flt_detector){m, rule, width};
    if (width > s->max_width)
        s->max_width = width;
    s->memory += flt_matcher_memory(m) + sizeof(struct flt_detector);
}

static bool add_expression(struct flt_ruleset *s, struct flt_expression *v, const char *pattern, const struct flt_expression_hits *hits)
{
    if (pattern == NULL)
        return false;
    v[s->n_expressions] = (struct flt_expression){pattern, s->rules[s->detectors[hits->first].rule].caseless != 0};
    s->expressions[s->n_expressions++] = *hits;
    return true;
}

/* The expressions the scanner runs: a rule's gates, each for all of its patterns; without gates every pattern's head. */
static bool collect(struct flt_ruleset *s, struct flt_expression *v, struct flt_arena *arena)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < s->n_detectors;) {
        const struct flt_rule *r = &s->rules[s->detectors[i].rule];
        struct flt_expression_hits hits = {i, 0};
        while (i < s->n_detectors && s->detectors[i].rule == s->detectors[hits.first].rule)
            i++;
        hits.n = i - hits.first;
        for (uint32_t g = 0; ok && g < r->n_gates; g++)
            ok = add_expression(s, v, flt_arena_dup(arena, r->gates[g].text.p, r->gates[g].text.n), &hits);
        for (uint32_t k = hits.first; ok && r->n_gates == 0 && k < i; k++)
            ok = add_expression(s, v, flt_matcher_head(s->detectors[k].m), &(struct flt_expression_hits){k, 1});
    }
    return ok;
}

static int compile_scanner(struct flt_ruleset *s, const char *cache_dir, struct flt_diag *d)
{
    uint32_t cap = s->n_detectors;
    uint32_t bad;
    char why[256];
    int rc = FLT_E_NOMEM;
    for (uint32_t i = 0; i < s->n_detectors; i++)
        cap += s->rules[s->detectors[i].rule].n_gates;
    struct flt_arena *arena = flt_arena_new(64u << 20);
    struct flt_expression *v = arena != NULL ? flt_arena_calloc(arena, cap + 1, sizeof(*v)) : NULL;
    s->expressions = calloc(cap + 1, sizeof(*s->expressions));
    if (v == NULL || s->expressions == NULL || !collect(s, v, arena))
        goto out;
    s->scanner = flt_scanner_new(v, s->n_expressions, cache_dir, &bad, why, sizeof(why));
    if (s->scanner == NULL) {
        rc = FLT_E_CONFIG;
        if (bad < s->n_expressions) {
            const struct flt_rule *r = &s->rules[s->detectors[s->expressions[bad].first].rule];
            struct flt_pattern at = {.line = r->line, .col = r->col};
            report(d, r, r->n_gates != 0 ? &r->gates[0] : &at, 0, why);
        } else {
            flt_diag_add(d, FLT_E_CONFIG, "", 0, 0, "rulesets", "the scanner cannot be built: %s", why);
        }
        goto out;
    }
    s->memory += flt_scanner_memory(s->scanner);
    rc = FLT_OK;
out:
    flt_arena_free(arena);
    return rc;
}

struct flt_ruleset *flt_ruleset_new(struct flt_rules *rules, const char *cache_dir, struct flt_diag *d)
{
    struct flt_ruleset *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->rules = rules->v;
    s->n_rules = rules->n;
    s->detectors = calloc(count_detectors(rules) + 1, sizeof(*s->detectors));
    if (s->detectors == NULL) {
        flt_ruleset_free(s);
        return NULL;
    }
    unsigned before = d->n + d->dropped;
    for (uint32_t i = 0; i < rules->n; i++) {
        const struct flt_rule *r = &rules->v[i];
        for (uint32_t p = 0; p < r->n_patterns; p++)
            add_detector(s, i, &r->patterns[p], NULL, d);
        if (r->n_patterns == 0)
            add_detector(s, i, &r->block_open, &r->block_close, d);
    }
    if (d->n + d->dropped != before || compile_scanner(s, cache_dir, d) != FLT_OK) {
        flt_ruleset_free(s);
        return NULL;
    }
    return s;
}

void flt_ruleset_free(struct flt_ruleset *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; i < s->n_detectors; i++)
        flt_matcher_free(s->detectors[i].m);
    flt_scanner_free(s->scanner);
    free(s->expressions);
    free(s->detectors);
    free(s);
}
