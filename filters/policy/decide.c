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

double flt_decide_score(const struct flt_ruleset *rs, const struct flt_policy *p, const uint8_t *seen)
{
    static const double weight[] = {0, 1.0, 0.7, 0.4, 0.25};
    double clean = 1;
    for (uint32_t i = 0; i < rs->n_rules; i++) {
        if (seen[i] && p->on[i])
            clean *= 1 - rs->rules[i].confidence * weight[rs->rules[i].sensitivity];
    }
    return 1 - clean;
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
