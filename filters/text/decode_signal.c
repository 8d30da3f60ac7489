/* decode_signal.c: text written as bits ("01101001 ...") or in Morse code. */
#include "text/decode.h"
#include "text/masks.h"

/* ---- binary ---------------------------------------------------------------------------------------------------- */

#define BITS_MIN 48u /* six letters */
#define GAP_MAX  3u  /* bytes between two bits */

enum { TOKENS = 0 }; /* mode: one character a token; else bits of a character */

static bool is_bit(char c)
{
    return c == '0' || c == '1';
}

/* Where the next bit is, at most GAP_MAX separators on ("0b" is one); `at` itself when it is no bit: the run's end. */
static uint32_t next_bit(struct flt_str t, uint32_t at)
{
    uint32_t i = at;
    for (unsigned gap = 0; i < t.n && gap <= GAP_MAX; gap++) {
        if (t.p[i] == '0' && i + 1 < t.n && (t.p[i + 1] | 0x20) == 'b')
            i += 2;
        else if (is_bit(t.p[i]))
            return i;
        else if (t.p[i] != '\0' && strchr(" \t\r\n,;|-_.:\"'", t.p[i]) != NULL)
            i++;
        else
            break;
    }
    return i < t.n && is_bit(t.p[i]) && i - at <= GAP_MAX ? i : UINT32_MAX;
}

static bool bits_next(struct flt_run *r, struct flt_group *g)
{
    unsigned n = 0, value = 0, want = r->mode == TOKENS ? 8 : r->mode;
    while (r->at < r->end && n < want) {
        uint32_t i = next_bit(r->text, r->at);
        if (i == UINT32_MAX || i >= r->end || (r->mode == TOKENS && n != 0 && i != r->at))
            break;
        if (n == 0)
            g->from = i;
        value = value << 1 | (unsigned)(r->text.p[i] - '0');
        n++;
        r->at = i + 1;
        g->to = i + 1;
    }
    if (n == 0 || (r->mode != TOKENS && n < want))
        return false;
    g->n = 1;
    g->b[0] = n >= 5 ? (uint8_t)value : 0; /* no character has fewer */
    return true;
}

int flt_decode_binary(const struct flt_dec *d)
{
    static const unsigned modes[] = {TOKENS, 8, 7};
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < d->text.n;) {
        if (!is_bit(d->text.p[i])) {
            i++;
            continue;
        }
        uint32_t end = i, bits = 0;
        for (uint32_t at = i; (at = next_bit(d->text, at)) != UINT32_MAX; bits++)
            end = ++at;
        for (unsigned m = 0; bits >= BITS_MIN && m < FLT_ARRAY_LEN(modes); m++) {
            struct flt_run r = {.text = d->text, .at = i, .end = end, .next = bits_next, .mode = modes[m]};
            if (!flt_run_worth(r, UINT32_MAX))
                continue;
            rc = flt_run_make(d, r, bits / (modes[m] == TOKENS ? 1 : modes[m]) + 1, FLT_VIEW_BINARY);
            break;
        }
        i = end > i ? end : i + 1;
    }
    return rc;
}

/* ---- Morse ----------------------------------------------------------------------------------------------------- */

#define SIGNS_MAX 6u
#define DISTINCT  3u

/* Signs as bits behind a leading 1: dot 0, dash 1. ITU-R M.1677-1. */
static const char morse[128] = {
    [0x05] = 'a', [0x18] = 'b', [0x1a] = 'c', [0x0c] = 'd', [0x02] = 'e', [0x12] = 'f', [0x0e] = 'g', [0x10] = 'h',
    [0x04] = 'i', [0x17] = 'j', [0x0d] = 'k', [0x14] = 'l', [0x07] = 'm', [0x06] = 'n', [0x0f] = 'o', [0x16] = 'p',
    [0x1d] = 'q', [0x0a] = 'r', [0x08] = 's', [0x03] = 't', [0x09] = 'u', [0x11] = 'v', [0x0b] = 'w', [0x19] = 'x',
    [0x1b] = 'y', [0x1c] = 'z', [0x3f] = '0', [0x2f] = '1', [0x27] = '2', [0x23] = '3', [0x21] = '4', [0x20] = '5',
    [0x30] = '6', [0x38] = '7', [0x3c] = '8', [0x3e] = '9', [0x55] = '.', [0x73] = ',', [0x4c] = '?', [0x5e] = '\'',
    [0x6b] = '!', [0x32] = '/', [0x36] = '(', [0x6d] = ')', [0x78] = ':', [0x6a] = ';', [0x31] = '=', [0x2a] = '+',
    [0x61] = '-', [0x52] = '"', [0x5a] = '@',
};

/* Length of the sign at `at`, 0 = none; *dash. */
static unsigned sign_at(struct flt_str t, size_t at, unsigned *dash)
{
    static const struct {
        uint32_t bytes;
        unsigned dash;
    } wide[] = {{0xe280a2, 0}, {0xe28899, 0}, {0xe28b85, 0}, {0xe28093, 1},
                {0xe28094, 1}, {0xe28892, 1}, {0xe28090, 1}};
    uint8_t first = (uint8_t)t.p[at];
    *dash = first == '-' || first == '_';
    if (*dash || first == '.' || first == '*')
        return 1;
    if (first == 0xc2)
        return t.n - at >= 2 && (uint8_t)t.p[at + 1] == 0xb7 ? 2 : 0;
    if (first != 0xe2 || t.n - at < 3)
        return 0;
    uint32_t bytes = (uint32_t)first << 16 | (uint32_t)(uint8_t)t.p[at + 1] << 8 | (uint8_t)t.p[at + 2];
    for (size_t i = 0; i < FLT_ARRAY_LEN(wide); i++) {
        if (bytes == wide[i].bytes) {
            *dash = wide[i].dash;
            return 3;
        }
    }
    return 0;
}

/* Reads a token; *to its end. The character, 1 when the code is not known, 0 when this is no token. */
static char token_at(struct flt_str t, uint32_t at, uint32_t *to)
{
    unsigned code = 1, n = 0, dash = 0, len;
    for (; at < t.n && (len = sign_at(t, at, &dash)) != 0; at += len, n++)
        code = n < SIGNS_MAX ? code << 1 | dash : 0;
    *to = at;
    if (n == 0 || n > SIGNS_MAX || (at < t.n && strchr(" /|\t\r\n,;\"'`)]}\\", t.p[at]) == NULL))
        return 0;
    return morse[code] != 0 ? morse[code] : 1;
}

/* r->mode: 1 = a word's end was given already. */
static bool morse_next(struct flt_run *r, struct flt_group *g)
{
    uint32_t i = r->at, to;
    unsigned spaces = 0;
    bool word = false;
    for (; i < r->end && i - r->at < 8 && r->text.p[i] != '\0' && strchr(" /|\t\r\n", r->text.p[i]) != NULL; i++) {
        spaces += r->text.p[i] == ' ';
        word = word || r->text.p[i] != ' ' || spaces >= 3;
    }
    if (i >= r->end)
        return false;
    char c = token_at(r->text, i, &to);
    if (c == 0)
        return false;
    if (word && r->mode == 0 && i > r->at) {
        *g = (struct flt_group){.b = {' '}, .n = 1, .from = r->at, .to = i};
        r->at = i;
        r->mode = 1;
        return true;
    }
    *g = (struct flt_group){.b = {(uint8_t)c}, .n = 1, .from = i, .to = to};
    r->at = to;
    r->mode = 0;
    return true;
}

/* True when the run from r on says something: enough signs of more than a few kinds (not a rule of dashes). */
static bool morse_says(struct flt_run r, uint32_t *end, size_t *n)
{
    uint32_t seen = 0;
    unsigned letters = 0;
    struct flt_group g;
    for (*n = 0; r.next(&r, &g); (*n)++) {
        if (g.b[0] >= 'a' && g.b[0] <= 'z') {
            seen |= 1u << (g.b[0] - 'a');
            letters++;
        }
    }
    *end = r.at;
    return letters >= FLT_MORSE_MIN && __builtin_popcount(seen) >= (int)DISTINCT;
}

static bool ends_word(char c)
{
    return (uint8_t)c >= 0x80 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9');
}

static bool is_sign(char c)
{
    return c == '.' || c == '-' || c == '_' || c == '*';
}

/* The next sign from `at` on that does not touch the end of a word as a full stop or a hyphen does. */
static uint32_t next_start(struct flt_str t, uint32_t at)
{
    struct flt_masks m;
    unsigned dash;
    for (size_t i = at; i < t.n; i += FLT_BLOCK) {
        (void)flt_masks_at(t, i, &m);
        uint64_t word = m.of[FLT_C_LETTER] | m.of[FLT_C_DIGIT] | m.of[FLT_C_WIDE];
        uint64_t touches = word << 1 | (i > 0 && ends_word(t.p[i - 1]));
        touches |= m.of[FLT_C_MORSE] << 1 | (i > at && is_sign(t.p[i - 1])); /* or is not the token's first */
        uint64_t may = (m.of[FLT_C_MORSE] & ~touches) | m.of[FLT_C_SPECIAL];
        for (; may != 0; may &= may - 1) {
            size_t k = i + (unsigned)__builtin_ctzll(may);
            if (sign_at(t, k, &dash) != 0 && (k == 0 || !ends_word(t.p[k - 1])))
                return (uint32_t)k;
        }
    }
    return (uint32_t)t.n;
}

int flt_decode_morse(const struct flt_dec *d)
{
    int rc = FLT_OK;
    for (uint32_t i = 0; rc == FLT_OK && i < d->text.n;) {
        uint32_t end = i;
        size_t n = 0;
        i = next_start(d->text, i);
        if (i >= d->text.n)
            break;
        struct flt_run r = {.text = d->text, .at = i, .end = (uint32_t)d->text.n, .next = morse_next};
        if (token_at(d->text, i, &end) == 0) {
            i = end > i ? end : i + 1;
            continue;
        }
        if (morse_says(r, &end, &n))
            rc = flt_run_make(d, r, n, FLT_VIEW_MORSE);
        i = end > i ? end : i + 1;
    }
    return rc;
}
