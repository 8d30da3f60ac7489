/*
 * json_dup.c: duplicate member names. Most objects have a handful of short, unescaped names: those are compared pair by
 * pair. Anything else goes through a hash table keyed with a seed, so that a peer cannot make it slow.
 */
#include "wire/json_int.h"

#include <xxhash.h>

#define PAIRWISE_MAX 8u

struct flt_json_dup_slot {
    uint64_t hash;
    uint32_t name; /* token index; 0 = free (token 0 is the root, never a name) */
};

void flt_json_dups_init(struct flt_json_dups *d, struct flt_arena *arena, uint64_t seed)
{
    *d = (struct flt_json_dups){.arena = arena, .seed = seed};
}

/* The token of the member after the one whose name is token i. */
static uint32_t next_name(const struct flt_json *j, uint32_t i)
{
    return j->tok[i + 1].next;
}

static int pairwise(const struct flt_json *j, uint32_t obj, uint32_t *dup)
{
    struct flt_str seen[PAIRWISE_MAX];
    uint32_t n = j->tok[obj].count;
    for (uint32_t k = 0, i = obj + 1; k < n; k++, i = next_name(j, i)) {
        seen[k] = flt_json_raw(j, i);
        for (uint32_t m = 0; m < k; m++) {
            if (seen[m].n == seen[k].n && memcmp(seen[m].p, seen[k].p, seen[k].n) == 0) {
                *dup = i;
                return FLT_E_AMBIGUOUS;
            }
        }
    }
    return FLT_OK;
}

static bool any_escaped(const struct flt_json *j, uint32_t obj)
{
    uint32_t n = j->tok[obj].count;
    for (uint32_t k = 0, i = obj + 1; k < n; k++, i = next_name(j, i)) {
        if (j->tok[i].escaped)
            return true;
    }
    return false;
}

/* The decoded bytes of name token i; escaped ones in the scratch memory, valid until the next call. */
static int name_text(struct flt_json_dups *d, const struct flt_json *j, uint32_t i, struct flt_str *text)
{
    struct flt_str raw = flt_json_raw(j, i);
    *text = raw;
    if (!j->tok[i].escaped)
        return FLT_OK;
    if (raw.n > d->scratch_cap) {
        size_t cap = d->scratch_cap * 2 > raw.n ? d->scratch_cap * 2 : raw.n;
        d->scratch = flt_arena_alloc(d->arena, cap);
        d->scratch_cap = d->scratch != NULL ? cap : 0;
        if (d->scratch == NULL)
            return FLT_E_NOMEM;
    }
    *text = (struct flt_str){d->scratch, flt_json_unescape(raw, d->scratch)};
    return FLT_OK;
}

static int make_table(struct flt_json_dups *d, uint32_t members, size_t *slots)
{
    size_t want = 16;
    while (want < (size_t)members * 2)
        want *= 2;
    *slots = want;
    if (want > d->slots) {
        d->slot = flt_arena_alloc(d->arena, want * sizeof(*d->slot));
        d->slots = d->slot != NULL ? want : 0;
        if (d->slot == NULL)
            return FLT_E_NOMEM;
    }
    memset(d->slot, 0, want * sizeof(*d->slot));
    return FLT_OK;
}

/* Enters one name; FLT_E_AMBIGUOUS when an equal one is there. */
static int enter(struct flt_json_dups *d, const struct flt_json *j, uint32_t name, size_t mask)
{
    struct flt_str text;
    int rc = name_text(d, j, name, &text);
    if (rc != FLT_OK)
        return rc;
    uint64_t hash = XXH3_64bits_withSeed(text.n != 0 ? text.p : "", text.n, d->seed);
    size_t k = (size_t)hash & mask;
    while (d->slot[k].name != 0) {
        if (d->slot[k].hash == hash && flt_json_str_is(j, d->slot[k].name, text))
            return FLT_E_AMBIGUOUS;
        k = (k + 1) & mask;
    }
    d->slot[k] = (struct flt_json_dup_slot){hash, name};
    return FLT_OK;
}

int flt_json_find_dup(struct flt_json_dups *d, const struct flt_json *j, uint32_t obj, uint32_t *dup)
{
    uint32_t n = j->tok[obj].count;
    if (n <= PAIRWISE_MAX && !any_escaped(j, obj))
        return pairwise(j, obj, dup);
    size_t slots;
    int rc = make_table(d, n, &slots);
    if (rc != FLT_OK)
        return rc;
    for (uint32_t k = 0, i = obj + 1; k < n; k++, i = next_name(j, i)) {
        rc = enter(d, j, i, slots - 1);
        if (rc != FLT_OK) {
            *dup = i;
            return rc;
        }
    }
    return FLT_OK;
}
