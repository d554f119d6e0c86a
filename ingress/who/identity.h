// Who calls, and what they may do.
#pragma once

#include "common/base/error.h"
#include "common/base/uuid7.h"

enum right { RIGHT_SEND = 1, RIGHT_READ = 2 };

// One org, or, in trusted mode without a key, whoever the request names.
struct identity {
    bool trusted;
    unsigned rights;       // of enum right
    struct tg_uuid org_id; // unless trusted
};

// The org that a request is about: the caller's own, which `org_id` (the text that the request
// gives under the name `field`; NULL if it gives none) must not contradict; in trusted mode the one
// given.
bool identity_org(const struct identity *identity, const char *org_id, size_t length,
                  const char *field, struct tg_uuid *org, struct tg_error *error) TG_MUST_CHECK;
