#include "tests/metasim/judge_shapes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_visible(const char *text)
{
    while ((unsigned char)*text > ' ')
        text++;
    return *text == '\0';
}

static bool fits_link(struct json_object *value)
{
    const char *link = json_object_get_string(value);
    size_t scheme = strncasecmp(link, "http://", 7) == 0    ? 7
                    : strncasecmp(link, "https://", 8) == 0 ? 8
                                                            : 0;
    if (scheme == 0 || !is_visible(link))
        return false;
    const char *host = link + scheme;
    const char *end = host + strcspn(host, "/?#");
    const char *user = memrchr(host, '@', (size_t)(end - host));
    host = user ? user + 1 : host;
    return host < end && *host != ':';
}

// Meta's description has degrees as texts, and its examples as numbers.
static bool fits_degrees(struct json_object *value, double most)
{
    double degrees = json_object_get_double(value);
    if (json_object_is_type(value, json_type_string)) {
        const char *text = json_object_get_string(value);
        char *end = NULL;
        degrees = strtod(text, &end);
        if (end == text || *end != '\0' || text[strspn(text, "+-.0123456789")] != '\0')
            return false;
    }
    return degrees >= -most && degrees <= most;
}

static bool fits_latitude(struct json_object *value)
{
    return fits_degrees(value, 90);
}

static bool fits_longitude(struct json_object *value)
{
    return fits_degrees(value, 180);
}

static bool fits_date(struct json_object *value)
{
    const char *text = json_object_get_string(value);
    for (size_t i = 0; i < 10; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
    }
    return text[10] == '\0';
}

static bool fits_printable(struct json_object *value)
{
    const char *text = json_object_get_string(value);
    while (*text >= ' ' && *text <= '~')
        text++;
    return *text == '\0';
}

static bool fits_user_id(struct json_object *value)
{
    const char *id = json_object_get_string(value);
    if (!isupper((unsigned char)id[0]) || !isupper((unsigned char)id[1]) || id[2] != '.')
        return false;
    id += 3;
    while (isalnum((unsigned char)*id) || *id == '.')
        id++;
    return *id == '\0';
}

static bool fits_trimmed(struct json_object *value)
{
    const char *text = json_object_get_string(value);
    size_t length = strlen(text);
    return length == 0 || (text[0] != ' ' && text[length - 1] != ' ');
}

// Its maker may use letters, digits and "_"; Meta's own examples have a "-", too.
static bool fits_template(struct json_object *value)
{
    const char *text = json_object_get_string(value);
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

static bool fits_position(struct json_object *value)
{
    const char *text = json_object_get_string(value);
    return text[0] >= '0' && text[0] <= '9' && text[1] == '\0';
}

static bool fits_days(struct json_object *value)
{
    int64_t days = json_object_get_int64(value);
    return days >= 1 && days <= 30;
}

static bool fits_parameter(struct json_object *value)
{
    const char *text = json_object_get_string(value);
    return !strpbrk(text, "\n\r\t") && !strstr(text, "     ");
}

const struct form form_link = {"an http:// or https:// link with a host", fits_link};
const struct form form_latitude = {"a number from -90 to 90", fits_latitude};
const struct form form_longitude = {"a number from -180 to 180", fits_longitude};
const struct form form_date = {"a date such as 2012-08-18", fits_date};
const struct form form_printable = {"of printable ASCII characters", fits_printable};
const struct form form_user_id = {"a business-scoped user id such as IN.1A2B3C", fits_user_id};
const struct form form_trimmed = {"without blanks at its ends", fits_trimmed};
const struct form form_template = {"of lower-case letters, digits, _ and -", fits_template};
const struct form form_position = {"0 to 9", fits_position};
const struct form form_days = {"1 to 30", fits_days};
const struct form form_parameter = {"without line breaks, tabs and more than four blanks in a row",
                                    fits_parameter};
