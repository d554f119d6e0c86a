// Files that lie in a bucket, on their way to clients: fetched to our disk by a thread of its own,
// with connections of its own, and handed out from there. So a slow client keeps no connection to
// the bucket, and half a file is none.
#pragma once

#include "common/files/files.h"
#include "common/settings/settings.h"
#include "common/store/media.h"
#include "ingress/http/request.h"

struct reader;

// NULL: there are no files, or they lie in a directory. The files are borrowed.
struct reader *reader_start(const struct tg_settings *settings, struct tg_files *files);

// Ends what is under way, and the thread. NULL is fine here and below.
void reader_stop(struct reader *reader);
void reader_free(struct reader *reader); // stopped

// Answers the request with that file, now or later; takes the texts of `media`. Thread-safe.
void reader_take(struct reader *reader, struct request *request, struct tg_uuid org_id,
                 struct tg_media *media);
