/*
 * sse.h: incremental splitter for text/event-stream (WHATWG HTML, section 9.2.6 "Interpreting an event stream").
 *
 * It cuts the byte stream into frames without changing a byte: the concatenation of all frames, plus the tail given
 * back at the end, is the input. How the input is cut into feeds never changes the frames.
 */
#ifndef FLT_SSE_H
#define FLT_SSE_H

#include "flt/base.h"

/* One line of a frame, by offsets into the frame's bytes. */
struct flt_sse_line {
    uint32_t off, len;    /* the line without its terminator */
    uint32_t value, vlen; /* the field's value: after the colon and one optional space */
    uint8_t field;        /* enum flt_sse_field */
};
enum flt_sse_field { FLT_SSE_COMMENT, FLT_SSE_DATA, FLT_SSE_EVENT, FLT_SSE_ID, FLT_SSE_RETRY, FLT_SSE_UNKNOWN };

struct flt_sse_frame {
    struct flt_str bytes; /* all bytes up to and including the blank line; valid during on_frame only */
    const struct flt_sse_line *line;
    uint32_t n;      /* lines, blank ones left out */
    uint32_t n_data; /* how many of them are data */
};

struct flt_sse;

/* max_frame: bytes of one frame, 1 KiB .. 64 MiB; max_lines: lines of one frame (bounded memory). NULL = no memory. */
struct flt_sse *flt_sse_new(size_t max_frame, uint32_t max_lines);
/*
 * Gives bytes; calls on_frame for each completed frame. A frame ends at its blank line. A LF that follows a CR blank
 * line belongs to the next frame, so a frame never waits for a byte it may not need. A BOM at the very start is kept in
 * the first frame's bytes and ignored in its first line. on_frame returning non-zero stops and is returned.
 * FLT_E_LIMIT, FLT_E_NOMEM.
 * A failure or stop is final: later feeds take nothing and return it again.
 */
typedef int (*flt_sse_fn)(void *arg, const struct flt_sse_frame *f);
int flt_sse_feed(struct flt_sse *s, const char *p, size_t n, flt_sse_fn on_frame, void *arg) FLT_MUST_CHECK;
/* What is left without a blank line at the end of the stream (WHATWG: an incomplete event is discarded). */
struct flt_str flt_sse_tail(const struct flt_sse *s);
/* Bytes of memory held now. */
size_t flt_sse_memory(const struct flt_sse *s);
void flt_sse_free(struct flt_sse *s);

#endif
