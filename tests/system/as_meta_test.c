// Endpoints of format meta: a tenant's receiver of Meta's webhooks hears by way of Tollgate what it
// would hear from Meta, of its own numbers and accounts and nobody else's.
#include "common/crypto/signature.h"
#include "common/limits.h"
#include "tests/corpus.h"
#include "tests/system/org.h"
#include "tests/system/sink.h"
#include "tests/system/webhook.h"

#include <stdlib.h>
#include <string.h>

TestSuite(as_meta, .timeout = 180);

#define SECRET "an-app-secret-of-theirs"

enum { TENANTS_MAX = 5, CHANGES_MAX = 256 };

// An org with a receiver of Meta's webhooks at /echo/NAME.
struct tenant {
    struct org org;
    const char *name;
    const char *number;
    const char *account;
    const char *manager;
    const char *endpoint;
    // What it must hear beside the question whether it wants to: entries of one change.
    struct json_object *expected[CHANGES_MAX];
    size_t expected_count;
};

struct scene {
    struct gateway *gateway;
    struct sink *sink;
    struct tenant tenant[TENANTS_MAX];
    size_t count;
};

static struct scene given_scene(void)
{
    struct scene scene = {.sink = sink_start()};
    scene.gateway = given_gateway(.ingress_settings = {sink_networks()},
                                  .worker_settings = {sink_networks(), sink_authority(scene.sink)});
    return scene;
}

static void end_scene(struct scene *scene)
{
    process_kill(scene->sink->process);
    stop_gateway(scene->gateway);
}

static struct answer call(const struct tenant *tenant, const char *method, const char *path,
                          const char *body)
{
    return ask(tenant->org.gateway->http, .method = method, .path = path, .key = tenant->manager,
               .body = body);
}

static bool is_active(const struct tenant *tenant)
{
    struct answer answer =
        call(tenant, "GET", text_of("/api/endpoints/%s", tenant->endpoint), NULL);
    return strcmp(answer_text(&answer, "/state"), "active") == 0;
}

// The test writes "/echo" so that the receiver answers the challenge.
static struct tenant *given_tenant(struct scene *scene, const char *name, const char *number,
                                   const char *account)
{
    struct tenant *tenant = &scene->tenant[scene->count++];
    tenant->org = given_org(scene->gateway, .name = name, .number = number, .waba_id = account);
    tenant->name = name;
    tenant->number = number;
    tenant->account = account;
    tenant->manager =
        database_text(scene->gateway->database,
                      "SELECT create_api_key('%s', 'all', '{send,read,manage}')", tenant->org.id);
    struct answer answer = call(
        tenant, "POST", "/api/endpoints",
        text_of("{\"url\": \"%s/echo/%s\", \"format\": \"meta\", \"verify_token\": \"theirs\", "
                "\"secret\": \"" SECRET "\"}",
                scene->sink->url, name));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    tenant->endpoint = answer_text(&answer, "/id");
    eventually(is_active(tenant));
    // What Meta told of the number long ago is of this org, too.
    (void)database_text(scene->gateway->database,
                        "UPDATE channels SET number_since = '2025-01-01' WHERE org_id = '%s'",
                        tenant->org.id);
    return tenant;
}

static const char *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    return json_object_object_get_ex(object, name, &value) &&
                   json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : NULL;
}

static struct json_object *inner(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    return json_object_is_type(object, json_type_object) &&
                   json_object_object_get_ex(object, name, &value)
               ? value
               : NULL;
}

static struct tenant *whose(struct scene *scene, const char *number, const char *account)
{
    for (size_t i = 0; i < scene->count; i++) {
        struct tenant *tenant = &scene->tenant[i];
        if (number ? strcmp(tenant->number, number) == 0
                   : account && strcmp(tenant->account, account) == 0)
            return tenant;
    }
    return NULL;
}

static bool is_expected(const struct tenant *tenant, struct json_object *entry)
{
    for (size_t i = 0; i < tenant->expected_count; i++)
        if (json_object_equal(tenant->expected[i], entry))
            return true;
    return false;
}

// The change as its owner must hear it: in an entry of its own, whose id is the account.
static void expect_change(struct scene *scene, struct json_object *entry,
                          struct json_object *change)
{
    struct json_object *value = inner(change, "value");
    const char *account = member(inner(value, "waba_info"), "waba_id");
    if (!account)
        account = member(entry, "id");
    struct tenant *tenant =
        whose(scene, member(inner(value, "metadata"), "phone_number_id"), account);
    if (!tenant)
        return;
    struct json_object *alone = json_object_new_object();
    json_object_object_add(alone, "id", json_object_new_string(account));
    if (inner(entry, "time"))
        json_object_object_add(alone, "time", json_object_get(inner(entry, "time")));
    struct json_object *changes = json_object_new_array();
    json_object_array_add(changes, json_object_get(change));
    json_object_object_add(alone, "changes", changes);
    if (!is_expected(tenant, alone))
        tenant->expected[tenant->expected_count++] = alone;
}

static void expect_body(struct scene *scene, const char *body)
{
    struct json_object *root = json_tokener_parse(body);
    struct json_object *entries = inner(root, "entry");
    for (size_t i = 0; entries && i < json_object_array_length(entries); i++) {
        struct json_object *entry = json_object_array_get_idx(entries, i);
        struct json_object *changes = inner(entry, "changes");
        for (size_t j = 0; changes && j < json_object_array_length(changes); j++)
            expect_change(scene, entry, json_object_array_get_idx(changes, j));
    }
}

static size_t heard_count(const struct scene *scene, const struct tenant *tenant)
{
    return sink_count(scene->sink, text_of("/%s", tenant->name)) - 1; // it was asked before
}

static bool is_ascii(const char *text)
{
    while (*text > 0)
        text++;
    return *text == '\0';
}

// The n-th that it has heard: signed as Meta does it, over bytes as Meta writes them.
static struct json_object *heard(const struct scene *scene, const struct tenant *tenant, size_t n)
{
    const char *path = text_of("/%s", tenant->name);
    const char *body = sink_text(scene->sink, path, n + 1, "/body");
    const char *signature = sink_text(scene->sink, path, n + 1, "/headers/x-hub-signature-256");
    cr_expect(tg_signature_is_right(signature, SECRET, body, strlen(body)), "%s: %s", signature,
              body);
    cr_expect(is_ascii(body), "%s", body);
    struct json_object *root = json_tokener_parse(body);
    expect_equal(member(root, "object"), "whatsapp_business_account");
    cr_assert_eq(json_object_array_length(inner(root, "entry")), 1, "%s", body);
    return json_object_array_get_idx(inner(root, "entry"), 0);
}

// Each has heard all that it must, once, and nothing else.
static void expect_heard(struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++) {
        struct tenant *tenant = &scene->tenant[i];
        eventually_within(60, heard_count(scene, tenant) >= tenant->expected_count);
        size_t n = heard_count(scene, tenant);
        for (size_t j = 0; j < n; j++) {
            struct json_object *entry = heard(scene, tenant, j);
            bool found = false;
            for (size_t k = 0; k < tenant->expected_count && !found; k++) {
                found = tenant->expected[k] && json_object_equal(tenant->expected[k], entry);
                if (found)
                    tenant->expected[k] = tenant->expected[--tenant->expected_count];
            }
            cr_expect(found, "%s has heard %s", tenant->name, json_object_to_json_string(entry));
        }
        for (size_t k = 0; k < tenant->expected_count; k++)
            cr_expect(false, "%s has not heard %s", tenant->name,
                      json_object_to_json_string(tenant->expected[k]));
        tenant->expected_count = 0;
    }
}

// A change that has nothing in it becomes nothing here, and is not told of.
static bool is_empty(const char *name)
{
    return strncmp(name, "empty-", 6) == 0;
}

static void post_body(const struct corpus_body *body, void *context)
{
    struct scene *scene = context;
    struct answer answer = post_webhook(scene->gateway, body->bytes, body->length);
    cr_assert_eq(answer.status, 200, "%s: %d", body->name, answer.status);
    if (!is_empty(body->name))
        expect_body(scene, body->bytes);
}

Test(as_meta, a_receiver_hears_of_all_that_meta_posts_what_is_its_own)
{
    struct scene scene = given_scene();
    given_tenant(&scene, "Acme", "123456", "1001");
    given_tenant(&scene, "Beta", "789012", "1002");
    given_tenant(&scene, "Delta", "246810", "1004");
    given_tenant(&scene, "Harbour", "204715938260451", "317846205918337");
    (void)given_org(scene.gateway, .name = "Gamma", .number = "345678", .waba_id = "1003");
    corpus_each("webhooks", post_body, &scene);
    corpus_each("webhooks-2026", post_body, &scene);
    corpus_each_further("webhooks", post_body, &scene);
    corpus_each_further("webhooks-2026", post_body, &scene);
    cr_assert(scene.tenant[0].expected_count > 90 && scene.tenant[1].expected_count >= 3);
    eventually_within(60, webhooks_left(scene.gateway) == 0);
    expect_heard(&scene);
    end_scene(&scene);
}

// What is dead here is Meta's all the same, and so is what it is among.
Test(as_meta, a_receiver_hears_what_could_not_be_applied_and_once)
{
    static const char *const bad[] = {
        "good-and-bad-messages.json", "message-without-id.json",
        "metadata-missing.json",      "value-null.json",
        "status-unknown-name.json",   "text-body-is-number.json",
        "bad-timestamp.json",         "phone-number-id-as-number.json",
    };
    struct scene scene = given_scene();
    given_tenant(&scene, "Acme", "123456", "1001");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct corpus_body body = {.name = bad[i]};
        body.bytes = corpus_read("webhooks/bad", bad[i], &body.length);
        post_body(&body, &scene);
    }
    // (A number is no phone_number_id: whose the change is, its account tells.)
    eventually(webhooks_left(scene.gateway) == 0);
    long dead = database_number(scene.gateway->database, "SELECT count(*) FROM dead_letters");
    cr_assert(dead >= 8);
    (void)database_text(scene.gateway->database,
                        "UPDATE dead_letters SET retry_at = now(), tries = 0");
    eventually(database_number(scene.gateway->database,
                               "SELECT count(*) FROM dead_letters WHERE tries = 1 AND (retry_at IS "
                               "NULL OR retry_at > now() + interval '1 hour')") == dead);
    cr_assert_eq(database_number(scene.gateway->database, "SELECT count(*) FROM events"),
                 (long)scene.tenant[0].expected_count);
    expect_heard(&scene);
    end_scene(&scene);
}

static void expect_posted(struct scene *scene, const char *body, const char *expected)
{
    cr_assert_eq(post_webhook(scene->gateway, body, 0).status, 200);
    expect_body(scene, expected);
}

// A send of a tenant's with what it wants to have back, or without.
static const char *given_sent(struct tenant *tenant, const char *own)
{
    struct answer answer = send_body(
        &tenant->org,
        text_of("{\"payload\": {\"messaging_product\": \"whatsapp\", \"to\": \"919876543210\", "
                "\"type\": \"text\", \"text\": {\"body\": \"Hi\"}%s}}",
                own ? text_of(", \"biz_opaque_callback_data\": \"%s\"", own) : ""));
    const char *message = expect_accepted(&answer);
    eventually(*database_text(tenant->org.gateway->database,
                              "SELECT wamid FROM messages WHERE id = '%s'", message));
    return message;
}

static const char *wamid_of(const struct tenant *tenant, const char *message)
{
    return database_text(tenant->org.gateway->database,
                         "SELECT wamid FROM messages WHERE id = '%s'", message);
}

static const char *two_statuses(const char *wamid, const char *data)
{
    return text_of("{\"object\": \"whatsapp_business_account\", \"entry\": [{\"id\": \"1001\", "
                   "\"changes\": [{\"field\": \"messages\", \"value\": {\"metadata\": "
                   "{\"phone_number_id\": \"123456\"}, \"statuses\": [{\"id\": \"wamid.A\", "
                   "\"status\": \"sent\", \"timestamp\": \"1763800001\"}, {\"id\": \"%s\", "
                   "\"status\": \"read\", \"x\": [1, 2.50], %s, \"timestamp\": "
                   "\"1763800002\"}]}}]}]}",
                   wamid, data);
}

Test(as_meta, a_status_has_what_its_sender_had_given_and_not_our_id)
{
    struct scene scene = given_scene();
    struct tenant *acme = given_tenant(&scene, "Acme", "123456", "1001");
    const char *with = given_sent(acme, "order 7/ä");
    const char *without = given_sent(acme, NULL);
    const char *nobodys = "018f0000-0000-7000-8000-0000000000ff";
    const char *wamid = wamid_of(acme, with);
    expect_posted(
        &scene, status_body("123456", wamid, "delivered", names_message(with)),
        status_body("123456", wamid, "delivered", "\"biz_opaque_callback_data\": \"order 7/ä\""));
    wamid = wamid_of(acme, without);
    expect_posted(&scene, status_body("123456", wamid, "delivered", names_message(without)),
                  status_body("123456", wamid, "delivered", ""));
    expect_posted(&scene, status_body("123456", wamid, "read", ""),
                  status_body("123456", wamid, "read", ""));
    // Of a message that somebody else has sent over the number.
    const char *foreign = status_body("123456", "wamid.THEIRS", "sent", names_message(nobodys));
    expect_posted(&scene, foreign, foreign);
    // Two of one change, of which one is ours.
    wamid = wamid_of(acme, with);
    expect_posted(&scene, two_statuses(wamid, names_message(with)),
                  two_statuses(wamid, "\"biz_opaque_callback_data\": \"order 7/ä\""));
    expect_heard(&scene);
    end_scene(&scene);
}

// Meta posts again what it was not told to have come.
Test(as_meta, what_meta_posts_again_is_not_told_again)
{
    struct scene scene = given_scene();
    struct tenant *acme = given_tenant(&scene, "Acme", "123456", "1001");
    const char *body = text_message_body("123456", "919876543210", "wamid.ONCE", "Hi");
    expect_posted(&scene, body, body);
    expect_posted(&scene, text_of("%s ", body), body); // (the same bytes are not even stored)
    const char *other = text_message_body("123456", "919876543210", "wamid.OTHER", "Hi");
    eventually(webhooks_left(scene.gateway) == 0);
    expect_posted(&scene, other, other);
    expect_heard(&scene);
    cr_assert_eq(heard_count(&scene, acme), 2);
    // Nor is it kept by anybody else.
    cr_assert_eq(database_number(scene.gateway->database, "SELECT count(*) FROM events"), 2);
    end_scene(&scene);
}

Test(as_meta, a_number_that_was_nobodys_is_told_of_once_it_is_somebodys)
{
    struct scene scene = given_scene();
    struct tenant *acme = given_tenant(&scene, "Acme", "123456", "1001");
    const char *body = text_message_body("999", "919876543210", "wamid.EARLY", "Hi");
    cr_assert_eq(post_webhook(scene.gateway, body, 0).status, 200);
    eventually(database_number(scene.gateway->database,
                               "SELECT count(*) FROM dead_letters WHERE reason = "
                               "'unknown_number'") == 1);
    (void)database_text(scene.gateway->database,
                        "UPDATE channels SET phone_number_id = '999' WHERE org_id = '%s'",
                        acme->org.id);
    (void)database_text(scene.gateway->database,
                        "SELECT replay_dead_letters('unknown_number', '999')");
    acme->number = "999";
    expect_body(&scene, body);
    expect_heard(&scene);
    end_scene(&scene);
}

static struct json_object *only_change(const struct scene *scene, const struct tenant *tenant,
                                       size_t n)
{
    return inner(json_object_array_get_idx(inner(heard(scene, tenant, n), "changes"), 0), "value");
}

static const char *message_of(const char *name, long time_s)
{
    return text_of("{\"from\": \"919876543210\", \"id\": \"wamid.%s\", \"timestamp\": \"%ld\", "
                   "\"type\": \"text\", \"text\": {\"body\": \"Hi\"}}",
                   name, time_s);
}

// A number that was Acme's and is Beta's: what is of the one's messages is never the other's to
// hear.
Test(as_meta, of_a_number_that_was_handed_over_each_hears_its_own)
{
    struct scene scene = given_scene();
    struct tenant *acme = given_tenant(&scene, "Acme", "123456", "1001");
    struct tenant *beta = given_tenant(&scene, "Beta", "789012", "1002");
    const char *sent = given_sent(acme, "of Acme");
    (void)database_text(
        scene.gateway->database,
        "UPDATE channels SET status = 'disabled', number_since = now() - interval '2 days' WHERE "
        "org_id = '%s'; UPDATE channels SET phone_number_id = '123456', number_since = now() - "
        "interval '1 hour' WHERE org_id = '%s'; SELECT ''",
        acme->org.id, beta->org.id);
    long now = database_number(scene.gateway->database, "SELECT extract(epoch FROM now())::bigint");
    const char *body = text_of(
        "{\"object\": \"whatsapp_business_account\", \"entry\": [{\"id\": \"1001\", \"changes\": "
        "[{\"field\": \"messages\", \"value\": {\"metadata\": {\"phone_number_id\": \"123456\"}, "
        "\"messages\": [%s, %s], \"statuses\": [{\"id\": \"%s\", \"status\": \"read\", "
        "\"timestamp\": \"%ld\", %s}]}}]}]}",
        message_of("NEW", now), message_of("FORMER", now - 7200), wamid_of(acme, sent), now,
        names_message(sent));
    cr_assert_eq(post_webhook(scene.gateway, body, 0).status, 200);
    eventually(heard_count(&scene, acme) == 1 && heard_count(&scene, beta) == 1);
    struct json_object *to_acme = only_change(&scene, acme, 0);
    struct json_object *to_beta = only_change(&scene, beta, 0);
    expect_equal(json_text(to_acme, "/statuses/0/status"), "read");
    expect_equal(json_text(to_acme, "/statuses/0/biz_opaque_callback_data"), "of Acme");
    cr_assert_null(inner(to_acme, "messages"));
    expect_equal(json_text(to_beta, "/messages/0/id"), "wamid.NEW");
    cr_assert_eq(json_object_array_length(inner(to_beta, "messages")), 1);
    cr_assert_null(inner(to_beta, "statuses"));
    end_scene(&scene);
}

// An endpoint that asks for other numbers alone.
Test(as_meta, a_receiver_of_some_numbers_hears_of_these)
{
    struct scene scene = given_scene();
    struct tenant *acme = given_tenant(&scene, "Acme", "123456", "1001");
    const char *second = database_text(scene.gateway->database,
                                       "INSERT INTO channels (org_id, phone_number_id, waba_id, "
                                       "access_token, service_fee_per_msg) "
                                       "VALUES ('%s', '654321', '1001', 'EAAx', 0.2) RETURNING id",
                                       acme->org.id);
    struct answer answer = call(acme, "PATCH", text_of("/api/endpoints/%s", acme->endpoint),
                                text_of("{\"channel_ids\": [\"%s\"]}", second));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    const char *first = text_message_body("123456", "919876543210", "wamid.FIRST", "Hi");
    cr_assert_eq(post_webhook(scene.gateway, first, 0).status, 200);
    eventually(webhooks_left(scene.gateway) == 0);
    acme->number = "654321";
    const char *other = text_message_body("654321", "919876543210", "wamid.OTHER", "Hi");
    expect_posted(&scene, other, other);
    expect_heard(&scene);
    end_scene(&scene);
}

// What PostgreSQL does not take is not told; it is applied all the same, and so is what came with
// it.
Test(as_meta, what_cannot_be_told_spoils_nothing)
{
    struct scene scene = given_scene();
    struct tenant *acme = given_tenant(&scene, "Acme", "123456", "1001");
    kill_worker(scene.gateway, &scene.gateway->workers[0]);
    given_refusals(scene.gateway, "INSERT ON event_changes", "NEW.body::text ~ 'wamid.WRONG'");
    static const char *const wamids[] = {"wamid.A", "wamid.WRONG", "wamid.B"};
    for (size_t i = 0; i < 3; i++) {
        const char *body = text_message_body("123456", "919876543210", wamids[i], "Hi");
        if (i == 1)
            cr_assert_eq(post_webhook(scene.gateway, body, 0).status, 200);
        else
            expect_posted(&scene, body, body);
    }
    struct daemon *worker = start_worker(scene.gateway);
    expect_heard(&scene);
    eventually(org_messages(&acme->org, "received") == 3);
    cr_assert_eq(daemon_count_events(worker, "change_not_told"), 1);
    cr_assert_eq(database_number(scene.gateway->database, "SELECT count(*) FROM dead_letters"), 0);
    (void)database_text(scene.gateway->database, "DROP TRIGGER refuse ON event_changes");
    end_scene(&scene);
}

Test(as_meta, more_than_is_written_at_once_is_told)
{
    enum { LONG = 2 * 1024 * 1024, BODIES = TG_CHANGES_BYTES / LONG + 2 };
    struct scene scene = given_scene();
    given_tenant(&scene, "Acme", "123456", "1001");
    kill_worker(scene.gateway, &scene.gateway->workers[0]);
    char *text = malloc(LONG + 1);
    cr_assert(text);
    memset(text, 'x', LONG);
    text[LONG] = '\0';
    for (size_t i = 0; i < BODIES; i++) {
        const char *body =
            text_message_body("123456", "919876543210", text_of("wamid.%zu", i), text);
        expect_posted(&scene, body, body);
    }
    (void)start_worker(scene.gateway);
    expect_heard(&scene);
    free(text);
    end_scene(&scene);
}

// What is told to an endpoint of format standard besides, and what a timeline shows.
Test(as_meta, a_timeline_says_what_was_told_of_its_message)
{
    struct scene scene = given_scene();
    struct tenant *acme = given_tenant(&scene, "Acme", "123456", "1001");
    simulator_set(scene.gateway->simulator, "{\"status_gap_ms\": 20}");
    simulator_aim(scene.gateway->simulator, text_of("%s/webhook", scene.gateway->ingress.url),
                  GATEWAY_APP_SECRET);
    const char *message = given_sent(acme, NULL);
    eventually(heard_count(&scene, acme) == 3); // sent, delivered, read
    struct answer answer;
    eventually((answer = get(&acme->org, text_of("/api/messages/%s", message)),
                strstr(answer.body, "\"meta.messages\"")));
    cr_assert(strstr(answer.body, acme->endpoint), "%s", answer.body);
    cr_assert_null(strstr(sink_text(scene.sink, "/Acme", 1, "/body"), message));
    end_scene(&scene);
}
