/* utf8.c: validation with a fast path for ASCII, decoding and encoding. */
#include "text/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>

static size_t ascii_blocks(const char *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= 16; i += 16) {
        int high = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + i)));
        if (high != 0)
            return i + (size_t)__builtin_ctz((unsigned)high);
    }
    return i;
}
#else
static size_t ascii_blocks(const char *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        if ((w & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    return i;
}
#endif

size_t flt_utf8_ascii_run(struct flt_str s)
{
    size_t i = ascii_blocks(s.p, s.n);
    while (i < s.n && (unsigned char)s.p[i] < 0x80)
        i++;
    return i;
}

bool flt_utf8_valid(struct flt_str s, size_t *where)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0;
    while (i < s.n) {
        if (p[i] < 0x80) {
            i += flt_utf8_ascii_run((struct flt_str){s.p + i, s.n - i});
            continue;
        }
        unsigned len = flt_utf8_len(p + i, s.n - i);
        if (len == 0) {
            if (where != NULL)
                *where = i;
            return false;
        }
        i += len;
    }
    return true;
}

/* How many bytes at p could begin a well-formed sequence; at least 1. Called on ill-formed input only. */
static size_t maximal_subpart(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    size_t want = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || n < 2)
        return 1;
    /* The second byte is good if some third and fourth byte complete it. */
    unsigned char probe[4] = {c, p[1], 0x80, 0x80};
    if (want == 2 || flt_utf8_len(probe, want) == 0)
        return 1;
    size_t k = 2;
    while (k < want && k < n && (p[k] & 0xC0) == 0x80)
        k++;
    return k;
}

bool flt_utf8_next(struct flt_str s, size_t *at, uint32_t *cp)
{
    const unsigned char *p = (const unsigned char *)s.p + *at;
    switch (flt_utf8_len(p, s.n - *at)) {
    case 1:
        *cp = p[0];
        *at += 1;
        return true;
    case 2:
        *cp = (uint32_t)(p[0] & 0x1F) << 6 | (uint32_t)(p[1] & 0x3F);
        *at += 2;
        return true;
    case 3:
        *cp = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (uint32_t)(p[2] & 0x3F);
        *at += 3;
        return true;
    case 4:
        *cp = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 | (uint32_t)(p[2] & 0x3F) << 6 |
              (uint32_t)(p[3] & 0x3F);
        *at += 4;
        return true;
    default:
        *cp = 0xFFFD;
        *at += maximal_subpart(p, s.n - *at);
        return false;
    }
}

unsigned flt_utf8_encode(uint32_t cp, char out[4])
{
    if (cp > 0x10FFFF)
        cp = 0xFFFD;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}
