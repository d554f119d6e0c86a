#include "worker/inbound/items.h"

#include "common/base/weight.h"
#include "common/limits.h"
#include "tests/corpus.h"
#include "worker/inbound/fields.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tg_text text_of(const char *string)
{
    struct tg_text text = {0};
    tg_text_append_string(&text, string);
    return text;
}

// A body with one change of the field "messages" of number 123456 that holds these members.
static struct tg_text body_with(const char *members)
{
    struct tg_text body = {0};
    tg_text_append_format(&body,
                          "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1001\","
                          "\"changes\":[{\"field\":\"messages\",\"value\":{\"metadata\":"
                          "{\"phone_number_id\":\"123456\"},%s}}]}]}",
                          members);
    return body;
}

#define read_body(items, body) items_read(items, (struct item_body){.text = (body)})

static bool same(struct tg_span one, struct tg_span other)
{
    return one.length == other.length &&
           memcmp(one.data ? one.data : "", other.data ? other.data : "", one.length) == 0;
}

// Read again, the body of a single item is that item, and writes the same bytes.
static void expect_same_again(const struct item *item, const char *name)
{
    struct items again = {0};
    struct tg_text body = {0};
    struct tg_text second = {0};
    item_write_body(item, &body);
    read_body(&again, &body);
    cr_assert_eq(again.count, 1, "%s: %s", name, tg_text_string(&body));
    cr_assert_eq(again.item[0].kind, item->kind, "%s: %s", name, tg_text_string(&body));
    if (item->kind == ITEM_DEAD)
        cr_assert_str_eq(again.item[0].reason, item->reason, "%s", name);
    if (item->kind == ITEM_MESSAGE)
        cr_assert(same(again.item[0].message.name, item->message.name) &&
                      same(again.item[0].message.user_id, item->message.user_id),
                  "%s: %s", name, tg_text_string(&body));
    item_write_body(&again.item[0], &second);
    cr_assert_eq(second.length, body.length, "%s", name);
    cr_assert_arr_eq(tg_text_string(&second), tg_text_string(&body), body.length, "%s", name);
    items_finish(&again);
    tg_text_finish(&body);
    tg_text_finish(&second);
}

static void expect_all_same_again(const struct corpus_body *body, void *unused)
{
    (void)unused;
    struct items items = {0};
    struct tg_text text = {0};
    tg_text_append(&text, body->bytes, body->length);
    read_body(&items, &text);
    for (size_t i = 0; i < items.count; i++)
        expect_same_again(&items.item[i], body->name);
    items_finish(&items);
    tg_text_finish(&text);
}

static void expect_folder_same_again(const char *folder, size_t bodies)
{
    cr_assert_eq(corpus_each(folder, expect_all_same_again, NULL), bodies);
    corpus_each_further(folder, expect_all_same_again, NULL);
}

Test(items, each_of_a_body_can_be_told_alone_and_read_again)
{
    expect_folder_same_again("webhooks", 93);
}

Test(items, so_can_those_of_what_is_new)
{
    expect_folder_same_again("webhooks-2026", 59);
}

Test(items, so_can_the_bad_ones)
{
    expect_folder_same_again("webhooks/bad", 32);
}

Test(items, so_can_those_that_are_null)
{
    struct tg_text body = text_of(
        "{\"object\":\"whatsapp_business_account\",\"entry\":[null,{\"id\":\"1\",\"changes\":"
        "[null,{\"field\":\"x\",\"value\":{}},null]},null]}");
    struct items items = {0};
    read_body(&items, &body);
    cr_assert_eq(items.count, 5);
    for (size_t i = 0; i < items.count; i++)
        expect_same_again(&items.item[i], "null");
    items_finish(&items);
    tg_text_finish(&body);
}

// Errors beside lists, and what should be a list, hold none of the items of other lists.
Test(items, so_can_what_is_told_beside_lists)
{
    static const char *const values[] = {
        "\"statuses\":[1],\"errors\":[{\"code\":1}],\"messages\":[null,null]",
        "\"statuses\":{},\"messages\":5,\"errors\":1",
        "\"messages\":[1],\"statuses\":\"x\"",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct items items = {0};
        struct tg_text body = body_with(values[i]);
        read_body(&items, &body);
        cr_assert_geq(items.count, 2);
        for (size_t n = 0; n < items.count; n++)
            expect_same_again(&items.item[n], values[i]);
        items_finish(&items);
        tg_text_finish(&body);
    }
}

Test(items, of_several_bodies_stand_one_after_the_other)
{
    struct tg_text first = body_with("\"messages\":[{\"from\":\"919876543210\",\"id\":\"w1\","
                                     "\"timestamp\":\"1\",\"type\":\"text\",\"text\":"
                                     "{\"body\":\"a\"}},null]");
    struct tg_text second = text_of("nonsense");
    struct items items = {0};
    read_body(&items, &first);
    read_body(&items, &second);
    cr_assert_eq(items.count, 3);
    cr_assert_eq(items.item[0].kind, ITEM_MESSAGE);
    cr_assert(tg_span_equals(items.item[0].message.wamid, "w1"));
    cr_assert(tg_span_equals(items.item[0].message.text, "a"));
    cr_assert_str_eq(items.item[1].reason, "invalid_message");
    cr_assert(tg_span_equals(items.item[1].origin.phone_number_id, "123456"));
    cr_assert_str_eq(items.item[2].reason, "invalid_json");
    items_finish(&items);
    cr_assert_eq(items.count, 0);
    tg_text_finish(&first);
    tg_text_finish(&second);
}

Test(items, a_status_names_its_message_only_by_a_uuid)
{
    struct tg_text body = body_with(
        "\"statuses\":[{\"id\":\"w\",\"status\":\"failed\",\"timestamp\":\"1\","
        "\"biz_opaque_callback_data\":\"018f0000-0000-7000-8000-000000000001\","
        "\"errors\":[{\"code\":131026,\"title\":\"t\",\"error_data\":{\"details\":\"d\"}}]},"
        "{\"id\":\"w\",\"status\":\"sent\",\"timestamp\":1,\"biz_opaque_callback_data\":\"mine\"}"
        "]");
    struct items items = {0};
    read_body(&items, &body);
    cr_assert_eq(items.count, 2);
    cr_assert(items.item[0].status.names_message);
    cr_assert_str_eq(items.item[0].status.error_code, "131026");
    cr_assert(tg_span_equals(items.item[0].status.error_message, "d"));
    cr_assert_not(items.item[1].status.names_message);
    cr_assert_eq(items.item[1].status.time_s, 1);
    items_finish(&items);
    tg_text_finish(&body);
}

static enum item_kind kind_of_status(const char *status, const char *more)
{
    struct items items = {0};
    struct tg_text members = {0};
    tg_text_append_format(&members,
                          "\"statuses\":[{\"id\":\"wamid.1\",\"status\":\"%s\","
                          "\"timestamp\":\"1763800000\"%s}]",
                          status, more);
    struct tg_text body = body_with(tg_text_string(&members));
    read_body(&items, &body);
    cr_assert_eq(items.count, 1);
    enum item_kind kind = items.item[0].kind;
    items_finish(&items);
    tg_text_finish(&body);
    tg_text_finish(&members);
    return kind;
}

// It may bear the id of the message that asked for the payment, and our own id of that.
Test(items, a_status_of_another_type_is_none_of_a_message)
{
    static const struct {
        const char *more;
        enum item_kind kind;
    } cases[] = {
        {"", ITEM_STATUS},
        {",\"type\":\"message\"", ITEM_STATUS},
        {",\"type\":\"\"", ITEM_STATUS},
        {",\"type\":null", ITEM_STATUS},
        {",\"type\":\"payment\",\"payment\":{\"reference_id\":\"r\"}", ITEM_ACCOUNT_NOTICE},
        {",\"type\":\"call\"", ITEM_ACCOUNT_NOTICE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(kind_of_status("failed", cases[i].more), cases[i].kind, "%s", cases[i].more);
        cr_expect_eq(kind_of_status("delivered", cases[i].more), cases[i].kind, "%s",
                     cases[i].more);
    }
}

// With words of its own, a time and an id or without.
Test(items, a_payment_is_kept_whatever_its_status_is)
{
    struct items items = {0};
    struct tg_text body =
        body_with("\"statuses\":[{\"type\":\"payment\",\"status\":\"captured\"}]");
    read_body(&items, &body);
    cr_assert_eq(items.count, 1);
    cr_assert_eq(items.item[0].kind, ITEM_ACCOUNT_NOTICE);
    cr_assert(strstr(tg_text_string(&items.item[0].account_notice.value), "captured"));
    items_finish(&items);
    tg_text_finish(&body);
}

Test(items, who_got_a_message_is_read_once)
{
    struct tg_text body = body_with(
        "\"statuses\":[{\"id\":\"w\",\"status\":\"sent\",\"timestamp\":\"1\",\"recipient_id\":"
        "\"1\","
        "\"recipient_user_id\":\"IN.1\"},"
        "{\"id\":\"w\",\"status\":\"delivered\",\"timestamp\":\"1\",\"recipient_user_id\":\"IN.1\"}"
        ","
        "{\"id\":\"w\",\"status\":\"sent\",\"timestamp\":\"1\",\"recipient_user_id\":\"\"},"
        "{\"id\":\"w\",\"status\":\"sent\",\"timestamp\":\"1\",\"recipient_type\":\"group\","
        "\"recipient_user_id\":\"IN.1\"}]");
    struct items items = {0};
    read_body(&items, &body);
    cr_assert_eq(items.count, 4);
    cr_expect(tg_span_equals(items.item[0].status.user_id, "IN.1"));
    for (size_t i = 1; i < 4; i++)
        cr_expect_null(items.item[i].status.user_id.data, "%zu", i);
    items_finish(&items);
    tg_text_finish(&body);
}

Test(items, one_that_is_killed_lets_go_of_what_it_held)
{
    struct tg_text body =
        body_with("\"messages\":[{\"from\":\"919876543210\",\"id\":\"w\",\"timestamp\":\"1\","
                  "\"type\":\"text\",\"text\":{\"body\":\"a\"},\"referral\":{\"x\":1}}]");
    struct items items = {0};
    read_body(&items, &body);
    item_kill(&items.item[0], "unknown_number");
    cr_assert_eq(items.item[0].kind, ITEM_DEAD);
    expect_same_again(&(const struct item){.kind = ITEM_MESSAGE, .origin = items.item[0].origin},
                      "killed");
    items_finish(&items);
    tg_text_finish(&body);
}

// Spellings of what is not there: none, null, and "".
struct absent {
    const char *members;
    const char *phone;
    const char *user_id;
    const char *name;
};

static void expect_sender(const struct absent *absent)
{
    struct tg_text body = body_with(absent->members);
    struct items items = {0};
    read_body(&items, &body);
    cr_assert_eq(items.count, 1, "%s", absent->members);
    const struct item *item = &items.item[0];
    cr_assert_eq(item->kind, absent->phone ? ITEM_MESSAGE : ITEM_DEAD, "%s: %s", absent->members,
                 item->kind == ITEM_DEAD ? item->reason : "a message");
    if (item->kind == ITEM_MESSAGE) {
        cr_expect_str_eq(item->message.phone, absent->phone, "%s", absent->members);
        cr_expect(same(item->message.user_id, tg_span_of(absent->user_id)), "%s", absent->members);
        cr_expect(same(item->message.name, tg_span_of(absent->name)), "%s", absent->members);
    }
    expect_same_again(item, absent->members);
    items_finish(&items);
    tg_text_finish(&body);
}

#define HELLO "\"id\":\"w\",\"timestamp\":\"1\",\"type\":\"text\",\"text\":{\"body\":\"a\"}"

Test(items, what_is_null_or_empty_is_not_there)
{
    static const struct absent cases[] = {
        {"\"contacts\":[{\"wa_id\":\"\",\"user_id\":\"US.1A2B\",\"profile\":{\"name\":\"\"}}],"
         "\"messages\":[{\"from\":\"\",\"from_user_id\":\"US.1A2B\"," HELLO "}]",
         "", "US.1A2B", ""},
        {"\"contacts\":[{\"wa_id\":null,\"user_id\":\"US.1A2B\",\"profile\":{\"name\":\"Ann\"}}],"
         "\"messages\":[{\"from\":null,\"from_user_id\":\"US.1A2B\"," HELLO "}]",
         "", "US.1A2B", "Ann"},
        {"\"contacts\":[{\"wa_id\":\"919876543210\",\"user_id\":\"\",\"profile\":null}],"
         "\"messages\":[{\"from\":\"919876543210\",\"from_user_id\":\"\",\"context\":\"\","
         "\"referral\":\"\"," HELLO "}],\"statuses\":null,\"errors\":\"\"",
         "919876543210", "", ""},
        {"\"contacts\":null,\"statuses\":\"\","
         "\"messages\":[{\"from\":\"919876543210\",\"from_user_id\":null," HELLO "}]",
         "919876543210", "", ""},
        {"\"messages\":[{\"from\":\"\",\"from_user_id\":null," HELLO "}]", NULL, NULL, NULL},
        {"\"messages\":[{\"from\":\"nobody\",\"from_user_id\":\"US.1\"," HELLO "}]", NULL, NULL,
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_sender(&cases[i]);
}

Test(items, a_preference_and_a_status_are_read_past_what_is_not_there)
{
    struct tg_text body = text_of(
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"\",\"time\":null,"
        "\"changes\":[{\"field\":\"user_preferences\",\"value\":{\"metadata\":"
        "{\"phone_number_id\":\"123456\"},\"contacts\":\"\",\"user_preferences\":[{\"wa_id\":\"\","
        "\"user_id\":\"US.1\",\"value\":\"stop\",\"timestamp\":1763800000}]}},"
        "{\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"123456\"},"
        "\"messages\":\"\",\"statuses\":[{\"id\":\"w\",\"status\":\"failed\",\"timestamp\":\"1\","
        "\"recipient_id\":\"\",\"recipient_user_id\":null,\"biz_opaque_callback_data\":\"\","
        "\"pricing\":\"\",\"errors\":\"\"}]}}]}]}");
    struct items items = {0};
    read_body(&items, &body);
    cr_assert_eq(items.count, 2);
    cr_assert_eq(items.item[0].kind, ITEM_PREFERENCE);
    cr_expect(tg_span_equals(items.item[0].preference.user_id, "US.1"));
    cr_expect_str_eq(items.item[0].preference.phone, "");
    cr_assert_eq(items.item[1].kind, ITEM_STATUS);
    cr_expect_not(items.item[1].status.names_message);
    cr_expect_eq(items.item[1].status.pricing.length, 0);
    cr_expect_null(items.item[1].status.user_id.data);
    items_finish(&items);
    tg_text_finish(&body);
}

Test(items, a_change_of_number_or_user_id_says_who_it_was_and_who_it_is)
{
    static const struct {
        const char *members; // of the message
        const char *contact;
        const char *phone; // who it was
        const char *user_id;
        const char *new_phone;
        const char *new_user_id;
    } cases[] = {
        {"\"from_user_id\":\"IN.1\",\"system\":{\"type\":\"user_changed_user_id\",\"user_id\":\"IN."
         "2\","
         "\"previous_user_id\":\"IN.1\"}",
         "{\"user_id\":\"IN.1\"}", "", "IN.1", "", "IN.2"},
        {"\"from_user_id\":\"IN.1\",\"system\":{\"type\":\"user_changed_user_id\",\"user_id\":\"IN."
         "2\"}",
         "{}", "", "IN.1", "", "IN.2"},
        {"\"from_user_id\":\"IN.2\",\"system\":{\"type\":\"user_changed_user_id\",\"user_id\":\"IN."
         "2\","
         "\"previous_user_id\":\"IN.1\"}",
         "{\"user_id\":\"IN.2\"}", "", "IN.1", "", "IN.2"},
        {"\"from\":\"\",\"from_user_id\":null,\"system\":{\"type\":\"user_changed_user_id\","
         "\"wa_id\":\"\",\"user_id\":\"IN.2\",\"previous_user_id\":\"IN.1\"}",
         "{\"user_id\":\"IN.2\"}", "", "IN.1", "", "IN.2"},
        {"\"system\":{\"type\":\"user_changed_user_id\",\"user_id\":\"IN.2\"}",
         "{\"user_id\":\"IN.1\"}", "", "IN.1", "", "IN.2"},
        {"\"from\":\"919876543210\",\"system\":{\"type\":\"user_changed_user_id\",\"user_id\":\"IN."
         "2\","
         "\"wa_id\":\"919876543210\"}",
         "{}", "919876543210", "", "", "IN.2"},
        {"\"from\":\"919876543210\",\"from_user_id\":\"IN.1\",\"system\":{\"type\":"
         "\"user_changed_number\",\"wa_id\":\"919876500001\",\"user_id\":\"IN.2\"}",
         "{}", "919876543210", "IN.1", "919876500001", "IN.2"},
        {"\"from\":\"919876543210\",\"system\":{\"type\":\"customer_changed_number\",\"wa_id\":"
         "\"\","
         "\"new_wa_id\":\"919876500001\"}",
         "{}", "919876543210", "", "919876500001", ""},
        {"\"system\":{\"type\":\"user_changed_number\",\"wa_id\":\"919876500001\"}", "{}", "", "",
         "919876500001", ""},
        {"\"from\":\"919876543210\",\"system\":{\"type\":\"customer_identity_changed\","
         "\"wa_id\":\"919876500001\",\"user_id\":\"IN.2\"}",
         "{}", "919876543210", "", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tg_text members = {0};
        tg_text_append_format(&members,
                              "\"contacts\":[%s],\"messages\":[{\"id\":\"w\",\"timestamp\":\"1\","
                              "\"type\":\"system\",%s}]",
                              cases[i].contact, cases[i].members);
        struct tg_text body = body_with(tg_text_string(&members));
        struct items items = {0};
        read_body(&items, &body);
        const struct item *item = &items.item[0];
        cr_assert_eq(item->kind, ITEM_MESSAGE, "%zu: %s", i, item->reason);
        cr_expect_str_eq(item->message.phone, cases[i].phone, "%zu", i);
        cr_expect_str_eq(item->message.new_phone, cases[i].new_phone, "%zu", i);
        cr_expect(same(item->message.user_id, tg_span_of(cases[i].user_id)), "%zu", i);
        cr_expect(same(item->message.new_user_id, tg_span_of(cases[i].new_user_id)), "%zu", i);
        expect_same_again(item, cases[i].members);
        items_finish(&items);
        tg_text_finish(&members);
        tg_text_finish(&body);
    }
}

Test(items, a_system_message_that_changes_nobody_needs_a_sender)
{
    expect_sender(&(const struct absent){
        "\"messages\":[{\"id\":\"w\",\"timestamp\":\"1\",\"type\":\"system\",\"system\":"
        "{\"type\":\"user_changed_user_id\"}}]",
        NULL, NULL, NULL});
}

static void append_times(struct tg_text *text, const char *string, size_t times)
{
    for (size_t i = 0; i < times; i++)
        tg_text_append_string(text, string);
}

// Whatever can be long around an item is long here.
Test(items, are_told_alone_without_what_belongs_to_their_neighbours)
{
    enum { MESSAGES = 100, LENGTH = 100 * 1000 };
    struct tg_text body = {0};
    struct tg_text messages = {0};
    tg_text_append_string(&body, "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"");
    append_times(&body, "1", LENGTH);
    tg_text_append_string(&body, "\",\"time\":[");
    append_times(&body, "1,", LENGTH);
    tg_text_append_string(&body, "1],\"changes\":[{\"field\":\"messages\",\"value\":{\"metadata\":"
                                 "{\"phone_number_id\":\"123456\",\"display_phone_number\":\"");
    append_times(&body, "1", LENGTH);
    tg_text_append_string(&body, "\"},\"contacts\":[");
    for (int i = 0; i < MESSAGES; i++) {
        tg_text_append_format(&body,
                              "%s{\"wa_id\":\"9198765%05d\",\"user_id\":\"IN.%d\",\"more\":\"",
                              i ? "," : "", i, i);
        append_times(&body, "1", LENGTH / MESSAGES);
        tg_text_append_format(&body, "\",\"profile\":{\"name\":\"%d\",\"username\":\"", i);
        append_times(&body, "1", 1000);
        tg_text_append_string(&body, "\"}}");
        tg_text_append_format(&messages,
                              "%s{\"from\":\"9198765%05d\",\"id\":\"w\",\"timestamp\":\"1\","
                              "\"type\":\"text\",\"text\":{\"body\":\"a\"}}",
                              i ? "," : "", i);
    }
    tg_text_append_format(&body, "],\"messages\":[%s]}}]}]}", messages.data);
    struct items items = {0};
    read_body(&items, &body);
    cr_assert_eq(items.count, MESSAGES);
    for (int i = 0; i < MESSAGES; i++) {
        char name[8];
        struct tg_text alone = {0};
        snprintf(name, sizeof name, "%d", i);
        cr_assert(tg_span_equals(items.item[i].message.name, name), "%d", i);
        expect_same_again(&items.item[i], name);
        item_write_body(&items.item[i], &alone);
        cr_assert_lt(alone.length, 500, "%s", alone.data);
        tg_text_finish(&alone);
    }
    items_finish(&items);
    tg_text_finish(&body);
    tg_text_finish(&messages);
}

static const struct {
    size_t index;      // of the message
    const char *names; // who it is from
    const char *found; // the name of the contact
} senders[] = {
    {0, "\"from\":\"919876543210\"", "in front"},
    {999, "\"from\":\"919876543210\"", "beside"},
    {7, "\"from\":\"919876543210\"", "in front"},
    {5000, "\"from\":\"919876543210\"", "in front"},
    {0, "\"from_user_id\":\"IN.1\"", "by id"},
    {0, "\"from\":\"919876543299\",\"from_user_id\":\"IN.1\"", "by id"},
    {0, "\"from\":\"919876543299\"", NULL},
    {0, "\"from_user_id\":\"IN.2\"", NULL},
};

static void append_contacts(struct tg_text *members)
{
    static const struct {
        size_t place;
        const char *contact;
    } known[] = {
        {500, "\"wa_id\":\"919876543210\",\"profile\":{\"name\":\"in front\"}"},
        {999, "\"wa_id\":\"919876543210\",\"profile\":{\"name\":\"beside\"}"},
        {1500, "\"wa_id\":\"919876543210\",\"profile\":{\"name\":\"behind\"}"},
        {1900, "\"user_id\":\"IN.1\",\"wa_id\":\"\",\"profile\":{\"name\":\"by id\"}"},
    };
    size_t next = 0;
    for (size_t place = 1; place < 2000; place++) {
        bool is_known = next < sizeof known / sizeof *known && known[next].place == place;
        tg_text_append_format(members, ",{%s}", is_known ? known[next].contact : "");
        next += is_known;
    }
}

// Whoever is in the same place is looked at first, and then the first of all.
Test(items, a_contact_is_found_wherever_it_stands)
{
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        struct tg_text members = text_of("\"messages\":[");
        append_times(&members, "null,", senders[i].index);
        tg_text_append_format(&members,
                              "{%s,\"id\":\"w\",\"timestamp\":\"1\",\"type\":\"text\",\"text\":"
                              "{\"body\":\"a\"}}],\"contacts\":[7",
                              senders[i].names);
        append_contacts(&members);
        tg_text_append_string(&members, "]");
        struct tg_text body = body_with(members.data);
        struct items items = {0};
        read_body(&items, &body);
        const struct item *item = &items.item[items.count - 1];
        cr_assert_eq(item->kind, ITEM_MESSAGE, "%zu", i);
        cr_assert(senders[i].found ? tg_span_equals(item->message.name, senders[i].found)
                                   : !item->message.name.data,
                  "%zu", i);
        expect_same_again(item, "contact");
        items_finish(&items);
        tg_text_finish(&body);
        tg_text_finish(&members);
    }
}

Test(items, more_than_any_body_of_meta_s_has_are_one_dead_letter)
{
    struct tg_text members = text_of("\"messages\":[null");
    append_times(&members, ",null", TG_WEBHOOK_ITEMS_MAX);
    tg_text_append_string(&members, "]");
    struct tg_text body = body_with(members.data);
    struct items items = {0};
    read_body(&items, &body);
    cr_assert_eq(items.count, 1);
    cr_assert_str_eq(items.item[0].reason, "too_many_items");
    items_finish(&items);
    tg_text_finish(&body);
    tg_text_finish(&members);
}

Test(items, of_a_body_are_read_up_to_so_many)
{
    static const struct {
        size_t given;
        size_t read;
    } cases[] = {{TG_WEBHOOK_ITEMS_MAX, TG_WEBHOOK_ITEMS_MAX},
                 {TG_WEBHOOK_ITEMS_MAX + 1, 1},
                 {20UL * TG_WEBHOOK_ITEMS_MAX, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tg_text members = text_of("\"messages\":[null");
        append_times(&members, ",null", cases[i].given - 1);
        tg_text_append_string(&members, "]");
        struct tg_text body = body_with(members.data);
        struct items items = {0};
        read_body(&items, &body);
        cr_assert_eq(items.count, cases[i].read, "%zu of %zu", items.count, cases[i].given);
        cr_assert_str_eq(items.item[0].reason,
                         cases[i].read == 1 ? "too_many_items" : "invalid_message");
        items_finish(&items);
        tg_text_finish(&body);
        tg_text_finish(&members);
    }
}

static struct tg_text body_of_parts(const char *one, size_t times)
{
    struct tg_text members = text_of("\"statuses\":[null],\"contacts\":[");
    append_times(&members, one, times);
    tg_text_append_string(&members, "0]");
    struct tg_text body = body_with(members.data);
    tg_text_finish(&members);
    return body;
}

static void expect_reason(const char *one, size_t times, const char *reason)
{
    struct tg_text body = body_of_parts(one, times);
    struct items items = {0};
    read_body(&items, &body);
    cr_assert_str_eq(items.item[0].reason, reason, "%zu times %s", times, one);
    items_finish(&items);
    tg_text_finish(&body);
}

Test(items, of_a_body_have_so_many_parts_and_no_more)
{
    enum { MANY = 1000 };
    static const char *const parts[] = {"[],", "1,"};
    for (size_t i = 0; i < 2; i++) {
        bool objects = i == 0;
        struct tg_text some = body_of_parts(parts[i], MANY);
        struct tg_weight weight = tg_weight_of(&some);
        size_t most = objects ? TG_WEBHOOK_OBJECTS_MAX - (weight.objects - MANY)
                              : TG_WEBHOOK_VALUES_MAX - (weight.values - MANY);
        expect_reason(parts[i], most, "invalid_status");
        expect_reason(parts[i], most + 1, "too_many_objects");
        expect_reason(parts[i], 10 * most, "too_many_objects");
        tg_text_finish(&some);
    }
}

static const struct {
    const char *one;
    size_t times;
    const char *reason; // of the body; NULL: it is read
} dense[] = {
    {"[],", TG_WEBHOOK_OBJECTS_MAX - 16, NULL},
    {"[],", TG_WEBHOOK_OBJECTS_MAX, "too_many_objects"},
    {"{},", TG_WEBHOOK_OBJECTS_MAX, "too_many_objects"},
    {"{\"[\":\"\\\"\"},", TG_WEBHOOK_OBJECTS_MAX - 16, NULL}, // a quotation mark within
    {"\"[{\\\"[{\",", TG_WEBHOOK_OBJECTS_MAX, NULL},
    {"\"\\\\\",[],", TG_WEBHOOK_OBJECTS_MAX, "too_many_objects"}, // a backslash within
    {"1,", TG_WEBHOOK_VALUES_MAX - 100, NULL},
    {"1,", TG_WEBHOOK_VALUES_MAX, "too_many_objects"},
    {"{\"a\":1,\"b\":2,\"c\":3},", TG_WEBHOOK_VALUES_MAX / 7, "too_many_objects"},
    {"\",:{[\",", TG_WEBHOOK_VALUES_MAX - 100, NULL},
};

Test(items, more_objects_than_any_body_of_meta_s_has_are_not_even_parsed)
{
    for (size_t i = 0; i < sizeof dense / sizeof *dense; i++) {
        struct tg_text members = text_of("\"statuses\":[null],\"contacts\":[");
        append_times(&members, dense[i].one, dense[i].times);
        tg_text_append_string(&members, "0]");
        struct tg_text body = body_with(members.data);
        struct items items = {0};
        read_body(&items, &body);
        cr_assert_eq(items.count, 1, "%zu", i);
        cr_assert_str_eq(items.item[0].reason, dense[i].reason ? dense[i].reason : "invalid_status",
                         "%zu", i);
        expect_same_again(&items.item[0], dense[i].one);
        items_finish(&items);
        tg_text_finish(&body);
        tg_text_finish(&members);
    }
}

static const struct {
    const char *timestamp;
    bool good;
} times[] = {{"\"1763800000\"", true},
             {"1763800000", true},
             {"\"\"", false},
             {"\"-1\"", false},
             {"0", false},
             {"\"4102444800\"", false},
             {"1.5", false},
             {"\"1763800000 \"", false},
             {"null", false},
             {"\"99999999999999999999\"", false}};

Test(items, a_time_is_unix_seconds_of_this_century)
{
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char members[256];
        snprintf(members, sizeof members,
                 "\"messages\":[{\"from\":\"919876543210\",\"id\":\"w\",\"timestamp\":%s,"
                 "\"type\":\"text\",\"text\":{\"body\":\"a\"}}]",
                 times[i].timestamp);
        struct tg_text body = body_with(members);
        struct items items = {0};
        read_body(&items, &body);
        cr_assert_eq(items.item[0].kind == ITEM_MESSAGE, times[i].good, "%s", times[i].timestamp);
        items_finish(&items);
        tg_text_finish(&body);
    }
}

Test(items, a_body_that_is_not_read_is_one_dead_item_to_the_byte)
{
    struct tg_text body = body_with("\"statuses\":[]");
    struct items items = {0};
    items_add_dead(&items, (struct item_body){.text = &body}, "poison");
    cr_assert_eq(items.count, 1);
    cr_assert_eq(items.item[0].kind, ITEM_DEAD);
    cr_assert_str_eq(items.item[0].reason, "poison");
    struct tg_text written = {0};
    item_write_body(&items.item[0], &written);
    cr_assert_str_eq(tg_text_string(&written), tg_text_string(&body));
    tg_text_finish(&written);
    items_finish(&items);
    tg_text_finish(&body);
}

struct choice {
    char members[192];
    char type[16];
    char choice[24]; // "": none
    bool is_said;
};

ParameterizedTestParameters(items, tell_what_was_chosen_and_whether_anything_is_said)
{
    static struct choice cases[] = {
        {"\"type\":\"text\",\"text\":{\"body\":\"a\"}", "text", "", true},
        {"\"type\":\"button\",\"button\":{\"payload\":\"YES\",\"text\":\"Yes\"}", "button", "YES",
         true},
        {"\"type\":\"interactive\",\"interactive\":{\"type\":\"button_reply\",\"button_reply\":"
         "{\"id\":\"b1\",\"title\":\"Yes\"}}",
         "interactive", "b1", true},
        {"\"type\":\"interactive\",\"interactive\":{\"type\":\"list_reply\",\"list_reply\":"
         "{\"id\":\"r1\",\"title\":\"Yes\"}}",
         "interactive", "r1", true},
        {"\"type\":\"interactive\",\"interactive\":{\"type\":\"nfm_reply\",\"nfm_reply\":{\"name\":"
         "\"signup\",\"body\":\"Sent\",\"response_json\":\"{}\"}}",
         "interactive", "signup", true},
        {"\"group_id\":\"g1\",\"type\":\"text\",\"text\":{\"body\":\"a\"}", "text", "", false},
        {"\"type\":\"image\",\"image\":{\"id\":\"1\"}", "image", "", true},
        {"\"type\":\"reaction\",\"reaction\":{\"emoji\":\"+\"}", "reaction", "", false},
        {"\"type\":\"system\",\"system\":{\"body\":\"a\"}", "system", "", false},
        {"\"type\":\"edit\",\"edit\":{}", "edit", "", false},
        {"\"type\":\"revoke\",\"revoke\":{}", "revoke", "", false},
        {"\"type\":\"unsupported\"", "unsupported", "", false},
        {"\"type\":\"textual\"", "textual", "", false},
    };
    return cr_make_param_array(struct choice, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct choice *choice, items, tell_what_was_chosen_and_whether_anything_is_said)
{
    struct tg_text members = {0};
    tg_text_append_format(&members,
                          "\"messages\":[{\"from\":\"919876543210\",\"id\":\"w\",\"timestamp\":"
                          "\"1\",%s}]",
                          choice->members);
    struct tg_text body = body_with(members.data);
    struct items items = {0};
    read_body(&items, &body);
    cr_assert_eq(items.count, 1);
    for (size_t i = 0; i < items.count; i++) {
        const struct tg_inbound_message *message = &items.item[i].message;
        if (items.item[i].kind != ITEM_MESSAGE)
            continue;
        cr_assert_eq(message->is_said, choice->is_said, "%s", choice->members);
        cr_assert_eq(message->choice.length, strlen(choice->choice), "%s", choice->members);
        cr_assert(choice->choice[0] == '\0' || tg_span_equals(message->choice, choice->choice));
    }
    items_finish(&items);
    tg_text_finish(&body);
    tg_text_finish(&members);
}
