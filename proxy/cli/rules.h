/* rules.h: what the files behind `sallyport rules` share. */
#ifndef PX_CLI_RULES_H
#define PX_CLI_RULES_H

#include "cli/common.h"

struct px_rules_options {
    struct px_cli_source source;
    bool json, verbose;
};

/* The verbs test and bench; they return the exit status. The snapshot's examples have passed. */
int px_rules_test(const struct flt_snapshot *s, const struct px_rules_options *o);
int px_rules_bench(const struct flt_snapshot *s, const char *file); /* NULL = the sample text */

#endif
