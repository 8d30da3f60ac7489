/*
 * test_config.c: sallyport.yaml: what is accepted, what it means, the place and words of every refusal. Upstreams:
 * test_config_upstream.c. The shipped examples: test_config_docs.c.
 */
#include "config_fixture.h"

/* ---- what is accepted ------------------------------------------------------------------------------------------ */

static void a_small_file_gets_the_documented_defaults(void **state)
{
    struct fixture *f = *state;
    accepts(f, SMALL);
    const struct px_config *c = f->config;
    assert_int_equal(c->workers, 0);
    assert_int_equal(c->n_listen, 1);
    assert_true(c->listen[0].tls);
    assert_int_equal(c->admin_address.n, 0);
    assert_int_equal(c->audit_file.n, 0);
    assert_false(c->audit_fsync);
    assert_int_equal(c->log_level, 3);
    assert_int_equal(c->n_rulesets, 0);
    assert_int_equal(c->n_upstreams, 1);
    assert_int_equal(c->n_tenants, 1);
    const struct px_upstream_entry *u = &c->upstreams[0];
    assert_true(flt_str_is(u->name, "up") && flt_str_is(u->host, "llm.example.com"));
    assert_true(u->tls && u->port == 443);
    assert_true(u->max_connections >= 1000);
    assert_int_equal(u->max_queue, 1024);
    assert_int_equal(u->connect_ms, 10000);
    assert_int_equal(u->first_byte_ms, 600000);
    assert_int_equal(u->idle_body_ms, 300000);
    assert_int_equal(u->idle_ms, 60000);
    assert_int_equal(u->credential_header.n, 0);
    assert_int_equal(u->credential.n, 0);
    assert_int_equal(c->limits.max_connections, 20000);
    assert_int_equal(c->limits.max_head_bytes, 16384);
    assert_int_equal(c->limits.keepalive_ms, 360000);
    assert_int_equal(c->limits.drain_ms, 600000);
    assert_int_equal(c->limits.max_queue_bytes, 4 << 20);
}

static void paths_are_relative_to_the_file_they_stand_in(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(at(f, "etc"), 0700), 0);
    put(f, "etc/inner.yaml",
        "version: 1\nlisten: [{address: '[::1]:1', tls: {certificate: ../cert.pem, key: ../key.pem}}]\n" UP
        "tenants: ../tenants/one.yaml\naudit: {file: audit.jsonl}\nrulesets: [../packs]\n");
    char here[256];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(at(f, "etc")), 0);
    struct flt_diag d = {0};
    struct px_config *c = px_config_load("inner.yaml", &d);
    collect(f, &d);
    assert_int_equal(chdir(here), 0);
    assert_string_equal(f->problems, "");
    assert_non_null(c);
    assert_true(flt_str_is(c->listen[0].certificate, at(f, "etc/../cert.pem")));
    assert_true(flt_str_is(c->audit_file, at(f, "etc/audit.jsonl")));
    assert_true(flt_str_is(c->rulesets[0], at(f, "etc/../packs")));
    assert_true(flt_str_is(c->tenants[0].file, "../tenants/one.yaml"));
    px_config_free(c);
}

static void tenant_files_are_read_in_order_and_once(void **state)
{
    struct fixture *f = *state;
    put(f, "tenants/b.yaml", "tenant: b\nupstream: up\ncredentials: [{key_sha256: " OTHER "}]\n");
    put(f, "tenants/a.yaml", "tenant: a\nroutes: [{path: /v1/*, upstream: up}]\ncredentials: []\n");
    load(f, HEAD UP "tenants: [tenants/one.yaml, tenants/*.yaml, 'tenants/[ab].yaml']\n");
    assert_non_null(f->config);
    assert_int_equal(f->config->n_tenants, 3);
    assert_true(flt_str_is(f->config->tenants[0].name, "one"));
    assert_true(flt_str_is(f->config->tenants[1].name, "a"));
    assert_true(flt_str_is(f->config->tenants[2].name, "b"));
}

static void folders_with_glob_characters_are_taken_as_they_are(void **state)
{
    struct fixture *f = *state;
    char dir[128], file[160];
    (void)snprintf(dir, sizeof dir, "%sx[1]*", f->dir);
    (void)snprintf(file, sizeof file, "%s/s.yaml", dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    put(f, "x[1]*/t.yaml", "tenant: t\nupstream: up\ncredentials: [{key_sha256: " DIGEST "}]\n");
    put(f, "x[1]*/s.yaml", "version: 1\nlisten: [{address: 'localhost:0', tls: off}]\n" UP "tenants: t*.yaml\n");
    struct flt_diag d = {0};
    struct px_config *c = px_config_load(file, &d);
    collect(f, &d);
    assert_string_equal(f->problems, "");
    assert_non_null(c);
    assert_int_equal(c->n_tenants, 1);
    px_config_free(c);
}

static void limits_take_very_large_values(void **state)
{
    struct fixture *f = *state;
    accepts(f, HEAD "upstreams: {up: {url: 'http://127.0.0.1:9/', provider: openai, max_connections: 1e12,\n"
                    "  max_queue: 1000000000000, first_byte_timeout: 1000h}}\n" TENANTS
                    "limits: {max_connections: 1000000000000, stream_timeout: 8000h, drain_timeout: 100h}\n");
    assert_true(f->config->limits.max_connections >= 1000000000);
    assert_true(f->config->upstreams[0].max_connections >= 1000000000);
    assert_true(f->config->upstreams[0].max_queue >= 1000000000);
    assert_true(f->config->limits.stream_ms == 8000 * 3600000LL);
}

static void listeners_may_be_plain_on_loopback_only(void **state)
{
    struct fixture *f = *state;
    accepts(f, "version: 1\nlisten:\n"
               "  - {address: '127.0.0.1:0', tls: off}\n"
               "  - {address: '127.8.9.1:0', tls: off}\n"
               "  - {address: '[::1]:8080', tls: no}\n"
               "  - {address: 'localhost:8081', tls: false}\n"
               "  - {address: '0.0.0.0:8082', tls: off, allow_plain: true}\n"
               "  - {address: '[::]:8443', tls: {certificate: cert.pem, key: key.pem}}\n" UP TENANTS);
    assert_int_equal(f->config->n_listen, 6);
    assert_false(f->config->listen[4].tls);
    static const char why[] = "plain HTTP beyond loopback (expected {certificate, key}, a loopback address, or "
                              "allow_plain: true)";
    char expected[600];
    (void)snprintf(expected, sizeof expected,
                   "s.yaml:3:36: error: listen[0].tls: %s\n"
                   "s.yaml:4:33: error: listen[1].tls: %s\n"
                   "s.yaml:5:44: error: listen[2].tls: %s\n",
                   why, why, why);
    refuses(f,
            "version: 1\nlisten:\n"
            "  - {address: '0.0.0.0:8080', tls: off}\n"
            "  - {address: '[::]:8080', tls: off}\n"
            "  - {address: '[::ffff:127.0.0.1]:1', tls: off, allow_plain: false}\n" UP TENANTS,
            expected);
}

/* ---- what is refused ------------------------------------------------------------------------------------------- */

static void five_mistakes_give_five_messages_with_their_places(void **state)
{
    refuses(
        *state,
        "version: 2\n"
        "workers: many\n"
        "listen:\n"
        "  - address: 127.0.0.1\n"
        "    tls: {certificate: missing.pem, key: key.pem}\n"
        "upstreams:\n"
        "  up: {url: 'https://llm.example.com/v1', provider: openai}\n"
        "tenant: [tenants/*.yaml]\n"
        "tenants: [tenants/*.yaml]\n",
        "s.yaml:1:10: error: version: not a version this program reads (expected 1)\n"
        "s.yaml:2:10: error: workers: not a whole number (expected auto, or a number of threads)\n"
        "s.yaml:4:14: error: listen[0].address: not an address with a port (expected 127.0.0.1:8443, [::1]:8443 or "
        "localhost:8443)\n"
        "s.yaml:5:24: error: listen[0].tls.certificate: missing.pem: No such file or directory (expected a readable "
        "file)\n"
        "s.yaml:7:13: error: upstreams.up.url: holds a path; the client's path is forwarded as it is (expected "
        "https://host or https://host:port)\n"
        "s.yaml:8:1: error: tenant: unknown key (did you mean tenants?)\n");
}

static void what_is_required_is_missed(void **state)
{
    refuses(*state, "workers: 4\n",
            "s.yaml:1:1: error: version: missing (expected 1)\n"
            "s.yaml:1:1: error: listen: missing (expected a list of {address, tls})\n"
            "s.yaml:1:1: error: upstreams: missing (expected name: {url, provider} lines)\n"
            "s.yaml:1:1: error: tenants: missing (expected tenant files, or globs such as tenants/*.yaml)\n");
    refuses(*state, "version: 1\nlisten: [{}]\nupstreams: {u: {}}\ntenants: []\n",
            "s.yaml:2:10: error: listen[0].address: missing (expected IP address and port; port 0 takes a free one)\n"
            "s.yaml:2:10: error: listen[0].tls: missing (expected {certificate, key}, or off)\n"
            "s.yaml:3:16: error: upstreams.u.url: missing (expected https://host or https://host:port; http:// only on "
            "loopback)\n"
            "s.yaml:3:16: error: upstreams.u.provider: missing (expected whose wire formats are spoken there)\n"
            "s.yaml:4:10: error: tenants: empty (expected a list of files or globs such as tenants/*.yaml)\n");
}

static void files_and_folders_must_exist_where_they_are_named(void **state)
{
    refuses(
        *state,
        "version: 1\n"
        "listen:\n"
        "  - address: 127.0.0.1:1\n"
        "    tls:\n"
        "      certificate: tenants\n"
        "      key: key.pem\n"
        "      client_ca: ca.pem\n"
        "      sni: [{name: Upper, certificate: cert.pem, key: nokey.pem}]\n"
        "audit: {file: none/audit.jsonl}\n"
        "rulesets: [packs, cert.pem, nopacks]\n" UP "tenants: [none/*.yaml, tenants/one.yaml, two.yaml]\n",
        "s.yaml:5:20: error: listen[0].tls.certificate: tenants: not a regular file (expected a readable file)\n"
        "s.yaml:7:18: error: listen[0].tls.client_ca: ca.pem: No such file or directory (expected a readable file)\n"
        "s.yaml:8:20: error: listen[0].tls.sni[0].name: not a server name (expected a lower-case name such as "
        "api.example.com or *.example.com)\n"
        "s.yaml:8:55: error: listen[0].tls.sni[0].key: nokey.pem: No such file or directory (expected a readable "
        "file)\n"
        "s.yaml:9:15: error: audit.file: its folder does not exist\n"
        "s.yaml:10:19: error: rulesets[1]: cert.pem: not a folder (expected a folder of rule packs)\n"
        "s.yaml:10:29: error: rulesets[2]: nopacks: not a folder (expected a folder of rule packs)\n"
        "s.yaml:12:11: error: tenants[0]: matches no file (expected tenant files)\n"
        "s.yaml:12:42: error: tenants[2]: matches no file (expected tenant files)\n");
}

static void numbers_out_of_range_are_refused(void **state)
{
    refuses(
        *state,
        SMALL "limits:\n"
              "  max_head_bytes: 100\n"
              "  max_headers: 1\n"
              "  head_timeout: 0ms\n"
              "  drain_timeout: 30\n"
              "  max_queue_bytes: 1MiB\n"
              "  max_connection: 5\n"
              "workers: 0\nlog: {level: warning}\n",
        "s.yaml:6:19: error: limits.max_head_bytes: out of range (expected 1KiB to 1MiB)\n"
        "s.yaml:7:16: error: limits.max_headers: out of range (expected 10 to 10000)\n"
        "s.yaml:8:17: error: limits.head_timeout: out of range (expected 1ms to 8760h)\n"
        "s.yaml:9:18: error: limits.drain_timeout: not a time such as 250ms, 5s, 2m or 1h (expected for open requests "
        "after SIGTERM)\n"
        "s.yaml:11:3: error: limits.max_connection: unknown key (did you mean max_connections?)\n"
        "s.yaml:12:10: error: workers: out of range (expected 1 to 1024)\n"
        "s.yaml:13:14: error: log.level: not one of the accepted words (expected error, warn, notice, info, debug)\n"
        "s.yaml:10:20: error: limits.max_queue_bytes: below max_frame_bytes (expected room for one whole event)\n");
}

static void listen_addresses_stand_once(void **state)
{
    refuses(*state,
            "version: 1\nlisten:\n  - {address: '127.0.0.1:1', tls: off}\n  - {address: '127.0.0.1:1', tls: off}\n" UP
                TENANTS,
            "s.yaml:4:5: error: listen[1].address: the same address stands in listen[0]\n");
}

static void an_admin_page_beyond_loopback_is_warned_about(void **state)
{
    struct fixture *f = *state;
    assert_true(load(f, SMALL "admin: {address: '0.0.0.0:9901'}\n"));
    assert_string_equal(f->problems,
                        "s.yaml:5:18: warning: admin.address: reachable beyond this machine, without a login\n");
}

/* ---- across files ---------------------------------------------------------------------------------------------- */

static void names_and_keys_of_tenants_are_unique_and_both_places_are_named(void **state)
{
    struct fixture *f = *state;
    put(f, "tenants/two.yaml",
        "tenant: one\nupstream: up\ncredentials:\n  - {key_sha256: " OTHER "}\n  - {key_sha256: " DIGEST "}\n");
    refuses(f, SMALL,
            "tenants/two.yaml:1:9: error: tenant: another tenant has this name: tenants/one.yaml:1:9\n"
            "tenants/two.yaml:5:18: error: credentials[1].key_sha256: another tenant has this key: "
            "tenants/one.yaml:3:28\n");
}

static void tenants_may_only_name_upstreams_that_exist(void **state)
{
    struct fixture *f = *state;
    put(f, "tenants/two.yaml",
        "tenant: two\nupstream: upp\ncredentials: []\nroutes:\n  - {path: /a, upstream: up}\n  - {path: /b, upstream: "
        "other}\n");
    load(f, SMALL);
    assert_null(f->config);
    assert_string_equal(f->problems,
                        "tenants/two.yaml:3:14: warning: credentials: none: no request can reach this tenant\n"
                        "tenants/two.yaml:2:11: error: upstream: no upstream has this name (did you mean up?)\n"
                        "tenants/two.yaml:6:26: error: routes[1].upstream: no upstream has this name\n");
}

static void mistakes_of_all_files_come_in_one_run(void **state)
{
    struct fixture *f = *state;
    put(f, "tenants/one.yaml", "tenant: one\nupstream: up\nmode: on\ncredentials: [{key_sha256: " DIGEST "}]\n");
    put(f, "tenants/two.yaml", "tenant: [\n");
    put(f, "tenants/zzz.yaml", "tenant: zzz\nupstream: nowhere\ncredentials: [{key_sha256: " DIGEST "}]\n");
    load(f, SMALL "wrokers: 1\n");
    assert_null(f->config);
    assert_non_null(strstr(f->problems, "s.yaml:5:1: error: wrokers: unknown key (did you mean workers?)\n"));
    assert_non_null(strstr(f->problems, "tenants/one.yaml:3:7: error: mode: "));
    assert_non_null(strstr(f->problems, "tenants/two.yaml:"));
    assert_non_null(strstr(f->problems, "tenants/zzz.yaml:2:11: error: upstream: no upstream"));
    assert_non_null(strstr(f->problems, "tenants/zzz.yaml:3:28: error: credentials[0].key_sha256: another tenant"));
}

/* ---- other ways in --------------------------------------------------------------------------------------------- */

static void tools_that_send_nothing_need_no_certificates_and_no_credentials(void **state)
{
    struct fixture *f = *state;
    put(f, "s.yaml",
        "version: 1\nlisten: [{address: '127.0.0.1:1', tls: {certificate: no.pem, key: no.key}}]\n"
        "audit: {file: none/audit.jsonl}\n"
        "upstreams:\n"
        "  up: {url: 'https://h', provider: openai, tls: {ca: no.pem}, credential: {header: api-key, env: SP_UNSET}}\n"
        "  v: {url: 'https://h', provider: openai, credential: {header: api-key, file: no.key}}\n" TENANTS);
    assert_false(load(f, NULL));
    struct flt_diag d = {0};
    f->config = px_config_load_policy(at(f, "s.yaml"), &d);
    collect(f, &d);
    assert_string_equal(f->problems, "");
    assert_non_null(f->config);
    assert_int_equal(f->config->n_tenants, 1);
}

static void the_built_in_configuration_is_local_and_complete(void **state)
{
    struct fixture *f = *state;
    uint8_t digest[32] = {1, 2, 3};
    struct flt_diag d = {0};
    f->config = px_config_embedded("/c/cert.pem", "/c/key.pem", digest, 4711, &d);
    assert_int_equal(d.n, 0);
    const struct px_config *c = f->config;
    assert_non_null(c);
    assert_true(flt_str_is(c->listen[0].address, "127.0.0.1:8443") && c->listen[0].tls);
    assert_true(flt_str_is(c->listen[0].certificate, "/c/cert.pem") && flt_str_is(c->listen[0].key, "/c/key.pem"));
    assert_true(flt_str_is(c->admin_address, "127.0.0.1:9901"));
    assert_int_equal(c->n_rulesets, 0);
    assert_int_equal(c->upstreams[0].port, 4711);
    assert_false(c->upstreams[0].tls);
    assert_true(flt_provider_known(c->upstreams[0].provider.p));
    assert_true(flt_str_is(c->upstreams[0].host, "127.0.0.1"));
    assert_true(flt_str_is(c->tenants[0].name, "local"));
    assert_true(flt_str_eq(c->tenants[0].upstream, c->upstreams[0].name));
    assert_memory_equal(c->tenants[0].credentials[0].sha256, digest, sizeof digest);
    assert_int_equal(c->tenants[0].mode, FLT_ENFORCE);
    assert_int_equal(c->limits.max_connections, 20000);
}

static void a_missing_file_is_one_clear_message(void **state)
{
    struct fixture *f = *state;
    assert_false(load(f, NULL));
    assert_string_equal(f->problems, "s.yaml: error: cannot be opened: No such file or directory\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_small_file_gets_the_documented_defaults),
        TEST(paths_are_relative_to_the_file_they_stand_in),
        TEST(tenant_files_are_read_in_order_and_once),
        TEST(folders_with_glob_characters_are_taken_as_they_are),
        TEST(limits_take_very_large_values),
        TEST(listeners_may_be_plain_on_loopback_only),
        TEST(five_mistakes_give_five_messages_with_their_places),
        TEST(what_is_required_is_missed),
        TEST(files_and_folders_must_exist_where_they_are_named),
        TEST(numbers_out_of_range_are_refused),
        TEST(listen_addresses_stand_once),
        TEST(an_admin_page_beyond_loopback_is_warned_about),
        TEST(names_and_keys_of_tenants_are_unique_and_both_places_are_named),
        TEST(tenants_may_only_name_upstreams_that_exist),
        TEST(mistakes_of_all_files_come_in_one_run),
        TEST(tools_that_send_nothing_need_no_certificates_and_no_credentials),
        TEST(the_built_in_configuration_is_local_and_complete),
        TEST(a_missing_file_is_one_clear_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
