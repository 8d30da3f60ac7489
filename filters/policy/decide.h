/*
 * decide.h: the pure decisions: what a finding does in a mode, what a failure to inspect does, how hits make a score.
 */
#ifndef FLT_POLICY_DECIDE_H
#define FLT_POLICY_DECIDE_H

#include "flt/engine.h"
#include "policy/view.h"

/* Monitor records and changes nothing: everything that would act becomes allow; annotations stay annotations. */
enum flt_action flt_decide_act(enum flt_mode mode, enum flt_action would);
/* True when text that could not be inspected (status) is refused. Only FLT_E_ENGINE and FLT_E_LIMIT may be let through,
 * and only by a tenant that asked for it; malformed input never is. */
bool flt_decide_refuses(const struct flt_tenant *t, int status);
/* Classes whose findings speak of intent; those of the others are values, which are redacted. */
bool flt_decide_is_attack(enum flt_class c);
/*
 * 0..1 from the enabled rules that hit: 1 - product(1 - confidence * weight(sensitivity)), weights 1, 0.7, 0.4, 0.25:
 * independent evidence combined (noisy-or), hits of looser rules counting less.
 */
double flt_decide_score(const struct flt_ruleset *rs, const struct flt_policy *p, const uint8_t *seen);
/*
 * The same over the rules of each class that has a threshold in the policy, and of those that reach it the first: its
 * rule that weighs most. UINT32_MAX = none reaches it.
 */
uint32_t flt_decide_threshold(const struct flt_ruleset *rs, const struct flt_policy *p, const uint8_t *seen);
/* The graver of two rules whose matches overlap: by action, severity, confidence, then the earlier rule. */
uint32_t flt_decide_graver(const struct flt_ruleset *rs, enum flt_action act_a, uint32_t a, enum flt_action act_b,
                           uint32_t b);
/* What replaces a value found by the rule. */
struct flt_str flt_decide_placeholder(const struct flt_ruleset *rs, uint32_t rule);

#endif
