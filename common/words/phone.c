#include "common/words/phone.h"

#include "common/words/country.h"

#include <ctype.h>
#include <string.h>

enum {
    DIGITS_MIN = 7,
    DIGITS_MAX = TG_PHONE_SIZE - 1,
    PREFIX_MAX = 2, // "00", and what is dialled within a country
};

// What somebody has written.
struct written {
    bool plus;
    size_t count;
    char digits[PREFIX_MAX + TG_PHONE_SIZE]; // as many as there is room for
};

// What people put between the digits, and Meta overlooks. The NUL is none of it, though strchr says
// so.
static bool is_separator(char c)
{
    return c != '\0' && strchr(" -.()[]", c) != NULL;
}

static bool read_digits(const char *input, size_t length, const char *field,
                        struct written *written, struct tg_error *error)
{
    *written = (struct written){0};
    for (size_t i = 0; i < length; i++) {
        char c = input[i];
        if (isdigit((unsigned char)c)) {
            if (written->count + 1 < sizeof written->digits)
                written->digits[written->count] = c;
            written->count++;
        } else if (c == '+' && written->count == 0 && !written->plus) {
            written->plus = true;
        } else if (!is_separator(c)) {
            return tg_error_set(
                error, "invalid_phone", field,
                "%s may have digits, spaces, dashes, dots, brackets and a leading +", field);
        }
    }
    return true;
}

static bool take_complete(const char *digits, size_t count, const char *field,
                          char phone[static TG_PHONE_SIZE], struct tg_error *error)
{
    if (count < DIGITS_MIN || count > DIGITS_MAX)
        return tg_error_set(error, "invalid_phone", field, "%s must have %d to %d digits", field,
                            DIGITS_MIN, DIGITS_MAX);
    if (digits[0] == '0')
        return tg_error_set(error, "invalid_phone", field,
                            "%s must begin with a country code, not with 0", field);
    memcpy(phone, digits, count + 1);
    return true;
}

bool tg_phone_normalise(const char *input, size_t length, const char *field,
                        char phone[static TG_PHONE_SIZE], struct tg_error *error)
{
    struct written written;
    return read_digits(input, length, field, &written, error) &&
           take_complete(written.digits, written.count, field, phone, error);
}

static bool check_country_code(const char *phone, const char *field, struct tg_error *error)
{
    bool enough = false;
    size_t length = tg_country_code(phone, &enough);
    if (length == 0)
        return tg_error_set(error, "invalid_phone", field,
                            "%s must begin with a country code, and %.3s begins with none", field,
                            phone);
    if (!enough)
        return tg_error_set(error, "invalid_phone", field,
                            "%s has too few digits for country code %.*s: write all of it, with +",
                            field, (int)length, phone);
    return true;
}

bool tg_phone_read(const char *input, size_t length, const struct tg_country *home,
                   const char *field, char phone[static TG_PHONE_SIZE], struct tg_error *error)
{
    struct written written;
    if (!read_digits(input, length, field, &written, error))
        return false;
    size_t prefix = 0;
    if (home && !written.plus && written.count < sizeof written.digits) {
        if (strncmp(written.digits, "00", 2) == 0)
            prefix = 2;
        else if (tg_country_complete(home, written.digits, phone))
            return true;
    }
    return take_complete(written.digits + prefix, written.count - prefix, field, phone, error) &&
           check_country_code(phone, field, error);
}
