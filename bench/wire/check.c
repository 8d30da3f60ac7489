/* check.c: one exchange through the library as the daemon calls it, and what came out beside what went in. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire.h"

#define OUT_MAX ((size_t)128 << 20)

const char *const wire_verdict_names[WIRE_VERDICTS] = {"identical", "redacted", "blocked", "refused", "WRONG"};

static void complain(const struct wire_row *row, const char *what, const char *cause, const char *reason)
{
    (void)printf("  %s line %u: %s (%s%s%s)\n", row->set, row->line, what, cause, reason[0] != '\0' ? ": " : "",
                 reason);
}

static void count(struct wire_rig *r, const struct flt_decision *d)
{
    r->text += d->bytes_total;
    r->scanned += d->bytes_scanned;
    for (uint32_t i = 0; i < d->n_findings; i++) {
        r->noted += d->findings[i].action < FLT_ACT_REDACT;
        bool first = d->findings[i].action >= FLT_ACT_REDACT;
        for (uint32_t k = 0; first && k < i; k++)
            first = d->findings[k].rule != d->findings[i].rule || d->findings[k].action < FLT_ACT_REDACT;
        if (first && d->findings[i].rule < WIRE_RULES_MAX)
            r->rule[d->findings[i].rule]++;
    }
}

/* same: out is what came in, to the byte. */
static enum wire_verdict judge(const struct flt_decision *d, bool same)
{
    if (d->action == FLT_ACT_BLOCK)
        return WIRE_BLOCKED;
    if (d->action == FLT_ACT_REDACT)
        return same ? WIRE_WRONG : WIRE_REDACTED;
    return same ? WIRE_SAME : WIRE_WRONG;
}

static enum wire_verdict check_answer(struct wire_rig *r, const struct wire_row *row, const struct flt_route *route,
                                      const struct flt_request_out *q)
{
    struct flt_answer_out out;
    struct flt_answer_in in = {.snapshot = r->snapshot,
                               .tenant = UINT32_MAX,
                               .route = route,
                               .http_status = row->status,
                               .json_answer = q->json_answer,
                               .body = row->body};
    int rc = flt_inspect_answer(r->worker, &in, r->arena, &out);
    if (rc != FLT_OK) {
        complain(row, "answer refused", flt_cause_names[out.decision.cause], out.reason != NULL ? out.reason : "");
        return WIRE_REFUSED;
    }
    count(r, &out.decision);
    /* What is not edited must not even be copied. */
    bool same = out.body.p == row->body.p && out.body.n == row->body.n && !out.edited;
    enum wire_verdict v = judge(&out.decision, same);
    if (v == WIRE_WRONG)
        complain(row, "answer differs", flt_cause_names[out.decision.cause], "");
    return v;
}

/* ---- streams ------------------------------------------------------------------------------------------------------
 */

struct delivery {
    struct flt_buf out;
    enum flt_stream_state state;
    enum wire_verdict verdict;
    enum flt_cause cause;
};

/* The words of the library's own error event, which is the last one of a stream that failed. */
static void error_words(struct flt_str out, char *words, size_t cap)
{
    static const char mark[] = "data: {\"error\":";
    const char *at = NULL;
    words[0] = '\0';
    for (size_t i = out.n; at == NULL && i-- > 0;) {
        if (out.n - i >= sizeof(mark) - 1 && memcmp(out.p + i, mark, sizeof(mark) - 1) == 0)
            at = out.p + i + 6;
    }
    if (at == NULL)
        return;
    json_t *v = json_loadb(at, (size_t)(out.p + out.n - at), JSON_DISABLE_EOF_CHECK, NULL);
    const char *s = json_string_value(json_object_get(json_object_get(v, "error"), "message"));
    (void)snprintf(words, cap, "%s", s != NULL ? s : "");
    json_decref(v);
}

static void deliver(struct wire_rig *r, const struct wire_row *row, const struct flt_stream_in *in, size_t piece,
                    struct delivery *d)
{
    struct flt_stream *s = flt_stream_open(r->worker, in);
    flt_buf_init(&d->out, OUT_MAX);
    if (s == NULL) {
        (void)fputs("out of memory\n", stderr);
        exit(2);
    }
    for (size_t at = 0; at < row->body.n; at += piece) {
        size_t n = row->body.n - at < piece ? row->body.n - at : piece;
        (void)flt_stream_feed(s, row->body.p + at, n, &d->out);
    }
    d->state = flt_stream_end(s, true, &d->out);
    const struct flt_decision *dec = flt_stream_decision(s);
    d->cause = dec->cause;
    if (d->state == FLT_STREAM_FAILED)
        d->verdict = WIRE_REFUSED;
    else
        d->verdict = judge(dec, flt_str_eq(flt_buf_str(&d->out), row->body));
    if (piece >= row->body.n && d->verdict != WIRE_REFUSED)
        count(r, dec);
    flt_stream_close(s);
}

static enum wire_verdict check_stream(struct wire_rig *r, const struct wire_row *row, const struct flt_route *route,
                                      const struct flt_request_out *q)
{
    static const size_t pieces[] = {1, 7, 1000};
    struct flt_stream_in in = {.snapshot = r->snapshot,
                               .tenant = UINT32_MAX,
                               .route = route,
                               .include_usage = q->include_usage,
                               .json_answer = q->json_answer};
    struct delivery whole, d;
    char words[200];
    deliver(r, row, &in, row->body.n + 1, &whole);
    enum wire_verdict v = whole.verdict;
    if (v == WIRE_REFUSED || v == WIRE_WRONG) {
        error_words(flt_buf_str(&whole.out), words, sizeof(words));
        complain(row, v == WIRE_WRONG ? "stream differs" : "stream refused", flt_cause_names[whole.cause], words);
    }
    for (size_t i = 0; i < FLT_ARRAY_LEN(pieces); i++) {
        deliver(r, row, &in, pieces[i], &d);
        if (d.state != whole.state || d.verdict != v || !flt_str_eq(flt_buf_str(&d.out), flt_buf_str(&whole.out))) {
            (void)snprintf(words, sizeof(words), "pieces of %zu bytes", pieces[i]);
            complain(row, "stream depends on how it is cut", flt_cause_names[d.cause], words);
            v = WIRE_WRONG;
        }
        flt_buf_free(&d.out);
    }
    flt_buf_free(&whole.out);
    return v;
}

/* ---- requests -----------------------------------------------------------------------------------------------------
 */

static void check_request(struct wire_rig *r, const struct wire_row *row, const struct flt_route *route,
                          struct flt_request_out *out)
{
    struct flt_request_in in = {.snapshot = r->snapshot, .tenant = UINT32_MAX, .route = route, .body = row->request};
    enum wire_verdict v = WIRE_REFUSED;
    if (flt_inspect_request(r->worker, &in, r->arena, out) != FLT_OK) {
        complain(row, "request refused", flt_cause_names[out->decision.cause], out->reason != NULL ? out->reason : "");
    } else {
        bool same = out->body.p == row->request.p && out->body.n == row->request.n && !out->edited && !out->grounded;
        v = judge(&out->decision, same);
        count(r, &out->decision);
        if (v == WIRE_WRONG)
            complain(row, "request differs", flt_cause_names[out->decision.cause], "");
    }
    r->count[WIRE_REQUEST][v]++;
}

void wire_check(struct wire_rig *r, const struct wire_row *row)
{
    struct flt_route route;
    struct flt_request_out q = {.include_usage = true};
    flt_arena_reset(r->arena);
    flt_route_match(row->provider, FLT_STR("POST"), row->target, &route);
    if (row->request.n != 0)
        check_request(r, row, &route, &q);
    bool stream =
        row->group == WIRE_OPENAI_STREAM || row->group == WIRE_AZURE_STREAM || row->group == WIRE_OTHER_STREAM;
    enum wire_verdict v = stream ? check_stream(r, row, &route, &q) : check_answer(r, row, &route, &q);
    r->count[row->group][v]++;
    r->rows++;
    r->framed += row->framed;
    r->bytes += row->body.n;
}
