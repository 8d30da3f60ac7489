/* view_map.h: what every map of a derived text has to fulfil. */
#ifndef VIEW_MAP_H
#define VIEW_MAP_H

#include "text/view.h"

typedef int (*view_maker)(struct flt_maker *k, struct flt_str text, struct flt_derived *out);

/* What is wrong with the map of d, made from a text of source_n bytes; NULL when nothing is. */
static inline const char *map_fault(const struct flt_derived *d, size_t source_n)
{
    const struct flt_offmap *m = &d->map;
    if (d->text.n == 0)
        return NULL;
    if (m->to_end != d->text.n || m->from_end > source_n)
        return "ends";
    if (m->n == 0 || m->v[0].to != 0)
        return "first step";
    for (uint32_t i = 0; i < m->n; i++) {
        uint32_t to = i + 1 < m->n ? m->v[i + 1].to : m->to_end, from = i + 1 < m->n ? m->v[i + 1].from : m->from_end;
        if (to < m->v[i].to || from < m->v[i].from)
            return "order of steps";
        if (!m->v[i].atom && from - m->v[i].from < to - m->v[i].to)
            return "identity longer than its source";
    }
    uint32_t last = 0;
    for (uint32_t t = 0; t < m->to_end; t++) {
        uint32_t begin = flt_offmap_begin(m, t), end = flt_offmap_end(m, t + 1);
        if (begin < last || end <= begin || end > source_n)
            return "order of offsets";
        last = begin;
    }
    return NULL;
}

#endif
