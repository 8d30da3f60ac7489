/*
 * track.c: the loop of the stream redactor.
 *
 *   feed -> scan (hits -> windows) -> resolve:
 *     swallowing?  ............ advance to the end of the run or block; not there yet: everything so far is cut, wait
 *     open start .............. earliest candidate that may still become a match
 *     search windows .......... confirmed matches (found), open ones move the open start back
 *     matches before it, by place:
 *        block ................ stop here (real streams)
 *        run or block shape ... cut from here, swallow, begin again behind it
 *     clusters of values that end before the open start become cuts; the rest is held from the first one on
 */
#include "engine/track.h"

#include "policy/decide.h"

#define BUDGET_BASE     (1u << 20)
#define BUDGET_PER_BYTE FLT_TRACK_BUDGET_PER_BYTE
#define KEEP_SLACK      16u
#define COMPACT_AT      4096u

static void init(struct flt_track *t, const struct flt_track_conf *conf)
{
    *t = (struct flt_track){.conf = *conf, .budget = BUDGET_BASE};
}

int flt_track_open(struct flt_track *t, const struct flt_track_conf *conf)
{
    init(t, conf);
    t->scan = flt_scan_open(conf->rs->scanner);
    return t->scan != NULL ? FLT_OK : FLT_E_NOMEM;
}

int flt_track_begin(struct flt_track *t, const struct flt_track_conf *conf, struct flt_str text)
{
    init(t, conf);
    t->borrowed = true;
    /* Borrowed text is only read; the field is shared with streams, whose text is ours. */
    memcpy(&t->text, &text.p, sizeof(t->text));
    t->end = text.n;
    t->budget += (uint64_t)text.n * BUDGET_PER_BYTE;
    return FLT_OK;
}

void flt_track_close(struct flt_track *t)
{
    flt_scan_close(t->scan);
    if (!t->borrowed && t->text != NULL) {
        flt_wipe(t->text, t->cap);
        free(t->text);
    }
    free(t->seen);
    free(t->word);
    free(t->hit);
    free(t->win);
    free(t->found);
    free(t->cut);
    *t = (struct flt_track){0};
}

size_t flt_track_memory(const struct flt_track *t)
{
    return (t->borrowed ? 0 : t->cap) + t->cap_win * sizeof(*t->win) + t->cap_found * sizeof(*t->found) +
           t->cap_cut * sizeof(*t->cut) + t->cap_seen * sizeof(*t->seen) +
           (t->word != NULL ? t->conf.rs->n_words * sizeof(*t->word) : 0) + t->cap_hit * sizeof(*t->hit) +
           (t->scan != NULL ? flt_scanner_stream_size(t->conf.rs->scanner) : 0);
}

/* ---- cuts ---------------------------------------------------------------------------------------------------------
 */

int flt_track_add_cut(struct flt_track *t, uint64_t a, uint64_t b, uint32_t rule)
{
    if (t->n_cut != 0 && a < t->cut[t->n_cut - 1].b) {
        struct flt_cut *last = &t->cut[t->n_cut - 1];
        last->b = b > last->b ? b : last->b;
        return FLT_OK;
    }
    if (t->n_cut == t->cap_cut) {
        uint32_t cap = t->cap_cut != 0 ? t->cap_cut * 2 : 4;
        struct flt_cut *v = realloc(t->cut, cap * sizeof(*v));
        if (v == NULL)
            return FLT_E_NOMEM;
        t->cut = v;
        t->cap_cut = cap;
    }
    t->cut[t->n_cut++] = (struct flt_cut){.a = a, .b = b, .rule = rule};
    return FLT_OK;
}

void flt_track_forget(struct flt_track *t, uint64_t upto)
{
    uint32_t k = 0;
    while (k < t->n_cut && t->cut[k].b <= upto && !t->cut[k].open)
        k++;
    if (k == 0)
        return;
    t->n_cut -= k;
    memmove(t->cut, t->cut + k, t->n_cut * sizeof(*t->cut));
}

static int by_match_begin(const void *a, const void *b)
{
    const struct flt_match *x = a, *y = b;
    if (x->ma != y->ma)
        return x->ma < y->ma ? -1 : 1;
    return x->det < y->det ? -1 : x->det > y->det;
}

static int by_value(const void *a, const void *b)
{
    const struct flt_match *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    if (x->b != y->b)
        return x->b > y->b ? -1 : 1;
    return x->det < y->det ? -1 : x->det > y->det;
}

static uint32_t graver(const struct flt_track *t, uint32_t rule_a, uint32_t rule_b)
{
    const struct flt_policy *p = t->conf.policy;
    enum flt_action a = flt_policy_act(p, t->conf.direction, t->conf.role, rule_a);
    enum flt_action b = flt_policy_act(p, t->conf.direction, t->conf.role, rule_b);
    return flt_decide_graver(t->conf.rs, a, rule_a, b, rule_b);
}

/* Puts found matches in the order of their begins. */
static void order_found(struct flt_track *t)
{
    if (!t->ordered && t->n_found > t->from_found + 1)
        qsort(t->found + t->from_found, t->n_found - t->from_found, sizeof(*t->found), by_match_begin);
    t->ordered = true;
}

static void sort_values(struct flt_track *t, uint32_t n)
{
    if (n > t->from_found + 1)
        qsort(t->found + t->from_found, n - t->from_found, sizeof(*t->found), by_value);
}

/* One cluster of overlapping values: found[i..*next) of those before n, sorted by value. */
static void cluster(const struct flt_track *t, uint32_t i, uint32_t n, uint32_t *next, struct flt_cut *out)
{
    *out =
        (struct flt_cut){.a = t->found[i].a, .b = t->found[i].b, .rule = t->conf.rs->detectors[t->found[i].det].rule};
    for (*next = i + 1; *next < n && t->found[*next].a < out->b; (*next)++) {
        const struct flt_match *m = &t->found[*next];
        out->b = m->b > out->b ? m->b : out->b;
        out->rule = graver(t, out->rule, t->conf.rs->detectors[m->det].rule);
    }
}

/*
 * Turns clusters of the found matches before n that end at or before `upto` into cuts and records their findings.
 * Returns where the first cluster that does not begins, or upto.
 */
static uint64_t settle(struct flt_track *t, uint32_t n, uint64_t upto)
{
    uint64_t held = upto;
    uint32_t kept = t->from_found, next;
    sort_values(t, n);
    for (uint32_t i = t->from_found; i < n; i = next) {
        struct flt_cut c;
        cluster(t, i, n, &next, &c);
        bool final = c.b <= upto;
        if (final) {
            if (flt_track_add_cut(t, c.a, c.b, c.rule) != FLT_OK)
                t->status = FLT_E_NOMEM;
        } else if (c.a < held) {
            held = c.a;
        }
        for (uint32_t k = i; k < next; k++) {
            if (final)
                (void)flt_track_note(t, &t->found[k]);
            else
                t->found[kept++] = t->found[k];
        }
    }
    if (kept == t->from_found) {
        t->from_found = n;
        return held;
    }
    memmove(t->found + kept, t->found + n, (t->n_found - n) * sizeof(*t->found));
    t->n_found = kept + (t->n_found - n);
    t->ordered = false;
    return held;
}

/* ---- runs and blocks
 * --------------------------------------------------------------------------------------------------- */

static void release(struct flt_track *t, uint64_t upto)
{
    if (upto > t->released)
        t->released = upto;
}

/* A detector's later matches are sought again from `from` on: one that went before may have hidden others. */
static void look_again(struct flt_track *t, uint32_t det, uint64_t from)
{
    uint32_t kept = t->from_found;
    for (uint32_t i = t->from_found; i < t->n_found; i++) {
        if (t->found[i].det != det)
            t->found[kept++] = t->found[i];
    }
    t->n_found = kept;
    struct flt_track_seen *seen = flt_track_seen(t, det);
    if (seen != NULL)
        seen->resume = from;
    for (uint32_t i = 0; i < t->n_win; i++) {
        if (t->win[i].det == det && t->win[i].hi > from) {
            t->win[i].done = false;
            t->unsearched = true;
        }
    }
}

/* Text up to `to` is swallowed: matches that begin in it do not exist. */
static void pass_swallowed(struct flt_track *t, uint64_t to)
{
    order_found(t);
    while (t->from_found < t->n_found && t->found[t->from_found].ma < to) {
        struct flt_match m = t->found[t->from_found++];
        if (m.mb > to)
            look_again(t, m.det, to);
    }
    t->front = to > t->front ? to : t->front;
    release(t, to);
}

/* m goes on past its head; the found matches before n begin at or before it. */
static void start_swallow(struct flt_track *t, struct flt_match m, uint32_t n)
{
    /* Everything that overlaps the head merges with it; settle() makes the cuts and the notes, the last cut stays open.
     */
    uint64_t least = m.b;
    for (uint32_t i = t->from_found; i < n; i++)
        least = t->found[i].b > least ? t->found[i].b : least;
    uint32_t before = t->conf.record->n;
    (void)settle(t, n, UINT64_MAX);
    t->swallow_finding = UINT32_MAX;
    uint64_t a = m.a, b = m.b;
    flt_origin_map(t->conf.origin, &a, &b);
    for (uint32_t i = before; i < t->conf.record->n; i++) {
        const struct flt_finding *f = &t->conf.record->v[i];
        if (f->rule == t->conf.rs->detectors[m.det].rule && f->start == (uint32_t)a)
            t->swallow_finding = i;
    }
    if (t->status != FLT_OK || t->n_cut == 0)
        return;
    /* A value of an earlier match may lie behind the head: it becomes part of the open cut, which must be the last. */
    uint32_t k = t->n_cut - 1;
    while (k > 0 && t->cut[k].a > m.a)
        k--;
    t->n_cut = k + 1;
    t->cut[k].b = least > t->cut[k].b ? least : t->cut[k].b;
    t->cut[k].open = true;
    t->swallowing = true;
    t->swallow_det = m.det;
    t->swallow_pos = m.mb;
    t->swallow_least = least;
}

/* Moves swallow_pos on; *over = the run or block ended there. */
static int advance_swallow(struct flt_track *t, struct flt_kit *kit, bool eof, bool *over)
{
    const struct flt_matcher *m = t->conf.rs->detectors[t->swallow_det].m;
    const struct flt_shape *s = flt_matcher_shape(m);
    uint64_t pos = t->swallow_pos;
    *over = false;
    if (s->kind == FLT_SHAPE_RUN) {
        while (pos < t->end && flt_byteset_has(&s->run, (uint8_t)t->text[pos - t->base]))
            pos++;
        *over = pos < t->end || eof;
    } else {
        enum flt_found found;
        size_t at;
        struct flt_str text = {t->text, (size_t)(t->end - t->base)};
        int rc = flt_matcher_close(m, kit->match, text, (size_t)(pos - t->base), !eof, &found, &at);
        if (rc != FLT_OK)
            return rc;
        pos = found == FLT_FOUND_NONE ? t->end : t->base + at;
        *over = found == FLT_FOUND_MATCH || eof;
    }
    t->swallow_pos = pos;
    return FLT_OK;
}

/* Swallows what there is of the run or block; *over = it ended there. */
static int swallow(struct flt_track *t, struct flt_kit *kit, bool eof, bool *over)
{
    int rc = advance_swallow(t, kit, eof, over);
    if (rc != FLT_OK)
        return rc;
    struct flt_cut *c = &t->cut[t->n_cut - 1];
    uint64_t end = t->swallow_pos;
    c->b = end > t->swallow_least ? end : t->swallow_least;
    pass_swallowed(t, end);
    if (!*over)
        return FLT_OK;
    if (t->swallow_finding != UINT32_MAX) {
        uint64_t from = c->a;
        flt_origin_map(t->conf.origin, &from, &end);
        t->conf.record->v[t->swallow_finding].end = (uint32_t)end;
    }
    c->open = false;
    t->swallowing = false;
    return FLT_OK;
}

/* ---- resolve
 * ------------------------------------------------------------------------------------------------------------ */

static void stop_at(struct flt_track *t, const struct flt_match *m)
{
    /* Delivered is what lies before the first value that overlaps the blocking one. */
    uint32_t next;
    uint64_t at = m->a, b = m->b;
    struct flt_match block = *m;
    sort_values(t, t->n_found);
    for (uint32_t i = t->from_found; i < t->n_found; i = next) {
        struct flt_cut c;
        cluster(t, i, t->n_found, &next, &c);
        if (c.a < b && at < c.b && c.a < at)
            at = c.a;
    }
    (void)settle(t, t->n_found, at);
    (void)flt_track_note(t, &block);
    t->blocked = true;
    t->block_at = at;
    t->block_rule = t->conf.rs->detectors[block.det].rule;
    release(t, at);
}

/*
 * Acts on the first match (by place) that needs more than a cut; false when there is none before `open`. Strictly
 * before: a candidate that begins at the same byte may still win, and which one does must not depend on how the text
 * arrived.
 */
static bool act_on_first(struct flt_track *t, uint64_t open)
{
    uint32_t next;
    order_found(t);
    for (uint32_t i = t->from_found; i < t->n_found && t->found[i].ma < open; i = next) {
        uint32_t block = UINT32_MAX, longer = UINT32_MAX;
        for (next = i; next < t->n_found && t->found[next].ma == t->found[i].ma; next++) {
            uint32_t det = t->found[next].det;
            if (block == UINT32_MAX && t->conf.stop_at_block && flt_track_act(t, det) == FLT_ACT_BLOCK)
                block = next;
            if (longer == UINT32_MAX && flt_matcher_shape(t->conf.rs->detectors[det].m)->kind != FLT_SHAPE_BOUNDED)
                longer = next;
        }
        if (block != UINT32_MAX) {
            struct flt_match m = t->found[block];
            if (m.a > open)
                return false; /* what stands before its value, and would be delivered, is not decided */
            stop_at(t, &m);
            return true;
        }
        if (longer != UINT32_MAX) {
            start_swallow(t, t->found[longer], next);
            return true;
        }
    }
    return false;
}

static int resolve(struct flt_track *t, struct flt_kit *kit, bool eof)
{
    flt_track_scan_hits(t);
    while (!t->blocked) {
        int rc = t->status;
        uint64_t open = t->end;
        if (rc == FLT_OK && t->swallowing) {
            bool over = false;
            rc = swallow(t, kit, eof, &over);
            if (rc == FLT_OK && !over)
                return flt_track_search(t, kit, eof, &open); /* matches that are only recorded go on */
        }
        if (rc == FLT_OK && !eof && t->conf.hold != NULL)
            rc = flt_track_open_start(t, kit, &open);
        if (rc == FLT_OK)
            rc = flt_track_search(t, kit, eof, &open);
        if (rc != FLT_OK)
            return rc;
        if (act_on_first(t, open))
            continue;
        uint64_t held = settle(t, t->n_found, open);
        t->front = open > t->front ? open : t->front;
        release(t, held);
        return t->status;
    }
    return t->status;
}

/* Drops text that neither a candidate nor a boundary can need any more; moves memory only now and then. */
static void drop_old(struct flt_track *t)
{
    const struct flt_ruleset *rs = t->conf.rs;
    uint64_t slack = KEEP_SLACK + rs->max_before, reach = rs->max_width + rs->max_after + slack;
    uint64_t keep = t->end > reach ? t->end - reach : 0;
    if (t->front < keep + slack)
        keep = t->front > slack ? t->front - slack : 0;
    if (t->swallowing && t->swallow_pos < keep)
        keep = t->swallow_pos;
    if (keep < t->base + COMPACT_AT)
        return;
    size_t drop = (size_t)(keep - t->base), left = (size_t)(t->end - keep);
    memmove(t->text, t->text + drop, left);
    flt_wipe(t->text + left, drop);
    t->base = keep;
}

static int append(struct flt_track *t, struct flt_str text)
{
    size_t have = (size_t)(t->end - t->base);
    if (t->end + text.n > UINT32_MAX)
        return FLT_E_LIMIT;
    if (have + text.n > t->cap) {
        size_t cap = t->cap != 0 ? t->cap : 256;
        while (cap < have + text.n)
            cap *= 2;
        char *p = malloc(cap);
        if (p == NULL)
            return FLT_E_NOMEM;
        if (have != 0)
            memcpy(p, t->text, have);
        if (t->text != NULL)
            flt_wipe(t->text, t->cap);
        free(t->text);
        t->text = p;
        t->cap = cap;
    }
    memcpy(t->text + have, text.p, text.n);
    t->end += text.n;
    t->budget += (uint64_t)text.n * BUDGET_PER_BYTE;
    return FLT_OK;
}

int flt_track_feed(struct flt_track *t, struct flt_kit *kit, struct flt_str text)
{
    int rc = t->status;
    if (rc != FLT_OK || text.n == 0 || t->blocked)
        return rc;
    drop_old(t);
    rc = append(t, text);
    if (rc == FLT_OK)
        rc = flt_scan_feed(t->scan, kit->scan, text, flt_track_scan_hit, t);
    if (rc == FLT_OK)
        rc = resolve(t, kit, false);
    t->status = rc;
    return rc;
}

int flt_track_finish(struct flt_track *t, struct flt_kit *kit)
{
    if (t->status == FLT_OK)
        t->status = resolve(t, kit, true);
    return t->status;
}

int flt_track_whole(struct flt_track *t, struct flt_kit *kit)
{
    return flt_track_finish(t, kit);
}
