// Private to common/redis: replies as hiredis reads them, each in memory of its own that is taken
// and freed as one. (hiredis takes two pieces for each of a reply's parts.)
#pragma once

#include <hiredis/hiredis.h>

// Of a connection: what its reply that is being read is made in.
struct reply_memory {
    struct chunk *last;
};

// Has what comes over a new connection be read so. The memory lives as long as the connection.
void reply_read_into(redisContext *context, struct reply_memory *memory);

// With all its parts. NULL is fine.
void reply_free(redisReply *reply);
