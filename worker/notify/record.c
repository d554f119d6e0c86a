#include "worker/notify/record.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/service/stop_point.h"
#include "worker/notify/telling.h"
#include "worker/pg_wait.h"

#include <string.h>

enum {
    // For more to come along.
    GATHER_MS = 4,
    IDLE_MS = 1000,
};

struct record {
    const struct worker *worker;
    struct tg_queue *from;
    struct rooms *rooms;
    struct bell *bell;
    pthread_t thread;
    struct tg_pg *pg; // the thread's own
};

static void tell(const struct tg_delivery_result *result)
{
    tg_count(TG_DELIVERIES, result->outcome, 1);
    if (strcmp(result->outcome, "delivered") != 0)
        tg_log_rarely(TG_LOG_INFO, "delivery_failed", TG_LOG_ID("org_id", result->org_id),
                      TG_LOG_ID("endpoint_id", result->endpoint_id),
                      TG_LOG_TEXT("outcome", result->outcome));
}

// False: stop is ordered, and they are left.
static bool record_deliveries(struct record *record, const struct tg_delivery_result **results,
                              size_t n)
{
    struct tg_batch batch = tg_batch_of(n, n > 0 ? n : 1);
    while (tg_batch_next(&batch)) {
        long long began_ms = tg_now_ms();
        enum tg_pg_status status =
            tg_store_settle_deliveries(record->pg, results + batch.first, batch.size);
        tg_observe(TG_DELIVERIES_SETTLE_SECONDS, (double)(tg_now_ms() - began_ms) / 1e3);
        for (size_t i = 0; status == TG_PG_OK && i < batch.size; i++)
            tell(results[batch.first + i]);
        if (status == TG_PG_REFUSED && !tg_batch_halve(&batch))
            tg_log(TG_LOG_ERROR, "delivery_not_recorded",
                   TG_LOG_ID("org_id", results[batch.first]->org_id));
        else if (status != TG_PG_REFUSED && !pg_wait_goes_on(status, &batch, record->worker->stop))
            return false;
    }
    return true;
}

static void record_questions(struct record *record, struct telling *const *tellings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct telling *telling = tellings[i];
        const struct tg_verify_terms terms = {.verify_id = telling->verify_id};
        // Where PostgreSQL is away it is asked again when its lease ends.
        if (telling->asks)
            (void)!tg_store_settle_verifications(record->pg, &terms, &telling->verified, 1);
    }
}

static void record_all(struct record *record, struct telling *const *tellings, size_t n)
{
    const struct tg_delivery_result *results[TG_BATCH_MAX];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!tellings[i]->asks && tellings[i]->result.outcome)
            results[count++] = &tellings[i]->result;
    }
    TG_STOP_POINT("before_deliveries_settled");
    (void)record_deliveries(record, results, count);
    record_questions(record, tellings, n);
    size_t places = 0;
    for (size_t i = 0; i < n; i++) {
        places += tellings[i]->places;
        telling_free(tellings[i]);
    }
    rooms_leave(record->rooms, places);
    bell_ring(record->bell);
}

static void *run(void *argument)
{
    struct record *record = argument;
    record->pg =
        tg_pg_create(record->worker->settings->postgres_url, "tollgate-worker notify-record");
    while (!tg_queue_drained(record->from)) {
        struct telling *tellings[TG_BATCH_MAX];
        size_t n = tg_queue_pop(record->from, (void **)tellings, TG_BATCH_MAX, IDLE_MS);
        if (n > 0 && n < TG_BATCH_MAX && !stop_wait(record->worker->stop, GATHER_MS))
            n += tg_queue_pop(record->from, (void **)tellings + n, TG_BATCH_MAX - n, 0);
        if (n > 0)
            record_all(record, tellings, n);
    }
    tg_pg_destroy(record->pg);
    return NULL;
}

struct record *record_start(const struct worker *worker, struct tg_queue *from, struct rooms *rooms,
                            struct bell *bell)
{
    struct record *record = tg_alloc(sizeof *record);
    record->worker = worker;
    record->from = from;
    record->rooms = rooms;
    record->bell = bell;
    record->thread = tg_service_thread("notify-record", run, record);
    return record;
}

void record_stop(struct record *record)
{
    pthread_join(record->thread, NULL);
}

void record_free(struct record *record)
{
    free(record);
}
