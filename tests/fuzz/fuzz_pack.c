/*
 * fuzz_pack.c: any text as a rule pack: problems have a place, accepted rules keep what the format promises, their
 * patterns compile or are refused with a reason; and rules that compile say the same about their own examples, and
 * about the pack's text, whole and byte by byte.
 *
 * Input: the pack, as if it stood in pii/.
 */
#include "track_rig.h"

#define TEXT_MAX     1200u
#define PATTERNS_MAX 24u /* more take too long to compile */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "fuzz_pack: %s\n", what);
        abort();
    }
}

static void check_pattern(const struct flt_rule *r, const struct flt_pattern *p, const struct flt_pattern *close)
{
    struct flt_matcher_conf conf = {.pattern = p->text,
                                    .caseless = r->caseless != 0,
                                    .left = (enum flt_boundary)r->left,
                                    .right = (enum flt_boundary)r->right};
    char why[200] = "";
    size_t where = 0;
    bool in_close = false;
    if (close != NULL)
        conf.close = close->text;
    struct flt_matcher *m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    require(m != NULL || why[0] != '\0', "a refusal without a reason");
    require(m != NULL || where <= (in_close ? close->text.n : p->text.n), "a place outside of the pattern");
    if (m != NULL) {
        const struct flt_shape *s = flt_matcher_shape(m);
        require(s->min > 0 && s->min <= s->max && s->max <= FLT_SHAPE_MAX_WIDTH, "widths");
        require(flt_byteset_count(&s->first) > 0, "first");
    }
    flt_matcher_free(m);
}

static void check_about(const struct flt_rule *r)
{
    require(r->n_contexts <= FLT_RULE_MAX_CONTEXTS, "contexts");
    for (uint32_t i = 0; i < r->n_contexts; i++) {
        const struct flt_context_conf *c = &r->contexts[i];
        require(c->before <= FLT_CONTEXT_WITHIN_MAX && c->after <= FLT_CONTEXT_WITHIN_MAX, "a context's reach");
        require(c->before + c->after > 0 && c->pattern.n > 0, "an empty context");
        require(c->adds >= 0 && c->adds <= 1, "what a context adds");
        require(c->after == 0 || r->n_patterns != 0, "a context behind a block");
    }
    for (uint32_t i = 0; i < r->langs.n; i++)
        require(r->langs.v[i].n == 2, "a language");
    require(r->fp_per_million >= -1 && r->fp_per_million <= 1000000, "the budget of false findings");
    require(r->variants.reason.n > 0 || (r->variants.carriers && r->variants.except == 0), "excused without a reason");
}

static void check_rule(const struct flt_rule *r)
{
    require(flt_str_starts(r->id, FLT_STR("pii.")) && r->id.n <= 64, "id");
    require(r->action != FLT_ACT_REDACT || r->placeholder.n >= 3, "placeholder");
    require(r->placeholder.n <= FLT_PLACEHOLDER_MAX, "placeholder length");
    require(r->n_match != 0 && r->n_no_match != 0 && r->roles != 0, "examples, roles");
    require(r->confidence >= 0 && r->confidence <= 1 && r->sensitivity >= 1 && r->sensitivity <= 4, "numbers");
    require((r->n_patterns != 0) != (r->block_open.text.n != 0), "patterns or block");
    require(r->observe >= 1 && r->observe <= r->sensitivity, "levels");
    require(r->n_refs >= 3 && r->n_refs <= FLT_RULE_MAX_REFS, "references");
    require((r->views & 1u) != 0 && r->views < 1u << FLT_VIEW_COUNT, "views");
    require(r->n_squashed <= r->n_patterns, "squashed patterns");
    require(!flt_id_retired(r->id), "a retired id");
    check_about(r);
    for (uint32_t i = 0; i < r->n_patterns && i < 4; i++)
        check_pattern(r, &r->patterns[i], NULL);
    if (r->n_patterns == 0)
        check_pattern(r, &r->block_open, &r->block_close);
}

/* The first examples of the rules, then the end of the pack. */
static struct flt_str sample_of(const struct flt_rules *rules, struct flt_str pack, struct flt_buf *b)
{
    flt_buf_init(b, TEXT_MAX);
    for (uint32_t i = 0; i < rules->n; i++) {
        struct flt_str e = rules->v[i].match[0].text;
        if (b->n + e.n + 1 < TEXT_MAX / 2)
            require(flt_buf_printf(b, "%.*s ", FLT_STR_ARG(e)) == FLT_OK, "memory");
    }
    size_t rest = pack.n < TEXT_MAX / 2 ? pack.n : TEXT_MAX / 2;
    require(flt_buf_add(b, pack.p + pack.n - rest, rest) == FLT_OK, "memory");
    return flt_buf_str(b);
}

static void check_pieces(const struct rig *r, struct flt_str text)
{
    size_t cuts[TEXT_MAX];
    for (size_t i = 0; i < text.n; i++)
        cuts[i] = i;
    struct outcome whole = rig_whole(r, text);
    require(whole.rc != FLT_E_ENGINE, "a text that cannot be judged");
    if (whole.rc == FLT_OK) {
        struct outcome pieces = rig_pieces(r, text, cuts, text.n);
        if (pieces.rc != FLT_E_LIMIT)
            require(rig_differ(r, &whole, &pieces) == NULL, "byte by byte it says something else");
        outcome_free(&pieces);
    }
    outcome_free(&whole);
}

/* What loads can be compiled, or says why not; and what compiles can be used. */
static void check_use(struct flt_rules *rules, struct flt_str pack)
{
    struct flt_diag d = {0};
    struct flt_tenant tenant;
    struct flt_ruleset *rs = flt_ruleset_new(rules, NULL, &d);
    require(rs != NULL || d.n != 0, "rules that do not compile, without a reason");
    if (rs != NULL) {
        struct flt_snapshot s = {.rs = rs};
        flt_tenant_defaults(&tenant);
        tenant.rules.block_level = tenant.rules.observe_level = 4;
        struct flt_policy *policy = flt_policy_new(&tenant, rs, &d);
        struct rig r = {.s = &s, .w = fixture_worker(&s), .policy = policy, .role = FLT_ROLE_ASSISTANT};
        struct flt_buf b;
        require(policy != NULL, "memory");
        r.direction = FLT_RESPONSE;
        r.hold = policy->answer;
        check_pieces(&r, sample_of(rules, pack, &b));
        flt_buf_free(&b);
        flt_worker_free(r.w);
        flt_policy_free(policy);
    }
    flt_ruleset_free(rs);
    flt_diag_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 20000)
        return 0;
    struct flt_arena *arena = flt_arena_new(64u << 20);
    struct flt_rules rules = {0};
    struct flt_diag d = {0};
    require(arena != NULL, "memory");
    flt_pack_parse("rulesets/pii/fuzz.yaml", FLT_STR("pii"), (struct flt_str){(const char *)data, size}, arena, &rules,
                   &d);
    for (unsigned i = 0; i < d.n; i++) {
        require(strcmp(d.v[i].file, "rulesets/pii/fuzz.yaml") == 0, "file");
        require(d.v[i].message[0] != '\0', "message");
    }
    for (uint32_t i = 0; i < rules.n && i < 8; i++)
        check_rule(&rules.v[i]);
    uint32_t patterns = 0;
    for (uint32_t i = 0; i < rules.n; i++)
        patterns += rules.v[i].n_patterns + rules.v[i].n_gates + 1;
    if (rules.n != 0 && patterns <= PATTERNS_MAX)
        check_use(&rules, (struct flt_str){(const char *)data, size});
    flt_diag_free(&d);
    flt_arena_free(arena);
    return 0;
}

/* libfyaml 0.7 keeps a little of some documents that it refuses; that is not ours to find. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml.so\n";
}
