/* rules.c: `sallyport rules`: test, list and explain rule packs. */
#include <getopt.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "flt/json.h"

#define MAX_DIRS 64u

static int usage(FILE *to)
{
    fputs("usage: sallyport rules test|list|explain ID [--rules DIR]... [--format text|json]\n\n"
          "  test        load the packs, compile every pattern, run every rule's examples\n"
          "  list        one line a rule\n"
          "  explain ID  everything about one rule\n"
          "  --rules DIR a folder of packs (<class>/<name>.yaml); may be repeated; default: the packs built in\n\n"
          "Exit status: 0 all well, 1 no such rule, 2 a pack is wrong (each problem with file:line:col).\n",
          to);
    return 2;
}

static const char *directions(const struct flt_rule_info *r)
{
    return r->request && r->response ? "both" : r->request ? "request" : "response";
}

static void write_rule(struct flt_jw *w, const struct flt_rule_info *r)
{
    flt_jw_obj(w);
    flt_jw_name(w, "id");
    flt_jw_str(w, r->id);
    flt_jw_name(w, "class");
    flt_jw_cstr(w, flt_class_names[r->class_]);
    flt_jw_name(w, "title");
    flt_jw_str(w, r->title);
    flt_jw_name(w, "severity");
    flt_jw_cstr(w, flt_severity_names[r->severity]);
    flt_jw_name(w, "confidence");
    flt_jw_f64(w, r->confidence);
    flt_jw_name(w, "sensitivity");
    flt_jw_u64(w, r->sensitivity);
    flt_jw_name(w, "action");
    flt_jw_cstr(w, flt_action_names[r->action]);
    flt_jw_name(w, "direction");
    flt_jw_cstr(w, directions(r));
    flt_jw_name(w, "roles");
    flt_jw_arr(w);
    for (unsigned i = 0; i < FLT_ROLE_COUNT; i++) {
        if (r->roles & (1u << i))
            flt_jw_cstr(w, flt_role_names[i]);
    }
    flt_jw_arr_end(w);
    flt_jw_name(w, "shape");
    flt_jw_cstr(w, r->shape);
    flt_jw_name(w, "max_width");
    flt_jw_u64(w, r->max_width);
    flt_jw_name(w, "placeholder");
    flt_jw_str(w, r->placeholder);
    flt_jw_name(w, "patterns");
    flt_jw_u64(w, r->n_patterns);
    flt_jw_name(w, "examples");
    flt_jw_u64(w, r->n_match + r->n_no_match);
    flt_jw_name(w, "file");
    flt_jw_str(w, r->file);
    flt_jw_name(w, "line");
    flt_jw_u64(w, r->line);
    flt_jw_obj_end(w);
}

static int print_json(const struct flt_rule_info *r)
{
    struct flt_buf b;
    struct flt_jw w;
    flt_buf_init(&b, 65536);
    flt_jw_init(&w, &b);
    write_rule(&w, r);
    int rc = flt_jw_finish(&w);
    if (rc == FLT_OK)
        printf("%.*s\n", FLT_STR_ARG(flt_buf_str(&b)));
    flt_buf_free(&b);
    return rc == FLT_OK ? 0 : 2;
}

static void explain_text(const struct flt_rule_info *r)
{
    printf("%.*s: %.*s\n", FLT_STR_ARG(r->id), FLT_STR_ARG(r->title));
    printf("  class        %s\n  severity     %s (confidence %.2f)\n", flt_class_names[r->class_],
           flt_severity_names[r->severity], r->confidence);
    printf("  sensitivity  %u: acts for tenants whose block level is at least that, is recorded from the observe level "
           "on\n",
           r->sensitivity);
    printf("  action       %s in %s\n  roles       ", flt_action_names[r->action], directions(r));
    for (unsigned i = 0; i < FLT_ROLE_COUNT; i++) {
        if (r->roles & (1u << i))
            printf(" %s", flt_role_names[i]);
    }
    printf("\n  shape        %s, at most %u bytes are held while it may still match\n", r->shape, r->max_width);
    if (r->placeholder.n != 0)
        printf("  placeholder  %.*s\n", FLT_STR_ARG(r->placeholder));
    printf("  patterns     %u\n  examples     %u that match, %u that do not\n  defined at   %.*s:%u\n", r->n_patterns,
           r->n_match, r->n_no_match, FLT_STR_ARG(r->file), r->line);
}

static int list(const struct flt_snapshot *s, bool json)
{
    for (uint32_t i = 0; i < flt_snapshot_rules(s); i++) {
        struct flt_rule_info r;
        flt_snapshot_rule(s, i, &r);
        if (json) {
            if (print_json(&r) != 0)
                return 2;
            continue;
        }
        printf("%-36.*s %-8s L%u %-8s %-8s %-7s %.*s\n", FLT_STR_ARG(r.id), flt_severity_names[r.severity],
               r.sensitivity, flt_action_names[r.action], directions(&r), r.shape, FLT_STR_ARG(r.title));
    }
    return 0;
}

static int explain(const struct flt_snapshot *s, const char *id, bool json)
{
    for (uint32_t i = 0; i < flt_snapshot_rules(s); i++) {
        struct flt_rule_info r;
        flt_snapshot_rule(s, i, &r);
        if (!flt_str_is(r.id, id))
            continue;
        if (json)
            return print_json(&r);
        explain_text(&r);
        return 0;
    }
    fprintf(stderr, "sallyport rules: no such rule (see `sallyport rules list`)\n");
    return 1;
}

static int summary(const struct flt_snapshot *s)
{
    uint32_t patterns = 0, examples = 0;
    for (uint32_t i = 0; i < flt_snapshot_rules(s); i++) {
        struct flt_rule_info r;
        flt_snapshot_rule(s, i, &r);
        patterns += r.n_patterns;
        examples += r.n_match + r.n_no_match;
    }
    printf("%u rules, %u patterns, %u examples: all pass, whole and byte by byte\n", flt_snapshot_rules(s), patterns,
           examples);
    return 0;
}

/* 0 = go on, 1 = help, 2 = wrong. */
static int parse(int argc, char **argv, struct flt_str *dirs, uint32_t *n, bool *json)
{
    static const struct option longs[] = {{"rules", required_argument, NULL, 'r'},
                                          {"format", required_argument, NULL, 'f'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int c;
    optind = 1;
    while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        if (c == 'h')
            return 1;
        if (c == 'r' && *n < MAX_DIRS)
            dirs[(*n)++] = flt_str_of(optarg);
        else if (c == 'f' && (strcmp(optarg, "json") == 0 || strcmp(optarg, "text") == 0))
            *json = optarg[0] == 'j';
        else
            return 2;
    }
    return optind < argc ? 0 : 2;
}

int px_cli_rules(int argc, char **argv)
{
    struct flt_str dirs[MAX_DIRS];
    struct px_cli_source src = {.dirs = dirs};
    struct px_cli_engine e;
    bool json = false;
    int rc = parse(argc, argv, dirs, &src.n_dirs, &json);
    if (rc != 0)
        return rc == 1 ? (usage(stdout), 0) : usage(stderr);
    const char *verb = argv[optind];
    int rest = argc - optind - 1;
    bool is_test = strcmp(verb, "test") == 0 && rest == 0;
    bool is_list = strcmp(verb, "list") == 0 && rest == 0;
    bool is_explain = strcmp(verb, "explain") == 0 && rest == 1;
    if (!is_test && !is_list && !is_explain)
        return usage(stderr);
    src.skip_examples = !is_test;
    src.repeat_examples = is_test;
    if (!px_cli_engine_open(&e, &src))
        return 2;
    if (is_test)
        rc = summary(e.snapshot);
    else
        rc = is_list ? list(e.snapshot, json) : explain(e.snapshot, argv[optind + 1], json);
    px_cli_engine_close(&e);
    return rc;
}
