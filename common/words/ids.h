// How messages and those they are for are named.
#pragma once

#include "common/base/uuid7.h"

enum {
    TG_USER_ID_SIZE = 257, // a business-scoped user id of Meta's and the NUL
    TG_WAMID_SIZE = 256,
};

// A message of an org's.
struct tg_message_key {
    struct tg_uuid org_id;
    struct tg_uuid message_id;
};

// A message that was released when another one to the same contact was settled or ended: it is
// queued, and in need of a job.
struct tg_released {
    bool any;
    struct tg_uuid message_id; // of the same org as the other one
};
