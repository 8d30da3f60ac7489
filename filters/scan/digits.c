#include "scan/digits.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define CHAIN      7u
#define FOUR       4u
#define RUN        5u
#define THREE      3u
#define TOKEN      24u
#define TOKEN_BUSY 8u /* so many bytes of a token under way: no more skipping */
#define COLONS     3u
#define COLON_GAP  4u
#define PAIR       2u

const char *const flt_digit_gates[FLT_DIGIT_GATES] = {
    "(?:[0-9][ ./-]?){6}[0-9]",
    "[0-9]{5}",
    "@[A-Za-z0-9\\x80-\\xFF]",
    "(?:[0-9][ ./-]?){3}[0-9]",
    "[0-9]{3}",
    "[\\w+/-]{24}",
    ":[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:",
    "-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-",
    "-[A-Za-z][A-Za-z0-9][0-9]-[A-Za-z]",
    "[0-9][Qq]~",
    "[\\x08\\x1B\\x7F]",
};

#define DIGIT   1u
#define LETTER  2u
#define HEX     4u
#define TOKENS  8u  /* of a token */
#define TRIGGER 16u /* at which a gate begins or ends: no skipping */
#define CONTROL 32u

static const uint8_t kinds[256] = {
    ['0' ... '9'] = DIGIT | HEX | TOKENS | TRIGGER,
    ['A' ... 'F'] = LETTER | TOKENS | HEX,
    ['a' ... 'f'] = LETTER | TOKENS | HEX,
    ['G' ... 'Z'] = LETTER | TOKENS,
    ['g' ... 'z'] = LETTER | TOKENS,
    ['-'] = TOKENS | TRIGGER,
    ['_'] = TOKENS,
    ['+'] = TOKENS,
    ['/'] = TOKENS,
    ['@'] = TRIGGER,
    [':'] = TRIGGER,
    ['\b'] = CONTROL | TRIGGER,
    [0x1b] = CONTROL | TRIGGER,
    [0x7f] = CONTROL | TRIGGER,
};

static inline unsigned kind_of(uint8_t c)
{
    return kinds[c];
}

#ifdef __SSE2__
static inline unsigned bits_of(__m128i v, char c)
{
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)));
}

/*
 * Bits for bytes at which a gate may begin; in *token, for those that may be of a token, and some others. Hyphens and
 * colons count where the next one that a gate asks for follows, or where that cannot be seen.
 */
static inline unsigned classify(const char *p, unsigned *token)
{
    const __m128i shift = _mm_set1_epi8((char)(0x80 + '0')), most = _mm_set1_epi8((char)(0x80 + '9' - '0' + 1));
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i digit = _mm_cmplt_epi8(_mm_sub_epi8(v, shift), most);
    __m128i other = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('@')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\b')));
    __m128i more = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(0x1b)), _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
    unsigned hyphen = bits_of(v, '-'), colon = bits_of(v, ':');
    hyphen &= hyphen >> 3 | hyphen >> 4 | 0xf000;
    colon &= colon >> 1 | colon >> 2 | colon >> 3 | colon >> 4 | colon >> 5 | 0xf800;
    *token = (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(v, _mm_set1_epi8('+' - 1)));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(digit, other), more)) | hyphen | colon;
}
#endif

#ifdef __SSE2__
static bool all_token(const char *p)
{
    unsigned i = 0;
    while (i < 16 && (kind_of((uint8_t)p[i]) & TOKENS) != 0)
        i++;
    return i == 16;
}
#endif

/*
 * A place in text[at..] before which no gate begins or ends. A token that is long enough for its gate fills at least
 * two neighbours of the groups of eight bytes that are looked at.
 */
static size_t skip(struct flt_str text, size_t at)
{
#ifdef __SSE2__
    bool full = false; /* the group before is */
    for (; at + 16 <= text.n; at += 16) {
        unsigned token, trigger = classify(text.p + at, &token);
        bool low = (token & 0xff) == 0xff, high = token >> 8 == 0xff;
        if (full && low && all_token(text.p + at - 8))
            return at - 8;
        if (low && high && all_token(text.p + at))
            return at;
        if (trigger != 0)
            return at + (size_t)__builtin_ctz(trigger);
        full = high;
    }
    if (full)
        return at - 8;
#else
    while (at < text.n && (kind_of((uint8_t)text.p[at]) & (TRIGGER | TOKENS)) == 0)
        at++;
#endif
    return at;
}

struct run {
    struct flt_digits s;
    const uint32_t *id;
    flt_hit_fn fn;
    void *arg;
};

static inline void report(struct run *r, enum flt_digit_gate gate, uint64_t end)
{
    if (r->id[gate] != FLT_GATE_UNUSED)
        r->fn(r->arg, r->id[gate], end);
}

static inline void follow_digits(struct run *r, uint8_t c, unsigned kind, uint64_t end)
{
    struct flt_digits *s = &r->s;
    if ((kind & DIGIT) != 0) {
        s->chain = (uint8_t)(s->chain + (s->chain < CHAIN));
        s->run = (uint8_t)(s->run + (s->run < RUN));
        s->separator = false;
        if (s->chain == CHAIN)
            report(r, FLT_GATE_CHAIN, end);
        if (s->run == RUN)
            report(r, FLT_GATE_RUN, end);
        if (s->chain >= FOUR)
            report(r, FLT_GATE_FOUR, end);
        if (s->run >= THREE)
            report(r, FLT_GATE_THREE, end);
        s->tilde = 1;
        return;
    }
    if (s->tilde == 2 && c == '~')
        report(r, FLT_GATE_TILDE, end);
    s->tilde = s->tilde == 1 && (c | 0x20) == 'q' ? 2 : 0;
    s->run = 0;
    s->separator = s->chain != 0 && !s->separator && (c == ' ' || c == '.' || c == '/' || c == '-');
    if (!s->separator)
        s->chain = 0;
}

static inline void follow_colons(struct run *r, uint8_t c, unsigned kind, uint64_t end)
{
    struct flt_digits *s = &r->s;
    if (c == ':') {
        s->colons = (uint8_t)(s->colons + (s->colons < COLONS));
        s->colon_at = 0;
        if (s->colons == COLONS)
            report(r, FLT_GATE_COLONS, end);
    } else if (s->colons != 0 && ((kind & HEX) == 0 || ++s->colon_at > COLON_GAP)) {
        s->colons = 0;
    }
}

static inline void follow_hyphens(struct run *r, uint8_t c, unsigned kind, uint64_t end)
{
    struct flt_digits *s = &r->s;
    if (c == '-') {
        s->pairs = (uint8_t)(s->pairs != 0 && s->pair_at == PAIR ? s->pairs + (s->pairs < COLONS) : 1);
        s->pair_at = 0;
        if (s->pairs == COLONS)
            report(r, FLT_GATE_HYPHENS, end);
        s->group = s->group == 4 ? 5 : 1;
        return;
    }
    if (s->pairs != 0 && ((kind & HEX) == 0 || ++s->pair_at > PAIR))
        s->pairs = 0;
    unsigned wanted = s->group == 1 || s->group == 5 ? LETTER : s->group == 2 ? LETTER | DIGIT : DIGIT;
    bool on = s->group != 0 && s->group != 4 && (kind & wanted) != 0;
    if (on && s->group == 5)
        report(r, FLT_GATE_GROUP, end);
    s->group = (uint8_t)(!on ? 0 : s->group == 5 ? 2 : s->group + 1);
}

static inline void follow(struct run *r, uint8_t c, uint64_t end)
{
    struct flt_digits *s = &r->s;
    unsigned kind = kind_of(c);
    if (s->at && ((kind & (LETTER | DIGIT)) != 0 || c >= 0x80))
        report(r, FLT_GATE_AT, end);
    s->at = c == '@';
    if ((kind & CONTROL) != 0)
        report(r, FLT_GATE_CONTROL, end);
    follow_digits(r, c, kind, end);
    if (s->colons != 0 || c == ':')
        follow_colons(r, c, kind, end);
    if ((s->pairs | s->group) != 0 || c == '-')
        follow_hyphens(r, c, kind, end);
    s->token = (uint8_t)((kind & TOKENS) == 0 ? 0 : s->token + (s->token < TOKEN));
    if (s->token == TOKEN)
        report(r, FLT_GATE_TOKEN, end);
}

/* Is anything under way that the next byte, of whatever kind, could change? */
static bool idle(const struct flt_digits *s)
{
    return s->chain == 0 && s->tilde == 0 && !s->at && s->colons == 0 && s->pairs == 0 && s->group == 0 &&
           s->token < TOKEN_BUSY;
}

/* The bytes of a token that end where text[from..to) was skipped. */
static uint8_t token_before(const struct flt_digits *s, struct flt_str text, size_t from, size_t to)
{
    size_t at = to;
    if (from == to)
        return s->token;
    while (at > from && to - at < TOKEN && (kind_of((uint8_t)text.p[at - 1]) & TOKENS) != 0)
        at--;
    size_t n = to - at + (at == from ? s->token : 0);
    return (uint8_t)(n < TOKEN ? n : TOKEN);
}

void flt_digits_run(struct flt_digits *d, struct flt_str text, uint64_t base, const uint32_t id[FLT_DIGIT_GATES],
                    flt_hit_fn fn, void *arg)
{
    struct run r = {*d, id, fn, arg};
    for (size_t i = 0; i < text.n; i++) {
        if (idle(&r.s)) {
            size_t to = skip(text, i);
            r.s.token = token_before(&r.s, text, i, to);
            i = to;
        }
        if (i == text.n)
            break;
        follow(&r, (uint8_t)text.p[i], base + i + 1);
    }
    *d = r.s;
}
