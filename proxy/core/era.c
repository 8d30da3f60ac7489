/* era.c: one worker's use of a generation: counts pins, and shares connection pools between generations. */
#include <assert.h>

#include "core/generation.h"

struct px_era_pools {
    struct px_io_loop *loop;
    struct px_resolver *resolver;
    struct px_era_pool **v;
    size_t n, cap;
};

struct px_era_pools *px_era_pools_new(struct px_io_loop *loop, struct px_resolver *r)
{
    struct px_era_pools *p = calloc(1, sizeof(*p));
    if (p != NULL) {
        p->loop = loop;
        p->resolver = r;
    }
    return p;
}

static void pool_free(struct px_era_pool *p)
{
    if (p->pool != NULL)
        px_pool_retire(p->pool);
    free(p->name);
    free(p->host);
    free(p);
}

void px_era_pools_free(struct px_era_pools *all)
{
    if (all == NULL)
        return;
    for (size_t i = 0; i < all->n; i++)
        pool_free(all->v[i]);
    free(all->v);
    free(all);
}

static struct px_era_pool *pool_new(struct px_era_pools *all, const struct px_gen_upstream *u)
{
    struct px_era_pool *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->name = strdup(u->name);
    p->host = strdup(u->host);
    memcpy(p->fingerprint, u->fingerprint, sizeof(p->fingerprint));
    const struct px_upstream_conf conf = {.name = p->name,
                                          .host = p->host,
                                          .port = u->conf->port,
                                          .ssl_ctx = u->tls,
                                          .max_connections = (unsigned)u->conf->max_connections,
                                          .max_queue = (unsigned)u->conf->max_queue,
                                          .connect_ms = (uint64_t)u->conf->connect_ms,
                                          .idle_ms = (uint64_t)u->conf->idle_ms};
    if (p->name != NULL && p->host != NULL)
        p->pool = px_pool_new(all->loop, all->resolver, &conf);
    if (p->pool == NULL) {
        pool_free(p);
        return NULL;
    }
    return p;
}

static struct px_era_pool *pool_of(struct px_era_pools *all, const struct px_gen_upstream *u)
{
    for (size_t i = 0; i < all->n; i++) {
        if (memcmp(all->v[i]->fingerprint, u->fingerprint, sizeof(u->fingerprint)) == 0)
            return all->v[i];
    }
    if (all->n == all->cap) {
        size_t cap = all->cap == 0 ? 8 : all->cap * 2;
        struct px_era_pool **v = realloc(all->v, cap * sizeof(struct px_era_pool *));
        if (v == NULL)
            return NULL;
        all->v = v;
        all->cap = cap;
    }
    struct px_era_pool *p = pool_new(all, u);
    if (p != NULL)
        all->v[all->n++] = p;
    return p;
}

static void pool_release(struct px_era_pools *all, struct px_era_pool *p)
{
    if (--p->eras != 0)
        return;
    for (size_t i = 0; i < all->n; i++) {
        if (all->v[i] == p) {
            all->v[i] = all->v[--all->n];
            break;
        }
    }
    pool_free(p);
}

struct px_era *px_era_new(struct px_era_pools *all, struct px_generation *g)
{
    uint32_t n = g->config->n_upstreams;
    struct px_era *e = calloc(1, sizeof(*e));
    if (e == NULL)
        return NULL;
    e->g = g;
    e->all = all;
    e->pools = calloc((size_t)n + 1, sizeof(struct px_era_pool *));
    for (uint32_t i = 0; e->pools != NULL && i < n; i++) {
        e->pools[i] = pool_of(all, &g->upstreams[i]);
        if (e->pools[i] == NULL) {
            px_era_drop_pools(e);
            px_era_free(e);
            return NULL;
        }
        e->pools[i]->eras++;
        assert(e->pools[i]->eras != 0); /* eras are few: the count cannot come round */
    }
    if (e->pools == NULL) {
        free(e);
        return NULL;
    }
    return e;
}

void px_era_unpin(struct px_era *e)
{
    if (--e->pins == 0 && e->retired)
        e->on_unused(e->arg, e);
}

void px_era_retire(struct px_era *e)
{
    e->retired = true;
    if (e->pins == 0)
        e->on_unused(e->arg, e);
}

void px_era_drop_pools(struct px_era *e)
{
    for (uint32_t i = 0; i < e->g->config->n_upstreams && e->pools[i] != NULL; i++) {
        pool_release(e->all, e->pools[i]);
        e->pools[i] = NULL;
    }
}

void px_era_free(struct px_era *e)
{
    free(e->pools);
    free(e);
}
