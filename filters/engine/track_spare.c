/*
 * track_spare.c: tables that tracks of whole texts hand on to one another, so that a short text costs no allocations.
 * They hold offsets and numbers, never text.
 */
#include "engine/track.h"

#define KEEP_MAX (64u * 1024) /* bytes; larger ones are freed: one huge text must not bind memory for ever */

static uint32_t *spare_words(struct flt_spare *s, uint32_t n)
{
    if (s->n_words < n) {
        free(s->word);
        s->word = calloc(n, sizeof(*s->word));
        s->n_words = s->word != NULL ? n : 0;
    }
    return s->word;
}

void flt_track_take(struct flt_track *t, struct flt_spare *s)
{
    uint32_t *word = spare_words(s, t->conf.rs->n_words); /* NULL: the track makes its own when it needs one */
    t->seen = s->seen;
    t->cap_seen = s->cap_seen;
    t->word = word;
    t->hit = s->hit;
    t->cap_hit = s->cap_hit;
    t->win = s->win;
    t->cap_win = s->cap_win;
    s->seen = NULL;
    s->word = NULL;
    s->hit = NULL;
    s->win = NULL;
}

void flt_track_give(struct flt_track *t, struct flt_spare *s)
{
    flt_spare_free(s); /* what another track gave meanwhile */
    if (t->seen != NULL && t->cap_seen * sizeof(*t->seen) <= KEEP_MAX) {
        if (t->n_seen != 0)
            memset(t->seen, 0, t->cap_seen * sizeof(*t->seen));
        s->seen = t->seen;
        s->cap_seen = t->cap_seen;
        t->seen = NULL;
    }
    if (t->hit != NULL && t->cap_hit * sizeof(*t->hit) <= KEEP_MAX) {
        s->hit = t->hit;
        s->cap_hit = t->cap_hit;
        t->hit = NULL;
    }
    if (t->win != NULL && t->cap_win * sizeof(*t->win) <= KEEP_MAX) {
        s->win = t->win;
        s->cap_win = t->cap_win;
        t->win = NULL;
    }
    if (t->word != NULL) {
        if (t->worded)
            memset(t->word, 0, t->conf.rs->n_words * sizeof(*t->word));
        s->word = t->word;
        s->n_words = t->conf.rs->n_words;
        t->word = NULL;
    }
    t->n_seen = t->cap_seen = t->cap_hit = t->n_win = t->cap_win = 0;
}

void flt_spare_free(struct flt_spare *s)
{
    free(s->seen);
    free(s->word);
    free(s->hit);
    free(s->win);
    *s = (struct flt_spare){0};
}
