// A file on its way from Meta into the store: Meta is asked where it is, and it is fetched from
// there. On the thread of the role.
#pragma once

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/graph/media.h"
#include "common/http/client.h"
#include "common/settings/settings.h"
#include "common/store/media.h"

enum fetch_step {
    FETCH_NONE,    // nothing is on its way here
    FETCH_LOOKS,   // where Meta keeps it
    FETCH_FOUND,   // Meta has said it: room for the file is to be reserved
    FETCH_FETCHES, // it
    FETCH_PUTS,    // it into the bucket
    FETCH_ENDED,   // it is to be recorded
};

struct fetch {
    enum fetch_step step;
    const struct tg_settings *settings;
    struct tg_http *http;   // to Meta
    struct tg_http *bucket; // to the bucket; NULL: there is none
    struct tg_files *files;
    struct tg_claimed_media claimed;
    struct tg_text token; // opened
    long long began_ms;
    struct tg_media_place where;
    struct tg_new_file file;
    struct tg_sha256 *sum;
    struct tg_media_result result;
};

// Begins with what was claimed, whose texts it takes; the settings, the client and the files are in
// the struct already. What cannot be begun has ended.
void fetch_begin(struct fetch *fetch, struct tg_uuid claim_id, struct tg_claimed_media *claimed);

// What was asked for it has ended: it goes on, or has ended.
void fetch_go_on(struct fetch *fetch, const struct tg_http_answer *answer);

// So many bytes of what was found may come; 0: it has ended.
void fetch_reserved(struct fetch *fetch, int64_t room);

// It was broken off: it is given back.
void fetch_give_up(struct fetch *fetch);

// It was recorded; all that it had is wiped. Not wanted: what lies in the directory of it is
// removed. (What lies in a bucket is when its row is: sql/core/media.sql.)
void fetch_forget(struct fetch *fetch, bool wanted);
