/* refs.c: reads references.yaml and retired.txt out of the program. */
#include "rule/refs.h"

#include "base/embedded.h"

#define REFERENCES "rulesets/references.yaml"
#define RETIRED    "rulesets/retired.txt"
#define MAX_REFS   1000u

struct refs_in {
    int64_t version;
    struct flt_refs *refs;
    char class_mark; /* field of the reader of classes */
};

static struct flt_str embedded(const char *path)
{
    for (const struct flt_embedded *e = flt_builtin_packs; e->path != NULL; e++) {
        if (strcmp(e->path, path) == 0)
            return (struct flt_str){e->data, e->n};
    }
    return (struct flt_str){NULL, 0};
}

const struct flt_reference *flt_refs_find(const struct flt_refs *r, struct flt_str id)
{
    for (uint32_t i = 0; i < r->n; i++) {
        if (flt_str_eq(r->v[i].id, id))
            return &r->v[i];
    }
    return NULL;
}

static const struct flt_key reference_keys[] = {{.name = "id",
                                                 .type = FLT_KEY_STR,
                                                 .offset = offsetof(struct flt_reference, id),
                                                 .flags = FLT_KEY_REQUIRED,
                                                 .max = 40,
                                                 .help = "the publisher's id"},
                                                {.name = "title",
                                                 .type = FLT_KEY_STR,
                                                 .offset = offsetof(struct flt_reference, title),
                                                 .flags = FLT_KEY_REQUIRED,
                                                 .max = 100,
                                                 .help = "what it is called"},
                                                {0}};

static void read_references(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_refs *r = *(struct flt_refs **)field;
    uint32_t count = flt_node_is_list(n) ? flt_node_count(n) : 0;
    if (count == 0 || count > MAX_REFS) {
        flt_walk_error(w, n, NULL, "expected a list of 1 to %u references", MAX_REFS);
        return;
    }
    r->v = flt_arena_calloc(w->arena, count, sizeof(*r->v));
    r->names = flt_arena_calloc(w->arena, count + 1u, sizeof(*r->names));
    for (uint32_t i = 0; r->v != NULL && r->names != NULL && i < count; i++) {
        struct flt_reference one = {{NULL, 0}, {NULL, 0}};
        if (flt_walk_map(w, flt_node_item(n, i), reference_keys, &one) != FLT_OK)
            continue;
        if (flt_refs_find(r, one.id) != NULL)
            flt_walk_error(w, flt_node_item(n, i), NULL, "'%.*s' stands there already", FLT_STR_ARG(one.id));
        r->names[r->n] = flt_arena_dup(w->arena, one.id.p, one.id.n);
        if (r->names[r->n] == NULL)
            return;
        r->v[r->n++] = one;
    }
}

static void read_class(struct flt_walk *w, flt_node *list, struct flt_refs *r, unsigned c)
{
    uint32_t count = flt_node_is_list(list) ? flt_node_count(list) : 0;
    if (count == 0 || count > FLT_RULE_MAX_REFS / 2) {
        flt_walk_error(w, list, flt_class_names[c], "expected a list of 1 to %u ids", FLT_RULE_MAX_REFS / 2);
        return;
    }
    r->of_class[c].v = flt_arena_calloc(w->arena, count, sizeof(*r->of_class[c].v));
    for (uint32_t i = 0; r->of_class[c].v != NULL && i < count; i++) {
        struct flt_str id = flt_node_str(flt_node_item(list, i));
        const struct flt_reference *one = flt_refs_find(r, id);
        if (one == NULL)
            flt_walk_error(w, flt_node_item(list, i), flt_class_names[c], "'%.*s' is none of the references",
                           FLT_STR_ARG(id));
        else
            r->of_class[c].v[r->of_class[c].n++] = one;
    }
}

static void read_classes(struct flt_walk *w, flt_node *n, void *field)
{
    struct refs_in *in = (struct refs_in *)(void *)((char *)field - offsetof(struct refs_in, class_mark));
    if (!flt_node_is_map(n) || flt_node_count(n) != FLT_CLASS_COUNT) {
        flt_walk_error(w, n, NULL, "expected a list of ids for each of the %u classes", (unsigned)FLT_CLASS_COUNT);
        return;
    }
    for (unsigned c = 0; c < FLT_CLASS_COUNT; c++) {
        flt_node *list = flt_node_get(n, flt_class_names[c]);
        if (list == NULL)
            flt_walk_error(w, n, flt_class_names[c], "missing");
        else
            read_class(w, list, in->refs, c);
    }
}

static const struct flt_key refs_keys[] = {{.name = "version",
                                            .type = FLT_KEY_INT,
                                            .offset = offsetof(struct refs_in, version),
                                            .flags = FLT_KEY_REQUIRED,
                                            .min = 1,
                                            .max = 1,
                                            .help = "1, the version of the format"},
                                           {.name = "references",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = offsetof(struct refs_in, refs),
                                            .flags = FLT_KEY_REQUIRED,
                                            .fn = read_references,
                                            .help = "list of {id, title}"},
                                           {.name = "classes",
                                            .type = FLT_KEY_CUSTOM,
                                            .offset = offsetof(struct refs_in, class_mark),
                                            .flags = FLT_KEY_REQUIRED,
                                            .fn = read_classes,
                                            .help = "class to list of ids"},
                                           {0}};

struct flt_refs *flt_refs_parse(const char *file, struct flt_str text, struct flt_arena *arena, struct flt_diag *d)
{
    struct flt_yaml *y = flt_yaml_parse(file, text, d);
    struct refs_in in = {.refs = flt_arena_calloc(arena, 1, sizeof(*in.refs))};
    int rc = FLT_E_CONFIG;
    if (y != NULL && in.refs != NULL) {
        struct flt_walk w = {.yaml = y, .diag = d, .arena = arena};
        rc = flt_walk_map(&w, flt_yaml_root(y), refs_keys, &in);
    }
    flt_yaml_free(y);
    return rc == FLT_OK ? in.refs : NULL;
}

struct flt_refs *flt_refs_load(struct flt_arena *arena, struct flt_diag *d)
{
    return flt_refs_parse(REFERENCES, embedded(REFERENCES), arena, d);
}

bool flt_id_retired(struct flt_str id)
{
    struct flt_str text = embedded(RETIRED);
    const char *p = text.p, *end = text.p + text.n;
    while (id.n != 0 && p != end) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        line = line != NULL ? line : end;
        if (id.p[0] != '#' && (size_t)(line - p) >= id.n && memcmp(p, id.p, id.n) == 0 &&
            (p + id.n == line || p[id.n] == ' ' || p[id.n] == '#'))
            return true;
        p = line != end ? line + 1 : end;
    }
    return false;
}
