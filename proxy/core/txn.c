/*
 * txn.c: the life of a transaction, and the only code that changes its state.
 *
 *   HEAD ----------- refused: form, key, limits, route, media type -----------+
 *    |                                                                        |
 *   BODY ----------- 413, 408, broken framing --------------------------------+
 *    |                                                                        |
 *   INSPECT -------- blocked, malformed, not inspectable, token limit --------+
 *    |                                                                        |
 *   INTENT --------- the audit record could not be written: 503 --------------+
 *    |                                                                        |
 *   CONNECT -------- 502, 503, 504 -------------------------------------------+
 *    |  ^                                                                     |
 *    |  | a pooled connection was dead, no byte of ours left; once            |
 *   SEND ----------- 502, 504 ------------------------------------------------+
 *    |  ^ |                                                                   |
 *    |  | |                                                                   |
 *   RESPONSE_HEAD -- 502, 504 ------------------------------------------------+
 *    |             |                                                          v
 *   RELAY        COLLECT -- 502, 504 ------------------------------------> REPLY_LOCAL
 *    |   \           |                                                        |
 *    |  DRAIN        |   (DRAIN: the client has its answer, the upstream's    |
 *    |    |          |    message has not ended yet)                          |
 *    +----+----------+--------------------> DONE <----------------------------+
 *
 * A lost client leads to DONE from everywhere.
 */
#include "core/txn_impl.h"

#include <assert.h>
#include <time.h>

#define MAX_SPARE   256u
#define KEEP_BUFFER ((size_t)64 << 10) /* larger buffers are given back when a transaction ends */
#define ARENA_MAX   ((size_t)1 << 30)
#define WIRE_MAX    ((size_t)64 << 10)
#define DRAIN_MS    2000u

static const char *const state_names[PX_TXN_S_COUNT] = {"HEAD",    "BODY",        "INSPECT",       "INTENT",
                                                        "CONNECT", "SEND",        "RESPONSE_HEAD", "COLLECT",
                                                        "RELAY",   "REPLY_LOCAL", "DRAIN",         "DONE"};

#define TO(s) (1u << PX_TXN_S_##s)
static const unsigned legal[PX_TXN_S_COUNT] = {
    [PX_TXN_S_HEAD] = TO(BODY) | TO(REPLY_LOCAL) | TO(DONE),
    [PX_TXN_S_BODY] = TO(INSPECT) | TO(INTENT) | TO(REPLY_LOCAL) | TO(DONE),
    [PX_TXN_S_INSPECT] = TO(INTENT) | TO(REPLY_LOCAL) | TO(DONE),
    [PX_TXN_S_INTENT] = TO(CONNECT) | TO(REPLY_LOCAL) | TO(DONE),
    [PX_TXN_S_CONNECT] = TO(SEND) | TO(REPLY_LOCAL) | TO(DONE),
    [PX_TXN_S_SEND] = TO(RESPONSE_HEAD) | TO(CONNECT) | TO(REPLY_LOCAL) | TO(DONE),
    [PX_TXN_S_RESPONSE_HEAD] = TO(COLLECT) | TO(RELAY) | TO(CONNECT) | TO(REPLY_LOCAL) | TO(DONE),
    [PX_TXN_S_COLLECT] = TO(REPLY_LOCAL) | TO(DONE),
    [PX_TXN_S_RELAY] = TO(DRAIN) | TO(DONE),
    [PX_TXN_S_REPLY_LOCAL] = TO(DONE),
    [PX_TXN_S_DRAIN] = TO(DONE),
    [PX_TXN_S_DONE] = 0,
};

void px_txn_enter(struct px_txn *t, enum px_txn_state to)
{
    bool ok = (legal[t->state] >> to & 1u) != 0;
    if (!ok)
        px_log(PX_LOG_ERROR, &t->id, "illegal state move from=%s to=%s", state_names[t->state], state_names[to]);
    assert(ok);
    if (px_log_on(PX_LOG_DEBUG))
        px_log(PX_LOG_DEBUG, &t->id, "state from=%s to=%s", state_names[t->state], state_names[to]);
    t->state = to;
}

const char *px_txn_state_name(const struct px_txn *t)
{
    return state_names[t->state];
}

uint64_t px_txn_now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

/* ---- objects ---------------------------------------------------------------------------------------------------- */

void px_txn_env_init(struct px_txn_env *env)
{
    env->id_used = sizeof(env->id_random);
    env->date_s = -1;
    env->intents_tail = &env->intents;
    px_ledger_init(&env->ledger, env->metrics);
    px_io_loop_before_sending(env->loop, px_txn_settle, env);
}

static void destroy(struct px_txn *t)
{
    flt_buf_free(&t->body);
    flt_buf_free(&t->answer);
    flt_buf_free(&t->wire);
    px_relay_free(&t->relay);
    px_h1_free(t->parser);
    flt_arena_free(t->arena);
    free(t);
}

void px_txn_env_free(struct px_txn_env *env)
{
    px_io_loop_before_sending(env->loop, NULL, NULL);
    px_ledger_free(&env->ledger);
    while (env->draining != NULL) {
        struct px_txn *t = env->draining;
        env->draining = t->next;
        px_txn_drop_upstream(t, false);
        px_era_unpin(t->era);
        destroy(t);
    }
    while (env->spare != NULL) {
        struct px_txn *t = env->spare;
        env->spare = t->next;
        destroy(t);
    }
    env->n_spare = 0;
    while (env->n_arenas != 0)
        flt_arena_free(env->arenas[--env->n_arenas]);
}

static struct px_txn *create(void)
{
    struct px_txn *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return NULL;
    flt_buf_init(&t->body, 1);
    flt_buf_init(&t->answer, 1);
    flt_buf_init(&t->wire, WIRE_MAX);
    px_relay_init(&t->relay);
    return t;
}

static bool take_arena(struct px_txn_env *env, struct px_txn *t)
{
    if (t->arena == NULL)
        t->arena = env->n_arenas != 0 ? env->arenas[--env->n_arenas] : flt_arena_new(ARENA_MAX);
    return t->arena != NULL;
}

void px_txn_slim(struct px_txn *t)
{
    struct px_txn_env *env = t->env;
    size_t findings = t->req.decision.n_findings * sizeof(*t->req.decision.findings);
    size_t n = findings + t->req.model.n;
    char *kept = malloc(n + 1);
    if (kept == NULL)
        return; /* then it stays as large as it is */
    if (findings != 0)
        memcpy(kept, t->req.decision.findings, findings);
    if (t->req.model.n != 0)
        memcpy(kept + findings, t->req.model.p, t->req.model.n);
    t->kept = kept;
    t->kept_n = n;
    t->req.decision.findings = (const struct flt_finding *)(const void *)kept;
    t->req.model.p = kept + findings;
    t->req.body = t->to_send = (struct flt_str){NULL, 0};
    t->request_bytes = t->body.n;
    flt_buf_free(&t->body);
    flt_buf_free(&t->wire);
    flt_arena_reset(t->arena);
    if (env->n_arenas < FLT_ARRAY_LEN(env->arenas))
        env->arenas[env->n_arenas++] = t->arena;
    else
        flt_arena_free(t->arena);
    t->arena = NULL;
}

struct px_txn *px_txn_new(struct px_txn_env *env, struct px_era *era, const struct px_txn_owner *owner)
{
    struct px_txn *t = env->spare;
    if (t != NULL) {
        env->spare = t->next;
        env->n_spare--;
    } else {
        t = create();
        if (t == NULL)
            return NULL;
    }
    if (!take_arena(env, t)) {
        destroy(t);
        return NULL;
    }
    t->env = env;
    t->era = era;
    t->owner = *owner;
    t->state = PX_TXN_S_HEAD;
    t->next = NULL;
    t->id = (struct px_log_id){.worker = env->worker, .conn = owner->conn};
    px_txn_make_id(env, t->id.txn);
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    t->started_unix_ms = (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
    t->t0 = px_txn_now_us();
    px_era_pin(era);
    env->n_open++;
    px_gauge(env->metrics, PX_G_open_transactions, 1);
    return t;
}

static void shrink(struct flt_buf *b)
{
    if (b->cap > KEEP_BUFFER)
        flt_buf_free(b);
    else
        flt_buf_clear(b);
}

/* Everything of the request is forgotten and wiped; what is kept is memory for the next one. */
static void forget(struct px_txn *t)
{
    shrink(&t->body);
    shrink(&t->answer);
    flt_buf_clear(&t->wire);
    if (t->arena != NULL)
        flt_arena_reset(t->arena);
    if (t->kept != NULL)
        flt_wipe(t->kept, t->kept_n);
    free(t->kept);
    t->kept = NULL;
    t->head = NULL;
    t->answer_head = NULL;
    t->to_send = (struct flt_str){NULL, 0};
    t->req = (struct flt_request_out){0};
    t->ans = (struct flt_answer_out){0};
    px_relay_close(&t->relay);
}

static void release(struct px_txn *t)
{
    struct px_txn_env *env = t->env;
    px_era_unpin(t->era);
    if (env->n_spare >= MAX_SPARE) {
        destroy(t);
        return;
    }
    /* The tools are kept, all the rest starts from zero. */
    struct px_txn clean = {.arena = t->arena,
                           .body = t->body,
                           .answer = t->answer,
                           .wire = t->wire,
                           .parser = t->parser,
                           .relay = t->relay,
                           .state = PX_TXN_S_DONE,
                           .next = env->spare};
    *t = clean;
    env->spare = t;
    env->n_spare++;
}

void px_txn_drop_upstream(struct px_txn *t, bool reusable)
{
    if (t->parser != NULL && !t->complete) {
        px_h1_free(t->parser); /* it stands inside a message */
        t->parser = NULL;
    }
    struct px_lease *l = t->lease;
    t->lease = NULL;
    t->up = NULL;
    t->deadline = 0;
    if (l != NULL)
        px_lease_end(l, reusable);
}

/* It ends while it waits for its record. */
static void unqueue_intent(struct px_txn *t)
{
    struct px_txn_env *env = t->env;
    struct px_txn **at = &env->intents;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    if (*at == NULL)
        env->intents_tail = at;
    t->intent = PX_INTENT_NONE;
    px_ledger_forget(&env->ledger, t);
}

void px_txn_finish(struct px_txn *t, enum px_txn_outcome outcome, enum px_txn_end how)
{
    struct px_txn_owner owner = t->owner;
    t->outcome = outcome;
    if (t->intent != PX_INTENT_NONE)
        unqueue_intent(t);
    px_txn_record(t);
    if (t->counted)
        px_limits_end(t->tenant->limits);
    t->counted = false;
    t->owner.done = NULL;
    t->env->n_open--;
    px_gauge(t->env->metrics, PX_G_open_transactions, -1);
    forget(t);
    if (t->lease != NULL) {
        px_txn_enter(t, PX_TXN_S_DRAIN);
        t->deadline = px_io_loop_now(t->env->loop) + DRAIN_MS;
        t->next = t->env->draining;
        t->env->draining = t;
    } else {
        px_txn_enter(t, PX_TXN_S_DONE);
        release(t);
    }
    owner.done(owner.arg, how);
}

/* ---- draining --------------------------------------------------------------------------------------------------- */

static void drained(struct px_txn *t, struct px_txn **at)
{
    *at = t->next;
    px_txn_drop_upstream(t, t->complete && t->up_clean);
    px_txn_enter(t, PX_TXN_S_DONE);
    release(t);
}

void px_txn_end_drain(struct px_txn *t)
{
    struct px_txn **at = &t->env->draining;
    while (*at != t)
        at = &(*at)->next;
    drained(t, at);
}

void px_txn_env_tick(struct px_txn_env *env)
{
    px_ledger_write(&env->ledger);
    uint64_t now = px_io_loop_now(env->loop);
    for (struct px_txn **at = &env->draining; *at != NULL;) {
        struct px_txn *t = *at;
        if (now >= t->deadline)
            drained(t, at);
        else
            at = &t->next;
    }
}

/* ---- the client's side ------------------------------------------------------------------------------------------ */

bool px_txn_keep_alive(const struct px_txn *t)
{
    return t->head != NULL && t->head->keep_alive && !t->head->http10 && !t->env->closing;
}

void px_txn_client_gone(struct px_txn *t, const char *why)
{
    t->reason = why;
    px_count(t->env->metrics, PX_C_client_gone, 1);
    px_txn_drop_upstream(t, false);
    px_txn_finish(t, PX_OUT_CLIENT_GONE, PX_TXN_GONE);
}

void px_txn_client_drained(struct px_txn *t)
{
    if (t->state != PX_TXN_S_RELAY)
        return;
    px_relay_drained(&t->relay);
    if (!t->relay.paused)
        px_txn_idle_deadline(t);
}

void px_txn_idle_deadline(struct px_txn *t)
{
    uint64_t idle = px_io_loop_now(t->env->loop) + (uint64_t)t->upstream->conf->idle_body_ms;
    bool paused = t->state == PX_TXN_S_RELAY && t->relay.paused; /* then it is the client we wait for */
    t->deadline = paused || t->end_by < idle ? t->end_by : idle;
}

static void on_deadline(struct px_txn *t)
{
    static const struct px_txn_bad too_late = {FLT_REFUSE_UPSTREAM_TIME, "The upstream did not answer in time.",
                                               "upstream_timeout"};
    switch (t->state) {
    case PX_TXN_S_SEND:
    case PX_TXN_S_RESPONSE_HEAD:
    case PX_TXN_S_COLLECT:
        px_txn_upstream_failed(t, &too_late);
        return;
    case PX_TXN_S_RELAY:
        px_txn_stream_broken(t, PX_OUT_UPSTREAM_ERROR,
                             px_io_loop_now(t->env->loop) >= t->end_by ? "answer_too_long" : "upstream_timeout");
        return;
    default:
        return;
    }
}

void px_txn_tick(struct px_txn *t)
{
    if (t->deadline != 0 && px_io_loop_now(t->env->loop) >= t->deadline)
        on_deadline(t);
}

void px_txn_abort(struct px_txn *t)
{
    if (t->state == PX_TXN_S_RELAY) {
        px_txn_stream_broken(t, PX_OUT_ABORTED, "stopping");
        return;
    }
    px_txn_drop_upstream(t, false);
    t->reason = "stopping";
    const struct px_reply r = {.why = {FLT_REFUSE_UNAVAILABLE, "The proxy is stopping.", NULL},
                               .rule = UINT32_MAX,
                               .retry_ms = 1000,
                               .close = true,
                               .outcome = PX_OUT_ABORTED};
    px_txn_reply(t, &r);
}
