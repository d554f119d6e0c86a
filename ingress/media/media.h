// Files that are kept: handed out as they lie in the store, listed and deleted.
#pragma once

#include "common/files/files.h"
#include "ingress/media/errands.h"
#include "ingress/media/reader.h"
#include "ingress/route/endpoint.h"

struct media_context {
    struct tg_files *files; // NULL: there are none
    struct reader *reader;  // of those in a bucket; NULL: they lie in a directory
    struct errands errands; // of those that orgs upload
};

// Their context is one of these.
extern const struct endpoint media_endpoints[];
