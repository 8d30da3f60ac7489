/* test_admin.c: the admin listener over real loopback sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"
#include "watch/admin.h"

static struct event_base *base;
static struct px_io_loop *loop;
static struct px_admin *admin;
static struct sockaddr_in address;

static bool is_ready, metrics_fail;
static size_t metrics_size;

static int write_metrics(void *arg, struct flt_buf *out)
{
    int rc = FLT_OK;

    assert_ptr_equal(arg, &is_ready);
    if (metrics_fail)
        return FLT_E_LIMIT;
    while (rc == FLT_OK && out->n < metrics_size)
        rc = flt_buf_add(out, "some_total 1\n", 13);
    return rc;
}

static bool tell_ready(void *arg, const char **why)
{
    assert_ptr_equal(arg, &is_ready);
    *why = "audit records cannot be written";
    return is_ready;
}

static int setup(void **state)
{
    struct px_admin_cb cb = {write_metrics, tell_ready, &is_ready};
    socklen_t n = sizeof(address);
    struct flt_err err;

    (void)state;
    is_ready = true;
    metrics_fail = false;
    metrics_size = 13;
    base = event_base_new();
    loop = px_io_loop_new(base);
    int fd = px_listen_socket("127.0.0.1:0", false, &err);
    assert_true(fd >= 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    admin = px_admin_new(loop, fd, &cb);
    assert_non_null(admin);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    px_admin_free(admin);
    event_base_loop(base, EVLOOP_NONBLOCK);
    px_io_loop_free(loop);
    event_base_free(base);
    return 0;
}

static void turn(void)
{
    assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static char got[4 << 20];

/* Reads until the server closes; NUL-terminated in got. Returns the length, -1 when it did not close in time. */
static ssize_t read_all(int fd)
{
    size_t n = 0;

    for (int i = 0; i < 5000; i++) {
        ssize_t r;

        turn();
        r = recv(fd, got + n, sizeof(got) - 1 - n, MSG_DONTWAIT);
        if (r > 0) {
            n += (size_t)r;
            i = 0;
            continue;
        }
        got[n] = '\0';
        if (r == 0 || errno != EAGAIN)
            return (ssize_t)n;
        usleep(1000);
    }
    return -1;
}

/* Sends the request whole and checks the status and that content-length is what came. Returns the body. */
static const char *exchange(const char *request, int status)
{
    int fd = dial();
    char want[32];
    const char *body, *length;

    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    assert_true(read_all(fd) > 0);
    close(fd);
    snprintf(want, sizeof(want), "HTTP/1.1 %d ", status);
    if (strncmp(got, want, strlen(want)) != 0)
        fail_msg("wanted %s, got %.60s", want, got);
    body = strstr(got, "\r\n\r\n");
    length = strstr(got, "content-length: ");
    assert_true(body != NULL && length != NULL && length < body);
    assert_int_equal(strtoull(length + 16, NULL, 10), strlen(body + 4));
    assert_non_null(strstr(got, "connection: close\r\n"));
    return body + 4;
}

#define HEAD " HTTP/1.1\r\nHost: 127.0.0.1\r\n"

static void metrics_are_served_as_prometheus_text(void **state)
{
    (void)state;
    assert_string_equal(exchange("GET /metrics" HEAD "\r\n", 200), "some_total 1\n");
    assert_non_null(strstr(got, "content-type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    exchange("GET /metrics?module=x" HEAD "\r\n", 200);
}

static void a_large_page_arrives_whole(void **state)
{
    (void)state;
    metrics_size = (size_t)2 << 20;
    assert_true(strlen(exchange("GET /metrics" HEAD "\r\n", 200)) >= metrics_size);
}

static void metrics_that_fail_are_an_error_without_a_page(void **state)
{
    (void)state;
    metrics_fail = true;
    assert_null(strstr(exchange("GET /metrics" HEAD "\r\n", 500), "some_total"));
}

static void health_is_ok(void **state)
{
    (void)state;
    assert_string_equal(exchange("GET /healthz" HEAD "\r\n", 200), "ok\n");
}

static void readiness_follows_the_server_and_says_why_not(void **state)
{
    (void)state;
    assert_string_equal(exchange("GET /readyz" HEAD "\r\n", 200), "ready\n");
    is_ready = false;
    assert_string_equal(exchange("GET /readyz" HEAD "\r\n", 503), "audit records cannot be written\n");
}

static void nothing_else_exists(void **state)
{
    (void)state;
    exchange("GET /" HEAD "\r\n", 404);
    exchange("GET /metrics/" HEAD "\r\n", 404);
    exchange("GET /%6detrics" HEAD "\r\n", 404);
    exchange("POST /v1/chat/completions" HEAD "Content-Length: 0\r\n\r\n", 404);
}

static void other_methods_are_refused(void **state)
{
    (void)state;
    exchange("POST /metrics" HEAD "Content-Length: 2\r\n\r\n{}", 405);
    assert_non_null(strstr(got, "allow: GET\r\n"));
    exchange("DELETE /readyz" HEAD "\r\n", 405);
}

static void malformed_requests_are_refused(void **state)
{
    (void)state;
    exchange("nonsense\r\n\r\n", 400);
    exchange("GET /metrics HTTP/1.1\r\n\r\n", 400); /* no Host */
    exchange("GET /metrics" HEAD "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
    exchange("GET /metrics" HEAD "Content-Length: 1\r\n\r\nx", 400); /* a body */
    exchange("GET /metrics" HEAD "Bad Name: x\r\n\r\n", 400);
}

static void one_connection_carries_one_request(void **state)
{
    (void)state;
    assert_string_equal(exchange("GET /healthz" HEAD "\r\nGET /healthz" HEAD "\r\n", 200), "ok\n");
}

static void a_request_in_pieces_is_one_request(void **state)
{
    static const char request[] = "GET /healthz" HEAD "\r\n";
    int fd = dial();

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
        turn();
    }
    assert_true(read_all(fd) > 0);
    assert_memory_equal(got, "HTTP/1.1 200 ", 13);
    close(fd);
}

static void a_client_that_leaves_early_is_forgotten(void **state)
{
    int fd = dial();

    (void)state;
    assert_int_equal(send(fd, "GET /he", 7, MSG_NOSIGNAL), 7);
    turn();
    shutdown(fd, SHUT_WR);
    assert_int_equal(read_all(fd), 0);
    close(fd);
    health_is_ok(state);
}

static void connections_beyond_the_limit_are_closed(void **state)
{
    enum { N = 70, LIMIT = 64 };
    int fds[N], closed = 0;

    for (int i = 0; i < N; i++) {
        char c;

        fds[i] = dial();
        for (int k = 0; k < 3; k++)
            turn();
        closed += recv(fds[i], &c, 1, MSG_DONTWAIT) == 0;
    }
    assert_int_equal(closed, N - LIMIT);
    for (int i = 0; i < N; i++)
        close(fds[i]);
    for (int i = 0; i < 100; i++)
        turn();
    health_is_ok(state);
}

static void shutting_down_with_open_connections_is_clean(void **state)
{
    int idle = dial(), partial = dial();

    (void)state;
    assert_int_equal(send(partial, "GET /", 5, MSG_NOSIGNAL), 5);
    turn();
    turn();
    px_admin_free(admin);
    admin = NULL;
    assert_true(read_all(idle) <= 0);
    close(idle);
    close(partial);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(metrics_are_served_as_prometheus_text),
        TEST(a_large_page_arrives_whole),
        TEST(metrics_that_fail_are_an_error_without_a_page),
        TEST(health_is_ok),
        TEST(readiness_follows_the_server_and_says_why_not),
        TEST(nothing_else_exists),
        TEST(other_methods_are_refused),
        TEST(malformed_requests_are_refused),
        TEST(one_connection_carries_one_request),
        TEST(a_request_in_pieces_is_one_request),
        TEST(a_client_that_leaves_early_is_forgotten),
        TEST(connections_beyond_the_limit_are_closed),
        TEST(shutting_down_with_open_connections_is_clean),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
