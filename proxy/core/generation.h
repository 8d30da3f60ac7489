/*
 * generation.h: everything that follows from the files an operator wrote, as one immutable object: configuration,
 * compiled rules, certificates, credential table, tenants with their upstreams. Built aside by the control thread,
 * shared by all workers, never changed; a transaction keeps the one it began with to its end.
 *
 * An era is one worker's use of one generation: its pins, and the connection pools. Pools outlive generations as long
 * as the upstream stays the same, so a reload closes no kept connection.
 */
#ifndef PX_GENERATION_H
#define PX_GENERATION_H

#include "core/config.h"
#include "core/limits.h"
#include "core/mailbox.h"
#include "net/upstream.h"
#include "watch/audit.h"

/* One upstream, resolved. Strings live in the generation's arena. */
struct px_gen_upstream {
    const struct px_upstream_entry *conf;
    const char *name, *host, *provider;
    struct flt_str authority;       /* value of the Host header */
    struct flt_str credential_name; /* header the credential goes in; empty = the client's own passes through */
    SSL_CTX *tls;                   /* NULL = plain */
    uint8_t fingerprint[32]; /* SHA-256 over all that a pool depends on, contents of certificate files included */
};

#define PX_NO_UPSTREAM UINT32_MAX

struct px_gen_tenant {
    const struct flt_tenant *conf;
    struct px_tenant_limits *limits;
    uint32_t upstream;        /* index, or PX_NO_UPSTREAM: only routes */
    uint32_t *route_upstream; /* index for each of conf->routes */
};

/* One client key: open addressing over the digests' first bytes. */
struct px_gen_key {
    uint8_t sha256[32];
    uint32_t tenant; /* index + 1; 0 = free slot */
};

struct px_generation {
    unsigned number; /* 1, 2, ... */
    struct px_config *config;
    struct flt_snapshot *snapshot;
    struct flt_arena *arena;
    SSL_CTX **listen_tls; /* per config->listen; NULL entry = plain */
    struct px_gen_upstream *upstreams;
    struct px_gen_tenant *tenants;
    struct px_gen_key *keys;
    uint32_t key_mask;
    struct px_audit *audit; /* set by the server, which owns it; NULL = none */
    unsigned out;           /* workers that have not given it back; control thread only */
};

/*
 * Takes config (also on failure) and builds everything from it. cache_dir NULL = no cache of compiled rules. NULL when
 * there was an error; all problems are in *d.
 */
struct px_generation *px_generation_build(struct px_config *config, const char *cache_dir, struct px_limits *limits,
                                          struct flt_diag *d);
void px_generation_free(struct px_generation *g); /* NULL is fine */
/* Index of the tenant that owns the key with this digest; the same work whether there is one or not. UINT32_MAX = none.
 */
uint32_t px_generation_key(const struct px_generation *g, const uint8_t sha256[32]);

/* ---- era: a worker's use of a generation ------------------------------------------------------------------------ */

struct px_era_pool {
    struct px_pool *pool;
    uint8_t fingerprint[32];
    unsigned eras; /* that use it */
    char *name, *host;
};

struct px_era_pools; /* all pools of a worker */

struct px_era {
    struct px_generation *g;
    struct px_era_pool **pools; /* per upstream */
    struct px_era_pools *all;
    unsigned pins;
    bool retired;
    void (*on_unused)(void *arg, struct px_era *e); /* retired and no pin left; may be called from px_era_unpin */
    void *arg;
    struct px_mail mail; /* for sending it back */
};

/* loop and resolver are pinned. NULL = no memory. */
struct px_era_pools *px_era_pools_new(struct px_io_loop *loop, struct px_resolver *r);
void px_era_pools_free(struct px_era_pools *p); /* after the last era */
/* Pools are taken over where the upstream did not change. NULL = no memory. */
struct px_era *px_era_new(struct px_era_pools *all, struct px_generation *g);
static inline void px_era_pin(struct px_era *e)
{
    e->pins++;
}
void px_era_unpin(struct px_era *e);
/* No new transaction will use it: on_unused follows, at once when there is no pin. */
void px_era_retire(struct px_era *e);
/* On the worker's thread: gives back pools nobody else uses (idle connections close). */
void px_era_drop_pools(struct px_era *e);
/* On any thread once its pools are dropped. The generation is not touched. */
void px_era_free(struct px_era *e);

#endif
