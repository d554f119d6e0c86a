#include "common/files/bucket.h"

#include "common/base/digits.h"
#include "common/base/text.h"
#include "common/crypto/digest.h"
#include "common/limits.h"

#include <stdio.h>
#include <string.h>

// What has its id, as a directory has it; here for people, and to see that it can be written.
static const char mark[] = ".tollgate-media";

// Of no bytes.
static const char empty_sha256[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

enum { OPEN_TIMEOUT_MS = 10000 };

bool tg_bucket_is_plain(const struct tg_bucket *bucket)
{
    return strncmp(bucket->url, "https:", 6) != 0;
}

static void begin(const struct tg_bucket *bucket, struct tg_http *http, const char *name,
                  struct tg_http_request *request, const char *sha256)
{
    TG_TEXT_AUTO url = {0};
    TG_TEXT_AUTO sum = {0};
    bool has_body = request->body.data || request->file_size > 0;
    tg_text_append_format(&url, "%s/%s", bucket->url, name);
    tg_text_append_format(&sum, "X-Amz-Content-Sha256: %s", sha256);
    request->url = tg_text_string(&url);
    request->headers[0] = tg_text_string(&sum);
    request->headers[1] = has_body ? "Content-Type: application/octet-stream" : NULL;
    request->connect_timeout_ms = TG_META_CONNECT_TIMEOUT_MS;
    request->answer_max = TG_META_ANSWER_MAX;
    request->sign_as = bucket->sign_as;
    request->key_id = bucket->key_id;
    request->key_secret = bucket->key_secret;
    tg_http_begin(http, request);
}

void tg_bucket_ask(const struct tg_bucket *bucket, struct tg_http *http,
                   const struct tg_bucket_request *request)
{
    struct tg_http_request asked = {.method = request->method,
                                    .file = request->file,
                                    .file_from = request->file_from,
                                    .file_size = request->size,
                                    .timeout_ms = request->timeout_ms,
                                    .stall_s = request->stall_s,
                                    .context = request->context,
                                    .take = request->take};
    begin(bucket, http, request->name, &asked, request->size > 0 ? request->sha256 : empty_sha256);
}

// Waits for the answer.
static struct tg_http_answer write_mark(const struct tg_bucket *bucket, struct tg_http *http,
                                        const char *id)
{
    struct tg_http_answer answer;
    unsigned char digest[TG_SHA256_SIZE];
    char sha256[2 * TG_SHA256_SIZE + 1];
    tg_sha256(id, strlen(id), digest);
    tg_hex_write(digest, sizeof digest, sha256);
    struct tg_http_request request = {
        .method = "PUT", .body = tg_span_of(id), .timeout_ms = OPEN_TIMEOUT_MS};
    begin(bucket, http, mark, &request, sha256);
    while (!tg_http_take(http, &answer))
        tg_http_run(http, OPEN_TIMEOUT_MS);
    return answer;
}

// Whoever names the same address has the same bucket.
static struct tg_uuid id_of(const char *url)
{
    struct tg_uuid id;
    unsigned char digest[TG_SHA256_SIZE];
    tg_sha256(url, strlen(url), digest);
    memcpy(id.bytes, digest, sizeof id.bytes);
    return id;
}

bool tg_bucket_open(struct tg_bucket *bucket, const struct tg_files_place *place,
                    struct tg_uuid *id, struct tg_error *error)
{
    char text[TG_UUID_TEXT_SIZE];
    *bucket = (struct tg_bucket){
        .url = place->path, .key_id = place->key_id, .key_secret = place->key_secret};
    snprintf(bucket->sign_as, sizeof bucket->sign_as, "aws:amz:%s:s3", place->region);
    *id = id_of(place->path);
    tg_uuid_format(*id, text);
    struct tg_http *http =
        tg_http_create(&(const struct tg_http_options){.calls_max = 1,
                                                       .silence_ms = TG_META_SILENCE_MS,
                                                       .https_only = !tg_bucket_is_plain(bucket)});
    struct tg_http_answer answer = write_mark(bucket, http, text);
    bool written = answer.status == 200 ||
                   tg_error_set(error, "invalid_setting", "TOLLGATE_MEDIA_STORE",
                                "TOLLGATE_MEDIA_STORE: %.50s: it cannot be written: %.40s (%d)",
                                bucket->url, answer.reason, answer.status);
    tg_http_destroy(http);
    return written;
}
