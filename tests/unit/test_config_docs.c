/*
 * test_config_docs.c: the shipped examples load, name every key there is with its true default, and the JSON Schemas
 * know the same keys as the program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "core/config.h"

#define CONF SP_SOURCE_DIR "/conf/"

/* ---- every key stands in the example --------------------------------------------------------------------------- */

struct search {
    flt_node *root;
    json_t *schema;
    unsigned keys, missing;
};

/* The first part of a path, cut at a dot or "["; rest is what follows. */
static struct flt_str first_part(const char *path, const char **rest)
{
    size_t n = strcspn(path, ".[");
    *rest = path + n;
    return (struct flt_str){path, n};
}

static bool in_yaml(flt_node *n, const char *path)
{
    if (*path == '\0')
        return true;
    if (strncmp(path, "[]", 2) == 0 || path[0] == '<') {
        bool list = path[0] == '[';
        const char *rest = list ? path + 2 : strchr(path, '>') + 1;
        for (uint32_t i = 0; i < flt_node_count(n); i++)
            if (in_yaml(list ? flt_node_item(n, i) : flt_node_value(n, i), rest))
                return true;
        return false;
    }
    if (*path == '.')
        return in_yaml(n, path + 1);
    const char *rest;
    struct flt_str part = first_part(path, &rest);
    char name[64];
    (void)snprintf(name, sizeof name, "%.*s", FLT_STR_ARG(part));
    flt_node *value = flt_node_get(n, name);
    return value && in_yaml(value, rest);
}

/* Descends the subset of JSON Schema our schemas use: properties, items, additionalProperties, anyOf. */
static bool in_schema(json_t *s, const char *path)
{
    if (*path == '\0')
        return s != NULL;
    if (!json_is_object(s))
        return false;
    size_t i;
    json_t *choice;
    json_array_foreach(json_object_get(s, "anyOf"), i, choice)
    {
        if (in_schema(choice, path))
            return true;
    }
    if (*path == '.')
        return in_schema(s, path + 1);
    if (path[0] == '[')
        return in_schema(json_object_get(s, "items"), path + 2);
    if (path[0] == '<')
        return in_schema(json_object_get(s, "additionalProperties"), strchr(path, '>') + 1);
    const char *rest;
    struct flt_str part = first_part(path, &rest);
    char name[64];
    (void)snprintf(name, sizeof name, "%.*s", FLT_STR_ARG(part));
    return in_schema(json_object_get(json_object_get(s, "properties"), name), rest);
}

static void look_for(void *arg, const char *path, const char *help)
{
    struct search *s = arg;
    s->keys++;
    if (!*help) {
        print_error("no help: %s\n", path);
        s->missing++;
    }
    if (s->root && !in_yaml(s->root, path)) {
        print_error("not in the example: %s\n", path);
        s->missing++;
    }
    if (s->schema && !in_schema(s->schema, path)) {
        print_error("not in the schema: %s\n", path);
        s->missing++;
    }
}

static void expect_documented(const char *example, const char *schema,
                              void (*keys)(void (*fn)(void *, const char *, const char *), void *), unsigned at_least)
{
    struct flt_diag d = {0};
    struct flt_yaml *y = flt_yaml_load(example, &d);
    assert_non_null(y);
    struct search s = {.root = flt_yaml_root(y), .schema = json_load_file(schema, 0, NULL)};
    assert_non_null(s.schema);
    keys(look_for, &s);
    json_decref(s.schema);
    flt_yaml_free(y);
    flt_diag_free(&d);
    assert_int_equal(s.missing, 0);
    assert_true(s.keys >= at_least);
}

static void every_key_stands_in_the_full_example_and_in_the_schema(void **state)
{
    (void)state;
    expect_documented(CONF "sallyport.full.yaml", CONF "schema/sallyport.schema.json", px_config_keys, 40);
}

static void every_tenant_key_stands_in_the_example_and_in_the_schema(void **state)
{
    (void)state;
    expect_documented(CONF "tenants/claims-assistant.yaml", CONF "schema/tenant.schema.json", flt_tenant_keys, 25);
}

static void a_key_that_does_not_exist_would_be_noticed(void **state)
{
    (void)state;
    struct flt_diag d = {0};
    struct flt_yaml *y = flt_yaml_load(CONF "sallyport.full.yaml", &d);
    assert_non_null(y);
    json_t *schema = json_load_file(CONF "schema/sallyport.schema.json", 0, NULL);
    assert_true(in_yaml(flt_yaml_root(y), "listen[].tls.sni[].name"));
    assert_false(in_yaml(flt_yaml_root(y), "listen[].tls.sni[].nme"));
    assert_false(in_yaml(flt_yaml_root(y), "upstreams.<name>.urls"));
    assert_true(in_schema(schema, "listen[].tls.sni[].name"));
    assert_false(in_schema(schema, "listen[].tls.sni[].nme"));
    assert_false(in_schema(schema, "upstreams.<name>.urls"));
    json_decref(schema);
    flt_yaml_free(y);
    flt_diag_free(&d);
}

/* ---- the schemas know no key that the program does not --------------------------------------------------------- */

struct known {
    char path[100][128];
    unsigned n, strangers;
};

static void remember(void *arg, const char *path, const char *help)
{
    struct known *k = arg;
    (void)help;
    assert_true(k->n < FLT_ARRAY_LEN(k->path));
    (void)snprintf(k->path[k->n++], sizeof k->path[0], "%s", path);
}

/* True when a key of the program is this path or lies below it. */
static bool is_known(const struct known *k, const char *path)
{
    size_t n = strlen(path);
    for (unsigned i = 0; i < k->n; i++)
        if (strncmp(k->path[i], path, n) == 0 && strchr(".[", k->path[i][n]))
            return true; /* strchr finds the ending NUL too: the path itself */
    return false;
}

static void visit(struct known *k, json_t *s, const char *path)
{
    char below[300];
    const char *key;
    json_t *value;
    size_t i;
    json_object_foreach(json_object_get(s, "properties"), key, value)
    {
        (void)snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", key);
        if (!is_known(k, below)) {
            print_error("not in the program: %s\n", below);
            k->strangers++;
        }
        visit(k, value, below);
    }
    json_array_foreach(json_object_get(s, "anyOf"), i, value)
    {
        visit(k, value, path);
    }
    json_t *items = json_object_get(s, "items"), *any = json_object_get(s, "additionalProperties");
    if (items) {
        (void)snprintf(below, sizeof below, "%s[]", path);
        visit(k, items, below);
    }
    if (json_is_object(any)) {
        (void)snprintf(below, sizeof below, "%s.%s", path, strstr(path, "duties") ? "<duty>" : "<name>");
        visit(k, any, below);
    }
}

static void expect_no_strangers(const char *schema,
                                void (*keys)(void (*fn)(void *, const char *, const char *), void *))
{
    struct known *k = calloc(1, sizeof *k);
    assert_non_null(k);
    json_t *s = json_load_file(schema, 0, NULL);
    assert_non_null(s);
    keys(remember, k);
    visit(k, s, "");
    unsigned strangers = k->strangers;
    json_decref(s);
    free(k);
    assert_int_equal(strangers, 0);
}

static void the_schemas_hold_no_key_the_program_does_not_read(void **state)
{
    (void)state;
    expect_no_strangers(CONF "schema/sallyport.schema.json", px_config_keys);
    expect_no_strangers(CONF "schema/tenant.schema.json", flt_tenant_keys);
}

/* ---- the examples load ----------------------------------------------------------------------------------------- */

static void put(const char *dir, const char *name, const char *text)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void copy(const char *dir, const char *name)
{
    static char text[65536];
    char path[300];
    (void)snprintf(path, sizeof path, CONF "%s", name);
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    assert_int_equal(fclose(file), 0);
    text[n] = '\0';
    put(dir, name, text);
}

/* A copy of conf/ with the files an installation adds; the path of its folder. */
static int setup(void **state)
{
    static const char *const files[] = {"cert.pem",    "key.pem",     "client-ca.pem",   "api-cert.pem",
                                        "api-key.pem", "corp-ca.pem", "client-cert.pem", "client-key.pem"};
    char *dir = strdup("/tmp/sallyport-docs-XXXXXX"), path[300];
    assert_non_null(dir);
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/conf", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/conf/tenants", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/rulesets", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/conf", dir);
    for (size_t i = 0; i < FLT_ARRAY_LEN(files); i++)
        put(path, files[i], "PEM");
    put(path, "provider.key", "a-key\n");
    copy(path, "sallyport.yaml");
    copy(path, "sallyport.full.yaml");
    copy(path, "tenants/claims-assistant.yaml");
    copy(path, "tenants/lab-monitor.yaml");
    *state = dir;
    return setenv("AZURE_OPENAI_KEY", "azure-key", 1);
}

static int teardown(void **state)
{
    char *dir = *state, command[300];
    (void)snprintf(command, sizeof command, "rm -rf -- %s", dir);
    int rc = system(command);
    free(dir);
    return rc | unsetenv("AZURE_OPENAI_KEY");
}

static struct px_config *load(const char *dir, const char *name)
{
    struct flt_diag d = {0};
    char path[300], line[2048];
    (void)snprintf(path, sizeof path, "%s/conf/%s", dir, name);
    struct px_config *c = px_config_load(path, &d);
    for (unsigned i = 0; i < d.n; i++) {
        (void)flt_err_format(&d.v[i], line, sizeof line);
        print_error("%s", line);
    }
    assert_int_equal(d.n, 0);
    flt_diag_free(&d);
    assert_non_null(c);
    return c;
}

static void the_small_example_loads_without_a_warning(void **state)
{
    struct px_config *c = load(*state, "sallyport.yaml");
    assert_int_equal(c->n_upstreams, 2);
    assert_int_equal(c->n_tenants, 2);
    assert_true(flt_str_is(c->tenants[0].name, "claims-assistant"));
    assert_true(flt_str_is(c->tenants[1].name, "lab-monitor"));
    assert_int_equal(c->tenants[1].mode, FLT_MONITOR);
    px_config_free(c);
}

static void the_full_example_states_the_true_defaults(void **state)
{
    struct px_config *full = load(*state, "sallyport.full.yaml"), *small = load(*state, "sallyport.yaml");
    assert_memory_equal(&full->limits, &small->limits, sizeof full->limits);
    assert_int_equal(full->workers, small->workers);
    assert_int_equal(full->log_level, small->log_level);
    assert_int_equal(full->audit_fsync, small->audit_fsync);
    assert_int_equal(full->listen[0].allow_plain, small->listen[0].allow_plain);
    const struct px_upstream_entry *a = &full->upstreams[0], *b = &small->upstreams[0];
    assert_true(flt_str_eq(a->name, b->name) && flt_str_eq(a->url, b->url));
    assert_int_equal(a->max_connections, b->max_connections);
    assert_int_equal(a->max_queue, b->max_queue);
    assert_int_equal(a->connect_ms, b->connect_ms);
    assert_int_equal(a->first_byte_ms, b->first_byte_ms);
    assert_int_equal(a->idle_body_ms, b->idle_body_ms);
    assert_int_equal(a->idle_ms, b->idle_ms);
    assert_true(flt_str_is(a->credential, "azure-key"));
    assert_true(flt_str_is(full->upstreams[1].credential, "Bearer a-key"));
    px_config_free(full);
    px_config_free(small);
}

static void the_example_tenant_states_the_true_defaults(void **state)
{
    struct px_config *c = load(*state, "sallyport.yaml");
    struct flt_tenant d;
    flt_tenant_defaults(&d);
    const struct flt_tenant *t = &c->tenants[0];
    assert_int_equal(t->service_model, d.service_model);
    assert_int_equal(t->mode, d.mode);
    assert_int_equal(t->on_failure, d.on_failure);
    assert_int_equal(t->rules.block_level, d.rules.block_level);
    assert_int_equal(t->rules.observe_level, d.rules.observe_level);
    assert_int_equal(t->limits.body_bytes, d.limits.body_bytes);
    assert_int_equal(t->limits.answer_bytes, d.limits.answer_bytes);
    assert_int_equal(t->rules.enable.n, FLT_CLASS_COUNT);
    px_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_stands_in_the_full_example_and_in_the_schema),
        cmocka_unit_test(every_tenant_key_stands_in_the_example_and_in_the_schema),
        cmocka_unit_test(a_key_that_does_not_exist_would_be_noticed),
        cmocka_unit_test(the_schemas_hold_no_key_the_program_does_not_read),
        cmocka_unit_test_setup_teardown(the_small_example_loads_without_a_warning, setup, teardown),
        cmocka_unit_test_setup_teardown(the_full_example_states_the_true_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(the_example_tenant_states_the_true_defaults, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
