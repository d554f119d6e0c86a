#include "common/limits.h"
#include "common/redis/stream_group.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "worker/upkeep/duty.h"

// Each life of a worker leaves at most one consumer behind.
enum { INTERVAL_MS = 60 * 1000 };

static int remove_gone(struct tg_stream *stream)
{
    int gone = tg_stream_remove_gone_consumers(stream, TG_CONSUMER_GONE_MS);
    return gone > 0 ? gone : 0;
}

int duty_consumers(struct upkeep *upkeep)
{
    int gone = remove_gone(upkeep->sends) + remove_gone(upkeep->webhooks) +
               remove_gone(upkeep->former_webhooks);
    tg_count(TG_JANITOR, "consumers", (uint64_t)gone);
    if (gone > 0)
        tg_log(TG_LOG_INFO, "consumers_removed", TG_LOG_NUMBER("consumers", gone));
    return INTERVAL_MS;
}
