// Whoever reaches Redis can publish. Nothing of that is believed.
#include "tests/system/org.h"

#include <string.h>

TestSuite(forged, .timeout = 120);

// Notices are published as soon as Meta has the message, and long before it answers.
struct forger {
    struct gateway *gateway;
    const char *id;
};

static void publish_forgeries(size_t ended, void *context)
{
    struct forger *forger = context;
    struct gateway *gateway = forger->gateway;
    if (ended > 0 || forger->id || simulator_posts(gateway->simulator) == 0)
        return;
    const char *channels =
        redis_command(gateway->redis, "PUBSUB", "CHANNELS", "tollgate:results:*");
    const char *topic = text_of("%.*s", (int)strcspn(channels, "\n"), channels);
    forger->id = database_text(gateway->database, "SELECT id FROM messages");
    static const char *const ends[] = {
        "\"",
        "\"}",
        "\",\"status\":\"sent\",\"wamid\":{\"forged\":1}}",
        "\",\"status\":\"sent\",\"wamid\":\"wamid.forged\"}",
        "\",\"status\":\"failed\",\"refunded\":true,\"error\":{\"code\":\"131049\",\"message\":"
        "\"x\"}}",
        "\",\"status\":\"unconfirmed\"}",
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        (void)redis_command(gateway->redis, "PUBLISH", topic,
                            text_of("{\"message_id\":\"%s%s", forger->id, ends[i]));
    (void)redis_command(gateway->redis, "PUBLISH", topic, "{\"status\":\"sent\"}");
    (void)redis_command(gateway->redis, "PUBLISH", topic,
                        "{\"message_id\":\"01939f6c-0000-7000-8000-000000000000\"}");
}

Test(forged, a_notice_shows_nothing_to_who_waits)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    simulator_set(gateway->simulator, "{\"latency_ms\": 4000}");
    const struct http_request request = {.path = "/api/send-message",
                                         .body = text_body("919876543210"),
                                         .key = org.key,
                                         .headers = {"Prefer: wait=30"}};
    struct forger forger = {.gateway = gateway};
    struct answer answer;
    http_ask_all(gateway->ingress.url, &request, 1, &answer, publish_forgeries, &forger);
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    cr_assert(forger.id);
    expect_equal(answer_text(&answer, "/status"), "sent");
    expect_equal(answer_text(&answer, "/wamid"),
                 database_text(gateway->database, "SELECT wamid FROM messages"));
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_notices_total{result=\"invalid\"}"),
                 "1");
    stop_gateway(gateway);
}
