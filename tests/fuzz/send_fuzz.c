#include "common/base/json.h"
#include "ingress/accept/send_form.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static const struct identity org = {
    .proof = PROOF_KEY, .rights = RIGHT_SEND, .org_id = {.bytes = {0x01, 0x8f, [15] = 1}}};
static const struct identity anybody = {.proof = PROOF_NONE, .rights = RIGHT_SEND};

// Whom Meta is told to send it to is whom it was accepted for.
static void expect_recipient(const struct tg_send *send, struct json_object *payload)
{
    const char *to = tg_json_string_member(payload, "to");
    const char *recipient = tg_json_string_member(payload, "recipient");
    FUZZ_HOLDS(!send->phone[0] || !send->user_id[0]);
    FUZZ_HOLDS(!to == !send->phone[0]);
    if (to) // it counts, whatever stands beside it
        recipient = NULL;
    FUZZ_HOLDS(!recipient == !send->user_id[0]);
    FUZZ_HOLDS(!to || (to[0] == '+' && strcmp(to + 1, send->phone) == 0));
    FUZZ_HOLDS(!recipient || strcmp(recipient, send->user_id) == 0);
    FUZZ_HOLDS(to || recipient || strcmp(send->type, "receipt") == 0);
}

// The payload, sent as such, is the same send.
static void expect_same_again(const struct tg_send *send, const struct identity *caller)
{
    struct tg_error error = {0};
    struct tg_send again = {0};
    char org_id[TG_UUID_TEXT_SIZE];
    TG_TEXT_AUTO body = {0};
    tg_uuid_format(send->org_id, org_id);
    tg_text_append_format(&body, "{\"org_id\":\"%s\",\"payload\":%s}", org_id, send->payload.data);
    bool good = send_form_read(&body, caller, NULL, NULL, &again, &error);
    FUZZ_HOLDS(good);
    FUZZ_HOLDS(strcmp(again.phone, send->phone) == 0 && strcmp(again.type, send->type) == 0 &&
               strcmp(again.user_id, send->user_id) == 0);
    // The same but for the id, which is as long.
    FUZZ_HOLDS(again.payload.length == send->payload.length);
    tg_send_finish(&again);
}

static void expect_send(const struct tg_text *input, const struct tg_send *send,
                        const struct identity *caller)
{
    struct tg_error error;
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(send->message_id, id);
    struct json_object *payload = tg_json_parse(send->payload.data, send->payload.length, &error);
    FUZZ_HOLDS(payload != NULL);
    const char *ours = tg_json_string_member(payload, "biz_opaque_callback_data");
    FUZZ_HOLDS(ours && strcmp(ours, id) == 0);
    FUZZ_HOLDS(caller->proof == PROOF_NONE || tg_uuid_equal(send->org_id, caller->org_id));
    FUZZ_HOLDS(send->type[0] != '\0');
    FUZZ_HOLDS(strlen(tg_text_string(&send->callback_data)) == send->callback_data.length);
    // An escape is six times as long as the character that it stands for.
    FUZZ_HOLDS(send->payload.length <= 6 * input->length + 512);
    expect_recipient(send, payload);
    json_object_put(payload);
    expect_same_again(send, caller);
}

static void read_as(const struct tg_text *input, const struct identity *caller)
{
    struct tg_error error = {0};
    struct tg_send send = {0};
    struct loans *loans = NULL;
    if (send_form_read(input, caller, NULL, &loans, &send, &error)) {
        expect_send(input, &send, caller);
        tg_send_finish(&send);
    } else {
        fuzz_refused(&error);
        FUZZ_HOLDS(error.field[0] != '\0');
    }
    FUZZ_HOLDS(!loans || (loans->n > 0 && loans->n <= TG_LOANS_MAX));
    loans_free(loans);
}

FUZZ_TARGET(send)
{
    read_as(input, &org);
    read_as(input, &anybody);
}
