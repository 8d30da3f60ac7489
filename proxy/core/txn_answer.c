/*
 * txn_answer.c: the way out: what the upstream sends, and how it fails. The parser's callbacks only note things;
 * whatever ends the transaction happens after the parser has returned.
 */
#include "core/txn_impl.h"

#define FIRST_RESERVE ((size_t)64 << 10)

#define BAD(name, kind_, message_, reason_) static const struct px_txn_bad name = {kind_, message_, reason_}
BAD(bad_http, FLT_REFUSE_UPSTREAM, "The upstream sent a malformed answer.", "upstream_malformed");
BAD(bad_status, FLT_REFUSE_UPSTREAM, "The upstream's answer has a status that is not passed on.", "upstream_status");
BAD(bad_coding, FLT_REFUSE_UPSTREAM, "The upstream's answer is encoded.", "upstream_encoding");
BAD(bad_type, FLT_REFUSE_UPSTREAM, "The upstream's answer has a media type that cannot be inspected.",
    "upstream_media_type");
BAD(too_big, FLT_REFUSE_UPSTREAM, "The upstream's answer is too large.", "answer_too_large");
BAD(no_memory, FLT_REFUSE_UNAVAILABLE, "Out of memory.", "memory");
BAD(closed_early, FLT_REFUSE_UPSTREAM, "The upstream closed the connection.", "upstream_closed");
BAD(cut_short, FLT_REFUSE_UPSTREAM, "The upstream's answer ended too early.", "upstream_truncated");

void px_txn_upstream_failed(struct px_txn *t, const struct px_txn_bad *why)
{
    px_count(t->env->metrics, PX_C_upstream_errors, 1);
    if (why == &cut_short)
        px_count(t->env->metrics, PX_C_upstream_truncated, 1);
    t->reason = why->reason;
    px_txn_drop_upstream(t, false);
    const struct px_reply r = {.why = {why->kind, why->message, NULL},
                               .rule = UINT32_MAX,
                               .retry_ms = why->kind == FLT_REFUSE_UNAVAILABLE ? PX_TXN_OVERLOAD_MS : 0,
                               .outcome = why == &cut_short ? PX_OUT_UPSTREAM_TRUNCATED : PX_OUT_UPSTREAM_ERROR};
    px_txn_reply(t, &r);
}

/* ---- parser callbacks ------------------------------------------------------------------------------------------- */

static bool no_content(const struct px_h1_head *h)
{
    return h->body == PX_H1_BODY_NONE || (h->body == PX_H1_BODY_LENGTH && h->length == 0);
}

static const struct px_txn_bad *start_collecting(struct px_txn *t, const struct px_h1_head *h)
{
    t->answer.max = (size_t)t->tenant->conf->limits.answer_bytes;
    px_txn_enter(t, PX_TXN_S_COLLECT);
    if (h->body != PX_H1_BODY_LENGTH)
        return NULL;
    if (h->length > t->answer.max)
        return &too_big;
    return flt_buf_reserve(&t->answer, h->length < FIRST_RESERVE ? h->length : FIRST_RESERVE) == FLT_OK ? NULL
                                                                                                        : &no_memory;
}

/* What the head says decides how the body is treated, before any of it is seen. */
static const struct px_txn_bad *classify(struct px_txn *t, const struct px_h1_head *h)
{
    if (h->status < 200 || h->status > 599 || (h->status >= 300 && h->status < 400))
        return &bad_status;
    if (px_route_encoded(h))
        return &bad_coding;
    enum px_media media = px_route_media(h);
    if (media == PX_MEDIA_JSON || no_content(h))
        return start_collecting(t, h);
    bool stream = media == PX_MEDIA_SSE && h->status < 300 && t->route.kind == FLT_ROUTE_GENERATE;
    return stream ? px_txn_stream_begin(t) : &bad_type;
}

static int on_head(void *arg, const struct px_h1_head *h)
{
    struct px_txn *t = arg;
    t->answer_head = h;
    t->us_first_byte = px_txn_now_us() - (t->t_sent != 0 ? t->t_sent : t->t0) + 1;
    t->bad = classify(t, h);
    return t->bad != NULL;
}

static int on_body(void *arg, const char *p, size_t n)
{
    struct px_txn *t = arg;
    t->upstream_bytes += n;
    if (t->state == PX_TXN_S_RELAY) {
        (void)px_relay_feed(&t->relay, p, n); /* its state is looked at once all that was read is parsed */
        return 0;
    }
    if (t->state != PX_TXN_S_COLLECT)
        return 0; /* draining */
    int rc = flt_buf_add(&t->answer, p, n);
    if (rc != FLT_OK)
        t->bad = rc == FLT_E_LIMIT ? &too_big : &no_memory;
    return rc != FLT_OK;
}

static int on_complete(void *arg)
{
    struct px_txn *t = arg;
    t->complete = true;
    return 0;
}

const struct px_h1_cb px_txn_answer_cb = {on_head, on_body, on_complete};

/* ---- whole answers ---------------------------------------------------------------------------------------------- */

static bool reusable(const struct px_txn *t)
{
    return t->complete && t->up_clean && t->answer_head != NULL && t->answer_head->keep_alive;
}

static int send_whole(struct px_txn *t, struct flt_str body)
{
    int status = t->answer_head->status;
    int rc = px_txn_answer_start(t, body.n != 0 ? "application/json" : NULL);
    if (rc == FLT_OK && status != 204)
        rc = px_h1_write_header_u64(&t->wire, "Content-Length", body.n);
    if (rc == FLT_OK)
        rc = px_h1_write_end(&t->wire);
    return rc;
}

static void answer_done(struct px_txn *t)
{
    static const struct px_txn_bad uninspected = {FLT_REFUSE_UPSTREAM, "The upstream's answer could not be inspected.",
                                                  "answer_not_inspected"};
    uint64_t seed;
    memcpy(&seed, t->id.txn + 12, sizeof(seed));
    const struct flt_answer_in in = {.snapshot = t->era->g->snapshot,
                                     .tenant = t->tenant_index,
                                     .route = &t->route,
                                     .http_status = t->answer_head->status,
                                     .json_answer = t->req.json_answer,
                                     .body = flt_buf_str(&t->answer),
                                     .seed = seed};
    if (in.body.n != 0) {
        int rc = flt_inspect_answer(t->env->engine, &in, t->arena, &t->ans);
        if (rc != FLT_OK) {
            px_count(t->env->metrics, PX_C_uninspected, 1);
            px_txn_upstream_failed(t, &uninspected);
            return;
        }
        t->ans_inspected = true;
    }
    struct flt_str body = in.body.n != 0 ? t->ans.body : in.body;
    if (send_whole(t, body) != FLT_OK) {
        px_txn_upstream_failed(t, &bad_http); /* a header of theirs does not fit ours */
        return;
    }
    bool keep = px_txn_keep_alive(t);
    px_txn_drop_upstream(t, reusable(t));
    int rc = px_io_write(t->owner.io, t->wire.p, t->wire.n);
    if (rc == FLT_OK && body.n != 0)
        rc = px_io_write(t->owner.io, body.p, body.n);
    t->answer_bytes = body.n;
    px_txn_finish(t, PX_OUT_ANSWERED, rc != FLT_OK ? PX_TXN_GONE : keep ? PX_TXN_KEEP : PX_TXN_CLOSE);
}

/* ---- connection events ------------------------------------------------------------------------------------------ */

static void parse(struct px_txn *t, const char *p, size_t n)
{
    size_t used = px_h1_feed(t->parser, p, n);
    if (t->bad == NULL && px_h1_failed(t->parser) != NULL)
        t->bad = &bad_http;
    if (used < n)
        t->up_clean = false; /* bytes after the message: not a connection to trust again */
}

static void bad_answer(struct px_txn *t)
{
    if (t->state == PX_TXN_S_RELAY)
        px_txn_stream_broken(t, PX_OUT_UPSTREAM_ERROR, t->bad->reason);
    else
        px_txn_upstream_failed(t, t->bad);
}

static void step(struct px_txn *t)
{
    if (t->state == PX_TXN_S_DRAIN) {
        if (t->complete || t->bad != NULL)
            px_txn_end_drain(t);
    } else if (t->bad != NULL) {
        bad_answer(t);
    } else if (t->state == PX_TXN_S_RELAY) {
        px_txn_stream_step(t);
    } else if (t->state == PX_TXN_S_COLLECT && t->complete) {
        answer_done(t);
    } else if (t->state == PX_TXN_S_COLLECT) {
        px_txn_idle_deadline(t);
    }
}

static size_t on_data(void *arg, const char *p, size_t n)
{
    struct px_txn *t = arg;
    t->heard = true;
    if (t->state == PX_TXN_S_SEND) {
        t->up_clean =
            false; /* an answer before the whole request: use it, send no more, trust the connection no longer */
        px_txn_enter(t, PX_TXN_S_RESPONSE_HEAD);
    } else if (t->state == PX_TXN_S_RESPONSE_HEAD && px_io_queued(t->up) != 0) {
        t->up_clean = false;
    }
    parse(t, p, n);
    step(t);
    return n;
}

static void on_drain(void *arg)
{
    struct px_txn *t = arg;
    if (t->state == PX_TXN_S_SEND)
        px_txn_send_more(t);
}

/* Dead before it took a byte of the request: the one case in which trying again cannot send anything twice. */
static bool may_retry(const struct px_txn *t)
{
    return t->reused && !t->retried && !t->heard && px_io_sent(t->up) == t->up_sent0 &&
           (t->state == PX_TXN_S_SEND || t->state == PX_TXN_S_RESPONSE_HEAD);
}

static void on_end(void *arg, enum px_io_end why)
{
    struct px_txn *t = arg;
    t->up_clean = false;
    if (t->state == PX_TXN_S_DRAIN) {
        px_txn_end_drain(t);
        return;
    }
    if (may_retry(t)) {
        px_log(PX_LOG_INFO, &t->id, "pooled connection was closed, trying a new one upstream=%s", t->upstream->name);
        t->retried = true;
        px_txn_drop_upstream(t, false);
        px_txn_connect(t, true);
        return;
    }
    bool ended_well = why == PX_IO_EOF && t->answer_head != NULL && px_h1_eof(t->parser);
    if (ended_well) {
        t->complete = true;
        step(t);
        return;
    }
    px_log(PX_LOG_WARN, &t->id, "upstream connection ended upstream=%s end=%s state=%s detail=%s", t->upstream->name,
           px_io_end_name(why), px_txn_state_name(t), px_io_error(t->up));
    if (t->state == PX_TXN_S_RELAY) {
        px_count(t->env->metrics, PX_C_upstream_truncated, 1);
        px_txn_stream_broken(t, PX_OUT_UPSTREAM_TRUNCATED, "upstream_truncated");
    } else {
        px_txn_upstream_failed(t, t->answer_head != NULL ? &cut_short : &closed_early);
    }
}

const struct px_io_cb px_txn_upstream_cb = {.on_data = on_data, .on_drain = on_drain, .on_end = on_end};
