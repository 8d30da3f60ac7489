/* ruleset.c: rules -> detectors (one per pattern) and one scanner over all their gate expressions. */
#include <assert.h>
#include <math.h>

#include "rule/rule.h"
#include "scan/digits.h"

/* Words that cost more than so (choose_words) are no better than a gate or the pattern itself. */
#define COST_MOST  2.0
#define COST_GATED 0.25

static uint32_t count_detectors(const struct flt_rules *rules)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < rules->n; i++)
        n += (rules->v[i].n_patterns != 0 ? rules->v[i].n_patterns : 1) + rules->v[i].n_squashed;
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

/* squashed: the pattern's form for texts of letters only, which have no boundaries. */
static void add_detector(struct flt_ruleset *s, uint32_t rule, const struct flt_pattern *p,
                         const struct flt_pattern *close, bool squashed, struct flt_diag *d)
{
    const struct flt_rule *r = &s->rules[rule];
    uint32_t bit = 1u << FLT_VIEW_SQUASHED;
    struct flt_matcher_conf conf = {
        .pattern = p->text,
        .close = close != NULL ? close->text : (struct flt_str){NULL, 0},
        .caseless = r->caseless != 0,
        .left = squashed ? FLT_BOUND_NONE : (enum flt_boundary)r->left,
        .right = squashed ? FLT_BOUND_NONE : (enum flt_boundary)r->right,
        .validate = r->validate,
        .n_validate = r->n_validate,
        .whole = squashed, /* streams never look there */
    };
    char why[256];
    size_t where;
    bool in_close;
    struct flt_matcher *m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    if (m == NULL) {
        assert(!in_close || close != NULL); /* only a close that was given can be at fault */
        report(d, r, in_close ? close : p, where, why);
        return;
    }
    uint32_t width = flt_matcher_shape(m)->max;
    if (flt_matcher_close_width(m) > width)
        width = flt_matcher_close_width(m);
    s->detectors[s->n_detectors++] = (struct flt_detector){
        .m = m, .rule = rule, .width = width, .views = squashed ? r->views | bit : r->views & ~bit};
    if (width > s->max_width && !squashed)
        s->max_width = width;
    s->memory += flt_matcher_memory(m) + sizeof(struct flt_detector);
}

static void add_contexts(struct flt_ruleset *s, uint32_t rule, struct flt_diag *d)
{
    const struct flt_rule *r = &s->rules[rule];
    struct flt_surroundings *a = &s->around[rule];
    a->v = calloc(r->n_contexts + 1u, sizeof(*a->v));
    for (uint32_t i = 0; a->v != NULL && i < r->n_contexts; i++) {
        const struct flt_context_conf *c = &r->contexts[i];
        struct flt_pattern at = {.line = c->line, .col = c->col};
        char why[256];
        size_t where;
        if (flt_context_compile(c, &a->v[a->n], &where, why, sizeof(why)) != FLT_OK) {
            report(d, r, &at, where, why);
            continue;
        }
        s->memory += flt_matcher_memory(a->v[a->n].m) + sizeof(struct flt_context);
        a->n++;
        a->after = c->after > a->after ? c->after : a->after;
        s->max_before = c->before > s->max_before ? c->before : s->max_before;
        s->max_after = c->after > s->max_after ? c->after : s->max_after;
    }
}

/* Scanners: of texts, and of what is left of them when all but the letters is taken away. */
#define IN_TEXT     1u
#define IN_SQUASHED 2u

struct collector {
    struct flt_ruleset *s;
    struct flt_expression *v;
    struct flt_arena *arena;
    struct flt_strmap *known; /* expression text, with its case, -> index */
    struct flt_strmap *words; /* strings of a set -> number of the word */
    uint8_t *where;           /* [expression] the scanners that run it, a bit each */
    uint8_t now;              /* the one of the detector under way */
    bool fresh;               /* no letter or digit stands directly before its matches */
    uint32_t cap;
};

/* Without letters (escapes aside) both cases are the same expression, and one of them is enough. len 0 = a pattern. */
static bool has_letters(const char *p, uint32_t len)
{
    size_t n = len != 0 ? len : strlen(p);
    for (size_t i = 0; i < n; i++) {
        if (len == 0 && p[i] == '\\' && i + 1 < n)
            i++;
        else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z')
            return true;
    }
    return false;
}

/* The expression's hits; it is made where it is new: many rules share their telling words. */
static struct flt_expression_hits *expression(struct collector *c, struct flt_expression x)
{
    struct flt_ruleset *s = c->s;
    if (x.pattern == NULL)
        return NULL;
    x.caseless = x.caseless && has_letters(x.pattern, x.len);
    size_t n = x.len != 0 ? x.len : strlen(x.pattern);
    char *key = flt_arena_alloc(c->arena, n + 1);
    uint32_t i;
    if (key == NULL)
        return NULL;
    key[0] = (char)((x.len != 0 ? 'A' : 'a') + x.caseless + 2 * x.fresh);
    memcpy(key + 1, x.pattern, n);
    if (!flt_strmap_get(c->known, (struct flt_str){key, n + 1}, &i)) {
        i = s->n_expressions;
        if (i == c->cap || flt_strmap_put(c->known, (struct flt_str){key, n + 1}, i) != FLT_OK)
            return NULL;
        c->v[i] = x;
        s->n_expressions++;
        for (uint32_t g = 0; x.len == 0 && g < FLT_DIGIT_GATES; g++) {
            if (strcmp(x.pattern, flt_digit_gates[g]) == 0)
                s->expressions[i].dense = g + 1;
        }
    }
    c->where[i] |= c->now;
    return &s->expressions[i];
}

static bool add_step(struct flt_expression_hits *e, struct flt_expression_step step)
{
    if (e == NULL)
        return false;
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

static bool add_word(struct flt_expression_hits *e, uint32_t word)
{
    uint32_t *v = e != NULL ? realloc(e->word, (e->n_word + 1u) * sizeof(*v)) : NULL;
    if (v == NULL)
        return false;
    e->word = v;
    e->word[e->n_word++] = word;
    return true;
}

/* A fixed string for the finder, or, when it is too short for it, as an expression. */
static struct flt_expression literal(struct flt_arena *arena, const struct flt_literal *l, bool caseless, bool fresh)
{
    char text[4 * FLT_LITERAL_MAX + 1];
    size_t n = 0;
    if (l->len >= FLT_FINDER_MIN)
        return (struct flt_expression){
            .pattern = flt_arena_dup(arena, l->s, l->len), .len = l->len, .caseless = caseless, .fresh = fresh};
    for (unsigned i = 0; i < l->len; i++) {
        unsigned char ch = (unsigned char)l->s[i];
        bool plain = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
        n += (size_t)snprintf(text + n, sizeof(text) - n, plain ? "%c" : "\\x%02x", ch);
    }
    return (struct flt_expression){.pattern = flt_arena_dup(arena, text, n), .caseless = caseless};
}

/* No letter or digit stands directly before it in a match. */
static bool is_fresh(const struct collector *c, const struct flt_literal *l)
{
    return (l->before & FLT_BEFORE_WORD) == 0 && ((l->before & FLT_BEFORE_BEGIN) == 0 || c->fresh);
}

/* One of the literals stands in every match. */
static bool add_literals(struct collector *c, const struct flt_literals *l, bool caseless,
                         struct flt_expression_step step)
{
    bool ok = true;
    for (unsigned i = 0; ok && i < l->n; i++)
        ok = add_step(expression(c, literal(c->arena, &l->v[i], caseless, is_fresh(c, &l->v[i]))), step);
    return ok;
}

/* The number of a set of strings whose newest place is remembered; the same for all rules that have it. */
static bool word_number(struct collector *c, const struct flt_literals *l, bool caseless, uint32_t *number)
{
    char key[FLT_LITERALS_MAX * (FLT_LITERAL_MAX + 1u) + 2u];
    size_t n = 0;
    key[n++] = (char)caseless;
    for (unsigned i = 0; i < l->n; i++) {
        key[n++] = (char)(l->v[i].len + 64 * is_fresh(c, &l->v[i]));
        memcpy(key + n, l->v[i].s, l->v[i].len);
        n += l->v[i].len;
    }
    key[n++] = (char)c->now; /* texts that are not looked at by the same scanner have nothing to do with each other */
    if (flt_strmap_get(c->words, (struct flt_str){key, n}, number))
        return true;
    *number = c->s->n_words++;
    bool ok = flt_strmap_put(c->words, (struct flt_str){key, n}, *number) == FLT_OK;
    for (unsigned i = 0; ok && i < l->n; i++)
        ok = add_word(expression(c, literal(c->arena, &l->v[i], caseless, is_fresh(c, &l->v[i]))), *number);
    return ok;
}

/* Short words stand in every other line, also those that are rare in English: no, nie, dea, run, sin. */
#define WORD_MIN 4u

/* Is it worth looking for? */
static bool is_string(const struct flt_literal *l)
{
    bool word = true;
    for (unsigned i = 0; word && i < l->len; i++)
        word = (l->s[i] | 0x20) >= 'a' && (l->s[i] | 0x20) <= 'z';
    return l->len >= (word ? WORD_MIN : FLT_FINDER_MIN);
}

static bool all_strings(const struct flt_literals *l)
{
    bool all = l->n != 0;
    for (unsigned i = 0; i < l->n; i++)
        all = all && is_string(&l->v[i]);
    return all;
}

/* The gate of digits.h that every match holds: it comes for free. */
static bool add_gate(struct collector *c, const struct flt_shape *shape, struct flt_expression_step step)
{
    enum flt_digit_gate gate = shape->digit_chain ? FLT_GATE_CHAIN : FLT_GATE_RUN;
    return add_step(expression(c, (struct flt_expression){.pattern = flt_digit_gates[gate]}), step);
}

/*
 * A gate or pattern: its own telling strings where it has some, which are cheaper to look for than the whole. What the
 * analyser does not understand is looked for as it stands.
 */
static bool add_pattern(struct collector *c, const char *pattern, bool caseless, struct flt_expression_step step)
{
    struct flt_shape shape = {.max = 0};
    struct flt_buf head;
    size_t where;
    const char *why;
    if (pattern == NULL)
        return false;
    flt_buf_init(&head, 2 * strlen(pattern) + 64);
    const struct flt_literals *best = NULL;
    bool digits = false, beyond = false;
    c->fresh = false; /* a gate stands anywhere within the match */
    if (flt_shape_analyse(flt_str_of(pattern), caseless, &shape, &head, &where, &why) == FLT_OK) {
        for (unsigned i = 0; i < shape.factors.n; i++) {
            const struct flt_literals *l = &shape.factors.v[i];
            if (all_strings(l) && (best == NULL || flt_literals_score(l) > flt_literals_score(best)))
                best = l;
        }
        digits = shape.digit_run || shape.digit_chain;
        beyond = shape.beyond;
    }
    flt_buf_free(&head);
    if (best != NULL)
        return add_literals(c, best, caseless, step);
    if (digits)
        return add_gate(c, &shape, step);
    struct flt_expression whole = {.pattern = pattern, .caseless = caseless, .beyond = beyond, .width = shape.max};
    return add_step(expression(c, whole), step);
}

/*
 * What looking for some of a pattern's words costs per byte of honest text, in nanoseconds and round numbers: each hit
 * is noted; the last word's is followed by a look at where a match may begin, if the others were seen within the
 * pattern's width before it. Behind a word that the pattern begins with, PCRE2 is always asked; before others, mostly
 * nothing begins as the pattern does.
 */
#define COST_HIT      45.0
#define COST_MATCH    300.0
#define COST_WIDTH    8.0 /* of each byte that it may look at */
#define COST_WINDOW   100.0
#define COST_REACH    1.0    /* of each byte of a window */
#define COST_STRING   0.0002 /* of each string more to look for */
#define COST_ANYWHERE 0.3    /* of each that has no anchor (finder.h) */
#define NEAR          24u    /* bytes within which a match begins */

static double window_cost(uint32_t reach, uint32_t width)
{
    double match = COST_MATCH + COST_WIDTH * width;
    return reach <= NEAR ? match : COST_WINDOW + COST_REACH * reach + match / 16;
}

static double cost_of(const struct collector *c, const struct flt_factors *f, unsigned chosen, uint32_t width)
{
    double cost = 0, all = 1, rate = 0;
    uint32_t reach = 0;
    for (unsigned i = 0; i < f->n; i++) {
        const struct flt_literals *l = &f->v[i];
        if ((chosen >> i & 1) == 0)
            continue;
        double seen = rate * width; /* the word before, somewhere near */
        rate = exp2(-flt_literals_score(l));
        reach = f->reach[i] < width ? f->reach[i] : width;
        all *= seen > 0 && seen < 1 ? seen : 1;
        cost += COST_HIT * rate + COST_STRING * l->n;
        for (unsigned k = 0; k < l->n && c->now == IN_TEXT; k++)
            cost += flt_finder_anchored(l->v[k].s, l->v[k].len, is_fresh(c, &l->v[k])) ? 0 : COST_ANYWHERE;
    }
    return cost + window_cost(reach, width) * rate * all;
}

/* The cheapest choice among the words, a bit each; 0 = none costs less than `least`. Words too short for the finder are
 * left out.
 */
static unsigned choose_words(const struct collector *c, const struct flt_factors *f, uint32_t width, double least)
{
    unsigned best = 0, usable = 0;
    for (unsigned i = 0; i < f->n; i++)
        usable |= all_strings(&f->v[i]) ? 1u << i : 0;
    for (unsigned chosen = 1; chosen < 1u << f->n; chosen++) {
        double cost = (chosen & ~usable) == 0 ? cost_of(c, f, chosen, width) : least;
        if (cost < least) {
            least = cost;
            best = chosen;
        }
    }
    return best;
}

static bool add_words(struct collector *c, const struct flt_factors *f, unsigned chosen, bool caseless,
                      struct flt_expression_step step)
{
    unsigned last = 31u - (unsigned)__builtin_clz(chosen);
    bool ok = true;
    for (unsigned i = 0; ok && i < last; i++) {
        if ((chosen >> i & 1) != 0)
            ok = word_number(c, &f->v[i], caseless, &step.need[step.n_need++]);
    }
    step.reach = f->reach[last] < step.reach ? f->reach[last] : step.reach;
    return ok && add_literals(c, &f->v[last], caseless, step);
}

/* The pattern's left boundary keeps letters and digits away. */
static bool begins_fresh(const struct flt_matcher *m)
{
    const uint16_t *start = flt_matcher_starts(m);
    bool fresh = true;
    for (unsigned i = '0'; i <= 'z' && fresh; i++)
        fresh = (i > '9' && (i | 0x20) < 'a') || (i > 'Z' && i < 'a') || (start[i] & FLT_MATCHER_BARRIER) != 0;
    return fresh;
}

/* What the scanner runs for one detector: its telling words, else the rule's own gates, else the pattern. */
static bool collect_detector(struct collector *c, uint32_t det)
{
    const struct flt_detector *d = &c->s->detectors[det];
    const struct flt_rule *r = &c->s->rules[d->rule];
    struct flt_expression_step step = {.det = det, .reach = d->width};
    bool caseless = r->caseless != 0, ok = true;
    const struct flt_shape *shape = flt_matcher_shape(d->m);
    c->now = (d->views >> FLT_VIEW_SQUASHED & 1) != 0 ? IN_SQUASHED : IN_TEXT;
    c->fresh = c->now == IN_TEXT && begins_fresh(d->m);
    bool gated = shape->digit_chain || shape->digit_run || r->n_gates != 0;
    unsigned chosen = choose_words(c, &shape->factors, d->width, gated ? COST_GATED : COST_MOST);
    if (chosen != 0)
        return add_words(c, &shape->factors, chosen, caseless, step);
    if (shape->digit_chain || shape->digit_run)
        return add_gate(c, shape, step);
    for (uint32_t g = 0; ok && g < r->n_gates; g++)
        ok = add_pattern(c, flt_arena_dup(c->arena, r->gates[g].text.p, r->gates[g].text.n), caseless, step);
    return r->n_gates != 0 ? ok : add_pattern(c, flt_matcher_head(d->m), caseless, step);
}

static bool collect(struct collector *c)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < c->s->n_detectors; i++)
        ok = collect_detector(c, i);
    return ok;
}

static void report_expression(const struct flt_ruleset *s, uint32_t bad, const char *why, struct flt_diag *d)
{
    if (bad >= s->n_expressions) {
        flt_diag_add(d, FLT_E_CONFIG, "", 0, 0, "rulesets", "the scanner cannot be built: %s", why);
        return;
    }
    const struct flt_expression_step *first = s->expressions[bad].v;
    assert(first != NULL); /* words are fixed strings: what cannot be compiled was made for a detector */
    const struct flt_rule *r = &s->rules[s->detectors[first->det].rule];
    struct flt_pattern at = {.line = r->line, .col = r->col};
    report(d, r, r->n_gates != 0 ? &r->gates[0] : &at, 0, why);
}

/* A scanner over the expressions that are looked for there. */
static struct flt_scanner *compile_scanner(struct collector *c, uint8_t where, const char *cache_dir,
                                           struct flt_diag *d)
{
    struct flt_expression *v = calloc(c->s->n_expressions + 1u, sizeof(*v));
    uint32_t n = 0, bad;
    char why[256];
    for (uint32_t i = 0; v != NULL && i < c->s->n_expressions; i++) {
        if ((c->where[i] & where) == 0)
            continue;
        v[n] = c->v[i];
        v[n++].id = i;
    }
    struct flt_scanner *s = v != NULL ? flt_scanner_new(v, n, cache_dir, &bad, why, sizeof(why)) : NULL;
    if (s == NULL && v != NULL)
        report_expression(c->s, bad, why, d);
    else if (s != NULL)
        c->s->memory += flt_scanner_memory(s);
    free(v);
    return s;
}

static int compile_scanners(struct flt_ruleset *s, const char *cache_dir, struct flt_diag *d)
{
    struct collector c = {.s = s,
                          .cap = s->n_detectors * (FLT_LITERALS_MAX * FLT_FACTORS_MAX + FLT_RULE_MAX_PATTERNS) + 1};
    int rc = FLT_E_NOMEM;
    c.arena = flt_arena_new(256u << 20);
    c.known = flt_strmap_new(0);
    c.words = flt_strmap_new(0);
    c.v = c.arena != NULL ? flt_arena_calloc(c.arena, c.cap, sizeof(*c.v)) : NULL;
    c.where = c.arena != NULL ? flt_arena_calloc(c.arena, c.cap, sizeof(*c.where)) : NULL;
    s->expressions = calloc(c.cap, sizeof(*s->expressions));
    if (c.v == NULL || c.where == NULL || c.known == NULL || c.words == NULL || s->expressions == NULL || !collect(&c))
        goto out;
    s->scanner = compile_scanner(&c, IN_TEXT, cache_dir, d);
    s->squashed = s->scanner != NULL ? compile_scanner(&c, IN_SQUASHED, cache_dir, d) : NULL;
    rc = s->squashed != NULL ? FLT_OK : FLT_E_CONFIG;
out:
    flt_strmap_free(c.known);
    flt_strmap_free(c.words);
    flt_arena_free(c.arena);
    return rc;
}

/* So many detectors that hang on one expression are first asked together whether they can begin near it. */
#define MANY_STEPS 8u

static int index_steps(struct flt_ruleset *s)
{
    const struct flt_matcher **m = calloc(s->n_detectors + 1u, sizeof(*m));
    int rc = m != NULL ? FLT_OK : FLT_E_NOMEM;
    for (uint32_t i = 0; rc == FLT_OK && i < s->n_expressions; i++) {
        struct flt_expression_hits *e = &s->expressions[i];
        if (e->n < MANY_STEPS)
            continue;
        for (uint32_t k = 0; k < e->n; k++) {
            m[k] = s->detectors[e->v[k].det].m;
            e->reach = e->v[k].reach > e->reach ? e->v[k].reach : e->reach;
        }
        e->starts = flt_starts_new(m, e->n);
        rc = e->starts != NULL ? FLT_OK : FLT_E_NOMEM;
        if (rc == FLT_OK)
            s->memory += flt_starts_memory(e->starts);
    }
    free(m);
    return rc;
}

/* Where matches of the detectors that span words can begin (policy/view.h). */
static int index_starts(struct flt_ruleset *s)
{
    const struct flt_matcher **m = calloc(s->n_detectors + 1u, sizeof(*m));
    s->spanning = calloc(s->n_detectors + 1u, sizeof(*s->spanning));
    for (uint32_t i = 0; m != NULL && s->spanning != NULL && i < s->n_detectors; i++) {
        const struct flt_detector *d = &s->detectors[i];
        if (!flt_detector_looks(d, 0) || !flt_byteset_has(&flt_matcher_shape(d->m)->body, ' '))
            continue;
        m[s->n_spanning] = d->m;
        s->spanning[s->n_spanning++] = i;
    }
    s->starts = m != NULL && s->spanning != NULL ? flt_starts_new(m, s->n_spanning) : NULL;
    free(m);
    if (s->starts == NULL)
        return FLT_E_NOMEM;
    s->memory += flt_starts_memory(s->starts) + s->n_spanning * sizeof(*s->spanning);
    return FLT_OK;
}

struct flt_ruleset *flt_ruleset_new(struct flt_rules *rules, const char *cache_dir, struct flt_diag *d)
{
    struct flt_ruleset *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->rules = rules->v;
    s->n_rules = rules->n;
    s->detectors = calloc(count_detectors(rules) + 1, sizeof(*s->detectors));
    s->around = calloc(rules->n + 1u, sizeof(*s->around));
    if (s->detectors == NULL || s->around == NULL) {
        flt_ruleset_free(s);
        return NULL;
    }
    unsigned before = d->n + d->dropped;
    for (uint32_t i = 0; i < rules->n; i++) {
        const struct flt_rule *r = &rules->v[i];
        add_contexts(s, i, d);
        for (uint32_t p = 0; p < r->n_patterns; p++)
            add_detector(s, i, &r->patterns[p], NULL, false, d);
        for (uint32_t p = 0; p < r->n_squashed; p++)
            add_detector(s, i, &r->squashed[p], NULL, true, d);
        if (r->n_patterns == 0)
            add_detector(s, i, &r->block_open, &r->block_close, false, d);
    }
    if (d->n + d->dropped != before || compile_scanners(s, cache_dir, d) != FLT_OK || index_steps(s) != FLT_OK ||
        index_starts(s) != FLT_OK) {
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
    for (uint32_t i = 0; s->around != NULL && i < s->n_rules; i++) {
        for (uint32_t k = 0; k < s->around[i].n; k++)
            flt_context_free(&s->around[i].v[k]);
        free(s->around[i].v);
    }
    free(s->around);
    flt_scanner_free(s->scanner);
    flt_scanner_free(s->squashed);
    for (uint32_t i = 0; i < s->n_expressions; i++) {
        free(s->expressions[i].v);
        free(s->expressions[i].word);
        flt_starts_free(s->expressions[i].starts);
    }
    free(s->expressions);
    flt_starts_free(s->starts);
    free(s->spanning);
    free(s->detectors);
    free(s);
}
