#include "worker/notify/rooms.h"

#include "common/base/memory.h"

#include <assert.h>
#include <pthread.h>

enum {
    AT_FIRST = 8,
    AT_MOST = 64,
    // Of one that answers, but slowly.
    SLOW = 2,
    BUCKETS = 1024,
};

// What takes longer is slow.
#define QUICK_S 1.0

struct known {
    struct known *next; // in its bucket
    struct tg_uuid endpoint_id;
    int64_t under_way;
    int64_t most;
};

struct rooms {
    pthread_mutex_t lock;
    size_t places;
    size_t taken;
    struct known *buckets[BUCKETS];
    size_t known_count;
};

struct rooms *rooms_create(size_t places)
{
    struct rooms *rooms = tg_alloc(sizeof *rooms);
    rooms->places = places;
    pthread_mutex_init(&rooms->lock, NULL);
    return rooms;
}

void rooms_destroy(struct rooms *rooms)
{
    if (!rooms)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct known *next;
        for (struct known *known = rooms->buckets[i]; known; known = next) {
            next = known->next;
            free(known);
        }
    }
    pthread_mutex_destroy(&rooms->lock);
    free(rooms);
}

int64_t rooms_of_unknown(void)
{
    return AT_FIRST;
}

size_t rooms_free(struct rooms *rooms)
{
    pthread_mutex_lock(&rooms->lock);
    size_t free_now = rooms->places - rooms->taken;
    pthread_mutex_unlock(&rooms->lock);
    return free_now;
}

size_t rooms_list(struct rooms *rooms, struct tg_endpoint_room list[static TG_NOTIFY_ENDPOINTS_MAX])
{
    size_t n = 0;
    pthread_mutex_lock(&rooms->lock);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct known *known = rooms->buckets[i]; known; known = known->next)
            list[n++] = (struct tg_endpoint_room){
                known->endpoint_id,
                known->most > known->under_way ? known->most - known->under_way : 0};
    }
    pthread_mutex_unlock(&rooms->lock);
    return n;
}

static struct known **find(struct rooms *rooms, struct tg_uuid endpoint_id)
{
    struct known **link = &rooms->buckets[tg_uuid_hash(endpoint_id) % BUCKETS];
    while (*link && !tg_uuid_equal((*link)->endpoint_id, endpoint_id))
        link = &(*link)->next;
    return link;
}

// Of those that have nothing under way any more the first that comes; under way are no more than
// there are places.
static void forget_one(struct rooms *rooms)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct known **link = &rooms->buckets[i]; *link; link = &(*link)->next) {
            struct known *known = *link;
            if (known->under_way > 0)
                continue;
            *link = known->next;
            free(known);
            rooms->known_count--;
            return;
        }
    }
}

static struct known *know(struct rooms *rooms, struct tg_uuid endpoint_id)
{
    struct known **link = find(rooms, endpoint_id);
    struct known *known = *link;
    if (known)
        return known;
    if (rooms->known_count == TG_NOTIFY_ENDPOINTS_MAX) {
        forget_one(rooms);
        link = find(rooms, endpoint_id);
    }
    *link = known = tg_alloc(sizeof *known);
    known->endpoint_id = endpoint_id;
    known->most = AT_FIRST;
    rooms->known_count++;
    return known;
}

void rooms_take(struct rooms *rooms, struct tg_uuid endpoint_id, size_t places)
{
    pthread_mutex_lock(&rooms->lock);
    know(rooms, endpoint_id)->under_way++;
    rooms->taken += places;
    assert(rooms->taken <= rooms->places);
    pthread_mutex_unlock(&rooms->lock);
}

static int64_t room_after(int64_t most, bool came, double seconds)
{
    if (!came)
        return most > 1 ? most / 2 : 1;
    if (seconds >= QUICK_S)
        return most > SLOW ? most - 1 : SLOW;
    return most < AT_MOST ? most + 1 : AT_MOST;
}

void rooms_end(struct rooms *rooms, struct tg_uuid endpoint_id, bool came, double seconds)
{
    pthread_mutex_lock(&rooms->lock);
    struct known *known = *find(rooms, endpoint_id);
    assert(known && known->under_way > 0);
    known->under_way--;
    known->most = room_after(known->most, came, seconds);
    pthread_mutex_unlock(&rooms->lock);
}

void rooms_leave(struct rooms *rooms, size_t places)
{
    pthread_mutex_lock(&rooms->lock);
    assert(rooms->taken >= places);
    rooms->taken -= places;
    pthread_mutex_unlock(&rooms->lock);
}
