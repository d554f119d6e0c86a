#include "ingress/meta/recent.h"

#include "common/base/memory.h"
#include "common/limits.h"

#include <string.h>

struct place {
    long long until_ms;
    unsigned char mac[TG_SHA256_SIZE];
};

struct recent {
    bool any;
    struct place place[TG_WEBHOOKS_REMEMBERED];
};

struct recent *recent_create(void)
{
    return tg_alloc(sizeof(struct recent));
}

void recent_destroy(struct recent *recent)
{
    free(recent);
}

// A signature is as good as random.
static size_t place_of(const unsigned char *mac)
{
    return (((size_t)mac[0] << 16) | ((size_t)mac[1] << 8) | mac[2]) % TG_WEBHOOKS_REMEMBERED;
}

bool recent_has(const struct recent *recent, const unsigned char mac[static TG_SHA256_SIZE],
                long long now_ms)
{
    const struct place *place = &recent->place[place_of(mac)];
    return now_ms < place->until_ms && memcmp(place->mac, mac, TG_SHA256_SIZE) == 0;
}

void recent_add(struct recent *recent, const unsigned char mac[static TG_SHA256_SIZE],
                long long now_ms)
{
    struct place *place = &recent->place[place_of(mac)];
    memcpy(place->mac, mac, TG_SHA256_SIZE);
    recent->any = true;
    place->until_ms = now_ms + TG_WEBHOOK_REMEMBERED_MS;
}

void recent_clear(struct recent *recent)
{
    if (recent->any)
        memset(recent, 0, sizeof *recent);
}
