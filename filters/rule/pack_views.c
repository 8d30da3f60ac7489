/* pack_views.c: the derived forms of a text that a rule looks in. */
#include "rule/pack_impl.h"

#define BIT(v)  (1u << (v))
#define DECODED (BIT(FLT_VIEW_ROT) - BIT(FLT_VIEW_BASE64))
#define CIPHER  (BIT(FLT_VIEW_COUNT) - BIT(FLT_VIEW_ROT))
#define ALL     (BIT(FLT_VIEW_COUNT) - 1u)

/* What packs call them: single views, and families of them. */
static const struct {
    const char *name;
    uint32_t views;
} families[] = {
    {"raw", BIT(FLT_VIEW_RAW)},
    {"folded", BIT(FLT_VIEW_FOLDED)},
    {"skeleton", BIT(FLT_VIEW_SKELETON)},
    {"leet", BIT(FLT_VIEW_LEET)},
    {"squashed", BIT(FLT_VIEW_SQUASHED)},
    {"joined", BIT(FLT_VIEW_JOINED)},
    {"decoded", DECODED},
    {"cipher", CIPHER},
    {"all", ALL},
};

uint32_t flt_pack_class_views(enum flt_class c)
{
    uint32_t values = BIT(FLT_VIEW_RAW) | BIT(FLT_VIEW_FOLDED) | BIT(FLT_VIEW_JOINED) | DECODED;
    switch (c) {
    case FLT_CLASS_INJECTION:
    case FLT_CLASS_JAILBREAK:
    case FLT_CLASS_EXFIL:
        return ALL;
    case FLT_CLASS_UNICODE: /* evidence of the disguise itself, which a view would take away */
    case FLT_CLASS_OUTPUT:
    case FLT_CLASS_COUNT:
        return BIT(FLT_VIEW_RAW);
    case FLT_CLASS_SECRETS:
    case FLT_CLASS_PII:
    case FLT_CLASS_IP:
        break;
    }
    return values;
}

static uint32_t find_family(struct flt_str name)
{
    for (size_t i = 0; i < FLT_ARRAY_LEN(families); i++) {
        if (flt_str_is(name, families[i].name))
            return families[i].views;
    }
    return 0;
}

uint32_t flt_pack_read_views(struct flt_walk *w, flt_node *n)
{
    uint32_t views = BIT(FLT_VIEW_RAW);
    if (!flt_node_is_list(n) || flt_node_count(n) == 0)
        flt_walk_error(w, n, NULL, "expected a list of views");
    for (uint32_t i = 0; flt_node_is_list(n) && i < flt_node_count(n); i++) {
        flt_node *item = flt_node_item(n, i);
        uint32_t family = find_family(flt_node_str(item));
        if (family == 0)
            flt_walk_error(w, item, NULL,
                           "unknown view (expected raw, folded, skeleton, leet, squashed, joined, decoded, cipher or "
                           "all)");
        views |= family;
    }
    return views;
}

void flt_pack_squash(struct flt_walk *w, struct rule_in *in)
{
    struct flt_rule *r = &in->rule;
    flt_node *n = in->patterns_node;
    if ((r->views & BIT(FLT_VIEW_SQUASHED)) == 0 || r->n_patterns == 0 || n == NULL)
        return;
    r->squashed = flt_arena_calloc(w->arena, r->n_patterns, sizeof(*r->squashed));
    for (uint32_t i = 0; r->squashed != NULL && i < r->n_patterns; i++) {
        struct flt_pattern *p = &r->squashed[r->n_squashed];
        if (r->patterns[i].text.n == 0)
            continue; /* was reported */
        *p = r->patterns[i];
        p->text = flt_pack_expand(w, flt_node_item(n, i), in->pack, flt_node_str(flt_node_item(n, i)), true);
        if (p->text.n != 0)
            r->n_squashed++;
    }
}
