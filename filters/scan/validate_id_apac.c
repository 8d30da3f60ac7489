/*
 * validate_id_apac.c: identifiers of Australia, New Zealand, Asia and Africa, by the rule each issuing body publishes.
 */
#include "scan/validate_impl.h"

/* ---- Australia and New Zealand ------------------------------------------------------------------------------------
 */

/* One less in the first place, then the weighted sum mod 89 (ATO). */
bool flt_val_au_abn(struct flt_str v)
{
    static const unsigned char weights[11] = {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19};
    unsigned char d[11];
    if (flt_val_digits(v, " -", d, sizeof(d)) != sizeof(d) || d[0] == 0)
        return false;
    d[0]--;
    return flt_val_weighted(d, weights, sizeof(d)) % 89 == 0;
}

bool flt_val_au_acn(struct flt_str v)
{
    static const unsigned char weights[8] = {8, 7, 6, 5, 4, 3, 2, 1};
    unsigned char d[9];
    return flt_val_digits(v, " -", d, sizeof(d)) == sizeof(d) && !flt_val_all_same(d, sizeof(d)) &&
           (10 - flt_val_weighted(d, weights, 8) % 10) % 10 == d[8];
}

/* Nine digits with their check, then the issue number, then perhaps the person's place on the card. */
bool flt_val_au_medicare(struct flt_str v)
{
    static const unsigned char weights[8] = {1, 3, 7, 9, 1, 3, 7, 9};
    unsigned char d[11];
    size_t n = flt_val_digits(v, " -/", d, sizeof(d));
    return (n == 10 || n == 11) && d[0] >= 2 && d[0] <= 6 && d[9] != 0 && flt_val_weighted(d, weights, 8) % 10 == d[8];
}

/* Two sets of weights: the second decides where the first gives 10 (Inland Revenue, RWT specification). */
bool flt_val_nz_ird(struct flt_str v)
{
    static const unsigned char one[8] = {3, 2, 7, 6, 5, 4, 3, 2}, two[8] = {7, 4, 3, 2, 5, 2, 7, 6};
    unsigned char d[9] = {0};
    unsigned char raw[9];
    size_t n = flt_val_digits(v, " -", raw, sizeof(raw));
    if (n != 8 && n != 9)
        return false;
    memcpy(d + (9 - n), raw, n);
    uint64_t value = flt_val_number(d, 9);
    if (value < 10000000 || value > 150000000)
        return false;
    unsigned check = (11 - flt_val_weighted(d, one, 8) % 11) % 11;
    if (check == 10)
        check = (11 - flt_val_weighted(d, two, 8) % 11) % 11;
    return check == d[8];
}

/* Nine digits, then perhaps the branch. A remainder of ten is given to nobody. */
bool flt_val_ph_tin(struct flt_str v)
{
    static const unsigned char weights[8] = {9, 8, 7, 6, 5, 4, 3, 2};
    unsigned char d[14];
    size_t n = flt_val_digits(v, " -", d, sizeof(d));
    return (n == 9 || (n >= 12 && n <= 14)) && !flt_val_all_same(d, 9) && flt_val_weighted(d, weights, 8) % 11 == d[8];
}

/* ---- India and Singapore --------------------------------------------------------------------------------------------
 */

static unsigned base36(char c)
{
    return flt_val_is_digit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'A') + 10;
}

/* State, PAN, number of the registration, Z, and a Luhn mod 36 character (GSTN). */
bool flt_val_in_gstin(struct flt_str v)
{
    char s[15];
    unsigned char state[2];
    if (flt_val_alnum(v, "", s, sizeof(s)) != sizeof(s) || s[13] != 'Z' || s[12] == '0' ||
        flt_val_digits((struct flt_str){s, 2}, "", state, 2) != 2 || !flt_val_in_pan((struct flt_str){s + 2, 10}))
        return false;
    unsigned code = 10u * state[0] + state[1], sum = 0;
    if (code == 0 || (code > 38 && code != 97 && code != 99))
        return false;
    for (size_t i = 0; i < 14; i++) {
        unsigned product = base36(s[i]) * (i % 2 == 0 ? 1 : 2);
        sum += product / 36 + product % 36;
    }
    return (36 - sum % 36) % 36 == base36(s[14]);
}

/* Three series (businesses, local companies, all others) with a weighted sum and check letters of their own. */
bool flt_val_sg_uen(struct flt_str v)
{
    static const unsigned char business[8] = {10, 4, 9, 3, 8, 2, 7, 1};
    static const unsigned char company[9] = {10, 8, 6, 4, 9, 7, 5, 3, 1};
    static const unsigned char other[9] = {4, 3, 5, 3, 10, 2, 2, 5, 7};
    static const char order[] = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
    char s[10];
    unsigned char d[9];
    size_t n = flt_val_alnum(v, "", s, sizeof(s));
    if (n == 9 && flt_val_digits((struct flt_str){s, 8}, "", d, 8) == 8)
        return "XMKECAWLJDB"[flt_val_weighted(d, business, 8) % 11] == s[8];
    if (n != 10)
        return false;
    if (flt_val_digits((struct flt_str){s, 9}, "", d, 9) == 9)
        return "ZKCMDNERGWH"[flt_val_weighted(d, company, 9) % 11] == s[9];
    if (strchr("RST", s[0]) == NULL || !flt_val_is_digit(s[1]) || !flt_val_is_digit(s[2]) || !flt_val_is_alpha(s[3]) ||
        flt_val_digits((struct flt_str){s + 5, 4}, "", d, 4) != 4)
        return false;
    unsigned sum = 0;
    for (size_t i = 0; i < 9; i++) {
        const char *at = strchr(order, s[i]);
        if (at == NULL)
            return false;
        sum += (unsigned)(at - order) * other[i];
    }
    return order[(sum + 6) % 11] == s[9];
}

/* ---- East Asia ------------------------------------------------------------------------------------------------------
 */

/* The ninth digit counts five times, tens and units added (National Tax Service). */
bool flt_val_kr_brn(struct flt_str v)
{
    static const unsigned char weights[9] = {1, 3, 7, 1, 3, 7, 1, 3, 5};
    unsigned char d[10];
    if (flt_val_digits(v, "-", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d, sizeof(d)) || d[0] == 0)
        return false;
    return (10 - (flt_val_weighted(d, weights, 9) + d[8] * 5u / 10) % 10) % 10 == d[9];
}

/* Numbers given out from October 2020 carry no check digit: date of birth and century digit are all there is. */
bool flt_val_kr_rrn_date(struct flt_str v)
{
    unsigned char d[13];
    return flt_val_digits(v, "- ", d, sizeof(d)) == sizeof(d) && d[6] >= 1 && d[6] <= 8 &&
           flt_val_is_day(10u * d[2] + d[3], 10u * d[4] + d[5]);
}

/* Weights 2 to 7, then 2 to 6, from the right (ordinance 85 of 2014). */
bool flt_val_jp_mynumber(struct flt_str v)
{
    static const unsigned char weights[11] = {6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
    unsigned char d[12];
    if (flt_val_digits(v, " -", d, sizeof(d)) != sizeof(d) || flt_val_all_same(d, sizeof(d)))
        return false;
    unsigned rest = flt_val_weighted(d, weights, 11) % 11;
    return (rest <= 1 ? 0 : 11 - rest) == d[11];
}

/* The check digit stands first: 9 less the sum of the others, weighted 1 and 2 from the right, mod 9. */
bool flt_val_jp_corporate(struct flt_str v)
{
    unsigned char d[13];
    unsigned sum = 0;
    if (flt_val_digits(v, " -", d, sizeof(d)) != sizeof(d))
        return false;
    for (size_t i = 1; i < sizeof(d); i++)
        sum += i % 2 == 0 ? d[i] : 2u * d[i];
    return flt_val_number(d, sizeof(d)) != 0 && 9 - sum % 9 == d[0];
}

/* One or two letters, six digits, and a check digit or A for ten; a missing first letter counts as 36. */
bool flt_val_hk_id(struct flt_str v)
{
    char s[9];
    size_t n = 0;
    for (size_t i = 0; i < v.n; i++) {
        char c = flt_val_upper(v.p[i]);
        if (flt_val_is_digit(c) || flt_val_is_alpha(c)) {
            if (n == sizeof(s))
                return false;
            s[n++] = c;
        } else if (c == '\0' || strchr("() -", c) == NULL) {
            return false;
        }
    }
    if (n != 8 && n != 9)
        return false;
    unsigned sum = n == 8 ? 36 * 9 : 0;
    for (size_t i = 0; i < n; i++) {
        bool letter = flt_val_is_alpha(s[i]);
        if (i + 1 < n ? letter != (i < n - 7) : letter && s[i] != 'A')
            return false;
        sum += base36(s[i]) * (unsigned)(n - i);
    }
    return sum % 11 == 0;
}

/* The letter stands for a place, numbered in an order of its own (Ministry of the Interior). */
bool flt_val_tw_id(struct flt_str v)
{
    static const char places[] = "ABCDEFGHJKLMNPQRSTUVXYWZIO"; /* 10, 11, ... 35 */
    static const unsigned char weights[9] = {8, 7, 6, 5, 4, 3, 2, 1, 1};
    unsigned char d[9];
    if (v.n != 10 || !flt_val_is_alpha(v.p[0]) ||
        flt_val_digits((struct flt_str){v.p + 1, 9}, "", d, sizeof(d)) != sizeof(d))
        return false;
    if (d[0] != 1 && d[0] != 2 && d[0] != 8 && d[0] != 9)
        return false;
    unsigned place = (unsigned)(strchr(places, flt_val_upper(v.p[0])) - places) + 10;
    return (place / 10 + place % 10 * 9 + flt_val_weighted(d, weights, sizeof(d))) % 10 == 0;
}

/* Kind of person, province, and a sum with weights 13 to 2. */
bool flt_val_th_id(struct flt_str v)
{
    static const unsigned char weights[12] = {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2};
    unsigned char d[13];
    if (flt_val_digits(v, "- ", d, sizeof(d)) != sizeof(d) || d[0] == 0 || d[0] == 9)
        return false;
    unsigned province = 10u * d[1] + d[2];
    bool known = (province >= 10 && province <= 27) || (province >= 30 && province <= 58) ||
                 (province >= 60 && province <= 67) || (province >= 70 && province <= 77) ||
                 (province >= 80 && province <= 86) || (province >= 90 && province <= 96);
    return known && (11 - flt_val_weighted(d, weights, 12) % 11) % 10 == d[12];
}

/* Date of birth and place of birth; there is no check digit. */
bool flt_val_my_nric(struct flt_str v)
{
    unsigned char d[12];
    if (flt_val_digits(v, "- ", d, sizeof(d)) != sizeof(d))
        return false;
    unsigned place = 10u * d[6] + d[7];
    return flt_val_is_day(10u * d[2] + d[3], 10u * d[4] + d[5]) && place != 0 && place != 17 && place != 18 &&
           place != 19 && place != 20 && place != 69 && place != 70 && place != 73 && place != 80 && place != 81 &&
           (place < 94 || place >= 98);
}

/* Province, date of birth (40 more in the day for women), serial; there is no check digit. */
bool flt_val_id_nik(struct flt_str v)
{
    unsigned char d[16];
    if (flt_val_digits(v, " .-", d, sizeof(d)) != sizeof(d))
        return false;
    unsigned province = 10u * d[0] + d[1], day = 10u * d[6] + d[7];
    return province >= 11 && province <= 96 && flt_val_is_day(10u * d[8] + d[9], day > 40 ? day - 40 : day) &&
           flt_val_number(d + 12, 4) != 0;
}

/* ---- Africa and the Near East
 * ---------------------------------------------------------------------------------------- */

/* Date of birth, citizenship 0 to 2, Luhn over all thirteen. */
bool flt_val_za_id(struct flt_str v)
{
    unsigned char d[13];
    return flt_val_digits(v, " -", d, sizeof(d)) == sizeof(d) && d[10] <= 2 &&
           flt_val_is_day(10u * d[2] + d[3], 10u * d[4] + d[5]) && flt_val_luhn(d, sizeof(d));
}

/* Luhn over nine digits; shorter numbers are written without their leading noughts. */
bool flt_val_il_id(struct flt_str v)
{
    unsigned char d[9];
    size_t n = flt_val_digits(v, "- ", d, sizeof(d));
    return n >= 8 && !flt_val_all_same(d, n) && flt_val_luhn(d, n);
}

/* Century 2 or 3, date of birth, governorate; the rule of the check digit is not published. */
bool flt_val_eg_id(struct flt_str v)
{
    unsigned char d[14];
    if (flt_val_digits(v, " -", d, sizeof(d)) != sizeof(d) || (d[0] != 2 && d[0] != 3))
        return false;
    unsigned governorate = 10u * d[7] + d[8];
    return flt_val_is_day(10u * d[3] + d[4], 10u * d[5] + d[6]) &&
           ((governorate >= 1 && governorate <= 35) || governorate == 88);
}

/* 784, year of birth, serial, Luhn. */
bool flt_val_ae_id(struct flt_str v)
{
    unsigned char d[15];
    if (flt_val_digits(v, "- ", d, sizeof(d)) != sizeof(d) || flt_val_number(d, 3) != 784)
        return false;
    uint64_t year = flt_val_number(d + 3, 4);
    return year >= 1900 && year < 2100 && flt_val_luhn(d, sizeof(d));
}
