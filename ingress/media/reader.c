#include "ingress/media/reader.h"

#include "common/base/memory.h"
#include "common/base/shares.h"
#include "common/files/bucket.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "ingress/http/answer.h"
#include "ingress/media/carrier.h"
#include "ingress/media/hand_out.h"

#include <string.h>

struct read {
    struct parcel parcel; // from the bucket
    struct reader *reader;
    struct request *request;
    struct tg_media media;
    struct part part;
    struct body file;
    int place;
};

struct reader {
    const struct tg_settings *settings;
    struct tg_files *files;
    struct tg_shares *places; // of files under way
    struct carrier *carrier;
};

static void refuse(struct request *request, bool share_used)
{
    answer_refusal(request, share_used ? "too_many_requests" : "overloaded", NULL,
                   share_used ? "Too many of your files are on their way"
                              : "Too many files are on their way");
}

static void read_free(struct read *read)
{
    tg_text_finish(&read->media.filename);
    free(read);
}

static bool take(void *context, int status, const char *bytes, size_t size)
{
    struct read *read = context;
    if (status == 200)
        request_keep(read->request, &read->file, bytes, size);
    return !read->file.without_room && !read->file.too_large;
}

static void begin(struct parcel *parcel, struct tg_http *http)
{
    struct read *read = (struct read *)parcel;
    const struct reader *reader = read->reader;
    tg_bucket_ask(
        tg_files_bucket(reader->files), http,
        &(const struct tg_bucket_request){
            .method = "GET",
            .name = read->media.file,
            .timeout_ms = tg_settings_transfer_ms(reader->settings, (size_t)read->media.size),
            .stall_s = tg_settings_stall_s(reader->settings),
            .take = take,
            .context = read});
}

static void end(struct parcel *parcel, const struct tg_http_answer *answer)
{
    struct read *read = (struct read *)parcel;
    tg_shares_give(read->reader->places, read->place, 1);
    bool came = answer && answer->end == TG_HTTP_ANSWERED && answer->status == 200 &&
                read->file.held == (size_t)read->media.size;
    if (came) {
        hand_out(read->request, &read->media, &read->part, &read->file);
        read_free(read);
        return;
    }
    bool without_room = read->file.without_room;
    bool share_used = read->file.share_used;
    request_drop_file(read->request, &read->file);
    if (answer && !without_room)
        tg_log_rarely(
            TG_LOG_ERROR, "media_not_read", TG_LOG_TEXT("file", read->media.file),
            TG_LOG_TEXT("reason", *answer->reason ? answer->reason : "the bucket says no"),
            TG_LOG_NUMBER("http_status", answer->status));
    if (without_room)
        refuse(read->request, share_used);
    else
        answer_refusal(read->request, "unavailable", NULL, "Where files are kept cannot be read");
    read_free(read);
}

static bool is_unwanted(const struct parcel *parcel)
{
    return request_client_has_left(((const struct read *)parcel)->request);
}

void reader_take(struct reader *reader, struct request *request, struct tg_uuid org_id,
                 struct tg_media *media)
{
    struct part part;
    if (!hand_out_part(request, (size_t)media->size, &part))
        return;
    int place = tg_shares_take(reader->places, org_id, 1);
    if (place < 0) {
        refuse(request, place == TG_SHARE_USED);
        return;
    }
    struct read *read = tg_alloc(sizeof *read);
    *read = (struct read){.parcel = {.begin = begin, .end = end, .is_unwanted = is_unwanted},
                          .reader = reader,
                          .request = request,
                          .media = *media,
                          .part = part,
                          .place = place,
                          .file = body_of(BODY_FILE, TG_MEDIA_MAX)};
    media->filename = (struct tg_text){0};
    carrier_add(reader->carrier, &read->parcel);
}

struct reader *reader_start(const struct tg_settings *settings, struct tg_files *files)
{
    if (!files || !tg_files_bucket(files))
        return NULL;
    struct reader *reader = tg_alloc(sizeof *reader);
    reader->settings = settings;
    reader->files = files;
    reader->places = tg_shares_create(TG_MEDIA_READS_MAX, TG_MEDIA_READS_MAX);
    reader->carrier =
        carrier_start("media", TG_MEDIA_READS_MAX, !tg_bucket_is_plain(tg_files_bucket(files)));
    return reader;
}

void reader_stop(struct reader *reader)
{
    if (reader)
        carrier_stop(reader->carrier);
}

void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    carrier_free(reader->carrier);
    tg_shares_destroy(reader->places);
    free(reader);
}
