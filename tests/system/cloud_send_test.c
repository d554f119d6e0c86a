// Sends as Meta's own API has them: every kind of message in every way to write it, and what the
// simulator's faults come to.
#include "tests/corpus.h"
#include "tests/system/org.h"

#include <ctype.h>
#include <string.h>

TestSuite(cloud_send, .timeout = 120);

enum { SENDS = 73, RECEIPTS = 2, BAD = 26 };

// However slow the machine is.
#define WAITS "TOLLGATE_CLOUD_WAITS=30"

// Where an org's messages go.
static const char *path_of(const struct org *org)
{
    return text_of("/v23.0/%s/messages", org->phone_number_id);
}

static struct answer post(const struct org *org, const char *body)
{
    return ask(org->gateway->http, .path = path_of(org), .body = body, .key = org->key);
}

static const char *message_to(const char *phone)
{
    return text_of("{\"messaging_product\": \"whatsapp\", \"to\": \"%s\", \"type\": \"text\", "
                   "\"text\": {\"body\": \"Hello\"}}",
                   phone);
}

static bool is_wamid(const char *id)
{
    return strncmp(id, "wamid.", 6) == 0;
}

// 200 with an id of Meta's (1), of ours (0), or of either (-1). Returns it.
#define expect_taken(answer, of_meta) expect_taken_at(HERE, answer, of_meta)
static const char *expect_taken_at(const char *here, const struct answer *answer, int of_meta)
{
    const char *id = answer_text(answer, "/messages/0/id");
    cr_assert(answer->status == 200 && *id, "%s: %d %s", here, answer->status, answer->body);
    expect_equal_at(here, "the product", answer_text(answer, "/messaging_product"), "whatsapp");
    cr_assert(of_meta < 0 || is_wamid(id) == (of_meta == 1), "%s: %s", here, answer->body);
    cr_assert(is_wamid(id) || strlen(id) == 36, "%s: %s", here, answer->body);
    return id;
}

#define expect_error(answer, status, code, details)                                                \
    expect_error_at(HERE, answer, status, code, details)
static void expect_error_at(const char *here, const struct answer *answer, int status,
                            const char *code, const char *details)
{
    cr_assert(answer->status == status && strcmp(answer_text(answer, "/error/code"), code) == 0 &&
                  strstr(answer_text(answer, "/error/error_data/details"), details),
              "%s: %d %s", here, answer->status, answer->body);
    cr_assert(*answer_text(answer, "/error/message") && *answer_text(answer, "/error/fbtrace_id"),
              "%s: %s", here, answer->body);
}

static const char *encoded(const char *text)
{
    const char *all = "";
    for (; *text; text++)
        all = isalnum((unsigned char)*text)
                  ? text_of("%s%c", all, *text)
                  : text_of("%s%%%02X", all, (unsigned)(unsigned char)*text);
    return all;
}

enum way { JSON, STRINGS, FORM, PARTS, WAYS };
static const char *const types[WAYS] = {"application/json", "application/json",
                                        "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=x"};

// A message with its objects as strings of JSON, or as one of the two forms.
static const char *written(struct json_object *message, enum way way)
{
    const char *all = "";
    struct json_object *strings = json_object_new_object();
    json_object_object_foreach(message, name, value)
    {
        const char *text = json_object_is_type(value, json_type_string)
                               ? json_object_get_string(value)
                               : json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
        json_object_object_add(strings, name, json_object_new_string(text));
        all = way == FORM ? text_of("%s&%s=%s", all, name, encoded(text))
                          : text_of("%s--x\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n"
                                    "%s\r\n",
                                    all, name, text);
    }
    return way == STRINGS ? json_object_to_json_string(strings)
           : way == PARTS ? text_of("%s--x--\r\n", all)
                          : all;
}

struct crowd {
    const struct org *org;
    size_t n;
    struct http_request requests[SENDS];
    bool is_receipt[SENDS];
    const char *input[SENDS];
};

// Of each body, where every placeholder {{...}} is a phone number, a request.
static void add_request(const struct corpus_body *body, void *context)
{
    struct crowd *crowd = context;
    const char *rest = body->bytes;
    const char *filled = "";
    for (const char *start; (start = strstr(rest, "{{")); rest = strstr(start, "}}") + 2)
        filled = text_of("%s%.*s919876543210", filled, (int)(start - rest), rest);
    struct json_object *message = json_tokener_parse(text_of("%s%s", filled, rest));
    cr_assert(message, "%s", body->name);
    enum way way = (enum way)(crowd->n % WAYS);
    crowd->is_receipt[crowd->n] = json_object_object_get(message, "status") != NULL;
    const char *to = json_text(message, "/to");
    crowd->input[crowd->n] = *to ? to : json_text(message, "/recipient");
    crowd->requests[crowd->n++] = (struct http_request){
        .path = path_of(crowd->org),
        .key = crowd->org->key,
        .content_type = types[way],
        .body = way == JSON ? text_of("%s%s", filled, rest) : written(message, way)};
}

// The messages of whose receipt the bodies are.
static void given_received(const struct org *org, const char *wamids)
{
    (void)database_text(
        org->gateway->database,
        "WITH who AS (INSERT INTO contacts (org_id, phone) VALUES ('%s', '919810012345') "
        "RETURNING *) INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, "
        "payload, status, wamid) SELECT gen_random_uuid(), org_id, '%s', id, 'inbound', 'text', "
        "'{}', 'received', wamid FROM who, unnest('%s'::text[]) wamid",
        org->id, org->channel_id, wamids);
}

Test(cloud_send, takes_every_kind_of_message_in_every_way_to_write_it)
{
    static struct crowd crowd;
    static struct answer answers[SENDS];
    struct gateway *gateway = given_gateway(.ingress_settings = {WAITS});
    struct org org = given_org(gateway);
    given_received(&org, "{wamid.HBgMOTE5ODEwMDEyMzQ1FQIAEhgUM0VCMDVEMkM3MUE5NEY2MDg4RTEA,"
                         "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUYzMjEzNDM2RTZGQ0MzMDJBRgA=}");
    crowd.org = &org;
    cr_assert_eq(corpus_each("sends", add_request, &crowd), SENDS);

    http_ask_all(gateway->ingress.url, crowd.requests, SENDS, answers, NULL, NULL);

    for (size_t i = 0; i < SENDS; i++) {
        if (crowd.is_receipt[i]) {
            cr_assert_eq(answers[i].status, 200, "%s", answers[i].body);
            expect_equal(answer_text(&answers[i], "/success"), "true");
            continue;
        }
        const char *id = expect_taken(&answers[i], 1);
        expect_equal(answer_text(&answers[i], "/contacts/0/input"), crowd.input[i]);
        bool is_template = strcmp(database_text(gateway->database,
                                                "SELECT type FROM messages WHERE wamid = '%s'", id),
                                  "template") == 0;
        expect_equal(answer_text(&answers[i], "/messages/0/message_status"),
                     is_template ? "accepted" : "");
        cr_assert(*answer_text(&answers[i], "/contacts/0/wa_id") ||
                      *answer_text(&answers[i], "/contacts/0/user_id"),
                  "%s", answers[i].body);
    }
    cr_assert_eq(simulator_stat(gateway->simulator, "taken"), SENDS - RECEIPTS);
    cr_assert_eq(simulator_stat(gateway->simulator, "receipts"), RECEIPTS);
    expect_equal(org_balance(&org), "85.80");
    stop_gateway(gateway);
}

static void expect_refused_as_meta_does(const struct corpus_body *body, void *org)
{
    struct answer answer = post(org, body->bytes);
    const char *code = answer_text(&answer, "/error/code");
    cr_assert(answer.status == 400 && (strcmp(code, "131009") == 0 || strcmp(code, "131008") == 0),
              "%s: %d %s", body->name, answer.status, answer.body);
    cr_assert(*answer_text(&answer, "/error/error_data/details"), "%s", answer.body);
}

// What is refused before it is anybody's message costs nothing, and is not there.
Test(cloud_send, refuses_as_meta_does_what_costs_nothing)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway, .balance = "0.10");
    struct org other = given_org(gateway);
    const char *hello = message_to("+919876543210");
    cr_assert_eq(corpus_each("sends/bad", expect_refused_as_meta_does, &org), BAD);

    struct answer answer = post(&org, hello);
    expect_error(&answer, 402, "990402", "has 0.10, and the message costs 0.20");
    const char *const numbers[] = {other.phone_number_id, "1", "12345678901234567890123456789012"};
    for (size_t i = 0; i < 3; i++) {
        answer = ask(gateway->http, .path = text_of("/v23.0/%s/messages", numbers[i]),
                     .body = hello, .key = org.key);
        expect_error(&answer, 400, "100", "");
        expect_equal(answer_text(&answer, "/error/error_subcode"), "33");
        cr_assert(strstr(answer.body, text_of("ID '%s' does not exist", numbers[i])), "%s",
                  answer.body);
    }
    (void)database_text(gateway->database, "UPDATE channels SET status = 'paused' WHERE id = '%s'",
                        org.channel_id);
    answer = post(&org, hello);
    expect_error(&answer, 409, "990409", "paused");
    (void)database_text(gateway->database,
                        "UPDATE organizations SET status = 'suspended' WHERE id = '%s'", org.id);
    answer = post(&org, hello);
    expect_error(&answer, 403, "990403", "suspended");

    const char *reader = database_text(gateway->database,
                                       "SELECT create_api_key('%s', 'reader', '{read}')", other.id);
    answer = ask(gateway->http, .path = path_of(&other), .body = hello, .key = reader);
    expect_error(&answer, 403, "10", "\"send\"");
    expect_equal(org_ledger(&org), "adjustment 0.10");
    expect_equal(org_ledger(&other), "adjustment 100.00");
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM messages"), 0);
    stop_gateway(gateway);
}

enum { ITS_OWN = 1, TEMPLATE = 2, MORE_POSTS = 4 };

// What a number of the simulator's comes to (docs/testing.md). What pauses its number has one of
// its own.
static const struct fault {
    const char *phone;
    int status;
    const char *code;    // of an error
    const char *details; // part of them
    int of_meta;         // whose id it is, as of expect_taken
    unsigned how;
} faults[] = {
    {"919876543210", 200, "", "", 1, 0},
    {"15550131026", 400, "131026", "The fee stays", 0, 0},
    {"15550130472", 400, "130472", "The fee was refunded", 0, 0},
    {"15550131047", 400, "131047", "The fee stays", 0, 0},
    {"15550131042", 400, "131042", "The fee was refunded", 0, ITS_OWN},
    {"15550000190", 401, "190", "The fee was refunded", 0, ITS_OWN},
    {"15551131026", 200, "", "", 1, 0},
    {"15551131049", 200, "", "", 1, 0},
    {"15553000001", 200, "", "", -1, MORE_POSTS},
    {"15554131042", 200, "", "", 1, ITS_OWN},
    {"15555132015", 200, "", "", 1, TEMPLATE},
    {"15555000000", 200, "", "", 1, TEMPLATE},
    {"15556000407", 500, "131000", "http:407", 0, 0},
    {"15556001403", 500, "131000", "http:403", 0, 0},
    {"15556021408", 200, "", "", -1, MORE_POSTS},
    {"15557100033", 400, "100", "The fee was refunded", 0, ITS_OWN},
    {"15552000001", 200, "", "", 0, 0},
    {"15552000002", 200, "", "", -1, 0},
    {"15552000003", 200, "", "", -1, 0},
    {"15552000004", 200, "", "", -1, 0},
    {"15552000005", 200, "", "", -1, 0},
    {"15552000006", 200, "", "", -1, 0},
    {"15552000007", 200, "", "", -1, 0},
    {"15552000008", 200, "", "", 1, 0},
    {"15552000009", 200, "", "", 1, 0},
    {"15552000010", 200, "", "", 1, 0},
    {"15552000011", 200, "", "", 1, 0},
    {"15552000012", 200, "", "", 1, 0},
    {"15552000013", 200, "", "", 1, 0},
    {"15552000014", 200, "", "", 0, 0},
};
enum { FAULTS = sizeof faults / sizeof *faults };

static const char *template_to(const char *phone)
{
    return text_of("{\"messaging_product\": \"whatsapp\", \"to\": \"%s\", \"type\": \"template\", "
                   "\"template\": {\"name\": \"news\", \"language\": {\"code\": \"en\"}}}",
                   phone);
}

static void expect_outcome(const struct fault *fault, const struct answer *answer)
{
    const char *here = fault->phone;
    if (fault->status == 200) {
        (void)expect_taken_at(here, answer, fault->of_meta);
        expect_equal_at(here, "wa_id", answer_text(answer, "/contacts/0/wa_id"), fault->phone);
        return;
    }
    expect_error_at(here, answer, fault->status, fault->code, fault->details);
    bool is_33 = strcmp(answer_text(answer, "/error/error_subcode"), "33") == 0;
    cr_assert_eq(is_33, strcmp(fault->phone, "15557100033") == 0, "%s: %s", here, answer->body);
    bool of_meta = strcmp(fault->code, "131000") != 0;
    cr_assert_eq(strncmp(answer_text(answer, "/error/message"), text_of("(#%s) ", fault->code),
                         strlen(fault->code) + 4) == 0,
                 true, "%s: %s", here, answer->body);
    cr_assert(of_meta || strstr(answer->body, "refunded"), "%s: %s", here, answer->body);
}

// An error is for what has certainly not left and never will: whoever sends again after one sends
// nothing twice.
Test(cloud_send, is_answered_by_an_error_only_if_nobody_gets_it_twice)
{
    static struct http_request requests[FAULTS];
    static struct answer answers[FAULTS];
    struct gateway *gateway = given_gateway(.ingress_settings = {"TOLLGATE_CLOUD_WAITS=9"},
                                            .worker_settings = {"TOLLGATE_GRAPH_TIMEOUT_MS=12000"});
    struct org org = given_org(gateway);
    for (size_t i = 0; i < FAULTS; i++) {
        struct org own = faults[i].how & ITS_OWN ? given_org(gateway) : org;
        requests[i] =
            (struct http_request){.path = path_of(&own),
                                  .key = own.key,
                                  .body = faults[i].how & TEMPLATE ? template_to(faults[i].phone)
                                                                   : message_to(faults[i].phone)};
    }

    http_ask_all(gateway->ingress.url, requests, FAULTS, answers, NULL, NULL);

    for (size_t i = 0; i < FAULTS; i++) {
        expect_outcome(&faults[i], &answers[i]);
        long posts = simulator_posts_to(gateway->simulator, faults[i].phone);
        cr_assert(posts == 1 || (faults[i].how & MORE_POSTS && posts > 0), "%s: %ld posts",
                  faults[i].phone, posts);
    }
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM messages"), FAULTS);
    stop_gateway(gateway);
}

// Meta's number of a contact is told once it is known, and ours, in digits, until then.
Test(cloud_send, tells_meta_s_name_of_who_gets_it)
{
    struct gateway *gateway = given_gateway(.ingress_settings = {WAITS});
    struct org org = given_org(gateway);
    struct answer answer = post(&org, message_to("+55 31 98765-4321"));
    (void)expect_taken(&answer, 1);
    expect_equal(answer_text(&answer, "/contacts/0/input"), "+55 31 98765-4321");
    expect_equal(answer_text(&answer, "/contacts/0/wa_id"), "553187654321");
    answer = ask(gateway->http, .path = path_of(&org), .body = message_to("+5531987654322"),
                 .key = org.key, .headers = {"Prefer: respond-async"});
    (void)expect_taken(&answer, 0);
    expect_equal(answer_text(&answer, "/contacts/0/wa_id"), "5531987654322");
    stop_gateway(gateway);
}

static struct answer post_keyed(const struct org *org, const char *key, const char *body)
{
    return ask(org->gateway->http, .path = path_of(org), .body = body, .key = org->key,
               .headers = {text_of("Idempotency-Key: %s", key)});
}

Test(cloud_send, with_an_idempotency_key_is_one_message)
{
    struct gateway *gateway = given_gateway(.ingress_settings = {WAITS});
    struct org org = given_org(gateway);
    const char *body = message_to("+919876543210");
    struct answer first = post_keyed(&org, "order-42", body);
    const char *id = expect_taken(&first, 1);
    struct answer again = post_keyed(&org, "order-42", body);
    expect_equal(expect_taken(&again, 1), id);
    expect_equal(answer_header(&again, "Idempotency-Replayed"), "true");
    struct answer other = post_keyed(&org, "order-42", message_to("+919876543211"));
    expect_error(&other, 409, "990410", "another body");
    struct answer wrong = post_keyed(&org, "\xc3\xbc", body);
    expect_error(&wrong, 400, "100", "Idempotency-Key");
    expect_equal(org_ledger(&org), "adjustment 100.00, service_fee -0.20");
    cr_assert_eq(simulator_posts(gateway->simulator), 1);
    stop_gateway(gateway);
}

static const char *answer_to(const char *id)
{
    return text_of("{\"messaging_product\": \"whatsapp\", \"to\": \"+919876543210\", \"text\": "
                   "{\"body\": \"Hello\"}, \"context\": {\"message_id\": \"%s\"}}",
                   id);
}

// By Meta's id or by ours, which is what Meta gets it by.
Test(cloud_send, knows_messages_by_either_id)
{
    struct gateway *gateway = given_gateway(.ingress_settings = {WAITS});
    struct org org = given_org(gateway);
    struct org other = given_org(gateway);
    struct answer answer =
        ask(gateway->http, .path = path_of(&org), .body = message_to("+919876543210"),
            .key = org.key, .headers = {"Prefer: respond-async"});
    const char *id = text_of("%s", expect_taken(&answer, 0));
    expect_ends(gateway, id, "sent");
    const char *wamid =
        database_text(gateway->database, "SELECT wamid FROM messages WHERE id = '%s'", id);
    const char *bodies[] = {
        answer_to(id), answer_to(wamid),
        text_of("{\"messaging_product\": \"whatsapp\", \"to\": \"+919876543210\", \"type\": "
                "\"reaction\", \"reaction\": {\"message_id\": \"%s\", \"emoji\": \"x\"}}",
                id)};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        answer = post(&org, bodies[i]);
        (void)expect_taken(&answer, 1);
        const char *named = database_text(
            gateway->database,
            "SELECT coalesce(payload -> 'context', payload -> 'reaction') ->> 'message_id' "
            "FROM messages WHERE wamid = '%s'",
            answer_text(&answer, "/messages/0/id"));
        expect_equal(named, wamid);
    }
    given_received(&org, "{wamid.IN1}");
    const char *received =
        database_text(gateway->database, "SELECT id FROM messages WHERE wamid = 'wamid.IN1'");
    answer = post(&org, text_of("{\"messaging_product\": \"whatsapp\", \"status\": \"read\", "
                                "\"message_id\": \"%s\"}",
                                received));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/success"), "true");

    answer = post(&other, answer_to(id));
    expect_error(&answer, 400, "131009", "no message");
    (void)database_text(gateway->database,
                        "UPDATE messages SET wamid = NULL, status = 'unconfirmed', "
                        "unconfirmed_at = now() WHERE id = '%s'",
                        id);
    answer = post(&org, answer_to(id));
    expect_error(&answer, 400, "131009", "it is unconfirmed");
    stop_gateway(gateway);
}

// Wherever it stands, at any level of the log.
Test(cloud_send, tells_no_log_the_key)
{
    struct gateway *gateway = given_gateway(.ingress_settings = {WAITS, "TOLLGATE_LOG_LEVEL=debug",
                                                                 "TOLLGATE_LOG_MESSAGES=info",
                                                                 "TOLLGATE_RATE_OF_FAILURES=1"},
                                            .worker_settings = {"TOLLGATE_LOG_LEVEL=debug"});
    struct org org = given_org(gateway);
    const char *fields = "messaging_product=whatsapp&to=%2B919876543210&text={\"body\":\"Hello\"}";
    struct answer answer =
        ask(gateway->http, .path = text_of("%s/?access_token=%s", path_of(&org), org.key),
            .content_type = types[FORM], .body = fields);
    (void)expect_taken(&answer, 1);
    answer = ask(gateway->http, .path = path_of(&org), .content_type = types[FORM],
                 .body = text_of("%s&access_token=%s", fields, org.key));
    (void)expect_taken(&answer, 1);
    // Who shows wrong keys in forms may soon send no more of them.
    int refused = 0;
    do {
        answer = ask(gateway->http, .path = path_of(&org), .content_type = types[FORM],
                     .body = text_of("%s&access_token=tg_secret%d", fields, refused));
        cr_assert(++refused < 10, "%s", answer.body);
    } while (answer.status == 401);
    expect_error(&answer, 429, "4", "Too many wrong");
    cr_assert(*answer_header(&answer, "Retry-After"));
    expect_equal(answer_header(&answer, "x-app-usage"),
                 "{\"call_count\":100,\"total_cputime\":0,\"total_time\":0}");

    const char *logs = text_of("%s%s", process_log(gateway->ingress.process),
                               process_log(gateway->workers[0].process));
    cr_assert_not(strstr(logs, org.key) || strstr(logs, "tg_secret"), "%s", logs);
    cr_assert(strstr(logs, "event=send_accepted"));
    stop_gateway(gateway);
}
