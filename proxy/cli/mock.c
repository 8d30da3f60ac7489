/* sallyport mock: the fake upstream in the foreground, until SIGINT or SIGTERM. */
#include <getopt.h>
#include <signal.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/mock.h"
#include "net/tls.h"

static const char usage[] =
    "usage: sallyport mock --listen ADDRESS [--tls CERT,KEY | --tls auto] [--script FILE] [--record FILE] [--quiet]\n"
    "\n"
    "A deterministic fake OpenAI and Azure OpenAI upstream. It echoes, or answers from a script\n"
    "(conf/mock-script.yaml describes the format). GET /__received lists what it was sent.\n"
    "\n"
    "  --listen ADDRESS  host:port; port 0 picks one (default 127.0.0.1:0)\n"
    "  --tls CERT,KEY    serve TLS with these PEM files; auto makes a certificate for localhost\n"
    "  --script FILE     rules for the answers\n"
    "  --record FILE     append each request as a JSON line\n"
    "  --quiet           no line per request on standard error\n";

struct options {
    struct px_mock_conf conf;
    bool tls_auto, help;
    char certificate[4096], key[4096];
};

/* "cert,key", or "auto". */
static bool read_tls(struct options *o, const char *value)
{
    const char *comma = strchr(value, ',');
    o->tls_auto = strcmp(value, "auto") == 0;
    if (o->tls_auto)
        return true;
    if (comma == NULL || comma == value || comma[1] == '\0' || strlen(value) >= sizeof(o->certificate))
        return false;
    (void)snprintf(o->certificate, sizeof(o->certificate), "%.*s", (int)(comma - value), value);
    (void)snprintf(o->key, sizeof(o->key), "%s", comma + 1);
    o->conf.certificate = o->certificate;
    o->conf.key = o->key;
    return true;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {{"listen", required_argument, NULL, 'l'},
                                          {"tls", required_argument, NULL, 't'},
                                          {"script", required_argument, NULL, 's'},
                                          {"record", required_argument, NULL, 'r'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int c;
    optind = 1;
    while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        switch (c) {
        case 'l':
            o->conf.listen = optarg;
            break;
        case 't':
            if (!read_tls(o, optarg))
                return false;
            break;
        case 's':
            o->conf.script = optarg;
            break;
        case 'r':
            o->conf.record = optarg;
            break;
        case 'q':
            o->conf.quiet = true;
            break;
        case 'h':
            o->help = true;
            return true;
        default:
            return false;
        }
    }
    return optind == argc;
}

/* A certificate of its own in a temporary directory, so that nothing is left behind. */
static bool make_certificate(struct options *o, char *dir, size_t cap, struct flt_err *err)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(dir, cap, "%s/sallyport-mock-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL) {
        dir[0] = '\0';
        *err = (struct flt_err){.status = FLT_E_IO, .message = "cannot make a temporary directory"};
        return false;
    }
    (void)snprintf(o->certificate, sizeof(o->certificate), "%s/cert.pem", dir);
    (void)snprintf(o->key, sizeof(o->key), "%s/key.pem", dir);
    o->conf.certificate = o->certificate;
    o->conf.key = o->key;
    return px_tls_make_local(o->certificate, o->key, err) == FLT_OK;
}

static void remove_certificate(const struct options *o, const char *dir)
{
    if (dir[0] == '\0')
        return;
    (void)unlink(o->certificate);
    (void)unlink(o->key);
    (void)rmdir(dir);
}

static void print_error(const struct flt_err *err)
{
    char line[1200];
    (void)flt_err_format(err, line, sizeof(line));
    (void)fprintf(stderr, "sallyport mock: %s", line);
}

static bool script_ok(const char *file)
{
    struct flt_diag d = {0};
    if (file == NULL)
        return true;
    bool ok = px_mock_script_check(file, &d);
    for (unsigned i = 0; i < d.n; i++)
        print_error(&d.v[i]);
    flt_diag_free(&d);
    return ok;
}

static int run(struct options *o, const char *dir)
{
    struct flt_err err = {0};
    sigset_t stop;
    int sig;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGINT);
    (void)sigaddset(&stop, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &stop, NULL); /* inherited by the mock's thread */
    struct px_mock *m = px_mock_start(&o->conf, &err);
    if (m == NULL) {
        print_error(&err);
        return 2;
    }
    (void)printf("mock: listening on %s://127.0.0.1:%u\n", o->conf.certificate != NULL ? "https" : "http",
                 (unsigned)px_mock_port(m));
    if (dir[0] != '\0')
        (void)printf("mock: certificate %s\n", o->certificate);
    (void)fflush(stdout);
    (void)sigwait(&stop, &sig);
    px_mock_stop(m);
    return 0;
}

int px_cli_mock(int argc, char **argv)
{
    struct options o = {.conf = {.listen = "127.0.0.1:0"}};
    struct flt_err err = {0};
    char dir[4000] = "";
    if (!read_options(argc, argv, &o)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    if (o.help) {
        (void)fputs(usage, stdout);
        return 0;
    }
    if (!script_ok(o.conf.script))
        return 2;
    if (o.tls_auto && !make_certificate(&o, dir, sizeof(dir), &err)) {
        print_error(&err);
        remove_certificate(&o, dir);
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    int rc = run(&o, dir);
    remove_certificate(&o, dir);
    return rc;
}
