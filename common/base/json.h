// Reading JSON that others wrote.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"

#include <json-c/json.h>

// Parses exactly one document (RFC 8259): UTF-8, at most TG_JSON_DEPTH_MAX deep, nothing behind
// it but white space, which must be there behind one that is nothing but a word or a number.
// Control characters within strings are taken, too. Of members with the same name the last one
// counts. Numbers stay as they are written: whole ones that 64 bits cannot hold, and -0, have
// the type double. The caller puts what it returns. NULL and `error` (code "invalid_json", field
// "body"; the byte at which it went wrong, unless it is no UTF-8) for anything else; the
// document `null` is refused too. Thread-safe; the returned object is for one thread at a time.
struct json_object *tg_json_parse(const char *bytes, size_t length,
                                  struct tg_error *error) TG_MUST_CHECK;

// Appends a value as compact JSON that PostgreSQL takes: what stood there as \u0000 (which its text
// cannot hold) becomes U+FFFD. Numbers stay as they were written.
void tg_json_write(struct json_object *value, struct tg_text *json);

// Refuses NUL characters in the names of members of a document that was parsed: its tree does not
// tell, as they end there. Failure: false, code "invalid_field", field = the name as it is written,
// cut if it is long.
bool tg_json_check_names(const struct tg_text *json, struct tg_error *error) TG_MUST_CHECK;

// Refuses NUL characters, which PostgreSQL's text cannot hold, in any string of a value. Failure:
// false, code "invalid_field", field = path of the string, such as "text.body".
bool tg_json_check_nul(struct json_object *value, struct tg_error *error) TG_MUST_CHECK;

// A member of that type; NULL if there is none, or `object` is no object. Borrowed from it.
struct json_object *tg_json_member(struct json_object *object, const char *name,
                                   enum json_type type);

// A string's bytes, borrowed from it; absent if the value is no string (which json-c would convert)
// or NULL.
struct tg_span tg_json_span(struct json_object *value);

// A member that is a string, as C has strings: what follows a NUL within it is not seen. NULL if
// there is none. Borrowed from the object.
const char *tg_json_string_member(struct json_object *object, const char *name);
