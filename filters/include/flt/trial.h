/*
 * trial.h: trying rules, beyond the examples that flt_snapshot_build runs: in disguises and carriers, against texts
 * made to be costly, and what each costs on a given text. For `sallyport rules test` and `rules bench`; never at start.
 */
#ifndef FLT_TRIAL_H
#define FLT_TRIAL_H

#include "flt/engine.h"

#define FLT_TRIAL_KINDS 32u

/* One disguise or carrier, over all rules. */
struct flt_trial_count {
    const char *name;
    uint32_t tried, found;
    uint32_t excused; /* not found, by rules that say so under `variants` */
};

struct flt_trial {
    struct flt_trial_count carrier[FLT_TRIAL_KINDS], disguise[FLT_TRIAL_KINDS];
    uint32_t n_carriers, n_disguises;
    /* Bytes that PCRE2 looked at per byte of the costliest made-up text, and the rule it was made for. */
    double worst_cost;
    uint32_t worst_rule;
};

/*
 * Tries every rule, alone: its examples in every carrier and in every disguise of a view it claims, its cost on made-up
 * worst cases (a rule above FLT_TRIAL_COST_MAX is an error), and what the format only recommends (warnings). Carriers
 * not found are errors; disguises not found are warnings. tell gets the problems of each rule that has any, with the
 * example's place; they live during the call. FLT_E_NOMEM, FLT_E_ENGINE: not all was tried.
 */
typedef void (*flt_trial_fn)(void *arg, const struct flt_diag *d);
int flt_snapshot_trial(const struct flt_snapshot *s, struct flt_trial *out, flt_trial_fn tell,
                       void *arg) FLT_MUST_CHECK;
/*
 * Bytes per byte one rule may make PCRE2 look at: all rules together have 256 (filters/engine/track.c), and a text made
 * against one rule is made against few others.
 */
#define FLT_TRIAL_COST_MAX 64.0

/* ---- what a rule costs on a text -------------------------------------------------------------------------------- */

struct flt_profile;
struct flt_profile_cost {
    uint64_t hits;     /* scanner hits that the rule asked for */
    uint64_t confirm;  /* bytes of text that PCRE2 looked at for it */
    uint32_t findings; /* confirmed */
};
/* NULL = no memory. Pins s. No rule is on. */
struct flt_profile *flt_profile_new(const struct flt_snapshot *s);
void flt_profile_free(struct flt_profile *p);
void flt_profile_rule(struct flt_profile *p, uint32_t rule, bool on);
/*
 * Inspects text (below 4 GiB, pinned until the second call) as user text of a request, as it stands, with the rules
 * that are on: first the scan, which looks for all rules whatever is on, then all the rest. Time each from outside.
 * After a scan that failed there is nothing to confirm. FLT_E_ENGINE, FLT_E_LIMIT, FLT_E_NOMEM.
 */
int flt_profile_scan(struct flt_profile *p, struct flt_str text) FLT_MUST_CHECK;
int flt_profile_confirm(struct flt_profile *p, struct flt_profile_cost *out) FLT_MUST_CHECK;

#endif
