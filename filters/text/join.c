/*
 * join.c: strings that a text hands out in pieces and puts together: glued literals, assigned names and the expressions
 * that use them, lists of short pieces, and the first letters of lists of words.
 */
#include "text/join.h"
#include "text/decode.h"
#include "text/masks.h"

#define VARS_MAX    64u
#define NAME_MAX    32u
#define LITERAL_MAX 256u
#define GAP_MAX     8u
#define SHORT       6u /* bytes of a piece in a list: whole words need no joining */
#define OUT_MAX     16384u
#define OUT_MIN     6u /* letters that are worth a text */

struct range {
    uint32_t from, to;
};
struct var {
    struct range name, value;
    bool used;
};
struct joiner {
    struct flt_str text;
    struct var var[VARS_MAX];
    unsigned n_vars;
    bool begins[256]; /* first bytes of their names */
    struct flt_mapper m;
    uint32_t last; /* source offset up to which the map has come */
    int rc;
};

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool name_byte(char c)
{
    return is_letter(c) || c == '_' || (c >= '0' && c <= '9');
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t over_blanks(struct flt_str t, size_t i, size_t most)
{
    size_t end = t.n - i > most ? i + most : t.n;
    while (i < end && is_blank(t.p[i]))
        i++;
    return i;
}

/* The literal that begins with the quote at `at`, on one line; *to is behind its closing quote. */
static bool literal_at(struct flt_str t, size_t at, struct range *value, size_t *to)
{
    char q = t.p[at];
    for (size_t i = at + 1; i < t.n && i - at <= LITERAL_MAX && t.p[i] != '\n'; i++) {
        if (t.p[i] == '\\') {
            i++;
        } else if (t.p[i] == q) {
            *value = (struct range){(uint32_t)at + 1, (uint32_t)i};
            *to = i + 1;
            return true;
        }
    }
    return false;
}

/* ---- for the probe --------------------------------------------------------------------------------------------- */

static bool is_glue(char c)
{
    return c == '+' || c == ',' || c == '.' || c == '&' || c == '~' || c == '|';
}

bool flt_join_glued(struct flt_str t, size_t at)
{
    size_t i = over_blanks(t, at + 1, GAP_MAX), glue = i;
    while (i < t.n && i - glue < 2 && is_glue(t.p[i]))
        i++;
    if (i == glue)
        return false;
    i = over_blanks(t, i, 2 * GAP_MAX);
    return i < t.n && is_quote(t.p[i]);
}

bool flt_join_assigns(struct flt_str t, size_t at)
{
    size_t i = over_blanks(t, at + 1, GAP_MAX);
    return i < t.n && is_quote(t.p[i]);
}

size_t flt_join_item(struct flt_str t, size_t from, size_t to)
{
    size_t i = from, digits;
    while (i < to && is_blank(t.p[i]))
        i++;
    if (i < to && (t.p[i] == '-' || t.p[i] == '*'))
        i++;
    for (digits = i; i < to && t.p[i] >= '0' && t.p[i] <= '9'; i++)
        ;
    if (i > digits && i < to && (t.p[i] == '.' || t.p[i] == ')' || t.p[i] == ':'))
        i++;
    while (i < to && is_blank(t.p[i]))
        i++;
    size_t first = i;
    while (i < to && is_letter(t.p[i]))
        i++;
    size_t end = i;
    while (i < to && (is_blank(t.p[i]) || t.p[i] == ',' || t.p[i] == '.' || t.p[i] == ';'))
        i++;
    return end > first && i == to ? first : to;
}

/* ---- putting together ------------------------------------------------------------------------------------------ */

/* A piece of the source. The map only goes on: a piece from further back stands for the expression that uses it. */
static void put(struct joiner *j, struct range r, struct range use)
{
    if (j->rc != FLT_OK || r.from == r.to)
        return;
    if (r.from >= j->last) {
        j->rc = flt_mapper_same(&j->m, j->text.p + r.from, r.to - r.from, r.from);
        j->last = r.to;
        return;
    }
    uint32_t from = use.from > j->last ? use.from : j->last, to = use.to > from ? use.to : from;
    j->rc = flt_mapper_atom(&j->m, j->text.p + r.from, r.to - r.from, from, to);
    j->last = to;
}

/* A sign that stands for nothing. */
static void put_sign(struct joiner *j, const char *sign)
{
    if (j->rc == FLT_OK)
        j->rc = flt_mapper_atom(&j->m, sign, 1, j->last, j->last);
}

/* `text` = literal: remembered. at: the '='. */
static void assign(struct joiner *j, size_t at)
{
    struct flt_str t = j->text;
    size_t name = at, end, i = over_blanks(t, at + 1, GAP_MAX);
    struct var v = {.used = false};
    while (name > 0 && at - name < GAP_MAX && (t.p[name - 1] == ' ' || t.p[name - 1] == ':'))
        name--;
    end = name;
    while (name > 0 && end - name <= NAME_MAX && name_byte(t.p[name - 1]))
        name--;
    if (j->n_vars == VARS_MAX || end == name || end - name > NAME_MAX || i >= t.n || !is_quote(t.p[i]) ||
        !literal_at(t, i, &v.value, &i))
        return;
    v.name = (struct range){(uint32_t)name, (uint32_t)end};
    j->begins[(uint8_t)t.p[name]] = true;
    j->var[j->n_vars++] = v;
}

static bool same_name(const struct joiner *j, const struct var *v, size_t at, size_t n)
{
    return v->name.to - v->name.from == n && memcmp(j->text.p + v->name.from, j->text.p + at, n) == 0;
}

/* One term of an expression: a literal or a known name. */
struct term {
    struct range value;
    uint32_t from, to;
    struct var *var; /* NULL for a literal */
};

static bool term_at(struct joiner *j, size_t at, struct term *term)
{
    struct flt_str t = j->text;
    size_t to = at;
    if (is_quote(t.p[at])) {
        if (!literal_at(t, at, &term->value, &to))
            return false;
        term->from = (uint32_t)at;
        term->to = (uint32_t)to;
        term->var = NULL;
        return true;
    }
    while (j->begins[(uint8_t)t.p[at]] && to < t.n && to - at <= NAME_MAX && name_byte(t.p[to]))
        to++;
    for (unsigned i = j->n_vars; to > at && i-- > 0;) {
        if (same_name(j, &j->var[i], at, to - at) && j->var[i].name.from != at) {
            *term = (struct term){j->var[i].value, (uint32_t)at, (uint32_t)to, &j->var[i]};
            return true;
        }
    }
    return false;
}

/* What stands between two terms. */
struct gap {
    size_t to;
    bool glue, comma, space, word;
};

static struct gap gap_at(struct flt_str t, size_t at)
{
    struct gap g = {.to = at};
    bool closed = false;
    for (; g.to < t.n && g.to - at < 2 * GAP_MAX; g.to++) {
        char c = t.p[g.to];
        if (c == '+' || c == '.' || c == '&' || c == '~' || c == '|')
            g.glue = true;
        else if (c == ',')
            g.comma = true;
        else if (c == '}' || c == '{')
            closed = g.glue = true;
        else if (c == ' ')
            g.space = g.space || closed; /* "{a} {b}" */
        else if (t.n - g.to >= 4 && memcmp(t.p + g.to, "and ", 4) == 0)
            g.word = true, g.to += 2;
        else if (!is_blank(c) && c != '$' && c != '(' && c != ')' && c != '#' && c != '%')
            break;
    }
    g.space = g.space && g.to > at && t.p[at] == '}';
    return g;
}

/* True when two pieces of a list may be of one word, or of one sentence: no list of names. */
static bool cuts(struct flt_str t, struct range a, struct range b)
{
    if (a.from == a.to || b.from == b.to)
        return false;
    char left = t.p[a.to - 1], right = t.p[b.from];
    bool prose = memchr(t.p + a.from, ' ', a.to - a.from) != NULL || memchr(t.p + b.from, ' ', b.to - b.from) != NULL;
    return prose && (is_letter(left) || left == ' ') && (right == ' ' || (right >= 'a' && right <= 'z'));
}

/* The terms from `first` on that are put together; where they end. Nothing is given out when `give` is false. */
static size_t chain(struct joiner *j, struct term first, unsigned *terms, bool give, uint32_t end)
{
    struct term prev = first, next;
    bool any_var = first.var != NULL, listed = false, small = true, cut = false;
    *terms = 1;
    if (give)
        put(j, first.value, (struct range){first.from, end});
    for (;;) {
        struct gap g = gap_at(j->text, prev.to);
        if (g.to == prev.to || g.to >= j->text.n || !term_at(j, g.to, &next))
            break;
        bool vars = prev.var != NULL && next.var != NULL;
        if (prev.var == NULL && next.var == NULL && !flt_join_glued(j->text, prev.to - 1))
            break;
        if (!g.glue && !(vars && (g.comma || g.word)) && !(!vars && g.comma))
            break;
        listed = listed || !g.glue;
        small = small && next.value.to - next.value.from <= SHORT && prev.value.to - prev.value.from <= SHORT;
        cut = cut || cuts(j->text, prev.value, next.value);
        any_var = any_var || next.var != NULL;
        if (give && g.space)
            put_sign(j, " ");
        if (give)
            put(j, next.value, (struct range){first.from, end});
        if (give && next.var != NULL)
            next.var->used = true;
        (*terms)++;
        prev = next;
    }
    if (give && first.var != NULL)
        first.var->used = true;
    if (listed && !any_var && (*terms < 3 || !(small || cut)))
        *terms = 1; /* a list of names says nothing new */
    return prev.to;
}

/* The 64 bytes from `base` on: where a name or a literal may begin. */
struct begins {
    size_t base;
    uint64_t at;
};

static void look_for_begins(struct flt_str t, struct begins *b, size_t base)
{
    struct flt_masks m;
    (void)flt_masks_at(t, base, &m);
    uint64_t word = m.of[FLT_C_LETTER] | m.of[FLT_C_DIGIT];
    *b = (struct begins){base, (word & ~(word << 1)) | m.of[FLT_C_QUOTE] | m.of[FLT_C_B64]}; /* one of B64 is _ */
}

/* The first such place at or behind i, t.n without one. */
static size_t next_begin(struct flt_str t, struct begins *b, size_t i)
{
    while (i < t.n) {
        if (i - b->base >= FLT_BLOCK)
            look_for_begins(t, b, i / FLT_BLOCK * FLT_BLOCK);
        uint64_t rest = b->at >> (i - b->base);
        if (rest != 0)
            return i + (unsigned)__builtin_ctzll(rest);
        i = b->base + FLT_BLOCK;
    }
    return t.n;
}

static void expressions(struct joiner *j)
{
    struct flt_str t = j->text;
    struct begins b;
    look_for_begins(t, &b, 0);
    for (size_t i = 0; j->rc == FLT_OK && (i = next_begin(t, &b, i)) < t.n;) {
        struct term first;
        bool begins = is_quote(t.p[i]) || (j->begins[(uint8_t)t.p[i]] && (i == 0 || !name_byte(t.p[i - 1])));
        /* A string with names in braces is no literal here: its quote is passed over. */
        bool braces = is_quote(t.p[i]) && i + 1 < t.n && (t.p[i + 1] == '{' || t.p[i + 1] == '$');
        if (!begins || braces || !term_at(j, i, &first)) {
            i++;
            continue;
        }
        unsigned terms = 0;
        uint32_t until = (uint32_t)chain(j, first, &terms, false, 0);
        if (terms >= 2) {
            (void)chain(j, first, &terms, true, until);
            put_sign(j, "\n");
            i = until;
        } else {
            i = first.var != NULL || until == first.to ? first.to : until;
        }
    }
}

/* A name of a piece, not of a setting: a, b2, part3. */
static bool piece_name(struct flt_str t, struct range name)
{
    char last = t.p[name.to - 1];
    return name.to - name.from <= 2 || (last >= '0' && last <= '9');
}

/* Assigned pieces that no expression uses: in their order. */
static void leftovers(struct joiner *j)
{
    unsigned n = 0;
    for (unsigned i = 0; i < j->n_vars; i++) {
        struct var *v = &j->var[i];
        v->used = v->used || !piece_name(j->text, v->name) || v->value.from < j->last;
        n += !v->used;
    }
    for (unsigned i = 0; n >= 2 && i < j->n_vars; i++)
        if (!j->var[i].used)
            put(j, j->var[i].value, j->var[i].value);
    if (n >= 2)
        put_sign(j, "\n");
}

/* First letters of lists, from where the map has come to. */
static void initials(struct joiner *j)
{
    struct flt_str t = j->text;
    uint32_t letter[FLT_JOIN_ITEMS];
    unsigned run = 0;
    for (size_t at = 0, end; j->rc == FLT_OK && at < t.n; at = end + 1) {
        const char *nl = memchr(t.p + at, '\n', t.n - at);
        end = nl != NULL ? (size_t)(nl - t.p) : t.n;
        size_t item = end - at <= FLT_JOIN_ITEM_MAX ? flt_join_item(t, at, end) : end;
        if (item == end || item < j->last) {
            if (run >= FLT_JOIN_ITEMS)
                put_sign(j, "\n");
            run = 0;
            continue;
        }
        if (run < FLT_JOIN_ITEMS)
            letter[run] = (uint32_t)item;
        for (unsigned i = 0; run + 1 == FLT_JOIN_ITEMS && i < run; i++)
            put(j, (struct range){letter[i], letter[i] + 1}, (struct range){0, 0});
        if (++run >= FLT_JOIN_ITEMS)
            put(j, (struct range){(uint32_t)item, (uint32_t)item + 1}, (struct range){0, 0});
    }
}

static bool worth(struct flt_str s)
{
    unsigned letters = 0;
    for (size_t i = 0; i < s.n && letters < OUT_MIN; i++)
        letters += is_letter(s.p[i]) || (uint8_t)s.p[i] >= 0x80;
    return letters == OUT_MIN;
}

int flt_join(struct flt_maker *k, struct flt_str text, struct flt_derived *out)
{
    struct joiner j = {.text = text};
    int status = FLT_OK;
    *out = (struct flt_derived){.view = FLT_VIEW_JOINED};
    size_t cap = text.n < OUT_MAX ? text.n : OUT_MAX;
    if (text.n >= UINT32_MAX) {
        k->left_out += text.n;
        return FLT_OK;
    }
    if (text.n == 0 || !flt_mapper_begin(&j.m, k, cap, text.n, &status))
        return status;
    const char *end = text.p + text.n;
    for (const char *p = text.p; p < end && (p = memchr(p, '=', (size_t)(end - p))) != NULL; p++)
        if (flt_join_assigns(text, (size_t)(p - text.p)))
            assign(&j, (size_t)(p - text.p));
    expressions(&j);
    leftovers(&j);
    initials(&j);
    if (j.rc != FLT_OK && j.rc != FLT_E_LIMIT)
        return flt_mapper_fail(&j.m, j.rc, text.n, out);
    if (j.rc == FLT_E_LIMIT)
        k->left_out += text.n - j.last; /* pieces used over and over: what there is, is given */
    flt_mapper_end(&j.m, (uint32_t)text.n, FLT_VIEW_JOINED, out);
    if (!worth(out->text)) {
        k->budget += out->text.n;
        *out = (struct flt_derived){.view = FLT_VIEW_JOINED};
    } else {
        flt_decode_clean(j.m.text, out->text.n);
    }
    return FLT_OK;
}
