// What Meta's Graph API says of a number, where it is asked for its fields: docs/meta.md ("How a
// number is").
#pragma once

#include "common/graph/trouble.h"

#include <stdint.h>

// What to ask for: all, and those alone that each version of the API has.
extern const char tg_graph_number_fields[];
extern const char tg_graph_number_old_fields[];

// What came of asking: facts, or an error.
struct tg_graph_number {
    struct tg_text facts; // a JSON object of every fact, null where Meta does not say; up to
                          // 20 KiB, the caller's to finish. Empty with an error.
    struct tg_graph_trouble trouble;
};

// Reads an answer. Whatever it says, each text is short and of UTF-8, without control characters,
// and a value of another kind than Meta's is none. One about another number is no answer.
void tg_graph_read_number(const char *phone_number_id, int status, struct tg_span body,
                          struct tg_graph_number *number);
