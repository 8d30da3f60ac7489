/* generation.c: builds a generation from a loaded configuration, and finds tenants by the digest of a key. */
#include "core/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "net/tls.h"

#define ARENA_MAX ((size_t)256 << 20)

struct build {
    struct px_generation *g;
    struct flt_diag *d;
};

static const char *cstr(struct build *b, struct flt_str s)
{
    if (s.n == 0)
        return NULL;
    const char *p = flt_arena_dup(b->g->arena, s.p, s.n);
    if (p == NULL)
        flt_diag_add(b->d, FLT_E_NOMEM, NULL, 0, 0, NULL, "out of memory");
    return p;
}

static void add_err(struct build *b, const struct flt_err *e, unsigned line, unsigned col, const char *path)
{
    char file[256];
    snprintf(file, sizeof(file), "%.*s", FLT_STR_ARG(b->g->config->file));
    flt_diag_add(b->d, e->status != FLT_OK ? e->status : FLT_E_CONFIG, file, line, col, path, "%s", e->message);
}

/* ---- listeners -------------------------------------------------------------------------------------------------- */

static void build_listener(struct build *b, uint32_t i)
{
    const struct px_listen_conf *l = &b->g->config->listen[i];
    if (!l->tls)
        return;
    char session[32], path[48];
    snprintf(session, sizeof(session), "listen %u", (unsigned)i);
    snprintf(path, sizeof(path), "listen[%u].tls", (unsigned)i);
    struct px_tls_server_conf conf = {.certificate = cstr(b, l->certificate),
                                      .key = cstr(b, l->key),
                                      .client_ca = cstr(b, l->client_ca),
                                      .n_sni = l->n_sni,
                                      .session_context = session};
    if (l->n_sni != 0) {
        conf.sni = flt_arena_calloc(b->g->arena, l->n_sni, sizeof(*conf.sni));
        if (conf.sni == NULL) {
            flt_diag_add(b->d, FLT_E_NOMEM, NULL, 0, 0, path, "out of memory");
            return;
        }
    }
    for (uint32_t k = 0; k < l->n_sni; k++) {
        conf.sni[k].name = cstr(b, l->sni[k].name);
        conf.sni[k].certificate = cstr(b, l->sni[k].certificate);
        conf.sni[k].key = cstr(b, l->sni[k].key);
    }
    struct flt_err err = {0};
    b->g->listen_tls[i] = px_tls_server(&conf, &err);
    if (b->g->listen_tls[i] == NULL)
        add_err(b, &err, l->line, l->col, path);
}

/* ---- upstreams -------------------------------------------------------------------------------------------------- */

/* Length first, so that two fields cannot run into each other. */
static bool hash_bytes(EVP_MD_CTX *md, const void *p, uint64_t n)
{
    return EVP_DigestUpdate(md, &n, sizeof(n)) == 1 && (n == 0 || EVP_DigestUpdate(md, p, n) == 1);
}

/* A file that cannot be read hashes as its name alone: making the SSL_CTX has reported it. */
static bool hash_file(EVP_MD_CTX *md, const char *file)
{
    if (!hash_bytes(md, file, file != NULL ? strlen(file) : 0))
        return false;
    int fd = file != NULL ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return true;
    char block[4096];
    bool ok = true;
    for (ssize_t n; ok && (n = read(fd, block, sizeof(block))) != 0;) {
        if (n > 0)
            ok = hash_bytes(md, block, (uint64_t)n);
        else if (errno != EINTR)
            break;
    }
    close(fd);
    flt_wipe(block, sizeof(block));
    return ok;
}

static bool fingerprint(const struct px_gen_upstream *u, const struct px_tls_client_conf *tls, uint8_t out[32])
{
    const struct px_upstream_entry *c = u->conf;
    const int64_t numbers[] = {c->port, c->tls, c->max_connections, c->max_queue, c->connect_ms, c->idle_ms};
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 && hash_bytes(md, c->name.p, c->name.n) &&
              hash_bytes(md, c->host.p, c->host.n) && hash_bytes(md, numbers, sizeof(numbers)) &&
              hash_bytes(md, c->pin_sha256.p, c->pin_sha256.n) && hash_file(md, tls->ca) &&
              hash_file(md, tls->certificate) && hash_file(md, tls->key) && EVP_DigestFinal_ex(md, out, NULL) == 1;
    EVP_MD_CTX_free(md);
    return ok;
}

static struct flt_str authority_of(struct build *b, const struct px_upstream_entry *c)
{
    bool literal6 = c->host.n != 0 && memchr(c->host.p, ':', c->host.n) != NULL;
    bool usual = c->port == (c->tls ? 443 : 80);
    char port[8] = "";
    if (!usual)
        snprintf(port, sizeof(port), ":%u", (unsigned)c->port);
    return flt_str_of(flt_arena_printf(b->g->arena, "%s%.*s%s%s", literal6 ? "[" : "", FLT_STR_ARG(c->host),
                                       literal6 ? "]" : "", port));
}

static void build_upstream(struct build *b, uint32_t i)
{
    const struct px_upstream_entry *c = &b->g->config->upstreams[i];
    struct px_gen_upstream *u = &b->g->upstreams[i];
    char path[160];
    snprintf(path, sizeof(path), "upstreams.%.*s", FLT_STR_ARG(c->name));
    u->conf = c;
    u->name = cstr(b, c->name);
    u->host = cstr(b, c->host);
    u->provider = cstr(b, c->provider);
    u->authority = authority_of(b, c);
    u->credential_name = c->credential_header;
    struct px_tls_client_conf tls = {.ca = cstr(b, c->ca),
                                     .certificate = cstr(b, c->certificate),
                                     .key = cstr(b, c->key),
                                     .pin_sha256 = cstr(b, c->pin_sha256)};
    if (c->tls) {
        struct flt_err err = {0};
        u->tls = px_tls_client(&tls, &err);
        if (u->tls == NULL)
            add_err(b, &err, 0, 0, path);
    }
    if (u->authority.p == NULL || !fingerprint(u, &tls, u->fingerprint))
        flt_diag_add(b->d, FLT_E_NOMEM, NULL, 0, 0, path, "out of memory");
}

/* ---- tenants and keys ------------------------------------------------------------------------------------------- */

static uint32_t find_upstream(struct build *b, const struct flt_tenant *t, struct flt_str name, unsigned line,
                              unsigned col)
{
    for (uint32_t i = 0; i < b->g->config->n_upstreams; i++) {
        if (flt_str_eq(b->g->config->upstreams[i].name, name))
            return i;
    }
    char file[256];
    snprintf(file, sizeof(file), "%.*s", FLT_STR_ARG(t->file));
    flt_diag_add(b->d, FLT_E_CONFIG, file, line, col, "upstream", "no upstream is named \"%.*s\"", FLT_STR_ARG(name));
    return PX_NO_UPSTREAM;
}

static void build_tenant(struct build *b, uint32_t i, struct px_limits *limits)
{
    const struct flt_tenant *t = &b->g->config->tenants[i];
    struct px_gen_tenant *out = &b->g->tenants[i];
    out->conf = t;
    out->limits = px_limits_of(limits, t->name);
    out->upstream = PX_NO_UPSTREAM;
    if (t->upstream.n != 0)
        out->upstream = find_upstream(b, t, t->upstream, t->upstream_line, t->upstream_col);
    out->route_upstream = flt_arena_calloc(b->g->arena, t->n_routes + 1, sizeof(*out->route_upstream));
    if (out->limits == NULL || out->route_upstream == NULL) {
        flt_diag_add(b->d, FLT_E_NOMEM, NULL, 0, 0, NULL, "out of memory");
        return;
    }
    for (uint32_t r = 0; r < t->n_routes; r++)
        out->route_upstream[r] = find_upstream(b, t, t->routes[r].upstream, t->routes[r].line, t->routes[r].col);
}

static uint32_t slot_of(const struct px_generation *g, const uint8_t sha256[32])
{
    uint32_t h;
    memcpy(&h, sha256, sizeof(h));
    return h & g->key_mask;
}

static void add_key(struct build *b, uint32_t tenant, const uint8_t sha256[32])
{
    struct px_generation *g = b->g;
    uint32_t s = slot_of(g, sha256);
    for (; g->keys[s].tenant != 0; s = (s + 1) & g->key_mask) {
        if (memcmp(g->keys[s].sha256, sha256, 32) != 0)
            continue;
        char file[256];
        const struct flt_tenant *t = &g->config->tenants[tenant];
        snprintf(file, sizeof(file), "%.*s", FLT_STR_ARG(t->file));
        flt_diag_add(b->d, FLT_E_CONFIG, file, 0, 0, "credentials", "the same key is already tenant \"%.*s\"'s",
                     FLT_STR_ARG(g->config->tenants[g->keys[s].tenant - 1].name));
        return;
    }
    memcpy(g->keys[s].sha256, sha256, 32);
    g->keys[s].tenant = tenant + 1;
}

static void build_keys(struct build *b)
{
    struct px_generation *g = b->g;
    size_t n = 0;
    for (uint32_t i = 0; i < g->config->n_tenants; i++)
        n += g->config->tenants[i].n_credentials;
    uint32_t cap = 64;
    while (cap < n * 2 && cap < UINT32_C(1) << 30)
        cap *= 2;
    g->key_mask = cap - 1;
    g->keys = flt_arena_calloc(g->arena, cap, sizeof(*g->keys));
    if (g->keys == NULL || n > cap / 2) {
        flt_diag_add(b->d, FLT_E_NOMEM, NULL, 0, 0, "tenants", "too many credentials for memory");
        return;
    }
    for (uint32_t i = 0; i < g->config->n_tenants; i++) {
        for (uint32_t k = 0; k < g->config->tenants[i].n_credentials; k++)
            add_key(b, i, g->config->tenants[i].credentials[k].sha256);
    }
}

uint32_t px_generation_key(const struct px_generation *g, const uint8_t sha256[32])
{
    uint32_t found = 0;
    uint32_t s = slot_of(g, sha256);
    /* The free slot that ends the probe is compared like the others; its tenant is 0, so it never counts. */
    for (bool last = false; !last; s = (s + 1) & g->key_mask) {
        const struct px_gen_key *k = &g->keys[s];
        uint32_t same = CRYPTO_memcmp(k->sha256, sha256, sizeof(k->sha256)) == 0;
        found |= (0u - same) & k->tenant;
        last = k->tenant == 0;
    }
    return found - 1; /* none: UINT32_MAX */
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static bool allocate(struct px_generation *g)
{
    const struct px_config *c = g->config;
    g->arena = flt_arena_new(ARENA_MAX);
    if (g->arena == NULL)
        return false;
    g->listen_tls = flt_arena_calloc(g->arena, c->n_listen + 1, sizeof(SSL_CTX *));
    g->upstreams = flt_arena_calloc(g->arena, c->n_upstreams + 1, sizeof(*g->upstreams));
    g->tenants = flt_arena_calloc(g->arena, c->n_tenants + 1, sizeof(*g->tenants));
    return g->listen_tls != NULL && g->upstreams != NULL && g->tenants != NULL;
}

static void build_snapshot(struct build *b, const char *cache_dir)
{
    const struct px_config *c = b->g->config;
    struct flt_snapshot_conf conf = {.ruleset_dirs = c->rulesets,
                                     .n_ruleset_dirs = c->n_rulesets,
                                     .tenants = c->tenants,
                                     .n_tenants = c->n_tenants,
                                     .cache_dir = cache_dir};
    b->g->snapshot = flt_snapshot_build(&conf, b->d);
    if (b->g->snapshot == NULL && !flt_diag_failed(b->d))
        flt_diag_add(b->d, FLT_E_NOMEM, NULL, 0, 0, "rulesets", "the rules could not be compiled");
}

struct px_generation *px_generation_build(struct px_config *config, const char *cache_dir, struct px_limits *limits,
                                          struct flt_diag *d)
{
    struct px_generation *g = calloc(1, sizeof(*g));
    if (g == NULL) {
        px_config_free(config);
        flt_diag_add(d, FLT_E_NOMEM, NULL, 0, 0, NULL, "out of memory");
        return NULL;
    }
    g->config = config;
    struct build b = {.g = g, .d = d};
    if (!allocate(g)) {
        flt_diag_add(d, FLT_E_NOMEM, NULL, 0, 0, NULL, "out of memory");
        px_generation_free(g);
        return NULL;
    }
    for (uint32_t i = 0; i < config->n_listen; i++)
        build_listener(&b, i);
    for (uint32_t i = 0; i < config->n_upstreams; i++)
        build_upstream(&b, i);
    for (uint32_t i = 0; i < config->n_tenants; i++)
        build_tenant(&b, i, limits);
    build_keys(&b);
    build_snapshot(&b, cache_dir);
    if (flt_diag_failed(d)) {
        px_generation_free(g);
        return NULL;
    }
    return g;
}

void px_generation_free(struct px_generation *g)
{
    if (g == NULL)
        return;
    for (uint32_t i = 0; g->listen_tls != NULL && i < g->config->n_listen; i++)
        SSL_CTX_free(g->listen_tls[i]);
    for (uint32_t i = 0; g->upstreams != NULL && i < g->config->n_upstreams; i++)
        SSL_CTX_free(g->upstreams[i].tls);
    flt_snapshot_free(g->snapshot);
    flt_arena_free(g->arena);
    px_config_free(g->config);
    free(g);
}
