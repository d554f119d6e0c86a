// Who may call Meta's API: whoever shows a token that lives, and proves to know the app's secret
// where it asks for that.
#pragma once

#include "tests/metasim/exchange.h"
#include "tests/metasim/sim.h"

enum { ACCESS_TOKEN_SIZE = 256 };

struct access {
    char token[ACCESS_TOKEN_SIZE];
    // If nobody is let in:
    int code;
    int http_status;
    const char *title; // NULL: as the error rule says
    const char *details;
};

// False: `access` says why. Thread-safe.
bool access_check(struct sim *sim, const struct request *request, struct access *access);
