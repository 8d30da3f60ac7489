/*
 * tiny_snapshot.h: a snapshot of two rules, pii.mail (redacts) and injection.ignore (blocks), built from packs in a
 * temporary folder, for tests that need rule names but no shipped rules.
 */
#ifndef TEST_TINY_SNAPSHOT_H
#define TEST_TINY_SNAPSHOT_H

#include <sys/stat.h>
#include <unistd.h>

#include "flt/engine.h"
#include "tiny_packs.h"

/* NULL, with the problems on standard error, when it cannot be built. Free with flt_snapshot_free. */
static inline struct flt_snapshot *tiny_snapshot(void)
{
    char dir[] = "/tmp/tiny-rules-XXXXXX", path[128];
    struct flt_diag d = {0};
    struct flt_snapshot *s = NULL;

    if (mkdtemp(dir) == NULL)
        return NULL;
    for (size_t i = 0; i < FLT_ARRAY_LEN(tiny_packs); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, tiny_packs[i][0]);
        (void)mkdir(path, 0700);
        snprintf(path, sizeof(path), "%s/%s/tiny.yaml", dir, tiny_packs[i][0]);
        FILE *f = fopen(path, "w");
        if (f != NULL) {
            fputs(tiny_packs[i][1], f);
            fclose(f);
        }
    }
    struct flt_str folder = flt_str_of(dir);
    s = flt_snapshot_build(&(struct flt_snapshot_conf){.ruleset_dirs = &folder, .n_ruleset_dirs = 1}, &d);
    for (unsigned i = 0; i < d.n; i++)
        fprintf(stderr, "%s:%u: %s\n", d.v[i].file, d.v[i].line, d.v[i].message);
    flt_diag_free(&d);
    for (size_t i = 0; i < FLT_ARRAY_LEN(tiny_packs); i++) {
        snprintf(path, sizeof(path), "%s/%s/tiny.yaml", dir, tiny_packs[i][0]);
        unlink(path);
        snprintf(path, sizeof(path), "%s/%s", dir, tiny_packs[i][0]);
        rmdir(path);
    }
    rmdir(dir);
    return s;
}

/* Index of the rule with that id; UINT32_MAX = none. */
static inline uint32_t tiny_rule(const struct flt_snapshot *s, const char *id)
{
    for (uint32_t i = 0; i < flt_snapshot_rules(s); i++) {
        struct flt_rule_info info;

        flt_snapshot_rule(s, i, &info);
        if (flt_str_is(info.id, id))
            return i;
    }
    return UINT32_MAX;
}

#endif
