// What went wrong, in parts: how a program recognises it, what a person reads, and which field of
// the request it is about.
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>

struct tg_error {
    const char *code; // a string literal such as "insufficient_balance"; NULL: no error
    char message[160];
    char field[96]; // path of the offending field, such as "media.link"; "" if none
};

// Fills `error` and returns false, so that a failing function can end with
// `return tg_error_set(error, "invalid_phone", "phone", "phone must have 7 to 15 digits");`
// `code` must be a string literal; `field` may be NULL. What is too long is cut, in whole
// characters. Never fails.
bool tg_error_set(struct tg_error *error, const char *code, const char *field, const char *format,
                  ...) TG_PRINTF(4, 5);
