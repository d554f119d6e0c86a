// The endpoint tables of the listeners, as tests look at them. (The server's own words, such as
// struct answer, are others than the tests'.)
#pragma once

#include <stdbool.h>
#include <stddef.h>

// (AS_META: of orgs, as Meta's own API has them.)
enum table_of {
    TABLES_OF_ORGS,
    TABLES_OF_ORGS_AS_META,
    TABLES_OF_META,
    TABLES_OF_OPERATORS,
    TABLES_OF_RELAYED
};

struct table_row {
    const char *method;
    const char *path;
    const char *request; // the schema of the body; NULL: there is none
    const char *right;   // the first that is needed; "": none
    int role;            // 1: a viewer's, 2: an operator's, 3: an owner's
    bool has_body;
    bool people_may; // whoever has the rights "send" and "read"
};

// All of that kind, to at most `max`. Returns how many. The test fails if one takes other callers.
size_t list_table_rows(enum table_of kind, struct table_row *rows, size_t max);
