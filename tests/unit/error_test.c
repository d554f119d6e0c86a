#include "common/base/error.h"

#include "common/base/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

// An answer is JSON, and that is UTF-8.
Test(error, what_is_too_long_is_cut_between_characters)
{
    char name[200];
    struct tg_error error;
    for (size_t shift = 0; shift < 3; shift++) {
        memset(name, 'x', sizeof name);
        for (size_t i = shift; i + 3 < sizeof name; i += 3)
            memcpy(name + i, "\xe2\x82\xac", 3);
        name[sizeof name - 1] = '\0';
        tg_error_set(&error, "code", name, "%s", name);
        cr_expect(tg_utf8_is_valid(error.field, strlen(error.field)));
        cr_expect(tg_utf8_is_valid(error.message, strlen(error.message)));
        cr_expect_geq(strlen(error.field), sizeof error.field - 3);
        cr_expect_geq(strlen(error.message), sizeof error.message - 3);
    }
}

Test(error, what_fits_is_whole)
{
    struct tg_error error;
    cr_assert_not(tg_error_set(&error, "code", "f\xc3\xa9", "m\xf0\x9f\x98\x80"));
    cr_assert_str_eq(error.field, "f\xc3\xa9");
    cr_assert_str_eq(error.message, "m\xf0\x9f\x98\x80");
    tg_error_set(&error, "code", NULL, "%s", "");
    cr_assert_str_empty(error.field);
    cr_assert_str_empty(error.message);
}
