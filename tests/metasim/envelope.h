// Meta's error envelope: {"error": {"message", "type", "code", "error_data", "fbtrace_id"}}.
#pragma once

#include "tests/metasim/exchange.h"

// Makes `answer`, whose body is empty and whose graph_note is filled in, an error of Meta's. HTTP
// 503 is marked is_transient. Subcode 0: none. Thread-safe.
void envelope_write(struct answer *answer, int http_status, int code, int subcode,
                    const char *title, const char *details);
