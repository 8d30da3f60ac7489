/* main.c: options, the snapshot with all built-in packs, and the order of the benches. */
#include <dirent.h>
#include <getopt.h>
#include <unistd.h>

#include "bench.h"

static const char usage[] =
    "usage: bench_micro [--only NAME] [--iterations N] [--seconds S] [--data DIR] [--source DIR]\n"
    "\n"
    "  --only NAME      json, scan, request, request-2k, request-100k, stream or snapshot\n"
    "  --iterations N   do the chosen work N times without timing it (for callgrind)\n"
    "  --seconds S      about how long one figure is measured (default 0.5)\n"
    "  --data DIR       labelled data (default: $SALLYPORT_DATA, else ../shared/data of the tree)\n"
    "  --source DIR     the project's tree\n";

static struct flt_snapshot *build(const char *cache, bool skip_examples, double *ms)
{
    struct flt_diag d = {0};
    struct flt_snapshot_conf conf = {.cache_dir = cache, .skip_examples = skip_examples};
    uint64_t from = bench_cpu_ns();
    struct flt_snapshot *s = flt_snapshot_build(&conf, &d);
    *ms = (double)(bench_cpu_ns() - from) / 1e6;
    for (unsigned i = 0; s == NULL && i < d.n; i++) {
        char line[1024];
        (void)flt_err_format(&d.v[i], line, sizeof(line));
        (void)fputs(line, stderr);
    }
    flt_diag_free(&d);
    if (s == NULL)
        bench_die("the built-in packs do not load");
    return s;
}

static void remove_cache(const char *dir)
{
    char path[4096];
    struct dirent *e;
    DIR *d = opendir(dir);
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        (void)unlink(path);
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(dir);
}

void bench_snapshot(void)
{
    char dir[] = "/tmp/sallyport-bench-XXXXXX";
    double cold, ms, best = 0, bare = 0;
    if (mkdtemp(dir) == NULL)
        bench_die("no temporary folder");
    flt_snapshot_free(build(dir, false, &cold));
    for (int i = 0; i < 5; i++) {
        flt_snapshot_free(build(dir, false, &ms));
        best = i == 0 || ms < best ? ms : best;
    }
    for (int i = 0; i < 5; i++) {
        flt_snapshot_free(build(dir, true, &ms));
        bare = i == 0 || ms < bare ? ms : bare;
    }
    struct flt_snapshot *s = build(dir, false, &ms);
    bench_print("snapshot build, cold cache", cold, "ms", "%u rules", flt_snapshot_rules(s));
    bench_print("snapshot build, warm cache", best, "ms", "best of 5");
    bench_print("  without running the rules' examples", bare, "ms", "best of 5");
    bench_print("snapshot memory", (double)flt_snapshot_memory(s) / 1024, "KiB",
                "most bytes one channel can hold back: %u", flt_snapshot_max_hold(s));
    flt_snapshot_free(s);
    remove_cache(dir);
}

/* The daemon's own cache of compiled packs: only `snapshot` is about building without it. */
static const char *cache_dir(void)
{
    static char dir[4096];
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (base == NULL && home == NULL)
        return NULL;
    (void)snprintf(dir, sizeof(dir), "%s%s/sallyport", base != NULL ? base : home, base != NULL ? "" : "/.cache");
    return dir;
}

static const char *find_data(const char *source)
{
    static char beside[4096];
    const char *env = getenv("SALLYPORT_DATA");
    if (env != NULL)
        return access(env, R_OK) == 0 ? env : NULL;
    (void)snprintf(beside, sizeof(beside), "%s/../shared/data", source);
    return access(beside, R_OK) == 0 ? beside : NULL;
}

static void read_options(int argc, char **argv, struct bench_options *o)
{
    static const struct option longs[] = {
        {"only", required_argument, NULL, 'o'},    {"iterations", required_argument, NULL, 'i'},
        {"seconds", required_argument, NULL, 's'}, {"data", required_argument, NULL, 'd'},
        {"source", required_argument, NULL, 'S'},  {NULL, 0, NULL, 0}};
    int c;
    *o = (struct bench_options){.source = SP_SOURCE_DIR, .seconds = 0.5};
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (c == 'o')
            o->only = optarg;
        else if (c == 'i')
            o->iterations = strtoull(optarg, NULL, 10);
        else if (c == 's')
            o->seconds = strtod(optarg, NULL);
        else if (c == 'd')
            o->data = optarg;
        else if (c == 'S')
            o->source = optarg;
        else {
            (void)fputs(usage, stderr);
            exit(2);
        }
    }
    if (o->data == NULL)
        o->data = find_data(o->source);
}

static void run_all(struct bench_rig *r)
{
    const struct bench_options *o = r->options;
    if (bench_wanted(o, "json"))
        bench_json(r);
    if (bench_wanted(o, "scan"))
        bench_scan(r);
    if (o->only == NULL || strncmp(o->only, "request", 7) == 0)
        bench_request(r);
    if (bench_wanted(o, "stream"))
        bench_stream(r);
}

int main(int argc, char **argv)
{
    struct bench_options o;
    struct bench_rig r = {.options = &o};
    double ms;
    read_options(argc, argv, &o);
    if (o.iterations == 0)
        (void)printf("texts: %s\n",
                     o.data != NULL
                         ? o.data
                         : "no labelled data (SALLYPORT_DATA names none): the project's own files and generated text");
    if (bench_wanted(&o, "snapshot"))
        bench_snapshot();
    if (o.only != NULL && strcmp(o.only, "snapshot") == 0)
        return 0;
    r.snapshot = build(cache_dir(), true, &ms);
    r.worker = flt_worker_new();
    r.arena = flt_arena_new((size_t)256 << 20);
    if (r.worker == NULL || r.arena == NULL)
        bench_die("out of memory");
    bench_check(flt_worker_prepare(r.worker, r.snapshot), "scratch");
    flt_route_match("openai", FLT_STR("POST"), FLT_STR("/v1/chat/completions"), &r.route);
    run_all(&r);
    flt_arena_free(r.arena);
    flt_worker_free(r.worker);
    flt_snapshot_free(r.snapshot);
    return 0;
}
