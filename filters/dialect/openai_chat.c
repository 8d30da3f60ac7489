/* openai_chat.c: the openai_chat dialect: how policy ends an answer, and the table. */
#include "dialect/openai.h"
#include "dialect/walk.h"

static int replace(struct flt_arena *arena, struct flt_edits *edits, const struct flt_json *j, uint32_t tok,
                   struct flt_str with)
{
    /* String tokens exclude their quotes; whole values are replaced. */
    uint32_t q = j->tok[tok].type == FLT_JSON_STRING ? 1 : 0;
    struct flt_edit e = {.a = j->tok[tok].off - q, .b = j->tok[tok].off + j->tok[tok].len + q, .with = with};
    return flt_edits_add(edits, arena, e);
}

/* A blocked choice keeps its place, says why, and loses text, tool calls and logprobs; usage stays: it was billed. */
int flt_openai_block_answer(const struct flt_json *j, const struct flt_answer_map *m, const bool *blocked,
                            const char *notice, struct flt_arena *arena, struct flt_edits *edits)
{
    struct flt_buf b;
    int rc = FLT_OK;
    flt_buf_init(&b, 4096);
    rc = flt_buf_printf(&b, "{\"role\":\"assistant\",\"content\":\"");
    if (rc == FLT_OK)
        rc = flt_json_escape(&b, flt_str_of(notice));
    if (rc == FLT_OK)
        rc = flt_buf_printf(&b, "\",\"refusal\":null}");
    bool ok;
    struct flt_str message = flt_arena_str(arena, flt_buf_str(&b), &ok);
    flt_buf_free(&b);
    if (rc == FLT_OK && !ok)
        rc = FLT_E_NOMEM;
    for (uint32_t i = 0; rc == FLT_OK && i < m->n_choices; i++) {
        const struct flt_choice *c = &m->choices[i];
        if (!blocked[c->index])
            continue;
        if (c->message != 0)
            rc = replace(arena, edits, j, c->message, message);
        if (rc == FLT_OK && c->finish != 0)
            rc = replace(arena, edits, j, c->finish, FLT_STR("\"content_filter\""));
        if (rc == FLT_OK && c->logprobs != 0)
            rc = replace(arena, edits, j, c->logprobs, FLT_STR("null"));
    }
    return rc;
}

static int chunk_head(const struct flt_ending *e, struct flt_buf *out)
{
    struct flt_str id = e->id.n != 0 ? e->id : FLT_STR("\"chatcmpl-sallyport\"");
    struct flt_str created = e->created.n != 0 ? e->created : FLT_STR("0");
    struct flt_str model = e->model.n != 0 ? e->model : FLT_STR("\"\"");
    return flt_buf_printf(out,
                          "data: {\"id\":%.*s,\"object\":\"chat.completion.chunk\",\"created\":%.*s,\"model\":%.*s,",
                          FLT_STR_ARG(id), FLT_STR_ARG(created), FLT_STR_ARG(model));
}

int flt_openai_end_failed(const char *message, const char *code, struct flt_buf *out)
{
    int rc = flt_buf_printf(out, "data: {\"error\":{\"message\":\"");
    if (rc == FLT_OK)
        rc = flt_json_escape(out, flt_str_of(message));
    if (rc == FLT_OK)
        rc = flt_buf_printf(out, "\",\"type\":\"%s\",\"param\":null,\"code\":\"%s\"}}\n\n",
                            strcmp(code, "content_filter") == 0 ? "invalid_request_error" : "server_error", code);
    return rc;
}

int flt_openai_end_blocked(const struct flt_ending *e, struct flt_buf *out)
{
    int rc = FLT_OK;
    if (e->hard)
        rc = flt_openai_end_failed(e->message, "content_filter", out);
    for (uint32_t i = 0; rc == FLT_OK && !e->hard && i < e->n_open; i++) {
        rc = chunk_head(e, out);
        if (rc == FLT_OK)
            rc = flt_buf_printf(out,
                                "\"choices\":[{\"index\":%u,\"delta\":{%s},\"logprobs\":null,\"finish_reason\":"
                                "\"content_filter\"}]%s}\n\n",
                                e->open[i].index, e->open[i].role_sent ? "" : "\"role\":\"assistant\",\"content\":\"\"",
                                e->include_usage ? ",\"usage\":null" : "");
    }
    if (rc == FLT_OK && e->include_usage && !e->hard) {
        rc = chunk_head(e, out);
        if (rc == FLT_OK)
            rc = flt_buf_printf(
                out, "\"choices\":[],\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}}\n\n");
    }
    return rc == FLT_OK ? flt_buf_printf(out, "data: [DONE]\n\n") : rc;
}

static bool terminator(struct flt_str data)
{
    return flt_str_is(data, "[DONE]");
}

const struct flt_dialect flt_openai_chat = {
    .name = "openai_chat",
    .request = flt_openai_request,
    .answer = flt_openai_answer,
    .chunk = flt_openai_chunk,
    .terminator = terminator,
    .block_answer = flt_openai_block_answer,
    .end_blocked = flt_openai_end_blocked,
    .end_failed = flt_openai_end_failed,
};
