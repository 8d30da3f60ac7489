/* pack_impl.h: what the files that read packs share. */
#ifndef FLT_RULE_PACK_IMPL_H
#define FLT_RULE_PACK_IMPL_H

#include "flt/yaml.h"
#include "rule/rule.h"

struct macro {
    struct flt_str name, text;
    struct flt_str squashed; /* the same in a text of letters only */
};

struct pack {
    struct flt_str name, title, class_name;
    int64_t version;
    enum flt_class class_;
    struct macro *macros;
    uint32_t n_macros;
    struct flt_rules *out;
    const char *file;
};

/* What one rule's walk needs besides the rule: custom readers get only the field, so it travels in front of it. */
struct rule_in {
    struct flt_rule rule;
    struct pack *pack;
    flt_node *patterns_node;
    char near_mark, not_mark; /* fields for readers that fill more than one */
};

/* ---- pack_macro.c ---- */

/* A flt_key reader; field is a struct pack **. */
void flt_pack_read_macros(struct flt_walk *w, flt_node *n, void *field);
/*
 * Replaces {{name}} by (?:text). squashed: for a text of letters only, where the gap {{g}} is nothing and the filler
 * {{w}} is letters. An unknown name is reported at the node; then the result is empty.
 */
struct flt_str flt_pack_expand(struct flt_walk *w, flt_node *n, const struct pack *p, struct flt_str s, bool squashed);

/* ---- pack_views.c ---- */

/* A rule's `views:` as bits; problems are reported. */
uint32_t flt_pack_read_views(struct flt_walk *w, flt_node *n);
/* The views of rules that do not name any. */
uint32_t flt_pack_class_views(enum flt_class c);
/* Fills the rule's squashed patterns where its views ask for them. */
void flt_pack_squash(struct flt_walk *w, struct rule_in *in);

/* ---- pack_refused.c ---- */

/*
 * Reports the mistakes in the patterns and contexts of a rule that is refused for others: those that compiling would
 * find if the rule came that far. Patterns without text are passed over.
 */
void flt_pack_check_patterns(struct flt_walk *w, const struct flt_rule *r);

/* ---- pack_meta.c: flt_key readers of fields of struct rule_in ---- */

/* field: rule.sensitivity; a number, or {block, observe}. */
void flt_pack_read_sensitivity(struct flt_walk *w, flt_node *n, void *field);
/* field: rule.refs, begun by flt_pack_class_refs. */
void flt_pack_read_refs(struct flt_walk *w, flt_node *n, void *field);
/* Gives r what its class refers to; false = no memory. */
bool flt_pack_class_refs(struct flt_walk *w, struct flt_rule *r, const struct flt_refs *refs);
/* fields: rule.langs, rule.kind, rule.fp_per_million, rule.variants. */
void flt_pack_read_langs(struct flt_walk *w, flt_node *n, void *field);
void flt_pack_read_kind(struct flt_walk *w, flt_node *n, void *field);
void flt_pack_read_budget(struct flt_walk *w, flt_node *n, void *field);
void flt_pack_read_variants(struct flt_walk *w, flt_node *n, void *field);

/* ---- pack_context.c ---- */

/* Reads `near:` or `not:` into the rule's contexts. */
void flt_pack_read_contexts(struct flt_walk *w, flt_node *n, struct rule_in *in, bool is_not);
/* Contexts that the rule's shape has no use for. */
void flt_pack_check_contexts(struct flt_walk *w, flt_node *n, const struct flt_rule *r);

#endif
