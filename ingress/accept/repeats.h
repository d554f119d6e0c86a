// Sends that their clients repeat by themselves, as no answer came in time: the same bytes to the
// same number with the same key, while nobody waits for the first answer any more. Such a repeat is
// told what comes of the first send, and is none of its own. As long as the first client is there,
// two equal messages are two messages; whether it is there is asked when the second one comes.
//
//     the first send is            and its repeat
//     in hand, its client is gone  follows it: both are told the same
//     accepted, and its answer     is told how the message stands by now, if it comes within
//       was read by nobody           TG_REPEAT_REMEMBERED_MS
//     perhaps accepted             is accepted under the same message id, which changes nothing if
//                                    it was; likewise within that time
//     refused                      is a send of its own
//
// Only this process knows: a repeat that reaches another ingress, or this one after a restart, is a
// send of its own. Thread-safe.
#pragma once

#include "common/crypto/digest.h"
#include "common/words/status.h"
#include "ingress/http/request.h"

struct repeats;

// `has_left` tells whether a request's client is gone (request_client_has_left). Below now_ms is of
// tg_now_ms.
typedef bool repeats_ask(const struct request *request);
struct repeats *repeats_create(repeats_ask *has_left);
void repeats_free(struct repeats *repeats); // nobody is in hand any more; NULL is fine

// A request in hand; its owner's, zeroed but for what it sends, and left alone from repeats_enter
// on until repeats_leave gives it back.
struct repeat_asker {
    struct request *request;
    struct tg_uuid org_id;              // who shares what can be remembered
    unsigned char hash[TG_SHA256_SIZE]; // of all by which two sends are the same
    bool is_listed;
    struct repeat_asker *next;      // in its bucket; or the next that is given back
    struct repeat_asker *followers; // the newest first
};

// What stood of a message that a repeat is about.
struct repeat_of {
    struct tg_uuid message_id;
    enum tg_status status;
};

enum repeat_kind {
    REPEAT_NONE,    // a send of its own
    REPEAT_JOINED,  // it follows another one; it must not be touched any more
    REPEAT_TOLD,    // of a message that was accepted
    REPEAT_UNKNOWN, // of one that was perhaps accepted; its status says nothing
};

// A send comes. Of the last two `of` is filled.
enum repeat_kind repeats_enter(struct repeats *repeats, struct repeat_asker *asker,
                               struct repeat_of *of, long long now_ms) TG_MUST_CHECK;

// Does nobody wait for the answer any more, neither the asker's client nor that of who follows it?
bool repeats_has_left(struct repeats *repeats, const struct repeat_asker *asker);

// What a send has come to is about to be told: gives back the asker and who follows it, who are all
// to be told it, each by the `next` of the one before. `kind` is REPEAT_TOLD if its message (`of`)
// was accepted, REPEAT_UNKNOWN if perhaps, REPEAT_NONE if not, and `of` is NULL.
struct repeat_asker *repeats_leave(struct repeats *repeats, struct repeat_asker *asker,
                                   enum repeat_kind kind, const struct repeat_of *of,
                                   long long now_ms);
