/* Streamed answers: random ones with planted values in every cut, delay, ways to end, limits. Golden ones:
 * tests/golden. */
#include <setjmp.h>
#include <stdarg.h>

#include "stream_rig.h"

#include <cmocka.h>

/* ThreadSanitizer takes twenty times as long, and has nothing to say about a single thread. */
#ifdef __SANITIZE_THREAD__
#define RANDOM_STREAMS 15u
#else
#define RANDOM_STREAMS 150u
#endif
#define MULTI_CUTS 200u

enum { PLAIN, NO_BLOCK, MONITOR, OPEN, TENANTS };
static struct flt_tenant tenants[TENANTS];
static struct flt_str off[] = {{"ip/*", 4}, {"output/halt", 11}, {"output/stop", 11}};
static struct flt_snapshot *tiny, *shipped;

/* ---- random streams
 * --------------------------------------------------------------------------------------------------- */

/* What the client reads of each text is what the text redactor makes of it in one go. */
static void check_texts(const struct stream_rig *r, const struct script *s, const struct delivery *d)
{
    struct rig whole;
    struct reading *read = read_stream(flt_buf_str(&d->out));
    rig_open(&whole, r->s, r->tenant, false);
    assert_false(read->broken);
    for (unsigned i = 0; i < s->n; i++) {
        char key[64];
        struct flt_str text = {s->v[i].text, s->v[i].n};
        struct outcome o = rig_whole(&whole, text);
        struct flt_buf want;
        flt_buf_init(&want, 1u << 16);
        assert_int_equal(o.rc, FLT_OK);
        assert_int_equal(flt_cut_text(r->s->rs, o.cut, o.n_cut, text, &want), FLT_OK);
        snprintf(key, sizeof(key), "%u/%s", s->v[i].choice, s->v[i].kind);
        if (!flt_str_eq(reading_text(read, key), flt_buf_str(&want)))
            fail_msg("%s reads\n%.*s\nwanted\n%.*s", key, FLT_STR_ARG(reading_text(read, key)),
                     FLT_STR_ARG(flt_buf_str(&want)));
        flt_buf_free(&want);
        outcome_free(&o);
    }
    for (unsigned c = 0; c < s->choices; c++)
        assert_string_equal(read->finish[c], "stop");
    reading_free(read);
    rig_close(&whole);
}

static void random_streams_are_the_same_for_every_cut(void **state)
{
    uint64_t seed = 21;
    (void)state;
    for (unsigned i = 0; i < RANDOM_STREAMS; i++) {
        struct stream_rig r = stream_rig_open(tiny, i % 2 == 0 ? NO_BLOCK : PLAIN);
        struct script s;
        struct flt_buf b;
        make_script(&s, &seed);
        flt_buf_init(&b, 1u << 20);
        write_script(&s, &seed, &b);
        struct flt_str in = flt_buf_str(&b);
        struct delivery d = deliver_whole(&r, in);
        assert_true(d.state == FLT_STREAM_ENDED || d.state == FLT_STREAM_BLOCKED);
        for (size_t at = 0; at <= in.n; at += i % 4 == 0 ? 1 : 1 + in.n / 300)
            assert_true(delivery_agrees(&r, in, &at, 1, &d));
        for (unsigned k = 0; k < MULTI_CUTS; k++) {
            size_t cuts[12];
            assert_true(delivery_agrees(&r, in, cuts, rig_cuts(&seed, in.n, cuts, 2 + rig_random(&seed) % 10), &d));
        }
        if (r.tenant == NO_BLOCK)
            check_texts(&r, &s, &d);
        delivery_free(&d);
        flt_buf_free(&b);
        stream_rig_close(&r);
    }
}

static void how_a_text_is_split_over_deltas_does_not_matter(void **state)
{
    struct stream_rig r = stream_rig_open(tiny, NO_BLOCK);
    uint64_t seed = 22;
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        struct script s;
        make_script(&s, &seed);
        for (unsigned k = 0; k < 12; k++) {
            struct flt_buf b;
            flt_buf_init(&b, 1u << 20);
            write_script(&s, &seed, &b);
            struct delivery d = deliver_whole(&r, flt_buf_str(&b));
            assert_int_equal(d.state, FLT_STREAM_ENDED);
            check_texts(&r, &s, &d);
            delivery_free(&d);
            flt_buf_free(&b);
        }
    }
    stream_rig_close(&r);
}

/* Two deltas, split at every character, each character escaped or not. */
static void every_split_of_a_value_over_two_deltas_hides_it(void **state)
{
    static const char *const text = "to me@host.example, 123-456 and tk-ab12cd34. My name is Bob.";
    static const char *const want = "to [EMAIL], [NUM] and [TOK]. My name is [NAME].";
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    struct framing f = {.eol = "\n", .data = "data: "};
    uint64_t seed = 23;
    (void)state;
    for (size_t at = 0; at <= strlen(text); at++) {
        struct flt_buf b;
        flt_buf_init(&b, 1u << 16);
        write_chunk(&b, &seed, &f, 0, "content", (struct flt_str){text, at}, "null");
        write_chunk(&b, &seed, &f, 0, "content", (struct flt_str){text + at, strlen(text) - at}, "\"stop\"");
        struct delivery d = deliver_whole(&r, flt_buf_str(&b));
        struct reading *read = read_stream(flt_buf_str(&d.out));
        assert_true(flt_str_is(reading_text(read, "0/content"), want));
        reading_free(read);
        delivery_free(&d);
        flt_buf_free(&b);
    }
    stream_rig_close(&r);
}

/* ---- tool calls: JSON in JSON
 * --------------------------------------------------------------------------------------------- */

/* Arguments whose inner strings are escaped at random, once for JSON and once more for the wire, in pieces of any size.
 */
static void arguments_are_decoded_twice(void **state)
{
    static const char *const values[] = {"me@host.example", "123-456", "tk-ab12cd34",
                                         "\xF0\x9F\x98\x80 a@b.example \xC3\xA9"};
    static const char *const want[] = {"[EMAIL]", "[NUM]", "[TOK]", "\xF0\x9F\x98\x80 [EMAIL] \xC3\xA9"};
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    uint64_t seed = 24;
    (void)state;
    for (unsigned i = 0; i < 400; i++) {
        struct flt_buf args, out;
        flt_buf_init(&args, 1u << 16);
        flt_buf_init(&out, 1u << 18);
        assert_int_equal(flt_buf_printf(&args, "{\"a\":\""), FLT_OK);
        write_escaped(&args, &seed, flt_str_of(values[i % 4]));
        assert_int_equal(flt_buf_printf(&args, "\",\"n\":5}"), FLT_OK);
        for (size_t at = 0; at < args.n;) {
            size_t n = 1 + rig_random(&seed) % 7;
            n = n < args.n - at ? n : args.n - at;
            while (at + n < args.n && ((uint8_t)args.p[at + n] & 0xC0) == 0x80)
                n++;
            assert_int_equal(flt_buf_printf(&out, "data: "
                                                  "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,"
                                                  "\"function\":{\"arguments\":\""),
                             FLT_OK);
            write_escaped(&out, &seed, (struct flt_str){args.p + at, n});
            assert_int_equal(flt_buf_printf(&out, "\"}}]},\"finish_reason\":null}]}\n\n"), FLT_OK);
            at += n;
        }
        assert_int_equal(flt_buf_printf(&out, "data: [DONE]\n\n"), FLT_OK);
        struct delivery d = deliver_whole(&r, flt_buf_str(&out));
        struct reading *read = read_stream(flt_buf_str(&d.out));
        json_error_t err;
        struct flt_str got = reading_text(read, "0/tool0");
        json_t *v = json_loadb(got.p, got.n, 0, &err);
        assert_non_null(v);
        assert_string_equal(json_string_value(json_object_get(v, "a")), want[i % 4]);
        assert_int_equal(json_integer_value(json_object_get(v, "n")), 5);
        json_decref(v);
        reading_free(read);
        delivery_free(&d);
        flt_buf_free(&args);
        flt_buf_free(&out);
    }
    stream_rig_close(&r);
}

/* ---- delay
 * -------------------------------------------------------------------------------------------------------------------
 */

static enum flt_stream_state feed(struct flt_stream *s, const char *text, struct flt_buf *out)
{
    return flt_stream_feed(s, text, strlen(text), out);
}

#define DELTA(d) "data: {\"choices\":[{\"index\":0,\"delta\":{" d "},\"finish_reason\":null}]}\n\n"

static void a_frame_without_an_open_candidate_leaves_at_once(void **state)
{
    static const char *const frames[] = {
        DELTA("\"role\":\"assistant\",\"content\":\"\""),
        DELTA("\"content\":\"The gate \""),
        DELTA("\"content\":\"of a fort is two doors deep, \""),
        ": ping\n\n",
        DELTA("\"tool_calls\":[{\"index\":0,\"id\":\"call_abc\",\"type\":\"function\",\"function\":{\"name\":\"get_"
              "weather\",\"arguments\":\"\"}}]"),
        DELTA("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{ \"}}]"),
        DELTA("\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"thinking "
              "\",\"format\":\"unknown\",\"index\":0}]"),
        DELTA("\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"https://example.org/"
              "a\",\"title\":\"Gates\",\"start_index\":0,\"end_index\":3}}]"),
        "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n"};
    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        struct stream_rig r = stream_rig_open(which == 0 ? tiny : shipped, which == 0 ? PLAIN : UINT32_MAX);
        struct flt_stream *s = stream_start(&r);
        struct flt_buf out;
        size_t sent = 0;
        flt_buf_init(&out, 1u << 16);
        for (size_t i = 0; i < FLT_ARRAY_LEN(frames); i++) {
            assert_int_equal(feed(s, frames[i], &out), FLT_STREAM_RUNNING);
            sent += strlen(frames[i]);
            if (flt_stream_held(s) != 0 || out.n != sent)
                fail_msg("waits: %s", frames[i]);
        }
        flt_stream_close(s);
        flt_buf_free(&out);
        stream_rig_close(&r);
    }
}

static void an_open_candidate_holds_its_frame_and_those_behind_only_until_it_is_decided(void **state)
{
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    struct flt_stream *s = stream_start(&r);
    struct flt_buf out;
    (void)state;
    flt_buf_init(&out, 1u << 16);
    assert_int_equal(feed(s, DELTA("\"content\":\"mail to\""), &out), FLT_STREAM_RUNNING);
    assert_int_equal(out.n, 0); /* "to" may become an address */
    assert_true(flt_stream_held(s) > 0);
    feed(s, DELTA("\"content\":\"day \""), &out);
    assert_int_equal(flt_stream_held(s), 0);
    feed(s, DELTA("\"content\":\"me@host\""), &out);
    size_t n = out.n;
    feed(s, ": ping\n\n" DELTA("\"content\":\".exampl\""), &out);
    assert_int_equal(out.n, n); /* frames keep their order */
    feed(s, DELTA("\"content\":\"es \""), &out);
    assert_int_equal(flt_stream_held(s), 0);
    assert_null(memmem(out.p, out.n, "[EMAIL]", 7));
    flt_stream_close(s);
    flt_buf_free(&out);
    stream_rig_close(&r);
}

/* The last word of the reasoning could go on; when the answer has gone on for a while, it does not. */
static void the_answer_does_not_wait_for_the_end_of_the_reasoning(void **state)
{
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    struct flt_stream *s = stream_start(&r);
    struct flt_buf out;
    (void)state;
    flt_buf_init(&out, 1u << 16);
    feed(s, DELTA("\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"So I write to me@host.example\""),
         &out);
    assert_int_equal(out.n, 0);
    for (unsigned i = 0; i < 15; i++)
        feed(s, DELTA("\"content\":\"word \""), &out);
    assert_int_equal(out.n, 0);
    feed(s, DELTA("\"content\":\"word \""), &out);
    assert_int_equal(flt_stream_held(s), 0);
    assert_non_null(memmem(out.p, out.n, "write to [EMAIL]\"", 17));
    feed(s, DELTA("\"content\":\"word \""), &out);
    assert_int_equal(flt_stream_held(s), 0);
    /* reasoning that begins again is looked at again */
    feed(s, DELTA("\"reasoning_content\":\"and a@b.example now \""), &out);
    assert_int_equal(flt_stream_held(s), 0);
    assert_non_null(memmem(out.p, out.n, "and [EMAIL] now ", 16));
    assert_int_equal(flt_stream_end(s, true, &out), FLT_STREAM_ENDED);
    flt_stream_close(s);
    flt_buf_free(&out);
    stream_rig_close(&r);
}

static void clean_prose_word_by_word_is_hardly_held(void **state)
{
    static const char *const prose = "The gate of a fort is two doors deep, whoever passes is looked at on the way in "
                                     "and on the way out. Nobody likes to wait there, so "
                                     "the guards learned to be quick: a cart of hay needs one look, a barrel two. What "
                                     "they know they let go at once! ";
    struct stream_rig r = stream_rig_open(shipped, UINT32_MAX);
    struct framing f = {.eol = "\n", .data = "data: "};
    uint64_t seed = 3;
    unsigned frames = 0, late = 0;
    (void)state;
    struct flt_stream *s = stream_start(&r);
    struct flt_buf out;
    flt_buf_init(&out, 1u << 20);
    for (const char *p = prose; *p != '\0'; frames++) {
        const char *end = strchr(p, ' ') + 1;
        struct flt_buf b;
        flt_buf_init(&b, 4096);
        write_chunk(&b, &seed, &f, 0, "content", (struct flt_str){p, (size_t)(end - p)}, "null");
        assert_int_equal(flt_stream_feed(s, b.p, b.n, &out), FLT_STREAM_RUNNING);
        late += flt_stream_held(s) != 0;
        flt_buf_free(&b);
        p = end;
    }
    print_message("shipped packs: %u of %u frames did not leave at once; %zu bytes of memory\n", late, frames,
                  flt_stream_memory(s));
    assert_true(late * 5 <= frames); /* "at " could begin a national insurance number */
    flt_stream_close(s);
    flt_buf_free(&out);
    stream_rig_close(&r);
}

/* ---- ways to end
 * ---------------------------------------------------------------------------------------------------------------- */

static void expect_out(const struct stream_rig *r, const char *in, enum flt_stream_state state, const char *want)
{
    struct delivery d = deliver_whole(r, flt_str_of(in));
    assert_int_equal(d.state, state);
    if (!flt_str_is(flt_buf_str(&d.out), want))
        fail_msg("got\n%.*s\nwanted\n%s", FLT_STR_ARG(flt_buf_str(&d.out)), want);
    assert_true(delivery_byte_by_byte(r, flt_str_of(in), &d));
    delivery_free(&d);
}

#define MALFORMED                                                                                                      \
    "data: {\"error\":{\"message\":\"The upstream's stream could not be "                                              \
    "read.\",\"type\":\"server_error\",\"param\":null,\"code\":\"upstream_malformed\"}}\n\n"

static void malformed_events_fail(void **state)
{
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    (void)state;
    expect_out(&r, DELTA("\"content\":\"ok \"") "data: {\"choices\":\n\n" DELTA("\"content\":\"no\""),
               FLT_STREAM_FAILED, DELTA("\"content\":\"ok \"") MALFORMED);
    expect_out(&r, "data: [1]\n\n", FLT_STREAM_FAILED, MALFORMED);
    expect_out(&r, "data: \n\n", FLT_STREAM_FAILED, MALFORMED);
    expect_out(&r, "data: {\"a\":1,\"a\":2}\n\n", FLT_STREAM_FAILED, MALFORMED);
    expect_out(&r, "data: {\"choices\":{}}\n\n", FLT_STREAM_FAILED, MALFORMED);
    expect_out(&r, "data: {\"choices\":[{\"index\":999}]}\n\n", FLT_STREAM_FAILED, MALFORMED);
    expect_out(&r, "data: {\"a\":\"\xff\"}\n\n", FLT_STREAM_FAILED, MALFORMED);
    /* text for a choice that has said it is finished */
    expect_out(
        &r,
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a.\"},\"finish_reason\":\"stop\"}]}\n\n" DELTA(
            "\"content\":\"b\""),
        FLT_STREAM_FAILED,
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a.\"},\"finish_reason\":\"stop\"}]}\n\n" MALFORMED);
    stream_rig_close(&r);
}

static void a_block_ends_every_open_choice_and_counts_usage(void **state)
{
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    (void)state;
    r.include_usage = true;
    expect_out(&r,
               "data: "
               "{\"id\":\"c7\",\"created\":5,\"model\":\"m\",\"choices\":[{\"index\":1,\"delta\":{\"role\":"
               "\"assistant\",\"content\":\"hi \"},\"finish_reason\":\"stop\"}]}\n\n"
               "data: "
               "{\"id\":\"c7\",\"created\":5,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
               "\"assistant\",\"content\":\"halt: xx.\"},\"finish_reason\":null}]}\n\n"
               "data: [DONE]\n\n",
               FLT_STREAM_BLOCKED,
               "data: "
               "{\"id\":\"c7\",\"created\":5,\"model\":\"m\",\"choices\":[{\"index\":1,\"delta\":{\"role\":"
               "\"assistant\",\"content\":\"hi \"},\"finish_reason\":\"stop\"}]}\n\n"
               "data: "
               "{\"id\":\"c7\",\"object\":\"chat.completion.chunk\",\"created\":5,\"model\":\"m\",\"choices\":[{"
               "\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
               "\"logprobs\":null,\"finish_reason\":\"content_filter\"}],\"usage\":null}\n\n"
               "data: "
               "{\"id\":\"c7\",\"object\":\"chat.completion.chunk\",\"created\":5,\"model\":\"m\",\"choices\":[],"
               "\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}}\n\n"
               "data: [DONE]\n\n");
    stream_rig_close(&r);
}

static void a_partly_sent_call_of_a_custom_tool_ends_hard(void **state)
{
    static const char *const hard =
        "data: {\"error\":{\"message\":\"The answer was blocked by "
        "policy.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"content_filter\"}}\n\ndata: [DONE]\n\n";
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    struct flt_buf want;
    (void)state;
    flt_buf_init(&want, 4096);
    assert_int_equal(
        flt_buf_printf(&want, "%s%s",
                       DELTA("\"tool_calls\":[{\"index\":0,\"custom\":{\"name\":\"sh\",\"input\":\"rm; \"}}]"), hard),
        FLT_OK);
    assert_int_equal(flt_buf_add(&want, "", 1), FLT_OK);
    expect_out(&r,
               DELTA("\"tool_calls\":[{\"index\":0,\"custom\":{\"name\":\"sh\",\"input\":\"rm; \"}}]")
                   DELTA("\"tool_calls\":[{\"index\":0,\"custom\":{\"input\":\"halt:xx \"}}]"),
               FLT_STREAM_BLOCKED, want.p);
    flt_buf_free(&want);
    stream_rig_close(&r);
}

static void nothing_undecided_leaves_an_aborted_stream(void **state)
{
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    struct flt_stream *s = stream_start(&r);
    struct flt_buf out;
    (void)state;
    flt_buf_init(&out, 1u << 16);
    feed(s, DELTA("\"content\":\"so me@host.exampl\""), &out);
    assert_int_equal(flt_stream_abort(s, "The deadline passed.", &out), FLT_STREAM_FAILED);
    assert_null(memmem(out.p, out.n, "me@", 3));
    assert_non_null(memmem(out.p, out.n, "The deadline passed.", 20));
    assert_int_equal(feed(s, DELTA("\"content\":\"e\""), &out), FLT_STREAM_FAILED);
    assert_int_equal(flt_stream_end(s, true, &out), FLT_STREAM_FAILED);
    flt_stream_close(s);
    flt_buf_free(&out);
    stream_rig_close(&r);
}

static void asking_for_the_decision_on_the_way_disturbs_nothing(void **state)
{
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    struct flt_stream *s = stream_start(&r);
    struct flt_buf out;
    (void)state;
    flt_buf_init(&out, 1u << 16);
    feed(s, DELTA("\"content\":\"12345 a@b.example 12345 tk-ab12\""), &out);
    feed(s, DELTA("\"content\":\"cd34\""), &out);
    assert_int_equal(flt_stream_decision(s)->n_findings, 4);
    feed(s, DELTA("\"content\":\" 12345\""), &out);
    assert_int_equal(flt_stream_decision(s)->would, FLT_ACT_REDACT);
    assert_int_equal(flt_stream_end(s, true, &out), FLT_STREAM_ENDED);
    const struct flt_decision *d = flt_stream_decision(s);
    assert_int_equal(d->n_findings, 5);
    for (uint32_t i = 0; i < d->n_findings; i++) {
        if (d->findings[i].rule == fixture_rule(tiny, "secrets.tok")) {
            assert_int_equal(d->findings[i].start, 24);
            assert_int_equal(d->findings[i].end, 35);
        }
        assert_true(i == 0 || d->findings[i - 1].start <= d->findings[i].start);
    }
    assert_int_equal(d->bytes_scanned, d->bytes_total);
    flt_stream_close(s);
    flt_buf_free(&out);
    stream_rig_close(&r);
}

/* ---- limits
 * ------------------------------------------------------------------------------------------------------------------------
 */

static void limits_end_a_stream_visibly(void **state)
{
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    struct flt_stream_in in = {
        .snapshot = tiny, .tenant = PLAIN, .route = &r.route, .max_frame = 2048, .max_queue = 4096};
    struct flt_buf out;
    char big[3000];
    (void)state;
    flt_buf_init(&out, 1u << 16);
    struct flt_stream *s = flt_stream_open(r.w, &in);
    assert_non_null(s);
    memset(big, ' ', sizeof(big));
    assert_int_equal(flt_stream_feed(s, big, sizeof(big), &out), FLT_STREAM_FAILED);
    assert_int_equal(flt_stream_decision(s)->cause, FLT_CAUSE_LIMIT);
    flt_stream_close(s);
    flt_buf_clear(&out);
    /* frames behind one that waits */
    s = flt_stream_open(r.w, &in);
    assert_non_null(s);
    enum flt_stream_state st = feed(s, DELTA("\"content\":\"to me\""), &out);
    assert_int_equal(st, FLT_STREAM_RUNNING);
    for (unsigned i = 0; i < 100 && st == FLT_STREAM_RUNNING; i++)
        st = feed(
            s,
            "data: {\"choices\":[],\"usage\":{\"total_tokens\":1000000,\"more\":1000000,\"and_more\":100000000}}\n\n",
            &out);
    assert_int_equal(st, FLT_STREAM_FAILED);
    assert_null(memmem(out.p, out.n, "to me", 5));
    flt_stream_close(s);
    flt_buf_free(&out);
    stream_rig_close(&r);
}

static void many_channels_are_a_limit(void **state)
{
    struct stream_rig r = stream_rig_open(tiny, PLAIN);
    struct flt_stream *s = stream_start(&r);
    struct flt_buf out;
    char frame[300];
    enum flt_stream_state st = FLT_STREAM_RUNNING;
    (void)state;
    flt_buf_init(&out, 4u << 20);
    for (unsigned i = 0; i < 2000 && st == FLT_STREAM_RUNNING; i++) {
        snprintf(
            frame, sizeof(frame),
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":%u,\"function\":{\"arguments\":\"{ "
            "\"}}]}}]}\n\n",
            i);
        st = feed(s, frame, &out);
    }
    assert_int_equal(st, FLT_STREAM_FAILED);
    flt_stream_close(s);
    flt_buf_free(&out);
    stream_rig_close(&r);
}

/* A tenant that lets uninspectable text pass gets the rest as it came, and a proper end. */
static void on_failure_allow_goes_on_to_a_proper_end(void **state)
{
    struct flt_buf b;
    (void)state;
    flt_buf_init(&b, 8u << 20);
    for (unsigned i = 0; i < 1100; i++)
        assert_int_equal(flt_buf_printf(&b,
                                        "data: "
                                        "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":%u,"
                                        "\"function\":{\"arguments\":\"{ \"}}]}}]}\n\n",
                                        i),
                         FLT_OK);
    assert_int_equal(flt_buf_printf(&b, "data: [DONE]\n\n"), FLT_OK);
    struct stream_rig r = stream_rig_open(tiny, OPEN);
    struct delivery d = deliver_whole(&r, flt_buf_str(&b));
    assert_int_equal(d.state, FLT_STREAM_ENDED);
    assert_int_equal(d.cause, FLT_CAUSE_LIMIT);
    assert_true(flt_str_eq(flt_buf_str(&d.out), flt_buf_str(&b)));
    delivery_free(&d);
    stream_rig_close(&r);
    r = stream_rig_open(tiny, PLAIN);
    d = deliver_whole(&r, flt_buf_str(&b));
    assert_int_equal(d.state, FLT_STREAM_FAILED);
    delivery_free(&d);
    flt_buf_free(&b);
    stream_rig_close(&r);
}

static void a_long_answer_needs_little_memory(void **state)
{
    struct stream_rig r = stream_rig_open(shipped, UINT32_MAX);
    struct flt_stream *s = stream_start(&r);
    struct flt_buf out;
    size_t most = 0;
    (void)state;
    flt_buf_init(&out, 64u << 20);
    for (unsigned i = 0; i < 5000; i++) {
        assert_int_equal(feed(s, DELTA("\"content\":\" plain words\""), &out), FLT_STREAM_RUNNING);
        most = flt_stream_memory(s) > most ? flt_stream_memory(s) : most;
        if (out.n > 1u << 20)
            flt_buf_clear(&out);
    }
    print_message("shipped packs: at most %zu bytes a stream\n", most);
    assert_true(most < 65536);
    flt_stream_close(s);
    flt_buf_free(&out);
    stream_rig_close(&r);
}

static int open_rules(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TENANTS; i++) {
        flt_tenant_defaults(&tenants[i]);
        tenants[i].name = FLT_STR("test");
        tenants[i].rules.disable = (struct flt_strlist){off, i == NO_BLOCK ? 3 : 1};
    }
    tenants[MONITOR].mode = FLT_MONITOR;
    tenants[OPEN].on_failure = FLT_FAIL_OPEN;
    tiny = fixture_snapshot(fixture_tiny, FLT_ARRAY_LEN(fixture_tiny), tenants, TENANTS);
    shipped = fixture_shipped(NULL, 0);
    return 0;
}

static int close_rules(void **state)
{
    (void)state;
    flt_snapshot_free(tiny);
    flt_snapshot_free(shipped);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_streams_are_the_same_for_every_cut),
        cmocka_unit_test(how_a_text_is_split_over_deltas_does_not_matter),
        cmocka_unit_test(every_split_of_a_value_over_two_deltas_hides_it),
        cmocka_unit_test(arguments_are_decoded_twice),
        cmocka_unit_test(a_frame_without_an_open_candidate_leaves_at_once),
        cmocka_unit_test(an_open_candidate_holds_its_frame_and_those_behind_only_until_it_is_decided),
        cmocka_unit_test(the_answer_does_not_wait_for_the_end_of_the_reasoning),
        cmocka_unit_test(clean_prose_word_by_word_is_hardly_held),
        cmocka_unit_test(malformed_events_fail),
        cmocka_unit_test(a_block_ends_every_open_choice_and_counts_usage),
        cmocka_unit_test(a_partly_sent_call_of_a_custom_tool_ends_hard),
        cmocka_unit_test(nothing_undecided_leaves_an_aborted_stream),
        cmocka_unit_test(asking_for_the_decision_on_the_way_disturbs_nothing),
        cmocka_unit_test(limits_end_a_stream_visibly),
        cmocka_unit_test(many_channels_are_a_limit),
        cmocka_unit_test(on_failure_allow_goes_on_to_a_proper_end),
        cmocka_unit_test(a_long_answer_needs_little_memory),
    };
    return cmocka_run_group_tests(tests, open_rules, close_rules);
}
