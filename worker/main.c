// tollgate-worker: takes jobs from Redis, posts their messages to Meta, settles what comes of it.
// intake -> dispatch -> settle are threads joined by bounded queues; inbound, which applies
// webhooks, and the janitor stand beside them.
#include "common/base/queue.h"
#include "common/health/health.h"
#include "common/health/readiness.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/service.h"
#include "common/settings/settings.h"
#include "worker/inbound/inbound.h"
#include "worker/send/dispatch.h"
#include "worker/send/intake.h"
#include "worker/send/places.h"
#include "worker/send/settle.h"
#include "worker/servers.h"
#include "worker/stop.h"
#include "worker/upkeep/janitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

// The threads of a send's journey and what joins them.
struct send_stages {
    struct tg_queue *claimed;
    struct tg_queue *finished;
    struct places *places;
    struct dispatch *dispatch;
    struct intake intake;
    struct settle settle;
    pthread_t intake_thread;
    pthread_t dispatch_thread;
    pthread_t settle_thread;
};

static void start_send_stages(struct send_stages *stages, const struct tg_settings *settings,
                              const char *consumer, struct stop *stop)
{
    stages->claimed = tg_queue_create(TG_DISPATCH_QUEUE_MAX);
    stages->finished = tg_queue_create((size_t)settings->send_concurrency);
    stages->places = places_create((size_t)settings->send_concurrency);
    stages->dispatch = dispatch_create(settings, stages->claimed, stages->finished, stop);
    stages->intake = (struct intake){settings,        consumer,         stages->places,
                                     stages->claimed, stages->dispatch, stop};
    stages->settle = (struct settle){settings, consumer, stages->finished, stages->places, stop};
    stages->settle_thread = tg_service_thread("settle", settle_run, &stages->settle);
    stages->dispatch_thread = tg_service_thread("dispatch", dispatch_run, stages->dispatch);
    stages->intake_thread = tg_service_thread("intake", intake_run, &stages->intake);
}

// In the order of the flow: each stage ends when the one before it has closed their queue.
static void end_send_stages(struct send_stages *stages)
{
    dispatch_wake(stages->dispatch);
    pthread_join(stages->intake_thread, NULL);
    pthread_join(stages->dispatch_thread, NULL);
    pthread_join(stages->settle_thread, NULL);
    dispatch_destroy(stages->dispatch);
    places_destroy(stages->places);
    tg_queue_destroy(stages->finished);
    tg_queue_destroy(stages->claimed);
}

// Each request under way has a socket; the usual soft limit of 1,024 files is for programs that
// select().
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        tg_log(TG_LOG_WARN, "file_limit_kept", TG_LOG_NUMBER("files", limit.rlim_cur));
}

// libcurl waits in the dispatch thread for a look-up that outlasts its connect timeout. With
// resolv.conf's 5 s for each server and attempt no other message would leave for 10 to 40 s. An
// operator's own RES_OPTIONS stand.
static void hurry_resolver(void)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet
    (void)setenv("RES_OPTIONS", "timeout:1 attempts:2", 0);
}

// Host and process say who it is; the random part tells this life of a container's process 1 from
// the last one.
static void name_consumer(char *name, size_t size)
{
    char host[65] = "";
    unsigned short life = 0;
    gethostname(host, sizeof host - 1);
    if (getrandom(&life, sizeof life, 0) != (ssize_t)sizeof life)
        abort();
    snprintf(name, size, "%s-%d-%04x", host, (int)getpid(), (unsigned)life);
}

static void work(const struct tg_settings *settings)
{
    char consumer[96];
    name_consumer(consumer, sizeof consumer);
    struct stop *stop = stop_create();
    struct send_stages stages;
    const struct servers servers = {.postgres_url = settings->postgres_url,
                                    .redis_url = settings->redis_url,
                                    .partitions = (int)settings->partitions,
                                    .consumer = consumer};
    const struct janitor_times times = {.graph_timeout_ms = settings->graph_timeout_ms,
                                        .confirmation_window_s = settings->confirmation_window_s};
    bool sends = settings->worker_roles & TG_ROLE_SEND;
    struct inbound *inbound =
        settings->worker_roles & TG_ROLE_INBOUND ? inbound_start(&servers) : NULL;
    struct janitor *janitor =
        settings->worker_roles & TG_ROLE_JANITOR ? janitor_start(&servers, &times) : NULL;

    if (sends)
        start_send_stages(&stages, settings, consumer, stop);
    tg_log(TG_LOG_INFO, "worker_started", TG_LOG_TEXT("consumer", consumer),
           TG_LOG_NUMBER("send", sends), TG_LOG_NUMBER("inbound", inbound != NULL),
           TG_LOG_NUMBER("janitor", janitor != NULL));
    tg_service_ready();
    tg_service_wait_for_stop();

    stop_order(stop);
    inbound_close(inbound);
    janitor_close(janitor);
    if (sends)
        end_send_stages(&stages);
    inbound_stop(inbound);
    janitor_stop(janitor);
    inbound_free(inbound);
    janitor_free(janitor);
    stop_destroy(stop);
}

int main(int argc, char **argv)
{
    tg_service_start();
    struct tg_settings settings;
    int status = tg_settings_main(TG_WORKER, argc, argv, &settings);
    if (status >= 0)
        return status;
    raise_file_limit();
    hurry_resolver();

    struct tg_readiness *readiness = tg_readiness_create(
        settings.postgres_url, TG_CALLS_OF_WORKER, settings.redis_url, (int)settings.partitions);
    struct tg_error error;
    struct tg_health *health =
        tg_health_start(&settings.admin_listen, tg_readiness_probe, readiness, &error);
    if (health) {
        work(&settings);
        tg_log(TG_LOG_INFO, "worker_stopped");
    } else {
        tg_log(TG_LOG_ERROR, "start_failed", TG_LOG_TEXT("reason", error.message));
    }
    tg_health_stop(health);
    tg_health_free(health);
    tg_readiness_destroy(readiness);
    return health ? 0 : 1;
}
