#include "common/base/digits.h"

#include <criterion/criterion.h>

Test(decimal, is_digits_only_and_no_higher_than_its_bound)
{
    static const struct {
        const char *text;
        int64_t highest;
        int64_t number; // -1: refused
    } cases[] = {
        {"0", 9, 0},
        {"7", 7, 7},
        {"8", 7, -1},
        {"70", 7, -1},
        {"007", 7, 7},
        {"200", 200, 200},
        {"201", 200, -1},
        {"9223372036854775807", INT64_MAX, INT64_MAX},
        {"9223372036854775808", INT64_MAX, -1},
        {"9999999999999999999", INT64_MAX, -1},
        {"99999999999999999999", INT64_MAX, -1},
        {"", 9, -1},
        {"-1", 9, -1},
        {"+1", 9, -1},
        {" 1", 9, -1},
        {"1 ", 9, -1},
        {"1x", 9, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t number;
        bool good = tg_decimal_read(cases[i].text, cases[i].highest, &number);
        cr_assert_eq(good, cases[i].number >= 0, "%s", cases[i].text);
        cr_assert(!good || number == cases[i].number, "%s", cases[i].text);
    }
}

Test(hex, is_two_digits_of_either_case_for_each_byte)
{
    static const struct {
        const char *digits;
        bool good;
    } cases[] = {{"0aF9", true}, {"0aF", false}, {"0g00", false}, {"00 0", false}, {"", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char bytes[2] = {0};
        cr_assert_eq(tg_hex_read(cases[i].digits, bytes, 2), cases[i].good, "%s", cases[i].digits);
        cr_assert(!cases[i].good || (bytes[0] == 0x0a && bytes[1] == 0xf9));
    }
}

Test(hex, is_written_in_small_letters)
{
    char digits[] = "------";
    tg_hex_write((const unsigned char[]){0x0a, 0xf9}, 2, digits);
    cr_assert_str_eq(digits, "0af9");
    cr_assert_eq(digits[5], '-');
}
