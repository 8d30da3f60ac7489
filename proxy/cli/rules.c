/* rules.c: `sallyport rules`: list and explain rule packs; the verbs and their options. */
#include <getopt.h>

#include "cli/cli.h"
#include "cli/rules.h"
#include "flt/json.h"

#define MAX_DIRS 64u

static int usage(FILE *to)
{
    fputs("usage: sallyport rules test|list|explain ID|bench [FILE] [--rules DIR]... [--format text|json]\n\n"
          "  test        load the packs, compile every pattern, run every rule's examples, then again in carriers and\n"
          "              disguises, and against texts made to be costly; -v, --verbose: each warning\n"
          "  list        one line a rule\n"
          "  explain ID  everything about one rule\n"
          "  bench       what each rule costs on a text (default: a sample of several kinds)\n"
          "  --rules DIR a folder of packs (<class>/<name>.yaml); may be repeated; default: the packs built in\n\n"
          "Exit status: 0 all well, 1 no such rule, 2 a pack is wrong (each problem with file:line:col).\n",
          to);
    return 2;
}

static const char *directions(const struct flt_rule_info *r)
{
    return r->request && r->response ? "both" : r->request ? "request" : "response";
}

static void write_names(struct flt_jw *w, const struct flt_rule_info *r)
{
    flt_jw_name(w, "views");
    flt_jw_arr(w);
    for (unsigned i = 0; i < FLT_VIEW_COUNT; i++) {
        if (r->views & (1u << i))
            flt_jw_cstr(w, flt_view_names[i]);
    }
    flt_jw_arr_end(w);
    flt_jw_name(w, "refs");
    flt_jw_arr(w);
    for (uint32_t i = 0; i < r->n_refs; i++)
        flt_jw_str(w, r->refs[i]->id);
    flt_jw_arr_end(w);
    flt_jw_name(w, "langs");
    flt_jw_arr(w);
    for (uint32_t i = 0; i < r->n_langs; i++)
        flt_jw_str(w, r->langs[i]);
    flt_jw_arr_end(w);
    flt_jw_name(w, "near");
    flt_jw_u64(w, r->n_near + r->n_adds);
    flt_jw_name(w, "not");
    flt_jw_u64(w, r->n_not + r->n_mention);
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
    flt_jw_name(w, "observe");
    flt_jw_u64(w, r->observe);
    flt_jw_name(w, "kind");
    flt_jw_str(w, r->kind);
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
    write_names(w, r);
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

static void explain_about(const struct flt_rule_info *r)
{
    printf("  views       ");
    for (unsigned i = 0; i < FLT_VIEW_COUNT; i++) {
        if (r->views & (1u << i))
            printf(" %s", flt_view_names[i]);
    }
    printf(r->views != 1u ? " (requests; answers raw)\n" : "\n");
    if (r->n_near + r->n_adds + r->n_not + r->n_mention != 0)
        printf(
            "  contexts     near: %u of which one is needed, %u that add; not: %u that drop, %u that make a mention\n",
            r->n_near, r->n_adds, r->n_not, r->n_mention);
    for (uint32_t i = 0; i < r->n_refs; i++)
        printf("  %-12s %.*s: %.*s\n", i == 0 ? "refers to" : "", FLT_STR_ARG(r->refs[i]->id),
               FLT_STR_ARG(r->refs[i]->title));
    if (r->n_langs != 0)
        printf("  languages   ");
    for (uint32_t i = 0; i < r->n_langs; i++)
        printf(" %.*s", FLT_STR_ARG(r->langs[i]));
    printf(r->n_langs != 0 ? "\n" : "");
    if (r->fp_per_million >= 0)
        printf("  fp budget    %lld in a million sentences\n", (long long)r->fp_per_million);
}

static void explain_text(const struct flt_rule_info *r)
{
    printf("%.*s: %.*s\n", FLT_STR_ARG(r->id), FLT_STR_ARG(r->title));
    printf("  class        %s%s%.*s\n  severity     %s (confidence %.2f)\n", flt_class_names[r->class_],
           r->kind.n != 0 ? ", " : "", FLT_STR_ARG(r->kind), flt_severity_names[r->severity], r->confidence);
    printf(
        "  sensitivity  acts for tenants that block at level %u or above, is recorded for those that observe at %u or "
        "above\n",
        r->sensitivity, r->observe);
    printf("  action       %s in %s\n  roles       ", flt_action_names[r->action],
           r->request && r->response ? "requests and answers"
           : r->request              ? "requests"
                                     : "answers");
    for (unsigned i = 0; i < FLT_ROLE_COUNT; i++) {
        if (r->roles & (1u << i))
            printf(" %s", flt_role_names[i]);
    }
    printf("\n  shape        %s, at most %u bytes are held while it may still match\n", r->shape, r->max_width);
    if (r->placeholder.n != 0)
        printf("  placeholder  %.*s\n", FLT_STR_ARG(r->placeholder));
    explain_about(r);
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

/* 0 = go on, 1 = help, 2 = wrong. */
static int parse(int argc, char **argv, struct flt_str *dirs, struct px_rules_options *o)
{
    static const struct option longs[] = {{"rules", required_argument, NULL, 'r'},
                                          {"format", required_argument, NULL, 'f'},
                                          {"verbose", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int c;
    optind = 1;
    while ((c = getopt_long(argc, argv, "hv", longs, NULL)) != -1) {
        if (c == 'h')
            return 1;
        if (c == 'r' && o->source.n_dirs < MAX_DIRS)
            dirs[o->source.n_dirs++] = flt_str_of(optarg);
        else if (c == 'f' && (strcmp(optarg, "json") == 0 || strcmp(optarg, "text") == 0))
            o->json = optarg[0] == 'j';
        else if (c == 'v')
            o->verbose = true;
        else
            return 2;
    }
    return optind < argc ? 0 : 2;
}

int px_cli_rules(int argc, char **argv)
{
    static const struct {
        const char *verb;
        int least, most; /* arguments */
    } verbs[] = {{"test", 0, 0}, {"list", 0, 0}, {"explain", 1, 1}, {"bench", 0, 1}};
    struct flt_str dirs[MAX_DIRS];
    struct px_rules_options o = {.source = {.dirs = dirs}};
    struct px_cli_engine e;
    int rc = parse(argc, argv, dirs, &o);
    if (rc != 0)
        return rc == 1 ? (usage(stdout), 0) : usage(stderr);
    const char *verb = argv[optind], *arg = argv[optind + 1];
    int rest = argc - optind - 1;
    size_t v = 0;
    while (v < FLT_ARRAY_LEN(verbs) && strcmp(verbs[v].verb, verb) != 0)
        v++;
    if (v == FLT_ARRAY_LEN(verbs) || rest < verbs[v].least || rest > verbs[v].most)
        return usage(stderr);
    o.source.repeat_examples = v == 0;
    o.source.skip_examples = v != 0;
    if (!px_cli_engine_open(&e, &o.source))
        return 2;
    switch (v) {
    case 0:
        rc = px_rules_test(e.snapshot, &o);
        break;
    case 1:
        rc = list(e.snapshot, o.json);
        break;
    case 2:
        rc = explain(e.snapshot, arg, o.json);
        break;
    default:
        rc = px_rules_bench(e.snapshot, rest == 1 ? arg : NULL);
    }
    px_cli_engine_close(&e);
    return rc;
}
