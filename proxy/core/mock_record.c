/* What the mock received: a bounded ring of requests as JSON, and the optional record file. */
#include <errno.h>
#include <inttypes.h>

#include "core/mock_parts.h"

#include "flt/json.h"

#define RING       10000u
#define RING_BYTES ((size_t)64 << 20)

struct entry {
    uint64_t seq, sent;
    enum mock_outcome outcome;
    int status;
    struct flt_buf json; /* an object without its closing brace */
};

struct mock_record {
    struct entry *ring[RING]; /* number seq stands at seq % RING */
    uint64_t first, next;     /* numbers held: first .. next-1 */
    size_t bytes;
    FILE *file;
};

static const char *const outcome_names[] = {"open", "answered", "cut", "gone"};

struct mock_record *px_mock_record_new(const char *file, struct flt_err *err)
{
    struct mock_record *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        *err = (struct flt_err){.status = FLT_E_NOMEM, .message = "out of memory"};
        return NULL;
    }
    r->first = r->next = 1;
    if (file == NULL)
        return r;
    r->file = fopen(file, "ae");
    if (r->file != NULL)
        return r;
    *err = (struct flt_err){.status = FLT_E_IO};
    (void)snprintf(err->file, sizeof(err->file), "%s", file);
    (void)snprintf(err->message, sizeof(err->message), "cannot open for appending: %s", strerror(errno));
    free(r);
    return NULL;
}

static void drop_first(struct mock_record *r)
{
    struct entry **slot = &r->ring[r->first % RING];
    r->bytes -= (*slot)->json.cap;
    flt_buf_free(&(*slot)->json);
    free(*slot);
    *slot = NULL;
    r->first++;
}

void px_mock_record_reset(struct mock_record *r)
{
    while (r->first < r->next)
        drop_first(r);
}

void px_mock_record_free(struct mock_record *r)
{
    if (r == NULL)
        return;
    px_mock_record_reset(r);
    if (r->file != NULL)
        (void)fclose(r->file);
    free(r);
}

/* ---- encoding ------------------------------------------------------------------------------- */

/* Table-free check by the rules of RFC 3629, table 3-7 of the Unicode standard. */
static bool is_utf8(struct flt_str s)
{
    size_t i = 0;
    while (i < s.n) {
        unsigned char c = (unsigned char)s.p[i++];
        unsigned lo = 0x80, hi = 0xBF;
        int more = c < 0x80 ? 0 : c >= 0xC2 && c <= 0xDF ? 1 : (c & 0xF0) == 0xE0 ? 2 : c >= 0xF0 && c <= 0xF4 ? 3 : -1;
        if (more < 0 || (size_t)more > s.n - i)
            return false;
        if (c == 0xE0 || c == 0xF0)
            lo = c == 0xE0 ? 0xA0 : 0x90;
        else if (c == 0xED || c == 0xF4)
            hi = c == 0xED ? 0x9F : 0x8F;
        for (; more > 0; more--, lo = 0x80, hi = 0xBF) {
            unsigned char d = (unsigned char)s.p[i++];
            if (d < lo || d > hi)
                return false;
        }
    }
    return true;
}

/* RFC 4648, section 4. */
static void put_base64(struct flt_jw *w, struct flt_str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct flt_buf b;
    int rc = FLT_OK;
    flt_buf_init(&b, s.n / 3 * 4 + 8);
    for (size_t i = 0; i < s.n && rc == FLT_OK; i += 3) {
        uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16;
        if (i + 1 < s.n)
            v |= (uint32_t)(unsigned char)s.p[i + 1] << 8;
        if (i + 2 < s.n)
            v |= (unsigned char)s.p[i + 2];
        char quad[4] = {digits[v >> 18], digits[v >> 12 & 63], i + 1 < s.n ? digits[v >> 6 & 63] : '=',
                        i + 2 < s.n ? digits[v & 63] : '='};
        rc = flt_buf_add(&b, quad, sizeof(quad));
    }
    flt_jw_str(w, flt_buf_str(&b));
    flt_buf_free(&b);
}

static void put_request(struct flt_jw *w, const struct mock_prompt *p)
{
    flt_jw_name(w, "method");
    flt_jw_str(w, p->head->method);
    flt_jw_name(w, "target");
    flt_jw_str(w, p->head->target);
    flt_jw_name(w, "headers");
    flt_jw_arr(w);
    for (unsigned i = 0; i < p->head->n; i++) {
        flt_jw_arr(w);
        flt_jw_str(w, p->head->v[i].name);
        flt_jw_str(w, p->head->v[i].value);
        flt_jw_arr_end(w);
    }
    flt_jw_arr_end(w);
    bool text = is_utf8(p->body);
    flt_jw_name(w, text ? "body" : "body_base64");
    if (text)
        flt_jw_str(w, p->body);
    else
        put_base64(w, p->body);
}

static int encode(struct flt_buf *out, uint64_t seq, uint64_t conn, const struct mock_prompt *p, const char *sni,
                  const char *malformed)
{
    struct flt_jw w;
    flt_jw_init(&w, out);
    flt_jw_obj(&w);
    flt_jw_name(&w, "seq");
    flt_jw_u64(&w, seq);
    flt_jw_name(&w, "conn");
    flt_jw_u64(&w, conn);
    flt_jw_name(&w, "sni");
    flt_jw_cstr(&w, sni);
    if (malformed != NULL) {
        flt_jw_name(&w, "malformed");
        flt_jw_cstr(&w, malformed);
    } else {
        put_request(&w, p);
    }
    flt_jw_obj_end(&w);
    int rc = flt_jw_finish(&w);
    if (rc == FLT_OK)
        out->n--; /* the closing brace comes with the outcome */
    return rc;
}

/* ---- adding and reading --------------------------------------------------------------------- */

uint64_t px_mock_record_add(struct mock_record *r, uint64_t conn, const struct mock_prompt *p, const char *sni,
                            const char *malformed)
{
    struct entry *e = calloc(1, sizeof(*e));
    if (e == NULL)
        return 0;
    e->seq = r->next;
    flt_buf_init(&e->json, RING_BYTES);
    if (encode(&e->json, e->seq, conn, p, sni, malformed) != FLT_OK) {
        flt_buf_free(&e->json);
        free(e);
        return 0;
    }
    if (r->next - r->first == RING)
        drop_first(r);
    r->ring[r->next % RING] = e;
    r->next++;
    r->bytes += e->json.cap;
    while (r->bytes > RING_BYTES && r->first + 1 < r->next)
        drop_first(r);
    if (r->file != NULL) {
        (void)fprintf(r->file, "%.*s}\n", (int)e->json.n, e->json.p);
        (void)fflush(r->file);
    }
    return e->seq;
}

void px_mock_record_outcome(struct mock_record *r, uint64_t seq, enum mock_outcome o, int status, uint64_t sent)
{
    if (seq < r->first || seq >= r->next)
        return;
    struct entry *e = r->ring[seq % RING];
    e->outcome = o;
    e->status = status;
    e->sent = sent;
}

int px_mock_record_dump(const struct mock_record *r, uint64_t since, bool lines, struct flt_buf *out)
{
    int rc = lines ? FLT_OK : flt_buf_add(out, "[", 1);
    bool first = true;
    for (uint64_t seq = r->first > since ? r->first : since + 1; seq < r->next && rc == FLT_OK; seq++) {
        const struct entry *e = r->ring[seq % RING];
        if (!first && !lines)
            rc = flt_buf_add(out, ",\n", 2);
        if (rc == FLT_OK)
            rc = flt_buf_add_str(out, flt_buf_str(&e->json));
        if (rc == FLT_OK)
            rc = flt_buf_printf(out, ",\"outcome\":\"%s\",\"status\":%d,\"sent\":%" PRIu64 "}%s",
                                outcome_names[e->outcome], e->status, e->sent, lines ? "\n" : "");
        first = false;
    }
    return rc == FLT_OK && !lines ? flt_buf_add(out, "]\n", 2) : rc;
}
