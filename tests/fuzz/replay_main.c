/*
 * replay_main.c: runs a fuzz target over stored inputs, for compilers without libFuzzer. Arguments are files and
 * directories (taken recursively). One that is missing or holds no file fails the run: an empty corpus proves nothing.
 */
#include <errno.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long replayed; /* nftw has no argument to pass it in */

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        return 1;
    }
    uint8_t *data = malloc(INPUT_MAX);
    size_t n = data != NULL ? fread(data, 1, INPUT_MAX, f) : 0;
    int failed = data == NULL || ferror(f) != 0;
    fclose(f);
    uint8_t *exact = failed ? NULL : malloc(n != 0 ? n : 1); /* so that a sanitizer sees any read past the end */
    if (exact != NULL) {
        if (n != 0)
            memcpy(exact, data, n);
        LLVMFuzzerTestOneInput(exact, n);
        replayed++;
    }
    failed |= exact == NULL;
    free(exact);
    free(data);
    return failed;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)at;
    if (type == FTW_F)
        return replay_file(path);
    return type == FTW_D || type == FTW_DP ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE|DIRECTORY...\n", argv[0]);
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        unsigned long before = replayed;
        if (nftw(argv[i], visit, 16, FTW_PHYS) != 0) {
            fprintf(stderr, "%s: cannot be replayed\n", argv[i]);
            return 1;
        }
        if (replayed == before) {
            fprintf(stderr, "%s: no input\n", argv[i]);
            return 1;
        }
    }
    printf("%lu inputs replayed\n", replayed);
    return 0;
}
