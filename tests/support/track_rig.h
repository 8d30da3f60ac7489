/*
 * track_rig.h: one text through the stream redactor, whole and in pieces, and what must be equal about it. Used by unit
 * tests and by the fuzz target, so problems are returned as words.
 */
#ifndef TEST_TRACK_RIG_H
#define TEST_TRACK_RIG_H

#include "engine/cut.h"
#include "engine/snapshot.h"
#include "policy/decide.h"
#include "rig_texts.h"
#include "rules_fixture.h"

struct rig {
    const struct flt_snapshot *s;
    struct flt_worker *w;
    const struct flt_policy *policy;
    const struct flt_hold *hold;
    enum flt_direction direction;
    enum flt_role role;
    bool stop_at_block;
};

static inline void rig_open(struct rig *r, const struct flt_snapshot *s, uint32_t tenant, bool stop_at_block)
{
    *r = (struct rig){.s = s,
                      .w = fixture_worker(s),
                      .policy = flt_snapshot_policy(s, tenant),
                      .direction = FLT_RESPONSE,
                      .role = FLT_ROLE_ASSISTANT,
                      .stop_at_block = stop_at_block};
    r->hold = r->policy->answer;
}

static inline void rig_close(struct rig *r)
{
    flt_worker_free(r->w);
}

/* What came of one text. */
struct outcome {
    int rc;
    struct flt_cut *cut;
    uint32_t n_cut;
    struct flt_finding *finding;
    uint32_t n_finding;
    uint8_t *seen; /* [rule] */
    uint64_t released;
    bool blocked;
    uint64_t block_at;
    uint32_t block_rule;
    uint64_t most_held; /* most text bytes held back after a feed */
    uint64_t held_sum;
    const char *wrong; /* a broken promise on the way; NULL = none */
};

static inline void outcome_free(struct outcome *o)
{
    free(o->cut);
    free(o->finding);
    free(o->seen);
    *o = (struct outcome){0};
}

static inline void *rig_copy(const void *p, size_t n)
{
    void *v = malloc(n + 1);
    if (v == NULL)
        abort();
    if (n != 0)
        memcpy(v, p, n);
    return v;
}

static inline int rig_by_place(const void *a, const void *b)
{
    const struct flt_finding *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static inline void rig_take(const struct rig *r, const struct flt_track *t, struct flt_record *rec, struct outcome *o)
{
    o->cut = rig_copy(t->cut, t->n_cut * sizeof(*t->cut));
    o->n_cut = t->n_cut;
    if (rec->n > 1)
        qsort(rec->v, rec->n, sizeof(*rec->v), rig_by_place);
    o->finding = rig_copy(rec->v, rec->n * sizeof(*rec->v));
    o->n_finding = rec->n;
    o->seen = rig_copy(rec->seen, r->s->rs->n_rules);
    o->released = t->released;
    o->blocked = t->blocked;
    o->block_at = t->block_at;
    o->block_rule = t->block_rule;
}

static inline struct flt_track_conf rig_conf(const struct rig *r, struct flt_record *rec, bool pieces)
{
    return (struct flt_track_conf){.rs = r->s->rs,
                                   .policy = r->policy,
                                   .hold = pieces ? r->hold : NULL,
                                   .record = rec,
                                   .direction = r->direction,
                                   .role = r->role,
                                   .stop_at_block = r->stop_at_block};
}

static inline struct outcome rig_whole(const struct rig *r, struct flt_str text)
{
    struct outcome o = {0};
    struct flt_record rec;
    struct flt_track t = {0};
    if (flt_record_init(&rec, r->s->rs, r->policy) != FLT_OK)
        abort();
    struct flt_track_conf conf = rig_conf(r, &rec, false);
    o.rc = flt_track_begin(&t, &conf, text);
    if (o.rc == FLT_OK)
        o.rc = flt_scan_block(r->s->rs->scanner, r->w->kit.scan, text, flt_track_scan_hit, &t);
    if (o.rc == FLT_OK)
        o.rc = flt_track_whole(&t, &r->w->kit);
    rig_take(r, &t, &rec, &o);
    flt_track_close(&t);
    flt_record_free(&rec);
    return o;
}

static inline bool rig_is_cut(const struct flt_cut *v, uint32_t n, uint64_t at)
{
    for (uint32_t i = 0; i < n; i++) {
        if (at >= v[i].a && at < v[i].b)
            return true;
    }
    return false;
}

/* After each feed: released only grows, stays within the text, and what it says about each released byte is final
 * (fate[]). */
static inline const char *rig_step(const struct flt_track *t, uint64_t *released, uint8_t *fate)
{
    if (t->released < *released)
        return "released shrank";
    if (t->released > t->end)
        return "released runs past the text";
    for (; *released < t->released; (*released)++)
        fate[*released] = rig_is_cut(t->cut, t->n_cut, *released);
    return NULL;
}

static inline const char *rig_fates(const struct outcome *o, uint64_t released, const uint8_t *fate)
{
    for (uint64_t i = 0; i < released; i++) {
        if (fate[i] != rig_is_cut(o->cut, o->n_cut, i))
            return fate[i] ? "a byte was withheld that is in no cut" : "a byte was released that a later cut holds";
    }
    return NULL;
}

/* cuts: ascending offsets at which the text is cut. The cuts a track makes are kept here, so that each byte's fate can
 * be compared. */
static inline struct outcome rig_pieces(const struct rig *r, struct flt_str text, const size_t *cuts, size_t n_cuts)
{
    struct outcome o = {0};
    struct flt_record rec;
    struct flt_track t = {0};
    uint8_t *fate = calloc(text.n + 1, 1);
    uint64_t released = 0;
    if (fate == NULL || flt_record_init(&rec, r->s->rs, r->policy) != FLT_OK)
        abort();
    struct flt_track_conf conf = rig_conf(r, &rec, true);
    o.rc = flt_track_open(&t, &conf);
    for (size_t i = 0, at = 0; o.rc == FLT_OK && i <= n_cuts; i++) {
        size_t to = i < n_cuts ? cuts[i] : text.n;
        char *piece = rig_copy(text.p + at, to - at); /* exact, so that a sanitizer sees any read past it */
        o.rc = flt_track_feed(&t, &r->w->kit, (struct flt_str){piece, to - at});
        free(piece);
        at = to;
        if (o.wrong == NULL)
            o.wrong = rig_step(&t, &released, fate);
        uint64_t held = t.blocked ? 0 : t.end - t.released;
        o.most_held = held > o.most_held ? held : o.most_held;
        o.held_sum += held;
    }
    if (o.rc == FLT_OK)
        o.rc = flt_track_finish(&t, &r->w->kit);
    if (o.wrong == NULL)
        o.wrong = rig_step(&t, &released, fate);
    rig_take(r, &t, &rec, &o);
    if (o.wrong == NULL && o.rc == FLT_OK)
        o.wrong = rig_fates(&o, released, fate);
    free(fate);
    flt_track_close(&t);
    flt_record_free(&rec);
    return o;
}

static inline bool rig_same_findings(const struct outcome *a, const struct outcome *b)
{
    /* Behind a block nobody looks, so what is only recorded there depends on how much had come. */
    if (a->blocked)
        return true;
    if (a->n_finding != b->n_finding)
        return false;
    for (uint32_t i = 0; i < a->n_finding; i++) {
        const struct flt_finding *x = &a->finding[i], *y = &b->finding[i];
        if (x->rule != y->rule || x->start != y->start || x->end != y->end || x->would != y->would ||
            x->role != y->role)
            return false;
    }
    return true;
}

/* NULL when both say the same about the text. */
static inline const char *rig_differ(const struct rig *r, const struct outcome *whole, const struct outcome *pieces)
{
    if (pieces->wrong != NULL)
        return pieces->wrong;
    if (whole->rc != pieces->rc)
        return "status differs";
    if (whole->rc != FLT_OK)
        return NULL;
    if (whole->blocked != pieces->blocked || whole->block_at != pieces->block_at ||
        whole->block_rule != pieces->block_rule)
        return "blocking differs";
    if (whole->released != pieces->released)
        return "released differs";
    if (whole->n_cut != pieces->n_cut)
        return "number of cuts differs";
    for (uint32_t i = 0; i < whole->n_cut; i++) {
        const struct flt_cut *x = &whole->cut[i], *y = &pieces->cut[i];
        if (x->a != y->a || x->b != y->b || x->rule != y->rule || x->open || y->open)
            return "a cut differs";
    }
    if (!rig_same_findings(whole, pieces))
        return "findings differ";
    if (!whole->blocked && memcmp(whole->seen, pieces->seen, r->s->rs->n_rules) != 0)
        return "silent hits differ";
    return NULL;
}

static inline void rig_print(const struct rig *r, const char *what, const struct outcome *o)
{
    fprintf(stderr, "%s: rc %d released %llu blocked %d at %llu\n", what, o->rc, (unsigned long long)o->released,
            o->blocked, (unsigned long long)o->block_at);
    for (uint32_t i = 0; i < o->n_cut; i++)
        fprintf(stderr, "  cut [%llu,%llu) %.*s\n", (unsigned long long)o->cut[i].a, (unsigned long long)o->cut[i].b,
                FLT_STR_ARG(r->s->rs->rules[o->cut[i].rule].id));
    for (uint32_t i = 0; i < o->n_finding; i++)
        fprintf(stderr, "  finding [%u,%u) %.*s would %u\n", o->finding[i].start, o->finding[i].end,
                FLT_STR_ARG(r->s->rs->rules[o->finding[i].rule].id), o->finding[i].would);
}

/* Cuts the text at the given places and compares with the whole; prints and returns false when they differ. */
static inline bool rig_agrees(const struct rig *r, struct flt_str text, const struct outcome *whole, const size_t *cuts,
                              size_t n_cuts)
{
    struct outcome o = rig_pieces(r, text, cuts, n_cuts);
    const char *why = rig_differ(r, whole, &o);
    if (why != NULL) {
        fprintf(stderr, "%s\ntext (%zu bytes): ", why, text.n);
        for (size_t i = 0, k = 0; i < text.n; i++) {
            if (k < n_cuts && cuts[k] == i) {
                fputs("|", stderr);
                k++;
            }
            fputc(text.p[i] == '\n' ? '~' : text.p[i], stderr);
        }
        fputc('\n', stderr);
        rig_print(r, "whole", whole);
        rig_print(r, "pieces", &o);
    }
    outcome_free(&o);
    return why == NULL;
}

/* ---- the documented meaning, without windows, scanner or streams
 * ------------------------------------------------------- */

struct naive {
    const struct rig *r;
    struct flt_str text;
    uint64_t *resume; /* [detector] after its last settled match */
    uint64_t front;
    struct flt_match *v; /* matches from front on, by place */
    uint32_t n, cap;
    struct flt_cut *cut;
    uint32_t n_cut;
};

static inline void naive_cut(struct naive *x, struct flt_cut c)
{
    if (x->n_cut != 0 && c.a < x->cut[x->n_cut - 1].b) {
        if (c.b > x->cut[x->n_cut - 1].b)
            x->cut[x->n_cut - 1].b = c.b;
        return;
    }
    x->cut = realloc(x->cut, (x->n_cut + 1) * sizeof(*x->cut));
    if (x->cut == NULL)
        abort();
    x->cut[x->n_cut++] = c;
}

static inline void naive_find(struct naive *x)
{
    const struct flt_ruleset *rs = x->r->s->rs;
    x->n = 0;
    for (uint32_t d = 0; d < rs->n_detectors; d++) {
        if (flt_policy_act(x->r->policy, x->r->direction, x->r->role, rs->detectors[d].rule) < FLT_ACT_REDACT)
            continue;
        if (!flt_detector_looks(&rs->detectors[d], 0))
            continue;
        uint64_t from = x->resume[d] > x->front ? x->resume[d] : x->front;
        enum flt_found found = FLT_FOUND_MATCH;
        while (from < x->text.n) {
            struct flt_found_at at = {.last = SIZE_MAX};
            flt_match_scratch_allow(x->r->w->kit.match, UINT64_MAX);
            if (flt_matcher_find(rs->detectors[d].m, x->r->w->kit.match, x->text, from, false, &found, &at) != FLT_OK)
                abort();
            if (found != FLT_FOUND_MATCH)
                break;
            if (x->n == x->cap) {
                x->cap = x->cap * 2 + 16;
                x->v = realloc(x->v, x->cap * sizeof(*x->v));
                if (x->v == NULL)
                    abort();
            }
            const struct flt_surroundings *around = &rs->around[rs->detectors[d].rule];
            struct flt_context_verdict verdict;
            if (flt_context_judge(around->v, around->n, x->r->w->kit.match, x->text, at.begin, at.end, &verdict) !=
                FLT_OK)
                abort();
            if (verdict.counts && !verdict.mention)
                x->v[x->n++] =
                    (struct flt_match){.ma = at.begin, .mb = at.end, .a = at.value_begin, .b = at.value_end, .det = d};
            from = at.end;
        }
    }
}

static inline int naive_by_place(const void *a, const void *b)
{
    const struct flt_match *x = a, *y = b;
    if (x->ma != y->ma)
        return x->ma < y->ma ? -1 : 1;
    return x->det < y->det ? -1 : x->det > y->det;
}

static inline int naive_by_value(const void *a, const void *b)
{
    const struct flt_match *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->b != y->b ? (x->b > y->b ? -1 : 1) : 0;
}

/* Cuts of the first n matches. */
static inline void naive_settle(struct naive *x, uint32_t n)
{
    const struct flt_ruleset *rs = x->r->s->rs;
    for (uint32_t i = 0; i < n; i++) {
        if (x->v[i].mb > x->resume[x->v[i].det])
            x->resume[x->v[i].det] = x->v[i].mb;
    }
    if (n > 1)
        qsort(x->v, n, sizeof(*x->v), naive_by_value);
    for (uint32_t i = 0, k; i < n; i = k) {
        struct flt_cut c = {.a = x->v[i].a, .b = x->v[i].b, .rule = rs->detectors[x->v[i].det].rule};
        for (k = i + 1; k < n && x->v[k].a < c.b; k++) {
            uint32_t rule = rs->detectors[x->v[k].det].rule;
            enum flt_action act_a = flt_policy_act(x->r->policy, x->r->direction, x->r->role, c.rule);
            enum flt_action act_b = flt_policy_act(x->r->policy, x->r->direction, x->r->role, rule);
            c.b = x->v[k].b > c.b ? x->v[k].b : c.b;
            c.rule = flt_decide_graver(rs, act_a, c.rule, act_b, rule);
        }
        naive_cut(x, c);
    }
}

/* Where the run or block that m begins ends. */
static inline uint64_t naive_end(const struct naive *x, const struct flt_match *m)
{
    const struct flt_matcher *mt = x->r->s->rs->detectors[m->det].m;
    const struct flt_shape *s = flt_matcher_shape(mt);
    uint64_t end = m->mb;
    if (s->kind == FLT_SHAPE_RUN) {
        while (end < x->text.n && flt_byteset_has(&s->run, (uint8_t)x->text.p[end]))
            end++;
        return end;
    }
    enum flt_found found;
    size_t at;
    if (flt_matcher_close(mt, x->r->w->kit.match, x->text, end, false, &found, &at) != FLT_OK)
        abort();
    return found == FLT_FOUND_MATCH ? at : x->text.n;
}

/* The text is blocked by match m: what is delivered ends where the values begin that its own overlaps. */
static inline void naive_stop(struct naive *x, struct flt_match m, struct outcome *o)
{
    uint32_t before = 0;
    o->blocked = true;
    o->block_rule = x->r->s->rs->detectors[m.det].rule;
    o->block_at = m.a;
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 0; i < x->n; i++) {
            uint64_t to = o->block_at == m.a ? m.b : o->block_at + 1;
            if (x->v[i].a < o->block_at && (x->v[i].b > o->block_at || (x->v[i].b > m.a && x->v[i].a < to))) {
                o->block_at = x->v[i].a;
                again = true;
            }
        }
    }
    for (uint32_t i = 0; i < x->n; i++) {
        if (x->v[i].b <= o->block_at)
            x->v[before++] = x->v[i];
    }
    naive_settle(x, before);
    o->released = o->block_at;
}

/* One run, block or stop; false when there is none left. */
static inline bool naive_step(struct naive *x, struct outcome *o)
{
    const struct flt_ruleset *rs = x->r->s->rs;
    naive_find(x);
    if (x->n > 1)
        qsort(x->v, x->n, sizeof(*x->v), naive_by_place);
    for (uint32_t i = 0, k; i < x->n; i = k) {
        const struct flt_match *longer = NULL, *block = NULL;
        for (k = i; k < x->n && x->v[k].ma == x->v[i].ma; k++) {
            enum flt_action act =
                flt_policy_act(x->r->policy, x->r->direction, x->r->role, rs->detectors[x->v[k].det].rule);
            if (block == NULL && act == FLT_ACT_BLOCK && x->r->stop_at_block)
                block = &x->v[k];
            if (longer == NULL && flt_matcher_shape(rs->detectors[x->v[k].det].m)->kind != FLT_SHAPE_BOUNDED)
                longer = &x->v[k];
        }
        if (block != NULL) {
            naive_stop(x, *block, o);
            return false;
        }
        if (longer == NULL)
            continue;
        struct flt_match m = *longer;
        uint64_t end = naive_end(x, &m), least = end;
        for (uint32_t q = 0; q < k; q++)
            least = x->v[q].b > least ? x->v[q].b : least;
        naive_settle(x, k);
        while (x->n_cut > 1 && x->cut[x->n_cut - 1].a > m.a)
            x->n_cut--;
        x->cut[x->n_cut - 1].b = least;
        x->front = end;
        return true;
    }
    naive_settle(x, x->n);
    o->released = x->text.n;
    return false;
}

/* Cuts and blocking only; no findings. */
static inline struct outcome rig_naive(const struct rig *r, struct flt_str text)
{
    struct outcome o = {0};
    struct naive x = {.r = r, .text = text, .resume = calloc(r->s->rs->n_detectors + 1, sizeof(uint64_t))};
    if (x.resume == NULL)
        abort();
    while (naive_step(&x, &o))
        ;
    o.cut = x.cut;
    o.n_cut = x.n_cut;
    free(x.v);
    free(x.resume);
    return o;
}

/* True when whole says what the documented meaning says. */
static inline bool rig_means(const struct rig *r, struct flt_str text, const struct outcome *whole)
{
    struct outcome o = rig_naive(r, text);
    bool same = whole->rc == FLT_OK && o.n_cut == whole->n_cut && o.blocked == whole->blocked &&
                o.block_at == whole->block_at && o.released == whole->released;
    for (uint32_t i = 0; same && i < o.n_cut; i++)
        same = o.cut[i].a == whole->cut[i].a && o.cut[i].b == whole->cut[i].b && o.cut[i].rule == whole->cut[i].rule;
    if (!same) {
        fprintf(stderr, "not what it should mean\ntext (%zu bytes): %.*s\n", text.n, FLT_STR_ARG(text));
        rig_print(r, "whole", whole);
        rig_print(r, "meaning", &o);
    }
    outcome_free(&o);
    return same;
}

#endif
