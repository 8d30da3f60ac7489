/*
 * tls.h: SSL_CTX construction, for listeners (server) and upstreams (client).
 *
 * Server: TLS 1.2 and 1.3 only, AEAD + ECDHE suites, no renegotiation, no compression, ALPN http/1.1, one ticket, a session id
 * context per listener. Client: TLS 1.2+, chain and name verified (SSL_VERIFY_PEER, set1_host, no partial wildcards), session
 * cache by the pool. In both: SSL_MODE_RELEASE_BUFFERS (an idle connection has none), ENABLE_PARTIAL_WRITE, ACCEPT_MOVING_WRITE_BUFFER,
 * and read-ahead (one receive a record; io.c asks the library for what it holds, because no socket event will tell).
 */
#ifndef PX_TLS_H
#define PX_TLS_H

#include <openssl/ssl.h>

#include "flt/base.h"

struct px_tls_server_conf {
    const char *certificate, *key; /* PEM files; certificate may hold the chain */
    const char *client_ca;         /* NULL = no client certificate is asked for */
    struct px_tls_sni {            /* further certificates chosen by server name (lower-case, or "*.suffix") */
        const char *name, *certificate, *key;
    } *sni;
    unsigned n_sni;
    const char *session_context; /* listener id, <= 32 bytes */
};
/* NULL with a message in *err (file named; no key material). */
SSL_CTX *px_tls_server(const struct px_tls_server_conf *conf, struct flt_err *err);

struct px_tls_client_conf {
    const char *ca;              /* PEM bundle; NULL = system roots */
    const char *certificate, *key; /* client certificate; NULL = none */
    const char *pin_sha256;      /* 64 hex digits of the leaf's SPKI SHA-256; NULL = none; checked besides the chain */
};
SSL_CTX *px_tls_client(const struct px_tls_client_conf *conf, struct flt_err *err);

/* Self-signed P-256 certificate for localhost, 127.0.0.1 and ::1, written to two files (mode 0600, created atomically). */
int px_tls_make_local(const char *certificate, const char *key, struct flt_err *err) FLT_MUST_CHECK;

#endif
