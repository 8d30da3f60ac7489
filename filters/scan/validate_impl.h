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

/* A day of a month, without looking at the month's length. */
static inline bool flt_val_is_day(unsigned month, unsigned day)
{
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
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

/* validate_bank.c */
bool flt_val_luhn_number(struct flt_str v);
bool flt_val_card(struct flt_str v);
bool flt_val_iban(struct flt_str v);
bool flt_val_bic(struct flt_str v);
bool flt_val_aba(struct flt_str v);

/* validate_net.c */
bool flt_val_email_domain(struct flt_str v);
bool flt_val_ipv4(struct flt_str v);
bool flt_val_ipv4_public(struct flt_str v);
bool flt_val_ipv6(struct flt_str v);
bool flt_val_mac(struct flt_str v);
bool flt_val_phone_nanp(struct flt_str v);
bool flt_val_phone_intl(struct flt_str v);
bool flt_val_phone_plain(struct flt_str v);

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
bool flt_val_es_nif(struct flt_str v);
bool flt_val_fi_hetu(struct flt_str v);
bool flt_val_fr_nir(struct flt_str v);
bool flt_val_it_cf(struct flt_str v);
bool flt_val_nl_bsn(struct flt_str v);
bool flt_val_pl_pesel(struct flt_str v);
bool flt_val_se_pnr(struct flt_str v);
bool flt_val_uk_nhs(struct flt_str v);
bool flt_val_uk_nino(struct flt_str v);

#endif
