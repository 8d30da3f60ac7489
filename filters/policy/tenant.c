/* tenant.c: reads a tenant file into struct flt_tenant; every problem is reported with its place. */
#include "policy/duties.h"

#include "flt/policy.h"

#define LIMIT_MAX   1000000000000000   /* 1e15: "no real limit" may be written as a large number */
#define BYTES_USED  ((int64_t)1 << 30) /* the largest text this version holds at once */
#define TEXT_MAX    65536
#define OFF(member) offsetof(struct flt_tenant, member)

/* ---- credentials ----------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void walk_digest(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_credential *c = field;
    struct flt_str s = flt_node_str(n);
    flt_node_where(n, &c->line, &c->col);
    bool good = s.n == 2 * sizeof c->sha256;
    for (size_t i = 0; good && i < sizeof c->sha256; i++) {
        int high = hex_digit(s.p[2 * i]), low = hex_digit(s.p[2 * i + 1]);
        good = high >= 0 && low >= 0;
        if (good)
            c->sha256[i] = (uint8_t)(high << 4 | low);
    }
    if (!good)
        flt_walk_error(w, n, NULL, "not a SHA-256 digest (expected 64 hexadecimal digits)");
}

static const struct flt_key credential_keys[] = {
    {.name = "key_sha256",
     .type = FLT_KEY_CUSTOM,
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_digest,
     .help = "SHA-256 of a client's key, 64 hexadecimal digits"},
    {0},
};

static void walk_credentials(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_tenant *t = field;
    if (!flt_node_is_list(n)) {
        flt_walk_error(w, n, NULL, "not a list (expected a list of {key_sha256})");
        return;
    }
    uint32_t count = flt_node_count(n);
    t->credentials = flt_arena_calloc(w->arena, count, sizeof *t->credentials);
    if (!t->credentials) {
        flt_walk_error(w, n, NULL, "out of memory");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t mark = flt_walk_push_index(w, i);
        struct flt_credential *c = &t->credentials[t->n_credentials];
        bool good = flt_walk_map(w, flt_node_item(n, i), credential_keys, c) == FLT_OK;
        for (uint32_t k = 0; good && k < t->n_credentials; k++)
            if (memcmp(t->credentials[k].sha256, c->sha256, sizeof c->sha256) == 0)
                flt_walk_error(w, flt_node_item(n, i), NULL, "the same key stands on line %u", t->credentials[k].line);
        t->n_credentials += good;
        flt_walk_pop(w, mark);
    }
}

/* ---- routes ---------------------------------------------------------------------------------------------------- */

static void walk_route_path(struct flt_walk *w, flt_node *n, void *field)
{
    static const struct flt_key row = {.name = "", .type = FLT_KEY_STR, .max = 1024, .help = "a path such as /v1/*"};
    struct flt_str *path = field;
    flt_walk_value(w, n, &row, path);
    bool good = path->n != 0 && path->p[0] == '/';
    for (size_t i = 0; good && i < path->n; i++)
        good = path->p[i] > 0x20 && path->p[i] < 0x7F && !strchr("?#%\\", path->p[i]);
    if (path->n != 0 && !good)
        flt_walk_error(w, n, NULL, "not a path (expected /segments, with * for any run of characters)");
}

static void walk_route_upstream(struct flt_walk *w, flt_node *n, void *field)
{
    static const struct flt_key row = {.name = "", .type = FLT_KEY_STR, .max = 63, .help = "the name of an upstream"};
    struct flt_route_conf *route = field;
    flt_walk_value(w, n, &row, &route->upstream);
    flt_node_where(n, &route->line, &route->col);
}

static const struct flt_key route_keys[] = {
    {.name = "path",
     .type = FLT_KEY_CUSTOM,
     .offset = offsetof(struct flt_route_conf, path),
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_route_path,
     .help = "request path, or a glob with *; the first that matches counts"},
    {.name = "upstream",
     .type = FLT_KEY_CUSTOM,
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_route_upstream,
     .help = "the name of an upstream"},
    {0},
};

static void walk_routes(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_tenant *t = field;
    if (!flt_node_is_list(n)) {
        flt_walk_error(w, n, NULL, "not a list (expected a list of {path, upstream})");
        return;
    }
    uint32_t count = flt_node_count(n);
    t->routes = flt_arena_calloc(w->arena, count, sizeof *t->routes);
    if (!t->routes) {
        flt_walk_error(w, n, NULL, "out of memory");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t mark = flt_walk_push_index(w, i);
        struct flt_route_conf *r = &t->routes[i];
        bool good = flt_walk_map(w, flt_node_item(n, i), route_keys, r) == FLT_OK;
        for (uint32_t k = 0; good && k < i; k++)
            if (flt_str_eq(t->routes[k].path, r->path))
                flt_walk_error(w, flt_node_item(n, i), NULL, "the same path stands in routes[%u]", k);
        flt_walk_pop(w, mark);
    }
    t->n_routes = count;
}

static void walk_upstream(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_tenant *t = field;
    struct flt_route_conf r = {0};
    walk_route_upstream(w, n, &r);
    t->upstream = r.upstream;
    t->upstream_line = r.line;
    t->upstream_col = r.col;
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static bool names_a_class(struct flt_str glob)
{
    const char *slash = glob.n != 0 ? memchr(glob.p, '/', glob.n) : NULL;
    if (!slash)
        return flt_str_is(glob, "*");
    struct flt_str part = {glob.p, (size_t)(slash - glob.p)};
    for (int i = 0; i < FLT_CLASS_COUNT; i++)
        if (flt_str_glob(flt_str_of(flt_class_names[i]), part))
            return true;
    return false;
}

/* " did you mean ...?" for a glob that names no class, "" when nothing is near. */
static void suggest_glob(struct flt_str glob, char *out, size_t cap)
{
    const char *slash = memchr(glob.p, '/', glob.n), *dot = memchr(glob.p, '.', glob.n);
    const char *end = slash ? slash : dot ? dot : glob.p + glob.n;
    const char *near = flt_walk_nearest((struct flt_str){glob.p, (size_t)(end - glob.p)}, flt_class_names);
    out[0] = '\0';
    if (!near)
        return;
    if (slash || dot) {
        const char *rest = slash ? slash + 1 : glob.p;
        (void)snprintf(out, cap, "; did you mean %s/%.*s?", near, (int)(glob.p + glob.n - rest), rest);
    } else {
        (void)snprintf(out, cap, "; did you mean %s/*?", near);
    }
}

static void walk_globs(struct flt_walk *w, flt_node *n, void *field)
{
    static const struct flt_key row = {
        .name = "", .type = FLT_KEY_STRLIST, .flags = FLT_KEY_EMPTY_OK, .help = "a list such as [pii/*, secrets/*]"};
    flt_walk_value(w, n, &row, field);
    uint32_t count = flt_node_is_list(n) ? flt_node_count(n) : 1;
    for (uint32_t i = 0; i < count; i++) {
        flt_node *item = flt_node_is_list(n) ? flt_node_item(n, i) : n;
        struct flt_str glob = flt_node_str(item);
        if (glob.n == 0 || names_a_class(glob))
            continue;
        char suggestion[120];
        suggest_glob(glob, suggestion, sizeof suggestion);
        size_t mark = flt_node_is_list(n) ? flt_walk_push_index(w, i) : strlen(w->path);
        flt_walk_error(w, item, NULL, "no class of rules is named so (expected class/rule.id or class/*%s)",
                       suggestion);
        flt_walk_pop(w, mark);
    }
}

static void walk_enable(struct flt_walk *w, flt_node *n, void *field)
{
    walk_globs(w, n, field);
    /* An empty list means everything inside: not what one who writes [] means. */
    if (flt_node_is_null(n) || (flt_node_is_list(n) && flt_node_count(n) == 0))
        flt_walk_error(w, n, NULL, "empty (expected globs; leave the key out to enable everything)");
}

#define CLASS_ROW(class_, i)                                                                                           \
    {                                                                                                                  \
        .name = class_, .type = FLT_KEY_ENUM, .offset = (i) * sizeof(int), .names = flt_action_names,                  \
        .help = "allow, annotate, redact or block: what rules of this class do instead of their own action"            \
    }
static const struct flt_key action_keys[] = {
    CLASS_ROW("injection", FLT_CLASS_INJECTION),
    CLASS_ROW("jailbreak", FLT_CLASS_JAILBREAK),
    CLASS_ROW("secrets", FLT_CLASS_SECRETS),
    CLASS_ROW("pii", FLT_CLASS_PII),
    CLASS_ROW("ip", FLT_CLASS_IP),
    CLASS_ROW("exfil", FLT_CLASS_EXFIL),
    CLASS_ROW("output", FLT_CLASS_OUTPUT),
    CLASS_ROW("unicode", FLT_CLASS_UNICODE),
    {0},
};
_Static_assert(FLT_ARRAY_LEN(action_keys) == FLT_CLASS_COUNT + 1, "a row for each class");

#define THRESHOLD_ROW(class_, i)                                                                                       \
    {                                                                                                                  \
        .name = class_, .type = FLT_KEY_FLOAT, .offset = (i) * sizeof(double), .min = 0, .max = 1,                     \
        .help = "0 to 1: a request whose findings of this class score so much together is blocked; 0 = never"          \
    }
static const struct flt_key threshold_keys[] = {
    THRESHOLD_ROW("injection", FLT_CLASS_INJECTION),
    THRESHOLD_ROW("jailbreak", FLT_CLASS_JAILBREAK),
    THRESHOLD_ROW("secrets", FLT_CLASS_SECRETS),
    THRESHOLD_ROW("pii", FLT_CLASS_PII),
    THRESHOLD_ROW("ip", FLT_CLASS_IP),
    THRESHOLD_ROW("exfil", FLT_CLASS_EXFIL),
    THRESHOLD_ROW("output", FLT_CLASS_OUTPUT),
    THRESHOLD_ROW("unicode", FLT_CLASS_UNICODE),
    {0},
};
_Static_assert(FLT_ARRAY_LEN(threshold_keys) == FLT_CLASS_COUNT + 1, "a row for each class");

#define RULES(member) offsetof(struct flt_rules_conf, member)
static const struct flt_key sensitivity_keys[] = {
    {.name = "block",
     .type = FLT_KEY_INT,
     .offset = RULES(block_level),
     .min = 1,
     .max = 4,
     .help = "1 to 4: rules up to this level act"},
    {.name = "observe",
     .type = FLT_KEY_INT,
     .offset = RULES(observe_level),
     .min = 1,
     .max = 4,
     .help = "1 to 4: rules up to this level are recorded; not below block"},
    {0},
};

static void walk_sensitivity(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_rules_conf *r = field;
    if (flt_walk_map(w, n, sensitivity_keys, r) != FLT_OK)
        return;
    flt_node *observe = flt_node_get(n, "observe");
    if (r->block_level <= r->observe_level)
        return;
    if (observe)
        flt_walk_error(w, observe, "observe", "below block (expected %lld to 4)", (long long)r->block_level);
    else
        r->observe_level = r->block_level; /* what acts is recorded too */
}

static const char *const unviewed_names[] = {"record", "block", NULL};

static const struct flt_key rules_keys[] = {
    {.name = "enable",
     .type = FLT_KEY_CUSTOM,
     .offset = RULES(enable),
     .fn = walk_enable,
     .help = "globs over class/rule.id; everything when absent"},
    {.name = "disable",
     .type = FLT_KEY_CUSTOM,
     .offset = RULES(disable),
     .fn = walk_globs,
     .help = "globs over class/rule.id; wins over enable"},
    {.name = "sensitivity",
     .type = FLT_KEY_CUSTOM,
     .fn = walk_sensitivity,
     .keys = sensitivity_keys,
     .help = "{block, observe}"},
    {.name = "actions", .type = FLT_KEY_MAP, .offset = RULES(class_action), .keys = action_keys},
    {.name = "thresholds", .type = FLT_KEY_MAP, .offset = RULES(class_threshold), .keys = threshold_keys},
    {.name = "unviewed",
     .type = FLT_KEY_ENUM,
     .offset = RULES(unviewed),
     .names = unviewed_names,
     .help = "record or block: requests with text whose disguises were not all undone within the budget"},
    {0},
};

static void walk_rules(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_rules_conf *r = field;
    flt_node_where(n, &r->line, &r->col);
    (void)flt_walk_map(w, n, rules_keys, r);
}

/* ---- limits ---------------------------------------------------------------------------------------------------- */

static void walk_bytes(struct flt_walk *w, flt_node *n, void *field)
{
    static const struct flt_key row = {.name = "", .type = FLT_KEY_SIZE, .min = 1, .max = LIMIT_MAX};
    int64_t *bytes = field;
    flt_walk_value(w, n, &row, bytes);
    if (*bytes > BYTES_USED) {
        flt_walk_warn(w, n, NULL, "more than this version holds at once; 1GiB is used");
        *bytes = BYTES_USED;
    }
}

#define LIMIT(member) offsetof(struct flt_limits_conf, member)
static const struct flt_key limit_keys[] = {
    {.name = "requests_per_minute",
     .type = FLT_KEY_INT,
     .offset = LIMIT(requests_per_minute),
     .max = LIMIT_MAX,
     .help = "requests a minute; 0 = no limit"},
    {.name = "tokens_per_minute",
     .type = FLT_KEY_INT,
     .offset = LIMIT(tokens_per_minute),
     .max = LIMIT_MAX,
     .help = "tokens a minute, estimated from the text; 0 = no limit"},
    {.name = "concurrent",
     .type = FLT_KEY_INT,
     .offset = LIMIT(concurrent),
     .max = LIMIT_MAX,
     .help = "requests at the same time; 0 = no limit"},
    {.name = "body_bytes",
     .type = FLT_KEY_CUSTOM,
     .offset = LIMIT(body_bytes),
     .fn = walk_bytes,
     .help = "largest request body, up to 1GiB"},
    {.name = "answer_bytes",
     .type = FLT_KEY_CUSTOM,
     .offset = LIMIT(answer_bytes),
     .fn = walk_bytes,
     .help = "largest answer that is held whole (not a stream), up to 1GiB"},
    {0},
};

/* ---- the file -------------------------------------------------------------------------------------------------- */

static void walk_name(struct flt_walk *w, flt_node *n, void *field)
{
    static const char words[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    static const struct flt_key row = {
        .name = "", .type = FLT_KEY_STR, .offset = OFF(name), .max = 63, .help = "a name such as claims-assistant"};
    struct flt_tenant *t = field;
    flt_node_where(n, &t->line, &t->col);
    flt_walk_value(w, n, &row, t);
    bool good = t->name.n == 0 || (t->name.p[0] != '_' && t->name.p[0] != '-');
    for (size_t i = 0; good && i < t->name.n; i++)
        good = memchr(words, t->name.p[i], sizeof words - 1) != NULL;
    if (!good)
        flt_walk_error(w, n, NULL, "not a tenant name (expected a-z, 0-9, _ and -, first a letter or digit)");
}

static const char *const failure_names[] = {"block", "allow", NULL};
static const char *const placement_names[] = {"system", NULL};

static const struct flt_key grounding_keys[] = {
    {.name = "text",
     .type = FLT_KEY_STR,
     .offset = offsetof(struct flt_grounding_conf, text),
     .flags = FLT_KEY_EMPTY_OK,
     .max = TEXT_MAX,
     .help = "instructions added to every prompt"},
    {.name = "placement",
     .type = FLT_KEY_ENUM,
     .offset = offsetof(struct flt_grounding_conf, placement),
     .names = placement_names,
     .help = "system: as a system message"},
    {0},
};

static const struct flt_key tenant_keys[] = {
    {.name = "tenant",
     .type = FLT_KEY_CUSTOM,
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_name,
     .help = "the tenant's name, in records and metrics"},
    {.name = "service_model",
     .type = FLT_KEY_ENUM,
     .offset = OFF(service_model),
     .names = flt_service_model_names,
     .help = "iaas, paas or saas"},
    {.name = "credentials", .type = FLT_KEY_CUSTOM, .fn = walk_credentials, .keys = credential_keys, .each = "[]"},
    {.name = "upstream",
     .type = FLT_KEY_CUSTOM,
     .fn = walk_upstream,
     .help = "the name of the upstream where no route matches"},
    {.name = "routes", .type = FLT_KEY_CUSTOM, .fn = walk_routes, .keys = route_keys, .each = "[]"},
    {.name = "mode",
     .type = FLT_KEY_ENUM,
     .offset = OFF(mode),
     .names = flt_mode_names,
     .help = "enforce, or monitor: record what would be done and change nothing"},
    {.name = "on_failure",
     .type = FLT_KEY_ENUM,
     .offset = OFF(on_failure),
     .names = failure_names,
     .help = "block or allow text that could not be inspected"},
    {.name = "rules", .type = FLT_KEY_CUSTOM, .offset = OFF(rules), .fn = walk_rules, .keys = rules_keys},
    {.name = "grounding", .type = FLT_KEY_MAP, .offset = OFF(grounding), .keys = grounding_keys},
    {.name = "duties", .type = FLT_KEY_CUSTOM, .fn = flt_duties_walk, .keys = flt_duty_keys, .each = ".<duty>"},
    {.name = "limits", .type = FLT_KEY_MAP, .offset = OFF(limits), .keys = limit_keys},
    {0},
};

void flt_tenant_keys(void (*fn)(void *arg, const char *path, const char *help), void *arg)
{
    flt_walk_keys(tenant_keys, "", fn, arg);
}

void flt_tenant_defaults(struct flt_tenant *t)
{
    *t = (struct flt_tenant){
        .service_model = FLT_PAAS,
        .mode = FLT_ENFORCE,
        .on_failure = FLT_FAIL_CLOSED,
        .rules = {.block_level = 1, .observe_level = 2},
        .limits = {.body_bytes = 10 << 20, .answer_bytes = 16 << 20},
    };
    for (int i = 0; i < FLT_CLASS_COUNT; i++)
        t->rules.class_action[i] = -1;
}

/* Somewhere to send requests, and someone to send them. */
static void check_ends(struct flt_walk *w, flt_node *root)
{
    flt_node *routes = flt_node_get(root, "routes");
    flt_node *credentials = flt_node_get(root, "credentials");
    if (!routes && !flt_node_get(root, "upstream"))
        flt_walk_error(w, root, "upstream", "missing (expected upstream, or routes)");
    else if (flt_node_is_list(routes) && flt_node_count(routes) == 0)
        flt_walk_error(w, routes, "routes", "empty (expected a list of {path, upstream})");
    if (!credentials || (flt_node_is_list(credentials) && flt_node_count(credentials) == 0))
        flt_walk_warn(w, credentials ? credentials : root, "credentials", "none: no request can reach this tenant");
}

static int read_tenant(struct flt_yaml *y, struct flt_arena *arena, struct flt_diag *d, struct flt_tenant *out)
{
    flt_tenant_defaults(out);
    if (!y)
        return FLT_E_CONFIG;
    struct flt_walk w = {.yaml = y, .diag = d, .arena = arena};
    flt_node *root = flt_yaml_root(y);
    unsigned before = flt_walk_errors(&w);
    bool ok = true;
    out->file = flt_arena_str(arena, flt_str_of(flt_yaml_file(y)), &ok);
    if (!ok)
        flt_walk_error(&w, root, NULL, "out of memory");
    (void)flt_walk_map(&w, root, tenant_keys, out);
    if (flt_node_is_map(root))
        check_ends(&w, root);
    int rc = flt_walk_errors(&w) == before ? FLT_OK : FLT_E_CONFIG;
    flt_yaml_free(y);
    return rc;
}

int flt_tenant_load(const char *file, struct flt_arena *arena, struct flt_diag *d, struct flt_tenant *out)
{
    return read_tenant(flt_yaml_load(file, d), arena, d, out);
}

int flt_tenant_parse(const char *name, struct flt_str text, struct flt_arena *arena, struct flt_diag *d,
                     struct flt_tenant *out)
{
    return read_tenant(flt_yaml_parse(name, text, d), arena, d, out);
}
