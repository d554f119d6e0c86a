#include "worker/inbound/reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

// What Meta gets of a rule's reply, "Asha \"A\" Rao" being the contact; `id` in place of our id.
static const char *written(const char *rule_reply, const char *phone, struct tg_error *error)
{
    static char result[1024];
    struct tg_rule rule = {0};
    struct tg_received to = {0};
    struct tg_reply reply = {.reply_id = tg_uuid7()};
    char id[TG_UUID_TEXT_SIZE];
    tg_text_append_string(&rule.reply, rule_reply);
    tg_text_append_string(&to.name, "Asha \"A\" Rao");
    snprintf(to.phone, sizeof to.phone, "%s", phone);
    snprintf(to.user_id, sizeof to.user_id, "IN.1");
    bool good = reply_write(&rule, &to, (struct tg_span){"wamid.in", 8}, &reply, error);
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

Test(reply, is_due_to_what_a_customer_says)
{
    cr_assert(reply_is_due((struct tg_span){"text", 4}));
    cr_assert(reply_is_due((struct tg_span){"interactive", 11}));
    cr_assert_not(reply_is_due((struct tg_span){"reaction", 8}));
    cr_assert_not(reply_is_due((struct tg_span){"system", 6}));
    cr_assert_not(reply_is_due((struct tg_span){"textual", 7}));
}
