// UTF-8 as RFC 3629 has it, and so as PostgreSQL takes it: no overlong forms, no surrogates,
// nothing above U+10FFFF. (json-c checks only that continuation bytes follow.)
#pragma once

#include <stdbool.h>
#include <stddef.h>

// How many of the `length` bytes (at least one) the character at their beginning has; 0: there is
// none.
size_t tg_utf8_character(const char *bytes, size_t length);

// Is the character at the beginning, if there is one, such that a terminal or an editor does not
// show it but moves the cursor, begins a line or turns around the text beside it: a control
// character (C0, DEL, C1), or what in Unicode ends a line or steers the direction? Then *character
// is its number, of at most four hexadecimal digits.
bool tg_utf8_is_control(const char *bytes, size_t length, unsigned *character);

// How many of the bytes there are without a character at their end that was cut off: what was UTF-8
// before it was cut is so again.
size_t tg_utf8_whole(const char *bytes, size_t length);

// Is all of it UTF-8?
bool tg_utf8_is_valid(const char *bytes, size_t length);
