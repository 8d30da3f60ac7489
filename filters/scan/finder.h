/*
 * finder.h: where any of many fixed strings ends in a text. For the scanner (scanner.h), which has thousands of them
 * and few other expressions: the cost per byte does not grow with their number as long as they are rare in the text.
 *
 * Every string is entered under the hash of two neighbouring four-byte pieces of it (one, for strings of four bytes),
 * so it is enough to look at every second place of the text; shorter strings need a look at every place (R. Karp, M.
 * Rabin, "Efficient randomized pattern-matching algorithms", 1987, with a stride). A bit table answers most places with
 * "nothing begins here"; the rest is compared.
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
};

/* end = offset after the last byte, counted from the text's or the stream's start. */
typedef void (*flt_hit_fn)(void *arg, uint32_t id, uint64_t end);

struct flt_finder;
/* NULL = no memory. */
struct flt_finder *flt_finder_new(const struct flt_finder_string *v, uint32_t n);
void flt_finder_free(struct flt_finder *f);
size_t flt_finder_memory(const struct flt_finder *f);
/*
 * Reports, with base added, every end behind text[..after] of a string that lies in text; each once, in no
 * certain order.
 */
void flt_finder_run(const struct flt_finder *f, struct flt_str text, size_t after, uint64_t base, flt_hit_fn fn,
                    void *arg);

#endif
