/* snapshot.c: packs + tenants -> one immutable snapshot, proved before it is used. */
#include "engine/snapshot.h"

#define VIEWS_MAX    ((size_t)1 << 30) /* derived texts of one span; their own budget is far below */
#define SNAPSHOT_MAX (256u << 20)
/* A chain of overlapping candidates can be wider than one match; past this a stream fails closed. */
#define HOLD_FACTOR 2u

bool flt_digest_str(EVP_MD_CTX *c, struct flt_str s)
{
    uint64_t n = s.n;
    return EVP_DigestUpdate(c, &n, sizeof(n)) == 1 && (s.n == 0 || EVP_DigestUpdate(c, s.p, s.n) == 1);
}

static bool digest_num(EVP_MD_CTX *c, int64_t v)
{
    return EVP_DigestUpdate(c, &v, sizeof(v)) == 1;
}

bool flt_digest_rules(EVP_MD_CTX *c, const struct flt_ruleset *rs)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < rs->n_rules; i++) {
        const struct flt_rule *r = &rs->rules[i];
        ok = flt_digest_str(c, r->id) && flt_digest_str(c, r->placeholder) && flt_digest_str(c, r->block_open.text) &&
             flt_digest_str(c, r->block_close.text);
        ok = ok && digest_num(c, r->severity) && digest_num(c, r->sensitivity) && digest_num(c, r->observe) &&
             digest_num(c, r->direction) && digest_num(c, r->roles);
        ok = ok && digest_num(c, r->caseless) && digest_num(c, r->left) && digest_num(c, r->right) &&
             digest_num(c, r->action);
        ok = ok && digest_num(c, (int64_t)(r->confidence * 1e6));
        for (uint32_t k = 0; ok && k < r->n_patterns; k++)
            ok = flt_digest_str(c, r->patterns[k].text);
        for (uint32_t k = 0; ok && k < r->n_gates; k++)
            ok = flt_digest_str(c, r->gates[k].text);
        ok = ok && digest_num(c, r->views);
        for (uint32_t k = 0; ok && k < r->n_squashed; k++)
            ok = flt_digest_str(c, r->squashed[k].text);
        for (uint32_t k = 0; ok && k < r->n_contexts; k++)
            ok = digest_num(c, (int64_t)r->contexts[k].kind) && flt_digest_str(c, r->contexts[k].pattern) &&
                 digest_num(c, r->contexts[k].before) && digest_num(c, r->contexts[k].after) &&
                 digest_num(c, r->contexts[k].left) && digest_num(c, r->contexts[k].right) &&
                 digest_num(c, (int64_t)(r->contexts[k].adds * 1e6));
        for (uint32_t k = 0; ok && k < r->n_validate; k++)
            ok = flt_digest_str(c, flt_str_of(r->validate[k]->name));
    }
    return ok;
}

static bool digest_tenant(EVP_MD_CTX *c, const struct flt_tenant *t)
{
    bool ok = flt_digest_str(c, t->name) && digest_num(c, t->mode) && digest_num(c, t->on_failure) &&
              digest_num(c, t->service_model);
    ok = ok && digest_num(c, t->rules.block_level) && digest_num(c, t->rules.observe_level) &&
         flt_digest_str(c, t->grounding.text);
    for (unsigned i = 0; ok && i < FLT_CLASS_COUNT; i++)
        ok = digest_num(c, t->rules.class_action[i]) && digest_num(c, (int64_t)(t->rules.class_threshold[i] * 1e6));
    ok = ok && digest_num(c, t->rules.unviewed);
    for (uint32_t i = 0; ok && i < t->rules.enable.n; i++)
        ok = flt_digest_str(c, t->rules.enable.v[i]);
    for (uint32_t i = 0; ok && i < t->rules.disable.n; i++)
        ok = digest_num(c, -1) && flt_digest_str(c, t->rules.disable.v[i]);
    return ok;
}

static int make_id(struct flt_snapshot *s, const struct flt_snapshot_conf *conf)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 && flt_digest_rules(c, s->rs);
    for (uint32_t i = 0; ok && i < conf->n_tenants; i++)
        ok = digest_tenant(c, &conf->tenants[i]);
    ok = ok && EVP_DigestFinal_ex(c, md, &n) == 1 && n == 32;
    EVP_MD_CTX_free(c);
    for (unsigned i = 0; ok && i < n; i++)
        snprintf(s->id + 2 * i, 3, "%02x", md[i]);
    return ok ? FLT_OK : FLT_E_NOMEM;
}

static int load_rules(struct flt_snapshot *s, const struct flt_snapshot_conf *conf, struct flt_diag *d)
{
    struct flt_rules rules = {0};
    if (conf->n_ruleset_dirs == 0)
        flt_packs_load_builtin(s->arena, &rules, d);
    for (uint32_t i = 0; i < conf->n_ruleset_dirs; i++)
        flt_packs_load_dir(conf->ruleset_dirs[i], s->arena, &rules, d);
    /* Rules that did load are compiled even when others did not, so that one run reports everything. */
    s->rs = flt_ruleset_new(&rules, conf->cache_dir, d);
    return s->rs != NULL && !flt_diag_failed(d) ? FLT_OK : FLT_E_CONFIG;
}

static int make_policies(struct flt_snapshot *s, const struct flt_snapshot_conf *conf, struct flt_diag *d)
{
    s->policies = calloc(conf->n_tenants + 1u, sizeof(struct flt_policy *));
    if (s->policies == NULL)
        return FLT_E_NOMEM;
    s->n_tenants = conf->n_tenants;
    flt_tenant_defaults(&s->defaults);
    s->defaults.name = FLT_STR("default");
    for (uint32_t i = 0; i <= conf->n_tenants; i++) {
        s->policies[i] = flt_policy_new(i < conf->n_tenants ? &conf->tenants[i] : &s->defaults, s->rs, d);
        if (s->policies[i] == NULL)
            return FLT_E_NOMEM;
        s->memory += flt_policy_memory(s->policies[i]);
    }
    return FLT_OK;
}

static void prove(const struct flt_snapshot *s, const struct flt_snapshot_conf *conf, struct flt_diag *d)
{
    if (conf->skip_examples || (!conf->repeat_examples && flt_proof_known(s, conf->cache_dir)))
        return;
    flt_selftest(s, d);
    if (!flt_diag_failed(d))
        flt_proof_keep(s, conf->cache_dir);
}

struct flt_snapshot *flt_snapshot_build(const struct flt_snapshot_conf *conf, struct flt_diag *d)
{
    struct flt_snapshot *s = calloc(1, sizeof(*s));
    if (s != NULL)
        s->arena = flt_arena_new(SNAPSHOT_MAX);
    if (s == NULL || s->arena == NULL) {
        flt_diag_add(d, FLT_E_NOMEM, "", 0, 0, "", "out of memory");
        flt_snapshot_free(s);
        return NULL;
    }
    int rc = load_rules(s, conf, d);
    if (rc == FLT_OK)
        rc = make_policies(s, conf, d);
    if (rc == FLT_OK)
        rc = make_id(s, conf);
    if (rc == FLT_OK) {
        s->max_hold = HOLD_FACTOR * (s->rs->max_width + s->rs->max_after + FLT_MATCHER_AHEAD);
        s->memory += s->rs->memory + flt_arena_held(s->arena);
        prove(s, conf, d);
    } else if (rc == FLT_E_NOMEM) {
        flt_diag_add(d, FLT_E_NOMEM, "", 0, 0, "", "out of memory");
    }
    if (rc != FLT_OK || flt_diag_failed(d)) {
        flt_snapshot_free(s);
        return NULL;
    }
    return s;
}

void flt_snapshot_free(struct flt_snapshot *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; s->policies != NULL && i <= s->n_tenants; i++)
        flt_policy_free(s->policies[i]);
    free(s->policies);
    flt_ruleset_free(s->rs);
    flt_arena_free(s->arena);
    free(s);
}

const struct flt_policy *flt_snapshot_policy(const struct flt_snapshot *s, uint32_t tenant)
{
    return s->policies[tenant < s->n_tenants ? tenant : s->n_tenants];
}

const char *flt_snapshot_id(const struct flt_snapshot *s)
{
    return s->id;
}

size_t flt_snapshot_memory(const struct flt_snapshot *s)
{
    return s->memory;
}

uint32_t flt_snapshot_max_hold(const struct flt_snapshot *s)
{
    return s->max_hold;
}

uint32_t flt_snapshot_rules(const struct flt_snapshot *s)
{
    return s->rs->n_rules;
}

void flt_snapshot_rule(const struct flt_snapshot *s, uint32_t i, struct flt_rule_info *out)
{
    const struct flt_rule *r = &s->rs->rules[i];
    *out = (struct flt_rule_info){
        .id = r->id,
        .title = r->title,
        .file = r->file,
        .line = r->line,
        .class_ = r->class_,
        .severity = (enum flt_severity)r->severity,
        .confidence = r->confidence,
        .kind = r->kind,
        .sensitivity = (uint8_t)r->sensitivity,
        .observe = (uint8_t)r->observe,
        .action = (enum flt_action)r->action,
        .request = r->direction != FLT_RESPONSE,
        .response = r->direction != FLT_REQUEST,
        .roles = r->roles,
        .shape = flt_shape_names[FLT_SHAPE_BOUNDED],
        .placeholder = r->placeholder,
        .n_patterns = r->n_patterns != 0 ? r->n_patterns : 1,
        .n_match = r->n_match,
        .n_no_match = r->n_no_match,
        .views = r->views,
        .refs = r->refs,
        .n_refs = r->n_refs,
        .langs = r->langs.v,
        .n_langs = r->langs.n,
        .fp_per_million = r->fp_per_million,
    };
    for (uint32_t k = 0; k < r->n_contexts; k++) {
        enum flt_context_kind kind = r->contexts[k].kind;
        out->n_near += kind == FLT_CONTEXT_NEAR;
        out->n_adds += kind == FLT_CONTEXT_ADDS;
        out->n_not += kind == FLT_CONTEXT_NOT;
        out->n_mention += kind == FLT_CONTEXT_MENTION;
    }
    for (uint32_t k = 0; k < s->rs->n_detectors; k++) {
        const struct flt_shape *shape = flt_matcher_shape(s->rs->detectors[k].m);
        if (s->rs->detectors[k].rule != i)
            continue;
        if (shape->kind != FLT_SHAPE_BOUNDED)
            out->shape = flt_shape_names[shape->kind];
        if (shape->max > out->max_width)
            out->max_width = shape->max;
    }
}

struct flt_worker *flt_worker_new(void)
{
    struct flt_worker *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return NULL;
    w->kit.scan = flt_scratch_new();
    w->kit.match = flt_match_scratch_new();
    w->kit.views = flt_arena_new(VIEWS_MAX);
    if (w->kit.scan == NULL || w->kit.match == NULL || w->kit.views == NULL) {
        flt_worker_free(w);
        return NULL;
    }
    return w;
}

int flt_worker_prepare(struct flt_worker *w, const struct flt_snapshot *s)
{
    int rc = flt_scratch_fit(w->kit.scan, s->rs->scanner);
    return rc == FLT_OK ? flt_scratch_fit(w->kit.scan, s->rs->squashed) : rc;
}

void flt_worker_free(struct flt_worker *w)
{
    if (w == NULL)
        return;
    flt_scratch_free(w->kit.scan);
    flt_spare_free(&w->kit.spare);
    flt_match_scratch_free(w->kit.match);
    flt_arena_free(w->kit.views);
    free(w);
}
