/* snapshot.h: what flt_snapshot_build makes; immutable afterwards. */
#ifndef FLT_ENGINE_SNAPSHOT_H
#define FLT_ENGINE_SNAPSHOT_H

#include <openssl/evp.h>

#include "engine/track.h"
#include "flt/engine.h"

struct flt_snapshot {
    struct flt_arena *arena; /* rules and their strings */
    struct flt_ruleset *rs;
    struct flt_policy **policies; /* one per tenant, then the shipped defaults */
    uint32_t n_tenants;
    struct flt_tenant defaults;
    uint32_t max_hold;
    size_t memory;
    char id[65];
};

/* The policy of tenant i; UINT32_MAX = the defaults. */
const struct flt_policy *flt_snapshot_policy(const struct flt_snapshot *s, uint32_t tenant);

struct flt_worker {
    struct flt_kit kit;
};

/*
 * Examples that passed once for exactly these rules, examples and this engine need not run at each reload: an empty
 * file in the cache folder, named after their digest, says so. False when there is no such file, or no cache.
 */
bool flt_proof_known(const struct flt_snapshot *s, const char *cache_dir);
void flt_proof_keep(const struct flt_snapshot *s, const char *cache_dir);
/* Digest helpers of snapshot.c */
bool flt_digest_rules(EVP_MD_CTX *c, const struct flt_ruleset *rs);
bool flt_digest_str(EVP_MD_CTX *c, struct flt_str s);

/* Runs every rule's own examples, alone, through the whole-text and the stream path; problems go to *d. */
void flt_selftest(const struct flt_snapshot *s, struct flt_diag *d);

#endif
