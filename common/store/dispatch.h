// Messages on their way out: claimed, given back, settled. See accept.h for what holds for all.
#pragma once

#include "common/base/text.h"
#include "common/pg/pg.h"
#include "common/words/ids.h"
#include "common/words/phone.h"
#include "common/words/result.h"

enum tg_claim_kind {
    TG_CLAIM_MESSAGE, // of whatever type
    TG_CLAIM_RECEIPT, // answered by {"success":true}, without a wamid
};

// A message that this worker has claimed, with what is needed to dispatch it.
struct tg_claim {
    struct tg_uuid claim_id; // names this claim when it is settled or released
    struct tg_uuid message_id;
    struct tg_uuid org_id;
    struct tg_uuid channel_id;
    int64_t attempt; // 1: the first
    char phone_number_id[33];
    enum tg_claim_kind kind;
    struct tg_text access_token;
    struct tg_text payload;
};

// Claims the messages that are queued, under a claim id that must be new; fills claims[0..*claimed)
// in no particular order; their texts are the caller's to finish. What may not leave, since its
// channel is paused or its time is over, is parked instead. Safe to repeat with the same claim id
// after TG_PG_UNKNOWN.
enum tg_pg_status tg_store_claim_sends(struct tg_pg *pg, struct tg_uuid claim_id,
                                       const struct tg_message_key *messages, size_t n,
                                       struct tg_claim *claims, size_t *claimed) TG_MUST_CHECK;

struct tg_claim_key {
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    struct tg_uuid claim_id;
};

// Gives messages back to the queue that were claimed under these claims and certainly not
// dispatched. Claims of others are left alone, so it may be repeated.
enum tg_pg_status tg_store_release_sends(struct tg_pg *pg, const struct tg_claim_key *claims,
                                         size_t n) TG_MUST_CHECK;

// What came of one dispatch.
struct tg_outcome {
    struct tg_uuid message_id;
    struct tg_uuid org_id;
    struct tg_uuid claim_id;
    char key[TG_OUTCOME_KEY_SIZE];             // "sent", Meta's error code, "network:refused", ...
    char wamid[TG_WAMID_SIZE];                 // "" if none
    char error_message[TG_ERROR_MESSAGE_SIZE]; // "" for sent; Meta's words, or curl's
    int64_t error_subcode;                     // Meta's; 0: none
    bool transient;                            // Meta's is_transient, for codes without a rule
    int64_t retry_after_s;                     // Meta's Retry-After; 0: none
    // Of who has got it, where Meta names others than were asked for: "" if it does not.
    char wa_id[TG_PHONE_SIZE];
    char user_id[TG_USER_ID_SIZE]; // business-scoped user id
};

struct tg_settled {
    bool settled;          // false: it was not claimed any more; the rest tells how it stands
    enum tg_status status; // sent, failed, unconfirmed, scheduled (to be tried again) if settled
    bool refunded;
    bool unknown_code; // the outcome has no error rule but the default
    bool paused;       // this one has paused its channel
    char error_class[20];
    struct tg_released released;
};

// Settles outcomes in one transaction; settled[i] is for outcomes[i]. Safe to repeat: the second
// time settles nothing.
enum tg_pg_status tg_store_settle_sends(struct tg_pg *pg, const struct tg_outcome *const *outcomes,
                                        size_t n, struct tg_settled *settled) TG_MUST_CHECK;
