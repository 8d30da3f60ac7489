/*
 * squash_find.h: where a text has words that are spaced out or broken.
 */
#ifndef FLT_TEXT_SQUASH_FIND_H
#define FLT_TEXT_SQUASH_FIND_H

#include "text/view.h"

/*
 * Length of the letter or digit at s.p[i] (a well-formed sequence above ASCII that is no punctuation or symbol counts
 * as a letter), 0 for anything else.
 */
unsigned flt_squash_letter(struct flt_str s, size_t i);
/* Length of the HTML tag or comment at s.p[i] == '<', 0 when there is none; at most FLT_SQUASH_TAG bytes. */
size_t flt_squash_tag(struct flt_str s, size_t i);
#define FLT_SQUASH_TAG 256u

/* A walk over a text; set s and, where it is known, places; all else 0. */
struct flt_squash_walk {
    struct flt_str s;
    const struct flt_places *places;
    size_t at;
    size_t event; /* up to here it was looked for words that nothing comes of */
    /* a row of single letters */
    size_t row_from, row_to;
    unsigned row, row_letters;
    char row_sign;
    /* pieces joined by one sign */
    size_t chain_from;
    unsigned pieces, longest, shortest;
    char sign;
    bool digits;
    /* weights that are close to each other */
    size_t weight_from, weight_to;
    unsigned weight;
};
/* The next stretch [*from, *to) of spaced-out or broken words; false when there is none left. One pass in all. */
bool flt_squash_next(struct flt_squash_walk *w, size_t *from, size_t *to);

#endif
