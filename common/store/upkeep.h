// What is done to messages without an outcome: by the janitor, and by who meets poison. See
// accept.h for what holds for all.
#pragma once

#include "common/pg/pg.h"
#include "common/words/ids.h"

// A batch of a duty of the janitor's: up to `limit` messages after the first `skip` ones, which
// PostgreSQL has refused to let it deal with.
struct tg_slice {
    int64_t limit;
    int64_t skip;
};

// Moves due scheduled messages to queued, in the order in which they were due: they need their
// jobs. What its channel cannot take now is put off instead, and does not count.
enum tg_pg_status tg_store_release_due_sends(struct tg_pg *pg, struct tg_slice slice,
                                             struct tg_message_key *due, size_t *n) TG_MUST_CHECK;

// The database's clock, in Unix milliseconds, which must go forward as `expected_ms` says (0: not
// known). Where it was set back, what waits moves with it: call again while there is more.
struct tg_clock {
    int64_t now_ms;
    int64_t back_ms; // by how much; 0: it was not
    bool more;
};
enum tg_pg_status tg_store_follow_clock(struct tg_pg *pg, int64_t expected_ms,
                                        struct tg_clock *clock) TG_MUST_CHECK;

// Milliseconds until release_due_sends or expire_sends has something to do, by the database's
// clock; 0: now; -1: nothing waits.
enum tg_pg_status tg_store_next_due(struct tg_pg *pg, int64_t *ms) TG_MUST_CHECK;

// Finds up to `limit` messages that have been queued longer than ages_ms[their partition] (-1: that
// partition is left alone): their jobs are lost. Marks them as queued anew, so that the next look
// does not find them again at once.
enum tg_pg_status tg_store_find_lost_sends(struct tg_pg *pg, const int64_t *ages_ms,
                                           size_t partitions, int64_t limit,
                                           struct tg_message_key *lost, size_t *n) TG_MUST_CHECK;

// A message that has failed so, or has become unconfirmed.
struct tg_ended {
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    bool refunded;
    struct tg_released released;
};

// Fails messages that are past their not_after ("expired").
enum tg_pg_status tg_store_expire_sends(struct tg_pg *pg, struct tg_slice slice,
                                        struct tg_ended *ended, size_t *n) TG_MUST_CHECK;

// Makes messages unconfirmed that have been `sending` for longer than `age_ms`: the worker that
// claimed them is gone. Should it be there after all, its own outcome still counts.
enum tg_pg_status tg_store_unconfirm_sends(struct tg_pg *pg, int64_t age_ms, struct tg_slice slice,
                                           struct tg_ended *ended, size_t *n) TG_MUST_CHECK;

// Fails messages that have been unconfirmed for longer than `window_s`.
enum tg_pg_status tg_store_fail_unheard_sends(struct tg_pg *pg, int64_t window_s,
                                              struct tg_slice slice, struct tg_ended *ended,
                                              size_t *n) TG_MUST_CHECK;

// Fails messages that have been sent, and not delivered, for longer than their org waits.
enum tg_pg_status tg_store_fail_undelivered_sends(struct tg_pg *pg, struct tg_slice slice,
                                                  struct tg_ended *ended, size_t *n) TG_MUST_CHECK;

// Fails messages that no worker could claim ("poison"), if they are queued.
enum tg_pg_status tg_store_fail_poison_sends(struct tg_pg *pg,
                                             const struct tg_message_key *messages, size_t n,
                                             struct tg_ended *ended, size_t *count) TG_MUST_CHECK;

// Deletes up to `limit` idempotency keys that are older than `age_s`.
enum tg_pg_status tg_store_delete_idempotency_keys(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                                   int64_t *deleted) TG_MUST_CHECK;

// Deletes up to `limit` events that are older than `age_s`.
enum tg_pg_status tg_store_delete_events(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                         int64_t *deleted) TG_MUST_CHECK;

// Tells orgs of automation rules that no worker has checked for `age_s`.
enum tg_pg_status tg_store_alert_unchecked_rules(struct tg_pg *pg, int64_t age_s,
                                                 int64_t *raised) TG_MUST_CHECK;

// Does what follows from up to `limit` of the notices that Meta gives of accounts, and ends what is
// over.
enum tg_pg_status tg_store_follow_notices(struct tg_pg *pg, int64_t limit,
                                          int64_t *followed) TG_MUST_CHECK;

// Deletes up to `limit` receipts that had their end so long ago.
enum tg_pg_status tg_store_delete_receipts(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                           int64_t *deleted) TG_MUST_CHECK;

// The same with sessions of the console, and links to it, that have ended longer ago.
enum tg_pg_status tg_store_delete_sessions(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                           int64_t *deleted) TG_MUST_CHECK;
enum tg_pg_status tg_store_delete_console_links(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                                int64_t *deleted) TG_MUST_CHECK;
// And with deliveries, and their attempts, of events that are older.
enum tg_pg_status tg_store_delete_deliveries(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                             int64_t *deleted) TG_MUST_CHECK;

// Deletes what messages say that their orgs keep no longer: looks at up to `limit` messages.
struct tg_deleted_bodies {
    int64_t deleted; // of so many
    bool more;       // there are further ones to look at now
};
enum tg_pg_status tg_store_delete_bodies(struct tg_pg *pg, int64_t limit,
                                         struct tg_deleted_bodies *done) TG_MUST_CHECK;

// Goes on with the daily figures: adds up to `limit` rows of ledgers, or counts so many messages.
struct tg_rolled_up {
    int64_t counted;
    bool more; // there is more to do now
};
enum tg_pg_status tg_store_sum_ledgers(struct tg_pg *pg, int64_t limit,
                                       struct tg_rolled_up *done) TG_MUST_CHECK;
enum tg_pg_status tg_store_count_usage(struct tg_pg *pg, int64_t limit,
                                       struct tg_rolled_up *done) TG_MUST_CHECK;

// Goes on with the erasures of contacts of up to `limit` orgs; *finished is how many had their end.
enum tg_pg_status tg_store_finish_open_erasures(struct tg_pg *pg, int64_t limit,
                                                int64_t *finished) TG_MUST_CHECK;

// Takes the seat that lets one janitor act, for as long as the connection lives:
// PostgreSQL ends it when nothing is asked for 8 s. Safe to repeat: who has it takes nothing more.
enum tg_pg_status tg_store_take_janitor_lock(struct tg_pg *pg, bool *taken) TG_MUST_CHECK;
