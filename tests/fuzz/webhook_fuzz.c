#include "common/base/json.h"
#include "common/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "worker/inbound/items.h"

#include <string.h>

// A body of 20,000 items is told again 20,000 times by its first few as well.
enum { TOLD_AGAIN = 24 };

// What goes to PostgreSQL as JSON.
static void expect_json(const struct tg_text *text)
{
    struct tg_error error;
    TG_TEXT_AUTO list = {0}; // in which also a number has an end
    if (text->length == 0)
        return;
    tg_text_append_format(&list, "[%s]", text->data);
    struct json_object *value = tg_json_parse(list.data, list.length, &error);
    FUZZ_HOLDS(value != NULL && json_object_array_length(value) == 1);
    FUZZ_HOLDS(tg_json_check_nul(value, &error));
    json_object_put(value);
}

static void expect_text(struct tg_span span, size_t max)
{
    FUZZ_HOLDS(!span.data || (span.length > 0 && span.length <= max));
    FUZZ_HOLDS(!span.data || tg_utf8_is_valid(span.data, span.length));
}

static void expect_phone(const char *phone)
{
    size_t length = strlen(phone);
    FUZZ_HOLDS(length == 0 || (length >= 7 && length < TG_PHONE_SIZE));
    FUZZ_HOLDS(strspn(phone, "0123456789") == length);
}

static void expect_message(const struct tg_inbound_message *message)
{
    expect_text(message->wamid, TG_WAMID_SIZE - 1);
    expect_text(message->user_id, TG_USER_ID_SIZE - 1);
    expect_text(message->reply_to, TG_WAMID_SIZE - 1);
    expect_text(message->changes, TG_WAMID_SIZE - 1);
    expect_text(message->text, SIZE_MAX);
    expect_phone(message->phone);
    expect_phone(message->new_phone);
    FUZZ_HOLDS(message->wamid.data && message->type.data && message->time_s > 0);
    FUZZ_HOLDS(tg_utf8_is_valid(tg_text_string(&message->summary), message->summary.length));
    FUZZ_HOLDS(message->payload.length > 0);
    expect_json(&message->payload);
    expect_json(&message->referral);
}

static void expect_status(const struct tg_status_update *status)
{
    FUZZ_HOLDS(status->wamid.data && status->time_s > 0);
    expect_text(status->wamid, TG_WAMID_SIZE - 1);
    FUZZ_HOLDS(status->status == TG_STATUS_SENT || status->status == TG_STATUS_DELIVERED ||
               status->status == TG_STATUS_READ || status->status == TG_STATUS_FAILED);
    expect_json(&status->pricing);
}

static void expect_item(const struct item *item)
{
    const struct tg_span *number = &item->origin.phone_number_id;
    FUZZ_HOLDS(!number->data || number->length <= 32);
    switch (item->kind) {
    case ITEM_MESSAGE:
    case ITEM_COPY:
        FUZZ_HOLDS(number->data != NULL);
        expect_message(&item->message);
        break;
    case ITEM_STATUS:
        FUZZ_HOLDS(number->data != NULL);
        expect_status(&item->status);
        break;
    case ITEM_PREFERENCE:
        expect_phone(item->preference.phone);
        FUZZ_HOLDS(item->preference.phone[0] || item->preference.user_id.data);
        break;
    case ITEM_ACCOUNT_NOTICE:
        expect_json(&item->account_notice.value);
        break;
    case ITEM_DEAD:
        FUZZ_HOLDS(item->reason && item->reason[0]);
        break;
    case ITEM_NOT_OURS:
        FUZZ_HOLDS(item->kind != ITEM_NOT_OURS); // a body alone does not tell that
    }
}

#define SAME_SPAN(member) FUZZ_HOLDS(fuzz_same(one->member, other->member))
#define SAME_TEXT(member)                                                                          \
    FUZZ_HOLDS(fuzz_same(tg_text_span(&one->member), tg_text_span(&other->member)))
#define SAME_STRING(member) FUZZ_HOLDS(strcmp(one->member, other->member) == 0)
#define SAME_NUMBER(member) FUZZ_HOLDS(one->member == other->member)

static void expect_same_message(const struct tg_inbound_message *one,
                                const struct tg_inbound_message *other)
{
    SAME_SPAN(phone_number_id), SAME_SPAN(wamid), SAME_SPAN(user_id), SAME_SPAN(name);
    SAME_SPAN(new_user_id), SAME_SPAN(type), SAME_SPAN(text), SAME_SPAN(media_id);
    SAME_SPAN(mime_type), SAME_SPAN(reply_to), SAME_SPAN(group_id), SAME_SPAN(changes);
    SAME_SPAN(error_message), SAME_SPAN(choice);
    SAME_TEXT(summary), SAME_TEXT(referral), SAME_TEXT(payload);
    SAME_STRING(phone), SAME_STRING(new_phone), SAME_STRING(error_code);
    SAME_NUMBER(time_s), SAME_NUMBER(is_said), SAME_NUMBER(outbound), SAME_NUMBER(status);
}

static void expect_same_status(const struct tg_status_update *one,
                               const struct tg_status_update *other)
{
    SAME_SPAN(phone_number_id), SAME_SPAN(wamid), SAME_SPAN(error_message), SAME_SPAN(user_id);
    SAME_TEXT(pricing), SAME_STRING(error_code), SAME_NUMBER(error_subcode);
    SAME_NUMBER(status), SAME_NUMBER(time_s), SAME_NUMBER(names_message);
    FUZZ_HOLDS(!one->names_message || tg_uuid_equal(one->message_id, other->message_id));
}

static void expect_same(const struct item *item, const struct item *again)
{
    FUZZ_HOLDS(item->kind == again->kind);
    if (item->kind == ITEM_MESSAGE || item->kind == ITEM_COPY) {
        expect_same_message(&item->message, &again->message);
    } else if (item->kind == ITEM_STATUS) {
        expect_same_status(&item->status, &again->status);
    } else if (item->kind == ITEM_PREFERENCE) {
        const struct tg_preference *one = &item->preference;
        const struct tg_preference *other = &again->preference;
        SAME_SPAN(phone_number_id), SAME_SPAN(user_id), SAME_STRING(phone);
        SAME_NUMBER(time_s), SAME_NUMBER(opt_out);
    } else if (item->kind == ITEM_ACCOUNT_NOTICE) {
        const struct tg_account_notice *one = &item->account_notice;
        const struct tg_account_notice *other = &again->account_notice;
        SAME_SPAN(phone_number_id), SAME_SPAN(waba_id), SAME_SPAN(field), SAME_SPAN(event);
        SAME_TEXT(value), SAME_NUMBER(time_s);
    } else {
        FUZZ_HOLDS(strcmp(item->reason, again->reason) == 0);
    }
}

// A dead letter's body is the same item when it is replayed, and writes the same bytes.
static void expect_same_again(const struct item *item)
{
    struct items again = {0};
    TG_TEXT_AUTO body = {0};
    TG_TEXT_AUTO second = {0};
    item_write_body(item, &body);
    items_read(&again, (struct item_body){.text = &body});
    FUZZ_HOLDS(again.count == 1);
    expect_same(item, &again.item[0]);
    item_write_body(&again.item[0], &second);
    FUZZ_HOLDS(fuzz_same(tg_text_span(&body), tg_text_span(&second)));
    items_finish(&again);
}

FUZZ_TARGET(webhook)
{
    struct items items = {0};
    items_read(&items, (struct item_body){.text = input});
    FUZZ_HOLDS(items.count <= TG_WEBHOOK_ITEMS_MAX && items.body_count == 1);
    for (size_t i = 0; i < items.count; i++)
        expect_item(&items.item[i]);
    // A NUL is written as U+FFFD, which is longer.
    bool has_nul = memmem(tg_text_string(input), input->length, "\\u0000", 6);
    for (size_t i = 0; !has_nul && i < items.count && i < TOLD_AGAIN; i++)
        expect_same_again(&items.item[i]);
    items_finish(&items);
}
