// Every code that a refusal may have: how HTTP says it, what it means and what to do, for people.
// docs/errors.md and the description of the API are made from this table.
#pragma once

// Was anything charged, when a send is refused so?
enum charged {
    CHARGED_NOTHING,
    CHARGED_AS_TOLD, // the answer's detail says whether it was refunded
    CHARGED_PERHAPS  // to be asked
};

struct code {
    const char *name; // NULL: behind the last one
    int status;
    int also; // what HTTP says in some cases; 0: always the same
    enum charged charged;
    const char *means; // in Markdown, as the next
    const char *remedy;
};

// By their names.
extern const struct code codes[];

// The HTTP status of a code; 400 for one that is not in the table.
int code_status(const char *name);
