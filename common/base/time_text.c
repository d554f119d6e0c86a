#include "common/base/time_text.h"

#include <ctype.h>
#include <time.h>

// Does it begin so, with any digit where a 0 is? strptime alone would take blanks, and fewer
// digits.
static bool has_shape(const char *text, const char *shape)
{
    for (size_t i = 0; shape[i]; i++) {
        if (shape[i] == '0' ? !isdigit((unsigned char)text[i])
                            : toupper((unsigned char)text[i]) != shape[i])
            return false;
    }
    return true;
}

// The digits after the point, as milliseconds. false: there are none.
static bool parse_fraction(const char **text, int64_t *milliseconds)
{
    const char *digit = *text + 1;
    int64_t scale = 100;
    *milliseconds = 0;
    for (; isdigit((unsigned char)*digit); digit++, scale /= 10)
        *milliseconds += (*digit - '0') * scale;
    bool any = digit != *text + 1;
    *text = digit;
    return any;
}

// "Z" or an offset such as +05:30, in seconds east of UTC.
static bool parse_zone(const char *text, int64_t *offset_s)
{
    *offset_s = 0;
    if ((*text == 'Z' || *text == 'z') && text[1] == '\0')
        return true;
    if ((*text != '+' && *text != '-') || !has_shape(text + 1, "00:00"))
        return false;
    int64_t hours = (text[1] - '0') * 10 + (text[2] - '0');
    int64_t minutes = (text[4] - '0') * 10 + (text[5] - '0');
    *offset_s = (hours * 60 + minutes) * 60 * (*text == '-' ? -1 : 1);
    return text[6] == '\0' && hours < 24 && minutes < 60;
}

bool tg_time_parse(const char *text, int64_t *time_ms)
{
    struct tm parts = {0};
    int64_t milliseconds = 0;
    int64_t offset_s;
    const char *rest =
        has_shape(text, "0000-00-00T00:00:00") ? strptime(text, "%Y-%m-%d", &parts) : NULL;
    rest = rest ? strptime(rest + 1, "%H:%M:%S", &parts) : NULL;
    if (!rest || (*rest == '.' && !parse_fraction(&rest, &milliseconds)) ||
        !parse_zone(rest, &offset_s))
        return false;
    // timegm carries a day that the month does not have into the next month.
    struct tm given = parts;
    time_t seconds = timegm(&parts);
    if (parts.tm_mday != given.tm_mday)
        return false;
    *time_ms = ((int64_t)seconds - offset_s) * 1000 + milliseconds;
    return true;
}
