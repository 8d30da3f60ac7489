/*
 * yaml.h: operator-written YAML with positions, and a table-driven walker (over libfyaml).
 *
 * Files are capped at 4 MiB of UTF-8, 64 levels and 500,000 nodes. Anchors, aliases, tags, multiple documents,
 * duplicate keys, keys that are not scalars and empty files are refused. Every complaint goes to a flt_diag as
 * file:line:col, key path, and what was expected; walking goes on after an error so that all are reported.
 */
#ifndef FLT_YAML_H
#define FLT_YAML_H

#include "flt/base.h"

struct flt_yaml;                       /* one parsed file */
typedef struct flt_yaml_node flt_node; /* opaque: a node of it; lives as long as the file */

/*
 * Reads and parses a file; NULL with diagnostics on failure. `name` for in-memory text is used as the file name; name
 * and text are copied. Nodes and their strings are pinned to the result.
 */
struct flt_yaml *flt_yaml_load(const char *file, struct flt_diag *d);
struct flt_yaml *flt_yaml_parse(const char *name, struct flt_str text, struct flt_diag *d);
flt_node *flt_yaml_root(struct flt_yaml *y);
const char *flt_yaml_file(const struct flt_yaml *y);
void flt_yaml_free(struct flt_yaml *y);

/* 1-based position of a node. */
void flt_node_where(flt_node *n, unsigned *line, unsigned *col);
bool flt_node_is_map(flt_node *n);
bool flt_node_is_list(flt_node *n);
bool flt_node_is_scalar(flt_node *n);
/* Scalar bytes (pins the file); {NULL,0} when not a scalar. Quoted or plain alike. */
struct flt_str flt_node_str(flt_node *n);
/* True for a plain (unquoted) scalar that YAML reads as null: empty, ~, null. */
bool flt_node_is_null(flt_node *n);
/* True when the scalar was written without quotes. */
bool flt_node_is_plain(flt_node *n);
uint32_t flt_node_count(flt_node *n);             /* list items or map pairs */
flt_node *flt_node_item(flt_node *n, uint32_t i); /* list item */
flt_node *flt_node_key(flt_node *n, uint32_t i);  /* map pair i: key, value */
flt_node *flt_node_value(flt_node *n, uint32_t i);
flt_node *flt_node_get(flt_node *map, const char *key); /* NULL when absent */

/* Where a walk stands; pass it down so that messages carry file and key path. */
struct flt_walk {
    struct flt_yaml *yaml;
    struct flt_diag *diag;
    struct flt_arena *arena; /* copies of strings and lists; pins nothing of the file afterwards */
    char path[128];
};

/* Reports at node n, path extended by `key` when not NULL ("key" is joined with a dot, "[3]" without). */
void flt_walk_error(struct flt_walk *w, flt_node *n, const char *key, const char *fmt, ...) FLT_PRINTF(4, 5);
void flt_walk_warn(struct flt_walk *w, flt_node *n, const char *key, const char *fmt, ...) FLT_PRINTF(4, 5);

/*
 * Extends w->path by a key or "[index]" for the calls that follow; returns what flt_walk_pop takes to go back. A path
 * that does not fit is cut.
 */
size_t flt_walk_push(struct flt_walk *w, const char *key);
size_t flt_walk_push_index(struct flt_walk *w, uint32_t i);
void flt_walk_pop(struct flt_walk *w, size_t mark);
/* Errors so far in the walk's diagnostics: compare before and after to see whether a part was sound. */
unsigned flt_walk_errors(const struct flt_walk *w);

enum flt_key_type {
    FLT_KEY_STR,      /* struct flt_str (arena copy); empty refused unless FLT_KEY_EMPTY_OK; max > 0 = most bytes */
    FLT_KEY_BOOL,     /* bool: true/false (also yes/no/on/off) */
    FLT_KEY_INT,      /* int64_t within [min,max]; 1000000 and 1e6 alike */
    FLT_KEY_SIZE,     /* int64_t bytes: 10485760, 64KiB, 10MiB, 1GiB; within [min,max] */
    FLT_KEY_DURATION, /* int64_t milliseconds: 250ms, 5s, 2m, 1h; within [min,max] */
    FLT_KEY_FLOAT,    /* double within [min,max] */
    FLT_KEY_ENUM,     /* int: index into names[] */
    FLT_KEY_STRLIST,  /* struct flt_strlist: list of strings, or one string */
    FLT_KEY_MAP,      /* nested table: keys/nkeys, at offset */
    FLT_KEY_CUSTOM    /* fn(w, node, field pointer) */
};
struct flt_strlist {
    struct flt_str *v;
    uint32_t n;
};
enum { FLT_KEY_REQUIRED = 1, FLT_KEY_EMPTY_OK = 2 };

struct flt_key {
    const char *name;
    enum flt_key_type type;
    size_t offset; /* of the field in the output struct */
    unsigned flags;
    int64_t min, max;
    const char *const *names; /* FLT_KEY_ENUM: NULL-terminated */
    /* FLT_KEY_MAP: its table, ended by a NULL name. FLT_KEY_CUSTOM: the table of one item, for flt_walk_keys only. */
    const struct flt_key *keys;
    const char *each; /* FLT_KEY_CUSTOM with keys: how an item stands in a path, "[]" or ".<name>" */
    void (*fn)(struct flt_walk *w, flt_node *n, void *field);
    const char *help; /* what is expected, in words; printed with errors and by documentation tests */
};

/*
 * Fills *out from map node n by the table (ended by a NULL name). Fields absent from the file keep what they had:
 * set defaults first. Unknown keys are errors with the nearest known name as a suggestion; missing required keys,
 * duplicates and wrong types are errors. Returns FLT_OK, or FLT_E_CONFIG when this walk added an error.
 */
int flt_walk_map(struct flt_walk *w, flt_node *n, const struct flt_key *keys, void *out);

/*
 * One field by its table row, for rows used outside a map (items of a list). Reports at n under the present path.
 */
void flt_walk_value(struct flt_walk *w, flt_node *n, const struct flt_key *key, void *out);

/*
 * Every leaf key below a table as a path such as "listen[].tls.key", with its help (never NULL). prefix: what stands
 * before, "" at the top. For documentation and its tests.
 */
void flt_walk_keys(const struct flt_key *keys, const char *prefix,
                   void (*fn)(void *arg, const char *path, const char *help), void *arg);

/*
 * The entry of names (NULL-terminated) nearest to s by edit distance, or NULL when none is near enough to suggest.
 * Optimal string alignment (insert, delete, replace, swap neighbours), at most a third of the length.
 */
const char *flt_walk_nearest(struct flt_str s, const char *const *names);

#endif
