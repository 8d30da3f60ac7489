/* track_find.c: from scanner hits to confirmed matches, window by window. */
#include "engine/track.h"

#define HITS_MAX (1u << 20) /* scanner hits of one feed; more is a limit, not a pass */

#define SLICE 65536u
#define SLACK 4u /* bytes past a window that boundaries may look at, and one more so that they never touch its end */

/* Hits of one scan come in any order. */
void flt_track_hit(struct flt_track *t, uint32_t det, uint64_t end, uint32_t reach)
{
    uint64_t lo = end > reach ? end - reach : 0;
    struct flt_window *w = t->last_win[det] != 0 ? &t->win[t->last_win[det] - 1] : NULL;
    t->unsearched = true;
    if (w != NULL && lo <= w->hi) {
        w->lo = lo < w->lo ? lo : w->lo;
        w->hi = end > w->hi ? end : w->hi;
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
    t->last_win[det] = t->n_win;
}

/*
 * A match needs its words in order: step i counts when step i-1 was seen within the detector's width before it. Only
 * the newest place of each step is kept: it is the one that leaves most room for the rest.
 */
static void follow_step(struct flt_track *t, const struct flt_expression_step *e, uint64_t end)
{
    uint32_t *seen = t->step + (size_t)e->det * (FLT_FACTORS_MAX - 1); /* end of each step's newest word; 0 = none */
    uint64_t width = t->conf.rs->detectors[e->det].width;
    if (e->step > 0 && (seen[e->step - 1] == 0 || seen[e->step - 1] >= end || end - seen[e->step - 1] > width))
        return;
    if (e->step == e->last)
        flt_track_hit(t, e->det, end, e->reach);
    else
        seen[e->step] = (uint32_t)end;
}

static void follow_hit(struct flt_track *t, const struct flt_scan_hit *hit, unsigned step)
{
    const struct flt_expression_hits *e = &t->conf.rs->expressions[hit->expression];
    for (uint32_t i = 0; i < e->n; i++) {
        if (e->v[i].step != step)
            continue;
        uint32_t rule = t->conf.rs->detectors[e->v[i].det].rule;
        int direction = t->conf.rs->rules[rule].direction;
        if (t->conf.policy->on[rule] && (direction == 2 || direction == (int)t->conf.direction))
            follow_step(t, &e->v[i], hit->end);
    }
}

void flt_track_scan_hit(void *arg, uint32_t id, uint64_t end)
{
    struct flt_track *t = arg;
    if (t->n_hit == t->cap_hit) {
        uint32_t cap = t->cap_hit != 0 ? t->cap_hit * 2 : 8;
        struct flt_scan_hit *v = t->cap_hit < HITS_MAX ? realloc(t->hit, cap * sizeof(*v)) : NULL;
        if (v == NULL) {
            t->status = t->cap_hit < HITS_MAX ? FLT_E_NOMEM : FLT_E_LIMIT;
            return;
        }
        t->hit = v;
        t->cap_hit = cap;
    }
    t->hit[t->n_hit++] = (struct flt_scan_hit){end, id};
}

static int by_end(const void *a, const void *b)
{
    const struct flt_scan_hit *x = a, *y = b;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return x->expression < y->expression ? -1 : x->expression > y->expression;
}

/* Hyperscan promises no order of matches, so it is made here; nearly always it is there already. */
void flt_track_scan_hits(struct flt_track *t)
{
    bool sorted = true;
    for (uint32_t i = 1; sorted && i < t->n_hit; i++)
        sorted = t->hit[i - 1].end <= t->hit[i].end;
    if (!sorted)
        qsort(t->hit, t->n_hit, sizeof(*t->hit), by_end);
    for (uint32_t i = 0, next; i < t->n_hit; i = next) {
        for (next = i + 1; next < t->n_hit && t->hit[next].end == t->hit[i].end;)
            next++;
        /* Later steps first: what ends here must not hide what a step before it saw earlier. */
        for (unsigned step = FLT_FACTORS_MAX; step-- > 0;) {
            for (uint32_t k = i; k < next; k++)
                follow_hit(t, &t->hit[k], step);
        }
    }
    t->n_hit = 0;
}

/* Long texts are scanned in slices, so that their hits never have to be kept all at once. */
static int scan_slices(struct flt_track *t, struct flt_kit *kit)
{
    struct flt_scan_stream *st = flt_scan_open(t->conf.rs->scanner);
    int rc = st != NULL ? FLT_OK : FLT_E_NOMEM;
    for (uint64_t at = 0; rc == FLT_OK && at < t->end; at += SLICE) {
        size_t n = t->end - at < SLICE ? (size_t)(t->end - at) : SLICE;
        rc = flt_scan_feed(st, kit->scan, (struct flt_str){t->text + at, n}, flt_track_scan_hit, t);
        flt_track_scan_hits(t);
        if (rc == FLT_OK)
            rc = t->status;
    }
    flt_scan_close(st);
    return rc;
}

int flt_track_scan_whole(struct flt_track *t, struct flt_kit *kit)
{
    struct flt_str text = {t->text, (size_t)t->end};
    int rc = t->end > SLICE ? scan_slices(t, kit)
                            : flt_scan_block(t->conf.rs->scanner, kit->scan, text, flt_track_scan_hit, t);
    return rc == FLT_OK ? flt_track_whole(t, kit) : rc;
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

/* A block's closing marker and a run's end are found by the swallowing of a holding match; for others, look ahead only
 * as far as the text goes now: the finding then covers the head. */
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
    if (t->n_found == t->cap_found && t->from_found >= t->cap_found / 2) {
        t->n_found -= t->from_found;
        if (t->n_found != 0)
            memmove(t->found, t->found + t->from_found, t->n_found * sizeof(*t->found));
        t->from_found = 0;
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
    t->ordered = false;
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
    struct flt_str text = {t->text, (size_t)(limit - t->base)};
    while (from <= w->hi && from < limit) {
        enum flt_found found;
        struct flt_found_at at = {.last = (size_t)(w->hi - t->base)};
        flt_match_scratch_allow(kit->match, t->budget);
        int rc = flt_matcher_find(d->m, kit->match, text, (size_t)(from - t->base), more, &found, &at);
        t->budget = flt_match_scratch_left(kit->match);
        if (rc != FLT_OK)
            return rc;
        if (found == FLT_FOUND_NONE || t->base + at.begin > w->hi)
            break;
        from = t->resume[w->det] = t->base + at.begin;
        if (found == FLT_FOUND_PARTIAL && limit < t->end)
            return FLT_E_ENGINE; /* wider than its width: the window was too small to judge */
        if (found == FLT_FOUND_PARTIAL) {
            if (holding && from < *open)
                *open = from;
            return FLT_OK;
        }
        struct flt_match m = {from, t->base + at.end, t->base + at.value_begin, t->base + at.value_end, w->det};
        keep(t, &m);
        from = t->resume[w->det] = m.mb;
    }
    /* Nothing begins in the rest of the window, nor will: a candidate that is not decided by this text would have been
     * open. */
    uint64_t past = w->hi + 1 < limit ? w->hi + 1 : limit;
    if (t->resume[w->det] < past)
        t->resume[w->det] = past;
    w->done = true;
    return FLT_OK;
}

static void drop_window(struct flt_track *t, uint32_t i)
{
    uint32_t *last = &t->last_win[t->win[i].det];
    *last = *last == i + 1 ? 0 : *last;
}

static void move_window(struct flt_track *t, uint32_t from, uint32_t to)
{
    uint32_t *last = &t->last_win[t->win[from].det];
    *last = *last == from + 1 ? to + 1 : *last;
    t->win[to] = t->win[from];
}

/*
 * A detector's matches are found in their order: while one is open, what comes behind it waits, as it may turn out to
 * lie inside.
 */
static void take_over(struct flt_track *t, uint32_t i)
{
    uint32_t *last = &t->last_win[t->win[i].det];
    t->win[i].hi = t->win[*last - 1].hi;
    *last = i + 1;
}

/* Searches every window that is not done; drops those that no restart can need again. */
int flt_track_search(struct flt_track *t, struct flt_kit *kit, bool over, uint64_t *open)
{
    uint32_t kept = 0;
    int rc = FLT_OK;
    if (!t->unsearched)
        return t->status;
    t->unsearched = false;
    for (uint32_t i = 0; i < t->n_win; i++) {
        struct flt_window *w = &t->win[i];
        if (t->last_win[w->det] < i + 1)
            continue; /* an earlier window of its detector took it over */
        if (rc == FLT_OK && !w->done)
            rc = search_window(t, kit, w, over, open);
        if (!w->done)
            take_over(t, i);
        bool holding = flt_track_act(t, w->det) >= FLT_ACT_REDACT;
        t->unsearched = t->unsearched || !w->done;
        if (!w->done || (holding && w->hi > t->front))
            move_window(t, i, kept++);
        else
            drop_window(t, i);
    }
    t->n_win = kept;
    return rc != FLT_OK ? rc : t->status;
}
