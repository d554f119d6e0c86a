// tollgate-worker: a room for each role. send takes jobs from Redis, posts their messages to Meta
// and settles what comes of it; inbound applies webhooks; the janitor does what nobody asks for;
// notify tells tenants; media fetches files of contacts.
#include "common/health/connect.h"
#include "common/health/health.h"
#include "common/health/media_store.h"
#include "common/service/log.h"
#include "common/service/service.h"
#include "common/settings/settings.h"
#include "worker/inbound/inbound.h"
#include "worker/media/media.h"
#include "worker/notify/notify.h"
#include "worker/send/send.h"
#include "worker/upkeep/janitor.h"
#include "worker/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

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

// Each role has a room, with a life of its own.
static void work(struct tg_settings *settings, struct tg_files *files)
{
    char consumer[96];
    name_consumer(consumer, sizeof consumer);
    const struct worker worker = {settings, consumer, stop_create()};
    unsigned roles = settings->worker_roles;
    struct send *send = roles & TG_ROLE_SEND ? send_start(&worker) : NULL;
    struct inbound *inbound = roles & TG_ROLE_INBOUND ? inbound_start(&worker) : NULL;
    struct janitor *janitor = roles & TG_ROLE_JANITOR ? janitor_start(&worker) : NULL;
    struct notify *notify = roles & TG_ROLE_NOTIFY ? notify_start(&worker) : NULL;
    struct media *media = roles & TG_ROLE_MEDIA ? media_start(&worker, files) : NULL;
    tg_log(TG_LOG_INFO, "worker_started", TG_LOG_TEXT("consumer", consumer),
           TG_LOG_NUMBER("send", send != NULL), TG_LOG_NUMBER("inbound", inbound != NULL),
           TG_LOG_NUMBER("janitor", janitor != NULL), TG_LOG_NUMBER("notify", notify != NULL),
           TG_LOG_NUMBER("media", media != NULL));
    tg_service_ready();
    tg_service_wait_for_stop(tg_settings_reread, settings);

    stop_order(worker.stop);
    send_stop(send);
    inbound_stop(inbound);
    media_stop(media);
    janitor_stop(janitor);
    notify_stop(notify);
    send_free(send);
    inbound_free(inbound);
    janitor_free(janitor);
    notify_free(notify);
    media_free(media);
    stop_destroy(worker.stop);
}

int main(int argc, char **argv)
{
    static struct tg_settings settings;
    // A message's buffers come and go (libcurl's has 16 KiB), and a batch's objects: these are
    // kept.
    tg_service_start((struct tg_service_memory){.large_bytes = 32 * 1024, //
                                                .kept_bytes = 4 * 1024 * 1024});
    int status = tg_settings_main(TG_WORKER, argc, argv, &settings);
    if (status == TG_SETTINGS_CONNECT)
        return tg_connect_check(&settings, TG_CALLS_OF_WORKER);
    if (status != TG_SETTINGS_RUN)
        return status;
    hurry_resolver();
    settings.send_concurrency = tg_settings_places(&settings);

    struct tg_health *health = tg_health_start(&settings, TG_CALLS_OF_WORKER);
    struct tg_files *files = NULL;
    bool admitted =
        health && tg_health_look(health) &&
        (!(settings.worker_roles & TG_ROLE_MEDIA) || tg_media_store_open(&settings, &files));
    if (admitted) {
        work(&settings, files);
        tg_log_catch_up(true);
        tg_log(TG_LOG_INFO, "worker_stopped");
    }
    tg_files_free(files);
    tg_health_stop(health);
    tg_health_free(health);
    tg_settings_forget(&settings);
    return admitted ? 0 : health ? TG_EXIT_SETTINGS : 1;
}
