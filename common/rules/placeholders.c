#include "common/rules/placeholders.h"

#include "common/base/json.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct placeholder {
    size_t begin; // in its text
    size_t end;
    bool known;
    struct tg_span fallback; // what stands for a name that is missing
};

static bool is_word(char c)
{
    return c == '_' || isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static size_t skip_blanks(struct tg_span text, size_t at)
{
    while (at < text.length && strchr(" \t\r\n\v\f", text.data[at]) && text.data[at] != '\0')
        at++;
    return at;
}

// Behind a |, up to the closing brace.
static size_t skip_fallback(struct tg_span text, size_t at)
{
    while (at < text.length && text.data[at] != '{' && text.data[at] != '}')
        at++;
    return at;
}

// Is there one at this brace?
static bool read_placeholder(struct tg_span text, size_t begin, struct placeholder *found)
{
    bool twice = begin + 1 < text.length && text.data[begin + 1] == '{';
    size_t word = begin + 1 + twice;
    size_t at = skip_blanks(text, word);
    if (at == text.length || !is_word(text.data[at]))
        return false;
    while (at < text.length && (is_word(text.data[at]) || strchr(". -", text.data[at])) &&
           text.data[at] != '\0')
        at++;
    struct tg_span name = {text.data + word, at - word};
    *found = (struct placeholder){.begin = begin};
    bool has_fallback = at < text.length && text.data[at] == '|';
    if (has_fallback) {
        size_t end = skip_fallback(text, at + 1);
        found->fallback = (struct tg_span){text.data + at + 1, end - at - 1};
        at = end;
    }
    if (at + twice >= text.length || text.data[at] != '}' || text.data[at + twice] != '}')
        return false;
    found->end = at + 1 + twice;
    found->known =
        !twice && tg_span_equals(name, "name") && has_fallback == (found->fallback.length > 0);
    return true;
}

static bool find_placeholder(struct tg_span text, struct placeholder *found)
{
    for (size_t at = 0; at < text.length; at++) {
        if (text.data[at] == '{' && read_placeholder(text, at, found))
            return true;
    }
    return false;
}

static struct tg_span rest(struct tg_span text, size_t from)
{
    return (struct tg_span){text.data + from, text.length - from};
}

static bool check_string(struct json_object *string, struct tg_error *error)
{
    struct tg_span left = tg_json_span(string);
    struct placeholder found;
    for (; find_placeholder(left, &found); left = rest(left, found.end)) {
        if (!found.known)
            return tg_error_set(error, "invalid_rule", "reply", "%.*s stands for nothing",
                                (int)(found.end - found.begin), left.data + found.begin);
    }
    return true;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets it be, TG_JSON_DEPTH_MAX
bool tg_placeholders_check(struct json_object *reply, struct tg_error *error)
{
    bool good = true;
    if (json_object_is_type(reply, json_type_string))
        return check_string(reply, error);
    if (json_object_is_type(reply, json_type_array)) {
        for (size_t i = 0; good && i < json_object_array_length(reply); i++)
            good = tg_placeholders_check(json_object_array_get_idx(reply, i), error);
    } else if (json_object_is_type(reply, json_type_object)) {
        json_object_object_foreach(reply, key, member)
        {
            (void)key;
            good = good && tg_placeholders_check(member, error);
        }
    }
    return good;
}

// Takes a comma off the end of what stands before a name that is missing, and blanks.
static void close_hole(struct tg_text *filled)
{
    static const char *const commas[] = {",", "\xd8\x8c", "\xe3\x80\x81", "\xef\xbc\x8c"};
    while (filled->length > 0 && strchr(" \t", filled->data[filled->length - 1]))
        filled->length--;
    for (size_t i = 0; i < sizeof commas / sizeof *commas; i++) {
        size_t length = strlen(commas[i]);
        if (filled->length >= length &&
            memcmp(filled->data + filled->length - length, commas[i], length) == 0) {
            filled->length -= length;
            return;
        }
    }
}

// What follows a name that is missing where a text begins: no comma and no blank.
static struct tg_span begin_without(struct tg_span text)
{
    size_t at = 0;
    while (at < text.length && strchr(" \t,", text.data[at]) && text.data[at] != '\0')
        at++;
    return rest(text, at);
}

static void append_encoded(struct tg_text *link, struct tg_span text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x80 && (isalnum(c) || strchr("-._~", c)))
            tg_text_append(link, &text.data[i], 1);
        else
            tg_text_append_format(link, "%%%02X", c);
    }
}

static bool has_blank(struct tg_span text)
{
    return memchr(text.data, ' ', text.length) || memchr(text.data, '\n', text.length);
}

// A text that is nothing but a link, whatever its placeholders will be.
static bool is_link(struct tg_span text)
{
    if (!(text.length > 7 && strncasecmp(text.data, "http://", 7) == 0) &&
        !(text.length > 8 && strncasecmp(text.data, "https://", 8) == 0))
        return false;
    struct placeholder found;
    for (; find_placeholder(text, &found); text = rest(text, found.end)) {
        if (has_blank((struct tg_span){text.data, found.begin}))
            return false;
    }
    return !has_blank(text);
}

static void fill_string(struct json_object *string, const struct tg_text *name)
{
    TG_TEXT_AUTO filled = {0};
    struct tg_span left = tg_json_span(string);
    bool link = is_link(left);
    struct placeholder found;
    while (find_placeholder(left, &found)) {
        tg_text_append(&filled, left.data, found.known ? found.begin : found.end);
        struct tg_span value =
            name->length > 0 ? (struct tg_span){name->data, name->length} : found.fallback;
        left = rest(left, found.end);
        if (!found.known)
            continue;
        if (link)
            append_encoded(&filled, value);
        else if (value.length > 0)
            tg_text_append(&filled, value.data, value.length);
        else if (filled.length > 0)
            close_hole(&filled);
        else
            left = begin_without(left);
    }
    tg_text_append(&filled, left.data, left.length);
    json_object_set_string_len(string, tg_text_string(&filled), (int)filled.length);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets it be, TG_JSON_DEPTH_MAX
void tg_placeholders_fill(struct json_object *reply, const struct tg_text *name)
{
    if (json_object_is_type(reply, json_type_string)) {
        fill_string(reply, name);
    } else if (json_object_is_type(reply, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(reply); i++)
            tg_placeholders_fill(json_object_array_get_idx(reply, i), name);
    } else if (json_object_is_type(reply, json_type_object)) {
        json_object_object_foreach(reply, key, member)
        {
            (void)key;
            tg_placeholders_fill(member, name);
        }
    }
}
