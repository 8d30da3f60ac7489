/* From a head to tenant, upstream and route; and which headers pass. Heads are read by the real parser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/sha.h>

#include "core/route.h"

#define KEY_A "sk-tenant-a"
#define KEY_B "sk-tenant-b"

/* ---- a generation made by hand: two tenants, two upstreams ------------------------------------------------------ */

static struct px_gen_key keys[64];
static struct px_upstream_entry entries[2];
static struct px_gen_upstream upstreams[2];
static struct flt_tenant tenant_confs[2];
static struct px_gen_tenant tenants[2];
static struct flt_route_conf routes[1];
static uint32_t route_upstream[1] = {1};
static struct px_config config;
static struct px_generation gen;

static void add_key(const char *key, uint32_t tenant)
{
    uint8_t digest[32];
    uint32_t h;
    SHA256((const unsigned char *)key, strlen(key), digest);
    memcpy(&h, digest, sizeof(h));
    while (keys[h & 63].tenant != 0)
        h++;
    memcpy(keys[h & 63].sha256, digest, 32);
    keys[h & 63].tenant = tenant + 1;
}

static int make_generation(void **state)
{
    entries[1].credential_header = FLT_STR("api-key");
    entries[1].credential = FLT_STR("provider-secret");
    upstreams[0] =
        (struct px_gen_upstream){.conf = &entries[0], .provider = "openai", .authority = FLT_STR("api.example")};
    upstreams[1] = (struct px_gen_upstream){.conf = &entries[1],
                                            .provider = "azure_openai",
                                            .authority = FLT_STR("azure.example:8443"),
                                            .credential_name = entries[1].credential_header};
    routes[0].path = FLT_STR("/openai/*");
    tenant_confs[0].name = FLT_STR("a");
    tenant_confs[0].routes = routes;
    tenant_confs[0].n_routes = 1;
    tenant_confs[1].name = FLT_STR("b");
    tenants[0] = (struct px_gen_tenant){.conf = &tenant_confs[0], .upstream = 0, .route_upstream = route_upstream};
    tenants[1] =
        (struct px_gen_tenant){.conf = &tenant_confs[1], .upstream = PX_NO_UPSTREAM, .route_upstream = route_upstream};
    gen = (struct px_generation){
        .config = &config, .upstreams = upstreams, .tenants = tenants, .keys = keys, .key_mask = 63};
    config.n_upstreams = config.n_tenants = 2;
    add_key(KEY_A, 0);
    add_key(KEY_B, 1);
    *state = px_auth_new();
    return *state == NULL;
}

static int drop_generation(void **state)
{
    px_auth_free(*state);
    return 0;
}

/* ---- heads ------------------------------------------------------------------------------------------------------ */

struct seen {
    struct px_h1 *parser;
    const struct px_h1_head *head;
};

static int on_head(void *arg, const struct px_h1_head *h)
{
    struct seen *s = arg;
    s->head = h;
    return 0;
}

static int on_body(void *arg, const char *p, size_t n)
{
    (void)arg;
    (void)p;
    (void)n;
    return 0;
}

static int on_complete(void *arg)
{
    (void)arg;
    return 0;
}

static const struct px_h1_cb cb = {on_head, on_body, on_complete};

static const struct px_h1_head *parse(struct seen *s, enum px_h1_kind kind, const char *text)
{
    s->head = NULL;
    s->parser = px_h1_new(kind, NULL, &cb, s);
    px_h1_feed(s->parser, text, strlen(text));
    if (s->head == NULL && px_h1_failed(s->parser) != NULL)
        print_error("head refused: %s\n", px_h1_failed(s->parser)->what);
    assert_non_null(s->head);
    return s->head;
}

#define REQUEST(headers) "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n" headers "\r\n"

/* ---- authentication --------------------------------------------------------------------------------------------- */

static void a_key_counts_in_each_of_its_headers(void **state)
{
    static const char *const heads[] = {
        REQUEST("Authorization: Bearer " KEY_A "\r\n"),
        REQUEST("authorization: bearer  " KEY_A "\r\n"),
        REQUEST("api-key: " KEY_A "\r\n"),
        REQUEST("X-API-Key: " KEY_A "\r\n"),
        REQUEST("x-goog-api-key: " KEY_A "\r\n"),
        REQUEST("x-api-key: " KEY_A "\r\nAuthorization: Bearer " KEY_A "\r\n"),
    };
    for (size_t i = 0; i < FLT_ARRAY_LEN(heads); i++) {
        struct seen s;
        uint32_t tenant = 99;
        assert_null(px_route_authenticate(*state, &gen, parse(&s, PX_H1_REQUEST, heads[i]), &tenant));
        assert_int_equal(tenant, 0);
        px_h1_free(s.parser);
    }
}

static void unknown_and_missing_keys_get_one_answer(void **state)
{
    static const char *const heads[] = {
        REQUEST(""),
        REQUEST("Authorization: Bearer nobody\r\n"),
        REQUEST("Authorization: Basic " KEY_A "\r\n"),
        REQUEST("Authorization: " KEY_A "\r\n"),
        REQUEST("Authorization: Bearer" KEY_A "\r\n"),
        REQUEST("Authorization: Bearer \r\n"),
        REQUEST("api-key: " KEY_A "x\r\n"),
        REQUEST("x-tenant: a\r\nCookie: api-key=" KEY_A "\r\n"),
    };
    const struct px_refusal *first = NULL;
    for (size_t i = 0; i < FLT_ARRAY_LEN(heads); i++) {
        struct seen s;
        uint32_t tenant;
        const struct px_refusal *r = px_route_authenticate(*state, &gen, parse(&s, PX_H1_REQUEST, heads[i]), &tenant);
        assert_non_null(r);
        assert_int_equal(r->kind, FLT_REFUSE_AUTH);
        first = first == NULL ? r : first;
        assert_ptr_equal(r, first);
        px_h1_free(s.parser);
    }
}

static void keys_that_disagree_are_refused(void **state)
{
    static const char *const heads[] = {
        REQUEST("Authorization: Bearer " KEY_A "\r\nx-api-key: " KEY_B "\r\n"),
        REQUEST("Authorization: Bearer " KEY_A "\r\nAuthorization: Bearer " KEY_B "\r\n"),
        REQUEST("Authorization: Bearer nobody\r\napi-key: " KEY_A "\r\n"),
        REQUEST("Authorization: Basic x\r\napi-key: " KEY_A "\r\n"),
    };
    for (size_t i = 0; i < FLT_ARRAY_LEN(heads); i++) {
        struct seen s;
        uint32_t tenant;
        const struct px_refusal *r = px_route_authenticate(*state, &gen, parse(&s, PX_H1_REQUEST, heads[i]), &tenant);
        assert_non_null(r);
        assert_int_equal(r->kind, FLT_REFUSE_BAD_REQUEST);
        px_h1_free(s.parser);
    }
}

static void every_key_of_a_full_table_is_found(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 28; i++) {
        char key[32];
        snprintf(key, sizeof(key), "key %u", i);
        add_key(key, i % 2);
    }
    for (uint32_t i = 0; i < 28; i++) {
        char key[32];
        uint8_t digest[32];
        snprintf(key, sizeof(key), "key %u", i);
        SHA256((const unsigned char *)key, strlen(key), digest);
        assert_int_equal(px_generation_key(&gen, digest), i % 2);
        digest[31] ^= 1;
        assert_int_equal(px_generation_key(&gen, digest), UINT32_MAX);
    }
    const uint8_t zero[32] = {0};
    assert_int_equal(px_generation_key(&gen, zero), UINT32_MAX); /* a free slot holds zeros, and is nobody's */
}

/* ---- host ------------------------------------------------------------------------------------------------------- */

static void host_must_match_the_server_name(void **state)
{
    static const struct {
        const char *host, *sni;
        bool ok;
    } rows[] = {
        {"gate.example", "gate.example", true},
        {"gate.example:8443", "gate.example", true},
        {"GATE.example.", "gate.EXAMPLE", true},
        {"gate.example", NULL, true},
        {"localhost:8443", NULL, true},
        {"127.0.0.1:8443", NULL, true},
        {"[::1]:8443", NULL, true},
        {"other.example", "gate.example", false},
        {"gate.example.evil", "gate.example", false},
        {"localhost", "gate.example", false},
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(rows); i++) {
        struct seen s;
        char text[256];
        snprintf(text, sizeof(text), "GET /v1/models HTTP/1.1\r\nHost: %s\r\n\r\n", rows[i].host);
        const struct px_refusal *r = px_route_check_head(parse(&s, PX_H1_REQUEST, text), rows[i].sni);
        assert_int_equal(r == NULL, rows[i].ok);
        if (r != NULL)
            assert_int_equal(r->kind, FLT_REFUSE_MISDIRECTED);
        px_h1_free(s.parser);
    }
}

/* ---- upstream and route ----------------------------------------------------------------------------------------- */

static void tenants_routes_choose_the_upstream(void **state)
{
    static const char azure[] =
        "POST /openai/deployments/d/chat/completions?api-version=2024-10-21 HTTP/1.1\r\nHost: x\r\n\r\n";
    struct seen s;
    uint32_t upstream;
    struct flt_route route;
    (void)state;
    assert_null(px_route_find(&gen, 0, parse(&s, PX_H1_REQUEST, REQUEST("")), &upstream, &route));
    assert_int_equal(upstream, 0);
    assert_int_equal(route.kind, FLT_ROUTE_GENERATE);
    /* Tenant b has no upstream of its own. */
    const struct px_refusal *r = px_route_find(&gen, 1, s.head, &upstream, &route);
    assert_non_null(r);
    assert_int_equal(r->kind, FLT_REFUSE_NOT_FOUND);
    px_h1_free(s.parser);
    assert_null(px_route_find(&gen, 0, parse(&s, PX_H1_REQUEST, azure), &upstream, &route));
    assert_int_equal(upstream, 1);
    px_h1_free(s.parser);
}

static void unknown_paths_and_methods_are_told_apart(void **state)
{
    struct seen s;
    uint32_t upstream;
    struct flt_route route;
    (void)state;
    const struct px_refusal *r = px_route_find(
        &gen, 0, parse(&s, PX_H1_REQUEST, "GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n"), &upstream, &route);
    assert_int_equal(r->kind, FLT_REFUSE_METHOD);
    px_h1_free(s.parser);
    r = px_route_find(&gen, 0, parse(&s, PX_H1_REQUEST, "POST /v1/files HTTP/1.1\r\nHost: x\r\n\r\n"), &upstream,
                      &route);
    assert_int_equal(r->kind, FLT_REFUSE_NOT_FOUND);
    px_h1_free(s.parser);
}

/* ---- media types ------------------------------------------------------------------------------------------------ */

static void only_json_in_utf8_is_accepted(void **state)
{
    static const struct {
        const char *headers;
        int kind; /* -1 = accepted */
    } rows[] = {
        {"Content-Type: application/json\r\n", -1},
        {"Content-Type: Application/JSON ; charset=UTF-8\r\n", -1},
        {"Content-Type: application/json; charset=\"utf-8\"\r\n", -1},
        {"Content-Type: application/json\r\nContent-Encoding: identity\r\n", -1},
        {"", FLT_REFUSE_MEDIA},
        {"Content-Type: text/plain\r\n", FLT_REFUSE_MEDIA},
        {"Content-Type: application/jsonx\r\n", FLT_REFUSE_MEDIA},
        {"Content-Type: application/json; charset=utf-16\r\n", FLT_REFUSE_MEDIA},
        {"Content-Type: application/json; charset=utf-8; charset=utf-16\r\n", FLT_REFUSE_MEDIA},
        {"Content-Type: application/json\r\nContent-Type: text/plain\r\n", FLT_REFUSE_MEDIA},
        {"Content-Type: multipart/form-data; boundary=x\r\n", FLT_REFUSE_MEDIA},
        {"Content-Type: application/json\r\nContent-Encoding: gzip\r\n", FLT_REFUSE_MEDIA},
        {"Content-Type: application/json\r\nContent-Encoding: identity, gzip\r\n", FLT_REFUSE_MEDIA},
        {"Content-Type: application/json\r\nContent-Encoding: identity\r\nContent-Encoding: br\r\n", FLT_REFUSE_MEDIA},
    };
    const struct flt_route generate = {.kind = FLT_ROUTE_GENERATE}, metadata = {.kind = FLT_ROUTE_METADATA};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(rows); i++) {
        struct seen s;
        char text[512];
        snprintf(text, sizeof(text), "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n%s\r\n",
                 rows[i].headers);
        const struct px_refusal *r = px_route_check_body(parse(&s, PX_H1_REQUEST, text), &generate);
        assert_int_equal(r == NULL ? -1 : (int)r->kind, rows[i].kind);
        assert_int_equal(px_route_check_body(s.head, &metadata)->kind, FLT_REFUSE_BAD_REQUEST);
        px_h1_free(s.parser);
    }
    struct seen s;
    parse(&s, PX_H1_REQUEST, "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_null(px_route_check_body(s.head, &metadata));
    px_h1_free(s.parser);
}

/* ---- headers ---------------------------------------------------------------------------------------------------- */

static char *written(struct flt_buf *b)
{
    assert_int_equal(flt_buf_add(b, "", 1), FLT_OK);
    return b->p;
}

#define NOISY                                                                                                          \
    REQUEST("Authorization: Bearer " KEY_A "\r\n"                                                                      \
            "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-User: root\r\nForwarded: for=1\r\nVia: 1.1 x\r\n"                \
            "Cookie: a=b\r\nbaggage: user=1\r\ntracestate: a=b\r\ntraceparent: 00-1-1-01\r\nx-policy-id: p\r\n"        \
            "X-HTTP-Method-Override: DELETE\r\nRange: bytes=0-\r\nIf-Match: x\r\nTE: trailers\r\n"                     \
            "Accept-Encoding: gzip\r\nAccept: application/json\r\nUser-Agent: sdk/1\r\n"                               \
            "X-Stainless-Retry-Count: 1\r\nOpenAI-Project: p1\r\nX-Unknown: y\r\n"                                     \
            "Content-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n")

static void only_listed_headers_go_upstream_and_the_credential_is_swapped(void **state)
{
    struct seen s;
    struct flt_buf b;
    (void)state;
    flt_buf_init(&b, 8192);
    parse(&s, PX_H1_REQUEST, NOISY);
    assert_int_equal(px_route_write_request(&b, s.head, &upstreams[1], true, 77), FLT_OK);
    assert_string_equal(written(&b), "POST /v1/chat/completions HTTP/1.1\r\n"
                                     "Host: azure.example:8443\r\n"
                                     "Content-Type: application/json\r\n"
                                     "Content-Length: 77\r\n"
                                     "Accept-Encoding: identity\r\n"
                                     "api-key: provider-secret\r\n"
                                     "Accept: application/json\r\n"
                                     "User-Agent: sdk/1\r\n"
                                     "X-Stainless-Retry-Count: 1\r\n"
                                     "OpenAI-Project: p1\r\n"
                                     "\r\n");
    flt_buf_clear(&b);
    assert_int_equal(px_route_write_request(&b, s.head, &upstreams[0], false, 0), FLT_OK);
    assert_non_null(strstr(written(&b), "\r\nAuthorization: Bearer " KEY_A "\r\n")); /* its own passes through */
    assert_null(strstr(b.p, "Content-"));
    px_h1_free(s.parser);
    flt_buf_free(&b);
}

static void only_listed_headers_reach_the_client(void **state)
{
    struct seen s;
    struct flt_buf b;
    (void)state;
    flt_buf_init(&b, 8192);
    parse(&s, PX_H1_RESPONSE,
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\nSet-Cookie: __cf_bm=1\r\n"
          "Alt-Svc: h3=\":443\"\r\nStrict-Transport-Security: max-age=1\r\nLink: <x>\r\nRefresh: 0\r\nSourceMap: x\r\n"
          "Report-To: x\r\nNEL: x\r\nServer: x\r\nETag: x\r\nX-Sallyport-Decision: allow\r\n"
          "x-request-id: up-1\r\nX-RateLimit-Remaining-Tokens: 5\r\nretry-after-ms: 20\r\nopenai-processing-ms: "
          "3\r\n\r\n");
    assert_int_equal(px_route_write_answer(&b, s.head), FLT_OK);
    assert_string_equal(written(&b), "x-request-id: up-1\r\nX-RateLimit-Remaining-Tokens: 5\r\nretry-after-ms: 20\r\n"
                                     "openai-processing-ms: 3\r\n");
    assert_true(flt_str_is(*px_route_answer_id(s.head), "up-1"));
    assert_int_equal(px_route_media(s.head), PX_MEDIA_JSON);
    px_h1_free(s.parser);
    flt_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_counts_in_each_of_its_headers),
        cmocka_unit_test(unknown_and_missing_keys_get_one_answer),
        cmocka_unit_test(keys_that_disagree_are_refused),
        cmocka_unit_test(every_key_of_a_full_table_is_found),
        cmocka_unit_test(host_must_match_the_server_name),
        cmocka_unit_test(tenants_routes_choose_the_upstream),
        cmocka_unit_test(unknown_paths_and_methods_are_told_apart),
        cmocka_unit_test(only_json_in_utf8_is_accepted),
        cmocka_unit_test(only_listed_headers_go_upstream_and_the_credential_is_swapped),
        cmocka_unit_test(only_listed_headers_reach_the_client),
    };
    return cmocka_run_group_tests(tests, make_generation, drop_generation);
}
