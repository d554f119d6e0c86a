#include "common/base/json.h"
#include "ingress/accept/cloud_form.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

// Whom Meta is told to send it to is whom it was accepted for, and nothing of Graph's own is left.
static void expect_payload(const struct tg_send *send)
{
    struct tg_error error;
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(send->message_id, id);
    struct json_object *payload = tg_json_parse(send->payload.data, send->payload.length, &error);
    FUZZ_HOLDS(payload != NULL);
    const char *ours = tg_json_string_member(payload, "biz_opaque_callback_data");
    const char *to = tg_json_string_member(payload, "to");
    const char *recipient = tg_json_string_member(payload, "recipient");
    FUZZ_HOLDS(ours && strcmp(ours, id) == 0);
    FUZZ_HOLDS(!to == !send->phone[0] && (!to || strcmp(to + 1, send->phone) == 0));
    FUZZ_HOLDS(to || !recipient == !send->user_id[0]);
    FUZZ_HOLDS(to || recipient || strcmp(send->type, "receipt") == 0);
    FUZZ_HOLDS(!json_object_object_get(payload, "access_token"));
    json_object_put(payload);
}

static void fill(struct json_object *message)
{
    struct tg_error error = {0};
    struct tg_uuid id;
    struct tg_send send = {.phone_number_id = "1"};
    struct json_object *named;
    for (int i = 0; (named = cloud_form_named(message, &id)); i++) {
        FUZZ_HOLDS(i < 3);
        cloud_form_name(named, "wamid.1");
    }
    if (cloud_form_fill(message, NULL, &send, &error)) {
        expect_payload(&send);
        tg_send_finish(&send);
    } else {
        fuzz_refused(&error);
    }
}

// The first line is the Content-Type.
FUZZ_TARGET(cloud_send)
{
    struct tg_error error = {0};
    size_t at = 0;
    TG_TEXT_AUTO line = fuzz_text(fuzz_line(input, &at));
    TG_TEXT_AUTO body = fuzz_text(fuzz_rest(input, at));
    struct json_object *message =
        cloud_form_read(line.length > 0 ? line.data : NULL, &body, &error);
    if (message) {
        (void)cloud_form_recipient(message);
        fill(message);
        json_object_put(message);
    } else {
        fuzz_refused(&error);
    }
}
