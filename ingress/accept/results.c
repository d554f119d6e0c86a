#include "ingress/accept/results.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/store/reads.h"
#include "ingress/http/answer.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A result is awaited for at most so long at a time, so that deadlines are kept to about this.
enum { LISTEN_MS = 50, BUCKETS = 1024, RESULT_MAX = 2048 };

// Between two looks at a message whose result nobody will send us. At the longest pause as many as
// may wait cost 2,000 reads a second.
enum { LOOK_MIN_MS = 250, LOOK_MAX_MS = 2000 };

struct waiter {
    struct waiter *next; // in its bucket, or in a list of those that are due
    struct waiters *waiters;
    struct request *request;
    struct tg_uuid org_id;
    struct tg_verdict verdict; // its answer unless there is more to say
    long long deadline_ms;
    long long look_ms; // when the database is asked, at the latest at the deadline
    int pause_ms;      // before that look
};

struct waiters {
    const struct tg_settings *settings;
    struct query_pool *queries;
    char name[TG_WAITER_SIZE];
    pthread_t thread;
    atomic_bool stopping; // set under the lock, so that nobody is added after the last look
    pthread_mutex_t lock;
    struct waiter *buckets[BUCKETS];
    size_t count;
};

static void answer_sent(const struct waiter *waiter, const struct tg_result *result, const char *id)
{
    struct tg_text json = {0};
    tg_text_append_format(&json, "{\"success\":true,\"message_id\":\"%s\",\"wamid\":", id);
    tg_result_write_wamid(result, &json);
    tg_text_append_format(&json, ",\"status\":\"%s\"}", tg_status_names[result->status]);
    answer_json(waiter->request, 200, &json);
}

static void answer_failed(const struct waiter *waiter, const struct tg_result *result,
                          const char *id)
{
    struct tg_text json = {0};
    tg_text_append_format(
        &json, "{\"message_id\":\"%s\",\"status\":\"failed\",\"refunded\":%s,\"error\":", id,
        result->refunded ? "true" : "false");
    tg_result_write_error(result, &json);
    tg_text_append_string(&json, "}");
    answer_error_detail(
        waiter->request, "send_failed",
        result->refunded ? "Message failed to send (refunded)" : "Message failed to send", &json);
}

static void answer_open(const struct waiter *waiter, const struct tg_result *result, const char *id)
{
    struct tg_text json = {0};
    tg_text_append_format(&json, "{\"message_id\":\"%s\",\"status\":\"%s\",\"balance\":\"%s\"}", id,
                          tg_status_names[result->status], waiter->verdict.balance);
    answer_json(waiter->request, 202, &json);
}

static void answer_with(const struct waiter *waiter, const struct tg_result *result)
{
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(waiter->verdict.message_id, id);
    switch (result->status) {
    case TG_STATUS_SENT:
    case TG_STATUS_DELIVERED:
    case TG_STATUS_READ:
        answer_sent(waiter, result, id);
        break;
    case TG_STATUS_FAILED:
        answer_failed(waiter, result, id);
        break;
    default:
        answer_open(waiter, result, id);
    }
}

// May the message still leave, or be on its way?
static bool is_open(enum tg_status status)
{
    return status == TG_STATUS_SCHEDULED || status == TG_STATUS_HELD ||
           status == TG_STATUS_QUEUED || status == TG_STATUS_SENDING;
}

// false: too many wait, or stopped.
static bool insert(struct waiter *waiter)
{
    struct waiters *waiters = waiter->waiters;
    pthread_mutex_lock(&waiters->lock);
    bool room = !atomic_load(&waiters->stopping) && waiters->count < TG_WAITERS_MAX;
    if (room) {
        struct waiter **bucket =
            &waiters->buckets[tg_uuid_hash(waiter->verdict.message_id) % BUCKETS];
        waiter->next = *bucket;
        *bucket = waiter;
        waiters->count++;
        tg_gauge_add(TG_WAITERS, 1);
    }
    pthread_mutex_unlock(&waiters->lock);
    return room;
}

// Lets it wait on until the next look at the database, the pauses growing. false: its time is up,
// or it cannot wait.
static bool wait_on(struct waiter *waiter)
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
    return insert(waiter);
}

static void answer_or_wait_on(struct waiter *waiter, const struct tg_result *result)
{
    if (is_open(result->status) && wait_on(waiter))
        return;
    answer_with(waiter, result);
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

static void ask_database(struct waiter *waiter)
{
    struct tg_result as_accepted = {.status = waiter->verdict.status};
    if (!query_submit(waiter->waiters->queries, look, waiter))
        answer_or_wait_on(waiter, &as_accepted);
}

static struct waiter *take(struct waiters *waiters, struct tg_uuid message_id)
{
    struct waiter *found = NULL;
    pthread_mutex_lock(&waiters->lock);
    struct waiter **link = &waiters->buckets[tg_uuid_hash(message_id) % BUCKETS];
    while (*link && !tg_uuid_equal((*link)->verdict.message_id, message_id))
        link = &(*link)->next;
    if (*link) {
        found = *link;
        *link = found->next;
        waiters->count--;
        tg_gauge_add(TG_WAITERS, -1);
    }
    pthread_mutex_unlock(&waiters->lock);
    return found;
}

// Takes out everyone who is to be looked at by `now_ms`, as a list.
static struct waiter *take_due(struct waiters *waiters, long long now_ms)
{
    struct waiter *due = NULL;
    pthread_mutex_lock(&waiters->lock);
    for (int i = 0; waiters->count > 0 && i < BUCKETS; i++) {
        struct waiter **link = &waiters->buckets[i];
        while (*link) {
            struct waiter *waiter = *link;
            if (waiter->look_ms > now_ms) {
                link = &waiter->next;
                continue;
            }
            *link = waiter->next;
            waiter->next = due;
            due = waiter;
            waiters->count--;
            tg_gauge_add(TG_WAITERS, -1);
        }
    }
    pthread_mutex_unlock(&waiters->lock);
    return due;
}

static void look_at_due(struct waiters *waiters, long long now_ms)
{
    struct waiter *due = take_due(waiters, now_ms);
    while (due) {
        struct waiter *next = due->next;
        ask_database(due);
        due = next;
    }
}

static void take_result(struct waiters *waiters, const char *json)
{
    struct tg_result result;
    struct waiter *waiter = NULL;
    if (tg_result_read(json, strlen(json), &result))
        waiter = take(waiters, result.message_id);
    if (waiter && result.status != TG_STATUS_NONE)
        answer_or_wait_on(waiter, &result); // it may be tried again
    else if (waiter)
        ask_database(waiter); // settled by somebody else: the record tells
}

static void *run(void *argument)
{
    struct waiters *waiters = argument;
    struct tg_stream *stream = tg_stream_create(waiters->settings->redis_url,
                                                (int)waiters->settings->partitions, tg_job_work);
    bool subscribed = false;
    char result[RESULT_MAX];
    long long next_look_ms = 0;
    while (!atomic_load(&waiters->stopping)) {
        if (!subscribed)
            subscribed = tg_job_subscribe(stream, waiters->name);
        int got = subscribed ? tg_stream_listen(stream, result, sizeof result, LISTEN_MS) : 0;
        if (got > 0)
            take_result(waiters, result);
        else if (got < 0)
            subscribed = false;
        else if (!subscribed)
            tg_sleep_ms(LISTEN_MS);
        // Not after each result: a look goes through all who wait.
        long long now_ms = tg_now_ms();
        if (now_ms >= next_look_ms) {
            look_at_due(waiters, now_ms);
            next_look_ms = now_ms + LISTEN_MS;
        }
    }
    tg_stream_destroy(stream);
    return NULL;
}

struct waiters *waiters_start(const struct tg_settings *settings, struct query_pool *queries)
{
    struct waiters *waiters = calloc(1, sizeof *waiters);
    if (!waiters)
        abort();
    waiters->settings = settings;
    waiters->queries = queries;
    // The random half of a fresh id tells this ingress from every other.
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(tg_uuid7(), id);
    snprintf(waiters->name, sizeof waiters->name, "%s", id + strlen("00000000-0000-7000-"));
    pthread_mutex_init(&waiters->lock, NULL);
    waiters->thread = tg_service_thread("results", run, waiters);
    return waiters;
}

void waiters_close(struct waiters *waiters)
{
    pthread_mutex_lock(&waiters->lock);
    atomic_store(&waiters->stopping, true);
    pthread_mutex_unlock(&waiters->lock);
}

void waiters_stop(struct waiters *waiters)
{
    pthread_join(waiters->thread, NULL);
    look_at_due(waiters, LLONG_MAX);
}

void waiters_free(struct waiters *waiters)
{
    pthread_mutex_destroy(&waiters->lock);
    free(waiters);
}

const char *waiters_name(const struct waiters *waiters)
{
    return waiters->name;
}

static struct waiter *create_waiter(struct waiters *waiters, struct request *request,
                                    struct tg_uuid org_id, const struct tg_verdict *verdict)
{
    struct waiter *waiter = calloc(1, sizeof *waiter);
    if (!waiter)
        abort();
    waiter->waiters = waiters;
    waiter->request = request;
    waiter->org_id = org_id;
    waiter->verdict = *verdict;
    return waiter;
}

bool waiters_add(struct waiters *waiters, struct request *request, struct tg_uuid org_id,
                 const struct tg_verdict *verdict, int wait_ms)
{
    struct waiter *waiter = create_waiter(waiters, request, org_id, verdict);
    waiter->deadline_ms = tg_now_ms() + wait_ms;
    waiter->look_ms = waiter->deadline_ms;
    // Only the job of what is queued now will carry our name.
    bool waits = verdict->status == TG_STATUS_QUEUED ? insert(waiter) : wait_on(waiter);
    if (!waits)
        free(waiter);
    return waits;
}

void waiters_answer(struct waiters *waiters, struct request *request, struct tg_uuid org_id,
                    const struct tg_verdict *verdict)
{
    ask_database(create_waiter(waiters, request, org_id, verdict));
}
