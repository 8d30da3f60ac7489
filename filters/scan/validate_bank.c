/*
 * validate_bank.c: payment cards, IBAN, BIC and US routing numbers.
 *
 * Issuer prefixes carry most of the precision for cards: one random number in ten passes Luhn, and time stamps and
 * snowflake ids are as long as cards, but begin elsewhere.
 */
#include "scan/validate_impl.h"

/* ---- cards ------------------------------------------------------------------------------------------------- */

#define LEN(n)       (1u << (n))
#define LEN_16_TO_19 (LEN(16) | LEN(17) | LEN(18) | LEN(19))
#define LEN_MAESTRO  (LEN(12) | LEN(13) | LEN(14) | LEN(15) | LEN_16_TO_19)
#define CARD_MAX     19
#define CARD_MIN     12 /* Maestro only */

struct issuer {
    uint32_t lo, hi; /* the first `width` digits lie in lo..hi */
    unsigned width;
    uint32_t lengths; /* bit n: n digits in all */
};

static const struct issuer issuers[] = {
    {4, 4, 1, LEN(13) | LEN(16) | LEN(19)},           /* Visa */
    {51, 55, 2, LEN(16)},                             /* Mastercard */
    {2221, 2720, 4, LEN(16)},                         /* Mastercard */
    {34, 34, 2, LEN(15)},                             /* American Express */
    {37, 37, 2, LEN(15)},                             /* American Express */
    {6011, 6011, 4, LEN(16) | LEN(19)},               /* Discover */
    {644, 649, 3, LEN(16) | LEN(19)},                 /* Discover */
    {65, 65, 2, LEN(16) | LEN(19)},                   /* Discover, RuPay, Verve */
    {300, 305, 3, LEN(14) | LEN(16) | LEN(19)},       /* Diners Club */
    {3095, 3095, 4, LEN(14) | LEN(16) | LEN(19)},     /* Diners Club */
    {36, 36, 2, LEN(14) | LEN(16) | LEN(19)},         /* Diners Club */
    {38, 39, 2, LEN(14) | LEN(16) | LEN(19)},         /* Diners Club */
    {3500, 3599, 4, LEN(16)},                         /* JCB, with the ranges its test numbers use */
    {3528, 3589, 4, LEN(19)},                         /* JCB */
    {2131, 2131, 4, LEN(15)},                         /* JCB, old */
    {1800, 1800, 4, LEN(15)},                         /* JCB, old */
    {62, 62, 2, LEN_16_TO_19},                        /* UnionPay */
    {8100, 8171, 4, LEN_16_TO_19},                    /* UnionPay */
    {5018, 5018, 4, LEN_MAESTRO},                     /* Maestro */
    {5020, 5020, 4, LEN_MAESTRO},                     /* Maestro */
    {5038, 5038, 4, LEN_MAESTRO},                     /* Maestro */
    {5612, 5612, 4, LEN_MAESTRO},                     /* Maestro */
    {5893, 5893, 4, LEN_MAESTRO},                     /* Maestro */
    {6304, 6304, 4, LEN_MAESTRO},                     /* Maestro, Laser */
    {6390, 6390, 4, LEN_MAESTRO},                     /* Maestro */
    {6759, 6759, 4, LEN_MAESTRO},                     /* Maestro */
    {6761, 6763, 4, LEN_MAESTRO},                     /* Maestro */
    {2200, 2204, 4, LEN_16_TO_19},                    /* Mir */
    {508500, 508999, 6, LEN(16)},                     /* RuPay */
    {817200, 820199, 6, LEN(16)},                     /* RuPay */
    {606985, 607984, 6, LEN(16)},                     /* RuPay */
    {506099, 506198, 6, LEN(16) | LEN(18) | LEN(19)}, /* Verve */
    {9792, 9792, 4, LEN(16)},                         /* Troy */
    {4903, 4903, 4, LEN(16) | LEN(18) | LEN(19)},     /* Switch */
    {636368, 636368, 6, LEN(16)},                     /* Elo */
    {6062, 6062, 4, LEN(16)},                         /* Hipercard */
};

static bool issued(const unsigned char *d, size_t n)
{
    for (size_t i = 0; i < FLT_ARRAY_LEN(issuers); i++) {
        const struct issuer *is = &issuers[i];
        uint32_t prefix = 0;
        for (unsigned k = 0; k < is->width; k++)
            prefix = prefix * 10 + d[k];
        if (prefix >= is->lo && prefix <= is->hi && (is->lengths & LEN(n)) != 0)
            return true;
    }
    return false;
}

bool flt_val_card(struct flt_str v)
{
    unsigned char d[CARD_MAX];
    size_t n = flt_val_digits(v, " -./", d, sizeof(d));
    return n >= CARD_MIN && issued(d, n) && flt_val_luhn(d, n);
}

bool flt_val_luhn_number(struct flt_str v)
{
    unsigned char d[CARD_MAX];
    size_t n = flt_val_digits(v, " -", d, sizeof(d));
    return n >= 10 && flt_val_luhn(d, n);
}

/* ---- IBAN -------------------------------------------------------------------------------------------------- */

struct iban_country {
    char code[3];
    const char *bban; /* what follows the check digits: counts of n (digits), a (letters), c (either) */
};

static const struct iban_country iban_countries[] = {
    {"AD", "8n12c"},   {"AE", "19n"},    {"AL", "8n16c"},    {"AT", "16n"},      {"AZ", "4a20c"},    {"BA", "16n"},
    {"BE", "12n"},     {"BG", "4a6n8c"}, {"BH", "4a14c"},    {"BI", "23n"},      {"BR", "23n1a1c"},  {"BY", "4c4n16c"},
    {"CH", "5n12c"},   {"CR", "18n"},    {"CY", "8n16c"},    {"CZ", "20n"},      {"DE", "18n"},      {"DJ", "23n"},
    {"DK", "14n"},     {"DO", "4c20n"},  {"EE", "16n"},      {"EG", "25n"},      {"ES", "20n"},      {"FI", "14n"},
    {"FK", "2a12n"},   {"FO", "14n"},    {"FR", "10n11c2n"}, {"GB", "4a14n"},    {"GE", "2a16n"},    {"GI", "4a15c"},
    {"GL", "14n"},     {"GR", "7n16c"},  {"GT", "24c"},      {"HN", "4a20n"},    {"HR", "17n"},      {"HU", "24n"},
    {"IE", "4a14n"},   {"IL", "19n"},    {"IQ", "4a15n"},    {"IS", "22n"},      {"IT", "1a10n12c"}, {"JO", "4a4n18c"},
    {"KW", "4a22c"},   {"KZ", "3n13c"},  {"LB", "4n20c"},    {"LC", "4a24c"},    {"LI", "5n12c"},    {"LT", "16n"},
    {"LU", "3n13c"},   {"LV", "4a13c"},  {"LY", "21n"},      {"MC", "10n11c2n"}, {"MD", "20c"},      {"ME", "18n"},
    {"MK", "3n10c2n"}, {"MN", "16n"},    {"MR", "23n"},      {"MT", "4a5n18c"},  {"MU", "4a19n3a"},  {"NI", "4a20n"},
    {"NL", "4a10n"},   {"NO", "11n"},    {"OM", "3n16c"},    {"PK", "4a16c"},    {"PL", "24n"},      {"PS", "4a21c"},
    {"PT", "21n"},     {"QA", "4a21c"},  {"RO", "4a16c"},    {"RS", "18n"},      {"RU", "14n15c"},   {"SA", "2n18c"},
    {"SC", "4a20n3a"}, {"SD", "14n"},    {"SE", "20n"},      {"SI", "15n"},      {"SK", "20n"},      {"SM", "1a10n12c"},
    {"SO", "19n"},     {"ST", "21n"},    {"SV", "4a20n"},    {"TL", "19n"},      {"TN", "20n"},      {"TR", "6n16c"},
    {"UA", "6n19c"},   {"VA", "18n"},    {"VG", "4a16n"},    {"XK", "16n"},      {"YE", "4a4n18c"},
};

static bool kind_fits(char kind, char c)
{
    if (kind == 'n')
        return flt_val_is_digit(c);
    return kind == 'c' || flt_val_is_alpha(c);
}

/* Walks the structure string: "4a14n" is four letters, then fourteen digits, then the end. */
static bool bban_fits(const char *form, const char *bban, size_t n)
{
    size_t at = 0;
    while (*form != '\0') {
        size_t count = 0;
        for (; flt_val_is_digit(*form); form++)
            count = count * 10 + (size_t)(*form - '0');
        for (; count > 0; count--, at++)
            if (at == n || !kind_fits(*form, bban[at]))
                return false;
        form++;
    }
    return at == n;
}

/* ISO 7064 mod 97-10: the first four characters moved behind the rest, letters read as 10..35. */
static bool mod97_is_one(const char *iban, size_t n)
{
    unsigned rest = 0;
    for (size_t i = 0; i < n; i++) {
        char c = iban[(i + 4) % n];
        if (flt_val_is_digit(c))
            rest = (rest * 10 + (unsigned)(c - '0')) % 97;
        else
            rest = (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
    }
    return rest == 1;
}

bool flt_val_iban(struct flt_str v)
{
    char s[34];
    size_t n = flt_val_alnum(v, " -", s, sizeof(s));
    if (n < 15 || !flt_val_is_digit(s[2]) || !flt_val_is_digit(s[3]))
        return false;
    for (size_t i = 0; i < FLT_ARRAY_LEN(iban_countries); i++)
        if (memcmp(s, iban_countries[i].code, 2) == 0)
            return bban_fits(iban_countries[i].bban, s + 4, n - 4) && mod97_is_one(s, n);
    return false;
}

/* ---- BIC and routing numbers -------------------------------------------------------------------------------- */

/* ISO 3166-1 alpha-2, and XK which banks use for Kosovo. */
static const char countries[] =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ"
    "DEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJO"
    "JPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNU"
    "NZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTV"
    "TWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

bool flt_val_bic(struct flt_str v)
{
    if (v.n != 8 && v.n != 11)
        return false;
    for (size_t i = 0; i < v.n; i++)
        if (!flt_val_is_alpha(v.p[i]) && (i < 6 || !flt_val_is_digit(v.p[i])))
            return false;
    for (const char *c = countries; *c != '\0'; c += 2)
        if (c[0] == flt_val_upper(v.p[4]) && c[1] == flt_val_upper(v.p[5]))
            return true;
    return false;
}

bool flt_val_aba(struct flt_str v)
{
    static const unsigned weights[9] = {3, 7, 1, 3, 7, 1, 3, 7, 1};
    unsigned char d[9];
    if (flt_val_digits(v, "- ", d, sizeof(d)) != sizeof(d))
        return false;
    unsigned prefix = 10u * d[0] + d[1], sum = 0;
    bool issued_prefix =
        prefix <= 12 || (prefix >= 21 && prefix <= 32) || (prefix >= 61 && prefix <= 72) || prefix == 80;
    for (size_t i = 0; i < sizeof(d); i++)
        sum += weights[i] * d[i];
    return issued_prefix && sum > 0 && sum % 10 == 0;
}
