// Orgs and their numbers while they send: suspended, held up, slowed down, handed over; and a clock
// that is set back for all.
#include "tests/faults/fault.h"
#include "tests/faults/log_of_posts.h"

TestSuite(org, .timeout = 300);
TestSuite(clock, .timeout = 300);

enum {
    OUTAGE_MS = 2500,
    LOCKED_MS = 6000, // longer than TG_PG_LOCK_TIMEOUT_MS
    MOMENT_MS = 500,  // in which a claim that has begun is committed
    OTHERS_SEND = 20,
};

static void set_status(struct rig *rig, const struct org *org, const char *status)
{
    (void)database_text(rig->gateway->database,
                        "UPDATE organizations SET status = '%s' WHERE id = '%s'", status, org->id);
}

static long sending(struct rig *rig, const struct org *org)
{
    return database_number(rig->gateway->database,
                           "SELECT count(*) FROM outbox WHERE state = 'sending' AND org_id = '%s'",
                           org->id);
}

// What was claimed before may still leave.
FAULT(org, suspended)
{
    const struct org *org = &rig->orgs[RIG_IMPATIENT];
    set_status(rig, org, "suspended");
    fault_lasts(MOMENT_MS);
    eventually(sending(rig, org) == 0);
    long last = last_post(rig->gateway->simulator);
    fault_lasts(OUTAGE_MS);
    long more = messages_begun(rig->gateway->simulator, org->phone_number_id, last);
    cr_assert(more == 0, "%ld messages were posted while the org was suspended", more);
    set_status(rig, org, "active");
}

FAULT(org, wallet_held_for_long)
{
    struct database *database = rig->gateway->database;
    (void)database_text(database, "BEGIN");
    (void)database_text(database, "SELECT FROM wallet_locks WHERE org_id = '%s' FOR UPDATE",
                        rig->orgs[RIG_REPLYING].id);
    workload_run_on(rig->workload, OTHERS_SEND);
    fault_lasts(LOCKED_MS);
    (void)database_text(database, "ROLLBACK");
}

static void set_rate(struct rig *rig, const struct org *org, long max_mps)
{
    (void)database_text(rig->gateway->database, "UPDATE channels SET max_mps = %ld WHERE id = '%s'",
                        max_mps, org->channel_id);
}

// What the rate is lowered to holds for what waits, too. (Twice as many and a second's: what was
// late may have come into these seconds.)
FAULT(org, number_slowed_down)
{
    enum { RATE = 4, SECONDS = 4, MAX = 2 * RATE * SECONDS + RATE };
    const struct org *org = &rig->orgs[RIG_IMPATIENT];
    long usual = database_number(rig->gateway->database,
                                 "SELECT max_mps FROM channels WHERE id = '%s'", org->channel_id);
    set_rate(rig, org, RATE);
    fault_lasts(MOMENT_MS);
    long last = last_post(rig->gateway->simulator);
    fault_lasts(SECONDS * 1000);
    long begun = messages_begun(rig->gateway->simulator, org->phone_number_id, last);
    cr_assert(begun <= MAX, "%ld messages in %d s at %d a second", begun, SECONDS, RATE);
    set_rate(rig, org, 1000);
    fault_lasts(MOMENT_MS);
    set_rate(rig, org, usual);
}

static void set_channel(struct rig *rig, const struct org *org, const char *number,
                        const char *status)
{
    (void)database_text(rig->gateway->database,
                        "UPDATE channels SET status = '%s' WHERE org_id = '%s' "
                        "AND phone_number_id = '%s'",
                        status, org->id, number);
}

// And back again. What was written before either is neither org's.
FAULT(org, number_handed_over)
{
    const struct org *giver = &rig->orgs[RIG_GIVING];
    const struct org *taker = &rig->orgs[RIG_GIVING + 1];
    const char *number = giver->phone_number_id;
    rig->handed_over = true;
    set_channel(rig, giver, number, "disabled");
    (void)database_text(rig->gateway->database,
                        "INSERT INTO channels (org_id, phone_number_id, access_token, status) "
                        "SELECT '%s', '%s', 'EAAtaker', 'disabled' WHERE NOT EXISTS ("
                        "SELECT FROM channels WHERE org_id = '%s' AND phone_number_id = '%s')",
                        taker->id, number, taker->id, number);
    set_channel(rig, taker, number, "active");
    fault_lasts(OUTAGE_MS);
    set_channel(rig, taker, number, "disabled");
    set_channel(rig, giver, number, "active");
}

// What an earlier clock of PostgreSQL's has written is an hour later than it would be.
FAULT(clock, set_back)
{
    struct database *database = rig->gateway->database;
    (void)database_text(
        database,
        "BEGIN; SET LOCAL deadlock_timeout = '1min'; "
        "UPDATE pace SET high_free_at = high_free_at + interval '1 hour', bulk_free_at = "
        "bulk_free_at + interval '1 hour', written_at = written_at + interval '1 hour'; "
        "UPDATE outbox SET due_at = due_at + interval '1 hour', look_at = look_at + interval "
        "'1 hour' WHERE state = 'scheduled'; "
        "UPDATE clock SET seen_at = clock_timestamp() + interval '1 hour'; COMMIT");
    eventually(database_number(database, "SELECT count(*) FROM clock WHERE back IS NULL AND "
                                         "seen_at < clock_timestamp() + interval '1 minute'") > 0);
}
