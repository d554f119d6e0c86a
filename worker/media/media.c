#include "worker/media/media.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/files/bucket.h"
#include "common/health/media_store.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "worker/media/fetch.h"
#include "worker/media/removals.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    // How often is asked what is due.
    INTERVAL_MS = 1000,
    // Nobody tells us to stop while Meta is waited for.
    LOOK_AGAIN_MS = 50,
    MOMENT_MS = 2,
    // So long nothing is fetched where there is no room to put it.
    NO_ROOM_MS = 60 * 1000,
    // What has been on its way into the store for so long was begun by somebody who is gone.
    SWEEP_INTERVAL_MS = 3600 * 1000,
    SWEEP_AGE_S = 2 * TG_MEDIA_LEASE_S,
};

struct media {
    const struct worker *worker;
    struct tg_files *files;
    pthread_t thread;
    // The thread's own.
    struct tg_http *http;
    struct tg_http *bucket; // NULL: files lie in a directory
    struct tg_pg *pg;
    struct fetch fetches[TG_MEDIA_FETCHES_MAX];
    struct removals removals;
    long long claim_ms; // when is asked next; likewise:
    long long sweep_ms;
};

static size_t count(const struct media *media, enum fetch_step step)
{
    size_t n = 0;
    for (size_t i = 0; i < TG_MEDIA_FETCHES_MAX; i++)
        n += media->fetches[i].step == step;
    return n;
}

static struct fetch *free_fetch(struct media *media)
{
    for (size_t i = 0; i < TG_MEDIA_FETCHES_MAX; i++) {
        if (media->fetches[i].step == FETCH_NONE)
            return &media->fetches[i];
    }
    abort(); // no more is claimed than there is room for
}

static void claim(struct media *media)
{
    struct tg_claimed_media claimed[TG_MEDIA_FETCHES_MAX];
    size_t n = 0;
    const struct tg_media_terms terms = {.claim_id = tg_uuid7(),
                                         .limit = (int64_t)count(media, FETCH_NONE),
                                         .per_org = TG_MEDIA_FETCHES_PER_ORG,
                                         .lease_s = TG_MEDIA_LEASE_S};
    if (terms.limit == 0 || tg_now_ms() < media->claim_ms)
        return;
    media->claim_ms = tg_now_ms() + INTERVAL_MS;
    if (tg_store_claim_media(media->pg, &terms, claimed, &n) != TG_PG_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        struct fetch *fetch = free_fetch(media);
        fetch->settings = media->worker->settings;
        fetch->http = media->http;
        fetch->bucket = media->bucket;
        fetch->files = media->files;
        fetch_begin(fetch, terms.claim_id, &claimed[i]);
    }
    tg_gauge_add(TG_MEDIA_FETCHES, (int64_t)n);
}

static void tell(const struct fetch *fetch)
{
    const struct tg_media_result *result = &fetch->result;
    if (result->end == TG_MEDIA_BACK)
        return;
    bool is_kept = result->end == TG_MEDIA_KEPT;
    tg_count(TG_MEDIA, is_kept ? "kept" : result->error_code, 1);
    if (is_kept)
        tg_log_step("media_kept", TG_LOG_ID("org_id", result->org_id),
                    TG_LOG_ID("message_id", result->id), TG_LOG_NUMBER("bytes", result->size));
    else
        tg_log_rarely(TG_LOG_WARN, "media_not_kept", TG_LOG_ID("org_id", result->org_id),
                      TG_LOG_ID("message_id", result->id),
                      TG_LOG_TEXT("outcome", result->error_code),
                      TG_LOG_NUMBER("again", result->end == TG_MEDIA_AGAIN));
}

// While PostgreSQL is away, what has ended waits for it here: should it take longer than the lease,
// it is fetched once more.
static void record_ended(struct media *media)
{
    bool any = false;
    for (size_t i = 0; i < TG_MEDIA_FETCHES_MAX; i++) {
        struct fetch *fetch = &media->fetches[i];
        bool wanted = true;
        if (fetch->step != FETCH_ENDED)
            continue;
        enum tg_pg_status status = tg_store_record_media(media->pg, &fetch->result, &wanted);
        if (status != TG_PG_OK && status != TG_PG_REFUSED)
            break;
        tell(fetch);
        if (strcmp(fetch->result.error_code, "no_room") == 0)
            media->claim_ms = tg_now_ms() + NO_ROOM_MS;
        else if (!any && media->claim_ms < tg_now_ms() + INTERVAL_MS)
            media->claim_ms = tg_now_ms(); // there is room for another
        any = true;
        fetch_forget(fetch, wanted);
        tg_gauge_add(TG_MEDIA_FETCHES, -1);
    }
}

// Likewise.
static void reserve_found(struct media *media)
{
    for (size_t i = 0; i < TG_MEDIA_FETCHES_MAX; i++) {
        struct fetch *fetch = &media->fetches[i];
        int64_t room = 0;
        if (fetch->step != FETCH_FOUND)
            continue;
        const struct tg_found_media found = {.claim_id = fetch->result.claim_id,
                                             .org_id = fetch->result.org_id,
                                             .id = fetch->result.id,
                                             .size = fetch->where.file_size};
        enum tg_pg_status status = tg_store_reserve_media(media->pg, &found, &room);
        if (status != TG_PG_OK && status != TG_PG_REFUSED)
            break;
        fetch_reserved(fetch, room);
    }
}

static void sweep(struct media *media)
{
    if (tg_now_ms() < media->sweep_ms)
        return;
    media->sweep_ms = tg_now_ms() + SWEEP_INTERVAL_MS;
    if (media->bucket)
        return; // what is on its way has no name there
    size_t swept = tg_files_sweep(media->files, SWEEP_AGE_S);
    if (swept > 0)
        tg_log(TG_LOG_INFO, "media_swept", TG_LOG_NUMBER("files", swept));
}

static void take_answered(struct media *media)
{
    struct tg_http_answer answer;
    while (tg_http_take(media->http, &answer))
        fetch_go_on(answer.context, &answer);
    while (media->bucket && tg_http_take(media->bucket, &answer)) {
        if (!removals_take(&media->removals, &answer))
            fetch_go_on(answer.context, &answer);
    }
}

static size_t active(const struct media *media)
{
    return tg_http_active(media->http) + (media->bucket ? tg_http_active(media->bucket) : 0);
}

// Each of the two waits for its own: a moment, if the other has something under way as well.
static void run_both(struct media *media)
{
    size_t at_meta = tg_http_active(media->http);
    bool both = at_meta > 0 && active(media) > at_meta;
    if (at_meta > 0)
        tg_http_run(media->http, both ? MOMENT_MS : LOOK_AGAIN_MS);
    if (media->bucket && tg_http_active(media->bucket) > 0)
        tg_http_run(media->bucket, both ? MOMENT_MS : LOOK_AGAIN_MS);
    take_answered(media);
}

// Returns how long there is nothing to do.
static int work(struct media *media)
{
    if (tg_media_store_look(media->files, media->pg) != TG_STORE_SHARED)
        return INTERVAL_MS;
    claim(media);
    removals_begin(&media->removals);
    sweep(media);
    run_both(media);
    reserve_found(media);
    record_ended(media);
    removals_end(&media->removals);
    return active(media) > 0 ? 0 : INTERVAL_MS / 4;
}

static void give_all_back(struct media *media)
{
    struct tg_http_answer broken_off;
    while (tg_http_break_off(media->http, &broken_off))
        ;
    while (media->bucket && tg_http_break_off(media->bucket, &broken_off))
        ;
    for (size_t i = 0; i < TG_MEDIA_FETCHES_MAX; i++) {
        if (media->fetches[i].step != FETCH_NONE)
            fetch_give_up(&media->fetches[i]);
    }
    record_ended(media);
    for (size_t i = 0; i < TG_MEDIA_FETCHES_MAX; i++) {
        if (media->fetches[i].step != FETCH_NONE)
            fetch_forget(&media->fetches[i], true); // due again when its lease is over
    }
}

static void *run(void *argument)
{
    struct media *media = argument;
    media->pg = tg_pg_create(media->worker->settings->postgres_url, "tollgate-worker media");
    media->removals =
        (struct removals){.files = media->files, .http = media->bucket, .pg = media->pg};
    while (!stop_wait(media->worker->stop, work(media)))
        ;
    give_all_back(media);
    tg_pg_destroy(media->pg);
    return NULL;
}

struct media *media_start(const struct worker *worker, struct tg_files *files)
{
    struct media *media = tg_alloc(sizeof *media);
    media->worker = worker;
    media->files = files;
    media->http = tg_http_create(&(const struct tg_http_options){
        .calls_max = TG_MEDIA_FETCHES_MAX,
        .silence_ms = TG_META_SILENCE_MS,
        .https_only = strncmp(worker->settings->graph_url, "https:", 6) == 0,
        .buffer_bytes = TG_RELAY_BUFFER_BYTES});
    const struct tg_bucket *bucket = tg_files_bucket(files);
    if (bucket)
        media->bucket = tg_http_create(
            &(const struct tg_http_options){.calls_max = TG_MEDIA_FETCHES_MAX + REMOVALS_MAX,
                                            .silence_ms = TG_META_SILENCE_MS,
                                            .https_only = !tg_bucket_is_plain(bucket),
                                            .buffer_bytes = TG_RELAY_BUFFER_BYTES});
    media->thread = tg_service_thread("media", run, media);
    return media;
}

void media_stop(struct media *media)
{
    if (media)
        pthread_join(media->thread, NULL);
}

void media_free(struct media *media)
{
    if (!media)
        return;
    tg_http_destroy(media->bucket);
    tg_http_destroy(media->http);
    free(media);
}
