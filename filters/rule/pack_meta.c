/* pack_meta.c: the keys of a rule that say what it is about and how it is judged, not what it finds. */
#include "rule/pack_impl.h"

static struct rule_in *rule_of(void *field, size_t offset)
{
    return (struct rule_in *)(void *)((char *)field - offset);
}

/* ---- sensitivity ------------------------------------------------------------------------------------------------ */

struct levels {
    int64_t block, observe;
};

#define LEVEL(key, text)                                                                                               \
    {                                                                                                                  \
        .name = #key, .type = FLT_KEY_INT, .offset = offsetof(struct levels, key), .flags = FLT_KEY_REQUIRED,          \
        .min = 1, .max = 4, .help = text                                                                               \
    }
static const struct flt_key level_keys[] = {
    LEVEL(block, "1 to 4: acts from that block level on"),
    LEVEL(observe, "1 to 4: is recorded from that observe level on"),
    {0},
};

void flt_pack_read_sensitivity(struct flt_walk *w, flt_node *n, void *field)
{
    static const struct flt_key one = {
        .name = "", .type = FLT_KEY_INT, .min = 1, .max = 4, .help = "1 (no or rare false positives) to 4"};
    struct rule_in *in = rule_of(field, offsetof(struct rule_in, rule.sensitivity));
    struct levels v = {1, 1};
    if (!flt_node_is_map(n)) {
        flt_walk_value(w, n, &one, &v.block);
        v.observe = v.block;
    } else if (flt_walk_map(w, n, level_keys, &v) == FLT_OK && v.observe > v.block) {
        flt_walk_error(w, flt_node_get(n, "observe"), "observe",
                       "above block (expected 1 to %d): what acts is recorded", (int)v.block);
    }
    in->rule.sensitivity = v.block;
    in->rule.observe = v.observe;
}

/* ---- references ------------------------------------------------------------------------------------------------- */

static void add_ref(struct flt_rule *r, const struct flt_reference *ref)
{
    for (uint32_t i = 0; i < r->n_refs; i++) {
        if (r->refs[i] == ref)
            return;
    }
    r->refs[r->n_refs++] = ref;
}

bool flt_pack_class_refs(struct flt_walk *w, struct flt_rule *r, const struct flt_refs *refs)
{
    r->refs = flt_arena_calloc(w->arena, FLT_RULE_MAX_REFS, sizeof(*r->refs));
    for (uint32_t i = 0; r->refs != NULL && i < refs->of_class[r->class_].n; i++)
        add_ref(r, refs->of_class[r->class_].v[i]);
    return r->refs != NULL;
}

void flt_pack_read_refs(struct flt_walk *w, flt_node *n, void *field)
{
    struct rule_in *in = rule_of(field, offsetof(struct rule_in, rule.refs));
    const struct flt_refs *known = in->pack->out->refs;
    uint32_t count = flt_node_is_list(n) ? flt_node_count(n) : 0;
    if (count == 0 || count > FLT_RULE_MAX_REFS / 2) {
        flt_walk_error(w, n, NULL, "expected a list of 1 to %u ids of rulesets/references.yaml", FLT_RULE_MAX_REFS / 2);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        flt_node *item = flt_node_item(n, i);
        struct flt_str id = flt_node_str(item);
        const struct flt_reference *ref = flt_refs_find(known, id);
        const char *near = ref == NULL ? flt_walk_nearest(id, known->names) : NULL;
        if (ref != NULL)
            add_ref(&in->rule, ref);
        else if (near != NULL)
            flt_walk_error(w, item, NULL, "unknown reference '%.*s' (did you mean %s?)", FLT_STR_ARG(id), near);
        else
            flt_walk_error(w, item, NULL, "unknown reference '%.*s' (expected an id of rulesets/references.yaml)",
                           FLT_STR_ARG(id));
    }
}

/* ---- languages -------------------------------------------------------------------------------------------------- */

/* ISO 639-1, all codes in force. */
static const char languages[] =
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo "
    "es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka "
    "kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng "
    "nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su "
    "sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ";

static bool is_language(struct flt_str s)
{
    for (const char *p = languages; s.n == 2 && *p != '\0'; p += 3) {
        if (p[0] == s.p[0] && p[1] == s.p[1])
            return true;
    }
    return false;
}

void flt_pack_read_langs(struct flt_walk *w, flt_node *n, void *field)
{
    static const struct flt_key row = {.name = "", .type = FLT_KEY_STRLIST, .help = "a list of ISO 639-1 codes"};
    struct flt_strlist *langs = field;
    if (!flt_node_is_list(n)) {
        flt_walk_error(w, n, NULL, "expected a list of ISO 639-1 codes");
        return;
    }
    flt_walk_value(w, n, &row, langs);
    for (uint32_t i = 0; i < langs->n; i++) {
        if (!is_language(langs->v[i]))
            flt_walk_error(w, flt_node_item(n, i), NULL, "'%.*s' is no ISO 639-1 code of a language (such as en)",
                           FLT_STR_ARG(langs->v[i]));
        for (uint32_t k = 0; k < i; k++) {
            if (flt_str_eq(langs->v[i], langs->v[k]))
                flt_walk_error(w, flt_node_item(n, i), NULL, "'%.*s' stands there twice", FLT_STR_ARG(langs->v[i]));
        }
    }
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

void flt_pack_read_kind(struct flt_walk *w, flt_node *n, void *field)
{
    static const struct flt_key row = {.name = "", .type = FLT_KEY_STR, .max = 32, .help = "a word such as credential"};
    struct flt_str *kind = field;
    flt_walk_value(w, n, &row, kind);
    for (size_t i = 0; i < kind->n; i++) {
        char c = kind->p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            flt_walk_error(w, n, NULL, "expected lower-case letters, digits and '_'");
            return;
        }
    }
}

struct budget {
    int64_t per_million;
};
static const struct flt_key budget_keys[] = {{.name = "per_million_sentences",
                                              .type = FLT_KEY_INT,
                                              .offset = offsetof(struct budget, per_million),
                                              .flags = FLT_KEY_REQUIRED,
                                              .min = 0,
                                              .max = 1000000,
                                              .help = "false findings in a million sentences of ordinary prose"},
                                             {0}};

void flt_pack_read_budget(struct flt_walk *w, flt_node *n, void *field)
{
    struct budget b = {-1};
    int64_t *per_million = field;
    if (flt_walk_map(w, n, budget_keys, &b) == FLT_OK)
        *per_million = b.per_million;
}

struct variants_in {
    bool carriers;
    uint32_t except;
    struct flt_str reason;
};

static void read_except(struct flt_walk *w, flt_node *n, void *field)
{
    uint32_t *except = field;
    *except = flt_pack_read_views(w, n) & ~(1u << FLT_VIEW_RAW);
}

static const struct flt_key variant_keys[] = {{.name = "carriers",
                                               .type = FLT_KEY_BOOL,
                                               .offset = offsetof(struct variants_in, carriers),
                                               .help = "false: need not be found in every carrier"},
                                              {.name = "except",
                                               .type = FLT_KEY_CUSTOM,
                                               .offset = offsetof(struct variants_in, except),
                                               .fn = read_except,
                                               .help = "views in which it need not be found"},
                                              {.name = "reason",
                                               .type = FLT_KEY_STR,
                                               .offset = offsetof(struct variants_in, reason),
                                               .flags = FLT_KEY_REQUIRED,
                                               .max = 200,
                                               .help = "why, in words"},
                                              {0}};

void flt_pack_read_variants(struct flt_walk *w, flt_node *n, void *field)
{
    struct rule_in *in = rule_of(field, offsetof(struct rule_in, rule.variants));
    struct variants_in v = {.carriers = true};
    if (flt_walk_map(w, n, variant_keys, &v) != FLT_OK)
        return;
    if (v.carriers && v.except == 0)
        flt_walk_error(w, n, NULL, "expected carriers: false, or except: [views], besides the reason");
    in->rule.variants.carriers = v.carriers;
    in->rule.variants.except = v.except;
    in->rule.variants.reason = v.reason;
}
