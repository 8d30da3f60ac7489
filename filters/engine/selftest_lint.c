/* selftest_lint.c: what the format recommends and loading does not demand. */
#include "engine/selftest.h"
#include "scan/digits.h"

#define EXAMPLES  3u
#define TITLE_MAX 80u
#define TELLING   8.0 /* as in rule/ruleset.c: words that surprise less hit honest text too often */

/* One of the gates that all rules share, so that the scanner looks once for all of them. */
static bool is_shared(struct flt_str gate)
{
    for (unsigned g = 0; g < FLT_DIGIT_GATES; g++) {
        if (flt_str_is(gate, flt_digit_gates[g]))
            return true;
    }
    return false;
}

/* Long enough that the scanner looks for them as they are. */
static bool are_words(const struct flt_literals *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (l->v[i].len < FLT_FINDER_MIN)
            return false;
    }
    return l->n != 0;
}

/* Every match holds telling words, or what a shared gate asks for. */
static bool is_cheap(const struct flt_shape *s)
{
    double told = 0;
    for (unsigned i = 0; i < s->factors.n; i++)
        told += are_words(&s->factors.v[i]) ? flt_literals_score(&s->factors.v[i]) : 0;
    return s->digit_run || s->digit_chain || told >= TELLING;
}

static bool is_telling(struct flt_str gate, bool caseless)
{
    struct flt_shape shape;
    struct flt_buf head;
    const char *why;
    size_t where;
    flt_buf_init(&head, 65536);
    int rc = flt_shape_analyse(gate, caseless, &shape, &head, &where, &why);
    flt_buf_free(&head);
    return rc == FLT_OK && is_cheap(&shape);
}

static bool gates_are_cheap(const struct flt_rule *r)
{
    for (uint32_t i = 0; i < r->n_gates; i++) {
        if (!is_shared(r->gates[i].text) && !is_telling(r->gates[i].text, r->caseless != 0))
            return false;
    }
    return r->n_gates != 0;
}

static void lint_anchors(const struct flt_solo *solo, struct flt_diag *d)
{
    const struct flt_ruleset *rs = solo->s->rs;
    const struct flt_rule *r = &rs->rules[solo->rule];
    uint32_t blind = 0;
    for (uint32_t i = 0; i < rs->n_detectors; i++) {
        const struct flt_detector *det = &rs->detectors[i];
        blind += det->rule == solo->rule && !is_cheap(flt_matcher_shape(det->m));
    }
    if (blind != 0 && !gates_are_cheap(r))
        flt_solo_tell(solo, NULL, d, FLT_OK,
                      "%u of its patterns have no telling word, and %s: the scanner pays for it on every text", blind,
                      r->n_gates != 0 ? "its gates are none of the shared ones" : "it has no gate");
}

void flt_trial_lint(const struct flt_solo *solo, struct flt_diag *d)
{
    static const char *const untyped[] = {"[REDACTED]", "[REMOVED]", "[HIDDEN]", "[MASKED]", "[VALUE]",
                                          "[DATA]",     "[X]",       "[XXX]",    NULL};
    const struct flt_rule *r = &solo->s->rs->rules[solo->rule];
    if (r->n_match < EXAMPLES || r->n_no_match < EXAMPLES)
        flt_solo_tell(solo, NULL, d, FLT_E_CONFIG, "%u examples that match and %u that do not (expected %u of each)",
                      r->n_match, r->n_no_match, EXAMPLES);
    if (r->title.n > TITLE_MAX)
        flt_solo_tell(solo, NULL, d, FLT_OK, "its title has %zu bytes (expected at most %u)", r->title.n, TITLE_MAX);
    for (const char *const *u = untyped; *u != NULL; u++) {
        if (flt_str_is(r->placeholder, *u))
            flt_solo_tell(solo, NULL, d, FLT_OK, "its placeholder %s does not say what stood there", *u);
    }
    lint_anchors(solo, d);
}

int flt_snapshot_trial(const struct flt_snapshot *s, struct flt_trial *out, flt_trial_fn tell, void *arg)
{
    struct flt_solo solo;
    *out = (struct flt_trial){.worst_rule = UINT32_MAX};
    int rc = flt_solo_open(&solo, s);
    for (uint32_t i = 0; rc == FLT_OK && i < s->rs->n_rules; i++) {
        struct flt_diag d = {0};
        flt_solo_rule(&solo, i, FLT_REQUEST);
        flt_trial_lint(&solo, &d);
        rc = flt_trial_variants(&solo, out, &d);
        if (rc == FLT_OK)
            rc = flt_trial_cost(&solo, out, &d);
        if (d.n != 0)
            tell(arg, &d);
        flt_diag_free(&d);
    }
    flt_solo_close(&solo);
    return rc;
}
