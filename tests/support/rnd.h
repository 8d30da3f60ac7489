/* rnd.h: numbers that are random and the same in every run. */
#ifndef RND_H
#define RND_H

#include <stdint.h>

/* The next of the sequence that *s stands in (splitmix64); any start will do. */
static inline uint64_t rnd(uint64_t *s)
{
    uint64_t z = (*s += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

#endif
