/*
 * HTTP/1.1 messages: what accepted ones mean, limits, where reading stops, responses, writing.
 */
#include "h1_runs.h"

static void says(const char *words)
{
    one.seen.head[one.seen.head_n] = '\0';
    if (strstr(one.seen.head, words) == NULL)
        fail_msg("head has no \"%s\":\n%s", words, one.seen.head);
}

static void request(const char *text)
{
    run_all_ways(PX_H1_REQUEST, text, strlen(text));
    if (one.status != 0)
        fail_msg("refused with %d:\n%s", one.status, text);
}

static void heads_say_what_was_sent(void **state)
{
    (void)state;
    request("GET /v1/models?a=b%20c HTTP/1.1\r\nHost: Example.com:8443\r\nX-A:  one\t\r\nx-a:two\r\nEmpty:\r\n\r\n");
    says("GET /v1/models?a=b%20c Example.com:8443 0 expect=0 http10=0 keep=1 body=0 length=0\n");
    says("Host=Example.com:8443;X-A=one;x-a=two;Empty=;");
    request("GET http://EXAMPLE.com/p?q HTTP/1.1\r\nHost: example.com\r\n\r\n");
    says("GET /p?q EXAMPLE.com");
    request("GET http://h HTTP/1.1\r\n" H "\r\n");
    says("GET / h");
    request("GET / HTTP/1.0\r\n\r\n");
    says("http10=1 keep=0");
    request("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    says("http10=1 keep=1");
    request("GET / HTTP/1.1\r\n" H "Connection: keep-alive, Close\r\n\r\n");
    says("keep=0");
    request(P "Expect: 100-Continue\r\nContent-Length: 3\r\n\r\nabc");
    says("expect=1");
    request("GET / HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n");
    says("expect=0"); /* there is nothing to wait for */
}

static void bodies_come_without_their_framing(void **state)
{
    (void)state;
    request(P "Content-Length: 11\r\n\r\nhello world");
    says("body=1 length=11");
    assert_int_equal(one.seen.body_n, 11);
    assert_memory_equal(one.seen.body, "hello world", 11);
    request(C "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n");
    says("body=2");
    assert_int_equal(one.seen.body_n, 11);
    assert_memory_equal(one.seen.body, "hello world", 11);
    assert_int_equal(one.seen.heads, 1);
    one.seen.head[one.seen.head_n] = '\0';
    assert_null(strstr(one.seen.head, "X-Sum"));
}

static void pipelined_requests_stay_apart(void **state)
{
    (void)state;
    request("GET /1 HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: foo\r\n\r\n" P "Content-Length: 3\r\n\r\nabc" C
            "1\r\nd\r\n0\r\n\r\nGET /4 HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(one.seen.heads, 4);
    assert_int_equal(one.seen.completes, 4);
    assert_memory_equal(one.seen.body, "abcd", 4);
    request("CONNECT h:1 HTTP/1.1\r\n" H "\r\nGET /after HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(one.seen.completes, 2);
}

static void parsing_stops_where_it_is_told_to(void **state)
{
    (void)state;
    static const char text[] = P "Content-Length: 3\r\n\r\nabcGET";
    size_t head = strlen(P "Content-Length: 3\r\n\r\n");
    struct seen s = {.stop_at = 1};
    struct px_h1 *p = px_h1_new(PX_H1_REQUEST, NULL, &cb, &s);
    assert_true(px_h1_idle(p));
    assert_int_equal(px_h1_feed(p, text, sizeof(text) - 1), head);
    assert_int_equal(s.heads, 1);
    assert_false(px_h1_idle(p));
    s.stop_at = 2;
    assert_int_equal(px_h1_feed(p, text + head, sizeof(text) - 1 - head), 3);
    assert_int_equal(s.body_n, 3);
    assert_int_equal(s.completes, 0);
    assert_int_equal(px_h1_feed(p, text + head + 3, 3), 0); /* the end of the message, then nothing more */
    assert_int_equal(s.completes, 1);
    assert_int_equal(px_h1_feed(p, text + head + 3, 3), 0);
    assert_int_equal(s.completes, 1);
    px_h1_next(p, false);
    assert_true(px_h1_idle(p));
    assert_int_equal(px_h1_feed(p, text + head + 3, 3), 3);
    assert_false(px_h1_eof(p));
    assert_non_null(px_h1_failed(p));
    px_h1_free(p);
}

static int limited(const char *text, size_t n, struct px_h1_limits limits, size_t piece)
{
    struct seen *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    struct px_h1 *p = px_h1_new(PX_H1_REQUEST, &limits, &cb, s);
    for (size_t at = 0; at < n && px_h1_failed(p) == NULL && s->completes == 0;)
        at += px_h1_feed(p, text + at, n - at < piece ? n - at : piece);
    int status = px_h1_failed(p) != NULL ? px_h1_failed(p)->status : 0;
    if (status == 0)
        assert_int_equal(s->completes, 1);
    px_h1_free(p);
    free(s);
    return status;
}

static void check_limit(const char *text, size_t n, struct px_h1_limits limits, int status)
{
    static const size_t pieces[] = {1, 7, 1000, 100000};
    for (size_t i = 0; i < FLT_ARRAY_LEN(pieces); i++)
        assert_int_equal(limited(text, n, limits, pieces[i]), status);
}

static void limits_hold_to_the_byte(void **state)
{
    (void)state;
    const struct px_h1_limits limits = {16384, 8192, 100};
    static char text[40000];
    for (unsigned target = 8190; target <= 9300; target += target == 8194 ? 1106 : 1) {
        int n = snprintf(text, sizeof(text), "GET /%0*d HTTP/1.1\r\n" H "\r\n", (int)target - 1, 0);
        check_limit(text, (size_t)n, limits, target <= 8192 ? 0 : 414);
    }
    for (int total = 16383; total <= 16386; total++) {
        int fixed = (int)strlen("GET / HTTP/1.1\r\n" H "A: \r\n\r\n");
        int n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" H "A: %0*d\r\n\r\n", total - fixed, 0);
        assert_int_equal(n, total);
        check_limit(text, (size_t)n, limits, total <= 16384 ? 0 : 431);
    }
    for (int headers = 99; headers <= 102; headers++) {
        int n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" H);
        for (int i = 1; i < headers; i++)
            n += snprintf(text + n, sizeof(text) - (size_t)n, "A: %d\r\n", i);
        n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
        check_limit(text, (size_t)n, limits, headers <= 100 ? 0 : 431);
    }
    memset(text, 'A', sizeof(text)); /* no line end at all */
    check_limit(text, sizeof(text), limits, 414);
    int n = snprintf(text, sizeof(text), C "0\r\n");
    for (int i = 0; i < 101; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "T%d: x\r\n", i);
    n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
    check_limit(text, (size_t)n, limits, 431);
}

/* ---- responses ---- */

static void truncated_messages_are_not_complete(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 100 Continue\r\n\r\nH",
    };
    for (size_t i = 0; i < FLT_ARRAY_LEN(texts); i++) {
        run_all_ways(PX_H1_RESPONSE, texts[i], strlen(texts[i]));
        assert_int_equal(one.status, 0);
        assert_int_equal(one.seen.completes, 0);
        assert_false(one.eof_ok);
    }
}

static void interim_responses_are_swallowed_up_to_a_limit(void **state)
{
    (void)state;
    char text[2000];
    for (int interim = 10; interim <= 11; interim++) {
        int n = 0;
        for (int i = 0; i < interim; i++)
            n += snprintf(text + n, sizeof(text) - (size_t)n, "HTTP/1.1 102 Processing\r\nX: %d\r\n\r\n", i);
        n += snprintf(text + n, sizeof(text) - (size_t)n, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        run_all_ways(PX_H1_RESPONSE, text, (size_t)n);
        assert_int_equal(one.status, interim == 10 ? 0 : 502);
        assert_int_equal(one.seen.heads, interim == 10 ? 1 : 0);
    }
}

static void an_answer_to_head_has_no_body(void **state)
{
    (void)state;
    static const char text[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct seen s = {0};
    struct px_h1 *p = px_h1_new(PX_H1_RESPONSE, NULL, &cb, &s);
    px_h1_next(p, true);
    size_t used = px_h1_feed(p, text, sizeof(text) - 1);
    assert_int_equal(s.completes, 1);
    assert_int_equal(s.body_n, 0);
    px_h1_next(p, false);
    assert_int_equal(px_h1_feed(p, text + used, sizeof(text) - 1 - used), sizeof(text) - 1 - used);
    assert_int_equal(s.completes, 2);
    assert_int_equal(s.body_n, 2);
    px_h1_free(p);
}

/* ---- writing ---- */

static void what_is_written_reads_back(void **state)
{
    (void)state;
    struct flt_buf b;
    flt_buf_init(&b, 4096);
    assert_int_equal(px_h1_write_request_line(&b, FLT_STR("POST"), FLT_STR("/v1/x?y")), FLT_OK);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("Host"), FLT_STR("up.example")), FLT_OK);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("Transfer-Encoding"), FLT_STR("chunked")), FLT_OK);
    assert_int_equal(px_h1_write_end(&b), FLT_OK);
    assert_int_equal(px_h1_write_chunk(&b, "0123456789abcdef!", 17), FLT_OK);
    assert_int_equal(px_h1_write_last_chunk(&b), FLT_OK);
    run_all_ways(PX_H1_REQUEST, b.p, b.n);
    assert_int_equal(one.status, 0);
    assert_int_equal(one.seen.completes, 1);
    assert_memory_equal(one.seen.body, "0123456789abcdef!", 17);
    says("POST /v1/x?y up.example");
    flt_buf_clear(&b);
    assert_int_equal(px_h1_write_status_line(&b, 429), FLT_OK);
    assert_int_equal(px_h1_write_header_u64(&b, "Content-Length", 2), FLT_OK);
    assert_int_equal(px_h1_write_end(&b), FLT_OK);
    assert_int_equal(flt_buf_add(&b, "no", 2), FLT_OK);
    assert_memory_equal(b.p, "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno", b.n);
    run_all_ways(PX_H1_RESPONSE, b.p, b.n);
    assert_int_equal(one.seen.completes, 1);
    flt_buf_free(&b);
}

static void nothing_can_be_smuggled_into_a_head(void **state)
{
    (void)state;
    struct flt_buf b;
    flt_buf_init(&b, 4096);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("A"), FLT_STR("b\r\nC: d")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("A"), FLT_STR("b\nc")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("A"), ((struct flt_str){"b\0c", 3})), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("A:"), FLT_STR("b")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_header(&b, FLT_STR(""), FLT_STR("b")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("A B"), FLT_STR("b")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_request_line(&b, FLT_STR("GET"), FLT_STR("/ HTTP/1.1\r\nX: y")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_request_line(&b, FLT_STR("GET /"), FLT_STR("/")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_request_line(&b, FLT_STR("GET"), FLT_STR("")), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_status_line(&b, 99), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_status_line(&b, 600), FLT_E_SYNTAX);
    assert_int_equal(px_h1_write_chunk(&b, "", 0), FLT_E_SYNTAX);
    assert_int_equal(b.n, 0);
    flt_buf_init(&b, 8);
    assert_int_equal(px_h1_write_header(&b, FLT_STR("Name"), FLT_STR("value")), FLT_E_LIMIT);
    assert_int_equal(b.n, 0); /* not half of it */
    flt_buf_free(&b);
}

static int on_lookup_head(void *arg, const struct px_h1_head *h)
{
    unsigned *checked = arg;
    assert_int_equal(px_h1_count(h, "x-a"), 2);
    assert_int_equal(px_h1_count(h, "x-b"), 0);
    assert_true(flt_str_is(*px_h1_get(h, "X-a"), "1"));
    assert_null(px_h1_get(h, "x-b"));
    ++*checked;
    return 0;
}

static int on_lookup_complete(void *arg)
{
    (void)arg;
    return 0;
}

static void headers_are_found_by_name(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.1\r\n" H "X-A: 1\r\nx-a: 2\r\n\r\n";
    static const struct px_h1_cb lookup = {.on_head = on_lookup_head, .on_complete = on_lookup_complete};
    unsigned checked = 0;
    struct px_h1 *p = px_h1_new(PX_H1_REQUEST, NULL, &lookup, &checked);
    assert_int_equal(px_h1_feed(p, text, sizeof(text) - 1), sizeof(text) - 1);
    assert_int_equal(checked, 1);
    px_h1_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_say_what_was_sent),
        cmocka_unit_test(bodies_come_without_their_framing),
        cmocka_unit_test(pipelined_requests_stay_apart),
        cmocka_unit_test(parsing_stops_where_it_is_told_to),
        cmocka_unit_test(limits_hold_to_the_byte),
        cmocka_unit_test(truncated_messages_are_not_complete),
        cmocka_unit_test(interim_responses_are_swallowed_up_to_a_limit),
        cmocka_unit_test(an_answer_to_head_has_no_body),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(nothing_can_be_smuggled_into_a_head),
        cmocka_unit_test(headers_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
