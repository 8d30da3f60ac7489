/*
 * fuzz_edit.c: edits give what a naive editor gives; and a JSON body whose strings are replaced by escaped text scans
 * again, with the same shape, the new texts in their places and every other byte unchanged.
 *
 * Input: the number of edits (0..15), five bytes an edit (place, length, which text: offset and length), the body.
 */
#include "edit_oracle.h"
#include "flt/json.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>

#define EDITS 15u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "fuzz_edit: %s\n", what);
        abort();
    }
}

static struct flt_str some_text(struct flt_str body, uint8_t off, uint8_t len)
{
    size_t a = body.n != 0 ? off % body.n : 0;
    size_t n = len % 16u < body.n - a ? len % 16u : body.n - a;
    return n != 0 ? (struct flt_str){body.p + a, n} : (struct flt_str){NULL, 0};
}

static void check_bytes(const uint8_t *spec, uint32_t n, struct flt_str body, struct flt_arena *arena)
{
    struct flt_edits e = {0};
    struct flt_edit copy[EDITS];
    struct flt_buf got, want;
    flt_buf_init(&got, 1u << 20);
    flt_buf_init(&want, 1u << 20);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *s = spec + (size_t)i * 5;
        uint32_t a = (uint32_t)((s[0] | (uint32_t)s[1] << 8) % (body.n + 2));
        copy[i] = (struct flt_edit){a, a + s[2] % 32u, some_text(body, s[3], s[4])};
        require(flt_edits_add(&e, arena, copy[i]) == FLT_OK, "add");
    }
    bool legal = edit_oracle_legal(copy, n, body.n);
    require(flt_edits_apply(&e, body, &got) == (legal ? FLT_OK : FLT_E_AMBIGUOUS), "verdict");
    if (legal)
        edit_oracle_apply(copy, n, body, &want);
    require(flt_str_eq(flt_buf_str(&got), flt_buf_str(&want)), "bytes");
    flt_buf_free(&got);
    flt_buf_free(&want);
}

/* The value string token that edit i is about: the i-th one, or 0. */
static uint32_t value_string(const struct flt_json *j, uint32_t i)
{
    for (uint32_t k = 0; k < j->n; k++) {
        if (j->tok[k].type == FLT_JSON_STRING && !j->tok[k].name && i-- == 0)
            return k;
    }
    return UINT32_MAX;
}

static void check_same_shape(const struct flt_json *before, const struct flt_json *after, const struct flt_str *text,
                             const uint32_t *target, uint32_t n)
{
    require(before->n == after->n, "token count");
    uint32_t next = 0;
    for (uint32_t k = 0; k < before->n; k++) {
        const struct flt_json_tok *x = &before->tok[k], *y = &after->tok[k];
        require(x->type == y->type && x->next == y->next && x->count == y->count && x->depth == y->depth, "shape");
        if (next < n && target[next] == k)
            require(flt_json_str_is(after, k, text[next++]), "new text");
        else if (x->type != FLT_JSON_OBJECT && x->type != FLT_JSON_ARRAY)
            require(flt_str_eq(flt_json_raw(before, k), flt_json_raw(after, k)), "untouched bytes");
    }
    require(next == n, "all texts are there");
}

static void check_json(const uint8_t *spec, uint32_t n, struct flt_str body, struct flt_arena *arena)
{
    struct flt_json before, after;
    struct flt_edits e = {0};
    struct flt_str text[EDITS];
    uint32_t target[EDITS], used = 0;
    struct flt_buf escaped[EDITS], out;
    if (flt_json_scan(body, &flt_json_strict, arena, &before, NULL) != FLT_OK)
        return;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = value_string(&before, i);
        struct flt_str t = some_text(body, spec[(size_t)i * 5 + 3], spec[(size_t)i * 5 + 4]);
        if (k == UINT32_MAX)
            break;
        if (!flt_utf8_valid(t, NULL))
            t = FLT_STR("\"\\\n\xE2\x80\xA8");
        flt_buf_init(&escaped[used], 1000);
        require(flt_json_escape(&escaped[used], t) == FLT_OK, "escape");
        uint32_t a = before.tok[k].off, b = a + before.tok[k].len;
        require(flt_edits_add(&e, arena, (struct flt_edit){a, b, flt_buf_str(&escaped[used])}) == FLT_OK, "add");
        text[used] = t;
        target[used++] = k;
    }
    flt_buf_init(&out, 1u << 20);
    require(flt_edits_apply(&e, body, &out) == FLT_OK, "apply");
    require(flt_json_scan(flt_buf_str(&out), &flt_json_strict, arena, &after, NULL) == FLT_OK, "result scans");
    check_same_shape(&before, &after, text, target, used);
    flt_buf_free(&out);
    while (used > 0)
        flt_buf_free(&escaped[--used]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 100000)
        return 0;
    uint32_t n = data[0] % (EDITS + 1);
    if (size < 1 + (size_t)n * 5)
        return 0;
    struct flt_arena *arena = flt_arena_new(64u << 20);
    require(arena != NULL, "memory");
    struct flt_str body = {(const char *)data + 1 + (size_t)n * 5, size - 1 - (size_t)n * 5};
    check_bytes(data + 1, n, body, arena);
    check_json(data + 1, n, body, arena);
    flt_arena_free(arena);
    return 0;
}
