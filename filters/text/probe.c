/*
 * probe.c: one pass that tells which views are worth making of a text.
 *
 * The text is read in blocks of 64 bytes; for each, a bit mask a class of bytes (masks.c). Shapes (runs, single
 * letters, pairs of hex digits) are found by shifting masks, with the blocks before and behind at hand; the few places
 * that have such a shape are then asked the question that the maker itself begins with. What is not wanted, or was
 * found already, is not looked for.
 */
#include "text/cipher.h"
#include "text/decode.h"
#include "text/join.h"
#include "text/masks.h"
#include "text/spacing.h"

#define BIT(view) (1u << (view))
#define CIPHERS   (BIT(FLT_VIEW_ROT) | BIT(FLT_VIEW_ATBASH) | BIT(FLT_VIEW_REVERSED))

/* A run of bytes of one alphabet, grown over block ends: the last masks of two, four and eight in a row. */
struct chain {
    uint64_t one, two, four, eight;
    uint32_t done; /* runs up to here were asked about */
};
/* What is asked about a part of a long run. */
struct alphabet {
    enum flt_view view;
    unsigned least;
    const int8_t *value; /* not below 0: part of it */
    bool (*worth)(struct flt_str text, struct flt_piece p);
};

struct probe {
    struct flt_str text;
    uint32_t wanted, views;
    bool plain, any_wide;                      /* no control character that changes what is read; a byte above 0x7f */
    bool wide_morse;                           /* dots or dashes above ASCII */
    bool cues;                                 /* "reverse" is looked for */
    struct flt_masks *before, *now, *next;     /* the block at hand and its neighbours */
    uint64_t word[3], symbol;                  /* bytes of words in each of them; of signs above ASCII in the last */
    uint64_t single, row, joint, dots, tokens; /* of the block before */
    uint64_t thin;                             /* gaps of one byte that is no blank, in the block before */
    bool spaced;
    struct chain radix, graphic; /* runs of base64's alphabet, and without blanks */
    size_t sentences_done, line; /* where the line begins */
    unsigned items;
    size_t weighed; /* behind the last block with a sign that breaks a word off its begin or end */
    struct flt_places *places;
};

/* True when the view is wanted and not found yet. */
static inline bool needs(const struct probe *k, enum flt_view view)
{
    return ((k->wanted & ~k->views) >> view & 1) != 0;
}

/* The bits of a view; constant as p is. */
#define PLACES_OF(p, view)                                                                                             \
    ((view) == FLT_VIEW_LEET       ? (p)->leet                                                                         \
     : (view) == FLT_VIEW_SQUASHED ? (p)->squashed                                                                     \
     : (view) == FLT_VIEW_FOLDED   ? (p)->gaps                                                                         \
                                   : (p)->hex)

/* Adds text[from, to), not empty, to the places of a view that has some. */
static void mark(struct probe *k, enum flt_view view, size_t from, size_t to)
{
    struct flt_places *p = k->places;
    uint64_t *of = PLACES_OF(p, view);
    for (size_t i = from >> p->shift, last = (to - 1) >> p->shift; i <= last; i++)
        of[i / 64] |= UINT64_C(1) << i % 64;
}

/* The view is worth making, for what was seen in the block at `base` and, it may be, began in the one before it. */
static void seen(struct probe *k, enum flt_view view, size_t base)
{
    size_t end = k->text.n - base < FLT_BLOCK ? k->text.n : base + FLT_BLOCK;
    k->views |= BIT(view);
    mark(k, view, base < FLT_BLOCK ? 0 : base - FLT_BLOCK, end);
}

#define BEFORE(k, class, n) flt_behind((k)->before->of[class], (k)->now->of[class], n)
#define AFTER(k, class, n)  flt_ahead((k)->now->of[class], (k)->next->of[class], n)

/* True when n bits are set within 64 bytes: in this block, or in the halves about its begin. */
static bool close_together(uint64_t before, uint64_t now, unsigned n)
{
    return flt_at_least(now, n) || flt_at_least(now << 32 | before >> 32, n);
}

/* ---- single bytes ---------------------------------------------------------------------------------------------- */

static void escape(struct probe *k, size_t at, enum flt_view view)
{
    char out[4];
    unsigned n = 0;
    bool telling = false;
    if (needs(k, view) && flt_escape_at(k->text, at, view, out, &n, &telling) != 0 && telling)
        k->views |= BIT(view);
}

static void equals(struct probe *k, size_t at)
{
    char out[4];
    unsigned n = 0;
    bool telling = false;
    if (needs(k, FLT_VIEW_QUOTED) && flt_escape_at(k->text, at, FLT_VIEW_QUOTED, out, &n, &telling) != 0)
        k->views |= BIT(FLT_VIEW_QUOTED);
    if (needs(k, FLT_VIEW_JOINED) && flt_join_assigns(k->text, at))
        k->views |= BIT(FLT_VIEW_JOINED);
}

static bool in_word(char c)
{
    return (uint8_t)c >= 0x80 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9');
}

static bool is_sign(char c)
{
    return c != '\0' && strchr("+/-_.*|~\\^=#,:`'\"", c) != NULL;
}

/* Signs that begin at `at` right behind a letter and have one right behind them: markup that breaks a word. */
static void breaks(struct probe *k, size_t at)
{
    struct flt_str t = k->text;
    size_t i = at + 1;
    while (i < t.n && i < at + 4 && is_sign(t.p[i]))
        i++;
    if (at > 0 && i < t.n && in_word(t.p[at - 1]) && in_word(t.p[i]))
        seen(k, FLT_VIEW_SQUASHED, at & ~(size_t)(FLT_BLOCK - 1));
}

static void event(struct probe *k, size_t at)
{
    struct flt_str t = k->text;
    char next = at + 1 < t.n ? t.p[at + 1] : '\0';
    switch (t.p[at]) {
    case '%':
        escape(k, at, FLT_VIEW_PERCENT);
        break;
    case '&':
        escape(k, at, FLT_VIEW_ENTITY);
        break;
    case '\\':
        escape(k, at, FLT_VIEW_ESCAPE);
        if (next == 'x')
            seen(k, FLT_VIEW_HEX, at & ~(size_t)(FLT_BLOCK - 1));
        break;
    case '=':
        equals(k, at);
        break;
    case '<':
        if (next == '~')
            k->views |= BIT(FLT_VIEW_ASCII85);
        if (at > 0 && (next == '/' || next == '!' || (next | 0x20) >= 'a')) /* a tag */
            seen(k, FLT_VIEW_SQUASHED, at & ~(size_t)(FLT_BLOCK - 1));
        break;
    default: /* markup */
        if (next == t.p[at] || t.p[at] == '`')
            breaks(k, at);
    }
}

static void single_bytes(struct probe *k, size_t base)
{
    for (uint64_t rest = k->now->of[FLT_C_EVENT]; rest != 0; rest &= rest - 1)
        event(k, base + (unsigned)__builtin_ctzll(rest));
    for (uint64_t rest = k->now->of[FLT_C_QUOTE]; needs(k, FLT_VIEW_JOINED) && rest != 0; rest &= rest - 1)
        if (flt_join_glued(k->text, base + (unsigned)__builtin_ctzll(rest)))
            k->views |= BIT(FLT_VIEW_JOINED);
}

/* Line ends, and whatever control character changes what is read. */
static void controls(struct probe *k, uint64_t rest, size_t base)
{
    for (; rest != 0; rest &= rest - 1) {
        size_t at = base + (unsigned)__builtin_ctzll(rest);
        char c = k->text.p[at];
        if (c != '\n') {
            k->plain = k->plain && (c == '\t' || c == '\r');
            continue;
        }
        bool item =
            needs(k, FLT_VIEW_JOINED) && at - k->line <= FLT_JOIN_ITEM_MAX && flt_join_item(k->text, k->line, at) != at;
        k->items = item ? k->items + 1 : 0;
        if (k->items >= FLT_JOIN_ITEMS)
            k->views |= BIT(FLT_VIEW_JOINED);
        k->line = at + 1;
    }
}

/* ---- above ASCII ----------------------------------------------------------------------------------------------- */

/* One of FLT_C_SPECIAL, by what follows it; letters of all scripts have other lead bytes. */
static void wide(struct probe *k, size_t at)
{
    struct flt_str t = k->text;
    uint32_t c[4];
    for (unsigned i = 0; i < 4; i++)
        c[i] = at + i < t.n ? (uint8_t)t.p[at + i] : 0;
    uint32_t three = c[0] << 16 | c[1] << 8 | c[2];
    if (c[0] == 0xf3 && c[1] == 0xa0)
        k->views |= c[2] < 0x82 ? BIT(FLT_VIEW_TAGS) : BIT(FLT_VIEW_VARIATION);
    else if (three >= 0xefb880 && three <= 0xefb88f)
        k->views |= BIT(FLT_VIEW_VARIATION);
    else if (three == 0xe281a2 || three == 0xe281a4 || three == 0xe2808b || three == 0xe2808c)
        k->views |= BIT(FLT_VIEW_SNEAKY);
    bool dot = (c[0] == 0xc2 && c[1] == 0xb7) || three == 0xe280a2 || three == 0xe28899 || three == 0xe28b85;
    bool dash = three == 0xe28090 || three == 0xe28093 || three == 0xe28094 || three == 0xe28892;
    k->wide_morse = k->wide_morse || dot || dash;
    bool punctuation = (c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0x90) || (c[0] == 0xc2 && c[1] == 0xa0);
    bool emoji = c[0] == 0xf0 && c[1] == 0x9f && c[2] >= 0x8c;
    if (!punctuation && !emoji)
        k->views |= BIT(FLT_VIEW_SKELETON);
    if (c[0] == 0xc2 || three == 0xe282ac)
        seen(k, FLT_VIEW_LEET, at & ~(size_t)(FLT_BLOCK - 1)); /* currency signs */
}

/* ---- runs ------------------------------------------------------------------------------------------------------ */

/* Bytes that at least `least` (9 to 16) bytes of the mask end at. */
static uint64_t run_ends(struct chain *c, uint64_t m, unsigned least)
{
    uint64_t two = m & flt_behind(c->one, m, 1), four = two & flt_behind(c->two, two, 2);
    uint64_t eight = four & flt_behind(c->four, four, 4), all = eight & flt_behind(c->eight, eight, least - 8);
    c->one = m;
    c->two = two;
    c->four = four;
    c->eight = eight;
    return all;
}

/* The maximal runs that the bits of `ends` are part of; false when there is none left. */
static bool next_run(struct probe *k, struct chain *c, const int8_t *value, uint64_t *ends, size_t base,
                     struct flt_piece *p)
{
    struct flt_str t = k->text;
    for (; *ends != 0; *ends &= *ends - 1) {
        uint32_t at = (uint32_t)(base + (unsigned)__builtin_ctzll(*ends));
        if (at < c->done)
            continue;
        *p = (struct flt_piece){at, at};
        while (p->from > c->done && value[(uint8_t)t.p[p->from - 1]] >= 0)
            p->from--;
        while (p->to < t.n && value[(uint8_t)t.p[p->to]] >= 0)
            p->to++;
        c->done = p->to;
        return true;
    }
    return false;
}

/* A short run without digits, with one capital at most, and with no row of letters that are hex digits: a word. */
static bool is_word(struct flt_str t, struct flt_piece p)
{
    unsigned capitals = 0, digits = 0, hex = 0, row = 0;
    for (uint32_t i = p.from; i < p.to && p.to - p.from < FLT_CODED_ALONE; i++) {
        char c = t.p[i];
        capitals += c >= 'A' && c <= 'Z';
        digits += c >= '0' && c <= '9';
        row = (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? row + 1 : 0;
        hex = row > hex ? row : hex;
    }
    return p.to - p.from < FLT_CODED_ALONE && digits == 0 && capitals < 2 && hex < FLT_PIECE_MIN;
}

/* What a run of base64's alphabet may be, or hold. */
static void radix_run(struct probe *k, struct flt_piece p)
{
    static const struct alphabet alphabets[] = {
        {FLT_VIEW_BASE64, FLT_PIECE_MIN, flt_base64_value, flt_base64_worth},
        {FLT_VIEW_BASE32, FLT_BASE32_MIN, flt_base32_value, flt_base32_worth},
        {FLT_VIEW_HEX, FLT_PIECE_MIN, flt_hex_value, flt_hex_worth},
    };
    struct flt_str within = {k->text.p, p.to};
    for (size_t i = is_word(k->text, p) ? FLT_ARRAY_LEN(alphabets) : 0; i < FLT_ARRAY_LEN(alphabets); i++) {
        const struct alphabet *a = &alphabets[i];
        struct flt_piece q;
        bool all = a->view == FLT_VIEW_HEX; /* whose places are kept */
        for (size_t at = p.from; (all || needs(k, a->view)) && flt_next_piece(within, at, a->value, a->least, &q);
             at = q.to) {
            if (!a->worth(k->text, q))
                continue;
            k->views |= BIT(a->view);
            if (all)
                mark(k, a->view, q.from, q.to);
        }
    }
}

static void long_runs(struct probe *k, size_t base)
{
    const uint64_t *m = k->now->of;
    struct flt_piece p;
    uint64_t text = k->text.n - base < FLT_BLOCK ? (1ull << (k->text.n - base)) - 1 : UINT64_MAX, ends;
    if (needs(k, FLT_VIEW_BASE64) || needs(k, FLT_VIEW_BASE32) || (k->wanted & BIT(FLT_VIEW_HEX)) != 0) {
        ends = run_ends(&k->radix, m[FLT_C_LETTER] | m[FLT_C_DIGIT] | m[FLT_C_B64], FLT_PIECE_MIN);
        while (next_run(k, &k->radix, flt_base64_value, &ends, base, &p))
            radix_run(k, p);
    }
    if (needs(k, FLT_VIEW_ASCII85)) {
        uint64_t other = m[FLT_C_SPACE] | m[FLT_C_CONTROL] | m[FLT_C_WIDE];
        ends = run_ends(&k->graphic, text & ~other, FLT_ASCII85_MIN);
        while (needs(k, FLT_VIEW_ASCII85) && next_run(k, &k->graphic, flt_graphic_value, &ends, base, &p))
            if (flt_ascii85_worth(k->text, p))
                k->views |= BIT(FLT_VIEW_ASCII85);
    }
}

/* ---- shapes ---------------------------------------------------------------------------------------------------- */

/* Tokens of two or four hex digits that stand alone; three close together are worth a look. */
static void tokens(struct probe *k, size_t base)
{
    const uint64_t *a = k->before->of, *b = k->now->of, *c = k->next->of;
    uint64_t tokens = 0;
    if (((a[FLT_C_DIGIT] | b[FLT_C_DIGIT] | c[FLT_C_DIGIT]) != 0)) {
        uint64_t hex = b[FLT_C_DIGIT] | b[FLT_C_HEX], hex_next = c[FLT_C_DIGIT] | c[FLT_C_HEX];
        uint64_t now = b[FLT_C_LETTER] | b[FLT_C_DIGIT], next = c[FLT_C_LETTER] | c[FLT_C_DIGIT];
        uint64_t alone = now & ~flt_behind(a[FLT_C_LETTER] | a[FLT_C_DIGIT], now, 1) & flt_ahead(now, next, 1);
        uint64_t two = alone & ~flt_ahead(now, next, 2) & hex & flt_ahead(hex, hex_next, 1);
        uint64_t four = alone & flt_ahead(now, next, 2) & flt_ahead(now, next, 3) & ~flt_ahead(now, next, 4);
        four &= (hex & flt_ahead(hex, hex_next, 1) & flt_ahead(hex, hex_next, 2) & flt_ahead(hex, hex_next, 3)) |
                b[FLT_C_DIGIT];
        uint64_t six = alone & b[FLT_C_DIGIT] & flt_ahead(b[FLT_C_RARE], c[FLT_C_RARE], 1); /* 0x.... */
        tokens = two | four | (six & flt_ahead(now, next, 5) & ~flt_ahead(now, next, 6));
        if (close_together(k->tokens, tokens, 3))
            seen(k, FLT_VIEW_HEX, base);
    }
    k->tokens = tokens;
}

static void bits(struct probe *k, size_t base)
{
    unsigned bits = 0;
    if (!flt_at_least(k->now->of[FLT_C_DIGIT], 16))
        return;
    for (uint64_t d = k->now->of[FLT_C_DIGIT]; d != 0; d &= d - 1)
        bits += (k->text.p[base + (unsigned)__builtin_ctzll(d)] & 0xfe) == '0';
    if (bits >= 16)
        k->views |= BIT(FLT_VIEW_BINARY);
}

/* An exclamation mark before a letter: "!gnore". */
static bool exclaims(const struct probe *k, size_t base)
{
    uint64_t may = k->now->of[FLT_C_LEET_IN] & ~k->now->of[FLT_C_LEET_OUT] & AFTER(k, FLT_C_LETTER, 1);
    for (; may != 0; may &= may - 1)
        if (k->text.p[base + (unsigned)__builtin_ctzll(may)] == '!')
            return true;
    return false;
}

/* Digits and signs beside letters. */
static void leet(struct probe *k, size_t base, uint64_t before, uint64_t now, uint64_t next)
{
    const uint64_t *m = k->now->of;
    uint64_t digit = (m[FLT_C_LETTER] & BEFORE(k, FLT_C_DIGIT, 1)) | (m[FLT_C_DIGIT] & BEFORE(k, FLT_C_LETTER, 1));
    uint64_t left = flt_behind(before, now, 1) | BEFORE(k, FLT_C_LEET_IN, 1);
    uint64_t right = flt_ahead(now, next, 1) | AFTER(k, FLT_C_LEET_IN, 1);
    if ((digit | (m[FLT_C_LEET_IN] & left & right) | (m[FLT_C_LEET_OUT] & (left | right))) != 0 || exclaims(k, base))
        seen(k, FLT_VIEW_LEET, base);
}

/* Signs of the block at `base` that break off a short piece of a word: two that are near each other make it broken. */
static void weigh(struct probe *k, size_t base, uint64_t signs)
{
    if (signs == 0)
        return;
    if (k->weighed != 0 && base <= k->weighed + FLT_BLOCK)
        mark(k, FLT_VIEW_SQUASHED, k->weighed - FLT_BLOCK, base);
    if (flt_at_least(signs, 2) || (k->weighed != 0 && base <= k->weighed + FLT_BLOCK))
        seen(k, FLT_VIEW_SQUASHED, base);
    k->weighed = base + FLT_BLOCK;
}

/* Letters that stand alone, and signs between letters: words that are broken. now and so on: bytes of words. */
static void broken(struct probe *k, size_t base, uint64_t before, uint64_t now, uint64_t next)
{
    uint64_t wide = k->now->of[FLT_C_WIDE], alone = ~flt_ahead(now, next, 1), joint = 0;
    if (wide != 0) { /* one character: a lead byte, and what goes on with it */
        const uint64_t *m = k->now->of, *n = k->next->of;
        uint64_t more = m[FLT_C_WIDE] & ~m[FLT_C_LEAD], more_next = n[FLT_C_WIDE] & ~n[FLT_C_LEAD];
        uint64_t goes_on = m[FLT_C_LEAD];
        for (unsigned i = 1; i <= 3; i++) {
            goes_on &= flt_ahead(more, more_next, i);
            alone |= goes_on & ~flt_ahead(now, next, i + 1);
        }
    }
    uint64_t single = now & ~flt_behind(before, now, 1) & alone;
    /* Of ASCII, at most four characters lie between two of a row; above it, their bytes say little. */
    uint64_t row = single & (flt_behind(k->single, single, 2) | flt_behind(k->single, single, 3) |
                             flt_behind(k->single, single, 4) | flt_behind(k->single, single, 5));
    bool ascii = (wide | k->before->of[FLT_C_WIDE]) == 0;
    if (ascii ? close_together(k->row, row, 4) : close_together(k->single, single, 4))
        seen(k, FLT_VIEW_SQUASHED, base);
    k->single = single;
    k->row = row;
    uint64_t run = k->now->of[FLT_C_SIGN] & flt_behind(before, now, 1);
    if ((run & (flt_ahead(now, next, 1) | AFTER(k, FLT_C_SIGN, 1))) != 0) {
        for (unsigned n = 1; n <= 4; n++) {
            joint |= run & flt_ahead(now, next, n);
            run &= AFTER(k, FLT_C_SIGN, n);
        }
    }
    uint64_t last = k->joint;
    k->joint = joint;
    if (joint == 0)
        return;
    uint64_t near = 0, edge = 0;
    for (unsigned n = 2; n <= 7; n++)
        near |= flt_behind(last, joint, n);
    if ((joint & near) != 0)
        seen(k, FLT_VIEW_SQUASHED, base);
    joint &= k->now->of[FLT_C_WEIGHS];
    for (unsigned n = 2; joint != 0 && n <= 5; n++)
        edge |= (n < 5 ? flt_behind(~before, ~now, n) : 0) | flt_ahead(~now, ~next, n);
    weigh(k, base, edge & joint);
}

/* Gaps between words that are not one blank: runs of blanks and signs, or single bytes that follow each other. */
static void gaps(struct probe *k, size_t base)
{
    const uint64_t *m = k->now->of, *n = k->next->of;
    uint64_t odd = m[FLT_C_CONTROL] | m[FLT_C_WEIGHS], odd_next = n[FLT_C_CONTROL] | n[FLT_C_WEIGHS];
    uint64_t any = odd | m[FLT_C_SPACE], any_next = odd_next | n[FLT_C_SPACE];
    uint64_t begins = any & BEFORE(k, FLT_C_LETTER, 1);
    uint64_t rest = begins & flt_ahead(any, any_next, 1), thin = begins & odd & AFTER(k, FLT_C_LETTER, 1);
    if (close_together(k->thin, thin, 2))
        rest |= thin;
    k->thin = thin;
    for (; rest != 0; rest &= rest - 1) {
        size_t at = base + (unsigned)__builtin_ctzll(rest);
        if (!flt_spacing_asks(k->text, at))
            continue;
        k->spaced = true;
        mark(k, FLT_VIEW_FOLDED, base, base + FLT_BLOCK < k->text.n ? base + FLT_BLOCK : k->text.n);
        return;
    }
}

/* Dots and dashes that do not follow a letter begin a letter of Morse code. */
static void morse(struct probe *k)
{
    const uint64_t *m = k->now->of;
    uint64_t word = BEFORE(k, FLT_C_LETTER, 1) | BEFORE(k, FLT_C_DIGIT, 1);
    uint64_t dots = m[FLT_C_MORSE] & ~BEFORE(k, FLT_C_MORSE, 1) & ~word;
    if ((dots | k->dots) != 0 && (k->wide_morse || close_together(k->dots, dots, FLT_MORSE_MIN) ||
                                  (dots != 0 && k->dots != 0 && flt_at_least(dots, 2) && flt_at_least(k->dots, 2))))
        k->views |= BIT(FLT_VIEW_MORSE);
    k->dots = dots;
}

/* A v or w behind an e or a consonant, as "reverse" and "backward" have it. */
static void cues(struct probe *k, size_t base)
{
    uint64_t likely = BEFORE(k, FLT_C_E, 1) | (BEFORE(k, FLT_C_LETTER, 1) & ~BEFORE(k, FLT_C_VOWEL, 1));
    for (uint64_t rest = k->now->of[FLT_C_CUE] & likely; rest != 0; rest &= rest - 1)
        if (flt_cipher_cue(k->text, base + (unsigned)__builtin_ctzll(rest)))
            k->views |= BIT(FLT_VIEW_REVERSED);
}

/* Asks about the sentences that the block of FLT_CIPHER_BLOCK bytes at `at` is in. */
static void sentences(struct probe *k, size_t at)
{
    if ((k->views & BIT(FLT_VIEW_ROT)) == 0 &&
        flt_cipher_suspect(k->text, at, at + FLT_CIPHER_BLOCK, &k->sentences_done))
        k->views |= CIPHERS;
}

static void ciphers(struct probe *k, size_t base)
{
    size_t n = k->text.n - base;
    if (k->cues)
        cues(k, base);
    if ((k->views & BIT(FLT_VIEW_ROT)) != 0 || k->text.n <= FLT_CIPHER_FULL)
        return;
    if (!flt_cipher_sampled(k->text.n, base))
        return;
    unsigned odd = flt_cipher_odd(k->before, k->now, k->text.p + base, n);
    for (unsigned i = 0; odd != 0; i++, odd >>= 1)
        if ((odd & 1) != 0)
            sentences(k, base + i * FLT_CIPHER_BLOCK);
}

/* Reads the block behind k->now. What begins with one of FLT_C_SPECIAL is taken for a sign, no part of a word. */
static void read_next(struct probe *k, size_t at)
{
    const uint64_t *m = k->next->of;
    (void)flt_masks_at(k->text, at, k->next);
    uint64_t symbol = m[FLT_C_SPECIAL], more = m[FLT_C_WIDE] & ~m[FLT_C_LEAD];
    if ((m[FLT_C_WIDE] | k->symbol) != 0)
        for (unsigned i = 0; i < 3; i++)
            symbol |= flt_behind(k->symbol, symbol, 1) & more;
    k->symbol = symbol;
    k->word[0] = k->word[1];
    k->word[1] = k->word[2];
    k->word[2] = m[FLT_C_LETTER] | m[FLT_C_DIGIT] | (m[FLT_C_WIDE] & ~symbol);
}

/* k->now, at `base`, with its neighbours known. */
static void block(struct probe *k, size_t base)
{
    const uint64_t *m = k->now->of;
    k->any_wide |= m[FLT_C_WIDE] != 0;
    if (m[FLT_C_CONTROL] != 0)
        controls(k, m[FLT_C_CONTROL], base);
    if ((m[FLT_C_LEAD] & ~m[FLT_C_SPECIAL]) != 0)
        k->views |= BIT(FLT_VIEW_SKELETON);
    for (uint64_t rest = m[FLT_C_SPECIAL]; rest != 0; rest &= rest - 1)
        wide(k, base + (unsigned)__builtin_ctzll(rest));
    if ((m[FLT_C_EVENT] | m[FLT_C_QUOTE]) != 0)
        single_bytes(k, base);
    long_runs(k, base);
    if ((k->wanted & BIT(FLT_VIEW_HEX)) != 0)
        tokens(k, base);
    if (needs(k, FLT_VIEW_BINARY) && m[FLT_C_DIGIT] != 0)
        bits(k, base);
    if ((k->wanted & BIT(FLT_VIEW_LEET)) != 0)
        leet(k, base, k->word[0], k->word[1], k->word[2]);
    if ((k->wanted & BIT(FLT_VIEW_SQUASHED)) != 0)
        broken(k, base, k->word[0], k->word[1], k->word[2]);
    if ((k->wanted & BIT(FLT_VIEW_FOLDED)) != 0)
        gaps(k, base);
    if (needs(k, FLT_VIEW_MORSE))
        morse(k);
    if ((k->wanted & CIPHERS) != 0)
        ciphers(k, base);
}

/* What is known only when all of the text was seen. */
static void finish(struct probe *k)
{
    struct flt_str t = k->text;
    if (t.n - k->line <= FLT_JOIN_ITEM_MAX && flt_join_item(t, k->line, t.n) != t.n && k->items + 1 >= FLT_JOIN_ITEMS)
        k->views |= BIT(FLT_VIEW_JOINED);
    if (k->wide_morse)
        k->views |= BIT(FLT_VIEW_MORSE);
    if (!k->plain || k->any_wide)
        k->views |= BIT(FLT_VIEW_FOLDED);
    if ((k->wanted & CIPHERS) == 0)
        return;
    if (t.n <= FLT_CIPHER_FULL) {
        if (flt_cipher_suspect(t, 0, t.n, &k->sentences_done))
            k->views |= CIPHERS;
    } else if (flt_cipher_block(t.p + t.n - FLT_CIPHER_BLOCK)) {
        sentences(k, t.n - FLT_CIPHER_BLOCK);
    }
}

size_t flt_places_next(const struct flt_places *places, enum flt_view view, size_t at)
{
    if (places == NULL)
        return at;
    const uint64_t *of = PLACES_OF(places, view);
    size_t part = at >> places->shift;
    for (size_t i = part / 64; i < FLT_PLACES / 64; i++) {
        uint64_t rest = i == part / 64 ? of[i] & UINT64_MAX << part % 64 : of[i];
        if (rest == 0)
            continue;
        size_t begin = (i * 64 + (unsigned)__builtin_ctzll(rest)) << places->shift;
        return begin > at ? begin : at;
    }
    return SIZE_MAX;
}

void flt_probe_text(struct flt_str text, uint32_t wanted, struct flt_probe *out)
{
    struct flt_masks ring[3];
    struct probe k = {
        .text = text, .wanted = wanted, .plain = true, .before = &ring[0], .now = &ring[1], .next = &ring[2]};
    *out = (struct flt_probe){.ascii = true};
    if (text.n == 0 || text.n >= UINT32_MAX)
        return;
    k.places = &out->places;
    k.places->shift = 6; /* a block */
    while ((text.n - 1) >> k.places->shift >= FLT_PLACES)
        k.places->shift++;
    k.cues = text.n <= FLT_CIPHER_CUE_MAX && (wanted & BIT(FLT_VIEW_REVERSED)) != 0;
    *k.now = (struct flt_masks){{0}};
    for (size_t at = 0; at < text.n + FLT_BLOCK; at += FLT_BLOCK) {
        read_next(&k, at);
        if (at != 0)
            block(&k, at - FLT_BLOCK);
        struct flt_masks *spare = k.before;
        k.before = k.now;
        k.now = k.next;
        k.next = spare;
    }
    finish(&k);
    out->ascii = k.plain && !k.any_wide;
    out->spaced = k.spaced;
    out->views = k.views & (wanted | BIT(FLT_VIEW_FOLDED));
}
