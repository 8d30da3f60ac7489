/* test_json_jansson.c: the scanner and jansson accept the same input and read the same content from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena_group.h"
#include "json_oracle.h"
#include "rnd.h"

static void must(int rc)
{
    assert_int_equal(rc, FLT_OK);
}

static void random_string(struct flt_buf *b, uint64_t *seed)
{
    static const char *const piece[] = {
        "a",
        "b",
        "plain text of more than sixteen bytes",
        "\xC3\xA9",
        "\xE2\x82\xAC",
        "\xF0\x9F\x98\x80",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\u0041",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\x7F",
        "\\u0000",
        "\\b",
        "\\uFFFF",
        " ",
        "/",
        "\\t",
    };
    must(flt_buf_add(b, "\"", 1));
    for (uint64_t n = rnd(seed) % 4; n > 0; n--)
        must(flt_buf_add_str(b, flt_str_of(piece[rnd(seed) % FLT_ARRAY_LEN(piece)])));
    must(flt_buf_add(b, "\"", 1));
}

static void random_value(struct flt_buf *b, uint64_t *seed, unsigned depth)
{
    static const char *const scalar[] = {
        "0", "-1", "12.5", "1e3", "-0.25E-2", "true", "false", "null", "9007199254740993"};
    uint64_t kind = rnd(seed) % (depth < 5 ? 8 : 4);
    if (kind < 2) {
        must(flt_buf_add_str(b, flt_str_of(scalar[rnd(seed) % FLT_ARRAY_LEN(scalar)])));
    } else if (kind < 4) {
        random_string(b, seed);
    } else {
        bool object = kind < 6;
        must(flt_buf_add_str(b, object ? FLT_STR("{") : FLT_STR("[")));
        for (uint64_t n = rnd(seed) % 5, i = 0; i < n; i++) {
            must(flt_buf_add_str(b, i != 0 ? FLT_STR(", ") : FLT_STR("\n")));
            if (object) {
                random_string(b, seed);
                must(flt_buf_add(b, " : ", rnd(seed) % 2 != 0 ? 2 : 3));
            }
            random_value(b, seed, depth + 1);
        }
        must(flt_buf_add_str(b, object ? FLT_STR("}") : FLT_STR("]")));
    }
}

static void mutate(struct flt_buf *b, uint64_t *seed)
{
    static const char alphabet[] = "{}[]\",:\\u0aeE+-.1 \n\t\x01\xC3\xA9\xED\x80\xFF/dDtrfn";
    for (uint64_t n = rnd(seed) % 3; n > 0 && b->n > 1; n--) {
        size_t at = rnd(seed) % b->n, len = rnd(seed) % 4;
        len = len < b->n - at ? len : b->n - at;
        switch (rnd(seed) % 3) {
        case 0:
            b->p[at] = alphabet[rnd(seed) % (sizeof(alphabet) - 1)];
            break;
        case 1:
            memmove(b->p + at, b->p + at + len, b->n - at - len);
            b->n -= len;
            break;
        default:
            memmove(b->p + at, b->p + rnd(seed) % (b->n - len + 1), len);
        }
    }
}

static void agrees_with_jansson_on_generated_and_damaged_input(void **state)
{
    (void)state;
    uint64_t seed = 20;
    unsigned accepted = 0, refused = 0;
    for (unsigned round = 0; round < 60000; round++) {
        struct flt_buf b;
        struct flt_json j;
        bool skip;
        flt_buf_init(&b, 1u << 20);
        random_value(&b, &seed, 0);
        mutate(&b, &seed);
        int rc = flt_json_scan(flt_buf_str(&b), &flt_json_strict, arena, &j, NULL);
        json_t *v = oracle_load(flt_buf_str(&b), &skip);
        if (!skip) {
            if ((rc == FLT_OK) != (v != NULL))
                fail_msg("round %u: we say %s about: %.*s", round, flt_status_name(rc), FLT_STR_ARG(flt_buf_str(&b)));
            assert_true(rc != FLT_OK || oracle_agrees(&j, 0, arena, v));
            accepted += rc == FLT_OK;
            refused += rc != FLT_OK;
        }
        json_decref(v);
        flt_buf_free(&b);
        flt_arena_reset(arena);
    }
    assert_true(accepted > 10000 && refused > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_jansson_on_generated_and_damaged_input),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
