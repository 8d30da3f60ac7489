/* config_fixture.h: a folder with what a configuration names, and loading with its complaints as text. */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/config.h"

#define DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define OTHER  "0000000000000000000000000000000000000000000000000000000000000001"

/* A folder of its own for each test; `dir` is absolute and ends with a slash. */
struct fixture {
    char dir[64];
    struct px_config *config;
    char problems[16384];
};

static inline const char *at(const struct fixture *f, const char *name)
{
    static char path[4][300];
    static unsigned turn;
    char *out = path[turn++ % 4];
    (void)snprintf(out, sizeof path[0], "%s%s", f->dir, name);
    return out;
}

static inline void put(const struct fixture *f, const char *name, const char *text)
{
    FILE *file = fopen(at(f, name), "wbe");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->dir, sizeof f->dir, "/tmp/sallyport-conf-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->dir[strlen(f->dir)] = '/';
    assert_int_equal(mkdir(at(f, "tenants"), 0700), 0);
    assert_int_equal(mkdir(at(f, "packs"), 0700), 0);
    put(f, "cert.pem", "certificate");
    put(f, "key.pem", "key");
    put(f, "tenants/one.yaml", "tenant: one\nupstream: up\ncredentials: [{key_sha256: " DIGEST "}]\n");
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf -- %s", f->dir);
    px_config_free(f->config);
    int rc = system(command);
    free(f);
    return rc;
}

static inline void collect(struct fixture *f, struct flt_diag *d)
{
    size_t used = 0;
    f->problems[0] = '\0';
    for (unsigned i = 0; i < d->n && used + 2048 < sizeof f->problems; i++) {
        char line[2048];
        (void)flt_err_format(&d->v[i], line, sizeof line);
        /* The folder's name is made up anew each time. */
        char *name;
        while ((name = strstr(line, f->dir)))
            memmove(name, name + strlen(f->dir), strlen(name + strlen(f->dir)) + 1);
        used += (size_t)snprintf(f->problems + used, sizeof f->problems - used, "%s", line);
    }
    flt_diag_free(d);
}

static inline bool load(struct fixture *f, const char *text)
{
    struct flt_diag d = {0};
    if (text)
        put(f, "s.yaml", text);
    px_config_free(f->config);
    f->config = px_config_load(at(f, "s.yaml"), &d);
    assert_int_equal(f->config == NULL, flt_diag_failed(&d));
    collect(f, &d);
    return f->config != NULL;
}

static inline void accepts(struct fixture *f, const char *text)
{
    bool good = load(f, text);
    assert_string_equal(f->problems, "");
    assert_true(good);
}

static inline void refuses(struct fixture *f, const char *text, const char *problems)
{
    bool good = load(f, text);
    assert_string_equal(f->problems, problems);
    assert_false(good);
}

#define LISTEN  "listen: [{address: '127.0.0.1:8443', tls: {certificate: cert.pem, key: key.pem}}]\n"
#define UP      "upstreams: {up: {url: 'https://llm.example.com', provider: openai}}\n"
#define TENANTS "tenants: [tenants/*.yaml]\n"
#define HEAD    "version: 1\n" LISTEN
#define SMALL   HEAD UP TENANTS

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
