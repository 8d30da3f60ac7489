/* request_rig.h: one request through the engine. */
#ifndef REQUEST_RIG_H
#define REQUEST_RIG_H

#include "body_rig.h"

struct run {
    struct flt_arena *arena;
    struct flt_request_out out;
    int rc;
};

static inline struct run inspect_as(const char *provider, const char *path, uint32_t tenant, struct flt_str body)
{
    struct run r = {.arena = flt_arena_new(64u << 20)};
    struct flt_route route;
    assert_non_null(r.arena);
    flt_route_match(provider, FLT_STR("POST"), flt_str_of(path), &route);
    assert_int_equal(route.kind, FLT_ROUTE_GENERATE);
    struct flt_request_in in = {.snapshot = snapshot, .tenant = tenant, .route = &route, .body = body, .seed = 3};
    r.rc = flt_inspect_request(worker, &in, r.arena, &r.out);
    return r;
}

static inline void done(struct run *r)
{
    flt_arena_free(r->arena);
}

#endif
