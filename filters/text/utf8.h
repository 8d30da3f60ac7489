/*
 * utf8.h: UTF-8 exactly as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef FLT_TEXT_UTF8_H
#define FLT_TEXT_UTF8_H

#include "flt/base.h"

/*
 * Length (1..4) of the well-formed sequence that starts at p, 0 when there is none or it does not end before p + n.
 * The ranges of the second byte are those of Unicode 15, table 3-7.
 */
static inline unsigned flt_utf8_len(const unsigned char *p, size_t n)
{
    if (n == 0)
        return 0;
    unsigned char c = p[0];
    if (c < 0x80)
        return 1;
    if (c < 0xE0)
        return c >= 0xC2 && n >= 2 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
    if (c < 0xF0) {
        if (n < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80)
            return 0;
        return (c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F) ? 0 : 3;
    }
    if (c > 0xF4 || n < 4 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80 || (p[3] & 0xC0) != 0x80)
        return 0;
    return (c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F) ? 0 : 4;
}

/* True when all of s is well-formed. Else *where (may be NULL) is the offset of the first bad sequence. */
bool flt_utf8_valid(struct flt_str s, size_t *where);

/*
 * Decodes the code point at s.p[*at] and moves *at behind it; *at < s.n. False when the bytes are ill-formed: then *cp
 * is U+FFFD and *at moves over the maximal subpart (Unicode 15, section 3.9), so that calling on always ends.
 */
bool flt_utf8_next(struct flt_str s, size_t *at, uint32_t *cp);

/*
 * Writes cp to out and returns the length. Surrogates give their three-byte generalised form; above U+10FFFF, the
 * form of U+FFFD.
 */
unsigned flt_utf8_encode(uint32_t cp, char out[4]);

/* Length of the run of bytes below 0x80 at the start of s. */
size_t flt_utf8_ascii_run(struct flt_str s);

#endif
