#include "ingress/accept/cloud_form.h"

#include "common/limits.h"
#include "ingress/accept/send_content.h"

#include <criterion/criterion.h>
#include <string.h>

#define FORM "application/x-www-form-urlencoded"
#define PARTS "multipart/form-data; boundary=x"
#define PART(name, value)                                                                          \
    "--x\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define UUID "018f0000-0000-7000-8000-000000000001"

static struct tg_error error;

static struct json_object *read_message(const char *type, const char *text)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, text);
    error = (struct tg_error){0};
    return cloud_form_read(type, &body, &error);
}

// The same message, however it is written.
Test(cloud_form, reads_each_way_to_write_a_message)
{
    static const char *const ways[][2] = {
        {"application/json", "{\"messaging_product\":\"whatsapp\",\"to\":\"+91 98765 43210\","
                             "\"type\":\"text\",\"text\":{\"body\":\"a b\"},"
                             "\"context\":{\"message_id\":\"wamid.1\"}}"},
        {NULL, "{\"messaging_product\":\"whatsapp\",\"to\":\"+91 98765 43210\","
               "\"text\":\"{\\\"body\\\":\\\"a b\\\"}\",\"type\":\"text\","
               "\"context\":\" {}\",\"context\":\"{\\\"message_id\\\":\\\"wamid.1\\\"}\"}"},
        {FORM, "messaging_product=whatsapp&to=%2B91+98765+43210&type=text&access_token=tg_x&"
               "text=%7B%22body%22%3A%22a+b%22%7D&context={\"message_id\":\"wamid.1\"}"},
        {PARTS, PART("messaging_product", "whatsapp") PART("access_token", "tg_x") PART(
                    "to", "+91 98765 43210") PART("type", "text") PART("text", "{\"body\":\"a b\"}")
                    PART("context", "{\"message_id\":\"wamid.1\"}") "--x--"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct json_object *message = read_message(ways[i][0], ways[i][1]);
        cr_assert(message, "%zu: %s", i, error.message);
        cr_assert(tg_span_equals(cloud_form_recipient(message), "+91 98765 43210"));
        struct tg_send send = {.phone_number_id = "100"};
        cr_assert(cloud_form_fill(message, NULL, &send, &error), "%zu: %s", i, error.message);
        cr_assert_str_eq(send.phone, "919876543210");
        cr_assert_str_eq(send.type, "text");
        const char *payload = tg_text_string(&send.payload);
        cr_assert(strstr(payload, "\"text\":{\"body\":\"a b\"}"), "%s", payload);
        cr_assert(strstr(payload, "\"context\":{\"message_id\":\"wamid.1\"}"), "%s", payload);
        cr_assert(strstr(payload, "\"to\":\"+919876543210\""), "%s", payload);
        cr_assert_not(strstr(payload, "tg_x"), "%s", payload);
        tg_send_finish(&send);
        json_object_put(message);
    }
}

// What curl calls a form unless it is told otherwise.
Test(cloud_form, says_of_json_that_is_called_a_form_what_it_is)
{
    cr_assert_null(read_message(FORM, " {\"messaging_product\":\"whatsapp\"}"));
    cr_assert_str_eq(error.code, "unsupported_media_type");
    cr_assert_str_eq(error.field, "Content-Type");
    cr_assert_str_eq(error.message, "The body is JSON: its Content-Type must be application/json");
}

// Below the parts, too, where nothing but an object or a list can be.
Test(cloud_form, reads_what_is_written_as_text_below_the_parts)
{
    struct json_object *message =
        read_message("application/json",
                     "{\"interactive\":{\"type\":\"[]\",\"body\":\"{\\\"text\\\":\\\"{}\\\"}\","
                     "\"action\":\"{\\\"button\\\":\\\"{}\\\",\\\"sections\\\":\\\"[1]\\\"}\"},"
                     "\"template\":\"{\\\"name\\\":\\\"{}\\\",\\\"components\\\":\\\"[]\\\"}\"}");
    cr_assert(message, "%s", error.message);
    const char *json = json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN);
    cr_assert_str_eq(json, "{\"interactive\":{\"type\":\"[]\",\"body\":{\"text\":\"{}\"},"
                           "\"action\":{\"button\":\"{}\",\"sections\":[1]}},"
                           "\"template\":{\"name\":\"{}\",\"components\":[]}}");
    json_object_put(message);
    cr_assert_null(read_message("application/json", "{\"interactive\":{\"action\":\"{\"}}"));
    cr_assert_str_eq(error.code, "invalid_json");
}

// What is text at Meta stays text, also where it looks like JSON.
Test(cloud_form, leaves_texts_alone)
{
    struct json_object *message =
        read_message(FORM, "biz_opaque_callback_data={\"a\":1}&to=[1]&text={\"body\":\"{}\"}&x={}");
    cr_assert(message);
    const char *json = json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN);
    cr_assert_str_eq(json, "{\"biz_opaque_callback_data\":\"{\\\"a\\\":1}\",\"to\":\"[1]\","
                           "\"text\":{\"body\":\"{}\"},\"x\":\"{}\"}");
    json_object_put(message);
}

Test(cloud_form, refuses_what_is_no_message)
{
    static const struct {
        const char *type;
        const char *body;
        const char *code;
        const char *field;
    } bad[] = {
        {"application/json", "", "invalid_json", "body"},
        {"application/json", "[]", "invalid_json", "body"},
        {"application/json", "{", "invalid_json", "body"},
        {"application/json", "{\"text\":\"{\"}", "invalid_json", "text"},
        {"application/json", "{\"text\":{\"body\":\"\\u0000\"}}", "invalid_field", "text.body"},
        {"application/json", "{\"text\":\"{\\\"body\\\":\\\"\\\\u0000\\\"}\"}", "invalid_field",
         "text.body"},
        {FORM, "text=%7B%22body%22:%22%5Cu0000%22%7D", "invalid_field", "text.body"},
        {FORM, "text={\"b\\u0000\":1}", "invalid_field", "text"},
        {FORM, "text={", "invalid_json", "text"},
        {FORM, "text=%", "invalid_form", "body"},
        {PARTS, "text", "invalid_form", "body"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_null(read_message(bad[i].type, bad[i].body), "%zu", i);
        cr_assert_str_eq(error.code, bad[i].code, "%zu: %s", i, error.code);
        cr_assert_str_eq(error.field, bad[i].field, "%zu: %s", i, error.field);
    }
}

// A string of JSON within the body is counted as the body is.
Test(cloud_form, counts_the_parts_of_what_is_within_a_string)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, "{\"contacts\":\"[");
    for (int i = 0; i <= TG_SEND_OBJECTS_MAX; i++)
        tg_text_append_string(&body, i > 0 ? ",{}" : "{}");
    tg_text_append_string(&body, "]\"}");
    cr_assert_null(cloud_form_read(NULL, &body, &error));
    cr_assert_str_eq(error.code, "invalid_json");
}

Test(cloud_form, says_what_is_wrong_with_a_message_by_its_own_names)
{
    static const struct {
        const char *body;
        const char *code;
        const char *field;
    } bad[] = {
        {"{}", "invalid_message", "messaging_product"},
        {"{\"messaging_product\":\"whatsapp\",\"text\":{\"body\":\"a\"}}", "invalid_message", "to"},
        {"{\"messaging_product\":\"whatsapp\",\"to\":\"\",\"text\":{\"body\":\"a\"}}",
         "missing_field", "to"},
        {"{\"messaging_product\":\"whatsapp\",\"to\":\"abc\",\"text\":{\"body\":\"a\"}}",
         "invalid_phone", "to"},
        {"{\"messaging_product\":\"whatsapp\",\"to\":\"1203\",\"recipient_type\":\"group\","
         "\"text\":{\"body\":\"a\"}}",
         "invalid_message", "recipient_type"},
        {"{\"messaging_product\":\"whatsapp\",\"to\":\"+919876543210\",\"text\":{\"body\":\"\"}}",
         "invalid_message", "text.body"},
        {"{\"messaging_product\":\"whatsapp\",\"to\":\"+919876543210\",\"text\":{\"body\":\"a\"},"
         "\"access_token\":\"x\"}",
         "invalid_message", "access_token"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tg_send send = {0};
        struct json_object *message = read_message(NULL, bad[i].body);
        cr_assert(message, "%s", bad[i].body);
        cr_assert_not(cloud_form_fill(message, NULL, &send, &error), "%s", bad[i].body);
        cr_assert_str_eq(error.code, bad[i].code, "%s: %s", bad[i].body, error.code);
        cr_assert_str_eq(error.field, bad[i].field, "%s: %s", bad[i].body, error.field);
        json_object_put(message);
    }
}

Test(cloud_form, takes_a_user_id_and_a_receipt)
{
    struct tg_send send = {0};
    struct json_object *message =
        read_message(NULL, "{\"messaging_product\":\"whatsapp\",\"recipient\":\"IN.1\",\"to\":\"\","
                           "\"text\":{\"body\":\"a\"}}");
    cr_assert(tg_span_equals(cloud_form_recipient(message), "IN.1"));
    cr_assert(cloud_form_fill(message, NULL, &send, &error), "%s", error.message);
    cr_assert_str_eq(send.user_id, "IN.1");
    cr_assert_str_eq(send.phone, "");
    cr_assert_not(strstr(tg_text_string(&send.payload), "\"to\""));
    tg_send_finish(&send);
    json_object_put(message);

    send = (struct tg_send){0};
    message = read_message(FORM, "messaging_product=whatsapp&status=read&message_id=wamid.1&"
                                 "typing_indicator={\"type\":\"text\"}");
    cr_assert_null(cloud_form_recipient(message).data);
    cr_assert(cloud_form_fill(message, NULL, &send, &error), "%s", error.message);
    cr_assert_str_eq(send.type, "receipt");
    tg_send_finish(&send);
    json_object_put(message);
}

Test(cloud_form, finds_what_is_named_by_our_ids)
{
    struct tg_uuid id;
    struct json_object *message =
        read_message(NULL, "{\"context\":{\"message_id\":\"" UUID "\"},\"message_id\":\"wamid.1\","
                           "\"reaction\":{\"message_id\":\"" UUID "\",\"emoji\":\"x\"}}");
    for (int i = 0; i < 2; i++) {
        struct json_object *named = cloud_form_named(message, &id);
        cr_assert(named);
        char text[TG_UUID_TEXT_SIZE];
        tg_uuid_format(id, text);
        cr_assert_str_eq(text, UUID);
        cloud_form_name(named, "wamid.2");
    }
    cr_assert_null(cloud_form_named(message, &id));
    cr_assert_str_eq(json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN),
                     "{\"context\":{\"message_id\":\"wamid.2\"},\"message_id\":\"wamid.1\","
                     "\"reaction\":{\"message_id\":\"wamid.2\",\"emoji\":\"x\"}}");
    json_object_put(message);
}
