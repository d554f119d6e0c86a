#include "tests/system/tenants.h"

#include "tests/system/webhook.h"

#include <string.h>

struct answer tenant_asks(const struct tenant *tenant, const char *method, const char *path,
                          const char *body)
{
    return ask(tenant->org.gateway->http, .method = method, .path = path, .key = tenant->manager,
               .body = body);
}

void tenant_has_endpoint(struct tenant *tenant, const char *name, const char *types,
                         const char *asks)
{
    struct answer answer = tenant_asks(tenant, "POST", "/api/endpoints",
                                       text_of("{\"url\": \"%s/switch/%s\", \"types\": [\"%s\"]}",
                                               tenant->sink->url, name, types));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    const char *secret = answer_text(&answer, "/secret");
    tenant->endpoints[tenant->endpoint_count++] =
        (struct endpoint){answer_text(&answer, "/id"), name, asks, secret};
    sink_knows(tenant->sink, name, secret);
}

#define SECRET_OF_META "an-app-secret-of-theirs"

static bool is_active(const struct tenant *tenant, const struct endpoint *endpoint)
{
    struct answer answer =
        tenant_asks(tenant, "GET", text_of("/api/endpoints/%s", endpoint->id), NULL);
    return strcmp(answer_text(&answer, "/state"), "active") == 0;
}

void tenant_has_endpoint_of_meta(struct tenant *tenant, const char *name)
{
    sink_does(tenant->sink, name, "echo");
    struct answer answer =
        tenant_asks(tenant, "POST", "/api/endpoints",
                    text_of("{\"url\": \"%s/switch/%s\", \"format\": \"meta\", \"verify_token\": "
                            "\"theirs\", \"secret\": \"" SECRET_OF_META "\"}",
                            tenant->sink->url, name));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    struct endpoint *endpoint = &tenant->endpoints[tenant->endpoint_count++];
    *endpoint = (struct endpoint){answer_text(&answer, "/id"), name, NULL, SECRET_OF_META};
    eventually(is_active(tenant, endpoint));
}

void given_tenant(struct tenant *tenant, struct gateway *gateway, struct sink *sink,
                  const char *prefix)
{
    *tenant = (struct tenant){.org = given_org(gateway), .sink = sink, .prefix = prefix};
    tenant->manager =
        database_text(tenant->org.gateway->database,
                      "SELECT create_api_key('%s', 'all', '{send,read,manage}')", tenant->org.id);
}

void tenant_follows_its_feed(struct tenant *tenant)
{
    struct answer answer = get(&tenant->org, "/api/events?after=now");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    tenant->from = answer_text(&answer, "/next_after");
}

static bool send_once(struct tenant *tenant, size_t i)
{
    struct answer answer = ask(tenant->org.gateway->http, .path = "/api/send-message",
                               .key = tenant->org.key, .body = text_body(tenant->sends[i].phone),
                               .headers = {text_of("Idempotency-Key: send-%zu", i)});
    if (answer.status == 202)
        tenant->sends[i].message_id = answer_text(&answer, "/message_id");
    return answer.status == 202;
}

void tenant_sends(struct tenant *tenant, const char *phone)
{
    cr_assert(tenant->send_count < SENDS_MAX);
    tenant->sends[tenant->send_count].phone = phone;
    (void)send_once(tenant, tenant->send_count++);
}

void customer_writes(struct tenant *tenant, const char *text)
{
    cr_assert(tenant->written_count < WRITTEN_MAX);
    tenant->written[tenant->written_count] = simulator_inbound(
        tenant->org.gateway->simulator,
        text_of("{\"phone_number_id\": \"%s\", \"from\": \"%s%06zu\", \"text\": \"%s\"}",
                tenant->org.phone_number_id, tenant->prefix, tenant->written_count, text));
    tenant->written_count++;
}

// Who did not hear 202 asks again under the same key.
bool tenant_is_accepted(struct tenant *tenant)
{
    bool all = true;
    for (size_t i = 0; i < tenant->send_count; i++)
        all &= tenant->sends[i].message_id || send_once(tenant, i);
    return all;
}

long tenant_untold(const struct tenant *tenant, size_t endpoint)
{
    return database_number(tenant->org.gateway->database,
                           "SELECT count(*) FROM deliveries WHERE endpoint_id = '%s' AND state = "
                           "'pending'",
                           tenant->endpoints[endpoint].id);
}

bool events_are_fanned_out(struct database *database)
{
    return database_number(database,
                           "SELECT count(*) FROM events e WHERE (e.xact, e.id) > (SELECT f.xact, "
                           "f.event_id FROM fan_outs f ORDER BY n DESC LIMIT 1)") == 0;
}

bool tenant_is_told(const struct tenant *tenant)
{
    if (!events_are_fanned_out(tenant->org.gateway->database))
        return false;
    for (size_t i = 0; i < tenant->endpoint_count; i++) {
        if (tenant_untold(tenant, i) > 0)
            return false;
    }
    return true;
}
