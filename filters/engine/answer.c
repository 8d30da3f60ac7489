/* answer.c: a whole JSON answer: the same pass as a request, with the dialect's filtered form where policy blocks. */
#include "dialect/dialect.h"
#include "engine/document.h"
#include "engine/snapshot.h"
#include "policy/decide.h"

struct pass {
    struct flt_worker *worker;
    const struct flt_answer_in *in;
    struct flt_answer_out *out;
    struct flt_arena *arena;
    const struct flt_policy *policy;
    struct flt_json json;
    struct flt_answer_map map;
    struct flt_document doc;
    struct flt_record record;
    bool blocked[FLT_MAX_CHOICES];
};

static int parse(struct pass *p)
{
    struct flt_json_limits lim = flt_json_strict;
    lim.seed = p->in->seed;
    lim.lone_surrogates = true;
    p->out->reason = "the upstream's answer is not valid JSON";
    int rc = flt_json_scan(p->in->body, &lim, p->arena, &p->json, &p->out->where);
    if (rc == FLT_OK)
        rc = p->in->route->dialect->answer(&p->json, p->in->json_answer, p->arena, &p->map, &p->out->reason);
    if (rc == FLT_OK)
        p->out->reason = NULL;
    return rc == FLT_E_LIMIT ? FLT_E_SYNTAX : rc;
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
        .direction = FLT_RESPONSE,
        .record = &p->record,
        .blocked_choice = p->blocked,
    };
    int rc = flt_document_inspect(&p->doc);
    if (rc == FLT_OK || rc == FLT_E_NOMEM)
        return rc;
    p->record.cause = rc == FLT_E_LIMIT ? FLT_CAUSE_LIMIT : FLT_CAUSE_ENGINE;
    p->out->reason = "the answer could not be inspected";
    if (flt_decide_refuses(p->policy->tenant, rc))
        return rc;
    p->doc.edits.n = 0;
    return FLT_OK;
}

static const char *notice(const struct pass *p)
{
    uint32_t rule = p->out->decision.blocking_rule;
    if (rule == UINT32_MAX)
        return "This answer was blocked by policy.";
    const char *s = flt_arena_printf(p->arena, "This answer was blocked by policy (%.*s).",
                                     FLT_STR_ARG(p->in->snapshot->rs->rules[rule].id));
    return s != NULL ? s : "This answer was blocked by policy.";
}

/* Edits inside a blocked choice's message would overlap its replacement: the replacement wins. */
static int block(struct pass *p)
{
    bool any = false;
    struct flt_edits edits = {0};
    for (uint32_t i = 0; i < p->map.n_choices; i++)
        any = any || p->blocked[p->map.choices[i].index];
    if (p->doc.blocked_outside || !any) {
        for (uint32_t i = 0; i < FLT_MAX_CHOICES; i++)
            p->blocked[i] = true;
    }
    flt_cut_merge(&p->doc.edits);
    int rc = p->in->route->dialect->block_answer(&p->json, &p->map, p->blocked, notice(p), p->arena, &edits);
    for (uint32_t i = 0; rc == FLT_OK && i < p->doc.edits.n; i++) {
        bool inside = false;
        for (uint32_t k = 0; k < edits.n && !inside; k++)
            inside = p->doc.edits.v[i].a < edits.v[k].b && p->doc.edits.v[i].b > edits.v[k].a;
        if (!inside)
            rc = flt_edits_add(&edits, p->arena, p->doc.edits.v[i]);
    }
    p->doc.edits = edits;
    return rc;
}

static int splice(struct pass *p)
{
    struct flt_buf b;
    bool ok = true;
    size_t room = p->in->body.n + 1;
    if (p->doc.edits.n == 0)
        return FLT_OK;
    flt_cut_whole_chars(&p->doc.edits, p->in->body);
    flt_cut_merge(&p->doc.edits);
    for (uint32_t i = 0; i < p->doc.edits.n; i++)
        room += p->doc.edits.v[i].with.n;
    flt_buf_init(&b, room);
    int rc = flt_edits_apply(&p->doc.edits, p->in->body, &b);
    if (rc == FLT_OK)
        p->out->body = flt_arena_str(p->arena, flt_buf_str(&b), &ok);
    flt_buf_free(&b);
    p->out->edited = true;
    return rc != FLT_OK && rc != FLT_E_NOMEM ? FLT_E_ENGINE : ok ? rc : FLT_E_NOMEM;
}

int flt_inspect_answer(struct flt_worker *w, const struct flt_answer_in *in, struct flt_arena *arena,
                       struct flt_answer_out *out)
{
    struct pass p = {
        .worker = w, .in = in, .out = out, .arena = arena, .policy = flt_snapshot_policy(in->snapshot, in->tenant)};
    *out = (struct flt_answer_out){.body = in->body, .decision = {.blocking_rule = UINT32_MAX}};
    int rc = flt_record_init(&p.record, in->snapshot->rs, p.policy);
    if (rc == FLT_OK)
        rc = parse(&p);
    if (rc != FLT_OK)
        p.record.cause = FLT_CAUSE_MALFORMED;
    if (rc == FLT_OK)
        rc = inspect(&p);
    int decided = flt_record_decide(&p.record, arena, &out->decision);
    if (rc == FLT_OK)
        rc = decided;
    if (rc == FLT_OK && p.policy->tenant->mode == FLT_MONITOR)
        p.doc.edits.n = 0;
    /* An error or a model list has no choice to mark: nothing but the caller's refusal can stand in for it. */
    if (rc == FLT_OK && out->decision.action == FLT_ACT_BLOCK && p.map.n_choices == 0) {
        out->reason = "the answer was blocked by policy";
        rc = FLT_E_UNSUPPORTED;
    }
    if (rc == FLT_OK && out->decision.action == FLT_ACT_BLOCK)
        rc = block(&p);
    if (rc == FLT_OK)
        rc = splice(&p);
    if (rc != FLT_OK)
        out->body = (struct flt_str){NULL, 0};
    flt_record_free(&p.record);
    return rc;
}
