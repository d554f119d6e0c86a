// UTF-8 as RFC 3629 has it, and so as PostgreSQL takes it: no overlong forms, no surrogates,
// nothing above U+10FFFF. (json-c checks only that continuation bytes follow.)
#pragma once

#include <stdbool.h>
#include <stddef.h>

// How many of the `length` bytes (at least one) the character at their beginning has; 0: there is
// none.
size_t tg_utf8_character(const char *bytes, size_t length);

// How many of the bytes there are without a character at their end that was cut off: what was UTF-8
// before it was cut is so again.
size_t tg_utf8_whole(const char *bytes, size_t length);

// Is all of it UTF-8?
bool tg_utf8_is_valid(const char *bytes, size_t length);
