#include "common/words/result.h"

#include "common/base/json.h"

#include <stdio.h>
#include <string.h>

static void append_text(struct tg_text *json, const char *text)
{
    if (text[0] != '\0')
        tg_text_append_json(json, text, strlen(text));
    else
        tg_text_append_string(json, "null");
}

void tg_result_write_wamid(const struct tg_result *result, struct tg_text *json)
{
    append_text(json, result->wamid);
}

void tg_result_write_error(const struct tg_result *result, struct tg_text *json)
{
    if (result->error_code[0] == '\0') {
        tg_text_append_string(json, "null");
        return;
    }
    tg_text_append_string(json, "{\"code\":");
    append_text(json, result->error_code);
    tg_text_append_string(json, ",\"message\":");
    append_text(json, result->error_message);
    tg_text_append_string(json, "}");
}

void tg_result_write(const struct tg_result *result, struct tg_text *json)
{
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(result->message_id, id);
    tg_text_append_format(json, "{\"message_id\":\"%s\"", id);
    if (result->status != TG_STATUS_NONE) {
        tg_text_append_format(json,
                              ",\"status\":\"%s\",\"wamid\":", tg_status_names[result->status]);
        tg_result_write_wamid(result, json);
        tg_text_append_format(json,
                              ",\"refunded\":%s,\"error\":", result->refunded ? "true" : "false");
        tg_result_write_error(result, json);
    }
    tg_text_append_string(json, "}");
}

static void read_text(struct json_object *object, const char *name, char *to, size_t size)
{
    const char *text = tg_json_string_member(object, name);
    snprintf(to, size, "%s", text ? text : "");
}

bool tg_result_read(const char *json, size_t length, struct tg_result *result)
{
    struct tg_error not_json;
    struct json_object *root = tg_json_parse(json, length, &not_json);
    const char *id = tg_json_string_member(root, "message_id");
    const char *status = tg_json_string_member(root, "status");
    struct json_object *error = tg_json_member(root, "error", json_type_object);
    *result = (struct tg_result){.status = tg_status_of(status ? status : "")};
    bool good = id && tg_uuid_parse(id, strlen(id), &result->message_id);
    result->refunded = json_object_get_boolean(tg_json_member(root, "refunded", json_type_boolean));
    read_text(root, "wamid", result->wamid, sizeof result->wamid);
    read_text(error, "code", result->error_code, sizeof result->error_code);
    read_text(error, "message", result->error_message, sizeof result->error_message);
    json_object_put(root);
    return good;
}
