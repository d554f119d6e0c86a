#include "ingress/media/copy.h"

#include "common/files/bucket.h"
#include "common/service/log.h"

static bool take(void *context, int status, const char *bytes, size_t size)
{
    struct copy *copy = context;
    if (status == 200)
        request_keep(copy->request, &copy->body, bytes, size);
    return !copy->body.without_room && !copy->body.too_large;
}

void copy_begin(struct parcel *parcel, struct tg_http *http)
{
    struct copy *copy = (struct copy *)parcel;
    tg_bucket_ask(tg_files_bucket(copy->files), http,
                  &(const struct tg_bucket_request){
                      .method = "GET",
                      .name = copy->name,
                      .timeout_ms = tg_settings_transfer_ms(copy->settings, copy->size),
                      .stall_s = tg_settings_stall_s(copy->settings),
                      .take = take,
                      .context = copy});
}

bool copy_has_come(const struct copy *copy, const struct tg_http_answer *answer)
{
    return answer && answer->end == TG_HTTP_ANSWERED && answer->status == 200 &&
           copy->body.held == copy->size;
}

void copy_log_failure(const struct copy *copy, const struct tg_http_answer *answer)
{
    if (answer && !copy->body.without_room)
        tg_log_rarely(
            TG_LOG_ERROR, "media_not_read", TG_LOG_TEXT("file", copy->name),
            TG_LOG_TEXT("reason", *answer->reason ? answer->reason : "the bucket says no"),
            TG_LOG_NUMBER("http_status", answer->status));
}
