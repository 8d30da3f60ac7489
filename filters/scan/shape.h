/*
 * shape.h: what a pattern can match, read off its text: widths, first bytes, body bytes, and its streamable shape.
 *
 * A response stream may only be redacted by patterns whose open candidates can be found from the bytes alone, so rules
 * are written in a subset of PCRE syntax (rulesets/README.md) that this analyser understands completely. Whatever it
 * does not understand is refused at load, with the offset of the construct.
 */
#ifndef FLT_SCAN_SHAPE_H
#define FLT_SCAN_SHAPE_H

#include "scan/byteset.h"
#include "scan/lead.h"
#include "scan/literals.h"

enum flt_shape_kind {
    FLT_SHAPE_BOUNDED, /* finite greatest width */
    FLT_SHAPE_RUN,     /* bounded head, then a greedy run of one byte class to the end of the match */
    FLT_SHAPE_BLOCK    /* from an opening to a closing marker: two bounded patterns */
};
extern const char *const flt_shape_names[];

#define FLT_SHAPE_MAX_WIDTH 4096u

struct flt_shape {
    enum flt_shape_kind kind;
    uint32_t min, max;           /* bytes; for a run: of the head, which ends with the fewest bytes of the run */
    struct flt_byteset first;    /* bytes a match can begin with */
    struct flt_byteset body;     /* every byte a match (head) can hold */
    struct flt_byteset run;      /* FLT_SHAPE_RUN: the class */
    uint8_t lead[256];           /* bit i: the byte can stand at place i of a match (head), or it may be over by then */
    bool digit_run, digit_chain; /* every match holds what that gate of digits.h asks for */
    bool beyond;                 /* every match (head) holds a byte beyond ASCII */
    bool group;                  /* one capture group marks the value */
    struct flt_factors factors;  /* what every match (head) holds, in order; letters folded if caseless */
};

/*
 * Analyses pattern. head receives the pattern to compile: the pattern itself, or for a run the one with the open
 * quantifier closed at its minimum. On failure returns FLT_E_CONFIG with *where (byte offset) and static words in *why.
 */
int flt_shape_analyse(struct flt_str pattern, bool caseless, struct flt_shape *out, struct flt_buf *head, size_t *where,
                      const char **why) FLT_MUST_CHECK;

#endif
