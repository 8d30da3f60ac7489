/*
 * strmap.c: open addressing with linear probing, at most three quarters full. The whole hash is stored, so growing
 * never reads a key and a probe compares bytes only when 64 bits agree.
 */
#include "flt/base.h"

#include <stdlib.h>
#include <xxhash.h>

#define FIRST_SLOTS 16u

struct slot {
    uint64_t hash;
    const char *key; /* NULL = free; copies live in the arena */
    uint32_t len;
    uint32_t value;
};

struct flt_strmap {
    struct slot *slot;
    size_t slots; /* a power of two, or 0 */
    size_t n;
    uint64_t seed;
    struct flt_arena *keys;
};

struct flt_strmap *flt_strmap_new(uint64_t seed)
{
    struct flt_strmap *m = calloc(1, sizeof(*m));
    if (m == NULL)
        return NULL;
    m->keys = flt_arena_new(SIZE_MAX / 2);
    if (m->keys == NULL) {
        free(m);
        return NULL;
    }
    m->seed = seed;
    return m;
}

static uint64_t hash_of(const struct flt_strmap *m, struct flt_str key)
{
    return XXH3_64bits_withSeed(key.n != 0 ? key.p : "", key.n, m->seed);
}

/* The slot that holds key, or the free slot where it would go. The table has a free slot. */
static struct slot *probe(struct slot *slot, size_t slots, uint64_t hash, struct flt_str key)
{
    for (size_t i = (size_t)hash & (slots - 1);; i = (i + 1) & (slots - 1)) {
        struct slot *s = &slot[i];
        if (s->key == NULL)
            return s;
        if (s->hash == hash && s->len == key.n && (key.n == 0 || memcmp(s->key, key.p, key.n) == 0))
            return s;
    }
}

static int grow(struct flt_strmap *m)
{
    size_t slots = m->slots != 0 ? m->slots * 2 : FIRST_SLOTS;
    struct slot *fresh = calloc(slots, sizeof(*fresh));
    if (fresh == NULL)
        return FLT_E_NOMEM;
    for (size_t i = 0; i < m->slots; i++) {
        if (m->slot[i].key == NULL)
            continue;
        size_t k = (size_t)m->slot[i].hash & (slots - 1);
        while (fresh[k].key != NULL)
            k = (k + 1) & (slots - 1);
        fresh[k] = m->slot[i];
    }
    free(m->slot);
    m->slot = fresh;
    m->slots = slots;
    return FLT_OK;
}

int flt_strmap_put(struct flt_strmap *m, struct flt_str key, uint32_t value)
{
    if (key.n > UINT32_MAX)
        return FLT_E_NOMEM;
    uint64_t hash = hash_of(m, key);
    if (m->slots != 0 && probe(m->slot, m->slots, hash, key)->key != NULL)
        return FLT_E_AMBIGUOUS;
    if (m->n + 1 > m->slots / 4 * 3 && grow(m) != FLT_OK)
        return FLT_E_NOMEM;
    const char *copy = flt_arena_dup(m->keys, key.p, key.n);
    if (copy == NULL)
        return FLT_E_NOMEM;
    *probe(m->slot, m->slots, hash, key) =
        (struct slot){.hash = hash, .key = copy, .len = (uint32_t)key.n, .value = value};
    m->n++;
    return FLT_OK;
}

bool flt_strmap_get(const struct flt_strmap *m, struct flt_str key, uint32_t *value)
{
    if (m->slots == 0)
        return false;
    const struct slot *s = probe(m->slot, m->slots, hash_of(m, key), key);
    if (s->key == NULL)
        return false;
    if (value != NULL)
        *value = s->value;
    return true;
}

size_t flt_strmap_count(const struct flt_strmap *m)
{
    return m->n;
}

void flt_strmap_free(struct flt_strmap *m)
{
    if (m == NULL)
        return;
    flt_arena_free(m->keys);
    free(m->slot);
    free(m);
}
