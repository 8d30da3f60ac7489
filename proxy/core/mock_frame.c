/* HTTP around the mock's bodies: head, framing, the cutting into writes, and every fault a script can ask for. */
#include "core/mock_parts.h"

#define PLAN_MAX ((size_t)160 << 20)

void px_mock_plan_init(struct mock_plan *p)
{
    *p = (struct mock_plan){.finish = MOCK_KEEP};
    flt_buf_init(&p->bytes, PLAN_MAX);
    flt_buf_init(&p->steps, PLAN_MAX);
}

void px_mock_plan_free(struct mock_plan *p)
{
    flt_buf_free(&p->bytes);
    flt_buf_free(&p->steps);
}

static int add_step(struct mock_plan *p, int64_t delay_ms)
{
    struct mock_step s = {.end = p->bytes.n, .delay_ms = (uint32_t)delay_ms};
    return flt_buf_add(&p->steps, &s, sizeof(s));
}

static int add_text(struct flt_buf *b, const char *text)
{
    return flt_buf_add(b, text, strlen(text));
}

/* ---- head ----------------------------------------------------------------------------------- */

enum framing { FRAME_LENGTH, FRAME_CHUNKED, FRAME_CLOSE };

static enum framing framing_of(const struct mock_reply *r, const struct mock_body *body)
{
    if (r->close_delimited || r->fault == MOCK_FAULT_TRUNCATED_TLS)
        return FRAME_CLOSE;
    if (r->fault == MOCK_FAULT_SHORT_LENGTH || r->fault == MOCK_FAULT_DUP_LENGTH ||
        r->fault == MOCK_FAULT_LENGTH_AND_CHUNKED)
        return FRAME_LENGTH;
    if (r->fault == MOCK_FAULT_FIN_MID_CHUNK || r->fault == MOCK_FAULT_RESET_MID_CHUNK ||
        r->fault == MOCK_FAULT_FIN_BEFORE_LAST_CHUNK || r->fault == MOCK_FAULT_BAD_CHUNK)
        return FRAME_CHUNKED;
    return body->stream || r->no_length ? FRAME_CHUNKED : FRAME_LENGTH;
}

static int add_prelude(const struct mock_reply *r, struct flt_buf *b)
{
    int rc = FLT_OK;
    if (r->fault == MOCK_FAULT_UNEXPECTED_101)
        return add_text(b, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    if (r->fault == MOCK_FAULT_EARLY_HINTS)
        return add_text(b, "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    for (int i = 0; r->fault == MOCK_FAULT_FLOOD_1XX && i < 10000 && rc == FLT_OK; i++)
        rc = add_text(b, "HTTP/1.1 102 Processing\r\n\r\n");
    return rc;
}

static int add_bad_headers(const struct mock_reply *r, size_t length, struct flt_buf *b)
{
    int rc = FLT_OK;
    if (r->fault == MOCK_FAULT_GZIP_HEADER)
        return add_text(b, "Content-Encoding: gzip\r\n");
    if (r->fault == MOCK_FAULT_HEADER_INJECT)
        return add_text(b, "X-Request-Id: a\rX-Injected: yes\r\n");
    if (r->fault == MOCK_FAULT_NUL_HEADER)
        return flt_buf_add(b, "X-Request-Id: a\0b\r\n", 19);
    if (r->fault == MOCK_FAULT_DUP_LENGTH)
        return flt_buf_printf(b, "Content-Length: %zu\r\n", length + 1);
    if (r->fault == MOCK_FAULT_LENGTH_AND_CHUNKED)
        return add_text(b, "Transfer-Encoding: chunked\r\n");
    for (int i = 0; r->fault == MOCK_FAULT_HUGE_HEAD && i < 2000 && rc == FLT_OK; i++)
        rc = flt_buf_printf(b, "X-Filler-%d: %0100d\r\n", i, i);
    return rc;
}

static bool reply_sets(const struct mock_reply *r, const char *name)
{
    for (uint32_t i = 0; i < r->n_headers; i++)
        if (flt_str_ieq(r->headers[i].name, flt_str_of(name)))
            return true;
    return false;
}

static int add_headers(const struct mock_reply *r, const struct mock_body *body, struct flt_buf *b)
{
    struct flt_str type = r->content_type.p != NULL ? r->content_type : flt_str_of(body->type);
    int rc = FLT_OK;
    if (type.n != 0 && !reply_sets(r, "content-type"))
        rc = px_h1_write_header(b, FLT_STR("Content-Type"), type);
    if (rc == FLT_OK && body->stream)
        rc = px_h1_write_header(b, FLT_STR("Cache-Control"), FLT_STR("no-cache"));
    if (rc == FLT_OK && !reply_sets(r, "x-request-id") && r->fault != MOCK_FAULT_HEADER_INJECT &&
        r->fault != MOCK_FAULT_NUL_HEADER)
        rc = px_h1_write_header(b, FLT_STR("x-request-id"), FLT_STR("req_mock"));
    for (uint32_t i = 0; i < r->n_headers && rc == FLT_OK; i++)
        rc = px_h1_write_header(b, r->headers[i].name, r->headers[i].value);
    return rc;
}

static int add_head(const struct mock_reply *r, int status, const struct mock_body *body, bool keep, struct flt_buf *b)
{
    enum framing f = framing_of(r, body);
    int rc = add_prelude(r, b);
    if (rc == FLT_OK && r->fault == MOCK_FAULT_BAD_STATUS_LINE)
        rc = add_text(b, "HTTP/1.1 2OO Fine\r\n");
    else if (rc == FLT_OK)
        rc = px_h1_write_status_line(b, status);
    if (rc == FLT_OK)
        rc = add_headers(r, body, b);
    if (rc == FLT_OK)
        rc = add_bad_headers(r, body->bytes.n, b);
    if (rc == FLT_OK && f == FRAME_LENGTH)
        rc = px_h1_write_header_u64(b, "Content-Length", body->bytes.n);
    if (rc == FLT_OK && f == FRAME_CHUNKED)
        rc = px_h1_write_header(b, FLT_STR("Transfer-Encoding"), FLT_STR("chunked"));
    if (rc == FLT_OK && (!keep || f == FRAME_CLOSE))
        rc = px_h1_write_header(b, FLT_STR("Connection"), FLT_STR("close"));
    return rc == FLT_OK ? px_h1_write_end(b) : rc;
}

/* ---- body ----------------------------------------------------------------------------------- */

/* How much of the body leaves before the fault. */
static size_t body_limit(const struct mock_reply *r, const struct mock_body *body, bool *cut)
{
    size_t n = body->bytes.n;
    bool halves = r->fault == MOCK_FAULT_FIN_MID_CHUNK || r->fault == MOCK_FAULT_RESET_MID_CHUNK ||
                  r->fault == MOCK_FAULT_SHORT_LENGTH || r->fault == MOCK_FAULT_TRUNCATED_TLS;
    *cut = true;
    if (r->stream.cut_after_bytes >= 0)
        return (size_t)r->stream.cut_after_bytes < n ? (size_t)r->stream.cut_after_bytes : n;
    if (r->fault == MOCK_FAULT_RESET_AFTER_HEADERS || r->fault == MOCK_FAULT_STALL_AFTER_HEADERS)
        return 0;
    if (halves)
        return n / 2;
    *cut = r->fault == MOCK_FAULT_FIN_BEFORE_LAST_CHUNK;
    return n;
}

/* One piece of the body, framed; bytes past `limit` are announced by the chunk size but not sent. */
static int add_piece(struct mock_plan *p, enum framing f, struct flt_str piece, size_t sent)
{
    int rc = FLT_OK;
    if (piece.n == 0)
        return rc;
    if (f == FRAME_CHUNKED)
        rc = flt_buf_printf(&p->bytes, "%zx\r\n", piece.n);
    if (rc == FLT_OK)
        rc = flt_buf_add(&p->bytes, piece.p, sent);
    if (rc == FLT_OK && f == FRAME_CHUNKED && sent == piece.n)
        rc = add_text(&p->bytes, "\r\n");
    return rc;
}

static size_t piece_end(const struct mock_reply *r, const struct mock_body *body, size_t i, size_t at)
{
    size_t end;
    if (r->stream.chunk_bytes != 0) {
        end = at + (size_t)r->stream.chunk_bytes;
        return end < body->bytes.n ? end : body->bytes.n;
    }
    memcpy(&end, body->ends.p + i * sizeof(end), sizeof(end));
    return end;
}

static int add_body(const struct mock_reply *r, const struct mock_body *body, size_t limit, struct mock_plan *p)
{
    enum framing f = framing_of(r, body);
    size_t at = 0;
    int rc = FLT_OK;
    for (size_t i = 0; at < limit && rc == FLT_OK; i++) {
        size_t end = piece_end(r, body, i, at);
        size_t sent = (end < limit ? end : limit) - at;
        rc = add_piece(p, f, (struct flt_str){body->bytes.p + at, end - at}, sent);
        if (rc == FLT_OK)
            rc = add_step(p, i == 0 ? 0 : r->stream.pace_ms);
        at = end;
    }
    return rc;
}

static int add_end(const struct mock_reply *r, const struct mock_body *body, struct mock_plan *p)
{
    if (r->fault == MOCK_FAULT_BAD_CHUNK)
        return add_text(&p->bytes, "zz\r\nnot a chunk\r\n");
    if (framing_of(r, body) == FRAME_CHUNKED)
        return px_h1_write_last_chunk(&p->bytes);
    return FLT_OK;
}

/* ---- finish --------------------------------------------------------------------------------- */

static enum mock_finish finish_of(const struct mock_reply *r, const struct mock_body *body, bool cut, bool keep)
{
    switch (r->fault) {
    case MOCK_FAULT_FIN_MID_CHUNK:
    case MOCK_FAULT_FIN_BEFORE_LAST_CHUNK:
    case MOCK_FAULT_SHORT_LENGTH:
    case MOCK_FAULT_BAD_CHUNK:
        return MOCK_CLOSE;
    case MOCK_FAULT_TRUNCATED_TLS:
        return MOCK_CLOSE_UNCLEAN;
    case MOCK_FAULT_STALL:
    case MOCK_FAULT_STALL_AFTER_HEADERS:
        return MOCK_STALL;
    default:
        break;
    }
    if (cut)
        return MOCK_RESET;
    return !keep || framing_of(r, body) == FRAME_CLOSE ? MOCK_CLOSE : MOCK_KEEP;
}

/* xorshift64: the same seed gives the same sizes everywhere */
static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* Replaces the steps by writes of the sizes asked for, over head and body alike. */
static int recut(const struct mock_reply *r, struct mock_plan *p)
{
    uint64_t seed = (uint64_t)r->stream.write_seed * 0x9E3779B97F4A7C15u + 1;
    size_t total = p->bytes.n, at = 0;
    int rc = FLT_OK;
    if (r->stream.one_write) {
        flt_buf_clear(&p->steps);
        return add_step(p, r->delay_ms);
    }
    if (r->stream.write_bytes == 0)
        return FLT_OK;
    flt_buf_clear(&p->steps);
    p->separate = true;
    while (at < total && rc == FLT_OK) {
        size_t n = (size_t)r->stream.write_bytes;
        if (r->stream.write_seed != 0)
            n = 1 + (size_t)(next_random(&seed) % n);
        struct mock_step s = {.end = at + n < total ? at + n : total,
                              .delay_ms = (uint32_t)(at == 0 ? r->delay_ms : r->stream.pace_ms)};
        rc = flt_buf_add(&p->steps, &s, sizeof(s));
        at = s.end;
    }
    return rc;
}

static int raw_plan(const struct mock_reply *r, struct mock_plan *p)
{
    int rc = flt_buf_add_str(&p->bytes, r->raw_http);
    if (rc == FLT_OK)
        rc = add_step(p, r->delay_ms);
    p->finish = r->fault == MOCK_FAULT_TRUNCATED_TLS ? MOCK_CLOSE_UNCLEAN : MOCK_CLOSE;
    if (r->fault == MOCK_FAULT_STALL)
        p->finish = MOCK_STALL;
    return rc == FLT_OK ? recut(r, p) : rc;
}

int px_mock_frame(const struct mock_reply *r, int status, const struct mock_body *body, bool keep,
                  struct mock_plan *out)
{
    bool cut;
    out->status = status;
    if (r->raw_http.p != NULL)
        return raw_plan(r, out);
    size_t limit = body_limit(r, body, &cut);
    out->finish = finish_of(r, body, cut, keep);
    if (r->fault == MOCK_FAULT_RESET_BEFORE_HEADERS || r->fault == MOCK_FAULT_CLOSE_BEFORE_HEADERS ||
        (r->fault == MOCK_FAULT_STALL && r->stream.cut_after_bytes < 0)) {
        out->status = 0;
        out->finish = r->fault == MOCK_FAULT_STALL                  ? MOCK_STALL
                      : r->fault == MOCK_FAULT_RESET_BEFORE_HEADERS ? MOCK_RESET
                                                                    : MOCK_CLOSE;
        return add_step(out, r->delay_ms);
    }
    int rc = add_head(r, status, body, keep, &out->bytes);
    if (rc == FLT_OK)
        rc = add_step(out, r->delay_ms);
    if (rc == FLT_OK)
        rc = add_body(r, body, limit, out);
    if (rc == FLT_OK && !cut)
        rc = add_end(r, body, out);
    if (rc == FLT_OK)
        rc = add_step(out, 0);
    return rc == FLT_OK ? recut(r, out) : rc;
}
