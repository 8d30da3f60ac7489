/*
 * validate_text.c: is a token-like value plausible as a secret: entropy, placeholders, JSON web tokens.
 */
#include "scan/validate_impl.h"

#include <math.h>

bool flt_val_has_digit(struct flt_str v)
{
    for (size_t i = 0; i < v.n; i++)
        if (flt_val_is_digit(v.p[i]))
            return true;
    return false;
}

bool flt_val_mixed(struct flt_str v)
{
    bool digit = false, letter = false;
    for (size_t i = 0; i < v.n; i++) {
        digit = digit || flt_val_is_digit(v.p[i]);
        letter = letter || flt_val_is_alpha(v.p[i]);
    }
    return digit && letter;
}

/* Bits per byte of the value's own byte distribution. */
static double entropy(struct flt_str v)
{
    uint32_t count[256] = {0};
    double bits = 0;
    for (size_t i = 0; i < v.n; i++)
        count[(unsigned char)v.p[i]]++;
    for (size_t i = 0; i < FLT_ARRAY_LEN(count); i++) {
        if (count[i] != 0) {
            double share = (double)count[i] / (double)v.n;
            bits -= share * log2(share);
        }
    }
    return bits;
}

bool flt_val_entropy3(struct flt_str v)
{
    return v.n > 0 && entropy(v) >= 3.0;
}

bool flt_val_entropy35(struct flt_str v)
{
    return v.n > 0 && entropy(v) >= 3.5;
}

/* Does v contain the upper-case word, in any case? */
static bool has_word(struct flt_str v, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= v.n; i++) {
        size_t k = 0;
        while (k < n && flt_val_upper(v.p[i + k]) == word[k])
            k++;
        if (k == n)
            return true;
    }
    return false;
}

static bool has_any_word(struct flt_str v, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (has_word(v, words[i]))
            return true;
    return false;
}

/* Four of a byte that people mask with, or one byte repeated over half the value. */
static bool has_masking_run(struct flt_str v)
{
    size_t run = 1;
    for (size_t i = 1; i < v.n; i++) {
        run = v.p[i] == v.p[i - 1] ? run + 1 : 1;
        bool mask = v.p[i] != '\0' && strchr("xX*.#?", v.p[i]) != NULL;
        if ((run >= 4 && mask) || (run >= 8 && run * 2 >= v.n))
            return true;
    }
    return false;
}

static bool one_repeated_byte(struct flt_str v)
{
    for (size_t i = 1; i < v.n; i++)
        if (v.p[i] != v.p[0])
            return false;
    return true;
}

bool flt_val_not_masked(struct flt_str v)
{
    static const char *const marks[] = {"YOUR_",    "YOUR-", "YOURKEY", "YOURTOKEN",  "YOURAPI", "YOURSECRET",
                                        "REDACTED", "***",   "...",     "${",         "{{",      "}}",
                                        "$(",       "<YOUR", "%S",      "PLACEHOLDER"};
    if (v.n == 0 || one_repeated_byte(v) || has_masking_run(v) || has_any_word(v, marks, FLT_ARRAY_LEN(marks)))
        return false;
    char first = v.p[0], last = v.p[v.n - 1];
    bool bracketed = (first == '<' && last == '>') || (first == '[' && last == ']') || (first == '{' && last == '}') ||
                     (first == '%' && last == '%');
    return !bracketed && !(first == '$' && v.n > 1 && (flt_val_is_alpha(v.p[1]) || v.p[1] == '_'));
}

/* Half the value or more is one sequence of at least eight: 12345678, abcdefgh, and the same with 9 before 0. */
static bool has_sequence(struct flt_str v)
{
    size_t run = 1;
    for (size_t i = 1; i < v.n; i++) {
        bool next = v.p[i] == v.p[i - 1] + 1 || (v.p[i] == '0' && v.p[i - 1] == '9');
        run = next ? run + 1 : 1;
        if (run >= 8 && run * 2 >= v.n)
            return true;
    }
    return false;
}

bool flt_val_not_placeholder(struct flt_str v)
{
    static const char *const samples[] = {"EXAMPLE",  "SAMPLE",  "DUMMY",   "CHANGEME", "CHANGE_ME",  "CHANGE-ME",
                                          "CHANGEIT", "INSERT_", "INSERT-", "FOOBAR",   "NOTASECRET", "NOT_A_SECRET",
                                          "FAKE_",    "FAKE-",   "MY_",     "MY-",      "THE_",       "YOUR"};
    return flt_val_not_masked(v) && !has_any_word(v, samples, FLT_ARRAY_LEN(samples)) && !has_sequence(v);
}

/* What a value is made of. Dash, underscore, quote, slash and dot occur in words, names and paths: no signs. */
struct makeup {
    bool digit, letter, sign, both_cases, name_mark;
};

static struct makeup makeup_of(struct flt_str v)
{
    bool lower = false, upper = false;
    struct makeup m = {0};
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        lower = lower || (c >= 'a' && c <= 'z');
        upper = upper || (c >= 'A' && c <= 'Z');
        m.digit = m.digit || flt_val_is_digit(c);
        m.name_mark = m.name_mark || c == '_' || c == '.';
        m.sign = m.sign || (!flt_val_is_digit(c) && !flt_val_is_alpha(c) && (c == '\0' || strchr("-_'/.", c) == NULL));
    }
    m.letter = lower || upper;
    m.both_cases = lower && upper;
    return m;
}

bool flt_val_password(struct flt_str v)
{
    struct makeup m = makeup_of(v);
    bool short_number = m.digit && !m.letter && !m.sign && v.n < 6;
    return (m.digit || m.sign || m.both_cases) && !short_number && flt_val_not_placeholder(v);
}

/* Letters alone may be a password when their case changes to and fro as in no name: yqDVtkqPECriaLRi. */
static bool scrambled(struct flt_str v)
{
    size_t changes = 0;
    for (size_t i = 1; i < v.n; i++)
        changes += flt_val_is_alpha(v.p[i]) && flt_val_is_alpha(v.p[i - 1]) && (v.p[i] >= 'a') != (v.p[i - 1] >= 'a');
    return v.n >= 12 && changes * 3 >= v.n && flt_val_not_words(v);
}

bool flt_val_password_bare(struct flt_str v)
{
    struct makeup m = makeup_of(v);
    bool made_up = m.sign || (m.digit && !m.name_mark) || (!m.name_mark && scrambled(v));
    return m.letter && made_up && flt_val_not_placeholder(v);
}

bool flt_val_password_strong(struct flt_str v)
{
    struct makeup m = makeup_of(v);
    unsigned kinds = (unsigned)m.digit + (unsigned)m.sign + (unsigned)m.both_cases;
    return v.n >= 8 && m.letter && m.digit && kinds >= 2 && !m.name_mark && flt_val_not_placeholder(v);
}

/* A short password is still one where the syntax says so: only what documents write in its place is not. */
bool flt_val_url_password(struct flt_str v)
{
    static const char *const words[] = {"PASSWORD", "PASSWD", "PASS",  "PASSWORT",
                                        "PWD",      "SECRET", "TOKEN", "X-OAUTH-BASIC"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(words); i++)
        if (v.n == strlen(words[i]) && has_word(v, words[i]))
            return false;
    bool digits_only = true; /* host:port@... */
    for (size_t i = 0; i < v.n; i++)
        digits_only = digits_only && flt_val_is_digit(v.p[i]);
    return !(digits_only && v.n < 4) && flt_val_not_masked(v) && !has_word(v, "CHANGEME");
}

/* ---- JSON web tokens ---------------------------------------------------------------------------------------- */

static int base64url_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (flt_val_is_digit(c))
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

/* Decodes up to the first '.', without padding. 0 when a byte is outside the alphabet, the length impossible or too
 * long. */
static size_t decode_segment(struct flt_str v, char *out, size_t cap)
{
    uint32_t acc = 0;
    unsigned bits = 0;
    size_t n = 0, i = 0;
    for (; i < v.n && v.p[i] != '.'; i++) {
        int d = base64url_value(v.p[i]);
        if (d < 0)
            return 0;
        acc = (acc << 6 | (uint32_t)d) & 0xffffu;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        if (n == cap)
            return 0;
        out[n++] = (char)(unsigned char)(acc >> bits & 0xffu);
    }
    return i % 4 == 1 ? 0 : n;
}

static bool is_json_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool flt_val_jwt(struct flt_str v)
{
    static const char key[] = "\"alg\"";
    char json[1024];
    size_t n = decode_segment(v, json, sizeof(json));
    while (n > 0 && is_json_space(json[n - 1]))
        n--;
    if (n < 2 || json[0] != '{' || json[n - 1] != '}')
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)json[i] < 0x20 && !is_json_space(json[i]))
            return false;
    for (size_t i = 1; i + sizeof(key) - 1 < n; i++) {
        if (memcmp(json + i, key, sizeof(key) - 1) != 0)
            continue;
        size_t at = i + sizeof(key) - 1;
        while (at < n && is_json_space(json[at]))
            at++;
        if (at < n && json[at] == ':')
            return true;
    }
    return false;
}
