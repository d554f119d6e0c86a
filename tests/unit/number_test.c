// What Meta says of a number, as it is read.
#include "common/graph/number.h"

#include "common/base/json.h"
#include "common/base/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

#define ANSWER(members) "{\"id\":\"4711\"" members "}"

static struct tg_graph_number number;

static void answered(int status, const char *body)
{
    tg_text_finish(&number.facts);
    tg_graph_read_number("4711", status, (struct tg_span){body, strlen(body)}, &number);
}

static void expect_facts(const char *body, const char *facts)
{
    answered(200, body);
    cr_expect_str_eq(number.trouble.code, "", "%s: %s", body, number.trouble.code);
    cr_expect_str_eq(tg_text_string(&number.facts), facts, "%s: %s", body,
                     tg_text_string(&number.facts));
}

static void expect_error(int status, const char *body, const char *code, const char *message)
{
    answered(status, body);
    cr_expect_str_eq(number.trouble.code, code, "%.80s: %s", body, number.trouble.code);
    cr_expect(!message || strcmp(number.trouble.message, message) == 0, "%.80s: %s", body,
              number.trouble.message);
    cr_expect_str_neq(number.trouble.message, "");
    cr_expect_eq(number.facts.length, 0);
}

#define NULLS_FROM_VERIFIED_NAME                                                                   \
    "\"verified_name\":null,\"display_phone_number\":null,\"name_status\":null,"                   \
    "\"code_verification_status\":null,\"account_mode\":null,\"platform_type\":null,"

Test(number, is_read_as_meta_tells_it)
{
    expect_facts(
        ANSWER(",\"verified_name\":\"Delta\",\"display_phone_number\":\"+91 98100 00004\","
               "\"quality_rating\":\"GREEN\",\"status\":\"CONNECTED\","
               "\"name_status\":\"AVAILABLE_WITHOUT_REVIEW\",\"account_mode\":\"LIVE\","
               "\"code_verification_status\":\"VERIFIED\",\"is_on_biz_app\":false,"
               "\"platform_type\":\"CLOUD_API\",\"throughput\":{\"level\":\"STANDARD\"},"
               "\"whatsapp_business_manager_messaging_limit\":\"TIER_2K\",\"health_status\":"
               "{\"can_send_message\":\"AVAILABLE\",\"entities\":[{\"entity_type\":\"WABA\","
               "\"can_send_message\":\"AVAILABLE\"}]}"),
        "{\"status\":\"CONNECTED\",\"quality_rating\":\"GREEN\",\"messaging_limit\":\"TIER_2K\","
        "\"throughput\":\"STANDARD\",\"verified_name\":\"Delta\",\"display_phone_number\":"
        "\"+91 98100 00004\",\"name_status\":\"AVAILABLE_WITHOUT_REVIEW\","
        "\"code_verification_status\":\"VERIFIED\",\"account_mode\":\"LIVE\",\"platform_type\":"
        "\"CLOUD_API\",\"can_send_message\":\"AVAILABLE\",\"problems\":[]}");
}

Test(number, has_problems_with_what_may_help)
{
    expect_facts(ANSWER(",\"health_status\":{\"can_send_message\":\"BLOCKED\",\"entities\":["
                        "{\"entity_type\":\"WABA\",\"errors\":[{\"error_code\":141006,"
                        "\"error_description\":\"No payment.\",\"possible_solution\":\"Pay.\"}]},"
                        "{\"entity_type\":\"APP\",\"additional_info\":[\"Wait.\",7]}]}"),
                 "{\"status\":null,\"quality_rating\":null,\"messaging_limit\":null,\"throughput\":"
                 "null," NULLS_FROM_VERIFIED_NAME "\"can_send_message\":\"BLOCKED\",\"problems\":["
                 "{\"of\":\"WABA\",\"code\":141006,\"says\":\"No payment.\",\"solution\":\"Pay.\"},"
                 "{\"of\":\"APP\",\"code\":null,\"says\":\"Wait.\",\"solution\":null}]}");
}

// As a hostile answer, or a later version of the API, may have it.
Test(number, of_other_types_says_nothing)
{
    expect_facts(
        ANSWER(",\"quality_rating\":{\"score\":\"GREEN\"},\"status\":[\"CONNECTED\"],"
               "\"throughput\":\"HIGH\",\"verified_name\":17,\"display_phone_number\":true,"
               "\"name_status\":null,\"health_status\":{\"can_send_message\":1,\"entities\":"
               "[null,7,\"x\",[],{\"errors\":{},\"additional_info\":\"x\"},{\"errors\":[null,1,"
               "{\"error_code\":\"7\"},{\"error_code\":\"7\",\"error_description\":\"x\"}]}]}"),
        "{\"status\":null,\"quality_rating\":null,\"messaging_limit\":null,\"throughput\":"
        "null," NULLS_FROM_VERIFIED_NAME
        "\"can_send_message\":null,\"problems\":[{\"of\":null,\"code\":null,\"says\":\"x\","
        "\"solution\":null}]}");
}

Test(number, has_short_texts_and_few_problems_however_long_the_answer_is)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, "{\"id\":\"4711\",\"verified_name\":\"");
    for (int i = 0; i < 2000; i++)
        tg_text_append_string(&body, "\\\"\\u0007\xc3\xa9");
    tg_text_append_string(&body, "\",\"health_status\":{\"entities\":[");
    for (int i = 0; i < 20; i++) {
        tg_text_append_string(&body,
                              i > 0 ? ",{\"additional_info\":[\"" : "{\"additional_info\":[\"");
        for (int j = 0; j < 500; j++)
            tg_text_append_string(&body, "\\\\\\n\\\"");
        tg_text_append_string(&body, "\",\"2\",\"3\"]}");
    }
    tg_text_append_string(&body, "]}}");
    answered(200, body.data);
    cr_assert_str_eq(number.trouble.code, "");
    cr_assert_leq(number.facts.length, 20480);
    cr_assert(tg_utf8_is_valid(number.facts.data, number.facts.length));
    struct tg_error error;
    struct json_object *facts = tg_json_parse(number.facts.data, number.facts.length, &error);
    struct json_object *name = tg_json_member(facts, "verified_name", json_type_string);
    cr_assert(json_object_get_string_len(name) > 250 && json_object_get_string_len(name) <= 256);
    cr_assert_null(strchr(json_object_get_string(name), '\a'));
    cr_assert_eq(json_object_array_length(tg_json_member(facts, "problems", json_type_array)), 8);
    json_object_put(facts);
}

Test(number, that_is_another_or_none_is_unreadable)
{
    static const char *const bodies[] = {"",
                                         "{}",
                                         "[]",
                                         "null",
                                         "<html>",
                                         "{\"id\"}",
                                         "{\"id\":4711}",
                                         "{\"id\":\"4712\",\"status\":\"CONNECTED\"}",
                                         "{\"id\":\"4711\"} {}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect_error(200, bodies[i], "unreadable", NULL);
}

Test(number, that_meta_refuses_is_told_by_its_code_and_its_words)
{
    expect_error(401, "{\"error\":{\"message\":\"It has expired.\",\"code\":190}}", "190",
                 "It has expired.");
    expect_error(200, "{\"error\":{\"code\":4}}", "4", "Meta says no more");
    expect_error(400, "{\"error\":{\"message\":[1],\"code\":-9223372036854775808}}",
                 "-9223372036854775808", "Meta says no more");
    expect_error(503, "<html>", "http:503", NULL);
    expect_error(400, "{\"error\":{\"code\":\"190\"}}", "http:400", NULL);
    expect_error(302, "", "http:302", NULL);
}

// Meta quotes a malformed token in what it says of it.
Test(number, has_no_token_in_an_error)
{
    expect_error(400,
                 "{\"error\":{\"code\":190,\"message\":\"Malformed access token "
                 "EAAJZBxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789, and more\"}}",
                 "190", "Malformed access token ..., and more");
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, "{\"error\":{\"code\":190,\"message\":\"");
    for (int i = 0; i < 480; i++)
        tg_text_append_string(&body, i % 10 == 9 ? " " : "x");
    for (int i = 0; i < 3000; i++)
        tg_text_append_string(&body, "A");
    tg_text_append_string(&body, "\"}}");
    answered(400, body.data);
    cr_assert_null(strstr(number.trouble.message, "AA"), "%s", number.trouble.message);
}

Test(number, of_an_older_version_is_asked_for_what_that_has)
{
    answered(400, "{\"error\":{\"code\":100,\"message\":\"(#100) nonexisting field\"}}");
    cr_assert(number.trouble.is_field_unknown);
    answered(400, "{\"error\":{\"code\":100,\"error_subcode\":33,\"message\":\"not there\"}}");
    cr_assert_not(number.trouble.is_field_unknown);
    answered(400, "{\"error\":{\"code\":190}}");
    cr_assert_not(number.trouble.is_field_unknown);
    cr_assert_eq(strncmp(tg_graph_number_fields, tg_graph_number_old_fields,
                         strlen(tg_graph_number_old_fields)),
                 0);
}
