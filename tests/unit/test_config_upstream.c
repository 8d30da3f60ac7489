/* test_config_upstream.c: where requests may go, and with which credential. */
#include "config_fixture.h"

/* ---- credentials ----------------------------------------------------------------------------------------------- */

static const struct px_upstream_entry *with_credential(struct fixture *f, const char *credential)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   HEAD "upstreams: {up: {url: 'https://h', provider: openai, credential: %s}}\n" TENANTS, credential);
    (void)load(f, text);
    return f->config ? &f->config->upstreams[0] : NULL;
}

static void credentials_come_from_the_environment_or_a_file(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(setenv("SP_TEST_KEY", "secret-value\n", 1), 0);
    const struct px_upstream_entry *u = with_credential(f, "{header: api-key, env: SP_TEST_KEY}");
    assert_non_null(u);
    assert_true(flt_str_is(u->credential_header, "api-key") && flt_str_is(u->credential, "secret-value"));
    u = with_credential(f, "{header: authorization, env: SP_TEST_KEY}");
    assert_non_null(u);
    assert_true(flt_str_is(u->credential, "Bearer secret-value"));
    put(f, "provider.key", "Bearer abc\r\n");
    u = with_credential(f, "{header: authorization, file: provider.key}");
    assert_non_null(u);
    assert_true(flt_str_is(u->credential, "Bearer abc"));
    u = with_credential(f, "{file: provider.key, header: x-goog-api-key}");
    assert_non_null(u);
    assert_true(flt_str_is(u->credential_header, "x-goog-api-key") && flt_str_is(u->credential, "Bearer abc"));
    assert_int_equal(unsetenv("SP_TEST_KEY"), 0);
}

static void bad_credentials_are_refused_without_showing_them(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *credential, *value, *problem;
    } cases[] = {
        {"{header: api-key, env: SP_UNSET}", "x", "env: this environment variable is not set\n"},
        {"{header: api-key, env: SP_TEST_KEY}", "", "env: the credential is empty\n"},
        {"{header: api-key, env: SP_TEST_KEY}", "SECRET\nSECRET", "the credential holds a byte that may not stand"},
        {"{header: api-key, env: SP_TEST_KEY}", "SECRET\xC3\xA9", "the credential holds a byte that may not stand"},
        {"{header: api-key, env: SP_TEST_KEY}", " SECRET", "the credential begins or ends with a space"},
        {"{header: api-key, env: SP_TEST_KEY, file: x}", "SECRET", "both env and file (expected env or file)\n"},
        {"{header: api-key}", "SECRET", "no value (expected env or file)\n"},
        {"{header: cookie, env: SP_TEST_KEY}", "SECRET", "header: not one of the accepted words"},
        {"{env: SP_TEST_KEY}", "SECRET", "credential.header: missing"},
        {"{header: api-key, file: none}", "SECRET", "file: none: No such file"},
        {"{header: api-key, file: tenants}", "SECRET", "file: tenants: not a regular file"},
        {"{header: api-key, file: long.key}", "SECRET", "the credential is longer than 8 KiB"},
    };
    char text[9000];
    memset(text, 'S', sizeof text);
    text[sizeof text - 1] = '\0';
    put(f, "long.key", text);
    for (size_t i = 0; i < FLT_ARRAY_LEN(cases); i++) {
        assert_int_equal(setenv("SP_TEST_KEY", cases[i].value, 1), 0);
        assert_null(with_credential(f, cases[i].credential));
        if (!strstr(f->problems, cases[i].problem))
            fail_msg("case %zu: %s", i, f->problems);
        assert_null(strstr(f->problems, "SECRET"));
        assert_null(strstr(f->problems, "SSSS"));
        assert_non_null(strstr(f->problems, "s.yaml:3:"));
    }
    assert_int_equal(unsetenv("SP_TEST_KEY"), 0);
}

/* ---- upstreams ------------------------------------------------------------------------------------------------- */

static void base_urls_are_scheme_host_and_port_only(void **state)
{
    static const struct {
        const char *url, *host, *problem;
        uint16_t port;
        bool tls;
    } cases[] = {
        {"https://API.Example.com", "api.example.com", NULL, 443, true},
        {"https://api.example.com:8443/", "api.example.com", NULL, 8443, true},
        {"https://localhost:5000", "localhost", NULL, 5000, true},
        {"https://[2001:db8::1]:8443", "2001:db8::1", NULL, 8443, true},
        {"https://192.0.2.7", "192.0.2.7", NULL, 443, true},
        {"http://127.0.0.1:11434", "127.0.0.1", NULL, 11434, false},
        {"http://[::1]", "::1", NULL, 80, false},
        {"http://localhost:1/", "localhost", NULL, 1, false},
        {"http://10.0.0.1", NULL, "plain http:// beyond loopback", 0, false},
        {"http://localhost.example.com", NULL, "plain http:// beyond loopback", 0, false},
        {"https://h/v1", NULL, "holds a path", 0, false},
        {"https://h//", NULL, "holds a path", 0, false},
        {"https://h?x", NULL, "holds a query", 0, false},
        {"https://u:p@h", NULL, "holds a user name", 0, false},
        {"https://", NULL, "not a host name", 0, false},
        {"https://h:", NULL, "not a host name", 0, false},
        {"https://h:0", NULL, "not a host name", 0, false},
        {"https://h:65536", NULL, "not a host name", 0, false},
        {"https://h:0443", NULL, "not a host name", 0, false},
        {"https://2001:db8::1", NULL, "not a host name", 0, false},
        {"https://127.1", NULL, "not a host name", 0, false},
        {"https://a..b", NULL, "not a host name", 0, false},
        {"https://-a", NULL, "not a host name", 0, false},
        {"https://a b", NULL, "not a host name", 0, false},
        {"https://h\\nx", NULL, "not a host name", 0, false},
        {"ftp://h", NULL, "not an https://", 0, false},
        {"h:443", NULL, "not an https://", 0, false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(cases); i++) {
        char text[1024];
        (void)snprintf(text, sizeof text, HEAD "upstreams: {up: {url: \"%s\", provider: openai}}\n" TENANTS,
                       cases[i].url);
        bool good = load(f, text);
        if (good != (cases[i].problem == NULL) || (!good && !strstr(f->problems, cases[i].problem)))
            fail_msg("%s: %s", cases[i].url, f->problems);
        if (!good)
            continue;
        const struct px_upstream_entry *u = &f->config->upstreams[0];
        assert_true(flt_str_is(u->host, cases[i].host));
        assert_int_equal(u->port, cases[i].port);
        assert_int_equal(u->tls, cases[i].tls);
    }
}

static void upstream_verification_cannot_be_switched_off(void **state)
{
    struct fixture *f = *state;
    refuses(
        f, HEAD "upstreams:\n  up: {url: 'https://h', provider: openai, tls: off}\n" TENANTS,
        "s.yaml:4:49: error: upstreams.up.tls: verification cannot be switched off (expected {ca}, {pin_sha256}, or no "
        "tls key)\n");
    refuses(f,
            HEAD "upstreams:\n  up: {url: 'https://h', provider: openai, tls: {certificate: cert.pem, pin_sha256: "
                 "ab}}\n" TENANTS,
            "s.yaml:4:85: error: upstreams.up.tls.pin_sha256: not a SHA-256 digest (expected 64 hexadecimal digits)\n"
            "s.yaml:4:49: error: upstreams.up.tls.key: missing: a client certificate needs both\n");
    refuses(f, HEAD "upstreams:\n  up: {url: 'http://[::1]', provider: openai, tls: {ca: cert.pem}}\n" TENANTS,
            "s.yaml:4:52: error: upstreams.up.tls: has no meaning for an http:// upstream\n");
}

static void providers_without_a_dialect_are_told_from_unknown_ones(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"openai",  "azure_openai", "vertex", "gemini",           "anthropic",
                                        "bedrock", "ollama",       "vllm",   "openai_compatible"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(names); i++) {
        char text[1024], expected[200];
        (void)snprintf(text, sizeof text, HEAD "upstreams:\n  up: {url: 'https://h', provider: %s}\n" TENANTS,
                       names[i]);
        if (flt_provider_known(names[i])) {
            accepts(f, text);
            assert_true(flt_str_is(f->config->upstreams[0].provider, names[i]));
            continue;
        }
        (void)snprintf(expected, sizeof expected,
                       "s.yaml:4:36: error: upstreams.up.provider: this build has no dialect for %s\n", names[i]);
        refuses(f, text, expected);
    }
    refuses(f, HEAD "upstreams:\n  up: {url: 'https://h', provider: azure}\n" TENANTS,
            "s.yaml:4:36: error: upstreams.up.provider: not one of the accepted words (expected openai, azure_openai, "
            "vertex, gemini, anthropic, bedrock, ollama, vllm, openai_compatible)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(credentials_come_from_the_environment_or_a_file),
        TEST(bad_credentials_are_refused_without_showing_them),
        TEST(base_urls_are_scheme_host_and_port_only),
        TEST(upstream_verification_cannot_be_switched_off),
        TEST(providers_without_a_dialect_are_told_from_unknown_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
