/* selftest_solo.c: one rule alone over a text. */
#include <stdarg.h>

#include "engine/selftest.h"
#include "engine/views.h"

#define ARENA_MAX ((size_t)256 << 20)

int flt_solo_open(struct flt_solo *solo, const struct flt_snapshot *s)
{
    struct flt_diag none = {0};
    *solo = (struct flt_solo){.s = s};
    solo->policy = flt_policy_new(&s->defaults, s->rs, &none);
    solo->worker = flt_worker_new();
    solo->arena = flt_arena_new(ARENA_MAX);
    flt_diag_free(&none);
    if (solo->policy == NULL || solo->worker == NULL || solo->arena == NULL)
        return FLT_E_NOMEM;
    return flt_worker_prepare(solo->worker, s);
}

void flt_solo_close(struct flt_solo *solo)
{
    flt_policy_free(solo->policy);
    flt_worker_free(solo->worker);
    flt_arena_free(solo->arena);
    *solo = (struct flt_solo){0};
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

void flt_solo_act(struct flt_solo *solo, bool acting)
{
    const struct flt_ruleset *rs = solo->s->rs;
    size_t place = ((size_t)solo->direction * FLT_ROLE_COUNT + solo->role) * rs->n_rules + solo->rule;
    int action = rs->rules[solo->rule].action;
    if (!acting)
        action = FLT_ACT_ANNOTATE;
    else if (action == FLT_ACT_ANNOTATE)
        action = FLT_ACT_REDACT; /* so that both ways of finding are tried */
    solo->policy->act[place] = (uint8_t)action;
}

void flt_solo_rule(struct flt_solo *solo, uint32_t rule, enum flt_direction prefer)
{
    const struct flt_rule *r = &solo->s->rs->rules[rule];
    struct flt_policy *p = solo->policy;
    size_t n = solo->s->rs->n_rules;
    solo->rule = rule;
    solo->direction =
        r->direction == FLT_REQUEST || r->direction == FLT_RESPONSE ? (enum flt_direction)r->direction : prefer;
    solo->role = acting_role(r, solo->direction);
    memset(p->act, 0, n * 2 * FLT_ROLE_COUNT);
    memset(p->on, 0, n);
    p->on[rule] = 1;
    flt_solo_act(solo, true);
    p->views[FLT_REQUEST] = r->views & ~(1u << FLT_VIEW_RAW);
}

int flt_solo_run(const struct flt_solo *solo, struct flt_str text, bool views, struct flt_solo_found *out)
{
    struct flt_record rec = {0};
    struct flt_track t = {0};
    struct flt_track_conf conf = {
        .rs = solo->s->rs, .policy = solo->policy, .record = &rec, .direction = solo->direction, .role = solo->role};
    *out = (struct flt_solo_found){.hit = false};
    int rc = flt_record_init(&rec, solo->s->rs, solo->policy);
    if (rc == FLT_OK)
        rc = flt_track_begin(&t, &conf, text);
    uint64_t budget = t.budget;
    if (rc == FLT_OK)
        rc = flt_track_scan_whole(&t, &solo->worker->kit);
    out->confirm = budget - t.budget;
    if (rc == FLT_OK && views && rec.n == 0) {
        struct flt_views v = {.conf = conf, .kit = &solo->worker->kit, .text = text, .arena = solo->arena};
        rc = flt_views_inspect(&v);
        flt_arena_reset(solo->arena);
    }
    for (uint32_t i = 0; rc == FLT_OK && i < rec.n; i++) {
        if (out->hit && out->start <= rec.v[i].start)
            continue;
        out->hit = true;
        out->start = rec.v[i].start;
        out->end = rec.v[i].end;
    }
    flt_track_close(&t);
    flt_record_free(&rec);
    return rc;
}

void flt_solo_tell(const struct flt_solo *solo, const struct flt_example *e, struct flt_diag *d, int code,
                   const char *fmt, ...)
{
    const struct flt_rule *r = &solo->s->rs->rules[solo->rule];
    char file[256], words[300];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    snprintf(file, sizeof(file), "%.*s", FLT_STR_ARG(r->file));
    flt_diag_add(d, code, file, e != NULL ? e->line : r->line, e != NULL ? e->col : r->col,
                 e != NULL ? "examples" : "rules", "rule %.*s: %s", FLT_STR_ARG(r->id), words);
}
