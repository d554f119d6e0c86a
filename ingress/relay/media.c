#include "ingress/relay/media.h"

#include "common/base/clock.h"
#include "common/base/digits.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/limits.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

// Of Meta's five minutes: so that one is not found dead by who was just told that it lives.
enum { LIVES_MS = 240 * 1000 };

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

bool media_is_at_meta(const char *url, const char *hosts, const char *graph)
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

void media_place_finish(struct media_place *place)
{
    tg_text_finish(&place->url);
    *place = (struct media_place){0};
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

bool media_read(struct tg_span json, struct media_place *place)
{
    struct tg_error error;
    *place = (struct media_place){0};
    if (json.length > TG_MEDIA_URL_MAX + ROOM_BESIDE)
        return false;
    struct json_object *answer = tg_json_parse(json.data, json.length, &error);
    const char *url = tg_json_string_member(answer, "url");
    const char *sha256 = tg_json_string_member(answer, "sha256");
    if (url && *url && strlen(url) <= TG_MEDIA_URL_MAX)
        tg_text_append_string(&place->url, url);
    if (sha256 && is_sha256(sha256))
        snprintf(place->sha256, sizeof place->sha256, "%s", sha256);
    place->file_size = number_of(json_object_object_get(answer, "file_size"));
    json_object_put(answer);
    return place->url.length > 0;
}

void media_rename(struct tg_span json, const char *url, struct tg_text *out)
{
    struct tg_error error;
    struct json_object *answer = tg_json_parse(json.data, json.length, &error);
    json_object_object_add(answer, "url", json_object_new_string(url));
    tg_json_write(answer, out);
    json_object_put(answer);
}

struct kept {
    struct media_name name;
    struct media_place place;
    long long until_ms; // 0: nothing is here
};

// Direct-mapped: of two that fall on one place the newer stays.
struct media_places {
    struct kept of[TG_MEDIA_PLACES];
};

struct media_places *media_places_create(void)
{
    return tg_alloc(sizeof(struct media_places));
}

static void drop(struct kept *kept)
{
    media_place_finish(&kept->place);
    *kept = (struct kept){0};
}

void media_places_destroy(struct media_places *places)
{
    for (size_t i = 0; places && i < TG_MEDIA_PLACES; i++)
        drop(&places->of[i]);
    free(places);
}

// FNV-1a. One whose place was taken is only asked for anew.
static struct kept *place_of(struct media_places *places, const struct media_name *name)
{
    const unsigned char *bytes = (const unsigned char *)name;
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < sizeof *name; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return &places->of[hash % TG_MEDIA_PLACES];
}

void media_places_keep(struct media_places *places, const struct media_name *name,
                       struct media_place *place)
{
    struct kept *kept = place_of(places, name);
    drop(kept);
    *kept = (struct kept){*name, *place, tg_now_ms() + LIVES_MS};
    *place = (struct media_place){0};
}

const struct media_place *media_places_find(struct media_places *places,
                                            const struct media_name *name)
{
    const struct kept *kept = place_of(places, name);
    bool known = tg_now_ms() < kept->until_ms && memcmp(&kept->name, name, sizeof *name) == 0;
    return known ? &kept->place : NULL;
}

void media_places_forget(struct media_places *places, const struct media_name *name)
{
    struct kept *kept = place_of(places, name);
    if (memcmp(&kept->name, name, sizeof *name) == 0)
        drop(kept);
}
