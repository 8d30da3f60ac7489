/* byteset.h: sets of bytes. */
#ifndef FLT_SCAN_BYTESET_H
#define FLT_SCAN_BYTESET_H

#include "flt/base.h"

struct flt_byteset {
    uint64_t w[4];
};
static inline void flt_byteset_add(struct flt_byteset *s, uint8_t c)
{
    s->w[c >> 6] |= UINT64_C(1) << (c & 63);
}
static inline bool flt_byteset_has(const struct flt_byteset *s, uint8_t c)
{
    return (s->w[c >> 6] >> (c & 63)) & 1;
}
static inline void flt_byteset_or(struct flt_byteset *s, const struct flt_byteset *o)
{
    for (int i = 0; i < 4; i++)
        s->w[i] |= o->w[i];
}
static inline void flt_byteset_invert(struct flt_byteset *s)
{
    for (int i = 0; i < 4; i++)
        s->w[i] = ~s->w[i];
}
/* Number of bytes in the set: pairs, fours, eights added up side by side (processors we must run on need not count). */
static inline unsigned flt_byteset_count(const struct flt_byteset *s)
{
    unsigned n = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t w = s->w[i];
        w -= w >> 1 & UINT64_C(0x5555555555555555);
        w = (w & UINT64_C(0x3333333333333333)) + (w >> 2 & UINT64_C(0x3333333333333333));
        w = (w + (w >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
        n += (unsigned)(w * UINT64_C(0x0101010101010101) >> 56);
    }
    return n;
}

#endif
