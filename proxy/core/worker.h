/*
 * worker.h: one thread with everything it needs and shares with nobody: event loop, listening sockets, resolver, pools,
 * engine scratch, counters, clients. The control thread talks to it by mail only.
 */
#ifndef PX_WORKER_H
#define PX_WORKER_H

#include "core/client.h"

struct px_worker;

/* Mail to the control thread. */
enum px_worker_mail {
    PX_MAIL_UPDATED, /* p: the px_worker_update, with its result */
    PX_MAIL_ERA,     /* p: a px_era that is used no more; the receiver frees it and counts its generation */
    PX_MAIL_STOPPED, /* p: the px_worker; its thread is ending */
    PX_MAIL_BUILT    /* p: the px_server; a generation was built aside, or could not be */
};

/* A generation for a worker, and the sockets of addresses that are new in it. */
struct px_worker_update {
    struct px_mail mail;
    struct px_generation *g;
    int *
        fds; /* per g->config->listen: a listening socket for this worker (taken), or -1: it has one for this address */
    bool done; /* result: false = not taken over, the generation before goes on (and fds are closed) */
};

/* Starts the thread (with the caller's signal mask). total counts the clients of all workers. NULL = no memory. */
struct px_worker *px_worker_start(int id, struct px_mailbox *control, _Atomic int64_t *total);
/* Comes back as PX_MAIL_UPDATED. */
void px_worker_update(struct px_worker *w, struct px_worker_update *u);
/* Stops accepting, lets answers end for drain_ms, then cuts them; PX_MAIL_STOPPED follows. Again with 0: at once. */
void px_worker_stop(struct px_worker *w, uint64_t drain_ms);
/* After PX_MAIL_STOPPED: joins and frees. */
void px_worker_join(struct px_worker *w);
struct px_metrics *px_worker_metrics(struct px_worker *w);

#endif
