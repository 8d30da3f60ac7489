/*
 * rule.h: rules as loaded from packs, and the set of them compiled together.
 */
#ifndef FLT_RULE_RULE_H
#define FLT_RULE_RULE_H

#include "flt/engine.h"
#include "flt/policy.h"
#include "scan/matcher.h"
#include "scan/scanner.h"

#define FLT_RULE_MAX_PATTERNS 32u
#define FLT_RULE_MAX_VALIDATE 8u
#define FLT_RULES_MAX         4000u
#define FLT_PLACEHOLDER_MAX   24u

struct flt_example {
    struct flt_str text;
    struct flt_str span; /* the value that must be found; empty = anywhere */
    unsigned line, col;
};

/* A pattern with where it stands, so that errors point at it. */
struct flt_pattern {
    struct flt_str text; /* macros expanded */
    unsigned line, col;
};

struct flt_rule {
    struct flt_str id, title, pack, file;
    unsigned line, col;
    enum flt_class class_;
    int severity; /* enum flt_severity */
    double confidence;
    int64_t sensitivity;
    int direction; /* 0 request, 1 response, 2 both */
    uint8_t roles;
    int caseless;    /* 0 sensitive, 1 insensitive */
    int left, right; /* enum flt_boundary */
    int action;      /* enum flt_action */
    struct flt_str placeholder;
    struct flt_pattern *patterns;
    uint32_t n_patterns;
    struct flt_pattern *gates;
    uint32_t n_gates;
    struct flt_pattern block_open, block_close;
    const struct flt_validator *validate[FLT_RULE_MAX_VALIDATE];
    uint32_t n_validate;
    struct flt_example *match, *no_match;
    uint32_t n_match, n_no_match;
};

/* Rules of the packs of one build; grows while packs are read. */
struct flt_rules {
    struct flt_rule *v;
    uint32_t n, cap;
};

/*
 * Reads one pack from text (file names it in messages; class_name is its folder) and appends its rules. Strings go to
 * the arena. All problems go to *d.
 */
void flt_pack_parse(const char *file, struct flt_str class_name, struct flt_str text, struct flt_arena *arena,
                    struct flt_rules *out, struct flt_diag *d);
/* The same for every *.yaml below dir/<class>/, in name order; and for the packs built into the binary. */
void flt_packs_load_dir(struct flt_str dir, struct flt_arena *arena, struct flt_rules *out, struct flt_diag *d);
void flt_packs_load_builtin(struct flt_arena *arena, struct flt_rules *out, struct flt_diag *d);

/* One compiled pattern of a rule. */
struct flt_detector {
    struct flt_matcher *m;
    uint32_t rule;
    uint32_t width; /* greatest width of what must be seen at once: match (head, opening) */
};

struct flt_ruleset {
    struct flt_rule *rules; /* in the arena the packs were loaded into */
    uint32_t n_rules;
    struct flt_detector *detectors;
    uint32_t n_detectors;
    struct flt_scanner *scanner;
    struct flt_expression_hits {
        struct flt_expression_step {
            uint32_t det;
            uint32_t reach; /* a match begins at most this many bytes before the hit's end */
            uint8_t step, last; /* this hit is number `step` of 0..last that a match needs, in order */
        } * v;
        uint32_t n, cap;
    } * expressions;
    uint32_t n_expressions;
    uint32_t max_width; /* greatest detector width */
    size_t memory;
};

/* Compiles rules (pinned). NULL when one is wrong; every wrong one is in *d. */
struct flt_ruleset *flt_ruleset_new(struct flt_rules *rules, const char *cache_dir, struct flt_diag *d);
void flt_ruleset_free(struct flt_ruleset *s);

#endif
