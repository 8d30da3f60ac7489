/*
 * h1_check.c: what may stand in an HTTP/1.1 head and how it frames the body (RFC 9110, RFC 9112), stricter than either
 * where two readers are known to disagree. Every refusal names the rule only, never the text.
 */
#include "net/h1_check.h"

#define ERROR(status_, what_) ((struct px_h1_error){status_, what_})
#define FINE                  ((struct px_h1_error){0, NULL})

enum { C_TOKEN = 1, C_TARGET = 2, C_HOST = 4 };

/* Character classes: token characters; characters of a request target; characters of a host name. */
static unsigned char_class(unsigned char c)
{
    static const unsigned char table[128] = {
        ['!'] = C_TOKEN | C_TARGET,
        ['#'] = C_TOKEN,
        ['$'] = C_TOKEN | C_TARGET,
        ['%'] = C_TOKEN | C_TARGET,
        ['&'] = C_TOKEN | C_TARGET,
        ['\''] = C_TOKEN | C_TARGET,
        ['('] = C_TARGET,
        [')'] = C_TARGET,
        ['*'] = C_TOKEN | C_TARGET,
        ['+'] = C_TOKEN | C_TARGET,
        [','] = C_TARGET,
        ['-'] = C_TOKEN | C_TARGET | C_HOST,
        ['.'] = C_TOKEN | C_TARGET | C_HOST,
        ['/'] = C_TARGET,
        ['0' ... '9'] = C_TOKEN | C_TARGET | C_HOST,
        [':'] = C_TARGET,
        [';'] = C_TARGET,
        ['='] = C_TARGET,
        ['?'] = C_TARGET,
        ['@'] = C_TARGET,
        ['A' ... 'Z'] = C_TOKEN | C_TARGET | C_HOST,
        ['['] = C_TARGET,
        [']'] = C_TARGET,
        ['^'] = C_TOKEN,
        ['_'] = C_TOKEN | C_TARGET | C_HOST,
        ['`'] = C_TOKEN,
        ['a' ... 'z'] = C_TOKEN | C_TARGET | C_HOST,
        ['|'] = C_TOKEN,
        ['~'] = C_TOKEN | C_TARGET,
    };
    return c < 128 ? table[c] : 0;
}

static bool all_of(struct flt_str s, unsigned class)
{
    for (size_t i = 0; i < s.n; i++)
        if ((char_class((unsigned char)s.p[i]) & class) == 0)
            return false;
    return s.n > 0;
}

bool px_h1_is_token(struct flt_str s)
{
    return all_of(s, C_TOKEN);
}

bool px_h1_is_target(struct flt_str s)
{
    return all_of(s, C_TARGET);
}

/* Eight bytes that are all printable ASCII. Borrows and carries can only make it say no too often. */
static bool printable(const char *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return ((v | (v - ones * ' ') | (v + ones)) & high) == 0;
}

bool px_h1_is_value(struct flt_str s)
{
    size_t i = 0;
    while (s.n - i >= 8 && printable(s.p + i))
        i += 8;
    for (; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct flt_str slice(struct flt_str s, size_t from, size_t to)
{
    return (struct flt_str){s.p + from, to - from};
}

/* Position of c at or after from; s.n when there is none. */
static size_t find(struct flt_str s, char c, size_t from)
{
    const char *p = from < s.n ? memchr(s.p + from, c, s.n - from) : NULL;
    return p != NULL ? (size_t)(p - s.p) : s.n;
}

static struct flt_str trim(struct flt_str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* ---- start lines ---- */

static struct px_h1_error check_version(struct flt_str v, bool *http10)
{
    if (v.n != 8 || memcmp(v.p, "HTTP/", 5) != 0 || !is_digit(v.p[5]) || v.p[6] != '.' || !is_digit(v.p[7]))
        return ERROR(400, "malformed version");
    *http10 = v.p[7] == '0';
    if (v.p[5] == '1' && (v.p[7] == '0' || v.p[7] == '1'))
        return FINE;
    return v.p[5] == '0' ? ERROR(400, "malformed version") : ERROR(505, "version is not supported");
}

struct px_h1_error px_h1_check_request_line(struct flt_str line, size_t max_target, struct px_h1_head *h)
{
    size_t a = find(line, ' ', 0);
    size_t b = find(line, ' ', a + 1);
    if (b >= line.n)
        return ERROR(400, "malformed request line");
    h->method = slice(line, 0, a);
    h->target = slice(line, a + 1, b);
    if (!px_h1_is_token(h->method))
        return ERROR(400, "malformed method");
    if (h->target.n > max_target)
        return ERROR(414, "target is too long");
    if (!px_h1_is_target(h->target))
        return ERROR(400, "malformed target");
    return check_version(slice(line, b + 1, line.n), &h->http10);
}

struct px_h1_error px_h1_check_status_line(struct flt_str line, struct px_h1_head *h)
{
    if (line.n < 12 || line.p[8] != ' ' || (line.n > 12 && line.p[12] != ' '))
        return ERROR(400, "malformed status line");
    struct px_h1_error e = check_version(slice(line, 0, 8), &h->http10);
    if (e.what != NULL)
        return e;
    if (!is_digit(line.p[9]) || !is_digit(line.p[10]) || !is_digit(line.p[11]))
        return ERROR(400, "malformed status");
    h->status = (line.p[9] - '0') * 100 + (line.p[10] - '0') * 10 + (line.p[11] - '0');
    if (h->status < 100 || h->status > 599)
        return ERROR(400, "status out of range");
    return px_h1_is_value(slice(line, 12, line.n)) ? FINE : ERROR(400, "malformed reason");
}

/* ---- header lines ---- */

struct px_h1_error px_h1_check_header_line(struct flt_str line, enum px_h1_kind kind)
{
    if (line.p[0] == ' ' || line.p[0] == '\t')
        return ERROR(400, "folded header");
    size_t colon = find(line, ':', 0);
    if (colon == line.n)
        return ERROR(400, "header without colon");
    struct flt_str name = slice(line, 0, colon);
    if (!px_h1_is_token(name))
        return ERROR(400, "malformed header name");
    if (kind == PX_H1_REQUEST && find(name, '_', 0) < name.n)
        return ERROR(400, "underscore in header name");
    return px_h1_is_value(slice(line, colon + 1, line.n)) ? FINE : ERROR(400, "control character in header value");
}

void px_h1_split_header(struct flt_str line, struct px_h1_header *out, struct flt_str *raw)
{
    size_t colon = find(line, ':', 0);
    *raw = slice(line, colon + 1, line.n);
    out->name = slice(line, 0, colon);
    out->value = trim(*raw);
}

bool px_h1_trailer_allowed(struct flt_str line)
{
    static const char *const forbidden[] = {"content-length",
                                            "transfer-encoding",
                                            "host",
                                            "connection",
                                            "content-type",
                                            "content-encoding",
                                            "content-range",
                                            "trailer",
                                            "te",
                                            "upgrade",
                                            "expect",
                                            "authorization",
                                            "cookie",
                                            "proxy-authorization",
                                            "proxy-connection",
                                            "keep-alive",
                                            "set-cookie",
                                            "api-key",
                                            "x-api-key",
                                            "x-goog-api-key",
                                            "location",
                                            "www-authenticate",
                                            "proxy-authenticate"};
    struct flt_str name = slice(line, 0, find(line, ':', 0));
    for (size_t i = 0; i < FLT_ARRAY_LEN(forbidden); i++)
        if (flt_str_ieq(name, flt_str_of(forbidden[i])))
            return false;
    return true;
}

/* ---- the headers together ---- */

/*
 * Connection may name what concerns this connection only. Any other name would make the next hop drop a header, which
 * is a way to take ours away; the last three belong to protocol offers that are simply not taken up.
 */
static void note_connection(struct px_h1_facts *f, struct flt_str value)
{
    size_t from = 0;
    while (from <= value.n && value.n > 0) {
        size_t to = find(value, ',', from);
        struct flt_str option = trim(slice(value, from, to));
        if (flt_str_ieq(option, FLT_STR("close")))
            f->close = true;
        else if (flt_str_ieq(option, FLT_STR("keep-alive")))
            f->keep_alive = true;
        else if (!px_h1_is_token(option))
            f->bad_connection = true;
        else if (!flt_str_ieq(option, FLT_STR("upgrade")) && !flt_str_ieq(option, FLT_STR("http2-settings")) &&
                 !flt_str_ieq(option, FLT_STR("te")))
            f->other_option = true;
        from = to + 1;
    }
}

void px_h1_note(struct px_h1_facts *f, const struct px_h1_header *v, struct flt_str raw)
{
    switch (v->name.n) {
    case 4:
        if (flt_str_ieq(v->name, FLT_STR("host"))) {
            f->hosts++;
            f->host = v->value;
        }
        break;
    case 6:
        if (flt_str_ieq(v->name, FLT_STR("expect"))) {
            f->expects++;
            f->continue_ok = flt_str_ieq(v->value, FLT_STR("100-continue"));
        }
        break;
    case 10:
        if (flt_str_ieq(v->name, FLT_STR("connection")))
            note_connection(f, v->value);
        break;
    case 14:
        if (flt_str_ieq(v->name, FLT_STR("content-length"))) {
            f->lengths++;
            f->length = raw;
        }
        break;
    case 17:
        if (flt_str_ieq(v->name, FLT_STR("transfer-encoding"))) {
            f->codings++;
            f->coding = raw;
        }
        break;
    default:
        break;
    }
}

/* Blanks before the value are common; others around a framing value are where parsers differ. */
static bool strip_framing(struct flt_str raw, bool request, struct flt_str *out)
{
    while (raw.n > 0 && raw.p[0] == ' ') {
        raw.p++;
        raw.n--;
    }
    while (!request && raw.n > 0 && raw.p[raw.n - 1] == ' ')
        raw.n--;
    *out = raw;
    return raw.n > 0 && raw.p[0] != '\t' && raw.p[raw.n - 1] != ' ' && raw.p[raw.n - 1] != '\t';
}

static struct px_h1_error judge_length(const struct px_h1_facts *f, bool request, struct px_h1_head *h)
{
    struct flt_str s;
    if (f->lengths > 1)
        return ERROR(400, "more than one Content-Length");
    /* 18 digits hold every body there is, and cannot overflow. A leading zero might be read as octal. */
    if (!strip_framing(f->length, request, &s) || s.n > 18 || (s.n > 1 && s.p[0] == '0'))
        return ERROR(400, "malformed Content-Length");
    uint64_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return ERROR(400, "malformed Content-Length");
        n = n * 10 + (uint64_t)(s.p[i] - '0');
    }
    h->body = PX_H1_BODY_LENGTH;
    h->length = n;
    return FINE;
}

/* A list of well-formed codings other than "chunked" is one we do not implement; everything else is an attempt. */
static bool other_codings(struct flt_str s)
{
    size_t from = 0;
    while (from <= s.n) {
        size_t to = find(s, ',', from);
        struct flt_str coding = slice(s, from, to);
        while (coding.n > 0 && coding.p[0] == ' ')
            coding = slice(coding, 1, coding.n);
        if (!px_h1_is_token(coding))
            return false;
        from = to + 1;
    }
    return true;
}

static struct px_h1_error judge_coding(const struct px_h1_facts *f, bool request, struct px_h1_head *h)
{
    struct flt_str s;
    if (f->codings > 1)
        return ERROR(400, "more than one Transfer-Encoding");
    if (f->lengths > 0)
        return ERROR(400, "Content-Length and Transfer-Encoding together");
    if (h->http10)
        return ERROR(400, "Transfer-Encoding in HTTP/1.0");
    if (!strip_framing(f->coding, request, &s))
        return ERROR(400, "malformed Transfer-Encoding");
    if (!flt_str_ieq(s, FLT_STR("chunked")))
        return other_codings(s) ? ERROR(501, "transfer coding is not implemented")
                                : ERROR(400, "malformed Transfer-Encoding");
    h->body = PX_H1_BODY_CHUNKED;
    return FINE;
}

static struct px_h1_error judge_body(const struct px_h1_facts *f, bool request, struct px_h1_head *h)
{
    if (f->codings > 0)
        return judge_coding(f, request, h);
    if (f->lengths > 0)
        return judge_length(f, request, h);
    return FINE;
}

static bool port_ok(struct flt_str s)
{
    unsigned n = 0;
    if (s.n == 0 || s.n > 5)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        n = n * 10 + (unsigned)(s.p[i] - '0');
    }
    return n <= 65535;
}

static bool v6_ok(struct flt_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F') && c != ':' && c != '.')
            return false;
    }
    return s.n >= 2;
}

/* host, host:port, [v6], [v6]:port; no user information. */
static bool authority_ok(struct flt_str s)
{
    size_t end;
    if (s.n > 0 && s.p[0] == '[') {
        end = find(s, ']', 0);
        if (end == s.n || !v6_ok(slice(s, 1, end)))
            return false;
        end++;
    } else {
        end = find(s, ':', 0);
        if (!all_of(slice(s, 0, end), C_HOST))
            return false;
    }
    return end == s.n || (s.p[end] == ':' && port_ok(slice(s, end + 1, s.n)));
}

/* "http://host/path": the host must be the one of Host; what is left is the origin form. */
static struct px_h1_error judge_absolute(struct px_h1_head *h)
{
    size_t skip = 0;
    if (h->target.n > 7 && flt_str_ieq(slice(h->target, 0, 7), FLT_STR("http://")))
        skip = 7;
    else if (h->target.n > 8 && flt_str_ieq(slice(h->target, 0, 8), FLT_STR("https://")))
        skip = 8;
    else
        return ERROR(400, "malformed target");
    size_t slash = find(h->target, '/', skip);
    struct flt_str authority = slice(h->target, skip, slash);
    if (!authority_ok(authority) || (h->host.n > 0 && !flt_str_ieq(authority, h->host)))
        return ERROR(400, "target names another host");
    h->host = authority;
    h->target = slash < h->target.n ? slice(h->target, slash, h->target.n) : FLT_STR("/");
    return FINE;
}

static struct px_h1_error judge_target(struct px_h1_head *h)
{
    if (flt_str_is(h->method, "CONNECT"))
        return authority_ok(h->target) ? FINE : ERROR(400, "malformed target");
    if (h->target.p[0] == '/')
        return FINE;
    if (flt_str_is(h->target, "*"))
        return flt_str_is(h->method, "OPTIONS") ? FINE : ERROR(400, "malformed target");
    return judge_absolute(h);
}

struct px_h1_error px_h1_judge_request(const struct px_h1_facts *f, struct px_h1_head *h)
{
    if (f->hosts > 1 || (f->hosts == 0 && !h->http10))
        return f->hosts > 1 ? ERROR(400, "more than one Host") : ERROR(400, "no Host");
    if (f->hosts == 1 && !authority_ok(f->host))
        return ERROR(400, "malformed Host");
    h->host = f->host;
    struct px_h1_error e = judge_target(h);
    if (e.what != NULL)
        return e;
    h->body = PX_H1_BODY_NONE;
    e = judge_body(f, true, h);
    if (e.what != NULL)
        return e;
    if (f->bad_connection || f->other_option)
        return ERROR(400, "Connection names a header");
    if (f->expects > 1 || (f->expects == 1 && !f->continue_ok))
        return ERROR(417, "expectation is not supported");
    bool body = h->body == PX_H1_BODY_CHUNKED || h->length > 0;
    h->expect_continue = f->expects == 1 && !h->http10 && body;
    h->keep_alive = !f->close && (!h->http10 || f->keep_alive);
    return FINE;
}

struct px_h1_error px_h1_judge_response(const struct px_h1_facts *f, struct px_h1_head *h, bool no_body)
{
    h->body = PX_H1_BODY_CLOSE;
    struct px_h1_error e = judge_body(f, false, h);
    if (e.what != NULL)
        return e;
    if (f->bad_connection)
        return ERROR(400, "malformed Connection");
    if (no_body || h->status < 200 || h->status == 204 || h->status == 304)
        h->body = PX_H1_BODY_NONE;
    h->keep_alive = !f->close && (!h->http10 || f->keep_alive) && h->body != PX_H1_BODY_CLOSE;
    return FINE;
}
