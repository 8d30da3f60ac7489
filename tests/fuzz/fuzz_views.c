/*
 * fuzz_views.c: any text through all of its derived forms.
 *
 * - Findings lie within the text and are whole characters; what redaction leaves is UTF-8.
 * - The decision does not depend on what the thread's memory holds.
 * - The memory of the derived texts keeps to a small multiple of their budget.
 * - The probe misses nothing that a maker finds, and a maker that is told where to look finds what it finds without;
 *   masks are the same with and without the machine's own instructions.
 *
 * Input: a byte of switches (the low three bits: role; 8: the shipped packs; 16: a tenant that only watches), the text.
 */
#include "engine/snapshot.h"
#include "rules_fixture.h"
#include "text/decode.h"
#include "text/masks.h"
#include "text/utf8.h"
#include "view_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MOST   6000u
#define BUDGET      ((size_t)256 << 10) /* as engine/views.c has it, */
#define BUDGET_BYTE 8u
#define OVERHEAD    3u /* and what lists, blocks of the arena and tries cost besides */

static const struct fixture_pack packs[] = {
    {"pii", FIXTURE_HEAD("pii.t") FIXTURE_RULE(
                "pii.mail", "patterns: ['[a-z]{1,20}@[a-z]{1,20}[.]example'], action: redact, placeholder: '[EMAIL]'",
                "me@host.example", "me at host")
                FIXTURE_RULE("pii.card", "patterns: ['[0-9]{4}[ -]?[0-9]{4}'], action: redact, placeholder: '[N]'",
                             "1234-5678", "12345")},
    {"secrets", FIXTURE_HEAD("secrets.t") FIXTURE_RULE("secrets.tok",
                                                       "patterns: ['tk-[a-z0-9]{4,}'], action: redact, placeholder: "
                                                       "'[TOK]'",
                                                       "tk-ab12", "tk-a")},
    {"injection",
     FIXTURE_HEAD("injection.t") FIXTURE_RULE(
         "injection.ignore",
         "case: insensitive, patterns: ['ignore[^a-z0-9]{1,5}all[^a-z0-9]{1,5}previous', 'ignoreallprevious'], action: "
         "redact, placeholder: '[ORDER]'",
         "ignore all previous", "ignore some")
         FIXTURE_RULE("injection.run", "patterns: ['secret[^ ]{1,30}end'], action: annotate", "secret-end", "secret")},
};

enum { ENFORCING, WATCHING, TENANTS };
static struct flt_tenant tenants[TENANTS];

struct side {
    const struct flt_snapshot *s;
    struct flt_worker *w;
};

static const struct side *side_for(bool shipped)
{
    static struct side sides[2];
    if (sides[shipped].s != NULL)
        return &sides[shipped];
    if (sides[!shipped].s == NULL) {
        fixture_tenants(tenants, TENANTS);
        tenants[WATCHING].mode = FLT_MONITOR;
    }
    sides[shipped].s =
        shipped ? fixture_shipped(tenants, TENANTS) : fixture_snapshot(packs, FLT_ARRAY_LEN(packs), tenants, TENANTS);
    sides[shipped].w = fixture_worker(sides[shipped].s);
    return &sides[shipped];
}

static void require(bool ok, const char *what, unsigned n)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_views: %s (%u)\n", what, n);
    abort();
}

/* ---- probe and makers ------------------------------------------------------------------------------------------- */

struct made {
    uint32_t views;
    size_t bytes;
};

static int note(void *arg, const struct flt_derived *d)
{
    struct made *m = arg;
    m->views |= 1u << d->view;
    m->bytes += d->text.n;
    return FLT_OK;
}

/* The maker, told where to look, makes what it makes of the whole text. */
static void check_places(struct flt_str text, const struct flt_probe *p, view_maker make, enum flt_view view)
{
    struct flt_arena *arena = flt_arena_new((size_t)1 << 28);
    struct flt_maker k = {.arena = arena, .budget = (size_t)1 << 27};
    struct flt_derived whole, told;
    require(arena != NULL && make(&k, text, &whole) == FLT_OK, "maker", view);
    require(whole.text.n == 0 || (p->views >> view & 1) != 0, "the probe missed a view", view);
    k.places = &p->places;
    require(make(&k, text, &told) == FLT_OK && map_fault(&told, text.n) == NULL, "maker with places", view);
    require(told.text.n <= whole.text.n, "more is made where to look is told", view);
    flt_arena_free(arena);
}

/* The view of gaps is made where the probe says, never longer than the text, and told of nothing it is not made. */
static void check_spacing(struct flt_str text, const struct flt_probe *p)
{
    struct flt_arena *arena = flt_arena_new((size_t)1 << 28);
    struct flt_maker k = {.arena = arena, .budget = (size_t)1 << 27, .places = &p->places};
    struct flt_derived d;
    require(arena != NULL && flt_spacing(&k, text, &d) == FLT_OK && k.left_out == 0, "maker", FLT_VIEW_FOLDED);
    require((d.text.n != 0) == p->spaced, "the probe and the view of gaps differ", p->spaced);
    require(d.text.n <= text.n && map_fault(&d, text.n) == NULL, "map of the view of gaps", 0);
    require(flt_utf8_valid(d.text, NULL), "the view of gaps is not UTF-8", 0);
    flt_arena_free(arena);
}

static void check_decoders(struct flt_str text, const struct flt_probe *p)
{
    struct flt_arena *arena = flt_arena_new((size_t)1 << 28);
    struct flt_maker k = {.arena = arena, .budget = (size_t)1 << 27};
    struct made whole = {0, 0}, told = {0, 0};
    uint32_t hex = 1u << FLT_VIEW_HEX;
    require(arena != NULL && flt_decode(&k, text, hex, note, &whole) == FLT_OK, "decoder", FLT_VIEW_HEX);
    k.places = &p->places;
    require(flt_decode(&k, text, hex, note, &told) == FLT_OK, "decoder with places", FLT_VIEW_HEX);
    require((whole.views & ~p->views) == 0, "the probe missed an encoding", whole.views);
    require(whole.bytes == told.bytes, "a decoder misses what it finds without places", FLT_VIEW_HEX);
    flt_arena_free(arena);
}

static void check_masks(struct flt_str text)
{
    struct flt_masks a, b;
    for (size_t at = 0; at + FLT_BLOCK <= text.n; at += 17) {
        flt_masks_read(text.p + at, &a);
        flt_masks_plain(text.p + at, &b);
        require(memcmp(&a, &b, sizeof(a)) == 0, "masks", (unsigned)at);
    }
}

static void check_probe(struct flt_str text)
{
    struct flt_probe p;
    flt_probe_text(text, UINT32_MAX, &p);
    require(p.ascii == ((p.views >> FLT_VIEW_FOLDED & 1) == 0), "ASCII or to be folded", p.views);
    check_places(text, &p, flt_fold, FLT_VIEW_FOLDED);
    check_places(text, &p, flt_leet, FLT_VIEW_LEET);
    check_places(text, &p, flt_squash, FLT_VIEW_SQUASHED);
    check_decoders(text, &p);
    check_spacing(text, &p);
}

/* ---- the whole walk --------------------------------------------------------------------------------------------- */

static int inspect(const struct side *side, const struct flt_text_in *in, struct flt_arena *arena,
                   struct flt_decision *d, struct flt_str *edited)
{
    struct flt_arena *own = side->w->kit.views;
    side->w->kit.views = flt_arena_new(OVERHEAD * (BUDGET + BUDGET_BYTE * in->text.n));
    require(side->w->kit.views != NULL, "memory", 0);
    int rc = flt_inspect_text(side->w, in, arena, d, edited);
    flt_arena_free(side->w->kit.views);
    side->w->kit.views = own;
    return rc;
}

/* Whole characters at both ends. */
static bool whole_chars(struct flt_str t, const struct flt_finding *f)
{
    return f->start <= f->end && f->end <= t.n && (f->start == t.n || ((uint8_t)t.p[f->start] & 0xC0) != 0x80) &&
           (f->end == t.n || ((uint8_t)t.p[f->end] & 0xC0) != 0x80);
}

static void same(const struct flt_decision *a, const struct flt_decision *b)
{
    require(a->action == b->action && a->would == b->would && a->n_findings == b->n_findings &&
                a->bytes_unviewed == b->bytes_unviewed && a->blocking_rule == b->blocking_rule &&
                memcmp(&a->score, &b->score, sizeof(a->score)) == 0,
            "another decision", a->n_findings);
    for (uint32_t i = 0; i < a->n_findings; i++) {
        const struct flt_finding *f = &a->findings[i], *g = &b->findings[i];
        require(f->rule == g->rule && f->start == g->start && f->end == g->end && f->action == g->action &&
                    memcmp(f->view, g->view, sizeof(f->view)) == 0,
                "another finding", i);
    }
}

static void check_walk(const struct side *side, const struct flt_text_in *in)
{
    struct flt_arena *arena = flt_arena_new((size_t)1 << 28);
    struct flt_decision first, second;
    struct flt_str edited, again;
    require(arena != NULL, "memory", 0);
    int rc = inspect(side, in, arena, &first, &edited);
    require(rc == FLT_OK || rc == FLT_E_LIMIT, "status", (unsigned)-rc);
    require(flt_inspect_text(side->w, in, arena, &second, &again) == rc, "another status", 0);
    if (rc == FLT_OK) {
        same(&first, &second);
        require(flt_str_eq(edited, again), "another text", 0);
        require(flt_utf8_valid(edited, NULL), "what is left is not UTF-8", 0);
        for (uint32_t i = 0; i < first.n_findings; i++)
            require(first.findings[i].end <= in->text.n &&
                        (first.findings[i].view[0] == FLT_VIEW_RAW || whole_chars(in->text, &first.findings[i])),
                    "half a character is found", first.findings[i].rule);
    }
    flt_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size - 1 > TEXT_MOST)
        return 0;
    struct flt_str text = {(const char *)data + 1, size - 1};
    check_masks(text);
    if (!flt_utf8_valid(text, NULL))
        return 0;
    check_probe(text);
    const struct side *side = side_for((data[0] & 8u) != 0);
    struct flt_text_in in = {.snapshot = side->s,
                             .tenant = (data[0] & 16u) != 0 ? WATCHING : ENFORCING,
                             .direction = FLT_REQUEST,
                             .role = (enum flt_role)((data[0] & 7u) % FLT_ROLE_COUNT),
                             .text = text};
    check_walk(side, &in);
    return 0;
}
