/*
 * measure.c: clock, rounds, output lines. Rounds are measured in processor time of this thread, so that other work on
 * the machine disturbs them as little as it can.
 */
#include <stdarg.h>

#include "bench.h"

#define ROUNDS 9u

void bench_die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)fputs("bench_micro: ", stderr);
    (void)vfprintf(stderr, fmt, ap);
    (void)fputc('\n', stderr);
    va_end(ap);
    exit(2);
}

void bench_check(int rc, const char *what)
{
    if (rc != FLT_OK)
        bench_die("%s: %s", what, flt_status_name(rc));
}

uint64_t bench_cpu_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double round_ns(void (*fn)(void *arg), void *arg, uint64_t n)
{
    uint64_t from = bench_cpu_ns();
    for (uint64_t i = 0; i < n; i++)
        fn(arg);
    return (double)(bench_cpu_ns() - from) / (double)n;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

struct bench_time bench_run(const struct bench_options *o, void (*fn)(void *arg), void *arg)
{
    double v[ROUNDS];
    if (o->iterations != 0) {
        for (uint64_t i = 0; i < o->iterations; i++)
            fn(arg);
        return (struct bench_time){0, 0};
    }
    /* The first calls fault memory in and fill caches; they also tell how many make one round. */
    uint64_t n = 1, from = bench_cpu_ns();
    double round = o->seconds * 1e9 / ROUNDS, one = round_ns(fn, arg, 3);
    while ((double)(bench_cpu_ns() - from) < round / 2)
        one = round_ns(fn, arg, 3);
    if (one < round)
        n = (uint64_t)(round / (one < 1 ? 1 : one));
    for (unsigned i = 0; i < ROUNDS; i++)
        v[i] = round_ns(fn, arg, n);
    qsort(v, ROUNDS, sizeof(v[0]), by_value);
    return (struct bench_time){.median = v[ROUNDS / 2], .best = v[0]};
}

void bench_print(const char *name, double value, const char *unit, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)printf("%-44s %10.*f %-6s ", name, value < 10 ? 2 : value < 100 ? 1 : 0, value, unit);
    (void)vprintf(fmt, ap);
    (void)putchar('\n');
    (void)fflush(stdout);
    va_end(ap);
}

bool bench_wanted(const struct bench_options *o, const char *name)
{
    return o->only == NULL || strcmp(o->only, name) == 0;
}
