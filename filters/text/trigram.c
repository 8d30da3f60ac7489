/* trigram.c: English letter trigrams, from the table that trigram_gen.py makes. */
#include "text/trigram.h"

const char flt_trigram_table[FLT_TRIGRAM_N][FLT_TRIGRAM_N * FLT_TRIGRAM_N + 1] = {
#include "text/trigram_table.inc"
};

#define ROW(first)                                                                                                     \
    [first] = 1, [(first) + 1] = 2, [(first) + 2] = 3, [(first) + 3] = 4, [(first) + 4] = 5, [(first) + 5] = 6,        \
    [(first) + 6] = 7, [(first) + 7] = 8, [(first) + 8] = 9, [(first) + 9] = 10, [(first) + 10] = 11,                  \
    [(first) + 11] = 12, [(first) + 12] = 13, [(first) + 13] = 14, [(first) + 14] = 15, [(first) + 15] = 16,           \
    [(first) + 16] = 17, [(first) + 17] = 18, [(first) + 18] = 19, [(first) + 19] = 20, [(first) + 20] = 21,           \
    [(first) + 21] = 22, [(first) + 22] = 23, [(first) + 23] = 24, [(first) + 24] = 25, [(first) + 25] = 26
const uint8_t flt_trigram_letter[256] = {ROW('a'), ROW('A')};

double flt_trigram_score(struct flt_str text)
{
    uint64_t cost = 0, letters = 0;
    unsigned a = 0, b = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned c = flt_trigram_letter[(uint8_t)text.p[i]];
        if (c == 0 && b == 0)
            continue;
        cost += flt_trigram_cost(a, b, c);
        letters += c != 0;
        a = b;
        b = c;
    }
    if (letters == 0)
        return FLT_TRIGRAM_FLOOR;
    if (b != 0)
        cost += flt_trigram_cost(a, b, 0);
    double score = -(double)cost / 4.0 / (double)letters;
    return score > FLT_TRIGRAM_FLOOR ? score : FLT_TRIGRAM_FLOOR;
}
