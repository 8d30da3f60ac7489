/* words.c: the table is a row of words per first letter; each word is followed by its share, as word_gen.py writes it.
 */
#include "text/words.h"

#include <math.h>

static const char *const rows[26 * 26] = {
#include "text/word_table.inc"
};

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* The words that begin so stand side by side. */
double flt_words_bits(struct flt_str letters)
{
    double share = 0;
    if (letters.n < 2 || !is_letter(letters.p[0]) || !is_letter(letters.p[1]))
        return FLT_WORDS_RARE;
    const char *row = rows[26 * (letters.p[0] - 'a') + (letters.p[1] - 'a')], *p = row;
    const char *const end = row + strlen(row);
    while ((p = memmem(p, (size_t)(end - p), letters.p, letters.n)) != NULL) {
        bool begins = p == row || !is_letter(p[-1]);
        if (!begins && share > 0)
            break;
        const char *last = p;
        while (is_letter(*last))
            last++;
        share += begins ? exp2((*last - '0') / -2.0) : 0;
        p = last + 1;
    }
    return share > 0 && -log2(share) < FLT_WORDS_RARE ? -log2(share) : FLT_WORDS_RARE;
}

/* The words of a row are in order: halves, cut where a word begins. */
bool flt_words_known(struct flt_str letters)
{
    if (letters.n < 2 || !is_letter(letters.p[0]) || !is_letter(letters.p[1]))
        return false;
    const char *lo = rows[26 * (letters.p[0] - 'a') + (letters.p[1] - 'a')], *hi = lo + strlen(lo);
    while (lo < hi) {
        const char *word = lo + (hi - lo) / 2, *next;
        while (word > lo && is_letter(word[-1]))
            word--;
        for (next = word; is_letter(*next); next++) {
        }
        size_t n = (size_t)(next - word);
        int order = memcmp(word, letters.p, n < letters.n ? n : letters.n);
        if (order == 0 && n >= letters.n)
            return true;
        if (order > 0)
            hi = word;
        else
            lo = next + 1;
    }
    return false;
}
