// What comes by webhooks, and dead letters: what of it could not be applied. See accept.h for what
// holds for all. The functions are parts of one transaction, between tg_pg_begin and tg_pg_commit,
// in their lock order, as they stand here; but for the last two.
//
// Spans are borrowed for the call; one that is absent or empty is NULL in SQL. Up to TG_BATCH_MAX
// items a call, and results[i] is for items[i]. Each is safe to repeat.
#pragma once

#include "common/base/text.h"
#include "common/pg/pg.h"
#include "common/words/ids.h"
#include "common/words/phone.h"
#include "common/words/result.h"
#include "common/words/status.h"

// What came of an item of a webhook.
enum tg_item_verdict {
    TG_ITEM_NOT_UNDERSTOOD, // a verdict that this version does not know
    TG_ITEM_APPLIED,
    TG_ITEM_SAVED,     // a message of a customer's
    TG_ITEM_DUPLICATE, // it was there already
    TG_ITEM_UNKNOWN_NUMBER,
    TG_ITEM_BEFORE_HAND_OVER, // the number was another org's when it happened
    TG_ITEM_UNKNOWN_MESSAGE,  // of a status: none of ours, or one that is not there yet
    TG_ITEM_FOREIGN_MESSAGE,  // of a status: one that another number has sent
    TG_ITEM_WALLET_HELD,      // somebody holds the wallet: its money, or its lines, would change
    TG_ITEM_VERDICTS
};
// The words of SQL, metrics and dead_letters.reason for them: "unknown_number", ...
extern const char *const tg_item_verdict_names[TG_ITEM_VERDICTS];

// What a status webhook tells of a message that Meta has taken.
struct tg_status_update {
    struct tg_span phone_number_id;
    struct tg_span wamid;
    struct tg_uuid message_id;          // biz_opaque_callback_data
    bool names_message;                 // it was there, and could be an id of ours
    enum tg_status status;              // sent, delivered, read, failed
    int64_t time_s;                     // Unix time, Meta's
    struct tg_text pricing;             // JSON; empty: none
    char error_code[TG_META_CODE_SIZE]; // of "failed"; "": Meta gave none
    int64_t error_subcode;              // likewise; 0: none
    struct tg_span error_message;
    struct tg_span user_id; // business-scoped user id of who got it; absent: not told
};

struct tg_status_applied {
    enum tg_item_verdict verdict;
    struct tg_uuid org_id;     // unless the number is unknown
    struct tg_uuid message_id; // if applied
    bool refunded;
    bool reversed; // the fee was taken again
    bool unknown_code;
    bool paused; // its failure has paused its channel
    struct tg_released released;
};

// Moves the messages forward, and the money with them. Safe to repeat.
enum tg_pg_status tg_store_apply_statuses(struct tg_pg *pg,
                                          const struct tg_status_update *const *updates, size_t n,
                                          struct tg_status_applied *applied) TG_MUST_CHECK;

// A message that a customer has written; or one that was written without Tollgate, which has an
// origin.
struct tg_inbound_message {
    struct tg_uuid id; // a new one
    struct tg_span phone_number_id;
    struct tg_span wamid;
    char phone[TG_PHONE_SIZE];     // of who wrote; "": by user id
    struct tg_span user_id;        // business-scoped user id
    struct tg_span name;           // of the profile
    char new_phone[TG_PHONE_SIZE]; // "": the contact's number has not changed
    struct tg_span new_user_id;    // absent: nor has the user id
    struct tg_span type;
    struct tg_span text;
    struct tg_span media_id;
    struct tg_span mime_type;
    struct tg_span reply_to;            // wamid
    struct tg_span group_id;            // that it was written in
    struct tg_span changes;             // the wamid of the message that it edits or revokes
    struct tg_text summary;             // what it says, where its type has no text
    struct tg_text referral;            // JSON; empty: none
    struct tg_text payload;             // Meta's own object, JSON
    char error_code[TG_META_CODE_SIZE]; // why Meta does not show it
    struct tg_span error_message;
    int64_t time_s; // Unix time, Meta's
    // What was chosen, not what it says: a button's payload or id, the id of a list's row, the name
    // of a flow.
    struct tg_span choice;
    bool is_said;        // it is something that a customer says, and may be replied to
    struct tg_text word; // of the org's, which it is, as it is compared; empty: it is none
    // Of one with an origin:
    const char *origin; // "phone_app", "history"
    bool outbound;      // the org wrote it, to the contact that is named here
    enum tg_status status;
};

struct tg_received {
    struct tg_uuid org_id; // these and the rest unless the number is unknown
    struct tg_uuid channel_id;
    struct tg_uuid message_id; // of the one that was there first, if it is a duplicate
    struct tg_uuid words_id;   // of the org's words that opt out and in
    int64_t rules_version;     // of the org's automation rules; 0: no reply is to be thought of
    struct tg_text name;       // of the contact; to be finished. This and the rest only with rules
    enum tg_item_verdict verdict;
    bool is_first; // of the conversation
    bool is_word;  // it is a word that opts out: left to who finds that out
    bool opted_out;
    char phone[TG_PHONE_SIZE]; // "": none
    char user_id[TG_USER_ID_SIZE];
};

// What is older than reply_within_s, by its own time or since it was first received, gets no
// rules_version. Whether a message is a word that opts out or in is for the caller to find out
// (tg_store_list_words) and to see to (tg_store_set_wishes).
enum tg_pg_status tg_store_receive_messages(struct tg_pg *pg,
                                            const struct tg_inbound_message *const *messages,
                                            size_t n, int64_t reply_within_s,
                                            struct tg_received *received) TG_MUST_CHECK;

// The words with which contacts of an org opt out and in: each on a line.
struct tg_org_words {
    struct tg_uuid words_id;
    struct tg_text opt_out; // to be finished, as opt_in
    struct tg_text opt_in;
};

// words[i] are those of the org org_ids[i].
enum tg_pg_status tg_store_list_words(struct tg_pg *pg, const struct tg_uuid *org_ids, size_t n,
                                      struct tg_org_words *words) TG_MUST_CHECK;

// What a message that was received wishes, by a word of its org's.
enum tg_wish { TG_WISH_NONE, TG_WISH_OUT, TG_WISH_IN };

struct tg_wished {
    struct tg_uuid org_id;
    struct tg_uuid message_id;
    enum tg_wish wish;
};

// opted_out[i]: whether the contact of wished[i] has opted out by then.
enum tg_pg_status tg_store_set_wishes(struct tg_pg *pg, const struct tg_wished *wished, size_t n,
                                      bool *opted_out) TG_MUST_CHECK;

// Keeps messages that have an origin among the others of their contacts, and no more than that.
enum tg_pg_status tg_store_receive_copies(struct tg_pg *pg,
                                          const struct tg_inbound_message *const *messages,
                                          size_t n, enum tg_item_verdict *verdicts) TG_MUST_CHECK;

// A contact who wants no bulk sends any more, or wants them again.
struct tg_preference {
    struct tg_span phone_number_id;
    char phone[TG_PHONE_SIZE]; // "": by user id
    struct tg_span user_id;
    bool opt_out;
    int64_t time_s;
};

enum tg_pg_status tg_store_receive_preferences(struct tg_pg *pg,
                                               const struct tg_preference *const *preferences,
                                               size_t n,
                                               enum tg_item_verdict *verdicts) TG_MUST_CHECK;

struct tg_account_notice {
    struct tg_span phone_number_id;
    struct tg_span waba_id;
    struct tg_span field;
    struct tg_span event; // what happened; absent: Meta has no word for it
    struct tg_text value; // JSON
    int64_t time_s;       // 0: not told
};

enum tg_pg_status tg_store_record_account_notices(struct tg_pg *pg,
                                                  const struct tg_account_notice *const *notices,
                                                  size_t n) TG_MUST_CHECK;

// Does any org ask for what Meta posts, as it came? Mostly none does.
enum tg_pg_status tg_store_are_changes_asked(struct tg_pg *pg, bool *asked) TG_MUST_CHECK;

// An item of a change, by what tells whose it is.
struct tg_change_item {
    struct tg_span phone_number_id;
    struct tg_span account; // whose it is if that number is nobody's; absent: then it is nobody's
    struct tg_span wamid;   // of the message that it is, or is about
    struct tg_uuid message_id; // of a status: biz_opaque_callback_data
    bool names_message;        // it was there, and could be an id of ours
    int64_t time_s;            // Unix time, Meta's; 0: now
};

struct tg_change_owner {
    bool asks; // it is an org's that asks for what Meta posts: only then there is the rest
    struct tg_uuid org_id;
    bool has_channel;
    struct tg_uuid channel_id;
    bool has_message;
    struct tg_uuid message_id; // that it is about
    bool is_ours;              // biz_opaque_callback_data is that id, which Tollgate has put there
    struct tg_text callback_data; // in place of the org's own; empty: of nothing. To be finished
};

// owners[i] is items[i]'s, once they were applied.
enum tg_pg_status tg_store_find_change_owners(struct tg_pg *pg, const struct tg_change_item *items,
                                              size_t n,
                                              struct tg_change_owner *owners) TG_MUST_CHECK;

// A change as an org is told of it.
struct tg_told_change {
    struct tg_uuid org_id;
    bool has_channel;
    struct tg_uuid channel_id;
    struct tg_span field;
    struct tg_text message_ids; // that it tells of, as PostgreSQL writes an array: {}, {ID,ID}
    unsigned char digest[32];   // SHA-256 of it as it came
    struct tg_text body;        // a webhook body of its own, JSON
};

// Writes events of them. What was told of an org before is not told again.
enum tg_pg_status tg_store_tell_changes(struct tg_pg *pg, const struct tg_told_change *changes,
                                        size_t n) TG_MUST_CHECK;

struct tg_dead_letter {
    struct tg_text body; // a webhook body of its own, of any bytes
    const char *reason;
    struct tg_span phone_number_id;
    int64_t tries; // so often it was tried before
};

// `taken`: rows of tg_store_take_dead_letters that are being applied. Those that fail again are
// brought up to date; of others, what stands there already stays as it is.
enum tg_pg_status tg_store_record_dead_letters(struct tg_pg *pg, const int64_t *taken,
                                               size_t taken_count,
                                               const struct tg_dead_letter *letters,
                                               size_t n) TG_MUST_CHECK;

struct tg_taken_letter {
    int64_t id;
    int64_t tries;
    int64_t until_us;    // nobody else takes it until then, by PostgreSQL's clock
    bool was_told;       // its org was known when it was recorded
    struct tg_text body; // the caller's to finish
};

// Up to `limit` dead letters that are to be tried again. A transaction of its own.
enum tg_pg_status tg_store_take_dead_letters(struct tg_pg *pg, int64_t limit,
                                             struct tg_taken_letter *letters,
                                             size_t *n) TG_MUST_CHECK;

// Ends dead letters that were taken, once everything that follows from them is committed. Those
// that were recorded anew meanwhile stay, and so do those that others have by now.
enum tg_pg_status tg_store_end_dead_letters(struct tg_pg *pg,
                                            const struct tg_taken_letter *const *letters,
                                            size_t n) TG_MUST_CHECK;
