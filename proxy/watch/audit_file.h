/* audit_file.h: what an audit file already holds, and the descriptor to append to it. */
#ifndef PX_AUDIT_FILE_H
#define PX_AUDIT_FILE_H

#include <sys/types.h>

#include "flt/base.h"

struct px_audit_tail {
    uint64_t seq;    /* of the last whole line that is a record; 0 = none */
    bool torn;       /* the file does not end with a newline */
    const char *gap; /* why lines are missing; NULL = they are not */
};

/* Opens or creates (0600) the file for appending, or duplicates standard output for "-". -1 with errno. */
int px_audit_file_open(const char *file);
/* Looks at the end of a regular file of that size. FLT_E_IO, FLT_E_NOMEM. */
int px_audit_file_tail(int fd, off_t size, struct px_audit_tail *out) FLT_MUST_CHECK;

#endif
