/*
 * txn.h: one HTTP exchange, from the client's head to the last byte of its answer. A transaction pins the era it began
 * with, owns an arena that is wiped at its end, and is told what happens to its client by the connection that started
 * it.
 *
 * It never sees TLS, the HTTP parser's library or a provider: only px_io, px_h1 heads, routes and the engine.
 */
#ifndef PX_TXN_H
#define PX_TXN_H

#include "core/generation.h"
#include "core/ledger.h"
#include "core/route.h"
#include "watch/metrics.h"

struct px_txn;

/* What the transactions of one worker share. Filled by the worker. */
struct px_txn_env {
    struct px_io_loop *loop;
    struct flt_worker *engine;
    struct px_metrics *metrics;
    struct px_auth *auth;
    int worker;
    bool closing; /* the worker is stopping: answers say Connection: close */
    /* private to txn.c */
    struct px_txn *spare; /* finished ones, for reuse */
    unsigned n_spare, n_open;
    struct flt_arena *arenas[64]; /* of transactions that need none any more */
    unsigned n_arenas;
    struct px_txn *draining; /* done for their client, waiting for the end of the upstream's message */
    struct px_ledger ledger;
    struct px_txn *intents, **intents_tail; /* waiting for their record of intent, in order */
    uint8_t id_random[1024];                /* random bytes for request ids */
    size_t id_used;
    char date[32]; /* value of a Date header, for the second below */
    int64_t date_s;
};

/* Once loop and metrics are set. */
void px_txn_env_init(struct px_txn_env *env);
/* After the last transaction ended: records that are due are written, transactions still draining are dropped. */
void px_txn_env_free(struct px_txn_env *env);
/*
 * Now and then (at most every 200 ms): deadlines of transactions that no longer have a client. After it no audit record
 * is due, so a generation that nobody uses may be given back.
 */
void px_txn_env_tick(struct px_txn_env *env);

/* How an exchange left the client's connection. */
enum px_txn_end {
    PX_TXN_KEEP,    /* the answer is complete: the next request may come */
    PX_TXN_CLOSE,   /* the answer is complete; close cleanly */
    PX_TXN_UNCLEAN, /* the answer is cut: the client must see that */
    PX_TXN_GONE     /* nothing more can be sent */
};

/* The connection a transaction answers on. */
struct px_txn_owner {
    struct px_io *io; /* written to by the transaction; paused, resumed and closed only by the owner */
    uint64_t conn;    /* number, for logs */
    /* Exactly once, possibly from inside a px_txn_ call. The transaction is gone for the owner from here on. */
    void (*done)(void *arg, enum px_txn_end how);
    void *arg;
};

/* Pins era; copies owner. NULL = no memory. A px_txn_head or px_txn_malformed must follow. */
struct px_txn *px_txn_new(struct px_txn_env *env, struct px_era *era, const struct px_txn_owner *owner);

/*
 * The request's head, valid until done. Runs every check that needs no body; a refusal answers at once. After it,
 * unless done was called, the body follows: px_txn_body any number of times, then px_txn_body_end (also when there is
 * none).
 */
void px_txn_head(struct px_txn *t, const struct px_h1_head *h);
/* Non-zero: the request was refused (done was called); no more of it is wanted. */
int px_txn_body(struct px_txn *t, const char *p, size_t n);
void px_txn_body_end(struct px_txn *t);
/* The bytes are no acceptable request (before or after the head): answers, records, ends. what: static words. */
void px_txn_malformed(struct px_txn *t, int status, const char *what);
/* Head or body took too long: 408. */
void px_txn_late(struct px_txn *t);
/* The client's connection is lost, or it stopped reading (why: static words): everything stops at once. */
void px_txn_client_gone(struct px_txn *t, const char *why);
/* The client's queue fell below its low-water mark. */
void px_txn_client_drained(struct px_txn *t);
/* Deadlines; called now and then by the owner. */
void px_txn_tick(struct px_txn *t);
/* The process stops now: an error event for a stream, 503 where nothing was answered yet. */
void px_txn_abort(struct px_txn *t);

/* Name of the state it is in, for logs and tests. */
const char *px_txn_state_name(const struct px_txn *t);

#endif
