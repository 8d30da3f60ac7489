/* check.c: `sallyport check`: a text, a body, or lines of JSON through the engine. */
#include <getopt.h>
#include <jansson.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/cli.h"
#include "flt/json.h"

#define ARENA_MAX      (1u << 30)
#define PROGRESS_EVERY 500u

struct options {
    struct px_cli_source source;
    enum flt_direction direction;
    enum flt_role role;
    bool json, jsonl;
    size_t stream; /* piece size; 0 = whole */
    const char *body;
    const char *file;
};

static int usage(FILE *to)
{
    fputs(
        "usage: sallyport check [-c FILE] [--tenant T] [--direction request|response] [--role R] [--format text|json]\n"
        "                       [--jsonl] [--stream N] [--body DIALECT] [FILE|-]\n\n"
        "  -c FILE          use a configuration's packs and tenants (default: the packs built in, at their default "
        "levels)\n"
        "  --tenant T       whose policy applies\n"
        "  --direction D    request (default) or response\n"
        "  --role R         system developer user assistant tool other (default: user; assistant for responses)\n"
        "  --format F       text (default; on a terminal with excerpts and advice) or json\n"
        "  --jsonl          each input line is {\"id\":..., \"text\":..., \"role\":..., \"direction\":...}; one result "
        "a line\n"
        "  --stream N       feed the text through the stream path in pieces of N bytes; the result is the same\n"
        "  --body DIALECT   the input is a whole JSON body: openai_chat\n\n"
        "Exit status: 0 nothing found, 1 findings, 2 usage, configuration or input error.\n",
        to);
    return 2;
}

static bool find_name(const char *const *names, const char *s, int *out)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], s) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool read_direction(const char *s, enum flt_direction *out)
{
    *out = strcmp(s, "response") == 0 ? FLT_RESPONSE : FLT_REQUEST;
    return strcmp(s, "request") == 0 || strcmp(s, "response") == 0;
}

static bool bad_value(const char *option)
{
    fprintf(stderr, "sallyport check: unexpected value for --%s\n\n", option);
    return false;
}

static bool set_option(struct options *o, int c, const char *arg, bool *role_given)
{
    int role = 0;
    char *end;
    switch (c) {
    case 'c':
        o->source.config_file = arg;
        return true;
    case 't':
        o->source.tenant = arg;
        return true;
    case 'd':
        return read_direction(arg, &o->direction) || bad_value("direction");
    case 'r':
        *role_given = true;
        if (!find_name(flt_role_names, arg, &role))
            return bad_value("role");
        o->role = (enum flt_role)role;
        return true;
    case 'f':
        o->json = strcmp(arg, "json") == 0;
        return o->json || strcmp(arg, "text") == 0 || bad_value("format");
    case 'j':
        o->jsonl = true;
        return true;
    case 's':
        o->stream = strtoul(arg, &end, 10);
        return (o->stream != 0 && *end == '\0' && arg[0] != '-') || bad_value("stream");
    case 'b':
        o->body = arg;
        return strcmp(arg, "openai_chat") == 0 || bad_value("body");
    default:
        return false;
    }
}

/* 0 = go on, 1 = help was asked for, 2 = wrong. */
static int parse(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"tenant", required_argument, NULL, 't'},
                                          {"direction", required_argument, NULL, 'd'},
                                          {"role", required_argument, NULL, 'r'},
                                          {"format", required_argument, NULL, 'f'},
                                          {"jsonl", no_argument, NULL, 'j'},
                                          {"stream", required_argument, NULL, 's'},
                                          {"body", required_argument, NULL, 'b'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    bool role_given = false;
    int c;
    optind = 1;
    while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        if (c == 'h')
            return 1;
        if (!set_option(o, c, optarg, &role_given))
            return 2;
    }
    if (argc - optind > 1) {
        fprintf(stderr, "sallyport check: one input at a time\n\n");
        return 2;
    }
    if (o->body != NULL && (o->jsonl || o->stream != 0)) {
        fprintf(stderr, "sallyport check: --body goes with neither --jsonl nor --stream\n\n");
        return 2;
    }
    o->file = optind < argc ? argv[optind] : "-";
    if (!role_given)
        o->role = o->direction == FLT_RESPONSE ? FLT_ROLE_ASSISTANT : FLT_ROLE_USER;
    return 0;
}

/* ---- output ---------------------------------------------------------------------------------------------------------
 */

static void write_findings(struct flt_jw *w, const struct px_cli_engine *e, const struct flt_decision *d)
{
    flt_jw_name(w, "findings");
    flt_jw_arr(w);
    for (uint32_t i = 0; i < d->n_findings; i++) {
        const struct flt_finding *f = &d->findings[i];
        char view[96];
        struct flt_rule_info r;
        flt_snapshot_rule(e->snapshot, f->rule, &r);
        flt_jw_obj(w);
        flt_jw_name(w, "rule");
        flt_jw_str(w, r.id);
        flt_jw_name(w, "class");
        flt_jw_cstr(w, flt_class_names[r.class_]);
        flt_jw_name(w, "severity");
        flt_jw_cstr(w, flt_severity_names[r.severity]);
        flt_jw_name(w, "start");
        flt_jw_u64(w, f->start);
        flt_jw_name(w, "end");
        flt_jw_u64(w, f->end);
        flt_jw_name(w, "view");
        flt_jw_cstr(w, flt_finding_view(f, view));
        flt_jw_name(w, "action");
        flt_jw_cstr(w, flt_action_names[f->action]);
        flt_jw_obj_end(w);
    }
    flt_jw_arr_end(w);
}

/* One result as one line of JSON. id = a JSON value, empty = none. */
static int write_json(const struct px_cli_engine *e, struct flt_str id, const struct flt_decision *d,
                      struct flt_str text)
{
    struct flt_buf b;
    struct flt_jw w;
    flt_buf_init(&b, 2u * ARENA_MAX);
    flt_jw_init(&w, &b);
    flt_jw_obj(&w);
    if (id.n != 0) {
        flt_jw_name(&w, "id");
        flt_jw_raw(&w, id);
    }
    flt_jw_name(&w, "action");
    flt_jw_cstr(&w, flt_action_names[d->action]);
    if (d->would != d->action) {
        flt_jw_name(&w, "would");
        flt_jw_cstr(&w, flt_action_names[d->would]);
    }
    flt_jw_name(&w, "score");
    flt_jw_f64(&w, d->score);
    flt_jw_name(&w, "text");
    flt_jw_str(&w, text);
    write_findings(&w, e, d);
    flt_jw_obj_end(&w);
    int rc = flt_jw_finish(&w);
    if (rc == FLT_OK && (fwrite(b.p, 1, b.n, stdout) != b.n || putchar('\n') == EOF))
        rc = FLT_E_IO;
    flt_buf_free(&b);
    return rc;
}

static int write_text(const struct px_cli_engine *e, const struct flt_decision *d, struct flt_str text)
{
    printf("action: %s%s%s\nscore:  %.3f\n", flt_action_names[d->action], d->would != d->action ? ", would be " : "",
           d->would != d->action ? flt_action_names[d->would] : "", d->score);
    for (uint32_t i = 0; i < d->n_findings; i++) {
        const struct flt_finding *f = &d->findings[i];
        struct flt_rule_info r;
        flt_snapshot_rule(e->snapshot, f->rule, &r);
        printf("  %-28.*s %-9s %-8s bytes %u-%u of text %u  %.*s\n", FLT_STR_ARG(r.id), flt_severity_names[r.severity],
               flt_action_names[f->would], f->start, f->end, f->span, FLT_STR_ARG(r.title));
    }
    printf("---\n%.*s%s", FLT_STR_ARG(text), text.n != 0 && text.p[text.n - 1] == '\n' ? "" : "\n");
    return ferror(stdout) ? FLT_E_IO : FLT_OK;
}

/* ---- inputs
 * ------------------------------------------------------------------------------------------------------------ */

static int inspect_text(const struct px_cli_engine *e, const struct options *o, const struct flt_text_in *in,
                        struct flt_arena *arena, struct flt_decision *d, struct flt_str *edited)
{
    if (o->stream != 0)
        return flt_inspect_text_stream(e->worker, in, o->stream, arena, d, edited);
    return flt_inspect_text(e->worker, in, arena, d, edited);
}

static int fail(const char *what, int rc)
{
    fprintf(stderr, "sallyport check: %s: %s\n", what,
            rc == FLT_E_ENCODING ? "the text is not UTF-8" : flt_status_name(rc));
    return 2;
}

static int check_body(const struct px_cli_engine *e, const struct options *o, struct flt_str body,
                      struct flt_arena *arena, struct flt_decision *d, struct flt_str *edited)
{
    struct flt_route route;
    const char *reason;
    size_t where;
    int rc;
    flt_route_match("openai", FLT_STR("POST"), FLT_STR("/v1/chat/completions"), &route);
    if (o->direction == FLT_REQUEST) {
        struct flt_request_in in = {.snapshot = e->snapshot, .tenant = e->tenant, .route = &route, .body = body};
        struct flt_request_out out;
        rc = flt_inspect_request(e->worker, &in, arena, &out);
        *d = out.decision;
        *edited = out.body;
        reason = out.reason;
        where = out.where;
    } else {
        struct flt_answer_in in = {
            .snapshot = e->snapshot, .tenant = e->tenant, .route = &route, .http_status = 200, .body = body};
        struct flt_answer_out out;
        rc = flt_inspect_answer(e->worker, &in, arena, &out);
        *d = out.decision;
        *edited = out.body;
        reason = out.reason;
        where = out.where;
    }
    if (rc != FLT_OK)
        fprintf(stderr, "sallyport check: %s (byte %zu)\n", reason != NULL ? reason : flt_status_name(rc), where);
    return rc;
}

/* JSON where it is asked for; else lines for programs and files, and only on a terminal excerpts of the text. */
static int write_result(const struct px_cli_engine *e, const struct options *o, struct flt_str text,
                        const struct flt_decision *d, struct flt_str edited, int status)
{
    struct px_check_view v = {.engine = e, .decision = d, .name = o->file, .text = text, .edited = edited};
    if (o->json)
        return write_json(e, (struct flt_str){NULL, 0}, d, edited);
    if (!isatty(STDOUT_FILENO))
        return write_text(e, d, edited);
    v.body = o->body != NULL;
    px_check_terminal(STDOUT_FILENO, &v.columns, &v.colour);
    px_check_show(&v, status, stdout);
    return ferror(stdout) ? FLT_E_IO : FLT_OK;
}

static int check_one(const struct px_cli_engine *e, const struct options *o, struct flt_str text)
{
    struct flt_arena *arena = flt_arena_new(ARENA_MAX);
    struct flt_decision d;
    struct flt_str edited;
    if (arena == NULL)
        return fail("memory", FLT_E_NOMEM);
    int rc, status = 2;
    if (o->body != NULL) {
        rc = check_body(e, o, text, arena, &d, &edited);
    } else {
        struct flt_text_in in = {
            .snapshot = e->snapshot, .tenant = e->tenant, .direction = o->direction, .role = o->role, .text = text};
        rc = inspect_text(e, o, &in, arena, &d, &edited);
        if (rc != FLT_OK)
            (void)fail(o->file, rc);
    }
    if (rc == FLT_OK) {
        status = d.n_findings != 0 || d.would > FLT_ACT_ALLOW;
        rc = write_result(e, o, text, &d, edited, status);
    }
    if (rc != FLT_OK)
        status = 2;
    flt_arena_free(arena);
    return status;
}

static void line_error(size_t number, const char *what)
{
    fprintf(stderr, "sallyport check: line %zu: %s\n", number, what);
    printf("{\"line\":%zu,\"error\":\"%s\"}\n", number, what);
}

/* Fills *in from one line's object; false with words. */
static bool read_line(const struct options *o, json_t *obj, struct flt_text_in *in, const char **why)
{
    const json_t *text = json_object_get(obj, "text"), *role = json_object_get(obj, "role"),
                 *dir = json_object_get(obj, "direction");
    int r = 0;
    in->direction = o->direction;
    *why = "\\\"text\\\" must be a string";
    if (!json_is_string(text))
        return false;
    in->text = (struct flt_str){json_string_value(text), json_string_length(text)};
    *why = "\\\"direction\\\" must be request or response";
    if (dir != NULL && (!json_is_string(dir) || !read_direction(json_string_value(dir), &in->direction)))
        return false;
    in->role = dir != NULL && in->direction == FLT_RESPONSE ? FLT_ROLE_ASSISTANT : o->role;
    *why = "\\\"role\\\" must be system, developer, user, assistant, tool or other";
    if (role != NULL && (!json_is_string(role) || !find_name(flt_role_names, json_string_value(role), &r)))
        return false;
    if (role != NULL)
        in->role = (enum flt_role)r;
    return true;
}

/* 0 nothing found, 1 findings, 2 the line could not be read. */
static int check_line(const struct px_cli_engine *e, const struct options *o, struct flt_str line, size_t number,
                      struct flt_arena *arena)
{
    json_error_t err;
    json_t *obj = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &err);
    struct flt_text_in in = {.snapshot = e->snapshot, .tenant = e->tenant};
    const char *why = "not a JSON object";
    struct flt_decision d;
    struct flt_str edited;
    int status = 2;
    if (!json_is_object(obj) || !read_line(o, obj, &in, &why)) {
        line_error(number, why);
    } else if (inspect_text(e, o, &in, arena, &d, &edited) != FLT_OK) {
        line_error(number, "the text could not be inspected");
    } else {
        const json_t *id = json_object_get(obj, "id");
        char *raw = id != NULL ? json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        status = write_json(e, flt_str_of(raw), &d, edited) != FLT_OK ? 2 : d.n_findings != 0;
        free(raw);
    }
    json_decref(obj);
    return status;
}

static void progress(size_t done, size_t total)
{
    if (total != 0 && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%3zu %%", done * 100 / total);
}

static int check_lines(const struct px_cli_engine *e, const struct options *o, struct flt_str input)
{
    struct flt_arena *arena = flt_arena_new(ARENA_MAX);
    size_t number = 0;
    int status = 0;
    if (arena == NULL)
        return fail("memory", FLT_E_NOMEM);
    for (size_t at = 0; at < input.n;) {
        const char *nl = memchr(input.p + at, '\n', input.n - at);
        size_t end = nl != NULL ? (size_t)(nl - input.p) : input.n;
        struct flt_str line = {input.p + at, end - at};
        number++;
        at = end + 1;
        if (line.n == 0 || (line.n == 1 && line.p[0] == '\r'))
            continue;
        int s = check_line(e, o, line, number, arena);
        status = s > status ? s : status;
        flt_arena_reset(arena);
        if (number % PROGRESS_EVERY == 0)
            progress(end, input.n);
    }
    if (number >= PROGRESS_EVERY && isatty(STDERR_FILENO))
        fputs("\r100 %\n", stderr);
    flt_arena_free(arena);
    return status;
}

int px_cli_check(int argc, char **argv)
{
    struct options o = {.direction = FLT_REQUEST};
    struct px_cli_engine e;
    size_t n = 0;
    int rc = parse(argc, argv, &o);
    if (rc != 0)
        return rc == 1 ? (usage(stdout), 0) : usage(stderr);
    o.source.skip_examples = o.source.config_file == NULL; /* built-in packs were proved when they were built */
    if (!px_cli_engine_open(&e, &o.source))
        return 2;
    char *input = px_cli_read(o.file, &n);
    if (input == NULL)
        rc = 2;
    else
        rc = o.jsonl ? check_lines(&e, &o, (struct flt_str){input, n}) : check_one(&e, &o, (struct flt_str){input, n});
    if (input != NULL)
        flt_wipe(input, n);
    free(input);
    px_cli_engine_close(&e);
    return rc;
}
