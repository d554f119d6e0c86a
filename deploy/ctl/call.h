// Calls of the admin API.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"

#include <json-c/json.h>

// Where it is, and who asks. Borrowed.
struct desk {
    const char *url;   // slashes behind it are overlooked
    const char *token; // an operator's
    const char *ca;    // a file of certificates to trust besides; NULL: those of the system
};

enum call_result { CALL_DONE, CALL_REFUSED, CALL_FAILED };

// Makes a call: `body` NULL sends none. *answer is the JSON that came (the caller puts it), NULL:
// none. CALL_REFUSED: *error is what the gateway says; CALL_FAILED: it could not be asked, or could
// not answer. A connection is kept from one to the next; not thread-safe.
enum call_result call(const struct desk *desk, const char *method, const char *path,
                      struct json_object *body, struct json_object **answer,
                      struct tg_error *error) TG_MUST_CHECK;

// Can nobody on the way read what goes there: is it this machine, or by TLS? (Of what is no URL
// curl will say so.)
bool call_is_private(const char *url) TG_MUST_CHECK;

// Appends text as a part of a path or query.
void call_escape(const char *text, struct tg_text *escaped);
