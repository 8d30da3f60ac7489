/* read.c: captured exchanges, one JSON object a line. What is no chat completion is left out. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "wire.h"

#define LINE_MAX_BYTES (64u << 20)

static bool starts(const char *s, const char *prefix)
{
    return s != NULL && strncmp(s, prefix, strlen(prefix)) == 0;
}

static const char *word(const json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

static struct flt_str slice(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    return (struct flt_str){json_string_value(v), json_string_length(v)};
}

static void take_provider(struct wire_row *row, const char *label, bool stream)
{
    bool openai = starts(label, "openai") && (label[6] == '\0' || label[6] == '/');
    bool azure = starts(label, "azure");
    row->provider = openai ? "openai" : azure ? "azure_openai" : "openai_compatible";
    row->group = openai ? WIRE_OPENAI : azure ? WIRE_AZURE : WIRE_OTHER;
    if (stream)
        row->group++;
}

/* An exchange with its request target: the route says whether it is one of ours. */
static bool take_exchange(struct wire_row *row, const json_t *v, const json_t *meta)
{
    struct flt_route route;
    row->target = slice(meta, "target");
    row->request = slice(meta, "request");
    row->body = slice(v, "text");
    const char *status = word(meta, "status");
    row->status =
        status != NULL ? (int)strtol(status, NULL, 10) : (int)json_integer_value(json_object_get(meta, "status"));
    take_provider(row, word(v, "label"), starts(word(meta, "content_type"), "text/event-stream"));
    flt_route_match(row->provider, FLT_STR("POST"), row->target, &route);
    return route.kind == FLT_ROUTE_GENERATE && json_object_get(meta, "encoding") == NULL;
}

static bool is_object(struct flt_str s, const char *name)
{
    json_t *v = json_loadb(s.p, s.n, JSON_ALLOW_NUL, NULL);
    const char *object = word(v, "object");
    /* Azure's first event may name no object. */
    bool is = object != NULL ? strcmp(object, name) == 0 : json_is_array(json_object_get(v, "choices"));
    json_decref(v);
    return is;
}

static bool frame_lines(struct flt_str text, struct flt_buf *out)
{
    bool first = true;
    for (size_t at = 0; at < text.n;) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end != NULL ? (size_t)(end - (text.p + at)) : text.n - at;
        struct flt_str line = {text.p + at, n};
        at += n + 1;
        if (line.n == 0)
            continue;
        if (first && !is_object(line, "chat.completion.chunk"))
            return false;
        first = false;
        if (flt_buf_add(out, "data: ", 6) != FLT_OK || flt_buf_add_str(out, line) != FLT_OK ||
            flt_buf_add(out, "\n\n", 2) != FLT_OK)
            return false;
    }
    return !first && flt_buf_add(out, "data: [DONE]\n\n", 14) == FLT_OK;
}

/* Only the answer is known, of streams only the events' data: the framing is added. */
static bool take_answer(struct wire_row *row, const json_t *v, struct flt_buf *framed)
{
    struct flt_str text = slice(v, "text");
    row->target = FLT_STR("/v1/chat/completions");
    row->status = 200;
    if (is_object(text, "chat.completion")) {
        row->body = text;
        take_provider(row, word(v, "label"), false);
        return true;
    }
    flt_buf_clear(framed);
    if (!frame_lines(text, framed))
        return false;
    row->body = flt_buf_str(framed);
    row->framed = true;
    take_provider(row, word(v, "label"), true);
    return true;
}

static void take_line(struct wire_row *row, struct flt_str line, struct flt_buf *framed, wire_fn fn, void *arg)
{
    json_t *v = json_loadb(line.p, line.n, JSON_ALLOW_NUL, NULL);
    const json_t *meta = json_object_get(v, "meta");
    bool ours = word(v, "label") != NULL && json_object_get(v, "text") != NULL;
    if (ours && (json_object_get(meta, "target") != NULL ? take_exchange(row, v, meta) : take_answer(row, v, framed)))
        fn(arg, row);
    json_decref(v);
}

bool wire_read(const char *dir, const char *set, wire_fn fn, void *arg)
{
    char path[4096];
    struct flt_buf line, framed;
    int c = 0;
    (void)snprintf(path, sizeof(path), "%s/%s.jsonl.gz", dir, set);
    gzFile f = gzopen(path, "rb");
    if (f == NULL)
        return false;
    flt_buf_init(&line, LINE_MAX_BYTES);
    flt_buf_init(&framed, 2 * LINE_MAX_BYTES);
    for (unsigned n = 1; c >= 0; n++) {
        struct wire_row row = {.set = set, .line = n};
        flt_buf_clear(&line);
        while ((c = gzgetc(f)) >= 0 && c != '\n') {
            char byte = (char)c;
            if (flt_buf_add(&line, &byte, 1) != FLT_OK)
                break;
        }
        if (line.n != 0)
            take_line(&row, flt_buf_str(&line), &framed, fn, arg);
    }
    flt_buf_free(&line);
    flt_buf_free(&framed);
    return gzclose(f) == Z_OK;
}
