/*
 * The upstream pool against a server in the same loop: reuse, queue, dead connections, failures, retirement.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "certs.h"
#include "io_sides.h"
#include "net/io_priv.h"
#include "net/listener.h"
#include "net/tls.h"
#include "net/upstream.h"

#define SERVERS 8u

struct want { /* one lease and what came of it */
    struct px_lease *lease;
    struct px_io *io;
    struct side side;
    bool reused;
    unsigned calls, order;
    enum px_lease_error why;
    char detail[96];
};

struct world {
    struct loop loop;
    struct px_resolver *resolver;
    struct px_listener *listener;
    struct px_pool *pool;
    struct side server[SERVERS];
    unsigned accepted;
    SSL_CTX *server_ctx;
    uint16_t port;
};

static unsigned turn; /* counts the answers of all leases */

static void on_accept(void *arg, int fd)
{
    struct world *w = arg;
    assert_true(w->accepted < SERVERS);
    struct side *s = &w->server[w->accepted++];
    struct px_io_conf conf = side_conf(s);
    s->close_on_end = true;
    s->io = px_io_accept(w->loop.io, fd, w->server_ctx, &conf);
    assert_non_null(s->io);
}

static void setup(struct world *w, const char *listen_on)
{
    struct flt_err err;
    char name[64];
    memset(w, 0, sizeof(*w));
    turn = 0;
    loop_init(&w->loop);
    w->resolver = px_resolver_new(w->loop.base);
    assert_non_null(w->resolver);
    int fd = px_listen_socket(listen_on, false, &err);
    assert_true(fd >= 0);
    px_listen_name(fd, name, sizeof(name));
    w->port = (uint16_t)strtoul(strrchr(name, ':') + 1, NULL, 10);
    w->listener = px_listener_new(w->loop.base, fd, on_accept, w);
    assert_non_null(w->listener);
}

static void make_pool(struct world *w, struct px_upstream_conf conf)
{
    conf.name = "up";
    if (conf.host == NULL)
        conf.host = "127.0.0.1";
    if (conf.port == 0)
        conf.port = w->port;
    w->pool = px_pool_new(w->loop.io, w->resolver, &conf);
    assert_non_null(w->pool);
}

/* A pool for a server that listens on loopback. */
static void open_pool(struct world *w, struct px_upstream_conf conf)
{
    setup(w, "127.0.0.1:0");
    make_pool(w, conf);
}

static void teardown(struct world *w)
{
    px_pool_retire(w->pool);
    for (unsigned i = 0; i < SERVERS; i++)
        side_clear(&w->server[i]);
    loop_for(&w->loop, 20);
    px_resolver_free(w->resolver);
    px_listener_free(w->listener);
    SSL_CTX_free(w->server_ctx);
    /* The pool's connections must be gone: event_base_free would leave them as leaks. */
    loop_free(&w->loop);
}

static void on_lease(void *arg, struct px_io *io, bool reused, enum px_lease_error why, const char *detail)
{
    struct want *x = arg;
    x->calls++;
    x->order = ++turn;
    x->io = io;
    x->reused = reused;
    x->why = why;
    snprintf(x->detail, sizeof(x->detail), "%s", detail != NULL ? detail : "");
    if (io == NULL)
        return;
    x->side = (struct side){.io = io};
    px_io_rebind(io, &side_cb, &x->side);
}

static void get(struct world *w, struct want *x, bool fresh)
{
    *x = (struct want){0};
    x->lease = px_lease_get(w->pool, fresh, on_lease, x);
    assert_non_null(x->lease);
    assert_int_equal(x->calls, 0);
}

static void end(struct want *x, bool reusable)
{
    px_lease_end(x->lease, reusable);
    x->lease = NULL;
    free(x->side.got);
    x->side = (struct side){0};
}

static void get_now(struct world *w, struct want *x)
{
    get(w, x, false);
    assert_true(LOOP_UNTIL(&w->loop, x->calls == 1));
    assert_non_null(x->io);
}

static struct px_pool_stats stats(const struct world *w)
{
    struct px_pool_stats s;
    px_pool_stats(w->pool, &s);
    return s;
}

static void a_connection_is_reused_last_used_first(void **state)
{
    (void)state;
    struct world w;
    struct want a, b, c;
    open_pool(&w, (struct px_upstream_conf){0});
    get(&w, &a, false);
    get(&w, &b, false);
    assert_true(LOOP_UNTIL(&w.loop, a.calls == 1 && b.calls == 1));
    assert_false(a.reused);
    assert_int_equal(stats(&w).busy, 2);
    struct px_io *last = b.io;
    assert_int_equal(px_io_write(a.io, "ask", 3), FLT_OK);
    assert_true(LOOP_UNTIL(&w.loop, w.server[0].n + w.server[1].n == 3));
    end(&a, true);
    end(&b, true);
    assert_int_equal(stats(&w).idle, 2);
    get_now(&w, &c);
    assert_true(c.reused);
    assert_ptr_equal(c.io, last);
    assert_int_equal(stats(&w).reuses, 1);
    assert_int_equal(stats(&w).connects, 2);
    px_io_pause(c.io, PX_PAUSE_BUSY); /* a pause left behind must not deafen the idle connection */
    end(&c, true);
    loop_for(&w.loop, 20);
    assert_int_equal(w.accepted, 2);
    assert_int_equal(stats(&w).idle, 2);
    teardown(&w);
}

static void an_unfinished_connection_is_not_reused(void **state)
{
    (void)state;
    struct world w;
    struct want a;
    open_pool(&w, (struct px_upstream_conf){0});
    get_now(&w, &a);
    assert_true(LOOP_UNTIL(&w.loop, w.server[0].opens == 1));
    end(&a, false);
    assert_true(LOOP_UNTIL(&w.loop, w.server[0].ends == 1));
    assert_int_equal(w.server[0].end[0], PX_IO_RESET);
    get_now(&w, &a);
    assert_false(a.reused);
    assert_int_equal(px_io_write(a.io, "queued", 6), FLT_OK);
    end(&a, true); /* said to be reusable, but something is still queued */
    assert_int_equal(stats(&w).idle, 0);
    get_now(&w, &a);
    assert_false(a.reused);
    end(&a, true);
    get(&w, &a, true); /* a fresh one is asked for */
    assert_true(LOOP_UNTIL(&w.loop, a.calls == 1));
    assert_false(a.reused);
    assert_int_equal(stats(&w).idle, 1);
    end(&a, true);
    teardown(&w);
}

static void a_dead_idle_connection_is_never_handed_out(void **state)
{
    (void)state;
    struct world w;
    struct want a;
    open_pool(&w, (struct px_upstream_conf){0});
    get_now(&w, &a);
    end(&a, true);
    assert_true(LOOP_UNTIL(&w.loop, w.accepted == 1 && w.server[0].opens == 1));
    side_free_io(&w.server[0]); /* the loop sees it go */
    assert_true(LOOP_UNTIL(&w.loop, stats(&w).idle == 0));
    get_now(&w, &a);
    assert_false(a.reused);
    end(&a, true);
    assert_true(LOOP_UNTIL(&w.loop, w.accepted == 2 && w.server[1].opens == 1));
    /* The end already lies in the socket, but nobody has looked. */
    assert_int_equal(shutdown(w.server[1].io->fd, SHUT_WR), 0);
    get(&w, &a, false);
    assert_true(LOOP_UNTIL(&w.loop, a.calls == 1));
    assert_non_null(a.io);
    assert_false(a.reused);
    end(&a, false);
    teardown(&w);
}

static void an_idle_connection_that_speaks_is_dropped(void **state)
{
    (void)state;
    struct world w;
    struct want a;
    open_pool(&w, (struct px_upstream_conf){0});
    get_now(&w, &a);
    end(&a, true);
    assert_true(LOOP_UNTIL(&w.loop, w.server[0].opens == 1));
    assert_int_equal(px_io_write(w.server[0].io, "HTTP/1.1 408 \r\n\r\n", 17), FLT_OK);
    assert_true(LOOP_UNTIL(&w.loop, stats(&w).idle == 0));
    get_now(&w, &a);
    assert_false(a.reused);
    end(&a, true);
    teardown(&w);
}

static void an_idle_connection_is_closed_in_time(void **state)
{
    (void)state;
    struct world w;
    struct want a;
    open_pool(&w, (struct px_upstream_conf){.idle_ms = 30});
    get_now(&w, &a);
    end(&a, true);
    assert_true(LOOP_UNTIL(&w.loop, stats(&w).idle == 0));
    assert_true(LOOP_UNTIL(&w.loop, w.server[0].ends == 1));
    assert_int_equal(w.server[0].end[0], PX_IO_EOF);
    teardown(&w);
}

static void waiters_are_served_in_order(void **state)
{
    (void)state;
    struct world w;
    struct want v[5];
    open_pool(&w, (struct px_upstream_conf){.max_connections = 1, .max_queue = 3});
    get_now(&w, &v[0]);
    for (int i = 1; i < 5; i++)
        get(&w, &v[i], false);
    assert_true(LOOP_UNTIL(&w.loop, v[4].calls == 1));
    assert_null(v[4].io);
    assert_int_equal(v[4].why, PX_LEASE_QUEUE_FULL);
    end(&v[4], false);
    assert_int_equal(stats(&w).waiting, 3);
    end(&v[2], false); /* gives up waiting: never called */
    for (int i = 0; i < 4; i++) {
        if (i == 2)
            continue;
        assert_true(LOOP_UNTIL(&w.loop, v[i].calls == 1));
        assert_non_null(v[i].io);
        assert_int_equal(v[i].reused, i != 0);
        end(&v[i], true);
    }
    assert_int_equal(v[2].calls, 0);
    assert_true(v[1].order < v[3].order);
    assert_int_equal(stats(&w).connects, 1);
    teardown(&w);
}

static void a_broken_connection_makes_room_for_a_waiter(void **state)
{
    (void)state;
    struct world w;
    struct want a, b;
    open_pool(&w, (struct px_upstream_conf){.max_connections = 1});
    get_now(&w, &a);
    get(&w, &b, false);
    loop_for(&w.loop, 20);
    assert_int_equal(b.calls, 0);
    end(&a, false);
    assert_true(LOOP_UNTIL(&w.loop, b.calls == 1));
    assert_non_null(b.io);
    assert_false(b.reused);
    end(&b, true);
    get(&w, &a, true); /* full of idle ones: one of them goes */
    assert_true(LOOP_UNTIL(&w.loop, a.calls == 1));
    assert_false(a.reused);
    end(&a, true);
    teardown(&w);
}

static void waiting_ends_at_its_deadline(void **state)
{
    (void)state;
    struct world w;
    struct want a, b;
    open_pool(&w, (struct px_upstream_conf){.max_connections = 1, .connect_ms = 60});
    get_now(&w, &a);
    get(&w, &b, false);
    assert_true(LOOP_UNTIL(&w.loop, b.calls == 1));
    assert_null(b.io);
    assert_int_equal(b.why, PX_LEASE_TIMEOUT);
    end(&b, false);
    end(&a, true);
    teardown(&w);
}

static void failures_say_what_failed(void **state)
{
    (void)state;
    struct world w;
    struct want a;
    struct sockaddr_in dead;
    close(loopback_listen(&dead));
    open_pool(&w, (struct px_upstream_conf){.port = ntohs(dead.sin_port)});
    get(&w, &a, false);
    assert_true(LOOP_UNTIL(&w.loop, a.calls == 1));
    assert_null(a.io);
    assert_int_equal(a.why, PX_LEASE_CONNECT);
    assert_string_equal(a.detail, "connect: Connection refused");
    assert_int_equal(stats(&w).connect_failures, 1);
    end(&a, false);
    px_pool_retire(w.pool);
    make_pool(&w, (struct px_upstream_conf){.host = "not..a..name"});
    get(&w, &a, false);
    assert_true(LOOP_UNTIL(&w.loop, a.calls == 1));
    assert_null(a.io);
    assert_int_equal(a.why, PX_LEASE_RESOLVE);
    assert_true(a.detail[0] != '\0');
    end(&a, false);
    assert_int_equal(w.accepted, 0);
    teardown(&w);
}

static void the_next_address_is_tried(void **state)
{
    (void)state;
    struct world w;
    struct want a;
    struct flt_err err;
    int probe = px_listen_socket("[::1]:0", false, &err);
    if (probe < 0)
        skip(); /* no IPv6 loopback here */
    close(probe);
    setup(&w, "[::1]:0");
    make_pool(&w, (struct px_upstream_conf){.host = "localhost"}); /* 127.0.0.1 first */
    get_now(&w, &a);
    assert_true(strncmp(px_io_peer(a.io), "[::1]:", 6) == 0);
    end(&a, true);
    teardown(&w);
}

static void giving_up_while_waiting_leaves_nothing(void **state)
{
    (void)state;
    struct world w;
    struct want a;
    open_pool(&w, (struct px_upstream_conf){0});
    get(&w, &a, false);
    end(&a, false);
    loop_for(&w.loop, 30);
    assert_int_equal(a.calls, 0);
    struct px_pool_stats s = stats(&w);
    assert_int_equal(s.connecting + s.busy + s.idle + s.waiting, 0);
    teardown(&w);
}

static void a_retired_pool_lets_its_leases_end(void **state)
{
    (void)state;
    struct world w;
    struct want a, b;
    open_pool(&w, (struct px_upstream_conf){0});
    get_now(&w, &a);
    get_now(&w, &b);
    end(&b, true);
    px_pool_retire(w.pool);
    assert_int_equal(px_io_write(a.io, "still works", 11), FLT_OK);
    assert_true(LOOP_UNTIL(&w.loop, w.server[0].n + w.server[1].n == 11));
    assert_true(LOOP_UNTIL(&w.loop, w.server[0].ends + w.server[1].ends == 1)); /* the idle one */
    end(&a, true);
    assert_true(LOOP_UNTIL(&w.loop, w.server[0].ends + w.server[1].ends == 2));
    make_pool(&w, (struct px_upstream_conf){0});
    teardown(&w);
}

/* ---- TLS ---- */

static void use_tls(struct world *w, struct certs *certs, const char *leaf, SSL_CTX **client)
{
    struct flt_err err;
    char cert[128], key[128], ca[128], file[64];
    snprintf(file, sizeof(file), "%s.pem", leaf);
    certs_path(certs, file, cert, sizeof(cert));
    snprintf(file, sizeof(file), "%s.key", leaf);
    certs_path(certs, file, key, sizeof(key));
    certs_path(certs, "ca.pem", ca, sizeof(ca));
    struct px_tls_server_conf server = {.certificate = cert, .key = key, .session_context = "up"};
    w->server_ctx = px_tls_server(&server, &err);
    assert_non_null(w->server_ctx);
    *client = px_tls_client(&(struct px_tls_client_conf){.ca = ca}, &err);
    assert_non_null(*client);
}

static void the_second_tls_connection_resumes_the_first_ones_session(void **state)
{
    (void)state;
    static const char *const names[] = {"good"};
    struct world w;
    struct want a;
    struct certs certs;
    SSL_CTX *client;
    assert_true(certs_init(&certs) && certs_leaf(&certs, "good", &(struct cert_want){.san = "DNS:localhost"}));
    setup(&w, "127.0.0.1:0");
    use_tls(&w, &certs, "good", &client);
    make_pool(&w, (struct px_upstream_conf){.host = "localhost", .ssl_ctx = client});
    SSL_CTX_free(client); /* the pool has its own reference */
    get_now(&w, &a);
    assert_int_equal(px_io_write(a.io, "x", 1), FLT_OK);
    assert_true(LOOP_UNTIL(&w.loop, w.server[0].n == 1));
    assert_int_equal(px_io_write(w.server[0].io, "y", 1), FLT_OK); /* the ticket comes before this */
    assert_true(LOOP_UNTIL(&w.loop, a.side.n == 1));
    end(&a, false);
    get_now(&w, &a);
    assert_false(a.reused);
    assert_true(px_io_tls_reused(a.io));
    assert_int_equal(stats(&w).tls_resumed, 1);
    end(&a, true);
    teardown(&w);
    certs_remove(&certs, names, 1);
}

static void a_bad_certificate_fails_the_lease(void **state)
{
    (void)state;
    static const char *const names[] = {"bad"};
    struct world w;
    struct want a;
    struct certs certs;
    SSL_CTX *client;
    assert_true(certs_init(&certs) && certs_leaf(&certs, "bad", &(struct cert_want){.san = "DNS:elsewhere"}));
    setup(&w, "127.0.0.1:0");
    use_tls(&w, &certs, "bad", &client);
    make_pool(&w, (struct px_upstream_conf){.host = "localhost", .ssl_ctx = client});
    SSL_CTX_free(client);
    get(&w, &a, false);
    assert_true(LOOP_UNTIL(&w.loop, a.calls == 1));
    assert_null(a.io);
    assert_int_equal(a.why, PX_LEASE_TLS);
    assert_non_null(strstr(a.detail, "hostname mismatch"));
    end(&a, false);
    assert_true(LOOP_UNTIL(&w.loop, w.server[0].closes == 1));
    assert_int_equal(w.server[0].n, 0);
    teardown(&w);
    certs_remove(&certs, names, 1);
}

static void a_silent_tls_server_is_given_up_by_us_or_by_time(void **state)
{
    (void)state;
    static const char *const names[] = {"good"};
    struct world w;
    struct want a;
    struct certs certs;
    struct sockaddr_in sa;
    SSL_CTX *client;
    int listener = loopback_listen(&sa); /* takes connections, never says anything */
    assert_true(certs_init(&certs) && certs_leaf(&certs, "good", &(struct cert_want){.san = "DNS:localhost"}));
    setup(&w, "127.0.0.1:0");
    use_tls(&w, &certs, "good", &client);
    make_pool(&w, (struct px_upstream_conf){.port = ntohs(sa.sin_port), .ssl_ctx = client, .connect_ms = 80});
    SSL_CTX_free(client);
    get(&w, &a, false);
    loop_for(&w.loop, 20);
    assert_int_equal(stats(&w).connecting, 1);
    end(&a, false);
    assert_int_equal(a.calls, 0);
    assert_int_equal(stats(&w).connecting, 0);
    get(&w, &a, false);
    assert_true(LOOP_UNTIL(&w.loop, a.calls == 1));
    assert_null(a.io);
    assert_int_equal(a.why, PX_LEASE_TIMEOUT);
    end(&a, false);
    close(listener);
    teardown(&w);
    certs_remove(&certs, names, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_reused_last_used_first),
        cmocka_unit_test(an_unfinished_connection_is_not_reused),
        cmocka_unit_test(a_dead_idle_connection_is_never_handed_out),
        cmocka_unit_test(an_idle_connection_that_speaks_is_dropped),
        cmocka_unit_test(an_idle_connection_is_closed_in_time),
        cmocka_unit_test(waiters_are_served_in_order),
        cmocka_unit_test(a_broken_connection_makes_room_for_a_waiter),
        cmocka_unit_test(waiting_ends_at_its_deadline),
        cmocka_unit_test(failures_say_what_failed),
        cmocka_unit_test(the_next_address_is_tried),
        cmocka_unit_test(giving_up_while_waiting_leaves_nothing),
        cmocka_unit_test(a_retired_pool_lets_its_leases_end),
        cmocka_unit_test(the_second_tls_connection_resumes_the_first_ones_session),
        cmocka_unit_test(a_bad_certificate_fails_the_lease),
        cmocka_unit_test(a_silent_tls_server_is_given_up_by_us_or_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
