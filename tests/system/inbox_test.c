// An org looks at its messages and conversations, as an inbox does.
#include "tests/system/org.h"

#include <string.h>

TestSuite(inbox, .timeout = 120);

// The one conversation's member.
static const char *conversation(const struct org *org, const char *member)
{
    struct answer answer = get(org, "/api/conversations");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    return json_text(answer.json, text_of("/conversations/0%s", member));
}

// As a path has it.
static const char *encoded(const char *wamid)
{
    const char *path = "";
    for (; *wamid; wamid++)
        path = strchr("/+=", *wamid) ? text_of("%s%%%02X", path, (unsigned)*wamid)
                                     : text_of("%s%c", path, *wamid);
    return path;
}

// By Meta's id, in which there may be anything that base64 has.
static void expect_found_by_wamid(const struct org *org, const char *wamid)
{
    struct answer answer = get(org, text_of("/api/messages/%s", encoded(wamid)));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/wamid"), wamid);
    expect_equal(answer_text(&answer, "/timeline/0/what"), "received");
}

static struct answer mark_read(const struct org *org, const char *key, const char *body)
{
    return ask(org->gateway->http, .key = key, .body = body,
               .path = text_of("/api/conversations/%s/%s/read", org->channel_id,
                               conversation(org, "/contact_id")));
}

// How many messages the query finds.
static void expect_listed(const struct org *org, const char *query, size_t count)
{
    struct answer answer = get(org, text_of("/api/messages?%s", query));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    struct json_object *messages = json_object_object_get(answer.json, "messages");
    cr_assert_eq(json_object_array_length(messages), count, "%s: %s", query, answer.body);
}

Test(inbox, a_customer_s_message_is_seen_and_marked_as_read_here_and_at_meta)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    (void)simulator_inbound(gateway->simulator,
                            text_of("{\"phone_number_id\": \"%s\", \"from\": \"919812345678\", "
                                    "\"text\": \"Where is it?\", \"name\": \"Asha\"}",
                                    org.phone_number_id));
    eventually(strcmp(conversation(&org, "/unread"), "1") == 0);
    expect_equal(conversation(&org, "/name"), "Asha");
    expect_equal(conversation(&org, "/last_message/text"), "Where is it?");
    (void)database_text(gateway->database, "UPDATE organizations SET default_country = 'IN'");
    struct answer answer = get(&org, "/api/messages?contact=98123%2045678&text=where&limit=1");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/messages/0/direction"), "inbound");
    const char *yesterday =
        database_text(gateway->database, "SELECT (now() AT TIME ZONE 'UTC')::date - 1");
    expect_listed(&org, text_of("since=%s", yesterday), 1);
    expect_listed(&org, text_of("until=%s", yesterday), 0);
    expect_found_by_wamid(&org, answer_text(&answer, "/messages/0/wamid"));
    (void)database_text(gateway->database, "UPDATE messages SET wamid = 'wamid.a/b+c=='");
    expect_found_by_wamid(&org, "wamid.a/b+c==");
    cr_assert_eq(get(&org, "/api/messages/wamid.a%2Fb%1Fc").status, 404);

    const char *reader =
        database_text(gateway->database, "SELECT create_api_key('%s', 'r', '{read}')", org.id);
    answer = mark_read(&org, reader, "{\"receipt\": true}");
    expect_refused(&answer, 403, "missing_right", NULL);
    expect_equal(answer_text(&answer, "/detail/right"), "send");
    expect_equal(conversation(&org, "/unread"), "1");
    answer = mark_read(&org, reader, "{}");
    expect_equal(answer_text(&answer, "/unread"), "0");
    expect_equal(answer_text(&answer, "/told_by"), "wamid.a/b+c==");
    answer = mark_read(&org, org.key, "{\"receipt\": true}");
    (void)expect_accepted(&answer);
    eventually(simulator_stat(gateway->simulator, "receipts") == 1);
    expect_equal(org_balance(&org), "100.00");
    stop_gateway(gateway);
}

Test(inbox, filters_are_refused_by_their_names)
{
    static const struct {
        const char *query;
        const char *code;
        const char *field;
    } bad[] = {{"messages?status=lost", "invalid_field", "status"},
               {"messages?direction=in", "invalid_field", "direction"},
               {"messages?since=yesterday", "invalid_field", "since"},
               {"messages?since=0000-01-01T00:00:00Z", "invalid_field", "since"},
               {"messages?until=2026-11-29T00:00:00-16:00", "invalid_field", "until"},
               {"messages?contact=12", "invalid_phone", "contact"},
               {"messages?contact_id=x", "invalid_field", "contact_id"},
               {"messages?before=1", "invalid_field", "before"},
               {"messages?state=sent", "unknown_field", "state"},
               {"conversations?unread=1", "invalid_field", "unread"}};
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer answer = get(&org, text_of("/api/%s", bad[i].query));
        expect_refused(&answer, 400, bad[i].code, bad[i].field);
    }
    struct answer answer = get(&org, "/api/messages?until=9999-12-31T23:59:59.999-15:59");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    answer = get(&org, "/api/messages?channel=4711");
    expect_refused(&answer, 404, "channel_not_found", "channel");
    stop_gateway(gateway);
}
