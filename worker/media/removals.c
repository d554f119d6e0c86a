#include "worker/media/removals.h"

#include "common/base/clock.h"
#include "common/files/bucket.h"
#include "common/service/log.h"
#include "common/service/metrics.h"

enum {
    INTERVAL_MS = 5000,
    LEASE_S = 120,
    TIMEOUT_MS = 30 * 1000,
};

static void begin_one(struct removals *removals, size_t i)
{
    if (removals->http) {
        removals->steps[i] = REMOVAL_ASKED;
        tg_bucket_ask(tg_files_bucket(removals->files), removals->http,
                      &(const struct tg_bucket_request){.method = "DELETE",
                                                        .name = removals->keys[i].file,
                                                        .timeout_ms = TIMEOUT_MS,
                                                        .context = &removals->steps[i]});
        return;
    }
    bool removed = tg_files_remove(removals->files, removals->keys[i].file);
    removals->steps[i] = removed ? REMOVAL_DONE : REMOVAL_FAILED;
}

void removals_begin(struct removals *removals)
{
    size_t n = 0;
    if (removals->n > 0 || tg_now_ms() < removals->next_ms)
        return;
    removals->next_ms = tg_now_ms() + INTERVAL_MS;
    if (tg_store_take_media_to_remove(removals->pg, REMOVALS_MAX, LEASE_S, removals->keys, &n) !=
        TG_PG_OK)
        return;
    removals->n = n;
    for (size_t i = 0; i < n; i++)
        begin_one(removals, i);
    if (n == REMOVALS_MAX)
        removals->next_ms = tg_now_ms();
}

bool removals_take(struct removals *removals, const struct tg_http_answer *answer)
{
    for (size_t i = 0; i < removals->n; i++) {
        if (answer->context != &removals->steps[i])
            continue;
        bool gone =
            answer->end == TG_HTTP_ANSWERED && (answer->status / 100 == 2 || answer->status == 404);
        removals->steps[i] = gone ? REMOVAL_DONE : REMOVAL_FAILED;
        return true;
    }
    return false;
}

void removals_end(struct removals *removals)
{
    struct tg_media_key removed[REMOVALS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < removals->n; i++) {
        if (removals->steps[i] == REMOVAL_ASKED)
            return;
        if (removals->steps[i] == REMOVAL_DONE)
            removed[n++] = removals->keys[i];
    }
    if (n < removals->n)
        tg_log_rarely(TG_LOG_ERROR, "media_not_removed", TG_LOG_NUMBER("files", removals->n - n));
    // What is not recorded is removed once more.
    if (n > 0 && tg_store_end_media(removals->pg, removed, n) == TG_PG_OK)
        tg_count(TG_MEDIA_REMOVED, NULL, n);
    removals->n = 0;
}
