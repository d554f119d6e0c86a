// Whole numbers in decimal digits, and bytes in hexadecimal ones (of either case).
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
