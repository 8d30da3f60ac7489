/* spacing.c: one blank between words, whatever keeps them apart. Which gaps ask for it, and the view itself. */
#include "text/spacing.h"

#include "text/fold_gap.h"
#include "text/words.h"

#define RUN_MOST  32u /* bytes of a gap */
#define WORD_MOST 16u /* letters of a word in a row of single words */
#define LINE_MOST 64u /* bytes of a line that was cut short to break phrases */
#define REACH     96u /* bytes of text on each side of a part that the probe named: about a phrase */

static bool letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool small(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool sign(char c)
{
    return c == '*' || c == '_' || c == '~' || c == '|' || c == '-';
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool gap_byte(char c)
{
    return blank(c) || c == '\n' || c == '\r' || sign(c);
}

/* What a gap [from, to) is made of. */
struct gap {
    size_t from, to;
    unsigned blanks, signs, lines;
    bool plain; /* one blank, or too long to be a gap */
};

/* The gap that begins at text[at]. */
static struct gap gap_at(struct flt_str t, size_t at)
{
    struct gap g = {.from = at, .to = at};
    for (; g.to < t.n && g.to - at < RUN_MOST && gap_byte(t.p[g.to]); g.to++) {
        char c = t.p[g.to];
        g.blanks += blank(c);
        g.signs += sign(c);
        g.lines += c == '\n';
    }
    g.plain = (g.to - at == 1 && t.p[at] == ' ') || (g.to < t.n && g.to - at == RUN_MOST && gap_byte(t.p[g.to]));
    return g;
}

/* ---- what asks -------------------------------------------------------------------------------------------------- */

/* Where the word that ends before `end` begins, and where the one that begins at `from` ends; letters at the limit. */
static size_t word_begin(struct flt_str t, size_t end)
{
    size_t i = end;
    while (i > 0 && end - i < WORD_MOST && letter(t.p[i - 1]))
        i--;
    return i;
}

static size_t word_end(struct flt_str t, size_t from)
{
    size_t i = from;
    while (i < t.n && i - from < WORD_MOST && letter(t.p[i]))
        i++;
    return i;
}

/* The gap behind the word that begins at text[at]; false when it is no single word, or no such gap follows. */
static bool gap_behind(struct flt_str t, size_t at, struct gap *g)
{
    size_t i = word_end(t, at);
    if (i == at)
        return false;
    *g = gap_at(t, i);
    return g->to > i && !g->plain && g->lines == 0 && g->to < t.n && letter(t.p[g->to]);
}

/* The same of the word that ends before text[end]. */
static bool gap_before(struct flt_str t, size_t end, struct gap *g)
{
    size_t i = word_begin(t, end), from = i;
    while (from > 0 && i - from < RUN_MOST && gap_byte(t.p[from - 1]))
        from--;
    if (i == end || from == i || from == 0 || !letter(t.p[from - 1]))
        return false;
    *g = gap_at(t, from);
    return !g->plain && g->lines == 0 && g->to == i;
}

/* True for a common word, or the begin of one: most identifiers have another among theirs. */
static bool known(struct flt_str t, size_t from, size_t to)
{
    char low[WORD_MOST] = {0};
    for (size_t i = from; i < to; i++)
        low[i - from] = (char)(t.p[i] | 0x20);
    if (to - from == 1)
        return low[0] == 'a' || low[0] == 'i';
    return to > from && flt_words_known((struct flt_str){low, to - from});
}

/*
 * True for a gap with others before and behind it (either: of the two, where one will do), one word between each two;
 * all of these words are common ones. Of a longer row, the first and the last are near one that is in the middle.
 */
static bool in_row(struct flt_str t, const struct gap *g, bool either)
{
    struct gap first = *g, last = *g;
    bool before = gap_before(t, g->from, &first);
    if (!before && !either)
        return false;
    bool behind = gap_behind(t, g->to, &last);
    if (either ? !before && !behind : !behind)
        return false;
    return known(t, word_begin(t, g->from), g->from) && known(t, g->to, word_end(t, g->to)) &&
           (!before || known(t, word_begin(t, first.from), first.from)) &&
           (!behind || known(t, last.to, word_end(t, last.to)));
}

/* True when the line before or behind the gap is short, and broken off like this one. */
static bool short_line(struct flt_str t, const struct gap *g, bool behind)
{
    size_t i;
    if (behind) {
        const char *end = memchr(t.p + g->to, '\n', t.n - g->to < LINE_MOST ? t.n - g->to : LINE_MOST);
        i = end != NULL ? (size_t)(end - t.p) : t.n;
    } else {
        const char *end = memrchr(t.p + (g->from < LINE_MOST ? 0 : g->from - LINE_MOST), '\n',
                                  g->from < LINE_MOST ? g->from : LINE_MOST);
        i = end != NULL ? (size_t)(end - t.p) : t.n;
    }
    return i > 0 && i + 1 < t.n && letter(t.p[i - 1]) && small(t.p[i + 1]);
}

/* True when the mark of emphasis that opens before text[at] is closed on the line. */
static bool closed(struct flt_str t, size_t at, char mark)
{
    for (size_t i = at + 1; i + 1 < t.n && i - at < LINE_MOST && t.p[i] != '\n'; i++) {
        if (t.p[i] == mark && t.p[i + 1] == mark)
            return letter(t.p[i - 1]);
    }
    return false;
}

bool flt_spacing_asks(struct flt_str t, size_t at)
{
    struct gap g = gap_at(t, at);
    if (g.plain || g.to == t.n || !letter(t.p[g.to]))
        return false;
    if (g.lines != 0)
        return g.lines == 1 && g.to - at == 1 && small(t.p[g.to]) &&
               (short_line(t, &g, false) || short_line(t, &g, true));
    if (g.signs == 0)
        return g.to - at > 1 || in_row(t, &g, true);
    char c = t.p[at] == ' ' ? t.p[g.to - 1] : t.p[at]; /* a sign, unless there are blanks on both sides */
    bool marks = g.signs == 2 && g.blanks == 1 && sign(c) && c != '-' && c != '|';
    return (marks && (c == t.p[at] || closed(t, g.to, c))) || in_row(t, &g, g.blanks == 1);
}

/* ---- the view --------------------------------------------------------------------------------------------------- */

/* One sign between two words, as identifiers and compounds have it, unless there is another gap beside it. */
static bool lone_sign(struct flt_str t, const struct gap *g)
{
    size_t a = word_begin(t, g->from), b = word_end(t, g->to);
    if (g->to - g->from != 1 || g->signs != 1)
        return false;
    return !(a > 0 && sign(t.p[a - 1])) && !(b < t.n && sign(t.p[b]));
}

/* True for the gap that is to be read as one blank. */
static bool reads_as_blank(struct flt_str t, const struct gap *g)
{
    if (g->plain || g->from == 0 || g->to == t.n || t.p[g->from - 1] == '\n' || gap_byte(t.p[g->from - 1]))
        return false;
    char left = t.p[g->from - 1], right = t.p[g->to];
    if (g->lines != 0)
        return g->lines == 1 && g->signs == 0 && (letter(left) || left == ',') && letter(right);
    return g->signs == 0 || ((letter(left) || letter(right)) && !lone_sign(t, g));
}

/* Copies text[from, to) with its gaps as blanks. A blank at an end of the gap is that blank. */
static int copy(struct flt_mapper *m, struct flt_str t, size_t from, size_t to)
{
    int rc = FLT_OK;
    size_t run = from;
    for (size_t i = from; rc == FLT_OK && i < to;) {
        if (!gap_byte(t.p[i])) {
            i++;
            continue;
        }
        struct gap g = gap_at(t, i);
        if (g.to > to || !reads_as_blank(t, &g)) {
            i = g.to;
            continue;
        }
        bool first = t.p[g.from] == ' ', last = t.p[g.to - 1] == ' ';
        rc = flt_mapper_same(m, t.p + run, (uint32_t)(g.from + first - run), (uint32_t)run);
        if (rc == FLT_OK && !first && !last)
            rc = flt_mapper_atom(m, " ", 1, (uint32_t)g.from, (uint32_t)g.to);
        run = g.to - (!first && last);
        i = g.to;
    }
    return rc == FLT_OK && to > run ? flt_mapper_same(m, t.p + run, (uint32_t)(to - run), (uint32_t)run) : rc;
}

/* The next part, or parts that follow each other, at or behind `at` that the probe named; false without one. */
static bool next_part(const struct flt_places *places, size_t n, size_t at, size_t *from, size_t *to)
{
    size_t one = (size_t)1 << places->shift;
    *from = flt_places_next(places, FLT_VIEW_FOLDED, at);
    if (*from >= n)
        return false;
    *to = (*from | (one - 1)) + 1;
    while (*to < n && flt_places_next(places, FLT_VIEW_FOLDED, *to) == *to)
        *to += one;
    *to = *to < n ? *to : n;
    return true;
}

/* What is left away behind `from`, where a part ended; *to: where the next ends, from itself without one. */
static struct flt_gap skipped(const struct flt_maker *k, struct flt_str t, size_t from, size_t *to)
{
    size_t begin;
    if (!next_part(k->places, t.n, from, &begin, to))
        begin = *to = t.n;
    return flt_gap_find(t, from, begin, REACH, REACH);
}

/* A line end for what is left away: it stands for the last character of that. */
static int line_end(struct flt_mapper *m, struct flt_str t, struct flt_gap gap)
{
    size_t before = gap.to - 1;
    while (before > gap.from && gap.to - before < 4 && (t.p[before] & 0xC0) == 0x80)
        before--;
    return flt_mapper_atom(m, "\n", 1, (uint32_t)before, (uint32_t)gap.to);
}

int flt_spacing(struct flt_maker *k, struct flt_str text, struct flt_derived *out)
{
    struct flt_mapper m;
    size_t cap = 0, from = 0, to = 0;
    int rc;
    *out = (struct flt_derived){.view = FLT_VIEW_FOLDED};
    if (k->places == NULL || text.n >= UINT32_MAX || flt_places_next(k->places, FLT_VIEW_FOLDED, 0) >= text.n)
        return FLT_OK;
    for (size_t part = 0; from < text.n; part = to) {
        struct flt_gap gap = skipped(k, text, part, &to);
        cap += gap.from - from + 1;
        from = gap.to;
    }
    if (!flt_mapper_begin(&m, k, cap, text.n, &rc))
        return rc;
    from = to = 0;
    for (size_t part = 0; rc == FLT_OK && from < text.n; part = to) {
        struct flt_gap gap = skipped(k, text, part, &to);
        rc = copy(&m, text, from, gap.from);
        from = gap.to;
        if (rc == FLT_OK && gap.from < from && from < text.n)
            rc = line_end(&m, text, gap);
    }
    if (rc != FLT_OK)
        return flt_mapper_fail(&m, rc, text.n, out);
    flt_mapper_end(&m, (uint32_t)text.n, FLT_VIEW_FOLDED, out);
    return FLT_OK;
}
