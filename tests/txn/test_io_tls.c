/*
 * The stream seam over TLS, and the contexts of tls.h: what is verified, what is refused, how connections end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>

#include <openssl/err.h>

#include "certs.h"
#include "io_sides.h"
#include "net/tls.h"

static struct certs certs;
static const char *const leaves[] = {"good", "other", "expired", "self", "cn", "wild", "deep", "ip", "client"};

/* The full path of a file of the folder, valid until the program ends. */
static const char *path_of(const char *file)
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

static int make_certs(void **state)
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

static int remove_certs(void **state)
{
    (void)state;
    certs_remove(&certs, leaves, FLT_ARRAY_LEN(leaves));
    return 0;
}

static SSL_CTX *server_ctx(const char *leaf)
{
    struct flt_err err;
    char cert[64], key[64];
    snprintf(cert, sizeof(cert), "%s.pem", leaf);
    snprintf(key, sizeof(key), "%s.key", leaf);
    struct px_tls_server_conf conf = {
        .certificate = path_of(cert), .key = path_of(key), .session_context = "test"};
    SSL_CTX *ctx = px_tls_server(&conf, &err);
    assert_non_null(ctx);
    return ctx;
}

static SSL_CTX *client_ctx(const char *pin)
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

static void connect_to(struct link *k, const char *name, SSL_SESSION *session)
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

static void start(struct link *k, const char *leaf, const char *pin)
{
    memset(k, 0, sizeof(*k));
    loop_init(&k->loop);
    k->server_ctx = server_ctx(leaf);
    k->client_ctx = client_ctx(pin);
}

static void hang_up(struct link *k)
{
    side_clear(&k->server);
    side_clear(&k->client);
}

static void stop(struct link *k)
{
    hang_up(k);
    SSL_CTX_free(k->server_ctx);
    SSL_CTX_free(k->client_ctx);
    loop_free(&k->loop);
}

static bool both_open(const struct link *k)
{
    return k->server.opens == 1 && k->client.opens == 1;
}

static void data_is_complete_before_the_end_in_sixty_rounds(void **state)
{
    (void)state;
    struct link k;
    char text[33000];
    memset(text, 'x', sizeof(text));
    start(&k, "good", NULL);
    for (int round = 0; round < 60; round++) {
        k.server.say_on_open = text;
        k.server.say_n = sizeof(text);
        connect_to(&k, "localhost", NULL);
        assert_true(LOOP_UNTIL(&k.loop, k.server.opens == 1));
        px_io_close(k.server.io, PX_CLOSE_CLEAN, 0);
        assert_true(LOOP_UNTIL(&k.loop, k.client.ends == 1));
        assert_int_equal(k.client.end[0], PX_IO_EOF);
        assert_int_equal(k.client.n_at_end, sizeof(text));
        hang_up(&k);
    }
    stop(&k);
}

static void an_unclean_close_is_seen_as_truncation(void **state)
{
    (void)state;
    struct link k;
    start(&k, "good", NULL);
    connect_to(&k, "localhost", NULL);
    assert_true(LOOP_UNTIL(&k.loop, both_open(&k)));
    assert_int_equal(px_io_write(k.server.io, "half", 4), FLT_OK);
    px_io_close(k.server.io, PX_CLOSE_UNCLEAN, 0);
    assert_true(LOOP_UNTIL(&k.loop, k.client.ends == 1));
    assert_int_equal(k.client.end[0], PX_IO_TRUNCATED);
    assert_int_equal(k.client.n_at_end, 4);
    stop(&k);
}

static void output_still_works_after_the_peer_ended(void **state)
{
    (void)state;
    static const enum px_io_close how[] = {PX_CLOSE_CLEAN, PX_CLOSE_UNCLEAN};
    for (size_t i = 0; i < FLT_ARRAY_LEN(how); i++) {
        struct link k;
        start(&k, "good", NULL);
        connect_to(&k, "localhost", NULL);
        assert_true(LOOP_UNTIL(&k.loop, both_open(&k)));
        px_io_close(k.client.io, how[i], 2000);
        assert_true(LOOP_UNTIL(&k.loop, k.server.ends == 1));
        assert_int_equal(k.server.end[0], how[i] == PX_CLOSE_CLEAN ? PX_IO_EOF : PX_IO_TRUNCATED);
        assert_int_equal(px_io_write(k.server.io, "answer", 6), FLT_OK);
        assert_true(LOOP_UNTIL(&k.loop, px_io_queued(k.server.io) == 0));
        assert_int_equal(px_io_sent(k.server.io), 6);
        assert_int_equal(k.server.ends, 1);
        side_free_io(&k.server);
        assert_true(LOOP_UNTIL(&k.loop, k.client.closes == 1));
        stop(&k);
    }
}

static void both_directions_carry_much_at_once(void **state)
{
    (void)state;
    size_t n = 16u * 1024u * 1024u; /* more than both sockets hold */
    char *text = malloc(n);
    struct link k;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)((i * 31 + i / 1000) & 0xff);
    start(&k, "good", NULL);
    connect_to(&k, "localhost", NULL);
    assert_true(LOOP_UNTIL(&k.loop, both_open(&k)));
    k.client.take_first = 10;
    for (size_t i = 0; i < n; i += 4096) {
        assert_int_equal(px_io_write(k.server.io, text + i, 4096), FLT_OK);
        assert_int_equal(px_io_write(k.client.io, text + i, 4096), FLT_OK);
        if (i % 65536 == 0)
            loop_once(&k.loop);
    }
    assert_true(px_io_full(k.server.io));
    assert_true(LOOP_UNTIL(&k.loop, k.server.n == n));
    assert_int_equal(k.client.n, 10);
    px_io_resume(k.client.io, PX_PAUSE_BUSY);
    assert_true(LOOP_UNTIL(&k.loop, k.client.n == n));
    assert_memory_equal(k.client.got, text, n);
    assert_memory_equal(k.server.got, text, n);
    assert_true(k.server.drains >= 1);
    stop(&k);
    free(text);
}

static void handshake_facts_are_known(void **state)
{
    (void)state;
    struct link k;
    start(&k, "good", NULL);
    connect_to(&k, "LOCALHOST.", NULL);
    assert_true(LOOP_UNTIL(&k.loop, both_open(&k)));
    assert_true(px_io_is_tls(k.server.io));
    assert_string_equal(px_io_tls_version(k.server.io), "TLSv1.3");
    assert_non_null(px_io_sni(k.server.io));
    assert_int_equal(strcasecmp(px_io_sni(k.server.io), "localhost"), 0);
    assert_false(px_io_tls_reused(k.client.io));
    stop(&k);
}

static void a_session_is_resumed(void **state)
{
    (void)state;
    struct link k;
    start(&k, "good", NULL);
    connect_to(&k, "localhost", NULL);
    k.client.say_on_open = "x";
    k.client.say_n = 1;
    assert_true(LOOP_UNTIL(&k.loop, k.client.session != NULL && k.server.n == 1));
    SSL_SESSION *session = k.client.session;
    k.client.session = NULL;
    px_io_close(k.client.io, PX_CLOSE_NOW, 0); /* even so it stays good */
    assert_true(LOOP_UNTIL(&k.loop, k.client.closes == 1));
    hang_up(&k);
    connect_to(&k, "localhost", session);
    assert_true(LOOP_UNTIL(&k.loop, both_open(&k)));
    assert_true(px_io_tls_reused(k.client.io));
    assert_true(px_io_tls_reused(k.server.io));
    SSL_SESSION_free(session);
    stop(&k);
}

static void a_session_of_one_certificate_is_not_resumed_under_another(void **state)
{
    (void)state;
    struct link k;
    struct flt_err err;
    memset(&k, 0, sizeof(k));
    loop_init(&k.loop);
    struct px_tls_sni sni = {"other.example", path_of("other.pem"), path_of("other.key")};
    struct px_tls_server_conf conf = {.certificate = path_of("good.pem"),
                                      .key = path_of("good.key"),
                                      .sni = &sni,
                                      .n_sni = 1,
                                      .session_context = "test"};
    k.server_ctx = px_tls_server(&conf, &err);
    assert_non_null(k.server_ctx);
    k.client_ctx = client_ctx(NULL);
    connect_to(&k, "localhost", NULL);
    assert_true(LOOP_UNTIL(&k.loop, k.client.session != NULL));
    SSL_SESSION *session = k.client.session;
    k.client.session = NULL;
    hang_up(&k);
    connect_to(&k, "other.example", session);
    assert_true(LOOP_UNTIL(&k.loop, both_open(&k)));
    assert_false(px_io_tls_reused(k.server.io));
    assert_string_equal(px_io_sni(k.server.io), "other.example");
    SSL_SESSION_free(session);
    stop(&k);
}

/* The client must refuse, tell why, and have sent nothing. */
static void refused(const char *leaf, const char *name, const char *pin, const char *words)
{
    struct link k;
    start(&k, leaf, pin);
    k.client.say_on_open = "the prompt";
    k.client.say_n = 10;
    connect_to(&k, name, NULL);
    assert_int_equal(px_io_write(k.client.io, "early", 5), FLT_OK); /* queued before the handshake: must not leave */
    assert_true(LOOP_UNTIL(&k.loop, k.client.ends == 1));
    assert_int_equal(k.client.end[0], PX_IO_TLS_ERROR);
    assert_int_equal(k.client.opens, 0);
    assert_int_equal(px_io_sent(k.client.io), 0);
    if (strstr(px_io_error(k.client.io), words) == NULL)
        fail_msg("%s: \"%s\" has no \"%s\"", leaf, px_io_error(k.client.io), words);
    px_io_close(k.client.io, PX_CLOSE_CLEAN, 200);
    assert_true(LOOP_UNTIL(&k.loop, k.server.ends >= 1));
    assert_int_equal(k.server.n, 0);
    stop(&k);
}

static void bad_certificates_are_refused_before_anything_is_sent(void **state)
{
    (void)state;
    static const char zero_pin[] = "0000000000000000000000000000000000000000000000000000000000000000";
    refused("other", "localhost", NULL, "hostname mismatch");
    refused("expired", "localhost", NULL, "expired");
    refused("self", "localhost", NULL, "self-signed");
    refused("cn", "localhost", NULL, "hostname mismatch");
    refused("wild", "a.b.svc.example", NULL, "hostname mismatch");
    refused("wild", "svc.example", NULL, "hostname mismatch");
    refused("deep", "a.svc.example", NULL, "hostname mismatch");
    refused("good", "127.0.0.1", NULL, "IP address mismatch");
    refused("ip", "::1", NULL, "IP address mismatch");
    refused("client", "client", NULL, "purpose");
    refused("good", "localhost", zero_pin, "certificate rejected");
}

static void accepted(const char *leaf, const char *name, const char *pin)
{
    struct link k;
    start(&k, leaf, pin);
    connect_to(&k, name, NULL);
    assert_true(LOOP_UNTIL(&k.loop, both_open(&k)));
    stop(&k);
}

static void good_names_are_accepted(void **state)
{
    (void)state;
    char pin[65];
    unsigned char *der = NULL, digest[32];
    FILE *f = fopen(path_of("good.pem"), "r");
    assert_non_null(f);
    X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    assert_true(EVP_Digest(der, (size_t)n, digest, NULL, EVP_sha256(), NULL) == 1);
    for (int i = 0; i < 32; i++)
        snprintf(pin + 2 * i, 3, "%02x", digest[i]);
    OPENSSL_free(der);
    X509_free(x);
    accepted("good", "localhost", NULL);
    accepted("good", "localhost.", NULL);
    accepted("good", "localhost", pin);
    accepted("wild", "a.svc.example", NULL);
    accepted("ip", "127.0.0.1", NULL);
}

static void a_name_is_needed(void **state)
{
    (void)state;
    struct link k;
    struct sockaddr_in sa;
    start(&k, "good", NULL);
    int listener = loopback_listen(&sa);
    struct px_io_peer peer = {
        .addr = (const struct sockaddr *)&sa, .addr_len = sizeof(sa), .ssl_ctx = k.client_ctx, .name = NULL};
    struct px_io_conf conf = side_conf(&k.client);
    assert_null(px_io_connect(k.loop.io, &peer, &conf));
    close(listener);
    stop(&k);
}

/* ---- clients of another make, in a thread of their own ---- */

struct hostile {
    struct sockaddr_in sa;
    const char *sni;
    int max_version;
    const char *ciphers; /* TLS 1.2 */
    const unsigned char *alpn;
    unsigned alpn_n;
    unsigned key_updates;
    const char *plain; /* said instead of a ClientHello */
    bool cut_in_handshake;
    bool connected;
    char subject[64];
    char reply[64];
    ssize_t reply_n;
};

static int dial(const struct hostile *h)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval wait = {5, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    if (fd < 0 || connect(fd, (const struct sockaddr *)&h->sa, sizeof(h->sa)) != 0)
        abort();
    return fd;
}

static void talk(struct hostile *h, SSL *ssl)
{
    char c;
    X509 *x = SSL_get0_peer_certificate(ssl);
    h->connected = true;
    if (x != NULL) {
        GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
        if (names != NULL && sk_GENERAL_NAME_num(names) > 0) {
            const ASN1_IA5STRING *dns = sk_GENERAL_NAME_value(names, 0)->d.dNSName;
            snprintf(h->subject, sizeof(h->subject), "%.*s", ASN1_STRING_length(dns), ASN1_STRING_get0_data(dns));
        }
        GENERAL_NAMES_free(names);
    }
    for (unsigned i = 0; i < h->key_updates; i++)
        if (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(ssl) != 1)
            break;
    if (SSL_write(ssl, "hello", 5) == 5)
        h->reply_n = SSL_read(ssl, &c, 1);
}

static void *run_hostile(void *arg)
{
    struct hostile *h = arg;
    int fd = dial(h);
    if (h->plain != NULL) {
        (void)!write(fd, h->plain, strlen(h->plain));
        h->reply_n = recv(fd, h->reply, sizeof(h->reply), 0);
        close(fd);
        return NULL;
    }
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    if (h->max_version != 0)
        SSL_CTX_set_max_proto_version(ctx, h->max_version);
    if (h->ciphers != NULL)
        SSL_CTX_set_cipher_list(ctx, h->ciphers);
    if (h->alpn != NULL)
        SSL_CTX_set_alpn_protos(ctx, h->alpn, h->alpn_n);
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    if (h->sni != NULL)
        SSL_set_tlsext_host_name(ssl, h->sni);
    if (SSL_connect(ssl) == 1)
        talk(h, ssl);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    ERR_clear_error();
    return NULL;
}

static void serve_hostile(struct link *k, struct hostile *h)
{
    pthread_t thread;
    struct px_io_conf conf = side_conf(&k->server);
    int listener = loopback_listen(&h->sa);
    k->server.close_on_end = true;
    assert_int_equal(pthread_create(&thread, NULL, run_hostile, h), 0);
    int fd = accept(listener, NULL, NULL);
    close(listener);
    k->server.io = px_io_accept(k->loop.io, fd, k->server_ctx, &conf);
    assert_non_null(k->server.io);
    assert_true(LOOP_UNTIL(&k->loop, k->server.ends >= 1 || k->server.n == 5));
    if (k->server.io != NULL && k->server.n == 5)
        px_io_close(k->server.io, PX_CLOSE_CLEAN, 1000);
    assert_true(LOOP_UNTIL(&k->loop, k->server.closes == 1));
    pthread_join(thread, NULL);
}

static void served(struct hostile *h, bool well)
{
    struct link k;
    start(&k, "good", NULL);
    serve_hostile(&k, h);
    assert_int_equal(h->connected, well);
    assert_int_equal(k.server.n, well ? 5 : 0);
    if (!well)
        assert_int_equal(k.server.end[0], PX_IO_TLS_ERROR);
    stop(&k);
}

static void old_and_weak_tls_is_refused(void **state)
{
    (void)state;
    struct hostile tls12 = {.max_version = TLS1_2_VERSION}, tls11 = {.max_version = TLS1_1_VERSION};
    struct hostile cbc = {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA"};
    struct hostile aead = {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"};
    served(&tls12, true);
    served(&aead, true);
    served(&tls11, false);
    served(&cbc, false);
}

static void only_http_1_1_is_negotiated(void **state)
{
    (void)state;
    static const unsigned char h2[] = "\x02h2", both[] = "\x02h2\x08http/1.1";
    struct hostile only_h2 = {.alpn = h2, .alpn_n = sizeof(h2) - 1};
    struct hostile either = {.alpn = both, .alpn_n = sizeof(both) - 1};
    served(&only_h2, false);
    served(&either, true);
}

static void a_flood_of_key_updates_ends_the_connection(void **state)
{
    (void)state;
    struct link k;
    struct hostile some = {.key_updates = 5}, flood = {.key_updates = 500};
    served(&some, true);
    start(&k, "good", NULL);
    serve_hostile(&k, &flood);
    assert_int_equal(k.server.ends, 1);
    assert_int_equal(k.server.end[0], PX_IO_TLS_ERROR);
    assert_int_equal(k.server.n, 0);
    stop(&k);
}

static void plain_http_on_a_tls_port_gets_no_echo(void **state)
{
    (void)state;
    struct hostile h = {.plain = "GET /secret HTTP/1.1\r\nHost: localhost\r\n\r\n"};
    served(&h, false);
    assert_true(h.reply_n <= 7); /* an alert, or nothing */
}

static void certificates_are_chosen_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *asked, *got;
    } cases[] = {{NULL, "localhost"},
                 {"localhost", "localhost"},
                 {"OTHER.example", "other.example"},
                 {"a.svc.example", "*.svc.example"},
                 {"a.b.svc.example", "localhost"},
                 {"svc.example", "localhost"},
                 {"unknown.example", "localhost"}};
    struct flt_err err;
    struct px_tls_sni sni[] = {{"Other.Example", path_of("other.pem"), path_of("other.key")},
                               {"*.svc.example", path_of("wild.pem"), path_of("wild.key")}};
    struct px_tls_server_conf conf = {.certificate = path_of("good.pem"),
                                      .key = path_of("good.key"),
                                      .sni = sni,
                                      .n_sni = 2,
                                      .session_context = "test"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(cases); i++) {
        for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            struct link k = {.client_ctx = client_ctx(NULL), .server_ctx = px_tls_server(&conf, &err)};
            struct hostile h = {.sni = cases[i].asked, .max_version = version};
            assert_non_null(k.server_ctx);
            loop_init(&k.loop);
            serve_hostile(&k, &h);
            assert_string_equal(h.subject, cases[i].got);
            stop(&k);
        }
    }
}

static void a_client_certificate_is_demanded_where_configured(void **state)
{
    (void)state;
    for (int with = 0; with < 2; with++) {
        struct link k;
        struct flt_err err;
        struct px_tls_server_conf server = {.certificate = path_of("good.pem"),
                                            .key = path_of("good.key"),
                                            .client_ca = path_of("ca.pem"),
                                            .session_context = "test"};
        struct px_tls_client_conf client = {.ca = path_of("ca.pem")};
        if (with) {
            client.certificate = path_of("client.pem");
            client.key = path_of("client.key");
        }
        memset(&k, 0, sizeof(k));
        loop_init(&k.loop);
        k.server_ctx = px_tls_server(&server, &err);
        k.client_ctx = px_tls_client(&client, &err);
        assert_non_null(k.server_ctx);
        assert_non_null(k.client_ctx);
        connect_to(&k, "localhost", NULL);
        assert_true(LOOP_UNTIL(&k.loop, k.server.opens + k.server.ends > 0));
        assert_int_equal(k.server.opens, with);
        if (!with)
            assert_int_equal(k.server.end[0], PX_IO_TLS_ERROR);
        stop(&k);
    }
}

static void bad_files_are_named_and_explained(void **state)
{
    (void)state;
    struct flt_err err = {0};
    struct px_tls_server_conf conf = {.certificate = path_of("missing.pem"), .key = path_of("good.key")};
    assert_null(px_tls_server(&conf, &err));
    assert_string_equal(err.file, path_of("missing.pem"));
    conf.certificate = path_of("good.pem");
    conf.key = path_of("other.key");
    assert_null(px_tls_server(&conf, &err));
    assert_string_equal(err.file, path_of("other.key"));
    assert_true(err.message[0] != '\0');
    conf.key = path_of("good.key");
    conf.client_ca = path_of("good.key");
    assert_null(px_tls_server(&conf, &err));
    assert_string_equal(err.file, path_of("good.key"));
    struct px_tls_client_conf client = {.ca = path_of("missing.pem")};
    assert_null(px_tls_client(&client, &err));
    assert_string_equal(err.file, path_of("missing.pem"));
    client = (struct px_tls_client_conf){.ca = path_of("ca.pem"), .pin_sha256 = "abc"};
    assert_null(px_tls_client(&client, &err));
    assert_non_null(strstr(err.message, "pin_sha256"));
}

static void the_local_certificate_serves_localhost_by_name_and_address(void **state)
{
    (void)state;
    struct flt_err err;
    static const char *const names[] = {"localhost", "127.0.0.1", "::1"};
    const char *cert = path_of("local.pem"), *key = path_of("local.key");
    struct stat st;
    assert_int_equal(px_tls_make_local(cert, key, &err), FLT_OK);
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    for (size_t i = 0; i < FLT_ARRAY_LEN(names); i++) {
        struct link k;
        struct px_tls_server_conf server = {.certificate = cert, .key = key, .session_context = "local"};
        struct px_tls_client_conf client = {.ca = cert};
        memset(&k, 0, sizeof(k));
        loop_init(&k.loop);
        k.server_ctx = px_tls_server(&server, &err);
        k.client_ctx = px_tls_client(&client, &err);
        assert_non_null(k.server_ctx);
        assert_non_null(k.client_ctx);
        connect_to(&k, names[i], NULL);
        assert_true(LOOP_UNTIL(&k.loop, both_open(&k)));
        stop(&k);
    }
    unlink(cert);
    unlink(key);
    assert_int_equal(px_tls_make_local("/nonexistent/c.pem", "/nonexistent/k.pem", &err), FLT_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_complete_before_the_end_in_sixty_rounds),
        cmocka_unit_test(an_unclean_close_is_seen_as_truncation),
        cmocka_unit_test(output_still_works_after_the_peer_ended),
        cmocka_unit_test(both_directions_carry_much_at_once),
        cmocka_unit_test(handshake_facts_are_known),
        cmocka_unit_test(a_session_is_resumed),
        cmocka_unit_test(a_session_of_one_certificate_is_not_resumed_under_another),
        cmocka_unit_test(bad_certificates_are_refused_before_anything_is_sent),
        cmocka_unit_test(good_names_are_accepted),
        cmocka_unit_test(a_name_is_needed),
        cmocka_unit_test(old_and_weak_tls_is_refused),
        cmocka_unit_test(only_http_1_1_is_negotiated),
        cmocka_unit_test(a_flood_of_key_updates_ends_the_connection),
        cmocka_unit_test(plain_http_on_a_tls_port_gets_no_echo),
        cmocka_unit_test(certificates_are_chosen_by_name),
        cmocka_unit_test(a_client_certificate_is_demanded_where_configured),
        cmocka_unit_test(bad_files_are_named_and_explained),
        cmocka_unit_test(the_local_certificate_serves_localhost_by_name_and_address),
    };
    return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
