/* str.c: the slice functions that are too long for the header. */
#include "flt/base.h"

static unsigned char ascii_lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool flt_str_ieq(struct flt_str a, struct flt_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    }
    return true;
}

bool flt_str_starts(struct flt_str s, struct flt_str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static struct flt_str skip(struct flt_str s, size_t n)
{
    return n == 0 ? s : (struct flt_str){s.p + n, s.n - n};
}

/* The leftmost place where piece occurs; false when nowhere. memmem (two-way search) is linear. */
static bool find(struct flt_str s, struct flt_str piece, size_t *at)
{
    *at = 0;
    if (piece.n == 0)
        return true;
    if (s.n < piece.n)
        return false;
    const char *hit = memmem(s.p, s.n, piece.p, piece.n);
    if (hit == NULL)
        return false;
    *at = (size_t)(hit - s.p);
    return true;
}

/*
 * The pieces between stars are taken leftmost first, which is enough: if any placement matches, the leftmost one
 * does. The first piece is tied to the start and the last to the end.
 */
bool flt_str_glob(struct flt_str s, struct flt_str pattern)
{
    const char *star = pattern.n != 0 ? memchr(pattern.p, '*', pattern.n) : NULL;
    if (star == NULL)
        return flt_str_eq(s, pattern);
    struct flt_str piece = {pattern.p, (size_t)(star - pattern.p)};
    if (!flt_str_starts(s, piece))
        return false;
    s = skip(s, piece.n);
    pattern = skip(pattern, piece.n + 1);
    while (pattern.n != 0 && (star = memchr(pattern.p, '*', pattern.n)) != NULL) {
        size_t at;
        piece = (struct flt_str){pattern.p, (size_t)(star - pattern.p)};
        if (!find(s, piece, &at))
            return false;
        s = skip(s, at + piece.n);
        pattern = skip(pattern, piece.n + 1);
    }
    return s.n >= pattern.n && flt_str_eq(skip(s, s.n - pattern.n), pattern);
}
