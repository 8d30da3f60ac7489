/* selftest_profile.c: what rules cost on a given text. */
#include "engine/selftest.h"

struct flt_profile {
    struct flt_solo solo;
    const struct flt_ruleset *rs;
    uint64_t hits, budget;
    uint32_t n_on; /* rules that are on */
    struct flt_track track; /* between scan and confirm */
    struct flt_record record;
};

struct flt_profile *flt_profile_new(const struct flt_snapshot *s)
{
    struct flt_profile *p = calloc(1, sizeof(*p));
    if (p == NULL || flt_solo_open(&p->solo, s) != FLT_OK) {
        flt_profile_free(p);
        return NULL;
    }
    p->rs = s->rs;
    for (uint32_t i = 0; i < s->rs->n_rules; i++)
        p->n_on += p->solo.policy->on[i];
    for (uint32_t i = 0; i < s->rs->n_rules; i++)
        flt_profile_rule(p, i, false);
    return p;
}

void flt_profile_free(struct flt_profile *p)
{
    if (p == NULL)
        return;
    flt_track_close(&p->track);
    flt_record_free(&p->record);
    flt_solo_close(&p->solo);
    free(p);
}

void flt_profile_rule(struct flt_profile *p, uint32_t rule, bool on)
{
    size_t n = p->rs->n_rules;
    p->n_on = p->n_on + on - p->solo.policy->on[rule];
    p->solo.policy->on[rule] = on;
    p->solo.policy->act[((size_t)FLT_REQUEST * FLT_ROLE_COUNT + FLT_ROLE_USER) * n + rule] =
        on ? FLT_ACT_ANNOTATE : FLT_ACT_ALLOW;
}

static void on_hit(void *arg, uint32_t id, uint64_t end)
{
    struct flt_profile *p = arg;
    const struct flt_expression_hits *e = &p->rs->expressions[id];
    if (p->n_on == 0)
        return;
    for (uint32_t i = 0; i < e->n; i++)
        p->hits += p->solo.policy->on[p->rs->detectors[e->v[i].det].rule];
    flt_track_scan_hit(&p->track, id, end);
}

static void end(struct flt_profile *p)
{
    flt_track_close(&p->track);
    flt_record_free(&p->record);
}

int flt_profile_scan(struct flt_profile *p, struct flt_str text)
{
    struct flt_track_conf conf = {
        .rs = p->rs, .policy = p->solo.policy, .record = &p->record, .direction = FLT_REQUEST, .role = FLT_ROLE_USER};
    end(p);
    p->hits = 0;
    int rc = flt_record_init(&p->record, p->rs, p->solo.policy);
    if (rc == FLT_OK)
        rc = flt_track_begin(&p->track, &conf, text);
    p->budget = p->track.budget;
    return rc == FLT_OK ? flt_scan_block(p->rs->scanner, p->solo.worker->kit.scan, text, on_hit, p) : rc;
}

int flt_profile_confirm(struct flt_profile *p, struct flt_profile_cost *out)
{
    int rc = flt_track_whole(&p->track, &p->solo.worker->kit);
    *out = (struct flt_profile_cost){
        .hits = p->hits, .confirm = p->budget - p->track.budget, .findings = p->record.n + p->record.dropped};
    end(p);
    return rc;
}
