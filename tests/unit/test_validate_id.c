/*
 * Validators of personal identifiers and of secret-like values. The identifiers are made up; their check digits were
 * computed by another program than the one under test.
 */
#include "scan/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "validate_vectors.h"

struct vector {
    const char *name, *value;
};

/* Schemes whose check digit notices every single wrong digit. */
static const struct vector exact[] = {
    {"au_tfn", "487 789 321"},
    {"au_tfn", "491433019"},
    {"br_cpf", "379.217.421-90"},
    {"br_cpf", "367.300.245-77"},
    {"br_cpf", "34854058170"},
    {"ca_sin", "509 679 296"},
    {"ca_sin", "592-152-755"},
    {"ch_ahv", "756.0810.0339.00"},
    {"ch_ahv", "7568929007546"},
    {"cn_id", "110105199908117932"},
    {"cn_id", "110105195201201710"},
    {"in_aadhaar", "4283 6791 6017"},
    {"in_aadhaar", "443201718515"},
    {"sg_nric", "S8814538J"},
    {"sg_nric", "F2019161U"},
    {"sg_nric", "S8551716C"},
    {"de_taxid", "29782453166"},
    {"de_taxid", "81486759324"},
    {"de_taxid", "92 321 856 477"},
    {"es_nif", "33847554H"},
    {"es_nif", "Y4160583N"},
    {"es_nif", "29.222.713-V"},
    {"fi_hetu", "150952-751K"},
    {"fi_hetu", "170388-352E"},
    {"fr_nir", "1 66 11 50 166 304 55"},
    {"fr_nir", "271044264363366"},
    {"it_cf", "RGBFDM99B02C374U"},
    {"it_cf", "MFRLFD27H27A142L"},
    {"nl_bsn", "195461113"},
    {"nl_bsn", "194.386.065"},
    {"pl_pesel", "53102130959"},
    {"pl_pesel", "80072789283"},
    {"se_pnr", "631015-2977"},
    {"se_pnr", "930109-9041"},
    {"uk_nhs", "926 224 3936"},
    {"uk_nhs", "999-235-2590"},
};

static void notices_any_wrong_digit_of_an_identifier(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(exact); i++)
        notices_every_wrong_digit(exact[i].name, exact[i].value);
}

static void identifiers_are_neither_cut_nor_empty(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(exact); i++) {
        struct flt_str v = flt_str_of(exact[i].value);
        assert_false(check(exact[i].name, (struct flt_str){v.p, v.n - 1}));
        assert_false(check(exact[i].name, (struct flt_str){v.p, 0}));
        assert_false(check(exact[i].name, (struct flt_str){NULL, 0}));
    }
}

static void social_security_numbers(void **state)
{
    static const char *const bad[] = {"000-45-6789", "666-45-6789", "900-45-6789", "123-00-6789",
                                      "123-45-0000", "111-11-1111", "123-45-678",  "123.45-6789"};
    (void)state;
    accepts("ssn", "123-45-6789");
    accepts("ssn", "536228145");
    accepts("ssn", "899 99 9999");
    for (size_t i = 0; i < FLT_ARRAY_LEN(bad); i++)
        rejects("ssn", bad[i]);
}

static void taxpayer_numbers_have_issued_groups(void **state)
{
    (void)state;
    for (unsigned group = 0; group < 100; group++) {
        char text[16];
        int n = snprintf(text, sizeof(text), "912-%02u-1234", group);
        bool issued =
            (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) || group >= 94;
        assert_int_equal(check("itin", (struct flt_str){text, (size_t)n}), issued);
    }
    rejects("itin", "812-70-1234");
}

static void identifiers_with_parts_that_must_hold(void **state)
{
    (void)state;
    accepts("kr_rrn", "831110-1701743");
    rejects("kr_rrn", "831110-1701744");
    rejects("kr_rrn", "831310-1701743");
    rejects("kr_rrn", "831110-9701743");
    accepts("be_rrn", "68.07.03-003.26");
    accepts("be_rrn", "07.01.16-666.07"); /* born from 2000 */
    rejects("be_rrn", "68.07.03-003.27");
    rejects("be_rrn", "68.13.03-003.26");
    accepts("in_pan", "ABCPK1234F");
    rejects("in_pan", "ABCDK1234F");
    rejects("in_pan", "ABCPK0000F");
    rejects("in_pan", "ABCPK12345");
    accepts("uk_nino", "AB 12 34 56 C");
    rejects("uk_nino", "GB123456C");
    rejects("uk_nino", "AB123456E");
    rejects("uk_nino", "DA123456A");
    rejects("uk_nino", "AO123456A");
    rejects("cn_id", "110105199913117932");
    rejects("fi_hetu", "150952*751K");
    accepts("fi_hetu", "310187-351K");
    rejects("fi_hetu", "310287-351C"); /* no such day, though the check character is right */
    rejects("se_pnr", "631315-2977");
    accepts("se_pnr", "19930109-9041");
    rejects("in_aadhaar", "1283 6791 6017");
    rejects("br_cpf", "111.111.111-11");
    rejects("es_nif", "00000000T");
    rejects("nl_bsn", "000000000");
    rejects("uk_nhs", "0000000000");
    accepts("sg_nric", "s8814538j");
    rejects("sg_nric", "X8814538J");
}

static void placeholders_are_told_from_secrets(void **state)
{
    static const char *const masked[] = {"",
                                         "xxxx",
                                         "sk-xxxxxxxxxxxxxxxx",
                                         "********",
                                         "<your key>",
                                         "${KEY}",
                                         "{{key}}",
                                         "$API_KEY",
                                         "%KEY%",
                                         "YOUR_API_KEY",
                                         "aaaaaaaa",
                                         "key...",
                                         "00000000000000000000",
                                         "[token]",
                                         "$_POST",
                                         "REDACTED1234"};
    static const char *const sample[] = {"example-key-1", "changeme",    "12345678",
                                         "abcdefghijkl",  "dummy-token", "my_token_1"};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(masked); i++) {
        rejects("not_masked", masked[i]);
        rejects("not_placeholder", masked[i]);
    }
    for (size_t i = 0; i < FLT_ARRAY_LEN(sample); i++)
        rejects("not_placeholder", sample[i]);
    accepts("not_masked", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    accepts("not_placeholder", "q7Rt2-Lp9Zx4");
    accepts("not_placeholder", "12345678-ABCD-11EE-99AA-0242AC120002");
}

static void entropy_thresholds(void **state)
{
    (void)state;
    accepts("entropy3", "abcdefgh");
    rejects("entropy3", "abcdefg");
    accepts("entropy3", "0123456789abcdef");
    rejects("entropy35", "abcdefgh");
    accepts("entropy35", "abcdefghijkl");
    rejects("entropy3", "");
    accepts("mixed", "a1");
    rejects("mixed", "abc");
    rejects("mixed", "123");
    accepts("has_digit", "abc1");
    rejects("has_digit", "abc");
}

static void passwords_are_told_from_words(void **state)
{
    (void)state;
    accepts("password", "Tr3ppe#Nord");
    accepts("password", "SommerRegen");
    rejects("password", "string");
    rejects("password", "12345");
    rejects("password", "changeme");
    accepts("password_bare", "hunter2");
    rejects("password_bare", "document.querySelector2");
    rejects("password_bare", "hash_pbkdf2");
    rejects("password_bare", "getPassword");
    rejects("password_bare", "$_POST");
    accepts("password_strong", "Gr4nat!Apfel7");
    rejects("password_strong", "hunter22");
    rejects("password_strong", "Ab1!");
    rejects("password_strong", "required");
    accepts("url_password", "s3cr3tGans");
    accepts("url_password", "nebel");
    rejects("url_password", "password");
    rejects("url_password", "PASS");
    rejects("url_password", "${DB_PASSWORD}");
    rejects("url_password", "443");
}

static void json_web_tokens_name_an_algorithm(void **state)
{
    (void)state;
    accepts("jwt", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI3NzEyIn0.c2ln");
    accepts("jwt", "eyJhbGciOiJub25lIn0.e30.");
    accepts("jwt", "eyAiYWxnIiA6ICJIUzI1NiIgfQ.e30.c2ln");           /* blanks around the key */
    rejects("jwt", "eyJuYW1lIjoiRWxsYSJ9.eyJzdWIiOiI3NzEyIn0.c2ln"); /* no "alg" */
    rejects("jwt", "eyJ2IjoiXCJhbGdcIiJ9.e30.c2ln");                 /* "alg" as a value, no colon */
    rejects("jwt", "eyJhbGciOiJIUzI1NiI.e30.c2ln");                  /* not closed */
    rejects("jwt", "eyJhbGci*.e30");
    rejects("jwt", "e");
    rejects("jwt", "");
}

/* Any bytes may be tried on any validator. */
static void every_validator_takes_any_bytes(void **state)
{
    uint32_t seed = 1;
    char text[96];
    (void)state;
    for (const struct flt_validator *v = flt_validators; v->name != NULL; v++) {
        assert_ptr_equal(flt_validator_find(flt_str_of(v->name)), v);
        assert_true(strlen(v->help) > 10);
        assert_false(v->fn((struct flt_str){NULL, 0}));
        for (unsigned round = 0; round < 2000; round++) {
            size_t n = round % sizeof(text);
            for (size_t i = 0; i < n; i++) {
                seed = seed * 1664525u + 1013904223u;
                text[i] = (round & 1) != 0 ? (char)(seed >> 24) : "0123456789-. :aF@xX"[(seed >> 16) % 19];
            }
            bool first = v->fn((struct flt_str){text, n});
            assert_int_equal(first, v->fn((struct flt_str){text, n}));
        }
    }
    assert_null(flt_validator_find(FLT_STR("nothing")));
    assert_null(flt_validator_find(FLT_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices_any_wrong_digit_of_an_identifier),
        cmocka_unit_test(identifiers_are_neither_cut_nor_empty),
        cmocka_unit_test(social_security_numbers),
        cmocka_unit_test(taxpayer_numbers_have_issued_groups),
        cmocka_unit_test(identifiers_with_parts_that_must_hold),
        cmocka_unit_test(placeholders_are_told_from_secrets),
        cmocka_unit_test(entropy_thresholds),
        cmocka_unit_test(passwords_are_told_from_words),
        cmocka_unit_test(json_web_tokens_name_an_algorithm),
        cmocka_unit_test(every_validator_takes_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
