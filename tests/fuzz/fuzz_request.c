/*
 * fuzz_request.c: a request body that is accepted goes on as JSON (jansson reads it), no value of the tiny rules is
 * left in any of its strings, and what was not touched is the same bytes. The same body is tried as an answer.
 *
 * Input: a byte of switches (1: as an answer, 2: an answer that is JSON, 4: grounded, 8: ollama), the body.
 */
#include <jansson.h>

#include "track_rig.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLAIN, GROUNDED, TENANTS };
static struct flt_tenant tenants[TENANTS];
static struct flt_str off[] = {{"ip/*", 4}};
static const struct flt_snapshot *snapshot;
static struct rig rig;

static void open_once(void)
{
    if (snapshot != NULL)
        return;
    for (unsigned i = 0; i < TENANTS; i++) {
        flt_tenant_defaults(&tenants[i]);
        tenants[i].name = FLT_STR("fuzz");
        tenants[i].rules.disable = (struct flt_strlist){off, 1};
    }
    tenants[GROUNDED].grounding.text = FLT_STR("Answer \"briefly\".\n");
    snapshot = fixture_snapshot(fixture_tiny, FLT_ARRAY_LEN(fixture_tiny), tenants, TENANTS);
    rig_open(&rig, snapshot, PLAIN, false);
}

static void require(bool ok, const char *what, struct flt_str in, struct flt_str out)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_request: %s\n--- in\n%.*s\n--- out\n%.*s\n", what, FLT_STR_ARG(in), FLT_STR_ARG(out));
    abort();
}

static bool same_shape(const json_t *a, const json_t *b);

static bool same_members(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *v;
    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach((json_t *)(uintptr_t)a, key, v)
    {
        if (!same_shape(v, json_object_get(b, key)))
            return false;
    }
    return true;
}

/* Equal but for the content of strings. */
static bool same_shape(const json_t *a, const json_t *b)
{
    if (b == NULL || json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_object(a))
        return same_members(a, b);
    if (json_is_string(a))
        return true;
    if (!json_is_array(a))
        return json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b) != 0;
    if (json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!same_shape(json_array_get(a, i), json_array_get(b, i)))
            return false;
    }
    return true;
}

/* A string in which the whole-text redactor finds a value has changed. (How exactly also depends on its neighbours.) */
static void check_string(const json_t *was, const json_t *is, struct flt_str in, struct flt_str out)
{
    struct flt_str before = {json_string_value(was), json_string_length(was)},
                   after = {json_string_value(is), json_string_length(is)};
    struct outcome o = rig_whole(&rig, before);
    require(o.rc != FLT_OK || o.n_cut == 0 || !flt_str_eq(before, after), "a value is left", in, out);
    outcome_free(&o);
}

static void check_strings(const json_t *was, const json_t *is, const char *name, struct flt_str in, struct flt_str out)
{
    static const char *const unread[] = {
        "url",   "data",    "file_data",          "arguments",    "role",  "type",        "id",    "object",
        "model", "created", "system_fingerprint", "service_tier", "usage", "obfuscation", "token", "finish_reason"};
    const char *key;
    json_t *v;
    for (size_t i = 0; name != NULL && i < FLT_ARRAY_LEN(unread); i++) {
        if (strcmp(name, unread[i]) == 0)
            return;
    }
    if (json_is_string(was))
        check_string(was, is, in, out);
    for (size_t i = 0; i < json_array_size(was); i++)
        check_strings(json_array_get(was, i), json_array_get(is, i), name, in, out);
    json_object_foreach((json_t *)(uintptr_t)was, key, v) check_strings(v, json_object_get(is, key), key, in, out);
}

static void check(struct flt_str in, struct flt_str out, bool touched, bool grows)
{
    json_error_t err;
    json_t *was = json_loadb(in.p, in.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &err);
    json_t *is = json_loadb(out.p, out.n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &err);
    require(is != NULL || was == NULL, "not JSON", in, out); /* what jansson cannot read for its own reasons */
    require(touched || out.p == in.p, "copied without need", in, out);
    if (was != NULL && is != NULL && !grows) {
        require(same_shape(was, is), "the shape changed", in, out);
        check_strings(was, is, NULL, in, out);
    }
    json_decref(was);
    json_decref(is);
}

static void try_request(uint8_t switches, struct flt_str body, struct flt_arena *arena)
{
    struct flt_route route;
    struct flt_request_out out;
    bool grounded = (switches & 4u) != 0;
    flt_route_match((switches & 8u) != 0 ? "ollama" : "openai", FLT_STR("POST"), FLT_STR("/v1/chat/completions"),
                    &route);
    struct flt_request_in in = {
        .snapshot = snapshot, .tenant = grounded ? GROUNDED : PLAIN, .route = &route, .body = body};
    int rc = flt_inspect_request(rig.w, &in, arena, &out);
    require(rc == FLT_OK || out.body.n == 0, "an error has a body", body, out.body);
    if (rc == FLT_OK && out.decision.action != FLT_ACT_BLOCK)
        check(body, out.body, out.edited || out.grounded, out.grounded);
}

static void try_answer(uint8_t switches, struct flt_str body, struct flt_arena *arena)
{
    struct flt_route route;
    struct flt_answer_out out;
    flt_route_match("openai", FLT_STR("POST"), FLT_STR("/v1/chat/completions"), &route);
    struct flt_answer_in in = {.snapshot = snapshot,
                               .tenant = PLAIN,
                               .route = &route,
                               .http_status = 200,
                               .json_answer = (switches & 2u) != 0,
                               .body = body};
    int rc = flt_inspect_answer(rig.w, &in, arena, &out);
    require(rc == FLT_OK || out.body.n == 0, "an error has a body", body, out.body);
    if (rc == FLT_OK)
        check(body, out.body, out.edited, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 50000)
        return 0;
    open_once();
    struct flt_arena *arena = flt_arena_new(64u << 20);
    struct flt_str body = {(const char *)data + 1, size - 1};
    if (arena == NULL)
        abort();
    if ((data[0] & 1u) != 0)
        try_answer(data[0], body, arena);
    else
        try_request(data[0], body, arena);
    flt_arena_free(arena);
    return 0;
}
