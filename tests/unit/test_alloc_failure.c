/*
 * Fails the n-th allocation of a request, an answer and a stream, for every n: the result is an error or the right
 * bytes, never bytes that were not inspected. malloc and its kin are wrapped by the linker (tests/CMakeLists.txt).
 */
#include <setjmp.h>
#include <stdarg.h>

#include <hs.h>

#include "stream_rig.h"

#include <cmocka.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static long long left = -1; /* allocations until one fails; negative = none does */
static bool failed;

static bool fails(void)
{
    if (left < 0)
        return false;
    if (left-- > 0)
        return false;
    failed = true;
    left = -1; /* one failure at a time */
    return true;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

static void arm(long long n)
{
    failed = false;
    left = n;
}

static bool disarm(void)
{
    left = -1;
    return failed;
}

#define MOST 3000

static struct flt_tenant tenant;
static struct flt_str no_ip[] = {{"ip/*", 4}};
static struct flt_snapshot *snapshot;
static struct stream_rig rig;

static const char *const request =
    "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"be brief "
    "me@host.example\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"split a@\"},"
    "{\"type\":\"text\",\"text\":\"b.example tk-ab12cd "
    "pw=hunter2\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image\\/png;base64,AAAA\"}}]},"
    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{"
    "\"name\":\"f\",\"arguments\":\"{\\\"q\\\":\\\"\\\\u0031\\\\u0032\\u0033-456\\\"}\"}}]},"
    "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"-----BEGIN X-----\\nabc\\n-----END X----- "
    "12345\"}],\"stream\":true}";

typedef int (*inspect_fn)(const char *body, struct flt_arena *arena, struct flt_str *out);

static int inspect_request(const char *body, struct flt_arena *arena, struct flt_str *out)
{
    struct flt_request_out o;
    struct flt_request_in in = {.snapshot = snapshot, .route = &rig.route, .body = flt_str_of(body)};
    int rc = flt_inspect_request(rig.w, &in, arena, &o);
    *out = o.body;
    return rc;
}

static int inspect_answer(const char *body, struct flt_arena *arena, struct flt_str *out)
{
    struct flt_answer_out o;
    struct flt_answer_in in = {.snapshot = snapshot, .route = &rig.route, .http_status = 200, .body = flt_str_of(body)};
    int rc = flt_inspect_answer(rig.w, &in, arena, &o);
    *out = o.body;
    return rc;
}

/* However many allocations succeed: an error and no body, or what is right, which goes to *want. How many there are. */
static long long fails_or_is_right(inspect_fn fn, const char *body, struct flt_buf *want)
{
    long long n = 0;
    flt_buf_init(want, 1u << 16);
    for (bool was = true; was; n++) {
        struct flt_str out = {NULL, 0};
        arm(n - 1); /* -1: all is well, which tells what is right */
        struct flt_arena *arena = flt_arena_new(16u << 20);
        int rc = arena != NULL ? fn(body, arena, &out) : FLT_E_NOMEM;
        was = disarm() || n == 0;
        assert_true(rc == FLT_OK || rc == FLT_E_NOMEM);
        if (n == 0)
            assert_int_equal(flt_buf_add_str(want, out), FLT_OK);
        if (rc == FLT_OK)
            assert_true(flt_str_eq(out, flt_buf_str(want)));
        else
            assert_int_equal(out.n, 0);
        flt_arena_free(arena);
        assert_true(n < MOST);
    }
    return n - 2;
}

static void requests_fail_or_are_right(void **state)
{
    struct flt_buf want;
    (void)state;
    long long n = fails_or_is_right(inspect_request, request, &want);
    assert_null(memmem(want.p, want.n, "me@", 3));
    assert_non_null(memmem(want.p, want.n, "[NUM]", 5));
    print_message("%lld allocations\n", n);
    assert_true(n > 18);
    flt_buf_free(&want);
}

static void answers_fail_or_are_right(void **state)
{
    static const char *const bodies[] = {
        "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"me@host.example 123-456 "
        "\\ud83d\\ude00\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":\\\"tk-ab12cd\\\"}"
        "\"}}]},"
        "\"logprobs\":{\"content\":[{\"token\":\"a@b\"},{\"token\":\".example\"}]},\"finish_reason\":\"stop\"}]}",
        "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"stop here "
        "now\"},\"logprobs\":{},\"finish_reason\":\"stop\"},{\"index\":1,\"message\":{\"content\":\"a@b.example\"},"
        "\"finish_reason\":\"stop\"}]}"};
    (void)state;
    for (size_t b = 0; b < FLT_ARRAY_LEN(bodies); b++) {
        struct flt_buf want;
        assert_true(fails_or_is_right(inspect_answer, bodies[b], &want) > 8);
        assert_null(memmem(want.p, want.n, "a@b", 3));
        flt_buf_free(&want);
    }
}

#define DELTA(d) "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{" d "},\"finish_reason\":null}]}\n\n"

static const char *const streams[] = {
    DELTA("\"role\":\"assistant\",\"content\":\"\"") ": ping\n\n" DELTA("\"content\":\"mail me@ho\"")
        DELTA("\"content\":\"st.example or tk-ab12\"") DELTA("\"content\":\"cd34 12345 \\u00e9\"")
            DELTA("\"reasoning_content\":\"pw=hunter2 -----BEGIN X-----\",\"x_note\":\"c@d.example\"")
                DELTA("\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{"
                      "\\\"a\\\":\\\"\\\\u0031\\\\u00\"}}]")
                    DELTA("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"323-456\\\"}\"}}"
                          "]") "data: "
                               "{\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":{\"content\":[{"
                               "\"token\":\"x\"}]},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    DELTA("\"role\":\"assistant\",\"content\":\"good a@b.example stop he\"")
        DELTA("\"content\":\"re now and\"") "data: [DONE]\n\n"};

/* The beginning of right, perhaps with an error event behind it. */
static bool beginning_of(struct flt_str out, struct flt_str right)
{
    const char *error = memmem(out.p, out.n, "data: {\"error\"", 14);
    size_t n = error != NULL ? (size_t)(error - out.p) : out.n;
    return n <= right.n && memcmp(out.p, right.p, n) == 0;
}

static void one_stream(const char *text, const struct delivery *right, long long n, bool *was)
{
    struct flt_buf out;
    enum flt_stream_state st = FLT_STREAM_FAILED;
    struct flt_stream_in in = {.snapshot = snapshot, .route = &rig.route};
    flt_buf_init(&out, 1u << 20);
    assert_int_equal(flt_buf_reserve(&out, 1u << 16), FLT_OK); /* the client's buffer is not ours to fail */
    arm(n);
    struct flt_stream *s = flt_stream_open(rig.w, &in);
    for (size_t at = 0; s != NULL && at < strlen(text); at += 50)
        (void)flt_stream_feed(s, text + at, strlen(text) - at < 50 ? strlen(text) - at : 50, &out);
    if (s != NULL)
        st = flt_stream_end(s, true, &out);
    *was = disarm();
    if (s != NULL)
        (void)flt_stream_decision(s);
    if (st == FLT_STREAM_ENDED)
        assert_true(flt_str_eq(flt_buf_str(&out), flt_buf_str(&right->out)));
    else if (s != NULL)
        assert_true(beginning_of(flt_buf_str(&out), flt_buf_str(&right->out)) ||
                    flt_str_eq(flt_buf_str(&out), flt_buf_str(&right->out)));
    flt_stream_close(s);
    flt_buf_free(&out);
}

static void streams_fail_or_are_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(streams); i++) {
        struct delivery right = deliver_whole(&rig, flt_str_of(streams[i]));
        long long n = 0;
        for (bool was = true; was; n++) {
            one_stream(streams[i], &right, n, &was);
            assert_true(n < MOST);
        }
        print_message("%lld allocations\n", n - 1);
        assert_true(n > 10);
        delivery_free(&right);
    }
}

static void plain_texts_fail_or_are_right(void **state)
{
    (void)state;
    for (size_t piece = 0; piece < 8; piece += 7) {
        long long n = 0;
        for (bool was = true; was; n++) {
            struct flt_text_in in = {.snapshot = snapshot,
                                     .tenant = 0,
                                     .direction = FLT_REQUEST,
                                     .role = FLT_ROLE_USER,
                                     .text = FLT_STR("me@host.example 12345 tk-ab12cd \xC3\xA9")};
            struct flt_decision dec;
            struct flt_str edited;
            arm(n);
            struct flt_arena *arena = flt_arena_new(1u << 20);
            int rc = FLT_E_NOMEM;
            if (arena != NULL)
                rc = piece == 0 ? flt_inspect_text(rig.w, &in, arena, &dec, &edited)
                                : flt_inspect_text_stream(rig.w, &in, piece, arena, &dec, &edited);
            was = disarm();
            assert_true(rc == FLT_OK || rc == FLT_E_NOMEM);
            if (rc == FLT_OK)
                assert_true(flt_str_is(edited, "[EMAIL] 12345 [TOK] \xC3\xA9"));
            flt_arena_free(arena);
            assert_true(n < MOST);
        }
        assert_true(n > 3);
    }
}

static int open_rules(void **state)
{
    (void)state;
    flt_tenant_defaults(&tenant);
    tenant.rules.disable = (struct flt_strlist){no_ip, 1};
    tenant.on_failure = FLT_FAIL_OPEN; /* lets much pass, but not this */
    snapshot = fixture_snapshot(fixture_tiny, FLT_ARRAY_LEN(fixture_tiny), &tenant, 1);
    rig = stream_rig_open(snapshot, 0);
    /* from here on the scanner's streams come from the same allocator */
    return hs_set_stream_allocator(__wrap_malloc, free) == HS_SUCCESS ? 0 : 1;
}

static int close_rules(void **state)
{
    (void)state;
    stream_rig_close(&rig);
    flt_snapshot_free(snapshot);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_fail_or_are_right),
        cmocka_unit_test(answers_fail_or_are_right),
        cmocka_unit_test(streams_fail_or_are_right),
        cmocka_unit_test(plain_texts_fail_or_are_right),
    };
    return cmocka_run_group_tests(tests, open_rules, close_rules);
}
