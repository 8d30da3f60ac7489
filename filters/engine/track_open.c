/* track_open.c: where the earliest candidate begins that may still become a match (policy/view.h explains the tables).
 */
#include "engine/track.h"

/* PCRE2's opinion on detectors that span words: is a match of any of them really open at `at`? */
static int second_look(const struct flt_track *t, struct flt_kit *kit, struct flt_str text, size_t at, bool *open)
{
    const struct flt_ruleset *rs = t->conf.rs;
    const uint64_t *spans = t->conf.hold->spans;
    uint32_t words = flt_starts_words(rs->starts);
    *open = false;
    for (uint32_t w = 0; w < words && !*open; w++) {
        uint64_t may = spans[w] != 0 ? flt_starts_at(rs->starts, w, spans[w], text, at) : 0;
        for (; may != 0 && !*open; may &= may - 1) {
            uint32_t det = rs->spanning[64 * w + (uint32_t)__builtin_ctzll(may)];
            int rc = flt_matcher_open_at(rs->detectors[det].m, kit->match, text, at, open);
            if (rc != FLT_OK)
                return rc;
        }
    }
    return FLT_OK;
}

/* The walk of view.h, over text[low..]: the earliest candidate of a detector that does not span words, or text.n. */
static size_t walk(const struct flt_hold *h, struct flt_str text, size_t low)
{
    const uint8_t *p = (const uint8_t *)text.p;
    uint64_t alive = h->all;
    uint32_t expired = 0;
    size_t open = text.n;
    for (size_t k = 0; alive != 0 && text.n - k > low; k++) {
        size_t at = text.n - k - 1;
        while (expired < h->n_expiry && h->expiry[expired].width <= k)
            alive &= ~h->expiry[expired++].groups;
        uint64_t inside = alive & h->body[p[at]];
        if ((inside & h->first[p[at]]) != 0)
            open = at;
        alive = inside | (k < FLT_MATCHER_AHEAD ? h->ahead[k] : 0);
    }
    return open;
}

/*
 * What is not open at a place will never be, so from feed to feed only what came since and the earliest open candidate
 * (t->front) are looked at.
 */
int flt_track_open_start(struct flt_track *t, struct flt_kit *kit, uint64_t *open)
{
    struct flt_str text = {t->text, (size_t)(t->end - t->base)};
    size_t low = t->front > t->base ? (size_t)(t->front - t->base) : 0;
    size_t to = walk(t->conf.hold, text, low);
    bool really = false;
    int rc = FLT_OK;
    for (size_t at = low; at < to && !really && rc == FLT_OK; at++) {
        rc = second_look(t, kit, text, at, &really);
        if (really)
            to = at;
    }
    if (rc == FLT_OK && to < text.n)
        *open = t->base + to;
    return rc;
}
