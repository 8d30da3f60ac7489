/*
 * masks.h: which classes each of 64 bytes belongs to, as a bit mask a class. For the probe and the decoders.
 */
#ifndef FLT_TEXT_MASKS_H
#define FLT_TEXT_MASKS_H

#include "flt/base.h"

#define FLT_BLOCK 64u

enum flt_byte_class {
    FLT_C_LETTER,
    FLT_C_DIGIT,
    FLT_C_HEX,      /* a-f, A-F */
    FLT_C_SPACE,    /* 0x20 */
    FLT_C_CONTROL,  /* below 0x20, and DEL */
    FLT_C_B64,      /* base64's punctuation, of both alphabets */
    FLT_C_SIGN,     /* joins the pieces of a broken word */
    FLT_C_WEIGHS,   /* one of them alone says that a word is broken, when it has another beside it */
    FLT_C_LEET_IN,  /* stands for a letter inside a word */
    FLT_C_LEET_OUT, /* or at its begin or end */
    FLT_C_MORSE,    /* dots and dashes */
    FLT_C_QUOTE,
    FLT_C_EVENT, /* is looked at one by one */
    FLT_C_CUE,   /* v and w: of "reverse" and "backward" */
    FLT_C_VOWEL, /* these are what ciphers of English show by, see cipher.h */
    FLT_C_H,
    FLT_C_E,
    FLT_C_RARE,    /* j, q, x, z */
    FLT_C_WIDE,    /* above 0x7f */
    FLT_C_LEAD,    /* 0xc0 and above: a character begins */
    FLT_C_SPECIAL, /* 0xc2, 0xe2, 0xef, 0xf0, 0xf3: signs, what is invisible, emoji */
    FLT_CLASSES
};
struct flt_masks {
    uint64_t of[FLT_CLASSES]; /* bit i: byte i */
};

/* Reads 64 bytes at p, by AVX2 where the machine has it. */
void flt_masks_read(const char *p, struct flt_masks *m);
/* The same without any instruction of its own: for other machines, and to test the one above against. */
void flt_masks_plain(const char *p, struct flt_masks *m);
/*
 * The masks of text [at, at + 64); bytes beyond the text's end belong to no class. Returns how many bytes there are,
 * 64 or fewer; 0 when at is not below text.n.
 */
unsigned flt_masks_at(struct flt_str text, size_t at, struct flt_masks *m);

/* True when at least n (a small number) bits are set; without a population count, which the baseline has not. */
static inline bool flt_at_least(uint64_t m, unsigned n)
{
    for (; m != 0 && n > 1; n--)
        m &= m - 1;
    return m != 0;
}

/* The bits of a class n bytes before, or n bytes behind; 0 < n < 64. */
static inline uint64_t flt_behind(uint64_t before, uint64_t now, unsigned n)
{
    return now << n | before >> (64 - n);
}
static inline uint64_t flt_ahead(uint64_t now, uint64_t next, unsigned n)
{
    return now >> n | next << (64 - n);
}

#endif
