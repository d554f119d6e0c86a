#include "common/health/media_store.h"

#include "common/service/log.h"
#include "common/store/media.h"

static const char another[] =
    "TOLLGATE_MEDIA_STORE: files lie elsewhere; all daemons must name the same place, and one that "
    "is to be left is left by leave_media_store() (docs/operations.md)";

enum tg_store_look tg_media_store_look(struct tg_files *files, struct tg_pg *pg)
{
    struct tg_uuid used;
    if (tg_files_are_admitted(files))
        return TG_STORE_SHARED;
    if (tg_store_use_media_store(pg, tg_files_id(files), &used) != TG_PG_OK)
        return TG_STORE_UNKNOWN;
    if (!tg_uuid_equal(used, tg_files_id(files))) {
        tg_log_rarely(TG_LOG_ERROR, "media_store_refused", TG_LOG_TEXT("reason", another));
        return TG_STORE_OTHER;
    }
    tg_files_admit(files);
    return TG_STORE_SHARED;
}

bool tg_media_store_open(const struct tg_settings *settings, struct tg_files **files)
{
    struct tg_error error;
    *files = NULL;
    if (!settings->media_store || *settings->media_store == '\0')
        return true;
    *files =
        tg_files_open(&(const struct tg_files_place){.path = settings->media_store,
                                                     .region = settings->media_store_region,
                                                     .key_id = settings->media_store_key_id,
                                                     .key_secret = settings->media_store_secret},
                      &error);
    if (!*files) {
        tg_log(TG_LOG_ERROR, "start_refused", TG_LOG_TEXT("reason", error.message));
        return false;
    }
    struct tg_pg *pg = tg_pg_create(settings->postgres_url, "tollgate media store");
    enum tg_store_look look = tg_media_store_look(*files, pg);
    tg_pg_destroy(pg);
    if (look == TG_STORE_OTHER) {
        tg_log(TG_LOG_ERROR, "start_refused", TG_LOG_TEXT("reason", another));
        tg_files_free(*files);
        *files = NULL;
    }
    return look != TG_STORE_OTHER;
}
