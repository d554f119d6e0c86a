#include "ingress/media/errands.h"

#include "common/base/memory.h"
#include "common/base/shares.h"
#include "common/files/bucket.h"
#include "common/limits.h"
#include "ingress/http/answer.h"

#include <stdlib.h>
#include <string.h>

// One may be writing a large file while the other looks things up.
enum { THREADS = 2 };

void errands_start(struct errands *errands, const struct tg_settings *settings,
                   struct tg_files *files)
{
    *errands = (struct errands){.settings = settings, .files = files};
    if (!files)
        return;
    const struct tg_bucket *bucket = tg_files_bucket(files);
    errands->places = tg_shares_create(TG_ERRANDS_MAX, TG_ERRANDS_MAX);
    // (Whoever may wait there has a place, and twice as many as there are of these find room.)
    errands->pool =
        pool_start(settings->postgres_url, "errands", THREADS, 2 * (size_t)TG_ERRANDS_MAX);
    if (settings->relay)
        errands->to_meta = carrier_start("media-meta", TG_ERRANDS_MAX,
                                         strncmp(settings->graph_url, "https:", 6) == 0);
    if (bucket)
        errands->to_bucket =
            carrier_start("media-bucket", TG_ERRANDS_MAX, !tg_bucket_is_plain(bucket));
}

void errands_stop(struct errands *errands)
{
    if (!errands->pool)
        return;
    carrier_stop(errands->to_bucket);
    carrier_stop(errands->to_meta);
    pool_stop(errands->pool);
}

void errands_free(struct errands *errands)
{
    if (!errands->pool)
        return;
    pool_free(errands->pool);
    carrier_free(errands->to_bucket);
    carrier_free(errands->to_meta);
    tg_shares_destroy(errands->places);
}

int errands_enter(struct errands *errands, struct request *request, struct tg_uuid org_id)
{
    int place = tg_shares_take(errands->places, org_id, 1);
    if (place == TG_SHARE_USED)
        answer_refusal(request, "too_many_requests", NULL,
                       "Too many of your files are on their way");
    else if (place < 0)
        answer_refusal(request, "overloaded", NULL, "Too many files are on their way");
    return place;
}

void errands_leave(struct errands *errands, int place)
{
    tg_shares_give(errands->places, place, 1);
}
