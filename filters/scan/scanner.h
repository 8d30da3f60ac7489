/*
 * scanner.h: all gate expressions of a ruleset at once, over whole texts and over streams: fixed strings by finder.h,
 * the gates that many rules share by digits.h, and what is left by Hyperscan, which is not run when nothing is.
 *
 * It only says that expression `id` may have matched up to offset `end`; where a match begins, and whether it is one,
 * is decided by matcher.h. Start-of-match is never asked of Hyperscan, and no literal API is used (known defects
 * in 5.4.0).
 */
#ifndef FLT_SCAN_SCANNER_H
#define FLT_SCAN_SCANNER_H

#include "scan/finder.h"

struct flt_scanner;

struct flt_expression {
    const char *pattern; /* NUL-terminated, unless len is given */
    uint32_t len;        /* not 0: a fixed string of so many bytes, FLT_FINDER_MIN to FLT_FINDER_MAX */
    uint32_t id;         /* what its hits are reported under */
    bool caseless;
    bool beyond;    /* a pattern: every match holds a byte beyond ASCII, */
    uint32_t width; /* and has at most so many bytes */
    bool fresh;     /* a string: only wanted where no ASCII letter or digit stands directly before it */
};

/*
 * Compiles (or takes from cache_dir, keyed by content, engine version and CPU features). cache_dir NULL = no cache; a
 * cache that cannot be read or written is only slower. On failure NULL, *bad is the id of the expression (or
 * UINT32_MAX) and why (cap bytes) the engine's words.
 */
struct flt_scanner *flt_scanner_new(const struct flt_expression *v, uint32_t n, const char *cache_dir, uint32_t *bad,
                                    char *why, size_t cap);
void flt_scanner_free(struct flt_scanner *s);
size_t flt_scanner_memory(const struct flt_scanner *s);
size_t flt_scanner_stream_size(const struct flt_scanner *s);
/* "Hyperscan 5.4.0 ..." when the linked library is one we trust, else NULL. */
const char *flt_scanner_engine(void);

/* Per-thread scratch; grows to fit each scanner it is prepared for. */
struct flt_scratch;
struct flt_scratch *flt_scratch_new(void);
int flt_scratch_fit(struct flt_scratch *k, const struct flt_scanner *s) FLT_MUST_CHECK;
void flt_scratch_free(struct flt_scratch *k);

/* Whole text, any length; hits (finder.h) come in no certain order. FLT_E_ENGINE on any engine error: then the text
 * counts as not inspected. */
int flt_scan_block(const struct flt_scanner *s, struct flt_scratch *k, struct flt_str text, flt_hit_fn fn,
                   void *arg) FLT_MUST_CHECK;

struct flt_scan_stream;
struct flt_scan_stream *flt_scan_open(const struct flt_scanner *s); /* NULL = no memory */
int flt_scan_feed(struct flt_scan_stream *st, struct flt_scratch *k, struct flt_str text, flt_hit_fn fn,
                  void *arg) FLT_MUST_CHECK;
void flt_scan_close(struct flt_scan_stream *st);

#endif
