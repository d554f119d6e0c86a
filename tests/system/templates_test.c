// GET /api/templates: an org's templates as Meta has them, by asking it and by its webhooks; and
// what becomes of sends that Meta would refuse for theirs, at each door.
#include "common/limits.h"
#include "tests/system/relayed.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(templates, .timeout = 120, .fini = relay_end);

#define LOOKS "TOLLGATE_LOOK_INTERVAL_S=3600"

static struct answer list_of(const struct org *org, const char *query)
{
    struct answer answer = call(org, .method = "GET", .path = text_of("/api/templates%s", query));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    // What Meta quotes of a token, or a database could, is in no answer.
    cr_assert_null(strstr(answer.body, "EAA"), "%s", answer.body);
    return answer;
}

static const char *member_of(const struct org *org, const char *id, const char *member)
{
    struct answer answer = call(org, .method = "GET", .path = text_of("/api/templates/%s", id));
    return answer.status == 200 ? answer_text(&answer, member) : "not there";
}

static bool is(const struct org *org, const char *id, const char *member, const char *value)
{
    return strcmp(member_of(org, id, member), value) == 0;
}

// As if the last look were long ago. It has ended; or it could not say so, as somebody was just
// changing the account: then it is given up, as it is once its time is over.
static void make_look_due(const struct org *org)
{
    eventually(strcmp(database_text(gateway->database,
                                    "WITH a AS (UPDATE template_accounts SET due_at = now(), "
                                    "look_id = NULL, asked_at = asked_at - interval '10 minutes' "
                                    "WHERE org_id = '%s' AND (look_id IS NULL OR asked_at < "
                                    "now() - interval '5 s') RETURNING 1) SELECT count(*) FROM a",
                                    org->id),
                      "1") == 0);
}

static long how_many(const struct org *org, const char *query)
{
    struct answer answer = list_of(org, query);
    long n = 0;
    while (*answer_text(&answer, text_of("/templates/%ld/id", n)))
        n++;
    return n;
}

#define expect_not_there_here(answer) expect_not_there_at_all(HERE, answer)
static void expect_not_there_at_all(const char *here, struct answer answer)
{
    expect_refused_at(here, &answer, 404, "not_found", NULL);
}

static const char *account(const struct org *org, const char *member)
{
    struct answer answer = list_of(org, "");
    return answer_text(&answer, text_of("/accounts/0/%s", member));
}

Test(templates, are_as_meta_says_when_it_is_asked)
{
    relay_given(&(const struct gateway_options){.worker_settings = {LOOKS}});
    const char *id = given_template(&acme, "shipped");
    make_look_due(&acme);
    eventually(is(&acme, id, "/status", "PENDING"));
    struct answer answer = list_of(&acme, "");
    expect_equal(answer_text(&answer, "/templates/0/id"), id);
    expect_equal(answer_text(&answer, "/templates/0/name"), "shipped");
    expect_equal(answer_text(&answer, "/templates/0/waba_id"), "71001");
    expect_equal(answer_text(&answer, "/accounts/0/waba_id"), "71001");
    eventually(*account(&acme, "looked_at"));
    expect_equal(answer_text(&answer, "/accounts/0/error"), "");
    expect_equal(member_of(&beta, id, "/status"), "not there");
    cr_assert_eq(how_many(&beta, ""), 0);
    simulator_template(gateway->simulator,
                       text_of("{\"id\": \"%s\", \"status\": \"REJECTED\", \"reason\": "
                               "\"INVALID_FORMAT\", \"silent\": true}",
                               id));
    make_look_due(&acme);
    eventually(is(&acme, id, "/status", "REJECTED"));
    expect_equal(member_of(&acme, id, "/reason"), "INVALID_FORMAT");
}

Test(templates, of_many_pages_are_all_there_and_found_by_what_they_are)
{
    enum { TEMPLATES = 2 * TG_TEMPLATE_PAGE_MAX + 1 };
    relay_given(&(const struct gateway_options){.worker_settings = {LOOKS}});
    for (int i = 0; i < TEMPLATES; i++)
        (void)given_template(&acme, text_of("news_%d", i));
    make_look_due(&acme);
    const char *count = "SELECT count(*) FROM templates";
    eventually(strcmp(database_text(gateway->database, "%s", count), text_of("%d", TEMPLATES)) ==
               0);
    eventually(*account(&acme, "looked_at"));
    cr_assert_eq(how_many(&acme, "?name=news_7"), 1);
    cr_assert_eq(how_many(&acme, "?status=APPROVED"), 0);
    cr_assert_eq(how_many(&acme, "?language=xx"), 0);
    cr_assert_eq(how_many(&acme, "?category=AUTHENTICATION"), 0);
    cr_assert_eq(
        how_many(&acme, text_of("?limit=200&status=PENDING&channel_id=%s", acme.channel_id)),
        TEMPLATES);
    struct answer page = list_of(&acme, "?limit=60");
    page = list_of(&acme, text_of("?limit=60&before=%s", answer_text(&page, "/next_before")));
    expect_equal(answer_text(&page, "/next_before"), "");
    cr_assert(*answer_text(&page, text_of("/templates/%d/id", TEMPLATES - 60 - 1)));
    expect_status(call(&acme, .method = "GET",
                       .path = text_of("/api/templates?channel_id=%s", beta.channel_id)),
                  404);
}

Test(templates, keep_what_is_known_when_meta_does_not_answer_and_tell_why)
{
    relay_given(&(const struct gateway_options){.worker_settings = {LOOKS}});
    const char *id = given_template(&acme, "shipped");
    make_look_due(&acme);
    eventually(is(&acme, id, "/status", "PENDING"));
    simulator_account(gateway->simulator, "{\"token\": \"EAAAcme\", \"dead\": true}");
    make_look_due(&acme);
    eventually(strcmp(account(&acme, "error/code"), "190") == 0);
    expect_equal(member_of(&acme, id, "/status"), "PENDING");
    expect_equal(database_text(gateway->database, "SELECT status FROM channels WHERE id = '%s'",
                               acme.channel_id),
                 "active");
}

static const char *given_known_template(const char *components)
{
    struct answer answer =
        call(&acme, .path = "/v23.0/71001/message_templates",
             .body = text_of("{\"name\": \"shipped\", \"language\": \"en_US\", \"category\": "
                             "\"UTILITY\", \"components\": %s}",
                             components));
    const char *id = answer_text(&answer, "/id");
    simulator_template(gateway->simulator,
                       text_of("{\"id\": \"%s\", \"status\": \"APPROVED\", \"silent\": true}", id));
    make_look_due(&acme);
    eventually(is(&acme, id, "/status", "APPROVED"));
    eventually(*account(&acme, "looked_at"));
    return id;
}

static void set_check(const char *what)
{
    struct answer answer = call(&acme, .method = "PATCH", .path = "/api/settings",
                                .body = text_of("{\"template_check\": \"%s\"}", what));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/template_check"), what);
}

#define TEMPLATE(parameters)                                                                       \
    "\"type\": \"template\", \"template\": {\"name\": \"shipped\", \"language\": {\"code\": "      \
    "\"en_US\"}, \"components\": [{\"type\": \"body\", \"parameters\": [" parameters "]}]}"
#define A "{\"type\": \"text\", \"text\": \"A\"}"

static struct answer send_one(const char *template)
{
    return call(&acme, .path = "/api/send-message",
                .body = text_of("{\"phone\": \"+919812345678\", \"payload\": {%s}}", template));
}

static struct answer send_as_meta(const char *template)
{
    return call(&acme, .path = "/v23.0/4711001/messages",
                .body = text_of("{\"messaging_product\": \"whatsapp\", \"to\": \"+919812345678\", "
                                "%s}",
                                template));
}

static void meta_says(const char *id, const char *members)
{
    struct answer answer = post_webhook(
        gateway,
        text_of("{\"object\": \"whatsapp_business_account\", \"entry\": [{\"id\": \"71001\", "
                "\"changes\": [{\"field\": \"message_template_status_update\", \"value\": "
                "{\"message_template_id\": %s, \"message_template_name\": \"shipped\", "
                "\"message_template_language\": \"en_US\", %s}}]}]}",
                id, members),
        0);
    cr_assert_eq(answer.status, 200);
}

Test(templates, that_meta_has_paused_are_refused_at_each_door_without_a_fee)
{
    relay_given(&(const struct gateway_options){.worker_settings = {LOOKS}});
    const char *id = given_known_template("[{\"type\": \"BODY\", \"text\": \"Hi {{1}}\"}]");
    const char *before = org_balance(&acme);
    set_check("refuse");
    meta_says(id, "\"event\": \"PAUSED\", \"other_info\": {\"title\": \"FIRST_PAUSE\", "
                  "\"description\": \"For 3 hours.\"}");
    eventually(is(&acme, id, "/status", "PAUSED"));
    expect_equal(member_of(&acme, id, "/reason"), "FIRST_PAUSE");
    struct answer answer = send_one(TEMPLATE(A));
    expect_refused(&answer, 409, "template_paused", "payload.template");
    expect_equal(answer_text(&answer, "/error"), "The template is paused: For 3 hours.");
    answer = call(
        &acme, .path = "/api/send-messages",
        .body = "{\"messages\": [{\"phone\": \"+919812345678\", \"payload\": {" TEMPLATE(A) "}}]}");
    expect_equal(answer_text(&answer, "/messages/0/code"), "template_paused");
    expect_error(send_as_meta(TEMPLATE(A)), 400, "132015");
    expect_equal(org_balance(&acme), before);
    meta_says(id, "\"event\": \"APPROVED\"");
    eventually(is(&acme, id, "/status", "APPROVED"));
    answer = send_one(TEMPLATE(A ", " A));
    expect_refused(&answer, 409, "template_parameters", "payload.template.components");
    expect_equal(answer_text(&answer, "/error"),
                 "The template wants body 1, and the message brings body 2");
    expect_error(send_as_meta(TEMPLATE(A ", " A)), 400, "132000");
    expect_status(send_one(TEMPLATE(A)), 202);
}

Test(templates, that_do_not_fit_are_sent_with_a_warning_where_the_org_wants_that)
{
    relay_given(&(const struct gateway_options){.worker_settings = {LOOKS}});
    (void)given_known_template("[{\"type\": \"BODY\", \"text\": \"Hi {{1}}\"}]");
    set_check("warn");
    struct answer answer = send_one(TEMPLATE(""));
    expect_status(answer, 202);
    expect_equal(answer_text(&answer, "/warning"), "template_parameters");
    answer = call(&acme, .method = "GET",
                  .path = text_of("/api/messages/%s", answer_text(&answer, "/message_id")));
    expect_equal(answer_text(&answer, "/warning"), "template_parameters");
}

static bool has_ended(const char *code)
{
    return strcmp(account(&acme, "error/code"), code) == 0;
}

Test(templates, that_never_end_are_given_up)
{
    relay_given(&(const struct gateway_options){.worker_settings = {LOOKS}});
    simulator_account(gateway->simulator,
                      "{\"waba_id\": \"71001\", \"endless\": true, \"token\": \"EAAAcme\"}");
    make_look_due(&acme);
    eventually_within(4LL * PATIENCE_S, has_ended("unreadable")); // hundreds of pages
    cr_assert_leq(simulator_calls(gateway->simulator, "GET /v23.0/71001/message_templates"), 210);
    simulator_account(gateway->simulator,
                      "{\"waba_id\": \"71001\", \"endless\": false, \"huge\": true, \"token\": "
                      "\"EAAAcme\"}");
    make_look_due(&acme);
    eventually(!has_ended("unreadable"));
    cr_assert_str_neq(account(&acme, "error/code"), "");
}

Test(templates, are_asked_for_once_however_many_workers_there_are)
{
    given_relay(.worker_settings = {LOOKS});
    simulator_set(gateway->simulator, "{\"latency_ms\": 200}");
    for (int i = 0; i < 3; i++)
        (void)start_worker(gateway);
    eventually(*account(&acme, "looked_at") && *account(&beta, "looked_at"));
    cr_assert_eq(simulator_calls(gateway->simulator, "GET /v23.0/71001/message_templates"), 1);
    cr_assert_eq(simulator_calls(gateway->simulator, "GET /v23.0/71002/message_templates"), 1);
}

#define NEW(name)                                                                                  \
    "{\"name\": \"" name                                                                           \
    "\", \"language\": \"en_US\", \"category\": \"UTILITY\", \"components\": "                     \
    "[{\"type\": \"BODY\", \"text\": \"Hi {{1}}\"}]}"

static struct answer create(const struct org *org, const char *body)
{
    return call(org, .path = "/api/templates", .body = body);
}

static struct answer change(const struct org *org, const char *id, const char *body)
{
    return call(org, .method = "PATCH", .path = text_of("/api/templates/%s", id), .body = body);
}

static struct answer delete (const struct org *org, const char *id)
{
    return call(org, .method = "DELETE", .path = text_of("/api/templates/%s", id));
}

// What Meta says itself.
static const char *at_meta(const char *id, const char *member)
{
    struct answer answer = call(&acme, .method = "GET", .path = text_of("/v23.0/%s", id));
    return answer.status == 200 ? answer_text(&answer, member) : "not there";
}

Test(templates, are_made_changed_and_deleted_at_meta_and_known_at_once)
{
    given_relay();
    struct answer answer = create(&acme, NEW("shipped"));
    expect_status(answer, 201);
    const char *id = answer_text(&answer, "/id");
    expect_equal(answer_text(&answer, "/status"), "PENDING");
    expect_equal(answer_text(&answer, "/waba_id"), "71001");
    expect_equal(answer_text(&answer, "/parameters/0"), "body 1");
    expect_equal(at_meta(id, "/name"), "shipped");
    expect_equal(member_of(&acme, id, "/name"), "shipped");
    answer = change(&acme, id, "{\"components\": [{\"type\": \"BODY\", \"text\": \"Bye\"}]}");
    expect_status(answer, 200);
    expect_equal(answer_text(&answer, "/components/0/text"), "Bye");
    expect_equal(answer_text(&answer, "/parameters/0"), "");
    expect_equal(at_meta(id, "/components/0/text"), "Bye");
    expect_not_there_here(delete (&beta, id));
    answer = delete (&acme, id);
    expect_status(answer, 200);
    expect_equal(answer_text(&answer, "/status"), "DELETED");
    expect_equal(member_of(&acme, id, "/status"), "not there");
    expect_equal(at_meta(id, "/name"), "not there");
    expect_not_there_here(delete (&acme, id));
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(action || ' ' || (object_id = '%s') || ' ' || "
                               "(actor LIKE 'key:%%') || ' ' || (org_id = '%s'), ', ' ORDER BY n) "
                               "FROM audit_log WHERE object = 'templates'",
                               id, acme.id),
                 "insert true true true, update true true true, update true true true");
}

Test(templates, that_meta_refuses_are_refused_in_its_words_and_not_kept)
{
    given_relay();
    struct answer answer = create(&acme, NEW("Shipped"));
    expect_refused(&answer, 422, "refused_by_meta", NULL);
    expect_equal(answer_text(&answer, "/detail/meta/code"), "100");
    expect_equal(answer_text(&answer, "/detail/meta/subcode"), "2388040");
    cr_assert(strstr(answer_text(&answer, "/error"), "must be there"), "%s", answer.body);
    cr_assert_eq(how_many(&acme, ""), 0);
    expect_status(create(&acme, NEW("shipped")), 201);
    simulator_account(gateway->simulator, "{\"token\": \"EAAAcme\", \"dead\": true}");
    answer = create(&acme, NEW("other"));
    expect_refused(&answer, 422, "refused_by_meta", NULL);
    expect_equal(answer_text(&answer, "/detail/meta/code"), "190");
    cr_assert_null(strstr(answer.body, "EAA"), "%s", answer.body);
    cr_assert_eq(how_many(&acme, ""), 1);
}

Test(templates, are_not_known_to_be_made_while_meta_is_down)
{
    given_relay();
    simulator_set(gateway->simulator, "{\"down\": true}");
    struct answer answer = create(&acme, NEW("shipped"));
    expect_refused(&answer, 503, "meta_unavailable", NULL);
    cr_assert_eq(how_many(&acme, ""), 0);
    simulator_set(gateway->simulator, "{\"down\": false}");
    expect_status(create(&acme, NEW("shipped")), 201);
}

Test(templates, are_asked_for_as_they_must_be)
{
    static const struct {
        const char *body;
        int status;
        const char *code;
        const char *field;
    } cases[] = {
        {"{}", 400, "missing_field", "name"},
        {"{\"name\": \"a\", \"language\": \"en\", \"category\": \"UTILITY\"}", 400, "missing_field",
         "components"},
        {"{\"name\": \"a\", \"language\": \"en\", \"category\": \"UTILITY\", \"components\": "
         "[5]}",
         400, "invalid_field", "components"},
        {"{\"access_token\": \"a\"}", 400, "unknown_field", "access_token"},
        {"{\"name\": \"a\", \"language\": \"en\", \"category\": \"UTILITY\", \"components\": "
         "[{}], \"phone_number_id\": \"4711002\"}",
         404, "channel_not_found", "channel_id"},
    };
    given_relay();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer = create(&acme, cases[i].body);
        expect_refused(&answer, cases[i].status, cases[i].code, cases[i].field);
    }
    struct answer answer = create(&acme, NEW("shipped"));
    const char *id = answer_text(&answer, "/id");
    answer = change(&acme, id, "{\"parameter_format\": \"NAMED\"}");
    expect_refused(&answer, 400, "missing_field", "components");
    expect_not_there_here(change(&acme, "x", "{\"category\": \"MARKETING\"}"));
    expect_not_there_here(change(&beta, id, "{\"category\": \"MARKETING\"}"));
    cr_assert_eq(simulator_calls(gateway->simulator, "POST /v23.0/71001/message_templates"), 1);
    cr_assert_eq(simulator_calls(gateway->simulator, text_of("POST /v23.0/%s", id)), 0);
}

Test(templates, are_changed_by_who_may)
{
    given_relay();
    const char *all = acme.key;
    acme.key = database_text(gateway->database,
                             "SELECT create_api_key('%s', 'sender', '{send,read}')", acme.id);
    struct answer answer = create(&acme, NEW("shipped"));
    expect_refused(&answer, 403, "missing_right", NULL);
    acme.key = all;
    expect_status(create(&acme, NEW("shipped")), 201);
    (void)database_text(gateway->database,
                        "UPDATE organizations SET status = 'suspended' WHERE id = '%s'", acme.id);
    answer = create(&acme, NEW("other"));
    expect_refused(&answer, 403, "org_suspended", NULL);
    cr_assert_eq(simulator_calls(gateway->simulator, "POST /v23.0/71001/message_templates"), 1);
}

Test(templates, that_are_changed_by_metas_own_calls_are_seen_soon)
{
    relay_given(&(const struct gateway_options){.worker_settings = {LOOKS}});
    eventually(*account(&acme, "looked_at"));
    // (No account is asked twice within a minute.)
    const char *long_ago = "UPDATE template_accounts SET asked_at = asked_at - interval '1 hour'";
    (void)database_text(gateway->database, "%s", long_ago);
    const char *id = given_template(&acme, "shipped");
    eventually(is(&acme, id, "/name", "shipped"));
    (void)database_text(gateway->database, "%s", long_ago);
    expect_status(
        call(&acme, .method = "DELETE", .path = "/v23.0/71001/message_templates?name=shipped"),
        200);
    eventually(is(&acme, id, "/name", "not there"));
}

Test(templates, are_not_changed_where_nothing_is_relayed)
{
    relay_given(&(const struct gateway_options){.without_worker = true,
                                                .ingress_settings = {"TOLLGATE_RELAY=off"}});
    struct answer answer = create(&acme, NEW("shipped"));
    expect_refused(&answer, 405, "method_not_allowed", "method");
    cr_assert_eq(how_many(&acme, ""), 0);
}
