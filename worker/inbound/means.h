// What webhooks are applied with. What it points to is borrowed, and all is of one thread.
#pragma once

#include "common/pg/pg.h"
#include "common/redis/stream.h"
#include "worker/inbound/rules.h"
#include "worker/inbound/sizing.h"
#include "worker/inbound/words.h"
#include "worker/stop.h"

struct means {
    struct tg_pg *pg;
    struct tg_stream *sends; // jobs of replies, and of what statuses have released
    struct rules *rules;
    struct words *words;
    struct stop *stop;
    struct sizing sizing;
    const _Atomic int64_t *reply_within_s; // TOLLGATE_REPLY_WITHIN_S
};
