// Countries by how their phone numbers are written (ITU-T E.164). Thread-safe.
#pragma once

#include "common/words/phone.h"

// A country by its code of ISO 3166-1 ("IN"); NULL: there is none, or it has no phones of its own.
const struct tg_country *tg_country_find(const char *region);

// How many of the digits are their country code; 0: they begin with none that there is. *enough:
// what stands behind it is not too short to be a subscriber's number there.
size_t tg_country_code(const char *digits, bool *enough) TG_MUST_CHECK;

// Digits as people in the country write its own numbers: with what is dialled in front of them
// there
// ("09876543210"), without it ("9876543210"), or with the country's code ("919876543210"). Writes
// the number with that code. False: they are none.
bool tg_country_complete(const struct tg_country *country, const char *digits,
                         char phone[static TG_PHONE_SIZE]) TG_MUST_CHECK;
