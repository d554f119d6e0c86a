// A bounded map from strings to 64-bit numbers. Not thread-safe: its owner locks.
#pragma once

#include <stdint.h>

struct counter;

struct counters {
    struct counter **buckets;
    int64_t count;
    int64_t overflow; // what counters_at points to when there is no room for the key
};

void counters_init(struct counters *counters);
void counters_finish(struct counters *counters);

// The number of `key`, 0 when it is new. Past SIM_COUNTERS_MAX keys a new one is not kept: each
// call for it starts from 0. The pointer is valid until the next call.
int64_t *counters_at(struct counters *counters, const char *key);

// Forgets all keys.
void counters_clear(struct counters *counters);

// FNV-1a, for hash tables whose keys nobody chooses in bad faith.
uint64_t counters_hash(const char *key);
