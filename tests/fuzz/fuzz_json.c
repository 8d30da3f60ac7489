/*
 * fuzz_json.c: the scanner accepts what jansson accepts and both read the same content; tokens stay inside the input;
 * maps are monotonic; a lone surrogate is the only thing the lenient mode adds.
 */
#include "json_oracle.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "fuzz_json: %s\n", what);
        abort();
    }
}

static void check_map(const struct flt_json_tok *t, struct flt_str text, const struct flt_offmap *m)
{
    require(m->to_end == text.n && m->from_end == t->off + t->len, "map ends");
    require(m->n <= text.n + 1, "map steps");
    uint32_t last = t->off;
    for (uint32_t i = 0; i < text.n; i++) {
        uint32_t a = flt_offmap_begin(m, i), b = flt_offmap_end(m, i + 1);
        require(a >= last && b > a && b <= m->from_end, "map order");
        require(i == 0 || a == last || a == flt_offmap_end(m, i), "map gap");
        last = a;
    }
    require(flt_offmap_begin(m, m->to_end) == m->from_end, "map end");
}

static void check_tape(const struct flt_json *j, struct flt_arena *arena, bool strict)
{
    for (uint32_t i = 0; i < j->n; i++) {
        const struct flt_json_tok *t = &j->tok[i];
        struct flt_str text;
        struct flt_offmap map;
        require((size_t)t->off + t->len <= j->text.n && t->next > i && t->next <= j->n, "token range");
        require(i == 0 || t->off >= j->tok[i - 1].off, "token order");
        if (t->type != FLT_JSON_STRING)
            continue;
        require(t->escaped == (t->len != 0 && memchr(j->text.p + t->off, '\\', t->len) != NULL), "escaped flag");
        require(flt_json_text(j, i, arena, &text, &map) == FLT_OK, "text");
        require(!strict || flt_utf8_valid(text, NULL), "text is UTF-8");
        require(flt_json_str_is(j, i, text), "text equals itself");
        check_map(t, text, &map);
    }
}

static void check_escape(const struct flt_json *j, struct flt_arena *arena)
{
    for (uint32_t i = 0; i < j->n; i++) {
        struct flt_str text, again;
        struct flt_offmap map;
        struct flt_json k;
        struct flt_buf b;
        if (j->tok[i].type != FLT_JSON_STRING)
            continue;
        require(flt_json_text(j, i, arena, &text, &map) == FLT_OK, "text");
        flt_buf_init(&b, text.n * 6 + 2);
        require(flt_buf_add(&b, "\"", 1) == FLT_OK && flt_json_escape(&b, text) == FLT_OK &&
                    flt_buf_add(&b, "\"", 1) == FLT_OK,
                "escape");
        require(flt_json_scan(flt_buf_str(&b), &flt_json_strict, arena, &k, NULL) == FLT_OK, "escaped text scans");
        require(flt_json_text(&k, 0, arena, &again, &map) == FLT_OK && flt_str_eq(text, again), "escape and back");
        flt_buf_free(&b);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flt_arena *arena = flt_arena_new(256u << 20);
    struct flt_str in = {(const char *)data, size};
    struct flt_json_limits lenient = flt_json_strict;
    struct flt_json j, l;
    size_t where = 0, where_lenient = 0;
    bool skip;
    require(arena != NULL, "memory");
    lenient.lone_surrogates = true;
    lenient.seed = 99;
    int rc = flt_json_scan(in, &flt_json_strict, arena, &j, &where);
    int rc_lenient = flt_json_scan(in, &lenient, arena, &l, &where_lenient);
    json_t *v = oracle_load(in, &skip);
    require(where <= size && where_lenient <= size, "place of the error");
    require(rc == rc_lenient || rc == FLT_E_AMBIGUOUS, "lenient mode differs by surrogates only");
    /* Duplicate names are found when their object ends but reported where they stand, so they prove no order. */
    if (rc_lenient != FLT_OK && rc_lenient != FLT_E_AMBIGUOUS)
        require(where_lenient >= where || rc != FLT_E_AMBIGUOUS, "strict mode stops no later");
    if (rc == FLT_OK) {
        require(skip || v != NULL, "jansson refuses");
        require(v == NULL || oracle_agrees(&j, 0, arena, v), "jansson reads something else");
        check_tape(&j, arena, true);
        check_escape(&j, arena);
    } else {
        require(skip || v == NULL || rc == FLT_E_LIMIT, "jansson accepts");
    }
    if (rc_lenient == FLT_OK)
        check_tape(&l, arena, false);
    json_decref(v);
    flt_arena_free(arena);
    return 0;
}
