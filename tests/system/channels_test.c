// GET /api/channels: how numbers are, by Meta's webhooks and by asking it.
#include "common/limits.h"
#include "tests/system/desk.h"
#include "tests/system/webhook.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

TestSuite(channels, .timeout = 120);

#define LOOKS "TOLLGATE_LOOK_INTERVAL_S=3600"

static struct answer channel_of(const struct org *org)
{
    struct answer answer = get(org, text_of("/api/channels/%s", org->phone_number_id));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    // What Meta quotes of a token, or a database could, is in no answer.
    cr_assert_null(strstr(answer.body, "EAA"), "%s", answer.body);
    return answer;
}

// A member of it, such as "status" of health or "error/code".
static const char *health(const struct org *org, const char *member)
{
    struct answer answer = channel_of(org);
    return answer_text(&answer, text_of("/health/%s", member));
}

static bool is(const struct org *org, const char *member, const char *value)
{
    return strcmp(health(org, member), value) == 0;
}

static void set_number(const struct org *org, const char *fields)
{
    simulator_account(
        org->gateway->simulator,
        text_of("{\"phone_number_id\": \"%s\", \"fields\": %s}", org->phone_number_id, fields));
}

static long looks_at(const struct org *org)
{
    return simulator_calls(org->gateway->simulator, text_of("GET /v23.0/%s", org->phone_number_id));
}

// As if the last look were long ago.
static void make_look_due(const struct org *org)
{
    (void)database_text(org->gateway->database,
                        "UPDATE channel_health SET due_at = now(), asked_at = asked_at - interval "
                        "'10 minutes' WHERE org_id = '%s'",
                        org->id);
}

// Meta is asked once more, and answers so.
static void expect_look(const struct org *org, const char *member, const char *value)
{
    make_look_due(org);
    eventually(is(org, member, value));
}

Test(channels, are_as_meta_says_when_it_is_asked)
{
    struct gateway *gateway = given_gateway(.desk = true, .worker_settings = {LOOKS});
    struct org acme = given_org(gateway);
    eventually(is(&acme, "quality_rating", "GREEN"));
    struct answer answer = channel_of(&acme);
    expect_equal(answer_text(&answer, "/id"), acme.channel_id);
    expect_equal(answer_text(&answer, "/display_phone_number"), "+1 555 010 0199");
    expect_equal(answer_text(&answer, "/waiting/messages"), "0");
    expect_equal(answer_text(&answer, "/health/messaging_limit"), "TIER_250");
    expect_equal(answer_text(&answer, "/health/throughput"), "STANDARD");
    expect_equal(answer_text(&answer, "/health/verified_name"), "Sim & Sons");
    expect_equal(answer_text(&answer, "/health/can_send_message"), "AVAILABLE");
    expect_equal(answer_text(&answer, "/health/error"), "");
    cr_assert_str_neq(answer_text(&answer, "/health/looked_at"), "");

    set_number(&acme, "{\"quality_rating\": \"RED\", \"throughput\": {\"level\": \"HIGH\"}, "
                      "\"health_status\": {\"can_send_message\": \"BLOCKED\", \"entities\": "
                      "[{\"entity_type\": \"WABA\", \"errors\": [{\"error_code\": 141006, "
                      "\"error_description\": \"No payment method\"}]}]}}");
    expect_look(&acme, "quality_rating", "RED");
    expect_equal(health(&acme, "throughput"), "HIGH");
    expect_equal(health(&acme, "problems/0/code"), "141006");
    expect_equal(health(&acme, "problems/0/says"), "No payment method");
    answer = look(gateway, text_of("/admin/orgs/%s/channels/%s", acme.id, acme.channel_id));
    expect_equal(answer_text(&answer, "/health/quality_rating"), "RED");
    answer = look(gateway, text_of("/admin/orgs/%s/channels", acme.id));
    expect_equal(answer_text(&answer, "/channels/0/health/quality_rating"), "RED");
    expect_equal(
        daemon_metric(&gateway->workers[0], "tollgate_channel_looks_total{outcome=\"answered\"}"),
        "2");
    stop_gateway(gateway);
}

static void post_change(struct gateway *gateway, const char *field, const char *value)
{
    struct answer answer = post_webhook(
        gateway,
        text_of("{\"object\": \"whatsapp_business_account\", \"entry\": [{\"id\": \"1001\", "
                "\"time\": %ld, \"changes\": [{\"field\": \"%s\", \"value\": %s}]}]}",
                (long)time(NULL), field, value),
        0);
    cr_assert_eq(answer.status, 200);
}

Test(channels, are_as_a_webhook_says_within_seconds)
{
    struct gateway *gateway = given_gateway();
    struct org acme = given_org(gateway);
    struct org other = given_org(gateway, .waba_id = "1002");
    (void)database_text(gateway->database,
                        "UPDATE channels SET number_since = now() - interval '1 hour'");
    post_change(gateway, "phone_number_quality_update",
                "{\"display_phone_number\": \"15550100199\", \"event\": \"FLAGGED\", "
                "\"current_limit\": \"TIER_10K\"}");
    eventually(is(&acme, "status", "FLAGGED"));
    expect_equal(health(&acme, "messaging_limit"), "TIER_10K");
    expect_equal(health(&acme, "looked_at"), "");
    post_change(gateway, "phone_number_name_update",
                "{\"display_phone_number\": \"15550100199\", \"decision\": \"APPROVED\", "
                "\"requested_verified_name\": \"Acme\", \"rejection_reason\": null}");
    eventually(is(&acme, "verified_name", "Acme"));
    expect_equal(health(&acme, "name_request/decision"), "APPROVED");
    post_change(gateway, "business_capability_update",
                "{\"max_daily_conversations_per_business\": 100000}");
    eventually(is(&acme, "messaging_limit", "TIER_100K"));
    expect_equal(health(&other, "messaging_limit"), "");
    cr_assert_eq(looks_at(&acme), 0);
    stop_gateway(gateway);
}

Test(channels, keep_what_is_known_when_meta_does_not_answer_as_it_should)
{
    static const struct {
        const char *fields;
        const char *code;
    } cases[] = {
        {"{\"_refuse\": 190, \"_words\": \"Malformed access token EAAtest0123456789abcdefghijklmno"
         "pqrstuvwxyz0123456789\"}",
         "190"},
        {"{\"_refuse\": 10, \"_words\": null}", "10"},
        {"{\"_refuse\": 190, \"_words\": \"Malformed access token EAAtest\"}", "190"},
        {"{\"_refuse\": null, \"verified_name\": \"is EAAtest\"}", "unreadable"},
        {"{\"verified_name\": \"Sim\", \"_raw\": \"<html>\"}", "unreadable"},
        {"{\"_raw\": \"{\\\"id\\\":\\\"1\\\",\\\"quality_rating\\\":\\\"RED\\\"}\"}", "unreadable"},
        {"{\"_raw\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", "unreadable"},
    };
    struct gateway *gateway =
        given_gateway(.worker_settings = {LOOKS, "TOLLGATE_GRAPH_TIMEOUT_MS=1000"});
    struct org acme = given_org(gateway);
    eventually(is(&acme, "quality_rating", "GREEN"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_number(&acme, cases[i].fields);
        (void)database_text(gateway->database, "UPDATE channel_health SET error_code = NULL");
        expect_look(&acme, "error/code", cases[i].code);
        expect_equal(health(&acme, "quality_rating"), "GREEN");
    }
    // It pauses nothing.
    struct answer answer = channel_of(&acme);
    expect_equal(answer_text(&answer, "/status"), "active");
    cr_assert(daemon_has_logged(&gateway->workers[0], "channel_look_failed"));
    cr_assert_null(strstr(process_log(gateway->workers[0].process), "EAA"));

    // Values of other types, and of any length, are none, or are cut.
    const char *name = text_of("%0500d", 7);
    set_number(&acme, text_of("{\"_raw\": null, \"quality_rating\": {\"a\": 1}, \"status\": 7, "
                              "\"verified_name\": \"%s\", \"health_status\": [null]}",
                              name));
    expect_look(&acme, "error/code", "");
    eventually(is(&acme, "quality_rating", ""));
    cr_assert_eq(strlen(health(&acme, "verified_name")), 256);
    expect_equal(health(&acme, "can_send_message"), "");
    stop_gateway(gateway);
}

Test(channels, are_told_to_be_unknown_while_meta_is_down_or_slow_and_sends_go_on)
{
    struct gateway *gateway = given_gateway(.worker_settings = {LOOKS});
    struct org acme = given_org(gateway);
    simulator_set(gateway->simulator, "{\"latency_ms\": 60000}");
    eventually(is(&acme, "error/code", "network:after_write"));
    simulator_set(gateway->simulator, "{\"latency_ms\": 0}");
    struct answer answer = send_text(&acme, "919876543210");
    expect_ends(gateway, expect_accepted(&answer), "sent");
    // (For a minute nobody is asked about: another worker does not know that.)
    kill_worker(gateway, &gateway->workers[0]);
    (void)start_worker(gateway);
    simulator_set(gateway->simulator, "{\"down\": true}");
    make_look_due(&acme);
    eventually(is(&acme, "error/code", "2"));
    simulator_set(gateway->simulator, "{\"down\": false}");
    kill_worker(gateway, &gateway->workers[0]);
    (void)start_worker(gateway);
    expect_look(&acme, "quality_rating", "GREEN");
    expect_equal(health(&acme, "error"), "");
    stop_gateway(gateway);
}

Test(channels, are_known_where_the_version_of_the_api_has_not_all_fields)
{
    struct gateway *gateway = given_gateway(.without_worker = true, .worker_settings = {LOOKS});
    struct org acme = given_org(gateway);
    set_number(&acme, "{\"_lacks\": \"health_status\"}");
    (void)start_worker(gateway);
    eventually(is(&acme, "quality_rating", "GREEN"));
    expect_equal(health(&acme, "messaging_limit"), "");
    cr_assert_eq(looks_at(&acme), 2);
    stop_gateway(gateway);
}

Test(channels, of_suspended_orgs_are_not_asked_about)
{
    struct gateway *gateway = given_gateway(.without_worker = true, .worker_settings = {LOOKS});
    struct org acme = given_org(gateway, .status = "suspended");
    struct org beta = given_org(gateway);
    (void)start_worker(gateway);
    eventually(is(&beta, "quality_rating", "GREEN"));
    cr_assert_eq(looks_at(&acme), 0);
    (void)database_text(gateway->database, "UPDATE organizations SET status = 'active'");
    eventually(is(&acme, "quality_rating", "GREEN"));
    stop_gateway(gateway);
}

Test(channels, are_asked_about_once_however_many_workers_there_are)
{
    enum { ORGS = 9 };
    struct gateway *gateway = given_gateway(.without_worker = true, .worker_settings = {LOOKS});
    struct org orgs[ORGS];
    simulator_set(gateway->simulator, "{\"latency_ms\": 200}");
    for (int i = 0; i < ORGS; i++)
        orgs[i] = given_org(gateway);
    for (int i = 0; i < 3; i++)
        (void)start_worker(gateway);
    for (int i = 0; i < ORGS; i++)
        eventually(is(&orgs[i], "quality_rating", "GREEN"));
    for (int i = 0; i < ORGS; i++)
        cr_assert_eq(looks_at(&orgs[i]), 1, "%d: %ld", i, looks_at(&orgs[i]));
    cr_assert_leq(simulator_stat(gateway->simulator, "concurrent_max"), TG_CHANNEL_LOOKS_MAX);
    stop_gateway(gateway);
}

Test(channels, begin_anew_with_the_next_org_that_has_the_number)
{
    struct gateway *gateway = given_gateway(.desk = true, .worker_settings = {LOOKS});
    struct org acme = given_org(gateway);
    struct org beta = given_org(gateway);
    set_number(&acme, "{\"verified_name\": \"Acme of before\"}");
    expect_look(&acme, "verified_name", "Acme of before");
    set_number(&acme, "{\"verified_name\": \"Beta\", \"_refuse\": 190}");
    struct answer answer = tell(
        gateway, "POST", text_of("/admin/orgs/%s/channels/%s/hand-over", acme.id, acme.channel_id),
        text_of("{\"to_org_id\": \"%s\", \"access_token\": \"EAAbeta\"}", beta.id));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    struct org next = beta;
    next.phone_number_id = acme.phone_number_id;
    eventually(*health(&next, "error/code"));
    answer = get(&beta, "/api/channels");
    cr_assert_null(strstr(answer.body, "Acme"), "%s", answer.body);
    answer = channel_of(&acme);
    expect_equal(answer_text(&answer, "/status"), "disabled");
    expect_equal(answer_text(&answer, "/health/verified_name"), "");
    stop_gateway(gateway);
}

Test(channels, are_asked_about_under_their_sealed_token_and_with_the_apps_proof)
{
    const char *keys = file_with("token-keys", "k1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n");
    cr_assert_eq(chmod(keys, 0600), 0);
    struct gateway *gateway =
        given_gateway(.without_worker = true,
                      .worker_settings = {LOOKS, text_of("TOLLGATE_TOKEN_KEYS=%s", keys),
                                          "TOLLGATE_GRAPH_APP_SECRET=secret-of-the-app"});
    struct org acme = given_org(gateway);
    simulator_aim(gateway->simulator, "http://127.0.0.1:1/none", "secret-of-the-app");
    simulator_set(gateway->simulator, "{\"wants_proof\": true}");
    struct daemon *worker = start_worker(gateway);
    eventually(strcmp(database_text(gateway->database, "SELECT token_key FROM channels"), "k1") ==
               0);
    expect_look(&acme, "quality_rating", "GREEN");

    kill_worker(gateway, worker);
    (void)start_worker_with_settings(gateway, WORDS(LOOKS));
    expect_look(&acme, "error/code", "token:no_key");
    stop_gateway(gateway);
}

Test(channels, are_asked_about_at_another_interval_or_never_as_a_setting_says)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    const char *settings = file_with("settings", "TOLLGATE_LOOK_INTERVAL_S=0\n");
    struct org acme = given_org(gateway);
    struct daemon *worker =
        start_worker_with_settings(gateway, WORDS("TOLLGATE_LOOK_INTERVAL_S=",
                                                  text_of("TOLLGATE_SETTINGS_FILE=%s", settings)));
    eventually(daemon_has_logged(worker, "janitor_lock_taken"));
    (void)file_with("settings", "TOLLGATE_LOOK_INTERVAL_S=86400\n");
    expect_equal(daemon_hang_up(worker, "settings_reread", "changed"), "TOLLGATE_LOOK_INTERVAL_S");
    eventually(is(&acme, "quality_rating", "GREEN"));
    cr_assert_gt(database_number(gateway->database,
                                 "SELECT extract(epoch FROM due_at - now())::bigint "
                                 "FROM channel_health"),
                 70000);
    stop_gateway(gateway);
}

Test(channels, are_paused_since_a_time_for_a_reason_and_have_so_many_waiting)
{
    struct gateway *gateway = given_gateway();
    struct org acme = given_org(gateway);
    (void)database_text(gateway->database, "UPDATE channels SET status = 'paused'");
    (void)database_text(gateway->database, "UPDATE channels SET status = 'active'");
    struct answer answer = send_body(&acme, "{\"phone\": \"919876543210\", \"message\": \"Hi\", "
                                            "\"send_at\": \"2027-01-01T00:00:00Z\"}");
    (void)expect_accepted_as(HERE, &answer, "scheduled");
    answer = send_text(&acme, "15550000190"); // its token is refused
    expect_ends(gateway, expect_accepted(&answer), "failed 190 refunded");
    answer = channel_of(&acme);
    expect_equal(answer_text(&answer, "/status"), "paused");
    expect_equal(answer_text(&answer, "/paused_for"), "190");
    cr_assert_str_neq(answer_text(&answer, "/paused_at"), "");
    expect_equal(answer_text(&answer, "/waiting/messages"), "1");
    expect_equal(answer_text(&answer, "/waiting/more"), "false");
    answer = get(&acme, text_of("/api/channels/%s", acme.channel_id));
    expect_equal(answer_text(&answer, "/paused_for"), "190");
    answer = get(&acme, "/api/channels/0");
    expect_refused(&answer, 404, "not_found", NULL);
    answer = get(&acme, "/api/channels?limit=0");
    cr_assert_eq(answer.status, 400);
    stop_gateway(gateway);
}
