// Schemas as people read them: of what type something is, and a table of an object's members.
#pragma once

#include "common/base/text.h"

#include <json-c/json.h>

// Such as "string (uuid) or null", with links to the schemas that are named.
void members_append_type(struct tg_text *html, struct json_object *schema);

// A table of the members, also of objects within; a type where there are none. Then the examples.
void members_append(struct tg_text *html, struct json_object *schema);
