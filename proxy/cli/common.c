#include "cli/common.h"

#include <errno.h>

#include "cli/cli.h"

#define MAX_INPUT (256u << 20)

void px_cli_print_diag(const struct flt_diag *d, FILE *to)
{
    char line[1024];
    for (unsigned i = 0; i < d->n; i++) {
        flt_err_format(&d->v[i], line, sizeof(line));
        fputs(line, to);
    }
    if (d->dropped != 0)
        fprintf(to, "%u more problems were not kept\n", d->dropped);
}

static bool find_tenant(struct px_cli_engine *e, const char *name)
{
    const struct px_config *c = e->config;
    e->tenant = UINT32_MAX;
    if (c == NULL || (name == NULL && c->n_tenants == 0))
        return name == NULL;
    if (name == NULL && c->n_tenants == 1)
        e->tenant = 0;
    for (uint32_t i = 0; name != NULL && i < c->n_tenants; i++) {
        if (flt_str_is(c->tenants[i].name, name))
            e->tenant = i;
    }
    return e->tenant != UINT32_MAX;
}

bool px_cli_engine_open(struct px_cli_engine *e, const struct px_cli_source *src)
{
    struct flt_diag d = {0};
    char cache[4096];
    struct flt_snapshot_conf conf = {.ruleset_dirs = src->dirs,
                                     .n_ruleset_dirs = src->n_dirs,
                                     .skip_examples = src->skip_examples,
                                     .repeat_examples = src->repeat_examples};
    *e = (struct px_cli_engine){.tenant = UINT32_MAX};
    conf.cache_dir = px_cli_cache_dir(cache, sizeof(cache));
    if (src->config_file != NULL) {
        e->config = px_config_load_policy(src->config_file, &d);
        if (e->config == NULL)
            goto bad;
        conf.ruleset_dirs = e->config->rulesets;
        conf.n_ruleset_dirs = e->config->n_rulesets;
        conf.tenants = e->config->tenants;
        conf.n_tenants = e->config->n_tenants;
    }
    if (!find_tenant(e, src->tenant)) {
        fprintf(stderr, "sallyport: %s\n",
                src->tenant != NULL ? "no tenant of that name in the configuration"
                                    : "which tenant? Name one with --tenant");
        goto bad;
    }
    e->snapshot = flt_snapshot_build(&conf, &d);
    e->worker = flt_worker_new();
    if (e->snapshot == NULL || e->worker == NULL || flt_worker_prepare(e->worker, e->snapshot) != FLT_OK)
        goto bad;
    px_cli_print_diag(&d, stderr); /* warnings */
    flt_diag_free(&d);
    return true;
bad:
    px_cli_print_diag(&d, stderr);
    flt_diag_free(&d);
    px_cli_engine_close(e);
    return false;
}

void px_cli_engine_close(struct px_cli_engine *e)
{
    flt_worker_free(e->worker);
    flt_snapshot_free(e->snapshot);
    if (e->config != NULL)
        px_config_free(e->config);
    *e = (struct px_cli_engine){.tenant = UINT32_MAX};
}

char *px_cli_read(const char *file, size_t *n)
{
    bool in = file == NULL || strcmp(file, "-") == 0;
    FILE *f = in ? stdin : fopen(file, "rbe");
    struct flt_buf b;
    char block[65536];
    size_t got;
    int rc = FLT_OK;
    if (f == NULL) {
        fprintf(stderr, "sallyport: %s: %s\n", file, strerror(errno));
        return NULL;
    }
    flt_buf_init(&b, MAX_INPUT);
    while (rc == FLT_OK && (got = fread(block, 1, sizeof(block), f)) > 0)
        rc = flt_buf_add(&b, block, got);
    if (rc == FLT_OK && ferror(f))
        rc = FLT_E_IO;
    if (rc == FLT_OK)
        rc = flt_buf_reserve(&b, 1); /* an empty input is not a failure */
    if (!in)
        fclose(f);
    if (rc != FLT_OK) {
        fprintf(stderr, "sallyport: %s: %s\n", in ? "standard input" : file,
                rc == FLT_E_LIMIT ? "larger than 256 MiB" : "cannot be read");
        flt_buf_free(&b);
        return NULL;
    }
    *n = b.n;
    return b.p;
}
