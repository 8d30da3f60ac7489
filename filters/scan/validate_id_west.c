/*
 * validate_id_west.c: tax, health, company and document numbers of western and northern Europe, by the rule each
 * issuing body publishes. validate_id_eu.c has the numbers of persons.
 */
#include "scan/validate_impl.h"

/* ---- Germany ---------------------------------------------------------------------------------------------------- */

/* Weights 7-3-1, letters as 10..35, mod 10 (ICAO 9303 part 3). */
static unsigned icao_check(const char *s, size_t n)
{
    static const unsigned char weights[3] = {7, 3, 1};
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned value = flt_val_is_digit(s[i]) ? (unsigned)(s[i] - '0') : (unsigned)(s[i] - 'A') + 10;
        sum += value * weights[i % 3];
    }
    return sum % 10;
}

/* Serial number with its check digit: nine and one, or, as older documents print it, eight and one. */
bool flt_val_de_document(struct flt_str v)
{
    static const char letters[] = "CFGHJKLMNPRTVWXYZ";
    char s[10];
    size_t n = flt_val_alnum(v, " ", s, sizeof(s));
    if ((n != 9 && n != 10) || flt_val_is_digit(s[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!flt_val_is_digit(s[i]) && strchr(letters, s[i]) == NULL)
            return false;
    return flt_val_is_digit(s[n - 1]) && icao_check(s, n - 1) == (unsigned)(s[n - 1] - '0');
}

/* Sum of the digits' weighted values, each value's own digits added (VKVV section 4 and section 290 SGB V). */
static unsigned crossed(const unsigned char *d, const unsigned char *weights, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (unsigned)d[i] * weights[i] / 10 + (unsigned)d[i] * weights[i] % 10;
    return sum;
}

/* Pension insurance: area, date of birth, letter (as two digits), serial, check digit. */
bool flt_val_de_rvnr(struct flt_str v)
{
    static const unsigned char weights[12] = {2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1};
    char s[12];
    unsigned char d[13];
    if (flt_val_alnum(v, " ", s, sizeof(s)) != sizeof(s) || !flt_val_is_alpha(s[8]) ||
        flt_val_digits((struct flt_str){s, 8}, "", d, 8) != 8 ||
        flt_val_digits((struct flt_str){s + 9, 3}, "", d + 10, 3) != 3)
        return false;
    unsigned letter = (unsigned)(s[8] - 'A') + 1, day = 10u * d[2] + d[3];
    d[8] = (unsigned char)(letter / 10);
    d[9] = (unsigned char)(letter % 10);
    return flt_val_is_day(10u * d[4] + d[5], day > 50 ? day - 50 : day) && crossed(d, weights, 12) % 10 == d[12];
}

/* Health insurance: letter (as two digits), eight digits, check digit. */
bool flt_val_de_kvnr(struct flt_str v)
{
    static const unsigned char weights[10] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
    unsigned char d[11];
    if (v.n != 10 || !flt_val_is_alpha(v.p[0]) || flt_val_digits((struct flt_str){v.p + 1, 9}, "", d + 2, 9) != 9)
        return false;
    unsigned letter = (unsigned)(flt_val_upper(v.p[0]) - 'A') + 1;
    d[0] = (unsigned char)(letter / 10);
    d[1] = (unsigned char)(letter % 10);
    return !flt_val_all_same(d + 2, 8) && crossed(d, weights, 10) % 10 == d[10];
}

/* Physicians: six digits weighted 4 and 9, check digit, two digits of speciality (KBV). */
bool flt_val_de_lanr(struct flt_str v)
{
    static const unsigned char weights[6] = {4, 9, 4, 9, 4, 9};
    unsigned char d[9];
    return flt_val_digits(v, " ", d, sizeof(d)) == sizeof(d) && flt_val_number(d, 9) != 0 &&
           (10 - flt_val_weighted(d, weights, 6) % 10) % 10 == d[6];
}

/* VAT number: ISO 7064 mod 11,10 over eight digits. */
bool flt_val_de_vat(struct flt_str v)
{
    unsigned char d[9];
    if (flt_val_digits(v, " ", d, sizeof(d)) != sizeof(d) || d[0] == 0)
        return false;
    return flt_val_mod11_10(d, sizeof(d));
}

/* ---- France, Spain, Italy, Portugal -------------------------------------------------------------------------------
 */

bool flt_val_fr_siren(struct flt_str v)
{
    unsigned char d[9];
    return flt_val_digits(v, " .", d, sizeof(d)) == sizeof(d) && !flt_val_all_same(d, sizeof(d)) &&
           flt_val_luhn(d, sizeof(d));
}

/* The post's establishments (356000000) have a sum of digits that 5 divides instead. */
bool flt_val_fr_siret(struct flt_str v)
{
    unsigned char d[14];
    unsigned sum = 0;
    if (flt_val_digits(v, " .", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d, sizeof(d)) || !flt_val_luhn(d, 9))
        return false;
    for (size_t i = 0; i < sizeof(d); i++)
        sum += d[i];
    return flt_val_luhn(d, sizeof(d)) || (flt_val_number(d, 9) == 356000000 && sum % 5 == 0);
}

/* Letter of the legal form, seven digits, a check digit or, for some forms, its letter (Orden EHA/451/2008). */
bool flt_val_es_cif(struct flt_str v)
{
    char s[9];
    unsigned char d[7];
    unsigned sum = 0;
    if (flt_val_alnum(v, "-. ", s, sizeof(s)) != sizeof(s) || strchr("ABCDEFGHJNPQRSUVW", s[0]) == NULL ||
        flt_val_digits((struct flt_str){s + 1, 7}, "", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d, sizeof(d)))
        return false;
    for (size_t i = 0; i < sizeof(d); i++)
        sum += i % 2 == 1 ? d[i] : d[i] < 5 ? 2u * d[i] : 2u * d[i] - 9;
    unsigned check = (10 - sum % 10) % 10;
    bool digit_only = strchr("ABEH", s[0]) != NULL, letter_only = strchr("NPQRSW", s[0]) != NULL;
    return (!letter_only && s[8] == (char)('0' + check)) || (!digit_only && s[8] == "JABCDEFGHI"[check]);
}

/* Luhn; places 8 to 10 name the province's office. */
bool flt_val_it_iva(struct flt_str v)
{
    unsigned char d[11];
    if (flt_val_digits(v, " .", d, sizeof(d)) != sizeof(d) || flt_val_number(d, 7) == 0 || !flt_val_luhn(d, sizeof(d)))
        return false;
    uint64_t office = flt_val_number(d + 7, 3);
    return (office >= 1 && office <= 100) || office == 120 || office == 121 || office == 888 || office == 999;
}

bool flt_val_pt_nif(struct flt_str v)
{
    static const unsigned char weights[8] = {9, 8, 7, 6, 5, 4, 3, 2};
    unsigned char d[9];
    if (flt_val_digits(v, " .", d, sizeof(d)) != sizeof(d) || d[0] == 0 || d[0] == 4 || flt_val_all_same(d, sizeof(d)))
        return false;
    unsigned rest = flt_val_weighted(d, weights, 8) % 11;
    return (rest < 2 ? 0 : 11 - rest) == d[8];
}

/* Citizen card: Luhn over twelve places with letters as 10..35; what exceeds nine after doubling loses nine. */
bool flt_val_pt_cc(struct flt_str v)
{
    char s[12];
    unsigned sum = 0;
    if (flt_val_alnum(v, " ", s, sizeof(s)) != sizeof(s) || !flt_val_is_digit(s[11]))
        return false;
    for (size_t i = 0; i < sizeof(s); i++) {
        bool digit = flt_val_is_digit(s[i]);
        if (i < 9 && !digit)
            return false;
        unsigned value = digit ? (unsigned)(s[i] - '0') : (unsigned)(s[i] - 'A') + 10;
        if (i % 2 == 0)
            value = 2 * value > 9 ? 2 * value - 9 : 2 * value;
        sum += value;
    }
    return sum % 10 == 0;
}

/* ---- Nordic countries -----------------------------------------------------------------------------------------------
 */

/* Date of birth, with a number of the series that no longer always has a check digit. */
bool flt_val_dk_cpr(struct flt_str v)
{
    unsigned char d[10];
    return flt_val_digits(v, "- ", d, sizeof(d)) == sizeof(d) && flt_val_is_day(10u * d[2] + d[3], 10u * d[0] + d[1]) &&
           flt_val_number(d + 6, 4) != 0;
}

bool flt_val_dk_cpr_check(struct flt_str v)
{
    static const unsigned char weights[10] = {4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
    unsigned char d[10];
    return flt_val_dk_cpr(v) && flt_val_digits(v, "- ", d, sizeof(d)) == sizeof(d) &&
           flt_val_weighted(d, weights, 10) % 11 == 0;
}

bool flt_val_fi_ytunnus(struct flt_str v)
{
    static const unsigned char weights[7] = {7, 9, 10, 5, 8, 4, 2};
    unsigned char d[8];
    if (flt_val_digits(v, "-", d, sizeof(d)) != sizeof(d) || flt_val_number(d, 7) == 0)
        return false;
    unsigned rest = flt_val_weighted(d, weights, 7) % 11;
    return rest != 1 && (rest == 0 ? 0 : 11 - rest) == d[7];
}

/* Two check digits; 40 in the day marks D numbers, 40, 65 or 80 in the month other series (Skatteetaten). */
bool flt_val_no_fnr(struct flt_str v)
{
    static const unsigned char one[10] = {3, 7, 6, 1, 8, 9, 4, 5, 2, 1};
    static const unsigned char two[11] = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
    unsigned char d[11];
    if (flt_val_digits(v, " ", d, sizeof(d)) != sizeof(d))
        return false;
    unsigned day = 10u * d[0] + d[1], month = 10u * d[2] + d[3];
    day = day > 40 ? day - 40 : day;
    month = month > 80 ? month - 80 : month > 65 ? month - 65 : month > 40 ? month - 40 : month;
    return flt_val_is_day(month, day) && flt_val_weighted(d, one, 10) % 11 == 0 &&
           flt_val_weighted(d, two, 11) % 11 == 0;
}

bool flt_val_no_orgnr(struct flt_str v)
{
    static const unsigned char weights[9] = {3, 2, 7, 6, 5, 4, 3, 2, 1};
    unsigned char d[9];
    return flt_val_digits(v, " ", d, sizeof(d)) == sizeof(d) && d[0] >= 8 && flt_val_weighted(d, weights, 9) % 11 == 0;
}

/* Luhn; the third digit is two or more, so that it is no date of birth. */
bool flt_val_se_orgnr(struct flt_str v)
{
    unsigned char d[10];
    return flt_val_digits(v, "-", d, sizeof(d)) == sizeof(d) && d[0] != 0 && d[2] >= 2 && !flt_val_all_same(d, 10) &&
           flt_val_luhn(d, sizeof(d));
}

/* ---- Austria, Ireland, United Kingdom -------------------------------------------------------------------------------
 */

/* Three digits, check digit, date of birth; months 13 to 15 are given out when a day's numbers are used up. */
bool flt_val_at_svnr(struct flt_str v)
{
    static const unsigned char weights[10] = {3, 7, 9, 0, 5, 8, 4, 2, 1, 6};
    unsigned char d[10];
    if (flt_val_digits(v, " -/", d, sizeof(d)) != sizeof(d) || d[0] == 0)
        return false;
    unsigned month = 10u * d[6] + d[7];
    return flt_val_is_day(month > 12 && month <= 15 ? 12 : month, 10u * d[4] + d[5]) &&
           flt_val_weighted(d, weights, 10) % 11 == d[3];
}

/* Seven digits, check letter, and perhaps a second letter that counts nine times (W, T and X as nought). */
bool flt_val_ie_pps(struct flt_str v)
{
    static const unsigned char weights[7] = {8, 7, 6, 5, 4, 3, 2};
    unsigned char d[7];
    if ((v.n != 8 && v.n != 9) || flt_val_digits((struct flt_str){v.p, 7}, "", d, sizeof(d)) != sizeof(d))
        return false;
    unsigned sum = flt_val_weighted(d, weights, sizeof(d));
    if (v.n == 9) {
        char second = flt_val_upper(v.p[8]);
        if (strchr("WTX", second) != NULL && second != '\0') /* spouses, until 1999 */
            second = 'A' - 1;
        else if (second < 'A' || second > 'I')
            return false;
        sum += 9u * (unsigned)(second - 'A' + 1);
    }
    return flt_val_number(d, 7) != 0 && "WABCDEFGHIJKLMNOPQRSTUV"[sum % 23] == flt_val_upper(v.p[7]);
}

/* The check digit stands first (HMRC). */
bool flt_val_uk_utr(struct flt_str v)
{
    static const unsigned char weights[9] = {6, 7, 8, 9, 10, 5, 4, 3, 2};
    unsigned char d[10];
    if (flt_val_digits(v, " ", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d + 1, 9))
        return false;
    return "21987654321"[flt_val_weighted(d + 1, weights, 9) % 11] == (char)('0' + d[0]);
}

/* Five places of surname filled with nines, decade, month (50 more for women), day, year, initials, three more (DVLA).
 */
bool flt_val_uk_licence(struct flt_str v)
{
    char s[16];
    unsigned char d[6];
    if (flt_val_alnum(v, " ", s, sizeof(s)) != sizeof(s) || !flt_val_is_alpha(s[0]) ||
        flt_val_digits((struct flt_str){s + 5, 6}, "", d, sizeof(d)) != sizeof(d))
        return false;
    bool filled = false;
    for (size_t i = 1; i < 5; i++) {
        if (flt_val_is_digit(s[i]) ? s[i] != '9' : filled)
            return false;
        filled = s[i] == '9';
    }
    for (size_t i = 11; i < 16; i++)
        if (flt_val_is_digit(s[i]) && (i >= 14 || (i < 13 && s[i] != '9')))
            return false;
    unsigned month = 10u * d[1] + d[2];
    return flt_val_is_day(month > 50 ? month - 50 : month, 10u * d[3] + d[4]);
}
