#include "ingress/accept/results.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/shares.h"
#include "common/limits.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/streams/job.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

// A notice is awaited for at most so long at a time, so that deadlines are kept to about this.
enum { LISTEN_MS = 50 };

// Between two looks at a message of which nobody will give us notice. At the longest pause as many
// as may wait cost 2,000 reads a second.
enum { LOOK_MIN_MS = 250, LOOK_MAX_MS = 2000 };

// How often is looked for clients that have left: as many as may wait cost a millisecond.
enum { LEFT_LOOK_MS = 1000 };

enum { BUCKETS = 1024 };

// Who waits for the result of a message.
struct waiter {
    struct waiter *next; // in its bucket, or in a list of those that are due
    struct results *results;
    struct sender sender;
    struct tg_uuid org_id;
    struct tg_verdict verdict; // its answer unless there is more to say
    long long deadline_ms;
    long long look_ms; // when the database is asked, at the latest at the deadline
    int pause_ms;      // before that look
    int place;         // of its org, while it waits
};

struct results {
    struct tg_stream *stream; // the thread's own
    struct pool *pool;
    char name[TG_INGRESS_NAME_SIZE];
    pthread_t thread;
    atomic_bool closed; // set under the lock
    pthread_mutex_t lock;
    struct tg_shares *places;        // of those who wait, by org
    struct waiter *buckets[BUCKETS]; // by message; in nobody else's hands while they are here
};

static struct waiter **bucket_of(struct results *results, struct tg_uuid message_id)
{
    return &results->buckets[tg_uuid_hash(message_id) % BUCKETS];
}

// false: its org has its share of TG_WAITERS_MAX, or nobody may wait any more.
static bool add(struct results *results, struct waiter *waiter)
{
    pthread_mutex_lock(&results->lock);
    waiter->place =
        results->closed ? TG_SHARES_GONE : tg_shares_take(results->places, waiter->org_id, 1);
    bool room = waiter->place >= 0;
    if (room) {
        struct waiter **bucket = bucket_of(results, waiter->verdict.message_id);
        waiter->next = *bucket;
        *bucket = waiter;
        tg_gauge_add(TG_WAITERS, 1);
    }
    pthread_mutex_unlock(&results->lock);
    return room;
}

// Under the lock.
static struct waiter *take_out(struct results *results, struct waiter **link)
{
    struct waiter *waiter = *link;
    *link = waiter->next;
    tg_shares_give(results->places, waiter->place, 1);
    tg_gauge_add(TG_WAITERS, -1);
    return waiter;
}

// Takes out who waits for that message; NULL: nobody does.
static struct waiter *take(struct results *results, struct tg_uuid message_id)
{
    pthread_mutex_lock(&results->lock);
    struct waiter **link = bucket_of(results, message_id);
    while (*link && !tg_uuid_equal((*link)->verdict.message_id, message_id))
        link = &(*link)->next;
    struct waiter *found = *link ? take_out(results, link) : NULL;
    pthread_mutex_unlock(&results->lock);
    return found;
}

typedef bool takes(const struct waiter *waiter, long long now_ms);

static bool is_due(const struct waiter *waiter, long long now_ms)
{
    return waiter->look_ms <= now_ms;
}

static bool has_left(const struct waiter *waiter, long long now_ms)
{
    (void)now_ms;
    return waiter->sender.words->has_left(waiter->sender.request);
}

// Takes out everyone of whom that is true, as a list.
static struct waiter *take_all(struct results *results, takes *wanted, long long now_ms)
{
    struct waiter *taken = NULL;
    pthread_mutex_lock(&results->lock);
    for (int i = 0; tg_shares_taken(results->places) > 0 && i < BUCKETS; i++) {
        struct waiter **link = &results->buckets[i];
        while (*link) {
            if (!wanted(*link, now_ms)) {
                link = &(*link)->next;
                continue;
            }
            struct waiter *waiter = take_out(results, link);
            waiter->next = taken;
            taken = waiter;
        }
    }
    pthread_mutex_unlock(&results->lock);
    return taken;
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
    return add(waiter->results, waiter);
}

// May the message still leave, or be on its way?
static bool is_open(enum tg_status status)
{
    return status == TG_STATUS_SCHEDULED || status == TG_STATUS_HELD ||
           status == TG_STATUS_QUEUED || status == TG_STATUS_SENDING;
}

static void answer_or_wait_on(struct waiter *waiter, const struct tg_result *result)
{
    if (is_open(result->status) && wait_on(waiter))
        return;
    waiter->sender.words->result(waiter->sender.request, &waiter->verdict, result);
    free(waiter);
}

// Asks the database.
static void look(struct tg_pg *pg, void *context)
{
    struct waiter *waiter = context;
    struct tg_result result;
    bool found = false;
    if (waiter->sender.words->read(pg, waiter->org_id, waiter->verdict.message_id, &found,
                                   &result) != TG_PG_OK ||
        !found)
        result = (struct tg_result){.status = waiter->verdict.status};
    answer_or_wait_on(waiter, &result);
}

static void ask_database(struct waiter *waiter)
{
    struct tg_result as_accepted = {.status = waiter->verdict.status};
    if (pool_submit(waiter->results->pool, waiter->org_id, look, waiter) != TG_FAIR_ADDED)
        answer_or_wait_on(waiter, &as_accepted);
}

static void look_at_due(struct results *results, long long now_ms)
{
    struct waiter *due = take_all(results, is_due, now_ms);
    while (due) {
        struct waiter *next = due->next;
        ask_database(due);
        due = next;
    }
}

// Whoever waits for nobody makes room for others: as if its time were up.
static void let_go_who_left(struct results *results)
{
    struct waiter *left = take_all(results, has_left, 0);
    while (left) {
        struct waiter *next = left->next;
        left->sender.words->accepted(left->sender.request, &left->verdict);
        free(left);
        left = next;
    }
}

// Nothing of it is shown to anybody: the record tells what is true.
static void hear(struct results *results, const char *notice)
{
    struct tg_uuid message_id;
    bool is_one = tg_job_read_notice(notice, &message_id);
    struct waiter *waiter = is_one ? take(results, message_id) : NULL;
    tg_count(TG_NOTICES, waiter ? "awaited" : is_one ? "not_awaited" : "invalid", 1);
    if (waiter)
        ask_database(waiter);
}

static void *run(void *argument)
{
    struct results *results = argument;
    bool subscribed = false;
    char notice[TG_NOTICE_SIZE];
    long long next_look_ms = 0;
    long long next_left_ms = 0;
    while (!atomic_load(&results->closed)) {
        if (!subscribed)
            subscribed = tg_job_subscribe(results->stream, results->name);
        int got =
            subscribed ? tg_stream_listen(results->stream, notice, sizeof notice, LISTEN_MS) : 0;
        if (got > 0)
            hear(results, notice);
        else if (got < 0)
            subscribed = false;
        else if (!subscribed)
            tg_sleep_ms(LISTEN_MS);
        // Not after each notice: a look goes through all who wait.
        long long now_ms = tg_now_ms();
        if (now_ms >= next_look_ms) {
            look_at_due(results, now_ms);
            next_look_ms = now_ms + LISTEN_MS;
        }
        if (now_ms >= next_left_ms) {
            let_go_who_left(results);
            next_left_ms = now_ms + LEFT_LOOK_MS;
        }
    }
    return NULL;
}

struct results *results_start(const char *redis_url, int partitions, struct pool *pool)
{
    struct results *results = tg_alloc(sizeof *results);
    results->stream = tg_stream_create(redis_url, partitions, tg_job_work);
    results->pool = pool;
    results->places = tg_shares_create(TG_WAITERS_MAX, TG_WAITERS_MAX);
    pthread_mutex_init(&results->lock, NULL);
    // The random half of a fresh id tells this ingress from every other.
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(tg_uuid7(), id);
    snprintf(results->name, sizeof results->name, "%s", id + strlen("00000000-0000-7000-"));
    results->thread = tg_service_thread("results", run, results);
    return results;
}

void results_close(struct results *results)
{
    pthread_mutex_lock(&results->lock);
    results->closed = true;
    pthread_mutex_unlock(&results->lock);
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
    tg_shares_destroy(results->places);
    pthread_mutex_destroy(&results->lock);
    tg_stream_destroy(results->stream);
    free(results);
}

const char *results_name(const struct results *results)
{
    return results->name;
}

static struct waiter *create_waiter(struct results *results, struct sender sender,
                                    struct tg_uuid org_id, const struct tg_verdict *verdict)
{
    struct waiter *waiter = tg_alloc(sizeof *waiter);
    waiter->results = results;
    waiter->sender = sender;
    waiter->org_id = org_id;
    waiter->verdict = *verdict;
    return waiter;
}

bool results_await(struct results *results, struct sender sender, struct tg_uuid org_id,
                   const struct tg_verdict *verdict, int wait_ms)
{
    struct waiter *waiter = create_waiter(results, sender, org_id, verdict);
    waiter->deadline_ms = tg_now_ms() + wait_ms;
    waiter->look_ms = waiter->deadline_ms;
    // Only the job of what is queued now will carry our name.
    bool waits = verdict->status == TG_STATUS_QUEUED ? add(results, waiter) : wait_on(waiter);
    if (!waits)
        free(waiter);
    return waits;
}

void results_tell(struct results *results, struct sender sender, struct tg_uuid org_id,
                  const struct tg_verdict *verdict, int wait_ms)
{
    struct waiter *waiter = create_waiter(results, sender, org_id, verdict);
    waiter->deadline_ms = tg_now_ms() + wait_ms;
    ask_database(waiter);
}
