// The file that a request brings, where it lies on disk: its body as a whole, or the part "file" of
// a form, which is never in memory as a whole.
#pragma once

#include "common/base/error.h"
#include "common/store/media.h"
#include "ingress/http/body.h"

struct sent_file {
    size_t from; // in the body
    size_t size;
    char mime_type[TG_MIME_TYPE_SIZE];
    struct tg_text filename; // empty: it has none; the caller's to finish, in any case
};

// Finds it by the request's Content-Type (NULL: there is none). Zeroed at first. false: *error says
// what is wrong. Thread-safe.
bool sent_file_find(const struct body *body, const char *content_type, struct sent_file *sent,
                    struct tg_error *error) TG_MUST_CHECK;
