/* The mock's script: YAML rules, first match wins. conf/mock-script.yaml documents the format. */
#include "core/mock_parts.h"

#include "flt/yaml.h"

static const char *const fault_names[] = {"none",
                                          "reset_before_headers",
                                          "close_before_headers",
                                          "reset_after_headers",
                                          "stall",
                                          "stall_after_headers",
                                          "fin_mid_chunk",
                                          "reset_mid_chunk",
                                          "fin_before_last_chunk",
                                          "short_length",
                                          "truncated_tls",
                                          "bad_status_line",
                                          "bad_chunk",
                                          "gzip_header",
                                          "header_inject",
                                          "nul_header",
                                          "dup_length",
                                          "length_and_chunked",
                                          "huge_head",
                                          "unexpected_101",
                                          "early_hints",
                                          "flood_1xx",
                                          NULL};
static const char *const when_names[] = {"asked", "always", "never", NULL};
static const char *const newline_names[] = {"lf", "crlf", "cr", NULL};

#define MIB ((int64_t)1 << 20)

const struct mock_reply px_mock_echo = {
    .status = 200,
    .repeat = 1,
    .stream = {.delta_bytes = 4, .cut_after_bytes = -1, .done = true},
};

/* ---- tables --------------------------------------------------------------------------------- */

static void walk_pairs(struct flt_walk *w, flt_node *n, struct mock_pair **out, uint32_t *count)
{
    uint32_t total = flt_node_count(n);
    struct mock_pair *v = flt_arena_calloc(w->arena, total + 1, sizeof(*v));
    if (v == NULL) {
        flt_walk_error(w, n, NULL, "out of memory");
        return;
    }
    for (uint32_t i = 0; i < total; i++) {
        bool ok = true;
        flt_node *value = flt_node_value(n, i);
        if (!flt_node_is_scalar(value)) {
            flt_walk_error(w, value, NULL, "expected a string");
            continue;
        }
        v[i].name = flt_arena_str(w->arena, flt_node_str(flt_node_key(n, i)), &ok);
        v[i].value = flt_arena_str(w->arena, flt_node_str(value), &ok);
        if (!ok)
            flt_walk_error(w, n, NULL, "out of memory");
    }
    *out = v;
    *count = total;
}

static void walk_headers(struct flt_walk *w, flt_node *n, void *field)
{
    struct mock_reply *r = (struct mock_reply *)((char *)field - offsetof(struct mock_reply, headers));
    if (!flt_node_is_map(n)) {
        flt_walk_error(w, n, NULL, "expected a map of header names to values");
        return;
    }
    walk_pairs(w, n, &r->headers, &r->n_headers);
}

static const struct flt_key tool_keys[] = {{.name = "name",
                                            .type = FLT_KEY_STR,
                                            .offset = offsetof(struct mock_pair, name),
                                            .flags = FLT_KEY_REQUIRED,
                                            .help = "the function's name"},
                                           {.name = "arguments",
                                            .type = FLT_KEY_STR,
                                            .offset = offsetof(struct mock_pair, value),
                                            .flags = FLT_KEY_EMPTY_OK,
                                            .help = "the arguments, as JSON text"},
                                           {.name = NULL}};

static void walk_tools(struct flt_walk *w, flt_node *n, void *field)
{
    struct mock_reply *r = (struct mock_reply *)((char *)field - offsetof(struct mock_reply, tools));
    uint32_t total = flt_node_is_list(n) ? flt_node_count(n) : 0;
    if (total == 0 || total > 16) {
        flt_walk_error(w, n, NULL, "expected a list of 1 to 16 tool calls");
        return;
    }
    r->tools = flt_arena_calloc(w->arena, total, sizeof(*r->tools));
    if (r->tools == NULL) {
        flt_walk_error(w, n, NULL, "out of memory");
        return;
    }
    r->n_tools = total;
    for (uint32_t i = 0; i < total; i++)
        (void)flt_walk_map(w, flt_node_item(n, i), tool_keys, &r->tools[i]);
}

#define STR_KEY(st, key, field, text)                                                                                  \
    {                                                                                                                  \
        .name = key, .type = FLT_KEY_STR, .offset = offsetof(struct st, field), .flags = FLT_KEY_EMPTY_OK,             \
        .help = text                                                                                                   \
    }
#define INT_KEY(st, key, field, lo, hi, text)                                                                          \
    {                                                                                                                  \
        .name = key, .type = FLT_KEY_INT, .offset = offsetof(struct st, field), .min = (lo), .max = (hi), .help = text \
    }
#define MS_KEY(st, key, field, text)                                                                                   \
    {                                                                                                                  \
        .name = key, .type = FLT_KEY_DURATION, .offset = offsetof(struct st, field), .min = 0, .max = 3600000,         \
        .help = text                                                                                                   \
    }
#define BOOL_KEY(st, key, field, text)                                                                                 \
    {                                                                                                                  \
        .name = key, .type = FLT_KEY_BOOL, .offset = offsetof(struct st, field), .help = text                          \
    }

static const struct flt_key match_keys[] = {
    STR_KEY(mock_match, "method", method, "an HTTP method"),
    STR_KEY(mock_match, "path", path, "a glob over the path without its query"),
    STR_KEY(mock_match, "contains", contains, "bytes that the body holds"),
    STR_KEY(mock_match, "header", header, "'name: glob' over one header"),
    STR_KEY(mock_match, "model", model, "a glob over the model asked for"),
    INT_KEY(mock_match, "nth", nth, 1, 1000000000, "which of the matching requests, from 1"),
    {.name = NULL}};

static const struct flt_key stream_keys[] = {
    INT_KEY(mock_stream_conf, "delta_bytes", delta_bytes, 1, MIB, "bytes of text in one event"),
    MS_KEY(mock_stream_conf, "pace", pace_ms, "a pause between events, such as 20ms"),
    INT_KEY(mock_stream_conf, "chunk_bytes", chunk_bytes, 1, MIB, "bytes of one HTTP chunk"),
    INT_KEY(mock_stream_conf, "write_bytes", write_bytes, 1, MIB, "bytes of one socket write"),
    INT_KEY(mock_stream_conf, "write_seed", write_seed, 1, INT32_MAX, "a seed for writes of random size"),
    INT_KEY(mock_stream_conf, "cut_after_bytes", cut_after_bytes, 0, 64 * MIB,
            "body bytes before the connection breaks"),
    STR_KEY(mock_stream_conf, "raw", raw, "the event stream, as it is sent"),
    BOOL_KEY(mock_stream_conf, "one_write", one_write, "true to send everything in one write"),
    BOOL_KEY(mock_stream_conf, "done", done, "false to leave out the [DONE] event"),
    {.name = "newline",
     .type = FLT_KEY_ENUM,
     .offset = offsetof(struct mock_stream_conf, newline),
     .names = newline_names,
     .help = "lf, crlf or cr"},
    {.name = "when",
     .type = FLT_KEY_ENUM,
     .offset = offsetof(struct mock_stream_conf, when),
     .names = when_names,
     .help = "asked, always or never"},
    {.name = NULL}};

static const struct flt_key reply_keys[] = {
    INT_KEY(mock_reply, "status", status, 200, 599, "an HTTP status"),
    {.name = "headers",
     .type = FLT_KEY_CUSTOM,
     .offset = offsetof(struct mock_reply, headers),
     .fn = walk_headers,
     .help = "a map of header names to values"},
    STR_KEY(mock_reply, "content", content, "the answer's text"),
    STR_KEY(mock_reply, "reasoning", reasoning, "the reasoning text"),
    STR_KEY(mock_reply, "refusal", refusal, "the refusal text"),
    STR_KEY(mock_reply, "finish_reason", finish_reason, "a finish reason"),
    STR_KEY(mock_reply, "body", body, "the whole body, as it is sent"),
    STR_KEY(mock_reply, "content_type", content_type, "the body's content type"),
    STR_KEY(mock_reply, "raw_http", raw_http, "the whole HTTP answer, as it is sent before closing"),
    {.name = "tool_calls",
     .type = FLT_KEY_CUSTOM,
     .offset = offsetof(struct mock_reply, tools),
     .fn = walk_tools,
     .help = "a list of {name, arguments}"},
    INT_KEY(mock_reply, "choices", choices, 1, 16, "the number of choices"),
    INT_KEY(mock_reply, "repeat", repeat, 1, 1000000, "how often content is repeated"),
    MS_KEY(mock_reply, "delay", delay_ms, "a pause before the answer, such as 50ms"),
    {.name = "error",
     .type = FLT_KEY_ENUM,
     .offset = offsetof(struct mock_reply, fault),
     .names = fault_names,
     .help = "the name of a fault"},
    BOOL_KEY(mock_reply, "close_delimited", close_delimited, "true to end the body by closing"),
    BOOL_KEY(mock_reply, "no_length", no_length, "true to send the body in chunks instead of with a length"),
    {.name = "stream",
     .type = FLT_KEY_MAP,
     .offset = offsetof(struct mock_reply, stream),
     .keys = stream_keys,
     .help = "how an event stream is sent"},
    {.name = NULL}};

static const struct flt_key rule_keys[] = {STR_KEY(mock_rule, "name", name, "a name for the log"),
                                           {.name = "match",
                                            .type = FLT_KEY_MAP,
                                            .offset = offsetof(struct mock_rule, match),
                                            .keys = match_keys,
                                            .help = "which requests"},
                                           {.name = "reply",
                                            .type = FLT_KEY_MAP,
                                            .offset = offsetof(struct mock_rule, reply),
                                            .keys = reply_keys,
                                            .flags = FLT_KEY_REQUIRED,
                                            .help = "what they get"},
                                           {.name = NULL}};

static void walk_rules(struct flt_walk *w, flt_node *n, void *field)
{
    struct mock_script *s = (struct mock_script *)((char *)field - offsetof(struct mock_script, rules));
    uint32_t total = flt_node_is_list(n) ? flt_node_count(n) : 0;
    if (total == 0 || total > 10000) {
        flt_walk_error(w, n, NULL, "expected a list of 1 to 10,000 rules");
        return;
    }
    s->rules = flt_arena_calloc(w->arena, total, sizeof(*s->rules));
    if (s->rules == NULL) {
        flt_walk_error(w, n, NULL, "out of memory");
        return;
    }
    s->n = total;
    size_t keep = strlen(w->path);
    for (uint32_t i = 0; i < total; i++) {
        s->rules[i].reply = px_mock_echo;
        s->rules[i].name = FLT_STR("rule");
        (void)snprintf(w->path + keep, sizeof(w->path) - keep, "[%u]", i);
        (void)flt_walk_map(w, flt_node_item(n, i), rule_keys, &s->rules[i]);
        w->path[keep] = '\0';
    }
}

static const struct flt_key script_keys[] = {{.name = "rules",
                                              .type = FLT_KEY_CUSTOM,
                                              .offset = offsetof(struct mock_script, rules),
                                              .fn = walk_rules,
                                              .flags = FLT_KEY_REQUIRED,
                                              .help = "a list of rules"},
                                             {.name = NULL}};

/* ---- loading -------------------------------------------------------------------------------- */

/* Takes y. */
static struct mock_script *from_yaml(struct flt_yaml *y, struct flt_diag *d)
{
    struct mock_script *s = calloc(1, sizeof(*s));
    if (s != NULL)
        s->arena = flt_arena_new((size_t)64 << 20);
    if (s == NULL || s->arena == NULL) {
        flt_diag_add(d, FLT_E_NOMEM, flt_yaml_file(y), 0, 0, "", "out of memory");
        px_mock_script_free(s);
        flt_yaml_free(y);
        return NULL;
    }
    struct flt_walk w = {.yaml = y, .diag = d, .arena = s->arena};
    int rc = flt_walk_map(&w, flt_yaml_root(y), script_keys, s);
    flt_yaml_free(y);
    if (rc != FLT_OK) {
        px_mock_script_free(s);
        return NULL;
    }
    return s;
}

struct mock_script *px_mock_script_load(const char *file, struct flt_diag *d)
{
    struct flt_yaml *y = flt_yaml_load(file, d);
    return y != NULL ? from_yaml(y, d) : NULL;
}

struct mock_script *px_mock_script_parse(const char *name, struct flt_str text, struct flt_diag *d)
{
    struct flt_yaml *y = flt_yaml_parse(name, text, d);
    return y != NULL ? from_yaml(y, d) : NULL;
}

/* Values are made up: a number that passes Luhn, an address in a domain reserved for documentation. */
static const char builtin_text[] =
    "rules:\n"
    "- {name: leak, match: {model: mock-leak}, reply: {content: 'Sure. Write to jane.roe@customer.example.org or pay "
    "with 4539 5787 6362 1486, then call +1 202-555-0143.', stream: {pace: 20ms}}}\n"
    "- {name: slow, match: {model: mock-slow}, reply: {content: '{{prompt}} - one word at a time, for anyone who would "
    "like to watch a stream arrive.', stream: {delta_bytes: 6, pace: 150ms}}}\n"
    "- {name: long, match: {model: mock-long}, reply: {content: 'The quick brown fox jumps over the lazy dog. ', "
    "repeat: 200}}\n"
    "- {name: tool, match: {model: mock-tool}, reply: {tool_calls: [{name: send_mail, arguments: "
    "'{\"to\":\"jane.roe@customer.example.org\",\"text\":\"hello\"}'}]}}\n"
    "- {name: refusal, match: {model: mock-refusal}, reply: {refusal: 'I cannot help with that.'}}\n"
    "- {name: busy, match: {model: mock-429}, reply: {status: 429, headers: {retry-after: '1'}, content: busy}}\n"
    "- {name: broken, match: {model: mock-500}, reply: {status: 500, content: broken}}\n"
    "- {name: cut, match: {model: mock-cut}, reply: {content: 'This answer ends in the middle of a sentence, because "
    "the', error: reset_mid_chunk}}\n"
    "- {name: stall, match: {model: mock-stall}, reply: {error: stall}}\n";

struct mock_script *px_mock_script_builtin(struct flt_diag *d)
{
    return px_mock_script_parse("built-in", FLT_STR(builtin_text), d);
}

void px_mock_script_free(struct mock_script *s)
{
    if (s == NULL)
        return;
    flt_arena_free(s->arena);
    free(s);
}

void px_mock_script_rewind(struct mock_script *s)
{
    for (uint32_t i = 0; s != NULL && i < s->n; i++)
        s->rules[i].seen = 0;
}

bool px_mock_script_check(const char *file, struct flt_diag *d)
{
    struct mock_script *s = px_mock_script_load(file, d);
    px_mock_script_free(s);
    return s != NULL;
}
