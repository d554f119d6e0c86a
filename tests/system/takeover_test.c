// Workers that die or stand still: what they had is done by others, and no message is posted twice.
#include "tests/system/org.h"
#include "tests/system/streams.h"
#include "tests/system/webhook.h"

#include "common/limits.h"

#include <signal.h>
#include <string.h>

TestSuite(takeover, .timeout = 240);

// An abandoned message is found 10 s after Meta's time to answer.
enum { ABANDONED_S = 60 };

// Until ROLLBACK every claim waits.
static void begin_locked(struct gateway *gateway)
{
    (void)database_text(gateway->database, "BEGIN; SELECT 1 FROM outbox FOR UPDATE");
}

// Two workers: one finds what was abandoned soon, the other one gives Meta its usual time.
static void start_finder_and_sender(struct gateway *gateway)
{
    (void)start_worker_with_settings(
        gateway, WORDS("TOLLGATE_WORKER_ROLES=janitor", "TOLLGATE_GRAPH_TIMEOUT_MS=1000"));
    (void)start_worker_with_settings(gateway, WORDS("TOLLGATE_WORKER_ROLES=send"));
}

Test(takeover, of_jobs_that_a_killed_worker_had_not_claimed)
{
    enum { SENDS = 40 };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *ids[SENDS];
    for (int i = 0; i < SENDS; i++) {
        struct answer answer = send_text(&org, text_of("9198765%05d", i));
        ids[i] = expect_accepted(&answer);
    }
    begin_locked(gateway);
    struct daemon *killed = start_worker(gateway);
    eventually(thread_waits_for_lock(gateway, "intake"));
    kill_worker(gateway, killed);
    end_statements_of(gateway, "intake");
    (void)database_text(gateway->database, "ROLLBACK");
    cr_assert_eq(org_messages(&org, "sending"), 0);

    struct daemon *second = start_worker(gateway);

    for (int i = 0; i < SENDS; i++) {
        expect_ends(gateway, ids[i], "sent");
        cr_assert_eq(simulator_posts_of(gateway->simulator, ids[i]), 1);
    }
    cr_assert(daemon_has_logged(second, "jobs_taken_over"));
    stop_gateway(gateway);
}

Test(takeover, of_what_a_killed_worker_had_posted_is_unconfirmed_and_the_next_one_leaves)
{
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_GRAPH_TIMEOUT_MS=20000"});
    struct org org = given_org(gateway);
    struct answer first = send_text(&org, "15552000001"); // no answer ever
    struct answer second = send_text(&org, "15552000001");
    const char *ids[] = {expect_accepted(&first), expect_accepted_as(HERE, &second, "held")};
    eventually(simulator_posts_of(gateway->simulator, ids[0]) == 1);
    kill_worker(gateway, &gateway->workers[0]);
    expect_equal(message_state(gateway, ids[0]), "sending");

    struct daemon *other =
        start_worker_with_settings(gateway, WORDS("TOLLGATE_GRAPH_TIMEOUT_MS=1000"));

    eventually_within(ABANDONED_S, strcmp(message_state(gateway, ids[1]),
                                          "unconfirmed network:after_write") == 0);
    expect_equal(message_state(gateway, ids[0]), "unconfirmed network:after_write");
    cr_assert_eq(simulator_posts_of(gateway->simulator, ids[0]), 1);
    cr_assert_eq(simulator_posts_of(gateway->simulator, ids[1]), 1);
    expect_equal(process_log_value(other->process, "send_abandoned", "message_id"), ids[0]);
    expect_equal(daemon_metric(other, "tollgate_janitor_total{duty=\"abandoned\"}"), "1");
    stop_gateway(gateway);
}

// The claim is committed while the worker that asked for it stands still.
Test(takeover, from_a_worker_that_stands_still_and_wakes_up_late)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer first = send_text(&org, "919876543210");
    struct answer second = send_text(&org, "919876543210");
    const char *ids[] = {expect_accepted(&first), expect_accepted_as(HERE, &second, "held")};
    begin_locked(gateway);
    struct daemon *sleeper =
        start_worker_with_settings(gateway, WORDS("TOLLGATE_WORKER_ROLES=send"));
    eventually(thread_waits_for_lock(gateway, "intake"));
    process_signal(sleeper->process, SIGSTOP);
    (void)database_text(gateway->database, "ROLLBACK");
    eventually(strcmp(message_state(gateway, ids[0]), "sending") == 0);

    start_finder_and_sender(gateway);

    eventually_within(ABANDONED_S, strcmp(message_state(gateway, ids[1]), "sent") == 0);
    expect_equal(message_state(gateway, ids[0]), "unconfirmed network:after_write");
    process_signal(sleeper->process, SIGCONT);
    eventually(daemon_has_logged(sleeper, "sends_handed_back"));
    cr_assert_eq(simulator_posts_of(gateway->simulator, ids[0]), 0);
    cr_assert_eq(simulator_posts_of(gateway->simulator, ids[1]), 1);
    expect_equal(message_state(gateway, ids[0]), "unconfirmed network:after_write");
    stop_gateway(gateway);
}

// A worker with one place has never claimed more than it could post.
Test(takeover, from_a_killed_worker_leaves_no_message_in_doubt_that_was_not_posted)
{
    enum { SENDS = 30, PLACES = 2 };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    simulator_set(gateway->simulator, "{\"latency_ms\": 10000}"); // for longer than it lives
    for (int i = 0; i < SENDS; i++) {
        struct answer answer = send_text(&org, text_of("9198765%05d", i));
        (void)expect_accepted(&answer);
    }
    struct daemon *killed =
        start_worker_with_settings(gateway, WORDS(text_of("TOLLGATE_SEND_CONCURRENCY=%d", PLACES)));
    eventually(simulator_posts(gateway->simulator) >= PLACES);
    kill_worker(gateway, killed);
    cr_assert_leq(org_messages(&org, "sending"), PLACES);

    simulator_set(gateway->simulator, "{\"latency_ms\": 0}");
    start_finder_and_sender(gateway);

    eventually_within(ABANDONED_S,
                      database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    cr_assert_leq(org_messages(&org, "unconfirmed"), PLACES);
    cr_assert_geq(org_messages(&org, "sent"), SENDS - PLACES);
    cr_assert_leq(simulator_posts(gateway->simulator), SENDS);
    stop_gateway(gateway);
}

// All entries of a kind of work are a dead worker's, who was the last of so many to get them.
static void leave_lying(struct gateway *gateway, const char *work, int deliveries)
{
    static const char script[] =
        "for _, p in ipairs(redis.call('XPENDING', KEYS[1], 'workers', '-', '+', 1000)) do "
        "redis.call('XCLAIM', KEYS[1], 'workers', 'dead', 0, p[1], 'IDLE', 60000, 'RETRYCOUNT', "
        "ARGV[1], 'JUSTID') end";
    for (int i = 0; i < 4; i++) {
        const char *key = text_of("tollgate:{%02d}:%s", i, work);
        (void)redis_command(gateway->redis, "XGROUP", "CREATE", key, "workers", "0", "MKSTREAM");
        (void)redis_command(gateway->redis, "XREADGROUP", "GROUP", "workers", "dead", "STREAMS",
                            key, ">");
        (void)redis_command(gateway->redis, "EVAL", script, "1", key, text_of("%d", deliveries));
    }
}

Test(takeover, of_a_job_that_no_worker_can_claim_fails_its_message)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    struct answer behind = send_text(&org, "919876543210");
    const char *next = expect_accepted_as(HERE, &behind, "held");
    eventually(streams_left(gateway->redis, "sends") == 1);
    given_refusals(gateway, "UPDATE ON outbox", text_of("OLD.message_id = '%s'", id));
    leave_lying(gateway, "sends", 9);

    struct daemon *worker = start_worker(gateway);

    expect_ends(gateway, id, "failed poison refunded");
    expect_ends(gateway, next, "sent");
    cr_assert_eq(simulator_posts_of(gateway->simulator, id), 0);
    expect_equal(process_log_value(worker->process, "poison_job", "message_id"), id);
    expect_equal(org_ledger(&org),
                 "adjustment 100.00, service_fee -0.20, service_fee -0.20, refund 0.20");
    stop_gateway(gateway);
}

// How many that were is Redis's word alone.
Test(takeover, of_a_job_that_is_said_to_kill_its_workers_sends_its_message)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    eventually(streams_left(gateway->redis, "sends") == 1);
    leave_lying(gateway, "sends", 9);
    (void)start_worker(gateway);
    expect_ends(gateway, id, "sent");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    stop_gateway(gateway);
}

// Those that may be to blame are taken one by one, and sent: they were not.
Test(takeover, of_suspects_sends_them)
{
    enum { SENDS = 12 };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *ids[SENDS];
    for (int i = 0; i < SENDS; i++) {
        struct answer answer = send_text(&org, text_of("9198765%05d", i));
        ids[i] = expect_accepted(&answer);
    }
    eventually(streams_left(gateway->redis, "sends") ==
               SENDS); // they are published after the answer
    leave_lying(gateway, "sends", 4);
    struct daemon *worker = start_worker(gateway);
    for (int i = 0; i < SENDS; i++)
        expect_ends(gateway, ids[i], "sent");
    expect_equal(daemon_metric(worker, "tollgate_jobs_taken_over_total"), text_of("%d", SENDS));
    stop_gateway(gateway);
}

// All might be of the largest kind: ten of those are the memory that a batch may take.
Test(takeover, of_webhooks_begins_with_few_and_doubles_that_while_they_are_small)
{
    enum { WEBHOOKS = 50 };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    for (int i = 0; i < WEBHOOKS; i++) {
        struct answer answer = post_webhook(
            gateway,
            text_message_body(org.phone_number_id, "919876543210", text_of("wamid.%d", i), "hi"),
            0);
        cr_assert_eq(answer.status, 200, "%d", answer.status);
    }
    leave_lying(gateway, "webhooks", 1);

    struct daemon *worker = start_worker(gateway);

    eventually(webhooks_left(gateway) == 0);
    cr_assert_eq(org_messages(&org, "received"), WEBHOOKS);
    cr_assert(daemon_has_logged(worker, "webhooks_taken_over service=worker webhooks=10"));
    cr_assert(daemon_has_logged(worker, "webhooks_taken_over service=worker webhooks=20"));
    // 10, 20, 20
    expect_equal(daemon_metric(worker, "tollgate_inbound_batch_items_count"), "3");
    stop_gateway(gateway);
}

// As often as it may be given away, this time included.
Test(takeover, of_a_webhook_that_others_had_applies_it_up_to_a_number)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *body = text_message_body(org.phone_number_id, "919876543210", "wamid.1", "hi");
    cr_assert_eq(post_webhook(gateway, body, 0).status, 200);
    leave_lying(gateway, "webhooks", TG_DELIVERIES_MAX - 1);
    (void)start_worker(gateway);
    eventually(webhooks_left(gateway) == 0);
    cr_assert_eq(org_messages(&org, "received"), 1);
    stop_gateway(gateway);
}

Test(takeover, of_a_webhook_that_kills_its_workers_records_it_as_dead)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *body = text_message_body(org.phone_number_id, "919876543210", "wamid.1", "hi");
    struct answer answer = post_webhook(gateway, body, 0);
    cr_assert_eq(answer.status, 200, "%d", answer.status);
    leave_lying(gateway, "webhooks", TG_DELIVERIES_MAX);

    struct daemon *worker = start_worker(gateway);

    eventually(webhooks_left(gateway) == 0);
    expect_equal(
        database_text(gateway->database, "SELECT string_agg(reason, ' ') FROM dead_letters"),
        "poison");
    expect_equal(
        database_text(gateway->database, "SELECT convert_from(body, 'UTF8') FROM dead_letters"),
        body);
    cr_assert_eq(org_messages(&org, "received"), 0);
    cr_assert(daemon_has_logged(worker, "poison_webhook"));
    stop_gateway(gateway);
}
