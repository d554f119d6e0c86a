#include "ingress/who/homes.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/store/failure.h"
#include "common/store/reads.h"

#include <pthread.h>

struct home {
    struct tg_uuid org_id;
    const struct tg_country *country;
    long long expires_ms; // 0: empty
};

struct homes {
    pthread_mutex_t lock;
    struct home cache[TG_HOME_CACHE_ENTRIES]; // direct-mapped by the org
};

struct homes *homes_create(void)
{
    struct homes *homes = tg_alloc(sizeof *homes);
    pthread_mutex_init(&homes->lock, NULL);
    return homes;
}

void homes_free(struct homes *homes)
{
    if (!homes)
        return;
    pthread_mutex_destroy(&homes->lock);
    free(homes);
}

bool homes_find(struct homes *homes, struct tg_uuid org_id, const struct tg_country **country)
{
    *country = NULL;
    if (!homes)
        return true;
    long long now_ms = tg_now_ms();
    struct home *home = &homes->cache[tg_uuid_hash(org_id) % TG_HOME_CACHE_ENTRIES];
    pthread_mutex_lock(&homes->lock);
    bool is_there = home->expires_ms > 0 && tg_uuid_equal(home->org_id, org_id);
    bool is_fresh = is_there && home->expires_ms > now_ms;
    if (is_there)
        *country = home->country;
    if (is_there && !is_fresh)
        home->expires_ms = now_ms + TG_HOME_ASKED_MS;
    pthread_mutex_unlock(&homes->lock);
    return is_fresh;
}

static void put(struct homes *homes, const struct home *home)
{
    pthread_mutex_lock(&homes->lock);
    homes->cache[tg_uuid_hash(home->org_id) % TG_HOME_CACHE_ENTRIES] = *home;
    pthread_mutex_unlock(&homes->lock);
}

bool homes_look_up(struct homes *homes, struct tg_pg *pg, struct tg_uuid org_id,
                   struct tg_error *error)
{
    struct tg_region region;
    bool found;
    enum tg_pg_status status = tg_store_get_default_country(pg, org_id, &found, &region);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, error);
    put(homes, &(const struct home){.org_id = org_id,
                                    .country = found ? tg_country_find(region.code) : NULL,
                                    .expires_ms = tg_now_ms() + TG_HOME_CACHE_TTL_MS});
    return true;
}
