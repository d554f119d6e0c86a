// The headers that Meta's own answers carry beside the usual ones. Thread-safe.
#pragma once

#include "tests/metasim/exchange.h"

enum { GRAPH_ID_SIZE = 1 + 22 + 1 };

// What Meta knows an answer by: header x-fb-request-id, and fbtrace_id in an error.
void graph_write_id(const struct graph_note *note, char id[static GRAPH_ID_SIZE]);

// Calls `add` with each header of an answer of Meta's own.
void graph_headers(const struct answer *answer,
                   void (*add)(void *context, const char *name, const char *value), void *context);
