// Where PostgreSQL and Redis are, and as whom the stages of this worker work there.
#pragma once

#include "common/redis/stream.h"

// All borrowed; they must outlive whoever is given it.
struct servers {
    const char *postgres_url;
    const char *redis_url;
    int partitions;
    const char *consumer; // this worker's name in the consumer groups
};

// A new connection to the streams of that kind of work.
static inline struct tg_stream *servers_stream(const struct servers *servers, const char *work)
{
    return tg_stream_create(servers->redis_url, servers->partitions, work);
}
