/*
 * log.h: operational log on standard error, one line an event: time level worker=.. conn=.. txn=.. tenant=.. message
 * key=value. There is no format for inspected text: messages carry ids, names, counts and words of ours. Lines are
 * printable ASCII: every other byte of a value is written as \n, \r, \t or \xNN, a backslash as \\. A line has at most
 * 1 KiB ("..." ends a cut one) and leaves with one write(2).
 *
 * One call site (told apart by its format string) writes at most PX_LOG_BURST lines a second; how many were dropped is
 * logged once the second is over. A log that cannot be written never blocks or fails a caller: lines are lost, counted,
 * and the count is logged when writing works again.
 */
#ifndef PX_LOG_H
#define PX_LOG_H

#include "flt/base.h"

#define PX_LOG_BURST    20u
#define PX_LOG_LINE_MAX 1024u

enum px_log_level { PX_LOG_ERROR, PX_LOG_WARN, PX_LOG_NOTICE, PX_LOG_INFO, PX_LOG_DEBUG };

/* Identity of the object a line is about; any part may be absent (worker -1, ids 0, tenant empty). */
struct px_log_id {
    int worker;
    uint64_t conn;
    char txn[40];
    struct flt_str tenant;
};

/* Level and descriptor of all logging from now on; call before threads start. Without it: notice and above, to 2. */
void px_log_init(enum px_log_level level, int fd);
/* True when a line of this level would be written: guards arguments that cost something to make. Thread-safe. */
bool px_log_on(enum px_log_level level);
/* Writes one line; id may be NULL; fmt must be a string literal (its address is the call site). Thread-safe. */
void px_log(enum px_log_level level, const struct px_log_id *id, const char *fmt, ...) FLT_PRINTF(3, 4);

#endif
