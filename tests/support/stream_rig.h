/*
 * stream_rig.h: upstream bytes through a stream in any cut, what the client got, and the texts in it (read by jansson,
 * not by us).
 */
#ifndef TEST_STREAM_RIG_H
#define TEST_STREAM_RIG_H

#include <jansson.h>

#include "flt/sse.h"
#include "track_rig.h"

struct stream_rig {
    const struct flt_snapshot *s;
    struct flt_worker *w;
    struct flt_route route;
    uint32_t tenant;
    bool include_usage, json_answer;
};

static inline struct stream_rig stream_rig_open(const struct flt_snapshot *s, uint32_t tenant)
{
    struct stream_rig r = {.s = s, .w = fixture_worker(s), .tenant = tenant};
    flt_route_match("openai", FLT_STR("POST"), FLT_STR("/v1/chat/completions"), &r.route);
    return r;
}

static inline void stream_rig_close(struct stream_rig *r)
{
    flt_worker_free(r->w);
}

/* What the client got. */
struct delivery {
    struct flt_buf out;
    enum flt_stream_state state;
    enum flt_action action, would;
    enum flt_cause cause;
    uint32_t n_findings;
    size_t most_held; /* bytes of frames held back after a feed */
    size_t held_sum;
    size_t most_memory;
};

static inline void delivery_free(struct delivery *d)
{
    flt_buf_free(&d->out);
}

static inline struct flt_stream *stream_start(const struct stream_rig *r)
{
    struct flt_stream_in in = {.snapshot = r->s,
                               .tenant = r->tenant,
                               .route = &r->route,
                               .include_usage = r->include_usage,
                               .json_answer = r->json_answer};
    struct flt_stream *s = flt_stream_open(r->w, &in);
    if (s == NULL)
        abort();
    return s;
}

static inline void stream_note(struct flt_stream *s, struct delivery *d)
{
    size_t held = flt_stream_held(s), memory = flt_stream_memory(s);
    d->most_held = held > d->most_held ? held : d->most_held;
    d->most_memory = memory > d->most_memory ? memory : d->most_memory;
    d->held_sum += held;
}

/* Feeds `bytes` cut at the given ascending places, then ends the stream. */
static inline struct delivery deliver(const struct stream_rig *r, struct flt_str bytes, const size_t *cuts,
                                      size_t n_cuts, bool complete)
{
    struct delivery d = {0};
    struct flt_stream *s = stream_start(r);
    flt_buf_init(&d.out, 64u << 20);
    for (size_t i = 0, at = 0; i <= n_cuts; i++) {
        size_t to = i < n_cuts ? cuts[i] : bytes.n;
        char *piece = rig_copy(bytes.p + at, to - at);
        d.state = flt_stream_feed(s, piece, to - at, &d.out);
        free(piece);
        at = to;
        stream_note(s, &d);
    }
    d.state = flt_stream_end(s, complete, &d.out);
    const struct flt_decision *dec = flt_stream_decision(s);
    d.action = dec->action;
    d.would = dec->would;
    d.cause = dec->cause;
    d.n_findings = dec->n_findings + dec->findings_dropped;
    flt_stream_close(s);
    return d;
}

static inline struct delivery deliver_whole(const struct stream_rig *r, struct flt_str bytes)
{
    return deliver(r, bytes, NULL, 0, true);
}

static inline bool delivery_same(const struct delivery *a, const struct delivery *b)
{
    return a->state == b->state && a->action == b->action && a->would == b->would && a->cause == b->cause &&
           a->n_findings == b->n_findings && flt_str_eq(flt_buf_str(&a->out), flt_buf_str(&b->out));
}

/* True when cutting there gives what `want` is; prints when not. */
static inline bool delivery_agrees(const struct stream_rig *r, struct flt_str bytes, const size_t *cuts, size_t n_cuts,
                                   const struct delivery *want)
{
    struct delivery d = deliver(r, bytes, cuts, n_cuts, true);
    bool same = delivery_same(&d, want);
    if (!same) {
        fprintf(stderr, "cut at");
        for (size_t i = 0; i < n_cuts && i < 20; i++)
            fprintf(stderr, " %zu", cuts[i]);
        fprintf(stderr, "\nstate %d, wanted %d\n--- in\n%.*s\n--- got\n%.*s\n--- wanted\n%.*s\n---\n", d.state,
                want->state, FLT_STR_ARG(bytes), FLT_STR_ARG(flt_buf_str(&d.out)),
                FLT_STR_ARG(flt_buf_str(&want->out)));
    }
    delivery_free(&d);
    return same;
}

static inline bool delivery_byte_by_byte(const struct stream_rig *r, struct flt_str bytes, const struct delivery *want)
{
    size_t *cuts = malloc((bytes.n + 1) * sizeof(*cuts));
    if (cuts == NULL)
        abort();
    for (size_t i = 0; i < bytes.n; i++)
        cuts[i] = i;
    bool same = delivery_agrees(r, bytes, cuts, bytes.n, want);
    free(cuts);
    return same;
}

/* ---- the texts a client reads
 * ----------------------------------------------------------------------------------------- */

#define READ_CHANNELS 32u

struct reading {
    struct {
        char key[64];
        struct flt_buf text;
        unsigned event; /* number of its last one */
    } channel[READ_CHANNELS];
    unsigned n, events;
    bool done, error;
    bool broken;        /* an event that is not what clients can read */
    bool odd;           /* ... or that they would read otherwise than we do */
    char finish[8][24]; /* per choice */
};

static inline struct flt_buf *reading_channel(struct reading *r, const char *key)
{
    for (unsigned i = 0; i < r->n; i++) {
        if (strcmp(r->channel[i].key, key) == 0)
            return &r->channel[i].text;
    }
    if (r->n == READ_CHANNELS)
        abort();
    snprintf(r->channel[r->n].key, sizeof(r->channel[0].key), "%s", key);
    flt_buf_init(&r->channel[r->n].text, 16u << 20);
    return &r->channel[r->n++].text;
}

static inline void reading_add(struct reading *r, long long choice, const char *kind, const json_t *v)
{
    char key[64];
    if (!json_is_string(v))
        return;
    snprintf(key, sizeof(key), "%lld/%s", choice, kind);
    struct flt_buf *text = reading_channel(r, key);
    unsigned *event = &r->channel[(size_t)((char *)text - (char *)r->channel) / sizeof(r->channel[0])].event;
    if (json_string_length(v) != 0) {
        r->odd = r->odd || (*event != 0 && r->events - *event >= 16); /* counts as ended by then */
        *event = r->events;
    }
    if (flt_buf_add(reading_channel(r, key), json_string_value(v), json_string_length(v)) != FLT_OK)
        abort();
}

static inline void reading_delta(struct reading *r, long long choice, const json_t *delta)
{
    static const char *const kinds[] = {"content", "reasoning_content", "refusal"};
    size_t i;
    const json_t *call;
    for (size_t k = 0; k < FLT_ARRAY_LEN(kinds); k++) {
        const json_t *v = json_object_get(delta, kinds[k]);
        r->odd = r->odd || (v != NULL && !json_is_string(v) && !json_is_null(v));
        reading_add(r, choice, kinds[k], v);
    }
    json_array_foreach(json_object_get(delta, "tool_calls"), i, call)
    {
        char kind[32];
        const json_t *function = json_object_get(call, "function");
        snprintf(kind, sizeof(kind), "tool%lld", (long long)json_integer_value(json_object_get(call, "index")));
        reading_add(r, choice, kind, json_object_get(function, "arguments"));
        snprintf(kind, sizeof(kind), "tool%lldname", (long long)json_integer_value(json_object_get(call, "index")));
        reading_add(r, choice, kind, json_object_get(function, "name"));
    }
}

static inline void reading_event(struct reading *r, struct flt_str data)
{
    json_error_t err;
    size_t i;
    const json_t *choice;
    if (flt_str_is(data, "[DONE]")) {
        r->done = true;
        return;
    }
    json_t *v = json_loadb(data.p, data.n, JSON_REJECT_DUPLICATES, &err);
    r->events++;
    r->broken = r->broken || !json_is_object(v) || r->done;
    r->error = r->error || json_object_get(v, "error") != NULL;
    json_array_foreach(json_object_get(v, "choices"), i, choice)
    {
        long long index = json_integer_value(json_object_get(choice, "index"));
        const json_t *finish = json_object_get(choice, "finish_reason");
        r->odd = r->odd || !json_is_integer(json_object_get(choice, "index"));
        reading_delta(r, index, json_object_get(choice, "delta"));
        if (json_is_string(finish) && index >= 0 && index < 8)
            snprintf(r->finish[index], sizeof(r->finish[0]), "%s", json_string_value(finish));
    }
    json_decref(v);
}

static inline int reading_frame(void *arg, const struct flt_sse_frame *f)
{
    struct reading *r = arg;
    char *data = malloc(f->bytes.n + 1);
    size_t n = 0;
    if (data == NULL)
        abort();
    for (uint32_t i = 0, k = 0; i < f->n; i++) {
        if (f->line[i].field != FLT_SSE_DATA)
            continue;
        if (k++ != 0)
            data[n++] = '\n';
        memcpy(data + n, f->bytes.p + f->line[i].value, f->line[i].vlen);
        n += f->line[i].vlen;
    }
    if (f->n_data != 0)
        reading_event(r, (struct flt_str){data, n});
    free(data);
    return 0;
}

static inline struct reading *read_stream(struct flt_str bytes)
{
    struct reading *r = calloc(1, sizeof(*r));
    struct flt_sse *s = flt_sse_new(16u << 20, 10000);
    if (r == NULL || s == NULL)
        abort();
    if (flt_sse_feed(s, bytes.p, bytes.n, reading_frame, r) != FLT_OK ||
        flt_sse_feed(s, "\n\n", 2, reading_frame, r) != FLT_OK)
        r->broken = true;
    flt_sse_free(s);
    return r;
}

static inline void reading_free(struct reading *r)
{
    for (unsigned i = 0; i < r->n; i++)
        flt_buf_free(&r->channel[i].text);
    free(r);
}

/* The channel's text; "" when there is none. */
static inline struct flt_str reading_text(struct reading *r, const char *key)
{
    return flt_buf_str(reading_channel(r, key));
}

/* ---- writing streams
 * ---------------------------------------------------------------------------------------------------- */

/* One string's content as JSON, each character written raw or escaped as chance has it. */
static inline void write_escaped(struct flt_buf *b, uint64_t *seed, struct flt_str s)
{
    int rc = FLT_OK;
    for (size_t i = 0; rc == FLT_OK && i < s.n;) {
        uint8_t c = (uint8_t)s.p[i];
        size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        uint32_t cp = n == 1 ? c : c & (0xFFu >> (n + 1));
        for (size_t k = 1; k < n; k++)
            cp = cp << 6 | ((uint8_t)s.p[i + k] & 0x3Fu);
        bool must = c < 0x20 || c == '"' || c == '\\';
        if (cp > 0xFFFF)
            rc =
                flt_buf_printf(b, "\\u%04x\\u%04X", 0xD800 + ((cp - 0x10000) >> 10), 0xDC00 + ((cp - 0x10000) & 0x3FF));
        else if (c == '\n' && rig_random(seed) % 2 == 0)
            rc = flt_buf_add(b, "\\n", 2);
        else if (must || rig_random(seed) % 12 == 0)
            rc = flt_buf_printf(b, "\\u%04x", cp);
        else
            rc = flt_buf_add(b, s.p + i, n);
        i += n;
    }
    if (rc != FLT_OK)
        abort();
}

struct framing {
    const char *eol;
    const char *data; /* "data: " or "data:" */
    bool lines;       /* events over several data lines */
    bool comments;
};

static inline void write_event(struct flt_buf *b, uint64_t *seed, const struct framing *f, struct flt_str json)
{
    int rc = FLT_OK;
    if (f->comments && rig_random(seed) % 3 == 0)
        rc = flt_buf_printf(b, ": keep-alive%s%s", f->eol, f->eol);
    if (rc == FLT_OK)
        rc = flt_buf_add(b, f->data, strlen(f->data));
    bool inside = false;
    for (size_t i = 0; rc == FLT_OK && i < json.n; i++) {
        rc = flt_buf_add(b, json.p + i, 1);
        if (inside && json.p[i] == '\\' && rc == FLT_OK)
            rc = flt_buf_add(b, json.p + ++i, 1);
        else if (json.p[i] == '"')
            inside = !inside;
        else if (rc == FLT_OK && f->lines && !inside && json.p[i] == ',' && rig_random(seed) % 3 == 0)
            rc = flt_buf_printf(b, "%s%s", f->eol, f->data);
    }
    if (rc == FLT_OK)
        rc = flt_buf_printf(b, "%s%s", f->eol, f->eol);
    if (rc != FLT_OK)
        abort();
}

/* A few texts of a few choices, to be said in pieces. */
#define MAX_TEXTS 4u

struct script {
    struct {
        unsigned choice;
        const char *kind;
        char text[500];
        size_t n, sent;
        unsigned waits;
    } v[MAX_TEXTS];
    unsigned n;
    unsigned choices;
};

static inline void make_script(struct script *s, uint64_t *seed)
{
    static const char *const kinds[] = {"content", "reasoning_content", "refusal"};
    *s = (struct script){.choices = 1 + rig_random(seed) % 2};
    s->n = 1 + rig_random(seed) % (s->choices == 1 ? MAX_TEXTS - 1 : MAX_TEXTS);
    for (unsigned i = 0; i < s->n; i++) {
        s->v[i].choice = i % s->choices;
        s->v[i].kind = kinds[i / s->choices];
        s->v[i].n = rig_text(seed, s->v[i].text, sizeof(s->v[i].text), 1 + rig_random(seed) % 8);
        if (rig_random(seed) % 4 == 0 && s->v[i].n + 8 < sizeof(s->v[i].text)) {
            memcpy(s->v[i].text + s->v[i].n, "\xF0\x9F\x98\x80\xE4\xB8\xAD\"\\", 9);
            s->v[i].n += 9;
        }
    }
}

/* The next few characters of a text. */
static inline struct flt_str next_piece(struct script *s, unsigned i, uint64_t *seed)
{
    size_t from = s->v[i].sent, to = from + 1 + rig_random(seed) % 9;
    while (to < s->v[i].n && ((uint8_t)s->v[i].text[to] & 0xC0) == 0x80)
        to++;
    to = to < s->v[i].n ? to : s->v[i].n;
    s->v[i].sent = to;
    return (struct flt_str){s->v[i].text + from, to - from};
}

static inline void write_chunk(struct flt_buf *out, uint64_t *seed, const struct framing *f, unsigned choice,
                               const char *kind, struct flt_str piece, const char *finish)
{
    struct flt_buf b;
    flt_buf_init(&b, 1u << 16);
    int rc = flt_buf_printf(&b, "{\"id\":\"c1\",\"created\":17,\"model\":\"m\",\"choices\":[{\"index\":%u,\"delta\":{",
                            choice);
    if (rc == FLT_OK && kind != NULL) {
        rc = flt_buf_printf(&b, "\"%s\":\"", kind);
        write_escaped(&b, seed, piece);
        rc = rc == FLT_OK ? flt_buf_add(&b, "\"", 1) : rc;
    }
    if (rc == FLT_OK)
        rc = flt_buf_printf(&b, "},\"finish_reason\":%s}]}", finish);
    if (rc != FLT_OK)
        abort();
    write_event(out, seed, f, flt_buf_str(&b));
    flt_buf_free(&b);
}

static inline void write_script(struct script *s, uint64_t *seed, struct flt_buf *out)
{
    static const char *const eols[] = {"\n", "\n", "\r\n", "\r"};
    struct framing f = {.eol = eols[rig_random(seed) % 4],
                        .data = rig_random(seed) % 3 != 0 ? "data: " : "data:",
                        .lines = rig_random(seed) % 3 == 0,
                        .comments = rig_random(seed) % 3 == 0};
    for (unsigned left = s->n; left > 0;) {
        unsigned i = rig_random(seed) % s->n;
        for (unsigned k = 0; k < s->n; k++) { /* a text that waits too long counts as ended */
            if (s->v[k].sent < s->v[k].n && s->v[k].waits > 8)
                i = k;
        }
        if (s->v[i].sent == s->v[i].n)
            continue;
        for (unsigned k = 0; k < s->n; k++)
            s->v[k].waits++;
        s->v[i].waits = 0;
        struct flt_str piece = next_piece(s, i, seed);
        write_chunk(out, seed, &f, s->v[i].choice, s->v[i].kind, piece, "null");
        left -= s->v[i].sent == s->v[i].n;
    }
    for (unsigned c = 0; c < s->choices; c++)
        write_chunk(out, seed, &f, c, NULL, FLT_STR(""), "\"stop\"");
    if (rig_random(seed) % 4 != 0)
        write_event(out, seed, &f, FLT_STR("[DONE]"));
    for (unsigned i = 0; i < s->n; i++)
        s->v[i].sent = s->v[i].waits = 0;
}

#endif
