/*
 * rfc3339.h: the one spelling of time in logs and audit records: RFC 3339, UTC, milliseconds
 * ("2026-01-02T03:04:05.678Z"). Private to proxy/watch.
 */
#ifndef PX_RFC3339_H
#define PX_RFC3339_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define PX_RFC3339_SIZE 80 /* room for whatever a struct tm may hold, NUL included */

/* Wall clock, milliseconds since 1970-01-01T00:00:00Z. */
static inline uint64_t px_unix_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/* Writes the time into out (PX_RFC3339_SIZE bytes), NUL-terminated. Times no calendar holds are written as the epoch.
 */
static inline void px_rfc3339(uint64_t unix_ms, char *out)
{
    time_t sec = (time_t)(unix_ms / 1000u);
    struct tm tm;

    if (gmtime_r(&sec, &tm) == NULL) {
        sec = 0;
        (void)gmtime_r(&sec, &tm);
    }
    snprintf(out, PX_RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
             tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned)(unix_ms % 1000u));
}

#endif
