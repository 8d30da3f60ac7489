/* selftest.h: one rule alone: what the examples, the variants and the cost of rules are tried with. */
#ifndef FLT_ENGINE_SELFTEST_H
#define FLT_ENGINE_SELFTEST_H

#include "engine/snapshot.h"
#include "flt/trial.h"

struct flt_solo {
    const struct flt_snapshot *s;
    struct flt_policy *policy; /* one rule acts, every other one is off */
    struct flt_worker *worker;
    struct flt_arena *arena;
    uint32_t rule;
    enum flt_direction direction;
    enum flt_role role;
};

/* FLT_E_NOMEM, FLT_E_ENGINE. Close it in any case. */
int flt_solo_open(struct flt_solo *solo, const struct flt_snapshot *s) FLT_MUST_CHECK;
void flt_solo_close(struct flt_solo *solo);
/* Turns to a rule: where both directions are possible, to `prefer`; in a role in which it acts. */
void flt_solo_rule(struct flt_solo *solo, uint32_t rule, enum flt_direction prefer);

/* false: the rule's findings are only recorded; flt_solo_rule makes them act. */
void flt_solo_act(struct flt_solo *solo, bool acting);

struct flt_solo_found {
    bool hit;
    uint32_t start, end; /* of the first finding's value, in the text */
    uint64_t confirm;    /* bytes that PCRE2 looked at, without views */
};
/* Inspects text whole; with views, as a request is. The inspection's errors. */
int flt_solo_run(const struct flt_solo *solo, struct flt_str text, bool views,
                 struct flt_solo_found *out) FLT_MUST_CHECK;

/* Adds "rule <id>: ..." at an example, or at the rule itself (e NULL). code FLT_OK = a warning. */
void flt_solo_tell(const struct flt_solo *solo, const struct flt_example *e, struct flt_diag *d, int code,
                   const char *fmt, ...) FLT_PRINTF(5, 6);

/* The parts of flt_snapshot_trial, for the rule the solo is turned to. */
int flt_trial_variants(const struct flt_solo *solo, struct flt_trial *out, struct flt_diag *d) FLT_MUST_CHECK;
int flt_trial_cost(struct flt_solo *solo, struct flt_trial *out, struct flt_diag *d) FLT_MUST_CHECK;
void flt_trial_lint(const struct flt_solo *solo, struct flt_diag *d);

#endif
