/*
 * Validators of identifiers of persons, firms, vehicles and wallets in the Americas, Europe, Asia, Africa and the
 * Pacific. Values come from what issuing bodies publish as samples, or were computed from the published formula by a
 * second program in another language (Python); check_digits_by_hand() shows some of the sums in full.
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

/* Schemes whose check notices every single wrong digit. */
static const struct vector exact[] = {
    {"us_npi", "1234567893"},
    {"us_npi", "1212166494"},
    {"us_npi", "1239258274"},
    {"br_cnpj", "12.ABC.345/01DE-35"},
    {"br_cnpj", "11.222.333/0001-81"},
    {"br_cnpj", "75698919000108"},
    {"mx_rfc", "GODE561231GR8"},
    {"mx_rfc", "LOPM910203600"},
    {"mx_rfc", "GAMR850912927"},
    {"mx_clabe", "032180000118359719"},
    {"mx_clabe", "072060528801247185"},
    {"mx_clabe", "072261618735036016"},
    {"ar_cuit", "20-05536168-2"},
    {"ar_cuit", "27-46213479-2"},
    {"ar_cuit", "27-58976125-7"},
    {"cl_rut", "12.531.909-2"},
    {"cl_rut", "30.686.957-4"},
    {"cl_rut", "18162138-9"},
    {"au_abn", "83 914 571 673"},
    {"au_abn", "53068062996"},
    {"au_abn", "58871027138"},
    {"in_gstin", "27AAPFU0939F1ZV"},
    {"in_gstin", "29ABCPK1102F1ZA"},
    {"in_gstin", "29ABCPK9906F1ZI"},
    {"sg_uen", "00192200M"},
    {"sg_uen", "197401143C"},
    {"sg_uen", "T01FC6132D"},
    {"ph_tin", "208-471-935"},
    {"ph_tin", "417220194"},
    {"ph_tin", "318-502-744"},
    {"kr_brn", "116-82-00276"},
    {"kr_brn", "208-30-09994"},
    {"kr_brn", "206-16-47360"},
    {"hk_id", "A123456(3)"},
    {"hk_id", "G123456(A)"},
    {"hk_id", "C668668(9)"},
    {"za_id", "7503305044089"},
    {"za_id", "7612175497085"},
    {"za_id", "8407131889080"},
    {"il_id", "123456782"},
    {"il_id", "3933742-3"},
    {"il_id", "362561300"},
    {"de_rvnr", "65170839J003"},
    {"de_rvnr", "12170291M045"},
    {"de_rvnr", "12151164M036"},
    {"de_vat", "136695976"},
    {"de_vat", "211350049"},
    {"de_vat", "291911652"},
    {"de_document", "T220001293"},
    {"de_document", "L01X00T471"},
    {"de_document", "C01X00T478"},
    {"fr_siren", "404833048"},
    {"fr_siren", "732 829 320"},
    {"fr_siren", "568827265"},
    {"es_cif", "A13585625"},
    {"es_cif", "J99216582"},
    {"es_cif", "B21924410"},
    {"it_iva", "00743110157"},
    {"it_iva", "98574940114"},
    {"it_iva", "53238340102"},
    {"pt_nif", "501 964 843"},
    {"pt_nif", "238619877"},
    {"pt_nif", "249013266"},
    {"pt_cc", "00000000 0 ZZ4"},
    {"pt_cc", "67086807 0 ZX2"},
    {"pt_cc", "37520607 5 ZX8"},
    {"dk_cpr_check", "211062-5629"},
    {"dk_cpr_check", "190676-8778"},
    {"dk_cpr_check", "260556-6696"},
    {"fi_ytunnus", "2077474-0"},
    {"fi_ytunnus", "8751595-4"},
    {"fi_ytunnus", "3865609-9"},
    {"no_orgnr", "988 077 917"},
    {"no_orgnr", "929208323"},
    {"no_orgnr", "947187694"},
    {"se_orgnr", "556016-0680"},
    {"se_orgnr", "559095-3443"},
    {"se_orgnr", "559085-2579"},
    {"at_svnr", "1237 010180"},
    {"at_svnr", "4749 161074"},
    {"at_svnr", "4228 100268"},
    {"ie_pps", "6433435F"},
    {"ie_pps", "6433435FT"},
    {"ie_pps", "6433435OA"},
    {"pl_nip", "856-734-62-15"},
    {"pl_nip", "5967814687"},
    {"pl_nip", "5590105960"},
    {"pl_regon", "192598184"},
    {"pl_regon", "12345678512347"},
    {"pl_regon", "164721092"},
    {"ro_cnp", "1630615123457"},
    {"ro_cnp", "2750813129112"},
    {"ro_cnp", "2670318122916"},
    {"hu_taj", "123 456 788"},
    {"hu_taj", "152428822"},
    {"hu_taj", "655723262"},
    {"hu_tax", "8071592153"},
    {"hu_tax", "8515481332"},
    {"hu_tax", "8523136630"},
    {"gr_amka", "01013099997"},
    {"gr_amka", "11096712093"},
    {"gr_amka", "21025981388"},
    {"hr_oib", "33392005961"},
    {"hr_oib", "63107776601"},
    {"hr_oib", "65826722317"},
    {"tr_tckn", "17291716060"},
    {"tr_tckn", "26085354104"},
    {"tr_tckn", "24326996618"},
    {"jmbg", "0101006500006"},
    {"jmbg", "1904978718213"},
    {"jmbg", "2303978716172"},
    {"vin_check", "1M8GDM9AXKP042788"},
    {"vin_check", "WVWZZZ1J4XW676791"},
    {"vin_check", "WVWZZZ1J8XW339251"},
    {"imei", "49-015420-323751-8"},
    {"imei", "356934856854112"},
    {"imei", "356648026857504"},
    {"base58check", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"},
    {"base58check", "3P14159f73E4gFr7JterCCQh9QjiTjiZrG"},
    {"base58check", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"},
    {"bech32", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"},
    {"bech32", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"},
    {"bech32", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"},
    {"eth_address", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
    {"eth_address", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"},
    {"eth_address", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"},
    {"eth_address", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"},
    {"no_fnr", "15108695088"},
    {"no_fnr", "14126763841"},
    {"no_fnr", "13077178605"},
    {"ae_id", "784-1988-2464867-3"},
    {"ae_id", "784-1988-2346928-7"},
    {"ae_id", "784-1988-6888662-7"},
    {"de_kvnr", "S967237328"},
    {"de_kvnr", "S828242709"},
    {"de_kvnr", "W110138647"},
    {"de_taxid_check", "41086528944"},
    {"de_taxid_check", "43363383661"},
    {"de_taxid_check", "44085455527"},
};

/* Schemes that let some wrong digits pass, and for each value one that differs in one place and must not. */
static const struct {
    const char *name, *value, *wrong;
} loose[] = {
    {"us_dea", "AB1234563", "AB1234560"},
    {"us_dea", "BM6622749", "BM6622740"},
    {"us_dea", "BM2302189", "BM2302180"},
    {"us_mbi", "1EG4-TE5-MK72", "1EG4-TE5-MB72"},
    {"us_mbi", "7KD2-W48-RR05", "7KD2-W48-RB05"},
    {"us_mbi", "3QA9HX0PF61", "3QA9HX0PB61"},
    {"mx_curp", "HEGG560427MVZRRL04", "HEGG560427MVZRRL00"},
    {"mx_curp", "GAMR850912HJCRLS04", "GAMR850912HJCRLS00"},
    {"mx_curp", "GAMR850912HJCRLS04", "GAMR850912HJCRLS00"},
    {"co_nit", "213.123.432-1", "213.123.432-0"},
    {"co_nit", "944034441-6", "944034441-0"},
    {"co_nit", "902704778-5", "902704778-0"},
    {"au_acn", "004 085 616", "004 085 610"},
    {"au_acn", "049864020", "049864021"},
    {"au_acn", "067320736", "067320730"},
    {"nz_ird", "49-091-850", "49-091-851"},
    {"nz_ird", "35-901-981", "35-901-980"},
    {"nz_ird", "136-410-132", "136-410-130"},
    {"jp_corporate", "5-8356-7825-6246", "5-8356-7825-6240"},
    {"jp_corporate", "7000012050002", "7000012050000"},
    {"jp_corporate", "3180837510223", "3180837510220"},
    {"tw_id", "A123456789", "A123456780"},
    {"tw_id", "B213568300", "B213568301"},
    {"tw_id", "F277924128", "F277924120"},
    {"fr_siret", "732 829 320 00074", "732 829 320 00070"},
    {"fr_siret", "35600000049837", "35600000049830"},
    {"fr_siret", "86191104811017", "86191104811010"},
    {"uk_utr", "1955839661", "1955839662"},
    {"uk_utr", "4611967031", "4611967030"},
    {"uk_utr", "1422727847", "1422727840"},
    {"cz_rc", "710319/2745", "710319/2740"},
    {"cz_rc", "510319/274", "510339/274"},
    {"cz_rc", "855610/0850", "855610/0851"},
    {"bg_egn", "752316 926 3", "752316 926 0"},
    {"bg_egn", "8032056031", "8032056030"},
    {"bg_egn", "7103115530", "7103115531"},
    {"gr_afm", "094259216", "094259210"},
    {"gr_afm", "023456780", "023456781"},
    {"gr_afm", "027512240", "027512241"},
    {"ee_lt_ik", "36805280109", "36805280100"},
    {"ee_lt_ik", "33309240064", "33309240060"},
    {"ee_lt_ik", "48807117452", "48807117450"},
    {"lv_pk", "161175-19997", "161175-19990"},
    {"lv_pk", "281155-14699", "281155-14690"},
    {"lv_pk", "260475-16270", "260475-16271"},
    {"mrz", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
     "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\\nL898902C36UTO7408122F1204150ZE184226B<<<<<10"},
    {"mrz", "I<UTOD231458907<<<<<<<<<<<<<<<\\n7408122F1204159UTO<<<<<<<<<<<6\\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
     "I<UTOD231458907<<<<<<<<<<<<<<<\\n7408122F1204159UTO<<<<<<<<<<<6\\aERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
    {"mrz", "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\\nD231458907UTO7408122F1204159<<<<<<<6",
     "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\\nD231458907UTO7408122F1204150<<<<<<<6"},
    {"uk_licence", "MORGA753116SM9IJ", "MORGA753416SM9IJ"},
    {"uk_licence", "FARME801205AB9CD", "FARME801005AB9CD"},
    {"uk_licence", "LEE99612187JK9XY", "LEE99612387JK9XY"},
    {"au_medicare", "3400681021", "3400681020"},
    {"au_medicare", "3680263991", "3680263990"},
    {"au_medicare", "3786507531", "3786507530"},
    {"jp_mynumber", "247663437920", "247663437921"},
    {"jp_mynumber", "581307462012", "581307462010"},
    {"jp_mynumber", "904173528686", "904173528680"},
    {"th_id", "3106680201628", "3106680201620"},
    {"th_id", "3108952174074", "3108952174070"},
    {"th_id", "3101495092759", "3101495092750"},
    {"de_lanr", "254819461", "254819061"},
    {"de_lanr", "299331799", "299331099"},
    {"de_lanr", "770079000", "770079100"},
};

static void notices_any_wrong_digit(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(exact); i++)
        notices_every_wrong_digit(exact[i].name, exact[i].value);
}

static void notices_this_wrong_digit(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(loose); i++) {
        accepts(loose[i].name, loose[i].value);
        rejects(loose[i].name, loose[i].wrong);
    }
}

/* Cut, empty, too long, with a letter in front, with a sign that no layout has. */
static void broken(const char *name, const char *value)
{
    char text[128];
    struct flt_str v = flt_str_of(value);
    assert_false(check(name, (struct flt_str){v.p, v.n / 2}));
    assert_false(check(name, (struct flt_str){v.p, 0}));
    assert_false(check(name, (struct flt_str){NULL, 0}));
    int n = snprintf(text, sizeof(text), "%s%s", value, value);
    assert_false(check(name, (struct flt_str){text, (size_t)n}));
    n = snprintf(text, sizeof(text), "%s*", value);
    assert_false(check(name, (struct flt_str){text, (size_t)n}));
    n = snprintf(text, sizeof(text), "_%s", value);
    assert_false(check(name, (struct flt_str){text, (size_t)n}));
}

static void forms_are_demanded(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(exact); i++)
        broken(exact[i].name, exact[i].value);
    for (size_t i = 0; i < FLT_ARRAY_LEN(loose); i++)
        broken(loose[i].name, loose[i].value);
}

/*
 * The sums in full, for schemes of each kind:
 * us_npi   doubled from the right, 9+8+5+6+1+4+6+2+2 = 43, and 24 for the prefix 80840: 67, check 3
 * hu_taj   3*1 + 7*2 + 3*3 + 7*4 + 3*5 + 7*6 + 3*7 + 7*8 = 188, check 8
 * de_lanr  4*1 + 9*2 + 4*3 + 9*4 + 4*5 + 9*6 = 144, check 10 - 4 = 6
 * us_dea   1+3+5 + 2 * (2+4+6) = 33, check 3
 * pt_nif   9*5 + 8*0 + 7*1 + 6*9 + 5*6 + 4*4 + 3*8 + 2*4 = 184, 184 mod 11 = 8, check 11 - 8 = 3
 * cz_rc    7103192745 = 11 * 645744795
 * tr_tckn  odd places 5, even places 29: 7*5 - 29 = 6, check 6; 5 + 29 + 6 = 40, check 0
 */
static void check_digits_by_hand(void **state)
{
    (void)state;
    accepts("us_npi", "1234567893");
    accepts("hu_taj", "123456788");
    accepts("de_lanr", "123456601");
    accepts("us_dea", "AB1234563");
    accepts("pt_nif", "501964843");
    accepts("cz_rc", "710319/2745");
    accepts("tr_tckn", "17291716060");
    accepts("ph_tin", "208-471-935-00001"); /* 2*9+0*8+8*7+4*6+7*5+1*4+9*3+3*2 = 170 = 15*11+5 */
}

static void parts_that_must_hold(void **state)
{
    static const struct vector bad[] = {
        {"us_ein", "00-1234567"},
        {"us_ein", "49-1234567"},
        {"us_ein", "12-1111111"},
        {"us_ein", "12-345678"},
        {"us_npi", "3234567893"},
        {"us_mbi", "1SG4-TE5-MK72"},
        {"us_mbi", "0EG4-TE5-MK72"},
        {"us_mbi", "1EG4-TE5-MKA2"},
        {"us_dea", "1B1234563"},
        {"us_dea", "AB0000000"},
        {"br_cnpj", "00000000000000"},
        {"mx_curp", "HEGG561427MVZRRL04"},
        {"mx_curp", "HEGG560427ZVZRRL04"},
        {"mx_rfc", "GODE561331GR8"},
        {"ar_cuit", "21-05536168-2"},
        {"cl_rut", "11.111.111-1"},
        {"au_abn", "01 824 753 556"},
        {"au_acn", "000000000"},
        {"au_medicare", "7123456701"},
        {"nz_ird", "9125568"},
        {"nz_ird", "999-999-999"},
        {"in_gstin", "39AAPFU0939F1ZV"},
        {"in_gstin", "27AAPFU0939F1YV"},
        {"sg_uen", "X01FC6132D"},
        {"ph_tin", "600-000-000"}, /* the remainder is ten */
        {"ph_tin", "208-471-935-00"},
        {"kr_rrn_date", "831310-1701743"},
        {"kr_rrn_date", "831110-9701743"},
        {"hk_id", "A12345(3)"},
        {"tw_id", "A323456789"},
        {"th_id", "0101700230705"},
        {"th_id", "9101700230708"},
        {"my_nric", "851312-14-5567"},
        {"my_nric", "851212-00-5567"},
        {"id_nik", "3201011313850001"},
        {"id_nik", "9901011012850001"},
        {"za_id", "7513305044089"},
        {"za_id", "7503305044989"},
        {"eg_id", "18501011200011"},
        {"eg_id", "28513011200011"},
        {"ae_id", "783-1988-1234567-1"},
        {"de_document", "A01X00T471"},
        {"de_document", "T2200012933"},
        {"de_rvnr", "65171339J003"},
        {"de_rvnr", "651708391003"},
        {"de_kvnr", "1123456780"},
        {"es_cif", "I13585625"},
        {"es_cif", "N13585625"},
        {"it_iva", "00743115007"},
        {"pt_nif", "401964843"},
        {"dk_cpr", "321062-5629"},
        {"dk_cpr", "211362-5629"},
        {"fi_ytunnus", "0000000-0"},
        {"no_fnr", "15138695088"},
        {"no_orgnr", "088077917"},
        {"se_orgnr", "551016-0680"},
        {"at_svnr", "1237 011680"},
        {"at_svnr", "0237 010180"},
        {"ie_pps", "6433435FZ"},
        {"uk_licence", "MORGA793116SM9IJ"},
        {"uk_licence", "9ORGA753116SM9IJ"},
        {"uk_licence", "MO9GA753116SM9IJ"},
        {"uk_licence", "MORGA753416SM9IJ"},
        {"cz_rc", "711319/2745"},
        {"cz_rc", "710319/274"},
        {"ro_cnp", "1631315123457"},
        {"ro_cnp", "1630615993457"},
        {"bg_egn", "756316 926 3"},
        {"hu_tax", "7071592153"},
        {"gr_amka", "01133099997"},
        {"ee_lt_ik", "36815280109"},
        {"ee_lt_ik", "96805280109"},
        {"lv_pk", "161375-19997"},
        {"tr_tckn", "02345678901"},
        {"jmbg", "0113006500006"},
        {"vin", "1M8GDM9AXKP04278I"},
        {"vin", "11111111111111111"},
        {"vin", "ABCDEFGHJKLMNPRST"},
        {"imei", "000000000000000"},
        {"mrz", "P<UTO"},
        {"base58_shape", "abcdefghijkmnopqrstuvwxyzabcdefghijkm"},
        {"de_taxid_check", "11111111111"},
        {"de_taxid_check", "02345678903"},
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(bad); i++)
        rejects(bad[i].name, bad[i].value);
}

/* No check digit: date, place or prefix are all there is. */
static void numbers_without_a_check_digit(void **state)
{
    static const struct vector good[] = {
        {"us_ein", "12-3456789"},
        {"us_ein", "83-0451926"},
        {"us_ein", "47 1038827"},
        {"kr_rrn_date", "831110-1701740"},
        {"kr_rrn_date", "0505093637892"},
        {"kr_rrn_date", "911124-5678901"},
        {"my_nric", "851212-14-5567"},
        {"my_nric", "900101015567"},
        {"my_nric", "770815-98-1234"},
        {"id_nik", "3201011012850001"},
        {"id_nik", "3174015508900002"},
        {"id_nik", "510101.010180.1234"},
        {"eg_id", "28501011200011"},
        {"eg_id", "30112310100012"},
        {"eg_id", "29906308800015"},
        {"dk_cpr", "211062-5629"},
        {"dk_cpr", "010180 1234"},
        {"dk_cpr", "3112994321"},
        {"vin", "WVWZZZ1JZXW000001"},
        {"vin", "ZFA22300005556777"},
        {"vin", "1M8GDM9AXKP042788"},
        {"lv_pk", "320101-23456"},
        {"cz_rc", "510319/274"},
        {"cz_rc", "535315 001"},
        {"base58_shape", "7hQ2vRkXm4TzWp9LcNdYsB3uJfE6gAaZtK8rMxVw1PqD"},
        {"base58_shape", "9xKpVb4nQwZ3tRyLm7HsDc2FgJ5aEuTv8WkXrN6MqPzB"},
        {"base58_shape", "2Gk8mTqYxW5vNcRb7ZpLdJh4FsAeU3wQ"},
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(good); i++)
        accepts(good[i].name, good[i].value);
}

static void wallets_have_their_checksum(void **state)
{
    (void)state;
    accepts("eth_address", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"); /* one case: no checksum */
    rejects("eth_address", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD");
    rejects("eth_address", "0x0000000000000000000000000000000000000000");
    rejects("eth_address", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe");
    rejects("eth_address", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg");
    rejects("base58check", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb");
    rejects("base58check", "11A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"); /* one nought too many */
    rejects("base58check", "1A1zP1eP5QGefi2DMPTfTL5SLmv7Div0Na");  /* 0 is not in the alphabet */
    rejects("bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5");
    rejects("bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kV8f3t4");                     /* mixed case */
    rejects("bech32", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd"); /* version 1 without bech32m */
}

static void travel_documents(void **state)
{
    (void)state;
    accepts("mrz", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"); /* the second line alone */
    rejects("mrz", "L898902C46UTO7408122F1204159ZE184226B<<<<<10"); /* number */
    rejects("mrz", "L898902C36UTO7408222F1204159ZE184226B<<<<<10"); /* birth */
    rejects("mrz", "L898902C36UTO7408122F1205159ZE184226B<<<<<10"); /* expiry */
}

static void addresses_and_telephones(void **state)
{
    (void)state;
    accepts("ipv4_any", "10.1.2.3");
    accepts("ipv4_any", "239.1.2.3");
    accepts("ipv4_any", "169.254.7.1");
    rejects("ipv4_any", "127.0.0.1");
    rejects("ipv4_any", "255.255.255.0");
    rejects("ipv4_any", "0.1.2.3");
    accepts("ipv6_any", "fd12:3456::9");
    accepts("ipv6_any", "fe80::1c2b:77ff:fe10:1");
    accepts("ipv6_any", "d80:e4b5:79da:6cf6:71f3:51f7:9161:c319");
    rejects("ipv6_any", "a::b");
    rejects("ipv6_any", "1:2:3:4:5:6:7:8");
    rejects("ipv6_any", "::");
    accepts("mac_dotted", "001b.4411.3ab7");
    accepts("mac_dotted", "A45E.60C2.119F");
    accepts("mac_dotted", "0021.9bac.77d0");
    rejects("mac_dotted", "0000.0000.0000");
    rejects("mac_dotted", "ffff.ffff.ffff");
    rejects("mac_dotted", "001b-4411-3ab7");
    rejects("mac_dotted", "001b.4411.3abg");
    accepts("phone_loose", "33 93 31");
    accepts("phone_loose", "(88) 555-013");
    accepts("phone_loose", "0171 5550132");
    rejects("phone_loose", "2024-05-01");
    rejects("phone_loose", "01/05/2024");
    rejects("phone_loose", "1990-1995");
    rejects("phone_loose", "3.1415926");
    rejects("phone_loose", "10.12.14.99");
    rejects("phone_loose", "555 5555");
    rejects("phone_loose", "12345");
    rejects("phone_nanp", "252-227-7013"); /* a clause of the DFARS */
    accepts("email_domain", "info@b\xc3\xbc"
                            "cher.example");
    accepts("email_domain", "a@\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0.\xd1\x80\xd1\x84");
    accepts("email_idn", "j\xc3\xbcrgen@example.de");
    accepts("email_idn", "info@b\xc3\xbc"
                         "cher.example");
    accepts("email_idn", "\xd0\xb8@example.org");
    rejects("email_idn", "jo@example.de");
    rejects("email_idn", "j\xc3\xbcrgen@2x.png");
    accepts("es_nif", "1111111-G"); /* seven digits: an old number */
    rejects("ssn", "078-05-1120");
    rejects("ssn", "536-22.8145");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices_any_wrong_digit),     cmocka_unit_test(notices_this_wrong_digit),
        cmocka_unit_test(forms_are_demanded),          cmocka_unit_test(check_digits_by_hand),
        cmocka_unit_test(parts_that_must_hold),        cmocka_unit_test(numbers_without_a_check_digit),
        cmocka_unit_test(wallets_have_their_checksum), cmocka_unit_test(travel_documents),
        cmocka_unit_test(addresses_and_telephones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
