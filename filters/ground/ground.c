#include "ground/ground.h"

#define GROUND_MAX (1u << 20)

int flt_ground(struct flt_str text, const struct flt_request_map *map, struct flt_arena *arena, struct flt_edits *edits,
               bool *done)
{
    struct flt_buf b;
    bool ok = true;
    *done = false;
    if (!map->can_ground || text.n == 0)
        return FLT_OK;
    if (text.n > GROUND_MAX)
        return FLT_E_LIMIT;
    flt_buf_init(&b, 6 * text.n + 256);
    int rc = flt_buf_add_str(&b, flt_str_of(map->ground_prefix));
    if (rc == FLT_OK)
        rc = flt_json_escape(&b, text);
    if (rc == FLT_OK)
        rc = flt_buf_add_str(&b, flt_str_of(map->ground_suffix));
    struct flt_edit e = {.a = map->ground_at, .b = map->ground_at};
    if (rc == FLT_OK)
        e.with = flt_arena_str(arena, flt_buf_str(&b), &ok);
    flt_buf_free(&b);
    if (rc == FLT_OK)
        rc = ok ? flt_edits_add(edits, arena, e) : FLT_E_NOMEM;
    *done = rc == FLT_OK;
    return rc;
}
