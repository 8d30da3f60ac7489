/*
 * cipher.h: what the probe and cipher.c share: where a text reads so badly that deciphering is worth trying.
 */
#ifndef FLT_TEXT_CIPHER_H
#define FLT_TEXT_CIPHER_H

#include "text/masks.h"

/* Texts up to this length are looked at in full; longer ones where a block of FLT_CIPHER_BLOCK bytes reads badly. */
#define FLT_CIPHER_FULL   512u
#define FLT_CIPHER_BLOCK  32u
#define FLT_CIPHER_OTHERS 5u /* bytes of a block that may be neither letters nor spaces, else it is not looked at */
/* Longer texts are looked at in every other 64 bytes. */
#define FLT_CIPHER_DENSE 8192u
static inline bool flt_cipher_sampled(size_t n, size_t at)
{
    return n <= FLT_CIPHER_DENSE || at / FLT_BLOCK % 2 == 0;
}
/*
 * The 64 bytes at p, n of them being text: which of the two blocks read badly (bits 0 and 1). Looked into are those
 * where letters stand at odd places: at least two of j, q, x, z, an h behind a vowel, an e at a word's begin. A
 * twelfth of English has them, 85 % of it when reversed, 95 % and more when rotated.
 */
unsigned flt_cipher_odd(const struct flt_masks *before, const struct flt_masks *now, const char *p, size_t n);
/* True when the letters of the 32 bytes at p read badly. The last 32 bytes of a text are a block, too. */
bool flt_cipher_block(const char *p);
/*
 * True when some stretch of words reads badly in the sentences that [from, to) is part of; those before *done are
 * passed over, and *done moves on.
 */
bool flt_cipher_suspect(struct flt_str text, size_t from, size_t to, size_t *done);

/* Texts up to this length that speak of reversing are read with their words in reverse order, too. */
#define FLT_CIPHER_CUE_MAX 4096u
/* Texts up to this length are also read with letters for digits before they are deciphered. */
#define FLT_CIPHER_LEET_MAX 8192u
/* True when the letter at `at` ('v' or 'w') is that of "revers" or "backward". */
bool flt_cipher_cue(struct flt_str text, size_t at);

#endif
