/*
 * validate_id_device.c: numbers of vehicles and devices, and the machine-readable zone of travel documents.
 */
#include "scan/validate_impl.h"

/* ---- vehicles and devices ---------------------------------------------------------------------------------------- */

/* Letters without I, O and Q count 1 to 9 in the order of their rows (49 CFR 565.15). */
static unsigned vin_value(char c)
{
    static const unsigned char values[26] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4,
                                             5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9};
    return flt_val_is_digit(c) ? (unsigned)(c - '0') : values[c - 'A'];
}

static bool vin_form(struct flt_str v, char s[17])
{
    bool digit = false, letter = false;
    if (v.n != 17 || flt_val_alnum(v, "", s, 17) != 17)
        return false;
    for (size_t i = 0; i < 17; i++) {
        if (s[i] == 'I' || s[i] == 'O' || s[i] == 'Q')
            return false;
        digit = digit || flt_val_is_digit(s[i]);
        letter = letter || flt_val_is_alpha(s[i]);
    }
    return digit && letter && flt_val_is_digit(s[14]) && flt_val_is_digit(s[15]) && flt_val_is_digit(s[16]);
}

/* Only North America and China demand the check digit. */
bool flt_val_vin(struct flt_str v)
{
    char s[17];
    return vin_form(v, s);
}

bool flt_val_vin_check(struct flt_str v)
{
    static const unsigned char weights[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    char s[17];
    unsigned sum = 0;
    if (!vin_form(v, s))
        return false;
    for (size_t i = 0; i < 17; i++)
        sum += vin_value(s[i]) * weights[i];
    return s[8] == (sum % 11 == 10 ? 'X' : (char)('0' + sum % 11));
}

/* Fifteen digits with Luhn (3GPP TS 23.003). */
bool flt_val_imei(struct flt_str v)
{
    unsigned char d[15];
    return flt_val_digits(v, " -/", d, sizeof(d)) == sizeof(d) && !flt_val_all_same(d, sizeof(d)) &&
           flt_val_luhn(d, sizeof(d));
}

/* ---- travel documents ----------------------------------------------------------------------------------------------
 */

#define MRZ_MOST 90

static bool mrz_char(char c)
{
    return flt_val_is_digit(c) || (c >= 'A' && c <= 'Z') || c == '<';
}

/* ICAO 9303 part 3: weights 7-3-1 over the field; '<' counts nought. The check itself may be '<' where all is empty. */
static bool mrz_checks(const char *field, size_t n, char check)
{
    static const unsigned char weights[3] = {7, 3, 1};
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned value = 0;
        if (flt_val_is_digit(field[i]))
            value = (unsigned)(field[i] - '0');
        else if (field[i] != '<')
            value = (unsigned)(field[i] - 'A') + 10;
        sum += value * weights[i % 3];
    }
    return check == (char)('0' + sum % 10) || (check == '<' && sum == 0);
}

/* The lines without what separates them; 0 when a character has no place there or there are too many. */
static size_t mrz_lines(struct flt_str v, char out[MRZ_MOST])
{
    size_t n = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (mrz_char(v.p[i])) {
            if (n == MRZ_MOST)
                return 0;
            out[n++] = v.p[i];
        } else if (v.p[i] == '\0' || strchr("\\n\r\n \t", v.p[i]) == NULL) {
            return 0;
        }
    }
    return n;
}

/* Passports (two lines of 44), visas and cards (two of 36), cards (three of 30); the second line alone will do. */
bool flt_val_mrz(struct flt_str v)
{
    char s[MRZ_MOST];
    size_t n = mrz_lines(v, s);
    if (n == 90) /* number in line 1, dates in line 2 */
        return mrz_checks(s + 5, 9, s[14]) && mrz_checks(s + 30, 6, s[36]) && mrz_checks(s + 38, 6, s[44]);
    const char *second = n == 88 ? s + 44 : n == 72 ? s + 36 : s;
    if (n != 88 && n != 72 && n != 44 && n != 36)
        return false;
    return mrz_checks(second, 9, second[9]) && mrz_checks(second + 13, 6, second[19]) &&
           mrz_checks(second + 21, 6, second[27]);
}
