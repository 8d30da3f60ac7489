/*
 * validate_impl.h: the checks behind validate.h's table, one file per kind of value. All take any bytes, need no
 * terminator, allocate nothing and are linear in the value's length; what is not of the form they judge is false.
 * The rule each one applies, and its source, stands in the table in validate.c.
 */
#ifndef FLT_SCAN_VALIDATE_IMPL_H
#define FLT_SCAN_VALIDATE_IMPL_H

#include "flt/base.h"

static inline bool flt_val_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline char flt_val_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}
static inline bool flt_val_is_alpha(char c)
{
    char u = flt_val_upper(c);
    return u >= 'A' && u <= 'Z';
}

/* A day of that month; every fourth year is taken for any. */
static inline bool flt_val_is_day(unsigned month, unsigned day)
{
    static const unsigned char days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

/*
 * The values 0..9 of the digits in v, into out. Between two digits may stand one byte of `separators`. Returns their
 * number; 0 when v holds anything else, or more than cap digits.
 */
size_t flt_val_digits(struct flt_str v, const char *separators, unsigned char *out, size_t cap);
/* As above for letters (upper-cased) and digits, kept as characters. */
size_t flt_val_alnum(struct flt_str v, const char *separators, char *out, size_t cap);
/* Luhn (ISO/IEC 7812-1 annex B) over n digit values. */
bool flt_val_luhn(const unsigned char *digits, size_t n);
/* ISO 7064 mod 11,10 over n digit values, the last of which is the check digit. */
bool flt_val_mod11_10(const unsigned char *digits, size_t n);
/* Sum of n digit values, each times its weight. */
unsigned flt_val_weighted(const unsigned char *digits, const unsigned char *weights, size_t n);
/* The number that n digit values (at most 19) write; true when they are all the same one. */
uint64_t flt_val_number(const unsigned char *digits, size_t n);
bool flt_val_all_same(const unsigned char *digits, size_t n);

/* validate_bank.c */
bool flt_val_luhn_number(struct flt_str v);
bool flt_val_card(struct flt_str v);
bool flt_val_iban(struct flt_str v);
bool flt_val_bic(struct flt_str v);
bool flt_val_aba(struct flt_str v);

/* validate_net.c */
bool flt_val_email_domain(struct flt_str v);
bool flt_val_email_idn(struct flt_str v);
bool flt_val_ipv4(struct flt_str v);
bool flt_val_ipv4_public(struct flt_str v);
bool flt_val_ipv6(struct flt_str v);
bool flt_val_mac(struct flt_str v);
bool flt_val_phone_nanp(struct flt_str v);
bool flt_val_phone_intl(struct flt_str v);
bool flt_val_phone_plain(struct flt_str v);
bool flt_val_phone_loose(struct flt_str v);
bool flt_val_ipv4_any(struct flt_str v);
bool flt_val_ipv6_any(struct flt_str v);
bool flt_val_mac_dotted(struct flt_str v);

/* validate_text.c */
bool flt_val_has_digit(struct flt_str v);
bool flt_val_mixed(struct flt_str v);
bool flt_val_entropy3(struct flt_str v);
bool flt_val_entropy35(struct flt_str v);
bool flt_val_not_masked(struct flt_str v);
bool flt_val_not_placeholder(struct flt_str v);
bool flt_val_password(struct flt_str v);
bool flt_val_password_bare(struct flt_str v);
bool flt_val_password_strong(struct flt_str v);
bool flt_val_url_password(struct flt_str v);
bool flt_val_jwt(struct flt_str v);

/* validate_token.c */
/*
 * Decodes base64 in either alphabet up to the first byte outside of it, to at most cap bytes of out; the bytes
 * written.
 */
size_t flt_val_base64(struct flt_str v, char *out, size_t cap);
bool flt_val_crc62(struct flt_str v);
bool flt_val_age_key(struct flt_str v);
bool flt_val_aws_key_id(struct flt_str v);
bool flt_val_discord_id(struct flt_str v);
bool flt_val_basic_pair(struct flt_str v);
bool flt_val_b64_credentials(struct flt_str v);
bool flt_val_pypi_macaroon(struct flt_str v);
bool flt_val_not_words(struct flt_str v);
bool flt_val_not_sequence(struct flt_str v);

/* validate_id.c */
bool flt_val_ssn(struct flt_str v);
bool flt_val_itin(struct flt_str v);
bool flt_val_au_tfn(struct flt_str v);
bool flt_val_br_cpf(struct flt_str v);
bool flt_val_ca_sin(struct flt_str v);
bool flt_val_cn_id(struct flt_str v);
bool flt_val_in_aadhaar(struct flt_str v);
bool flt_val_in_pan(struct flt_str v);
bool flt_val_kr_rrn(struct flt_str v);
bool flt_val_sg_nric(struct flt_str v);

/* validate_id_eu.c */
bool flt_val_be_rrn(struct flt_str v);
bool flt_val_ch_ahv(struct flt_str v);
bool flt_val_de_taxid(struct flt_str v);
bool flt_val_de_taxid_check(struct flt_str v);
bool flt_val_es_nif(struct flt_str v);
bool flt_val_fi_hetu(struct flt_str v);
bool flt_val_fr_nir(struct flt_str v);
bool flt_val_it_cf(struct flt_str v);
bool flt_val_nl_bsn(struct flt_str v);
bool flt_val_pl_pesel(struct flt_str v);
bool flt_val_se_pnr(struct flt_str v);
bool flt_val_uk_nhs(struct flt_str v);
bool flt_val_uk_nino(struct flt_str v);

/* validate_id_americas.c */
bool flt_val_us_ein(struct flt_str v);
bool flt_val_us_npi(struct flt_str v);
bool flt_val_us_mbi(struct flt_str v);
bool flt_val_us_dea(struct flt_str v);
bool flt_val_br_cnpj(struct flt_str v);
bool flt_val_mx_curp(struct flt_str v);
bool flt_val_mx_rfc(struct flt_str v);
bool flt_val_mx_clabe(struct flt_str v);
bool flt_val_ar_cuit(struct flt_str v);
bool flt_val_cl_rut(struct flt_str v);
bool flt_val_co_nit(struct flt_str v);

/* validate_id_apac.c */
bool flt_val_au_abn(struct flt_str v);
bool flt_val_au_acn(struct flt_str v);
bool flt_val_au_medicare(struct flt_str v);
bool flt_val_nz_ird(struct flt_str v);
bool flt_val_in_gstin(struct flt_str v);
bool flt_val_sg_uen(struct flt_str v);
bool flt_val_ph_tin(struct flt_str v);
bool flt_val_kr_brn(struct flt_str v);
bool flt_val_kr_rrn_date(struct flt_str v);
bool flt_val_jp_mynumber(struct flt_str v);
bool flt_val_jp_corporate(struct flt_str v);
bool flt_val_hk_id(struct flt_str v);
bool flt_val_tw_id(struct flt_str v);
bool flt_val_th_id(struct flt_str v);
bool flt_val_my_nric(struct flt_str v);
bool flt_val_id_nik(struct flt_str v);
bool flt_val_za_id(struct flt_str v);
bool flt_val_il_id(struct flt_str v);
bool flt_val_eg_id(struct flt_str v);
bool flt_val_ae_id(struct flt_str v);

/* validate_id_west.c */
bool flt_val_de_document(struct flt_str v);
bool flt_val_de_rvnr(struct flt_str v);
bool flt_val_de_kvnr(struct flt_str v);
bool flt_val_de_lanr(struct flt_str v);
bool flt_val_de_vat(struct flt_str v);
bool flt_val_fr_siren(struct flt_str v);
bool flt_val_fr_siret(struct flt_str v);
bool flt_val_es_cif(struct flt_str v);
bool flt_val_it_iva(struct flt_str v);
bool flt_val_pt_nif(struct flt_str v);
bool flt_val_pt_cc(struct flt_str v);
bool flt_val_dk_cpr(struct flt_str v);
bool flt_val_dk_cpr_check(struct flt_str v);
bool flt_val_fi_ytunnus(struct flt_str v);
bool flt_val_no_fnr(struct flt_str v);
bool flt_val_no_orgnr(struct flt_str v);
bool flt_val_se_orgnr(struct flt_str v);
bool flt_val_at_svnr(struct flt_str v);
bool flt_val_ie_pps(struct flt_str v);
bool flt_val_uk_utr(struct flt_str v);
bool flt_val_uk_licence(struct flt_str v);

/* validate_id_east.c */
bool flt_val_pl_nip(struct flt_str v);
bool flt_val_pl_regon(struct flt_str v);
bool flt_val_cz_rc(struct flt_str v);
bool flt_val_ro_cnp(struct flt_str v);
bool flt_val_bg_egn(struct flt_str v);
bool flt_val_hu_taj(struct flt_str v);
bool flt_val_hu_tax(struct flt_str v);
bool flt_val_gr_afm(struct flt_str v);
bool flt_val_gr_amka(struct flt_str v);
bool flt_val_hr_oib(struct flt_str v);
bool flt_val_ee_lt_ik(struct flt_str v);
bool flt_val_lv_pk(struct flt_str v);
bool flt_val_tr_tckn(struct flt_str v);
bool flt_val_jmbg(struct flt_str v);

/* validate_id_device.c */
bool flt_val_vin(struct flt_str v);
bool flt_val_vin_check(struct flt_str v);
bool flt_val_imei(struct flt_str v);
bool flt_val_mrz(struct flt_str v);

/* validate_id_wallet.c */
bool flt_val_base58check(struct flt_str v);
bool flt_val_bech32(struct flt_str v);
bool flt_val_eth_address(struct flt_str v);
bool flt_val_base58_shape(struct flt_str v);

#endif
