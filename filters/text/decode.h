/*
 * decode.h: what the decoder families share. Not for use outside the decoders, the probe and their tests.
 *
 * A run decoder is a cursor (struct flt_run) that gives groups of bytes with their source ranges. flt_run_make looks
 * at the bytes in windows, keeps the stretches that are text, and maps every group as one atom.
 */
#ifndef FLT_TEXT_DECODE_H
#define FLT_TEXT_DECODE_H

#include "text/view.h"

/* One flt_decode call. */
struct flt_dec {
    struct flt_maker *maker;
    struct flt_str text;
    flt_derived_fn fn;
    void *arg;
};

#define FLT_GROUP_MAX 8u
/* n bytes that the source range [from, to) stands for. */
struct flt_group {
    uint8_t b[FLT_GROUP_MAX];
    unsigned n;
    uint32_t from, to;
};

struct flt_run;
/* Moves on by one group, n >= 1; false at the end. Groups come in order and do not overlap. */
typedef bool (*flt_run_next)(struct flt_run *r, struct flt_group *g);
/* A plain value: copying it saves the place. */
struct flt_run {
    struct flt_str text;
    uint32_t at, end; /* source offsets still to be read */
    flt_run_next next;
    const int8_t *value; /* alphabet: value of each byte, -1 = none */
    unsigned mode;       /* of the decoder */
    bool hidden;         /* bytes that cannot be there by chance: three letters are enough */
};

/* True when some stretch of the run's next `most` groups is text. Nothing is made. */
bool flt_run_worth(struct flt_run r, unsigned most);
/* Gives the run's text (bound: most bytes it can have) to d->fn, if there is any. FLT_OK or an error, or fn's value. */
int flt_run_make(const struct flt_dec *d, struct flt_run r, size_t bound, enum flt_view view) FLT_MUST_CHECK;
/* Bytes that are no UTF-8 become '?', in place. */
void flt_decode_clean(char *p, size_t n);

/* ---- families: each makes what flt_decode asks for ------------------------------------------------------------- */

int flt_decode_base64(const struct flt_dec *d) FLT_MUST_CHECK;
int flt_decode_base32(const struct flt_dec *d) FLT_MUST_CHECK;
int flt_decode_ascii85(const struct flt_dec *d) FLT_MUST_CHECK;
int flt_decode_hex(const struct flt_dec *d) FLT_MUST_CHECK;
int flt_decode_binary(const struct flt_dec *d) FLT_MUST_CHECK;
int flt_decode_morse(const struct flt_dec *d) FLT_MUST_CHECK;
int flt_decode_tags(const struct flt_dec *d) FLT_MUST_CHECK;
int flt_decode_variation(const struct flt_dec *d) FLT_MUST_CHECK;
int flt_decode_sneaky(const struct flt_dec *d) FLT_MUST_CHECK;
/* view: FLT_VIEW_PERCENT, _ENTITY, _ESCAPE or _QUOTED. */
int flt_decode_in_place(const struct flt_dec *d, enum flt_view view) FLT_MUST_CHECK;

/* ---- for the probe: exactly the tests that the makers begin with ----------------------------------------------- */

/* The run of the alphabet's bytes around or after `at`, at least FLT_PIECE_MIN long; false when there is none. */
struct flt_piece {
    uint32_t from, to;
};
#define FLT_PIECE_MIN 12u
/* A piece without a capital or digit is only taken for base64 or base32 from this length on. */
#define FLT_CODED_ALONE 40u
#define FLT_BASE32_MIN  16u
#define FLT_MORSE_MIN   6u /* letters of a text in Morse code */
/* The next run of at least min bytes of the alphabet from `at` on (looking at every min-th byte only); false at the
 * end. */
bool flt_next_piece(struct flt_str text, size_t at, const int8_t *value, size_t min, struct flt_piece *p);
bool flt_base64_worth(struct flt_str text, struct flt_piece p);
bool flt_base32_worth(struct flt_str text, struct flt_piece p);
bool flt_hex_worth(struct flt_str text, struct flt_piece p);
/* A run of '!'..'~' of at least FLT_ASCII85_MIN bytes. */
#define FLT_ASCII85_MIN 15u
bool flt_ascii85_worth(struct flt_str text, struct flt_piece p);
/* The entry of an in-place decoder: source length of the escape at `at`, 0 = none. *telling: it hides a letter, digit
 * or space. */
unsigned flt_escape_at(struct flt_str text, size_t at, enum flt_view view, char out[4], unsigned *n, bool *telling);

extern const int8_t flt_base64_value[256]; /* both alphabets; -1 for other bytes, '=' among them */
extern const int8_t flt_base32_value[256];
extern const int8_t flt_hex_value[256];
extern const int8_t flt_graphic_value[256]; /* 0 for '!'..'~' */

#endif
