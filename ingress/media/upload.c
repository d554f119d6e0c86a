#include "ingress/media/upload.h"

#include "common/base/digits.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/cloud/media.h"
#include "common/crypto/digest.h"
#include "common/files/bucket.h"
#include "common/health/media_store.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"
#include "common/store/failure.h"
#include "ingress/http/answer.h"
#include "ingress/media/sent_file.h"
#include "ingress/route/document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COPIED_AT_ONCE = 64 * 1024,
    NAME_BYTES_MAX = 255,
};

struct upload {
    struct parcel parcel; // to the bucket
    struct errands *errands;
    struct request *request;
    int place;
    struct sent_file sent;
    struct tg_upload kept;
    struct tg_text name;     // in the store
    struct tg_new_file file; // in a directory
    struct tg_text document; // of what it has become
    struct tg_error error;
};

static void end(struct upload *upload, const char *outcome)
{
    struct request *request = upload->request;
    tg_count(TG_UPLOADS, outcome, 1);
    errands_leave(upload->errands, upload->place);
    tg_files_drop(upload->errands->files, &upload->file);
    request_drop_body(request);
    if (upload->error.code)
        answer_error(request, &upload->error);
    else
        answer_json(request, 201, &upload->document);
    tg_text_finish(&upload->sent.filename);
    tg_text_finish(&upload->name);
    tg_text_finish(&upload->document);
    free(upload);
}

static void fail(struct upload *upload, const char *code, const char *message)
{
    tg_error_set(&upload->error, code, NULL, "%s", message);
    end(upload, code);
}

static void fail_unwritten(struct upload *upload, const char *reason)
{
    tg_log_rarely(TG_LOG_ERROR, "media_not_written", TG_LOG_TEXT("reason", reason));
    fail(upload, "unavailable", "Where files are kept cannot be written");
}

// It lies in the store as a whole.
static void keep(struct tg_pg *pg, void *context)
{
    struct upload *upload = context;
    TG_STOP_POINT("media_uploaded");
    enum tg_pg_status status = tg_store_keep_upload(pg, &upload->kept, &upload->document);
    if (status != TG_PG_OK) {
        (void)tg_store_failure(pg, status, &upload->error);
        end(upload, upload->error.code);
        return;
    }
    tg_log_step("media_uploaded", TG_LOG_ID("org_id", upload->kept.org_id),
                TG_LOG_ID("media_id", upload->kept.id), TG_LOG_NUMBER("bytes", upload->kept.size));
    end(upload, "kept");
}

static void put_ended(struct parcel *parcel, const struct tg_http_answer *answer)
{
    struct upload *upload = (struct upload *)parcel;
    if (!answer)
        fail(upload, "unavailable", "The file was not put where files are kept");
    else if (answer->end != TG_HTTP_ANSWERED || answer->status != 200)
        fail_unwritten(upload, *answer->reason ? answer->reason : "the bucket refuses it");
    else if (pool_submit(upload->errands->pool, upload->kept.org_id, keep, upload) != TG_FAIR_ADDED)
        fail(upload, "unavailable", "The gateway is stopping");
}

static void begin_put(struct parcel *parcel, struct tg_http *http)
{
    const struct upload *upload = (const struct upload *)parcel;
    tg_bucket_ask(
        tg_files_bucket(upload->errands->files), http,
        &(const struct tg_bucket_request){
            .method = "PUT",
            .name = tg_text_string(&upload->name),
            .file = upload->request->body.file,
            .file_from = upload->sent.from,
            .size = upload->sent.size,
            .sha256 = upload->kept.sha256,
            .timeout_ms = tg_settings_transfer_ms(upload->errands->settings, upload->sent.size),
            .stall_s = tg_settings_stall_s(upload->errands->settings),
            .context = parcel});
}

// Goes through the file once: its sum is to be known, and a directory gets it meanwhile. false: it
// could not be done, errno says why.
static bool pass(struct upload *upload)
{
    char bytes[COPIED_AT_ONCE];
    unsigned char digest[TG_SHA256_SIZE];
    bool to_directory = !upload->errands->to_bucket;
    size_t passed = 0;
    struct tg_sha256 *sum = tg_sha256_begin();
    bool good = !to_directory || tg_files_begin(upload->errands->files, &upload->file);
    while (good && passed < upload->sent.size) {
        size_t left = upload->sent.size - passed;
        ssize_t n =
            pread(upload->request->body.file, bytes, left < sizeof bytes ? left : sizeof bytes,
                  (off_t)(upload->sent.from + passed));
        good = n > 0 && (!to_directory || tg_files_add(&upload->file, bytes, (size_t)n));
        if (good)
            tg_sha256_add(sum, bytes, (size_t)n);
        passed += n > 0 ? (size_t)n : 0;
    }
    tg_sha256_end(sum, digest);
    tg_hex_write(digest, sizeof digest, upload->kept.sha256);
    return good;
}

static void put(struct tg_pg *pg, struct upload *upload)
{
    struct errands *errands = upload->errands;
    bool good = pass(upload) &&
                (errands->to_bucket ||
                 tg_files_keep(errands->files, &upload->file, tg_text_string(&upload->name)));
    if (!good)
        fail_unwritten(upload, strerrordesc_np(errno));
    else if (errands->to_bucket)
        carrier_add(errands->to_bucket, &upload->parcel);
    else
        keep(pg, upload);
}

static bool check(struct upload *upload)
{
    const struct sent_file *sent = &upload->sent;
    const struct tg_text *name = &sent->filename;
    struct tg_error *error = &upload->error;
    long long most = tg_media_most(sent->mime_type);
    if (most == 0)
        return tg_error_set(error, "unsupported_media_type", "Content-Type",
                            "Meta takes no files of the type %.60s", sent->mime_type);
    if ((long long)sent->size > most)
        return tg_error_set(error, "body_too_large", "file", "Of %.60s Meta takes up to %lld bytes",
                            sent->mime_type, most);
    if (sent->size == 0)
        return tg_error_set(error, "missing_field", "file", "There must be a file");
    bool good = name->length <= NAME_BYTES_MAX && tg_utf8_is_valid(name->data, name->length) &&
                !memchr(tg_text_string(name), '\0', name->length);
    return good || tg_error_set(error, "invalid_field", "filename",
                                "filename must be UTF-8 of up to %d bytes", NAME_BYTES_MAX);
}

static bool read_request(struct upload *upload)
{
    struct request *request = upload->request;
    const char *name = request_parameter(request, "filename");
    if (!sent_file_find(&request->body, request_header(request, "Content-Type", NULL),
                        &upload->sent, &upload->error))
        return false;
    if (name) {
        tg_text_clear(&upload->sent.filename);
        tg_text_append_string(&upload->sent.filename, name);
    }
    return check(upload);
}

static bool begin(struct upload *upload, struct tg_pg *pg)
{
    struct tg_upload *kept = &upload->kept;
    kept->id = tg_uuid7();
    kept->lease_s = TG_MEDIA_LEASE_S;
    kept->size = (int64_t)upload->sent.size;
    memcpy(kept->mime_type, upload->sent.mime_type, sizeof kept->mime_type);
    kept->filename = upload->sent.filename; // borrowed
    if (tg_media_store_look(upload->errands->files, pg) != TG_STORE_SHARED)
        return tg_error_set(&upload->error, "unavailable", NULL,
                            "Where files are kept cannot be written");
    enum tg_pg_status status = tg_store_begin_upload(pg, kept, &upload->name);
    return status == TG_PG_OK || tg_store_failure(pg, status, &upload->error);
}

static void receive(struct tg_pg *pg, void *context)
{
    struct upload *upload = context;
    if (read_request(upload) && begin(upload, pg))
        put(pg, upload);
    else
        end(upload, upload->error.code);
}

static bool is_unwanted(const struct parcel *parcel)
{
    return request_client_has_left(((const struct upload *)parcel)->request);
}

void upload_take(struct errands *errands, struct request *request, const struct identity *caller)
{
    struct tg_uuid org_id;
    if (!document_knows_query(request) || !document_org(request, caller, &org_id))
        return;
    if (!errands->pool) {
        answer_refusal(request, "unavailable", NULL,
                       "This gateway keeps no files (TOLLGATE_MEDIA_STORE)");
        return;
    }
    int place = errands_enter(errands, request, org_id);
    if (place < 0)
        return;
    struct upload *upload = tg_alloc(sizeof *upload);
    *upload = (struct upload){
        .parcel = {.begin = begin_put, .end = put_ended, .is_unwanted = is_unwanted},
        .errands = errands,
        .request = request,
        .place = place,
        .kept = {.actor = caller->actor, .org_id = org_id}};
    upload->file.file = -1;
    if (pool_submit(errands->pool, org_id, receive, upload) != TG_FAIR_ADDED)
        fail(upload, "overloaded", "Too many files are on their way");
}
