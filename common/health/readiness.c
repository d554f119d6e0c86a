#include "common/health/readiness.h"

#include "common/store/schema.h"
#include "common/streams/job.h"

#include <pthread.h>
#include <stdlib.h>

struct tg_readiness {
    pthread_mutex_t lock; // the connections are for one thread at a time
    struct tg_pg *pg;
    struct tg_stream *stream;
};

struct tg_readiness *tg_readiness_create(const char *postgres_url, const char *redis_url,
                                         int partitions)
{
    struct tg_readiness *readiness = calloc(1, sizeof *readiness);
    if (!readiness)
        abort();
    pthread_mutex_init(&readiness->lock, NULL);
    readiness->pg = tg_pg_create(postgres_url, "tollgate readiness");
    readiness->stream = tg_stream_create(redis_url, partitions, tg_job_work);
    return readiness;
}

void tg_readiness_destroy(struct tg_readiness *readiness)
{
    tg_stream_destroy(readiness->stream);
    tg_pg_destroy(readiness->pg);
    pthread_mutex_destroy(&readiness->lock);
    free(readiness);
}

static void append_name(struct tg_text *missing, const char *name)
{
    tg_text_append_format(missing, "%s\"%s\"", missing->length > 0 ? "," : "", name);
}

static void probe_postgresql(struct tg_pg *pg, struct tg_text *missing)
{
    bool ready = false;
    enum tg_pg_status status = tg_store_schema_ready(pg, &ready);
    if (status == TG_PG_REFUSED || (status == TG_PG_OK && !ready))
        append_name(missing, "schema");
    else if (status != TG_PG_OK)
        append_name(missing, "postgresql");
}

static void probe_redis(struct tg_stream *stream, struct tg_text *missing)
{
    // The first ping may only find out that the connection has died since the last probe.
    bool answered = tg_stream_ping(stream);
    if (!answered)
        answered = tg_stream_ping(stream);
    if (!answered)
        append_name(missing, "redis");
}

void tg_readiness_probe(void *context, struct tg_text *missing)
{
    struct tg_readiness *readiness = context;
    pthread_mutex_lock(&readiness->lock);
    probe_postgresql(readiness->pg, missing);
    probe_redis(readiness->stream, missing);
    pthread_mutex_unlock(&readiness->lock);
}
