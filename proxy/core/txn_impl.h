/* txn_impl.h: the transaction as its own files see it (txn*.c); nobody else includes this. */
#ifndef PX_TXN_IMPL_H
#define PX_TXN_IMPL_H

#include "core/relay.h"
#include "core/txn.h"
#include "watch/log.h"

enum px_txn_state {
    PX_TXN_S_HEAD,
    PX_TXN_S_BODY,
    PX_TXN_S_INSPECT,
    PX_TXN_S_INTENT,
    PX_TXN_S_CONNECT,
    PX_TXN_S_SEND,
    PX_TXN_S_RESPONSE_HEAD,
    PX_TXN_S_COLLECT,
    PX_TXN_S_RELAY,
    PX_TXN_S_REPLY_LOCAL,
    PX_TXN_S_DRAIN,
    PX_TXN_S_DONE,
    PX_TXN_S_COUNT
};

enum px_txn_intent { PX_INTENT_NONE, PX_INTENT_DUE, PX_INTENT_WRITTEN, PX_INTENT_FAILED };

/* How it ended, as the audit record says it. */
enum px_txn_outcome {
    PX_OUT_NONE,
    PX_OUT_ANSWERED,
    PX_OUT_REFUSED,
    PX_OUT_UPSTREAM_ERROR,
    PX_OUT_UPSTREAM_TRUNCATED,
    PX_OUT_CLIENT_GONE,
    PX_OUT_CUT,
    PX_OUT_ABORTED
};

/* Why an upstream's answer is replaced by an error of ours. */
struct px_txn_bad {
    enum flt_refusal_kind kind;
    const char *message; /* for the client */
    const char *reason;  /* for the record */
};

struct px_txn {
    struct px_txn_env *env;
    struct px_era *era;
    struct px_txn_owner owner; /* done NULL once it was called */
    enum px_txn_state state;
    struct px_txn *next; /* spare or draining list, or those that wait for their intent's record */
    enum px_txn_intent intent;
    struct px_log_id id;
    const struct px_h1_head *head; /* the client's; valid while the owner waits */

    /* who and where to */
    const struct px_gen_tenant *tenant; /* NULL before authentication */
    uint32_t tenant_index;
    const struct px_gen_upstream *upstream; /* NULL before routing */
    uint32_t upstream_index;
    struct flt_route route;
    bool has_route; /* route is filled: refusals have its shape */
    bool counted;   /* px_limits_end is due */

    /* request */
    struct flt_arena *arena; /* NULL once px_txn_slim gave it away */
    struct flt_buf body;
    struct flt_request_out req;
    bool req_inspected;
    struct flt_str to_send; /* body as it goes upstream */
    uint64_t request_bytes; /* of the body, once it is forgotten */
    char *kept;             /* what of the arena the record still needs */
    size_t kept_n;
    size_t queued; /* of it, handed to the socket's queue */

    /* upstream */
    struct px_lease *lease;
    struct px_io *up; /* NULL until connected */
    struct px_h1 *parser;
    bool reused, retried;
    bool up_clean;     /* the message so far gives no reason against reusing the connection */
    uint64_t up_sent0; /* px_io_sent when the connection was leased */
    uint64_t deadline; /* loop milliseconds, 0 = none: what it means depends on the state */
    uint64_t end_by;   /* of the whole answer */

    /* answer: flags set by parser callbacks, acted upon after the parser returned */
    const struct px_h1_head *answer_head;
    bool complete;
    bool client_lost;             /* the head of the stream could not be written */
    bool heard;                   /* the upstream sent something */
    const struct px_txn_bad *bad; /* why the answer cannot be used; NULL = fine so far */
    int status;                   /* sent to the client, 0 = none */
    uint64_t upstream_bytes, answer_bytes;
    struct flt_buf answer; /* collected body */
    struct flt_answer_out ans;
    bool ans_inspected;
    struct px_relay relay;
    size_t held;         /* as counted in the gauge */
    struct flt_buf wire; /* heads and local bodies being written */
    char upstream_id[129];

    /* the record */
    enum px_txn_outcome outcome;
    const char *reason;                   /* static words */
    uint64_t started_unix_ms, t0, t_sent; /* microseconds */
    uint64_t us_inspect, us_first_byte;
};

/* txn.c */
void px_txn_enter(struct px_txn *t, enum px_txn_state to);
/* The client's part is over: records, tells the owner. The transaction is freed unless it goes on draining. */
void px_txn_finish(struct px_txn *t, enum px_txn_outcome outcome, enum px_txn_end how);
/* Gives the upstream connection back. */
void px_txn_drop_upstream(struct px_txn *t, bool reusable);
/* A draining transaction's upstream message ended, or never will. Frees it. */
void px_txn_end_drain(struct px_txn *t);
/* The next deadline while an answer's body arrives. */
void px_txn_idle_deadline(struct px_txn *t);
/*
 * The request was sent and inspected, and its answer is a stream that may last: gives back its body and arena, keeping
 * what the record needs.
 */
void px_txn_slim(struct px_txn *t);
uint64_t px_txn_now_us(void);
bool px_txn_keep_alive(const struct px_txn *t);
/* txn_record.c */
/* Gives the record of intent to the ledger; px_txn_connect or a refusal follows once it was written or was not. */
void px_txn_intend(struct px_txn *t);
void px_txn_intent_done(struct px_txn *t, bool written);
/* Before the turn's bytes leave: writes the audit records that are due and lets those go on that waited for theirs. */
void px_txn_settle(void *env);
void px_txn_record(struct px_txn *t);
const char *px_txn_outcome_name(enum px_txn_outcome o);
const char *px_txn_date(struct px_txn_env *env);
void px_txn_make_id(struct px_txn_env *env, char out[40]);
/* txn_request.c */
/* The intent's record was written, or was not. */
void px_txn_go_on(struct px_txn *t);
void px_txn_connect(struct px_txn *t, bool fresh);
void px_txn_send_more(struct px_txn *t);
/* txn_answer.c */
extern const struct px_io_cb px_txn_upstream_cb;
extern const struct px_h1_cb px_txn_answer_cb;
/* Nothing of the upstream's answer reached the client, and nothing will: 502, 503 or 504. */
void px_txn_upstream_failed(struct px_txn *t, const struct px_txn_bad *why);
/* txn_stream.c */
/* The head of a stream, and the stream itself. NULL = fine. */
const struct px_txn_bad *px_txn_stream_begin(struct px_txn *t);
/* After one read of the upstream: sends what was released and ends the stream where its state says so. */
void px_txn_stream_step(struct px_txn *t);
/* The upstream will send no more, or is not waited for any longer. reason: static words for client and record. */
void px_txn_stream_broken(struct px_txn *t, enum px_txn_outcome outcome, const char *reason);
/* txn_reply.c */
#define PX_TXN_OVERLOAD_MS 1000u /* Retry-After where the trouble is ours */
struct px_reply {
    struct px_refusal why;
    uint32_t rule;     /* UINT32_MAX = none */
    uint64_t retry_ms; /* 0 = no Retry-After */
    bool close;        /* the rest of the request is not wanted */
    bool final_answer; /* x-should-retry: false */
    enum px_txn_outcome outcome;
};
/* Answers with our own error and ends the exchange. */
void px_txn_reply(struct px_txn *t, const struct px_reply *r);
/* Status line and headers of a forwarded answer into t->wire, without the blank line. */
int px_txn_answer_start(struct px_txn *t, const char *content_type) FLT_MUST_CHECK;

#endif
