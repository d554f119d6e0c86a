#include "ingress/who/rates.h"

#include "common/base/memory.h"
#include "common/limits.h"

#include <pthread.h>

// A party is looked for in one row of so many.
enum { WAYS = 8, ROWS = TG_RATES_REMEMBERED / WAYS };

struct bucket {
    struct tg_uuid party;
    int64_t full_us; // when it is full again; 0: it is nobody's
};

struct table {
    const _Atomic int64_t *per_second;
    pthread_mutex_t lock;
    struct bucket bucket[ROWS][WAYS];
};

struct rates {
    struct table table[RATES];
};

struct rates *rates_create(const _Atomic int64_t *const per_second[RATES])
{
    struct rates *rates = tg_alloc(sizeof *rates);
    for (size_t i = 0; i < RATES; i++) {
        rates->table[i].per_second = per_second[i];
        pthread_mutex_init(&rates->table[i].lock, NULL);
    }
    return rates;
}

void rates_free(struct rates *rates)
{
    if (!rates)
        return;
    for (size_t i = 0; i < RATES; i++)
        pthread_mutex_destroy(&rates->table[i].lock);
    free(rates);
}

static struct bucket *bucket_of(struct table *table, struct tg_uuid party)
{
    struct bucket *row = table->bucket[tg_uuid_hash(party) % ROWS];
    struct bucket *oldest = row;
    for (struct bucket *bucket = row; bucket < row + WAYS; bucket++) {
        if (bucket->full_us > 0 && tg_uuid_equal(bucket->party, party))
            return bucket;
        if (bucket->full_us < oldest->full_us)
            oldest = bucket;
    }
    *oldest = (struct bucket){.party = party};
    return oldest;
}

// What one call takes, in the time that it needs to come again.
static unsigned ask(struct table *table, struct tg_uuid party, long long now_ms, bool takes)
{
    int64_t per_second = *table->per_second;
    if (per_second == 0)
        return 0;
    int64_t call_us = 1000000 / per_second;
    int64_t now_us = now_ms * 1000;
    pthread_mutex_lock(&table->lock);
    struct bucket *bucket = bucket_of(table, party);
    int64_t from_us = bucket->full_us > now_us ? bucket->full_us : now_us;
    int64_t late_us = from_us + call_us - now_us - TG_RATE_BURST_S * INT64_C(1000000);
    if (takes && late_us <= 0)
        bucket->full_us = from_us + call_us;
    pthread_mutex_unlock(&table->lock);
    return late_us <= 0 ? 0 : (unsigned)((late_us + 999999) / 1000000);
}

unsigned rates_take(struct rates *rates, enum rate rate, struct tg_uuid party, long long now_ms)
{
    return ask(&rates->table[rate], party, now_ms, true);
}

unsigned rates_wait(struct rates *rates, enum rate rate, struct tg_uuid party, long long now_ms)
{
    return ask(&rates->table[rate], party, now_ms, false);
}
