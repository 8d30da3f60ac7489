/*
 * audit_file.c: opening an audit file and finding the sequence number it ends with. Only whole lines count: a crash or
 * a power cut leaves at most one torn line, at the end.
 */
#include "watch/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "watch/audit_record.h"

#define WINDOW_FIRST ((size_t)64 << 10)
#define WINDOW_LAST  (4 * PX_AUDIT_LINE_MAX) /* holds whole lines of ours for certain */

int px_audit_file_open(const char *file)
{
    if (strcmp(file, "-") == 0)
        return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    /* O_NONBLOCK: a FIFO that nobody reads must fail, not stop the server. It means nothing to a regular file. */
    return open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
}

/* {"seq":N, ... }: N, or 0 when the line is something else. */
static uint64_t line_seq(struct flt_str line)
{
    static const char head[] = "{\"seq\":";
    size_t i = sizeof(head) - 1;
    uint64_t seq = 0;

    if (!flt_str_starts(line, FLT_STR("{\"seq\":")) || line.p[line.n - 1] != '}')
        return 0;
    while (i < line.n && i < sizeof(head) - 1 + 18 && line.p[i] >= '0' && line.p[i] <= '9')
        seq = seq * 10 + (uint64_t)(line.p[i++] - '0');
    return i < line.n && line.p[i] == ',' ? seq : 0;
}

/* Last sequence number among the whole lines of w; from_start: w begins where the file does. */
static uint64_t last_seq(struct flt_str w, bool from_start)
{
    const char *end = memrchr(w.p, '\n', w.n);

    while (end != NULL) {
        const char *before = memrchr(w.p, '\n', (size_t)(end - w.p));
        const char *start = before != NULL ? before + 1 : w.p;
        uint64_t seq = 0;

        if (before != NULL || from_start)
            seq = line_seq((struct flt_str){start, (size_t)(end - start)});
        if (seq != 0)
            return seq;
        end = before;
    }
    return 0;
}

static int read_at(int fd, char *p, size_t n, off_t at)
{
    while (n != 0) {
        ssize_t got = pread(fd, p, n, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return FLT_E_IO;
        p += got;
        n -= (size_t)got;
        at += got;
    }
    return FLT_OK;
}

static int read_window(int fd, off_t size, size_t n, struct px_audit_tail *out)
{
    char *p = malloc(n);
    int rc = p != NULL ? read_at(fd, p, n, size - (off_t)n) : FLT_E_NOMEM;

    if (rc == FLT_OK) {
        out->torn = p[n - 1] != '\n';
        out->seq = last_seq((struct flt_str){p, n}, (off_t)n == size);
    }
    free(p);
    return rc;
}

int px_audit_file_tail(int fd, off_t size, struct px_audit_tail *out)
{
    size_t window = WINDOW_FIRST;
    int rc = FLT_OK;

    *out = (struct px_audit_tail){0};
    while (size > 0) {
        bool last = (uint64_t)size <= window || window >= WINDOW_LAST;

        rc = read_window(fd, size, (uint64_t)size <= window ? (size_t)size : window, out);
        if (rc != FLT_OK || out->seq != 0 || last)
            break;
        window *= 8;
    }
    if (rc == FLT_OK && out->torn)
        out->gap = "torn_line";
    else if (rc == FLT_OK && size > 0 && out->seq == 0)
        out->gap = "no_sequence";
    return rc;
}
