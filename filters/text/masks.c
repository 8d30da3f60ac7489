/*
 * masks.c: classes of 64 bytes at a time. A set of ASCII bytes is 16 rows, one a low half of the byte, with a bit for
 * each high half: two table look-ups tell for 32 bytes at once who belongs to it (W. Mula, D. Lemire, "Faster Base64
 * Encoding and Decoding using AVX2 Instructions", 2018, use look-ups of that kind).
 */
#include "text/masks.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define LOWER(c)       ((c) | 0x20)
#define IS_LETTER(c)   (LOWER(c) >= 'a' && LOWER(c) <= 'z')
#define IS_DIGIT(c)    ((c) >= '0' && (c) <= '9')
#define IS_HEX(c)      (LOWER(c) >= 'a' && LOWER(c) <= 'f')
#define IS_SPACE(c)    ((c) == ' ')
#define IS_CONTROL(c)  ((c) < 0x20 || (c) == 0x7f)
#define IS_B64(c)      ((c) == '+' || (c) == '/' || (c) == '-' || (c) == '_')
#define IS_QUOTE(c)    ((c) == '\'' || (c) == '"' || (c) == '`')
#define IS_MORSE(c)    ((c) == '-' || (c) == '_' || (c) == '.' || (c) == '*')
#define IS_LEET_OUT(c) ((c) == '|' || (c) == '@' || (c) == '$')
#define IS_LEET_IN(c)  (IS_LEET_OUT(c) || (c) == '+' || (c) == '!' || (c) == '(' || (c) == '{' || (c) == '<')
#define IS_EVENT(c)                                                                                                    \
    ((c) == '*' || (c) == '~' || (c) == '\\' || (c) == '=' || (c) == '`' || (c) == '<' || (c) == '%' || (c) == '&')
#define IS_SIGN(c)                                                                                                     \
    (IS_B64(c) || IS_QUOTE(c) || (c) == '.' || (c) == '*' || (c) == '|' || (c) == '~' || (c) == '\\' || (c) == '^' ||  \
     (c) == '=' || (c) == '#' || (c) == ',' || (c) == ':')
#define IS_WEIGHS(c)                                                                                                   \
    ((c) == '-' || (c) == '*' || (c) == '+' || (c) == '|' || (c) == '~' || (c) == '^' || (c) == '_' || (c) == '`')
#define IS_CUE(c)   (LOWER(c) == 'v' || LOWER(c) == 'w')
#define IS_VOWEL(c) (LOWER(c) == 'a' || LOWER(c) == 'e' || LOWER(c) == 'i' || LOWER(c) == 'o' || LOWER(c) == 'u')
#define IS_H(c)     (LOWER(c) == 'h')
#define IS_E(c)     (LOWER(c) == 'e')
#define IS_RARE(c)  (LOWER(c) == 'j' || LOWER(c) == 'q' || LOWER(c) == 'x' || LOWER(c) == 'z')

#define ROW(in, l)                                                                                                     \
    (uint8_t)((in(0x00 + (l)) ? 1 : 0) | (in(0x10 + (l)) ? 2 : 0) | (in(0x20 + (l)) ? 4 : 0) |                         \
              (in(0x30 + (l)) ? 8 : 0) | (in(0x40 + (l)) ? 16 : 0) | (in(0x50 + (l)) ? 32 : 0) |                       \
              (in(0x60 + (l)) ? 64 : 0) | (in(0x70 + (l)) ? 128 : 0))
#define ROWS(in)                                                                                                       \
    {                                                                                                                  \
        ROW(in, 0), ROW(in, 1), ROW(in, 2), ROW(in, 3), ROW(in, 4), ROW(in, 5), ROW(in, 6), ROW(in, 7), ROW(in, 8),    \
            ROW(in, 9), ROW(in, 10), ROW(in, 11), ROW(in, 12), ROW(in, 13), ROW(in, 14), ROW(in, 15)                   \
    }

static const uint8_t rows[FLT_C_WIDE][16] = {
    [FLT_C_LETTER] = ROWS(IS_LETTER), [FLT_C_DIGIT] = ROWS(IS_DIGIT),     [FLT_C_HEX] = ROWS(IS_HEX),
    [FLT_C_SPACE] = ROWS(IS_SPACE),   [FLT_C_CONTROL] = ROWS(IS_CONTROL), [FLT_C_B64] = ROWS(IS_B64),
    [FLT_C_SIGN] = ROWS(IS_SIGN),     [FLT_C_LEET_IN] = ROWS(IS_LEET_IN), [FLT_C_LEET_OUT] = ROWS(IS_LEET_OUT),
    [FLT_C_MORSE] = ROWS(IS_MORSE),   [FLT_C_QUOTE] = ROWS(IS_QUOTE),     [FLT_C_EVENT] = ROWS(IS_EVENT),
    [FLT_C_CUE] = ROWS(IS_CUE),       [FLT_C_VOWEL] = ROWS(IS_VOWEL),     [FLT_C_H] = ROWS(IS_H),
    [FLT_C_E] = ROWS(IS_E),           [FLT_C_RARE] = ROWS(IS_RARE),       [FLT_C_WEIGHS] = ROWS(IS_WEIGHS),
};

#define IS_SPECIAL(c) ((c) == 0xc2 || (c) == 0xe2 || (c) == 0xef || (c) == 0xf0 || (c) == 0xf3)

void flt_masks_plain(const char *p, struct flt_masks *m)
{
    *m = (struct flt_masks){{0}};
    for (unsigned i = 0; i < FLT_BLOCK; i++) {
        uint8_t c = (uint8_t)p[i];
        for (unsigned s = 0; c < 0x80 && s < FLT_C_WIDE; s++)
            m->of[s] |= (uint64_t)(rows[s][c & 15] >> (c >> 4) & 1) << i;
        m->of[FLT_C_WIDE] |= (uint64_t)(c >> 7) << i;
        m->of[FLT_C_LEAD] |= (uint64_t)(c >= 0xc0) << i;
        m->of[FLT_C_SPECIAL] |= (uint64_t)IS_SPECIAL(c) << i;
    }
}

#if defined(__x86_64__)
/* Bits of 64 bytes whose highest bit is set. */
__attribute__((target("avx2"))) static inline uint64_t tops(__m256i v0, __m256i v1)
{
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(v1) << 32 | (uint32_t)_mm256_movemask_epi8(v0);
}

__attribute__((target("avx2"))) static inline uint64_t equal(__m256i v0, __m256i v1, unsigned c)
{
    const __m256i to = _mm256_set1_epi8((char)c);
    return tops(_mm256_cmpeq_epi8(v0, to), _mm256_cmpeq_epi8(v1, to));
}

__attribute__((target("avx2"))) static void masks_avx2(const char *p, struct flt_masks *m)
{
    const __m256i high_bit =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i half = _mm256_set1_epi8(15), none = _mm256_setzero_si256();
    __m256i v0 = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i v1 = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    __m256i low0 = _mm256_and_si256(v0, half), low1 = _mm256_and_si256(v1, half);
    __m256i bit0 = _mm256_shuffle_epi8(high_bit, _mm256_and_si256(_mm256_srli_epi16(v0, 4), half));
    __m256i bit1 = _mm256_shuffle_epi8(high_bit, _mm256_and_si256(_mm256_srli_epi16(v1, 4), half));
#pragma GCC unroll 32
    for (unsigned s = 0; s < FLT_C_WIDE; s++) {
        __m256i row = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)rows[s]));
        __m256i in0 = _mm256_and_si256(_mm256_shuffle_epi8(row, low0), bit0);
        __m256i in1 = _mm256_and_si256(_mm256_shuffle_epi8(row, low1), bit1);
        uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(in0, none));
        uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(in1, none));
        m->of[s] = ~((uint64_t)b << 32 | a);
    }
    m->of[FLT_C_WIDE] = tops(v0, v1);
    m->of[FLT_C_LEAD] = m->of[FLT_C_SPECIAL] = 0;
    if (m->of[FLT_C_WIDE] != 0) {
        m->of[FLT_C_LEAD] = m->of[FLT_C_WIDE] & tops(_mm256_slli_epi16(v0, 1), _mm256_slli_epi16(v1, 1));
        m->of[FLT_C_SPECIAL] =
            equal(v0, v1, 0xc2) | equal(v0, v1, 0xe2) | equal(v0, v1, 0xef) | equal(v0, v1, 0xf0) | equal(v0, v1, 0xf3);
    }
}
#endif

void flt_masks_read(const char *p, struct flt_masks *m)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        masks_avx2(p, m);
        return;
    }
#endif
    flt_masks_plain(p, m);
}

unsigned flt_masks_at(struct flt_str t, size_t at, struct flt_masks *m)
{
    if (at >= t.n) {
        *m = (struct flt_masks){{0}};
        return 0;
    }
    size_t n = t.n - at;
    if (n >= FLT_BLOCK) {
        flt_masks_read(t.p + at, m);
        return FLT_BLOCK;
    }
    char last[FLT_BLOCK] = {0};
    memcpy(last, t.p + at, n);
    flt_masks_read(last, m);
    m->of[FLT_C_CONTROL] &= (1ull << n) - 1; /* the only class of the padding */
    return (unsigned)n;
}
