// A bucket of an S3-compatible store as the place where files lie: its objects are asked for by
// HTTP, signed by AWS Signature Version 4, path style.
#pragma once

#include "common/base/uuid7.h"
#include "common/files/files.h"
#include "common/http/client.h"

// All borrowed.
struct tg_bucket {
    const char *url; // "https://s3.example.com/BUCKET", perhaps with a prefix behind
    const char *key_id;
    const char *key_secret;
    char sign_as[96];
};

// Writes its id, which follows from its address, there, and waits for that. false: *error says why
// it is of no use.
bool tg_bucket_open(struct tg_bucket *bucket, const struct tg_files_place *place,
                    struct tg_uuid *id, struct tg_error *error) TG_MUST_CHECK;

// May it be asked without TLS?
bool tg_bucket_is_plain(const struct tg_bucket *bucket) TG_MUST_CHECK;

// What is asked for an object; members as tg_http_request has them.
struct tg_bucket_request {
    const char *method; // "PUT", "GET", "DELETE"
    const char *name;   // of the object
    int file;           // PUT: so many bytes of it, from there on
    size_t file_from;
    size_t size;
    const char *sha256; // of what is put, in hexadecimal
    int timeout_ms;
    int stall_s;
    bool (*take)(void *context, int status, const char *bytes, size_t size);
    void *context;
};
void tg_bucket_ask(const struct tg_bucket *bucket, struct tg_http *http,
                   const struct tg_bucket_request *request);
