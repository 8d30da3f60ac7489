/*
 * view.h: derived forms of a text: what a model reads out of it although no pattern over the bytes would.
 *
 *   raw --fold--> folded --confusables--> skeleton --leet--> ... --squash--> squashed
 *    `--decode--> base64, hex, percent, tags ...   (each is a text of its own: it is folded and decoded again)
 *
 * A derived text knows where each of its bytes came from (flt_offmap, offsets of its parent), so a match in it is a
 * range of the original. Makers are pure, linear in what they read and write, and charge every byte they make to one
 * budget, so that no input grows without end.
 */
#ifndef FLT_TEXT_VIEW_H
#define FLT_TEXT_VIEW_H

#include "flt/json.h"
#include "flt/policy.h"

/*
 * Where in a text something was seen that a maker begins with: a bit for each of FLT_PLACES parts of 2^shift bytes.
 * Kept for LEET, SQUASHED and HEX, and for FOLDED of the gaps between words that ask for flt_spacing.
 */
#define FLT_PLACES 1024u
struct flt_places {
    unsigned shift;
    uint64_t leet[FLT_PLACES / 64], squashed[FLT_PLACES / 64], hex[FLT_PLACES / 64], gaps[FLT_PLACES / 64];
};
/* The first offset at or behind `at` that is in a part of the view's, SIZE_MAX without one; `at` for places NULL. */
size_t flt_places_next(const struct flt_places *places, enum flt_view view, size_t at);

/* What one span's makers share. */
struct flt_maker {
    struct flt_arena *arena;
    size_t budget;                   /* bytes of derived text that may still be made */
    size_t left_out;                 /* bytes of text that were not looked into because the budget was used up */
    const struct flt_places *places; /* of the text that is given next; NULL: anywhere */
};
/*
 * Takes n bytes of the budget; false (and `source` bytes counted as left out) when there are not so many: the caller
 * then makes nothing and returns FLT_OK.
 */
bool flt_maker_take(struct flt_maker *k, size_t n, size_t source);

/* A text made from a parent text. */
struct flt_derived {
    struct flt_str text;   /* UTF-8 or, out of a decoder, any bytes; in the arena */
    struct flt_offmap map; /* offsets of text -> offsets of the parent's text */
    enum flt_view view;
};
/* Receives one derived text; FLT_OK to go on, else the maker stops and returns what it returned. */
typedef int (*flt_derived_fn)(void *arg, const struct flt_derived *d);

/*
 * Builds a map step by step: bytes of the derived text are appended with the source range they stand for. Consecutive
 * identical steps (text and source advancing together) cost nothing.
 */
struct flt_mapper {
    struct flt_maker *maker;
    char *text;
    uint32_t n, cap;
    struct flt_offstep *step;
    uint32_t n_step, cap_step;
    uint32_t next; /* source offset that an identical step would go on at */
    bool atom;     /* the last step is an atom */
};
/*
 * cap: most bytes of text that will be added; they are taken from the budget now and what was not used is given back
 * by flt_mapper_end. False when the budget or the arena does not have them (*status FLT_OK or FLT_E_NOMEM).
 */
bool flt_mapper_begin(struct flt_mapper *m, struct flt_maker *k, size_t cap, size_t source, int *status);
/* The calls that add: FLT_E_NOMEM; FLT_E_LIMIT when the map outgrows the budget (then the maker gives up with it). */
/* n bytes that stand where they stood: source [from, from + n). */
int flt_mapper_same(struct flt_mapper *m, const char *p, uint32_t n, uint32_t from) FLT_MUST_CHECK;
/* n bytes (may be 0: then nothing) that stand for the source range [from, to) as a whole. */
int flt_mapper_atom(struct flt_mapper *m, const char *p, uint32_t n, uint32_t from, uint32_t to) FLT_MUST_CHECK;
/* Takes the last code point (of an atom, all of it) away again; returns how many bytes that were, 0 without any. */
uint32_t flt_mapper_pop(struct flt_mapper *m);
/*
 * Ends a map that cannot be finished: its text goes back to the budget, *out is empty. A budget that did not suffice
 * (rc FLT_E_LIMIT) counts `source` bytes as left out and is FLT_OK; another rc is returned as it is.
 */
int flt_mapper_fail(struct flt_mapper *m, int rc, size_t source, struct flt_derived *out) FLT_MUST_CHECK;
/* Source bytes passed over without a call are bytes that the view leaves away. source_end: where the source ended. */
void flt_mapper_end(struct flt_mapper *m, uint32_t source_end, enum flt_view view, struct flt_derived *out);

/* ---- what is worth making -------------------------------------------------------------------------------------- */

/*
 * Found in one pass over a text; false positives are allowed, missing something a maker would find is not. wanted: bits
 * of the views that anyone asks for; others are not looked for, and their bits are not set (but for that of FOLDED).
 */
struct flt_probe {
    bool ascii;  /* no byte above 0x7f, and no control byte that changes what is read (BS, DEL, ESC) */
    bool spaced; /* words are kept apart by something other than one blank: flt_spacing (only when FOLDED is wanted) */
    uint32_t views; /* bit per enum flt_view of the makers that may find something in this text */
    struct flt_places places;
};
void flt_probe_text(struct flt_str text, uint32_t wanted, struct flt_probe *out);

/* ---- makers (out->text.n == 0: the view says nothing that the parent does not) ------------------------------------
 */
/*
 * fold, skeleton and leet leave away long stretches in which nothing changed (the parent was judged there already); a
 * line end stands for what was left out.
 */

/*
 * fold.c: compatibility forms (NFKC: full-width, maths, circled, ligatures), decimal digits of any script, lower case
 * of letters outside ASCII (ASCII letters keep their case: patterns decide), marks removed on Latin and Greek, default-
 * ignorable and control characters removed except where scripts and emoji need them, deletions (BS, DEL) and ANSI
 * escapes applied.
 */
int flt_fold(struct flt_maker *k, struct flt_str text, struct flt_derived *out) FLT_MUST_CHECK;
/*
 * spacing.c: runs of blanks, tabs, marks of emphasis and underscores, and one line end between words, as one blank; a
 * FOLDED view of its own. Only about the places that the probe of the text named (k->places; NULL: nothing is made).
 */
int flt_spacing(struct flt_maker *k, struct flt_str text, struct flt_derived *out) FLT_MUST_CHECK;
/* skeleton.c: look-alike letters of other scripts and styles to ASCII (UTS #39), on folded text. */
int flt_skeleton(struct flt_maker *k, struct flt_str text, struct flt_derived *out) FLT_MUST_CHECK;
/* leet.c: digits and signs inside words to the letters they stand for. */
int flt_leet(struct flt_maker *k, struct flt_str text, struct flt_derived *out) FLT_MUST_CHECK;
/* squash.c: letters and digits only, of the stretches in which words are spaced out or broken by signs. */
int flt_squash(struct flt_maker *k, struct flt_str text, struct flt_derived *out) FLT_MUST_CHECK;
/*
 * join.c: string pieces that the text itself puts together: assignments (a = "ig"; b = "nore"; ... a + b) and lists of
 * quoted pieces, without quotes and glue.
 */
int flt_join(struct flt_maker *k, struct flt_str text, struct flt_derived *out) FLT_MUST_CHECK;
/*
 * decode.c: every decoder whose bit is set in `views`, in the order of enum flt_view. A decoder that decodes in place
 * (percent, entities, escapes, quoted-printable) gives the whole text once; one for runs (base64, hex ...) gives each
 * run, or runs that follow each other, as a text of its own.
 */
int flt_decode(struct flt_maker *k, struct flt_str text, uint32_t views, flt_derived_fn fn, void *arg) FLT_MUST_CHECK;
/*
 * cipher.c: rotations, Atbash and reversal, only where the text reads badly and the result reads well (log-probability
 * of letter trigrams); at most one result of each kind.
 */
int flt_decipher(struct flt_maker *k, struct flt_str text, flt_derived_fn fn, void *arg) FLT_MUST_CHECK;
/*
 * The same of a short text with the letters that digits and signs in its words stand for (0 1 3 4 5 7 @ $), whether
 * the words make sense so or not: "53p1c3r" only does when it is turned round. For texts whose probe named LEET.
 */
int flt_decipher_leet(struct flt_maker *k, struct flt_str text, flt_derived_fn fn, void *arg) FLT_MUST_CHECK;

#endif
