/*
 * h1.h: HTTP/1.1 heads and bodies, strict, both ways. llhttp delimits; what it lets through and we do not is refused here
 * (obs-fold, HTTP/1.0 with Transfer-Encoding, '_' in names, userinfo in Host, chunk extensions, leading zeros, ...).
 * Heads are parsed into slices of a bounded buffer and always written anew; nothing of a peer's head is copied blindly.
 *
 * The judge is the table "required" of HTTP/1 framing verdicts; tests/unit/test_h1.c holds it row by row.
 */
#ifndef PX_H1_H
#define PX_H1_H

#include "flt/base.h"

struct px_h1_header {
    struct flt_str name;  /* as sent */
    struct flt_str value; /* surrounding blanks trimmed */
};

struct px_h1_limits {
    size_t max_head;      /* bytes of start line and headers; default 16 KiB */
    size_t max_target;    /* default 8 KiB */
    unsigned max_headers; /* default 100 */
};

struct px_h1_head {
    /* requests */
    struct flt_str method, target, host; /* target in origin-form */
    bool expect_continue;
    /* responses */
    int status;
    /* both */
    bool http10;
    bool keep_alive; /* what version and Connection say */
    enum { PX_H1_BODY_NONE, PX_H1_BODY_LENGTH, PX_H1_BODY_CHUNKED, PX_H1_BODY_CLOSE } body;
    uint64_t length;
    const struct px_h1_header *v;
    unsigned n;
};
/* First header of that name (ASCII case-insensitive), or NULL. */
const struct flt_str *px_h1_get(const struct px_h1_head *h, const char *name);
/* How many headers have that name. */
unsigned px_h1_count(const struct px_h1_head *h, const char *name);

/* What went wrong with a message, and the status a server answers with (502 stands for all of a response's). */
struct px_h1_error {
    int status;       /* 400, 414, 417, 431, 501, 505; 503 out of memory */
    const char *what; /* static words */
};

struct px_h1_cb {
    /* The head is complete and acceptable. Non-zero stops parsing (px_h1_feed returns what was consumed up to there). */
    int (*on_head)(void *arg, const struct px_h1_head *h);
    /* Body bytes, de-chunked; only valid during the call. */
    int (*on_body)(void *arg, const char *p, size_t n);
    /* The message is complete. Parsing stops here: further bytes belong to the next message (px_h1_next). Trailers are dropped;
     * a trailer with a framing, routing or credential name is an error before this. */
    int (*on_complete)(void *arg);
};

struct px_h1; /* one direction of one connection */
enum px_h1_kind { PX_H1_REQUEST, PX_H1_RESPONSE };
/* limits NULL = defaults. NULL = no memory. Memory for the head is taken when bytes arrive and given back by px_h1_next. */
struct px_h1 *px_h1_new(enum px_h1_kind kind, const struct px_h1_limits *limits, const struct px_h1_cb *cb, void *arg);
/*
 * Returns bytes consumed (<= n). Stops after a complete message, after a non-zero callback, or at an error (px_h1_failed then
 * says which). The head handed to on_head stays valid until px_h1_next or px_h1_free.
 */
size_t px_h1_feed(struct px_h1 *p, const char *data, size_t n);
const struct px_h1_error *px_h1_failed(const struct px_h1 *p); /* NULL = fine */
/*
 * The peer closed. True when that properly ends the message (between messages, or a close-delimited body); on_complete is not
 * called. Never ask after PX_IO_TRUNCATED: for a close-delimited body that is a cut. False is a failure (px_h1_failed).
 */
bool px_h1_eof(struct px_h1 *p);
/* True between messages: no byte of a next one seen (one leading CRLF aside). */
bool px_h1_idle(const struct px_h1 *p);
/* Ready for the next message on the connection; may be called in on_complete. For responses: no_body = the request was HEAD
 * (for the first message too). */
void px_h1_next(struct px_h1 *p, bool no_body);
void px_h1_free(struct px_h1 *p);

/* ---- writing: names and values are checked again; a CR, LF, NUL or bad name is FLT_E_SYNTAX and nothing is written ---- */
int px_h1_write_request_line(struct flt_buf *b, struct flt_str method, struct flt_str target) FLT_MUST_CHECK;
int px_h1_write_status_line(struct flt_buf *b, int status) FLT_MUST_CHECK;
int px_h1_write_header(struct flt_buf *b, struct flt_str name, struct flt_str value) FLT_MUST_CHECK;
int px_h1_write_header_u64(struct flt_buf *b, const char *name, uint64_t value) FLT_MUST_CHECK;
int px_h1_write_end(struct flt_buf *b) FLT_MUST_CHECK;                                /* the blank line */
int px_h1_write_chunk(struct flt_buf *b, const char *p, size_t n) FLT_MUST_CHECK;      /* n > 0 */
int px_h1_write_last_chunk(struct flt_buf *b) FLT_MUST_CHECK;
const char *px_h1_reason(int status);

#endif
