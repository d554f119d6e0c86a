// Phone numbers as WhatsApp knows them: country code and number, digits only (E.164 without the
// plus).
#pragma once

#include "common/base/error.h"

#include <stddef.h>

enum { TG_PHONE_SIZE = 16 }; // 15 digits (ITU-T E.164) and the NUL

// Writes the digits of `input` (length bytes) to `phone`. Tolerates what Meta tolerates: a leading
// "+", spaces, dashes, dots, brackets. "+91 98765-43210" and "919876543210" are the same phone.
// Any other character, fewer than 7 or more than 15 digits, or a leading zero: false with
// code "invalid_phone" for `field`. Thread-safe.
bool tg_phone_normalise(const char *input, size_t length, const char *field,
                        char phone[static TG_PHONE_SIZE], struct tg_error *error) TG_MUST_CHECK;
