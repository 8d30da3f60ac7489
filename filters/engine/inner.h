/*
 * inner.h: the second decode. Tool-call arguments (and answers the client asked to be JSON) are JSON text inside a JSON
 * string; a value there may be written with escapes of its own. This decoder takes such text in any pieces and gives
 * back scan text in which the inner strings are decoded, with a map to the wire, so that what a program will read is
 * what is scanned.
 *
 * It never fails: text that is not JSON is scanned as it stands, which is what an odd model produced.
 */
#ifndef FLT_ENGINE_INNER_H
#define FLT_ENGINE_INNER_H

#include "flt/json.h"

struct flt_inner {
    bool inside;    /* in a string */
    uint8_t escape; /* 0, 1 = after a backslash, 2..5 = digits of \u still to come + 1 */
    uint32_t unit;  /* \u value so far */
    uint32_t high;  /* high surrogate waiting for its other half, 0 = none */
};

/* One piece's result. */
struct flt_inner_piece {
    struct flt_str text;   /* in the arena */
    struct flt_offmap map; /* text -> wire */
    const uint32_t *flips; /* text offsets at which inside/outside changes, ascending */
    uint32_t n_flips;
    bool starts_inside;
    bool pending; /* an escape goes on in the next piece: the map's text ends one byte (of the next piece) further */
};
/* map = offsets of text to the wire. FLT_E_NOMEM. */
int flt_inner_feed(struct flt_inner *in, struct flt_str text, const struct flt_offmap *map, struct flt_arena *arena,
                   struct flt_inner_piece *out) FLT_MUST_CHECK;

#endif
