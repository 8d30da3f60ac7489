/*
 * skeleton_word.h: words of folded text, what scripts their letters are of, and what they may be read as.
 */
#ifndef FLT_TEXT_SKELETON_WORD_H
#define FLT_TEXT_SKELETON_WORD_H

#include "flt/base.h"

/* Letters above ASCII by how they are read; the first four as in tables/gen_skeleton.c. */
enum flt_look {
    FLT_LOOK_NONE,    /* no reading */
    FLT_LOOK_EXACT,   /* the shape of an ASCII letter */
    FLT_LOOK_SIMILAR, /* resembles one */
    FLT_LOOK_ALWAYS,  /* a Latin letter form or a symbol that stands for a letter */
    FLT_LOOK_GREEK    /* a Greek letter that is used freely for one */
};

struct flt_word {
    size_t from, to;
    unsigned upper, lower; /* ASCII letters */
    unsigned of[5];        /* letters above ASCII by look */
    unsigned greek;        /* those that are Greek */
};

/*
 * Reads the next word of text[*at, text.n) into *w and moves *at behind it; false at the end, or before letters of a
 * script without spaces (*ideographs), over which *at then stands.
 */
bool flt_word_next(struct flt_str text, size_t *at, struct flt_word *w, bool *ideographs);

/* The reading of the code point at text.p[at], without its surroundings: not longer than it; n == 0 without one. */
struct flt_str flt_word_letter(struct flt_str text, size_t at);

/*
 * Reads a word of at most FLT_READ_MOST bytes as the English word that it is likeliest to be. out and len have room for
 * as many bytes as the word; len[k] is how many bytes of out stand for the code point that begins at the k-th byte of
 * the word (one, of no meaning, for one without a reading). Returns the score (flt_trigram_score).
 */
double flt_word_read(struct flt_str text, const struct flt_word *w, char *out, uint8_t *len);

#endif
