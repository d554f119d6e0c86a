#include "common/rules/reply_body.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

// What Meta gets of a rule's reply, the contact having that name; `id` in place of our id.
static const char *written_to(const char *name, const char *rule_reply, const char *phone,
                              struct tg_error *error)
{
    static char result[1024];
    struct tg_rule rule = {0};
    struct tg_received to = {0};
    struct tg_reply reply = {.reply_id = tg_uuid7()};
    char id[TG_UUID_TEXT_SIZE];
    tg_text_append_string(&rule.reply, rule_reply);
    tg_text_append_string(&to.name, name);
    snprintf(to.phone, sizeof to.phone, "%s", phone);
    snprintf(to.user_id, sizeof to.user_id, "IN.1");
    bool good = tg_reply_write(&rule, &to, (struct tg_span){"wamid.in", 8}, &reply, error);
    tg_uuid_format(reply.reply_id, id);
    char *at = good ? strstr(reply.payload.data, id) : NULL;
    cr_assert(!good || at);
    if (good)
        snprintf(result, sizeof result, "%.*sid%s", (int)(at - reply.payload.data),
                 reply.payload.data, at + strlen(id));
    tg_rule_finish(&rule);
    tg_text_finish(&to.name);
    tg_text_finish(&reply.payload);
    return good ? result : NULL;
}

static const char *written(const char *rule_reply, const char *phone, struct tg_error *error)
{
    return written_to("Asha \"A\" Rao", rule_reply, phone, error);
}

Test(reply, a_text_becomes_a_message_to_who_wrote_and_a_reply_to_that)
{
    struct tg_error error;
    cr_assert_str_eq(written("\"Hi {name}, {name}!\"", "919876543210", &error),
                     "{\"type\":\"text\",\"text\":{\"body\":\"Hi Asha \\\"A\\\" Rao, "
                     "Asha \\\"A\\\" Rao!\"},\"messaging_product\":\"whatsapp\","
                     "\"recipient_type\":\"individual\",\"to\":\"+919876543210\",\"context\":"
                     "{\"message_id\":\"wamid.in\"},\"biz_opaque_callback_data\":\"id\"}");
}

Test(reply, an_object_is_filled_in_at_every_depth)
{
    struct tg_error error;
    cr_assert_str_eq(
        written("{\"type\":\"interactive\",\"to\":\"1\",\"interactive\":{\"type\":\"button\","
                "\"body\":{\"text\":\"{name}\"},\"action\":{\"buttons\":[{\"type\":\"reply\","
                "\"reply\":{\"id\":\"1\",\"title\":\"{name}\"}}]}}}",
                "", &error),
        "{\"type\":\"interactive\",\"interactive\":{\"type\":\"button\",\"body\":{\"text\":"
        "\"Asha \\\"A\\\" Rao\"},\"action\":{\"buttons\":[{\"type\":\"reply\",\"reply\":{\"id\":"
        "\"1\",\"title\":\"Asha \\\"A\\\" Rao\"}}]}},\"messaging_product\":\"whatsapp\","
        "\"recipient_type\":\"individual\",\"recipient\":\"IN.1\",\"context\":{\"message_id\":"
        "\"wamid.in\"},\"biz_opaque_callback_data\":\"id\"}");
}

struct bad {
    char reply[64];
};

ParameterizedTestParameters(reply, what_meta_would_refuse_is_no_reply)
{
    static struct bad cases[] = {{""},
                                 {"\"\""},
                                 {"7"},
                                 {"[\"a\"]"},
                                 {"null"},
                                 {"{\"type\": \"text\"}"},
                                 {"{\"type\": \"hologram\", \"hologram\": {}}"},
                                 {"{\"type\": \"image\", \"image\": {\"link\": \"ftp://x\"}}"}};
    return cr_make_param_array(struct bad, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct bad *bad, reply, what_meta_would_refuse_is_no_reply)
{
    struct tg_error error;
    cr_assert_null(written(bad->reply, "919876543210", &error), "%s", bad->reply);
    cr_assert(error.message[0], "%s", bad->reply);
}

#define TEXT_TO(body)                                                                              \
    "{\"type\":\"text\",\"text\":{\"body\":\"" body                                                \
    "\"},\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"+"          \
    "919876543210\","                                                                              \
    "\"context\":{\"message_id\":\"wamid.in\"},\"biz_opaque_callback_data\":\"id\"}"

struct named {
    char name[32];
    char payload[256];
};

ParameterizedTestParameters(reply, a_name_is_written_as_meta_takes_it)
{
    static struct named cases[] = {
        {"Asha\n\tRao", TEXT_TO("Hi Asha Rao!")},
        {"\xe2\x80\xaeRao\xe2\x80\xac", TEXT_TO("Hi Rao!")},
        {"", TEXT_TO("Hi friend!")},
        {"\xe3\x85\xa4", TEXT_TO("Hi friend!")},
    };
    return cr_make_param_array(struct named, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct named *named, reply, a_name_is_written_as_meta_takes_it)
{
    struct tg_error error;
    cr_assert_str_eq(written_to(named->name, "\"Hi {name|friend}!\"", "919876543210", &error),
                     named->payload);
}

Test(reply, a_name_goes_into_a_parameter_of_a_template)
{
    static const char template[] =
        "{\"type\":\"template\",\"template\":{\"name\":\"hello\",\"language\":{\"code\":\"en\"},"
        "\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":"
        "\"{name|you}\"}]}]}}";
    struct tg_error error;
    cr_assert(strstr(written_to("A\r\nB      C\tD", template, "919876543210", &error),
                     "\"text\":\"A B C D\""));
    cr_assert(strstr(written_to("", template, "919876543210", &error), "\"text\":\"you\""));
}

// A title has 20 characters at most.
Test(reply, a_name_for_which_there_is_no_room_counts_as_none)
{
    static const char buttons[] =
        "{\"type\":\"interactive\",\"interactive\":{\"type\":\"button\",\"body\":{\"text\":"
        "\"Who?\"},\"action\":{\"buttons\":[{\"type\":\"reply\",\"reply\":{\"id\":\"1\",\"title\":"
        "\"I am {name|it}\"}}]}}}";
    struct tg_error error;
    cr_assert(strstr(written_to("Asha", buttons, "919876543210", &error), "I am Asha"));
    cr_assert(strstr(written_to("Asha of the very long name", buttons, "919876543210", &error),
                     "I am it"));
}

struct check {
    char reply[192];
    char field[48]; // "": it is good
};

ParameterizedTestParameters(reply, is_checked_for_who_has_no_name)
{
    static struct check cases[] = {
        {"\"Welcome, {name}!\"", ""},
        {"\"{name|friend}\"", ""},
        {"\"{name}\"", "reply.text.body"},
        {"\"Hi {firstname}\"", "reply"},
        {"\"a\\u0000b\"", "reply"},
        {"[]", "reply"},
        {"{\"type\":\"text\",\"text\":{\"body\":\"a\\u0000b\"}}", "reply.text.body"},
        {"{\"type\":\"image\",\"image\":{}}", "reply.image"},
        {"{\"status\":\"read\",\"message_id\":\"w\"}", "reply.text"},
        {"{\"type\":\"template\",\"template\":{\"name\":\"a\",\"language\":{\"code\":\"en\"},"
         "\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"{name}"
         "\"}]}]}}",
         "reply.template.components[0].parameters[0].text"},
    };
    return cr_make_param_array(struct check, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct check *check, reply, is_checked_for_who_has_no_name)
{
    struct tg_rule rule = {0};
    struct tg_error error;
    tg_text_append_string(&rule.reply, check->reply);
    bool good = tg_reply_check(&rule, &error);
    cr_assert_eq(good, check->field[0] == '\0', "%s: %s", check->reply, error.message);
    if (!good)
        cr_assert_str_eq(error.field, check->field, "%s: %s", check->reply, error.field);
    tg_rule_finish(&rule);
}

// It was there before rules were checked: what works for most goes on working.
Test(reply, of_former_times_is_checked_for_who_has_a_name)
{
    struct tg_rule rule = {.is_former = true};
    struct tg_error error;
    tg_text_append_string(&rule.reply, "\"{name}{code}\"");
    cr_assert(tg_reply_check(&rule, &error));
    tg_rule_finish(&rule);
}
