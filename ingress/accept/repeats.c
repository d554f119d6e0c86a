#include "ingress/accept/repeats.h"

#include "common/base/memory.h"
#include "common/base/shares.h"
#include "common/limits.h"
#include "common/service/metrics.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

enum { BUCKETS = 1024 };

// A send whose answer nobody has read, or of which nobody knows whether it was accepted.
struct memory {
    unsigned char hash[TG_SHA256_SIZE];
    enum repeat_kind kind;
    struct repeat_of of;
    long long until_ms;
    int place;            // of its org among what is remembered
    struct memory *next;  // in its bucket
    struct memory *later; // the next to be forgotten
};

struct repeats {
    repeats_ask *has_left;
    pthread_mutex_t lock;
    struct repeat_asker *in_hand[BUCKETS];
    struct memory *remembered[BUCKETS];
    struct memory *oldest; // all that is remembered, in the order in which it is forgotten
    struct memory **newest;
    struct tg_shares *places;
};

struct repeats *repeats_create(repeats_ask *has_left)
{
    struct repeats *repeats = tg_alloc(sizeof *repeats);
    repeats->has_left = has_left;
    pthread_mutex_init(&repeats->lock, NULL);
    repeats->newest = &repeats->oldest;
    repeats->places = tg_shares_create(TG_REPEATS_REMEMBERED, TG_REPEATS_REMEMBERED);
    return repeats;
}

// All below are called under the lock, but for those of the header.
static size_t bucket_of(const unsigned char *hash)
{
    return (((size_t)hash[0] << 8) | hash[1]) % BUCKETS;
}

static void forget_oldest(struct repeats *repeats)
{
    struct memory *memory = repeats->oldest;
    struct memory **link = &repeats->remembered[bucket_of(memory->hash)];
    while (*link && *link != memory)
        link = &(*link)->next;
    if (*link)
        *link = memory->next;
    repeats->oldest = memory->later;
    if (!repeats->oldest)
        repeats->newest = &repeats->oldest;
    tg_shares_give(repeats->places, memory->place, 1);
    free(memory);
}

static void forget_old(struct repeats *repeats, long long now_ms)
{
    while (repeats->oldest && repeats->oldest->until_ms <= now_ms)
        forget_oldest(repeats);
}

void repeats_free(struct repeats *repeats)
{
    if (!repeats)
        return;
    while (repeats->oldest)
        forget_oldest(repeats);
    tg_shares_destroy(repeats->places);
    pthread_mutex_destroy(&repeats->lock);
    free(repeats);
}

// An org that has its share of what is remembered has no more remembered.
static void remember(struct repeats *repeats, const struct repeat_asker *asker,
                     enum repeat_kind kind, const struct repeat_of *of, long long now_ms)
{
    int place = tg_shares_take(repeats->places, asker->org_id, 1);
    if (place < 0)
        return;
    struct memory *memory = tg_alloc(sizeof *memory);
    struct memory **bucket = &repeats->remembered[bucket_of(asker->hash)];
    *memory = (struct memory){.kind = kind,
                              .of = *of,
                              .until_ms = now_ms + TG_REPEAT_REMEMBERED_MS,
                              .place = place,
                              .next = *bucket};
    memcpy(memory->hash, asker->hash, sizeof memory->hash);
    *bucket = memory;
    *repeats->newest = memory;
    repeats->newest = &memory->later;
}

// Takes what is remembered of such a send out of its bucket: it counts for one repeat alone. (Its
// place goes with its time.)
static enum repeat_kind recall(struct repeats *repeats, const struct repeat_asker *asker,
                               struct repeat_of *of)
{
    struct memory **link = &repeats->remembered[bucket_of(asker->hash)];
    while (*link && !tg_same_digest((*link)->hash, asker->hash))
        link = &(*link)->next;
    struct memory *memory = *link;
    if (!memory)
        return REPEAT_NONE;
    *link = memory->next;
    *of = memory->of;
    return memory->kind;
}

// The one that has come last is who waits now.
static bool has_left(const struct repeats *repeats, const struct repeat_asker *asker)
{
    const struct repeat_asker *last = asker->followers ? asker->followers : asker;
    return repeats->has_left(last->request);
}

// Who sends the same, and is there no more. (Requests whose clients have both gone may come to us
// the later one first; whichever it is, nobody waits for its answer.)
static struct repeat_asker *find_abandoned(struct repeats *repeats,
                                           const struct repeat_asker *asker)
{
    struct repeat_asker *found = repeats->in_hand[bucket_of(asker->hash)];
    while (found && !(tg_same_digest(found->hash, asker->hash) &&
                      (has_left(repeats, found) || repeats->has_left(asker->request))))
        found = found->next;
    return found;
}

static void list(struct repeats *repeats, struct repeat_asker *asker)
{
    struct repeat_asker **bucket = &repeats->in_hand[bucket_of(asker->hash)];
    asker->is_listed = true;
    asker->next = *bucket;
    *bucket = asker;
}

static enum repeat_kind enter(struct repeats *repeats, struct repeat_asker *asker,
                              struct repeat_of *of, long long now_ms)
{
    struct repeat_asker *first = find_abandoned(repeats, asker);
    if (first) {
        asker->next = first->followers;
        first->followers = asker;
        return REPEAT_JOINED;
    }
    forget_old(repeats, now_ms);
    list(repeats, asker);
    return recall(repeats, asker, of);
}

enum repeat_kind repeats_enter(struct repeats *repeats, struct repeat_asker *asker,
                               struct repeat_of *of, long long now_ms)
{
    static const char *const names[] = {
        [REPEAT_JOINED] = "joined", [REPEAT_TOLD] = "told", [REPEAT_UNKNOWN] = "unknown"};
    pthread_mutex_lock(&repeats->lock);
    enum repeat_kind kind = enter(repeats, asker, of, now_ms);
    pthread_mutex_unlock(&repeats->lock);
    if (kind != REPEAT_NONE)
        tg_count(TG_REPEATS, names[kind], 1);
    return kind;
}

bool repeats_has_left(struct repeats *repeats, const struct repeat_asker *asker)
{
    pthread_mutex_lock(&repeats->lock);
    bool left = has_left(repeats, asker);
    pthread_mutex_unlock(&repeats->lock);
    return left;
}

static void unlist(struct repeats *repeats, struct repeat_asker *asker)
{
    struct repeat_asker **link = &repeats->in_hand[bucket_of(asker->hash)];
    while (*link != asker)
        link = &(*link)->next;
    *link = asker->next;
}

struct repeat_asker *repeats_leave(struct repeats *repeats, struct repeat_asker *asker,
                                   enum repeat_kind kind, const struct repeat_of *of,
                                   long long now_ms)
{
    assert((kind == REPEAT_NONE) == (of == NULL));
    if (!asker->is_listed) {
        asker->next = NULL;
        return asker;
    }
    pthread_mutex_lock(&repeats->lock);
    unlist(repeats, asker);
    if (kind == REPEAT_UNKNOWN || (kind == REPEAT_TOLD && has_left(repeats, asker)))
        remember(repeats, asker, kind, of, now_ms);
    asker->next = asker->followers;
    pthread_mutex_unlock(&repeats->lock);
    return asker;
}
