/*
 * finder_string.h: a string in the form in which both finders compare it with text: eight bytes at a time, letters in
 * either case where it is caseless.
 */
#ifndef FLT_SCAN_FINDER_STRING_H
#define FLT_SCAN_FINDER_STRING_H

#include "scan/finder.h"

#define FLT_FINDER_WORDS (FLT_FINDER_MAX / 8)

struct flt_finder_form {
    uint64_t value[FLT_FINDER_WORDS], mask[FLT_FINDER_WORDS]; /* text & mask == value; zero behind the end */
};

static inline void flt_finder_form(struct flt_finder_form *f, const struct flt_finder_string *v)
{
    uint8_t value[FLT_FINDER_MAX] = {0}, mask[FLT_FINDER_MAX] = {0};
    for (uint32_t i = 0; i < v->len; i++) {
        uint8_t c = (uint8_t)v->s[i], low = c | 0x20;
        bool either = v->caseless && low >= 'a' && low <= 'z';
        mask[i] = either ? 0xdf : 0xff;
        value[i] = c & mask[i];
    }
    memcpy(f->value, value, sizeof(f->value));
    memcpy(f->mask, mask, sizeof(f->mask));
}

/* True when the string stands at text[at]; what lies behind the text's end is taken for zeros. */
static inline bool flt_finder_stands(const struct flt_finder_form *f, struct flt_str text, size_t at)
{
    char copy[FLT_FINDER_MAX] = {0};
    const char *p = text.p + at;
    uint64_t word;
    if (text.n - at < FLT_FINDER_MAX) {
        memcpy(copy, p, text.n - at);
        p = copy;
    }
    for (unsigned i = 0; i < FLT_FINDER_WORDS; i++) {
        memcpy(&word, p + 8 * i, sizeof(word));
        if ((word & f->mask[i]) != f->value[i])
            return false;
    }
    return true;
}

/* A letter or digit, which a fresh string does not stand behind. */
static inline bool flt_finder_in_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

#endif
