/* audit_record.h: one audit record as JSON, without its sequence number (which is only known under the file's lock). */
#ifndef PX_AUDIT_RECORD_H
#define PX_AUDIT_RECORD_H

#include "watch/audit.h"

#define PX_AUDIT_LINE_MAX ((size_t)1 << 20) /* most bytes of one line */

/*
 * Appends the record's object and a newline to out: "{", then the members after "seq", see audit.h. Borrows r.
 * FLT_E_NOMEM, FLT_E_LIMIT (out's maximum).
 */
int px_audit_encode(const struct px_audit_record *r, struct flt_buf *out) FLT_MUST_CHECK;

#endif
