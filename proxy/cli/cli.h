/*
 * cli.h: the verbs of the command line. Each gets its own arguments (argv[0] is the verb) and returns the exit status:
 * 0 nothing found or all well, 1 findings or failures, 2 usage or configuration error.
 */
#ifndef PX_CLI_H
#define PX_CLI_H

#include "flt/base.h"

int px_cli_serve(int argc, char **argv);
int px_cli_check(int argc, char **argv);
int px_cli_rules(int argc, char **argv);
int px_cli_mock(int argc, char **argv);

/*
 * Folder of ours under an XDG base directory: $variable/sallyport, else $HOME/fallback/sallyport; made (mode 0700)
 * where it is missing. False: there is none, or it cannot be made (errno says why).
 */
bool px_cli_dir(const char *variable, const char *fallback, char *out, size_t cap);
/* Where compiled rules are kept, or NULL: nowhere. out is what the result points to. */
const char *px_cli_cache_dir(char *out, size_t cap);

#endif
