// What a request says, member by member: a table says what each must be, and who hears what is
// wrong with one.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"

#include <json-c/json.h>
#include <stdint.h>

// What a member of the body, or a parameter of the query, must be.
enum desk_kind {
    DESK_TEXT,   // a string of 1 to `max` bytes; `max` 0: 255
    DESK_TEXTS,  // a list of such strings
    DESK_ID,     // a UUID
    DESK_NUMBER, // a whole number from `min` to `max`
    DESK_MONEY,  // a string such as "-12.50": up to ten digits, and up to four decimals
    DESK_BOOL,
    DESK_TIME,    // as RFC 3339 has it
    DESK_DAY,     // likewise, without the time of day
    DESK_SINCE,   // a time, or a day, which is its beginning by UTC; SQL gets a time
    DESK_OBJECT,  // an object, or a string of up to `max` bytes
    DESK_OBJECTS, // a list of objects, one at least
    DESK_CONTACT, // a phone as people write it; of a query also a user id; SQL gets a phone's
                  // digits
    DESK_WORD     // one of `words`
};

struct desk_member {
    const char *name; // NULL: behind the last one
    enum desk_kind kind;
    bool required;
    bool clears; // null stands for none; elsewhere it counts as absent
    int64_t min; // of a number
    int64_t max;
    const char *const *words; // NULL behind the last one
};

// Reads a body that must be as the members say: an object, without what counts as absent, which is
// the caller's to put. NULL: *error names the member at fault, or "body".
struct json_object *desk_read_object(const struct tg_text *bytes, const struct desk_member *members,
                                     struct tg_error *error) TG_MUST_CHECK;

// The same, appended as the SQL functions get it.
bool desk_read_body(const struct tg_text *bytes, const struct desk_member *members,
                    struct tg_text *read, struct tg_error *error) TG_MUST_CHECK;

// Adds to `object` what a parameter of the query says, as its member wants it: a number, a word,
// ... False: *error names it.
bool desk_read_parameter(const struct desk_member *member, const char *text,
                         struct json_object *object, struct tg_error *error) TG_MUST_CHECK;
