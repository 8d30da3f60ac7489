/* dirs.c: folders for what we keep between runs (XDG Base Directory Specification 0.8). */
#include "cli/cli.h"

#include <errno.h>
#include <sys/stat.h>

/* mkdir -p; path is changed for a moment at each slash. */
static bool make_path(char *path)
{
    for (char *p = path + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char was = *p;
        *p = '\0';
        bool ok = mkdir(path, 0700) == 0 || errno == EEXIST;
        *p = was;
        if (!ok || was == '\0')
            return ok;
    }
}

bool px_cli_dir(const char *variable, const char *fallback, char *out, size_t cap)
{
    const char *base = getenv(variable);
    const char *home = getenv("HOME");
    int n = -1;
    if (base != NULL && base[0] == '/') /* the specification wants relative paths ignored */
        n = snprintf(out, cap, "%s/sallyport", base);
    else if (home != NULL && home[0] == '/')
        n = snprintf(out, cap, "%s/%s/sallyport", home, fallback);
    if (n < 0 || (size_t)n >= cap) {
        errno = n < 0 ? ENOENT : ENAMETOOLONG;
        return false;
    }
    return make_path(out);
}

const char *px_cli_cache_dir(char *out, size_t cap)
{
    return px_cli_dir("XDG_CACHE_HOME", ".cache", out, cap) ? out : NULL;
}
