// The janitor's duties: each a piece of upkeep in a file of its own, with its interval and the size
// of its batches at the top. The janitor's thread calls them, and only while it holds the lock.
//
// A round does everything that is to be done now, batch by batch, unless stop is ordered; what
// fails is left to the next round. It returns after how many milliseconds that is wanted.
#pragma once

#include "common/redis/stream.h"
#include "common/service/log.h"
#include "common/store/upkeep.h"
#include "worker/worker.h"

// What the duties work with; it is the janitor's.
struct upkeep {
    const struct worker *worker;
    struct tg_pg *pg;
    struct tg_stream *sends;
    struct tg_stream *webhooks;
    struct tg_stream *former_webhooks;
    struct tg_clock clock;   // as duty_clock saw it last
    long long clock_seen_ms; // when, by tg_boottime_ms
};

typedef int duty_round(struct upkeep *upkeep);

duty_round duty_clock;       // what waits does so no longer because the clock was set back
duty_round duty_due;         // scheduled messages whose time has come get their jobs
duty_round duty_lost;        // queued messages whose jobs are gone get new ones
duty_round duty_expired;     // messages past their not_after fail
duty_round duty_abandoned;   // messages whose worker is gone become unconfirmed
duty_round duty_unheard;     // messages that stay unconfirmed for too long fail
duty_round duty_undelivered; // messages that are not delivered for longer than their org waits fail
duty_round duty_keys;        // idempotency keys that are too old go
duty_round duty_receipts;    // receipts whose end is long past go
duty_round duty_sessions;    // sessions and links of the console that have ended long ago go
duty_round duty_deliveries;  // what endpoints were told long ago goes
duty_round duty_events;      // what orgs were told goes after some weeks
duty_round duty_bodies;      // what messages say goes once their orgs keep it no longer
duty_round duty_erasures;    // what erased contacts have said goes
duty_round duty_usage;       // what orgs use is rolled up by day
duty_round duty_media;       // files go that have been kept for as long as their orgs keep any
duty_round duty_rules;       // orgs hear of rules that no worker has checked
duty_round duty_notices;     // what follows from Meta's notices of accounts
duty_round duty_seal;        // access tokens stand sealed, under the newest key
duty_round duty_consumers;   // consumers that are gone leave their groups

// What the duties have in common: going through what is to be done, counting and logging what a
// batch came to, and publishing.

// Does a batch and says how many messages it dealt with.
typedef enum tg_pg_status duty_batch(struct upkeep *upkeep, struct tg_slice slice, size_t *n);

// Does batch after batch of `size` until one finds less to do. The one message that PostgreSQL will
// not let us deal with must not hold up those of everybody else: the round passes over it. False:
// PostgreSQL was away, or there was one.
bool duty_do_all(struct upkeep *upkeep, const char *duty, duty_batch *do_batch, int64_t size);

// Deletes rows that are older than `age_s`, batch after batch of `size`, and counts them.
typedef enum tg_pg_status duty_delete(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                      int64_t *deleted);
void duty_delete_all(struct upkeep *upkeep, const char *duty, duty_delete *delete_old,
                     int64_t age_s, int64_t size);

// The jobs of messages that are queued, in their order.
void duty_publish(struct upkeep *upkeep, const char *duty, const struct tg_message_key *due,
                  size_t n);

// Messages that were ended, each told in a line of the log; publishes what they have released.
// At most TG_BATCH_MAX.
struct duty_ending {
    const char *duty;
    const char *event;
    enum tg_log_level level;
};
void duty_conclude(struct upkeep *upkeep, const struct duty_ending *ending,
                   const struct tg_ended *ended, size_t n);
