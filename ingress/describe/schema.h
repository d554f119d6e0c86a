// What bodies and parameters must be, in the words of JSON Schema, as OpenAPI 3.1 has them.
#pragma once

#include "common/base/text.h"
#include "ingress/desk/desk.h"

// Each returns what the caller puts. What is missing is added to `faults`, a line for each.

// The schema of that name: ingress/describe/schemas/NAME.json. Not there: a fault of `whose`.
struct json_object *schema_named(const char *name, const char *whose, struct tg_text *faults);

// A body that the members describe. What people read of it, and what members cannot say, stands in
// the schema of that name; it has a description of each member, and no others.
struct json_object *schema_of_members(const struct desk_member *members, const char *name,
                                      const char *whose, struct tg_text *faults);

// Parameters of the path ("path") or the query ("query"). What people read of one, and its schema
// where `schema` (taken; may be NULL) does not tell it, stands in ingress/describe/parameters.json,
// by its name, or by its endpoint and name: "GET /api/messages limit".
struct json_object *schema_of_parameter(const char *in, const char *name, const char *whose,
                                        struct json_object *schema, struct tg_text *faults);

// What stands for a part of the path or the query, and for a parameter that a member describes.
struct json_object *schema_of_part(enum desk_part part);
struct json_object *schema_of_find(const struct desk_member *member);
struct json_object *schema_of_number(int64_t min, int64_t max);

// Sets the members of `from` (put) in `into`, also within objects that both have.
void schema_merge(struct json_object *into, struct json_object *from);
