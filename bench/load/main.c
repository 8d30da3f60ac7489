/* main.c: options of bench_load. bench/load/run knows how to call it. */
#include <getopt.h>
#include <sys/resource.h>

#include "load.h"

static const char usage[] =
    "usage: bench_load upstream --port N --certificate FILE --key FILE --events N --pace-ms N\n"
    "       bench_load streams  --port N --ca FILE --bearer KEY --body FILE --count N --pace-ms N [--wait]\n"
    "       bench_load hold     --port N --ca FILE --bearer KEY --body FILE --count N [--wait]\n"
    "\n"
    "All on 127.0.0.1, TLS. streams: N clients, started so many tenths of a millisecond apart.\n"
    "--wait waits for a line on standard input: streams before it starts, hold before it leaves.\n";

static bool set(struct load_options *o, int c)
{
    switch (c) {
    case 'p':
        o->port = (uint16_t)strtoul(optarg, NULL, 10);
        return o->port != 0;
    case 'c':
        o->certificate = optarg;
        return true;
    case 'k':
        o->key = optarg;
        return true;
    case 'a':
        o->ca = optarg;
        return true;
    case 'b':
        o->bearer = optarg;
        return true;
    case 'B':
        o->body = optarg;
        return true;
    case 'n':
        o->count = (unsigned)strtoul(optarg, NULL, 10);
        return o->count != 0;
    case 'e':
        o->events = (unsigned)strtoul(optarg, NULL, 10);
        return o->events != 0;
    case 't':
        o->pace_ms = (unsigned)strtoul(optarg, NULL, 10);
        return o->pace_ms != 0;
    case 'w':
        o->paused = true;
        return true;
    default:
        return false;
    }
}

static void raise_files(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &r);
    }
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"port", 1, NULL, 'p'},    {"certificate", 1, NULL, 'c'}, {"key", 1, NULL, 'k'},   {"ca", 1, NULL, 'a'},
        {"bearer", 1, NULL, 'b'},  {"body", 1, NULL, 'B'},        {"count", 1, NULL, 'n'}, {"events", 1, NULL, 'e'},
        {"pace-ms", 1, NULL, 't'}, {"wait", 0, NULL, 'w'},        {NULL, 0, NULL, 0}};
    struct load_options o = {.count = 1, .events = 50, .pace_ms = 20};
    int c;
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (!set(&o, c)) {
            (void)fputs(usage, stderr);
            return 2;
        }
    }
    raise_files();
    const char *job = optind + 1 == argc ? argv[optind] : "";
    if (strcmp(job, "upstream") == 0)
        return load_upstream(&o);
    if (strcmp(job, "streams") == 0)
        return load_streams(&o);
    if (strcmp(job, "hold") == 0)
        return load_hold(&o);
    (void)fputs(usage, stderr);
    return 2;
}
