/*
 * yaml.c: reads operator-written YAML into a small tree of our own, over libfyaml's document.
 *
 * The tree is ours because libfyaml reaches map pairs and list items by walking linked lists, leaves empty values
 * without a position, and would stop at the first duplicate key. Text is checked to be UTF-8 before the parser sees it:
 * libfyaml 0.7.12 silently ends a scalar at the first byte that is not.
 */
#include <errno.h>
#include <libfyaml.h>

#include "flt/yaml.h"

enum {
    YAML_MAX_BYTES = 4 * 1024 * 1024,
    YAML_MAX_NODES = 500000,
    YAML_MAX_DEPTH = 64,
};
#define YAML_ARENA_MAX ((size_t)128 * 1024 * 1024)

struct flt_yaml_node {
    struct fy_node *fy;       /* NULL for a value that is not written at all ("key:") */
    const flt_node *stand_in; /* whose position to give when this node has none: its key or its parent */
    flt_node **kids;          /* list: items; map: key, value, key, value ... */
    uint32_t n_kids;
    enum fy_node_type type;
    bool plain;
    struct flt_str text;
};

struct flt_yaml {
    struct flt_arena *arena;
    char *file;
    char *text;
    struct fy_parser *parser;
    struct fy_document *doc;
    struct flt_diag *diag; /* only while parsing */
    flt_node *root;
    unsigned nodes;
    bool failed;
};

/* ---- positions ------------------------------------------------------------------------------------------------- */

/* libfyaml 0.7.12 gives a node's position only through a report; collect one and read it. */
static bool fy_where(struct fy_node *fyn, unsigned *line, unsigned *col)
{
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    struct fy_diag *fyd = fy_diag_create(&cfg);
    if (!fyd)
        return false;
    fy_diag_set_collect_errors(fyd, true);
    fy_diag_node_report(fyd, fyn, FYET_ERROR, "%s", "");
    void *it = NULL;
    const struct fy_diag_error *e = fy_diag_errors_iterate(fyd, &it);
    bool known = e && e->line > 0 && e->column > 0;
    if (known) {
        enum fy_node_style style = fy_node_get_style(fyn);
        bool quoted =
            style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED; /* the report points behind the quote */
        *line = (unsigned)e->line;
        *col = (unsigned)e->column - (quoted && e->column > 1);
    }
    fy_diag_destroy(fyd);
    return known;
}

/* A block map or list begins where its first entry does; an empty value stands at its key. */
static const flt_node *next_best(const flt_node *n)
{
    return n->n_kids != 0 ? n->kids[0] : n->stand_in;
}

static void where(const flt_node *at, unsigned *line, unsigned *col)
{
    *line = *col = 0;
    for (int hops = 0; at && hops < 2 * YAML_MAX_DEPTH; hops++, at = next_best(at)) {
        bool block = at->n_kids != 0 && fy_node_get_style(at->fy) != FYNS_FLOW;
        if (at->fy && !block && fy_where(at->fy, line, col))
            return;
    }
}

void flt_node_where(flt_node *n, unsigned *line, unsigned *col)
{
    where(n, line, col);
}

static void report(struct flt_yaml *y, const flt_node *at, int status, const char *message)
{
    unsigned line, col;
    where(at, &line, &col);
    flt_diag_add(y->diag, status, y->file, line, col, "", "%s", message);
    y->failed = true;
}

/* ---- building the tree ----------------------------------------------------------------------------------------- */

static flt_node *build(struct flt_yaml *y, struct fy_node *fyn, const flt_node *stand_in, unsigned depth);

static void refuse_decorations(struct flt_yaml *y, const flt_node *n)
{
    if (fy_node_is_alias(n->fy))
        report(y, n, FLT_E_UNSUPPORTED, "aliases (*name) are not accepted; write the value out");
    else if (fy_node_get_anchor(n->fy))
        report(y, n, FLT_E_UNSUPPORTED, "anchors (&name) are not accepted");
    else if (fy_node_get_tag_token(n->fy))
        report(y, n, FLT_E_UNSUPPORTED, "tags (!name) are not accepted");
}

static bool alloc_kids(struct flt_yaml *y, flt_node *n, int items, unsigned each)
{
    if (items <= 0)
        return true;
    if (items > YAML_MAX_NODES) {
        report(y, n, FLT_E_LIMIT, "too many entries in this file");
        return false;
    }
    n->kids = flt_arena_calloc(y->arena, (size_t)items * each, sizeof(flt_node *));
    if (!n->kids)
        report(y, n, FLT_E_NOMEM, "out of memory");
    return n->kids != NULL;
}

static void build_list(struct flt_yaml *y, flt_node *n, unsigned depth)
{
    int items = fy_node_sequence_item_count(n->fy);
    if (!alloc_kids(y, n, items, 1))
        return;
    void *it = NULL;
    struct fy_node *item;
    uint32_t used = 0;
    while (used < (uint32_t)items && (item = fy_node_sequence_iterate(n->fy, &it))) {
        flt_node *kid = build(y, item, n, depth + 1);
        if (!kid)
            return;
        n->kids[used++] = kid;
    }
    n->n_kids = used;
}

/* seen: key -> its index among n's kids. */
static void check_key(struct flt_yaml *y, const flt_node *n, const flt_node *key, uint32_t index,
                      struct flt_strmap *seen)
{
    if (key->type != FYNT_SCALAR) {
        report(y, key, FLT_E_UNSUPPORTED, "a key must be a plain word, not a list or a map");
        return;
    }
    int rc = flt_strmap_put(seen, key->text, index);
    if (rc == FLT_E_AMBIGUOUS) {
        uint32_t first = 0;
        (void)flt_strmap_get(seen, key->text, &first);
        unsigned line, col, first_line, first_col;
        where(key, &line, &col);
        where(n->kids[first], &first_line, &first_col);
        char path[64];
        (void)snprintf(path, sizeof path, "%.*s", FLT_STR_ARG(key->text));
        flt_diag_add(y->diag, rc, y->file, line, col, path, "this key stands in the same map already, on line %u",
                     first_line);
        y->failed = true;
    } else if (rc != FLT_OK) {
        report(y, key, rc, "out of memory");
    }
}

static void build_map(struct flt_yaml *y, flt_node *n, unsigned depth)
{
    int pairs = fy_node_mapping_item_count(n->fy);
    struct flt_strmap *seen = flt_strmap_new(0);
    if (!seen) {
        report(y, n, FLT_E_NOMEM, "out of memory");
        return;
    }
    if (!alloc_kids(y, n, pairs, 2))
        goto out;
    void *it = NULL;
    struct fy_node_pair *pair;
    uint32_t used = 0;
    while (used < 2 * (uint32_t)pairs && (pair = fy_node_mapping_iterate(n->fy, &it))) {
        flt_node *key = build(y, fy_node_pair_key(pair), n, depth + 1);
        flt_node *value = key ? build(y, fy_node_pair_value(pair), key, depth + 1) : NULL;
        if (!value)
            goto out;
        n->kids[used] = key;
        n->kids[used + 1] = value;
        check_key(y, n, key, used, seen);
        used += 2;
    }
    n->n_kids = used;
out:
    flt_strmap_free(seen);
}

/* NULL after a report. fyn may be NULL: an empty value. */
static flt_node *build(struct flt_yaml *y, struct fy_node *fyn, const flt_node *stand_in, unsigned depth)
{
    flt_node *n = flt_arena_calloc(y->arena, 1, sizeof *n);
    if (!n) {
        report(y, stand_in, FLT_E_NOMEM, "out of memory");
        return NULL;
    }
    n->stand_in = stand_in;
    n->type = FYNT_SCALAR;
    n->plain = true;
    if (!fyn)
        return n;
    n->fy = fyn;
    if (depth > YAML_MAX_DEPTH || ++y->nodes > YAML_MAX_NODES) {
        report(y, n, FLT_E_LIMIT, "nested too deep, or too many entries in this file");
        return NULL;
    }
    refuse_decorations(y, n);
    n->type = fy_node_get_type(fyn);
    if (n->type == FYNT_MAPPING) {
        build_map(y, n, depth);
    } else if (n->type == FYNT_SEQUENCE) {
        build_list(y, n, depth);
    } else {
        n->plain = fy_node_get_style(fyn) == FYNS_PLAIN;
        n->text.p = fy_node_get_scalar(fyn, &n->text.n);
        if (!n->text.p)
            n->text = (struct flt_str){"", 0};
    }
    return n;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

/* Length of the well-formed UTF-8 sequence at p, 0 when there is none (RFC 3629: no overlong forms, no surrogates). */
static size_t utf8_len(const unsigned char *p, size_t n)
{
    unsigned c = p[0];
    size_t len = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    bool bad = (c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F) || (c == 0xF0 && p[1] < 0x90) ||
               (c == 0xF4 && p[1] > 0x8F);
    return bad ? 0 : len;
}

static bool check_text(const char *file, struct flt_str text, struct flt_diag *d)
{
    const unsigned char *p = (const unsigned char *)text.p;
    unsigned line = 1, col = 1;
    for (size_t i = 0; i < text.n;) {
        size_t len = utf8_len(p + i, text.n - i);
        bool control = len == 1 && ((p[i] < 0x20 && p[i] != '\t' && p[i] != '\n' && p[i] != '\r') || p[i] == 0x7F);
        if (len == 0 || control) {
            flt_diag_add(d, FLT_E_ENCODING, file, line, col, "", "%s",
                         control ? "control character" : "not UTF-8 (expected UTF-8 text)");
            return false;
        }
        bool newline = p[i] == '\n';
        line += newline;
        col = newline ? 1 : col + 1;
        i += len;
    }
    return true;
}

/* ---- parsing --------------------------------------------------------------------------------------------------- */

/* Moves what libfyaml complained about into our list. */
static void take_syntax_errors(struct flt_yaml *y, struct fy_diag *fyd)
{
    void *it = NULL;
    const struct fy_diag_error *e;
    bool any = false;
    while ((e = fy_diag_errors_iterate(fyd, &it))) {
        if (e->type != FYET_ERROR)
            continue;
        size_t n = e->msg ? strcspn(e->msg, "\r\n") : 0;
        flt_diag_add(y->diag, FLT_E_SYNTAX, y->file, e->line > 0 ? (unsigned)e->line : 0,
                     e->column > 0 ? (unsigned)e->column : 0, "", "YAML: %.*s", (int)(n < 200 ? n : 200),
                     n != 0 ? e->msg : "");
        any = true;
    }
    if (!any)
        flt_diag_add(y->diag, FLT_E_SYNTAX, y->file, 0, 0, "", "not YAML");
    y->failed = true;
}

static void refuse_second_document(struct flt_yaml *y)
{
    struct fy_document *more = fy_parse_load_document(y->parser);
    if (!more)
        return;
    unsigned line = 0, col = 0;
    struct fy_node *root = fy_document_root(more);
    if (root)
        (void)fy_where(root, &line, &col);
    flt_diag_add(y->diag, FLT_E_UNSUPPORTED, y->file, line, col, "", "a second document (expected one a file)");
    y->failed = true;
    fy_parse_document_destroy(y->parser, more);
}

static void parse(struct flt_yaml *y, size_t n, struct fy_diag *fyd)
{
    const struct fy_parse_cfg cfg = {
        .search_path = "",
        .flags = FYPCF_JSON_NONE | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_ALLOW_DUPLICATE_KEYS,
        .diag = fyd,
    };
    y->parser = fy_parser_create(&cfg);
    if (!y->parser || fy_parser_set_string(y->parser, y->text, n) != 0) {
        flt_diag_add(y->diag, FLT_E_NOMEM, y->file, 0, 0, "", "out of memory");
        y->failed = true;
        return;
    }
    y->doc = fy_parse_load_document(y->parser);
    struct fy_node *root = y->doc ? fy_document_root(y->doc) : NULL;
    if (root)
        y->root = build(y, root, NULL, 0);
    if (y->doc && !fy_parser_get_stream_error(y->parser))
        refuse_second_document(y);
    if (fy_parser_get_stream_error(y->parser)) {
        take_syntax_errors(y, fyd);
    } else if (!root) {
        flt_diag_add(y->diag, FLT_E_SYNTAX, y->file, 1, 1, "", "the file is empty");
        y->failed = true;
    }
}

struct flt_yaml *flt_yaml_parse(const char *name, struct flt_str text, struct flt_diag *d)
{
    if (text.n > YAML_MAX_BYTES) {
        flt_diag_add(d, FLT_E_LIMIT, name, 0, 0, "", "the file is larger than 4 MiB");
        return NULL;
    }
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
        text = (struct flt_str){text.p + 3, text.n - 3};
    if (!check_text(name, text, d))
        return NULL;
    struct flt_yaml *y = calloc(1, sizeof *y);
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    struct fy_diag *fyd = fy_diag_create(&cfg);
    if (y && (y->arena = flt_arena_new(YAML_ARENA_MAX))) {
        y->file = flt_arena_dup(y->arena, name, strlen(name));
        y->text = flt_arena_dup(y->arena, text.n != 0 ? text.p : "", text.n);
    }
    if (!y || !fyd || !y->file || !y->text) {
        flt_diag_add(d, FLT_E_NOMEM, name, 0, 0, "", "out of memory");
        flt_yaml_free(y);
        y = NULL;
        goto out;
    }
    fy_diag_set_collect_errors(fyd, true);
    y->diag = d;
    parse(y, text.n, fyd);
    y->diag = NULL;
    if (y->failed || !y->root) {
        flt_yaml_free(y);
        y = NULL;
    }
out:
    if (fyd)
        fy_diag_destroy(fyd); /* not unref: only this frees what was collected */
    return y;
}

struct flt_yaml *flt_yaml_load(const char *file, struct flt_diag *d)
{
    struct flt_yaml *y = NULL;
    char *text = NULL;
    FILE *f = fopen(file, "rbe");
    if (!f) {
        flt_diag_add(d, FLT_E_IO, file, 0, 0, "", "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    text = malloc(YAML_MAX_BYTES + 1);
    if (!text) {
        flt_diag_add(d, FLT_E_NOMEM, file, 0, 0, "", "out of memory");
        goto out;
    }
    size_t n = fread(text, 1, YAML_MAX_BYTES + 1, f);
    if (ferror(f))
        flt_diag_add(d, FLT_E_IO, file, 0, 0, "", "cannot be read: %s", strerror(errno));
    else
        y = flt_yaml_parse(file, (struct flt_str){text, n}, d);
out:
    free(text);
    (void)fclose(f);
    return y;
}

void flt_yaml_free(struct flt_yaml *y)
{
    if (!y)
        return;
    if (y->doc)
        fy_parse_document_destroy(y->parser, y->doc);
    if (y->parser)
        fy_parser_destroy(y->parser);
    flt_arena_free(y->arena);
    free(y);
}

/* ---- reading nodes --------------------------------------------------------------------------------------------- */

flt_node *flt_yaml_root(struct flt_yaml *y)
{
    return y->root;
}

const char *flt_yaml_file(const struct flt_yaml *y)
{
    return y->file;
}

bool flt_node_is_map(flt_node *n)
{
    return n && n->type == FYNT_MAPPING;
}

bool flt_node_is_list(flt_node *n)
{
    return n && n->type == FYNT_SEQUENCE;
}

bool flt_node_is_scalar(flt_node *n)
{
    return n && n->type == FYNT_SCALAR;
}

struct flt_str flt_node_str(flt_node *n)
{
    return flt_node_is_scalar(n) ? (n->text.p ? n->text : FLT_STR("")) : (struct flt_str){NULL, 0};
}

bool flt_node_is_plain(flt_node *n)
{
    return flt_node_is_scalar(n) && n->plain;
}

bool flt_node_is_null(flt_node *n)
{
    if (!flt_node_is_plain(n))
        return false;
    return n->text.n == 0 || flt_str_is(n->text, "~") || flt_str_is(n->text, "null") || flt_str_is(n->text, "Null") ||
           flt_str_is(n->text, "NULL");
}

uint32_t flt_node_count(flt_node *n)
{
    return !n ? 0 : n->type == FYNT_MAPPING ? n->n_kids / 2 : n->n_kids;
}

flt_node *flt_node_item(flt_node *n, uint32_t i)
{
    return flt_node_is_list(n) && i < n->n_kids ? n->kids[i] : NULL;
}

flt_node *flt_node_key(flt_node *n, uint32_t i)
{
    return flt_node_is_map(n) && i < n->n_kids / 2 ? n->kids[2 * i] : NULL;
}

flt_node *flt_node_value(flt_node *n, uint32_t i)
{
    return flt_node_is_map(n) && i < n->n_kids / 2 ? n->kids[2 * i + 1] : NULL;
}

flt_node *flt_node_get(flt_node *map, const char *key)
{
    for (uint32_t i = 0, n = flt_node_is_map(map) ? map->n_kids / 2 : 0; i < n; i++)
        if (flt_str_is(map->kids[2 * i]->text, key))
            return map->kids[2 * i + 1];
    return NULL;
}
