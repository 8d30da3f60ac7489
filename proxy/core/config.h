/*
 * config.h: sallyport.yaml as read. Every key stands in one table (config.c, config_listen.c, config_upstream.c), with
 * type, range and help; the full example conf/sallyport.full.yaml is tested to list every key.
 */
#ifndef PX_CONFIG_H
#define PX_CONFIG_H

#include "flt/engine.h"
#include "flt/policy.h"
#include "flt/yaml.h"

struct px_listen_conf {
    struct flt_str address;
    bool tls;
    struct flt_str certificate, key, client_ca; /* absolute paths after loading */
    struct px_listen_sni {
        struct flt_str name, certificate, key;
    } *sni;
    uint32_t n_sni;
    bool allow_plain; /* plain HTTP beyond loopback */
    unsigned line, col;
};

struct px_upstream_entry {
    struct flt_str name;
    struct flt_str url; /* as written */
    struct flt_str host;
    uint16_t port;
    bool tls;
    struct flt_str provider;
    struct flt_str ca, certificate, key, pin_sha256; /* absolute paths; empty = absent */
    struct flt_str credential_header; /* empty = the client's own credential passes through */
    struct flt_str credential;        /* the header's value as sent; secret: wiped with the config */
    int64_t max_connections, max_queue, connect_ms, first_byte_ms, idle_body_ms, idle_ms;
};

struct px_config {
    struct flt_arena *arena;
    struct flt_str file;
    int64_t workers; /* 0 = one per core */
    struct px_listen_conf *listen;
    uint32_t n_listen;
    struct flt_str admin_address; /* empty = none */
    struct flt_str audit_file;    /* absolute; empty = none; "-" = standard output */
    bool audit_fsync;
    int log_level;                /* 0 error .. 4 debug; default 3 info */
    struct flt_str *rulesets;     /* absolute folders; n = 0: built-in packs */
    uint32_t n_rulesets;
    struct px_upstream_entry *upstreams;
    uint32_t n_upstreams;
    struct flt_tenant *tenants;
    uint32_t n_tenants;
    struct px_limits_conf {
        int64_t max_connections;  /* clients per process; default 20,000 */
        int64_t max_head_bytes;   /* 16 KiB */
        int64_t max_headers;      /* 100 */
        int64_t handshake_ms;     /* 10 s */
        int64_t head_ms;          /* 30 s from first byte of a request (or from accept) to its complete head */
        int64_t body_ms;          /* 60 s for the whole request body */
        int64_t keepalive_ms;     /* 360 s idle between requests */
        int64_t slow_client_ms;   /* 60 s without the client taking a byte we have queued */
        int64_t stream_ms;        /* 1 h for one whole answer */
        int64_t drain_ms;         /* 600 s after SIGTERM */
        int64_t max_frame_bytes;  /* one SSE event: 2 MiB */
        int64_t max_queue_bytes;  /* held frames of one stream: 4 MiB */
    } limits;
};

/* Reads file and everything it names. All problems go to *d; NULL when one of them is an error. */
struct px_config *px_config_load(const char *file, struct flt_diag *d);
/*
 * The same for tools that send nothing (check, explain): what only a running server needs (certificates, keys, CA
 * bundles, credentials, the audit file's folder) is neither read nor looked for.
 */
struct px_config *px_config_load_policy(const char *file, struct flt_diag *d);
/*
 * The embedded default of `serve` without -c: TLS on 127.0.0.1:8443 with the given certificate files, admin on
 * 127.0.0.1:9901, one tenant "local" whose key has the given SHA-256, built-in packs, one plain loopback upstream at
 * mock_port.
 */
struct px_config *px_config_embedded(const char *certificate, const char *key, const uint8_t key_sha256[32],
                                     uint16_t mock_port, struct flt_diag *d);
void px_config_free(struct px_config *c); /* wipes credentials */

/*
 * The key tables, for the documentation test: every leaf key of sallyport.yaml as a path ("listen[].tls.certificate"),
 * with help. Those of tenant files: flt_tenant_keys.
 */
void px_config_keys(void (*fn)(void *arg, const char *path, const char *help), void *arg);

#endif
