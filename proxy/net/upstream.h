/*
 * upstream.h: the per-worker pool of connections to one upstream. A lease gives one connection to one transaction; giving it
 * back makes it reusable if the last answer was complete and clean. Waiters queue in order, bounded by queue and deadline.
 *
 * A request is never sent twice: only connecting is retried (next address, once over all of them); a pooled connection that
 * turns out dead before a byte of the request was taken by the socket is replaced once by a new one, after that never.
 */
#ifndef PX_UPSTREAM_H
#define PX_UPSTREAM_H

#include "net/io.h"
#include "net/resolve.h"

struct px_upstream_conf {
    const char *name;
    const char *host;
    uint16_t port;
    SSL_CTX *ssl_ctx;        /* NULL = plain (loopback only, checked by configuration) */
    unsigned max_connections; /* default 1024 */
    unsigned max_queue;       /* default 1024 */
    uint64_t connect_ms;      /* TCP + TLS; default 10,000 */
    uint64_t idle_ms;         /* idle pooled connection; default 60,000 */
};

struct px_pool;
/* Pins conf's strings; takes a reference of ssl_ctx. NULL = no memory. */
struct px_pool *px_pool_new(struct px_io_loop *loop, struct px_resolver *r, const struct px_upstream_conf *conf);

enum px_lease_error { PX_LEASE_OK, PX_LEASE_RESOLVE, PX_LEASE_CONNECT, PX_LEASE_TLS, PX_LEASE_TIMEOUT, PX_LEASE_QUEUE_FULL };
const char *px_lease_error_name(enum px_lease_error e);
struct px_lease;
/*
 * fn is called exactly once unless cancelled, never from inside px_lease_get: io ready to use (callbacks not yet bound:
 * px_io_rebind it first thing), reused = came from the pool; or io NULL and why, with detail words safe for logs.
 */
typedef void (*px_lease_fn)(void *arg, struct px_io *io, bool reused, enum px_lease_error why, const char *detail);
/* fresh = do not reuse a pooled connection (the one replacement of a dead one). NULL = no memory. */
struct px_lease *px_lease_get(struct px_pool *p, bool fresh, px_lease_fn fn, void *arg);
/*
 * Ends the lease, whatever came of it (waiting, connected or failed; fn is not called any more): reusable = the connection may
 * serve another request, otherwise it is reset. The io stays the pool's all along: do not close or free it. l is freed.
 */
void px_lease_end(struct px_lease *l, bool reusable);

struct px_pool_stats {
    unsigned connecting, busy, idle, waiting;
    uint64_t connects, connect_failures, reuses, tls_resumed;
};
void px_pool_stats(const struct px_pool *p, struct px_pool_stats *out);
/* Closes idle connections; busy ones end with their lease, then the pool is gone. */
void px_pool_retire(struct px_pool *p);

#endif
