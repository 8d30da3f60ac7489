/*
 * shape.c: a recursive-descent reader of the pattern subset. Each construct yields widths, first and body sets;
 * sequences, alternations and quantifiers combine them.
 */
#include "scan/shape.h"

#include "scan/chain.h"

const char *const flt_shape_names[] = {"bounded", "run", "block", NULL};

#define UNBOUNDED   FLT_UNBOUNDED
#define MAX_NESTING 32
/* What one construct can match. */
struct part {
    uint32_t min, max; /* max UNBOUNDED = open quantifier inside */
    struct flt_byteset first, body;
    struct flt_lead lead;
    bool single;                  /* exactly one byte of `first`: may carry the open quantifier of a run */
    bool ends_word;               /* its last byte may be an ASCII letter or digit */
    bool beyond;                  /* what it matches holds a byte beyond ASCII */
    struct flt_literals exact;    /* all strings it matches, when they are few */
    struct flt_literals required; /* the most telling set seen inside */
    struct flt_factors factors;   /* the telling sets seen inside, in order */
};

struct reader {
    const char *p;
    size_t n, i;
    bool caseless;
    unsigned depth;
    unsigned groups;
    /* the open quantifier met, if any */
    unsigned open;
    size_t open_begin, open_end;
    uint32_t open_min;
    struct flt_byteset open_set;
    bool open_in_alternation, open_repeated;
    /* error */
    const char *why;
    size_t where;
};

static bool fail(struct reader *r, size_t where, const char *why)
{
    if (r->why == NULL) {
        r->why = why;
        r->where = where;
    }
    return false;
}

static uint32_t mul_width(uint32_t a, uint32_t times)
{
    if (times == 0 || a == 0)
        return 0;
    if (a == UNBOUNDED || times == UNBOUNDED)
        return UNBOUNDED;
    uint64_t m = (uint64_t)a * times;
    return m >= UNBOUNDED ? UNBOUNDED - 1 : (uint32_t)m;
}

static void add_byte(struct reader *r, struct flt_byteset *s, uint8_t c)
{
    flt_byteset_add(s, c);
    if (!r->caseless)
        return;
    if (c >= 'a' && c <= 'z')
        flt_byteset_add(s, (uint8_t)(c - 32));
    else if (c >= 'A' && c <= 'Z')
        flt_byteset_add(s, (uint8_t)(c + 32));
}

static void add_range(struct reader *r, struct flt_byteset *s, unsigned lo, unsigned hi)
{
    for (unsigned c = lo; c <= hi; c++)
        add_byte(r, s, (uint8_t)c);
}

/* Adds the class of \d \w \s (or its complement for capitals); false when c names no class. */
static bool add_class_escape(struct reader *r, struct flt_byteset *s, char c)
{
    struct flt_byteset k = {{0}};
    switch (c | 0x20) {
    case 'd':
        add_range(r, &k, '0', '9');
        break;
    case 'w':
        add_range(r, &k, '0', '9');
        add_range(r, &k, 'a', 'z');
        add_range(r, &k, 'A', 'Z');
        add_byte(r, &k, '_');
        break;
    case 's':
        add_range(r, &k, 9, 13);
        add_byte(r, &k, ' ');
        break;
    default:
        return false;
    }
    if (c < 'a')
        flt_byteset_invert(&k);
    flt_byteset_or(s, &k);
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* One literal byte after a backslash at r->i; -1 = not a literal escape. */
static int literal_escape(struct reader *r)
{
    char c = r->p[r->i];
    switch (c) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'f':
        return '\f';
    case 'x':
        if (r->i + 2 < r->n && hex_digit(r->p[r->i + 1]) >= 0 && hex_digit(r->p[r->i + 2]) >= 0) {
            int v = hex_digit(r->p[r->i + 1]) * 16 + hex_digit(r->p[r->i + 2]);
            r->i += 2;
            return v;
        }
        return -1;
    default:
        /* punctuation stands for itself; letters and digits would be constructs of PCRE */
        if ((c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~') ||
            c == ' ')
            return c;
        return -1;
    }
}

/* One member of a bracket class at r->i: a byte in *byte, or a whole class added to *s (then *byte = -1). */
static bool class_member(struct reader *r, struct flt_byteset *s, int *byte)
{
    char c = r->p[r->i];
    *byte = -1;
    if (c == '[' && r->i + 1 < r->n && (r->p[r->i + 1] == ':' || r->p[r->i + 1] == '.' || r->p[r->i + 1] == '='))
        return fail(r, r->i, "POSIX classes are not part of the pattern language");
    if (c == '\0')
        return fail(r, r->i, "a NUL byte is written \\x00");
    if ((uint8_t)c >= 0x80)
        return fail(r, r->i, "non-ASCII characters cannot stand in a class (patterns match bytes): use an alternation");
    if (c != '\\') {
        *byte = (uint8_t)c;
        r->i++;
        return true;
    }
    if (++r->i >= r->n)
        return fail(r, r->i - 1, "pattern ends after a backslash");
    if (add_class_escape(r, s, r->p[r->i])) {
        r->i++;
        return true;
    }
    *byte = literal_escape(r);
    if (*byte < 0)
        return fail(r, r->i - 1, "this escape is not part of the pattern language");
    r->i++;
    return true;
}

static bool read_class(struct reader *r, struct flt_byteset *s)
{
    size_t begin = r->i++;
    bool negated = r->i < r->n && r->p[r->i] == '^';
    if (negated)
        r->i++;
    bool first = true;
    while (r->i < r->n && (first || r->p[r->i] != ']')) {
        int lo, hi;
        first = false;
        if (!class_member(r, s, &lo))
            return false;
        if (lo < 0 && r->i + 1 < r->n && r->p[r->i] == '-' && r->p[r->i + 1] != ']')
            return fail(r, r->i, "a class cannot begin a range");
        if (lo < 0)
            continue;
        if (r->i + 1 < r->n && r->p[r->i] == '-' && r->p[r->i + 1] != ']') {
            r->i++;
            size_t at = r->i;
            if (!class_member(r, s, &hi))
                return false;
            if (hi < lo)
                return fail(r, at, "range is out of order");
            add_range(r, s, (unsigned)lo, (unsigned)hi);
        } else {
            add_byte(r, s, (uint8_t)lo);
        }
    }
    if (r->i >= r->n)
        return fail(r, begin, "class is not closed");
    /* "[.x.]": PCRE2 takes it for a POSIX name that lost its outer brackets */
    char c = r->p[begin + 1];
    if ((c == ':' || c == '.' || c == '=') && r->i > begin + 2 && r->p[r->i - 1] == c)
        return fail(r, begin, "POSIX classes are not part of the pattern language");
    r->i++;
    if (negated)
        flt_byteset_invert(s);
    return true;
}

static bool read_alternation(struct reader *r, struct part *out);

static bool read_group(struct reader *r, struct part *out)
{
    size_t begin = r->i++;
    if (r->i < r->n && r->p[r->i] == '?') {
        if (r->i + 1 >= r->n || r->p[r->i + 1] != ':')
            return fail(r, begin,
                        "only (?:...) and one (...) are allowed: look-around, flags and names are not "
                        "streamable; use left/right boundaries and `case`");
        r->i += 2;
    } else if (++r->groups > 1) {
        return fail(r, begin, "only one capture group (the value) is allowed");
    }
    if (++r->depth > MAX_NESTING)
        return fail(r, begin, "groups are nested too deeply");
    if (!read_alternation(r, out))
        return false;
    r->depth--;
    if (r->i >= r->n || r->p[r->i] != ')')
        return fail(r, begin, "group is not closed");
    r->i++;
    return true;
}

/* Nothing at all; the strings of sets that hold none are not touched. */
static void part_clear(struct part *p)
{
    p->min = p->max = 0;
    p->first = p->body = (struct flt_byteset){{0}};
    p->single = p->ends_word = p->beyond = false;
    flt_literals_none(&p->exact);
    flt_literals_none(&p->required);
    p->factors.n = 0;
    flt_lead_empty(&p->lead);
}

/* out: cleared. */
static bool holds_word(const struct flt_byteset *s)
{
    bool holds = false;
    for (unsigned c = '0'; c <= 'z' && !holds; c++)
        holds = (c <= '9' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) && flt_byteset_has(s, (uint8_t)c);
    return holds;
}

static void one_byte(const struct reader *r, struct part *out, const struct flt_byteset *s)
{
    uint8_t bytes[FLT_LITERAL_CLASS_MAX + 1]; /* one more than is of use tells that there are too many */
    unsigned n = 0;
    for (unsigned k = 0; k < 4; k++) {
        for (uint64_t w = s->w[k]; w != 0 && n < sizeof(bytes); w &= w - 1) {
            uint8_t c = (uint8_t)(64 * k + (unsigned)__builtin_ctzll(w));
            bool twin = r->caseless && c >= 'A' && c <= 'Z'; /* its lower-case letter stands for both */
            if (!twin)
                bytes[n++] = c;
        }
    }
    out->min = out->max = 1;
    out->first = out->body = *s;
    out->single = true;
    out->ends_word = holds_word(s);
    out->beyond = s->w[0] == 0 && s->w[1] == 0;
    flt_literals_bytes(&out->exact, bytes, n);
    flt_lead_byte(&out->lead, s);
}

/* exact and required of p{lo,hi}. */
static void repeat_literals(struct part *p, uint32_t lo, uint32_t hi)
{
    struct flt_literals one = p->exact;
    flt_literals_better(&p->required, &p->exact);
    if (lo == 0) {
        flt_literals_none(&p->required);
        p->factors.n = 0;
        if (hi == 1 && p->exact.valid) {
            struct flt_literals none;
            flt_literals_empty(&none);
            flt_literals_unite(&p->exact, &none);
        } else {
            p->exact.valid = false;
        }
        return;
    }
    for (uint32_t i = 1; i < lo && p->exact.valid; i++) {
        if (!flt_literals_cross(&p->exact, &one)) {
            flt_literals_better(&p->required, &p->exact);
            p->exact.valid = false;
        }
    }
    flt_literals_better(&p->required, &p->exact);
    if (hi != lo)
        p->exact.valid = false;
    /* Which round a word is of is not known: it may be the last. */
    uint32_t whole = hi == UNBOUNDED ? UNBOUNDED : mul_width(p->max, hi);
    for (unsigned i = 0; i < p->factors.n && hi != 1; i++)
        p->factors.reach[i] = whole;
    if (p->factors.n == 0)
        flt_factors_add(&p->factors, &p->required, whole);
}

/* out: cleared. */
static bool read_atom(struct reader *r, struct part *out)
{
    struct flt_byteset s = {{0}};
    char c = r->p[r->i];
    switch (c) {
    case '(':
        return read_group(r, out);
    case '[':
        if (!read_class(r, &s))
            return false;
        break;
    case '.':
        flt_byteset_add(&s, '\n');
        flt_byteset_invert(&s);
        r->i++;
        break;
    case '^':
    case '$':
        return fail(r, r->i, "anchors are not streamable; use left/right boundaries");
    case '*':
    case '+':
    case '?':
        return fail(r, r->i, "quantifier has nothing to repeat");
    case '{': /* PCRE2 reads "{,3}" as text or as a quantifier, as its version goes */
        return fail(r, r->i, "a brace that is no quantifier, or follows one, is written \\{");
    case '\0':
        return fail(r, r->i, "a NUL byte is written \\x00");
    case '\\':
        if (++r->i >= r->n)
            return fail(r, r->i - 1, "pattern ends after a backslash");
        if (!add_class_escape(r, &s, r->p[r->i])) {
            int b = literal_escape(r);
            if (b < 0)
                return fail(r, r->i - 1,
                            "this escape is not part of the pattern language (no \\b, \\p, back-references)");
            add_byte(r, &s, (uint8_t)b);
        }
        r->i++;
        break;
    default:
        add_byte(r, &s, (uint8_t)c);
        r->i++;
        break;
    }
    one_byte(r, out, &s);
    return true;
}

static bool read_number(struct reader *r, uint32_t *v)
{
    size_t begin = r->i;
    uint32_t x = 0;
    while (r->i < r->n && r->p[r->i] >= '0' && r->p[r->i] <= '9') {
        x = x * 10 + (uint32_t)(r->p[r->i++] - '0');
        if (x > 65535)
            return fail(r, begin, "repeat count is above 65535");
    }
    *v = x;
    return r->i > begin;
}

/* "{m}", "{m,}" or "{m,n}" at r->i; false without an error when it is a literal brace. */
static bool read_braces(struct reader *r, uint32_t *lo, uint32_t *hi)
{
    size_t begin = r->i++;
    bool ok = read_number(r, lo);
    *hi = *lo;
    if (ok && r->i < r->n && r->p[r->i] == ',') {
        r->i++;
        if (!read_number(r, hi))
            *hi = UNBOUNDED;
    }
    if (ok && r->why == NULL && r->i < r->n && r->p[r->i] == '}') {
        r->i++;
        return true;
    }
    r->i = begin;
    return false;
}

static bool read_quantifier(struct reader *r, uint32_t *lo, uint32_t *hi)
{
    *lo = 0;
    *hi = UNBOUNDED;
    switch (r->p[r->i]) {
    case '?':
        *hi = 1;
        break;
    case '+':
        *lo = 1;
        break;
    case '*':
        break;
    case '{':
        return read_braces(r, lo, hi);
    default:
        return false;
    }
    r->i++;
    return true;
}

static bool apply_quantifier(struct reader *r, struct part *p, size_t at, uint32_t lo, uint32_t hi)
{
    if (r->i < r->n && (r->p[r->i] == '?' || r->p[r->i] == '+'))
        return fail(r, r->i, "lazy and possessive quantifiers are not part of the pattern language");
    if (hi < lo)
        return fail(r, at, "repeat range is out of order");
    if (p->max == UNBOUNDED)
        r->open_repeated = true;
    if (hi == UNBOUNDED) {
        if (!p->single)
            return fail(r, at, "unbounded repeat of more than one class: not bounded, not a run");
        r->open++;
        r->open_begin = at;
        r->open_end = r->i;
        r->open_min = lo;
        r->open_set = p->first;
    }
    repeat_literals(p, lo, hi);
    flt_lead_repeat(&p->lead, lo, hi);
    p->beyond = p->beyond && lo > 0;
    p->min = mul_width(p->min, lo);
    p->max = hi == UNBOUNDED ? UNBOUNDED : mul_width(p->max, hi);
    p->single = false;
    return true;
}

static bool read_sequence(struct reader *r, struct part *out)
{
    bool nullable = true, first_part = true;
    struct flt_chain chain;
    part_clear(out);
    flt_chain_begin(&chain);
    while (r->i < r->n && r->p[r->i] != '|' && r->p[r->i] != ')') {
        struct part p;
        uint32_t lo, hi;
        part_clear(&p);
        if (!read_atom(r, &p))
            return false;
        size_t at = r->i;
        if (r->i < r->n && read_quantifier(r, &lo, &hi)) {
            if (!apply_quantifier(r, &p, at, lo, hi))
                return false;
        } else if (r->why != NULL) {
            return false;
        }
        if (nullable)
            flt_byteset_or(&out->first, &p.first);
        if (p.min > 0)
            nullable = false;
        flt_byteset_or(&out->body, &p.body);
        out->min = flt_width_add(out->min, p.min);
        out->max = flt_width_add(out->max, p.max);
        out->single = first_part && p.single;
        first_part = false;
        flt_lead_append(&out->lead, &p.lead);
        out->ends_word = p.ends_word || (p.min == 0 && out->ends_word);
        out->beyond = out->beyond || p.beyond;
        uint8_t tail = (uint8_t)((p.ends_word ? FLT_BEFORE_WORD : 0) | (p.min == 0 ? FLT_BEFORE_BEGIN : 0));
        flt_chain_add(&chain, &(struct flt_link){&p.exact, &p.required, &p.factors, p.max, tail});
    }
    flt_chain_end(&chain, &out->exact, &out->required, &out->factors);
    return true;
}

static bool read_alternation(struct reader *r, struct part *out)
{
    unsigned open_before = r->open;
    if (!read_sequence(r, out))
        return false;
    while (r->i < r->n && r->p[r->i] == '|') {
        struct part p;
        r->i++;
        if (!read_sequence(r, &p))
            return false;
        flt_byteset_or(&out->first, &p.first);
        flt_byteset_or(&out->body, &p.body);
        out->min = p.min < out->min ? p.min : out->min;
        out->max = p.max > out->max ? p.max : out->max;
        out->single = out->single && p.single;
        out->ends_word = out->ends_word || p.ends_word;
        out->beyond = out->beyond && p.beyond;
        flt_lead_unite(&out->lead, &p.lead);
        flt_literals_unite(&out->exact, &p.exact);
        flt_literals_unite(&out->required, &p.required);
        out->factors.n = 0; /* branches have different orders: only "one of these" is left */
        if (r->open != open_before)
            r->open_in_alternation = true;
    }
    if (out->factors.n == 0)
        flt_factors_add(&out->factors, &out->required, out->max);
    return true;
}

/* An open quantifier makes a run only when nothing but closing parentheses follows it. */
static bool check_run(struct reader *r)
{
    if (r->open > 1)
        return fail(r, r->open_begin, "more than one unbounded repeat: not bounded, not a run");
    if (r->open_in_alternation || r->open_repeated)
        return fail(r, r->open_begin, "an unbounded repeat may not stand inside an alternation or a repeated group");
    for (size_t i = r->open_end; i < r->n; i++) {
        if (r->p[i] != ')')
            return fail(r, r->open_begin, "unbounded repeat that is not at the end: give it a finite maximum");
    }
    return true;
}

static int write_head(const struct reader *r, struct flt_buf *head)
{
    flt_buf_clear(head);
    if (r->open == 0)
        return flt_buf_add(head, r->p, r->n);
    int rc = flt_buf_add(head, r->p, r->open_begin);
    if (rc == FLT_OK)
        rc = flt_buf_printf(head, "{%u}", r->open_min);
    if (rc == FLT_OK)
        rc = flt_buf_add(head, r->p + r->open_end, r->n - r->open_end);
    return rc;
}

int flt_shape_analyse(struct flt_str pattern, bool caseless, struct flt_shape *out, struct flt_buf *head, size_t *where,
                      const char **why)
{
    struct reader r = {.p = pattern.p, .n = pattern.n, .caseless = caseless};
    struct part p = {0};
    bool ok = pattern.n != 0 || fail(&r, 0, "pattern is empty");
    ok = ok && read_alternation(&r, &p);
    if (ok && r.i < r.n)
        ok = fail(&r, r.i, "closing parenthesis without a group");
    if (ok && r.open > 0) {
        ok = check_run(&r);
        if (ok) /* the head holds the run's fewest bytes: widths without the open part are exactly the minimum's */
            p.max = 0;
    }
    if (!ok) {
        *where = r.where;
        *why = r.why;
        return FLT_E_CONFIG;
    }
    int rc = write_head(&r, head);
    if (rc != FLT_OK) {
        *where = 0;
        *why = "pattern is too long";
        return FLT_E_CONFIG;
    }
    *out = (struct flt_shape){.min = p.min,
                              .max = p.max,
                              .first = p.first,
                              .body = p.body,
                              .group = r.groups != 0,
                              .beyond = p.beyond,
                              .factors = p.factors};
    flt_lead_table(&p.lead, p.min, out->lead);
    out->digit_run = flt_lead_digit_run(&p.lead, p.min);
    out->digit_chain = flt_lead_digit_chain(&p.lead, p.min);
    if (r.open > 0) {
        /* The head's own shape: analyse the closed pattern, which has no open quantifier left. */
        struct flt_shape closed;
        struct flt_buf again;
        flt_buf_init(&again, head->max);
        rc = flt_shape_analyse(flt_buf_str(head), caseless, &closed, &again, where, why);
        flt_buf_free(&again);
        if (rc != FLT_OK)
            return rc;
        *out = closed;
        out->kind = FLT_SHAPE_RUN;
        out->run = r.open_set;
        flt_byteset_or(&out->body, &r.open_set);
    }
    if (out->min == 0) {
        *where = 0;
        *why = "pattern can match nothing at all";
        return FLT_E_CONFIG;
    }
    if (out->max > FLT_SHAPE_MAX_WIDTH) {
        *where = 0;
        *why = "pattern can match more than 4096 bytes";
        return FLT_E_CONFIG;
    }
    return FLT_OK;
}
