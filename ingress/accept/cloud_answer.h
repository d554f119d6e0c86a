// What the sender of a message is answered as Meta's API would (docs/cloud-api.md): 200 with Meta's
// id of what was sent, or with ours of what has not got one, and Meta's own error for what failed.
// Never an error for what is on record and may still leave, or may have left: its client would send
// it again.
#pragma once

#include "ingress/accept/repeats.h"
#include "ingress/accept/send_answer.h"

enum cloud_kind { CLOUD_MESSAGE, CLOUD_TEMPLATE, CLOUD_RECEIPT };

// Who sends, as request->own. It ends with the answer.
struct cloud_sender {
    struct repeat_asker asker;
    struct repeats *repeats;
    enum cloud_kind kind;
    struct tg_text input;      // whom it is for, as the client has written it
    struct tg_text number;     // the path's phone_number_id
    char phone[TG_PHONE_SIZE]; // that recipient in digits; "": by user_id
    char user_id[TG_USER_ID_SIZE];
};

// From now on cloud_words tell the request what comes of its message, which is for `recipient`, as
// the client has written it, and over that number of the org's.
struct cloud_sender *cloud_sender_create(struct request *request, struct repeats *repeats,
                                         struct tg_uuid org_id, struct tg_span number,
                                         struct tg_span recipient);

// Whom that is, and what it is, once it is ready.
void cloud_sender_note(struct cloud_sender *sender, const struct tg_send *send);

// Answers a request whose message is not even given to a lane.
void cloud_sender_refuse(struct request *request, const struct tg_error *error);

extern const struct send_words cloud_words;
