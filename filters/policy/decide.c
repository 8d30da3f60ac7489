#include "policy/decide.h"

enum flt_action flt_decide_act(enum flt_mode mode, enum flt_action would)
{
    return mode == FLT_MONITOR && would > FLT_ACT_ANNOTATE ? FLT_ACT_ALLOW : would;
}

bool flt_decide_refuses(const struct flt_tenant *t, int status)
{
    if (status != FLT_E_ENGINE && status != FLT_E_LIMIT)
        return true;
    return t->on_failure != FLT_FAIL_OPEN;
}

/* What a hit of rule i says: 0..1. */
static double weight_of(const struct flt_ruleset *rs, uint32_t i, uint8_t seen)
{
    static const double weight[] = {0, 1.0, 0.7, 0.4, 0.25};
    double sure = rs->rules[i].confidence + (seen - 1) / 100.0;
    return (sure < 1 ? sure : 1) * weight[rs->rules[i].sensitivity];
}

bool flt_decide_is_attack(enum flt_class c)
{
    return c == FLT_CLASS_INJECTION || c == FLT_CLASS_JAILBREAK || c == FLT_CLASS_EXFIL || c == FLT_CLASS_UNICODE;
}

/*
 * Values that are redacted (addresses, keys) say nothing about the writer's intent: by themselves they stay below the
 * middle, whatever their number, so that one threshold on the score tells attacks from letters full of addresses.
 */
#define VALUES_MOST 0.45

double flt_decide_score(const struct flt_ruleset *rs, const struct flt_policy *p, const uint8_t *seen)
{
    double attack = 1, value = 1;
    for (uint32_t i = 0; i < rs->n_rules; i++) {
        if (seen[i] && p->on[i])
            *(flt_decide_is_attack(rs->rules[i].class_) ? &attack : &value) *= 1 - weight_of(rs, i, seen[i]);
    }
    double values = VALUES_MOST * (1 - value);
    return 1 - attack > values ? 1 - attack : values;
}

uint32_t flt_decide_threshold(const struct flt_ruleset *rs, const struct flt_policy *p, const uint8_t *seen)
{
    struct {
        double clean, most;
        uint32_t rule;
    } of[FLT_CLASS_COUNT];
    for (unsigned c = 0; c < FLT_CLASS_COUNT; c++) {
        of[c].clean = 1;
        of[c].most = -1;
        of[c].rule = UINT32_MAX;
    }
    for (uint32_t i = 0; i < rs->n_rules; i++) {
        unsigned c = (unsigned)rs->rules[i].class_;
        if (!seen[i] || !p->on[i])
            continue;
        double w = weight_of(rs, i, seen[i]);
        of[c].clean *= 1 - w;
        if (w > of[c].most) {
            of[c].most = w;
            of[c].rule = i;
        }
    }
    for (unsigned c = 0; c < FLT_CLASS_COUNT; c++) {
        double threshold = p->tenant->rules.class_threshold[c];
        if (threshold > 0 && of[c].rule != UINT32_MAX && 1 - of[c].clean >= threshold)
            return of[c].rule;
    }
    return UINT32_MAX;
}

uint32_t flt_decide_graver(const struct flt_ruleset *rs, enum flt_action act_a, uint32_t a, enum flt_action act_b,
                           uint32_t b)
{
    const struct flt_rule *x = &rs->rules[a], *y = &rs->rules[b];
    if (act_a != act_b)
        return act_a > act_b ? a : b;
    if (x->severity != y->severity)
        return x->severity > y->severity ? a : b;
    if (x->confidence > y->confidence || x->confidence < y->confidence)
        return x->confidence > y->confidence ? a : b;
    return a < b ? a : b;
}

struct flt_str flt_decide_placeholder(const struct flt_ruleset *rs, uint32_t rule)
{
    static const char *const by_class[] = {"[INJECTION]", "[JAILBREAK]", "[SECRET]", "[PII]",
                                           "[IP]",        "[EXFIL]",     "[OUTPUT]", "[UNICODE]"};
    const struct flt_rule *r = &rs->rules[rule];
    return r->placeholder.n != 0 ? r->placeholder : flt_str_of(by_class[r->class_]);
}
