/*
 * main.c: recorded traffic, byte for byte. Every recorded chat-completions answer goes through the library with the
 * shipped packs and defaults: whole answers as they are, streams whole and in pieces of 1, 7 and 1000 bytes. Fails when
 * bytes change though nothing is redacted, when a result depends on the cut, or when an answer is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wire.h"

static const char *const group_names[WIRE_GROUPS] = {"OpenAI, whole",  "OpenAI, streams", "Azure, whole",
                                                     "Azure, streams", "others, whole",   "others, streams",
                                                     "requests"};

static const char *find_data(int argc, char **argv)
{
    const char *dir = argc > 1 ? argv[1] : getenv("SALLYPORT_DATA");
    if (dir == NULL)
        dir = SP_SOURCE_DIR "/../shared/data";
    return access(dir, R_OK) == 0 ? dir : NULL;
}

static void open_rig(struct wire_rig *r)
{
    struct flt_diag d = {0};
    struct flt_snapshot_conf conf = {.skip_examples = true};
    r->snapshot = flt_snapshot_build(&conf, &d);
    r->worker = flt_worker_new();
    r->arena = flt_arena_new((size_t)256 << 20);
    flt_diag_free(&d);
    if (r->snapshot == NULL || r->worker == NULL || r->arena == NULL ||
        flt_worker_prepare(r->worker, r->snapshot) != FLT_OK) {
        (void)fputs("the built-in packs do not load\n", stderr);
        exit(2);
    }
}

static void close_rig(struct wire_rig *r)
{
    flt_arena_free(r->arena);
    flt_worker_free(r->worker);
    flt_snapshot_free(r->snapshot);
}

static void take(void *arg, const struct wire_row *row)
{
    wire_check(arg, row);
}

static void print_table(const struct wire_rig *r)
{
    (void)printf("%-18s %8s", "", "bodies");
    for (unsigned v = 0; v < WIRE_VERDICTS; v++)
        (void)printf(" %10s", wire_verdict_names[v]);
    (void)putchar('\n');
    for (unsigned g = 0; g < WIRE_GROUPS; g++) {
        unsigned sum = 0;
        for (unsigned v = 0; v < WIRE_VERDICTS; v++)
            sum += r->count[g][v];
        (void)printf("%-18s %8u", group_names[g], sum);
        for (unsigned v = 0; v < WIRE_VERDICTS; v++)
            (void)printf(" %10u", r->count[g][v]);
        (void)putchar('\n');
    }
}

static void print_rules(const struct wire_rig *r)
{
    for (uint32_t i = 0; i < flt_snapshot_rules(r->snapshot) && i < WIRE_RULES_MAX; i++) {
        struct flt_rule_info info;
        flt_snapshot_rule(r->snapshot, i, &info);
        if (r->rule[i] != 0)
            (void)printf("acted on: %.*s in %u bodies\n", FLT_STR_ARG(info.id), r->rule[i]);
    }
}

int main(int argc, char **argv)
{
    static const char *const sets[] = {"wire_openllmetry", "wire_vercel_ai"};
    static struct wire_rig r;
    const char *dir = find_data(argc, argv);
    unsigned failed = 0;
    if (dir == NULL) {
        (void)puts("no labelled data here (an argument or SALLYPORT_DATA names its folder): nothing was checked");
        return 0;
    }
    open_rig(&r);
    for (size_t i = 0; i < FLT_ARRAY_LEN(sets); i++) {
        unsigned before = r.rows;
        bool ok = wire_read(dir, sets[i], take, &r);
        (void)printf("%s: %u chat completions%s\n", sets[i], r.rows - before, ok ? "" : " (the file cannot be read)");
    }
    (void)printf("%.1f MB of answers, %u streams of them framed by this program\n", (double)r.bytes / 1e6, r.framed);
    (void)printf("%llu bytes of text in answers and requests, %llu of them inspected; %u findings were only recorded\n",
                 (unsigned long long)r.text, (unsigned long long)r.scanned, r.noted);
    print_table(&r);
    print_rules(&r);
    for (unsigned g = 0; g < WIRE_GROUPS; g++)
        failed += r.count[g][WIRE_WRONG] + r.count[g][WIRE_REFUSED];
    close_rig(&r);
    return failed != 0;
}
