/* pack_context.c: `near` and `not` of a rule. */
#include "rule/pack_impl.h"

static const char *const side_names[] = {"both", "before", "after", NULL};

struct context_in {
    struct flt_str pattern;
    struct flt_strlist words;
    int64_t within;
    int side, left, right;
    double adds;
    bool required, drop;
};

#define FIELD(f) offsetof(struct context_in, f)
#define COMMON                                                                                                         \
    {.name = "pattern",                                                                                                \
     .type = FLT_KEY_STR,                                                                                              \
     .offset = FIELD(pattern),                                                                                         \
     .help = "a bounded pattern, letters of any case"},                                                                \
        {.name = "words", .type = FLT_KEY_STRLIST, .offset = FIELD(words), .help = "words, of which one is enough"},   \
        {.name = "within",                                                                                             \
         .type = FLT_KEY_INT,                                                                                          \
         .offset = FIELD(within),                                                                                      \
         .min = 1,                                                                                                     \
         .max = FLT_CONTEXT_WITHIN_MAX,                                                                                \
         .help = "bytes on each side"},                                                                                \
        {.name = "side",                                                                                               \
         .type = FLT_KEY_ENUM,                                                                                         \
         .offset = FIELD(side),                                                                                        \
         .names = side_names,                                                                                          \
         .help = "both, before or after"},                                                                             \
        {.name = "left",                                                                                               \
         .type = FLT_KEY_ENUM,                                                                                         \
         .offset = FIELD(left),                                                                                        \
         .names = flt_boundary_names,                                                                                  \
         .help = "boundary before it, default alnum"},                                                                 \
    {                                                                                                                  \
        .name = "right", .type = FLT_KEY_ENUM, .offset = FIELD(right), .names = flt_boundary_names,                    \
        .help = "boundary behind it, default alnum"                                                                    \
    }

static const struct flt_key near_keys[] = {COMMON,
                                           {.name = "adds",
                                            .type = FLT_KEY_FLOAT,
                                            .offset = FIELD(adds),
                                            .min = 0,
                                            .max = 1,
                                            .help = "raises the confidence, and is not required"},
                                           {0}};
static const struct flt_key not_keys[] = {COMMON,
                                          {.name = "drop",
                                           .type = FLT_KEY_BOOL,
                                           .offset = FIELD(drop),
                                           .help = "true: no finding; false (default): a mention, recorded only"},
                                          {0}};

static struct flt_str any_word(struct flt_walk *w, flt_node *n, const struct flt_strlist *words)
{
    struct flt_buf b;
    struct flt_str out = {NULL, 0};
    int rc = FLT_OK;
    flt_buf_init(&b, 8192);
    for (uint32_t i = 0; rc == FLT_OK && i < words->n; i++) {
        rc = flt_buf_printf(&b, "%s", i == 0 ? "(?:" : "|");
        for (size_t k = 0; rc == FLT_OK && k < words->v[i].n; k++) {
            unsigned char c = (unsigned char)words->v[i].p[k];
            bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            rc = c == ' ' ? flt_buf_add_str(&b, FLT_STR("[\\s_-]{1,3}"))
                          : flt_buf_printf(&b, plain ? "%c" : "\\x%02x", c);
        }
    }
    if (rc == FLT_OK)
        rc = flt_buf_printf(&b, ")");
    if (rc == FLT_OK)
        out = flt_arena_str(w->arena, flt_buf_str(&b), NULL);
    else
        flt_walk_error(w, n, "words", "too many words");
    flt_buf_free(&b);
    return out;
}

static void read_one(struct flt_walk *w, flt_node *n, struct rule_in *in, bool is_not)
{
    struct flt_rule *r = &in->rule;
    struct context_in c = {.within = 40, .left = FLT_BOUND_ALNUM, .right = FLT_BOUND_ALNUM};
    if (r->n_contexts == FLT_RULE_MAX_CONTEXTS) {
        flt_walk_error(w, n, NULL, "more than %u contexts", FLT_RULE_MAX_CONTEXTS);
        return;
    }
    bool sound = flt_walk_map(w, n, is_not ? not_keys : near_keys, &c) == FLT_OK;
    if ((flt_node_get(n, "pattern") != NULL) == (flt_node_get(n, "words") != NULL))
        flt_walk_error(w, n, NULL, "expected either pattern or words");
    if ((c.pattern.n != 0) == (c.words.n != 0))
        return;
    struct flt_context_conf *out = &r->contexts[r->n_contexts++];
    *out = (struct flt_context_conf){.adds = c.adds, .left = c.left, .right = c.right};
    out->kind = is_not ? (c.drop ? FLT_CONTEXT_NOT : FLT_CONTEXT_MENTION)
                       : (flt_node_get(n, "adds") != NULL ? FLT_CONTEXT_ADDS : FLT_CONTEXT_NEAR);
    out->pattern = c.words.n != 0 ? any_word(w, n, &c.words) : flt_pack_expand(w, n, in->pack, c.pattern, false);
    out->before = c.side != 2 ? (uint32_t)c.within : 0;
    out->after = c.side != 1 && sound ? (uint32_t)c.within : 0; /* a side that is not known is not judged */
    flt_node_where(n, &out->line, &out->col);
}

void flt_pack_read_contexts(struct flt_walk *w, flt_node *n, struct rule_in *in, bool is_not)
{
    if (!flt_node_is_list(n) || flt_node_count(n) == 0) {
        flt_walk_error(w, n, NULL, "expected a list of contexts");
        return;
    }
    if (in->rule.contexts == NULL)
        in->rule.contexts = flt_arena_calloc(w->arena, FLT_RULE_MAX_CONTEXTS, sizeof(*in->rule.contexts));
    for (uint32_t i = 0; in->rule.contexts != NULL && i < flt_node_count(n); i++)
        read_one(w, flt_node_item(n, i), in, is_not);
}

static bool is_run(struct flt_str pattern, bool caseless)
{
    struct flt_shape shape;
    struct flt_buf head;
    const char *why;
    size_t where;
    flt_buf_init(&head, 65536);
    int rc = flt_shape_analyse(pattern, caseless, &shape, &head, &where, &why); /* compiling reports what is wrong */
    flt_buf_free(&head);
    return rc == FLT_OK && shape.kind == FLT_SHAPE_RUN;
}

void flt_pack_check_contexts(struct flt_walk *w, flt_node *n, const struct flt_rule *r)
{
    bool open = r->block_open.text.n != 0, after = false;
    for (uint32_t i = 0; i < r->n_contexts; i++)
        after = after || r->contexts[i].after != 0;
    for (uint32_t i = 0; after && !open && i < r->n_patterns; i++)
        open = is_run(r->patterns[i].text, r->caseless != 0);
    for (uint32_t i = 0; open && i < r->n_contexts; i++) {
        const struct flt_context_conf *c = &r->contexts[i];
        flt_node *list = flt_node_get(n, c->kind == FLT_CONTEXT_NEAR || c->kind == FLT_CONTEXT_ADDS ? "near" : "not");
        if (c->after != 0)
            flt_walk_error(w, list, NULL, "a block or run has no end to look behind (expected side: before)");
    }
}
