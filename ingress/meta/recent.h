// Which webhooks Redis has taken in the last minutes, by their signatures: whoever posts the same
// bytes again need not have them stored again. What is forgotten is stored once more, which changes
// nothing. For one thread.
#pragma once

#include "common/crypto/digest.h"

struct recent;

struct recent *recent_create(void);
void recent_destroy(struct recent *recent); // NULL is fine

// Was it added, and not forgotten since? Times are of the monotonic clock.
bool recent_has(const struct recent *recent, const unsigned char mac[static TG_SHA256_SIZE],
                long long now_ms);

// Remembers it for TG_WEBHOOK_REMEMBERED_MS; what would stand in the same place is forgotten.
void recent_add(struct recent *recent, const unsigned char mac[static TG_SHA256_SIZE],
                long long now_ms);

// Forgets all.
void recent_clear(struct recent *recent);
