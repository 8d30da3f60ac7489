/*
 * Validators of payment, network and token values. Every country and issuer of the tables has a valid number here, and
 * each of its digits is changed in every way, which a check digit must notice.
 */
#include "scan/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "validate_vectors.h"

/* One for each country of the IBAN registry; the registry's own examples where it has a checkable one. */
static const char *const ibans[] = {
    "AD1200012030200359100100",
    "AE070331234567890123456",
    "AL47212110090000000235698741",
    "AT611904300234573201",
    "AZ21NABZ00000000137010001944",
    "BA391290079401028494",
    "BE68539007547034",
    "BG80BNBG96611020345678",
    "BH67BMAG00001299123456",
    "BI4210000100010000332045181",
    "BR9700360305000010009795493P1",
    "BY13NBRB3600900000002Z00AB00",
    "CH9300762011623852957",
    "CR05015202001026284066",
    "CY17002001280000001200527600",
    "CZ6508000000192000145399",
    "DE89370400440532013000",
    "DJ5739825979190748337887623",
    "DK5000400440116243",
    "DO28BAGR00000001212453611324",
    "EE382200221020145685",
    "EG380019000500000000263180002",
    "ES9121000418450200051332",
    "FI2112345600000785",
    "FK88SC123456789012",
    "FO6264600001631634",
    "FR1420041010050500013M02606",
    "GB29NWBK60161331926819",
    "GE29NB0000000101904917",
    "GI75NWBK000000007099453",
    "GL8964710001000206",
    "GR1601101250000000012300695",
    "GT82TRAJ01020000001210029690",
    "HN88CABF00000000000250005469",
    "HR1210010051863000160",
    "HU42117730161111101800000000",
    "IE29AIBK93115212345678",
    "IL620108000000099999999",
    "IQ98NBIQ850123456789012",
    "IS140159260076545510730339",
    "IT60X0542811101000000123456",
    "JO94CBJO0010000000000131000302",
    "KW81CBKU0000000000001234560101",
    "KZ86125KZT5004100100",
    "LB62099900000001001901229114",
    "LC55HEMM000100010012001200023015",
    "LI21088100002324013AA",
    "LT121000011101001000",
    "LU280019400644750000",
    "LV80BANK0000435195001",
    "LY83002048000020100120361",
    "MC5811222000010123456789030",
    "MD24AG000225100013104168",
    "ME25505000012345678951",
    "MK07250120000058984",
    "MN121234123456789123",
    "MR1300020001010000123456753",
    "MT84MALT011000012345MTLCAST001S",
    "MU17BOMM0101101030300200000MUR",
    "NI45BAPR00000013000003558124",
    "NL91ABNA0417164300",
    "NO9386011117947",
    "OM810180000001299123456",
    "PK36SCBL0000001123456702",
    "PL61109010140000071219812874",
    "PS92PALS000000000400123456702",
    "PT50000201231234567890154",
    "QA58DOHB00001234567890ABCDEFG",
    "RO49AAAA1B31007593840000",
    "RS35260005601001611379",
    "RU0304452522540817810538091310419",
    "SA0380000000608010167519",
    "SC18SSCB11010000000000001497USD",
    "SD2129010501234001",
    "SE4550000000058398257466",
    "SI56263300012039086",
    "SK3112000000198742637541",
    "SM86U0322509800000000270100",
    "SO211000001001000100141",
    "ST68000100010051845310112",
    "SV62CENR00000000000000700025",
    "TL380080012345678910157",
    "TN5910006035183598478831",
    "TR330006100519786457841326",
    "UA213223130000026007233566001",
    "VA59001123000012345678",
    "VG96VPVG0000012345678901",
    "XK051212012345678906",
    "YE15CBYE0001018861234567891234",
};

/* One for each issuer range and length class. */
static const char *const cards[] = {
    "4945807302155",       "4736819303642629",   "4129972200332245383", "5132364056224157",    "5549909514547529",
    "2221772040560867",    "2720569070293138",   "347585847195403",     "376135895254811",     "6011454212472016",
    "6011986039547620077", "6445329261265204",   "6564279287757442",    "30076216827521",      "3051748885159042",
    "30955847445292",      "36078454748553",     "3645652755828235746", "38162998649846",      "3528032979232071",
    "3589320215273806758", "213169193350564",    "180046185089419",     "6248859452669854",    "6272296973291506152",
    "81009982596663740",   "501876629947",       "5020474605477",       "50384270197343",      "561202607884379",
    "5893037424479781",    "63049102448594809",  "639075592004871837",  "6759066997676347142", "676106947424",
    "6763278758269803",    "2200134110561678",   "2204011391247229269", "5085002193081612",    "8172004099169200",
    "6069856159775501",    "506099242984889341", "9792183448235769",    "490322051901189735",  "6363686775180866",
    "6062026311732967",
};

static void accepts_an_iban_of_every_country(void **state)
{
    (void)state;
    assert_int_equal(FLT_ARRAY_LEN(ibans), 89);
    for (size_t i = 0; i < FLT_ARRAY_LEN(ibans); i++)
        accepts("iban", ibans[i]);
}

static void notices_any_wrong_digit_of_an_iban(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(ibans); i++)
        notices_every_wrong_digit("iban", ibans[i]);
}

static void iban_needs_the_length_of_its_country(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(ibans); i++) {
        struct flt_str v = flt_str_of(ibans[i]);
        assert_false(check("iban", (struct flt_str){v.p, v.n - 1}));
    }
    rejects("iban", "ZZ89370400440532013000");
    rejects("iban", "DE");
    rejects("iban", "");
}

static void iban_may_be_grouped_and_lower_case(void **state)
{
    (void)state;
    accepts("iban", "DE89 3704 0044 0532 0130 00");
    accepts("iban", "gb29-nwbk-6016-1331-9268-19");
    rejects("iban", "DE89  3704 0044 0532 0130 00");
    rejects("iban", " DE89370400440532013000");
    rejects("iban", "DE89370400440532013000 ");
}

static void accepts_a_card_of_every_issuer(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(cards); i++)
        accepts("card", cards[i]);
}

static void notices_any_wrong_digit_of_a_card(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(cards); i++)
        notices_every_wrong_digit("card", cards[i]);
}

static void card_needs_an_issuer_and_its_length(void **state)
{
    (void)state;
    accepts("card", "4111-1111-1111-1111");
    accepts("card", "3782 822463 10005");
    rejects("card", "1234567812345670"); /* Luhn holds, nobody issues it */
    rejects("card", "9999999999999995");
    rejects("card", "41111111111111111115"); /* 20 digits */
    rejects("card", "411111111111116");      /* 15 digits */
    rejects("card", "4111 1111 1111 1111 ");
    rejects("card", "4111_1111_1111_1111");
    rejects("card", "");
}

/* A time stamp in milliseconds passes Luhn one time in ten; none may pass for a card. */
static void time_stamps_are_no_cards(void **state)
{
    (void)state;
    for (uint64_t ms = UINT64_C(1500000000000); ms < UINT64_C(2000000000000); ms += UINT64_C(49999991)) {
        char text[32];
        int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)ms);
        assert_false(check("card", (struct flt_str){text, (size_t)n}));
        n = snprintf(text, sizeof(text), "%llu000", (unsigned long long)ms);
        assert_false(check("card", (struct flt_str){text, (size_t)n}));
    }
}

static void luhn_needs_ten_digits(void **state)
{
    (void)state;
    accepts("luhn", "490154203237518");
    notices_every_wrong_digit("luhn", "490154203237518");
    rejects("luhn", "18");
    rejects("luhn", "");
}

static void bic_needs_a_country(void **state)
{
    (void)state;
    accepts("bic", "DEUTDEFF");
    accepts("bic", "NEDSZAJJXXX");
    rejects("bic", "DEUTQQFF");
    rejects("bic", "DEUTDEF");
    rejects("bic", "D3UTDEFF");
    rejects("bic", "DEUTDEFFXX");
}

static void routing_numbers_have_a_prefix_and_a_sum(void **state)
{
    (void)state;
    accepts("aba", "021000021");
    accepts("aba", "0114-0153-3");
    notices_every_wrong_digit("aba", "121042882");
    rejects("aba", "000000000");
    rejects("aba", "500000005");
}

static void mail_addresses_have_a_domain(void **state)
{
    (void)state;
    accepts("email_domain", "ella@example.org");
    accepts("email_domain", "a.b+c@mail.example.co.uk");
    accepts("email_domain", "x@xn--bcher-kva.example");
    accepts("email_domain", "x@example.xn--p1ai");
    rejects("email_domain", "git@github.com");
    accepts("email_domain", "git@example.com");
    rejects("email_domain", "logo@2x.png");
    rejects("email_domain", "left-pad@1.3.0");
    rejects("email_domain", "ella@localhost");
    rejects("email_domain", "ella@-example.org");
    rejects("email_domain", "ella@example-.org");
    rejects("email_domain", "ella@example..org");
    rejects("email_domain", ".ella@example.org");
    rejects("email_domain", "el..la@example.org");
    rejects("email_domain", "@example.org");
    rejects("email_domain", "ella");
    rejects("email_domain", "");
}

static void ipv4_is_four_octets(void **state)
{
    (void)state;
    accepts("ipv4", "0.0.0.0");
    accepts("ipv4", "255.255.255.255");
    rejects("ipv4", "256.1.1.1");
    rejects("ipv4", "01.1.1.1");
    rejects("ipv4", "1.1.1");
    rejects("ipv4", "1.1.1.1.");
    rejects("ipv4", "1.1.1.1.1");
    rejects("ipv4", "1..1.1");
    rejects("ipv4", "");
}

static void private_and_local_ipv4_are_not_public(void **state)
{
    static const char *const local[] = {"10.0.0.1", "172.16.0.1",  "172.31.255.1", "192.168.1.1", "127.0.0.1",
                                        "0.1.2.3",  "169.254.9.9", "100.64.0.1",   "224.0.0.1",   "255.255.255.255"};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(local); i++)
        rejects("ipv4_public", local[i]);
    accepts("ipv4_public", "172.15.0.1");
    accepts("ipv4_public", "172.32.0.1");
    accepts("ipv4_public", "100.128.0.1");
    accepts("ipv4_public", "203.0.113.9");
    accepts("ipv4_public", "8.8.8.8");
}

static void ipv6_is_global_unicast(void **state)
{
    static const char *const bad[] = {"",
                                      "::",
                                      "::1",
                                      "fe80::1",
                                      "fd12::1",
                                      "a::b",
                                      "2001:db8::1::2",
                                      "2001:db8",
                                      "2001:db8:::1",
                                      "20010:db8::1",
                                      "2001:db8::1:",
                                      ":2001:db8::1",
                                      "2001:db8:1:2:3:4:5:6:7",
                                      "2001:db8::1.2.3",
                                      "1:2:3:4:5:6:7:8::",
                                      "2001:db8::256.1.1.1"};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(bad); i++)
        rejects("ipv6", bad[i]);
    accepts("ipv6", "2001:db8::1");
    accepts("ipv6", "2001:db8:85a3:0:0:8a2e:370:7334");
    accepts("ipv6", "2001:DB8::8a2e:192.0.2.1");
    accepts("ipv6", "::ffff:192.0.2.1");
    accepts("ipv6", "64:ff9b::192.0.2.1");
    accepts("ipv6", "2600::");
}

static void mac_has_one_separator(void **state)
{
    (void)state;
    accepts("mac", "00:1b:44:11:3a:b7");
    accepts("mac", "01-B3-4A-67-D9-CF");
    rejects("mac", "00:1b-44:11:3a:b7");
    rejects("mac", "00:1g:44:11:3a:b7");
    rejects("mac", "00:00:00:00:00:00");
    rejects("mac", "FF:ff:FF:FF:FF:FF");
    rejects("mac", "00:1b:44:11:3a");
    rejects("mac", "");
}

static void north_american_numbers(void **state)
{
    (void)state;
    accepts("phone_nanp", "(415) 555-0132");
    accepts("phone_nanp", "+1 415 555 0132");
    accepts("phone_nanp", "001-415-555-0132x12");
    rejects("phone_nanp", "115-555-0132");
    rejects("phone_nanp", "415-155-0132");
    rejects("phone_nanp", "911-555-0132");
    rejects("phone_nanp", "415-555-013");
    rejects("phone_nanp", "222-222-2222");
    rejects("phone_nanp", "");
}

static void international_numbers_need_a_country_code(void **state)
{
    static const char *const good[] = {"+49 171 5550132",   "+44 (0)20 7946 0958", "+33142685300",
                                       "0041 44 668 18 00", "+81-3-5550-0132",     "+7 495 123-45-67",
                                       "+1 415 555 0132",   "+353 1 555 0132",     "+972 3 555 0132",
                                       "+234 801 555 0132", "+595 21 555 0132",    "+679 555 0132"};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(good); i++)
        accepts("phone_intl", good[i]);
    rejects("phone_intl", "+999 123 456 789");
    rejects("phone_intl", "+214 123 456 789");
    rejects("phone_intl", "+49 171 55");
    rejects("phone_intl", "+4900000000000");
    rejects("phone_intl", "+49 171 5550132 12345");
    rejects("phone_intl", "");
    accepts("phone_plain", "0171/5550132");
    rejects("phone_plain", "555013");
    rejects("phone_plain", "0000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_an_iban_of_every_country),
        cmocka_unit_test(notices_any_wrong_digit_of_an_iban),
        cmocka_unit_test(iban_needs_the_length_of_its_country),
        cmocka_unit_test(iban_may_be_grouped_and_lower_case),
        cmocka_unit_test(accepts_a_card_of_every_issuer),
        cmocka_unit_test(notices_any_wrong_digit_of_a_card),
        cmocka_unit_test(card_needs_an_issuer_and_its_length),
        cmocka_unit_test(time_stamps_are_no_cards),
        cmocka_unit_test(luhn_needs_ten_digits),
        cmocka_unit_test(bic_needs_a_country),
        cmocka_unit_test(routing_numbers_have_a_prefix_and_a_sum),
        cmocka_unit_test(mail_addresses_have_a_domain),
        cmocka_unit_test(ipv4_is_four_octets),
        cmocka_unit_test(private_and_local_ipv4_are_not_public),
        cmocka_unit_test(ipv6_is_global_unicast),
        cmocka_unit_test(mac_has_one_separator),
        cmocka_unit_test(north_american_numbers),
        cmocka_unit_test(international_numbers_need_a_country_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
