/* Streams through whole transactions: unchanged, redacted, blocked, cut; slow and vanishing clients. */
#include "txn_scene.h"

/* ---- streams ---------------------------------------------------------------------------------------------------- */

static void clean_stream_passes_byte_for_byte_and_keeps_both_connections(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, STREAM_HEAD, 0},
                                     {RIG_SEND, chunk(": ping\n\n" EVENT("one ")), 0},
                                     {RIG_WAIT, NULL, 5},
                                     {RIG_SEND, chunk(EVENT("two ") EVENT("three")), 0},
                                     {RIG_SEND, chunk(STOP DONE), 0},
                                     {RIG_SEND, "0\r\n\r\n", 0},
                                     {RIG_NEXT, NULL, 0},
                                     {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, STREAM);
    assert_int_equal(s->a.status, 200);
    assert_true(s->a.complete);
    assert_true(rig_has(&s->a, "Content-Type: text/event-stream\r\n"));
    assert_true(rig_has(&s->a, "Cache-Control: no-cache\r\n"));
    assert_true(rig_has(&s->a, "X-Accel-Buffering: no\r\n"));
    assert_string_equal(s->a.body, ": ping\n\n" EVENT("one ") EVENT("two ") EVENT("three") STOP DONE);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 200);
    assert_int_equal(s->rig.up.accepted, 1);
    close_scene(s);
}

static void the_answer_ends_with_its_terminator_and_the_connection_is_drained(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, STREAM_HEAD, 0}, {RIG_SEND, chunk(EVENT("one") STOP DONE), 0},
                                     {RIG_HOLD, NULL, 0},        {RIG_SEND, "0\r\n\r\n", 0},
                                     {RIG_NEXT, NULL, 0},        {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, STREAM);
    assert_true(s->a.complete); /* not when the upstream at last ends its body */
    assert_ptr_equal(s->rig.up.at, &script[2]);
    assert_int_equal(rig_idle(&s->rig), 0);
    s->rig.up.let_go = true;
    rig_until(&s->rig, rig_idle(&s->rig) == 1);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 200);
    assert_int_equal(s->rig.up.accepted, 1);
    close_scene(s);
}

static void an_upstream_that_never_ends_its_body_is_given_up(void **state)
{
    (void)state;
    const struct rig_act script[] = {
        {RIG_SEND, STREAM_HEAD, 0}, {RIG_SEND, chunk(EVENT("one") STOP DONE), 0}, {RIG_HOLD, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, STREAM);
    assert_true(s->a.complete);
    rig_until(&s->rig, s->rig.up.gone == 1);
    close_scene(s);
}

static void values_in_streams_are_redacted(void **state)
{
    (void)state;
    const struct rig_act script[] = {
        {RIG_SEND, STREAM_HEAD, 0}, {RIG_SEND, chunk(EVENT("to me@ho")), 0},
        {RIG_WAIT, NULL, 5},        {RIG_SEND, chunk(EVENT("st.example now") STOP DONE), 0},
        {RIG_SEND, "0\r\n\r\n", 0}, {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, STREAM);
    assert_true(s->a.complete);
    assert_non_null(strstr(s->a.body, "[EMAIL]"));
    assert_null(strstr(s->a.body, "me@"));
    close_scene(s);
}

static void a_blocked_stream_ends_properly_and_cancels_the_upstream(void **state)
{
    (void)state;
    const struct rig_act script[] = {
        {RIG_SEND, STREAM_HEAD, 0}, {RIG_SEND, chunk(EVENT("to me@host.example now ")), 0}, {RIG_HOLD, NULL, 0}};
    struct scene *s = open_scene(pii_blocks, script);
    exchange(s, STREAM);
    assert_true(s->a.complete);
    assert_non_null(strstr(s->a.body, "content_filter"));
    assert_non_null(strstr(s->a.body, DONE));
    assert_null(strstr(s->a.body, "me@"));
    rig_until(&s->rig, s->rig.up.gone == 1);
    exchange(s, ATTACK); /* the client's connection lives on */
    assert_int_equal(s->a.status, 400);
    close_scene(s);
}

static void a_truncated_stream_is_cut_for_the_client_too(void **state)
{
    static const struct rig_act endings[] = {{RIG_CLOSE, NULL, 0}, {RIG_RESET, NULL, 0}};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(endings); i++) {
        const struct rig_act script[] = {{RIG_SEND, STREAM_HEAD, 0},
                                         {RIG_SEND, chunk(EVENT("one ") "data: {\"id"), 0},
                                         {RIG_WAIT, NULL, 30},
                                         endings[i],
                                         {RIG_NEXT, NULL, 0}};
        struct scene *s = open_scene(NULL, script);
        exchange(s, STREAM);
        assert_cut(s);
        close_scene(s);
    }
}

static void a_malformed_stream_is_cut(void **state)
{
    (void)state;
    const struct rig_act script[] = {
        {RIG_SEND, STREAM_HEAD, 0}, {RIG_SEND, chunk(EVENT("one ") "data: {nonsense\n\n"), 0}, {RIG_HOLD, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, STREAM);
    assert_cut(s);
    rig_until(&s->rig, s->rig.up.gone == 1);
    close_scene(s);
}

static void broken_chunks_cut_a_stream(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, STREAM_HEAD, 0},
                                     {RIG_SEND, chunk(EVENT("one ")), 0},
                                     {RIG_WAIT, NULL, 10},
                                     {RIG_SEND, "zz\r\n", 0},
                                     {RIG_HOLD, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, STREAM);
    assert_cut(s);
    close_scene(s);
}

static void a_stream_for_an_old_client_ends_with_its_connection(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, STREAM_HEAD, 0},
                                     {RIG_SEND, chunk(EVENT("one") STOP DONE), 0},
                                     {RIG_SEND, "0\r\n\r\n", 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    char head[512];
    int n = snprintf(head, sizeof(head),
                     "POST /v1/chat/completions HTTP/1.0\r\n" RIG_HEADERS "Content-Length: %zu\r\n\r\n%s",
                     sizeof(STREAM) - 1, STREAM);
    rig_say(&s->c, head, (size_t)n);
    assert_true(rig_ended(&s->c));
    assert_true(rig_parse(&s->c, &s->a));
    assert_false(rig_has(&s->a, "Transfer-Encoding"));
    assert_true(rig_has(&s->a, "Connection: close\r\n"));
    assert_string_equal(s->a.body, EVENT("one") STOP DONE);
    close_scene(s);
}

static void the_answer_is_taken_for_what_it_is(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, answer(JSON_HEAD, MAIL_BODY), 0},
                                     {RIG_NEXT, NULL, 0},
                                     {RIG_SEND, STREAM_HEAD, 0},
                                     {RIG_SEND, chunk(EVENT("me@host.example ") STOP DONE), 0},
                                     {RIG_SEND, "0\r\n\r\n", 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, STREAM);
    assert_non_null(strstr(s->a.body, "to [EMAIL]"));
    exchange(s, HELLO);
    assert_non_null(strstr(s->a.body, "[EMAIL] "));
    close_scene(s);
}

/* ---- clients that leave, or do not read ------------------------------------------------------------------------- */

static void a_client_that_leaves_cancels_the_upstream(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, STREAM_HEAD, 0},
                                     {RIG_FILL, "4\r\n: x\n\r\n1\r\n\n\r\n", 4},
                                     {RIG_WAIT, NULL, 20},
                                     {RIG_FILL, "5\r\n: x\n\n\r\n", 1000000}};
    struct scene *s = open_scene(NULL, script);
    rig_post(&s->c, STREAM, "");
    while (s->c.in.n == 0) {
        rig_turn(&s->rig);
        rig_read(&s->c);
    }
    rig_hang_up(&s->c);
    rig_until(&s->rig, s->rig.up.gone == 1 && px_clients_count(s->rig.clients) == 0);
    close_scene(s);
}

static void a_half_closed_client_still_gets_its_answer(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_WAIT, NULL, 30},
                                     {RIG_SEND, STREAM_HEAD, 0},
                                     {RIG_SEND, chunk(EVENT("one ")), 0},
                                     {RIG_WAIT, NULL, 30},
                                     {RIG_SEND, chunk(EVENT("two") STOP DONE), 0},
                                     {RIG_SEND, "0\r\n\r\n", 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    rig_post(&s->c, STREAM, "");
    shutdown(s->c.fd, SHUT_WR);
    rig_wait(&s->c, &s->a);
    assert_true(s->a.complete);
    assert_string_equal(s->a.body, EVENT("one ") EVENT("two") STOP DONE);
    assert_true(rig_ended(&s->c));
    close_scene(s);
}

static void a_client_that_leaves_inside_its_request_sends_nothing_on(void **state)
{
    (void)state;
    struct scene *s = open_scene(NULL, NULL);
    static const char half[] =
        "POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "Content-Length: 99\r\n\r\n{\"model\"";
    rig_say(&s->c, half, sizeof(half) - 1);
    rig_hang_up(&s->c);
    rig_until(&s->rig, px_clients_count(s->rig.clients) == 0);
    upstream_saw_nothing(s);
    close_scene(s);
}

/* A kilobyte that is no text: it passes as it is. */
static const char *comment(void)
{
    static char event[1024];
    memset(event, 'x', sizeof(event));
    event[0] = ':';
    memcpy(event + sizeof(event) - 3, "\n\n", 3);
    return chunk(event);
}

static void slow_clients_are_cut(struct px_config *c)
{
    c->limits.slow_client_ms = 1500;
    c->upstreams[0].idle_body_ms = 1000; /* does not count while it is the client we wait for */
}

static void a_client_that_stops_reading_holds_the_upstream_and_is_cut(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, STREAM_HEAD, 0}, {RIG_FILL, comment(), 40000}, {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(slow_clients_are_cut, script);
    s->c.deaf = true;
    rig_post(&s->c, STREAM, "");
    rig_until(&s->rig, s->rig.up.gone == 1 && px_clients_count(s->rig.clients) == 0);
    assert_true(rig_logged(&s->rig, "slow_client"));   /* and it was not the upstream's silence */
    assert_true(s->rig.up.filled_bytes < (16u << 20)); /* two sockets' buffers and our queue, not all of it */
    close_scene(s);
}

static void a_slow_reader_gets_every_byte(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, STREAM_HEAD, 0},
                                     {RIG_FILL, comment(), 5000},
                                     {RIG_SEND, chunk(STOP DONE), 0},
                                     {RIG_SEND, "0\r\n\r\n", 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    s->c.deaf = true;
    rig_post(&s->c, STREAM, "");
    rig_for(&s->rig, 100);
    s->c.deaf = false;
    rig_wait(&s->c, &s->a);
    assert_true(s->a.complete);
    size_t comments = 0;
    for (size_t i = 0; i + 1 < s->c.in.n; i++)
        comments += s->c.in.p[i] == ':' && s->c.in.p[i + 1] == 'x';
    assert_int_equal(comments, 5000);
    close_scene(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_stream_passes_byte_for_byte_and_keeps_both_connections),
        cmocka_unit_test(the_answer_ends_with_its_terminator_and_the_connection_is_drained),
        cmocka_unit_test(an_upstream_that_never_ends_its_body_is_given_up),
        cmocka_unit_test(values_in_streams_are_redacted),
        cmocka_unit_test(a_blocked_stream_ends_properly_and_cancels_the_upstream),
        cmocka_unit_test(a_truncated_stream_is_cut_for_the_client_too),
        cmocka_unit_test(a_malformed_stream_is_cut),
        cmocka_unit_test(broken_chunks_cut_a_stream),
        cmocka_unit_test(a_stream_for_an_old_client_ends_with_its_connection),
        cmocka_unit_test(the_answer_is_taken_for_what_it_is),
        cmocka_unit_test(a_client_that_leaves_cancels_the_upstream),
        cmocka_unit_test(a_half_closed_client_still_gets_its_answer),
        cmocka_unit_test(a_client_that_leaves_inside_its_request_sends_nothing_on),
        cmocka_unit_test(a_client_that_stops_reading_holds_the_upstream_and_is_cut),
        cmocka_unit_test(a_slow_reader_gets_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
