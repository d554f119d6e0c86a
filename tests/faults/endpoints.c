#include "tests/faults/endpoints.h"

#include "common/base/text.h"

#include <stdlib.h>
#include <string.h>

// One org asks for all, the others for some: of these what else happens is not written at all,
// unless they read their feed (follower.c).
static const struct endpoint wanted[] = {
    {RIG_REPLYING, "message.sent,message.received,contact.*", false, "ok", "talk", NULL},
    {RIG_REPLYING, "message.failed,message.unconfirmed,wallet.*", false, "moody", "trouble", NULL},
    {RIG_IMPATIENT, "*", false, "moody", "all", NULL},
    {RIG_GIVING, "message.accepted,contact.*", true, "ok", "begins", NULL},
    {RIG_GIVING, "message.received,wallet.*,channel.*", false, "moody", "others", NULL},
    {RIG_ORGS - 1, "message.delivered,message.failed,channel.*", true, "moody", "ends", NULL},
};
enum { WANTED = sizeof wanted / sizeof *wanted };

struct endpoints {
    struct sink *sink;
    struct endpoint list[WANTED];
    const char *keys[RIG_ORGS]; // that may change them
};

void endpoints_open(struct rig *rig)
{
    struct endpoints *endpoints = calloc(1, sizeof *endpoints);
    cr_assert(endpoints);
    endpoints->sink = sink_start();
    memcpy(endpoints->list, wanted, sizeof wanted);
    rig->endpoints = endpoints;
    rig->to_endpoints = proxy_create(endpoints->sink->port);
}

const char *endpoints_authority(const struct endpoints *endpoints)
{
    return sink_authority(endpoints->sink);
}

// As its org says it: ["message.failed","message.received"].
static const char *types_of(const struct endpoint *endpoint)
{
    TG_TEXT_AUTO types = {0};
    for (const char *at = endpoint->types; *at; at += strcspn(at, ","), at += *at == ',')
        tg_text_append_format(&types, "%s\"%.*s\"", types.length > 0 ? "," : "",
                              (int)strcspn(at, ","), at);
    return text_of("[%s]", tg_text_string(&types));
}

static void make(struct rig *rig, struct http *http, struct endpoint *endpoint)
{
    const struct org *org = &rig->orgs[endpoint->org];
    const char *channels =
        endpoint->one_channel ? text_of("[\"%s\"]", org->channel_id) : text_of("null");
    struct answer answer =
        ask(http, .path = "/api/endpoints", .key = rig->endpoints->keys[endpoint->org],
            .body = text_of("{\"url\": \"https://localhost:%d/switch/%s\", \"types\": %s, "
                            "\"channel_ids\": %s}",
                            proxy_port(rig->to_endpoints), endpoint->name, types_of(endpoint),
                            channels));
    cr_assert(answer.status == 201, "%s", answer.body);
    endpoint->id = answer_text(&answer, "/id");
    sink_knows(rig->endpoints->sink, endpoint->name, answer_text(&answer, "/secret"));
}

void endpoints_make(struct rig *rig)
{
    struct http *http = http_open(rig->ingresses[0].daemon.url);
    for (int i = 0; i < RIG_ORGS; i++)
        rig->endpoints->keys[i] = database_text(
            rig->gateway->database, "SELECT create_api_key('%s', 'endpoints', '{read,manage}')",
            rig->orgs[i].id);
    for (size_t i = 0; i < WANTED; i++)
        make(rig, http, &rig->endpoints->list[i]);
    http_close(http);
    endpoints_do(rig->endpoints, NULL);
}

void endpoints_close(struct endpoints *endpoints)
{
    process_kill(endpoints->sink->process);
}

const struct endpoint *endpoints_list(const struct endpoints *endpoints, size_t *n)
{
    *n = WANTED;
    return endpoints->list;
}

const struct sink *endpoints_sink(const struct endpoints *endpoints)
{
    return endpoints->sink;
}

void endpoints_do(struct endpoints *endpoints, const char *what)
{
    for (size_t i = 0; i < WANTED; i++)
        sink_does(endpoints->sink, endpoints->list[i].name, what ? what : endpoints->list[i].habit);
}

// (503: other tests have all connections. It is asked for again.)
static void change(struct http *http, const struct rig *rig, const struct endpoint *endpoint,
                   const char *method, const char *what, const char *body)
{
    struct answer answer =
        ask(http, .method = method, .path = text_of("/api/endpoints/%s%s", endpoint->id, what),
            .key = rig->endpoints->keys[endpoint->org], .body = body);
    cr_assert(answer.status == 200 || answer.status == 202 || answer.status == 503, "%s %s: %s",
              endpoint->name, what, answer.body);
}

static bool is_so(const struct rig *rig, const struct endpoint *endpoint, const char *condition)
{
    return database_number(rig->gateway->database,
                           "SELECT count(*) FROM endpoints p WHERE p.id = '%s' AND %s",
                           endpoint->id, condition) > 0;
}

void endpoints_recover(struct rig *rig)
{
    static const char is_disabled[] = "p.state = 'disabled'";
    static const char has_given_up[] =
        "p.recover_from IS NULL AND EXISTS (SELECT FROM deliveries d WHERE d.org_id = p.org_id "
        "AND d.endpoint_id = p.id AND d.state = 'failed')";
    if (database_number(rig->gateway->database, "SELECT count(*) FROM endpoints p WHERE %s OR %s",
                        is_disabled, has_given_up) == 0)
        return;
    struct http *http = http_open(rig->ingresses[0].daemon.url);
    for (size_t i = 0; i < WANTED; i++) {
        const struct endpoint *endpoint = &rig->endpoints->list[i];
        if (is_so(rig, endpoint, is_disabled))
            change(http, rig, endpoint, "PATCH", "", "{\"state\": \"active\"}");
        if (is_so(rig, endpoint, has_given_up))
            change(http, rig, endpoint, "POST", "/recover", "{}");
    }
    http_close(http);
}
