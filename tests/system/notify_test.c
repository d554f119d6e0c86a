// Telling tenants: endpoints, what they get, and what becomes of it.
#include "tests/system/org.h"
#include "tests/system/sink.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(notify, .timeout = 120);

struct scene {
    struct gateway *gateway;
    struct sink *sink;
    struct org org;
    const char *manager; // a key with all rights
};

// An org of this gateway, and who may do all that tests ask for. `sink`: NULL: there is none.
static struct scene scene_at(struct gateway *gateway, struct sink *sink)
{
    struct scene scene = {gateway, sink, given_org(gateway), NULL};
    scene.manager = database_text(gateway->database,
                                  "SELECT create_api_key('%s', 'all', '{send,read,manage,keys}')",
                                  scene.org.id);
    return scene;
}

// A gateway that may call the sink, and an org. `settings` of its workers beside that.
#define given_scene(...) scene_of((const struct gateway_options){__VA_ARGS__})
static struct scene scene_of(struct gateway_options options)
{
    struct sink *sink = sink_start();
    size_t n = 0;
    while (options.worker_settings[n])
        n++;
    options.worker_settings[n++] = sink_networks();
    options.worker_settings[n] = sink_authority(sink);
    for (n = 0; options.ingress_settings[n];)
        n++;
    options.ingress_settings[n] = sink_networks();
    return scene_at(gateway_start(&options), sink);
}

static void end_scene(struct scene *scene)
{
    process_kill(scene->sink->process);
    stop_gateway(scene->gateway);
}

static struct answer change(const struct scene *scene, const char *method, const char *path,
                            const char *body)
{
    return ask(scene->gateway->http, .method = method, .path = path, .key = scene->manager,
               .body = body);
}

static struct answer make(const struct scene *scene, const char *body)
{
    return change(scene, "POST", "/api/endpoints", body);
}

// An endpoint of this path of the sink's, whose secret the sink knows. Returns its id.
static const char *given_endpoint(const struct scene *scene, const char *path, const char *types)
{
    struct answer answer = make(
        scene, text_of("{\"url\": \"%s%s\", \"types\": [\"%s\"]}", scene->sink->url, path, types));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    sink_knows(scene->sink, strrchr(path, '/') + 1, answer_text(&answer, "/secret"));
    return answer_text(&answer, "/id");
}

// Something that is told of the org.
static void tell(const struct org *org, const char *type)
{
    (void)database_text(org->gateway->database, "SELECT tell_event('%s', '%s', NULL, '{\"n\": 1}')",
                        org->id, type);
}

static struct answer delivery_of(const struct scene *scene, const char *endpoint, size_t n)
{
    struct answer answer = change(
        scene, "GET", text_of("/api/endpoints/%s/deliveries?limit=%zu", endpoint, n + 1), NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    return answer;
}

// Of the newest delivery of an endpoint's.
static const char *delivery_text(const struct scene *scene, const char *endpoint,
                                 const char *pointer)
{
    struct answer answer = delivery_of(scene, endpoint, 0);
    return answer_text(&answer, text_of("/deliveries/0%s", pointer));
}

static bool stands(const struct scene *scene, const char *endpoint, const char *pointer,
                   const char *value)
{
    return strcmp(delivery_text(scene, endpoint, pointer), value) == 0;
}

// What waits for another attempt, waits no more.
static void make_deliveries_due(const struct scene *scene)
{
    (void)database_text(scene->gateway->database,
                        "UPDATE deliveries SET next_at = now() WHERE state = 'pending'");
}

Test(notify, an_endpoint_is_told_what_it_asks_for_and_can_verify_it)
{
    struct scene scene = given_scene();
    const char *endpoint = given_endpoint(&scene, "/ok/acme", "wallet.*");
    tell(&scene.org, "channel.paused");
    tell(&scene.org, "wallet.low");
    eventually(sink_count(scene.sink, "/acme") == 1);
    expect_equal(sink_told(scene.sink, "/acme", 0, "/type"), "wallet.low");
    expect_equal(sink_told(scene.sink, "/acme", 0, "/data/n"), "1");
    expect_equal(sink_text(scene.sink, "/acme", 0, "/verified/0"), "true");
    expect_equal(sink_text(scene.sink, "/acme", 0, "/method"), "POST");
    expect_equal(sink_text(scene.sink, "/acme", 0, "/headers/content-type"), "application/json");
    cr_assert_eq(strncmp(sink_text(scene.sink, "/acme", 0, "/headers/user-agent"), "tollgate/", 9),
                 0);
    eventually(stands(&scene, endpoint, "/state", "delivered"));
    expect_equal(delivery_text(&scene, endpoint, "/event_id"),
                 sink_text(scene.sink, "/acme", 0, "/headers/webhook-id"));
    expect_equal(delivery_text(&scene, endpoint, "/attempts/0/status"), "204");
    end_scene(&scene);
}

Test(notify, nobody_is_told_of_anothers)
{
    struct scene scene = given_scene();
    struct org beta = given_org(scene.gateway);
    given_endpoint(&scene, "/ok/acme", "*");
    struct scene other = scene;
    other.org = beta;
    other.manager = database_text(
        scene.gateway->database, "SELECT create_api_key('%s', 'b', '{send,read,manage}')", beta.id);
    const char *endpoint = given_endpoint(&other, "/ok/beta", "*");
    tell(&beta, "wallet.empty");
    tell(&scene.org, "wallet.low");
    eventually(sink_count(scene.sink, "/acme") == 1 && sink_count(scene.sink, "/beta") == 1);
    expect_equal(sink_told(scene.sink, "/acme", 0, "/type"), "wallet.low");
    expect_equal(sink_told(scene.sink, "/beta", 0, "/type"), "wallet.empty");
    struct answer answer = change(&scene, "GET", text_of("/api/endpoints/%s", endpoint), NULL);
    expect_refused(&answer, 404, "not_found", NULL);
    answer = change(&scene, "GET", text_of("/api/endpoints/%s/deliveries", endpoint), NULL);
    expect_refused(&answer, 404, "not_found", NULL);
    answer = change(&scene, "GET", "/api/endpoints", NULL);
    expect_equal(answer_text(&answer, "/endpoints/1"), "");
    end_scene(&scene);
}

Test(notify, what_failed_comes_again_under_the_same_id_signed_anew)
{
    struct scene scene = given_scene();
    sink_does(scene.sink, "acme", "status/500");
    const char *endpoint = given_endpoint(&scene, "/switch/acme", "*");
    tell(&scene.org, "wallet.low");
    eventually(stands(&scene, endpoint, "/attempts/0/outcome", "http:500"));
    expect_equal(delivery_text(&scene, endpoint, "/state"), "pending");
    expect_equal(delivery_text(&scene, endpoint, "/attempts/0/answer"), "so it is, 500");
    sink_does(scene.sink, "acme", "ok");
    make_deliveries_due(&scene);
    eventually(stands(&scene, endpoint, "/state", "delivered"));
    for (size_t i = 0; i < 2; i++)
        expect_equal(sink_text(scene.sink, "/acme", i, "/verified/0"), "true");
    expect_equal(sink_text(scene.sink, "/acme", 0, "/headers/webhook-id"),
                 sink_text(scene.sink, "/acme", 1, "/headers/webhook-id"));
    expect_equal(sink_text(scene.sink, "/acme", 0, "/body"),
                 sink_text(scene.sink, "/acme", 1, "/body"));
    end_scene(&scene);
}

// Each wall that a tenant's address runs into, or an answer.
static const struct {
    const char *path;
    const char *outcome;
    const char *state;
} answers[] = {
    {"/status/200/a", "delivered", "delivered"}, {"/status/299/b", "delivered", "delivered"},
    {"/away/c", "http:302", "pending"},          {"/status/404/d", "http:404", "pending"},
    {"/abort/e", "aborted", "failed"},           {"/status/410/f", "gone", "failed"},
    {"/flood/g", "delivered", "delivered"},      {"/drip/h", "no_answer", "pending"},
    {"/hang/i", "no_answer", "pending"},         {"/head/j", "no_answer", "pending"},
};
enum { ANSWERS = sizeof answers / sizeof *answers };

Test(notify, answers_count_as_what_they_are)
{
    struct scene scene = given_scene();
    const char *endpoints[ANSWERS];
    for (size_t i = 0; i < ANSWERS; i++)
        endpoints[i] = given_endpoint(&scene, answers[i].path, "wallet.low");
    tell(&scene.org, "wallet.low");
    for (size_t i = 0; i < ANSWERS; i++) {
        eventually_within(PATIENCE_S + 16,
                          stands(&scene, endpoints[i], "/attempts/0/outcome", answers[i].outcome));
        expect_equal(delivery_text(&scene, endpoints[i], "/state"), answers[i].state);
    }
    // The first kilobyte of 100 MB.
    cr_assert_eq(strlen(delivery_text(&scene, endpoints[6], "/attempts/0/answer")), 1024);
    struct answer answer = change(&scene, "GET", text_of("/api/endpoints/%s", endpoints[5]), NULL);
    expect_equal(answer_text(&answer, "/state"), "disabled");
    end_scene(&scene);
}

Test(notify, nothing_is_posted_to_an_inner_address)
{
    struct sink *sink = sink_start();
    // Ingress lets it be saved, as if the name had led elsewhere then.
    struct gateway *gateway = given_gateway(.worker_settings = {sink_authority(sink)});
    struct scene scene = scene_at(gateway, sink);
    const char *endpoint = given_endpoint(&scene, "/ok/acme", "*");
    tell(&scene.org, "wallet.low");
    eventually(stands(&scene, endpoint, "/attempts/0/outcome", "inside"));
    cr_assert_eq(sink_count(sink, "/acme"), 0);
    end_scene(&scene);
}

// Its certificate is of nobody that the worker believes.
Test(notify, nothing_is_posted_to_who_cannot_prove_who_it_is)
{
    struct sink *sink = sink_start();
    struct gateway *gateway = given_gateway(.worker_settings = {sink_networks()});
    struct scene scene = scene_at(gateway, sink);
    const char *endpoint = given_endpoint(&scene, "/ok/acme", "*");
    tell(&scene.org, "wallet.low");
    eventually(stands(&scene, endpoint, "/attempts/0/outcome", "no_tls"));
    cr_assert_eq(sink_count(sink, "/acme"), 0);
    end_scene(&scene);
}

Test(notify, addresses_that_lead_astray_are_refused)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct scene scene = scene_at(gateway, NULL);
    static const char *const urls[] = {
        "http://example.com/",        "https://user:pass@example.com/",
        "https://127.0.0.1/",         "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/",   "https://0x7f.1/",
        "https://2130706433/",        "https://example.com:80/",
        "https://example.com/#there", "https://10.0.0.1:8443/",
        "ftp://example.com/",         "example.com",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct answer answer =
            make(&scene, text_of("{\"url\": \"%s\", \"types\": [\"*\"]}", urls[i]));
        expect_refused(&answer, 400, "invalid_field", "url");
    }
    stop_gateway(gateway);
}

Test(notify, an_endpoint_asks_for_what_there_is_and_as_who_may)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct scene scene = scene_at(gateway, NULL);
#define URL "\"url\": \"https://example.com/hook\""
    struct answer answer = make(&scene, "{" URL "}");
    expect_refused(&answer, 400, "invalid_field", "types");
    answer = make(&scene, "{" URL ", \"types\": [\"message.lost\"]}");
    expect_refused(&answer, 400, "invalid_field", "types");
    answer = make(&scene, "{" URL ", \"types\": [\"*\"], \"secret\": \"0123456789abcdef0123\"}");
    expect_refused(&answer, 400, "invalid_field", "secret");
    answer = make(&scene, "{" URL ", \"types\": [\"*\"], \"secret\": \"short\"}");
    expect_refused(&answer, 400, "invalid_field", "secret");
    answer = make(&scene, "{" URL ", \"format\": \"meta\"}");
    expect_refused(&answer, 400, "invalid_field", "verify_token");
    answer = make(&scene, "{" URL ", \"format\": \"soap\", \"types\": [\"*\"]}");
    expect_refused(&answer, 400, "invalid_field", "format");
    answer = make(&scene, "{" URL ", \"types\": [\"*\"], \"retries\": 3}");
    expect_refused(&answer, 400, "unknown_field", "retries");
    struct scene reader = scene;
    reader.manager = scene.org.key; // send and read
    answer = make(&reader, "{" URL ", \"types\": [\"*\"]}");
    expect_refused(&answer, 403, "missing_right", NULL);

    answer = make(&scene, "{" URL ", \"types\": [\"*\"], \"secret\": "
                          "\"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"}");
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    expect_equal(answer_text(&answer, "/secret"), "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    const char *path = text_of("/api/endpoints/%s", answer_text(&answer, "/id"));
    answer = change(&reader, "GET", path, NULL);
    cr_assert_eq(answer.status, 200);
    expect_equal(answer_text(&answer, "/secret"), "");
    answer =
        change(&scene, "PATCH", path, "{\"types\": [\"message.*\"], \"description\": \"CRM\"}");
    expect_equal(answer_text(&answer, "/types/0"), "message.*");
    expect_equal(answer_text(&answer, "/description"), "CRM");
    answer = change(&scene, "PATCH", path, "{\"url\": \"https://127.0.0.1/\"}");
    expect_refused(&answer, 400, "invalid_field", "url");
    cr_assert_eq(change(&scene, "DELETE", path, NULL).status, 200);
    answer = change(&scene, "GET", path, NULL);
    expect_refused(&answer, 404, "not_found", NULL);
    stop_gateway(gateway);
}

Test(notify, a_new_secret_and_the_old_one_are_both_good_for_a_day)
{
    struct scene scene = given_scene();
    struct answer answer =
        make(&scene, text_of("{\"url\": \"%s/ok/acme\", \"types\": [\"*\"]}", scene.sink->url));
    const char *old_secret = answer_text(&answer, "/secret");
    const char *path = text_of("/api/endpoints/%s", answer_text(&answer, "/id"));
    answer = change(&scene, "POST", text_of("%s/rotate-secret", path), "{}");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    const char *secret = answer_text(&answer, "/secret");
    cr_assert_str_neq(secret, old_secret);
    cr_assert_str_neq(answer_text(&answer, "/old_secret_until"), "");
    sink_knows(scene.sink, "acme", text_of("%s %s", secret, old_secret));
    tell(&scene.org, "wallet.low");
    eventually(sink_count(scene.sink, "/acme") == 1);
    expect_equal(sink_text(scene.sink, "/acme", 0, "/verified/0"), "true");
    expect_equal(sink_text(scene.sink, "/acme", 0, "/verified/1"), "true");
    (void)database_text(scene.gateway->database,
                        "UPDATE endpoints SET old_secret_until = now() - interval '1 s'");
    tell(&scene.org, "wallet.low");
    eventually(sink_count(scene.sink, "/acme") == 2);
    expect_equal(sink_text(scene.sink, "/acme", 1, "/verified/0"), "true");
    expect_equal(sink_text(scene.sink, "/acme", 1, "/verified/1"), "false");
    end_scene(&scene);
}

Test(notify, a_test_is_posted_with_a_click_and_what_came_can_be_posted_again)
{
    struct scene scene = given_scene();
    const char *endpoint = given_endpoint(&scene, "/ok/acme", "wallet.empty");
    struct answer answer =
        change(&scene, "POST", text_of("/api/endpoints/%s/test", endpoint), NULL);
    cr_assert_eq(answer.status, 202, "%s", answer.body);
    const char *event = answer_text(&answer, "/event_id");
    eventually(sink_count(scene.sink, "/acme") == 1);
    expect_equal(sink_told(scene.sink, "/acme", 0, "/type"), "endpoint.test");
    expect_equal(sink_text(scene.sink, "/acme", 0, "/headers/webhook-id"), event);
    eventually(stands(&scene, endpoint, "/state", "delivered"));
    const char *path = text_of("/api/endpoints/%s/deliveries/%s", endpoint, event);
    answer = change(&scene, "POST", text_of("%s/resend", path), NULL);
    cr_assert_eq(answer.status, 202, "%s", answer.body);
    eventually(sink_count(scene.sink, "/acme") == 2);
    expect_equal(sink_text(scene.sink, "/acme", 1, "/headers/webhook-id"), event);
    eventually(stands(&scene, endpoint, "/attempts/1/outcome", "delivered"));
    answer = change(&scene, "GET", path, NULL);
    expect_equal(answer_text(&answer, "/attempts/1/attempt"), "2");
    answer =
        change(&scene, "GET", text_of("/api/endpoints/%s/deliveries/%s", endpoint, "evt_1"), NULL);
    expect_refused(&answer, 404, "not_found", NULL);
    end_scene(&scene);
}

Test(notify, retry_after_is_heeded)
{
    struct scene scene = given_scene();
    const char *endpoint = given_endpoint(&scene, "/late/3000/acme", "*");
    tell(&scene.org, "wallet.low");
    eventually(stands(&scene, endpoint, "/attempts/0/outcome", "http:503"));
    cr_assert_eq(database_number(scene.gateway->database,
                                 "SELECT count(*) FROM deliveries WHERE next_at BETWEEN now() + "
                                 "interval '2900 s' AND now() + interval '3000 s'"),
                 1);
    end_scene(&scene);
}

// Its worker is killed while it is away, and Redis is wiped: all comes in the end.
Test(notify, what_a_dead_endpoint_missed_is_told_when_it_is_back)
{
    enum { EVENTS = 20 };
    struct scene scene = given_scene();
    const char *endpoint = given_endpoint(&scene, "/ok/acme", "*");
    process_kill(scene.sink->process);
    for (int i = 0; i < EVENTS; i++)
        tell(&scene.org, "wallet.low");
    eventually(stands(&scene, endpoint, "/attempts/0/outcome", "no_connection"));
    kill_worker(scene.gateway, &scene.gateway->workers[0]);
    redis_kill(scene.gateway->redis);
    redis_start(scene.gateway->redis);
    sink_restart(scene.sink);
    make_deliveries_due(&scene);
    (void)start_worker(scene.gateway);
    eventually(database_number(scene.gateway->database, "SELECT count(*) FROM deliveries WHERE "
                                                        "state = 'delivered'") == EVENTS);
    for (size_t i = 0; i < EVENTS; i++) {
        const char *id = sink_text(scene.sink, "/acme", i, "/headers/webhook-id");
        cr_assert_eq(database_number(scene.gateway->database,
                                     "SELECT count(*) FROM events WHERE event_name(id) = '%s'", id),
                     1);
    }
    end_scene(&scene);
}

// What it had is due again when its lease ends.
Test(notify, a_worker_that_is_killed_in_the_middle_loses_nothing)
{
    struct scene scene = given_scene();
    sink_does(scene.sink, "acme", "hang");
    given_endpoint(&scene, "/switch/acme", "*");
    tell(&scene.org, "wallet.low");
    eventually(sink_count(scene.sink, "/acme") == 1);
    kill_worker(scene.gateway, &scene.gateway->workers[0]);
    sink_does(scene.sink, "acme", "ok");
    cr_assert_eq(database_number(scene.gateway->database,
                                 "SELECT count(*) FROM deliveries WHERE state = 'pending' AND "
                                 "attempts = 0 AND next_at > now()"),
                 1);
    (void)start_worker(scene.gateway);
    make_deliveries_due(&scene); // as if the minute were over
    eventually(sink_count(scene.sink, "/acme") == 2);
    expect_equal(sink_text(scene.sink, "/acme", 0, "/headers/webhook-id"),
                 sink_text(scene.sink, "/acme", 1, "/headers/webhook-id"));
    end_scene(&scene);
}

// It may have a few requests under way, and then one.
Test(notify, an_endpoint_that_hangs_holds_up_nobody)
{
    enum { EVENTS = 200 };
    struct scene scene = given_scene();
    const char *hangs = given_endpoint(&scene, "/hang/dead", "*");
    struct org beta = given_org(scene.gateway);
    struct scene other = scene;
    other.org = beta;
    other.manager = database_text(
        scene.gateway->database, "SELECT create_api_key('%s', 'b', '{send,read,manage}')", beta.id);
    given_endpoint(&other, "/ok/alive", "*");
    (void)database_text(scene.gateway->database,
                        "SELECT tell_event('%s', 'wallet.low', NULL, '{}') FROM "
                        "generate_series(1, %d)",
                        scene.org.id, EVENTS);
    eventually(sink_count(scene.sink, "/dead") > 0);
    (void)database_text(scene.gateway->database,
                        "SELECT tell_event('%s', 'wallet.low', NULL, '{}') FROM "
                        "generate_series(1, %d)",
                        beta.id, EVENTS);
    eventually(sink_count(scene.sink, "/alive") == EVENTS);
    // No more than a few at once: on a slow machine the first ones have been given up by now.
    size_t posted = sink_count(scene.sink, "/dead");
    eventually((size_t)database_number(scene.gateway->database,
                                       "SELECT count(*) FROM delivery_attempts WHERE outcome = "
                                       "'no_answer'") +
                   8 >=
               posted);
    cr_assert(stands(&scene, hangs, "/state", "pending"));
    end_scene(&scene);
}

Test(notify, a_disabled_endpoint_misses_nothing)
{
    struct scene scene = given_scene();
    const char *endpoint = given_endpoint(&scene, "/ok/acme", "*");
    const char *path = text_of("/api/endpoints/%s", endpoint);
    struct answer answer = change(&scene, "PATCH", path, "{\"state\": \"disabled\"}");
    expect_equal(answer_text(&answer, "/state"), "disabled");
    tell(&scene.org, "wallet.low");
    tell(&scene.org, "wallet.empty");
    eventually(database_number(scene.gateway->database, "SELECT count(*) FROM deliveries") == 2);
    answer = change(&scene, "POST", text_of("%s/test", path), NULL);
    expect_refused(&answer, 409, "conflict", NULL);
    cr_assert_eq(sink_count(scene.sink, "/acme"), 0);
    answer = change(&scene, "PATCH", path, "{\"state\": \"active\"}");
    expect_equal(answer_text(&answer, "/state"), "active");
    eventually(sink_count(scene.sink, "/acme") == 2);
    end_scene(&scene);
}

Test(notify, what_was_given_up_is_recovered)
{
    struct scene scene = given_scene();
    sink_does(scene.sink, "acme", "abort");
    const char *endpoint = given_endpoint(&scene, "/switch/acme", "*");
    tell(&scene.org, "wallet.low");
    eventually(stands(&scene, endpoint, "/state", "failed"));
    sink_does(scene.sink, "acme", "ok");
    struct answer answer = change(&scene, "POST", text_of("/api/endpoints/%s/recover", endpoint),
                                  "{\"since\": \"2020-01-01T00:00:00Z\"}");
    cr_assert_eq(answer.status, 202, "%s", answer.body);
    eventually(stands(&scene, endpoint, "/state", "delivered"));
    end_scene(&scene);
}

// How far it is, in whatever order it hears of it, and by what it can find the message again.
Test(notify, a_message_is_told_of_as_it_goes_and_its_timeline_says_so)
{
    struct scene scene = given_scene();
    const char *endpoint = given_endpoint(&scene, "/ok/acme", "message.*");
    struct answer answer = send_text(&scene.org, "919876543210");
    const char *message = expect_accepted(&answer);
    eventually(database_number(scene.gateway->database,
                               "SELECT count(*) FROM deliveries d JOIN events e ON e.id = "
                               "d.event_id WHERE d.state = 'delivered' AND e.type IN "
                               "('message.accepted', 'message.sent')") == 2);
    size_t n = sink_count(scene.sink, "/acme");
    for (size_t i = 0; i < n; i++) {
        expect_equal(sink_told(scene.sink, "/acme", i, "/data/message_id"), message);
        expect_equal(sink_text(scene.sink, "/acme", i, "/verified/0"), "true");
    }
    answer = get(&scene.org, text_of("/api/messages/%s", message));
    const char *told = strstr(answer.body, "\"told\"");
    cr_assert(told, "%s", answer.body);
    cr_assert(strstr(told, text_of("\"%s\"", endpoint)), "%s", answer.body);
    cr_assert(strstr(told, "\"message.accepted\""), "%s", answer.body);
    end_scene(&scene);
}

static bool secrets_are_sealed(const struct scene *scene, const char *key)
{
    return database_number(scene->gateway->database,
                           "SELECT count(*) FROM secrets_of_endpoints() WHERE key IS DISTINCT FROM "
                           "'%s'",
                           key) == 0;
}

// By ingress, or what SQL has written by the janitor; and anew under another key.
Test(notify, secrets_stand_sealed_and_sign_all_the_same)
{
    const char *keys = file_with("keys", "k1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    cr_assert_eq(chmod(keys, 0600), 0);
    const char *setting = text_of("TOLLGATE_TOKEN_KEYS=%s", keys);
    struct scene scene = given_scene(.ingress_settings = {setting}, .worker_settings = {setting});
    const char *endpoint = given_endpoint(&scene, "/ok/acme", "*");
    cr_assert(secrets_are_sealed(&scene, "k1"));
    tell(&scene.org, "wallet.low");
    eventually(sink_count(scene.sink, "/acme") == 1);
    expect_equal(sink_text(scene.sink, "/acme", 0, "/verified/0"), "true");

    (void)database_text(scene.gateway->database,
                        "UPDATE endpoints SET secret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'");
    eventually(secrets_are_sealed(&scene, "k1"));
    sink_knows(scene.sink, "acme", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    tell(&scene.org, "wallet.low");
    eventually(sink_count(scene.sink, "/acme") == 2);
    expect_equal(sink_text(scene.sink, "/acme", 1, "/verified/0"), "true");

    // Rotated, the former one is opened where it stands now.
    struct answer answer =
        change(&scene, "POST", text_of("/api/endpoints/%s/rotate-secret", endpoint), "{}");
    sink_knows(
        scene.sink, "acme",
        text_of("%s whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", answer_text(&answer, "/secret")));
    tell(&scene.org, "wallet.low");
    eventually(sink_count(scene.sink, "/acme") == 3);
    expect_equal(sink_text(scene.sink, "/acme", 2, "/verified/0"), "true");
    expect_equal(sink_text(scene.sink, "/acme", 2, "/verified/1"), "true");
    end_scene(&scene);
}

Test(notify, of_format_meta_an_endpoint_says_first_that_it_wants_this)
{
    struct scene scene = given_scene();
#define META(path)                                                                                 \
    text_of("{\"url\": \"%s" path "\", \"format\": \"meta\", \"verify_token\": \"a/b&c\"}",        \
            scene.sink->url)
    struct answer yes = make(&scene, META("/echo/yes"));
    cr_assert_eq(yes.status, 201, "%s", yes.body);
    expect_equal(answer_text(&yes, "/state"), "verifying");
    struct answer no = make(&scene, META("/lie/no"));
    struct answer dead = make(&scene, META("/status/404/dead"));
    const char *path = text_of("/api/endpoints/%s", answer_text(&yes, "/id"));
    const char *path_of_no = text_of("/api/endpoints/%s", answer_text(&no, "/id"));
    const char *path_of_dead = text_of("/api/endpoints/%s", answer_text(&dead, "/id"));
    struct answer answer;
    eventually((answer = change(&scene, "GET", path, NULL),
                strcmp(answer_text(&answer, "/state"), "active") == 0));
    eventually((answer = change(&scene, "GET", path_of_no, NULL),
                strcmp(answer_text(&answer, "/state"), "disabled") == 0));
    expect_equal(answer_text(&answer, "/state_why"),
                 "Verifying it failed: its answer is not hub.challenge");
    eventually((answer = change(&scene, "GET", path_of_dead, NULL),
                strcmp(answer_text(&answer, "/state"), "disabled") == 0));
    expect_equal(answer_text(&answer, "/state_why"), "Verifying it failed: it answered 404");
    expect_equal(sink_text(scene.sink, "/yes", 0, "/method"), "GET");
    const char *asked = sink_text(scene.sink, "/yes", 0, "/path");
    cr_assert(strstr(asked, "?hub.mode=subscribe&hub.verify_token=a%2fb%26c&hub.challenge="), "%s",
              asked);
    // Elsewhere it is asked again.
    answer = change(&scene, "PATCH", path, text_of("{\"url\": \"%s/lie/yes\"}", scene.sink->url));
    expect_equal(answer_text(&answer, "/state"), "verifying");
    eventually((answer = change(&scene, "GET", path, NULL),
                strcmp(answer_text(&answer, "/state"), "disabled") == 0));
    end_scene(&scene);
}
