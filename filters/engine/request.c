/*
 * request.c: the one pure pass over a request body, as a list of phases:
 *   parse -> text positions -> inspect -> decide -> ground -> splice
 */
#include "dialect/dialect.h"
#include "engine/document.h"
#include "engine/snapshot.h"
#include "ground/ground.h"
#include "policy/decide.h"

#define MODEL_MAX 256u

struct pass {
    struct flt_worker *worker;
    const struct flt_request_in *in;
    struct flt_request_out *out;
    struct flt_arena *arena;
    const struct flt_policy *policy;
    struct flt_json json;
    struct flt_request_map map;
    struct flt_document doc;
    struct flt_record record;
};

static const char *syntax_reason(int rc)
{
    switch (rc) {
    case FLT_E_ENCODING:
        return "the body is not UTF-8";
    case FLT_E_AMBIGUOUS:
        return "the body is ambiguous JSON (duplicate member or lone surrogate)";
    case FLT_E_LIMIT:
        return "the body exceeds a limit (depth, tokens or length of a number)";
    case FLT_E_NOMEM:
        return "out of memory";
    default:
        return "the body is not valid JSON";
    }
}

static int parse(struct pass *p)
{
    struct flt_json_limits lim = flt_json_strict;
    lim.seed = p->in->seed;
    int rc = flt_json_scan(p->in->body, &lim, p->arena, &p->json, &p->out->where);
    if (rc != FLT_OK) {
        p->out->reason = syntax_reason(rc);
        return rc == FLT_E_LIMIT ? FLT_E_SYNTAX : rc; /* a limit of the format is never a matter of on_failure */
    }
    rc = p->in->route->dialect->request(&p->json, p->in->route->provider, p->arena, &p->map, &p->out->reason);
    if (rc != FLT_OK)
        return rc;
    p->out->reason = NULL;
    p->out->stream = p->map.stream;
    p->out->include_usage = p->map.include_usage;
    p->out->json_answer = p->map.json_answer;
    if (p->map.model != 0 && p->json.tok[p->map.model].type == FLT_JSON_STRING) {
        struct flt_offmap map;
        rc = flt_json_text(&p->json, p->map.model, p->arena, &p->out->model, &map);
        if (rc == FLT_OK && p->out->model.n > MODEL_MAX) {
            p->out->reason = "model is longer than 256 bytes";
            rc = FLT_E_TYPE;
        }
    }
    return rc;
}

static int inspect(struct pass *p)
{
    p->doc = (struct flt_document){
        .rs = p->in->snapshot->rs,
        .policy = p->policy,
        .kit = &p->worker->kit,
        .json = &p->json,
        .fields = &p->map.fields,
        .arena = p->arena,
        .direction = FLT_REQUEST,
        .record = &p->record,
    };
    int rc = flt_document_inspect(&p->doc);
    p->out->prompt_text_bytes = p->record.total;
    if (p->doc.unreadable && rc == FLT_OK) {
        p->record.cause = FLT_CAUSE_OPAQUE;
        p->record.would = FLT_ACT_BLOCK;
    }
    if (rc == FLT_OK || rc == FLT_E_NOMEM)
        return rc;
    p->record.cause = rc == FLT_E_LIMIT ? FLT_CAUSE_LIMIT : FLT_CAUSE_ENGINE;
    p->out->reason = "the prompt could not be inspected";
    if (flt_decide_refuses(p->policy->tenant, rc))
        return rc;
    p->doc.edits.n = 0; /* what was found is recorded; half an inspection edits nothing */
    return FLT_OK;
}

static int splice(struct pass *p)
{
    struct flt_buf b;
    bool ok = true;
    const struct flt_tenant *t = p->policy->tenant;
    if (t->mode == FLT_MONITOR)
        p->doc.edits.n = 0;
    p->out->edited = p->doc.edits.n != 0;
    flt_cut_whole_chars(&p->doc.edits, p->in->body);
    flt_cut_merge(&p->doc.edits);
    int rc = FLT_OK;
    if (t->mode == FLT_ENFORCE)
        rc = flt_ground(t->grounding.text, &p->map, p->arena, &p->doc.edits, &p->out->grounded);
    if (rc != FLT_OK || p->doc.edits.n == 0)
        return rc;
    size_t room = p->in->body.n + 6 * t->grounding.text.n + 256;
    for (uint32_t i = 0; i < p->doc.edits.n; i++)
        room += p->doc.edits.v[i].with.n;
    flt_buf_init(&b, room);
    rc = flt_edits_apply(&p->doc.edits, p->in->body, &b);
    if (rc == FLT_OK)
        p->out->body = flt_arena_str(p->arena, flt_buf_str(&b), &ok);
    flt_buf_free(&b);
    return rc != FLT_OK && rc != FLT_E_NOMEM ? FLT_E_ENGINE : ok ? rc : FLT_E_NOMEM;
}

int flt_inspect_request(struct flt_worker *w, const struct flt_request_in *in, struct flt_arena *arena,
                        struct flt_request_out *out)
{
    struct pass p = {
        .worker = w, .in = in, .out = out, .arena = arena, .policy = flt_snapshot_policy(in->snapshot, in->tenant)};
    *out = (struct flt_request_out){.body = in->body, .decision = {.blocking_rule = UINT32_MAX}};
    int rc = flt_record_init(&p.record, in->snapshot->rs, p.policy);
    p.record.thresholds = true;
    if (rc == FLT_OK)
        rc = parse(&p);
    if (rc != FLT_OK)
        p.record.cause = FLT_CAUSE_MALFORMED;
    if (rc == FLT_OK)
        rc = inspect(&p);
    int decided = flt_record_decide(&p.record, arena, &out->decision);
    if (rc == FLT_OK)
        rc = decided;
    if (rc == FLT_OK && out->decision.action == FLT_ACT_BLOCK)
        out->body = (struct flt_str){NULL, 0};
    else if (rc == FLT_OK)
        rc = splice(&p);
    if (rc != FLT_OK)
        out->body = (struct flt_str){NULL, 0};
    flt_record_free(&p.record);
    return rc;
}
