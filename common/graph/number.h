// What Meta's Graph API says of a number, where it is asked for its fields: docs/meta.md ("How a
// number is").
#pragma once

#include "common/base/text.h"

#include <stdint.h>

// What to ask for: all, and those alone that each version of the API has.
extern const char tg_graph_number_fields[];
extern const char tg_graph_number_old_fields[];

// What came of asking: facts, or an error.
struct tg_graph_number {
    struct tg_text facts;    // a JSON object of every fact, null where Meta does not say; up to
                             // 20 KiB, the caller's to finish. Empty with an error.
    char error_code[24];     // Meta's code, "http:503", or "unreadable"; "": there is none
    char error_message[500]; // for people; nothing of it looks like a token
    bool is_field_unknown;   // the version of the API may not have all fields
};

// Reads an answer. Whatever it says, each text is short and of UTF-8, without control characters,
// and a value of another kind than Meta's is none. One about another number is no answer.
void tg_graph_read_number(const char *phone_number_id, int status, struct tg_span body,
                          struct tg_graph_number *number);
