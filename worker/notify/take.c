#include "worker/notify/take.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/service/stop_point.h"
#include "worker/notify/telling.h"
#include "worker/pg_wait.h"

#include <stdlib.h>
#include <string.h>

enum {
    // While events come, and else: nobody need tell us of any.
    LOOK_SOON_MS = 20,
    LOOK_MS = 100,
    // So often is looked for what is due, and who is to be asked.
    DUE_MS = 500,
    // With more to claim, and room given back: a moment for more of it.
    GATHER_MS = 5,
    EVENTS_MAX = 500,
    QUESTIONS_MAX = 8,
};

struct take {
    struct take_means means;
    pthread_t thread;
    // The thread's own.
    struct tg_pg *pg;
    struct tg_endpoint_room rooms[TG_NOTIFY_ENDPOINTS_MAX];
    struct tg_claimed_delivery claimed[TG_NOTIFY_CLAIMS_MAX + 1];
    struct tg_uuid after; // of claims
    bool left;            // some can be claimed
    int wait_ms;
    long long due_ms; // by tg_now_ms: when it is looked for
};

static void push(struct take *take, struct telling *telling)
{
    rooms_take(take->means.rooms, telling_endpoint(telling), telling->places);
    if (!tg_queue_push(take->means.to, telling))
        abort(); // it has as much room as there are places, and is closed after us
}

// What names no org is no delivery. Returns how many places they take.
static size_t push_claimed(struct take *take, size_t n)
{
    size_t places = 0;
    if (n > 0 && *take->claimed[0].format != '\0')
        TG_STOP_POINT("deliveries_claimed");
    for (size_t i = 0; i < n; i++) {
        bool is_one = *take->claimed[i].format != '\0';
        struct telling *telling = telling_of_delivery(&take->claimed[i]);
        if (is_one) {
            places += telling->places;
            push(take, telling);
        } else {
            telling_free(telling);
        }
    }
    if (places > 0)
        tg_http_wake(take->means.http);
    return places;
}

static struct tg_delivery_terms terms_of(const struct take *take)
{
    size_t places = rooms_free(take->means.rooms);
    int64_t most = (int64_t)(places < TG_NOTIFY_CLAIMS_MAX ? places : TG_NOTIFY_CLAIMS_MAX);
    return (struct tg_delivery_terms){.limit = most,
                                      .most = most,
                                      .lease_s = TG_NOTIFY_LEASE_S,
                                      .room = rooms_of_unknown(),
                                      .after = take->after};
}

// Returns whether there were events.
static bool fan_out(struct take *take)
{
    struct tg_delivery_terms terms = terms_of(take);
    size_t n = 0;
    size_t known = rooms_list(take->means.rooms, take->rooms);
    terms.limit = EVENTS_MAX;
    if (tg_store_fan_out_events(take->pg, &terms, take->rooms, known, take->claimed, &n) !=
            TG_PG_OK ||
        n == 0)
        return false;
    take->left |= strcmp(take->claimed[n - 1].name, "left") == 0;
    push_claimed(take, n);
    return true;
}

static void claim(struct take *take)
{
    const struct tg_delivery_terms terms = terms_of(take);
    size_t n = 0;
    if (terms.limit == 0)
        return;
    size_t known = rooms_list(take->means.rooms, take->rooms);
    if (tg_store_claim_deliveries(take->pg, &terms, take->rooms, known, take->claimed, &n) !=
        TG_PG_OK)
        return;
    // In turns: the next one begins with the endpoints behind the last that got any.
    const struct tg_uuid last = n > 0 ? take->claimed[n - 1].endpoint_id : (struct tg_uuid){{0}};
    bool from_the_first = tg_uuid_equal(terms.after, (struct tg_uuid){{0}});
    bool full = push_claimed(take, n) == (size_t)terms.limit;
    take->after = full ? last : (struct tg_uuid){{0}};
    take->left = n > 0 || !from_the_first;
}

static void ask(struct take *take)
{
    const struct tg_verify_terms terms = {
        .verify_id = tg_uuid7(), .limit = QUESTIONS_MAX, .lease_s = TG_NOTIFY_LEASE_S};
    struct tg_claimed_verification claimed[QUESTIONS_MAX];
    size_t n = 0;
    if (rooms_free(take->means.rooms) < QUESTIONS_MAX ||
        tg_store_claim_verifications(take->pg, &terms, claimed, &n) != TG_PG_OK)
        return;
    for (size_t i = 0; i < n; i++)
        push(take, telling_of_question(&claimed[i], terms.verify_id));
    if (n > 0)
        tg_http_wake(take->means.http);
}

static void look(struct take *take)
{
    bool there_were = fan_out(take);
    if (take->left || tg_now_ms() >= take->due_ms) {
        claim(take);
        if (tg_now_ms() >= take->due_ms) {
            ask(take);
            take->due_ms = tg_now_ms() + DUE_MS;
        }
    }
    if (there_were)
        take->wait_ms = LOOK_SOON_MS;
    else if (take->wait_ms < LOOK_MS)
        take->wait_ms = take->wait_ms * 3 / 2;
}

static void *run(void *argument)
{
    struct take *take = argument;
    struct stop *stop = take->means.worker->stop;
    take->pg = tg_pg_create(take->means.worker->settings->postgres_url, "tollgate-worker notify");
    take->wait_ms = LOOK_SOON_MS;
    if (pg_wait_for_schema(take->pg, stop)) {
        while (!stop_ordered(stop)) {
            look(take);
            if (bell_wait(take->means.bell, take->wait_ms)) {
                take->wait_ms = LOOK_SOON_MS;
                if (take->left)
                    stop_wait(stop, GATHER_MS);
            }
        }
    }
    tg_pg_destroy(take->pg);
    return NULL;
}

struct take *take_start(const struct take_means *means)
{
    struct take *take = tg_alloc(sizeof *take);
    take->means = *means;
    take->thread = tg_service_thread("notify-take", run, take);
    return take;
}

void take_stop(struct take *take)
{
    pthread_join(take->thread, NULL);
}

void take_free(struct take *take)
{
    free(take);
}
