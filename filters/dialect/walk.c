#include "dialect/walk.h"

int flt_fields_add(struct flt_fields *f, struct flt_arena *arena, struct flt_field field)
{
    if (f->n == f->cap) {
        uint32_t cap = f->cap != 0 ? f->cap * 2 : 64;
        struct flt_field *v = flt_arena_alloc(arena, cap * sizeof(*v));
        if (v == NULL)
            return FLT_E_NOMEM;
        if (f->n != 0)
            memcpy(v, f->v, f->n * sizeof(*v));
        f->v = v;
        f->cap = cap;
    }
    f->v[f->n++] = field;
    return FLT_OK;
}

/* Shorter numbers are counts, limits and prices: no identifier is found by fewer digits without words around it. */
#define LONG_NUMBER 12u

/* FNV-1a over name and index: keys only have to differ inside one stream, and a clash merely joins two texts. */
uint64_t flt_channel_key(uint64_t base, struct flt_str name, uint32_t index)
{
    uint64_t h = base ^ UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (uint8_t)name.p[i]) * UINT64_C(0x100000001b3);
    h = (h ^ (index + 1u)) * UINT64_C(0x100000001b3);
    return h != FLT_CHANNEL_ALONE ? h : 1;
}

int flt_walk_string(const struct flt_walker *w, uint32_t tok, enum flt_field_kind kind)
{
    struct flt_field f = {.tok = tok,
                          .kind = (uint8_t)kind,
                          .role = (uint8_t)w->role,
                          .join = w->join,
                          .turn = w->join != 0 ? w->turn : 0,
                          .channel = w->channel,
                          .choice = w->choice,
                          .tool = w->tool};
    return flt_fields_add(w->fields, w->arena, f);
}

bool flt_comes_complete(const struct flt_json *j, uint32_t m)
{
    static const char *const names[] = {"id",      "type",    "format",   "index",     "role",       "name",
                                        "title",   "url",     "status",   "signature", "object",     "annotations",
                                        "context", "file_id", "filename", "mime_type", "media_type", "tool_call_id"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(names); i++) {
        if (flt_name_is(j, m, names[i]))
            return true;
    }
    return false;
}

/*
 * Depth is at most 64 and the tape is in document order, so one pass over it visits every string; a small stack of ends
 * tells which member a value belongs to only where that matters ("arguments").
 */
int flt_walk_all(const struct flt_walker *w, uint32_t tok)
{
    const struct flt_json *j = w->j;
    struct flt_walker inner = *w;
    int rc = FLT_OK;
    uint64_t path[65] = {w->channel};
    uint8_t base = j->tok[tok].depth;
    bool args = false;
    for (uint32_t i = tok; rc == FLT_OK && i < j->tok[tok].next; i++) {
        const struct flt_json_tok *t = &j->tok[i];
        unsigned d = t->depth - base;
        if (t->type == FLT_JSON_STRING && t->name) {
            struct flt_str raw = flt_json_raw(j, i);
            args = flt_name_is(j, i, "arguments");
            path[d] = 0;
            if (w->channel != 0 && d > 0 && path[d - 1] != 0 && !flt_comes_complete(j, i))
                path[d] = flt_channel_key(path[d - 1], raw, 0);
            inner.channel = FLT_CHANNEL_ALONE;
            if (t->escaped || !w->known_name(raw))
                rc = flt_walk_string(&inner, i, FLT_FIELD_NAME);
            continue;
        }
        if (t->type == FLT_JSON_STRING) {
            inner.channel = d > 0 && w->channel != 0 ? path[d] : w->channel;
            rc = flt_walk_string(&inner, i, args ? FLT_FIELD_JSON : FLT_FIELD_TEXT);
        } else if (t->type == FLT_JSON_NUMBER && t->len >= LONG_NUMBER) {
            inner.channel = FLT_CHANNEL_ALONE;
            rc = flt_walk_string(&inner, i, FLT_FIELD_NUMBER);
        } else if (d < 64 && w->channel != 0) {
            path[d + 1] = path[d];
        }
        args = false;
    }
    return rc;
}

static bool base64_only(struct flt_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!alnum && c != '+' && c != '/' && c != '=' && c != '-' && c != '_' && c != '\\') /* "\/" is a slash */
            return false;
    }
    return s.n >= 64;
}

static bool prefix_ci(struct flt_str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.n >= n && flt_str_ieq((struct flt_str){s.p, n}, (struct flt_str){prefix, n});
}

/*
 * Pictures, sound and PDF pages are opaque by policy. Any other data: URL is text somebody encoded: a model reads it
 * and we cannot, so it is refused rather than passed.
 */
int flt_walk_media(const struct flt_walker *w, uint32_t tok, bool bare_base64)
{
    static const char *const opaque[] = {"data:image/", "data:audio/", "data:video/", "data:application/pdf"};
    struct flt_str raw = flt_json_raw(w->j, tok);
    struct flt_str text;
    struct flt_offmap map;
    if (w->j->tok[tok].escaped && raw.n < 4096) { /* "data:image\/png" is the same URL */
        int rc = flt_json_text(w->j, tok, w->arena, &text, &map);
        if (rc != FLT_OK)
            return rc;
        raw = text;
    }
    for (size_t i = 0; i < FLT_ARRAY_LEN(opaque); i++) {
        if (prefix_ci(raw, opaque[i]))
            return flt_walk_string(w, tok, FLT_FIELD_OPAQUE);
    }
    if (prefix_ci(raw, "data:"))
        return flt_walk_string(w, tok, FLT_FIELD_UNREADABLE);
    return flt_walk_string(w, tok, bare_base64 && base64_only(raw) ? FLT_FIELD_OPAQUE : FLT_FIELD_TEXT);
}

/* Member names of the OpenAI chat format and its close relatives, sorted by strcmp. */
static const char *const known_names[] = {"accepted_prediction_tokens",
                                          "annotations",
                                          "approximate",
                                          "arguments",
                                          "audio",
                                          "audio_tokens",
                                          "bytes",
                                          "cached_tokens",
                                          "choices",
                                          "city",
                                          "code",
                                          "completion_tokens",
                                          "completion_tokens_details",
                                          "content",
                                          "content_filter_offsets",
                                          "content_filter_result",
                                          "content_filter_results",
                                          "country",
                                          "created",
                                          "custom",
                                          "data",
                                          "data_sources",
                                          "delta",
                                          "description",
                                          "detail",
                                          "detected",
                                          "developer",
                                          "documents",
                                          "end_index",
                                          "enum",
                                          "error",
                                          "expires_at",
                                          "file",
                                          "file_data",
                                          "file_id",
                                          "filename",
                                          "filtered",
                                          "finish_reason",
                                          "format",
                                          "frequency_penalty",
                                          "function",
                                          "function_call",
                                          "functions",
                                          "hate",
                                          "id",
                                          "image_url",
                                          "include_obfuscation",
                                          "include_usage",
                                          "index",
                                          "innererror",
                                          "input",
                                          "input_audio",
                                          "items",
                                          "jailbreak",
                                          "json_schema",
                                          "logit_bias",
                                          "logprob",
                                          "logprobs",
                                          "max_completion_tokens",
                                          "max_tokens",
                                          "message",
                                          "messages",
                                          "metadata",
                                          "modalities",
                                          "model",
                                          "moderation",
                                          "n",
                                          "name",
                                          "obfuscation",
                                          "object",
                                          "owned_by",
                                          "parallel_tool_calls",
                                          "param",
                                          "parameters",
                                          "prediction",
                                          "presence_penalty",
                                          "profanity",
                                          "prompt",
                                          "prompt_cache_key",
                                          "prompt_filter_results",
                                          "prompt_index",
                                          "prompt_tokens",
                                          "prompt_tokens_details",
                                          "properties",
                                          "protected_material_code",
                                          "protected_material_text",
                                          "reasoning",
                                          "reasoning_content",
                                          "reasoning_effort",
                                          "reasoning_tokens",
                                          "refusal",
                                          "rejected_prediction_tokens",
                                          "required",
                                          "response_format",
                                          "role",
                                          "safety_identifier",
                                          "schema",
                                          "seed",
                                          "self_harm",
                                          "service_tier",
                                          "severity",
                                          "sexual",
                                          "start_index",
                                          "status",
                                          "stop",
                                          "store",
                                          "stream",
                                          "stream_options",
                                          "strict",
                                          "system_fingerprint",
                                          "temperature",
                                          "text",
                                          "title",
                                          "token",
                                          "tool_call_id",
                                          "tool_calls",
                                          "tool_choice",
                                          "tools",
                                          "top_logprobs",
                                          "top_p",
                                          "total_tokens",
                                          "transcript",
                                          "type",
                                          "url",
                                          "url_citation",
                                          "usage",
                                          "user",
                                          "user_location",
                                          "verbosity",
                                          "violence",
                                          "web_search_options"};

static int name_order(const void *key, const void *elem)
{
    const struct flt_str *s = key;
    const char *name = *(const char *const *)elem;
    size_t n = strlen(name);
    int c = memcmp(s->p, name, s->n < n ? s->n : n);
    return c != 0 ? c : s->n < n ? -1 : s->n > n;
}

bool flt_openai_known_name(struct flt_str raw)
{
    return raw.n != 0 &&
           bsearch(&raw, known_names, FLT_ARRAY_LEN(known_names), sizeof(known_names[0]), name_order) != NULL;
}
