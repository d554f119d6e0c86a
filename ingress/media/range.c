#include "ingress/media/range.h"

#include "common/base/digits.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_MAX = 20 };

// false: it is no number.
static bool read_number(const char *text, size_t length, int64_t *number)
{
    char digits[NUMBER_MAX];
    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    return tg_decimal_read(digits, INT64_MAX, number);
}

enum range range_read(const char *header, size_t size, size_t *from, size_t *length)
{
    static const char unit[] = "bytes=";
    int64_t first = 0;
    int64_t last = INT64_MAX;
    if (!header || strncasecmp(header, unit, strlen(unit)) != 0)
        return RANGE_ALL;
    const char *text = header + strlen(unit);
    const char *dash = strchr(text, '-');
    if (!dash || (dash[1] && !read_number(dash + 1, strlen(dash + 1), &last)))
        return RANGE_ALL;
    if (dash == text) { // the last so many
        if (!dash[1])
            return RANGE_ALL;
        *length = (uint64_t)last < size ? (size_t)last : size;
        *from = size - *length;
        return *length > 0 ? RANGE_PART : RANGE_BEYOND;
    }
    if (!read_number(text, (size_t)(dash - text), &first) || last < first)
        return RANGE_ALL;
    if ((uint64_t)first >= size)
        return RANGE_BEYOND;
    *from = (size_t)first;
    *length = (uint64_t)last < size ? (size_t)(last - first) + 1 : size - *from;
    return RANGE_PART;
}
