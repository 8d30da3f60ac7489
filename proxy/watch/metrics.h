/*
 * metrics.h: counters of one worker, written by its thread alone (relaxed atomics), summed when scraped; and the
 * Prometheus text exposition (format 0.0.4). Label values come from configuration and closed vocabularies only.
 */
#ifndef PX_METRICS_H
#define PX_METRICS_H

#include <stdatomic.h>

#include "flt/engine.h"

/* X(name, prometheus name, help) : plain counters of a worker */
#define PX_COUNTERS(X)                                                                                                \
    X(connections, "sallyport_client_connections_total", "Client connections accepted")                               \
    X(handshake_failures, "sallyport_client_handshake_failures_total", "Client TLS handshakes that failed")           \
    X(requests, "sallyport_requests_total", "Requests whose head was complete")                                       \
    X(bad_requests, "sallyport_bad_requests_total", "Requests refused for form: HTTP, media type, JSON")              \
    X(auth_failures, "sallyport_auth_failures_total", "Requests without a known credential")                          \
    X(limited, "sallyport_limited_total", "Requests refused by a tenant's limits")                                    \
    X(uninspected, "sallyport_uninspected_total", "Requests or answers refused because they could not be inspected")  \
    X(audit_failures, "sallyport_audit_failures_total", "Requests refused because the audit record was not written")  \
    X(upstream_errors, "sallyport_upstream_errors_total", "Requests that failed at the upstream")                     \
    X(upstream_truncated, "sallyport_upstream_truncated_total", "Answers cut off by the upstream")                    \
    X(client_gone, "sallyport_client_gone_total", "Requests whose client left early")                                 \
    X(streams, "sallyport_streams_total", "Answers relayed as event streams")                                         \
    X(pool_connects, "sallyport_upstream_connects_total", "Upstream connections opened")                              \
    X(pool_reuses, "sallyport_upstream_reuses_total", "Requests sent on a pooled upstream connection")                \
    X(request_bytes, "sallyport_request_body_bytes_total", "Request body bytes received")                             \
    X(forwarded_bytes, "sallyport_forwarded_body_bytes_total", "Request body bytes sent upstream")                    \
    X(answer_bytes, "sallyport_answer_body_bytes_total", "Answer body bytes sent to clients")                         \
    X(text_bytes, "sallyport_text_bytes_total", "Bytes of text found in requests and answers")                        \
    X(scanned_bytes, "sallyport_scanned_bytes_total", "Bytes of text looked at by the scanner")                       \
    X(opaque_bytes, "sallyport_opaque_bytes_total", "Bytes of text-position content that is not text (images, audio)")

/* Y(name, prometheus name, help): gauges of a worker */
#define PX_GAUGES(Y)                                                                                                  \
    Y(open_connections, "sallyport_client_connections", "Client connections open now")                                \
    Y(open_transactions, "sallyport_transactions", "Requests in progress")                                            \
    Y(open_streams, "sallyport_streams", "Streams being relayed")                                                     \
    Y(held_bytes, "sallyport_held_bytes", "Bytes of answers held back now")

struct px_metrics; /* one worker's: counters, gauges, per tenant+action decisions, per rule hits, latency histograms */

/* n_tenant/rule label spaces follow the generation: see px_metrics_decision. NULL = no memory. */
struct px_metrics *px_metrics_new(int worker);
void px_metrics_free(struct px_metrics *m);

enum px_counter {
#define PX_X(n, p, h) PX_C_##n,
    PX_COUNTERS(PX_X)
#undef PX_X
    PX_C_COUNT
};
enum px_gauge {
#define PX_Y(n, p, h) PX_G_##n,
    PX_GAUGES(PX_Y)
#undef PX_Y
    PX_G_COUNT
};
void px_count(struct px_metrics *m, enum px_counter c, uint64_t n);
void px_gauge(struct px_metrics *m, enum px_gauge g, int64_t delta);
/*
 * One decision of one direction: adds to sallyport_decisions_total{tenant,direction,action,would} and, per finding,
 * sallyport_rule_hits_total{rule,direction,action}; to text/scanned/opaque bytes. Names are copied on first sight into
 * a bounded table (names beyond 4,096 series or 128 bytes are counted under "other").
 */
void px_metrics_decision(struct px_metrics *m, struct flt_str tenant, enum flt_direction dir,
                         const struct flt_snapshot *s, const struct flt_decision *d);
/* Histograms in microseconds: inspection of a request, upstream first byte, whole request. */
enum px_histogram { PX_H_INSPECT, PX_H_FIRST_BYTE, PX_H_TOTAL, PX_H_COUNT };
void px_observe(struct px_metrics *m, enum px_histogram h, uint64_t us);
/* HTTP status answered to a client. */
void px_metrics_status(struct px_metrics *m, int status);

/* Values owned by the control thread and shown beside the workers' sums. */
struct px_metrics_process {
    uint64_t reloads, reload_failures;
    bool config_stale; /* the last reload failed: an older configuration is running */
    bool audit_ok;
    uint64_t audit_seq;
    const char *generation; /* snapshot id */
    uint64_t snapshot_bytes;
    uint32_t rules, tenants;
    double started_unix;
};
/* Sums the workers and writes the exposition. Reads other threads' counters (relaxed), never locks them. */
int px_metrics_expose(struct px_metrics *const *workers, unsigned n, const struct px_metrics_process *p,
                      struct flt_buf *out) FLT_MUST_CHECK;

#endif
