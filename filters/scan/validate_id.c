/*
 * validate_id.c: personal identifiers of countries outside Europe. Each issuing body publishes its own rule; most are
 * a weighted sum over the digits.
 */
#include "scan/validate_impl.h"

/* ---- United States ---------------------------------------------------------------------------------------------- */

bool flt_val_ssn(struct flt_str v)
{
    unsigned char d[9];
    if (flt_val_digits(v, " -.", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d, sizeof(d)))
        return false;
    if (v.n == 11 && v.p[3] != v.p[6]) /* one separator throughout */
        return false;
    if (flt_val_number(d, sizeof(d)) == 78051120) /* printed on a specimen card of 1938, void since */
        return false;
    unsigned area = 100u * d[0] + 10u * d[1] + d[2];
    bool group = d[3] != 0 || d[4] != 0;
    bool serial = d[5] != 0 || d[6] != 0 || d[7] != 0 || d[8] != 0;
    return area != 0 && area != 666 && area < 900 && group && serial;
}

bool flt_val_itin(struct flt_str v)
{
    unsigned char d[9];
    if (flt_val_digits(v, " -", d, sizeof(d)) != sizeof(d) || d[0] != 9)
        return false;
    unsigned group = 10u * d[3] + d[4];
    return (group >= 50 && group <= 65) || (group >= 70 && group <= 99 && group != 89 && group != 93);
}

/* ---- Americas, Asia, Pacific --------------------------------------------------------------------------------------
 */

bool flt_val_au_tfn(struct flt_str v)
{
    static const unsigned char weights[9] = {1, 4, 3, 7, 5, 8, 6, 9, 10};
    unsigned char d[9];
    return flt_val_digits(v, " ", d, sizeof(d)) == sizeof(d) && !flt_val_all_same(d, sizeof(d)) &&
           flt_val_weighted(d, weights, sizeof(d)) % 11 == 0;
}

bool flt_val_br_cpf(struct flt_str v)
{
    static const unsigned char first[9] = {10, 9, 8, 7, 6, 5, 4, 3, 2};
    static const unsigned char second[10] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2};
    unsigned char d[11];
    if (flt_val_digits(v, ".-", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d, sizeof(d)))
        return false;
    return flt_val_weighted(d, first, 9) * 10 % 11 % 10 == d[9] &&
           flt_val_weighted(d, second, 10) * 10 % 11 % 10 == d[10];
}

bool flt_val_ca_sin(struct flt_str v)
{
    unsigned char d[9];
    return flt_val_digits(v, " -", d, sizeof(d)) == sizeof(d) && d[0] != 0 && d[0] != 8 &&
           !flt_val_all_same(d, sizeof(d)) && flt_val_luhn(d, sizeof(d));
}

bool flt_val_cn_id(struct flt_str v)
{
    static const unsigned char weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    static const char check[] = "10X98765432";
    unsigned char d[17];
    if (v.n != 18 || flt_val_digits((struct flt_str){v.p, 17}, "", d, sizeof(d)) != sizeof(d))
        return false;
    unsigned century = 10u * d[6] + d[7];
    bool born = (century == 19 || century == 20) && flt_val_is_day(10u * d[10] + d[11], 10u * d[12] + d[13]);
    return born && d[0] != 0 && check[flt_val_weighted(d, weights, sizeof(d)) % 11] == flt_val_upper(v.p[17]);
}

/* Verhoeff's dihedral check (J. Verhoeff, Error Detecting Decimal Codes, 1969). */
static bool verhoeff(const unsigned char *d, size_t n)
{
    static const unsigned char mul[10][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                                              {2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                                              {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                              {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                                              {8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
    static const unsigned char perm[8][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
                                              {5, 8, 0, 3, 7, 9, 6, 1, 4, 2}, {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
                                              {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
                                              {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};
    unsigned c = 0;
    for (size_t i = 0; i < n; i++)
        c = mul[c][perm[i % 8][d[n - 1 - i]]];
    return c == 0;
}

bool flt_val_in_aadhaar(struct flt_str v)
{
    unsigned char d[12];
    if (flt_val_digits(v, " -", d, sizeof(d)) != sizeof(d) || d[0] < 2)
        return false;
    bool palindrome = true;
    for (size_t i = 0; i < sizeof(d) / 2; i++)
        palindrome = palindrome && d[i] == d[sizeof(d) - 1 - i];
    return !palindrome && verhoeff(d, sizeof(d));
}

bool flt_val_in_pan(struct flt_str v)
{
    if (v.n != 10 || v.p[3] == '\0' || strchr("ABCFGHJLPT", flt_val_upper(v.p[3])) == NULL)
        return false;
    for (size_t i = 0; i < v.n; i++) {
        bool digit_place = i >= 5 && i <= 8;
        if (digit_place ? !flt_val_is_digit(v.p[i]) : !flt_val_is_alpha(v.p[i]))
            return false;
    }
    return memcmp(v.p + 5, "0000", 4) != 0;
}

bool flt_val_kr_rrn(struct flt_str v)
{
    static const unsigned char weights[12] = {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5};
    unsigned char d[13];
    if (flt_val_digits(v, "-", d, sizeof(d)) != sizeof(d))
        return false;
    bool born = flt_val_is_day(10u * d[2] + d[3], 10u * d[4] + d[5]) && d[6] != 0 && d[6] != 9;
    unsigned check = (11 - flt_val_weighted(d, weights, sizeof(weights)) % 11) % 10;
    if (d[6] >= 5) /* foreign residents: two more */
        check = (check + 2) % 10;
    return born && check == d[12];
}

bool flt_val_sg_nric(struct flt_str v)
{
    static const unsigned char weights[7] = {2, 7, 6, 5, 4, 3, 2};
    unsigned char d[7];
    if (v.n != 9 || flt_val_digits((struct flt_str){v.p + 1, 7}, "", d, sizeof(d)) != sizeof(d))
        return false;
    char series = flt_val_upper(v.p[0]), check = flt_val_upper(v.p[8]);
    unsigned sum = flt_val_weighted(d, weights, sizeof(d)) + (series == 'T' || series == 'G' ? 4u : 0u);
    if (series == 'S' || series == 'T')
        return "JZIHGFEDCBA"[sum % 11] == check;
    if (series == 'F' || series == 'G')
        return "XWUTRQPNMLK"[sum % 11] == check;
    return series == 'M' && "KLJNPQRTUWX"[10 - (sum + 3) % 11] == check;
}
