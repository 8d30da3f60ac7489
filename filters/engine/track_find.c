/* track_find.c: from scanner hits to confirmed matches, window by window. */
#include "engine/track.h"

#include "scan/digits.h"

#define HITS_MAX (1u << 20) /* scanner hits of one feed; more is a limit, not a pass */

#define SLICE 65536u
#define SLACK 4u /* bytes past a window that boundaries may look at, and one more so that they never touch its end */

/* ---- what is known of each detector that had a window -------------------------------------------------------------
 */

static struct flt_track_seen *seen_slot(struct flt_track_seen *v, uint32_t cap, uint32_t det)
{
    uint32_t i = det * UINT32_C(2654435761) & (cap - 1);
    while (v[i].det != 0 && v[i].det != det + 1)
        i = (i + 1) & (cap - 1);
    return &v[i];
}

/* A bigger table, without what says nothing any more. */
static bool seen_grow(struct flt_track *t)
{
    uint32_t kept = 0, cap = 16;
    for (uint32_t i = 0; i < t->cap_seen; i++)
        kept += t->seen[i].det != 0 && (t->seen[i].last_win != 0 || t->seen[i].resume > t->base);
    while (cap < 3 * (kept + 1))
        cap *= 2;
    struct flt_track_seen *v = calloc(cap, sizeof(*v));
    if (v == NULL)
        return false;
    for (uint32_t i = 0; i < t->cap_seen; i++) {
        const struct flt_track_seen *s = &t->seen[i];
        if (s->det != 0 && (s->last_win != 0 || s->resume > t->base))
            *seen_slot(v, cap, s->det - 1) = *s;
    }
    free(t->seen);
    t->seen = v;
    t->cap_seen = cap;
    t->n_seen = kept;
    return true;
}

struct flt_track_seen *flt_track_seen(struct flt_track *t, uint32_t det)
{
    if (t->cap_seen == 0 || 2 * t->n_seen >= t->cap_seen) {
        if (!seen_grow(t)) {
            t->status = FLT_E_NOMEM;
            return NULL;
        }
    }
    struct flt_track_seen *s = seen_slot(t->seen, t->cap_seen, det);
    if (s->det == 0) {
        s->det = det + 1;
        t->n_seen++;
    }
    return s;
}

/* ---- hits -> windows ----------------------------------------------------------------------------------------------
 */

/*
 * In a view, most text is as it was in the text that the view was made of, where it was judged already: what a match in
 * the window could touch or look at has not changed.
 */
static bool judged_before(const struct flt_track *t, uint32_t det, uint64_t lo, uint64_t hi)
{
    const struct flt_detector *d = &t->conf.rs->detectors[det];
    uint64_t margin = SLACK + (t->conf.rs->around[d->rule].n != 0 ? FLT_CONTEXT_WITHIN_MAX : 0);
    if (t->conf.origin == NULL || flt_matcher_shape(d->m)->kind != FLT_SHAPE_BOUNDED)
        return false;
    return flt_origin_same(t->conf.origin, lo > margin ? lo - margin : 0, hi + d->width + margin);
}

/* A match may begin in [lo, hi]. Hits of one scan come in any order. */
static void add_window(struct flt_track *t, uint32_t det, uint64_t lo, uint64_t hi)
{
    if (judged_before(t, det, lo, hi))
        return;
    struct flt_track_seen *seen = flt_track_seen(t, det);
    if (seen == NULL)
        return;
    t->unsearched = true;
    if (seen->last_win != 0 && lo <= t->win[seen->last_win - 1].hi) {
        struct flt_window *w = &t->win[seen->last_win - 1];
        w->lo = lo < w->lo ? lo : w->lo;
        w->hi = hi > w->hi ? hi : w->hi;
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
    t->win[t->n_win++] = (struct flt_window){.det = det, .lo = lo, .hi = hi};
    seen->last_win = t->n_win;
}

void flt_track_hit(struct flt_track *t, uint32_t det, uint64_t end, uint32_t reach)
{
    add_window(t, det, end > reach ? end - reach : 0, end);
}

/* The words before this one stand within the detector's width before it, as far as anybody remembers. */
static bool words_seen(const struct flt_track *t, const struct flt_expression_step *e, uint64_t end)
{
    uint64_t width = t->conf.rs->detectors[e->det].width;
    for (unsigned i = 0; i < e->n_need; i++) {
        uint64_t word = t->word != NULL ? t->word[e->need[i]] : 0;
        if (word == 0 || end - word > width)
            return false;
    }
    return true;
}

static bool looks(const struct flt_track *t, uint32_t det)
{
    const struct flt_detector *d = &t->conf.rs->detectors[det];
    int direction = t->conf.rs->rules[d->rule].direction;
    return t->conf.policy->on[d->rule] && (direction == 2 || direction == (int)t->conf.direction) &&
           flt_detector_looks(d, flt_track_chain(t));
}

/*
 * One of the steps, with a match that begins in [at, end] in view; false = it may still be one that begins behind `at`.
 */
static bool follow_step(struct flt_track *t, const struct flt_expression_step *step, uint64_t at, uint64_t from,
                        uint64_t end)
{
    if (at + step->reach < from)
        return false;
    if (looks(t, step->det) && words_seen(t, step, end))
        add_window(t, step->det, at, end);
    return true;
}

/* Most of the detectors cannot begin anywhere near: the bytes there say so for 64 of them at once. */
static void follow_many(struct flt_track *t, const struct flt_expression_hits *e, uint64_t from, uint64_t end)
{
    struct flt_str text = {t->text, (size_t)(t->end - t->base)};
    uint64_t begin = from > e->reach ? from - e->reach : 0;
    begin = begin > t->base ? begin : t->base;
    for (uint32_t word = 0; word < flt_starts_words(e->starts); word++) {
        uint32_t n = e->n - 64 * word;
        uint64_t left = n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
        for (uint64_t at = begin; at < end && left != 0; at++) {
            uint64_t may = flt_starts_at(e->starts, word, left, text, (size_t)(at - t->base));
            for (; may != 0; may &= may - 1) {
                unsigned i = (unsigned)__builtin_ctzll(may);
                if (follow_step(t, &e->v[64 * word + i], at, from, end))
                    left &= ~(UINT64_C(1) << i);
            }
        }
    }
}

/* The expression ended at every place, or nearly, from `from` to `end`. */
static void follow_hit(struct flt_track *t, uint32_t expression, uint64_t from, uint64_t end)
{
    const struct flt_expression_hits *e = &t->conf.rs->expressions[expression];
    if (e->starts != NULL)
        follow_many(t, e, from, end);
    for (uint32_t i = 0; e->starts == NULL && i < e->n; i++) {
        const struct flt_expression_step *step = &e->v[i];
        if (words_seen(t, step, end) && looks(t, step->det))
            add_window(t, step->det, from > step->reach ? from - step->reach : 0, end);
    }
    if (e->n_word != 0 && t->word == NULL) {
        t->word = calloc(t->conf.rs->n_words, sizeof(*t->word));
        if (t->word == NULL) {
            t->status = FLT_E_NOMEM;
            return;
        }
    }
    t->worded = t->worded || e->n_word != 0;
    for (uint32_t i = 0; i < e->n_word; i++)
        t->word[e->word[i]] = (uint32_t)end;
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

/* A long number or list of numbers ends a gate at each of its digits: one window will do for all of them. */
struct dense {
    uint64_t from, to; /* 0 = nothing is under way */
    uint32_t expression;
};
#define DENSE_GAP 2u /* a digit behind a separator */

static void dense_hit(struct flt_track *t, struct dense *d, const struct flt_scan_hit *hit)
{
    if (d->to != 0 && hit->end <= d->to + DENSE_GAP) {
        d->to = hit->end;
        return;
    }
    if (d->to != 0)
        follow_hit(t, d->expression, d->from, d->to);
    *d = (struct dense){hit->end, hit->end, hit->expression};
}

/*
 * A match needs its words in order: what its last word needs, came before it. Hyperscan promises no order of its
 * matches, so it is made here; nearly always it is there already.
 */
void flt_track_scan_hits(struct flt_track *t)
{
    struct dense dense[FLT_DIGIT_GATES] = {{0, 0, 0}};
    bool sorted = true;
    for (uint32_t i = 1; sorted && i < t->n_hit; i++)
        sorted = t->hit[i - 1].end <= t->hit[i].end;
    if (!sorted)
        qsort(t->hit, t->n_hit, sizeof(*t->hit), by_end);
    for (uint32_t i = 0; i < t->n_hit; i++) {
        const struct flt_scan_hit *hit = &t->hit[i];
        uint32_t gate = t->conf.rs->expressions[hit->expression].dense;
        if (gate != 0)
            dense_hit(t, &dense[gate - 1], hit);
        else
            follow_hit(t, hit->expression, hit->end, hit->end);
    }
    for (uint32_t i = 0; i < FLT_DIGIT_GATES; i++) {
        if (dense[i].to != 0)
            follow_hit(t, dense[i].expression, dense[i].from, dense[i].to);
    }
    t->n_hit = 0;
}

static const struct flt_scanner *scanner_for(const struct flt_track *t)
{
    bool squashed = (flt_track_chain(t) >> FLT_VIEW_SQUASHED & 1) != 0;
    return squashed ? t->conf.rs->squashed : t->conf.rs->scanner;
}

/* Long texts are scanned in slices, so that their hits never have to be kept all at once. */
static int scan_slices(struct flt_track *t, struct flt_kit *kit)
{
    struct flt_scan_stream *st = flt_scan_open(scanner_for(t));
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
    flt_track_take(t, &kit->spare);
    int rc =
        t->end > SLICE ? scan_slices(t, kit) : flt_scan_block(scanner_for(t), kit->scan, text, flt_track_scan_hit, t);
    if (rc == FLT_OK)
        rc = flt_track_whole(t, kit);
    flt_track_give(t, &kit->spare);
    return rc;
}

enum flt_action flt_track_act(const struct flt_track *t, uint32_t det)
{
    return flt_policy_act(t->conf.policy, t->conf.direction, t->conf.role, t->conf.rs->detectors[det].rule);
}

/* In a role where its rule acts, and not only talked about. */
static bool serious(const struct flt_track *t, const struct flt_match *m)
{
    unsigned roles = t->conf.rs->rules[t->conf.rs->detectors[m->det].rule].roles;
    return !m->mention && (roles >> t->conf.role & 1u) != 0;
}

uint32_t flt_track_note(struct flt_track *t, const struct flt_match *m)
{
    uint64_t a = m->a, b = m->b;
    flt_origin_map(t->conf.origin, &a, &b);
    struct flt_finding f = {
        .rule = t->conf.rs->detectors[m->det].rule,
        .start = (uint32_t)a,
        .end = (uint32_t)b,
        .span = t->conf.span,
        .role = (uint8_t)t->conf.role,
        .would = (uint8_t)flt_track_act(t, m->det),
    };
    if (m->mention && f.would > FLT_ACT_ANNOTATE)
        f.would = FLT_ACT_ANNOTATE;
    flt_origin_views(t->conf.origin, f.view);
    flt_record_seen(t->conf.record, f.rule, m->adds, serious(t, m));
    return flt_record_add(t->conf.record, &f);
}

/* A block's closing marker and a run's end are found by the swallowing of a holding match; for others, look ahead only
 * as far as the text goes now: the finding then covers the head. */
static void keep(struct flt_track *t, const struct flt_match *m)
{
    enum flt_action act = flt_track_act(t, m->det);
    if (act == FLT_ACT_ALLOW) {
        flt_record_seen(t->conf.record, t->conf.rs->detectors[m->det].rule, m->adds, serious(t, m));
        return;
    }
    if (act == FLT_ACT_ANNOTATE || m->mention) {
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

static uint64_t window_from(const struct flt_track *t, const struct flt_window *w, uint64_t resume, bool holding)
{
    uint64_t from = w->lo > resume ? w->lo : resume;
    if (holding && from < t->front)
        from = t->front;
    return from > t->base ? from : t->base;
}

/*
 * What stands around m: *counts = it is a match; *wait = that cannot be said before more text has come.
 */
static int judge(struct flt_track *t, struct flt_kit *kit, struct flt_match *m, bool over, bool *counts, bool *wait)
{
    const struct flt_surroundings *s = &t->conf.rs->around[t->conf.rs->detectors[m->det].rule];
    struct flt_context_verdict v = {.counts = true};
    int rc = FLT_OK;
    *wait = !over && s->after != 0 && t->end - m->mb < s->after + FLT_MATCHER_AHEAD;
    if (s->n != 0 && !*wait) {
        struct flt_str text = {t->text, (size_t)(t->end - t->base)};
        rc = flt_context_judge(s->v, s->n, kit->match, text, (size_t)(m->ma - t->base), (size_t)(m->mb - t->base), &v);
        t->budget = flt_match_scratch_left(kit->match);
    }
    *counts = v.counts;
    m->mention = v.mention;
    m->adds = (uint8_t)(100 * (v.adds < 1 ? v.adds : 1));
    return rc;
}

static int search_window(struct flt_track *t, struct flt_kit *kit, struct flt_window *w, bool over, uint64_t *open)
{
    const struct flt_detector *d = &t->conf.rs->detectors[w->det];
    bool holding = flt_track_act(t, w->det) >= FLT_ACT_REDACT;
    struct flt_track_seen *seen =
        seen_slot(t->seen, t->cap_seen, w->det); /* nothing is added while windows are searched */
    uint64_t from = window_from(t, w, seen->resume, holding);
    uint64_t limit = w->hi + d->width + SLACK < t->end ? w->hi + d->width + SLACK : t->end;
    bool more = !over || limit < t->end;
    struct flt_str text = {t->text, (size_t)(limit - t->base)};
    while (from <= w->hi && from < limit) {
        enum flt_found found;
        struct flt_found_at at = {.last = (size_t)(w->hi - t->base)};
        uint64_t budget = t->budget;
        flt_match_scratch_allow(kit->match, budget);
        int rc = flt_matcher_find(d->m, kit->match, text, (size_t)(from - t->base), more, &found, &at);
        t->budget = flt_match_scratch_left(kit->match);
        if (rc != FLT_OK)
            return rc;
        if (found == FLT_FOUND_NONE || t->base + at.begin > w->hi)
            break;
        from = seen->resume = t->base + at.begin;
        if (found == FLT_FOUND_PARTIAL && limit < t->end)
            return FLT_E_ENGINE; /* wider than its width: the window was too small to judge */
        if (found == FLT_FOUND_PARTIAL) {
            if (holding && from < *open)
                *open = from;
            return FLT_OK;
        }
        struct flt_match m = {from, t->base + at.end, t->base + at.value_begin, t->base + at.value_end, w->det, 0,
                              false};
        bool counts, wait;
        rc = judge(t, kit, &m, over, &counts, &wait);
        if (rc != FLT_OK)
            return rc;
        if (wait) { /* it will be looked at again, and is charged then */
            t->budget = budget;
            if (holding && from < *open)
                *open = from;
            return FLT_OK;
        }
        if (counts)
            keep(t, &m);
        from = seen->resume = m.mb;
    }
    /* Nothing begins in the rest of the window, nor will: a candidate that is not decided by this text would have been
     * open. */
    uint64_t past = w->hi + 1 < limit ? w->hi + 1 : limit;
    if (seen->resume < past)
        seen->resume = past;
    w->done = true;
    return FLT_OK;
}

static uint32_t *last_win(struct flt_track *t, uint32_t det)
{
    return &seen_slot(t->seen, t->cap_seen, det)->last_win;
}

static void drop_window(struct flt_track *t, uint32_t i)
{
    uint32_t *last = last_win(t, t->win[i].det);
    *last = *last == i + 1 ? 0 : *last;
}

static void move_window(struct flt_track *t, uint32_t from, uint32_t to)
{
    uint32_t *last = last_win(t, t->win[from].det);
    *last = *last == from + 1 ? to + 1 : *last;
    t->win[to] = t->win[from];
}

/*
 * A detector's matches are found in their order: while one is open, what comes behind it waits, as it may turn out to
 * lie inside.
 */
static void take_over(struct flt_track *t, uint32_t i)
{
    uint32_t *last = last_win(t, t->win[i].det);
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
        if (*last_win(t, w->det) < i + 1)
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
