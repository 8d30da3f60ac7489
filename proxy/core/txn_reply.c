/* txn_reply.c: the heads of answers, and answers of our own. */
#include "core/txn_impl.h"

#define BODY_MAX ((size_t)16 << 10)

static int add(struct px_txn *t, const char *name, struct flt_str value)
{
    return px_h1_write_header(&t->wire, flt_str_of(name), value);
}

/* Our id always; as the request's id only where the provider gave none. */
static int add_ids(struct px_txn *t, bool provider_gave_one)
{
    int rc = provider_gave_one ? FLT_OK : add(t, "X-Request-Id", flt_str_of(t->id.txn));
    return rc == FLT_OK ? add(t, "X-Sallyport-Request-Id", flt_str_of(t->id.txn)) : rc;
}

static int add_decision(struct px_txn *t, uint32_t rule)
{
    char value[160];
    enum flt_action worst = t->req_inspected ? t->req.decision.action : FLT_ACT_ALLOW;
    if (t->ans_inspected && t->ans.decision.action > worst)
        worst = t->ans.decision.action;
    if (rule == UINT32_MAX)
        return add(t, "X-Sallyport-Decision", flt_str_of(flt_action_names[worst]));
    struct flt_rule_info info;
    flt_snapshot_rule(t->era->g->snapshot, rule, &info);
    snprintf(value, sizeof(value), "%s; rule=%.*s", flt_action_names[worst], FLT_STR_ARG(info.id));
    return add(t, "X-Sallyport-Decision", flt_str_of(value));
}

int px_txn_answer_start(struct px_txn *t, const char *content_type)
{
    const struct px_h1_head *h = t->answer_head;
    const struct flt_str *id = px_route_answer_id(h);
    if (id != NULL)
        snprintf(t->upstream_id, sizeof(t->upstream_id), "%.*s", FLT_STR_ARG(*id));
    uint32_t rule = t->ans_inspected ? t->ans.decision.blocking_rule : UINT32_MAX;
    if (t->ans_inspected && t->ans.decision.action != FLT_ACT_BLOCK)
        rule = UINT32_MAX;
    t->status = h->status;
    flt_buf_clear(&t->wire);
    int rc = px_h1_write_status_line(&t->wire, h->status);
    if (rc == FLT_OK && px_h1_get(h, "date") == NULL)
        rc = add(t, "Date", flt_str_of(px_txn_date(t->env)));
    if (rc == FLT_OK && content_type != NULL)
        rc = add(t, "Content-Type", flt_str_of(content_type));
    if (rc == FLT_OK)
        rc = px_route_write_answer(&t->wire, h);
    if (rc == FLT_OK)
        rc = add_ids(t, px_h1_get(h, "x-request-id") != NULL);
    if (rc == FLT_OK)
        rc = add_decision(t, rule);
    if (rc == FLT_OK && !px_txn_keep_alive(t))
        rc = add(t, "Connection", FLT_STR("close"));
    return rc;
}

static int add_retry(struct px_txn *t, uint64_t ms)
{
    int rc = px_h1_write_header_u64(&t->wire, "Retry-After", (ms + 999) / 1000);
    return rc == FLT_OK ? px_h1_write_header_u64(&t->wire, "Retry-After-Ms", ms) : rc;
}

static int write_head(struct px_txn *t, const struct px_reply *r, size_t body_n, bool keep)
{
    flt_buf_clear(&t->wire);
    int rc = px_h1_write_status_line(&t->wire, t->status);
    if (rc == FLT_OK)
        rc = add(t, "Date", flt_str_of(px_txn_date(t->env)));
    if (rc == FLT_OK)
        rc = add(t, "Content-Type", FLT_STR("application/json"));
    if (rc == FLT_OK)
        rc = px_h1_write_header_u64(&t->wire, "Content-Length", body_n);
    if (rc == FLT_OK)
        rc = add_ids(t, false);
    if (rc == FLT_OK && r->final_answer)
        rc = add(t, "X-Should-Retry", FLT_STR("false"));
    if (rc == FLT_OK && t->req_inspected)
        rc = add_decision(t, r->rule);
    if (rc == FLT_OK && r->retry_ms != 0)
        rc = add_retry(t, r->retry_ms);
    if (rc == FLT_OK && r->why.kind == FLT_REFUSE_AUTH)
        rc = add(t, "WWW-Authenticate", FLT_STR("Bearer"));
    if (rc == FLT_OK && r->why.kind == FLT_REFUSE_METHOD && t->head != NULL)
        rc = add(t, "Allow", flt_str_of(px_route_allow(t->upstream, t->head)));
    if (rc == FLT_OK && !keep)
        rc = add(t, "Connection", FLT_STR("close"));
    return rc == FLT_OK ? px_h1_write_end(&t->wire) : rc;
}

void px_txn_reply(struct px_txn *t, const struct px_reply *r)
{
    struct flt_buf body;
    flt_buf_init(&body, BODY_MAX);
    px_txn_enter(t, PX_TXN_S_REPLY_LOCAL);
    if (!t->has_route && t->head != NULL)
        px_route_guess(t->head, &t->route);
    const struct flt_refusal refusal = {.kind = r->why.kind,
                                        .message = r->why.message,
                                        .code = r->why.code,
                                        .request_id = flt_str_of(t->id.txn),
                                        .snapshot = t->tenant != NULL ? t->era->g->snapshot : NULL,
                                        .rule = r->rule};
    t->status = flt_refusal_write(t->head != NULL ? &t->route : NULL, &refusal, &body);
    bool keep = !r->close && px_txn_keep_alive(t);
    bool head_only = t->head != NULL && flt_str_is(t->head->method, "HEAD");
    int rc = write_head(t, r, body.n, keep);
    if (rc == FLT_OK)
        rc = px_io_write(t->owner.io, t->wire.p, t->wire.n);
    if (rc == FLT_OK && !head_only && body.n != 0) {
        rc = px_io_write(t->owner.io, body.p, body.n);
        t->answer_bytes = body.n;
    }
    flt_buf_free(&body);
    if (t->reason == NULL)
        t->reason = "";
    px_txn_finish(t, r->outcome, rc != FLT_OK ? PX_TXN_GONE : keep ? PX_TXN_KEEP : PX_TXN_CLOSE);
}
