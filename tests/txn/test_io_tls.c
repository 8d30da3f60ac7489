/*
 * The stream seam over TLS: order of data and end, how connections end, sessions, what is verified.
 */
#include "tls_link.h"

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
    };
    return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
