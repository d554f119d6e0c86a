// The relay: calls of the Cloud API beside messages, passed on to Meta under the org's own token.
#include "common/limits.h"
#include "tests/system/relayed.h"
#include "tests/system/tables.h"

#include <string.h>

TestSuite(relay, .timeout = 120);

#define NUMBER "/v23.0/4711001"
#define ACCOUNT "/v23.0/71001"
#define TEMPLATE                                                                                   \
    "{\"name\": \"news\", \"language\": \"en\", \"category\": \"UTILITY\", \"components\": "       \
    "[{\"type\": \"BODY\", \"text\": \"Hello\"}]}"
#define FORM "application/x-www-form-urlencoded"

// What a client asks, and what stands in the answer.
static const struct {
    const char *method;
    const char *path; // ID: the id of the template that was made first
    const char *body;
    const char *type;
    const char *pointer;
    const char *value;
} calls[] = {
    {"GET", NUMBER "?fields=verified_name,quality_rating", NULL, NULL, "/quality_rating", "GREEN"},
    {"GET", "/4711001/", NULL, NULL, "/id", "4711001"},
    {"GET", NUMBER "?fields=status", NULL, NULL, "/quality_rating", ""},
    {"GET", ACCOUNT "?fields=name", NULL, NULL, "/id", "71001"},
    {"GET", NUMBER "/whatsapp_business_profile?fields=about", NULL, NULL, "/data/0/about",
     "Sums and sons"},
    {"POST", NUMBER "/whatsapp_business_profile",
     "{\"messaging_product\": \"whatsapp\", \"about\": \"Blue\"}", NULL, "/success", "true"},
    {"GET", NUMBER "/whatsapp_business_profile", NULL, NULL, "/data/0/about", "Blue"},
    {"POST", NUMBER "/whatsapp_business_profile", "messaging_product=whatsapp&about=Red+%26+blue",
     FORM, "/success", "true"},
    {"GET", NUMBER "/whatsapp_business_profile", NULL, NULL, "/data/0/about", "Red & blue"},
    {"POST", NUMBER, "{\"pin\": \"314159\"}", NULL, "/success", "true"},
    {"POST", NUMBER "/register", "{\"messaging_product\": \"whatsapp\", \"pin\": \"314159\"}", NULL,
     "/success", "true"},
    {"POST", NUMBER "/register", "{\"messaging_product\": \"whatsapp\", \"pin\": \"271828\"}", NULL,
     "/error/code", "133005"},
    {"POST", ACCOUNT "/message_templates", TEMPLATE, NULL, "/status", "PENDING"},
    {"POST", ACCOUNT "/message_templates",
     "name=form&language=en&category=UTILITY&components=%5B%7B%22type%22%3A%22BODY%22%7D%5D", FORM,
     "/category", "UTILITY"},
    {"POST", ACCOUNT "/message_templates", "{\"name\": \"No Good\"}", NULL, "/error/error_subcode",
     "2388040"},
    {"GET", ACCOUNT "/message_templates?name=news&fields=name,status,components", NULL, NULL,
     "/data/0/components/0/text", "Hello"},
    {"POST", "/v23.0/ID", "{\"components\": [{\"type\": \"BODY\", \"text\": \"Bye\"}]}", NULL,
     "/success", "true"},
    {"GET", "/v23.0/ID", NULL, NULL, "/components/0/text", "Bye"},
    {"DELETE", ACCOUNT "/message_templates?name=form", NULL, NULL, "/success", "true"},
    {"GET", ACCOUNT "/message_templates?name=form", NULL, NULL, "/data/0", ""},
    {"GET", ACCOUNT "/phone_numbers", NULL, NULL, "/data/0/id", "4711001"},
    {"GET", ACCOUNT "/subscribed_apps", NULL, NULL, "/data/0/whatsapp_business_api_data/id",
     "9090"},
    {"DELETE", ACCOUNT "/subscribed_apps", NULL, NULL, "/success", "true"},
    {"GET", ACCOUNT "/subscribed_apps", NULL, NULL, "/data/0", ""},
    {"POST", ACCOUNT "/subscribed_apps", NULL, NULL, "/success", "true"},
    {"POST", ACCOUNT "/subscribed_apps",
     "override_callback_uri=https%3A%2F%2Fa.example&verify_token=b", FORM, "/success", "true"},
};

static const char *with_id(const char *path, const char *id)
{
    const char *at = strstr(path, "ID");
    return at ? text_of("%.*s%s%s", (int)(at - path), path, id, at + 2) : path;
}

static struct answer call_number(size_t n, const char *id)
{
    return call(&acme, .method = calls[n].method, .path = with_id(calls[n].path, id),
                .body = calls[n].body, .content_type = calls[n].type);
}

// What lists have in their next address is a token of Meta's.
static void expect_pages_without_token(void)
{
    for (int i = 0; i < 3; i++)
        (void)given_template(&acme, text_of("page_%d", i));
    struct answer answer = call(&acme, .path = ACCOUNT "/message_templates?limit=1&fields=name");
    int pages = 1;
    for (const char *next; *(next = answer_text(&answer, "/paging/next")); pages++) {
        cr_assert_not(strstr(answer.body, "EAA") || strstr(answer.body, "token"), "%s",
                      answer.body);
        answer = call(&acme, .path = path_in(next));
        expect_status(answer, 200);
    }
    cr_assert_geq(pages, 4);
}

Test(relay, passes_every_call_of_its_table_on)
{
    given_relay();
    const char *id = "";
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct answer answer = call_number(i, id);
        expect_equal(answer_text(&answer, calls[i].pointer), calls[i].value);
        cr_assert_eq(answer.status, strstr(calls[i].pointer, "/error") ? 400 : 200, "%s: %d %s",
                     calls[i].path, answer.status, answer.body);
        // Meta's own, by which clients hold themselves back.
        cr_assert(strncmp(answer_header(&answer, "x-fb-trace-id"), "E0", 2) == 0, "%s",
                  answer.headers);
        cr_assert(*answer_header(&answer, "x-app-usage"));
        if (!*id && strstr(answer.body, "PENDING"))
            id = answer_text(&answer, "/id");
    }
    expect_pages_without_token();
    // Each change came once.
    cr_assert_eq(simulator_calls(gateway->simulator, "POST " NUMBER "/register"), 2);
    cr_assert_eq(simulator_calls(gateway->simulator, "DELETE " ACCOUNT "/subscribed_apps"), 1);
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_relayed_calls_in_hand"), "0");
    relay_end();
}

// What of Beta's Acme's key is tried on.
struct prey {
    const char *number;
    const char *account;
    const char *media;
    const char *template;
};

static const char *filled(const char *path, const char *name, const char *value)
{
    const char *at = strstr(path, name);
    return at ? text_of("%.*s%s%s", (int)(at - path), path, value, at + strlen(name)) : path;
}

static struct answer try_path(const struct table_row *row, const char *path)
{
    bool is_upload = strcmp(row->method, "POST") == 0 && strstr(path, "/media");
    struct http_request request = upload_of(&beta, "image/png", 10);
    if (is_upload) {
        request.path = path;
        request.key = acme.key;
        return http_ask(gateway->http, &request);
    }
    // A PIN of a number's, else of whatever there is.
    bool is_pin = strstr(path, beta.phone_number_id) != NULL;
    const char *body =
        is_pin ? "{\"pin\": \"314159\"}" : "{\"pin\": \"314159\", \"category\": \"x\"}";
    if (strstr(row->path, "{object_id}") && !is_pin)
        body = "{\"components\": []}";
    return call(&acme, .method = row->method, .path = path, .body = row->has_body ? body : NULL);
}

static void expect_unseen(const struct table_row *row, const char *path)
{
    struct answer answer = try_path(row, path);
    cr_assert(answer.status == 400 && strcmp(answer_text(&answer, "/error/code"), "100") == 0 &&
                  strcmp(answer_text(&answer, "/error/error_subcode"), "33") == 0,
              "%s %s: %d %s", row->method, path, answer.status, answer.body);
}

// Each place in the path with each id of Beta's, and with Beta's number beside it.
static void try_all(const struct table_row *row, const struct prey *prey)
{
    const char *ids[] = {prey->number, prey->account, prey->media, prey->template, "4711999"};
    static const char *const names[] = {"{phone_number_id}", "{waba_id}", "{object_id}",
                                        "{media_id}"};
    const char *base = filled(row->path, "[/{version}]", "/v23.0");
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const char *path = base;
        for (size_t j = 0; j < 4; j++)
            path = filled(path, names[j], ids[i]);
        expect_unseen(row, path);
        // Acme's own number in front of a file of Beta's, and the other way round.
        path = filled(filled(base, names[0], acme.phone_number_id), "{media_id}", ids[i]);
        if (strstr(base, names[0]) && strstr(base, "{media_id}"))
            expect_unseen(row, path);
    }
    const char *own = base;
    for (size_t j = 0; j < 4; j++)
        own = filled(own, names[j], j == 1 ? "71001" : acme.phone_number_id);
    expect_unseen(row, text_of("%s?phone_number_id=%s", own, prey->number));
}

Test(relay, shows_an_org_nothing_of_another_s_on_any_path)
{
    enum { ROWS_MAX = 64 };
    struct table_row rows[ROWS_MAX];
    given_relay();
    const struct prey prey = {beta.phone_number_id, "71002", upload(&beta, "image/png", 10),
                              given_template(&beta, "secret_news")};
    // Whoever asks first for an id that Meta does not know has it, in the simulator.
    simulator_account(gateway->simulator, "{\"token\": \"EAAnobody\", \"waba_id\": \"4711999\"}");
    size_t n = list_table_rows(TABLES_OF_RELAYED, rows, ROWS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (strchr(rows[i].path, '_') && strstr(rows[i].path, "_id}"))
            try_all(&rows[i], &prey);
    }
    // Of what Tollgate knows Meta was never asked; and all of it is there for Beta.
    cr_assert_eq(simulator_calls(gateway->simulator, "GET /v23.0/4711002"), 0);
    cr_assert_eq(simulator_calls(gateway->simulator, "POST /v23.0/4711002"), 0);
    cr_assert_eq(simulator_calls(gateway->simulator, "GET /v23.0/71002/phone_numbers"), 0);
    expect_status(call(&beta, .path = content_path(&beta, prey.media)), 200);
    struct answer answer = call(&beta, .path = text_of("/v23.0/%s", prey.template));
    expect_equal(answer_text(&answer, "/components/0/text"), "secret");
    relay_end();
}

static struct answer come_with(const struct table_row *row, const char *key, const char *header)
{
    const char *path = filled(row->path, "[/{version}]", "/v23.0");
    path = filled(filled(path, "{phone_number_id}", acme.phone_number_id), "{waba_id}", "71001");
    path = filled(filled(path, "{object_id}", acme.phone_number_id), "{media_id}", "4711");
    return ask(gateway->http, .method = row->method, .path = path, .key = key,
               .body = row->has_body ? "{\"pin\": \"314159\"}" : NULL, .headers = {header});
}

Test(relay, lets_nobody_in_without_a_key_and_its_right)
{
    enum { ROWS_MAX = 64 };
    struct table_row rows[ROWS_MAX];
    given_relay(.ingress_settings = {"TOLLGATE_RATE_OF_FAILURES=0"});
    const char *session =
        text_of("Cookie: __Host-tollgate=%s",
                database_text(gateway->database,
                              "SELECT token FROM open_session('%s', '{send,read,manage}', 'test')",
                              acme.id));
    size_t n = list_table_rows(TABLES_OF_RELAYED, rows, ROWS_MAX);
    for (size_t i = 0; i < n; i++) {
        const char *less = database_text(
            gateway->database,
            "SELECT create_api_key('%s', '%zu', array_remove('{send,read,manage,money,keys}', "
            "'%s'))",
            acme.id, i, rows[i].right);
        expect_error(come_with(&rows[i], NULL, NULL), 401, "190");
        expect_error(come_with(&rows[i], "tg_wrong", NULL), 401, "190");
        expect_error(come_with(&rows[i], "EAAAcme", NULL), 401, "190");
        expect_error(come_with(&rows[i], NULL, session), 401, "190");
        expect_error(come_with(&rows[i], less, NULL), 403, "10");
    }
    cr_assert_eq(simulator_calls(gateway->simulator, NULL), 0);
    relay_end();
}

// What would lead from an object of the org's to others, or make of a call another one, stays here.
Test(relay, passes_nothing_on_that_says_who_calls_or_what)
{
    given_relay();
    const char *id = given_template(&acme, "news");
    struct answer answer = call(
        &acme, .path = text_of("%s/message_templates?method=delete&name=news&access_token=EAABeta&"
                               "ids=71002&batch=[]&input_token=x",
                               ACCOUNT));
    expect_status(answer, 200);
    expect_equal(answer_text(&answer, "/data/0/id"), id);
    cr_assert_eq(simulator_calls(gateway->simulator, "DELETE " ACCOUNT "/message_templates"), 0);
    answer = call(&acme, .path = ACCOUNT "/message_templates",
                  .body = "{\"access_token\": \"EAABeta\", \"method\": \"delete\", \"name\": "
                          "\"more\", \"language\": \"en\", \"category\": \"UTILITY\", "
                          "\"components\": []}");
    expect_status(answer, 200);
    expect_equal(answer_text(&answer, "/status"), "PENDING");

    expect_error(call(&acme, .path = NUMBER "?fields=whatsapp_business_account%7Bphone_numbers%7D"),
                 400, "100");
    expect_error(
        call(&acme, .path = NUMBER, .body = "{\"pin\": \"314159\", \"webhook_configuration\": {}}"),
        400, "100");
    expect_error(call(&acme, .path = NUMBER, .body = "{\"search_visibility\": \"x\"}"), 400,
                 "131008");
    expect_not_there(call(&acme, .path = NUMBER, .body = "{\"category\": \"UTILITY\"}"));
    expect_not_there(call(&acme, .path = text_of("/v23.0/0%s", acme.phone_number_id)));

    // All else that Meta has is not there.
    static const char *const others[][2] = {{"GET", "/v23.0/me"},
                                            {"GET", NUMBER "/deregister"},
                                            {"POST", NUMBER "/deregister"},
                                            {"POST", NUMBER "/request_code"},
                                            {"GET", ACCOUNT "/flows"},
                                            {"GET", ACCOUNT "/assigned_users"},
                                            {"DELETE", NUMBER "/whatsapp_business_profile"},
                                            {"GET", "/v23.0/oauth/access_token"}};
    long before = simulator_calls(gateway->simulator, NULL);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        answer = call(&acme, .method = others[i][0], .path = others[i][1]);
        cr_assert(answer.status == 404 || answer.status == 400, "%s: %d", others[i][1],
                  answer.status);
        cr_assert(*answer_text(&answer, "/error/fbtrace_id"), "%s", answer.body);
    }
    cr_assert_eq(simulator_calls(gateway->simulator, NULL), before);
    relay_end();
}

Test(relay, tells_of_the_org_s_own_token_alone)
{
    given_relay();
    struct answer answer = call(&acme, .path = text_of("/debug_token?input_token=%s", acme.key));
    expect_status(answer, 200);
    expect_equal(answer_text(&answer, "/data/is_valid"), "true");
    answer = ask(gateway->http, .path = text_of("/v23.0/debug_token?input_token=%s&access_token=%s",
                                                acme.key, acme.key));
    expect_equal(answer_text(&answer, "/data/is_valid"), "true");
    long before = simulator_calls(gateway->simulator, NULL);
    const char *others[] = {beta.key, "EAAAcme", "EAABeta", "", "tg_wrong"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        answer = call(&acme, .path = text_of("/debug_token?input_token=%s", others[i]));
        expect_status(answer, 200);
        expect_equal(answer_text(&answer, "/data/is_valid"), "false");
        expect_equal(answer_text(&answer, "/data/error/code"), "190");
    }
    cr_assert_eq(simulator_calls(gateway->simulator, NULL), before);
    relay_end();
}

// A token that died is the org's affair: it hears Meta's own words, and its number goes on as it
// was, since what is sent decides about that.
Test(relay, says_what_meta_says_of_a_token_that_died_and_pauses_nothing)
{
    given_relay();
    simulator_account(gateway->simulator, "{\"token\": \"EAAAcme\", \"dead\": true}");
    struct answer answer = call(&acme, .path = NUMBER);
    expect_error(answer, 401, "190");
    cr_assert(strstr(answer_text(&answer, "/error/error_data/details"), "invalidated"));
    cr_assert(strncmp(answer_header(&answer, "www-authenticate"), "OAuth", 5) == 0);
    expect_error(call(&acme, .path = ACCOUNT "/message_templates", .body = TEMPLATE), 401, "190");
    expect_equal(
        database_text(gateway->database, "SELECT string_agg(DISTINCT status, ',') FROM channels"),
        "active");
    relay_end();
}

Test(relay, keeps_webhooks_of_an_org_that_gets_back_what_is_not_told)
{
    given_relay();
    (void)database_text(gateway->database, "UPDATE organizations SET undelivered_after = '1 hour'");
    expect_error(call(&acme, .method = "DELETE", .path = ACCOUNT "/subscribed_apps"), 403, "10");
    expect_error(call(&acme, .method = "POST", .path = ACCOUNT "/subscribed_apps",
                      .body = "{\"override_callback_uri\": \"https://a.example\"}"),
                 403, "10");
    expect_status(call(&acme, .path = ACCOUNT "/subscribed_apps"), 200);
    (void)database_text(gateway->database, "UPDATE organizations SET status = 'suspended'");
    expect_error(call(&acme, .path = ACCOUNT "/subscribed_apps"), 403, "990403");
    relay_end();
}

Test(relay, is_there_only_where_a_setting_has_it)
{
    given_relay(.ingress_settings = {"TOLLGATE_RELAY=off"});
    expect_error(call(&acme, .path = NUMBER), 404, "2500");
    expect_error(call(&acme, .path = "/v23.0/debug_token"), 404, "2500");
    cr_assert_eq(simulator_calls(gateway->simulator, NULL), 0);
    relay_end();
}

static const char *blanks(size_t n)
{
    return text_of("%*s", (int)n, "");
}

Test(relay, has_bounds_of_what_is_asked_and_answered)
{
    given_relay();
    static const char profile[] = "{\"messaging_product\": \"whatsapp\"}";
    size_t room = TG_RELAY_BODY_MAX - strlen(profile);
    const char *most = text_of("%s%s", profile, blanks(room));
    expect_status(call(&acme, .path = NUMBER "/whatsapp_business_profile", .body = most), 200);
    expect_error(
        call(&acme, .path = NUMBER "/whatsapp_business_profile", .body = text_of("%s ", most)), 413,
        "100");

    enum { TEXT = TG_RELAY_BODY_MAX - 1024, TEMPLATES = TG_RELAY_ANSWER_MAX / TEXT + 1 };
    const char *text = blanks(TEXT);
    for (int i = 0; i < TEMPLATES; i++)
        expect_status(call(&acme, .path = ACCOUNT "/message_templates",
                           .body = text_of("{\"name\": \"long_%d\", \"language\": \"en\", "
                                           "\"category\": \"UTILITY\", \"components\": "
                                           "[{\"text\": \"%s\"}]}",
                                           i, text)),
                      200);
    struct answer answer =
        call(&acme, .path = text_of(ACCOUNT "/message_templates?limit=%d", TEMPLATES - 1));
    expect_status(answer, 200);
    answer = call(&acme, .path = text_of(ACCOUNT "/message_templates?limit=%d", TEMPLATES));
    expect_error(answer, 503, "2");
    cr_assert(strstr(answer_text(&answer, "/error/error_data/details"), "ask for less"));
    relay_end();
}
