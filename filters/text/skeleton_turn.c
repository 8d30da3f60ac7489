/* skeleton_turn.c: upside-down writing, as text generators make it. */
#include "text/skeleton_turn.h"

#include "text/utf8.h"

#define LEAST       4u /* turned letters in a line: fewer occur in phonetic notes */
#define LEAST_KINDS 3u /* some languages write one or two of them (open o, turned e) */

/* Letters that only turned text has many kinds of, and what they are the right way up. Sorted. */
static const struct {
    uint16_t cp;
    char letter;
} turned[] = {
    {0x183, 'g'},  {0x1DD, 'e'},  {0x250, 'a'},  {0x253, 'g'},  {0x254, 'c'}, {0x259, 'e'},  {0x25F, 'f'},
    {0x265, 'h'},  {0x26F, 'm'},  {0x279, 'r'},  {0x27E, 'j'},  {0x283, 'l'}, {0x287, 't'},  {0x28C, 'v'},
    {0x28D, 'w'},  {0x28E, 'y'},  {0x29E, 'k'},  {0x2C7, 'l'},  {0x5DF, 'l'}, {0x1D09, 'i'}, {0x1D1A, 'r'},
    {0x2200, 'a'}, {0x2132, 'f'}, {0x2141, 'g'}, {0x214E, 'f'},
};

/* ASCII that reads as something else when turned. */
static const char flip_from[] = "bdpqnu69.,'!?()[]{}<>&_";
static const char flip_to[] = "qpdbun96',,i?)(][}{><&'";

static unsigned turned_at(uint32_t cp)
{
    for (unsigned i = 0; i < FLT_ARRAY_LEN(turned); i++) {
        if (turned[i].cp == cp)
            return i + 1;
    }
    return 0;
}

/* Only letters of these lead bytes are looked up: text in other scripts passes quickly. */
static bool may_be_turned(unsigned char lead)
{
    return lead == 0xC6 || lead == 0xC7 || lead == 0xC9 || lead == 0xCA || lead == 0xCB || lead == 0xD7 ||
           lead == 0xE1 || lead == 0xE2;
}

/* Offset of the next such byte at or behind i; sixteen bytes at once, by the compilers' vector extension. */
static size_t next_lead(struct flt_str s, size_t i)
{
    typedef unsigned char bytes16 __attribute__((vector_size(16)));
    for (; s.n - i >= 16; i += 16) {
        bytes16 v, found;
        uint64_t half[2];
        memcpy(&v, s.p + i, sizeof(v));
        found =
            (bytes16)((v - 0xC6) < 2) | (bytes16)((v - 0xC9) < 3) | (bytes16)(v == 0xD7) | (bytes16)((v - 0xE1) < 2);
        memcpy(half, &found, sizeof(half));
        if ((half[0] | half[1]) != 0)
            break;
    }
    while (i < s.n && !may_be_turned((unsigned char)s.p[i]))
        i++;
    return i;
}

static bool enough(unsigned count, uint32_t kinds)
{
    return count >= LEAST && (unsigned)__builtin_popcount(kinds) >= LEAST_KINDS;
}

/* Moves *at over one code point; the number of its turned letter, 0 for others. *c is the byte it begins with. */
static unsigned step(struct flt_str s, size_t *at, unsigned char *c)
{
    uint32_t cp = 0;
    *c = (unsigned char)s.p[*at];
    if (*c < 0x80) {
        ++*at;
        return 0;
    }
    (void)flt_utf8_next(s, at, &cp);
    return may_be_turned(*c) ? turned_at(cp) : 0;
}

bool flt_turned_any(struct flt_str text)
{
    unsigned count = 0;
    uint32_t kinds = 0;
    for (size_t i = 0; i < text.n && !enough(count, kinds);) {
        unsigned char c;
        i = next_lead(text, i);
        unsigned which = i < text.n ? step(text, &i, &c) : 0;
        if (which != 0) {
            count += count < LEAST;
            kinds |= 1u << which;
        }
    }
    return enough(count, kinds);
}

bool flt_turned_find(struct flt_str line, size_t *from, size_t *to)
{
    unsigned count = 0;
    uint32_t kinds = 0;
    size_t words = 0, marked = 0, begin = 0;
    bool in_word = false, has = false;
    *from = line.n;
    *to = 0;
    for (size_t i = 0; i <= line.n;) {
        size_t here = i;
        unsigned char c = ' ';
        unsigned which = i < line.n ? step(line, &i, &c) : 0;
        i += here == line.n;
        if (c == ' ' || c == '\t') {
            words += in_word;
            marked += in_word && has;
            if (in_word && has) {
                *from = begin < *from ? begin : *from;
                *to = here;
            }
            in_word = has = false;
            continue;
        }
        if (!in_word)
            begin = here;
        in_word = true;
        has |= which != 0;
        count += which != 0;
        kinds |= which != 0 ? 1u << which : 0;
    }
    if (marked * 2 >= words) {
        *from = 0;
        *to = line.n;
    }
    return enough(count, kinds);
}

size_t flt_turned_write(struct flt_str s, char *out)
{
    size_t n = 0;
    for (size_t end = s.n; end > 0;) {
        size_t at = end - 1;
        while (at > 0 && end - at < 4 && (s.p[at] & 0xC0) == 0x80)
            at--;
        size_t i = at;
        unsigned char c;
        unsigned which = step(s, &i, &c);
        const char *flip = c < 0x80 && c != '\0' ? strchr(flip_from, c) : NULL;
        if (which != 0) {
            out[n++] = turned[which - 1].letter;
        } else if (flip != NULL) {
            out[n++] = flip_to[flip - flip_from];
        } else {
            memcpy(out + n, s.p + at, end - at);
            n += end - at;
        }
        end = at;
    }
    return n;
}
