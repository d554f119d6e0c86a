// Phone numbers as WhatsApp knows them: country code and number, digits only (E.164 without the
// plus).
#pragma once

#include "common/base/error.h"

#include <stddef.h>

enum { TG_PHONE_SIZE = 16 }; // 15 digits (ITU-T E.164) and the NUL

struct tg_country; // country.h

// Writes the digits of `input` (length bytes) to `phone`: of a number that is complete, as those of
// Meta's are. Tolerates what Meta tolerates: a leading "+", spaces, dashes, dots, brackets. "+91
// 98765-43210" and "919876543210" are the same phone. Any other character, fewer than 7 or more
// than 15 digits, or a leading zero: false with code "invalid_phone" for `field`. Thread-safe.
bool tg_phone_normalise(const char *input, size_t length, const char *field,
                        char phone[static TG_PHONE_SIZE], struct tg_error *error) TG_MUST_CHECK;

// The same of a number that people have written. Without a "+" (or "00") one of the country `home`
// may be written as it is there; NULL: it is nobody's home. A number must begin with a country code
// that there is, and have enough digits for it.
bool tg_phone_read(const char *input, size_t length, const struct tg_country *home,
                   const char *field, char phone[static TG_PHONE_SIZE],
                   struct tg_error *error) TG_MUST_CHECK;
