/*
 * chain.h: the literals (literals.h) of a sequence of constructs, read part by part, and sums of widths, which may have
 * no bound.
 */
#ifndef FLT_SCAN_CHAIN_H
#define FLT_SCAN_CHAIN_H

#include "scan/literals.h"

#define FLT_UNBOUNDED UINT32_MAX
/* a + b; FLT_UNBOUNDED when either is, and one less when the sum is too great to be said. */
uint32_t flt_width_add(uint32_t a, uint32_t b);

struct flt_chain {
    struct flt_literals now;  /* the strings that end where the reader stands */
    struct flt_literals best; /* the most telling set so far */
    struct flt_factors factors;
    uint32_t width; /* greatest width so far */
    uint8_t before; /* FLT_BEFORE_...: what the next construct may stand behind */
    bool whole;     /* now covers the whole sequence so far */
};
void flt_chain_begin(struct flt_chain *c);
/* A construct: all strings it matches, the most telling set and the factors within it; what it may end with. */
struct flt_link {
    struct flt_literals *exact, *required;
    struct flt_factors *factors;
    uint32_t max; /* greatest width */
    uint8_t tail; /* FLT_BEFORE_WORD: a letter or digit; FLT_BEFORE_BEGIN: nothing, it may be empty */
};
/* Appends it; its sets' places become those within the sequence. */
void flt_chain_add(struct flt_chain *c, const struct flt_link *link);
/* The same three of the whole sequence. */
void flt_chain_end(struct flt_chain *c, struct flt_literals *exact, struct flt_literals *required,
                   struct flt_factors *factors);

#endif
