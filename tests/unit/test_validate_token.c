/*
 * Validators of what vendors build into their tokens. The values are made up; checksums and encodings were computed by
 * another program than the one under test.
 */
#include "scan/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "validate_vectors.h"

/* Refused with any one byte behind `from` changed to another of its kind, and with one byte more or less. */
static void notices_every_wrong_byte(const char *name, const char *value, size_t from)
{
    char text[256];
    size_t n = strlen(value);
    assert_true(n + 2 < sizeof(text));
    accepts(name, value);
    memcpy(text, value, n + 1);
    for (size_t i = from; i < n; i++) {
        text[i] = value[i] == 'Z' ? 'Y' : 'Z';
        rejects(name, text);
        text[i] = value[i];
    }
    text[n] = 'a';
    text[n + 1] = '\0';
    rejects(name, text);
    text[n - 1] = '\0';
    rejects(name, text);
}

static void a_checksum_in_base_62(void **state)
{
    (void)state;
    notices_every_wrong_byte("crc62", "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", 4);
    notices_every_wrong_byte("crc62", "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", 4);
    /* The value GitHub published with the scheme; its checksum begins with a padding zero. */
    accepts("crc62", "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");
    rejects("crc62", "gho_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJmLq17");
    rejects("crc62", "ghp_");
    rejects("crc62", "5CLW");
    rejects("crc62", "");
}

static void a_checksum_in_bech32(void **state)
{
    static const char good[] = "AGE-SECRET-KEY-152W952ZVNMM4YXPFEUG8NVYQA8T558QSLJ4K5SJR6VM9DH47FS0QG0UKLJ";
    (void)state;
    notices_every_wrong_byte("age_key", good, 0);
    accepts("age_key", "age-secret-key-152w952zvnmm4yxpfeug8nvyqa8t558qslj4k5sjr6vm9dh47fs0qg0uklj");
    rejects("age_key", "AGE-SECRET-KEY-1");
    rejects("age_key", "");
}

static void an_account_number_in_base_32(void **state)
{
    (void)state;
    accepts("aws_key_id", "AKIAYOSFODNNVSCSABQG"); /* account 581039954779 */
    accepts("aws_key_id", "ASIA6RVFFB77SAVIEFGW"); /* the greatest: 999999999999 */
    rejects("aws_key_id", "AKIA6RVFFCAAHXJB2BUK"); /* one more has thirteen digits */
    rejects("aws_key_id", "AKIA77777777QLMUXSD2");
    rejects("aws_key_id", "AKIAYOSFODNNVSCSABQ8"); /* 0, 1, 8 and 9 are no digits of base 32 */
    rejects("aws_key_id", "AKIAYOSFODNNVSCSABQg");
    rejects("aws_key_id", "AKIAYOSFODNNVSCSABQ");
    rejects("aws_key_id", "AKIAYOSFODNNVSCSABQGA");
    rejects("aws_key_id", "");
}

static void a_user_number_in_base64(void **state)
{
    (void)state;
    accepts("discord_id", "MTE5ODQ3NzM2NTUyNDIzOTQy.Gabc12.rest");
    accepts("discord_id", "MTE5ODQ3NzM2NTUyNDIzOTQy");
    rejects("discord_id", "MTIzNDU2Nzg=.Gabc12.rest");             /* eight digits */
    rejects("discord_id", "MTE5ODQ3NzM2NTUyNDIzOTRh.Gabc12.rest"); /* a letter among them */
    rejects("discord_id", "MTE5ODQ3NzM2NTUyNDIzOTQyMTIzNDU2Nzg5.Gabc12.rest");
    rejects("discord_id", ".Gabc12.rest");
    rejects("discord_id", "");
}

static void user_and_password_in_base64(void **state)
{
    (void)state;
    accepts("basic_pair", "ZWxsYTpGZXJuMjJtb3NzIQ==");
    accepts("basic_pair", "ZWxsYTpGZXJuMjJtb3NzIQ");
    accepts("basic_pair", "OnE4V2VydA=="); /* no user */
    rejects("basic_pair", "ZWxsYQ==");     /* no colon */
    rejects("basic_pair", "ZWxsYTo=");     /* no password */
    rejects("basic_pair", "ZWxsYTpjaGFuZ2VtZQ==");
    rejects("basic_pair", "ZWxsYTpwYXNzd29yZA==");
    rejects("basic_pair", "ZWxsYToBAmFiYw=="); /* control characters */
    rejects("basic_pair", "authentication");
    rejects("basic_pair", "");
}

static void a_json_document_in_base64(void **state)
{
    (void)state;
    accepts("b64_credentials", "eyJhdXRocyI6eyJyLmV4YW1wbGUiOnsiYXV0aCI6IlpXeHNZVHBHWlhKdSJ9fX0=");
    accepts("b64_credentials", "ops_eyJhdXRocyI6eyJyLmV4YW1wbGUiOnsiYXV0aCI6IlpXeHNZVHBHWlhKdSJ9fX0=");
    accepts("b64_credentials", "eyJwYXNzd29yZCI6InE4V2VydCI="); /* cut short */
    rejects("b64_credentials", "eyJuYW1lIjoiRWxsYSIsImNvbG9yIjoiZ3JlZW4ifQ==");
    rejects("b64_credentials", "eyJwYXNzd29yZCI6IgEifQ=="); /* a control character */
    rejects("b64_credentials", "WyJwYXNzd29yZCJd");         /* a list */
    rejects("b64_credentials", "ey");
    rejects("b64_credentials", "no such letters");
    rejects("b64_credentials", "");
}

#define LOCATION   "pypi-AgEIcHlwaS5vcmcC"
#define IDENTIFIER "JGNlNTQ2MDUyLTJmODgtZWU5NS1lNjUzLWJjYWM4MmJlNDc3NwAC"
#define CAVEAT     "LFsyLFsiYmQ1MzhiMmItZDJhYS04ZmIzLWQyOTMtZTA0NzNhZmI2NDNkIl1dAAAG"
#define SIGNATURE  "IIFwr5XRJp4CqfM_F1SDnQKiTTsEZvloq8XaHvBFb4Nm"

static void a_whole_macaroon(void **state)
{
    static const char good[] = LOCATION IDENTIFIER CAVEAT SIGNATURE;
    (void)state;
    accepts("pypi_macaroon", good);
    accepts("pypi_macaroon",
            "pypi-AgENdGVzdC5weXBpLm9yZwIkY2NjZmM1ZDAtMGViMy03MGM0LTkxM2ItMDM5MmE2NGJkMGFhAAIsWzIsWyJhODRmOTJjOC1kZTU0"
            "LTVkZGUtYjg5OS1iMTA4ZWYwNWEwOWEiXV0AAAYgxPPK23PMJI583XYaY0ShBeLgyegd5yziKjdSojjbgCg");
    for (size_t n = 0; n < sizeof(good) - 1; n++) /* cut anywhere */
        assert_false(check("pypi_macaroon", (struct flt_str){good, n}));
    rejects("pypi_macaroon", "pypi-AQEIcHlwaS5vcmcC" IDENTIFIER CAVEAT SIGNATURE); /* version 1 */
    accepts("pypi_macaroon", LOCATION CAVEAT SIGNATURE); /* without a caveat the first field is the identifier */
    rejects("pypi_macaroon", LOCATION IDENTIFIER SIGNATURE);
    rejects("pypi_macaroon", "pypi-server-of-the-house");
    rejects("pypi_macaroon", "pypi-");
    /* A length in two bytes, and one that never ends. */
    rejects("pypi_macaroon", "pypi-AgGIAQ");
    rejects("pypi_macaroon", "pypi-AgGI_w");
}

static void words_are_no_random_value(void **state)
{
    (void)state;
    accepts("not_words", "9KfTq2ZxLw7RbV5nYd8Gh3Mc");
    accepts("not_words", "4d98d1d2cb108d2581619111a1b5eae9");
    accepts("not_words", "IHBS4VBHYWJL53NLIY2HSVI5A1144GJ3");
    accepts("not_words", "qrstvwxzqrstvwxzqrst"); /* no vowels */
    rejects("not_words", "app-configuration-of-the-main");
    rejects("not_words", "required-for-all-endpoints");
    rejects("not_words", "getUserTokenFromRequest2");
    rejects("not_words", "authenticationmechanism2");
    rejects("not_words", "");
}

static void sequences_are_samples(void **state)
{
    (void)state;
    accepts("not_sequence", "9KfTq2ZxLw7RbV5nYd8Gh3Mc");
    accepts("not_sequence", "abcK2x345Tq9fLw7RbV5nYd8Gh3"); /* less than half */
    rejects("not_sequence", "abc123xyz-456def789ghij-klmnopqrst");
    rejects("not_sequence", "key-7890123");
    rejects("not_sequence", "abcdefghijklmnopqrstuvwxyz");
    rejects("not_sequence", "");
}

static void a_scrambled_word_is_a_bare_password(void **state)
{
    (void)state;
    accepts("password_bare", "yqDVtkqPECriaLRi");
    accepts("password_bare", "blau7Wal9");
    rejects("password_bare", "sessionManager");
    rejects("password_bare", "getDatabasePassword");
    rejects("password_bare", "AuthTokenURL");
    rejects("password_bare", "yqDVtkq"); /* too short to tell */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checksum_in_base_62),
        cmocka_unit_test(a_checksum_in_bech32),
        cmocka_unit_test(an_account_number_in_base_32),
        cmocka_unit_test(a_user_number_in_base64),
        cmocka_unit_test(user_and_password_in_base64),
        cmocka_unit_test(a_json_document_in_base64),
        cmocka_unit_test(a_whole_macaroon),
        cmocka_unit_test(words_are_no_random_value),
        cmocka_unit_test(sequences_are_samples),
        cmocka_unit_test(a_scrambled_word_is_a_bare_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
