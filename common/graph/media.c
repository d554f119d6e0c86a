#include "common/graph/media.h"

#include "common/base/digits.h"
#include "common/base/json.h"
#include "common/limits.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

// What an answer has beside the address, in full: it is parsed, which takes hundreds of times this.
enum { ROOM_BESIDE = 2048 };

// "https://HOST/...", of characters that leave no doubt where the host ends.
static struct tg_span host_of(const char *url)
{
    static const char scheme[] = "https://";
    if (strncmp(url, scheme, strlen(scheme)) != 0)
        return (struct tg_span){0};
    const char *host = url + strlen(scheme);
    size_t length =
        strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    return host[length] == '/' ? (struct tg_span){host, length} : (struct tg_span){0};
}

static bool is_named(struct tg_span host, const char *hosts)
{
    for (const char *name = hosts; *name;) {
        size_t length = strcspn(name, ",");
        if (length > 0 && length == host.length && strncasecmp(name, host.data, length) == 0)
            return true;
        name += length + (name[length] == ',');
    }
    return false;
}

bool tg_media_is_at_meta(const char *url, const char *hosts, const char *graph)
{
    for (const char *c = url; *c; c++) {
        if (*c <= ' ' || *c > '~' || *c == '\\')
            return false;
    }
    size_t length = strlen(graph);
    if (strncmp(url, graph, length) == 0 && url[length] == '/')
        return true;
    struct tg_span host = host_of(url);
    return host.length > 0 && is_named(host, hosts);
}

void tg_media_place_finish(struct tg_media_place *place)
{
    tg_text_finish(&place->url);
    *place = (struct tg_media_place){0};
}

// A number, which Meta writes as a text, too.
static int64_t number_of(struct json_object *value)
{
    int64_t number = 0;
    bool written =
        json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_string);
    if (!written || !tg_decimal_read(json_object_get_string(value), INT64_MAX, &number))
        return 0;
    return number;
}

static bool is_sha256(const char *text)
{
    unsigned char bytes[32];
    return strlen(text) == 2 * sizeof bytes && tg_hex_read(text, bytes, sizeof bytes);
}

// "type/subtype", perhaps with parameters.
static bool is_mime_type(const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&^_"
        ".+-/;= \"";
    return strchr(text, '/') && text[strspn(text, plain)] == '\0';
}

bool tg_media_read(struct tg_span json, struct tg_media_place *place)
{
    struct tg_error error;
    *place = (struct tg_media_place){0};
    if (json.length > TG_MEDIA_URL_MAX + ROOM_BESIDE)
        return false;
    struct json_object *answer = tg_json_parse(json.data, json.length, &error);
    const char *url = tg_json_string_member(answer, "url");
    const char *sha256 = tg_json_string_member(answer, "sha256");
    if (url && *url && strlen(url) <= TG_MEDIA_URL_MAX)
        tg_text_append_string(&place->url, url);
    if (sha256 && is_sha256(sha256))
        snprintf(place->sha256, sizeof place->sha256, "%s", sha256);
    const char *type = tg_json_string_member(answer, "mime_type");
    if (type && strlen(type) < sizeof place->mime_type && is_mime_type(type))
        snprintf(place->mime_type, sizeof place->mime_type, "%s", type);
    place->file_size = number_of(json_object_object_get(answer, "file_size"));
    json_object_put(answer);
    return place->url.length > 0;
}
