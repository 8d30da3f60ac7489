/*
 * validate_id_east.c: identifiers of central, eastern and south-eastern Europe and of Turkey, by the rule each issuing
 * body publishes.
 */
#include "scan/validate_impl.h"

bool flt_val_pl_nip(struct flt_str v)
{
    static const unsigned char weights[9] = {6, 5, 7, 2, 3, 4, 5, 6, 7};
    unsigned char d[10];
    return flt_val_digits(v, "- ", d, sizeof(d)) == sizeof(d) && flt_val_number(d, 9) != 0 &&
           flt_val_weighted(d, weights, 9) % 11 == d[9];
}

/* Nine digits, or fourteen of which the first nine are such a number. */
bool flt_val_pl_regon(struct flt_str v)
{
    static const unsigned char nine[8] = {8, 9, 2, 3, 4, 5, 6, 7};
    static const unsigned char fourteen[13] = {2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8};
    unsigned char d[14];
    size_t n = flt_val_digits(v, "- ", d, sizeof(d));
    if ((n != 9 && n != 14) || flt_val_number(d, 9) == 0)
        return false;
    return flt_val_weighted(d, nine, 8) % 11 % 10 == d[8] &&
           (n == 9 || flt_val_weighted(d, fourteen, 13) % 11 % 10 == d[13]);
}

/*
 * Birth number: 50 more in the month for women, 20 or 70 more when a day's numbers were used up; ten digits are
 * divisible by 11, or end in 0 where the first nine leave 10; nine digits (before 1954) have no check.
 */
bool flt_val_cz_rc(struct flt_str v)
{
    unsigned char d[10];
    size_t n = flt_val_digits(v, "/ ", d, sizeof(d));
    if (n != 9 && n != 10)
        return false;
    unsigned month = 10u * d[2] + d[3];
    month = month > 70 ? month - 70 : month > 50 ? month - 50 : month > 20 ? month - 20 : month;
    if (!flt_val_is_day(month, 10u * d[4] + d[5]))
        return false;
    if (n == 9)
        return 10u * d[0] + d[1] < 54 && flt_val_number(d + 6, 3) != 0;
    return flt_val_number(d, 10) % 11 == 0 || (d[9] == 0 && flt_val_number(d, 9) % 11 == 10);
}

bool flt_val_ro_cnp(struct flt_str v)
{
    static const unsigned char weights[12] = {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9};
    unsigned char d[13];
    if (flt_val_digits(v, " ", d, sizeof(d)) != sizeof(d) || d[0] == 0)
        return false;
    unsigned county = 10u * d[7] + d[8], check = flt_val_weighted(d, weights, 12) % 11;
    return flt_val_is_day(10u * d[3] + d[4], 10u * d[5] + d[6]) && county >= 1 && county <= 52 &&
           (check == 10 ? 1 : check) == d[12];
}

/* 20 more in the month for births before 1900, 40 more from 2000. */
bool flt_val_bg_egn(struct flt_str v)
{
    static const unsigned char weights[9] = {2, 4, 8, 5, 10, 9, 7, 3, 6};
    unsigned char d[10];
    if (flt_val_digits(v, " ", d, sizeof(d)) != sizeof(d))
        return false;
    unsigned month = 10u * d[2] + d[3];
    return flt_val_is_day(month > 40   ? month - 40
                          : month > 20 ? month - 20
                                       : month,
                          10u * d[4] + d[5]) &&
           flt_val_weighted(d, weights, 9) % 11 % 10 == d[9];
}

/* Social insurance (TAJ): weights 3 and 7. */
bool flt_val_hu_taj(struct flt_str v)
{
    static const unsigned char weights[8] = {3, 7, 3, 7, 3, 7, 3, 7};
    unsigned char d[9];
    return flt_val_digits(v, "- ", d, sizeof(d)) == sizeof(d) && flt_val_number(d, 9) != 0 &&
           flt_val_weighted(d, weights, 8) % 10 == d[8];
}

/* Tax number of a person: 8, days since 1867, serial, weights 1 to 9. */
bool flt_val_hu_tax(struct flt_str v)
{
    static const unsigned char weights[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    unsigned char d[10];
    return flt_val_digits(v, "- ", d, sizeof(d)) == sizeof(d) && d[0] == 8 &&
           flt_val_weighted(d, weights, 9) % 11 == d[9];
}

/* Powers of two as weights. */
bool flt_val_gr_afm(struct flt_str v)
{
    unsigned char d[9];
    unsigned sum = 0;
    if (flt_val_digits(v, " ", d, sizeof(d)) != sizeof(d) || flt_val_number(d, 9) == 0)
        return false;
    for (size_t i = 0; i < 8; i++)
        sum += (unsigned)d[i] << (8 - i);
    return sum % 11 % 10 == d[8];
}

/* Date of birth, serial, Luhn. */
bool flt_val_gr_amka(struct flt_str v)
{
    unsigned char d[11];
    return flt_val_digits(v, " ", d, sizeof(d)) == sizeof(d) && flt_val_is_day(10u * d[2] + d[3], 10u * d[0] + d[1]) &&
           flt_val_luhn(d, sizeof(d));
}

bool flt_val_hr_oib(struct flt_str v)
{
    unsigned char d[11];
    return flt_val_digits(v, " ", d, sizeof(d)) == sizeof(d) && !flt_val_all_same(d, sizeof(d)) &&
           flt_val_mod11_10(d, sizeof(d));
}

/* Estonia and Lithuania share it: century and sex, date of birth, serial; a second set of weights where the first gives
 * 10. */
bool flt_val_ee_lt_ik(struct flt_str v)
{
    static const unsigned char one[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1}, two[10] = {3, 4, 5, 6, 7, 8, 9, 1, 2, 3};
    unsigned char d[11];
    if (flt_val_digits(v, "", d, sizeof(d)) != sizeof(d) || d[0] < 1 || d[0] > 6 ||
        !flt_val_is_day(10u * d[3] + d[4], 10u * d[5] + d[6]))
        return false;
    unsigned check = flt_val_weighted(d, one, 10) % 11;
    if (check == 10)
        check = flt_val_weighted(d, two, 10) % 11 % 10;
    return check == d[10];
}

/* Numbers given out from July 2017 begin with 32 to 39 and hold no date. */
bool flt_val_lv_pk(struct flt_str v)
{
    static const unsigned char weights[10] = {10, 5, 8, 4, 2, 1, 6, 3, 7, 9};
    unsigned char d[11];
    if (flt_val_digits(v, "-", d, sizeof(d)) != sizeof(d))
        return false;
    bool dated = flt_val_is_day(10u * d[2] + d[3], 10u * d[0] + d[1]) && d[6] <= 2;
    bool undated = d[0] == 3 && d[1] >= 2;
    return undated || (dated && (1 + flt_val_weighted(d, weights, 10)) % 11 % 10 == d[10]);
}

bool flt_val_tr_tckn(struct flt_str v)
{
    unsigned char d[11];
    unsigned odd = 0, even = 0;
    if (flt_val_digits(v, " ", d, sizeof(d)) != sizeof(d) || d[0] == 0)
        return false;
    for (size_t i = 0; i < 9; i++) {
        if (i % 2 == 0)
            odd += d[i];
        else
            even += d[i];
    }
    /* 9 is -1 mod 10 */
    return (7 * odd + 9 * even) % 10 == d[9] && (odd + even + d[9]) % 10 == d[10];
}

/* The number of the former Yugoslav states: day, month, year, region, serial; mod 11. */
bool flt_val_jmbg(struct flt_str v)
{
    static const unsigned char weights[12] = {7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
    unsigned char d[13];
    if (flt_val_digits(v, " ", d, sizeof(d)) != sizeof(d) || !flt_val_is_day(10u * d[2] + d[3], 10u * d[0] + d[1]) ||
        (d[4] != 9 && d[4] != 0))
        return false;
    unsigned check = (11 - flt_val_weighted(d, weights, 12) % 11) % 11;
    return check != 10 && check == d[12];
}
