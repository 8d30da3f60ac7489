/*
 * audit_record.c: the audit record's encoder. Findings carry positions into prompts and answers; here they become
 * counts and sums of lengths, so that a line says which rule met what kind of text, and nothing about the text itself.
 */
#include "watch/audit_record.h"

#include "flt/json.h"
#include "watch/rfc3339.h"

#define MODEL_MAX 64u
#define CONF_MAX  256u /* configured names */
#define ID_MAX    128u /* ids that come from outside */

#define SUMS_MAX 1000u /* flt_decision keeps at most 1,000 findings */

/* Findings that differ only in where they stand. */
struct sum {
    uint32_t rule;
    uint8_t role, action, would;
    uint8_t view[FLT_CHAIN_MAX];
    uint32_t count;
    uint64_t bytes;
};

static const char *const direction_names[] = {[FLT_REQUEST] = "request", [FLT_RESPONSE] = "response"};

/* At most max bytes of s, not cutting a UTF-8 sequence. */
static struct flt_str head_of(struct flt_str s, size_t max)
{
    size_t cut = max;

    if (s.n <= max)
        return s;
    while (cut > max - 3 && ((unsigned char)s.p[cut] & 0xC0) == 0x80)
        cut--;
    return (struct flt_str){s.p, cut};
}

static void text(struct flt_jw *w, const char *name, struct flt_str value, size_t max)
{
    flt_jw_name(w, name);
    if (value.n == 0)
        flt_jw_null(w);
    else
        flt_jw_str(w, head_of(value, max));
}

/* Text of a peer: control characters, which no name has a use for and some readers of JSON refuse, become '?'. */
static void foreign(struct flt_jw *w, const char *name, struct flt_str value, size_t max)
{
    char clean[ID_MAX];
    struct flt_str head = head_of(value, max < sizeof(clean) ? max : sizeof(clean));

    for (size_t i = 0; i < head.n; i++)
        clean[i] = (unsigned char)head.p[i] < 0x20 || head.p[i] == 0x7f ? '?' : head.p[i];
    text(w, name, (struct flt_str){clean, head.n}, sizeof(clean));
}

static void words(struct flt_jw *w, const char *name, const char *value, size_t max)
{
    text(w, name, flt_str_of(value), max);
}

static void number(struct flt_jw *w, const char *name, uint64_t value)
{
    flt_jw_name(w, name);
    flt_jw_u64(w, value);
}

static void flag(struct flt_jw *w, const char *name, bool value)
{
    flt_jw_name(w, name);
    flt_jw_bool(w, value);
}

static bool rule_of(const struct flt_snapshot *s, uint32_t rule, struct flt_rule_info *out)
{
    if (s == NULL || rule >= flt_snapshot_rules(s))
        return false;
    flt_snapshot_rule(s, rule, out);
    return true;
}

static void identity(struct flt_jw *w, const struct px_audit_record *r)
{
    char when[PX_RFC3339_SIZE];
    const struct flt_tenant *t = r->tenant_conf;

    px_rfc3339(r->started_unix_ms, when);
    words(w, "time", when, sizeof(when));
    words(w, "record", r->record, CONF_MAX);
    words(w, "request_id", r->request_id, ID_MAX);
    foreign(w, "upstream_request_id", flt_str_of(r->upstream_request_id), ID_MAX);
    words(w, "client", r->client, ID_MAX);
    flt_jw_name(w, "worker");
    flt_jw_i64(w, r->worker);
    number(w, "conn", r->conn);
    text(w, "tenant", r->tenant, CONF_MAX);
    words(w, "service_model", t != NULL ? flt_service_model_names[t->service_model] : NULL, CONF_MAX);
    words(w, "mode", t != NULL ? flt_mode_names[t->mode] : NULL, CONF_MAX);
    words(w, "route", r->route, CONF_MAX);
    foreign(w, "model", r->model, MODEL_MAX);
    text(w, "upstream", r->upstream, CONF_MAX);
    words(w, "generation", r->snapshot != NULL ? flt_snapshot_id(r->snapshot) : NULL, CONF_MAX);
}

static void verdict(struct flt_jw *w, const char *name, const struct flt_snapshot *s, const struct flt_decision *d)
{
    struct flt_rule_info rule;

    flt_jw_name(w, name);
    if (d == NULL) {
        flt_jw_null(w);
        return;
    }
    flt_jw_obj(w);
    words(w, "action", flt_action_names[d->action], CONF_MAX);
    words(w, "would", flt_action_names[d->would], CONF_MAX);
    words(w, "cause", flt_cause_names[d->cause], CONF_MAX);
    flt_jw_name(w, "score");
    flt_jw_f64(w, d->score);
    text(w, "rule", rule_of(s, d->blocking_rule, &rule) ? rule.id : (struct flt_str){NULL, 0}, CONF_MAX);
    number(w, "findings_dropped", d->findings_dropped);
    flt_jw_obj_end(w);
}

/* Fills sums and returns how many; findings past the room are left out (there are never so many). */
static bool alike(const struct sum *s, const struct flt_finding *f)
{
    return s->rule == f->rule && s->role == f->role && s->action == f->action && s->would == f->would &&
           memcmp(s->view, f->view, sizeof(s->view)) == 0;
}

static uint32_t add_up(const struct flt_decision *d, struct sum *sums)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < d->n_findings; i++) {
        const struct flt_finding *f = &d->findings[i];
        uint32_t k = 0;

        while (k < n && !alike(&sums[k], f))
            k++;
        if (k == SUMS_MAX)
            break;
        if (k == n) {
            sums[n] = (struct sum){.rule = f->rule, .role = f->role, .action = f->action, .would = f->would};
            memcpy(sums[n++].view, f->view, sizeof(f->view));
        }
        sums[k].count++;
        sums[k].bytes += f->end - f->start;
    }
    return n;
}

static void findings(struct flt_jw *w, enum flt_direction dir, const struct flt_snapshot *s,
                     const struct flt_decision *d)
{
    struct sum sums[SUMS_MAX];
    uint32_t n = d != NULL ? add_up(d, sums) : 0;

    for (uint32_t i = 0; i < n; i++) {
        struct flt_rule_info rule;
        struct flt_finding seen = {0};
        char view[96];

        if (!rule_of(s, sums[i].rule, &rule))
            continue;
        memcpy(seen.view, sums[i].view, sizeof(seen.view));
        flt_jw_obj(w);
        words(w, "direction", direction_names[dir], CONF_MAX);
        text(w, "rule", rule.id, CONF_MAX);
        words(w, "class", flt_class_names[rule.class_], CONF_MAX);
        words(w, "severity", flt_severity_names[rule.severity], CONF_MAX);
        words(w, "action", flt_action_names[sums[i].action], CONF_MAX);
        words(w, "would", flt_action_names[sums[i].would], CONF_MAX);
        words(w, "role", flt_role_names[sums[i].role], CONF_MAX);
        words(w, "view", flt_finding_view(&seen, view), CONF_MAX);
        number(w, "count", sums[i].count);
        number(w, "bytes", sums[i].bytes);
        flt_jw_obj_end(w);
    }
}

static void amounts(struct flt_jw *w, const struct px_audit_record *r)
{
    const struct flt_decision *d[] = {r->request, r->answer};
    uint64_t total = 0, scanned = 0, opaque = 0, unviewed = 0;

    for (size_t i = 0; i < FLT_ARRAY_LEN(d); i++) {
        if (d[i] == NULL)
            continue;
        total += d[i]->bytes_total;
        scanned += d[i]->bytes_scanned;
        opaque += d[i]->bytes_opaque;
        unviewed += d[i]->bytes_unviewed;
    }
    flt_jw_name(w, "bytes");
    flt_jw_obj(w);
    number(w, "request", r->request_bytes);
    number(w, "forwarded", r->forwarded_bytes);
    number(w, "upstream", r->upstream_bytes);
    number(w, "answer", r->answer_bytes);
    number(w, "text", total);
    number(w, "scanned", scanned);
    number(w, "opaque", opaque);
    number(w, "unviewed", unviewed);
    flt_jw_obj_end(w);
    flt_jw_name(w, "timings_us");
    flt_jw_obj(w);
    number(w, "inspect", r->us_inspect);
    number(w, "first_byte", r->us_upstream_first_byte);
    number(w, "total", r->us_total);
    flt_jw_obj_end(w);
}

int px_audit_encode(const struct px_audit_record *r, struct flt_buf *out)
{
    struct flt_jw w;
    int rc;

    flt_jw_init(&w, out);
    flt_jw_obj(&w);
    identity(&w, r);
    flt_jw_name(&w, "decision");
    flt_jw_obj(&w);
    verdict(&w, "request", r->snapshot, r->request);
    verdict(&w, "answer", r->snapshot, r->answer);
    flt_jw_obj_end(&w);
    flt_jw_name(&w, "findings");
    flt_jw_arr(&w);
    findings(&w, FLT_REQUEST, r->snapshot, r->request);
    findings(&w, FLT_RESPONSE, r->snapshot, r->answer);
    flt_jw_arr_end(&w);
    amounts(&w, r);
    words(&w, "outcome", r->outcome, CONF_MAX);
    words(&w, "reason", r->reason, CONF_MAX);
    flt_jw_name(&w, "status");
    flt_jw_i64(&w, r->status);
    flag(&w, "stream", r->stream);
    flag(&w, "grounded", r->grounded);
    flag(&w, "edited_request", r->edited_request);
    flag(&w, "edited_answer", r->edited_answer);
    flt_jw_obj_end(&w);
    rc = flt_jw_finish(&w);
    return rc == FLT_OK ? flt_buf_add(out, "\n", 1) : rc;
}
