/*
 * context.h: what stands around a match decides whether it counts: a label that makes a bare number an account number
 * (`near`), or quotation, code and reporting that make an attack a mention of one (`not`).
 */
#ifndef FLT_RULE_CONTEXT_H
#define FLT_RULE_CONTEXT_H

#include "scan/matcher.h"

#define FLT_CONTEXT_WITHIN_MAX 512u /* bytes on each side; bounds what a stream holds back */
#define FLT_RULE_MAX_CONTEXTS  8u

enum flt_context_kind {
    FLT_CONTEXT_NEAR,   /* one of the rule's required `near` must be found, else the match does not count */
    FLT_CONTEXT_ADDS,   /* found: the rule's confidence rises by `adds` */
    FLT_CONTEXT_NOT,    /* found: the match is dropped */
    FLT_CONTEXT_MENTION /* found: the match is a mention: recorded, never acted on */
};

/* As written in a pack. */
struct flt_context_conf {
    enum flt_context_kind kind;
    struct flt_str pattern; /* in the pattern language; bounded; ASCII letters of any case */
    int left, right;        /* enum flt_boundary; where the context touches the match there is no boundary */
    uint32_t before, after; /* bytes looked at on each side of the match; 0 = that side does not matter */
    double adds;            /* 0..1 */
    unsigned line, col;
};

struct flt_context {
    enum flt_context_kind kind;
    uint32_t before, after;
    double adds;
    struct flt_matcher *m;
};

/* Compiles. FLT_E_CONFIG with *where (offset in the pattern) and words in why (cap bytes). Free with the one below. */
int flt_context_compile(const struct flt_context_conf *conf, struct flt_context *out, size_t *where, char *why,
                        size_t cap) FLT_MUST_CHECK;
void flt_context_free(struct flt_context *c);

struct flt_context_verdict {
    bool counts;
    bool mention;
    double adds;
};
/*
 * Judges a match [a, b) of text by all contexts of its rule (n may be 0: it counts). Text must hold `before` bytes and
 * FLT_MATCHER_BEHIND more ahead of a, and `after` bytes and FLT_MATCHER_AHEAD more behind b, as far as there are any:
 * then the verdict does not depend on what else it holds. FLT_E_ENGINE, FLT_E_LIMIT: not judged.
 */
int flt_context_judge(const struct flt_context *v, uint32_t n, struct flt_match_scratch *k, struct flt_str text,
                      size_t a, size_t b, struct flt_context_verdict *out) FLT_MUST_CHECK;

#endif
