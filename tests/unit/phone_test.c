#include "common/words/phone.h"

#include <criterion/criterion.h>
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
