/*
 * audit.h: the JSON-lines record of what was decided. One object a line; "seq" rises by one a line over the life of the
 * file (continued after a restart). The record of intent is written before the prompt goes out; when it cannot be
 * written the request is refused (no audit, no answer). No type here can carry inspected text.
 *
 * record "intent" (before sending) and "final" (request over); a request that never left has only "final".
 *
 * One record, members always in this order, null where a thing is not known or does not apply:
 *
 *   seq              integer
 *   time             string, RFC 3339, UTC, milliseconds: when the request began
 *   record           "intent" or "final"
 *   request_id, upstream_request_id, client ("ip:port")                             strings
 *   worker, conn     integers
 *   tenant, service_model, mode, route, model, upstream, generation (snapshot id)   strings
 *   decision         {"request": D, "answer": D}; D is null when that direction was not inspected, else {"action",
 *                    "would", "cause", "score" (0..1), "rule" (the one named in a refusal), "findings_dropped"}
 *   findings         [{"direction" ("request" or "response"), "rule", "class", "severity", "action", "would", "role",
 *                    "count", "bytes"}], one for each direction + rule + role + action + would; bytes = sum of the
 *                    lengths of the matches
 *   bytes            {"request", "forwarded", "upstream", "answer": of bodies; "text", "scanned", "opaque": of text}
 *   timings_us       {"inspect", "first_byte", "total"}
 *   outcome, reason  strings
 *   status           HTTP status sent to the client, 0 = none
 *   stream, grounded, edited_request, edited_answer                                 booleans
 *
 * A "gap" record says that lines are missing before it:
 *   {"seq", "time" (when it was written), "record": "gap", "reason", "lost"}
 * reason: "write_failed" (lost = records that could not be written), "torn_line" (the line before was cut by a crash)
 * or "no_sequence" (the file holds lines, but none of ours).
 */
#ifndef PX_AUDIT_H
#define PX_AUDIT_H

#include "flt/engine.h"

struct px_audit;
/*
 * file "-" = standard output (numbered from 1). Appends (a new file gets mode 0600; a pipe that stays full is a
 * failure, not waited for); a torn last line is closed off and marked by a "gap" record. Several processes may append
 * to one file: seq rises over all of them (flock). NULL with *err.
 */
struct px_audit *px_audit_open(const char *file, bool fsync_each, struct flt_err *err);
void px_audit_close(struct px_audit *a); /* NULL is fine */
/* False after a failed write, until one works again (each call to px_audit_write tries). Thread-safe. */
bool px_audit_ok(const struct px_audit *a);
/*
 * When not ok, tries again by writing the gap record that is due, so that a server that is not ready (and gets no
 * requests) can recover by itself. Returns px_audit_ok. Thread-safe.
 */
bool px_audit_retry(struct px_audit *a);
/* Sequence number of the last line written or found; 0 = none. Thread-safe. */
uint64_t px_audit_seq(const struct px_audit *a);
/* Reopens the file by its name (log rotation); on failure the old one stays in use. FLT_E_IO. Thread-safe. */
int px_audit_reopen(struct px_audit *a, struct flt_err *err) FLT_MUST_CHECK;

struct px_audit_record {
    const char *record;     /* "intent" or "final" */
    const char *request_id; /* ours */
    const char *upstream_request_id; /* the provider's; "" = none; likewise, at most 128 bytes */
    const char *client;     /* "ip:port" */
    uint64_t conn;
    int worker;
    struct flt_str tenant;  /* empty before authentication */
    const struct flt_tenant *tenant_conf; /* service model and mode; NULL before authentication */
    const char *route;      /* route name, "" when none */
    struct flt_str model;   /* as asked for; escaped, control characters as '?', at most 64 bytes are written */
    struct flt_str upstream;
    const struct flt_snapshot *snapshot; /* rule names and generation id; NULL before authentication */
    const struct flt_decision *request, *answer; /* NULL = not inspected */
    /* "forwarded", "answered", "refused", "upstream_error", "upstream_truncated", "client_gone", "cut", ... */
    const char *outcome;
    const char *reason;     /* static words, "" = none */
    int status;             /* HTTP status sent to the client, 0 = none */
    bool stream, grounded, edited_request, edited_answer;
    /* Bodies: in, out to the upstream, in from it, out to the client. */
    uint64_t request_bytes, forwarded_bytes, upstream_bytes, answer_bytes;
    uint64_t started_unix_ms;
    uint64_t us_inspect, us_upstream_first_byte, us_total;
};
/*
 * Thread-safe. Writes one line with one write call (with fsync_each: and waits for the disk). FLT_E_IO when it could
 * not be written whole; what did reach a regular file is then taken back, and the record counts as lost in the next gap
 * record.
 */
int px_audit_write(struct px_audit *a, const struct px_audit_record *r) FLT_MUST_CHECK;

/* One record as px_audit_encode (audit_record.h) wrote it; empty = it could not be encoded. */
struct px_audit_line {
    struct flt_str text;
    int status; /* out: FLT_OK or FLT_E_IO */
};
/*
 * Writes n records in order, as px_audit_write would one after the other, but with one lock, write call and wait for
 * the disk for many. Each is in the file whole when it is reported as written. Thread-safe.
 */
void px_audit_write_lines(struct px_audit *a, struct px_audit_line *v, size_t n);

#endif
