/*
 * fuzz_sse.c: however a stream is fed, the frames are those of the whole-input splitter, and frames plus tail are the
 * input. The first byte seeds the piece sizes, the rest is the stream.
 */
#include "sse_oracle.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "fuzz_sse: %s\n", what);
        abort();
    }
}

static size_t next_whole(void *arg)
{
    (void)arg;
    return SIZE_MAX;
}

static size_t next_byte(void *arg)
{
    (void)arg;
    return 1;
}

static size_t next_random(void *arg)
{
    uint32_t *s = arg;
    *s = *s * 1664525u + 1013904223u;
    return *s >> 28;
}

static void check_feed(struct flt_str in, size_t (*next)(void *), void *arg)
{
    struct flt_sse *s = flt_sse_new(1u << 20, 1000);
    struct sse_log got, want;
    require(s != NULL, "memory");
    sse_log_init(&got);
    sse_log_init(&want);
    require(sse_feed_in_pieces(s, in, next, arg, &got) == FLT_OK, "feed");
    size_t tail = sse_oracle(in, &want);
    require(flt_str_eq(flt_buf_str(&got.seen), flt_buf_str(&want.seen)), "frames differ");
    require(flt_sse_tail(s).n == in.n - tail, "tail");
    sse_must(flt_buf_add_str(&got.bytes, flt_sse_tail(s)));
    require(flt_str_eq(flt_buf_str(&got.bytes), in), "frames and tail are not the input");
    sse_log_free(&got);
    sse_log_free(&want);
    flt_sse_free(s);
}

/* With small limits: the same frames and the same verdict for both ways of feeding. */
static void check_limits(struct flt_str in, uint32_t *seed)
{
    struct sse_log log[2];
    int rc[2];
    for (int i = 0; i < 2; i++) {
        struct flt_sse *s = flt_sse_new(1024, 4);
        require(s != NULL, "memory");
        sse_log_init(&log[i]);
        rc[i] = sse_feed_in_pieces(s, in, i == 0 ? next_whole : next_random, seed, &log[i]);
        require(rc[i] == FLT_OK || rc[i] == FLT_E_LIMIT, "status");
        flt_sse_free(s);
    }
    require(rc[0] == rc[1], "verdicts differ");
    require(flt_str_eq(flt_buf_str(&log[0].seen), flt_buf_str(&log[1].seen)), "frames before the limit differ");
    sse_log_free(&log[0]);
    sse_log_free(&log[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    uint32_t seed = data[0];
    struct flt_str in = {(const char *)data + 1, size - 1};
    if (in.n > 1900) /* the oracle holds 1,000 lines a frame */
        in.n = 1900;
    check_feed(in, next_whole, NULL);
    check_feed(in, next_byte, NULL);
    check_feed(in, next_random, &seed);
    check_limits(in, &seed);
    return 0;
}
