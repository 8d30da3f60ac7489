/*
 * bench.h: what the micro benches share: measuring, texts to measure on, and request and answer bodies made from them.
 * Only the public headers are used: what is measured is what the daemon calls.
 */
#ifndef BENCH_MICRO_BENCH_H
#define BENCH_MICRO_BENCH_H

#include "flt/engine.h"
#include "flt/json.h"

/* ---- measuring ------------------------------------------------------------------------------------------------------
 */

struct bench_options {
    const char *data;    /* folder of labelled data, or NULL */
    const char *source;  /* the project's own tree: texts where there is no data */
    const char *only;    /* name of one bench, or NULL */
    uint64_t iterations; /* run exactly so many times, without timing (for instruction counts); 0 = measure */
    double seconds;      /* about how long one figure is measured */
};

struct bench_time {
    double median, best; /* nanoseconds of processor time of one iteration */
};

/* Prints to standard error and exits with status 2. */
void bench_die(const char *fmt, ...) FLT_PRINTF(1, 2) __attribute__((noreturn));
/* Fails the bench when rc is not FLT_OK: a figure for work that was not done is worse than none. */
void bench_check(int rc, const char *what);
/* Processor time of this thread so far. */
uint64_t bench_cpu_ns(void);
/* Calls fn again and again; the median and the best of nine rounds. With iterations, calls it so often and gives zeros.
 */
struct bench_time bench_run(const struct bench_options *o, void (*fn)(void *arg), void *arg);
/* One aligned line: name, figure, unit, note. */
void bench_print(const char *name, double value, const char *unit, const char *fmt, ...) FLT_PRINTF(4, 5);
/* True when this bench was asked for. */
bool bench_wanted(const struct bench_options *o, const char *name);

/* ---- texts ----------------------------------------------------------------------------------------------------------
 */

enum bench_text_kind { BENCH_ENGLISH, BENCH_CODE, BENCH_CJK, BENCH_WIRE };

struct bench_text {
    struct flt_buf text; /* UTF-8, repeated up to a useful size; BENCH_WIRE: one JSON array of recorded answers */
    size_t distinct;     /* bytes of it before repetition */
    const char *origin;  /* in words */
};
/* Never fails: what the data folder does not have is taken from the project's own files or generated. */
void bench_text_load(const struct bench_options *o, enum bench_text_kind kind, struct bench_text *out);
void bench_text_free(struct bench_text *t);
/* The first n bytes of text, cut at a character. */
struct flt_str bench_text_head(struct flt_str text, size_t n);

/* Appends the "text" member of every line of a gzipped JSON-lines file to out; false when it cannot be read. */
bool bench_read_set(const char *dir, const char *name, bool (*take)(struct flt_str text), bool json,
                    struct flt_buf *out);
/* Appends every file that matches a glob under the project's tree. */
void bench_read_files(const char *source, const char *pattern, struct flt_buf *out);

/* ---- bodies ---------------------------------------------------------------------------------------------------------
 */

/* A chat request of about `bytes` bytes: a system message, then turns of user and assistant with the text. */
void bench_chat_body(struct flt_str text, size_t bytes, struct flt_buf *out);

/* An answer as an event stream: frames[i] .. frames[i + 1] is one event; text in deltas of about `delta` bytes. */
struct bench_stream_body {
    struct flt_buf bytes;
    size_t *frame; /* n + 1 offsets */
    uint32_t n;
};
void bench_stream_body(struct flt_str text, size_t delta, uint32_t deltas, struct bench_stream_body *out);
void bench_stream_body_free(struct bench_stream_body *b);

/* ---- the benches ----------------------------------------------------------------------------------------------------
 */

struct bench_rig {
    const struct bench_options *options;
    struct flt_snapshot *snapshot;
    struct flt_worker *worker;
    struct flt_arena *arena;
    struct flt_route route;
};

void bench_json(struct bench_rig *r);
void bench_scan(struct bench_rig *r);
void bench_request(struct bench_rig *r);
void bench_stream(struct bench_rig *r);
void bench_snapshot(void);

#endif
