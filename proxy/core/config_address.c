/* config_address.c: addresses and base URLs as operators write them. Pure functions on text. */
#include <arpa/inet.h>

#include "core/config_priv.h"

static bool is_ip(struct flt_str host, int family, unsigned char out[16])
{
    char text[INET6_ADDRSTRLEN];
    if (host.n == 0 || host.n >= sizeof text)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    return inet_pton(family, text, out) == 1;
}

bool px_conf_is_loopback(struct flt_str host)
{
    static const unsigned char v6[16] = {[15] = 1};
    unsigned char address[16];
    if (flt_str_ieq(host, FLT_STR("localhost")))
        return true;
    if (is_ip(host, AF_INET, address))
        return address[0] == 127;
    return is_ip(host, AF_INET6, address) && memcmp(address, v6, sizeof v6) == 0;
}

static bool is_label_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_dns_name(struct flt_str host)
{
    size_t label = 0;
    bool number = true; /* the present label has only digits */
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        if (c == '.') {
            if (label == 0 || host.p[i - 1] == '-')
                return false;
            label = 0;
            number = true;
            continue;
        }
        if (!is_label_byte(c) || (label == 0 && c == '-') || ++label > 63)
            return false;
        number = number && c >= '0' && c <= '9';
    }
    /* A name that ends in a number would be taken for some IPv4 spelling by one resolver and not by another. */
    return host.n != 0 && host.n <= 253 && label != 0 && host.p[host.n - 1] != '-' && !number;
}

bool px_conf_is_host(struct flt_str host)
{
    unsigned char address[16];
    return is_ip(host, AF_INET, address) || is_ip(host, AF_INET6, address) || is_dns_name(host);
}

static bool parse_port(struct flt_str s, uint16_t *port)
{
    unsigned v = 0;
    if (s.n == 0 || s.n > 5 || (s.n > 1 && s.p[0] == '0'))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (unsigned)(s.p[i] - '0');
    }
    *port = (uint16_t)v;
    return v <= UINT16_MAX;
}

/* Splits host[:port]; port stays as it was when there is none. IPv6 only in brackets, which are taken off. */
static bool split_host(struct flt_str s, struct flt_str *host, uint16_t *port, bool *has_port)
{
    unsigned char address[16];
    struct flt_str rest;
    if (s.n != 0 && s.p[0] == '[') {
        const char *end = memchr(s.p, ']', s.n);
        if (!end)
            return false;
        *host = (struct flt_str){s.p + 1, (size_t)(end - s.p) - 1};
        rest = (struct flt_str){end + 1, s.n - host->n - 2};
        if (!is_ip(*host, AF_INET6, address))
            return false;
    } else {
        const char *colon = s.n != 0 ? memchr(s.p, ':', s.n) : NULL;
        host->p = s.p;
        host->n = colon ? (size_t)(colon - s.p) : s.n;
        rest = (struct flt_str){s.p + host->n, s.n - host->n};
        if (!is_ip(*host, AF_INET, address) && !is_dns_name(*host))
            return false;
    }
    *has_port = rest.n != 0;
    return rest.n == 0 || (rest.p[0] == ':' && parse_port((struct flt_str){rest.p + 1, rest.n - 1}, port));
}

bool px_conf_split_address(struct flt_str address, struct flt_str *host, uint16_t *port)
{
    unsigned char ip[16];
    bool has_port = false;
    if (!split_host(address, host, port, &has_port) || !has_port)
        return false;
    return is_ip(*host, AF_INET, ip) || is_ip(*host, AF_INET6, ip) || flt_str_is(*host, "localhost");
}

const char *px_conf_split_url(struct flt_str url, bool *tls, struct flt_str *host, uint16_t *port)
{
    struct flt_str https = FLT_STR("https://"), http = FLT_STR("http://");
    *tls = flt_str_starts(url, https);
    if (!*tls && !flt_str_starts(url, http))
        return "not an https:// or http:// address";
    size_t scheme = *tls ? https.n : http.n;
    struct flt_str rest = {url.p + scheme, url.n - scheme};
    if (rest.n != 0 && memchr(rest.p, '@', rest.n))
        return "holds a user name";
    if (rest.n != 0 && (memchr(rest.p, '?', rest.n) || memchr(rest.p, '#', rest.n)))
        return "holds a query";
    const char *slash = rest.n != 0 ? memchr(rest.p, '/', rest.n) : NULL;
    if (slash && slash != rest.p + rest.n - 1)
        return "holds a path; the client's path is forwarded as it is";
    if (slash)
        rest.n--;
    bool has_port = false;
    *port = *tls ? 443 : 80;
    if (!split_host(rest, host, port, &has_port) || *port == 0)
        return "not a host name or address with an optional port";
    return NULL;
}
