#include "scan/lead.h"

#define RUN   5u /* digits.h */
#define CHAIN 7u

#define OPEN (UINT32_C(1) << FLT_LEAD)

void flt_lead_empty(struct flt_lead *l)
{
    *l = (struct flt_lead){.ends = 1};
}

void flt_lead_byte(struct flt_lead *l, const struct flt_byteset *s)
{
    *l = (struct flt_lead){.at = {*s}, .ends = 2};
}

void flt_lead_append(struct flt_lead *a, const struct flt_lead *b)
{
    uint32_t ends = a->ends & OPEN;
    for (unsigned from = 0; from < FLT_LEAD; from++) {
        if ((a->ends >> from & 1) == 0)
            continue;
        for (unsigned i = 0; from + i < FLT_LEAD; i++)
            flt_byteset_or(&a->at[from + i], &b->at[i]);
        uint32_t moved = b->ends << from;
        ends |= moved >= OPEN ? (moved & (OPEN - 1)) | OPEN : moved;
    }
    a->ends = ends;
}

void flt_lead_unite(struct flt_lead *a, const struct flt_lead *b)
{
    for (unsigned i = 0; i < FLT_LEAD; i++)
        flt_byteset_or(&a->at[i], &b->at[i]);
    a->ends |= b->ends;
}

void flt_lead_repeat(struct flt_lead *l, uint32_t lo, uint32_t hi)
{
    struct flt_lead all, once = *l;
    uint32_t ends = lo == 0 ? 1 : 0, k = 0;
    flt_lead_empty(&all);
    while (k < hi && k < FLT_LEAD && (all.ends & (OPEN - 1)) != 0) {
        flt_lead_append(&all, &once);
        k++;
        ends |= k >= lo ? all.ends : 0;
    }
    /* What further rounds add lies behind the last place, unless rounds can be empty: then it is there already. */
    if (k < hi)
        ends |= all.ends | OPEN;
    *l = all;
    l->ends = ends;
}

void flt_lead_table(const struct flt_lead *l, uint32_t min, uint8_t out[256])
{
    for (unsigned c = 0; c < 256; c++) {
        out[c] = 0;
        for (unsigned i = 0; i < FLT_LEAD_TABLE; i++)
            out[c] |= (uint8_t)((i >= min || flt_byteset_has(&l->at[i], (uint8_t)c)) << i);
    }
}

static bool within(const struct flt_byteset *s, const struct flt_byteset *of)
{
    uint64_t outside = 0;
    for (int i = 0; i < 4; i++)
        outside |= s->w[i] & ~of->w[i];
    return outside == 0;
}

static struct flt_byteset set_of(const char *bytes)
{
    struct flt_byteset s = {{0}};
    for (; *bytes != '\0'; bytes++)
        flt_byteset_add(&s, (uint8_t)*bytes);
    return s;
}

/* Do certain digits begin at this place of every match? */
static bool run_at(const struct flt_lead *l, unsigned at, uint32_t min)
{
    struct flt_byteset digits = set_of("0123456789");
    unsigned n = 0;
    while (n < RUN && at + n < FLT_LEAD && at + n < min && within(&l->at[at + n], &digits))
        n++;
    return n == RUN;
}

static bool chain_at(const struct flt_lead *l, unsigned at, uint32_t min)
{
    struct flt_byteset digits = set_of("0123456789"), chain = set_of("0123456789 ./-");
    unsigned n = 0;
    bool digit = false; /* the place before holds one for certain */
    for (unsigned i = at; i < FLT_LEAD && i < min && n < CHAIN; i++) {
        bool is = within(&l->at[i], &digits);
        /* Two neighbouring places of which neither must be a digit could be two separators. */
        if (!within(&l->at[i], &chain) || (!is && !digit))
            break;
        n += is;
        digit = is;
    }
    return n == CHAIN;
}

bool flt_lead_digit_run(const struct flt_lead *l, uint32_t min)
{
    bool has = false;
    for (unsigned at = 0; !has && at < FLT_LEAD; at++)
        has = run_at(l, at, min);
    return has;
}

bool flt_lead_digit_chain(const struct flt_lead *l, uint32_t min)
{
    bool has = false;
    for (unsigned at = 0; !has && at < FLT_LEAD; at++)
        has = chain_at(l, at, min);
    return has;
}
