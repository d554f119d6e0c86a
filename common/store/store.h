// The gateway's SQL functions in C, one for each, typed both ways: no other file contains SQL.
// NAME.sql in sql/ingress, sql/worker or sql/daemons says what each one does and guarantees;
// tg_store_NAME calls it. Each call is one transaction and one round trip. Connections belong to
// one thread. The status is that of tg_pg_call; on anything but TG_PG_OK nothing is written to the
// results.
#pragma once

#include "common/pg/pg.h"
#include "common/words/phone.h"

enum { TG_USER_ID_SIZE = 257, TG_IDEMPOTENCY_KEY_SIZE = 256 };

enum tg_priority { TG_PRIORITY_HIGH, TG_PRIORITY_BULK };

// A validated send, ready to be accepted.
struct tg_send {
    struct tg_uuid message_id; // made by tg_uuid7
    struct tg_uuid org_id;
    struct tg_uuid channel_id;
    bool has_channel;              // else the org's first active channel is taken
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
};
void tg_send_finish(struct tg_send *send);

enum tg_verdict_code {
    TG_ACCEPTED,
    TG_INSUFFICIENT_BALANCE,
    TG_NO_ORG,
    TG_ORG_SUSPENDED,
    TG_NO_CHANNEL,
    TG_CHANNEL_PAUSED,
    TG_CONTACT_OPTED_OUT,    // of bulk sends
    TG_DUPLICATE,            // of a send with the same idempotency key: its first verdict again
    TG_IDEMPOTENCY_CONFLICT, // the key came with another body before
    TG_EXPIRED,              // not_after has passed
    TG_VERDICT_CODES
};
// The words of SQL, metrics and HTTP for the codes above: "accepted", "insufficient_balance", ...
extern const char *const tg_verdict_names[TG_VERDICT_CODES];

struct tg_verdict {
    enum tg_verdict_code code;
    struct tg_uuid message_id; // of a duplicate: the first one's
    char status[12];           // "queued", "scheduled" or "held" if accepted
    char balance[24];          // after this send; "" where there is no wallet
    char fee[24];              // what the send costs; "" where that is not known
};

// Accepts up to TG_BATCH_MAX sends in one transaction; verdicts[i] is for sends[i]. Safe to repeat
// with the same message ids after TG_PG_UNKNOWN: what was accepted then is found, not charged
// again.
enum tg_pg_status tg_store_accept_sends(struct tg_pg *pg, const struct tg_send *const *sends,
                                        size_t n, struct tg_verdict *verdicts) TG_MUST_CHECK;

// A message that this worker has claimed, with what is needed to dispatch it.
struct tg_claim {
    struct tg_uuid claim_id; // names this claim when it is settled or released
    struct tg_uuid message_id;
    struct tg_uuid org_id;
    char phone_number_id[33];
    bool receipt; // answered by {"success":true}, without a wamid
    struct tg_text access_token;
    struct tg_text payload;
};
void tg_claim_finish(struct tg_claim *claim);

// Claims the messages that are queued, under a claim id that must be new; fills claims[0..*claimed)
// in no particular order. Safe to repeat with the same claim id after TG_PG_UNKNOWN.
enum tg_pg_status tg_store_claim_sends(struct tg_pg *pg, struct tg_uuid claim_id,
                                       const struct tg_uuid *org_ids,
                                       const struct tg_uuid *message_ids, size_t n,
                                       struct tg_claim *claims, size_t *claimed) TG_MUST_CHECK;

// Gives messages back to the queue that were claimed under these claims and certainly not
// dispatched. Claims of others are left alone, so it may be repeated.
enum tg_pg_status tg_store_release_sends(struct tg_pg *pg, const struct tg_uuid *org_ids,
                                         const struct tg_uuid *message_ids,
                                         const struct tg_uuid *claim_ids, size_t n) TG_MUST_CHECK;

enum { TG_OUTCOME_KEY_SIZE = 32, TG_WAMID_SIZE = 256, TG_ERROR_MESSAGE_SIZE = 512 };

// What came of one dispatch.
struct tg_outcome {
    struct tg_uuid message_id;
    struct tg_uuid org_id;
    struct tg_uuid claim_id;
    char key[TG_OUTCOME_KEY_SIZE];             // "sent", Meta's error code, "network:refused", ...
    char wamid[TG_WAMID_SIZE];                 // "" if none
    char error_message[TG_ERROR_MESSAGE_SIZE]; // "" for sent; Meta's words, or curl's
    bool transient;                            // Meta's is_transient, for codes without a rule
    int64_t retry_after_s;                     // Meta's Retry-After; 0: none
};

// A message that settling another one has released: queued, and in need of a job.
struct tg_released {
    bool any;
    struct tg_uuid message_id; // of the same org as the settled one
};

struct tg_settled {
    bool settled;    // false: it was not claimed any more; the rest tells how it stands
    char status[12]; // "sent", "failed", "unconfirmed", "scheduled" (to be tried again)
    bool refunded;
    bool unknown_code; // the outcome has no error rule but the default
    bool paused;       // this one has paused its channel
    char error_class[20];
    struct tg_released released;
};

// Settles outcomes in one transaction; settled[i] is for outcomes[i].
enum tg_pg_status tg_store_settle_sends(struct tg_pg *pg, const struct tg_outcome *const *outcomes,
                                        size_t n, struct tg_settled *settled) TG_MUST_CHECK;

enum tg_cancel_verdict {
    TG_CANCELLED, // now or earlier
    TG_CANCEL_TOO_LATE,
    TG_CANCEL_NOT_FOUND,
    TG_CANCEL_VERDICTS
};

// Cancels a message that is scheduled or held: fails it ("cancelled") and refunds it, once. Safe to
// repeat. What it releases gets its job from the scheduler. *refunded: by this call.
enum tg_pg_status tg_store_cancel_send(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid message_id, enum tg_cancel_verdict *verdict,
                                       bool *refunded) TG_MUST_CHECK;

// The org of an API key, by the SHA-256 of the key. *found is false for an unknown or revoked one.
enum tg_pg_status tg_store_find_api_key(struct tg_pg *pg, const unsigned char key_hash[static 32],
                                        bool *found, struct tg_uuid *org_id) TG_MUST_CHECK;

// Reads, each a complete JSON document appended to `json`; *found is false if the org has no such
// thing, and then nothing is appended.
enum tg_pg_status tg_store_get_message(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid message_id, bool *found,
                                       struct tg_text *json) TG_MUST_CHECK;
enum tg_pg_status tg_store_get_wallet(struct tg_pg *pg, struct tg_uuid org_id, bool *found,
                                      struct tg_text *json) TG_MUST_CHECK;
// Newest first; only rows with an id below `before` (0: from the newest).
enum tg_pg_status tg_store_list_wallet_transactions(struct tg_pg *pg, struct tg_uuid org_id,
                                                    int64_t before, int64_t limit, bool *found,
                                                    struct tg_text *json) TG_MUST_CHECK;

// A batch of a duty of the scheduler's: up to `limit` messages after the first `skip` ones, which
// PostgreSQL has refused to let it deal with.
struct tg_slice {
    int64_t limit;
    int64_t skip;
};

// A message that needs its job published.
struct tg_due {
    struct tg_uuid org_id;
    struct tg_uuid message_id;
};

// Moves due scheduled messages to queued, in the order in which they were due. What its channel
// cannot take now is put off instead, and does not count.
enum tg_pg_status tg_store_release_due_sends(struct tg_pg *pg, struct tg_slice slice,
                                             struct tg_due *due, size_t *n) TG_MUST_CHECK;

// Milliseconds until release_due_sends or expire_sends has something to do, by the database's
// clock; 0: now; -1: nothing waits.
enum tg_pg_status tg_store_next_due(struct tg_pg *pg, int64_t *ms) TG_MUST_CHECK;

// Finds up to `limit` messages that have been queued longer than ages_ms[their partition] (-1: that
// partition is left alone): their jobs are lost. Marks them as queued anew, so that the next look
// does not find them again at once.
enum tg_pg_status tg_store_find_lost_sends(struct tg_pg *pg, const int64_t *ages_ms,
                                           size_t partitions, int64_t limit, struct tg_due *lost,
                                           size_t *n) TG_MUST_CHECK;

// A message that was ended without a dispatch.
struct tg_ended {
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    bool refunded;
    struct tg_released released;
};

// Fails messages that are past their not_after ("expired").
enum tg_pg_status tg_store_expire_sends(struct tg_pg *pg, struct tg_slice slice,
                                        struct tg_ended *ended, size_t *n) TG_MUST_CHECK;

// Makes messages unconfirmed that have been `sending` for longer than `age_ms`: the worker that
// claimed them is gone. Should it be there after all, its own outcome still counts.
enum tg_pg_status tg_store_unconfirm_sends(struct tg_pg *pg, int64_t age_ms, struct tg_slice slice,
                                           struct tg_ended *ended, size_t *n) TG_MUST_CHECK;

// Fails messages that have been unconfirmed for longer than `window_s`.
enum tg_pg_status tg_store_fail_unheard_sends(struct tg_pg *pg, int64_t window_s,
                                              struct tg_slice slice, struct tg_ended *ended,
                                              size_t *n) TG_MUST_CHECK;

// Fails messages whose jobs killed one worker after the other ("poison"), if they are queued.
enum tg_pg_status tg_store_fail_poison_sends(struct tg_pg *pg, const struct tg_uuid *org_ids,
                                             const struct tg_uuid *message_ids, size_t n,
                                             struct tg_ended *ended, size_t *count) TG_MUST_CHECK;

// Deletes up to `limit` idempotency keys that are older than `age_s`.
enum tg_pg_status tg_store_delete_idempotency_keys(struct tg_pg *pg, int64_t age_s, int64_t limit,
                                                   int64_t *deleted) TG_MUST_CHECK;

// Takes the advisory lock that lets one scheduler act, for as long as the connection lives.
enum tg_pg_status tg_store_take_scheduler_lock(struct tg_pg *pg, bool *taken) TG_MUST_CHECK;

// Is the database's schema there, and of this version or a newer one? For readiness.
enum tg_pg_status tg_store_schema_ready(struct tg_pg *pg, bool *ready) TG_MUST_CHECK;
