/* library_alone.c: uses the whole library and nothing else: builds the built-in packs, inspects one text. */
#include "flt/engine.h"

int main(void)
{
    struct flt_diag d = {0};
    struct flt_snapshot_conf conf = {.skip_examples = true};
    struct flt_snapshot *s = flt_snapshot_build(&conf, &d);
    struct flt_worker *w = flt_worker_new();
    struct flt_arena *arena = flt_arena_new(1u << 20);
    struct flt_decision dec;
    struct flt_str edited;
    int bad = 1;
    if (s != NULL && w != NULL && arena != NULL && flt_worker_prepare(w, s) == FLT_OK) {
        struct flt_text_in in = {.snapshot = s,
                                 .tenant = UINT32_MAX,
                                 .role = FLT_ROLE_USER,
                                 .text = FLT_STR("write to ada@example.org now")};
        bad = flt_inspect_text(w, &in, arena, &dec, &edited) != FLT_OK || !flt_str_is(edited, "write to [EMAIL] now");
    }
    flt_arena_free(arena);
    flt_worker_free(w);
    flt_snapshot_free(s);
    flt_diag_free(&d);
    return bad;
}
