// Clients of Meta's Cloud API that nobody here wrote, unchanged from npm, with Tollgate where they
// expect Meta: their own calls (tests/clients). What each has called is printed with
// TOLLGATE_TEST_FIGURES in the environment.
#include "tests/system/certificate.h"
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(clients, .timeout = 120);

static struct gateway *gateway;
static struct org org;
static struct org poor;

static void may_do_all(struct org *who)
{
    who->key = text_of(
        "%s", database_text(gateway->database,
                            "SELECT create_api_key('%s', 'all', '{send,read,manage}')", who->id));
}

// What a customer has written: receipts are of such.
#define RECEIVED "wamid.HBgMOTE5ODEyMzQ1Njc4FQIAEhgUM0E="

static void given_received_message(void)
{
    const char *body = text_message_body(org.phone_number_id, "919812345678", RECEIVED, "Hi");
    cr_assert_eq(post_webhook(gateway, body, 0).status, 200);
    eventually(webhooks_left(gateway) == 0);
}

static void given_orgs(void)
{
    org = given_org(gateway, .number = "4711001", .waba_id = "71001", .token = "EAAorg");
    poor = given_org(gateway, .number = "4711002", .waba_id = "71002", .token = "EAApoor",
                     .balance = "0.19");
    may_do_all(&org);
    may_do_all(&poor);
    simulator_account(gateway->simulator, "{\"token\": \"EAAorg\", \"waba_id\": \"71001\", "
                                          "\"phone_number_ids\": [\"4711001\"]}");
    given_received_message();
    simulator_account(gateway->simulator, "{\"token\": \"EAApoor\", \"waba_id\": \"71002\", "
                                          "\"phone_number_ids\": [\"4711002\"]}");
}

static bool wants_figures(void)
{
    return getenv("TOLLGATE_TEST_FIGURES") != NULL; // NOLINT(concurrency-mt-unsafe)
}

// How a client's script learns what it is to reach.
static const char *const *environment_at(const char *url, const char *further)
{
    enum { VARIABLES = 12 };
    const char **variables = calloc(VARIABLES, sizeof *variables);
    const char *const told[] = {
        text_of("GATEWAY_URL=%s", url),
        text_of("KEY=%s", org.key),
        text_of("PHONE_NUMBER_ID=%s", org.phone_number_id),
        "WABA_ID=71001",
        text_of("POOR_KEY=%s", poor.key),
        text_of("POOR_PHONE_NUMBER_ID=%s", poor.phone_number_id),
        text_of("DIRECTORY=%s", testbed_directory()),
        text_of("RECEIVED_WAMID=%s", RECEIVED),
        "EMPTY_WALLET_CODE=990402",
        text_of("FIGURES=%s", wants_figures() ? "1" : ""),
        further,
    };
    cr_assert(variables);
    memcpy(variables, told, sizeof told);
    return variables;
}

static const char script[] = TOLLGATE_SOURCE_DIR "/tests/clients/run.mjs";

// The messages of the org by type, as a script tells them: "sent audio 2 text 5".
static const char *messages_by_type(void)
{
    return database_text(gateway->database,
                         "SELECT 'sent ' || string_agg(type || ' ' || n, ' ' ORDER BY type)"
                         " FROM (SELECT type, count(*) n FROM messages WHERE org_id = '%s'"
                         " AND wamid IS NOT NULL AND direction = 'outbound' GROUP BY type) counted",
                         org.id);
}

// Whatever was answered with a wamid is a message, posted once and paid once; and nothing else is.
static void expect_messages(const char *told)
{
    const char *line = strstr(told, "sent ");
    cr_assert(line, "%s", told);
    expect_equal(text_of("%.*s", (int)strcspn(line, "\n"), line), messages_by_type());
    const char *unpaid = database_text(
        gateway->database,
        "SELECT count(*) FROM messages m WHERE org_id = '%s' AND direction = 'outbound'"
        " AND wamid IS NOT NULL AND 1 <>"
        " (SELECT count(*) FROM wallet_transactions t WHERE t.org_id = m.org_id"
        " AND t.message_id = m.id AND t.kind = 'service_fee')",
        org.id);
    expect_equal(unpaid, "0");
    expect_equal(database_text(gateway->database,
                               "SELECT count(*) FROM messages WHERE org_id = '%s'", poor.id),
                 "0");
}

static void expect_success(const char *const *argv, const char *const *environment)
{
    struct command_result result = command_run(argv, environment);
    cr_assert(result.status == 0, "%d\n%s%s", result.status, result.output, result.errors);
    if (wants_figures())
        printf("%s", result.output);
    expect_messages(result.output);
}

static void run_by_url(const char *name)
{
    gateway = given_gateway();
    given_orgs();
    expect_success(WORDS("node", script, name), environment_at(gateway->ingress.url, NULL));
    stop_gateway(gateway);
}

// Clients that know but one host: in a mount namespace of their own its name is that of an address
// of ours, on Meta's own port. All other programs see /etc/hosts as it is.
static void run_by_name(const char *name)
{
    int pid = (int)getpid();
    const char *address =
        text_of("127.%d.%d.%d", 64 + (pid >> 14) % 64, (pid >> 7) % 128, 1 + pid % 128);
    struct certificate ours =
        certificate_create("meta", text_of("DNS:graph.facebook.com,IP:%s", address));
    http_trust(ours.authority);
    gateway = given_gateway(.ingress_settings = {text_of("TOLLGATE_LISTEN=%s:443", address),
                                                 text_of("TOLLGATE_TLS_CERT=%s", ours.path),
                                                 text_of("TOLLGATE_TLS_KEY=%s", ours.key)});
    given_orgs();
    const char *hosts = file_with("hosts", text_of("%s graph.facebook.com\n", address));
    const char *authority = text_of("NODE_EXTRA_CA_CERTS=%s", ours.authority);
    expect_success(WORDS("unshare", "--mount", "sh", "-c",
                         "mount --bind \"$0\" /etc/hosts && exec \"$@\"", hosts, "node", script,
                         name),
                   environment_at("https://graph.facebook.com", authority));
    stop_gateway(gateway);
}

Test(clients, that_take_a_base_url)
{
    run_by_url("kapso");
}

Test(clients, that_are_given_another_fetch)
{
    run_by_url("whatsapp_api_js");
}

Test(clients, that_know_one_host)
{
    run_by_name("whatsapp_business");
}

Test(clients, of_meta_s_own)
{
    run_by_name("whatsapp");
}

Test(clients, of_products_that_people_host_themselves)
{
    run_by_url("products");
}

Test(clients, however_they_write)
{
    run_by_url("others");
}
