/*
 * Names to addresses, as far as that can be tried without a network.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/resolve.h"

struct result {
    unsigned calls, n;
    char text[8][80];
    char why[64];
};

static void on_result(void *arg, const struct px_addr *v, unsigned n, const char *why)
{
    struct result *r = arg;
    r->calls++;
    r->n = n;
    snprintf(r->why, sizeof(r->why), "%s", why != NULL ? why : "");
    for (unsigned i = 0; i < n; i++) {
        char ip[INET6_ADDRSTRLEN] = "";
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        memcpy(&v4, &v[i].ss, sizeof(v4));
        memcpy(&v6, &v[i].ss, sizeof(v6));
        if (v[i].ss.ss_family == AF_INET) {
            assert_int_equal(v[i].len, sizeof(v4));
            inet_ntop(AF_INET, &v4.sin_addr, ip, sizeof(ip));
        } else {
            assert_int_equal(v[i].len, sizeof(v6));
            inet_ntop(AF_INET6, &v6.sin6_addr, ip, sizeof(ip));
        }
        snprintf(r->text[i], sizeof(r->text[i]), "%s %u", ip, ntohs(v4.sin_port));
    }
}

struct world {
    struct event_base *base;
    struct px_resolver *resolver;
};

static void setup(struct world *w)
{
    w->base = event_base_new();
    assert_non_null(w->base);
    w->resolver = px_resolver_new(w->base);
    assert_non_null(w->resolver);
}

static void teardown(struct world *w)
{
    px_resolver_free(w->resolver);
    event_base_free(w->base);
}

static void literals_answer_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *host, *text;
    } cases[] = {{"192.0.2.7", "192.0.2.7 443"},
                 {"::1", "::1 443"},
                 {"[2001:db8::5]", "2001:db8::5 443"},
                 {"::ffff:192.0.2.1", "::ffff:192.0.2.1 443"}};
    struct world w;
    setup(&w);
    for (size_t i = 0; i < FLT_ARRAY_LEN(cases); i++) {
        struct result r = {0};
        assert_null(px_resolve(w.resolver, cases[i].host, 443, on_result, &r));
        assert_int_equal(r.calls, 1);
        assert_int_equal(r.n, 1);
        assert_string_equal(r.text[0], cases[i].text);
    }
    teardown(&w);
}

static void localhost_is_loopback_without_asking(void **state)
{
    (void)state;
    static const char *const names[] = {"localhost", "LocalHost", "localhost.", "app.localhost", "a.b.localhost."};
    struct world w;
    setup(&w);
    for (size_t i = 0; i < FLT_ARRAY_LEN(names); i++) {
        struct result r = {0};
        assert_null(px_resolve(w.resolver, names[i], 11434, on_result, &r));
        assert_int_equal(r.calls, 1);
        assert_int_equal(r.n, 2);
        assert_string_equal(r.text[0], "127.0.0.1 11434");
        assert_string_equal(r.text[1], "::1 11434");
    }
    teardown(&w);
}

static void run_until(struct world *w, const struct result *r, unsigned calls)
{
    static const struct timeval step = {0, 50000};
    for (int i = 0; i < 1200 && r->calls < calls; i++) {
        event_base_loopexit(w->base, &step);
        event_base_loop(w->base, 0);
    }
}

static void a_name_that_cannot_be_found_ends_with_a_reason(void **state)
{
    (void)state;
    static const char *const names[] = {"no-such-name.invalid", "not..a..name", ""};
    struct world w;
    setup(&w);
    for (size_t i = 0; i < FLT_ARRAY_LEN(names); i++) {
        struct result r = {0};
        (void)px_resolve(w.resolver, names[i], 1, on_result, &r);
        run_until(&w, &r, 1);
        assert_int_equal(r.calls, 1);
        assert_int_equal(r.n, 0);
        assert_true(r.why[0] != '\0');
        /* Kept for a second: the same again, now at once. */
        assert_null(px_resolve(w.resolver, names[i], 1, on_result, &r));
        assert_int_equal(r.calls, 2);
        assert_int_equal(r.n, 0);
    }
    teardown(&w);
}

static void one_lookup_serves_all_who_wait_and_not_who_left(void **state)
{
    (void)state;
    struct world w;
    struct result a = {0}, b = {0}, c = {0};
    setup(&w);
    struct px_resolve *qa = px_resolve(w.resolver, "waits.invalid", 1, on_result, &a);
    struct px_resolve *qb = px_resolve(w.resolver, "WAITS.invalid", 2, on_result, &b);
    struct px_resolve *qc = px_resolve(w.resolver, "waits.invalid", 3, on_result, &c);
    if (qa == NULL || qb == NULL || qc == NULL) /* answered at once: no resolver configured at all */
        assert_int_equal(a.calls + b.calls + c.calls, 3);
    else {
        px_resolve_cancel(qb);
        run_until(&w, &a, 1);
        assert_int_equal(a.calls, 1);
        assert_int_equal(b.calls, 0);
        assert_int_equal(c.calls, 1);
    }
    teardown(&w);
}

static void freeing_the_resolver_cancels_all(void **state)
{
    (void)state;
    struct world w;
    struct result r[20] = {{0}};
    unsigned before = 0, after = 0;
    setup(&w);
    for (size_t i = 0; i < FLT_ARRAY_LEN(r); i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%zu.invalid", i);
        (void)px_resolve(w.resolver, name, 1, on_result, &r[i]);
        before += r[i].calls;
    }
    teardown(&w);
    for (size_t i = 0; i < FLT_ARRAY_LEN(r); i++)
        after += r[i].calls;
    assert_int_equal(after, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_answer_at_once),
        cmocka_unit_test(localhost_is_loopback_without_asking),
        cmocka_unit_test(a_name_that_cannot_be_found_ends_with_a_reason),
        cmocka_unit_test(one_lookup_serves_all_who_wait_and_not_who_left),
        cmocka_unit_test(freeing_the_resolver_cancels_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
