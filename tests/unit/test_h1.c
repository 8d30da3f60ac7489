/*
 * The table of required HTTP/1.1 framing verdicts, row by row.
 */
#include "h1_runs.h"

static void host_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET / HTTP/1.1\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H H "\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "host: other\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a/#@b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: u@b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: [x]\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", 0, 0},
        {"GET / HTTP/1.1\r\nHost: a_b.c-d:80\r\n\r\n", 0, 0},
        {"GET / HTTP/1.0\r\n\r\n", 0, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void length_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {P "Content-Length: 3\r\n\r\nabc", 0, 0},
        {P "Content-Length:3\r\n\r\nabc", 0, 0},
        {P "Content-Length:   3\r\n\r\nabc", 0, 0},
        {P "Content-Length: 0\r\n\r\n", 0, 0},
        {P "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, 0},
        {P "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, 0},
        {P "Content-Length: 3, 3\r\n\r\nabc", 400, 0},
        {P "Content-Length: +3\r\n\r\nabc", 400, 0},
        {P "Content-Length: -3\r\n\r\nabc", 400, 0},
        {P "Content-Length: 0x3\r\n\r\nabc", 400, 0},
        {P "Content-Length: 3abc\r\n\r\nabc", 400, 0},
        {P "Content-Length:\r\n\r\nabc", 400, 0},
        {P "Content-Length: 3 \r\n\r\nabc", 400, 0},
        {P "Content-Length:\t3\r\n\r\nabc", 400, 0},
        {P "Content-Length: 03\r\n\r\nabc", 400, 0},
        {P "Content-Length: 18446744073709551619\r\n\r\nabc", 400, 0},
        {P "Content-Length: 9999999999999999999\r\n\r\nabc", 400, 0},
        {P "Content-Length : 3\r\n\r\nabc", 400, 0},
        {P "Content_Length: 3\r\n\r\nabc", 400, 0},
        {P " Content-Length: 3\r\n\r\nabc", 400, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void coding_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {P "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0, 0},
        {P "transfer-encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0, 0},
        {P "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 501, 0},
        {P "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: \x0b"
           "chunked\r\n\r\n0\r\n\r\n",
         4005, 0},
        {P "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding: identity\r\n\r\n", 4005, 0},
        {P "Transfer-Encoding:\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", 400, 0},
        {P "Transfer_Encoding: chunked\r\n\r\n", 400, 0},
        {"POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void chunk_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {C "0\r\n\r\n", 0, 0},
        {C "000\r\n\r\n", 0, 0},
        {C "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", 0, 0},
        {C "0000000000000003\r\nabc\r\n0\r\n\r\n", 0, 0},
        {C "0x3\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "+3\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "-3\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C " 3\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3 \r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3\t\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "10000000000000003\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "8000000000000000\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "000000000000000000003\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "\r\n3\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3;a=b\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3;\r\nabc\r\n0\r\n\r\n", 400, 0},
        {C "0;a\r\n\r\n", 400, 0},
        {C "3\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3;a=b\nabc\r\n0\r\n\r\n", 400, 0},
        {C "3\r\nabc\n0\r\n\r\n", 400, 0},
        {C "3\r\nabc\r0\r\n\r\n", 400, 0},
        {C "3\r\nabcXX0\r\n\r\n", 400, 0},
        {C "3\r\nabcd\r\n0\r\n\r\n", 400, 0},
        {C "3\r\rabc\r\n0\r\n\r\n", 400, 0},
        {C "0\r\n\n", 400, 0},
        {C "0\n\n", 400, 0},
        {C "g\r\n\r\n", 400, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void trailer_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {C "0\r\nX-Checksum: 1\r\n\r\n", 0, 0},
        {C "3\r\nabc\r\n0\r\nA: 1\r\nB: 2\r\n\r\n", 0, 0},
        {C "0\r\nContent-Length: 3\r\n\r\n", 400, 0},
        {C "0\r\nAuthorization: Bearer x\r\n\r\n", 400, 0},
        {C "0\r\nx-API-key: x\r\n\r\n", 400, 0},
        {C "0\r\nHost: x\r\n\r\n", 400, 0},
        {C "0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0},
        {C "0\r\nContent-Type: text/plain\r\n\r\n", 400, 0},
        {C "0\r\nno colon\r\n\r\n", 400, 0},
        {C "0\r\nA: 1\n\r\n", 400, 0},
        {C "0\r\nA: 1\r\n folded\r\n\r\n", 400, 0},
        {C "0\r\nA : 1\r\n\r\n", 400, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void line_rows(void **state)
{
    (void)state;
    static const char nul[] = "GET / HTTP/1.1\r\n" H "A: b\0c\r\n\r\n",
                      nul_name[] = "GET / HTTP/1.1\r\n" H "A\0: b\r\n\r\n";
    static const struct row rows[] = {
        {"GET / HTTP/1.1\n" H "\r\n", 400, 0},
        {"GET / HTTP/1.1\r\nHost: h\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: b\r\r\n\r\n", 400, 0},
        {nul, 400, sizeof(nul) - 1},
        {nul_name, 400, sizeof(nul_name) - 1},
        {"GET / HTTP/1.1\r\n" H "A: \x7f\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: \x01\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A\x01: b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A B: c\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H ": b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "no colon\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n " H "\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "X_Tenant: a\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A(: b\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "A: \t b c\t \r\nB:\r\nC: \xe4\r\n\r\n", 0, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void start_line_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET / HTTP/1.2\r\n" H "\r\n", 505, 0},
        {"GET / HTTP/2.0\r\n" H "\r\n", 505, 0},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, 0},
        {"GET /\r\n", 400, 0},
        {"GET / HTTP/0.9\r\n\r\n", 400, 0},
        {"GET / http/1.1\r\n" H "\r\n", 400, 0},
        {"GET / HTTP/1.1junk\r\n" H "\r\n", 400, 0},
        {"GET / HTTP/1.10\r\n" H "\r\n", 400, 0},
        {"GET / HTTP/1.1 \r\n" H "\r\n", 400, 0},
        {"GET / HTTP/1\r\n" H "\r\n", 400, 0},
        {"GET / HTTPS/1.1\r\n" H "\r\n", 400, 0},
        {"GET  / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /  HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET\t/ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /\tHTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /a b HTTP/1.1\r\n" H "\r\n", 400, 0},
        {" GET / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"\r\nGET / HTTP/1.1\r\n" H "\r\n", 0, 0},
        {"\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"\nGET / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"\rGET / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET http://other/ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET http://h@other/ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET http://h:80/ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET http:/// HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET ftp://h/ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET http://h/x HTTP/1.1\r\n" H "\r\n", 0, 0},
        {"GET h:443 HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET * HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"OPTIONS * HTTP/1.1\r\n" H "\r\n", 0, 0},
        {"GET /a#b HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /\x80 HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /\\ HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"GET /\x7f HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"G@T / HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"BREW / HTTP/1.1\r\n" H "\r\n", 501, 0},
        {"get / HTTP/1.1\r\n" H "\r\n", 501, 0},
        {"CONNECT h:443 HTTP/1.1\r\n" H "\r\n", 0, 0},
        {"CONNECT /x HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"CONNECT u@h:443 HTTP/1.1\r\n" H "\r\n", 400, 0},
        {"TRACE / HTTP/1.1\r\n" H "\r\n", 0, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void option_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", 0, 0},
        {"GET / HTTP/1.1\r\n" H "Connection: Keep-Alive\r\n\r\n", 0, 0},
        {"GET / HTTP/1.1\r\n" H "Connection: x-tenant\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "Connection: close, authorization\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "Connection: close,,\r\n\r\n", 400, 0},
        {"GET / HTTP/1.1\r\n" H "Connection: a b\r\n\r\n", 400, 0},
        {P "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 0, 0},
        {P "Expect: y 100-continue\r\nContent-Length: 3\r\n\r\nabc", 417, 0},
        {P "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 417, 0},
        {P "Expect:\r\nContent-Length: 3\r\n\r\nabc", 417, 0},
    };
    check_rows(PX_H1_REQUEST, rows, FLT_ARRAY_LEN(rows));
}

static void response_rows(void **state)
{
    (void)state;
    static const char nul[] = "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n";
    static const struct row rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, 0},
        {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 0, 0},
        {"HTTP/1.1 200 \r\nContent-Length: 3 \r\nConnection: keep-alive, x-other\r\nX_Y: z\r\n\r\nabc", 0, 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0, 0},
        {"HTTP/1.0 200 OK\r\n\r\nuntil the end", 0, 0},
        {"HTTP/1.1 200 OK\r\n\r\nuntil the end", 0, 0},
        {"HTTP/1.1 204 No Content\r\n\r\n", 0, 0},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", 0, 0},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 \r\n\r\n", 0, 0},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 502, 0},
        {"HTTP/1.1 2OO OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 99999 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 099 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 600 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1  200 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 20 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 200OK\r\n\r\n", 502, 0},
        {"HTTP/2.0 200 OK\r\n\r\n", 502, 0},
        {"http/1.1 200 OK\r\n\r\n", 502, 0},
        {"\r\nHTTP/1.1 200 OK\r\n\r\n", 502, 0},
        {"ICY 200 OK\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 O\x01K\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 OK\n\n", 502, 0},
        {nul, 502, sizeof(nul) - 1},
        {"HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: x\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 502, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 502, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\nabc", 502, 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 502, 0},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502, 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSet-Cookie: a\r\n\r\n", 502, 0},
    };
    check_rows(PX_H1_RESPONSE, rows, FLT_ARRAY_LEN(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_rows),       cmocka_unit_test(length_rows),  cmocka_unit_test(coding_rows),
        cmocka_unit_test(chunk_rows),      cmocka_unit_test(trailer_rows), cmocka_unit_test(line_rows),
        cmocka_unit_test(start_line_rows), cmocka_unit_test(option_rows),  cmocka_unit_test(response_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
