// What the messages, echoes, threads of history and notices of a webhook are read as.
#include "worker/inbound/items.h"

#include <criterion/criterion.h>
#include <string.h>

static struct tg_text body_of(const char *field, const char *members)
{
    struct tg_text body = {0};
    tg_text_append_format(&body,
                          "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1001\","
                          "\"time\":1763800000,\"changes\":[{\"field\":\"%s\",\"value\":{"
                          "\"metadata\":{\"phone_number_id\":\"123456\","
                          "\"display_phone_number\":\"+1 555-000-0001\"},%s}}]}]}",
                          field, members);
    return body;
}

// The text in one line, or "-".
static void append(struct tg_text *to, const char *name, struct tg_span value)
{
    if (!value.data)
        return;
    tg_text_append_format(to, " %s ", name);
    for (size_t i = 0; i < value.length; i++)
        tg_text_append(to, value.data[i] == '\n' ? "|" : value.data + i, 1);
}

static struct tg_span span_of(const char *string)
{
    return (struct tg_span){*string ? string : NULL, strlen(string)};
}

static void append_message(struct tg_text *to, const struct tg_inbound_message *message)
{
    append(to, message->outbound ? "to" : "from",
           message->phone[0] ? span_of(message->phone) : message->user_id);
    append(to, "named", message->name);
    append(to, "in", message->group_id);
    append(to, "says", message->text);
    append(to, "means", (struct tg_span){message->summary.data, message->summary.length});
    append(to, "media", message->media_id);
    append(to, "of", message->mime_type);
    append(to, "on", message->reply_to);
    append(to, "changes", message->changes);
    append(to, "error", span_of(message->error_code));
    append(to, "because", message->error_message);
    if (message->origin)
        tg_text_append_format(to, " %s %s", message->origin, tg_status_names[message->status]);
}

static void append_item(struct tg_text *to, const struct item *item)
{
    if (to->length > 0)
        tg_text_append_string(to, "; ");
    switch (item->kind) {
    case ITEM_MESSAGE:
    case ITEM_COPY:
        tg_text_append(to, item->message.type.data, item->message.type.length);
        append_message(to, &item->message);
        break;
    case ITEM_STATUS:
        tg_text_append_format(to, "status %s", tg_status_names[item->status.status]);
        break;
    case ITEM_PREFERENCE:
        tg_text_append_string(to, "preference");
        break;
    case ITEM_ACCOUNT_NOTICE:
        tg_text_append_string(to, "notice");
        append(to, "of", item->account_notice.waba_id);
        append(to, "about", item->account_notice.field);
        append(to, "event", item->account_notice.event);
        break;
    case ITEM_DEAD:
        tg_text_append_format(to, "dead %s", item->reason);
        break;
    case ITEM_NOT_OURS:
        tg_text_append_string(to, "not ours");
        break;
    }
}

static void expect_read(struct tg_text *body, const char *expected)
{
    struct items items = {0};
    TG_TEXT_AUTO told = {0};
    items_read(&items, (struct item_body){.text = body});
    for (size_t i = 0; i < items.count; i++)
        append_item(&told, &items.item[i]);
    cr_assert_str_eq(tg_text_string(&told), expected, "%s\n%s\nnot\n%s", body->data,
                     tg_text_string(&told), expected);
    items_finish(&items);
    tg_text_finish(body);
}

#define MESSAGE "\"id\":\"w\",\"timestamp\":\"1\",\"type\":"
#define FROM "{\"from\":\"919876543210\"," MESSAGE

static const struct {
    const char *message;
    const char *expected;
} messages[] = {
    {FROM "\"text\",\"group_id\":\"Y2Fw\",\"text\":{\"body\":\"STOP\"}}",
     "text from 919876543210 in Y2Fw says STOP"},
    {FROM "\"edit\",\"edit\":{\"original_message_id\":\"w0\",\"message\":{\"context\":{\"id\":"
          "\"w9\"},\"type\":\"text\",\"text\":{\"body\":\"Tuesday\"}}}}",
     "edit from 919876543210 says Tuesday changes w0"},
    {FROM "\"edit\",\"edit\":{\"original_message_id\":\"w0\",\"message\":{\"type\":\"image\","
          "\"image\":{\"caption\":\"new\",\"id\":\"77\",\"mime_type\":\"image/jpeg\"}}}}",
     "edit from 919876543210 says new media 77 of image/jpeg changes w0"},
    {FROM "\"edit\",\"edit\":{\"original_message_id\":\"w0\"}}",
     "edit from 919876543210 changes w0"},
    {FROM "\"edit\",\"edit\":{\"original_message_id\":\"w0\",\"message\":{\"type\":\"text\","
          "\"text\":{\"body\":7}}}}",
     "dead invalid_message"},
    {FROM "\"revoke\",\"revoke\":{\"original_message_id\":\"w0\"}}",
     "revoke from 919876543210 changes w0"},
    {FROM "\"revoke\"}", "revoke from 919876543210"},
    {FROM "\"image\",\"image\":{\"id\":\"77\"}}", "image from 919876543210 media 77"},
    {FROM "\"sticker\",\"sticker\":{\"id\":\"78\",\"mime_type\":\"\"}}",
     "sticker from 919876543210 media 78"},
    {FROM "\"hologram\",\"hologram\":{\"id\":\"1\"}}", "hologram from 919876543210"},
    {FROM "\"reaction\",\"reaction\":{\"message_id\":\"w7\",\"emoji\":\"x\"}}",
     "reaction from 919876543210 says x on w7"},
    {FROM "\"request_welcome\"}",
     "request_welcome from 919876543210 means The customer has opened the chat for the first "
     "time."},
    {FROM "\"unsupported\",\"errors\":[{\"code\":131051,\"title\":\"Unknown\",\"error_data\":{"
          "\"details\":\"Not supported.\"}},{\"code\":131060}],\"unsupported\":{\"type\":"
          "\"poll\"}}",
     "unsupported from 919876543210 means poll|131051: Unknown: Not supported.|131060 "
     "error 131051 because Not supported."},
    {FROM "\"location\",\"location\":{\"latitude\":-19.0760,\"longitude\":72,\"name\":\"Gate\","
          "\"address\":\"Mumbai\",\"url\":\"https://x.example\"}}",
     "location from 919876543210 means Gate, Mumbai|https://x.example|-19.0760, 72"},
    {FROM "\"location\",\"location\":{\"latitude\":\"1.5\",\"longitude\":\"2.5\"}}",
     "location from 919876543210 means 1.5, 2.5"},
    {FROM "\"location\",\"location\":7}", "location from 919876543210"},
    {FROM "\"contacts\",\"contacts\":[{\"name\":{\"formatted_name\":\"Ravi K\"},\"org\":{"
          "\"company\":\"ACME\"},\"phones\":[{\"phone\":\"+91 1\"},{\"wa_id\":\"922\"}],"
          "\"emails\":[{\"email\":\"r@x.example\"}]},{\"name\":{\"formatted_name\":\"Li\"}},3]}",
     "contacts from 919876543210 means Ravi K, ACME, +91 1, 922, r@x.example|Li"},
    {FROM "\"order\",\"order\":{\"catalog_id\":\"19\",\"text\":\"today\",\"product_items\":[{"
          "\"product_retailer_id\":\"sku-1\",\"quantity\":2,\"item_price\":99.50,\"currency\":"
          "\"INR\"},{\"product_retailer_id\":\"sku-2\",\"quantity\":1}]}}",
     "order from 919876543210 says today means today|2 x sku-1 at 99.50 INR|1 x sku-2|catalog 19"},
    {FROM
     "\"interactive\",\"interactive\":{\"type\":\"nfm_reply\",\"nfm_reply\":{\"body\":\"Sent\","
     "\"response_json\":\"{}\"}}}",
     "interactive from 919876543210 says Sent means {}"},
};

Test(item_kinds, a_message_is_read_by_its_type)
{
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        TG_TEXT_AUTO members = {0};
        tg_text_append_format(&members, "\"messages\":[%s]", messages[i].message);
        struct tg_text body = body_of("messages", members.data);
        expect_read(&body, messages[i].expected);
    }
}

static void append_times(struct tg_text *text, const char *string, size_t times)
{
    for (size_t i = 0; i < times; i++)
        tg_text_append_string(text, string);
}

Test(item_kinds, a_summary_has_an_end)
{
    TG_TEXT_AUTO members = {0};
    tg_text_append_string(&members, "\"messages\":[" FROM "\"contacts\",\"contacts\":[{}");
    append_times(&members, ",{\"name\":{\"formatted_name\":\"Ravi Kumar\"}}", 1000);
    tg_text_append_string(&members, "]}]");
    struct tg_text body = body_of("messages", members.data);
    struct items items = {0};
    items_read(&items, (struct item_body){.text = &body});
    cr_assert_eq(items.item[0].kind, ITEM_MESSAGE);
    cr_assert_gt(items.item[0].message.summary.length, 4000);
    cr_assert_leq(items.item[0].message.summary.length, 4096);
    items_finish(&items);
    tg_text_finish(&body);
}

#define CONTACTS                                                                                   \
    "\"contacts\":[{\"wa_id\":\"919876543210\",\"user_id\":\"IN.1\",\"profile\":{\"name\":"        \
    "\"Asha\"}}],"

Test(item_kinds, an_echo_is_what_the_org_sent_to_whom_it_names)
{
    struct tg_text body =
        body_of("smb_message_echoes", CONTACTS
                "\"message_echoes\":[{\"from\":\"15550000001\",\"to\":\"919876543210\"," MESSAGE
                "\"text\",\"text\":{\"body\":\"hi\"}},"
                "{\"from\":\"15550000001\",\"to_user_id\":\"IN.2\"," MESSAGE "\"revoke\","
                "\"revoke\":{\"original_message_id\":\"w0\"}},"
                "{\"from\":\"15550000001\"," MESSAGE "\"text\",\"text\":{\"body\":\"hi\"}},"
                "{\"to\":\"919876543210\",\"type\":\"text\"},null]");
    expect_read(&body, "text to 919876543210 named Asha says hi phone_app sent; "
                       "revoke to IN.2 changes w0 phone_app sent; "
                       "dead message_without_recipient; dead message_without_id; "
                       "dead invalid_message");
}

#define OLD(from, status)                                                                          \
    "{\"from\":\"" from "\"," MESSAGE                                                              \
    "\"text\",\"text\":{\"body\":\"old\"},\"history_context\":{\"status\":\"" status "\"}}"

#define OWN "15550000001"

Test(item_kinds, history_is_what_either_wrote_in_each_thread)
{
    static const char *const threads[] = {
        "\"919876543210\",\"messages\":[" OLD("919876543210", "READ") "," OLD(OWN, "READ"),
        "," OLD(OWN, "DELIVERED") "," OLD(OWN, "ERROR") "," OLD(OWN, "PENDING") "]},",
        "{\"id\":\"IN.2\",\"messages\":[" OLD("", "READ") "]},",
        "{\"id\":\"?\",\"messages\":[" OLD("", "READ") "]},{\"id\":\"919\"},null]}]",
    };
    TG_TEXT_AUTO members = {0};
    tg_text_append_string(&members, CONTACTS "\"history\":[{\"metadata\":{\"phase\":0,"
                                             "\"chunk_order\":1},\"threads\":[{\"id\":");
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        tg_text_append_string(&members, threads[i]);
    struct tg_text body = body_of("history", members.data);
    expect_read(&body, "notice of 1001 about history; "
                       "text from 919876543210 named Asha says old history received; "
                       "text to 919876543210 named Asha says old history read; "
                       "text to 919876543210 named Asha says old history delivered; "
                       "text to 919876543210 named Asha says old history failed; "
                       "text to 919876543210 named Asha says old history sent; "
                       "text from IN.2 says old history received; "
                       "dead message_without_sender; dead invalid_change; dead invalid_change");
}

Test(item_kinds, history_that_is_refused_or_that_comes_later)
{
    struct tg_text refused =
        body_of("history", "\"history\":[{\"errors\":[{\"code\":2593109,\"title\":\"Refused\"}]}]");
    expect_read(&refused, "notice of 1001 about history");
    struct tg_text nothing = body_of("history", "\"history\":[{\"threads\":[]},{\"threads\":1},7]");
    expect_read(&nothing, "dead invalid_change; dead invalid_change");
    struct tg_text media =
        body_of("history", "\"messages\":[" FROM "\"image\",\"image\":{\"id\":\"77\"}}]");
    expect_read(&media, "image from 919876543210 media 77 history received");
}

static const struct {
    const char *change;
    const char *expected;
} changes[] = {
    {"\"field\":\"account_update\",\"value\":{\"event\":\"PARTNER_ADDED\",\"waba_info\":{"
     "\"waba_id\":\"1004\"}}",
     "notice of 1004 about account_update event PARTNER_ADDED"},
    {"\"field\":\"account_update\",\"value\":{\"event\":\"ACCOUNT_DELETED\",\"waba_info\":{"
     "\"waba_id\":\"\"}}",
     "notice of 8001 about account_update event ACCOUNT_DELETED"},
    {"\"value\":{\"event\":\"PARTNER_REMOVED\",\"field\":\"account_update\"}",
     "notice of 8001 about account_update event PARTNER_REMOVED"},
    {"\"value\":{\"event\":\"PARTNER_REMOVED\"}",
     "notice of 8001 about account_update event PARTNER_REMOVED"},
    {"\"field\":\"account_review_update\",\"value\":{\"decision\":\"APPROVED\"}",
     "notice of 8001 about account_review_update event APPROVED"},
    {"\"field\":\"message_template_status_update\",\"value\":{\"message_template_id\":1,"
     "\"previous_quality_score\":\"GREEN\",\"new_quality_score\":\"RED\"}",
     "notice of 8001 about message_template_quality_update"},
    {"\"value\":{\"shape\":1}", "dead invalid_change"},
    {"\"field\":\"smb_message_echoes\",\"value\":{}", "dead invalid_metadata"},
};

Test(item_kinds, a_notice_goes_by_what_it_holds)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct tg_text body = {0};
        tg_text_append_format(&body,
                              "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":"
                              "\"8001\",\"changes\":[{%s}]}]}",
                              changes[i].change);
        expect_read(&body, changes[i].expected);
    }
}

static const struct {
    const char *object; // and the comma
    const char *value;
    const char *expected;
} objects[] = {
    {"", "{\"event\":\"A\",\"object\":\"whatsapp_business_account\"}",
     "notice of 1 about account_update event A"},
    {"\"object\":\"page\",", "{\"event\":\"A\",\"object\":\"whatsapp_business_account\"}",
     "dead wrong_object"},
    {"", "{\"event\":\"A\",\"object\":\"page\"}", "dead wrong_object"},
    {"", "{\"event\":\"A\"}", "dead wrong_object"},
    {"", "7", "dead wrong_object"},
};

Test(item_kinds, the_object_may_stand_where_meta_has_put_it)
{
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        struct tg_text body = {0};
        tg_text_append_format(&body, "{%s\"entry\":[{\"id\":\"1\",\"changes\":[{\"value\":%s}]}]}",
                              objects[i].object, objects[i].value);
        expect_read(&body, objects[i].expected);
    }
}

static const struct {
    const char *status;
    const char *expected;
} participants[] = {
    {"\"failed\",\"recipient_participant_id\":\"919876543211\"",
     "notice of 1001 about messages event failed"},
    {"\"failed\",\"participant_recipient_id\":\"919876543211\"",
     "notice of 1001 about messages event failed"},
    {"\"delivered\",\"recipient_participant_id\":\"919876543211\"", "status delivered"},
    {"\"failed\"", "status failed"},
};

Test(item_kinds, one_participant_of_a_group_fails_nothing)
{
    for (size_t i = 0; i < sizeof participants / sizeof *participants; i++) {
        TG_TEXT_AUTO members = {0};
        tg_text_append_format(&members,
                              "\"statuses\":[{\"id\":\"w\",\"timestamp\":\"1\",\"recipient_type\":"
                              "\"group\",\"status\":%s}]",
                              participants[i].status);
        struct tg_text body = body_of("messages", members.data);
        expect_read(&body, participants[i].expected);
    }
}
