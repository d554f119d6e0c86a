#include "common/graph/trouble.h"

#include "common/base/json.h"
#include "common/base/utf8.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    // Meta's tokens have some 200 letters, a proof has 64; no word is as long.
    WORD_MAX = 40,
    CODE_PARAMETER = 100,
    SUBCODE_NOT_THERE = 33,
};

struct json_object *tg_graph_short_text(struct json_object *value, size_t max)
{
    struct tg_span span = tg_json_span(value);
    TG_TEXT_AUTO text = {0};
    if (span.length == 0)
        return NULL;
    size_t length = span.length > max ? tg_utf8_whole(span.data, max) : span.length;
    for (size_t i = 0; i < length;) {
        unsigned character;
        size_t bytes = tg_utf8_character(span.data + i, length - i);
        if (tg_utf8_is_control(span.data + i, length - i, &character))
            tg_text_append_string(&text, " ");
        else
            tg_text_append(&text, span.data + i, bytes);
        i += bytes;
    }
    return json_object_new_string_len(tg_text_string(&text), (int)text.length);
}

// Meta's words may quote the token that they are about ("Malformed access token EAA...").
static void hide_long_words(char *text)
{
    char *to = text;
    for (const char *from = text; *from;) {
        size_t length = 0;
        while (isalnum((unsigned char)from[length]) ||
               (from[length] && strchr("_-.|:=+/%~", from[length])))
            length++;
        if (length > WORD_MAX) {
            memcpy(to, "...", 3);
            to += 3;
        } else {
            length += length == 0;
            memmove(to, from, length);
            to += length;
            from += length;
            continue;
        }
        from += length;
    }
    *to = '\0';
}

void tg_graph_set_trouble(struct tg_graph_trouble *trouble, const char *code, const char *message)
{
    snprintf(trouble->code, sizeof trouble->code, "%s", code);
    size_t length = strlen(message);
    if (length >= sizeof trouble->message)
        length = tg_utf8_whole(message, sizeof trouble->message - 1);
    memcpy(trouble->message, message, length);
    trouble->message[length] = '\0';
}

// {"error": {"message", "code", "error_subcode", ...}}
static bool read_error(struct json_object *root, struct tg_graph_trouble *trouble)
{
    struct json_object *error = tg_json_member(root, "error", json_type_object);
    struct json_object *code = tg_json_member(error, "code", json_type_int);
    struct json_object *subcode = tg_json_member(error, "error_subcode", json_type_int);
    if (!code)
        return false;
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, json_object_get_int64(code));
    // (What is cut could end within a token, and is long enough to be seen as one.)
    struct json_object *words = tg_graph_short_text(
        tg_json_member(error, "message", json_type_string), 4 * sizeof trouble->message);
    TG_TEXT_AUTO message = {0};
    tg_text_append_string(&message, words ? json_object_get_string(words) : "Meta says no more");
    hide_long_words(message.data);
    tg_graph_set_trouble(trouble, text, message.data);
    trouble->is_field_unknown = json_object_get_int64(code) == CODE_PARAMETER &&
                                json_object_get_int64(subcode) != SUBCODE_NOT_THERE;
    json_object_put(words);
    return true;
}

bool tg_graph_read_trouble(struct json_object *root, int status, struct tg_graph_trouble *trouble)
{
    if (read_error(root, trouble))
        return true;
    if (status >= 200 && status <= 299)
        return false;
    char code[24];
    snprintf(code, sizeof code, "http:%d", status);
    tg_graph_set_trouble(trouble, code,
                         "Meta, or what is on the way to it, has not answered as Meta does");
    return true;
}
