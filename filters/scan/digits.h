/*
 * digits.h: the three gates that rules without a telling word share (rulesets/README.md), in one pass that skips text
 * without digits and at-signs sixteen bytes at a time.
 */
#ifndef FLT_SCAN_DIGITS_H
#define FLT_SCAN_DIGITS_H

#include "scan/finder.h"

enum flt_digit_gate {
    FLT_GATE_CHAIN, /* seven digits, single separators between them */
    FLT_GATE_RUN,   /* five digits in a row */
    FLT_GATE_AT,    /* an at-sign and a letter or digit */
    FLT_DIGIT_GATES
};
/* As rules write them. */
extern const char *const flt_digit_gates[FLT_DIGIT_GATES];

/* What is under way at the end of the text so far; zero-initialise. */
struct flt_digits {
    uint8_t chain, run; /* digits seen, counted up to what the gates ask */
    bool separator;     /* the last byte was one, within a chain */
    bool at;            /* the last byte was an at-sign */
};

#define FLT_GATE_UNUSED UINT32_MAX
/* Reports every end of a gate under its id (FLT_GATE_UNUSED: not at all), in rising order, with base added. */
void flt_digits_run(struct flt_digits *d, struct flt_str text, uint64_t base, const uint32_t id[FLT_DIGIT_GATES],
                    flt_hit_fn fn, void *arg);

#endif
