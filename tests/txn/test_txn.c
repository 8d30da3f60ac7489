/* Whole transactions: what passes unchanged, every refusal, stopping, reloading. */
#include "txn_scene.h"

/* ---- what passes ------------------------------------------------------------------------------------------------ */

static void clean_exchange_passes_byte_for_byte(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0}, {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 200);
    assert_true(s->a.complete);
    assert_string_equal(s->a.body, JSON_BODY);
    assert_true(rig_has(&s->a, "x-request-id: up-1\r\n"));
    assert_true(rig_has(&s->a, "X-Sallyport-Request-Id: req_"));
    assert_false(rig_has(&s->a, "Set-Cookie"));
    const char *end = memmem(s->rig.up.got.p, s->rig.up.got.n, "\r\n\r\n", 4);
    assert_non_null(end);
    assert_int_equal(s->rig.up.got.n - (size_t)(end + 4 - s->rig.up.got.p), sizeof(HELLO) - 1);
    assert_memory_equal(end + 4, HELLO, sizeof(HELLO) - 1);
    close_scene(s);
}

static void kept_connections_are_used_again_on_both_sides(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0}, {RIG_NEXT, NULL, 0},
                                     {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0}, {RIG_NEXT, NULL, 0},
                                     {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0}, {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    for (unsigned i = 1; i <= 3; i++) {
        exchange(s, HELLO);
        assert_int_equal(s->a.status, 200);
        assert_int_equal(s->rig.up.requests, i);
    }
    assert_int_equal(s->rig.up.accepted, 1);
    close_scene(s);
}

static void values_are_redacted_in_both_directions(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, answer(JSON_HEAD, MAIL_BODY), 0}, {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    exchange(s, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"I am you@there.example\"}]}");
    assert_int_equal(s->a.status, 200);
    assert_true(rig_upstream_got(&s->rig, "I am [EMAIL]"));
    assert_false(rig_upstream_got(&s->rig, "you@there"));
    assert_non_null(strstr(s->a.body, "to [EMAIL]"));
    assert_null(strstr(s->a.body, "me@host"));
    assert_true(rig_has(&s->a, "X-Sallyport-Decision: redact\r\n"));
    close_scene(s);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_WAIT, NULL, 20},
                                     {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_NEXT, NULL, 0},
                                     {RIG_SEND, answer(JSON_HEAD, MAIL_BODY), 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    rig_post(&s->c, HELLO, "");
    rig_post(&s->c, ATTACK, "");
    rig_post(&s->c, HELLO, "");
    rig_take(&s->c, &s->a);
    assert_int_equal(s->a.status, 200);
    assert_non_null(strstr(s->a.body, "fine"));
    rig_take(&s->c, &s->a);
    assert_int_equal(s->a.status, 400);
    rig_take(&s->c, &s->a);
    assert_int_equal(s->a.status, 200);
    assert_non_null(strstr(s->a.body, "[EMAIL]"));
    assert_int_equal(s->rig.up.requests, 2);
    close_scene(s);
}

static void model_lists_pass(void **state)
{
    (void)state;
    const struct rig_act script[] = {
        {RIG_SEND, answer(JSON_HEAD, "{\"object\":\"list\",\"data\":[{\"id\":\"m\",\"object\":\"model\"}]}"), 0},
        {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    static const char get[] = "GET /v1/models HTTP/1.1\r\nHost: x\r\napi-key: " RIG_KEY "\r\n\r\n";
    rig_say(&s->c, get, sizeof(get) - 1);
    rig_wait(&s->c, &s->a);
    assert_int_equal(s->a.status, 200);
    assert_non_null(strstr(s->a.body, "\"id\":\"m\""));
    close_scene(s);
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static void blocked_prompt_is_refused_and_never_sent(void **state)
{
    (void)state;
    struct scene *s = open_scene(NULL, NULL);
    exchange(s, ATTACK);
    assert_int_equal(s->a.status, 400);
    assert_true(rig_has(&s->a, "Content-Type: application/json\r\n"));
    assert_true(rig_has(&s->a, "X-Request-Id: req_"));
    assert_true(rig_has(&s->a, "X-Should-Retry: false\r\n"));
    assert_true(rig_has(&s->a, "X-Sallyport-Decision: block; rule=injection.ignore\r\n"));
    assert_non_null(strstr(s->a.body, "\"content_filter\""));
    assert_null(strstr(s->a.body, "previous"));
    upstream_saw_nothing(s);
    exchange(s, ATTACK); /* the connection is kept */
    assert_int_equal(s->a.status, 400);
    close_scene(s);
}

struct refusal_row {
    const char *request;
    int status;
};

static void heads_and_bodies_are_refused_before_anything_is_sent(void **state)
{
    static const struct refusal_row rows[] = {
        {"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
         "2\r\n\r\n{}",
         401},
        {"POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "api-key: other\r\nContent-Length: 2\r\n\r\n{}", 400},
        {"POST /v1/files HTTP/1.1\r\n" RIG_HEADERS "Content-Length: 2\r\n\r\n{}", 404},
        {"DELETE /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "\r\n", 405},
        {"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\napi-key: " RIG_KEY "\r\nContent-Length: 2\r\n\r\n{}", 415},
        {"POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
         415},
        {"POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "\r\n", 400},
        {"POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "Content-Length: 2\r\n\r\n{]", 400},
        {"POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "Content-Length: 18\r\n\r\n{\"model\":1,\"a\":{}}", 400},
        {"POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "Upgrade: websocket\r\nContent-Length: 2\r\n\r\n{}", 501},
        {"POST /v1/chat/completions HTTP/1.2\r\n" RIG_HEADERS "Content-Length: 2\r\n\r\n{}", 505},
        {"POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
        {"POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS
         "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\n{} \r\n0\r\n\r\n",
         400},
        {"GET /v1/models HTTP/1.1\r\n" RIG_HEADERS "Content-Length: 2\r\n\r\n{}", 400},
    };
    (void)state;
    struct scene *s = open_scene(NULL, NULL);
    for (size_t i = 0; i < FLT_ARRAY_LEN(rows); i++) {
        struct rig_client c;
        rig_connect(&s->rig, &c);
        rig_say(&c, rows[i].request, strlen(rows[i].request));
        rig_wait(&c, &s->a);
        if (s->a.status != rows[i].status)
            print_error("row %zu\n", i);
        assert_int_equal(s->a.status, rows[i].status);
        assert_true(s->a.complete);
        assert_non_null(strstr(s->a.body, "\"error\""));
        rig_hang_up(&c);
    }
    upstream_saw_nothing(s);
    close_scene(s);
}

static void small_bodies(struct px_config *c)
{
    c->tenants[0].limits.body_bytes = 1000;
}

static void a_body_is_refused_at_its_first_byte_too_many(void **state)
{
    (void)state;
    struct scene *s = open_scene(small_bodies, NULL);
    static const char chunked[] =
        "POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "Transfer-Encoding: chunked\r\n\r\n";
    rig_say(&s->c, chunked, sizeof(chunked) - 1);
    for (int i = 0; i < 10; i++)
        rig_say(&s->c,
                "64\r\n------------------------------------------------------------------------------------------------"
                "----\r\n",
                106);
    rig_for(&s->rig, 20);
    rig_read(&s->c);
    assert_int_equal(s->c.in.n, 0); /* 1,000 bytes are fine */
    rig_say(&s->c, "1\r\n-", 4);
    rig_wait(&s->c, &s->a);
    assert_int_equal(s->a.status, 413);
    assert_true(rig_has(&s->a, "Connection: close\r\n"));
    assert_true(rig_ended(&s->c));
    struct rig_client declared;
    rig_connect(&s->rig, &declared);
    static const char long_one[] = "POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS "Content-Length: 1001\r\n\r\n";
    rig_say(&declared, long_one, sizeof(long_one) - 1);
    rig_wait(&declared, &s->a);
    assert_int_equal(s->a.status, 413);
    rig_hang_up(&declared);
    upstream_saw_nothing(s);
    close_scene(s);
}

static void expect_is_answered_only_when_the_head_is_fine(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0}, {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    char head[512];
    int n = snprintf(head, sizeof(head),
                     "POST /v1/chat/completions HTTP/1.1\r\n" RIG_HEADERS
                     "Expect: 100-continue\r\nContent-Length: %zu\r\n\r\n",
                     sizeof(HELLO) - 1);
    rig_say(&s->c, head, (size_t)n);
    rig_take(&s->c, &s->a);
    assert_int_equal(s->a.status, 100);
    rig_say(&s->c, HELLO, sizeof(HELLO) - 1);
    rig_take(&s->c, &s->a);
    assert_int_equal(s->a.status, 200);
    static const char refused[] = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                  "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    rig_say(&s->c, refused, sizeof(refused) - 1);
    rig_take(&s->c, &s->a);
    assert_int_equal(s->a.status, 401);
    assert_true(rig_ended(&s->c));
    close_scene(s);
}

static void two_a_minute(struct px_config *c)
{
    c->tenants[0].limits.requests_per_minute = 2;
}

static void limits_answer_429_with_a_time(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_NEXT, NULL, 0},
                                     {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(two_a_minute, script);
    exchange(s, HELLO);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 200);
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 429);
    assert_true(rig_has(&s->a, "Retry-After: 30\r\n"));
    assert_true(rig_has(&s->a, "Retry-After-Ms: "));
    assert_int_equal(s->rig.up.requests, 2);
    close_scene(s);
}

static void no_record_no_request(void **state)
{
    (void)state;
    struct flt_err err = {0};
    struct scene *s = open_scene(NULL, NULL);
    s->rig.audit = px_audit_open("/dev/full", false, &err);
    assert_non_null(s->rig.audit);
    s->rig.gen->audit = s->rig.audit;
    exchange(s, HELLO);
    assert_int_equal(s->a.status, 503);
    assert_non_null(strstr(s->a.body, "audit_unavailable"));
    upstream_saw_nothing(s);
    close_scene(s);
}

static void the_intent_is_on_disk_before_the_request_leaves(void **state)
{
    (void)state;
    const struct rig_act script[] = {
        {RIG_WAIT, NULL, 50}, {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0}, {RIG_NEXT, NULL, 0}};
    struct flt_err err = {0};
    struct scene *s = open_scene(NULL, script);
    char path[128], text[8192];
    snprintf(path, sizeof(path), "%s/audit.jsonl", s->rig.dir);
    s->rig.audit = px_audit_open(path, false, &err);
    s->rig.gen->audit = s->rig.audit;
    rig_post(&s->c, HELLO, "");
    while (s->rig.up.requests == 0)
        rig_turn(&s->rig);
    FILE *f = fopen(path, "r");
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    assert_non_null(strstr(text, "\"record\":\"intent\""));
    assert_null(strstr(text, "\"record\":\"final\""));
    rig_wait(&s->c, &s->a);
    clearerr(f);
    n += fread(text + n, 1, sizeof(text) - 1 - n, f);
    text[n] = '\0';
    fclose(f);
    assert_non_null(strstr(text, "\"record\":\"final\""));
    assert_non_null(strstr(text, "\"outcome\":\"answered\""));
    close_scene(s);
}

/* ---- stopping and reloading ------------------------------------------------------------------------------------- */

static void draining_lets_answers_end_and_closes_idle_connections(void **state)
{
    (void)state;
    const struct rig_act script[] = {
        {RIG_WAIT, NULL, 60}, {RIG_SEND, answer(JSON_HEAD, JSON_BODY), 0}, {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    struct rig_client idle;
    rig_connect(&s->rig, &idle);
    rig_post(&s->c, HELLO, "");
    while (s->rig.up.requests == 0)
        rig_turn(&s->rig);
    px_clients_drain(s->rig.clients);
    assert_true(rig_ended(&idle));
    rig_wait(&s->c, &s->a);
    assert_int_equal(s->a.status, 200);
    assert_true(rig_has(&s->a, "Connection: close\r\n"));
    assert_true(rig_ended(&s->c));
    rig_hang_up(&idle);
    close_scene(s);
}

static void stopping_now_ends_streams_with_an_error(void **state)
{
    (void)state;
    const struct rig_act script[] = {
        {RIG_SEND, STREAM_HEAD, 0}, {RIG_SEND, chunk(EVENT("one ")), 0}, {RIG_WAIT, NULL, 3000}};
    struct scene *s = open_scene(NULL, script);
    rig_post(&s->c, STREAM, "");
    while (s->c.in.n == 0) {
        rig_turn(&s->rig);
        rig_read(&s->c);
    }
    rig_for(&s->rig, 20);
    px_clients_abort(s->rig.clients, false);
    rig_wait(&s->c, &s->a);
    assert_cut(s);
    close_scene(s);
}

static void a_request_keeps_its_generation_and_the_pool_outlives_it(void **state)
{
    (void)state;
    const struct rig_act script[] = {{RIG_WAIT, NULL, 60},
                                     {RIG_SEND, answer(JSON_HEAD, MAIL_BODY), 0},
                                     {RIG_NEXT, NULL, 0},
                                     {RIG_SEND, answer(JSON_HEAD, MAIL_BODY), 0},
                                     {RIG_NEXT, NULL, 0}};
    struct scene *s = open_scene(NULL, script);
    rig_post(&s->c, HELLO, "");
    while (s->rig.up.requests == 0)
        rig_turn(&s->rig);
    struct px_era *old = s->rig.era;
    struct px_generation *old_gen = s->rig.gen;
    s->rig.gen = rig_generation(&s->rig, pii_blocks);
    s->rig.era = rig_era(&s->rig, s->rig.gen);
    px_era_retire(old);
    assert_int_equal(s->rig.unused, 0); /* the request pins it */
    rig_take(&s->c, &s->a);
    assert_non_null(strstr(s->a.body, "to [EMAIL]")); /* by the rules it began with */
    assert_int_equal(s->rig.unused, 1);
    px_era_drop_pools(old);
    px_era_free(old);
    px_generation_free(old_gen);
    exchange(s, HELLO);
    assert_non_null(strstr(s->a.body, "content_filter")); /* by the new ones */
    assert_int_equal(s->rig.up.accepted, 1);              /* on the same upstream connection */
    close_scene(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_exchange_passes_byte_for_byte),
        cmocka_unit_test(kept_connections_are_used_again_on_both_sides),
        cmocka_unit_test(values_are_redacted_in_both_directions),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(model_lists_pass),
        cmocka_unit_test(blocked_prompt_is_refused_and_never_sent),
        cmocka_unit_test(heads_and_bodies_are_refused_before_anything_is_sent),
        cmocka_unit_test(a_body_is_refused_at_its_first_byte_too_many),
        cmocka_unit_test(expect_is_answered_only_when_the_head_is_fine),
        cmocka_unit_test(limits_answer_429_with_a_time),
        cmocka_unit_test(no_record_no_request),
        cmocka_unit_test(the_intent_is_on_disk_before_the_request_leaves),
        cmocka_unit_test(draining_lets_answers_end_and_closes_idle_connections),
        cmocka_unit_test(stopping_now_ends_streams_with_an_error),
        cmocka_unit_test(a_request_keeps_its_generation_and_the_pool_outlives_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
