/*
 * The stream seam without TLS: order of data and end, back-pressure, deadlines, closing, freeing inside callbacks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>

#include "io_sides.h"
#include "net/listener.h"

#define MIB (1024u * 1024u)

struct pair {
    struct loop loop;
    struct side a, b;
    int raw; /* the other end, when b is not used */
};

static void start(struct pair *p, bool both, const struct px_io_conf *conf_a)
{
    int fd[2];
    memset(p, 0, sizeof(*p));
    loop_init(&p->loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    struct px_io_conf conf = conf_a != NULL ? *conf_a : side_conf(&p->a);
    conf.cb = &side_cb;
    conf.arg = &p->a;
    p->a.io = px_io_accept(p->loop.io, fd[0], NULL, &conf);
    assert_non_null(p->a.io);
    p->raw = fd[1];
    if (both) {
        struct px_io_conf conf_b = side_conf(&p->b);
        p->raw = -1;
        p->b.io = px_io_accept(p->loop.io, fd[1], NULL, &conf_b);
        assert_non_null(p->b.io);
    }
}

static void stop(struct pair *p)
{
    side_clear(&p->a);
    side_clear(&p->b);
    if (p->raw >= 0)
        close(p->raw);
    loop_free(&p->loop);
}

static char *pattern(size_t n)
{
    char *p = malloc(n);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)((i * 7 + i / 251) & 0xff);
    return p;
}

static void write_ok(struct side *s, const char *p, size_t n)
{
    assert_int_equal(px_io_write(s->io, p, n), FLT_OK);
}

static void reports_open_once_and_never_from_inside_a_call(void **state)
{
    (void)state;
    struct pair p;
    start(&p, true, NULL);
    assert_int_equal(p.a.opens, 0);
    assert_true(LOOP_UNTIL(&p.loop, p.a.opens == 1 && p.b.opens == 1));
    loop_for(&p.loop, 20);
    assert_int_equal(p.a.opens, 1);
    assert_string_equal(px_io_peer(p.a.io), "local");
    stop(&p);
}

static void data_is_complete_before_the_end_in_sixty_rounds(void **state)
{
    (void)state;
    size_t n = 33000;
    char *text = pattern(n);
    for (int round = 0; round < 60; round++) {
        struct pair p;
        start(&p, true, NULL);
        write_ok(&p.a, text, n);
        px_io_close(p.a.io, PX_CLOSE_CLEAN, 0);
        assert_true(LOOP_UNTIL(&p.loop, p.b.ends == 1));
        assert_int_equal(p.b.end[0], PX_IO_EOF);
        assert_int_equal(p.b.n_at_end, n);
        assert_memory_equal(p.b.got, text, n);
        stop(&p);
    }
    free(text);
}

static void writes_of_one_turn_leave_together(void **state)
{
    (void)state;
    struct pair p;
    char buf[8192];
    start(&p, false, NULL);
    for (int i = 0; i < 200; i++)
        write_ok(&p.a, "fifteen bytes..", 15);
    assert_int_equal(px_io_queued(p.a.io), 3000);
    assert_int_equal(px_io_sent(p.a.io), 0);
    assert_int_equal(recv(p.raw, buf, sizeof(buf), MSG_DONTWAIT), -1);
    assert_true(LOOP_UNTIL(&p.loop, px_io_sent(p.a.io) > 0));
    assert_int_equal(px_io_sent(p.a.io), 3000);
    assert_int_equal(px_io_queued(p.a.io), 0);
    assert_int_equal(recv(p.raw, buf, sizeof(buf), MSG_DONTWAIT), 3000);
    stop(&p);
}

static void an_idle_connection_holds_no_buffers(void **state)
{
    (void)state;
    struct pair p;
    start(&p, true, NULL);
    size_t idle = px_io_memory(p.a.io);
    write_ok(&p.a, "hello", 5);
    assert_true(px_io_memory(p.a.io) > idle);
    assert_true(LOOP_UNTIL(&p.loop, p.b.n == 5));
    assert_int_equal(px_io_memory(p.a.io), idle);
    assert_true(idle <= 1024);
    stop(&p);
}

static void output_fills_and_drains_around_its_marks(void **state)
{
    (void)state;
    struct pair p;
    struct px_io_conf conf = {.high_water = 100000, .low_water = 30000};
    char *text = pattern(2 * MIB);
    start(&p, true, &conf);
    assert_true(LOOP_UNTIL(&p.loop, p.b.opens == 1));
    px_io_pause(p.b.io, PX_PAUSE_PEER_FULL);
    write_ok(&p.a, text, 100000);
    assert_false(px_io_full(p.a.io));
    write_ok(&p.a, text + 100000, 2 * MIB - 100000);
    assert_true(px_io_full(p.a.io));
    loop_for(&p.loop, 30);
    assert_true(px_io_full(p.a.io)); /* the peer does not read */
    assert_int_equal(p.a.drains, 0);
    assert_int_equal(p.b.n, 0);
    px_io_resume(p.b.io, PX_PAUSE_PEER_FULL);
    assert_true(LOOP_UNTIL(&p.loop, p.b.n == 2 * MIB));
    assert_memory_equal(p.b.got, text, 2 * MIB);
    assert_int_equal(p.a.drains, 1);
    assert_false(px_io_full(p.a.io));
    stop(&p);
    free(text);
}

static void what_on_data_leaves_comes_again_with_what_follows(void **state)
{
    (void)state;
    struct pair p;
    start(&p, true, NULL);
    p.b.take_first = 3;
    write_ok(&p.a, "abcdefgh", 8);
    assert_true(LOOP_UNTIL(&p.loop, p.b.datas == 1));
    write_ok(&p.a, "ij", 2);
    px_io_close(p.a.io, PX_CLOSE_CLEAN, 0);
    loop_for(&p.loop, 30);
    assert_int_equal(p.b.n, 3);
    assert_int_equal(p.b.ends, 0); /* an end behind unread bytes waits for them */
    px_io_resume(p.b.io, PX_PAUSE_BUSY);
    assert_true(LOOP_UNTIL(&p.loop, p.b.ends == 1));
    assert_int_equal(p.b.n_at_end, 10);
    assert_memory_equal(p.b.got, "abcdefghij", 10);
    assert_int_equal(p.b.datas, 2);
    stop(&p);
}

static void each_pause_reason_counts_alone(void **state)
{
    (void)state;
    struct pair p;
    start(&p, true, NULL);
    px_io_pause(p.b.io, PX_PAUSE_BUSY | PX_PAUSE_PEER_FULL);
    write_ok(&p.a, "x", 1);
    loop_for(&p.loop, 20);
    px_io_resume(p.b.io, PX_PAUSE_PEER_FULL);
    loop_for(&p.loop, 20);
    assert_int_equal(p.b.n, 0);
    px_io_resume(p.b.io, PX_PAUSE_BUSY);
    assert_true(LOOP_UNTIL(&p.loop, p.b.n == 1));
    stop(&p);
}

static void a_deadline_fires_once_and_leaves_output_working(void **state)
{
    (void)state;
    struct pair p;
    start(&p, true, NULL);
    px_io_deadline(p.a.io, 30);
    assert_true(LOOP_UNTIL(&p.loop, p.a.ends == 1));
    assert_int_equal(p.a.end[0], PX_IO_TIMEOUT);
    write_ok(&p.a, "408", 3);
    assert_true(LOOP_UNTIL(&p.loop, p.b.n == 3));
    loop_for(&p.loop, 60);
    assert_int_equal(p.a.ends, 1);
    stop(&p);
}

static void a_deadline_can_be_moved_and_taken_back(void **state)
{
    (void)state;
    struct pair p;
    start(&p, true, NULL);
    uint64_t begin = loop_clock();
    px_io_deadline(p.a.io, 10);
    px_io_deadline(p.a.io, 120);
    px_io_deadline(p.b.io, 10);
    px_io_deadline(p.b.io, 0);
    assert_true(LOOP_UNTIL(&p.loop, p.a.ends == 1));
    assert_true(loop_clock() - begin >= 110);
    assert_int_equal(p.b.ends, 0);
    px_io_deadline(p.b.io, 60000); /* and forward again */
    px_io_deadline(p.b.io, 20);
    assert_true(LOOP_UNTIL(&p.loop, p.b.ends == 1));
    stop(&p);
}

static void too_much_output_is_an_error_not_memory(void **state)
{
    (void)state;
    struct pair p;
    struct px_io_conf conf = {.max_out = 1000};
    start(&p, true, &conf);
    char text[600] = {0};
    write_ok(&p.a, text, sizeof(text));
    assert_int_equal(px_io_write(p.a.io, text, sizeof(text)), FLT_E_LIMIT);
    assert_int_equal(p.a.ends, 0);
    assert_true(LOOP_UNTIL(&p.loop, p.a.ends == 1));
    assert_int_equal(p.a.end[0], PX_IO_OVERFLOW);
    assert_int_equal(px_io_write(p.a.io, text, 1), FLT_E_IO);
    stop(&p);
}

static void a_half_closed_client_still_gets_its_answer(void **state)
{
    (void)state;
    struct pair p;
    char buf[64];
    start(&p, false, NULL);
    assert_int_equal(send(p.raw, "ask", 3, 0), 3);
    assert_int_equal(shutdown(p.raw, SHUT_WR), 0);
    assert_true(LOOP_UNTIL(&p.loop, p.a.ends == 1));
    assert_int_equal(p.a.end[0], PX_IO_EOF);
    assert_int_equal(p.a.n_at_end, 3);
    write_ok(&p.a, "answer", 6);
    px_io_close(p.a.io, PX_CLOSE_CLEAN, 0);
    assert_true(LOOP_UNTIL(&p.loop, p.a.closes == 1));
    assert_int_equal(recv(p.raw, buf, sizeof(buf), 0), 6);
    assert_int_equal(recv(p.raw, buf, sizeof(buf), 0), 0);
    stop(&p);
}

static void closing_waits_for_a_slow_reader_and_its_fin(void **state)
{
    (void)state;
    struct pair p;
    char *text = pattern(MIB), *got = malloc(MIB);
    size_t n = 0;
    start(&p, false, NULL);
    write_ok(&p.a, text, MIB);
    assert_int_equal(send(p.raw, "unread", 6, 0), 6); /* must not turn into a reset */
    px_io_close(p.a.io, PX_CLOSE_CLEAN, 5000);
    assert_int_equal(px_io_write(p.a.io, "x", 1), FLT_E_IO);
    while (n < MIB) {
        ssize_t r = recv(p.raw, got + n, MIB - n < 50000 ? MIB - n : 50000, MSG_DONTWAIT);
        if (r > 0)
            n += (size_t)r;
        else
            assert_int_equal(errno, EAGAIN);
        loop_once(&p.loop);
    }
    assert_memory_equal(got, text, MIB);
    assert_int_equal(recv(p.raw, got, 1, 0), 0);
    loop_for(&p.loop, 20);
    assert_int_equal(p.a.closes, 0); /* lingers */
    assert_int_equal(p.a.datas, 0);  /* and drops what comes */
    close(p.raw);
    p.raw = -1;
    assert_true(LOOP_UNTIL(&p.loop, p.a.closes == 1));
    stop(&p);
    free(text);
    free(got);
}

static void closing_gives_up_at_its_deadline(void **state)
{
    (void)state;
    struct pair p;
    char *text = pattern(4 * MIB);
    start(&p, false, NULL);
    write_ok(&p.a, text, 4 * MIB);
    px_io_close(p.a.io, PX_CLOSE_CLEAN, 50);
    assert_true(LOOP_UNTIL(&p.loop, p.a.closes == 1));
    stop(&p);
    free(text);
}

static void tcp_pair(struct pair *p, struct side *client)
{
    struct sockaddr_in sa;
    int listener = loopback_listen(&sa);
    struct px_io_peer peer = {.addr = (const struct sockaddr *)&sa, .addr_len = sizeof(sa)};
    struct px_io_conf conf = side_conf(client), conf_a = side_conf(&p->a);
    memset(p, 0, sizeof(*p));
    p->raw = -1;
    loop_init(&p->loop);
    client->io = px_io_connect(p->loop.io, &peer, &conf);
    assert_non_null(client->io);
    assert_true(LOOP_UNTIL(&p->loop, client->opens == 1));
    int fd = accept(listener, NULL, NULL);
    close(listener);
    p->a.io = px_io_accept(p->loop.io, fd, NULL, &conf_a);
    assert_non_null(p->a.io);
}

static void close_now_resets(void **state)
{
    (void)state;
    struct pair p;
    struct side client = {0};
    tcp_pair(&p, &client);
    assert_true(strncmp(px_io_peer(client.io), "127.0.0.1:", 10) == 0);
    px_io_close(p.a.io, PX_CLOSE_NOW, 0);
    assert_int_equal(p.a.closes, 0);
    assert_true(LOOP_UNTIL(&p.loop, client.ends == 1));
    assert_int_equal(client.end[0], PX_IO_RESET);
    assert_int_equal(px_io_write(client.io, "x", 1), FLT_E_IO);
    assert_int_equal(p.a.closes, 1);
    side_clear(&client);
    stop(&p);
}

static void an_answer_before_a_reset_is_read(void **state)
{
    (void)state;
    struct pair p;
    struct side client = {0};
    char *text = pattern(4 * MIB);
    tcp_pair(&p, &client);
    px_io_pause(p.a.io, PX_PAUSE_BUSY);
    assert_int_equal(px_io_write(client.io, text, 4 * MIB), FLT_OK);
    loop_for(&p.loop, 20);
    write_ok(&p.a, "early answer", 12);
    assert_true(LOOP_UNTIL(&p.loop, px_io_queued(p.a.io) == 0));
    side_free_io(&p.a); /* unread input: the kernel resets */
    assert_true(LOOP_UNTIL(&p.loop, client.ends > 0));
    assert_int_equal(client.n_at_end, 12);
    assert_int_equal(client.end[client.ends - 1], PX_IO_RESET);
    side_clear(&client);
    stop(&p);
    free(text);
}

static void a_refused_connection_is_reported(void **state)
{
    (void)state;
    struct loop loop;
    struct side client = {0};
    struct sockaddr_in sa;
    close(loopback_listen(&sa));
    struct px_io_peer peer = {.addr = (const struct sockaddr *)&sa, .addr_len = sizeof(sa)};
    struct px_io_conf conf = side_conf(&client);
    loop_init(&loop);
    client.io = px_io_connect(loop.io, &peer, &conf);
    assert_non_null(client.io);
    assert_int_equal(px_io_write(client.io, "x", 1), FLT_OK);
    assert_true(LOOP_UNTIL(&loop, client.ends == 1));
    assert_int_equal(client.end[0], PX_IO_CONNECT_FAILED);
    assert_int_equal(client.opens, 0);
    assert_int_equal(px_io_sent(client.io), 0);
    assert_string_equal(px_io_error(client.io), "connect: Connection refused");
    px_io_close(client.io, PX_CLOSE_CLEAN, 0);
    assert_true(LOOP_UNTIL(&loop, client.closes == 1));
    side_clear(&client);
    loop_free(&loop);
}

static void may_be_freed_inside_its_own_callbacks(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        struct pair p;
        start(&p, true, NULL);
        p.b.free_on_open = which == 0;
        p.b.free_on_data = which == 1;
        p.b.free_on_end = which == 2;
        write_ok(&p.a, "x", 1);
        px_io_close(p.a.io, PX_CLOSE_CLEAN, 100);
        assert_true(LOOP_UNTIL(&p.loop, p.b.io == NULL && p.a.closes == 1));
        loop_for(&p.loop, 10);
        assert_int_equal(p.b.ends, which == 2 ? 1 : 0);
        stop(&p);
    }
}

static void a_busy_connection_does_not_starve_another(void **state)
{
    (void)state;
    struct pair p;
    struct side quiet = {0};
    int fd[2];
    char *text = pattern(32 * MIB);
    start(&p, true, NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    struct px_io_conf conf = side_conf(&quiet);
    write_ok(&p.a, text, 32 * MIB);
    loop_once(&p.loop);
    quiet.io = px_io_accept(p.loop.io, fd[0], NULL, &conf);
    assert_int_equal(send(fd[1], "x", 1, 0), 1);
    assert_true(LOOP_UNTIL(&p.loop, quiet.n == 1));
    assert_true(p.b.n < 8 * MIB);
    side_clear(&quiet);
    close(fd[1]);
    stop(&p);
    free(text);
}

static void other_owner(void *arg, enum px_io_end why)
{
    (void)why;
    *(int *)arg += 1;
}

static void a_new_owner_gets_the_callbacks(void **state)
{
    (void)state;
    static const struct px_io_cb cb = {.on_data = side_data, .on_end = other_owner};
    struct pair p;
    int told = 0;
    start(&p, true, NULL);
    assert_true(LOOP_UNTIL(&p.loop, p.b.opens == 1));
    px_io_rebind(p.b.io, &cb, &told);
    px_io_close(p.a.io, PX_CLOSE_CLEAN, 0);
    assert_true(LOOP_UNTIL(&p.loop, told == 1));
    assert_int_equal(p.b.ends, 0);
    stop(&p);
}

/* ---- listener ---- */

struct accepted {
    int n;
    int fd[8];
};

static void on_accepted(void *arg, int fd)
{
    struct accepted *a = arg;
    if (a->n < 8)
        a->fd[a->n++] = fd;
}

static void a_listener_accepts_and_its_port_can_be_shared(void **state)
{
    (void)state;
    struct flt_err err;
    struct loop loop;
    struct accepted a = {0};
    char name[64], again[64];
    loop_init(&loop);
    int fd = px_listen_socket("127.0.0.1:0", true, &err);
    assert_true(fd >= 0);
    px_listen_name(fd, name, sizeof(name));
    int second = px_listen_socket(name, true, &err);
    assert_true(second >= 0);
    px_listen_name(second, again, sizeof(again));
    assert_string_equal(name, again);
    close(second);
    struct px_listener *l = px_listener_new(loop.base, fd, on_accepted, &a);
    assert_non_null(l);
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    sa.sin_port = htons((uint16_t)strtoul(strrchr(name, ':') + 1, NULL, 10));
    for (int i = 0; i < 3; i++) {
        int c = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(c, (const struct sockaddr *)&sa, sizeof(sa)), 0);
        close(c);
    }
    assert_true(LOOP_UNTIL(&loop, a.n == 3));
    for (int i = 0; i < 3; i++)
        close(a.fd[i]);
    px_listener_free(l);
    loop_free(&loop);
}

static void a_bad_listening_address_is_explained(void **state)
{
    (void)state;
    static const char *const bad[] = {"",       "127.0.0.1", "127.0.0.1:",  ":80",
                                      "::1:80", "[::1:80",   "127.0.0.1:x", "192.0.2.1:9"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(bad); i++) {
        struct flt_err err = {0};
        assert_int_equal(px_listen_socket(bad[i], false, &err), -1);
        assert_int_equal(err.status, FLT_E_IO);
        assert_true(err.message[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_open_once_and_never_from_inside_a_call),
        cmocka_unit_test(data_is_complete_before_the_end_in_sixty_rounds),
        cmocka_unit_test(writes_of_one_turn_leave_together),
        cmocka_unit_test(an_idle_connection_holds_no_buffers),
        cmocka_unit_test(output_fills_and_drains_around_its_marks),
        cmocka_unit_test(what_on_data_leaves_comes_again_with_what_follows),
        cmocka_unit_test(each_pause_reason_counts_alone),
        cmocka_unit_test(a_deadline_fires_once_and_leaves_output_working),
        cmocka_unit_test(a_deadline_can_be_moved_and_taken_back),
        cmocka_unit_test(too_much_output_is_an_error_not_memory),
        cmocka_unit_test(a_half_closed_client_still_gets_its_answer),
        cmocka_unit_test(closing_waits_for_a_slow_reader_and_its_fin),
        cmocka_unit_test(closing_gives_up_at_its_deadline),
        cmocka_unit_test(close_now_resets),
        cmocka_unit_test(an_answer_before_a_reset_is_read),
        cmocka_unit_test(a_refused_connection_is_reported),
        cmocka_unit_test(may_be_freed_inside_its_own_callbacks),
        cmocka_unit_test(a_busy_connection_does_not_starve_another),
        cmocka_unit_test(a_new_owner_gets_the_callbacks),
        cmocka_unit_test(a_listener_accepts_and_its_port_can_be_shared),
        cmocka_unit_test(a_bad_listening_address_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
