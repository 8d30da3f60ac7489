/* arena_group.h: one arena for all tests of a group: its set-up and tear-down. */
#ifndef ARENA_GROUP_H
#define ARENA_GROUP_H

#include "flt/base.h"

static struct flt_arena *arena;

static inline int arena_set_up(void **state)
{
    (void)state;
    arena = flt_arena_new(256u << 20);
    return arena == NULL;
}

static inline int arena_tear_down(void **state)
{
    (void)state;
    flt_arena_free(arena);
    return 0;
}

#endif
