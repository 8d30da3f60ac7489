/*
 * fuzz_pack.c: any text as a rule pack: problems have a place, accepted rules keep what the format promises, and their
 * patterns compile or are refused with a reason.
 *
 * Input: the pack, as if it stood in pii/.
 */
#include "rule/rule.h"

#include <stdio.h>
#include <stdlib.h>

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

static void check_rule(const struct flt_rule *r)
{
    require(flt_str_starts(r->id, FLT_STR("pii.")) && r->id.n <= 64, "id");
    require(r->action != FLT_ACT_REDACT || r->placeholder.n >= 3, "placeholder");
    require(r->placeholder.n <= FLT_PLACEHOLDER_MAX, "placeholder length");
    require(r->n_match != 0 && r->n_no_match != 0 && r->roles != 0, "examples, roles");
    require(r->confidence >= 0 && r->confidence <= 1 && r->sensitivity >= 1 && r->sensitivity <= 4, "numbers");
    require((r->n_patterns != 0) != (r->block_open.text.n != 0), "patterns or block");
    for (uint32_t i = 0; i < r->n_patterns && i < 4; i++)
        check_pattern(r, &r->patterns[i], NULL);
    if (r->n_patterns == 0)
        check_pattern(r, &r->block_open, &r->block_close);
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
    flt_diag_free(&d);
    flt_arena_free(arena);
    return 0;
}
