/*
 * serve.c: sallyport serve. With -c it runs a configuration; without, the embedded default: a local certificate and key
 * made at first start, the built-in packs, and the fake upstream inside this process.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "core/mock.h"
#include "core/server.h"
#include "net/tls.h"

#define KEY_RANDOM 24u
#define KEY_PREFIX "sp-local-"

static const char help[] = "usage: sallyport serve [-c FILE] [-t]\n"
                           "\n"
                           "  -c, --config FILE  configuration (conf/sallyport.full.yaml lists every key)\n"
                           "  -t, --test         check the configuration, rules and certificates, then exit\n"
                           "\n"
                           "Without -c: TLS on 127.0.0.1:8443 with a certificate of its own, one tenant whose key is\n"
                           "printed, the built-in rules and a fake upstream.\n"
                           "SIGHUP reads everything again; SIGTERM lets answers end; a second SIGTERM does not.\n";

struct serve {
    const char *file; /* NULL = embedded */
    bool test, help;
    char cache[4096];
    /* embedded default */
    char certificate[4200], key[4200], key_file[4200];
    char tenant_key[sizeof(KEY_PREFIX) + 2 * KEY_RANDOM];
    uint8_t sha256[32];
    struct px_mock *mock;
};

/* ---- process ---------------------------------------------------------------------------------------------------- */

/* Prompts and keys must not reach a core file; every client and upstream connection is a descriptor. */
static void harden(void)
{
    struct rlimit none = {0, 0}, files;
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* ---- embedded default ------------------------------------------------------------------------------------------- */

static void problem(struct flt_diag *d, const char *file, const char *what)
{
    flt_diag_add(d, FLT_E_IO, file, 0, 0, NULL, "%s: %s", what, strerrordesc_np(errno));
}

static bool read_key(struct serve *s)
{
    int fd = open(s->key_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, s->tenant_key, sizeof(s->tenant_key) - 1);
    close(fd);
    s->tenant_key[n > 0 ? n : 0] = '\0';
    s->tenant_key[strcspn(s->tenant_key, "\r\n")] = '\0';
    return strlen(s->tenant_key) == sizeof(s->tenant_key) - 1;
}

static bool make_key(struct serve *s, struct flt_diag *d)
{
    uint8_t random[KEY_RANDOM];
    char *p = s->tenant_key + sizeof(KEY_PREFIX) - 1;
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        problem(d, NULL, "no random bytes");
        return false;
    }
    memcpy(s->tenant_key, KEY_PREFIX, sizeof(KEY_PREFIX) - 1);
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(p + 2 * i, 3, "%02x", random[i]);
    flt_wipe(random, sizeof(random));
    int fd = open(s->key_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && dprintf(fd, "%s\n", s->tenant_key) > 0;
    if (!ok)
        problem(d, s->key_file, "cannot write the tenant's key");
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool prepare_files(struct serve *s, struct flt_diag *d)
{
    char dir[4096];
    if (!px_cli_dir("XDG_DATA_HOME", ".local/share", dir, sizeof(dir))) {
        problem(d, NULL, "no folder for certificate and key (set HOME or XDG_DATA_HOME)");
        return false;
    }
    snprintf(s->certificate, sizeof(s->certificate), "%s/cert.pem", dir);
    snprintf(s->key, sizeof(s->key), "%s/key.pem", dir);
    snprintf(s->key_file, sizeof(s->key_file), "%s/tenant.key", dir);
    if (access(s->certificate, R_OK) != 0 || access(s->key, R_OK) != 0) {
        struct flt_err err = {0};
        if (px_tls_make_local(s->certificate, s->key, &err) != FLT_OK) {
            flt_diag_add(d, FLT_E_IO, s->certificate, 0, 0, NULL, "%s", err.message);
            return false;
        }
    }
    if (!read_key(s) && !make_key(s, d))
        return false;
    if (EVP_Digest(s->tenant_key, strlen(s->tenant_key), s->sha256, NULL, EVP_sha256(), NULL) != 1) {
        flt_diag_add(d, FLT_E_NOMEM, NULL, 0, 0, NULL, "SHA-256 failed");
        return false;
    }
    return true;
}

/* The fake upstream's thread must leave signals to the control thread. */
static bool start_mock(struct serve *s, struct flt_diag *d)
{
    const struct px_mock_conf conf = {.listen = "127.0.0.1:0", .quiet = true};
    struct flt_err err = {0};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->mock = px_mock_start(&conf, &err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (s->mock == NULL)
        flt_diag_add(d, FLT_E_IO, NULL, 0, 0, "mock", "%s", err.message);
    return s->mock != NULL;
}

static struct px_config *load(void *arg, struct flt_diag *d)
{
    struct serve *s = arg;
    if (s->file != NULL)
        return px_config_load(s->file, d);
    if (s->mock == NULL && (!prepare_files(s, d) || !start_mock(s, d)))
        return NULL;
    return px_config_embedded(s->certificate, s->key, s->sha256, px_mock_port(s->mock), d);
}

static void on_ready(void *arg, const char *first)
{
    const struct serve *s = arg;
    if (s->file != NULL)
        return;
    printf("sallyport is listening on https://%s with the built-in rules and a fake upstream.\n"
           "tenant key: %s\n"
           "try:\n"
           "  curl --cacert '%s' https://%s/v1/chat/completions \\\n"
           "    -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \\\n"
           "    -d '{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"My e-mail is "
           "ada@example.org\"}]}'\n",
           first, s->tenant_key, s->certificate, first, s->tenant_key);
    fflush(stdout);
}

/* ---- the verb --------------------------------------------------------------------------------------------------- */

static bool read_options(int argc, char **argv, struct serve *s)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"test", no_argument, NULL, 't'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int c;
    optind = 1;
    while ((c = getopt_long(argc, argv, "c:th", longs, NULL)) != -1) {
        switch (c) {
        case 'c':
            s->file = optarg;
            break;
        case 't':
            s->test = true;
            break;
        case 'h':
            s->help = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc;
}

int px_cli_serve(int argc, char **argv)
{
    struct serve s = {0};
    if (!read_options(argc, argv, &s)) {
        fputs(help, stderr);
        return 2;
    }
    if (s.help) {
        fputs(help, stdout);
        return 0;
    }
    harden();
    const struct px_server_conf conf = {
        .load = load, .on_ready = on_ready, .arg = &s, .cache_dir = px_cli_cache_dir(s.cache, sizeof(s.cache))};
    int status = s.test ? px_server_check(&conf) : px_server_run(&conf);
    px_mock_stop(s.mock);
    flt_wipe(s.tenant_key, sizeof(s.tenant_key));
    return status;
}
