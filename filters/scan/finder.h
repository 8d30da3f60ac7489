/*
 * finder.h: where any of many fixed strings ends in a text. For the scanner (scanner.h), which has thousands of them
 * and few other expressions: the cost per byte does not grow with their number as long as they are rare in the text.
 *
 * A string is looked for at one place of it, its anchor: where a run of letters and digits begins, or a mark stands, or
 * a character beyond ASCII begins. So only the anchors of the text are looked at (in prose every fifth byte), by way of
 * Bloom filters (B. H. Bloom, "Space/time trade-offs in hash coding with allowable errors", 1970; blocked, so that one
 * load answers: F. Putze, P. Sanders, J. Singler, "Cache-, hash- and space-efficient Bloom filters", 2007) over the
 * four to eight bytes that follow; three are enough at marks, which are few. Strings without a good anchor are left
 * to finder_any.h.
 */
#ifndef FLT_SCAN_FINDER_H
#define FLT_SCAN_FINDER_H

#include "flt/base.h"

#define FLT_FINDER_MIN 3u
#define FLT_FINDER_MAX 24u

struct flt_finder_string {
    const char *s; /* len bytes, FLT_FINDER_MIN to FLT_FINDER_MAX; copied */
    uint32_t len;
    uint32_t id;
    bool caseless; /* ASCII letters in either case */
    bool fresh;    /* only wanted where no ASCII letter or digit stands directly before it */
};

/* end = offset after the last byte, counted from the text's or the stream's start. */
typedef void (*flt_hit_fn)(void *arg, uint32_t id, uint64_t end);

struct flt_finder;
/* False = the string has no good anchor, and every place of every text would have to be looked at for it. */
bool flt_finder_anchored(const char *s, uint32_t len, bool fresh);
/* NULL = no memory. */
struct flt_finder *flt_finder_new(const struct flt_finder_string *v, uint32_t n);
void flt_finder_free(struct flt_finder *f);
size_t flt_finder_memory(const struct flt_finder *f);
/*
 * Reports, with base added, every end behind text[..after] of a string that lies in text; each once, in no certain
 * order. A fresh string at the begin of text is taken for one behind nothing.
 */
void flt_finder_run(const struct flt_finder *f, struct flt_str text, size_t after, uint64_t base, flt_hit_fn fn,
                    void *arg);

#endif
