/* main.c: the verb table. */
#include "cli/cli.h"

#ifndef SALLYPORT_VERSION
#define SALLYPORT_VERSION "0.1.0"
#endif

static int verb_help(int argc, char **argv);
static int verb_version(int argc, char **argv);

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments;
    const char *help;
} verbs[] = {
    {"serve", px_cli_serve, "[-c FILE] [-t]", "run the proxy; -t checks the configuration and exits"},
    {"check", px_cli_check, "[-c FILE] [options] [FILE|-]", "inspect a text, a request body, or lines of JSON"},
    {"rules", px_cli_rules, "test|list|explain ID|bench FILE [--rules DIR]...", "test, list, explain and time rules"},
    {"mock", px_cli_mock, "--listen ADDR [options]", "a deterministic fake LLM upstream"},
    {"version", verb_version, "", "print the version"},
    {"help", verb_help, "", "print this"},
};

static void usage(FILE *to)
{
    fputs("usage: sallyport VERB [ARGUMENTS]\n\n", to);
    for (size_t i = 0; i < FLT_ARRAY_LEN(verbs); i++)
        fprintf(to, "  %-8s %-44s %s\n", verbs[i].name, verbs[i].arguments, verbs[i].help);
    fputs("\nEach verb explains itself with --help.\n"
          "Exit status: 0 nothing found or all well, 1 findings or failures, 2 usage or configuration error.\n",
          to);
}

static int verb_help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    usage(stdout);
    return 0;
}

static int verb_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("sallyport " SALLYPORT_VERSION);
    return 0;
}

static const struct verb *find(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < FLT_ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct verb *v = argc > 1 ? find(argv[1]) : NULL;
    if (v == NULL) {
        if (argc > 1)
            fprintf(stderr, "sallyport: unknown verb \"%s\"\n\n", argv[1]);
        usage(stderr);
        return 2;
    }
    int status = v->run(argc - 1, argv + 1);
    /* Output that never arrived is a failure, whatever was found. */
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return status == 0 ? 1 : status;
    return status;
}
