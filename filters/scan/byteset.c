/* byteset.c: sets of bytes (shape.h). */
#include "scan/shape.h"

unsigned flt_byteset_count(const struct flt_byteset *s)
{
    unsigned n = 0;
    for (int i = 0; i < 4; i++)
        n += (unsigned)__builtin_popcountll(s->w[i]);
    return n;
}
