/*
 * selftest_cost.c: texts made to be costly for one rule, out of its own examples: the example again and again, its
 * value short of the last byte, and the first half of its value. What PCRE2 looked at is counted, not timed. Finding
 * and acting are counted apart: what acting adds (a run or block hides what begins in it, so that is sought again) is
 * the engine's doing and not the pattern's.
 */
#include "engine/selftest.h"

#define MADE_UP 65536u

static int fill(struct flt_buf *b, struct flt_str piece)
{
    int rc = FLT_OK;
    flt_buf_clear(b);
    while (rc == FLT_OK && b->n + piece.n <= MADE_UP)
        rc = flt_buf_add_str(b, piece);
    return rc;
}

static double cost_of(struct flt_solo_found f, size_t n, int *rc)
{
    double cost = n != 0 ? (double)f.confirm / (double)n : 0;
    if (*rc != FLT_E_LIMIT)
        return cost;
    *rc = FLT_OK; /* the limit is the budget, used up */
    return FLT_TRACK_BUDGET_PER_BYTE;
}

struct costs {
    double found, acted; /* most so far: finding alone, and finding with acting on it */
};

static int measure(struct flt_solo *solo, struct flt_buf *text, struct costs *most)
{
    for (int acting = 0; acting < 2; acting++) {
        struct flt_solo_found f;
        flt_solo_act(solo, acting != 0);
        int rc = flt_solo_run(solo, flt_buf_str(text), false, &f);
        double cost = cost_of(f, text->n, &rc), *top = acting ? &most->acted : &most->found;
        flt_solo_act(solo, true);
        if (rc != FLT_OK)
            return rc;
        *top = cost > *top ? cost : *top;
    }
    return FLT_OK;
}

static int try_value(struct flt_solo *solo, struct flt_str value, struct flt_buf *text, struct costs *most)
{
    struct flt_str pieces[] = {{value.p, value.n - 1}, {value.p, (value.n + 1) / 2}};
    int rc = FLT_OK;
    for (size_t i = 0; rc == FLT_OK && i < FLT_ARRAY_LEN(pieces); i++) {
        if (pieces[i].n == 0)
            continue;
        rc = fill(text, pieces[i]);
        if (rc == FLT_OK)
            rc = measure(solo, text, most);
    }
    return rc;
}

int flt_trial_cost(struct flt_solo *solo, struct flt_trial *out, struct flt_diag *d)
{
    const struct flt_rule *r = &solo->s->rs->rules[solo->rule];
    const struct flt_example *e = &r->match[0];
    struct flt_solo_found f;
    struct flt_buf text;
    struct costs most = {0, 0};
    flt_buf_init(&text, MADE_UP + 1);
    int rc = fill(&text, e->text);
    if (rc == FLT_OK)
        rc = measure(solo, &text, &most);
    if (rc == FLT_OK)
        rc = flt_solo_run(solo, e->text, false, &f);
    if (rc == FLT_OK && f.hit && f.end > f.start)
        rc = try_value(solo, (struct flt_str){e->text.p + f.start, f.end - f.start}, &text, &most);
    flt_buf_free(&text);
    if (rc == FLT_OK && most.found > FLT_TRIAL_COST_MAX)
        flt_solo_tell(solo, NULL, d, FLT_E_LIMIT,
                      "a text of its near-misses makes PCRE2 look at %.0f bytes for each byte (at most %.0f)",
                      most.found, FLT_TRIAL_COST_MAX);
    else if (rc == FLT_OK && most.acted > FLT_TRIAL_COST_MAX)
        flt_solo_tell(solo, NULL, d, FLT_OK,
                      "acting on a text of its values makes PCRE2 look at %.0f bytes for each byte (at most %.0f)",
                      most.acted, FLT_TRIAL_COST_MAX);
    if (most.found > out->worst_cost) {
        out->worst_cost = most.found;
        out->worst_rule = solo->rule;
    }
    return rc;
}
