/*
 * skeleton.c: look-alike letters to the ASCII letters that they are read as (confusables of UTS #39, on folded text).
 *
 * What a word is decides: one that mixes ASCII (or Latin letter forms) with look-alikes is read as ASCII; one that
 * consists of exact look-alikes only is, when the words around it are Latin; one of Greek letters that are used freely
 * for Latin ones is, beside a word that mixes both or in a row of such words that reads as English. Any other word in
 * another script is just a word. So prose in Cyrillic or Greek stays as it is, and Latin letter forms (small capitals,
 * turned letters) and letter symbols (regional indicators, negative circles) are always read as letters.
 */
#include "text/fold_gap.h"
#include "text/leet_read.h"
#include "text/skeleton_turn.h"
#include "text/skeleton_word.h"
#include "text/utf8.h"

enum context { EDGE, LATIN, FOREIGN };
#define LONE_LEAST  4u     /* letters of look-alikes that are a whole text */
#define GREEK_LEAST 4u     /* letters of a row in Greek letters whose English is judged, */
#define LONE_GREEK  12u    /* and of one without any other word around */
#define ENGLISH     (-4.8) /* mean log2 probability of a letter; prose of a few words lies above */
#define GREEK_NEAR  120u   /* bytes on both sides of such a row, within which there may be GREEK_WORDS at most */
#define GREEK_WORDS 2u
#define NEIGHBOURS  2u /* words on each side of a mixed one that are read like it */
#define MIXED_LEAST 3u /* letters of a mixed word: shorter ones are units of measurement */

struct skeleton {
    struct flt_maker *maker;
    struct flt_mapper m;
    struct flt_str text;
    size_t run; /* bytes from here on are still to be copied */
    bool begun, refused;
};

/* A row of words that may be read, not yet decided on, and what stands before it. */
struct row {
    size_t from, to;
    size_t letters;
    unsigned words;
    unsigned greek; /* words with Greek letters that only resemble */
    enum context left;
    unsigned since; /* words since a mixed one, up to the row; NEIGHBOURS or more: none near */
};

static bool letter(unsigned char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool alnum(unsigned char c)
{
    return letter(c) || (unsigned char)(c - '0') < 10;
}

static int copy_upto(struct skeleton *s, size_t to)
{
    if (to <= s->run)
        return FLT_OK;
    return flt_gap_copy(&s->m, s->text, s->run, to, flt_gap_find(s->text, s->run, to, FLT_GAP_NEAR, FLT_GAP_NEAR));
}

static int put(struct skeleton *s, size_t from, size_t to, struct flt_str text)
{
    int rc = FLT_OK;
    if (!s->begun) {
        s->begun = flt_mapper_begin(&s->m, s->maker, s->text.n, s->text.n, &rc);
        s->refused = !s->begun;
    }
    if (!s->begun)
        return rc;
    rc = copy_upto(s, from);
    if (rc == FLT_OK)
        rc = flt_mapper_atom(&s->m, text.p, (uint32_t)text.n, (uint32_t)from, (uint32_t)to);
    s->run = to;
    return rc;
}

/* Writes the readings of the letters above ASCII in a word, one by one. */
static int read_letters(struct skeleton *s, const struct flt_word *w)
{
    int rc = FLT_OK;
    const struct flt_str part = {s->text.p, w->to};
    for (size_t i = w->from, next; i < w->to && rc == FLT_OK && !s->refused; i = next) {
        uint32_t cp;
        next = i;
        (void)flt_utf8_next(part, &next, &cp);
        struct flt_str reading = cp >= 0x80 ? flt_word_letter(part, i) : (struct flt_str){"", 0};
        if (reading.n != 0)
            rc = put(s, i, next, reading);
    }
    return rc;
}

/* Writes a word as the English one that it is likeliest to be. */
static int read_word(struct skeleton *s, const struct flt_word *w)
{
    char out[FLT_READ_MOST];
    uint8_t len[FLT_READ_MOST];
    size_t n = w->to - w->from;
    if (w->greek == 0 || n > FLT_READ_MOST)
        return read_letters(s, w);
    (void)flt_word_read(s->text, w, out, len);
    int rc = FLT_OK;
    const struct flt_str part = {s->text.p, w->to};
    size_t written = 0;
    for (size_t i = w->from, next; i < w->to && rc == FLT_OK && !s->refused; i = next) {
        uint32_t cp;
        next = i;
        (void)flt_utf8_next(part, &next, &cp);
        if (cp >= 0x80 && flt_word_letter(part, i).n != 0)
            rc = put(s, i, next, (struct flt_str){out + written, len[i - w->from]});
        written += len[i - w->from];
    }
    return rc;
}

/* The words of a row: all, or those that are near a mixed word before or behind it. */
static int read_row(struct skeleton *s, const struct row *row, bool all, bool mixed_behind)
{
    int rc = FLT_OK;
    const struct flt_str part = {s->text.p, row->to};
    struct flt_word w;
    bool ideographs;
    unsigned k = 0;
    for (size_t at = row->from; rc == FLT_OK && !s->refused && flt_word_next(part, &at, &w, &ideographs);) {
        if (w.of[FLT_LOOK_EXACT] + w.of[FLT_LOOK_GREEK] == 0)
            continue; /* a number */
        if (all || row->since + k < NEIGHBOURS || (mixed_behind && row->words - k <= NEIGHBOURS))
            rc = read_word(s, &w);
        k++;
    }
    return rc;
}

/* Letters near the row that Greek has and that nothing Latin looks like, up to one more than there may be. */
static unsigned real_greek(const struct skeleton *s, const struct row *row)
{
    static const char rare[] = "\xCE\xB6\xCE\xB8\xCE\xBB\xCE\xBE\xCF\x80\xCF\x82\xCF\x86\xCF\x88";
    size_t from = row->from > GREEK_NEAR ? row->from - GREEK_NEAR : 0, found = 0;
    size_t to = s->text.n - row->to > GREEK_NEAR ? row->to + GREEK_NEAR : s->text.n;
    for (size_t i = from; i + 1 < to && found <= GREEK_WORDS; i++) {
        if (i == row->from)
            i = row->to;
        for (unsigned k = 0; i + 1 < to && k + 1 < sizeof(rare); k += 2)
            found += s->text.p[i] == rare[k] && s->text.p[i + 1] == rare[k + 1];
    }
    return (unsigned)found;
}

/* True when the row's words read as English. */
static bool english(const struct skeleton *s, const struct row *row)
{
    const struct flt_str part = {s->text.p, row->to};
    struct flt_word w;
    bool ideographs;
    double sum = 0;
    size_t letters = 0;
    for (size_t at = row->from; flt_word_next(part, &at, &w, &ideographs);) {
        char out[FLT_READ_MOST];
        uint8_t len[FLT_READ_MOST];
        size_t n = w.of[FLT_LOOK_EXACT] + w.of[FLT_LOOK_GREEK];
        if (n == 0)
            continue;
        sum += flt_word_read(s->text, &w, out, len) * (double)n;
        letters += n;
    }
    return letters != 0 && sum / (double)letters >= ENGLISH;
}

static int decide_row(struct skeleton *s, struct row *row, enum context right, bool mixed)
{
    int rc = FLT_OK;
    bool foreign = row->left == FOREIGN || right == FOREIGN, lone = row->left == EDGE && right == EDGE;
    if (row->letters != 0 && row->greek == 0) {
        if (!foreign && (!lone || row->letters >= LONE_LEAST))
            rc = read_row(s, row, true, mixed);
    } else if (row->letters != 0) {
        bool all = !foreign && row->letters >= (lone ? LONE_GREEK : GREEK_LEAST) && english(s, row) &&
                   real_greek(s, row) <= GREEK_WORDS;
        if (all || mixed || row->since < NEIGHBOURS)
            rc = read_row(s, row, all, mixed);
    }
    unsigned since = row->since + row->words < NEIGHBOURS ? row->since + row->words : NEIGHBOURS;
    *row = (struct row){.left = right, .since = mixed ? 0 : since};
    return rc;
}

/* A word that is no part of a row ends it. */
static int take_other(struct skeleton *s, struct row *row, enum context c, bool mixed)
{
    int rc = decide_row(s, row, c, mixed);
    row->since += !mixed && row->since < NEIGHBOURS;
    return rc;
}

/* One word, in its context. */
static int take_word(struct skeleton *s, struct row *row, const struct flt_word *w)
{
    const unsigned *of = w->of;
    unsigned readable = of[FLT_LOOK_EXACT] + of[FLT_LOOK_SIMILAR] + of[FLT_LOOK_ALWAYS] + of[FLT_LOOK_GREEK];
    unsigned latin = w->upper + w->lower + of[FLT_LOOK_ALWAYS];
    if (latin != 0) {
        int rc = take_other(s, row, LATIN, w->greek != 0 && latin + w->greek >= MIXED_LEAST);
        return rc == FLT_OK && readable + w->greek != 0 ? read_word(s, w) : rc;
    }
    if (of[FLT_LOOK_SIMILAR] + of[FLT_LOOK_NONE] != 0)
        return take_other(s, row, FOREIGN, false);
    unsigned own = of[FLT_LOOK_EXACT] + of[FLT_LOOK_GREEK];
    if (own == 0)
        return FLT_OK; /* a number */
    if (row->letters == 0)
        row->from = w->from;
    row->letters += own;
    row->words++;
    row->greek += of[FLT_LOOK_GREEK] != 0;
    row->to = w->to;
    return FLT_OK;
}

/*
 * Passes over a run of ASCII that ends at `end`, but for its last word, which may go on in other letters. Any word in
 * it makes Latin surroundings.
 */
static int pass_ascii(struct skeleton *s, struct row *row, size_t *at, size_t end)
{
    size_t i = *at, last = end;
    while (last > i && alnum((unsigned char)s->text.p[last - 1]))
        last--;
    while (i < last && !letter((unsigned char)s->text.p[i]))
        i++;
    *at = last;
    if (i == last)
        return FLT_OK;
    int rc = take_other(s, row, LATIN, false);
    for (; i < last && row->since < NEIGHBOURS; i++)
        row->since += i + 1 < last && letter((unsigned char)s->text.p[i + 1]) && !alnum((unsigned char)s->text.p[i]);
    return rc;
}

/* Reads the words of text[from, to). */
static int read_words(struct skeleton *s, size_t from, size_t to)
{
    struct row row = {.left = EDGE, .since = NEIGHBOURS};
    int rc = FLT_OK;
    const struct flt_str part = {s->text.p, to};
    for (size_t i = from; i < to && rc == FLT_OK && !s->refused;) {
        size_t ascii = flt_utf8_ascii_run((struct flt_str){part.p + i, to - i});
        if (ascii > 1)
            rc = pass_ascii(s, &row, &i, i + ascii);
        struct flt_word w;
        bool ideographs = false;
        if (rc == FLT_OK && flt_word_next(part, &i, &w, &ideographs))
            rc = take_word(s, &row, &w);
        else if (rc == FLT_OK && ideographs)
            rc = take_other(s, &row, FOREIGN, false);
    }
    return rc == FLT_OK ? decide_row(s, &row, EDGE, false) : rc;
}

/* A stretch of upside-down writing, read the right way up as one piece. */
static int read_turned(struct skeleton *s, size_t from, size_t to)
{
    char *upright = flt_arena_alloc(s->maker->arena, to - from + 1);
    if (upright == NULL)
        return FLT_E_NOMEM;
    struct flt_str part = {s->text.p + from, to - from};
    return put(s, from, to, (struct flt_str){upright, flt_turned_write(part, upright)});
}

/* Line by line, for the sake of upside-down writing. */
static int read_lines(struct skeleton *s)
{
    size_t done = 0; /* words are read up to here */
    int rc = FLT_OK;
    for (size_t begin = 0; begin < s->text.n && rc == FLT_OK && !s->refused;) {
        const char *feed = memchr(s->text.p + begin, '\n', s->text.n - begin);
        size_t end = feed != NULL ? (size_t)(feed - s->text.p) : s->text.n, from, to;
        if (flt_turned_find((struct flt_str){s->text.p + begin, end - begin}, &from, &to)) {
            rc = read_words(s, done, begin + from);
            if (rc == FLT_OK && !s->refused)
                rc = read_turned(s, begin + from, begin + to);
            done = begin + to;
        }
        begin = end + 1;
    }
    return rc == FLT_OK && !s->refused ? read_words(s, done, s->text.n) : rc;
}

int flt_skeleton(struct flt_maker *k, struct flt_str text, struct flt_derived *out)
{
    *out = (struct flt_derived){.view = FLT_VIEW_SKELETON};
    if (text.n >= UINT32_MAX) {
        k->left_out += text.n;
        return FLT_OK;
    }
    if (flt_utf8_ascii_run(text) == text.n)
        return FLT_OK;
    struct skeleton s = {.maker = k, .text = text};
    int rc = flt_turned_any(text) ? read_lines(&s) : read_words(&s, 0, text.n);
    if (!s.begun)
        return rc;
    if (rc == FLT_OK)
        rc = copy_upto(&s, text.n);
    if (rc != FLT_OK)
        return flt_mapper_fail(&s.m, rc, text.n, out);
    flt_mapper_end(&s.m, (uint32_t)text.n, FLT_VIEW_SKELETON, out);
    return FLT_OK;
}
