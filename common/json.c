#include "common/json.h"

#include "common/limits.h"

#include <stdlib.h>
#include <string.h>

static const char *reason(enum json_tokener_error why, bool whole)
{
    if (why == json_tokener_continue)
        return "it ends too early";
    if (why == json_tokener_success)
        return whole ? "it is null" : "something follows the document";
    return json_tokener_error_desc(why);
}

struct json_object *tg_json_parse(const char *bytes, size_t length, struct tg_error *error)
{
    if (!tg_utf8_is_valid(bytes, length)) {
        tg_error_set(error, 400, "invalid_json", "body", "The body is not valid UTF-8");
        return NULL;
    }
    struct json_tokener *tokener = json_tokener_new_ex(TG_JSON_DEPTH_MAX);
    if (!tokener)
        abort();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    struct json_object *root = json_tokener_parse_ex(tokener, bytes, (int)length);
    enum json_tokener_error why = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    if (root && why == json_tokener_success && end == length)
        return root;
    json_object_put(root);
    tg_error_set(error, 400, "invalid_json", "body", "The body is not valid JSON (byte %zu): %s",
                 end, reason(why, end == length));
    return NULL;
}

void tg_json_write(struct json_object *value, struct tg_text *json)
{
    size_t length = 0;
    const char *text = json_object_to_json_string_length(
        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
    // An escape is a backslash and what follows: "\\u0000" is a backslash and five characters.
    const char *at = text;
    for (const char *escape = text; (escape = strchr(escape, '\\')); escape += 2) {
        if (strncmp(escape, "\\u0000", 6) != 0)
            continue;
        tg_text_append(json, at, (size_t)(escape - at));
        tg_text_append_string(json, "\xef\xbf\xbd");
        at = escape + 6;
    }
    tg_text_append(json, at, length - (size_t)(at - text));
}
