// An endpoint is dead for an hour, and meanwhile all else fails too: workers are killed, Redis is
// wiped, PostgreSQL crashes, the receivers of the other orgs are away for a time. In the end each
// org has been told all that has happened to it, each event under one id, and nothing of another's.
#include "tests/system/heard.h"
#include "tests/system/tenants.h"
#include "tests/system/webhook.h"

TestSuite(told, .timeout = 240);

enum { ACME, BETA, GAMMA, DELTA, TENANTS };

static struct gateway *gateway;
static struct postgres *postgres;
static struct sink *sink;
static struct tenant tenants[TENANTS];

static void given_all(void)
{
    postgres = postgres_create();
    postgres_start(postgres);
    postgres_make_database(postgres);
    postgres_migrate(postgres);
    sink = sink_start();
    gateway = given_gateway(.database = postgres_database(postgres),
                            .ingress_settings = {sink_networks()},
                            .worker_settings = {sink_networks(), sink_authority(sink)});
    (void)start_worker(gateway);
    eventually(*daemon_missing(&gateway->ingress) == '\0');
    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    static const char *const prefixes[TENANTS] = {"919811", "919822", "919833", "919844"};
    for (size_t i = 0; i < TENANTS; i++)
        given_tenant(&tenants[i], gateway, sink, prefixes[i]);
    tenant_has_endpoint(&tenants[ACME], "acme", "message.*", "message.");
    tenant_has_endpoint_of_meta(&tenants[ACME], "acme-meta");
    tenant_has_endpoint(&tenants[BETA], "beta", "*", "");
    tenant_has_endpoint(&tenants[GAMMA], "gamma", "message.received", "message.received");
    tenant_has_endpoint(&tenants[GAMMA], "gamma-money", "wallet.*", "wallet.");
    for (size_t i = 0; i < DELTA; i++) // delta asks for nothing at all
        tenant_follows_its_feed(&tenants[i]);
}

// --- what happens meanwhile ---

static void all_send(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < TENANTS; t++)
            tenant_sends(&tenants[t],
                         text_of("%s%06zu", tenants[t].prefix, tenants[t].send_count % 10));
    }
}

static void some_write_to_all(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < TENANTS; t++)
            customer_writes(&tenants[t], "hello");
    }
}

static void something_happens(void)
{
    all_send(3);
    some_write_to_all(2);
    (void)database_text(gateway->database, "SELECT add_wallet_credits('%s', 1, 'paid in')",
                        tenants[GAMMA].org.id);
}

static bool all_are_accepted(void)
{
    bool all = true;
    for (size_t t = 0; t < TENANTS; t++)
        all &= tenant_is_accepted(&tenants[t]);
    return all;
}

static bool all_is_applied(void)
{
    return simulator_webhook_stat(gateway->simulator, "waiting") == 0 &&
           webhooks_left(gateway) == 0 &&
           database_number(gateway->database, "SELECT count(*) FROM outbox") == 0 &&
           simulator_webhook_stat(gateway->simulator, "waiting") == 0 &&
           webhooks_left(gateway) == 0;
}

// --- the clock ---

static void time_passes(const char *interval)
{
    deliveries_come_nearer(gateway->database, interval);
    (void)database_text(gateway->database, "UPDATE delivery_attempts SET at = at - interval '%s'",
                        interval);
    (void)database_text(gateway->database,
                        "UPDATE endpoints SET failing_since = failing_since - interval '%s' WHERE "
                        "failing_since IS NOT NULL",
                        interval);
}

// Was the oldest of what waits at an endpoint tried so often?
static bool is_tried(const struct endpoint *endpoint, long times)
{
    return database_number(gateway->database,
                           "SELECT coalesce((SELECT attempts FROM deliveries WHERE endpoint_id = "
                           "'%s' AND state = 'pending' ORDER BY event_xact, event_id LIMIT 1), 0)",
                           endpoint->id) == times;
}

// --- faults ---

static void kill_all_workers(void)
{
    while (gateway->worker_count > 0)
        kill_worker(gateway, &gateway->workers[0]);
}

// One is killed while what it has posted is not answered: all that it had is told by others, once
// its lease is over.
static void kill_a_worker_in_the_middle(struct tenant *tenant)
{
    const char *path = text_of("/%s", tenant->endpoints[0].name);
    size_t before = sink_count(sink, path);
    sink_does(sink, tenant->endpoints[0].name, "hang");
    something_happens();
    eventually(sink_count(sink, path) > before);
    kill_all_workers();
    sink_does(sink, tenant->endpoints[0].name, "ok");
    (void)start_worker(gateway);
    (void)start_worker(gateway);
}

// It has jobs alone then: webhooks that nobody has taken off it would be lost (ARCHITECTURE.md).
static void wipe_redis(void)
{
    eventually_within(2LL * PATIENCE_S, all_is_applied());
    kill_all_workers();
    all_send(3);
    expect_equal(redis_command(gateway->redis, "FLUSHALL"), "OK\n");
    (void)start_worker(gateway);
}

static void take_all_receivers_away(void)
{
    kill_all_workers();
    process_kill(sink->process);
    (void)start_worker(gateway);
    something_happens();
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM delivery_attempts WHERE outcome = "
                               "'no_connection' AND endpoint_id = '%s'",
                               tenants[BETA].endpoints[0].id) > 0);
    kill_all_workers();
    sink_restart(sink);
    for (size_t t = 0; t < TENANTS; t++) { // it has forgotten them
        for (size_t i = 0; i < tenants[t].endpoint_count; i++)
            if (tenants[t].endpoints[i].asks)
                sink_knows(sink, tenants[t].endpoints[i].name, tenants[t].endpoints[i].secret);
    }
    sink_does(sink, "acme", "status/500");
    (void)start_worker(gateway);
    (void)start_worker(gateway);
}

// What is posted at that moment is answered, and nobody can record it for now.
static void crash_postgres(void)
{
    size_t before = sink_count(sink, "/beta");
    sink_does(sink, "beta", "slow");
    something_happens();
    eventually(sink_count(sink, "/beta") > before);
    postgres_stop(postgres);
    all_send(1);
    some_write_to_all(1);
    sink_does(sink, "beta", "ok");
    postgres_start(postgres);
    gateway->database = postgres_database(postgres);
    eventually_within(2LL * PATIENCE_S, all_are_accepted());
}

// --- what comes of it ---

static void expect_all_told(void)
{
    const struct told *told = all_that_was_told(sink);
    for (size_t t = 0; t < DELTA; t++)
        expect_told(&tenants[t], told);
    expect_told_what_meta_posted(&tenants[ACME], &tenants[ACME].endpoints[1], told);
    cr_assert_eq(database_number(gateway->database,
                                 "SELECT count(*) FROM events WHERE org_id = '%s'",
                                 tenants[DELTA].org.id),
                 0);
}

// The first that came there, once more and as it was.
static void expect_resent(const struct tenant *tenant)
{
    const struct endpoint *endpoint = &tenant->endpoints[0];
    const char *path = text_of("/%s", endpoint->name);
    const char *id = sink_text(sink, path, 0, "/headers/webhook-id");
    size_t before = sink_count(sink, path);
    struct answer answer = tenant_asks(
        tenant, "POST", text_of("/api/endpoints/%s/deliveries/%s/resend", endpoint->id, id), NULL);
    cr_assert_eq(answer.status, 202, "%s", answer.body);
    eventually(sink_count(sink, path) == before + 1);
    expect_equal(sink_text(sink, path, before, "/headers/webhook-id"), id);
    expect_equal(sink_text(sink, path, before, "/verified/0"), "true");
    eventually(tenant_untold(tenant, 0) == 0);
}

// Some of what comes there is not wanted, and given up.
static void give_some_up(struct tenant *tenant)
{
    sink_does(sink, tenant->endpoints[0].name, "abort");
    something_happens();
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM deliveries WHERE endpoint_id = '%s' AND state "
                               "= 'failed'",
                               tenant->endpoints[0].id) > 0);
    sink_does(sink, tenant->endpoints[0].name, "ok");
}

static void recover(const struct tenant *tenant)
{
    const struct endpoint *endpoint = &tenant->endpoints[0];
    struct answer answer =
        tenant_asks(tenant, "POST", text_of("/api/endpoints/%s/recover", endpoint->id), "{}");
    cr_assert_eq(answer.status, 202, "%s", answer.body);
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM deliveries WHERE endpoint_id = '%s' AND state "
                               "<> 'delivered'",
                               endpoint->id) == 0);
}

static void set_state(const struct tenant *tenant, size_t endpoint, const char *state)
{
    struct answer answer =
        tenant_asks(tenant, "PATCH", text_of("/api/endpoints/%s", tenant->endpoints[endpoint].id),
                    text_of("{\"state\": \"%s\"}", state));
    expect_equal(answer_text(&answer, "/state"), state);
}

Test(told, is_everything_once_an_endpoint_was_dead_for_an_hour_and_all_else_failed)
{
    given_all();
    const struct endpoint *dead = &tenants[ACME].endpoints[0];
    something_happens();
    eventually_within(2LL * PATIENCE_S, all_is_applied());
    for (size_t t = 0; t < DELTA; t++)
        eventually(tenant_is_told(&tenants[t]));

    // Its first hour: tried at once, after 5 s, 5 min and 30 min.
    sink_does(sink, dead->name, "status/500");
    set_state(&tenants[GAMMA], 1, "disabled");
    something_happens();
    eventually(is_tried(dead, 1));
    kill_a_worker_in_the_middle(&tenants[BETA]);
    time_passes("1 minute");
    eventually(is_tried(dead, 2));
    give_some_up(&tenants[BETA]);
    wipe_redis();
    time_passes("6 minutes");
    eventually(is_tried(dead, 3));
    take_all_receivers_away();
    time_passes("34 minutes");
    eventually(is_tried(dead, 4));
    crash_postgres();
    time_passes("20 minutes");
    something_happens();
    eventually_within(2LL * PATIENCE_S, all_is_applied());
    eventually(events_are_fanned_out(gateway->database));
    cr_assert_gt(tenant_untold(&tenants[ACME], 0), 50);
    cr_assert_eq(database_number(gateway->database,
                                 "SELECT count(*) FROM endpoints WHERE id = '%s' AND failing_since "
                                 "< now() - interval '1 hour'",
                                 dead->id),
                 1);

    // It is back.
    sink_does(sink, dead->name, "ok");
    set_state(&tenants[GAMMA], 1, "active");
    recover(&tenants[ACME]);
    recover(&tenants[BETA]);
    for (size_t t = 0; t < DELTA; t++)
        eventually(tenant_is_told(&tenants[t]));
    expect_all_told();
    expect_resent(&tenants[ACME]);
    expect_all_told();
    process_kill(sink->process);
    stop_gateway(gateway);
    postgres_stop(postgres);
}
