/*
 * rule.h: rules as loaded from packs, and the set of them compiled together.
 */
#ifndef FLT_RULE_RULE_H
#define FLT_RULE_RULE_H

#include "flt/engine.h"
#include "flt/policy.h"
#include "rule/context.h"
#include "rule/refs.h"
#include "scan/matcher.h"
#include "scan/scanner.h"
#include "scan/starts.h"

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
    int64_t sensitivity; /* 1..4: acts for tenants that block at this level or above */
    int64_t observe;     /* 1..sensitivity: is recorded for tenants that observe at this level or above */
    int direction;       /* 0 request, 1 response, 2 both */
    uint8_t roles;
    int caseless;    /* 0 sensitive, 1 insensitive */
    int left, right; /* enum flt_boundary */
    int action;      /* enum flt_action */
    struct flt_str placeholder;
    struct flt_pattern *patterns;
    uint32_t n_patterns;
    struct flt_pattern *gates;
    uint32_t n_gates;
    struct flt_pattern *squashed; /* the patterns as they stand in a text of letters only */
    uint32_t n_squashed;
    uint32_t views; /* bit per enum flt_view it looks in; raw always */
    struct flt_pattern block_open, block_close;
    const struct flt_validator *validate[FLT_RULE_MAX_VALIDATE];
    uint32_t n_validate;
    struct flt_context_conf *contexts; /* `near` and `not` */
    uint32_t n_contexts;
    struct flt_example *match, *no_match;
    uint32_t n_match, n_no_match;
    /* what decides nothing */
    struct flt_str kind;
    const struct flt_reference **refs; /* those of its class first */
    uint32_t n_refs;
    struct flt_strlist langs;
    int64_t fp_per_million; /* -1 = not said */
    struct {
        bool carriers;         /* are demanded of the rule; default true */
        uint32_t except;       /* views that are not */
        struct flt_str reason; /* why */
    } variants;
};

/* Rules of the packs of one build; grows while packs are read. */
struct flt_rules {
    struct flt_rule *v;
    uint32_t n, cap;
    struct flt_refs *refs; /* read with the first pack */
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
    uint32_t views; /* the rule's; with FLT_VIEW_SQUASHED: looks in texts of letters only, and in no others */
};

/* True when the detector looks in a text that was made by the views in `chain` (bit per enum flt_view, 0 = raw). */
static inline bool flt_detector_looks(const struct flt_detector *d, uint32_t chain)
{
    uint32_t squashed = 1u << FLT_VIEW_SQUASHED;
    return (chain & ~d->views) == 0 && ((chain ^ d->views) & squashed) == 0;
}

struct flt_ruleset {
    struct flt_rule *rules; /* in the arena the packs were loaded into */
    uint32_t n_rules;
    struct flt_detector *detectors;
    uint32_t n_detectors;
    struct flt_scanner *scanner;  /* for every text but */
    struct flt_scanner *squashed; /* those of the view FLT_VIEW_SQUASHED, where other detectors look */
    struct flt_expression_hits {
        struct flt_expression_step {
            uint32_t det;
            uint32_t reach;                      /* a match begins at most this many bytes before the hit's end */
            uint32_t need[FLT_FACTORS_MAX - 1u]; /* words that stand before this one in every match */
            uint32_t n_need;
        } * v;
        uint32_t n, cap;
        uint32_t *word; /* words (sets of strings, by number) that the expression is one of */
        uint32_t n_word;
        uint32_t dense;            /* enum flt_digit_gate + 1, of those; hits at neighbouring places mean one thing */
        struct flt_starts *starts; /* [step], where there are many; NULL = ask each */
        uint32_t reach;            /* greatest of the steps */
    } * expressions;
    uint32_t n_words;
    uint32_t n_expressions;
    uint32_t *spanning; /* detectors whose matches may span words, and look in texts as they are */
    uint32_t n_spanning;
    struct flt_starts *starts; /* [place in spanning] */
    uint32_t max_width;        /* greatest detector width */
    struct flt_surroundings {
        struct flt_context *v;
        uint32_t n, after; /* most bytes behind a match that one looks at */
    } * around;            /* [rule] */
    uint32_t max_before, max_after;
    size_t memory;
};

/* Compiles rules (pinned). NULL when one is wrong; every wrong one is in *d. */
struct flt_ruleset *flt_ruleset_new(struct flt_rules *rules, const char *cache_dir, struct flt_diag *d);
void flt_ruleset_free(struct flt_ruleset *s);

#endif
