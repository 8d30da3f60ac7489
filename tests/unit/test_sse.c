/* test_sse.c: frames, lines and fields of event streams, for every way of feeding them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rnd.h"
#include "sse_oracle.h"

/* ---- what is in a frame ------------------------------------------------------------------------------------------ */

struct expected {
    const char *stream;
    const char *seen; /* frames as "bytes|field=value|field=value", separated by '#' and ended by the tail */
};

static const char *const field_name[] = {"comment", "data", "event", "id", "retry", "unknown"};

static int write_frame(void *arg, const struct flt_sse_frame *f)
{
    struct flt_buf *b = arg;
    uint32_t data = 0;
    sse_must(flt_buf_add_str(b, f->bytes));
    for (uint32_t i = 0; i < f->n; i++) {
        struct flt_str value = {f->bytes.p + f->line[i].value, f->line[i].vlen};
        data += f->line[i].field == FLT_SSE_DATA;
        sse_must(flt_buf_printf(b, "|%s=%.*s", field_name[f->line[i].field], FLT_STR_ARG(value)));
    }
    assert_int_equal(data, f->n_data);
    sse_must(flt_buf_add(b, "#", 1));
    return 0;
}

static void check_streams(const struct expected *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct flt_sse *s = flt_sse_new(4096, 100);
        struct flt_buf b;
        flt_buf_init(&b, 10000);
        assert_int_equal(flt_sse_feed(s, v[i].stream, strlen(v[i].stream), write_frame, &b), FLT_OK);
        sse_must(flt_buf_add_str(&b, flt_sse_tail(s)));
        if (!flt_str_is(flt_buf_str(&b), v[i].seen))
            fail_msg("stream %zu: %.*s", i, FLT_STR_ARG(flt_buf_str(&b)));
        flt_buf_free(&b);
        flt_sse_free(s);
    }
}

static void frames_end_at_blank_lines(void **state)
{
    (void)state;
    static const struct expected v[] = {
        {"", ""},
        {"data: a\n\n", "data: a\n\n|data=a#"},
        {"data: a\n\ndata: b\n\n", "data: a\n\n|data=a#data: b\n\n|data=b#"},
        {"data: a\ndata: b\n\n", "data: a\ndata: b\n\n|data=a|data=b#"},
        {"event: e\nid: 7\nretry: 10\n: hi\nfoo: x\n\n",
         "event: e\nid: 7\nretry: 10\n: hi\nfoo: x\n\n|event=e|id=7|retry=10|comment=hi|unknown=x#"},
        {"\n\n", "\n#\n#"},
        {"data: a\n", "data: a\n"},
        {"data: a\n\ndata: [DO", "data: a\n\n|data=a#data: [DO"},
    };
    check_streams(v, FLT_ARRAY_LEN(v));
}

static void carriage_returns_end_lines_too(void **state)
{
    (void)state;
    static const struct expected v[] = {
        {"data: a\r\rdata: b\r\r", "data: a\r\r|data=a#data: b\r\r|data=b#"},
        {"data: a\r\n\r\ndata: b\r\n\r\n", "data: a\r\n\r|data=a#\ndata: b\r\n\r|data=b#\n"},
        {"data: a\n\r\ndata: b\n\n", "data: a\n\r|data=a#\ndata: b\n\n|data=b#"},
        {"data: a\r\n\n\n", "data: a\r\n\n|data=a#\n#"}, /* CRLF, LF blank, LF blank */
        {"data: a\r\ndata: b\r\n\n", "data: a\r\ndata: b\r\n\n|data=a|data=b#"},
    };
    check_streams(v, FLT_ARRAY_LEN(v));
}

static void fields_follow_the_standard(void **state)
{
    (void)state;
    static const struct expected v[] = {
        {"data:a\n\n", "data:a\n\n|data=a#"},
        {"data:  a \n\n", "data:  a \n\n|data= a #"},
        {"data\n\n", "data\n\n|data=#"},
        {"data:\n\n", "data:\n\n|data=#"},
        {"data: \n\n", "data: \n\n|data=#"},
        {"data :a\n\n", "data :a\n\n|unknown=a#"},
        {"Data: a\n\n", "Data: a\n\n|unknown=a#"},
        {" data: a\n\n", " data: a\n\n|unknown=a#"},
        {"datax: a\n\n", "datax: a\n\n|unknown=a#"},
        {"data: a: b\n\n", "data: a: b\n\n|data=a: b#"},
        {":\n\n", ":\n\n|comment=#"},
        {":x\n\n", ":x\n\n|comment=x#"},
        {" \n\n", " \n\n|unknown=#"}, /* not blank */
        {"\tx\n\n", "\tx\n\n|unknown=#"},
    };
    check_streams(v, FLT_ARRAY_LEN(v));
}

static void a_bom_counts_at_the_start_only(void **state)
{
    (void)state;
    static const struct expected v[] = {
        {"\xEF\xBB\xBF"
         "data: a\n\n",
         "\xEF\xBB\xBF"
         "data: a\n\n|data=a#"},
        {"\xEF\xBB\xBF\n", "\xEF\xBB\xBF\n#"},
        {"data: a\n\n\xEF\xBB\xBF"
         "data: b\n\n",
         "data: a\n\n|data=a#\xEF\xBB\xBF"
         "data: b\n\n|unknown=b#"},
        {"x\n\xEF\xBB\xBF"
         "data: b\n\n",
         "x\n\xEF\xBB\xBF"
         "data: b\n\n|unknown=|unknown=b#"},
        {"\xEF\xBB\xBF\xEF\xBB\xBF"
         "data: a\n\n",
         "\xEF\xBB\xBF\xEF\xBB\xBF"
         "data: a\n\n|unknown=a#"},
    };
    check_streams(v, FLT_ARRAY_LEN(v));
}

/* ---- feeding ----------------------------------------------------------------------------------------------------- */

static size_t next_random(void *arg)
{
    return (size_t)(rnd(arg) % 9);
}

static size_t next_two(void *arg)
{
    size_t *cut = arg; /* the first piece, then the rest */
    size_t k = *cut;
    *cut = SIZE_MAX;
    return k;
}

/* Feeds in with the given chooser and compares everything with the oracle. */
static void check_feed(struct flt_str in, size_t (*next)(void *), void *arg)
{
    struct flt_sse *s = flt_sse_new(4096, 500);
    struct sse_log got, want;
    sse_log_init(&got);
    sse_log_init(&want);
    assert_int_equal(sse_feed_in_pieces(s, in, next, arg, &got), FLT_OK);
    size_t tail = sse_oracle(in, &want);
    assert_true(flt_str_eq(flt_buf_str(&got.seen), flt_buf_str(&want.seen)));
    assert_int_equal(flt_sse_tail(s).n, in.n - tail);
    sse_must(flt_buf_add_str(&got.bytes, flt_sse_tail(s)));
    assert_true(flt_str_eq(flt_buf_str(&got.bytes), in));
    sse_log_free(&got);
    sse_log_free(&want);
    flt_sse_free(s);
}

static void every_cut_of_a_stream_gives_the_same_frames(void **state)
{
    (void)state;
    struct flt_str in =
        FLT_STR("\xEF\xBB\xBF: hello\r\n\r\nevent: delta\r\ndata: {\"a\":1}\r\n\r\n\n\rdata: x\ndata:y\r"
                "id: 3\n\r\nretry\r\r\n\n\ndata: [DONE]\n\ndata: tail");
    for (size_t cut = 1; cut <= in.n; cut++) {
        size_t first = cut;
        check_feed(in, next_two, &first);
    }
}

static void random_streams_in_random_pieces_give_the_same_frames(void **state)
{
    (void)state;
    static const char *const piece[] = {
        "\n",       "\r",           "\r\n", "\n\n",
        "data: ",   "data",         ":",    " ",
        "event: x", "\xEF\xBB\xBF", "id:",  "abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"};
    uint64_t seed = 8;
    for (unsigned round = 0; round < 20000; round++) {
        struct flt_buf b;
        flt_buf_init(&b, 10000);
        for (uint64_t n = rnd(&seed) % 30; n > 0; n--)
            sse_must(flt_buf_add_str(&b, flt_str_of(piece[rnd(&seed) % FLT_ARRAY_LEN(piece)])));
        check_feed(flt_buf_str(&b), next_random, &seed);
        flt_buf_free(&b);
    }
}

static void a_frame_leaves_with_its_last_byte(void **state)
{
    (void)state;
    struct flt_sse *s = flt_sse_new(4096, 10);
    struct sse_log log;
    sse_log_init(&log);
    assert_int_equal(flt_sse_feed(s, "data: a\r\n", 9, sse_log_frame, &log), FLT_OK);
    assert_int_equal(log.bytes.n, 0);
    assert_int_equal(flt_sse_feed(s, "\r", 1, sse_log_frame, &log), FLT_OK);
    assert_int_equal(log.bytes.n, 10); /* does not wait to see whether a LF follows */
    assert_int_equal(flt_sse_feed(s, "\n", 1, sse_log_frame, &log), FLT_OK);
    assert_int_equal(log.bytes.n, 10);
    assert_true(flt_str_is(flt_sse_tail(s), "\n"));
    sse_log_free(&log);
    flt_sse_free(s);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

/* Feeds "data: xxx...\n\n" of `size` bytes in all, in pieces of `step`. */
static int feed_frame(size_t size, size_t step)
{
    struct flt_sse *s = flt_sse_new(1024, 10);
    struct sse_log log;
    char *in = malloc(size);
    assert_non_null(in);
    memset(in, 'x', size);
    memcpy(in, "data: ", 6);
    memcpy(in + size - 2, "\n\n", 2);
    int rc = FLT_OK;
    sse_log_init(&log);
    for (size_t at = 0; at < size && rc == FLT_OK; at += step)
        rc = flt_sse_feed(s, in + at, step < size - at ? step : size - at, sse_log_frame, &log);
    assert_int_equal(log.bytes.n, rc == FLT_OK ? size : 0);
    if (rc != FLT_OK) /* a failure is final */
        assert_int_equal(flt_sse_feed(s, "\n\n", 2, sse_log_frame, &log), rc);
    assert_true(flt_sse_memory(s) < 4096);
    sse_log_free(&log);
    flt_sse_free(s);
    free(in);
    return rc;
}

static void a_frame_has_a_greatest_size_however_it_comes(void **state)
{
    (void)state;
    for (size_t step = 1; step < 2000; step = step * 3 + 1) {
        assert_int_equal(feed_frame(1023, step), FLT_OK);
        assert_int_equal(feed_frame(1024, step), FLT_OK);
        assert_int_equal(feed_frame(1025, step), FLT_E_LIMIT);
        assert_int_equal(feed_frame(5000, step), FLT_E_LIMIT);
    }
}

static void a_frame_has_a_greatest_number_of_lines(void **state)
{
    (void)state;
    for (uint32_t lines = 1; lines < 20; lines++) {
        struct flt_sse *s = flt_sse_new(4096, lines);
        struct sse_log log;
        sse_log_init(&log);
        for (unsigned round = 0; round < 2; round++) { /* the count starts again with each frame */
            for (uint32_t i = 0; i < lines; i++)
                assert_int_equal(flt_sse_feed(s, "a\n", 2, sse_log_frame, &log), FLT_OK);
            assert_int_equal(flt_sse_feed(s, "\n", 1, sse_log_frame, &log), FLT_OK);
        }
        for (uint32_t i = 0; i < lines; i++)
            assert_int_equal(flt_sse_feed(s, "a\n", 2, sse_log_frame, &log), FLT_OK);
        assert_int_equal(flt_sse_feed(s, "a\n", 2, sse_log_frame, &log), FLT_E_LIMIT);
        sse_log_free(&log);
        flt_sse_free(s);
    }
}

static void memory_of_a_big_frame_is_given_back(void **state)
{
    (void)state;
    struct flt_sse *s = flt_sse_new(1u << 20, 10);
    struct sse_log log;
    sse_log_init(&log);
    char *in = malloc(500000);
    assert_non_null(in);
    memset(in, 'x', 500000);
    assert_int_equal(flt_sse_feed(s, in, 500000, sse_log_frame, &log), FLT_OK);
    assert_true(flt_sse_memory(s) >= 500000);
    assert_int_equal(flt_sse_feed(s, "\n\n", 2, sse_log_frame, &log), FLT_OK);
    assert_true(flt_sse_memory(s) < 4096);
    free(in);
    sse_log_free(&log);
    flt_sse_free(s);
    flt_sse_free(NULL);
}

static int refuse_second(void *arg, const struct flt_sse_frame *f)
{
    unsigned *seen = arg;
    assert_true(f->n == 1);
    return ++*seen == 2 ? 77 : 0;
}

static void the_callback_can_stop_the_feed(void **state)
{
    (void)state;
    struct flt_sse *s = flt_sse_new(4096, 10);
    unsigned seen = 0;
    assert_int_equal(flt_sse_feed(s, "a\n\nb\n\nc\n\n", 9, refuse_second, &seen), 77);
    assert_int_equal(seen, 2);
    assert_int_equal(flt_sse_feed(s, "d\n\n", 3, refuse_second, &seen), 77);
    assert_int_equal(seen, 2);
    flt_sse_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_end_at_blank_lines),
        cmocka_unit_test(carriage_returns_end_lines_too),
        cmocka_unit_test(fields_follow_the_standard),
        cmocka_unit_test(a_bom_counts_at_the_start_only),
        cmocka_unit_test(every_cut_of_a_stream_gives_the_same_frames),
        cmocka_unit_test(random_streams_in_random_pieces_give_the_same_frames),
        cmocka_unit_test(a_frame_leaves_with_its_last_byte),
        cmocka_unit_test(a_frame_has_a_greatest_size_however_it_comes),
        cmocka_unit_test(a_frame_has_a_greatest_number_of_lines),
        cmocka_unit_test(memory_of_a_big_frame_is_given_back),
        cmocka_unit_test(the_callback_can_stop_the_feed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
