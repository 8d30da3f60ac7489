/*
 * resolve.h: host names to addresses through c-ares on the worker's event base, with a small cache (positive answers by their
 * TTL within 1..300 s, failures 1 s). IP literals and "localhost" (always loopback, RFC 6761) never leave the process.
 */
#ifndef PX_RESOLVE_H
#define PX_RESOLVE_H

#include <sys/socket.h>

#include <event2/event.h>

#include "flt/base.h"

struct px_addr {
    struct sockaddr_storage ss;
    socklen_t len;
};
struct px_resolver;
struct px_resolver *px_resolver_new(struct event_base *base); /* NULL = no memory */
/*
 * Calls fn once, possibly before returning: n >= 1 addresses (at most 8, both families, port filled in), or n == 0 and static
 * words why. Returns a handle for px_resolve_cancel, or NULL when fn was called already.
 */
struct px_resolve;
typedef void (*px_resolve_fn)(void *arg, const struct px_addr *v, unsigned n, const char *why);
struct px_resolve *px_resolve(struct px_resolver *r, const char *host, uint16_t port, px_resolve_fn fn, void *arg);
void px_resolve_cancel(struct px_resolve *q); /* fn will not be called */
void px_resolver_free(struct px_resolver *r); /* cancels all */

#endif
