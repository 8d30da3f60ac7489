/*
 * The contexts of tls.h against clients of another make: versions, ciphers, ALPN, certificates by name, bad files.
 */
#include <pthread.h>
#include <sys/stat.h>

#include <openssl/err.h>

#include "tls_link.h"

/* ---- clients of another make, in a thread of their own ---- */

struct hostile {
    struct sockaddr_in sa;
    char sni[64]; /* empty = none */
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
    if (h->sni[0] != '\0')
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
    } cases[] = {{"", "localhost"},
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
            struct hostile h = {.max_version = version};
            snprintf(h.sni, sizeof(h.sni), "%s", cases[i].asked);
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
