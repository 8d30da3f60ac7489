/*
 * mock_parts.h: what the parts of the mock share: rules of a script, the request as understood, the plan of an answer.
 * Everything here lives on the mock's thread.
 */
#ifndef PX_MOCK_PARTS_H
#define PX_MOCK_PARTS_H

#include <stdio.h>

#include "core/mock.h"
#include "net/h1.h"

/* ---- script (mock_script.c) ----------------------------------------------------------------- */

enum mock_fault {
    MOCK_FAULT_NONE,
    MOCK_FAULT_RESET_BEFORE_HEADERS,
    MOCK_FAULT_CLOSE_BEFORE_HEADERS,
    MOCK_FAULT_RESET_AFTER_HEADERS,
    MOCK_FAULT_STALL,
    MOCK_FAULT_STALL_AFTER_HEADERS,
    MOCK_FAULT_FIN_MID_CHUNK,
    MOCK_FAULT_RESET_MID_CHUNK,
    MOCK_FAULT_FIN_BEFORE_LAST_CHUNK,
    MOCK_FAULT_SHORT_LENGTH,
    MOCK_FAULT_TRUNCATED_TLS,
    MOCK_FAULT_BAD_STATUS_LINE,
    MOCK_FAULT_BAD_CHUNK,
    MOCK_FAULT_GZIP_HEADER,
    MOCK_FAULT_HEADER_INJECT,
    MOCK_FAULT_NUL_HEADER,
    MOCK_FAULT_DUP_LENGTH,
    MOCK_FAULT_LENGTH_AND_CHUNKED,
    MOCK_FAULT_HUGE_HEAD,
    MOCK_FAULT_UNEXPECTED_101,
    MOCK_FAULT_EARLY_HINTS,
    MOCK_FAULT_FLOOD_1XX
};

enum mock_when { MOCK_WHEN_ASKED, MOCK_WHEN_ALWAYS, MOCK_WHEN_NEVER };

struct mock_pair {
    struct flt_str name, value;
};

struct mock_match {
    struct flt_str method, path, contains, header, model; /* p NULL = any */
    int64_t nth;                                          /* 0 = every */
};

struct mock_stream_conf {
    int64_t delta_bytes;     /* of text in one event */
    int64_t pace_ms;         /* between events, or between writes when write_bytes is set */
    int64_t chunk_bytes;     /* HTTP chunk size; 0 = one chunk an event */
    int64_t write_bytes;     /* bytes of one socket write, over head and body; 0 = as they come */
    int64_t write_seed;      /* not 0: writes of pseudo-random sizes from 1 to write_bytes */
    int64_t cut_after_bytes; /* of the body; -1 = do not cut */
    struct flt_str raw;      /* the event stream itself */
    bool one_write;          /* head and body in one write */
    bool done;               /* send data: [DONE] */
    int newline;             /* 0 LF, 1 CRLF, 2 CR */
    int when;                /* enum mock_when */
};

struct mock_reply {
    int64_t status;
    struct mock_pair *headers;
    uint32_t n_headers;
    struct flt_str content, reasoning, refusal, finish_reason, body, content_type, raw_http; /* p NULL = absent */
    struct mock_pair *tools;                                                                 /* name, arguments */
    uint32_t n_tools;
    int64_t choices; /* 0 = what the request's n says */
    int64_t repeat;  /* of content */
    int64_t delay_ms;
    int fault; /* enum mock_fault */
    bool close_delimited, no_length;
    struct mock_stream_conf stream;
};

struct mock_rule {
    struct mock_match match;
    struct mock_reply reply;
    uint64_t seen; /* requests for which everything but nth matched */
    struct flt_str name;
};

struct mock_script {
    struct flt_arena *arena;
    struct mock_rule *rules;
    uint32_t n;
};

/* Reads a script from a file, or from text under a name. NULL with diagnostics. */
struct mock_script *px_mock_script_load(const char *file, struct flt_diag *d);
struct mock_script *px_mock_script_parse(const char *name, struct flt_str text, struct flt_diag *d);
/* The behaviours chosen by model name without a script. */
struct mock_script *px_mock_script_builtin(struct flt_diag *d);
void px_mock_script_free(struct mock_script *s);
void px_mock_script_rewind(struct mock_script *s); /* forgets the nth counters */
/* What a request gets without any rule. */
extern const struct mock_reply px_mock_echo;

/* ---- request (mock_request.c) --------------------------------------------------------------- */

struct mock_prompt {
    const struct px_h1_head *head;
    struct flt_str path; /* target without query */
    struct flt_str body;
    struct flt_str model, last_user, system; /* decoded; empty when absent */
    uint64_t text_bytes;                     /* of all messages */
    uint32_t n;                              /* choices asked for, 1..16 */
    bool stream, include_usage;
    bool azure; /* deployment-style path */
    bool bad;   /* a chat request whose body is not a JSON object with messages */
};

enum mock_route { MOCK_ROUTE_NONE, MOCK_ROUTE_METHOD, MOCK_ROUTE_CHAT, MOCK_ROUTE_MODELS };
enum mock_route px_mock_route(struct flt_str method, struct flt_str path);
/* Fills *p from head and body (both pinned); arena failure leaves p->bad set. */
void px_mock_prompt(struct mock_prompt *p, struct flt_arena *arena);
/* First rule that matches, counting for nth; NULL = none. */
struct mock_rule *px_mock_find(struct mock_script *s, const struct mock_prompt *p);

/* ---- answer (mock_answer.c) and its framing (mock_frame.c) ---------------------------------- */

enum mock_finish { MOCK_KEEP, MOCK_CLOSE, MOCK_CLOSE_UNCLEAN, MOCK_RESET, MOCK_STALL };

struct mock_step {
    size_t end;        /* the step sends plan bytes up to here */
    uint32_t delay_ms; /* before it */
};

struct mock_plan {
    struct flt_buf bytes;
    struct flt_buf steps; /* of struct mock_step */
    bool separate;        /* each step in a loop turn of its own */
    enum mock_finish finish;
    int status; /* for the record; 0 = none was sent */
};
void px_mock_plan_init(struct mock_plan *p);
void px_mock_plan_free(struct mock_plan *p);
static inline size_t px_mock_plan_steps(const struct mock_plan *p)
{
    return p->steps.n / sizeof(struct mock_step);
}

/* A body and the offsets at which its pieces end. */
struct mock_body {
    struct flt_buf bytes;
    struct flt_buf ends; /* of size_t */
    const char *type;    /* content type */
    bool stream;
};
void px_mock_body_init(struct mock_body *b);
void px_mock_body_free(struct mock_body *b);
int px_mock_body_end_piece(struct mock_body *b) FLT_MUST_CHECK;

/* Body of the answer to a chat request. serial makes the ids. */
int px_mock_answer(const struct mock_prompt *p, const struct mock_reply *r, uint64_t serial,
                   struct mock_body *out) FLT_MUST_CHECK;
int px_mock_answer_models(struct mock_body *out) FLT_MUST_CHECK;
int px_mock_answer_error(const char *message, const char *code, struct mock_body *out) FLT_MUST_CHECK;
/* Head, framing and faults around a body. keep = the client wants the connection kept. */
int px_mock_frame(const struct mock_reply *r, int status, const struct mock_body *body, bool keep,
                  struct mock_plan *out) FLT_MUST_CHECK;

/* ---- record (mock_record.c) ----------------------------------------------------------------- */

/* The last requests received: at most 10,000 and 64 MiB; older ones are dropped. */
struct mock_record;
enum mock_outcome { MOCK_OUT_OPEN, MOCK_OUT_ANSWERED, MOCK_OUT_CUT, MOCK_OUT_GONE };

struct mock_record *px_mock_record_new(const char *file, struct flt_err *err);
void px_mock_record_free(struct mock_record *r);
void px_mock_record_reset(struct mock_record *r);
/* Returns the request's number, 0 on failure. malformed: static words for what never became a request; else NULL. */
uint64_t px_mock_record_add(struct mock_record *r, uint64_t conn, const struct mock_prompt *p, const char *sni,
                            const char *malformed);
void px_mock_record_outcome(struct mock_record *r, uint64_t seq, enum mock_outcome o, int status, uint64_t sent);
/* Appends requests with a number above `since`: a JSON array, or JSON lines. */
int px_mock_record_dump(const struct mock_record *r, uint64_t since, bool lines, struct flt_buf *out) FLT_MUST_CHECK;

/* ---- the mock's own routes (mock_control.c) ------------------------------------------------- */

struct mock_state {
    struct mock_script *script, *builtin; /* script NULL = none */
    struct mock_record *record;
    uint64_t serial; /* of answers */
    uint64_t connections, open, requests, bytes, malformed;
};
/* Serves a path that begins with "/__". */
int px_mock_control(struct mock_state *m, const struct mock_prompt *p, struct mock_body *out,
                    int *status) FLT_MUST_CHECK;

#endif
