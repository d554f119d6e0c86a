#include "common/base/shares.h"

#include "common/base/memory.h"

#include <assert.h>
#include <pthread.h>

// Links are a place and 1; 0 ends a list.
struct share {
    struct tg_uuid party;
    size_t taken;
    int next; // in its bucket, or among the free ones
};

struct tg_shares {
    pthread_mutex_t lock;
    size_t capacity;
    size_t taken;
    size_t parties_max;
    size_t fresh; // places from here on were never used
    int free;
    int *buckets; // as many as places
    struct share share[];
};

struct tg_shares *tg_shares_create(size_t capacity, size_t parties_max)
{
    assert(parties_max >= 1);
    struct tg_shares *shares = tg_alloc(sizeof *shares + parties_max * sizeof shares->share[0]);
    pthread_mutex_init(&shares->lock, NULL);
    shares->capacity = capacity;
    shares->parties_max = parties_max;
    shares->buckets = tg_alloc(parties_max * sizeof *shares->buckets);
    return shares;
}

void tg_shares_destroy(struct tg_shares *shares)
{
    if (!shares)
        return;
    assert(shares->taken == 0);
    pthread_mutex_destroy(&shares->lock);
    free(shares->buckets);
    free(shares);
}

static int *bucket_of(const struct tg_shares *shares, struct tg_uuid party)
{
    return &shares->buckets[tg_uuid_hash(party) % shares->parties_max];
}

// Gives the party a place. 0: there is none.
static int add(struct tg_shares *shares, int *bucket, struct tg_uuid party)
{
    int link = shares->free;
    if (link > 0)
        shares->free = shares->share[link - 1].next;
    else if (shares->fresh < shares->parties_max)
        link = (int)++shares->fresh;
    else
        return 0;
    shares->share[link - 1] = (struct share){.party = party, .next = *bucket};
    *bucket = link;
    return link;
}

// Its link in the bucket; 0: it has nothing.
static int find(const struct tg_shares *shares, const int *bucket, struct tg_uuid party)
{
    int link = *bucket;
    while (link > 0 && !tg_uuid_equal(shares->share[link - 1].party, party))
        link = shares->share[link - 1].next;
    return link;
}

int tg_shares_find(struct tg_shares *shares, struct tg_uuid party)
{
    pthread_mutex_lock(&shares->lock);
    int place = find(shares, bucket_of(shares, party), party) - 1;
    pthread_mutex_unlock(&shares->lock);
    return place;
}

static int take(struct tg_shares *shares, struct tg_uuid party, size_t n)
{
    int *bucket = bucket_of(shares, party);
    int link = find(shares, bucket, party);
    size_t own = link > 0 ? shares->share[link - 1].taken : 0;
    size_t left = shares->capacity - shares->taken;
    if (n > left || own > left - n)
        return own > 0 ? TG_SHARE_USED : TG_SHARES_GONE;
    if (link == 0)
        link = add(shares, bucket, party);
    if (link == 0)
        return TG_SHARES_GONE;
    shares->share[link - 1].taken += n;
    shares->taken += n;
    return link - 1;
}

int tg_shares_take(struct tg_shares *shares, struct tg_uuid party, size_t n)
{
    pthread_mutex_lock(&shares->lock);
    int place = take(shares, party, n);
    pthread_mutex_unlock(&shares->lock);
    return place;
}

static void give(struct tg_shares *shares, int place, size_t n)
{
    struct share *share = &shares->share[place];
    assert(share->taken >= n);
    share->taken -= n;
    shares->taken -= n;
    if (share->taken > 0)
        return;
    int *link = bucket_of(shares, share->party);
    while (*link != place + 1)
        link = &shares->share[*link - 1].next;
    *link = share->next;
    share->next = shares->free;
    shares->free = place + 1;
}

void tg_shares_give(struct tg_shares *shares, int place, size_t n)
{
    pthread_mutex_lock(&shares->lock);
    give(shares, place, n);
    pthread_mutex_unlock(&shares->lock);
}

size_t tg_shares_taken(struct tg_shares *shares)
{
    pthread_mutex_lock(&shares->lock);
    size_t taken = shares->taken;
    pthread_mutex_unlock(&shares->lock);
    return taken;
}
