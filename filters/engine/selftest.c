/*
 * selftest.c: the packs' own examples, run when a snapshot is built and by `rules test`. Each rule is judged alone:
 * does one of its detectors find a value, and the right one. Both paths are tried: the whole text, and one byte at a
 * time.
 */
#include "engine/selftest.h"

struct bench {
    struct flt_solo solo;
    struct flt_hold *hold;
};

/* Runs text; reports whether the rule hit, and whether one hit's value was exactly span. */
static int run(const struct bench *b, struct flt_str text, struct flt_str span, bool pieces, bool *hit, bool *exact)
{
    const struct flt_snapshot *s = b->solo.s;
    struct flt_kit *kit = &b->solo.worker->kit;
    struct flt_record rec = {0};
    struct flt_track t = {0};
    struct flt_track_conf conf = {.rs = s->rs,
                                  .policy = b->solo.policy,
                                  .hold = pieces ? b->hold : NULL,
                                  .record = &rec,
                                  .direction = b->solo.direction,
                                  .role = b->solo.role};
    int rc = flt_record_init(&rec, s->rs, b->solo.policy);
    if (rc == FLT_OK)
        rc = pieces ? flt_track_open(&t, &conf) : flt_track_begin(&t, &conf, text);
    if (rc == FLT_OK && !pieces)
        rc = flt_track_scan_whole(&t, kit);
    for (size_t i = 0; rc == FLT_OK && pieces && i < text.n; i++)
        rc = flt_track_feed(&t, kit, (struct flt_str){text.p + i, 1});
    if (rc == FLT_OK && pieces)
        rc = flt_track_finish(&t, kit);
    *hit = *exact = false;
    for (uint32_t i = 0; rc == FLT_OK && i < rec.n; i++) {
        if (rec.v[i].rule != b->solo.rule)
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
    flt_solo_tell(&b->solo, e, d, FLT_E_CONFIG, "%s", what);
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

static void test_rule(struct bench *b, uint32_t rule, struct flt_diag *d)
{
    const struct flt_rule *r = &b->solo.s->rs->rules[rule];
    flt_solo_rule(&b->solo, rule, FLT_RESPONSE);
    b->hold = flt_hold_new(b->solo.policy, b->solo.s->rs, b->solo.direction, b->solo.role);
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
    struct bench b = {.hold = NULL};
    if (flt_solo_open(&b.solo, s) != FLT_OK)
        flt_diag_add(d, FLT_E_NOMEM, "", 0, 0, "", "out of memory");
    else
        for (uint32_t i = 0; i < s->rs->n_rules; i++)
            test_rule(&b, i, d);
    flt_solo_close(&b.solo);
}
