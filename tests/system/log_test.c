// What an operator finds in the daemons' logs: a message from its accept to its last status by one
// grep, and nothing that is nobody's business.
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(log, .timeout = 120);

static struct gateway *given_gateway_that_tells(const char *setting)
{
    struct gateway *gateway =
        given_gateway(.ingress_settings = {setting}, .worker_settings = {setting});
    simulator_set(gateway->simulator, "{\"status_gap_ms\": 20}");
    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    return gateway;
}

// `grep -h WORD ingress.log worker.log`, as README shows it.
static const char *grep(const struct gateway *gateway, const char *word)
{
    return command_run(WORDS("grep", "-h", word, gateway->ingress.process->log_path,
                             gateway->workers[0].process->log_path),
                       NULL)
        .output;
}

// Its events in the order of their lines, each with a blank before and behind.
static const char *events_in(const char *lines)
{
    const char *events = " ";
    for (const char *at = lines; (at = strstr(at, " event=")); at++) {
        at += strlen(" event=");
        events = text_of("%s%.*s ", events, (int)strcspn(at, " \n"), at);
    }
    return events;
}

// The value of a field in the line of an event; "" if there is none.
static const char *value_in(const char *lines, const char *event, const char *key)
{
    const char *line = strstr(lines, text_of(" event=%s ", event));
    if (!line)
        return "";
    const char *value = strstr(line, text_of(" %s=", key));
    if (!value || value > line + strcspn(line, "\n"))
        return "";
    value += strlen(key) + 2;
    return text_of("%.*s", (int)strcspn(value, " \n"), value);
}

static void expect_one_number(const char *lines, const char *event, const char *key)
{
    const char *value = value_in(lines, event, key);
    cr_assert(*value && strspn(value, "0123456789") == strlen(value), "%s of %s in %s", key, event,
              lines);
}

Test(log, one_grep_follows_a_message_through_both_daemons)
{
    struct gateway *gateway = given_gateway_that_tells("TOLLGATE_LOG_MESSAGES=info");
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    const char *whole = " send_accepted send_claimed send_posted send_sent status_applied "
                        "status_applied status_applied ";
    // The status of what Meta has just taken may be faster than the settling of its answer.
    const char *overtaken = "send_found_settled";
    eventually(strcmp(events_in(grep(gateway, id)), whole) == 0 ||
               strstr(events_in(grep(gateway, id)), overtaken));
    eventually(strstr(grep(gateway, id), " status=read "));
    const char *lines = grep(gateway, id);
    static const char *const steps[] = {"send_accepted", "send_claimed", "send_posted",
                                        "status_applied"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        expect_equal(value_in(lines, steps[i], "org_id"), org.id);
        expect_one_number(lines, steps[i], "duration_ms");
    }
    expect_equal(value_in(lines, "send_accepted", "status"), "queued");
    expect_equal(value_in(lines, "send_claimed", "channel_id"), org.channel_id);
    expect_equal(value_in(lines, "send_claimed", "phone_number_id"), org.phone_number_id);
    expect_equal(value_in(lines, "send_posted", "attempt"), "1");
    expect_equal(value_in(lines, "send_posted", "outcome"), "sent");
    expect_equal(value_in(lines, "send_posted", "http_status"), "200");
    expect_equal(value_in(lines, "status_applied", "phone_number_id"), org.phone_number_id);
    cr_assert(daemon_has_logged(&gateway->ingress, "webhooks_stored"));
    cr_assert(daemon_has_logged(&gateway->workers[0], "items_applied"));
    stop_gateway(gateway);
}

Test(log, one_that_fails_or_waits_is_followed_too)
{
    struct gateway *gateway = given_gateway_that_tells("TOLLGATE_LOG_MESSAGES=info");
    struct org org = given_org(gateway);
    struct answer refused = send_text(&org, "15550131026");
    const char *refused_id = expect_accepted(&refused);
    expect_ends(gateway, refused_id, "failed 131026");
    eventually(strcmp(events_in(grep(gateway, refused_id)),
                      " send_accepted send_claimed send_posted send_failed ") == 0);
    const char *lines = grep(gateway, refused_id);
    expect_equal(value_in(lines, "send_failed", "outcome"), "131026");
    expect_equal(value_in(lines, "send_failed", "attempt"), "1");

    const char *in_an_hour = database_text(
        gateway->database, "SELECT (now() AT TIME ZONE 'UTC' + interval '1 hour')::timestamp(0)");
    struct answer scheduled =
        send_body(&org, text_of("{\"phone\": \"+919876543211\", \"message\": \"x\", "
                                "\"send_at\": \"%.10sT%sZ\"}",
                                in_an_hour, in_an_hour + 11));
    const char *soon_id = expect_accepted_as(HERE, &scheduled, "scheduled");
    make_due(gateway, soon_id);
    eventually(strstr(events_in(grep(gateway, soon_id)), " send_posted "));
    expect_equal(value_in(grep(gateway, soon_id), "send_queued", "why"), "due");
    stop_gateway(gateway);
}

Test(log, as_it_stands_it_does_not_tell_of_each_message)
{
    struct gateway *gateway = given_gateway_that_tells("TOLLGATE_LOG_LEVEL=info");
    struct org org = given_org(gateway);
    struct answer answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    eventually(strcmp(message_state(gateway, id), "read") == 0);
    const char *lines = grep(gateway, id);
    // The one that tells of a race is no step.
    cr_assert(!*lines || strcmp(events_in(lines), " send_found_settled ") == 0, "%s", lines);
    stop_gateway(gateway);
}

Test(log, nothing_of_what_is_said_and_to_whom_is_told_by_any_line)
{
    struct gateway *gateway = given_gateway_that_tells("TOLLGATE_LOG_LEVEL=debug");
    struct org org = given_org(gateway, .token = "EAAsecrettoken", .number = "445566778899");
    struct answer answer =
        send_body(&org, "{\"phone\": \"+919876543210\", \"message\": \"whispered\"}");
    const char *id = expect_accepted(&answer);
    eventually(strcmp(message_state(gateway, id), "read") == 0);
    (void)database_text(gateway->database,
                        "INSERT INTO automation_rules (org_id, match_kind, pattern, reply) "
                        "VALUES ('%s', 'exact', 'murmured', 'sighed') RETURNING id",
                        org.id);
    eventually(database_number(gateway->database, "SELECT count(*) FROM automation_rules WHERE "
                                                  "state = 'unchecked'") == 0);
    (void)simulator_inbound(gateway->simulator,
                            "{\"phone_number_id\": \"445566778899\", \"from\": \"919876543210\", "
                            "\"text\": \"murmured\"}");
    eventually(daemon_has_logged(&gateway->workers[0], "message_received"));
    eventually(strstr(grep(gateway, "answers="), "event=send_accepted"));
    const char *received =
        value_in(grep(gateway, "event=message_received"), "message_received", "message_id");
    expect_equal(value_in(grep(gateway, "answers="), "send_accepted", "answers"), received);
    const char *const secrets[] = {"whispered",  "murmured",           "sighed",
                                   "9876543210", "EAAsecrettoken",     GATEWAY_APP_SECRET,
                                   "wamid",      GATEWAY_VERIFY_TOKEN, org.key};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        expect_equal(grep(gateway, secrets[i]), "");
    stop_gateway(gateway);
}
