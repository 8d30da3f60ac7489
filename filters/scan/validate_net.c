/*
 * validate_net.c: mail addresses, IP and MAC addresses, telephone numbers.
 */
#include "scan/validate_impl.h"

/* ---- mail ------------------------------------------------------------------------------------------------------ */

/* Last labels that are file names in disguise (logo@2x.png, theme@dark.css) and not top-level domains. */
static const char *const file_suffixes[] = {"png", "jpg", "jpeg", "gif", "svg",  "webp", "css", "js",   "ts",
                                            "jsx", "tsx", "json", "xml", "html", "php",  "exe", "dll",  "txt",
                                            "pdf", "csv", "yaml", "yml", "toml", "lock", "log", "conf", "service"};
/* Hosts whose git@ is a login, not a mailbox. */
static const char *const git_hosts[] = {"github.com",        "gitlab.com",   "bitbucket.org",
                                        "ssh.dev.azure.com", "codeberg.org", "git.sr.ht"};

static bool equals_fold(struct flt_str v, const char *lower)
{
    if (v.n != strlen(lower))
        return false;
    for (size_t i = 0; i < v.n; i++)
        if (flt_val_upper(v.p[i]) != flt_val_upper(lower[i]))
            return false;
    return true;
}

static bool equals_any(struct flt_str v, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (equals_fold(v, list[i]))
            return true;
    return false;
}

static bool label_ok(struct flt_str l)
{
    return l.n >= 1 && l.n <= 63 && l.p[0] != '-' && l.p[l.n - 1] != '-';
}

/* Letters only and at least two of them, or an encoded international name. */
static bool top_level_ok(struct flt_str l)
{
    if (l.n > 4 && equals_fold((struct flt_str){l.p, 4}, "xn--"))
        return true;
    for (size_t i = 0; i < l.n; i++)
        if (!flt_val_is_alpha(l.p[i]) && (unsigned char)l.p[i] < 0x80) /* or written in its own script */
            return false;
    return l.n >= 2 && l.n <= 63 && !equals_any(l, file_suffixes, FLT_ARRAY_LEN(file_suffixes));
}

static bool domain_ok(struct flt_str d)
{
    size_t start = 0, labels = 0;
    if (d.n > 253)
        return false;
    for (size_t i = 0; i <= d.n; i++) {
        if (i < d.n && d.p[i] != '.')
            continue;
        struct flt_str label = {d.p + start, i - start};
        if (!label_ok(label) || (i == d.n && !top_level_ok(label)))
            return false;
        labels++;
        start = i + 1;
    }
    return labels >= 2;
}

bool flt_val_email_domain(struct flt_str v)
{
    const char *at = v.n > 0 ? memchr(v.p, '@', v.n) : NULL;
    if (at == NULL || at == v.p)
        return false;
    struct flt_str local = {v.p, (size_t)(at - v.p)};
    struct flt_str domain = {at + 1, v.n - local.n - 1};
    if (local.n > 64 || local.p[0] == '.' || local.p[local.n - 1] == '.')
        return false;
    for (size_t i = 1; i < local.n; i++)
        if (local.p[i] == '.' && local.p[i - 1] == '.')
            return false;
    return domain_ok(domain) && !(equals_fold(local, "git") && equals_any(domain, git_hosts, FLT_ARRAY_LEN(git_hosts)));
}

bool flt_val_email_idn(struct flt_str v)
{
    for (size_t i = 0; i < v.n; i++)
        if ((unsigned char)v.p[i] >= 0x80)
            return flt_val_email_domain(v);
    return false;
}

/* ---- IP ---------------------------------------------------------------------------------------------------------- */

static bool parse_ipv4(struct flt_str v, unsigned char out[4])
{
    size_t at = 0;
    for (size_t k = 0; k < 4; k++) {
        unsigned octet = 0;
        size_t digits = 0;
        if (k > 0 && (at == v.n || v.p[at++] != '.'))
            return false;
        for (; at < v.n && flt_val_is_digit(v.p[at]) && digits < 4; at++, digits++)
            octet = octet * 10 + (unsigned)(v.p[at] - '0');
        if (digits == 0 || octet > 255 || (digits > 1 && v.p[at - digits] == '0'))
            return false;
        out[k] = (unsigned char)octet;
    }
    return at == v.n;
}

bool flt_val_ipv4(struct flt_str v)
{
    unsigned char o[4];
    return parse_ipv4(v, o);
}

bool flt_val_ipv4_public(struct flt_str v)
{
    unsigned char o[4];
    if (!parse_ipv4(v, o))
        return false;
    bool private_use = o[0] == 10 || (o[0] == 172 && (o[1] & 0xf0) == 16) || (o[0] == 192 && o[1] == 168);
    bool local = o[0] == 0 || o[0] == 127 || (o[0] == 169 && o[1] == 254) || (o[0] == 100 && (o[1] & 0xc0) == 64);
    return !private_use && !local && o[0] < 224;
}

/* What no host has: "this network", loopback, and masks (255.255.0.0). */
bool flt_val_ipv4_any(struct flt_str v)
{
    unsigned char o[4];
    return parse_ipv4(v, o) && o[0] != 0 && o[0] != 127 && o[0] != 255;
}

static int hex_value(char c)
{
    if (flt_val_is_digit(c))
        return c - '0';
    char u = flt_val_upper(c);
    return u >= 'A' && u <= 'F' ? u - 'A' + 10 : -1;
}

/* One group of one to four hex digits at *at; false when there is none or it is longer. */
static bool hex_group(struct flt_str v, size_t *at, uint16_t *out)
{
    unsigned value = 0;
    size_t digits = 0;
    for (; *at < v.n && hex_value(v.p[*at]) >= 0; (*at)++, digits++)
        value = (value << 4 | (unsigned)hex_value(v.p[*at])) & 0xfffffu;
    *out = (uint16_t)value;
    return digits >= 1 && digits <= 4;
}

struct ipv6_groups {
    uint16_t g[8];
    size_t n;
    bool elided; /* "::" was seen */
};

/* Groups, at most one "::", and perhaps a dotted IPv4 tail. */
static bool parse_ipv6(struct flt_str v, struct ipv6_groups *a)
{
    size_t at = 0;
    memset(a, 0, sizeof(*a));
    while (at < v.n) {
        unsigned char o[4];
        if (v.n - at >= 2 && v.p[at] == ':' && v.p[at + 1] == ':') {
            if (a->elided)
                return false;
            a->elided = true;
            at += 2;
            continue;
        }
        if (at > 0 && v.p[at - 1] != ':' && v.p[at++] != ':')
            return false;
        if (a->n <= 6 && parse_ipv4((struct flt_str){v.p + at, v.n - at}, o)) {
            a->n += 2;
            break;
        }
        if (a->n == 8 || !hex_group(v, &at, &a->g[a->n]))
            return false;
        a->n++;
    }
    return a->elided ? a->n <= 7 : a->n == 8;
}

/* Global unicast is 2000::/3, so code such as a::b is not taken for an address; IPv4 inside IPv6 is the rest. */
bool flt_val_ipv6(struct flt_str v)
{
    struct ipv6_groups a;
    if (!parse_ipv6(v, &a))
        return false;
    bool leading = v.p[0] != ':';
    bool mapped = !leading && a.n == 3 && a.g[0] == 0xffff;
    bool translated = leading && a.g[0] == 0x64 && a.g[1] == 0xff9b;
    return mapped || translated || (leading && (a.g[0] & 0xe000u) == 0x2000u);
}

/*
 * Any address but the unset one. Eight groups are an address whatever they hold; beside "::" stand the kinds that are
 * in use: global, unique local, link-local and multicast (RFC 4291, RFC 4193), loopback, IPv4 inside.
 */
bool flt_val_ipv6_any(struct flt_str v)
{
    struct ipv6_groups a;
    if (!parse_ipv6(v, &a))
        return false;
    if (!a.elided) { /* clock times and ratios are short and decimal */
        bool wide = false;
        for (size_t i = 0; i < 8; i++)
            wide = wide || a.g[i] > 0xff;
        return wide;
    }
    bool kind = (a.g[0] & 0xe000u) == 0x2000u || (a.g[0] & 0xfe00u) == 0xfc00u || (a.g[0] & 0xffc0u) == 0xfe80u ||
                (a.g[0] & 0xff00u) == 0xff00u;
    return flt_val_ipv6(v) || ((kind || a.n >= 4) && v.p[0] != ':' && a.n >= 2);
}

/* Three groups of four hex digits, as routers print it. */
bool flt_val_mac_dotted(struct flt_str v)
{
    bool zeros = true, ones = true;
    if (v.n != 14)
        return false;
    for (size_t i = 0; i < v.n; i++) {
        int h = hex_value(v.p[i]);
        if (i == 4 || i == 9) {
            if (v.p[i] != '.')
                return false;
            continue;
        }
        if (h < 0)
            return false;
        zeros = zeros && h == 0;
        ones = ones && h == 15;
    }
    return !zeros && !ones;
}

bool flt_val_mac(struct flt_str v)
{
    char separator = v.n == 17 ? v.p[2] : '\0';
    bool zeros = true, ones = true;
    if (separator != ':' && separator != '-')
        return false;
    for (size_t i = 0; i < v.n; i++) {
        if (i % 3 == 2) {
            if (v.p[i] != separator)
                return false;
            continue;
        }
        int h = hex_value(v.p[i]);
        if (h < 0)
            return false;
        zeros = zeros && h == 0;
        ones = ones && h == 15;
    }
    return !zeros && !ones;
}

/* ---- telephone ------------------------------------------------------------------------------------------------------
 */

/* The digits of a number as written: brackets, dots, slashes, dashes and spaces between them do not count. */
static size_t phone_digits(struct flt_str v, unsigned char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (flt_val_is_digit(v.p[i])) {
            if (n == cap)
                return 0;
            out[n++] = (unsigned char)(v.p[i] - '0');
        } else if (v.p[i] == '\0' || strchr(" ()./-+", v.p[i]) == NULL) {
            break; /* an extension */
        }
    }
    return n;
}

static bool one_digit_repeated(const unsigned char *d, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (d[i] != d[0])
            return false;
    return true;
}

bool flt_val_phone_nanp(struct flt_str v)
{
    unsigned char buf[16], *d = buf;
    size_t n = phone_digits(v, buf, sizeof(buf));
    while (n > 10 && d[0] <= 1) { /* 1, 001 */
        d++;
        n--;
    }
    bool clause = n == 10 && flt_val_number(d, 9) == 252227701; /* DFARS 252.227-7013 and its neighbours */
    return n == 10 && d[0] >= 2 && d[3] >= 2 && !(d[1] == 1 && d[2] == 1) && !one_digit_repeated(d, n) && !clause;
}

/* Country codes that are assigned (ITU-T E.164 list): two digits, unless listed as three. 1 and 7 stand alone. */
static bool country_code_ok(const unsigned char *d)
{
    static const unsigned char two[] = {20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46,
                                        47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62, 63,
                                        64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98};
    unsigned c2 = 10u * d[0] + d[1], c3 = 10 * c2 + d[2];
    if (d[0] == 1 || d[0] == 7)
        return true;
    for (size_t i = 0; i < sizeof(two); i++)
        if (c2 == two[i])
            return true;
    bool africa = (c3 >= 211 && c3 <= 269 && c3 != 214 && c3 != 215 && c3 != 217 && c3 != 219 && c3 != 259) ||
                  c3 == 290 || c3 == 291 || (c3 >= 297 && c3 <= 299);
    bool europe = (c3 >= 350 && c3 <= 359) || (c3 >= 370 && c3 <= 389 && c3 != 384 && c3 != 388) || c3 == 420 ||
                  c3 == 421 || c3 == 423;
    bool americas = (c3 >= 500 && c3 <= 509) || (c3 >= 590 && c3 <= 599);
    bool pacific = c3 >= 670 && c3 <= 692 && c3 != 671 && c3 != 684;
    bool asia = c3 == 800 || c3 == 808 || (c3 >= 850 && c3 <= 856 && c3 != 851 && c3 != 854) || c3 == 870 ||
                c3 == 880 || (c3 >= 881 && c3 <= 883) || c3 == 886 || (c3 >= 960 && c3 <= 968) ||
                (c3 >= 970 && c3 <= 977) || (c3 >= 992 && c3 <= 998 && c3 != 997);
    return africa || europe || americas || pacific || asia;
}

bool flt_val_phone_intl(struct flt_str v)
{
    unsigned char buf[20], *d = buf;
    size_t n = phone_digits(v, buf, sizeof(buf));
    if (n > 2 && d[0] == 0 && d[1] == 0) { /* 00 in place of + */
        d += 2;
        n -= 2;
    }
    return n >= 8 && n <= 16 && country_code_ok(d) && !one_digit_repeated(d + 2, n - 2);
}

bool flt_val_phone_plain(struct flt_str v)
{
    unsigned char d[15];
    size_t n = phone_digits(v, d, sizeof(d));
    return n >= 7 && !one_digit_repeated(d, n);
}

/* Year, month and day in either order with one separator, or two years. */
static bool looks_like_date(struct flt_str v)
{
    unsigned part[3] = {0}, width[3] = {0};
    size_t n = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (flt_val_is_digit(v.p[i])) {
            part[n] = part[n] * 10 + (unsigned)(v.p[i] - '0');
            if (++width[n] > 4)
                return false;
        } else if (n == 2 || strchr("-./ ", v.p[i]) == NULL) {
            return false;
        } else {
            n++;
        }
    }
    bool years = n == 1 && width[0] == 4 && width[1] == 4 && part[0] / 100 >= 18 && part[0] / 100 <= 20 &&
                 part[1] / 100 >= 18 && part[1] / 100 <= 20;
    bool year_first = width[0] == 4 && part[0] / 100 >= 18 && part[0] / 100 <= 20 && width[1] <= 2 && width[2] <= 2;
    bool year_last = width[2] == 4 && part[2] / 100 >= 18 && part[2] / 100 <= 20 && width[0] <= 2 && width[1] <= 2;
    return years || (n == 2 && ((year_first && flt_val_is_day(part[1], part[2])) ||
                                (year_last && (flt_val_is_day(part[1], part[0]) || flt_val_is_day(part[0], part[1])))));
}

/* For numbers that a word beside them calls a telephone's: any plan, short local numbers too. */
bool flt_val_phone_loose(struct flt_str v)
{
    unsigned char d[15], o[4];
    size_t n = phone_digits(v, d, sizeof(d)), dots = 0, others = 0;
    for (size_t i = 0; i < v.n; i++) {
        dots += v.p[i] == '.' ? 1 : 0;
        others += !flt_val_is_digit(v.p[i]) && v.p[i] != '.' ? 1 : 0;
    }
    bool decimal = dots == 1 && others == 0;
    return n >= 6 && !one_digit_repeated(d, n) && !decimal && !looks_like_date(v) && !parse_ipv4(v, o);
}
