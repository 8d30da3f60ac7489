/*
 * view.h: one tenant's policy resolved against one ruleset: what each rule does in each direction and role, and the
 * tables that find open candidates at the end of a stream.
 */
#ifndef FLT_POLICY_VIEW_H
#define FLT_POLICY_VIEW_H

#include "flt/policy.h"
#include "rule/rule.h"

#define FLT_HOLD_GROUPS 64u

/*
 * Which detectors may have an open candidate at the end of a text, found backwards from its last byte:
 *
 *     alive = all groups
 *     for each byte c, last to first:   alive &= body[c];   if (alive & first[c]) a candidate may begin here
 *                                       alive &= not the groups whose width is reached
 *
 * Groups are sets of detectors with like bytes. For those that span words the walk would hold too much: they are in no
 * group, and wherever their first bytes fit (scan/starts.h), a PCRE2 partial match decides.
 */
struct flt_hold {
    uint64_t body[256], first[256];
    uint64_t all;
    uint64_t ahead[FLT_MATCHER_AHEAD]; /* groups that need more than i bytes after a match: may skip i+1 last bytes */
    struct {
        uint32_t width;
        uint64_t groups;
    } expiry[FLT_HOLD_GROUPS]; /* ascending by width */
    uint32_t n_expiry;
    uint32_t *member; /* detectors, by group */
    uint64_t *spans;  /* those that span words: a set of places in flt_ruleset.spanning */
    uint32_t group_begin[FLT_HOLD_GROUPS + 1];
    uint32_t n_groups;
};

struct flt_policy {
    const struct flt_tenant *tenant;
    uint32_t n_rules;
    uint8_t *act;            /* enum flt_action as if enforced, [direction][role][rule] */
    uint8_t *on;             /* [rule]: is looked for, and counts for the score */
    struct flt_hold *answer; /* response, assistant */
    uint32_t views[2];       /* [direction] derived views that an enabled rule looks in (bit per enum flt_view) */
};

/* Globs that match no rule of the set are warnings. NULL = no memory. Pins tenant and ruleset. */
struct flt_policy *flt_policy_new(const struct flt_tenant *t, const struct flt_ruleset *rs, struct flt_diag *d);
void flt_policy_free(struct flt_policy *p);
static inline enum flt_action flt_policy_act(const struct flt_policy *p, enum flt_direction dir, enum flt_role role,
                                             uint32_t rule)
{
    return (enum flt_action)p->act[((size_t)dir * FLT_ROLE_COUNT + role) * p->n_rules + rule];
}
/* Tables over the detectors that redact or block there. NULL = no memory. */
struct flt_hold *flt_hold_new(const struct flt_policy *p, const struct flt_ruleset *rs, enum flt_direction dir,
                              enum flt_role role);
void flt_hold_free(struct flt_hold *h);
size_t flt_policy_memory(const struct flt_policy *p);

#endif
