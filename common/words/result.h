// What came of a message, for whoever waits for it: read from the record.
#pragma once

#include "common/base/text.h"
#include "common/words/ids.h"
#include "common/words/phone.h"
#include "common/words/status.h"

#include <stdint.h>

enum {
    TG_OUTCOME_KEY_SIZE = 32,
    TG_ERROR_MESSAGE_SIZE = 512,
    TG_META_CODE_SIZE = 12, // an error code of Meta's, in digits, and the NUL
};

struct tg_result {
    struct tg_uuid message_id;
    enum tg_status status;
    bool refunded;
    char wamid[TG_WAMID_SIZE];
    char error_code[TG_OUTCOME_KEY_SIZE]; // "": no error
    char error_message[TG_ERROR_MESSAGE_SIZE];
    // For who is told it as Meta's API would (get_cloud_result); else empty.
    int64_t error_subcode;         // Meta's; 0: none
    int64_t http_status;           // with which Meta answers the error; 0: it is not Meta's
    char phone[TG_PHONE_SIZE];     // of who gets it; "": not known
    char user_id[TG_USER_ID_SIZE]; // likewise
};

// Appends members of it as they stand in answers: a string, or null if there is none.
void tg_result_write_wamid(const struct tg_result *result, struct tg_text *json);
void tg_result_write_error(const struct tg_result *result, struct tg_text *json);
