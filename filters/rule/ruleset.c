/* ruleset.c: rules -> detectors (one per pattern) and one scanner over all their gate expressions. */
#include "rule/rule.h"

/* Words that surprise less, together, hit honest text too often; then the scanner runs a gate or the pattern itself. */
#define FACTORS_ENOUGH 8.0

static uint32_t count_detectors(const struct flt_rules *rules)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < rules->n; i++)
        n += rules->v[i].n_patterns != 0 ? rules->v[i].n_patterns : 1;
    return n;
}

static void report(struct flt_diag *d, const struct flt_rule *r, const struct flt_pattern *p, size_t at,
                   const char *why)
{
    char file[256];
    snprintf(file, sizeof(file), "%.*s", FLT_STR_ARG(r->file));
    flt_diag_add(d, FLT_E_CONFIG, file, p->line, p->col, r->id.n < 100 ? "pattern" : "",
                 "rule %.*s: %s (at byte %zu of the pattern)", FLT_STR_ARG(r->id), why, at);
}

static void add_detector(struct flt_ruleset *s, uint32_t rule, const struct flt_pattern *p,
                         const struct flt_pattern *close, struct flt_diag *d)
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

struct collector {
    struct flt_ruleset *s;
    struct flt_expression *v;
    struct flt_arena *arena;
    struct flt_strmap *known; /* expression text, with its case, -> index */
    uint32_t cap;
};

/* Without letters (escapes aside) both cases are the same expression, and one of them is enough. */
static bool has_letters(const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '\\' && pattern[1] != '\0')
            pattern++;
        else if ((*pattern | 0x20) >= 'a' && (*pattern | 0x20) <= 'z')
            return true;
    }
    return false;
}

/* Adds the detector to the expression, which is made where it is new: many rules share their telling words. */
static bool add_expression(struct collector *c, const char *pattern, bool caseless, struct flt_expression_step step)
{
    struct flt_ruleset *s = c->s;
    caseless = caseless && pattern != NULL && has_letters(pattern);
    const char *key = pattern != NULL ? flt_arena_printf(c->arena, "%c%s", caseless ? 'i' : 's', pattern) : NULL;
    uint32_t i;
    if (key == NULL)
        return false;
    if (!flt_strmap_get(c->known, flt_str_of(key), &i)) {
        i = s->n_expressions;
        if (i == c->cap || flt_strmap_put(c->known, flt_str_of(key), i) != FLT_OK)
            return false;
        c->v[i] = (struct flt_expression){pattern, caseless};
        s->n_expressions++;
    }
    struct flt_expression_hits *e = &s->expressions[i];
    if (e->n == e->cap) {
        uint32_t cap = e->cap != 0 ? e->cap * 2 : 2;
        struct flt_expression_step *v = realloc(e->v, cap * sizeof(*v));
        if (v == NULL)
            return false;
        e->v = v;
        e->cap = cap;
    }
    e->v[e->n++] = step;
    return true;
}

static const char *literal_pattern(struct flt_arena *arena, const struct flt_literal *l)
{
    char text[4 * FLT_LITERAL_MAX + 1];
    size_t n = 0;
    for (unsigned i = 0; i < l->len; i++) {
        unsigned char ch = (unsigned char)l->s[i];
        bool plain = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
        n += (size_t)snprintf(text + n, sizeof(text) - n, plain ? "%c" : "\\x%02x", ch);
    }
    return flt_arena_dup(arena, text, n);
}

/* What the scanner runs for one detector: its telling words, else the rule's own gates, else the pattern. */
static bool collect_detector(struct collector *c, uint32_t det)
{
    const struct flt_rule *r = &c->s->rules[c->s->detectors[det].rule];
    const struct flt_factors *f = &flt_matcher_shape(c->s->detectors[det].m)->factors;
    struct flt_expression_step step = {.det = det, .reach = c->s->detectors[det].width};
    bool caseless = r->caseless != 0, ok = true;
    if (flt_factors_score(f) >= FACTORS_ENOUGH) {
        step.last = (uint8_t)(f->n - 1);
        for (step.step = 0; step.step < f->n; step.step++) {
            uint32_t width = c->s->detectors[det].width;
            step.reach = f->reach[step.step] < width ? f->reach[step.step] : width;
            for (unsigned i = 0; ok && i < f->v[step.step].n; i++)
                ok = add_expression(c, literal_pattern(c->arena, &f->v[step.step].v[i]), caseless, step);
        }
        return ok;
    }
    for (uint32_t g = 0; ok && g < r->n_gates; g++)
        ok = add_expression(c, flt_arena_dup(c->arena, r->gates[g].text.p, r->gates[g].text.n), caseless, step);
    return r->n_gates != 0 ? ok : add_expression(c, flt_matcher_head(c->s->detectors[det].m), caseless, step);
}

static bool collect(struct collector *c)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < c->s->n_detectors; i++)
        ok = collect_detector(c, i);
    return ok;
}

static int compile_scanner(struct flt_ruleset *s, const char *cache_dir, struct flt_diag *d)
{
    struct collector c = {.s = s, .cap = s->n_detectors * (FLT_LITERALS_MAX + FLT_RULE_MAX_PATTERNS) + 1};
    uint32_t bad;
    char why[256];
    int rc = FLT_E_NOMEM;
    c.arena = flt_arena_new(256u << 20);
    c.known = flt_strmap_new(0);
    c.v = c.arena != NULL ? flt_arena_calloc(c.arena, c.cap, sizeof(*c.v)) : NULL;
    s->expressions = calloc(c.cap, sizeof(*s->expressions));
    if (c.v == NULL || c.known == NULL || s->expressions == NULL || !collect(&c))
        goto out;
    s->scanner = flt_scanner_new(c.v, s->n_expressions, cache_dir, &bad, why, sizeof(why));
    if (s->scanner == NULL) {
        rc = FLT_E_CONFIG;
        if (bad < s->n_expressions) {
            const struct flt_rule *r = &s->rules[s->detectors[s->expressions[bad].v[0].det].rule];
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
    flt_strmap_free(c.known);
    flt_arena_free(c.arena);
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
    for (uint32_t i = 0; i < s->n_expressions; i++)
        free(s->expressions[i].v);
    free(s->expressions);
    free(s->detectors);
    free(s);
}
