// deploy/erase: what is personal of one contact goes, while the daemons work.
#include "tests/system/org.h"
#include "tests/system/streams.h"

#include <string.h>

TestSuite(erase, .timeout = 120);

#define PHONE "919876543210"

static struct command_result erase(const struct org *org, const char *phone)
{
    static const char script[] = TOLLGATE_SOURCE_DIR "/deploy/erase";
    return command_run(WORDS(script, "--url", database_url(org->gateway->database, "postgres"),
                             "--org", org->id, "--phone", phone),
                       NULL);
}

// All of the database but its ledger, its indexes and the counters of the server, as a dump has it.
static const char *dumped(struct gateway *gateway)
{
    struct command_result dump =
        command_run(WORDS("pg_dump", "--data-only", "--schema=tollgate", "--inserts",
                          database_url(gateway->database, "postgres")),
                    NULL);
    cr_assert(dump.status == 0, "%s", dump.errors);
    return dump.output;
}

static void given_ann(struct org *org)
{
    struct gateway *gateway = org->gateway;
    (void)simulator_inbound(gateway->simulator,
                            text_of("{\"phone_number_id\": \"%s\", \"from\": \"" PHONE
                                    "\", \"name\": \"Ann Example\", \"text\": \"Stop\"}",
                                    org->phone_number_id));
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM conversations WHERE opted_out_at IS NOT "
                               "NULL") == 1);
    cr_assert_eq(send_text_and_wait(org, PHONE).status, 200);
    struct answer later = send_body(
        org, text_of("{\"phone\": \"" PHONE "\", \"message\": \"Later\", \"send_at\": \"%s\"}",
                     database_text(gateway->database, "SELECT to_char(now() AT TIME ZONE 'UTC' + "
                                                      "'1 day', "
                                                      "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")));
    (void)expect_accepted_as(HERE, &later, "scheduled");
}

Test(erase, leaves_nothing_of_the_person_and_all_of_the_money)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    given_ann(&org);
    eventually(org_messages(&org, "read") == 1);
    cr_assert_not_null(strstr(dumped(gateway), PHONE));

    struct command_result done = erase(&org, "+91 98765 43210");
    cr_assert(done.status == 0 && strstr(done.output, "cancelled\t1\n") &&
                  strstr(done.output, "contacts\t1\n") && strstr(done.output, "messages\t3\n") &&
                  strstr(done.output, "opt-outs kept as hashes\t1\n"),
              "%d %s%s", done.status, done.output, done.errors);
    const char *rest = dumped(gateway);
    cr_assert_null(strstr(rest, PHONE), "%.200s", strstr(rest, PHONE));
    cr_assert_null(strstr(rest, "Ann Example"));
    cr_assert_null(strstr(rest, "Your order"));
    expect_equal(org_ledger(&org),
                 "adjustment 100.00, service_fee -0.20, service_fee -0.20, refund 0.20");

    done = erase(&org, PHONE);
    cr_assert(done.status == 0, "%s", done.errors);
    expect_equal(done.output, "Nothing is left: the org knows nobody as " PHONE
                              ". (A phone is given with its country code.)\n");

    // Who comes again has opted out still, and is written to as anybody else.
    struct answer bulk = send_body(&org, "{\"phone\": \"" PHONE "\", \"message\": \"News\", "
                                         "\"priority\": \"bulk\"}");
    expect_refused(&bulk, 409, "contact_opted_out", "phone");
    cr_assert_eq(send_text_and_wait(&org, PHONE).status, 200);
    cr_assert_eq(simulator_posts_to(gateway->simulator, PHONE), 2);
    stop_gateway(gateway);
}

// It is at Meta, whose answer comes late, and what follows it waits behind it.
Test(erase, waits_for_what_is_at_meta)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    simulator_set(gateway->simulator, "{\"latency_ms\": 2000}");
    struct answer first = send_text(&org, PHONE);
    const char *message = expect_accepted(&first);
    cr_assert_eq(send_text(&org, PHONE).status, 202);
    eventually(simulator_posts_to(gateway->simulator, PHONE) == 1);
    struct command_result done = erase(&org, PHONE);
    cr_assert(done.status == 0 && strstr(done.output, "leaving just now\t1\n") &&
                  strstr(done.output, "cancelled\t1\n"),
              "%d %s%s", done.status, done.output, done.errors);
    expect_ends(gateway, message, "sent");
    cr_assert_null(strstr(dumped(gateway), PHONE));
    cr_assert_eq(simulator_posts(gateway->simulator), 1);
    stop_gateway(gateway);
}

// While others write to the contact and it writes to them.
Test(erase, goes_on_beside_a_busy_contact)
{
    enum { ROUNDS = 5, SENDS = 8 };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    for (int i = 0; i < ROUNDS; i++) {
        for (int k = 0; k < SENDS; k++)
            cr_assert_eq(send_text(&org, PHONE).status, 202);
        (void)simulator_inbound(gateway->simulator,
                                text_of("{\"phone_number_id\": \"%s\", \"from\": \"" PHONE
                                        "\", \"text\": \"hello\", \"times\": 20}",
                                        org.phone_number_id));
        cr_assert_eq(erase(&org, PHONE).status, 0);
    }
    eventually(database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    eventually(simulator_webhook_stat(gateway->simulator, "waiting") == 0);
    eventually(streams_left(gateway->redis, "webhooks") == 0);
    cr_assert_eq(erase(&org, PHONE).status, 0);
    cr_assert_null(strstr(dumped(gateway), PHONE));
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM messages WHERE text IS "
                                                    "NOT NULL OR payload::text <> '{}'"),
                 0);
    stop_gateway(gateway);
}

// The first pass takes as long as there are messages, and shows who else is at work: nobody here.
Test(erase, of_much_needs_no_second_run)
{
    static const char script[] = TOLLGATE_SOURCE_DIR "/deploy/erase";
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, PHONE);
    (void)expect_accepted(&answer);
    struct command_result result =
        command_run(WORDS(script, "--url", database_url(gateway->database, "postgres"),
                          "--patience", "0", "--org", org.id, "--phone", PHONE),
                    NULL);
    cr_assert(result.status == 0 && strstr(result.output, "messages\t1\n"), "%d %s%s",
              result.status, result.output, result.errors);
    stop_gateway(gateway);
}

Test(erase, says_what_it_cannot_do)
{
    static const char script[] = TOLLGATE_SOURCE_DIR "/deploy/erase";
    static const char nowhere[] = "postgresql://postgres@127.0.0.1:1/nowhere";
    cr_assert_eq(command_run(WORDS(script), NULL).status, 2);
    cr_assert_eq(command_run(WORDS(script, "--quickly"), NULL).status, 2);
    cr_assert_eq(command_run(WORDS(script, "--url", nowhere, "--phone", PHONE), NULL).status, 2);
    struct command_result away =
        command_run(WORDS(script, "--url", nowhere, "--org", "6f1c0000-0000-4000-8000-000000000000",
                          "--phone", PHONE),
                    NULL);
    cr_assert(away.status == 2 && *away.errors && !*away.output, "%d %s", away.status, away.output);
}

// The whole way, by the janitor.
Test(erase, bodies_that_their_org_keeps_no_longer_go_by_themselves)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    cr_assert_eq(send_text(&org, PHONE).status, 202);
    (void)database_text(
        gateway->database,
        "UPDATE organizations SET keep_bodies_for = '1 hour';"
        "INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, "
        "payload, status, text) SELECT first_id_of(now() - interval '1 day'), "
        "org_id, channel_id, contact_id, 'inbound', 'text', '{\"a\": 1}', "
        "'received', 'hello' FROM messages");
    (void)start_worker(gateway);
    eventually(database_number(gateway->database, "SELECT count(*) FROM messages WHERE "
                                                  "body_gone_at IS NOT NULL") == 1);
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(direction || payload::text, ', ' ORDER BY "
                               "direction) FROM messages WHERE body_gone_at IS NOT NULL"),
                 "inbound{}");
    stop_gateway(gateway);
}
