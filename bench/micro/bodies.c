/* bodies.c: chat requests and streamed answers in the OpenAI shape, made from a text. */
#include "bench.h"

#define TURN 900u /* bytes of text in one message of a long conversation */

static void add(struct flt_buf *out, const char *s)
{
    bench_check(flt_buf_add_str(out, flt_str_of(s)), "body");
}

/* Where the next piece begins: a text that has run out starts again. */
static struct flt_str piece_of(struct flt_str text, size_t *at, size_t n)
{
    while (*at < text.n && ((unsigned char)text.p[*at] & 0xc0u) == 0x80u)
        ++*at;
    if (*at + n > text.n)
        *at = 0;
    struct flt_str s = bench_text_head((struct flt_str){text.p + *at, text.n - *at}, n);
    *at += s.n;
    return s;
}

void bench_chat_body(struct flt_str text, size_t bytes, struct flt_buf *out)
{
    static const char head[] = "{\"model\":\"gpt-4o-mini\",\"temperature\":0.2,\"max_tokens\":512,\"messages\":[{"
                               "\"role\":\"system\",\"content\":"
                               "\"You are a careful assistant. Answer in plain words.\"}";
    static const char *const roles[] = {"user", "assistant"};
    size_t at = 0;
    unsigned turn = 0;
    flt_buf_init(out, bytes * 8 + 4096);
    add(out, head);
    while (out->n + 64 < bytes) {
        size_t room = bytes - out->n - 64;
        struct flt_str s = piece_of(text, &at, room < 2 * TURN ? room : TURN);
        if (s.n == 0)
            break;
        bench_check(flt_buf_printf(out, ",{\"role\":\"%s\",\"content\":\"", roles[turn++ % 2]), "body");
        bench_check(flt_json_escape(out, s), "body");
        add(out, "\"}");
    }
    add(out, "],\"stream\":false}");
}

void bench_stream_body(struct flt_str text, size_t delta, uint32_t deltas, struct bench_stream_body *out)
{
    size_t at = 0;
    *out = (struct bench_stream_body){.frame = calloc(deltas + 2u, sizeof(size_t)), .n = deltas + 1};
    if (out->frame == NULL)
        bench_die("out of memory");
    flt_buf_init(&out->bytes, (size_t)deltas * 1024 + 4096);
    for (uint32_t i = 0; i <= deltas; i++) {
        add(&out->bytes, "data: "
                         "{\"id\":\"chatcmpl-9f2c41\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
                         "\"model\":\"gpt-4o-mini\","
                         "\"system_fingerprint\":null,\"choices\":[{\"index\":0,\"delta\":{");
        add(&out->bytes, i == 0 ? "\"role\":\"assistant\",\"content\":\"" : "\"content\":\"");
        if (i != 0)
            bench_check(flt_json_escape(&out->bytes, piece_of(text, &at, delta)), "body");
        add(&out->bytes, "\"},\"finish_reason\":null}]}\n\n");
        out->frame[i + 1] = out->bytes.n;
    }
}

void bench_stream_body_free(struct bench_stream_body *b)
{
    flt_buf_free(&b->bytes);
    free(b->frame);
}
