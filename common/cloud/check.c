#include "common/cloud/check.h"

#include "common/base/json.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// The longest stand-in that Meta publishes has 37 bytes.
enum { STAND_IN_MAX = 64 };

struct tg_part tg_part_member(const struct tg_part *of, const char *key)
{
    struct tg_part member = {.parent = of, .key = key, .error = of->error};
    if (json_object_is_type(of->value, json_type_object))
        member.value = json_object_object_get(of->value, key);
    return member;
}

struct tg_part tg_part_element(const struct tg_part *array, size_t index)
{
    return (struct tg_part){.value = json_object_array_get_idx(array->value, index),
                            .parent = array,
                            .index = index,
                            .error = array->error};
}

bool tg_part_equals(const struct tg_part *part, const char *string)
{
    return tg_span_equals(tg_json_span(part->value), string);
}

// The examples that Meta publishes have <TEMPLATE_NAME> or http(s)://image-url where the user's own
// value belongs. People paste them to try things out, and they must not be refused for their form:
// some are longer than the limit of the very field, none is a link. They are single short words, so
// that nothing which somebody means to send slips past its limit here.
static bool is_stand_in(const char *bytes, size_t length)
{
    static const char link[] = "http(s)://";
    if (length < 3 || length > STAND_IN_MAX || memchr(bytes, ' ', length))
        return false;
    return (bytes[0] == '<' && bytes[length - 1] == '>') ||
           (length > sizeof link - 1 && memcmp(bytes, link, sizeof link - 1) == 0);
}

bool tg_part_is_stand_in(const struct tg_part *part)
{
    struct tg_span span = tg_json_span(part->value);
    return span.data && is_stand_in(span.data, span.length);
}

static void write_path(const struct tg_part *part, char *path, size_t size)
{
    const struct tg_part *chain[TG_PART_DEPTH_MAX];
    size_t depth = 0;
    for (; part->parent; part = part->parent) {
        assert(depth < TG_PART_DEPTH_MAX);
        chain[depth++] = part;
    }
    path[0] = '\0';
    for (size_t used = 0; depth > 0 && used < size; used = strlen(path)) {
        const struct tg_part *step = chain[--depth];
        if (step->key)
            snprintf(path + used, size - used, "%s%s", used > 0 ? "." : "", step->key);
        else
            snprintf(path + used, size - used, "[%zu]", step->index);
    }
}

bool tg_part_refuse(const struct tg_part *part, const char *format, ...)
{
    char path[sizeof part->error->field];
    write_path(part, path, sizeof path);
    char reason[sizeof part->error->message];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return tg_error_set(part->error, "invalid_message", path, "%s %s",
                        path[0] ? path : "the message", reason);
}

bool tg_check_object(const struct tg_part *part)
{
    if (json_object_is_type(part->value, json_type_object))
        return true;
    return tg_part_refuse(part, part->value ? "must be an object" : "is missing");
}

bool tg_check_array(const struct tg_part *part, size_t max)
{
    if (!json_object_is_type(part->value, json_type_array))
        return tg_part_refuse(part, part->value ? "must be an array" : "is missing");
    size_t length = json_object_array_length(part->value);
    if (length == 0)
        return tg_part_refuse(part, "must not be empty");
    if (length > max)
        return tg_part_refuse(part, "must have at most %zu elements", max);
    return true;
}

// Code points of UTF-8: every byte but the continuation bytes. The JSON parser has checked the
// coding.
static size_t count_characters(const char *bytes, size_t length)
{
    size_t characters = 0;
    for (size_t i = 0; i < length; i++)
        characters += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return characters;
}

bool tg_check_text(const struct tg_part *part, size_t min, size_t max)
{
    struct tg_span text = tg_json_span(part->value);
    if (!text.data)
        return tg_part_refuse(part, part->value ? "must be a string" : "is missing");
    if (text.length < min)
        return tg_part_refuse(part, "must not be empty");
    // There are never more characters than bytes, so most texts need no counting.
    if (text.length <= max || is_stand_in(text.data, text.length) ||
        count_characters(text.data, text.length) <= max)
        return true;
    return tg_part_refuse(part, "must have at most %zu characters", max);
}

bool tg_check_member(const struct tg_part *of, const char *key, size_t min, size_t max)
{
    struct tg_part member = tg_part_member(of, key);
    return tg_check_text(&member, min, max);
}

bool tg_check_optional(const struct tg_part *of, const char *key, size_t max)
{
    return !tg_part_member(of, key).value || tg_check_member(of, key, 0, max);
}

bool tg_check_equals(const struct tg_part *of, const char *key, const char *string)
{
    struct tg_part member = tg_part_member(of, key);
    if (!member.value)
        return tg_part_refuse(&member, "is missing");
    return tg_part_equals(&member, string) || tg_part_refuse(&member, "must be \"%s\"", string);
}

// Whether a URL's authority, [user@]host[:port], names a host.
static bool has_host(const char *authority, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)authority[i] <= ' ')
            return false;
    const char *user_end = memrchr(authority, '@', length);
    const char *host = user_end ? user_end + 1 : authority;
    return host < authority + length && *host != ':';
}

static bool check_link(const struct tg_part *link)
{
    if (!tg_check_text(link, 1, TG_CHARACTERS_ANY))
        return false;
    if (tg_part_is_stand_in(link))
        return true;
    static const char *const schemes[] = {"https://", "http://"};
    const char *url = json_object_get_string(link->value);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i]);
        if (strncasecmp(url, schemes[i], length) == 0 &&
            has_host(url + length, strcspn(url + length, "/?#")))
            return true;
    }
    return tg_part_refuse(link, "must be an http:// or https:// link with a host");
}

bool tg_check_media_source(const struct tg_part *media)
{
    if (!tg_check_object(media))
        return false;
    struct tg_part link = tg_part_member(media, "link");
    if (!link.value == !tg_part_member(media, "id").value)
        return tg_part_refuse(media, "must have exactly one of link and id");
    return link.value ? check_link(&link) : tg_check_member(media, "id", 1, TG_CHARACTERS_ANY);
}
