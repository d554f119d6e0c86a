// GET /api/events: what has happened to an org, to who comes by and to who waits.
#include "common/limits.h"
#include "tests/system/org.h"

#include <string.h>

TestSuite(feed, .timeout = 120);

// One whose numbers' webhooks come.
static struct gateway *given_gateway_with_webhooks(void)
{
    struct gateway *gateway = given_gateway();
    simulator_aim(gateway->simulator, text_of("%s/webhook", gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    return gateway;
}

// The cursor behind the last page that was read; "": none was.
static const char *read_page(const struct org *org, const char *query, const char *after)
{
    struct answer answer =
        get(org, text_of("/api/events?%s%s%s", query, *after ? "&after=" : "", after));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    return json_text(answer.json, "/next_after");
}

// The org's feed is read from now on.
static const char *begin_feed(const struct org *org)
{
    return read_page(org, "limit=1", "now");
}

// What was told behind the cursor, one type after the other, as soon as the last of it is `last`.
static const char *told_until(const struct org *org, const char *after, const char *last)
{
    const char *told = "";
    for (;;) {
        struct answer answer = get(org, text_of("/api/events?wait=5&after=%s", after));
        cr_assert_eq(answer.status, 200, "%s", answer.body);
        struct json_object *events = NULL;
        cr_assert_eq(json_pointer_get(answer.json, "/events", &events), 0);
        size_t n = json_object_array_length(events);
        for (size_t i = 0; i < n; i++) {
            const char *type = json_text(json_object_array_get_idx(events, i), "/type");
            told = text_of("%s%s%s", told, *told ? " " : "", type);
            if (strcmp(type, last) == 0)
                return told;
        }
        after = json_text(answer.json, "/next_after");
    }
}

Test(feed, tells_each_step_of_a_message_in_turn)
{
    struct gateway *gateway = given_gateway_with_webhooks();
    struct org org = given_org(gateway);
    const char *before = begin_feed(&org);
    struct answer answer = send_text(&org, "919876543210");
    const char *id = expect_accepted(&answer);
    expect_equal(told_until(&org, before, "message.read"),
                 "message.accepted message.sent message.delivered message.read");
    answer = get(&org, text_of("/api/events?limit=1&types=message.sent,wallet.*&after=%s", before));
    expect_equal(answer_text(&answer, "/events/0/type"), "message.sent");
    expect_equal(answer_text(&answer, "/events/0/data/message_id"), id);
    expect_equal(answer_text(&answer, "/events/0/data/phone"), "919876543210");
    stop_gateway(gateway);
}

// What happens while a request waits for it.
struct scene {
    const struct org *org;
    void (*happen)(const struct org *org);
    size_t waiting;
    bool happened;
};

static void go_on(size_t ended, void *context)
{
    struct scene *scene = context;
    (void)ended;
    if (scene->happened ||
        strcmp(daemon_metric(&scene->org->gateway->ingress, "tollgate_waiting_feeds"),
               text_of("%zu", scene->waiting)) != 0)
        return;
    scene->happened = true;
    scene->happen(scene->org);
}

// The answer to one who waits while something happens.
static struct answer wait_while(const struct org *org, const char *query,
                                void (*happen)(const struct org *org))
{
    struct answer answer;
    struct scene scene = {.org = org, .happen = happen, .waiting = 1};
    const struct http_request request = {
        .path = text_of("/api/events?wait=%d&%s", TG_FEED_WAIT_MAX_S, query), .key = org->key};
    http_ask_all(org->gateway->ingress.url, &request, 1, &answer, go_on, &scene);
    cr_assert(scene.happened, "nobody has waited");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    return answer;
}

static void send_one(const struct org *org)
{
    (void)send_text(org, "919876543210");
}

static void write_one(const struct org *org)
{
    (void)simulator_inbound(
        org->gateway->simulator,
        text_of("{\"phone_number_id\": \"%s\", \"from\": \"919876543210\", \"text\": \"hello\"}",
                org->phone_number_id));
}

static void restart_redis(const struct org *org)
{
    redis_kill(org->gateway->redis);
    redis_start(org->gateway->redis);
    send_one(org);
}

static void pay_in(const struct org *org)
{
    (void)database_text(org->gateway->database, "SELECT add_wallet_credits('%s', 5, 'test')",
                        org->id);
}

Test(feed, wakes_who_waits)
{
    struct gateway *gateway = given_gateway_with_webhooks();
    struct org org = given_org(gateway);
    const char *after = begin_feed(&org);
    struct answer answer = wait_while(&org, text_of("after=%s", after), send_one);
    expect_equal(answer_text(&answer, "/events/0/type"), "message.accepted");
    answer = wait_while(&org, "after=now&types=message.received", write_one);
    expect_equal(answer_text(&answer, "/events/0/data/text"), "hello");
    answer = wait_while(&org, "after=now&types=wallet.*", pay_in);
    expect_equal(answer_text(&answer, "/events/0/type"), "wallet.recharged");
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_waiting_feeds"), "0");
    stop_gateway(gateway);
}

Test(feed, wakes_who_waits_while_redis_goes_and_comes_back)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *after = begin_feed(&org);
    struct answer answer =
        wait_while(&org, text_of("after=%s&types=message.sent", after), restart_redis);
    expect_equal(answer_text(&answer, "/events/0/type"), "message.sent");
    answer = wait_while(&org, "after=now&types=message.sent", send_one);
    expect_equal(answer_text(&answer, "/events/0/type"), "message.sent");
    stop_gateway(gateway);
}

Test(feed, answers_who_has_waited_long_enough_with_a_cursor)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *after = begin_feed(&org);
    struct answer answer = get(&org, text_of("/api/events?wait=1&after=%s", after));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/events/0/type"), "");
    after = json_text(answer.json, "/next_after");
    (void)send_text(&org, "919876543210");
    expect_equal(told_until(&org, after, "message.sent"), "message.accepted message.sent");
    stop_gateway(gateway);
}

Test(feed, is_its_orgs_alone)
{
    struct gateway *gateway = given_gateway_with_webhooks();
    struct org acme = given_org(gateway);
    struct org beta = given_org(gateway);
    const char *of_acme = begin_feed(&acme);
    const char *of_beta = begin_feed(&beta);
    (void)send_text(&acme, "919876543210");
    (void)told_until(&acme, of_acme, "message.read");
    struct answer answer = get(&beta, text_of("/api/events?after=%s", of_beta));
    expect_equal(answer_text(&answer, "/events/0/type"), "");
    // A cursor is a place, and shows nobody's.
    answer = get(&beta, text_of("/api/events?after=%s", of_acme));
    expect_equal(answer_text(&answer, "/events/0/type"), "");
    stop_gateway(gateway);
}

Test(feed, takes_nothing_that_it_does_not_know)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    static const struct {
        const char *query, *code, *field;
    } wrong[] = {
        {"after=yesterday", "invalid_field", "after"},
        {"after=%ff%fe", "invalid_field", "after"},
        {"types=%ff%fe", "invalid_field", "types"},
        {"types=message", "invalid_field", "types"},
        {"types=meta.*", "invalid_field", "types"},
        {"channel_id=7", "invalid_field", "channel_id"},
        {"wait=26", "invalid_field", "wait"},
        {"limit=201", "invalid_field", "limit"},
        {"since=now", "unknown_field", "since"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct answer answer = get(&org, text_of("/api/events?%s", wrong[i].query));
        expect_refused(&answer, 400, wrong[i].code, wrong[i].field);
    }
    org.key =
        database_text(gateway->database, "SELECT create_api_key('%s', 'sender', '{send}')", org.id);
    struct answer answer = get(&org, "/api/events");
    expect_refused(&answer, 403, "missing_right", NULL);
    stop_gateway(gateway);
}

Test(feed, lets_so_many_of_an_org_wait)
{
    enum { WAITING = TG_FEED_READERS_MAX / 2, MORE = 10 };
    static struct http_request requests[WAITING + MORE];
    static struct answer answers[WAITING + MORE];
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    (void)begin_feed(&org);
    for (size_t i = 0; i < WAITING + MORE; i++)
        requests[i] = (struct http_request){
            .path = text_of("/api/events?wait=%d&after=now", TG_FEED_WAIT_MAX_S), .key = org.key};
    struct scene scene = {.org = &org, .happen = pay_in, .waiting = WAITING};
    http_ask_all(gateway->ingress.url, requests, WAITING + MORE, answers, go_on, &scene);
    size_t told = 0;
    size_t refused = 0;
    for (size_t i = 0; i < WAITING + MORE; i++) {
        told += answers[i].status == 200 &&
                strcmp(answer_text(&answers[i], "/events/0/type"), "wallet.recharged") == 0;
        refused += answers[i].status == 429;
    }
    cr_assert_eq(told, WAITING, "%zu", told);
    cr_assert_eq(refused, MORE, "%zu", refused);
    stop_gateway(gateway);
}
