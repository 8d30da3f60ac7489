/*
 * openai_answer.c: text positions of chat completion answers, whole ("message") and streamed ("delta").
 *
 * Structural values of the format (id, object, created, model, usage, enumerations) are not text. Every other string
 * is: inside a delta it continues the channel of its choice and path, elsewhere it stands alone.
 */
#include "dialect/openai.h"
#include "dialect/walk.h"

struct shape {
    const char *body; /* "message" or "delta" */
    bool stream;
    bool json_answer;
};

static bool structural(struct flt_str name)
{
    static const char *const names[] = {"id",           "object", "created",    "model", "system_fingerprint",
                                        "service_tier", "usage",  "obfuscation"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(names); i++) {
        if (flt_str_is(name, names[i]))
            return true;
    }
    return false;
}

/* Structural members have fixed shapes; a string of another length or an unexpected type in their place is walked as
 * text. */
static int walk_structural(const struct flt_walker *w, uint32_t v)
{
    const struct flt_json_tok *t = &w->j->tok[v];
    if (t->type == FLT_JSON_STRING && t->len <= 128)
        return FLT_OK;
    return flt_walk_all(w, v);
}

/* Filter annotations repeat a small vocabulary in every chunk of some providers. */
static bool plain_word(const struct flt_json *j, uint32_t v)
{
    static const char *const words[] = {"safe",          "low",       "medium",         "high",
                                        "stop",          "length",    "content_filter", "tool_calls",
                                        "function_call", "assistant", "function",       "custom"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(words); i++) {
        if (flt_json_str_is(j, v, flt_str_of(words[i])))
            return true;
    }
    return false;
}

static int walk_value(const struct flt_walker *w, uint32_t v)
{
    if (w->j->tok[v].type == FLT_JSON_STRING && plain_word(w->j, v))
        return FLT_OK;
    return flt_walk_all(w, v);
}

static int walk_name(const struct flt_walker *w, uint32_t m)
{
    struct flt_walker alone = *w;
    alone.channel = FLT_CHANNEL_ALONE;
    if (!w->j->tok[m].escaped && w->known_name(flt_json_raw(w->j, m)))
        return FLT_OK;
    return flt_walk_string(&alone, m, FLT_FIELD_NAME);
}

/* One element of a logprobs list: {"token": ...}, or the bare string of older formats. */
static int walk_token(const struct flt_walker *w, struct flt_field repeat, uint32_t e)
{
    const struct flt_json *j = w->j;
    repeat.tok = j->tok[e].type == FLT_JSON_OBJECT ? flt_json_get(j, e, FLT_STR("token")) : e;
    if (!flt_tok_is(j, repeat.tok, FLT_JSON_STRING))
        return flt_walk_all(w, e);
    return flt_fields_add(w->fields, w->arena, repeat);
}

/*
 * Tokens of logprobs say the answer again: their texts form a channel of their own; a cut there nulls the whole member.
 * A whole answer's logprobs also go when its text is cut, so a field without text of its own says where they are.
 */
static int walk_logprobs(const struct flt_walker *base, struct flt_choice *c, uint32_t v, bool stream)
{
    const struct flt_json *j = base->j;
    struct flt_walker w = *base;
    struct flt_field repeat = {
        .tok = v, .kind = FLT_FIELD_REPEAT, .role = FLT_ROLE_ASSISTANT, .container = v, .choice = c->index};
    int rc = FLT_OK;
    if (j->tok[v].type == FLT_JSON_NULL)
        return FLT_OK;
    c->logprobs = v;
    if (!stream)
        rc = flt_fields_add(base->fields, base->arena, repeat);
    if (rc != FLT_OK || j->tok[v].type != FLT_JSON_OBJECT)
        return rc != FLT_OK ? rc : flt_walk_all(base, v);
    for (uint32_t m = flt_member_first(j, v); rc == FLT_OK && m < j->tok[v].next; m = flt_member_next(j, m)) {
        repeat.channel = flt_channel_key(stream ? w.channel : c->index + 1u, flt_json_raw(j, m), 7);
        if (j->tok[m + 1].type != FLT_JSON_ARRAY) {
            rc = walk_value(&w, m + 1);
            continue;
        }
        for (uint32_t e = m + 2; rc == FLT_OK && e < j->tok[m + 1].next; e = j->tok[e].next)
            rc = walk_token(&w, repeat, e);
    }
    return rc;
}

static int walk_call(const struct flt_walker *base, uint32_t call, uint32_t position)
{
    const struct flt_json *j = base->j;
    struct flt_walker w = *base;
    int rc = FLT_OK;
    uint32_t number = flt_json_get(j, call, FLT_STR("index"));
    if (number != 0 && j->tok[number].type == FLT_JSON_NUMBER) {
        struct flt_str raw = flt_json_raw(j, number);
        w.channel = w.channel != 0 ? flt_channel_key(w.channel, raw, 1) : 0;
    } else if (w.channel != 0) {
        w.channel = flt_channel_key(w.channel, FLT_STR("call"), position);
    }
    w.tool = true;
    for (uint32_t m = flt_member_first(j, call); rc == FLT_OK && m < j->tok[call].next; m = flt_member_next(j, m)) {
        rc = walk_name(&w, m);
        if (rc == FLT_OK && (flt_name_is(j, m, "id") || flt_name_is(j, m, "type")))
            rc = walk_structural(&w, m + 1);
        else if (rc == FLT_OK)
            rc = flt_walk_all(&w, m + 1);
    }
    return rc;
}

static int walk_calls(const struct flt_walker *w, uint32_t list)
{
    const struct flt_json *j = w->j;
    uint32_t position = 0;
    int rc = FLT_OK;
    if (j->tok[list].type != FLT_JSON_ARRAY)
        return flt_walk_all(w, list);
    for (uint32_t e = list + 1; rc == FLT_OK && e < j->tok[list].next; e = j->tok[e].next) {
        if (j->tok[e].type == FLT_JSON_OBJECT)
            rc = walk_call(w, e, position++);
        else
            rc = flt_walk_all(w, e);
    }
    return rc;
}

/* The message or delta object of a choice. */
static int walk_body(const struct flt_walker *base, const struct shape *s, struct flt_choice *c, uint32_t body)
{
    const struct flt_json *j = base->j;
    int rc = FLT_OK;
    for (uint32_t m = flt_member_first(j, body); rc == FLT_OK && m < j->tok[body].next; m = flt_member_next(j, m)) {
        struct flt_walker w = *base;
        struct flt_str name = flt_json_raw(j, m);
        uint32_t v = m + 1;
        if (s->stream && !flt_comes_complete(j, m))
            w.channel = flt_channel_key(c->index + 1u, name, 0);
        rc = walk_name(&w, m);
        if (rc != FLT_OK)
            break;
        if (flt_name_is(j, m, "role") && j->tok[v].type == FLT_JSON_STRING) {
            c->role = true;
            rc = walk_value(&w, v);
        } else if (flt_name_is(j, m, "tool_calls")) {
            rc = walk_calls(&w, v);
        } else if (flt_name_is(j, m, "content") && s->json_answer && j->tok[v].type == FLT_JSON_STRING) {
            rc = flt_walk_string(&w, v, FLT_FIELD_JSON);
        } else {
            w.tool = flt_name_is(j, m, "function_call");
            rc = flt_walk_all(&w, v);
        }
        c->text = c->text || (j->tok[v].type == FLT_JSON_STRING && j->tok[v].len != 0);
    }
    return rc;
}

static int walk_choice(const struct flt_walker *base, const struct shape *s, struct flt_choice *c, uint32_t obj)
{
    const struct flt_json *j = base->j;
    struct flt_walker w = *base;
    int rc = FLT_OK;
    w.choice = c->index;
    for (uint32_t m = flt_member_first(j, obj); rc == FLT_OK && m < j->tok[obj].next; m = flt_member_next(j, m)) {
        uint32_t v = m + 1;
        rc = walk_name(&w, m);
        if (rc != FLT_OK)
            break;
        if (flt_name_is(j, m, s->body)) {
            c->message = v;
            rc = j->tok[v].type == FLT_JSON_OBJECT ? walk_body(&w, s, c, v) : walk_value(&w, v);
        } else if (flt_name_is(j, m, "logprobs")) {
            struct flt_walker l = w;
            l.channel = s->stream ? flt_channel_key(c->index + 1u, FLT_STR("logprobs"), 3) : 0;
            rc = walk_logprobs(&l, c, v, s->stream);
        } else if (flt_name_is(j, m, "finish_reason")) {
            c->finish = v;
            c->finished = j->tok[v].type == FLT_JSON_STRING;
            rc = walk_value(&w, v);
        } else {
            rc = walk_value(&w, v);
        }
    }
    return rc;
}

static bool read_index(const struct flt_json *j, uint32_t obj, uint32_t position, uint32_t *index)
{
    uint32_t tok = flt_json_get(j, obj, FLT_STR("index"));
    *index = position;
    if (tok == 0)
        return true;
    struct flt_str raw = flt_json_raw(j, tok);
    if (j->tok[tok].type != FLT_JSON_NUMBER || raw.n > 3)
        return false;
    *index = 0;
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] < '0' || raw.p[i] > '9')
            return false;
        *index = *index * 10 + (uint32_t)(raw.p[i] - '0');
    }
    return *index < FLT_MAX_CHOICES;
}

static int walk_choices(const struct flt_walker *w, const struct shape *s, uint32_t list, struct flt_answer_map *out,
                        const char **why)
{
    const struct flt_json *j = w->j;
    int rc = FLT_OK;
    if (j->tok[list].type != FLT_JSON_ARRAY || j->tok[list].count > FLT_MAX_CHOICES) {
        *why = "choices must be an array of at most 128";
        return FLT_E_TYPE;
    }
    out->choices = flt_arena_calloc(w->arena, j->tok[list].count + 1u, sizeof(*out->choices));
    if (out->choices == NULL)
        return FLT_E_NOMEM;
    for (uint32_t e = list + 1; rc == FLT_OK && e < j->tok[list].next; e = j->tok[e].next) {
        struct flt_choice *c = &out->choices[out->n_choices];
        if (j->tok[e].type != FLT_JSON_OBJECT || !read_index(j, e, out->n_choices, &c->index)) {
            *why = "each choice must be an object with a small index";
            return FLT_E_TYPE;
        }
        out->n_choices++;
        rc = walk_choice(w, s, c, e);
    }
    return rc;
}

static int walk_root(const struct flt_json *j, const struct shape *s, struct flt_arena *arena,
                     struct flt_answer_map *out, const char **why)
{
    struct flt_walker w = {.j = j,
                           .arena = arena,
                           .fields = &out->fields,
                           .role = FLT_ROLE_ASSISTANT,
                           .choice = UINT32_MAX,
                           .known_name = flt_openai_known_name};
    int rc = FLT_OK;
    if (j->tok[0].type != FLT_JSON_OBJECT)
        return flt_walk_all(&w, 0);
    for (uint32_t m = flt_member_first(j, 0); rc == FLT_OK && m < j->tok[0].next; m = flt_member_next(j, m)) {
        struct flt_str name = flt_json_raw(j, m);
        uint32_t v = m + 1;
        rc = walk_name(&w, m);
        if (rc != FLT_OK)
            break;
        if (flt_name_is(j, m, "choices"))
            rc = walk_choices(&w, s, v, out, why);
        else if (structural(name))
            rc = walk_structural(&w, v);
        else
            rc = walk_value(&w, v);
        if (flt_name_is(j, m, "id"))
            out->id = v;
        else if (flt_name_is(j, m, "created"))
            out->created = v;
        else if (flt_name_is(j, m, "model"))
            out->model = v;
    }
    return rc;
}

int flt_openai_answer(const struct flt_json *j, bool json_answer, struct flt_arena *arena, struct flt_answer_map *out,
                      const char **why)
{
    const struct shape s = {.body = "message", .json_answer = json_answer};
    *why = "the answer has an unexpected shape";
    return walk_root(j, &s, arena, out, why);
}

int flt_openai_chunk(const struct flt_json *j, bool json_answer, struct flt_arena *arena, struct flt_answer_map *out,
                     const char **why)
{
    const struct shape s = {.body = "delta", .stream = true, .json_answer = json_answer};
    *why = "the stream has an event of unexpected shape";
    return j->tok[0].type == FLT_JSON_OBJECT ? walk_root(j, &s, arena, out, why) : FLT_E_TYPE;
}
