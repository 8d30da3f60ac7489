#include "scan/matcher.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Windows are a few KiB and patterns have no nested open repeats: a healthy match stays far below this. */
#define MATCH_LIMIT    1000000u
#define DEPTH_LIMIT    1000u
#define HEAP_LIMIT_KIB 1024u
#define JIT_STACK_MIN  (32u * 1024)
#define JIT_STACK_MAX  (1024u * 1024)
#define MAX_PATTERN    16384u
#define ONE_BY_ONE     6u /* starts of a window that are tried by themselves, before PCRE2 looks for the next one */

const char *const flt_boundary_names[] = {"none",   "word",  "alnum", "token",  "digit",
                                          "number", "email", "hex",   "base64", NULL};

struct boundary {
    const char *left, *right;
    uint32_t ahead;
    const char *marks; /* what may not stand directly before a match, letters and digits aside */
    bool digits, letters, hex;
};
static const struct boundary boundaries[] = {
    [FLT_BOUND_NONE] = {"", "", 0, "", false, false, false},
    [FLT_BOUND_WORD] = {"(?<![A-Za-z0-9_])", "(?![A-Za-z0-9_])", 1, "_", true, true, false},
    [FLT_BOUND_ALNUM] = {"(?<![A-Za-z0-9])", "(?![A-Za-z0-9])", 1, "", true, true, false},
    [FLT_BOUND_TOKEN] = {"(?<![A-Za-z0-9_-])", "(?![A-Za-z0-9_-])", 1, "_-", true, true, false},
    [FLT_BOUND_DIGIT] = {"(?<![0-9])", "(?![0-9])", 1, "", true, false, false},
    [FLT_BOUND_NUMBER] = {"(?<![0-9])(?<![0-9][.,-])", "(?![0-9])(?![.,-][0-9])", 2, "", true, false, false},
    [FLT_BOUND_EMAIL] = {"(?<![A-Za-z0-9._%+-])", "(?![A-Za-z0-9-])(?![.][A-Za-z0-9])", 2, "._%+-", true, true, false},
    [FLT_BOUND_HEX] = {"(?<![0-9A-Fa-f])", "(?![0-9A-Fa-f])", 1, "", true, false, true},
    [FLT_BOUND_BASE64] = {"(?<![A-Za-z0-9+/=_-])", "(?![A-Za-z0-9+/=_-])", 1, "+/=_-", true, true, false},
};

struct flt_matcher {
    struct flt_shape shape;
    struct flt_buf head;
    pcre2_code *find, *close;
    uint32_t ahead, close_width;
    uint16_t start[256]; /* see flt_matcher_starts */
    const struct flt_validator *const *validate;
    uint32_t n_validate;
    bool whole;
    bool at_words; /* matches begin where words do: with a letter or digit that none stands before */
};

struct flt_match_scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    uint64_t left; /* bytes that may still be looked at */
};

static pcre2_code *compile(struct flt_str p, uint32_t options, bool whole, char *why, size_t cap)
{
    int code = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)p.p, p.n, options | PCRE2_NEVER_UTF, &code, &at, NULL);
    if (re == NULL) {
        char message[160];
        pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof(message));
        snprintf(why, cap, "%s", message);
        return NULL;
    }
    if (pcre2_jit_compile(re, PCRE2_JIT_COMPLETE | (whole ? 0 : PCRE2_JIT_PARTIAL_HARD)) != 0) {
        snprintf(why, cap, "PCRE2 cannot JIT-compile it: without JIT its run time has no bound");
        pcre2_code_free(re);
        return NULL;
    }
    return re;
}

/* left boundary + (?:head) + right boundary */
static int compile_find(struct flt_matcher *m, const struct flt_matcher_conf *c, char *why, size_t cap)
{
    struct flt_buf full;
    uint32_t options = c->caseless ? PCRE2_CASELESS : 0;
    flt_buf_init(&full, 2u * MAX_PATTERN);
    int rc = flt_buf_printf(&full, "%s(?:%.*s)%s", boundaries[c->left].left, FLT_STR_ARG(flt_buf_str(&m->head)),
                            boundaries[c->right].right);
    if (rc == FLT_OK) {
        m->find = compile(flt_buf_str(&full), options | PCRE2_USE_OFFSET_LIMIT, c->whole, why, cap);
        rc = m->find != NULL ? FLT_OK : FLT_E_CONFIG;
    } else {
        snprintf(why, cap, "pattern is too long");
    }
    flt_buf_free(&full);
    return rc;
}

static int compile_close(struct flt_matcher *m, const struct flt_matcher_conf *c, size_t *where, char *why, size_t cap)
{
    struct flt_shape shape;
    struct flt_buf head;
    const char *words = NULL;
    flt_buf_init(&head, MAX_PATTERN);
    int rc = flt_shape_analyse(c->close, c->caseless, &shape, &head, where, &words);
    flt_buf_free(&head);
    if (rc != FLT_OK || shape.kind != FLT_SHAPE_BOUNDED) {
        snprintf(why, cap, "%s", rc != FLT_OK ? words : "a closing marker must be bounded");
        return FLT_E_CONFIG;
    }
    m->close_width = shape.max;
    m->close = compile(c->close, c->caseless ? PCRE2_CASELESS : 0, false, why, cap);
    return m->close != NULL ? FLT_OK : FLT_E_CONFIG;
}

static void fill_start(struct flt_matcher *m, const struct boundary *left)
{
    bool at_words = true;
    for (unsigned c = 0; c < 256; c++) {
        bool digit = c >= '0' && c <= '9', letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        bool barrier = (left->digits && digit) || (left->letters && letter) ||
                       (left->hex && letter && (c | 0x20) <= 'f') || (c != 0 && strchr(left->marks, (int)c) != NULL);
        m->start[c] = (uint16_t)(m->shape.lead[c] | (barrier ? FLT_MATCHER_BARRIER : 0));
        at_words = at_words && (digit || letter ? barrier : (m->start[c] & 1) == 0);
    }
    m->at_words = at_words;
}

struct flt_matcher *flt_matcher_new(const struct flt_matcher_conf *c, size_t *where, bool *in_close, char *why,
                                    size_t cap)
{
    const char *words = NULL;
    *where = 0;
    *in_close = false;
    struct flt_matcher *m = calloc(1, sizeof(*m));
    if (m == NULL) {
        snprintf(why, cap, "out of memory");
        return NULL;
    }
    flt_buf_init(&m->head, MAX_PATTERN);
    m->validate = c->validate;
    m->n_validate = c->n_validate;
    m->whole = c->whole;
    m->ahead = boundaries[c->right].ahead;
    if (flt_shape_analyse(c->pattern, c->caseless, &m->shape, &m->head, where, &words) != FLT_OK) {
        snprintf(why, cap, "%s", words);
        goto bad;
    }
    if (m->shape.kind == FLT_SHAPE_RUN && (c->right != FLT_BOUND_NONE || c->close.n != 0)) {
        snprintf(why, cap,
                 c->close.n != 0 ? "an opening marker must be bounded"
                                 : "a run has no right boundary: it ends where its class does");
        goto bad;
    }
    fill_start(m, &boundaries[c->left]);
    if (compile_find(m, c, why, cap) != FLT_OK || flt_buf_add(&m->head, "", 1) != FLT_OK)
        goto bad;
    if (c->close.n != 0) {
        m->shape.kind = FLT_SHAPE_BLOCK;
        *in_close = true;
        if (compile_close(m, c, where, why, cap) != FLT_OK)
            goto bad;
        *in_close = false;
    }
    return m;
bad:
    flt_matcher_free(m);
    return NULL;
}

void flt_matcher_free(struct flt_matcher *m)
{
    if (m == NULL)
        return;
    pcre2_code_free(m->find);
    pcre2_code_free(m->close);
    flt_buf_free(&m->head);
    free(m);
}

const struct flt_shape *flt_matcher_shape(const struct flt_matcher *m)
{
    return &m->shape;
}

const char *flt_matcher_head(const struct flt_matcher *m)
{
    return m->head.p;
}

const uint16_t *flt_matcher_starts(const struct flt_matcher *m)
{
    return m->start;
}

uint32_t flt_matcher_ahead(const struct flt_matcher *m)
{
    return m->ahead;
}

uint32_t flt_matcher_close_width(const struct flt_matcher *m)
{
    return m->close_width;
}

static size_t code_memory(const pcre2_code *re)
{
    size_t a = 0, b = 0;
    if (re == NULL)
        return 0;
    (void)pcre2_pattern_info(re, PCRE2_INFO_SIZE, &a);
    (void)pcre2_pattern_info(re, PCRE2_INFO_JITSIZE, &b);
    return a + b;
}

size_t flt_matcher_memory(const struct flt_matcher *m)
{
    return sizeof(*m) + m->head.cap + code_memory(m->find) + code_memory(m->close);
}

struct flt_match_scratch *flt_match_scratch_new(void)
{
    struct flt_match_scratch *k = calloc(1, sizeof(*k));
    if (k == NULL)
        return NULL;
    k->left = UINT64_MAX;
    k->data = pcre2_match_data_create(2, NULL);
    k->context = pcre2_match_context_create(NULL);
    k->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (k->data == NULL || k->context == NULL || k->stack == NULL) {
        flt_match_scratch_free(k);
        return NULL;
    }
    pcre2_set_match_limit(k->context, MATCH_LIMIT);
    pcre2_set_depth_limit(k->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(k->context, HEAP_LIMIT_KIB);
    pcre2_jit_stack_assign(k->context, NULL, k->stack);
    return k;
}

void flt_match_scratch_free(struct flt_match_scratch *k)
{
    if (k == NULL)
        return;
    pcre2_match_data_free(k->data);
    pcre2_match_context_free(k->context);
    pcre2_jit_stack_free(k->stack);
    free(k);
}

void flt_match_scratch_allow(struct flt_match_scratch *k, uint64_t bytes)
{
    k->left = bytes;
}

uint64_t flt_match_scratch_left(const struct flt_match_scratch *k)
{
    return k->left;
}

static bool valid(const struct flt_matcher *m, struct flt_str value)
{
    for (uint32_t i = 0; i < m->n_validate; i++) {
        if (!m->validate[i]->fn(value))
            return false;
    }
    return true;
}

/* One PCRE2 call; *rc is its return code reduced to the three answers. */
static int run(const pcre2_code *re, struct flt_match_scratch *k, struct flt_str text, size_t from, bool more,
               enum flt_found *found)
{
    /* The pattern was JIT-compiled for this, and the arguments are known to be good: what pcre2_match would check. */
    int rc = pcre2_jit_match(re, (PCRE2_SPTR)(text.n != 0 ? text.p : ""), text.n, from, more ? PCRE2_PARTIAL_HARD : 0,
                             k->data, k->context);
    if (rc >= 0)
        *found = FLT_FOUND_MATCH;
    else if (rc == PCRE2_ERROR_PARTIAL)
        *found = FLT_FOUND_PARTIAL;
    else if (rc == PCRE2_ERROR_NOMATCH)
        *found = FLT_FOUND_NONE;
    else
        return FLT_E_ENGINE;
    return FLT_OK;
}

/* May a match begin at text[at], going by the byte before it and its first ones? */
static inline bool starts_at(const struct flt_matcher *m, struct flt_str text, size_t at)
{
    const uint8_t *p = (const uint8_t *)text.p;
    if ((m->start[p[at]] & 1) == 0 || (at > 0 && (m->start[p[at - 1]] & FLT_MATCHER_BARRIER) != 0))
        return false;
    unsigned n = text.n - at < FLT_LEAD_TABLE ? (unsigned)(text.n - at) : FLT_LEAD_TABLE, i = 1;
    while (i < n && (m->start[p[at + i]] >> i & 1) != 0)
        i++;
    return i == n;
}

#ifdef __SSE2__
static inline unsigned word_bytes(const char *p)
{
    const __m128i below_a = _mm_set1_epi8('a' - 1), above_z = _mm_set1_epi8('z' + 1);
    const __m128i below_0 = _mm_set1_epi8('0' - 1), above_9 = _mm_set1_epi8('9' + 1);
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p), low = _mm_or_si128(v, _mm_set1_epi8(0x20));
    __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(low, below_a), _mm_cmplt_epi8(low, above_z));
    __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(v, below_0), _mm_cmplt_epi8(v, above_9));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(letter, digit));
}

/* Only where words begin, sixteen bytes at a time; *from = where the search goes on byte by byte. */
static size_t next_word_start(const struct flt_matcher *m, struct flt_str text, size_t *from, size_t last)
{
    size_t at = *from > 0 ? *from : 1; /* the first byte of all is left to the caller */
    if (*from == 0 && starts_at(m, text, 0))
        return 0;
    for (; at <= last && at + 16 <= text.n; at += 16) {
        unsigned begins = word_bytes(text.p + at) & ~word_bytes(text.p + at - 1);
        for (; begins != 0; begins &= begins - 1) {
            size_t place = at + (unsigned)__builtin_ctz(begins);
            if (place > last)
                return SIZE_MAX;
            if (starts_at(m, text, place))
                return place;
        }
    }
    *from = at;
    return SIZE_MAX;
}
#endif

/* The first place in text[from..last] where a match may begin, going by its first bytes; SIZE_MAX = none. */
static size_t next_start(const struct flt_matcher *m, struct flt_str text, size_t from, size_t last)
{
    size_t at = from;
#ifdef __SSE2__
    if (m->at_words && text.n != 0) {
        size_t found = next_word_start(m, text, &at, last);
        if (found != SIZE_MAX)
            return found <= last ? found : SIZE_MAX;
    }
#endif
    for (; at <= last && at < text.n; at++) {
        if (starts_at(m, text, at))
            return at;
    }
    return SIZE_MAX;
}

/*
 * The leftmost match of the bare pattern that begins in text[from..last]. The first starts are tried one by one: mostly
 * none of them is more than a word's beginning, and the text behind them need not be looked at.
 */
static int first_match(const struct flt_matcher *m, struct flt_match_scratch *k, struct flt_str text, size_t from,
                       size_t last, bool more, enum flt_found *found)
{
    int rc = FLT_OK;
    *found = FLT_FOUND_NONE;
    for (unsigned i = 0; rc == FLT_OK && *found == FLT_FOUND_NONE && from <= last; i++) {
        size_t at = next_start(m, text, from, last);
        if (at == SIZE_MAX)
            break;
        bool alone = i < ONE_BY_ONE;
        (void)pcre2_set_offset_limit(k->context, alone ? at : last);
        rc = run(m->find, k, text, at, more && !m->whole, found);
        from = alone ? at + 1 : last + 1;
    }
    (void)pcre2_set_offset_limit(k->context, PCRE2_UNSET); /* the other patterns are compiled without */
    /* Without partial matches: one that touches the end of its window could go on behind it. */
    if (m->whole && more && *found == FLT_FOUND_MATCH && pcre2_get_ovector_pointer(k->data)[1] == text.n)
        *found = FLT_FOUND_PARTIAL;
    return rc;
}

int flt_matcher_find(const struct flt_matcher *m, struct flt_match_scratch *k, struct flt_str text, size_t from,
                     bool more, enum flt_found *found, struct flt_found_at *at)
{
    const PCRE2_SIZE *o = pcre2_get_ovector_pointer(k->data);
    size_t last = at->last < text.n ? at->last : text.n;
    while (from <= last) {
        int rc = first_match(m, k, text, from, last, more, found);
        if (rc != FLT_OK)
            return rc;
        uint64_t cost = (*found == FLT_FOUND_NONE ? text.n : *found == FLT_FOUND_PARTIAL ? o[0] : o[1]) - from;
        if (cost > k->left)
            return FLT_E_LIMIT;
        k->left -= cost;
        if (*found == FLT_FOUND_NONE)
            return FLT_OK;
        at->begin = o[0];
        if (*found == FLT_FOUND_PARTIAL)
            return FLT_OK;
        bool grouped = m->shape.group && o[2] != PCRE2_UNSET;
        at->end = o[1];
        at->value_begin = grouped ? o[2] : o[0];
        at->value_end = grouped ? o[3] : o[1];
        if (valid(m, (struct flt_str){text.p + at->value_begin, at->value_end - at->value_begin}))
            return FLT_OK;
        from = at->begin + 1;
    }
    *found = FLT_FOUND_NONE;
    return FLT_OK;
}

int flt_matcher_open_at(const struct flt_matcher *m, struct flt_match_scratch *k, struct flt_str text, size_t at,
                        bool *open)
{
    enum flt_found found;
    *open = true;
    if (!flt_byteset_has(&m->shape.body, ' '))
        return FLT_OK;
    *open = next_start(m, text, at, at) == at;
    if (!*open)
        return FLT_OK;
    (void)pcre2_set_offset_limit(k->context, at);
    int rc = run(m->find, k, text, at, true, &found);
    (void)pcre2_set_offset_limit(k->context, PCRE2_UNSET);
    *open = rc == FLT_OK && found == FLT_FOUND_PARTIAL;
    return rc;
}

int flt_matcher_close(const struct flt_matcher *m, struct flt_match_scratch *k, struct flt_str text, size_t from,
                      bool more, enum flt_found *found, size_t *end)
{
    const PCRE2_SIZE *o = pcre2_get_ovector_pointer(k->data);
    int rc = run(m->close, k, text, from, more, found);
    *end = rc == FLT_OK && *found == FLT_FOUND_MATCH ? o[1] : o[0];
    return rc;
}
