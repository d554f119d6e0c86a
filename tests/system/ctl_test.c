// A house run by tollgatectl alone, from an empty database on.
#include "tests/system/desk.h"
#include "tests/system/webhook.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(ctl, .timeout = 120);

enum { WORDS_MAX = 16 };

static struct command_result run_ctl(struct gateway *gateway, const char *const *words)
{
    const char *argv[WORDS_MAX + 2] = {testbed_daemon("tollgatectl")};
    for (size_t i = 0; words[i]; i++)
        argv[i + 1] = words[i];
    return command_run(argv, WORDS(text_of("TOLLGATE_ADMIN_URL=%s", gateway->ingress.admin_url),
                                   "TOLLGATE_ADMIN_TOKEN=" GATEWAY_ADMIN_TOKEN));
}

// What a command prints, which must be done.
static const char *ctl(struct gateway *gateway, const char *const *words)
{
    struct command_result result = run_ctl(gateway, words);
    cr_assert(result.status == 0 && *result.errors == '\0', "%s %s: %d %s", words[0],
              words[1] ? words[1] : "", result.status, result.errors);
    return result.output;
}
#define CTL(...) ctl(gateway, WORDS(__VA_ARGS__))

static void refuses(struct gateway *gateway, int status, const char *says, const char *const *words)
{
    struct command_result result = run_ctl(gateway, words);
    cr_assert(result.status == status && strstr(result.errors, says), "%d %s", result.status,
              result.errors);
    expect_equal(result.output, "");
}
#define REFUSES(status, says, ...) refuses(gateway, status, says, WORDS(__VA_ARGS__))

// A member of what a command prints with --json.
static const char *member(struct gateway *gateway, const char *pointer, const char *const *words)
{
    const char *printed = ctl(gateway, words);
    struct answer answer = {.json = json_tokener_parse(printed)};
    const char *text = text_of("%s", answer_text(&answer, pointer));
    cr_assert(*text, "%s: no %s in %s", words[0], pointer, printed);
    json_object_put(answer.json);
    return text;
}
#define MEMBER(pointer, ...) member(gateway, pointer, WORDS(__VA_ARGS__, "--json"))

static const char *token_file(const char *token)
{
    const char *name = text_of("%s/%s.token", testbed_directory(), token);
    FILE *file = fopen(name, "w");
    cr_assert(file);
    bool written = fputs(token, file) >= 0;
    cr_assert(fclose(file) == 0 && written);
    return name;
}

// How a message that is sent now ends.
static const char *org_outcome(const struct org *org)
{
    struct answer answer = send_text_and_wait(org, "919876543210");
    return text_of("%s", answer_text(&answer, "/status"));
}

// An org with a number, a key and money; returns it as tests know it.
static struct org given_acme(struct gateway *gateway)
{
    cr_assert(strstr(CTL("org", "create", "Acme", "--default-country", "IN"), "active"));
    CTL("channel", "add", "acme", "700100200", "--access-token-file", token_file("EAAfirst"),
        "--fee", "0.20");
    struct org org = {.gateway = gateway,
                      .id = MEMBER("/id", "org", "show", "Acme"),
                      .phone_number_id = "700100200",
                      .channel_id = MEMBER("/id", "channel", "show", "Acme", "700100200"),
                      .key = MEMBER("/key", "key", "create", "Acme", "shop")};
    CTL("wallet", "credit", "acme", "50", "--reference", "inv-42");
    CTL("wallet", "credit", "acme", "50", "--reference", "inv-42"); // counts once
    expect_equal(MEMBER("/balance", "wallet", "show", "Acme"), "50.00");
    return org;
}

// Sends until a failure has paused the number: who changes it at that moment, as a look at it does,
// is not waited for, and the next failure pauses it then. Returns the last message.
static const char *fail_until_paused(const struct org *org)
{
    struct gateway *gateway = org->gateway;
    for (int i = 0; i < 5; i++) {
        struct answer answer = send_text(org, "15550000190");
        const char *id = expect_accepted(&answer);
        eventually(strcmp(message_state(gateway, id), "failed 190 refunded") == 0);
        if (strcmp(MEMBER("/status", "channel", "show", "Acme", "700100200"), "paused") == 0)
            return id;
    }
    cr_assert_fail("its failures pause nothing");
    return NULL;
}

Test(ctl, runs_a_house_from_an_empty_database)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_acme(gateway);
    struct answer answer;
    // The token is dead: why, and what of it.
    const char *id = fail_until_paused(&org);
    eventually(strcmp(MEMBER("/balance", "wallet", "show", "Acme"), "50.00") == 0);
    const char *shown = CTL("message", "show", id);
    cr_assert(strstr(shown, "refund") && strstr(shown, "-0.20") && strstr(shown, "190"), "%s",
              shown);
    cr_assert(strstr(CTL("alert", "list"), "write a new one"));
    shown = CTL("channel", "show", "Acme", "700100200");
    cr_assert(strstr(shown, "paused_at") && strstr(shown, "quality_rating"), "%s", shown);
    CTL("alert", "acknowledge", MEMBER("/alerts/0/id", "alert", "list"));
    CTL("channel", "set", "Acme", "700100200", "--access-token-file", token_file("EAAsecond"));
    expect_equal(CTL("alert", "list"), "there are none\n");
    expect_equal(org_outcome(&org), "sent");

    CTL("org", "set", "Acme", "--default-channel", "700100200", "--keep-bodies-for-s", "86400");
    expect_equal(MEMBER("/default_channel_id", "org", "set", "Acme", "--keep-bodies-for-s", "none"),
                 org.channel_id);

    CTL("channel", "pause", "Acme", "700100200");
    answer = send_text(&org, "919876543210");
    expect_refused(&answer, 409, "channel_paused", "channel_id");
    CTL("channel", "resume", "Acme", "700100200");
    expect_equal(org_outcome(&org), "sent");

    REFUSES(4, "--yes says that it is meant", "key", "revoke", "Acme", "shop");
    org.key = MEMBER("/key", "key", "create", "Acme", "shop-2", "--rights", "send,read");
    CTL("key", "revoke", "Acme", "shop", "--yes");
    expect_equal(org_outcome(&org), "sent");

    cr_assert(strstr(CTL("link", "create", "Acme"), "/console/links/"));
    expect_equal(CTL("session", "list", "Acme"), "there are none\n");

    CTL("org", "suspend", "Acme");
    answer = send_text(&org, "919876543210");
    expect_refused(&answer, 403, "org_suspended", "org_id");
    CTL("org", "resume", "Acme");
    CTL("wallet", "adjust", "Acme", "-5.00", "--reason", "a cheque bounced");
    cr_assert(strstr(CTL("wallet", "statement", "Acme"), "a cheque bounced"));
    expect_equal(MEMBER("/today/failed/190", "overview"), "1");
    const char *log = CTL("audit-log", "--org", "acme", "--limit", "200");
    const char *const told[] = {"api_keys", "channels", "organizations", "operator:admin",
                                "suspended"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        cr_assert(strstr(log, told[i]), "%s: %s", told[i], log);
    cr_assert(!strstr(log, "EAA") && !strstr(log, org.key));
    stop_gateway(gateway);
}

Test(ctl, sees_to_dead_letters)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_acme(gateway);
    const char *body = text_message_body("4711", "919876543210", "wamid.1", "hi");
    cr_assert_eq(post_webhook(gateway, body, strlen(body)).status, 200);
    eventually(strstr(CTL("dead", "list"), "unknown_number") != NULL);
    const char *letter = MEMBER("/dead_letters/0/id", "dead", "list");
    CTL("channel", "add", "Acme", "4711", "--access-token-file", token_file("EAAother"));
    CTL("dead", "replay", letter);
    eventually(strcmp(CTL("dead", "list"), "there are none\n") == 0);
    cr_assert(strstr(CTL("message", "find", "--wamid", "wamid.1"), org.id));
    stop_gateway(gateway);
}

// (Without a worker nothing of a campaign leaves by itself.)
Test(ctl, sees_to_campaigns_and_endpoints)
{
    struct gateway *gateway = given_gateway(.desk = true, .without_worker = true);
    struct org org = given_acme(gateway);
    struct answer answer =
        ask(gateway->http, .path = "/api/campaigns", .key = org.key,
            .body = "{\"name\": \"Diwali\", \"payload\": {\"text\": {\"body\": \"Hi\"}}, "
                    "\"recipients\": [{\"phone\": \"+919876543210\"}]}");
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    const char *id = answer_text(&answer, "/campaign_id");
    answer = ask(gateway->http, .path = text_of("/api/campaigns/%s/start", id), .key = org.key,
                 .body = "{}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    cr_assert(strstr(CTL("campaign", "list", "acme", "--state", "running"), id));
    cr_assert(strstr(CTL("campaign", "pause", "acme", "diwali"), "paused"));
    cr_assert(strstr(CTL("campaign", "show", "acme", id), "progress"));
    cr_assert(strstr(CTL("campaign", "resume", "acme", "Diwali"), "running"));
    REFUSES(1, "there is no campaign Holi", "campaign", "show", "acme", "Holi");
    REFUSES(4, "--yes says that it is meant", "campaign", "cancel", "acme", "Diwali");
    expect_equal(MEMBER("/state", "campaign", "show", "acme", "Diwali"), "running");
    expect_equal(MEMBER("/state", "campaign", "cancel", "acme", "Diwali", "--yes"), "cancelled");
    expect_equal(CTL("campaign", "refused", "acme", "Diwali"), "there are none\n");

    const char *url = "https://hooks.example.com/tollgate";
    const char *manager = MEMBER("/key", "key", "create", "acme", "m", "--rights", "manage");
    answer = ask(gateway->http, .path = "/api/endpoints", .key = manager,
                 .body = text_of("{\"url\": \"%s\", \"types\": [\"*\"]}", url));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    cr_assert(strstr(CTL("endpoint", "list", "acme"), url));
    const char *event = MEMBER("/event_id", "endpoint", "test", "acme", url);
    cr_assert(strstr(CTL("event", "list", "acme", "--channel", "700100200"), "there are none"));
    cr_assert(strstr(CTL("event", "list", "acme", "--types", "endpoint.*"), event));
    expect_equal(CTL("endpoint", "deliveries", "acme", url, "--state", "failed"),
                 "there are none\n");
    REFUSES(1, "no such delivery", "endpoint", "resend", "acme", url, event);
    REFUSES(1, "no such delivery", "endpoint", "delivery", "acme", url, event);
    expect_equal(MEMBER("/recovering", "endpoint", "recover", "acme", url), "true");
    expect_equal(MEMBER("/state", "endpoint", "set", "acme", url, "--state", "disabled"),
                 "disabled");
    cr_assert(strstr(CTL("endpoint", "show", "acme", url), "disabled"));
    cr_assert(strstr(CTL("template", "list", "acme"), "there are none"));
    REFUSES(1, "no such template", "template", "show", "acme", "77");
    expect_equal(CTL("media", "list", "acme"), "there are none\n");
    const char *log = CTL("audit-log", "--org", "acme", "--actor", "operator:admin");
    cr_assert(strstr(log, "campaigns") && strstr(log, "endpoints"), "%s", log);
    stop_gateway(gateway);
}

Test(ctl, says_what_is_wrong)
{
    struct gateway *gateway = given_gateway(.desk = true);
    CTL("org", "create", "Acme");
    REFUSES(1, "there is no org Nobody", "org", "show", "Nobody");
    REFUSES(1, "two capitals, such as IN (ISO 3166-1) (400 invalid_field) [--default-country]",
            "org", "create", "Beta", "--default-country", "IND");
    REFUSES(2, "AMOUNT is missing", "wallet", "credit", "Acme");
    REFUSES(2, "there is no command org creat; there is org create", "org", "creat", "Beta");
    REFUSES(4, "has that name: no command would know which is meant", "org", "create", "acme");
    CTL("org", "create", "acme", "--yes");
    REFUSES(1, "2 orgs are called ACME, say which: ", "org", "show", "ACME");
    cr_assert(strstr(CTL("--json", "org", "list"), "{\"orgs\":"));
    cr_assert(strstr(CTL("help", "org", "create"), "--default-country"));
    struct command_result result =
        command_run(WORDS(testbed_daemon("tollgatectl"), "overview"),
                    WORDS(text_of("TOLLGATE_ADMIN_URL=%s", gateway->ingress.admin_url),
                          "TOLLGATE_OPERATOR_TOKEN=tgo_wrong"));
    cr_assert(result.status == 1 && strstr(result.errors, "unauthorized"), "%s", result.errors);
    result = command_run(WORDS(testbed_daemon("tollgatectl"), "overview"),
                         WORDS("TOLLGATE_ADMIN_URL=http://127.0.0.1:9", "TOLLGATE_ADMIN_TOKEN=x"));
    cr_assert(result.status == 3 && strstr(result.errors, "cannot be asked"), "%s", result.errors);
    result = command_run(
        WORDS(testbed_daemon("tollgatectl"), "overview"),
        WORDS(text_of("TOLLGATE_ADMIN_URL=%s", gateway->ingress.url), "TOLLGATE_ADMIN_TOKEN=x"));
    cr_assert(result.status == 3 && strstr(result.errors, "there is no /admin"), "%s",
              result.errors);
    result = command_run(WORDS(testbed_daemon("tollgatectl"), "overview"),
                         WORDS(text_of("TOLLGATE_ADMIN_URL=%s/", gateway->ingress.admin_url),
                               "TOLLGATE_ADMIN_TOKEN=" GATEWAY_ADMIN_TOKEN));
    cr_assert_eq(result.status, 0, "%s", result.errors);
    stop_gateway(gateway);
}

// A number that was taken away and comes back has two channels; its name is the newer one's.
Test(ctl, finds_the_good_one_among_many_of_a_name)
{
    struct gateway *gateway = given_gateway(.desk = true);
    struct org org = given_acme(gateway);
    CTL("channel", "disable", "Acme", "700100200", "--yes");
    expect_equal(MEMBER("/status", "channel", "show", "Acme", "700100200"), "disabled");
    CTL("channel", "add", "Acme", "700100200", "--access-token-file", token_file("EAAagain"));
    expect_equal(MEMBER("/status", "channel", "show", "Acme", "700100200"), "active");
    // Beyond the first page, too.
    cr_assert_eq(database_number(gateway->database,
                                 "WITH made AS (INSERT INTO channels (org_id, phone_number_id, "
                                 "access_token) SELECT '%s', (800000 + n)::text, 'EAA' "
                                 "FROM generate_series(1, 300) n RETURNING 1) "
                                 "SELECT count(*) FROM made",
                                 org.id),
                 300);
    expect_equal(MEMBER("/status", "channel", "show", "Acme", "700100200"), "active");
    expect_equal(MEMBER("/status", "channel", "show", "Acme", "800300"), "active");
    stop_gateway(gateway);
}

static struct command_result overview_with(const char *const *environment)
{
    return command_run(WORDS(testbed_daemon("tollgatectl"), "overview"), environment);
}

Test(ctl, keeps_its_token_to_itself)
{
    struct gateway *gateway = given_gateway(.desk = true);
    const char *file = token_file(GATEWAY_ADMIN_TOKEN);
    const char *url = text_of("TOLLGATE_ADMIN_URL=%s", gateway->ingress.admin_url);
    const char *in_file = text_of("TOLLGATE_OPERATOR_TOKEN_FILE=%s", file);
    cr_assert_eq(chmod(file, 0644), 0);
    struct command_result result = overview_with(WORDS(url, in_file));
    cr_assert(result.status == 2 && strstr(result.errors, "others have rights"), "%s",
              result.errors);
    cr_assert_eq(chmod(file, 0640), 0);
    result = overview_with(WORDS(url, in_file));
    cr_assert_eq(result.status, 0, "%s", result.errors);
    // (Nobody has 192.0.2.1: RFC 5737.)
    result = overview_with(WORDS("TOLLGATE_ADMIN_URL=http://192.0.2.1:9091", in_file));
    cr_assert(result.status == 2 && strstr(result.errors, "no TLS"), "%s", result.errors);
    stop_gateway(gateway);
}
