/*
 * client.h: the client connections of one worker: bytes in, one transaction at a time in order, keep-alive between
 * them, and every deadline a client has. Pipelined requests wait unread until the answer before them is done.
 *
 * Deadlines are looked at by px_clients_tick, not by a timer each: a request sets and clears none in the kernel or in
 * libevent's heap.
 */
#ifndef PX_CLIENT_H
#define PX_CLIENT_H

#include <stdatomic.h>

#include "core/txn.h"

struct px_clients;

/* Pins env and total (connections of all workers, counted up and down). NULL = no memory. */
struct px_clients *px_clients_new(struct px_txn_env *env, _Atomic int64_t *total);
/* Transactions begin in this era from now on (until the next call; the era must live as long). */
void px_clients_use(struct px_clients *cs, struct px_era *era);
/* Takes fd; tls NULL = plain. Closes it at once when there are too many connections. */
void px_clients_accept(struct px_clients *cs, int fd, SSL_CTX *tls);
/* Every deadline of every client and its transaction; to be called every 200 ms or so. */
void px_clients_tick(struct px_clients *cs);
/* Closes idle connections; the others close after their answer. */
void px_clients_drain(struct px_clients *cs);
/* Ends answers and streams with an error, and closes. now: without waiting for anybody to read that. */
void px_clients_abort(struct px_clients *cs, bool now);
unsigned px_clients_count(const struct px_clients *cs);
/* After the last connection closed. NULL is fine. */
void px_clients_free(struct px_clients *cs);

#endif
