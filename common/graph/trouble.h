// Why Meta's Graph API does not say what it was asked. Thread-safe.
#pragma once

#include "common/base/text.h"

#include <json-c/json.h>

struct tg_graph_trouble {
    char code[24];         // Meta's code, "http:503", or "unreadable"; "": there is none
    char message[500];     // for people; nothing of it looks like a token
    bool is_field_unknown; // the version of the API may not have all fields
};

void tg_graph_set_trouble(struct tg_graph_trouble *trouble, const char *code, const char *message);

// Is the answer an error of Meta's, or something else's than Meta's? Then *trouble says so.
bool tg_graph_read_trouble(struct json_object *root, int status,
                           struct tg_graph_trouble *trouble) TG_MUST_CHECK;

// A text of Meta's as it is kept: its beginning, of up to `max` bytes, with blanks in place of
// control characters; the caller's to put. NULL: there is none.
struct json_object *tg_graph_short_text(struct json_object *value, size_t max) TG_MUST_CHECK;
