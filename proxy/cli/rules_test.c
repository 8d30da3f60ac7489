/* rules_test.c: `sallyport rules test`, after the examples passed: carriers, disguises, costs, lints. */
#include "cli/rules.h"
#include "flt/trial.h"

struct tally {
    unsigned errors, warnings;
    bool verbose;
};

static void on_problems(void *arg, const struct flt_diag *d)
{
    struct tally *t = arg;
    for (unsigned i = 0; i < d->n; i++) {
        const struct flt_err *e = &d->v[i];
        bool warning = e->status == FLT_OK;
        t->errors += !warning;
        t->warnings += warning;
        if (!warning || t->verbose)
            fprintf(stderr, "%s:%u:%u: %s: %s\n", e->file, e->line, e->col, warning ? "warning" : "error", e->message);
    }
    t->errors += d->dropped;
}

static void print_counts(const char *what, const struct flt_trial_count *v, uint32_t n)
{
    uint32_t tried = 0, found = 0, excused = 0;
    for (uint32_t i = 0; i < n; i++) {
        tried += v[i].tried;
        found += v[i].found;
        excused += v[i].excused;
    }
    printf("%s: %u of %u variants found", what, found, tried);
    printf(excused != 0 ? ", %u excused by their rules\n" : "\n", excused);
    for (uint32_t i = 0; i < n; i++)
        printf("  %-14s %u of %u\n", v[i].name, v[i].found, v[i].tried);
}

int px_rules_test(const struct flt_snapshot *s, const struct px_rules_options *o)
{
    struct tally t = {.verbose = o->verbose};
    struct flt_trial trial;
    uint32_t patterns = 0, examples = 0;
    for (uint32_t i = 0; i < flt_snapshot_rules(s); i++) {
        struct flt_rule_info r;
        flt_snapshot_rule(s, i, &r);
        patterns += r.n_patterns;
        examples += r.n_match + r.n_no_match;
    }
    printf("%u rules, %u patterns, %u examples: all pass, whole and byte by byte\n", flt_snapshot_rules(s), patterns,
           examples);
    (void)fflush(stdout);
    int rc = flt_snapshot_trial(s, &trial, on_problems, &t);
    if (rc != FLT_OK) {
        fprintf(stderr, "sallyport rules: %s\n",
                rc == FLT_E_NOMEM ? "out of memory" : "a variant of an example could not be inspected");
        return 2;
    }
    print_counts("carriers", trial.carrier, trial.n_carriers);
    print_counts("disguises", trial.disguise, trial.n_disguises);
    if (trial.worst_rule != UINT32_MAX) {
        struct flt_rule_info r;
        flt_snapshot_rule(s, trial.worst_rule, &r);
        printf("worst case: %.1f bytes looked at for each byte (%.*s); at most %.0f\n", trial.worst_cost,
               FLT_STR_ARG(r.id), FLT_TRIAL_COST_MAX);
    }
    printf("%u errors, %u warnings%s\n", t.errors, t.warnings,
           t.warnings != 0 && !o->verbose ? " (--verbose shows them)" : "");
    return t.errors != 0 ? 2 : 0;
}
