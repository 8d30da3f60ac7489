/*
 * views.h: one span's derived texts, inspected: make a view, scan it, confirm, map what was found back to the span; do
 * the same with what the view itself hides.
 *
 *   text --probe--> fold -> skeleton -> leet        (each scanned by the rules that look there)
 *                     |        `-> squash -> leet
 *                     |-> decode -> (the same again, to depth 3)
 *                     `-> decipher
 */
#ifndef FLT_ENGINE_VIEWS_H
#define FLT_ENGINE_VIEWS_H

#include "engine/cut.h"
#include "engine/track.h"

struct flt_views {
    /* in */
    struct flt_track_conf conf; /* of the span; .origin NULL */
    struct flt_kit *kit;
    struct flt_str text;
    struct flt_arena *arena; /* the cuts are allocated here */
    /* out */
    struct flt_cut *cut; /* offsets of text; ascending, not overlapping; of the graver rule */
    uint32_t n_cut, cap_cut;
};
/*
 * Inspects every derived form of text that a rule of the policy looks in. Findings go to conf.record, also the bytes
 * that the budget of views left out. FLT_E_ENGINE, FLT_E_LIMIT, FLT_E_NOMEM: not inspected.
 */
int flt_views_inspect(struct flt_views *v) FLT_MUST_CHECK;
/* Joins two such lists of cuts (n of a, v's own) into v's: used for texts that are edited in one go. */
int flt_views_merge(struct flt_views *v, const struct flt_cut *a, uint32_t n) FLT_MUST_CHECK;

#endif
