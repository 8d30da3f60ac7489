/* measure_request.c: the strict JSON scan, the scanner over plain texts, and the whole pass over a chat request. */
#include "bench.h"

/* ---- JSON
 * ------------------------------------------------------------------------------------------------------------ */

struct json_job {
    struct flt_str text;
    struct flt_arena *arena;
};

static void scan_json(void *arg)
{
    struct json_job *job = arg;
    struct flt_json j;
    size_t where;
    flt_arena_reset(job->arena);
    bench_check(flt_json_scan(job->text, &flt_json_strict, job->arena, &j, &where), "JSON scan");
}

static void report_json(struct bench_rig *r, const char *name, struct flt_str text, const char *note)
{
    struct json_job job = {text, r->arena};
    struct bench_time t = bench_run(r->options, scan_json, &job);
    if (r->options->iterations == 0)
        bench_print(name, (double)text.n * 1000 / t.median, "MB/s", "best %.0f; %zu bytes%s%s",
                    (double)text.n * 1000 / t.best, text.n, note[0] != '\0' ? "; " : "", note);
}

void bench_json(struct bench_rig *r)
{
    struct bench_text english, wire;
    struct flt_buf body;
    bench_text_load(r->options, BENCH_ENGLISH, &english);
    bench_text_load(r->options, BENCH_WIRE, &wire);
    bench_chat_body(flt_buf_str(&english.text), 2048, &body);
    report_json(r, "JSON scan, 2 KB chat request", flt_buf_str(&body), "");
    flt_buf_free(&body);
    bench_chat_body(flt_buf_str(&english.text), 102400, &body);
    report_json(r, "JSON scan, 100 KB chat request", flt_buf_str(&body), "");
    flt_buf_free(&body);
    report_json(r, "JSON scan, answers", flt_buf_str(&wire.text), wire.origin);
    bench_text_free(&wire);
    bench_text_free(&english);
}

/* ---- chat requests
 * ----------------------------------------------------------------------------------------------------- */

struct request_job {
    struct bench_rig *rig;
    struct flt_str body;
    uint32_t findings;
};

static void inspect_request(void *arg)
{
    struct request_job *job = arg;
    struct bench_rig *r = job->rig;
    struct flt_request_out out;
    struct flt_request_in in = {
        .snapshot = r->snapshot, .tenant = UINT32_MAX, .route = &r->route, .body = job->body, .seed = 7};
    flt_arena_reset(r->arena);
    bench_check(flt_inspect_request(r->worker, &in, r->arena, &out), "inspect request");
    job->findings = out.decision.n_findings;
}

static void report_request(struct bench_rig *r, const char *name, struct flt_str text, size_t bytes)
{
    struct flt_buf body;
    bench_chat_body(text, bytes, &body);
    struct request_job job = {r, flt_buf_str(&body), 0};
    struct bench_time t = bench_run(r->options, inspect_request, &job);
    if (r->options->iterations == 0)
        bench_print(name, t.median / 1000, "us", "best %.2f; %zu bytes, %u findings", t.best / 1000, body.n,
                    job.findings);
    flt_buf_free(&body);
}

void bench_request(struct bench_rig *r)
{
    struct bench_text english;
    bench_text_load(r->options, BENCH_ENGLISH, &english);
    if (bench_wanted(r->options, "request") || bench_wanted(r->options, "request-2k"))
        report_request(r, "inspect request, 2 KB chat", flt_buf_str(&english.text), 2048);
    if (bench_wanted(r->options, "request") || bench_wanted(r->options, "request-100k"))
        report_request(r, "inspect request, 100 KB chat", flt_buf_str(&english.text), 102400);
    bench_text_free(&english);
}
