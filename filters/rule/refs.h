/*
 * refs.h: the closed list of references (rulesets/references.yaml) and the ids of rules that are gone
 * (rulesets/retired.txt), both built into the program.
 */
#ifndef FLT_RULE_REFS_H
#define FLT_RULE_REFS_H

#include "flt/engine.h"
#include "flt/yaml.h"

/* At most so many of one rule, those of its class included. */
#define FLT_RULE_MAX_REFS 32u

struct flt_refs {
    struct flt_reference *v;
    const char **names; /* their ids, NULL-terminated: for suggestions */
    uint32_t n;
    struct {
        const struct flt_reference **v;
        uint32_t n;
    } of_class[FLT_CLASS_COUNT];
};

/* In the arena. NULL without memory, or when the file is wrong; then every problem is in *d. */
struct flt_refs *flt_refs_load(struct flt_arena *arena, struct flt_diag *d);
/* The same from memory; file names it in messages. */
struct flt_refs *flt_refs_parse(const char *file, struct flt_str text, struct flt_arena *arena, struct flt_diag *d);
/* NULL = no such id. */
const struct flt_reference *flt_refs_find(const struct flt_refs *r, struct flt_str id);

/* True of ids that a rule once had and none may have again. */
bool flt_id_retired(struct flt_str id);

#endif
