/*
 * engine.h: the library as its users see it: build a snapshot, inspect documents, redact streams, read decisions.
 *
 *   rule packs + tenants --build--> snapshot (immutable, shared by all threads)
 *   snapshot --prepare--> flt_worker (scratch of one thread)
 *   worker + snapshot + tenant + bytes --inspect--> decision and edited bytes
 *
 * Same bytes + same snapshot = same decision, always. No function here does I/O except loading packs and the cache.
 */
#ifndef FLT_ENGINE_H
#define FLT_ENGINE_H

#include "flt/base.h"
#include "flt/policy.h"

/* ---- snapshot ------------------------------------------------------------------------------------------------------
 */

struct flt_snapshot;

struct flt_snapshot_conf {
    const struct flt_str *ruleset_dirs; /* folders of packs (walked for *.yaml); 0 = the packs built into the binary */
    uint32_t n_ruleset_dirs;
    const struct flt_tenant *tenants; /* pinned by the snapshot */
    uint32_t n_tenants;
    const char *cache_dir; /* compiled databases are read and written here; NULL = no cache */
    bool skip_examples;    /* do not run the rules' own examples (only for tools that run them themselves) */
    bool repeat_examples;  /* run them even when the cache says that exactly these rules passed before */
};

/*
 * Loads packs, checks every rule (pattern, streamable shape, examples), compiles, resolves each tenant's policy.
 * NULL when there was an error; all errors and warnings are in *d.
 */
struct flt_snapshot *flt_snapshot_build(const struct flt_snapshot_conf *conf, struct flt_diag *d);
void flt_snapshot_free(struct flt_snapshot *s);
/* 64 hex digits over packs and tenants: the generation's name in audit records. NUL-terminated. */
const char *flt_snapshot_id(const struct flt_snapshot *s);
/* Bytes of memory the snapshot holds (databases, patterns, tables). */
size_t flt_snapshot_memory(const struct flt_snapshot *s);
/* Most bytes one response channel can hold back before it must fail closed. */
uint32_t flt_snapshot_max_hold(const struct flt_snapshot *s);

/* What a rule refers to: an entry of rulesets/references.yaml. */
struct flt_reference {
    struct flt_str id, title;
};

struct flt_rule_info {
    struct flt_str id, title, file;
    unsigned line;
    enum flt_class class_;
    enum flt_severity severity;
    struct flt_str kind;             /* the author's word for reports; may be empty */
    double confidence;               /* 0..1 */
    uint8_t sensitivity, observe;    /* 1..4: least block level at which it acts, observe level at which it is seen */
    enum flt_action action;
    bool request, response;
    uint8_t roles;      /* bit set of enum flt_role in which it acts; elsewhere it is recorded only */
    const char *shape;  /* "bounded", "run", "block" */
    uint32_t max_width; /* bytes; of the head for run and of the opening for block */
    struct flt_str placeholder;
    uint32_t n_patterns, n_match, n_no_match; /* patterns and examples */
    uint32_t views;                           /* bit per enum flt_view it looks in; in requests only, but for raw */
    uint32_t n_near, n_adds, n_not, n_mention; /* contexts: wanted, raising, dropping, making it a mention */
    const struct flt_reference *const *refs;  /* those of its class first */
    uint32_t n_refs;
    const struct flt_str *langs; /* ISO 639-1 */
    uint32_t n_langs;
    int64_t fp_per_million; /* -1 = not said */
};
uint32_t flt_snapshot_rules(const struct flt_snapshot *s);
/* i < flt_snapshot_rules(). Slices live as long as the snapshot. */
void flt_snapshot_rule(const struct flt_snapshot *s, uint32_t i, struct flt_rule_info *out);

/* ---- worker
 * ---------------------------------------------------------------------------------------------------------- */

/* Scratch of one thread: Hyperscan scratch, PCRE2 match data and JIT stack. Never shared, never re-entered. */
struct flt_worker;
struct flt_worker *flt_worker_new(void);
/* Makes the scratch fit the snapshot too (it only grows). FLT_E_NOMEM, FLT_E_ENGINE. Call before inspecting with it. */
int flt_worker_prepare(struct flt_worker *w, const struct flt_snapshot *s) FLT_MUST_CHECK;
void flt_worker_free(struct flt_worker *w);

/* ---- decisions
 * --------------------------------------------------------------------------------------------------------- */

#define FLT_CHAIN_MAX 6u

/* One confirmed hit. Holds positions, never text. */
struct flt_finding {
    uint32_t rule;       /* index for flt_snapshot_rule */
    uint32_t start, end; /* bytes of the inspected text of its span */
    uint32_t span;       /* which text of the document (0 for plain text); channel number in streams */
    uint8_t role;        /* enum flt_role */
    uint8_t would;       /* enum flt_action as if enforced */
    uint8_t action;      /* what was done: `would`, or allow in monitor mode */
    uint8_t view[FLT_CHAIN_MAX]; /* enum flt_view: what made the text it was seen in, outermost first; raw ends it */
};
/* "raw", or the views in order as "base64+folded"; NUL-terminated into out. Returns out. */
const char *flt_finding_view(const struct flt_finding *f, char out[96]);

enum flt_cause {
    FLT_CAUSE_NONE,
    FLT_CAUSE_POLICY,    /* rules */
    FLT_CAUSE_MALFORMED, /* not strict JSON / SSE */
    FLT_CAUSE_LIMIT,     /* a limit or budget was reached */
    FLT_CAUSE_ENGINE,    /* a matcher failed */
    FLT_CAUSE_OPAQUE     /* content no inspector exists for */
};
extern const char *const flt_cause_names[];

struct flt_decision {
    enum flt_action action; /* gravest that acts */
    enum flt_action would;  /* gravest as if enforced */
    enum flt_cause cause;
    double score;           /* 0..1, comparable over inputs, also for allowed text; from 0.5 on: signs of an attack */
    uint32_t blocking_rule; /* index of the rule named in a refusal; UINT32_MAX = none */
    const struct flt_finding *findings;
    uint32_t n_findings;
    uint32_t findings_dropped; /* beyond the record's bound of 1,000 (still acted on) */
    uint64_t bytes_total;      /* bytes of text found in the document */
    uint64_t bytes_scanned;    /* of those, looked at by the scanner */
    uint64_t bytes_opaque;     /* of those, not text: base64 images, audio */
    uint64_t bytes_unviewed;   /* scanned as they stand, but not in derived forms: the budget of views was used up */
};

/* ---- plain text (CLI, tests)
 * -------------------------------------------------------------------------------------------- */

struct flt_text_in {
    const struct flt_snapshot *snapshot;
    uint32_t tenant; /* index into the snapshot's tenants; UINT32_MAX = shipped defaults */
    enum flt_direction direction;
    enum flt_role role;
    struct flt_str text; /* UTF-8; invalid UTF-8 is FLT_E_ENCODING */
};
/* Result lives in the arena. *edited is in.text itself when nothing changed. Errors: encoding, engine, memory, limit.
 */
int flt_inspect_text(struct flt_worker *w, const struct flt_text_in *in, struct flt_arena *arena,
                     struct flt_decision *dec, struct flt_str *edited) FLT_MUST_CHECK;
/* The same through the stream path, in pieces of `piece` bytes (>= 1): must give the same result. */
int flt_inspect_text_stream(struct flt_worker *w, const struct flt_text_in *in, size_t piece, struct flt_arena *arena,
                            struct flt_decision *dec, struct flt_str *edited) FLT_MUST_CHECK;

/* ---- dialects and routes
 * ------------------------------------------------------------------------------------------------- */

struct flt_dialect;
enum flt_route_kind {
    FLT_ROUTE_NONE,     /* unknown path: 404 */
    FLT_ROUTE_METHOD,   /* known path, other method: 405 */
    FLT_ROUTE_GENERATE, /* JSON request with prompts, JSON or event-stream answer */
    FLT_ROUTE_METADATA  /* GET without body, JSON answer (model lists) */
};
struct flt_route {
    enum flt_route_kind kind;
    const struct flt_dialect *dialect;
    const char *provider;      /* as given to flt_route_match; pinned */
    bool azure_shape;          /* answer errors as Azure does */
    struct flt_str deployment; /* from the path; pins the target */
    const char *name;          /* stable route name for audit and metrics, e.g. "openai_chat" */
};
/*
 * Exact allow-list on the raw request target (path, then optional ?query). Percent signs, empty or dot segments and any
 * other spelling are not the path they resemble: FLT_ROUTE_NONE. provider: the upstream's configured provider name
 * ("openai", "azure_openai", "openai_compatible", "vllm", "ollama"); it selects shapes, never access. Always fills *out
 * (dialect too, so that refusals have a shape).
 */
void flt_route_match(const char *provider, struct flt_str method, struct flt_str target, struct flt_route *out);
/* True when this build has a dialect for the provider name. */
bool flt_provider_known(const char *provider);

/* ---- requests
 * -------------------------------------------------------------------------------------------------------------- */

struct flt_request_in {
    const struct flt_snapshot *snapshot;
    uint32_t tenant;
    const struct flt_route *route;
    struct flt_str body; /* pinned by the result */
    uint64_t seed;       /* for hash tables */
};
struct flt_request_out {
    struct flt_decision decision;
    struct flt_str body; /* what goes upstream: in.body itself when nothing changed; empty when blocked */
    bool edited;         /* redacted */
    bool grounded;
    bool stream;        /* the client asked for an event stream */
    bool include_usage; /* and for the usage chunk */
    bool json_answer;   /* and for an answer that is JSON text (response_format): hand on to the answer's inspection */
    struct flt_str model; /* decoded; empty when absent; at most 256 bytes, longer is an error */
    uint64_t prompt_text_bytes;
    size_t where;       /* byte offset of the problem on FLT_E_SYNTAX.. errors */
    const char *reason; /* static words for that error, safe to show */
};
/*
 * The one pure pass: spans, scan, confirm, decide, redact, ground. FLT_OK with decision.action == FLT_ACT_BLOCK means
 * refuse. Negative: the body is malformed or was not inspected; nothing may be forwarded (unless the tenant's
 * on_failure says so for FLT_E_ENGINE / FLT_E_LIMIT, which is decided inside: then FLT_OK and cause says why).
 */
int flt_inspect_request(struct flt_worker *w, const struct flt_request_in *in, struct flt_arena *arena,
                        struct flt_request_out *out) FLT_MUST_CHECK;

/* ---- whole answers
 * ------------------------------------------------------------------------------------------------------------ */

struct flt_answer_in {
    const struct flt_snapshot *snapshot;
    uint32_t tenant;
    const struct flt_route *route;
    int http_status;
    bool json_answer;    /* from the request */
    struct flt_str body; /* application/json; pinned by the result */
    uint64_t seed;
};
struct flt_answer_out {
    struct flt_decision decision;
    struct flt_str body; /* in.body itself when nothing changed; a blocked answer is the dialect's filtered form */
    bool edited;
    const char *reason;
    size_t where;
};
/* Negative: malformed or not inspected; answer 502 instead. */
int flt_inspect_answer(struct flt_worker *w, const struct flt_answer_in *in, struct flt_arena *arena,
                       struct flt_answer_out *out) FLT_MUST_CHECK;

/* ---- streamed answers
 * ----------------------------------------------------------------------------------------------------------- */

struct flt_stream;
struct flt_stream_in {
    const struct flt_snapshot *snapshot; /* pinned until close */
    uint32_t tenant;
    const struct flt_route *route; /* copied */
    bool include_usage;            /* the client asked for a usage chunk */
    bool json_answer;              /* from the request */
    size_t max_frame;              /* bytes of one event; 0 = 2 MiB */
    size_t max_queue;              /* bytes of held frames; 0 = 4 MiB */
};
enum flt_stream_state {
    FLT_STREAM_RUNNING,
    FLT_STREAM_ENDED,   /* the dialect's terminator left: end the body properly */
    FLT_STREAM_BLOCKED, /* policy ended it; the dialect's proper ending is in out: close upstream, end the body properly
                         */
    FLT_STREAM_FAILED   /* malformed, truncated or over a limit: an error event is in out: close upstream, end the body
                           UNCLEANLY */
};
/* NULL = no memory. */
struct flt_stream *flt_stream_open(struct flt_worker *w, const struct flt_stream_in *in);
/*
 * Gives upstream body bytes, in any cut; appends to out what may leave now. After a state other than RUNNING further
 * bytes are ignored. Never fails silently: every problem is a state.
 */
enum flt_stream_state flt_stream_feed(struct flt_stream *s, const char *p, size_t n, struct flt_buf *out);
/* The upstream body ended; complete = properly framed (last chunk, or content-length reached). */
enum flt_stream_state flt_stream_end(struct flt_stream *s, bool complete, struct flt_buf *out);
/* Ends a running stream from outside (deadline, shutdown): an error event, then FAILED. reason: static words. */
enum flt_stream_state flt_stream_abort(struct flt_stream *s, const char *reason, struct flt_buf *out);
/* Valid until close. */
const struct flt_decision *flt_stream_decision(struct flt_stream *s);
/* Bytes of upstream frames held back now; text bytes held per channel at most; memory of this stream. */
size_t flt_stream_held(const struct flt_stream *s);
size_t flt_stream_memory(const struct flt_stream *s);
uint64_t flt_stream_text_bytes(const struct flt_stream *s);
void flt_stream_close(struct flt_stream *s);

/* ---- refusals
 * ----------------------------------------------------------------------------------------------------------------------
 */

enum flt_refusal_kind {
    FLT_REFUSE_POLICY,          /* 400, code content_filter */
    FLT_REFUSE_BAD_REQUEST,     /* 400 */
    FLT_REFUSE_AUTH,            /* 401 */
    FLT_REFUSE_FORBIDDEN,       /* 403 */
    FLT_REFUSE_NOT_FOUND,       /* 404 */
    FLT_REFUSE_METHOD,          /* 405 */
    FLT_REFUSE_TIMEOUT,         /* 408 */
    FLT_REFUSE_TOO_LARGE,       /* 413 */
    FLT_REFUSE_TARGET,          /* 414 */
    FLT_REFUSE_MEDIA,           /* 415 */
    FLT_REFUSE_EXPECT,          /* 417 */
    FLT_REFUSE_MISDIRECTED,     /* 421 */
    FLT_REFUSE_HEADERS,         /* 431 */
    FLT_REFUSE_RATE,            /* 429 */
    FLT_REFUSE_UNAVAILABLE,     /* 503 */
    FLT_REFUSE_UPSTREAM,        /* 502 */
    FLT_REFUSE_UPSTREAM_TIME,   /* 504 */
    FLT_REFUSE_NOT_IMPLEMENTED, /* 501 */
    FLT_REFUSE_VERSION          /* 505 */
};
struct flt_refusal {
    enum flt_refusal_kind kind;
    const char *message; /* static or operator words; never input */
    const char *code;    /* machine code such as "invalid_json"; NULL = the kind's default */
    struct flt_str request_id;
    const struct flt_snapshot *snapshot; /* for the rule below; may be NULL */
    uint32_t rule;                       /* rule named in a policy refusal; UINT32_MAX = none */
};
/* Writes the JSON body in the route's own shape; returns the HTTP status. route may be NULL (OpenAI shape). */
int flt_refusal_write(const struct flt_route *route, const struct flt_refusal *r, struct flt_buf *out);

#endif
