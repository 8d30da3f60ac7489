/* decode_hex.c: hex in one piece, in pairs or fours with separators (\x69, 0x69, "69 67", 69:67), and hex dumps. */
#include "text/decode.h"
#include "text/masks.h"

#define SHORT_MAX 192u
#define GAP_MAX   8u  /* bytes between two tokens */
#define LINE_MAX  96u /* bytes to the end of a dump's line */

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static uint32_t digits_at(struct flt_str t, uint32_t at)
{
    uint32_t i = at;
    while (i < t.n && nibble(t.p[i]) >= 0)
        i++;
    return i - at;
}

/* ---- one piece ------------------------------------------------------------------------------------------------- */

static bool plain_next(struct flt_run *r, struct flt_group *g)
{
    if (r->end - r->at < 2)
        return false;
    int a = nibble(r->text.p[r->at]), b = nibble(r->text.p[r->at + 1]);
    *g = (struct flt_group){.b = {(uint8_t)((a & 15) << 4 | (b & 15))}, .n = 1, .from = r->at, .to = r->at + 2};
    r->at += 2;
    return true;
}

static struct flt_run plain_run(struct flt_str t, struct flt_piece p, unsigned phase)
{
    return (struct flt_run){.text = t, .at = p.from + phase, .end = p.to, .next = plain_next};
}

/* The phase at which a short piece is text, 2 = none. */
static unsigned plain_phase(struct flt_str t, struct flt_piece p)
{
    for (unsigned a = 0; a < 2; a++)
        if (flt_run_worth(plain_run(t, p, a), SHORT_MAX / 2))
            return a;
    return 2;
}

bool flt_hex_worth(struct flt_str t, struct flt_piece p)
{
    return p.to - p.from > SHORT_MAX || plain_phase(t, p) < 2;
}

/* ---- tokens ---------------------------------------------------------------------------------------------------- */

static bool separates(char c)
{
    return c != '\0' && strchr(" \t\r\n,;:-\"'|./\\", c) != NULL;
}

/* Behind the prefix of a token at `at`: 0x, or x behind a backslash. */
static uint32_t over_prefix(struct flt_str t, uint32_t at)
{
    if (at + 1 < t.n && t.p[at] == '0' && (t.p[at + 1] | 0x20) == 'x')
        return at + 2;
    return at > 0 && at < t.n && t.p[at] == 'x' && t.p[at - 1] == '\\' ? at + 1 : at;
}

/* Where the token after a gap begins. */
static uint32_t over_gap(struct flt_str t, uint32_t at)
{
    uint32_t i = at;
    while (i < t.n && i - at < GAP_MAX && separates(t.p[i]))
        i++;
    return i > at ? over_prefix(t, i) : i;
}

/* Digits of the token at `at`: two or four, and nothing of a word behind them; 0 = no token. */
static uint32_t token_at(struct flt_str t, uint32_t at)
{
    uint32_t n = digits_at(t, at), to = at + n;
    if (n != 2 && n != 4)
        return 0;
    return to < t.n && alnum(t.p[to]) ? 0 : n;
}

/* Where a dump's next line has its bytes, when what stands at `at` ends the bytes of this line; `at` when it is no
 * dump. */
static uint32_t next_line(struct flt_str t, uint32_t at)
{
    size_t most = t.n - at < LINE_MAX ? t.n - at : LINE_MAX;
    const char *nl = memchr(t.p + at, '\n', most);
    if (nl == NULL)
        return at;
    uint32_t i = (uint32_t)(nl + 1 - t.p), n = digits_at(t, i);
    i += n;
    if (n < 4 || n > 16 || i >= t.n || (t.p[i] != ':' && t.p[i] != ' ' && t.p[i] != '\t'))
        return at;
    i++;
    while (i < t.n && (t.p[i] == ' ' || t.p[i] == '\t') && i - at < 2 * LINE_MAX)
        i++;
    return token_at(t, i) != 0 ? i : at;
}

/* r->at: at a digit of a token, or behind a token. r->mode: bytes still to be read of the token. */
static bool token_next(struct flt_run *r, struct flt_group *g)
{
    if (r->mode == 0) {
        uint32_t at = over_gap(r->text, r->at), n = token_at(r->text, at);
        bool offset = n == 4 && at > 0 && r->text.p[at - 1] == '\n' && at + 5 < r->text.n && r->text.p[at + 4] == ':' &&
                      r->text.p[at + 5] == ' ';
        if (n == 0 || at == r->at || offset) {
            at = next_line(r->text, r->at);
            n = at == r->at ? 0 : token_at(r->text, at);
        }
        if (n == 0)
            return false;
        r->at = at;
        r->mode = n / 2;
    }
    unsigned left = r->mode - 1;
    (void)plain_next(r, g);
    r->mode = left;
    return true;
}

/* Three tokens from `at` on, at most GAP_MAX apart, and not without any digit: no three short words. */
static bool tokens_begin(struct flt_str t, uint32_t at)
{
    bool digit = false;
    for (unsigned i = 0; i < 3; i++) {
        uint32_t n = token_at(t, at);
        if (n == 0)
            return false;
        for (uint32_t k = 0; k < n; k++)
            digit = digit || t.p[at + k] <= '9';
        uint32_t next = over_gap(t, at + n);
        if (i < 2 && next == at + n)
            return false;
        at = next;
    }
    return digit;
}

static int make_tokens(const struct flt_dec *d, uint32_t at, uint32_t *end)
{
    struct flt_run r = {
        .text = d->text, .at = at, .end = (uint32_t)d->text.n, .next = token_next, .mode = token_at(d->text, at) / 2};
    struct flt_run walk = r;
    struct flt_group g;
    size_t bytes = 0;
    while (walk.next(&walk, &g))
        bytes++;
    *end = walk.at;
    return flt_run_make(d, r, bytes, FLT_VIEW_HEX);
}

/*
 * The next place from `at` on where a long run or a token may begin: at a hex digit, or at a prefix. Windows overlap by
 * as much as the longest token and its surroundings.
 */
static uint32_t next_begin(const struct flt_dec *d, uint32_t at)
{
    struct flt_str t = d->text;
    struct flt_masks m;
    for (size_t i = at; i < t.n; i += FLT_BLOCK - FLT_PIECE_MIN) {
        size_t place = flt_places_next(d->maker->places, FLT_VIEW_HEX, i);
        if (place >= t.n)
            break;
        for (; place > i && nibble(t.p[place - 1]) >= 0; place--) { /* not from the midst of a run */
        }
        i = place;
        (void)flt_masks_at(t, i, &m);
        uint64_t hex = m.of[FLT_C_HEX] | m.of[FLT_C_DIGIT], word = m.of[FLT_C_LETTER] | m.of[FLT_C_DIGIT];
        uint64_t two = hex & hex >> 1, four = two & two >> 2, begin = word & ~(word << 1);
        if (i > 0 && alnum(t.p[i - 1]))
            begin &= ~1ull;
        uint64_t run = four & four >> 4 & four >> 8;
        uint64_t token = begin & ((two & ~(word >> 2)) | (four & ~(word >> 4)));
        uint64_t prefix = begin & (m.of[FLT_C_RARE] | m.of[FLT_C_RARE] >> 1); /* x.., 0x.. */
        uint64_t may = run | token | prefix;
        if (may != 0)
            return (uint32_t)(i + (unsigned)__builtin_ctzll(may));
    }
    return (uint32_t)t.n;
}

int flt_decode_hex(const struct flt_dec *d)
{
    int rc = FLT_OK;
    struct flt_str t = d->text;
    for (uint32_t i = 0; rc == FLT_OK && i < t.n;) {
        i = next_begin(d, i);
        if (i >= t.n)
            break;
        bool free = i == 0 || !alnum(t.p[i - 1]);
        i = free ? over_prefix(t, i) : i;
        if (i >= t.n || nibble(t.p[i]) < 0) {
            i++;
            continue;
        }
        struct flt_piece p = {i, i + digits_at(t, i)};
        i = p.to;
        if (p.to - p.from >= FLT_PIECE_MIN && flt_hex_worth(t, p)) {
            struct flt_piece head = {p.from, p.to - p.from > SHORT_MAX ? p.from + SHORT_MAX : p.to};
            unsigned phase = plain_phase(t, head);
            rc = flt_run_make(d, plain_run(t, p, phase & 1), (p.to - p.from) / 2, FLT_VIEW_HEX);
        } else if (free && tokens_begin(t, p.from)) {
            rc = make_tokens(d, p.from, &i);
        }
    }
    return rc;
}
