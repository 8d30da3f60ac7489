/*
 * pack_refused.c: what is wrong with the patterns of a rule that is refused for a wrong key. Only sound rules are
 * compiled (ruleset.c), and an author who mends the key should not meet the next error then.
 */
#include "rule/pack_impl.h"

static void complain(struct flt_walk *w, const struct flt_rule *r, unsigned line, unsigned col, size_t at,
                     const char *why)
{
    struct flt_str id = r->id.n != 0 ? r->id : FLT_STR("without an id");
    flt_diag_add(w->diag, FLT_E_CONFIG, flt_yaml_file(w->yaml), line, col, "pattern",
                 "rule %.*s: %s (at byte %zu of the pattern)", FLT_STR_ARG(id), why, at);
}

static void check_pattern(struct flt_walk *w, const struct flt_rule *r, const struct flt_pattern *p,
                          const struct flt_pattern *close)
{
    struct flt_matcher_conf conf = {
        .pattern = p->text,
        .caseless = r->caseless != 0,
        .left = (enum flt_boundary)r->left,
        .right = (enum flt_boundary)r->right,
        .validate = r->validate,
        .n_validate = r->n_validate,
    };
    char why[256];
    size_t where;
    bool in_close;
    if (p->text.n == 0)
        return;
    if (close != NULL)
        conf.close = close->text;
    struct flt_matcher *m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    const struct flt_pattern *bad = in_close && close != NULL ? close : p;
    if (m == NULL)
        complain(w, r, bad->line, bad->col, where, why);
    flt_matcher_free(m);
}

static void check_context(struct flt_walk *w, const struct flt_rule *r, const struct flt_context_conf *c)
{
    struct flt_context compiled = {0};
    char why[256];
    size_t where;
    if (c->pattern.n == 0)
        return;
    if (flt_context_compile(c, &compiled, &where, why, sizeof(why)) == FLT_OK)
        flt_context_free(&compiled);
    else
        complain(w, r, c->line, c->col, where, why);
}

void flt_pack_check_patterns(struct flt_walk *w, const struct flt_rule *r)
{
    for (uint32_t i = 0; i < r->n_contexts; i++)
        check_context(w, r, &r->contexts[i]);
    for (uint32_t i = 0; i < r->n_patterns; i++)
        check_pattern(w, r, &r->patterns[i], NULL);
    check_pattern(w, r, &r->block_open, &r->block_close);
}
