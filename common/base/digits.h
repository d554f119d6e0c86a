// Whole numbers in decimal digits, and bytes in hexadecimal ones (of either case) or in base64url.
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reads a number from 0 to `highest` that is digits only, with nothing around them. false: it is
// none, and `number` is in no certain state.
bool tg_decimal_read(const char *text, int64_t highest, int64_t *number) TG_MUST_CHECK;

// Reads 2 * n digits as n bytes. false: one of them is no digit, and `bytes` is in no certain
// state.
bool tg_hex_read(const char *digits, unsigned char *bytes, size_t n) TG_MUST_CHECK;

// Writes n bytes as 2 * n digits, and a NUL behind them.
void tg_hex_write(const unsigned char *bytes, size_t n, char *digits);

// Is it bytes in base64url (RFC 4648, section 5) without padding, as tokens have it? What else it
// is must not be given to libcjose, which ends the process at a "=" where it expects none.
bool tg_is_base64url(const char *text, size_t length) TG_MUST_CHECK;
