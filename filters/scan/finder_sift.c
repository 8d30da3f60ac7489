/*
 * finder_sift.c: the loops that every byte goes through, compiled twice: for every processor, and for those with wider
 * registers, which are told from the others when the finder is built.
 */
#include "scan/finder_impl.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

#define HOT static inline __attribute__((always_inline))

struct classes {
    uint64_t word, mark, first, blank; /* letters and digits; first bytes of characters beyond ASCII */
};

#ifdef __SSE2__
HOT struct classes classify(const char *p)
{
    const __m128i case_bit = _mm_set1_epi8(0x20), below_a = _mm_set1_epi8('a' - 1), above_z = _mm_set1_epi8('z' + 1);
    const __m128i below_0 = _mm_set1_epi8('0' - 1), above_9 = _mm_set1_epi8('9' + 1), blank = _mm_set1_epi8(' ');
    const __m128i inner = _mm_set1_epi8((char)0xbf);
    struct classes out = {0, 0, 0, 0};
    for (unsigned i = 0; i < BLOCK; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i)), low = _mm_or_si128(v, case_bit);
        __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(low, below_a), _mm_cmplt_epi8(low, above_z));
        __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(v, below_0), _mm_cmplt_epi8(v, above_9));
        /* Compared as signed numbers, bytes beyond ASCII are negative, and first ones the greater of these. */
        unsigned ascii = ~(unsigned)_mm_movemask_epi8(v) & 0xffff;
        unsigned word = (unsigned)_mm_movemask_epi8(_mm_or_si128(letter, digit));
        unsigned printed = (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(v, blank));
        unsigned first = (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(v, inner)) & ~ascii;
        out.word |= (uint64_t)word << i;
        out.mark |= (uint64_t)(printed & ~word) << i;
        out.first |= (uint64_t)first << i;
        out.blank |= (uint64_t)(ascii & ~printed) << i;
    }
    return out;
}
#else
HOT struct classes classify(const char *p)
{
    struct classes out = {0, 0, 0, 0};
    for (unsigned i = 0; i < BLOCK; i++) {
        uint8_t c = (uint8_t)p[i];
        uint64_t bit = UINT64_C(1) << i;
        *(flt_finder_in_word(c) ? &out.word : is_blank(c) ? &out.blank : c < 0x80 ? &out.mark : &out.first) |= bit;
        if (c >= 0x80 && c < 0xc0)
            out.first &= ~bit;
    }
    return out;
}
#endif

#ifdef __SSE2__
#define WIDE __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))

/* The same, 32 bytes at a time. */
WIDE static inline struct classes classify_wide(const char *p)
{
    const __m256i case_bit = _mm256_set1_epi8(0x20), below_a = _mm256_set1_epi8('a' - 1);
    const __m256i above_z = _mm256_set1_epi8('z' + 1), below_0 = _mm256_set1_epi8('0' - 1);
    const __m256i above_9 = _mm256_set1_epi8('9' + 1), blank = _mm256_set1_epi8(' ');
    const __m256i inner = _mm256_set1_epi8((char)0xbf);
    struct classes out = {0, 0, 0, 0};
    for (unsigned i = 0; i < BLOCK; i += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + i)), low = _mm256_or_si256(v, case_bit);
        __m256i letter = _mm256_and_si256(_mm256_cmpgt_epi8(low, below_a), _mm256_cmpgt_epi8(above_z, low));
        __m256i digit = _mm256_and_si256(_mm256_cmpgt_epi8(v, below_0), _mm256_cmpgt_epi8(above_9, v));
        unsigned ascii = ~(unsigned)_mm256_movemask_epi8(v);
        unsigned word = (unsigned)_mm256_movemask_epi8(_mm256_or_si256(letter, digit));
        unsigned printed = (unsigned)_mm256_movemask_epi8(_mm256_cmpgt_epi8(v, blank));
        unsigned first = (unsigned)_mm256_movemask_epi8(_mm256_cmpgt_epi8(v, inner)) & ~ascii;
        out.word |= (uint64_t)word << i;
        out.mark |= (uint64_t)(printed & ~word) << i;
        out.first |= (uint64_t)first << i;
        out.blank |= (uint64_t)(ascii & ~printed) << i;
    }
    return out;
}
#endif

/* Bit i: what is said of byte i + n, in the two blocks. */
HOT uint64_t ahead_of(uint64_t now, uint64_t next, unsigned n)
{
    return now >> n | next << (BLOCK - n);
}

/* The anchors of a block, which another one follows; see is_anchor. inside: bit 0: a word goes on into it. */
HOT uint64_t anchors(const struct classes *now, const struct classes *next, uint64_t inside)
{
    uint64_t begins = now->word & ~(now->word << 1 | inside), blank1 = ahead_of(now->blank, next->blank, 1);
    uint64_t blank2 = ahead_of(now->blank, next->blank, 2);
    return (begins & ~(blank1 | blank2)) | (now->mark & ~blank1) | now->first;
}

/* Where INNER_LEAST letters and digits stand within a word. */
HOT uint64_t inner_anchors(const struct classes *now, const struct classes *next, uint64_t inside)
{
    uint64_t long_from = now->word & (now->word << 1 | inside);
    for (unsigned i = 1; i < INNER_LEAST; i++)
        long_from &= ahead_of(now->word, next->word, i);
    return long_from;
}

/* Writes the places of the bits of m, and up to three more that mean nothing. */
HOT uint32_t flatten(uint16_t *out, uint32_t n, uint64_t m, uint32_t from)
{
    uint32_t last = n + (uint32_t)__builtin_popcountll(m);
    for (; n < last; n += 4) {
#pragma GCC unroll 4
        for (unsigned i = 0; i < 4; i++) {
            out[n + i] = (uint16_t)(from + (unsigned)__builtin_ctzll(m | UINT64_C(1) << (BLOCK - 1)));
            m &= m - 1;
        }
    }
    return last;
}

HOT uint32_t passes(uint64_t word, uint32_t hash, enum piece k)
{
    return (uint32_t)(word >> bit_of(hash, k, 0) & word >> bit_of(hash, k, 1) & 1);
}

/* The places where four bytes stand that a longer piece begins with; they are written over the others. */
HOT uint32_t sift_heads(const struct flt_finder *f, const char *p, uint16_t *place, uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t four = hash_of(load64(p + place[i]) | FOLD, PIECE_4);
        place[kept] = place[i];
        kept += has_bit(f->head, four >> (32 - HEAD_BITS));
    }
    return kept;
}

/* Which of these places may be those of a string. Each loop writes one more than it keeps. */
HOT uint32_t sift_longer(const struct flt_finder *f, const char *p, const uint16_t *place, uint32_t n,
                         struct candidate *out)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t w = load64(p + place[i]) | FOLD;
        uint32_t eight = hash_of(w, PIECE_8), five = hash_of(w, PIECE_5), four = hash_of(w, PIECE_4);
        uint64_t word = f->longer[word_of(four)];
        out[kept] = (struct candidate){eight, place[i]};
        kept += passes(word, eight, PIECE_8);
        out[kept] = (struct candidate){five, place[i]};
        kept += passes(word, five, PIECE_5);
        out[kept] = (struct candidate){four, place[i]};
        kept += passes(word, four, PIECE_4);
    }
    return kept;
}

/* The same for what is asked for at marks. Bytes before p are read. */
HOT uint32_t sift_marks(const struct flt_finder *f, const char *p, const uint16_t *place, uint32_t n,
                        struct candidate *out)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (enum piece k = PIECE_3; k < PIECES; k++) {
            uint32_t hash = hash_of(load64(p + place[i] - piece_behind[k]) | FOLD, k);
            out[kept] = (struct candidate){hash, place[i]};
            kept += has_bit(f->mark[k - PIECE_3], hash >> (32 - MARK_BITS));
        }
    }
    return kept;
}

/* What flt_finder_sift does. */
HOT uint32_t sift_blocks(const struct flt_finder *f, const char *p, uint32_t n, uint64_t *inside, struct candidate *out,
                         struct classes (*classes_of)(const char *))
{
    uint16_t place[SLICE + 4], mark[SLICE + 4];
    uint32_t found = 0, marks = 0;
    struct classes now = classes_of(p);
    for (uint32_t i = 0; i < n; i += BLOCK) {
        struct classes next = classes_of(p + i + BLOCK);
        uint64_t from = anchors(&now, &next, *inside);
        if (f->inner)
            from |= inner_anchors(&now, &next, *inside);
        found = flatten(place, found, from, i);
        if (f->marks)
            marks = flatten(mark, marks, now.mark, i);
        *inside = now.word >> (BLOCK - 1);
        now = next;
    }
    uint32_t kept = sift_marks(f, p, mark, marks, out);
    found = sift_heads(f, p, place, found);
    return kept + sift_longer(f, p, place, found, out + kept);
}

#ifdef __SSE2__
WIDE static uint32_t sift_wide(const struct flt_finder *f, const char *p, uint32_t n, uint64_t *inside,
                               struct candidate *out)
{
    return sift_blocks(f, p, n, inside, out, classify_wide);
}
#endif

uint32_t flt_finder_sift(const struct flt_finder *f, const char *p, uint32_t n, uint64_t *inside, struct candidate *out)
{
#ifdef __SSE2__
    if (f->wide)
        return sift_wide(f, p, n, inside, out);
#endif
    return sift_blocks(f, p, n, inside, out, classify);
}
