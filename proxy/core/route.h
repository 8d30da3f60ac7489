/*
 * route.h: from a request's head to tenant, upstream and route; and which headers pass, both ways. Everything here is
 * decided from the head alone, before a byte of the body is read.
 *
 * Heads are written anew from allow-lists: a name that is not listed does not pass, in either direction.
 */
#ifndef PX_ROUTE_H
#define PX_ROUTE_H

#include "core/generation.h"
#include "net/h1.h"

/* Why a request is refused: static words only. */
struct px_refusal {
    enum flt_refusal_kind kind;
    const char *message; /* for the client */
    const char *code;    /* machine code, NULL = the kind's default */
};

/* Digest scratch of one thread. */
struct px_auth;
struct px_auth *px_auth_new(void); /* NULL = no memory */
void px_auth_free(struct px_auth *a);

/* Each returns NULL when the head may go on, else why not. */

/* Host against the TLS server name (NULL = none), tunnels and protocol switches. */
const struct px_refusal *px_route_check_head(const struct px_h1_head *h, const char *sni);
/*
 * The tenant whose key the head carries in Authorization: Bearer, api-key, x-api-key or x-goog-api-key. Does the same
 * work, and gives the same refusal, for an unknown key and for none.
 */
const struct px_refusal *px_route_authenticate(struct px_auth *a, const struct px_generation *g,
                                               const struct px_h1_head *h, uint32_t *tenant);
/* Upstream (an index of g->upstreams) and route. *route is filled in any case, for the shape of refusals. */
const struct px_refusal *px_route_find(const struct px_generation *g, uint32_t tenant, const struct px_h1_head *h,
                                       uint32_t *upstream, struct flt_route *route);
/* The route a path looks like, for the shape of refusals before there is an upstream. */
void px_route_guess(const struct px_h1_head *h, struct flt_route *route);
/* The method that is allowed where px_route_find refused the one that came. u may be NULL. */
const char *px_route_allow(const struct px_gen_upstream *u, const struct px_h1_head *h);
/* Media type, coding and presence of the body. */
const struct px_refusal *px_route_check_body(const struct px_h1_head *h, const struct flt_route *route);

enum px_media { PX_MEDIA_NONE, PX_MEDIA_JSON, PX_MEDIA_SSE, PX_MEDIA_OTHER };
/* What Content-Type says: NONE = no such header; OTHER also for a charset that is not UTF-8, and for two headers. */
enum px_media px_route_media(const struct px_h1_head *h);
/* True when a Content-Encoding other than identity is named. */
bool px_route_encoded(const struct px_h1_head *h);

/* The whole head that goes upstream. body_n: bytes of the body; has_body false writes no length. FLT_E_*. */
int px_route_write_request(struct flt_buf *out, const struct px_h1_head *h, const struct px_gen_upstream *u,
                           bool has_body, uint64_t body_n) FLT_MUST_CHECK;
/* The headers of an upstream's answer that pass to the client. FLT_E_*. */
int px_route_write_answer(struct flt_buf *out, const struct px_h1_head *h) FLT_MUST_CHECK;
/* The provider's request id in an answer's head; NULL = none. */
const struct flt_str *px_route_answer_id(const struct px_h1_head *h);

#endif
