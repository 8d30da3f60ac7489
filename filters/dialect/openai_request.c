/*
 * openai_request.c: text positions of a chat completions request (OpenAI, Azure, vLLM, Ollama /v1 and other
 * compatibles).
 *
 * Known members only decide the role and how a string is read; every other string, and every member name the format
 * does not define, is text too: new fields appear weekly and must not be a way around the filters.
 */
#include "dialect/openai.h"
#include "dialect/walk.h"

static bool is_one_of(const struct flt_json *j, uint32_t tok, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (flt_json_str_is(j, tok, flt_str_of(*names)))
            return true;
    }
    return false;
}

static const char *const part_types[] = {"text",    "image_url",     "input_audio", "file",   "refusal", "function",
                                         "custom",  "json_schema",   "json_object", "object", "string",  "number",
                                         "integer", "boolean",       "array",       "null",   "content", "approximate",
                                         "auto",    "allowed_tools", "grammar",     "lark",   "regex",   NULL};

enum flt_role flt_openai_role(const struct flt_json *j, uint32_t tok)
{
    static const struct {
        const char *name;
        enum flt_role role;
    } roles[] = {{"system", FLT_ROLE_SYSTEM},       {"developer", FLT_ROLE_DEVELOPER}, {"user", FLT_ROLE_USER},
                 {"assistant", FLT_ROLE_ASSISTANT}, {"tool", FLT_ROLE_TOOL},           {"function", FLT_ROLE_TOOL}};
    for (size_t i = 0; tok != 0 && i < FLT_ARRAY_LEN(roles); i++) {
        if (flt_json_str_is(j, tok, flt_str_of(roles[i].name)))
            return roles[i].role;
    }
    return FLT_ROLE_OTHER;
}

/* An enumerated value needs no scan; anything else in its place is text. */
static int walk_enum(const struct flt_walker *w, uint32_t tok, const char *const *values)
{
    if (w->j->tok[tok].type == FLT_JSON_STRING && is_one_of(w->j, tok, values))
        return FLT_OK;
    return flt_walk_all(w, tok);
}

/* {"url": ...}, {"data": ..., "format": ...}, {"file_data": ...} or a bare string. */
static int walk_media_value(const struct flt_walker *w, uint32_t tok)
{
    const struct flt_json *j = w->j;
    int rc = FLT_OK;
    if (j->tok[tok].type == FLT_JSON_STRING)
        return flt_walk_media(w, tok, false);
    if (j->tok[tok].type != FLT_JSON_OBJECT)
        return flt_walk_all(w, tok);
    for (uint32_t m = flt_member_first(j, tok); rc == FLT_OK && m < j->tok[tok].next; m = flt_member_next(j, m)) {
        struct flt_str name = flt_json_raw(j, m);
        bool media = flt_name_is(j, m, "url") || flt_name_is(j, m, "data") || flt_name_is(j, m, "file_data");
        if (media && j->tok[m + 1].type == FLT_JSON_STRING) {
            rc = flt_walk_media(w, m + 1, !flt_name_is(j, m, "url"));
            continue;
        }
        if (j->tok[m].escaped || !w->known_name(name))
            rc = flt_walk_string(w, m, FLT_FIELD_NAME);
        if (rc == FLT_OK)
            rc = flt_walk_all(w, m + 1);
    }
    return rc;
}

static int walk_part(const struct flt_walker *w, uint32_t part)
{
    const struct flt_json *j = w->j;
    struct flt_walker joined = *w;
    struct flt_walker single = *w;
    int rc = FLT_OK;
    single.join = 0;
    if (j->tok[part].type != FLT_JSON_OBJECT)
        return flt_walk_all(w, part);
    for (uint32_t m = flt_member_first(j, part); rc == FLT_OK && m < j->tok[part].next; m = flt_member_next(j, m)) {
        struct flt_str name = flt_json_raw(j, m);
        uint32_t v = m + 1;
        if (j->tok[m].escaped || !w->known_name(name))
            rc = flt_walk_string(&single, m, FLT_FIELD_NAME);
        if (rc != FLT_OK)
            break;
        if (flt_name_is(j, m, "type"))
            rc = walk_enum(&single, v, part_types);
        else if (flt_name_is(j, m, "text") && j->tok[v].type == FLT_JSON_STRING)
            rc = flt_walk_string(&joined, v, FLT_FIELD_TEXT);
        else if (flt_name_is(j, m, "image_url") || flt_name_is(j, m, "input_audio") || flt_name_is(j, m, "file"))
            rc = walk_media_value(&single, v);
        else
            rc = flt_walk_all(&single, v);
    }
    return rc;
}

static int walk_content(const struct flt_walker *w, uint32_t v)
{
    const struct flt_json *j = w->j;
    int rc = FLT_OK;
    if (j->tok[v].type != FLT_JSON_ARRAY)
        return flt_walk_all(w, v);
    for (uint32_t p = v + 1; rc == FLT_OK && p < j->tok[v].next; p = j->tok[p].next)
        rc = walk_part(w, p);
    return rc;
}

static bool content_type_ok(const struct flt_json *j, uint32_t v)
{
    enum flt_json_type t = (enum flt_json_type)j->tok[v].type;
    return t == FLT_JSON_STRING || t == FLT_JSON_ARRAY || t == FLT_JSON_NULL;
}

static int walk_message(const struct flt_walker *base, uint32_t msg, uint32_t number)
{
    static const char *const roles[] = {"system", "developer", "user", "assistant", "tool", "function", NULL};
    const struct flt_json *j = base->j;
    struct flt_walker w = *base;
    int rc = FLT_OK;
    w.role = flt_openai_role(j, flt_json_get(j, msg, FLT_STR("role")));
    for (uint32_t m = flt_member_first(j, msg); rc == FLT_OK && m < j->tok[msg].next; m = flt_member_next(j, m)) {
        struct flt_str name = flt_json_raw(j, m);
        w.join = 0;
        if (j->tok[m].escaped || !w.known_name(name))
            rc = flt_walk_string(&w, m, FLT_FIELD_NAME);
        if (rc != FLT_OK)
            break;
        if (flt_name_is(j, m, "role")) {
            rc = walk_enum(&w, m + 1, roles);
        } else if (flt_name_is(j, m, "content")) {
            w.join = number;
            rc = walk_content(&w, m + 1);
        } else {
            rc = flt_walk_all(&w, m + 1);
        }
    }
    return rc;
}

static int walk_messages(const struct flt_walker *w, uint32_t list, const char **why)
{
    const struct flt_json *j = w->j;
    enum flt_role before = FLT_ROLE_COUNT;
    struct flt_walker turn = *w;
    uint32_t number = 1;
    int rc = FLT_OK;
    if (j->tok[list].type != FLT_JSON_ARRAY) {
        *why = "messages must be an array";
        return FLT_E_TYPE;
    }
    for (uint32_t m = list + 1; rc == FLT_OK && m < j->tok[list].next; m = j->tok[m].next) {
        if (j->tok[m].type != FLT_JSON_OBJECT) {
            *why = "each message must be an object";
            return FLT_E_TYPE;
        }
        uint32_t role = flt_json_get(j, m, FLT_STR("role"));
        if (role == 0 || j->tok[role].type != FLT_JSON_STRING) {
            *why = "each message must have a role";
            return FLT_E_TYPE;
        }
        uint32_t content = flt_json_get(j, m, FLT_STR("content"));
        if (content != 0 && !content_type_ok(j, content)) {
            *why = "content must be a string, an array of parts or null";
            return FLT_E_TYPE;
        }
        /* Messages of one turn are read on from each other. */
        enum flt_role now = flt_openai_role(j, role);
        turn.turn += now != before || now != FLT_ROLE_USER;
        before = now;
        rc = walk_message(&turn, m, number++);
    }
    return rc;
}

/* After the last leading system or developer message, in the same role; before everything when there is none. */
static void find_ground_slot(const struct flt_json *j, uint32_t list, struct flt_request_map *out)
{
    uint32_t last = 0;
    enum flt_role role = FLT_ROLE_SYSTEM;
    for (uint32_t m = list + 1; m < j->tok[list].next; m = j->tok[m].next) {
        enum flt_role r = flt_openai_role(j, flt_json_get(j, m, FLT_STR("role")));
        if (r != FLT_ROLE_SYSTEM && r != FLT_ROLE_DEVELOPER)
            break;
        last = m;
        role = r;
    }
    out->can_ground = true;
    if (last != 0) {
        out->ground_at = j->tok[last].off + j->tok[last].len;
        out->ground_prefix = role == FLT_ROLE_DEVELOPER ? ",{\"role\":\"developer\",\"content\":\""
                                                        : ",{\"role\":\"system\",\"content\":\"";
        out->ground_suffix = "\"}";
    } else {
        out->ground_at = j->tok[list].off + 1;
        out->ground_prefix = "{\"role\":\"system\",\"content\":\"";
        out->ground_suffix = j->tok[list].count != 0 ? "\"}," : "\"}";
    }
}

/* Local chat templates often allow one system message only, first: there the text is appended to it. */
static bool append_to_system(const struct flt_json *j, uint32_t list, struct flt_request_map *out)
{
    uint32_t first = list + 1;
    if (j->tok[list].count == 0 || flt_openai_role(j, flt_json_get(j, first, FLT_STR("role"))) != FLT_ROLE_SYSTEM)
        return false;
    uint32_t content = flt_json_get(j, first, FLT_STR("content"));
    if (content == 0 || j->tok[content].type != FLT_JSON_STRING)
        return false;
    out->ground_at = j->tok[content].off + j->tok[content].len;
    out->ground_prefix = j->tok[content].len != 0 ? "\\n\\n" : "";
    out->ground_suffix = "";
    return true;
}

static int read_bool(const struct flt_json *j, uint32_t tok, bool *out, const char *words, const char **why)
{
    if (tok == 0 || j->tok[tok].type == FLT_JSON_NULL)
        return FLT_OK;
    if (j->tok[tok].type != FLT_JSON_TRUE && j->tok[tok].type != FLT_JSON_FALSE) {
        *why = words;
        return FLT_E_TYPE;
    }
    *out = j->tok[tok].type == FLT_JSON_TRUE;
    return FLT_OK;
}

static int read_facts(const struct flt_json *j, struct flt_request_map *out, const char **why)
{
    int rc = read_bool(j, flt_json_get(j, 0, FLT_STR("stream")), &out->stream, "stream must be true or false", why);
    uint32_t options = flt_json_get(j, 0, FLT_STR("stream_options"));
    if (rc == FLT_OK && flt_tok_is(j, options, FLT_JSON_OBJECT))
        rc = read_bool(j, flt_json_get(j, options, FLT_STR("include_usage")), &out->include_usage,
                       "include_usage must be true or false", why);
    uint32_t format = flt_json_get(j, 0, FLT_STR("response_format"));
    uint32_t type = flt_tok_is(j, format, FLT_JSON_OBJECT) ? flt_json_get(j, format, FLT_STR("type")) : 0;
    out->json_answer = type != 0 && (flt_json_str_is(j, type, FLT_STR("json_schema")) ||
                                     flt_json_str_is(j, type, FLT_STR("json_object")));
    out->model = flt_json_get(j, 0, FLT_STR("model"));
    if (rc == FLT_OK && out->model != 0 && j->tok[out->model].type != FLT_JSON_STRING &&
        j->tok[out->model].type != FLT_JSON_NULL) {
        *why = "model must be a string";
        rc = FLT_E_TYPE;
    }
    return rc;
}

int flt_openai_request(const struct flt_json *j, const char *provider, struct flt_arena *arena,
                       struct flt_request_map *out, const char **why)
{
    struct flt_walker w = {.j = j,
                           .arena = arena,
                           .fields = &out->fields,
                           .role = FLT_ROLE_OTHER,
                           .choice = UINT32_MAX,
                           .known_name = flt_openai_known_name};
    static const char *const always_ok[] = {"auto",   "none", "required", "default", "flex",  "low",
                                            "medium", "high", "minimal",  "text",    "audio", NULL};
    *why = "the body must be a JSON object";
    if (j->tok[0].type != FLT_JSON_OBJECT)
        return FLT_E_TYPE;
    uint32_t list = flt_json_get(j, 0, FLT_STR("messages"));
    *why = "messages is missing";
    if (list == 0)
        return FLT_E_TYPE;
    int rc = read_facts(j, out, why);
    for (uint32_t m = flt_member_first(j, 0); rc == FLT_OK && m < j->tok[0].next; m = flt_member_next(j, m)) {
        struct flt_str name = flt_json_raw(j, m);
        if (j->tok[m].escaped || !w.known_name(name))
            rc = flt_walk_string(&w, m, FLT_FIELD_NAME);
        if (rc != FLT_OK)
            break;
        if (m + 1 == list)
            rc = walk_messages(&w, list, why);
        else
            rc = walk_enum(&w, m + 1, always_ok);
    }
    bool local = strcmp(provider, "vllm") == 0 || strcmp(provider, "ollama") == 0;
    if (rc == FLT_OK && !(local && append_to_system(j, list, out)))
        find_ground_slot(j, list, out);
    else
        out->can_ground = rc == FLT_OK;
    return rc;
}
