/* txn_stream.c: an event stream on its way to the client: its head, its steps, and every way it can end. */
#include "core/txn_impl.h"

static int write_head(struct px_txn *t, bool chunked)
{
    static const struct {
        struct flt_str name, value;
    } fixed[] = {{{"Cache-Control", 13}, {"no-cache", 8}}, {{"X-Accel-Buffering", 17}, {"no", 2}}};
    int rc = px_txn_answer_start(t, "text/event-stream");
    for (size_t i = 0; i < FLT_ARRAY_LEN(fixed) && rc == FLT_OK; i++)
        rc = px_h1_write_header(&t->wire, fixed[i].name, fixed[i].value);
    if (rc == FLT_OK && chunked)
        rc = px_h1_write_header(&t->wire, FLT_STR("Transfer-Encoding"), FLT_STR("chunked"));
    return rc == FLT_OK ? px_h1_write_end(&t->wire) : rc;
}

const struct px_txn_bad *px_txn_stream_begin(struct px_txn *t)
{
    static const struct px_txn_bad memory = {FLT_REFUSE_UNAVAILABLE, "Out of memory.", "memory"};
    static const struct px_txn_bad head = {FLT_REFUSE_UPSTREAM, "The upstream sent a malformed answer.",
                                           "upstream_malformed"};
    const struct px_limits_conf *limits = &t->era->g->config->limits;
    const struct px_relay_conf conf = {.engine = t->env->engine,
                                       .in = {.snapshot = t->era->g->snapshot,
                                              .tenant = t->tenant_index,
                                              .route = &t->route,
                                              .include_usage = t->req.include_usage,
                                              .json_answer = t->req.json_answer,
                                              .max_frame = (size_t)limits->max_frame_bytes,
                                              .max_queue = (size_t)limits->max_queue_bytes},
                                       .client = t->owner.io,
                                       .upstream = t->up,
                                       .chunked = !t->head->http10};
    int rc = write_head(t, conf.chunked);
    if (rc != FLT_OK)
        return &head;
    if (px_relay_open(&t->relay, &conf) != FLT_OK)
        return &memory;
    px_count(t->env->metrics, PX_C_streams, 1);
    px_gauge(t->env->metrics, PX_G_open_streams, 1);
    px_txn_enter(t, PX_TXN_S_RELAY);
    t->client_lost = px_io_write(t->owner.io, t->wire.p, t->wire.n) != FLT_OK;
    px_txn_slim(t);
    return NULL;
}

static void count_held(struct px_txn *t)
{
    size_t held = px_relay_held(&t->relay);
    if (held != t->held)
        px_gauge(t->env->metrics, PX_G_held_bytes, (int64_t)held - (int64_t)t->held);
    t->held = held;
}

/* The stream's own ending left: the connection may serve another request once the upstream's message has ended too. */
static void ended(struct px_txn *t, enum px_txn_outcome outcome)
{
    bool keep = px_txn_keep_alive(t);
    px_relay_unpause(&t->relay);
    bool worth_waiting = t->up_clean && t->answer_head->keep_alive && t->answer_head->body != PX_H1_BODY_CLOSE;
    if (t->complete || outcome != PX_OUT_ANSWERED || !worth_waiting)
        px_txn_drop_upstream(t, t->complete && worth_waiting);
    px_txn_finish(t, outcome, keep ? PX_TXN_KEEP : PX_TXN_CLOSE);
}

void px_txn_stream_step(struct px_txn *t)
{
    if (t->complete)
        (void)px_relay_end(&t->relay, true);
    int rc = px_relay_flush(&t->relay);
    count_held(t);
    if (rc != FLT_OK || t->client_lost) {
        px_txn_client_gone(t, "client_gone");
        return;
    }
    switch (t->relay.state) {
    case FLT_STREAM_RUNNING:
        px_txn_idle_deadline(t);
        return;
    case FLT_STREAM_ENDED:
        ended(t, PX_OUT_ANSWERED);
        return;
    case FLT_STREAM_BLOCKED:
        if (t->reason == NULL)
            t->reason = flt_cause_names[flt_stream_decision(t->relay.stream)->cause];
        ended(t, PX_OUT_CUT);
        return;
    case FLT_STREAM_FAILED:
        break;
    }
    if (t->reason == NULL) {
        t->reason = "stream_not_inspected"; /* the engine's own verdict: malformed, or over a limit */
        px_count(t->env->metrics, PX_C_uninspected, 1);
    }
    px_txn_drop_upstream(t, false);
    px_txn_finish(t, t->outcome != PX_OUT_NONE ? t->outcome : PX_OUT_UPSTREAM_ERROR, PX_TXN_UNCLEAN);
}

void px_txn_stream_broken(struct px_txn *t, enum px_txn_outcome outcome, const char *reason)
{
    if (outcome != PX_OUT_ABORTED)
        px_count(t->env->metrics, PX_C_upstream_errors, 1);
    t->reason = reason;
    t->outcome = outcome;
    if (outcome == PX_OUT_UPSTREAM_TRUNCATED)
        (void)px_relay_end(&t->relay, false);
    else
        (void)px_relay_abort(&t->relay, reason);
    px_txn_stream_step(t);
}
