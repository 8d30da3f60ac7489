/*
 * check_excerpt.c: a piece of the checked text on a terminal. The text is hostile: nothing of it may reach the terminal
 * as a command, so only characters that print leave as they are.
 */
#include <wchar.h>

#include "cli/check.h"

#define MARKS_MAX 3u  /* combining marks on one letter; Thai and Vietnamese need two, Tibetan three */
#define LABEL_MAX 16u /* "<U+10FFFF>" and an end */
#define GUTTER    8u

/* ---- characters ------------------------------------------------------------------------------------------------- */

struct range {
    uint32_t from, to;
};
/* Format, filler, private and variation characters: they print as nothing or as anything. Unicode 15, by category. */
static const struct range invisible[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},    {0x0600, 0x0605},
    {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},    {0x08e2, 0x08e2},
    {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},    {0x2028, 0x202e},
    {0x2060, 0x206f},   {0x2800, 0x2800},   {0x3164, 0x3164},   {0xd800, 0xf8ff},    {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffd},   {0x110bd, 0x110bd},  {0x110cd, 0x110cd},
    {0x13430, 0x1345f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
};

static bool is_invisible(uint32_t c)
{
    for (size_t i = 0; i < FLT_ARRAY_LEN(invisible); i++) {
        if (c <= invisible[i].to)
            return c >= invisible[i].from;
    }
    return false;
}

/* The code point at *at, which moves behind it. Ill-formed bytes, which a checked text does not have, are U+FFFD. */
static uint32_t next_point(struct flt_str s, size_t *at)
{
    static const uint8_t head[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const unsigned char *p = (const unsigned char *)s.p + *at;
    unsigned n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (n == 0 || n > s.n - *at) {
        (*at)++;
        return 0xfffd;
    }
    uint32_t c = p[0] & head[n];
    for (unsigned i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3f);
    *at += n;
    return c;
}

/* What a code point is on the terminal: its columns, and `name` unless it may stand as it is. */
static unsigned glyph(uint32_t c, unsigned *marks, char name[LABEL_MAX])
{
    int width = c < 0x7f ? 1 : wcwidth((wchar_t)c);
    name[0] = '\0';
    if (c == '\t') {
        snprintf(name, LABEL_MAX, " ");
        return 1;
    }
    *marks = width == 0 ? *marks + 1 : 0;
    if (!is_invisible(c) && width >= 0 && *marks <= MARKS_MAX)
        return (unsigned)width;
    return (unsigned)snprintf(name, LABEL_MAX, "<U+%04X>", (unsigned)c);
}

unsigned px_check_put(FILE *to, struct flt_str text, unsigned columns, size_t *read)
{
    unsigned used = 0, marks = 0;
    size_t at = 0;
    while (at < text.n) {
        char name[LABEL_MAX];
        size_t next = at;
        unsigned width = glyph(next_point(text, &next), &marks, name);
        if (used + width > columns)
            break;
        if (name[0] != '\0')
            fputs(name, to);
        else
            fwrite(text.p + at, 1, next - at, to);
        used += width;
        at = next;
    }
    if (read != NULL)
        *read = at;
    return used;
}

/* Columns that text takes, counted up to `most` only. */
static unsigned columns_of(struct flt_str text, unsigned most)
{
    unsigned used = 0, marks = 0;
    for (size_t at = 0; at < text.n && used < most;) {
        char name[LABEL_MAX];
        used += glyph(next_point(text, &at), &marks, name);
    }
    return used;
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

void px_check_find_line(struct flt_str text, size_t at, struct px_check_line *line)
{
    if (line->number == 0)
        *line = (struct px_check_line){.number = 1, .end = SIZE_MAX};
    while (true) {
        const char *nl = line->begin < text.n ? memchr(text.p + line->begin, '\n', text.n - line->begin) : NULL;
        line->end = nl != NULL ? (size_t)(nl - text.p) : text.n;
        if (nl == NULL || at <= line->end)
            return;
        line->begin = line->end + 1;
        line->number++;
    }
}

static bool inside_point(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t px_check_count(struct flt_str text, size_t from, size_t to)
{
    size_t n = 0;
    for (; from < to && from < text.n; from++)
        n += !inside_point(text.p[from]);
    return n;
}

/* ---- the excerpt ------------------------------------------------------------------------------------------------ */

/* Furthest offset at or above `least` from which text up to `at` takes at most `columns`. */
static size_t back(struct flt_str text, size_t at, size_t least, unsigned columns)
{
    unsigned used = 0;
    while (at > least) {
        size_t before = at - 1;
        while (before > least && inside_point(text.p[before]))
            before--;
        unsigned marks = 0;
        char name[LABEL_MAX];
        size_t end = before;
        used += glyph(next_point(text, &end), &marks, name);
        if (used > columns)
            break;
        at = before;
    }
    return at;
}

static struct flt_str part(struct flt_str text, size_t from, size_t to)
{
    return (struct flt_str){text.p + from, to - from};
}

static void repeat(FILE *to, char c, unsigned n)
{
    while (n-- != 0)
        fputc(c, to);
}

void px_check_excerpt(const struct px_check_view *v, const struct px_check_line *line, size_t start, size_t end,
                      FILE *to)
{
    const unsigned room = v->columns - GUTTER - 6; /* two times "..." */
    struct flt_str text = v->text;
    size_t stop = end < line->end ? end : line->end, last = line->end;
    if (last > line->begin && text.p[last - 1] == '\r')
        last--;
    if (stop > last)
        stop = last;
    if (start > stop)
        start = stop;
    unsigned found = columns_of(part(text, start, stop), room);
    unsigned around = found < room ? room - found : 0;
    /* What stands in front gets half of the room, and what the text behind does not need. */
    unsigned behind = columns_of(part(text, stop, last), around);
    unsigned left = behind < around / 2 ? around - behind : around - around / 2;
    size_t from = back(text, start, line->begin, left);
    unsigned lead = columns_of(part(text, from, start), room + 1), used, indent;
    size_t shown;
    if (lead > room) { /* heaps of marks on one letter, which take room only when they are written out */
        from = start;
        lead = 0;
    }
    fprintf(to, "%6zu| %s", line->number, from > line->begin ? "..." : "");
    indent = lead + (from > line->begin ? 3 : 0);
    (void)px_check_put(to, part(text, from, start), room, NULL);
    fputs(v->colour ? "\033[7m" : "", to);
    used = px_check_put(to, part(text, start, stop), room - lead, &shown);
    fputs(v->colour ? "\033[0m" : "", to);
    bool whole = start + shown == stop;
    if (whole)
        (void)px_check_put(to, part(text, stop, last), room - lead - used, &shown);
    fputs(!whole || stop + shown < last ? "...\n" : "\n", to);
    fputs("      | ", to);
    repeat(to, ' ', indent);
    repeat(to, '^', used != 0 ? used : 1);
    fputc('\n', to);
    if (end > line->end + 1)
        fprintf(to, "      | (it goes on below, %zu bytes in all)\n", end - start);
}
