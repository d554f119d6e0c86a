#include "common/base/digits.h"

bool tg_decimal_read(const char *text, int64_t highest, int64_t *number)
{
    *number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        int digit = *text - '0';
        if (digit > highest || *number > (highest - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return true;
}

// 1 more than what a digit is worth; 0: it is none.
static const unsigned char hex_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static unsigned hex_value(char c)
{
    return hex_values[(unsigned char)c];
}

bool tg_hex_read(const char *digits, unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned high = hex_value(digits[2 * i]);
        unsigned low = high == 0 ? 0 : hex_value(digits[2 * i + 1]);
        if (low == 0)
            return false;
        bytes[i] = (unsigned char)((high - 1) << 4 | (low - 1));
    }
    return true;
}

void tg_hex_write(const unsigned char *bytes, size_t n, char *digits)
{
    static const char values[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        digits[2 * i] = values[bytes[i] >> 4];
        digits[2 * i + 1] = values[bytes[i] & 15];
    }
    digits[2 * n] = '\0';
}

bool tg_is_base64url(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_'))
            return false;
    }
    return length % 4 != 1; // four digits are three bytes
}
