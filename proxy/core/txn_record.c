/* txn_record.c: what a transaction leaves behind: audit records, metrics, one log line; and its id. */
#include "core/txn_impl.h"

#include <sys/random.h>
#include <time.h>

void px_txn_make_id(struct px_txn_env *env, char out[40])
{
    static const char hex[] = "0123456789abcdef";
    if (env->id_used + 16 > sizeof(env->id_random)) {
        size_t have = 0;
        while (have < sizeof(env->id_random)) {
            ssize_t n = getrandom(env->id_random + have, sizeof(env->id_random) - have, 0);
            have += n > 0 ? (size_t)n : 0; /* blocks only before the system is up; interrupted: again */
        }
        env->id_used = 0;
    }
    const uint8_t *r = env->id_random + env->id_used;
    env->id_used += 16;
    memcpy(out, "req_", 4);
    for (size_t i = 0; i < 16; i++) {
        out[4 + 2 * i] = hex[r[i] >> 4];
        out[5 + 2 * i] = hex[r[i] & 15];
    }
    out[36] = '\0';
}

const char *px_txn_date(struct px_txn_env *env)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != env->date_s) {
        struct tm tm;
        gmtime_r(&now.tv_sec, &tm);
        strftime(env->date, sizeof(env->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        env->date_s = now.tv_sec;
    }
    return env->date;
}

const char *px_txn_outcome_name(enum px_txn_outcome o)
{
    static const char *const names[] = {"forwarded",          "answered",    "refused", "upstream_error",
                                        "upstream_truncated", "client_gone", "cut",     "aborted"};
    return names[o];
}

static const struct flt_decision *answer_decision(struct px_txn *t)
{
    if (t->relay.stream != NULL)
        return flt_stream_decision(t->relay.stream);
    return t->ans_inspected ? &t->ans.decision : NULL;
}

static uint64_t answer_bytes(const struct px_txn *t)
{
    return t->relay.stream != NULL ? t->relay.sent : t->answer_bytes;
}

static void audit(struct px_txn *t, const char *record, struct px_txn *waiter)
{
    if (t->era->g->audit == NULL)
        return;
    const struct flt_decision *ans = answer_decision(t);
    const struct px_audit_record r = {
        .record = record,
        .request_id = t->id.txn,
        .upstream_request_id = t->upstream_id,
        .client = px_io_peer(t->owner.io),
        .conn = t->owner.conn,
        .worker = t->env->worker,
        .tenant = t->id.tenant,
        .tenant_conf = t->tenant != NULL ? t->tenant->conf : NULL,
        .route = t->has_route && t->route.name != NULL ? t->route.name : "",
        .model = t->req.model,
        .upstream = t->upstream != NULL ? t->upstream->conf->name : (struct flt_str){"", 0},
        .snapshot = t->tenant != NULL ? t->era->g->snapshot : NULL,
        .request = t->req_inspected ? &t->req.decision : NULL,
        .answer = ans,
        .outcome = px_txn_outcome_name(t->outcome),
        .reason = t->reason != NULL ? t->reason : "",
        .status = t->status,
        .stream = t->req.stream || t->relay.stream != NULL,
        .grounded = t->req.grounded,
        .edited_request = t->req.edited,
        .edited_answer = t->relay.stream != NULL ? ans->action >= FLT_ACT_REDACT : t->ans.edited,
        .request_bytes = t->request_bytes + t->body.n,
        .forwarded_bytes = t->queued,
        .upstream_bytes = t->upstream_bytes,
        .answer_bytes = answer_bytes(t),
        .started_unix_ms = t->started_unix_ms,
        .us_inspect = t->us_inspect,
        .us_upstream_first_byte = t->us_first_byte,
        .us_total = px_txn_now_us() - t->t0,
    };
    px_ledger_add(&t->env->ledger, t->era->g->audit, &r, &t->id, waiter);
    px_io_loop_due(t->env->loop);
}

void px_txn_intend(struct px_txn *t)
{
    struct px_txn_env *env = t->env;
    if (t->era->g->audit == NULL) {
        px_txn_connect(t, false);
        return;
    }
    t->intent = PX_INTENT_DUE;
    t->next = NULL;
    *env->intents_tail = t;
    env->intents_tail = &t->next;
    audit(t, "intent", t);
}

void px_txn_intent_done(struct px_txn *t, bool written)
{
    t->intent = written ? PX_INTENT_WRITTEN : PX_INTENT_FAILED;
}

void px_txn_settle(void *arg)
{
    struct px_txn_env *env = arg;
    px_ledger_write(&env->ledger);
    while (env->intents != NULL) { /* none is added in here, but refusals have records of their own */
        struct px_txn *t = env->intents;
        env->intents = t->next;
        if (env->intents == NULL)
            env->intents_tail = &env->intents;
        t->next = NULL;
        px_txn_go_on(t);
    }
    px_ledger_write(&env->ledger);
}

static void count(struct px_txn *t, const struct flt_decision *ans, uint64_t us_total)
{
    struct px_metrics *m = t->env->metrics;
    px_count(m, PX_C_request_bytes, t->request_bytes + t->body.n);
    px_count(m, PX_C_forwarded_bytes, t->queued);
    px_count(m, PX_C_answer_bytes, answer_bytes(t));
    if (t->status != 0)
        px_metrics_status(m, t->status);
    if (t->us_inspect != 0)
        px_observe(m, PX_H_INSPECT, t->us_inspect);
    if (t->us_first_byte != 0)
        px_observe(m, PX_H_FIRST_BYTE, t->us_first_byte);
    px_observe(m, PX_H_TOTAL, us_total);
    if (ans != NULL) {
        px_metrics_decision(m, t->id.tenant, FLT_RESPONSE, t->era->g->snapshot, ans);
        px_limits_answer(t->tenant->limits, &t->tenant->conf->limits, ans->bytes_total, px_txn_now_us() * 1000u);
    }
    if (t->held != 0)
        px_gauge(m, PX_G_held_bytes, -(int64_t)t->held);
    if (t->relay.stream != NULL)
        px_gauge(m, PX_G_open_streams, -1);
}

void px_txn_record(struct px_txn *t)
{
    uint64_t us_total = px_txn_now_us() - t->t0;
    const struct flt_decision *ans = answer_decision(t);
    count(t, ans, us_total);
    audit(t, "final", NULL);
    if (!px_log_on(PX_LOG_INFO))
        return;
    px_log(PX_LOG_INFO, &t->id,
           "request status=%d outcome=%s reason=%s route=%s upstream=%s request=%s answer=%s inspect_us=%llu "
           "first_byte_us=%llu "
           "total_us=%llu",
           t->status, px_txn_outcome_name(t->outcome), t->reason != NULL ? t->reason : "-",
           t->has_route && t->route.name != NULL ? t->route.name : "-", t->upstream != NULL ? t->upstream->name : "-",
           t->req_inspected ? flt_action_names[t->req.decision.action] : "-",
           ans != NULL ? flt_action_names[ans->action] : "-", (unsigned long long)t->us_inspect,
           (unsigned long long)t->us_first_byte, (unsigned long long)us_total);
}
