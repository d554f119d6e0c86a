// What Meta's Graph API says of an account's templates, page by page: docs/meta.md ("Templates").
// Thread-safe.
#pragma once

#include "common/graph/trouble.h"

// What to ask for: all, and those alone that each version of the API has.
extern const char tg_graph_template_fields[];
extern const char tg_graph_template_old_fields[];

// A page of the list, or why there is none.
struct tg_graph_templates {
    struct tg_text page; // a JSON array of templates, the caller's to finish; empty with an error
    size_t n;            // of them
    char after[256];     // how the next page is asked for, as it stands in an address; "": no more
    struct tg_graph_trouble trouble;
};

// Reads an answer; appends the id of each template to `ids`, which becomes the elements of a JSON
// array. What has no id, name or language is left out.
void tg_graph_read_templates(int status, struct tg_span body, struct tg_text *ids,
                             struct tg_graph_templates *templates);
