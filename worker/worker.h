// What each room of this worker is started with. All borrowed; it must outlive the rooms.
#pragma once

#include "common/redis/stream.h"
#include "common/settings/settings.h"
#include "worker/stop.h"

struct worker {
    const struct tg_settings *settings;
    const char *consumer; // its name in the consumer groups
    struct stop *stop;    // is ordered for all of them at once
};

// A new connection to the streams of that kind of work.
static inline struct tg_stream *worker_stream(const struct worker *worker, const char *work)
{
    return tg_stream_create(worker->settings->redis_url, (int)worker->settings->partitions, work);
}
