#include "ingress/accept/results.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/service.h"
#include "common/store/reads.h"
#include "common/streams/job.h"
#include "ingress/accept/send_answer.h"
#include "ingress/accept/waiter.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A result is awaited for at most so long at a time, so that deadlines are kept to about this.
enum { LISTEN_MS = 50, RESULT_MAX = 2048 };

// Between two looks at a message whose result nobody will send us. At the longest pause as many as
// may wait cost 2,000 reads a second.
enum { LOOK_MIN_MS = 250, LOOK_MAX_MS = 2000 };

struct results {
    const char *redis_url;
    int partitions;
    struct pool *pool;
    char name[TG_INGRESS_NAME_SIZE];
    pthread_t thread;
    atomic_bool closed;
    struct waiter_table *waiters;
};

// Lets it wait on until the next look at the database, the pauses growing. false: its time is up,
// or it cannot wait.
static bool wait_on(const struct results *results, struct waiter *waiter)
{
    long long now_ms = tg_now_ms();
    if (now_ms >= waiter->deadline_ms)
        return false;
    waiter->pause_ms = waiter->pause_ms == 0                ? LOOK_MIN_MS
                       : waiter->pause_ms < LOOK_MAX_MS / 2 ? 2 * waiter->pause_ms
                                                            : LOOK_MAX_MS;
    waiter->look_ms = now_ms + waiter->pause_ms;
    if (waiter->look_ms > waiter->deadline_ms)
        waiter->look_ms = waiter->deadline_ms;
    return waiter_table_add(results->waiters, waiter);
}

// May the message still leave, or be on its way?
static bool is_open(enum tg_status status)
{
    return status == TG_STATUS_SCHEDULED || status == TG_STATUS_HELD ||
           status == TG_STATUS_QUEUED || status == TG_STATUS_SENDING;
}

static void answer_or_wait_on(struct waiter *waiter, const struct tg_result *result)
{
    if (is_open(result->status) && wait_on(waiter->context, waiter))
        return;
    send_answer_result(waiter->request, &waiter->verdict, result);
    free(waiter);
}

// Asks the database: no result will come, or the time is up and it may have been lost with Redis.
static void look(struct tg_pg *pg, void *context)
{
    struct waiter *waiter = context;
    struct tg_result result;
    bool found = false;
    if (tg_store_get_result(pg, waiter->org_id, waiter->verdict.message_id, &found, &result) !=
            TG_PG_OK ||
        !found)
        result = (struct tg_result){.status = waiter->verdict.status};
    answer_or_wait_on(waiter, &result);
}

static void ask_database(const struct results *results, struct waiter *waiter)
{
    struct tg_result as_accepted = {.status = waiter->verdict.status};
    if (!pool_submit(results->pool, look, waiter))
        answer_or_wait_on(waiter, &as_accepted);
}

static void look_at_due(const struct results *results, long long now_ms)
{
    struct waiter *due = waiter_table_take_due(results->waiters, now_ms);
    while (due) {
        struct waiter *next = due->next;
        ask_database(results, due);
        due = next;
    }
}

static void hear(const struct results *results, const char *json)
{
    struct tg_result result;
    struct waiter *waiter = NULL;
    if (tg_result_read(json, strlen(json), &result))
        waiter = waiter_table_take(results->waiters, result.message_id);
    if (waiter && result.status != TG_STATUS_NONE)
        answer_or_wait_on(waiter, &result); // it may be tried again
    else if (waiter)
        ask_database(results, waiter); // settled by somebody else: the record tells
}

static void *run(void *argument)
{
    struct results *results = argument;
    struct tg_stream *stream =
        tg_stream_create(results->redis_url, results->partitions, tg_job_work);
    bool subscribed = false;
    char json[RESULT_MAX];
    long long next_look_ms = 0;
    while (!atomic_load(&results->closed)) {
        if (!subscribed)
            subscribed = tg_job_subscribe(stream, results->name);
        int got = subscribed ? tg_stream_listen(stream, json, sizeof json, LISTEN_MS) : 0;
        if (got > 0)
            hear(results, json);
        else if (got < 0)
            subscribed = false;
        else if (!subscribed)
            tg_sleep_ms(LISTEN_MS);
        // Not after each result: a look goes through all who wait.
        long long now_ms = tg_now_ms();
        if (now_ms >= next_look_ms) {
            look_at_due(results, now_ms);
            next_look_ms = now_ms + LISTEN_MS;
        }
    }
    tg_stream_destroy(stream);
    return NULL;
}

struct results *results_start(const char *redis_url, int partitions, struct pool *pool)
{
    struct results *results = calloc(1, sizeof *results);
    if (!results)
        abort();
    results->redis_url = redis_url;
    results->partitions = partitions;
    results->pool = pool;
    results->waiters = waiter_table_create();
    // The random half of a fresh id tells this ingress from every other.
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(tg_uuid7(), id);
    snprintf(results->name, sizeof results->name, "%s", id + strlen("00000000-0000-7000-"));
    results->thread = tg_service_thread("results", run, results);
    return results;
}

void results_close(struct results *results)
{
    waiter_table_close(results->waiters);
    atomic_store(&results->closed, true);
}

void results_stop(struct results *results)
{
    results_close(results);
    pthread_join(results->thread, NULL);
    look_at_due(results, LLONG_MAX);
}

void results_free(struct results *results)
{
    if (!results)
        return;
    waiter_table_free(results->waiters);
    free(results);
}

const char *results_name(const struct results *results)
{
    return results->name;
}

static struct waiter *create_waiter(struct results *results, struct request *request,
                                    struct tg_uuid org_id, const struct tg_verdict *verdict)
{
    struct waiter *waiter = calloc(1, sizeof *waiter);
    if (!waiter)
        abort();
    waiter->context = results;
    waiter->request = request;
    waiter->org_id = org_id;
    waiter->verdict = *verdict;
    return waiter;
}

bool results_await(struct results *results, struct request *request, struct tg_uuid org_id,
                   const struct tg_verdict *verdict, int wait_ms)
{
    struct waiter *waiter = create_waiter(results, request, org_id, verdict);
    waiter->deadline_ms = tg_now_ms() + wait_ms;
    waiter->look_ms = waiter->deadline_ms;
    // Only the job of what is queued now will carry our name.
    bool waits = verdict->status == TG_STATUS_QUEUED ? waiter_table_add(results->waiters, waiter)
                                                     : wait_on(results, waiter);
    if (!waits)
        free(waiter);
    return waits;
}

void results_tell(struct results *results, struct request *request, struct tg_uuid org_id,
                  const struct tg_verdict *verdict)
{
    ask_database(results, create_waiter(results, request, org_id, verdict));
}
