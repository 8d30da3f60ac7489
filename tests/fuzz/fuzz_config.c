/*
 * fuzz_config.c: any bytes as a YAML file, walked in full, and as a tenant file. What is accepted must be consistent;
 * what is refused must say where.
 */
#include "flt/policy.h"

#define CHECK(x)                                                                                                       \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t visit(flt_node *n, unsigned depth)
{
    unsigned line, col;
    size_t seen = 1;
    CHECK(n && depth < 70);
    CHECK(flt_node_is_map(n) + flt_node_is_list(n) + flt_node_is_scalar(n) == 1);
    if (depth < 3)
        flt_node_where(n, &line, &col);
    for (uint32_t i = 0; i < flt_node_count(n); i++) {
        if (flt_node_is_map(n)) {
            struct flt_str key = flt_node_str(flt_node_key(n, i));
            CHECK(key.p);
            seen += visit(flt_node_value(n, i), depth + 1);
        } else {
            seen += visit(flt_node_item(n, i), depth + 1);
        }
    }
    CHECK(flt_node_is_scalar(n) == (flt_node_str(n).p != NULL));
    return seen;
}

static void check_tenant(const struct flt_tenant *t)
{
    CHECK(t->name.n >= 1 && t->name.n <= 63);
    CHECK(t->upstream.n != 0 || t->n_routes != 0);
    CHECK(t->rules.block_level >= 1 && t->rules.block_level <= t->rules.observe_level && t->rules.observe_level <= 4);
    CHECK(t->limits.body_bytes >= 1 && t->limits.answer_bytes >= 1);
    CHECK(t->limits.requests_per_minute >= 0 && t->limits.tokens_per_minute >= 0 && t->limits.concurrent >= 0);
    for (uint32_t i = 0; i < t->n_routes; i++)
        CHECK(t->routes[i].path.n != 0 && t->routes[i].path.p[0] == '/' && t->routes[i].upstream.n != 0);
    for (int i = 0; i < FLT_CLASS_COUNT; i++)
        CHECK(t->rules.class_action[i] >= -1 && t->rules.class_action[i] <= FLT_ACT_BLOCK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flt_str text = {(const char *)data, size};
    struct flt_diag d = {0};
    struct flt_yaml *y = flt_yaml_parse("f", text, &d);
    CHECK((y == NULL) == flt_diag_failed(&d));
    if (y)
        CHECK(visit(flt_yaml_root(y), 0) != 0);
    flt_yaml_free(y);
    flt_diag_free(&d);

    struct flt_arena *arena = flt_arena_new(8 << 20);
    struct flt_tenant t;
    CHECK(arena);
    int rc = flt_tenant_parse("f", text, arena, &d, &t);
    CHECK((rc == FLT_OK) == !flt_diag_failed(&d));
    if (rc == FLT_OK)
        check_tenant(&t);
    flt_arena_free(arena);
    flt_diag_free(&d);
    return 0;
}

/* libfyaml 0.7 keeps a little of some documents that it refuses; that is not ours to find. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml.so\n";
}
