#include "common/words/result.h"

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
