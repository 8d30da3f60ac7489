/*
 * config_load.c: reads sallyport.yaml and the tenant files it names, and checks what no single file can know: that
 * names are used once and that what is referred to exists.
 */
#include <unistd.h>

#include "core/config_priv.h"

/* ---- across files ---------------------------------------------------------------------------------------------- */

static void check_upstream(struct px_conf_walk *cw, const struct flt_tenant *t, struct flt_str name,
                           const struct flt_err *at)
{
    const struct px_config *c = cw->c;
    if (name.n == 0)
        return;
    const char **names = flt_arena_calloc(cw->w.arena, c->n_upstreams + 1, sizeof *names);
    for (uint32_t i = 0; names && i < c->n_upstreams; i++) {
        if (flt_str_eq(c->upstreams[i].name, name))
            return;
        names[i] = c->upstreams[i].name.p;
    }
    const char *near = names ? flt_walk_nearest(name, names) : NULL;
    flt_diag_add(cw->w.diag, FLT_E_CONFIG, t->file.p, at->line, at->col, at->path, "no upstream has this name%s%s%s",
                 near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static void check_references(struct px_conf_walk *cw, const struct flt_tenant *t)
{
    struct flt_err at = {.line = t->upstream_line, .col = t->upstream_col, .path = "upstream"};
    check_upstream(cw, t, t->upstream, &at);
    for (uint32_t i = 0; i < t->n_routes; i++) {
        at.line = t->routes[i].line;
        at.col = t->routes[i].col;
        (void)snprintf(at.path, sizeof at.path, "routes[%u].upstream", i);
        check_upstream(cw, t, t->routes[i].upstream, &at);
    }
}

/* Names and keys of all tenants so far, each with the tenant's index. */
struct seen {
    struct flt_strmap *names, *keys;
};

static void check_unique(struct px_conf_walk *cw, uint32_t index, struct seen *seen)
{
    const struct flt_tenant *all = cw->c->tenants, *t = &all[index];
    uint32_t other = 0;
    int rc = t->name.n != 0 ? flt_strmap_put(seen->names, t->name, index) : FLT_OK;
    if (rc == FLT_E_AMBIGUOUS && flt_strmap_get(seen->names, t->name, &other))
        flt_diag_add(cw->w.diag, FLT_E_CONFIG, t->file.p, t->line, t->col, "tenant",
                     "another tenant has this name: %s:%u:%u", all[other].file.p, all[other].line, all[other].col);
    else if (rc != FLT_OK)
        flt_diag_add(cw->w.diag, rc, t->file.p, 0, 0, "", "out of memory");
    for (uint32_t i = 0; i < t->n_credentials; i++) {
        const struct flt_credential *c = &t->credentials[i];
        struct flt_str digest = {(const char *)c->sha256, sizeof c->sha256};
        rc = flt_strmap_put(seen->keys, digest, index);
        if (rc == FLT_E_AMBIGUOUS && flt_strmap_get(seen->keys, digest, &other) && other != index) {
            const struct flt_credential *o = all[other].credentials;
            while (memcmp(o->sha256, c->sha256, sizeof c->sha256) != 0)
                o++;
            char path[64];
            (void)snprintf(path, sizeof path, "credentials[%u].key_sha256", i);
            flt_diag_add(cw->w.diag, FLT_E_CONFIG, t->file.p, c->line, c->col, path,
                         "another tenant has this key: %s:%u:%u", all[other].file.p, o->line, o->col);
        } else if (rc != FLT_OK && rc != FLT_E_AMBIGUOUS) {
            flt_diag_add(cw->w.diag, rc, t->file.p, 0, 0, "", "out of memory");
        }
    }
}

static void load_tenants(struct px_conf_walk *cw)
{
    struct px_config *c = cw->c;
    struct seen seen = {flt_strmap_new(0), flt_strmap_new(0)};
    c->tenants = flt_arena_calloc(c->arena, cw->n_tenant_files, sizeof *c->tenants);
    if (!seen.names || !seen.keys || !c->tenants) {
        flt_diag_add(cw->w.diag, FLT_E_NOMEM, flt_yaml_file(cw->w.yaml), 0, 0, "", "out of memory");
        goto out;
    }
    for (uint32_t i = 0; i < cw->n_tenant_files; i++) {
        struct flt_tenant *t = &c->tenants[c->n_tenants];
        int rc = flt_tenant_load(cw->tenant_files[i], c->arena, cw->w.diag, t);
        if (rc != FLT_OK && t->file.n == 0)
            continue; /* not even YAML; with other mistakes it is still compared with its neighbours */
        check_unique(cw, c->n_tenants++, &seen);
        if (c->n_upstreams != 0)
            check_references(cw, t);
    }
out:
    flt_strmap_free(seen.names);
    flt_strmap_free(seen.keys);
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

/* The folder a file lies in, with a slash at the end, "" for the present one. NULL = no memory. */
static const char *folder_of(struct flt_arena *a, const char *file)
{
    const char *slash = strrchr(file, '/');
    return flt_arena_dup(a, file, slash ? (size_t)(slash - file) + 1 : 0);
}

static const char *absolute(struct flt_arena *a, const char *dir)
{
    char cwd[PX_CONF_PATH_MAX];
    if (dir[0] == '/')
        return dir;
    return getcwd(cwd, sizeof cwd) ? flt_arena_printf(a, "%s%s%s", cwd, cwd[1] ? "/" : "", dir) : NULL;
}

static void clamp_counts(struct px_config *c)
{
    if (c->limits.max_connections > PX_CONF_COUNT_USE)
        c->limits.max_connections = PX_CONF_COUNT_USE;
}

static void walk_file(struct px_conf_walk *cw)
{
    struct flt_walk *w = &cw->w;
    flt_node *root = flt_yaml_root(w->yaml);
    (void)flt_walk_map(w, root, px_conf_keys, cw->c);
    clamp_counts(cw->c);
    flt_node *queue = flt_node_get(flt_node_get(root, "limits"), "max_queue_bytes");
    if (cw->c->limits.max_queue_bytes < cw->c->limits.max_frame_bytes)
        flt_walk_error(w, queue ? queue : root, "limits.max_queue_bytes",
                       "below max_frame_bytes (expected room for one whole event)");
    load_tenants(cw);
}

static struct px_config *load(const char *file, struct flt_diag *d, bool policy_only)
{
    struct flt_yaml *y = flt_yaml_load(file, d);
    if (!y)
        return NULL;
    struct px_config *c = calloc(1, sizeof *c);
    struct px_conf_walk cw = {.w = {.yaml = y, .diag = d}, .c = c, .policy_only = policy_only};
    bool ok = c && (c->arena = flt_arena_new(PX_CONF_ARENA_MAX));
    unsigned before = flt_walk_errors(&cw.w);
    if (ok) {
        px_conf_defaults(c);
        cw.w.arena = c->arena;
        c->file = flt_arena_str(c->arena, flt_str_of(file), &ok);
        cw.dir = folder_of(c->arena, file);
        cw.absolute_dir = cw.dir ? absolute(c->arena, cw.dir) : NULL;
    }
    if (ok && cw.absolute_dir)
        walk_file(&cw);
    else
        flt_diag_add(d, FLT_E_NOMEM, file, 0, 0, "", "out of memory, or the present folder is gone");
    if (flt_walk_errors(&cw.w) != before) {
        px_config_free(c);
        c = NULL;
    }
    free(cw.tenant_files);
    flt_yaml_free(y);
    return c;
}

struct px_config *px_config_load(const char *file, struct flt_diag *d)
{
    return load(file, d, false);
}

struct px_config *px_config_load_policy(const char *file, struct flt_diag *d)
{
    return load(file, d, true);
}
