/* route.c: credential -> tenant -> upstream -> route, and the checks of a head that need no body. */
#include "core/route.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define REFUSAL(name, kind_, message_, code_)                                                                          \
    static const struct px_refusal name = {.kind = kind_, .message = message_, .code = code_}

REFUSAL(wrong_host, FLT_REFUSE_MISDIRECTED, "Host does not match the TLS server name.", NULL);
REFUSAL(no_upgrade, FLT_REFUSE_NOT_IMPLEMENTED, "Protocol upgrades are not supported.", NULL);
REFUSAL(no_such_method, FLT_REFUSE_NOT_IMPLEMENTED, "The method is not supported.", NULL);
REFUSAL(two_keys, FLT_REFUSE_BAD_REQUEST, "The request carries credentials that disagree.", "conflicting_credentials");
REFUSAL(no_key, FLT_REFUSE_AUTH, "Missing or unknown API key.", NULL);
REFUSAL(no_route, FLT_REFUSE_NOT_FOUND, "Unknown path.", NULL);
REFUSAL(no_upstream, FLT_REFUSE_NOT_FOUND, "This path is not served for this key.", NULL);
REFUSAL(no_method, FLT_REFUSE_METHOD, "The method is not allowed on this path.", NULL);
REFUSAL(not_json, FLT_REFUSE_MEDIA, "The body must be application/json in UTF-8.", NULL);
REFUSAL(encoded, FLT_REFUSE_MEDIA, "Encoded request bodies are not accepted.", NULL);
REFUSAL(unwanted_body, FLT_REFUSE_BAD_REQUEST, "A body is not allowed here.", NULL);
REFUSAL(missing_body, FLT_REFUSE_BAD_REQUEST, "A JSON body is required.", "invalid_json");

/* ---- host ------------------------------------------------------------------------------------------------------- */

/* "name:port", "[v6]:port" or either without port; one trailing dot is the root and means nothing. */
static struct flt_str host_name(struct flt_str h)
{
    if (h.n != 0 && h.p[0] == '[') {
        const char *end = memchr(h.p, ']', h.n);
        return end != NULL ? (struct flt_str){h.p + 1, (size_t)(end - h.p - 1)} : h;
    }
    const char *colon = h.n != 0 ? memchr(h.p, ':', h.n) : NULL;
    if (colon != NULL)
        h.n = (size_t)(colon - h.p);
    if (h.n != 0 && h.p[h.n - 1] == '.')
        h.n--;
    return h;
}

const struct px_refusal *px_route_check_head(const struct px_h1_head *h, const char *sni)
{
    if (sni != NULL && !flt_str_ieq(host_name(h->host), host_name(flt_str_of(sni))))
        return &wrong_host;
    if (flt_str_is(h->method, "CONNECT") || flt_str_is(h->method, "TRACE"))
        return &no_such_method;
    return px_h1_get(h, "upgrade") != NULL ? &no_upgrade : NULL;
}

/* ---- authentication --------------------------------------------------------------------------------------------- */

struct px_auth {
    EVP_MD *md; /* fetched once: looking an algorithm up costs more than the digest of a key */
    EVP_MD_CTX *ctx;
};

struct px_auth *px_auth_new(void)
{
    struct px_auth *a = calloc(1, sizeof(*a));
    if (a == NULL)
        return NULL;
    a->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    a->ctx = EVP_MD_CTX_new();
    if (a->md == NULL || a->ctx == NULL) {
        px_auth_free(a);
        return NULL;
    }
    return a;
}

void px_auth_free(struct px_auth *a)
{
    if (a == NULL)
        return;
    EVP_MD_CTX_free(a->ctx);
    EVP_MD_free(a->md);
    free(a);
}

static bool digest(struct px_auth *a, struct flt_str key, uint8_t out[32])
{
    return EVP_DigestInit_ex2(a->ctx, a->md, NULL) == 1 && EVP_DigestUpdate(a->ctx, key.p, key.n) == 1 &&
           EVP_DigestFinal_ex(a->ctx, out, NULL) == 1;
}

static struct flt_str trim(struct flt_str s)
{
    while (s.n != 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n != 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* The key a header carries; empty when it is none of ours, or another scheme. */
static bool key_in(const struct px_h1_header *h, struct flt_str *key)
{
    static const char *const plain[] = {"api-key", "x-api-key", "x-goog-api-key"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(plain); i++) {
        if (flt_str_ieq(h->name, flt_str_of(plain[i]))) {
            *key = trim(h->value);
            return true;
        }
    }
    if (!flt_str_ieq(h->name, FLT_STR("authorization")))
        return false;
    *key = (struct flt_str){"", 0};
    if (h->value.n > 7 && flt_str_ieq((struct flt_str){h->value.p, 7}, FLT_STR("bearer ")))
        *key = trim((struct flt_str){h->value.p + 7, h->value.n - 7});
    return true;
}

const struct px_refusal *px_route_authenticate(struct px_auth *a, const struct px_generation *g,
                                               const struct px_h1_head *h, uint32_t *tenant)
{
    struct flt_str key = {"", 0};
    bool some = false, disagree = false;
    for (unsigned i = 0; i < h->n; i++) {
        struct flt_str k;
        if (!key_in(&h->v[i], &k))
            continue;
        disagree |= some && (k.n != key.n || CRYPTO_memcmp(k.p, key.p, k.n) != 0);
        some = true;
        key = k;
    }
    if (disagree)
        return &two_keys;
    uint8_t sha256[32];
    bool ok = digest(a, key, sha256); /* of nothing too: a missing key costs what a wrong one does */
    *tenant = px_generation_key(g, sha256);
    flt_wipe(sha256, sizeof(sha256));
    return ok && key.n != 0 && *tenant != UINT32_MAX ? NULL : &no_key;
}

/* ---- upstream and route ----------------------------------------------------------------------------------------- */

static uint32_t upstream_of(const struct px_gen_tenant *t, struct flt_str target)
{
    const char *query = target.n != 0 ? memchr(target.p, '?', target.n) : NULL;
    struct flt_str path = {target.p, query != NULL ? (size_t)(query - target.p) : target.n};
    for (uint32_t i = 0; i < t->conf->n_routes; i++) {
        if (flt_str_glob(path, t->conf->routes[i].path))
            return t->route_upstream[i];
    }
    return t->upstream;
}

void px_route_guess(const struct px_h1_head *h, struct flt_route *route)
{
    bool azure = flt_str_starts(h->target, FLT_STR("/openai/"));
    flt_route_match(azure ? "azure_openai" : "openai", h->method, h->target, route);
}

const char *px_route_allow(const struct px_gen_upstream *u, const struct px_h1_head *h)
{
    struct flt_route r;
    flt_route_match(u != NULL ? u->provider : "openai", FLT_STR("POST"), h->target, &r);
    return r.kind == FLT_ROUTE_GENERATE ? "POST" : "GET";
}

const struct px_refusal *px_route_find(const struct px_generation *g, uint32_t tenant, const struct px_h1_head *h,
                                       uint32_t *upstream, struct flt_route *route)
{
    *upstream = upstream_of(&g->tenants[tenant], h->target);
    bool known = *upstream != PX_NO_UPSTREAM;
    if (known)
        flt_route_match(g->upstreams[*upstream].provider, h->method, h->target, route);
    else
        px_route_guess(h, route);
    if (route->kind == FLT_ROUTE_NONE)
        return &no_route;
    if (!known)
        return &no_upstream;
    return route->kind == FLT_ROUTE_METHOD ? &no_method : NULL;
}

/* ---- media types ------------------------------------------------------------------------------------------------ */

/* Only "charset=utf-8", quoted or not, may follow the type. */
static bool parameters_ok(struct flt_str s)
{
    s = trim(s);
    if (s.n == 0)
        return true;
    if (s.p[0] != ';')
        return false;
    s = trim((struct flt_str){s.p + 1, s.n - 1});
    return s.n == 0 || flt_str_ieq(s, FLT_STR("charset=utf-8")) || flt_str_ieq(s, FLT_STR("charset=\"utf-8\""));
}

enum px_media px_route_media(const struct px_h1_head *h)
{
    static const struct {
        struct flt_str name;
        enum px_media media;
    } known[] = {{{"application/json", 16}, PX_MEDIA_JSON}, {{"text/event-stream", 17}, PX_MEDIA_SSE}};
    const struct flt_str *v = px_h1_get(h, "content-type");
    if (v == NULL)
        return PX_MEDIA_NONE;
    if (px_h1_count(h, "content-type") != 1)
        return PX_MEDIA_OTHER;
    for (size_t i = 0; i < FLT_ARRAY_LEN(known); i++) {
        size_t n = known[i].name.n;
        if (v->n >= n && flt_str_ieq((struct flt_str){v->p, n}, known[i].name))
            return parameters_ok((struct flt_str){v->p + n, v->n - n}) ? known[i].media : PX_MEDIA_OTHER;
    }
    return PX_MEDIA_OTHER;
}

bool px_route_encoded(const struct px_h1_head *h)
{
    unsigned n = px_h1_count(h, "content-encoding");
    return n > 1 || (n == 1 && !flt_str_ieq(*px_h1_get(h, "content-encoding"), FLT_STR("identity")));
}

const struct px_refusal *px_route_check_body(const struct px_h1_head *h, const struct flt_route *route)
{
    bool empty = h->body == PX_H1_BODY_NONE || (h->body == PX_H1_BODY_LENGTH && h->length == 0);
    if (route->kind == FLT_ROUTE_METADATA)
        return empty ? NULL : &unwanted_body;
    if (px_route_encoded(h))
        return &encoded;
    if (px_route_media(h) != PX_MEDIA_JSON)
        return &not_json;
    return empty ? &missing_body : NULL;
}
