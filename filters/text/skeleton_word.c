/* skeleton_word.c: words, the tables of look-alikes, and the Greek letters that stand for several Latin ones. */
#include "text/skeleton_word.h"

#include "text/leet_read.h"
#include "text/trigram.h"
#include "text/utf8.h"

#include "text/skeleton_table.inc"

/*
 * What Greek letters are written for: by shape, also that of their capital (the fold has made all letters small), or by
 * sound. free: real Greek has them as often; a word wholly of Greek letters that has another one is Greek.
 */
static const struct {
    char guess[3];
    bool free;
} greek[25] = {
    {"a", true},   {"b", true},   {"yg", true},  {"d", true},   {"e", true},  {"z", false}, {"nh", true},
    {"o", false},  {"i", true},   {"k", true},   {"l", false},  {"um", true}, {"vn", true}, {"ex", false},
    {"o", true},   {"pn", false}, {"pr", true},  {"sc", false}, {"so", true}, {"t", true},  {"uy", true},
    {"of", false}, {"x", true},   {"yw", false}, {"wo", true},
};
#define DEAR  16u /* quarters of a bit: the first guess is the shape of the small letter */
#define ALPHA 0x3B1u
#define THETA 0x3B8u
#define SIGMA 0x3C3u

static bool letter(unsigned char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_greek(uint32_t cp)
{
    return cp - ALPHA < FLT_ARRAY_LEN(greek);
}

/* The table's entry for cp: class byte and reading, with the length of both before them; NULL without one. */
static inline const uint8_t *entry_of(uint32_t cp)
{
    if (cp < 0x80 || cp / 64 >= FLT_ARRAY_LEN(skeleton_page))
        return NULL;
    unsigned e = skeleton_entry[skeleton_page[cp / 64] * 64u + cp % 64];
    return e != 0 ? skeleton_pool + e : NULL;
}

static enum flt_look look_of(uint32_t cp, const uint8_t *e)
{
    if (!is_greek(cp))
        return e != NULL ? e[1] : FLT_LOOK_NONE;
    if (!greek[cp - ALPHA].free)
        return FLT_LOOK_NONE;
    return e != NULL && e[1] == FLT_LOOK_EXACT && cp != SIGMA ? FLT_LOOK_EXACT : FLT_LOOK_GREEK;
}

/* Letters of scripts that are written without spaces: neither part of a word here nor Latin surroundings. */
static bool ideographic(uint32_t cp)
{
    return (cp >= 0xE00 && cp <= 0xEFF) || (cp >= 0x3040 && cp <= 0xA4CF) || (cp >= 0xAC00 && cp <= 0xD7FF) ||
           (cp >= 0xF900 && cp <= 0xFAFF) || cp >= 0x20000;
}

static bool separator(uint32_t cp)
{
    return (cp >= 0x2000 && cp < 0x2C00) || (cp >= 0x2E00 && cp < 0x3040) || (cp >= 0xE000 && cp < 0xF900) ||
           (cp >= 0xFB1E && cp < 0x10000) || (cp >= 0x1D000 && cp < 0x20000);
}

/* Decodes as flt_utf8_next, two bytes in line. */
static inline uint32_t next_cp(struct flt_str s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.p + *at;
    uint32_t cp;
    if (p[0] < 0x80) {
        ++*at;
        return p[0];
    }
    if (p[0] >= 0xC2 && p[0] < 0xE0 && s.n - *at >= 2 && (p[1] & 0xC0) == 0x80) {
        *at += 2;
        return (uint32_t)(p[0] & 0x1F) << 6 | (uint32_t)(p[1] & 0x3F);
    }
    (void)flt_utf8_next(s, at, &cp);
    return cp;
}

/* Moves over a run of code points that are surely ideographs: U+4000..9FFF, U+B000..CFFF. */
static size_t pass_ideographs(struct flt_str s, size_t i)
{
    for (; s.n - i >= 3; i += 3) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0xE4 || c > 0xEC || c == 0xEA || (s.p[i + 1] & 0xC0) != 0x80 || (s.p[i + 2] & 0xC0) != 0x80)
            break;
    }
    return i;
}

/* Adds a code point to the word; false when it is no part of one. */
static inline bool add(struct flt_word *w, uint32_t cp)
{
    if (cp < 0x80) {
        bool is_letter = letter((unsigned char)cp);
        w->upper += is_letter && cp < 'a';
        w->lower += is_letter && cp >= 'a';
        return is_letter || cp - '0' < 10;
    }
    const uint8_t *e = entry_of(cp);
    if (e == NULL && (separator(cp) || ideographic(cp)))
        return false;
    w->of[look_of(cp, e)]++;
    w->greek += is_greek(cp);
    return true;
}

bool flt_word_next(struct flt_str text, size_t *at, struct flt_word *w, bool *ideographs)
{
    *w = (struct flt_word){.from = *at};
    *ideographs = false;
    while (*at < text.n) {
        size_t here = *at;
        uint32_t cp = next_cp(text, at);
        if (add(w, cp)) {
            if (w->to == 0)
                w->from = here;
            w->to = *at;
        } else if (w->to != 0) {
            *at = here;
            return true;
        } else if (cp >= 0x80 && ideographic(cp)) {
            *ideographs = true;
            *at = pass_ideographs(text, *at);
            return false;
        }
    }
    return w->to != 0;
}

struct flt_str flt_word_letter(struct flt_str text, size_t at)
{
    uint32_t cp = next_cp(text, &at);
    if (is_greek(cp))
        return (struct flt_str){greek[cp - ALPHA].guess, 1};
    const uint8_t *e = entry_of(cp);
    return e != NULL ? (struct flt_str){(const char *)e + 2, e[0] - 1u} : (struct flt_str){"", 0};
}

/* One code point as guesses; how many. */
static unsigned guess_at(struct flt_str text, size_t from, bool th, struct flt_guess *g)
{
    size_t at = from;
    uint32_t cp = next_cp(text, &at);
    if (cp == THETA && th) {
        g[0] = (struct flt_guess){{'t', '\0', '\0'}, 0};
        g[1] = (struct flt_guess){{'h', '\0', '\0'}, 0};
        return 2;
    }
    if (is_greek(cp)) {
        const char *of = greek[cp - ALPHA].guess;
        g[0] = (struct flt_guess){{of[0], of[1], '\0'}, DEAR};
        return 1;
    }
    struct flt_str s = cp < 0x80 ? (struct flt_str){text.p + from, 1} : flt_word_letter(text, from);
    for (unsigned k = 0; k < s.n; k++)
        g[k] = (struct flt_guess){{s.p[k], '\0', '\0'}, 0};
    if (s.n == 0)
        g[0] = (struct flt_guess){{' ', '\0', '\0'}, 0}; /* stays as it is; not a letter of the reading */
    return s.n != 0 ? (unsigned)s.n : 1;
}

static double read_as(struct flt_str text, const struct flt_word *w, bool th, char *out, uint8_t *len)
{
    struct flt_guess g[FLT_READ_MOST];
    unsigned n = 0;
    memset(len, 0, w->to - w->from);
    memset(out, 0, w->to - w->from);
    for (size_t i = w->from, next; i < w->to; i = next) {
        next = i;
        (void)next_cp(text, &next);
        unsigned k = guess_at(text, i, th, g + n);
        len[i - w->from] = (uint8_t)k;
        n += k;
    }
    for (unsigned i = 0; i < n && w->upper > 1 && w->lower == 0; i++)
        g[i].dear = 0; /* among capitals the shape may be that of the capital */
    return flt_read_best(g, n, false, out);
}

double flt_word_read(struct flt_str text, const struct flt_word *w, char *out, uint8_t *len)
{
    size_t n = w->to - w->from;
    if (n > FLT_READ_MOST)
        return FLT_TRIGRAM_FLOOR;
    double best = read_as(text, w, false, out, len);
    if (w->greek != 0 && memmem(text.p + w->from, n, "\xCE\xB8", 2) != NULL) {
        char other[FLT_READ_MOST];
        uint8_t other_len[FLT_READ_MOST];
        double score = read_as(text, w, true, other, other_len);
        if (score > best) {
            memcpy(out, other, n);
            memcpy(len, other_len, n);
            best = score;
        }
    }
    if (w->upper > 1 && w->lower == 0) {
        for (size_t k = 0; k < n; k++)
            out[k] = out[k] >= 'a' && out[k] <= 'z' ? (char)(out[k] - 32) : out[k];
    }
    return best;
}
