// What a send says in its headers. Thread-safe.
#pragma once

#include "common/base/error.h"
#include "common/store/accept.h"

// Reads the header Idempotency-Key (`value`, which was sent `count` times; 0: not at all) into
// `key`, without the blanks around it; "" if there is none.
bool headers_read_key(const char *value, int count, char key[static TG_IDEMPOTENCY_KEY_SIZE],
                      struct tg_error *error) TG_MUST_CHECK;

// Seconds of `Prefer: wait=N` (RFC 7240), at most TG_WAIT_MAX_S; 0 if there is none. `prefer` may
// be NULL.
int headers_wait_seconds(const char *prefer);
