/*
 * check.h: what `check` shows to people. Only for terminals: it has excerpts of the text, which records, logs and pipes
 * must never hold.
 */
#ifndef PX_CLI_CHECK_H
#define PX_CLI_CHECK_H

#include "cli/common.h"

/* One checked input. All is pinned for the call. */
struct px_check_view {
    const struct px_cli_engine *engine;
    const struct flt_decision *decision;
    const char *name;      /* of the input; "-" is standard input */
    struct flt_str text;   /* what was inspected, valid UTF-8 */
    struct flt_str edited; /* what would be sent on */
    bool body;             /* text is a JSON body: offsets of findings are not offsets of it */
    unsigned columns;      /* of the terminal */
    bool colour;
};
/* Columns of the terminal behind fd (80 where it does not say; 40 to 200), and whether colours are wanted (NO_COLOR,
 * TERM). */
void px_check_terminal(int fd, unsigned *columns, bool *colour);
/* Writes verdict, findings with excerpts and advice, what is sent on, and the exit status to a terminal. */
void px_check_show(const struct px_check_view *v, int status, FILE *to);

/*
 * Writes text to a terminal so that it cannot command it: control and invisible characters as <U+200B>, tabs as blanks,
 * at most a few combining marks on one letter. Stops before more than `columns` columns would be used; returns those
 * used. *read (may be NULL) = bytes of text that were written. text: valid UTF-8.
 */
unsigned px_check_put(FILE *to, struct flt_str text, unsigned columns, size_t *read);

/* A place of a text: the line (without its line feed) that holds a byte. */
struct px_check_line {
    size_t begin, end; /* bytes */
    size_t number;     /* from 1 */
};
/* Moves *line (all zero at first) on to the line that holds offset `at`; offsets must not fall from call to call. */
void px_check_find_line(struct flt_str text, size_t at, struct px_check_line *line);
/* Code points between two offsets of valid UTF-8. */
size_t px_check_count(struct flt_str text, size_t from, size_t to);
/* The line around [start, end), cut to the columns, and below it a line of marks under what was found. */
void px_check_excerpt(const struct px_check_view *v, const struct px_check_line *line, size_t start, size_t end,
                      FILE *to);

#endif
