/*
 * validate_id_eu.c: personal identifiers of European countries, by the rule each issuing body publishes.
 */
#include "scan/validate_impl.h"

bool flt_val_be_rrn(struct flt_str v)
{
    unsigned char d[11];
    if (flt_val_digits(v, ".- ", d, sizeof(d)) != sizeof(d))
        return false;
    uint64_t body = flt_val_number(d, 9), key = flt_val_number(d + 9, 2);
    bool born = flt_val_is_day(10u * d[2] + d[3], 10u * d[4] + d[5]);
    return born && (97 - body % 97 == key || 97 - (2000000000u + body) % 97 == key);
}

/* An EAN-13 that begins with the country's number 756. */
bool flt_val_ch_ahv(struct flt_str v)
{
    unsigned char d[13];
    unsigned sum = 0;
    if (flt_val_digits(v, ".", d, sizeof(d)) != sizeof(d) || flt_val_number(d, 3) != 756)
        return false;
    for (size_t i = 0; i < 12; i++)
        sum += i % 2 == 0 ? d[i] : 3u * d[i];
    return (10 - sum % 10) % 10 == d[12];
}

/* The check digit alone, for numbers that stand beside their name: forms are filled in with made-up ones. */
bool flt_val_de_taxid_check(struct flt_str v)
{
    unsigned char d[11];
    return flt_val_digits(v, " /-", d, sizeof(d)) == sizeof(d) && d[0] != 0 && !flt_val_all_same(d, 10) &&
           flt_val_mod11_10(d, sizeof(d));
}

/* ISO 7064 mod 11,10 over ten digits; exactly one digit value occurs twice or three times among them. */
bool flt_val_de_taxid(struct flt_str v)
{
    unsigned char d[11];
    unsigned count[10] = {0}, repeated = 0;
    if (flt_val_digits(v, " ", d, sizeof(d)) != sizeof(d) || d[0] == 0)
        return false;
    for (size_t i = 0; i < 10; i++)
        count[d[i]]++;
    for (size_t i = 0; i < 10; i++) {
        if (count[i] > 3)
            return false;
        repeated += count[i] >= 2;
    }
    return repeated == 1 && flt_val_mod11_10(d, sizeof(d));
}

bool flt_val_es_nif(struct flt_str v)
{
    static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
    char s[9];
    size_t n = flt_val_alnum(v, "-. ", s, sizeof(s));
    if (n == 8 && flt_val_is_digit(s[0])) { /* an old number, without its leading nought */
        memmove(s + 1, s, n++);
        s[0] = '0';
    }
    if (n != sizeof(s))
        return false;
    if (s[0] >= 'X' && s[0] <= 'Z')
        s[0] = (char)(s[0] - 'X' + '0');
    unsigned char d[8];
    if (flt_val_digits((struct flt_str){s, 8}, "", d, sizeof(d)) != sizeof(d))
        return false;
    return flt_val_number(d, 8) != 0 && letters[flt_val_number(d, 8) % 23] == s[8];
}

bool flt_val_fi_hetu(struct flt_str v)
{
    static const char check[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    unsigned char d[9];
    if (v.n != 11 || v.p[6] == '\0' || strchr("+-YXWVUABCDEF", flt_val_upper(v.p[6])) == NULL)
        return false;
    if (flt_val_digits((struct flt_str){v.p, 6}, "", d, 6) != 6 ||
        flt_val_digits((struct flt_str){v.p + 7, 3}, "", d + 6, 3) != 3)
        return false;
    return flt_val_is_day(10u * d[2] + d[3], 10u * d[0] + d[1]) && flt_val_number(d + 6, 3) >= 2 &&
           check[flt_val_number(d, 9) % 31] == flt_val_upper(v.p[10]);
}

/* Corsica writes 2A or 2B for the department, which count as 19 and 18. */
bool flt_val_fr_nir(struct flt_str v)
{
    char s[15];
    unsigned char d[15];
    if (flt_val_alnum(v, " ", s, sizeof(s)) != sizeof(s))
        return false;
    bool corsica = s[5] == '2' && (s[6] == 'A' || s[6] == 'B');
    if (corsica) {
        s[5] = '1';
        s[6] = s[6] == 'A' ? '9' : '8';
    }
    if (flt_val_digits((struct flt_str){s, sizeof(s)}, "", d, sizeof(d)) != sizeof(d))
        return false;
    unsigned month = 10u * d[3] + d[4];
    bool month_ok = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || (month >= 50 && month <= 99);
    bool sex_ok = d[0] == 1 || d[0] == 2 || d[0] == 3 || d[0] == 4 || d[0] == 7 || d[0] == 8;
    return sex_ok && month_ok && 97 - flt_val_number(d, 13) % 97 == flt_val_number(d + 13, 2);
}

/* Values of digits and letters on odd places (counted from one), decree of 23 December 1976. */
static unsigned odd_value(char c)
{
    static const unsigned char values[26] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                             20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    return values[flt_val_is_digit(c) ? c - '0' : c - 'A'];
}

bool flt_val_it_cf(struct flt_str v)
{
    static const char layout[] = "LLLLLLNNLNNLNNNL"; /* N: digit, or the letter that stands in for it */
    char s[16];
    unsigned sum = 0;
    if (flt_val_alnum(v, "", s, sizeof(s)) != sizeof(s))
        return false;
    for (size_t i = 0; i < sizeof(s); i++) {
        bool digit = flt_val_is_digit(s[i]);
        if (layout[i] == 'L' ? digit : !digit && strchr("LMNPQRSTUV", s[i]) == NULL)
            return false;
    }
    if (strchr("ABCDEHLMPRST", s[8]) == NULL) /* month */
        return false;
    for (size_t i = 0; i < 15; i++)
        sum += i % 2 == 0 ? odd_value(s[i]) : (unsigned)(flt_val_is_digit(s[i]) ? s[i] - '0' : s[i] - 'A');
    return (char)('A' + sum % 26) == s[15];
}

bool flt_val_nl_bsn(struct flt_str v)
{
    unsigned char d[9];
    if (flt_val_digits(v, ". -", d, sizeof(d)) != sizeof(d) || flt_val_number(d, 9) == 0)
        return false;
    unsigned sum = 0;
    for (size_t i = 0; i < 8; i++)
        sum += (unsigned)(9 - i) * d[i];
    return sum % 11 == d[8];
}

bool flt_val_pl_pesel(struct flt_str v)
{
    static const unsigned char weights[10] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3};
    unsigned char d[11];
    if (flt_val_digits(v, "", d, sizeof(d)) != sizeof(d))
        return false;
    unsigned sum = 0, month = (10u * d[2] + d[3]) % 20; /* 20 is added a century */
    for (size_t i = 0; i < sizeof(weights); i++)
        sum += (unsigned)weights[i] * d[i];
    return flt_val_is_day(month, 10u * d[4] + d[5]) && (10 - sum % 10) % 10 == d[10];
}

/* 10 or 12 digits; 60 is added to the day for coordination numbers. */
bool flt_val_se_pnr(struct flt_str v)
{
    unsigned char d[12];
    size_t n = flt_val_digits(v, "-+", d, sizeof(d));
    if (n != 10 && n != 12)
        return false;
    const unsigned char *ten = d + (n - 10);
    unsigned day = 10u * ten[4] + ten[5];
    return flt_val_is_day(10u * ten[2] + ten[3], day > 60 ? day - 60 : day) && flt_val_luhn(ten, 10);
}

bool flt_val_uk_nhs(struct flt_str v)
{
    unsigned char d[10];
    if (flt_val_digits(v, " -", d, sizeof(d)) != sizeof(d))
        return false;
    unsigned sum = 0;
    for (size_t i = 0; i < 9; i++)
        sum += (unsigned)(10 - i) * d[i];
    unsigned check = (11 - sum % 11) % 11;
    return flt_val_number(d, 10) != 0 && check != 10 && check == d[9];
}

bool flt_val_uk_nino(struct flt_str v)
{
    static const char *const never[] = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"};
    char s[9];
    if (flt_val_alnum(v, " -", s, sizeof(s)) != sizeof(s) || strchr("DFIQUV", s[0]) != NULL ||
        strchr("DFIOQUV", s[1]) != NULL || s[8] < 'A' || s[8] > 'D')
        return false;
    for (size_t i = 0; i < FLT_ARRAY_LEN(never); i++)
        if (memcmp(s, never[i], 2) == 0)
            return false;
    unsigned char d[6];
    return flt_val_is_alpha(s[0]) && flt_val_is_alpha(s[1]) &&
           flt_val_digits((struct flt_str){s + 2, 6}, "", d, sizeof(d)) == sizeof(d);
}
