#include "worker/inbound/fields.h"

#include "common/base/json.h"
#include "common/words/ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Seconds of the year 2100: a time beyond it is no time of Meta's.
static const int64_t time_max_s = 4102444800;

struct json_object *field_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, name, &value);
    bool is_empty =
        json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0;
    return is_empty ? NULL : value;
}

struct tg_span field_string(struct json_object *value, size_t max)
{
    struct tg_span span = tg_json_span(value);
    return span.length > 0 && span.length <= max ? span : (struct tg_span){0};
}

struct tg_span field_text(struct json_object *object, const char *name, size_t max)
{
    return field_string(field_of(object, name), max);
}

bool field_time(struct json_object *object, int64_t *time_s)
{
    struct json_object *value = field_of(object, "timestamp");
    struct tg_span text = field_string(value, 15);
    if (text.data) {
        if (strspn(text.data, "0123456789") != text.length)
            return false;
        *time_s = strtoll(text.data, NULL, 10);
    } else if (json_object_is_type(value, json_type_int)) {
        *time_s = json_object_get_int64(value);
    } else {
        return false;
    }
    return *time_s > 0 && *time_s < time_max_s;
}

bool field_phone(struct tg_span text, char phone[static TG_PHONE_SIZE])
{
    struct tg_error ignored;
    return text.data && tg_phone_normalise(text.data, text.length, "from", phone, &ignored);
}

bool field_contact(struct json_object *object, const char *name, const char *id_name,
                   char phone[static TG_PHONE_SIZE], struct tg_span *user_id)
{
    *user_id = field_text(object, id_name, TG_USER_ID_SIZE - 1);
    if (!field_of(object, name))
        return user_id->data != NULL;
    return field_phone(field_text(object, name, FIELD_PHONE_LENGTH_MAX), phone);
}

static struct json_object *first_error(struct json_object *object)
{
    struct json_object *errors = tg_json_member(object, "errors", json_type_array);
    return errors ? json_object_array_get_idx(errors, 0) : NULL;
}

int64_t field_error_subcode(struct json_object *object)
{
    return json_object_get_int64(
        tg_json_member(first_error(object), "error_subcode", json_type_int));
}

void field_error(struct json_object *object, size_t max, char code[static TG_META_CODE_SIZE],
                 struct tg_span *message)
{
    struct json_object *first = first_error(object);
    struct json_object *number = tg_json_member(first, "code", json_type_int);
    code[0] = '\0';
    if (number && json_object_get_int64(number) >= 0 && json_object_get_int64(number) < INT32_MAX)
        snprintf(code, TG_META_CODE_SIZE, "%" PRId64, json_object_get_int64(number));
    *message = field_text(field_of(first, "error_data"), "details", max);
    if (!message->data)
        *message = field_text(first, "message", max);
    if (!message->data)
        *message = field_text(first, "title", max);
}
