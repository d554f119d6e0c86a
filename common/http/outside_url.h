// Addresses that strangers write for us to call.
#pragma once

#include "common/base/error.h"
#include "common/base/network.h"
#include "common/base/text.h"

// May an address of a stranger's be called: https, on port 443 or above 1023, of a name or of an
// address that is outside (outside.h) or in those networks, whatever the spelling, without a user,
// a password or a fragment? Appends it as it is called; what a name leads to is known only then
// (client.h, outside_and). False: *error, of the field `field`. Thread-safe.
bool tg_outside_url_read(const char *text, const struct tg_networks *or_of, const char *field,
                         struct tg_text *read, struct tg_error *error) TG_MUST_CHECK;

// Appends such an address with further members of its query, pairs of a name and a value; NULL
// behind the last one.
void tg_outside_url_append(const char *text, const char *const *pairs, struct tg_text *all);
