/*
 * audit.c: appends audit records. Encoding happens on the caller's thread; under one mutex (and, as several processes
 * may share a file during a restart, the file's lock) records get their numbers and leave in one writev. A record is
 * either in the file whole or reported as not written.
 */
#include "watch/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "watch/audit_file.h"
#include "watch/audit_record.h"
#include "watch/rfc3339.h"

#define GROUP        32u /* records that leave in one call */
#define PIPE_WAIT_MS 100 /* for a pipe that is full for a moment; not waited for once it has failed */

struct px_audit {
    pthread_mutex_t lock;
    char *file;
    int fd;
    bool fsync_each;
    bool regular;
    bool torn;       /* what is in the file does not end with a newline */
    off_t end;       /* size after our last look; another one means another writer */
    const char *gap; /* a gap record is due, and why */
    uint64_t lost;
    atomic_uint_fast64_t seq;
    atomic_bool ok;
};

static int fail(struct flt_err *err, const char *file, int status, const char *what)
{
    *err = (struct flt_err){.status = status};
    snprintf(err->file, sizeof(err->file), "%s", file);
    snprintf(err->message, sizeof(err->message), "audit file: %s", what);
    return status;
}

/* ---- what the file holds --------------------------------------------------------------------- */

/* Takes over where another writer, a crash or a truncation left the file. */
static int adopt(struct px_audit *a, off_t size)
{
    struct px_audit_tail tail;
    int rc = px_audit_file_tail(a->fd, size, &tail);

    if (rc != FLT_OK)
        return rc;
    if (tail.seq > atomic_load(&a->seq))
        atomic_store(&a->seq, tail.seq);
    a->torn = tail.torn;
    a->end = size;
    if (tail.gap != NULL) {
        a->lost++;
        a->gap = a->gap != NULL ? a->gap : tail.gap;
    }
    return FLT_OK;
}

/* Opens the file by its name in place of the one in use. On failure nothing changes; errno says why. */
static int attach(struct px_audit *a)
{
    struct stat st;
    int fd = px_audit_file_open(a->file);

    if (fd < 0)
        return FLT_E_IO;
    if (fstat(fd, &st) != 0) {
        close(fd);
        return FLT_E_IO;
    }
    if (a->fd >= 0)
        close(a->fd);
    a->fd = fd;
    a->regular =
        S_ISREG(st.st_mode) && strcmp(a->file, "-") != 0; /* what is behind a redirection is not ours to manage */
    a->torn = false;
    a->end = 0;
    return FLT_OK;
}

/* Locks the file against other processes and looks whether it is still the one we know. Call release in any case. */
static int acquire(struct px_audit *a)
{
    struct stat st;

    for (int attempt = 0; a->regular && attempt < 2; attempt++) {
        /* A file system without locks leaves us as the only writer we know of. */
        while (flock(a->fd, LOCK_EX) != 0 && errno == EINTR)
            ;
        if (fstat(a->fd, &st) != 0)
            return FLT_E_IO;
        if (st.st_nlink != 0)
            return st.st_size == a->end ? FLT_OK : adopt(a, st.st_size);
        /* Deleted: records would go nowhere. */
        if (attach(a) != FLT_OK)
            return FLT_E_IO;
    }
    return a->regular ? FLT_E_IO : FLT_OK;
}

static void release(struct px_audit *a)
{
    if (a->regular)
        (void)flock(a->fd, LOCK_UN);
}

/* ---- writing (under the lock) ---------------------------------------------------------------- */

static bool writable(const struct px_audit *a)
{
    struct pollfd pfd = {.fd = a->fd, .events = POLLOUT};

    int n;

    if (a->regular)
        return true;
    do {
        n = poll(&pfd, 1, atomic_load(&a->ok) ? PIPE_WAIT_MS : 0);
    } while (n < 0 && errno == EINTR);
    return n == 1 && (pfd.revents & POLLOUT) != 0;
}

static int write_whole(struct px_audit *a, const struct iovec *iov, int n_iov)
{
    size_t total = 0;
    ssize_t n;

    for (int i = 0; i < n_iov; i++)
        total += iov[i].iov_len;
    if (!writable(a))
        return FLT_E_IO;
    do {
        n = writev(a->fd, iov, n_iov);
    } while (n < 0 && errno == EINTR);
    if (n == (ssize_t)total) {
        a->end += n;
        return FLT_OK;
    }
    /* A part of a line is worse than none: take it back where that is possible, else close it off the next time. */
    if (n > 0 && !(a->regular && ftruncate(a->fd, a->end) == 0)) {
        a->end = -1; /* whole lines may stand before the torn one: look again */
        a->torn = true;
    }
    return FLT_E_IO;
}

/* The gap record that is due (and the newline that closes a torn line) into out; returns its length, 0 = none is due.
 */
static size_t gap_record(const struct px_audit *a, char *out, size_t cap)
{
    char when[PX_RFC3339_SIZE];
    int n;

    if (a->gap == NULL)
        return 0;
    px_rfc3339(px_unix_ms(), when);
    n = snprintf(out, cap, "%s{\"seq\":%llu,\"time\":\"%s\",\"record\":\"gap\",\"reason\":\"%s\",\"lost\":%llu}\n",
                 a->torn ? "\n" : "", (unsigned long long)atomic_load(&a->seq) + 1, when, a->gap,
                 (unsigned long long)a->lost);
    return (size_t)n;
}

/* {"seq":N, into out (at least 32 bytes); returns its length. */
static size_t head_of(char *out, uint64_t seq)
{
    static const char name[] = "{\"seq\":";
    char digits[20];
    size_t n = 0, at = sizeof(name) - 1;

    do
        digits[n++] = (char)('0' + seq % 10);
    while ((seq /= 10) != 0);
    memcpy(out, name, at);
    while (n != 0)
        out[at++] = digits[--n];
    out[at++] = ',';
    return at;
}

/*
 * Writes what is due and then n records (at most GROUP; 0: only what is due). On success everything is well again.
 * FLT_E_IO: nothing of it is in the file; FLT_E_TRUNCATED: it is, but the disk did not confirm it.
 */
static int append(struct px_audit *a, const struct px_audit_line *v, size_t n)
{
    char gap[256], head[GROUP][32];
    uint64_t seq = atomic_load(&a->seq);
    struct iovec iov[1 + 2 * GROUP];
    int n_iov = 0;

    iov[n_iov] = (struct iovec){gap, gap_record(a, gap, sizeof(gap))};
    if (iov[n_iov++].iov_len != 0)
        seq++;
    for (size_t i = 0; i < n; i++) {
        union { /* writev does not write to what it is given, but its type does not say so */
            const char *from;
            void *to;
        } rest = {v[i].text.p + 1}; /* its "{" comes with the number */

        iov[n_iov++] = (struct iovec){head[i], head_of(head[i], ++seq)};
        iov[n_iov++] = (struct iovec){rest.to, v[i].text.n - 1};
    }
    if (write_whole(a, iov, n_iov) != FLT_OK)
        return FLT_E_IO;
    atomic_store(&a->seq, seq);
    a->gap = NULL;
    a->lost = 0;
    a->torn = false;
    return a->fsync_each && a->regular && fdatasync(a->fd) != 0 ? FLT_E_TRUNCATED : FLT_OK;
}

/* One attempt to bring the file up to date, with these records or without any. */
static int put(struct px_audit *a, const struct px_audit_line *v, size_t n)
{
    int rc = acquire(a);

    if (rc == FLT_OK)
        rc = append(a, v, n);
    release(a);
    atomic_store(&a->ok, rc == FLT_OK);
    return rc;
}

static void settle(struct px_audit *a, struct px_audit_line *v, int rc)
{
    v->status = rc == FLT_OK ? FLT_OK : FLT_E_IO;
    if (rc == FLT_OK)
        return;
    atomic_store(&a->ok, false);
    a->lost++;
    a->gap = "write_failed";
}

/* How many records from v on may leave in one call: a pipe takes them singly, so that none is cut. */
static size_t group_at(const struct px_audit *a, const struct px_audit_line *v, size_t n)
{
    size_t k = 0;

    while (a->regular && k < n && k < GROUP && v[k].text.n != 0)
        k++;
    return k > 0 ? k : 1;
}

/* ---- interface ------------------------------------------------------------------------------- */

struct px_audit *px_audit_open(const char *file, bool fsync_each, struct flt_err *err)
{
    struct px_audit *a = calloc(1, sizeof(*a));

    if (a == NULL || (a->file = strdup(file)) == NULL) {
        fail(err, file, FLT_E_NOMEM, "out of memory");
        free(a);
        return NULL;
    }
    pthread_mutex_init(&a->lock, NULL);
    a->fd = -1;
    a->fsync_each = fsync_each;
    atomic_init(&a->seq, 0);
    atomic_init(&a->ok, true);
    if (attach(a) != FLT_OK || acquire(a) != FLT_OK) {
        fail(err, file, FLT_E_IO, strerror(errno));
        px_audit_close(a);
        return NULL;
    }
    /* A full disk is no reason not to start: the server is up, not ready, and recovers by itself. */
    if (a->gap != NULL)
        atomic_store(&a->ok, append(a, NULL, 0) == FLT_OK);
    release(a);
    return a;
}

void px_audit_close(struct px_audit *a)
{
    if (a == NULL)
        return;
    if (a->fd >= 0)
        close(a->fd);
    pthread_mutex_destroy(&a->lock);
    free(a->file);
    free(a);
}

bool px_audit_ok(const struct px_audit *a)
{
    return atomic_load(&a->ok);
}

uint64_t px_audit_seq(const struct px_audit *a)
{
    return atomic_load(&a->seq);
}

bool px_audit_retry(struct px_audit *a)
{
    pthread_mutex_lock(&a->lock);
    if (!atomic_load(&a->ok))
        (void)put(a, NULL, 0);
    pthread_mutex_unlock(&a->lock);
    return px_audit_ok(a);
}

int px_audit_reopen(struct px_audit *a, struct flt_err *err)
{
    int rc = FLT_OK;

    pthread_mutex_lock(&a->lock);
    if (attach(a) != FLT_OK)
        rc = fail(err, a->file, FLT_E_IO, strerror(errno));
    pthread_mutex_unlock(&a->lock);
    return rc;
}

void px_audit_write_lines(struct px_audit *a, struct px_audit_line *v, size_t n)
{
    size_t k;

    pthread_mutex_lock(&a->lock);
    for (size_t i = 0; i < n; i += k) {
        k = group_at(a, v + i, n - i);
        int rc = v[i].text.n != 0 ? put(a, v + i, k) : FLT_E_IO;
        bool singly = rc == FLT_E_IO && k > 1; /* on a disk that is nearly full some still fit */
        for (size_t j = i; j < i + k; j++)
            settle(a, &v[j], singly ? put(a, &v[j], 1) : rc);
    }
    pthread_mutex_unlock(&a->lock);
}

int px_audit_write(struct px_audit *a, const struct px_audit_record *r)
{
    struct flt_buf body;
    struct px_audit_line line = {{NULL, 0}, FLT_OK};

    flt_buf_init(&body, PX_AUDIT_LINE_MAX);
    if (px_audit_encode(r, &body) == FLT_OK)
        line.text = flt_buf_str(&body);
    px_audit_write_lines(a, &line, 1);
    flt_buf_free(&body);
    return line.status;
}
