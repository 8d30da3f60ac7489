/*
 * limits.h: what one tenant may use, counted over all workers: requests a minute, estimated tokens a minute, requests
 * at once. Entries are found by the tenant's name, so a reload with the same tenant keeps its counts.
 *
 * Both rates are generic cell rate limiters (ITU-T I.371, annex A: the virtual scheduling algorithm): one atomic time
 * per rate, no timer. A whole minute's allowance may be used at once; it comes back evenly.
 */
#ifndef PX_LIMITS_H
#define PX_LIMITS_H

#include "flt/base.h"
#include "flt/policy.h"

struct px_limits;        /* all tenants of the process */
struct px_tenant_limits; /* one tenant's counts; lives as long as px_limits */

struct px_limits *px_limits_new(void); /* NULL = no memory */
void px_limits_free(struct px_limits *l);
/* The entry of that name, made when it is new. One thread only (the one that builds generations). NULL = no memory. */
struct px_tenant_limits *px_limits_of(struct px_limits *l, struct flt_str tenant);

enum px_limit { PX_LIMIT_OK, PX_LIMIT_REQUESTS, PX_LIMIT_TOKENS, PX_LIMIT_CONCURRENT };
const char *px_limit_name(enum px_limit l); /* "requests_per_minute", ...; static */

/* Any thread from here on. now_ns: monotonic nanoseconds. *retry_ms is set when the answer is not OK (at least 1). */

/* Counts one request in; only after OK is px_limits_end due. */
enum px_limit px_limits_begin(struct px_tenant_limits *t, const struct flt_limits_conf *c, uint64_t now_ns,
                              uint64_t *retry_ms);
void px_limits_end(struct px_tenant_limits *t);
/* Takes the tokens of a prompt of text_bytes, or refuses and takes none. */
enum px_limit px_limits_prompt(struct px_tenant_limits *t, const struct flt_limits_conf *c, uint64_t text_bytes,
                               uint64_t now_ns, uint64_t *retry_ms);
/* Tokens of an answer, known only afterwards: they count against what follows. */
void px_limits_answer(struct px_tenant_limits *t, const struct flt_limits_conf *c, uint64_t text_bytes,
                      uint64_t now_ns);

#endif
