/*
 * audit_lines.h: a temporary audit file for each test, records to write into it, and its lines read back as JSON. Every
 * line read is checked: whole, one strict JSON object, no raw control character. Include cmocka.h first.
 */
#ifndef TEST_AUDIT_LINES_H
#define TEST_AUDIT_LINES_H

#include <jansson.h>
#include <unistd.h>

#include "watch/audit.h"

#define LINES_MAX 2048

static char audit_dir[64], audit_path[96];
static json_t *lines[LINES_MAX];
static size_t n_lines;

static inline int audit_setup(void **state)
{
    (void)state;
    snprintf(audit_dir, sizeof(audit_dir), "/tmp/test-audit-XXXXXX");
    assert_non_null(mkdtemp(audit_dir));
    snprintf(audit_path, sizeof(audit_path), "%s/audit.jsonl", audit_dir);
    return 0;
}

static inline void forget_lines(void)
{
    for (size_t i = 0; i < n_lines; i++)
        json_decref(lines[i]);
    n_lines = 0;
}

static inline int audit_teardown(void **state)
{
    (void)state;
    forget_lines();
    unlink(audit_path);
    return rmdir(audit_dir);
}

/* ---- reading back ---------------------------------------------------------------------------- */

static inline void parse_line(const char *line, size_t n)
{
    json_error_t e;

    assert_true(n_lines < LINES_MAX);
    for (size_t i = 0; i < n; i++)
        assert_true((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
    lines[n_lines] = json_loadb(line, n, JSON_REJECT_DUPLICATES, &e);
    if (lines[n_lines] == NULL)
        fail_msg("line %zu: %s", n_lines + 1, e.text);
    n_lines++;
}

/* Parses every line of the file that starts with "{" into lines[]; others (torn ones) are counted and returned. */
static inline unsigned read_back(const char *file)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    unsigned others = 0;
    FILE *f = fopen(file, "r");

    assert_non_null(f);
    forget_lines();
    while ((n = getline(&line, &cap, f)) > 0) {
        assert_int_equal(line[n - 1], '\n');
        if (line[0] == '{' && line[n - 2] == '}')
            parse_line(line, (size_t)n - 1);
        else
            others++;
    }
    free(line);
    fclose(f);
    return others;
}

static inline json_int_t int_of(const json_t *o, const char *name)
{
    json_t *v = json_object_get(o, name);

    assert_true(json_is_integer(v));
    return json_integer_value(v);
}

static inline const char *str_of(const json_t *o, const char *name)
{
    json_t *v = json_object_get(o, name);

    assert_true(json_is_string(v));
    return json_string_value(v);
}

static inline void assert_numbered_from(json_int_t first)
{
    for (size_t i = 0; i < n_lines; i++)
        assert_int_equal(int_of(lines[i], "seq"), first + (json_int_t)i);
}

/* ---- records --------------------------------------------------------------------------------- */

static inline struct px_audit_record plain_record(void)
{
    return (struct px_audit_record){.record = "final",
                                    .request_id = "r-1",
                                    .upstream_request_id = "",
                                    .client = "127.0.0.1:5000",
                                    .conn = 7,
                                    .route = "",
                                    .outcome = "refused",
                                    .reason = "no known credential",
                                    .status = 401,
                                    .started_unix_ms = 1767225600123};
}

static inline struct px_audit *open_audit(const char *file)
{
    struct flt_err err = {0};
    struct px_audit *a = px_audit_open(file, false, &err);

    if (a == NULL)
        fail_msg("%s: %s", err.file, err.message);
    return a;
}

static inline void write_ok(struct px_audit *a)
{
    struct px_audit_record r = plain_record();

    assert_int_equal(px_audit_write(a, &r), FLT_OK);
    assert_true(px_audit_ok(a));
}

#endif
