/* pack_dir.c: where packs come from: folders of YAML files, or the copies built into the binary. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/embedded.h"
#include "flt/yaml.h"
#include "rule/rule.h"

#define MAX_PACK_BYTES (4l * 1024 * 1024)

static char *read_whole(const char *path, size_t *n, struct flt_diag *d)
{
    FILE *f = fopen(path, "rbe");
    struct stat st;
    char *p = NULL;
    if (f == NULL || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
        flt_diag_add(d, FLT_E_IO, path, 0, 0, "", "cannot be read: %s", strerror(errno));
    } else if (st.st_size > MAX_PACK_BYTES) {
        flt_diag_add(d, FLT_E_LIMIT, path, 0, 0, "", "is larger than 4 MiB");
    } else {
        p = malloc((size_t)st.st_size + 1);
        *n = p != NULL ? fread(p, 1, (size_t)st.st_size, f) : 0;
    }
    if (f != NULL)
        fclose(f);
    return p;
}

static bool is_pack(const char *name)
{
    size_t n = strlen(name);
    return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".yaml") == 0;
}

static int pack_filter(const struct dirent *e)
{
    return is_pack(e->d_name);
}

static int folder_filter(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void load_class(const char *dir, const char *class_name, struct flt_arena *arena, struct flt_rules *out,
                       struct flt_diag *d)
{
    char path[4400];
    struct dirent **v = NULL;
    snprintf(path, sizeof(path), "%s/%s", dir, class_name);
    int n = scandir(path, &v, pack_filter, alphasort);
    for (int i = 0; i < n; i++) {
        char *file = flt_arena_printf(arena, "%s/%s", path, v[i]->d_name);
        size_t len = 0;
        char *text = file != NULL ? read_whole(file, &len, d) : NULL;
        if (text != NULL)
            flt_pack_parse(file, flt_str_of(class_name), (struct flt_str){text, len}, arena, out, d);
        free(text);
        free(v[i]);
    }
    free(v);
}

void flt_packs_load_dir(struct flt_str dir, struct flt_arena *arena, struct flt_rules *out, struct flt_diag *d)
{
    char path[4096], sub[4400];
    struct dirent **v = NULL;
    struct stat st;
    uint32_t before = out->n;
    snprintf(path, sizeof(path), "%.*s", FLT_STR_ARG(dir));
    int n = scandir(path, &v, folder_filter, alphasort);
    if (n < 0) {
        flt_diag_add(d, FLT_E_IO, path, 0, 0, "rulesets", "cannot be read as a folder: %s", strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        snprintf(sub, sizeof(sub), "%s/%s", path, v[i]->d_name);
        if (stat(sub, &st) == 0 && S_ISDIR(st.st_mode))
            load_class(path, v[i]->d_name, arena, out, d);
        else if (is_pack(v[i]->d_name) && strcmp(v[i]->d_name, "references.yaml") != 0) /* is built in */
            flt_diag_add(d, FLT_E_CONFIG, sub, 0, 0, "", "packs stand in a folder named after their class");
        free(v[i]);
    }
    free(v);
    if (out->n == before && !flt_diag_failed(d))
        flt_diag_add(d, FLT_E_CONFIG, path, 0, 0, "rulesets", "holds no packs (expected <class>/<name>.yaml)");
}

void flt_packs_load_builtin(struct flt_arena *arena, struct flt_rules *out, struct flt_diag *d)
{
    for (const struct flt_embedded *e = flt_builtin_packs; e->path != NULL; e++) {
        const char *first = strchr(e->path, '/');
        const char *second = first != NULL ? strchr(first + 1, '/') : NULL;
        if (second != NULL)
            flt_pack_parse(e->path, (struct flt_str){first + 1, (size_t)(second - first - 1)},
                           (struct flt_str){e->data, e->n}, arena, out, d);
    }
}
