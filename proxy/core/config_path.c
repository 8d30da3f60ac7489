/* config_path.c: files and folders named by the configuration, relative to it, checked where they are named. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config_priv.h"

char *px_conf_join(struct flt_arena *a, const char *dir, struct flt_str path)
{
    return flt_arena_printf(a, "%s%.*s", path.n != 0 && path.p[0] == '/' ? "" : dir, FLT_STR_ARG(path));
}

/* Reads a path; NULL after a report. */
static char *take_path(struct flt_walk *w, flt_node *n, const char *expected)
{
    struct flt_str s = px_conf_str(w, n, PX_CONF_PATH_MAX - 1, expected);
    if (s.n == 0)
        return NULL;
    char *path = px_conf_join(w->arena, px_conf_of(w)->absolute_dir, s);
    if (!path)
        flt_walk_error(w, n, NULL, "out of memory");
    return path;
}

void px_conf_file(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_str *out = field;
    char *path = take_path(w, n, "the name of a file");
    if (!path)
        return;
    *out = flt_str_of(path);
    if (px_conf_of(w)->policy_only)
        return;
    /* Opening is the only honest test; O_NONBLOCK so that a named pipe does not hang the check. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        flt_walk_error(w, n, NULL, "%s: %s (expected a readable file)", path, strerror(errno));
    else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        flt_walk_error(w, n, NULL, "%s: not a regular file (expected a readable file)", path);
    if (fd >= 0)
        (void)close(fd);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void px_conf_audit_file(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_str *out = field;
    if (flt_str_is(flt_node_str(n), "-")) {
        *out = FLT_STR("-");
        return;
    }
    char *path = take_path(w, n, "the name of a file, or - for standard output");
    if (!path)
        return;
    *out = flt_str_of(path);
    if (px_conf_of(w)->policy_only)
        return;
    const char *slash = strrchr(path, '/');
    struct flt_str parent = {path, slash ? (size_t)(slash - path) + 1 : 0};
    char *folder = flt_arena_dup(w->arena, parent.p, parent.n);
    if (!folder || !is_folder(folder))
        flt_walk_error(w, n, NULL, "its folder does not exist");
    else if (is_folder(path))
        flt_walk_error(w, n, NULL, "is a folder (expected the name of a file)");
}

void px_conf_folders(struct flt_walk *w, flt_node *n, void *field)
{
    struct px_config *c = field;
    if (!flt_node_is_list(n)) {
        flt_walk_error(w, n, NULL, "not a list (expected a list of folders of rule packs)");
        return;
    }
    uint32_t count = flt_node_count(n);
    c->rulesets = flt_arena_calloc(w->arena, count, sizeof *c->rulesets);
    if (!c->rulesets) {
        flt_walk_error(w, n, NULL, "out of memory");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t mark = flt_walk_push_index(w, i);
        char *path = take_path(w, flt_node_item(n, i), "a folder of rule packs");
        if (path && !is_folder(path))
            flt_walk_error(w, flt_node_item(n, i), NULL, "%s: not a folder (expected a folder of rule packs)", path);
        if (path)
            c->rulesets[c->n_rulesets++] = flt_str_of(path);
        flt_walk_pop(w, mark);
    }
}

/* ---- tenants --------------------------------------------------------------------------------------------------- */

/* dir with the bytes that mean something to glob(3) escaped, and the pattern behind it as it is. NULL = no memory. */
static char *glob_pattern(struct flt_arena *a, const char *dir, struct flt_str pattern)
{
    if (pattern.p[0] == '/')
        return flt_arena_dup(a, pattern.p, pattern.n);
    char *out = flt_arena_alloc(a, 2 * strlen(dir) + pattern.n + 1);
    if (!out)
        return NULL;
    char *p = out;
    for (; *dir; dir++) {
        if (strchr("*?[]\\", *dir))
            *p++ = '\\';
        *p++ = *dir;
    }
    memcpy(p, pattern.p, pattern.n);
    p[pattern.n] = '\0';
    return out;
}

/* A file that two globs match is read once. False = no memory. */
static bool add_tenant_file(struct px_conf_walk *cw, const char *path)
{
    for (uint32_t i = 0; i < cw->n_tenant_files; i++)
        if (strcmp(cw->tenant_files[i], path) == 0)
            return true;
    if (cw->n_tenant_files == cw->cap_tenant_files) {
        uint32_t cap = cw->cap_tenant_files ? 2 * cw->cap_tenant_files : 16;
        char **grown = realloc(cw->tenant_files, cap * sizeof *grown);
        if (!grown)
            return false;
        cw->tenant_files = grown;
        cw->cap_tenant_files = cap;
    }
    char *copy = flt_arena_dup(cw->w.arena, path, strlen(path));
    if (copy)
        cw->tenant_files[cw->n_tenant_files++] = copy;
    return copy != NULL;
}

static void expand_glob(struct flt_walk *w, flt_node *n)
{
    struct px_conf_walk *cw = px_conf_of(w);
    struct flt_str s = px_conf_str(w, n, PX_CONF_PATH_MAX - 1, "a file, or a glob such as tenants/*.yaml");
    if (s.n == 0)
        return;
    char *pattern = glob_pattern(w->arena, cw->dir, s);
    glob_t found = {0};
    int rc = pattern ? glob(pattern, 0, NULL, &found) : GLOB_NOSPACE;
    if (rc == GLOB_NOMATCH)
        flt_walk_error(w, n, NULL, "matches no file (expected tenant files)");
    else if (rc != 0)
        flt_walk_error(w, n, NULL, "cannot be searched%s", rc == GLOB_NOSPACE ? ": out of memory" : "");
    for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++)
        if (!add_tenant_file(cw, found.gl_pathv[i])) {
            flt_walk_error(w, n, NULL, "out of memory");
            break;
        }
    globfree(&found);
}

void px_conf_tenant_globs(struct flt_walk *w, flt_node *n, void *field)
{
    (void)field;
    if (flt_node_is_scalar(n) && !flt_node_is_null(n)) {
        expand_glob(w, n);
        return;
    }
    if (flt_node_count(n) == 0 || !flt_node_is_list(n)) {
        flt_walk_error(w, n, NULL, "%s (expected a list of files or globs such as tenants/*.yaml)",
                       flt_node_is_map(n) ? "not a list" : "empty");
        return;
    }
    for (uint32_t i = 0; i < flt_node_count(n); i++) {
        size_t mark = flt_walk_push_index(w, i);
        expand_glob(w, flt_node_item(n, i));
        flt_walk_pop(w, mark);
    }
}
