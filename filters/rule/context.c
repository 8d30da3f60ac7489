/* context.c: contexts are matchers that run in a narrow window on each side of a match. */
#include "rule/context.h"

static bool is_run(struct flt_str pattern)
{
    struct flt_shape shape;
    struct flt_buf head;
    const char *why;
    size_t where;
    flt_buf_init(&head, 65536);
    int rc = flt_shape_analyse(pattern, true, &shape, &head, &where, &why);
    flt_buf_free(&head);
    return rc == FLT_OK && shape.kind == FLT_SHAPE_RUN;
}

int flt_context_compile(const struct flt_context_conf *conf, struct flt_context *out, size_t *where, char *why,
                        size_t cap)
{
    struct flt_matcher_conf m = {.pattern = conf->pattern,
                                 .caseless = true,
                                 .left = (enum flt_boundary)conf->left,
                                 .right = (enum flt_boundary)conf->right,
                                 .whole = true};
    bool in_close;
    *out = (struct flt_context){.kind = conf->kind, .before = conf->before, .after = conf->after, .adds = conf->adds};
    out->m = flt_matcher_new(&m, where, &in_close, why, cap);
    bool run =
        out->m != NULL ? flt_matcher_shape(out->m)->kind == FLT_SHAPE_RUN : is_run(conf->pattern); /* the better word */
    if (run) {
        flt_context_free(out);
        snprintf(why, cap, "a context must be bounded");
        *where = 0;
    }
    return out->m != NULL ? FLT_OK : FLT_E_CONFIG;
}

void flt_context_free(struct flt_context *c)
{
    flt_matcher_free(c->m);
    c->m = NULL;
}

/* Is one in text[from, to)? What stands before `from` and behind `to` is there for the boundaries to look at. */
static int found_in(const struct flt_context *c, struct flt_match_scratch *k, struct flt_str text, size_t from,
                    size_t to, bool *found)
{
    while (!*found && from < to) {
        enum flt_found f;
        struct flt_found_at at = {.last = to - 1};
        int rc = flt_matcher_find(c->m, k, text, from, false, &f, &at);
        if (rc != FLT_OK || f != FLT_FOUND_MATCH)
            return rc;
        *found = at.end <= to;
        from = at.begin + 1; /* one that begins later may end earlier */
    }
    return FLT_OK;
}

static int look(const struct flt_context *c, struct flt_match_scratch *k, struct flt_str text, size_t a, size_t b,
                bool *found)
{
    int rc = FLT_OK;
    *found = false;
    if (c->before != 0 && a != 0)
        rc = found_in(c, k, (struct flt_str){text.p, a}, a > c->before ? a - c->before : 0, a, found);
    if (rc == FLT_OK && !*found && c->after != 0 && b < text.n) {
        size_t to = text.n - b > c->after ? b + c->after : text.n;
        size_t seen = text.n - to > FLT_MATCHER_AHEAD ? to + FLT_MATCHER_AHEAD : text.n;
        rc = found_in(c, k, (struct flt_str){text.p + b, seen - b}, 0, to - b, found);
    }
    return rc;
}

int flt_context_judge(const struct flt_context *v, uint32_t n, struct flt_match_scratch *k, struct flt_str text,
                      size_t a, size_t b, struct flt_context_verdict *out)
{
    bool needs = false, near = false;
    *out = (struct flt_context_verdict){.counts = true};
    for (uint32_t i = 0; i < n; i++) {
        bool found;
        int rc = look(&v[i], k, text, a, b, &found);
        if (rc != FLT_OK)
            return rc;
        needs = needs || v[i].kind == FLT_CONTEXT_NEAR;
        near = near || (v[i].kind == FLT_CONTEXT_NEAR && found);
        if (!found)
            continue;
        out->adds += v[i].adds;
        out->mention = out->mention || v[i].kind == FLT_CONTEXT_MENTION;
        out->counts = out->counts && v[i].kind != FLT_CONTEXT_NOT;
    }
    out->counts = out->counts && (near || !needs);
    return FLT_OK;
}
