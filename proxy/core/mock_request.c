/* What the mock understands of a request: its route, the texts it echoes, and which rule it meets. */
#include "core/mock_parts.h"

#include "flt/json.h"

/* ---- routes --------------------------------------------------------------------------------- */

static const struct {
    const char *method, *glob;
    enum mock_route route;
} routes[] = {
    {"POST", "/v1/chat/completions", MOCK_ROUTE_CHAT},
    {"POST", "/openai/v1/chat/completions", MOCK_ROUTE_CHAT},
    {"POST", "/openai/deployments/*/chat/completions", MOCK_ROUTE_CHAT},
    {"GET", "/v1/models", MOCK_ROUTE_MODELS},
    {"GET", "/openai/v1/models", MOCK_ROUTE_MODELS},
    {"GET", "/openai/models", MOCK_ROUTE_MODELS},
};

enum mock_route px_mock_route(struct flt_str method, struct flt_str path)
{
    for (size_t i = 0; i < FLT_ARRAY_LEN(routes); i++) {
        if (!flt_str_glob(path, flt_str_of(routes[i].glob)))
            continue;
        return flt_str_is(method, routes[i].method) ? routes[i].route : MOCK_ROUTE_METHOD;
    }
    return MOCK_ROUTE_NONE;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static struct flt_str text_of(const struct flt_json *j, uint32_t i, struct flt_arena *arena)
{
    struct flt_str s = {NULL, 0};
    struct flt_offmap map;
    if (i == 0 || j->tok[i].type != FLT_JSON_STRING || flt_json_text(j, i, arena, &s, &map) != FLT_OK)
        return (struct flt_str){NULL, 0};
    return s;
}

static struct flt_str joined(struct flt_arena *arena, struct flt_str a, struct flt_str b)
{
    if (a.n == 0)
        return b;
    char *p = flt_arena_alloc(arena, a.n + b.n + 1);
    if (p == NULL)
        return a;
    memcpy(p, a.p, a.n);
    p[a.n] = '\n';
    memcpy(p + a.n + 1, b.p, b.n);
    return (struct flt_str){p, a.n + b.n + 1};
}

/* A message's content: a string, or the text parts of a list, joined by line feeds. */
static struct flt_str content_of(const struct flt_json *j, uint32_t msg, struct flt_arena *arena)
{
    uint32_t c = flt_json_get(j, msg, FLT_STR("content"));
    struct flt_str all = {NULL, 0};
    if (c == 0 || j->tok[c].type != FLT_JSON_ARRAY)
        return text_of(j, c, arena);
    uint32_t part = c + 1;
    for (uint32_t i = 0; i < j->tok[c].count; i++, part = j->tok[part].next) {
        if (j->tok[part].type != FLT_JSON_OBJECT)
            continue;
        struct flt_str t = text_of(j, flt_json_get(j, part, FLT_STR("text")), arena);
        if (t.n != 0)
            all = joined(arena, all, t);
    }
    return all;
}

static void read_messages(struct mock_prompt *p, const struct flt_json *j, uint32_t list, struct flt_arena *arena)
{
    uint32_t m = list + 1;
    for (uint32_t i = 0; i < j->tok[list].count; i++, m = j->tok[m].next) {
        if (j->tok[m].type != FLT_JSON_OBJECT)
            continue;
        struct flt_str role = text_of(j, flt_json_get(j, m, FLT_STR("role")), arena);
        struct flt_str text = content_of(j, m, arena);
        p->text_bytes += text.n;
        if (flt_str_is(role, "user"))
            p->last_user = text;
        else if (flt_str_is(role, "system") || flt_str_is(role, "developer"))
            p->system = joined(arena, p->system, text);
    }
}

static uint32_t small_number(const struct flt_json *j, uint32_t i)
{
    uint32_t v = 0;
    if (i == 0 || j->tok[i].type != FLT_JSON_NUMBER || j->tok[i].len > 2)
        return 1;
    struct flt_str raw = flt_json_raw(j, i);
    for (size_t k = 0; k < raw.n && raw.p[k] >= '0' && raw.p[k] <= '9'; k++)
        v = v * 10 + (uint32_t)(raw.p[k] - '0');
    return v >= 1 && v <= 16 ? v : 1;
}

void px_mock_prompt(struct mock_prompt *p, struct flt_arena *arena)
{
    struct flt_json j;
    size_t where;
    const char *q = memchr(p->head->target.p, '?', p->head->target.n);
    p->path = p->head->target;
    if (q != NULL)
        p->path.n = (size_t)(q - p->path.p);
    p->azure = flt_str_starts(p->path, FLT_STR("/openai/deployments/"));
    p->n = 1;
    p->bad = true;
    if (p->body.n == 0 || flt_json_scan(p->body, &flt_json_strict, arena, &j, &where) != FLT_OK)
        return;
    uint32_t list = flt_json_get(&j, 0, FLT_STR("messages"));
    if (list == 0 || j.tok[list].type != FLT_JSON_ARRAY)
        return;
    p->bad = false;
    p->model = text_of(&j, flt_json_get(&j, 0, FLT_STR("model")), arena);
    read_messages(p, &j, list, arena);
    uint32_t stream = flt_json_get(&j, 0, FLT_STR("stream"));
    p->stream = stream != 0 && j.tok[stream].type == FLT_JSON_TRUE;
    uint32_t options = flt_json_get(&j, 0, FLT_STR("stream_options"));
    if (options != 0) {
        uint32_t usage = flt_json_get(&j, options, FLT_STR("include_usage"));
        p->include_usage = usage != 0 && j.tok[usage].type == FLT_JSON_TRUE;
    }
    p->n = small_number(&j, flt_json_get(&j, 0, FLT_STR("n")));
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* want is "name: glob" */
static bool header_matches(const struct px_h1_head *h, struct flt_str want)
{
    const char *colon = memchr(want.p, ':', want.n);
    struct flt_str name = want, glob = FLT_STR("*");
    if (colon != NULL) {
        name.n = (size_t)(colon - want.p);
        glob = (struct flt_str){colon + 1, want.n - name.n - 1};
        while (glob.n != 0 && glob.p[0] == ' ')
            glob = (struct flt_str){glob.p + 1, glob.n - 1};
    }
    for (unsigned i = 0; i < h->n; i++)
        if (flt_str_ieq(h->v[i].name, name) && flt_str_glob(h->v[i].value, glob))
            return true;
    return false;
}

static bool matches(const struct mock_match *m, const struct mock_prompt *p)
{
    if (m->method.p != NULL && !flt_str_eq(m->method, p->head->method))
        return false;
    if (m->path.p != NULL && !flt_str_glob(p->path, m->path))
        return false;
    if (m->model.p != NULL && !flt_str_glob(p->model, m->model))
        return false;
    if (m->header.p != NULL && !header_matches(p->head, m->header))
        return false;
    return m->contains.n == 0 || memmem(p->body.p, p->body.n, m->contains.p, m->contains.n) != NULL;
}

struct mock_rule *px_mock_find(struct mock_script *s, const struct mock_prompt *p)
{
    for (uint32_t i = 0; s != NULL && i < s->n; i++) {
        struct mock_rule *r = &s->rules[i];
        if (!matches(&r->match, p))
            continue;
        r->seen++;
        if (r->match.nth == 0 || r->seen == (uint64_t)r->match.nth)
            return r;
    }
    return NULL;
}
