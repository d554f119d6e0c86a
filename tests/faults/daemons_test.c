// Daemons that are killed at their stages, or stand still.
#include "tests/faults/fault.h"

#include <signal.h>
#include <string.h>

TestSuite(ingress, .timeout = 300);
TestSuite(worker, .timeout = 300);
TestSuite(everything, .timeout = 300);

// One that has ended in good order is followed by one that dies at the point, and that by one that
// lives.
static void kill_worker_at(struct rig *rig, const char *stop_point)
{
    rig_end(&rig->workers[0]);
    rig_start_worker(rig, 0, stop_point);
    rig_expect_stopped(&rig->workers[0]);
    rig_start_worker(rig, 0, NULL);
}

static void kill_ingress_at(struct rig *rig, const char *stop_point)
{
    rig_end(&rig->ingresses[1]);
    rig_start_ingress(rig, 1, stop_point);
    rig_expect_stopped(&rig->ingresses[1]);
    rig_start_ingress(rig, 1, NULL);
}

FAULT(ingress, killed)
{
    for (int i = 0; i < RIG_INGRESSES; i++) {
        rig_kill_ingress(rig, i);
        rig_start_ingress(rig, i, NULL);
    }
}

FAULT(ingress, killed_in_accept)
{
    kill_ingress_at(rig, "accept_sends:9");
}

FAULT(ingress, killed_after_accept)
{
    kill_ingress_at(rig, "after_accept:7");
}

FAULT(ingress, killed_before_publishing)
{
    kill_ingress_at(rig, "after_accept_answer:8");
}

FAULT(worker, killed)
{
    rig_kill_worker(rig, 0);
    rig_start_worker(rig, 0, NULL);
}

FAULT(worker, killed_in_claim)
{
    kill_worker_at(rig, "claim_sends:6");
}

FAULT(worker, killed_after_claim)
{
    kill_worker_at(rig, "after_claim:7");
}

FAULT(worker, killed_after_body)
{
    kill_worker_at(rig, "after_body:9");
}

FAULT(worker, killed_after_answer)
{
    kill_worker_at(rig, "after_answer:8");
}

FAULT(worker, killed_in_settle)
{
    kill_worker_at(rig, "settle_sends:5");
}

FAULT(worker, killed_before_ack)
{
    kill_worker_at(rig, "before_ack:6");
}

FAULT(worker, killed_in_a_webhook)
{
    kill_worker_at(rig, "apply_statuses:5");
}

// Claimed, and not posted.
FAULT(worker, killed_before_a_delivery, .tells = true)
{
    kill_worker_at(rig, "deliveries_claimed");
}

// The endpoint has it, and nobody knows.
FAULT(worker, killed_after_a_delivery, .tells = true)
{
    kill_worker_at(rig, "after_delivery");
}

FAULT(worker, killed_in_settling_deliveries, .tells = true)
{
    kill_worker_at(rig, "settle_deliveries");
}

// One worker alone passes campaigns on: the only one there is.
FAULT(worker, killed_after_a_piece)
{
    for (int i = 0; i < rig->worker_count; i++)
        rig_end(&rig->workers[i]);
    rig_start_worker(rig, 0, "after_piece:2");
    rig_expect_stopped(&rig->workers[0]);
    for (int i = 0; i < rig->worker_count; i++)
        rig_start_worker(rig, i, NULL);
}

// Is a worker waiting for a lock, to settle? Within a transaction PostgreSQL would show the first
// look again and again.
static bool settle_waits(struct database *database)
{
    (void)database_text(database, "SELECT pg_stat_clear_snapshot()");
    return database_number(database, "SELECT count(*) FROM pg_stat_activity "
                                     "WHERE datname = current_database() "
                                     "AND application_name = 'tollgate-worker settle' "
                                     "AND wait_event_type = 'Lock'") > 0;
}

// A message that is `sending` and named by no entry of Redis, "" if there is none. One whose worker
// died a while ago may well be: whoever took its job over found that it is not to be posted.
static const char *sending_without_job(struct rig *rig)
{
    static const char names[] =
        "local text = '' for i = 0, 3 do "
        "for _, entry in ipairs(redis.call('XRANGE', 'tollgate:{0' .. i .. '}:sends', '-', '+')) "
        "do "
        "text = text .. table.concat(entry[2], ' ') .. ' ' end end return text";
    const char *jobs = redis_command(rig->gateway->redis, "EVAL", names, "0");
    const char *ids = database_text(rig->gateway->database,
                                    "SELECT string_agg(message_id::text, ' ') FROM outbox "
                                    "WHERE state = 'sending' "
                                    "AND claimed_at > clock_timestamp() - interval '3 s'");
    for (const char *id = ids; *id; id += strcspn(id, " "), id += *id == ' ') {
        const char *one = text_of("%.*s", (int)strcspn(id, " "), id);
        if (!strstr(jobs, one))
            return one;
    }
    return "";
}

// Until ROLLBACK nothing is settled, and some have just been claimed that must be.
static bool holds_settling(struct database *database)
{
    (void)database_text(database, "BEGIN; LOCK TABLE outbox IN SHARE ROW EXCLUSIVE MODE");
    if (database_number(database, "SELECT count(*) FROM outbox WHERE state = 'sending' "
                                  "AND claimed_at > clock_timestamp() - interval '1 s'") > 0)
        return true;
    (void)database_text(database, "ROLLBACK");
    return false;
}

// What is not settled still has its job: that is what the next worker finds it by. (Not after Redis
// was wiped.)
FAULT(worker, killed_while_it_waits_to_settle)
{
    struct database *database = rig->gateway->database;
    eventually(holds_settling(database));
    eventually(settle_waits(database));
    const char *lost = rig->webhooks_lost ? "" : sending_without_job(rig);
    for (int i = 0; i < rig->worker_count; i++)
        rig_kill_worker(rig, i);
    (void)database_text(database, "ROLLBACK");
    cr_assert_str_eq(lost, "", "%s has lost its job and is not settled", lost);
    for (int i = 0; i < rig->worker_count; i++)
        rig_start_worker(rig, i, NULL);
}

// It sleeps past the moment at which another one takes over what it had claimed, and wakes up.
FAULT(worker, stopped_for_long)
{
    process_signal(rig->workers[0].daemon.process, SIGSTOP);
    fault_lasts((RIG_TAKEOVER_S + 3) * 1000);
    process_signal(rig->workers[0].daemon.process, SIGCONT);
}

FAULT(everything, killed, .tells = true)
{
    for (int i = 0; i < RIG_INGRESSES; i++)
        rig_kill_ingress(rig, i);
    for (int i = 0; i < rig->worker_count; i++)
        rig_kill_worker(rig, i);
    redis_kill(rig->gateway->redis);
    redis_start(rig->gateway->redis);
    for (int i = 0; i < RIG_INGRESSES; i++)
        rig_start_ingress(rig, i, NULL);
    for (int i = 0; i < rig->worker_count; i++)
        rig_start_worker(rig, i, NULL);
}
