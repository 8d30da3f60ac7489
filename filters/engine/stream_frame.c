/* stream_frame.c: the queue of frames that wait for their text, and how they leave. */
#include "engine/stream_impl.h"

bool flt_grow(void **v, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    uint32_t want = *cap != 0 ? *cap * 2 : 4;
    void *p = realloc(*v, want * size);
    if (p == NULL)
        return false;
    *v = p;
    *cap = want;
    return true;
}

struct frame *flt_frame_take(struct flt_stream *s)
{
    struct frame *f = STAILQ_FIRST(&s->spare);
    if (f != NULL) {
        STAILQ_REMOVE_HEAD(&s->spare, link);
        s->n_spare--;
        return f;
    }
    f = calloc(1, sizeof(*f));
    if (f != NULL)
        flt_buf_init(&f->bytes, SIZE_MAX / 4); /* bounded by the splitter's own maximum */
    return f;
}

void flt_frame_free(struct frame *f)
{
    flt_buf_free(&f->bytes);
    free(f->line);
    free(f->piece);
    free(f->step);
    free(f->flip);
    free(f->choice);
    free(f->edit);
    free(f);
}

/* Keeps a few small frames for the next ones; their content is wiped either way. */
void flt_frame_give(struct flt_stream *s, struct frame *f)
{
    if (s->n_spare >= STREAM_FREE_FRAMES || f->bytes.cap > 8192) {
        flt_frame_free(f);
        return;
    }
    flt_buf_clear(&f->bytes);
    f->n_line = f->n_piece = f->n_step = f->n_flip = f->n_choice = f->n_edit = 0;
    f->drop = false;
    f->trim = 0;
    STAILQ_INSERT_HEAD(&s->spare, f, link);
    s->n_spare++;
}

static bool released(const struct flt_stream *s, const struct frame *f)
{
    if (s->passthrough)
        return true;
    for (uint32_t i = 0; i < f->n_piece; i++) {
        const struct flt_track *t = &s->channel[f->piece[i].channel].track;
        if (t->released < f->piece[i].end)
            return false;
    }
    return true;
}

static struct flt_inner_piece inner_piece(const struct frame *f, const struct piece *p)
{
    return (struct flt_inner_piece){
        .map = {.v = p->n_step != 0 ? f->step + p->step : NULL,
                .n = p->n_step,
                .base = p->map_base,
                .to_end = p->map_to_end,
                .from_end = p->map_from_end},
        .flips = p->n_flip != 0 ? f->flip + p->flip : NULL,
        .n_flips = p->n_flip,
        .starts_inside = p->starts_inside,
    };
}

static int null_range(struct flt_stream *s, struct flt_edits *e, uint32_t a, uint32_t b)
{
    struct flt_edit edit = {.a = a, .b = b, .with = FLT_STR("null")};
    return a < b ? flt_edits_add(e, s->arena, edit) : FLT_OK;
}

/* The edits of one piece: its channel's cuts, and everything from `limit` on when the stream is being cut off there. */
static int edit_piece(struct flt_stream *s, const struct frame *f, const struct piece *p, uint64_t limit,
                      struct flt_edits *e)
{
    struct channel *c = &s->channel[p->channel];
    struct flt_inner_piece ip = inner_piece(f, p);
    uint32_t before = e->n;
    int rc;
    if (p->kind == FLT_FIELD_REPEAT) {
        bool touched = limit < p->end;
        for (uint32_t i = 0; i < c->track.n_cut; i++)
            touched = touched || (c->track.cut[i].a < p->end && c->track.cut[i].b > p->begin);
        return touched ? null_range(s, e, p->null_a, p->null_b) : FLT_OK;
    }
    if (p->kind == FLT_FIELD_JSON)
        rc = flt_cut_inner(s->snapshot->rs, c->track.cut, c->track.n_cut, p->begin, &ip, s->arena, e);
    else
        rc = flt_cut_wire(s->snapshot->rs, c->track.cut, c->track.n_cut, p->begin, p->end, &ip.map, s->arena, e);
    if (rc == FLT_OK && limit < p->end) {
        uint64_t from = limit > p->begin ? limit - p->begin : 0;
        struct flt_edit gone = {.a = flt_offmap_begin(&ip.map, (uint32_t)from),
                                .b = flt_offmap_end(&ip.map, p->map_to_end),
                                .with = {"", 0}};
        rc = gone.a < gone.b ? flt_edits_add(e, s->arena, gone) : FLT_OK;
    }
    /* A choice whose text changed loses the logprobs that repeat it. */
    for (uint32_t i = 0; rc == FLT_OK && e->n != before && i < f->n_choice; i++) {
        if (f->choice[i].index == c->choice)
            rc = null_range(s, e, f->choice[i].logprobs_a, f->choice[i].logprobs_b);
    }
    return rc;
}

/* Payload offsets -> frame offsets. Only a whole value that becomes null can span lines: it takes their breaks with it.
 */
static uint32_t to_frame(const struct frame *f, uint32_t at)
{
    uint32_t i = f->n_line;
    while (i > 1 && f->line[i - 1].payload > at)
        i--;
    return f->line[i - 1].frame + (at - f->line[i - 1].payload);
}

static uint64_t cut_limit(const struct flt_stream *s, const struct piece *p)
{
    const struct flt_track *t = &s->channel[p->channel].track;
    return t->blocked && t->block_at < t->released ? t->block_at : t->released;
}

static int collect_edits(struct flt_stream *s, const struct frame *f, bool cut, struct flt_edits *e)
{
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < f->n_edit; i++) {
        const struct frame_edit *k = &f->edit[i];
        rc = flt_edits_add(e, s->arena, (struct flt_edit){.a = k->a, .b = k->b, .with = {k->with, k->n}});
    }
    for (uint32_t i = 0; rc == FLT_OK && i < f->n_piece; i++)
        rc = edit_piece(s, f, &f->piece[i], cut ? cut_limit(s, &f->piece[i]) : UINT64_MAX, e);
    for (uint32_t i = 0; rc == FLT_OK && cut && i < f->n_choice; i++) {
        if (f->choice[i].finished)
            rc = null_range(s, e, f->choice[i].finish_a, f->choice[i].finish_b);
        if (rc == FLT_OK)
            rc = null_range(s, e, f->choice[i].logprobs_a, f->choice[i].logprobs_b);
    }
    for (uint32_t i = 0; i < e->n; i++) {
        bool empty = e->v[i].a == e->v[i].b;
        e->v[i].a = to_frame(f, e->v[i].a);
        e->v[i].b = empty ? e->v[i].a : to_frame(f, e->v[i].b - 1) + 1;
    }
    flt_cut_whole_chars(e, flt_buf_str(&f->bytes));
    flt_cut_merge(e);
    return rc;
}

static void note_sent(struct flt_stream *s, const struct frame *f, bool cut)
{
    for (uint32_t i = 0; i < f->n_choice; i++) {
        struct choice_state *c = &s->choice[f->choice[i].index];
        c->role_sent = c->role_sent || f->choice[i].role;
        c->finish_sent = c->finish_sent || (f->choice[i].finished && !cut);
    }
    for (uint32_t i = 0; i < f->n_piece; i++) {
        struct channel *c = &s->channel[f->piece[i].channel];
        c->left = c->left || !cut || cut_limit(s, &f->piece[i]) > f->piece[i].begin;
        if (!cut)
            flt_track_forget(&c->track, f->piece[i].text_end);
    }
}

static int write_frame(struct flt_stream *s, struct frame *f, bool cut)
{
    struct flt_edits e = {0};
    struct flt_str bytes = {f->bytes.p, f->bytes.n - f->trim};
    int rc = FLT_OK;
    if (f->drop && !s->passthrough)
        return FLT_OK;
    if (!s->passthrough)
        rc = collect_edits(s, f, cut, &e);
    if (rc == FLT_OK && e.n == 0)
        rc = flt_buf_add(s->out, bytes.p, bytes.n);
    else if (rc == FLT_OK)
        rc = flt_edits_apply(&e, bytes, s->out);
    if (rc == FLT_OK)
        note_sent(s, f, cut);
    return rc;
}

static void drop_head(struct flt_stream *s)
{
    struct frame *f = STAILQ_FIRST(&s->queue);
    STAILQ_REMOVE_HEAD(&s->queue, link);
    s->held -= f->bytes.n;
    flt_frame_give(s, f);
}

int flt_stream_flush(struct flt_stream *s)
{
    int rc = FLT_OK;
    struct frame *f;
    while (rc == FLT_OK && (f = STAILQ_FIRST(&s->queue)) != NULL && released(s, f)) {
        rc = write_frame(s, f, false);
        drop_head(s);
    }
    return rc;
}

static bool delivers_text(const struct flt_stream *s, const struct frame *f)
{
    for (uint32_t i = 0; i < f->n_piece; i++) {
        if (cut_limit(s, &f->piece[i]) > f->piece[i].begin && f->piece[i].kind != FLT_FIELD_REPEAT)
            return true;
    }
    return false;
}

int flt_stream_flush_cut(struct flt_stream *s)
{
    int rc = flt_stream_flush(s);
    struct frame *f;
    while ((f = STAILQ_FIRST(&s->queue)) != NULL) {
        if (rc == FLT_OK && delivers_text(s, f))
            rc = write_frame(s, f, true);
        drop_head(s);
    }
    return rc;
}
