// Members of Meta's bodies, read without trust. What a span points to lives as long as the object.
#pragma once

#include "common/base/text.h"
#include "common/words/phone.h"
#include "common/words/result.h"

#include <json-c/json.h>

enum {
    FIELD_TYPE_LENGTH_MAX = 64,
    FIELD_NAME_LENGTH_MAX = 128,
    FIELD_PHONE_LENGTH_MAX = 64,
    FIELD_SHORT_LENGTH_MAX = 512, // of all that is read around an item
};

// A member; NULL if there is none, or `object` is no object. What is null or "" is not there:
// Meta writes either of them, or nothing at all.
struct json_object *field_of(struct json_object *object, const char *name);

// A string of 1 to `max` bytes; absent for anything else.
struct tg_span field_string(struct json_object *value, size_t max);
struct tg_span field_text(struct json_object *object, const char *name, size_t max);

// "timestamp", Unix seconds: Meta writes a string of digits, in user_preferences a number. False:
// it is no time of Meta's.
bool field_time(struct json_object *object, int64_t *time_s);

// A phone number in whatever spelling. False: it is none.
bool field_phone(struct tg_span text, char phone[static TG_PHONE_SIZE]);

// Who wrote, by phone or by business-scoped user id: `name` and `id_name` are the members that hold
// them. False: neither is there, or one of them is none.
bool field_contact(struct json_object *object, const char *name, const char *id_name,
                   char phone[static TG_PHONE_SIZE], struct tg_span *user_id);

// The first of the object's "errors": its code ("": there is none) and what it says, up to `max`
// bytes of it.
void field_error(struct json_object *object, size_t max, char code[static TG_META_CODE_SIZE],
                 struct tg_span *message);

// Meta's error_subcode beside that code; 0: none.
int64_t field_error_subcode(struct json_object *object);
