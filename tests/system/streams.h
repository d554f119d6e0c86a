// What is left in the streams of Redis, asked for over a connection of our own: a test looks often,
// and a command of redis-cli is a process each time.
#pragma once

#include "tests/system/servers.h"

// Entries of the streams of a kind ("sends", "webhooks"), pending or not; -1 while Redis is away.
long streams_left(const struct redis *redis, const char *kind);
