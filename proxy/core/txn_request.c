/* txn_request.c: the way in: head, body, inspection, record of intent, connection, sending. */
#include "core/txn_impl.h"

#define FIRST_RESERVE ((size_t)64 << 10) /* a declared length alone takes no more memory than this */
#define SEND_PIECE    ((size_t)256 << 10)

static const struct px_refusal no_memory = {FLT_REFUSE_UNAVAILABLE, "Out of memory.", NULL};

static void refuse(struct px_txn *t, const struct px_refusal *why, const char *reason, bool close)
{
    t->reason = reason;
    const struct px_reply r = {
        .why = *why, .rule = UINT32_MAX, .close = close, .final_answer = true, .outcome = PX_OUT_REFUSED};
    px_txn_reply(t, &r);
}

static void unavailable(struct px_txn *t, const struct px_refusal *why, const char *reason, bool close)
{
    t->reason = reason;
    const struct px_reply r = {
        .why = *why, .rule = UINT32_MAX, .retry_ms = PX_TXN_OVERLOAD_MS, .close = close, .outcome = PX_OUT_REFUSED};
    px_txn_reply(t, &r);
}

static void limited(struct px_txn *t, enum px_limit l, uint64_t retry_ms, bool close)
{
    px_count(t->env->metrics, PX_C_limited, 1);
    t->reason = px_limit_name(l);
    const struct px_reply r = {.why = {FLT_REFUSE_RATE, "The limit of this key is reached.", NULL},
                               .rule = UINT32_MAX,
                               .retry_ms = retry_ms,
                               .close = close,
                               .outcome = PX_OUT_REFUSED};
    px_txn_reply(t, &r);
}

/* ---- head ------------------------------------------------------------------------------------------------------- */

static bool body_follows(const struct px_h1_head *h)
{
    return !(h->body == PX_H1_BODY_NONE || (h->body == PX_H1_BODY_LENGTH && h->length == 0));
}

static void counted_refusal(struct px_txn *t, const struct px_refusal *why, const char *reason)
{
    bool auth = why->kind == FLT_REFUSE_AUTH;
    px_count(t->env->metrics, auth ? PX_C_auth_failures : PX_C_bad_requests, 1);
    refuse(t, why, reason, body_follows(t->head));
}

static bool authenticated(struct px_txn *t)
{
    const struct px_generation *g = t->era->g;
    const struct px_refusal *why = px_route_check_head(t->head, px_io_sni(t->owner.io));
    if (why != NULL) {
        counted_refusal(t, why, why->kind == FLT_REFUSE_MISDIRECTED ? "misdirected" : "not_implemented");
        return false;
    }
    why = px_route_authenticate(t->env->auth, g, t->head, &t->tenant_index);
    if (why != NULL) {
        counted_refusal(t, why, why->kind == FLT_REFUSE_AUTH ? "unauthenticated" : "conflicting_credentials");
        return false;
    }
    t->tenant = &g->tenants[t->tenant_index];
    t->id.tenant = t->tenant->conf->name;
    uint64_t retry_ms = 0;
    enum px_limit l = px_limits_begin(t->tenant->limits, &t->tenant->conf->limits, px_txn_now_us() * 1000u, &retry_ms);
    t->counted = l == PX_LIMIT_OK;
    if (!t->counted)
        limited(t, l, retry_ms, body_follows(t->head));
    return t->counted;
}

static bool routed(struct px_txn *t)
{
    const struct px_generation *g = t->era->g;
    const struct px_refusal *why = px_route_find(g, t->tenant_index, t->head, &t->upstream_index, &t->route);
    t->has_route = true;
    if (t->upstream_index != PX_NO_UPSTREAM)
        t->upstream = &g->upstreams[t->upstream_index];
    if (why != NULL) {
        refuse(t, why, why->kind == FLT_REFUSE_METHOD ? "method" : "unknown_route", body_follows(t->head));
        return false;
    }
    why = px_route_check_body(t->head, &t->route);
    if (why != NULL) {
        counted_refusal(t, why, why->kind == FLT_REFUSE_MEDIA ? "media_type" : "body");
        return false;
    }
    return true;
}

static void too_large(struct px_txn *t)
{
    static const struct px_refusal why = {FLT_REFUSE_TOO_LARGE, "The body is larger than this key may send.", NULL};
    px_count(t->env->metrics, PX_C_bad_requests, 1);
    refuse(t, &why, "body_too_large", true);
}

void px_txn_head(struct px_txn *t, const struct px_h1_head *h)
{
    t->head = h;
    px_count(t->env->metrics, PX_C_requests, 1);
    if (!authenticated(t) || !routed(t))
        return;
    t->body.max = (size_t)t->tenant->conf->limits.body_bytes;
    if (h->body == PX_H1_BODY_LENGTH && h->length > t->body.max) {
        too_large(t);
        return;
    }
    px_txn_enter(t, PX_TXN_S_BODY);
    if (h->body == PX_H1_BODY_LENGTH &&
        flt_buf_reserve(&t->body, h->length < FIRST_RESERVE ? h->length : FIRST_RESERVE) != FLT_OK) {
        unavailable(t, &no_memory, "memory", true);
        return;
    }
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (h->expect_continue && body_follows(h) && px_io_write(t->owner.io, go_on, sizeof(go_on) - 1) != FLT_OK)
        px_txn_client_gone(t, "client_gone");
}

/* ---- body ------------------------------------------------------------------------------------------------------- */

int px_txn_body(struct px_txn *t, const char *p, size_t n)
{
    int rc = flt_buf_add(&t->body, p, n);
    if (rc == FLT_OK)
        return 0;
    if (rc == FLT_E_LIMIT)
        too_large(t);
    else
        unavailable(t, &no_memory, "memory", true);
    return 1;
}

void px_txn_late(struct px_txn *t)
{
    static const struct px_refusal why = {FLT_REFUSE_TIMEOUT, "The request took too long to arrive.", NULL};
    px_count(t->env->metrics, PX_C_bad_requests, 1);
    refuse(t, &why, "request_timeout", true);
}

void px_txn_malformed(struct px_txn *t, int status, const char *what)
{
    static const struct {
        int status;
        enum flt_refusal_kind kind;
    } kinds[] = {{413, FLT_REFUSE_TOO_LARGE}, {414, FLT_REFUSE_TARGET},          {417, FLT_REFUSE_EXPECT},
                 {431, FLT_REFUSE_HEADERS},   {501, FLT_REFUSE_NOT_IMPLEMENTED}, {503, FLT_REFUSE_UNAVAILABLE},
                 {505, FLT_REFUSE_VERSION}};
    struct px_refusal why = {FLT_REFUSE_BAD_REQUEST, what, NULL};
    for (size_t i = 0; i < FLT_ARRAY_LEN(kinds); i++) {
        if (kinds[i].status == status)
            why.kind = kinds[i].kind;
    }
    px_count(t->env->metrics, PX_C_bad_requests, 1);
    refuse(t, &why, "malformed_http", true);
}

/* ---- inspection ------------------------------------------------------------------------------------------------- */

/* The engine could not accept the body: whose fault decides the status. */
static void not_inspected(struct px_txn *t, int rc)
{
    const char *words = t->req.reason != NULL ? t->req.reason : flt_status_name(rc);
    if (rc == FLT_E_ENGINE || rc == FLT_E_NOMEM) {
        px_count(t->env->metrics, PX_C_uninspected, 1);
        static const struct px_refusal down = {FLT_REFUSE_UNAVAILABLE, "The request could not be inspected.",
                                               "inspection_unavailable"};
        unavailable(t, &down, words, false);
        return;
    }
    px_count(t->env->metrics, PX_C_bad_requests, 1);
    bool form = rc == FLT_E_SYNTAX || rc == FLT_E_AMBIGUOUS || rc == FLT_E_ENCODING;
    const struct px_refusal why = {FLT_REFUSE_BAD_REQUEST, words, form ? "invalid_json" : "invalid_request"};
    refuse(t, &why, words, false);
}

static void blocked(struct px_txn *t)
{
    bool opaque = t->req.decision.blocking_rule == UINT32_MAX;
    t->reason = flt_cause_names[t->req.decision.cause];
    if (opaque)
        px_count(t->env->metrics, PX_C_uninspected, 1);
    const struct px_reply r = {
        .why = {FLT_REFUSE_POLICY,
                opaque ? "The request could not be fully inspected." : "The request was blocked by policy.", NULL},
        .rule = t->req.decision.blocking_rule,
        .final_answer = true,
        .outcome = PX_OUT_REFUSED};
    px_txn_reply(t, &r);
}

/* True when the request may go on; else it was answered. */
static bool inspected(struct px_txn *t)
{
    uint64_t seed;
    memcpy(&seed, t->id.txn + 4, sizeof(seed)); /* random digits: enough to be unpredictable */
    const struct flt_request_in in = {.snapshot = t->era->g->snapshot,
                                      .tenant = t->tenant_index,
                                      .route = &t->route,
                                      .body = flt_buf_str(&t->body),
                                      .seed = seed};
    px_txn_enter(t, PX_TXN_S_INSPECT);
    uint64_t begin = px_txn_now_us();
    int rc = flt_inspect_request(t->env->engine, &in, t->arena, &t->req);
    t->us_inspect = px_txn_now_us() - begin + 1; /* 0 means not inspected */
    if (rc != FLT_OK) {
        not_inspected(t, rc);
        return false;
    }
    t->req_inspected = true;
    px_metrics_decision(t->env->metrics, t->id.tenant, FLT_REQUEST, in.snapshot, &t->req.decision);
    if (t->req.decision.action == FLT_ACT_BLOCK) {
        blocked(t);
        return false;
    }
    t->to_send = t->req.body;
    uint64_t retry_ms = 0;
    enum px_limit l = px_limits_prompt(t->tenant->limits, &t->tenant->conf->limits, t->req.prompt_text_bytes,
                                       px_txn_now_us() * 1000u, &retry_ms);
    if (l != PX_LIMIT_OK)
        limited(t, l, retry_ms, false);
    return l == PX_LIMIT_OK;
}

void px_txn_body_end(struct px_txn *t)
{
    if (t->route.kind == FLT_ROUTE_GENERATE && !inspected(t))
        return;
    px_txn_enter(t, PX_TXN_S_INTENT);
    px_txn_intend(t);
}

void px_txn_go_on(struct px_txn *t)
{
    static const struct px_refusal no_audit = {FLT_REFUSE_UNAVAILABLE, "The audit record could not be written.",
                                               "audit_unavailable"};
    bool written = t->intent == PX_INTENT_WRITTEN;
    t->intent = PX_INTENT_NONE;
    if (written) {
        px_txn_connect(t, false);
        return;
    }
    px_count(t->env->metrics, PX_C_audit_failures, 1);
    unavailable(t, &no_audit, "audit_unavailable", false);
}

/* ---- upstream --------------------------------------------------------------------------------------------------- */

static const struct px_txn_bad cannot_send = {FLT_REFUSE_UPSTREAM, "The request could not be sent to the upstream.",
                                              "send_failed"};

static void send_head(struct px_txn *t)
{
    bool has_body = t->route.kind == FLT_ROUTE_GENERATE;
    flt_buf_clear(&t->wire);
    int rc = px_route_write_request(&t->wire, t->head, t->upstream, has_body, t->to_send.n);
    if (rc == FLT_OK)
        rc = px_io_write(t->up, t->wire.p, t->wire.n);
    flt_buf_clear(&t->wire);
    if (rc == FLT_OK)
        px_txn_send_more(t);
    else
        px_txn_upstream_failed(t, &cannot_send);
}

void px_txn_send_more(struct px_txn *t)
{
    while (t->queued < t->to_send.n && !px_io_full(t->up)) {
        size_t n = t->to_send.n - t->queued;
        n = n < SEND_PIECE ? n : SEND_PIECE;
        if (px_io_write(t->up, t->to_send.p + t->queued, n) != FLT_OK) {
            px_txn_upstream_failed(t, &cannot_send);
            return;
        }
        t->queued += n;
    }
    t->deadline = px_io_loop_now(t->env->loop) + (uint64_t)t->upstream->conf->first_byte_ms;
    if (t->queued == t->to_send.n) {
        t->t_sent = px_txn_now_us();
        px_txn_enter(t, PX_TXN_S_RESPONSE_HEAD);
    }
}

static void connected(struct px_txn *t, struct px_io *io, bool reused)
{
    static const struct px_txn_bad memory = {FLT_REFUSE_UNAVAILABLE, "Out of memory.", "memory"};
    px_io_rebind(io, &px_txn_upstream_cb, t);
    px_txn_enter(t, PX_TXN_S_SEND);
    t->up = io;
    t->reused = reused;
    t->up_clean = true;
    t->up_sent0 = px_io_sent(io);
    px_count(t->env->metrics, reused ? PX_C_pool_reuses : PX_C_pool_connects, 1);
    if (t->parser == NULL)
        t->parser = px_h1_new(PX_H1_RESPONSE, NULL, &px_txn_answer_cb, t);
    else
        px_h1_next(t->parser, false);
    if (t->parser == NULL) {
        px_txn_upstream_failed(t, &memory);
        return;
    }
    t->end_by = px_io_loop_now(t->env->loop) + (uint64_t)t->era->g->config->limits.stream_ms;
    send_head(t);
}

static void on_lease(void *arg, struct px_io *io, bool reused, enum px_lease_error why, const char *detail)
{
    struct px_txn *t = arg;
    if (io != NULL) {
        connected(t, io, reused);
        return;
    }
    px_log(PX_LOG_WARN, &t->id, "no upstream connection upstream=%s why=%s detail=%s", t->upstream->name,
           px_lease_error_name(why), detail != NULL ? detail : "");
    struct px_txn_bad bad = {FLT_REFUSE_UPSTREAM, "The upstream could not be reached.", px_lease_error_name(why)};
    if (why == PX_LEASE_TIMEOUT)
        bad.kind = FLT_REFUSE_UPSTREAM_TIME;
    else if (why == PX_LEASE_QUEUE_FULL)
        bad.kind = FLT_REFUSE_UNAVAILABLE;
    px_txn_upstream_failed(t, &bad);
}

void px_txn_connect(struct px_txn *t, bool fresh)
{
    px_txn_enter(t, PX_TXN_S_CONNECT);
    t->deadline = 0; /* the pool has its own */
    t->queued = 0;
    t->lease = px_lease_get(t->era->pools[t->upstream_index]->pool, fresh, on_lease, t);
    if (t->lease == NULL)
        unavailable(t, &no_memory, "memory", false);
}
