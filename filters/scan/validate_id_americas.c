/*
 * validate_id_americas.c: identifiers of persons and firms of the Americas: tax numbers, health providers and members,
 * prescribers. Each rule is the one its issuing body publishes; the table in validate.c names them.
 */
#include "scan/validate_impl.h"

/* ---- United States ---------------------------------------------------------------------------------------------- */

/* Campus prefixes that the IRS has given out; all others are not employer numbers. */
bool flt_val_us_ein(struct flt_str v)
{
    static const unsigned char unused[] = {0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97};
    unsigned char d[9];
    if (flt_val_digits(v, "- ", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d + 2, 7))
        return false;
    for (size_t i = 0; i < sizeof(unused); i++)
        if (10u * d[0] + d[1] == unused[i])
            return false;
    return true;
}

/* Luhn over the ten digits behind the issuer prefix 80840 (45 CFR 162.406). */
bool flt_val_us_npi(struct flt_str v)
{
    unsigned char d[15] = {8, 0, 8, 4, 0};
    if (flt_val_digits(v, "- ", d + 5, 10) != 10 || flt_val_all_same(d + 6, 8))
        return false;
    return (d[5] == 1 || d[5] == 2) && flt_val_luhn(d, sizeof(d));
}

/* Medicare beneficiary identifier: a class of character for each place (CMS); no S, L, O, I, B, Z. */
bool flt_val_us_mbi(struct flt_str v)
{
    static const char layout[] = "CAXNAXNAANN"; /* C 1-9, A letter, N digit, X either */
    char s[11];
    if (flt_val_alnum(v, "- ", s, sizeof(s)) != sizeof(s))
        return false;
    for (size_t i = 0; i < sizeof(s); i++) {
        bool digit = flt_val_is_digit(s[i]);
        bool letter = !digit && strchr("SLOIBZ", s[i]) == NULL;
        if ((layout[i] == 'C' && (!digit || s[i] == '0')) || (layout[i] == 'A' && !letter) ||
            (layout[i] == 'N' && !digit) || (layout[i] == 'X' && !digit && !letter))
            return false;
    }
    return true;
}

/* Two letters (the second may be 9 for a business) and seven digits, the last of which checks the others. */
bool flt_val_us_dea(struct flt_str v)
{
    char s[9];
    unsigned char d[7];
    if (flt_val_alnum(v, "- ", s, sizeof(s)) != sizeof(s) || strchr("ABCDEFGHJKLMPRSTUX", s[0]) == NULL)
        return false;
    if (!flt_val_is_alpha(s[1]) && s[1] != '9')
        return false;
    if (flt_val_digits((struct flt_str){s + 2, 7}, "", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d, sizeof(d)))
        return false;
    return (0u + d[0] + d[2] + d[4] + 2u * (0u + d[1] + d[3] + d[5])) % 10 == d[6];
}

/* ---- Brazil ------------------------------------------------------------------------------------------------------ */

/* From July 2026 the first twelve places may hold letters; each counts as its ASCII code less 48 (IN RFB 2.229). */
bool flt_val_br_cnpj(struct flt_str v)
{
    static const unsigned char weights[13] = {6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2};
    char s[14];
    if (flt_val_alnum(v, "./-", s, sizeof(s)) != sizeof(s) || !flt_val_is_digit(s[12]) || !flt_val_is_digit(s[13]))
        return false;
    unsigned first = 0, second = 0;
    bool same = true;
    for (size_t i = 0; i < 12; i++) {
        unsigned value = (unsigned)s[i] - 48u;
        first += value * weights[i + 1];
        second += value * weights[i];
        same = same && s[i] == s[0];
    }
    first = first % 11 < 2 ? 0u : 11u - first % 11;
    second = (second + 2 * first) % 11;
    second = second < 2 ? 0u : 11u - second;
    return !same && first == (unsigned)(s[12] - '0') && second == (unsigned)(s[13] - '0');
}

/* ---- Mexico ------------------------------------------------------------------------------------------------------ */

static bool date_yymmdd(const char *s)
{
    unsigned char d[6];
    return flt_val_digits((struct flt_str){s, 6}, "", d, sizeof(d)) == sizeof(d) &&
           flt_val_is_day(10u * d[2] + d[3], 10u * d[4] + d[5]);
}

/* Letters count 10 to 36, with 24 left to the letter N-tilde, which does not occur here (RENAPO). */
static unsigned mx_value(char c)
{
    if (flt_val_is_digit(c))
        return (unsigned)(c - '0');
    return (unsigned)(c - 'A') + (c > 'N' ? 11 : 10);
}

bool flt_val_mx_curp(struct flt_str v)
{
    char s[18];
    unsigned sum = 0;
    if (flt_val_alnum(v, "", s, sizeof(s)) != sizeof(s) || !date_yymmdd(s + 4) || strchr("HMX", s[10]) == NULL ||
        !flt_val_is_digit(s[17]))
        return false;
    for (size_t i = 0; i < sizeof(s); i++)
        if ((i < 4 || (i >= 10 && i < 16)) && !flt_val_is_alpha(s[i]))
            return false;
    for (size_t i = 0; i < 17; i++)
        sum += mx_value(s[i]) * (unsigned)(18 - i);
    return (10 - sum % 10) % 10 == (unsigned)(s[17] - '0');
}

/* Twelve places for firms, thirteen for persons; the missing one counts as a blank, 37 (SAT, annex 20). */
bool flt_val_mx_rfc(struct flt_str v)
{
    static const char order[] = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ";
    char s[13];
    size_t n = flt_val_alnum(v, "- ", s, sizeof(s));
    if ((n != 12 && n != 13) || !date_yymmdd(s + n - 9))
        return false;
    for (size_t i = 0; i < n - 9; i++)
        if (!flt_val_is_alpha(s[i]))
            return false;
    unsigned sum = n == 12 ? 37u * 13 : 0;
    for (size_t i = 0; i + 1 < n; i++)
        sum += (unsigned)(strchr(order, s[i]) - order) * (unsigned)(n - i);
    unsigned check = (11 - sum % 11) % 11;
    return s[n - 1] == (check == 10 ? 'A' : (char)('0' + check));
}

/* Bank account key: weights 3-7-1, each product mod 10 (Banxico). */
bool flt_val_mx_clabe(struct flt_str v)
{
    static const unsigned char weights[3] = {3, 7, 1};
    unsigned char d[18];
    unsigned sum = 0;
    if (flt_val_digits(v, " -", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d, sizeof(d)))
        return false;
    for (size_t i = 0; i < 17; i++)
        sum += d[i] * weights[i % 3] % 10u;
    return (10 - sum % 10) % 10 == d[17];
}

/* ---- South America ----------------------------------------------------------------------------------------------- */

bool flt_val_ar_cuit(struct flt_str v)
{
    static const unsigned char weights[10] = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
    unsigned char d[11];
    if (flt_val_digits(v, "- .", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d + 2, 8))
        return false;
    unsigned type = 10u * d[0] + d[1], check = (11 - flt_val_weighted(d, weights, 10) % 11) % 11;
    return (type == 20 || (type >= 23 && type <= 27) || type == 30 || type == 33 || type == 34) && check == d[10];
}

/* Weights 2 to 7 from the right, again and again; 10 is written K. */
bool flt_val_cl_rut(struct flt_str v)
{
    char s[9];
    unsigned char d[8];
    size_t n = flt_val_alnum(v, ".-", s, sizeof(s));
    if (n < 8 || flt_val_digits((struct flt_str){s, n - 1}, "", d, sizeof(d)) != n - 1 || flt_val_all_same(d, n - 1))
        return false;
    unsigned sum = 0;
    for (size_t i = 0; i < n - 1; i++)
        sum += d[n - 2 - i] * (2u + (unsigned)(i % 6));
    unsigned check = (11 - sum % 11) % 11;
    return s[n - 1] == (check == 10 ? 'K' : (char)('0' + check));
}

/* Primes as weights, from the right (DIAN). */
bool flt_val_co_nit(struct flt_str v)
{
    static const unsigned char primes[9] = {3, 7, 13, 17, 19, 23, 29, 37, 41};
    unsigned char d[10];
    size_t n = flt_val_digits(v, ".- ", d, sizeof(d));
    if (n < 9 || flt_val_all_same(d, n - 1))
        return false;
    unsigned sum = 0;
    for (size_t i = 0; i < n - 1; i++)
        sum += (unsigned)primes[i] * d[n - 2 - i];
    unsigned rest = sum % 11;
    return (rest < 2 ? rest : 11 - rest) == d[n - 1];
}
