/*
 * rfc3339.h: the one spelling of time in logs and audit records: RFC 3339, UTC, milliseconds
 * ("2026-01-02T03:04:05.678Z"). Private to proxy/watch.
 */
#ifndef PX_RFC3339_H
#define PX_RFC3339_H

#include <stdint.h>
#include <time.h>

#define PX_RFC3339_SIZE 32 /* NUL included */

/* Wall clock, milliseconds since 1970-01-01T00:00:00Z. */
static inline uint64_t px_unix_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/* n decimal digits of v, then one more byte. Returns what follows. */
static inline char *px_rfc3339_part(char *p, unsigned v, unsigned n, char then)
{
    for (unsigned i = n; i-- > 0; v /= 10)
        p[i] = (char)('0' + v % 10);
    p[n] = then;
    return p + n + 1;
}

/* Writes the time into out (PX_RFC3339_SIZE bytes), NUL-terminated. Times no calendar holds are written as the epoch.
 */
static inline void px_rfc3339(uint64_t unix_ms, char *out)
{
    time_t sec = (time_t)(unix_ms / 1000u);
    struct tm tm;

    if (gmtime_r(&sec, &tm) == NULL || tm.tm_year + 1900 > 9999) {
        sec = 0;
        (void)gmtime_r(&sec, &tm);
    }
    out = px_rfc3339_part(out, (unsigned)tm.tm_year + 1900u, 4, '-');
    out = px_rfc3339_part(out, (unsigned)tm.tm_mon + 1u, 2, '-');
    out = px_rfc3339_part(out, (unsigned)tm.tm_mday, 2, 'T');
    out = px_rfc3339_part(out, (unsigned)tm.tm_hour, 2, ':');
    out = px_rfc3339_part(out, (unsigned)tm.tm_min, 2, ':');
    out = px_rfc3339_part(out, (unsigned)tm.tm_sec, 2, '.');
    out = px_rfc3339_part(out, (unsigned)(unix_ms % 1000u), 3, 'Z');
    *out = '\0';
}

#endif
