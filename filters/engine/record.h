/*
 * record.h: what is learnt about one document while it is inspected; turned into the decision record at the end.
 */
#ifndef FLT_ENGINE_RECORD_H
#define FLT_ENGINE_RECORD_H

#include "flt/engine.h"
#include "policy/view.h"

#define FLT_FINDINGS_MAX 1000u

struct flt_record {
    const struct flt_ruleset *rs;
    const struct flt_policy *policy;
    struct flt_finding *v;      /* in the order they were recorded: an open run's index into it stays good */
    struct flt_finding *sorted; /* what the last decision shows */
    uint32_t n, cap, dropped;
    uint8_t *seen;    /* [rule] 0, or 1 + the percent that surroundings add: the rule hit (whatever its level) */
    bool hit;         /* one of `seen` is set: of most texts, nothing has to be added up */
    uint8_t *serious; /* [rule] the same of hits in a role where the rule acts that are no mentions */
    bool thresholds;  /* the tenant's thresholds count: set for requests, which can still be refused as a whole */
    enum flt_action would;
    uint32_t blocking_rule;
    enum flt_cause cause;
    uint64_t total, scanned, opaque, unviewed;
    bool failed; /* out of memory while recording */
};

int flt_record_init(struct flt_record *r, const struct flt_ruleset *rs, const struct flt_policy *p) FLT_MUST_CHECK;
void flt_record_free(struct flt_record *r);
/* Adds a finding; returns its index, UINT32_MAX when the bound is reached (then only counted). */
uint32_t flt_record_add(struct flt_record *r, const struct flt_finding *f);
/*
 * A confirmed hit, also of a rule that is below every level: counts for the score; a serious one, in a role where the
 * rule acts and no mention, for the thresholds too. adds: percent of confidence.
 */
void flt_record_seen(struct flt_record *r, uint32_t rule, uint8_t adds, bool serious);
/*
 * Fills *out with the findings by span and position; they live until the next call or as long as r (arena NULL), or in
 * the arena.
 */
int flt_record_decide(struct flt_record *r, struct flt_arena *arena, struct flt_decision *out) FLT_MUST_CHECK;

#endif
