#include "common/base/json.h"
#include "common/cloud/message.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

// What was taken and written is taken again, as the same kind of message.
static void expect_taken_again(struct json_object *message, const char *type)
{
    struct tg_error error;
    struct tg_cloud_message checked;
    struct tg_uuid id = tg_uuid7();
    TG_TEXT_AUTO payload = {0};
    char name[TG_UUID_TEXT_SIZE];
    tg_cloud_message_write(message, id, &payload);
    struct json_object *again = tg_json_parse(payload.data, payload.length, &error);
    FUZZ_HOLDS(again != NULL);
    tg_uuid_format(id, name);
    const char *ours = tg_json_string_member(again, "biz_opaque_callback_data");
    FUZZ_HOLDS(ours && strcmp(ours, name) == 0);
    FUZZ_HOLDS(tg_cloud_message_check(again, &checked, &error));
    FUZZ_HOLDS(strcmp(checked.type, type) == 0);
    json_object_put(again);
}

FUZZ_TARGET(cloud_message)
{
    struct tg_error error = {0};
    struct tg_cloud_message checked;
    struct json_object *message = tg_json_parse(input->data, input->length, &error);
    // NULs are refused before.
    if (!message || !tg_json_check_nul(message, &error)) {
        json_object_put(message);
        return;
    }
    if (tg_cloud_message_check(message, &checked, &error)) {
        FUZZ_HOLDS(checked.type && checked.type[0]);
        FUZZ_HOLDS(!(checked.to && checked.recipient));
        FUZZ_HOLDS(!checked.to || json_object_is_type(checked.to, json_type_string));
        // Whom it goes to is read before: tg_cloud_message_write wants that.
        if (checked.to)
            json_object_object_add(message, "to", json_object_new_string("919876543210"));
        expect_taken_again(message, checked.type);
    } else {
        fuzz_refused(&error);
        FUZZ_HOLDS(strcmp(error.code, "invalid_message") == 0);
    }
    json_object_put(message);
}
