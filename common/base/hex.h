// Hexadecimal digits, of either case.
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

// The value of a digit; -1: it is none.
int tg_hex_value(char c);

// Reads 2 * n digits as n bytes. false: one of them is no digit, and `bytes` is in no certain
// state.
bool tg_hex_read(const char *digits, unsigned char *bytes, size_t n) TG_MUST_CHECK;
