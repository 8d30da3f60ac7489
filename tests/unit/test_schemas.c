/* test_schemas.c: the schemas of audit records and rule packs agree with what the program writes and ships. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>

#include "flt/yaml.h"
#include "schema.h"
#include "tiny_snapshot.h"
#include "watch/audit_record.h"

#define SCHEMA(name) SP_SOURCE_DIR "/conf/schema/" name ".schema.json"

static json_t *schema_of(const char *file)
{
    json_t *s = json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(s);
    return s;
}

/* The record's line as the file has it: the sequence number is put in front when it is written. */
static json_t *encode(const struct px_audit_record *r)
{
    struct flt_buf out;
    flt_buf_init(&out, PX_AUDIT_LINE_MAX);
    assert_int_equal(px_audit_encode(r, &out), FLT_OK);
    json_t *v = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
    flt_buf_free(&out);
    assert_non_null(v);
    assert_int_equal(json_object_set_new(v, "seq", json_integer(1)), 0);
    return v;
}

static void audit_records_fit_their_schema(void **state)
{
    (void)state;
    json_t *schema = schema_of(SCHEMA("audit"));
    struct flt_snapshot *snapshot = tiny_snapshot();
    assert_non_null(snapshot);
    const struct flt_finding found[] = {{0, 10, 25, 0, FLT_ROLE_USER, FLT_ACT_REDACT, FLT_ACT_REDACT, {0}}};
    const struct flt_decision decision = {.action = FLT_ACT_REDACT,
                                          .would = FLT_ACT_BLOCK,
                                          .cause = FLT_CAUSE_POLICY,
                                          .score = 0.75,
                                          .blocking_rule = 1,
                                          .findings = found,
                                          .n_findings = 1};
    struct flt_tenant tenant;
    flt_tenant_defaults(&tenant);
    struct px_audit_record r = {.record = "final",
                                .request_id = "r",
                                .upstream_request_id = "u",
                                .client = "[::1]:1",
                                .tenant = FLT_STR("t"),
                                .tenant_conf = &tenant,
                                .route = "openai_chat",
                                .model = FLT_STR("m"),
                                .upstream = FLT_STR("up"),
                                .snapshot = snapshot,
                                .request = &decision,
                                .answer = &decision,
                                .outcome = "answered",
                                .reason = "",
                                .status = 200,
                                .stream = true};
    json_t *full = encode(&r);
    assert_int_equal(json_array_size(json_object_get(full, "findings")), 2);
    assert_true(schema_accepts(schema, full));
    r = (struct px_audit_record){.record = "intent",
                                 .request_id = "r",
                                 .upstream_request_id = "",
                                 .client = "c",
                                 .route = "",
                                 .outcome = "refused",
                                 .reason = ""};
    json_t *bare = encode(&r);
    assert_true(schema_accepts(schema, bare));
    assert_int_equal(json_object_set_new(bare, "text", json_string("x")), 0);
    assert_false(schema_accepts(schema, bare));
    assert_int_equal(json_object_del(full, "outcome"), 0);
    assert_false(schema_accepts(schema, full));
    json_decref(full);
    json_decref(bare);
    flt_snapshot_free(snapshot);
    json_decref(schema);
}

/* YAML as the JSON it stands for: plain numbers and truth values are those, all else is a string. */
static json_t *json_of(flt_node *n)
{
    json_t *v = flt_node_is_map(n) ? json_object() : flt_node_is_list(n) ? json_array() : NULL;
    for (uint32_t i = 0; i < flt_node_count(n); i++) {
        if (json_is_array(v)) {
            assert_int_equal(json_array_append_new(v, json_of(flt_node_item(n, i))), 0);
            continue;
        }
        struct flt_str key = flt_node_str(flt_node_key(n, i));
        assert_int_equal(json_object_setn_new(v, key.p, key.n, json_of(flt_node_value(n, i))), 0);
    }
    if (v)
        return v;
    struct flt_str s = flt_node_str(n);
    json_t *number = flt_node_is_plain(n) ? json_loadb(s.p, s.n, JSON_DECODE_ANY, NULL) : NULL;
    return number ? number : json_stringn_nocheck(s.p, s.n);
}

static void shipped_packs_fit_their_schema(void **state)
{
    (void)state;
    json_t *schema = schema_of(SCHEMA("rulepack"));
    glob_t packs = {0};
    assert_int_equal(glob(SP_SOURCE_DIR "/rulesets/*/*.yaml", 0, NULL, &packs), 0);
    unsigned bad = 0;
    for (size_t i = 0; i < packs.gl_pathc; i++) {
        struct flt_diag d = {0};
        struct flt_yaml *y = flt_yaml_load(packs.gl_pathv[i], &d);
        assert_non_null(y);
        json_t *v = json_of(flt_yaml_root(y));
        if (!schema_accepts(schema, v)) {
            print_error("%s\n", packs.gl_pathv[i]);
            bad++;
        }
        assert_int_equal(json_object_set_new(v, "unheard", json_true()), 0);
        assert_false(schema_accepts(schema, v));
        json_decref(v);
        flt_yaml_free(y);
        flt_diag_free(&d);
    }
    globfree(&packs);
    json_decref(schema);
    assert_int_equal(bad, 0);
}

static void shipped_configurations_fit_their_schemas(void **state)
{
    static const char *const pairs[][2] = {
        {SP_SOURCE_DIR "/conf/sallyport.yaml", SCHEMA("sallyport")},
        {SP_SOURCE_DIR "/conf/sallyport.full.yaml", SCHEMA("sallyport")},
        {SP_SOURCE_DIR "/conf/tenants/claims-assistant.yaml", SCHEMA("tenant")},
        {SP_SOURCE_DIR "/conf/tenants/lab-monitor.yaml", SCHEMA("tenant")},
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(pairs); i++) {
        struct flt_diag d = {0};
        struct flt_yaml *y = flt_yaml_load(pairs[i][0], &d);
        assert_non_null(y);
        json_t *v = json_of(flt_yaml_root(y)), *schema = schema_of(pairs[i][1]);
        if (!schema_accepts(schema, v))
            fail_msg("%s", pairs[i][0]);
        json_decref(schema);
        json_decref(v);
        flt_yaml_free(y);
        flt_diag_free(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(audit_records_fit_their_schema),
        cmocka_unit_test(shipped_packs_fit_their_schema),
        cmocka_unit_test(shipped_configurations_fit_their_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
