/*
 * The scanner decides where the matcher looks: telling words, gates and windows may cost a look too many, never a
 * match. For each pattern of the shipped packs, random matches among random neighbours are judged twice, as the engine
 * does it and by every pattern over the whole text; both must find the same. Once more without validators and
 * boundaries, so that every generated string counts.
 */
#include "pattern_gen.h"
#include "track_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ROUNDS 1u
#define STRIDE 4u /* of long texts: one for each so many patterns */
#else
#define ROUNDS 3u
#define STRIDE 1u
#endif
#define TRIES      300u /* at a string that the validators take, too */
#define TEXT_MAX   (1u << 20)
#define ANY        UINT32_MAX
#define SCAN_SLICE 65536u /* long texts are scanned in slices of so many bytes */

enum { RECORDING, ENFORCING, TENANTS };

/* The shipped packs as a snapshot of our own making: as they are, or with all that a match needs besides its pattern
 * taken off. */
struct shipped {
    struct flt_snapshot s;
    struct flt_rules rules;
    struct flt_tenant tenant[TENANTS];
    struct flt_policy *policy[TENANTS];
    struct flt_str *pattern; /* [detector]; empty = it does not look at texts as they are */
    uint32_t *number;        /* [detector] within its rule, from 1 */
    uint32_t *aim, n_aim;    /* detectors with a pattern */
};
static struct shipped strict, bare;

struct texts {
    uint64_t seed;
    unsigned compared, findings, hits; /* hits: texts in which the rule aimed at was found */
};

/* ---- setting up -------------------------------------------------------------------------------------------------- */

/* A rule's detectors stand in the order of its patterns; what comes after those looks at other texts. */
static void number_detectors(struct shipped *x)
{
    const struct flt_ruleset *rs = x->s.rs;
    x->pattern = calloc(rs->n_detectors, sizeof(*x->pattern));
    x->number = calloc(rs->n_detectors, sizeof(*x->number));
    x->aim = calloc(rs->n_detectors, sizeof(*x->aim));
    assert_true(x->pattern != NULL && x->number != NULL && x->aim != NULL);
    for (uint32_t d = 0; d < rs->n_detectors; d++) {
        const struct flt_rule *rule = &x->rules.v[rs->detectors[d].rule];
        uint32_t k = d > 0 && rs->detectors[d - 1].rule == rs->detectors[d].rule ? x->number[d - 1] : 0;
        x->number[d] = k + 1;
        if (rule->n_patterns == 0 && k == 0)
            x->pattern[d] = rule->block_open.text;
        else if (k < rule->n_patterns)
            x->pattern[d] = rule->patterns[k].text;
        if (x->pattern[d].n != 0)
            x->aim[x->n_aim++] = d;
    }
    assert_true(x->n_aim >= x->rules.n);
}

static void load(struct shipped *x, bool all)
{
    struct flt_diag d = {0};
    x->s.arena = flt_arena_new(64u << 20);
    assert_non_null(x->s.arena);
    flt_packs_load_builtin(x->s.arena, &x->rules, &d);
    for (uint32_t i = 0; !all && i < x->rules.n; i++) {
        if (x->rules.v[i].n_gates == 0)
            x->rules.v[i].n_validate = 0;
        x->rules.v[i].left = x->rules.v[i].right = FLT_BOUND_NONE;
    }
    x->s.rs = flt_ruleset_new(&x->rules, NULL, &d);
    assert_non_null(x->s.rs);
    for (unsigned i = 0; i < TENANTS; i++) {
        flt_tenant_defaults(&x->tenant[i]);
        x->tenant[i].rules.block_level = x->tenant[i].rules.observe_level = 4;
        for (unsigned c = 0; i == RECORDING && c < FLT_CLASS_COUNT; c++)
            x->tenant[i].rules.class_action[c] = FLT_ACT_ANNOTATE;
        x->policy[i] = flt_policy_new(&x->tenant[i], x->s.rs, &d);
        assert_non_null(x->policy[i]);
    }
    assert_false(flt_diag_failed(&d));
    flt_diag_free(&d);
    number_detectors(x);
}

static void unload(struct shipped *x)
{
    for (unsigned i = 0; i < TENANTS; i++)
        flt_policy_free(x->policy[i]);
    flt_ruleset_free(x->s.rs);
    flt_arena_free(x->s.arena);
    free(x->pattern);
    free(x->number);
    free(x->aim);
}

static struct rig rig_for(const struct shipped *x, unsigned tenant, struct flt_worker *w, uint32_t det)
{
    bool request = x->rules.v[x->s.rs->detectors[det].rule].direction == FLT_REQUEST;
    return (struct rig){.s = &x->s,
                        .w = w,
                        .policy = x->policy[tenant],
                        .hold = x->policy[tenant]->answer,
                        .direction = request ? FLT_REQUEST : FLT_RESPONSE,
                        .role = request ? FLT_ROLE_USER : FLT_ROLE_ASSISTANT};
}

/* ---- judging ----------------------------------------------------------------------------------------------------- */

/* As the engine does it. */
static struct outcome gated(const struct rig *r, struct flt_str text)
{
    struct outcome o = {0};
    struct flt_record rec;
    struct flt_track t = {0};
    assert_int_equal(flt_record_init(&rec, r->s->rs, r->policy), FLT_OK);
    struct flt_track_conf conf = rig_conf(r, &rec, false);
    o.rc = flt_track_begin(&t, &conf, text);
    t.budget = UINT64_MAX; /* the other side needs more of it: not what is compared here */
    if (o.rc == FLT_OK)
        o.rc = flt_track_scan_whole(&t, &r->w->kit);
    rig_take(r, &t, &rec, &o);
    flt_track_close(&t);
    flt_record_free(&rec);
    return o;
}

/* Without the scanner: one window over the whole text for each detector; only those of a rule, or one, if not ANY. */
static struct outcome judged(const struct shipped *x, const struct rig *r, struct flt_str text, uint32_t rule,
                             uint32_t det)
{
    struct outcome o = {0};
    struct flt_record rec;
    struct flt_track t = {0};
    const struct flt_ruleset *rs = r->s->rs;
    assert_int_equal(flt_record_init(&rec, rs, r->policy), FLT_OK);
    struct flt_track_conf conf = rig_conf(r, &rec, false);
    o.rc = flt_track_begin(&t, &conf, text);
    t.budget = UINT64_MAX;
    for (uint32_t d = 0; o.rc == FLT_OK && d < rs->n_detectors; d++) {
        uint32_t its = rs->detectors[d].rule;
        int direction = rs->rules[its].direction;
        if (x->pattern[d].n != 0 && flt_detector_looks(&rs->detectors[d], 0) && (rule == ANY || rule == its) && (det == ANY || det == d) &&
            (direction == 2 || direction == (int)r->direction))
            flt_track_hit(&t, d, text.n, (uint32_t)text.n);
    }
    if (o.rc == FLT_OK)
        o.rc = flt_track_whole(&t, &r->w->kit);
    rig_take(r, &t, &rec, &o);
    flt_track_close(&t);
    flt_record_free(&rec);
    return o;
}

static bool holds(const struct outcome *o, const struct flt_finding *f)
{
    for (uint32_t i = 0; i < o->n_finding; i++) {
        if (o->finding[i].rule == f->rule && o->finding[i].start == f->start && o->finding[i].end == f->end)
            return true;
    }
    return false;
}

/* Names each pattern whose matches the gated engine does not find. */
static void name_losses(const struct shipped *x, const struct rig *r, struct flt_str text)
{
    struct rig recording = *r;
    recording.policy = x->policy[RECORDING];
    struct outcome have = gated(&recording, text);
    for (uint32_t k = 0; k < x->n_aim; k++) {
        uint32_t d = x->aim[k];
        struct outcome own = judged(x, &recording, text, ANY, d);
        for (uint32_t i = 0; i < own.n_finding; i++) {
            if (!holds(&have, &own.finding[i]))
                print_error("LOST: %.*s, pattern %u, [%u,%u)\n", FLT_STR_ARG(x->rules.v[x->s.rs->detectors[d].rule].id),
                            x->number[d], own.finding[i].start, own.finding[i].end);
        }
        outcome_free(&own);
    }
    outcome_free(&have);
}

static void show(const char *why, struct flt_str text)
{
    print_error("%s\ntext (%zu bytes): ", why, text.n);
    for (size_t i = 0; i < text.n && i < 4000; i++) {
        uint8_t c = (uint8_t)text.p[i];
        if (c >= ' ' && c < 0x7f && c != '\\')
            print_error("%c", c);
        else
            print_error("\\x%02x", c);
    }
    print_error("\n");
}

static void compare(const struct shipped *x, const struct rig *r, struct flt_str text, uint32_t det, struct texts *n)
{
    struct outcome a = gated(r, text), b = judged(x, r, text, ANY, ANY);
    /* Of a full record, what was left out is a matter of the order in which detectors had their turn. */
    bool full = a.n_finding == FLT_FINDINGS_MAX && b.n_finding == FLT_FINDINGS_MAX;
    const char *why = full ? NULL : rig_differ(r, &b, &a);
    if (why != NULL) {
        show(why, text);
        print_error("aimed at %.*s, pattern %u\n", FLT_STR_ARG(x->rules.v[x->s.rs->detectors[det].rule].id),
                    x->number[det]);
        rig_print(r, "gated", &a);
        rig_print(r, "every", &b);
        name_losses(x, r, text);
        fail_msg("%s", why);
    }
    assert_int_equal(a.rc, FLT_OK);
    n->compared++;
    n->findings += a.n_finding;
    for (uint32_t i = 0; i < a.n_finding; i++) {
        if (a.finding[i].rule == x->s.rs->detectors[det].rule) {
            n->hits++;
            break;
        }
    }
    outcome_free(&a);
    outcome_free(&b);
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

static void add(struct flt_buf *b, const void *p, size_t n)
{
    assert_int_equal(flt_buf_add(b, p, n), FLT_OK);
}

static void add_bytes(struct flt_buf *b, uint64_t *seed, size_t n, const char *of)
{
    for (size_t k = strlen(of); n > 0; n--)
        add(b, &of[rig_random(seed) % k], 1);
}

static void add_match(const struct shipped *x, uint32_t det, uint64_t *seed, struct flt_buf *out)
{
    const struct flt_rule *rule = &x->rules.v[x->s.rs->detectors[det].rule];
    gen_match(x->pattern[det], rule->caseless != 0, seed, out);
    if (rule->n_patterns != 0)
        return;
    add_bytes(out, seed, rig_random(seed) % 80, "abcXYZ019+/=\n -");
    if (rig_random(seed) % 4 != 0)
        gen_match(rule->block_close.text, rule->caseless != 0, seed, out);
}

/* One that is a match with its validators too, unless that is too rare. */
static void add_valid(const struct shipped *x, uint32_t det, struct flt_kit *kit, uint64_t *seed, struct flt_buf *out)
{
    struct flt_buf b;
    flt_buf_init(&b, TEXT_MAX);
    for (unsigned i = 0; i < TRIES; i++) {
        enum flt_found found;
        struct flt_found_at at = {.last = SIZE_MAX};
        flt_buf_clear(&b);
        add_match(x, det, seed, &b);
        assert_int_equal(
            flt_matcher_find(x->s.rs->detectors[det].m, kit->match, flt_buf_str(&b), 0, false, &found, &at), FLT_OK);
        if (found == FLT_FOUND_MATCH && at.begin == 0)
            break;
    }
    add(out, b.p, b.n);
    flt_buf_free(&b);
}

/* Some bytes of a match: words of it that stand alone, ends that begin nothing. */
static void add_part(const struct shipped *x, uint32_t det, uint64_t *seed, struct flt_buf *out)
{
    struct flt_buf b;
    flt_buf_init(&b, TEXT_MAX);
    add_match(x, det, seed, &b);
    size_t from = rig_random(seed) % b.n, n = 1 + rig_random(seed) % (b.n - from);
    add(out, b.p + from, n);
    flt_buf_free(&b);
}

static void add_neighbour(const struct shipped *x, uint32_t det, uint64_t *seed, struct flt_buf *out)
{
    static const char printable[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;-_=+/@'\"()[]{}";
    static const char other[] = "caf\xC3\xA9 \xE4\xB8\xAD\xE6\x96\x87 \xF0\x9F\x98\x80";
    uint32_t any = x->aim[rig_random(seed) % x->n_aim];
    switch (rig_random(seed) % 8) {
    case 0:
        break;
    case 1:
    case 2:
        add_bytes(out, seed, 1, " \n\t.,:'\"");
        break;
    case 3:
        add_bytes(out, seed, 1 + rig_random(seed) % 40, printable);
        break;
    case 4:
        add_part(x, det, seed, out);
        break;
    case 5:
        add_part(x, any, seed, out);
        add_bytes(out, seed, rig_random(seed) % 2, " ");
        break;
    case 6:
        add_match(x, rig_random(seed) % 2 == 0 ? any : det, seed, out);
        add_bytes(out, seed, rig_random(seed) % 2, " ");
        break;
    default:
        add(out, other, rig_random(seed) % sizeof(other));
        add_bytes(out, seed, rig_random(seed) % 400, "aeiou nst rdl");
        add(out, " ", 1);
    }
}

static void make_text(const struct shipped *x, uint32_t det, struct flt_kit *kit, uint64_t *seed, struct flt_buf *out)
{
    flt_buf_clear(out);
    add_neighbour(x, det, seed, out);
    add_valid(x, det, kit, seed, out);
    add_neighbour(x, det, seed, out);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

/* The pattern alone. */
static struct flt_matcher *matcher_of(struct flt_str pattern, bool caseless)
{
    struct flt_matcher_conf conf = {.pattern = pattern, .caseless = caseless};
    size_t where;
    bool in_close;
    char why[200];
    struct flt_matcher *m = flt_matcher_new(&conf, &where, &in_close, why, sizeof(why));
    assert_non_null(m);
    return m;
}

static void the_generator_writes_what_pcre_matches(void **state)
{
    struct flt_worker *w = fixture_worker(&strict.s);
    struct flt_buf b;
    uint64_t seed = 2024;
    (void)state;
    flt_buf_init(&b, TEXT_MAX);
    for (uint32_t i = 0; i < strict.n_aim; i++) {
        uint32_t d = strict.aim[i];
        bool caseless = strict.rules.v[strict.s.rs->detectors[d].rule].caseless != 0;
        struct flt_matcher *m = matcher_of(strict.pattern[d], caseless);
        for (unsigned k = 0; k < 10 * ROUNDS; k++) {
            enum flt_found found;
            struct flt_found_at at = {.last = SIZE_MAX};
            flt_buf_clear(&b);
            gen_match(strict.pattern[d], caseless, &seed, &b);
            assert_int_equal(flt_matcher_find(m, w->kit.match, flt_buf_str(&b), 0, false, &found, &at), FLT_OK);
            if (found != FLT_FOUND_MATCH || at.begin != 0) {
                show("this is no match", flt_buf_str(&b));
                fail_msg("pattern %.*s", FLT_STR_ARG(strict.pattern[d]));
            }
        }
        flt_matcher_free(m);
    }
    flt_buf_free(&b);
    flt_worker_free(w);
}

/* Gates are written by hand: they are looked at longer than what is derived from the patterns. */
static unsigned rounds_for(const struct shipped *x, uint32_t det)
{
    const char *env = getenv("SALLYPORT_ROUNDS");
    unsigned rounds = env != NULL ? (unsigned)strtoul(env, NULL, 10) : ROUNDS;
    return x->rules.v[x->s.rs->detectors[det].rule].n_gates != 0 ? 3 * rounds : rounds;
}

/* Streams see the same hits in other windows; how a text is cut must not lose a match either. */
static void compare_pieces(const struct rig *r, struct flt_str text, uint64_t *seed)
{
    size_t cuts[8];
    struct outcome whole = gated(r, text);
    assert_true(rig_agrees(r, text, &whole, cuts, rig_cuts(seed, text.n, cuts, 1 + rig_random(seed) % 8)));
    outcome_free(&whole);
}

static void every_match_is_found(const struct shipped *x, const char *name)
{
    struct flt_worker *w = fixture_worker(&x->s);
    struct flt_buf b;
    struct texts n = {.seed = 77};
    flt_buf_init(&b, TEXT_MAX);
    for (uint32_t i = 0; i < x->n_aim; i++) {
        uint32_t d = x->aim[i];
        struct rig recording = rig_for(x, RECORDING, w, d), enforcing = rig_for(x, ENFORCING, w, d);
        for (unsigned k = rounds_for(x, d); k > 0; k--) {
            make_text(x, d, &w->kit, &n.seed, &b);
            compare(x, &recording, flt_buf_str(&b), d, &n);
            compare(x, &enforcing, flt_buf_str(&b), d, &n);
            if (enforcing.direction == FLT_RESPONSE)
                compare_pieces(&enforcing, flt_buf_str(&b), &n.seed);
        }
    }
    print_message("%s: %u comparisons over %u patterns, %u findings; %u texts held a match of the rule aimed at\n",
                  name, n.compared, x->n_aim, n.findings, n.hits);
    assert_true(n.hits > n.compared / 4);
    flt_buf_free(&b);
    flt_worker_free(w);
}

static void gates_lose_no_match(void **state)
{
    (void)state;
    every_match_is_found(&strict, "as shipped");
}

static void gates_lose_no_match_of_the_bare_patterns(void **state)
{
    (void)state;
    every_match_is_found(&bare, "without boundaries, and validators where there is no gate");
}

/* The findings of one rule, as many and the same. */
static bool same_of_rule(const struct outcome *a, const struct outcome *own, uint32_t rule)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->n_finding; i++) {
        if (a->finding[i].rule != rule)
            continue;
        if (n == own->n_finding || a->finding[i].start != own->finding[n].start ||
            a->finding[i].end != own->finding[n].end)
            return false;
        n++;
    }
    return n == own->n_finding;
}

static void a_match_across_two_slices_is_found(void **state)
{
    struct flt_worker *w = fixture_worker(&strict.s);
    struct flt_buf b, m;
    struct texts n = {.seed = 4711};
    (void)state;
    flt_buf_init(&b, TEXT_MAX);
    flt_buf_init(&m, TEXT_MAX);
    for (uint32_t i = 0; i < strict.n_aim; i += STRIDE) {
        uint32_t d = strict.aim[i];
        uint32_t rule = strict.s.rs->detectors[d].rule;
        struct rig r = rig_for(&strict, RECORDING, w, d);
        flt_buf_clear(&b);
        flt_buf_clear(&m);
        add_valid(&strict, d, &w->kit, &n.seed, &m);
        add_bytes(&b, &n.seed, SCAN_SLICE - 1 - rig_random(&n.seed) % m.n, "aeiou nst rdl");
        add(&b, " ", 1);
        add(&b, m.p, m.n);
        add(&b, " end", 4);
        struct outcome a = gated(&r, flt_buf_str(&b)), own = judged(&strict, &r, flt_buf_str(&b), rule, ANY);
        if (a.rc != FLT_OK || own.rc != FLT_OK || !same_of_rule(&a, &own, rule)) {
            show("differs", flt_buf_str(&m));
            name_losses(&strict, &r, flt_buf_str(&b));
            fail_msg("%.*s, pattern %u", FLT_STR_ARG(strict.rules.v[rule].id), strict.number[d]);
        }
        n.compared++;
        n.hits += own.n_finding != 0;
        outcome_free(&a);
        outcome_free(&own);
    }
    print_message("across slices: %u texts, %u of them with a match\n", n.compared, n.hits);
    flt_buf_free(&b);
    flt_buf_free(&m);
    flt_worker_free(w);
}

static int load_packs(void **state)
{
    (void)state;
    load(&strict, true);
    load(&bare, false);
    return 0;
}

static int unload_packs(void **state)
{
    (void)state;
    unload(&strict);
    unload(&bare);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_writes_what_pcre_matches),
        cmocka_unit_test(gates_lose_no_match),
        cmocka_unit_test(gates_lose_no_match_of_the_bare_patterns),
        cmocka_unit_test(a_match_across_two_slices_is_found),
    };
    return cmocka_run_group_tests(tests, load_packs, unload_packs);
}
