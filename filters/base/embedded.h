/* embedded.h: files built into the binary (see cmake/EmbedFiles.cmake). */
#ifndef FLT_EMBEDDED_H
#define FLT_EMBEDDED_H

#include <stddef.h>

struct flt_embedded {
    const char *path; /* relative to the source tree; NULL ends the table */
    const char *data;
    size_t n;
};
extern const struct flt_embedded flt_builtin_packs[];

#endif
