/*
 * text.c: the texts that figures are measured on. Real prompts, code and recorded answers where the labelled data is at
 * hand; else the project's own documents and sources, and generated Chinese. The output says which.
 */
#include "bench.h"

#define WANTED   ((size_t)1 << 20)
#define TEXT_MAX ((size_t)64 << 20)

/* At least four bytes in ten belong to kana, Han characters or Hangul. */
static bool mostly_cjk(struct flt_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        n += c >= 0xe3 && c <= 0xed ? 3 : 0;
    }
    return n * 10 >= s.n * 4;
}

static bool read_sets(const struct bench_options *o, const char *const *set, bool (*take)(struct flt_str text),
                      bool json, struct flt_buf *out)
{
    if (o->data == NULL)
        return false;
    for (; *set != NULL; set++)
        (void)bench_read_set(o->data, *set, take, json, out);
    return out->n != 0;
}

/* Common characters in clauses of irregular length; xorshift, so that every run reads the same. */
static void generate_cjk(struct flt_buf *out)
{
    static const char common[] = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成"
                                 "会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着"
                                 "等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把"
                                 "性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新"
                                 "线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公"
                                 "无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活"
                                 "设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运"
                                 "农指几九区强放决西被干做必战先回则任取";
    static const char *const stops[] = {"，", "，", "。", "、", "？", "\n"};
    uint64_t x = 88172645463325252u;
    while (out->n < WANTED / 4) {
        for (unsigned k = 0, clause = 5 + (unsigned)(x % 14); k < clause; k++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            bench_check(flt_buf_add(out, common + x % ((sizeof(common) - 1) / 3) * 3, 3), "text");
        }
        bench_check(flt_buf_add_str(out, flt_str_of(stops[x % FLT_ARRAY_LEN(stops)])), "text");
    }
}

/* Answers as OpenAI writes them, over the text of the project's own documents. */
static void generate_answers(const struct bench_options *o, struct flt_buf *out)
{
    struct flt_buf prose;
    flt_buf_init(&prose, TEXT_MAX);
    bench_read_files(o->source, "*.md", &prose);
    bench_read_files(o->source, "*/*.md", &prose);
    for (size_t at = 0; at + 1200 < prose.n; at += 800) {
        struct flt_str part = bench_text_head((struct flt_str){prose.p + at, 1000}, 1000);
        bench_check(flt_buf_add_str(out, FLT_STR("{\"id\":\"chatcmpl-0\",\"object\":\"chat.completion\",\"created\":1,"
                                                 "\"model\":\"m\",\"choices\":[{\"index\":0,"
                                                 "\"message\":{\"role\":\"assistant\",\"content\":\"")),
                    "text");
        bench_check(flt_json_escape(out, part), "text");
        bench_check(flt_buf_add_str(out, FLT_STR("\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":100,"
                                                 "\"completion_tokens\":250,\"total_tokens\":350}},")),
                    "text");
    }
    flt_buf_free(&prose);
}

static void as_array(struct flt_buf *b)
{
    struct flt_buf out;
    flt_buf_init(&out, TEXT_MAX);
    bench_check(flt_buf_add(&out, "[", 1), "text");
    bench_check(flt_buf_add(&out, b->n != 0 ? b->p : "", b->n != 0 ? b->n - 1 : 0),
                "text"); /* without the last comma */
    bench_check(flt_buf_add(&out, "]", 1), "text");
    flt_buf_free(b);
    *b = out;
}

static void load(const struct bench_options *o, enum bench_text_kind kind, struct bench_text *t)
{
    static const char *const english[] = {"ben_ultrachat", "ben_mtbench", "ben_gsm8k", "ben_synthetic_prompts", NULL};
    static const char *const code[] = {"ben_code_tasks", "ben_humaneval", NULL};
    static const char *const cjk[] = {"ip_licence_texts", "ben_awesome_prompts", NULL};
    static const char *const wire[] = {"wire_openllmetry", NULL};
    static const char *const *const sets[] = {english, code, cjk, wire};
    static const char *const origin[] = {
        "benign prompts and answers of the labelled data", "code tasks of the labelled data",
        "Chinese, Japanese and Korean texts of the labelled data", "recorded answers of the labelled data"};
    if (read_sets(o, sets[kind], kind == BENCH_CJK ? mostly_cjk : NULL, kind == BENCH_WIRE, &t->text)) {
        t->origin = origin[kind];
        return;
    }
    switch (kind) {
    case BENCH_ENGLISH:
        bench_read_files(o->source, "*.md", &t->text);
        bench_read_files(o->source, "*/*.md", &t->text);
        t->origin = "the project's own documents (no labelled data here)";
        break;
    case BENCH_CODE:
        bench_read_files(o->source, "filters/*/*.c", &t->text);
        bench_read_files(o->source, "proxy/*/*.c", &t->text);
        t->origin = "the project's own sources (no labelled data here)";
        break;
    case BENCH_CJK:
        generate_cjk(&t->text);
        t->origin = "generated Chinese (no labelled data here)";
        break;
    case BENCH_WIRE:
        generate_answers(o, &t->text);
        t->origin = "generated answers (no labelled data here)";
        break;
    }
}

void bench_text_load(const struct bench_options *o, enum bench_text_kind kind, struct bench_text *out)
{
    *out = (struct bench_text){.origin = ""};
    flt_buf_init(&out->text, TEXT_MAX);
    load(o, kind, out);
    if (out->text.n == 0)
        bench_die("no text to measure on: give the project's tree with --source");
    out->distinct = out->text.n;
    if (kind == BENCH_WIRE) {
        as_array(&out->text);
        return;
    }
    size_t once = out->text.n;
    bench_check(flt_buf_reserve(&out->text, WANTED + once), "text");
    while (out->text.n < WANTED)
        bench_check(flt_buf_add(&out->text, out->text.p, once), "text");
}

void bench_text_free(struct bench_text *t)
{
    flt_buf_free(&t->text);
}

struct flt_str bench_text_head(struct flt_str text, size_t n)
{
    if (n >= text.n)
        return text;
    while (n > 0 && ((unsigned char)text.p[n] & 0xc0u) == 0x80u)
        n--;
    return (struct flt_str){text.p, n};
}
