#include "ingress/media/media.h"

#include "common/health/media_store.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/store/failure.h"
#include "common/store/media.h"
#include "common/store/own.h"
#include "ingress/desk/desk.h"
#include "ingress/http/answer.h"
#include "ingress/media/hand_out.h"
#include "ingress/media/upload.h"
#include "ingress/route/document.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void answer_without_room(struct request *request, const struct body *file)
{
    answer_refusal(request, file->share_used ? "too_many_requests" : "overloaded", NULL,
                   file->share_used ? "Too many of your files are on their way"
                                    : "Too many files are on their way");
}

// Hands out what is open.
static void answer_file(struct request *request, const struct tg_media *media, int file,
                        size_t size)
{
    struct part part;
    struct body body;
    if (!hand_out_part(request, size, &part))
        close(file);
    else if (request_lend(request, &body, file, part.from, part.length))
        hand_out(request, media, &part, &body);
    else
        answer_without_room(request, &body);
}

static void answer_store_trouble(struct request *request)
{
    answer_refusal(request, "unavailable", NULL, "Where files are kept cannot be read");
}

static void open_file(const struct tg_files *files, struct request *request,
                      const struct tg_media *media)
{
    size_t size = 0;
    int file = tg_files_get(files, media->file, &size);
    if (file >= 0 && size == (size_t)media->size) {
        answer_file(request, media, file, size);
        return;
    }
    tg_log_rarely(
        TG_LOG_ERROR, "media_not_read", TG_LOG_TEXT("file", media->file),
        TG_LOG_TEXT("reason", file >= 0 ? "its size is another" : strerrordesc_np(errno)));
    if (file >= 0)
        close(file);
    answer_store_trouble(request);
}

static void read_file(struct tg_pg *pg, struct request *request, struct tg_uuid org_id,
                      struct tg_media *media)
{
    const struct media_context *context = endpoint_context(request);
    if (!context->files || tg_media_store_look(context->files, pg) != TG_STORE_SHARED)
        answer_store_trouble(request);
    else if (context->reader)
        reader_take(context->reader, request, org_id, media);
    else
        open_file(context->files, request, media);
}

static void answer_media(struct tg_pg *pg, struct request *request, struct tg_uuid org_id,
                         struct tg_media *media)
{
    switch (media->state) {
    case TG_MEDIA_IS_KEPT:
        read_file(pg, request, org_id, media);
        break;
    case TG_MEDIA_IS_WAITING:
        answer_refusal(request, "media_waiting", NULL, "The file has not been fetched yet");
        break;
    case TG_MEDIA_HAS_FAILED:
        answer_refusal(request, "media_failed", NULL, "The file could not be fetched");
        break;
    case TG_MEDIA_IS_GONE:
        answer_refusal(request, "media_gone", NULL, "The file is kept no longer");
        break;
    }
}

static void get_media(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_uuid org_id;
    struct tg_uuid id;
    struct tg_error error;
    struct tg_media media = {0};
    bool found = false;
    if (!document_knows_query(request) || !document_org(request, caller, &org_id))
        return;
    struct tg_span segment = endpoint_segment(request, "id");
    bool named = tg_uuid_parse(segment.data, segment.length, &id);
    enum tg_pg_status status =
        named ? tg_store_find_media(pg, org_id, id, &found, &media) : TG_PG_OK;
    if (status != TG_PG_OK && !tg_store_failure(pg, status, &error))
        answer_error(request, &error);
    else if (!found)
        answer_refusal(request, "not_found", NULL, "The org has no such file");
    else
        answer_media(pg, request, org_id, &media);
    tg_text_finish(&media.filename);
}

static void post_media(void *context, struct request *request, const struct identity *caller)
{
    struct media_context *media = context;
    upload_take(&media->errands, request, caller);
}

const struct endpoint media_endpoints[] = {
    {.method = "GET",
     .path = "/api/media",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_list_media, .list = DESK_LIST_BY_ID),
     .says = "The org's files that are kept, or were to be, newest first.",
     .answer = "KeptFiles"},
    {.method = "POST",
     .path = "/api/media",
     .who = CALLER_ORG,
     .right = RIGHT_SEND,
     ENDPOINT_QUERY("org_id", "filename"),
     .body = BODY_FILE,
     .body_max = TG_UPLOAD_MAX,
     .on_server = post_media,
     .says = "A file of the org's own is kept, to be sent.",
     .request = "NewFile",
     .answer = "KeptFile"},
    {.method = "GET",
     .path = "/api/media/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     ENDPOINT_QUERY("org_id"),
     .on_database = get_media,
     .says = "A file that is kept: its bytes.",
     .answer = "MediaFile"},
    {.method = "DELETE",
     .path = "/api/media/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_TASK(.call = &tg_delete_media, .path = DESK_NAMES({"id", DESK_THING_ID})),
     .says = "A file is kept no longer.",
     .answer = "KeptFile"},
    {0},
};
