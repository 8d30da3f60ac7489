/*
 * measure_text.c: plain text through the scanner alone, and through the whole inspection as an answer and as a prompt;
 * beside it a single `grep -F` over the same text, for a string that it does not hold.
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "flt/trial.h"

#define PIECE       65536u
#define MEASURED    ((size_t)1 << 20)
#define GREP_ROUNDS 64u /* times the text: so much that starting the program does not count */

struct text_job {
    struct bench_rig *rig;
    struct flt_profile *profile;
    struct flt_str text;
    enum flt_direction direction;
    uint64_t findings;
};

static void inspect_piece(struct text_job *job, struct flt_str piece)
{
    struct bench_rig *r = job->rig;
    struct flt_decision dec;
    struct flt_str edited;
    bool answer = job->direction == FLT_RESPONSE;
    struct flt_text_in in = {.snapshot = r->snapshot,
                             .tenant = UINT32_MAX,
                             .direction = job->direction,
                             .role = answer ? FLT_ROLE_ASSISTANT : FLT_ROLE_USER,
                             .text = piece};
    flt_arena_reset(r->arena);
    bench_check(flt_inspect_text(r->worker, &in, r->arena, &dec, &edited), "inspect text");
    job->findings += dec.n_findings;
}

static void run_pieces(void *arg)
{
    struct text_job *job = arg;
    job->findings = 0;
    for (size_t at = 0; at < job->text.n;) {
        struct flt_str piece = bench_text_head((struct flt_str){job->text.p + at, job->text.n - at}, PIECE);
        if (job->profile != NULL)
            bench_check(flt_profile_scan(job->profile, piece), "scan text");
        else
            inspect_piece(job, piece);
        at += piece.n;
    }
}

static void report(struct text_job *job, const char *what, const char *text, const struct bench_text *t)
{
    char name[64];
    struct bench_time ns = bench_run(job->rig->options, run_pieces, job);
    if (job->rig->options->iterations != 0)
        return;
    (void)snprintf(name, sizeof(name), "%s, %s", what, text);
    bench_print(name, (double)job->text.n * 1000 / ns.median, "MB/s", "best %.0f; %llu findings; %s, %zu KB",
                (double)job->text.n * 1000 / ns.best, (unsigned long long)job->findings, t->origin, t->distinct / 1000);
}

/* Nanoseconds of processor time of the command over the file; 0 = it cannot be run. */
static double grep_ns(const char *file)
{
    char *argv[] = {(char[]){"grep"}, (char[]){"-F"}, (char[]){"-c"}, (char[]){"zq-no-such-words-qz"}, NULL, NULL};
    char path[64], *env[] = {(char[]){"LC_ALL=C"}, NULL};
    pid_t pid;
    int status;
    struct rusage u;
    (void)snprintf(path, sizeof(path), "%s", file);
    argv[4] = path;
    posix_spawn_file_actions_t silent;
    if (posix_spawn_file_actions_init(&silent) != 0)
        return 0;
    bool ok = posix_spawn_file_actions_addopen(&silent, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
              posix_spawnp(&pid, "grep", &silent, NULL, argv, env) == 0;
    (void)posix_spawn_file_actions_destroy(&silent);
    if (!ok || wait4(pid, &status, 0, &u) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
        return 0;
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
}

static void report_grep(const struct bench_options *o, struct flt_str text)
{
    char path[64];
    bool ok = true;
    double best = 0;
    int fd = o->iterations == 0 ? memfd_create("bench", 0) : -1;
    if (fd < 0)
        return;
    for (unsigned i = 0; ok && i < GREP_ROUNDS; i++)
        ok = write(fd, text.p, text.n) == (ssize_t)text.n;
    (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
    for (unsigned i = 0; ok && i < 5; i++) {
        double ns = grep_ns(path);
        best = best == 0 || (ns != 0 && ns < best) ? ns : best;
    }
    (void)close(fd);
    if (best != 0)
        bench_print("grep -F of one string, English prose", (double)text.n * GREP_ROUNDS * 1000 / best, "MB/s",
                    "best of 5, with the kernel's part of reading");
}

void bench_scan(struct bench_rig *r)
{
    static const struct {
        enum bench_text_kind kind;
        const char *name;
    } rows[] = {{BENCH_ENGLISH, "English prose"}, {BENCH_CODE, "source code"}, {BENCH_CJK, "Chinese/Japanese/Korean"}};
    struct flt_profile *profile = flt_profile_new(r->snapshot);
    if (profile == NULL)
        bench_die("out of memory");
    for (size_t i = 0; i < FLT_ARRAY_LEN(rows); i++) {
        struct bench_text t;
        bench_text_load(r->options, rows[i].kind, &t);
        struct text_job job = {.rig = r, .text = bench_text_head(flt_buf_str(&t.text), MEASURED)};
        job.profile = profile;
        report(&job, "scanner alone", rows[i].name, &t);
        job.profile = NULL;
        job.direction = FLT_RESPONSE;
        report(&job, "inspect answer", rows[i].name, &t);
        job.direction = FLT_REQUEST;
        report(&job, "inspect prompt", rows[i].name, &t);
        if (rows[i].kind == BENCH_ENGLISH)
            report_grep(r->options, job.text);
        bench_text_free(&t);
    }
    flt_profile_free(profile);
}
