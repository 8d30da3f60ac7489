/*
 * starts.h: which of many patterns can have a match that begins at a place of a text, going by the first bytes there
 * and the one before: a bit per pattern, and a row of bits per place of a match and byte, so that one look asks 64
 * patterns at once.
 */
#ifndef FLT_SCAN_STARTS_H
#define FLT_SCAN_STARTS_H

#include "scan/matcher.h"

struct flt_starts;
/* The patterns are numbered as in v; the table keeps nothing of them. NULL = no memory. */
struct flt_starts *flt_starts_new(const struct flt_matcher *const *v, uint32_t n);
void flt_starts_free(struct flt_starts *s);
size_t flt_starts_memory(const struct flt_starts *s);
/* Words of 64 bits that a set of the patterns takes. */
uint32_t flt_starts_words(const struct flt_starts *s);
/* Of the patterns 64 * word to 64 * word + 63 that are in `wanted`, those that can begin at text[at], at < text.n. */
uint64_t flt_starts_at(const struct flt_starts *s, uint32_t word, uint64_t wanted, struct flt_str text, size_t at);

#endif
