/*
 * validate.c: the table of validators by name, and the digit handling they share.
 */
#include "scan/validate.h"
#include "scan/validate_impl.h"

const struct flt_validator flt_validators[] = {
    {"card", flt_val_card, "payment card number: issuer prefix with its lengths, Luhn (ISO/IEC 7812)"},
    {"luhn", flt_val_luhn_number, "10 to 19 digits with a Luhn check digit (ISO/IEC 7812-1)"},
    {"iban", flt_val_iban, "country's length and structure, mod 97-10 (ISO 13616 registry, ISO 7064)"},
    {"bic", flt_val_bic, "8 or 11 characters with an ISO 3166 country in places 5-6 (ISO 9362)"},
    {"aba", flt_val_aba, "US routing number: Federal Reserve prefix, weights 3-7-1 (ABA)"},
    {"email_domain", flt_val_email_domain, "dot-atom local part, DNS labels, plausible top-level name (RFC 5321)"},
    {"ipv4", flt_val_ipv4, "four decimal octets without leading zeros (RFC 6943 strict form)"},
    {"ipv4_public", flt_val_ipv4_public, "ipv4, and not private, loopback, link-local, shared, multicast or reserved"},
    {"ipv6", flt_val_ipv6, "RFC 4291 text form of a global unicast (2000::/3) or an IPv4-mapped address"},
    {"mac", flt_val_mac, "six octets, one separator throughout, neither all zero nor broadcast (IEEE 802)"},
    {"phone_nanp", flt_val_phone_nanp, "ten digits after an optional 1, area and exchange not 0xx or 1xx (NANP)"},
    {"phone_intl", flt_val_phone_intl, "assigned country code and 8 to 15 digits in all (ITU-T E.164)"},
    {"phone_plain", flt_val_phone_plain, "7 to 15 digits that are not one repeated digit"},
    {"mixed", flt_val_mixed, "at least one ASCII digit and one ASCII letter"},
    {"has_digit", flt_val_has_digit, "at least one ASCII digit"},
    {"entropy3", flt_val_entropy3, "at least 3.0 bits a byte (Shannon, over the value's own bytes)"},
    {"entropy35", flt_val_entropy35, "at least 3.5 bits a byte"},
    {"not_masked", flt_val_not_masked, "not starred or x-ed out, not one repeated byte, not a template expression"},
    {"not_placeholder", flt_val_not_placeholder, "not_masked, and no sample words, no 12345678 or abcdefgh sequence"},
    {"password", flt_val_password,
     "not_placeholder, and not a plain word: a digit, a sign or both cases (for quoted values)"},
    {"password_bare", flt_val_password_bare,
     "as password, and not an identifier, a path or a word (for unquoted values)"},
    {"password_strong", flt_val_password_strong,
     "eight bytes or more with a letter, a digit, and a sign or both cases"},
    {"url_password", flt_val_url_password,
     "not_placeholder, and none of the words that stand for a password in documents"},
    {"jwt", flt_val_jwt, "first segment decodes (base64url) to a JSON object that names \"alg\" (RFC 7515)"},
    {"ssn", flt_val_ssn, "US social security number: area not 000, 666, 9xx; group not 00; serial not 0000 (SSA)"},
    {"itin", flt_val_itin, "US taxpayer number: 9xx and group 50-65, 70-88, 90-92, 94-99 (IRS)"},
    {"au_tfn", flt_val_au_tfn, "Australian tax file number: weighted sum mod 11"},
    {"br_cpf", flt_val_br_cpf, "Brazilian CPF: two check digits mod 11"},
    {"ca_sin", flt_val_ca_sin, "Canadian social insurance number: first digit not 0 or 8, Luhn"},
    {"ch_ahv", flt_val_ch_ahv, "Swiss AHV number: 756, EAN-13 check digit"},
    {"cn_id", flt_val_cn_id, "Chinese resident id: date of birth, ISO 7064 mod 11-2 (GB 11643)"},
    {"in_aadhaar", flt_val_in_aadhaar, "Aadhaar: first digit 2-9, Verhoeff, not a palindrome (UIDAI)"},
    {"in_pan", flt_val_in_pan, "Indian PAN: five letters, the fourth a holder type, four digits, a letter"},
    {"kr_rrn", flt_val_kr_rrn, "Korean resident number: date of birth, century digit, weighted sum mod 11"},
    {"sg_nric", flt_val_sg_nric, "Singapore NRIC or FIN: weighted sum, check letter of its series"},
    {"be_rrn", flt_val_be_rrn, "Belgian national register number: 97 less mod 97, for births before and from 2000"},
    {"de_taxid", flt_val_de_taxid, "German tax id: one digit repeated two or three times, ISO 7064 mod 11,10"},
    {"es_nif", flt_val_es_nif, "Spanish NIF or NIE: check letter mod 23"},
    {"fi_hetu", flt_val_fi_hetu, "Finnish identity code: date, century sign, check character mod 31"},
    {"fr_nir", flt_val_fr_nir, "French social security number: sex, month, department, key 97 less mod 97"},
    {"it_cf", flt_val_it_cf, "Italian fiscal code: layout and check letter mod 26"},
    {"nl_bsn", flt_val_nl_bsn, "Dutch citizen number: the eleven test"},
    {"pl_pesel", flt_val_pl_pesel, "Polish PESEL: date of birth with century, weights 1-3-7-9"},
    {"se_pnr", flt_val_se_pnr, "Swedish personal number: date of birth, Luhn over ten digits"},
    {"uk_nhs", flt_val_uk_nhs, "NHS number: weighted sum mod 11"},
    {"uk_nino", flt_val_uk_nino, "UK national insurance number: prefixes that are issued, suffix A to D (HMRC)"},
    {NULL, NULL, NULL},
};

const struct flt_validator *flt_validator_find(struct flt_str name)
{
    for (const struct flt_validator *v = flt_validators; v->name != NULL; v++)
        if (name.n == strlen(v->name) && memcmp(name.p, v->name, name.n) == 0)
            return v;
    return NULL;
}

static bool separates(const char *separators, char c)
{
    return c != '\0' && strchr(separators, c) != NULL;
}

size_t flt_val_digits(struct flt_str v, const char *separators, unsigned char *out, size_t cap)
{
    size_t n = 0;
    bool gap = true; /* a separator may not come first, last or twice */
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        if (flt_val_is_digit(c)) {
            if (n == cap)
                return 0;
            out[n++] = (unsigned char)(c - '0');
            gap = false;
        } else if (gap || !separates(separators, c)) {
            return 0;
        } else {
            gap = true;
        }
    }
    return gap ? 0 : n;
}

size_t flt_val_alnum(struct flt_str v, const char *separators, char *out, size_t cap)
{
    size_t n = 0;
    bool gap = true;
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        if (flt_val_is_digit(c) || flt_val_is_alpha(c)) {
            if (n == cap)
                return 0;
            out[n++] = flt_val_upper(c);
            gap = false;
        } else if (gap || !separates(separators, c)) {
            return 0;
        } else {
            gap = true;
        }
    }
    return gap ? 0 : n;
}

bool flt_val_luhn(const unsigned char *digits, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned d = digits[n - 1 - i];
        if (i % 2 == 1)
            d = d > 4 ? 2 * d - 9 : 2 * d;
        sum += d;
    }
    return n > 0 && sum % 10 == 0;
}
