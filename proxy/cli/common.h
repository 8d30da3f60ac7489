/* common.h: what check and rules share: loading packs or a configuration, and printing diagnostics. */
#ifndef PX_CLI_COMMON_H
#define PX_CLI_COMMON_H

#include "core/config.h"
#include "flt/engine.h"

/* A snapshot for the command line and whom it inspects for. */
struct px_cli_engine {
    struct px_config *config; /* NULL without -c */
    struct flt_snapshot *snapshot;
    struct flt_worker *worker;
    uint32_t tenant; /* UINT32_MAX = shipped defaults */
};

struct px_cli_source {
    const char *config_file; /* NULL: packs only */
    const char *tenant;      /* NULL with one tenant or none */
    const struct flt_str *dirs;
    uint32_t n_dirs;                     /* 0: the packs built in */
    bool skip_examples, repeat_examples; /* as in struct flt_snapshot_conf */
};
/* Prints every problem on standard error. False: usage or configuration error (exit 2). */
bool px_cli_engine_open(struct px_cli_engine *e, const struct px_cli_source *src);
void px_cli_engine_close(struct px_cli_engine *e);
/* All entries as file:line:col lines. */
void px_cli_print_diag(const struct flt_diag *d, FILE *to);
/* Whole file, or standard input for "-" or NULL, at most 256 MiB. NULL with a message on standard error. Caller frees.
 */
char *px_cli_read(const char *file, size_t *n);

#endif
