/*
 * config.c: the top of sallyport.yaml: its table, its defaults, and the small things the other parts share.
 * Reading a file is config_load.c; listeners and upstreams have files of their own.
 */
#include "core/config_priv.h"

/* ---- shared ---------------------------------------------------------------------------------------------------- */

struct flt_str px_conf_str(struct flt_walk *w, flt_node *n, int64_t max, const char *expected)
{
    const struct flt_key row = {.name = "", .type = FLT_KEY_STR, .max = max, .help = expected};
    struct flt_str out = FLT_STR("");
    flt_walk_value(w, n, &row, &out);
    return out;
}

bool px_conf_list(struct flt_walk *w, flt_node *n, const struct px_conf_list *l, void **v, uint32_t *count)
{
    uint32_t items = flt_node_count(n);
    if (!flt_node_is_list(n) || items == 0) {
        flt_walk_error(w, n, NULL, "%s (expected %s)", flt_node_is_map(n) ? "not a list" : "empty", l->expected);
        return false;
    }
    char *elements = flt_arena_calloc(w->arena, items, l->size);
    if (!elements) {
        flt_walk_error(w, n, NULL, "out of memory");
        return false;
    }
    for (uint32_t i = 0; i < items; i++) {
        size_t mark = flt_walk_push_index(w, i);
        l->item(w, flt_node_item(n, i), elements + i * l->size);
        flt_walk_pop(w, mark);
    }
    *v = elements;
    *count = items;
    return true;
}

/* ---- keys with words of their own ------------------------------------------------------------------------------ */

static void walk_version(struct flt_walk *w, flt_node *n, void *field)
{
    (void)field;
    if (!flt_str_is(flt_node_str(n), "1"))
        flt_walk_error(w, n, NULL, "not a version this program reads (expected 1)");
}

static void walk_workers(struct flt_walk *w, flt_node *n, void *field)
{
    static const struct flt_key row = {
        .name = "", .type = FLT_KEY_INT, .min = 1, .max = 1024, .help = "auto, or a number of threads"};
    if (flt_str_is(flt_node_str(n), "auto"))
        *(int64_t *)field = 0;
    else
        flt_walk_value(w, n, &row, field);
}

static void walk_admin_address(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_str *out = field, host;
    uint16_t port = 0;
    *out = px_conf_str(w, n, 255, "an address such as 127.0.0.1:9901");
    if (out->n == 0)
        return;
    if (!px_conf_split_address(*out, &host, &port))
        flt_walk_error(w, n, NULL,
                       "not an address with a port (expected 127.0.0.1:9901, [::1]:9901 or localhost:9901)");
    else if (!px_conf_is_loopback(host))
        flt_walk_warn(w, n, NULL, "reachable beyond this machine, without a login");
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

#define CONF(member)  offsetof(struct px_config, member)
#define LIMIT(member) offsetof(struct px_limits_conf, member)
#define TIME(key, member, words)                                                                                       \
    {                                                                                                                  \
        .name = key, .type = FLT_KEY_DURATION, .offset = LIMIT(member), .min = 1, .max = PX_CONF_MS_MAX, .help = words \
    }

static const struct flt_key limit_keys[] = {
    {.name = "max_connections",
     .type = FLT_KEY_INT,
     .offset = LIMIT(max_connections),
     .min = 1,
     .max = PX_CONF_COUNT_MAX,
     .help = "client connections of the whole process"},
    {.name = "max_head_bytes",
     .type = FLT_KEY_SIZE,
     .offset = LIMIT(max_head_bytes),
     .min = 1024,
     .max = 1 << 20,
     .help = "a request's line and headers"},
    {.name = "max_headers",
     .type = FLT_KEY_INT,
     .offset = LIMIT(max_headers),
     .min = 10,
     .max = 10000,
     .help = "header lines of a request"},
    TIME("handshake_timeout", handshake_ms, "for a client's TLS handshake"),
    TIME("head_timeout", head_ms, "for the complete head of a request"),
    TIME("body_timeout", body_ms, "for the complete body of a request"),
    TIME("keepalive", keepalive_ms, "an idle client connection is kept so long"),
    TIME("slow_client_timeout", slow_client_ms, "without the client taking a byte"),
    TIME("stream_timeout", stream_ms, "for one whole answer"),
    TIME("drain_timeout", drain_ms, "for open requests after SIGTERM"),
    {.name = "max_frame_bytes",
     .type = FLT_KEY_SIZE,
     .offset = LIMIT(max_frame_bytes),
     .min = 4096,
     .max = 1 << 30,
     .help = "one event of a stream"},
    {.name = "max_queue_bytes",
     .type = FLT_KEY_SIZE,
     .offset = LIMIT(max_queue_bytes),
     .min = 4096,
     .max = 1 << 30,
     .help = "events of one stream that are held back"},
    {0},
};

static const struct flt_key admin_keys[] = {
    {.name = "address",
     .type = FLT_KEY_CUSTOM,
     .offset = CONF(admin_address),
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_admin_address,
     .help = "/metrics, /healthz and /readyz answer here"},
    {0},
};

static const struct flt_key audit_keys[] = {
    {.name = "file",
     .type = FLT_KEY_CUSTOM,
     .offset = CONF(audit_file),
     .flags = FLT_KEY_REQUIRED,
     .fn = px_conf_audit_file,
     .help = "records of decisions, one JSON object a line; - is standard output"},
    {.name = "fsync",
     .type = FLT_KEY_BOOL,
     .offset = CONF(audit_fsync),
     .help = "true: wait for the disk at each record"},
    {0},
};

static const char *const level_names[] = {"error", "warn", "notice", "info", "debug", NULL};
static const struct flt_key log_keys[] = {
    {.name = "level",
     .type = FLT_KEY_ENUM,
     .offset = CONF(log_level),
     .names = level_names,
     .help = "error, warn, notice, info or debug"},
    {0},
};

const struct flt_key px_conf_keys[] = {
    {.name = "version", .type = FLT_KEY_CUSTOM, .flags = FLT_KEY_REQUIRED, .fn = walk_version, .help = "1"},
    {.name = "workers",
     .type = FLT_KEY_CUSTOM,
     .offset = CONF(workers),
     .fn = walk_workers,
     .help = "threads that serve; auto is one per core"},
    {.name = "listen",
     .type = FLT_KEY_CUSTOM,
     .flags = FLT_KEY_REQUIRED,
     .fn = px_conf_listen,
     .keys = px_conf_listen_keys,
     .each = "[]",
     .help = "a list of {address, tls}"},
    {.name = "admin", .type = FLT_KEY_MAP, .keys = admin_keys},
    {.name = "audit", .type = FLT_KEY_MAP, .keys = audit_keys},
    {.name = "log", .type = FLT_KEY_MAP, .keys = log_keys},
    {.name = "rulesets",
     .type = FLT_KEY_CUSTOM,
     .fn = px_conf_folders,
     .help = "folders of rule packs; those built into the program when absent"},
    {.name = "upstreams",
     .type = FLT_KEY_CUSTOM,
     .flags = FLT_KEY_REQUIRED,
     .fn = px_conf_upstreams,
     .keys = px_conf_upstream_keys,
     .each = ".<name>",
     .help = "name: {url, provider} lines"},
    {.name = "tenants",
     .type = FLT_KEY_CUSTOM,
     .flags = FLT_KEY_REQUIRED,
     .fn = px_conf_tenant_globs,
     .help = "tenant files, or globs such as tenants/*.yaml"},
    {.name = "limits", .type = FLT_KEY_MAP, .offset = CONF(limits), .keys = limit_keys},
    {0},
};

void px_config_keys(void (*fn)(void *arg, const char *path, const char *help), void *arg)
{
    flt_walk_keys(px_conf_keys, "", fn, arg);
}

void px_conf_defaults(struct px_config *c)
{
    c->log_level = 3;
    c->limits = (struct px_limits_conf){
        .max_connections = 20000,
        .max_head_bytes = 16 << 10,
        .max_headers = 100,
        .handshake_ms = 10000,
        .head_ms = 30000,
        .body_ms = 60000,
        .keepalive_ms = 360000,
        .slow_client_ms = 60000,
        .stream_ms = 3600000,
        .drain_ms = 600000,
        .max_frame_bytes = 2 << 20,
        .max_queue_bytes = 4 << 20,
    };
}

void px_config_free(struct px_config *c)
{
    if (!c)
        return;
    flt_arena_free(c->arena); /* wipes: credentials lie there */
    free(c);
}
