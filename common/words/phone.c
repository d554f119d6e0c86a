#include "common/words/phone.h"

#include <ctype.h>
#include <string.h>

enum { DIGITS_MIN = 7, DIGITS_MAX = TG_PHONE_SIZE - 1 };

// What people put between the digits, and Meta overlooks. The NUL is none of it, though strchr says
// so.
static bool is_separator(char c)
{
    return c != '\0' && strchr(" -.()[]", c) != NULL;
}

bool tg_phone_normalise(const char *input, size_t length, const char *field,
                        char phone[static TG_PHONE_SIZE], struct tg_error *error)
{
    size_t digits = 0;
    bool plus = false;
    for (size_t i = 0; i < length; i++) {
        char c = input[i];
        if (isdigit((unsigned char)c)) {
            if (digits < DIGITS_MAX)
                phone[digits] = c;
            digits++;
        } else if (c == '+' && digits == 0 && !plus) {
            plus = true;
        } else if (!is_separator(c)) {
            return tg_error_set(
                error, "invalid_phone", field,
                "%s may have digits, spaces, dashes, dots, brackets and a leading +", field);
        }
    }
    if (digits < DIGITS_MIN || digits > DIGITS_MAX)
        return tg_error_set(error, "invalid_phone", field, "%s must have %d to %d digits", field,
                            DIGITS_MIN, DIGITS_MAX);
    if (phone[0] == '0')
        return tg_error_set(error, "invalid_phone", field,
                            "%s must begin with a country code, not with 0", field);
    phone[digits] = '\0';
    return true;
}
