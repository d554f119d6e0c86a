#include "common/health/readiness.h"

#include "common/service/log.h"
#include "common/streams/job.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct tg_readiness {
    pthread_mutex_t lock; // the connections are for one thread at a time
    struct tg_pg *pg;
    struct tg_stream *stream;
    enum tg_calls_of daemon;
    struct tg_misfit misfit; // as it was logged
};

struct tg_readiness *tg_readiness_create(const char *postgres_url, enum tg_calls_of daemon,
                                         const char *redis_url, int partitions)
{
    struct tg_readiness *readiness = calloc(1, sizeof *readiness);
    if (!readiness)
        abort();
    pthread_mutex_init(&readiness->lock, NULL);
    readiness->pg = tg_pg_create(postgres_url, "tollgate readiness");
    readiness->daemon = daemon;
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

static void probe_postgresql(struct tg_readiness *readiness, struct tg_text *missing)
{
    struct tg_misfit misfit;
    enum tg_pg_status status = tg_store_check_schema(readiness->pg, readiness->daemon, &misfit);
    if (status == TG_PG_REFUSED || (status == TG_PG_OK && misfit.call[0] != '\0'))
        append_name(missing, "schema");
    else if (status != TG_PG_OK)
        append_name(missing, "postgresql");
    if (status != TG_PG_OK || memcmp(&misfit, &readiness->misfit, sizeof misfit) == 0)
        return;
    if (misfit.call[0] != '\0')
        tg_log(TG_LOG_WARN, "schema_missed", TG_LOG_TEXT("call", misfit.call),
               TG_LOG_TEXT("misfit", misfit.what));
    readiness->misfit = misfit;
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
    probe_postgresql(readiness, missing);
    probe_redis(readiness->stream, missing);
    pthread_mutex_unlock(&readiness->lock);
}
