// What a message of a type without a text says, in words for people: so that it can be read
// without Meta's own object.
#pragma once

#include "common/base/text.h"

#include <json-c/json.h>

// Appends it, a few lines at the most (SUMMARY_LENGTH_MAX bytes); nothing for other types. `object`
// is the message, `content` its member of the name of its type.
enum { SUMMARY_LENGTH_MAX = 4096 };
void summary_write(struct tg_span type, struct json_object *object, struct json_object *content,
                   struct tg_text *summary);
