// What had another name in the version before goes on by it for one version.
#include "tests/system/org.h"
#include "tests/system/streams.h"
#include "tests/system/webhook.h"

TestSuite(former_names, .timeout = 120);

// While it may be.
#define UNSIGNED "TOLLGATE_UNSIGNED_WEBHOOKS=accept"

static const char former_key[] = "tollgate:{02}:events";

// As an ingress of the version before has stored it.
static void given_webhook_of_before(const struct org *org, const char *wamid)
{
    const char *body = text_message_body(org->phone_number_id, "919876543210", wamid, "hi");
    (void)redis_command(org->gateway->redis, "XADD", former_key, "*", "body", body);
}

static void expect_all_applied(const struct org *org, long messages)
{
    eventually(org_messages(org, "received") == messages);
    eventually(streams_left(org->gateway->redis, "events") == 0);
    cr_assert_eq(database_number(org->gateway->database, "SELECT count(*) FROM dead_letters"), 0);
}

Test(former_names, what_an_ingress_of_before_has_left_is_applied)
{
    struct gateway *gateway = given_gateway(.without_worker = true, .worker_settings = {UNSIGNED});
    struct org org = given_org(gateway);
    given_webhook_of_before(&org, "wamid.1");
    struct daemon *worker = start_worker(gateway);
    expect_all_applied(&org, 1);
    process_stop_cleanly(worker->process);
    expect_equal(redis_command(gateway->redis, "XINFO", "CONSUMERS", former_key, "workers"), "\n");
    stop_gateway(gateway);
}

Test(former_names, what_an_ingress_of_before_stores_later_is_applied_too)
{
    struct gateway *gateway = given_gateway(.worker_settings = {UNSIGNED});
    struct org org = given_org(gateway);
    // By then a worker has looked and found no such stream.
    cr_assert_eq(
        post_webhook(gateway,
                     text_message_body(org.phone_number_id, "919876543210", "wamid.1", "hi"), 0)
            .status,
        200);
    eventually(org_messages(&org, "received") == 1);
    expect_equal(redis_command(gateway->redis, "EXISTS", former_key), "0\n");
    given_webhook_of_before(&org, "wamid.2");
    expect_all_applied(&org, 2);
    stop_gateway(gateway);
}

Test(former_names, the_janitor_is_also_called_scheduler)
{
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_WORKER_ROLES=scheduler"});
    struct daemon *worker = &gateway->workers[0];
    eventually(daemon_has_logged(worker, "janitor_lock_taken"));
    expect_equal(process_log_value(worker->process, "former_word_taken", "means"), "janitor");
    expect_equal(process_log_value(worker->process, "worker_started", "send"), "0");
    stop_gateway(gateway);
}

Test(former_names, what_a_worker_of_before_has_left_lying_is_taken_over)
{
    struct gateway *gateway = given_gateway(.without_worker = true, .worker_settings = {UNSIGNED});
    struct org org = given_org(gateway);
    given_webhook_of_before(&org, "wamid.1");
    (void)redis_command(gateway->redis, "XGROUP", "CREATE", former_key, "workers", "0");
    (void)redis_command(gateway->redis, "XREADGROUP", "GROUP", "workers", "dead", "STREAMS",
                        former_key, ">");
    struct daemon *worker = start_worker(gateway);
    expect_all_applied(&org, 1);
    cr_assert(daemon_has_logged(worker, "webhooks_taken_over"));
    stop_gateway(gateway);
}
