/*
 * measure_stream.c: what one delta of a streamed answer costs (a whole event in, split, parsed, inspected, released)
 * and what one open stream takes. Deltas are of about four bytes, fed one event at a time, as a provider sends them.
 */
#include "bench.h"

#define DELTAS 500u
#define DELTA  4u

struct stream_job {
    struct bench_rig *rig;
    struct bench_stream_body body;
    struct flt_buf out;
    size_t held_most;
};

static struct flt_stream *open_stream(struct bench_rig *r)
{
    struct flt_stream_in in = {.snapshot = r->snapshot, .tenant = UINT32_MAX, .route = &r->route};
    struct flt_stream *s = flt_stream_open(r->worker, &in);
    if (s == NULL)
        bench_die("out of memory");
    return s;
}

static void feed(struct stream_job *job, struct flt_stream *s, uint32_t frame)
{
    const struct bench_stream_body *b = &job->body;
    job->out.n = 0;
    if (flt_stream_feed(s, b->bytes.p + b->frame[frame], b->frame[frame + 1] - b->frame[frame], &job->out) !=
        FLT_STREAM_RUNNING)
        bench_die("the stream ended in the middle");
}

static void whole_stream(void *arg)
{
    struct stream_job *job = arg;
    struct flt_stream *s = open_stream(job->rig);
    for (uint32_t i = 0; i < job->body.n; i++)
        feed(job, s, i);
    flt_stream_close(s);
}

static void first_delta(void *arg)
{
    struct stream_job *job = arg;
    struct flt_stream *s = open_stream(job->rig);
    feed(job, s, 0);
    feed(job, s, 1);
    flt_stream_close(s);
}

static void report_time(struct bench_rig *r, struct stream_job *job, const char *name)
{
    struct bench_time whole = bench_run(r->options, whole_stream, job);
    if (r->options->iterations != 0)
        return;
    struct bench_time first = bench_run(r->options, first_delta, job);
    double n = job->body.n - 2;
    bench_print(name, (whole.median - first.median) / n / 1000, "us",
                "best %.2f; %u deltas of %u bytes, each an event of about %zu bytes",
                (whole.best - first.best) / n / 1000, DELTAS, DELTA, job->body.bytes.n / job->body.n);
    bench_print("  open, first two events, close", first.median / 1000, "us", "best %.2f", first.best / 1000);
}

static void report_memory(struct stream_job *job)
{
    struct flt_stream *s = open_stream(job->rig);
    size_t most = 0, held = 0;
    feed(job, s, 0);
    feed(job, s, 1);
    bench_print("memory of an open stream, 1 delta", (double)flt_stream_memory(s), "bytes",
                "ours; TLS and sockets aside");
    for (uint32_t i = 2; i < job->body.n; i++) {
        feed(job, s, i);
        most = flt_stream_memory(s) > most ? flt_stream_memory(s) : most;
        held = flt_stream_held(s) > held ? flt_stream_held(s) : held;
    }
    bench_print("memory of an open stream, 500 deltas", (double)flt_stream_memory(s), "bytes",
                "most on the way %zu; frames held back at most %zu", most, held);
    flt_stream_close(s);
}

struct text_job {
    struct bench_rig *rig;
    struct flt_str text;
};

static void text_in_pieces(void *arg)
{
    struct text_job *job = arg;
    struct flt_decision dec;
    struct flt_str edited;
    struct flt_text_in in = {.snapshot = job->rig->snapshot,
                             .tenant = UINT32_MAX,
                             .direction = FLT_RESPONSE,
                             .role = FLT_ROLE_ASSISTANT,
                             .text = job->text};
    flt_arena_reset(job->rig->arena);
    bench_check(flt_inspect_text_stream(job->rig->worker, &in, DELTA, job->rig->arena, &dec, &edited),
                "inspect text in pieces");
}

static void report_kind(struct bench_rig *r, enum bench_text_kind kind, const char *name, const char *bare)
{
    struct bench_text t;
    struct stream_job job = {.rig = r};
    bench_text_load(r->options, kind, &t);
    bench_stream_body(flt_buf_str(&t.text), DELTA, DELTAS, &job.body);
    flt_buf_init(&job.out, (size_t)16 << 20);
    report_time(r, &job, name);
    if (r->options->iterations == 0) {
        struct text_job text = {r, bench_text_head(flt_buf_str(&t.text), (size_t)DELTA * DELTAS)};
        struct bench_time ns = bench_run(r->options, text_in_pieces, &text);
        bench_print(bare, ns.median / DELTAS / 1000, "us", "best %.2f; the redactor alone, opening included",
                    ns.best / DELTAS / 1000);
        if (kind == BENCH_ENGLISH)
            report_memory(&job);
    }
    flt_buf_free(&job.out);
    bench_stream_body_free(&job.body);
    bench_text_free(&t);
}

void bench_stream(struct bench_rig *r)
{
    report_kind(r, BENCH_ENGLISH, "stream, one delta, English", "  without events and JSON");
    if (r->options->iterations != 0)
        return; /* instruction counts are of English */
    report_kind(r, BENCH_CODE, "stream, one delta, source code", "  without events and JSON");
    report_kind(r, BENCH_CJK, "stream, one delta, CJK", "  without events and JSON");
}
