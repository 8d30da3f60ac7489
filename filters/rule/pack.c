/*
 * pack.c: one YAML pack -> rules. The key tables below are the format; rulesets/README.md explains it.
 */
#include "rule/pack_impl.h"

static const char *const direction_names[] = {"request", "response", "both", NULL};
static const char *const case_names[] = {"sensitive", "insensitive", NULL};

/* ---- fields of a rule ----------------------------------------------------------------------------------------------
 */

static struct rule_in *rule_of(void *field, size_t offset)
{
    return (struct rule_in *)(void *)((char *)field - offset);
}

static void read_pattern(struct flt_walk *w, flt_node *n, const struct pack *p, struct flt_pattern *out)
{
    if (!flt_node_is_scalar(n) || flt_node_str(n).n == 0) {
        flt_walk_error(w, n, NULL, "expected a pattern");
        return;
    }
    flt_node_where(n, &out->line, &out->col);
    out->text = flt_pack_expand(w, n, p, flt_node_str(n), false);
}

static void read_pattern_list(struct flt_walk *w, flt_node *n, const struct pack *p, struct flt_pattern **v,
                              uint32_t *count)
{
    uint32_t k = flt_node_is_list(n) ? flt_node_count(n) : 0;
    if (k == 0 || k > FLT_RULE_MAX_PATTERNS) {
        flt_walk_error(w, n, NULL, "expected a list of 1 to %u patterns", FLT_RULE_MAX_PATTERNS);
        return;
    }
    *v = flt_arena_calloc(w->arena, k, sizeof(**v));
    for (uint32_t i = 0; *v != NULL && i < k; i++)
        read_pattern(w, flt_node_item(n, i), p, &(*v)[(*count)++]);
}

static void read_patterns(struct flt_walk *w, flt_node *n, void *field)
{
    struct rule_in *in = rule_of(field, offsetof(struct rule_in, rule.patterns));
    read_pattern_list(w, n, in->pack, &in->rule.patterns, &in->rule.n_patterns);
    in->patterns_node = n;
}

static void read_gates(struct flt_walk *w, flt_node *n, void *field)
{
    struct rule_in *in = rule_of(field, offsetof(struct rule_in, rule.gates));
    read_pattern_list(w, n, in->pack, &in->rule.gates, &in->rule.n_gates);
}

static void read_block(struct flt_walk *w, flt_node *n, void *field)
{
    struct rule_in *in = rule_of(field, offsetof(struct rule_in, rule.block_open));
    flt_node *open = flt_node_is_map(n) ? flt_node_get(n, "open") : NULL;
    flt_node *close = flt_node_is_map(n) ? flt_node_get(n, "close") : NULL;
    if (open == NULL || close == NULL || flt_node_count(n) != 2) {
        flt_walk_error(w, n, NULL, "expected {open: pattern, close: pattern}");
        return;
    }
    read_pattern(w, open, in->pack, &in->rule.block_open);
    read_pattern(w, close, in->pack, &in->rule.block_close);
}

static void read_roles(struct flt_walk *w, flt_node *n, void *field)
{
    uint8_t *roles = field;
    *roles = 0;
    for (uint32_t i = 0; flt_node_is_list(n) && i < flt_node_count(n); i++) {
        flt_node *item = flt_node_item(n, i);
        unsigned r = 0;
        while (r < FLT_ROLE_COUNT && !flt_str_is(flt_node_str(item), flt_role_names[r]))
            r++;
        if (r == FLT_ROLE_COUNT)
            flt_walk_error(w, item, NULL, "unknown role (expected system, developer, user, assistant, tool or other)");
        else
            *roles |= (uint8_t)(1u << r);
    }
    if (*roles == 0)
        flt_walk_error(w, n, NULL, "expected a list of at least one role");
}

static void read_near(struct flt_walk *w, flt_node *n, void *field)
{
    flt_pack_read_contexts(w, n, rule_of(field, offsetof(struct rule_in, near_mark)), false);
}

static void read_not(struct flt_walk *w, flt_node *n, void *field)
{
    flt_pack_read_contexts(w, n, rule_of(field, offsetof(struct rule_in, not_mark)), true);
}

static void read_views(struct flt_walk *w, flt_node *n, void *field)
{
    uint32_t *views = field;
    *views = flt_pack_read_views(w, n);
}

static void read_validate(struct flt_walk *w, flt_node *n, void *field)
{
    struct rule_in *in = rule_of(field, offsetof(struct rule_in, rule.validate));
    uint32_t k = flt_node_is_list(n) ? flt_node_count(n) : 0;
    if (k == 0 || k > FLT_RULE_MAX_VALIDATE) {
        flt_walk_error(w, n, NULL, "expected a list of 1 to %u validators", FLT_RULE_MAX_VALIDATE);
        return;
    }
    for (uint32_t i = 0; i < k; i++) {
        flt_node *item = flt_node_item(n, i);
        const struct flt_validator *v = flt_validator_find(flt_node_str(item));
        if (v == NULL)
            flt_walk_error(w, item, NULL, "unknown validator '%.*s'", FLT_STR_ARG(flt_node_str(item)));
        else
            in->rule.validate[in->rule.n_validate++] = v;
    }
}

static bool read_example(struct flt_walk *w, flt_node *n, struct flt_example *out)
{
    flt_node *text = flt_node_is_map(n) ? flt_node_get(n, "text") : n;
    flt_node *span = flt_node_is_map(n) ? flt_node_get(n, "span") : NULL;
    if (text == NULL || !flt_node_is_scalar(text) || (flt_node_is_map(n) && flt_node_count(n) != 1u + (span != NULL))) {
        flt_walk_error(w, n, NULL, "expected a text, or {text: ..., span: ...}");
        return false;
    }
    flt_node_where(n, &out->line, &out->col);
    out->text = flt_arena_str(w->arena, flt_node_str(text), NULL);
    if (span != NULL)
        out->span = flt_arena_str(w->arena, flt_node_str(span), NULL);
    return true;
}

static void read_example_list(struct flt_walk *w, flt_node *n, struct flt_example **v, uint32_t *count)
{
    uint32_t k = n != NULL && flt_node_is_list(n) ? flt_node_count(n) : 0;
    *v = flt_arena_calloc(w->arena, k, sizeof(**v));
    for (uint32_t i = 0; *v != NULL && i < k; i++) {
        if (read_example(w, flt_node_item(n, i), &(*v)[*count]))
            (*count)++;
    }
}

static void read_examples(struct flt_walk *w, flt_node *n, void *field)
{
    struct rule_in *in = rule_of(field, offsetof(struct rule_in, rule.match));
    if (!flt_node_is_map(n)) {
        flt_walk_error(w, n, NULL, "expected {match: [...], no_match: [...]}");
        return;
    }
    for (uint32_t i = 0; i < flt_node_count(n); i++) {
        struct flt_str key = flt_node_str(flt_node_key(n, i));
        if (!flt_str_is(key, "match") && !flt_str_is(key, "no_match"))
            flt_walk_error(w, flt_node_key(n, i), NULL, "unknown key '%.*s' (expected match or no_match)",
                           FLT_STR_ARG(key));
    }
    read_example_list(w, flt_node_get(n, "match"), &in->rule.match, &in->rule.n_match);
    read_example_list(w, flt_node_get(n, "no_match"), &in->rule.no_match, &in->rule.n_no_match);
    if (in->rule.n_match == 0 || in->rule.n_no_match == 0)
        flt_walk_error(w, n, NULL, "a rule needs examples that match and examples that do not");
}

#define FIELD(f) offsetof(struct rule_in, rule.f)
static const struct flt_key rule_keys[] = {{.name = "id",
                                            .type = FLT_KEY_STR,
                                            .offset = FIELD(id),
                                            .flags = FLT_KEY_REQUIRED,
                                            .help = "<class>.<name>, stable, never reused"},
                                           {.name = "title",
                                            .type = FLT_KEY_STR,
                                            .offset = FIELD(title),
                                            .flags = FLT_KEY_REQUIRED,
                                            .help = "what it finds, in words"},
                                           {.name = "severity",
                                            .type = FLT_KEY_ENUM,
                                            .offset = FIELD(severity),
                                            .flags = FLT_KEY_REQUIRED,
                                            .names = flt_severity_names,
                                            .help = "impact of a true hit"},
                                           {.name = "confidence",
                                            .type = FLT_KEY_FLOAT,
                                            .offset = FIELD(confidence),
                                            .flags = FLT_KEY_REQUIRED,
                                            .min = 0,
                                            .max = 1,
                                            .help = "how sure a bare hit is"},
                                           {.name = "sensitivity",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(sensitivity),
                                            .flags = FLT_KEY_REQUIRED,
                                            .fn = flt_pack_read_sensitivity,
                                            .help = "1 (no or rare false positives) to 4, or {block, observe}"},
                                           {.name = "direction",
                                            .type = FLT_KEY_ENUM,
                                            .offset = FIELD(direction),
                                            .names = direction_names,
                                            .help = "request, response or both"},
                                           {.name = "roles",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(roles),
                                            .fn = read_roles,
                                            .help = "roles in which the rule acts"},
                                           {.name = "views",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(views),
                                            .fn = read_views,
                                            .help = "derived forms of the text it looks in too"},
                                           {.name = "case",
                                            .type = FLT_KEY_ENUM,
                                            .offset = FIELD(caseless),
                                            .names = case_names,
                                            .help = "sensitive or insensitive (ASCII)"},
                                           {.name = "patterns",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(patterns),
                                            .fn = read_patterns,
                                            .help = "list of patterns"},
                                           {.name = "gate",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(gates),
                                            .fn = read_gates,
                                            .help = "cheap patterns, one of which every match holds"},
                                           {.name = "block",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(block_open),
                                            .fn = read_block,
                                            .help = "{open, close} markers"},
                                           {.name = "left",
                                            .type = FLT_KEY_ENUM,
                                            .offset = FIELD(left),
                                            .names = flt_boundary_names,
                                            .help = "boundary before the match"},
                                           {.name = "right",
                                            .type = FLT_KEY_ENUM,
                                            .offset = FIELD(right),
                                            .names = flt_boundary_names,
                                            .help = "boundary after the match"},
                                           {.name = "near",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = offsetof(struct rule_in, near_mark),
                                            .fn = read_near,
                                            .help = "what must stand around a match"},
                                           {.name = "not",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = offsetof(struct rule_in, not_mark),
                                            .fn = read_not,
                                            .help = "what around a match makes it none, or a mention"},
                                           {.name = "validate",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(validate),
                                            .fn = read_validate,
                                            .help = "list of validators"},
                                           {.name = "action",
                                            .type = FLT_KEY_ENUM,
                                            .offset = FIELD(action),
                                            .flags = FLT_KEY_REQUIRED,
                                            .names = flt_action_names,
                                            .help = "annotate, redact or block"},
                                           {.name = "placeholder",
                                            .type = FLT_KEY_STR,
                                            .offset = FIELD(placeholder),
                                            .help = "what replaces the value, e.g. [EMAIL]"},
                                           {.name = "kind",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(kind),
                                            .fn = flt_pack_read_kind,
                                            .help = "a word for reports; decides nothing"},
                                           {.name = "refs",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(refs),
                                            .fn = flt_pack_read_refs,
                                            .help = "ids of rulesets/references.yaml"},
                                           {.name = "langs",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(langs),
                                            .fn = flt_pack_read_langs,
                                            .help = "ISO 639-1 codes of the languages of its words"},
                                           {.name = "fp_budget",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(fp_per_million),
                                            .fn = flt_pack_read_budget,
                                            .help = "{per_million_sentences}"},
                                           {.name = "variants",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(variants),
                                            .fn = flt_pack_read_variants,
                                            .help = "disguises that rules test need not find, and why"},
                                           {.name = "examples",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = FIELD(match),
                                            .flags = FLT_KEY_REQUIRED,
                                            .fn = read_examples,
                                            .help = "{match, no_match}"},
                                           {0}};

/* ---- checks of a whole rule
 * ------------------------------------------------------------------------------------------ */

static bool placeholder_ok(struct flt_str s)
{
    if (s.n < 3 || s.n > FLT_PLACEHOLDER_MAX || s.p[0] != '[' || s.p[s.n - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

static bool id_ok(const struct pack *p, struct flt_str id)
{
    if (id.n < p->class_name.n + 2 || id.n > 64 || !flt_str_starts(id, p->class_name) || id.p[p->class_name.n] != '.')
        return false;
    for (size_t i = p->class_name.n + 1; i < id.n; i++) {
        char c = id.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

/* The rule may have errors in single keys already: what depends on such a key is left alone. */
static void check_rule(struct flt_walk *w, flt_node *n, const struct rule_in *in)
{
    const struct flt_rule *r = &in->rule;
    flt_node *id = flt_node_get(n, "id");
    if (r->id.n != 0 && !id_ok(in->pack, r->id))
        flt_walk_error(w, id, "id", "expected '%.*s.' and lower-case letters, digits and '_'",
                       FLT_STR_ARG(in->pack->class_name));
    else if (r->id.n != 0 && flt_id_retired(r->id))
        flt_walk_error(w, id, "id", "'%.*s' is retired: an id never comes back (see rulesets/retired.txt)",
                       FLT_STR_ARG(r->id));
    if ((flt_node_get(n, "patterns") != NULL) == (flt_node_get(n, "block") != NULL))
        flt_walk_error(w, n, NULL, "expected either patterns or block");
    if (r->placeholder.n != 0 && !placeholder_ok(r->placeholder))
        flt_walk_error(w, flt_node_get(n, "placeholder"), "placeholder",
                       "expected capitals, digits and '_' in brackets, at most %u bytes", FLT_PLACEHOLDER_MAX);
    if (r->action == FLT_ACT_REDACT && flt_node_get(n, "placeholder") == NULL)
        flt_walk_error(w, n, NULL, "a redacting rule needs a placeholder");
    if (flt_str_is(flt_node_str(flt_node_get(n, "action")), flt_action_names[FLT_ACT_ALLOW]))
        flt_walk_error(w, flt_node_get(n, "action"), "action", "expected annotate, redact or block");
}

static void append(struct flt_walk *w, flt_node *n, struct flt_rules *out, const struct flt_rule *r)
{
    if (out->n == FLT_RULES_MAX) {
        flt_walk_error(w, n, NULL, "more than %u rules", FLT_RULES_MAX);
        return;
    }
    if (out->n == out->cap) {
        uint32_t cap = out->cap != 0 ? 2 * out->cap : 64;
        struct flt_rule *v = flt_arena_calloc(w->arena, cap, sizeof(*v));
        if (v == NULL)
            return;
        if (out->n != 0)
            memcpy(v, out->v, out->n * sizeof(*v));
        out->v = v;
        out->cap = cap;
    }
    out->v[out->n++] = *r;
}

static void read_rule(struct flt_walk *w, flt_node *n, struct pack *p)
{
    struct rule_in in = {.pack = p};
    in.rule =
        (struct flt_rule){.pack = p->name, .class_ = p->class_, .direction = 2, .roles = (1u << FLT_ROLE_COUNT) - 1};
    in.rule.views = flt_pack_class_views(p->class_);
    in.rule.fp_per_million = -1;
    in.rule.variants.carriers = true;
    in.rule.file = flt_arena_str(w->arena, flt_str_of(p->file), NULL);
    flt_node_where(n, &in.rule.line, &in.rule.col);
    unsigned before = flt_walk_errors(w);
    if (!flt_pack_class_refs(w, &in.rule, p->out->refs))
        return;
    if (flt_walk_map(w, n, rule_keys, &in) != FLT_OK && !flt_node_is_map(n))
        return;
    check_rule(w, n, &in);
    flt_pack_check_contexts(w, n, &in.rule);
    flt_pack_squash(w, &in);
    for (uint32_t i = 0; i < p->out->n; i++) {
        const struct flt_rule *o = &p->out->v[i];
        if (flt_str_eq(o->id, in.rule.id))
            flt_walk_error(w, flt_node_get(n, "id"), "id", "'%.*s' is taken already at %.*s:%u", FLT_STR_ARG(o->id),
                           FLT_STR_ARG(o->file), o->line);
    }
    if (flt_walk_errors(w) == before)
        append(w, n, p->out, &in.rule);
    else
        flt_pack_check_patterns(w, &in.rule);
}

static void read_rules(struct flt_walk *w, flt_node *n, void *field)
{
    struct pack *p = *(struct pack **)field;
    size_t keep = strlen(w->path);
    if (!flt_node_is_list(n)) {
        flt_walk_error(w, n, NULL, "expected a list of rules");
        return;
    }
    for (uint32_t i = 0; i < flt_node_count(n); i++) {
        snprintf(w->path + keep, sizeof(w->path) - keep, "[%u]", i);
        read_rule(w, flt_node_item(n, i), p);
    }
    w->path[keep] = '\0';
}

struct pack_in {
    struct pack pack;
    struct pack *macros, *rules; /* both point at pack: custom readers get only their field */
};

static const struct flt_key pack_keys[] = {{.name = "pack",
                                            .type = FLT_KEY_STR,
                                            .offset = offsetof(struct pack_in, pack.name),
                                            .flags = FLT_KEY_REQUIRED,
                                            .help = "<class>.<name>"},
                                           {.name = "version",
                                            .type = FLT_KEY_INT,
                                            .offset = offsetof(struct pack_in, pack.version),
                                            .flags = FLT_KEY_REQUIRED,
                                            .min = 1,
                                            .max = 1,
                                            .help = "1, the version of the format"},
                                           {.name = "title",
                                            .type = FLT_KEY_STR,
                                            .offset = offsetof(struct pack_in, pack.title),
                                            .help = "what the pack is about"},
                                           {.name = "macros",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = offsetof(struct pack_in, macros),
                                            .fn = flt_pack_read_macros,
                                            .help = "names to patterns, used as {{name}}"},
                                           {.name = "rules",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = offsetof(struct pack_in, rules),
                                            .flags = FLT_KEY_REQUIRED,
                                            .fn = read_rules,
                                            .help = "list of rules"},
                                           {0}};

void flt_pack_parse(const char *file, struct flt_str class_name, struct flt_str text, struct flt_arena *arena,
                    struct flt_rules *out, struct flt_diag *d)
{
    struct pack_in in = {.pack = {.class_name = class_name, .out = out, .file = file}};
    unsigned c = 0;
    while (c < FLT_CLASS_COUNT && !flt_str_is(class_name, flt_class_names[c]))
        c++;
    if (c == FLT_CLASS_COUNT) {
        flt_diag_add(d, FLT_E_CONFIG, file, 0, 0, "", "packs stand in a folder named after their class; '%.*s' is none",
                     FLT_STR_ARG(class_name));
        return;
    }
    if (out->refs == NULL)
        out->refs = flt_refs_load(arena, d);
    if (out->refs == NULL)
        return;
    in.pack.class_ = (enum flt_class)c;
    in.macros = in.rules = &in.pack;
    struct flt_yaml *y = flt_yaml_parse(file, text, d);
    if (y == NULL)
        return;
    struct flt_walk w = {.yaml = y, .diag = d, .arena = arena};
    (void)flt_walk_map(&w, flt_yaml_root(y), pack_keys, &in);
    flt_yaml_free(y);
}
