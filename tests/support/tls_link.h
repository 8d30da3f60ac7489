/*
 * tls_link.h: a TLS client and server of ours in one loop, with certificates of every kind.
 */
#ifndef TEST_TLS_LINK_H
#define TEST_TLS_LINK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "certs.h"
#include "io_sides.h"
#include "net/tls.h"

static struct certs certs;
static const char *const leaves[] = {"good", "other", "expired", "self", "cn", "wild", "deep", "ip", "client"};

/* The full path of a file of the folder, valid until the program ends. */
static inline const char *path_of(const char *file)
{
    static char known[32][128];
    char path[128];
    certs_path(&certs, file, path, sizeof(path));
    for (size_t i = 0; i < FLT_ARRAY_LEN(known); i++) {
        if (known[i][0] == '\0')
            memcpy(known[i], path, sizeof(path));
        if (strcmp(known[i], path) == 0)
            return known[i];
    }
    abort();
}

static inline int make_certs(void **state)
{
    (void)state;
    static const struct cert_want want[] = {
        {.san = "DNS:localhost"},
        {.san = "DNS:other.example"},
        {.san = "DNS:localhost", .expired = true},
        {.san = "DNS:localhost", .self_signed = true},
        {.san = NULL},
        {.san = "DNS:*.svc.example"},
        {.san = "DNS:*.example"},
        {.san = "IP:127.0.0.1"},
        {.san = "DNS:client", .client = true},
    };
    if (!certs_init(&certs))
        return -1;
    for (size_t i = 0; i < FLT_ARRAY_LEN(leaves); i++)
        if (!certs_leaf(&certs, leaves[i], &want[i]))
            return -1;
    return 0;
}

static inline int remove_certs(void **state)
{
    (void)state;
    certs_remove(&certs, leaves, FLT_ARRAY_LEN(leaves));
    return 0;
}

static inline SSL_CTX *server_ctx(const char *leaf)
{
    struct flt_err err;
    char cert[64], key[64];
    snprintf(cert, sizeof(cert), "%s.pem", leaf);
    snprintf(key, sizeof(key), "%s.key", leaf);
    struct px_tls_server_conf conf = {.certificate = path_of(cert), .key = path_of(key), .session_context = "test"};
    SSL_CTX *ctx = px_tls_server(&conf, &err);
    assert_non_null(ctx);
    return ctx;
}

static inline SSL_CTX *client_ctx(const char *pin)
{
    struct flt_err err;
    struct px_tls_client_conf conf = {.ca = path_of("ca.pem"), .pin_sha256 = pin};
    SSL_CTX *ctx = px_tls_client(&conf, &err);
    assert_non_null(ctx);
    return ctx;
}

struct link {
    struct loop loop;
    struct side server, client;
    SSL_CTX *server_ctx, *client_ctx;
};

static inline void connect_to(struct link *k, const char *name, SSL_SESSION *session)
{
    struct sockaddr_in sa;
    int listener = loopback_listen(&sa);
    struct px_io_peer peer = {.addr = (const struct sockaddr *)&sa,
                              .addr_len = sizeof(sa),
                              .ssl_ctx = k->client_ctx,
                              .name = name,
                              .session = session,
                              .on_session = side_session};
    struct px_io_conf conf = side_conf(&k->client), server_conf = side_conf(&k->server);
    k->client.io = px_io_connect(k->loop.io, &peer, &conf);
    assert_non_null(k->client.io);
    int fd = accept(listener, NULL, NULL);
    close(listener);
    assert_true(fd >= 0);
    k->server.io = px_io_accept(k->loop.io, fd, k->server_ctx, &server_conf);
    assert_non_null(k->server.io);
}

static inline void start(struct link *k, const char *leaf, const char *pin)
{
    memset(k, 0, sizeof(*k));
    loop_init(&k->loop);
    k->server_ctx = server_ctx(leaf);
    k->client_ctx = client_ctx(pin);
}

static inline void hang_up(struct link *k)
{
    side_clear(&k->server);
    side_clear(&k->client);
}

static inline void stop(struct link *k)
{
    hang_up(k);
    SSL_CTX_free(k->server_ctx);
    SSL_CTX_free(k->client_ctx);
    loop_free(&k->loop);
}

static inline bool both_open(const struct link *k)
{
    return k->server.opens == 1 && k->client.opens == 1;
}

#endif
