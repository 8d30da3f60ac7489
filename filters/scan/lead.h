/*
 * lead.h: which bytes can stand at each of the first places of a match. A place of the text where one of them does not
 * fit begins no match, and telling so takes a few table reads instead of a call of PCRE2.
 */
#ifndef FLT_SCAN_LEAD_H
#define FLT_SCAN_LEAD_H

#include "scan/byteset.h"

#define FLT_LEAD       12u
#define FLT_LEAD_TABLE 8u

struct flt_lead {
    struct flt_byteset at[FLT_LEAD]; /* what is matched, as far as it goes, has one of these there */
    uint32_t ends;                   /* bit k: it may end after k bytes; bit FLT_LEAD: after so many or more */
};

/* Nothing at all; one byte of the set. */
void flt_lead_empty(struct flt_lead *l);
void flt_lead_byte(struct flt_lead *l, const struct flt_byteset *s);
/* a = a followed by b; a = a or b; l = l, lo to hi times. */
void flt_lead_append(struct flt_lead *a, const struct flt_lead *b);
void flt_lead_unite(struct flt_lead *a, const struct flt_lead *b);
void flt_lead_repeat(struct flt_lead *l, uint32_t lo, uint32_t hi);
/* Bit i (below FLT_LEAD_TABLE) of out[c]: c can stand at place i of a match of at least `min` bytes. */
void flt_lead_table(const struct flt_lead *l, uint32_t min, uint8_t out[256]);
/* True when every match (of at least `min` bytes) holds, near its begin, the digits of a gate of digits.h. */
bool flt_lead_digit_run(const struct flt_lead *l, uint32_t min);
bool flt_lead_digit_chain(const struct flt_lead *l, uint32_t min);

#endif
