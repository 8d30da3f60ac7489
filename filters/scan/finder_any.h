/*
 * finder_any.h: the strings of finder.h that can begin anywhere, also within words.
 *
 * Every string is entered under the hash of two neighbouring four-byte pieces of it (one, for strings of four bytes),
 * so it is enough to look at every second place of the text; shorter strings need a look at every place (R. Karp, M.
 * Rabin, "Efficient randomized pattern-matching algorithms", 1987, with a stride). A bit table answers most places with
 * "nothing begins here"; the rest is compared.
 */
#ifndef FLT_SCAN_FINDER_ANY_H
#define FLT_SCAN_FINDER_ANY_H

#include "scan/finder.h"

struct flt_finder_any;
/* As the functions of finder.h. */
struct flt_finder_any *flt_finder_any_new(const struct flt_finder_string *v, uint32_t n);
void flt_finder_any_free(struct flt_finder_any *f);
size_t flt_finder_any_memory(const struct flt_finder_any *f);
void flt_finder_any_run(const struct flt_finder_any *f, struct flt_str text, size_t after, uint64_t base, flt_hit_fn fn,
                        void *arg);

#endif
