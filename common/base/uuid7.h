// UUIDs: version 7 (RFC 9562, section 5.7) for messages, so that ids rise with time.
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tg_uuid {
    uint8_t bytes[16];
};

enum { TG_UUID_TEXT_SIZE = 37 }; // 36 characters and the NUL

// A new id: 48 bits of Unix time in milliseconds, then random bits from the kernel. Ids made by one
// thread never go back, even within a millisecond or when the clock does. Thread-safe.
struct tg_uuid tg_uuid7(void);

// The canonical form, lower case.
void tg_uuid_format(struct tg_uuid id, char text[static TG_UUID_TEXT_SIZE]);

// Reads exactly the canonical form (any version, either case). false: not a UUID.
bool tg_uuid_parse(const char *text, size_t length, struct tg_uuid *id) TG_MUST_CHECK;

bool tg_uuid_equal(struct tg_uuid a, struct tg_uuid b);

// tg_hash of the id, for lanes, partitions and tables.
uint32_t tg_uuid_hash(struct tg_uuid id);
