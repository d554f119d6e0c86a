// Meta's error codes and how each is answered: HTTP status, title and meaning, from
// error_rules.csv.
#pragma once

#include "common/base/error.h"

#include <stddef.h>

struct error_rule {
    int first; // a rule holds for the codes first..last
    int last;
    int subcode; // that it is for; 0: for none
    int http_status;
    char *title;
    char *meaning;
};

struct error_rules {
    struct error_rule *rules;
    size_t count;
};

// Reads the CSV file (RFC 4180, no line breaks within fields) by the names of its columns: outcome,
// http, title, meaning; others are ignored, as are rows whose outcome is no code, code and subcode
// (100/33) or range of codes.
// Failure: false, `error->message` names file and reason; `rules` is then empty.
bool error_rules_load(struct error_rules *rules, const char *path,
                      struct tg_error *error) TG_MUST_CHECK;
void error_rules_finish(struct error_rules *rules);

// The rule for a code and a subcode (0: none). The code's own goes before one for a range; where
// the subcode has none the code's is taken. A code without a rule gets one with HTTP 400.
// Thread-safe.
struct error_rule error_rules_find(const struct error_rules *rules, int code, int subcode);
