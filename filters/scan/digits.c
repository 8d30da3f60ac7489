#include "scan/digits.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define CHAIN 7u
#define RUN   5u

const char *const flt_digit_gates[FLT_DIGIT_GATES] = {
    "(?:[0-9][ ./-]?){6}[0-9]",
    "[0-9]{5}",
    "@[A-Za-z0-9]",
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Offset of the first digit or at-sign in text[at..], or its end. */
static size_t skip(struct flt_str text, size_t at)
{
#ifdef __SSE2__
    const __m128i below = _mm_set1_epi8('0' - 1), above = _mm_set1_epi8('9' + 1), sign = _mm_set1_epi8('@');
    for (; at + 16 <= text.n; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(text.p + at));
        __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(v, below), _mm_cmplt_epi8(v, above));
        int mask = _mm_movemask_epi8(_mm_or_si128(digit, _mm_cmpeq_epi8(v, sign)));
        if (mask != 0)
            return at + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    while (at < text.n && !is_digit(text.p[at]) && text.p[at] != '@')
        at++;
    return at;
}

static bool is_separator(char c)
{
    return c == ' ' || c == '.' || c == '/' || c == '-';
}

static bool is_alnum(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

void flt_digits_run(struct flt_digits *d, struct flt_str text, uint64_t base, const uint32_t id[FLT_DIGIT_GATES],
                    flt_hit_fn fn, void *arg)
{
    struct flt_digits s = *d;
    for (size_t i = 0; i < text.n; i++) {
        if (s.chain == 0 && !s.at)
            i = skip(text, i);
        if (i == text.n)
            break;
        char c = text.p[i];
        if (s.at && id[FLT_GATE_AT] != FLT_GATE_UNUSED && is_alnum(c))
            fn(arg, id[FLT_GATE_AT], base + i + 1);
        s.at = c == '@';
        if (is_digit(c)) {
            s.chain = (uint8_t)(s.chain + (s.chain < CHAIN));
            s.run = (uint8_t)(s.run + (s.run < RUN));
            s.separator = false;
            if (s.chain == CHAIN && id[FLT_GATE_CHAIN] != FLT_GATE_UNUSED)
                fn(arg, id[FLT_GATE_CHAIN], base + i + 1);
            if (s.run == RUN && id[FLT_GATE_RUN] != FLT_GATE_UNUSED)
                fn(arg, id[FLT_GATE_RUN], base + i + 1);
            continue;
        }
        s.run = 0;
        s.separator = s.chain != 0 && !s.separator && is_separator(c);
        if (!s.separator)
            s.chain = 0;
    }
    *d = s;
}
