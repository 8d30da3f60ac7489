/*
 * fuzz_shape.c: what the analyser accepts, PCRE2 compiles, and every match PCRE2 finds is as the analyser says: as
 * wide, beginning in its first set, made of its body set, holding its words in order.
 *
 * Input: a byte of switches (1: case-insensitive), the pattern up to a NUL byte, the text.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "scan/shape.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what, struct flt_str pattern, struct flt_str match)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_shape: %s: pattern %.*s, match %.*s\n", what, FLT_STR_ARG(pattern), FLT_STR_ARG(match));
    abort();
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Offset after the first of the literals in text[from..], or SIZE_MAX. */
static size_t find_one(const struct flt_literals *l, struct flt_str text, size_t from, bool caseless)
{
    for (size_t end = from; end <= text.n; end++) {
        for (unsigned i = 0; i < l->n; i++) {
            size_t len = l->v[i].len, k = 0;
            if (end < from + len)
                continue;
            while (k < len && (caseless ? lower(text.p[end - len + k]) : text.p[end - len + k]) == l->v[i].s[k])
                k++;
            if (k == len)
                return end;
        }
    }
    return SIZE_MAX;
}

static void check_match(const struct flt_shape *s, bool caseless, struct flt_str pattern, struct flt_str match)
{
    require(match.n >= s->min && match.n <= s->max, "width", pattern, match);
    require(match.n != 0 && flt_byteset_has(&s->first, (uint8_t)match.p[0]), "first", pattern, match);
    for (size_t i = 0; i < match.n; i++)
        require(flt_byteset_has(&s->body, (uint8_t)match.p[i]), "body", pattern, match);
    size_t at = 0;
    for (unsigned f = 0; f < s->factors.n; f++) {
        at = find_one(&s->factors.v[f], match, at, caseless);
        require(at != SIZE_MAX, "words", pattern, match);
    }
}

static void check(struct flt_str pattern, bool caseless, struct flt_str text)
{
    struct flt_shape s;
    struct flt_buf head;
    size_t where = 0;
    const char *why = NULL;
    flt_buf_init(&head, 1u << 16);
    int rc = flt_shape_analyse(pattern, caseless, &s, &head, &where, &why);
    if (rc != FLT_OK) {
        require(why != NULL && where <= pattern.n, "a refusal without a place", pattern, text);
        flt_buf_free(&head);
        return;
    }
    int code;
    PCRE2_SIZE at;
    pcre2_code *re =
        pcre2_compile((PCRE2_SPTR)head.p, head.n, PCRE2_NEVER_UTF | (caseless ? PCRE2_CASELESS : 0u), &code, &at, NULL);
    /* too large a regular expression, or too many parentheses: PCRE2's limits are checked at load */
    require(re != NULL || code == 120 || code == 186 || code == 135 || code == 119 || code == 187,
            "PCRE2 does not compile it", pattern, text);
    pcre2_match_data *d = re != NULL ? pcre2_match_data_create(4, NULL) : NULL;
    pcre2_match_context *c = pcre2_match_context_create(NULL);
    if (d != NULL && c != NULL) {
        pcre2_set_match_limit(c, 20000);
        uint32_t groups = 0;
        (void)pcre2_pattern_info(re, PCRE2_INFO_CAPTURECOUNT, &groups);
        require(groups == (s.group ? 1u : 0u), "groups", pattern, text);
        for (size_t from = 0;
             from <= text.n && pcre2_match(re, (PCRE2_SPTR)(text.n != 0 ? text.p : ""), text.n, from, 0, d, c) > 0;) {
            const PCRE2_SIZE *o = pcre2_get_ovector_pointer(d);
            check_match(&s, caseless, pattern, (struct flt_str){text.p + o[0], o[1] - o[0]});
            from = o[0] + 1;
        }
    }
    pcre2_match_data_free(d);
    pcre2_match_context_free(c);
    pcre2_code_free(re);
    flt_buf_free(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 2000)
        return 0;
    const uint8_t *nul = memchr(data + 1, 0, size - 1);
    size_t n = nul != NULL ? (size_t)(nul - data - 1) : size - 1;
    struct flt_str pattern = {(const char *)data + 1, n}, text = {NULL, 0};
    if (nul != NULL)
        text = (struct flt_str){(const char *)nul + 1, size - n - 2};
    check(pattern, (data[0] & 1u) != 0, text);
    return 0;
}
