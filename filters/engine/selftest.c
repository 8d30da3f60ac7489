/*
 * selftest.c: the packs' own examples, run when a snapshot is built and by `rules test`. Each rule is judged alone:
 * does one of its detectors find a value, and the right one. Both paths are tried: the whole text, and one byte at a
 * time.
 */
#include "engine/cut.h"
#include "engine/snapshot.h"

struct bench {
    const struct flt_snapshot *s;
    struct flt_policy *policy;
    struct flt_hold *hold;
    struct flt_kit *kit;
    uint32_t rule;
    enum flt_direction direction;
    enum flt_role role;
};

/* Runs text; reports whether the rule hit, and whether one hit's value was exactly span. */
static int run(const struct bench *b, struct flt_str text, struct flt_str span, bool pieces, bool *hit, bool *exact)
{
    struct flt_record rec = {0};
    struct flt_track t = {0};
    struct flt_track_conf conf = {.rs = b->s->rs,
                                  .policy = b->policy,
                                  .hold = pieces ? b->hold : NULL,
                                  .record = &rec,
                                  .direction = b->direction,
                                  .role = b->role};
    int rc = flt_record_init(&rec, b->s->rs, b->policy);
    if (rc == FLT_OK)
        rc = pieces ? flt_track_open(&t, &conf) : flt_track_begin(&t, &conf, text);
    if (rc == FLT_OK && !pieces)
        rc = flt_scan_block(b->s->rs->scanner, b->kit->scan, text, flt_track_scan_hit, &t);
    for (size_t i = 0; rc == FLT_OK && pieces && i < text.n; i++)
        rc = flt_track_feed(&t, b->kit, (struct flt_str){text.p + i, 1});
    if (rc == FLT_OK)
        rc = flt_track_finish(&t, b->kit);
    *hit = *exact = false;
    for (uint32_t i = 0; rc == FLT_OK && i < rec.n; i++) {
        if (rec.v[i].rule != b->rule)
            continue;
        *hit = true;
        struct flt_str value = {text.p + rec.v[i].start, rec.v[i].end - rec.v[i].start};
        *exact = *exact || span.n == 0 || flt_str_eq(value, span);
    }
    flt_track_close(&t);
    flt_record_free(&rec);
    return rc;
}

static void complain(const struct bench *b, const struct flt_example *e, struct flt_diag *d, const char *what)
{
    const struct flt_rule *r = &b->s->rs->rules[b->rule];
    char file[256];
    snprintf(file, sizeof(file), "%.*s", FLT_STR_ARG(r->file));
    flt_diag_add(d, FLT_E_CONFIG, file, e->line, e->col, "examples", "rule %.*s: %s", FLT_STR_ARG(r->id), what);
}

static void try_match(const struct bench *b, const struct flt_example *e, struct flt_diag *d)
{
    for (int pieces = 0; pieces < 2; pieces++) {
        bool hit, exact;
        if (run(b, e->text, e->span, pieces != 0, &hit, &exact) != FLT_OK)
            complain(b, e, d, "the example could not be inspected");
        else if (!hit)
            complain(b, e, d, pieces ? "the example is not found byte by byte" : "the example is not found");
        else if (!exact)
            complain(b, e, d, "the example is found, but not the given span");
        else
            continue;
        return;
    }
}

static void try_no_match(const struct bench *b, const struct flt_example *e, struct flt_diag *d)
{
    bool hit, exact;
    if (run(b, e->text, (struct flt_str){NULL, 0}, false, &hit, &exact) != FLT_OK)
        complain(b, e, d, "the example could not be inspected");
    else if (hit)
        complain(b, e, d, "the example must not be found, but is");
}

static enum flt_role acting_role(const struct flt_rule *r, enum flt_direction dir)
{
    if (dir == FLT_RESPONSE && (r->roles & (1u << FLT_ROLE_ASSISTANT)))
        return FLT_ROLE_ASSISTANT;
    if (r->roles & (1u << FLT_ROLE_USER))
        return FLT_ROLE_USER;
    unsigned role = 0;
    while (role + 1 < FLT_ROLE_COUNT && !(r->roles & (1u << role)))
        role++;
    return (enum flt_role)role;
}

static void test_rule(struct bench *b, struct flt_diag *d)
{
    const struct flt_rule *r = &b->s->rs->rules[b->rule];
    size_t n = (size_t)b->s->rs->n_rules;
    b->direction = r->direction == FLT_REQUEST ? FLT_REQUEST : FLT_RESPONSE;
    b->role = acting_role(r, b->direction);
    /* Alone: this rule acts, every other one is off. */
    memset(b->policy->act, 0, n * 2 * FLT_ROLE_COUNT);
    b->policy->act[((size_t)b->direction * FLT_ROLE_COUNT + b->role) * n + b->rule] =
        r->action == FLT_ACT_ANNOTATE ? FLT_ACT_REDACT : (uint8_t)r->action;
    b->hold = flt_hold_new(b->policy, b->s->rs, b->direction, b->role);
    if (b->hold == NULL) {
        flt_diag_add(d, FLT_E_NOMEM, "", 0, 0, "", "out of memory");
        return;
    }
    for (uint32_t i = 0; i < r->n_match; i++)
        try_match(b, &r->match[i], d);
    for (uint32_t i = 0; i < r->n_no_match; i++)
        try_no_match(b, &r->no_match[i], d);
    flt_hold_free(b->hold);
}

void flt_selftest(const struct flt_snapshot *s, struct flt_diag *d)
{
    struct flt_worker *w = flt_worker_new();
    struct flt_diag none = {0};
    struct bench b = {.s = s, .policy = flt_policy_new(&s->defaults, s->rs, &none)};
    if (w == NULL || b.policy == NULL || flt_worker_prepare(w, s) != FLT_OK) {
        flt_diag_add(d, FLT_E_NOMEM, "", 0, 0, "", "out of memory");
        goto out;
    }
    b.kit = &w->kit;
    for (b.rule = 0; b.rule < s->rs->n_rules; b.rule++)
        test_rule(&b, d);
out:
    flt_diag_free(&none);
    flt_policy_free(b.policy);
    flt_worker_free(w);
}
