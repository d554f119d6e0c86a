#include "ingress/relay/media.h"

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/limits.h"

#include <stdio.h>
#include <string.h>

// Of Meta's five minutes: so that one is not found dead by who was just told that it lives.
enum { LIVES_MS = 240 * 1000 };

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
    struct tg_media_place place;
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
    tg_media_place_finish(&kept->place);
    *kept = (struct kept){0};
}

void media_places_destroy(struct media_places *places)
{
    for (size_t i = 0; places && i < TG_MEDIA_PLACES; i++)
        drop(&places->of[i]);
    free(places);
}

// One whose place was taken is only asked for anew.
static struct kept *place_of(struct media_places *places, const struct media_name *name)
{
    return &places->of[tg_hash(name, sizeof *name) % TG_MEDIA_PLACES];
}

void media_places_keep(struct media_places *places, const struct media_name *name,
                       struct tg_media_place *place)
{
    struct kept *kept = place_of(places, name);
    drop(kept);
    *kept = (struct kept){*name, *place, tg_now_ms() + LIVES_MS};
    *place = (struct tg_media_place){0};
}

const struct tg_media_place *media_places_find(struct media_places *places,
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
