// PostgreSQL or Redis away: a daemon waits, says on /readyz which one is missing, and goes on by
// itself when it comes.
#include "tests/system/org.h"
#include "tests/system/proxy.h"
#include "tests/system/webhook.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

TestSuite(outage, .timeout = 180);

static void expect_both_miss(struct gateway *gateway, const char *missing)
{
    eventually(strcmp(daemon_missing(&gateway->ingress), missing) == 0);
    eventually(strcmp(daemon_missing(&gateway->workers[0]), missing) == 0);
}

// As good as dead: the health check of a daemon that waits must not have it restarted.
static void expect_alive(const struct gateway *gateway)
{
    const struct daemon *daemons[] = {&gateway->ingress, &gateway->workers[0]};
    for (size_t i = 0; i < 2; i++) {
        struct answer answer = ask(http_open(daemons[i]->admin_url), .path = "/healthz");
        cr_assert_eq(answer.status, 200);
    }
}

// An ingress hears of a new key that it has looked up already, and looks it up once more. Waits
// until it knows it for some time.
static void expect_key_known(struct gateway *gateway, const struct org *org)
{
    for (int looks = 0; looks < 2; looks++) {
        const char *since = database_text(gateway->database, "SELECT clock_timestamp()");
        eventually(database_number(gateway->database,
                                   "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                                   "'tollgate-ingress watch' AND query_start > '%s'",
                                   since) > 0);
    }
    cr_assert_eq(send_text_and_wait(org, "919876543210").status, 200);
}

Test(outage, of_postgresql_at_the_start_and_later_ends_by_itself)
{
    struct postgres *postgres = postgres_create();
    struct gateway *gateway = given_gateway(.database = postgres_database(postgres));
    expect_both_miss(gateway, "postgresql");
    expect_alive(gateway);
    struct answer answer = ask(gateway->http, .path = "/api/wallet", .key = "tg_x");
    expect_refused(&answer, 503, "unavailable", NULL);
    expect_equal(answer_header(&answer, "Retry-After"), "1");

    postgres_start(postgres);
    postgres_make_database(postgres);
    expect_both_miss(gateway, "schema");
    postgres_migrate(postgres);
    expect_both_miss(gateway, "");
    struct org org = given_org(gateway, .number = "123456");
    answer = send_text_and_wait(&org, "919876543210");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_key_known(gateway, &org);

    postgres_stop(postgres);
    expect_both_miss(gateway, "postgresql");
    // The lane learns of it by this one, and cannot tell what its connection has still carried.
    struct answer unknown = send_text(&org, "919876543210");
    expect_refused(&unknown, 503, "outcome_unknown", NULL);
    answer = send_text(&org, "919876543210");
    expect_refused(&answer, 503, "unavailable", NULL);
    expect_equal(answer_header(&answer, "Retry-After"), "1");
    cr_assert_not(answer.fresh);
    // Webhooks need none: they are acknowledged, and applied later.
    answer = post_webhook_file(gateway, "text.json");
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);

    postgres_start(postgres);
    gateway->database = postgres_database(postgres);
    eventually(send_text_and_wait(&org, "919876543211").status == 200);
    expect_both_miss(gateway, "");
    answer = get(&org, text_of("/api/messages/%s", answer_text(&unknown, "/detail/message_id")));
    expect_refused(&answer, 404, "not_found", NULL);
    eventually(org_messages(&org, "received") == 1);
    eventually(webhooks_left(gateway) == 0);
    stop_gateway(gateway);
    postgres_stop(postgres);
}

// A daemon of this version does not touch what an earlier one has left; of a later one it may.
Test(outage, of_a_schema_that_is_older_ends_with_its_upgrade)
{
    struct gateway *gateway = given_gateway();
    (void)database_text(gateway->database, "UPDATE schema_migrations SET version = version - 1");
    expect_both_miss(gateway, "schema");
    expect_alive(gateway);
    struct daemon *late = start_worker(gateway);
    eventually(daemon_has_logged(late, "schema_missed"));
    (void)database_text(gateway->database, "UPDATE schema_migrations SET version = version + 1000");
    (void)database_text(gateway->database, "UPDATE schema_migrations SET version = version - 998");
    expect_both_miss(gateway, "");
    eventually(*daemon_missing(late) == '\0');
    stop_gateway(gateway);
}

// Each daemon says so of its own calls, and its log which one it is.
Test(outage, of_a_function_that_fits_no_call_is_told_by_who_calls_it)
{
    struct gateway *gateway = given_gateway();
    expect_both_miss(gateway, "");
    (void)database_text(gateway->database, "ALTER FUNCTION find_callers RENAME TO find_key");
    eventually(strcmp(daemon_missing(&gateway->ingress), "schema") == 0);
    cr_assert(strstr(process_log(gateway->ingress.process), "find_callers"));
    expect_equal(daemon_missing(&gateway->workers[0]), "");
    (void)database_text(gateway->database, "ALTER FUNCTION find_key RENAME TO find_callers");
    (void)database_text(gateway->database, "ALTER FUNCTION next_due RENAME TO next_one");
    eventually(strcmp(daemon_missing(&gateway->workers[0]), "schema") == 0);
    cr_assert(daemon_has_logged(&gateway->workers[0], "schema_missed"));
    eventually(*daemon_missing(&gateway->ingress) == '\0');
    (void)database_text(gateway->database, "ALTER FUNCTION next_one RENAME TO next_due");
    expect_both_miss(gateway, "");
    struct org org = given_org(gateway);
    cr_assert_eq(send_text_and_wait(&org, "919876543210").status, 200);
    stop_gateway(gateway);
}

// It hangs in the middle of a call, and nothing tells but that no answer comes.
Test(outage, of_a_postgresql_that_falls_silent_ends_by_itself)
{
    struct database *database = database_create();
    struct proxy *proxy = proxy_create((int)strtol(database->port, NULL, 10));
    struct gateway *gateway =
        given_gateway(.database = database_of("127.0.0.1", text_of("%d", proxy_port(proxy)),
                                              database->name),
                      .ingress_settings = {"TOLLGATE_LANES=1"});
    gateway->database = database; // the test's own questions go past the proxy
    expect_both_miss(gateway, "");
    struct org org = given_org(gateway);
    expect_key_known(gateway, &org);
    eventually(send_text(&org, "919876543213").status == 202); // the lane has its connection

    proxy_set(proxy, PROXY_SWALLOW);
    struct answer unknown = send_text(&org, "919876543211");
    expect_refused(&unknown, 503, "outcome_unknown", NULL);
    eventually(strstr(process_log(gateway->workers[0].process), "no answer in time"));

    proxy_set(proxy, PROXY_PASS);
    const char *id = answer_text(&unknown, "/detail/message_id");
    expect_ends(gateway, id, "sent");
    cr_assert_eq(simulator_posts_of(gateway->simulator, id), 1);
    eventually(send_text_and_wait(&org, "919876543212").status == 200);
    expect_both_miss(gateway, "");
    stop_gateway(gateway);
    database_drop(database);
}

Test(outage, of_redis_at_the_start_ends_by_itself)
{
    struct gateway *gateway = given_gateway(.without_redis = true);
    struct org org = given_org(gateway);
    expect_both_miss(gateway, "redis");
    expect_alive(gateway);
    struct answer answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    expect_equal(org_balance(&org), "99.80");

    redis_start(gateway->redis);

    expect_both_miss(gateway, "");
    expect_ends(gateway, id, "sent");
    cr_assert_eq(simulator_posts_of(gateway->simulator, id), 1);
    stop_gateway(gateway);
}

Test(outage, of_redis_at_accept_delays_a_message_and_loses_none)
{
    enum { SENDS = 30 };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    cr_assert_eq(send_text_and_wait(&org, "919876543210").status, 200);
    redis_kill(gateway->redis);
    const char *ids[SENDS];
    for (int i = 0; i < SENDS; i++) {
        struct answer answer = send_text(&org, text_of("9198765%05d", i));
        ids[i] = expect_accepted(&answer);
    }
    expect_both_miss(gateway, "redis");

    redis_start(gateway->redis);

    for (int i = 0; i < SENDS; i++) {
        expect_ends(gateway, ids[i], "sent");
        cr_assert_eq(simulator_posts_of(gateway->simulator, ids[i]), 1);
    }
    expect_both_miss(gateway, "");
    stop_gateway(gateway);
}

Test(outage, of_redis_with_all_its_data_while_no_worker_runs)
{
    enum { SENDS = 60 };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *ids[SENDS];
    for (int i = 0; i < SENDS; i++) {
        struct answer answer = send_text(&org, text_of("9198765%05d", i));
        ids[i] = expect_accepted(&answer);
    }

    expect_equal(redis_command(gateway->redis, "FLUSHALL"), "OK\n");
    (void)start_worker(gateway);

    for (int i = 0; i < SENDS; i++) {
        expect_ends(gateway, ids[i], "sent");
        cr_assert_eq(simulator_posts_of(gateway->simulator, ids[i]), 1);
    }
    cr_assert_eq(simulator_posts(gateway->simulator), SENDS);
    stop_gateway(gateway);
}

Test(outage, of_redis_with_all_its_data_while_a_worker_runs)
{
    enum { SENDS = 200 };
    static struct http_request requests[SENDS];
    static struct answer answers[SENDS];
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_SEND_CONCURRENCY=4"});
    struct org org = given_org(gateway);
    simulator_set(gateway->simulator, "{\"latency_ms\": 20}");
    for (int i = 0; i < SENDS; i++)
        requests[i] = (struct http_request){.path = "/api/send-message",
                                            .key = org.key,
                                            .body = text_body(text_of("9198765%05d", i))};
    http_ask_all(gateway->ingress.url, requests, SENDS, answers, NULL, NULL);
    eventually(org_messages(&org, "sent") > 0);

    expect_equal(redis_command(gateway->redis, "FLUSHALL"), "OK\n");

    eventually_within(40, org_messages(&org, "sent") == SENDS);
    cr_assert_eq(simulator_posts(gateway->simulator), SENDS);
    stop_gateway(gateway);
}

// A job waits for it, and no answer.
Test(outage, of_a_redis_that_hangs_keeps_no_send_waiting)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "919876543210");
    (void)expect_accepted(&answer);
    eventually(strcmp(daemon_metric(&gateway->ingress, "tollgate_jobs_published_total"), "1") == 0);
    process_signal(gateway->redis->process, SIGSTOP);
    for (int i = 1; i <= 3; i++) {
        answer = send_text(&org, text_of("91987654321%d", i));
        (void)expect_accepted(&answer);
    }
    // Its time-out, which a lane would have waited for, is not over.
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_redis_errors_total"), "0");
    process_signal(gateway->redis->process, SIGCONT);
    (void)start_worker(gateway);
    eventually(org_messages(&org, "sent") == 4);
    stop_gateway(gateway);
}

// A wallet that somebody has locked: what waits to be settled keeps its places.
Test(outage, of_settling_claims_no_more_than_there_are_places_for)
{
    enum { PLACES = 4, SENDS = 40 };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    for (int i = 0; i < SENDS; i++) {
        struct answer answer = send_text(&org, i == 0 ? "15550131049" : text_of("9198765%05d", i));
        (void)expect_accepted(&answer);
    }
    (void)database_text(gateway->database, "BEGIN; SELECT 1 FROM wallets FOR UPDATE");
    struct daemon *worker =
        start_worker_with_settings(gateway, WORDS(text_of("TOLLGATE_SEND_CONCURRENCY=%d", PLACES)));
    eventually(strtol(daemon_metric(worker, "tollgate_postgres_errors_total{kind=\"retry\"}"), NULL,
                      10) > 0);
    cr_assert_leq(org_messages(&org, "sending"), PLACES);

    (void)database_text(gateway->database, "ROLLBACK");

    eventually(database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    cr_assert_eq(org_messages(&org, "sent"), SENDS - 1);
    cr_assert_eq(org_messages(&org, "failed"), 1);
    stop_gateway(gateway);
}
