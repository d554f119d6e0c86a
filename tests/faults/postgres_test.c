// PostgreSQL: away, ending sessions in the middle of a call, read-only, full, locked, and silent
// about what it has committed.
#include "tests/faults/fault.h"

#include <stdlib.h>
#include <string.h>

TestSuite(postgres, .timeout = 300);

enum { OUTAGE_MS = 2500, EACH = 3 };

// Longer than TG_PG_LOCK_TIMEOUT_MS.
enum { LOCKED_MS = 6000, LATENCY_MS = 1000 };

static void end_sessions(struct rig *rig)
{
    (void)database_text(rig->gateway->database,
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

// `how` is pg_terminate_backend or pg_cancel_backend; for the sessions that are in this call now.
static long interrupt(struct rig *rig, const char *how, const char *call)
{
    return database_number(rig->gateway->database,
                           "SELECT count(%s(pid)) FROM pg_stat_activity "
                           "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                           "AND state = 'active' AND query LIKE '%%%s%%'",
                           how, call);
}

static void interrupt_each(struct rig *rig, const char *how)
{
    static const char *const calls[] = {"accept_sends", "claim_sends", "settle_sends",
                                        "apply_statuses"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        for (long met = 0; met < EACH;)
            eventually((met += interrupt(rig, how, calls[i])) >= EACH);
    }
}

FAULT(postgres, restarted, .takes_postgres = true)
{
    postgres_stop(rig->postgres);
    fault_lasts(OUTAGE_MS);
    postgres_start(rig->postgres);
    rig_reconnect(rig);
}

FAULT(postgres, killed, .takes_postgres = true, .tells = true)
{
    postgres_kill(rig->postgres);
    postgres_start(rig->postgres);
    rig_reconnect(rig);
}

FAULT(postgres, ending_sessions_in_their_calls)
{
    interrupt_each(rig, "pg_terminate_backend");
}

// To a daemon this is what a statement timeout is.
FAULT(postgres, cancelling_statements)
{
    interrupt_each(rig, "pg_cancel_backend");
}

FAULT(postgres, read_only)
{
    struct database *database = rig->gateway->database;
    (void)database_text(database, "ALTER DATABASE %s SET default_transaction_read_only = on",
                        database->name);
    end_sessions(rig);
    fault_lasts(OUTAGE_MS);
    (void)database_text(database, "ALTER DATABASE %s RESET default_transaction_read_only",
                        database->name);
    end_sessions(rig);
}

FAULT(postgres, out_of_connections)
{
    struct database *database = rig->gateway->database;
    (void)database_text(database, "ALTER DATABASE %s CONNECTION LIMIT 0", database->name);
    end_sessions(rig);
    fault_lasts(OUTAGE_MS);
    (void)database_text(database, "ALTER DATABASE %s CONNECTION LIMIT -1", database->name);
}

FAULT(postgres, locked_for_long)
{
    struct database *database = rig->gateway->database;
    // Who has the one may want the other: the daemon is to be the victim then, and tries again.
    (void)database_text(database, "BEGIN; SET LOCAL deadlock_timeout = '1min'; "
                                  "LOCK TABLE wallets, outbox IN SHARE ROW EXCLUSIVE MODE");
    fault_lasts(LOCKED_MS);
    (void)database_text(database, "ROLLBACK");
}

// Until ROLLBACK nothing can be paid or refunded, and a refusal that is refunded is on its way.
static bool holds_refunds(struct database *database)
{
    (void)database_text(database, "BEGIN; SELECT 1 FROM wallet_locks ORDER BY org_id FOR UPDATE");
    (void)database_text(database, "LOCK TABLE wallet_transactions IN SHARE MODE");
    if (database_number(database, "SELECT count(*) FROM outbox o JOIN contacts c "
                                  "ON c.org_id = o.org_id AND c.id = o.contact_id "
                                  "WHERE c.phone = '15550131049' AND o.state = 'sending' "
                                  "AND o.claimed_at > clock_timestamp() - interval '0.8 s'") > 0)
        return true;
    (void)database_text(database, "ROLLBACK");
    return false;
}

// The rest of a settlement could go on, and must not.
FAULT(postgres, wallets_locked_for_long)
{
    struct database *database = rig->gateway->database;
    simulator_set(rig->gateway->simulator, text_of("{\"latency_ms\": %d}", LATENCY_MS));
    eventually(holds_refunds(database));
    simulator_set(rig->gateway->simulator, "{\"latency_ms\": 0}");
    fault_lasts(LOCKED_MS + 2 * LATENCY_MS);
    (void)database_text(database, "ROLLBACK");
}

static const char *const committing[] = {
    "accept_sends",       "claim_sends",    "settle_sends",   "receive_messages",  "pass_campaign",
    "add_wallet_credits", "start_campaign", "fan_out_events", "settle_deliveries", "COMMIT",
};

FAULT(postgres, commits_unanswered)
{
    for (size_t i = 0; i < sizeof committing / sizeof *committing; i++) {
        proxy_lose_answers(rig->to_postgres, committing[i], EACH);
        eventually(proxy_cuts_left(rig->to_postgres) == 0);
    }
}

FAULT(postgres, requests_cut)
{
    for (size_t i = 0; i < sizeof committing / sizeof *committing; i++) {
        proxy_cut_in_the_middle(rig->to_postgres, committing[i], EACH);
        eventually(proxy_cuts_left(rig->to_postgres) == 0);
    }
}

FAULT(postgres, slow)
{
    proxy_delay(rig->to_postgres, 100);
    fault_lasts(OUTAGE_MS);
    proxy_delay(rig->to_postgres, 0);
}

FAULT(postgres, silent)
{
    proxy_set(rig->to_postgres, PROXY_HANG);
    fault_lasts(OUTAGE_MS);
    proxy_set(rig->to_postgres, PROXY_PASS);
}
