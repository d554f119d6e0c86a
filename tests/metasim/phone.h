// Phone numbers as Meta reads them.
#pragma once

#include <stdbool.h>

enum { SIM_PHONE_SIZE = 16 }; // 15 digits (ITU-T E.164) and the NUL

// Reads the digits of a number: spaces, dashes and brackets between them are overlooked. Without a
// "+" in front, `country_code` is put before the digits unless they begin with it already; 0:
// never. False: it is no number, or has fewer than 7 or more than 15 digits, or a country code that
// begins with 0; `phone` is then "". Thread-safe.
bool phone_read(const char *text, int country_code, char phone[static SIM_PHONE_SIZE])
    __attribute__((warn_unused_result));

// The id that a number has on WhatsApp, which in three countries is not the number itself: in
// Brazil the ninth digit of mobile numbers is in the ids of the area codes up to 28 and in no
// others, in Mexico a 1 and in Argentina a 9 follows the country code. Thread-safe.
void phone_wa_id(const char *phone, char wa_id[static SIM_PHONE_SIZE]);
