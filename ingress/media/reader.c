#include "ingress/media/reader.h"

#include "common/base/memory.h"
#include "common/base/shares.h"
#include "common/files/bucket.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "ingress/http/answer.h"
#include "ingress/media/copy.h"
#include "ingress/media/hand_out.h"

#include <string.h>

struct read {
    struct copy copy;
    struct reader *reader;
    struct tg_media media;
    struct part part;
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

static void end(struct parcel *parcel, const struct tg_http_answer *answer)
{
    struct read *read = (struct read *)parcel;
    struct copy *copy = &read->copy;
    tg_shares_give(read->reader->places, read->place, 1);
    if (copy_has_come(copy, answer)) {
        hand_out(copy->request, &read->media, &read->part, &copy->body);
        read_free(read);
        return;
    }
    copy_log_failure(copy, answer);
    bool without_room = copy->body.without_room;
    bool share_used = copy->body.share_used;
    request_drop_file(copy->request, &copy->body);
    if (without_room)
        refuse(copy->request, share_used);
    else
        answer_refusal(copy->request, "unavailable", NULL, "Where files are kept cannot be read");
    read_free(read);
}

static bool is_unwanted(const struct parcel *parcel)
{
    return request_client_has_left(((const struct copy *)parcel)->request);
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
    *read = (struct read){
        .copy = {.parcel = {.begin = copy_begin, .end = end, .is_unwanted = is_unwanted},
                 .settings = reader->settings,
                 .files = reader->files,
                 .request = request,
                 .size = (size_t)media->size,
                 .body = body_of(BODY_FILE, TG_MEDIA_MAX)},
        .reader = reader,
        .media = *media,
        .part = part,
        .place = place};
    read->copy.name = read->media.file;
    media->filename = (struct tg_text){0};
    carrier_add(reader->carrier, &read->copy.parcel);
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
