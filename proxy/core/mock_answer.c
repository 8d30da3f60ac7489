/* Bodies of the mock's answers: chat.completion, chat.completion.chunk streams, the model list, errors. */
#include <inttypes.h>

#include "core/mock_parts.h"

#include "flt/json.h"

#define MOCK_BODY_MAX ((size_t)128 << 20)
#define MOCK_TEXT_MAX ((size_t)64 << 20)
#define MOCK_CREATED  1700000000u

void px_mock_body_init(struct mock_body *b)
{
    *b = (struct mock_body){.type = "application/json"};
    flt_buf_init(&b->bytes, MOCK_BODY_MAX);
    flt_buf_init(&b->ends, MOCK_BODY_MAX);
}

void px_mock_body_free(struct mock_body *b)
{
    flt_buf_free(&b->bytes);
    flt_buf_free(&b->ends);
}

int px_mock_body_end_piece(struct mock_body *b)
{
    return flt_buf_add(&b->ends, &b->bytes.n, sizeof(b->bytes.n));
}

/* ---- text ----------------------------------------------------------------------------------- */

/* Appends content with {{prompt}}, {{system}} and {{model}} filled in. */
static int fill(struct flt_buf *out, struct flt_str s, const struct mock_prompt *p)
{
    const struct {
        struct flt_str mark, text;
    } marks[] = {
        {FLT_STR("{{prompt}}"), p->last_user}, {FLT_STR("{{system}}"), p->system}, {FLT_STR("{{model}}"), p->model}};
    int rc = FLT_OK;
    while (s.n != 0 && rc == FLT_OK) {
        struct flt_str put = {s.p, 1};
        size_t skip = 1;
        for (size_t i = 0; i < FLT_ARRAY_LEN(marks); i++) {
            if (!flt_str_starts(s, marks[i].mark))
                continue;
            put = marks[i].text;
            skip = marks[i].mark.n;
        }
        rc = flt_buf_add_str(out, put);
        s = (struct flt_str){s.p + skip, s.n - skip};
    }
    return rc;
}

static int content_text(const struct mock_prompt *p, const struct mock_reply *r, struct flt_buf *out)
{
    if (r->content.p == NULL) {
        int rc = flt_buf_add_str(out, FLT_STR("echo: "));
        return rc == FLT_OK ? flt_buf_add_str(out, p->last_user) : rc;
    }
    int rc = fill(out, r->content, p);
    size_t once = out->n;
    for (int64_t i = 1; i < r->repeat && rc == FLT_OK; i++) {
        rc = flt_buf_reserve(out, once);
        if (rc == FLT_OK)
            rc = flt_buf_add(out, out->p, once);
    }
    return rc;
}

/* ---- pieces of both forms ------------------------------------------------------------------- */

struct answer {
    const struct mock_prompt *p;
    const struct mock_reply *r;
    uint64_t serial;
    struct flt_str content;
    bool has_content;
    uint32_t n;
    const char *finish;
    struct mock_body *out;
    struct flt_jw w;
};

static void put_base(struct answer *a, const char *object)
{
    char id[48];
    (void)snprintf(id, sizeof(id), "chatcmpl-mock-%06" PRIu64, a->serial);
    flt_jw_obj(&a->w);
    flt_jw_name(&a->w, "id");
    flt_jw_cstr(&a->w, id);
    flt_jw_name(&a->w, "object");
    flt_jw_cstr(&a->w, object);
    flt_jw_name(&a->w, "created");
    flt_jw_u64(&a->w, MOCK_CREATED);
    flt_jw_name(&a->w, "model");
    flt_jw_str(&a->w, a->p->model.n != 0 ? a->p->model : FLT_STR("mock"));
    flt_jw_name(&a->w, "system_fingerprint");
    flt_jw_cstr(&a->w, "fp_mock");
}

static void put_str(struct flt_jw *w, const char *name, struct flt_str s)
{
    flt_jw_name(w, name);
    flt_jw_str(w, s);
}

static void put_filter_results(struct flt_jw *w)
{
    static const char *const categories[] = {"hate", "self_harm", "sexual", "violence"};
    flt_jw_name(w, "content_filter_results");
    flt_jw_obj(w);
    for (size_t i = 0; i < FLT_ARRAY_LEN(categories); i++) {
        flt_jw_name(w, categories[i]);
        flt_jw_raw(w, FLT_STR("{\"filtered\":false,\"severity\":\"safe\"}"));
    }
    flt_jw_obj_end(w);
}

static void put_prompt_filter_results(struct flt_jw *w)
{
    flt_jw_name(w, "prompt_filter_results");
    flt_jw_arr(w);
    flt_jw_obj(w);
    flt_jw_name(w, "prompt_index");
    flt_jw_u64(w, 0);
    put_filter_results(w);
    flt_jw_obj_end(w);
    flt_jw_arr_end(w);
}

static void put_usage(struct answer *a)
{
    uint64_t prompt = (a->p->text_bytes + 3) / 4;
    uint64_t completion = (a->content.n + 3) / 4 * a->n;
    flt_jw_name(&a->w, "usage");
    flt_jw_obj(&a->w);
    flt_jw_name(&a->w, "prompt_tokens");
    flt_jw_u64(&a->w, prompt);
    flt_jw_name(&a->w, "completion_tokens");
    flt_jw_u64(&a->w, completion);
    flt_jw_name(&a->w, "total_tokens");
    flt_jw_u64(&a->w, prompt + completion);
    flt_jw_obj_end(&a->w);
}

/* One tool call; with an index in streams, where the first fragment alone carries id and name. */
static void put_tool(struct answer *a, uint32_t i, struct flt_str arguments, bool stream, bool first)
{
    flt_jw_obj(&a->w);
    if (stream) {
        flt_jw_name(&a->w, "index");
        flt_jw_u64(&a->w, i);
    }
    if (first) {
        char id[48];
        (void)snprintf(id, sizeof(id), "call_mock_%06" PRIu64 "_%u", a->serial, i);
        flt_jw_name(&a->w, "id");
        flt_jw_cstr(&a->w, id);
        flt_jw_name(&a->w, "type");
        flt_jw_cstr(&a->w, "function");
    }
    flt_jw_name(&a->w, "function");
    flt_jw_obj(&a->w);
    if (first)
        put_str(&a->w, "name", a->r->tools[i].name);
    put_str(&a->w, "arguments", arguments);
    flt_jw_obj_end(&a->w);
    flt_jw_obj_end(&a->w);
}

/* ---- whole answers -------------------------------------------------------------------------- */

static void put_message(struct answer *a)
{
    struct flt_jw *w = &a->w;
    flt_jw_name(w, "message");
    flt_jw_obj(w);
    put_str(w, "role", FLT_STR("assistant"));
    flt_jw_name(w, "content");
    if (a->has_content)
        flt_jw_str(w, a->content);
    else
        flt_jw_null(w);
    if (a->r->reasoning.p != NULL)
        put_str(w, "reasoning_content", a->r->reasoning);
    flt_jw_name(w, "refusal");
    if (a->r->refusal.p != NULL)
        flt_jw_str(w, a->r->refusal);
    else
        flt_jw_null(w);
    if (a->r->n_tools != 0) {
        flt_jw_name(w, "tool_calls");
        flt_jw_arr(w);
        for (uint32_t i = 0; i < a->r->n_tools; i++)
            put_tool(a, i, a->r->tools[i].value, false, true);
        flt_jw_arr_end(w);
    }
    flt_jw_obj_end(w);
}

static int whole(struct answer *a)
{
    struct flt_jw *w = &a->w;
    flt_jw_init(w, &a->out->bytes);
    put_base(a, "chat.completion");
    flt_jw_name(w, "choices");
    flt_jw_arr(w);
    for (uint32_t i = 0; i < a->n; i++) {
        flt_jw_obj(w);
        flt_jw_name(w, "index");
        flt_jw_u64(w, i);
        put_message(a);
        flt_jw_name(w, "logprobs");
        flt_jw_null(w);
        flt_jw_name(w, "finish_reason");
        flt_jw_cstr(w, a->finish);
        if (a->p->azure)
            put_filter_results(w);
        flt_jw_obj_end(w);
    }
    flt_jw_arr_end(w);
    put_usage(a);
    if (a->p->azure)
        put_prompt_filter_results(w);
    flt_jw_obj_end(w);
    int rc = flt_jw_finish(w);
    return rc == FLT_OK ? px_mock_body_end_piece(a->out) : rc;
}

/* ---- streams -------------------------------------------------------------------------------- */

static const char *const newlines[] = {"\n", "\r\n", "\r"};

static int end_event(struct answer *a)
{
    int rc = flt_buf_printf(&a->out->bytes, "%s%s", newlines[a->r->stream.newline], newlines[a->r->stream.newline]);
    return rc == FLT_OK ? px_mock_body_end_piece(a->out) : rc;
}

/* Everything up to the delta's members; chunk_end closes it. */
static int chunk_begin(struct answer *a, uint32_t choice)
{
    int rc = flt_buf_add_str(&a->out->bytes, FLT_STR("data: "));
    flt_jw_init(&a->w, &a->out->bytes);
    put_base(a, "chat.completion.chunk");
    flt_jw_name(&a->w, "choices");
    flt_jw_arr(&a->w);
    flt_jw_obj(&a->w);
    flt_jw_name(&a->w, "index");
    flt_jw_u64(&a->w, choice);
    flt_jw_name(&a->w, "delta");
    flt_jw_obj(&a->w);
    return rc;
}

static int chunk_end(struct answer *a, const char *finish)
{
    flt_jw_obj_end(&a->w);
    flt_jw_name(&a->w, "logprobs");
    flt_jw_null(&a->w);
    flt_jw_name(&a->w, "finish_reason");
    flt_jw_cstr(&a->w, finish);
    flt_jw_obj_end(&a->w);
    flt_jw_arr_end(&a->w);
    if (a->p->include_usage) {
        flt_jw_name(&a->w, "usage");
        flt_jw_null(&a->w);
    }
    flt_jw_obj_end(&a->w);
    int rc = flt_jw_finish(&a->w);
    return rc == FLT_OK ? end_event(a) : rc;
}

static int text_chunk(struct answer *a, uint32_t choice, const char *member, struct flt_str text)
{
    int rc = chunk_begin(a, choice);
    put_str(&a->w, member, text);
    return rc == FLT_OK ? chunk_end(a, NULL) : rc;
}

/* The next piece of at least delta_bytes bytes that ends on a character. */
static struct flt_str take(struct flt_str *rest, int64_t delta_bytes)
{
    size_t n = rest->n < (size_t)delta_bytes ? rest->n : (size_t)delta_bytes;
    while (n < rest->n && ((unsigned char)rest->p[n] & 0xC0) == 0x80)
        n++;
    struct flt_str piece = {rest->p, n};
    *rest = (struct flt_str){rest->p + n, rest->n - n};
    return piece;
}

/* A text in deltas; the choices take turns. */
static int text_deltas(struct answer *a, const char *member, struct flt_str text)
{
    int rc = FLT_OK;
    while (text.n != 0 && rc == FLT_OK) {
        struct flt_str piece = take(&text, a->r->stream.delta_bytes);
        for (uint32_t i = 0; i < a->n && rc == FLT_OK; i++)
            rc = text_chunk(a, i, member, piece);
    }
    return rc;
}

static int tool_chunk(struct answer *a, uint32_t choice, uint32_t tool, struct flt_str piece, bool first)
{
    int rc = chunk_begin(a, choice);
    flt_jw_name(&a->w, "tool_calls");
    flt_jw_arr(&a->w);
    put_tool(a, tool, piece, true, first);
    flt_jw_arr_end(&a->w);
    return rc == FLT_OK ? chunk_end(a, NULL) : rc;
}

static int tool_deltas(struct answer *a, uint32_t choice)
{
    int rc = FLT_OK;
    for (uint32_t t = 0; t < a->r->n_tools && rc == FLT_OK; t++) {
        struct flt_str rest = a->r->tools[t].value;
        rc = tool_chunk(a, choice, t, (struct flt_str){"", 0}, true);
        while (rest.n != 0 && rc == FLT_OK)
            rc = tool_chunk(a, choice, t, take(&rest, a->r->stream.delta_bytes), false);
    }
    return rc;
}

/* Azure's first event: prompt annotations, no choices. */
static int azure_prefix(struct answer *a)
{
    int rc = flt_buf_add_str(
        &a->out->bytes, FLT_STR("data: {\"id\":\"\",\"object\":\"\",\"created\":0,\"model\":\"\",\"choices\":[],"));
    struct flt_buf tmp;
    flt_buf_init(&tmp, 4096);
    flt_jw_init(&a->w, &tmp);
    flt_jw_obj(&a->w);
    put_prompt_filter_results(&a->w);
    flt_jw_obj_end(&a->w);
    if (rc == FLT_OK)
        rc = flt_jw_finish(&a->w);
    if (rc == FLT_OK)
        rc = flt_buf_add(&a->out->bytes, tmp.p + 1, tmp.n - 1);
    flt_buf_free(&tmp);
    return rc == FLT_OK ? end_event(a) : rc;
}

static int usage_chunk(struct answer *a)
{
    int rc = flt_buf_add_str(&a->out->bytes, FLT_STR("data: "));
    flt_jw_init(&a->w, &a->out->bytes);
    put_base(a, "chat.completion.chunk");
    flt_jw_name(&a->w, "choices");
    flt_jw_arr(&a->w);
    flt_jw_arr_end(&a->w);
    put_usage(a);
    flt_jw_obj_end(&a->w);
    if (rc == FLT_OK)
        rc = flt_jw_finish(&a->w);
    return rc == FLT_OK ? end_event(a) : rc;
}

static int role_chunk(struct answer *a, uint32_t choice)
{
    int rc = chunk_begin(a, choice);
    put_str(&a->w, "role", FLT_STR("assistant"));
    if (a->has_content)
        put_str(&a->w, "content", (struct flt_str){"", 0});
    return rc == FLT_OK ? chunk_end(a, NULL) : rc;
}

static int events(struct answer *a)
{
    int rc = a->p->azure ? azure_prefix(a) : FLT_OK;
    for (uint32_t i = 0; i < a->n && rc == FLT_OK; i++)
        rc = role_chunk(a, i);
    if (rc == FLT_OK)
        rc = text_deltas(a, "reasoning_content", a->r->reasoning);
    if (rc == FLT_OK)
        rc = text_deltas(a, "refusal", a->r->refusal);
    if (rc == FLT_OK && a->has_content)
        rc = text_deltas(a, "content", a->content);
    for (uint32_t i = 0; i < a->n && rc == FLT_OK; i++)
        rc = tool_deltas(a, i);
    for (uint32_t i = 0; i < a->n && rc == FLT_OK; i++) {
        rc = chunk_begin(a, i);
        if (rc == FLT_OK)
            rc = chunk_end(a, a->finish);
    }
    if (rc == FLT_OK && a->p->include_usage)
        rc = usage_chunk(a);
    if (rc == FLT_OK && a->r->stream.done) {
        rc = flt_buf_add_str(&a->out->bytes, FLT_STR("data: [DONE]"));
        if (rc == FLT_OK)
            rc = end_event(a);
    }
    return rc;
}

/* A stream given as it is: one piece an event (after each blank line). */
static int raw_events(struct mock_body *out, struct flt_str raw)
{
    int rc = FLT_OK;
    while (raw.n != 0 && rc == FLT_OK) {
        const char *end = memmem(raw.p, raw.n, "\n\n", 2);
        size_t n = end != NULL ? (size_t)(end - raw.p) + 2 : raw.n;
        rc = flt_buf_add(&out->bytes, raw.p, n);
        if (rc == FLT_OK)
            rc = px_mock_body_end_piece(out);
        raw = (struct flt_str){raw.p + n, raw.n - n};
    }
    return rc;
}

/* ---- entry points --------------------------------------------------------------------------- */

static int given_body(struct mock_body *out, struct flt_str body)
{
    int rc = flt_buf_add_str(&out->bytes, body);
    return rc == FLT_OK ? px_mock_body_end_piece(out) : rc;
}

static bool wants_stream(const struct mock_prompt *p, const struct mock_reply *r)
{
    return r->stream.when == MOCK_WHEN_ALWAYS || (p->stream && r->stream.when == MOCK_WHEN_ASKED);
}

static int failure(const struct mock_prompt *p, const struct mock_reply *r, struct mock_body *out)
{
    struct flt_buf text;
    flt_buf_init(&text, 65536);
    int rc = fill(&text, r->content.p != NULL ? r->content : FLT_STR("The mock was told to fail."), p);
    if (rc == FLT_OK)
        rc = flt_buf_add(&text, "", 1);
    if (rc == FLT_OK)
        rc = px_mock_answer_error(text.p, "mock_error", out);
    flt_buf_free(&text);
    return rc;
}

int px_mock_answer(const struct mock_prompt *p, const struct mock_reply *r, uint64_t serial, struct mock_body *out)
{
    struct answer a = {.p = p, .r = r, .serial = serial, .out = out};
    struct flt_buf text;
    char finish[64];
    if (r->body.p != NULL)
        return given_body(out, r->body);
    if (r->status >= 400)
        return failure(p, r, out);
    flt_buf_init(&text, MOCK_TEXT_MAX);
    int rc = content_text(p, r, &text);
    a.content = flt_buf_str(&text);
    a.has_content = r->content.p != NULL || (r->n_tools == 0 && r->refusal.p == NULL);
    a.n = r->choices != 0 ? (uint32_t)r->choices : p->n;
    (void)snprintf(finish, sizeof(finish), "%s", r->n_tools != 0 ? "tool_calls" : "stop");
    if (r->finish_reason.p != NULL)
        (void)snprintf(finish, sizeof(finish), "%.*s", FLT_STR_ARG(r->finish_reason));
    a.finish = finish;
    if (rc == FLT_OK && wants_stream(p, r)) {
        out->stream = true;
        out->type = "text/event-stream";
        rc = r->stream.raw.p != NULL ? raw_events(out, r->stream.raw) : events(&a);
    } else if (rc == FLT_OK) {
        rc = whole(&a);
    }
    flt_buf_free(&text);
    return rc;
}

int px_mock_answer_models(struct mock_body *out)
{
    static const char *const models[] = {"mock",         "mock-leak", "mock-slow", "mock-long", "mock-tool",
                                         "mock-refusal", "mock-429",  "mock-500",  "mock-cut",  "mock-stall"};
    struct flt_jw w;
    flt_jw_init(&w, &out->bytes);
    flt_jw_obj(&w);
    flt_jw_name(&w, "object");
    flt_jw_cstr(&w, "list");
    flt_jw_name(&w, "data");
    flt_jw_arr(&w);
    for (size_t i = 0; i < FLT_ARRAY_LEN(models); i++) {
        flt_jw_obj(&w);
        flt_jw_name(&w, "id");
        flt_jw_cstr(&w, models[i]);
        flt_jw_name(&w, "object");
        flt_jw_cstr(&w, "model");
        flt_jw_name(&w, "created");
        flt_jw_u64(&w, MOCK_CREATED);
        flt_jw_name(&w, "owned_by");
        flt_jw_cstr(&w, "mock");
        flt_jw_obj_end(&w);
    }
    flt_jw_arr_end(&w);
    flt_jw_obj_end(&w);
    int rc = flt_jw_finish(&w);
    return rc == FLT_OK ? px_mock_body_end_piece(out) : rc;
}

int px_mock_answer_error(const char *message, const char *code, struct mock_body *out)
{
    struct flt_jw w;
    flt_jw_init(&w, &out->bytes);
    flt_jw_obj(&w);
    flt_jw_name(&w, "error");
    flt_jw_obj(&w);
    flt_jw_name(&w, "message");
    flt_jw_cstr(&w, message);
    flt_jw_name(&w, "type");
    flt_jw_cstr(&w, "invalid_request_error");
    flt_jw_name(&w, "param");
    flt_jw_null(&w);
    flt_jw_name(&w, "code");
    flt_jw_cstr(&w, code);
    flt_jw_obj_end(&w);
    flt_jw_obj_end(&w);
    int rc = flt_jw_finish(&w);
    return rc == FLT_OK ? px_mock_body_end_piece(out) : rc;
}
