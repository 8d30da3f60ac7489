/*
 * h1_check.h: the rules of HTTP/1.1 syntax and framing, as pure functions over slices. h1.c feeds them, h1_write.c uses
 * them for output.
 */
#ifndef PX_H1_CHECK_H
#define PX_H1_CHECK_H

#include "net/h1.h"

bool px_h1_is_token(struct flt_str s);  /* 1*tchar */
bool px_h1_is_value(struct flt_str s);  /* HTAB, SP, VCHAR, obs-text; may be empty */
bool px_h1_is_target(struct flt_str s); /* 1*(URI character), no fragment */

/* what is NULL when all is fine. The status is a request's; for responses h1.c makes it 502. */

/* "METHOD target HTTP/1.x" without CRLF. Sets method, target (as sent), http10. */
struct px_h1_error px_h1_check_request_line(struct flt_str line, size_t max_target, struct px_h1_head *h);
/* "HTTP/1.x 200 reason" without CRLF. Sets status, http10. */
struct px_h1_error px_h1_check_status_line(struct flt_str line, struct px_h1_head *h);
/* One header or trailer line without CRLF. '_' in a name is refused in requests: some servers read it as '-'. */
struct px_h1_error px_h1_check_header_line(struct flt_str line, enum px_h1_kind kind);
/* Splits a line that passed the check; *raw is the value with its blanks. */
void px_h1_split_header(struct flt_str line, struct px_h1_header *out, struct flt_str *raw);
/* False for trailer names that frame, route, authenticate or change how the body is read. */
bool px_h1_trailer_allowed(struct flt_str line);

/* What the headers say together. */
struct px_h1_facts {
    unsigned hosts, lengths, codings, expects;
    struct flt_str host, length, coding; /* raw values, blanks included, of the last one */
    bool close, keep_alive, other_option, bad_connection, continue_ok;
};
/* Notes one header. */
void px_h1_note(struct px_h1_facts *f, const struct px_h1_header *v, struct flt_str raw);
/* Sets host, target, body, length, keep_alive, expect_continue from facts and the start line. */
struct px_h1_error px_h1_judge_request(const struct px_h1_facts *f, struct px_h1_head *h);
struct px_h1_error px_h1_judge_response(const struct px_h1_facts *f, struct px_h1_head *h, bool no_body);

#endif
