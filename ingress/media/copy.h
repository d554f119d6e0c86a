// A file of the bucket on its way into a body of the request that needs it, where it can be read
// from anywhere, and more than once.
#pragma once

#include "common/files/files.h"
#include "common/settings/settings.h"
#include "ingress/http/request.h"
#include "ingress/media/carrier.h"

struct copy {
    struct parcel parcel; // `begin` is copy_begin; the others are its maker's
    const struct tg_settings *settings;
    const struct tg_files *files; // of a bucket
    struct request *request;
    const char *name; // in the bucket, of tg_files
    size_t size;      // that it has
    struct body body; // body_of(BODY_FILE, TG_MEDIA_MAX)
};

void copy_begin(struct parcel *parcel, struct tg_http *http);

// Has all of it come? (`answer` of the parcel's end.)
bool copy_has_come(const struct copy *copy, const struct tg_http_answer *answer);

// Why the bucket did not give it, for the log: not that the gateway is stopping (`answer` NULL), or
// has no room for it.
void copy_log_failure(const struct copy *copy, const struct tg_http_answer *answer);
