/* refusal.c: how each refusal is said: status, code, and the provider's own JSON shape. */
#include "engine/snapshot.h"
#include "flt/json.h"

struct shape {
    int status;
    const char *type, *code;
};
static const struct shape shapes[] = {
    [FLT_REFUSE_POLICY] = {400, "invalid_request_error", "content_filter"},
    [FLT_REFUSE_BAD_REQUEST] = {400, "invalid_request_error", "bad_request"},
    [FLT_REFUSE_AUTH] = {401, "invalid_request_error", "invalid_api_key"},
    [FLT_REFUSE_FORBIDDEN] = {403, "invalid_request_error", "forbidden"},
    [FLT_REFUSE_NOT_FOUND] = {404, "invalid_request_error", "unknown_url"},
    [FLT_REFUSE_METHOD] = {405, "invalid_request_error", "method_not_allowed"},
    [FLT_REFUSE_TIMEOUT] = {408, "invalid_request_error", "request_timeout"},
    [FLT_REFUSE_TOO_LARGE] = {413, "invalid_request_error", "request_too_large"},
    [FLT_REFUSE_TARGET] = {414, "invalid_request_error", "target_too_long"},
    [FLT_REFUSE_MEDIA] = {415, "invalid_request_error", "unsupported_media_type"},
    [FLT_REFUSE_EXPECT] = {417, "invalid_request_error", "expectation_failed"},
    [FLT_REFUSE_MISDIRECTED] = {421, "invalid_request_error", "misdirected_request"},
    [FLT_REFUSE_HEADERS] = {431, "invalid_request_error", "headers_too_large"},
    [FLT_REFUSE_RATE] = {429, "requests", "rate_limit_exceeded"},
    [FLT_REFUSE_UNAVAILABLE] = {503, "server_error", "unavailable"},
    [FLT_REFUSE_UPSTREAM] = {502, "server_error", "upstream_error"},
    [FLT_REFUSE_UPSTREAM_TIME] = {504, "server_error", "upstream_timeout"},
    [FLT_REFUSE_NOT_IMPLEMENTED] = {501, "invalid_request_error", "not_implemented"},
    [FLT_REFUSE_VERSION] = {505, "invalid_request_error", "http_version_not_supported"},
};

static const struct flt_rule *named_rule(const struct flt_refusal *r)
{
    if (r->snapshot == NULL || r->rule >= r->snapshot->rs->n_rules)
        return NULL;
    return &r->snapshot->rs->rules[r->rule];
}

/* "Request blocked by policy secrets.x (ref id)." - the rule's id and our words, never the text. */
static int message(const struct flt_refusal *r, struct flt_buf *b)
{
    const struct flt_rule *rule = named_rule(r);
    int rc = flt_buf_printf(b, "%s", r->message != NULL ? r->message : "The request was refused.");
    if (rc == FLT_OK && rule != NULL)
        rc = flt_buf_printf(b, " Rule %.*s (%s).", FLT_STR_ARG(rule->id), flt_class_names[rule->class_]);
    if (rc == FLT_OK && r->request_id.n != 0)
        rc = flt_buf_printf(b, " (ref %.*s)", FLT_STR_ARG(r->request_id));
    return rc;
}

/* Azure's shape reuses a documented category; the "proxy:" prefix keeps it from being counted as provider evidence. */
static void azure_inner(struct flt_jw *w, const struct flt_refusal *r)
{
    const struct flt_rule *rule = named_rule(r);
    char id[96];
    snprintf(id, sizeof(id), "proxy:%.*s", FLT_STR_ARG(rule != NULL ? rule->id : FLT_STR("policy")));
    flt_jw_name(w, "innererror");
    flt_jw_obj(w);
    flt_jw_name(w, "code");
    flt_jw_cstr(w, "ResponsibleAIPolicyViolation");
    flt_jw_name(w, "content_filter_result");
    flt_jw_obj(w);
    flt_jw_name(w, "custom_blocklists");
    flt_jw_obj(w);
    flt_jw_name(w, "filtered");
    flt_jw_bool(w, true);
    flt_jw_name(w, "details");
    flt_jw_arr(w);
    flt_jw_obj(w);
    flt_jw_name(w, "id");
    flt_jw_cstr(w, id);
    flt_jw_name(w, "filtered");
    flt_jw_bool(w, true);
    flt_jw_obj_end(w);
    flt_jw_arr_end(w);
    flt_jw_obj_end(w);
    flt_jw_obj_end(w);
    flt_jw_obj_end(w);
}

int flt_refusal_write(const struct flt_route *route, const struct flt_refusal *r, struct flt_buf *out)
{
    const struct shape *s = &shapes[r->kind];
    bool azure = route != NULL && route->azure_shape && r->kind == FLT_REFUSE_POLICY;
    struct flt_buf text;
    struct flt_jw w;
    flt_buf_init(&text, 2048);
    flt_jw_init(&w, out);
    if (message(r, &text) != FLT_OK)
        flt_buf_clear(&text);
    flt_jw_obj(&w);
    flt_jw_name(&w, "error");
    flt_jw_obj(&w);
    flt_jw_name(&w, "message");
    flt_jw_str(&w, flt_buf_str(&text));
    flt_jw_name(&w, "type");
    flt_jw_cstr(&w, azure ? NULL : s->type);
    flt_jw_name(&w, "param");
    flt_jw_cstr(&w, azure ? "prompt" : r->kind == FLT_REFUSE_POLICY ? "messages" : NULL);
    flt_jw_name(&w, "code");
    flt_jw_cstr(&w, r->code != NULL ? r->code : s->code);
    if (azure) {
        flt_jw_name(&w, "status");
        flt_jw_u64(&w, (uint64_t)s->status);
        azure_inner(&w, r);
    }
    flt_jw_obj_end(&w);
    flt_jw_obj_end(&w);
    flt_buf_free(&text);
    /* The caller's buffer is far larger than any refusal; should it not be, the status still stands. */
    if (flt_jw_finish(&w) != FLT_OK)
        flt_buf_clear(out);
    return s->status;
}
