// Private to the check of Cloud API messages (message.h): a part of a message together with
// the place where it stands, and the judgements that many fields share.
//
// A check returns true if the part is as it must be. Else it fills the tg_error that the parts
// carry (code "invalid_message", field = the part's path) and returns false. The path is put
// together only then: until it is needed, a part knows its parent and nothing more, so that a
// message without faults costs no allocation and no formatting.
#pragma once

#include "common/base/error.h"

#include <json-c/json.h>
#include <stdint.h>

enum { TG_PART_DEPTH_MAX = 12 }; // interactive.action.sections[0].rows[0].title is 7 deep

// For what Meta gives no limit; the request as a whole has one.
#define TG_CHARACTERS_ANY SIZE_MAX

struct tg_part {
    struct json_object *value;    // borrowed; NULL where absent or null, which mean the same
    const struct tg_part *parent; // must outlive the part; NULL: the message itself
    const char *key;              // its name in an object; NULL: an element of an array
    size_t index;                 // its index in an array
    struct tg_error *error;
};

// The member of that name; a part without value if `of` is no object or has none such.
struct tg_part tg_part_member(const struct tg_part *of, const char *key);

// The element of an array, which must have it.
struct tg_part tg_part_element(const struct tg_part *array, size_t index);

// True if the part is exactly this string. No check: nothing is refused.
bool tg_part_equals(const struct tg_part *part, const char *string);

// True if the part is a stand-in of Meta's published examples. No check: nothing is refused.
bool tg_part_is_stand_in(const struct tg_part *part);

// Refuses the part: the error's message is its path, a space, and the text. Returns false.
bool tg_part_refuse(const struct tg_part *part, const char *format, ...) TG_PRINTF(2, 3);

bool tg_check_object(const struct tg_part *part) TG_MUST_CHECK;

// An array of 1 to `max` elements.
bool tg_check_array(const struct tg_part *part, size_t max) TG_MUST_CHECK;

// A string of `min` (0 or 1) to `max` characters, which are Unicode code points. Stand-ins pass.
bool tg_check_text(const struct tg_part *part, size_t min, size_t max) TG_MUST_CHECK;

// Members: such a string; absent, or a string of 0 to `max` characters; exactly this string.
bool tg_check_member(const struct tg_part *of, const char *key, size_t min,
                     size_t max) TG_MUST_CHECK;
bool tg_check_optional(const struct tg_part *of, const char *key, size_t max) TG_MUST_CHECK;
bool tg_check_equals(const struct tg_part *of, const char *key, const char *string) TG_MUST_CHECK;

// An object with exactly one of `link` (http or https, with a host) and `id`.
bool tg_check_media_source(const struct tg_part *media) TG_MUST_CHECK;

// The object of an interactive message (interactive.c).
bool tg_check_interactive(const struct tg_part *interactive) TG_MUST_CHECK;
