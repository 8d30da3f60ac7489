/* track_open.c: where the earliest candidate begins that may still become a match (policy/view.h explains the tables).
 */
#include "engine/track.h"

/* PCRE2's opinion for groups that span words: is a match of any of their detectors really open at `at`? */
static int second_look(struct flt_track *t, struct flt_kit *kit, uint64_t groups, size_t at, bool *open)
{
    const struct flt_hold *h = t->conf.hold;
    struct flt_str text = {t->text, (size_t)(t->end - t->base)};
    *open = false;
    while (groups != 0 && !*open) {
        unsigned g = (unsigned)__builtin_ctzll(groups);
        groups &= groups - 1;
        for (uint32_t i = h->group_begin[g]; i < h->group_begin[g + 1] && !*open; i++) {
            int rc = flt_matcher_open_at(t->conf.rs->detectors[h->member[i]].m, kit->match, text, at, open);
            if (rc != FLT_OK)
                return rc;
        }
    }
    return FLT_OK;
}

int flt_track_open_start(struct flt_track *t, struct flt_kit *kit, uint64_t *open)
{
    const struct flt_hold *h = t->conf.hold;
    const uint8_t *p = (const uint8_t *)t->text;
    size_t n = (size_t)(t->end - t->base);
    size_t low = t->front > t->base ? (size_t)(t->front - t->base) : 0;
    uint64_t alive = h->all;
    uint32_t expired = 0;
    for (size_t k = 0; n - k > low; k++) {
        size_t at = n - k - 1;
        while (expired < h->n_expiry && h->expiry[expired].width <= k)
            alive &= ~h->expiry[expired++].groups;
        uint64_t inside = alive & h->body[p[at]];
        uint64_t starts = inside & h->first[p[at]];
        if (starts & ~h->second) {
            *open = t->base + at;
        } else if (starts != 0) {
            bool really;
            int rc = second_look(t, kit, starts, at, &really);
            if (rc != FLT_OK)
                return rc;
            if (really)
                *open = t->base + at;
        }
        alive = inside | (k < FLT_MATCHER_AHEAD ? h->ahead[k] : 0);
        if (alive == 0)
            break;
    }
    return FLT_OK;
}
