/* stream_chunk.c: one event's JSON -> pieces of channels, edits of texts that stand alone, facts about choices. */
#include "engine/stream_impl.h"
#include "policy/decide.h"

static struct channel *find_channel(struct flt_stream *s, uint64_t key)
{
    for (uint32_t i = s->n_channel; i-- > 0;) {
        if (s->channel[i].key == key)
            return &s->channel[i];
    }
    return NULL;
}

static int open_channel(struct flt_stream *s, const struct flt_field *f, struct channel **out)
{
    if (s->n_channel == STREAM_MAX_CHANNELS)
        return FLT_E_LIMIT;
    void *v = s->channel;
    if (!flt_grow(&v, s->n_channel, &s->cap_channel, sizeof(*s->channel)))
        return FLT_E_NOMEM;
    s->channel = v;
    struct channel *c = &s->channel[s->n_channel];
    *c = (struct channel){.key = f->channel,
                          .choice = f->choice,
                          .tool = f->tool,
                          .json = f->kind == FLT_FIELD_JSON,
                          .repeat = f->kind == FLT_FIELD_REPEAT};
    struct flt_track_conf conf = {
        .rs = s->snapshot->rs,
        .policy = s->policy,
        .hold = s->policy->answer,
        .record = &s->record,
        .direction = FLT_RESPONSE,
        .role = FLT_ROLE_ASSISTANT,
        .span = s->n_channel,
        .stop_at_block = s->policy->tenant->mode == FLT_ENFORCE,
    };
    int rc = flt_track_open(&c->track, &conf);
    if (rc != FLT_OK) {
        flt_track_close(&c->track);
        return rc;
    }
    s->n_channel++;
    *out = c;
    return FLT_OK;
}

/* Copies the map and flips of a piece into the frame, which outlives the parse. */
static int keep_map(struct frame *f, struct piece *p, const struct flt_inner_piece *ip)
{
    p->step = f->n_step;
    p->flip = f->n_flip;
    p->map_base = ip->map.base;
    p->map_to_end = ip->map.to_end;
    p->map_from_end = ip->map.from_end;
    p->starts_inside = ip->starts_inside;
    for (uint32_t i = 0; i < ip->map.n; i++) {
        void *v = f->step;
        if (!flt_grow(&v, f->n_step, &f->cap_step, sizeof(*f->step)))
            return FLT_E_NOMEM;
        f->step = v;
        f->step[f->n_step++] = ip->map.v[i];
    }
    for (uint32_t i = 0; i < ip->n_flips; i++) {
        void *v = f->flip;
        if (!flt_grow(&v, f->n_flip, &f->cap_flip, sizeof(*f->flip)))
            return FLT_E_NOMEM;
        f->flip = v;
        f->flip[f->n_flip++] = ip->flips[i];
    }
    p->n_step = ip->map.n;
    p->n_flip = ip->n_flips;
    return FLT_OK;
}

static int add_piece(struct frame *f, const struct piece *p)
{
    void *v = f->piece;
    if (!flt_grow(&v, f->n_piece, &f->cap_piece, sizeof(*f->piece)))
        return FLT_E_NOMEM;
    f->piece = v;
    f->piece[f->n_piece++] = *p;
    return FLT_OK;
}

static int feed_channel(struct flt_stream *s, struct frame *f, const struct flt_json *j, const struct flt_field *field)
{
    struct channel *c = find_channel(s, field->channel);
    struct flt_inner_piece ip = {0};
    struct flt_str text;
    int rc = c == NULL ? open_channel(s, field, &c) : FLT_OK;
    if (rc == FLT_OK)
        rc = flt_json_text(j, field->tok, s->arena, &text, &ip.map);
    if (rc == FLT_OK && text.n != 0 && c->finished)
        return FLT_E_SYNTAX; /* text after its choice said that it had finished */
    if (rc == FLT_OK && field->kind == FLT_FIELD_JSON && text.n != 0) {
        struct flt_offmap outer = ip.map;
        rc = flt_inner_feed(&c->inner, text, &outer, s->arena, &ip);
        text = ip.text;
    }
    if (rc != FLT_OK || (text.n == 0 && !ip.pending))
        return rc;
    struct piece p = {.channel = (uint32_t)(c - s->channel),
                      .kind = field->kind,
                      .begin = c->track.end,
                      .text_end = c->track.end + text.n};
    p.end = p.text_end + (ip.pending ? 1 : 0);
    if (field->kind == FLT_FIELD_REPEAT) {
        const struct flt_json_tok *t = &j->tok[field->container];
        p.null_a = t->off;
        p.null_b = t->off + t->len;
    }
    s->record.total += text.n;
    s->record.scanned += text.n;
    c->quiet = 0;
    c->event = s->n_events;
    if (c->choice < FLT_MAX_CHOICES)
        s->choice[c->choice].event = s->n_events;
    rc = keep_map(f, &p, &ip);
    if (rc == FLT_OK)
        rc = add_piece(f, &p);
    if (rc == FLT_OK)
        rc = flt_track_feed(&c->track, &s->worker->kit, text);
    if (rc == FLT_OK && !s->passthrough && c->track.end - c->track.released > s->snapshot->max_hold)
        rc = FLT_E_LIMIT;
    return rc;
}

/* Texts that are complete in this frame go through the document pass; its edits are kept with the frame. */
static int inspect_alone(struct flt_stream *s, struct frame *f, const struct flt_json *j,
                         const struct flt_fields *fields)
{
    struct flt_document d = {
        .rs = s->snapshot->rs,
        .policy = s->policy,
        .kit = &s->worker->kit,
        .json = j,
        .fields = fields,
        .arena = s->arena,
        .direction = FLT_RESPONSE,
        .record = &s->record,
    };
    if (fields->n == 0)
        return FLT_OK;
    int rc = flt_document_inspect(&d);
    if (d.blocked_outside)
        s->blocked_alone = f->drop = true; /* perhaps in a place that cannot be rewritten */
    for (uint32_t i = 0; rc == FLT_OK && i < d.edits.n; i++) {
        void *v = f->edit;
        if (!flt_grow(&v, f->n_edit, &f->cap_edit, sizeof(*f->edit)))
            return FLT_E_NOMEM;
        f->edit = v;
        const struct flt_edit *e = &d.edits.v[i];
        struct frame_edit *keep = &f->edit[f->n_edit++];
        *keep = (struct frame_edit){.a = e->a, .b = e->b, .n = (uint32_t)e->with.n};
        if (e->with.n > sizeof(keep->with))
            return FLT_E_ENGINE;
        memcpy(keep->with, e->with.p, e->with.n);
    }
    return rc;
}

static void remember(struct flt_stream *s, unsigned which, const struct flt_json *j, uint32_t tok)
{
    if (tok == 0 || s->fact_len[which] != 0)
        return;
    const struct flt_json_tok *t = &j->tok[tok];
    uint32_t q = t->type == FLT_JSON_STRING ? 1 : 0;
    bool scalar = t->type == FLT_JSON_STRING || t->type == FLT_JSON_NUMBER;
    bool says_nothing = t->type == FLT_JSON_STRING ? t->len == 0 : flt_str_is(flt_json_raw(j, tok), "0");
    if (!scalar || says_nothing || t->len + 2 * q > STREAM_FACT_MAX)
        return;
    s->fact_len[which] = t->len + 2 * q;
    memcpy(s->facts[which], j->text.p + t->off - q, s->fact_len[which]);
}

static int note_choices(struct flt_stream *s, struct frame *f, const struct flt_json *j, const struct flt_answer_map *m)
{
    for (uint32_t i = 0; i < m->n_choices; i++) {
        const struct flt_choice *c = &m->choices[i];
        struct frame_choice fc = {.index = c->index, .role = c->role, .finished = c->finished};
        if (c->finished) {
            fc.finish_a = j->tok[c->finish].off - 1;
            fc.finish_b = fc.finish_a + j->tok[c->finish].len + 2;
        }
        if (c->logprobs != 0) {
            uint32_t q = j->tok[c->logprobs].type == FLT_JSON_STRING ? 1 : 0;
            fc.logprobs_a = j->tok[c->logprobs].off - q;
            fc.logprobs_b = j->tok[c->logprobs].off + j->tok[c->logprobs].len + q;
        }
        s->choice[c->index].seen = true;
        s->choice[c->index].finished = s->choice[c->index].finished || c->finished;
        void *v = f->choice;
        if (!flt_grow(&v, f->n_choice, &f->cap_choice, sizeof(*f->choice)))
            return FLT_E_NOMEM;
        f->choice = v;
        f->choice[f->n_choice++] = fc;
    }
    return FLT_OK;
}

static int finish_channel(struct flt_stream *s, struct channel *c)
{
    c->finished = true;
    int rc = flt_track_finish(&c->track, &s->worker->kit);
    if (c->track.released == c->track.end && !c->track.blocked)
        c->track.released++; /* an unfinished escape at the very end has nothing to wait for */
    return rc;
}

int flt_stream_finish_channels(struct flt_stream *s, uint32_t choice)
{
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < s->n_channel; i++) {
        struct channel *c = &s->channel[i];
        if (!c->finished && (choice == UINT32_MAX || c->choice == choice))
            rc = finish_channel(s, c);
    }
    return rc;
}

/* Ends texts that went quiet while something of them waits. Should one go on all the same, it is a new text. */
static int end_quiet_channels(struct flt_stream *s)
{
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < s->n_channel; i++) {
        struct channel *c = &s->channel[i];
        bool others =
            c->choice < FLT_MAX_CHOICES && s->choice[c->choice].event == s->n_events && c->event != s->n_events;
        if (!others || c->json || c->finished || c->track.released >= c->track.end || c->track.blocked)
            continue;
        if (++c->quiet < STREAM_QUIET_EVENTS || s->n_channel > STREAM_MAX_CHANNELS / 2)
            continue;
        c->key = FLT_CHANNEL_ALONE; /* no field has this key */
        rc = finish_channel(s, c);
    }
    return rc;
}

int flt_stream_chunk(struct flt_stream *s, struct frame *f, struct flt_str payload)
{
    struct flt_json_limits lim = flt_json_strict;
    struct flt_json j;
    struct flt_answer_map m = {0};
    struct flt_fields alone = {0};
    size_t where;
    const char *why;
    lim.lone_surrogates = true;
    int rc = flt_json_scan(payload, &lim, s->arena, &j, &where);
    if (rc == FLT_OK)
        rc = s->dialect->chunk(&j, s->json_answer, s->arena, &m, &why);
    if (rc != FLT_OK)
        return rc == FLT_E_NOMEM ? rc : FLT_E_SYNTAX;
    s->n_events++;
    rc = note_choices(s, f, &j, &m);
    for (uint32_t i = 0; rc == FLT_OK && i < m.fields.n; i++) {
        const struct flt_field *field = &m.fields.v[i];
        if (field->channel == FLT_CHANNEL_ALONE)
            rc = flt_fields_add(&alone, s->arena, *field);
        else
            rc = feed_channel(s, f, &j, field);
    }
    if (rc == FLT_OK)
        rc = inspect_alone(s, f, &j, &alone);
    if (rc == FLT_OK)
        rc = end_quiet_channels(s);
    for (uint32_t i = 0; rc == FLT_OK && i < m.n_choices; i++) {
        if (m.choices[i].finished)
            rc = flt_stream_finish_channels(s, m.choices[i].index);
    }
    remember(s, 0, &j, m.id);
    remember(s, 1, &j, m.created);
    remember(s, 2, &j, m.model);
    return rc;
}

int flt_stream_scan_alone(struct flt_stream *s, struct flt_str text, bool *acts)
{
    struct flt_track t = {0};
    struct flt_track_conf conf = {.rs = s->snapshot->rs,
                                  .policy = s->policy,
                                  .record = &s->record,
                                  .direction = FLT_RESPONSE,
                                  .role = FLT_ROLE_ASSISTANT,
                                  .span = UINT32_MAX};
    int rc = flt_track_begin(&t, &conf, text);
    s->record.total += text.n;
    s->record.scanned += text.n;
    if (rc == FLT_OK)
        rc = flt_track_scan_whole(&t, &s->worker->kit);
    *acts = t.n_cut != 0;
    for (uint32_t i = 0; i < t.n_cut; i++) {
        if (flt_policy_act(s->policy, FLT_RESPONSE, FLT_ROLE_ASSISTANT, t.cut[i].rule) == FLT_ACT_BLOCK)
            s->blocked_alone = true;
    }
    flt_track_close(&t);
    return rc;
}
