// A relayed call on its way: from a client's request to Meta and back. It is in one hand at a time:
// the server's thread that has it, that of the look-ups, the relay's.
#pragma once

#include "common/base/clock.h"
#include "common/crypto/digest.h"
#include "common/store/relay.h"
#include "ingress/http/request.h"
#include "ingress/relay/media.h"
#include "ingress/relay/table.h"
#include "ingress/who/identity.h"

#include <sys/queue.h>

enum call_step {
    CALL_ASKS,     // Meta what the client asks
    CALL_LOOKS_UP, // Meta where it keeps the file
    CALL_FETCHES,  // the file
};

struct meta;
struct relay;

struct call {
    TAILQ_ENTRY(call) link; // of those at Meta
    struct request *request;
    const struct relay_task *task;
    const struct identity *caller;
    struct relay *relay; // whose it is
    struct meta *meta;   // while it is at Meta
    int place;           // of those that may be in hand
    long long began_ms;

    // What is asked.
    const char *method; // at Meta
    struct tg_uuid org_id;
    struct tg_uuid channel_id; // of a deed, if it names one
    bool has_channel;
    char version[16];                    // "": that of the settings
    char id[MEDIA_ID_SIZE];              // in the path; "": there is none
    char phone_number_id[MEDIA_ID_SIZE]; // that is named beside it; "": none
    char template_id[MEDIA_ID_SIZE];     // of a deed; "": of a new one
    struct tg_text query;                // of Meta's address, without "?"
    struct tg_text body;                 // unless it is a file
    const char *body_type;               // of either; NULL: there is none

    // Under whose token.
    struct tg_relayed relayed;
    struct tg_text token; // a secret

    // What comes of it.
    enum call_step step;
    bool again;              // where the file is has been asked anew
    struct tg_error error;   // its code is NULL while nothing is wrong
    bool left;               // the client has
    bool is_kept;            // of a deed: it is done, and what there is to keep was kept
    struct tg_text document; // of what it has become
    struct tg_text answer;   // what is no file
    int answer_place;        // of that in the room for answers
    size_t answer_counted;
    struct body file;
    struct tg_sha256 *sum; // of the file, as far as it has come,
    char sha256[65];       // and what Meta has said that it is; "": nothing
};

// What a request asks, on the server's thread. NULL: it is answered.
struct call *call_create(struct request *request, const struct identity *caller) TG_MUST_CHECK;

// The name of the file that a call is about.
struct media_name call_media_name(const struct call *call);

// Finds under whose token it is, on a thread with a connection. false: `call->error` says why there
// is none.
bool call_find_token(struct call *call, struct tg_pg *pg) TG_MUST_CHECK;

// Answers with its error.
void call_refuse(struct call *call);

// It is answered; what it had is wiped.
void call_free(struct call *call);
