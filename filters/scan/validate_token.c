/*
 * validate_token.c: what vendors build into their tokens: checksums, encoded account numbers, encoded documents.
 */
#include "scan/validate_impl.h"

#define BASE62_CRC 6u /* digits of a CRC-32 written in base 62 */

/* ---- base64 --------------------------------------------------------------------------------------------------- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (flt_val_is_digit(c))
        return c - '0' + 52;
    if (c == '-' || c == '+')
        return 62;
    return c == '_' || c == '/' ? 63 : -1;
}

size_t flt_val_base64(struct flt_str v, char *out, size_t cap)
{
    uint32_t acc = 0;
    unsigned bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < v.n && n < cap; i++) {
        int d = base64_value(v.p[i]);
        if (d < 0)
            break;
        acc = (acc << 6 | (uint32_t)d) & 0xffffu;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        out[n++] = (char)(unsigned char)(acc >> bits & 0xffu);
    }
    return n;
}

static struct flt_str tail(struct flt_str v, size_t from)
{
    return (struct flt_str){v.p + from, v.n - from};
}

static bool printable(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
            return false;
    }
    return n > 0;
}

/* ---- checksums ------------------------------------------------------------------------------------------------ */

static uint32_t crc32_of(const char *p, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= (unsigned char)p[i];
        for (unsigned k = 0; k < 8; k++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

bool flt_val_crc62(struct flt_str v)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t body = v.n;
    while (body > 0 && v.p[body - 1] != '_')
        body--;
    if (v.n - body != 30 + BASE62_CRC)
        return false;
    uint32_t crc = crc32_of(v.p + body, v.n - body - BASE62_CRC);
    for (size_t i = 0; i < BASE62_CRC; i++) {
        if (v.p[v.n - 1 - i] != digits[crc % 62])
            return false;
        crc /= 62;
    }
    return true;
}

static uint32_t bech32_step(uint32_t sum, uint32_t value)
{
    static const uint32_t generator[5] = {0x3b6a57b2u, 0x26508e6du, 0x1ea119fau, 0x3d4233ddu, 0x2a1462b3u};
    uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffffu) << 5 ^ value;
    for (unsigned i = 0; i < 5; i++)
        sum ^= (top >> i & 1u) != 0 ? generator[i] : 0;
    return sum;
}

bool flt_val_age_key(struct flt_str v)
{
    static const char prefix[] = "age-secret-key-";
    static const char digits[] = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    size_t head = sizeof(prefix) - 1;
    uint32_t sum = 1;
    if (v.n != head + 1 + 58 || v.p[head] != '1')
        return false;
    for (size_t i = 0; i < head; i++) {
        if (flt_val_upper(prefix[i]) != flt_val_upper(v.p[i]))
            return false;
        sum = bech32_step(sum, (uint32_t)(unsigned char)prefix[i] >> 5);
    }
    sum = bech32_step(sum, 0);
    for (size_t i = 0; i < head; i++)
        sum = bech32_step(sum, (uint32_t)(unsigned char)prefix[i] & 31u);
    for (size_t i = head + 1; i < v.n; i++) {
        const char *d = memchr(digits, flt_val_upper(v.p[i]), sizeof(digits) - 1);
        if (d == NULL)
            return false;
        sum = bech32_step(sum, (uint32_t)(d - digits));
    }
    return sum == 1;
}

/* ---- encoded identities --------------------------------------------------------------------------------------- */

bool flt_val_aws_key_id(struct flt_str v)
{
    uint64_t acc = 0;
    if (v.n != 20)
        return false;
    for (size_t i = 4; i < v.n; i++) {
        char c = v.p[i];
        bool letter = c >= 'A' && c <= 'Z', digit = c >= '2' && c <= '7';
        if (!letter && !digit)
            return false;
        if (i < 14) /* ten characters: the first fifty bits */
            acc = acc << 5 | (uint64_t)(letter ? c - 'A' : c - '2' + 26);
    }
    /* Of the first 48 bits the uppermost is a flag and the last seven are not the account's. */
    uint64_t account = (acc >> 2 & 0x7fffffffff80u) >> 7;
    return account < 1000000000000u;
}

bool flt_val_discord_id(struct flt_str v)
{
    char id[24];
    size_t n = flt_val_base64(v, id, sizeof(id));
    for (size_t i = 0; i < n; i++)
        if (!flt_val_is_digit(id[i]))
            return false;
    return n >= 17 && n <= 20;
}

bool flt_val_basic_pair(struct flt_str v)
{
    char text[400];
    size_t n = flt_val_base64(v, text, sizeof(text));
    const char *colon = memchr(text, ':', n);
    if (colon == NULL || !printable(text, n))
        return false;
    size_t user = (size_t)(colon - text);
    return n - user > 1 && flt_val_url_password((struct flt_str){colon + 1, n - user - 1});
}

/* ---- encoded documents ---------------------------------------------------------------------------------------- */

static size_t find_text(const char *p, size_t n, const char *word)
{
    const char *at = n != 0 ? memmem(p, n, word, strlen(word)) : NULL;
    return at != NULL ? (size_t)(at - p) : n;
}

bool flt_val_b64_credentials(struct flt_str v)
{
    static const char *const names[] = {"\"auth\"",    "\"password\"",      "\"private_key\"",   "\"access_token\"",
                                        "\"secretKey", "\"client_secret\"", "\"refresh_token\"", "\"identitytoken\"",
                                        "\"apiKey\"",  "\"token\"",         "\"secret\""};
    char json[3072];
    size_t from = find_text(v.p, v.n, "ey");
    if (from == v.n)
        return false;
    size_t n = flt_val_base64(tail(v, from), json, sizeof(json));
    if (n < 8 || json[0] != '{' || !printable(json, n))
        return false;
    for (size_t i = 0; i < FLT_ARRAY_LEN(names); i++)
        if (find_text(json, n, names[i]) < n)
            return true;
    return false;
}

/* One field of a version 2 macaroon: type, length, data. The offset behind it; 0 when it does not fit. */
static size_t macaroon_field(const unsigned char *p, size_t n, size_t at, unsigned type)
{
    if (at + 2 > n || p[at] != type)
        return 0;
    size_t len = p[at + 1], head = 2;
    if (len >= 0x80) { /* a varint of two bytes: more than any field of these tokens needs otherwise */
        if (at + 3 > n || p[at + 2] >= 0x80)
            return 0;
        len = (len & 0x7f) | (size_t)p[at + 2] << 7;
        head = 3;
    }
    return at + head + len <= n ? at + head + len : 0;
}

bool flt_val_pypi_macaroon(struct flt_str v)
{
    enum { EOS = 0, LOCATION = 1, IDENTIFIER = 2, VID = 4, SIGNATURE = 6 };
    unsigned char m[1024];
    size_t prefix = 5; /* "pypi-" */
    if (v.n <= prefix)
        return false;
    size_t n = flt_val_base64(tail(v, prefix), (char *)m, sizeof(m));
    if (n < 2 || m[0] != 2)
        return false;
    size_t at = macaroon_field(m, n, 1, LOCATION);
    at = at != 0 ? macaroon_field(m, n, at, IDENTIFIER) : 0;
    if (at == 0 || at >= n || m[at] != EOS)
        return false;
    at++;
    while (at != 0 && at < n && m[at] != EOS) { /* caveats: an identifier, then an end */
        at = macaroon_field(m, n, at, IDENTIFIER);
        at = at != 0 && at < n && m[at] == EOS ? at + 1 : 0;
    }
    if (at == 0 || at >= n)
        return false;
    size_t end = macaroon_field(m, n, at + 1, SIGNATURE);
    return end == at + 1 + 2 + 32; /* HMAC-SHA-256 */
}

/* ---- words ---------------------------------------------------------------------------------------------------- */

static bool is_vowel(char c)
{
    char up = (char)flt_val_upper(c);
    return up == 'A' || up == 'E' || up == 'I' || up == 'O' || up == 'U' || up == 'Y';
}

/* Letters p[0..n) as people write them: vowels throughout, never five consonants or four vowels in a row. */
static bool pronounceable(const char *p, size_t n)
{
    size_t vowels = 0, run_v = 0, run_c = 0;
    for (size_t i = 0; i < n; i++) {
        bool v = is_vowel(p[i]);
        vowels += v;
        run_v = v ? run_v + 1 : 0;
        run_c = v ? 0 : run_c + 1;
        if (run_v >= 4 || run_c >= 5)
            return false;
    }
    return vowels * 5 >= n && vowels * 3 <= n * 2;
}

bool flt_val_not_words(struct flt_str v)
{
    size_t words = 0, joints = 0;
    for (size_t i = 0; i < v.n;) {
        size_t end = i + 1;
        joints += v.p[i] == '_' || v.p[i] == '-' || v.p[i] == '.';
        /* A run of one case; a capital may begin it. */
        if (flt_val_is_alpha(v.p[i])) {
            bool lower = end < v.n && flt_val_is_alpha(v.p[end]) ? v.p[end] >= 'a' : v.p[i] >= 'a';
            while (end < v.n && flt_val_is_alpha(v.p[end]) && (v.p[end] >= 'a') == lower)
                end++;
            if (end - i >= 4 && pronounceable(v.p + i, end - i))
                words += end - i;
        }
        i = end;
    }
    /* Chance makes half of one random value in a hundred pronounceable; words joined by signs are rarely chance. */
    return joints >= 2 ? words * 2 < v.n : words * 10 < v.n * 7;
}

bool flt_val_not_sequence(struct flt_str v)
{
    size_t in_order = 0, run = 1;
    for (size_t i = 1; i <= v.n; i++) {
        bool next = i < v.n && (v.p[i] == v.p[i - 1] + 1 || (v.p[i] == '0' && v.p[i - 1] == '9'));
        if (next) {
            run++;
            continue;
        }
        in_order += run >= 3 ? run : 0;
        run = 1;
    }
    return in_order * 2 < v.n;
}
