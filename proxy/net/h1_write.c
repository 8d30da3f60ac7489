/*
 * h1_write.c: writing heads and chunks. Everything is checked with the reader's own rules before a byte is written, so
 * that what leaves us always reads back as one message with these names and values.
 */
#include "net/h1_check.h"

static int put(struct flt_buf *b, const struct flt_str *v, unsigned n)
{
    size_t total = 0;
    for (unsigned i = 0; i < n; i++) {
        if (v[i].n > SIZE_MAX - total)
            return FLT_E_LIMIT;
        total += v[i].n;
    }
    int rc = flt_buf_reserve(b, total); /* all or nothing */
    for (unsigned i = 0; rc == FLT_OK && i < n; i++)
        rc = flt_buf_add_str(b, v[i]);
    return rc;
}

int px_h1_write_request_line(struct flt_buf *b, struct flt_str method, struct flt_str target)
{
    if (!px_h1_is_token(method) || !px_h1_is_target(target))
        return FLT_E_SYNTAX;
    const struct flt_str v[] = {method, FLT_STR(" "), target, FLT_STR(" HTTP/1.1\r\n")};
    return put(b, v, FLT_ARRAY_LEN(v));
}

int px_h1_write_status_line(struct flt_buf *b, int status)
{
    if (status < 100 || status > 599)
        return FLT_E_SYNTAX;
    const char digits[] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10), (char)('0' + status % 10), ' '};
    const struct flt_str v[] = {
        FLT_STR("HTTP/1.1 "), {digits, sizeof(digits)}, flt_str_of(px_h1_reason(status)), FLT_STR("\r\n")};
    return put(b, v, FLT_ARRAY_LEN(v));
}

int px_h1_write_header(struct flt_buf *b, struct flt_str name, struct flt_str value)
{
    if (!px_h1_is_token(name) || !px_h1_is_value(value))
        return FLT_E_SYNTAX;
    const struct flt_str v[] = {name, FLT_STR(": "), value, FLT_STR("\r\n")};
    return put(b, v, FLT_ARRAY_LEN(v));
}

int px_h1_write_header_u64(struct flt_buf *b, const char *name, uint64_t value)
{
    char digits[20], *end = digits + sizeof(digits), *p = end;
    do
        *--p = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    return px_h1_write_header(b, flt_str_of(name), (struct flt_str){p, (size_t)(end - p)});
}

int px_h1_write_end(struct flt_buf *b)
{
    return flt_buf_add(b, "\r\n", 2);
}

int px_h1_write_chunk(struct flt_buf *b, const char *p, size_t n)
{
    char digits[16], *end = digits + sizeof(digits), *size = end;
    if (n == 0)
        return FLT_E_SYNTAX; /* it would end the body */
    for (size_t left = n; left != 0; left >>= 4)
        *--size = "0123456789abcdef"[left & 15];
    const struct flt_str v[] = {{size, (size_t)(end - size)}, FLT_STR("\r\n"), {p, n}, FLT_STR("\r\n")};
    return put(b, v, FLT_ARRAY_LEN(v));
}

int px_h1_write_last_chunk(struct flt_buf *b)
{
    return flt_buf_add(b, "0\r\n\r\n", 5);
}

const char *px_h1_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } table[] = {
        {100, "Continue"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {424, "Failed Dependency"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {529, "Site Is Overloaded"},
    };
    for (size_t i = 0; i < FLT_ARRAY_LEN(table); i++)
        if (table[i].status == status)
            return table[i].reason;
    return status < 400 ? "OK" : "Error";
}
