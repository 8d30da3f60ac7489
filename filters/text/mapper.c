/* mapper.c: the budget that all views of a span share, and maps built step by step. */
#include "text/view.h"

#define STEPS_FIRST 16u

bool flt_maker_take(struct flt_maker *k, size_t n, size_t source)
{
    if (n > k->budget) {
        k->left_out += source;
        return false;
    }
    k->budget -= n;
    return true;
}

bool flt_mapper_begin(struct flt_mapper *m, struct flt_maker *k, size_t cap, size_t source, int *status)
{
    *m = (struct flt_mapper){.maker = k, .next = UINT32_MAX};
    *status = FLT_OK;
    if (cap >= UINT32_MAX || source >= UINT32_MAX) {
        k->left_out += source;
        return false;
    }
    if (!flt_maker_take(k, cap, source))
        return false;
    m->text = flt_arena_alloc(k->arena, cap + 1);
    m->cap = (uint32_t)cap;
    if (m->text == NULL)
        *status = FLT_E_NOMEM;
    return m->text != NULL;
}

static int add_step(struct flt_mapper *m, uint32_t from, bool atom)
{
    if (m->n_step == m->cap_step) {
        uint32_t cap = m->cap_step != 0 ? m->cap_step * 2 : STEPS_FIRST;
        if (!flt_maker_take(m->maker, (cap - m->cap_step) * sizeof(struct flt_offstep), 0))
            return FLT_E_LIMIT;
        struct flt_offstep *v = flt_arena_alloc(m->maker->arena, cap * sizeof(*v));
        if (v == NULL)
            return FLT_E_NOMEM;
        if (m->n_step != 0)
            memcpy(v, m->step, m->n_step * sizeof(*v));
        m->step = v;
        m->cap_step = cap;
    }
    m->step[m->n_step++] = (struct flt_offstep){.to = m->n, .from = from, .atom = atom};
    return FLT_OK;
}

/* An atom ends where the next step begins; source bytes left away behind it are not its own. */
static int close_atom(struct flt_mapper *m, uint32_t from)
{
    return m->atom && from != m->next ? add_step(m, m->next, false) : FLT_OK;
}

int flt_mapper_same(struct flt_mapper *m, const char *p, uint32_t n, uint32_t from)
{
    int rc = FLT_OK;
    if (n > m->cap - m->n)
        return FLT_E_LIMIT;
    if (n == 0)
        return FLT_OK;
    if (m->atom || from != m->next) {
        rc = close_atom(m, from);
        if (rc == FLT_OK)
            rc = add_step(m, from, false);
    }
    if (rc != FLT_OK)
        return rc;
    memcpy(m->text + m->n, p, n);
    m->n += n;
    m->next = from + n;
    m->atom = false;
    return FLT_OK;
}

int flt_mapper_atom(struct flt_mapper *m, const char *p, uint32_t n, uint32_t from, uint32_t to)
{
    if (n > m->cap - m->n)
        return FLT_E_LIMIT;
    if (n == 0)
        return FLT_OK;
    int rc = close_atom(m, from);
    if (rc == FLT_OK)
        rc = add_step(m, from, true);
    if (rc != FLT_OK)
        return rc;
    memcpy(m->text + m->n, p, n);
    m->n += n;
    m->next = to;
    m->atom = true;
    return FLT_OK;
}

void flt_mapper_end(struct flt_mapper *m, uint32_t source_end, enum flt_view view, struct flt_derived *out)
{
    m->maker->budget += m->cap - m->n;
    if (m->n == 0) {
        *out = (struct flt_derived){.view = view};
        return;
    }
    /* A map ends where its text ends: what was left away at the end is not part of the last byte. */
    uint32_t end = m->next < source_end ? m->next : source_end;
    *out = (struct flt_derived){
        .text = {m->text, m->n},
        .map = {.v = m->step, .n = m->n_step, .to_end = m->n, .from_end = end},
        .view = view,
    };
}

uint32_t flt_mapper_pop(struct flt_mapper *m)
{
    if (m->n == 0)
        return 0;
    uint32_t n = m->n - 1;
    if (m->atom)
        n = m->step[m->n_step - 1].to;
    else
        while (n > m->step[m->n_step - 1].to && (m->text[n] & 0xC0) == 0x80)
            n--;
    uint32_t end = 0; /* where a piece before the removed one ended */
    while (m->n_step != 0 && m->step[m->n_step - 1].to >= n) {
        end = m->step[m->n_step - 1].from;
        m->n_step--;
    }
    uint32_t removed = m->n - n;
    m->n = n;
    m->atom = m->n_step != 0 && m->step[m->n_step - 1].atom;
    if (m->n_step == 0)
        m->next = UINT32_MAX;
    else if (m->atom)
        m->next = end;
    else
        m->next = m->step[m->n_step - 1].from + (n - m->step[m->n_step - 1].to);
    return removed;
}

int flt_mapper_fail(struct flt_mapper *m, int rc, size_t source, struct flt_derived *out)
{
    m->maker->budget += m->cap;
    out->text.n = 0;
    if (rc != FLT_E_LIMIT)
        return rc;
    m->maker->left_out += source;
    return FLT_OK;
}
