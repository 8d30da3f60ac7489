#include "scan/starts.h"

#define PLACES (FLT_LEAD_TABLE + 1u)
#define BEFORE FLT_LEAD_TABLE /* the row of what may stand directly before a match */
#define BYTES  256u

struct flt_starts {
    uint32_t words;
    uint64_t *row; /* [place][byte][word] */
};

static inline uint64_t *row_of(const struct flt_starts *s, unsigned place, uint8_t byte)
{
    return s->row + ((size_t)place * BYTES + byte) * s->words;
}

struct flt_starts *flt_starts_new(const struct flt_matcher *const *v, uint32_t n)
{
    struct flt_starts *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->words = (n + 63) / 64;
    s->row = calloc((size_t)PLACES * BYTES * s->words + 1, sizeof(*s->row));
    if (s->row == NULL) {
        free(s);
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint16_t *start = flt_matcher_starts(v[i]);
        uint64_t bit = UINT64_C(1) << (i & 63);
        for (unsigned c = 0; c < BYTES; c++) {
            for (unsigned k = 0; k < FLT_LEAD_TABLE; k++)
                row_of(s, k, (uint8_t)c)[i >> 6] |= (start[c] >> k & 1) != 0 ? bit : 0;
            row_of(s, BEFORE, (uint8_t)c)[i >> 6] |= (start[c] & FLT_MATCHER_BARRIER) == 0 ? bit : 0;
        }
    }
    return s;
}

void flt_starts_free(struct flt_starts *s)
{
    if (s == NULL)
        return;
    free(s->row);
    free(s);
}

size_t flt_starts_memory(const struct flt_starts *s)
{
    return sizeof(*s) + (size_t)PLACES * BYTES * s->words * sizeof(*s->row);
}

uint32_t flt_starts_words(const struct flt_starts *s)
{
    return s->words;
}

uint64_t flt_starts_at(const struct flt_starts *s, uint32_t word, uint64_t wanted, struct flt_str text, size_t at)
{
    const uint8_t *p = (const uint8_t *)text.p + at;
    size_t left = text.n - at, n = left < FLT_LEAD_TABLE ? left : FLT_LEAD_TABLE;
    if (at > 0)
        wanted &= row_of(s, BEFORE, p[-1])[word];
    for (unsigned k = 0; wanted != 0 && k < n; k++)
        wanted &= row_of(s, k, p[k])[word];
    return wanted;
}
