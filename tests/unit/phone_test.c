#include "common/words/country.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static bool normalise(const char *input, char phone[static TG_PHONE_SIZE], struct tg_error *error)
{
    *error = (struct tg_error){0};
    return tg_phone_normalise(input, strlen(input), "phone", phone, error);
}

static void expect_phone(const char *input, const char *expected)
{
    char phone[TG_PHONE_SIZE];
    struct tg_error error;
    cr_expect(normalise(input, phone, &error), "%s: %s", input, error.message);
    cr_expect_str_eq(phone, expected);
}

static void expect_refused(const char *input, const char *reason)
{
    char phone[TG_PHONE_SIZE];
    struct tg_error error;
    cr_expect_not(normalise(input, phone, &error), "\"%s\" was taken", input);
    cr_expect_str_eq(error.code, "invalid_phone");
    cr_expect_str_eq(error.field, "phone");
    cr_expect(strstr(error.message, reason), "\"%s\": %s", input, error.message);
}

Test(phone, plus_spaces_and_dashes_are_one_number)
{
    expect_phone("919876543210", "919876543210");
    expect_phone("+91 98765-43210", "919876543210");
    expect_phone("  +91-98765.43210 ", "919876543210");
    expect_phone("(+91) [98765] 43210", "919876543210");
    expect_phone("+1 (650) 555-1234", "16505551234");
}

Test(phone, seven_to_fifteen_digits_are_taken)
{
    expect_phone("1234567", "1234567");
    expect_phone("123456789012345", "123456789012345");
}

Test(phone, fewer_or_more_digits_are_refused)
{
    expect_refused("123456", "7 to 15 digits");
    expect_refused("1234567890123456", "7 to 15 digits");
    expect_refused("9999999999999999999999999999999999999999", "7 to 15 digits");
    expect_refused("", "7 to 15 digits");
    expect_refused("+ - ()", "7 to 15 digits");
}

Test(phone, a_number_begins_with_its_country_code)
{
    expect_refused("09876543210", "country code");
    expect_refused("+00919876543210", "country code");
}

Test(phone, anything_but_a_number_is_refused)
{
    expect_refused("call me", "digits");
    expect_refused("91987654321O", "digits");
    expect_refused("91+9876543210", "leading +");
    expect_refused("++919876543210", "leading +");
    expect_refused("919876543210;919876543211", "digits");
    expect_refused("919876543210\n", "digits");
    expect_refused("٩١٩٨٧٦٥٤٣٢١٠", "digits");
}

Test(phone, a_nul_byte_is_no_end)
{
    static const char input[] = "919876543210\0";
    char phone[TG_PHONE_SIZE];
    struct tg_error error;
    cr_expect_not(tg_phone_normalise(input, sizeof input - 1, "to", phone, &error));
    cr_expect_str_eq(error.field, "to");
}

Test(phone, only_the_given_length_is_read)
{
    char phone[TG_PHONE_SIZE];
    struct tg_error error;
    cr_assert(tg_phone_normalise("919876543210 and more", 12, "phone", phone, &error));
    cr_expect_str_eq(phone, "919876543210");
}

static void expect_read(const char *region, const char *input, const char *expected)
{
    char phone[TG_PHONE_SIZE] = "";
    struct tg_error error = {0};
    const struct tg_country *home = region ? tg_country_find(region) : NULL;
    bool good = tg_phone_read(input, strlen(input), home, "phone", phone, &error);
    cr_expect_eq(good, expected != NULL, "%s in %s: %s", input, region ? region : "no country",
                 good ? phone : error.message);
    if (good && expected)
        cr_expect_str_eq(phone, expected, "%s in %s: %s", input, region ? region : "no country",
                         phone);
    if (!good) {
        cr_expect_str_eq(error.code, "invalid_phone", "%s", input);
        cr_expect_str_eq(error.field, "phone", "%s", input);
    }
}

Test(phone, begins_with_a_country_code_that_there_is_and_has_enough_digits_for_it)
{
    static const struct {
        const char *input;
        const char *phone; // null: refused
    } cases[] = {
        {"+91 98765-43210", "919876543210"},
        {"919876543210", "919876543210"},
        {"98765-43210", NULL}, // Iran's 98 and eight digits
        {"987654321", NULL},
        {"+98 912 345 6789", "989123456789"},
        {"9876543210", NULL},
        {"+91 98765 4321", NULL},
        {"+91 98765 43210 1", "9198765432101"}, // more than is known of is not too few
        {"+999 1234567890", NULL},
        {"210 1234567", NULL}, // nobody's
        {"+20 10 1234 5678", "201012345678"},
        {"+1 650 555 1234", "16505551234"},
        {"6505551234", "6505551234"}, // Singapore's 65 and eight digits
        {"+1 650 555 123", NULL},
        {"+44 7911 123456", "447911123456"},
        {"+55 11 4771-2345", "551147712345"},
        {"+55 11 94771-2345", "5511947712345"},
        {"+52 1 55 1234 5678", "5215512345678"},
        {"+247 40123", "24740123"},
        {"+800 1234 5678", "80012345678"},
        {"+883 5100 0001 2345", "883510000012345"},
        {"+850 19", NULL},
        {"+ 00 91 98765 43210", NULL},
        {"0091 98765 43210", NULL},
        {"+91", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_read(NULL, cases[i].input, cases[i].phone);
}

Test(phone, without_a_plus_is_one_of_the_home_country)
{
    static const struct {
        const char *home;
        const char *input;
        const char *phone; // null: refused
    } cases[] = {
        {"IN", "98765-43210", "919876543210"},
        {"IN", "098765 43210", "919876543210"},
        {"IN", "919876543210", "919876543210"},
        {"IN", "91987 65432", "919198765432"},
        {"IN", "+98 912 345 6789", "989123456789"},
        {"IN", "0098 912 345 6789", "989123456789"},
        {"IN", "16505551234", "16505551234"},
        {"IN", "447911123456", "447911123456"},
        {"IN", "98765", NULL},
        {"IN", "+98765 43210", NULL},
        {"IN", "00 98765 43210", NULL},
        {"US", "(202) 555-0123", "12025550123"},
        {"US", "1 202 555 0123", "12025550123"},
        {"US", "919876543210", "919876543210"},
        {"DE", "0151 23456789", "4915123456789"},
        {"DE", "030 901820", "4930901820"},
        {"DE", "4915123456789", "4915123456789"},
        {"DE", "919876543210", "919876543210"},
        {"DE", "0091 98765 43210", "919876543210"},
        {"ID", "0812-3456-7890", "6281234567890"},
        {"ID", "6281234567890", "6281234567890"},
        {"RU", "8 (916) 123-45-67", "79161234567"},
        {"BR", "11 94771-2345", "5511947712345"},
        {"BR", "011 4771-2345", "551147712345"},
        {"MX", "55 1234 5678", "525512345678"},
        {"AR", "11 2345-6789", "541123456789"},
        {"IT", "06 1234 5678", "390612345678"},
        {"IT", "347 123 4567", "393471234567"},
        {"SG", "8123 4567", "6581234567"},
        {"HU", "06 30 123 4567", "36301234567"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_read(cases[i].home, cases[i].input, cases[i].phone);
}

Test(country, is_found_by_its_code)
{
    static const char *const known[] = {"IN", "AC", "ZW", "US", "KZ", "GB"};
    static const char *const unknown[] = {"", "XX", "in", "IND", "AA", "ZZ"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        cr_expect_not_null(tg_country_find(known[i]), "%s", known[i]);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        cr_expect_null(tg_country_find(unknown[i]), "%s", unknown[i]);
}

// The tables are searched by halves: whoever stands in the wrong place is not found.
Test(country, tables_are_in_order)
{
    int countries = 0;
    for (int i = 0; i < 26 * 26; i++) {
        const char name[] = {(char)('A' + i / 26), (char)('A' + i % 26), '\0'};
        countries += tg_country_find(name) != NULL;
    }
    cr_expect_eq(countries, 245);
    int codes = 0;
    for (int begin = 1; begin < 1000; begin++) {
        char digits[TG_PHONE_SIZE];
        bool enough;
        size_t length = (size_t)snprintf(digits, sizeof digits, "%d", begin);
        codes += tg_country_code(digits, &enough) == length;
    }
    cr_expect_eq(codes, 215);
}

Test(country, a_code_may_have_one_to_three_digits)
{
    bool enough = false;
    cr_expect(tg_country_code("12025550123", &enough) == 1 && enough);
    cr_expect(tg_country_code("919876543210", &enough) == 2 && enough);
    cr_expect(tg_country_code("998901234567", &enough) == 3 && enough);
    cr_expect(tg_country_code("9876543210", &enough) == 2 && !enough);
    cr_expect_eq(tg_country_code("9991234567", &enough), 0);
    cr_expect_eq(tg_country_code("", &enough), 0);
}
