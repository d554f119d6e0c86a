// Sends on their way in: accepted, or cancelled before they leave.
//
// What holds for all of common/store: each function is a SQL function of its name (in sql/, in the
// room of who may call it), which says what it does and guarantees; no other room contains SQL. A
// call is one transaction, unless one was begun, and, once it is prepared, one round trip. Statuses
// are those of tg_pg_call; on anything but TG_PG_OK nothing is written to the results, and nothing
// is *found.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/pg/pg.h"
#include "common/words/ids.h"
#include "common/words/phone.h"
#include "common/words/status.h"

enum { TG_IDEMPOTENCY_KEY_SIZE = 256 };

enum tg_priority { TG_PRIORITY_HIGH, TG_PRIORITY_BULK };

// A validated send, ready to be accepted.
struct tg_send {
    struct tg_uuid message_id; // made by tg_uuid7
    struct tg_uuid org_id;
    struct tg_uuid channel_id;
    bool has_channel;              // else, without a number either, the org's default channel
    char phone_number_id[33];      // Meta's id of the channel's number; "": not given
    char phone[TG_PHONE_SIZE];     // "": by user_id, or a receipt
    char user_id[TG_USER_ID_SIZE]; // business-scoped user id; "": none
    char type[32];                 // Cloud API type, or "receipt"
    struct tg_text payload;        // the JSON that Meta gets, biz_opaque_callback_data included
    struct tg_text callback_data;  // the client's own biz_opaque_callback_data; empty: none
    enum tg_priority priority;
    int64_t send_at_ms;   // Unix time; 0: now
    int64_t not_after_ms; // Unix time; 0: TG_NOT_AFTER_DEFAULT_S after it could leave
    char idempotency_key[TG_IDEMPOTENCY_KEY_SIZE]; // "": none
    unsigned char body_hash[32];                   // SHA-256 of the request's body, with a key only
    // Why it cannot be accepted, as it says once it is expired, which it is: so that all that it
    // can come to is a repeat's answer. NULL: nothing is wrong. Its own.
    struct tg_error *fault;
};
void tg_send_finish(struct tg_send *send);

enum tg_verdict_code {
    TG_VERDICT_OTHER, // one that this version does not know
    TG_ACCEPTED,
    TG_INSUFFICIENT_BALANCE,
    TG_NO_ORG,
    TG_ORG_SUSPENDED,
    TG_NO_CHANNEL,
    TG_CHANNEL_PAUSED,
    TG_CONTACT_OPTED_OUT, // of bulk sends
    TG_OUTSIDE_WINDOW,    // Meta would not take it, and its org has such refused
    TG_TEMPLATE_PAUSED,   // likewise, for its template, as far as is known; and what follows
    TG_TEMPLATE_DISABLED,
    TG_TEMPLATE_REJECTED,
    TG_TEMPLATE_NOT_FOUND,
    TG_TEMPLATE_PARAMETERS,  // are not those that the template wants
    TG_DUPLICATE,            // of a send with the same idempotency key: its first verdict again
    TG_IDEMPOTENCY_CONFLICT, // the key came with another body before
    TG_EXPIRED,              // not_after has passed
    TG_NO_MESSAGE,           // a receipt names none that the org has received
    TG_TOO_MANY_RECEIPTS,    // it would leave so late that it is worth nothing
    TG_VERDICT_CODES
};
// The words of SQL, metrics and HTTP for the codes above: "accepted", "insufficient_balance", ...
extern const char *const tg_verdict_names[TG_VERDICT_CODES];

struct tg_verdict {
    enum tg_verdict_code code;
    struct tg_uuid message_id; // of a duplicate: the first one's
    enum tg_status status;     // queued, scheduled or held if accepted, now or then; else none
    char balance[24];          // after this send (of a duplicate: after the first); "": no org
    char fee[24];              // what the send costs; "" where that is not known
    bool is_outside;           // of Meta's window, which its org wants to be warned of
    char template_fault[24];   // likewise, why Meta would not take its template; "": nothing
    char template_says[241];   // the same for people, of ASCII; also of a verdict that is of these
};

// Accepts up to TG_BATCH_MAX sends in one transaction; verdicts[i] is for sends[i]. Safe to repeat
// with the same message ids after TG_PG_UNKNOWN: what was accepted then is found, not charged
// again. TG_PG_RETRY: the wallet of one of the orgs was not to be had within a moment.
enum tg_pg_status tg_store_accept_sends(struct tg_pg *pg, const struct tg_send *const *sends,
                                        size_t n, struct tg_verdict *verdicts) TG_MUST_CHECK;

// Were several sends accepted for that org under that key, each with a colon and its place behind
// it as its own, whose request had another hash? Of `of` these three count.
enum tg_pg_status tg_store_is_other_batch(struct tg_pg *pg, const struct tg_send *of,
                                          bool *is_other) TG_MUST_CHECK;

enum tg_cancel_verdict {
    TG_CANCEL_TOO_LATE, // or one that this version does not know
    TG_CANCELLED,       // now or earlier
    TG_CANCEL_NOT_FOUND
};

struct tg_cancelling {
    enum tg_cancel_verdict verdict;
    bool refunded; // by this call
};

// Cancels a message that is scheduled or held: fails it ("cancelled") and refunds it, once. Safe to
// repeat. What it releases gets its job from the janitor.
enum tg_pg_status tg_store_cancel_send(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid message_id,
                                       struct tg_cancelling *cancelling) TG_MUST_CHECK;
