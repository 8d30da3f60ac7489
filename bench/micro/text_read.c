/* text_read.c: labelled data (gzipped JSON lines) and the project's own files, as bytes. */
#include <glob.h>
#include <sys/stat.h>

#include "bench.h"

#ifdef BENCH_ZLIB
#include <zlib.h>
#endif

void bench_read_files(const char *source, const char *pattern, struct flt_buf *out)
{
    char path[4096];
    glob_t g = {0};
    (void)snprintf(path, sizeof(path), "%s/%s", source, pattern);
    if (glob(path, 0, NULL, &g) != 0)
        return;
    for (size_t i = 0; i < g.gl_pathc; i++) {
        struct stat st;
        FILE *f = fopen(g.gl_pathv[i], "rb");
        if (f == NULL)
            continue;
        if (fstat(fileno(f), &st) == 0 && st.st_size > 0 && flt_buf_reserve(out, (size_t)st.st_size) == FLT_OK)
            out->n += fread(out->p + out->n, 1, (size_t)st.st_size, f);
        (void)fclose(f);
    }
    globfree(&g);
}

#ifdef BENCH_ZLIB

static bool unzip(const char *path, struct flt_buf *out)
{
    int n = 0;
    gzFile f = gzopen(path, "rb");
    if (f == NULL)
        return false;
    do {
        bench_check(flt_buf_reserve(out, 1u << 16), path);
        n = gzread(f, out->p + out->n, 1u << 16);
        out->n += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    (void)gzclose(f);
    return n == 0;
}

static bool is_json(struct flt_str s, struct flt_arena *arena)
{
    struct flt_json j;
    size_t where;
    return s.n != 0 && s.p[0] == '{' && flt_json_scan(s, &flt_json_strict, arena, &j, &where) == FLT_OK;
}

static void take_line(struct flt_str line, bool (*take)(struct flt_str text), bool json, struct flt_arena *arena,
                      struct flt_buf *out)
{
    struct flt_json j;
    struct flt_offmap map;
    struct flt_str text;
    size_t where;
    flt_arena_reset(arena);
    if (line.n == 0 || flt_json_scan(line, &flt_json_strict, arena, &j, &where) != FLT_OK)
        return;
    uint32_t tok = flt_json_get(&j, 0, FLT_STR("text"));
    if (tok == 0 || j.tok[tok].type != FLT_JSON_STRING || flt_json_text(&j, tok, arena, &text, &map) != FLT_OK)
        return;
    if ((take != NULL && !take(text)) || (json && !is_json(text, arena)))
        return;
    bench_check(flt_buf_add_str(out, text), "text");
    bench_check(flt_buf_add(out, json ? "," : "\n", 1), "text");
}

bool bench_read_set(const char *dir, const char *name, bool (*take)(struct flt_str text), bool json,
                    struct flt_buf *out)
{
    char path[4096];
    struct flt_buf raw;
    struct flt_arena *arena = flt_arena_new(256u << 20);
    if (arena == NULL)
        bench_die("out of memory");
    flt_buf_init(&raw, 256u << 20);
    (void)snprintf(path, sizeof(path), "%s/%s.jsonl.gz", dir, name);
    bool ok = unzip(path, &raw);
    for (size_t at = 0; ok && at < raw.n;) {
        const char *end = memchr(raw.p + at, '\n', raw.n - at);
        size_t n = end != NULL ? (size_t)(end - (raw.p + at)) : raw.n - at;
        take_line((struct flt_str){raw.p + at, n}, take, json, arena, out);
        at += n + 1;
    }
    flt_buf_free(&raw);
    flt_arena_free(arena);
    return ok;
}

#else

bool bench_read_set(const char *dir, const char *name, bool (*take)(struct flt_str text), bool json,
                    struct flt_buf *out)
{
    (void)dir;
    (void)name;
    (void)take;
    (void)json;
    (void)out;
    return false;
}

#endif
