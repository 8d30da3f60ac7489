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

/* ---- writing -------------------------------------------------------------------------------- */

/*
 * Two records a request make this the busiest writer of JSON there is, and their shape never changes: so what stands
 * between the values is written as one piece each ("},\"name\":"), and numbers without printf.
 */
struct pen {
    struct flt_buf *out;
    int rc;
};

static bool make_room(struct pen *w, size_t n)
{
    int rc = flt_buf_reserve(w->out, n);

    w->rc = w->rc == FLT_OK ? rc : w->rc;
    return rc == FLT_OK;
}

/* In its callers, most n are constants, and the copy is a few stores. */
static inline __attribute__((always_inline)) void raw(struct pen *w, const char *p, size_t n)
{
    struct flt_buf *b = w->out;

    if (n > b->cap - b->n && !make_room(w, n))
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}
#define LITERAL(w, s) raw(w, s, sizeof(s) - 1)

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

static void text(struct pen *w, struct flt_str value, size_t max)
{
    if (value.n == 0) {
        LITERAL(w, "null");
        return;
    }
    LITERAL(w, "\"");
    if (w->rc == FLT_OK)
        w->rc = flt_json_escape(w->out, head_of(value, max));
    LITERAL(w, "\"");
}

/* Text of a peer: control characters, which no name has a use for and some readers of JSON refuse, become '?'. */
static void foreign(struct pen *w, struct flt_str value, size_t max)
{
    char clean[ID_MAX];
    struct flt_str head = head_of(value, max < sizeof(clean) ? max : sizeof(clean));

    for (size_t i = 0; i < head.n; i++)
        clean[i] = (unsigned char)head.p[i] < 0x20 || head.p[i] == 0x7f ? '?' : head.p[i];
    text(w, (struct flt_str){clean, head.n}, sizeof(clean));
}

static void words(struct pen *w, const char *value, size_t max)
{
    text(w, flt_str_of(value), max);
}

static void number(struct pen *w, uint64_t value)
{
    char digits[20], *p = digits + sizeof(digits);

    do
        *--p = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    raw(w, p, (size_t)(digits + sizeof(digits) - p));
}

static void whole(struct pen *w, int64_t value)
{
    if (value < 0)
        LITERAL(w, "-");
    number(w, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* Six significant digits, as "%.6g" has them. */
static void score(struct pen *w, double value)
{
    char digits[16] = "0.";
    size_t n = 2;
    double scaled = value * 1e6, tenth = 0.1;
    struct flt_jw other;

    if (value == 0) {
        LITERAL(w, "0");
        return;
    }
    for (unsigned zeros = 0; zeros < 4 && value < tenth; zeros++) {
        digits[n++] = '0';
        scaled *= 10;
        tenth /= 10;
    }
    if (!(value >= 1e-4) || scaled >= 999999.5) { /* not a number fails every comparison */
        flt_jw_init(&other, w->out);
        flt_jw_f64(&other, value);
        w->rc = w->rc == FLT_OK ? flt_jw_finish(&other) : w->rc;
        return;
    }
    uint32_t rest = (uint32_t)(scaled + 0.5);
    for (uint32_t unit = 100000; unit != 0 && rest != 0; unit /= 10) {
        digits[n++] = (char)('0' + rest / unit);
        rest %= unit;
    }
    raw(w, digits, n);
}

static void flag(struct pen *w, bool value)
{
    if (value)
        LITERAL(w, "true");
    else
        LITERAL(w, "false");
}

/* A member other than the first: its name, then its value. */
#define TEXT(w, name, value, max)    (LITERAL(w, ",\"" name "\":"), text(w, value, max))
#define FOREIGN(w, name, value, max) (LITERAL(w, ",\"" name "\":"), foreign(w, value, max))
#define WORDS(w, name, value)        (LITERAL(w, ",\"" name "\":"), words(w, value, CONF_MAX))
#define ID(w, name, value)           (LITERAL(w, ",\"" name "\":"), words(w, value, ID_MAX))
#define NUMBER(w, name, value)       (LITERAL(w, ",\"" name "\":"), number(w, value))
#define FLAG(w, name, value)         (LITERAL(w, ",\"" name "\":"), flag(w, value))

/* ---- the record ------------------------------------------------------------------------------ */

static bool rule_of(const struct flt_snapshot *s, uint32_t rule, struct flt_rule_info *out)
{
    if (s == NULL || rule >= flt_snapshot_rules(s))
        return false;
    flt_snapshot_rule(s, rule, out);
    return true;
}

static void identity(struct pen *w, const struct px_audit_record *r)
{
    char when[PX_RFC3339_SIZE];
    const struct flt_tenant *t = r->tenant_conf;

    px_rfc3339(r->started_unix_ms, when);
    LITERAL(w, "{\"time\":");
    words(w, when, sizeof(when));
    WORDS(w, "record", r->record);
    ID(w, "request_id", r->request_id);
    FOREIGN(w, "upstream_request_id", flt_str_of(r->upstream_request_id), ID_MAX);
    ID(w, "client", r->client);
    LITERAL(w, ",\"worker\":");
    whole(w, r->worker);
    NUMBER(w, "conn", r->conn);
    TEXT(w, "tenant", r->tenant, CONF_MAX);
    WORDS(w, "service_model", t != NULL ? flt_service_model_names[t->service_model] : NULL);
    WORDS(w, "mode", t != NULL ? flt_mode_names[t->mode] : NULL);
    WORDS(w, "route", r->route);
    FOREIGN(w, "model", r->model, MODEL_MAX);
    TEXT(w, "upstream", r->upstream, CONF_MAX);
    WORDS(w, "generation", r->snapshot != NULL ? flt_snapshot_id(r->snapshot) : NULL);
}

static void verdict(struct pen *w, const struct flt_snapshot *s, const struct flt_decision *d)
{
    struct flt_rule_info rule = {0};

    if (d == NULL) {
        LITERAL(w, "null");
        return;
    }
    (void)rule_of(s, d->blocking_rule, &rule);
    LITERAL(w, "{\"action\":");
    words(w, flt_action_names[d->action], CONF_MAX);
    WORDS(w, "would", flt_action_names[d->would]);
    WORDS(w, "cause", flt_cause_names[d->cause]);
    LITERAL(w, ",\"score\":");
    score(w, d->score);
    TEXT(w, "rule", rule.id, CONF_MAX);
    NUMBER(w, "findings_dropped", d->findings_dropped);
    LITERAL(w, "}");
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

/* first: no finding was written before. Returns the same for the next call. */
static bool findings(struct pen *w, bool first, enum flt_direction dir, const struct flt_snapshot *s,
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
        raw(w, ",", first ? 0 : 1);
        first = false;
        LITERAL(w, "{\"direction\":");
        words(w, direction_names[dir], CONF_MAX);
        TEXT(w, "rule", rule.id, CONF_MAX);
        WORDS(w, "class", flt_class_names[rule.class_]);
        WORDS(w, "severity", flt_severity_names[rule.severity]);
        WORDS(w, "action", flt_action_names[sums[i].action]);
        WORDS(w, "would", flt_action_names[sums[i].would]);
        WORDS(w, "role", flt_role_names[sums[i].role]);
        WORDS(w, "view", flt_finding_view(&seen, view));
        NUMBER(w, "count", sums[i].count);
        NUMBER(w, "bytes", sums[i].bytes);
        LITERAL(w, "}");
    }
    return first;
}

static void amounts(struct pen *w, const struct px_audit_record *r)
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
    LITERAL(w, ",\"bytes\":{\"request\":");
    number(w, r->request_bytes);
    NUMBER(w, "forwarded", r->forwarded_bytes);
    NUMBER(w, "upstream", r->upstream_bytes);
    NUMBER(w, "answer", r->answer_bytes);
    NUMBER(w, "text", total);
    NUMBER(w, "scanned", scanned);
    NUMBER(w, "opaque", opaque);
    NUMBER(w, "unviewed", unviewed);
    LITERAL(w, "},\"timings_us\":{\"inspect\":");
    number(w, r->us_inspect);
    NUMBER(w, "first_byte", r->us_upstream_first_byte);
    NUMBER(w, "total", r->us_total);
    LITERAL(w, "}");
}

int px_audit_encode(const struct px_audit_record *r, struct flt_buf *out)
{
    struct pen pen = {out, FLT_OK}, *w = &pen;
    bool first;

    identity(w, r);
    LITERAL(w, ",\"decision\":{\"request\":");
    verdict(w, r->snapshot, r->request);
    LITERAL(w, ",\"answer\":");
    verdict(w, r->snapshot, r->answer);
    LITERAL(w, "},\"findings\":[");
    first = findings(w, true, FLT_REQUEST, r->snapshot, r->request);
    findings(w, first, FLT_RESPONSE, r->snapshot, r->answer);
    LITERAL(w, "]");
    amounts(w, r);
    WORDS(w, "outcome", r->outcome);
    WORDS(w, "reason", r->reason);
    LITERAL(w, ",\"status\":");
    whole(w, r->status);
    FLAG(w, "stream", r->stream);
    FLAG(w, "grounded", r->grounded);
    FLAG(w, "edited_request", r->edited_request);
    FLAG(w, "edited_answer", r->edited_answer);
    LITERAL(w, "}\n");
    return w->rc;
}
