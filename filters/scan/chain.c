#include "scan/chain.h"

uint32_t flt_width_add(uint32_t a, uint32_t b)
{
    if (a == FLT_UNBOUNDED || b == FLT_UNBOUNDED)
        return FLT_UNBOUNDED;
    uint64_t s = (uint64_t)a + b;
    return s >= FLT_UNBOUNDED ? FLT_UNBOUNDED - 1 : (uint32_t)s;
}

void flt_chain_begin(struct flt_chain *c)
{
    flt_literals_empty(&c->now);
    flt_literals_none(&c->best);
    c->factors.n = 0;
    c->width = 0;
    c->before = FLT_BEFORE_BEGIN;
    c->whole = true;
}

void flt_chain_add(struct flt_chain *c, const struct flt_link *link)
{
    uint32_t before = c->width;
    uint8_t here = c->before;
    c->width = flt_width_add(c->width, link->max);
    c->before = (uint8_t)((link->tail & FLT_BEFORE_WORD) | ((link->tail & FLT_BEFORE_BEGIN) != 0 ? here : 0));
    flt_literals_place(link->required, here);
    flt_literals_better(&c->best, link->required);
    if (link->exact->valid && flt_literals_cross(&c->now, link->exact))
        return;
    flt_literals_better(&c->best, &c->now);
    flt_factors_add(&c->factors, &c->now, before);
    c->whole = false;
    if (link->exact->valid) {
        flt_literals_copy(&c->now, link->exact);
        flt_literals_place(&c->now, here);
        return;
    }
    flt_literals_empty(&c->now);
    flt_literals_place(&c->now, c->before);
    for (unsigned i = 0; i < link->factors->n; i++) {
        flt_literals_place(&link->factors->v[i], here);
        flt_factors_add(&c->factors, &link->factors->v[i], flt_width_add(before, link->factors->reach[i]));
    }
}

void flt_chain_end(struct flt_chain *c, struct flt_literals *exact, struct flt_literals *required,
                   struct flt_factors *factors)
{
    flt_literals_better(&c->best, &c->now);
    flt_factors_add(&c->factors, &c->now, c->width);
    *factors = c->factors;
    flt_literals_copy(required, &c->best);
    flt_literals_copy(exact, &c->now);
    exact->valid = c->whole && c->now.valid;
}
