// A bot as a tenant would write it (tests/client/bot), which an endpoint tells what customers
// write: each gets one answer, whatever happens to the bot.
#include "tests/system/certificate.h"
#include "tests/system/org.h"
#include "tests/system/sink.h"
#include "tests/system/webhook.h"

#include <stdio.h>
#include <string.h>

TestSuite(bot, .timeout = 180);

struct bot {
    struct org org;
    struct process *process;
    const char *name;
    const char *journal;
    const char *secret;
    const char *key;
    int port;
};

static struct gateway *gateway;
static struct certificate certificate;

// Again after process_kill it goes on by its journal.
static void start(struct bot *bot)
{
    bot->process = process_start(
        bot->name,
        WORDS("node", text_of("%s/tests/client/bot/bot.mjs", TOLLGATE_SOURCE_DIR), bot->journal,
              text_of("%d", bot->port)),
        WORDS(text_of("TOLLGATE_URL=%s", gateway->ingress.url),
              text_of("TOLLGATE_KEY=%s", bot->key), text_of("TOLLGATE_SECRET=%s", bot->secret),
              text_of("BOT_CERTIFICATE=%s", certificate.path),
              text_of("BOT_KEY=%s", certificate.key)));
    eventually(http_try(http_open(text_of("https://localhost:%d", bot->port)),
                        &(struct http_request){.path = "/"})
                   .status == 401);
}

static void given_gateway_for_bots(void)
{
    certificate = certificate_create("bot", "DNS:localhost,IP:127.0.0.1");
    http_trust(certificate.authority);
    gateway = given_gateway(.ingress_settings = {"TOLLGATE_NOTIFY_NETWORKS=127.0.0.0/8,::1"},
                            .worker_settings = {
                                "TOLLGATE_NOTIFY_NETWORKS=127.0.0.0/8,::1",
                                text_of("TOLLGATE_NOTIFY_CA_FILE=%s", certificate.authority)});
    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
}

// An org with a bot that runs, as its people set it up.
static struct bot given_bot(const char *name)
{
    struct bot bot = {.org = given_org(gateway), .name = name, .port = testbed_port()};
    bot.journal = text_of("%s/%s.journal", testbed_directory(), name);
    const char *manager = database_text(
        gateway->database, "SELECT create_api_key('%s', 'owner', '{manage}')", bot.org.id);
    bot.key = database_text(gateway->database, "SELECT create_api_key('%s', 'bot', '{send,read}')",
                            bot.org.id);
    struct answer answer =
        ask(gateway->http, .path = "/api/endpoints", .key = manager,
            .body = text_of("{\"url\": \"https://localhost:%d/hook\", \"types\": "
                            "[\"message.received\", \"message.failed\"]}",
                            bot.port));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    bot.secret = answer_text(&answer, "/secret");
    start(&bot);
    return bot;
}

static const char *writes(const struct bot *bot, const char *from, const char *what)
{
    return simulator_inbound(gateway->simulator,
                             text_of("{\"phone_number_id\": \"%s\", \"from\": \"%s\", %s}",
                                     bot->org.phone_number_id, from, what));
}

static const char *says_hello(const struct bot *bot, const char *from)
{
    return writes(bot, from, "\"text\": \"hello\"");
}

// How often that message was answered, by this org.
static long answers_to(const struct bot *bot, const char *wamid)
{
    return database_number(gateway->database,
                           "SELECT count(*) FROM messages m WHERE org_id = '%s' AND direction = "
                           "'outbound' AND m.payload -> 'context' ->> 'message_id' = '%s'",
                           bot->org.id, wamid);
}

static long answers(const struct bot *bot)
{
    return database_number(
        gateway->database,
        "SELECT count(*) FROM messages WHERE org_id = '%s' AND direction = 'outbound'",
        bot->org.id);
}

// How many events have come to this, as its journal has it.
static long outcomes(const struct bot *bot, const char *outcome)
{
    long n = 0;
    const char *journal = file_text(bot->journal, NULL);
    const char *word = text_of("\"done\":\"%s\"", outcome);
    for (; journal && (journal = strstr(journal, word)); journal++)
        n++;
    return n;
}

// Whatever waits for its next attempt has it now.
static bool all_is_told(void)
{
    deliveries_come_nearer(gateway->database, "1 day");
    return simulator_webhook_stat(gateway->simulator, "waiting") == 0 &&
           webhooks_left(gateway) == 0 &&
           database_number(gateway->database,
                           "SELECT count(*) FROM events e WHERE (e.xact, e.id) > (SELECT f.xact, "
                           "f.event_id FROM fan_outs f ORDER BY n DESC LIMIT 1)") == 0 &&
           database_number(gateway->database,
                           "SELECT count(*) FROM deliveries WHERE state = 'pending'") == 0;
}

static bool all_is_answered(const struct bot *bot, long n)
{
    return answers(bot) == n &&
           database_number(gateway->database, "SELECT count(*) FROM outbox") == 0;
}

Test(bot, answers_each_of_its_own_customers_once)
{
    enum { CUSTOMERS = 10 };
    given_gateway_for_bots();
    struct bot acme = given_bot("acme");
    struct bot beta = given_bot("beta");
    const char *asked[CUSTOMERS];
    for (int i = 0; i < CUSTOMERS; i++)
        asked[i] = says_hello(i % 2 ? &beta : &acme, text_of("9198111%05d", i));
    for (int i = 0; i < CUSTOMERS; i++)
        eventually(answers_to(i % 2 ? &beta : &acme, asked[i]) == 1);
    eventually(all_is_answered(&acme, CUSTOMERS / 2) && all_is_answered(&beta, CUSTOMERS / 2));
    for (int i = 0; i < CUSTOMERS; i++) {
        cr_assert_eq(simulator_posts_to(gateway->simulator, text_of("9198111%05d", i)), 1);
        // None of another org's has even come.
        const char *others = file_text((i % 2 ? &acme : &beta)->journal, NULL);
        cr_assert_not(strstr(others, text_of("\"9198111%05d\"", i)));
    }
    stop_gateway(gateway);
}

Test(bot, leaves_alone_who_wants_no_more_and_what_is_no_question)
{
    given_gateway_for_bots();
    struct bot bot = given_bot("acme");
    (void)writes(&bot, "919811100001", "\"text\": \"STOP\"");
    eventually(outcomes(&bot, "left alone") == 1);
    (void)says_hello(&bot, "919811100001");
    eventually(outcomes(&bot, "left alone") == 2);
    (void)writes(&bot, "919811100002",
                 "\"message\": {\"type\": \"reaction\", \"reaction\": {\"message_id\": "
                 "\"wamid.1\", \"emoji\": \"\xf0\x9f\x91\x8d\"}}");
    eventually(outcomes(&bot, "nothing to do") == 1);
    cr_assert_eq(answers(&bot), 0);
    (void)writes(&bot, "919811100001", "\"text\": \"START\"");
    eventually(answers(&bot) == 1);
    stop_gateway(gateway);
}

// Who shows WhatsApp no number is answered, too.
Test(bot, answers_who_has_no_number)
{
    given_gateway_for_bots();
    struct bot bot = given_bot("acme");
    const char *wamid = simulator_inbound(
        gateway->simulator,
        text_of("{\"phone_number_id\": \"%s\", \"user_id\": \"IN.1A2B\", \"text\": \"hi\"}",
                bot.org.phone_number_id));
    eventually(answers_to(&bot, wamid) == 1);
    eventually(org_messages(&bot.org, "read") == 1);
    stop_gateway(gateway);
}

static bool accepting_waits(void)
{
    (void)database_text(gateway->database, "SELECT pg_stat_clear_snapshot()");
    return database_number(gateway->database,
                           "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                           "current_database() AND application_name LIKE 'tollgate-ingress%%' AND "
                           "wait_event_type = 'Lock'") > 0;
}

// It is killed when it has said that it was told, and what it has asked for is on its way: that is
// accepted, and nobody hears it.
Test(bot, answers_once_though_it_is_killed_and_told_again_and_again)
{
    enum { BEFORE = 5, MEANWHILE = 20, WHILE_DEAD = 10, ALL = BEFORE + MEANWHILE + WHILE_DEAD };
    given_gateway_for_bots();
    struct bot bot = given_bot("acme");
    const char *asked[ALL];
    for (int i = 0; i < BEFORE; i++)
        asked[i] = says_hello(&bot, text_of("9198111%05d", i));
    eventually(outcomes(&bot, "answered") == BEFORE);

    // (In this mode, as a transaction that might write holds up what is told.)
    (void)database_text(gateway->database,
                        "BEGIN; LOCK TABLE wallet_transactions IN SHARE ROW EXCLUSIVE MODE");
    for (int i = BEFORE; i < BEFORE + MEANWHILE; i++)
        asked[i] = says_hello(&bot, text_of("9198111%05d", i));
    eventually(accepting_waits());
    process_kill(bot.process);
    (void)database_text(gateway->database, "ROLLBACK");
    eventually(answers(&bot) > BEFORE);
    for (int i = BEFORE + MEANWHILE; i < ALL; i++)
        asked[i] = says_hello(&bot, text_of("9198111%05d", i));
    eventually(database_number(gateway->database, "SELECT count(*) FROM delivery_attempts WHERE "
                                                  "outcome = 'no_connection'") > 0);
    start(&bot);
    eventually(all_is_told() && all_is_answered(&bot, ALL));

    // All of it once more, to one that knows it by its journal alone; which a crash has cut off in
    // a line.
    process_kill(bot.process);
    FILE *journal = fopen(bot.journal, "ae");
    cr_assert(journal && fputs("{\"id\": \"evt_", journal) > 0 && fclose(journal) == 0);
    start(&bot);
    (void)database_text(gateway->database,
                        "UPDATE deliveries SET state = 'pending', step = 0, next_at = now()");
    eventually(database_number(gateway->database, "SELECT min(attempts) FROM deliveries") > 1 &&
               all_is_told());
    cr_assert_eq(outcomes(&bot, "answered"), ALL);
    for (int i = 0; i < ALL; i++) {
        cr_assert_eq(answers_to(&bot, asked[i]), 1, "%d", i);
        cr_assert_eq(simulator_posts_to(gateway->simulator, text_of("9198111%05d", i)), 1);
    }
    cr_assert_eq(answers(&bot), ALL);
    stop_gateway(gateway);
}

Test(bot, answers_later_what_cannot_be_paid_now)
{
    given_gateway_for_bots();
    struct bot bot = given_bot("acme");
    (void)database_text(gateway->database, "UPDATE wallets SET balance = 0.10 WHERE org_id = '%s'",
                        bot.org.id);
    const char *wamid = says_hello(&bot, "919811100001");
    eventually(strstr(process_log(bot.process), "\"why\":\"insufficient_balance\""));
    (void)database_text(gateway->database, "SELECT add_wallet_credits('%s', 5, 'paid in')",
                        bot.org.id);
    eventually(answers_to(&bot, wamid) == 1);
    stop_gateway(gateway);
}

Test(bot, says_which_answers_have_failed)
{
    given_gateway_for_bots();
    struct bot bot = given_bot("acme");
    (void)says_hello(&bot, "15551131026"); // taken, and failed later
    eventually(outcomes(&bot, "answer failed") == 1);
    eventually(strstr(process_log(bot.process), "\"why\":\"131026\""));
    cr_assert_eq(answers(&bot), 1);
    stop_gateway(gateway);
}

// Anybody on the internet may post there.
Test(bot, believes_nobody_else)
{
    given_gateway_for_bots();
    struct bot bot = given_bot("acme");
    struct http *http = http_open(text_of("https://localhost:%d", bot.port));
    const char *body = "{\"type\": \"message.received\", \"data\": {\"phone\": \"919811100001\"}}";
    struct answer answer = ask(http, .path = "/hook", .body = body);
    cr_assert_eq(answer.status, 401);
    answer = ask(http, .path = "/hook", .body = body,
                 .headers = {"webhook-id: evt_1", "webhook-timestamp: 1763800000",
                             "webhook-signature: v1,JfC5tC49kx0WAXQYq/O9H5BDVURhpCsEmEm0xQxnq6s="});
    cr_assert_eq(answer.status, 401);
    cr_assert_not(strstr(file_text(bot.journal, NULL), "919811100001"));
    stop_gateway(gateway);
}
