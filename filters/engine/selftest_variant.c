/*
 * selftest_variant.c: a rule's examples where people and attackers put them.
 *
 *   carriers   around the value alone where the rule finds it alone, else around the whole example. Demanded of every
 *              rule: a value or phrase that is found in a line of its own is found in a sentence, in code and in JSON.
 *   disguises  of the whole example, of every view the rule claims. Counted: whether one can be undone depends on how
 *              much there is to go by.
 *
 * `variants:` in the pack excuses a rule from what honestly cannot be had of it, with the reason.
 */
#include "engine/selftest.h"
#include "engine/selftest_disguise.h"

#define TEXT_MAX ((size_t)1 << 20)

struct trial {
    const struct flt_solo *solo;
    struct flt_buf text;
    struct flt_diag *d;
};

static const struct flt_rule *rule_of(const struct trial *t)
{
    return &t->solo->s->rs->rules[t->solo->rule];
}

static struct flt_trial_count *count_of(struct flt_trial_count *v, uint32_t *n, const char *name)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (strcmp(v[i].name, name) == 0)
            return &v[i];
    }
    v[*n] = (struct flt_trial_count){.name = name};
    return &v[(*n)++];
}

/* Is the rule found in t->text? */
static int look(struct trial *t, struct flt_trial_count *c, bool excused, bool *found)
{
    struct flt_solo_found f;
    int rc = flt_solo_run(t->solo, flt_buf_str(&t->text), t->solo->direction == FLT_REQUEST, &f);
    *found = rc == FLT_OK && f.hit;
    c->tried++;
    c->found += *found;
    c->excused += !*found && excused;
    return rc;
}

static int carry(struct trial *t, const struct flt_example *e, struct flt_str core, const struct flt_carrier *c,
                 struct flt_trial *out)
{
    bool found, excused = !rule_of(t)->variants.carriers;
    flt_buf_clear(&t->text);
    int rc = flt_carry(c, core, &t->text);
    if (rc == FLT_OK)
        rc = look(t, count_of(out->carrier, &out->n_carriers, c->name), excused, &found);
    if (rc == FLT_OK && !found && !excused)
        flt_solo_tell(t->solo, e, t->d, FLT_E_CONFIG, "not found in the carrier '%s' (%s)", c->name,
                      core.p == e->text.p && core.n == e->text.n ? "the whole example in it" : "the value in it");
    return rc == FLT_E_TYPE ? FLT_OK : rc;
}

static int disguise(struct trial *t, const struct flt_example *e, const struct flt_disguise *g, struct flt_trial *out)
{
    const struct flt_rule *r = rule_of(t);
    bool found, excused = (r->variants.except >> g->view & 1u) != 0;
    if ((r->views >> g->view & 1u) == 0)
        return FLT_OK;
    flt_buf_clear(&t->text);
    int rc = g->fn(e->text, &t->text);
    if (rc == FLT_OK)
        rc = look(t, count_of(out->disguise, &out->n_disguises, g->name), excused, &found);
    if (rc == FLT_OK && !found && !excused)
        flt_solo_tell(t->solo, e, t->d, FLT_OK, "not found in the disguise '%s'", g->name);
    return rc == FLT_E_TYPE ? FLT_OK : rc;
}

/* What goes into carriers: the example's value if it is found by itself. */
static int core_of(const struct trial *t, const struct flt_example *e, struct flt_str *core)
{
    struct flt_solo_found f, alone = {.hit = false};
    *core = e->text;
    int rc = flt_solo_run(t->solo, e->text, false, &f);
    if (rc != FLT_OK || !f.hit)
        return rc;
    struct flt_str value = {e->text.p + f.start, f.end - f.start};
    rc = flt_solo_run(t->solo, value, false, &alone);
    if (rc == FLT_OK && alone.hit && alone.start == 0 && alone.end == value.n)
        *core = value;
    return rc;
}

int flt_trial_variants(const struct flt_solo *solo, struct flt_trial *out, struct flt_diag *d)
{
    struct trial t = {.solo = solo, .d = d};
    const struct flt_rule *r = rule_of(&t);
    int rc = FLT_OK;
    flt_buf_init(&t.text, TEXT_MAX);
    for (uint32_t i = 0; rc == FLT_OK && i < r->n_match; i++) {
        const struct flt_example *e = &r->match[i];
        struct flt_str core;
        rc = core_of(&t, e, &core);
        for (const struct flt_carrier *c = flt_carriers; rc == FLT_OK && c->name != NULL; c++)
            rc = carry(&t, e, core, c, out);
        for (const struct flt_disguise *g = flt_disguises;
             rc == FLT_OK && solo->direction == FLT_REQUEST && g->name != NULL; g++)
            rc = disguise(&t, e, g, out);
    }
    flt_buf_free(&t.text);
    return rc;
}
