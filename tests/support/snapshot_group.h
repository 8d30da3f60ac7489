/* snapshot_group.h: one snapshot for all tests of a group, and the group's tear-down. */
#ifndef SNAPSHOT_GROUP_H
#define SNAPSHOT_GROUP_H

#include "flt/engine.h"

static struct flt_snapshot *snapshot; /* made by the group's set-up */

static inline int snapshot_close(void **state)
{
    (void)state;
    flt_snapshot_free(snapshot);
    return 0;
}

#endif
