// What Meta certainly has not taken, for a reason that passes, is tried again: later and later.
#include "tests/system/org.h"

#include <string.h>

TestSuite(retry, .timeout = 120);

static long attempts_of(struct gateway *gateway, const char *id)
{
    return database_number(gateway->database, "SELECT attempts FROM messages WHERE id = '%s'", id);
}

Test(retry, sends_in_the_end_what_was_refused_for_a_while)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);

    struct answer answer = send_text(&org, "15553000002");

    const char *id = expect_accepted(&answer);
    expect_ends(gateway, id, "sent");
    cr_assert_eq(simulator_posts_of(gateway->simulator, id), 3);
    cr_assert_eq(attempts_of(gateway, id), 3);
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(outcome, ' ' ORDER BY attempt) FROM attempts "
                               "WHERE message_id = '%s'",
                               id),
                 "131000 131000");
    expect_equal(
        daemon_metric(&gateway->workers[0], "tollgate_sends_settled_total{status=\"scheduled\"}"),
        "2");
    cr_assert(daemon_has_logged(&gateway->workers[0], "send_put_off"));
    stop_gateway(gateway);
}

Test(retry, outlasts_an_outage_of_meta)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    process_kill(gateway->simulator->process);
    struct answer answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    eventually(strcmp(message_state(gateway, id), "scheduled") == 0);
    expect_equal(process_log_value(gateway->workers[0].process, "send_put_off", "outcome"),
                 "network:refused");

    simulator_start(gateway->simulator);

    expect_ends(gateway, id, "sent");
    cr_assert_eq(simulator_posts_of(gateway->simulator, id), 1);
    cr_assert_geq(attempts_of(gateway, id), 2);
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    stop_gateway(gateway);
}

Test(retry, waits_as_long_as_meta_asks)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    simulator_set(gateway->simulator, "{\"retry_after_s\": 300}");
    struct answer answer = send_text(&org, "15553000001");
    const char *id = expect_accepted(&answer);
    eventually(strcmp(message_state(gateway, id), "scheduled") == 0);
    expect_equal(database_text(gateway->database,
                               "SELECT due_at BETWEEN now() + interval '240 seconds' AND "
                               "now() + interval '301 seconds' FROM outbox WHERE message_id = '%s'",
                               id),
                 "t");
    stop_gateway(gateway);
}

Test(retry, ends_when_all_attempts_have_failed)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    simulator_set(gateway->simulator, "{\"retry_after_s\": 300}"); // until we call it up
    struct answer answer = send_text(&org, "15550131000");
    const char *id = expect_accepted(&answer);
    eventually(strcmp(message_state(gateway, id), "scheduled") == 0);
    // As if it had been tried that often.
    (void)database_text(gateway->database,
                        "UPDATE outbox SET attempt = 5, due_at = now(), look_at = now() "
                        "WHERE message_id = '%s'",
                        id);
    expect_ends(gateway, id, "failed 131000 refunded");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20, refund 0.20");
    stop_gateway(gateway);
}

// A dead token is nobody's message's fault: what it meets is refunded, what comes later is refused.
Test(retry, is_no_use_where_the_channel_is_paused)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "15550000190");
    const char *id = expect_accepted(&answer);
    expect_ends(gateway, id, "failed 190 refunded");
    expect_equal(process_log_value(gateway->workers[0].process, "channel_paused", "org_id"),
                 org.id);
    expect_equal(
        daemon_metric(&gateway->workers[0], "tollgate_channels_paused_total{outcome=\"190\"}"),
        "1");
    answer = send_text(&org, "919876543210");
    expect_refused(&answer, 409, "channel_paused", "channel_id");
    stop_gateway(gateway);
}
