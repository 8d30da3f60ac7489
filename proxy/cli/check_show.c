/* check_show.c: the result of `check` for people on a terminal: verdict, findings with excerpts, what to do, exit
 * status. */
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/check.h"

#define PLACES_MAX  40u /* where something was found */
#define LINES_MAX   24u /* of the text that is sent on */
#define COLUMNS_MIN 40u
#define COLUMNS_MAX 200u

void px_check_terminal(int fd, unsigned *columns, bool *colour)
{
    struct winsize size = {0};
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    *columns = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
    *columns = *columns < COLUMNS_MIN ? COLUMNS_MIN : *columns > COLUMNS_MAX ? COLUMNS_MAX : *columns;
    *colour = (no == NULL || no[0] == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static const char *const done_words[] = {[FLT_ACT_ALLOW] = "nothing",
                                         [FLT_ACT_ANNOTATE] = "noted",
                                         [FLT_ACT_REDACT] = "redacted",
                                         [FLT_ACT_BLOCK] = "blocked"};
static const char *const verdict_words[] = {[FLT_ACT_ALLOW] = "ALLOW",
                                            [FLT_ACT_ANNOTATE] = "ALLOW, with notes",
                                            [FLT_ACT_REDACT] = "REDACT",
                                            [FLT_ACT_BLOCK] = "BLOCK"};
static const char *const verdict_colours[] = {[FLT_ACT_ALLOW] = "\033[1;32m",
                                              [FLT_ACT_ANNOTATE] = "\033[1;36m",
                                              [FLT_ACT_REDACT] = "\033[1;33m",
                                              [FLT_ACT_BLOCK] = "\033[1;31m"};

static const char *const view_words[FLT_VIEW_COUNT] = {
    [FLT_VIEW_RAW] = "as it stands",
    [FLT_VIEW_FOLDED] = "letters in other styles or invisible characters",
    [FLT_VIEW_SKELETON] = "look-alike letters",
    [FLT_VIEW_LEET] = "digits and signs for letters",
    [FLT_VIEW_SQUASHED] = "spaced-out or broken words",
    [FLT_VIEW_JOINED] = "pieces to be put together",
    [FLT_VIEW_BASE64] = "base64",
    [FLT_VIEW_BASE32] = "base32",
    [FLT_VIEW_ASCII85] = "Ascii85",
    [FLT_VIEW_HEX] = "hexadecimal",
    [FLT_VIEW_PERCENT] = "percent-encoding",
    [FLT_VIEW_ENTITY] = "HTML entities",
    [FLT_VIEW_ESCAPE] = "backslash escapes",
    [FLT_VIEW_QUOTED] = "quoted-printable",
    [FLT_VIEW_BINARY] = "binary digits",
    [FLT_VIEW_MORSE] = "Morse code",
    [FLT_VIEW_TAGS] = "invisible tag characters",
    [FLT_VIEW_VARIATION] = "invisible variation selectors",
    [FLT_VIEW_SNEAKY] = "invisible operators",
    [FLT_VIEW_ROT] = "rotated letters",
    [FLT_VIEW_ATBASH] = "the alphabet turned round",
    [FLT_VIEW_REVERSED] = "reversed letters",
};

static const char *const advice[FLT_CLASS_COUNT] = {
    [FLT_CLASS_INJECTION] =
        "It gives the model orders against its instructions: find out who wrote it, and take it out "
        "or quote it as data.",
    [FLT_CLASS_JAILBREAK] = "It is meant to talk the model out of its rules: take it out, or ask for what is wanted in "
                            "plain words.",
    [FLT_CLASS_SECRETS] =
        "Take the value out, and where it is real revoke and replace it: a key that stood in a prompt "
        "is known.",
    [FLT_CLASS_PII] = "Leave personal data out, or write a placeholder: the answer seldom needs the value.",
    [FLT_CLASS_IP] = "Check that you may pass this on: it carries someone's terms or marks of confidentiality.",
    [FLT_CLASS_EXFIL] = "It carries data to another place: check the address, and take the link or the order out.",
    [FLT_CLASS_OUTPUT] = "Do not hand this to a browser, shell or database as it is: escape it first.",
    [FLT_CLASS_UNICODE] = "It has characters that people do not see or misread: type the text anew, or take them out.",
};

static void put_str(FILE *to, struct flt_str s)
{
    (void)px_check_put(to, s, COLUMNS_MAX, NULL);
}

/* "base64, then look-alike letters"; not for raw */
static void put_views(FILE *to, const struct flt_finding *f)
{
    fputs(view_words[f->view[0]], to);
    for (unsigned i = 1; i < FLT_CHAIN_MAX && f->view[i] != FLT_VIEW_RAW; i++)
        fprintf(to, ", then %s", view_words[f->view[i]]);
}

/* ---- findings --------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct flt_finding *x = *(const struct flt_finding *const *)a, *y = *(const struct flt_finding *const *)b;
    if (x->span != y->span)
        return x->span < y->span ? -1 : 1;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static bool same_place(const struct flt_finding *a, const struct flt_finding *b)
{
    return a->span == b->span && a->start == b->start && a->end == b->end;
}

static bool same_views(const struct flt_finding *a, const struct flt_finding *b)
{
    return memcmp(a->view, b->view, sizeof(a->view)) == 0;
}

/* Where it is, and what stands there. */
static void put_place(const struct px_check_view *v, const struct flt_finding *f, struct px_check_line *line, FILE *to)
{
    if (v->body) {
        fprintf(to, "  in text %u of the body (%s), bytes %u to %u\n", f->span, flt_role_names[f->role], f->start,
                f->end);
        return;
    }
    px_check_find_line(v->text, f->start, line);
    fprintf(to, "  line %zu, column %zu, bytes %u to %u\n", line->number,
            px_check_count(v->text, line->begin, f->start) + 1, f->start, f->end);
    px_check_excerpt(v, line, f->start, f->end, to);
}

/* f[0 .. n): the same rule at the same place, in one or more views. */
static void put_rule(const struct px_check_view *v, const struct flt_finding *const *f, unsigned n,
                     const struct flt_rule_info *r, FILE *to)
{
    fputs(v->colour ? "\033[1m" : "", to);
    put_str(to, r->id);
    fputs(v->colour ? "\033[0m  " : "  ", to);
    put_str(to, r->title);
    fprintf(to, "\n  %s, %s severity, %s%s", flt_class_names[r->class_], flt_severity_names[r->severity],
            f[0]->would != f[0]->action ? "would be " : "", done_words[f[0]->would]);
    const char *glue = "; disguised as: ";
    for (unsigned i = 0; i < n; i++) {
        bool told = f[i]->view[0] == FLT_VIEW_RAW;
        for (unsigned j = 0; j < i && !told; j++)
            told = same_views(f[i], f[j]);
        if (told)
            continue;
        fputs(glue, to);
        put_views(to, f[i]);
        glue = "; ";
    }
    fputc('\n', to);
}

/* f[0 .. n): everything found at one place. */
static void put_group(const struct px_check_view *v, const struct flt_finding *const *f, unsigned n,
                      struct px_check_line *line, FILE *to)
{
    unsigned classes = 0, run;
    fputc('\n', to);
    for (unsigned i = 0; i < n; i += run) {
        struct flt_rule_info r;
        for (run = 1; i + run < n && f[i]->rule == f[i + run]->rule; run++)
            ;
        flt_snapshot_rule(v->engine->snapshot, f[i]->rule, &r);
        put_rule(v, f + i, run, &r, to);
        classes |= 1u << r.class_;
    }
    put_place(v, f[0], line, to);
    for (unsigned c = 0; c < FLT_CLASS_COUNT; c++) {
        if (classes & 1u << c)
            fprintf(to, "  %s\n", advice[c]);
    }
}

/* Fills f with the findings to show, by place, and returns how many: where there are very many, mere notes give way. */
static uint32_t choose(const struct flt_decision *d, const struct flt_finding **f)
{
    bool notes = d->n_findings <= PLACES_MAX || d->would <= FLT_ACT_ANNOTATE;
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n_findings; i++) {
        if (notes || d->findings[i].would > FLT_ACT_ANNOTATE)
            f[n++] = &d->findings[i];
    }
    qsort(f, n, sizeof(*f), by_place);
    return n;
}

static void put_findings(const struct px_check_view *v, const struct flt_finding **f, uint32_t n, FILE *to)
{
    struct px_check_line line = {0};
    unsigned shown = 0;
    uint32_t i = 0, run;
    for (; i < n && shown < PLACES_MAX; i += run, shown++) {
        for (run = 1; i + run < n && same_place(f[i], f[i + run]); run++)
            ;
        put_group(v, f + i, run, &line, to);
    }
    n = v->decision->n_findings - i;
    if (n != 0)
        fprintf(to, "\n... and %u more; --format json lists them all\n", n);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void put_verdict(const struct px_check_view *v, FILE *to)
{
    const struct flt_decision *d = v->decision;
    fprintf(to, "%s%s%s", v->colour ? verdict_colours[d->would] : "", verdict_words[d->would],
            v->colour ? "\033[0m" : "");
    if (d->would != d->action)
        fputs(" (monitor mode: it would, and is let through)", to);
    fprintf(to, "  score %.2f  ", d->score);
    if (strcmp(v->name, "-") == 0)
        fputs("standard input", to);
    else
        put_str(to, flt_str_of(v->name));
    fputc('\n', to);
}

/* The redacted text, harmless to the terminal. */
static void put_edited(const struct px_check_view *v, FILE *to)
{
    struct flt_str rest = v->edited;
    fprintf(to, "\nWhat is sent on:\n");
    for (unsigned i = 0; rest.n != 0 && i < LINES_MAX; i++) {
        const char *nl = memchr(rest.p, '\n', rest.n);
        struct flt_str line = {rest.p, nl != NULL ? (size_t)(nl - rest.p) : rest.n};
        size_t whole = line.n, shown;
        if (line.n != 0 && line.p[line.n - 1] == '\r')
            line.n--;
        fputs("  ", to);
        (void)px_check_put(to, line, v->columns - 6, &shown);
        fputs(shown < line.n ? "...\n" : "\n", to);
        rest.p += whole + (nl != NULL);
        rest.n -= whole + (nl != NULL);
    }
    if (rest.n != 0)
        fprintf(to, "  ... (%zu more bytes)\n", rest.n);
}

static void put_summary(const struct flt_decision *d, int status, FILE *to)
{
    unsigned n[4] = {0};
    for (uint32_t i = 0; i < d->n_findings; i++)
        n[d->findings[i].would]++;
    if (d->n_findings == 0)
        fputs("\nNothing found", to);
    else
        fprintf(to, "\n%u finding%s", d->n_findings, d->n_findings == 1 ? "" : "s");
    const char *glue = ": ";
    for (int a = FLT_ACT_BLOCK; a > FLT_ACT_ALLOW; a--) {
        if (n[a] != 0) {
            fprintf(to, "%s%u %s", glue, n[a], done_words[a]);
            glue = ", ";
        }
    }
    if (d->findings_dropped != 0)
        fprintf(to, "; %u more were not kept", d->findings_dropped);
    if (d->bytes_unviewed != 0)
        fprintf(to, "; %llu bytes were looked at as they stand only", (unsigned long long)d->bytes_unviewed);
    fprintf(to, ". Exit status %d.\n", status);
}

void px_check_show(const struct px_check_view *v, int status, FILE *to)
{
    const struct flt_decision *d = v->decision;
    const struct flt_finding **f = calloc(d->n_findings + 1u, sizeof(*f));
    /* Widths of characters depend on the locale; those of UTF-8 whatever the user's is. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
    put_verdict(v, to);
    if (f != NULL && d->n_findings != 0)
        put_findings(v, f, choose(d, f), to);
    if (d->action == FLT_ACT_REDACT && !v->body)
        put_edited(v, to);
    put_summary(d, status, to);
    if (utf8 != (locale_t)0) {
        uselocale(before);
        freelocale(utf8);
    }
    free(f);
}
