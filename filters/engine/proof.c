/* proof.c: remembers in the cache folder which rules passed their own examples. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/snapshot.h"

/* Raised when the engine changes what a pattern finds: old proofs do not count then. */
#define PROOF_VERSION "2"

static bool digest_examples(EVP_MD_CTX *c, const struct flt_example *v, uint32_t n)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < n; i++)
        ok = flt_digest_str(c, v[i].text) && flt_digest_str(c, v[i].span);
    return ok;
}

static bool proof_path(const struct flt_snapshot *s, const char *dir, char *out, size_t cap)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    const char *engine = flt_scanner_engine();
    bool ok = c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 && flt_digest_str(c, FLT_STR(PROOF_VERSION));
    ok = ok && engine != NULL && flt_digest_str(c, flt_str_of(engine)) && flt_digest_rules(c, s->rs);
    for (uint32_t i = 0; ok && i < s->rs->n_rules; i++) {
        const struct flt_rule *r = &s->rs->rules[i];
        ok = digest_examples(c, r->match, r->n_match) && digest_examples(c, r->no_match, r->n_no_match);
    }
    ok = ok && EVP_DigestFinal_ex(c, md, &n) == 1;
    EVP_MD_CTX_free(c);
    for (unsigned i = 0; ok && i < n; i++)
        snprintf(hex + 2 * i, 3, "%02x", md[i]);
    return ok && (size_t)snprintf(out, cap, "%s/%s.proved", dir, hex) < cap;
}

bool flt_proof_known(const struct flt_snapshot *s, const char *cache_dir)
{
    char path[4096];
    struct stat st;
    if (cache_dir == NULL || !proof_path(s, cache_dir, path, sizeof(path)))
        return false;
    /* Our own file only: whoever else can write there could vouch for broken rules. */
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void flt_proof_keep(const struct flt_snapshot *s, const char *cache_dir)
{
    char path[4096];
    if (cache_dir == NULL || !proof_path(s, cache_dir, path, sizeof(path)))
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        close(fd);
}
