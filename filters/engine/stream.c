/*
 * stream.c: a streamed answer, event by event:
 *
 *   bytes -> sse split -> frame -> [terminator | JSON chunk | no data]
 *                                     chunk: text -> channels (track.h) -> released offsets
 *   queue of frames: the first leaves, whole, when all its text is released; its channels' cuts become edits
 *
 * Frames are handled one by one, so what a client gets never depends on how the upstream's bytes were cut.
 */
#include "engine/stream_impl.h"
#include "policy/decide.h"

#define MAX_FRAME_DEFAULT (2u << 20)
#define MAX_QUEUE_DEFAULT (4u << 20)
#define MAX_LINES         4096u
#define ARENA_MAX         (64u << 20)

struct flt_stream *flt_stream_open(struct flt_worker *w, const struct flt_stream_in *in)
{
    struct flt_stream *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->worker = w;
    s->snapshot = in->snapshot;
    s->policy = flt_snapshot_policy(in->snapshot, in->tenant);
    s->dialect = in->route->dialect;
    s->include_usage = in->include_usage;
    s->json_answer = in->json_answer;
    s->max_queue = in->max_queue != 0 ? in->max_queue : MAX_QUEUE_DEFAULT;
    s->passthrough = s->policy->tenant->mode == FLT_MONITOR;
    STAILQ_INIT(&s->queue);
    STAILQ_INIT(&s->spare);
    s->sse = flt_sse_new(in->max_frame != 0 ? in->max_frame : MAX_FRAME_DEFAULT, MAX_LINES);
    s->arena = flt_arena_new(ARENA_MAX);
    if (s->sse == NULL || s->arena == NULL || flt_record_init(&s->record, s->snapshot->rs, s->policy) != FLT_OK) {
        flt_stream_close(s);
        return NULL;
    }
    return s;
}

void flt_stream_close(struct flt_stream *s)
{
    struct frame *f;
    if (s == NULL)
        return;
    for (uint32_t i = 0; i < s->n_channel; i++)
        flt_track_close(&s->channel[i].track);
    while ((f = STAILQ_FIRST(&s->queue)) != NULL) {
        STAILQ_REMOVE_HEAD(&s->queue, link);
        flt_frame_free(f);
    }
    while ((f = STAILQ_FIRST(&s->spare)) != NULL) {
        STAILQ_REMOVE_HEAD(&s->spare, link);
        flt_frame_free(f);
    }
    free(s->channel);
    flt_sse_free(s->sse);
    flt_arena_free(s->arena);
    flt_record_free(&s->record);
    free(s);
}

/* Fills f->line and returns the event's data: one line as it stands, several joined by LF (WHATWG). */
static int read_payload(struct flt_stream *s, struct frame *f, const struct flt_sse_frame *in, struct flt_str *payload)
{
    uint32_t at = 0;
    char *joined = NULL;
    if (in->n_data > 1) {
        joined = flt_arena_alloc(s->arena, in->bytes.n + 1);
        if (joined == NULL)
            return FLT_E_NOMEM;
    }
    for (uint32_t i = 0; i < in->n; i++) {
        const struct flt_sse_line *l = &in->line[i];
        if (l->field != FLT_SSE_DATA)
            continue;
        void *v = f->line;
        if (!flt_grow(&v, f->n_line, &f->cap_line, sizeof(*f->line)))
            return FLT_E_NOMEM;
        f->line = v;
        if (joined != NULL && f->n_line != 0)
            joined[at++] = '\n';
        f->line[f->n_line++] = (struct line){at, l->value, l->vlen};
        if (joined != NULL)
            memcpy(joined + at, f->bytes.p + l->value, l->vlen);
        else
            *payload = (struct flt_str){f->bytes.p + l->value, l->vlen};
        at += l->vlen;
    }
    if (joined != NULL)
        *payload = (struct flt_str){joined, at};
    return FLT_OK;
}

/* Comments and fields other than data reach the client too: a frame in which they hold a value is dropped, or ends the
 * stream. */
static int inspect_lines(struct flt_stream *s, struct frame *f, const struct flt_sse_frame *in)
{
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < in->n; i++) {
        bool acts = false;
        const struct flt_sse_line *l = &in->line[i];
        if (l->field == FLT_SSE_DATA || l->len <= 1)
            continue;
        rc = flt_stream_scan_alone(s, (struct flt_str){f->bytes.p + l->off, l->len}, &acts);
        if (acts && (in->n_data == 0 || s->passthrough))
            f->drop = true;
        else if (acts)
            rc = FLT_E_SYNTAX;
    }
    return rc;
}

static int terminate(struct flt_stream *s)
{
    int rc = flt_stream_finish_channels(s, UINT32_MAX);
    if (rc == FLT_OK || !flt_decide_refuses(s->policy->tenant, rc))
        s->state = FLT_STREAM_ENDED;
    return rc;
}

/* What comes after the last event is not passed on; the LF of its CR LF belongs to it all the same. */
static int end_of_line(struct flt_stream *s, struct flt_str frame)
{
    bool crlf = frame.n >= 3 && memcmp(frame.p + frame.n - 3, "\r\n\r", 3) == 0;
    return s->state == FLT_STREAM_ENDED && crlf ? flt_buf_add(s->out, "\n", 1) : FLT_OK;
}

static bool is_blocked(const struct flt_stream *s)
{
    bool blocked = s->blocked_alone;
    for (uint32_t i = 0; i < s->n_channel && !blocked; i++)
        blocked = s->channel[i].track.blocked;
    return blocked && !s->passthrough;
}

static int fail_with(struct flt_stream *s, int rc)
{
    if (rc == FLT_E_SYNTAX || rc == FLT_E_TYPE || rc == FLT_E_ENCODING || rc == FLT_E_AMBIGUOUS)
        (void)flt_stream_fail(s, FLT_CAUSE_MALFORMED, "The upstream's stream could not be read.", "upstream_malformed");
    else if (rc == FLT_E_LIMIT)
        (void)flt_stream_fail(s, FLT_CAUSE_LIMIT, "The answer exceeded a limit and could not be inspected.",
                              "uninspectable");
    else
        (void)flt_stream_fail(s, FLT_CAUSE_ENGINE, "The answer could not be inspected.", "uninspectable");
    return 1;
}

static int handle(struct flt_stream *s, struct frame *f, const struct flt_sse_frame *in)
{
    struct flt_str payload = {NULL, 0};
    int rc = read_payload(s, f, in, &payload);
    if (rc == FLT_OK && in->n != in->n_data)
        rc = inspect_lines(s, f, in);
    if (rc != FLT_OK || in->n_data == 0)
        return rc;
    if (s->dialect->terminator(payload))
        return terminate(s);
    return flt_stream_chunk(s, f, payload);
}

static int on_frame(void *arg, const struct flt_sse_frame *in)
{
    struct flt_stream *s = arg;
    struct frame *f = flt_frame_take(s);
    flt_arena_reset(s->arena);
    if (f == NULL)
        return fail_with(s, FLT_E_NOMEM);
    f->trim = s->trim;
    int rc = flt_buf_add(&f->bytes, in->bytes.p, in->bytes.n);
    if (rc == FLT_OK)
        rc = handle(s, f, in);
    if (rc != FLT_OK && !flt_decide_refuses(s->policy->tenant, rc)) {
        s->record.cause = rc == FLT_E_LIMIT ? FLT_CAUSE_LIMIT : FLT_CAUSE_ENGINE;
        s->passthrough = true;
        rc = FLT_OK;
    }
    STAILQ_INSERT_TAIL(&s->queue, f, link);
    s->held += f->bytes.n;
    if (rc == FLT_OK && is_blocked(s))
        return flt_stream_block(s) != FLT_STREAM_RUNNING;
    if (rc == FLT_OK)
        rc = flt_stream_flush(s);
    if (rc == FLT_OK && s->trim == 0)
        rc = end_of_line(s, in->bytes);
    if (rc == FLT_OK && s->held > s->max_queue)
        rc = FLT_E_LIMIT;
    if (rc != FLT_OK)
        return fail_with(s, rc);
    return s->state != FLT_STREAM_RUNNING;
}

enum flt_stream_state flt_stream_feed(struct flt_stream *s, const char *p, size_t n, struct flt_buf *out)
{
    if (s->state != FLT_STREAM_RUNNING)
        return s->state;
    s->out = out;
    int rc = flt_sse_feed(s->sse, p, n, on_frame, s);
    if (rc < 0 && s->state == FLT_STREAM_RUNNING)
        (void)fail_with(s, rc);
    s->out = NULL;
    return s->state;
}

enum flt_stream_state flt_stream_end(struct flt_stream *s, bool complete, struct flt_buf *out)
{
    if (s->state != FLT_STREAM_RUNNING)
        return s->state;
    s->out = out;
    if (!complete) {
        (void)flt_stream_fail(s, FLT_CAUSE_NONE, "The upstream ended the answer early.", "upstream_truncated");
        s->out = NULL;
        return s->state;
    }
    int rc = FLT_OK;
    /* The last event may lack its blank line: then it is inspected like any other and passed on as it came. */
    for (s->trim = 1; rc == FLT_OK && s->state == FLT_STREAM_RUNNING && flt_sse_tail(s->sse).n != 0; s->trim++)
        rc = flt_sse_feed(s->sse, "\n", 1, on_frame, s);
    if (rc >= 0 && s->state == FLT_STREAM_RUNNING) {
        rc = terminate(s);
        if (rc == FLT_OK && is_blocked(s))
            (void)flt_stream_block(s);
        else if (rc == FLT_OK)
            rc = flt_stream_flush(s);
    }
    if (rc < 0 && s->state != FLT_STREAM_FAILED)
        (void)fail_with(s, rc);
    s->out = NULL;
    return s->state;
}

enum flt_stream_state flt_stream_abort(struct flt_stream *s, const char *reason, struct flt_buf *out)
{
    if (s->state == FLT_STREAM_RUNNING) {
        s->out = out;
        (void)flt_stream_fail(s, FLT_CAUSE_NONE, reason, "upstream_error");
        s->out = NULL;
    }
    return s->state;
}

const struct flt_decision *flt_stream_decision(struct flt_stream *s)
{
    if (flt_record_decide(&s->record, NULL, &s->decision) != FLT_OK)
        s->decision.cause = FLT_CAUSE_ENGINE;
    return &s->decision;
}

size_t flt_stream_held(const struct flt_stream *s)
{
    return s->held;
}

uint64_t flt_stream_text_bytes(const struct flt_stream *s)
{
    return s->record.total;
}

size_t flt_stream_memory(const struct flt_stream *s)
{
    const struct frame *f;
    size_t n = sizeof(*s) + flt_sse_memory(s->sse) + flt_arena_held(s->arena) + s->cap_channel * sizeof(*s->channel) +
               s->snapshot->rs->n_rules + s->record.cap * sizeof(*s->record.v);
    for (uint32_t i = 0; i < s->n_channel; i++)
        n += flt_track_memory(&s->channel[i].track);
    STAILQ_FOREACH(f, &s->queue, link)
    n += sizeof(*f) + f->bytes.cap + f->cap_piece * sizeof(*f->piece) + f->cap_step * sizeof(*f->step);
    STAILQ_FOREACH(f, &s->spare, link)
    n += sizeof(*f) + f->bytes.cap + f->cap_piece * sizeof(*f->piece) + f->cap_step * sizeof(*f->step);
    return n;
}
