/*
 * digits.h: the gates that rules without a telling word share (rulesets/README.md), in one pass that skips text without
 * digits, hyphens, colons, at-signs, control bytes and long tokens sixteen bytes at a time.
 */
#ifndef FLT_SCAN_DIGITS_H
#define FLT_SCAN_DIGITS_H

#include "scan/finder.h"

enum flt_digit_gate {
    FLT_GATE_CHAIN,   /* seven digits, single separators between them */
    FLT_GATE_RUN,     /* five digits in a row */
    FLT_GATE_AT,      /* an at-sign and a letter or digit, or a byte beyond ASCII */
    FLT_GATE_FOUR,    /* four digits, single separators between them */
    FLT_GATE_THREE,   /* three digits in a row */
    FLT_GATE_TOKEN,   /* 24 letters, digits and marks of base64, in either alphabet */
    FLT_GATE_COLONS,  /* three colons, hexadecimal digits between them: IPv6 and MAC addresses */
    FLT_GATE_HYPHENS, /* three hyphens, pairs of hexadecimal digits between them: MAC addresses */
    FLT_GATE_GROUP,   /* the middle of an identifier in groups: hyphen, letter, any, digit, hyphen, letter */
    FLT_GATE_TILDE,   /* a digit, Q or q, and a tilde: the mark of a kind of secret */
    FLT_GATE_CONTROL, /* backspace, escape, delete */
    FLT_DIGIT_GATES
};
/* As rules write them. */
extern const char *const flt_digit_gates[FLT_DIGIT_GATES];

/* What is under way at the end of the text so far; zero-initialise. */
struct flt_digits {
    uint8_t chain, run;       /* digits seen, counted up to what the gates ask */
    uint8_t token;            /* bytes of a token, counted likewise */
    uint8_t colons, colon_at; /* colons seen; bytes since the last of them */
    uint8_t pairs, pair_at;   /* the same of hyphens */
    uint8_t group;            /* bytes of FLT_GATE_GROUP seen */
    uint8_t tilde;            /* of FLT_GATE_TILDE */
    bool separator;           /* the last byte was one, within a chain */
    bool at;                  /* the last byte was an at-sign */
};

#define FLT_GATE_UNUSED UINT32_MAX
/* Reports every end of a gate under its id (FLT_GATE_UNUSED: not at all), in rising order, with base added. */
void flt_digits_run(struct flt_digits *d, struct flt_str text, uint64_t base, const uint32_t id[FLT_DIGIT_GATES],
                    flt_hit_fn fn, void *arg);

#endif
