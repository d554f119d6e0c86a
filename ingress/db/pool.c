#include "ingress/db/pool.h"

#include "common/base/queue.h"
#include "common/limits.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/store/accept.h"
#include "common/store/reads.h"
#include "ingress/http/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct query_pool {
    const struct tg_settings *settings;
    struct tg_queue *queue;
    pthread_t threads[TG_QUERY_THREADS];
};

struct item {
    query_work *work;
    void *context;
};

static void *run(void *argument)
{
    struct query_pool *pool = argument;
    struct tg_pg *pg = tg_pg_create(pool->settings->postgres_url, "tollgate-ingress query");
    while (!tg_queue_drained(pool->queue)) {
        void *popped;
        if (tg_queue_pop(pool->queue, &popped, 1, -1) == 0)
            continue;
        struct item *item = popped;
        item->work(pg, item->context);
        free(item);
    }
    tg_pg_destroy(pg);
    return NULL;
}

struct query_pool *query_pool_start(const struct tg_settings *settings)
{
    struct query_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        abort();
    pool->settings = settings;
    pool->queue = tg_queue_create(TG_QUERY_QUEUE_MAX);
    for (int i = 0; i < TG_QUERY_THREADS; i++)
        pool->threads[i] = tg_service_thread("query", run, pool);
    return pool;
}

void query_pool_stop(struct query_pool *pool)
{
    tg_queue_close(pool->queue);
    for (int i = 0; i < TG_QUERY_THREADS; i++)
        pthread_join(pool->threads[i], NULL);
}

void query_pool_free(struct query_pool *pool)
{
    tg_queue_destroy(pool->queue);
    free(pool);
}

bool query_submit(struct query_pool *pool, query_work *work, void *context)
{
    struct item *item = malloc(sizeof *item);
    if (!item)
        abort();
    *item = (struct item){work, context};
    if (tg_queue_try_push(pool->queue, item))
        return true;
    free(item);
    return false;
}

void query_submit_copy(struct query_pool *pool, query_work *work, const void *context, size_t size,
                       struct request *request)
{
    void *copy = malloc(size);
    if (!copy)
        abort();
    memcpy(copy, context, size);
    if (query_submit(pool, work, copy))
        return;
    free(copy);
    struct tg_error error;
    tg_error_set(&error, "overloaded", NULL, "Too many requests are waiting");
    answer_error(request, &error);
}

// One read, or what is read after it was cancelled: what is asked of which org, and who waits for
// it.
struct read {
    struct request *request;
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    int64_t before;
    int64_t limit;
    enum tg_pg_status (*call)(struct tg_pg *pg, const struct read *read, bool *found,
                              struct tg_text *json);
    const char *not_found;
};

static enum tg_pg_status call_message(struct tg_pg *pg, const struct read *read, bool *found,
                                      struct tg_text *json)
{
    return tg_store_get_message(pg, read->org_id, read->message_id, found, json);
}

static enum tg_pg_status call_wallet(struct tg_pg *pg, const struct read *read, bool *found,
                                     struct tg_text *json)
{
    return tg_store_get_wallet(pg, read->org_id, found, json);
}

static enum tg_pg_status call_transactions(struct tg_pg *pg, const struct read *read, bool *found,
                                           struct tg_text *json)
{
    return tg_store_list_wallet_transactions(pg, read->org_id, read->before, read->limit, found,
                                             json);
}

static void answer_failed(struct request *request, enum tg_pg_status status)
{
    struct tg_error error;
    if (status == TG_PG_REFUSED)
        tg_error_set(&error, "internal_error", NULL, "The query failed");
    else
        tg_error_set(&error, "unavailable", NULL, "The database cannot be reached");
    answer_error(request, &error);
}

static void answer_not_found(const struct read *read)
{
    struct tg_error error;
    tg_error_set(&error, "not_found", NULL, "%s", read->not_found);
    answer_error(read->request, &error);
}

static void run_read(struct tg_pg *pg, void *context)
{
    struct read *read = context;
    struct tg_text json = {0};
    bool found = false;
    enum tg_pg_status status = read->call(pg, read, &found, &json);
    if (status != TG_PG_OK)
        answer_failed(read->request, status);
    else if (!found)
        answer_not_found(read);
    else
        answer_json(read->request, 200, &json);
    free(read);
}

// Cancels the message, and then reads it.
static void run_cancel(struct tg_pg *pg, void *context)
{
    struct read *read = context;
    enum tg_cancel_verdict verdict;
    bool refunded = false;
    enum tg_pg_status status =
        tg_store_cancel_send(pg, read->org_id, read->message_id, &verdict, &refunded);
    // What was cancelled already is found so: nothing is refunded twice.
    if (status != TG_PG_OK && status != TG_PG_REFUSED)
        status = tg_store_cancel_send(pg, read->org_id, read->message_id, &verdict, &refunded);
    if (status == TG_PG_OK && verdict == TG_CANCELLED) {
        tg_count(TG_REFUNDS, NULL, refunded);
        run_read(pg, read);
        return;
    }
    struct tg_error error;
    if (status != TG_PG_OK) {
        answer_failed(read->request, status);
    } else if (verdict == TG_CANCEL_NOT_FOUND) {
        answer_not_found(read);
    } else {
        tg_error_set(&error, "too_late", NULL, "The message is no longer scheduled or held");
        answer_error(read->request, &error);
    }
    free(read);
}

static void submit(struct query_pool *pool, query_work *work, const struct read *read)
{
    query_submit_copy(pool, work, read, sizeof *read, read->request);
}

// The org is the key's own; ?org_id= names it in trusted mode. Answers and returns false otherwise.
static bool read_org(struct request *request, const struct identity *identity,
                     struct tg_uuid *org_id)
{
    struct tg_error error;
    const char *given = request_parameter(request, "org_id");
    if (auth_org(identity, given, given ? strlen(given) : 0, "org_id", org_id, &error))
        return true;
    answer_error(request, &error);
    return false;
}

// A query parameter that is a number from 1 to `max`; absent leaves *value as it is.
static bool read_number(struct request *request, const char *name, int64_t max, int64_t *value)
{
    const char *given = request_parameter(request, name);
    if (!given)
        return true;
    char *end;
    errno = 0;
    long long number = strtoll(given, &end, 10);
    bool digits_only = strspn(given, "0123456789") == strlen(given) && end != given;
    if (errno == 0 && digits_only && number >= 1 && number <= max) {
        *value = number;
        return true;
    }
    struct tg_error error;
    tg_error_set(&error, "invalid_field", name, "%s must be a number from 1 to %lld", name,
                 (long long)max);
    answer_error(request, &error);
    return false;
}

// Runs something on the message that the path names.
static void submit_message(struct query_pool *pool, query_work *work, struct request *request,
                           const struct identity *identity)
{
    struct read read = {
        .request = request, .call = call_message, .not_found = "The org has no such message"};
    const char *id = request_path(request) + strlen("/api/messages/");
    if (!tg_uuid_parse(id, strlen(id), &read.message_id)) {
        struct tg_error error;
        tg_error_set(&error, "invalid_field", "id", "The message id must be a UUID");
        answer_error(request, &error);
        return;
    }
    if (read_org(request, identity, &read.org_id))
        submit(pool, work, &read);
}

void query_message(struct query_pool *pool, struct request *request,
                   const struct identity *identity)
{
    submit_message(pool, run_read, request, identity);
}

void query_cancel(struct query_pool *pool, struct request *request, const struct identity *identity)
{
    submit_message(pool, run_cancel, request, identity);
}

void query_wallet(struct query_pool *pool, struct request *request, const struct identity *identity)
{
    struct read read = {
        .request = request, .call = call_wallet, .not_found = "There is no such org"};
    if (read_org(request, identity, &read.org_id))
        submit(pool, run_read, &read);
}

void query_transactions(struct query_pool *pool, struct request *request,
                        const struct identity *identity)
{
    struct read read = {.request = request,
                        .limit = TG_TRANSACTIONS_LIMIT_DEFAULT,
                        .call = call_transactions,
                        .not_found = "There is no such org"};
    if (read_org(request, identity, &read.org_id) &&
        read_number(request, "limit", TG_TRANSACTIONS_LIMIT_MAX, &read.limit) &&
        read_number(request, "before", INT64_MAX, &read.before))
        submit(pool, run_read, &read);
}
