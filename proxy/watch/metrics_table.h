/*
 * metrics_table.h: the inside of a worker's metrics, shared by the side that counts (metrics.c, the worker's thread)
 * and the side that reads (prometheus.c, another thread).
 */
#ifndef PX_METRICS_TABLE_H
#define PX_METRICS_TABLE_H

#include "watch/metrics.h"

#define PX_SERIES_MAX   4096u                 /* named series of one table */
#define PX_SERIES_ROOM  (PX_SERIES_MAX + 64u) /* and those under "other": 2 directions x 4 actions x 4 */
#define PX_SERIES_INDEX 16384u                /* power of two, sparse */
#define PX_NAME_MAX     128u
#define PX_BUCKETS      16u

/* One label combination. Everything but the count is fixed before it is published. */
struct px_series {
    _Atomic uint64_t count;
    uint8_t direction, action, would;
    uint32_t n;
    char name[];
};

/*
 * Append-only, bounded. The worker publishes slot[i] by storing n = i + 1 (release); a reader loads n (acquire) and may
 * then read slot[0..n). index and the rest belong to the worker alone.
 */
struct px_series_table {
    _Atomic uint32_t n;
    struct px_series *slot[PX_SERIES_ROOM];
    uint16_t index[PX_SERIES_INDEX]; /* slot + 1; 0 = free */
};

struct px_hist {
    _Atomic uint64_t bucket[PX_BUCKETS + 1]; /* not cumulative; the last one is +Inf */
    _Atomic uint64_t sum_us;
};

struct px_metrics {
    int worker;
    _Atomic uint64_t counter[PX_C_COUNT];
    _Atomic int64_t gauge[PX_G_COUNT];
    _Atomic uint64_t status[600]; /* by HTTP status; [0] = no HTTP status */
    _Atomic uint64_t series_lost; /* not counted in a table: no memory */
    struct px_hist hist[PX_H_COUNT];
    struct px_series_table decisions, rule_hits;
};

/* Upper bounds of the buckets in microseconds, rising. */
extern const uint32_t px_hist_bounds[PX_H_COUNT][PX_BUCKETS];

#endif
