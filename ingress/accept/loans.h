// Kept files (GET /api/media) that a request sends: in the place of each id of ours Meta gets an id
// of its own, which it gives to whoever uploads the file over the number that sends. A request
// whose files were not looked for yet (loans_fill says send_unlent) is given to who does
// (ingress/media/lender.h), and read once more when that is done.
#pragma once

#include "common/limits.h"
#include "common/store/accept.h"
#include "common/store/media.h"

#include <json-c/json.h>

// error.code where files are to be looked for first.
extern const char send_unlent[];

// A file, over the number that a send means.
struct loan {
    struct tg_sendable_question question;
    unsigned as; // TG_AS_..., of all who name it
    // What came of it, once it is told: an error, or Meta's id.
    bool is_told;
    struct tg_error error; // its code is NULL while nothing is wrong
    char mime_type[TG_MIME_TYPE_SIZE];
    int64_t size;
    struct tg_uuid channel_id; // over which it is at Meta
    char meta_id[TG_META_MEDIA_ID_SIZE];
};

// Those of a request; whoever has the request in hand has them. Freed by loans_free, NULL is fine.
struct loans {
    size_t n;
    struct loan of[TG_LOANS_MAX];
};
void loans_free(struct loans *loans);

// Puts Meta's ids in the place of ours in a message that was found good, and binds the send to the
// channel that they are of. What is to be looked for is noted in *loans, which is NULL at first
// (`loans` NULL: every id is Meta's own).
// `within` stands in front of a path in the message, such as "payload."; NULL: all is "media.id".
// Where a file is not to be had, a send with an Idempotency-Key goes on all the same, but can only
// be told what became of an earlier one (send->fault). Else false, and *error says why not.
bool loans_fill(struct loans **loans, struct json_object *message, const char *within,
                struct tg_send *send, struct tg_error *error) TG_MUST_CHECK;

// For messages that are made one by one, of which no file is brought to Meta: does it name none of
// ours? Else *error says where, by its path in the message.
bool loans_none(struct json_object *message, struct tg_error *error) TG_MUST_CHECK;
