// The simulator as its callers see it: whom a message reaches, what it is answered, with which
// headers, and what the record tells of it.
#include "tests/metasim/cloud_api.h"

#include "common/base/json.h"
#include "tests/corpus.h"
#include "tests/metasim/graph_headers.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT "\"type\":\"text\",\"text\":{\"body\":\"Hi\"}"
#define TEMPLATE                                                                                   \
    "\"type\":\"template\",\"template\":{\"name\":\"n\",\"language\":{\"code\":\"en\"}}"

static struct sim sim;

static void start_sim(void)
{
    struct tg_error error;
    cr_assert(sim_init(&sim, TOLLGATE_SOURCE_DIR "/sql/error_rules.csv", 0, &error), "%s",
              error.message);
}

static void end_sim(void)
{
    sim_finish(&sim);
}

TestSuite(cloud_api, .init = start_sim, .fini = end_sim);

// Posts a body and parses what it is answered; the caller puts it.
static struct json_object *post_body(const char *body, struct answer *answer)
{
    struct request request = {.method = "POST",
                              .path = "/v23.0/123456/messages",
                              .authorization = "Bearer EAAtest",
                              .content_type = "application/json"};
    struct tg_error error;
    tg_text_append_string(&request.body, body);
    *answer = (struct answer){0};
    cloud_api_answer(&sim, &request, answer);
    tg_text_finish(&request.body);
    struct json_object *json =
        tg_json_parse(tg_text_string(&answer->body), answer->body.length, &error);
    cr_assert(json, "%s", tg_text_string(&answer->body));
    tg_text_finish(&answer->body);
    return json;
}

// Posts a text; `json` is NULL where the answer is none.
static int post_to(const char *to, struct json_object **json)
{
    struct answer answer = {0};
    struct request request = {.method = "POST",
                              .path = "/v23.0/123456/messages",
                              .authorization = "Bearer EAAtest",
                              .content_type = "application/json"};
    struct tg_error error;
    tg_text_append_format(&request.body,
                          "{\"messaging_product\":\"whatsapp\",\"to\":\"+%s\"," TEXT "}", to);
    cloud_api_answer(&sim, &request, &answer);
    *json = tg_json_parse(tg_text_string(&answer.body), answer.body.length, &error);
    tg_text_finish(&request.body);
    tg_text_finish(&answer.body);
    return answer.http_status;
}

static struct json_object *post(const char *to, const char *content, struct answer *answer)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_format(&body, "{\"messaging_product\":\"whatsapp\",\"to\":\"%s\",%s}", to,
                          content);
    return post_body(tg_text_string(&body), answer);
}

// A value by its JSON pointer, as text that lives as long as `json`; "" if there is none.
static const char *text_at(struct json_object *json, const char *pointer)
{
    struct json_object *value = NULL;
    if (json_pointer_get(json, pointer, &value) != 0 || !value)
        return "";
    return json_object_get_string(value);
}

// What /_sim/posts tells of a recipient; the caller puts it.
static struct json_object *posts_to(const char *recipient)
{
    TG_TEXT_AUTO text = {0};
    struct tg_error error;
    posts_write(&sim.posts, recipient, NULL, &text);
    return tg_json_parse(tg_text_string(&text), text.length, &error);
}

static void given_number(const char *change)
{
    TG_TEXT_AUTO now = {0};
    struct tg_error error;
    struct json_object *json = tg_json_parse(change, strlen(change), &error);
    cr_assert(numbers_apply(&sim.numbers, json, &now, &error), "%s", error.message);
    json_object_put(json);
}

struct reached {
    char to[32];
    char recipient[24];
    char wa_id[24];
    char number[80]; // what was said of the number that sends; "": nothing
};

#define IN_91 "{\"phone_number_id\":\"123456\",\"country_code\":\"91\"}"
#define ADDS_NONE "{\"phone_number_id\":\"123456\",\"adds_country_code\":false}"
#define OTHER "{\"phone_number_id\":\"789012\",\"adds_country_code\":false}"

ParameterizedTestParameters(cloud_api, a_number_reaches_whom_meta_takes_it_for)
{
    static struct reached cases[] = {
        {"+919876543210", "919876543210", "919876543210", ""},
        {"+91 (98765) 43-210", "919876543210", "919876543210", ""},
        // Without a plus: a stranger, unless the digits begin with the country code already.
        {"919876543210", "1919876543210", "1919876543210", ""},
        {"15551234567", "15551234567", "15551234567", ""},
        {"919876543210", "919876543210", "919876543210", IN_91},
        {"15551234567", "9115551234567", "9115551234567", IN_91},
        {"+15551234567", "15551234567", "15551234567", IN_91},
        {"919876543210", "919876543210", "919876543210", ADDS_NONE},
        {"919876543210", "1919876543210", "1919876543210", OTHER},
        // Numbers whose id on WhatsApp is another one.
        {"+5531987654321", "5531987654321", "553187654321", ""},
        {"+5511987654321", "5511987654321", "5511987654321", ""},
        {"+551187654321", "551187654321", "5511987654321", ""},
        {"+551133334444", "551133334444", "551133334444", ""},
        {"+525512345678", "525512345678", "5215512345678", ""},
        {"+5215512345678", "5215512345678", "5215512345678", ""},
        {"+541112345678", "541112345678", "5491112345678", ""},
        {"+5491112345678", "5491112345678", "5491112345678", ""},
    };
    return cr_make_param_array(struct reached, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct reached *reached, cloud_api, a_number_reaches_whom_meta_takes_it_for)
{
    if (*reached->number)
        given_number(reached->number);
    struct answer answer;
    struct json_object *json = post(reached->to, TEXT, &answer);
    cr_assert_eq(answer.http_status, 200, "%s", json_object_get_string(json));
    cr_expect_str_eq(text_at(json, "/contacts/0/input"), reached->to);
    cr_expect_str_eq(text_at(json, "/contacts/0/wa_id"), reached->wa_id);
    struct json_object *posts = posts_to(reached->recipient);
    cr_expect_str_eq(text_at(posts, "/count"), "1");
    cr_expect_str_eq(text_at(posts, "/posts/0/to"), reached->to);
    cr_expect_str_eq(text_at(posts, "/posts/0/recipient"), reached->recipient);
    cr_expect_str_eq(text_at(posts, "/posts/0/wamid"), text_at(json, "/messages/0/id"));
    json_object_put(posts);
    json_object_put(json);
}

Test(cloud_api, a_recipient_is_found_however_it_is_spelt)
{
    static const char *const spellings[] = {"919876543210", "+919876543210", " 919876543210",
                                            "+91 98765-43210"};
    struct answer answer;
    json_object_put(post("+919876543210", TEXT, &answer));
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        struct json_object *posts = posts_to(spellings[i]);
        cr_expect_str_eq(text_at(posts, "/taken"), "1", "%s", spellings[i]);
        json_object_put(posts);
    }
}

static void expect_error(struct json_object *json, const struct answer *answer, int http_status,
                         const char *code, const char *details)
{
    const char *told = text_at(json, "/error/error_data/details");
    cr_expect_eq(answer->http_status, http_status, "%s", json_object_get_string(json));
    cr_expect_str_eq(text_at(json, "/error/code"), code, "%s", json_object_get_string(json));
    cr_expect(strncmp(told, details, strlen(details)) == 0, "%s", told);
    json_object_put(json);
}

static void expect_no_number(const char *name)
{
    struct answer answer;
    char *body = corpus_read("sends/bad", name, NULL);
    expect_error(post_body(body, &answer), &answer, 400, "131009", "to ");
    free(body);
}

Test(cloud_api, what_is_no_number_is_refused)
{
    static const char *const wrong[] = {"123456",     "+0123456789", "+1234567890123456",
                                        "91+9876543", "98765.43210", "++919876543210"};
    expect_no_number("to-not-a-number.json");
    expect_no_number("to-too-long.json");
    // Fifteen digits, and the country code in front.
    struct answer answer;
    expect_error(post("919876543210123", TEXT, &answer), &answer, 400, "131009", "to ");
    given_number(ADDS_NONE);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_error(post(wrong[i], TEXT, &answer), &answer, 400, "131009", "to ");
}

Test(cloud_api, the_judge_is_asked)
{
    struct answer answer;
    struct json_object *json = post("+919876543210", "\"type\":\"text\",\"text\":{}", &answer);
    expect_error(json, &answer, 400, "131008", "text.body is missing");
    json = post("+919876543210", "\"type\":\"hologram\"", &answer);
    expect_error(json, &answer, 400, "131051", "type ");
}

Test(cloud_api, an_empty_meta_balance_is_refused_on_the_send)
{
    struct answer answer;
    struct json_object *json = post("+15550131042", TEXT, &answer);
    expect_error(json, &answer, 400, "131042", "");
}

Test(cloud_api, a_template_is_accepted_or_held)
{
    struct answer answer;
    struct json_object *json = post("+919876543210", TEMPLATE, &answer);
    cr_expect_str_eq(text_at(json, "/messages/0/message_status"), "accepted");
    json_object_put(json);
    json = post("+15555132015", TEMPLATE, &answer);
    cr_expect_str_eq(text_at(json, "/messages/0/message_status"), "held_for_quality_assessment");
    json_object_put(json);
    json = post("+15555132015", TEXT, &answer);
    cr_expect_str_eq(text_at(json, "/messages/0/message_status"), "");
    json_object_put(json);
}

#define TO_GROUP_OF(id)                                                                            \
    "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"group\",\"to\":\"" id "\"," TEXT "}"

Test(cloud_api, a_group_is_no_number)
{
    struct answer answer;
    struct json_object *json = post_body(TO_GROUP_OF("Y2FwaV9ncm91cA=="), &answer);
    cr_expect_str_eq(text_at(json, "/contacts/0/input"), "Y2FwaV9ncm91cA==");
    cr_expect_str_eq(text_at(json, "/contacts/0/wa_id"), "Y2FwaV9ncm91cA==");
    json_object_put(json);
    expect_error(post_body(TO_GROUP_OF("15550131041"), &answer), &answer, 400, "131041", "");
}

Test(cloud_api, a_user_id_is_answered_by_itself)
{
    struct answer answer;
    struct json_object *json =
        post_body("{\"messaging_product\":\"whatsapp\",\"recipient\":\"IN.1A\"," TEXT "}", &answer);
    cr_expect_str_eq(text_at(json, "/contacts/0/user_id"), "IN.1A");
    cr_expect_str_eq(text_at(json, "/contacts/0/wa_id"), "");
    json_object_put(json);
}

static void collect(void *context, const char *name, const char *value)
{
    tg_text_append_format(context, "%s: %s\n", name, value);
}

static void expect_header(const struct tg_text *headers, const char *header)
{
    cr_expect(strstr(tg_text_string(headers), header), "no %s in %s", header,
              tg_text_string(headers));
}

Test(cloud_api, an_answer_has_meta_s_headers)
{
    struct answer answer;
    TG_TEXT_AUTO headers = {0};
    sim.settings.values[SETTING_USAGE_PERCENT] = 95;
    struct json_object *json = post("+15550131026", TEXT, &answer);
    graph_headers(&answer, collect, &headers);
    char id[96];
    snprintf(id, sizeof id, "x-fb-request-id: %s\n", text_at(json, "/error/fbtrace_id"));
    expect_header(&headers, id);
    expect_header(&headers, "x-fb-trace-id: ");
    expect_header(&headers, "x-fb-rev: ");
    expect_header(&headers, "x-fb-debug: ");
    expect_header(&headers, "facebook-api-version: v23.0\n");
    expect_header(&headers, "x-app-usage: {\"call_count\":95,");
    expect_header(&headers, "x-business-use-case-usage: {\"1001\":[{\"type\":\"whatsapp\","
                            "\"call_count\":95,");
    cr_expect_null(strstr(tg_text_string(&headers), "www-authenticate"));
    json_object_put(json);
}

Test(cloud_api, a_refused_token_is_told_in_a_header_too)
{
    struct answer answer = {0};
    const struct request request = {
        .method = "POST", .path = "/v23.0/123456/messages", .authorization = "Bearer expired"};
    TG_TEXT_AUTO headers = {0};
    cloud_api_answer(&sim, &request, &answer);
    graph_headers(&answer, collect, &headers);
    cr_expect_eq(answer.http_status, 401);
    expect_header(&headers, "www-authenticate: OAuth \"Facebook Platform\" \"invalid_token\"");
    tg_text_finish(&answer.body);
}

Test(cloud_api, a_proxy_s_answer_is_none_of_meta_s)
{
    struct request request = {.method = "POST",
                              .path = "/v23.0/123456/messages",
                              .authorization = "Bearer EAAtest",
                              .content_type = "application/json"};
    struct answer answer = {0};
    tg_text_append_string(&request.body,
                          "{\"messaging_product\":\"whatsapp\",\"to\":\"+15552000007\"," TEXT "}");
    cloud_api_answer(&sim, &request, &answer);
    cr_expect_eq(answer.http_status, 502);
    cr_expect_eq(answer.graph.number, 0);
    tg_text_finish(&request.body);
    tg_text_finish(&answer.body);
}

struct wrong_change {
    char change[96];
    char field[24];
};

ParameterizedTestParameters(cloud_api, a_number_is_only_told_what_it_has)
{
    static struct wrong_change cases[] = {
        {"[]", "phone_number_id"},
        {"{\"country_code\":\"91\"}", "phone_number_id"},
        {"{\"phone_number_id\":\"Acme\"}", "phone_number_id"},
        {"{\"phone_number_id\":\"1\",\"country_code\":91}", "country_code"},
        {"{\"phone_number_id\":\"1\",\"country_code\":\"091\"}", "country_code"},
        {"{\"phone_number_id\":\"1\",\"country_code\":\"\"}", "country_code"},
        {"{\"phone_number_id\":\"1\",\"adds_country_code\":1}", "adds_country_code"},
    };
    return cr_make_param_array(struct wrong_change, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct wrong_change *wrong, cloud_api, a_number_is_only_told_what_it_has)
{
    TG_TEXT_AUTO now = {0};
    struct tg_error error;
    struct json_object *json = tg_json_parse(wrong->change, strlen(wrong->change), &error);
    cr_expect_not(numbers_apply(&sim.numbers, json, &now, &error), "%s", wrong->change);
    cr_expect_str_eq(error.field, wrong->field);
    json_object_put(json);
}

Test(cloud_api, a_number_keeps_what_is_not_told_until_the_reset)
{
    given_number(IN_91);
    given_number(ADDS_NONE);
    cr_expect_eq(numbers_code(&sim.numbers, "123456"), 0);
    given_number("{\"phone_number_id\":\"123456\",\"adds_country_code\":true}");
    cr_expect_eq(numbers_code(&sim.numbers, "123456"), 91);
    numbers_reset(&sim.numbers);
    cr_expect_eq(numbers_code(&sim.numbers, "123456"), 1);
}

Test(cloud_api, a_hop_on_the_way_answers_in_meta_s_place_as_often_as_it_is_asked_to)
{
    struct json_object *json = NULL;
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(post_to("15556000407", &json), 407);
        cr_expect_null(json);
    }
    for (int i = 0; i < 2; i++)
        cr_expect_eq(post_to("15556021408", &json), 408);
    cr_expect_eq(post_to("15556021408", &json), 200);
    cr_expect_str_neq(text_at(json, "/messages/0/id"), "");
    json_object_put(json);
}

Test(cloud_api, a_refusal_may_have_a_subcode)
{
    struct json_object *json = NULL;
    cr_expect_eq(post_to("15557100033", &json), 400);
    cr_expect_str_eq(text_at(json, "/error/code"), "100");
    cr_expect_str_eq(text_at(json, "/error/error_subcode"), "33");
    cr_expect_str_eq(text_at(json, "/error/message"), "(#100) Unsupported post request");
    json_object_put(json);
    cr_expect_eq(post_to("15550000100", &json), 400);
    cr_expect_str_eq(text_at(json, "/error/error_subcode"), "");
    cr_expect_str_eq(text_at(json, "/error/message"), "(#100) Invalid parameter");
    json_object_put(json);
}
