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
    /* tokens */
    {"crc62", flt_val_crc62, "thirty characters and their CRC-32 in six base-62 digits (GitHub, npm)"},
    {"age_key", flt_val_age_key, "Bech32 checksum of an age secret key (BIP 173)"},
    {"aws_key_id", flt_val_aws_key_id, "base 32 that holds an account number of twelve digits (AWS)"},
    {"discord_id", flt_val_discord_id, "first segment decodes (base64) to a user number of 17 to 20 digits (Discord)"},
    {"basic_pair", flt_val_basic_pair, "base64 of user:password (RFC 7617), and url_password for the password"},
    {"b64_credentials", flt_val_b64_credentials, "base64 of a JSON object that names a password, key or token"},
    {"pypi_macaroon", flt_val_pypi_macaroon, "a whole version 2 macaroon: location, identifier, caveats, signature"},
    {"not_words", flt_val_not_words,
     "pronounceable runs of four letters or more make up less than half (one word: 7 in 10)"},
    {"not_sequence", flt_val_not_sequence, "runs such as abc or 345 make up less than half"},
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
    {"de_taxid_check", flt_val_de_taxid_check, "German tax id by its check digit alone"},
    {"es_nif", flt_val_es_nif, "Spanish NIF or NIE: check letter mod 23"},
    {"fi_hetu", flt_val_fi_hetu, "Finnish identity code: date, century sign, check character mod 31"},
    {"fr_nir", flt_val_fr_nir, "French social security number: sex, month, department, key 97 less mod 97"},
    {"it_cf", flt_val_it_cf, "Italian fiscal code: layout and check letter mod 26"},
    {"nl_bsn", flt_val_nl_bsn, "Dutch citizen number: the eleven test"},
    {"pl_pesel", flt_val_pl_pesel, "Polish PESEL: date of birth with century, weights 1-3-7-9"},
    {"se_pnr", flt_val_se_pnr, "Swedish personal number: date of birth, Luhn over ten digits"},
    {"uk_nhs", flt_val_uk_nhs, "NHS number: weighted sum mod 11"},
    {"us_ein", flt_val_us_ein, "US employer number: a campus prefix that is in use (IRS)"},
    {"us_npi", flt_val_us_npi, "US provider number: Luhn behind 80840 (45 CFR 162.406)"},
    {"us_mbi", flt_val_us_mbi, "Medicare beneficiary identifier: a class of character for each place (CMS)"},
    {"us_dea", flt_val_us_dea, "DEA registration: sum of odd places and twice the even places (DEA)"},
    {"br_cnpj", flt_val_br_cnpj, "Brazilian CNPJ, with or without letters: two check digits mod 11"},
    {"mx_curp", flt_val_mx_curp, "Mexican CURP: date, sex, letters, check digit mod 10 (RENAPO)"},
    {"mx_rfc", flt_val_mx_rfc, "Mexican RFC: date, check character mod 11 (SAT)"},
    {"mx_clabe", flt_val_mx_clabe, "Mexican bank account key: weights 3-7-1 (Banxico)"},
    {"ar_cuit", flt_val_ar_cuit, "Argentine CUIT or CUIL: type, mod 11"},
    {"cl_rut", flt_val_cl_rut, "Chilean RUT: mod 11, K for ten"},
    {"co_nit", flt_val_co_nit, "Colombian NIT: primes as weights, mod 11 (DIAN)"},
    {"au_abn", flt_val_au_abn, "Australian business number: weighted sum mod 89 (ATO)"},
    {"au_acn", flt_val_au_acn, "Australian company number: weighted sum mod 10 (ASIC)"},
    {"au_medicare", flt_val_au_medicare, "Australian Medicare card: first digit 2-6, weighted sum mod 10"},
    {"nz_ird", flt_val_nz_ird, "New Zealand IRD number: range, two sets of weights mod 11"},
    {"in_gstin", flt_val_in_gstin, "Indian GSTIN: state, PAN, Luhn mod 36 (GSTN)"},
    {"sg_uen", flt_val_sg_uen, "Singapore UEN: three series, weighted sum mod 11"},
    {"ph_tin", flt_val_ph_tin, "Philippine TIN: ninth digit is the weighted sum mod 11 of the others (BIR forms)"},
    {"kr_brn", flt_val_kr_brn, "Korean business number: weighted sum mod 10 (NTS)"},
    {"kr_rrn_date", flt_val_kr_rrn_date, "Korean resident number by its date and century digit alone"},
    {"jp_mynumber", flt_val_jp_mynumber, "Japanese individual number: weighted sum mod 11"},
    {"jp_corporate", flt_val_jp_corporate, "Japanese corporate number: leading check digit mod 9"},
    {"hk_id", flt_val_hk_id, "Hong Kong identity card: letters and digits mod 11"},
    {"tw_id", flt_val_tw_id, "Taiwanese identity number: place letter, weighted sum mod 10"},
    {"th_id", flt_val_th_id, "Thai identity number: province, weighted sum mod 11"},
    {"my_nric", flt_val_my_nric, "Malaysian identity card: date and place of birth"},
    {"id_nik", flt_val_id_nik, "Indonesian NIK: province and date of birth"},
    {"za_id", flt_val_za_id, "South African identity number: date, citizenship, Luhn"},
    {"il_id", flt_val_il_id, "Israeli identity number: Luhn over nine digits"},
    {"eg_id", flt_val_eg_id, "Egyptian national number: century, date, governorate"},
    {"ae_id", flt_val_ae_id, "Emirates identity number: 784, year, Luhn"},
    {"de_document", flt_val_de_document,
     "German identity card or passport: 7-3-1 check digit in place 9 or 10 (ICAO 9303)"},
    {"de_rvnr", flt_val_de_rvnr, "German pension insurance number: date, crossed sum (VKVV)"},
    {"de_kvnr", flt_val_de_kvnr, "German health insurance number: crossed sum mod 10"},
    {"de_lanr", flt_val_de_lanr, "German physician number: weights 4 and 9 (KBV)"},
    {"de_vat", flt_val_de_vat, "German VAT number: ISO 7064 mod 11,10"},
    {"fr_siren", flt_val_fr_siren, "French SIREN: Luhn over nine digits"},
    {"fr_siret", flt_val_fr_siret, "French SIRET: Luhn over nine and over fourteen digits"},
    {"es_cif", flt_val_es_cif, "Spanish CIF: legal form, check digit or letter"},
    {"it_iva", flt_val_it_iva, "Italian VAT number: office, Luhn"},
    {"pt_nif", flt_val_pt_nif, "Portuguese NIF: mod 11"},
    {"pt_cc", flt_val_pt_cc, "Portuguese citizen card: Luhn over letters and digits"},
    {"dk_cpr", flt_val_dk_cpr, "Danish CPR number: date of birth"},
    {"dk_cpr_check", flt_val_dk_cpr_check, "dk_cpr, and the sum mod 11 of numbers before 2007"},
    {"fi_ytunnus", flt_val_fi_ytunnus, "Finnish business identity code: mod 11"},
    {"no_fnr", flt_val_no_fnr, "Norwegian birth or D number: date, two check digits mod 11"},
    {"no_orgnr", flt_val_no_orgnr, "Norwegian organisation number: mod 11"},
    {"se_orgnr", flt_val_se_orgnr, "Swedish organisation number: third digit from 2, Luhn"},
    {"at_svnr", flt_val_at_svnr, "Austrian social insurance number: date, mod 11"},
    {"ie_pps", flt_val_ie_pps, "Irish PPS number: check letter mod 23"},
    {"uk_utr", flt_val_uk_utr, "UK taxpayer reference: leading check digit mod 11 (HMRC)"},
    {"uk_licence", flt_val_uk_licence,
     "UK driving licence: surname, date of birth and initials in their places (DVLA)"},
    {"pl_nip", flt_val_pl_nip, "Polish NIP: weighted sum mod 11"},
    {"pl_regon", flt_val_pl_regon, "Polish REGON, 9 or 14 digits: weighted sums mod 11"},
    {"cz_rc", flt_val_cz_rc, "Czech and Slovak birth number: date, mod 11"},
    {"ro_cnp", flt_val_ro_cnp, "Romanian CNP: date, county, mod 11"},
    {"bg_egn", flt_val_bg_egn, "Bulgarian EGN: date, mod 11"},
    {"hu_taj", flt_val_hu_taj, "Hungarian TAJ: weights 3 and 7"},
    {"hu_tax", flt_val_hu_tax, "Hungarian tax number of a person: 8, weights 1 to 9 mod 11"},
    {"gr_afm", flt_val_gr_afm, "Greek AFM: powers of two mod 11"},
    {"gr_amka", flt_val_gr_amka, "Greek AMKA: date, Luhn"},
    {"hr_oib", flt_val_hr_oib, "Croatian OIB: ISO 7064 mod 11,10"},
    {"ee_lt_ik", flt_val_ee_lt_ik, "Estonian or Lithuanian personal code: date, two sets of weights mod 11"},
    {"lv_pk", flt_val_lv_pk, "Latvian personal code: date and mod 11, or 32 to 39 in front"},
    {"tr_tckn", flt_val_tr_tckn, "Turkish identity number: two check digits"},
    {"jmbg", flt_val_jmbg, "Personal number of the former Yugoslav states: date, mod 11"},
    {"vin", flt_val_vin, "vehicle number: 17 places without I, O and Q, digits at the end (ISO 3779)"},
    {"vin_check", flt_val_vin_check, "vin, and its check digit mod 11 (49 CFR 565)"},
    {"imei", flt_val_imei, "device number: 15 digits, Luhn (3GPP TS 23.003)"},
    {"mrz", flt_val_mrz, "travel document: check digits of number, birth and expiry (ICAO 9303)"},
    {"base58check", flt_val_base58check, "wallet address: known version, double SHA-256 checksum"},
    {"bech32", flt_val_bech32, "segregated witness address: bech32 or bech32m checksum (BIP 173, 350)"},
    {"eth_address", flt_val_eth_address, "Ethereum address: checksum of its letter case where it has one (EIP-55)"},
    {"base58_shape", flt_val_base58_shape, "32 or more base-58 characters of three kinds"},
    {"email_idn", flt_val_email_idn, "email_domain, and letters of another script in it"},
    {"phone_loose", flt_val_phone_loose, "6 to 15 digits that are no date, year range, address or decimal"},
    {"ipv4_any", flt_val_ipv4_any, "ipv4, and not loopback, unset, a mask (0, 127, 255)"},
    {"ipv6_any", flt_val_ipv6_any,
     "RFC 4291 text form that is not an identifier of code: eight groups, or :: and a known kind"},
    {"mac_dotted", flt_val_mac_dotted, "six octets in three dotted groups, neither all zero nor broadcast"},
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

bool flt_val_mod11_10(const unsigned char *digits, size_t n)
{
    unsigned product = 10;
    for (size_t i = 0; i + 1 < n; i++) {
        unsigned sum = (digits[i] + product) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return n > 1 && (11 - product) % 10 == digits[n - 1];
}

unsigned flt_val_weighted(const unsigned char *digits, const unsigned char *weights, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (unsigned)weights[i] * digits[i];
    return sum;
}

uint64_t flt_val_number(const unsigned char *digits, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + digits[i];
    return value;
}

bool flt_val_all_same(const unsigned char *digits, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (digits[i] != digits[0])
            return false;
    return true;
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
