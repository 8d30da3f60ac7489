/* config_listen.c: the `listen` part: addresses and their certificates. */
#include "core/config_priv.h"

/* ---- certificates by name -------------------------------------------------------------------------------------- */

#define SNI(member) offsetof(struct px_listen_sni, member)

static void walk_sni_name(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_str *out = field, s = px_conf_str(w, n, 253, "a server name");
    struct flt_str host = flt_str_starts(s, FLT_STR("*.")) ? (struct flt_str){s.p + 2, s.n - 2} : s;
    bool good = s.n == 0 || px_conf_is_host(host);
    for (size_t i = 0; good && i < s.n; i++)
        good = (s.p[i] < 'A' || s.p[i] > 'Z') && s.p[i] != ':';
    if (!good)
        flt_walk_error(w, n, NULL,
                       "not a server name (expected a lower-case name such as api.example.com or "
                       "*.example.com)");
    *out = s;
}

static const struct flt_key sni_keys[] = {
    {.name = "name",
     .type = FLT_KEY_CUSTOM,
     .offset = SNI(name),
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_sni_name,
     .help = "server name asked for, or *.suffix"},
    {.name = "certificate",
     .type = FLT_KEY_CUSTOM,
     .offset = SNI(certificate),
     .flags = FLT_KEY_REQUIRED,
     .fn = px_conf_file,
     .help = "PEM file, chain included"},
    {.name = "key",
     .type = FLT_KEY_CUSTOM,
     .offset = SNI(key),
     .flags = FLT_KEY_REQUIRED,
     .fn = px_conf_file,
     .help = "PEM file of the private key"},
    {0},
};

static void walk_sni_item(struct flt_walk *w, flt_node *n, void *element)
{
    (void)flt_walk_map(w, n, sni_keys, element);
}

static void walk_sni(struct flt_walk *w, flt_node *n, void *field)
{
    static const struct px_conf_list list = {sizeof(struct px_listen_sni), "a list of {name, certificate, key}",
                                             walk_sni_item};
    struct px_listen_conf *l = field;
    void *v = NULL;
    if (px_conf_list(w, n, &list, &v, &l->n_sni))
        l->sni = v;
}

/* ---- one listener ---------------------------------------------------------------------------------------------- */

#define LISTEN(member) offsetof(struct px_listen_conf, member)

static const struct flt_key tls_keys[] = {
    {.name = "certificate",
     .type = FLT_KEY_CUSTOM,
     .offset = LISTEN(certificate),
     .flags = FLT_KEY_REQUIRED,
     .fn = px_conf_file,
     .help = "PEM file, chain included"},
    {.name = "key",
     .type = FLT_KEY_CUSTOM,
     .offset = LISTEN(key),
     .flags = FLT_KEY_REQUIRED,
     .fn = px_conf_file,
     .help = "PEM file of the private key"},
    {.name = "client_ca",
     .type = FLT_KEY_CUSTOM,
     .offset = LISTEN(client_ca),
     .fn = px_conf_file,
     .help = "PEM file: client certificates are asked for and must be signed by one of these"},
    {.name = "sni",
     .type = FLT_KEY_CUSTOM,
     .fn = walk_sni,
     .keys = sni_keys,
     .each = "[]",
     .help = "further certificates, chosen by server name"},
    {0},
};

static void walk_tls(struct flt_walk *w, flt_node *n, void *field)
{
    struct px_listen_conf *l = field;
    struct flt_str s = flt_node_str(n);
    if (flt_node_is_scalar(n) && (flt_str_is(s, "off") || flt_str_is(s, "false") || flt_str_is(s, "no")))
        return;
    l->tls = true;
    if (flt_node_is_map(n))
        (void)flt_walk_map(w, n, tls_keys, l);
    else
        flt_walk_error(w, n, NULL, "not a map (expected {certificate, key}, or off)");
}

static void walk_address(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_str *out = field, host;
    uint16_t port = 0;
    *out = px_conf_str(w, n, 255, "an address such as 127.0.0.1:8443");
    if (out->n != 0 && !px_conf_split_address(*out, &host, &port))
        flt_walk_error(w, n, NULL,
                       "not an address with a port (expected 127.0.0.1:8443, [::1]:8443 or localhost:8443)");
}

const struct flt_key px_conf_listen_keys[] = {
    {.name = "address",
     .type = FLT_KEY_CUSTOM,
     .offset = LISTEN(address),
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_address,
     .help = "IP address and port; port 0 takes a free one"},
    {.name = "tls",
     .type = FLT_KEY_CUSTOM,
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_tls,
     .keys = tls_keys,
     .help = "{certificate, key}, or off"},
    {.name = "allow_plain",
     .type = FLT_KEY_BOOL,
     .offset = LISTEN(allow_plain),
     .help = "true: plain HTTP on an address that is not loopback"},
    {0},
};

static void walk_listener(struct flt_walk *w, flt_node *n, void *element)
{
    struct px_listen_conf *l = element;
    struct flt_str host = {0};
    uint16_t port = 0;
    flt_node_where(n, &l->line, &l->col);
    (void)flt_walk_map(w, n, px_conf_listen_keys, l);
    bool known = l->address.n != 0 && px_conf_split_address(l->address, &host, &port);
    if (known && flt_node_get(n, "tls") && !l->tls && !l->allow_plain && !px_conf_is_loopback(host))
        flt_walk_error(w, flt_node_get(n, "tls"), "tls",
                       "plain HTTP beyond loopback (expected {certificate, key}, a loopback address, or "
                       "allow_plain: true)");
}

void px_conf_listen(struct flt_walk *w, flt_node *n, void *field)
{
    static const struct px_conf_list list = {sizeof(struct px_listen_conf), "a list of {address, tls}", walk_listener};
    struct px_config *c = field;
    void *v = NULL;
    if (!px_conf_list(w, n, &list, &v, &c->n_listen))
        return;
    c->listen = v;
    for (uint32_t i = 0; i < c->n_listen; i++)
        for (uint32_t k = 0; k < i; k++) {
            struct flt_str host;
            uint16_t port = 0;
            if (c->listen[i].address.n == 0 || !flt_str_eq(c->listen[i].address, c->listen[k].address))
                continue;
            if (!px_conf_split_address(c->listen[i].address, &host, &port) || port == 0)
                continue;
            size_t mark = flt_walk_push_index(w, i);
            flt_walk_error(w, flt_node_item(n, i), "address", "the same address stands in listen[%u]", k);
            flt_walk_pop(w, mark);
        }
}
