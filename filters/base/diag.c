/* diag.c: the bounded list of problems found while loading. Cold path: clarity over speed. */
#include "flt/base.h"

#include <stdio.h>
#include <stdlib.h>

static void copy_field(char *out, size_t cap, const char *s, bool *truncated)
{
    size_t n = s != NULL ? strlen(s) : 0;
    if (n >= cap) {
        n = cap - 1;
        *truncated = true;
    }
    if (n != 0)
        memcpy(out, s, n);
    out[n] = '\0';
}

static bool make_room(struct flt_diag *d)
{
    if (d->n < d->cap)
        return true;
    if (d->n >= FLT_DIAG_MAX)
        return false;
    unsigned cap = d->cap != 0 ? d->cap * 2 : 8;
    if (cap > FLT_DIAG_MAX)
        cap = FLT_DIAG_MAX;
    struct flt_err *v = realloc(d->v, cap * sizeof(*v));
    if (v == NULL)
        return false;
    d->v = v;
    d->cap = cap;
    return true;
}

/* A full list must not hide an error behind warnings: the latest warning gives up its place. */
static struct flt_err *slot_for(struct flt_diag *d, int status)
{
    if (make_room(d)) {
        d->warnings += status == FLT_OK;
        return &d->v[d->n++];
    }
    d->dropped++;
    if (status == FLT_OK || d->warnings == 0)
        return NULL;
    for (unsigned i = d->n; i-- > 0;) {
        if (d->v[i].status == FLT_OK) {
            d->warnings--;
            return &d->v[i];
        }
    }
    return NULL;
}

void flt_diag_add(struct flt_diag *d, int status, const char *file, unsigned line, unsigned col, const char *path,
                  const char *fmt, ...)
{
    struct flt_err *e = slot_for(d, status);
    if (e == NULL)
        return;
    *e = (struct flt_err){.status = status, .line = line, .col = col};
    copy_field(e->file, sizeof(e->file), file, &e->truncated);
    copy_field(e->path, sizeof(e->path), path, &e->truncated);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->message, sizeof(e->message), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(e->message))
        e->truncated = true;
}

bool flt_diag_failed(const struct flt_diag *d)
{
    /* Nothing kept but something dropped: memory ran out, and what was lost may have been an error. */
    return d->n > d->warnings || (d->n == 0 && d->dropped != 0);
}

size_t flt_err_format(const struct flt_err *e, char *out, size_t cap)
{
    char place[sizeof(e->file) + 32] = "";
    if (e->file[0] != '\0' && e->line != 0 && e->col != 0)
        snprintf(place, sizeof(place), "%s:%u:%u: ", e->file, e->line, e->col);
    else if (e->file[0] != '\0' && e->line != 0)
        snprintf(place, sizeof(place), "%s:%u: ", e->file, e->line);
    else if (e->file[0] != '\0')
        snprintf(place, sizeof(place), "%s: ", e->file);
    int n = snprintf(out, cap, "%s%s: %s%s%s%s\n", place, e->status == FLT_OK ? "warning" : "error", e->path,
                     e->path[0] != '\0' ? ": " : "", e->message, e->truncated ? " (shortened)" : "");
    return n < 0 ? 0 : (size_t)n;
}

void flt_diag_free(struct flt_diag *d)
{
    free(d->v);
    *d = (struct flt_diag){0};
}
