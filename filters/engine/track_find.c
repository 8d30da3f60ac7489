/* track_find.c: from scanner hits to confirmed matches, window by window. */
#include "engine/track.h"

#define SLACK 4u /* bytes past a window that boundaries may look at, and one more so that they never touch its end */

void flt_track_hit(struct flt_track *t, uint32_t det, uint64_t end)
{
    uint64_t width = t->conf.rs->detectors[det].width;
    uint64_t lo = end > width ? end - width : 0;
    for (uint32_t i = t->n_win; i-- > 0;) {
        struct flt_window *w = &t->win[i];
        if (w->det != det)
            continue;
        if (lo > w->hi)
            break; /* apart from the newest window: begin another */
        if (end > w->hi)
            w->hi = end;
        w->done = false;
        return;
    }
    if (t->n_win == t->cap_win) {
        uint32_t cap = t->cap_win != 0 ? t->cap_win * 2 : 8;
        struct flt_window *v = realloc(t->win, cap * sizeof(*v));
        if (v == NULL) {
            t->status = FLT_E_NOMEM;
            return;
        }
        t->win = v;
        t->cap_win = cap;
    }
    t->win[t->n_win++] = (struct flt_window){.det = det, .lo = lo, .hi = end};
}

void flt_track_scan_hit(void *arg, uint32_t id, uint64_t end)
{
    struct flt_track *t = arg;
    const struct flt_expression_hits *e = &t->conf.rs->expressions[id];
    for (uint32_t i = 0; i < e->n; i++)
        flt_track_hit(t, e->first + i, end);
}

enum flt_action flt_track_act(const struct flt_track *t, uint32_t det)
{
    return flt_policy_act(t->conf.policy, t->conf.direction, t->conf.role, t->conf.rs->detectors[det].rule);
}

uint32_t flt_track_note(struct flt_track *t, const struct flt_match *m)
{
    struct flt_finding f = {
        .rule = t->conf.rs->detectors[m->det].rule,
        .start = (uint32_t)m->a,
        .end = (uint32_t)m->b,
        .span = t->conf.span,
        .role = (uint8_t)t->conf.role,
        .would = (uint8_t)flt_track_act(t, m->det),
    };
    return flt_record_add(t->conf.record, &f);
}

/* A block's closing marker and a run's end are found by the swallowing of a holding match; for others, look ahead only as far as
 * the text goes now: the finding then covers the head. */
static void keep(struct flt_track *t, const struct flt_match *m)
{
    enum flt_action act = flt_track_act(t, m->det);
    if (act == FLT_ACT_ALLOW) {
        flt_record_seen(t->conf.record, t->conf.rs->detectors[m->det].rule);
        return;
    }
    if (act == FLT_ACT_ANNOTATE) {
        (void)flt_track_note(t, m);
        return;
    }
    if (t->n_found == t->cap_found) {
        uint32_t cap = t->cap_found != 0 ? t->cap_found * 2 : 8;
        struct flt_match *v = realloc(t->found, cap * sizeof(*v));
        if (v == NULL) {
            t->status = FLT_E_NOMEM;
            return;
        }
        t->found = v;
        t->cap_found = cap;
    }
    t->found[t->n_found++] = *m;
}

static uint64_t window_from(const struct flt_track *t, const struct flt_window *w, bool holding)
{
    uint64_t from = w->lo > t->resume[w->det] ? w->lo : t->resume[w->det];
    if (holding && from < t->front)
        from = t->front;
    return from > t->base ? from : t->base;
}

static int search_window(struct flt_track *t, struct flt_kit *kit, struct flt_window *w, bool over, uint64_t *open)
{
    const struct flt_detector *d = &t->conf.rs->detectors[w->det];
    bool holding = flt_track_act(t, w->det) >= FLT_ACT_REDACT;
    uint64_t from = window_from(t, w, holding);
    uint64_t limit = w->hi + d->width + SLACK < t->end ? w->hi + d->width + SLACK : t->end;
    bool more = !over || limit < t->end;
    while (from <= w->hi && from < limit) {
        enum flt_found found;
        struct flt_found_at at;
        struct flt_str text = {t->text, (size_t)(limit - t->base)};
        uint64_t cost = limit - from;
        if (cost > t->budget)
            return FLT_E_LIMIT;
        t->budget -= cost;
        int rc = flt_matcher_find(d->m, kit->match, text, (size_t)(from - t->base), more, &found, &at);
        if (rc != FLT_OK)
            return rc;
        if (found == FLT_FOUND_NONE || t->base + at.begin > w->hi)
            break;
        if (found == FLT_FOUND_PARTIAL && limit < t->end)
            return FLT_E_ENGINE; /* wider than its width: the window was too small to judge */
        if (found == FLT_FOUND_PARTIAL) {
            w->lo = t->base + at.begin;
            if (holding && w->lo < *open)
                *open = w->lo;
            return FLT_OK;
        }
        struct flt_match m = {t->base + at.begin, t->base + at.end, t->base + at.value_begin, t->base + at.value_end, w->det};
        keep(t, &m);
        from = t->resume[w->det] = m.mb;
    }
    w->done = true;
    return FLT_OK;
}

/* Searches every window that is not done; drops those that no restart can need again. */
int flt_track_search(struct flt_track *t, struct flt_kit *kit, bool over, uint64_t *open)
{
    uint32_t kept = 0;
    int rc = FLT_OK;
    for (uint32_t i = 0; i < t->n_win; i++) {
        struct flt_window *w = &t->win[i];
        if (rc == FLT_OK && !w->done)
            rc = search_window(t, kit, w, over, open);
        bool holding = flt_track_act(t, w->det) >= FLT_ACT_REDACT;
        if (!w->done || (holding && w->hi > t->front))
            t->win[kept++] = *w;
    }
    t->n_win = kept;
    return rc != FLT_OK ? rc : t->status;
}
