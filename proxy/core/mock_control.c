/*
 * The mock's own routes: GET /__received (?since=N, ?lines), GET /__stats, POST /__reset, and POST /__script with a
 * YAML body, which replaces the script. Bytes of connections that used these are left out of the statistics.
 */
#include <inttypes.h>

#include "core/mock_parts.h"

static uint64_t query_number(struct flt_str target, const char *name)
{
    const char *p = memmem(target.p, target.n, name, strlen(name));
    uint64_t v = 0;
    if (p == NULL)
        return 0;
    for (p += strlen(name); p < target.p + target.n && *p >= '0' && *p <= '9' && v < UINT64_MAX / 20; p++)
        v = v * 10 + (uint64_t)(*p - '0');
    return v;
}

static int control_stats(const struct mock_state *m, struct flt_buf *out)
{
    return flt_buf_printf(out,
                          "{\"connections\":%" PRIu64 ",\"open\":%" PRIu64 ",\"requests\":%" PRIu64
                          ",\"bytes\":%" PRIu64 ",\"malformed\":%" PRIu64 "}\n",
                          m->connections, m->open, m->requests, m->bytes, m->malformed);
}

static int control_reset(struct mock_state *m, struct flt_buf *out)
{
    px_mock_record_reset(m->record);
    px_mock_script_rewind(m->script);
    px_mock_script_rewind(m->builtin);
    m->serial = m->requests = m->bytes = m->malformed = m->connections = 0;
    return flt_buf_add_str(out, FLT_STR("{}\n"));
}

/* *status becomes 400 and the body the problems when the script does not load. */
static int control_script(struct mock_state *m, struct flt_str text, struct flt_buf *out, int *status)
{
    struct flt_diag d = {0};
    struct mock_script *s = NULL;
    int rc = FLT_OK;
    if (text.n != 0)
        s = px_mock_script_parse("script", text, &d);
    if (text.n != 0 && s == NULL) {
        *status = 400;
        for (unsigned i = 0; i < d.n && rc == FLT_OK; i++) {
            char line[1200];
            (void)flt_err_format(&d.v[i], line, sizeof(line));
            rc = flt_buf_printf(out, "%s", line);
        }
    } else {
        px_mock_script_free(m->script);
        m->script = s;
        px_mock_script_rewind(m->builtin);
        rc = flt_buf_add_str(out, FLT_STR("{}\n"));
    }
    flt_diag_free(&d);
    return rc;
}

int px_mock_control(struct mock_state *m, const struct mock_prompt *p, struct mock_body *out, int *status)
{
    bool get = flt_str_is(p->head->method, "GET"), post = flt_str_is(p->head->method, "POST");
    bool lines = memmem(p->head->target.p, p->head->target.n, "lines", 5) != NULL;
    int rc;
    *status = 200;
    if (get && flt_str_is(p->path, "/__received")) {
        rc = px_mock_record_dump(m->record, query_number(p->head->target, "since="), lines, &out->bytes);
    } else if (get && flt_str_is(p->path, "/__stats")) {
        rc = control_stats(m, &out->bytes);
    } else if (post && flt_str_is(p->path, "/__reset")) {
        rc = control_reset(m, &out->bytes);
    } else if (post && flt_str_is(p->path, "/__script")) {
        rc = control_script(m, p->body, &out->bytes, status);
    } else {
        *status = 404;
        rc = flt_buf_add_str(&out->bytes, FLT_STR("{}\n"));
    }
    return rc == FLT_OK ? px_mock_body_end_piece(out) : rc;
}
