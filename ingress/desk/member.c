#include "ingress/desk/member.h"

#include "common/base/digits.h"
#include "common/base/json.h"
#include "common/base/time_text.h"
#include "common/base/utf8.h"
#include "common/base/uuid7.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 255 };
enum { TIME_MAX = 64 }; // PostgreSQL reads none of more than 128 bytes

static bool is_text(struct json_object *value, const struct desk_member *member)
{
    int64_t max = member->max > 0 ? member->max : TEXT_MAX;
    return json_object_is_type(value, json_type_string) && json_object_get_string_len(value) >= 1 &&
           json_object_get_string_len(value) <= max;
}

static bool are_texts(struct json_object *value, const struct desk_member *member)
{
    bool good = json_object_is_type(value, json_type_array);
    for (size_t i = 0; good && i < json_object_array_length(value); i++)
        good = is_text(json_object_array_get_idx(value, i), member);
    return good;
}

static bool are_objects(struct json_object *value)
{
    bool good = json_object_is_type(value, json_type_array) && json_object_array_length(value) > 0;
    for (size_t i = 0; good && i < json_object_array_length(value); i++)
        good = json_object_is_type(json_object_array_get_idx(value, i), json_type_object);
    return good;
}

static bool is_number(struct json_object *value, const struct desk_member *member)
{
    return json_object_is_type(value, json_type_int) &&
           json_object_get_int64(value) >= member->min &&
           json_object_get_int64(value) <= member->max;
}

static bool is_money(struct json_object *value)
{
    static const char digits[] = "0123456789";
    if (!json_object_is_type(value, json_type_string))
        return false;
    const char *text = json_object_get_string(value);
    text += *text == '-';
    size_t whole = strspn(text, digits);
    size_t decimals = text[whole] == '.' ? strspn(text + whole + 1, digits) : 0;
    if (whole < 1 || whole > 10 || (text[whole] == '.' && (decimals < 1 || decimals > 4)))
        return false;
    return text[whole + (decimals > 0 ? 1 + decimals : 0)] == '\0';
}

static bool is_id(struct json_object *value)
{
    struct tg_uuid id;
    struct tg_span text = tg_json_span(value);
    return text.data && tg_uuid_parse(text.data, text.length, &id);
}

// PostgreSQL knows no year 0, and no zone that is 16 hours or more from UTC. Of what is a time.
static bool is_time_of_postgresql(const char *time)
{
    size_t length = strlen(time);
    const char *hours = time + length - (sizeof "00:00" - 1);
    return strncmp(time, "0000", 4) != 0 &&
           (time[length - 1] == 'Z' || time[length - 1] == 'z' || strncmp(hours, "16", 2) < 0);
}

static bool is_time(struct json_object *value)
{
    int64_t time_ms;
    return json_object_is_type(value, json_type_string) &&
           json_object_get_string_len(value) <= TIME_MAX &&
           tg_time_parse(json_object_get_string(value), &time_ms) &&
           is_time_of_postgresql(json_object_get_string(value));
}

static bool is_day(struct json_object *value)
{
    char time[sizeof "2026-11-28T00:00:00Z"];
    int64_t time_ms;
    if (!json_object_is_type(value, json_type_string) ||
        strnlen(json_object_get_string(value), 11) != 10)
        return false;
    snprintf(time, sizeof time, "%sT00:00:00Z", json_object_get_string(value));
    return tg_time_parse(time, &time_ms) && time_ms > 0;
}

static bool is_word(struct json_object *value, const char *const *words)
{
    while (*words && !(json_object_is_type(value, json_type_string) &&
                       strcmp(json_object_get_string(value), *words) == 0))
        words++;
    return *words != NULL;
}

static bool fits(struct json_object *value, const struct desk_member *member)
{
    switch (member->kind) {
    case DESK_TEXT:
    case DESK_CONTACT:
        return is_text(value, member);
    case DESK_TEXTS:
        return are_texts(value, member);
    case DESK_ID:
        return is_id(value);
    case DESK_NUMBER:
        return is_number(value, member);
    case DESK_MONEY:
        return is_money(value);
    case DESK_BOOL:
        return json_object_is_type(value, json_type_boolean);
    case DESK_TIME:
        return is_time(value);
    case DESK_DAY:
        return is_day(value);
    case DESK_SINCE:
        return is_time(value) || is_day(value);
    case DESK_OBJECT:
        return json_object_is_type(value, json_type_object) || is_text(value, member);
    case DESK_OBJECTS:
        return are_objects(value);
    case DESK_WORD:
        return is_word(value, member->words);
    }
    return false;
}

// "a, b or c"
static void list_words(const char *const *words, char *list, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; words[i] && length < size; i++)
        length += (size_t)snprintf(list + length, size - length, "%s%s",
                                   i == 0         ? ""
                                   : words[i + 1] ? ", "
                                                  : " or ",
                                   words[i]);
}

static bool refuse_kind(const struct desk_member *member, struct tg_error *error)
{
    char shape[160];
    long long max = member->max > 0 ? member->max : TEXT_MAX;
    static const char *const shapes[] = {[DESK_ID] = "a UUID",
                                         [DESK_MONEY] = "an amount as a string, such as \"12.50\"",
                                         [DESK_BOOL] = "true or false",
                                         [DESK_TIME] = "a time such as 2026-11-28T09:30:00Z",
                                         [DESK_DAY] = "a day such as 2026-11-28",
                                         [DESK_SINCE] =
                                             "a day, or a time such as 2026-11-28T09:30:00Z",
                                         [DESK_OBJECT] = "an object or a text",
                                         [DESK_OBJECTS] = "a list of objects"};
    if (member->kind == DESK_TEXT || member->kind == DESK_CONTACT)
        snprintf(shape, sizeof shape, "a text of 1 to %lld bytes", max);
    else if (member->kind == DESK_TEXTS)
        snprintf(shape, sizeof shape, "a list of texts of 1 to %lld bytes", max);
    else if (member->kind == DESK_WORD)
        list_words(member->words, shape, sizeof shape);
    else if (member->kind == DESK_NUMBER)
        snprintf(shape, sizeof shape, "a whole number from %lld to %lld", (long long)member->min,
                 (long long)member->max);
    else
        snprintf(shape, sizeof shape, "%s", shapes[member->kind]);
    return tg_error_set(error, "invalid_field", member->name, "%s must be %s%s", member->name,
                        shape, member->clears ? ", or null" : "");
}

static const struct desk_member *find_member(const struct desk_member *members, const char *name)
{
    while (members->name && strcmp(members->name, name) != 0)
        members++;
    return members->name ? members : NULL;
}

static bool check_known(struct json_object *body, const struct desk_member *members,
                        struct tg_error *error)
{
    json_object_object_foreach(body, name, value)
    {
        (void)value;
        if (find_member(members, name))
            continue;
        if (!*name)
            return tg_error_set(error, "unknown_field", "body",
                                "There is no member without a name");
        return tg_error_set(error, "unknown_field", name, "There is no %s", name);
    }
    return true;
}

// What counts as absent goes.
static bool check_members(struct json_object *body, const struct desk_member *members,
                          struct tg_error *error)
{
    for (const struct desk_member *member = members; member->name; member++) {
        struct json_object *value = NULL;
        bool given = json_object_object_get_ex(body, member->name, &value);
        if (given && !value && !member->clears)
            json_object_object_del(body, member->name);
        if (!value && member->required)
            return tg_error_set(error, "missing_field", member->name, "%s is required",
                                member->name);
        if (value && !fits(value, member))
            return refuse_kind(member, error);
    }
    return true;
}

struct json_object *desk_read_object(const struct tg_text *bytes, const struct desk_member *members,
                                     struct tg_error *error)
{
    struct json_object *body = tg_json_parse(tg_text_string(bytes), bytes->length, error);
    bool good = body && (json_object_is_type(body, json_type_object) ||
                         tg_error_set(error, "invalid_json", "body", "The body must be an object"));
    good = good && tg_json_check_names(bytes, error) && check_known(body, members, error) &&
           check_members(body, members, error) && tg_json_check_nul(body, error);
    if (good)
        return body;
    json_object_put(body);
    return NULL;
}

bool desk_read_body(const struct tg_text *bytes, const struct desk_member *members,
                    struct tg_text *read, struct tg_error *error)
{
    struct json_object *body = desk_read_object(bytes, members, error);
    if (body)
        tg_json_write(body, read);
    json_object_put(body);
    return body != NULL;
}

// As JSON would have it.
static struct json_object *value_of(const struct desk_member *member, const char *text)
{
    int64_t number;
    if (member->kind == DESK_NUMBER && tg_decimal_read(text, INT64_MAX, &number))
        return json_object_new_int64(number);
    if (member->kind == DESK_BOOL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return json_object_new_boolean(*text == 't');
    return json_object_new_string(text);
}

// What SQL gets of a value that fits.
static struct json_object *sql_value_of(const struct desk_member *member, struct json_object *value)
{
    char time[sizeof "2026-11-28T00:00:00Z"];
    if (member->kind != DESK_SINCE || !is_day(value))
        return value;
    snprintf(time, sizeof time, "%sT00:00:00Z", json_object_get_string(value));
    json_object_put(value);
    return json_object_new_string(time);
}

bool desk_read_parameter(const struct desk_member *member, const char *text,
                         struct json_object *object, struct tg_error *error)
{
    struct json_object *value = value_of(member, text);
    bool good = tg_utf8_is_valid(text, strlen(text)) && fits(value, member);
    if (good)
        json_object_object_add(object, member->name, sql_value_of(member, value));
    else
        json_object_put(value);
    return good || refuse_kind(member, error);
}
