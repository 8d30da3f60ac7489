/*
 * document.c: many short strings cost more in calls than in bytes, so they are scanned in one go: texts are laid side
 * by side with a byte between them that UTF-8 never has. The scanner may see a pattern across two texts; the matchers,
 * which decide, never do.
 */
#include "engine/document.h"

#include "engine/views.h"
#include "policy/decide.h"

#define SEPARATOR  '\xff'
#define ALONE_FROM 1024u      /* longer texts are scanned where they stand */
#define MAX_HITS   (1u << 20) /* scanner hits of one batch; more is a limit, not a pass */
#define BATCH      65536u     /* bytes after which a batch is scanned */

struct text {
    const struct flt_field *field;
    uint32_t number; /* index of the field: the span of its findings */
    struct flt_str s;
    struct flt_inner_piece inner; /* FLT_FIELD_JSON; else only .map is used */
    uint32_t batch_begin;
    bool cut; /* something was cut from it */
};

struct hit {
    uint32_t text, expression;
    uint32_t end;
};

struct pass {
    struct flt_document *d;
    struct text *text;
    uint32_t n_text;
    struct hit *hit;
    uint32_t n_hit, cap_hit;
    /* while scanning */
    uint32_t *in_batch; /* indices of batched texts in order */
    uint32_t n_in_batch, at;
    int status;
};

/* ---- texts
 * ------------------------------------------------------------------------------------------------------------- */

static int read_text(struct pass *p, const struct flt_field *f, uint32_t number)
{
    struct flt_document *d = p->d;
    struct text *t = &p->text[p->n_text];
    *t = (struct text){.field = f, .number = number};
    int rc = FLT_OK;
    if (f->kind == FLT_FIELD_NUMBER)
        t->s = flt_json_raw(d->json, f->tok);
    else
        rc = flt_json_text(d->json, f->tok, d->arena, &t->s, &t->inner.map);
    if (rc == FLT_OK && f->kind == FLT_FIELD_JSON && t->s.n != 0) {
        struct flt_inner in = {0};
        struct flt_offmap outer = t->inner.map;
        rc = flt_inner_feed(&in, t->s, &outer, d->arena, &t->inner);
        t->s = t->inner.text;
    }
    if (rc == FLT_OK && t->s.n != 0)
        p->n_text++;
    d->record->total += t->s.n;
    return rc;
}

static int read_texts(struct pass *p)
{
    struct flt_document *d = p->d;
    int rc = FLT_OK;
    p->text = flt_arena_alloc(d->arena, (d->fields->n + 1u) * sizeof(*p->text));
    if (p->text == NULL)
        return FLT_E_NOMEM;
    for (uint32_t i = 0; rc == FLT_OK && i < d->fields->n; i++) {
        const struct flt_field *f = &d->fields->v[i];
        uint32_t len = d->json->tok[f->tok].len;
        if (f->kind == FLT_FIELD_OPAQUE || f->kind == FLT_FIELD_UNREADABLE) {
            d->record->opaque += len;
            d->record->total += len;
            d->unreadable = d->unreadable || f->kind == FLT_FIELD_UNREADABLE;
        } else if (f->kind != FLT_FIELD_REPEAT && len != 0) {
            rc = read_text(p, f, i);
        }
    }
    return rc;
}

/* ---- scan
 * --------------------------------------------------------------------------------------------------------------- */

static void add_hit(struct pass *p, uint32_t text, uint32_t expression, uint64_t end)
{
    if (p->n_hit == p->cap_hit) {
        uint32_t cap = p->cap_hit != 0 ? p->cap_hit * 2 : 64;
        struct hit *v = p->cap_hit < MAX_HITS ? realloc(p->hit, cap * sizeof(*v)) : NULL;
        if (v == NULL) {
            p->status = p->cap_hit < MAX_HITS ? FLT_E_NOMEM : FLT_E_LIMIT;
            return;
        }
        p->hit = v;
        p->cap_hit = cap;
    }
    p->hit[p->n_hit++] = (struct hit){text, expression, (uint32_t)end};
}

static void on_hit(void *arg, uint32_t id, uint64_t end)
{
    struct pass *p = arg;
    /* Ends come in rising order, so the text under the cursor is nearly always the right one. */
    while (p->at > 0 && p->text[p->in_batch[p->at]].batch_begin >= end)
        p->at--;
    while (p->at + 1 < p->n_in_batch && p->text[p->in_batch[p->at + 1]].batch_begin < end)
        p->at++;
    const struct text *t = &p->text[p->in_batch[p->at]];
    uint64_t rel = end - t->batch_begin;
    if (rel <= t->s.n) /* else it ends on the separator */
        add_hit(p, p->in_batch[p->at], id, rel);
}

static int scan_batch(struct pass *p, size_t bytes)
{
    struct flt_document *d = p->d;
    char *batch = flt_arena_alloc(d->arena, bytes + 1);
    uint32_t at = 0;
    if (batch == NULL)
        return FLT_E_NOMEM;
    for (uint32_t i = 0; i < p->n_in_batch; i++) {
        struct text *t = &p->text[p->in_batch[i]];
        t->batch_begin = at;
        memcpy(batch + at, t->s.p, t->s.n);
        at += (uint32_t)t->s.n;
        batch[at++] = SEPARATOR;
    }
    p->at = 0;
    p->n_hit = 0;
    int rc = flt_scan_block(d->rs->scanner, d->kit->scan, (struct flt_str){batch, at}, on_hit, p);
    return rc != FLT_OK ? rc : p->status;
}

/* ---- confirm and cut
 * ------------------------------------------------------------------------------------------------------ */

static void mark_block(struct flt_document *d, const struct flt_field *f)
{
    if (f->choice < FLT_MAX_CHOICES && d->blocked_choice != NULL)
        d->blocked_choice[f->choice] = true;
    else
        d->blocked_outside = true;
}

/*
 * A member name cannot be rewritten without changing what the document says: what would be redacted is refused. The
 * record may be full, so this does not depend on what it holds.
 */
static void raise_to_block(struct flt_document *d, uint32_t from, uint32_t rule)
{
    for (uint32_t i = from; i < d->record->n; i++) {
        if (d->record->v[i].would == FLT_ACT_REDACT)
            d->record->v[i].would = FLT_ACT_BLOCK;
    }
    if (d->record->blocking_rule == UINT32_MAX)
        d->record->blocking_rule = rule;
    d->record->would = FLT_ACT_BLOCK;
}

static bool holds_block(const struct flt_document *d, const struct flt_field *f, const struct flt_cut *cut, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (flt_policy_act(d->policy, d->direction, (enum flt_role)f->role, cut[i].rule) == FLT_ACT_BLOCK)
            return true;
    }
    return false;
}

static int replace_number(struct flt_document *d, uint32_t tok, uint32_t rule)
{
    const struct flt_json_tok *t = &d->json->tok[tok];
    struct flt_str word = flt_decide_placeholder(d->rs, rule);
    char *p = flt_arena_printf(d->arena, "\"%.*s\"", FLT_STR_ARG(word));
    struct flt_edit e = {.a = t->off, .b = t->off + t->len, .with = flt_str_of(p)};
    return p != NULL ? flt_edits_add(&d->edits, d->arena, e) : FLT_E_NOMEM;
}

static int cut_text(struct pass *p, struct text *t, struct flt_cut *cut, uint32_t n, uint32_t findings_from)
{
    struct flt_document *d = p->d;
    int rc = FLT_OK;
    bool blocks = holds_block(d, t->field, cut, n);
    if (n != 0) {
        t->cut = true;
        if (t->field->kind == FLT_FIELD_NAME)
            rc = FLT_E_UNSUPPORTED;
        else if (t->field->kind == FLT_FIELD_NUMBER)
            rc = replace_number(d, t->field->tok, cut[0].rule);
        else if (t->field->kind == FLT_FIELD_JSON)
            rc = flt_cut_inner(d->rs, cut, n, 0, &t->inner, d->arena, &d->edits);
        else
            rc = flt_cut_wire(d->rs, cut, n, 0, t->s.n, &t->inner.map, d->arena, &d->edits);
    }
    if (rc == FLT_E_UNSUPPORTED) {
        raise_to_block(d, findings_from, cut[0].rule);
        blocks = true;
        rc = FLT_OK;
    }
    if (blocks)
        mark_block(d, t->field);
    return rc;
}

/* hit: what the scanner said about it; NULL = it was not asked yet. */
static int confirm_text(struct pass *p, struct text *t, const struct hit *hit, uint32_t n)
{
    struct flt_document *d = p->d;
    struct flt_track track = {0};
    struct flt_track_conf conf = {.rs = d->rs,
                                  .policy = d->policy,
                                  .record = d->record,
                                  .direction = d->direction,
                                  .role = (enum flt_role)t->field->role,
                                  .span = t->number};
    uint32_t before = d->record->n;
    int rc = flt_track_begin(&track, &conf, t->s);
    for (uint32_t i = 0; rc == FLT_OK && i < n; i++)
        flt_track_scan_hit(&track, hit[i].expression, hit[i].end);
    if (rc == FLT_OK)
        rc = hit != NULL ? flt_track_whole(&track, d->kit) : flt_track_scan_whole(&track, d->kit);
    if (rc == FLT_OK)
        rc = cut_text(p, t, track.cut, track.n_cut, before);
    flt_track_close(&track);
    return rc;
}

/* What the text hides from patterns over its bytes. */
static int inspect_views(struct pass *p, struct text *t)
{
    struct flt_document *d = p->d;
    struct flt_views v = {.conf = {.rs = d->rs,
                                   .policy = d->policy,
                                   .record = d->record,
                                   .direction = d->direction,
                                   .role = (enum flt_role)t->field->role,
                                   .span = t->number},
                          .kit = d->kit,
                          .text = t->s,
                          .arena = d->arena};
    uint32_t before = d->record->n;
    int rc = flt_views_inspect(&v);
    return rc == FLT_OK && v.n_cut != 0 ? cut_text(p, t, v.cut, v.n_cut, before) : rc;
}

static int by_text(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    if (x->text != y->text)
        return x->text < y->text ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int confirm_hits(struct pass *p)
{
    int rc = FLT_OK;
    if (p->n_hit > 1)
        qsort(p->hit, p->n_hit, sizeof(*p->hit), by_text);
    for (uint32_t i = 0, j; rc == FLT_OK && i < p->n_hit; i = j) {
        for (j = i + 1; j < p->n_hit && p->hit[j].text == p->hit[i].text;)
            j++;
        rc = confirm_text(p, &p->text[p->hit[i].text], p->hit + i, j - i);
    }
    return rc;
}

static int inspect_batch(struct pass *p, size_t *bytes)
{
    int rc = p->n_in_batch != 0 ? scan_batch(p, *bytes) : FLT_OK;
    if (rc == FLT_OK)
        rc = confirm_hits(p);
    p->n_in_batch = p->n_hit = 0;
    *bytes = 0;
    return rc;
}

static int inspect_texts(struct pass *p)
{
    struct flt_document *d = p->d;
    size_t bytes = 0;
    int rc = FLT_OK;
    p->in_batch = flt_arena_alloc(d->arena, (p->n_text + 1u) * sizeof(*p->in_batch));
    if (p->in_batch == NULL)
        return FLT_E_NOMEM;
    for (uint32_t i = 0; rc == FLT_OK && i < p->n_text; i++) {
        struct text *t = &p->text[i];
        d->record->scanned += t->s.n;
        if (t->s.n >= ALONE_FROM) {
            rc = confirm_text(p, t, NULL, 0);
            continue;
        }
        p->in_batch[p->n_in_batch++] = i;
        bytes += t->s.n + 1;
        if (bytes >= BATCH)
            rc = inspect_batch(p, &bytes);
    }
    if (rc == FLT_OK)
        rc = inspect_batch(p, &bytes);
    for (uint32_t i = 0; rc == FLT_OK && d->direction == FLT_REQUEST && i < p->n_text; i++) {
        if (p->text[i].field->kind != FLT_FIELD_NUMBER)
            rc = inspect_views(p, &p->text[i]);
    }
    return rc;
}

/* ---- parts that are read as one text
 * ------------------------------------------------------------------------------------------ */

struct join {
    struct pass *p;
    struct text **part;
    uint32_t *begin; /* in the joined text */
    uint32_t n;
};

/* Cuts that touch more than one part become edits in each; those within one part were made already. */
static int cut_joined(struct join *j, struct flt_cut *v, uint32_t n)
{
    struct flt_document *d = j->p->d;
    int rc = FLT_OK;
    for (uint32_t c = 0; rc == FLT_OK && c < n; c++) {
        struct flt_cut *cut = &v[c];
        for (uint32_t i = 0; rc == FLT_OK && i < j->n; i++) {
            uint64_t a = j->begin[i], b = a + j->part[i]->s.n;
            bool touches = cut->a < b && cut->b > a, within = cut->a >= a && cut->b <= b;
            if (touches && within)
                break;
            if (touches)
                rc = flt_cut_wire(d->rs, cut, 1, a, b, &j->part[i]->inner.map, d->arena, &d->edits);
        }
    }
    return rc;
}

static bool within_one_part(const struct join *j, const struct flt_finding *f)
{
    for (uint32_t i = 0; i < j->n; i++) {
        if (f->start >= j->begin[i] && f->end <= j->begin[i] + j->part[i]->s.n)
            return true;
    }
    return false;
}

/* Keeps the findings that only exist across parts; the others were recorded with their own part. */
static void keep_crossing(struct join *j, uint32_t from)
{
    struct flt_record *r = j->p->d->record;
    uint32_t kept = from;
    for (uint32_t i = from; i < r->n; i++) {
        if (!within_one_part(j, &r->v[i]))
            r->v[kept++] = r->v[i];
    }
    r->n = kept;
}

static int inspect_join(struct join *j, struct flt_str glue)
{
    struct flt_document *d = j->p->d;
    size_t total = 0;
    for (uint32_t i = 0; i < j->n; i++)
        total += j->part[i]->s.n + glue.n;
    char *text = flt_arena_alloc(d->arena, total + 1);
    if (text == NULL)
        return FLT_E_NOMEM;
    uint32_t at = 0;
    for (uint32_t i = 0; i < j->n; i++) {
        j->begin[i] = at;
        memcpy(text + at, j->part[i]->s.p, j->part[i]->s.n);
        at += (uint32_t)j->part[i]->s.n;
        memcpy(text + at, glue.p, glue.n);
        at += (uint32_t)glue.n;
    }
    struct flt_track track = {0};
    struct flt_track_conf conf = {.rs = d->rs,
                                  .policy = d->policy,
                                  .record = d->record,
                                  .direction = d->direction,
                                  .role = (enum flt_role)j->part[0]->field->role,
                                  .span = j->part[0]->number};
    uint32_t before = d->record->n;
    struct flt_str joined = {text, at};
    int rc = flt_track_begin(&track, &conf, joined);
    if (rc == FLT_OK)
        rc = flt_track_scan_whole(&track, d->kit);
    if (rc == FLT_OK)
        rc = cut_joined(j, track.cut, track.n_cut);
    struct flt_views v = {.conf = conf, .kit = d->kit, .text = joined, .arena = d->arena};
    if (rc == FLT_OK)
        rc = flt_views_inspect(&v);
    if (rc == FLT_OK)
        rc = cut_joined(j, v.cut, v.n_cut);
    keep_crossing(j, before);
    flt_track_close(&track);
    return rc;
}

static uint32_t part_number(const struct flt_field *f)
{
    return f->join;
}

static uint32_t turn_number(const struct flt_field *f)
{
    return f->turn;
}

/* Inspects each group of texts with the same number as one text, with every glue; numbers rise. */
static int inspect_groups(struct join *j, uint32_t (*number_of)(const struct flt_field *), const struct flt_str *glue,
                          size_t n_glue)
{
    struct pass *p = j->p;
    uint32_t done = 0;
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < p->n_text; i++) {
        uint32_t number = number_of(p->text[i].field);
        if (number <= done)
            continue;
        done = number;
        j->n = 0;
        for (uint32_t k = i; k < p->n_text && number_of(p->text[k].field) <= number; k++) {
            if (number_of(p->text[k].field) == number && p->text[k].field->kind == FLT_FIELD_TEXT)
                j->part[j->n++] = &p->text[k];
        }
        /* A turn of one message was read as that message's parts. */
        bool again = number_of == turn_number && j->n > 1 && j->part[0]->field->join == j->part[j->n - 1]->field->join;
        for (size_t g = 0; rc == FLT_OK && j->n > 1 && !again && g < n_glue; g++)
            rc = inspect_join(j, glue[g]);
    }
    return rc;
}

/* Models read the parts of a message as one text, and the messages of a turn; so do we, with the joints providers use.
 */
static int inspect_joins(struct pass *p)
{
    static const struct flt_str glue[] = {{"\n", 1}, {"", 0}};
    struct join j = {.p = p};
    j.part = flt_arena_alloc(p->d->arena, (p->n_text + 1u) * sizeof(*j.part));
    j.begin = flt_arena_alloc(p->d->arena, (p->n_text + 1u) * sizeof(*j.begin));
    if (j.part == NULL || j.begin == NULL)
        return FLT_E_NOMEM;
    int rc = inspect_groups(&j, part_number, glue, FLT_ARRAY_LEN(glue));
    return rc == FLT_OK ? inspect_groups(&j, turn_number, glue, 1) : rc;
}

/* ---- repeats
 * -----------------------------------------------------------------------------------------------------------------------
 */

static int null_container(struct flt_document *d, uint32_t tok)
{
    struct flt_edit e = {
        .a = d->json->tok[tok].off, .b = d->json->tok[tok].off + d->json->tok[tok].len, .with = FLT_STR("null")};
    return flt_edits_add(&d->edits, d->arena, e);
}

static bool choice_was_cut(const struct pass *p, uint32_t choice)
{
    for (uint32_t i = 0; i < p->n_text; i++) {
        if (p->text[i].cut && p->text[i].field->choice == choice)
            return true;
    }
    return false;
}

/* The tokens of one logprobs list, joined, through the same eyes: a value that shows only there takes the list away
 * too. */
static int repeat_hits(struct flt_document *d, uint32_t from, uint32_t to, bool *hit)
{
    struct flt_buf b;
    int rc = FLT_OK;
    flt_buf_init(&b, d->json->text.n * 3 + 1);
    for (uint32_t i = from; rc == FLT_OK && i < to; i++) {
        struct flt_str s;
        struct flt_offmap map;
        if (d->json->tok[d->fields->v[i].tok].type != FLT_JSON_STRING)
            continue;
        rc = flt_json_text(d->json, d->fields->v[i].tok, d->arena, &s, &map);
        if (rc == FLT_OK)
            rc = flt_buf_add_str(&b, s);
    }
    struct flt_track track = {0};
    struct flt_track_conf conf = {.rs = d->rs,
                                  .policy = d->policy,
                                  .record = d->record,
                                  .direction = d->direction,
                                  .role = FLT_ROLE_ASSISTANT,
                                  .span = from};
    d->record->total += b.n;
    d->record->scanned += b.n;
    if (rc == FLT_OK)
        rc = flt_track_begin(&track, &conf, flt_buf_str(&b));
    if (rc == FLT_OK)
        rc = flt_track_scan_whole(&track, d->kit);
    *hit = track.n_cut != 0;
    flt_track_close(&track);
    flt_buf_free(&b);
    return rc;
}

static int inspect_repeats(struct pass *p)
{
    struct flt_document *d = p->d;
    uint32_t last = 0; /* container nulled already */
    int rc = FLT_OK;
    for (uint32_t i = 0, j; rc == FLT_OK && i < d->fields->n; i = j) {
        const struct flt_field *f = &d->fields->v[i];
        j = i + 1;
        if (f->kind != FLT_FIELD_REPEAT)
            continue;
        while (j < d->fields->n && d->fields->v[j].kind == FLT_FIELD_REPEAT && d->fields->v[j].channel == f->channel &&
               d->fields->v[j].container == f->container)
            j++;
        bool hit = choice_was_cut(p, f->choice);
        if (!hit)
            rc = repeat_hits(d, i, j, &hit);
        if (rc == FLT_OK && hit && f->container != last) {
            rc = null_container(d, f->container);
            last = f->container;
        }
    }
    return rc;
}

int flt_document_inspect(struct flt_document *d)
{
    struct pass p = {.d = d};
    int rc = read_texts(&p);
    if (rc == FLT_OK)
        rc = inspect_texts(&p);
    if (rc == FLT_OK && d->direction == FLT_REQUEST)
        rc = inspect_joins(&p);
    if (rc == FLT_OK && d->direction == FLT_RESPONSE)
        rc = inspect_repeats(&p);
    free(p.hit);
    return rc;
}
