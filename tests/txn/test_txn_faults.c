/* Upstreams that fail, and deadlines; no request is ever sent twice. */
#include "txn_scene.h"

/* ---- upstreams that fail ---------------------------------------------------------------------------------------- */

struct failing {
    const char *says; /* NULL = nothing */
    enum rig_act_kind then;
    int status;
};

static void bad_answers_become_errors_of_ours(void **state)
{
    static const struct failing rows[] = {
        {NULL, RIG_CLOSE, 502},
        {NULL, RIG_RESET, 502},
        {"HTTP/1.1 200 OK\r\nContent-Type: appl", RIG_CLOSE, 502},
        {"nonsense\r\n\r\n", RIG_WAIT, 502},
        {"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", RIG_WAIT, 502},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", RIG_WAIT, 502},
        {JSON_HEAD "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", RIG_WAIT, 502},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", RIG_WAIT, 502},
        {"HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", RIG_WAIT, 502},
        {JSON_HEAD "Content-Length: 10\r\n\r\n{\"id\":", RIG_CLOSE, 502},
        {JSON_HEAD "Content-Length: 6\r\n\r\n{\"id\":", RIG_WAIT, 502},
        {JSON_HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", RIG_WAIT, 502},
        {JSON_HEAD "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n", RIG_WAIT, 502},
        {JSON_HEAD "X-A: a\rb\r\nContent-Length: 2\r\n\r\n{}", RIG_WAIT, 502},
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(rows); i++) {
        struct rig_act script[4];
        unsigned n = 0;
        if (rows[i].says != NULL)
            script[n++] = (struct rig_act){RIG_SEND, rows[i].says, 0};
        script[n++] = (struct rig_act){rows[i].then, NULL, 3000};
        script[n] = (struct rig_act){RIG_NEXT, NULL, 0};
        struct scene *s = open_scene(NULL, script);
        exchange(s, HELLO);
        if (s->a.status != rows[i].status)
            print_error("row %zu\n", i);
        assert_int_equal(s->a.status, rows[i].status);
        assert_true(s->a.complete);
        assert_non_null(strstr(s->a.body, "\"error\""));
        assert_null(strstr(s->a.body, "169.254"));
        rig_for(&s->rig, 10);
        assert_int_equal(s->rig.up.requests, 1); /* never sent twice */
        assert_int_equal(s->rig.up.accepted, 1);
        close_scene(s);
    }
}

static void upstream_errors_in_json_keep_their_status(void **state)
{
    (void)state;
    const struct rig_act script[] = {
        {RIG_SEND,
         answer("HTTP/1.1 429 Too Many\r\nContent-Type: application/json\r\nretry-after: 7\r\n",
                "{\"error\":{\"message\":\"slow down me@host.example\",\"type\":\"x\",\"code\":null,\"param\":null}}"),
         0},
        {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 429);
    assert_true(rig_has(&s->a, "retry-after: 7\r\n"));
    assert_null(strstr(s->a.body, "me@host"));
    close_scene(s);
}

static void interim_answers_are_swallowed(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", 0},
                                     {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 200);
    assert_string_equal(s->a.body, JSON_BODY);
    close_scene(s);
}

static void a_closed_pooled_connection_is_replaced(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_CLOSE, NULL, 0},
                                     {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 200);
    rig_until(&s->rig, s->rig.up.at == &script[2] && s->rig.env.n_open == 0 && rig_idle(&s->rig) == 0);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 200);
    assert_int_equal(s->rig.up.accepted, 2);
    assert_int_equal(s->rig.up.requests, 2);
    close_scene(s);
}

static void a_request_that_was_taken_is_not_sent_again(void **state)
{
    (void)state;
    /* The second request arrives on the kept connection, which then dies without a word. */
    const struct rig_act script[] = {{RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_NEXT, NULL, 0},
                                     {RIG_RESET, NULL, 0},
                                     {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, HELLO);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 502);
    assert_int_equal(s->rig.up.requests, 2);
    assert_int_equal(s->rig.up.accepted, 1);
    close_scene(s);
}

static void bytes_after_an_answer_end_the_connection(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, JSON_HEAD "Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n", 0},
                                     {RIG_NEXT, NULL, 0},
                                     {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, HELLO);
    rig_until(&s->rig, s->rig.up.gone == 1);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 200);
    assert_string_equal(s->a.body, JSON_BODY);
    assert_int_equal(s->rig.up.accepted, 2);
    close_scene(s);
}

static void an_early_answer_to_a_large_request_is_used(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND,
                                      answer("HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\n",
                                             "{\"error\":{\"message\":\"too large\"}}"),
                                      0},
                                     {RIG_WAIT, NULL, 3000}};
    struct scene *s = open_scene(NULL, script);
    s->rig.up.early = true;
    size_t n = 6u << 20;
    char *body = malloc(n + 1);
    memset(body, 'a', n);
    body[n] = '\0';
    static const char begin[] = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"", end[] = "\"}]}";
    memcpy(body, begin, sizeof(begin) - 1);
    memcpy(body + n - sizeof(end) + 1, end, sizeof(end) - 1);
    for (size_t i = sizeof(begin); i < n - sizeof(end); i += 7)
        body[i] = ' ';
    exchange(s, body);
    free(body);
    assert_int_equal(s->a.status, 413);
    assert_non_null(strstr(s->a.body, "too large"));
    assert_true(s->rig.up.got.n < n); /* the rest was not sent */
    close_scene(s);
}

static void refuses_connections(struct px_config *c)
{
    c->upstreams[0].port = 1; /* nobody listens there */
}

static void an_unreachable_upstream_is_502(void **state)
{
    (void)state;
    struct scene *s = open_scene(refuses_connections, NULL);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 502);
    exchange(s, HELLO); /* the client's connection is kept */
    assert_int_equal(s->a.status, 502);
    close_scene(s);
}

/* ---- deadlines -------------------------------------------------------------------------------------------------- */

static void a_silent_upstream_is_504(void **state)
{
    (void)state;
    const struct rig_act silent[] = {{RIG_WAIT, NULL, 3000}};
    struct scene *s = open_scene(impatient, silent);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 504);
    rig_until(&s->rig, s->rig.up.gone == 1);
    close_scene(s);
    const struct rig_act stalls[] = {{RIG_SEND, JSON_HEAD "Content-Length: 10\r\n\r\n{", 0}, {RIG_WAIT, NULL, 3000}};
    s = open_scene(impatient, stalls);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 504);
    close_scene(s);
}

static void a_stalled_stream_is_cut(void **state)
{
    (void)state;
    const struct rig_act script[] = {
        {RIG_SEND, STREAM_HEAD, 0}, {RIG_SEND, chunk(EVENT("one ")), 0}, {RIG_WAIT, NULL, 3000}};
    struct scene *s = open_scene(impatient, script);
    exchange(s, STREAM);
    assert_cut(s);
    close_scene(s);
}

static void a_trickling_stream_is_not(void **state)
{
    (void)state;
    struct rig_act script[24] = {{RIG_SEND, STREAM_HEAD, 0}};
    unsigned n = 1;
    for (int i = 0; i < 8; i++) {
        script[n++] = (struct rig_act){RIG_SEND, ": x\n\n", 0};
        script[n++] = (struct rig_act){RIG_WAIT, NULL, 40};
    }
    for (unsigned i = 1; i < n; i += 2)
        script[i].text = "5\r\n: x\n\n\r\n";
    script[n++] = (struct rig_act){RIG_SEND, chunk(EVENT("one") STOP DONE), 0};
    script[n++] = (struct rig_act){RIG_SEND, "0\r\n\r\n", 0};
    script[n] = (struct rig_act){RIG_NEXT, NULL, 0};
    struct scene *s = open_scene(impatient, script);
    exchange(s, STREAM);
    assert_true(s->a.complete);
    close_scene(s);
}

static void slow_requests_get_408_and_idle_connections_close(void **state)
{
    static const char *const partial[] = {"POST /v1/chat", "POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS
                                                           "Content-Length: 9\r\n\r\n{"};
    (void)state;
    struct scene *s = open_scene(impatient, NULL);
    for (size_t i = 0; i < FLT_ARRAY_LEN(partial); i++) {
        struct rig_client c;
        rig_connect(&s->rig, &c);
        rig_say(&c, partial[i], strlen(partial[i]));
        rig_wait(&c, &s->a);
        assert_int_equal(s->a.status, 408);
        assert_true(rig_ended(&c));
        rig_hang_up(&c);
    }
    assert_true(rig_ended(&s->c)); /* it never said a word */
    assert_int_equal(s->c.in.n, 0);
    upstream_saw_nothing(s);
    close_scene(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_answers_become_errors_of_ours),
        cmocka_unit_test(upstream_errors_in_json_keep_their_status),
        cmocka_unit_test(interim_answers_are_swallowed),
        cmocka_unit_test(a_closed_pooled_connection_is_replaced),
        cmocka_unit_test(a_request_that_was_taken_is_not_sent_again),
        cmocka_unit_test(bytes_after_an_answer_end_the_connection),
        cmocka_unit_test(an_early_answer_to_a_large_request_is_used),
        cmocka_unit_test(an_unreachable_upstream_is_502),
        cmocka_unit_test(a_silent_upstream_is_504),
        cmocka_unit_test(a_stalled_stream_is_cut),
        cmocka_unit_test(a_trickling_stream_is_not),
        cmocka_unit_test(slow_requests_get_408_and_idle_connections_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
