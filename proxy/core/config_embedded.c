/* config_embedded.c: the configuration of `serve` without a file: one local tenant before the built-in fake upstream.
 */
#include "core/config_priv.h"

static bool fill_listen(struct px_config *c, const char *certificate, const char *key)
{
    c->listen = flt_arena_calloc(c->arena, 1, sizeof *c->listen);
    if (!c->listen)
        return false;
    bool ok[2] = {true, true};
    c->n_listen = 1;
    c->listen[0] = (struct px_listen_conf){
        .address = FLT_STR("127.0.0.1:8443"),
        .tls = true,
        .certificate = flt_arena_str(c->arena, flt_str_of(certificate), &ok[0]),
        .key = flt_arena_str(c->arena, flt_str_of(key), &ok[1]),
    };
    return ok[0] && ok[1];
}

static bool fill_upstream(struct px_config *c, uint16_t port)
{
    struct px_upstream_entry *u = flt_arena_calloc(c->arena, 1, sizeof *u);
    char *url = flt_arena_printf(c->arena, "http://127.0.0.1:%u", port);
    if (!u || !url)
        return false;
    px_conf_upstream_defaults(u);
    u->name = FLT_STR("mock");
    u->url = flt_str_of(url);
    u->host = FLT_STR("127.0.0.1");
    u->port = port;
    u->provider = FLT_STR("openai");
    c->upstreams = u;
    c->n_upstreams = 1;
    return true;
}

static bool fill_tenant(struct px_config *c, const uint8_t key_sha256[32])
{
    struct flt_tenant *t = flt_arena_calloc(c->arena, 1, sizeof *t);
    struct flt_credential *credential = flt_arena_calloc(c->arena, 1, sizeof *credential);
    if (!t || !credential)
        return false;
    flt_tenant_defaults(t);
    memcpy(credential->sha256, key_sha256, sizeof credential->sha256);
    t->name = FLT_STR("local");
    t->file = c->file;
    t->credentials = credential;
    t->n_credentials = 1;
    t->upstream = FLT_STR("mock");
    c->tenants = t;
    c->n_tenants = 1;
    return true;
}

struct px_config *px_config_embedded(const char *certificate, const char *key, const uint8_t key_sha256[32],
                                     uint16_t mock_port, struct flt_diag *d)
{
    struct px_config *c = calloc(1, sizeof *c);
    if (c && (c->arena = flt_arena_new(PX_CONF_ARENA_MAX))) {
        px_conf_defaults(c);
        c->file = FLT_STR("(built-in)");
        c->admin_address = FLT_STR("127.0.0.1:9901");
        if (fill_listen(c, certificate, key) && fill_upstream(c, mock_port) && fill_tenant(c, key_sha256))
            return c;
    }
    flt_diag_add(d, FLT_E_NOMEM, "(built-in)", 0, 0, "", "out of memory");
    px_config_free(c);
    return NULL;
}
